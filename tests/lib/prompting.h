// SPDX-License-Identifier: ISC
//
// A loop, a scratch folder with a false askpass program in it (fakeprog.h), and the prompts
// of them, for the tests of prompts. Only for tests that are linked with agentd's objects.
#ifndef HS_TESTS_PROMPTING_H
#define HS_TESTS_PROMPTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>
#include "agentd/log.h"
#include "agentd/prompt.h"
#include "tests/lib/fakeprog.h"

#define PROMPTING_SECONDS 20
// clang-format off
#define S(text) {(const uint8_t *)(text), sizeof(text) - 1}
// clang-format on

static struct {
	char dir[64];
	uv_loop_t loop;
	uv_timer_t tick;
	uint64_t deadline;
	bool (*until)(void);
	bool late;
	struct hs_prompt *p;
	struct hs_prompt_shown *shown;
	int answers;
	enum hs_prompt_answer answer;
	void (*from_answer)(void);
	int kept_stderr; // 0: not caught
} prompting;

// What is shown, and what askpass says of it.
#define TEXT "claude asks for more\n  deploy@db1  a\\tb <c> & d\n"

static const struct hs_prompt_spec plain __attribute__((unused)) = {
    .code = "4F7", .title = S("handseal <4F7>"), .text = S(TEXT)};
static const struct hs_prompt_spec with_pin __attribute__((unused)) = {.code = "4F7",
    .title = S("handseal <4F7>"),
    .text = S(TEXT),
    .pin = true,
    .pin_hint = S("the PIN was wrong: 6 tries are left")};

#define WHOLE "handseal <4F7>\n\n" TEXT "\n"
#define CONFIRM_LINE                                                                       \
	"Only touching the key allows this. OK leaves it open, Cancel declines it."
#define NOTICE_LINE "Touch the security key to allow this."
#define PIN_LINE    "Enter the PIN of the security key:"

static inline const char *
prompting_in(const char *name)
{
	static char path[384];

	snprintf(path, sizeof path, "%s/%s", prompting.dir, name);
	return path;
}

static inline void
prompting_on_answer(void *arg, enum hs_prompt_answer answer)
{
	assert_ptr_equal(arg, &prompting);
	assert_non_null(prompting.shown); // never after it was hidden
	prompting.answers++;
	prompting.answer = answer;
	if (prompting.from_answer != NULL)
		prompting.from_answer();
}

static inline void
prompting_show(const struct hs_prompt_spec *spec)
{
	struct hs_err err = {0};

	prompting.answers = 0;
	if (hs_prompt_show(prompting.p, spec, prompting_on_answer, &prompting,
		&prompting.shown, &err) != HS_OK)
		fail_msg("%s", hs_err_sentence(&err));
	assert_non_null(prompting.shown);
}

static inline void
prompting_order(const char *role, const char *orders)
{
	fakeprog_order(prompting.dir, role, orders);
}

// The only argument of the askpass program in that role.
static inline void
prompting_argument_is(const char *role, const char *want)
{
	char name[64];
	unsigned long len;
	const char *args;

	snprintf(name, sizeof name, "%s.args", role);
	args = fakeprog_file(prompting.dir, name, &len);
	args += strlen(args) + 1; // the program
	assert_string_equal(args, want);
	assert_int_equal(len, strlen(prompting.dir) + strlen("/askpass") + 1 +
				  strlen(want) + 1); // and no further one
}

// ---- waiting

static inline void
prompting_on_tick(uv_timer_t *t)
{
	prompting.late = uv_now(t->loop) > prompting.deadline;
	if (prompting.late || prompting.until())
		uv_stop(t->loop);
}

// Runs the loop until it is so.
static inline void
prompting_until(bool (*so)(void))
{
	uv_update_time(&prompting.loop);
	prompting.until = so;
	prompting.late = false;
	prompting.deadline = uv_now(&prompting.loop) + PROMPTING_SECONDS * 1000;
	uv_timer_start(&prompting.tick, prompting_on_tick, 0, 5);
	uv_run(&prompting.loop, UV_RUN_DEFAULT);
	uv_timer_stop(&prompting.tick);
	assert_false(prompting.late);
}

// The same while the loop stands still.
static inline void
prompting_outside(bool (*so)(void))
{
	for (int i = 0; !so(); i++) {
		assert_true(i < PROMPTING_SECONDS * 200);
		usleep(5000);
	}
}

static inline bool
prompting_answered(void)
{
	return prompting.answers > 0;
}

static inline bool
prompting_notice_ready(void)
{
	return fakeprog_has(prompting.dir, "none.ready");
}

static inline bool
prompting_confirm_ready(void)
{
	return fakeprog_has(prompting.dir, "confirm.ready");
}

static inline bool
prompting_pin_ready(void)
{
	return fakeprog_has(prompting.dir, "pin.ready");
}

static inline bool
prompting_all_ended(void)
{
	return fakeprog_has(prompting.dir, "pids") && fakeprog_all_ended(prompting.dir);
}

static inline void
prompting_count(uv_handle_t *h, void *arg)
{
	int *n = arg;

	*n += h != (uv_handle_t *)&prompting.tick;
}

static inline bool
prompting_at_rest(void)
{
	int n = 0;

	uv_walk(&prompting.loop, prompting_count, &n);
	return n == 0;
}

// Until nothing of a prompt is left in the loop; a hidden one leaves nothing.
static inline void
prompting_rest(void)
{
	prompting_until(prompting_at_rest);
}

// ---- stderr, where the daemon in the foreground says what went wrong

static inline void
prompting_catch_stderr(void)
{
	int fd =
	    open(prompting_in("stderr"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	fflush(NULL);
	prompting.kept_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	close(fd);
	hs_log_enable(true);
}

static inline const char *
prompting_caught(void)
{
	return fakeprog_file(prompting.dir, "stderr", NULL);
}

static inline bool
prompting_logged(void)
{
	return strstr(prompting_caught(), "did not show") != NULL;
}

// ---- around each test

// With these programs in the folder; @ in env is the folder.
static inline int
prompting_make(const char *const *programs, const char *const *env)
{
	static char text[16][160];
	char *made[17];
	size_t n = 0;

	memset(&prompting, 0, sizeof prompting);
	snprintf(prompting.dir, sizeof prompting.dir, "/tmp/hs-prompt.XXXXXX");
	if (mkdtemp(prompting.dir) == NULL || uv_loop_init(&prompting.loop) != 0 ||
	    uv_timer_init(&prompting.loop, &prompting.tick) != 0)
		return 1;
	for (; *programs != NULL; programs++)
		fakeprog_make(prompting.dir, *programs);
	for (; n < 16 && env[n] != NULL; n++) {
		const char *at = strchrnul(env[n], '@');

		snprintf(text[n], sizeof text[n], "%.*s%s%s", (int)(at - env[n]), env[n],
		    *at == '@' ? prompting.dir : "", *at == '@' ? at + 1 : "");
		made[n] = text[n];
	}
	made[n] = NULL;
	prompting.p = hs_prompt_new(&prompting.loop, made);
	return prompting.p == NULL;
}

static inline int
prompting_askpass(void **state)
{
	static const char *const programs[] = {"askpass", NULL};
	static const char *const env[] = {"SSH_ASKPASS=@/askpass", "DISPLAY=:77", "HOME=/h",
	    "LC_ALL=C.UTF-8", "SECRET=x", NULL};

	(void)state;
	return prompting_make(programs, env);
}

static inline int
prompting_teardown(void **state)
{
	DIR *d;
	struct dirent *e;

	(void)state;
	hs_log_enable(false);
	if (prompting.kept_stderr > 0) {
		dup2(prompting.kept_stderr, STDERR_FILENO);
		close(prompting.kept_stderr);
	}
	hs_prompt_hide(&prompting.shown);
	prompting_rest();
	hs_prompt_free(&prompting.p);
	uv_close((uv_handle_t *)&prompting.tick, NULL);
	uv_run(&prompting.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&prompting.loop), 0);
	d = opendir(prompting.dir);
	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			(void)unlink(prompting_in(e->d_name));
	closedir(d);
	return rmdir(prompting.dir);
}

#endif
