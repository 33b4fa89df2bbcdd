// SPDX-License-Identifier: ISC
//
// What was revoked, told. Contract in revoking.h.
#include "client/handseal/revoking.h"

#include <inttypes.h>
#include "client/handseal/cli.h"
#include "client/handseal/published.h"
#include "proto/names.h"

#define PUBLISH_SECONDS 15 // so long it waits to say which servers have the list

static void
put_count(struct hs_buf *b, uint64_t n, const char *what)
{
	hs_put_fmt(b, "%" PRIu64 " %s%s", n, what, n == 1 ? "" : "s");
}

static void
put_session(struct hs_buf *b, const struct hs_agent_revoked *m)
{
	int len = m->session.len < 4 ? (int)m->session.len : 4;

	hs_put_fmt(b,
	    m->whole ? "Session %.*s revoked, with all that it ever signed: "
		     : "Revoked in session %.*s: ",
	    len, (const char *)m->session.p);
	put_count(b, m->certificates, "certificate");
	hs_put_fmt(b, ", ");
	put_count(b, m->seats, "seat");
	if (m->before > 0)
		hs_put_fmt(b, "; %" PRIu64 " before", m->before);
	hs_put_fmt(b, ".\n");
	if (m->list.len > 0) {
		hs_put_fmt(b, "  list %" PRIu64 "  ", m->version);
		hs_put_raw(b, m->list.p, m->list.len);
		hs_put_fmt(b, "\n");
	}
	hs_put_fmt(b, "  for stock sshd  ");
	hs_put_raw(b, m->krl.p, m->krl.len);
	hs_put_fmt(b,
	    "\n  A server without that list accepts what was handed out, the last "
	    "until ");
	hs_cli_put_when(b, m->until, hs_cli_now());
	hs_put_fmt(b, ".\n");
}

static json_t *
session_json(const struct hs_agent_revoked *m)
{
	return json_pack("{s:o,s:b,s:I,s:I,s:I,s:o,s:I,s:o,s:o}", "session",
	    hs_cli_json(m->session), "whole", m->whole, "certificates",
	    (json_int_t)m->certificates, "seats", (json_int_t)m->seats, "before",
	    (json_int_t)m->before, "until", hs_cli_json_time(m->until), "version",
	    (json_int_t)m->version, "list", hs_cli_json(m->list), "krl",
	    hs_cli_json(m->krl));
}

static int
print(struct hs_daemon *d, struct hs_rd *body)
{
	struct hs_agent_revoked m;
	struct hs_buf b = {0};
	json_t *rows = json_array(), *servers = json_array();
	uint32_t n = 0;
	int rc = hs_get_u32(body, &n);

	for (uint32_t i = 0; i < n && rc == HS_OK; i++) {
		rc = hs_agent_revoked_get(body, &m);
		if (rc == HS_OK)
			put_session(&b, &m);
		if (rc == HS_OK && json_array_append_new(rows, session_json(&m)) != 0)
			rc = HS_ERR_NOMEM;
	}
	if (rc == HS_OK)
		rc = hs_rd_end(body);
	if (rc != HS_OK)
		rc = hs_daemon_malformed(d, HS_EXT_REVOKE);
	else
		rc = hs_published_wait(d, PUBLISH_SECONDS, &b, "  ", servers);
	if (rc == HS_OK && d->json) {
		rc = hs_cli_print_json(
		    json_pack("{s:O,s:O}", "revoked", rows, "servers", servers));
	} else if (rc == HS_OK) {
		hs_cli_put_text(stdout, hs_buf_str(&b), "");
		rc = hs_cli_finish();
	}
	json_decref(rows);
	json_decref(servers);
	hs_buf_free(&b);
	return rc;
}

int
hs_revoking(struct hs_daemon *d, enum hs_agent_revoke_what what, struct hs_str name)
{
	const struct hs_agent_revoke m = {(uint8_t)what, name};
	struct hs_buf contents = {0};
	struct hs_rd body = {0};
	int status;

	hs_agent_revoke_put(&contents, &m);
	status = hs_daemon_call(d, HS_EXT_REVOKE, hs_buf_str(&contents), &body);
	if (status == HS_EXIT_DONE)
		status = print(d, &body);
	hs_buf_free(&contents);
	return status;
}
