// SPDX-License-Identifier: ISC
//
// Fuzzes the software key's CTAPHID: packets of two hosts with time passing between them.
// Each packet is preceded by a byte of what else happens and a byte of its length.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "tests/softkey/hid.h"

#define HOST	 0x01
#define ANSWER	 0x02 // what is asked is answered at once
#define KEEP	 0x04 // a keepalive first
#define LEAVE	 0x08 // the host goes away afterwards
#define TIME(op) ((uint64_t)((op) >> 4) * 100)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
sane(const struct hs_hid *h, const struct hs_buf *out)
{
	must(hs_buf_err(out) == HS_OK && out->len % HS_HID_REPORT == 0);
	must(h->got <= h->want || h->state == HS_HID_IDLE);
	must(h->state == HS_HID_IDLE || (h->want <= HS_HID_MESSAGE && h->cid != 0));
}

static void
one(struct hs_hid *h, uint8_t op, struct hs_str packet, uint64_t now)
{
	uint32_t host = 1 + (op & HOST);
	enum hs_hid_state before = h->state;
	struct hs_buf out = {0};
	enum hs_hid_event e = hs_hid_packet(h, host, packet, now, &out);

	sane(h, &out);
	must(e != HS_HID_BAD || (out.len == 0 && h->state == before));
	must(e != HS_HID_REQUEST || (h->state == HS_HID_WORKING && h->host == host));
	must(e != HS_HID_CALLED_OFF || h->state == HS_HID_WORKING);
	must(e != HS_HID_DROPPED || h->state == HS_HID_IDLE);
	if (h->state == HS_HID_WORKING && (op & KEEP) != 0)
		hs_hid_keepalive(h, HS_HID_UPNEEDED, &out);
	if (h->state == HS_HID_WORKING && (op & ANSWER) != 0) {
		hs_hid_reply(h, hs_hid_message(h), &out);
		must(h->state == HS_HID_IDLE);
	}
	if ((op & LEAVE) != 0)
		(void)hs_hid_gone(h, host);
	if (hs_hid_expire(h, now + TIME(op), &out))
		must(h->state == HS_HID_IDLE);
	sane(h, &out);
	hs_buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct hs_hid h;
	struct hs_rd r = hs_rd_init(data, len);
	struct hs_str packet;
	uint64_t now = 0;
	uint8_t op, n;

	memset(&h, 0, sizeof h);
	while (hs_get_u8(&r, &op) == HS_OK && hs_get_u8(&r, &n) == HS_OK) {
		if (hs_get_raw(&r, n < r.left ? n : r.left, &packet) != HS_OK)
			break;
		one(&h, op, packet, now);
		now += TIME(op);
	}
	return 0;
}
