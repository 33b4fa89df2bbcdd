// SPDX-License-Identifier: ISC
//
// Kills a handseald under load, again and again, each time somewhere else, and looks at
// what it left: no certificate and no signature that any client has without its record, no
// revocation that was acknowledged forgotten, no line half, the chain whole over all files.
// usage: crashctl HANDSEALD SOCKET STATE KILLS SEED. Its environment is the daemon's, with
// HS_PRELOAD as LD_PRELOAD. A software key that touches itself is enrolled.
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "proto/names.h"
#include "tests/lib/agentwire.h"
#include "tests/lib/crashlog.h"
#include "tests/lib/driven.h"
#include "tests/lib/faultcheck.h"

#define WAIT_US 20000000

static const char scope[] = "max-ttl 60\nmax-uses *\n\naddr *\ncmd uptime\nhost "
			    "web1.example.com\nns git\nuser deploy\n";
static const char *state;

static struct {
	struct crashlog_ids known, revoked;
	uint64_t signatures;
} all;

static uint64_t
soon(void)
{
	return driven_now_us() + WAIT_US;
}

// ---- clients, each a process of its own: on until the daemon is gone, then they tell what
// they were given

struct client {
	const char *session;
	struct driven_conn conn;
	struct crashlog_ids got, revoked;
	uint64_t signatures;
};

static bool
still(const struct driven_conn *conn, enum driven_how how)
{
	if (how == DRIVEN_REFUSED) {
		fprintf(stderr, "%s: %s\n", conn->code, conn->sentence);
		driven_die("refused");
	}
	return how == DRIVEN_DONE;
}

static bool
request(struct client *c)
{
	struct hs_agent_issued issued;
	struct hs_buf b = {0};
	bool done;

	hs_wire_request_frame(c->session, scope, "crash", &b);
	done =
	    still(&c->conn, driven_frame(&c->conn, soon(), hs_buf_str(&b), HS_EXT_REQUEST));
	hs_buf_free(&b);
	if (done && hs_agent_issued_get(&c->conn.body, &issued) != HS_OK)
		driven_die("request");
	if (done)
		crashlog_add(&c->got, issued.id);
	return done;
}

static bool
take_back(struct client *c)
{
	const char *id = c->got.v[c->got.n - 1];
	const struct hs_agent_revoke m = {.what = HS_REVOKE_IDS, .name = hs_str_c(id)};
	bool done = still(
	    &c->conn, driven_call(&c->conn, soon(), HS_EXT_REVOKE, DRIVEN_PUT(revoke), &m));

	if (done)
		crashlog_add(&c->revoked, m.name);
	return done;
}

static void
sign(struct client *c, int out)
{
	char id[HS_SESSION_ID_LEN + 24], path[108];
	static struct driven_conn agent;
	bool none = false;

	if (!still(&c->conn, driven_seat(&c->conn, soon(), scope, id, path)) ||
	    driven_dial(&agent, path, soon()) != DRIVEN_DONE)
		return;
	dprintf(out, "s0\n"); // it is ready
	while (driven_sign(&agent, soon(), &none) == DRIVEN_DONE && !none)
		c->signatures++;
}

enum { ASKS, REVOKES, SIGNS };
static const int clients[] = {SIGNS, ASKS, ASKS, ASKS, REVOKES, REVOKES};
#define CLIENTS (sizeof clients / sizeof clients[0])

static void __attribute__((noreturn)) go(int what, const char *session, int out)
{
	struct client *c = calloc(1, sizeof *c);

	if (c == NULL || driven_dial(&c->conn, driven.sock, soon()) != DRIVEN_DONE)
		_exit(0); // it is gone
	c->session = session;
	if (what == SIGNS)
		sign(c, out);
	else
		while (request(c) && (what == ASKS || take_back(c)))
			continue;
	for (size_t i = 0; i < c->got.n; i++)
		dprintf(out, "k%s\n", c->got.v[i]);
	for (size_t i = 0; i < c->revoked.n; i++)
		dprintf(out, "r%s\n", c->revoked.v[i]);
	dprintf(out, "s%" PRIu64 "\n", c->signatures);
	_exit(0);
}

static void
hear(int fd)
{
	FILE *f = fdopen(fd, "r");
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while (f != NULL && (n = getline(&line, &cap, f)) > 1) {
		struct hs_str id = {(uint8_t *)line + 1, (size_t)n - 2};

		if (line[0] == 'k')
			crashlog_add(&all.known, id);
		else if (line[0] == 'r')
			crashlog_add(&all.revoked, id);
		else
			all.signatures += strtoull(line + 1, NULL, 10);
	}
	if (f != NULL)
		(void)fclose(f);
	free(line);
}

// Load until the moment comes. seated: which does not come before there is a seat.
static void
load(const char *session, bool seated, uint64_t after_us)
{
	int p[CLIENTS][2];

	for (size_t i = 0; i < CLIENTS; i++) {
		pid_t pid = pipe(p[i]) == 0 ? fork() : -1;

		if (pid < 0)
			driven_die("a client");
		if (pid == 0)
			go(clients[i], session, p[i][1]);
		(void)close(p[i][1]);
		if (seated && clients[i] == SIGNS) {
			struct pollfd ready = {.fd = p[i][0], .events = POLLIN};

			(void)poll(&ready, 1, WAIT_US / 1000);
		}
	}
	(void)usleep((useconds_t)after_us);
	(void)kill(driven.pid, SIGKILL);
	for (size_t i = 0; i < CLIENTS; i++)
		hear(p[i][0]);
}

// One in eight dies while it asks and is touched, the others under load.
static void
round_of(uint64_t *seed, struct driven_conn *c)
{
	char session[HS_SESSION_ID_LEN + 1], touch[ID_MAX];
	int status;
	bool early = driven_random(seed) % 8 == 0, seated = driven_random(seed) % 2 == 0;
	uint64_t after = driven_random(seed) % 60000;
	uint64_t until = driven_now_us() + (early ? driven_random(seed) % 150000 : WAIT_US);

	if (driven_open(c, until, scope, session) == DRIVEN_DONE) {
		(void)snprintf(touch, sizeof touch, "%s.", session);
		crashlog_add(&all.known, hs_str_c(touch));
		load(session, seated, after);
	} else if (!early) {
		driven_die("no session in time");
	}
	(void)driven_stop(SIGKILL);
	while (waitpid(-1, &status, 0) > 0)
		if (status != 0)
			driven_die("a client");
	driven_hang_up(c);
}

// ---- what is left

static void
check(struct crashlog *l, size_t known_from, size_t revoked_from)
{
	struct crashlog_ids revoked = all.revoked;

	crashlog_read(l, state);
	for (size_t i = known_from; i < all.known.n; i++)
		if (!crashlog_have(&l->issued, all.known.v[i])) {
			fprintf(stderr, "%s was released, and is not on record\n",
			    all.known.v[i]);
			driven_die("rule 4");
		}
	if (l->signatures < all.signatures)
		driven_die("rule 4: a signature was released, and is not on record");
	revoked.v += revoked_from;
	revoked.n -= revoked_from;
	faultcheck_revoked(state, &revoked);
}

// Starts it, one time in eight to be killed while it starts, and looks at what it made of
// what the one before left.
static uint64_t
start(uint64_t *seed, struct driven_conn *c)
{
	uint64_t killed = 0;

	while (driven_random(seed) % 8 == 0) {
		driven_start();
		(void)usleep((useconds_t)(driven_random(seed) % 20000));
		(void)driven_stop(SIGKILL);
		killed++;
	}
	driven_start();
	if (driven_reach(c, soon()) != DRIVEN_DONE)
		driven_die("the daemon does not start");
	return killed;
}

static void
kill_again(uint64_t kills, uint64_t seed, struct crashlog *l)
{
	static struct driven_conn c;
	size_t known = 0, revoked = 0;
	uint64_t torn = 0, done = 0;

	do {
		done += start(&seed, &c);
		check(l, known, revoked);
		if (l->torn > torn + 1)
			driven_die("more than one torn record");
		torn = l->torn;
		known = all.known.n;
		revoked = all.revoked.n;
		round_of(&seed, &c);
	} while (++done < kills);
	driven_start();
	if (driven_reach(&c, soon()) != DRIVEN_DONE)
		driven_die("the daemon does not start");
	(void)driven_stop(SIGTERM);
	check(l, 0, 0);
	printf("kills %" PRIu64 "\n", done);
}

int
main(int argc, char **argv)
{
	struct crashlog l = {0};
	uint64_t kills, seed;

	if (argc != 6 || sodium_init() < 0)
		return 2;
	driven.handseald = argv[1];
	driven.sock = argv[2];
	state = argv[3];
	kills = strtoull(argv[4], NULL, 10);
	seed = strtoull(argv[5], NULL, 10);
	printf("seed %" PRIu64 "\n", seed);
	(void)fflush(stdout); // before there are children
	kill_again(kills, seed, &l);
	printf("known %zu\nrevoked %zu\nsignatures %" PRIu64 "\nrecords %" PRIu64
	       "\nstarts %" PRIu64 "\nfiles %zu\nrotated %" PRIu64 "\ncheckpoints %" PRIu64
	       "\ntorn %" PRIu64 "\n",
	    all.known.n, all.revoked.n, all.signatures, l.seq, l.starts, l.files, l.rotated,
	    l.checkpoints, l.torn);
	free(all.known.v);
	free(all.revoked.v);
	free(l.issued.v);
	return 0;
}
