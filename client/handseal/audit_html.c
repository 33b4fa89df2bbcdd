// SPDX-License-Identifier: ISC
//
// Texts on the report's page: escaped, and the parts that hold little but text. Contract in
// audit_html.h.
#include "client/handseal/audit_html.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "proto/text.h"

void
hs_html_text(FILE *f, const char *s)
{
	struct hs_buf b = {0};

	for (const char *lf; s != NULL; s = lf != NULL ? lf + 1 : NULL) {
		lf = strchr(s, '\n');
		hs_text_put_clean(&b, (struct hs_str){(const uint8_t *)s,
					  lf != NULL ? (size_t)(lf - s) : strlen(s)});
		if (lf != NULL)
			hs_put_u8(&b, '\n');
	}
	for (size_t i = 0; hs_buf_err(&b) == HS_OK && i < b.len; i++) {
		switch (b.p[i]) {
		case '&':
			fputs("&amp;", f);
			break;
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		case '\'':
			fputs("&#39;", f);
			break;
		default:
			fputc(b.p[i], f);
		}
	}
	hs_buf_free(&b);
}

void
hs_html_time(FILE *f, uint64_t t, uint64_t day)
{
	time_t at = (time_t)t;
	char full[64], shown[64];
	struct tm tm;

	if (t > INT64_MAX / 4 || gmtime_r(&at, &tm) == NULL ||
	    strftime(full, sizeof full, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0 ||
	    strftime(shown, sizeof shown,
		day != 0 && t - day < 86400 ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &tm) == 0)
		fprintf(f, "%" PRIu64, t);
	else
		fprintf(f, "<time datetime=\"%s\">%s</time>", full, shown);
}

void
hs_html_date(FILE *f, uint64_t t)
{
	time_t at = (time_t)t;
	char text[64];
	struct tm tm;

	if (t > INT64_MAX / 4 || gmtime_r(&at, &tm) == NULL ||
	    strftime(text, sizeof text, "<time datetime=\"%Y-%m-%d\">%A, %Y-%m-%d</time>",
		&tm) == 0)
		fprintf(f, "%" PRIu64, t);
	else
		fputs(text, f);
}

void
hs_html_id(FILE *f, const struct hs_audit_gathered *g, const struct hs_audit_made *m)
{
	fprintf(f, "%.4s.%" PRIu64, g->sessions[m->session].id, m->serial);
}

// ---- the verdict

static void
put_faults(FILE *f, const struct hs_audit_gathered *g)
{
	if (g->nfaults == 0)
		return;
	fputs("<ul class=\"faults\">\n", f);
	for (size_t i = 0; i < g->nfaults && i < 100; i++) {
		const struct hs_audit_fault *x = &g->faults[i];

		fputs("<li><code>", f);
		hs_html_text(f, g->files.v[x->place.file].path);
		fprintf(
		    f, ":%" PRIu64 "</code> record %" PRIu64 ": ", x->place.line, x->seq);
		hs_html_text(f, x->text);
		fputs("</li>\n", f);
	}
	if (g->sum.faults > 100)
		fprintf(f, "<li>and %" PRIu64 " more</li>\n", g->sum.faults - 100);
	fputs("</ul>\n", f);
}

static void
put_points(FILE *f, const struct hs_audit_gathered *g)
{
	const struct hs_audit_summary *s = &g->sum;

	fputs("<dl class=\"points\">\n", f);
	if (s->proven > 0)
		fprintf(f,
		    "<div><dt>proven</dt><dd>records %" PRIu64 " to %" PRIu64
		    ", by the %s in record %" PRIu64 "</dd></div>\n",
		    s->first, s->proven,
		    s->by_touch ? "touch"
				: "signature of a session key that a touch endorsed",
		    s->proven_by);
	if (s->last > s->proven && s->records > 0)
		fprintf(f,
		    "<div><dt>only linked</dt><dd>records %" PRIu64 " to %" PRIu64
		    ": each names the one before, nothing here signs them</dd></div>\n",
		    s->proven > 0 ? s->proven + 1 : s->first, s->last);
	if (s->begin != HS_AUDIT_WHOLE)
		fprintf(f,
		    "<div><dt>not shown</dt><dd>what stood before record %" PRIu64
		    ": %s</dd></div>\n",
		    s->first,
		    s->begin == HS_AUDIT_FORGOTTEN ? "forgotten, as a later record says"
						   : "no record says why");
	if (s->records > 0)
		fprintf(f,
		    "<div><dt>not shown</dt><dd>whether records behind %" PRIu64
		    " were cut off: that shows against a copy elsewhere</dd></div>\n",
		    s->last);
	fputs("</dl>\n", f);
}

void
hs_html_verdict(FILE *f, const struct hs_audit_gathered *g)
{
	const struct hs_audit_summary *s = &g->sum;
	bool good = hs_audit_proven(s), none = s->records == 0;

	fprintf(f,
	    "<section class=\"verdict %s\" aria-labelledby=\"v\">\n"
	    "<p class=\"seal\" aria-hidden=\"true\">%s</p>\n<div>\n<h2 id=\"v\">%s</h2>\n",
	    good   ? "good"
	    : none ? "none"
		   : "bad",
	    good   ? "✓"
	    : none ? "–"
		   : "!",
	    good	     ? "The log is proven"
	    : none	     ? "There is no record yet"
	    : s->faults > 0  ? "The log does not hold"
	    : s->proven == 0 ? "Nothing has signed the log yet"
			     : "The log is not whole");
	if (s->simulated > 0)
		fprintf(f,
		    "<p class=\"sim\">SIMULATED: %" PRIu64 " of %" PRIu64
		    " touches were made by software. No hand stands behind them.</p>\n",
		    s->simulated, s->touches);
	put_faults(f, g);
	put_points(f, g);
	fputs("</div>\n</section>\n", f);
}

// ---- refusals

struct group {
	const struct hs_audit_mark *m; // the last
	uint64_t n, first;
};

static int
by_kind(const void *a, const void *b)
{
	const struct hs_audit_mark *x = ((const struct group *)a)->m;
	const struct hs_audit_mark *y = ((const struct group *)b)->m;
	int c = strcmp(x->event, y->event);

	c = c != 0 ? c : strcmp(x->agent, y->agent);
	c = c != 0 ? c : strcmp(x->code, y->code);
	c = c != 0 ? c : strcmp(x->sentence, y->sentence);
	return c != 0 ? c : (x->seq > y->seq) - (x->seq < y->seq);
}

static int
by_last(const void *a, const void *b)
{
	uint64_t x = ((const struct group *)a)->m->seq,
		 y = ((const struct group *)b)->m->seq;

	return (x < y) - (x > y);
}

static bool
alike(const struct hs_audit_mark *x, const struct hs_audit_mark *y)
{
	return x->event == y->event && x->agent == y->agent && x->code == y->code &&
	       x->sentence == y->sentence; // interned
}

static size_t
group_marks(const struct hs_audit_gathered *g, struct group *v)
{
	size_t n = 0;

	for (size_t i = 0; i < g->nmarks; i++)
		v[i] = (struct group){&g->marks[i], 1, g->marks[i].time};
	qsort(v, g->nmarks, sizeof *v, by_kind);
	for (size_t i = 0; i < g->nmarks; i++) {
		if (n > 0 && alike(v[n - 1].m, v[i].m)) {
			v[n - 1].m = v[i].m;
			v[n - 1].n++;
		} else {
			v[n++] = v[i];
		}
	}
	qsort(v, n, sizeof *v, by_last);
	return n;
}

void
hs_html_refusals(FILE *f, const struct hs_audit_gathered *g)
{
	struct group *v = calloc(g->nmarks + 1, sizeof *v);
	size_t n = v != NULL ? group_marks(g, v) : 0;

	fputs("<section aria-labelledby=\"r\">\n<h2 id=\"r\">Refused and taken back</h2>\n",
	    f);
	if (g->nmarks == 0)
		fputs("<p class=\"empty\">Nothing was refused, declined or revoked.</p>\n",
		    f);
	else
		fputs("<table class=\"cards\"><thead><tr><th>Last</th><th>Times</th>"
		      "<th>What</th><th>Agent</th><th>Why</th></tr></thead><tbody>\n",
		    f);
	for (size_t i = 0; i < n && i < 1000; i++) {
		fputs("<tr><td data-l=\"Last\">", f);
		hs_html_time(f, v[i].m->time, 0);
		fprintf(f,
		    "</td><td data-l=\"Times\" class=\"num\">%" PRIu64
		    "</td><td data-l=\"What\"><span class=\"tag %s\">",
		    v[i].n, strcmp(v[i].m->event, "revoke") == 0 ? "rev" : "ref");
		hs_html_text(f, v[i].m->event);
		fputs("</span></td><td data-l=\"Agent\">", f);
		hs_html_text(f, v[i].m->agent);
		fputs("</td><td data-l=\"Why\">", f);
		hs_html_text(
		    f, v[i].m->sentence[0] != '\0' ? v[i].m->sentence : v[i].m->code);
		fputs("</td></tr>\n", f);
	}
	if (g->nmarks > 0)
		fputs("</tbody></table>\n", f);
	if (n > 1000)
		fprintf(f, "<p>and %zu more kinds</p>\n", n - 1000);
	fputs("</section>\n", f);
	free(v);
}
