// SPDX-License-Identifier: ISC
//
// Shell words: each rule with its column, and on generated texts the words that sh and bash
// make of what is accepted. Prints its seed; HS_SEED repeats a run.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "proto/limits.h"
#include "proto/text.h"

#define BATCHES	  4
#define TEXTS	  1500 // a batch
#define WORDS_MAX 64

static uint64_t state;

// splitmix64
static size_t
below(size_t n)
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (size_t)((z ^ (z >> 31)) % n);
}

// The words, each behind its column and '(quoted) or -(not), "|" between them.
static void
gives(const char *text, const char *want)
{
	struct hs_words w;
	struct hs_buf got = {0};
	struct hs_err err = {0};

	if (hs_words_parse(hs_str_c(text), WORDS_MAX, &w, &err) != HS_OK)
		fail_msg("%s: %u: %s", text, err.column, err.text);
	for (size_t i = 0; i < w.n; i++) {
		hs_put_fmt(&got, "%s%u%c", i > 0 ? "|" : "", w.w[i].column,
		    w.w[i].quoted ? '\'' : '-');
		hs_put_raw(&got, w.w[i].text.p, w.w[i].text.len);
		assert_int_equal(w.w[i].text.p[w.w[i].text.len], 0);
	}
	if (!hs_str_is(hs_buf_str(&got), want))
		fail_msg("%s gave %.*s", text, (int)got.len, got.p);
	hs_buf_free(&got);
	hs_words_free(&w);
	assert_null(w.w);
	assert_int_equal(w.n, 0);
}

static void
refused_str(struct hs_str text, unsigned column, const char *why)
{
	struct hs_words w;
	struct hs_err err = {0};
	int rc = hs_words_parse(text, WORDS_MAX, &w, &err);

	if (rc != HS_ERR_FORMAT || err.column != column || strstr(err.text, why) == NULL)
		fail_msg(
		    "%.*s: %d at %u: %s", (int)text.len, text.p, rc, err.column, err.text);
	hs_words_free(&w);
	assert_int_equal(hs_words_parse(text, WORDS_MAX, &w, NULL), HS_ERR_FORMAT);
	hs_words_free(&w);
}

static void
refused(const char *text, unsigned column, const char *why)
{
	refused_str(hs_str_c(text), column, why);
}

static void
plain_and_quoted(void **unused)
{
	(void)unused;
	gives("", "");
	gives(" \t ", "");
	gives("a", "1-a");
	gives("  a\t\tbc ", "3-a|6-bc");
	gives("''", "1'");
	gives("a ''", "1-a|3'");
	gives("'a b'c\"d e\"", "1'a bcd e");
	gives("'a\"$`\\'", "1'a\"$`\\");
	gives("'a\nb'", "1'a\nb");
	gives("\"a'b\"", "1'a'b");
	gives("\"\\$\\`\\\"\\\\\\x\"", "1'$`\"\\\\x");
	gives("\"a\nb\"", "1'a\nb");
	gives("\\a\\ \\'\\\"\\$", "1'a '\"$");
	gives("a\\ b", "1'a b");
	gives("*", "1-*");
	gives("ls * x", "1-ls|4-*|6-x");
	gives("'*' \\* \"*\"", "1'*|5'*|8'*");
	gives("...", "1-...");
	gives("gr\xc3\xbc\xc3\x9f"
	      "e \xa0",
	    "1-gr\xc3\xbc\xc3\x9f"
	    "e|9-\xa0");
	gives("a#b x~y a%^,+:@./-_", "1-a#b|5-x~y|9-a%^,+:@./-_");
	gives("''# a!b !a", "1'#|5-a!b|9-!a");
	gives("x a=b c'=' a''=", "1-x|3-a=b|7'c=|12'a=");
	gives("a'='b c", "1'a=b|7-c");
	gives("a\\=b", "1'a=b");
}

static void
what_a_shell_would_act_on(void **unused)
{
	static const char act[] = "|&;<>()$`", expand[] = "?[]{}";
	char text[8];

	(void)unused;
	for (const char *p = act; *p != '\0'; p++) {
		snprintf(text, sizeof text, "x a%cb", *p);
		refused(text, 4, "act on this character: quote");
	}
	for (const char *p = expand; *p != '\0'; p++) {
		snprintf(text, sizeof text, "x %cb", *p);
		refused(text, 3, "expand this pattern");
	}
	for (char c = 1; c < 0x20; c++) {
		if (c == '\t')
			continue;
		snprintf(text, sizeof text, "x a%cb", c);
		refused(text, 4, "a control character cannot stand in a command");
		snprintf(text, sizeof text, "x \\%cb", c);
		refused(text, 4, "behind a backslash");
	}
	refused("a\x7f", 2, "a control character");
	refused("\\\x7f", 2, "behind a backslash");
	refused("a\\\t", 3, "behind a backslash");
	refused("a\\", 2, "nothing stands behind");
	refused("a*", 2, "expand this pattern");
	refused("*a", 1, "expand this pattern");
	refused("x ''*", 5, "expand this pattern");
	refused("x *''", 3, "expand this pattern");
	refused("x ~", 3, "expand `~`");
	refused("x ~root/y", 3, "expand `~`");
	refused("x ''~root", 5, "expand `~`"); // zsh
	refused("x \"\"''=ls", 7, "sets a variable");
	refused("x a=~", 5, "expand `~`");
	refused("x a:~", 5, "expand `~`");
	refused("#a", 1, "comment");
	refused("x #", 3, "comment");
	refused("! a", 1, "`not`");
	refused("a !", 3, "`not`");
	refused("a=b", 2, "sets a variable");
	refused("a'b'=c", 5, "sets a variable");
	refused("=a", 1, "sets a variable");
	refused("x =a", 3, "sets a variable");
}

static void
quotes(void **unused)
{
	(void)unused;
	refused("a 'b", 3, "not closed");
	refused("a 'b\\'c'", 8, "not closed");
	refused("a \"b", 3, "not closed");
	refused("a \"b\\", 3, "not closed");
	refused("a \"b\\\"", 3, "not closed");
	refused("a \"$b\"", 4, "write a backslash");
	refused("a \"`b`\"", 4, "write a backslash");
	refused("a \"b\\\nc\"", 5, "cannot be continued");
	refused_str((struct hs_str){(const uint8_t *)"a '\0'", 5}, 4, "a NUL");
	refused_str((struct hs_str){(const uint8_t *)"\0", 1}, 1, "a NUL");
}

static void
limits(void **unused)
{
	struct hs_words w;
	struct hs_err err = {0};
	uint8_t *big = malloc(HS_BUF_MAX);

	(void)unused;
	assert_int_equal(hs_words_parse(hs_str_c("a b c"), 3, &w, &err), HS_OK);
	assert_int_equal(w.n, 3);
	hs_words_free(&w);
	assert_int_equal(hs_words_parse(hs_str_c("a b c"), 2, &w, &err), HS_ERR_TOO_LONG);
	assert_int_equal(err.column, 5);
	assert_non_null(strstr(err.text, "at most 2 words"));
	hs_words_free(&w);
	assert_int_equal(hs_words_parse(hs_str_c(" "), 0, &w, &err), HS_OK);
	hs_words_free(&w);
	assert_int_equal(hs_words_parse(hs_str_c("a"), 0, &w, &err), HS_ERR_TOO_LONG);
	hs_words_free(&w);
	assert_int_equal(hs_words_parse((struct hs_str){0}, 1, &w, &err), HS_OK);
	assert_int_equal(w.n, 0);
	hs_words_free(&w);
	assert_non_null(big);
	memset(big, 'a', HS_BUF_MAX);
	assert_int_equal(
	    hs_words_parse((struct hs_str){big, HS_BUF_MAX - 1}, 1, &w, &err), HS_OK);
	assert_int_equal(w.w[0].text.len, HS_BUF_MAX - 1);
	hs_words_free(&w);
	assert_int_equal(
	    hs_words_parse((struct hs_str){big, HS_BUF_MAX}, 1, &w, &err), HS_ERR_TOO_LONG);
	hs_words_free(&w);
	hs_words_free(NULL);
	free(big);
}

static void
put(const char *word, bool first, const char *want)
{
	struct hs_buf b = {0};

	hs_words_put(&b, hs_str_c(word), first);
	if (!hs_str_is(hs_buf_str(&b), want))
		fail_msg("%s was written %.*s", word, (int)b.len, b.p);
	hs_buf_free(&b);
}

static void
written(void **unused)
{
	(void)unused;
	put("ls", true, "ls");
	put("A-z_0@%+:,./", false, "A-z_0@%+:,./");
	put("a=b", false, "a=b");
	put("a=b", true, "'a=b'");
	put("=b", false, "'=b'");
	put("", false, "''");
	put("a b", false, "'a b'");
	put("it's", false, "'it'\\''s'");
	put("'", true, "''\\'''");
	put("...", false, "'...'");
	put("....", false, "....");
	put("subsystem:sftp", true, "'subsystem:sftp'");
	put("subsystem:sftp-write", false, "'subsystem:sftp-write'");
	put("*", true, "'*'");
	put("~", false, "'~'");
	put("\xc3\xbc", false, "'\xc3\xbc'");
	put("a\nb", false, "'a\nb'");
}

// Any words at all, written and read again.
static void
what_is_written_is_read(void **unused)
{
	(void)unused;
	for (int round = 0; round < 20000; round++) {
		uint8_t mem[4][6];
		struct hs_str in[4];
		struct hs_buf b = {0};
		struct hs_words w;
		struct hs_err err;
		size_t n = 1 + below(4);

		for (size_t i = 0; i < n; i++) {
			in[i] = (struct hs_str){mem[i], below(6)};
			for (size_t k = 0; k < in[i].len; k++)
				mem[i][k] = (uint8_t)(below(3) > 0 ? " '\"\\*.=~a"[below(9)]
								   : 1 + (int)below(255));
			hs_put_raw(&b, " ", i > 0);
			hs_words_put(&b, in[i], i == 0);
		}
		assert_int_equal(hs_words_parse(hs_buf_str(&b), n, &w, &err), HS_OK);
		assert_int_equal(w.n, n);
		for (size_t i = 0; i < n; i++) {
			assert_true(hs_str_eq(w.w[i].text, in[i]));
			assert_false(!w.w[i].quoted &&
				     (hs_str_is(in[i], "*") || hs_str_is(in[i], "...")));
		}
		hs_words_free(&w);
		hs_buf_free(&b);
	}
}

// ---- what shells make of it

static void
any_text(struct hs_buf *b)
{
	static const char *const parts[] = {"a", "b", " ", " ", "\t", "'", "'", "\"", "\"",
	    "\\", "\\", "''", "' '", "*", "...", "$", "\\$", "\\`", "~", ":~", "=", "#",
	    "!", "!b", "%1", "^", "@", "+(", "-n", "--", "\n", "\x01", "\x7f", "\xc3\xbc",
	    "\xa0", ",", "{", "{a,b}", "[a]", "?", "/", ".", "0", "-", "\r", "if", "\\\\",
	    "\\\"", "&", ";"};

	for (size_t i = below(12); i > 0; i--) {
		size_t n = below(3) == 0 ? sizeof parts / sizeof parts[0] : 4;
		const char *s = parts[below(n)];

		hs_put_raw(b, s, strlen(s));
	}
}

// Runs shell -c script in an empty folder with a HOME to be known by.
static pid_t
start(const char *shell, const char *script, const char *dir, int *out)
{
	static char *const env[] = {"HOME=/expanded", "LC_ALL=C", "PATH=/nowhere", NULL};
	char *argv[] = {(char *)(uintptr_t)shell, "-c", (char *)(uintptr_t)script, NULL};
	int fd[2];
	pid_t pid;

	assert_int_equal(pipe(fd), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (chdir(dir) == 0 && dup2(fd[1], STDOUT_FILENO) >= 0)
			execve(shell, argv, env);
		_exit(127);
	}
	close(fd[1]);
	*out = fd[0];
	return pid;
}

static void
agrees(const char *shell, const char *script, const struct hs_buf *want)
{
	struct hs_buf got = {0};
	uint8_t part[4096];
	char dir[] = "/tmp/hs-words.XXXXXX";
	int fd, status = -1;
	size_t at = 0;
	ssize_t n;
	pid_t pid;

	assert_non_null(mkdtemp(dir));
	pid = start(shell, script, dir, &fd);

	while ((n = read(fd, part, sizeof part)) > 0)
		hs_put_raw(&got, part, (size_t)n);
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(rmdir(dir), 0);
	while (at < got.len && at < want->len && got.p[at] == want->p[at])
		at++;
	if (status != 0 || at < got.len || at < want->len)
		fail_msg("%s, status %d, differs at %zu: %.*s instead of %.*s", shell,
		    status, at, (int)(got.len - at < 40 ? got.len - at : 40), got.p + at,
		    (int)(want->len - at < 40 ? want->len - at : 40), want->p + at);
	hs_buf_free(&got);
}

// Each text is made the shell's arguments, which it prints behind their number.
static void
shells_agree(void **unused)
{
	size_t accepted = 0, words = 0;

	(void)unused;
	for (int batch = 0; batch < BATCHES; batch++) {
		struct hs_buf script = {0}, want = {0};

		for (int i = 0; i < TEXTS; i++) {
			struct hs_buf text = {0};
			struct hs_words w;

			any_text(&text);
			if (hs_words_parse(hs_buf_str(&text), WORDS_MAX, &w, NULL) ==
			    HS_OK) {
				accepted++;
				words += w.n;
				hs_put_fmt(&script, "set -- ");
				hs_put_raw(&script, text.p, text.len);
				hs_put_fmt(&script, "\nprintf '%%s\\0' $# \"$@\"\n");
				hs_put_fmt(&want, "%zu", w.n);
				hs_put_u8(&want, 0);
				for (size_t k = 0; k < w.n; k++)
					hs_put_raw(
					    &want, w.w[k].text.p, w.w[k].text.len + 1);
			}
			hs_words_free(&w);
			hs_buf_free(&text);
		}
		hs_put_u8(&script, 0);
		agrees("/bin/sh", (const char *)script.p, &want);
		agrees("/bin/bash", (const char *)script.p, &want);
		hs_buf_free(&script);
		hs_buf_free(&want);
	}
	print_message(
	    "# %zu of %d accepted, %zu words\n", accepted, BATCHES * TEXTS, words);
	assert_true(accepted > BATCHES * TEXTS / 5 && words > accepted);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(plain_and_quoted),
	    cmocka_unit_test(what_a_shell_would_act_on), cmocka_unit_test(quotes),
	    cmocka_unit_test(limits), cmocka_unit_test(written),
	    cmocka_unit_test(what_is_written_is_read), cmocka_unit_test(shells_agree)};
	const char *seed = getenv("HS_SEED");

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	state = seed != NULL
		    ? strtoull(seed, NULL, 0)
		    : ((uint64_t)randombytes_random() << 32 | randombytes_random());
	print_message("# HS_SEED=%" PRIu64 "\n", state);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
