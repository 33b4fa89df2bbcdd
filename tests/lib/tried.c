// SPDX-License-Identifier: ISC
//
// Chains on trial. Contract in tried.h.
#include "tests/lib/tried.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

struct tried
tried_right(void)
{
	static const struct hs_buf none;
	struct tried t = {.grant = chains_grant(),
	    .direct = chains_direct(CHAINS_DIRECT),
	    .scope = CHAINS_SCOPE,
	    .root = &chains.root,
	    .session = &chains.session,
	    .flags = 0x01,
	    .options = "users=\"deploy,web\"",
	    .conf = "HostName web1.example.com\n",
	    .now = TRIED_NOW,
	    .req = {.kind = HS_REQ_LOGIN, .user = chains_str("deploy")},
	    .asked = true};

	t.cert = chains_delegation(&none, NULL);
	return t;
}

static void
put_roots(struct hs_buf *b, const char *options, const struct hs_key *key)
{
	hs_put_fmt(b, "%s ", options);
	hs_key_put_line(b, key);
	hs_put_fmt(b, " blue\n");
}

enum hs_code
tried_judge(const struct tried *t, struct hs_str cert, struct hs_verdict *v)
{
	static struct hs_roots roots; // alive while v->root is looked at
	static struct hs_server_conf conf;
	struct hs_chain_input in = {.cert = cert,
	    .roots = &roots,
	    .server = &conf,
	    .now = t->now,
	    .request = t->asked ? &t->req : NULL};
	struct hs_buf text = {0};
	struct hs_err err = {0};
	enum hs_code code;

	hs_roots_free(&roots);
	put_roots(&text, t->options, &chains.root.key);
	put_roots(&text, t->options, &chains.ecdsa_root.key);
	assert_int_equal(hs_roots_parse(hs_buf_str(&text), &roots, NULL, NULL), HS_OK);
	assert_int_equal(roots.n, 2);
	assert_int_equal(hs_server_conf_parse(chains_str(t->conf), &conf, &err), HS_OK);
	code = hs_chain_check(&in, v);
	assert_int_equal(code, v->code);
	assert_true((code == HS_OK) == (v->effective != NULL));
	if (code != HS_OK) {
		assert_int_equal(v->err.code, code);
		assert_true(strlen(hs_err_sentence(&v->err)) > 10);
	}
	hs_buf_free(&text);
	return code;
}

enum hs_code
tried_judge_chain(const struct tried *t, struct hs_verdict *v)
{
	struct hs_scope *scope = chains_scope(t->scope);
	struct hs_delegation_spec s = t->cert;
	static struct hs_buf cert; // v points into it
	struct hs_buf grant = {0};
	enum hs_code code;

	hs_buf_free(&cert);
	chains_put_grant(&grant, &t->grant, t->root, t->flags);
	s.grant = hs_buf_str(&grant);
	s.scope = scope;
	chains_put_delegation(&cert, &s, t->session);
	code = tried_judge(t, hs_buf_str(&cert), v);
	hs_buf_free(&grant);
	hs_scope_free(&scope);
	return code;
}

enum hs_code
tried_chain(const struct tried *t)
{
	struct hs_verdict v;
	enum hs_code code = tried_judge_chain(t, &v);

	hs_verdict_free(&v);
	return code;
}

enum hs_code
tried_direct(const struct tried *t)
{
	struct hs_buf cert = {0};
	struct hs_verdict v;
	enum hs_code code;

	chains_put_direct(&cert, &t->direct, t->root, t->flags);
	code = tried_judge(t, hs_buf_str(&cert), &v);
	assert_true(v.direct);
	hs_verdict_free(&v);
	hs_buf_free(&cert);
	return code;
}
