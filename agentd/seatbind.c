// SPDX-License-Identifier: ISC
//
// Binds of a seat's connections. Who sends them: the agent's ssh, or the agent in its
// place. Contract in seatbind.h.
#include "agentd/seatbind.h"

#include <stdlib.h>
#include "agentd/reply.h"
#include "agentd/seathosts.h"
#include "agentd/seatsign.h"
#include "proto/sessionbind.h"

const struct hs_seat_bind *
hs_seatbind_last(const struct hs_conn *c)
{
	return c->binds != NULL && c->binds->n > 0 ? &c->binds->v[c->binds->n - 1] : NULL;
}

// `host *` has every server, also one of no name.
static bool
has_host(const struct hs_seat_bind *b, struct hs_str host)
{
	if (hs_str_is(host, "*"))
		return true;
	for (size_t n = 0; n < b->nnames; n++)
		if (hs_scope_value_under(HS_KEY_HOST, b->names[n], host))
			return true;
	return false;
}

bool
hs_seatbind_fits(const struct hs_conn *c, const struct hs_scope *scope)
{
	const struct hs_seat_bind *b = hs_seatbind_last(c);

	if (b == NULL)
		return true;
	for (size_t i = 0; i < hs_scope_statements(scope); i++)
		for (size_t v = 0; v < hs_scope_values(scope, i, HS_KEY_HOST); v++)
			if (has_host(b, hs_scope_value(scope, i, HS_KEY_HOST, v)))
				return true;
	return false;
}

void
hs_seatbind_forget(struct hs_conn *c)
{
	if (c->binds == NULL)
		return;
	for (size_t i = 0; i < c->binds->n; i++) {
		hs_buf_free(&c->binds->v[i].session_id);
		hs_buf_free(&c->binds->v[i].hostkey);
		hs_buf_free(&c->binds->v[i].text);
	}
	free(c->binds);
	c->binds = NULL;
}

// Copies: a certificate's are in the frame, a part's go with it.
static void
find_names(struct hs_seat *s, struct hs_seat_bind *b, const struct hs_hostkey *key,
    const struct hs_now *now)
{
	size_t at = 0;

	b->nnames = hs_seathosts_names(s, key, now, b->names, HS_SEAT_NAMES_MAX);
	for (size_t i = 0; i < b->nnames; i++)
		hs_put_raw(&b->text, b->names[i].p, b->names[i].len);
	if (hs_buf_err(&b->text) != HS_OK)
		b->nnames = 0;
	for (size_t i = 0; i < b->nnames; i++) {
		b->names[i].p = b->text.p + at;
		at += b->names[i].len;
	}
}

static int
keep_bind(struct hs_conn *c, const struct hs_sessionbind *m, const struct hs_hostkey *key,
    const struct hs_now *now)
{
	struct hs_seat_bind *b;

	if (c->binds->n == HS_SEAT_BINDS_MAX)
		return HS_NO_BUSY;
	b = &c->binds->v[c->binds->n];
	hs_put_raw(&b->session_id, m->session.p, m->session.len);
	hs_put_raw(&b->hostkey, m->host_key.p, m->host_key.len);
	b->forwarding = m->forwarding;
	c->binds->n++; // freed from now on, whatever else
	if (hs_buf_err(&b->session_id) != HS_OK || hs_buf_err(&b->hostkey) != HS_OK)
		return HS_ERR_NOMEM;
	find_names(c->seat, b, key, now);
	return HS_OK;
}

int
hs_seatbind_local(const struct hs_conn *c, struct hs_refusal *why)
{
	if (c->peer.forwarding == HS_FORWARDING_NONE)
		return HS_OK;
	hs_fail(&why->err, HS_NO_FORWARD, "%s",
	    c->peer.forwarding == HS_FORWARDING_PROVEN
		? "this connection is forwarded from another host, and a seat is not"
		: "this connection may be forwarded from another host, and a seat is not");
	return hs_refusal_remedy(why, "do it on the machine where the seat is");
}

int
hs_seatbind(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now)
{
	struct hs_sessionbind m;
	struct hs_refusal why = {0};
	struct hs_hostkey key = {0};
	int rc = hs_sessionbind_parse((struct hs_str){r->p, r->left}, &m);

	if (rc != HS_OK) {
		hs_peer_forward(&c->peer, NULL); // it may have said so
		return rc;
	}
	if (c->binds == NULL)
		c->binds = calloc(1, sizeof *c->binds);
	rc = c->binds == NULL ? HS_ERR_NOMEM : hs_sessionbind_verify(&m, &key, &why.err);
	if (rc == HS_OK)
		rc = keep_bind(c, &m, &key, now);
	if (m.forwarding) // whatever it is answered, ssh goes on
		hs_peer_forward(&c->peer, rc == HS_OK ? &key.plain : NULL);
	hs_hostkey_free(&key);
	if (rc == HS_OK && m.forwarding)
		rc = hs_seatbind_local(c, &why);
	if (rc == HS_OK) {
		hs_reply_byte(c, HS_AGENT_SUCCESS);
		return HS_OK;
	}
	if (why.err.code == HS_OK)
		hs_fail(&why.err, (enum hs_code)rc, "%s", "");
	hs_seatsign_refuse(c, HS_AGENT_EXTENSION_FAILURE, &why, NULL, now);
	if (c->binds == NULL ||
	    ++c->binds->bad > HS_SEAT_BINDS_MAX) // each costs as much as the key is long
		hs_conn_close(c);
	return HS_OK;
}
