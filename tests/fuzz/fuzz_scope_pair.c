// SPDX-License-Identifier: ISC
//
// Fuzzes the relation between two scopes: a text, NUL, another text, NUL, and bytes that
// choose requests. Where the first is under the second, the second must permit what the
// first does; a filtered scope must permit what the whole does for that login, and no more.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "proto/scope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define REQUESTS 32

static void
must(int ok)
{
	if (!ok)
		abort();
}

struct request {
	struct hs_request req;
	struct hs_buf host, addr, value;
	struct hs_str name, words[HS_CMD_WORDS_MAX + 1];
};

static uint8_t
next(struct hs_str *bytes)
{
	uint8_t b = 0;

	if (bytes->len > 0) {
		b = bytes->p[0];
		bytes->p++;
		bytes->len--;
	}
	return b;
}

// One of the values; what stands for many becomes one of them.
static struct hs_str
pick(const struct hs_scope *s, size_t st, enum hs_scope_key key, struct hs_str *bytes,
    const char *otherwise)
{
	size_t n = hs_scope_values(s, st, key);
	struct hs_str v = hs_scope_value(s, st, key, n > 0 ? next(bytes) % n : 0);

	return n == 0 || hs_str_is(v, "*") ? hs_str_c(otherwise) : v;
}

static void
pick_host(struct request *r, const struct hs_scope *s, size_t st, struct hs_str *bytes)
{
	struct hs_str v = pick(s, st, HS_KEY_HOST, bytes, "some.example.com");

	hs_put_raw(
	    &r->host, "a.b", v.p[0] == '*' ? (size_t)(1 + 2 * (next(bytes) % 2)) : 0);
	hs_put_raw(&r->host, v.p + (v.p[0] == '*'), v.len - (v.p[0] == '*'));
	r->name = hs_buf_str(&r->host);
	r->req.hosts = &r->name;
	r->req.nhosts = 1;
}

static void
pick_addr(struct request *r, const struct hs_scope *s, size_t st, struct hs_str *bytes)
{
	struct hs_str v = pick(s, st, HS_KEY_ADDR, bytes, "192.0.2.1");
	const uint8_t *slash = memchr(v.p, '/', v.len);

	hs_put_raw(&r->addr, v.p, slash != NULL ? (size_t)(slash - v.p) : v.len);
	r->req.addr = hs_buf_str(&r->addr);
}

static void
pick_command(struct request *r, const struct hs_scope *s, size_t st, struct hs_str *bytes)
{
	size_t n = hs_scope_values(s, st, HS_KEY_CMD), k;
	enum hs_cmd_kind kind;
	const struct hs_str *w =
	    hs_scope_cmd(s, st, n > 0 ? next(bytes) % n : 0, &kind, &k);

	for (size_t i = 0; i < k; i++)
		r->words[r->req.nwords++] = w[i];
	if (k == 0 || (kind == HS_CMD_PREFIX && next(bytes) % 2 == 0))
		r->words[r->req.nwords++] = hs_str_c("more");
	r->req.words = r->words;
}

static void
pick_value(struct request *r, const struct hs_scope *s, size_t st, struct hs_str *bytes)
{
	enum hs_scope_key key = r->req.kind == HS_REQ_OPEN ? HS_KEY_OPEN
				: r->req.kind == HS_REQ_NS ? HS_KEY_NS
							   : HS_KEY_CAP;
	struct hs_str v = pick(s, st, key, bytes, key == HS_KEY_OPEN ? "some:1" : "some");

	for (size_t i = 0; i < v.len; i++) { // *:r/** becomes x:r/x
		if (v.p[i] != '*')
			hs_put_u8(&r->value, v.p[i]);
		else if (i == 0 || v.p[i - 1] != '*')
			hs_put_u8(&r->value, 'x');
	}
	r->req.value = hs_buf_str(&r->value);
}

// A request near what s permits.
static void
make_request(struct request *r, const struct hs_scope *s, struct hs_str *bytes)
{
	size_t st = next(bytes) % hs_scope_statements(s);

	*r = (struct request){
	    .req.kind = (enum hs_request_kind)(next(bytes) % (HS_REQ_CAP + 1)),
	    .req.permit = (enum hs_permit)(next(bytes) % HS_PERMIT_COUNT),
	    .req.write = next(bytes) % 2 == 0};
	r->req.user = pick(s, st, HS_KEY_USER, bytes, "somebody");
	pick_host(r, s, st, bytes);
	pick_addr(r, s, st, bytes);
	pick_command(r, s, st, bytes);
	pick_value(r, s, st, bytes);
}

static void
filtered(const struct hs_scope *s, const struct hs_request *req)
{
	int whole = hs_scope_permits(s, req, NULL), login;
	struct hs_scope *part = NULL;
	struct hs_err err;

	if (req->kind >= HS_REQ_NS)
		return;
	login = hs_scope_filter(s, req, &part, &err);
	must((login == HS_OK) == (part != NULL));
	must(login == HS_OK || whole == login);
	if (part != NULL) {
		must(hs_scope_under(part, s));
		must(hs_scope_permits(part, req, NULL) == whole);
	}
	hs_scope_free(&part);
}

static void
compare(const struct hs_scope *a, const struct hs_scope *b, struct hs_str bytes)
{
	bool under = hs_scope_under(a, b);

	must(!hs_scope_below(a, b) || under);
	if (under && hs_scope_under(b, a))
		must(hs_str_eq(hs_scope_text(a), hs_scope_text(b)));
	for (int i = 0; i < REQUESTS && bytes.len > 0; i++) {
		struct request r;

		make_request(&r, a, &bytes);
		if (under && hs_scope_permits(a, &r.req, NULL) == HS_OK)
			must(hs_scope_permits(b, &r.req, NULL) == HS_OK);
		filtered(a, &r.req);
		filtered(b, &r.req);
		hs_buf_free(&r.host);
		hs_buf_free(&r.addr);
		hs_buf_free(&r.value);
	}
}

static struct hs_str
part(struct hs_str *in)
{
	const uint8_t *nul = in->len > 0 ? memchr(in->p, 0, in->len) : NULL;
	struct hs_str s = {in->p, nul != NULL ? (size_t)(nul - in->p) : in->len};

	in->p += s.len + (nul != NULL);
	in->len -= s.len + (nul != NULL);
	return s;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct hs_str in = {data, len}, first, second;
	struct hs_scope *a = NULL, *b = NULL;
	struct hs_err err;

	if (len == 0)
		return 0;
	first = part(&in);
	second = part(&in);
	if (hs_scope_parse(first, &a, &err) == HS_OK &&
	    hs_scope_parse(second, &b, &err) == HS_OK) {
		compare(a, b, in);
		compare(b, a, in);
	}
	hs_scope_free(&a);
	hs_scope_free(&b);
	return 0;
}
