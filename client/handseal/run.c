// SPDX-License-Identifier: ISC
//
// handseal run: a program below us with a seat of its own, whose ssh goes through the seat.
// Asks for the seat first, then starts the program, and keeps the connection that the seat
// lives by until the program has ended. What the parts are is in seat.h, job.h, seatdir.h
// and shim.h.
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "client/handseal/cmd.h"
#include "client/handseal/hide.h"
#include "client/handseal/job.h"
#include "client/handseal/named.h"
#include "client/handseal/options.h"
#include "client/handseal/paths.h"
#include "client/handseal/runenv.h"
#include "client/handseal/seat.h"
#include "client/handseal/seatdir.h"
#include "proto/names.h"
#include "proto/text.h"

#define MAX_TTL	   (15 * 60) // of a certificate, in a scope that options build
#define WARNED_MAX 8	     // keys that are warned of by name
#define SYSTEM_DIR "/etc/ssh"
#define CANNOT_RUN 126
#define NOT_FOUND  127

struct run {
	struct hs_scopeopts scope_options;
	struct hs_scope *scope;
	uint64_t ttl, wait;
	const char *agent, *reason, *share;
	uid_t shared; // whose name or number that is; 0: nobody's
	bool direct, hide_keys, quiet, json;
	char **argv; // of the program
	struct hs_daemon daemon;
	struct hs_seat seat;
	struct hs_keyfiles keys;
	struct hs_sshcopy ssh;
	struct hs_seatdir dir;
	struct hs_job job;
	char **env;
};

// Whom the seat is shared with. That the policy names that user is the daemon's to see.
static int
take_user(struct run *r)
{
	const struct passwd *pw;
	uint64_t n;

	if (hs_text_u64(hs_str_c(r->share), UINT32_MAX - 1, &n) == HS_OK) {
		r->shared = (uid_t)n;
	} else {
		pw = getpwnam(r->share);
		if (pw == NULL)
			return hs_cmd_usage(
			    "run", "--share: there is no user %s", r->share);
		r->shared = pw->pw_uid;
	}
	if (r->shared == 0)
		return hs_cmd_usage("run", "--share: root needs no seat");
	return HS_EXIT_DONE;
}

static int
take_option(struct run *r, int opt)
{
	struct hs_err err = {0};

	if (hs_scopeopts_is(opt)) {
		if (hs_scopeopts_take(&r->scope_options, opt, optarg, &err) != HS_OK)
			return hs_cmd_usage("run", "%s", hs_err_sentence(&err));
		return HS_EXIT_DONE;
	}
	switch (opt) {
	case 't':
		if (hs_text_span(hs_str_c(optarg), HS_SESSION_TTL, &r->ttl) != HS_OK)
			return hs_cmd_usage("run",
			    "--ttl takes a time such as 90s, 15m or 8h, of at most %d "
			    "seconds",
			    HS_SESSION_TTL);
		return HS_EXIT_DONE;
	case 'w':
		return hs_options_wait("run", optarg, &r->wait);
	case 'a':
		r->agent = optarg;
		return HS_EXIT_DONE;
	case 'r':
		r->reason = optarg;
		return HS_EXIT_DONE;
	case 's':
		r->share = optarg;
		return take_user(r);
	case 'd':
		r->direct = true;
		return HS_EXIT_DONE;
	case 'k':
		r->hide_keys = true;
		return HS_EXIT_DONE;
	case 'q':
		r->quiet = true;
		return HS_EXIT_DONE;
	case 'j':
		r->json = true;
		hs_cli_json_to_stderr();
		return HS_EXIT_DONE;
	default:
		return hs_cmd_usage("run", "run does not take that; -- stands in front of "
					   "a program that does");
	}
}

static int
parse_options(int argc, char **argv, struct run *r)
{
	static const struct option longs[] = {HS_SCOPEOPTS_LONG,
	    {"ttl", required_argument, NULL, 't'}, {"wait", required_argument, NULL, 'w'},
	    {"agent", required_argument, NULL, 'a'},
	    {"reason", required_argument, NULL, 'r'}, {"direct", no_argument, NULL, 'd'},
	    {"hide-keys", no_argument, NULL, 'k'}, {"share", required_argument, NULL, 's'},
	    {"quiet", no_argument, NULL, 'q'}, {"json", no_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'}, {0}};
	int opt, status = HS_EXIT_DONE;

	// '+': what stands behind the program's name is the program's
	while (status == HS_EXIT_DONE &&
	       (opt = getopt_long(argc, argv, "+hq", longs, NULL)) != -1) {
		if (opt == 'h')
			return -1;
		status = take_option(r, opt);
	}
	r->argv = argv + optind;
	if (status != HS_EXIT_DONE)
		return status;
	if (optind == argc)
		return hs_cmd_usage("run", "run needs a program to run");
	if (!hs_text_is_agent_name(hs_str_c(r->agent)))
		return hs_cmd_usage("run", "--agent takes a name of up to 32 of a-z "
					   "0-9 . _ - that begins with one of a-z 0-9");
	return HS_EXIT_DONE;
}

static int
build_scope(struct run *r)
{
	// a direct certificate is not renewed: it has to last as long as the seat
	uint64_t most = r->direct ? HS_SESSION_TTL : MAX_TTL;
	uint64_t max_ttl = r->ttl > 0 && r->ttl < most ? r->ttl : most;
	struct hs_err err = {0};
	int rc = hs_scopeopts_build(&r->scope_options, max_ttl, NULL, &r->scope, &err);

	if (rc == HS_OK)
		return HS_EXIT_DONE;
	if (rc == HS_ERR_USAGE)
		return hs_cmd_usage("run", "%s", hs_err_sentence(&err));
	(void)hs_cli_fail(r->json, &err);
	return rc == HS_ERR_SCOPE ? HS_EXIT_USAGE : HS_EXIT_FAILED;
}

static int
cannot_run(const struct run *r, int status)
{
	struct hs_err err = {0};

	(void)hs_fail(&err, status == NOT_FOUND ? HS_NO_SUCH : HS_ERR_IO,
	    status == NOT_FOUND ? "there is no program %s" : "%s cannot be run",
	    r->argv[0]);
	return hs_cli_fail_with(r->json, (enum hs_exit)status,
	    hs_str_c(hs_code_name(err.code)), hs_str_c(err.text), hs_str_c(""));
}

// All that can go wrong on this side is looked at before anybody is asked for a touch.
static int
look_first(struct run *r)
{
	int status = hs_runenv_look(r->argv[0], getenv("PATH")), rc;
	char dir[HS_PATHS_MAX];
	struct hs_err err = {0};

	if (status != 0)
		return cannot_run(r, status);
	rc = hs_sshcopy_user_dir(dir, sizeof dir, &err);
	if (rc == HS_OK)
		rc = hs_sshcopy_read(&r->ssh, dir, SYSTEM_DIR, &err);
	if (rc == HS_OK) {
		rc = hs_keyfiles_find(&r->keys, dir, &err);
		if (!r->hide_keys)
			rc = HS_OK; // for a warning, what can be seen will do
	}
	if (rc == HS_OK && r->hide_keys)
		rc = hs_hide_check(&r->keys, &err);
	return rc == HS_OK ? HS_EXIT_DONE : hs_cli_fail(r->json, &err);
}

static int
ask(struct run *r)
{
	struct hs_buf line = {0}, scope = {0};
	struct hs_ask m = {
	    .agent = r->agent, .reason = r->reason, .ttl = r->ttl, .share = r->shared};
	int status = hs_daemon_connect(&r->daemon);

	if (status == HS_EXIT_DONE && r->scope == NULL)
		status = hs_named_scope(
		    &r->daemon, "run", &r->scope_options, 0, NULL, &r->direct, &r->scope);
	if (status == HS_EXIT_DONE) {
		m.direct = r->seat.direct = r->direct;
		hs_put_raw(&scope, hs_scope_text(r->scope).p, hs_scope_text(r->scope).len);
		hs_runenv_put_line(&line, r->argv, HS_REASON_MAX);
		m.scope = hs_cli_cstr(&scope);
		if (m.reason == NULL)
			m.reason = hs_cli_cstr(&line);
		status = hs_seat_make(&r->seat, &m, r->wait);
	}
	hs_buf_free(&line);
	hs_buf_free(&scope);
	return status;
}

static void
say(struct hs_buf *b)
{
	hs_cli_say("%s", hs_cli_cstr(b));
	hs_buf_free(b);
}

// ~ stands for the home folder, as a person would write it.
static void
put_key(struct hs_buf *b, const char *path)
{
	const char *name = strstr(path, "/.ssh/");

	hs_put_fmt(b, "%s%s", name != NULL ? "~" : "", name != NULL ? name : path);
}

static void
warn_of_keys(const struct run *r)
{
	size_t warned = 0, all = hs_keyfiles_bare(&r->keys);
	struct hs_buf b = {0};

	for (size_t i = 0; i < r->keys.n && warned < WARNED_MAX; i++) {
		if (r->keys.f[i].kind != HS_KEYSNIFF_BARE)
			continue;
		warned++;
		put_key(&b, r->keys.f[i].path);
		hs_put_fmt(&b, " has no passphrase; %s can go round all this (--hide-keys)",
		    r->agent);
		say(&b);
	}
	if (all > warned) {
		hs_put_fmt(&b, "so have %zu more keys in ~/.ssh", all - warned);
		say(&b);
	}
}

static void
announce(const struct run *r)
{
	struct hs_buf b = {0};
	json_t *o, *keys;

	if (r->json) {
		keys = json_array();
		for (size_t i = 0; keys != NULL && i < r->keys.n; i++)
			if (r->hide_keys || r->keys.f[i].kind == HS_KEYSNIFF_BARE)
				(void)json_array_append_new(
				    keys, hs_cli_json(hs_str_c(r->keys.f[i].path)));
		o = hs_seat_json_begun(&r->seat);
		if (o != NULL)
			(void)json_object_set_new(
			    o, r->hide_keys ? "hidden_keys" : "bare_keys", keys);
		(void)hs_cli_print_json(o);
	} else if (!r->quiet) {
		hs_seat_put_begun(&b, &r->seat, hs_cli_now());
		say(&b);
		if (!r->hide_keys)
			warn_of_keys(r);
	}
}

static void
report(const struct run *r)
{
	struct hs_buf b = {0};

	if (r->json) {
		(void)hs_cli_print_json(hs_seat_json_ended(&r->seat, r->job.status));
	} else if (!r->quiet) {
		hs_seat_put_ended(&b, &r->seat, r->job.status, hs_cli_now());
		say(&b);
	}
}

// Nothing comes unasked for: what is readable is the end, of the daemon or of the seat.
static void
lose_seat(struct run *r)
{
	hs_daemon_close(&r->daemon);
	if (r->json)
		(void)hs_cli_print_json(
		    json_pack("{s:s,s:s}", "event", "lost", "seat", r->seat.id));
	else
		hs_cli_say("seat %s is gone: handseald closed the connection; %s goes on "
			   "without an agent",
		    r->seat.brief, r->agent);
}

static void
stand_by(struct run *r)
{
	struct pollfd p[2] = {{.fd = r->job.signals, .events = POLLIN}, {.events = POLLIN}};

	while (!r->job.ended) {
		p[1].fd = r->daemon.client != NULL ? hs_fd(r->daemon.client) : -1;
		p[1].revents = 0;
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			break;
		if (p[1].revents != 0)
			lose_seat(r);
		hs_job_look(&r->job);
	}
}

static int
start(struct run *r)
{
	char cover[HS_PATHS_MAX], bin[HS_PATHS_MAX];
	struct hs_runenv_seat seat = {
	    .id = r->seat.id, .socket = r->seat.socket, .bin = bin};
	struct hs_job_what what = {.argv = r->argv, .cover = cover};
	struct hs_err err = {0};
	int rc = hs_job_begin(&r->job, &err);

	if (rc == HS_OK)
		rc = hs_seatdir_make(&r->dir, &r->ssh, r->seat.socket, &err);
	snprintf(cover, sizeof cover, "%s/" HS_SEATDIR_COVER, r->dir.path);
	snprintf(bin, sizeof bin, "%s/" HS_SEATDIR_BIN, r->dir.path);
	if (rc == HS_OK) {
		what.env = r->env = hs_runenv_make(environ, &seat);
		if (r->env == NULL)
			rc = hs_fail(&err, HS_ERR_NOMEM, "out of memory");
	}
	if (rc != HS_OK)
		return hs_cli_fail(r->json, &err);
	announce(r);
	what.hidden = r->hide_keys ? &r->keys : NULL;
	rc = hs_job_start(&r->job, &what, &err);
	if (rc == HS_OK)
		return HS_EXIT_DONE;
	return hs_cli_fail_with(r->json,
	    rc == HS_NO_SUCH  ? (enum hs_exit)NOT_FOUND
	    : rc == HS_ERR_IO ? (enum hs_exit)CANNOT_RUN
			      : HS_EXIT_FAILED,
	    hs_str_c(hs_code_name(err.code)), hs_str_c(hs_err_sentence(&err)),
	    hs_str_c(""));
}

static int
run(struct run *r)
{
	int status = build_scope(r);

	if (status == HS_EXIT_DONE)
		status = look_first(r);
	if (status == HS_EXIT_DONE)
		status = ask(r);
	if (status == HS_EXIT_DONE)
		status = start(r);
	if (status == HS_EXIT_DONE) {
		stand_by(r);
		hs_job_end(&r->job);
		hs_seat_close(&r->seat);
		hs_seatdir_remove(&r->dir);
		report(r);
		status = WEXITSTATUS(r->job.status);
	}
	return status;
}

int
cmd_run(int argc, char **argv)
{
	struct run r = {.agent = HS_AGENT_UNKNOWN, .wait = HS_SEAT_WAIT_ANY};
	int status = parse_options(argc, argv, &r);

	if (status == -1)
		return hs_cmd_help("run");
	r.daemon.json = r.json;
	r.seat.daemon = &r.daemon;
	r.seat.agent = r.agent;
	r.seat.shared = r.share;
	if (status == HS_EXIT_DONE)
		status = run(&r);
	hs_seatdir_remove(&r.dir);
	hs_seat_free(&r.seat);
	hs_runenv_free(r.env);
	hs_keyfiles_free(&r.keys);
	hs_sshcopy_free(&r.ssh);
	hs_scope_free(&r.scope);
	if (WIFSIGNALED(r.job.status))
		hs_job_die(WTERMSIG(r.job.status));
	return status;
}
