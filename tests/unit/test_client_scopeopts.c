// SPDX-License-Identifier: ISC
//
// The command line's scope options: what text they make, that nothing can be smuggled into
// it, and that faults are led back to the option. Defaults exist here only (rule 2: absent
// means none).
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "client/handseal/scopeopts.h"
#include "tests/lib/opts.h"

static void
assert_text(const struct hs_scopeopts *o, uint64_t max_ttl, const char *want)
{
	int where[HS_SCOPEOPTS_LINES];
	struct hs_buf text = {0};
	struct hs_err err = {0};

	assert_int_equal(hs_scopeopts_text(o, max_ttl, &text, where, &err), HS_OK);
	hs_put_u8(&text, 0);
	assert_int_equal(hs_buf_err(&text), HS_OK);
	assert_string_equal((const char *)text.p, want);
	hs_buf_free(&text);
}

static void
assert_built(const struct hs_scopeopts *o, uint64_t max_ttl, const char *canonical)
{
	struct hs_scope *scope = NULL;
	struct hs_err err = {0};

	if (hs_scopeopts_build(o, max_ttl, NULL, &scope, &err) != HS_OK)
		fail_msg("%s", hs_err_sentence(&err));
	assert_int_equal(hs_scope_text(scope).len, strlen(canonical));
	assert_memory_equal(hs_scope_text(scope).p, canonical, strlen(canonical));
	hs_scope_free(&scope);
	assert_null(scope);
}

static void
defaults_are_written_out(void **state)
{
	struct hs_scopeopts o = {0};

	(void)state;
	take(&o, HS_SCOPEOPT_USER, "deploy", HS_SCOPEOPT_HOST, "web1.example.com",
	    HS_SCOPEOPT_CMD, "systemctl restart web", 0);
	assert_text(&o, 900,
	    "depth 0\nmax-ttl 900\nmax-uses *\n\nuser deploy\nhost web1.example.com\n"
	    "cmd systemctl restart web\naddr *\n");
	assert_built(&o, 900,
	    "max-ttl 900\nmax-uses *\n\naddr *\ncmd systemctl restart web\n"
	    "host web1.example.com\nuser deploy\n");
}

static void
what_is_given_is_taken(void **state)
{
	struct hs_scopeopts o = {0};

	(void)state;
	take(&o, HS_SCOPEOPT_USER, "git", HS_SCOPEOPT_USER, "deploy", HS_SCOPEOPT_HOST,
	    "*.example.com", HS_SCOPEOPT_CMD, "git-upload-pack ...", HS_SCOPEOPT_ADDR,
	    "192.0.2.0/24", HS_SCOPEOPT_PERMIT, "pty", HS_SCOPEOPT_PERMIT,
	    "port-forwarding", HS_SCOPEOPT_OPEN, "db1.example.com:5432", HS_SCOPEOPT_USES,
	    "3", HS_SCOPEOPT_DEPTH, "1", HS_SCOPEOPT_ON_END, "drain", 0);
	assert_built(&o, 60,
	    "depth 1\nmax-ttl 60\nmax-uses 3\non-end drain\n\naddr 192.0.2.0/24\ncmd "
	    "git-upload-pack "
	    "...\n"
	    "host *.example.com\nopen db1.example.com:5432\npermit port-forwarding\npermit "
	    "pty\n"
	    "user deploy\nuser git\n");
}

static void
a_bare_address_is_a_block_of_one(void **state)
{
	struct hs_scopeopts o = {0};

	(void)state;
	take(&o, HS_SCOPEOPT_USER, "a", HS_SCOPEOPT_HOST, "h", HS_SCOPEOPT_CMD, "id",
	    HS_SCOPEOPT_ADDR, "192.0.2.7", HS_SCOPEOPT_ADDR, "2001:db8::7", 0);
	assert_built(&o, 60,
	    "max-ttl 60\nmax-uses *\n\naddr 192.0.2.7/32\naddr 2001:db8::7/128\n"
	    "cmd id\nhost h\nuser a\n");
}

// Only a login comes from an address.
static void
other_services_get_no_address(void **state)
{
	struct hs_scopeopts ns = {0}, cap = {0};

	(void)state;
	take(&ns, HS_SCOPEOPT_NS, "git", 0);
	assert_text(&ns, 60, "depth 0\nmax-ttl 60\nmax-uses *\n\nns git\n");
	take(&cap, HS_SCOPEOPT_CAP, "read:repo/acme/web", 0);
	assert_text(
	    &cap, 60, "depth 0\nmax-ttl 60\nmax-uses *\n\ncap read:repo/acme/web\n");
}

static void
nothing_named_is_a_mistake(void **state)
{
	struct hs_scopeopts none = {0}, head = {0};

	(void)state;
	assert_refused(&none, NULL, HS_ERR_USAGE, "nothing is asked for");
	take(&head, HS_SCOPEOPT_USES, "3", 0);
	assert_refused(&head, NULL, HS_ERR_USAGE, "nothing is asked for");
}

// A value that could end its line would be two values.
static void
control_characters_smuggle_nothing(void **state)
{
	static const char *const bad[] = {"deploy\nuser root", "deploy\n", "\n", "deploy\r",
	    "a\tb", "a\x1b[2J", "a\x7f", "\xe2\x80\xae", "\xff"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct hs_scopeopts user = {0}, uses = {0}, depth = {0};

		take(&user, HS_SCOPEOPT_USER, bad[i], HS_SCOPEOPT_HOST, "h", 0);
		assert_refused(&user, NULL, HS_ERR_USAGE, "--user has a control");
		take(&uses, HS_SCOPEOPT_USER, "a", HS_SCOPEOPT_USES, bad[i], 0);
		assert_refused(&uses, NULL, HS_ERR_USAGE, "--uses has a control");
		take(&depth, HS_SCOPEOPT_USER, "a", HS_SCOPEOPT_DEPTH, bad[i], 0);
		assert_refused(&depth, NULL, HS_ERR_USAGE, "--depth has a control");
	}
}

static void
empty_values_are_refused(void **state)
{
	(void)state;
	for (int opt = HS_SCOPEOPT_ADDR; opt <= HS_SCOPEOPT_ON_END; opt++) {
		struct hs_scopeopts o = {0};

		take(&o, HS_SCOPEOPT_HOST, "h", opt, "", 0);
		assert_refused(&o, NULL, HS_ERR_USAGE, " is empty");
	}
}

static void
faults_name_their_option(void **state)
{
	static const struct {
		int opt;
		const char *value, *name;
	} bad[] = {{HS_SCOPEOPT_USER, "not a name", "--user: "},
	    {HS_SCOPEOPT_HOST, "UPPER.example.com", "--host: "},
	    {HS_SCOPEOPT_CMD, "a | b", "--cmd: "}, {HS_SCOPEOPT_CMD, "'open", "--cmd: "},
	    {HS_SCOPEOPT_ADDR, "192.0.2.1/24", "--addr: "},
	    {HS_SCOPEOPT_ADDR, "::ffff:192.0.2.1", "--addr: "},
	    {HS_SCOPEOPT_PERMIT, "everything", "--permit: "},
	    {HS_SCOPEOPT_OPEN, "nowhere", "--open: "}, {HS_SCOPEOPT_USES, "0", "--uses: "},
	    {HS_SCOPEOPT_USES, "-1", "--uses: "}, {HS_SCOPEOPT_DEPTH, "x", "--depth: "},
	    {HS_SCOPEOPT_DEPTH, "17", "--depth: "},
	    {HS_SCOPEOPT_ON_END, "never", "--on-end: "}};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct hs_scopeopts o = {0};

		take(&o, HS_SCOPEOPT_USER, "deploy", HS_SCOPEOPT_HOST, "h", HS_SCOPEOPT_CMD,
		    "id", bad[i].opt, bad[i].value, 0);
		assert_refused(&o, NULL, HS_ERR_USAGE, bad[i].name);
	}
}

// rule 2: a user without a command or a host is no wildcard.
static void
rule2_absent_is_not_any(void **state)
{
	struct hs_scopeopts o = {0};
	struct hs_scope *scope = NULL;
	struct hs_err err = {0};

	(void)state;
	take(&o, HS_SCOPEOPT_USER, "deploy", HS_SCOPEOPT_HOST, "h", 0);
	if (hs_scopeopts_build(&o, 60, NULL, &scope, &err) == HS_OK) {
		assert_int_equal(hs_scope_values(scope, 0, HS_KEY_CMD), 0);
		hs_scope_free(&scope);
	}
	memset(&o, 0, sizeof o);
	take(&o, HS_SCOPEOPT_USER, "deploy", HS_SCOPEOPT_CMD, "id", 0);
	assert_refused(&o, NULL, HS_ERR_USAGE, "host");
}

static void
once_is_once(void **state)
{
	static const int once[] = {
	    HS_SCOPEOPT_USES, HS_SCOPEOPT_DEPTH, HS_SCOPEOPT_ON_END, HS_SCOPEOPT_FILE};
	struct hs_scopeopts o = {0};
	struct hs_err err = {0};

	(void)state;
	for (size_t i = 0; i < sizeof once / sizeof once[0]; i++) {
		assert_int_equal(hs_scopeopts_take(&o, once[i], "1", &err), HS_OK);
		assert_int_equal(hs_scopeopts_take(&o, once[i], "1", &err), HS_ERR_USAGE);
		assert_non_null(strstr(err.text, "given twice"));
	}
	assert_false(hs_scopeopts_is('h'));
	assert_false(hs_scopeopts_is('?'));
	assert_false(hs_scopeopts_is(HS_SCOPEOPT_END));
}

static void
too_many_values(void **state)
{
	static struct hs_scopeopts o;
	struct hs_err err = {0};

	(void)state;
	for (size_t i = 0; i < HS_SCOPE_VALUES_MAX; i++)
		assert_int_equal(hs_scopeopts_take(&o, HS_SCOPEOPT_USER, "a", &err), HS_OK);
	assert_int_equal(hs_scopeopts_take(&o, HS_SCOPEOPT_USER, "a", &err), HS_ERR_USAGE);
	assert_int_equal(o.n, HS_SCOPE_VALUES_MAX);
}

static char path[] = "/tmp/hs-scopeopts.XXXXXX";

static void
write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fputs(text, f) >= 0, 1);
	assert_int_equal(fclose(f), 0);
}

static int
make_path(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 || close(fd) != 0;
}

static int
remove_path(void **state)
{
	(void)state;
	return unlink(path);
}

static void
a_file_is_the_whole_scope(void **state)
{
	struct hs_scopeopts o = {.file = path}, more = {.file = path},
			    uses = {.file = path, .uses = "3"},
			    gone = {.file = "/nonexistent/x"}, dir = {.file = "/tmp"};

	(void)state;
	write_file("max-ttl 15m\nmax-uses 2\n\nuser a\nhost h\naddr *\ncmd id\n\n"
		   "user b\nhost h\naddr *\ncmd id\n");
	assert_built(&o, 60,
	    "max-ttl 900\nmax-uses 2\n\naddr *\ncmd id\nhost h\nuser a\n\n"
	    "addr *\ncmd id\nhost h\nuser b\n");
	take(&more, HS_SCOPEOPT_USER, "root", 0);
	assert_refused(&more, NULL, HS_ERR_USAGE, "--user cannot be given too");
	assert_refused(&uses, NULL, HS_ERR_USAGE, "--uses cannot be given too");
	assert_refused(&o, "--ttl", HS_ERR_USAGE, "--ttl cannot be given");
	assert_refused(&gone, NULL, HS_NO_SUCH, "/nonexistent/x");
	assert_refused(&dir, NULL, HS_ERR_IO, "/tmp is no file");
}

static void
a_files_faults_have_a_place(void **state)
{
	struct hs_scopeopts o = {.file = path};

	(void)state;
	write_file("max-ttl 15m\nmax-uses 2\n\nuser a\nhost h\naddr *\ncmd id | sh\n");
	assert_refused(&o, NULL, HS_ERR_SCOPE, ":7:8: ");
	write_file("");
	assert_refused(&o, NULL, HS_ERR_SCOPE, path);
}

static void
a_long_file_is_refused(void **state)
{
	struct hs_scopeopts o = {.file = path};
	FILE *f = fopen(path, "w");

	(void)state;
	assert_non_null(f);
	for (int i = 0; i <= HS_SCOPE_BYTES_MAX; i++)
		assert_int_equal(fputc('#', f), '#');
	assert_int_equal(fclose(f), 0);
	assert_refused(&o, NULL, HS_ERR_TOO_LONG, "more than 16384 bytes");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults_are_written_out),
	    cmocka_unit_test(what_is_given_is_taken),
	    cmocka_unit_test(a_bare_address_is_a_block_of_one),
	    cmocka_unit_test(other_services_get_no_address),
	    cmocka_unit_test(nothing_named_is_a_mistake),
	    cmocka_unit_test(control_characters_smuggle_nothing),
	    cmocka_unit_test(empty_values_are_refused),
	    cmocka_unit_test(faults_name_their_option),
	    cmocka_unit_test(rule2_absent_is_not_any),
	    cmocka_unit_test(once_is_once),
	    cmocka_unit_test(too_many_values),
	    cmocka_unit_test(a_file_is_the_whole_scope),
	    cmocka_unit_test(a_files_faults_have_a_place),
	    cmocka_unit_test(a_long_file_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_path, remove_path);
}
