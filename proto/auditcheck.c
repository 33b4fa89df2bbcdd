// SPDX-License-Identifier: ISC
//
// The chain of an audit log: which line is not the one that the next follows, what is
// missing, what stands where it does not belong. Contract in auditcheck.h.
#include "proto/auditcheck.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/auditcheck_internal.h"

void
hs_auditcheck_fault(struct hs_auditcheck *c, struct hs_audit_place place, uint64_t seq,
    const char *word, const char *fmt, ...)
{
	struct hs_audit_fault f = {.place = place, .seq = seq, .word = word};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f.text, sizeof f.text, fmt, ap);
	va_end(ap);
	c->sum.faults++;
	if (c->on_fault != NULL)
		c->on_fault(c->arg, &f);
}

int
hs_auditcheck_grow(void **v, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap > 0 ? *cap * 2 : 16;
	void *p;

	if (n < *cap)
		return HS_OK;
	p = reallocarray(*v, more, size);
	if (p == NULL)
		return HS_ERR_NOMEM;
	*v = p;
	*cap = more;
	return HS_OK;
}

int
hs_auditcheck_sha256(struct hs_str s, uint8_t out[static 32])
{
	static const uint8_t none[1];

	return EVP_Digest(s.len > 0 ? s.p : none, s.len, out, NULL, EVP_sha256(), NULL) == 1
		   ? HS_OK
		   : HS_ERR_NOMEM;
}

int
hs_auditcheck_new(struct hs_auditcheck **out, const struct hs_key *roots, size_t nroots,
    hs_audit_on_fault *on_fault, void *arg)
{
	struct hs_auditcheck *c = calloc(1, sizeof *c);

	*out = c;
	if (c == NULL)
		return HS_ERR_NOMEM;
	c->roots = roots;
	c->nroots = nroots;
	c->on_fault = on_fault;
	c->arg = arg;
	return HS_OK;
}

void
hs_auditcheck_extract(struct hs_auditcheck *c, hs_audit_on_signed *on_signed)
{
	c->extract = true;
	c->on_signed = on_signed;
}

void
hs_auditcheck_free(struct hs_auditcheck **p)
{
	struct hs_auditcheck *c = *p;

	if (c == NULL)
		return;
	for (size_t i = 0; i < c->ngrants; i++)
		hs_scope_free(&c->grants[i].scope);
	for (size_t i = 0; i < HS_AUDITCHECK_CACHE; i++) {
		hs_buf_free(&c->cache[i].scope);
		hs_buf_free(&c->cache[i].digest);
	}
	free(c->asks);
	free(c->sessions);
	free(c->grants);
	hs_buf_free(&c->text);
	hs_buf_free(&c->blob);
	free(c);
	*p = NULL;
}

// ---- the chain

// The line before this one does not follow the one before it, and only now is seen which of
// them it was: a changed line has another hash, so what comes after it does not follow
// either.
static void
resolve(struct hs_auditcheck *c, bool linked)
{
	struct hs_audit_place place = linked ? c->suspect : c->prev;
	uint64_t seq = linked ? c->suspect_seq : c->prev_seq;

	c->pending = false;
	hs_auditcheck_fault(c, place, seq, "changed",
	    linked ? "it is not the line that record %" PRIu64 " follows"
		   : "it does not fit in between records %" PRIu64 " and the next",
	    linked ? c->prev_seq : c->suspect_seq);
}

static void
wrong_number(struct hs_auditcheck *c, uint64_t seq)
{
	if (seq > c->due && seq - c->due == 1)
		hs_auditcheck_fault(c, c->at, seq, "missing",
		    "record %" PRIu64 " is missing before it", c->due);
	else if (seq > c->due)
		hs_auditcheck_fault(c, c->at, seq, "missing",
		    "records %" PRIu64 " to %" PRIu64 " are missing before it", c->due,
		    seq - 1);
	else
		hs_auditcheck_fault(c, c->at, seq, "order",
		    "it stands where record %" PRIu64
		    " is due: inserted, repeated or moved",
		    c->due);
	c->due = seq;
}

static void
first_line(struct hs_auditcheck *c, const struct hs_auditread *r)
{
	static const uint8_t zeros[HS_AUDIT_HASH];

	c->sum.first = c->due = c->part = r->seq;
	c->sum.began = r->time;
	memcpy(c->first_prev, r->prev, sizeof c->first_prev);
	if (c->extract && r->seq > 1)
		return;
	if (r->seq > 1)
		c->sum.begin = HS_AUDIT_CUT; // until a "forget" says why
	else if (memcmp(r->prev, zeros, sizeof zeros) != 0)
		hs_auditcheck_fault(c, c->at, r->seq, "changed",
		    "it is the first record, and says that one stood before it");
}

static void
chain(struct hs_auditcheck *c, const struct hs_auditread *r)
{
	bool linked = memcmp(r->prev, c->head, sizeof c->head) == 0, told = c->pending;

	if (c->pending)
		resolve(c, linked);
	if (c->extract && !linked && r->seq > c->due) {
		c->due = c->part = r->seq;
		return;
	}
	if (linked && r->seq != c->due) {
		hs_auditcheck_fault(c, c->at, r->seq, "number",
		    "its number is %" PRIu64 ", and it follows record %" PRIu64, r->seq,
		    c->due - 1);
	} else if (!linked && r->seq != c->due) {
		wrong_number(c, r->seq);
	} else if (!linked && !told && !c->prev_bad) {
		c->pending = true;
		c->suspect = c->prev;
		c->suspect_seq = c->prev_seq;
	}
}

// ---- records

static void
forget(struct hs_auditcheck *c, const struct hs_auditread *r)
{
	struct hs_buf head = {0};

	if (c->sum.begin == HS_AUDIT_CUT &&
	    hs_auditread_u64(r, HS_AM_LAST) == c->sum.first - 1 &&
	    hs_auditread_bytes(r, HS_AM_HEAD, HS_AUDIT_HASH, &head) == HS_OK &&
	    head.len == HS_AUDIT_HASH &&
	    memcmp(head.p, c->first_prev, HS_AUDIT_HASH) == 0) {
		c->sum.begin = HS_AUDIT_FORGOTTEN;
		c->sum.forget = r->seq;
	}
	hs_buf_free(&head);
}

static int
record(struct hs_auditcheck *c, const struct hs_auditread *r,
    const uint8_t head[static HS_AUDIT_HASH])
{
	struct hs_audit_summary *s = &c->sum;
	struct hs_str e = r->event;

	s->rotated = false;
	if (hs_str_is(e, "sign"))
		return hs_auditcheck_sign(c, r);
	if (hs_str_is(e, "issue") || hs_str_is(e, "seat"))
		return hs_auditcheck_issue(c, r);
	if (hs_str_is(e, "checkpoint"))
		return hs_auditcheck_checkpoint(c, r);
	if (hs_str_is(e, "ask"))
		return hs_auditcheck_ask(c, r, head);
	if (hs_str_is(e, "touch"))
		return hs_auditcheck_touch(c, r);
	if (hs_str_is(e, "close") || hs_str_is(e, "expire"))
		hs_auditcheck_close(c, hs_auditread_raw(r, HS_AM_SESSION));
	else if (hs_str_is(e, "start")) // session keys do not outlive their daemon
		hs_auditcheck_close(c, hs_str_c(""));
	else if (hs_str_is(e, "forget"))
		forget(c, r);
	if (hs_str_is(e, "refuse"))
		s->refused +=
		    hs_auditread_has(r, HS_AM_COUNT) ? hs_auditread_u64(r, HS_AM_COUNT) : 1;
	s->revoked += hs_str_is(e, "revoke");
	s->voided += hs_str_is(e, "voided");
	s->torn += hs_str_is(e, "torn");
	s->breaks += hs_str_is(e, "break");
	s->dropped += hs_str_is(e, "dropped");
	if (hs_str_is(e, "voided"))
		s->lost += hs_auditread_u64(r, HS_AM_COUNT);
	if (hs_str_is(e, "dropped"))
		s->uncopied += hs_auditread_u64(r, HS_AM_COUNT);
	s->rotated = hs_str_is(e, "rotate");
	return HS_OK;
}

int
hs_auditcheck_line(struct hs_auditcheck *c, struct hs_audit_place place, struct hs_str line,
    struct hs_auditread *out)
{
	struct hs_auditread r;
	struct hs_err err = {0};
	uint8_t head[HS_AUDIT_HASH];
	int rc = hs_auditline_hash(line, head);

	if (rc != HS_OK)
		return HS_ERR_NOMEM;
	c->at = place;
	rc = hs_auditread(line, &r, &err);
	if (rc == HS_OK) {
		if (c->sum.records == 0)
			first_line(c, &r);
		else
			chain(c, &r);
		c->sum.ended = r.time;
		rc = record(c, &r, head);
	} else {
		if (c->sum.records == 0)
			c->sum.first = c->due = 1;
		if (c->pending) // it is this line or one of the two before
			resolve(c, true);
		hs_auditcheck_fault(c, place, c->due, "malformed",
		    "it cannot be read, at byte %u: %s", err.column, hs_err_sentence(&err));
		r = (struct hs_auditread){.seq = c->due};
		c->prev_bad = true;
		rc = HS_OK;
	}
	if (r.n > 0)
		c->prev_bad = false;
	c->sum.records++;
	c->sum.last = c->prev_seq = c->due;
	c->due++;
	c->prev = place;
	memcpy(c->head, head, sizeof head);
	if (out != NULL)
		*out = r;
	return rc;
}

void
hs_auditcheck_signed(
    struct hs_auditcheck *c, const struct hs_auditread *r, uint64_t seq, bool touch)
{
	// what is not decided yet stands before it
	if (c->sum.faults > 0 || c->pending)
		return;
	if (c->on_signed != NULL)
		c->on_signed(c->arg, seq >= c->part ? c->part : seq, seq, r->seq);
	if (seq <= c->sum.proven)
		return;
	c->sum.proven = seq;
	c->sum.proven_by = r->seq;
	c->sum.by_touch = touch;
}

void
hs_auditcheck_end(struct hs_auditcheck *c, struct hs_audit_summary *out)
{
	if (c->pending)
		resolve(c, true);
	memcpy(c->sum.head, c->head, sizeof c->sum.head);
	*out = c->sum;
}

bool
hs_audit_proven(const struct hs_audit_summary *s)
{
	return s->proven > 0 && s->faults == 0 && s->begin != HS_AUDIT_CUT;
}
