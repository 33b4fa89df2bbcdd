// SPDX-License-Identifier: ISC
//
// The PIN as it comes in over a pipe: whole, in pieces, too much of it, nothing, never. For
// which key it is used is tested in tests/e2e/helper_pin.t.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "agentd/sk-helper/pinread.h"
#include "proto/helper.h"

static atomic_bool stop;

static int
feed(const void *p, size_t len, bool close_it, char **pin, struct hs_err *err)
{
	int fds[2], rc;

	*err = (struct hs_err){0};
	atomic_store(&stop, false);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(write(fds[1], p, len), len);
	if (close_it)
		(void)close(fds[1]);
	rc = hs_pinread(fds[0], 1, &stop, pin, err);
	assert_int_equal(fcntl(fds[0], F_GETFD), -1); // it was closed
	if (!close_it)
		(void)close(fds[1]);
	assert_int_equal(err->code, rc);
	assert_true((rc == HS_OK) == (*pin != NULL));
	return rc;
}

static void
whole_ones(void **state)
{
	char longest[HS_HELPER_PIN_MAX + 2], *pin;
	struct hs_err err;

	(void)state;
	assert_int_equal(feed("2468", 4, true, &pin, &err), HS_OK);
	assert_string_equal(pin, "2468");
	sodium_free(pin);
	assert_int_equal(feed("caff\xc3\xa8\n", 7, true, &pin, &err), HS_OK);
	assert_string_equal(pin, "caff\xc3\xa8");
	sodium_free(pin);
	memset(longest, '7', sizeof longest);
	longest[HS_HELPER_PIN_MAX] = '\n';
	for (size_t n = HS_HELPER_PIN_MAX; n <= HS_HELPER_PIN_MAX + 1; n++) {
		assert_int_equal(feed(longest, n, true, &pin, &err), HS_OK);
		assert_int_equal(strlen(pin), HS_HELPER_PIN_MAX);
		sodium_free(pin);
	}
}

static void
rule10_no_pins(void **state)
{
	char big[4000], *pin;
	struct hs_err err;

	(void)state;
	memset(big, '7', sizeof big);
	assert_int_equal(feed("", 0, true, &pin, &err), HS_SK_PIN_REQUIRED);
	assert_non_null(strstr(err.text, "none was given"));
	assert_int_equal(feed("\n", 1, true, &pin, &err), HS_SK_PIN_INVALID);
	assert_int_equal(feed("123", 3, true, &pin, &err), HS_SK_PIN_INVALID);
	assert_int_equal(feed("12\00034", 5, true, &pin, &err), HS_SK_PIN_INVALID);
	assert_int_equal(feed("1234\xff", 5, true, &pin, &err), HS_SK_PIN_INVALID);
	assert_int_equal(feed(big, 64, true, &pin, &err), HS_SK_PIN_INVALID);
	assert_int_equal(feed(big, 65, true, &pin, &err), HS_SK_PIN_INVALID);
	// whatever is known to be too long is not waited for to end
	assert_int_equal(feed(big, sizeof big, false, &pin, &err), HS_SK_PIN_INVALID);
	assert_non_null(strstr(err.text, "more than 63 bytes"));
}

static void
what_does_not_end(void **state)
{
	struct hs_err err;
	char *pin;

	(void)state;
	assert_int_equal(feed("", 0, false, &pin, &err), HS_SK_TIMEOUT);
	assert_non_null(strstr(err.text, "was not given within 1 seconds"));
	assert_int_equal(feed("2468\n", 5, false, &pin, &err), HS_SK_TIMEOUT);
}

static void *
write_slowly(void *arg)
{
	static const char text[] = "2468-13579\n";
	const struct timespec t = {0, 30000000};
	const int fd = *(int *)arg;

	for (size_t i = 0; i < sizeof text - 1; i++) {
		(void)nanosleep(&t, NULL);
		if (write(fd, text + i, 1) != 1)
			break;
	}
	(void)close(fd);
	return NULL;
}

static void
in_pieces(void **state)
{
	struct hs_err err = {0};
	char *pin = NULL;
	pthread_t t;
	int fds[2];

	(void)state;
	atomic_store(&stop, false);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(pthread_create(&t, NULL, write_slowly, &fds[1]), 0);
	assert_int_equal(hs_pinread(fds[0], 20, &stop, &pin, &err), HS_OK);
	assert_string_equal(pin, "2468-13579");
	sodium_free(pin);
	(void)pthread_join(t, NULL);
}

static void *
call_off(void *arg)
{
	const struct timespec t = {0, 100000000};

	(void)nanosleep(&t, NULL);
	atomic_store((atomic_bool *)arg, true);
	return NULL;
}

static void
called_off(void **state)
{
	struct timespec from, to;
	struct hs_err err = {0};
	char *pin = NULL;
	pthread_t t;
	int fds[2];

	(void)state;
	atomic_store(&stop, false);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	(void)clock_gettime(CLOCK_MONOTONIC, &from);
	assert_int_equal(pthread_create(&t, NULL, call_off, &stop), 0);
	assert_int_equal(hs_pinread(fds[0], 20, &stop, &pin, &err), HS_SK_CANCELLED);
	(void)clock_gettime(CLOCK_MONOTONIC, &to);
	assert_true(to.tv_sec - from.tv_sec <= 5);
	assert_null(pin);
	(void)pthread_join(t, NULL);
	(void)close(fds[1]);
}

static void
what_cannot_be_read(void **state)
{
	struct hs_err err = {0};
	char *pin = NULL;
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	atomic_store(&stop, false);
	assert_true(fd >= 0);
	assert_int_equal(hs_pinread(fd, 20, &stop, &pin, &err), HS_ERR_IO);
	assert_null(pin);
	assert_int_equal(hs_pinread(fd, 20, &stop, &pin, &err), HS_ERR_IO); // closed
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(whole_ones),
	    cmocka_unit_test(rule10_no_pins), cmocka_unit_test(what_does_not_end),
	    cmocka_unit_test(in_pieces), cmocka_unit_test(called_off),
	    cmocka_unit_test(what_cannot_be_read)};

	if (sodium_init() < 0)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
