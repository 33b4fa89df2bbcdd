// SPDX-License-Identifier: ISC
//
// The helper's request and answer, field by field as docs/PROTOCOL.helper lists them. What
// may be signed at all is judged in helper_check.c. Contract in helper.h.
#include "proto/helper.h"

#include <string.h>
#include "proto/rlist.h"
#include "proto/text.h"

// Takes the next field where everything before it was well.
#define GET(call)                                                                          \
	do {                                                                               \
		if (rc == HS_OK)                                                           \
			rc = (call);                                                       \
	} while (0)

// ---- frames

static size_t
begin(struct hs_buf *b, enum hs_helper_op op)
{
	size_t mark = hs_put_string_begin(b);

	hs_put_u8(b, HS_HELPER_VERSION);
	hs_put_u8(b, (uint8_t)op);
	return mark;
}

static void
end(struct hs_buf *b, size_t mark)
{
	hs_put_string_end(b, mark);
	if (b->err == HS_OK && b->len - mark - 4 > HS_HELPER_MSG_MAX)
		b->err = HS_ERR_TOO_LONG; // nobody would read it
}

// The body of the one frame that is there, behind its version and op.
static int
open_frame(struct hs_str frame, struct hs_rd *r, uint8_t *op)
{
	struct hs_rd outer = hs_rd_of(frame);
	struct hs_str body;
	uint8_t version = 0;
	int rc = hs_get_string_max(&outer, HS_HELPER_MSG_MAX, &body);

	GET(hs_rd_end(&outer));
	if (rc != HS_OK)
		return rc;
	*r = hs_rd_of(body);
	rc = hs_get_u8(r, &version);
	if (rc == HS_OK && version != HS_HELPER_VERSION)
		return HS_ERR_UNSUPPORTED;
	GET(hs_get_u8(r, op));
	return rc;
}

// ---- fields

static int
get_bool(struct hs_rd *r, uint8_t *out)
{
	uint8_t v = 0;
	int rc = hs_get_u8(r, &v);

	if (rc == HS_OK && v > 1)
		rc = HS_ERR_FORMAT;
	if (rc == HS_OK)
		*out = v;
	return rc;
}

static int
get_filled(struct hs_rd *r, size_t max, struct hs_str *out)
{
	int rc = hs_get_string_max(r, max, out);

	if (rc == HS_OK && out->len == 0)
		rc = HS_ERR_FORMAT;
	return rc;
}

static int
get_timeout(struct hs_rd *r, uint32_t *out)
{
	int rc = hs_get_u32(r, out);

	if (rc == HS_OK && (*out == 0 || *out > HS_HELPER_TIMEOUT_MAX))
		rc = HS_ERR_FORMAT;
	return rc;
}

static int
get_bytes(struct hs_rd *r, uint8_t *out, size_t len)
{
	struct hs_str s;
	int rc = hs_get_raw(r, len, &s);

	if (rc == HS_OK)
		memcpy(out, s.p, len);
	return rc;
}

static int
get_key_type(struct hs_rd *r, uint8_t *out)
{
	struct hs_str name;
	int rc = hs_get_string_max(r, HS_HELPER_KEY_MAX, &name);

	if (rc != HS_OK)
		return rc;
	if (hs_str_is(name, hs_key_type_name(HS_KT_SK_ED25519)))
		*out = HS_KT_SK_ED25519;
	else if (hs_str_is(name, hs_key_type_name(HS_KT_SK_ECDSA)))
		*out = HS_KT_SK_ECDSA;
	else
		rc = HS_ERR_KEY_TYPE;
	return rc;
}

// ---- requests

static void
put_enroll(struct hs_buf *b, const struct hs_helper_enroll *m)
{
	hs_put_str(b, m->device);
	hs_put_u32(b, m->timeout);
	hs_put_cstring(b, hs_key_type_name((enum hs_key_type)m->key_type));
	hs_put_str(b, m->user);
	hs_put_raw(b, m->challenge, sizeof m->challenge);
	hs_put_u8(b, m->verify);
	hs_put_u8(b, m->pin);
}

static int
get_enroll(struct hs_rd *r, struct hs_helper_enroll *m)
{
	int rc = hs_text_get_shown(r, HS_HELPER_DEVICE_MAX, &m->device);

	GET(get_timeout(r, &m->timeout));
	GET(get_key_type(r, &m->key_type));
	GET(hs_text_get_shown(r, HS_HELPER_TEXT_MAX, &m->user));
	GET(get_bytes(r, m->challenge, sizeof m->challenge));
	GET(get_bool(r, &m->verify));
	GET(get_bool(r, &m->pin));
	return rc;
}

static void
put_candidate(struct hs_buf *b, const struct hs_helper_candidate *c)
{
	hs_put_str(b, c->device);
	hs_put_u8(b, c->verify);
	hs_put_str(b, c->key);
	hs_put_str(b, c->handle);
	hs_put_str(b, c->body);
}

static int
get_candidate(struct hs_rd *r, size_t body_max, struct hs_helper_candidate *c)
{
	int rc = hs_text_get_shown(r, HS_HELPER_DEVICE_MAX, &c->device);

	GET(get_bool(r, &c->verify));
	GET(get_filled(r, HS_HELPER_KEY_MAX, &c->key));
	GET(get_filled(r, HS_KEY_HANDLE_MAX, &c->handle));
	GET(get_filled(r, body_max, &c->body));
	return rc;
}

static void
put_sign(struct hs_buf *b, const struct hs_helper_sign *m)
{
	hs_put_u32(b, m->timeout);
	hs_put_u8(b, m->verify);
	hs_put_u8(b, m->pin);
	hs_put_str(b, m->shown);
	hs_put_u32(b, (uint32_t)m->n);
	for (size_t i = 0; i < m->n; i++)
		put_candidate(b, &m->v[i]);
}

static int
get_sign(struct hs_rd *r, struct hs_helper_sign *m)
{
	uint32_t n = 0;
	int rc = get_timeout(r, &m->timeout);

	GET(get_bool(r, &m->verify));
	GET(get_bool(r, &m->pin));
	GET(hs_get_string_max(r, HS_SHOWN_MAX, &m->shown));
	GET(hs_get_u32(r, &n));
	if (rc == HS_OK && n > HS_ROOTS_MAX)
		rc = HS_ERR_TOO_LONG;
	for (uint32_t i = 0; rc == HS_OK && i < n; i++)
		GET(get_candidate(r, HS_CERT_MAX, &m->v[i]));
	m->n = n;
	return rc;
}

static void
put_revoke(struct hs_buf *b, const struct hs_helper_revoke *m)
{
	hs_put_u32(b, m->timeout);
	hs_put_u8(b, m->pin);
	hs_put_str(b, m->shown);
	put_candidate(b, &m->candidate);
}

static int
get_revoke(struct hs_rd *r, struct hs_helper_revoke *m)
{
	int rc = get_timeout(r, &m->timeout);

	GET(get_bool(r, &m->pin));
	GET(hs_get_string_max(r, HS_SHOWN_MAX, &m->shown));
	GET(get_candidate(r, HS_RLIST_MESSAGE_MAX, &m->candidate));
	return rc;
}

void
hs_helper_request_put(struct hs_buf *b, const struct hs_helper_request *m)
{
	size_t mark = begin(b, m->op);

	if (m->op == HS_HELPER_ENROLL)
		put_enroll(b, &m->enroll);
	else if (m->op == HS_HELPER_REVOKE)
		put_revoke(b, &m->revoke);
	else
		put_sign(b, &m->sign);
	end(b, mark);
}

int
hs_helper_request_parse(struct hs_str frame, struct hs_helper_request *out)
{
	struct hs_rd r;
	uint8_t op = 0;
	int rc;

	*out = (struct hs_helper_request){0};
	rc = open_frame(frame, &r, &op);
	if (rc != HS_OK)
		return rc;
	if (op == HS_HELPER_ENROLL)
		rc = get_enroll(&r, &out->enroll);
	else if (op == HS_HELPER_SIGN)
		rc = get_sign(&r, &out->sign);
	else if (op == HS_HELPER_REVOKE)
		rc = get_revoke(&r, &out->revoke);
	else
		return HS_ERR_FORMAT;
	GET(hs_rd_end(&r));
	out->op = (enum hs_helper_op)op; // known now, also where the rest is not well
	return rc;
}

// ---- answers

static void
put_enrolled(struct hs_buf *b, const struct hs_helper_enrolled *m)
{
	hs_put_str(b, m->key);
	hs_put_str(b, m->handle);
	hs_put_str(b, m->product);
	hs_put_raw(b, m->aaguid, sizeof m->aaguid);
	hs_put_u8(b, m->flags);
	hs_put_str(b, m->auth_data);
	hs_put_str(b, m->attestation_sig);
	hs_put_str(b, m->certificate);
	hs_put_u8(b, m->simulated);
}

static int
get_enrolled(struct hs_rd *r, struct hs_helper_enrolled *m)
{
	int rc = get_filled(r, HS_HELPER_KEY_MAX, &m->key);

	GET(get_filled(r, HS_KEY_HANDLE_MAX, &m->handle));
	GET(hs_text_get_shown(r, HS_HELPER_TEXT_MAX, &m->product));
	GET(get_bytes(r, m->aaguid, sizeof m->aaguid));
	GET(hs_get_u8(r, &m->flags));
	GET(get_filled(r, HS_HELPER_PART_MAX, &m->auth_data));
	GET(hs_get_string_max(r, HS_HELPER_PART_MAX, &m->attestation_sig));
	GET(hs_get_string_max(r, HS_HELPER_PART_MAX, &m->certificate));
	GET(get_bool(r, &m->simulated));
	return rc;
}

static int
get_signed(struct hs_rd *r, struct hs_helper_signed *m)
{
	int rc = hs_get_u32(r, &m->index);

	if (rc == HS_OK && m->index >= HS_ROOTS_MAX)
		rc = HS_ERR_TOO_LONG;
	GET(get_filled(r, HS_HELPER_PART_MAX, &m->signature));
	GET(hs_text_get_shown(r, HS_HELPER_DEVICE_MAX, &m->device));
	if (rc == HS_OK && m->device.len == 0)
		rc = HS_ERR_FORMAT;
	return rc;
}

void
hs_helper_answer_put(struct hs_buf *b, const struct hs_helper_answer *m)
{
	size_t mark = begin(b, m->op);

	hs_put_cstring(b, hs_code_name(m->code));
	hs_put_str(b, m->sentence);
	if (m->code != HS_OK) {
		hs_put_u8(b, m->retries);
	} else if (m->op == HS_HELPER_ENROLL) {
		put_enrolled(b, &m->enrolled);
	} else {
		hs_put_u32(b, m->signed_.index);
		hs_put_str(b, m->signed_.signature);
		hs_put_str(b, m->signed_.device);
	}
	end(b, mark);
}

// A failure has a sentence and a success has none; only failures may be to an unread
// request.
static int
get_outcome(struct hs_rd *r, struct hs_helper_answer *m)
{
	struct hs_str name;
	int rc = hs_get_string_max(r, HS_HELPER_SENTENCE_MAX, &name);

	if (rc != HS_OK)
		return rc;
	m->code = hs_code_from_name((const char *)name.p, name.len);
	if (!hs_str_is(name, hs_code_name(m->code)))
		return HS_ERR_FORMAT; // of no code of ours
	rc = hs_text_get_shown(r, HS_HELPER_SENTENCE_MAX, &m->sentence);
	if (rc == HS_OK && ((m->code == HS_OK) != (m->sentence.len == 0) ||
			       (m->code == HS_OK && m->op == HS_HELPER_UNREAD)))
		rc = HS_ERR_FORMAT;
	if (m->code != HS_OK)
		GET(hs_get_u8(r, &m->retries));
	return rc;
}

int
hs_helper_answer_parse(struct hs_str frame, struct hs_helper_answer *out)
{
	struct hs_helper_answer m = {0};
	struct hs_rd r;
	uint8_t op = 0;
	int rc;

	*out = m;
	rc = open_frame(frame, &r, &op);
	if (rc == HS_OK && op > HS_HELPER_REVOKE)
		rc = HS_ERR_FORMAT;
	m.op = (enum hs_helper_op)op;
	GET(get_outcome(&r, &m));
	if (m.code == HS_OK && op == HS_HELPER_ENROLL)
		GET(get_enrolled(&r, &m.enrolled));
	else if (m.code == HS_OK)
		GET(get_signed(&r, &m.signed_));
	GET(hs_rd_end(&r));
	if (rc == HS_OK)
		*out = m;
	return rc;
}
