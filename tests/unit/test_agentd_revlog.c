// SPDX-License-Identifier: ISC
//
// Goal of this test: the daemon's files about revocation on a disk that fails: what is
// written is there whole or not at all, what was torn is cut off, what cannot be read is
// said, and an index that may lack lines is known to (rule5, rule10).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "agentd/revindex.h"
#include "agentd/revlog.h"
#include "tests/lib/keygen.h"
#include "tests/lib/scratch.h"

#define SESSION "7c2e000000000000"

static int dir = -1;
static bool folders_fail; // their syncs

int
fsync(int fd)
{
	struct stat st;

	if (folders_fail && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fsync, fd);
}

// Files may have so many bytes: what is longer fails as on a full disk.
static void
disk(rlim_t bytes)
{
	struct rlimit l = {bytes, RLIM_INFINITY};

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

static int
setup(void **state)
{
	(void)signal(SIGXFSZ, SIG_IGN);
	if (scratch_make(state) != 0 || sodium_init() < 0)
		return -1;
	dir = open(scratch_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0;
}

static int
teardown(void **state)
{
	disk(RLIM_INFINITY);
	(void)close(dir);
	return scratch_remove(state);
}

static struct hs_revoked
entry(uint64_t lo, uint64_t hi)
{
	struct hs_revoked r = {.time = 1, .lo = lo, .hi = hi, .end = 1000};

	r.whole = lo == 0;
	memcpy(r.session, SESSION, sizeof r.session);
	return r;
}

static int
write_lines(struct hs_revlog *l, const struct hs_now *now, struct hs_err *err)
{
	struct hs_revlog_lines w;

	hs_revlog_make(l, now, &w);
	hs_revlog_write(l, &w);
	hs_revlog_wrote(l, &w);
	*err = w.why;
	return w.rc;
}

static int
add(struct hs_revlog *l, const struct hs_revoked *v, size_t n, struct hs_err *err)
{
	assert_int_equal(hs_revlog_take(l, v, n), HS_OK);
	hs_revlog_ready(l, l->taken);
	return write_lines(l, NULL, err);
}

static void
tidy(struct hs_revlog *l, const struct hs_now *now)
{
	struct hs_err err;

	assert_int_equal(write_lines(l, now, &err), HS_OK);
}

static void
replaced_whole_or_not(void **state)
{
	static const char big[5000] = {'x'};
	struct hs_err err = {0};

	(void)state;
	assert_int_equal(
	    hs_statefile_replace(dir, "a", 0644, hs_str_c("one"), &err), HS_OK);
	scratch_holds("a", "one");
	assert_int_equal(scratch_mode("a"), 0644);
	disk(4096);
	assert_int_equal(hs_statefile_replace(dir, "a", 0600,
			     (struct hs_str){(const uint8_t *)big, 5000}, &err),
	    HS_ERR_IO);
	scratch_holds("a", "one");
	assert_int_equal(scratch_count(), 1);
	disk(RLIM_INFINITY);
	assert_int_equal(
	    hs_statefile_replace(dir, "a", 0600, hs_str_c("two"), &err), HS_OK);
	scratch_holds("a", "two");
	assert_int_equal(scratch_mode("a"), 0600);
	// what a daemon that was killed has left
	assert_true(keygen_write(scratch_in(HS_STATEFILE_TEMPORARY "0"), hs_str_c("x")));
	hs_statefile_clean(dir);
	assert_int_not_equal(access(scratch_in(HS_STATEFILE_TEMPORARY "0"), F_OK), 0);
	scratch_holds("a", "two");
}

static void
rule5_added_whole_or_not(void **state)
{
	struct hs_revoked v[3] = {entry(4, 4), entry(7, 9), entry(12, 12)};
	struct hs_revlog_of of;
	struct hs_revlog l;
	struct hs_err err = {0};
	uint64_t torn;
	struct stat st;

	(void)state;
	assert_int_equal(hs_revlog_open(&l, dir, &torn, &err), HS_OK);
	assert_int_equal(torn, 0);
	assert_int_equal(add(&l, v, 1, &err), HS_OK);
	scratch_holds("revoked", "1 " SESSION " 4 1000\n");
	disk(50); // a line and a bit
	assert_int_equal(add(&l, v + 1, 2, &err), HS_ERR_IO);
	scratch_holds("revoked", "1 " SESSION " 4 1000\n");
	assert_true(l.n == 3 && l.saved == 1); // they count here, and are the next ones'
	disk(RLIM_INFINITY);
	assert_int_equal(write_lines(&l, NULL, &err), HS_OK);
	assert_int_equal(l.saved, 3);
	hs_revlog_close(&l);
	assert_int_equal(hs_revlog_open(&l, dir, &torn, &err), HS_OK);
	assert_int_equal(l.n, 3);
	assert_int_equal(hs_revlog_of(&l, SESSION, 0, &of), HS_OK);
	for (uint64_t s = 1; s < 14; s++)
		assert_int_equal(
		    hs_revlog_of_has(&of, s), s == 4 || (s >= 7 && s <= 9) || s == 12);
	assert_true(of.n == 3 && !of.whole);
	free(of.r);
	l.v[0].time = l.v[0].end; // the others were to last for longer than they are known
	assert_int_equal(hs_revlog_of(&l, SESSION, 1000, &of), HS_OK);
	assert_true(of.n == 2 && !of.whole && !hs_revlog_of_has(&of, 4)); // expired
	free(of.r);
	v[0] = entry(0, 0);
	assert_int_equal(add(&l, v, 1, &err), HS_OK);
	assert_int_equal(hs_revlog_of(&l, SESSION, 999, &of), HS_OK);
	assert_true(of.whole && of.n == 3);
	free(of.r);
	assert_int_equal(hs_revlog_of(&l, "0000000000000000", 0, &of), HS_OK);
	assert_true(!of.whole && of.n == 0);
	free(of.r);
	hs_revlog_close(&l);
	assert_int_equal(stat(scratch_in("revoked"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void
torn_and_bad(void **state)
{
	struct hs_revlog l;
	struct hs_err err = {0};
	uint64_t torn;

	(void)state;
	assert_true(keygen_write(
	    scratch_in("revoked"), hs_str_c("1 " SESSION " 4 1000\n1 " SESSION " 5")));
	assert_int_equal(hs_revlog_open(&l, dir, &torn, &err), HS_OK);
	assert_true(torn == strlen("1 " SESSION " 5") && l.n == 1);
	hs_revlog_close(&l);
	scratch_holds("revoked", "1 " SESSION " 4 1000\n");
	assert_true(keygen_write(scratch_in("revoked"),
	    hs_str_c("1 " SESSION " 4 1000\nx\n1 " SESSION " 5 6\n")));
	assert_int_equal(hs_revlog_open(&l, dir, &torn, &err), HS_ERR_CONFIG);
	assert_int_equal(err.line, 2);
	assert_int_equal(unlink(scratch_in("revoked")), 0);
	assert_int_equal(symlink("elsewhere", scratch_in("revoked")), 0);
	assert_int_equal(hs_revlog_open(&l, dir, &torn, &err), HS_ERR_IO);
	assert_int_equal(unlink(scratch_in("revoked")), 0);
	assert_int_equal(mkdir(scratch_in("revoked"), 0700), 0);
	assert_int_equal(hs_revlog_open(&l, dir, &torn, &err), HS_ERR_IO);
	assert_int_equal(rmdir(scratch_in("revoked")), 0);
}

// ---- dropping

#define DAY	(24 * 3600)
#define MONTH	(30 * DAY)
#define SOON_MS ((uint64_t)(HS_SESSION_TTL + 1) * 1000)

// What is over by both clocks goes, whole or not at all; by one of them alone it stays.
static void
rule5_dropped_when_it_is_over(void **state)
{
	struct hs_revoked v[3] = {entry(4, 4), entry(7, 9), entry(12, 12)};
	struct hs_revlog_of of;
	struct hs_err err = {0};
	struct hs_now now = {0};
	struct hs_revlog l;
	uint64_t torn;

	(void)state;
	v[2].end = 1000 + DAY;
	assert_int_equal(hs_revlog_open(&l, dir, &torn, &err), HS_OK);
	assert_int_equal(add(&l, v, 3, &err), HS_OK);
	now.wall = UINT64_MAX;
	now.boot_ms = UINT64_MAX;
	tidy(&l, &now); // these are of now, and so not old
	assert_int_equal(l.n, 3);
	hs_revlog_close(&l);
	assert_int_equal(hs_revlog_open(&l, dir, &torn, &err), HS_OK);
	now = (struct hs_now){.wall = 1000 + MONTH, .boot_ms = l.since + SOON_MS};
	tidy(&l, &now);
	assert_int_equal(l.n, 3);
	now = (struct hs_now){.wall = 1001 + MONTH, .boot_ms = l.since + SOON_MS - 1000};
	tidy(&l, &now); // the clock could be wrong
	assert_int_equal(l.n, 3);
	disk(10); // what it would write does not fit
	now.boot_ms = l.since + SOON_MS;
	tidy(&l, &now);
	disk(RLIM_INFINITY);
	assert_int_equal(l.n, 3);
	scratch_holds("revoked",
	    "1 " SESSION " 4 1000\n1 " SESSION " 7-9 1000\n1 " SESSION " 12 87400\n");
	assert_int_equal(scratch_count(), 1);
	tidy(&l, &now);
	assert_int_equal(l.n, 1);
	scratch_holds("revoked", "1 " SESSION " 12 87400\n");
	assert_int_equal(scratch_mode("revoked"), 0600);
	assert_int_equal(scratch_count(), 1);
	// and goes on in the new one
	assert_int_equal(add(&l, v, 1, &err), HS_OK);
	scratch_holds("revoked", "1 " SESSION " 12 87400\n1 " SESSION " 4 1000\n");
	now = (struct hs_now){.wall = UINT64_MAX, .boot_ms = UINT64_MAX};
	tidy(&l, &now);
	scratch_holds("revoked", "1 " SESSION " 4 1000\n");
	assert_int_equal(hs_revlog_of(&l, SESSION, 0, &of), HS_OK);
	assert_true(of.n == 1 && hs_revlog_of_has(&of, 4) && !hs_revlog_of_has(&of, 12));
	free(of.r);
	hs_revlog_close(&l);
}

// It was written anew, and its folder could not be synced: what is open has no name any
// more, and what has may be gone with the power.
static void
rule5_a_new_one_that_may_not_last(void **state)
{
	struct hs_revoked v[2] = {entry(4, 4), entry(7, 9)};
	struct hs_err err = {0};
	struct hs_now now;
	struct hs_revlog l;
	uint64_t torn;

	(void)state;
	assert_int_equal(hs_revlog_open(&l, dir, &torn, &err), HS_OK);
	assert_int_equal(add(&l, v, 1, &err), HS_OK);
	hs_revlog_close(&l);
	// nor does what an earlier daemon wrote count before it is known to last
	folders_fail = true;
	assert_int_equal(hs_revlog_open(&l, dir, &torn, &err), HS_ERR_IO);
	folders_fail = false;
	assert_int_equal(hs_revlog_open(&l, dir, &torn, &err), HS_OK);
	now = (struct hs_now){.wall = UINT64_MAX, .boot_ms = UINT64_MAX};
	folders_fail = true;
	tidy(&l, &now);
	assert_int_equal(add(&l, v + 1, 1, &err), HS_ERR_IO);
	folders_fail = false;
	assert_int_equal(write_lines(&l, NULL, &err), HS_OK);
	scratch_holds("revoked", "1 " SESSION " 7-9 1000\n");
	hs_revlog_close(&l);
}

// It could be written anew and not opened: then nothing is remembered where it is lost.
static void
rule5_a_new_one_that_cannot_be_opened(void **state)
{
	struct hs_revoked v[2] = {entry(4, 4), entry(7, 9)};
	struct hs_err err = {0};
	struct hs_revlog l;
	uint64_t torn;

	(void)state;
	assert_int_equal(hs_revlog_open(&l, dir, &torn, &err), HS_OK);
	hs_statefile_close(&l.file);
	assert_int_equal(mkdir(scratch_in("x"), 0700), 0);
	assert_int_equal(rename(scratch_in("revoked"), scratch_in("kept")), 0);
	assert_int_equal(mkdir(scratch_in("revoked"), 0700), 0);
	assert_int_equal(add(&l, v, 1, &err), HS_ERR_IO);
	assert_int_equal(rmdir(scratch_in("revoked")), 0);
	assert_int_equal(add(&l, v + 1, 1, &err), HS_OK);
	scratch_holds("revoked", "1 " SESSION " 4 1000\n1 " SESSION " 7-9 1000\n");
	hs_revlog_close(&l);
	assert_int_equal(rmdir(scratch_in("x")), 0);
}

// ---- the index

static int
add_up(void *arg, const struct hs_indexed *i)
{
	uint64_t *sum = arg;

	*sum += i->serial;
	return HS_OK;
}

static enum hs_revindex_state
state_of(uint64_t want)
{
	enum hs_revindex_state state;
	struct hs_err err = {0};
	uint64_t sum = 0;

	assert_int_equal(hs_revindex_read(dir, SESSION, add_up, &sum, &state, &err), HS_OK);
	assert_int_equal(sum, want);
	return state;
}

static bool
reads(uint64_t want)
{
	return state_of(want) == HS_REVINDEX_WHOLE;
}

static void
an_index_knows_what_it_lacks(void **state)
{
	struct hs_revindex x = {.file = {.fd = -1}};
	struct hs_indexed i = {
	    .what = HS_INDEXED_CERT, .serial = 1, .end = 9, .agent = "a"};
	struct hs_buf text = {0};
	struct hs_err err = {0};
	enum hs_revindex_state how;
	uint64_t sum = 0;

	(void)state;
	assert_int_equal(
	    hs_revindex_read(dir, SESSION, add_up, &sum, &how, &err), HS_NO_SUCH);
	assert_int_equal(how, HS_REVINDEX_DAMAGED);
	assert_int_equal(hs_revindex_begin(&x, dir, SESSION, &err), HS_OK);
	assert_true(reads(0));
	assert_int_equal(hs_revindex_note(&x, &i, HS_REVINDEX_FLUSHED, &err), HS_OK);
	assert_true(reads(0)); // it is not released yet either
	assert_int_equal(hs_revindex_flush(&x, &err), HS_OK);
	assert_true(reads(1));
	i.serial = 2;
	disk(60);
	assert_int_equal(hs_revindex_note(&x, &i, HS_REVINDEX_SYNCED, &err), HS_ERR_IO);
	assert_true(reads(1));
	disk(RLIM_INFINITY);
	i.serial = 3;
	assert_int_equal(hs_revindex_note(&x, &i, HS_REVINDEX_SYNCED, &err), HS_OK);
	assert_true(reads(6)); // what failed is in it too, and harmless there
	hs_revindex_free(&x);  // as if killed
	assert_true(reads(6)); // in the same boot nothing is lost
	assert_true(keygen_read(scratch_in(SESSION ".index"), &text));
	memset(text.p + 5, '0', 8); // another boot
	assert_true(keygen_write(scratch_in(SESSION ".index"), hs_buf_str(&text)));
	assert_int_equal(state_of(6), HS_REVINDEX_CUT);
	hs_put_fmt(&text, "end\n");
	assert_true(keygen_write(scratch_in(SESSION ".index"), hs_buf_str(&text)));
	assert_true(reads(6)); // but it was ended in order
	hs_put_fmt(&text, "cert 9 9 a -\n");
	assert_true(keygen_write(scratch_in(SESSION ".index"), hs_buf_str(&text)));
	assert_int_equal(state_of(15), HS_REVINDEX_DAMAGED); // and then went on
	assert_int_equal(
	    hs_revindex_begin(&x, dir, SESSION, &err), HS_ERR_IO); // it is there
	assert_int_equal(unlink(scratch_in(SESSION ".index")), 0);
	hs_buf_free(&text);
}

static void
an_index_with_bad_lines(void **state)
{
	struct hs_revindex x = {.file = {.fd = -1}};
	struct hs_buf text = {0}, whole = {0};
	struct hs_err err = {0};
	static const char *const bad[] = {"nonsense\n", "cert 4 9 a", "\n"};
	char longer[HS_REVSTATE_LINE_MAX + 100];

	(void)state;
	assert_int_equal(hs_revindex_begin(&x, dir, SESSION, &err), HS_OK);
	close(hs_revindex_end(&x));
	assert_true(reads(0));
	assert_true(keygen_read(scratch_in(SESSION ".index"), &whole));
	whole.len -= strlen("end\n");
	for (size_t i = 0; i < 3; i++) {
		hs_buf_reset(&text);
		hs_put_raw(&text, whole.p, whole.len);
		hs_put_fmt(&text, "cert 1 9 a -\n%s", bad[i]);
		assert_true(keygen_write(scratch_in(SESSION ".index"), hs_buf_str(&text)));
		// a last line without LF was only cut off
		assert_int_equal(
		    state_of(1), i == 1 ? HS_REVINDEX_CUT : HS_REVINDEX_DAMAGED);
	}
	memset(longer, 'x', sizeof longer);
	hs_put_raw(&text, longer, sizeof longer);
	assert_true(keygen_write(scratch_in(SESSION ".index"), hs_buf_str(&text)));
	assert_int_equal(state_of(1), HS_REVINDEX_DAMAGED);
	hs_revindex_free(&x);
	hs_buf_free(&text);
	hs_buf_free(&whole);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(replaced_whole_or_not, setup, teardown),
	    cmocka_unit_test_setup_teardown(rule5_added_whole_or_not, setup, teardown),
	    cmocka_unit_test_setup_teardown(torn_and_bad, setup, teardown),
	    cmocka_unit_test_setup_teardown(rule5_dropped_when_it_is_over, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		rule5_a_new_one_that_may_not_last, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		rule5_a_new_one_that_cannot_be_opened, setup, teardown),
	    cmocka_unit_test_setup_teardown(an_index_knows_what_it_lacks, setup, teardown),
	    cmocka_unit_test_setup_teardown(an_index_with_bad_lines, setup, teardown)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("revlog", tests, NULL, NULL);
}
