// SPDX-License-Identifier: ISC
//
// The reading of a certificate for a person: the answer first, then what stands behind it,
// and what none of it proves. Everything that comes from a certificate is cleaned on its
// way out.
#include "client/verify/explain.h"

#include <inttypes.h>
#include <string.h>
#include "proto/describe.h"
#include "proto/text.h"

static void
put(struct hs_buf *b, const char *s)
{
	hs_put_raw(b, s, strlen(s));
}

static void
put_server(struct hs_buf *b, const struct hs_explained *e)
{
	put(b, e->config->server.nhostnames > 0 ? e->config->server.hostnames[0]
						: "this server");
}

static void
put_answer(struct hs_buf *b, const struct hs_explained *e)
{
	const struct hs_explain_ask *ask = e->ask;

	if (e->code != HS_OK) {
		hs_put_fmt(
		    b, "NO, %s: %s\n", hs_code_name(e->code), hs_err_sentence(e->err));
		return;
	}
	put(b, "YES, ");
	put_server(b, e);
	put(b, ask->user != NULL ? " would admit it: " : " trusts it");
	if (ask->user != NULL)
		hs_text_put_clean(b, hs_str_c(ask->user));
	if (ask->from != NULL) {
		put(b, " from ");
		hs_text_put_clean(b, hs_str_c(ask->from));
	}
	put(b, " until ");
	hs_describe_time(b, e->verdict.end);
	if (e->verdict.end > e->now) {
		put(b, " (");
		hs_describe_span(b, e->verdict.end - e->now);
		put(b, " left)");
	}
	put(b, "\n");
}

static void
put_place(struct hs_buf *b, const struct hs_explained *e)
{
	hs_put_fmt(b, "%s/roots%s%s:%u\n", e->config->dir, e->root->of_user ? ".d/" : "",
	    e->root->of_user ? e->root->users[0] : "", e->root->line);
}

// What the roots file would have to say. Of a line that is there only what is missing is
// told: a new line in its place could lose what the old one demands.
static void
put_root_remedy(struct hs_buf *b, const struct hs_explained *e)
{
	if (e->code == HS_NO_ROOT_UNKNOWN && e->root_key != NULL) {
		hs_put_fmt(b,
		    "  It would take this line in %s/roots, if you know whose key it is:\n "
		    " ",
		    e->config->dir);
		hs_explain_roots_line(b, e);
		put(b, "\n");
		if (e->config->by_user)
			put(b,
			    "  or a login as one of those who have roots of their own in "
			    "roots.d, which --user looks at\n");
	} else if (e->code == HS_NO_USER_ROOT && e->root != NULL && e->ask->user != NULL) {
		put(b, "  It would take that name in the users= of ");
		put_place(b, e);
	} else if (e->code == HS_NO_ROOT_DIRECT && e->root != NULL) {
		put(b, "  It would take `direct` among the options of ");
		put_place(b, e);
	}
}

static void
put_remedy(struct hs_buf *b, const struct hs_explained *e)
{
	switch (e->code) {
	case HS_NO_ROOT_UNKNOWN:
	case HS_NO_USER_ROOT:
	case HS_NO_ROOT_DIRECT:
		put_root_remedy(b, e);
		break;
	case HS_NO_EXPIRED:
		put(b, "  It would take a new one:  handseal request\n");
		break;
	case HS_NO_GRANT_LOGIN:
		put(b,
		    "  It would take an agent's certificate under it:  handseal request\n");
		break;
	case HS_NO_HOST:
		hs_put_fmt(b,
		    "  It would take a certificate for this server, or a name of its scope "
		    "as "
		    "HostName in %s/verify.conf\n",
		    e->config->dir);
		break;
	case HS_NO_USER:
	case HS_NO_ADDR:
	case HS_NO_COMMAND:
	case HS_NO_OTHER:
		put(b, "  It would take a certificate with that in its scope:  handseal "
		       "request\n");
		break;
	case HS_NO_PTY:
		put(b,
		    "  It would take a command, or a certificate with `permit pty` beside "
		    "`cmd *`:  handseal request --permit pty\n");
		break;
	case HS_NO_LIST:
		hs_put_fmt(b,
		    "  It would take a list of its session, from its daemon's folder "
		    "lists, in "
		    "%s\n",
		    e->config->server.revocations);
		break;
	case HS_NO_LISTS_UNREAD:
		hs_put_fmt(b,
		    "  It would take all lists in %s to be readable, and those away that "
		    "are none or of what has ended\n",
		    e->config->server.revocations);
		break;
	case HS_NO_UV:
		hs_put_fmt(b,
		    "  It would take a touch with PIN or finger, or no RequireUV in "
		    "%s/verify.conf and no require-uv for the root\n",
		    e->config->dir);
		break;
	case HS_NO_NOT_YET:
		put(b, "  It would take that time, or a clock that is not behind\n");
		break;
	case HS_NO_REVOKED:
		put(b, "  It would take a new one, under a session that is not revoked:  "
		       "handseal request\n");
		break;
	case HS_NO_TOUCH:
	case HS_NO_SIG_GRANT:
	case HS_NO_SIG_CERT:
	case HS_NO_LINK:
	case HS_NO_WIDER:
		put(b,
		    "  Nothing here would change that: its maker is not to be believed\n");
		break;
	case HS_NO_TOO_LONG_LIVED:
		put(b, "  It would take a shorter one, or more in MaxGrant and "
		       "MaxDelegation of "
		       "verify.conf, or in the root's own line\n");
		break;
	default:
		break;
	}
}

static void
put_who(struct hs_buf *b, const struct hs_explained *e)
{
	put(b, "  who      ");
	if (e->kind == HS_EXPLAIN_GRANT) {
		hs_put_fmt(
		    b, "nobody: this is the grant of session %s itself\n", e->session);
		return;
	}
	hs_text_put_clean(b, e->agent);
	if (e->session[0] != '\0')
		hs_put_fmt(b, ", session %s", e->session);
	put(b, "   (named by the daemon; nothing proves it)\n");
	put(b, "  id       ");
	hs_text_put_clean(b, e->cert->key_id);
	hs_put_fmt(b, "   serial %ju\n", (uintmax_t)e->cert->serial);
	hs_put_fmt(b, "  origin   asked for %s\n", hs_origin_words(e->origin));
}

static void
put_shown(struct hs_buf *b, struct hs_str text)
{
	struct hs_str line;

	put(b, ", which is of this text:\n");
	while (hs_str_next(&text, '\n', &line)) {
		put(b, "           | ");
		hs_text_put_clean(b, line);
		put(b, "\n");
	}
}

static void
put_touch(struct hs_buf *b, const struct hs_explained *e)
{
	char fp[HS_FINGERPRINT_LEN + 1];

	hs_key_fingerprint(e->root_key, fp);
	put(b, "  touch    ");
	if (e->root != NULL && e->root->comment[0] != '\0')
		hs_put_fmt(b, "%s ", e->root->comment);
	hs_put_fmt(b, "%s%s\n           ", fp, e->root == NULL ? " (not known here)" : "");
	hs_describe_time(b, hs_explain_touched(e));
	put(b, " by the daemon's clock; ");
	if (!e->touch_good)
		put(b, "the signature does not show a touch\n");
	else
		put(b, (e->touch.flags & HS_SK_FLAG_UV) != 0
			   ? "pressed, and PIN or finger verified\n"
			   : "pressed, no PIN\n");
	put(b, "  shown    SHA-256 ");
	hs_text_put_hex(b, (struct hs_str){e->payload->shown, sizeof e->payload->shown});
	if (e->shown.len == 0)
		hs_put_fmt(b,
		    "\n           the text itself is record %ju of that daemon's log\n",
		    (uintmax_t)e->payload->log_seq);
	else
		put_shown(b, hs_buf_str(&e->shown));
}

static void
put_chain(struct hs_buf *b, const struct hs_explained *e)
{
	put(b, "  chain    ");
	if (e->kind == HS_EXPLAIN_DELEGATION)
		hs_put_fmt(b,
		    "certificate, session %s, grant %016" PRIx64 ", root: ", e->session,
		    e->verdict.delegation.grant.cert.serial);
	else
		put(b,
		    e->kind == HS_EXPLAIN_GRANT ? "grant, root: " : "certificate, root: ");
	if (e->cert_good && e->touch_good)
		hs_put_fmt(b, "%s\n",
		    e->signatures == 2 ? "both signatures good" : "its signature is good");
	else if (!e->cert_good && e->signatures == 2)
		put(b, "the session's signature is NOT good\n");
	else
		put(b, "the root's signature is NOT good\n");
}

static void
put_until(struct hs_buf *b, const struct hs_explained *e)
{
	put(b, "  valid    ");
	hs_describe_time(b, e->cert->valid_after);
	put(b, " to ");
	hs_describe_time(b, e->cert->valid_before);
	put(b, "\n  grant    to ");
	hs_describe_time(b, e->payload->end);
	put(b, ", for ");
	hs_text_put_clean(b, e->payload->holder);
	put(b, "\n");
}

static void
put_revoked(struct hs_buf *b, const struct hs_explained *e)
{
	const struct hs_lists *l = &e->lists;

	put(b, "  revoked  ");
	if (!e->asked) {
		put(b, "not looked up: the server's own files are not in order\n");
		return;
	}
	if (l->err.code == HS_NO_REVOKED)
		hs_put_fmt(b, "YES: %s\n", hs_err_sentence(&l->err));
	else if (!l->looked)
		put(b, e->kind != HS_EXPLAIN_GRANT
			   ? "not known: verify.conf names no folder of lists\n"
			   : "no list is about such a certificate\n");
	else if (l->err.code == HS_NO_LIST || l->err.code == HS_NO_LISTS_UNREAD)
		hs_put_fmt(b, "not known: %s%s\n", hs_err_sentence(&l->err),
		    l->waived ? "; let pass, as RevocationsMissing says" : "");
	else if (e->kind == HS_EXPLAIN_DIRECT)
		put(b,
		    l->found.root_lists > 0
			? "no, as far as its root's lists are here\n"
			: "not known: no list of its root is here, and none needs to be\n");
	else if (l->found.lists == 0)
		put(b, "not known, and too young to need a list\n");
	else {
		put(b, "no, says the list of ");
		hs_describe_time(b, l->found.issued);
		put(b, "\n");
	}
}

void
hs_explain_text_about(struct hs_buf *b, const struct hs_explained *e)
{
	if (e->kind == HS_EXPLAIN_OTHER)
		return;
	put_who(b, e);
	put_touch(b, e);
	put(b, e->kind == HS_EXPLAIN_GRANT ? "  ceiling\n" : "  may\n");
	if (e->kind == HS_EXPLAIN_DIRECT)
		hs_describe_statements(b, e->scope, "           ");
	else
		hs_describe_scope(b, e->scope, "           ");
	put_chain(b, e);
	put_until(b, e);
	put_revoked(b, e);
}

void
hs_explain_text(struct hs_buf *b, const struct hs_explained *e)
{
	put_answer(b, e);
	put_remedy(b, e);
	hs_explain_text_about(b, e);
}
