// SPDX-License-Identifier: ISC
//
// rule7 in figures: how long other clients wait for their answers while a touch is pending,
// beside how long they wait while none is, in interleaved rounds of one run. Two kinds of
// answers: one that needs nothing (`status`), and one that is on disk before it goes out (a
// refusal). It judges nothing: tests/e2e/pending.t does, generously.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "proto/agent.h"
#include "proto/names.h"
#include "tests/lib/bench.h"

#define ROUNDS	7
#define ANSWERS 1000 // of each kind, in a round

static void
send_ext(int fd, const char *ext, void (*put)(struct hs_buf *, const void *), const void *m)
{
	struct hs_buf b = {0};
	size_t mark = hs_agent_frame_begin(&b);

	hs_put_u8(&b, HS_AGENT_EXTENSION);
	hs_put_cstring(&b, ext);
	if (put != NULL)
		put(&b, m);
	hs_agent_frame_end(&b, mark);
	if (send(fd, b.p, b.len, MSG_NOSIGNAL) != (ssize_t)b.len)
		bench_die("send");
	hs_buf_free(&b);
}

static enum hs_agent_status
answer(int fd, const char *ext, struct hs_rd *body)
{
	static uint8_t mem[4 + HS_FRAME_MAX];
	struct hs_agent_refusal no;
	enum hs_agent_status status;
	struct hs_str frame;
	size_t have = 0, used;

	while (hs_agent_frame((struct hs_str){mem, have}, &frame, &used) != HS_OK) {
		ssize_t n = recv(fd, mem + have, sizeof mem - have, 0);

		if (n <= 0)
			bench_die("recv");
		have += (size_t)n;
	}
	if (hs_agent_parse_reply(frame, ext, &status, body, &no) != HS_OK)
		bench_die(ext);
	return status;
}

// ---- a touch that is pending

// One line to the software key beside the daemon's socket.
static void
tell_key(const char *sock, const char *line)
{
	const char *slash = strrchr(sock, '/');
	char path[256], got[64];
	int fd;

	(void)snprintf(path, sizeof path, "%.*s/k.ctl", (int)(slash - sock), sock);
	fd = bench_dial(path);
	if (send(fd, line, strlen(line), MSG_NOSIGNAL) < 0 ||
	    recv(fd, got, sizeof got, 0) <= 0)
		bench_die(line);
	close(fd);
}

// The connection that waits; the key blinks when this returns.
static int
begin_pending(const char *sock)
{
	struct hs_agent_open m = {.ttl = 600};
	struct hs_agent_pending p = {0};
	struct hs_agent_waiting waiting = {0};
	struct hs_agent_asked asked;
	struct hs_rd body;
	char code[8];
	int fd = bench_dial(sock);

	m.scope = hs_str_c("max-ttl 60\nmax-uses *\n\naddr *\nhost *\nuser deploy\n");
	send_ext(fd, HS_EXT_OPEN,
	    (void (*)(struct hs_buf *, const void *))hs_agent_open_put, &m);
	if (answer(fd, HS_EXT_OPEN, &body) != HS_AGENT_PENDING ||
	    hs_agent_asked_get(&body, &asked) != HS_OK ||
	    hs_str_copy(asked.code, code, sizeof code) != HS_OK)
		bench_die("open");
	p.code = hs_str_c(code);
	while (waiting.state != HS_WAITING_ARMED) {
		(void)poll(NULL, 0, 50);
		send_ext(fd, HS_EXT_PENDING,
		    (void (*)(struct hs_buf *, const void *))hs_agent_pending_put, &p);
		if (answer(fd, HS_EXT_PENDING, &body) != HS_AGENT_PENDING ||
		    hs_agent_waiting_get(&body, &waiting) != HS_OK)
			bench_die("pending");
	}
	return fd;
}

// ---- the others

static int
by_length(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

// The 99th of 100 waits, in microseconds.
static double
p99(int fd, const char *ext)
{
	static double took[ANSWERS];

	for (size_t i = 0; i < ANSWERS; i++) {
		double t = bench_clock(CLOCK_MONOTONIC);
		struct hs_rd body;

		send_ext(fd, ext, NULL, NULL);
		(void)answer(fd, ext, &body);
		took[i] = bench_clock(CLOCK_MONOTONIC) - t;
	}
	qsort(took, ANSWERS, sizeof took[0], by_length);
	return took[ANSWERS * 99 / 100] * 1e6;
}

int
main(void)
{
	static const char *const exts[] = {HS_EXT_STATUS, HS_EXT_CLOSE};
	static const char *const names[] = {"status", "a refusal, on disk"};
	double without[2][ROUNDS], with[2][ROUNDS], ratio[2][ROUNDS];
	const char *sock;
	int fd, waiting;

	bench_begin();
	sock = bench_handseald();
	tell_key(sock, "auto off\n");
	fd = bench_dial(sock);
	for (size_t i = 0; i < ROUNDS; i++) {
		for (size_t k = 0; k < 2; k++)
			without[k][i] = p99(fd, exts[k]);
		waiting = begin_pending(sock);
		for (size_t k = 0; k < 2; k++) {
			with[k][i] = p99(fd, exts[k]);
			ratio[k][i] = with[k][i] / without[k][i];
		}
		close(waiting);
	}
	close(fd);
	for (size_t k = 0; k < 2; k++)
		printf(
		    "%-20s p99 %7.0f us with no touch pending, %7.0f us with one: %.2f\n",
		    names[k], bench_median(without[k], ROUNDS),
		    bench_median(with[k], ROUNDS), bench_median(ratio[k], ROUNDS));
	return 0;
}
