// SPDX-License-Identifier: ISC
//
// Running handseal-known-hosts for a scope, and the table that it answers with. Contract in
// knownhosts.h.
#include "agentd/knownhosts.h"

#include <stdlib.h>
#include <string.h>
#include "agentd/ceremony.h"

#define WHAT "the reader of known_hosts"

struct hs_knownhosts_run {
	struct hs_knownhosts_readers *q;
	struct hs_knownhosts_run *next; // where it waits
	bool waits;
	struct hs_ceremony *ceremony; // NULL: it did not run yet
	struct hs_buf request;	      // until it runs
	const char *program;
	uint64_t ms;
	hs_knownhosts_done *done; // NULL: nobody waits any more
	void *arg;
};

// ---- the table

// A table is one piece of memory, with all that it points to.

static struct hs_str
keep(uint8_t **at, struct hs_str s)
{
	struct hs_str kept = {*at, s.len};

	memcpy(*at, s.p, s.len);
	*at += s.len;
	return kept;
}

static struct hs_knownhosts *
make_table(const struct hs_knownhosts_answer *a)
{
	size_t len = sizeof(struct hs_knownhosts) + a->n * sizeof(a->v[0]) +
		     a->nwarnings * sizeof(a->warnings[0]);
	struct hs_knownhosts_entry *v;
	struct hs_knownhosts *k;
	struct hs_str *w;
	uint8_t *at;

	for (size_t i = 0; i < a->n; i++)
		len += a->v[i].key.len + a->v[i].name.len;
	for (size_t i = 0; i < a->nwarnings; i++)
		len += a->warnings[i].len;
	k = malloc(len);
	if (k == NULL)
		return NULL;
	v = (struct hs_knownhosts_entry *)(k + 1); // of pointers all, so aligned
	w = (struct hs_str *)(v + a->n);
	at = (uint8_t *)(w + a->nwarnings);
	for (size_t i = 0; i < a->n; i++)
		v[i] = (struct hs_knownhosts_entry){.kind = a->v[i].kind,
		    .key = keep(&at, a->v[i].key),
		    .name = keep(&at, a->v[i].name)};
	for (size_t i = 0; i < a->nwarnings; i++)
		w[i] = keep(&at, a->warnings[i]);
	*k = (struct hs_knownhosts){
	    .v = v, .n = a->n, .warnings = w, .nwarnings = a->nwarnings};
	return k;
}

void
hs_knownhosts_free(struct hs_knownhosts **k)
{
	if (k == NULL)
		return;
	free(*k);
	*k = NULL;
}

// An entry of that kind and key that holds for all of name.
static bool
says(const struct hs_knownhosts *k, enum hs_knownhosts_kind kind, struct hs_str key,
    struct hs_str name)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->v[i].kind == kind && hs_str_eq(k->v[i].key, key) &&
		    hs_knownhosts_under(name, k->v[i].name))
			return true;
	return false;
}

bool
hs_knownhosts_revoked(
    const struct hs_knownhosts *k, struct hs_str key_blob, struct hs_str name)
{
	return says(k, HS_KNOWNHOSTS_REVOKED, key_blob, name);
}

bool
hs_knownhosts_ca(const struct hs_knownhosts *k, struct hs_str ca_blob, struct hs_str name)
{
	return hs_knownhosts_is_name(name) && says(k, HS_KNOWNHOSTS_CA, ca_blob, name) &&
	       !hs_knownhosts_revoked(k, ca_blob, name);
}

static size_t
names_of(const struct hs_knownhosts *k, enum hs_knownhosts_kind kind, struct hs_str key,
    struct hs_str *names, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < k->n && n < max; i++)
		if (k->v[i].kind == kind && hs_str_eq(k->v[i].key, key) &&
		    !hs_knownhosts_revoked(k, key, k->v[i].name))
			names[n++] = k->v[i].name;
	return n;
}

size_t
hs_knownhosts_names(
    const struct hs_knownhosts *k, struct hs_str key_blob, struct hs_str *names, size_t max)
{
	return names_of(k, HS_KNOWNHOSTS_KEY, key_blob, names, max);
}

size_t
hs_knownhosts_ca_names(
    const struct hs_knownhosts *k, struct hs_str ca_blob, struct hs_str *names, size_t max)
{
	return names_of(k, HS_KNOWNHOSTS_CA, ca_blob, names, max);
}

// ---- the request

// The paths with ~ put in, in paths, one behind the other.
static int
put_files(const struct hs_knownhosts_spec *spec, struct hs_knownhosts_request *req,
    struct hs_buf *paths, struct hs_err *err)
{
	size_t ends[HS_POLICY_FILES_MAX];
	size_t begin = 0;

	_Static_assert(HS_POLICY_FILES_MAX <= HS_KNOWNHOSTS_FILES_MAX, "room for all");
	for (size_t i = 0; i < spec->policy->nknown_hosts; i++) {
		const char *path = spec->policy->known_hosts[i];
		bool home = path[0] == '~';

		if (home && spec->home[0] != '/')
			return hs_fail(err, HS_ERR_CONFIG,
			    "HOME is not set, so it is not known where %s is", path);
		hs_put_fmt(paths, "%s%s", home ? spec->home : "", path + (home ? 1 : 0));
		ends[i] = paths->len;
		if (paths->len - begin > HS_KNOWNHOSTS_PATH_MAX)
			return hs_fail(err, HS_ERR_CONFIG,
			    "the path of %s has more than %d bytes", path,
			    HS_KNOWNHOSTS_PATH_MAX);
		begin = paths->len;
	}
	if (hs_buf_err(paths) != HS_OK)
		return hs_buf_err(paths);
	for (begin = 0; req->nfiles < spec->policy->nknown_hosts; req->nfiles++) {
		req->files[req->nfiles] =
		    (struct hs_str){paths->p + begin, ends[req->nfiles] - begin};
		begin = ends[req->nfiles];
	}
	return HS_OK;
}

static int
by_bytes(const void *a, const void *b)
{
	return hs_str_cmp(*(const struct hs_str *)a, *(const struct hs_str *)b);
}

// The scope's `host` values, once each.
static int
put_hosts(
    const struct hs_scope *scope, struct hs_knownhosts_request *req, struct hs_err *err)
{
	size_t n = 0, kept = 0;

	for (size_t st = 0; st < hs_scope_statements(scope); st++)
		for (size_t i = 0; i < hs_scope_values(scope, st, HS_KEY_HOST); i++) {
			if (n == HS_KNOWNHOSTS_HOSTS_MAX)
				return hs_fail(err, HS_ERR_TOO_LONG,
				    "the scope has more than %d hosts",
				    HS_KNOWNHOSTS_HOSTS_MAX);
			req->hosts[n++] = hs_scope_value(scope, st, HS_KEY_HOST, i);
		}
	if (n > 0)
		qsort(req->hosts, n, sizeof(req->hosts[0]), by_bytes);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || !hs_str_eq(req->hosts[kept - 1], req->hosts[i]))
			req->hosts[kept++] = req->hosts[i];
	req->nhosts = kept;
	return HS_OK;
}

static int
make_request(
    const struct hs_knownhosts_spec *spec, struct hs_buf *request, struct hs_err *err)
{
	struct hs_knownhosts_request *req = calloc(1, sizeof(*req));
	struct hs_buf paths = {0};
	int rc = HS_ERR_NOMEM;

	if (req == NULL)
		goto out;
	rc = put_files(spec, req, &paths, err);
	if (rc == HS_OK)
		rc = put_hosts(spec->scope, req, err);
	if (rc == HS_OK && spec->nports > HS_KNOWNHOSTS_PORTS_MAX)
		rc = hs_fail(err, HS_ERR_TOO_LONG, "there are more than %d ports",
		    HS_KNOWNHOSTS_PORTS_MAX);
	if (rc != HS_OK)
		goto out;
	for (; req->nports < spec->nports; req->nports++)
		req->ports[req->nports] = spec->ports[req->nports];
	hs_knownhosts_request_put(request, req);
	rc = hs_buf_err(request);
	if (rc == HS_ERR_TOO_LONG)
		rc = hs_fail(err, HS_ERR_TOO_LONG, "the scope has too many hosts");
out:
	if (rc == HS_ERR_NOMEM)
		rc = hs_fail(err, HS_ERR_NOMEM, "no memory for " WHAT);
	hs_buf_free(&paths);
	free(req);
	return rc;
}

// ---- the answer

static int
read_answer(struct hs_str frame, struct hs_knownhosts **out, struct hs_err *err)
{
	struct hs_knownhosts_answer *a = calloc(1, sizeof(*a));
	int rc = a != NULL ? hs_knownhosts_answer_parse(frame, a) : HS_ERR_NOMEM;

	if (rc == HS_OK && a->code != HS_OK)
		rc = hs_fail(err, a->code, "%.*s", (int)a->sentence.len,
		    (const char *)a->sentence.p);
	else if (rc != HS_OK && rc != HS_ERR_NOMEM)
		rc = hs_fail(err, HS_ERR_IO, "the answer of " WHAT " cannot be read: %s",
		    hs_code_sentence((enum hs_code)rc));
	else if (rc == HS_OK)
		*out = make_table(a);
	if (rc == HS_ERR_NOMEM || (rc == HS_OK && *out == NULL))
		rc = hs_fail(err, HS_ERR_NOMEM, "no memory for the known hosts");
	free(a);
	return rc;
}

// ---- running, a few at a time

static void
free_run(struct hs_knownhosts_run *r)
{
	hs_buf_free(&r->request);
	free(r);
}

static void on_answer(void *arg, int code, struct hs_str answer, const struct hs_err *err);

static int
start(struct hs_knownhosts_run *r, struct hs_err *err)
{
	const struct hs_ceremony_spec how = {.what = WHAT,
	    .failed = HS_ERR_IO,
	    .path = r->program,
	    .request = hs_buf_str(&r->request),
	    .pin_fd = -1,
	    .timeout_ms = r->ms};
	int rc = hs_ceremony_start(r->q->loop, &how, on_answer, r, &r->ceremony, err);

	if (rc == HS_OK)
		r->q->running++;
	return rc;
}

static void
start_waiting(struct hs_knownhosts_readers *q)
{
	while (q->waiting != NULL && q->running < HS_KNOWNHOSTS_RUNNING) {
		struct hs_knownhosts_run *r = q->waiting;
		struct hs_err why = {0};
		int rc;

		q->waiting = r->next;
		r->waits = false;
		rc = start(r, &why);
		if (rc != HS_OK) {
			r->done(r->arg, rc, NULL, &why);
			free_run(r);
		}
	}
}

static void
on_answer(void *arg, int code, struct hs_str answer, const struct hs_err *err)
{
	struct hs_knownhosts_run *r = arg;
	struct hs_knownhosts_readers *q = r->q;
	struct hs_knownhosts *k = NULL;
	struct hs_err why = *err;

	q->running--;
	if (r->done != NULL) {
		if (code == HS_OK)
			code = read_answer(answer, &k, &why);
		r->done(r->arg, code, k, &why);
	}
	free_run(r);
	start_waiting(q);
}

static void
wait_behind(struct hs_knownhosts_readers *q, struct hs_knownhosts_run *r)
{
	struct hs_knownhosts_run **at = &q->waiting;

	while (*at != NULL)
		at = &(*at)->next;
	*at = r;
	r->waits = true;
}

static void
wait_no_more(struct hs_knownhosts_run *r)
{
	struct hs_knownhosts_run **at = &r->q->waiting;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
}

int
hs_knownhosts_read(struct hs_knownhosts_readers *q, const struct hs_knownhosts_spec *spec,
    hs_knownhosts_done *done, void *arg, struct hs_knownhosts_run **out, struct hs_err *err)
{
	struct hs_knownhosts_run *r = calloc(1, sizeof(*r));
	int rc;

	if (r == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "no memory for " WHAT);
	*r = (struct hs_knownhosts_run){
	    .q = q, .program = spec->program, .ms = spec->ms, .done = done, .arg = arg};
	rc = make_request(spec, &r->request, err);
	if (rc == HS_OK && (q->waiting != NULL || q->running == HS_KNOWNHOSTS_RUNNING))
		wait_behind(q, r);
	else if (rc == HS_OK)
		rc = start(r, err);
	if (rc != HS_OK) {
		free_run(r);
		return rc;
	}
	*out = r;
	return HS_OK;
}

void
hs_knownhosts_cancel(struct hs_knownhosts_run **run)
{
	struct hs_knownhosts_run *r = *run;

	*run = NULL;
	if (r == NULL)
		return;
	if (r->waits) {
		wait_no_more(r);
		free_run(r);
		return;
	}
	r->done = NULL;
	if (r->ceremony != NULL)
		hs_ceremony_cancel(r->ceremony);
}
