// SPDX-License-Identifier: ISC
//
// A connection to handseald and the call that is under way on it: beginning, stepping,
// waiting. What is asked is ask.c's, outcome.c's, tell.c's and
// sign.c's. Contracts in handseal.h and client.h.
#include "client/libhandseal/client.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "proto/names.h"

const char *
hs_version(void)
{
	return HS_VERSION;
}

uint64_t
hs_client_now(void)
{
	time_t t = time(NULL);

	return t > 0 ? (uint64_t)t : 0;
}

void
hs_client_forget(struct hs_client_asking *a)
{
	hs_scope_free(&a->scope);
	hs_buf_free(&a->agent);
	hs_buf_free(&a->shown);
	hs_buf_free(&a->key);
	hs_buf_free(&a->reason);
	*a = (struct hs_client_asking){0};
}

// ---- the connection

int
hs_connect(const char *path, struct hs_client **out, struct hs_error *err)
{
	char found[HS_CONN_PATH_MAX];
	struct hs_client *c = NULL;
	struct hs_err e = {0};
	int rc = HS_OK;

	hs_client_no_error(err);
	*out = NULL;
	if (sodium_init() < 0)
		return hs_client_failed(
		    err, HS_ERR_CRYPTO, "libsodium could not be started");
	if (path == NULL) {
		rc = hs_conn_path(found, &e);
		path = found;
	}
	if (rc == HS_OK && (c = calloc(1, sizeof *c)) == NULL)
		rc = hs_fail(&e, HS_ERR_NOMEM, "out of memory");
	if (c != NULL) {
		rc = hs_conn_open(&c->conn, path, &e);
		if (rc == HS_OK)
			rc = hs_conn_look_at_peer(&c->conn, path, &e);
	}
	if (rc == HS_OK) {
		*out = c;
		return HS_DONE;
	}
	hs_disconnect(c);
	rc = hs_client_fail(err, &e);
	return e.code == HS_NO_SUCH ? HS_NO_DAEMON : rc;
}

struct hs_client *
hs_client_adopt(int fd)
{
	struct hs_client *c = calloc(1, sizeof *c);

	if (c != NULL)
		c->conn = (struct hs_conn){.fd = fd, .passed = -1};
	return c;
}

static void
forget_before(struct hs_client *c)
{
	if (c->before != NULL)
		sodium_memzero(c->before, c->before_size);
	free(c->before);
	c->before = NULL;
}

// What was got by the last call. Its strings stay while another is begun: they may be what
// that is asked with.
static void
drop(struct hs_client *c)
{
	c->got = HS_GOT_NOTHING;
	if (c->kept != NULL) {
		forget_before(c);
		c->before = c->kept;
		c->before_size = c->kept_size;
	}
	c->kept = NULL;
	c->kept_len = c->kept_size = 0;
	c->kept_bad = false;
	free(c->events);
	c->events = NULL;
}

void
hs_disconnect(struct hs_client *c)
{
	if (c == NULL)
		return;
	drop(c);
	forget_before(c);
	hs_conn_close(&c->conn);
	hs_client_forget(&c->asking);
	hs_client_forget(&c->fetched);
	hs_buf_free(&c->names);
	hs_buf_free(&c->message);
	hs_buf_free(&c->ns);
	hs_buf_free(&c->key);
	hs_buf_free(&c->line);
	free(c);
}

int
hs_fd(const struct hs_client *c)
{
	return c->conn.fd;
}

short
hs_wants(const struct hs_client *c)
{
	return c->next != NULL ? hs_conn_wants(&c->conn) : 0;
}

int
hs_due(const struct hs_client *c)
{
	int64_t left = c->overdue - hs_conn_clock();

	if (c->next == NULL)
		return -1;
	if (left < 0)
		return 0;
	return left < INT_MAX ? (int)left : INT_MAX;
}

// ---- a call

int
hs_client_begin(struct hs_client *c, struct hs_error *err)
{
	hs_client_no_error(err);
	if (c->next != NULL)
		return hs_client_misused(err, "a call is under way on this connection");
	if (c->broken)
		return hs_client_failed(err, HS_ERR_IO,
		    "the connection broke in a call before: it is of no more use");
	drop(c);
	return HS_DONE;
}

static int
begin_exchange(
    struct hs_client *c, int fd, uint32_t waits, hs_client_next *next, struct hs_error *err)
{
	bool later = c->next != NULL;
	struct hs_err e = {0};

	if (hs_conn_begin(&c->conn, fd, &e) != HS_OK) {
		c->next = NULL;
		return hs_client_fail(err, &e);
	}
	c->next = next;
	c->waits = waits;
	c->begun = hs_conn_clock();
	c->overdue = c->begun + ((int64_t)waits + HS_CONN_SECONDS) * 1000;
	return later ? HS_AGAIN : HS_DONE;
}

int
hs_client_send(
    struct hs_client *c, const char *what, hs_client_next *next, struct hs_error *err)
{
	c->ext = NULL;
	c->what = what;
	return begin_exchange(c, -1, 0, next, err);
}

// Another user's daemon could be asked to open a session that it then holds, or be handed a
// PIN.
static bool
may_hear(const char *ext)
{
	return strcmp(ext, HS_EXT_OPEN) != 0 && strcmp(ext, HS_EXT_ANSWER) != 0;
}

int
hs_client_ask(struct hs_client *c, const char *ext, struct hs_str body, int fd,
    uint32_t waits, hs_client_next *next, struct hs_error *err)
{
	struct hs_buf *out = &c->conn.out;
	size_t mark;

	if (c->conn.foreign && !may_hear(ext)) {
		c->next = NULL;
		(void)hs_client_failed(err, HS_NO_PEER,
		    "what listens is another user's: it is not asked to open a session, "
		    "and "
		    "takes no answer");
		return HS_REFUSED;
	}
	hs_buf_reset(out);
	mark = hs_agent_frame_begin(out);
	hs_put_u8(out, HS_AGENT_EXTENSION);
	hs_put_cstring(out, ext);
	hs_put_raw(out, body.p, body.len);
	hs_agent_frame_end(out, mark);
	c->ext = c->what = ext;
	return begin_exchange(c, fd, waits, next, err);
}

// A refusal ends the call here; everything else is the exchange's own.
static int
take(struct hs_client *c, struct hs_str frame, struct hs_error *err)
{
	struct hs_agent_refusal refusal;
	struct hs_reply reply = {.frame = frame};
	struct hs_err e = {0};
	int rc;

	if (c->ext == NULL)
		return c->next(c, &reply, err);
	rc = hs_agent_parse_reply(frame, c->ext, &reply.status, &reply.body, &refusal);
	if (rc == HS_ERR_UNSUPPORTED) {
		(void)hs_fail(&e, HS_ERR_UNSUPPORTED,
		    "what listens does not know %s: it is no handseald, or another version",
		    c->ext);
		return hs_client_fail(err, &e);
	}
	if (rc != HS_OK)
		return hs_client_malformed(c, err);
	if (reply.status == HS_AGENT_REFUSED)
		return hs_client_refused(c, &refusal, err);
	return c->next(c, &reply, err);
}

int
hs_step(struct hs_client *c, struct hs_error *err)
{
	struct hs_str frame;
	struct hs_err e = {0};
	int result = HS_AGAIN;

	hs_client_no_error(err);
	if (c->next == NULL)
		return hs_client_misused(err, "no call is under way on this connection");
	while (result == HS_AGAIN) {
		int rc = hs_conn_step(&c->conn, &frame, &e);

		if (rc == HS_ERR_SHORT && hs_conn_clock() < c->overdue)
			return HS_AGAIN;
		if (rc == HS_ERR_SHORT)
			return hs_client_broke(
			    c, err, HS_ERR_IO, "there was no answer in time");
		if (rc != HS_OK)
			return hs_client_broke(c, err, e.code, hs_err_sentence(&e));
		result = take(c, frame, err);
	}
	c->next = NULL;
	return result;
}

int
hs_finish(struct hs_client *c, int timeout, struct hs_error *err)
{
	int64_t end = hs_conn_clock() + timeout;
	int result;

	while ((result = hs_step(c, err)) == HS_AGAIN) {
		struct pollfd p = {.fd = hs_fd(c), .events = hs_wants(c)};
		int64_t left = timeout >= 0 ? end - hs_conn_clock() : INT_MAX;
		int due = hs_due(c);

		if (left <= 0)
			return HS_AGAIN;
		if (left > due)
			left = due;
		// short, since poll(2) sleeps by a clock that stands still in suspend
		if (poll(&p, 1, left > 1000 ? 1000 : (int)left) < 0 && errno != EINTR)
			return hs_client_broke(c, err, HS_ERR_IO, "cannot wait");
	}
	return result;
}

// ---- what was got

const char *
hs_client_keep(struct hs_client *c, struct hs_str s)
{
	char *at;

	if (c->kept == NULL) { // each string of a frame has its length in front of it
		c->kept_size = c->conn.in.len + 64;
		c->kept = calloc(1, c->kept_size);
	}
	if (c->kept == NULL || s.len >= c->kept_size - c->kept_len ||
	    (s.len > 0 && memchr(s.p, '\0', s.len) != NULL)) {
		c->kept_bad = true;
		return "";
	}
	at = c->kept + c->kept_len;
	if (s.len > 0)
		memcpy(at, s.p, s.len);
	c->kept_len += s.len + 1;
	return at;
}

int
hs_client_kept(struct hs_client *c, enum hs_client_got got, struct hs_error *err)
{
	if (c->kept_bad)
		return c->kept == NULL ? hs_client_no_memory(c, err)
				       : hs_client_malformed(c, err);
	c->got = got;
	return HS_DONE;
}

#define GOT(type, name, which)                                                             \
	const type *hs_got_##name(const struct hs_client *c)                               \
	{                                                                                  \
		return c->got == (which) ? &c->as.name : NULL;                             \
	}
GOT(struct hs_got_touch, touch, HS_GOT_TOUCH)
GOT(struct hs_got_opened, opened, HS_GOT_OPENED)
GOT(struct hs_got_certificate, certificate, HS_GOT_CERTIFICATE)
GOT(struct hs_got_seat, seat, HS_GOT_SEAT)
GOT(struct hs_got_seat_end, seat_end, HS_GOT_SEAT_END)
GOT(struct hs_got_events, events, HS_GOT_EVENTS)
GOT(struct hs_got_status, status, HS_GOT_STATUS)
GOT(struct hs_got_closed, closed, HS_GOT_CLOSED)
GOT(struct hs_got_why, why, HS_GOT_WHY)
GOT(struct hs_got_reply, reply, HS_GOT_REPLY)

const char *
hs_got_signature(const struct hs_client *c)
{
	return c->got == HS_GOT_SIGNATURE ? (const char *)c->line.p : NULL;
}
