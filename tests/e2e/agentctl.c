// SPDX-License-Identifier: ISC
//
// A client for tests that speaks proto/agent.h and nothing above it, raw bytes too, so that
// what the daemon does is seen as it is on the wire. Usage is in main. Prints one word and
// its values a line; exits 0 when there was an answer, 3 when it was a refusal, 1
// otherwise.
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "proto/agent.h"
#include "proto/key.h"
#include "proto/names.h"
#include "proto/text.h"
#include "tests/lib/wire.h"

static void
send_ext(const char *ext, void (*put)(struct hs_buf *, const void *), const void *m)
{
	struct hs_buf b = {0};
	size_t mark = hs_agent_frame_begin(&b);

	hs_put_u8(&b, HS_AGENT_EXTENSION);
	hs_put_cstring(&b, ext);
	if (put != NULL)
		put(&b, m);
	hs_agent_frame_end(&b, mark);
	wire_send(b.p, b.len);
	hs_buf_free(&b);
}
#define PUT(name) ((void (*)(struct hs_buf *, const void *))hs_agent_##name##_put)

static void
show(const char *word, struct hs_str s)
{
	printf("%s %.*s\n", word, (int)s.len, s.len > 0 ? (const char *)s.p : "");
}

// Takes the reply to ext; prints a refusal and exits 3.
static struct hs_rd
answer(const char *ext)
{
	struct hs_agent_refusal no = {0};
	enum hs_agent_status status;
	struct hs_rd r;
	int rc;

	if (!wire_receive())
		wire_die("the connection ended");
	rc = hs_agent_parse_reply(wire.body, ext, &status, &r, &no);
	if (rc != HS_OK)
		wire_die(hs_code_sentence((enum hs_code)rc));
	if (status == HS_AGENT_REFUSED) {
		show("refused", no.code);
		show("sentence", no.sentence);
		show("remedy", no.remedy);
		exit(3);
	}
	return r;
}

static void
check(int rc)
{
	if (rc != HS_OK)
		wire_die(hs_code_sentence((enum hs_code)rc));
}

static struct hs_str
read_file(const char *path)
{
	static struct hs_buf b;
	uint8_t chunk[65536];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (f == NULL)
		wire_die(path);
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		hs_put_raw(&b, chunk, n);
	fclose(f);
	return hs_buf_str(&b);
}

static void
print_hex(struct hs_str s)
{
	for (size_t i = 0; i < s.len; i++)
		printf("%02x", s.p[i]);
	putchar('\n');
}

// ---- the words

static struct hs_agent_status_info
get_status(void)
{
	struct hs_agent_status_info m;
	struct hs_rd r;

	send_ext(HS_EXT_STATUS, NULL, NULL);
	r = answer(HS_EXT_STATUS);
	check(hs_agent_status_get(&r, &m));
	return m;
}

static void
do_status(void)
{
	struct hs_agent_status_info m = get_status();

	show("socket", m.socket);
	show("session", m.session);
	show("root", m.root);
	show("ceiling", m.ceiling);
	printf("open %u\nsimulated %u\nissued %" PRIu64 "\nlive %" PRIu64 "\npending %u\n"
	       "roots %u\nlog_seq %" PRIu64 "\nlog_ok %u\nleft %" PRId64 "\n",
	    m.open, m.simulated, m.issued, m.live, m.pending, m.roots, m.log_seq, m.log_ok,
	    (int64_t)(m.end - m.now));
}

static void
wait_outcome(struct hs_str code)
{
	const struct hs_agent_pending m = {code};
	struct hs_agent_opened o;
	struct hs_rd r;

	send_ext(HS_EXT_PENDING, PUT(pending), &m);
	r = answer(HS_EXT_PENDING);
	check(hs_agent_opened_get(&r, &o));
	show("opened", o.session);
	show("root", o.root);
	printf("flags %u\nsimulated %u\nend %" PRIu64 "\n", o.flags, o.simulated, o.end);
}

// how: "" wait; "leave" go away as soon as it was asked; "hold" go away when stdin ends,
// without having asked for the outcome
static void
do_open(const char *scope, const char *ttl, const char *reason, const char *how)
{
	struct hs_agent_open m = {.scope = read_file(scope), .reason = hs_str_c(reason)};
	struct hs_agent_asked a;
	char code[16];
	struct hs_rd r;
	char c;

	m.ttl = strtoull(ttl, NULL, 10);
	send_ext(HS_EXT_OPEN, PUT(open), &m);
	r = answer(HS_EXT_OPEN);
	check(hs_agent_asked_get(&r, &a));
	show("asked", a.code);
	show("keys", a.keys);
	show("shown", a.shown);
	fflush(stdout);
	check(hs_str_copy(a.code, code, sizeof code));
	if (strcmp(how, "leave") == 0)
		return;
	if (strcmp(how, "hold") == 0)
		while (read(STDIN_FILENO, &c, 1) > 0)
			;
	else
		wait_outcome(hs_str_c(code));
}

// An agent's key from a seed, and the proof for the session that is open (or the one
// named).
static void
prove(struct hs_agent_request *m, const char *seed_text, const char *session)
{
	static struct hs_buf key, proof;
	struct hs_buf message = {0}, bytes = {0};
	uint8_t seed[32], pub[32], secret[64], sig[64];

	crypto_generichash(
	    seed, sizeof seed, (const uint8_t *)seed_text, strlen(seed_text), NULL, 0);
	crypto_sign_seed_keypair(pub, secret, seed);
	hs_buf_reset(&key);
	hs_buf_reset(&proof);
	hs_put_cstring(&key, "ssh-ed25519");
	hs_put_string(&key, pub, sizeof pub);
	m->key = hs_buf_str(&key);
	hs_agent_put_proof_message(&message, session, m);
	hs_sshsig_put_signed(&bytes, HS_NS_REQUEST, hs_buf_str(&message));
	crypto_sign_detached(sig, NULL, bytes.p, bytes.len, secret);
	hs_put_cstring(&proof, "ssh-ed25519");
	hs_put_string(&proof, sig, sizeof sig);
	m->proof = hs_buf_str(&proof);
	hs_buf_free(&message);
	hs_buf_free(&bytes);
}

static void
do_request(const char *scope, const char *agent, const char *seed, const char *out,
    const char *session)
{
	struct hs_agent_request m = {.scope = read_file(scope), .agent = hs_str_c(agent)};
	struct hs_agent_issued i;
	struct hs_buf line = {0};
	char id[HS_SESSION_ID_LEN + 1];
	struct hs_rd r;
	FILE *f;

	check(hs_str_copy(
	    session != NULL ? hs_str_c(session) : get_status().session, id, sizeof id));
	prove(&m, seed, id);
	send_ext(HS_EXT_REQUEST, PUT(request), &m);
	r = answer(HS_EXT_REQUEST);
	check(hs_agent_issued_get(&r, &i));
	show("issued", i.id);
	printf("end %" PRIu64 "\n", i.end);
	if (out == NULL)
		return;
	hs_put_fmt(&line, "ssh-ed25519-cert-v01@openssh.com ");
	hs_text_put_base64(&line, i.certificate);
	f = fopen(out, "w");
	if (f == NULL || fprintf(f, "%.*s\n", (int)line.len, (char *)line.p) < 0 ||
	    fclose(f) != 0)
		wire_die(out);
	hs_buf_free(&line);
}

// n requests without waiting for the answers, then all answers, which must come in order.
static void
do_many(const char *scope, const char *count)
{
	struct hs_agent_request m = {.scope = read_file(scope), .agent = hs_str_c("many")};
	unsigned long n = strtoul(count, NULL, 10);
	uint64_t last = 0, serial;
	char id[HS_SESSION_ID_LEN + 1];

	check(hs_str_copy(get_status().session, id, sizeof id));
	prove(&m, "many", id);
	for (unsigned long i = 0; i < n; i++)
		send_ext(HS_EXT_REQUEST, PUT(request), &m);
	for (unsigned long i = 0; i < n; i++) {
		struct hs_agent_issued got;
		struct hs_rd r = answer(HS_EXT_REQUEST);

		check(hs_agent_issued_get(&r, &got));
		check(hs_text_u64((struct hs_str){got.id.p + HS_SESSION_ID_LEN + 1,
				      got.id.len - HS_SESSION_ID_LEN - 1},
		    UINT64_MAX, &serial));
		if (serial <= last)
			wire_die("out of order");
		last = serial;
	}
	printf("issued %lu\n", n);
}

static void
do_list(const char *id)
{
	struct hs_agent_list m = {.id = hs_str_c(id)};
	struct hs_agent_item it;
	uint32_t n = 0, pages = 0, total = 0;
	uint64_t end, serial;
	uint8_t more = 1;
	struct hs_rd r;

	for (; more != 0; pages++) {
		send_ext(HS_EXT_LIST, PUT(list), &m);
		r = answer(HS_EXT_LIST);
		check(hs_get_u64(&r, &end));
		check(hs_get_u32(&r, &n));
		for (uint32_t i = 0; i < n; i++, total++) {
			check(hs_agent_item_get(&r, &it));
			show("item", it.id);
			show("agent", it.agent);
			show("exe", it.exe);
			check(hs_text_u64((struct hs_str){it.id.p + HS_SESSION_ID_LEN + 1,
					      it.id.len - HS_SESSION_ID_LEN - 1},
			    UINT64_MAX, &serial));
			m.after = serial;
		}
		check(hs_get_u8(&r, &more));
		check(hs_rd_end(&r));
	}
	printf("items %u\npages %u\n", total, pages);
}

static void
do_close(void)
{
	struct hs_agent_closed m;
	struct hs_rd r;

	send_ext(HS_EXT_CLOSE, NULL, NULL);
	r = answer(HS_EXT_CLOSE);
	check(hs_agent_closed_get(&r, &m));
	show("closed", m.session);
	printf("live %" PRIu64 "\n", m.live);
}

static void
send_hex(const char *hex)
{
	size_t n = strlen(hex) / 2, len = 0;
	uint8_t *p = malloc(n + 1);

	if (p == NULL || sodium_hex2bin(p, n + 1, hex, strlen(hex), " ", &len, NULL) != 0)
		wire_die("hex");
	wire_send(p, len);
	free(p);
}

// Sends the bytes and prints the bodies of so many replies, or all until the daemon ends
// it.
static void
do_raw(char **args)
{
	long want = strtol(args[0], NULL, 10);

	for (char **a = args + 1; *a != NULL; a++) {
		if (strncmp(*a, "zeros:", 6) == 0) {
			size_t n = strtoul(*a + 6, NULL, 10);
			uint8_t *p = calloc(1, n + 1);

			if (p != NULL)
				wire_send(p, n);
			free(p);
		} else {
			send_hex(*a);
		}
	}
	if (want == 0) // what is sent is all there will be
		(void)shutdown(wire.sock, SHUT_WR);
	for (long i = 0; want <= 0 || i < want; i++) {
		if (!wire_receive()) {
			puts("ended");
			return;
		}
		print_hex(wire.body);
	}
}

// Connects so many times and says how many of them are served.
static void
do_crowd(const char *count)
{
	static const uint8_t list[] = {0, 0, 0, 1, 11};
	unsigned long n = strtoul(count, NULL, 10), served = 0;
	int *socks = calloc(n, sizeof *socks);

	if (socks == NULL)
		wire_die("memory");
	for (unsigned long i = 0; i < n; i++) {
		wire_dial();
		socks[i] = wire.sock;
	}
	for (unsigned long i = 0; i < n; i++) {
		wire.sock = socks[i];
		hs_buf_reset(&wire.in);
		wire.used = 0;
		wire_send(list, sizeof list);
		served += wire_receive();
	}
	printf("served %lu\n", served);
	free(socks);
}

static const char *
arg(int argc, char **argv, int i, const char *otherwise)
{
	return argc > i && argv[i][0] != '\0' ? argv[i] : otherwise;
}

int
main(int argc, char **argv)
{
	const char *word = arg(argc, argv, 1, "");

	if (sodium_init() < 0)
		return 1;
	if (strcmp(word, "crowd") != 0)
		wire_dial();
	if (strcmp(word, "status") == 0)
		do_status();
	else if (strcmp(word, "open") == 0 && argc > 3)
		do_open(argv[2], argv[3], arg(argc, argv, 4, ""), arg(argc, argv, 5, ""));
	else if (strcmp(word, "outcome") == 0 && argc > 2)
		wait_outcome(hs_str_c(argv[2]));
	else if (strcmp(word, "request") == 0 && argc > 3)
		do_request(argv[2], argv[3], arg(argc, argv, 4, "seed"),
		    arg(argc, argv, 5, NULL), arg(argc, argv, 6, NULL));
	else if (strcmp(word, "many") == 0 && argc > 3)
		do_many(argv[2], argv[3]);
	else if (strcmp(word, "list") == 0)
		do_list(arg(argc, argv, 2, ""));
	else if (strcmp(word, "close") == 0)
		do_close();
	else if (strcmp(word, "raw") == 0 && argc > 2)
		do_raw(argv + 2);
	else if (strcmp(word, "crowd") == 0 && argc > 2)
		do_crowd(argv[2]);
	else
		wire_die(
		    "status | open SCOPE TTL [REASON [leave|hold]] | outcome CODE | "
		    "request SCOPE "
		    "AGENT [SEED [OUT [SESSION]]] | many SCOPE N | list [ID] | close | "
		    "raw REPLIES HEX... | crowd N");
	hs_buf_free(&wire.in);
	return 0;
}
