// SPDX-License-Identifier: ISC
//
// The request as it comes in over a pipe: in pieces, too much of it, too little, never, and
// the answer where nobody takes it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "agentd/sk-helper/stdio.h"
#include "proto/helper.h"

#define SOON 100   // ms: to see that it does give up
#define LATE 20000 // ms: never reached

// Reads what is written to a pipe, which is then closed, or not.
static int
feed(const void *p, size_t len, bool close_it, int ms, struct hs_buf *b, struct hs_err *err)
{
	int fds[2], rc;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(write(fds[1], p, len), len);
	if (close_it)
		(void)close(fds[1]);
	hs_buf_reset(b);
	rc = hs_stdio_read(fds[0], ms, b, err);
	if (!close_it)
		(void)close(fds[1]);
	(void)close(fds[0]);
	return rc;
}

static void
rule10_frames(void **state)
{
	static const uint8_t frame[] = {0, 0, 0, 2, 1, 1, 9}, over[] = {0, 8, 0, 1},
			     empty[] = {0, 0, 0, 0};
	struct hs_err err = {0};
	struct hs_buf b = {0};

	(void)state;
	assert_int_equal(feed(frame, 6, true, LATE, &b, &err), HS_OK);
	assert_int_equal(b.len, 6);
	assert_memory_equal(b.p, frame, 6);
	assert_int_equal(
	    feed(empty, 4, true, LATE, &b, &err), HS_OK); // whole, if of no use
	for (size_t n = 0; n < 6; n++) {
		assert_int_equal(feed(frame, n, true, LATE, &b, &err), HS_ERR_SHORT);
		assert_non_null(strstr(err.text, "ends before it is complete"));
	}
	// whatever is known to be wrong is not waited for to end
	assert_int_equal(feed(frame, 7, false, LATE, &b, &err), HS_ERR_TRAILING);
	assert_int_equal(feed(empty, 4, true, LATE, &b, &err), HS_OK);
	assert_int_equal(feed(over, 4, false, LATE, &b, &err), HS_ERR_TOO_LONG);
	// whole, but without its end
	assert_int_equal(feed(frame, 6, false, SOON, &b, &err), HS_ERR_SHORT);
	assert_non_null(strstr(err.text, "in time"));
	assert_int_equal(feed(frame, 0, false, SOON, &b, &err), HS_ERR_SHORT);
	hs_buf_free(&b);
}

struct writer {
	int fd;
	const uint8_t *p;
	size_t len;
};

static void *
in_pieces(void *arg)
{
	struct writer *w = arg;

	for (size_t at = 0; at < w->len; at += 7001) {
		size_t n = w->len - at < 7001 ? w->len - at : 7001;

		if (write(w->fd, w->p + at, n) != (ssize_t)n)
			break;
	}
	(void)close(w->fd);
	return NULL;
}

static void
the_longest(void **state)
{
	static uint8_t big[4 + HS_HELPER_MSG_MAX];
	struct writer w = {.p = big, .len = sizeof big};
	struct hs_err err = {0};
	struct hs_buf b = {0};
	pthread_t t;
	int fds[2];

	(void)state;
	memset(big, 'x', sizeof big);
	memcpy(big, "\0\x08\0\0", 4);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	w.fd = fds[1];
	assert_int_equal(pthread_create(&t, NULL, in_pieces, &w), 0);
	assert_int_equal(hs_stdio_read(fds[0], LATE, &b, &err), HS_OK);
	(void)pthread_join(t, NULL);
	(void)close(fds[0]);
	assert_int_equal(b.len, sizeof big);
	assert_memory_equal(b.p, big, sizeof big);
	hs_buf_free(&b);
}

static void
no_input(void **state)
{
	struct hs_err err = {0};
	struct hs_buf b = {0};
	int fd = open("/", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(hs_stdio_read(fd, LATE, &b, &err), HS_ERR_IO); // EISDIR
	assert_non_null(strstr(err.text, "reading the request"));
	(void)close(fd);
	hs_buf_free(&b);
}

static void
answers(void **state)
{
	const struct hs_str s = hs_str_c("an answer");
	char got[32] = "";
	int fds[2], full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(hs_stdio_write(fds[1], s), HS_OK);
	assert_int_equal(read(fds[0], got, sizeof got), s.len);
	assert_string_equal(got, "an answer");
	(void)close(fds[0]);
	(void)signal(SIGPIPE, SIG_IGN);
	assert_int_equal(hs_stdio_write(fds[1], s), HS_ERR_IO); // nobody reads it
	(void)close(fds[1]);
	assert_true(full >= 0);
	assert_int_equal(hs_stdio_write(full, s), HS_ERR_IO);
	(void)close(full);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rule10_frames),
	    cmocka_unit_test(the_longest), cmocka_unit_test(no_input),
	    cmocka_unit_test(answers)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
