// SPDX-License-Identifier: ISC
//
// The enrolment ceremony, from this side. Contract in newkey.h. Running the helper is in
// skhelper.c, judging what the key says in attestation.c.
#include "client/handseal/newkey.h"

#include <sodium.h>
#include <string.h>
#include "client/handseal/askpin.h"
#include "client/handseal/attestation.h"
#include "client/handseal/ceremony.h"
#include "client/handseal/skhelper.h"
#include "proto/text.h"

struct run {
	const struct hs_newkey *want;
	struct hs_root_record *r;
	struct hs_helper_request m;
	char absolute[HS_CEREMONY_DEVICE_MAX];
};

static int
take_device(struct run *w, struct hs_err *err)
{
	bool softkey = false;
	int rc = hs_ceremony_device(w->want->device, w->absolute, &softkey, err);

	if (rc == HS_OK && softkey) // its length was looked at
		(void)hs_str_copy(hs_str_c(w->absolute), w->r->device, sizeof w->r->device);
	return rc;
}

static int
take_answer(struct run *w, const struct hs_helper_enroll *asked, struct hs_str frame,
    struct hs_err *err)
{
	struct hs_helper_answer a = {0};
	const struct hs_helper_enrolled *e = &a.enrolled;
	const char *verdict = "none";
	int rc = hs_helper_answer_parse(frame, &a);

	// one that could not make out what it was asked says 0
	if (rc == HS_OK && a.op != HS_HELPER_ENROLL && (a.code == HS_OK || a.op != 0))
		rc = HS_ERR_FORMAT;
	if (rc != HS_OK)
		return hs_fail(err, HS_SK_HELPER,
		    "the FIDO helper's answer is malformed: %s",
		    hs_code_sentence((enum hs_code)rc));
	if (a.code != HS_OK)
		return hs_fail(err, a.code, "%.*s", (int)a.sentence.len,
		    a.sentence.len > 0 ? (const char *)a.sentence.p : "");
	rc = hs_attestation_check(asked, e, &w->r->key, &verdict, err);
	if (rc != HS_OK)
		return rc;
	if (w->r->device[0] != '\0' && e->simulated == 0)
		return hs_fail(err, HS_SK_LIED,
		    "the FIDO helper's answer cannot be believed: it calls a software key "
		    "real");
	w->r->simulated = e->simulated != 0;
	memcpy(w->r->handle, e->handle.p, e->handle.len);
	w->r->handle_len = e->handle.len;
	memcpy(w->r->aaguid, e->aaguid, sizeof w->r->aaguid);
	w->r->has_aaguid = true;
	w->r->verify = w->want->pin;
	snprintf(w->r->attestation, sizeof w->r->attestation, "%s", verdict);
	// a label that a root file cannot hold is left out
	if (!hs_text_shown(e->product, NULL) ||
	    hs_str_copy(e->product, w->r->product, sizeof w->r->product) != HS_OK)
		w->r->product[0] = '\0';
	return HS_OK;
}

static int
compose(struct run *w, bool with_pin, struct hs_buf *request, struct hs_err *err)
{
	struct hs_helper_enroll *e = &w->m.enroll;
	int rc;

	w->m.op = HS_HELPER_ENROLL;
	e->device = hs_str_c(w->absolute);
	e->timeout = hs_ceremony_seconds();
	e->key_type = (uint8_t)w->want->type;
	e->user = hs_str_c(w->r->name);
	e->verify = w->want->pin;
	e->pin = with_pin;
	randombytes_buf(e->challenge, sizeof e->challenge);
	hs_helper_request_put(request, &w->m);
	rc = hs_buf_err(request);
	return rc == HS_OK
		   ? HS_OK
		   : hs_fail(err, (enum hs_code)rc, "the request could not be composed");
}

// Nothing but Enter leaves it to the key's own sensor, if it has one.
static int
ask_pin(const struct run *w, char **pin, size_t *len, struct hs_err *err)
{
	return w->want->pin ? hs_askpin("PIN of the security key: ", pin, len, err) : HS_OK;
}

int
hs_newkey_make(const struct hs_newkey *want, struct hs_root_record *r, struct hs_err *err)
{
	struct run w = {.want = want, .r = r};
	struct hs_buf request = {0}, answer = {0};
	struct hs_str secret = {0};
	size_t len = 0;
	char *pin = NULL;
	int rc = want->device != NULL ? take_device(&w, err) : HS_OK;

	if (rc == HS_OK)
		rc = ask_pin(&w, &pin, &len, err);
	if (rc == HS_OK)
		rc = compose(&w, len > 0, &request, err);
	if (rc != HS_OK)
		goto out;
	if (len > 0)
		secret = (struct hs_str){(const uint8_t *)pin, len};
	fputs("Touch it when it blinks … ", want->talk);
	fflush(want->talk);
	rc = hs_skhelper_run(
	    hs_buf_str(&request), secret, hs_ceremony_patience(len > 0), &answer, err);
	sodium_free(pin);
	pin = NULL;
	if (rc == HS_OK)
		rc = take_answer(&w, &w.m.enroll, hs_buf_str(&answer), err);
	fputs(rc == HS_OK ? "touched.\n" : "\n", want->talk);
out:
	sodium_free(pin);
	hs_buf_free(&request);
	hs_buf_free(&answer);
	return rc;
}
