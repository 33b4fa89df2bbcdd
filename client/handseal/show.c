// SPDX-License-Identifier: ISC
//
// handseal show: everything that is known of one certificate, read from the certificate
// itself where it says it, and from the daemon where only that knows.
#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include "client/libhandseal/believe.h"
#include "client/handseal/cmd.h"
#include "client/handseal/enrolled.h"
#include "client/handseal/items.h"
#include "client/handseal/options.h"
#include "proto/describe.h"
#include "proto/names.h"
#include "proto/text.h"

#define SHORTEST_PREFIX 4

struct showing {
	struct hs_daemon daemon;
	bool cert;
	char id[HS_SESSION_ID_LEN + 24];
	bool found;
};

// A certificate, and what the root has signed: its grant, or it itself.
struct shown {
	bool direct;
	struct hs_delegation delegation;
	struct hs_direct made;
	// views of whichever it is
	const struct hs_cert *cert, *touched;
	const struct hs_grant_payload *payload;
	const struct hs_sk_sig *sk;
	const struct hs_scope *scope, *granted;
	struct hs_str agent;
	enum hs_origin origin;
};

static void
put_touch(struct hs_buf *b, const struct shown *d, uint64_t now)
{
	char fingerprint[HS_FINGERPRINT_LEN + 1];
	struct hs_root_record root;

	hs_key_fingerprint(&d->touched->ca, fingerprint);
	if (hs_enrolled_find(&d->touched->ca, &root, NULL) == HS_OK)
		hs_put_fmt(b, "touch    %s %s, %s%s%s", root.name, fingerprint, root.owner,
		    root.owner[0] != '\0' ? ", " : "", root.simulated ? "SIMULATED, " : "");
	else
		hs_put_fmt(b, "touch    %s, not enrolled here, ", fingerprint);
	hs_cli_put_when(b, d->touched->valid_after + HS_CLOCK_SLACK, now);
	hs_put_fmt(b, "; pressed, %s\n",
	    d->sk->flags & HS_SK_FLAG_UV ? "and verified by PIN or finger" : "no PIN");
	hs_put_fmt(b, "shown    a text with SHA-256 ");
	hs_text_put_hex(b, (struct hs_str){d->payload->shown, sizeof d->payload->shown});
	hs_put_fmt(b, d->direct ? "\ndirect   until " : "\ngrant    until ");
	hs_cli_put_when(b, d->payload->end, now);
	hs_put_fmt(
	    b, ", asked for in record %" PRIu64 " of the log\n", d->payload->log_seq);
	if (d->direct)
		hs_put_fmt(b, "serial   %" PRIu64 " of that root: for RevokedKeys\n",
		    d->cert->serial);
}

static void
put_text(struct hs_buf *b, const struct hs_agent_item *m, const struct shown *d,
    const char *session, uint64_t now)
{
	char fingerprint[HS_FINGERPRINT_LEN + 1];

	hs_key_fingerprint(&d->cert->key, fingerprint);
	hs_put_fmt(b, "id       %.*s\n", (int)m->id.len, (const char *)m->id.p);
	if (m->seat.len > 0)
		hs_put_fmt(b, "seat     %.*s\n", (int)m->seat.len, (const char *)m->seat.p);
	hs_put_fmt(b, "agent    %.*s         a name it gave itself; nothing proves it\n",
	    (int)d->agent.len, (const char *)d->agent.p);
	hs_put_fmt(b, "asked    at ");
	hs_cli_put_when(b, m->issued, now);
	if (m->pid != 0)
		hs_put_fmt(b, " by pid %" PRIu64 " ", m->pid);
	hs_put_raw(b, m->exe.p, m->exe.len);
	if (d->origin != HS_ORIGIN_LOCAL)
		hs_put_fmt(b, "\n         %s", hs_origin_words(d->origin));
	hs_put_fmt(b, "\nends     ");
	hs_cli_put_when(b, d->cert->valid_before, now);
	hs_put_fmt(b, " (");
	if (d->cert->valid_before > now) {
		hs_describe_span(b, d->cert->valid_before - now);
		hs_put_fmt(b, " left)\n");
	} else {
		hs_put_fmt(b, "ended)\n");
	}
	hs_put_fmt(b, "key      %s\nmay\n", fingerprint);
	if (d->direct)
		hs_describe_statements(b, d->scope, "  ");
	else
		hs_describe_scope(b, d->scope, "  ");
	put_touch(b, d, now);
	if (d->direct)
		hs_put_fmt(b, "chain    certificate ← root: 1 signature good\n");
	else
		hs_put_fmt(b,
		    "chain    certificate ← session %.4s ← grant ← root: 3 signatures "
		    "good\n",
		    session);
}

static json_t *
make_json(const struct hs_agent_item *m, const struct shown *d)
{
	json_t *o = hs_items_json(m, true), *touch;
	char root[HS_FINGERPRINT_LEN + 1], key[HS_FINGERPRINT_LEN + 1];
	struct hs_root_record record;
	struct hs_buf hex = {0};
	bool known = hs_enrolled_find(&d->touched->ca, &record, NULL) == HS_OK;

	hs_key_fingerprint(&d->touched->ca, root);
	hs_key_fingerprint(&d->cert->key, key);
	hs_text_put_hex(&hex, (struct hs_str){d->payload->shown, sizeof d->payload->shown});
	touch = json_pack("{s:s,s:s?,s:s?,s:o,s:b,s:b,s:o,s:o,s:o,s:I}", "fingerprint",
	    root, "root", known ? record.name : NULL, "owner", known ? record.owner : NULL,
	    "at", hs_cli_json_time(d->touched->valid_after + HS_CLOCK_SLACK), "verified",
	    (d->sk->flags & HS_SK_FLAG_UV) != 0, "simulated", known && record.simulated,
	    "shown_sha256", hs_cli_json(hs_buf_str(&hex)), "scope",
	    hs_cli_json_text(hs_scope_text(d->granted)), "end",
	    hs_cli_json_time(d->payload->end), "log_record",
	    (json_int_t)d->payload->log_seq);
	hs_buf_free(&hex);
	if (o == NULL || touch == NULL ||
	    json_object_set_new(o, "key", json_string(key)) != 0 ||
	    json_object_set(o, "touch", touch) != 0) {
		json_decref(o);
		o = NULL;
	}
	json_decref(touch);
	return o;
}

static int
understand(struct hs_str certificate, struct shown *d, struct hs_err *err)
{
	struct hs_delegation *c = &d->delegation;
	struct hs_direct *m = &d->made;
	int rc;

	*d = (struct shown){.direct = hs_direct_is(certificate)};
	if (d->direct) {
		rc = hs_direct_parse(certificate, false, m, err);
		if (rc == HS_OK)
			rc = hs_direct_check_signature(m, err);
		d->cert = d->touched = &m->cert;
		d->payload = &m->payload;
		d->sk = &m->sk;
		d->scope = d->granted = m->scope;
		d->agent = m->agent;
		d->origin = m->origin;
		return rc;
	}
	rc = hs_delegation_parse(certificate, c, err);
	if (rc == HS_OK)
		rc = hs_believe_links(c, err);
	d->cert = &c->cert;
	d->touched = &c->grant.cert;
	d->payload = &c->grant.payload;
	d->sk = &c->grant.sk;
	d->scope = c->scope;
	d->granted = c->grant.scope;
	d->agent = c->agent;
	d->origin = c->origin;
	return rc;
}

static int
show_item(void *arg, const struct hs_agent_item *m, const char *session, uint64_t serial)
{
	struct showing *s = arg;
	struct shown d;
	struct hs_buf b = {0};
	struct hs_err err = {0};
	int status = HS_EXIT_DONE, rc;

	rc = understand(m->certificate, &d, &err);
	if (rc == HS_OK &&
	    (!hs_str_is(m->id, s->id) || (!d.direct && d.cert->serial != serial)))
		rc = hs_fail(&err, HS_SK_LIED,
		    "handseald's answer cannot be believed: it is another certificate");
	if (rc != HS_OK) {
		status = hs_cli_fail_with(s->daemon.json, HS_EXIT_FAILED,
		    hs_str_c(hs_code_name(err.code)), hs_str_c(hs_err_sentence(&err)),
		    hs_str_c(""));
	} else if (s->daemon.json) {
		status = hs_cli_print_json(make_json(m, &d));
	} else {
		if (s->cert)
			hs_items_put_cert(&b, m->certificate);
		else
			put_text(&b, m, &d, session, hs_cli_now());
		hs_cli_put_text(stdout, hs_buf_str(&b), "");
	}
	s->found = true;
	hs_buf_free(&b);
	hs_delegation_free(&d.delegation);
	hs_direct_free(&d.made);
	return status;
}

// ID as a person types it: SERIAL, or PREFIX.SERIAL with at least four digits of the
// session.
static int
full_id(struct showing *s, const char *typed, struct hs_str session)
{
	const char *point = strchr(typed, '.'), *serial = point != NULL ? point + 1 : typed;
	size_t prefix = point != NULL ? (size_t)(point - typed) : 0;
	struct hs_err err = {0};
	uint64_t n;

	if ((point != NULL && prefix < SHORTEST_PREFIX) ||
	    hs_text_u64(hs_str_c(serial), UINT64_MAX, &n) != HS_OK || n == 0)
		return hs_cmd_usage("show",
		    "an ID is SERIAL, or SESSION.SERIAL with four or more digits of the "
		    "session, as list shows it");
	if (prefix <= session.len && memcmp(session.p, typed, prefix) == 0 &&
	    session.len == HS_SESSION_ID_LEN) {
		snprintf(s->id, sizeof s->id, "%.*s.%" PRIu64, (int)session.len,
		    (const char *)session.p, n);
		return HS_EXIT_DONE;
	}
	(void)hs_fail(&err, HS_NO_SUCH, "the session that is open is %.*s, not %.*s",
	    (int)session.len, (const char *)session.p, (int)prefix, typed);
	return hs_cli_fail(s->daemon.json, &err);
}

static int
find_and_show(struct showing *s, const char *typed)
{
	const struct hs_got_status *info = NULL;
	struct hs_err err = {0};
	uint64_t end;
	int status = hs_daemon_status(&s->daemon, &info);

	if (status != HS_EXIT_DONE)
		return status;
	if (!info->open) {
		(void)hs_fail(&err, HS_NO_SESSION, "%s", hs_code_sentence(HS_NO_SESSION));
		return hs_cli_fail(s->daemon.json, &err);
	}
	status = full_id(s, typed, hs_str_c(info->session));
	if (status == HS_EXIT_DONE)
		status = hs_items_each(&s->daemon, s->id, show_item, s, &end);
	if (status == HS_EXIT_DONE && !s->found) {
		(void)hs_fail(&err, HS_NO_SUCH, "there is no certificate %s", s->id);
		status = hs_cli_fail(s->daemon.json, &err);
	}
	return status != HS_EXIT_DONE ? status : hs_cli_finish();
}

int
cmd_show(int argc, char **argv)
{
	struct showing s = {0};
	int status = hs_options_json_or(argc, argv, 1, &s.daemon.json, "cert", &s.cert);

	if (status != HS_OPTIONS_GO)
		return status;
	if (s.cert && s.daemon.json)
		return hs_cmd_usage("show", "--cert or --json, not both");
	status = hs_daemon_connect(&s.daemon);
	if (status == HS_EXIT_DONE)
		status = find_and_show(&s, argv[optind]);
	hs_daemon_close(&s.daemon);
	return status;
}
