// SPDX-License-Identifier: ISC
//
// Roots' lists for end-to-end tests: made with the roots and sessions of forgecert and no
// security key, and taken apart for other programs. For tests only.
//
//   listctl make OUT root=FILE KEY=VALUE...
//   listctl sshsig LIST MESSAGE     MESSAGE gets what is signed; the armoured SSHSIG of it
//                                   goes to standard output
//
// KEY=VALUE: all=1 session=ID serials=ID:LO-HI direct=LO-HI, each any number of times;
// proof=FILE a certificate of the first thing's session;
// version=N, issued= in seconds from now; flags=N of the signature; by=FILE another root
// that signs.
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sodium.h>
#include "proto/names.h"
#include "proto/rlist.h"
#include "proto/sshsig.h"
#include "tests/lib/prog.h"

static int
sshsig(const char *list, const char *message)
{
	struct hs_buf data = {0}, key = {0}, blob = {0}, text = {0};
	struct hs_sshsig s = {.ns = hs_str_c(HS_NS_KRL)};
	struct hs_rlist l;

	prog_read(list, &data);
	prog_need(hs_rlist_parse(hs_buf_str(&data), &l, NULL) == HS_OK, "no list");
	hs_key_put(&key, &l.root);
	s.key = hs_buf_str(&key);
	s.signature = l.signature;
	hs_sshsig_put(&blob, &s);
	hs_sshsig_put_text(&text, hs_buf_str(&blob));
	prog_write(message, "", l.message, 0644);
	prog_print(&text);
	hs_buf_free(&data);
	hs_buf_free(&key);
	hs_buf_free(&blob);
	return 0;
}

// ---- made

struct wish {
	struct hs_rlist_entry v[16];
	size_t n;
	const char *root, *by, *proof;
	uint64_t version, issued;
	uint8_t flags;
};

static void
add(struct wish *w, enum hs_rlist_what what, const char *value)
{
	struct hs_rlist_entry *e = &w->v[w->n++];
	char *end;

	prog_need(w->n <= 16, "too many");
	*e = (struct hs_rlist_entry){.what = what};
	if (what == HS_RLIST_SESSION || what == HS_RLIST_SERIALS) {
		prog_need(strlen(value) >= HS_SESSION_ID_LEN, value);
		memcpy(e->session, value, HS_SESSION_ID_LEN);
		value += HS_SESSION_ID_LEN + 1;
	}
	if (what == HS_RLIST_SERIALS || what == HS_RLIST_DIRECT) {
		e->lo = e->hi = strtoull(value, &end, 10);
		if (*end == '-')
			e->hi = strtoull(end + 1, NULL, 10);
	}
}

static bool
is(const char *arg, const char *name, const char **value)
{
	size_t n = strlen(name);

	*value = arg + n;
	return strncmp(arg, name, n) == 0;
}

static void
take(struct wish *w, const char *arg)
{
	const char *v;

	if (is(arg, "root=", &v))
		w->root = v;
	else if (is(arg, "by=", &v))
		w->by = v;
	else if (is(arg, "proof=", &v))
		w->proof = v;
	else if (is(arg, "version=", &v))
		w->version = strtoull(v, NULL, 10);
	else if (is(arg, "issued=", &v))
		w->issued = (uint64_t)(time(NULL) + strtol(v, NULL, 10));
	else if (is(arg, "flags=", &v))
		w->flags = (uint8_t)strtoul(v, NULL, 10);
	else if (is(arg, "all=", &v))
		add(w, HS_RLIST_ALL, v);
	else if (is(arg, "session=", &v))
		add(w, HS_RLIST_SESSION, v);
	else if (is(arg, "serials=", &v))
		add(w, HS_RLIST_SERIALS, v);
	else if (is(arg, "direct=", &v))
		add(w, HS_RLIST_DIRECT, v);
	else
		prog_die(arg);
}

static int
make(const char *out, struct wish *w)
{
	struct hs_mint root, by;
	struct hs_rlist_spec spec = {
	    .version = w->version, .issued = w->issued, .v = w->v, .n = w->n};
	struct hs_buf message = {0}, bytes = {0}, list = {0}, cert = {0};
	struct hs_rlist_proof proof;
	struct hs_err err = {0};
	size_t n;

	prog_read_mint(w->root, "", &root);
	prog_read_mint(w->by != NULL ? w->by : w->root, "", &by);
	spec.root = &root.key;
	if (w->proof != NULL) {
		prog_read_certificate(w->proof, &cert);
		proof.blob = hs_buf_str(&cert);
		memcpy(proof.session, w->v[0].session, sizeof proof.session);
		spec.proofs = &proof;
		spec.nproofs = 1;
	}
	prog_need(
	    hs_rlist_put_message(&message, &spec, &err) == HS_OK, hs_err_sentence(&err));
	hs_sshsig_put_signed(&bytes, HS_NS_KRL, hs_buf_str(&message));
	n = bytes.len;
	prog_need(hs_mint_sign(&by, &bytes, w->flags, 42) == HS_OK, "signing");
	hs_rlist_put(&list, hs_buf_str(&message),
	    (struct hs_str){bytes.p + n + 4, bytes.len - n - 4});
	prog_need(hs_buf_err(&list) == HS_OK, "memory");
	prog_write(out, "", hs_buf_str(&list), 0644);
	hs_buf_free(&message);
	hs_buf_free(&bytes);
	hs_buf_free(&list);
	hs_buf_free(&cert);
	return 0;
}

int
main(int argc, char **argv)
{
	struct wish w = {.version = 1, .issued = (uint64_t)time(NULL), .flags = 1};

	prog_need(sodium_init() >= 0 && argc > 3, "make OUT ... or sshsig LIST MESSAGE");
	if (strcmp(argv[1], "sshsig") == 0)
		return sshsig(argv[2], argv[3]);
	for (int i = 3; i < argc; i++)
		take(&w, argv[i]);
	return make(argv[2], &w);
}
