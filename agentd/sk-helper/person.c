// SPDX-License-Identifier: ISC
//
// Touch, sensor or PIN, and whose PIN it is. Contract in person.h.
#include "agentd/sk-helper/person.h"

#include <fido.h>
#include <sodium.h>
#include <time.h>
#include "agentd/sk-helper/fidoerr.h"
#include "agentd/sk-helper/pinread.h"

#define CENSUS_MS 2000 // for the other keys to say whether they could
#define LOOK_MS	  20
#define STATUS_MS 50   // between looks whether it was touched
#define COUNT_MS  2000 // for an answer that needs no touch

enum how { BY_TOUCH, BY_SENSOR, BY_PIN };

void
hs_person_init(struct hs_person *p, bool offered, uint32_t seconds, size_t lanes)
{
	p->offered = offered;
	p->seconds = seconds;
	p->lanes = lanes;
	atomic_init(&p->in, 0);
	atomic_init(&p->out, 0);
	atomic_init(&p->retries, HS_HELPER_RETRIES_UNKNOWN);
}

void
hs_person_report(struct hs_person *p, bool could)
{
	(void)atomic_fetch_add(could ? &p->in : &p->out, 1);
}

static void
nap(long ms)
{
	const struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	(void)nanosleep(&t, NULL);
}

static int
called_off(struct hs_err *err)
{
	return hs_fail(err, HS_SK_CANCELLED, "%s", "");
}

// ---- tries left

static void
count_retries(struct hs_person *p, const struct hs_device *d)
{
	int n = -1;

	if (fido_dev_set_timeout(d->dev, COUNT_MS) == FIDO_OK &&
	    fido_dev_get_retry_count(d->dev, &n) == FIDO_OK && n >= 0 &&
	    n < HS_HELPER_RETRIES_UNKNOWN)
		atomic_store(&p->retries, (unsigned char)n);
}

static int
wrong_pin(struct hs_person *p, const struct hs_device *d, int r, struct hs_err *err)
{
	unsigned left;

	count_retries(p, d);
	left = atomic_load(&p->retries);
	if (left == 0)
		return hs_fidoerr(FIDO_ERR_PIN_BLOCKED, err);
	if (r != FIDO_ERR_PIN_INVALID || left == HS_HELPER_RETRIES_UNKNOWN)
		return hs_fidoerr(r, err);
	return hs_fail(err, HS_SK_PIN_INVALID, "the PIN is wrong: %u %s left", left,
	    left == 1 ? "try is" : "tries are");
}

static int
failed(struct hs_person *p, const struct hs_device *d, int r, struct hs_err *err)
{
	switch (r) {
	case FIDO_ERR_PIN_INVALID:
	case FIDO_ERR_PIN_AUTH_BLOCKED:
	case FIDO_ERR_PIN_BLOCKED:
		return wrong_pin(p, d, r, err);
	default:
		return hs_device_failed(d, r, err);
	}
}

// The key cannot verify anybody with what there is: told before it blinks for nothing.
static int
lacking(struct hs_person *p, const struct hs_device *d, struct hs_err *err)
{
	if (!fido_dev_has_pin(d->dev))
		return hs_fidoerr(FIDO_ERR_PIN_NOT_SET, err);
	count_retries(p, d);
	return hs_fidoerr(FIDO_ERR_PIN_REQUIRED, err);
}

// ---- which key the PIN is for

// Is this the only key that could? Where another does not say, nobody knows.
static bool
is_alone(struct hs_person *p, const atomic_bool *stop)
{
	for (long waited = 0; waited < CENSUS_MS && !atomic_load(stop); waited += LOOK_MS) {
		size_t in = atomic_load(&p->in), out = atomic_load(&p->out);

		if (in > 1 || in + out >= p->lanes)
			return in == 1;
		nap(LOOK_MS);
	}
	return false;
}

// Waits for a touch that does nothing but choose.
static int
choose(struct hs_lane *l, const struct hs_device *d, struct hs_err *err)
{
	int touched = 0, r;

	if (!hs_lane_arm(l))
		return called_off(err);
	r = fido_dev_get_touch_begin(d->dev);
	while (r == FIDO_OK && !touched) {
		r = fido_dev_get_touch_status(d->dev, &touched, STATUS_MS);
		if (r == FIDO_OK && !touched && hs_device_gone(d))
			r = FIDO_ERR_RX;
		else if (r == FIDO_OK && !touched)
			nap(LOOK_MS);
	}
	hs_lane_disarm(l);
	return r == FIDO_OK ? HS_OK : hs_device_failed(d, r, err);
}

static int
get_pin(struct hs_person *p, struct hs_lane *l, char **pin, struct hs_err *err)
{
	const struct hs_device *d = hs_lane_device(l);
	int rc = HS_OK;

	if (!is_alone(p, hs_lane_stop(l)))
		rc = choose(l, d, err);
	if (rc == HS_OK && !hs_lane_claim(l))
		rc = called_off(err);
	if (rc == HS_OK)
		rc = hs_pinread(HS_HELPER_PIN_FD, p->seconds, hs_lane_stop(l), pin, err);
	if (rc == HS_OK)
		hs_lane_restart(l);
	return rc;
}

// ---- asking

// The PIN goes before the sensor where both would do: a person has been asked for it.
static bool
how_to_verify(const struct hs_person *p, const struct hs_device *d, enum how *how)
{
	if (p->offered && fido_dev_has_pin(d->dev))
		*how = BY_PIN;
	else if (fido_dev_has_uv(d->dev))
		*how = BY_SENSOR;
	else
		return false;
	return true;
}

// *r is libfido2's result, where it came to that.
static int
ask_by(struct hs_person *p, struct hs_lane *l, enum how how, hs_person_ask *ask, void *arg,
    int *r, struct hs_err *err)
{
	const struct hs_device *d = hs_lane_device(l);
	char *pin = NULL;
	int rc = how == BY_PIN ? get_pin(p, l, &pin, err) : HS_OK;

	if (rc != HS_OK)
		goto out;
	if (fido_dev_set_timeout(d->dev, -1) != FIDO_OK) {
		rc = hs_fail(err, HS_ERR_NOMEM, "%s", "");
		goto out;
	}
	if (!hs_lane_arm(l)) {
		rc = called_off(err);
		goto out;
	}
	*r = ask(d->dev, arg, how == BY_SENSOR, pin);
	hs_lane_disarm(l);
out:
	sodium_free(pin);
	return rc;
}

int
hs_person_run(struct hs_person *p, struct hs_lane *l, bool verify, hs_person_ask *ask,
    void *arg, struct hs_err *err)
{
	const struct hs_device *d = hs_lane_device(l);
	enum how how = BY_TOUCH;
	int r = FIDO_OK, rc;

	if (verify && !how_to_verify(p, d, &how))
		return lacking(p, d, err);
	rc = ask_by(p, l, how, ask, arg, &r, err);
	// some want the person verified for everything, and say so when they are asked
	if (rc == HS_OK && r == FIDO_ERR_PIN_REQUIRED && how == BY_TOUCH) {
		if (!how_to_verify(p, d, &how))
			return lacking(p, d, err);
		rc = ask_by(p, l, how, ask, arg, &r, err);
	}
	if (rc != HS_OK)
		return rc;
	if (r == FIDO_OK || r == FIDO_ERR_OPERATION_DENIED)
		hs_lane_decide(l);
	return r == FIDO_OK ? HS_OK : failed(p, d, r, err);
}
