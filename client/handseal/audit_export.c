// SPDX-License-Identifier: ISC
//
// handseal audit export: the log for other programs, as OCSF events or as a table that a
// spreadsheet opens without obeying what is in it.
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "client/handseal/audit.h"
#include "client/handseal/audit_filter.h"
#include "client/handseal/audit_ocsf.h"
#include "client/handseal/cmd.h"
#include "proto/text.h"

struct exporting {
	struct hs_auditfiles files;
	struct hs_auditfilter filter;
	struct hs_ocsf ocsf;
	bool csv, named;
	struct hs_buf out;
	uint64_t unread;
};

static const enum hs_audit_member columns[] = {HS_AM_AGENT, HS_AM_SESSION, HS_AM_SERIAL,
    HS_AM_PARENT, HS_AM_SEAT, HS_AM_CODE, HS_AM_SENTENCE, HS_AM_REASON, HS_AM_SCOPE,
    HS_AM_END, HS_AM_KEY, HS_AM_ROOT, HS_AM_ROOT_KEY, HS_AM_HUMAN, HS_AM_FLAGS,
    HS_AM_COUNTER, HS_AM_SIMULATED, HS_AM_USER, HS_AM_HOST, HS_AM_NS, HS_AM_ASK,
    HS_AM_COUNT, HS_AM_PID, HS_AM_UID, HS_AM_EXE, HS_AM_EXE_SHA256, HS_AM_CLOCK,
    HS_AM_SERIALS};
#define NCOLUMNS (sizeof columns / sizeof columns[0])

// Cleaned line by line, quoted, and behind an apostrophe where a spreadsheet would take it
// for a formula.
static void
put_cell(struct hs_buf *b, struct hs_str s)
{
	struct hs_buf clean = {0};

	hs_put_raw(b, ",\"", 2);
	for (const uint8_t *lf; s.len > 0;) {
		size_t n;

		lf = memchr(s.p, '\n', s.len);
		n = lf != NULL ? (size_t)(lf - s.p) : s.len;
		hs_text_put_clean(&clean, (struct hs_str){s.p, n});
		if (lf != NULL && n + 1 < s.len)
			hs_put_u8(&clean, '\n');
		s.p += n + (lf != NULL);
		s.len -= n + (lf != NULL);
	}
	if (clean.len > 0 && strchr("=+-@|%\n", clean.p[0]) != NULL)
		hs_put_u8(b, '\'');
	for (size_t i = 0; i < clean.len; i++) {
		if (clean.p[i] == '"')
			hs_put_u8(b, '"');
		hs_put_u8(b, clean.p[i]);
	}
	hs_put_u8(b, '"');
	if (hs_buf_err(&clean) != HS_OK)
		b->err = hs_buf_err(&clean);
	hs_buf_free(&clean);
}

static void
put_names(struct hs_buf *b)
{
	hs_put_fmt(b, "seq,time,event");
	for (size_t i = 0; i < NCOLUMNS; i++)
		hs_put_fmt(b, ",%s", hs_auditread_name(columns[i]));
	hs_put_fmt(b, ",line_sha256\r\n");
}

static void
put_row(struct hs_buf *b, struct hs_str line, const struct hs_auditread *r)
{
	struct hs_buf text = {0};
	uint8_t hash[HS_AUDIT_HASH] = {0};
	time_t t = (time_t)r->time;
	char utc[32] = "";
	struct tm tm;

	if (r->time < INT64_MAX / 4 && gmtime_r(&t, &tm) != NULL)
		(void)strftime(utc, sizeof utc, "%Y-%m-%dT%H:%M:%SZ", &tm);
	hs_put_fmt(b, "%" PRIu64 ",%s,%.*s", r->seq, utc, (int)r->event.len,
	    (const char *)r->event.p);
	for (size_t i = 0; i < NCOLUMNS; i++) {
		hs_buf_reset(&text);
		if (!hs_auditread_has(r, columns[i])) {
			hs_put_u8(b, ',');
			continue;
		}
		hs_auditread_put(&text, r, columns[i]);
		put_cell(b, hs_buf_str(&text));
	}
	(void)hs_auditline_hash(line, hash);
	hs_put_u8(b, ',');
	hs_text_put_hex(b, (struct hs_str){hash, sizeof hash});
	hs_put_raw(b, "\r\n", 2);
	hs_buf_free(&text);
}

static int
take(void *arg, struct hs_audit_place place, struct hs_str line)
{
	struct exporting *x = arg;
	struct hs_auditread r;
	int rc = HS_OK;

	if (hs_auditread(line, &r, NULL) != HS_OK) {
		if (x->unread++ == 0)
			hs_cli_say("%s:%" PRIu64
				   ": not a record; see handseal audit verify",
			    x->files.v[place.file].path, place.line);
		return HS_OK;
	}
	if (!x->named && !x->csv) { // the log is named by its beginning
		struct hs_buf hex = {0};

		hs_text_put_hex(&hex, (struct hs_str){r.prev, 8});
		(void)snprintf(x->ocsf.chain, sizeof x->ocsf.chain,
		    "handseal-%" PRIu64 "-%s-%" PRIu64, r.seq, hs_cli_cstr(&hex), r.time);
		hs_buf_free(&hex);
		x->named = true;
	}
	if (!hs_auditfilter_wants(&x->filter, &r))
		return HS_OK;
	hs_buf_reset(&x->out);
	if (x->csv)
		put_row(&x->out, line, &r);
	else
		rc = hs_ocsf_put(&x->ocsf, line, &r, &x->out);
	if (rc == HS_OK)
		rc = hs_buf_err(&x->out);
	if (rc == HS_OK && x->out.len > 0)
		fwrite(x->out.p, 1, x->out.len, stdout);
	return rc == HS_OK && ferror(stdout) ? HS_ERR_IO : rc;
}

static int export(struct exporting *x, char *const *logs, size_t nlogs)
{
	struct hs_err err = {0};
	int rc = hs_auditfiles_find(&x->files, logs, nlogs, &err);

	if (rc == HS_OK && x->csv) {
		put_names(&x->out);
		fwrite(x->out.p, 1, x->out.len, stdout);
	}
	if (rc == HS_OK)
		rc = hs_auditfiles_each(&x->files, take, x, NULL, &err);
	if (rc == HS_OK)
		return hs_cli_finish();
	if (err.code == HS_OK)
		(void)hs_fail(&err, (enum hs_code)rc, "%s",
		    rc == HS_ERR_IO ? "not all output could be written" : "");
	return hs_cli_fail(false, &err);
}

int
hs_audit_cmd_export(int argc, char **argv)
{
	static const struct option longs[] = {HS_FILTER_OPTIONS,
	    {"format", required_argument, NULL, 'f'}, {"log", required_argument, NULL, 'l'},
	    {"help", no_argument, NULL, 'h'}, {0}};
	struct exporting x = {0};
	const char *format = "";
	char *log = NULL;
	int opt, status;

	while ((opt = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (opt == 'h')
			return -1;
		if (opt == 'f')
			format = optarg;
		else if (opt == 'l')
			log = optarg;
		else if (opt < HS_FILTER_AGENT)
			return hs_cmd_usage("audit", "export does not take that");
		else if (!hs_auditfilter_option(&x.filter, opt, optarg, hs_cli_now()))
			return hs_cmd_usage("audit",
			    "a time is 2h (ago), 2026-01-31, 2026-01-31T18:05:00Z or Unix "
			    "seconds, not %s",
			    optarg);
	}
	x.csv = strcmp(format, "csv") == 0;
	if (optind < argc || (!x.csv && strcmp(format, "ocsf") != 0))
		return hs_cmd_usage("audit", "export takes --format ocsf or --format csv");
	status = export(&x, &log, log != NULL);
	hs_auditfiles_free(&x.files);
	hs_buf_free(&x.out);
	return status;
}
