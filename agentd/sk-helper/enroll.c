// SPDX-License-Identifier: ISC
//
// The enrolment ceremony: the credential is asked of every key that is there at once, and
// made by the one that is touched; the others make none. Contract in enroll.h.
#include "agentd/sk-helper/enroll.h"

#include <fido.h>
#include <sodium.h>
#include <stdlib.h>
#include "agentd/sk-helper/credential.h"
#include "agentd/sk-helper/fidoerr.h"
#include "agentd/sk-helper/race.h"
#include "proto/names.h"

#define USER_ID_LEN 16

struct part { // of one device
	fido_cred_t *cred;
	struct hs_buf key;
	struct hs_helper_enrolled got;
};

struct job {
	const struct hs_helper_enroll *req;
	char user[HS_HELPER_TEXT_MAX + 1];
	struct hs_devices devs;
	struct part part[HS_DEVICES_MAX];
};

static int
list_devices(struct job *j, struct hs_err *err)
{
	return j->req->device.len > 0 ? hs_devices_add(&j->devs, j->req->device, err)
				      : hs_devices_find(&j->devs, err);
}

// Not resident and without extensions: all there is of it is its handle. The user's id is
// random: it must be there, and nobody asks for it again.
static fido_cred_t *
new_cred(const struct job *j)
{
	const struct hs_helper_enroll *req = j->req;
	const char *user = j->user[0] != '\0' ? j->user : "handseal";
	fido_cred_t *c = fido_cred_new();
	uint8_t id[USER_ID_LEN];

	randombytes_buf(id, sizeof id);
	if (c == NULL ||
	    fido_cred_set_type(c,
		req->key_type == HS_KT_SK_ED25519 ? COSE_EDDSA : COSE_ES256) != FIDO_OK ||
	    fido_cred_set_rp(c, HS_APPLICATION, "handseal") != FIDO_OK ||
	    fido_cred_set_user(c, id, sizeof id, user, user, NULL) != FIDO_OK ||
	    fido_cred_set_clientdata(c, req->challenge, sizeof req->challenge) != FIDO_OK ||
	    fido_cred_set_rk(c, FIDO_OPT_OMIT) != FIDO_OK ||
	    fido_cred_set_uv(c, FIDO_OPT_OMIT) != FIDO_OK)
		fido_cred_free(&c);
	return c;
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
	p->cred = new_cred(j);
	if (p->cred == NULL || fido_dev_set_timeout(d->dev, -1) != FIDO_OK)
		return hs_fail(err, HS_ERR_NOMEM, "%s", "");
	if (!hs_lane_arm(l))
		return hs_fail(err, HS_SK_CANCELLED, "%s", "");
	r = fido_dev_make_cred(d->dev, p->cred, NULL);
	hs_lane_disarm(l);
	if (r == FIDO_OK || r == FIDO_ERR_OPERATION_DENIED)
		hs_lane_decide(l);
	if (r != FIDO_OK)
		return hs_device_failed(d, r, err);
	rc = hs_credential_take(j->req, p->cred, &p->key, &p->got, err);
	p->got.product = hs_str_c(d->product);
	p->got.simulated = d->simulated;
	return rc;
}

static int
put_answer(struct hs_buf *answer, const struct part *p, struct hs_err *err)
{
	const struct hs_helper_answer m = {
	    .op = HS_HELPER_ENROLL, .code = HS_OK, .enrolled = p->got};

	hs_helper_answer_put(answer, &m);
	return hs_buf_err(answer) == HS_OK ? HS_OK : hs_fail(err, HS_ERR_NOMEM, "%s", "");
}

int
hs_enroll(const struct hs_helper_enroll *req, struct hs_buf *answer, bool *stuck,
    struct hs_err *err)
{
	struct job *j = calloc(1, sizeof *j); // not on the stack: threads may outlive this
	struct hs_race_end end = {0};
	int rc;

	*stuck = false;
	if (j == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "%s", "");
	j->req = req;
	rc = hs_str_copy(req->user, j->user, sizeof j->user);
	if (rc != HS_OK)
		hs_fail(err, HS_ERR_USAGE, "the label is too long");
	if (rc == HS_OK)
		rc = list_devices(j, err);
	if (rc == HS_OK)
		rc = hs_race_run(&j->devs, lane, j, req->timeout, &end, err);
	if (rc == HS_OK)
		rc = put_answer(answer, &j->part[end.winner], err);
	*stuck = end.stuck;
	if (!end.stuck) {
		hs_devices_close(&j->devs);
		for (size_t i = 0; i < HS_DEVICES_MAX; i++) {
			fido_cred_free(&j->part[i].cred);
			hs_buf_free(&j->part[i].key);
		}
		free(j);
	}
	return rc;
}
