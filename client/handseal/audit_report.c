// SPDX-License-Identifier: ISC
//
// handseal audit report: one page that a person would rather look at than read, whole in
// itself: no scripts, nothing from elsewhere. What stands on it is audit_html.h's.
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "client/handseal/audit_html.h"
#include "client/handseal/cmd.h"
#include "proto/text.h"

static void
put_tile(FILE *f, uint64_t n, const char *one, const char *many)
{
	fprintf(f, "<li><b>%" PRIu64 "</b>%s</li>\n", n, n == 1 ? one : many);
}

static uint64_t
agents(const struct hs_audit_gathered *g)
{
	const char *seen[256];
	size_t n = 0;

	for (size_t i = 0; i < g->nmade; i++) {
		size_t k = 0;

		while (k < n && seen[k] != g->made[i].agent) // interned
			k++;
		if (k == n && n < 256)
			seen[n++] = g->made[i].agent;
	}
	return n;
}

static void
put_head(FILE *f, const struct hs_audit_gathered *g)
{
	fputs("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
	      "<meta name=\"referrer\" content=\"no-referrer\">\n"
	      "<meta name=\"robots\" content=\"noindex\">\n"
	      "<title>handseal: who was allowed what, and by whose hand</title>\n<style>\n",
	    f);
	fputs(hs_html_style, f);
	fputs("</style>\n</head>\n<body>\n<header>\n<h1>Who was allowed what, and by whose "
	      "hand</h1>\n<p>",
	    f);
	if (g->sum.records > 0) {
		hs_html_time(f, g->sum.began, 0);
		fputs(" to ", f);
		hs_html_time(f, g->sum.ended, 0);
		fprintf(
		    f, " UTC, %" PRIu64 " records of handseal's audit log", g->sum.records);
	} else {
		fputs("handseal's audit log", f);
	}
	fputs("</p>\n</header>\n<main>\n", f);
}

static void
put_tiles(FILE *f, const struct hs_audit_gathered *g)
{
	const struct hs_audit_summary *s = &g->sum;

	fputs("<ul class=\"tiles\">\n", f);
	put_tile(f, s->touches, "touch", "touches");
	put_tile(f, s->issued, "certificate", "certificates");
	put_tile(f, s->seats, "seat", "seats");
	put_tile(f, agents(g), "agent", "agents");
	put_tile(f, s->refused, "refusal", "refusals");
	put_tile(f, s->revoked, "revocation", "revocations");
	fputs("</ul>\n", f);
}

static void
put_roots(FILE *f, const struct hs_audit_gathered *g)
{
	fputs("<section aria-labelledby=\"k\">\n<h2 id=\"k\">Keys whose touches "
	      "count</h2>\n<ul>\n",
	    f);
	for (size_t i = 0; i < g->roots.n; i++) {
		char fingerprint[HS_FINGERPRINT_LEN + 1];

		hs_key_fingerprint(&g->roots.v[i].key, fingerprint);
		fprintf(f, "<li><code>%s</code> ", fingerprint);
		hs_html_text(f, g->roots.v[i].name);
		if (g->roots.v[i].simulated)
			fputs(" <span class=\"tag sim\">SIMULATED</span>", f);
		fputs("</li>\n", f);
	}
	fputs("</ul>\n</section>\n", f);
}

static void
put_foot(FILE *f, const struct hs_audit_gathered *g)
{
	struct hs_buf head = {0};

	hs_text_put_hex(&head, (struct hs_str){g->sum.head, sizeof g->sum.head});
	fputs(
	    "</main>\n<footer>\n<p>A touch shows that somebody pressed that key while that "
	    "statement was signed, and with a PIN or finger that it was somebody who knows "
	    "or has it; not that they read it. Times, programs and agents' names are the "
	    "machine's word. This is evidence for an audit, and makes nobody compliant by "
	    "itself.</p>\n<p>Made ",
	    f);
	hs_html_time(f, hs_cli_now(), 0);
	fprintf(f,
	    " UTC by handseal " HS_VERSION " from records %" PRIu64 " to %" PRIu64
	    "; SHA-256 of the last: <code>%s</code></p>\n</footer>\n</body>\n</html>\n",
	    g->sum.first, g->sum.last, hs_cli_cstr(&head));
	hs_buf_free(&head);
}

static int
write_page(const struct hs_audit_gathered *g, const char *path, struct hs_err *err)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	int rc = HS_OK;

	if (f == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "out of memory");
	put_head(f, g);
	hs_html_verdict(f, g);
	put_tiles(f, g);
	hs_html_timeline(f, g);
	hs_html_register(f, g);
	hs_html_refusals(f, g);
	put_roots(f, g);
	put_foot(f, g);
	if (ferror(f) || fclose(f) != 0)
		rc = hs_fail(err, HS_ERR_NOMEM, "out of memory");
	if (rc == HS_OK)
		rc = hs_paths_write(
		    path, (struct hs_str){(uint8_t *)text, len}, 0600, true, err);
	free(text);
	return rc;
}

int
hs_audit_cmd_report(int argc, char **argv)
{
	static const struct option longs[] = {{"log", required_argument, NULL, 'l'},
	    {"roots", required_argument, NULL, 'r'}, {"json", no_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'}, {0}};
	struct hs_audit_gathered g = {0};
	const char *roots = NULL, *out = NULL;
	char *log = NULL;
	struct hs_err err = {0};
	bool json = false;
	int opt, status = HS_EXIT_DONE;

	while ((opt = getopt_long(argc, argv, "o:h", longs, NULL)) != -1) {
		if (opt == 'h')
			return -1;
		if (opt == 'l')
			log = optarg;
		else if (opt == 'r')
			roots = optarg;
		else if (opt == 'o')
			out = optarg;
		else if (opt == 'j')
			json = true;
		else
			return hs_cmd_usage("audit", "report does not take that");
	}
	if (optind < argc || out == NULL)
		return hs_cmd_usage("audit", "report takes -o FILE");
	if (hs_audit_gather(&g, roots, &log, log != NULL, &err) != HS_OK ||
	    write_page(&g, out, &err) != HS_OK)
		status = hs_cli_fail(json, &err);
	else if (json)
		status = hs_cli_print_json(
		    json_pack("{s:o,s:b,s:I}", "file", hs_cli_json(hs_str_c(out)), "proven",
			hs_audit_proven(&g.sum), "records", (json_int_t)g.sum.records));
	else
		printf("%s: %" PRIu64 " records; %s\n", out, g.sum.records,
		    hs_audit_proven(&g.sum) ? "proven" : "NOT PROVEN, as it says");
	if (status == HS_EXIT_DONE)
		status = hs_cli_finish();
	hs_audit_gathered_free(&g);
	return status;
}
