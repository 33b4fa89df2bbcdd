// SPDX-License-Identifier: ISC
//
// A client for tests that asks for a seat and keeps it while it runs. Usage is in run.
// Prints one word and its values a line. Exits 0 when the seat was ended as asked, 3 when
// it was refused, 7 when it still waits, 8 when the daemon ended it, 1 otherwise.
#include <inttypes.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "proto/names.h"
#include "proto/text.h"
#include "tests/lib/agentwire.h"

static void
show_seated(struct hs_rd *r)
{
	struct hs_agent_seated m;

	hs_wire_check(hs_agent_seated_get(r, &m));
	hs_wire_show("id", m.id);
	hs_wire_show("socket", m.socket);
	printf(
	    "end %" PRIu64 "\ntouched %u\nsimulated %u\n", m.end, m.touched, m.simulated);
	hs_wire_show("scope", m.scope);
	puts("seated");
	fflush(stdout);
}

static void
wait_for_touch(struct hs_rd *r, uint32_t seconds)
{
	struct hs_agent_asked asked;
	struct hs_agent_pending p = {.wait = seconds};
	enum hs_agent_status status;
	char code[8];

	hs_wire_check(hs_agent_asked_get(r, &asked));
	hs_wire_show("code", asked.code);
	fflush(stdout);
	hs_wire_check(hs_str_copy(asked.code, code, sizeof code));
	p.code = hs_str_c(code);
	hs_wire_send(HS_EXT_PENDING, HS_WIRE_PUT(pending), &p);
	*r = hs_wire_answer(HS_EXT_PENDING, &status);
	if (status == HS_AGENT_PENDING)
		exit(7);
}

// Until stdin says end, or is at its end, or the daemon closes.
static int
stay(void)
{
	const struct hs_agent_seat end = {.what = HS_SEAT_END};
	struct pollfd p[2] = {
	    {.fd = STDIN_FILENO, .events = POLLIN}, {.fd = wire.sock, .events = POLLIN}};
	struct hs_agent_unseated m;
	enum hs_agent_status status;
	char line[8];
	struct hs_rd r;

	if (poll(p, 2, -1) < 0)
		return 1;
	if (p[1].revents != 0)
		return 8;
	if (fgets(line, sizeof line, stdin) == NULL || strcmp(line, "end\n") != 0)
		return 0;
	hs_wire_send(HS_EXT_SEAT, HS_WIRE_PUT(seat), &end);
	r = hs_wire_answer(HS_EXT_SEAT, &status);
	hs_wire_check(hs_agent_unseated_get(&r, &m));
	hs_wire_show("ended", m.id);
	printf("logins %" PRIu64 "\nsignatures %" PRIu64 "\nescalations %" PRIu64
	       "\nrefused %" PRIu64 "\nlast_end %" PRIu64 "\n",
	    m.logins, m.signatures, m.escalations, m.refused, m.last_end);
	return 0;
}

static int
make(int argc, char **argv)
{
	struct hs_agent_seat m = {.what = HS_SEAT_MAKE,
	    .scope = hs_wire_file(argv[3]),
	    .agent = hs_str_c(argv[4]),
	    .reason = hs_str_c(argc > 5 ? argv[5] : "")};
	enum hs_agent_status status;
	struct hs_rd r;

	hs_wire_check(hs_text_u64(hs_str_c(argv[2]), UINT64_MAX, &m.ttl));
	hs_wire_send(HS_EXT_SEAT, HS_WIRE_PUT(seat), &m);
	r = hs_wire_answer(HS_EXT_SEAT, &status);
	if (status == HS_AGENT_PENDING)
		wait_for_touch(&r, 600);
	show_seated(&r);
	return stay();
}

static int
why(char **argv)
{
	const struct hs_agent_why m = {
	    .user = hs_str_c(argv[2]), .host = hs_str_c(argv[3])};
	struct hs_agent_reasons a;
	enum hs_agent_status status;
	struct hs_rd r;

	hs_wire_send(HS_EXT_WHY, HS_WIRE_PUT(why), &m);
	r = hs_wire_answer(HS_EXT_WHY, &status);
	hs_wire_check(hs_agent_reasons_get(&r, &a));
	hs_wire_show("code", a.code);
	hs_wire_show("sentence", a.sentence);
	hs_wire_show("remedy", a.remedy);
	hs_wire_show("user", a.user);
	hs_wire_show("host", a.host);
	hs_wire_show("ns", a.ns);
	hs_wire_show("fingerprint", a.fingerprint);
	return 0;
}

// `request` on a seat, with what a seat's has not: a key.
static int
request(int argc, char **argv)
{
	const struct hs_agent_request m = {.scope = hs_wire_file(argv[2]),
	    .reason = hs_str_c(argv[3]),
	    .key = hs_str_c(argc > 4 ? argv[4] : "")};
	struct hs_agent_issued a;
	enum hs_agent_status status;
	struct hs_rd r;

	hs_wire_send(HS_EXT_REQUEST, HS_WIRE_PUT(request), &m);
	r = hs_wire_answer(HS_EXT_REQUEST, &status);
	if (status == HS_AGENT_PENDING)
		wait_for_touch(&r, 600);
	hs_wire_check(hs_agent_issued_get(&r, &a));
	hs_wire_show("issued", a.id);
	printf("end %" PRIu64 "\n", a.end);
	return 0;
}

static int
list(void)
{
	const struct hs_agent_list m = {.seats = 1};
	enum hs_agent_status status;
	struct hs_agent_seat_item i;
	struct hs_rd r;
	uint64_t end;
	uint32_t n;

	hs_wire_send(HS_EXT_LIST, HS_WIRE_PUT(list), &m);
	r = hs_wire_answer(HS_EXT_LIST, &status);
	hs_wire_check(hs_get_u64(&r, &end));
	hs_wire_check(hs_get_u32(&r, &n));
	for (; n > 0; n--) {
		hs_wire_check(hs_agent_seat_item_get(&r, &i));
		printf("%.*s parent %.*s agent %.*s used %" PRIu64 " left %" PRId64
		       " end %" PRIu64 " touched %u more %u%s\n",
		    (int)i.id.len, (const char *)i.id.p, (int)i.parent.len,
		    i.parent.len > 0 ? (const char *)i.parent.p : "", (int)i.agent.len,
		    (const char *)i.agent.p, i.used, (int64_t)i.uses_left, i.end, i.touched,
		    i.more, i.revoked != 0 ? " revoked" : "");
	}
	return 0;
}

int
main(int argc, char **argv)
{
	if (sodium_init() < 0)
		return 1;
	wire_dial();
	if (argc >= 5 && strcmp(argv[1], "make") == 0)
		return make(argc, argv);
	if (argc == 4 && strcmp(argv[1], "why") == 0)
		return why(argv);
	if (argc >= 4 && strcmp(argv[1], "request") == 0)
		return request(argc, argv);
	if (argc == 2 && strcmp(argv[1], "list") == 0)
		return list();
	fputs("usage: seatctl make TTL SCOPE AGENT [REASON] | why USER HOST |\n"
	      "       request SCOPE REASON [KEY] | list\n"
	      "SCOPE is a file, - is stdin. make keeps the seat until stdin ends, or says "
	      "end\n",
	    stderr);
	return 2;
}
