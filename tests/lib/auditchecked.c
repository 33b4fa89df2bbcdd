// SPDX-License-Identifier: ISC
//
// Logs under the checker. Contract in auditchecked.h.
#include "tests/lib/auditchecked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct auditmake auditchecked_m;
static char *text;
static size_t len;

struct auditchecked auditchecked;

void
auditchecked_begin(void)
{
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	auditmake_begin(&auditchecked_m, f);
}

void
auditchecked_take(struct auditchecked_lines *l)
{
	struct hs_str rest;

	fclose(auditchecked_m.f);
	rest = (struct hs_str){(uint8_t *)text, len};
	l->n = 0;
	while (rest.len > 0) {
		const uint8_t *lf = memchr(rest.p, '\n', rest.len);

		assert_non_null(lf);
		assert_true(l->n < AUDITCHECKED_LINES);
		l->v[l->n] = (struct hs_str){rest.p, (size_t)(lf - rest.p) + 1};
		rest.p += l->v[l->n].len;
		rest.len -= l->v[l->n].len;
		l->n++;
	}
}

void
auditchecked_finish(void)
{
	auditmake_end(&auditchecked_m);
	free(text);
	text = NULL;
}

static void
on_fault(void *arg, const struct hs_audit_fault *f)
{
	(void)arg;
	if (auditchecked.n < AUDITCHECKED_LINES)
		auditchecked.v[auditchecked.n++] = *f;
}

// Checks it with that root's key, or with none.
void
auditchecked_with(const struct auditchecked_lines *l, const struct hs_key *root)
{
	struct hs_auditcheck *c = NULL;

	auditchecked.n = 0;
	assert_int_equal(hs_auditcheck_new(&c, root, root != NULL, on_fault, NULL), HS_OK);
	for (size_t i = 0; i < l->n; i++)
		assert_int_equal(
		    hs_auditcheck_line(c, (struct hs_audit_place){0, i + 1}, l->v[i], NULL),
		    HS_OK);
	hs_auditcheck_end(c, &auditchecked.sum);
	hs_auditcheck_free(&c);
	assert_null(c);
}

void
auditchecked_check(const struct auditchecked_lines *l)
{
	auditchecked_with(l, &auditchecked_m.root.key);
}

bool
auditchecked_names(uint64_t line)
{
	for (size_t i = 0; i < auditchecked.n; i++)
		if (auditchecked.v[i].place.line == line)
			return true;
	return false;
}

// Exactly one fault, of that word, at that line.
void
auditchecked_fault(const char *word, uint64_t line)
{
	if (auditchecked.n != 1 || strcmp(auditchecked.v[0].word, word) != 0 ||
	    auditchecked.v[0].place.line != line) {
		for (size_t i = 0; i < auditchecked.n; i++)
			print_message("# line %" PRIu64 ": %s: %s\n",
			    auditchecked.v[i].place.line, auditchecked.v[i].word,
			    auditchecked.v[i].text);
		fail_msg("not just %s at line %" PRIu64, word, line);
	}
	assert_int_equal(auditchecked.sum.faults, 1);
	assert_false(hs_audit_proven(&auditchecked.sum));
}

// start, ask, touch, issue, issue, checkpoint, refuse, close, checkpoint, stop
void
auditchecked_usual(struct auditchecked_lines *l)
{
	auditchecked_begin();
	auditmake_event(&auditchecked_m, "start");
	auditmake_open(&auditchecked_m, AUDITMAKE_CEILING);
	auditchecked_m.time += 10;
	auditmake_issue(&auditchecked_m, AUDITMAKE_SCOPE);
	auditmake_issue(&auditchecked_m, AUDITMAKE_SCOPE);
	auditmake_checkpoint(&auditchecked_m);
	auditmake_event(&auditchecked_m, "refuse");
	auditmake_event(&auditchecked_m, "close");
	auditmake_checkpoint(&auditchecked_m);
	auditmake_event(&auditchecked_m, "stop");
	auditchecked_take(l);
}

void
auditchecked_made(const char *word, uint64_t line)
{
	struct auditchecked_lines l;

	auditchecked_take(&l);
	auditchecked_check(&l);
	if (word != NULL)
		auditchecked_fault(word, line);
	else
		assert_int_equal(auditchecked.n, 0);
	auditchecked_finish();
}
