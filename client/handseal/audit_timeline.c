// SPDX-License-Identifier: ISC
//
// The report's timeline: a figure a day, touches and grants above, the agents below them.
// Drawn as SVG that stretches with the page; what must not be stretched are strokes of
// fixed width. Where a row would hold too much to tell apart, it shows how much there was.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "client/handseal/audit_html.h"

#define DAY	  86400u
#define DAYS_MAX  31
#define LANES_MAX 24
#define BARS_MAX  60  // in one lane; more are drawn as density
#define STEPS	  250 // of a dense lane
#define WIDE	  1000.0

struct day {
	uint64_t from, to; // of the axis
	const char *lanes[LANES_MAX];
	size_t nlanes;
	bool others; // the last lane is of all who had no room
};

static bool
overlaps(const struct day *d, uint64_t from, uint64_t to)
{
	return from < d->to && to >= d->from;
}

// When it was over: its end, its session's, its revocation.
static uint64_t
end_of(const struct hs_audit_gathered *g, const struct hs_audit_made *m)
{
	const struct hs_audit_session *s = &g->sessions[m->session];
	uint64_t end = m->end;

	if (m->revoked != 0 && m->revoked < end)
		end = m->revoked;
	if (m->seat && s->how[0] != '\0' && s->ended < end)
		end = s->ended;
	return end > m->time ? end : m->time + 1;
}

static double
at(const struct day *d, uint64_t t)
{
	if (t <= d->from)
		return 0;
	if (t >= d->to)
		return WIDE;
	return (double)(t - d->from) * WIDE / (double)(d->to - d->from);
}

static size_t
lane_of(struct day *d, const char *agent)
{
	for (size_t i = 0; i < d->nlanes; i++)
		if (d->lanes[i] == agent) // interned
			return i;
	if (d->nlanes == LANES_MAX) {
		d->others = true;
		return LANES_MAX - 1;
	}
	d->lanes[d->nlanes] = agent;
	return d->nlanes++;
}

// ---- lanes

static void
begin_lane(FILE *f, const char *name, bool many, unsigned rows)
{
	fputs("<div class=\"lane\"><span class=\"who\">", f);
	hs_html_text(f, many ? "others" : name[0] != '\0' ? name : "unnamed");
	fprintf(f,
	    "</span><svg class=\"h%u\" viewBox=\"0 0 1000 %u\" "
	    "preserveAspectRatio=\"none\" "
	    "role=\"img\" aria-label=\"",
	    rows, rows * 10);
}

static void
put_rect(FILE *f, const char *class, double x, double w, unsigned row)
{
	fprintf(f,
	    "<rect class=\"%s\" x=\"%.1f\" y=\"%u\" width=\"%.1f\" height=\"8\" rx=\"1\">",
	    class, x, row * 10 + 1, w < 1.5 ? 1.5 : w);
}

static void
put_mark(FILE *f, const char *class, double x, unsigned rows)
{
	fprintf(f, "<path class=\"%s\" d=\"M%.1f %uh0\"/>", class, x, rows * 5);
}

static void
touch_lane(FILE *f, const struct hs_audit_gathered *g, const struct day *d)
{
	size_t n = 0;

	for (size_t i = 0; i < g->ntouches; i++)
		n += g->touches[i].time >= d->from && g->touches[i].time < d->to;
	begin_lane(f, "touches", false, 1);
	fprintf(f, "%zu touches\">", n);
	for (size_t i = 0; i < g->ntouches; i++) {
		const struct hs_audit_touch *t = &g->touches[i];
		const struct hs_audit_session *s = &g->sessions[t->session];
		uint64_t end = s->how[0] != '\0' && s->ended < t->end ? s->ended : t->end;

		if (!overlaps(d, t->time, end))
			continue;
		put_rect(f, "grant", at(d, t->time), at(d, end) - at(d, t->time), 0);
		fputs("<title>", f);
		hs_html_text(f, t->may);
		fputs("</title></rect>", f);
	}
	for (size_t i = 0; i < g->ntouches; i++)
		if (g->touches[i].time >= d->from && g->touches[i].time < d->to)
			put_mark(f, g->touches[i].bad ? "touch bad" : "touch",
			    at(d, g->touches[i].time), 1);
	fputs("</svg></div>\n", f);
}

// How many at a time, in steps.
static void
put_density(FILE *f, struct hs_audit_gathered const *g, struct day *d, size_t lane)
{
	static const char *const classes[] = {"", "d1", "d2", "d3", "d4"};
	int change[STEPS + 1] = {0}, now = 0;
	size_t from = 0;
	unsigned level = 0;

	for (size_t i = 0; i < g->nmade; i++) {
		const struct hs_audit_made *m = &g->made[i];
		uint64_t end = end_of(g, m);

		if (!overlaps(d, m->time, end) || lane_of(d, m->agent) != lane)
			continue;
		change[(size_t)(at(d, m->time) * (STEPS - 1) / WIDE)]++;
		change[(size_t)(at(d, end) * (STEPS - 1) / WIDE) + 1]--;
	}
	for (size_t i = 0; i <= STEPS; i++) {
		unsigned next;

		now += i < STEPS ? change[i] : -now;
		next = now <= 0 ? 0 : now < 4 ? 1 : now < 16 ? 2 : now < 64 ? 3 : 4;
		if (next == level)
			continue;
		if (level > 0) {
			put_rect(f, classes[level], (double)from * WIDE / STEPS,
			    (double)(i - from) * WIDE / STEPS, 0);
			fputs("</rect>", f);
		}
		level = next;
		from = i;
	}
}

// One by one, each in the first row that is free.
static void
put_bars(
    FILE *f, struct hs_audit_gathered const *g, struct day *d, size_t lane, unsigned rows)
{
	double busy[4] = {-1, -1, -1, -1};

	for (size_t i = 0; i < g->nmade; i++) {
		const struct hs_audit_made *m = &g->made[i];
		uint64_t end = end_of(g, m);
		unsigned row = 0;

		if (!overlaps(d, m->time, end) || lane_of(d, m->agent) != lane)
			continue;
		while (row + 1 < rows && busy[row] > at(d, m->time))
			row++;
		busy[row] = at(d, end);
		put_rect(f,
		    m->revoked != 0 ? "bar off"
		    : m->seat	    ? "bar seat"
				    : "bar",
		    at(d, m->time), at(d, end) - at(d, m->time), row);
		fputs("<title>", f);
		hs_html_id(f, g, m);
		fputs(" ", f);
		hs_html_text(f, m->may);
		fputs("</title></rect>", f);
	}
}

static unsigned
rows_for(const struct hs_audit_gathered *g, struct day *d, size_t lane, size_t *n)
{
	double busy[4] = {-1, -1, -1, -1};
	unsigned rows = 1;

	*n = 0;
	for (size_t i = 0; i < g->nmade; i++) {
		const struct hs_audit_made *m = &g->made[i];
		uint64_t end = end_of(g, m);
		unsigned row = 0;

		if (!overlaps(d, m->time, end) || lane_of(d, m->agent) != lane)
			continue;
		++*n;
		while (row < 3 && busy[row] > at(d, m->time))
			row++;
		busy[row] = at(d, end);
		rows = row + 1 > rows ? row + 1 : rows;
	}
	return *n > BARS_MAX ? 1 : rows;
}

static void
agent_lane(FILE *f, const struct hs_audit_gathered *g, struct day *d, size_t lane)
{
	size_t n, refused = 0;
	unsigned rows = rows_for(g, d, lane, &n);

	for (size_t i = 0; i < g->nmarks; i++)
		refused += g->marks[i].time >= d->from && g->marks[i].time < d->to &&
			   lane_of(d, g->marks[i].agent) == lane;
	begin_lane(f, d->lanes[lane], d->others && lane + 1 == LANES_MAX, rows);
	fprintf(
	    f, "%zu certificates and seats, %zu refusals and revocations\">", n, refused);
	if (n > BARS_MAX)
		put_density(f, g, d, lane);
	else
		put_bars(f, g, d, lane, rows);
	for (size_t i = 0, put = 0; i < g->nmarks && put < 300; i++)
		if (g->marks[i].time >= d->from && g->marks[i].time < d->to &&
		    lane_of(d, g->marks[i].agent) == lane) {
			put_mark(f,
			    strcmp(g->marks[i].event, "revoke") == 0 ? "rev" : "ref",
			    at(d, g->marks[i].time), rows);
			put++;
		}
	fputs("</svg></div>\n", f);
}

// ---- days

static void
widen(uint64_t t, uint64_t from, uint64_t *first, uint64_t *last)
{
	if (t < from || t - from >= DAY)
		return;
	*first = t < *first ? t : *first;
	*last = t > *last ? t : *last;
}

// The hours of that day in which something was going on; false: none.
static bool
fit(const struct hs_audit_gathered *g, uint64_t from, struct day *d)
{
	uint64_t first = UINT64_MAX, last = 0;

	*d = (struct day){.from = from, .to = from + DAY};
	for (size_t i = 0; i < g->ntouches; i++)
		widen(g->touches[i].time, from, &first, &last);
	for (size_t i = 0; i < g->nmade; i++) {
		uint64_t end = end_of(g, &g->made[i]);

		widen(g->made[i].time, from, &first, &last);
		widen(end, from, &first, &last);
	}
	for (size_t i = 0; i < g->nmarks; i++)
		widen(g->marks[i].time, from, &first, &last);
	if (first == UINT64_MAX)
		return false;
	d->from = first - first % 3600;
	d->to = last - last % 3600 + 3600;
	for (size_t i = 0; i < g->nmade; i++)
		if (overlaps(d, g->made[i].time, end_of(g, &g->made[i])))
			(void)lane_of(d, g->made[i].agent);
	for (size_t i = 0; i < g->nmarks; i++)
		if (g->marks[i].time >= d->from && g->marks[i].time < d->to)
			(void)lane_of(d, g->marks[i].agent);
	return true;
}

static void
put_day(FILE *f, const struct hs_audit_gathered *g, struct day *d, bool open)
{
	uint64_t hours = (d->to - d->from) / 3600;

	fprintf(f, "<details class=\"day\"%s><summary><b>", open ? " open" : "");
	hs_html_date(f, d->from);
	fprintf(f, "</b> <span>%" PRIu64 " %s</span></summary>\n<figure>\n", hours,
	    hours == 1 ? "hour" : "hours");
	touch_lane(f, g, d);
	for (size_t i = 0; i < d->nlanes; i++)
		agent_lane(f, g, d, i);
	fputs("<div class=\"lane axis\" aria-hidden=\"true\"><span "
	      "class=\"who\">UTC</span><div>",
	    f);
	for (unsigned i = 0; i <= 4; i++) {
		uint64_t t = d->from + (d->to - d->from) * i / 4;

		fprintf(f, "<span>%02" PRIu64 ":%02" PRIu64 "</span>", t / 3600 % 24,
		    t / 60 % 60);
	}
	fputs("</div></div>\n</figure></details>\n", f);
}

void
hs_html_timeline(FILE *f, const struct hs_audit_gathered *g)
{
	uint64_t day = g->sum.ended - g->sum.ended % DAY,
		 first = g->sum.began - g->sum.began % DAY;
	struct day *d = calloc(1, sizeof *d);
	size_t n = 0;

	fputs("<section aria-labelledby=\"t\">\n<h2 id=\"t\">Timeline</h2>\n"
	      "<p class=\"key\" aria-hidden=\"true\"><span class=\"k "
	      "touch\"></span>&nbsp;touch "
	      "<span class=\"k grant\"></span>&nbsp;grant "
	      "<span class=\"k bar\"></span>&nbsp;certificate "
	      "<span class=\"k seat\"></span>&nbsp;seat "
	      "<span class=\"k ref\"></span>&nbsp;refused "
	      "<span class=\"k rev\"></span>&nbsp;revoked</p>\n",
	    f);
	// end times of what was made may lie on the day after the last record
	for (day += DAY; d != NULL && g->sum.records > 0 && n < DAYS_MAX && day >= first;
	     day -= DAY) {
		if (fit(g, day, d)) {
			put_day(f, g, d, n < 3);
			n++;
		}
		if (day < DAY)
			break;
	}
	if (n == 0)
		fputs("<p class=\"empty\">Nothing happened yet.</p>\n", f);
	if (n == DAYS_MAX)
		fprintf(
		    f, "<p class=\"empty\">Earlier days are in the register below.</p>\n");
	fputs("</section>\n", f);
	free(d);
}
