// SPDX-License-Identifier: ISC
//
// Gathering entries and warnings. Contract in gather.h, order and bounds in
// docs/PROTOCOL.knownhosts.
#include "agentd/known-hosts/gather.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "agentd/known-hosts/load.h"
#include "agentd/known-hosts/match.h"
#include "proto/text.h"

#define SLOTS	  (2 * HS_KNOWNHOSTS_ENTRIES_MAX)  // of the index; a power of two
#define NOTES_MAX (HS_KNOWNHOSTS_WARNINGS_MAX - 2) // the others: how many more, the cut
#define NO_PLACE  0				   // a warning about a whole file

struct text {
	uint8_t *p; // owned
	size_t len;
};

struct gather {
	const struct hs_knownhosts_request *req;
	struct text files[HS_KNOWNHOSTS_FILES_MAX];
	struct hs_match *match;
	struct hs_knownhosts_answer answer; // its texts are in room and in the notes
	uint8_t room[HS_KNOWNHOSTS_BYTES_MAX];
	size_t used;	       // of room
	size_t bytes;	       // that the entries will take
	uint16_t index[SLOTS]; // of the entries, from 1, by their hash
	struct hs_buf notes[HS_KNOWNHOSTS_WARNINGS_MAX];
	size_t nnotes, total; // kept, and how many there were
};

// ---- warnings

static void
put_note(struct hs_buf *b, struct hs_str path, size_t line, const char *what)
{
	hs_buf_reset(b);
	hs_text_put_clean(b, path);
	if (line != NO_PLACE)
		hs_put_fmt(b, ":%zu", line);
	hs_put_fmt(b, ": ");
	hs_text_put_clean(b, hs_str_c(what));
}

static void
warn(struct gather *g, struct hs_str path, size_t line, const char *what)
{
	if (g->total++ < NOTES_MAX)
		put_note(&g->notes[g->nnotes++], path, line, what);
}

static int
finish_notes(struct gather *g)
{
	int rc = HS_OK;

	if (g->total > NOTES_MAX)
		hs_put_fmt(&g->notes[g->nnotes++], "%zu more warnings are left out",
		    g->total - NOTES_MAX);
	if (g->notes[HS_KNOWNHOSTS_WARNINGS_MAX - 1].len > 0) // the cut
		g->answer.warnings[g->answer.nwarnings++] =
		    hs_buf_str(&g->notes[HS_KNOWNHOSTS_WARNINGS_MAX - 1]);
	for (size_t i = 0; i < g->nnotes; i++)
		g->answer.warnings[g->answer.nwarnings++] = hs_buf_str(&g->notes[i]);
	for (size_t i = 0; i < HS_KNOWNHOSTS_WARNINGS_MAX && rc == HS_OK; i++)
		rc = hs_buf_err(&g->notes[i]);
	return rc;
}

// ---- entries

static size_t
hash(const struct hs_knownhosts_entry *e)
{
	uint32_t h = 2166136261u ^ (uint32_t)e->kind; // FNV-1a

	for (size_t i = 0; i < e->key.len; i++)
		h = (h ^ e->key.p[i]) * 16777619u;
	for (size_t i = 0; i < e->name.len; i++)
		h = (h ^ e->name.p[i]) * 16777619u;
	return h % SLOTS;
}

// The place of this very entry in the index, or of a free slot.
static uint16_t *
slot_of(struct gather *g, const struct hs_knownhosts_entry *e)
{
	size_t at = hash(e);

	for (; g->index[at] != 0; at = (at + 1) % SLOTS) {
		const struct hs_knownhosts_entry *v = &g->answer.v[g->index[at] - 1];

		if (v->kind == e->kind && hs_str_eq(v->key, e->key) &&
		    hs_str_eq(v->name, e->name))
			break;
	}
	return &g->index[at];
}

static struct hs_str
keep(struct gather *g, struct hs_str s)
{
	struct hs_str kept = {g->room + g->used, s.len};

	memcpy(g->room + g->used, s.p, s.len);
	g->used += s.len;
	return kept;
}

static int
add_entry(void *arg, const struct hs_knownhosts_entry *e)
{
	struct gather *g = arg;
	uint16_t *slot = slot_of(g, e);
	size_t size = hs_knownhosts_entry_size(e);

	if (*slot != 0)
		return HS_OK; // known already
	if (g->answer.n == HS_KNOWNHOSTS_ENTRIES_MAX ||
	    size > HS_KNOWNHOSTS_BYTES_MAX - g->bytes)
		return HS_ERR_TOO_LONG;
	g->bytes += size;
	g->answer.v[g->answer.n++] = (struct hs_knownhosts_entry){
	    .kind = e->kind, .key = keep(g, e->key), .name = keep(g, e->name)};
	*slot = (uint16_t)g->answer.n;
	return HS_OK;
}

// ---- files

static int
load(struct gather *g, size_t i)
{
	struct hs_str path = g->req->files[i];
	char name[HS_KNOWNHOSTS_PATH_MAX + 1];
	struct hs_err why = {0};
	int rc = hs_str_copy(path, name, sizeof(name));

	if (rc == HS_OK)
		rc = hs_load_file(name, &g->files[i].p, &g->files[i].len, &why);
	if (rc == HS_NO_SUCH || rc == HS_ERR_NOMEM)
		return rc == HS_NO_SUCH ? HS_OK : rc;
	if (rc != HS_OK)
		warn(g, path, NO_PLACE, hs_err_sentence(&why));
	return HS_OK;
}

// One look at a file: at what it revokes, or at the rest. *cut: nothing more fits.
static int
look(struct gather *g, size_t file, bool revoked, bool *cut)
{
	struct hs_str text = {g->files[file].p, g->files[file].len}, line;
	struct hs_err why = {0};
	struct hs_line l;
	int rc = HS_OK;

	for (size_t n = 1; rc == HS_OK && hs_line_next(&text, &line); n++) {
		why.code = HS_OK;
		// among a million bad lines a sentence that nobody sees costs the most
		rc = hs_line_read(line, &l, g->total < NOTES_MAX ? &why : NULL);
		if (revoked != (l.kind == HS_KNOWNHOSTS_REVOKED)) {
			rc = HS_OK; // of the other look
			continue;
		}
		if (rc != HS_OK || l.hosts.len == 0) {
			if (rc != HS_OK)
				warn(g, g->req->files[file], n, hs_err_sentence(&why));
			rc = HS_OK;
			continue;
		}
		rc = hs_match_line(g->match, &l, add_entry, g, &why);
		if (rc == HS_ERR_TOO_LONG) {
			*cut = true;
			put_note(&g->notes[HS_KNOWNHOSTS_WARNINGS_MAX - 1],
			    g->req->files[file], n,
			    why.code == HS_ERR_TOO_LONG
				? hs_err_sentence(&why)
				: "there is more than fits into a table; what is from here "
				  "on is left out");
		} else if (rc == HS_ERR_FORMAT || rc == HS_ERR_KEY_TYPE ||
			   rc == HS_ERR_UNSUPPORTED) {
			warn(g, g->req->files[file], n, hs_err_sentence(&why));
			rc = HS_OK;
		}
	}
	return rc;
}

static int
look_at_all(struct gather *g, struct hs_err *err)
{
	bool cut = false;
	int rc = HS_OK;

	for (size_t i = 0; i < g->req->nfiles && rc == HS_OK; i++)
		rc = look(g, i, true, &cut);
	if (cut)
		return hs_fail(err, HS_ERR_TOO_LONG,
		    "the known_hosts files revoke more than can be read, so none of their "
		    "keys is used");
	for (size_t i = 0; i < g->req->nfiles && rc == HS_OK; i++)
		rc = look(g, i, false, &cut);
	return cut ? HS_OK : rc;
}

static void
drop(struct gather *g)
{
	if (g == NULL)
		return;
	for (size_t i = 0; i < HS_KNOWNHOSTS_FILES_MAX; i++)
		free(g->files[i].p);
	for (size_t i = 0; i < HS_KNOWNHOSTS_WARNINGS_MAX; i++)
		hs_buf_free(&g->notes[i]);
	hs_match_free(&g->match);
	free(g);
}

int
hs_gather(
    const struct hs_knownhosts_request *req, struct hs_buf *answer, struct hs_err *err)
{
	struct gather *g = calloc(1, sizeof(*g));
	int rc = g != NULL ? HS_OK : HS_ERR_NOMEM;

	if (rc == HS_OK) {
		g->req = req;
		rc = hs_match_new(req, &g->match);
	}
	for (size_t i = 0; rc == HS_OK && i < req->nfiles; i++)
		rc = load(g, i);
	if (rc == HS_OK)
		rc = look_at_all(g, err);
	if (rc == HS_OK)
		rc = finish_notes(g);
	if (rc == HS_OK) {
		hs_knownhosts_answer_put(answer, &g->answer);
		rc = hs_buf_err(answer);
	}
	if (rc != HS_OK && (err->code != (enum hs_code)rc))
		rc = hs_fail(
		    err, (enum hs_code)rc, "%s", hs_code_sentence((enum hs_code)rc));
	drop(g);
	return rc;
}
