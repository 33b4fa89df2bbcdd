// SPDX-License-Identifier: ISC
//
// Running notify-send. With --wait it stays for as long as its notification, and takes the
// notification with it on SIGINT, once it has shown it; it does not tell when that is. What
// went wrong it says on stderr, and stays all the same. Contract in notify.h.
#include "agentd/notify.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agentd/child.h"
#include "agentd/log.h"

#define TEXT_MAX  4096
#define SETTLE_MS 1000 // from its start until SIGINT closes what it shows
#define GRACE_MS  2000 // from SIGINT to SIGKILL

struct hs_notify {
	struct hs_child *child; // NULL once it has ended
	uv_pipe_t said;		// its stderr
	uv_timer_t timer;
	bool settled;
	bool ending;	  // the owner let go
	bool closing;	  // the handles
	int open;	  // of them
	bool *complained; // NULL once ending
	char chunk[512];
};

static void
on_close(uv_handle_t *h)
{
	struct hs_notify *n = h->data;

	if (--n->open == 0 && n->ending)
		free(n);
}

// When it ended and when nobody wants it any more, in either order.
static void
close_handles(struct hs_notify *n)
{
	if (n->closing)
		return;
	n->closing = true;
	uv_close((uv_handle_t *)&n->said, on_close);
	uv_close((uv_handle_t *)&n->timer, on_close);
}

// Once for all notifications, and not of one that was to go anyway.
static void
complain(struct hs_notify *n, const char *why, size_t len)
{
	const char *lf = memchr(why, '\n', len);

	if (n->complained == NULL || *n->complained)
		return;
	*n->complained = true;
	hs_log("notify-send did not show a prompt (not said again): %.*s",
	    (int)(lf != NULL ? (size_t)(lf - why) : len), why);
}

static void
on_end(void *arg, int64_t status, int sig)
{
	struct hs_notify *n = arg;
	char why[64];

	n->child = NULL;
	if (status != 0 || sig != 0) {
		(void)snprintf(why, sizeof why, "status %d, signal %d", (int)status, sig);
		complain(n, why, strlen(why));
	}
	close_handles(n);
}

static void
on_timer(uv_timer_t *t)
{
	struct hs_notify *n = t->data;

	n->settled = true;
	if (n->ending && n->child != NULL)
		hs_child_stop(n->child, SIGINT, GRACE_MS);
}

static void
on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	struct hs_notify *n = h->data;

	(void)suggested;
	*buf = uv_buf_init(n->chunk, sizeof n->chunk);
}

// Read to the end, so that it never waits for us.
static void
on_read(uv_stream_t *s, ssize_t len, const uv_buf_t *buf)
{
	if (len > 0)
		complain(s->data, buf->base, (size_t)len);
	else if (len < 0)
		(void)uv_read_stop(s);
}

// The body is markup for most servers, and notify-send undoes backslashes before.
static void
put_escaped(struct hs_buf *b, struct hs_str s)
{
	for (size_t i = 0; i < s.len; i++) {
		switch (s.p[i]) {
		case '&':
			hs_put_fmt(b, "&amp;");
			break;
		case '<':
			hs_put_fmt(b, "&lt;");
			break;
		case '>':
			hs_put_fmt(b, "&gt;");
			break;
		case '\\':
			hs_put_fmt(b, "\\\\");
			break;
		default:
			hs_put_u8(b, s.p[i]);
		}
	}
}

static void
put_body(struct hs_buf *b, struct hs_str text)
{
	struct hs_str head = text;

	if (text.len > TEXT_MAX) {
		head.len = TEXT_MAX;
		while (head.len > 0 && head.p[head.len - 1] != '\n')
			head.len--;
		if (head.len == 0) // one line: whole characters at least
			for (head.len = TEXT_MAX; (head.p[head.len] & 0xc0) == 0x80;)
				head.len--;
	}
	put_escaped(b, head);
	if (head.len < text.len)
		hs_put_fmt(b, "%s… cut here: see the whole text in handseal watch",
		    head.p[head.len - 1] == '\n' ? "" : "\n");
	hs_put_u8(b, '\0');
}

static int
spawn(struct hs_notify *n, uv_loop_t *loop, const struct hs_prompt_env *env,
    const char *title, const char *body, struct hs_err *err)
{
	char *args[] = {env->notify_send, "--app-name=handseal", "--urgency=critical",
	    "--wait", "--", (char *)title, (char *)body, NULL};
	const struct hs_child_spec spec = {.what = "the notification",
	    .path = env->notify_send,
	    .args = args,
	    .env = env->child,
	    .stdio = {[STDERR_FILENO] = {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
			  .data.stream = (uv_stream_t *)&n->said}}};

	return hs_child_start(loop, &spec, on_end, n, &n->child, err);
}

int
hs_notify_start(uv_loop_t *loop, const struct hs_prompt_env *env, const char *title,
    struct hs_str text, bool *complained, struct hs_notify **out, struct hs_err *err)
{
	struct hs_notify *n = calloc(1, sizeof *n);
	struct hs_buf body = {0};
	int rc;

	put_body(&body, text);
	if (n == NULL || hs_buf_err(&body) != HS_OK) {
		free(n);
		hs_buf_free(&body);
		return hs_fail(err, HS_ERR_NOMEM, "no memory for the notification");
	}
	// these two cannot fail: they only fill in
	(void)uv_pipe_init(loop, &n->said, 0);
	(void)uv_timer_init(loop, &n->timer);
	n->said.data = n->timer.data = n;
	n->open = 2;
	rc = spawn(n, loop, env, title, (const char *)body.p, err);
	hs_buf_free(&body);
	if (rc != HS_OK) {
		n->ending = true;
		close_handles(n);
		return rc;
	}
	n->complained = complained;
	(void)uv_timer_start(&n->timer, on_timer, SETTLE_MS, 0);
	(void)uv_read_start((uv_stream_t *)&n->said, on_alloc, on_read);
	*out = n;
	return HS_OK;
}

void
hs_notify_end(struct hs_notify **at)
{
	struct hs_notify *n = *at;

	*at = NULL;
	if (n == NULL)
		return;
	n->ending = true;
	n->complained = NULL;
	if (n->child == NULL && n->open == 0)
		free(n);
	else if (n->child != NULL && n->settled)
		hs_child_stop(n->child, SIGINT, GRACE_MS); // else on_timer does
}
