// SPDX-License-Identifier: ISC
//
// What a person answers to an asking: arm it, later, no. Approving is the touch alone.
// Contract in touch.h.
#include <string.h>
#include <unistd.h>
#include "agentd/life.h"

static int
misused(struct hs_refusal *why, const char *sentence, const char *remedy)
{
	hs_fail(&why->err, HS_ERR_USAGE, "%s", sentence);
	return hs_refusal_remedy(why, "%s", remedy);
}

static int
answer_arm(struct hs_touch *t, int *pin_fd, struct hs_refusal *why)
{
	if (t->state == ARMED)
		return misused(why, "the key blinks already", "touch it");
	if (*pin_fd < 0 && t->pin)
		return misused(
		    why, "it wants the key's PIN", "answer it in handseal watch");
	if (*pin_fd >= 0 && !t->pin)
		return misused(why, "it wants no PIN", "touch the key when it blinks");
	if (t->pin_fd >= 0)
		return misused(why, "its PIN was given", "touch the key when it blinks");
	t->pin_fd = *pin_fd;
	*pin_fd = -1;
	if (t->state == PARKED) // whoever armed it, its text stands before the key blinks
		hs_touch_show(t);
	else if (t->state == SHOWN && t->pin)
		hs_touch_queue(t);
	return HS_OK;
}

static int
answer_later(struct hs_touch *t, struct hs_refusal *why)
{
	if (t->opening)
		return misused(why, "a session is not opened later", "decline it, or wait");
	hs_fail(&t->why.err, HS_SK_TIMEOUT, "the person said later");
	if (t->state == ARMED && t->ceremony != NULL) {
		t->stopping = t->park_next = true;
		hs_ceremony_cancel(t->ceremony);
	} else if (t->state != PARKED) {
		hs_touch_park(t);
	}
	return HS_OK;
}

int
hs_touch_answer(struct hs_daemon *d, const struct hs_agent_answer *m, int pin_fd,
    struct hs_agent_waiting *out, struct hs_refusal *why)
{
	struct hs_touch *t = d->touches;
	int rc = HS_OK;

	while (t != NULL && !(hs_str_is(m->code, t->code) && hs_touch_waits(t) &&
				t->state != ASKED && !t->stopping))
		t = t->next;
	if (t == NULL) {
		hs_fail(&why->err, HS_NO_SUCH, "nothing of that code waits");
		rc = hs_refusal_remedy(why, "see what waits: handseal watch");
	} else if (m->what == HS_ANSWER_ARM) {
		rc = answer_arm(t, &pin_fd, why);
	} else if (m->what == HS_ANSWER_LATER) {
		rc = answer_later(t, why);
	}
	if (pin_fd >= 0)
		(void)close(pin_fd);
	if (rc != HS_OK)
		return rc;
	hs_touch_describe(t, out);
	out->code = m->code; // t may go
	if (m->what == HS_ANSWER_DECLINE)
		hs_touch_decline(t);
	return HS_OK;
}
