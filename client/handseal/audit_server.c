// SPDX-License-Identifier: ISC
//
// Logins without a touch, certificates without a login. Contract in audit_server.h.
#include "client/handseal/audit_server.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "client/handseal/sshdlog.h"

#define SHOWN_MAX 100

struct unmatched {
	uint64_t line;
	char user[65], addr[65], id[HS_KEY_ID_MAX + 1];
	const char *why;
};

struct hs_audit_server {
	const struct hs_audit_gathered *g;
	uint64_t lines, logins, unreadable;
	uint64_t others, keyless; // logins by keys that are not handseal's, and by none
	uint64_t nbad, unused;
	struct unmatched bad[SHOWN_MAX]; // logins without a touch
	uint64_t *used;			 // how often, of each of g->made
	const struct hs_audit_made **sorted;
};

struct wanted {
	const struct hs_audit_gathered *g;
	const struct hs_sshdlog *l;
};

static int
by_id(const void *a, const void *b, void *arg)
{
	const struct hs_audit_gathered *g = arg;
	const struct hs_audit_made *x = *(const struct hs_audit_made *const *)a;
	const struct hs_audit_made *y = *(const struct hs_audit_made *const *)b;
	int c = strcmp(g->sessions[x->session].id, g->sessions[y->session].id);

	return c != 0 ? c : (x->serial > y->serial) - (x->serial < y->serial);
}

static int
is_of(const void *a, const void *b)
{
	const struct wanted *w = a;
	const struct hs_audit_made *m = *(const struct hs_audit_made *const *)b;
	int c = hs_str_cmp(w->l->session, hs_str_c(w->g->sessions[m->session].id));

	return c != 0 ? c : (w->l->serial > m->serial) - (w->l->serial < m->serial);
}

static const struct hs_audit_made *
find(const struct hs_audit_server *s, const struct hs_sshdlog *l)
{
	const struct wanted w = {s->g, l};
	const struct hs_audit_made **m = bsearch(
	    &w, s->sorted, s->g->nmade, sizeof(const struct hs_audit_made *), is_of);

	return m != NULL ? *m : NULL;
}

// The certificate that a touch has signed itself: by its serial, which is that root's.
static const struct hs_audit_made *
find_direct(const struct hs_audit_server *s, const struct hs_sshdlog *l)
{
	for (size_t i = 0; i < s->g->nmade; i++) {
		const struct hs_audit_made *m = &s->g->made[i];
		const struct hs_audit_touch *t =
		    m->touch != SIZE_MAX ? &s->g->touches[m->touch] : NULL;

		if (t != NULL && t->direct && !m->seat && t->serial == l->serial &&
		    hs_str_is(l->ca, t->root_key))
			return m;
	}
	return NULL;
}

// Who has signed it, as the log says.
static const char *
signer(const struct hs_audit_server *s, const struct hs_audit_made *m)
{
	if (m->touch != SIZE_MAX && s->g->touches[m->touch].direct)
		return s->g->touches[m->touch].root_key;
	return s->g->sessions[m->session].key;
}

// Why this login has no touch behind it; NULL: it has.
static const char *
judge(struct hs_audit_server *s, const struct hs_sshdlog *l)
{
	const struct hs_audit_made *m = l->direct ? find_direct(s, l) : find(s, l);

	if (m == NULL)
		return "no record is of its certificate";
	if (!hs_str_is(l->fingerprint, m->key))
		return "its certificate is on record for another key";
	if (!hs_str_is(l->ca, signer(s, m)))
		return "its certificate is on record, but another key signed this one";
	s->used[m - s->g->made]++;
	if (m->touch == SIZE_MAX || s->g->touches[m->touch].bad)
		return "no good touch is behind its certificate";
	return NULL;
}

static void
take_line(struct hs_audit_server *s, struct hs_str line)
{
	struct hs_sshdlog l;
	struct unmatched *u;
	const char *why;
	int rc = hs_sshdlog_parse(line, &l);

	s->lines++;
	s->unreadable += rc == HS_ERR_FORMAT;
	if (rc != HS_OK)
		return;
	if (!l.ours) {
		s->keyless += l.keyless;
		s->others += !l.keyless;
		return;
	}
	s->logins++;
	why = judge(s, &l);
	if (why == NULL || s->nbad++ >= SHOWN_MAX)
		return;
	u = &s->bad[s->nbad - 1];
	u->line = s->lines;
	u->why = why;
	(void)snprintf(
	    u->user, sizeof u->user, "%.*s", (int)l.user.len, (const char *)l.user.p);
	(void)snprintf(
	    u->addr, sizeof u->addr, "%.*s", (int)l.addr.len, (const char *)l.addr.p);
	(void)snprintf(u->id, sizeof u->id, "%.*s", (int)l.id.len, (const char *)l.id.p);
}

static int
prepare(struct hs_audit_server *s, const struct hs_audit_gathered *g)
{
	s->g = g;
	s->used = calloc(g->nmade + 1, sizeof *s->used);
	s->sorted = calloc(g->nmade + 1, sizeof(const struct hs_audit_made *));
	if (s->used == NULL || s->sorted == NULL)
		return HS_ERR_NOMEM;
	for (size_t i = 0; i < g->nmade; i++)
		s->sorted[i] = &g->made[i];
	qsort_r(s->sorted, g->nmade, sizeof(const struct hs_audit_made *), by_id,
	    (void *)(uintptr_t)g);
	return HS_OK;
}

int
hs_audit_server_match(const struct hs_audit_gathered *g, const char *path,
    struct hs_audit_server **out, struct hs_err *err)
{
	struct hs_audit_server *s = calloc(1, sizeof *s);
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int rc = HS_OK;

	*out = s;
	if (s == NULL || prepare(s, g) != HS_OK) {
		rc = hs_fail(err, HS_ERR_NOMEM, "out of memory");
	} else if (f == NULL) {
		rc = hs_fail(err, errno == ENOENT ? HS_NO_SUCH : HS_ERR_IO,
		    "cannot read %s: %s", path, strerror(errno));
	} else {
		while ((n = getline(&line, &cap, f)) > 0)
			take_line(s, (struct hs_str){(uint8_t *)line, (size_t)n});
		if (ferror(f))
			rc = hs_fail(err, HS_ERR_IO, "cannot read %s", path);
		for (size_t i = 0; i < g->nmade; i++)
			s->unused += s->used[i] == 0 && !g->made[i].seat;
	}
	free(line);
	if (f != NULL && f != stdin)
		fclose(f);
	return rc;
}

void
hs_audit_server_free(struct hs_audit_server **s)
{
	if (*s != NULL) {
		free((*s)->used);
		free((*s)->sorted);
	}
	free(*s);
	*s = NULL;
}

bool
hs_audit_server_good(const struct hs_audit_server *s)
{
	return s->nbad == 0 && s->unreadable == 0;
}

static void
put_unused(struct hs_buf *b, const struct hs_audit_server *s)
{
	size_t shown = 0;

	for (size_t i = 0; i < s->g->nmade && shown < SHOWN_MAX; i++) {
		const struct hs_audit_made *m = &s->g->made[i];

		if (s->used[i] > 0 || m->seat)
			continue;
		hs_put_fmt(b, "  no login     %.4s.%" PRIu64 "  %s: %s\n",
		    s->g->sessions[m->session].id, m->serial, m->agent, m->may);
		shown++;
	}
	if (s->unused > shown)
		hs_put_fmt(b, "  and %" PRIu64 " more\n", s->unused - (uint64_t)shown);
}

void
hs_audit_server_put(struct hs_buf *b, const struct hs_audit_server *s)
{
	hs_put_fmt(b,
	    "server       %" PRIu64 " logins by handseal's certificates, %" PRIu64
	    " without a touch; %" PRIu64 " by other keys, %" PRIu64 " by none\n",
	    s->logins, s->nbad, s->others, s->keyless);
	for (uint64_t i = 0; i < s->nbad && i < SHOWN_MAX; i++)
		hs_put_fmt(b, "  NO TOUCH     line %" PRIu64 ": %s from %s, %s: %s\n",
		    s->bad[i].line, s->bad[i].user, s->bad[i].addr, s->bad[i].id,
		    s->bad[i].why);
	if (s->unreadable > 0)
		hs_put_fmt(
		    b, "  %" PRIu64 " lines of logins could not be read\n", s->unreadable);
	hs_put_fmt(
	    b, "server       %" PRIu64 " certificates without a login there\n", s->unused);
	put_unused(b, s);
}

json_t *
hs_audit_server_json(const struct hs_audit_server *s)
{
	json_t *bad = json_array(), *unused = json_array();

	for (uint64_t i = 0; i < s->nbad && i < SHOWN_MAX; i++)
		(void)json_array_append_new(bad,
		    json_pack("{s:I,s:o,s:o,s:o,s:s}", "line", (json_int_t)s->bad[i].line,
			"user", hs_cli_json(hs_str_c(s->bad[i].user)), "address",
			hs_cli_json(hs_str_c(s->bad[i].addr)), "id",
			hs_cli_json(hs_str_c(s->bad[i].id)), "sentence", s->bad[i].why));
	for (size_t i = 0; i < s->g->nmade && json_array_size(unused) < 10000; i++) {
		const struct hs_audit_made *m = &s->g->made[i];
		char id[HS_SESSION_ID_LEN + 24];

		if (s->used[i] > 0 || m->seat)
			continue;
		(void)snprintf(
		    id, sizeof id, "%s.%" PRIu64, s->g->sessions[m->session].id, m->serial);
		(void)json_array_append_new(unused, json_string(id));
	}
	return json_pack("{s:I,s:I,s:I,s:I,s:I,s:o,s:I,s:o}", "logins",
	    (json_int_t)s->logins, "by_other_keys", (json_int_t)s->others, "by_no_key",
	    (json_int_t)s->keyless, "unreadable", (json_int_t)s->unreadable,
	    "without_touch", (json_int_t)s->nbad, "without_touch_list", bad,
	    "without_login", (json_int_t)s->unused, "without_login_list", unused);
}
