// SPDX-License-Identifier: ISC
//
// The script and what must hold. Contract in faultrun.h.
#include "tests/lib/faultrun.h"

#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "proto/names.h"
#include "tests/lib/agentwire.h"
#include "tests/lib/faultcheck.h"

#define WAIT_US 20000000
#define HEAL_US 10000000
#define FAT	14000 // bytes of a scope, so that a few requests fill a file of the log
#define FATS	5
#define CEILING "max-ttl 600\nmax-uses *\n\naddr *\ncmd *\nhost *\nns git\nuser deploy\n"
#define SCOPE                                                                              \
	"max-ttl 60\nmax-uses *\n\naddr *\ncmd uptime\nhost web1.example.com\nns git\n"    \
	"user deploy\n"

static const char *step = ""; // what the script is at

static void
say_what_it_said(void)
{
	char line[512];
	FILE *f = fopen(driven.said, "r");

	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		fprintf(stderr, "  %s", line);
	if (f != NULL)
		(void)fclose(f);
}

static void __attribute__((noreturn, format(printf, 1, 2))) broken(const char *fmt, ...)
{
	va_list ap;

	say_what_it_said();
	fprintf(stderr, "%s: ", step);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static uint64_t
soon(void)
{
	return driven_now_us() + WAIT_US;
}

static bool
faulty(const struct faultrun *r)
{
	return r->w->faults->hits > 0;
}

static void
lift(const struct faultrun *r)
{
	__atomic_store_n(&r->w->faults->from, 0, __ATOMIC_SEQ_CST);
}

// ---- the daemon

static bool
said_why(void)
{
	char line[512] = "";
	FILE *f = fopen(driven.said, "r");
	bool any = false;

	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		any |= strncmp(line, "handseald: ", 11) == 0 && strlen(line) > 20;
	if (f != NULL)
		(void)fclose(f);
	return any;
}

static void
must_live(void)
{
	if (driven_lives())
		return;
	broken("the daemon is gone, status %#x", (unsigned)driven.status);
}

// Starts it. Where a fault keeps it from that, it says so and ends in order; then it must
// start without one.
static void
up(struct faultrun *r)
{
	int status = 0;

	for (int tries = 0; tries < 2; tries++) {
		driven_start();
		if (driven_reach(&r->main, soon()) == DRIVEN_DONE)
			return;
		status = driven_stop(0);
		if (!faulty(r) || !WIFEXITED(status) || WEXITSTATUS(status) != 1 ||
		    !said_why())
			break;
		lift(r);
		r->restarts++;
	}
	broken("the daemon does not start, status %#x", (unsigned)status);
}

static void
down(struct faultrun *r, int sig)
{
	int status;

	must_live();
	status = driven_stop(sig);
	if (sig == SIGTERM && (!WIFEXITED(status) || WEXITSTATUS(status) > 1 ||
				  (WEXITSTATUS(status) == 1 && !faulty(r)))) {
		broken("the daemon ended with status %#x", (unsigned)status);
	}
	driven_hang_up(&r->main);
	driven_hang_up(&r->runner);
	driven_hang_up(&r->agent);
	r->session[0] = r->seat[0] = '\0';
}

// ---- what is asked

// A refusal has a code that says what kind of thing failed, and only a fault makes one.
static bool
took(struct faultrun *r, const struct driven_conn *c, enum driven_how how)
{
	static const char *const unclear[] = {
	    "internal", "malformed", "crypto-failed", "usage", "unsupported"};

	must_live();
	if (how == DRIVEN_GONE)
		broken("the daemon gave no answer");
	if (how == DRIVEN_DONE) {
		r->done++;
		return true;
	}
	r->refused++;
	if (!faulty(r))
		broken("refused without a fault: %s: %s", c->code, c->sentence);
	for (size_t i = 0; i < sizeof unclear / sizeof unclear[0]; i++)
		if (strcmp(c->code, unclear[i]) == 0)
			broken("not a clear code: %s: %s", c->code, c->sentence);
	if (c != &r->agent && (c->code[0] == '\0' || c->sentence[0] == '\0'))
		broken("a refusal without a word");
	return false;
}

static struct hs_agent_status_info
status_of(struct faultrun *r)
{
	struct hs_agent_status_info m = {0};

	if (driven_call(&r->main, soon(), HS_EXT_STATUS, NULL, NULL) != DRIVEN_DONE ||
	    hs_agent_status_get(&r->main.body, &m) != HS_OK)
		broken("no status");
	return m;
}

// Behind something that was not recorded, `status` says that the log cannot be written,
// unless it can by now.
static void
look(struct faultrun *r)
{
	bool unrecorded = strcmp(r->main.code, "not-recorded") == 0;
	struct hs_agent_status_info m = status_of(r);

	if (!m.log_ok || m.troubles.len > 0)
		r->shown++;
	if (unrecorded && r->lasting && r->w->faults->from > 0 && m.log_ok &&
	    m.troubles.len == 0)
		broken("status does not show that nothing can be recorded");
}

static void
open_session(struct faultrun *r)
{
	char id[ID_MAX], session[HS_SESSION_ID_LEN + 1];

	step = "open";
	if (took(r, &r->main, driven_open(&r->main, soon(), CEILING, session))) {
		memcpy(r->session, session, sizeof session);
		(void)snprintf(id, sizeof id, "%s.", session);
		crashlog_add(&r->known, hs_str_c(id));
	} else {
		look(r);
	}
}

static bool
request(struct faultrun *r, const char *scope)
{
	struct hs_agent_issued issued;
	struct hs_buf frame = {0};
	bool done;

	step = "request";
	if (r->session[0] == '\0')
		return false; // it would open one
	hs_wire_request_frame(r->session, scope, "faults", &frame);
	done = took(r, &r->main,
	    driven_frame(&r->main, soon(), hs_buf_str(&frame), HS_EXT_REQUEST));
	hs_buf_free(&frame);
	if (!done) {
		look(r);
		return false;
	}
	if (hs_agent_issued_get(&r->main.body, &issued) != HS_OK)
		broken("not an answer");
	crashlog_add(&r->known, issued.id);
	return true;
}

static void
fill_log(struct faultrun *r)
{
	static char scope[FAT + 256];

	if (scope[0] == '\0') {
		int n = snprintf(scope, sizeof scope,
		    "max-ttl 60\nmax-uses *\n\naddr *\nhost *\nuser deploy\ncmd echo ");

		memset(scope + n, 'a', FAT);
		scope[n + FAT] = '\n';
	}
	for (int i = 0; i < FATS; i++)
		(void)request(r, scope);
}

static void
make_seat(struct faultrun *r)
{
	step = "seat";
	if (r->session[0] == '\0' ||
	    driven_dial(&r->runner, driven.sock, soon()) != DRIVEN_DONE)
		return;
	if (took(r, &r->runner,
		driven_seat(&r->runner, soon(), SCOPE, r->seat, r->seat_socket)) &&
	    driven_dial(&r->agent, r->seat_socket, soon()) != DRIVEN_DONE)
		broken("the seat's socket takes nobody");
}

static void
use_seat(struct faultrun *r)
{
	bool none;

	step = "sign on the seat";
	if (r->seat[0] == '\0')
		return;
	if (took(r, &r->agent, driven_sign(&r->agent, soon(), &none)) && !none)
		r->signatures++;
	else if (!faulty(r))
		broken("no key on the seat");
}

// Each that is acknowledged is to be remembered for ever.
static bool
take_back(struct faultrun *r, const char *id)
{
	const struct hs_agent_revoke m = {.what = HS_REVOKE_IDS, .name = hs_str_c(id)};
	char name[HS_SESSION_ID_LEN + 24];

	step = "revoke";
	(void)snprintf(name, sizeof name, "%s", id); // it may be one of ours
	if (!took(r, &r->main,
		driven_call(&r->main, soon(), HS_EXT_REVOKE, DRIVEN_PUT(revoke), &m))) {
		if (strcmp(r->main.code, "not-found") == 0)
			broken("%s was given out, and is not known", name);
		look(r);
		return false;
	}
	crashlog_add(&r->revoked, hs_str_c(name));
	faultcheck_revoked(r->w->state, &r->revoked);
	return true;
}

// The newest certificate that is known, of the session that is open or was.
static const char *
newest(const struct faultrun *r)
{
	for (size_t i = r->known.n; i > 0; i--)
		if (r->known.v[i - 1][HS_SESSION_ID_LEN + 1] != '\0')
			return r->known.v[i - 1];
	return NULL;
}

static void
close_session(struct faultrun *r)
{
	step = "close";
	if (r->session[0] == '\0')
		return;
	if (took(r, &r->main, driven_call(&r->main, soon(), HS_EXT_CLOSE, NULL, NULL)))
		r->session[0] = r->seat[0] = '\0';
	else
		look(r);
}

// ---- the script

static void
play(struct faultrun *r)
{
	step = "start";
	up(r);
	open_session(r);
	(void)request(r, SCOPE);
	make_seat(r);
	use_seat(r);
	if (newest(r) != NULL)
		(void)take_back(r, newest(r));
	fill_log(r);
	if (r->seat[0] != '\0')
		(void)take_back(r, r->seat);
	close_session(r);
	step = "stop";
	down(r, SIGTERM);
	step = "start again";
	up(r);
	if (newest(r) != NULL)
		(void)take_back(r, newest(r));
	open_session(r);
	(void)request(r, SCOPE);
}

// Nothing fails any more: what was asked in vain is done now, by the same daemon.
static void
heal(struct faultrun *r)
{
	uint64_t until = driven_now_us() + HEAL_US;
	struct hs_agent_status_info m;

	lift(r);
	must_live();
	for (;;) {
		if (r->session[0] == '\0') {
			m = status_of(r);
			if (m.open &&
			    hs_str_copy(m.session, r->session, sizeof r->session) != HS_OK)
				broken("a session's id");
		}
		if (r->session[0] == '\0')
			open_session(r);
		if (r->session[0] != '\0' && request(r, SCOPE) && take_back(r, newest(r)))
			break;
		if (strcmp(r->main.code, "no-session") == 0)
			r->session[0] = '\0';
		if (driven_now_us() > until)
			broken("it does not heal: %s: %s", r->main.code, r->main.sentence);
		(void)usleep(20000);
	}
	step = "heal";
	do {
		if (driven_now_us() > until)
			broken("status still shows a fault");
		m = status_of(r);
	} while (!m.log_ok || m.troubles.len > 0);
}

static int
remove_one(const char *path, const struct stat *st, int what, struct FTW *ftw)
{
	(void)st;
	(void)what;
	return ftw->level > 0 ? remove(path) : 0;
}

void
faultrun(struct faultrun *r)
{
	const struct faultrun_world *w = r->w;

	(void)nftw(w->state, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	r->main.fd = r->runner.fd = r->agent.fd = -1;
	play(r);
	heal(r);
	faultcheck_revoked(w->state, &r->revoked);
	step = "the end";
	// killed, or told to go: in turn
	down(r, r->done % 2 == 0 ? SIGKILL : SIGTERM);
	step = "the last start";
	up(r);
	faultcheck_revoked(w->state, &r->revoked);
	down(r, SIGTERM);
	step = "what is left";
	faultcheck_log(w->state, &r->known, r->signatures);
	faultcheck_left(w->state, !r->lasting); // else they could not be removed
	faultcheck_verify(w->client);
}

void
faultrun_free(struct faultrun *r)
{
	free(r->known.v);
	free(r->revoked.v);
}
