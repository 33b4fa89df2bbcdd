// SPDX-License-Identifier: ISC
//
// Reading a log that may be rotated meanwhile. Contract in crashlog.h.
#include "tests/lib/crashlog.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
crashlog_die(const char *what)
{
	fprintf(stderr, "crashctl: %s: %s\n", what, strerror(errno));
	exit(1);
}

// ---- what clients know

void
crashlog_add(struct crashlog_ids *l, struct hs_str id)
{
	if (l->n == l->cap) {
		l->cap = l->cap > 0 ? 2 * l->cap : 1024;
		l->v = reallocarray(l->v, l->cap, sizeof l->v[0]);
		if (l->v == NULL)
			crashlog_die("memory");
	}
	if (hs_str_copy(id, l->v[l->n++], ID_MAX) != HS_OK)
		crashlog_die("an id");
}

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

bool
crashlog_have(const struct crashlog_ids *l, const char *id)
{
	return l->n > 0 && bsearch(id, l->v, l->n, sizeof l->v[0], compare) != NULL;
}

// ---- the log

// The value of a string member, up to its closing quote.
static struct hs_str
member(const char *line, const char *name)
{
	const char *at = strstr(line, name), *end;

	if (at == NULL)
		return (struct hs_str){0};
	at += strlen(name);
	end = strchr(at, '"');
	return (struct hs_str){(const uint8_t *)at, end != NULL ? (size_t)(end - at) : 0};
}

static void
read_line(struct crashlog *l, const char *line, size_t len)
{
	struct hs_str s = {(const uint8_t *)line, len}, event, session, serial;
	uint8_t prev[HS_AUDIT_HASH];
	uint64_t seq, when;
	char id[ID_MAX];

	if (hs_auditline_parse(s, &seq, prev) != HS_OK ||
	    hs_auditline_stamp(s, &when, &event) != HS_OK) {
		(void)snprintf(l->bad, sizeof l->bad, "no record, behind %" PRIu64 ": %s",
		    l->seq, line);
		return;
	}
	if (seq != l->seq + 1 || memcmp(prev, l->head, sizeof prev) != 0) {
		(void)snprintf(l->bad, sizeof l->bad, "record %" PRIu64 " behind %" PRIu64,
		    seq, l->seq);
		return;
	}
	l->seq = seq;
	(void)hs_auditline_hash(s, l->head);
	l->torn += hs_str_is(event, "torn");
	l->starts += hs_str_is(event, "start");
	l->rotated += hs_str_is(event, "rotate");
	l->checkpoints += hs_str_is(event, "checkpoint");
	l->signatures += hs_str_is(event, "sign");
	if (!hs_str_is(event, "issue") && !hs_str_is(event, "touch"))
		return;
	session = member(line, "\"session\":\"");
	serial = member(line, "\"serial\":\"");
	(void)snprintf(id, sizeof id, "%.*s.%.*s", (int)session.len,
	    (const char *)session.p, hs_str_is(event, "touch") ? 0 : (int)serial.len,
	    (const char *)serial.p);
	crashlog_add(&l->issued, hs_str_c(id));
}

static void
read_file(struct crashlog *l, const char *state, const char *name)
{
	char path[4096], *line = NULL;
	size_t cap = 0;
	ssize_t n;
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/%s", state, name);
	f = fopen(path, "r");
	if (f == NULL) {
		(void)snprintf(l->bad, sizeof l->bad, "%s is not there", name);
		return;
	}
	while ((n = getline(&line, &cap, f)) > 0 && line[0] != '\0' && l->bad[0] == '\0')
		read_line(l, line, (size_t)n);
	l->files++;
	free(line);
	fclose(f);
}

static int
is_finished(const struct dirent *e)
{
	return strncmp(e->d_name, "audit.0", 7) == 0;
}

// The finished files and the current one. False where one was finished meanwhile.
static bool
read_files(struct crashlog *l, const char *state)
{
	struct crashlog_ids kept = l->issued; // its memory
	struct dirent **v, **again;
	int n = scandir(state, &v, is_finished, alphasort), m;

	if (n < 0)
		crashlog_die(state);
	kept.n = 0;
	*l = (struct crashlog){.issued = kept};
	for (int i = 0; i < n; i++)
		read_file(l, state, v[i]->d_name);
	read_file(l, state, "audit.jsonl");
	m = scandir(state, &again, is_finished, alphasort);
	for (int i = 0; i < n; i++)
		free(v[i]);
	for (int i = 0; i < m; i++)
		free(again[i]);
	free(v);
	free(again);
	return n == m;
}

// All of it, from the first record to the last.
void
crashlog_read(struct crashlog *l, const char *state)
{
	while (!read_files(l, state))
		continue;
	for (int i = 0; i < 100 && l->bad[0] != '\0'; i++) { // between two files, if that
		(void)usleep(1000);
		(void)read_files(l, state);
	}
	if (l->bad[0] != '\0') {
		fprintf(stderr, "%s\n", l->bad);
		crashlog_die("the log");
	}
	if (l->issued.n > 0)
		qsort(l->issued.v, l->issued.n, sizeof l->issued.v[0], compare);
}
