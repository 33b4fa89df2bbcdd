// SPDX-License-Identifier: ISC
//
// What handseald says to handseal-known-hosts, said by hand: makes requests and reads
// answers. For end-to-end tests only.
//
// knownhostsctl ask [file=PATH]... [host=VALUE]... [port=N]...
// writes a request.
//
// knownhostsctl read ANSWER
// prints an answer: "code CODE", "sentence ...", a line "key|ca|revoked NAME FINGERPRINT"
// for each entry, "warning ..." for each warning.
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "proto/knownhosts.h"
#include "proto/text.h"
#include "tests/lib/prog.h"

static void
ask(int argc, char **argv)
{
	static struct hs_knownhosts_request m;
	struct hs_buf b = {0};
	uint64_t port = 0;
	const char *v;

	for (int i = 0; i < argc; i++) {
		if ((v = prog_value(argv[i], "file")) != NULL) {
			prog_need(m.nfiles < HS_KNOWNHOSTS_FILES_MAX, "too many files");
			m.files[m.nfiles++] = hs_str_c(v);
		} else if ((v = prog_value(argv[i], "host")) != NULL) {
			prog_need(m.nhosts < HS_KNOWNHOSTS_HOSTS_MAX, "too many hosts");
			m.hosts[m.nhosts++] = hs_str_c(v);
		} else if ((v = prog_value(argv[i], "port")) != NULL) {
			prog_need(m.nports < HS_KNOWNHOSTS_PORTS_MAX, "too many ports");
			prog_need(
			    hs_text_u64(hs_str_c(v), UINT16_MAX, &port) == HS_OK, "a port");
			m.ports[m.nports++] = (uint16_t)port;
		} else {
			prog_die(argv[i]);
		}
	}
	hs_knownhosts_request_put(&b, &m);
	prog_print(&b);
}

// As ssh-keygen -l writes it.
static void
print_fingerprint(struct hs_str key)
{
	struct hs_buf text = {0};
	uint8_t digest[32];

	(void)crypto_hash_sha256(digest, key.p, key.len);
	hs_text_put_base64(&text, (struct hs_str){digest, sizeof digest});
	printf(
	    "SHA256:%.*s\n", (int)strcspn((const char *)text.p, "="), (const char *)text.p);
	hs_buf_free(&text);
}

static void
read_answer(const char *path)
{
	static const char *const kinds[] = {"?", "key", "ca", "revoked"};
	static struct hs_knownhosts_answer a;
	struct hs_buf b = {0};
	int rc;

	prog_read(path, &b);
	rc = hs_knownhosts_answer_parse(hs_buf_str(&b), &a);
	prog_need(rc == HS_OK, hs_code_sentence((enum hs_code)rc));
	printf("code %s\n", hs_code_name(a.code));
	if (a.code != HS_OK)
		printf("sentence %.*s\n", (int)a.sentence.len, (const char *)a.sentence.p);
	for (size_t i = 0; i < a.n; i++) {
		printf("%s %.*s ", kinds[a.v[i].kind], (int)a.v[i].name.len,
		    (const char *)a.v[i].name.p);
		print_fingerprint(a.v[i].key);
	}
	for (size_t i = 0; i < a.nwarnings; i++)
		printf("warning %.*s\n", (int)a.warnings[i].len,
		    (const char *)a.warnings[i].p);
	hs_buf_free(&b);
}

int
main(int argc, char **argv)
{
	prog_need(sodium_init() >= 0, "libsodium");
	if (argc >= 2 && strcmp(argv[1], "ask") == 0)
		ask(argc - 2, argv + 2);
	else if (argc == 3 && strcmp(argv[1], "read") == 0)
		read_answer(argv[2]);
	else
		prog_die("ask, read: see the head of knownhostsctl.c");
	return 0;
}
