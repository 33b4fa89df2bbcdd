// SPDX-License-Identifier: ISC
//
// A daemon in a test's loop. Contract in world.h; what its helper does is world_helper.c's,
// what its clients say world_client.c's.
#include "tests/lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "agentd/publish.h"
#include "agentd/repeats.h"
#include "agentd/revocation.h"

#include "agentd/checkpoint.h"

char world_dir[] = WORLD_DIR "XXXXXX";
struct hs_settings world_set;
struct hs_mint world_agent;
atomic_int world_log_held, world_log_broken;

static char *const *prompts;

static int
slow_sync(int fd)
{
	while (atomic_load(&world_log_held))
		(void)usleep(1000);
	if (atomic_load(&world_log_broken)) {
		errno = EIO;
		return -1;
	}
	return fdatasync(fd);
}

static struct hs_audit_io io;

static void
path_of(const char *name, char out[static PATH_MAX])
{
	(void)snprintf(out, PATH_MAX, "%s/%s", world_dir, name);
}

static void
write_file(const char *name, const void *p, size_t n)
{
	char path[PATH_MAX];
	int fd;

	path_of(name, path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), n);
	close(fd);
}

// All that a log leaves.
static void
remove_log(void)
{
	char path[PATH_MAX];
	struct dirent *e;
	DIR *d = opendir(world_dir);

	while (d != NULL && (e = readdir(d)) != NULL)
		if (strncmp(e->d_name, "audit.", 6) == 0) {
			path_of(e->d_name, path);
			(void)unlink(path);
		}
	if (d != NULL)
		closedir(d);
}

static void
remove_file(const char *name)
{
	char path[PATH_MAX];

	path_of(name, path);
	(void)unlink(path);
}

// ---- what a test sets

void
world_helper(const char *how)
{
	remove_file("touched");
	remove_file("pin");
	write_file("how", how, strlen(how));
}

void
world_touch(void)
{
	write_file("touched", "", 0);
}

void
world_pin(const char *want)
{
	char path[PATH_MAX], got[128];
	ssize_t n = 0;
	int fd;

	path_of("pin", path);
	fd = open(path, O_RDONLY);
	if (fd >= 0) {
		n = read(fd, got, sizeof got - 1);
		close(fd);
	}
	assert_true(n >= 0);
	got[n] = '\0';
	assert_string_equal(got, want);
}

void
world_policy(const char *text)
{
	if (text != NULL)
		write_file("policy", text, strlen(text));
	else
		remove_file("policy");
}

void
world_prompts(char *const *env)
{
	prompts = env;
}

int
world_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

int
world_streams(void)
{
	DIR *d = opendir("/proc/self/fd");
	const struct dirent *e;
	struct stat st;
	int n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		n += fstatat(dirfd(d), e->d_name, &st, 0) == 0 && !S_ISREG(st.st_mode) &&
		     !S_ISDIR(st.st_mode);
	closedir(d);
	return n;
}

void
world_streams_are(struct world *w, int want)
{
	int n = world_streams();

	for (int i = 0; n != want && i < WORLD_DEADLINE_MS; i++) {
		world_turn(w);
		n = world_streams();
	}
	assert_int_equal(n, want);
}

// ---- the group

static void
enrol(void)
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

	memset(&m, 0, sizeof m);
	assert_int_equal(hs_mint_make(&m, HS_KT_SK_ED25519), HS_OK);
	r.key = m.key;
	hs_rootfile_put(&text, &r);
	write_file("roots/blue", text.p, text.len);
	write_file("secret", &m, sizeof m);
	hs_buf_free(&text);
}

int
world_prepare(void **state)
{
	char path[PATH_MAX], self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	(void)state;
	if (n <= 0 || sodium_init() < 0 || mkdtemp(world_dir) == NULL ||
	    hs_mint_make(&world_agent, HS_KT_ED25519) != HS_OK)
		return -1;
	self[n] = '\0';
	(void)signal(SIGPIPE, SIG_IGN); // as the daemon does
	world_set = (struct hs_settings){.ttl_max = 28800, .armed = 30, .grace_ms = 3000};
	path_of("sock", world_set.socket);
	path_of("helper", world_set.helper);
	path_of("roots", world_set.roots_dir);
	path_of("policy", world_set.policy);
	path_of("state", world_set.state_dir);
	assert_int_equal(mkdir(world_set.roots_dir, 0700), 0);
	path_of("dev", path);
	assert_int_equal(mkdir(path, 0700), 0);
	enrol();
	assert_int_equal(symlink(self, world_set.helper), 0);
	path_of("askpass", path);
	assert_int_equal(symlink(self, path), 0);
	return 0;
}

static void
empty(const char *folder)
{
	char path[PATH_MAX], file[PATH_MAX + 300];
	const struct dirent *e;
	DIR *d;

	path_of(folder, path);
	d = opendir(path);
	while (d != NULL && (e = readdir(d)) != NULL) {
		(void)snprintf(file, sizeof file, "%s/%s", path, e->d_name);
		(void)unlink(file);
	}
	if (d != NULL)
		(void)closedir(d);
	(void)rmdir(path);
}

static void
forget_state(void)
{
	empty("state/sessions");
	empty("state/lists");
	empty("state/krl");
	empty("state");
}

int
world_clear(void **state)
{
	static const char *const names[] = {"helper", "askpass", "how", "touched", "pin",
	    "says", "prompted", "secret", "roots/blue", "roots", "dev", "sock", "policy",
	    "system", ""};
	char path[PATH_MAX];

	(void)state;
	forget_state();
	remove_log();
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		path_of(names[i], path);
		(void)remove(path);
	}
	return access(world_dir, F_OK) == 0 ? -1 : 0;
}

// ---- one daemon

static void
on_connection(uv_stream_t *s, int status)
{
	assert_int_equal(status, 0);
	(void)hs_conn_accept(s->data, s, NULL);
}

static void
on_alarm(void *arg)
{
	struct hs_now now;

	hs_daemon_tick(arg, &now);
}

static void
on_device(void *arg, const char *path, bool plugged)
{
	hs_daemon_device(arg, path, plugged);
}

void
world_begin(struct world *w)
{
	static char *const nothing[] = {NULL};
	char system[PATH_MAX], dev[PATH_MAX];
	struct hs_err err = {0};
	struct hs_buf notes = {0};
	struct hs_audit_torn torn;
	uint64_t cut;

	memset(w, 0, sizeof *w);
	atomic_store(&world_log_held, 0);
	atomic_store(&world_log_broken, 0);
	(void)unlink(world_set.socket);
	remove_log(); // a test that failed may have it open
	forget_state();
	path_of("system", system);
	path_of("dev", dev);
	assert_int_equal(uv_loop_init(&w->loop), 0);
	assert_int_equal(hs_policyfile_init(&w->policy, world_set.policy, system), HS_OK);
	if (hs_policyfile_load(&w->policy, &notes, &err) != HS_OK)
		fail_msg("%.*s", (int)notes.len, (const char *)notes.p);
	hs_buf_free(&notes);
	w->d = (struct hs_daemon){.loop = &w->loop,
	    .readers = {.loop = &w->loop},
	    .set = &world_set,
	    .policy = &w->policy};
	io = hs_audit_real;
	io.sync = slow_sync;
	assert_int_equal(hs_audit_open(world_dir, &io, &w->d.audit, &torn, &err), HS_OK);
	assert_int_equal(hs_audit_attach(w->d.audit, &w->loop), HS_OK);
	assert_int_equal(
	    hs_revocation_open(world_set.state_dir, &w->d.revocation, &cut, &err), HS_OK);
	assert_int_equal(hs_revocation_attach(w->d.revocation, &w->loop, 300), HS_OK);
	w->d.checkpoint = hs_checkpoint_new(&w->d);
	w->d.repeats = hs_repeats_new(&w->d);
	assert_non_null(w->d.repeats);
	w->d.alarm = hs_clock_alarm_new(&w->loop, on_alarm, &w->d);
	w->d.events = hs_events_new(&w->loop);
	w->d.prompt = hs_prompt_new(&w->loop, prompts != NULL ? prompts : nothing);
	w->d.devices = hs_devices_new(&w->loop, dev, on_device, &w->d);
	w->d.exehash = hs_exehash_new(&w->loop, 0);
	w->d.publish = hs_publish_new(&w->d, 1000);
	assert_non_null(w->d.publish);
	assert_true(w->d.checkpoint != NULL && w->d.alarm != NULL && w->d.events != NULL &&
		    w->d.prompt != NULL && w->d.devices != NULL && w->d.exehash != NULL);
	assert_int_equal(uv_pipe_init(&w->loop, &w->listener, 0), 0);
	w->listener.data = &w->d;
	assert_int_equal(uv_pipe_bind(&w->listener, world_set.socket), 0);
	assert_int_equal(uv_listen((uv_stream_t *)&w->listener, 8, on_connection), 0);
	w->client = world_dial();
}

void
world_reload(struct world *w, const char *policy)
{
	struct hs_buf notes = {0};

	world_policy(policy);
	if (hs_daemon_reload(&w->d, &notes, NULL) != HS_OK)
		fail_msg("%.*s", (int)notes.len, (const char *)notes.p);
	hs_buf_free(&notes);
}

void
world_turn(struct world *w)
{
	struct hs_now now;

	// whoever shows prompts asks again in time, however long a turn took
	hs_clock_read(&now);
	for (struct hs_conn *c = w->d.conns; c != NULL; c = c->next)
		if (c->watches && c->watches_until != 0)
			c->watches_until = now.boot_ms + HS_EVENTS_GRACE_MS;
	(void)uv_run(&w->loop, UV_RUN_NOWAIT);
	(void)usleep(500);
}

void
world_until(struct world *w, int state)
{
	for (int i = 0; i < WORLD_DEADLINE_MS; i++) {
		const struct hs_touch *t = w->d.touches;

		if (state < 0 ? t == NULL : t != NULL && (int)t->state == state)
			return;
		world_turn(w);
	}
	fail_msg("no state %d in time", state);
}

// As the daemon ends, so that every path of an ending is walked in every test.
void
world_end(struct world *w)
{
	if (w->client >= 0)
		close(w->client);
	w->d.stopping = true;
	hs_seats_end(&w->d, "the daemon ended");
	hs_session_end(&w->d.session);
	while (w->d.conns != NULL)
		hs_conn_close(w->d.conns);
	hs_touch_stop(&w->d);
	hs_repeats_flush(w->d.repeats);
	uv_close((uv_handle_t *)&w->listener, NULL);
	world_until(w, -1);
	assert_null(w->d.running);
	assert_int_equal(w->d.nconns, 0);
	hs_revocation_end(w->d.revocation);
	while (!hs_audit_idle(w->d.audit) || !hs_revocation_idle(w->d.revocation))
		world_turn(w);
	hs_checkpoint_free(&w->d.checkpoint);
	hs_repeats_free(&w->d.repeats);
	hs_clock_alarm_free(&w->d.alarm);
	hs_devices_free(&w->d.devices);
	hs_events_free(&w->d.events);
	hs_exehash_free(&w->d.exehash);
	hs_audit_detach(w->d.audit);
	hs_revocation_detach(w->d.revocation);
	hs_publish_stop(w->d.publish);
	(void)uv_run(&w->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&w->loop), 0); // no handle is left
	hs_audit_free(&w->d.audit);
	hs_revocation_free(&w->d.revocation);
	hs_publish_free(&w->d.publish);
	hs_prompt_free(&w->d.prompt);
	hs_quota_free(&w->d.quota);
	hs_policyfile_free(&w->policy);
	hs_buf_free(&w->got);
}
