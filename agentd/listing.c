// SPDX-License-Identifier: ISC
//
// Telling what is open and what was issued. Contract in listing.h.
#include "agentd/listing.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "agentd/enrolled.h"
#include "agentd/publish.h"
#include "agentd/retain.h"
#include "agentd/revocation.h"
#include "agentd/seat.h"
#include "agentd/touch.h"
#include "proto/names.h"
#include "proto/text.h"

#define HEAD_MAX 64 // what stands around the items

static void
put_item(struct hs_buf *b, const struct hs_session *s, const struct hs_issued *it)
{
	char id[HS_SEAT_ID_MAX], seat[HS_SEAT_ID_MAX] = "";
	struct hs_agent_item m = {.agent = it->agent,
	    .scope = it->scope,
	    .issued = it->issued,
	    .end = it->end,
	    .pid = it->pid,
	    .exe = it->exe,
	    .certificate = it->certificate};

	(void)snprintf(id, sizeof id, "%s.%" PRIu64, s->id, it->serial);
	m.id = hs_str_c(id);
	if (it->seat > 0)
		(void)snprintf(seat, sizeof seat, "%s.%" PRIu64, s->id, it->seat);
	m.seat = hs_str_c(seat);
	hs_agent_item_put(b, &m);
}

// The serial in "SESSION.SERIAL", if that is one of this session.
static bool
parse_id(const struct hs_session *s, struct hs_str id, uint64_t *serial)
{
	size_t n = strlen(s->id);

	if (!s->open || id.len <= n + 1 || memcmp(id.p, s->id, n) != 0 || id.p[n] != '.')
		return false;
	return hs_text_u64((struct hs_str){id.p + n + 1, id.len - n - 1}, UINT64_MAX,
		   serial) == HS_OK &&
	       *serial > 0;
}

static void
put_list(struct hs_buf *frame, const struct hs_session *s, struct hs_str items, uint32_t n,
    bool more)
{
	size_t mark = hs_agent_reply_begin(frame, HS_EXT_LIST, HS_AGENT_DONE);

	hs_put_u64(frame, hs_session_end_time(s));
	hs_put_u32(frame, n);
	hs_put_raw(frame, items.p, items.len);
	hs_put_u8(frame, more);
	hs_agent_frame_end(frame, mark);
}

// May it be told on the seat `on`? An agent sees its own and what is below. NULL: all.
static bool
shows(const struct hs_daemon *d, const struct hs_seat *on, uint64_t seat)
{
	return on == NULL || hs_seat_within(hs_seat_find(d, seat), on);
}

int
hs_listing_put(struct hs_buf *frame, struct hs_daemon *d, const struct hs_seat *on,
    const struct hs_agent_list *m, const struct hs_now *now, struct hs_refusal *why)
{
	struct hs_session *s = &d->session;
	struct hs_buf items = {0};
	uint64_t serial = 0;
	uint32_t n = 0;
	size_t i, kept;

	hs_session_prune(s, now->wall);
	if (m->id.len > 0) {
		i = parse_id(s, m->id, &serial) ? hs_session_after(s, serial - 1)
						: s->nlive;
		if (i >= s->nlive || s->live[i]->serial != serial ||
		    !s->live[i]->recorded || !shows(d, on, s->live[i]->seat)) {
			hs_fail(&why->err, HS_NO_SUCH,
			    "no live certificate of this session has that id");
			return hs_refusal_remedy(why, "see which there are: handseal list");
		}
		put_item(&items, s, s->live[i]);
		put_list(frame, s, hs_buf_str(&items), 1, false);
		hs_buf_free(&items);
		return HS_OK;
	}
	for (i = hs_session_after(s, m->after); i < s->nlive; i++) {
		if (!s->live[i]->recorded || !shows(d, on, s->live[i]->seat))
			continue;
		kept = items.len;
		put_item(&items, s, s->live[i]);
		if (items.len + HEAD_MAX > HS_FRAME_MAX) {
			items.len = kept;
			break;
		}
		n++;
	}
	put_list(frame, s, hs_buf_str(&items), n, i < s->nlive);
	hs_buf_free(&items);
	return HS_OK;
}

// ---- seats

static void
put_part(struct hs_buf *b, const struct hs_seat *s, size_t i)
{
	const struct hs_seat_part *p = &s->parts[i];
	const struct hs_agent_seat_item m = {.id = hs_str_c(s->id),
	    .parent = hs_str_c(s->parent != NULL ? s->parent->id : ""),
	    .agent = hs_str_c(s->agent),
	    .scope = hs_scope_text(p->scope),
	    .began = s->began,
	    .end = p->end,
	    .used = p->used,
	    .uses_left = p->uses_left,
	    .last = p->last,
	    .pid = s->runner.pid,
	    .touched = p->touched,
	    .more = i > 0,
	    .revoked = s->revoked};

	hs_agent_seat_item_put(b, &m);
}

// The one with the smallest serial above after. They are few, and made at the head of the
// list.
static const struct hs_seat *
next_seat(const struct hs_daemon *d, const struct hs_seat *on, uint64_t after)
{
	const struct hs_seat *best = NULL;

	for (const struct hs_seat *s = d->seats; s != NULL; s = s->next)
		if (s->serial > after && (best == NULL || s->serial < best->serial) &&
		    (on == NULL || hs_seat_within(s, on)))
			best = s;
	return best;
}

void
hs_listing_put_seats(struct hs_buf *frame, const struct hs_daemon *d,
    const struct hs_seat *on, const struct hs_agent_list *m)
{
	const struct hs_seat *s = next_seat(d, on, m->after);
	struct hs_buf items = {0};
	uint32_t n = 0;

	for (; s != NULL; s = next_seat(d, on, s->serial)) {
		size_t kept = items.len;

		if (m->id.len > 0 && !hs_str_is(m->id, s->id))
			continue;
		for (size_t i = 0; i < s->nparts; i++)
			put_part(&items, s, i);
		if (items.len + HEAD_MAX > HS_FRAME_MAX) {
			items.len = kept;
			break;
		}
		n += (uint32_t)s->nparts;
	}
	put_list(frame, &d->session, hs_buf_str(&items), n, s != NULL);
	hs_buf_free(&items);
}

// ---- status

static uint64_t
idle_left(const struct hs_session *s, uint64_t idle, const struct hs_now *now)
{
	uint64_t end = s->active_boot_ms + idle * 1000;

	return end > now->boot_ms ? (end - now->boot_ms) / 1000 : 0;
}

void
hs_listing_put_status(struct hs_buf *frame, struct hs_daemon *d, const struct hs_seat *on,
    const struct hs_now *now)
{
	struct hs_session *s = &d->session;
	const struct hs_held *h =
	    s->nheld > 0 ? s->held[0] : NULL; // that opened it, while it lives
	struct hs_enrolled roots;
	struct hs_agent_status_info m = {.version = hs_str_c(HS_VERSION),
	    .socket = hs_str_c(d->set->socket),
	    .now = now->wall,
	    .open = s->open,
	    .session = hs_str_c(s->id),
	    .opened = s->opened,
	    .end = hs_session_end_time(s),
	    .issued = s->count,
	    .pending = (uint32_t)hs_touch_waiting(d),
	    .policy = hs_str_c(d->policy->policy->exists ? d->policy->path : ""),
	    .log_seq = hs_audit_seq(d->audit),
	    .log_ok = hs_audit_ok(d->audit)};
	struct hs_buf published = {0}, troubles = {0};
	size_t mark;

	if (on == NULL) {
		hs_publish_put(d->publish, &published);
		hs_revocation_put_troubles(d->revocation, now->wall, &troubles);
		hs_retain_put_trouble(d->retain, &troubles);
	}
	m.published = hs_buf_str(&published);
	m.troubles = hs_buf_str(&troubles);
	hs_session_prune(s, now->wall);
	m.live = s->nlive;
	if (h != NULL) {
		m.root = hs_str_c(h->root);
		m.fingerprint = hs_str_c(h->fingerprint);
		m.flags = h->sk->flags;
		m.simulated = h->simulated;
		if (on != NULL)
			m.ceiling = hs_scope_text(on->parts[0].scope);
		else if (h->silent)
			m.ceiling = hs_scope_text(h->scope);
	}
	if (s->open && d->policy->policy->idle > 0 && d->seats == NULL)
		m.idle_end = now->wall + idle_left(s, d->policy->policy->idle, now);
	if (d->policy->bad.code != HS_OK)
		m.policy_error = hs_str_c(hs_err_sentence(&d->policy->bad));
	if (hs_enrolled_read(d->set->roots_dir, &roots, NULL) == HS_OK)
		m.roots = (uint32_t)roots.n;
	hs_enrolled_free(&roots);
	mark = hs_agent_reply_begin(frame, HS_EXT_STATUS, HS_AGENT_DONE);
	hs_agent_status_put(frame, &m);
	hs_agent_frame_end(frame, mark);
	hs_buf_free(&published);
	hs_buf_free(&troubles);
}
