// SPDX-License-Identifier: ISC
//
// Signing on a seat. Who sends these bytes: the agent that the seat is for, or anything
// that it starts. Contract in seatsign.h.
#include "agentd/repeats.h"
#include "agentd/seatsign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agentd/log.h"
#include "agentd/measure.h"
#include "agentd/reply.h"
#include "agentd/seatbind.h"
#include "agentd/seatkeys.h"
#include "proto/guard.h"
#include "proto/hostkey.h"
#include "proto/text.h"

struct signing { // a signature that waits for its record
	struct hs_conn *conn;
	char session[HS_SESSION_ID_LEN + 1];
	uint64_t seat, grant_serial;
	bool login;
	struct hs_buf frame;
};

struct candidates { // the part of a certificate, or for the bare key all parts
	const struct hs_scope *scopes[HS_SEAT_PARTS_MAX];
	struct hs_seat_part *parts[HS_SEAT_PARTS_MAX];
	size_t n;
	uint64_t serial;	  // of the certificate; 0: the bare key
	bool known;		  // the seat's key
	struct hs_refusal denied; // the policy's, of one that it does not permit now
};

static void
add(struct candidates *k, struct hs_seat *s, struct hs_seat_part *p,
    const struct hs_now *now)
{
	if (!hs_seat_part_lives(s, p, now) || !hs_seatkeys_permitted(s, p, now, &k->denied))
		return;
	k->parts[k->n] = p;
	k->scopes[k->n++] = p->scope;
}

// A direct certificate is the only one of its part. Its serial is none of the session's.
static bool
find_direct(
    struct candidates *k, struct hs_seat *s, struct hs_str blob, const struct hs_now *now)
{
	for (size_t i = 0; i < s->nparts; i++) {
		struct hs_seat_part *p = &s->parts[i];

		if (!p->direct || !hs_str_eq(hs_buf_str(&p->certificate), blob))
			continue;
		k->known = true;
		k->serial = p->serial;
		if (hs_seatkeys_valid(s, p, now))
			add(k, s, p, now);
	}
	return k->known;
}

// A certificate that was listed may be used until its end, also where a newer one has been
// made.
static void
find_certificate(
    struct candidates *k, struct hs_seat *s, struct hs_str blob, const struct hs_now *now)
{
	const struct hs_session *ses = &s->d->session;
	const struct hs_issued *it;
	struct hs_seat_part *p;
	struct hs_cert cert;
	size_t i;

	if (hs_cert_parse(blob, &cert) != HS_OK || cert.serial == 0 ||
	    find_direct(k, s, blob, now))
		return;
	i = hs_session_after(ses, cert.serial - 1);
	it = i < ses->nlive ? ses->live[i] : NULL;
	if (it == NULL || it->serial != cert.serial || it->seat != s->serial ||
	    !it->recorded || !hs_str_eq(it->certificate, blob))
		return;
	k->known = true;
	k->serial = cert.serial;
	p = hs_seat_part_under(s, it->grant_serial);
	if (p != NULL && now->wall < it->end)
		add(k, s, p, now);
}

static void
find(struct candidates *k, struct hs_seat *s, struct hs_str blob, const struct hs_now *now)
{
	struct hs_key key;

	*k = (struct candidates){0};
	if (hs_key_parse(blob, &key) != HS_OK) {
		find_certificate(k, s, blob, now);
		return;
	}
	k->known = hs_key_eq(&key, &s->pub);
	for (size_t i = 0; k->known && i < s->nparts; i++)
		add(k, s, &s->parts[i], now);
}

static void
copy(char *out, size_t size, struct hs_str s)
{
	struct hs_buf clean = {0};

	hs_text_put_clean(&clean, s);
	(void)snprintf(out, size, "%.*s", (int)(clean.len < size ? clean.len : size - 1),
	    clean.len > 0 ? (const char *)clean.p : "");
	hs_buf_free(&clean);
}

// What `why` will say, and the log. The record's texts are in r.
static void
note(struct hs_conn *c, const struct hs_refusal *why, const struct hs_guarded *g,
    const struct hs_now *now, struct hs_seat_refused *r, struct hs_audit_record *rec)
{
	const struct hs_seat_bind *b = hs_seatbind_last(c);
	struct hs_seat *s = c->seat;

	*r = (struct hs_seat_refused){.time = now->wall, .why = *why};
	if (g != NULL) {
		copy(r->user, sizeof r->user, g->user);
		copy(r->ns, sizeof r->ns, g->ns);
	}
	if (b != NULL && b->nnames > 0)
		copy(r->host, sizeof r->host, b->names[0]);
	if (b != NULL)
		hs_hostkey_fingerprint(hs_buf_str(&b->hostkey), r->fingerprint);
	hs_seat_note(s, r);
	*rec = (struct hs_audit_record){.event = "refuse",
	    .time = now->wall,
	    .agent = hs_str_c(s->agent),
	    .session = s->d->session.id,
	    .numbered = true,
	    .serial = s->serial,
	    .code = hs_code_name(why->err.code),
	    .sentence = hs_str_c(hs_err_sentence(&r->why.err)),
	    .user = hs_str_c(r->user),
	    .host = hs_str_c(r->host),
	    .ns = hs_str_c(r->ns)};
	hs_reply_who(rec, &c->peer);
}

static void
say(const struct hs_seat *s, const struct hs_refusal *why)
{
	hs_log("seat %s: refused: %s", s->id, hs_err_sentence(&why->err));
}

// Why is nothing offered to the server that is bound? The newest part that is for it says.
static void
why_nothing(struct hs_conn *c, const struct hs_seat_bind *b, const struct hs_now *now,
    struct hs_refusal *why)
{
	struct hs_seat *s = c->seat;
	struct hs_seat_part *p = NULL;
	enum hs_code code = b->nnames > 0 ? HS_NO_HOST : HS_NO_HOST_KEY;

	for (size_t i = s->nparts; i-- > 0 && p == NULL;)
		p = hs_seatbind_fits(c, s->parts[i].scope) ? &s->parts[i] : NULL;
	if (p != NULL && hs_seat_part_lives(s, p, now)) {
		if (!hs_seatkeys_permitted(s, p, now, why))
			return;
		hs_fail(&why->err, HS_NO_RECORD, "no certificate could be made for it");
		(void)hs_refusal_remedy(why, "see what handseald has logged");
		return;
	}
	if (p != NULL)
		code = p->uses_left == 0 ? HS_NO_USES : HS_NO_EXPIRED;
	hs_fail(&why->err, code, "%s", "");
	(void)hs_refusal_remedy(why, code == HS_NO_HOST_KEY
					 ? "see that it is in scope and known_hosts"
					 : "ask for it: handseal request");
}

void
hs_seatsign_nothing_listed(struct hs_conn *c, const struct hs_now *now)
{
	const struct hs_seat_bind *b = hs_seatbind_last(c);
	struct hs_refusal why = {0};
	struct hs_seat_refused r;
	struct hs_audit_record rec;

	if (b == NULL && !c->seat->revoked)
		return;
	if (c->seat->revoked)
		hs_seat_say_revoked(&why);
	else
		why_nothing(c, b, now, &why);
	note(c, &why, NULL, now, &r, &rec);
	if (hs_repeats_counted(c->d->repeats, &rec, now))
		return;
	say(c->seat, &why);
	hs_daemon_note(c->d, &rec); // no answer waits for it
}

void
hs_seatsign_refuse(struct hs_conn *c, uint8_t reply, const struct hs_refusal *why,
    const struct hs_guarded *g, const struct hs_now *now)
{
	struct hs_seat_refused r;
	struct hs_audit_record rec;
	struct hs_buf frame = {0};
	size_t mark = hs_agent_frame_begin(&frame);

	note(c, why, g, now, &r, &rec);
	hs_put_u8(&frame, reply);
	hs_agent_frame_end(&frame, mark);
	if (hs_reply_refused(c, NULL, &frame, &rec, now))
		say(c->seat, why);
}

static void
on_recorded(void *arg, int code)
{
	struct signing *g = arg;
	struct hs_conn *c = g->conn;
	struct hs_daemon *d = c->d;
	struct hs_seat *s =
	    strcmp(d->session.id, g->session) == 0 ? hs_seat_find(d, g->seat) : NULL;
	struct hs_seat_part *p = s != NULL ? hs_seat_part_under(s, g->grant_serial) : NULL;

	if (code == HS_OK && s != NULL && !s->revoked) {
		s->logins += g->login;
		s->signatures += !g->login;
		hs_conn_reply(c, &g->frame);
	} else {
		if (p != NULL && p->uses_left != HS_USES_ANY)
			p->uses_left++;
		if (p != NULL)
			p->used--;
		hs_reply_byte(c, HS_AGENT_FAILURE);
	}
	hs_buf_free(&g->frame);
	hs_conn_unref(c);
	free(g);
}

static int
record(struct hs_conn *c, const struct hs_guarded *g, const struct candidates *k,
    struct signing *sig, const struct hs_now *now)
{
	const struct hs_seat *s = c->seat;
	struct hs_audit_record r = {.event = "sign",
	    .time = now->wall,
	    .agent = hs_str_c(s->agent),
	    .session = s->d->session.id,
	    .numbered = true,
	    .serial = k->serial > 0 ? k->serial : s->serial,
	    .sentence = hs_str_c(s->id),
	    .user = g->user,
	    .ns = g->ns};

	if (g->bound)
		r.host = g->host.len > 0 ? g->host : hs_str_c("*");
	hs_reply_who(&r, &c->peer);
	return hs_audit_put(s->d->audit, &r, on_recorded, sig, NULL, NULL);
}

// Decided: signed, counted, and handed out when the record is on disk.
static void
sign(struct hs_conn *c, struct hs_str data, const struct hs_guarded *g,
    const struct candidates *k, const struct hs_now *now)
{
	struct hs_seat *s = c->seat;
	struct hs_seat_part *p = k->parts[g->scope];
	struct signing *sig = calloc(1, sizeof *sig);
	struct hs_buf blob = {0};
	size_t mark;
	int rc = sig != NULL ? hs_keys_sign(&s->key, data, &blob) : HS_ERR_NOMEM;

	if (rc == HS_OK) {
		*sig = (struct signing){.conn = hs_conn_ref(c),
		    .seat = s->serial,
		    .grant_serial = p->grant_serial,
		    .login = g->what == HS_SIGNS_LOGIN};
		memcpy(sig->session, s->d->session.id, sizeof sig->session);
		mark = hs_agent_frame_begin(&sig->frame);
		hs_put_u8(&sig->frame, HS_AGENT_SIGNED);
		hs_put_str(&sig->frame, hs_buf_str(&blob));
		hs_agent_frame_end(&sig->frame, mark);
		if (p->uses_left != HS_USES_ANY)
			p->uses_left--;
		p->used++;
		p->last = now->wall;
		s->d->session.active_boot_ms = now->boot_ms;
		if (record(c, g, k, sig, now) != HS_OK)
			on_recorded(sig, HS_NO_RECORD);
	} else {
		free(sig);
		hs_reply_byte(c, HS_AGENT_FAILURE);
	}
	hs_buf_free(&blob);
}

static bool
judge(struct hs_conn *c, struct hs_str key, struct hs_str data, const struct candidates *k,
    struct hs_guarded *out)
{
	struct hs_guard_bind binds[HS_SEAT_BINDS_MAX];
	struct hs_guard_input in = {.scopes = k->scopes,
	    .nscopes = k->n,
	    .key = key,
	    .data = data,
	    .binds = binds,
	    .nbinds = c->binds != NULL ? c->binds->n : 0,
	    .require = c->d->policy->policy->binding};

	for (size_t i = 0; i < in.nbinds; i++) {
		const struct hs_seat_bind *b = &c->binds->v[i];

		binds[i] = (struct hs_guard_bind){.session = hs_buf_str(&b->session_id),
		    .forwarding = b->forwarding,
		    .host_key = hs_buf_str(&b->hostkey),
		    .names = b->names,
		    .nnames = b->nnames};
	}
	return hs_guard(&in, out);
}

static void
do_sign(struct hs_conn *c, struct hs_rd *r, const struct hs_now *now)
{
	struct hs_str key, data;
	struct hs_refusal why = {0};
	struct hs_guarded g = {0};
	struct candidates k;
	uint32_t flags; // of RSA

	if (hs_get_string(r, &key) != HS_OK || hs_get_string(r, &data) != HS_OK ||
	    hs_get_u32(r, &flags) != HS_OK || hs_rd_end(r) != HS_OK) {
		hs_fail(&why.err, HS_NO_SIGN, "the request to sign is malformed");
		hs_seatsign_refuse(c, HS_AGENT_FAILURE, &why, NULL, now);
		return;
	}
	if (c->seat->revoked) {
		hs_seat_say_revoked(&why);
		hs_seatsign_refuse(c, HS_AGENT_FAILURE, &why, NULL, now);
		return;
	}
	find(&k, c->seat, key, now);
	if (!k.known) {
		hs_fail(&why.err, HS_NO_SIGN, "this seat has no such key");
		hs_refusal_remedy(&why, "see which it has: ssh-add -L");
		hs_seatsign_refuse(c, HS_AGENT_FAILURE, &why, NULL, now);
	} else if (judge(c, key, data, &k, &g)) {
		sign(c, data, &g, &k, now);
	} else {
		why.err = g.err;
		memcpy(why.remedy, g.remedy, sizeof why.remedy);
		if (k.n == 0 && k.denied.err.code != HS_OK && g.what != HS_SIGNS_NEITHER)
			why = k.denied;
		hs_seatsign_refuse(c, HS_AGENT_FAILURE, &why, &g, now);
	}
}

void
hs_seatsign_request(struct hs_conn *c, uint8_t type, struct hs_rd *r)
{
	struct hs_refusal why = {0};
	struct hs_now now;

	hs_daemon_tick(c->d, &now);
	if (c->closed)
		return; // its session has just ended, and its seat with it
	hs_measure_start(c);
	if ((type == HS_AGENT_SIGN || type == HS_AGENT_LIST) &&
	    hs_seatbind_local(c, &why) != HS_OK)
		hs_seatsign_refuse(c, HS_AGENT_FAILURE, &why, NULL, &now);
	else if (type == HS_AGENT_SIGN)
		do_sign(c, r, &now);
	else if (type == HS_AGENT_LIST && r->left == 0)
		hs_seatkeys_list(c);
	else // nothing is added, removed or locked here: the key is the seat's
		hs_reply_byte(c, HS_AGENT_FAILURE);
}
