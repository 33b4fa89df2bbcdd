// SPDX-License-Identifier: ISC
//
// Who sends a bind here: the ssh of this machine, first of all on a connection that it
// forwards; behind it any program of the other host, which can add binds and take none
// back; or any program of this user. Contract in mainbind.h.
#include "agentd/mainbind.h"

#include "agentd/log.h"
#include "agentd/reply.h"
#include "proto/sessionbind.h"

// ssh goes on forwarding whatever it is answered, so the connection stays, and is what it
// said that it is.
static void
worsen(struct hs_conn *c, const struct hs_str *host_key)
{
	hs_peer_forward(&c->peer, host_key);
	c->watches = false; // nobody sits there
	hs_log("pid %lu: its connection is %s%s%s", (unsigned long)c->peer.pid,
	    hs_origin_name(hs_peer_origin(&c->peer)),
	    c->peer.via[0] != '\0' ? ", by the host with the key " : "", c->peer.via);
}

static void
refuse(struct hs_conn *c, int code, struct hs_err *err, const struct hs_now *now)
{
	struct hs_audit_record r = {.event = "refuse",
	    .time = now->wall,
	    .ext = hs_str_c(HS_EXT_SESSION_BIND),
	    .code = hs_code_name((enum hs_code)code)};
	struct hs_buf frame = {0};
	size_t mark = hs_agent_frame_begin(&frame);

	if (err->code == HS_OK)
		(void)hs_fail(err, (enum hs_code)code, "%s", "");
	r.sentence = hs_str_c(hs_err_sentence(err));
	hs_reply_who(&r, &c->peer);
	hs_put_u8(&frame, HS_AGENT_EXTENSION_FAILURE);
	hs_agent_frame_end(&frame, mark);
	(void)hs_reply_refused(c, NULL, &frame, &r, now);
}

int
hs_mainbind(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now)
{
	struct hs_sessionbind m;
	struct hs_hostkey key = {0};
	struct hs_err err = {0};
	int rc = hs_sessionbind_parse((struct hs_str){r->p, r->left}, &m);

	if (rc != HS_OK) { // it may have said so
		worsen(c, NULL);
		return rc;
	}
	// each costs as much as the key is long
	rc = c->nbinds++ < HS_MAIN_BINDS_MAX ? hs_sessionbind_verify(&m, &key, &err)
					     : HS_NO_BUSY;
	if (m.forwarding)
		worsen(c, rc == HS_OK ? &key.plain : NULL);
	hs_hostkey_free(&key);
	if (rc == HS_OK)
		hs_reply_byte(c, HS_AGENT_SUCCESS);
	else
		refuse(c, rc, &err, now);
	if (c->nbinds > 2 * HS_MAIN_BINDS_MAX)
		hs_conn_close(c);
	return HS_OK;
}
