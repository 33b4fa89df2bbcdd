// SPDX-License-Identifier: ISC
//
// What a certificate costs: a real handseald with a software key, beside bare libsodium
// signatures and ssh-agent, in interleaved rounds of one run; medians of the ratios. It
// judges nothing: on a shared machine a number that is too high is no failure. Needs
// ssh-agent, ssh-add and ssh-keygen.
#include <inttypes.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "proto/agent.h"
#include "proto/key.h"
#include "proto/names.h"
#include "tests/lib/bench.h"
#include "tests/lib/agentwire.h"

#define ROUNDS	 9
#define CLIENTS	 64
#define SINGLE	 300  // one after the other, in a round
#define MANY	 6400 // of all clients together, in a round, which renew
#define FIRST	 1280 // likewise, of which each asks for the first time
#define BARE	 5000
#define VERIFIED 1000
#define BODY                                                                               \
	700 // bytes: about what stands before a delegation's signature, its grant left out

static const char scope[] =
    "max-ttl 2\nmax-uses *\n\naddr *\ncmd uptime\nhost web1.example.com\n"
    "user deploy\n";

// ---- frames

static void
send_frame(int fd, struct hs_str frame)
{
	while (frame.len > 0) {
		ssize_t n = send(fd, frame.p, frame.len, MSG_NOSIGNAL);

		if (n <= 0)
			bench_die("send");
		frame.p += n;
		frame.len -= (size_t)n;
	}
}

static struct hs_str
receive(int fd)
{
	static uint8_t mem[4 + HS_FRAME_MAX];
	struct hs_str body;
	size_t have = 0, used;

	while (hs_agent_frame((struct hs_str){mem, have}, &body, &used) != HS_OK) {
		ssize_t n = recv(fd, mem + have, sizeof mem - have, 0);

		if (n <= 0)
			bench_die("recv");
		have += (size_t)n;
	}
	return body;
}

static struct hs_rd
answer(int fd, const char *ext)
{
	struct hs_agent_refusal no = {0};
	enum hs_agent_status status;
	struct hs_rd r;

	if (hs_agent_parse_reply(receive(fd), ext, &status, &r, &no) != HS_OK)
		bench_die(ext);
	if (status == HS_AGENT_REFUSED) {
		fprintf(
		    stderr, "%.*s\n", (int)no.sentence.len, (const char *)no.sentence.p);
		bench_die(ext);
	}
	return r;
}

static size_t
begin(struct hs_buf *b, const char *ext)
{
	size_t mark = hs_agent_frame_begin(b);

	hs_put_u8(b, HS_AGENT_EXTENSION);
	hs_put_cstring(b, ext);
	return mark;
}

// ---- what is measured against

// A sign request for the one key that ssh-agent holds.
static void
ssh_agent_frame(int fd, struct hs_buf *out)
{
	static const uint8_t list[] = {0, 0, 0, 1, HS_AGENT_LIST}, data[BODY];
	struct hs_str key = {0};
	struct hs_rd r;
	uint32_t n = 0;
	uint8_t type;
	size_t mark;

	send_frame(fd, (struct hs_str){list, sizeof list});
	r = hs_rd_of(receive(fd));
	if (hs_get_u8(&r, &type) != HS_OK || hs_get_u32(&r, &n) != HS_OK || n != 1 ||
	    hs_get_string(&r, &key) != HS_OK)
		bench_die("ssh-agent's list");
	mark = hs_agent_frame_begin(out);
	hs_put_u8(out, HS_AGENT_SIGN);
	hs_put_str(out, key);
	hs_put_string(out, data, sizeof data);
	hs_put_u32(out, 0);
	hs_agent_frame_end(out, mark);
}

struct bare {
	double per_second, cpu; // CPU seconds of one signature
	double verify;		// and of one verification
};

static struct bare
bare_signatures(void)
{
	uint8_t pub[32], secret[64], sig[64], body[BODY];
	double wall = bench_clock(CLOCK_MONOTONIC),
	       cpu = bench_clock(CLOCK_THREAD_CPUTIME_ID), mid;
	struct bare b;

	crypto_sign_keypair(pub, secret);
	randombytes_buf(body, sizeof body);
	for (int i = 0; i < BARE; i++)
		crypto_sign_detached(sig, NULL, body, sizeof body, secret);
	b.per_second = BARE / (bench_clock(CLOCK_MONOTONIC) - wall);
	mid = bench_clock(CLOCK_THREAD_CPUTIME_ID);
	b.cpu = (mid - cpu) / BARE;
	for (int i = 0; i < VERIFIED; i++)
		if (crypto_sign_verify_detached(sig, body, sizeof body, pub) != 0)
			bench_die("verify");
	b.verify = (bench_clock(CLOCK_THREAD_CPUTIME_ID) - mid) / VERIFIED;
	return b;
}

// ---- handseald

static void
open_session(int fd, char id[static HS_SESSION_ID_LEN + 1])
{
	const struct hs_agent_open open = {.scope = hs_str_c(scope), .ttl = 3600};
	struct hs_agent_asked asked;
	struct hs_agent_pending pending = {.wait = 60};
	struct hs_agent_opened opened;
	struct hs_buf b = {0};
	struct hs_rd r;
	char code[8];
	size_t mark = begin(&b, HS_EXT_OPEN);

	hs_agent_open_put(&b, &open);
	hs_agent_frame_end(&b, mark);
	send_frame(fd, hs_buf_str(&b));
	r = answer(fd, HS_EXT_OPEN);
	if (hs_agent_asked_get(&r, &asked) != HS_OK ||
	    hs_str_copy(asked.code, code, sizeof code) != HS_OK)
		bench_die("open");
	pending.code = hs_str_c(code);
	hs_buf_reset(&b);
	mark = begin(&b, HS_EXT_PENDING);
	hs_agent_pending_put(&b, &pending);
	hs_agent_frame_end(&b, mark);
	send_frame(fd, hs_buf_str(&b));
	r = answer(fd, HS_EXT_PENDING);
	if (hs_agent_opened_get(&r, &opened) != HS_OK ||
	    hs_str_copy(opened.session, id, HS_SESSION_ID_LEN + 1) != HS_OK)
		bench_die("pending");
	hs_buf_free(&b);
}

// The median time from a request to its answer, one after the other.
static double
one_by_one(int fd, struct hs_str frame, uint8_t type)
{
	double took[SINGLE];

	for (int i = 0; i < SINGLE; i++) {
		double t = bench_clock(CLOCK_MONOTONIC);
		struct hs_str body;

		send_frame(fd, frame);
		body = receive(fd);
		took[i] = bench_clock(CLOCK_MONOTONIC) - t;
		if (body.p[0] != type)
			bench_die("an answer");
	}
	return bench_median(took, SINGLE);
}

// All clients at once, each with one request under way, of those n frames in turn: seconds
// for total of them.
static double
together(int *fds, const struct hs_buf *frames, size_t n, size_t total)
{
	struct pollfd p[CLIENTS];
	double t = bench_clock(CLOCK_MONOTONIC);
	size_t sent = 0, got = 0;

	for (size_t i = 0; i < CLIENTS; i++, sent++) {
		p[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
		send_frame(fds[i], hs_buf_str(&frames[sent % n]));
	}
	while (got < total) {
		if (poll(p, CLIENTS, 10000) <= 0)
			bench_die("poll");
		for (size_t i = 0; i < CLIENTS; i++) {
			if (p[i].revents == 0)
				continue;
			(void)answer(fds[i], HS_EXT_REQUEST);
			got++;
			if (sent < total)
				send_frame(fds[i], hs_buf_str(&frames[sent++ % n]));
		}
	}
	return bench_clock(CLOCK_MONOTONIC) - t;
}

// ---- the rounds

struct figures {
	double through[ROUNDS], cpu[ROUNDS], first[ROUNDS], wait[ROUNDS]; // ratios
	double per_second[ROUNDS], us[ROUNDS], first_us[ROUNDS], one[ROUNDS], ssh[ROUNDS];
};

// Seconds of the daemon's CPU for each of total, and in *took how long they took together.
static double
spent_on(clockid_t daemon_cpu, int *fds, const struct hs_buf *frames, size_t n,
    size_t total, double *took)
{
	double spent = bench_clock(daemon_cpu);

	*took = together(fds, frames, n, total);
	return (bench_clock(daemon_cpu) - spent) / (double)total;
}

// The same for requests that were never seen, so that each proof is verified.
static double
spent_on_first(clockid_t daemon_cpu, int *fds, const char *session)
{
	static struct hs_buf fresh[FIRST];
	double spent, took;

	for (size_t i = 0; i < FIRST; i++)
		hs_wire_request_frame(session, scope, "bench", &fresh[i]);
	spent = spent_on(daemon_cpu, fds, fresh, FIRST, FIRST, &took);
	for (size_t i = 0; i < FIRST; i++)
		hs_buf_free(&fresh[i]);
	return spent;
}

static void
measure(int ssh, struct hs_str ssh_frame, int *fds, const struct hs_buf *frames,
    const char *session, struct figures *f)
{
	clockid_t daemon_cpu;

	if (clock_getcpuclockid(bench.daemon, &daemon_cpu) != 0)
		bench_die("the daemon's CPU clock");
	for (size_t i = 0; i < ROUNDS; i++) {
		struct bare b = bare_signatures();
		double spent, first, took;

		f->ssh[i] = one_by_one(ssh, ssh_frame, 14);
		f->one[i] =
		    one_by_one(fds[0], hs_buf_str(&frames[0]), HS_AGENT_EXTENSION_RESPONSE);
		spent = spent_on(daemon_cpu, fds, frames, CLIENTS, MANY, &took);
		first = spent_on_first(daemon_cpu, fds, session);
		f->per_second[i] = MANY / took;
		f->us[i] = spent * 1e6;
		f->through[i] = f->per_second[i] / b.per_second;
		f->cpu[i] = spent / b.cpu;
		f->first_us[i] = first * 1e6;
		f->first[i] = first / (b.cpu + b.verify);
		f->wait[i] = f->one[i] / f->ssh[i];
	}
}

static void
report(struct figures *f, long ours, long theirs)
{
	printf("%d rounds, medians (in brackets: the figure of the design)\n", ROUNDS);
	printf("64 requesters: %.0f certificates/s, %.2f of bare signatures (0.8)\n",
	    bench_median(f->per_second, ROUNDS), bench_median(f->through, ROUNDS));
	printf("CPU of a certificate: %.0f us, %.2f of its signature (1.45)\n",
	    bench_median(f->us, ROUNDS), bench_median(f->cpu, ROUNDS));
	printf(
	    "of one that is asked for the first time: %.0f us, %.2f of its signature and "
	    "the proof's verification\n",
	    bench_median(f->first_us, ROUNDS), bench_median(f->first, ROUNDS));
	printf("one requester waits %.0f us, ssh-agent's %.0f us: %.2f (0.3)\n",
	    bench_median(f->one, ROUNDS) * 1e6, bench_median(f->ssh, ROUNDS) * 1e6,
	    bench_median(f->wait, ROUNDS));
	printf("idle, resident: %ld kB, ssh-agent %ld kB: %.2f (1)\n", ours, theirs,
	    theirs > 0 ? (double)ours / (double)theirs : 0);
}

int
main(void)
{
	static struct figures f;
	struct hs_buf frames[CLIENTS] = {{0}}, ssh_frame = {0};
	const char *sock, *agent;
	char session[HS_SESSION_ID_LEN + 1];
	int fds[CLIENTS], ssh;
	long ours, theirs;

	if (sodium_init() < 0)
		return 1;
	bench_begin();
	agent = bench_ssh_agent();
	sock = bench_handseald();
	ours = bench_resident_kb(bench.daemon);
	theirs = bench_resident_kb(bench.agent);
	ssh = bench_dial(agent);
	ssh_agent_frame(ssh, &ssh_frame);
	for (size_t i = 0; i < CLIENTS; i++)
		fds[i] = bench_dial(sock);
	open_session(fds[0], session);
	for (size_t i = 0; i < CLIENTS; i++)
		hs_wire_request_frame(session, scope, "bench", &frames[i]);
	measure(ssh, hs_buf_str(&ssh_frame), fds, frames, session, &f);
	report(&f, ours, theirs);
	hs_buf_free(&ssh_frame);
	for (size_t i = 0; i < CLIENTS; i++)
		hs_buf_free(&frames[i]);
	return 0;
}
