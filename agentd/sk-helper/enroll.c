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
#include "agentd/sk-helper/person.h"
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
	struct hs_person person;
	struct part part[HS_DEVICES_MAX];
};

static int
list_devices(struct job *j, struct hs_err *err)
{
	return j->req->device.len > 0 ? hs_devices_add(&j->devs, j->req->device, err)
				      : hs_devices_find(&j->devs, err);
}

// Not resident and without extensions: all there is of it is its handle. Where a PIN is
// demanded, too: a credential that is hidden until then (credProtect level 3) could not be
// looked for without spending a try of each key that does not hold it. The user's id is
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
	    fido_cred_set_rk(c, FIDO_OPT_OMIT) != FIDO_OK)
		fido_cred_free(&c);
	return c;
}

static int
ask(fido_dev_t *dev, void *arg, bool uv, const char *pin)
{
	fido_cred_t *cred = arg;
	int r = fido_cred_set_uv(cred, uv ? FIDO_OPT_TRUE : FIDO_OPT_OMIT);

	return r == FIDO_OK ? fido_dev_make_cred(dev, cred, pin) : r;
}

static int
lane(struct hs_lane *l, size_t i, void *arg, struct hs_err *err)
{
	struct hs_device *d = hs_lane_device(l);
	struct job *j = arg;
	struct part *p = &j->part[i];
	int rc = hs_device_open(d, hs_lane_stop(l), err);

	hs_person_report(&j->person, rc == HS_OK);
	if (rc != HS_OK)
		return rc;
	p->cred = new_cred(j);
	if (p->cred == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "%s", "");
	rc = hs_person_run(&j->person, l, j->req->verify != 0, ask, p->cred, err);
	if (rc == HS_OK)
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
hs_enroll(const struct hs_helper_enroll *req, struct hs_buf *answer, uint8_t *retries,
    bool *stuck, struct hs_err *err)
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
	hs_person_init(&j->person, req->pin, req->timeout, j->devs.n);
	if (rc == HS_OK)
		rc = hs_race_run(&j->devs, lane, j, req->timeout, &end, err);
	if (rc == HS_OK)
		rc = put_answer(answer, &j->part[end.winner], err);
	*retries = atomic_load(&j->person.retries);
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
