// SPDX-License-Identifier: ISC
//
// Hosts of the software key that misbehave, or are many, on the socket itself: what is no
// report, who stops in the middle, does not read, or begins anew while an operation waits.
#include "tests/softkey/fixture.h"

static struct fix fix;

static int
setup(void **state)
{
	(void)state;
	fix_make(&fix, 60000);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fix_free(&fix);
	return 0;
}

static void
put_first(uint8_t r[static 65], const uint8_t cid[static 4], uint8_t cmd, size_t len)
{
	memset(r, 0, 65); // the report id is 0
	memcpy(r + 1, cid, 4);
	r[5] = cmd | 0x80;
	r[6] = (uint8_t)(len >> 8);
	r[7] = (uint8_t)len;
}

static void
read_report(void *host, uint8_t r[static 64])
{
	memset(r, 0, 64);
	assert_int_equal(fix_io_read(host, r, 64, -1), 64);
}

// A connection with a channel.
static void *
open_channel(uint8_t cid[static 4])
{
	static const uint8_t broadcast[4] = {0xff, 0xff, 0xff, 0xff};
	void *host = fix_io_open(fix.hosts);
	uint8_t r[65];

	assert_non_null(host);
	put_first(r, broadcast, 0x06, 8);
	assert_int_equal(fix_io_write(host, r, 65), 65);
	read_report(host, r);
	memcpy(cid, r + 15, 4);
	return host;
}

// Sends a ping of the greatest length. False if the key has closed the connection.
static bool
send_ping(void *host, const uint8_t cid[static 4])
{
	uint8_t r[65];
	bool ok;

	put_first(r, cid, 0x01, 7609);
	ok = fix_io_write(host, r, 65) == 65;
	for (uint8_t seq = 0; ok && seq < 128; seq++) {
		memset(r, seq, sizeof r);
		r[0] = 0;
		memcpy(r + 1, cid, 4);
		r[5] = seq;
		ok = fix_io_write(host, r, 65) == 65;
	}
	return ok;
}

static void
read_ping(void *host)
{
	uint8_t r[64];

	read_report(host, r);
	assert_int_equal(r[4], 0x81);
	for (uint8_t seq = 0; seq < 128; seq++) {
		read_report(host, r);
		assert_int_equal(r[4], seq);
		assert_int_equal(r[63], seq);
	}
}

static void
host_that_reads_late(void **state)
{
	uint8_t cid[4];
	void *host = open_channel(cid);

	(void)state;
	for (int i = 0; i < 4; i++) // more than the socket holds
		assert_true(send_ping(host, cid));
	fix_state_has(&fix, "plugged yes\n"); // and nobody else notices
	for (int i = 0; i < 4; i++)
		read_ping(host);
	fix_io_close(host);
}

static void
host_that_never_reads(void **state)
{
	uint8_t cid[4];
	void *host = open_channel(cid);
	int sent = 0;

	(void)state;
	while (sent < 200 && send_ping(host, cid))
		sent++;
	assert_in_range(sent, 1, 199);
	fix_io_close(host);
	fix_state_has(&fix, "plugged yes\n");
}

static void
host_begins_anew_while_it_waits(void **state)
{
	uint8_t cid[4], r[65];
	void *host = open_channel(cid);

	(void)state;
	put_first(r, cid, 0x10, 1);
	r[8] = HS_CTAP_SELECTION;
	assert_int_equal(fix_io_write(host, r, 65), 65);
	fix_ok(&fix, "wait 20");
	read_report(host, r);
	assert_int_equal(r[4], 0xbb); // a keepalive that says
	assert_int_equal(r[7], 2);    // touch me
	put_first(r, cid, 0x06, 8);
	assert_int_equal(fix_io_write(host, r, 65), 65);
	do
		read_report(host, r);
	while (r[4] == 0xbb);
	assert_int_equal(r[4], 0x86);
	fix_state_has(&fix, "waiting no\n");
	fix_error(&fix, "touch", "nothing waits");
	fix_io_close(host);
}

// A keepalive comes again and again, and another kind once it is touched.
static void
keepalives(void **state)
{
	uint8_t cid[4], r[65];
	void *host = open_channel(cid);

	(void)state;
	put_first(r, cid, 0x10, 1);
	r[8] = HS_CTAP_SELECTION;
	assert_int_equal(fix_io_write(host, r, 65), 65);
	for (int i = 0; i < 3; i++) {
		read_report(host, r);
		assert_int_equal(r[4], 0xbb);
		assert_int_equal(r[7], 2);
	}
	fix_ok(&fix, "touch");
	do
		read_report(host, r);
	while (r[4] == 0xbb && r[7] == 2);
	assert_int_equal(r[4], 0xbb);
	assert_int_equal(r[7], 1); // at work
	read_report(host, r);
	assert_int_equal(r[4], 0x90);
	assert_int_equal(r[6], 1);
	assert_int_equal(r[7], HS_CTAP_OK);
	fix_io_close(host);
}

// A host that begins a message and does not go on gets its timeout, and the key is free
// again.
static void
host_that_stops(void **state)
{
	uint8_t cid[4], r[65];
	void *host = open_channel(cid);

	(void)state;
	put_first(r, cid, 0x01, 100); // bytes, of which 57 are sent
	assert_int_equal(fix_io_write(host, r, 65), 65);
	read_report(host, r);
	assert_int_equal(r[4], 0xbf);
	assert_int_equal(r[7], 0x05); // MSG_TIMEOUT
	assert_true(send_ping(host, cid));
	read_ping(host);
	fix_io_close(host);
}

static void
many_hosts(void **state)
{
	uint8_t report[64];
	void *hosts[40] = {NULL};

	(void)state;
	for (size_t i = 0; i < 40; i++) {
		hosts[i] = fix_io_open(fix.hosts);
		assert_non_null(hosts[i]);
	}
	for (size_t i = 32; i < 40; i++)
		assert_int_equal(fix_io_read(hosts[i], report, sizeof report, -1), -1);
	for (size_t i = 0; i < 40; i++)
		fix_io_close(hosts[i]);
	fix_ok(&fix, "auto on");
}

// What is no report ends the connection of its host, and of no other.
static void
host_without_reports(void **state)
{
	fido_dev_t *dev = fix_dev(&fix);
	void *handle = fix_io_open(fix.hosts);
	fido_cred_t *cred;
	uint8_t report[66] = {0};

	(void)state;
	assert_int_equal(fix_io_write(handle, report, 66), 66);
	assert_int_equal(fix_io_read(handle, report, 64, -1), -1);
	fix_io_close(handle);
	fix_ok(&fix, "auto on");
	cred = fix_made(dev, COSE_EDDSA);
	fido_cred_free(&cred);
	fix_dev_free(dev);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(host_that_reads_late),
	    T(host_that_never_reads),
	    T(host_begins_anew_while_it_waits),
	    T(keepalives),
	    T(host_that_stops),
	    T(many_hosts),
	    T(host_without_reports),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	fido_init(0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
