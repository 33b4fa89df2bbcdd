// SPDX-License-Identifier: ISC
//
// Making the examples' messages. Contract in helpermsg.h.
#include "tests/lib/helpermsg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>
#include "tests/lib/page.h"

static struct hs_str
S(const char *s) {
	return hs_str_c(s);
}

static void
make_signature(struct hs_helpermsg *w)
{
	struct hs_buf body = {0};
	struct hs_rd r;
	struct hs_str s;

	hs_put_raw(&body, "BODY", 4);
	assert_int_equal(hs_mint_sign(&w->mint, &body, HS_SK_FLAG_UP, 7), HS_OK);
	r = hs_rd_init(body.p + 4, body.len - 4);
	assert_int_equal(hs_get_string(&r, &s), HS_OK);
	hs_put_raw(&w->sig, s.p, s.len);
	hs_buf_free(&body);
}

// Everything under the example's key.
static void
make_list(struct hs_helpermsg *w)
{
	struct hs_rlist_entry all = {.what = HS_RLIST_ALL};
	struct hs_rlist_spec spec = {.root = &w->mint.key,
	    .version = 1795485600,
	    .issued = 1795485600,
	    .v = &all,
	    .n = 1};
	struct hs_rlist l;

	assert_int_equal(hs_rlist_put_message(&w->list, &spec, NULL), HS_OK);
	assert_int_equal(hs_rlist_parse_message(hs_buf_str(&w->list), &l, NULL), HS_OK);
	hs_rlist_put_text(&w->text, &l);
	w->revoke.op = HS_HELPER_REVOKE;
	w->revoke.revoke = (struct hs_helper_revoke){.timeout = 30,
	    .shown = hs_buf_str(&w->text),
	    .candidate = {.key = hs_buf_str(&w->key),
		.handle = S("HANDLE"),
		.body = hs_buf_str(&w->list)}};
}

void
helpermsg_make(struct hs_helpermsg *w)
{
	uint8_t seed[32];

	*w = (struct hs_helpermsg){0};
	for (size_t i = 0; i < sizeof seed; i++)
		w->enroll.enroll.challenge[i] = seed[i] = (uint8_t)i;
	assert_int_equal(hs_mint_ed25519(&w->mint, HS_KT_SK_ED25519, seed), HS_OK);
	hs_key_put(&w->key, &w->mint.key);
	make_signature(w);
	make_list(w);
	w->enroll.op = HS_HELPER_ENROLL;
	w->enroll.enroll.timeout = 30;
	w->enroll.enroll.key_type = HS_KT_SK_ED25519;
	w->enroll.enroll.user = S("blue");
	w->sign.op = HS_HELPER_SIGN;
	w->sign.sign.timeout = 30;
	w->sign.sign.shown = S(HELPERMSG_SHOWN);
	w->sign.sign.n = 1;
	w->sign.sign.v[0] = (struct hs_helper_candidate){
	    .key = hs_buf_str(&w->key), .handle = S("HANDLE"), .body = S("BODY")};
	w->enrolled = (struct hs_helper_answer){.op = HS_HELPER_ENROLL,
	    .enrolled = {.key = hs_buf_str(&w->key),
		.handle = S("HANDLE"),
		.product = S("Yubico YubiKey FIDO"),
		.aaguid = {0xcb, 0x69, 0x48, 0x1e, 0x8f, 0xf7, 0x40, 0x39, 0x93, 0xec, 0x0a,
		    0x27, 0x29, 0xa1, 0x54, 0xa8},
		.flags = 0x41,
		.auth_data = S("AUTHDATA"),
		.attestation_sig = S("ATTESTATION"),
		.certificate = S("CERTIFICATE")}};
	w->signed_ = (struct hs_helper_answer){.op = HS_HELPER_SIGN,
	    .signed_ = {.signature = hs_buf_str(&w->sig), .device = S("/dev/hidraw3")}};
	w->failed = (struct hs_helper_answer){.op = HS_HELPER_SIGN,
	    .code = HS_SK_TIMEOUT,
	    .sentence = S("the security key was not touched within 30 seconds"),
	    .retries = HS_HELPER_RETRIES_UNKNOWN};
	w->wrong_pin = (struct hs_helper_answer){.op = HS_HELPER_SIGN,
	    .code = HS_SK_PIN_INVALID,
	    .sentence = S("the PIN is wrong: 6 tries are left"),
	    .retries = 6};
	w->unread = (struct hs_helper_answer){.op = HS_HELPER_UNREAD,
	    .code = HS_ERR_TRAILING,
	    .sentence = S("there is more than one request"),
	    .retries = HS_HELPER_RETRIES_UNKNOWN};
}

void
helpermsg_free(struct hs_helpermsg *w)
{
	hs_buf_free(&w->key);
	hs_buf_free(&w->sig);
	hs_buf_free(&w->list);
	hs_buf_free(&w->text);
}

void
helpermsg_is(const char *name, const struct hs_buf *got)
{
	hs_page_is("PROTOCOL.helper", name, got);
}
