// SPDX-License-Identifier: ISC
//
// Fuzzes the software key's commands, its state file and its control words. The first byte
// chooses: a state file, control lines, or settings for a series of commands, each behind
// its length in two bytes.
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "tests/softkey/cbor.h"
#include "tests/softkey/ctl.h"

#define STATE_FILE 0xff
#define CONTROL	   0xfe
#define AUTO	   0x01
#define OLD	   0x02
#define ALWAYS_UV  0x04
#define PIN_SET	   0x08
#define FAULT(b)   ((b) >> 4)
#define COMMANDS   16 // of one input, at most

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
must(int ok)
{
	if (!ok)
		abort();
}

// One key for all inputs, put back to what it was before each.
static struct hs_ctap *
fresh(void)
{
	static struct hs_ctap *c;
	static struct hs_store store;
	static struct hs_pin pin;

	if (c == NULL) {
		must(hs_ctap_new(&c, NULL, NULL) == HS_OK);
		store = c->store;
		pin = c->pin;
	}
	hs_ctap_drop(c);
	c->store = store;
	c->pin = pin;
	c->plugged = true;
	c->touch_next = c->fault_all = c->old = c->auto_touch = false;
	c->fault = HS_FAULT_NONE;
	return c;
}

// What decodes is written as it was read.
static void
state_file(struct hs_str in)
{
	static struct hs_store s;
	struct hs_buf again = {0};

	if (hs_store_get(in, &s) != HS_OK)
		return;
	hs_store_put(&again, &s);
	must(hs_buf_err(&again) == HS_OK && hs_str_eq(hs_buf_str(&again), in));
	hs_buf_free(&again);
}

static void
control(struct hs_ctap *c, struct hs_str in)
{
	while (in.len > 0) {
		const uint8_t *lf = memchr(in.p, '\n', in.len);
		size_t n = lf != NULL ? (size_t)(lf - in.p) : in.len;
		struct hs_ctl r;
		const char *end;

		hs_ctl_command(c, (struct hs_str){in.p, n}, &r);
		must(hs_buf_err(&r.answer) == HS_OK && r.answer.len >= 3);
		end = (const char *)r.answer.p + r.answer.len;
		must(memcmp(end - 3, "ok\n", 3) == 0 ||
		     memcmp(r.answer.p, "error ", 6) == 0);
		hs_buf_free(&r.answer);
		n += lf != NULL ? 1 : 0;
		in.p += n;
		in.len -= n;
	}
}

// An answer is a status, and behind it canonical CBOR or nothing. A touch brings one.
static void
command(struct hs_ctap *c, struct hs_str message, bool faulty)
{
	struct hs_buf out = {0};
	enum hs_ctap_step step = hs_ctap_run(c, message, &out);

	if (step == HS_CTAP_WAIT) {
		must(out.len == 0 && c->waiting);
		if (!hs_ctap_touch(c, &out))
			hs_ctap_give_up(c, HS_CTAP_KEEPALIVE_CANCEL, &out);
	}
	must(!c->waiting && hs_buf_err(&out) == HS_OK);
	must(step == HS_CTAP_STALL ? out.len == 0 : out.len > 0);
	must(out.len < 2 || out.p[0] == HS_CTAP_OK);
	if (out.len > 1 && !faulty)
		must(hs_cbor_check((struct hs_str){out.p + 1, out.len - 1}) == HS_OK);
	hs_buf_free(&out);
}

static void
commands(struct hs_ctap *c, uint8_t how, struct hs_rd r)
{
	struct hs_str message;
	uint8_t high, low;

	c->auto_touch = (how & AUTO) != 0;
	c->old = (how & OLD) != 0;
	c->store.always_uv = (how & ALWAYS_UV) != 0;
	c->store.pin_set = (how & PIN_SET) != 0;
	c->fault = (enum hs_ctap_fault)FAULT(how); // one too many: none of that number
	for (int i = 0; i < COMMANDS; i++) {
		if (hs_get_u8(&r, &high) != HS_OK || hs_get_u8(&r, &low) != HS_OK ||
		    hs_get_raw(&r, (size_t)high << 8 | low, &message) != HS_OK)
			return;
		command(c, message, c->fault != HS_FAULT_NONE);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct hs_rd r = hs_rd_init(data, len);
	uint8_t how;

	if (hs_get_u8(&r, &how) != HS_OK)
		return 0;
	if (how == STATE_FILE)
		state_file((struct hs_str){r.p, r.left});
	else if (how == CONTROL)
		control(fresh(), (struct hs_str){r.p, r.left});
	else
		commands(fresh(), how, r);
	return 0;
}
