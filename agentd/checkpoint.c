// SPDX-License-Identifier: ISC
//
// Signing where the audit log stands. Contract in checkpoint.h.
#include "agentd/checkpoint.h"

#include <stdlib.h>
#include "agentd/log.h"
#include "proto/checkpoint.h"

#define EVERY_MS 1000

struct hs_checkpoint {
	struct hs_daemon *d;
	uv_timer_t timer;
};

static void
put(struct hs_daemon *d, const struct hs_keys *key, const char *session)
{
	struct hs_audit_record r = {.event = "checkpoint", .session = session};
	struct hs_buf message = {0}, sig = {0};
	struct hs_audit_end tip;
	struct hs_now now;
	int rc;

	hs_clock_read(&now);
	r.time = now.wall;
	tip = hs_audit_tip(d->audit, now.wall);
	if (tip.seq == 0 || hs_audit_sealed(d->audit))
		return;
	hs_checkpoint_put_signed(&message, session, tip.seq, tip.head);
	rc = hs_buf_err(&message);
	if (rc == HS_OK)
		rc = hs_keys_sign(key, hs_buf_str(&message), &sig);
	r.signature = hs_buf_str(&sig);
	if (rc == HS_OK)
		rc = hs_audit_put(d->audit, &r, NULL, NULL, NULL, NULL);
	if (rc != HS_OK)
		hs_log("checkpoint: %s", hs_code_sentence((enum hs_code)rc));
	hs_buf_free(&message);
	hs_buf_free(&sig);
}

static void
on_timer(uv_timer_t *t)
{
	const struct hs_checkpoint *c = t->data;
	const struct hs_session *s = &c->d->session;

	if (s->open && s->endorsed && s->key.secret != NULL)
		put(c->d, &s->key, s->id);
}

// A second after the first record since the last one.
static void
on_taken(void *arg)
{
	struct hs_checkpoint *c = arg;

	if (!uv_is_active((uv_handle_t *)&c->timer) && !hs_audit_sealed(c->d->audit))
		(void)uv_timer_start(&c->timer, on_timer, EVERY_MS, 0);
}

struct hs_checkpoint *
hs_checkpoint_new(struct hs_daemon *d)
{
	struct hs_checkpoint *c = calloc(1, sizeof *c);

	if (c == NULL || uv_timer_init(d->loop, &c->timer) != 0) {
		free(c);
		return NULL;
	}
	c->d = d;
	c->timer.data = c;
	uv_unref((uv_handle_t *)&c->timer);
	hs_audit_on_taken(d->audit, on_taken, c);
	return c;
}

static void
on_closed(uv_handle_t *h)
{
	free(h->data);
}

void
hs_checkpoint_free(struct hs_checkpoint **c)
{
	if (c == NULL || *c == NULL)
		return;
	hs_audit_on_taken((*c)->d->audit, NULL, NULL);
	uv_close((uv_handle_t *)&(*c)->timer, on_closed);
	*c = NULL;
}

void
hs_checkpoint_last(struct hs_daemon *d, struct hs_keys *key, const char *session)
{
	if (key->secret != NULL)
		put(d, key, session);
	hs_keys_wipe(key);
}
