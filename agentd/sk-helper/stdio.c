// SPDX-License-Identifier: ISC
//
// Reading the one request and writing the one answer. Contract in stdio.h.
#include "agentd/sk-helper/stdio.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "proto/helper.h"

static int64_t
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

// Waits until there is something to read. Its end is something too.
static int
wait_readable(int fd, int64_t until, struct hs_err *err)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int64_t left;
	int n;

	do {
		left = until - now_ms();
		n = left > 0 ? poll(&p, 1, (int)left) : 0;
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		return hs_fail(err, HS_ERR_SHORT, "the request did not come in time");
	if (n < 0)
		return hs_fail(err, HS_ERR_IO, "poll: %s", strerror(errno));
	return HS_OK;
}

// How long the frame is that begins with b: 0 until its length is there.
static int
frame_size(const struct hs_buf *b, size_t *size, struct hs_err *err)
{
	struct hs_rd r = hs_rd_of(hs_buf_str(b));
	uint32_t len;

	*size = 0;
	if (hs_get_u32(&r, &len) != HS_OK)
		return HS_OK;
	if (len > HS_HELPER_MSG_MAX)
		return hs_fail(err, HS_ERR_TOO_LONG, "the request is longer than %u bytes",
		    HS_HELPER_MSG_MAX);
	*size = 4 + (size_t)len;
	if (b->len > *size)
		return hs_fail(err, HS_ERR_TRAILING, "there is more than one request");
	return HS_OK;
}

int
hs_stdio_read(int fd, int ms, struct hs_buf *frame, struct hs_err *err)
{
	const int64_t until = now_ms() + ms;
	uint8_t chunk[16384];
	size_t size = 0;
	int rc = HS_OK;

	while (rc == HS_OK) {
		ssize_t n;

		rc = wait_readable(fd, until, err);
		if (rc != HS_OK)
			break;
		n = read(fd, chunk, sizeof chunk);
		if (n == 0)
			break;
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			rc = hs_fail(
			    err, HS_ERR_IO, "reading the request: %s", strerror(errno));
		if (n < 0)
			continue;
		hs_put_raw(frame, chunk, (size_t)n);
		rc = hs_buf_err(frame);
		if (rc == HS_OK)
			rc = frame_size(frame, &size, err);
	}
	if (rc == HS_OK && (size == 0 || frame->len < size))
		rc = hs_fail(err, HS_ERR_SHORT, "the request ends before it is complete");
	return rc;
}

int
hs_stdio_write(int fd, struct hs_str frame)
{
	size_t done = 0;

	while (done < frame.len) {
		ssize_t n = write(fd, frame.p + done, frame.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return HS_ERR_IO;
		done += (size_t)n;
	}
	return HS_OK;
}
