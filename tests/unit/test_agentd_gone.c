// SPDX-License-Identifier: ISC
//
// Whoever asked goes away, in each state that an asking can be in, with a log that can be
// written and with one that cannot: nothing is left behind, and a session opens only where
// the touch was on record. The helper is this very program, called by another name.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "agentd/asking.h"
#include "proto/helper.h"
#include "proto/names.h"
#include "tests/lib/mint.h"

#define DEADLINE_MS 20000

static char dir[] = "/tmp/hs-gone.XXXXXX";
static struct hs_settings set;
static atomic_int held, broken; // the log's sync waits; and fails then

static int
slow_sync(int fd)
{
	while (atomic_load(&held))
		(void)usleep(1000);
	if (atomic_load(&broken)) {
		errno = EIO;
		return -1;
	}
	return fdatasync(fd);
}

static const struct hs_audit_io io = {writev, slow_sync, ftruncate};

static void
write_file(const char *path, const void *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), n);
	close(fd);
}

// ---- the helper: argv[0] is DIR/helper or DIR/hanging

static int
be_helper(const char *self)
{
	static uint8_t mem[4 + HS_HELPER_MSG_MAX];
	static struct hs_helper_request q;
	struct hs_helper_answer a = {.op = HS_HELPER_SIGN, .code = HS_OK};
	struct hs_mint m;
	struct hs_buf body = {0}, out = {0};
	char secret[sizeof dir + 16];
	size_t have = 0;
	ssize_t n;
	int fd, rc;

	if (strstr(self, "hanging") != NULL)
		return (int)sleep(1000);
	(void)snprintf(secret, sizeof secret, "%.*s/secret", (int)sizeof dir - 1, self);
	fd = open(secret, O_RDONLY);
	if (fd < 0 || read(fd, &m, sizeof m) != (ssize_t)sizeof m)
		return 1;
	while ((n = read(STDIN_FILENO, mem + have, sizeof mem - have)) > 0)
		have += (size_t)n;
	if (hs_helper_request_parse((struct hs_str){mem, have}, &q) != HS_OK)
		return 1;
	hs_put_raw(&body, q.sign.v[0].body.p, q.sign.v[0].body.len);
	if (hs_mint_sign(&m, &body, 1, 7) != HS_OK)
		return 1;
	n = (ssize_t)(q.sign.v[0].body.len + 4); // behind the signature's length
	a.signed_.signature = (struct hs_str){body.p + n, body.len - (size_t)n};
	a.signed_.device = hs_str_c("softkey:/key");
	hs_helper_answer_put(&out, &a);
	n = write(STDOUT_FILENO, out.p, out.len);
	rc = n > 0 && (size_t)n == out.len ? 0 : 1;
	hs_buf_free(&body);
	hs_buf_free(&out);
	return rc;
}

// ---- a daemon without its main

struct world {
	uv_loop_t loop;
	struct hs_daemon d;
	uv_pipe_t listener;
	int client;
};

static void
on_connection(uv_stream_t *s, int status)
{
	assert_int_equal(status, 0);
	(void)hs_conn_accept(((struct world *)s->data)->loop.data, s);
}

static void
on_alarm(void *arg)
{
	struct hs_now now;

	hs_daemon_tick(arg, &now);
}

static void
dial(struct world *w)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	memcpy(sun.sun_path, set.socket, strlen(set.socket));
	w->client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(w->client, (struct sockaddr *)&sun, sizeof sun), 0);
}

static void
begin(struct world *w)
{
	struct hs_err err = {0};
	uint64_t torn;

	memset(w, 0, sizeof *w);
	atomic_store(&held, 0);
	atomic_store(&broken, 0);
	(void)unlink(set.socket);
	assert_int_equal(uv_loop_init(&w->loop), 0);
	w->d = (struct hs_daemon){.loop = &w->loop, .set = &set};
	w->loop.data = &w->d;
	assert_int_equal(hs_audit_open(dir, &io, &w->d.audit, &torn, &err), HS_OK);
	assert_int_equal(hs_audit_attach(w->d.audit, &w->loop), HS_OK);
	w->d.alarm = hs_clock_alarm_new(&w->loop, on_alarm, &w->d);
	assert_non_null(w->d.alarm);
	assert_int_equal(uv_pipe_init(&w->loop, &w->listener, 0), 0);
	w->listener.data = w;
	assert_int_equal(uv_pipe_bind(&w->listener, set.socket), 0);
	assert_int_equal(uv_listen((uv_stream_t *)&w->listener, 8, on_connection), 0);
	dial(w);
}

static void
turn(struct world *w)
{
	(void)uv_run(&w->loop, UV_RUN_NOWAIT);
	(void)usleep(1000);
}

// Turns the loop until the one asking is in that state; -1: until there is none.
static void
until(struct world *w, int state)
{
	for (int i = 0; i < DEADLINE_MS; i++) {
		const struct hs_touch *t = w->d.touches;

		if (state < 0 ? t == NULL : t != NULL && (int)t->state == state)
			return;
		turn(w);
	}
	fail_msg("no state %d in time", state);
}

static void
ask(struct world *w)
{
	const struct hs_agent_open m = {
	    .scope = hs_str_c("max-ttl 60\nmax-uses *\n\naddr *\nhost *\nuser *\n"),
	    .ttl = 60};
	struct hs_buf b = {0};
	size_t mark = hs_agent_frame_begin(&b);

	hs_put_u8(&b, HS_AGENT_EXTENSION);
	hs_put_cstring(&b, HS_EXT_OPEN);
	hs_agent_open_put(&b, &m);
	hs_agent_frame_end(&b, mark);
	assert_int_equal(send(w->client, b.p, b.len, 0), b.len);
	hs_buf_free(&b);
}

// The client goes, the log's fate is decided, and all comes to rest.
static void
go(struct world *w, bool recorded, bool opens)
{
	close(w->client);
	for (int i = 0; i < DEADLINE_MS && w->d.conns != NULL; i++)
		turn(w);
	assert_null(w->d.conns);
	assert_int_equal(w->d.nconns, 0);
	atomic_store(&broken, !recorded);
	atomic_store(&held, 0);
	until(w, -1);
	assert_null(w->d.running);
	assert_int_equal(w->d.session.open, opens);
	hs_daemon_session_close(&w->d);
	uv_close((uv_handle_t *)&w->listener, NULL);
	while (!hs_audit_idle(w->d.audit))
		turn(w);
	hs_clock_alarm_free(&w->d.alarm);
	hs_audit_detach(w->d.audit);
	(void)uv_run(&w->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&w->loop), 0); // no handle is left
	hs_audit_free(&w->d.audit);
}

static void
settings(const char *helper, uint32_t show_ms)
{
	(void)snprintf(set.helper, sizeof set.helper, "%s/%s", dir, helper);
	set.show_ms = show_ms;
}

static void
each(int state, bool recorded)
{
	struct world w;

	settings(state == ARMED ? "hanging" : "helper", state == SHOWN ? 1000000 : 0);
	begin(&w);
	atomic_store(&held, state == ASKED);
	ask(&w);
	if (state == JUDGED) {
		until(&w, ARMED);
		atomic_store(&held, 1);
	}
	until(&w, state);
	go(&w, recorded, state == DONE || (state == JUDGED && recorded));
}

#define GONE(name, state)                                                                  \
	static void name(void **unused)                                                    \
	{                                                                                  \
		(void)unused;                                                              \
		each(state, true);                                                         \
		each(state, false);                                                        \
	}
GONE(gone_while_its_asking_is_recorded, ASKED)
GONE(gone_while_its_text_stands, SHOWN)
GONE(gone_while_its_key_blinks, ARMED)
GONE(rule4_gone_while_its_touch_is_recorded, JUDGED)
GONE(gone_before_it_was_told, DONE)

static int
prepare(void **state)
{
	struct hs_root_record r = {.name = "blue",
	    .handle = {1},
	    .handle_len = 1,
	    .created = 1,
	    .attestation = "none",
	    .device = "softkey:/key",
	    .simulated = true};
	struct hs_buf text = {0};
	struct hs_mint m;
	char path[PATH_MAX], self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	(void)state;
	memset(&m, 0, sizeof m);
	if (n <= 0 || sodium_init() < 0 || mkdtemp(dir) == NULL ||
	    hs_mint_make(&m, HS_KT_SK_ED25519) != HS_OK)
		return -1;
	self[n] = '\0';
	r.key = m.key;
	hs_rootfile_put(&text, &r);
	set.ttl_max = 3600;
	set.armed = 30;
	set.grace_ms = 3000;
	(void)snprintf(set.socket, sizeof set.socket, "%s/sock", dir);
	(void)snprintf(set.roots_dir, sizeof set.roots_dir, "%s/roots", dir);
	assert_int_equal(mkdir(set.roots_dir, 0700), 0);
	(void)snprintf(path, sizeof path, "%s/roots/blue", dir);
	write_file(path, text.p, text.len);
	(void)snprintf(path, sizeof path, "%s/secret", dir);
	write_file(path, &m, sizeof m);
	(void)snprintf(path, sizeof path, "%s/helper", dir);
	assert_int_equal(symlink(self, path), 0);
	(void)snprintf(path, sizeof path, "%s/hanging", dir);
	assert_int_equal(symlink(self, path), 0);
	hs_buf_free(&text);
	return 0;
}

static int
clear(void **state)
{
	static const char *const names[] = {"helper", "hanging", "secret", "roots/blue",
	    "roots", "sock", "audit.jsonl", ""};
	char path[sizeof dir + 32];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		(void)remove(path);
	}
	return access(dir, F_OK) == 0 ? -1 : 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gone_while_its_asking_is_recorded),
	    cmocka_unit_test(gone_while_its_text_stands),
	    cmocka_unit_test(gone_while_its_key_blinks),
	    cmocka_unit_test(rule4_gone_while_its_touch_is_recorded),
	    cmocka_unit_test(gone_before_it_was_told)};

	if (argc > 0 && strncmp(argv[0], "/tmp/hs-gone.", 13) == 0)
		return be_helper(argv[0]);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, prepare, clear);
}
