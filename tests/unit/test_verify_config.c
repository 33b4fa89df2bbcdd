// SPDX-License-Identifier: ISC
//
// Goal of this test: the server's files decide who logs in, so whoever could change them
// must be the owner alone; anything else about them admits nobody and says why (rule2,
// rule9).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "client/verify/lib/config.h"

struct place {
	char top[64], dir[80], roots[96], conf[96], other[96];
};

static void
write_file(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	assert_int_equal(fchmod(fd, 0644), 0);
	assert_int_equal(close(fd), 0);
}

static int
setup(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	assert_non_null(p);
	(void)snprintf(p->top, sizeof p->top, "/tmp/hs-config.XXXXXX");
	assert_non_null(mkdtemp(p->top));
	(void)snprintf(p->dir, sizeof p->dir, "%s/etc", p->top);
	(void)snprintf(p->roots, sizeof p->roots, "%s/roots", p->dir);
	(void)snprintf(p->conf, sizeof p->conf, "%s/verify.conf", p->dir);
	(void)snprintf(p->other, sizeof p->other, "%s/other", p->top);
	assert_int_equal(mkdir(p->dir, 0755), 0);
	write_file(p->roots, "# nobody yet\n", 13);
	write_file(p->conf, "HostName web1.example.com\n", 26);
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;

	(void)chmod(p->dir, 0700);
	(void)unlink(p->roots);
	(void)unlink(p->conf);
	(void)rmdir(p->roots);
	(void)rmdir(p->dir);
	(void)unlink(p->dir);
	(void)unlink(p->other);
	(void)rmdir(p->other);
	assert_int_equal(rmdir(p->top), 0);
	free(p);
	return 0;
}

struct seen {
	unsigned lines[4], n;
};

static void
on_bad(void *arg, const char *path, const struct hs_err *err)
{
	struct seen *s = arg;

	assert_string_equal(path + strlen(path) - 6, "/roots");
	if (s->n < 4)
		s->lines[s->n] = err->line;
	s->n++;
}

// Loads, demands that code, and that a fault leaves no host to admit for.
static void
load(const struct place *p, enum hs_code code, const char *sentence)
{
	struct hs_config c;

	hs_config_load(&c, &(struct hs_config_ask){.dir = p->dir, .own = true});
	if (c.err.code != code)
		fail_msg("%s instead of %s: %s", hs_code_name(c.err.code),
		    hs_code_name(code), c.err.text);
	if (code != HS_OK) {
		assert_int_equal(c.server.nhostnames, 0);
		if (strstr(c.err.text, sentence) == NULL)
			fail_msg("no \"%s\" in: %s", sentence, c.err.text);
	} else {
		assert_int_equal(c.server.nhostnames, 1);
		assert_string_equal(c.server.hostnames[0], "web1.example.com");
	}
	hs_config_free(&c);
}

static void
good_files(void **state)
{
	load(*state, HS_OK, "");
}

static void
rule2_missing_files(void **state)
{
	struct place *p = *state;
	struct hs_config c;

	assert_int_equal(unlink(p->roots), 0);
	load(p, HS_ERR_IO, "roots: No such file");
	hs_config_load(&c, &(struct hs_config_ask){.dir = p->dir, .own = true});
	assert_true(c.absent);
	hs_config_free(&c);
	write_file(p->roots, "", 0);
	assert_int_equal(unlink(p->conf), 0);
	load(p, HS_ERR_IO, "verify.conf: No such file");
	hs_config_load(&c, &(struct hs_config_ask){.dir = p->dir, .own = true});
	assert_false(c.absent);
	hs_config_free(&c);
}

static void
others_can_write(void **state)
{
	struct place *p = *state;

	assert_int_equal(chmod(p->roots, 0664), 0);
	load(p, HS_ERR_CONFIG, "can be written by others");
	assert_int_equal(chmod(p->roots, 0646), 0);
	load(p, HS_ERR_CONFIG, "can be written by others");
	assert_int_equal(chmod(p->roots, 0644), 0);
	assert_int_equal(chmod(p->conf, 0666), 0);
	load(p, HS_ERR_CONFIG, "can be written by others");
	assert_int_equal(chmod(p->conf, 0600), 0);
	load(p, HS_OK, "");
	assert_int_equal(chmod(p->dir, 0775), 0);
	load(p, HS_ERR_CONFIG, "can be written by others");
	assert_int_equal(chmod(p->dir, 0755), 0);
	assert_int_equal(chmod(p->top, 0777), 0);
	load(p, HS_ERR_CONFIG, "can be written by others");
	assert_int_equal(chmod(p->top, 01777), 0); // as /tmp itself
	load(p, HS_OK, "");
}

// A setuid bit is no sticky bit, and a sticky file is no folder.
static void
sticky_is_for_folders(void **state)
{
	struct place *p = *state;

	assert_int_equal(chmod(p->roots, 01666), 0);
	load(p, HS_ERR_CONFIG, "can be written by others");
}

static void
owners(void **state)
{
	struct place *p = *state;
	struct hs_config c;

	if (geteuid() == 0) {
		assert_int_equal(chown(p->roots, 12345, (gid_t)-1), 0);
		load(p, HS_ERR_CONFIG, "belongs to uid 12345");
		assert_int_equal(chown(p->roots, 0, (gid_t)-1), 0);
		assert_int_equal(chown(p->dir, 12345, (gid_t)-1), 0);
		load(p, HS_ERR_CONFIG, "belongs to uid 12345");
		assert_int_equal(chown(p->dir, 0, (gid_t)-1), 0);
		load(p, HS_OK, "");
		return;
	}
	// what is ours will do only where we were told of the folder
	hs_config_load(&c, &(struct hs_config_ask){.dir = p->dir});
	assert_int_equal(c.err.code, HS_ERR_CONFIG);
	hs_config_free(&c);
}

static void
not_files(void **state)
{
	struct place *p = *state;

	assert_int_equal(unlink(p->roots), 0);
	assert_int_equal(mkdir(p->roots, 0755), 0);
	load(p, HS_ERR_CONFIG, "not a regular file");
	assert_int_equal(rmdir(p->roots), 0);
	assert_int_equal(mkfifo(p->roots, 0644), 0); // must not block
	load(p, HS_ERR_CONFIG, "not a regular file");
}

// A link is followed, and judged by where it leads.
static void
links(void **state)
{
	struct place *p = *state;

	assert_int_equal(unlink(p->roots), 0);
	write_file(p->other, "", 0);
	assert_int_equal(symlink(p->other, p->roots), 0);
	load(p, HS_OK, "");
	assert_int_equal(chmod(p->other, 0666), 0);
	load(p, HS_ERR_CONFIG, "can be written by others");
	assert_int_equal(unlink(p->other), 0);
	assert_int_equal(mkdir(p->other, 0777), 0);
	assert_int_equal(chmod(p->other, 0777), 0);
	assert_int_equal(unlink(p->roots), 0);
	assert_int_equal(symlink(p->roots, p->roots), 0);
	load(p, HS_ERR_IO, "roots: ");
}

static void
rule10_sizes(void **state)
{
	struct place *p = *state;
	char *big = malloc(HS_CONFIG_FILE_MAX + 1);

	assert_non_null(big);
	memset(big, '#', HS_CONFIG_FILE_MAX + 1);
	write_file(p->roots, big, HS_CONFIG_FILE_MAX + 1);
	load(p, HS_ERR_TOO_LONG, "longer than");
	write_file(p->roots, big, HS_CONFIG_FILE_MAX);
	load(p, HS_OK, "");
	free(big);
}

static void
rule9_bad_texts(void **state)
{
	struct place *p = *state;
	struct seen seen = {0};
	struct hs_config c;

	write_file(p->roots, "# one\nnonsense\n\nusers=\"a\" more nonsense\n", 40);
	hs_config_load(&c, &(struct hs_config_ask){
			       .dir = p->dir, .own = true, .on_bad = on_bad, .arg = &seen});
	assert_int_equal(c.err.code, HS_OK);
	assert_int_equal(c.bad_lines, 2);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.lines[0], 2);
	assert_int_equal(seen.lines[1], 4);
	hs_config_free(&c);
	write_file(p->conf, "HostName a.example\nHostname b.example\nWhatEver 1\n", 49);
	load(p, HS_ERR_CONFIG, "verify.conf:3:1: ");
}

// What is refused by name, if there is such a file; with a mistake in it nobody is
// admitted.
static void
rule2_revoked(void **state)
{
	struct place *p = *state;
	struct hs_config c;
	char path[96];

	(void)snprintf(path, sizeof path, "%s/revoked", p->dir);
	hs_config_load(&c, &(struct hs_config_ask){.dir = p->dir, .own = true});
	assert_true(c.err.code == HS_OK && c.revoked.len == 0);
	hs_config_free(&c);
	write_file(path, "# none\n20259320c16a21ad\n", 24);
	hs_config_load(&c, &(struct hs_config_ask){.dir = p->dir, .own = true});
	assert_true(c.err.code == HS_OK && c.revoked.len == 24);
	hs_config_free(&c);
	write_file(path, "20259320c16a21ad\n x", 19);
	hs_config_load(&c, &(struct hs_config_ask){.dir = p->dir, .own = true});
	assert_int_equal(c.err.code, HS_ERR_CONFIG);
	assert_true(c.err.line == 2 && c.err.column == 2 && c.server.nhostnames == 0);
	hs_config_free(&c);
	write_file(path, "", 0);
	assert_int_equal(chmod(path, 0666), 0);
	hs_config_load(&c, &(struct hs_config_ask){.dir = p->dir, .own = true});
	assert_int_equal(c.err.code, HS_ERR_CONFIG);
	hs_config_free(&c);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("nowhere", path), 0);
	hs_config_load(&c, &(struct hs_config_ask){.dir = p->dir, .own = true});
	assert_int_equal(c.err.code, HS_ERR_IO);
	hs_config_free(&c);
	assert_int_equal(unlink(path), 0);
}

// ---- the roots of one user

#define ROOT                                                                               \
	"sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAICVDuS/"   \
	"xCVURR2rcg2nbbdyTNmWhGXjdoUBO4QZsqVWdAAAADHNzaDpoYW5kc2VhbA==\n"

static void
load_as(const struct place *p, const char *user, enum hs_code code, size_t roots)
{
	struct hs_config c;

	hs_config_load(
	    &c, &(struct hs_config_ask){.dir = p->dir, .own = true, .user = user});
	if (c.err.code != code || c.roots.n != roots)
		fail_msg("%s: %s, %zu roots: %s", user, hs_code_name(c.err.code), c.roots.n,
		    c.err.text);
	assert_int_equal(c.server.nhostnames, code == HS_OK);
	hs_config_free(&c);
}

static void
rule2_roots_of_a_user(void **state)
{
	struct place *p = *state;
	char dir[96], path[112];

	(void)snprintf(dir, sizeof dir, "%s/roots.d", p->dir);
	(void)snprintf(path, sizeof path, "%s/deploy", dir);
	load_as(p, "deploy", HS_OK, 0);
	assert_int_equal(mkdir(dir, 0755), 0);
	load_as(p, "deploy", HS_OK, 0);
	write_file(path, ROOT, sizeof ROOT - 1);
	load_as(p, "deploy", HS_OK, 1);
	load_as(p, "other", HS_OK, 0);
	load_as(p, NULL, HS_OK, 0);
	// names that would lead elsewhere have no file
	load_as(p, "", HS_OK, 0);
	load_as(p, "../roots.d/deploy", HS_OK, 0);
	load_as(p, "..", HS_OK, 0);
	assert_int_equal(chmod(path, 0666), 0);
	load_as(p, "deploy", HS_ERR_CONFIG, 0);
	load_as(p, "other", HS_OK, 0);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(chmod(dir, 0777), 0);
	load_as(p, "deploy", HS_ERR_CONFIG, 0);
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("nowhere", path), 0);
	load_as(p, "deploy", HS_ERR_IO, 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("..", path), 0);
	load_as(p, "deploy", HS_ERR_CONFIG, 0);
	assert_int_equal(unlink(path), 0);
	if (geteuid() == 0) { // never the user's own
		write_file(path, ROOT, sizeof ROOT - 1);
		assert_int_equal(chown(path, 4001, 4001), 0);
		load_as(p, "deploy", HS_ERR_CONFIG, 0);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(rmdir(dir), 0);
}

static void
the_rest_alone(void **state)
{
	struct place *p = *state;
	struct hs_config_ask ask = {.dir = p->dir, .own = true};
	struct hs_config c;

	write_file(p->roots, ROOT, sizeof ROOT - 1);
	hs_config_load_rest(&c, &ask);
	assert_true(c.err.code == HS_OK && c.roots.n == 0 && c.server.nhostnames == 1);
	hs_config_free(&c);
	assert_int_equal(chmod(p->conf, 0666), 0);
	hs_config_load_rest(&c, &ask);
	assert_true(c.err.code == HS_ERR_CONFIG && c.server.max_grant == 0);
	hs_config_free(&c);
	assert_int_equal(unlink(p->conf), 0);
	hs_config_load_rest(&c, &ask);
	assert_true(c.err.code == HS_OK && c.server.max_grant == HS_MAX_GRANT);
	hs_config_free(&c);
	ask.dir = "/nonexistent";
	hs_config_load_rest(&c, &ask);
	assert_true(c.err.code == HS_OK && c.server.max_grant == HS_MAX_GRANT);
	hs_config_free(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(good_files, setup, teardown),
	    cmocka_unit_test_setup_teardown(rule2_missing_files, setup, teardown),
	    cmocka_unit_test_setup_teardown(others_can_write, setup, teardown),
	    cmocka_unit_test_setup_teardown(sticky_is_for_folders, setup, teardown),
	    cmocka_unit_test_setup_teardown(owners, setup, teardown),
	    cmocka_unit_test_setup_teardown(not_files, setup, teardown),
	    cmocka_unit_test_setup_teardown(links, setup, teardown),
	    cmocka_unit_test_setup_teardown(rule10_sizes, setup, teardown),
	    cmocka_unit_test_setup_teardown(rule9_bad_texts, setup, teardown),
	    cmocka_unit_test_setup_teardown(rule2_revoked, setup, teardown),
	    cmocka_unit_test_setup_teardown(rule2_roots_of_a_user, setup, teardown),
	    cmocka_unit_test_setup_teardown(the_rest_alone, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
