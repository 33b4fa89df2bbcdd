// SPDX-License-Identifier: ISC
//
// The askpass program, by OpenSSH's conventions (ssh-askpass and SSH_ASKPASS_PROMPT in
// ssh(1)). Contract in askpass.h.
#include "agentd/askpass.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agentd/child.h"
#include "agentd/log.h"

#define GRACE_MS 2000 // from SIGTERM to SIGKILL

struct hs_askpass {
	uv_loop_t *loop;
	const struct hs_prompt_env *env;
	struct hs_child *child;
	char code[16];
	char *notice;
	int pin; // to read from, or -1
	hs_prompt_cb *answer;
	void *arg;
};

// how: "SSH_ASKPASS_PROMPT=...", or NULL for a secret. out: its stdout, or -1.
static int
run(struct hs_askpass *a, const char *text, const char *how, int out, hs_child_done *done,
    struct hs_err *err)
{
	char *args[] = {a->env->askpass, (char *)text, NULL};
	char *env[HS_PROMPT_ENV_MAX + 2];
	struct hs_child_spec spec = {.what = "the askpass program",
	    .path = a->env->askpass,
	    .args = args,
	    .env = env,
	    .stdio = {
		[STDERR_FILENO] = {.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO}}};
	size_t n = 0;

	if (out >= 0)
		spec.stdio[STDOUT_FILENO] =
		    (uv_stdio_container_t){.flags = UV_INHERIT_FD, .data.fd = out};
	for (; n < a->env->nchild; n++)
		env[n] = a->env->child[n];
	if (how != NULL)
		env[n++] = (char *)how;
	env[n] = NULL;
	return hs_child_start(a->loop, &spec, done, a, &a->child, err);
}

static void
on_notice(void *arg, int64_t status, int sig)
{
	struct hs_askpass *a = arg;

	(void)status; // however it ended: that the person closed it means nothing
	(void)sig;
	a->child = NULL;
}

static void
on_end(void *arg, int64_t status, int sig)
{
	struct hs_askpass *a = arg;
	struct hs_err err = {0};

	a->child = NULL;
	if (sig != 0) {
		hs_log("%s: the askpass program was ended by signal %d", a->code, sig);
		a->answer(a->arg, HS_PROMPT_FAILED);
		return;
	}
	if (status != 0) {
		a->answer(a->arg, HS_PROMPT_DECLINED);
		return;
	}
	if (run(a, a->notice, "SSH_ASKPASS_PROMPT=none", -1, on_notice, &err) != HS_OK)
		hs_log("%s: %s", a->code, hs_err_sentence(&err));
	a->answer(a->arg, HS_PROMPT_SEEN); // last: it may end us
}

static int
ask_pin(struct hs_askpass *a, const char *text, struct hs_err *err)
{
	int ends[2], rc;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return hs_fail(err, HS_ERR_IO, "no pipe for the PIN: %s", strerror(errno));
	rc = run(a, text, NULL, ends[1], on_end, err);
	close(ends[1]);
	if (rc == HS_OK)
		a->pin = ends[0];
	else
		close(ends[0]);
	return rc;
}

int
hs_askpass_start(uv_loop_t *loop, const struct hs_prompt_env *env,
    const struct hs_askpass_texts *t, bool pin, hs_prompt_cb *answer, void *arg,
    struct hs_askpass **out, struct hs_err *err)
{
	struct hs_askpass *a = calloc(1, sizeof *a);
	int rc;

	if (a == NULL || (a->notice = strdup(t->notice)) == NULL) {
		free(a);
		return hs_fail(err, HS_ERR_NOMEM, "no memory for the askpass program");
	}
	a->loop = loop;
	a->env = env;
	a->pin = -1;
	a->answer = answer;
	a->arg = arg;
	if (hs_str_copy(hs_str_c(t->code), a->code, sizeof a->code) != HS_OK)
		a->code[0] = '\0';
	if (pin)
		rc = ask_pin(a, t->ask, err);
	else
		rc = run(a, t->ask, "SSH_ASKPASS_PROMPT=confirm", -1, on_end, err);
	if (rc != HS_OK) {
		free(a->notice);
		free(a);
		return rc;
	}
	*out = a;
	return HS_OK;
}

int
hs_askpass_pin_fd(struct hs_askpass *a)
{
	int fd = a->pin;

	a->pin = -1;
	return fd;
}

void
hs_askpass_end(struct hs_askpass **a)
{
	if (*a == NULL)
		return;
	hs_child_drop(&(*a)->child, SIGTERM, GRACE_MS);
	if ((*a)->pin >= 0)
		close((*a)->pin);
	free((*a)->notice);
	free(*a);
	*a = NULL;
}
