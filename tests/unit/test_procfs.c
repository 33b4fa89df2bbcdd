// SPDX-License-Identifier: ISC
//
// rule10: /proc's texts: names of processes made to look like fields, cgroups of every
// kind, and the chain of ancestors in tables of processes that change while it is read.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/procfs.h"

#define REST                                                                               \
	" 4711 4711 34816 4711 4194304 100 0 0 0 1 2 3 4 20 0 1 0 7654321 12345 99 "       \
	"18446744073709551615 1 1 0 0 0 0 65536 3686404 0 0 0 0 17 3 0 0 0 0 0 1 1 1 1 "   \
	"1 1 1 0\n"

static const char last_start[] = "18446744073709551615";

static void
names(void **state)
{
	static const char *const comm[] = {"sh", "", " ", "a b", "a) R 1 (b", ")", "((",
	    "))", ") S 1 1 1", "a\nb", "\n", "1 (x) S 1 2 3", "\xff\x01", "a) ", "(a)"};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof comm / sizeof comm[0]; i++) {
		struct hs_procfs_stat st = {0};

		snprintf(text, sizeof text, "4711 (%s) S 4242" REST, comm[i]);
		assert_int_equal(hs_procfs_stat_get(hs_str_c(text), &st), HS_OK);
		assert_int_equal(st.id.pid, 4711);
		assert_int_equal(st.ppid, 4242);
		assert_int_equal(st.id.start, 7654321);
	}
}

// Everything up to the blank behind field 22 is needed: a number cut short is another.
static void
cuts(void **state)
{
	static const char text[] = "4711 (a) b) R 0" REST;
	struct hs_procfs_stat st = {0};
	size_t need = (size_t)(strstr(text, "7654321 ") - text) + sizeof "7654321 " - 1;

	(void)state;
	for (size_t n = 0; n < sizeof text; n++) {
		struct hs_str s = {(const uint8_t *)text, n};

		assert_int_equal(
		    hs_procfs_stat_get(s, &st), n < need ? HS_ERR_FORMAT : HS_OK);
		assert_int_equal(st.id.start, n < need ? 0 : 7654321);
	}
	assert_int_equal(st.ppid, 0);
}

static void
bad_stats(void **state)
{
	static const char *const bad[] = {"", "1", "1 ", "1 (", "1 (a", "1 (a)", "1 (a) ",
	    "1 a S 2" REST, "x (a) S 2" REST, " (a) S 2" REST, "-1 (a) S 2" REST,
	    "01 (a) S 2" REST, "1  (a) S 2" REST, "2147483648 (a) S 2" REST,
	    "1 (a)S 2" REST, "1 (a)  2" REST, "1 (a) SS 2" REST, "1 (a) S -2" REST,
	    "1 (a) S 2147483648" REST, "1 (a) S x" REST, "1 (a) S 2" REST "(b)",
	    "1 (a) S 2 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 -22 ",
	    "1 (a) S 2 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 18446744073709551616 ",
	    "1 (a) S 2  6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 "};
	struct hs_procfs_stat st;
	char most[256];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(hs_procfs_stat_get(hs_str_c(bad[i]), &st), HS_ERR_FORMAT);
	snprintf(most, sizeof most,
	    "2147483647 () S 2147483647 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 %s ",
	    last_start);
	assert_int_equal(hs_procfs_stat_get(hs_str_c(most), &st), HS_OK);
	assert_true(
	    st.id.pid == INT32_MAX && st.ppid == INT32_MAX && st.id.start == UINT64_MAX);
}

static void
cgroups(void **state)
{
	static const struct {
		const char *text, *path;
	} cases[] = {{"0::/\n", "/"}, {"0::/a", "/a"},
	    {"12:cpu,cpuacct:/x\n1:name=systemd:/y\n0::/user.slice/b.scope\n",
		"/user.slice/b.scope"},
	    {"0::/a b:c (deleted)\n", "/a b:c (deleted)"}, {"0::/../..\n", "/../.."},
	    {"0::/a\n0::/b\n", "/a"}, {"", NULL}, {"\n", NULL}, {"0::\n", NULL},
	    {"0::a\n0::/b\n", NULL}, {"0:/a\n", NULL}, {"10::/a\n", NULL},
	    {"1:x:0::/a\n", NULL}, {"0:cpu:/a\n", NULL}, {" 0::/a\n", NULL}, {"0:", NULL}};
	char text[HS_CGROUP_MAX + 32];
	struct hs_str path;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int rc = hs_procfs_cgroup_get(hs_str_c(cases[i].text), &path);

		assert_int_equal(rc, cases[i].path != NULL ? HS_OK : HS_NO_SUCH);
		assert_true(rc != HS_OK || hs_str_is(path, cases[i].path));
	}
	for (int len = HS_CGROUP_MAX - 1; len <= HS_CGROUP_MAX + 1; len++) {
		int kept = len < HS_CGROUP_MAX ? len : HS_CGROUP_MAX;

		snprintf(text, sizeof text, "0::/%0*d\n", len - 1, 0);
		assert_int_equal(hs_procfs_cgroup_get(hs_str_c(text), &path), HS_OK);
		assert_int_equal(path.len, kept);
	}
}

static void
units(void **state)
{
#define USER "/user.slice/user-1000.slice/user@1000.service"
	static const struct {
		const char *cgroup, *unit;
	} cases[] = {{"", ""}, {"/", ""}, {"/init.scope", ""},
	    {"/system.slice/ssh.service", "ssh.service"}, {USER "/init.scope", ""},
	    {USER, ""}, {USER "/app.slice/claude.service", "claude.service"},
	    {USER "/app.slice/claude.service/sub/tree", "claude.service"},
	    {"/user.slice/user-1000.slice/session-3.scope", ""},
	    {USER "/app.slice/app-org.gnome.Terminal.slice/vte-spawn-1.scope",
		"vte-spawn-1.scope"},
	    {USER "/a.service/session-1.scope", "a.service"}, {"/docker/0123", ""},
	    {"/a.slice", ""}, {"/.service", ""}, {"/.scope/", ""}, {"x.scope", "x.scope"},
	    {"//x.service//", "x.service"}, {"/user@.service", ""},
	    {"/x user@1.service", "x user@1.service"}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (!hs_str_is(hs_procfs_unit(hs_str_c(cases[i].cgroup)), cases[i].unit))
			fail_msg("%s", cases[i].cgroup);
}

static void
a_proc_of_ours(void **state)
{
	static const struct {
		const char *text;
		int code;
	} cases[] = {{"Name:\ta\nPid:\t7\nNSpid:\t42\nNSpgid:\t1\n", HS_OK},
	    {"NSpid:\t2147483647", HS_OK}, {"NSpid:\t1\nNSpid:\t2\t3\n", HS_OK},
	    {"NSpid:\t4711\t42\n", HS_NO_SUCH}, {"NSpid:\t-1\n", HS_NO_SUCH},
	    {"NSpid:\t0\n", HS_NO_SUCH}, {"NSpid:\t2147483648\n", HS_NO_SUCH},
	    {"NSpid:\t\n", HS_NO_SUCH}, {"NSpid: 4\n", HS_NO_SUCH},
	    {"Pid:\t4\n", HS_NO_SUCH}, {"", HS_NO_SUCH}, {"Name:\tNSpid:\t4\n", HS_NO_SUCH},
	    {"NSpid:", HS_NO_SUCH}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(
		    hs_procfs_counts_alike(hs_str_c(cases[i].text)), cases[i].code);
}

static void
uids(void **state)
{
	static const struct {
		const char *text;
		int code;
	} cases[] = {
	    {"Name:\tsshd\nUid:\t4001\t4001\t4001\t4001\nGid:\t1\t1\t1\t1\n", HS_OK},
	    {"Uid:\t4001\t4001\t4001\t4001", HS_OK},
	    {"Name:\tUid:\t0\t0\t0\t0\nUid:\t4001\t4001\t4001\t4001\n", HS_OK},
	    {"Uid:\t4001\t0\t4001\t4001\n", HS_NO_SUCH},
	    {"Uid:\t4001\t4001\t4001\t0\n", HS_NO_SUCH},
	    {"Uid:\t4001\t4001\t4001\n", HS_ERR_FORMAT},
	    {"Uid:\t4001\t4001\t4001\t4001\t4001\n", HS_ERR_FORMAT},
	    {"Uid:\t4001\t\t4001\t4001\n", HS_ERR_FORMAT},
	    {"Uid:\t-1\t-1\t-1\t-1\n", HS_ERR_FORMAT}, {"Uid:\t", HS_ERR_FORMAT},
	    {"", HS_ERR_FORMAT}, {"Gid:\t4001\t4001\t4001\t4001\n", HS_ERR_FORMAT}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint64_t uid = 0;

		assert_int_equal(
		    hs_procfs_uid_get(hs_str_c(cases[i].text), &uid), cases[i].code);
		assert_int_equal(uid == 4001, cases[i].code == HS_OK);
	}
}

// Whoever ends a connection must not take the listener for it.
static void
connections(void **state)
{
	static const char *const yes[] = {"sshd: deploy@pts/0", "sshd: deploy@notty",
	    "sshd: deploy@pts/0,pts/1", "sshd-session: root@notty", "sshd: a.b-c_d$@x"};
	static const char *const no[] = {
	    "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups",
	    "sshd: /usr/sbin/sshd -D -f /x@y [listener]", "sshd -D -f a@b",
	    "sshd: ", "sshd: deploy [priv]", "sshd: deploy", "sshd: @notty",
	    "sshd:deploy@notty", "sshd-auth: deploy@notty", "-sshd: deploy@notty", "",
	    "sshd: a b@c"};

	(void)state;
	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
		assert_true(hs_procfs_is_connection(hs_str_c(yes[i])));
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
		if (hs_procfs_is_connection(hs_str_c(no[i])))
			fail_msg("%s", no[i]);
}

// ---- ancestors: a table of processes, and what happens to it at the nth look

struct table {
	struct hs_procfs_stat v[80];
	size_t n;
	unsigned looks;
	unsigned at; // this look, counted from 1, finds the table changed by
	void (*change)(struct table *t);
	bool always; // so does every later one
};

static void
add(struct table *t, uint64_t pid, uint64_t start, uint64_t ppid)
{
	t->v[t->n++] = (struct hs_procfs_stat){{pid, start}, ppid};
}

static struct hs_procfs_stat *
of(struct table *t, uint64_t pid)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].id.pid == pid)
			return &t->v[i];
	return NULL;
}

static int
look(void *arg, uint64_t pid, struct hs_procfs_stat *out)
{
	struct table *t = arg;
	struct hs_procfs_stat *st;

	t->looks++;
	if (t->change != NULL && (t->looks == t->at || (t->always && t->looks > t->at)))
		t->change(t);
	st = of(t, pid);
	if (st == NULL)
		return HS_NO_SUCH;
	*out = *st;
	return HS_OK;
}

// 50 (the peer) below 40, 30, 20 and 1
static struct table
family(void)
{
	struct table t = {.n = 0};

	add(&t, 1, 1, 0);
	add(&t, 20, 200, 1);
	add(&t, 30, 300, 20);
	add(&t, 40, 400, 30);
	add(&t, 50, 500, 40);
	return t;
}

#define CHAIN 1024

static void
chain(struct table *t, char out[static CHAIN])
{
	struct hs_procfs_id v[HS_ANCESTORS_MAX];
	size_t n = hs_procfs_ancestry(look, t, 50, v);

	out[0] = '\0';
	for (size_t i = 0; i < n; i++)
		snprintf(out + strlen(out), CHAIN - strlen(out), "%s%" PRIu64 "@%" PRIu64,
		    i > 0 ? " " : "", v[i].pid, v[i].start);
}

static void
is(struct table *t, const char *want)
{
	char got[CHAIN];

	chain(t, got);
	assert_string_equal(got, want);
}

static void
ancestors(void **state)
{
	struct table t = family();

	(void)state;
	is(&t, "40@400 30@300 20@200");
	of(&t, 20)->ppid = 0; // of another PID namespace
	is(&t, "40@400 30@300 20@200");
	of(&t, 50)->ppid = 1;
	is(&t, "");
	of(&t, 50)->id.pid = 51;
	is(&t, "");
}

static void
deep_and_endless(void **state)
{
	struct table t = {.n = 0};
	struct hs_procfs_id v[HS_ANCESTORS_MAX];

	(void)state;
	for (uint64_t i = 0; i < 50; i++)
		add(&t, 50 + i, 500 - i, 51 + i);
	assert_int_equal(hs_procfs_ancestry(look, &t, 50, v), HS_ANCESTORS_MAX);
	assert_true(v[0].pid == 51 && v[HS_ANCESTORS_MAX - 1].pid == 82 &&
		    v[HS_ANCESTORS_MAX - 1].start == 468);
	t.looks = 0;
	of(&t, 60)->ppid = 50; // no kernel says so
	assert_int_equal(hs_procfs_ancestry(look, &t, 50, v), HS_ANCESTORS_MAX);
	assert_true(t.looks <= 2 * HS_ANCESTORS_MAX + 1);
}

static void
hidden(void **state)
{
	struct table t = family();

	(void)state;
	of(&t, 30)->id.pid = 31; // /proc is mounted with hidepid, and it is another user's
	is(&t, "40@400");
}

static void
parent_dies_and_its_pid_is_used_again(struct table *t)
{
	of(t, 40)->id.start = 900;
	of(t, 40)->ppid = 1;
	of(t, 50)->ppid = 20; // a subreaper
}

static void
parent_dies(struct table *t)
{
	of(t, 40)->id.pid = 41;
	of(t, 50)->ppid = 30;
}

static void
child_is_another(struct table *t)
{
	of(t, 40)->id.start++;
}

static void
peer_dies(struct table *t)
{
	of(t, 50)->id.pid = 51;
}

// Whenever it happens: the old chain or the new one, never one of both.
static void
changes_meanwhile(void **state)
{
	static const struct {
		void (*change)(struct table *t);
		const char *after;
	} cases[] = {{parent_dies_and_its_pid_is_used_again, "20@200"},
	    {parent_dies, "30@300 20@200"}, {child_is_another, "40@401 30@300 20@200"},
	    {peer_dies, ""}};
	static const char old[] = "40@400 30@300 20@200";
	char got[CHAIN];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bool before = false, after = false;

		for (unsigned at = 1; at <= 8; at++) {
			struct table t = family();

			t.change = cases[i].change;
			t.at = at;
			chain(&t, got);
			before |= strcmp(got, old) == 0;
			after |= strcmp(got, cases[i].after) == 0;
			assert_true(
			    strcmp(got, old) == 0 || strcmp(got, cases[i].after) == 0);
		}
		assert_true(before && after);
	}
}

// A chain that is another at each look is given up.
static void
never_the_same(void **state)
{
	struct table t = family();

	(void)state;
	t.change = child_is_another;
	t.at = 1;
	t.always = true;
	is(&t, "");
	assert_true(t.looks <= 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(names), cmocka_unit_test(cuts),
	    cmocka_unit_test(bad_stats), cmocka_unit_test(cgroups), cmocka_unit_test(units),
	    cmocka_unit_test(a_proc_of_ours), cmocka_unit_test(uids),
	    cmocka_unit_test(connections), cmocka_unit_test(ancestors),
	    cmocka_unit_test(deep_and_endless), cmocka_unit_test(hidden),
	    cmocka_unit_test(changes_meanwhile), cmocka_unit_test(never_the_same)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
