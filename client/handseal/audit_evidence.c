// SPDX-License-Identifier: ISC
//
// handseal audit evidence: writes what proves one certificate or seat to a stranger
// (docs/PROTOCOL.evidence): its asking, touch, making, use and end, and the lines that link
// them to the next signature. The checking is handseal-verify's.
#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include "client/handseal/audit.h"
#include "client/handseal/audit_filter.h"
#include "client/handseal/cmd.h"
#include "proto/evidence.h"
#include "proto/audittouch.h"
#include "proto/text.h"

struct gathering {
	struct hs_auditfiles files;
	struct hs_auditfilter filter;
	bool json;
	const char *out, *cert;
	struct hs_buf text, blob;
	uint64_t open;	  // the last record that no signature is known for yet; 0: none
	size_t closed_at; // bytes of text up to and with the last one of its life
	uint64_t records, in_life;
};

// Does this record sign all up to one before it? Of a touch, what it was asked in.
static uint64_t
signs_up_to(struct gathering *g, const struct hs_auditread *r)
{
	struct hs_audittouch t;

	if (hs_str_is(r->event, "checkpoint") &&
	    hs_auditread_is(r, HS_AM_SESSION, g->filter.session))
		return r->seq - 1;
	if (!hs_str_is(r->event, "touch") ||
	    !hs_auditread_is(r, HS_AM_SESSION, g->filter.session))
		return 0;
	return hs_audittouch_read(r, &g->blob, &t) == HS_OK ? t.payload.log_seq : 0;
}

static int
take(void *arg, struct hs_audit_place place, struct hs_str line)
{
	struct gathering *g = arg;
	struct hs_auditread r;
	bool life;

	(void)place;
	if (hs_auditread(line, &r, NULL) != HS_OK)
		return HS_OK; // verify tells of it
	life = hs_auditfilter_wants(&g->filter, &r);
	if (!life && g->open == 0)
		return HS_OK;
	hs_put_raw(&g->text, line.p, line.len);
	if (hs_buf_err(&g->text) != HS_OK)
		return hs_buf_err(&g->text);
	g->records++;
	if (life) {
		g->in_life++;
		g->closed_at = g->text.len;
		g->open = r.seq;
	}
	if (g->open > 0 && signs_up_to(g, &r) >= g->open) {
		g->open = 0;
		g->closed_at = g->text.len;
	}
	// an asking is signed by its own touch, and what is direct was signed by that
	// itself
	if (life && (hs_str_is(r.event, "ask") || g->filter.direct))
		g->open = 0;
	return HS_OK;
}

static int
put_certificate(struct gathering *g, struct hs_err *err)
{
	struct hs_buf text = {0};
	const uint8_t *from, *to;
	int rc = hs_paths_read(g->cert, HS_CERT_MAX * 2, true, &text, err);

	if (rc == HS_OK) {
		from = memchr(text.p, ' ', text.len);
		to = text.p + text.len;
		from = from != NULL ? from + 1 : to;
		for (const uint8_t *p = from; p < to; p++)
			if (*p == ' ' || *p == '\n' || *p == '\r')
				to = p;
		rc = hs_text_base64(
		    (struct hs_str){from, (size_t)(to - from)}, HS_CERT_MAX, &g->blob);
		if (rc != HS_OK || g->blob.len == 0)
			rc = hs_fail(err, HS_ERR_FORMAT,
			    "%s holds no certificate as request writes it", g->cert);
	}
	hs_buf_free(&text);
	return rc;
}

static int
gather(struct gathering *g, char *const *logs, size_t nlogs, struct hs_err *err)
{
	int rc = hs_auditfiles_find(&g->files, logs, nlogs, err);

	if (rc == HS_OK)
		rc = hs_auditfilter_find(&g->filter, &g->files, err);
	if (rc == HS_OK && g->cert != NULL)
		rc = put_certificate(g, err);
	if (rc != HS_OK)
		return rc;
	hs_evidence_put_head(
	    &g->text, g->filter.session, g->filter.serial, hs_buf_str(&g->blob));
	rc = hs_auditfiles_each(&g->files, take, g, NULL, err);
	if (rc != HS_OK && err->code == HS_OK)
		rc = hs_fail(err, (enum hs_code)rc,
		    "the records up to the next signature are more than %u bytes",
		    HS_EVIDENCE_MAX);
	// no signature follows: what stands behind its life proves nothing
	if (rc == HS_OK && g->open > 0)
		g->text.len = g->closed_at;
	return rc;
}

static int
evidence(struct gathering *g, char *const *logs, size_t nlogs)
{
	struct hs_err err = {0};
	int rc = gather(g, logs, nlogs, &err);

	if (rc == HS_ERR_USAGE)
		return hs_cmd_usage("audit", "%s", hs_err_sentence(&err));
	if (rc == HS_OK)
		rc = hs_paths_write(g->out, hs_buf_str(&g->text), 0600, false, &err);
	if (rc != HS_OK)
		return hs_cli_fail(g->json, &err);
	if (g->json)
		return hs_cli_print_json(json_pack("{s:o,s:s,s:I,s:b}", "file",
		    hs_cli_json(hs_str_c(g->out)), "session", g->filter.session, "records",
		    (json_int_t)g->records, "signed", g->open == 0));
	printf("%s: %" PRIu64 " records of %s.%" PRIu64
	       ", with those that link them to a signature\n",
	    g->out, g->records, g->filter.session, g->filter.serial);
	if (g->open > 0)
		puts("The last of them are signed by nothing yet: write it again after "
		     "`handseal close`.");
	puts("To check it, whoever has the roots runs:  handseal-verify evidence FILE "
	     "--roots ROOTS");
	return hs_cli_finish();
}

int
hs_audit_cmd_evidence(int argc, char **argv)
{
	static const struct option longs[] = {{"log", required_argument, NULL, 'l'},
	    {"cert", required_argument, NULL, 'c'}, {"json", no_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'}, {0}};
	struct gathering g = {0};
	char *log = NULL;
	int opt, status;

	while ((opt = getopt_long(argc, argv, "o:h", longs, NULL)) != -1) {
		if (opt == 'h')
			return -1;
		if (opt == 'l')
			log = optarg;
		else if (opt == 'c')
			g.cert = optarg;
		else if (opt == 'o')
			g.out = optarg;
		else if (opt == 'j')
			g.json = true;
		else
			return hs_cmd_usage("audit", "evidence does not take that");
	}
	if (argc - optind != 1 || g.out == NULL)
		return hs_cmd_usage("audit", "evidence takes an ID and -o FILE");
	g.filter.id = argv[optind];
	status = evidence(&g, &log, log != NULL);
	hs_auditfilter_free(&g.filter);
	hs_auditfiles_free(&g.files);
	hs_buf_free(&g.text);
	hs_buf_free(&g.blob);
	return status;
}
