// SPDX-License-Identifier: ISC
//
// Fuzzes what is asked to be signed, and the guard's answer: a byte (bit 0: HostBinding
// require, bits 1 and 2: scopes, 3 and 4: binds), the key, scope texts, binds (a byte: bit
// 0 forwarding, 1 and 2 names; session, host key, names), each a string, and the rest is
// the data. What decodes is written back as it was; what is signed is in scope and bound.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "proto/guard.h"
#include "proto/names.h"
#include "proto/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MOST 3

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
rewrite_login(const struct hs_guard_input *in, const struct hs_userauth *u)
{
	struct hs_buf b = {0};

	must(hs_str_eq(u->key, in->key) && u->session.len <= HS_SSH_SESSION_MAX);
	hs_put_str(&b, u->session);
	hs_put_u8(&b, 50);
	hs_put_str(&b, u->user);
	hs_put_cstring(&b, "ssh-connection");
	hs_put_cstring(
	    &b, u->hostbound ? "publickey-hostbound-v00@openssh.com" : "publickey");
	hs_put_u8(&b, 1);
	hs_put_str(&b, u->algorithm);
	hs_put_str(&b, in->key);
	if (u->hostbound)
		hs_put_str(&b, u->host_key);
	must(hs_str_eq(hs_buf_str(&b), in->data));
	hs_buf_free(&b);
}

static void
rewrite_message(const struct hs_guard_input *in, const struct hs_userauth_message *m)
{
	struct hs_buf b = {0};

	must(m->digest.len == (hs_str_is(m->hash, "sha256") ? 32u : 64u));
	hs_put_raw(&b, "SSHSIG", 6);
	hs_put_str(&b, m->ns);
	hs_put_cstring(&b, "");
	hs_put_str(&b, m->hash);
	hs_put_str(&b, m->digest);
	must(hs_str_eq(hs_buf_str(&b), in->data));
	hs_buf_free(&b);
}

static void
signed_login(const struct hs_guard_input *in, const struct hs_guarded *d,
    const struct hs_userauth *u)
{
	struct hs_request req = {.kind = HS_REQ_LOGIN, .user = u->user};
	const struct hs_guard_bind *last = NULL;
	int rc;

	if (in->nbinds > 0) {
		last = &in->binds[in->nbinds - 1];
		req.hosts = last->names;
		req.nhosts = last->nnames;
		must(hs_str_eq(last->session, u->session));
		must(!u->hostbound || hs_str_eq(last->host_key, u->host_key));
	}
	must(d->bound == (last != NULL) && (d->bound || !in->require));
	rc = hs_scope_permits(in->scopes[d->scope], &req, NULL);
	must(rc == HS_OK || (rc == HS_NO_HOST && !d->bound));
	must(in->nscopes == 1 || !hs_userauth_is_cert(in->key));
}

static void
signed_message(const struct hs_guard_input *in, const struct hs_guarded *d,
    const struct hs_userauth_message *m)
{
	struct hs_request req = {.kind = HS_REQ_NS, .value = m->ns};
	size_t n = strlen(HS_VENDOR);

	must(hs_scope_permits(in->scopes[d->scope], &req, NULL) == HS_OK);
	must(m->ns.len < n || memcmp(m->ns.p + m->ns.len - n, HS_VENDOR, n) != 0);
}

static void
judge(const struct hs_guard_input *in)
{
	struct hs_userauth u;
	struct hs_userauth_message m;
	struct hs_err err = {0};
	struct hs_guarded d;
	enum hs_userauth_kind kind = hs_userauth_which(in->data, in->key, &u, &m, &err);

	must((kind == HS_SIGNS_NEITHER) == (err.text[0] != '\0'));
	if (kind == HS_SIGNS_LOGIN)
		rewrite_login(in, &u);
	if (kind == HS_SIGNS_MESSAGE)
		rewrite_message(in, &m);
	(void)hs_guard(in, &d);
	must(d.what == kind && d.allow == (d.err.code == HS_OK));
	must(d.err.text[0] != '\0' && (d.remedy[0] == '\0') == d.allow);
	must(hs_text_shown(hs_str_c(d.err.text), NULL));
	must(hs_text_shown(hs_str_c(d.remedy), NULL));
	must((d.err.code == HS_NO_SIGN) == (kind == HS_SIGNS_NEITHER));
	if (!d.allow)
		return;
	must(d.scope < in->nscopes);
	for (size_t i = 0; i < in->nbinds; i++)
		must(!in->binds[i].forwarding);
	if (kind == HS_SIGNS_LOGIN)
		signed_login(in, &d, &u);
	else
		signed_message(in, &d, &m);
}

static struct hs_str
part(struct hs_rd *r)
{
	struct hs_str s = {0};

	(void)hs_get_string(r, &s);
	return s;
}

static uint8_t
byte(struct hs_rd *r)
{
	uint8_t b = 0;

	(void)hs_get_u8(r, &b);
	return b;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct hs_rd r = hs_rd_init(data, len);
	struct hs_scope *scopes[MOST] = {0};
	struct hs_guard_bind binds[MOST] = {0};
	struct hs_str names[MOST][MOST] = {0};
	struct hs_guard_input in = {
	    .scopes = (const struct hs_scope *const *)scopes, .binds = binds};
	uint8_t flags = byte(&r);

	in.require = (flags & 1) != 0;
	in.key = part(&r);
	for (unsigned i = flags >> 1 & 3; i > 0; i--)
		if (hs_scope_parse(part(&r), &scopes[in.nscopes], NULL) == HS_OK)
			in.nscopes++;
	for (in.nbinds = 0; in.nbinds < (flags >> 3 & 3u); in.nbinds++) {
		struct hs_guard_bind *b = &binds[in.nbinds];
		uint8_t of = byte(&r);

		b->forwarding = (of & 1) != 0;
		b->session = part(&r);
		b->host_key = part(&r);
		b->names = names[in.nbinds];
		for (; b->nnames < (of >> 1 & 3u); b->nnames++)
			names[in.nbinds][b->nnames] = part(&r);
	}
	in.data = (struct hs_str){r.p, r.left};
	judge(&in);
	for (size_t i = 0; i < MOST; i++)
		hs_scope_free(&scopes[i]);
	return 0;
}
