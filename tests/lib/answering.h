// SPDX-License-Identifier: ISC
//
// A client of libhandseal whose other end is the test: it looks at what was asked, and
// gives whatever answer it likes. For tests and fuzzers of area client.
#ifndef HS_TESTS_ANSWERING_H
#define HS_TESTS_ANSWERING_H

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "client/libhandseal/client.h"

struct answering {
	struct hs_client *c;
	int fd;
};

static inline struct answering
answering_begin(void)
{
	struct answering a = {0};
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0 ||
	    (a.c = hs_client_adopt(fds[0])) == NULL)
		abort();
	a.fd = fds[1];
	return a;
}

static inline void
answering_end(struct answering *a)
{
	hs_disconnect(a->c);
	close(a->fd);
}

// Drops what was asked; how many bytes that were.
static inline size_t
answering_asked(struct answering *a, uint8_t *frame, size_t size)
{
	ssize_t n, all = 0;
	uint8_t drop[4096];

	while ((n = read(a->fd, drop, sizeof drop)) > 0)
		for (ssize_t i = 0; i < n; i++, all++)
			if ((size_t)all < size)
				frame[all] = drop[i];
	return (size_t)all;
}

// Takes what was asked, gives these bytes, and steps until they are taken. What it came to.
static inline int
answering_raw(struct answering *a, struct hs_str bytes, struct hs_error *err)
{
	size_t done = 0;
	int result;

	while ((result = hs_step(a->c, err)) == HS_AGAIN && done < bytes.len) {
		ssize_t n;

		(void)answering_asked(a, NULL, 0);
		n = write(a->fd, bytes.p + done, bytes.len - done);
		if (n > 0)
			done += (size_t)n;
	}
	return result;
}

// The same with one frame for each exchange that it comes to, as far as they go.
static inline int
answering_each(struct answering *a, struct hs_str bytes, struct hs_error *err)
{
	int result = HS_AGAIN;

	while (result == HS_AGAIN && bytes.len > 0) {
		struct hs_str body, frame = bytes;
		size_t used;

		if (hs_agent_frame(bytes, &body, &used) == HS_OK)
			frame.len = used;
		result = answering_raw(a, frame, err);
		bytes.p += frame.len;
		bytes.len -= frame.len;
	}
	return result;
}

static inline int
answering(struct answering *a, const char *ext, enum hs_agent_status status,
    struct hs_str body, struct hs_error *err)
{
	struct hs_buf b = {0};
	size_t mark = hs_agent_reply_begin(&b, ext, status);
	int result;

	hs_put_raw(&b, body.p, body.len);
	hs_agent_frame_end(&b, mark);
	result = answering_raw(a, hs_buf_str(&b), err);
	hs_buf_free(&b);
	return result;
}

static inline int
answering_refused(struct answering *a, const char *ext, const struct hs_agent_refusal *r,
    struct hs_error *err)
{
	struct hs_buf b = {0};
	int result;

	hs_agent_put_refusal(&b, ext, r);
	result = answering_raw(a, hs_buf_str(&b), err);
	hs_buf_free(&b);
	return result;
}

#endif
