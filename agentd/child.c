// SPDX-License-Identifier: ISC
//
// Starting, signalling and reaping. Contract in child.h.
#include "agentd/child.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

struct hs_child {
	uv_process_t process;
	uv_timer_t timer; // to SIGKILL
	bool exited;
	int open; // handles
	hs_child_done *done;
	void *arg;
};

static void
on_close(uv_handle_t *h)
{
	struct hs_child *c = h->data;

	if (--c->open == 0)
		free(c);
}

static void
close_both(struct hs_child *c)
{
	uv_close((uv_handle_t *)&c->process, on_close);
	uv_close((uv_handle_t *)&c->timer, on_close);
}

static void
on_exit_of(uv_process_t *p, int64_t status, int sig)
{
	struct hs_child *c = p->data;

	// Its number is free from here on where nobody is left in the group, but numbers
	// are given out in turn: just now nobody else has it. Later that would not be so.
	(void)kill(-c->process.pid, SIGKILL);
	c->exited = true;
	if (c->done != NULL)
		c->done(c->arg, status, sig);
	close_both(c);
}

static void
on_timer(uv_timer_t *t)
{
	struct hs_child *c = t->data;

	hs_child_signal(c, SIGKILL);
}

int
hs_child_start(uv_loop_t *loop, const struct hs_child_spec *spec, hs_child_done *done,
    void *arg, struct hs_child **out, struct hs_err *err)
{
	struct hs_child *c = calloc(1, sizeof *c);
	uv_stdio_container_t stdio[HS_CHILD_FDS];
	uv_process_options_t o = {.exit_cb = on_exit_of,
	    .file = spec->path,
	    .args = (char **)spec->args, // libuv only reads them
	    .env = (char **)spec->env,
	    .cwd = "/",
	    .flags = UV_PROCESS_DETACHED, // a group of its own
	    .stdio_count = HS_CHILD_FDS,
	    .stdio = stdio};
	int rc;

	if (c == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "no memory for %s", spec->what);
	for (size_t i = 0; i < HS_CHILD_FDS; i++)
		stdio[i] = spec->stdio[i];
	if (stdio[HS_CHILD_FDS - 1].flags == UV_IGNORE)
		o.stdio_count = HS_CHILD_FDS - 1;
	(void)uv_timer_init(loop, &c->timer); // cannot fail
	rc = uv_spawn(loop, &c->process, &o);
	c->process.data = c->timer.data = c;
	c->open = 2;
	if (rc != 0) {
		close_both(c);
		return hs_fail(err, HS_ERR_IO, "%s (%s) cannot be run: %s", spec->what,
		    spec->path, uv_strerror(rc));
	}
	c->done = done;
	c->arg = arg;
	*out = c;
	return HS_OK;
}

void
hs_child_signal(struct hs_child *c, int sig)
{
	if (!c->exited)
		(void)kill(-c->process.pid, sig);
}

void
hs_child_stop(struct hs_child *c, int sig, uint64_t grace_ms)
{
	if (c->exited)
		return; // its end is being told
	hs_child_signal(c, sig);
	(void)uv_timer_start(&c->timer, on_timer, grace_ms, 0);
}

void
hs_child_drop(struct hs_child **c, int sig, uint64_t grace_ms)
{
	if (*c == NULL)
		return;
	(*c)->done = NULL;
	hs_child_stop(*c, sig, grace_ms);
	*c = NULL;
}
