// SPDX-License-Identifier: ISC
//
// clientPIN byte by byte, with a host of our own in place of libfido2's: what it would
// never send, and what a token is good for. What it does send is in test_softkey_pin.c.
#include "tests/softkey/pinhost.h"

static void
set_right_pin(void)
{
	assert_int_equal(hs_pin_set(ctap, hs_str_c(PIN)), HS_CTAP_OK);
}

static void
parameters(void **state)
{
	struct hs_buf blob = {0};

	(void)state;
	hs_put_raw(&blob, client_hash, 16);
	assert_int_equal(ASK(.proto = 1), HS_CTAP_MISSING_PARAMETER);
	assert_int_equal(ASK(.sub = 1), HS_CTAP_OK); // the one that wants no protocol
	assert_int_equal(ASK(.sub = 2), HS_CTAP_MISSING_PARAMETER);
	assert_int_equal(ASK(.proto = 3, .sub = 2), HS_CTAP_INVALID_PARAMETER);
	assert_int_equal(ASK(.proto = -1, .sub = 2), HS_CTAP_INVALID_PARAMETER);
	for (int64_t sub = 6; sub < 20; sub++)
		assert_int_equal(ASK(.proto = 1, .sub = sub),
		    sub == 9 ? HS_CTAP_MISSING_PARAMETER : HS_CTAP_INVALID_SUBCOMMAND);
	assert_int_equal(ASK(.proto = 1, .sub = -5), HS_CTAP_INVALID_SUBCOMMAND);
	for (int64_t sub = 3; sub <= 5; sub++) // what each of them needs
		assert_int_equal(ASK(.proto = 1, .sub = sub), HS_CTAP_MISSING_PARAMETER);
	assert_int_equal(ASK(.proto = 1, .sub = 3, .auth = &blob, .pin = &blob),
	    HS_CTAP_MISSING_PARAMETER);
	assert_int_equal(ASK(.proto = 1, .sub = 3, .key = true, .auth = &blob),
	    HS_CTAP_MISSING_PARAMETER);
	assert_int_equal(
	    ASK(.proto = 1, .sub = 4, .key = true, .auth = &blob, .pin = &blob),
	    HS_CTAP_MISSING_PARAMETER);
	assert_int_equal(
	    ASK(.proto = 1, .sub = 9, .hash = &blob, .rp = RP), HS_CTAP_MISSING_PARAMETER);
	assert_int_equal(
	    ASK(.proto = 2, .sub = 2, .future = 77), HS_CTAP_OK); // passed over
	set_right_pin();
	assert_int_equal(
	    ASK(.proto = 1, .sub = 5, .hash = &blob), HS_CTAP_MISSING_PARAMETER);
	assert_int_equal(ctap->store.retries, HS_STORE_PIN_RETRIES); // nothing was compared
	hs_buf_free(&blob);
}

static int
key_with(int64_t kty, int64_t alg, int64_t curve, size_t xlen)
{
	struct hs_buf b = {0};
	int rc;

	hs_put_u8(&b, HS_CTAP_CLIENT_PIN);
	hs_cbor_put_map(&b, 4);
	hs_cbor_put_int(&b, 1);
	hs_cbor_put_int(&b, 1);
	hs_cbor_put_int(&b, 2);
	hs_cbor_put_int(&b, 5);
	hs_cbor_put_int(&b, 3);
	put_key(&b, kty, alg, curve, xlen);
	hs_cbor_put_int(&b, 6);
	hs_cbor_put_bytes(&b, client_hash, 16);
	rc = run(&b);
	hs_buf_free(&b);
	return rc;
}

static void
hosts_key(void **state)
{
	(void)state;
	set_right_pin();
	assert_int_equal(key_with(1, -25, 1, 32), HS_CTAP_INVALID_PARAMETER);
	assert_int_equal(key_with(2, -7, 1, 32), HS_CTAP_INVALID_PARAMETER);
	assert_int_equal(key_with(2, -25, 2, 32), HS_CTAP_INVALID_PARAMETER);
	assert_int_equal(key_with(2, -25, 1, 31), HS_CTAP_INVALID_PARAMETER);
	assert_int_equal(key_with(2, -25, 1, 33), HS_CTAP_INVALID_PARAMETER);
	public[5] ^= 1; // no point of the curve
	assert_int_equal(key_with(2, -25, 1, 32), HS_CTAP_INVALID_PARAMETER);
	public[5] ^= 1;
	assert_int_equal(ctap->store.retries, HS_STORE_PIN_RETRIES);
	assert_int_equal(key_with(2, -25, 1, 32), HS_CTAP_PIN_INVALID);
	assert_int_equal(ctap->store.retries, HS_STORE_PIN_RETRIES - 1);
}

static void
key_of_another_form(void **state)
{
	static const char four[] = "\x06\xa3\x01\x01\x02\x05\x03\xa4\x01\x02\x03\x38\x18"
				   "\x20\x01\x21\x40";
	static const char order[] = "\x06\xa3\x01\x01\x02\x05\x03\xa5\x01\x02\x04\x38\x18"
				    "\x20\x01\x21\x40\x22\x40";
	static const char text[] = "\x06\xa3\x01\x01\x02\x05\x03\xa5\x01\x02\x03\x38\x18"
				   "\x20\x01\x21\x60\x22\x40";
	static const char named[] = "\x06\xa3\x01\x01\x02\x05\x03\xa5\x01\x02\x03\x38\x18"
				    "\x20\x01\x21\x40\x61\x78\x40";
	static const char number[] = "\x06\xa3\x01\x01\x02\x05\x03\x01";
	struct hs_buf b = {0};

	(void)state;
	hs_put_raw(&b, four, sizeof four - 1);
	assert_int_equal(run(&b), HS_CTAP_INVALID_PARAMETER);
	hs_buf_reset(&b);
	hs_put_raw(&b, order, sizeof order - 1);
	assert_int_equal(run(&b), HS_CTAP_INVALID_PARAMETER);
	hs_buf_reset(&b);
	hs_put_raw(&b, text, sizeof text - 1);
	assert_int_equal(run(&b), HS_CTAP_UNEXPECTED_TYPE);
	hs_buf_reset(&b);
	hs_put_raw(&b, named, sizeof named - 1);
	assert_int_equal(run(&b), HS_CTAP_INVALID_PARAMETER); // x is empty
	hs_buf_reset(&b);
	hs_put_raw(&b, number, sizeof number - 1);
	assert_int_equal(run(&b), HS_CTAP_UNEXPECTED_TYPE);
	hs_buf_free(&b);
}

static void
set_pin_with_something_wrong(int proto)
{
	struct hs_buf pin = {0}, auth = {0};
	uint8_t padded[80] = PIN;

	agree(proto);
	for (size_t len = 48; len <= 80; len += 16) {
		int want = len == 64 ? HS_CTAP_OK : HS_CTAP_INVALID_PARAMETER;

		hs_buf_reset(&pin);
		assert_int_equal(
		    hs_pinproto_encrypt(&shared, (struct hs_str){padded, len}, &pin),
		    HS_OK);
		mac(shared.hmac, hs_buf_str(&pin), proto, &auth);
		auth.p[3] ^= 1;
		assert_int_equal(
		    ASK(.proto = proto, .sub = 3, .key = true, .auth = &auth, .pin = &pin),
		    HS_CTAP_PIN_AUTH_INVALID);
		auth.p[3] ^= 1;
		auth.len -= 1;
		assert_int_equal(
		    ASK(.proto = proto, .sub = 3, .key = true, .auth = &auth, .pin = &pin),
		    HS_CTAP_PIN_AUTH_INVALID);
		auth.len += 1;
		assert_false(ctap->store.pin_set);
		assert_int_equal(
		    ASK(.proto = proto, .sub = 3, .key = true, .auth = &auth, .pin = &pin),
		    want);
		ctap->store.pin_set = false;
	}
	hs_buf_reset(&pin); // no whole block
	hs_put_raw(&pin, padded, 63);
	mac(shared.hmac, hs_buf_str(&pin), proto, &auth);
	assert_int_equal(
	    ASK(.proto = proto, .sub = 3, .key = true, .auth = &auth, .pin = &pin),
	    HS_CTAP_INVALID_PARAMETER);
	hs_buf_reset(&pin); // nothing but zeros
	memset(padded, 0, sizeof padded);
	assert_int_equal(
	    hs_pinproto_encrypt(&shared, (struct hs_str){padded, 64}, &pin), HS_OK);
	mac(shared.hmac, hs_buf_str(&pin), proto, &auth);
	assert_int_equal(
	    ASK(.proto = proto, .sub = 3, .key = true, .auth = &auth, .pin = &pin),
	    HS_CTAP_PIN_POLICY);
	hs_buf_free(&pin);
	hs_buf_free(&auth);
}

static void
set_pin(void **state)
{
	(void)state;
	set_pin_with_something_wrong(1);
	set_pin_with_something_wrong(2);
}

static void
change_pin(void **state)
{
	struct hs_buf pin = {0}, hash = {0}, auth = {0}, both = {0};
	uint8_t padded[64] = "13579";

	(void)state;
	set_right_pin();
	for (int proto = 1; proto <= 2; proto++) {
		agree(proto);
		hash_of(proto == 1 ? PIN : "13579", &hash);
		hs_buf_reset(&pin);
		assert_int_equal(
		    hs_pinproto_encrypt(&shared, (struct hs_str){padded, 64}, &pin), HS_OK);
		mac(shared.hmac, hs_buf_str(&pin), proto, &auth); // leaves out the old one
		assert_int_equal(ASK(.proto = proto, .sub = 4, .key = true, .auth = &auth,
				     .pin = &pin, .hash = &hash),
		    HS_CTAP_PIN_AUTH_INVALID);
		assert_int_equal(ctap->store.retries, HS_STORE_PIN_RETRIES);
		hs_buf_reset(&both);
		hs_put_raw(&both, pin.p, pin.len);
		hs_put_raw(&both, hash.p, hash.len);
		mac(shared.hmac, hs_buf_str(&both), proto, &auth);
		assert_int_equal(ASK(.proto = proto, .sub = 4, .key = true, .auth = &auth,
				     .pin = &pin, .hash = &hash),
		    HS_CTAP_OK);
	}
	hs_buf_free(&pin);
	hs_buf_free(&hash);
	hs_buf_free(&auth);
	hs_buf_free(&both);
}

static void
permissions(void **state)
{
	uint8_t token[32];

	(void)state;
	assert_int_equal(get_token(2, 1, RP, token), HS_CTAP_PIN_NOT_SET);
	set_right_pin();
	assert_int_equal(get_token(2, 1, NULL, token), HS_CTAP_MISSING_PARAMETER);
	assert_int_equal(get_token(2, 0, RP, token), HS_CTAP_INVALID_PARAMETER);
	assert_int_equal(get_token(2, -1, RP, token), HS_CTAP_INVALID_PARAMETER);
	assert_int_equal(get_token(2, 4, RP, token), HS_CTAP_UNAUTHORIZED_PERMISSION);
	assert_int_equal(get_token(2, 0x101, RP, token), HS_CTAP_UNAUTHORIZED_PERMISSION);
	assert_int_equal(get_token(2, 3, RP, token), HS_CTAP_OK);
	assert_int_equal(get_token(1, 0, NULL, token), HS_CTAP_OK);
	assert_int_equal(ctap->store.retries, HS_STORE_PIN_RETRIES);
}

static void
what_a_token_is_good_for(int proto)
{
	uint8_t token[32];

	assert_int_equal(get_token(proto, HS_PIN_PERM_MC, RP, token), HS_CTAP_OK);
	assert_int_equal(use_token(2, RP, proto, token), HS_CTAP_PIN_AUTH_INVALID);
	assert_int_equal(use_token(1, "ssh:other", proto, token), HS_CTAP_PIN_AUTH_INVALID);
	assert_int_equal(use_token(1, RP, 3 - proto, token), HS_CTAP_PIN_AUTH_INVALID);
	assert_int_equal(use_token(1, RP, proto, token), HS_CTAP_OK);
	assert_int_equal( // a touch has used it up
	    use_token(1, RP, proto, token), HS_CTAP_PIN_AUTH_INVALID);

	assert_int_equal(get_token(proto, HS_PIN_PERM_GA, RP, token), HS_CTAP_OK);
	assert_int_equal(use_token(1, RP, proto, token), HS_CTAP_PIN_AUTH_INVALID);
	assert_int_equal(use_token(2, RP, proto, token), HS_CTAP_NO_CREDENTIALS);
	assert_int_equal(use_token(2, RP, proto, token), HS_CTAP_PIN_AUTH_INVALID);

	assert_int_equal(get_token(proto, 0, NULL, token), HS_CTAP_OK);
	assert_int_equal(use_token(2, RP, proto, token), HS_CTAP_NO_CREDENTIALS);

	assert_int_equal(get_token(proto, HS_PIN_PERM_MC, RP, token), HS_CTAP_OK);
	assert_int_equal(hs_ctap_power_up(ctap), HS_OK);
	assert_int_equal(use_token(1, RP, proto, token), HS_CTAP_PIN_AUTH_INVALID);
	assert_int_equal(get_token(proto, HS_PIN_PERM_MC, RP, token), HS_CTAP_OK);
	set_right_pin(); // a new PIN ends it
	assert_int_equal(use_token(1, RP, proto, token), HS_CTAP_PIN_AUTH_INVALID);
}

static void
tokens(void **state)
{
	(void)state;
	set_right_pin();
	what_a_token_is_good_for(1);
	what_a_token_is_good_for(2);
}

// The first use binds a token that was fetched without a relying party: here while it
// waits.
static void
token_binds(void **state)
{
	uint8_t token[32];
	struct hs_buf auth = {0};

	(void)state;
	set_right_pin();
	assert_int_equal(get_token(1, 0, NULL, token), HS_CTAP_OK);
	assert_int_equal(
	    hs_pin_check(
		ctap, &(struct hs_request){.hash = {client_hash, 32}, .proto = 0}, 1),
	    HS_CTAP_MISSING_PARAMETER);
	mac(token, (struct hs_str){client_hash, 32}, 1, &auth);
	assert_int_equal(hs_pin_check(ctap,
			     &(struct hs_request){.hash = {client_hash, 32},
				 .proto = 1,
				 .auth = hs_buf_str(&auth),
				 .rp_hash = {1}},
			     1),
	    HS_CTAP_OK);
	assert_int_equal(use_token(2, RP, 1, token), HS_CTAP_PIN_AUTH_INVALID);
	hs_buf_free(&auth);
}

// A wrong PIN makes a new key agreement, so that nobody can try many on one.
static void
wrong_pin_renews_the_agreement(void **state)
{
	uint8_t before[32];
	struct hs_buf hash = {0};

	(void)state;
	set_right_pin();
	agree(2);
	memcpy(before, ctap->pin.key, 32);
	hash_of("1357", &hash);
	assert_int_equal(
	    ASK(.proto = 2, .sub = 9, .key = true, .hash = &hash, .perms = 1, .rp = RP),
	    HS_CTAP_PIN_INVALID);
	assert_memory_not_equal(before, ctap->pin.key, 32);
	hash_of(PIN, &hash); // right, but under the old agreement
	assert_int_equal(
	    ASK(.proto = 2, .sub = 9, .key = true, .hash = &hash, .perms = 1, .rp = RP),
	    HS_CTAP_PIN_INVALID);
	hash.len = 16; // nothing behind the IV
	assert_int_equal(
	    ASK(.proto = 2, .sub = 9, .key = true, .hash = &hash, .perms = 1, .rp = RP),
	    HS_CTAP_PIN_AUTH_BLOCKED);
	hs_buf_free(&hash);
}

static void
retries_say_when_to_unplug(void **state)
{
	(void)state;
	ctap->pin.misses = 2;
	assert_int_equal(ASK(.sub = 1), HS_CTAP_OK);
	assert_memory_equal(out.p, "\x00\xa2\x03\x08\x04\xf4", 6);
	ctap->pin.misses = 3;
	assert_int_equal(ASK(.proto = 2, .sub = 1), HS_CTAP_OK);
	assert_memory_equal(out.p, "\x00\xa2\x03\x08\x04\xf5", 6);
}

static void
state_that_cannot_be_written(void **state)
{
	uint8_t token[32];

	(void)state;
	set_right_pin();
	ctap->store.path = "/nonexistent/state";
	assert_int_equal(
	    get_token(2, 1, RP, token), HS_CTAP_OTHER); // not even the right one
	assert_int_equal(hs_pin_set(ctap, hs_str_c("13579")), HS_CTAP_OTHER);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(parameters),
	    T(hosts_key),
	    T(key_of_another_form),
	    T(set_pin),
	    T(change_pin),
	    T(permissions),
	    T(tokens),
	    T(token_binds),
	    T(wrong_pin_renews_the_agreement),
	    T(retries_say_when_to_unplug),
	    T(state_that_cannot_be_written),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
