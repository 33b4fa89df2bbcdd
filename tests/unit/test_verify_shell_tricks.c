// SPDX-License-Identifier: ISC
//
// Goal of this test: of thousands of commands that are quoted in every way, with everything
// in them that a shell acts upon, handseal-shell lets through none but the scope's, and
// makes of those the words that real shells make of them (rule2, rule3). HS_SEED repeats a
// run. What is run through the program itself is tests/e2e/refusals.t's and tricks.t's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "client/verify/shell.h"
#include "tests/lib/anyscope.h"
#include "tests/lib/scratch.h"

#define TRICKS	    30000
#define COMMAND_MAX 512
#define PICK(of)    ((of)[anyscope_below(sizeof(of) / sizeof((of)[0]))])

// What a shell acts upon. Whatever is run by mistake leaves a file.
static const char *const active[] = {";", "&", "|", "&&", "||", "|&", "\n", "\r\n", "(",
    ")", "{", "}", "<", ">", ">>", "<<E\n", "<<<", "$x", "${x}", "$(>oops)", "`>oops`",
    "$((1))", "$'\\x3b'", "$\"x\"", "<(>oops)", ">(>oops)", "*", "?", "[a]", "{a,b}", "~",
    "~root", "#", "!", "!!", "=x", "a=b", "x=", "\\", "'", "\"", ";>oops", "&>oops",
    "|tee oops", "\n>oops\n", "> oops", "2>oops", ">|oops", "; touch oops", "$(touch oops)",
    "`touch oops`", "&&>oops;", "\t", "\001", "\033[2J", "\177", "\302\240", "\342\200\213",
    "\342\200\256", "\377", "\357\274\233", "\\\n", "''", "\"\"", "%1", "^", "^x^y", "-",
    "--", "@", "+(a)", ":", "=ls", "a:~", "--x=~", "*.c", "\\;", "\\$x", "\\\\"};

// Words of the scope, near it, and others.
static const char *const plain[] = {"echo", "id", "-un", "a", "b;c", "$HOME", "it's", "\"",
    "*", "...", "\\", "x y", ">oops", "$(>oops)", "`>oops`", "~", "#", "=", "{a}", "a&b",
    "sh", "-c", "", "cat", "a=b", "\303\274", "-", "!"};

static struct hs_scope *scope;
static struct hs_shell_arg arg;
static const struct hs_str echo_words[] = {{(const uint8_t *)"echo", 4}};

static void
put(char *s, size_t *n, const char *text)
{
	for (; *text != '\0' && *n + 1 < COMMAND_MAX; text++)
		s[(*n)++] = *text;
	s[*n] = '\0';
}

// One byte, written in one of the ways that a shell knows; some are wrong for some bytes.
static void
put_byte(char *s, size_t *n, char c)
{
	char one[8];

	switch (anyscope_below(strchr("'\"\\$`", c) != NULL ? 6 : 5)) {
	case 0:
		snprintf(one, sizeof one, "'%c'", c);
		break;
	case 1:
		snprintf(one, sizeof one, "\"%c\"", c);
		break;
	case 2:
		snprintf(one, sizeof one, "\\%c", c);
		break;
	case 5:
		snprintf(one, sizeof one, "\"\\%c\"", c);
		break;
	default:
		snprintf(one, sizeof one, "%c", c);
	}
	put(s, n, one);
}

static void
put_word(char *s, size_t *n, const char *word)
{
	switch (anyscope_below(4)) {
	case 0:
		put(s, n, word);
		break;
	case 1:
		put(s, n, "'");
		put(s, n, word);
		put(s, n, "'");
		break;
	case 2:
		put(s, n, "\"");
		put(s, n, word);
		put(s, n, "\"");
		break;
	default:
		for (; *word != '\0'; word++)
			put_byte(s, n, *word);
	}
}

// A command of a few words, the first often one of the scope's; in every second something
// is put that a shell acts upon.
static void
any_command(char s[static COMMAND_MAX])
{
	size_t n = 0, words = anyscope_below(5);
	bool tricky = anyscope_below(2) == 0;

	s[0] = '\0';
	if (anyscope_below(8) == 0)
		put(s, &n, " ");
	put_word(s, &n, anyscope_below(4) > 0 ? "echo" : PICK(plain));
	for (size_t i = 0; i < words; i++) {
		put(s, &n, anyscope_below(9) == 0 ? "\t " : " ");
		put_word(s, &n, PICK(plain));
		if (tricky && anyscope_below(words) == 0)
			put(s, &n, PICK(active));
	}
	if (tricky && anyscope_below(2) == 0)
		put(s, &n, PICK(active));
}

// ---- what real shells say: for each command its words, a line each, NUL behind it all

struct asked {
	struct hs_buf script, want;
	unsigned n;
};

static void
ask(struct asked *a, const char *command, const struct hs_shell_run *run)
{
	hs_put_fmt(&a->script, "show %s\n", command);
	for (size_t i = 0; i < run->command.n; i++) {
		hs_put_raw(&a->want, run->command.list[i].p, run->command.list[i].len);
		hs_put_u8(&a->want, '\n');
	}
	hs_put_u8(&a->want, 1);
	a->n++;
}

static void
answer(struct asked *a, const char *shell)
{
	static const char show[] = "show() { for w; do printf '%s\\n' \"$w\"; done; printf "
				   "'\\001'; }\n";
	const char *script = scratch_in("script"), *out = scratch_in("out");
	int fd = open(script, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), status = -1;
	struct hs_buf got = {0};
	struct stat st;
	pid_t pid;

	if (access(shell, X_OK) != 0) {
		(void)close(fd);
		return;
	}
	assert_int_equal(write(fd, show, sizeof show - 1), sizeof show - 1);
	assert_int_equal(write(fd, a->script.p, a->script.len), a->script.len);
	(void)close(fd);
	pid = fork();
	if (pid == 0) {
		fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		if (chdir(scratch_dir) != 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
			_exit(1);
		(void)execl(shell, shell, script, (char *)NULL);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	fd = open(out, O_RDONLY | O_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(
	    read(fd, hs_put_space(&got, (size_t)st.st_size + 1), (size_t)st.st_size + 1),
	    st.st_size);
	(void)close(fd);
	for (size_t i = 0; i < a->want.len && i < (size_t)st.st_size; i++)
		if (got.p[i] != a->want.p[i]) {
			size_t from = i > 60 ? i - 60 : 0;

			fail_msg("%s reads otherwise: ...%.80s\nand not ...%.80s", shell,
			    (const char *)got.p + from, (const char *)a->want.p + from);
		}
	assert_int_equal(st.st_size, a->want.len);
	assert_int_equal(access(scratch_in("oops"), F_OK), -1);
	hs_buf_free(&got);
}

// ----

static bool
is_of_the_scope(const struct hs_shell_run *run)
{
	const struct hs_command *c = &run->command;

	if (run->by_shell != NULL || c->kind != HS_REQ_COMMAND || c->n == 0)
		return false;
	return hs_str_eq(c->list[0], echo_words[0]) ||
	       (c->n == 2 && hs_str_is(c->list[0], "id") && hs_str_is(c->list[1], "-un")) ||
	       (c->n == 2 && hs_str_is(c->list[0], "cat") && hs_str_is(c->list[1], "*"));
}

static void
rule2_thousands_of_tricks(void **state)
{
	static const char *const shells[] = {"/bin/sh", "/bin/bash", "/bin/zsh"};
	struct hs_shell_ask question = {.arg = &arg,
	    .now = 1,
	    .user = "deploy",
	    .addr = "192.0.2.14 50000 192.0.2.1 22"};
	char command[COMMAND_MAX];
	struct asked asked = {0};
	unsigned refused = 0;

	(void)state;
	for (unsigned i = 0; i < TRICKS; i++) {
		struct hs_shell_run run;
		struct hs_err err = {0};

		any_command(command);
		question.command = command;
		if (hs_shell_decide(&question, &run, &err) != HS_OK) {
			assert_int_equal(err.code, HS_NO_COMMAND);
			refused++;
		} else if (!is_of_the_scope(&run)) {
			fail_msg("let through: %s", command);
		} else if (asked.want.len < 200000 && asked.script.len < 200000) {
			ask(&asked, command, &run);
		}
		hs_shell_run_free(&run);
	}
	printf("# %u refused, %u let through and read by shells\n", refused, asked.n);
	assert_true(refused > TRICKS / 4 && asked.n > TRICKS / 20);
	assert_int_equal(hs_buf_err(&asked.script), HS_OK);
	assert_int_equal(hs_buf_err(&asked.want), HS_OK);
	for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
		answer(&asked, shells[i]);
	hs_buf_free(&asked.script);
	hs_buf_free(&asked.want);
}

int
main(void)
{
	static const char text[] =
	    "max-ttl 900\nmax-uses *\n\naddr *\ncmd cat '*'\ncmd echo "
	    "...\ncmd id -un\nhost *\nuser deploy\n";
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		rule2_thousands_of_tricks, scratch_make, scratch_remove),
	};
	int rc;

	anyscope_seed();
	if (hs_scope_parse(hs_str_c(text), &scope, NULL) != HS_OK)
		return 1;
	arg = (struct hs_shell_arg){.end = 2, .grant_end = 2, .id = hs_str_c("id")};
	arg.scope = hs_scope_text(scope);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	hs_scope_free(&scope);
	return rc;
}
