// SPDX-License-Identifier: ISC
//
// CTAPHID (CTAP 2.1 section 11.2): reports of 64 bytes in, messages out, and back. One key
// with several hosts, each with channels of its own, and one transaction at a time. Pure:
// the clock is an argument; sockets are server.c's, what a CBOR message means is ctap.c's.
#ifndef HS_SOFTKEY_HID_H
#define HS_SOFTKEY_HID_H

#include <stdbool.h>
#include "proto/buf.h"

#define HS_HID_REPORT	  64
#define HS_HID_FIRST	  57   // bytes of a message in its first report
#define HS_HID_NEXT	  59   // and in each of the others
#define HS_HID_MESSAGE	  7609 // the longest message: 57 + 128 * 59
#define HS_HID_CHANNELS	  64   // when all are taken, the oldest is given up
#define HS_HID_BROADCAST  0xffffffffu
#define HS_HID_TIMEOUT_MS 2000 // between the reports of one message

enum hs_hid_cmd {
	HS_HID_PING = 0x01,
	HS_HID_INIT = 0x06,
	HS_HID_WINK = 0x08,
	HS_HID_CBOR = 0x10,
	HS_HID_CANCEL = 0x11,
	HS_HID_KEEPALIVE = 0x3b,
	HS_HID_ERROR = 0x3f,
};

enum hs_hid_error {
	HS_HID_ERR_CMD = 0x01,
	HS_HID_ERR_LEN = 0x03,
	HS_HID_ERR_SEQ = 0x04,
	HS_HID_ERR_TIMEOUT = 0x05,
	HS_HID_ERR_BUSY = 0x06,
	HS_HID_ERR_CHANNEL = 0x0b,
};

enum hs_hid_status { HS_HID_PROCESSING = 1, HS_HID_UPNEEDED = 2 };

enum hs_hid_event {
	HS_HID_NONE,	   // nothing for the caller to do but to send what was written
	HS_HID_REQUEST,	   // a CBOR message is in h->in; answer it with hs_hid_reply
	HS_HID_CALLED_OFF, // the host cancels it; it still wants an answer
	HS_HID_DROPPED,	   // the host began anew: it wants no answer any more
	HS_HID_BAD,	   // this is no report: close the connection
};

enum hs_hid_state { HS_HID_IDLE, HS_HID_READING, HS_HID_WORKING };

// Zero-initialise.
struct hs_hid {
	struct {
		uint32_t cid, host; // cid 0: free
	} channels[HS_HID_CHANNELS];
	size_t next;	   // the channel that is given away next
	uint32_t last_cid; // given away last
	enum hs_hid_state state;
	uint32_t host, cid; // of the transaction, unless idle
	uint8_t cmd, seq;
	size_t want, got;
	uint64_t deadline; // for the next report of the message, milliseconds
	uint8_t in[HS_HID_MESSAGE];
};

// Takes one packet of that host (any number that names its connection), a report of 64
// bytes or a report with its id, 0, in front. Reports for that host are appended to out.
enum hs_hid_event hs_hid_packet(struct hs_hid *h, uint32_t host, struct hs_str packet,
    uint64_t now, struct hs_buf *out);

// The message of HS_HID_REQUEST; gone with the next packet of any host.
struct hs_str hs_hid_message(const struct hs_hid *h);

// Appends the answer to h->host's request; the key is idle then. Longer than
// HS_HID_MESSAGE: out is marked with HS_ERR_TOO_LONG.
void hs_hid_reply(struct hs_hid *h, struct hs_str message, struct hs_buf *out);
void hs_hid_keepalive(
    const struct hs_hid *h, enum hs_hid_status status, struct hs_buf *out);

// If a message stayed unfinished until now, appends the error for h->host and returns true.
bool hs_hid_expire(struct hs_hid *h, uint64_t now, struct hs_buf *out);

// The host went away: its channels are free. True if the request that it had been promised
// an answer to is dropped.
bool hs_hid_gone(struct hs_hid *h, uint32_t host);

#endif
