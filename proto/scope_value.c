// SPDX-License-Identifier: ISC
//
// The values of a scope's keys: what is one, and how it is written canonically
// (docs/PROTOCOL.scope, "Values"). Commands are in scope_cmd.c, address blocks in
// scope_addr.c.
#include "proto/scope_internal.h"

#include <string.h>

#define NAME_MAX_HOST  253 // RFC 1035: a name's printable form
#define NAME_MAX_LABEL 63
#define NAME_MAX_USER  64 // before the `$`
#define NAME_MAX_NS    64
#define NAME_MAX_ACT   32
#define NAME_MAX_RES   256

#define DIGITS "0123456789"
#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static const char *const key_names[HS_KEY_COUNT] = {
    "addr", "cap", "cmd", "host", "ns", "open", "permit", "user"};

static const char *const permit_names[HS_PERMIT_COUNT] = {
#define PERMIT_NAME(sym, name) name,
    HS_PERMITS(PERMIT_NAME)
#undef PERMIT_NAME
};

const char *
scope_key_name(enum hs_scope_key key)
{
	return key_names[key];
}

bool
scope_key_is_login(enum hs_scope_key key)
{
	return key != HS_KEY_CAP && key != HS_KEY_NS;
}

const char *
hs_permit_name(enum hs_permit p)
{
	return (unsigned)p < HS_PERMIT_COUNT ? permit_names[p] : "";
}

static int
refuse(struct hs_err *err, size_t at, const char *why)
{
	return hs_fail_at(err, HS_ERR_SCOPE, 0, (unsigned)at + 1, "%s", why);
}

// How many bytes of s, from its beginning, are in the set.
static size_t
span(struct hs_str s, const char *set)
{
	size_t i = 0, n = strlen(set);

	while (i < s.len && memchr(set, s.p[i], n) != NULL)
		i++;
	return i;
}

static struct hs_str
from(struct hs_str s, size_t at)
{
	return (struct hs_str){s.p + at, s.len - at};
}

// ---- user

static const char *
user_fault(struct hs_str s, size_t *at)
{
	size_t n = span(s, LOWER UPPER DIGITS "_.@+-");

	*at = 0;
	if (s.len > 0 && n > 0 && memchr(".@+-", s.p[0], 4) != NULL)
		return "a login name begins with a letter, a digit or `_`";
	*at = n;
	if (n == 0 || n + 1 < s.len || (n + 1 == s.len && s.p[n] != '$'))
		return "a login name has letters, digits and _ . @ + - only, and may end "
		       "in $";
	*at = NAME_MAX_USER;
	return n > NAME_MAX_USER ? "a login name has at most 64 characters" : NULL;
}

bool
scope_is_user(struct hs_str s)
{
	size_t at;

	return user_fault(s, &at) == NULL;
}

static int
read_user(struct hs_str in, struct hs_err *err)
{
	size_t at;
	const char *why = user_fault(in, &at);

	return why == NULL ? HS_OK : refuse(err, at, why);
}

// ---- host

// As resolvers read one in an address: 10, 0x7f000001. Octal is digits too.
static bool
is_number(struct hs_str label)
{
	if (label.len >= 2 && label.p[0] == '0' && label.p[1] == 'x')
		return span(from(label, 2), DIGITS "abcdef") == label.len - 2;
	return span(label, DIGITS) == label.len;
}

static const char *
label_fault(struct hs_str label, bool last, size_t *at)
{
	size_t n = span(label, LOWER DIGITS "-");

	*at = n;
	if (n < label.len) {
		if (label.p[n] >= 'A' && label.p[n] <= 'Z')
			return "host names are written in lower case";
		if (label.p[n] == '*')
			return "`*` can only stand alone or as the whole first label: "
			       "*.example.com";
		if (label.p[n] == ':' || label.p[n] == '/')
			return "this is not a host name; an address belongs into an `addr` "
			       "line";
		if (label.p[n] >= 0x80)
			return "host names are written in ASCII (xn--...)";
		return "a host name has lower-case letters, digits, `-` and `.` only";
	}
	if (n == 0)
		return "a label of the host name is empty";
	if (label.p[0] == '-')
		*at = 0;
	else
		*at = n - 1;
	if (label.p[0] == '-' || label.p[n - 1] == '-')
		return "a label of a host name cannot begin or end with `-`";
	*at = NAME_MAX_LABEL;
	if (n > NAME_MAX_LABEL)
		return "a label of a host name has at most 63 characters";
	*at = 0;
	if (last && is_number(label))
		return "a name whose last label is a number is an address, not a host name";
	return NULL;
}

static const char *
host_fault(struct hs_str s, size_t *at)
{
	const char *why = NULL;
	size_t start = 0, end;

	*at = NAME_MAX_HOST;
	if (s.len > NAME_MAX_HOST)
		return "a host name has at most 253 characters";
	for (bool last = false; why == NULL && !last; start = end + 1) {
		end = start;
		while (end < s.len && s.p[end] != '.')
			end++;
		last = end == s.len;
		why = label_fault((struct hs_str){s.p + start, end - start}, last, at);
		*at += start;
	}
	return why;
}

bool
scope_is_host(struct hs_str s)
{
	size_t at;

	return host_fault(s, &at) == NULL;
}

static int
read_host(struct hs_str in, struct hs_err *err)
{
	size_t skip = in.len > 2 && in.p[0] == '*' && in.p[1] == '.' ? 2 : 0, at;
	const char *why = host_fault(from(in, skip), &at);

	if (why != NULL)
		return refuse(err, at + skip, why);
	if (in.len > NAME_MAX_HOST)
		return refuse(err, NAME_MAX_HOST, "a host name has at most 253 characters");
	return HS_OK;
}

// ---- addr

static int
put_text(
    struct arena *a, const char *text, size_t len, struct hs_str *out, struct hs_err *err)
{
	char *p = scope_alloc(a, len + 1);

	if (p == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "%s", hs_code_sentence(HS_ERR_NOMEM));
	memcpy(p, text, len + 1);
	*out = (struct hs_str){(const uint8_t *)p, len};
	return HS_OK;
}

static int
read_addr(struct arena *a, struct hs_str in, struct scope_value *out, struct hs_err *err)
{
	char text[SCOPE_ADDR_MAX + 5];
	size_t n, prefix;
	int rc = scope_cidr_read(in, &out->addr, err);

	if (rc != HS_OK || out->addr.family == 4)
		return rc; // there is one way only to write an IPv4 block
	n = scope_addr_write(&out->addr, text);
	prefix = (size_t)((const uint8_t *)memchr(in.p, '/', in.len) - in.p);
	memcpy(text + n, in.p + prefix, in.len - prefix);
	n += in.len - prefix;
	text[n] = '\0';
	return put_text(a, text, n, &out->text, err);
}

// ---- open

// [IPv6]:port; close is the place of the bracket.
static int
read_open_v6(
    struct arena *a, struct hs_str in, size_t close, struct hs_str *out, struct hs_err *err)
{
	struct hs_str address = {in.p + 1, close - 1};
	char text[SCOPE_ADDR_MAX + 10] = "[";
	struct scope_cidr c;
	size_t n;

	if (!scope_addr_read(address, false, &c) || c.family != 6)
		return refuse(
		    err, 1, "in brackets stands an IPv6 address that is not an IPv4 one");
	n = 1 + scope_addr_write(&c, text + 1);
	memcpy(text + n, in.p + close, in.len - close);
	n += in.len - close;
	text[n] = '\0';
	return put_text(a, text, n, out, err);
}

static int
read_open(struct arena *a, struct hs_str in, struct hs_str *out, struct hs_err *err)
{
	struct hs_str host;
	struct scope_cidr c;
	size_t colon = in.len, at;
	const char *why;
	uint64_t port;

	while (colon > 0 && in.p[colon - 1] != ':')
		colon--;
	if (colon == 0)
		return refuse(err, in.len, "the port is missing: write host:port");
	if (hs_text_u64(from(in, colon), 65535, &port) != HS_OK || port == 0)
		return refuse(err, colon, "the port must be 1 to 65535");
	host = (struct hs_str){in.p, colon - 1};
	if (host.len > 2 && host.p[0] == '[' && host.p[host.len - 1] == ']')
		return read_open_v6(a, in, host.len - 1, out, err);
	if (host.len > 0 && memchr(host.p, ':', host.len) != NULL)
		return refuse(
		    err, 0, "an IPv6 address stands in brackets: [2001:db8::1]:443");
	if (scope_addr_read(host, false, &c))
		return HS_OK; // IPv4, which can be written in one way only
	why = host_fault(host, &at);
	return why == NULL ? HS_OK : refuse(err, at, why);
}

// ---- permit, ns, cap

static int
read_permit(struct hs_str in, struct hs_err *err)
{
	for (unsigned i = 0; i < HS_PERMIT_COUNT; i++)
		if (hs_str_is(in, permit_names[i]))
			return HS_OK;
	return refuse(err, 0,
	    "`permit` takes agent-forwarding, port-forwarding, pty, user-rc, "
	    "x11-forwarding or *");
}

static int
read_ns(struct hs_str in, struct hs_err *err)
{
	size_t n = span(in, LOWER UPPER DIGITS "._@+/-");

	if (n < in.len)
		return refuse(
		    err, n, "a namespace has letters, digits and . _ @ + / - only");
	if (n > NAME_MAX_NS)
		return refuse(err, NAME_MAX_NS, "a namespace has at most 64 characters");
	return HS_OK;
}

static int
read_resource(struct hs_str in, size_t at, struct hs_err *err)
{
	struct hs_str r = from(in, at);
	size_t start = 0, end;

	if (hs_str_is(r, "*"))
		return HS_OK;
	if (r.len > NAME_MAX_RES)
		return refuse(err, at + NAME_MAX_RES, "a resource has at most 256 bytes");
	if (r.len > 3 && memcmp(r.p + r.len - 3, "/**", 3) == 0)
		r.len -= 3;
	for (; start <= r.len; start = end + 1) {
		struct hs_str seg = from(r, start);

		seg.len = span(seg, LOWER UPPER DIGITS "._~@+=,-");
		end = start + seg.len;
		if (end < r.len && r.p[end] == '*')
			return refuse(err, at + end,
			    "`*` can only stand alone, or as /** at the end of a resource");
		if (end < r.len && r.p[end] != '/')
			return refuse(err, at + end,
			    "a resource has letters, digits and . _ ~ @ + = , - only, "
			    "joined by /");
		if (seg.len == 0)
			return refuse(
			    err, at + start, "a segment of the resource is empty");
		if (hs_str_is(seg, ".") || hs_str_is(seg, ".."))
			return refuse(err, at + start, "`.` and `..` cannot be segments");
	}
	return HS_OK;
}

static int
read_cap(struct hs_str in, struct hs_err *err)
{
	size_t n = in.p[0] == '*' ? 1 : span(in, LOWER DIGITS "_-");

	if (n == in.len || in.p[n] != ':')
		return refuse(err, n,
		    "write action:resource, the action of lower-case letters, digits, _ - "
		    "or as *");
	if (n == 0)
		return refuse(err, 0, "the action before the colon is empty");
	if (n > NAME_MAX_ACT)
		return refuse(err, NAME_MAX_ACT, "an action has at most 32 characters");
	return read_resource(in, n + 1, err);
}

// By kind, not by text: in a command a quoted `*` is a character like any other.
static bool
is_wide(const struct scope_value *v)
{
	if (v->any)
		return true;
	switch ((enum hs_scope_key)v->key) {
	case HS_KEY_ADDR:
		return v->addr.prefix < (v->addr.family == 4 ? 32 : 128);
	case HS_KEY_CMD:
		return v->cmd.kind == HS_CMD_PREFIX;
	case HS_KEY_CAP:
	case HS_KEY_HOST:
		return memchr(v->text.p, '*', v->text.len) != NULL;
	default:
		return false;
	}
}

static int
read_by_key(struct arena *a, enum hs_scope_key key, struct hs_str in,
    struct scope_value *out, struct hs_err *err)
{
	switch (key) {
	case HS_KEY_ADDR:
		return read_addr(a, in, out, err);
	case HS_KEY_CAP:
		return read_cap(in, err);
	case HS_KEY_HOST:
		return read_host(in, err);
	case HS_KEY_NS:
		return read_ns(in, err);
	case HS_KEY_OPEN:
		return read_open(a, in, &out->text, err);
	case HS_KEY_PERMIT:
		return read_permit(in, err);
	case HS_KEY_USER:
		return read_user(in, err);
	case HS_KEY_CMD:
		return scope_cmd_read(a, in, out, err);
	case HS_KEY_COUNT:
		break;
	}
	return hs_fail(err, HS_ERR_INTERNAL, "no such key");
}

int
scope_value_read(struct arena *a, enum hs_scope_key key, struct hs_str in,
    struct scope_value *out, struct hs_err *err)
{
	int rc = HS_OK;

	*out = (struct scope_value){.text = in, .key = (uint8_t)key};
	if (in.len == 0)
		return refuse(err, 0, "the value is empty");
	if (key != HS_KEY_CAP && key != HS_KEY_CMD && hs_str_is(in, "*"))
		out->any = true;
	else
		rc = read_by_key(a, key, in, out, err);
	if (rc == HS_OK)
		out->wide = is_wide(out);
	return rc;
}
