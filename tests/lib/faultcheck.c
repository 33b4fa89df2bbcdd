// SPDX-License-Identifier: ISC
//
// Looking at a daemon's state folder from outside. Contract in faultcheck.h.
#include "tests/lib/faultcheck.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "proto/list.h"
#include "proto/revstate.h"
#include "proto/text.h"
#include "tests/lib/keygen.h"

static void __attribute__((noreturn)) broken(const char *what, const char *which)
{
	fprintf(stderr, "%s: %s\n", what, which);
	exit(1);
}

// ---- revocations

struct id {
	char session[HS_SESSION_ID_LEN + 1];
	uint64_t serial;
};

static struct id
take_id(const char *text)
{
	struct id id = {0};

	memcpy(id.session, text, HS_SESSION_ID_LEN);
	if (hs_text_u64(hs_str_c(text + HS_SESSION_ID_LEN + 1), UINT64_MAX, &id.serial) !=
	    HS_OK)
		broken("no id", text);
	return id;
}

struct remembered {
	struct hs_revoked *v;
	size_t n, cap;
};

static void
read_revoked(const char *state, struct remembered *m)
{
	char path[4096], line[256];
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/revoked", state);
	f = fopen(path, "r");
	if (f == NULL)
		crashlog_die(path);
	while (fgets(line, sizeof line, f) != NULL) {
		struct hs_str s = {(uint8_t *)line, strcspn(line, "\n")};

		if (m->n == m->cap) {
			m->cap = m->cap > 0 ? 2 * m->cap : 256;
			m->v = reallocarray(m->v, m->cap, sizeof *m->v);
			if (m->v == NULL)
				crashlog_die("memory");
		}
		if (line[s.len] == '\0')
			break; // it is being written, or was torn
		if (hs_revoked_parse(s, &m->v[m->n++]) != HS_OK)
			broken("no line of `revoked`", line);
	}
	(void)fclose(f);
}

static bool
is_remembered(const struct remembered *m, const struct id *id)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->v[i].session, id->session) == 0 &&
		    (m->v[i].whole ||
			(m->v[i].lo <= id->serial && id->serial <= m->v[i].hi)))
			return true;
	return false;
}

struct listed {
	char session[HS_SESSION_ID_LEN + 1];
	struct hs_buf data;
	struct hs_list list;
};

static void
read_list(const char *state, const char *session, struct listed *l)
{
	char path[4096];

	if (strcmp(l->session, session) == 0)
		return;
	hs_list_free(&l->list);
	hs_buf_reset(&l->data);
	l->list = (struct hs_list){0};
	memcpy(l->session, session, sizeof l->session);
	(void)snprintf(path, sizeof path, "%s/lists/%s.list", state, session);
	if (!keygen_read(path, &l->data) ||
	    hs_list_parse(hs_buf_str(&l->data), &l->list, NULL) != HS_OK)
		broken("no list", path);
}

void
faultcheck_revoked(const char *state, const struct crashlog_ids *ids)
{
	struct remembered m = {0};
	struct listed l = {0};

	if (ids->n > 0)
		read_revoked(state, &m);
	for (size_t i = 0; i < ids->n; i++) {
		struct id id = take_id(ids->v[i]);

		if (!is_remembered(&m, &id))
			broken("rule 5: it was acknowledged, and is forgotten", ids->v[i]);
		read_list(state, id.session, &l);
		if (!hs_krl_has_serial(&l.list.krl, &l.list.revoker.cert.ca, id.serial))
			broken("rule 5: it was acknowledged, and is in no list", ids->v[i]);
	}
	hs_list_free(&l.list);
	hs_buf_free(&l.data);
	free(m.v);
}

// ---- the log

void
faultcheck_log(const char *state, const struct crashlog_ids *known, unsigned signatures)
{
	struct crashlog l = {0};

	crashlog_read(&l, state);
	for (size_t i = 0; i < known->n; i++)
		if (!crashlog_have(&l.issued, known->v[i]))
			broken(
			    "rule 4: it was released, and is not on record", known->v[i]);
	if (l.signatures < signatures)
		broken("rule 4: a signature was released", "and is not on record");
	free(l.issued.v);
}

static bool look_at_keys;

static int
look_at(const char *path, const struct stat *st, int what, struct FTW *ftw)
{
	(void)st;
	(void)what;
	char index[4096];
	size_t n = strlen(path);

	if (strncmp(path + ftw->base, ".new-", 5) == 0)
		broken("left by half", path);
	if (!look_at_keys || n < 4 || strcmp(path + n - 4, ".key") != 0)
		return 0;
	(void)snprintf(index, sizeof index, "%.*s.index", (int)(n - 4), path);
	if (access(index, F_OK) != 0)
		broken("left of a session that never was", path);
	return 0;
}

void
faultcheck_left(const char *state, bool keys)
{
	look_at_keys = keys;
	(void)nftw(state, look_at, 16, FTW_PHYS);
}

void
faultcheck_verify(const char *client)
{
	int status = 0, out[2];
	char said[8192];
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) != 0)
		crashlog_die("pipe");
	pid = fork();
	if (pid < 0)
		crashlog_die("fork");
	if (pid == 0) {
		(void)dup2(out[1], STDOUT_FILENO);
		(void)dup2(out[1], STDERR_FILENO);
		execl(client, client, "audit", "verify", (char *)NULL);
		_exit(127);
	}
	(void)close(out[1]);
	while ((got = read(out[0], said + n, sizeof said - 1 - n)) > 0)
		n += (size_t)got;
	said[n] = '\0';
	(void)close(out[0]);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		broken("handseal audit verify", said);
}
