// SPDX-License-Identifier: ISC
//
// The register on the report's page: session by session, which touches opened it, and who
// had what under them, until when.
#include <inttypes.h>
#include <string.h>
#include "client/handseal/audit_html.h"
#include "proto/key.h"

#define OPEN_SESSIONS 12 // the latest, which are unfolded

static void
put_touch(FILE *f, const struct hs_audit_touch *t, uint64_t day)
{
	fprintf(f,
	    "<li id=\"t%" PRIu64
	    "\"><span class=\"dot\" aria-hidden=\"true\"></span><div><p><b>",
	    t->seq);
	hs_html_text(f, t->root[0] != '\0' ? t->root : "a key");
	fputs("</b> touched ", f);
	hs_html_time(f, t->time, day);
	fprintf(f, ", %s",
	    (t->flags & HS_SK_FLAG_UV) != 0 ? "PIN or finger verified" : "no PIN");
	if (t->direct)
		fputs(", for one direct certificate", f);
	if (t->human[0] != '\0') {
		fputs(", ", f);
		hs_html_text(f, t->human);
	}
	fprintf(f, " <span class=\"tag %s\">%s</span>", t->bad ? "ref" : "ok",
	    t->bad ? "does not hold" : "signature good");
	if (t->simulated)
		fputs(" <span class=\"tag sim\">SIMULATED</span>", f);
	fputs("</p>\n<p class=\"may\">", f);
	if (t->agent[0] != '\0') {
		hs_html_text(f, t->agent);
		fputs(": ", f);
	}
	hs_html_text(f, t->may);
	fputs(", until ", f);
	hs_html_time(f, t->end, day);
	fputs("</p>\n", f);
	if (t->shown[0] != '\0') {
		fputs("<details><summary>What was shown</summary><pre>", f);
		hs_html_text(f, t->shown);
		fputs("</pre></details>\n", f);
	}
	fputs("</div></li>\n", f);
}

static void
put_state(
    FILE *f, const struct hs_audit_gathered *g, const struct hs_audit_made *m, uint64_t day)
{
	const struct hs_audit_session *s = &g->sessions[m->session];

	if (m->revoked != 0) {
		fputs("<div><span class=\"tag rev\">revoked</span> ", f);
		hs_html_time(f, m->revoked, day);
		fputs("</div>", f);
	} else if (m->touch == SIZE_MAX) {
		fputs("<span class=\"tag ref\">under no touch</span>", f);
	} else if (m->uses > 0) {
		fprintf(f, "<div>%" PRIu64 "× used, last ", m->uses);
		hs_html_time(f, m->last_use, day);
		fputs("</div>", f);
	} else if (s->how[0] != '\0' && s->ended < m->end) {
		fputs("session ended before", f);
	}
}

static void
put_made(
    FILE *f, const struct hs_audit_gathered *g, const struct hs_audit_made *m, uint64_t day)
{
	fprintf(
	    f, "<tr%s><td data-l=\"ID\"><code>", m->revoked != 0 ? " class=\"off\"" : "");
	hs_html_id(f, g, m);
	fprintf(f, "</code>%s</td><td data-l=\"Agent\">", m->seat ? " seat" : "");
	hs_html_text(f, m->agent);
	fputs("</td><td data-l=\"May\"><div>", f);
	hs_html_text(f, m->may);
	if (m->reason[0] != '\0') {
		fputs("<br><q>", f);
		hs_html_text(f, m->reason);
		fputs("</q>", f);
	}
	fputs("</div></td><td data-l=\"From\">", f);
	hs_html_time(f, m->time, day);
	fputs("</td><td data-l=\"Until\">", f);
	hs_html_time(f, m->end, day);
	fputs("</td><td data-l=\"Touch\">", f);
	if (m->touch != SIZE_MAX) {
		fprintf(f, "<a href=\"#t%" PRIu64 "\">", g->touches[m->touch].seq);
		hs_html_text(f, g->touches[m->touch].root[0] != '\0'
				    ? g->touches[m->touch].root
				    : "a key");
		fputs("</a>", f);
	}
	fputs("</td><td data-l=\"State\">", f);
	put_state(f, g, m, day);
	fputs("</td></tr>\n", f);
}

static void
put_session(FILE *f, const struct hs_audit_gathered *g, size_t i, bool open, size_t *touch,
    size_t *made)
{
	const struct hs_audit_session *s = &g->sessions[i];
	uint64_t day = s->began - s->began % 86400;

	fprintf(f, "<details class=\"session\"%s><summary><b>Session <code>",
	    open ? " open" : "");
	hs_html_text(f, s->id);
	fputs("</code></b> <span>", f);
	hs_html_time(f, s->began, 0);
	fputs(" to ", f);
	hs_html_time(f, s->ended, day);
	fprintf(f,
	    "</span> <span class=\"count\">%zu made</span></summary>\n<ul "
	    "class=\"touches\">\n",
	    s->nmade);
	while (*touch > 0 && g->touches[*touch - 1].session >= i)
		--*touch;
	for (size_t t = *touch; t < g->ntouches && g->touches[t].session <= i; t++)
		if (g->touches[t].session == i)
			put_touch(f, &g->touches[t], day);
	fputs("</ul>\n", f);
	while (*made > 0 && g->made[*made - 1].session >= i)
		--*made;
	if (s->nmade > 0)
		fputs("<table "
		      "class=\"cards\"><thead><tr><th>ID</th><th>Agent</th><th>May</th>"
		      "<th>From</th><th>Until</th><th>Touch</th><th>State</th></tr></thead>"
		      "<tbody>\n",
		    f);
	for (size_t m = *made; m < g->nmade && g->made[m].session <= i; m++)
		if (g->made[m].session == i)
			put_made(f, g, &g->made[m], day);
	if (s->nmade > 0)
		fputs("</tbody></table>\n", f);
	fputs("</details>\n", f);
}

void
hs_html_register(FILE *f, const struct hs_audit_gathered *g)
{
	size_t touch = g->ntouches, made = g->nmade;

	fputs("<section aria-labelledby=\"w\">\n<h2 id=\"w\">Who had what, by which "
	      "touch</h2>\n",
	    f);
	if (g->nsessions == 0)
		fputs("<p class=\"empty\">No session was opened.</p>\n", f);
	for (size_t i = g->nsessions; i > 0; i--)
		put_session(f, g, i - 1, g->nsessions - i < OPEN_SESSIONS, &touch, &made);
	fputs("</section>\n", f);
}
