// SPDX-License-Identifier: ISC
//
// CTAPHID of the software key, without sockets: reports in the wrong order, several hosts
// at once, cancel, timeouts.
#include "tests/softkey/reports.h"

#include <stdlib.h>
#include <time.h>

static void
wrong_sequence(void **state)
{
	uint32_t cid = channel(ANNA);

	(void)state;
	for (unsigned seq = 0; seq < 0x80; seq++) {
		if (seq == 1)
			continue;
		first(ANNA, cid, HS_HID_PING, 200, pattern(200));
		next(ANNA, cid, 0, pattern(200) + 57, 143);
		assert_silent();
		assert_int_equal(next(ANNA, cid, (uint8_t)seq, NULL, 0), HS_HID_NONE);
		assert_error(cid, HS_HID_ERR_SEQ);
		assert_int_equal(hid.state, HS_HID_IDLE);
	}
	message(ANNA, cid, HS_HID_PING, pattern(200), 200); // none the worse for it
	assert_message(cid, HS_HID_PING, pattern(200), 200);
}

static void
first_report_within_a_message(void **state)
{
	uint32_t cid = channel(ANNA);

	(void)state;
	first(ANNA, cid, HS_HID_PING, 200, pattern(200));
	first(ANNA, cid, HS_HID_PING, 1, pattern(1));
	assert_error(cid, HS_HID_ERR_SEQ);
	assert_int_equal(hid.state, HS_HID_IDLE);
	next(ANNA, cid, 0, NULL, 0);
	assert_silent();
}

static void
stray_reports_are_passed_over(void **state)
{
	uint32_t cid = channel(ANNA), other = channel(ANNA), berts = channel(BERT);

	(void)state;
	assert_int_equal(next(ANNA, cid, 0, NULL, 0), HS_HID_NONE);
	assert_silent();
	first(ANNA, cid, HS_HID_PING, 100, pattern(100));
	next(ANNA, other, 0, NULL, 0);
	assert_silent();
	next(BERT, cid, 0, NULL, 0);
	assert_silent();
	next(BERT, berts, 0, NULL, 0);
	assert_silent();
	next(ANNA, cid, 0, pattern(100) + 57, 43);
	assert_message(cid, HS_HID_PING, pattern(100), 100);
}

static void
others_find_it_busy(void **state)
{
	uint32_t cid = channel(ANNA), other = channel(ANNA), berts = channel(BERT);

	(void)state;
	for (int working = 0; working < 2; working++) {
		size_t len = working ? 5 : 100;

		assert_int_equal(first(ANNA, cid, HS_HID_CBOR, len, pattern(len)),
		    working ? HS_HID_REQUEST : HS_HID_NONE);
		first(ANNA, other, HS_HID_PING, 1, pattern(1));
		assert_error(other, HS_HID_ERR_BUSY);
		first(BERT, berts, HS_HID_CBOR, 1, pattern(1));
		assert_error(berts, HS_HID_ERR_BUSY);
		first(BERT, berts, HS_HID_INIT, 8, pattern(8));
		assert_error(berts, HS_HID_ERR_BUSY);
		first(BERT, HS_HID_BROADCAST, HS_HID_INIT, 8, pattern(8));
		assert_error(HS_HID_BROADCAST, HS_HID_ERR_BUSY);
		assert_int_equal(hid.state, working ? HS_HID_WORKING : HS_HID_READING);
		first(ANNA, cid, HS_HID_INIT, 8, pattern(8));
	}
	message(ANNA, cid, HS_HID_CBOR, pattern(5), 5); // and so does its own channel
	first(ANNA, cid, HS_HID_PING, 1, pattern(1));
	assert_error(cid, HS_HID_ERR_BUSY);
	assert_int_equal(hid.state, HS_HID_WORKING);
}

static void
request_and_reply(void **state)
{
	uint32_t cid = channel(ANNA);
	struct hs_str m;

	(void)state;
	assert_int_equal(
	    message(ANNA, cid, HS_HID_CBOR, pattern(300), 300), HS_HID_REQUEST);
	assert_silent();
	m = hs_hid_message(&hid);
	assert_int_equal(m.len, 300);
	assert_memory_equal(m.p, pattern(300), 300);
	hs_hid_keepalive(&hid, HS_HID_UPNEEDED, &out);
	assert_message(cid, HS_HID_KEEPALIVE, (const uint8_t *)"\2", 1);
	hs_buf_reset(&out);
	hs_hid_keepalive(&hid, HS_HID_PROCESSING, &out);
	assert_message(cid, HS_HID_KEEPALIVE, (const uint8_t *)"\1", 1);
	hs_buf_reset(&out);
	hs_hid_reply(&hid, (struct hs_str){pattern(HS_HID_MESSAGE), HS_HID_MESSAGE}, &out);
	assert_message(cid, HS_HID_CBOR, pattern(HS_HID_MESSAGE), HS_HID_MESSAGE);
	assert_int_equal(hid.state, HS_HID_IDLE);
	hs_buf_reset(&out);
	hs_hid_reply(&hid, (struct hs_str){pattern(1), HS_HID_MESSAGE + 1}, &out);
	assert_int_equal(hs_buf_err(&out), HS_ERR_TOO_LONG);
}

static void
cancel(void **state)
{
	uint32_t cid = channel(ANNA), other = channel(ANNA), berts = channel(BERT);

	(void)state;
	assert_int_equal(first(ANNA, cid, HS_HID_CANCEL, 0, NULL), HS_HID_NONE);
	assert_silent(); // nothing to cancel
	first(ANNA, cid, HS_HID_CBOR, 100, pattern(100));
	assert_int_equal(first(ANNA, cid, HS_HID_CANCEL, 0, NULL), HS_HID_NONE);
	assert_silent(); // not asked for yet
	assert_int_equal(next(ANNA, cid, 0, NULL, 0), HS_HID_REQUEST);
	assert_int_equal(first(ANNA, other, HS_HID_CANCEL, 0, NULL), HS_HID_NONE);
	assert_silent();
	assert_int_equal(first(BERT, berts, HS_HID_CANCEL, 0, NULL), HS_HID_NONE);
	assert_silent();
	assert_int_equal(first(ANNA, cid, HS_HID_CANCEL, 0, NULL), HS_HID_CALLED_OFF);
	assert_silent();
	assert_int_equal(hid.state, HS_HID_WORKING); // it is answered all the same
}

static void
unfinished_messages_expire(void **state)
{
	uint32_t cid = channel(ANNA);

	(void)state;
	hs_buf_reset(&out);
	assert_false(hs_hid_expire(&hid, clock_ms, &out)); // nothing is read
	first(ANNA, cid, HS_HID_PING, 200, pattern(200));
	clock_ms += HS_HID_TIMEOUT_MS - 1;
	assert_false(hs_hid_expire(&hid, clock_ms, &out));
	next(ANNA, cid, 0, pattern(200) + 57, 143); // each report gives it more time
	clock_ms += HS_HID_TIMEOUT_MS - 1;
	assert_false(hs_hid_expire(&hid, clock_ms, &out));
	clock_ms += 1;
	assert_true(hs_hid_expire(&hid, clock_ms, &out));
	assert_error(cid, HS_HID_ERR_TIMEOUT);
	assert_int_equal(hid.host, ANNA);
	hs_buf_reset(&out);
	assert_false(hs_hid_expire(&hid, clock_ms, &out));
	next(ANNA, cid, 1, NULL, 0);
	assert_silent();
	message(ANNA, cid, HS_HID_CBOR, pattern(1), 1); // what is worked on does not expire
	assert_false(hs_hid_expire(&hid, UINT64_MAX, &out));
}

static void
host_goes_away(void **state)
{
	uint32_t cid = channel(ANNA), berts = channel(BERT);

	(void)state;
	assert_false(hs_hid_gone(&hid, BERT + 1));
	first(ANNA, cid, HS_HID_PING, 200, pattern(200));
	assert_false(hs_hid_gone(&hid, ANNA)); // was promised nothing
	assert_int_equal(hid.state, HS_HID_IDLE);
	first(ANNA, cid, HS_HID_PING, 1, pattern(1));
	assert_error(cid, HS_HID_ERR_CHANNEL);
	message(BERT, berts, HS_HID_CBOR, pattern(1), 1);
	assert_false(hs_hid_gone(&hid, ANNA)); // Bert's goes on
	assert_int_equal(hid.state, HS_HID_WORKING);
	assert_true(hs_hid_gone(&hid, BERT));
	assert_int_equal(hid.state, HS_HID_IDLE);
}

// Two hosts talk across each other at random: nobody gets what is the other's, a reply is
// whole reports, and the key never ends in a state from which a new channel does not help.
static void
random_reports(void **state)
{
	const char *text = getenv("HS_SEED");
	unsigned seed =
	    text != NULL ? (unsigned)strtoul(text, NULL, 0) : (unsigned)time(NULL);
	uint64_t x = seed | 1;

	(void)state;
	print_message("# seed %u\n", seed);
	for (int i = 0; i < 20000; i++) {
		uint8_t r[HS_HID_REPORT + 1] = {0};
		uint32_t host;

		x = x * 6364136223846793005u + 1442695040888963407u;
		host = 1 + (uint32_t)(x >> 60) % 2;
		put_cid(
		    r, (x >> 40) % 8 == 0 ? HS_HID_BROADCAST : (uint32_t)(x >> 44) % 12);
		r[4] = (uint8_t)((x >> 33) % 3 == 0 ? (x >> 20) % 4
						    : 0x80 | ((x >> 20) & 0x17));
		r[6] = (uint8_t)((x >> 10) & 0xff);
		if (r[4] == (0x80 | HS_HID_INIT))
			r[6] = 8;
		clock_ms += (x >> 13) % 64;
		if (packet(host, r, HS_HID_REPORT) == HS_HID_REQUEST) {
			assert_int_equal(hid.host, host);
			if ((x >> 7) % 2 == 0)
				hs_hid_reply(&hid, hs_hid_message(&hid), &out);
		}
		assert_int_equal(out.len % HS_HID_REPORT, 0);
		if ((x >> 5) % 64 == 0)
			hs_hid_gone(&hid, host);
		hs_hid_expire(&hid, clock_ms, &out);
	}
	hs_hid_gone(&hid, ANNA);
	hs_hid_gone(&hid, BERT);
	channel(ANNA);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(wrong_sequence),
	    T(first_report_within_a_message),
	    T(stray_reports_are_passed_over),
	    T(others_find_it_busy),
	    T(request_and_reply),
	    T(cancel),
	    T(unfinished_messages_expire),
	    T(host_goes_away),
	    T(random_reports),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
