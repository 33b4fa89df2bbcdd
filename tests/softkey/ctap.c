// SPDX-License-Identifier: ISC
//
// The authenticator's commands, one at a time. Contract in ctap.h. A command that wants a
// touch is kept, and run again from its beginning once it has one: so nothing is half done
// while it waits.
#include "tests/softkey/ctap.h"

#include <sodium.h>
#include <string.h>
#include "tests/softkey/assert.h"
#include "tests/softkey/cred.h"
#include "tests/softkey/info.h"

const char *
hs_ctap_name(uint8_t cmd)
{
	switch (cmd) {
	case HS_CTAP_MAKE_CREDENTIAL:
		return "makeCredential";
	case HS_CTAP_GET_ASSERTION:
		return "getAssertion";
	case HS_CTAP_GET_INFO:
		return "getInfo";
	case HS_CTAP_CLIENT_PIN:
		return "clientPIN";
	case HS_CTAP_RESET:
		return "reset";
	case HS_CTAP_GET_NEXT_ASSERTION:
		return "getNextAssertion";
	case HS_CTAP_SELECTION:
		return "selection";
	default:
		return "unknown command";
	}
}

#define GARBAGE 40 // bytes

static const char *const fault_names[] = {
#define FAULT_NAME(sym, name) name,
    HS_CTAP_FAULTS(FAULT_NAME)
#undef FAULT_NAME
};

#define FAULTS (sizeof fault_names / sizeof fault_names[0])

const char *
hs_ctap_fault_name(enum hs_ctap_fault f)
{
	return (size_t)f < FAULTS ? fault_names[f] : "none";
}

bool
hs_ctap_fault_find(struct hs_str name, enum hs_ctap_fault *out)
{
	for (size_t i = 0; i < FAULTS; i++) {
		if (hs_str_is(name, fault_names[i])) {
			*out = (enum hs_ctap_fault)i;
			return true;
		}
	}
	return false;
}

int
hs_ctap_new(struct hs_ctap **out, const char *path, struct hs_err *err)
{
	struct hs_ctap *c;
	int rc;

	if (sodium_init() < 0)
		return hs_fail(err, HS_ERR_CRYPTO, "libsodium cannot be used");
	c = sodium_malloc(sizeof *c);
	if (c == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "no guarded memory");
	sodium_memzero(c, sizeof *c);
	c->plugged = true;
	rc = hs_store_open(&c->store, path, err);
	if (rc == HS_OK && (rc = hs_ctap_power_up(c)) != HS_OK)
		(void)hs_fail(err, (enum hs_code)rc, "no key could be made");
	if (rc != HS_OK) {
		hs_ctap_free(c);
		return rc;
	}
	*out = c;
	return HS_OK;
}

void
hs_ctap_free(struct hs_ctap *c)
{
	if (c == NULL)
		return;
	hs_buf_free(&c->op);
	sodium_free(c);
}

int
hs_ctap_power_up(struct hs_ctap *c)
{
	hs_ctap_drop(c);
	return hs_pin_power_up(&c->pin);
}

static int
reset(struct hs_ctap *c)
{
	if (!c->touched)
		return HS_CTAP_TOUCH;
	if (hs_store_reset(&c->store) != HS_OK || hs_store_save(&c->store, NULL) != HS_OK ||
	    hs_pin_power_up(&c->pin) != HS_OK)
		return HS_CTAP_OTHER;
	return HS_CTAP_OK;
}

static int
dispatch(struct hs_ctap *c, struct hs_str message, struct hs_buf *out)
{
	struct hs_str params = {message.p + 1, message.len - 1};

	switch (message.p[0]) {
	case HS_CTAP_MAKE_CREDENTIAL:
		return hs_cred_command(c, params, out);
	case HS_CTAP_GET_ASSERTION:
		return hs_assert_command(c, params, out);
	case HS_CTAP_CLIENT_PIN:
		return hs_pin_command(c, params, out);
	default:
		break;
	}
	if (params.len != 0) // none of the others has parameters
		return HS_CTAP_INVALID_LENGTH;
	switch (message.p[0]) {
	case HS_CTAP_GET_INFO:
		return hs_info_command(c, out);
	case HS_CTAP_RESET:
		return reset(c);
	case HS_CTAP_SELECTION:
		return c->touched ? HS_CTAP_OK : HS_CTAP_TOUCH;
	case HS_CTAP_GET_NEXT_ASSERTION:
		return HS_CTAP_NOT_ALLOWED;
	default:
		return HS_CTAP_INVALID_COMMAND;
	}
}

enum hs_ctap_fault
hs_ctap_fault(const struct hs_ctap *c)
{
	return c->touched || c->fault_all ? c->fault : HS_FAULT_NONE;
}

// The status that a fault gives at once, or -1.
static int
fault_status(const struct hs_ctap *c, uint8_t cmd)
{
	if (c->fault == HS_FAULT_DENY)
		return HS_CTAP_OPERATION_DENIED;
	if (c->fault == HS_FAULT_ERROR)
		return c->fault_status;
	if (c->fault == HS_FAULT_STORE_FULL && cmd == HS_CTAP_MAKE_CREDENTIAL)
		return HS_CTAP_KEY_STORE_FULL;
	return -1;
}

static void
put_answer(struct hs_ctap *c, int status, const struct hs_buf *body, struct hs_buf *out)
{
	enum hs_ctap_fault fault = hs_ctap_fault(c);

	if (status == HS_CTAP_OK && hs_buf_err(body) != HS_OK)
		status = HS_CTAP_OTHER;
	hs_put_u8(out, (uint8_t)status);
	if (status != HS_CTAP_OK)
		return;
	if (fault == HS_FAULT_GARBAGE) {
		for (unsigned i = 0; i < GARBAGE; i++)
			hs_put_u8(out, 0xff);
		return;
	}
	hs_put_raw(out, body->p, fault == HS_FAULT_HALF ? body->len / 2 : body->len);
}

bool
hs_ctap_touch(struct hs_ctap *c, struct hs_buf *out)
{
	struct hs_buf body = {0};
	int status;

	if (!c->waiting || c->fault == HS_FAULT_NO_TOUCH)
		return false;
	c->touched = true;
	status = dispatch(c, hs_buf_str(&c->op), &body);
	put_answer(c, status == HS_CTAP_TOUCH ? HS_CTAP_OTHER : status, &body, out);
	c->touched = false;
	hs_ctap_drop(c);
	hs_buf_free(&body);
	return true;
}

// The command wants a touch. Some faults need none.
static enum hs_ctap_step
wait_for_touch(struct hs_ctap *c, struct hs_str message, struct hs_buf *out)
{
	int status = fault_status(c, message.p[0]);

	if (c->fault == HS_FAULT_STALL)
		return HS_CTAP_STALL;
	if (status < 0) {
		hs_put_raw(&c->op, message.p, message.len);
		if (hs_buf_err(&c->op) != HS_OK)
			status = HS_CTAP_OTHER;
	}
	if (status >= 0) {
		hs_ctap_drop(c);
		hs_put_u8(out, (uint8_t)status);
		return HS_CTAP_ANSWER;
	}
	c->waiting = true;
	if ((c->auto_touch || c->touch_next) && c->fault != HS_FAULT_NO_TOUCH) {
		c->touch_next = c->auto_touch && c->touch_next;
		return hs_ctap_touch(c, out) ? HS_CTAP_ANSWER : HS_CTAP_WAIT;
	}
	return HS_CTAP_WAIT;
}

enum hs_ctap_step
hs_ctap_run(struct hs_ctap *c, struct hs_str message, struct hs_buf *out)
{
	struct hs_buf body = {0};
	int status = -1;

	hs_ctap_drop(c);
	if (message.len == 0) {
		hs_put_u8(out, HS_CTAP_INVALID_LENGTH);
		return HS_CTAP_ANSWER;
	}
	if (c->fault_all && c->fault == HS_FAULT_STALL)
		return HS_CTAP_STALL;
	if (c->fault_all)
		status = fault_status(c, message.p[0]);
	if (status < 0)
		status = dispatch(c, message, &body);
	if (status != HS_CTAP_TOUCH)
		put_answer(c, status, &body, out);
	hs_buf_free(&body);
	return status == HS_CTAP_TOUCH ? wait_for_touch(c, message, out) : HS_CTAP_ANSWER;
}

void
hs_ctap_give_up(struct hs_ctap *c, enum hs_ctap_status status, struct hs_buf *out)
{
	hs_put_u8(out, (uint8_t)status);
	hs_ctap_drop(c);
}

void
hs_ctap_drop(struct hs_ctap *c)
{
	c->waiting = false;
	hs_buf_free(&c->op);
}
