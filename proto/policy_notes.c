// SPDX-License-Identifier: ISC
//
// What is told of a policy text: errors and warnings with their places, collected while it
// is read and told in order at its end. What is wrong is found elsewhere.
#include "proto/policy_internal.h"

#include <stdarg.h>
#include <stdio.h>

struct policy_place
policy_at(const struct policy_parser *x, const uint8_t *at)
{
	return (struct policy_place){x->l.number, (unsigned)(at - x->l.whole.p) + 1};
}

__attribute__((format(printf, 3, 0))) static void
note(struct policy_notes *notes, struct policy_place at, const char *fmt, va_list ap)
{
	char text[sizeof(notes->v[0].text)];

	if (notes->total++ >= HS_POLICY_NOTES_MAX)
		return;
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	(void)hs_fail_at(
	    &notes->v[notes->n++], HS_ERR_CONFIG, at.line, at.column, "%s", text);
}

void
policy_refuse(struct policy_parser *x, struct policy_place at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note(&x->errors, at, fmt, ap);
	va_end(ap);
	x->draft.bad = true;
}

void
policy_warn(struct policy_parser *x, struct policy_place at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note(&x->warnings, at, fmt, ap);
	va_end(ap);
}

void
policy_no_memory(struct policy_parser *x)
{
	x->rc = HS_ERR_NOMEM;
}

// By line and column; what stands at one place stays in the order it was found in.
static void
sort(struct policy_notes *notes)
{
	for (size_t i = 1; i < notes->n; i++) {
		struct hs_err e = notes->v[i];
		size_t k = i;

		for (; k > 0 && (notes->v[k - 1].line > e.line ||
				    (notes->v[k - 1].line == e.line &&
					notes->v[k - 1].column > e.column));
		     k--)
			notes->v[k] = notes->v[k - 1];
		notes->v[k] = e;
	}
}

void
policy_tell(struct policy_notes *notes, enum hs_policy_note_kind kind,
    hs_policy_note *on_note, void *arg)
{
	struct hs_err more = {0};

	if (on_note == NULL)
		return;
	sort(notes);
	for (size_t i = 0; i < notes->n; i++)
		on_note(arg, kind, &notes->v[i]);
	if (notes->total > notes->n) {
		(void)hs_fail(&more, HS_ERR_CONFIG, "there are %zu more %s",
		    notes->total - notes->n,
		    kind == HS_POLICY_ERROR ? "errors" : "warnings");
		on_note(arg, kind, &more);
	}
}
