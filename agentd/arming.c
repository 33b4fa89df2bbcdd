// SPDX-License-Identifier: ISC
//
// One asking's ceremony: is it still to be asked, which statement is signed, and was what
// came back worth anything. Contract in life.h.
#include "agentd/life.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "agentd/judge.h"
#include "agentd/log.h"
#include "proto/names.h"

static bool
session_is_there(const struct hs_touch *t)
{
	const struct hs_session *s = &t->d->session;

	if (t->key.secret != NULL)
		return !s->open;
	return s->open && strcmp(s->id, t->session) == 0;
}

// Does the policy of now permit what was shown? It is asked before the key blinks, and
// again when it was touched.
static int
still_permitted(struct hs_touch *t, const struct hs_now *now)
{
	const struct hs_seat *seat = hs_seat_find(t->d, t->wanted.seat);
	const struct hs_judge_ask ask = {.scope = t->opening ? t->scope : t->wanted.scope,
	    .seat = seat,
	    .agent = t->opening	    ? HS_AGENT_UNKNOWN
		     : seat != NULL ? hs_seat_top(seat)->agent
				    : t->wanted.agent,
	    .peer = hs_seat_asker(seat, &t->peer),
	    .reasoned = true,
	    .opening = t->opening,
	    .direct = t->wanted.direct,
	    .again = true};
	struct hs_decided decided = {0};
	struct hs_sharing found;
	int rc = HS_OK;

	if (t->wanted.shared != 0 && hs_sharing_find(t->d->policy->policy, t->wanted.shared,
					 geteuid(), &found, &t->why) != HS_OK)
		return (int)t->why.err.code;
	// whom a session's seats may be shared with was shown
	if (t->opening && t->d->policy->policy->nusers > 0 &&
	    memcmp(t->policy, t->d->policy->policy->digest, sizeof t->policy) != 0)
		return hs_fail(&t->why.err, HS_NO_POLICY,
		    "the policy, which names other users, has changed since the text was "
		    "shown");
	if (hs_judge(t->d, &ask, now, &decided) == HS_DECIDE_REFUSE) {
		hs_judge_refusal(&decided, &t->why);
		rc = (int)t->why.err.code;
	} else if (decided.verify && !t->verify) {
		rc = hs_fail(&t->why.err, HS_SK_PIN_REQUIRED,
		    "the policy wants a PIN since the text was shown");
	} else if (decided.once && hs_scope_max_uses(t->scope) != 1) {
		rc = hs_fail(&t->why.err, HS_NO_POLICY,
		    "the policy wants a touch each time since the text was shown");
	} else if (t->ttl > t->d->policy->policy->max_ttl) {
		rc = hs_fail(&t->why.err, HS_NO_POLICY,
		    "the policy allows less time since the text was shown");
	}
	hs_decided_free(&decided);
	return rc;
}

// What the helper brought back, if it may still count: t->held, or t->why. True if the key
// was touched, whatever that is good for now.
static bool
judge_answer(struct hs_touch *t, struct hs_str answer)
{
	struct hs_now now;

	hs_daemon_tick(t->d, &now);
	if (!session_is_there(t)) {
		hs_fail(&t->why.err, HS_NO_GONE, "the session was closed meanwhile");
		return true;
	}
	hs_asking_believe(t, answer);
	if (t->held == NULL)
		return false;
	if (still_permitted(t, &now) != HS_OK)
		hs_held_free(&t->held);
	return true;
}

// What the key said that it wants is asked for at once, where somebody can be asked.
static void
park(struct hs_touch *t)
{
	bool news = t->why.err.code == HS_SK_PIN_REQUIRED && !t->pin;

	t->pin = t->pin || news;
	hs_touch_park(t);
	if (news && t->state == PARKED && hs_prompt_takes_pin(t->d->prompt))
		hs_touch_show(t);
}

static void
on_ceremony(void *arg, int code, struct hs_str answer, const struct hs_err *err)
{
	struct hs_touch *t = arg;
	bool touched = false;

	t->ceremony = NULL;
	hs_touch_drop_pin(t);
	if (t->stopping) {
		t->stopping = false;
		if (t->park_next) {
			t->park_next = false;
			hs_touch_park(t);
			return;
		}
		hs_refusal_remedy(&t->why, "%s", hs_asking_remedy(t->why.err.code));
		hs_touch_end(t);
		return;
	}
	if (code != HS_OK)
		t->why.err = *err;
	else
		touched = judge_answer(t, answer);
	if (!touched && !t->opening && hs_asking_parks(t->why.err.code)) {
		park(t);
		return;
	}
	if (t->why.err.code != HS_OK && t->why.remedy[0] == '\0')
		hs_refusal_remedy(&t->why, "%s", hs_asking_remedy(t->why.err.code));
	hs_touch_end(t);
}

void
hs_touch_wipe_keys(struct hs_touch *t)
{
	hs_keys_wipe(&t->key);
	hs_keys_wipe(&t->seat_key);
}

static int
choose_key(struct hs_touch *t)
{
	int rc = HS_OK;

	hs_touch_wipe_keys(t);
	t->session[0] = '\0';
	if (!t->d->session.open)
		rc = hs_keys_make(&t->key, &t->why.err);
	else
		memcpy(t->session, t->d->session.id, sizeof t->session);
	// what is signed is over it, so it is there before its seat
	if (rc == HS_OK && t->wanted.direct && t->seating)
		rc = hs_keys_make(&t->seat_key, &t->why.err);
	return rc;
}

// Whose the grant is. A seat that is to be made has its number from now on; one that was
// not made leaves a gap.
static void
name_holder(struct hs_touch *t)
{
	const struct hs_seat *s = hs_seat_find(t->d, t->wanted.seat);
	const bool fresh = t->key.secret != NULL;
	char id[HS_SESSION_ID_LEN + 1];

	hs_session_id(fresh ? &t->key.pub : &t->d->session.pub, id);
	if (t->seating)
		t->seat = fresh ? 1 : ++t->d->session.last_serial;
	if (t->seating)
		(void)snprintf(
		    t->holder, sizeof t->holder, HS_HOLDER_SEAT "%s.%" PRIu64, id, t->seat);
	else
		(void)snprintf(t->holder, sizeof t->holder, "%s",
		    s != NULL ? s->holder : HS_HOLDER_MAIN);
}

static int
start_ceremony(struct hs_touch *t, const struct hs_now *now)
{
	const struct hs_settings *set = t->d->set;
	struct hs_ceremony_spec spec;
	struct hs_buf request = {0};
	uint8_t nonce[32];
	int rc = choose_key(t);
	struct hs_compose_body g = {.direct = t->wanted.direct,
	    .subject = hs_asking_subject(t),
	    .agent = t->wanted.agent,
	    .origin = hs_asking_origin(t),
	    .scope = t->scope,
	    .holder = t->holder,
	    .shown = hs_buf_str(&t->shown),
	    .end = t->end,
	    .nonce = nonce,
	    .log_seq = t->log_seq,
	    .log_head = t->log_head,
	    .policy = t->policy, // as its asking's record has it
	    .armed = set->armed,
	    .verify = t->verify,
	    .pin = t->pin_fd >= 0};

	g.valid_after = now->wall > HS_CLOCK_SLACK ? now->wall - HS_CLOCK_SLACK : 1;
	randombytes_buf(nonce, sizeof nonce);
	while (g.serial == 0)
		randombytes_buf(&g.serial, sizeof g.serial);
	for (size_t i = 0; i < HS_ROOTS_MAX; i++)
		hs_buf_free(&t->bodies[i]);
	if (rc == HS_OK) {
		name_holder(t);
		rc = hs_compose_request(&g, &t->roots, t->bodies, &request);
		if (rc != HS_OK)
			hs_fail(&t->why.err, (enum hs_code)rc,
			    "what is to be signed cannot be made: %s",
			    hs_code_sentence((enum hs_code)rc));
	}
	spec = (struct hs_ceremony_spec){.what = "the FIDO helper",
	    .failed = HS_SK_HELPER,
	    .path = set->helper,
	    .request = hs_buf_str(&request),
	    .pin_fd = t->pin_fd,
	    .timeout_ms = (uint64_t)set->armed * 1000 + set->grace_ms};
	if (rc == HS_OK)
		rc = hs_ceremony_start(
		    t->d->loop, &spec, on_ceremony, t, &t->ceremony, &t->why.err);
	hs_buf_free(&request);
	return rc;
}

// Is it still to be asked? The policy, the session and the clock may have changed since.
static int
judge_again(struct hs_touch *t, const struct hs_now *now)
{
	int64_t moved = (int64_t)now->wall_ms - (int64_t)now->boot_ms - t->offset_ms;

	if (t->opening && t->d->session.open)
		return hs_fail(&t->why.err, HS_NO_SESSION_OPEN, "%s", "");
	if (t->within[0] != '\0' && strcmp(t->within, t->d->session.id) != 0)
		return hs_fail(
		    &t->why.err, HS_NO_GONE, "the session it was for has closed");
	if (t->opening && (moved > 2000 || moved < -2000))
		return hs_fail(
		    &t->why.err, HS_NO_CLOCK, "the clock was set after the text was shown");
	if (t->opening && (now->wall >= t->end || now->boot_ms >= t->end_boot_ms))
		return hs_fail(
		    &t->why.err, HS_NO_EXPIRED, "the end that was asked for has passed");
	if (t->wanted.seat > 0 && hs_seat_find(t->d, t->wanted.seat) == NULL)
		return hs_fail(&t->why.err, HS_NO_GONE, "the seat it was for has ended");
	if (!t->opening && now->boot_ms >= t->until_boot_ms) // asleep, or queued so long
		return hs_fail(&t->why.err, HS_NO_GONE, "nobody answered in time");
	if (still_permitted(t, now) != HS_OK)
		return (int)t->why.err.code;
	if (hs_enrolled_recheck(t->d->set->roots_dir, &t->roots, &t->why.err) != HS_OK)
		return (int)t->why.err.code;
	if (hs_enrolled_any_verify(&t->roots) && !t->pin)
		return hs_fail(&t->why.err, HS_SK_PIN_REQUIRED,
		    "a key is to be used with its PIN only since the text was shown");
	return HS_OK;
}

void
hs_arming_start(struct hs_touch *t)
{
	struct hs_now now;
	int rc;

	hs_daemon_tick(t->d, &now);
	if (t->state != QUEUED)
		return; // its session has just ended, and so has it
	t->d->running = t;
	t->state = ARMED;
	t->pulled[0] = '\0';
	t->why = (struct hs_refusal){0};
	rc = judge_again(t, &now);
	if (rc == HS_OK && !t->opening)
		hs_asking_reckon(t, &now);
	if (rc == HS_OK)
		rc = start_ceremony(t, &now);
	if (rc == HS_OK) {
		hs_log("%s: touch one of the keys now", t->code);
		hs_touch_tell(t);
		return;
	}
	if (t->why.remedy[0] == '\0')
		hs_refusal_remedy(&t->why, "%s", hs_asking_remedy(t->why.err.code));
	hs_touch_end(t);
}
