// SPDX-License-Identifier: ISC
//
// Evidence: read, and checked as an extract of a log. Who could send it: whoever wants
// somebody to believe that a touch allowed something. Contract in evidence.h.
#include "proto/evidence.h"

#include <inttypes.h>
#include <string.h>
#include "proto/audittouch.h"
#include "proto/grant.h"
#include "proto/text.h"

#define GRANTS_MAX 32 // touches in one piece of evidence

// ---- the form

static bool
take_front(struct hs_str *line, const char *front)
{
	size_t n = strlen(front);

	if (line->len < n || memcmp(line->p, front, n) != 0)
		return false;
	line->p += n;
	line->len -= n;
	return true;
}

static bool
parse_id(struct hs_str id, struct hs_evidence *out)
{
	if (id.len < HS_SESSION_ID_LEN + 2 || id.p[HS_SESSION_ID_LEN] != '.')
		return false;
	for (size_t i = 0; i < HS_SESSION_ID_LEN; i++)
		if (strchr("0123456789abcdef", id.p[i]) == NULL || id.p[i] == 0)
			return false;
	memcpy(out->session, id.p, HS_SESSION_ID_LEN);
	out->session[HS_SESSION_ID_LEN] = '\0';
	id.p += HS_SESSION_ID_LEN + 1;
	id.len -= HS_SESSION_ID_LEN + 1;
	return hs_text_u64(id, UINT64_MAX, &out->serial) == HS_OK && out->serial > 0;
}

int
hs_evidence_parse(struct hs_str text, struct hs_evidence *out, struct hs_err *err)
{
	struct hs_str line, rest;

	*out = (struct hs_evidence){0};
	if (text.len > HS_EVIDENCE_MAX)
		return hs_fail(
		    err, HS_ERR_TOO_LONG, "it has more than %u bytes", HS_EVIDENCE_MAX);
	if (!hs_str_cut(&text, '\n', &line) || !hs_str_is(line, HS_EVIDENCE_MAGIC))
		return hs_fail_at(err, HS_ERR_FORMAT, 1, 1,
		    "it is no evidence of handseal's: it does not begin with "
		    "\"" HS_EVIDENCE_MAGIC "\"");
	if (!hs_str_cut(&text, '\n', &line) || !take_front(&line, "id ") ||
	    !parse_id(line, out))
		return hs_fail_at(
		    err, HS_ERR_FORMAT, 2, 1, "line 2 does not say what it is of");
	rest = text;
	if (hs_str_cut(&rest, '\n', &line) && take_front(&line, "certificate ")) {
		if (line.len == 0)
			return hs_fail_at(
			    err, HS_ERR_FORMAT, 3, 1, "line 3 holds no certificate");
		out->certificate = line;
		text = rest;
	}
	if (text.len == 0 || text.p[text.len - 1] != '\n')
		return hs_fail_at(err, HS_ERR_FORMAT, out->certificate.len > 0 ? 4 : 3, 1,
		    "its records are missing, or the last is not whole");
	out->records = text;
	return HS_OK;
}

void
hs_evidence_put_head(
    struct hs_buf *b, const char *session, uint64_t serial, struct hs_str certificate)
{
	hs_put_fmt(b, HS_EVIDENCE_MAGIC "\nid %s.%" PRIu64 "\n", session, serial);
	if (certificate.len == 0)
		return;
	hs_put_fmt(b, "certificate ");
	hs_text_put_base64(b, certificate);
	hs_put_u8(b, '\n');
}

void
hs_evidence_result_free(struct hs_evidence_result *r)
{
	struct hs_buf *all[] = {&r->agent, &r->reason, &r->scope, &r->shown, &r->key,
	    &r->root, &r->root_key, &r->exe};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		hs_buf_free(all[i]);
}

// ---- the checking

struct checking {
	const struct hs_evidence *e;
	struct hs_evidence_result *r;
	hs_audit_on_fault *on_fault;
	void *arg;
	struct hs_auditread touches[GRANTS_MAX], asks[GRANTS_MAX], made;
	const struct hs_auditread *touch; // the one that allows it
	size_t ntouches, nasks;
	struct hs_err first; // the first fault
	struct hs_buf blob;
};

static void
on_fault(void *arg, const struct hs_audit_fault *f)
{
	struct checking *c = arg;

	if (c->first.code == HS_OK)
		(void)hs_fail(
		    &c->first, HS_ERR_FORMAT, "record %" PRIu64 ": %s", f->seq, f->text);
	if (c->on_fault != NULL)
		c->on_fault(c->arg, f);
}

static void
on_signed(void *arg, uint64_t from, uint64_t to, uint64_t by)
{
	struct checking *c = arg;
	struct hs_evidence_result *r = c->r;

	if (r->made && r->signed_in == 0 && r->made_in >= from && r->made_in <= to)
		r->signed_in = by;
}

// Remembers what the result tells of.
static void
note(struct checking *c, const struct hs_auditread *r)
{
	bool session = hs_auditread_is(r, HS_AM_SESSION, c->e->session);

	if (hs_str_is(r->event, "ask") && c->nasks < GRANTS_MAX) {
		c->asks[c->nasks++] = *r;
	} else if (hs_str_is(r->event, "touch") && session && c->ntouches < GRANTS_MAX) {
		c->touches[c->ntouches++] = *r;
	} else if (session && !c->r->made &&
		   (hs_str_is(r->event, "issue") || hs_str_is(r->event, "seat")) &&
		   hs_auditread_u64(r, HS_AM_SERIAL) == c->e->serial) {
		c->r->made = true;
		c->r->made_in = r->seq;
		c->made = *r;
	}
}

static void
tell_made(struct checking *c)
{
	struct hs_evidence_result *r = c->r;
	const struct hs_auditread *m = &c->made;

	hs_auditread_put(&r->agent, m, HS_AM_AGENT);
	hs_auditread_put(&r->reason, m, HS_AM_REASON);
	hs_auditread_put(&r->scope, m, HS_AM_SCOPE);
	hs_auditread_put(&r->key, m, HS_AM_KEY);
	hs_auditread_put(&r->exe, m, HS_AM_EXE);
	r->at = m->time;
	r->end = hs_auditread_u64(m, HS_AM_END);
}

static void
tell_touch(struct checking *c, const struct hs_auditread *t, uint64_t asked_in)
{
	struct hs_evidence_result *r = c->r;

	r->touched_in = t->seq;
	r->touched_at = t->time;
	r->flags = hs_auditread_u64(t, HS_AM_FLAGS);
	r->simulated = hs_auditread_has(t, HS_AM_SIMULATED);
	hs_auditread_put(&r->root, t, HS_AM_ROOT);
	hs_auditread_put(&r->root_key, t, HS_AM_ROOT_KEY);
	for (size_t i = 0; i < c->nasks; i++)
		if (c->asks[i].seq == asked_in)
			hs_auditread_put(&r->shown, &c->asks[i], HS_AM_SHOWN);
}

// Does that touch allow what was made? What is direct it names, and is over its key.
static bool
allows(struct checking *c, const struct hs_auditread *t, const struct hs_scope *scope,
    struct hs_audittouch *out)
{
	uint64_t parent = hs_auditread_u64(&c->made, HS_AM_PARENT);
	char key[HS_FINGERPRINT_LEN + 1];
	struct hs_scope *granted = NULL;
	bool good;

	if (t->seq >= c->made.seq ||
	    (parent != 0 && hs_auditread_u64(t, HS_AM_SERIAL) != parent) ||
	    hs_audittouch_read(t, &c->blob, out) != HS_OK ||
	    hs_scope_parse_canonical(out->payload.scope, &granted, NULL) != HS_OK)
		return false;
	good = hs_scope_under(scope, granted) && c->r->end <= out->payload.end;
	hs_scope_free(&granted);
	if (!good || !out->direct)
		return good;
	hs_key_fingerprint(&out->key, key);
	return parent != 0 && hs_str_is(hs_buf_str(&c->r->key), key);
}

// The touch whose grant allows what was made; the checker has seen that there is one. One
// that is direct proves its certificate by itself.
static void
find_touch(struct checking *c)
{
	struct hs_scope *scope = NULL;
	struct hs_audittouch t;

	if (hs_scope_parse_canonical(hs_buf_str(&c->r->scope), &scope, NULL) != HS_OK)
		return;
	for (size_t i = c->ntouches; i > 0 && c->touch == NULL; i--)
		if (allows(c, &c->touches[i - 1], scope, &t)) {
			c->touch = &c->touches[i - 1];
			c->r->direct = c->r->cert_good = t.direct;
			tell_touch(c, c->touch, t.payload.log_seq);
		}
	hs_scope_free(&scope);
}

// A direct certificate beside the records is the one that the touch's holds, or none of it.
static int
check_direct(struct checking *c, struct hs_err *why)
{
	struct hs_buf given = {0};
	struct hs_audittouch t;
	int rc = hs_text_base64(c->e->certificate, HS_CERT_MAX, &given);

	if (rc == HS_OK)
		rc = hs_audittouch_read(c->touch, &c->blob, &t);
	c->r->cert_good =
	    rc == HS_OK && hs_str_eq(hs_buf_str(&given), hs_buf_str(&c->blob));
	hs_buf_free(&given);
	return c->r->cert_good
		   ? HS_OK
		   : hs_fail(why, HS_NO_CERT_FORM,
			 "the certificate is not the one that record %" PRIu64 " is of",
			 c->r->touched_in);
}

// Is the certificate the one that the record is of, and signed by the session?
static int
check_certificate(struct checking *c, struct hs_err *why)
{
	struct hs_delegation d = {0};
	struct hs_err err = {0};
	char key[HS_FINGERPRINT_LEN + 1], session[HS_SESSION_ID_LEN + 1];
	int rc;

	if (c->r->direct)
		return check_direct(c, why);
	hs_buf_reset(&c->blob);
	rc = hs_text_base64(c->e->certificate, HS_CERT_MAX, &c->blob);
	if (rc == HS_OK)
		rc = hs_delegation_parse(hs_buf_str(&c->blob), &d, &err);
	if (rc != HS_OK) {
		rc = hs_fail(why, HS_NO_CERT_FORM, "the certificate cannot be read: %.200s",
		    err.code != HS_OK ? hs_err_sentence(&err)
				      : hs_code_sentence((enum hs_code)rc));
		goto out;
	}
	hs_key_fingerprint(&d.cert.key, key);
	hs_session_id(&d.grant.cert.key, session);
	if (!hs_key_eq(&d.cert.ca, &d.grant.cert.key) ||
	    hs_cert_verify(&d.cert, NULL) != HS_OK)
		rc = hs_fail(why, HS_NO_SIG_CERT, "%s", hs_code_sentence(HS_NO_SIG_CERT));
	else if (strcmp(session, c->e->session) != 0 || d.cert.serial != c->e->serial ||
		 !hs_str_is(hs_buf_str(&c->r->key), key) ||
		 !hs_str_eq(hs_scope_text(d.scope), hs_buf_str(&c->r->scope)) ||
		 d.cert.valid_before != c->r->end)
		rc = hs_fail(why, HS_NO_CERT_FORM,
		    "the certificate is not the one that record %" PRIu64 " is of",
		    c->r->made_in);
	else
		c->r->cert_good = true;
out:
	hs_delegation_free(&d);
	return rc;
}

static int
run(struct checking *c, const struct hs_key *roots, size_t nroots)
{
	struct hs_auditcheck *check = NULL;
	struct hs_str rest = c->e->records, line;
	uint64_t n = c->e->certificate.len > 0 ? 4 : 3;
	int rc = hs_auditcheck_new(&check, roots, nroots, on_fault, c);

	if (rc != HS_OK)
		return rc;
	hs_auditcheck_extract(check, on_signed);
	while (rc == HS_OK && hs_str_cut(&rest, '\n', &line)) {
		struct hs_auditread r;

		line.len++; // its LF
		if (hs_auditread(line, &r, NULL) == HS_OK)
			note(c, &r);
		rc = hs_auditcheck_line(check, (struct hs_audit_place){0, n++}, line, NULL);
	}
	hs_auditcheck_end(check, &c->r->sum);
	hs_auditcheck_free(&check);
	return rc;
}

static void
judge(struct checking *c)
{
	struct hs_evidence_result *r = c->r;

	if (c->first.code != HS_OK)
		r->why = c->first;
	else if (!r->made)
		(void)hs_fail(&r->why, HS_NO_SUCH,
		    "no record in it says that %s.%" PRIu64 " was made", c->e->session,
		    c->e->serial);
	else if (r->touched_in == 0)
		(void)hs_fail(&r->why, HS_NO_TOUCH, "no touch in it allows it");
	else if (c->e->certificate.len > 0 && check_certificate(c, &r->why) != HS_OK)
		return;
	else if (r->signed_in == 0 && !r->cert_good)
		(void)hs_fail(&r->why, HS_NO_SIG_CERT,
		    "nothing signs record %" PRIu64
		    ", which says that it was made: it takes the certificate beside it",
		    r->made_in);
}

int
hs_evidence_check(const struct hs_evidence *e, const struct hs_key *roots, size_t nroots,
    hs_audit_on_fault *fault, void *arg, struct hs_evidence_result *out)
{
	struct checking c = {.e = e, .r = out, .on_fault = fault, .arg = arg};
	int rc;

	*out = (struct hs_evidence_result){0};
	rc = run(&c, roots, nroots);
	if (rc == HS_OK && out->made) {
		tell_made(&c);
		find_touch(&c);
	}
	if (rc == HS_OK)
		judge(&c);
	hs_buf_free(&c.blob);
	return rc;
}
