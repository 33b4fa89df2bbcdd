// SPDX-License-Identifier: ISC
//
// CTAPHID of the software key, without sockets: channels and framing. Order, time and
// several hosts are in test_softkey_hid_order.c.
#include "tests/softkey/reports.h"

static void
init_gives_channels(void **state)
{
	uint32_t a = channel(ANNA), b = channel(ANNA), c = channel(BERT);

	(void)state;
	assert_true(a != b && b != c && a != c);
	assert_true(a != 0 && b != 0 && c != 0);
	assert_true(a != HS_HID_BROADCAST);
}

static void
init_with_wrong_length(void **state)
{
	(void)state;
	for (size_t len = 0; len < 12; len++) {
		if (len == 8)
			continue;
		first(ANNA, HS_HID_BROADCAST, HS_HID_INIT, len, pattern(len));
		assert_error(HS_HID_BROADCAST, HS_HID_ERR_LEN);
	}
	first(ANNA, HS_HID_BROADCAST, HS_HID_INIT, 0xffff, NULL);
	assert_error(HS_HID_BROADCAST, HS_HID_ERR_LEN);
}

static void
init_on_its_channel_begins_anew(void **state)
{
	uint32_t cid = channel(ANNA);

	(void)state;
	first(ANNA, cid, HS_HID_PING, 100, pattern(100));
	assert_int_equal(hid.state, HS_HID_READING);
	assert_int_equal(first(ANNA, cid, HS_HID_INIT, 8, pattern(8)), HS_HID_NONE);
	assert_int_equal(cid_at(0), cid);
	assert_int_equal(cid_at(15), cid);
	assert_int_equal(hid.state, HS_HID_IDLE);

	assert_int_equal(message(ANNA, cid, HS_HID_CBOR, pattern(3), 3), HS_HID_REQUEST);
	assert_int_equal(first(ANNA, cid, HS_HID_INIT, 8, pattern(8)), HS_HID_DROPPED);
	assert_int_equal(cid_at(15), cid);
	assert_int_equal(hid.state, HS_HID_IDLE);
	first(ANNA, cid, HS_HID_INIT, 8, pattern(8));
	assert_int_equal(cid_at(15), cid);
}

static void
channels_that_are_not_theirs(void **state)
{
	uint32_t cid = channel(ANNA);
	uint32_t wrong[] = {0, cid + 1, HS_HID_BROADCAST};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(
		    first(ANNA, wrong[i], HS_HID_PING, 1, pattern(1)), HS_HID_NONE);
		assert_error(wrong[i], HS_HID_ERR_CHANNEL);
	}
	first(BERT, cid, HS_HID_PING, 1, pattern(1)); // another host's
	assert_error(cid, HS_HID_ERR_CHANNEL);
	first(BERT, cid, HS_HID_INIT, 8, pattern(8));
	assert_error(cid, HS_HID_ERR_CHANNEL);
	first(BERT, 0, HS_HID_INIT, 8, pattern(8));
	assert_error(0, HS_HID_ERR_CHANNEL);
	first(BERT, cid, HS_HID_CANCEL, 0, NULL);
	assert_error(cid, HS_HID_ERR_CHANNEL);
}

static void
oldest_channel_is_given_up(void **state)
{
	uint32_t oldest = channel(ANNA), second = channel(ANNA), cid = 0;

	(void)state;
	for (size_t i = 0; i < HS_HID_CHANNELS - 1; i++)
		cid = channel(BERT);
	first(ANNA, oldest, HS_HID_PING, 1, pattern(1));
	assert_error(oldest, HS_HID_ERR_CHANNEL);
	first(ANNA, second, HS_HID_PING, 1, pattern(1));
	assert_message(second, HS_HID_PING, pattern(1), 1);
	first(BERT, cid, HS_HID_PING, 1, pattern(1));
	assert_message(cid, HS_HID_PING, pattern(1), 1);
}

static void
channel_numbers_wrap(void **state)
{
	(void)state;
	hid.last_cid = HS_HID_BROADCAST - 2;
	assert_int_equal(channel(ANNA), HS_HID_BROADCAST - 1);
	assert_int_equal(channel(ANNA), 1);
}

static void
ping_of_every_length(void **state)
{
	static const size_t lens[] = {
	    0, 1, 56, 57, 58, 115, 116, 117, 1000, HS_HID_MESSAGE - 1, HS_HID_MESSAGE};
	uint32_t cid = channel(ANNA);

	(void)state;
	for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
		const uint8_t *data = pattern(lens[i]);

		assert_int_equal(
		    message(ANNA, cid, HS_HID_PING, data, lens[i]), HS_HID_NONE);
		assert_message(cid, HS_HID_PING, data, lens[i]);
		assert_int_equal(hid.state, HS_HID_IDLE);
	}
}

static void
too_long(void **state)
{
	uint32_t cid = channel(ANNA);

	(void)state;
	first(ANNA, cid, HS_HID_PING, HS_HID_MESSAGE + 1, NULL);
	assert_error(cid, HS_HID_ERR_LEN);
	first(ANNA, cid, HS_HID_CBOR, 0xffff, NULL);
	assert_error(cid, HS_HID_ERR_LEN);
	assert_int_equal(hid.state, HS_HID_IDLE);
}

static void
wink_and_unknown_commands(void **state)
{
	static const uint8_t unknown[] = {0x00, 0x02, 0x03, 0x04, 0x3b, 0x3f, 0x40, 0x7f};
	uint32_t cid = channel(ANNA);

	(void)state;
	first(ANNA, cid, HS_HID_WINK, 0, NULL);
	assert_message(cid, HS_HID_WINK, NULL, 0);
	first(ANNA, cid, HS_HID_WINK, 1, pattern(1));
	assert_error(cid, HS_HID_ERR_LEN);
	for (size_t i = 0; i < sizeof unknown; i++) {
		assert_int_equal(first(ANNA, cid, unknown[i], 2, pattern(2)), HS_HID_NONE);
		assert_error(cid, HS_HID_ERR_CMD);
	}
	first(ANNA, cid, HS_HID_CBOR, 0, NULL);
	assert_error(cid, HS_HID_ERR_LEN);
	assert_int_equal(hid.state, HS_HID_IDLE);
}

static void
report_id_and_wrong_sizes(void **state)
{
	uint8_t r[HS_HID_REPORT + 2] = {0};
	uint32_t cid = channel(ANNA);

	(void)state;
	put_cid(r + 1, cid);
	r[5] = 0x80 | HS_HID_PING;
	r[7] = 3;
	assert_int_equal(packet(ANNA, r, HS_HID_REPORT + 1), HS_HID_NONE);
	assert_message(cid, HS_HID_PING, r + 8, 3);
	for (size_t len = 0; len <= sizeof r; len++) {
		if (len == HS_HID_REPORT || len == HS_HID_REPORT + 1)
			continue;
		assert_int_equal(packet(ANNA, r, len), HS_HID_BAD);
		assert_silent();
	}
	r[0] = 1; // another report id
	assert_int_equal(packet(ANNA, r, HS_HID_REPORT + 1), HS_HID_BAD);
	assert_int_equal(hid.state, HS_HID_IDLE);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(init_gives_channels),
	    T(init_with_wrong_length),
	    T(init_on_its_channel_begins_anew),
	    T(channels_that_are_not_theirs),
	    T(oldest_channel_is_given_up),
	    T(channel_numbers_wrap),
	    T(ping_of_every_length),
	    T(too_long),
	    T(wink_and_unknown_commands),
	    T(report_id_and_wrong_sizes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
