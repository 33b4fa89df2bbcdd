// SPDX-License-Identifier: ISC
//
// The hosts' connections. Contract in hosts.h. Nothing here blocks: a host that does not
// read is closed when too much waits for it.
#include "tests/softkey/hosts.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUEUE_MAX    (4 * HS_HID_MESSAGE) // bytes that may wait for a host
#define KEEPALIVE_MS 100
#define NONE	     HS_HOSTS_MAX

void
hs_hosts_init(struct hs_hosts *h, struct hs_ctap *c, uint64_t touch_ms, bool verbose)
{
	*h = (struct hs_hosts){.ctap = c, .touch_ms = touch_ms, .verbose = verbose};
	for (size_t i = 0; i < HS_HOSTS_MAX; i++)
		h->v[i].fd = -1;
}

static void
say(const struct hs_hosts *h, const char *what, unsigned status)
{
	uint8_t cmd = hs_hid_message(&h->hid).p[0];

	if (!h->verbose)
		return;
	if (what != NULL)
		fprintf(stderr, "softkey: %s %s\n", hs_ctap_name(cmd), what);
	else
		fprintf(
		    stderr, "softkey: %s is answered %02x\n", hs_ctap_name(cmd), status);
}

static void
close_one(struct hs_hosts *h, size_t i)
{
	if (h->v[i].fd < 0)
		return;
	close(h->v[i].fd);
	h->v[i].fd = -1;
	hs_buf_free(&h->v[i].out);
	h->v[i].sent = 0;
	if (hs_hid_gone(&h->hid, h->v[i].id))
		hs_ctap_drop(h->ctap);
}

void
hs_hosts_close(struct hs_hosts *h)
{
	for (size_t i = 0; i < HS_HOSTS_MAX; i++)
		close_one(h, i);
}

void
hs_hosts_add(struct hs_hosts *h, int fd)
{
	size_t i = 0;

	while (i < HS_HOSTS_MAX && h->v[i].fd >= 0)
		i++;
	if (i == HS_HOSTS_MAX || !h->ctap->plugged) {
		close(fd);
		return;
	}
	h->v[i].fd = fd;
	h->v[i].id = ++h->last_id;
}

// Sends whole reports; what the socket does not take waits.
static void
flush(struct hs_hosts *h, size_t i)
{
	struct hs_buf *out = &h->v[i].out;

	while (h->v[i].sent < out->len) {
		ssize_t n = send(h->v[i].fd, out->p + h->v[i].sent, HS_HID_REPORT,
		    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n != HS_HID_REPORT) {
			close_one(h, i);
			return;
		}
		h->v[i].sent += HS_HID_REPORT;
	}
	if (hs_buf_err(out) != HS_OK || out->len - h->v[i].sent > QUEUE_MAX) {
		close_one(h, i);
	} else if (h->v[i].sent == out->len) {
		hs_buf_reset(out);
		h->v[i].sent = 0;
	}
}

// The host of the transaction, or NONE.
static size_t
current(const struct hs_hosts *h)
{
	size_t i = 0;

	while (i < HS_HOSTS_MAX && (h->v[i].fd < 0 || h->v[i].id != h->hid.host))
		i++;
	return i;
}

static void
send_answer(struct hs_hosts *h, const struct hs_buf *answer)
{
	size_t i = current(h);

	if (i == NONE || h->hid.state != HS_HID_WORKING)
		return;
	say(h, NULL, answer->len > 0 ? answer->p[0] : 0);
	hs_hid_reply(&h->hid, hs_buf_str(answer), &h->v[i].out);
	flush(h, i);
}

static void
keep_alive(struct hs_hosts *h, enum hs_hid_status status, uint64_t now)
{
	size_t i = current(h);

	h->keepalive = now + KEEPALIVE_MS;
	if (i == NONE || h->hid.state != HS_HID_WORKING || h->v[i].out.len > 0)
		return; // a host that is behind needs no more of them
	hs_hid_keepalive(&h->hid, status, &h->v[i].out);
	flush(h, i);
}

bool
hs_hosts_touch(struct hs_hosts *h, uint64_t now)
{
	struct hs_buf answer = {0};
	bool touched;

	if (!h->ctap->waiting)
		return false;
	keep_alive(h, HS_HID_PROCESSING, now);
	touched = hs_ctap_touch(h->ctap, &answer);
	if (touched)
		send_answer(h, &answer);
	hs_buf_free(&answer);
	return touched;
}

static void
give_up(struct hs_hosts *h, enum hs_ctap_status status)
{
	struct hs_buf answer = {0};

	hs_ctap_give_up(h->ctap, status, &answer);
	send_answer(h, &answer);
	hs_buf_free(&answer);
}

static void
run(struct hs_hosts *h, uint64_t now)
{
	struct hs_buf answer = {0};

	switch (hs_ctap_run(h->ctap, hs_hid_message(&h->hid), &answer)) {
	case HS_CTAP_ANSWER:
		send_answer(h, &answer);
		break;
	case HS_CTAP_WAIT:
		say(h, "waits for a touch", 0);
		h->touch_end = now + h->touch_ms;
		keep_alive(h, HS_HID_UPNEEDED, now);
		break;
	case HS_CTAP_STALL:
		say(h, "stalls", 0);
		break;
	}
	hs_buf_free(&answer);
}

static void
read_one(struct hs_hosts *h, size_t i, uint64_t now)
{
	uint8_t packet[HS_HID_REPORT + 2]; // one more than allowed, to see what is too long
	ssize_t n = recv(h->v[i].fd, packet, sizeof packet, MSG_DONTWAIT);
	enum hs_hid_event event;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		close_one(h, i);
		return;
	}
	event = hs_hid_packet(
	    &h->hid, h->v[i].id, (struct hs_str){packet, (size_t)n}, now, &h->v[i].out);
	if (event == HS_HID_BAD) {
		close_one(h, i);
		return;
	}
	if (event == HS_HID_REQUEST)
		run(h, now);
	else if (event == HS_HID_CALLED_OFF && h->ctap->waiting)
		give_up(h, HS_CTAP_KEEPALIVE_CANCEL);
	else if (event == HS_HID_DROPPED)
		hs_ctap_drop(h->ctap);
	if (h->v[i].fd >= 0)
		flush(h, i);
}

void
hs_hosts_fill(const struct hs_hosts *h, struct pollfd *fds)
{
	for (size_t i = 0; i < HS_HOSTS_MAX; i++) {
		fds[i] = (struct pollfd){.fd = h->v[i].fd, .events = POLLIN};
		if (h->v[i].out.len > 0)
			fds[i].events |= POLLOUT;
	}
}

void
hs_hosts_serve(struct hs_hosts *h, const struct pollfd *fds, uint64_t now)
{
	for (size_t i = 0; i < HS_HOSTS_MAX; i++) {
		if (h->v[i].fd >= 0 && (fds[i].revents & POLLOUT) != 0)
			flush(h, i);
		if (h->v[i].fd >= 0 && (fds[i].revents & ~POLLOUT) != 0)
			read_one(h, i, now);
	}
}

void
hs_hosts_tick(struct hs_hosts *h, uint64_t now)
{
	struct hs_buf late = {0};
	size_t i;

	if (h->ctap->waiting && now >= h->touch_end)
		give_up(h, HS_CTAP_USER_ACTION_TIMEOUT);
	else if (h->ctap->waiting && now >= h->keepalive)
		keep_alive(h, HS_HID_UPNEEDED, now);
	if (hs_hid_expire(&h->hid, now, &late) && (i = current(h)) != NONE) {
		hs_put_raw(&h->v[i].out, late.p, late.len);
		flush(h, i);
	}
	hs_buf_free(&late);
}

uint64_t
hs_hosts_due(const struct hs_hosts *h)
{
	uint64_t at = HS_HOSTS_NEVER;

	if (h->ctap->waiting)
		at = h->touch_end < h->keepalive ? h->touch_end : h->keepalive;
	if (h->hid.state == HS_HID_READING && h->hid.deadline < at)
		at = h->hid.deadline;
	return at;
}
