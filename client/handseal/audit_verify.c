// SPDX-License-Identifier: ISC
//
// handseal audit verify: what is proven first, then what is only linked, then what is not
// shown; and every line that does not hold, by file and number. The checking is
// proto/auditcheck.h's.
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "client/handseal/audit_server.h"
#include "client/handseal/cmd.h"
#include "proto/describe.h"
#include "proto/text.h"

#define FAULTS_SHOWN 100

struct verifying {
	struct hs_auditfiles files;
	struct hs_auditroots roots;
	struct hs_auditcheck *check;
	struct hs_audit_summary sum;
	struct hs_audit_fault faults[FAULTS_SHOWN];
	size_t nfaults;
	uint64_t torn;
	bool json;
	const char *roots_file, *server_log;
	struct hs_audit_gathered gathered; // where a server's log is to be matched
	struct hs_audit_server *server;
};

static void
on_fault(void *arg, const struct hs_audit_fault *f)
{
	struct verifying *v = arg;

	if (v->nfaults < FAULTS_SHOWN)
		v->faults[v->nfaults++] = *f;
}

static int
on_line(void *arg, struct hs_audit_place place, struct hs_str line)
{
	struct verifying *v = arg;

	return hs_auditcheck_line(v->check, place, line, NULL);
}

// ---- for a person

static void
put_records(struct hs_buf *b, uint64_t from, uint64_t to)
{
	if (from == to)
		hs_put_fmt(b, "record %" PRIu64, from);
	else
		hs_put_fmt(b, "records %" PRIu64 " to %" PRIu64, from, to);
}

static void
put_count(struct hs_buf *b, uint64_t n, const char *one, const char *many)
{
	if (n == 0)
		return;
	if (b->len > 0 && b->p[b->len - 1] != ' ')
		hs_put_fmt(b, ", ");
	hs_put_fmt(b, "%" PRIu64 " %s", n, n == 1 ? one : many);
}

static void
put_verdict(struct hs_buf *b, const struct verifying *v)
{
	const struct hs_audit_summary *s = &v->sum;

	if (hs_audit_proven(s)) {
		hs_put_fmt(b, "PROVEN: ");
		put_records(b, s->first, s->proven);
		hs_put_fmt(b, ", by the %s in record %" PRIu64 "\n",
		    s->by_touch ? "touch"
				: "signature of a session key that a touch endorsed,",
		    s->proven_by);
		if (s->simulated > 0)
			hs_put_fmt(b,
			    "SIMULATED: %" PRIu64 " of %" PRIu64
			    " touches were made by software, and prove no hand\n",
			    s->simulated, s->touches);
		return;
	}
	hs_put_fmt(b, "NOT PROVEN: ");
	if (s->records == 0)
		hs_put_fmt(b, "there is no record\n");
	else if (s->faults > 0)
		hs_put_fmt(b, "%" PRIu64 " %s not hold\n", s->faults,
		    s->faults == 1 ? "thing does" : "things do");
	else if (s->begin == HS_AUDIT_CUT)
		hs_put_fmt(b,
		    "the log begins with record %" PRIu64 ", and nothing in it says why\n",
		    s->first);
	else
		hs_put_fmt(b, "no touch and no checkpoint has signed any of it yet\n");
}

static void
put_faults(struct hs_buf *b, const struct verifying *v)
{
	for (size_t i = 0; i < v->nfaults; i++) {
		const struct hs_audit_fault *f = &v->faults[i];

		hs_put_fmt(b, "  %s:%" PRIu64 ": record %" PRIu64 ": %s (%s)\n",
		    v->files.v[f->place.file].path, f->place.line, f->seq, f->text,
		    f->word);
	}
	if (v->sum.faults > v->nfaults)
		hs_put_fmt(
		    b, "  and %" PRIu64 " more\n", v->sum.faults - (uint64_t)v->nfaults);
	if (v->sum.faults == 0)
		return;
	if (v->sum.proven > 0 && v->sum.begin != HS_AUDIT_CUT) {
		hs_put_fmt(b, "Proven all the same: ");
		put_records(b, v->sum.first, v->sum.proven);
		hs_put_fmt(b, ", signed in record %" PRIu64 "\n", v->sum.proven_by);
	}
}

static void
put_begin(struct hs_buf *b, const struct hs_audit_summary *s)
{
	if (s->begin == HS_AUDIT_WHOLE)
		return;
	hs_put_fmt(b, "not shown    ");
	put_records(b, 1, s->first - 1);
	if (s->begin == HS_AUDIT_FORGOTTEN)
		hs_put_fmt(b,
		    ": forgotten, as record %" PRIu64 " says, which has their hash\n",
		    s->forget);
	else
		hs_put_fmt(b, ": no record says that they were forgotten\n");
	if (s->unknown > 0)
		hs_put_fmt(b,
		    "not shown    the touches behind %" PRIu64
		    " records here, which were in those\n",
		    s->unknown);
}

static void
put_rest(struct hs_buf *b, const struct verifying *v)
{
	const struct hs_audit_summary *s = &v->sum;
	uint64_t from = s->proven > 0 ? s->proven + 1 : s->first;

	if (s->records > 0 && from <= s->last) {
		hs_put_fmt(b, "only linked  ");
		put_records(b, from, s->last);
		hs_put_fmt(b, ": each names the one before; nothing here signs them\n");
	}
	put_begin(b, s);
	if (v->torn > 0)
		hs_put_fmt(b,
		    "not shown    %" PRIu64
		    " bytes behind the last record, which are no whole line\n",
		    v->torn);
	if (s->rotated)
		hs_put_fmt(b, "not shown    the file that follows the last one here\n");
	hs_put_fmt(b,
	    "not shown    whether records behind %" PRIu64
	    " were cut off: that shows against a copy elsewhere\n",
	    s->last);
}

static void
put_contents(struct hs_buf *b, const struct verifying *v)
{
	const struct hs_audit_summary *s = &v->sum;
	struct hs_buf n = {0};

	if (s->records > 0) {
		hs_put_fmt(b, "times        ");
		hs_describe_time(b, s->began);
		hs_put_fmt(b, " to ");
		hs_describe_time(b, s->ended);
		hs_put_fmt(b, ", by the machine's own clock\n");
	}
	put_count(&n, s->touches, "touch", "touches");
	put_count(&n, s->checkpoints, "checkpoint", "checkpoints");
	put_count(&n, s->issued, "certificate", "certificates");
	put_count(&n, s->seats, "seat", "seats");
	put_count(&n, s->signed_, "signature", "signatures");
	put_count(&n, s->refused, "refusal", "refusals");
	put_count(&n, s->revoked, "revocation", "revocations");
	put_count(&n, s->lost, "lost record, whose answer was a refusal",
	    "lost records, whose answers were refusals");
	put_count(&n, s->torn, "note of a torn line", "notes of torn lines");
	put_count(&n, s->breaks, "file that ended as it should not",
	    "files that ended as they should not");
	put_count(&n, s->uncopied, "record that the system's log lacks",
	    "records that the system's log lacks");
	if (n.len > 0)
		hs_put_fmt(b, "holds        %s\n", hs_cli_cstr(&n));
	hs_buf_free(&n);
	for (size_t i = 0; i < v->roots.n; i++) {
		char fingerprint[HS_FINGERPRINT_LEN + 1];

		hs_key_fingerprint(&v->roots.v[i].key, fingerprint);
		hs_put_fmt(b, "root         %s  %s%s\n", fingerprint, v->roots.v[i].name,
		    v->roots.v[i].simulated ? "  SIMULATED" : "");
	}
	for (size_t i = 0; i < v->files.n; i++)
		hs_put_fmt(b, "file         %s\n", v->files.v[i].path);
}

static void
print_text(const struct verifying *v)
{
	struct hs_buf b = {0};

	put_verdict(&b, v);
	put_faults(&b, v);
	put_rest(&b, v);
	put_contents(&b, v);
	if (v->server != NULL)
		hs_audit_server_put(&b, v->server);
	hs_cli_put_text(stdout, hs_buf_str(&b), "");
	hs_buf_free(&b);
}

// ---- for a program

static json_t *
faults_json(const struct verifying *v)
{
	json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < v->nfaults; i++) {
		const struct hs_audit_fault *f = &v->faults[i];

		if (json_array_append_new(
			list, json_pack("{s:o,s:I,s:I,s:s,s:o}", "file",
				  hs_cli_json(hs_str_c(v->files.v[f->place.file].path)),
				  "line", (json_int_t)f->place.line, "record",
				  (json_int_t)f->seq, "fault", f->word, "sentence",
				  hs_cli_json(hs_str_c(f->text)))) != 0) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

static json_t *
counts_json(const struct hs_audit_summary *s)
{
	return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}",
	    "asks", (json_int_t)s->asks, "touches", (json_int_t)s->touches, "simulated",
	    (json_int_t)s->simulated, "checkpoints", (json_int_t)s->checkpoints,
	    "certificates", (json_int_t)s->issued, "seats", (json_int_t)s->seats,
	    "signatures", (json_int_t)s->signed_, "refusals", (json_int_t)s->refused,
	    "revocations", (json_int_t)s->revoked, "voided", (json_int_t)s->voided, "torn",
	    (json_int_t)s->torn, "breaks", (json_int_t)s->breaks, "lost",
	    (json_int_t)s->lost, "dropped", (json_int_t)s->uncopied);
}

static int
print_json(const struct verifying *v)
{
	static const char *const begins[] = {[HS_AUDIT_WHOLE] = "whole",
	    [HS_AUDIT_FORGOTTEN] = "forgotten",
	    [HS_AUDIT_CUT] = "cut"};
	const struct hs_audit_summary *s = &v->sum;
	struct hs_buf head = {0};
	json_t *o;

	hs_text_put_hex(&head, (struct hs_str){s->head, sizeof s->head});
	o = json_pack(
	    "{s:b,s:I,s:I,s:s?,s:s,s:I,s:I,s:I,s:o,s:o,s:o,s:I,s:I,s:b,s:I,s:o,s:o}",
	    "proven", hs_audit_proven(s), "proven_to", (json_int_t)s->proven, "signed_in",
	    (json_int_t)s->proven_by, "signed_by",
	    s->proven == 0 ? NULL
	    : s->by_touch  ? "touch"
			   : "session",
	    "begins", begins[s->begin], "first", (json_int_t)s->first, "last",
	    (json_int_t)s->last, "records", (json_int_t)s->records, "head",
	    hs_cli_json(hs_buf_str(&head)), "began", hs_cli_json_time(s->began), "ended",
	    hs_cli_json_time(s->ended), "forgotten_by", (json_int_t)s->forget,
	    "touches_not_shown", (json_int_t)s->unknown, "goes_on", s->rotated,
	    "torn_bytes", (json_int_t)v->torn, "counts", counts_json(s), "faults",
	    faults_json(v));
	hs_buf_free(&head);
	if (o != NULL && v->server != NULL)
		(void)json_object_set_new(o, "server", hs_audit_server_json(v->server));
	if (o != NULL && json_object_set_new(o, "faults_in_all",
			     json_integer((json_int_t)s->faults)) != 0) {
		json_decref(o);
		o = NULL;
	}
	return hs_cli_print_json(o);
}

// ---- the command

static int
verify(struct verifying *v, char *const *paths, size_t npaths)
{
	struct hs_err err = {0};
	int rc = hs_auditroots_load(&v->roots, v->roots_file, &err), status;

	if (rc == HS_OK)
		rc = hs_auditfiles_find(&v->files, paths, npaths, &err);
	if (rc == HS_OK &&
	    hs_auditcheck_new(&v->check, v->roots.keys, v->roots.n, on_fault, v) != HS_OK)
		rc = hs_fail(&err, HS_ERR_NOMEM, "out of memory");
	if (rc == HS_OK)
		rc = hs_auditfiles_each(&v->files, on_line, v, &v->torn, &err);
	if (rc == HS_OK && v->server_log != NULL)
		rc = hs_audit_gather(&v->gathered, v->roots_file, paths, npaths, &err);
	if (rc == HS_OK && v->server_log != NULL)
		rc = hs_audit_server_match(&v->gathered, v->server_log, &v->server, &err);
	if (rc != HS_OK) {
		if (err.code == HS_OK)
			(void)hs_fail(&err, (enum hs_code)rc, "%s", "");
		return hs_cli_fail(v->json, &err);
	}
	hs_auditcheck_end(v->check, &v->sum);
	if (v->json)
		status = print_json(v);
	else {
		print_text(v);
		status = hs_cli_finish();
	}
	if (status == HS_EXIT_DONE &&
	    (!hs_audit_proven(&v->sum) ||
		(v->server != NULL && !hs_audit_server_good(v->server))))
		status = HS_EXIT_FAILED;
	return status;
}

int
hs_audit_cmd_verify(int argc, char **argv)
{
	static const struct option longs[] = {{"roots", required_argument, NULL, 'r'},
	    {"server", required_argument, NULL, 's'}, {"json", no_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'}, {0}};
	struct verifying *v = calloc(1, sizeof *v);
	int opt, status;

	if (v == NULL) {
		hs_cli_say("out of memory");
		return HS_EXIT_FAILED;
	}
	status = HS_EXIT_DONE;
	while (status == HS_EXIT_DONE &&
	       (opt = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (opt == 'h')
			status = -1;
		else if (opt == 'r')
			v->roots_file = optarg;
		else if (opt == 's' && v->server_log != NULL)
			status = hs_cmd_usage("audit",
			    "--server is one log: put several together, or verify each");
		else if (opt == 's')
			v->server_log = optarg;
		else if (opt == 'j')
			v->json = true;
		else
			status = hs_cmd_usage("audit", "verify does not take that");
	}
	if (status == HS_EXIT_DONE)
		status = verify(v, argv + optind, (size_t)(argc - optind));
	hs_audit_server_free(&v->server);
	hs_audit_gathered_free(&v->gathered);
	hs_auditcheck_free(&v->check);
	hs_auditfiles_free(&v->files);
	hs_auditroots_free(&v->roots);
	free(v);
	return status;
}
