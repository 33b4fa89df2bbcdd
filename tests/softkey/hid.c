// SPDX-License-Identifier: ISC
//
// CTAPHID, framing and channels. Contract in hid.h. Every packet is hostile until looked
// at.
#include "tests/softkey/hid.h"

#include <string.h>

#define VERSION	       2
#define CAPABILITIES   (0x01 | 0x04 | 0x08) // wink, CBOR, and no U2F messages
#define NONCE	       8
#define INIT_REPORT    0x80 // the bit that tells a first report from the others
#define DEVICE_VERSION 1

static void
put_report(struct hs_buf *out, uint32_t cid, const uint8_t *head, size_t headlen,
    const uint8_t *data, size_t len)
{
	uint8_t *p = hs_put_space(out, HS_HID_REPORT);

	if (p == NULL)
		return;
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(cid >> (24 - 8 * i));
	memcpy(p + 4, head, headlen);
	if (len > 0)
		memcpy(p + 4 + headlen, data, len);
}

static void
put_message(struct hs_buf *out, uint32_t cid, uint8_t cmd, struct hs_str m)
{
	uint8_t head[3] = {cmd | INIT_REPORT, (uint8_t)(m.len >> 8), (uint8_t)m.len};
	uint8_t seq = 0;
	size_t at, n;

	if (m.len > HS_HID_MESSAGE) {
		out->err = HS_ERR_TOO_LONG;
		return;
	}
	n = m.len < HS_HID_FIRST ? m.len : HS_HID_FIRST;
	put_report(out, cid, head, sizeof head, m.p, n);
	for (at = n; at < m.len; at += n) {
		n = m.len - at < HS_HID_NEXT ? m.len - at : HS_HID_NEXT;
		put_report(out, cid, &seq, 1, m.p + at, n);
		seq++;
	}
}

static void
put_error(struct hs_buf *out, uint32_t cid, enum hs_hid_error error)
{
	uint8_t code = (uint8_t)error;

	put_message(out, cid, HS_HID_ERROR, (struct hs_str){&code, 1});
}

static bool
is_channel(const struct hs_hid *h, uint32_t host, uint32_t cid)
{
	for (size_t i = 0; i < HS_HID_CHANNELS; i++) {
		if (h->channels[i].cid == cid && h->channels[i].host == host)
			return cid != 0;
	}
	return false;
}

// A number that nobody uses: 0 and the broadcast channel are never given away.
static uint32_t
new_channel(struct hs_hid *h, uint32_t host)
{
	h->last_cid = h->last_cid >= HS_HID_BROADCAST - 1 ? 1 : h->last_cid + 1;
	h->channels[h->next].cid = h->last_cid;
	h->channels[h->next].host = host;
	h->next = (h->next + 1) % HS_HID_CHANNELS;
	return h->last_cid;
}

static bool
owns(const struct hs_hid *h, uint32_t host, uint32_t cid)
{
	return h->state != HS_HID_IDLE && h->host == host && h->cid == cid;
}

// INIT gives a channel away on broadcast, and makes one that is there begin anew.
static enum hs_hid_event
take_init(
    struct hs_hid *h, uint32_t host, uint32_t cid, struct hs_str nonce, struct hs_buf *out)
{
	struct hs_buf reply = {0};
	enum hs_hid_event event = HS_HID_NONE;

	if (nonce.len != NONCE) {
		put_error(out, cid, HS_HID_ERR_LEN);
		return HS_HID_NONE;
	}
	if (cid != HS_HID_BROADCAST && !is_channel(h, host, cid)) {
		put_error(out, cid, HS_HID_ERR_CHANNEL);
		return HS_HID_NONE;
	}
	if (h->state != HS_HID_IDLE && !owns(h, host, cid)) {
		put_error(out, cid, HS_HID_ERR_BUSY);
		return HS_HID_NONE;
	}
	if (h->state == HS_HID_WORKING)
		event = HS_HID_DROPPED;
	h->state = HS_HID_IDLE;
	hs_put_raw(&reply, nonce.p, nonce.len);
	hs_put_u32(&reply, cid == HS_HID_BROADCAST ? new_channel(h, host) : cid);
	hs_put_u8(&reply, VERSION);
	hs_put_u8(&reply, DEVICE_VERSION);
	hs_put_u8(&reply, 0);
	hs_put_u8(&reply, 0);
	hs_put_u8(&reply, CAPABILITIES);
	if (hs_buf_err(&reply) == HS_OK)
		put_message(out, cid, HS_HID_INIT, hs_buf_str(&reply));
	hs_buf_free(&reply);
	return event;
}

// The message is whole.
static enum hs_hid_event
finish(struct hs_hid *h, struct hs_buf *out)
{
	struct hs_str m = {h->in, h->want};

	h->state = HS_HID_IDLE;
	switch (h->cmd) {
	case HS_HID_PING:
		put_message(out, h->cid, HS_HID_PING, m);
		return HS_HID_NONE;
	case HS_HID_WINK:
		if (m.len != 0)
			put_error(out, h->cid, HS_HID_ERR_LEN);
		else
			put_message(out, h->cid, HS_HID_WINK, m);
		return HS_HID_NONE;
	case HS_HID_CBOR:
		if (m.len == 0) {
			put_error(out, h->cid, HS_HID_ERR_LEN);
			return HS_HID_NONE;
		}
		h->state = HS_HID_WORKING;
		return HS_HID_REQUEST;
	default:
		put_error(out, h->cid, HS_HID_ERR_CMD);
		return HS_HID_NONE;
	}
}

static enum hs_hid_event
add(struct hs_hid *h, struct hs_rd *r, uint64_t now, struct hs_buf *out)
{
	size_t n = h->want - h->got < r->left ? h->want - h->got : r->left;

	memcpy(h->in + h->got, r->p, n);
	h->got += n;
	h->deadline = now + HS_HID_TIMEOUT_MS;
	return h->got == h->want ? finish(h, out) : HS_HID_NONE;
}

// A first report that neither gives a channel away nor cancels.
static enum hs_hid_event
take_first(struct hs_hid *h, uint32_t host, uint32_t cid, uint8_t cmd, struct hs_rd *r,
    size_t want, uint64_t now, struct hs_buf *out)
{
	if (h->state != HS_HID_IDLE &&
	    (!owns(h, host, cid) || h->state == HS_HID_WORKING)) {
		put_error(out, cid, HS_HID_ERR_BUSY);
		return HS_HID_NONE;
	}
	if (h->state == HS_HID_READING) { // in the middle of its own message
		h->state = HS_HID_IDLE;
		put_error(out, cid, HS_HID_ERR_SEQ);
		return HS_HID_NONE;
	}
	if (want > HS_HID_MESSAGE) {
		put_error(out, cid, HS_HID_ERR_LEN);
		return HS_HID_NONE;
	}
	h->state = HS_HID_READING;
	h->host = host;
	h->cid = cid;
	h->cmd = cmd;
	h->seq = 0;
	h->want = want;
	h->got = 0;
	return add(h, r, now, out);
}

// The others count from 0. What belongs to no message is passed over, as the standard asks.
static enum hs_hid_event
take_next(struct hs_hid *h, uint32_t host, uint32_t cid, uint8_t seq, struct hs_rd *r,
    uint64_t now, struct hs_buf *out)
{
	if (h->state != HS_HID_READING || !owns(h, host, cid))
		return HS_HID_NONE;
	if (seq != h->seq) {
		h->state = HS_HID_IDLE;
		put_error(out, cid, HS_HID_ERR_SEQ);
		return HS_HID_NONE;
	}
	h->seq++;
	return add(h, r, now, out);
}

static enum hs_hid_event
take_report(
    struct hs_hid *h, uint32_t host, struct hs_rd *r, uint64_t now, struct hs_buf *out)
{
	uint32_t cid = 0;
	uint8_t type = 0, high = 0, low = 0;
	size_t want;

	if (hs_get_u32(r, &cid) != HS_OK || hs_get_u8(r, &type) != HS_OK)
		return HS_HID_BAD;
	if ((type & INIT_REPORT) == 0)
		return take_next(h, host, cid, type, r, now, out);
	if (hs_get_u8(r, &high) != HS_OK || hs_get_u8(r, &low) != HS_OK)
		return HS_HID_BAD;
	type &= (uint8_t)~INIT_REPORT;
	want = (size_t)high << 8 | low;
	if (type == HS_HID_INIT)
		return take_init(
		    h, host, cid, (struct hs_str){r->p, want <= r->left ? want : 0}, out);
	if (cid == HS_HID_BROADCAST || !is_channel(h, host, cid)) {
		put_error(out, cid, HS_HID_ERR_CHANNEL);
		return HS_HID_NONE;
	}
	if (type == HS_HID_CANCEL) // never answered itself
		return h->state == HS_HID_WORKING && owns(h, host, cid) ? HS_HID_CALLED_OFF
									: HS_HID_NONE;
	return take_first(h, host, cid, type, r, want, now, out);
}

enum hs_hid_event
hs_hid_packet(
    struct hs_hid *h, uint32_t host, struct hs_str packet, uint64_t now, struct hs_buf *out)
{
	struct hs_rd r = hs_rd_of(packet);

	if (packet.len == HS_HID_REPORT + 1 && packet.p[0] == 0)
		r = hs_rd_init(packet.p + 1, HS_HID_REPORT);
	else if (packet.len != HS_HID_REPORT)
		return HS_HID_BAD;
	return take_report(h, host, &r, now, out);
}

struct hs_str
hs_hid_message(const struct hs_hid *h)
{
	return (struct hs_str){h->in, h->want};
}

void
hs_hid_reply(struct hs_hid *h, struct hs_str message, struct hs_buf *out)
{
	h->state = HS_HID_IDLE;
	put_message(out, h->cid, HS_HID_CBOR, message);
}

void
hs_hid_keepalive(const struct hs_hid *h, enum hs_hid_status status, struct hs_buf *out)
{
	uint8_t code = (uint8_t)status;

	put_message(out, h->cid, HS_HID_KEEPALIVE, (struct hs_str){&code, 1});
}

bool
hs_hid_expire(struct hs_hid *h, uint64_t now, struct hs_buf *out)
{
	if (h->state != HS_HID_READING || now < h->deadline)
		return false;
	h->state = HS_HID_IDLE;
	put_error(out, h->cid, HS_HID_ERR_TIMEOUT);
	return true;
}

bool
hs_hid_gone(struct hs_hid *h, uint32_t host)
{
	bool dropped = h->state == HS_HID_WORKING && h->host == host;

	for (size_t i = 0; i < HS_HID_CHANNELS; i++) {
		if (h->channels[i].host == host)
			h->channels[i].cid = 0;
	}
	if (h->state != HS_HID_IDLE && h->host == host)
		h->state = HS_HID_IDLE;
	return dropped;
}
