// SPDX-License-Identifier: ISC
//
// The signing ceremony: which key holds which credential is asked without a touch, then all
// of them are asked for the real signature at once. Contract in sign.h.
#include "agentd/sk-helper/sign.h"

#include <fido.h>
#include <stdlib.h>
#include "agentd/sk-helper/fidoerr.h"
#include "agentd/sk-helper/race.h"
#include "agentd/sk-helper/sksig.h"
#include "proto/names.h"

#define PROBE_MS 5000 // for an answer that needs no touch

struct part { // of one device
	size_t candidate;
	struct hs_buf sig;
};

struct job {
	const struct hs_helper_sign *req;
	struct hs_devices devs;
	struct part part[HS_DEVICES_MAX];
};

static bool
belongs(const struct hs_helper_candidate *c, const struct hs_device *d)
{
	return c->device.len == 0 ? d->found : hs_str_is(c->device, d->path);
}

static int
list_devices(struct job *j, struct hs_err *err)
{
	const struct hs_helper_sign *req = j->req;
	bool any = false;
	int rc = HS_OK;

	for (size_t i = 0; i < req->n; i++)
		any = any || req->v[i].device.len == 0;
	if (any)
		rc = hs_devices_find(&j->devs, err);
	for (size_t i = 0; rc == HS_OK && i < req->n; i++)
		if (req->v[i].device.len > 0)
			rc = hs_devices_add(&j->devs, req->v[i].device, err);
	return rc;
}

static fido_assert_t *
new_assert(const struct hs_helper_candidate *c)
{
	fido_assert_t *a = fido_assert_new();

	if (a == NULL || fido_assert_set_rp(a, HS_APPLICATION) != FIDO_OK ||
	    fido_assert_set_clientdata(a, c->body.p, c->body.len) != FIDO_OK ||
	    fido_assert_allow_cred(a, c->handle.p, c->handle.len) != FIDO_OK)
		fido_assert_free(&a);
	return a;
}

// Does this key hold the credential? An assertion without touch says so.
static int
probe(const struct hs_device *d, const struct hs_helper_candidate *c, bool *holds,
    struct hs_err *err)
{
	fido_assert_t *a = new_assert(c);
	int r, rc = HS_OK;

	if (a == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "%s", "");
	r = fido_assert_set_up(a, FIDO_OPT_FALSE);
	if (r == FIDO_OK)
		r = fido_dev_get_assert(d->dev, a, NULL);
	// a key that wants a touch for it has it, too
	*holds = r == FIDO_OK || r == FIDO_ERR_UP_REQUIRED ||
		 r == FIDO_ERR_USER_PRESENCE_REQUIRED;
	if (!*holds && (r < 0 || r == FIDO_ERR_PIN_REQUIRED || r == FIDO_ERR_CHANNEL_BUSY))
		rc = hs_device_failed(d, r, err);
	// any other status: a handle that it cannot make sense of is another key's
	fido_assert_free(&a);
	return rc;
}

static int
find_candidate(const struct job *j, struct hs_lane *l, size_t *at, struct hs_err *err)
{
	const struct hs_device *d = hs_lane_device(l);
	bool holds = false;
	int rc = HS_OK;

	for (size_t i = 0; i < j->req->n; i++) {
		if (!belongs(&j->req->v[i], d))
			continue;
		if (atomic_load(hs_lane_stop(l)))
			return hs_fail(err, HS_SK_CANCELLED, "%s", "");
		rc = probe(d, &j->req->v[i], &holds, err);
		*at = i;
		if (rc != HS_OK || holds)
			return rc;
	}
	return hs_fidoerr(FIDO_ERR_NO_CREDENTIALS, err);
}

// A key without a way to verify a person is told before it blinks for nothing.
static int
check_verify(const struct job *j, const struct hs_device *d, struct hs_err *err)
{
	if (!j->req->verify || fido_dev_has_uv(d->dev))
		return HS_OK;
	return hs_fidoerr(
	    fido_dev_has_pin(d->dev) ? FIDO_ERR_PIN_REQUIRED : FIDO_ERR_PIN_NOT_SET, err);
}

static int
lied(struct hs_err *err, const char *what)
{
	return hs_fail(err, HS_SK_DEVICE,
	    "the security key signed, but %s: do not use it as a root", what);
}

// Nothing that the key returned is believed before the signature verifies under the
// candidate's key: counter and flags are signed with the rest.
static int
take(const struct hs_helper_candidate *c, bool verify, const fido_assert_t *a,
    struct hs_buf *sig, struct hs_err *err)
{
	struct hs_sk_sig sk, good;
	struct hs_str raw;
	struct hs_key key;

	if (fido_assert_count(a) != 1)
		return lied(err, "not once");
	raw = (struct hs_str){fido_assert_sig_ptr(a, 0), fido_assert_sig_len(a, 0)};
	sk = (struct hs_sk_sig){fido_assert_flags(a, 0), fido_assert_sigcount(a, 0)};
	if (!hs_sk_touched(&sk))
		return hs_fail(err, HS_SK_DEVICE,
		    "the security key signed with flags 0x%02x, not 0x01 (touched) or 0x05 "
		    "(and verified)",
		    sk.flags);
	if (verify && (sk.flags & HS_SK_FLAG_UV) == 0)
		return lied(err, "without the verification that was asked for");
	if (hs_key_parse(c->key, &key) != HS_OK ||
	    hs_sksig_put(sig, key.type, raw, &sk) != HS_OK)
		return lied(err, "its signature is malformed");
	if (hs_sig_verify(&key, hs_buf_str(sig), c->body, &good) != HS_OK)
		return lied(err, "its signature does not verify");
	return HS_OK;
}

static int
sign_with(struct job *j, struct hs_lane *l, struct part *p, struct hs_err *err)
{
	const struct hs_helper_candidate *c = &j->req->v[p->candidate];
	const struct hs_device *d = hs_lane_device(l);
	fido_assert_t *a = new_assert(c);
	int r, rc;

	if (a == NULL || fido_assert_set_up(a, FIDO_OPT_TRUE) != FIDO_OK ||
	    fido_assert_set_uv(a, j->req->verify ? FIDO_OPT_TRUE : FIDO_OPT_OMIT) !=
		FIDO_OK ||
	    fido_dev_set_timeout(d->dev, -1) != FIDO_OK) {
		rc = hs_fail(err, HS_ERR_NOMEM, "%s", "");
		goto out;
	}
	if (!hs_lane_arm(l)) {
		rc = hs_fail(err, HS_SK_CANCELLED, "%s", "");
		goto out;
	}
	r = fido_dev_get_assert(d->dev, a, NULL);
	hs_lane_disarm(l);
	if (r == FIDO_OK || r == FIDO_ERR_OPERATION_DENIED)
		hs_lane_decide(l);
	rc = r == FIDO_OK ? take(c, j->req->verify != 0, a, &p->sig, err)
			  : hs_device_failed(d, r, err);
out:
	fido_assert_free(&a);
	return rc;
}

static int
lane(struct hs_lane *l, size_t i, void *arg, struct hs_err *err)
{
	struct hs_device *d = hs_lane_device(l);
	struct job *j = arg;
	struct part *p = &j->part[i];
	int r, rc = hs_device_open(d, hs_lane_stop(l), err);

	if (rc != HS_OK)
		return rc;
	r = fido_dev_set_timeout(d->dev, PROBE_MS);
	rc = r == FIDO_OK ? find_candidate(j, l, &p->candidate, err) : hs_fidoerr(r, err);
	if (rc == HS_OK)
		rc = check_verify(j, d, err);
	if (rc == HS_OK)
		rc = sign_with(j, l, p, err);
	return rc;
}

int
hs_sign(const struct hs_helper_sign *req, struct hs_helper_signed *out, struct hs_buf *sig,
    bool *stuck, struct hs_err *err)
{
	struct hs_race_end end = {0};
	struct job *j = NULL; // not on the stack: threads may outlive this call
	int rc = hs_helper_sign_check(req, err);

	if (rc != HS_OK)
		goto out;
	j = calloc(1, sizeof *j);
	if (j == NULL) {
		rc = hs_fail(err, HS_ERR_NOMEM, "%s", "");
		goto out;
	}
	j->req = req;
	rc = list_devices(j, err);
	if (rc == HS_OK)
		rc = hs_race_run(&j->devs, lane, j, req->timeout, &end, err);
	if (rc == HS_OK) {
		struct part *p = &j->part[end.winner];

		*sig = p->sig;
		p->sig = (struct hs_buf){0};
		*out = (struct hs_helper_signed){
		    .index = (uint32_t)p->candidate, .signature = hs_buf_str(sig)};
	}
out:
	*stuck = end.stuck;
	if (j != NULL && !end.stuck) {
		hs_devices_close(&j->devs);
		for (size_t i = 0; i < HS_DEVICES_MAX; i++)
			hs_buf_free(&j->part[i].sig);
		free(j);
	}
	return rc;
}
