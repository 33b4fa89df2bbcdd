// SPDX-License-Identifier: ISC
//
// known_hosts files as a whole: which of them are read, in which order what comes of them,
// and what is done with too much of everything. Lines are test_khhelper_match.c's.
#include <time.h>
#include "agentd/known-hosts/line.h"
#include "agentd/known-hosts/load.h"
#include "agentd/known-hosts/match.h"
#include "tests/lib/gathering.h"

// CPU time, with room for sanitizers; the program is killed after 5 s of real time.
#define SOON (20 * CLOCKS_PER_SEC)

static void
repeat(struct hs_buf *b, const char *text, size_t n)
{
	hs_buf_reset(b);
	while (n-- > 0)
		hs_put_raw(b, text, strlen(text));
	assert_int_equal(hs_buf_err(b), HS_OK);
}

// A file of n times the text, however large.
static void
large_file(const char *name, const char *text, size_t n)
{
	struct hs_buf b = {0};
	FILE *f;

	gathering_file(name, (struct hs_str){0});
	gathering_expand(&b, hs_str_c(text));
	f = fopen(gathering_in(name), "w");
	assert_non_null(f);
	while (n-- > 0)
		assert_int_equal(fwrite(b.p, 1, b.len, f), b.len);
	assert_int_equal(fclose(f), 0);
	hs_buf_free(&b);
}

static void
several_files(void **state)
{
	(void)state;
	gathering_text("a", "web1 %A\nweb2 %B\n");
	gathering_text("b", "");
	gathering_text("c", "@revoked web2 %A\nweb1 %A\nweb1 %C\n@cert-authority * %D");
	gathering_for("web1 web2");
	gathering_tells("revoked web2 A\nkey web1 A\nkey web2 B\nkey web1 C\nca web1 D\n"
			"ca web2 D\n",
	    "");
	// the order of the hosts does not matter, nor that one comes twice
	gathering_for("web2 web1 web1 web2");
	gathering_tells("revoked web2 A\nkey web1 A\nkey web2 B\nkey web1 C\nca web1 D\n"
			"ca web2 D\n",
	    "");
	gathering.req.nfiles = 0;
	gathering_tells("", "");
	gathering.req.nfiles = 3;
	gathering.req.nhosts = 0;
	gathering_tells("", "");
}

// ---- which files

static void
not_there(void **state)
{
	(void)state;
	gathering_text("a", "web1 %A\n");
	gathering_text("b", "web1 %B\n");
	assert_int_equal(unlink(gathering_in("a")), 0);
	gathering_for("web1");
	gathering_tells("key web1 B\n", "");
	assert_int_equal(symlink("nowhere", gathering_in("a")), 0);
	gathering_tells("key web1 B\n", "");
	assert_int_equal(unlink(gathering_in("a")), 0);
	assert_int_equal(symlink("b", gathering_in("a")), 0); // is followed
	gathering_tells("key web1 B\n", "");
	assert_int_equal(unlink(gathering_in("a")), 0);
	assert_int_equal(symlink("a", gathering_in("a")), 0);
	gathering_tells("key web1 B\n", "a: Too many levels of symbolic links\n");
	assert_int_equal(unlink(gathering_in("a")), 0);
	snprintf(gathering.paths[0], sizeof gathering.paths[0], "%s/b/a", gathering_dir);
	gathering.req.files[0] = hs_str_c(gathering.paths[0]);
	gathering_tells("key web1 B\n", "b/a: Not a directory\n");
}

static void
no_regular_file(void **state)
{
	(void)state;
	gathering_text("b", "web1 %B\n");
	gathering_text("fifo", "");
	gathering_text("folder", "");
	assert_int_equal(unlink(gathering_in("fifo")), 0);
	assert_int_equal(mkfifo(gathering_in("fifo"), 0600), 0); // nobody ever writes to it
	assert_int_equal(unlink(gathering_in("folder")), 0);
	assert_int_equal(mkdir(gathering_in("folder"), 0700), 0);
	gathering.req.files[gathering.req.nfiles++] = hs_str_c("/dev/null");
	gathering.req.files[gathering.req.nfiles++] = hs_str_c("/dev/zero");
	gathering_for("web1");
	gathering_tells("key web1 B\n",
	    "fifo: it is not a regular file, and not used\n"
	    "folder: it is not a regular file, and not used\n"
	    "/dev/null: it is not a regular file, and not used\n"
	    "/dev/zero: it is not a regular file, and not used\n");
	assert_int_equal(rmdir(gathering_in("folder")), 0);
}

// Who else could have written it?
static void
rule9_files_of_others(void **state)
{
	static const mode_t bad[] = {0620, 0602, 0666, 0777, 0664};
	static const mode_t good[] = {0600, 0644, 0400, 0755};

	(void)state;
	gathering_text("a", "web1 %A\n");
	gathering_for("web1");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char want[128];

		assert_int_equal(chmod(gathering_in("a"), bad[i]), 0);
		snprintf(want, sizeof want,
		    "a: others can write it (mode %04o), so it is not used; chmod go-w\n",
		    (unsigned)bad[i]);
		gathering_tells("", want);
	}
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(chmod(gathering_in("a"), good[i]), 0);
		gathering_tells("key web1 A\n", "");
	}
	if (geteuid() == 0) {
		assert_int_equal(chown(gathering_in("a"), 4001, 0), 0);
		gathering_tells("",
		    "a: it belongs to uid 4001, neither to you nor to root, "
		    "and is not used\n");
	} else {
		assert_int_equal(chmod(gathering_in("a"), 0), 0);
		gathering_tells("", "a: Permission denied\n");
	}
	gathering.req.files[0] = hs_str_c("/etc/hostname"); // root's
	gathering_tells("", access("/etc/hostname", R_OK) == 0
				? "/etc/hostname:1: the line "
				  "has no key\n"
				: "");
}

static void
rule10_too_large_a_file(void **state)
{
	(void)state;
	large_file("a", "x\n", HS_LOAD_MAX / 2);
	gathering_text("b", "web1 %B\n");
	gathering_for("web1");
	assert_int_equal(gathering_run(), HS_OK);
	assert_string_equal((const char *)gathering.told.p, "key web1 B\n");
	assert_non_null(strstr((const char *)gathering.warned.p, "a:30: the line has no "
								 "key\n2097122 more "));
	gathering.req.nfiles = 0;
	large_file("a", "x\ny", HS_LOAD_MAX / 3 + 1);
	gathering.req.nfiles = 2;
	gathering_tells(
	    "key web1 B\n", "a: it is longer than 4194304 bytes, and not used\n");
}

static void
names_of_files_are_cleaned(void **state)
{
	(void)state;
	gathering_text("a\n\x1b[m\xff", "web1\n");
	gathering_for("web1");
	gathering_tells("", "a??[m?:1: the line has no key\n");
}

// ---- what stands in them

static void
line_ends_and_zeros(void **state)
{
	static const char zeros[] = "web1 %A\0 x\n\0web1 %B\nweb1\0 %C\nweb1 %D c\0";
	struct hs_buf b = {0};

	(void)state;
	gathering_expand(&b, (struct hs_str){(const uint8_t *)zeros, sizeof zeros - 1});
	gathering_file("a", hs_buf_str(&b));
	gathering_text("b", "web1 %E\r\n\r\n# c\r\nweb1 %F c\r\n@revoked web1 %G\r");
	gathering_for("web1");
	gathering_tells("revoked web1 G\nkey web1 A\nkey web1 D\nkey web1 E\nkey web1 F\n",
	    "a:3: the line has no key\n");
	hs_buf_free(&b);
}

static void
rule10_long_lines(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	hs_put_fmt(&b, "web1 ");
	gathering_put_key(&b, 'A');
	hs_put_fmt(&b, " %0*d\nweb1 ", (int)(HS_LINE_MAX - b.len - 1), 0);
	gathering_put_key(&b, 'B');
	hs_put_fmt(&b, " %0*d\n@revoked web1 ", HS_LINE_MAX, 0);
	gathering_put_key(&b, 'C');
	hs_put_fmt(&b, " %0*d\nweb1 ", HS_LINE_MAX, 0);
	gathering_put_key(&b, 'D');
	gathering_file("a", hs_buf_str(&b));
	gathering_for("web1");
	gathering_tells("key web1 A\nkey web1 D\n",
	    "a:2: the line has more than 65536 bytes, and is not used\n"
	    "a:3: the line has more than 65536 bytes, and is not used\n");
	hs_buf_free(&b);
}

// As many lines as a file may have, whatever stands in them.
static void
rule10_a_million_lines(void **state)
{
	static const char *const lines[] = {"\n", "a\n", "#\n", "web1 %A\n", "* a b\n",
	    "@revoked * a b\n", "@cert-authority *.x,?,!y %A\n", "a.b.c.d.e.f.g.h %A\n",
	    "w*b*1,!w*2 %A\n", "@revoked [\n"};

	(void)state;
	gathering_for("web1 *.example.com *.h.g a b c d e f g h");
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct hs_buf b = {0};
		clock_t start;

		gathering_expand(&b, hs_str_c(lines[i]));
		gathering.req.nfiles = 0;
		large_file("a", lines[i], HS_LOAD_MAX / b.len);
		start = clock();
		(void)gathering_run();
		if (clock() - start > SOON)
			fail_msg("%s took %ld ms", lines[i],
			    (long)((clock() - start) * 1000 / CLOCKS_PER_SEC));
		hs_buf_free(&b);
	}
}

// ---- bounds

static void
rule10_more_entries_than_fit(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	for (int i = 0; i < 4100; i++) {
		hs_put_fmt(&b, "a%04d,b%04d ", i, i);
		gathering_put_key(&b, (char)('A' + i % 26));
		hs_put_u8(&b, '\n');
	}
	gathering_file("a", hs_buf_str(&b));
	gathering_text("b", "@revoked a0001 %Z\nb0001 %Z\n");
	gathering_for("*");
	assert_int_equal(gathering_run(), HS_OK);
	assert_int_equal(
	    gathering.answer.n, HS_KNOWNHOSTS_BYTES_MAX / (1 + 4 + 51 + 4 + 5));
	assert_non_null(strstr((const char *)gathering.told.p,
	    "revoked a0001 Z\nkey a0000 A\nkey b0000 A\nkey a0001 B\n"));
	assert_null(strstr((const char *)gathering.told.p, "b0001 Z")); // behind the cut
	assert_string_equal((const char *)gathering.warned.p,
	    "a:1796: there is more than fits into a table; what is from here on is left "
	    "out\n");
	// the same each time
	hs_buf_reset(&b);
	hs_put_raw(&b, gathering.frame.p, gathering.frame.len);
	assert_int_equal(gathering_run(), HS_OK);
	assert_true(hs_str_eq(hs_buf_str(&b), hs_buf_str(&gathering.frame)));
	assert_in_range(gathering.frame.len, 0, 4 + HS_KNOWNHOSTS_ANSWER_MAX);
	hs_buf_free(&b);
}

// What is revoked is never left out: rather nothing is known.
static void
rule9_more_revoked_than_fits(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	gathering_text("a", "web1 %A\n");
	hs_put_fmt(&b, "@revoked a");
	for (int i = 0; i < 4100; i++)
		hs_put_fmt(&b, ",a%04d", i);
	hs_put_u8(&b, ' ');
	gathering_put_key(&b, 'B');
	gathering_file("b", hs_buf_str(&b));
	gathering_for("*");
	assert_int_equal(gathering_run(), HS_ERR_TOO_LONG);
	assert_string_equal(gathering.err.text,
	    "the known_hosts files revoke more than can be read, so none of their keys is "
	    "used");
	hs_buf_free(&b);
}

// A pattern on each line, for as many hosts as a scope may have.
static void
rule10_more_work_than_may_be(void **state)
{
	struct hs_buf hosts = {0};
	clock_t start;

	(void)state;
	for (int i = 0; i < 2000; i++)
		hs_put_fmt(&hosts, "h%04d ", i);
	hs_put_u8(&hosts, 0);
	gathering_for((const char *)hosts.p);
	gathering_text("b", "h0000 %B\n");
	large_file("a", "x* %A\n", 1050);
	gathering_text("c", "h0000 %C\n");
	start = clock();
	gathering_tells("key h0000 B\n",
	    "a:1049: there is more to be compared than may be; what is from "
	    "here on is left out\n");
	assert_true(clock() - start < SOON);
	// hashed ones cost more
	gathering.req.nfiles = 0;
	large_file("a", "|1|AAECAwQFBgcICQoLDA0ODxAREhM=|kbguOtKYPIB/ZYy8dnyA/wCUN34= %A\n",
	    2 + HS_MATCH_WORK_MAX / HS_MATCH_WORK_HASH / 2000);
	gathering_tells("",
	    "a:66: there is more to be compared than may be; what is from here on is left "
	    "out\n");
	// those that are revoked must be compared
	gathering.req.nfiles = 0;
	large_file("a", "@revoked x* %A\n", 1050);
	assert_int_equal(gathering_run(), HS_ERR_TOO_LONG);
	hs_buf_free(&hosts);
}

static void
more_warnings_than_are_told(void **state)
{
	struct hs_buf b = {0};
	const char *w;

	(void)state;
	gathering_for("web1 *");
	for (size_t n = 30; n < 33; n++) {
		gathering.req.nfiles = 0;
		repeat(&b, "web1\n", n);
		gathering_file("a", hs_buf_str(&b));
		assert_int_equal(gathering_run(), HS_OK);
		assert_int_equal(gathering.answer.nwarnings, n > 30 ? 31 : 30);
	}
	w = strstr((const char *)gathering.warned.p, "a:30: ");
	assert_string_equal(w, "a:30: the line has no key\n2 more warnings are left out\n");
	// with the cut in front, as many as may be
	for (int i = 0; i < 4100; i++) {
		hs_put_fmt(&b, "a%04d ", i);
		gathering_put_key(&b, 'A');
		hs_put_u8(&b, '\n');
	}
	gathering.req.nfiles = 0;
	gathering_file("a", hs_buf_str(&b));
	assert_int_equal(gathering_run(), HS_OK);
	assert_int_equal(gathering.answer.nwarnings, HS_KNOWNHOSTS_WARNINGS_MAX);
	assert_non_null(strstr((const char *)gathering.warned.p, "more than fits"));
	assert_true(strstr((const char *)gathering.warned.p, "more than fits") <
		    strchr((const char *)gathering.warned.p, '\n'));
	hs_buf_free(&b);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, gathering_make, gathering_drop)
	const struct CMUnitTest tests[] = {T(several_files), T(not_there),
	    T(no_regular_file), T(rule9_files_of_others), T(rule10_too_large_a_file),
	    T(names_of_files_are_cleaned), T(line_ends_and_zeros), T(rule10_long_lines),
	    T(rule10_a_million_lines), T(rule10_more_entries_than_fit),
	    T(rule9_more_revoked_than_fits), T(rule10_more_work_than_may_be),
	    T(more_warnings_than_are_told)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
