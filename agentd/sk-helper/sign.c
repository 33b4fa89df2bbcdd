// SPDX-License-Identifier: ISC
//
// The signing ceremony: which key holds which credential is asked without a touch, then all
// of them are asked for the real signature at once. Contract in sign.h.
#include "agentd/sk-helper/sign.h"

#include <fido.h>
#include <stdlib.h>
#include "agentd/sk-helper/assertion.h"
#include "agentd/sk-helper/fidoerr.h"
#include "agentd/sk-helper/person.h"
#include "proto/names.h"

#define PROBE_MS 5000 // for an answer that needs no touch

struct part { // of one device
	size_t candidate;
	struct hs_buf sig;
};

struct job {
	const struct hs_helper_sign *req;
	enum hs_helper_op op; // which asked for it
	struct hs_buf body;   // that of a list, which req points to
	struct hs_helper_sign list;
	struct hs_devices devs;
	struct hs_person person;
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

static int
ask(fido_dev_t *dev, void *arg, bool uv, const char *pin)
{
	fido_assert_t *a = arg;
	int r = fido_assert_set_up(a, FIDO_OPT_TRUE);

	if (r == FIDO_OK)
		r = fido_assert_set_uv(a, uv ? FIDO_OPT_TRUE : FIDO_OPT_OMIT);
	return r == FIDO_OK ? fido_dev_get_assert(dev, a, pin) : r;
}

static int
sign_with(struct job *j, struct hs_lane *l, struct part *p, struct hs_err *err)
{
	const struct hs_helper_candidate *c = &j->req->v[p->candidate];
	const bool verify = j->req->verify != 0 || c->verify != 0;
	fido_assert_t *a = new_assert(c);
	int rc = a != NULL ? hs_person_run(&j->person, l, verify, ask, a, err)
			   : hs_fail(err, HS_ERR_NOMEM, "%s", "");

	if (rc == HS_OK)
		rc = hs_assertion_take(c, verify, a, &p->sig, err);
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

	if (rc == HS_OK) {
		r = fido_dev_set_timeout(d->dev, PROBE_MS);
		rc = r == FIDO_OK ? find_candidate(j, l, &p->candidate, err)
				  : hs_fidoerr(r, err);
	}
	hs_person_report(&j->person, rc == HS_OK);
	if (rc == HS_OK)
		rc = sign_with(j, l, p, err);
	return rc;
}

static int
put_answer(struct hs_buf *answer, const struct job *j, size_t winner, struct hs_err *err)
{
	const struct part *p = &j->part[winner];
	const struct hs_helper_answer m = {.op = j->op,
	    .code = HS_OK,
	    .signed_ = {.index = (uint32_t)p->candidate,
		.signature = hs_buf_str(&p->sig),
		.device = hs_str_c(j->devs.v[winner].path)}};

	hs_helper_answer_put(answer, &m);
	return hs_buf_err(answer) == HS_OK ? HS_OK : hs_fail(err, HS_ERR_NOMEM, "%s", "");
}

static int
run(struct job *j, struct hs_buf *answer, uint8_t *retries, bool *stuck, struct hs_err *err)
{
	struct hs_race_end end = {0};
	int rc = list_devices(j, err);

	hs_person_init(&j->person, j->req->pin, j->req->timeout, j->devs.n);
	if (rc == HS_OK)
		rc = hs_race_run(&j->devs, lane, j, j->req->timeout, &end, err);
	if (rc == HS_OK)
		rc = put_answer(answer, j, end.winner, err);
	*retries = atomic_load(&j->person.retries);
	*stuck = end.stuck;
	if (!end.stuck) {
		hs_devices_close(&j->devs);
		for (size_t i = 0; i < HS_DEVICES_MAX; i++)
			hs_buf_free(&j->part[i].sig);
		hs_buf_free(&j->body);
		free(j);
	}
	return rc;
}

// Not on the stack: threads may outlive the call.
static struct job *
new_job(enum hs_helper_op op, const struct hs_helper_sign *req)
{
	struct job *j = calloc(1, sizeof *j);

	if (j == NULL)
		return NULL;
	j->op = op;
	j->req = req != NULL ? req : &j->list;
	return j;
}

int
hs_sign(const struct hs_helper_sign *req, struct hs_buf *answer, uint8_t *retries,
    bool *stuck, struct hs_err *err)
{
	struct job *j;
	int rc = hs_helper_sign_check(req, err);

	*stuck = false;
	if (rc != HS_OK)
		return rc;
	j = new_job(HS_HELPER_SIGN, req);
	return j != NULL ? run(j, answer, retries, stuck, err)
			 : hs_fail(err, HS_ERR_NOMEM, "%s", "");
}

int
hs_sign_list(const struct hs_helper_revoke *req, struct hs_buf *answer, uint8_t *retries,
    bool *stuck, struct hs_err *err)
{
	struct job *j;
	int rc = hs_helper_revoke_check(req, err);

	*stuck = false;
	if (rc != HS_OK)
		return rc;
	j = new_job(HS_HELPER_REVOKE, NULL);
	if (j == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "%s", "");
	hs_sshsig_put_signed(&j->body, HS_NS_KRL, req->candidate.body);
	j->list = (struct hs_helper_sign){
	    .timeout = req->timeout, .pin = req->pin, .v = {req->candidate}, .n = 1};
	j->list.v[0].body = hs_buf_str(&j->body);
	rc = hs_buf_err(&j->body);
	if (rc == HS_OK)
		return run(j, answer, retries, stuck, err);
	hs_buf_free(&j->body);
	free(j);
	return hs_fail(err, (enum hs_code)rc, "%s", "");
}
