// SPDX-License-Identifier: ISC
//
// For unit tests of hid.c: the host's end of CTAPHID, report by report, with a clock of the
// test's own. Linked into no program.
#ifndef HS_SOFTKEY_REPORTS_H
#define HS_SOFTKEY_REPORTS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include "tests/softkey/hid.h"

#define ANNA 1 // two hosts
#define BERT 2

static struct hs_hid hid;
static struct hs_buf out;
static uint64_t clock_ms;

static inline int
setup(void **state)
{
	(void)state;
	memset(&hid, 0, sizeof hid);
	clock_ms = 1000;
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	hs_buf_free(&out);
	return 0;
}

static inline void
put_cid(uint8_t *p, uint32_t cid)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(cid >> (24 - 8 * i));
}

static inline enum hs_hid_event
packet(uint32_t host, const uint8_t *p, size_t len)
{
	hs_buf_reset(&out);
	return hs_hid_packet(&hid, host, (struct hs_str){p, len}, clock_ms, &out);
}

// A first report that announces len bytes and holds as many of data as fit.
static inline enum hs_hid_event
first(uint32_t host, uint32_t cid, uint8_t cmd, size_t len, const uint8_t *data)
{
	uint8_t r[HS_HID_REPORT] = {0};

	put_cid(r, cid);
	r[4] = cmd | 0x80;
	r[5] = (uint8_t)(len >> 8);
	r[6] = (uint8_t)len;
	if (data != NULL)
		memcpy(r + 7, data, len < HS_HID_FIRST ? len : HS_HID_FIRST);
	return packet(host, r, sizeof r);
}

static inline enum hs_hid_event
next(uint32_t host, uint32_t cid, uint8_t seq, const uint8_t *data, size_t len)
{
	uint8_t r[HS_HID_REPORT] = {0};

	put_cid(r, cid);
	r[4] = seq;
	if (data != NULL)
		memcpy(r + 5, data, len < HS_HID_NEXT ? len : HS_HID_NEXT);
	return packet(host, r, sizeof r);
}

static inline uint32_t
cid_at(size_t at)
{
	const uint8_t *p = out.p + at;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void
assert_error(uint32_t cid, uint8_t code)
{
	assert_int_equal(out.len, HS_HID_REPORT);
	assert_int_equal(cid_at(0), cid);
	assert_int_equal(out.p[4], 0x80 | HS_HID_ERROR);
	assert_int_equal(out.p[5], 0);
	assert_int_equal(out.p[6], 1);
	assert_int_equal(out.p[7], code);
}

static inline void
assert_silent(void)
{
	assert_int_equal(out.len, 0);
}

static inline uint32_t
channel(uint32_t host)
{
	const uint8_t nonce[8] = {1, 2, 3, 4, 5, 6, 7, 8};

	assert_int_equal(
	    first(host, HS_HID_BROADCAST, HS_HID_INIT, sizeof nonce, nonce), HS_HID_NONE);
	assert_int_equal(out.len, HS_HID_REPORT);
	assert_int_equal(cid_at(0), HS_HID_BROADCAST);
	assert_int_equal(out.p[4], 0x80 | HS_HID_INIT);
	assert_int_equal(out.p[6], 17);
	assert_memory_equal(out.p + 7, nonce, sizeof nonce);
	assert_int_equal(out.p[19], 2);	   // version of the protocol
	assert_int_equal(out.p[23], 0x0d); // wink, CBOR, no U2F
	return cid_at(15);
}

static inline uint8_t *
pattern(size_t len)
{
	static uint8_t data[HS_HID_MESSAGE + 1];

	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
	return data;
}

// A whole message, report by report.
static inline enum hs_hid_event
message(uint32_t host, uint32_t cid, uint8_t cmd, const uint8_t *data, size_t len)
{
	enum hs_hid_event e = first(host, cid, cmd, len, data);
	uint8_t seq = 0;

	for (size_t at = HS_HID_FIRST; at < len; at += HS_HID_NEXT) {
		assert_int_equal(e, HS_HID_NONE);
		assert_silent();
		e = next(host, cid, seq++, data + at, len - at);
	}
	return e;
}

// What was written is one message, in right reports.
static inline void
assert_message(uint32_t cid, uint8_t cmd, const uint8_t *data, size_t len)
{
	size_t reports = len <= HS_HID_FIRST
			     ? 1
			     : 1 + (len - HS_HID_FIRST + HS_HID_NEXT - 1) / HS_HID_NEXT;
	size_t n = len < HS_HID_FIRST ? len : HS_HID_FIRST, at = n;

	assert_int_equal(out.len, reports * HS_HID_REPORT);
	assert_int_equal(out.p[4], cmd | 0x80);
	assert_int_equal(out.p[5] << 8 | out.p[6], len);
	if (n > 0)
		assert_memory_equal(out.p + 7, data, n);
	for (size_t i = 0; i < reports; i++) {
		const uint8_t *r = out.p + i * HS_HID_REPORT;

		assert_int_equal(cid_at(i * HS_HID_REPORT), cid);
		if (i == 0)
			continue;
		assert_int_equal(r[4], i - 1);
		n = len - at < HS_HID_NEXT ? len - at : HS_HID_NEXT;
		assert_memory_equal(r + 5, data + at, n);
		at += n;
	}
	assert_int_equal(at, len);
}

#endif
