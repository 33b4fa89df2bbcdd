// SPDX-License-Identifier: ISC
//
// Records in words. Contract in audit_line.h.
#include "client/handseal/audit_line.h"

#include <inttypes.h>
#include <string.h>
#include "proto/describe.h"

#define SHORT_ID 4

static void
put(struct hs_buf *b, const char *s)
{
	hs_put_raw(b, s, strlen(s));
}

static void
put_if(struct hs_buf *b, const char *front, const struct hs_auditread *r,
    enum hs_audit_member m, const char *behind)
{
	if (!hs_auditread_has(r, m))
		return;
	put(b, front);
	hs_auditread_put(b, r, m);
	put(b, behind);
}

static bool
is(const struct hs_auditread *r, const char *event)
{
	return hs_str_is(r->event, event);
}

void
hs_auditline_id(struct hs_buf *b, const struct hs_auditread *r)
{
	struct hs_str session = hs_auditread_raw(r, HS_AM_SESSION);
	bool numbered = is(r, "issue") || is(r, "seat") || is(r, "sign") ||
			is(r, "seat-end") ||
			(is(r, "revoke") && hs_auditread_has(r, HS_AM_SERIAL));

	if (session.len == 0)
		return;
	hs_put_raw(b, session.p, session.len < SHORT_ID ? session.len : SHORT_ID);
	if (numbered)
		hs_put_fmt(b, ".%" PRIu64, hs_auditread_u64(r, HS_AM_SERIAL));
}

static void
put_scope(struct hs_buf *b, const struct hs_auditread *r)
{
	struct hs_buf text = {0};
	struct hs_scope *scope = NULL;

	hs_auditread_put(&text, r, HS_AM_SCOPE);
	if (hs_scope_parse_canonical(hs_buf_str(&text), &scope, NULL) == HS_OK)
		hs_describe_scope_short(b, scope);
	else
		hs_put_raw(b, text.p, text.len);
	hs_scope_free(&scope);
	hs_buf_free(&text);
}

static void
put_until(struct hs_buf *b, const struct hs_auditread *r)
{
	if (!hs_auditread_has(r, HS_AM_END))
		return;
	put(b, ", until ");
	hs_describe_time(b, hs_auditread_u64(r, HS_AM_END));
}

static void
put_may(struct hs_buf *b, const struct hs_auditread *r, const char *front)
{
	put(b, front);
	put_scope(b, r);
	put_until(b, r);
	put_if(b, ", because \"", r, HS_AM_REASON, "\"");
}

static void
put_touch(struct hs_buf *b, const struct hs_auditread *r)
{
	uint64_t flags = hs_auditread_u64(r, HS_AM_FLAGS);

	put_if(b, "", r, HS_AM_ROOT, " was ");
	put(b,
	    (flags & 4) != 0 ? "touched, and PIN or finger verified" : "touched, no PIN");
	put_if(b, ", by ", r, HS_AM_HUMAN, "");
	put_if(b, ", for ", r, HS_AM_ASK, "");
	put_until(b, r);
	if (hs_auditread_has(r, HS_AM_SIMULATED))
		put(b, "; SIMULATED");
}

static void
put_sign(struct hs_buf *b, const struct hs_auditread *r)
{
	if (hs_auditread_has(r, HS_AM_NS)) {
		put_if(b, "signed a message for ", r, HS_AM_NS, "");
		return;
	}
	put_if(b, "signed a login as ", r, HS_AM_USER, "");
	put_if(b, "@", r, HS_AM_HOST, "");
}

void
hs_auditline_words(struct hs_buf *b, const struct hs_auditread *r)
{
	put_if(b, "", r, HS_AM_AGENT, " ");
	if (is(r, "issue") || is(r, "seat")) {
		put_may(b, r, is(r, "seat") ? "has a seat that may " : "may ");
	} else if (is(r, "ask")) {
		put_may(b, r,
		    hs_auditread_has(r, HS_AM_AGENT) ? "asks for "
						     : "a session is asked for: ");
		put_if(b, " (", r, HS_AM_ASK, ")");
	} else if (is(r, "touch")) {
		put_touch(b, r);
	} else if (is(r, "sign")) {
		put_sign(b, r);
	} else {
		put_if(b, "", r, HS_AM_ASK, " ");
		if (hs_auditread_has(r, HS_AM_CODE) &&
		    !hs_auditread_is(r, HS_AM_CODE, "ok"))
			put_if(b, "", r, HS_AM_CODE, ": ");
		put_if(b, "", r, HS_AM_SENTENCE, "");
		put_if(b, " (", r, HS_AM_COUNT, is(r, "refuse") ? " times)" : ")");
		put_if(b, ": ", r, HS_AM_SERIALS, "");
		put_if(b, " ", r, HS_AM_JUMP, " s");
	}
}
