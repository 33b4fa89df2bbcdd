// SPDX-License-Identifier: ISC
//
// A software key that is touched by itself, with one credential on it, for tests that set
// its faults: and what a host asks of it. Only for the tests of one file each.
#ifndef HS_TESTS_SOFTKEY_FAULTED_H
#define HS_TESTS_SOFTKEY_FAULTED_H

#include "tests/softkey/fixture.h"

static struct fix fix;
static fido_dev_t *dev;
static fido_cred_t *cred; // made before there was a fault

static inline int
setup(void **state)
{
	(void)state;
	fix_make(&fix, 60000);
	fix_ok(&fix, "auto on");
	dev = fix_dev(&fix);
	cred = fix_made(dev, COSE_EDDSA);
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	fido_cred_free(&cred);
	fix_dev_free(dev);
	fix_free(&fix);
	return 0;
}

static inline void
set_fault(const char *name)
{
	char line[64], want[64];

	snprintf(line, sizeof line, "fault %s", name);
	fix_ok(&fix, line);
	snprintf(want, sizeof want, "\nfault %s\n", name);
	fix_state_has(&fix, want);
}

// An assertion; the caller frees it.
static inline int
sign(fido_assert_t **a)
{
	*a = fix_assert(cred);
	return fido_dev_get_assert(dev, *a, NULL);
}

static inline int
sign_only(void)
{
	fido_assert_t *a;
	int rc = sign(&a);

	fido_assert_free(&a);
	return rc;
}

static inline int
probe(void)
{
	fido_assert_t *a = fix_assert(cred);
	int rc;

	assert_int_equal(fido_assert_set_up(a, FIDO_OPT_FALSE), FIDO_OK);
	rc = fido_dev_get_assert(dev, a, NULL);
	if (rc == FIDO_OK)
		assert_int_equal(fix_verify(cred, a), FIDO_OK);
	fido_assert_free(&a);
	return rc;
}

static inline int
enroll_only(void)
{
	fido_cred_t *c = fix_cred(COSE_ES256);
	int rc = fido_dev_make_cred(dev, c, NULL);

	fido_cred_free(&c);
	return rc;
}

#endif
