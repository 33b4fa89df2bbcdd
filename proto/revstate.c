// SPDX-License-Identifier: ISC
//
// State about revocation as lines. Contract in revstate.h. Who writes these files: the
// daemon, and any other program of its user; so they are read as strictly as anything.
#include "proto/revstate.h"

#include <inttypes.h>
#include <string.h>
#include "proto/text.h"

bool
hs_session_id_valid(struct hs_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
			return false;
	return s.len == HS_SESSION_ID_LEN;
}

// Takes what is before the next `by`, which must be there unless it is the last.
static bool
take(struct hs_str *line, uint8_t by, bool last, struct hs_str *out)
{
	const uint8_t *at = line->len > 0 ? memchr(line->p, by, line->len) : NULL;

	*out = (struct hs_str){line->p, at != NULL ? (size_t)(at - line->p) : line->len};
	if (last != (at == NULL))
		return false;
	line->p += out->len + (at != NULL);
	line->len -= out->len + (at != NULL);
	return out->len > 0;
}

static bool
take_number(struct hs_str *line, uint8_t by, bool last, uint64_t *out)
{
	struct hs_str s;

	return take(line, by, last, &s) && hs_text_u64(s, UINT64_MAX, out) == HS_OK;
}

// ---- revoked: "TIME SESSION SERIAL END", SERIAL being N, N-M or *

void
hs_revoked_put(struct hs_buf *b, const struct hs_revoked *r)
{
	hs_put_fmt(b, "%" PRIu64 " %s ", r->time, r->session);
	if (r->whole)
		hs_put_fmt(b, "*");
	else
		hs_put_fmt(b, "%" PRIu64, r->lo);
	if (!r->whole && r->hi > r->lo)
		hs_put_fmt(b, "-%" PRIu64, r->hi);
	hs_put_fmt(b, " %" PRIu64 "\n", r->end);
}

static bool
read_serials(struct hs_str s, struct hs_revoked *out)
{
	out->whole = hs_str_is(s, "*");
	if (out->whole)
		return true;
	if (memchr(s.p, '-', s.len) != NULL)
		return take_number(&s, '-', false, &out->lo) &&
		       take_number(&s, '-', true, &out->hi) && out->lo > 0 &&
		       out->lo < out->hi;
	out->hi = 0;
	if (!take_number(&s, '-', true, &out->lo) || out->lo == 0)
		return false;
	out->hi = out->lo;
	return true;
}

int
hs_revoked_parse(struct hs_str line, struct hs_revoked *out)
{
	struct hs_revoked r = {0};
	struct hs_str session, serials;

	if (line.len >= HS_REVSTATE_LINE_MAX)
		return HS_ERR_TOO_LONG;
	if (!take_number(&line, ' ', false, &r.time) ||
	    !take(&line, ' ', false, &session) || !hs_session_id_valid(session) ||
	    !take(&line, ' ', false, &serials) || !read_serials(serials, &r) ||
	    !take_number(&line, ' ', true, &r.end))
		return HS_ERR_FORMAT;
	memcpy(r.session, session.p, session.len);
	*out = r;
	return HS_OK;
}

// ---- index: "grant SERIAL END FINGERPRINT", "seat SERIAL END AGENT SEATS",
// "cert SERIAL END AGENT SEATS", SEATS being N,N,... or -, and
// "direct SERIAL END AGENT SEATS ITS-SERIAL ROOT", ROOT being its blob in base64

static const char *const words[] = {[HS_INDEXED_GRANT] = "grant",
    [HS_INDEXED_SEAT] = "seat",
    [HS_INDEXED_CERT] = "cert",
    [HS_INDEXED_DIRECT] = "direct"};

static void
put_direct(struct hs_buf *b, const struct hs_indexed *i)
{
	struct hs_buf blob = {0};

	hs_key_put(&blob, &i->ca);
	hs_put_fmt(b, " %" PRIu64 " ", i->cert_serial);
	hs_text_put_base64(b, hs_buf_str(&blob));
	hs_buf_free(&blob);
}

void
hs_indexed_put(struct hs_buf *b, const struct hs_indexed *i)
{
	hs_put_fmt(b, "%s %" PRIu64 " %" PRIu64 " ", words[i->what], i->serial, i->end);
	if (i->what == HS_INDEXED_GRANT) {
		hs_put_fmt(b, "%s\n", i->root);
		return;
	}
	hs_put_fmt(b, "%s %s", i->agent, i->nseats == 0 ? "-" : "");
	for (size_t k = 0; k < i->nseats; k++)
		hs_put_fmt(b, "%s%" PRIu64, k > 0 ? "," : "", i->seats[k]);
	if (i->what == HS_INDEXED_DIRECT)
		put_direct(b, i);
	hs_put_u8(b, '\n');
}

// They came before it, and each below the one before.
static bool
read_seats(struct hs_str s, struct hs_indexed *out)
{
	uint64_t before = 0;

	if (hs_str_is(s, "-"))
		return true;
	while (s.len > 0) {
		bool last = memchr(s.p, ',', s.len) == NULL;

		if (out->nseats == sizeof(out->seats) / sizeof(out->seats[0]) ||
		    !take_number(&s, ',', last, &out->seats[out->nseats]) ||
		    out->seats[out->nseats] <= before ||
		    out->seats[out->nseats] >= out->serial || (!last && s.len == 0))
			return false;
		before = out->seats[out->nseats++];
	}
	return out->nseats > 0;
}

static bool
is_fingerprint(struct hs_str s)
{
	static const char front[] = "SHA256:";

	if (s.len != HS_FINGERPRINT_LEN || memcmp(s.p, front, sizeof(front) - 1) != 0)
		return false;
	for (size_t i = sizeof(front) - 1; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
			return false;
	return true;
}

static bool
read_direct(struct hs_str *line, struct hs_indexed *out)
{
	struct hs_buf blob = {0};
	struct hs_str key;
	bool good = take_number(line, ' ', false, &out->cert_serial) &&
		    out->cert_serial > 0 && take(line, ' ', true, &key) &&
		    hs_text_base64(key, HS_REVSTATE_LINE_MAX, &blob) == HS_OK &&
		    hs_key_parse(hs_buf_str(&blob), &out->ca) == HS_OK &&
		    hs_key_is_sk(&out->ca);

	hs_buf_free(&blob);
	return good;
}

int
hs_indexed_parse(struct hs_str line, struct hs_indexed *out)
{
	struct hs_indexed i = {0};
	struct hs_str word, name, seats;

	if (line.len >= HS_REVSTATE_LINE_MAX)
		return HS_ERR_TOO_LONG;
	if (!take(&line, ' ', false, &word))
		return HS_ERR_FORMAT;
	while (i.what <= HS_INDEXED_DIRECT && !hs_str_is(word, words[i.what]))
		i.what++;
	if (i.what > HS_INDEXED_DIRECT || !take_number(&line, ' ', false, &i.serial) ||
	    i.serial == 0 || !take_number(&line, ' ', false, &i.end) ||
	    !take(&line, ' ', i.what == HS_INDEXED_GRANT, &name))
		return HS_ERR_FORMAT;
	if (i.what == HS_INDEXED_GRANT) {
		if (!is_fingerprint(name))
			return HS_ERR_FORMAT;
		memcpy(i.root, name.p, name.len);
	} else {
		bool direct = i.what == HS_INDEXED_DIRECT;

		if (!hs_text_is_agent_name(name) || !take(&line, ' ', !direct, &seats) ||
		    !read_seats(seats, &i) || (direct && !read_direct(&line, &i)))
			return HS_ERR_FORMAT;
		memcpy(i.agent, name.p, name.len);
	}
	*out = i;
	return HS_OK;
}

bool
hs_indexed_within(const struct hs_indexed *i, uint64_t serial)
{
	if (i->what == HS_INDEXED_GRANT)
		return false;
	for (size_t k = 0; k < i->nseats; k++)
		if (i->seats[k] == serial)
			return true;
	return i->serial == serial;
}
