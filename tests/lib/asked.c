// SPDX-License-Identifier: ISC
//
// What an SSH client asks an agent to sign. Contract in asked.h.
#include "tests/lib/asked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "proto/text.h"

struct asked_login
asked_login(struct hs_str session, const char *user, struct hs_str key,
    const struct hs_str *host_key)
{
	struct asked_login l = {.session = session,
	    .message = 50,
	    .signs = 1,
	    .user = hs_str_c(user),
	    .service = hs_str_c("ssh-connection"),
	    .method = hs_str_c(host_key != NULL ? ASKED_HOSTBOUND : ASKED_PLAIN),
	    .key = key,
	    .host_key = host_key};
	struct hs_rd r = hs_rd_of(key);

	(void)hs_get_string(&r, &l.algorithm);
	return l;
}

void
asked_put_login(struct hs_buf *b, const struct asked_login *l)
{
	hs_put_str(b, l->session);
	hs_put_u8(b, l->message);
	hs_put_str(b, l->user);
	hs_put_str(b, l->service);
	hs_put_str(b, l->method);
	hs_put_u8(b, l->signs);
	hs_put_str(b, l->algorithm);
	hs_put_str(b, l->key);
	if (l->host_key != NULL)
		hs_put_str(b, *l->host_key);
	hs_put_raw(b, l->more.p, l->more.len);
}

struct asked_message
asked_message(const char *ns)
{
	static const uint8_t digest[64] = {1, 2, 3};

	return (struct asked_message){.magic = hs_str_c("SSHSIG"),
	    .ns = hs_str_c(ns),
	    .hash = hs_str_c("sha512"),
	    .digest = {digest, sizeof digest}};
}

void
asked_put_message(struct hs_buf *b, const struct asked_message *m)
{
	hs_put_raw(b, m->magic.p, m->magic.len);
	hs_put_str(b, m->ns);
	hs_put_str(b, m->reserved);
	hs_put_str(b, m->hash);
	hs_put_str(b, m->digest);
	hs_put_raw(b, m->more.p, m->more.len);
}

struct hs_scope *
asked_scope(const char *statements)
{
	struct hs_scope *s = NULL;
	struct hs_buf b = {0};
	struct hs_err err = {0};

	hs_put_fmt(&b, "max-ttl 900\nmax-uses *\n\n%s", statements);
	if (hs_scope_parse(hs_buf_str(&b), &s, &err) != HS_OK)
		fail_msg("%u:%u: %s", err.line, err.column, err.text);
	hs_buf_free(&b);
	return s;
}

bool
asked_judge(const struct hs_guard_input *in, struct hs_guarded *out)
{
	bool allow;

	memset(out, 0xaa, sizeof *out);
	allow = hs_guard(in, out);
	assert_int_equal(allow, out->allow);
	assert_int_equal(out->allow, out->err.code == HS_OK);
	assert_true(out->err.text[0] != '\0');
	assert_true(hs_text_shown(hs_str_c(out->err.text), NULL));
	assert_true(hs_text_shown(hs_str_c(out->remedy), NULL));
	assert_int_equal(out->remedy[0] != '\0', !out->allow);
	if (!out->allow)
		assert_true(out->host.len == 0 && out->scope == 0);
	return allow;
}
