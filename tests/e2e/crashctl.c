// SPDX-License-Identifier: ISC
//
// Kills a handseald under load, again and again, each time somewhere else, and looks at
// what it left: no certificate that any client has without its record, no line half, the
// chain whole over all files. usage: crashctl HANDSEALD SOCKET STATE KILLS SEED. Its
// environment is the daemon's, with HS_PRELOAD as LD_PRELOAD. A software key that touches
// itself is enrolled.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "proto/agent.h"
#include "proto/key.h"
#include "proto/names.h"
#include "tests/lib/crashlog.h"
#include "tests/lib/agentwire.h"

#define CLIENTS 6
#define ID_MAX	48

static const char scope[] = "max-ttl 60\nmax-uses *\n\naddr *\ncmd uptime\nhost "
			    "web1.example.com\nuser deploy\n";
static const char *handseald, *sock, *state;
static pid_t daemon_pid;

static void
end_daemon(void)
{
	if (daemon_pid > 0)
		(void)kill(daemon_pid, SIGKILL);
}

static uint64_t
now_us(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) != 0)
		crashlog_die("clock");
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static uint64_t
next_random(uint64_t *s) // splitmix64
{
	uint64_t z = (*s += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

// ---- the daemon and its clients

static void
start_daemon(void)
{
	const char *preload = getenv("HS_PRELOAD");
	int null;

	daemon_pid = fork();
	if (daemon_pid < 0)
		crashlog_die("fork");
	if (daemon_pid > 0)
		return;
	null = open("/dev/null", O_RDWR);
	(void)dup2(null, STDOUT_FILENO);
	if (preload != NULL)
		(void)setenv("LD_PRELOAD", preload, 1);
	execl(handseald, handseald, "-D", "-a", sock, (char *)NULL);
	_exit(127);
}

static int
dial(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd, status;

	(void)snprintf(at.sun_path, sizeof at.sun_path, "%s", sock);
	for (int i = 0; i < 5000; i++) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0 || connect(fd, (const struct sockaddr *)&at, sizeof at) == 0)
			return fd;
		close(fd);
		if (waitpid(daemon_pid, &status, WNOHANG) == daemon_pid) {
			daemon_pid = 0;
			crashlog_die("the daemon did not start");
		}
		(void)usleep(2000);
	}
	crashlog_die(sock);
}

struct client {
	int fd;
	uint8_t in[16384];
	size_t have;
};

static void
send_frame(const struct client *c, struct hs_str s)
{
	(void)!send(c->fd, s.p, s.len, MSG_NOSIGNAL | MSG_DONTWAIT); // it may be gone
}

// A reply, if a whole one came until then; false at the end of time or of the daemon.
static bool
receive(struct client *c, uint64_t until, const char *ext, struct hs_rd *body)
{
	struct hs_agent_refusal no = {0};
	enum hs_agent_status status;
	struct hs_str frame;
	size_t used;

	c->have = 0;
	while (hs_agent_frame((struct hs_str){c->in, c->have}, &frame, &used) != HS_OK) {
		struct pollfd p = {.fd = c->fd, .events = POLLIN};
		uint64_t now = now_us();
		ssize_t n;

		if (now >= until || poll(&p, 1, (int)((until - now) / 1000 + 1)) <= 0)
			return false;
		n = recv(c->fd, c->in + c->have, sizeof c->in - c->have, 0);
		if (n <= 0)
			return false;
		c->have += (size_t)n;
	}
	if (hs_agent_parse_reply(frame, ext, &status, body, &no) != HS_OK ||
	    status == HS_AGENT_REFUSED) {
		fprintf(
		    stderr, "%.*s\n", (int)no.sentence.len, (const char *)no.sentence.p);
		crashlog_die(ext);
	}
	return true;
}

static size_t
begin(struct hs_buf *b, const char *ext)
{
	size_t mark = hs_agent_frame_begin(b);

	hs_put_u8(b, HS_AGENT_EXTENSION);
	hs_put_cstring(b, ext);
	return mark;
}

// Opens a session; false where the end came first.
static bool
open_session(struct client *c, uint64_t until, char id[static HS_SESSION_ID_LEN + 1])
{
	const struct hs_agent_open open = {.scope = hs_str_c(scope), .ttl = 3600};
	struct hs_agent_pending pending = {.wait = 60};
	struct hs_agent_asked asked;
	struct hs_agent_opened opened;
	struct hs_buf b = {0};
	struct hs_rd r;
	char code[8];
	size_t mark = begin(&b, HS_EXT_OPEN);
	bool ok;

	hs_agent_open_put(&b, &open);
	hs_agent_frame_end(&b, mark);
	send_frame(c, hs_buf_str(&b));
	ok = receive(c, until, HS_EXT_OPEN, &r);
	if (ok && (hs_agent_asked_get(&r, &asked) != HS_OK ||
		      hs_str_copy(asked.code, code, sizeof code) != HS_OK))
		crashlog_die("open");
	hs_buf_reset(&b);
	if (ok) {
		pending.code = hs_str_c(code);
		mark = begin(&b, HS_EXT_PENDING);
		hs_agent_pending_put(&b, &pending);
		hs_agent_frame_end(&b, mark);
		send_frame(c, hs_buf_str(&b));
		ok = receive(c, until, HS_EXT_PENDING, &r);
	}
	if (ok && (hs_agent_opened_get(&r, &opened) != HS_OK ||
		      hs_str_copy(opened.session, id, HS_SESSION_ID_LEN + 1) != HS_OK))
		crashlog_die("pending");
	hs_buf_free(&b);
	return ok;
}

// One client, in a process of its own: asks until the daemon is gone, and then tells each
// id that it was given.
static void
ask_on(const char *session, int out)
{
	struct client c = {.fd = dial()};
	struct hs_agent_issued issued;
	struct crashlog_ids got = {0};
	struct hs_buf b = {0};
	struct hs_rd r;

	hs_wire_request_frame(session, scope, "crash", &b);
	for (;;) {
		send_frame(&c, hs_buf_str(&b));
		if (!receive(&c, now_us() + 20000000, HS_EXT_REQUEST, &r))
			break;
		if (hs_agent_issued_get(&r, &issued) != HS_OK)
			crashlog_die("request");
		crashlog_add(&got, issued.id);
	}
	for (size_t i = 0; i < got.n; i++)
		dprintf(out, "%s\n", got.v[i]);
	_exit(0);
}

// Load until the moment comes.
static void
load(const char *session, uint64_t after_us, struct crashlog_ids *known)
{
	int p[CLIENTS][2];
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	for (int i = 0; i < CLIENTS; i++) {
		if (pipe(p[i]) != 0)
			crashlog_die("pipe");
		switch (fork()) {
		case -1:
			crashlog_die("fork");
			break;
		case 0:
			ask_on(session, p[i][1]);
			break;
		default:
			close(p[i][1]);
		}
	}
	(void)usleep((useconds_t)after_us);
	(void)kill(daemon_pid, SIGKILL);
	for (int i = 0; i < CLIENTS; i++) {
		FILE *f = fdopen(p[i][0], "r");

		while (f != NULL && (n = getline(&line, &cap, f)) > 0)
			crashlog_add(
			    known, (struct hs_str){(uint8_t *)line, (size_t)n - 1});
		if (f != NULL)
			fclose(f);
	}
	free(line);
}

static void
round_of(uint64_t *seed, struct crashlog_ids *known)
{
	char session[HS_SESSION_ID_LEN + 1], touch[ID_MAX];
	struct client c;
	int status;
	pid_t pid;
	// one in eight dies while it starts, asks and is touched
	bool early = next_random(seed) % 8 == 0;
	uint64_t until = now_us() + (early ? next_random(seed) % 150000 : 20000000);

	c.fd = dial();
	if (open_session(&c, until, session)) {
		(void)snprintf(touch, sizeof touch, "%s.", session);
		crashlog_add(known, hs_str_c(touch));
		load(session, next_random(seed) % 60000, known);
	} else if (!early) {
		crashlog_die("no session in time");
	}
	(void)kill(daemon_pid, SIGKILL);
	while ((pid = waitpid(-1, &status, 0)) > 0)
		if (pid != daemon_pid && status != 0)
			crashlog_die("a client");
	daemon_pid = 0;
	close(c.fd);
}

static void
check(const struct crashlog *l, const struct crashlog_ids *known, size_t from)
{
	for (size_t i = from; i < known->n; i++)
		if (!crashlog_have(&l->issued, known->v[i])) {
			fprintf(
			    stderr, "%s was released, and is not on record\n", known->v[i]);
			crashlog_die("rule 4");
		}
}

int
main(int argc, char **argv)
{
	struct crashlog_ids known = {0};
	struct crashlog l = {0};
	uint64_t kills, seed, torn = 0;
	size_t from = 0;
	int fd;

	if (argc != 6 || sodium_init() < 0)
		return 2;
	handseald = argv[1];
	sock = argv[2];
	state = argv[3];
	kills = strtoull(argv[4], NULL, 10);
	seed = strtoull(argv[5], NULL, 10);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)atexit(end_daemon);
	printf("# seed %" PRIu64 "\n", seed);
	for (uint64_t i = 0; i <= kills; i++) {
		start_daemon();
		fd = dial();
		close(fd);
		crashlog_read(&l, state); // what the new one made of what the old one left
		check(&l, &known, from);
		if (l.torn > torn + 1)
			crashlog_die("more than one torn record");
		torn = l.torn;
		from = known.n;
		if (i < kills)
			round_of(&seed, &known);
	}
	(void)kill(daemon_pid, SIGTERM);
	(void)waitpid(daemon_pid, NULL, 0);
	daemon_pid = 0;
	crashlog_read(&l, state);
	check(&l, &known, 0);
	printf("kills %" PRIu64 "\nknown %zu\nrecords %" PRIu64 "\nstarts %" PRIu64
	       "\nfiles %zu\nrotated %" PRIu64 "\ncheckpoints %" PRIu64 "\ntorn %" PRIu64
	       "\n",
	    kills, known.n, l.seq, l.starts, l.files, l.rotated, l.checkpoints, l.torn);
	free(known.v);
	free(l.issued.v);
	return 0;
}
