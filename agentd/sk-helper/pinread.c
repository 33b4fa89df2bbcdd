// SPDX-License-Identifier: ISC
//
// Reading the PIN. Contract in pinread.h.
#include "agentd/sk-helper/pinread.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "proto/helper.h"

#define ROOM	(HS_HELPER_PIN_MAX + 2) // an LF behind it, and a byte that tells too many
#define LOOK_MS 50			// between looks at *stop

static int64_t
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

// Waits until there is something to read. Its end is something too.
static int
wait_readable(
    int fd, uint32_t seconds, int64_t until, const atomic_bool *stop, struct hs_err *err)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	for (;;) {
		int n = poll(&p, 1, LOOK_MS);

		if (atomic_load(stop))
			return hs_fail(err, HS_SK_CANCELLED, "%s", "");
		if (n > 0)
			return HS_OK;
		if (n < 0 && errno != EINTR)
			return hs_fail(err, HS_ERR_IO, "poll: %s", strerror(errno));
		if (now_ms() >= until)
			return hs_fail(err, HS_SK_TIMEOUT,
			    "the PIN was not given within %u seconds", (unsigned)seconds);
	}
}

// All that comes, or so much that it is too long for sure.
static int
fill(int fd, uint32_t seconds, const atomic_bool *stop, uint8_t *to, size_t *len,
    struct hs_err *err)
{
	const int64_t until = now_ms() + (int64_t)seconds * 1000;
	int rc = HS_OK;

	while (rc == HS_OK && *len < ROOM) {
		ssize_t n;

		rc = wait_readable(fd, seconds, until, stop, err);
		if (rc != HS_OK)
			break;
		n = read(fd, to + *len, ROOM - *len);
		if (n == 0)
			break;
		if (n > 0)
			*len += (size_t)n;
		else if (errno != EINTR && errno != EAGAIN)
			rc =
			    hs_fail(err, HS_ERR_IO, "reading the PIN: %s", strerror(errno));
	}
	return rc;
}

int
hs_pinread(
    int fd, uint32_t seconds, const atomic_bool *stop, char **pin, struct hs_err *err)
{
	uint8_t *room = sodium_malloc(ROOM);
	size_t got = 0, len = 0;
	int rc;

	*pin = NULL;
	if (room == NULL) {
		rc = hs_fail(err, HS_ERR_NOMEM, "%s", "");
		goto out;
	}
	rc = fill(fd, seconds, stop, room, &got, err);
	if (rc == HS_OK && got == 0)
		rc = hs_fail(err, HS_SK_PIN_REQUIRED,
		    "the security key wants its PIN, and none was given");
	if (rc == HS_OK)
		rc = hs_helper_pin_check((struct hs_str){room, got}, &len, err);
	if (rc != HS_OK)
		goto out;
	room[len] = '\0'; // no longer than the most that a PIN may have
	*pin = (char *)room;
	room = NULL;
out:
	sodium_free(room);
	(void)close(fd);
	return rc;
}
