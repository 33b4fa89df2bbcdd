// SPDX-License-Identifier: ISC
//
// Revoking what somebody named. Who asks: any program of this user, for anything, and an
// agent on its seat for what is its own. What it could gain: an end, which it could give
// the daemon too. Contract in revoke.h.
#include "agentd/revoke.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agentd/checkpoint.h"
#include "agentd/events.h"
#include "agentd/log.h"
#include "agentd/publish.h"
#include "agentd/reply.h"
#include "agentd/revlist.h"
#include "agentd/revocation.h"
#include "agentd/revids.h"
#include "agentd/revplan.h"
#include "agentd/seat.h"
#include "proto/text.h"

// A revocation that is under way: recorded, then saved.
struct revoking {
	struct hs_daemon *d;
	struct hs_conn *conn; // who asked; NULL: nobody did
	struct hs_revplan plan;
	uint64_t now;
	struct hs_revocation_saving saving;
	int taken;	 // HS_OK, or why it could not even be kept in memory
	int recorded;	 // likewise
	bool unrecorded; // one of its records could not even be taken
	// of one that nobody asked for
	char session[HS_SESSION_ID_LEN + 1];
	uint64_t seat; // 0: all of that
	const char *why;
};

// ---- at once

static void
close_session(struct hs_daemon *d, const struct hs_conn *c)
{
	char id[HS_SESSION_ID_LEN + 1];
	struct hs_audit_record r = {.event = "close",
	    .session = id,
	    .sentence = hs_str_c("revoked"),
	    .counted = true,
	    .count = d->session.count};
	struct hs_keys key; // signs where the log ends, and nothing else any more

	memcpy(id, d->session.id, sizeof id);
	hs_daemon_session_close(d, "closed", "revoked", &key);
	if (c != NULL)
		hs_reply_who(&r, &c->peer);
	hs_daemon_note(d, &r);
	hs_checkpoint_last(d, &key, id);
}

// What the daemon signs for stops.
static void
stop(struct hs_conn *c, const struct hs_revplan_session *p)
{
	struct hs_daemon *d = c->d;

	if (!d->session.open || strcmp(d->session.id, p->id) != 0)
		return;
	if (p->whole) {
		close_session(d, c);
		return;
	}
	for (size_t i = 0; i < p->n; i++) {
		struct hs_seat *s = hs_seat_find(d, p->serials[i]);

		if (s != NULL)
			hs_seat_revoke(s);
		else
			hs_session_forget(&d->session, p->serials[i]);
	}
	hs_daemon_session_changed(d);
}

// From now on it is revoked here, whatever becomes of its record and of the disk.
static int
take(struct revoking *r)
{
	const struct hs_revplan *plan = &r->plan;
	struct hs_revoked *v;
	size_t n = 0, most = 0;
	int rc;

	for (size_t i = 0; i < plan->n; i++)
		most += 1 + plan->v[i].nfresh;
	v = calloc(most > 0 ? most : 1, sizeof *v);
	if (v == NULL)
		return HS_ERR_NOMEM;
	for (size_t i = 0; i < plan->n; i++) {
		const struct hs_revplan_session *p = &plan->v[i];
		struct hs_revoked e = {.time = r->now, .end = p->end};

		memcpy(e.session, p->id, sizeof e.session);
		e.whole = p->whole;
		if (p->whole && !p->known)
			v[n++] = e;
		for (size_t k = 0; !p->whole && k < p->nfresh; k++) {
			e.lo = p->fresh[k].lo;
			e.hi = p->fresh[k].hi;
			v[n++] = e;
		}
	}
	rc = hs_revocation_take(r->d->revocation, v, n, &r->saving.mark);
	free(v);
	return rc;
}

// ---- on disk

static void
save(struct revoking *r, void (*done)(void *arg, int code, const struct hs_err *why))
{
	for (size_t i = 0; i < r->plan.n; i++)
		hs_revocation_list(r->d->revocation, r->plan.v[i].id);
	r->saving.done = done;
	r->saving.arg = r;
	hs_revocation_save(r->d->revocation, &r->saving);
}

// What came of it. One list that could not be written kept no other from being so. What
// failed first is told, and a key that is gone before a disk that is full.
static int
outcome(struct revoking *r, int code, const struct hs_err *saved, struct hs_err *err)
{
	int rc = r->taken;

	if (rc != HS_OK)
		return hs_fail(err, (enum hs_code)rc, "%s", "");
	if (code != HS_OK) {
		hs_log("revoke: %s", hs_err_sentence(saved));
		*err = *saved;
		return code;
	}
	for (size_t i = 0; i < r->plan.n; i++) {
		struct hs_revplan_session *p = &r->plan.v[i];
		struct hs_err why = {0};
		int failed =
		    hs_revocation_listed(r->d->revocation, p->id, &p->version, &why);

		if (failed == HS_OK)
			continue;
		hs_log("revoke: %s", hs_err_sentence(&why));
		if (rc == HS_OK || (failed == HS_NO_LIST && rc != HS_NO_LIST)) {
			rc = failed;
			*err = why;
		}
	}
	return rc;
}

static void
free_revoking(struct revoking *r)
{
	hs_revplan_free(&r->plan);
	if (r->conn != NULL)
		hs_conn_unref(r->conn);
	free(r);
}

// ---- the answer

static void
put_answer(struct hs_buf *frame, const struct hs_daemon *d, const struct hs_revplan *plan)
{
	size_t mark = hs_agent_reply_begin(frame, HS_EXT_REVOKE, HS_AGENT_DONE);

	hs_put_u32(frame, (uint32_t)plan->n);
	for (size_t i = 0; i < plan->n; i++) {
		const struct hs_revplan_session *p = &plan->v[i];
		char list[PATH_MAX + 64], krl[PATH_MAX + 64];
		struct hs_agent_revoked m = {.session = hs_str_c(p->id),
		    .whole = p->whole,
		    .certificates = p->certificates,
		    .seats = p->seats,
		    .before = p->before,
		    .until = p->end,
		    .version = p->version};

		list[0] = '\0';
		if (p->listed)
			(void)snprintf(list, sizeof list, "%s/lists/%s" HS_REVLIST_SUFFIX,
			    d->set->state_dir, p->id);
		(void)snprintf(
		    krl, sizeof krl, "%s/krl/%s" HS_REVLIST_KRL, d->set->state_dir, p->id);
		m.list = hs_str_c(list);
		m.krl = hs_str_c(krl);
		hs_agent_revoked_put(frame, &m);
	}
	hs_agent_frame_end(frame, mark);
}

static void
tell_followers(struct hs_daemon *d, const struct hs_revplan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		struct hs_agent_event e = {
		    .event = hs_str_c("revoked"), .id = hs_str_c(plan->v[i].id)};

		hs_events_put(d, &e, 0);
	}
}

static void
on_saved(void *arg, int code, const struct hs_err *saved)
{
	struct revoking *r = arg;
	struct hs_conn *c = r->conn;
	struct hs_refusal why = {0};
	struct hs_buf frame = {0};
	struct hs_now now;
	int rc = outcome(r, code, saved, &why.err);

	hs_clock_read(&now);
	if (rc != HS_OK)
		hs_refusal_remedy(&why,
		    rc == HS_NO_LIST
			? "the daemon signs nothing for it any more, and all else that was "
			  "named is revoked; tell servers of that session by its root's "
			  "touch: handseal revoke --by-root --session, or in their own "
			  "file revoked"
			: "the daemon signs nothing for it any more, but servers may "
			  "not know; see that its disk can be written, and revoke again");
	if (rc != HS_OK && r->recorded == HS_OK) {
		hs_reply_refuse(
		    c, HS_EXT_REVOKE, &why, &now, (struct hs_str){0}, (struct hs_str){0});
	} else if (rc != HS_OK) { // who asked must know, and a record is not to be had
		hs_reply_put_refusal(&frame, HS_EXT_REVOKE, &why);
		hs_conn_reply(c, &frame);
	} else if (r->recorded != HS_OK || r->unrecorded) {
		hs_fail(&why.err, HS_NO_RECORD,
		    "it is revoked, but that could not be recorded");
		hs_refusal_remedy(&why, "see that the audit log's disk can be written");
		hs_reply_put_refusal(&frame, HS_EXT_REVOKE, &why);
		hs_conn_reply(c, &frame);
	} else {
		put_answer(&frame, c->d, &r->plan);
		tell_followers(c->d, &r->plan);
		if (hs_buf_err(&frame) == HS_OK)
			hs_conn_reply(c, &frame);
		else
			hs_conn_close(c);
	}
	free_revoking(r);
}

// Also where it could not be recorded: it takes away, and gives nothing.
static void
on_recorded(void *arg, int code)
{
	struct revoking *r = arg;

	r->recorded = code;
	save(r, on_saved);
}

// In a record of that session, or several where it holds too many serials for one. True:
// the last of them was taken, and on_recorded hears of it.
static bool
record_session(struct revoking *r, const struct hs_agent_revoke *m,
    const struct hs_revplan_session *p, bool last)
{
	struct hs_audit_record rec = {.event = "revoke",
	    .time = r->now,
	    .session = p->id,
	    .code = hs_code_name(HS_OK),
	    .sentence = hs_str_c(p->whole ? "the session" : hs_revids_kind(m->what)),
	    .end = p->end,
	    .counted = true,
	    .count = p->certificates + p->seats};
	struct hs_buf mem = {0};
	size_t at = 0;
	bool all;
	int rc;

	if (m->what == HS_REVOKE_AGENT)
		rec.agent = m->name;
	hs_reply_who(&rec, &r->conn->peer);
	do {
		all = hs_revplan_record(p, &at, &mem, &rec);
		rc = hs_audit_put(
		    r->d->audit, &rec, all && last ? on_recorded : NULL, r, NULL, NULL);
		r->unrecorded |= rc != HS_OK;
		rec.counted = false; // the first says how many
	} while (!all);
	hs_buf_free(&mem);
	return rc == HS_OK;
}

// A root's list lies beside ours: it says by itself what it takes back, and here nothing
// is.
static void
publish(struct hs_conn *c, const struct hs_now *now)
{
	struct hs_revplan none = {0};
	struct hs_refusal why = {0};
	struct hs_buf frame = {0};

	if (c->seat != NULL) {
		hs_fail(&why.err, HS_NO_SUCH, "a seat revokes what is its own and below");
		hs_refusal_remedy(&why, "ask at the main socket");
		hs_reply_refuse(
		    c, HS_EXT_REVOKE, &why, now, (struct hs_str){0}, (struct hs_str){0});
		return;
	}
	if (c->d->publish != NULL)
		hs_publish_due(c->d->publish);
	put_answer(&frame, c->d, &none);
	if (hs_buf_err(&frame) == HS_OK)
		hs_conn_reply(c, &frame);
	else
		hs_conn_close(c);
}

int
hs_revoke(struct hs_conn *c, struct hs_rd *rd, const struct hs_now *now)
{
	struct hs_refusal why = {0};
	struct hs_agent_revoke m;
	struct revoking *r;
	bool taken = false;
	int rc = hs_agent_revoke_get(rd, &m);

	if (rc != HS_OK)
		return rc;
	if (m.what == HS_REVOKE_LISTS) {
		publish(c, now);
		return HS_OK;
	}
	r = calloc(1, sizeof *r);
	rc = r != NULL ? hs_revplan_make(c->d, c->seat, &m, now->wall, &r->plan, &why)
		       : hs_fail(&why.err, HS_ERR_NOMEM, "%s", "");
	if (rc != HS_OK) {
		hs_reply_refuse(
		    c, HS_EXT_REVOKE, &why, now, (struct hs_str){0}, (struct hs_str){0});
		free(r);
		return HS_OK;
	}
	r->d = c->d;
	r->conn = hs_conn_ref(c);
	r->now = now->wall;
	r->taken = take(r);
	hs_log("pid %lu revokes %s", (unsigned long)c->peer.pid, hs_revids_kind(m.what));
	for (size_t i = 0; i < r->plan.n; i++)
		stop(c, &r->plan.v[i]);
	for (size_t i = 0; i < r->plan.n; i++)
		taken = record_session(r, &m, &r->plan.v[i], i + 1 == r->plan.n);
	if (!taken) // the last, which is behind the others
		on_recorded(r, HS_NO_RECORD);
	return HS_OK;
}

// ---- without anybody who asks

static void
note(struct hs_daemon *d, const char *session, uint64_t seat, const struct hs_revplan *plan,
    int rc, const char *said)
{
	struct hs_audit_record rec = {.event = "revoke",
	    .session = session,
	    .code = hs_code_name((enum hs_code)rc),
	    .sentence = hs_str_c(said),
	    .numbered = seat > 0,
	    .serial = seat};
	const struct hs_revplan_session none = {0},
					*p = plan != NULL && plan->n == 1 ? plan->v : &none;
	struct hs_buf mem = {0};
	size_t at = 0;
	bool all;

	hs_log("session %s revoked: %s", session,
	    rc == HS_OK ? "its list is in the state folder" : said);
	do {
		all = hs_revplan_record(p, &at, &mem, &rec);
		hs_daemon_note(d, &rec);
	} while (!all);
	hs_buf_free(&mem);
}

static void
end_by_itself(struct revoking *r, int rc, const struct hs_err *err)
{
	note(r->d, r->session, r->seat, &r->plan, rc,
	    rc == HS_OK ? r->why : hs_err_sentence(err));
	tell_followers(r->d, &r->plan);
	free_revoking(r);
}

static void
on_saved_by_itself(void *arg, int code, const struct hs_err *saved)
{
	struct revoking *r = arg;
	struct hs_err err = {0};
	int rc = outcome(r, code, saved, &err);

	end_by_itself(r, rc, &err);
}

static void
by_itself(struct hs_daemon *d, const char *session, uint64_t seat,
    const struct hs_agent_revoke *m, const char *why)
{
	struct revoking *r = calloc(1, sizeof *r);
	struct hs_refusal bad = {0};
	struct hs_now now;
	int rc;

	if (r == NULL) {
		note(d, session, seat, NULL, HS_ERR_NOMEM, "out of memory");
		return;
	}
	hs_clock_read(&now);
	r->d = d;
	r->seat = seat;
	r->why = why;
	r->now = now.wall;
	memcpy(r->session, session, HS_SESSION_ID_LEN);
	rc = hs_revplan_make(d, NULL, m, now.wall, &r->plan, &bad);
	if (rc != HS_OK) {
		end_by_itself(r, rc, &bad.err);
		return;
	}
	r->taken = take(r);
	save(r, on_saved_by_itself);
}

void
hs_revoke_session(struct hs_daemon *d, const char *id, const char *why)
{
	const struct hs_agent_revoke m = {HS_REVOKE_SESSION, hs_str_c(id)};

	by_itself(d, id, 0, &m, why);
}

void
hs_revoke_seat(struct hs_daemon *d, const char *id, const char *why)
{
	const struct hs_agent_revoke m = {HS_REVOKE_IDS, hs_str_c(id)};
	uint64_t seat = 0;

	(void)hs_text_u64(hs_str_c(id + HS_SESSION_ID_LEN + 1), UINT64_MAX, &seat);
	by_itself(d, id, seat, &m, why);
}
