// SPDX-License-Identifier: ISC
//
// Messages signed by a delegation: each condition of docs/PROTOCOL.certs, "Signed
// messages", broken by itself; who is revoked by a list of OpenSSH's (rule1, rule3, rule9).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "proto/signed.h"
#include "tests/lib/chains.h"

#define CEILING                                                                            \
	"max-ttl 28800\nmax-uses *\n\ncap read:db\nns file\n\ncap "                        \
	"write:repo/acme/**\nns git\n"
#define SCOPE "max-ttl 900\nmax-uses 1\n\ncap write:repo/acme/web\nns git\n\nns file\n"

// A signed message in parts: change one, then judge it.
struct trial {
	const char *ceiling, *scope, *ns, *asked, *cap, *caps;
	const struct hs_mint *root, *session, *agent;
	uint8_t flags;
	bool sha256, tampered, of_user;
	uint64_t at;
};

static struct trial
right(void)
{
	return (struct trial){.ceiling = CEILING,
	    .scope = SCOPE,
	    .ns = "git",
	    .asked = "git",
	    .root = &chains.root,
	    .session = &chains.session,
	    .agent = &chains.agent,
	    .flags = HS_SK_FLAG_UP,
	    .at = CHAINS_MADE + 700};
}

static struct hs_buf certificate, signature; // what a verdict points into

static void
make(const struct trial *t, struct hs_sshsig *sig, const uint8_t digest[64])
{
	struct hs_scope *scope = chains_scope(t->scope);
	struct hs_grant_spec g = chains_grant();
	struct hs_buf grant = {0}, message = {0};
	struct hs_rd r;
	struct hs_delegation_spec d;

	hs_buf_free(&certificate);
	hs_buf_free(&signature);
	g.payload = chains_payload(t->ceiling, g.payload.end);
	chains_put_grant(&grant, &g, t->root, t->flags);
	d = chains_delegation(&grant, scope);
	chains_put_delegation(&certificate, &d, t->session);
	*sig = (struct hs_sshsig){
	    .key = hs_buf_str(&certificate), .ns = chains_str(t->ns), .sha256 = t->sha256};
	hs_sshsig_put_digest(&message, sig, digest, t->sha256 ? 32 : 64);
	assert_int_equal(hs_mint_sign(t->agent, &message, 0, 0), HS_OK);
	// hs_mint_sign puts the signature behind what it signed
	r = hs_rd_init(message.p, message.len);
	r.p += 6 + 4 + strlen(t->ns) + 4 + 4 + 6 + 4 + (t->sha256 ? 32 : 64);
	r.left = (size_t)(message.p + message.len - r.p);
	assert_int_equal(hs_get_string(&r, &sig->signature), HS_OK);
	hs_put_raw(&signature, sig->signature.p, sig->signature.len);
	sig->signature = hs_buf_str(&signature);
	hs_buf_free(&grant);
	hs_buf_free(&message);
	hs_scope_free(&scope);
}

static enum hs_code
judge(const struct trial *t, struct hs_verdict *v)
{
	static struct hs_server_conf conf;
	static struct hs_root root = {.comment = "blue", .line = 1};
	struct hs_roots roots = {.v = &root, .n = 1};
	uint8_t digest[64];
	struct hs_sshsig sig;
	struct hs_signed_input in = {.sig = &sig,
	    .ns = chains_str(t->asked),
	    .cap = chains_str(t->cap != NULL ? t->cap : ""),
	    .roots = &roots,
	    .server = &conf,
	    .at = t->at};
	enum hs_code code;

	root.key = chains.root.key;
	root.of_user = t->of_user;
	snprintf(root.caps, sizeof root.caps, "%s", t->caps != NULL ? t->caps : "");
	assert_int_equal(hs_server_conf_parse(chains_str(""), &conf, NULL), HS_OK);
	memset(digest, 7, sizeof digest);
	make(t, &sig, digest);
	assert_true(hs_signed_ours(&sig));
	digest[3] ^= t->tampered;
	in.digest = (struct hs_str){digest, t->sha256 ? 32 : 64};
	code = hs_signed_check(&in, v);
	assert_int_equal(code, v->code);
	assert_true((v->code == HS_OK) == (v->effective != NULL));
	assert_true(v->code == v->err.code || v->code == HS_OK);
	return v->code;
}

static void
is(const struct trial *t, enum hs_code code)
{
	struct hs_verdict v;
	enum hs_code got = judge(t, &v);

	if (got != code)
		fail_msg("%s, not %s: %s", hs_code_name(got), hs_code_name(code),
		    hs_err_sentence(&v.err));
	hs_verdict_free(&v);
}

static void
good(void **state)
{
	struct trial t = right();
	struct hs_verdict v;

	(void)state;
	assert_int_equal(judge(&t, &v), HS_OK);
	assert_true(hs_str_is(v.delegation.agent, "claude"));
	assert_true(v.touch.flags == 0x01 && v.touch.counter == 7);
	assert_string_equal(v.root->comment, "blue");
	hs_verdict_free(&v);
	t.sha256 = true;
	is(&t, HS_OK);
	t = right();
	t.ns = t.asked = "file";
	is(&t, HS_OK);
	t.ceiling = "max-ttl 28800\nmax-uses *\n\nns *\n";
	t.scope = "max-ttl 900\nmax-uses *\n\nns *\n";
	is(&t, HS_OK);
}

static void
the_message(void **state)
{
	struct trial t = right();

	(void)state;
	t.tampered = true;
	is(&t, HS_NO_SIG_MESSAGE);
	t = right();
	t.agent = &chains.session;
	is(&t, HS_NO_SIG_MESSAGE);
}

static void
rule3_the_namespace(void **state)
{
	struct trial t = right();

	(void)state;
	t.asked = "file";
	is(&t, HS_NO_NAMESPACE);
	t = right();
	t.ns = t.asked = "release";
	is(&t, HS_NO_OTHER);
	// the grant lacks it, whatever the certificate says
	t = right();
	t.scope = "max-ttl 900\nmax-uses 1\n\nns release\n";
	t.ns = t.asked = "release";
	is(&t, HS_NO_WIDER);
	t.ns = t.asked = "no value";
	t.ceiling = "max-ttl 28800\nmax-uses *\n\nns *\n";
	t.scope = "max-ttl 900\nmax-uses *\n\nns *\n";
	is(&t, HS_NO_NAMESPACE);
	t.ns = t.asked = "*";
	is(&t, HS_NO_NAMESPACE);
	// what handseal's own programs sign in is no message, even under `ns *`
	t.ns = t.asked = "request@handseal.alt";
	is(&t, HS_NO_NAMESPACE);
}

static void
the_cap(void **state)
{
	struct trial t = right();

	(void)state;
	t.cap = "write:repo/acme/web";
	is(&t, HS_NO_CAP_ROOT); // the root's line names none
	t.caps = "read:repo/** write:repo/acme/api";
	is(&t, HS_NO_CAP_ROOT);
	t.caps = "read:repo/** write:repo/acme/**";
	is(&t, HS_OK);
	t.cap = "write:repo/acme/api";
	is(&t, HS_NO_OTHER);
	t.cap = "write";
	is(&t, HS_ERR_USAGE);
	t.cap = "*";
	is(&t, HS_ERR_USAGE);
	// in the scope, but in the other statement
	t = right();
	t.caps = "*:*";
	t.ns = t.asked = "file";
	t.cap = "write:repo/acme/web";
	is(&t, HS_NO_OTHER);
}

static void
rule1_the_chain(void **state)
{
	struct trial t = right();

	(void)state;
	t.flags = 0;
	is(&t, HS_NO_TOUCH);
	t = right();
	t.session = &chains.other_session;
	is(&t, HS_NO_SIG_CERT);
	t = right();
	t.root = &chains.other_root;
	is(&t, HS_NO_SIG_GRANT);
	t = right();
	t.at = CHAINS_MADE;
	is(&t, HS_NO_NOT_YET);
	t.at = CHAINS_MADE + 3600;
	is(&t, HS_NO_EXPIRED);
}

// ---- whose it is

static void
not_ours(void **state)
{
	struct hs_buf key = {0};
	struct hs_sshsig sig = {.ns = chains_str("git")};
	struct hs_key root;

	(void)state;
	assert_false(hs_signed_ours(&sig));
	hs_key_put(&key, &chains.agent.key);
	sig.key = hs_buf_str(&key);
	assert_false(hs_signed_ours(&sig));
	assert_int_not_equal(hs_signed_root(&sig, &root, NULL), HS_OK);
	hs_buf_free(&key);
	// a direct certificate and a grant are: nobody else shall take them for a message's
	{
		struct hs_buf grant = {0}, delegation = {0}, direct = {0};

		chains_put_examples(&grant, &delegation, &direct);
		sig.key = hs_buf_str(&grant);
		assert_true(hs_signed_ours(&sig));
		assert_int_not_equal(hs_signed_root(&sig, &root, NULL), HS_OK);
		sig.key = hs_buf_str(&direct);
		assert_true(hs_signed_ours(&sig));
		sig.key = hs_buf_str(&delegation);
		assert_int_equal(hs_signed_root(&sig, &root, NULL), HS_OK);
		assert_true(hs_key_eq(&root, &chains.root.key));
		hs_buf_free(&grant);
		hs_buf_free(&delegation);
		hs_buf_free(&direct);
	}
}

static void
direct_signs_nothing(void **state)
{
	struct hs_buf grant = {0}, delegation = {0}, direct = {0};
	struct hs_root root = {.direct = true};
	struct hs_roots roots = {.v = &root, .n = 1};
	uint8_t digest[64] = {0};
	struct hs_sshsig sig = {.ns = chains_str("git")};
	struct hs_server_conf conf;
	struct hs_signed_input in = {.sig = &sig,
	    .digest = {digest, 64},
	    .ns = chains_str("git"),
	    .roots = &roots,
	    .server = &conf,
	    .at = CHAINS_MADE + 100};
	struct hs_verdict v;

	(void)state;
	chains_put_examples(&grant, &delegation, &direct);
	assert_int_equal(hs_server_conf_parse(chains_str(""), &conf, NULL), HS_OK);
	root.key = chains.root.key;
	sig.key = hs_buf_str(&direct);
	assert_int_equal(hs_signed_check(&in, &v), HS_NO_OTHER);
	hs_verdict_free(&v);
	hs_buf_free(&grant);
	hs_buf_free(&delegation);
	hs_buf_free(&direct);
}

// ---- revoked

static bool
named(const struct hs_buf *b, const struct hs_delegation *d)
{
	struct hs_krl k;

	assert_int_equal(hs_krl_parse(hs_buf_str(b), &k), HS_OK);
	return hs_signed_revoked(&k, d);
}

static void
revoked(void **state)
{
	struct trial t = right();
	struct hs_verdict v;
	struct hs_krl_range r[1];
	const struct hs_key *keys[] = {
	    &chains.agent.key, &chains.session.key, &chains.root.key};
	struct hs_buf b = {0};

	(void)state;
	assert_int_equal(judge(&t, &v), HS_OK);
	hs_krl_begin(&b, 1, 1, "");
	assert_false(named(&b, &v.delegation));
	hs_krl_put_keys(&b, &chains.other_root.key, 1);
	r[0] = (struct hs_krl_range){2, 99};
	assert_int_equal(hs_krl_put_serials(&b, &chains.session.key, r, 1), HS_OK);
	assert_false(named(&b, &v.delegation));
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		hs_buf_reset(&b);
		hs_krl_begin(&b, 1, 1, "");
		hs_krl_put_keys(&b, keys[i], 1);
		assert_true(named(&b, &v.delegation));
	}
	hs_buf_reset(&b);
	hs_krl_begin(&b, 1, 1, "");
	r[0] = (struct hs_krl_range){1, 1};
	assert_int_equal(hs_krl_put_serials(&b, &chains.session.key, r, 1), HS_OK);
	assert_true(named(&b, &v.delegation));
	hs_buf_reset(&b);
	hs_krl_begin(&b, 1, 1, "");
	r[0] = (struct hs_krl_range){
	    v.delegation.grant.cert.serial, v.delegation.grant.cert.serial};
	assert_int_equal(hs_krl_put_serials(&b, &chains.root.key, r, 1), HS_OK);
	assert_true(named(&b, &v.delegation));
	// an ancestor
	hs_buf_reset(&b);
	hs_krl_begin(&b, 1, 1, "");
	r[0] = (struct hs_krl_range){5, 5};
	assert_int_equal(hs_krl_put_serials(&b, &chains.session.key, r, 1), HS_OK);
	assert_false(named(&b, &v.delegation));
	v.delegation.lineage[0] = 5;
	v.delegation.nlineage = 1;
	assert_true(named(&b, &v.delegation));
	hs_verdict_free(&v);
	hs_buf_free(&b);
}

static int
teardown(void **state)
{
	(void)state;
	hs_buf_free(&certificate);
	hs_buf_free(&signature);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good),
	    cmocka_unit_test(the_message),
	    cmocka_unit_test(rule3_the_namespace),
	    cmocka_unit_test(the_cap),
	    cmocka_unit_test(rule1_the_chain),
	    cmocka_unit_test(not_ours),
	    cmocka_unit_test(direct_signs_nothing),
	    cmocka_unit_test(revoked),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, chains_make, teardown);
}
