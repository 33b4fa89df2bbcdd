// SPDX-License-Identifier: ISC
//
// Running Publish commands. Contract in publish.h.
#include "agentd/publish.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agentd/child.h"
#include "agentd/log.h"
#include "proto/text.h"

#define SETTLE_MS 100  // changes in so short a while are brought together
#define GRACE_MS  3000 // from SIGTERM to SIGKILL

// Seconds until the next try after so many that failed; the last for all further ones.
static const uint32_t backoff_s[] = {2, 5, 60, 300};

static const char *const passed_on[] = {
    "HOME", "USER", "LOGNAME", "LANG", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR"};
#define NPASSED (sizeof passed_on / sizeof passed_on[0])

enum state { IDLE, WAITING, RUNNING, DONE, FAILED };
static const char *const states[] = {"waiting", "waiting", "running", "done", "failed"};

struct target {
	struct hs_publish *p;
	char name[HS_AGENT_NAME_MAX + 1];
	struct hs_buf words[HS_POLICY_PUBLISH_WORDS]; // each with its NUL
	char *argv[HS_POLICY_PUBLISH_WORDS + 1];
	uv_timer_t timer; // to the next try; while it runs, to its end
	struct hs_child *child;
	enum state state;
	bool again;    // lists were written since it began
	bool late;     // it was ended for taking too long
	size_t tries;  // that failed, since the last success
	uint64_t done; // Unix seconds
	char why[160];
};

struct hs_publish {
	struct hs_daemon *d;
	uint64_t timeout_ms;
	struct hs_buf env[NPASSED + 1];
	char *envp[NPASSED + 2];
	struct hs_policy_publish from[HS_POLICY_PUBLISHES_MAX];
	struct target targets[HS_POLICY_PUBLISHES_MAX];
	size_t n;
	bool stopped;
};

// ---- made

static int
expand(struct hs_buf *b, struct hs_str word, const char *state_dir)
{
	for (size_t i = 0; i < word.len; i++) {
		if (word.p[i] != '%' || i + 1 == word.len) {
			hs_put_u8(b, word.p[i]);
			continue;
		}
		i++;
		if (word.p[i] == '%')
			hs_put_u8(b, '%');
		else
			hs_put_fmt(
			    b, "%s/%s", state_dir, word.p[i] == 'L' ? "lists" : "krl");
	}
	hs_put_u8(b, 0);
	return hs_buf_err(b);
}

static int
take(struct target *t, const struct hs_policy_publish *from, const char *state_dir)
{
	struct hs_words words;
	int rc =
	    hs_words_parse(hs_str_c(from->words), HS_POLICY_PUBLISH_WORDS, &words, NULL);

	memcpy(t->name, from->name, sizeof t->name);
	for (size_t i = 0; i < words.n && rc == HS_OK; i++) {
		rc = expand(&t->words[i], words.w[i].text, state_dir);
		t->argv[i] = (char *)t->words[i].p;
	}
	hs_words_free(&words);
	return rc;
}

static int
take_env(struct hs_publish *p)
{
	size_t n = 0;

	for (size_t i = 0; i < NPASSED; i++) {
		const char *value = getenv(passed_on[i]);

		if (value == NULL)
			continue;
		hs_put_fmt(&p->env[n], "%s=%s%c", passed_on[i], value, 0);
		p->envp[n] = (char *)p->env[n].p;
		if (hs_buf_err(&p->env[n++]) != HS_OK)
			return HS_ERR_NOMEM;
	}
	hs_put_fmt(&p->env[n], HS_CHILD_PATH "%c", 0);
	p->envp[n] = (char *)p->env[n].p;
	return hs_buf_err(&p->env[n]);
}

struct hs_publish *
hs_publish_new(struct hs_daemon *d, uint64_t timeout_ms)
{
	const struct hs_policy *policy = d->policy->policy;
	struct hs_publish *p = calloc(1, sizeof *p);
	int rc = p != NULL ? take_env(p) : HS_ERR_NOMEM;

	if (p == NULL)
		return NULL;
	p->d = d;
	p->timeout_ms = timeout_ms;
	memcpy(p->from, policy->publish, sizeof p->from);
	for (size_t i = 0; i < policy->npublish && rc == HS_OK; i++) {
		struct target *t = &p->targets[p->n++];

		t->p = p;
		(void)uv_timer_init(d->loop, &t->timer); // cannot fail
		t->timer.data = t;
		rc = take(t, &p->from[i], d->set->state_dir);
	}
	if (rc == HS_OK)
		return p;
	hs_publish_stop(p); // and is never freed: the loop has its timers still
	return NULL;
}

// ---- run

static void
record(struct target *t, enum state was)
{
	struct hs_audit_record r = {.event = "publish",
	    .code = hs_code_name(t->state == DONE ? HS_OK : HS_ERR_IO),
	    .host = hs_str_c(t->name),
	    .sentence = hs_str_c(t->why)};

	if (was == t->state) // what goes on as it went is told once
		return;
	hs_log("publish %s: %s", t->name, t->state == DONE ? "done" : t->why);
	hs_daemon_note(t->p->d, &r);
}

static void start(uv_timer_t *timer);

static void
ended(struct target *t, bool good, const char *why)
{
	enum state was = t->tries > 0 ? FAILED : t->done > 0 ? DONE : IDLE;
	struct hs_now now;
	uint64_t delay_s;

	t->child = NULL;
	if (t->p->stopped)
		return;
	(void)uv_timer_stop(&t->timer);
	hs_clock_read(&now);
	t->state = good ? DONE : FAILED;
	(void)snprintf(t->why, sizeof t->why, "%s", good ? "" : why);
	if (good) {
		t->done = now.wall;
		t->tries = 0;
	} else {
		t->tries++;
	}
	record(t, was);
	delay_s = backoff_s[t->tries <= 4 && t->tries > 0 ? t->tries - 1 : 3];
	if (t->again && good)
		t->state = WAITING;
	if (!good)
		(void)uv_timer_start(&t->timer, start, delay_s * 1000, 0);
	else if (t->again)
		(void)uv_timer_start(&t->timer, start, SETTLE_MS, 0);
}

static void
on_exit_of(void *arg, int64_t status, int sig)
{
	struct target *t = arg;
	char why[160];

	if (t->late)
		(void)snprintf(why, sizeof why, "it took longer than %" PRIu64 " s",
		    t->p->timeout_ms / 1000);
	else if (sig != 0)
		(void)snprintf(why, sizeof why, "it was ended by signal %d", sig);
	else
		(void)snprintf(why, sizeof why, "it ended with status %" PRId64, status);
	ended(t, status == 0 && sig == 0 && !t->late, why);
}

static void
on_late(uv_timer_t *timer)
{
	struct target *t = timer->data;

	t->late = true;
	if (t->child != NULL)
		hs_child_stop(t->child, SIGTERM, GRACE_MS);
}

static void
start(uv_timer_t *timer)
{
	struct target *t = timer->data;
	const struct hs_child_spec spec = {
	    .what = t->name, .path = t->argv[0], .args = t->argv, .env = t->p->envp};
	struct hs_err err = {0};

	t->again = t->late = false;
	t->state = RUNNING;
	if (hs_child_start(t->p->d->loop, &spec, on_exit_of, t, &t->child, &err) != HS_OK)
		ended(t, false, hs_err_sentence(&err));
	else
		(void)uv_timer_start(timer, on_late, t->p->timeout_ms, 0);
}

void
hs_publish_due(void *publish)
{
	struct hs_publish *p = publish;

	for (size_t i = 0; i < p->n && !p->stopped; i++) {
		struct target *t = &p->targets[i];

		t->again = true;
		if (t->state == RUNNING)
			continue;
		t->state = WAITING;
		(void)uv_timer_start(&t->timer, start, SETTLE_MS, 0);
	}
}

// ---- told

void
hs_publish_put(const struct hs_publish *p, struct hs_buf *b)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct target *t = &p->targets[i];
		// what runs brings what was there when it began
		const char *state =
		    states[t->state == RUNNING && t->again ? WAITING : t->state];

		hs_put_fmt(b, "%s\t%s\t%" PRIu64 "\t", t->name, state, t->done);
		hs_text_put_clean(b, hs_str_c(t->why));
		hs_put_u8(b, '\n');
	}
}

bool
hs_publish_same(const struct hs_publish *p, const struct hs_policy *policy)
{
	struct hs_policy now = {.npublish = p->n};

	memcpy(now.publish, p->from, sizeof now.publish);
	return hs_policy_publish_same(&now, policy);
}

void
hs_publish_stop(struct hs_publish *p)
{
	if (p == NULL || p->stopped)
		return;
	p->stopped = true;
	for (size_t i = 0; i < p->n; i++) {
		if (p->targets[i].child != NULL)
			hs_child_stop(p->targets[i].child, SIGKILL, GRACE_MS);
		uv_close((uv_handle_t *)&p->targets[i].timer, NULL);
	}
}

bool
hs_publish_idle(const struct hs_publish *p)
{
	for (size_t i = 0; p != NULL && i < p->n; i++)
		if (p->targets[i].child != NULL)
			return false;
	return true;
}

void
hs_publish_free(struct hs_publish **p)
{
	struct hs_publish *x = p != NULL ? *p : NULL;

	if (x == NULL)
		return;
	for (size_t i = 0; i < x->n; i++)
		for (size_t k = 0; k < HS_POLICY_PUBLISH_WORDS; k++)
			hs_buf_free(&x->targets[i].words[k]);
	for (size_t i = 0; i <= NPASSED; i++)
		hs_buf_free(&x->env[i]);
	free(x);
	*p = NULL;
}
