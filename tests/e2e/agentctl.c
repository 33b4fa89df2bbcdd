// SPDX-License-Identifier: ISC
//
// A client for tests that speaks proto/agent.h and nothing above it, raw bytes too, so that
// what the daemon does is seen as it is on the wire. Usage is in run. Prints one word and
// its values a line; exits 0 when there was an answer, 3 when it was a refusal, 7 when it
// still waits, 1 otherwise. The events and the policy are eventctl's.
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "proto/names.h"
#include "proto/text.h"
#include "tests/lib/agentwire.h"

#define WAIT_SECONDS 600

static struct hs_agent_status_info
get_status(void)
{
	struct hs_agent_status_info m;
	enum hs_agent_status status;
	struct hs_rd r;

	hs_wire_send(HS_EXT_STATUS, NULL, NULL);
	r = hs_wire_answer(HS_EXT_STATUS, &status);
	hs_wire_check(hs_agent_status_get(&r, &m));
	return m;
}

static void
do_status(void)
{
	struct hs_agent_status_info m = get_status();

	hs_wire_show("socket", m.socket);
	hs_wire_show("session", m.session);
	hs_wire_show("root", m.root);
	hs_wire_show("ceiling", m.ceiling);
	printf("open %u\nsimulated %u\nissued %" PRIu64 "\nlive %" PRIu64 "\npending %u\n"
	       "roots %u\nlog_seq %" PRIu64 "\nlog_ok %u\nleft %" PRId64 "\n",
	    m.open, m.simulated, m.issued, m.live, m.pending, m.roots, m.log_seq, m.log_ok,
	    (int64_t)(m.end - m.now));
}

static void
still_waits(struct hs_rd *r)
{
	struct hs_agent_waiting w;

	hs_wire_check(hs_agent_waiting_get(r, &w));
	hs_wire_show("waiting", w.code);
	printf("state %u\nuntil %" PRIu64 "\npin %u\n", w.state, w.until, w.pin);
}

static void
show_issued(struct hs_rd *r, const char *out)
{
	struct hs_agent_issued i;
	struct hs_buf line = {0};
	FILE *f;

	hs_wire_check(hs_agent_issued_get(r, &i));
	hs_wire_show("issued", i.id);
	printf("end %" PRIu64 "\n", i.end);
	if (out == NULL)
		return;
	hs_put_fmt(&line, "ssh-ed25519-cert-v01@openssh.com ");
	hs_text_put_base64(&line, i.certificate);
	f = fopen(out, "w");
	if (f == NULL || fprintf(f, "%.*s\n", (int)line.len, (char *)line.p) < 0 ||
	    fclose(f) != 0)
		wire_die(out);
	hs_buf_free(&line);
}

// Of what `open` asked, or, with issued, of a request.
static int
wait_outcome(const struct hs_agent_pending *m, bool issued, const char *out)
{
	enum hs_agent_status status;
	struct hs_agent_opened o;
	struct hs_rd r;

	hs_wire_send(HS_EXT_PENDING, HS_WIRE_PUT(pending), m);
	r = hs_wire_answer(HS_EXT_PENDING, &status);
	if (status == HS_AGENT_PENDING) {
		still_waits(&r);
		return 7;
	}
	if (issued) {
		show_issued(&r, out);
		return 0;
	}
	hs_wire_check(hs_agent_opened_get(&r, &o));
	hs_wire_show("opened", o.session);
	hs_wire_show("root", o.root);
	printf("flags %u\nsimulated %u\nend %" PRIu64 "\n", o.flags, o.simulated, o.end);
	return 0;
}

static void
show_asked(struct hs_rd *r, char code[static 16])
{
	struct hs_agent_asked a;

	hs_wire_check(hs_agent_asked_get(r, &a));
	hs_wire_show("asked", a.code);
	hs_wire_show("keys", a.keys);
	printf("until %" PRIu64 "\npin %u\n", a.until, a.pin);
	hs_wire_show("shown", a.shown);
	fflush(stdout);
	hs_wire_check(hs_str_copy(a.code, code, 16));
}

// how: "" wait; "leave" go away as soon as it was asked; "hold" go away when stdin ends,
// without having asked for the outcome; or seconds to wait
static int
asked_then(const char *code, const char *how, bool issued, const char *out)
{
	struct hs_agent_pending m = {.code = hs_str_c(code), .wait = WAIT_SECONDS};
	char c;

	if (strcmp(how, "leave") == 0)
		return 0;
	if (strcmp(how, "hold") == 0) {
		while (read(STDIN_FILENO, &c, 1) > 0)
			;
		return 0;
	}
	if (how[0] != '\0')
		m.wait = (uint32_t)strtoul(how, NULL, 10);
	return wait_outcome(&m, issued, out);
}

static int
do_open(const char *scope, const char *ttl, const char *reason, const char *how)
{
	struct hs_agent_open m = {.scope = hs_wire_file(scope), .reason = hs_str_c(reason)};
	enum hs_agent_status status;
	char code[16];
	struct hs_rd r;

	m.ttl = strtoull(ttl, NULL, 10);
	hs_wire_send(HS_EXT_OPEN, HS_WIRE_PUT(open), &m);
	r = hs_wire_answer(HS_EXT_OPEN, &status);
	show_asked(&r, code);
	return asked_then(code, how, false, NULL);
}

// For the session that is open, or the one named.
static void
prove(struct hs_agent_request *m, const char *seed, const char *session)
{
	static struct hs_buf key, proof;
	struct hs_buf message = {0};

	hs_wire_key(seed, &key);
	m->key = hs_buf_str(&key);
	hs_agent_put_proof_message(&message, session, m);
	hs_wire_sign(seed, &message, &proof);
	m->proof = hs_buf_str(&proof);
	hs_buf_free(&message);
}

// seed, out, session, reason, how: "" for their defaults
static int
do_request(const char *scope, const char *agent, const char *const more[static 5])
{
	struct hs_agent_request m = {.scope = hs_wire_file(scope),
	    .agent = hs_str_c(agent),
	    .reason = hs_str_c(more[3])};
	const char *out = more[1][0] != '\0' ? more[1] : NULL;
	char id[HS_SESSION_ID_LEN + 1], code[16];
	enum hs_agent_status status;
	struct hs_rd r;

	hs_wire_check(hs_str_copy(
	    more[2][0] != '\0' ? hs_str_c(more[2]) : get_status().session, id, sizeof id));
	prove(&m, more[0][0] != '\0' ? more[0] : "seed", id);
	hs_wire_send(HS_EXT_REQUEST, HS_WIRE_PUT(request), &m);
	r = hs_wire_answer(HS_EXT_REQUEST, &status);
	if (status == HS_AGENT_DONE) {
		show_issued(&r, out);
		return 0;
	}
	show_asked(&r, code);
	return asked_then(code, more[4], true, out);
}

static int
do_wait(const char *code, const char *seed, const char *seconds, const char *out)
{
	struct hs_agent_pending m = {
	    .code = hs_str_c(code), .wait = (uint32_t)strtoul(seconds, NULL, 10)};
	static struct hs_buf key, proof;
	struct hs_buf message = {0};

	hs_wire_key(seed, &key);
	m.key = hs_buf_str(&key);
	hs_agent_put_wait_message(&message, m.code, m.key);
	hs_wire_sign(seed, &message, &proof);
	m.proof = hs_buf_str(&proof);
	hs_buf_free(&message);
	return wait_outcome(&m, true, out);
}

// what: arm, decline, later, or a number; pin: a file to send, open, with it
static void
do_answer(const char *code, const char *what, const char *pin)
{
	static const char *const words[] = {"arm", "decline", "later"};
	struct hs_agent_answer m = {.code = hs_str_c(code), .pin = pin != NULL};
	enum hs_agent_status status;
	int fd = pin != NULL ? open(pin, O_RDONLY | O_CLOEXEC) : -1;
	struct hs_rd r;

	if (pin != NULL && fd < 0)
		wire_die(pin);
	m.what = (uint8_t)strtoul(what, NULL, 10);
	for (uint8_t i = 0; i < 3; i++)
		if (strcmp(what, words[i]) == 0)
			m.what = i + 1;
	hs_wire_send_fd(HS_EXT_ANSWER, HS_WIRE_PUT(answer), &m, fd);
	if (fd >= 0)
		close(fd);
	r = hs_wire_answer(HS_EXT_ANSWER, &status);
	still_waits(&r);
}

// n requests without waiting for the answers, then all answers, which must come in order.
static void
do_many(const char *scope, const char *count)
{
	struct hs_agent_request m = {
	    .scope = hs_wire_file(scope), .agent = hs_str_c("many")};
	unsigned long n = strtoul(count, NULL, 10);
	uint64_t last = 0, serial;
	enum hs_agent_status status;
	char id[HS_SESSION_ID_LEN + 1];

	hs_wire_check(hs_str_copy(get_status().session, id, sizeof id));
	prove(&m, "many", id);
	for (unsigned long i = 0; i < n; i++)
		hs_wire_send(HS_EXT_REQUEST, HS_WIRE_PUT(request), &m);
	for (unsigned long i = 0; i < n; i++) {
		struct hs_agent_issued got;
		struct hs_rd r = hs_wire_answer(HS_EXT_REQUEST, &status);

		hs_wire_check(hs_agent_issued_get(&r, &got));
		hs_wire_check(hs_text_u64((struct hs_str){got.id.p + HS_SESSION_ID_LEN + 1,
					      got.id.len - HS_SESSION_ID_LEN - 1},
		    UINT64_MAX, &serial));
		if (serial <= last)
			wire_die("out of order");
		last = serial;
	}
	printf("issued %lu\n", n);
}

static void
do_list(const char *id)
{
	struct hs_agent_list m = {.id = hs_str_c(id)};
	struct hs_agent_item it;
	enum hs_agent_status status;
	uint32_t n = 0, pages = 0, total = 0;
	uint64_t end, serial;
	uint8_t more = 1;
	struct hs_rd r;

	for (; more != 0; pages++) {
		hs_wire_send(HS_EXT_LIST, HS_WIRE_PUT(list), &m);
		r = hs_wire_answer(HS_EXT_LIST, &status);
		hs_wire_check(hs_get_u64(&r, &end));
		hs_wire_check(hs_get_u32(&r, &n));
		for (uint32_t i = 0; i < n; i++, total++) {
			hs_wire_check(hs_agent_item_get(&r, &it));
			hs_wire_show("item", it.id);
			hs_wire_show("agent", it.agent);
			hs_wire_show("exe", it.exe);
			hs_wire_check(
			    hs_text_u64((struct hs_str){it.id.p + HS_SESSION_ID_LEN + 1,
					    it.id.len - HS_SESSION_ID_LEN - 1},
				UINT64_MAX, &serial));
			m.after = serial;
		}
		hs_wire_check(hs_get_u8(&r, &more));
		hs_wire_check(hs_rd_end(&r));
	}
	printf("items %u\npages %u\n", total, pages);
}

static void
do_close(void)
{
	struct hs_agent_closed m;
	enum hs_agent_status status;
	struct hs_rd r;

	hs_wire_send(HS_EXT_CLOSE, NULL, NULL);
	r = hs_wire_answer(HS_EXT_CLOSE, &status);
	hs_wire_check(hs_agent_closed_get(&r, &m));
	hs_wire_show("closed", m.session);
	printf("live %" PRIu64 "\n", m.live);
}

static void
send_hex(const char *hex)
{
	size_t n = strlen(hex) / 2, len = 0;
	uint8_t *p = malloc(n + 1);

	if (p == NULL || sodium_hex2bin(p, n + 1, hex, strlen(hex), " ", &len, NULL) != 0)
		wire_die("hex");
	wire_send(p, len);
	free(p);
}

// Sends the bytes and prints the bodies of so many replies, or all until the daemon ends
// it.
static void
do_raw(char **args)
{
	long want = strtol(args[0], NULL, 10);

	for (char **a = args + 1; *a != NULL; a++) {
		if (strncmp(*a, "zeros:", 6) == 0) {
			size_t n = strtoul(*a + 6, NULL, 10);
			uint8_t *p = calloc(1, n + 1);

			if (p != NULL)
				wire_send(p, n);
			free(p);
		} else {
			send_hex(*a);
		}
	}
	if (want == 0) // what is sent is all there will be
		(void)shutdown(wire.sock, SHUT_WR);
	for (long i = 0; want <= 0 || i < want; i++) {
		if (!wire_receive()) {
			puts("ended");
			return;
		}
		hs_wire_show_hex(wire.body);
	}
}

// Connects so many times and says how many of them are served.
static void
do_crowd(const char *count)
{
	static const uint8_t list[] = {0, 0, 0, 1, 11};
	unsigned long n = strtoul(count, NULL, 10), served = 0;
	int *socks = calloc(n, sizeof *socks);

	if (socks == NULL)
		wire_die("memory");
	for (unsigned long i = 0; i < n; i++) {
		wire_dial();
		socks[i] = wire.sock;
	}
	for (unsigned long i = 0; i < n; i++) {
		wire.sock = socks[i];
		hs_buf_reset(&wire.in);
		wire.used = 0;
		wire_send(list, sizeof list);
		served += wire_receive();
	}
	printf("served %lu\n", served);
	free(socks);
}

static const char *
arg(int argc, char **argv, int i, const char *otherwise)
{
	return argc > i && argv[i][0] != '\0' ? argv[i] : otherwise;
}

static int
run(int argc, char **argv, const char *word)
{
	const char *const more[5] = {arg(argc, argv, 4, ""), arg(argc, argv, 5, ""),
	    arg(argc, argv, 6, ""), arg(argc, argv, 7, ""), arg(argc, argv, 8, "")};
	struct hs_agent_pending m = {
	    .code = hs_str_c(arg(argc, argv, 2, "")), .wait = WAIT_SECONDS};

	if (strcmp(word, "status") == 0)
		do_status();
	else if (strcmp(word, "open") == 0 && argc > 3)
		return do_open(argv[2], argv[3], more[0], more[1]);
	else if (strcmp(word, "outcome") == 0 && argc > 2)
		return wait_outcome(&m, false, NULL);
	else if (strcmp(word, "request") == 0 && argc > 3)
		return do_request(argv[2], argv[3], more);
	else if (strcmp(word, "wait") == 0 && argc > 4)
		return do_wait(argv[2], argv[3], argv[4], arg(argc, argv, 5, NULL));
	else if (strcmp(word, "answer") == 0 && argc > 3)
		do_answer(argv[2], argv[3], arg(argc, argv, 4, NULL));
	else if (strcmp(word, "many") == 0 && argc > 3)
		do_many(argv[2], argv[3]);
	else if (strcmp(word, "list") == 0)
		do_list(arg(argc, argv, 2, ""));
	else if (strcmp(word, "close") == 0)
		do_close();
	else if (strcmp(word, "raw") == 0 && argc > 2)
		do_raw(argv + 2);
	else if (strcmp(word, "crowd") == 0 && argc > 2)
		do_crowd(argv[2]);
	else
		wire_die("status | open SCOPE TTL [REASON [leave|hold|SECONDS]] | "
			 "outcome CODE | request SCOPE AGENT [SEED [OUT [SESSION "
			 "[REASON [leave|hold|SECONDS]]]]] | wait CODE SEED SECONDS "
			 "[OUT] | answer CODE arm|decline|later|N [PINFILE] | many SCOPE "
			 "N | list [ID] | close | raw REPLIES HEX... | crowd N");
	return 0;
}

int
main(int argc, char **argv)
{
	const char *word = arg(argc, argv, 1, "");
	int status;

	if (sodium_init() < 0)
		return 1;
	if (strcmp(word, "crowd") != 0)
		wire_dial();
	status = run(argc, argv, word);
	hs_buf_free(&wire.in);
	return status;
}
