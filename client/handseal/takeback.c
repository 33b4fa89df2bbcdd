// SPDX-License-Identifier: ISC
//
// Reading what is named to be taken back. Contract in takeback.h.
//
// Who could have written it: a server's log and an agent's certificate are others' words.
// They choose what is revoked, and the person sees it before the touch; a certificate's
// signatures are looked at, so that nobody is led to revoke by what never was.
#include "client/handseal/takeback.h"

#include <string.h>
#include "proto/names.h"
#include "proto/revstate.h"
#include "proto/text.h"

#define FRONT	      "SHA256:"
#define CERT_LINE_MAX (2 * HS_CERT_MAX)

static int
add(struct hs_takeback *t, struct hs_rlist_entry e, struct hs_err *err)
{
	if (t->n == HS_RLIST_ENTRIES_MAX)
		return hs_fail(err, HS_ERR_TOO_LONG,
		    "one list takes back at most %d things: name whole sessions",
		    HS_RLIST_ENTRIES_MAX);
	t->v[t->n++] = e;
	return HS_OK;
}

static int
set_root(struct hs_takeback *t, const struct hs_key *root, struct hs_err *err)
{
	if (t->rooted && !hs_key_eq(&t->root, root))
		return hs_fail(err, HS_NO_WIDER,
		    "these certificates are of several roots, and one touch is of one: "
		    "take them one by one");
	t->root = *root;
	t->rooted = true;
	return HS_OK;
}

// ---- words

// SERIAL or LO-HI
static bool
read_serials(struct hs_str s, struct hs_rlist_entry *e)
{
	struct hs_str hi = s, lo;

	if (!hs_str_cut(&hi, '-', &lo))
		lo = hi;
	return hs_text_u64(lo, UINT64_MAX, &e->lo) == HS_OK &&
	       hs_text_u64(hi, UINT64_MAX, &e->hi) == HS_OK && e->lo > 0 && e->lo <= e->hi;
}

// WHOSE is a session's id or "direct".
static bool
read_id(struct hs_str whose, struct hs_str serials, struct hs_rlist_entry *e)
{
	*e = (struct hs_rlist_entry){.what = HS_RLIST_DIRECT};
	if (!hs_str_is(whose, "direct")) {
		e->what = HS_RLIST_SERIALS;
		if (!hs_session_id_valid(whose) ||
		    hs_str_copy(whose, e->session, sizeof e->session) != HS_OK)
			return false;
	}
	return read_serials(serials, e);
}

// "SESSION.SERIAL", or "handseal:SESSION:SERIAL:AGENT" as a certificate's key id has it and
// sshd's log shows it.
static bool
read_name(const char *name, struct hs_rlist_entry *e)
{
	struct hs_str rest = hs_str_c(name), front, whose, serial;

	if (strncmp(name, "handseal:", 9) != 0)
		return hs_str_cut(&rest, '.', &whose) && read_id(whose, rest, e);
	return hs_str_cut(&rest, ':', &front) && hs_str_cut(&rest, ':', &whose) &&
	       hs_str_cut(&rest, ':', &serial) && hs_text_is_agent_name(rest) &&
	       read_id(whose, serial, e) && e->lo == e->hi;
}

// A session's id is the beginning of what its key's fingerprint says.
static bool
read_session(const char *name, struct hs_rlist_entry *e)
{
	const size_t front = sizeof FRONT - 1;
	struct hs_buf padded = {0}, digest = {0}, hex = {0};
	bool good;

	*e = (struct hs_rlist_entry){.what = HS_RLIST_SESSION};
	if (strncmp(name, FRONT, front) != 0)
		return hs_session_id_valid(hs_str_c(name)) &&
		       hs_str_copy(hs_str_c(name), e->session, sizeof e->session) == HS_OK;
	hs_put_fmt(&padded, "%s=", name + front);
	good =
	    hs_text_base64(hs_buf_str(&padded), 32, &digest) == HS_OK && digest.len == 32;
	if (good) {
		hs_text_put_hex(&hex, (struct hs_str){digest.p, HS_SESSION_ID_LEN / 2});
		good =
		    hs_buf_err(&hex) == HS_OK &&
		    hs_str_copy(hs_buf_str(&hex), e->session, sizeof e->session) == HS_OK;
	}
	hs_buf_free(&padded);
	hs_buf_free(&digest);
	hs_buf_free(&hex);
	return good;
}

// ---- certificates

// One certificate goes with the list for each session: it proves whose that is.
static int
add_proof(
    struct hs_takeback *t, const char *session, struct hs_str blob, struct hs_err *err)
{
	struct hs_rlist_proof *g = &t->proofs[t->nproofs];

	for (size_t i = 0; i < t->nproofs; i++)
		if (strcmp(t->proofs[i].session, session) == 0)
			return HS_OK;
	if (t->nproofs == HS_RLIST_PROOFS_MAX)
		return hs_fail(err, HS_ERR_TOO_LONG,
		    "one list takes back certificates of at most %d sessions",
		    HS_RLIST_PROOFS_MAX);
	hs_put_raw(&t->blobs[t->nproofs], blob.p, blob.len);
	if (hs_buf_err(&t->blobs[t->nproofs]) != HS_OK)
		return hs_fail(err, HS_ERR_NOMEM, "%s", "");
	(void)hs_str_copy(hs_str_c(session), g->session, sizeof g->session);
	g->blob = hs_buf_str(&t->blobs[t->nproofs++]);
	return HS_OK;
}

static int
add_delegation(struct hs_takeback *t, struct hs_str blob, struct hs_delegation *d,
    bool whole, struct hs_err *err)
{
	struct hs_rlist_entry e = {.what = HS_RLIST_SESSION};
	int rc;

	if (!hs_key_eq(&d->cert.ca, &d->grant.cert.key) ||
	    hs_cert_verify(&d->cert, NULL) != HS_OK)
		return hs_fail(err, HS_NO_SIG_CERT,
		    "its signatures are not good: no session ever signed it");
	if ((rc = hs_grant_check_signature(&d->grant, err)) != HS_OK ||
	    (rc = set_root(t, &d->grant.cert.ca, err)) != HS_OK)
		return rc;
	hs_session_id(&d->cert.ca, e.session);
	rc = add_proof(t, e.session, blob, err);
	if (rc == HS_OK && whole)
		return add(t, e, err);
	e.what = HS_RLIST_SERIALS;
	e.lo = e.hi = d->cert.serial;
	if (rc == HS_OK)
		rc = add(t, e, err);
	// the seat that it is on, which would only make another
	if (rc == HS_OK && d->nlineage > 0) {
		e.lo = e.hi = d->lineage[d->nlineage - 1];
		rc = add(t, e, err);
	}
	return rc;
}

static int
add_direct(struct hs_takeback *t, const struct hs_direct *d, bool whole, struct hs_err *err)
{
	const struct hs_rlist_entry e = {
	    .what = HS_RLIST_DIRECT, .lo = d->cert.serial, .hi = d->cert.serial};
	int rc;

	if (whole)
		return hs_fail(err, HS_ERR_USAGE,
		    "it is a direct certificate, which has no session: name it without "
		    "--session");
	if (hs_cert_verify(&d->cert, NULL) != HS_OK)
		return hs_fail(err, HS_NO_SIG_CERT, "the root's signature is not good");
	rc = set_root(t, &d->cert.ca, err);
	return rc == HS_OK ? add(t, e, err) : rc;
}

static int
add_blob(struct hs_takeback *t, struct hs_str blob, bool whole, struct hs_err *err)
{
	struct hs_delegation d;
	struct hs_direct direct;
	struct hs_cert c;
	int rc = hs_cert_parse(blob, &c);

	if (rc != HS_OK)
		return hs_fail(err, (enum hs_code)rc, "it is no certificate: %s",
		    hs_code_sentence((enum hs_code)rc));
	if (hs_options_find(&c.extensions, HS_OPT_TOUCH) != NULL) {
		rc = hs_direct_parse(blob, false, &direct, err);
		if (rc == HS_OK)
			rc = add_direct(t, &direct, whole, err);
		hs_direct_free(&direct);
		return rc;
	}
	rc = hs_delegation_parse(blob, &d, err);
	if (rc == HS_OK)
		rc = add_delegation(t, blob, &d, whole, err);
	hs_delegation_free(&d);
	return rc;
}

// "type base64 comment", as in *-cert.pub.
static int
read_line(struct hs_str line, struct hs_buf *blob)
{
	struct hs_str type, base64;

	while (line.len > 0 && line.p[line.len - 1] == '\n')
		line.len--;
	if (memchr(line.p, '\n', line.len) != NULL || !hs_str_cut(&line, ' ', &type))
		return HS_ERR_FORMAT;
	base64 = line;
	(void)hs_str_cut(&line, ' ', &base64);
	return hs_text_base64(base64, HS_CERT_MAX, blob);
}

static int
add_file(struct hs_takeback *t, const char *path, bool whole, struct hs_err *err)
{
	struct hs_buf text = {0}, blob = {0};
	struct hs_err why = {0};
	int rc = hs_paths_read(path, CERT_LINE_MAX, false, &text, err);

	if (rc == HS_OK) {
		rc = text.len > 0 ? read_line(hs_buf_str(&text), &blob) : HS_ERR_FORMAT;
		rc = rc == HS_OK ? add_blob(t, hs_buf_str(&blob), whole, &why)
				 : hs_fail(&why, (enum hs_code)rc, "it is no certificate");
		if (rc != HS_OK)
			rc = hs_fail(
			    err, (enum hs_code)rc, "%s: %s", path, hs_err_sentence(&why));
	}
	hs_buf_free(&text);
	hs_buf_free(&blob);
	return rc;
}

// ---- what is named

int
hs_takeback_one(struct hs_takeback *t, const char *name, struct hs_err *err)
{
	struct hs_rlist_entry e;
	int rc;

	if (read_name(name, &e))
		return add(t, e, err);
	rc = add_file(t, name, false, err);
	return rc != HS_NO_SUCH
		   ? rc
		   : hs_fail(err, HS_ERR_USAGE,
			 "%s is neither a certificate's file nor an id: those are "
			 "SESSION.SERIAL with all 16 digits of the session, direct.SERIAL "
			 "or a key id as sshd's log has it",
			 name);
}

int
hs_takeback_session(struct hs_takeback *t, const char *name, struct hs_err *err)
{
	struct hs_rlist_entry e;
	int rc;

	if (read_session(name, &e))
		return add(t, e, err);
	rc = add_file(t, name, true, err);
	return rc != HS_NO_SUCH
		   ? rc
		   : hs_fail(err, HS_ERR_USAGE,
			 "%s is neither a certificate's file nor a session: that is 16 hex "
			 "digits, or its key's fingerprint SHA256:...",
			 name);
}

int
hs_takeback_all(struct hs_takeback *t, struct hs_err *err)
{
	return add(t, (struct hs_rlist_entry){.what = HS_RLIST_ALL}, err);
}

void
hs_takeback_free(struct hs_takeback *t)
{
	for (size_t i = 0; i < t->nproofs; i++)
		hs_buf_free(&t->blobs[i]);
	t->n = t->nproofs = 0;
	t->rooted = false;
}
