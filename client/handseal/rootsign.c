// SPDX-License-Identifier: ISC
//
// Having a root touched for its list. What is shown is said by the message alone, and the
// helper holds the two against each other. Contract in rootsign.h.
#include "client/handseal/rootsign.h"

#include <sodium.h>
#include "client/handseal/askpin.h"
#include "client/handseal/ceremony.h"
#include "client/handseal/cli.h"
#include "client/handseal/skhelper.h"
#include "proto/helper.h"

struct run {
	const struct hs_rootsign *want;
	struct hs_buf key, shown, request, answer;
	char *pin;
	size_t pin_len;
};

static int
show(struct run *w, struct hs_str message, struct hs_err *err)
{
	struct hs_rlist l;
	int rc = hs_rlist_parse_message(message, &l, err);

	if (rc != HS_OK)
		return rc;
	hs_rlist_put_text(&w->shown, &l);
	if ((rc = hs_buf_err(&w->shown)) != HS_OK)
		return hs_fail(err, (enum hs_code)rc, "%s", "");
	hs_cli_put_text(w->want->talk, hs_buf_str(&w->shown), "");
	fflush(w->want->talk);
	return HS_OK;
}

static int
compose(struct run *w, struct hs_str message, const char *device, struct hs_err *err)
{
	const struct hs_root_record *root = w->want->root;
	struct hs_helper_request m = {.op = HS_HELPER_REVOKE};
	int rc;

	hs_key_put(&w->key, &root->key);
	m.revoke = (struct hs_helper_revoke){.timeout = hs_ceremony_seconds(),
	    .pin = w->pin_len > 0,
	    .shown = hs_buf_str(&w->shown),
	    .candidate = {.device = hs_str_c(device),
		.key = hs_buf_str(&w->key),
		.handle = {root->handle, root->handle_len},
		.body = message,
		.verify = root->verify || w->want->pin}};
	hs_helper_request_put(&w->request, &m);
	rc = hs_buf_err(&w->request);
	return rc == HS_OK
		   ? HS_OK
		   : hs_fail(err, (enum hs_code)rc, "the request could not be composed");
}

static int
take_answer(
    const struct run *w, struct hs_str message, struct hs_buf *list, struct hs_err *err)
{
	struct hs_helper_answer a = {0};
	struct hs_err why = {0};
	struct hs_rlist l;
	int rc = hs_helper_answer_parse(hs_buf_str(&w->answer), &a);

	// one that could not make out what it was asked says 0
	if (rc == HS_OK && a.op != HS_HELPER_REVOKE && (a.code == HS_OK || a.op != 0))
		rc = HS_ERR_FORMAT;
	if (rc != HS_OK)
		return hs_fail(err, HS_SK_HELPER,
		    "the FIDO helper's answer is malformed: %s",
		    hs_code_sentence((enum hs_code)rc));
	if (a.code == HS_SK_PIN_REQUIRED && w->pin_len == 0)
		return hs_fail(err, a.code,
		    "the security key wants its PIN: handseal revoke --by-root --pin");
	if (a.code != HS_OK)
		return hs_fail(err, a.code, "%.*s", (int)a.sentence.len,
		    a.sentence.len > 0 ? (const char *)a.sentence.p : "");
	hs_rlist_put(list, message, a.signed_.signature);
	if ((rc = hs_buf_err(list)) != HS_OK)
		return hs_fail(err, (enum hs_code)rc, "%s", "");
	rc = hs_rlist_parse(hs_buf_str(list), &l, &why);
	if (rc == HS_OK)
		rc = hs_rlist_check(&l, NULL, &why);
	return rc == HS_OK ? HS_OK
			   : hs_fail(err, HS_SK_LIED,
				 "the FIDO helper's answer cannot be believed: %s",
				 hs_err_sentence(&why));
}

static int
touch(struct run *w, struct hs_str message, struct hs_buf *list, struct hs_err *err)
{
	struct hs_str secret = {0};
	FILE *talk = w->want->talk;
	int rc;

	if (w->pin_len > 0)
		secret = (struct hs_str){(const uint8_t *)w->pin, w->pin_len};
	fputs("Touch it when it blinks … ", talk);
	fflush(talk);
	rc = hs_skhelper_run(hs_buf_str(&w->request), secret,
	    hs_ceremony_patience(w->pin_len > 0), &w->answer, err);
	if (rc == HS_OK)
		rc = take_answer(w, message, list, err);
	fputs(rc == HS_OK ? "touched.\n" : "\n", talk);
	return rc;
}

int
hs_rootsign(const struct hs_rootsign *want, struct hs_str message, struct hs_buf *list,
    struct hs_err *err)
{
	struct run w = {.want = want};
	char device[HS_CEREMONY_DEVICE_MAX] = "";
	bool softkey;
	int rc = HS_OK;

	if (want->device != NULL)
		rc = hs_ceremony_device(want->device, device, &softkey, err);
	else
		(void)hs_str_copy(hs_str_c(want->root->device), device, sizeof device);
	if (rc == HS_OK)
		rc = show(&w, message, err);
	if (rc == HS_OK && (want->root->verify || want->pin))
		rc = hs_askpin("PIN of the security key: ", &w.pin, &w.pin_len, err);
	if (rc == HS_OK)
		rc = compose(&w, message, device, err);
	if (rc == HS_OK)
		rc = touch(&w, message, list, err);
	sodium_free(w.pin);
	hs_buf_free(&w.key);
	hs_buf_free(&w.shown);
	hs_buf_free(&w.request);
	hs_buf_free(&w.answer);
	return rc;
}
