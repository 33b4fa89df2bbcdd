// SPDX-License-Identifier: ISC
//
// Running the helper. It may hang, die, write without end or leave children behind: it is
// killed with its group (child.h), and there is a bound on what is read. Contract in
// ceremony.h.
#include "agentd/ceremony.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agentd/child.h"
#include "proto/helper.h"

#define ANSWER_MAX (4 + HS_HELPER_MSG_MAX)
#define TERM_MS	   2000 // from SIGTERM to SIGKILL
#define EOF_MS	   1000 // from the helper's end to the end of its output

struct hs_ceremony {
	const char *what;
	enum hs_code failed;
	struct hs_child *child; // NULL once it has ended
	uv_pipe_t in, out;
	uv_timer_t timer;
	uv_write_t write;
	uv_shutdown_t shutdown;
	struct hs_buf request, answer;
	struct hs_err err; // why it cannot have succeeded
	bool eof, ending, ran;
	int open; // handles
	hs_ceremony_done *done;
	void *arg;
	uint8_t chunk[16384];
};

static void
on_close(uv_handle_t *h)
{
	struct hs_ceremony *c = h->data;

	if (--c->open > 0)
		return;
	if (c->ran)
		c->done(c->arg, (int)c->err.code, hs_buf_str(&c->answer), &c->err);
	hs_buf_free(&c->request);
	hs_buf_free(&c->answer);
	free(c);
}

static void
end(struct hs_ceremony *c)
{
	if (c->ending)
		return;
	c->ending = true;
	uv_close((uv_handle_t *)&c->in, on_close);
	uv_close((uv_handle_t *)&c->out, on_close);
	uv_close((uv_handle_t *)&c->timer, on_close);
}

static void
on_timer(uv_timer_t *t)
{
	struct hs_ceremony *c = t->data;

	if (c->child == NULL) { // somebody else holds its output open
		end(c);
		return;
	}
	if (c->err.code == HS_OK)
		hs_fail(
		    &c->err, c->failed, "%s did not end in time and was killed", c->what);
	hs_child_signal(c->child, SIGKILL);
}

static void
on_ended(void *arg, int64_t status, int sig)
{
	struct hs_ceremony *c = arg;

	c->child = NULL;
	if (c->err.code == HS_OK && sig != 0)
		hs_fail(&c->err, c->failed, "%s was ended by signal %d", c->what, sig);
	else if (c->err.code == HS_OK && status != 0 && c->answer.len == 0)
		hs_fail(&c->err, c->failed, "%s ended with status %d and without an answer",
		    c->what, (int)status);
	if (c->eof || c->err.code != HS_OK)
		end(c);
	else
		(void)uv_timer_start(&c->timer, on_timer, EOF_MS, 0);
}

static void
on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	struct hs_ceremony *c = h->data;

	(void)suggested;
	*buf = uv_buf_init((char *)c->chunk, sizeof c->chunk);
}

static void
on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
	struct hs_ceremony *c = s->data;

	if (n < 0) {
		c->eof = true;
		(void)uv_read_stop(s);
		if (c->child == NULL)
			end(c);
		return;
	}
	if (c->answer.len + (size_t)n > ANSWER_MAX) {
		hs_fail(&c->err, c->failed, "the answer of %s is too long", c->what);
		(void)uv_read_stop(s);
		if (c->child != NULL)
			hs_child_signal(c->child, SIGKILL);
		return;
	}
	hs_put_raw(&c->answer, buf->base, (size_t)n);
}

static void
on_write(uv_write_t *w, int status)
{
	struct hs_ceremony *c = w->data;

	(void)status; // one that does not read its request cannot answer it either
	if (!c->ending)
		(void)uv_shutdown(&c->shutdown, (uv_stream_t *)&c->in, NULL);
}

static int
spawn(struct hs_ceremony *c, uv_loop_t *loop, const char *path, int pin_fd,
    struct hs_err *err)
{
	char *args[] = {(char *)path, NULL};
	char *env[] = {HS_CHILD_PATH, "LC_ALL=C", NULL};
	struct hs_child_spec spec = {.what = c->what,
	    .path = path,
	    .args = args,
	    .env = env,
	    .stdio = {{.flags = UV_CREATE_PIPE | UV_READABLE_PIPE,
			  .data.stream = (uv_stream_t *)&c->in},
		{.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
		    .data.stream = (uv_stream_t *)&c->out},
		{.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO}}};

	if (pin_fd >= 0) {
		spec.stdio[HS_HELPER_PIN_FD].flags = UV_INHERIT_FD;
		spec.stdio[HS_HELPER_PIN_FD].data.fd = pin_fd;
	}
	return hs_child_start(loop, &spec, on_ended, c, &c->child, err);
}

int
hs_ceremony_start(uv_loop_t *loop, const struct hs_ceremony_spec *spec,
    hs_ceremony_done *done, void *arg, struct hs_ceremony **out, struct hs_err *err)
{
	struct hs_ceremony *c = calloc(1, sizeof *c);
	struct hs_err why = {0};
	uv_buf_t buf;
	int rc;

	if (c == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "no memory for %s", spec->what);
	c->what = spec->what;
	c->failed = spec->failed;
	c->done = done;
	c->arg = arg;
	hs_put_raw(&c->request, spec->request.p, spec->request.len);
	if (hs_buf_err(&c->request) != HS_OK) {
		free(c);
		return hs_fail(err, HS_ERR_NOMEM, "no memory for %s", spec->what);
	}
	// these three cannot fail: they only fill in
	(void)uv_pipe_init(loop, &c->in, 0);
	(void)uv_pipe_init(loop, &c->out, 0);
	(void)uv_timer_init(loop, &c->timer);
	c->in.data = c->out.data = c->timer.data = c;
	c->open = 3;
	rc = spawn(c, loop, spec->path, spec->pin_fd, &why);
	if (rc != HS_OK) {
		end(c);
		return hs_fail(err, spec->failed, "%s", hs_err_sentence(&why));
	}
	c->ran = true;
	buf = uv_buf_init((char *)c->request.p, (unsigned)c->request.len);
	c->write.data = c;
	(void)uv_write(&c->write, (uv_stream_t *)&c->in, &buf, 1, on_write);
	(void)uv_read_start((uv_stream_t *)&c->out, on_alloc, on_read);
	(void)uv_timer_start(&c->timer, on_timer, spec->timeout_ms, 0);
	*out = c;
	return HS_OK;
}

void
hs_ceremony_cancel(struct hs_ceremony *c)
{
	if (c->err.code == HS_OK)
		hs_fail(&c->err, HS_SK_CANCELLED, "%s", "");
	if (c->child != NULL)
		hs_child_stop(c->child, SIGTERM, TERM_MS);
}
