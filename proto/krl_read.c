// SPDX-License-Identifier: ISC
//
// Reading key revocation lists, from whoever wrote them. Contract in krl.h. What OpenSSH
// would not read is not read either: a list that one refuses and the other takes would
// revoke here and not there.
#include <string.h>
#include <openssl/sha.h>
#include "proto/krl.h"
#include "proto/krl_internal.h"

struct walk {
	hs_krl_each *fn; // NULL: only the form is looked at
	void *arg;
};

static int
tell(const struct walk *w, const struct hs_krl_item *item)
{
	return w->fn != NULL ? w->fn(w->arg, item) : HS_OK;
}

static int
tell_serials(const struct walk *w, struct hs_str ca, uint64_t lo, uint64_t hi)
{
	const struct hs_krl_item item = {
	    .what = HS_KRL_SERIALS, .ca = ca, .lo = lo, .hi = hi};

	return lo == 0 || lo > hi ? HS_ERR_FORMAT : tell(w, &item);
}

static int
walk_list(const struct walk *w, struct hs_str ca, struct hs_rd *r)
{
	uint64_t serial;
	int rc = HS_OK;

	while (rc == HS_OK && r->left > 0) {
		rc = hs_get_u64(r, &serial);
		if (rc == HS_OK)
			rc = tell_serials(w, ca, serial, serial);
	}
	return rc;
}

static int
walk_range(const struct walk *w, struct hs_str ca, struct hs_rd *r)
{
	uint64_t lo, hi;

	if (hs_get_u64(r, &lo) != HS_OK || hs_get_u64(r, &hi) != HS_OK)
		return HS_ERR_SHORT;
	return r->left > 0 ? HS_ERR_TRAILING : tell_serials(w, ca, lo, hi);
}

static bool
is_set(struct hs_str bits, uint64_t at)
{
	return (bits.p[bits.len - 1 - at / 8] & 1u << at % 8) != 0;
}

// Each run of bits that are set is one item.
static int
walk_bitmap(const struct walk *w, struct hs_str ca, struct hs_rd *r)
{
	uint64_t start, n, from = 0;
	struct hs_str bits;
	bool in = false, on;
	int rc = hs_get_u64(r, &start);

	if (rc == HS_OK)
		rc = hs_get_mpint(r, KRL_BITMAP_BITS / 8, &bits);
	if (rc == HS_OK && r->left > 0)
		rc = HS_ERR_TRAILING;
	if (rc != HS_OK)
		return rc;
	n = bits.len * 8;
	for (uint64_t i = 0; i <= n && rc == HS_OK; i++) {
		on = i < n && is_set(bits, i);
		if (on && start > UINT64_MAX - i)
			return HS_ERR_FORMAT; // it would wrap
		if (on && !in)
			from = i;
		else if (!on && in)
			rc = tell_serials(w, ca, start + from, start + i - 1);
		in = on;
	}
	return rc;
}

static int
walk_key_ids(const struct walk *w, struct hs_str ca, struct hs_rd *r)
{
	struct hs_krl_item item = {.what = HS_KRL_KEY_ID, .ca = ca};
	int rc = HS_OK;

	while (rc == HS_OK && r->left > 0) {
		rc = hs_get_string(r, &item.value);
		if (rc == HS_OK && memchr(item.value.p, 0, item.value.len) != NULL)
			rc = HS_ERR_FORMAT;
		if (rc == HS_OK)
			rc = tell(w, &item);
	}
	return rc;
}

// string name, byte critical, string contents: all are unknown.
static int
skip_extension(struct hs_rd *r)
{
	struct hs_str name, contents;
	uint8_t critical;

	if (hs_get_string(r, &name) != HS_OK || hs_get_u8(r, &critical) != HS_OK ||
	    hs_get_string(r, &contents) != HS_OK)
		return HS_ERR_SHORT;
	return r->left > 0 ? HS_ERR_TRAILING : critical != 0 ? HS_ERR_FORMAT : HS_OK;
}

static int
walk_certificates(const struct walk *w, struct hs_rd *r)
{
	struct hs_str ca, reserved, data;
	struct hs_rd sub;
	uint8_t type;
	int rc = hs_get_string(r, &ca);

	if (rc == HS_OK)
		rc = hs_get_string(r, &reserved);
	if (rc == HS_OK && reserved.len > 0)
		rc = HS_ERR_FORMAT;
	while (rc == HS_OK && r->left > 0) {
		rc = hs_get_u8(r, &type);
		if (rc == HS_OK)
			rc = hs_get_string(r, &data);
		if (rc != HS_OK)
			break;
		sub = hs_rd_of(data);
		if (type == KRL_SERIAL_LIST)
			rc = walk_list(w, ca, &sub);
		else if (type == KRL_SERIAL_RANGE)
			rc = walk_range(w, ca, &sub);
		else if (type == KRL_SERIAL_BITMAP)
			rc = walk_bitmap(w, ca, &sub);
		else if (type == KRL_KEY_ID)
			rc = walk_key_ids(w, ca, &sub);
		else if (type == KRL_CERT_EXTENSION)
			rc = skip_extension(&sub);
		else
			rc = HS_ERR_FORMAT;
	}
	return rc;
}

// Keys, or hashes of so many bytes.
static int
walk_strings(const struct walk *w, enum hs_krl_what what, size_t len, struct hs_rd *r)
{
	struct hs_krl_item item = {.what = what};
	int rc = HS_OK;

	while (rc == HS_OK && r->left > 0) {
		rc = hs_get_string(r, &item.value);
		if (rc == HS_OK && (len > 0 ? item.value.len != len : item.value.len == 0))
			rc = HS_ERR_FORMAT;
		if (rc == HS_OK)
			rc = tell(w, &item);
	}
	return rc;
}

static int
walk(const struct walk *w, struct hs_str sections)
{
	struct hs_rd r = hs_rd_of(sections), sub;
	struct hs_str data;
	uint8_t type;
	int rc = HS_OK;

	while (rc == HS_OK && r.left > 0) {
		rc = hs_get_u8(&r, &type);
		if (rc == HS_OK)
			rc = hs_get_string(&r, &data);
		if (rc != HS_OK)
			break;
		sub = hs_rd_of(data);
		if (type == KRL_CERTIFICATES)
			rc = walk_certificates(w, &sub);
		else if (type == KRL_KEYS)
			rc = walk_strings(w, HS_KRL_KEY, 0, &sub);
		else if (type == KRL_SHA1)
			rc = walk_strings(w, HS_KRL_SHA1, 20, &sub);
		else if (type == KRL_SHA256)
			rc = walk_strings(w, HS_KRL_SHA256, HS_KRL_HASH, &sub);
		else if (type == KRL_EXTENSION)
			rc = skip_extension(&sub);
		else
			rc = HS_ERR_FORMAT;
	}
	return rc;
}

int
hs_krl_parse(struct hs_str blob, struct hs_krl *out)
{
	static const struct walk form = {NULL, NULL};
	struct hs_rd r = hs_rd_of(blob);
	struct hs_krl k = {0};
	struct hs_str magic, reserved;
	uint64_t flags;
	uint32_t format;
	int rc;

	if (blob.len > HS_BUF_MAX)
		return HS_ERR_TOO_LONG;
	rc = hs_get_raw(&r, KRL_MAGIC_LEN, &magic);
	if (rc == HS_OK && memcmp(magic.p, KRL_MAGIC, KRL_MAGIC_LEN) != 0)
		rc = HS_ERR_FORMAT;
	if (rc == HS_OK)
		rc = hs_get_u32(&r, &format);
	if (rc == HS_OK && format != KRL_FORMAT)
		rc = HS_ERR_FORMAT;
	if (rc == HS_OK)
		rc = hs_get_u64(&r, &k.version);
	if (rc == HS_OK)
		rc = hs_get_u64(&r, &k.date);
	if (rc == HS_OK)
		rc = hs_get_u64(&r, &flags);
	if (rc == HS_OK)
		rc = hs_get_string(&r, &reserved);
	if (rc == HS_OK)
		rc = hs_get_string(&r, &k.comment);
	if (rc == HS_OK &&
	    (flags != 0 || reserved.len > 0 ||
		(k.comment.len > 0 && memchr(k.comment.p, 0, k.comment.len) != NULL)))
		rc = HS_ERR_FORMAT;
	if (rc != HS_OK)
		return rc;
	k.sections = (struct hs_str){r.p, r.left};
	rc = walk(&form, k.sections);
	if (rc == HS_OK)
		*out = k;
	return rc;
}

int
hs_krl_walk(const struct hs_krl *k, hs_krl_each *fn, void *arg)
{
	const struct walk w = {fn, arg};

	return walk(&w, k->sections);
}

// ---- questions

struct question {
	struct hs_str blob; // of the key, or of the CA
	uint8_t hash[HS_KRL_HASH];
	uint8_t sha1[SHA_DIGEST_LENGTH]; // for who wrote `sha1:` into an ssh-keygen list
	uint64_t serial;		 // 0: the key is meant
};

// HS_NO_SUCH stands for yes: it ends the walk.
static int
ask(void *arg, const struct hs_krl_item *it)
{
	const struct question *q = arg;
	const struct hs_str hash = {q->hash, sizeof q->hash};
	const struct hs_str sha1 = {q->sha1, sizeof q->sha1};
	bool yes = (it->what == HS_KRL_KEY && hs_str_eq(it->value, q->blob)) ||
		   (it->what == HS_KRL_SHA256 && hs_str_eq(it->value, hash)) ||
		   (it->what == HS_KRL_SHA1 && hs_str_eq(it->value, sha1));

	if (q->serial > 0 && it->what == HS_KRL_SERIALS)
		yes = (it->ca.len == 0 || hs_str_eq(it->ca, q->blob)) &&
		      it->lo <= q->serial && q->serial <= it->hi;
	return yes ? HS_NO_SUCH : HS_OK;
}

// What cannot be computed counts as revoked.
static bool
has(const struct hs_krl *k, const struct hs_key *key, uint64_t serial)
{
	struct question q = {.serial = serial};
	struct hs_buf blob = {0};
	bool yes;

	hs_key_put(&blob, key);
	q.blob = hs_buf_str(&blob);
	yes = hs_buf_err(&blob) != HS_OK || SHA256(blob.p, blob.len, q.hash) == NULL ||
	      SHA1(blob.p, blob.len, q.sha1) == NULL || hs_krl_walk(k, ask, &q) != HS_OK;
	hs_buf_free(&blob);
	return yes;
}

bool
hs_krl_has_key(const struct hs_krl *k, const struct hs_key *key)
{
	return has(k, key, 0);
}

bool
hs_krl_has_serial(const struct hs_krl *k, const struct hs_key *ca, uint64_t serial)
{
	return has(k, ca, serial);
}
