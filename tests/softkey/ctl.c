// SPDX-License-Identifier: ISC
//
// The control words. Contract and list in ctl.h.
#include "tests/softkey/ctl.h"

#include <inttypes.h>
#include <string.h>
#include "proto/text.h"

#define WORDS	     4 // of a line, and one more to see that there are too many
#define WAIT_DEFAULT 30

struct words {
	struct hs_str w[WORDS + 1];
	size_t n;
};

typedef void command_fn(struct hs_ctap *c, const struct words *w, struct hs_ctl *r);

void
hs_ctl_error(struct hs_ctl *r, const char *why)
{
	r->action = HS_CTL_ANSWER;
	hs_buf_reset(&r->answer);
	hs_put_fmt(&r->answer, "error %s\n", why);
}

static void
split(struct hs_str line, struct words *w)
{
	size_t at = 0, start;

	while (w->n <= WORDS) {
		while (at < line.len && line.p[at] == ' ')
			at++;
		if (at == line.len)
			break;
		start = at;
		while (at < line.len && line.p[at] != ' ')
			at++;
		w->w[w->n++] = (struct hs_str){line.p + start, at - start};
	}
}

static void
save(struct hs_ctap *c, struct hs_ctl *r)
{
	struct hs_err err = {0};

	if (hs_store_save(&c->store, &err) != HS_OK)
		hs_ctl_error(r, hs_err_sentence(&err));
}

static bool
on_off(const struct words *w, struct hs_ctl *r, bool *out)
{
	bool on = hs_str_is(w->w[1], "on");

	if (!on && !hs_str_is(w->w[1], "off")) {
		hs_ctl_error(r, "on or off?");
		return false;
	}
	*out = on;
	return true;
}

static void
do_touch(struct hs_ctap *c, const struct words *w, struct hs_ctl *r)
{
	(void)w;
	if (!c->waiting)
		hs_ctl_error(r, "nothing waits");
	else if (c->fault == HS_FAULT_NO_TOUCH)
		hs_ctl_error(r, "the fault no-touch is set");
	else
		r->action = HS_CTL_TOUCH;
}

static void
do_touch_next(struct hs_ctap *c, const struct words *w, struct hs_ctl *r)
{
	(void)w;
	if (c->waiting && c->fault != HS_FAULT_NO_TOUCH)
		r->action = HS_CTL_TOUCH;
	else
		c->touch_next = true;
}

static void
do_auto(struct hs_ctap *c, const struct words *w, struct hs_ctl *r)
{
	if (!on_off(w, r, &c->auto_touch))
		return;
	if (c->auto_touch && c->waiting && c->fault != HS_FAULT_NO_TOUCH)
		r->action = HS_CTL_TOUCH;
}

static void
do_wait(struct hs_ctap *c, const struct words *w, struct hs_ctl *r)
{
	(void)c;
	r->seconds = WAIT_DEFAULT;
	if (w->n == 2 && hs_text_u64(w->w[1], HS_CTL_WAIT_MAX, &r->seconds) != HS_OK)
		hs_ctl_error(r, "how many seconds?");
	else
		r->action = HS_CTL_WAIT;
}

static void
do_state(struct hs_ctap *c, const struct words *w, struct hs_ctl *r)
{
	const struct hs_store *s = &c->store;

	(void)w;
	hs_buf_reset(&r->answer);
	hs_put_fmt(&r->answer, "waiting %s\n", c->waiting ? "yes" : "no");
	hs_put_fmt(&r->answer, "counter %" PRIu32 "\n", s->counter);
	hs_put_fmt(&r->answer, "pin %s\n", s->pin_set ? "yes" : "no");
	hs_put_fmt(&r->answer, "retries %u\n", s->retries);
	hs_put_fmt(&r->answer, "always-uv %s\n", s->always_uv ? "on" : "off");
	hs_put_fmt(&r->answer, "old %s\n", c->old ? "on" : "off");
	hs_put_fmt(&r->answer, "residents %zu\n", s->nresidents);
	hs_put_fmt(&r->answer, "auto %s\n", c->auto_touch ? "on" : "off");
	hs_put_fmt(&r->answer, "touch-next %s\n", c->touch_next ? "on" : "off");
	hs_put_fmt(&r->answer, "plugged %s\n", c->plugged ? "yes" : "no");
	hs_put_fmt(&r->answer, "fault %s%s\nok\n", hs_ctap_fault_name(c->fault),
	    c->fault_all ? " all" : "");
}

static void
do_pin(struct hs_ctap *c, const struct words *w, struct hs_ctl *r)
{
	int rc = hs_pin_set(c, w->w[1]);

	if (rc == HS_CTAP_PIN_POLICY)
		hs_ctl_error(r, "a PIN has 4 characters at least and 63 bytes at most");
	else if (rc != HS_CTAP_OK)
		hs_ctl_error(r, "the state could not be written");
}

static void
do_always_uv(struct hs_ctap *c, const struct words *w, struct hs_ctl *r)
{
	if (on_off(w, r, &c->store.always_uv))
		save(c, r);
}

static void
do_old(struct hs_ctap *c, const struct words *w, struct hs_ctl *r)
{
	(void)on_off(w, r, &c->old);
}

static void
plug(struct hs_ctap *c, struct hs_ctl *r)
{
	c->plugged = true;
	if (hs_ctap_power_up(c) != HS_OK)
		hs_ctl_error(r, "no key could be made");
}

static void
do_plug(struct hs_ctap *c, const struct words *w, struct hs_ctl *r)
{
	(void)w;
	if (c->plugged)
		hs_ctl_error(r, "it is plugged in");
	else
		plug(c, r);
}

static void
do_unplug(struct hs_ctap *c, const struct words *w, struct hs_ctl *r)
{
	(void)w;
	if (!c->plugged) {
		hs_ctl_error(r, "it is not plugged in");
		return;
	}
	c->plugged = false;
	hs_ctap_drop(c);
	r->action = HS_CTL_UNPLUG;
}

static void
do_replug(struct hs_ctap *c, const struct words *w, struct hs_ctl *r)
{
	(void)w;
	r->action = HS_CTL_UNPLUG;
	plug(c, r);
}

// "7f"
static bool
read_status(struct hs_str s, uint8_t *out)
{
	unsigned v = 0;

	if (s.len != 2)
		return false;
	for (size_t i = 0; i < 2; i++) {
		uint8_t b = s.p[i];

		if (b >= '0' && b <= '9')
			v = v << 4 | (unsigned)(b - '0');
		else if ((b | 0x20) >= 'a' && (b | 0x20) <= 'f')
			v = v << 4 | (unsigned)((b | 0x20) - 'a' + 10);
		else
			return false;
	}
	*out = (uint8_t)v;
	return v != 0;
}

static void
do_fault(struct hs_ctap *c, const struct words *w, struct hs_ctl *r)
{
	enum hs_ctap_fault fault;
	size_t n = 2;

	if (!hs_ctap_fault_find(w->w[1], &fault)) {
		hs_ctl_error(r, "there is no such fault");
		return;
	}
	if (fault == HS_FAULT_ERROR &&
	    (w->n < 3 || !read_status(w->w[n++], &c->fault_status))) {
		hs_ctl_error(r, "which status? two hexadecimal digits, not 00");
		return;
	}
	if (w->n > n + 1 || (w->n == n + 1 && !hs_str_is(w->w[n], "all"))) {
		hs_ctl_error(r, "only \"all\" may follow");
		return;
	}
	c->fault = fault;
	c->fault_all = w->n > n && fault != HS_FAULT_NONE;
}

static const struct {
	const char *name;
	size_t min, max; // words, the name included
	command_fn *run;
} commands[] = {
    {"touch", 1, 1, do_touch},
    {"touch-next", 1, 1, do_touch_next},
    {"auto", 2, 2, do_auto},
    {"wait", 1, 2, do_wait},
    {"state", 1, 1, do_state},
    {"pin", 2, 2, do_pin},
    {"always-uv", 2, 2, do_always_uv},
    {"old", 2, 2, do_old},
    {"unplug", 1, 1, do_unplug},
    {"plug", 1, 1, do_plug},
    {"replug", 1, 1, do_replug},
    {"fault", 2, 4, do_fault},
};

void
hs_ctl_command(struct hs_ctap *c, struct hs_str line, struct hs_ctl *r)
{
	struct words w = {0};

	*r = (struct hs_ctl){.action = HS_CTL_ANSWER};
	hs_put_fmt(&r->answer, "ok\n");
	split(line, &w);
	for (size_t i = 0; w.n > 0 && i < sizeof commands / sizeof commands[0]; i++) {
		if (!hs_str_is(w.w[0], commands[i].name))
			continue;
		if (w.n < commands[i].min || w.n > commands[i].max)
			hs_ctl_error(r, "too few or too many words");
		else
			commands[i].run(c, &w, r);
		return;
	}
	hs_ctl_error(r, "there is no such word");
}
