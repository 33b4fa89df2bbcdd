// SPDX-License-Identifier: ISC
//
// The software key's state: its form byte by byte, its file, who may read it, resident
// credentials; and the key handles that its master secret wraps.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tests/softkey/attest.h"
#include "tests/softkey/credkey.h"
#include "tests/softkey/store.h"

static char dir[64], path[96];
static struct hs_store *store; // too large for a stack, and alike to how it is kept

static int
setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/hs-store.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/state", dir);
	store = sodium_malloc(sizeof *store);
	assert_non_null(store);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	sodium_free(store);
	unlink(path);
	assert_int_equal(rmdir(dir), 0); // no file of a half-done write is left
	return 0;
}

static struct hs_store_resident
resident(uint8_t rp, uint8_t user)
{
	struct hs_store_resident r = {.userlen = 1, .handlelen = 5};

	memset(r.rp_hash, rp, sizeof r.rp_hash);
	r.user[0] = user;
	memcpy(r.handle, "handl", 5);
	return r;
}

static void
make_full(void)
{
	assert_int_equal(hs_store_open(store, NULL, NULL), HS_OK);
	store->counter = 0x01020304;
	store->pin_set = true;
	store->retries = 3;
	store->always_uv = true;
	memset(store->pin_hash, 0x5a, sizeof store->pin_hash);
	for (uint8_t i = 0; i < 3; i++) {
		struct hs_store_resident r = resident(1, i);

		assert_int_equal(hs_store_add(store, &r), HS_OK);
	}
}

static void
there_and_back(void **state)
{
	struct hs_buf b = {0}, again = {0};
	struct hs_store *copy = sodium_malloc(sizeof *copy);

	(void)state;
	make_full();
	hs_store_put(&b, store);
	copy->path = NULL;
	assert_int_equal(hs_store_get(hs_buf_str(&b), copy), HS_OK);
	hs_store_put(&again, copy);
	assert_true(hs_str_eq(hs_buf_str(&b), hs_buf_str(&again)));
	assert_memory_equal(copy, store, sizeof *copy);
	hs_buf_free(&b);
	hs_buf_free(&again);
	sodium_free(copy);
}

static void
cut_or_longer(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	make_full();
	hs_store_put(&b, store);
	for (size_t len = 0; len < b.len; len++) {
		assert_int_not_equal(hs_store_get((struct hs_str){b.p, len}, store), HS_OK);
		assert_true(sodium_is_zero(store->master, sizeof store->master));
		assert_int_equal(store->nresidents, 0);
	}
	hs_put_u8(&b, 0);
	assert_int_equal(hs_store_get(hs_buf_str(&b), store), HS_ERR_TRAILING);
	b.p[23] = '2'; // a state of another version
	assert_int_equal(hs_store_get(hs_buf_str(&b), store), HS_ERR_FORMAT);
	hs_buf_free(&b);
}

// A state with one thing wrong in it, written by hand.
static int
get_with(size_t master, size_t cert, uint8_t always, size_t pin, uint8_t retries,
    uint32_t n, size_t user)
{
	static const uint8_t zeros[2048];
	struct hs_buf b = {0};
	int rc;

	hs_put_fmt(&b, "handseal softkey state 1\n");
	hs_put_string(&b, zeros, master);
	hs_put_string(&b, zeros, 32);
	hs_put_string(&b, zeros, cert);
	hs_put_u32(&b, 0);
	hs_put_u8(&b, always);
	hs_put_string(&b, zeros, pin);
	hs_put_u8(&b, retries);
	hs_put_u32(&b, n);
	for (uint32_t i = 0; i < n && i < 30; i++) {
		hs_put_string(&b, zeros, 32);
		hs_put_string(&b, zeros, user);
		hs_put_string(&b, zeros, 8);
	}
	rc = hs_store_get(hs_buf_str(&b), store);
	hs_buf_free(&b);
	return rc;
}

static void
one_thing_wrong(void **state)
{
	(void)state;
	store->path = NULL;
	assert_int_equal(get_with(32, 9, 0, 0, 8, 1, 1), HS_OK);
	assert_int_equal(get_with(31, 9, 0, 0, 8, 1, 1), HS_ERR_FORMAT);
	assert_int_equal(get_with(33, 9, 0, 0, 8, 1, 1), HS_ERR_TOO_LONG);
	assert_int_equal(get_with(32, 0, 0, 0, 8, 1, 1), HS_ERR_FORMAT);
	assert_int_equal(get_with(32, 1025, 0, 0, 8, 1, 1), HS_ERR_TOO_LONG);
	assert_int_equal(get_with(32, 9, 2, 0, 8, 1, 1), HS_ERR_FORMAT);
	assert_int_equal(get_with(32, 9, 0, 16, 8, 1, 1), HS_OK);
	assert_int_equal(get_with(32, 9, 0, 15, 8, 1, 1), HS_ERR_FORMAT);
	assert_int_equal(get_with(32, 9, 0, 17, 8, 1, 1), HS_ERR_TOO_LONG);
	assert_int_equal(get_with(32, 9, 0, 0, 9, 1, 1), HS_ERR_FORMAT);
	assert_int_equal(get_with(32, 9, 0, 0, 8, 25, 64), HS_OK);
	assert_int_equal(get_with(32, 9, 0, 0, 8, 26, 1), HS_ERR_TOO_LONG);
	assert_int_equal(get_with(32, 9, 0, 0, 8, 0xffffffff, 1), HS_ERR_TOO_LONG);
	assert_int_equal(get_with(32, 9, 0, 0, 8, 1, 0), HS_ERR_FORMAT);
	assert_int_equal(get_with(32, 9, 0, 0, 8, 1, 65), HS_ERR_TOO_LONG);
}

static void
file_is_made_and_read(void **state)
{
	uint8_t master[32];
	struct stat st;

	(void)state;
	assert_int_equal(hs_store_open(store, path, NULL), HS_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	memcpy(master, store->master, sizeof master);
	store->counter = 41;
	assert_int_equal(hs_store_save(store, NULL), HS_OK);
	assert_int_equal(hs_store_open(store, path, NULL), HS_OK);
	assert_memory_equal(store->master, master, sizeof master);
	assert_int_equal(store->counter, 41);
	assert_int_equal(store->retries, HS_STORE_PIN_RETRIES);
	assert_true(store->certlen > 0);
}

static void
file_of_another_kind(void **state)
{
	struct hs_err err = {0};
	char link[112];
	int fd;

	(void)state;
	assert_int_equal(hs_store_open(store, path, NULL), HS_OK);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(hs_store_open(store, path, &err), HS_ERR_IO);
	assert_non_null(strstr(err.text, "chmod 600"));
	assert_int_equal(chmod(path, 0600), 0);
	snprintf(link, sizeof link, "%s/link", dir);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(hs_store_open(store, link, &err), HS_ERR_IO);
	unlink(link);
	fd = open(path, O_WRONLY | O_TRUNC);
	assert_int_equal(write(fd, "something else\n", 15), 15);
	close(fd);
	assert_int_not_equal(hs_store_open(store, path, &err), HS_OK);
	assert_non_null(strstr(err.text, "no software key's state"));
	assert_int_equal(truncate(path, 1 << 20), 0);
	assert_int_equal(hs_store_open(store, path, &err), HS_ERR_TOO_LONG);
	assert_int_equal(hs_store_open(store, dir, &err), HS_ERR_IO); // a folder
}

static void
file_that_cannot_be_written(void **state)
{
	struct hs_err err = {0};
	static char longer[5000];

	(void)state;
	assert_int_equal(hs_store_open(store, "/nonexistent/state", &err), HS_ERR_IO);
	assert_non_null(strstr(err.text, "/nonexistent/state"));
	memset(longer, 'a', sizeof longer - 1);
	assert_int_equal(hs_store_open(store, NULL, NULL), HS_OK);
	store->path = longer;
	assert_int_equal(hs_store_save(store, &err), HS_ERR_TOO_LONG);
	store->path = dir; // a folder does not give way to a file
	assert_int_equal(hs_store_save(store, &err), HS_ERR_IO);
	store->path = NULL;
	assert_int_equal(hs_store_save(store, &err), HS_OK);
}

static void
residents(void **state)
{
	struct hs_store_resident r;

	(void)state;
	assert_int_equal(hs_store_open(store, NULL, NULL), HS_OK);
	for (uint8_t i = 0; i < HS_STORE_RESIDENTS; i++) {
		r = resident(i % 2, i);
		assert_int_equal(hs_store_add(store, &r), HS_OK);
	}
	r = resident(1, 0); // the other party's user of that name
	assert_int_equal(hs_store_add(store, &r), HS_SK_FULL);
	r = resident(0, 0); // is there, and becomes the newest
	r.handle[0] = 'n';
	assert_int_equal(hs_store_add(store, &r), HS_OK);
	assert_int_equal(store->nresidents, HS_STORE_RESIDENTS);
	assert_int_equal(store->residents[HS_STORE_RESIDENTS - 1].handle[0], 'n');
	assert_int_equal(store->residents[0].user[0], 1);
	r = resident(0, 2);
	r.userlen = 2; // a longer id is another
	assert_int_equal(hs_store_add(store, &r), HS_SK_FULL);
}

static void
reset(void **state)
{
	uint8_t master[32], attest[32];

	(void)state;
	make_full();
	memcpy(master, store->master, 32);
	memcpy(attest, store->attest, 32);
	assert_int_equal(hs_store_reset(store), HS_OK);
	assert_memory_not_equal(master, store->master, 32);
	assert_memory_equal(attest, store->attest, 32); // of the factory, as it were
	assert_int_equal(store->counter, 0x01020304);	// never goes back
	assert_false(store->pin_set || store->always_uv);
	assert_int_equal(store->retries, HS_STORE_PIN_RETRIES);
	assert_int_equal(store->nresidents, 0);
	assert_true(sodium_is_zero(store->pin_hash, sizeof store->pin_hash));
}

// ---- key handles

static void
test_handle(int alg)
{
	uint8_t master[32] = {1}, rp[32] = {2}, handle[HS_CREDKEY_HANDLE];
	struct hs_str h = {handle, sizeof handle};
	struct hs_credkey k, back;

	assert_int_equal(hs_credkey_make(&k, alg, 2), HS_OK);
	assert_int_equal(hs_credkey_wrap(&k, master, rp, handle), HS_OK);
	assert_int_equal(hs_credkey_open(&back, master, rp, h), HS_OK);
	assert_int_equal(back.alg, alg);
	assert_int_equal(back.protect, 2);
	assert_memory_equal(back.secret, k.secret, 32);
	for (size_t i = 0; i < sizeof handle; i++) { // every bit counts
		handle[i] ^= (uint8_t)(1u << (i % 8));
		assert_int_equal(
		    hs_credkey_open(&back, master, rp, h), HS_SK_NO_CREDENTIAL);
		handle[i] ^= (uint8_t)(1u << (i % 8));
	}
	for (size_t len = 0; len < sizeof handle; len++)
		assert_int_equal(
		    hs_credkey_open(&back, master, rp, (struct hs_str){handle, len}),
		    HS_SK_NO_CREDENTIAL);
	rp[31] ^= 1;
	assert_int_equal(hs_credkey_open(&back, master, rp, h), HS_SK_NO_CREDENTIAL);
	rp[31] ^= 1;
	master[0] ^= 1;
	assert_int_equal(hs_credkey_open(&back, master, rp, h), HS_SK_NO_CREDENTIAL);
}

static void
handles(void **state)
{
	struct hs_credkey k = {0};

	(void)state;
	test_handle(HS_COSE_ES256);
	test_handle(HS_COSE_EDDSA);
	assert_int_equal(hs_credkey_make(&k, -257, 1), HS_SK_ALGORITHM);
}

// Wrapped by ourselves, and still no credential: what is inside is judged too.
static void
handles_with_wrong_content(void **state)
{
	uint8_t master[32] = {1}, rp[32] = {2}, handle[HS_CREDKEY_HANDLE];
	struct hs_str h = {handle, sizeof handle};
	struct hs_credkey k, back;

	(void)state;
	assert_int_equal(hs_credkey_make(&k, HS_COSE_EDDSA, 0), HS_OK);
	assert_int_equal(hs_credkey_wrap(&k, master, rp, handle), HS_OK);
	assert_int_equal(hs_credkey_open(&back, master, rp, h), HS_SK_NO_CREDENTIAL);
	k.protect = 4;
	assert_int_equal(hs_credkey_wrap(&k, master, rp, handle), HS_OK);
	assert_int_equal(hs_credkey_open(&back, master, rp, h), HS_SK_NO_CREDENTIAL);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(there_and_back),
	    T(cut_or_longer),
	    T(one_thing_wrong),
	    T(file_is_made_and_read),
	    T(file_of_another_kind),
	    T(file_that_cannot_be_written),
	    T(residents),
	    T(reset),
	    T(handles),
	    T(handles_with_wrong_content),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
