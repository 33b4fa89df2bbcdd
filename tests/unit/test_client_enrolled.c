// SPDX-License-Identifier: ISC
//
// Finding an enrolled root by its key: only in files that handseald would use, too.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "client/handseal/enrolled.h"
#include "client/handseal/paths.h"
#include "tests/lib/mint.h"
#include "tests/lib/scratch.h"

static struct hs_root_record blue, spare;
static char dir[HS_PATHS_MAX];

static void
make_record(struct hs_root_record *r, const char *name)
{
	struct hs_mint m;

	assert_int_equal(hs_mint_make(&m, HS_KT_SK_ED25519), HS_OK);
	*r = (struct hs_root_record){.key = m.key,
	    .handle = {1},
	    .handle_len = 1,
	    .created = 1,
	    .attestation = "none"};
	assert_true(strlen(name) < sizeof r->name);
	memcpy(r->name, name, strlen(name) + 1);
}

static const char *
in_dir(const char *name)
{
	static char path[HS_PATHS_MAX + 40];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	return path;
}

static void
put(const struct hs_root_record *r, const char *file, mode_t mode)
{
	struct hs_buf text = {0};

	hs_rootfile_put(&text, r);
	assert_int_equal(
	    hs_paths_write(in_dir(file), hs_buf_str(&text), mode, true, NULL), HS_OK);
	hs_buf_free(&text);
}

static int
make(void **state)
{
	if (scratch_make(state) != 0 || setenv("XDG_CONFIG_HOME", scratch_dir, 1) != 0 ||
	    hs_paths_config("roots", dir, NULL) != HS_OK ||
	    hs_paths_make(dir, NULL) != HS_OK)
		return -1;
	make_record(&blue, "blue");
	make_record(&spare, "spare");
	return 0;
}

static int
undo(void **state)
{
	static const char *const names[] = {
	    "blue", "spare", "other", ".blue.abcdef", "link"};
	char *slash;

	(void)chmod(dir, 0700);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		(void)unlink(in_dir(names[i]));
	(void)rmdir(dir);
	slash = strrchr(dir, '/');
	*slash = '\0';
	(void)rmdir(dir);
	return scratch_remove(state);
}

static int
find(const struct hs_root_record *r, struct hs_root_record *out)
{
	struct hs_err err = {0};
	int rc = hs_enrolled_find(&r->key, out, &err);

	if (rc != HS_OK)
		assert_int_equal(err.code, rc);
	assert_int_equal(hs_enrolled_find(&r->key, out, NULL), rc);
	return rc;
}

static void
the_key_decides(void **state)
{
	struct hs_root_record got;

	(void)state;
	assert_int_equal(find(&blue, &got), HS_NO_SUCH); // an empty folder
	spare.verify = true;
	put(&blue, "blue", 0600);
	put(&spare, "spare", 0600);
	assert_int_equal(find(&spare, &got), HS_OK);
	assert_string_equal(got.name, "spare");
	assert_true(got.verify);
	assert_int_equal(find(&blue, &got), HS_OK);
	assert_string_equal(got.name, "blue");
	assert_false(got.verify);
	make_record(&spare, "spare");
	assert_int_equal(find(&spare, &got), HS_NO_SUCH);
}

static void
rule2_files_that_are_not_used(void **state)
{
	struct hs_root_record got;

	(void)state;
	put(&blue, "other", 0600); // it says that it is another
	assert_int_equal(find(&blue, &got), HS_NO_SUCH);
	put(&blue, ".blue.abcdef", 0600); // not whole yet
	assert_int_equal(find(&blue, &got), HS_NO_SUCH);
	put(&blue, "blue", 0620);
	assert_int_equal(find(&blue, &got), HS_NO_SUCH);
	assert_int_equal(chmod(in_dir("blue"), 0602), 0);
	assert_int_equal(find(&blue, &got), HS_NO_SUCH);
	assert_int_equal(chmod(in_dir("blue"), 0644), 0);
	assert_int_equal(find(&blue, &got), HS_OK);
	if (geteuid() == 0) {
		assert_int_equal(chown(in_dir("blue"), 1, (gid_t)-1), 0);
		assert_int_equal(find(&blue, &got), HS_NO_SUCH);
		assert_int_equal(chown(in_dir("blue"), 0, (gid_t)-1), 0);
	}
	assert_int_equal(chmod(dir, 0777), 0);
	assert_int_equal(find(&blue, &got), HS_ERR_IO);
	assert_int_equal(chmod(dir, 0700), 0);
	assert_int_equal(rename(in_dir("blue"), scratch_in("elsewhere")), 0);
	assert_int_equal(symlink(scratch_in("elsewhere"), in_dir("blue")), 0);
	assert_int_equal(find(&blue, &got), HS_NO_SUCH);
}

static void
no_folder_is_no_roots(void **state)
{
	struct hs_root_record got;

	(void)state;
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(find(&blue, &got), HS_NO_SUCH);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, make, undo)
	const struct CMUnitTest tests[] = {
	    T(the_key_decides), T(rule2_files_that_are_not_used), T(no_folder_is_no_roots)};

	if (sodium_init() < 0)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("enrolled roots", tests, NULL, NULL);
}
