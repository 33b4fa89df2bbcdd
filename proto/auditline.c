// SPDX-License-Identifier: ISC
//
// The audit log's line: fields in a fixed order, escaped by hand, since a JSON tree per
// record would cost more than the record. Contract in auditline.h.
#include "proto/auditline.h"

#define OPENSSL_SUPPRESS_DEPRECATED // the incremental calls cost a third of EVP's
#include <inttypes.h>
#include <openssl/sha.h>
#include <string.h>
#include "proto/text.h"

// Length of the UTF-8 character at s, 0 if there is none. *cp gets it.
static size_t
utf8_char(struct hs_str s, uint32_t *cp)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n;
	uint32_t c;

	c = s.p[0];
	if (c < 0x80)
		n = 1;
	else if (c >= 0xc2 && c < 0xe0)
		n = 2;
	else if (c >= 0xe0 && c < 0xf0)
		n = 3;
	else if (c >= 0xf0 && c < 0xf5)
		n = 4;
	else
		return 0;
	if (n > s.len)
		return 0;
	if (n > 1)
		c &= 0x7fu >> n;
	for (size_t i = 1; i < n; i++) {
		if ((s.p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s.p[i] & 0x3fu);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*cp = c;
	return n;
}

static void
put_escape(struct hs_buf *b, uint32_t cp)
{
	if (cp == '"' || cp == '\\')
		hs_put_fmt(b, "\\%c", (int)cp);
	else if (cp == '\n')
		hs_put_raw(b, "\\n", 2);
	else if (cp == '\t')
		hs_put_raw(b, "\\t", 2);
	else if (cp < 0x10000)
		hs_put_fmt(b, "\\u%04" PRIx32, cp);
	else
		hs_put_fmt(b, "\\u%04" PRIx32 "\\u%04" PRIx32,
		    0xd800 + ((cp - 0x10000) >> 10), 0xdc00 + ((cp - 0x10000) & 0x3ff));
}

static size_t
plain_run(struct hs_str s)
{
	size_t n = 0;

	while (
	    n < s.len && s.p[n] >= 0x20 && s.p[n] < 0x7f && s.p[n] != '"' && s.p[n] != '\\')
		n++;
	return n;
}

void
hs_auditline_put_string(struct hs_buf *b, struct hs_str s)
{
	hs_put_u8(b, '"');
	while (s.len > 0) {
		size_t n = plain_run(s);
		uint32_t cp = 0xfffd;

		if (n > 0) {
			hs_put_raw(b, s.p, n);
		} else if ((n = utf8_char(s, &cp)) == 0) {
			put_escape(b, 0xfffd);
			n = 1;
		} else if (cp > 0x7f && hs_text_shown((struct hs_str){s.p, n}, NULL)) {
			hs_put_raw(b, s.p, n);
		} else {
			put_escape(b, cp);
		}
		s.p += n;
		s.len -= n;
	}
	hs_put_u8(b, '"');
}

static void
name(struct hs_buf *b, const char *key)
{
	hs_put_raw(b, ",\"", 2);
	hs_put_raw(b, key, strlen(key));
	hs_put_raw(b, "\":", 2);
}

static void
put_str(struct hs_buf *b, const char *key, struct hs_str s)
{
	if (s.len == 0)
		return;
	name(b, key);
	hs_auditline_put_string(b, s);
}

static void
put_c(struct hs_buf *b, const char *key, const char *s)
{
	if (s != NULL)
		put_str(b, key, hs_str_c(s));
}

static void
put_number(struct hs_buf *b, const char *key, bool there, uint64_t v)
{
	if (!there)
		return;
	name(b, key);
	hs_put_fmt(b, "%" PRIu64, v);
}

static void
put_coded(struct hs_buf *b, const char *key, struct hs_str raw,
    void (*code)(struct hs_buf *, struct hs_str))
{
	if (raw.len == 0)
		return;
	name(b, key);
	hs_put_u8(b, '"');
	code(b, raw);
	hs_put_u8(b, '"');
}

// Serials may be 64 random bits, which JSON numbers would lose.
static void
put_serial(struct hs_buf *b, const char *key, bool there, uint64_t v)
{
	if (!there)
		return;
	name(b, key);
	hs_put_fmt(b, "\"%" PRIu64 "\"", v);
}

static void
put_who(struct hs_buf *b, const struct hs_audit_record *r)
{
	put_number(b, "pid", r->peer, r->pid);
	put_number(b, "uid", r->peer, r->uid);
	put_c(b, "origin", r->origin);
	put_c(b, "via", r->via);
	put_str(b, "exe", r->exe);
	put_number(b, "start", r->start != 0, r->start);
	put_str(b, "cgroup", r->cgroup);
	put_coded(b, "exe_sha256", r->exe_sha256, hs_text_put_hex);
	put_str(b, "by", r->by);
	put_str(b, "agent", r->agent);
	put_str(b, "ext", r->ext);
	put_c(b, "session", r->session);
}

static void
put_touch(struct hs_buf *b, const struct hs_audit_record *r)
{
	put_c(b, "root", r->root);
	put_c(b, "root_key", r->root_key);
	put_c(b, "human", r->human);
	put_coded(b, "aaguid", r->aaguid, hs_text_put_hex);
	put_c(b, "attestation", r->attestation);
	put_c(b, "transport", r->transport);
	put_number(b, "flags", r->touched, r->flags);
	put_number(b, "counter", r->touched, r->counter);
	if (r->simulated) {
		name(b, "simulated");
		hs_put_raw(b, "true", 4);
	}
	put_number(b, "share", r->share != 0, r->share);
}

void
hs_auditline_put(struct hs_buf *b, const struct hs_audit_record *r)
{
	hs_put_fmt(b, "{\"seq\":%" PRIu64, r->seq);
	put_coded(b, "prev", (struct hs_str){r->prev, sizeof r->prev}, hs_text_put_hex);
	put_number(b, "time", true, r->time);
	put_c(b, "event", r->event);
	put_c(b, "clock", r->clock);
	put_coded(b, "machine", r->machine, hs_text_put_hex);
	put_who(b, r);
	put_c(b, "code", r->code);
	put_str(b, "sentence", r->sentence);
	put_str(b, "reason", r->reason);
	put_str(b, "scope", r->scope);
	put_coded(b, "digest", r->digest, hs_text_put_hex);
	put_coded(b, "policy", r->policy, hs_text_put_hex);
	put_serial(b, "serial", r->numbered, r->serial);
	put_str(b, "serials", r->serials);
	put_serial(b, "parent", r->parent != 0, r->parent);
	put_serial(b, "seat", r->seat != 0, r->seat);
	put_number(b, "end", r->end != 0, r->end);
	put_c(b, "key", r->key);
	put_touch(b, r);
	put_str(b, "user", r->user);
	put_str(b, "host", r->host);
	put_str(b, "ns", r->ns);
	put_str(b, "ask", r->ask);
	put_str(b, "shown", r->shown);
	put_coded(b, "grant", r->grant, hs_text_put_base64);
	put_coded(b, "direct", r->direct, hs_text_put_base64);
	put_coded(b, "signature", r->signature, hs_text_put_base64);
	put_number(b, "count", r->counted, r->count);
	put_number(b, "first", r->first != 0, r->first);
	put_number(b, "last", r->last != 0, r->last);
	put_coded(b, "head", r->head, hs_text_put_hex);
	put_coded(b, "sha256", r->sha256, hs_text_put_hex);
	if (r->jumped) {
		name(b, "jump");
		hs_put_fmt(b, "%" PRId64, r->jump);
	}
	hs_put_raw(b, "}\n", 2);
}

int
hs_auditline_hash(struct hs_str line, uint8_t out[static HS_AUDIT_HASH])
{
	SHA256_CTX ctx;

	if (SHA256_Init(&ctx) != 1 || SHA256_Update(&ctx, line.p, line.len) != 1 ||
	    SHA256_Final(out, &ctx) != 1)
		return HS_ERR_CRYPTO;
	return HS_OK;
}

static bool
take(struct hs_rd *r, const char *word)
{
	struct hs_str s;

	return hs_get_raw(r, strlen(word), &s) == HS_OK && hs_str_is(s, word);
}

static bool
take_hex(struct hs_rd *r, uint8_t *out, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < 2 * n; i++) {
		const char *at;
		uint8_t c;

		if (hs_get_u8(r, &c) != HS_OK || c == 0 || (at = strchr(digits, c)) == NULL)
			return false;
		out[i / 2] = (uint8_t)(out[i / 2] << 4 | (at - digits));
	}
	return true;
}

// The digits that come next.
static struct hs_str
take_digits(struct hs_rd *r)
{
	struct hs_str digits = {r->p, 0};

	while (digits.len < r->left && digits.p[digits.len] >= '0' &&
	       digits.p[digits.len] <= '9')
		digits.len++;
	r->p += digits.len;
	r->left -= digits.len;
	return digits;
}

// All before the time's digits.
static int
take_head(struct hs_str line, struct hs_rd *r, uint64_t *seq, uint8_t hash[HS_AUDIT_HASH])
{
	*r = hs_rd_of(line);
	if (line.len < 2 || line.p[line.len - 2] != '}' || line.p[line.len - 1] != '\n' ||
	    memchr(line.p, '\n', line.len - 1) != NULL ||
	    memchr(line.p, 0, line.len) != NULL)
		return HS_ERR_FORMAT;
	if (!take(r, "{\"seq\":"))
		return HS_ERR_FORMAT;
	// the last sequence number of all could not be counted on from
	if (hs_text_u64(take_digits(r), UINT64_MAX - 1, seq) != HS_OK || *seq == 0)
		return HS_ERR_FORMAT;
	if (!take(r, ",\"prev\":\"") || !take_hex(r, hash, HS_AUDIT_HASH) ||
	    !take(r, "\",\"time\":"))
		return HS_ERR_FORMAT;
	return HS_OK;
}

int
hs_auditline_parse(struct hs_str line, uint64_t *seq, uint8_t prev[static HS_AUDIT_HASH])
{
	struct hs_rd r;
	uint8_t hash[HS_AUDIT_HASH] = {0};
	uint64_t n = 0;
	int rc = take_head(line, &r, &n, hash);

	if (rc != HS_OK)
		return rc;
	*seq = n;
	memcpy(prev, hash, sizeof hash);
	return HS_OK;
}

int
hs_auditline_stamp(struct hs_str line, uint64_t *time, struct hs_str *event)
{
	struct hs_rd r;
	uint8_t hash[HS_AUDIT_HASH] = {0};
	struct hs_str word;
	uint64_t n = 0, when = 0;
	int rc = take_head(line, &r, &n, hash);

	if (rc != HS_OK)
		return rc;
	if (hs_text_u64(take_digits(&r), UINT64_MAX, &when) != HS_OK ||
	    !take(&r, ",\"event\":\""))
		return HS_ERR_FORMAT;
	word = (struct hs_str){r.p, 0};
	while (word.len < r.left &&
	       ((r.p[word.len] >= 'a' && r.p[word.len] <= 'z') || r.p[word.len] == '-'))
		word.len++;
	if (word.len == 0 || word.len == r.left || r.p[word.len] != '"')
		return HS_ERR_FORMAT;
	*time = when;
	*event = word;
	return HS_OK;
}
