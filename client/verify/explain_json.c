// SPDX-License-Identifier: ISC
//
// The reading of a certificate for programs: one JSON object on one line
// (handseal-verify(8) lists its names). Written by the audit log's bounded writer, so that
// whatever bytes a certificate holds, the line is valid JSON in UTF-8.
#include "client/verify/explain.h"

#include <inttypes.h>
#include <string.h>
#include "client/verify/json.h"
#include "proto/text.h"

static void
put_hex(struct hs_buf *b, const char *name, const void *p, size_t len)
{
	hs_json_name(b, name);
	hs_put_u8(b, '"');
	hs_text_put_hex(b, (struct hs_str){p, len});
	hs_put_u8(b, '"');
}

// 64 random bits do not survive every JSON reader as a number.
static void
put_serial(struct hs_buf *b, uint64_t serial)
{
	hs_json_name(b, "serial");
	hs_put_fmt(b, "\"%" PRIu64 "\"", serial);
}

static void
open_object(struct hs_buf *b, const char *name)
{
	hs_json_name(b, name);
	hs_put_u8(b, '{');
}

static void
put_certificate(struct hs_buf *b, const struct hs_explained *e)
{
	char fp[HS_FINGERPRINT_LEN + 1];

	open_object(b, "certificate");
	hs_json_string(b, "id", e->cert->key_id);
	put_serial(b, e->cert->serial);
	hs_key_fingerprint(&e->cert->key, fp);
	hs_json_string(b, "key", hs_str_c(fp));
	if (e->kind != HS_EXPLAIN_GRANT) {
		hs_json_string(b, "agent", e->agent);
		hs_json_string(b, "origin", hs_str_c(hs_origin_name(e->origin)));
	}
	hs_json_number(b, "valid_after", e->cert->valid_after);
	hs_json_number(b, "valid_before", e->cert->valid_before);
	hs_json_string(b, "scope", hs_scope_text(e->scope));
	hs_json_bool(b, "signature_good", e->cert_good);
	hs_put_u8(b, '}');
}

static void
put_touch(struct hs_buf *b, const struct hs_explained *e)
{
	const struct hs_grant_payload *p = e->payload;

	open_object(b, "touch");
	hs_json_bool(b, "signature_good", e->touch_good);
	hs_json_number(b, "flags", e->touch.flags);
	hs_json_number(b, "counter", e->touch.counter);
	hs_json_bool(b, "verified", e->touch_good && (e->touch.flags & HS_SK_FLAG_UV) != 0);
	hs_json_number(b, "time", hs_explain_touched(e));
	hs_json_number(b, "end", p->end);
	hs_json_string(b, "holder", p->holder);
	hs_json_string(b, "ceiling", p->scope);
	put_hex(b, "shown_sha256", p->shown, sizeof p->shown);
	if (e->shown.len > 0)
		hs_json_string(b, "shown", hs_buf_str(&e->shown));
	put_hex(b, "policy_sha256", p->policy, sizeof p->policy);
	hs_json_number(b, "log_seq", p->log_seq);
	put_hex(b, "log_head", p->log_head, sizeof p->log_head);
	hs_put_u8(b, '}');
}

static void
put_root(struct hs_buf *b, const struct hs_explained *e)
{
	char fp[HS_FINGERPRINT_LEN + 1];
	struct hs_buf line = {0};

	hs_key_fingerprint(e->root_key, fp);
	open_object(b, "root");
	hs_json_string(b, "fingerprint", hs_str_c(fp));
	hs_json_string(b, "type", hs_str_c(hs_key_type_name(e->root_key->type)));
	hs_json_bool(b, "known", e->root != NULL);
	if (e->root != NULL)
		hs_json_string(b, "comment", hs_str_c(e->root->comment));
	// only of a root that has none: beside an old line it would lose what that demands
	if (e->root == NULL) {
		hs_explain_roots_line(&line, e);
		hs_json_string(b, "line", hs_buf_str(&line));
	}
	hs_put_u8(b, '}');
	hs_buf_free(&line);
}

static void
put_revoked(struct hs_buf *b, const struct hs_explained *e)
{
	const struct hs_lists *l = &e->lists;

	open_object(b, "revocation");
	hs_json_bool(b, "revoked", l->err.code == HS_NO_REVOKED);
	hs_json_bool(b, "looked_up", l->looked);
	hs_json_number(b, "lists", l->found.lists);
	if (l->found.lists > 0) {
		hs_json_number(b, "version", l->found.version);
		hs_json_number(b, "issued", l->found.issued);
		hs_json_number(b, "next", l->found.next);
	}
	hs_json_number(b, "root_lists", l->found.root_lists);
	if (l->err.code != HS_OK)
		hs_json_string(b, "sentence", hs_str_c(hs_err_sentence(&l->err)));
	hs_put_u8(b, '}');
}

void
hs_explain_json_about(struct hs_buf *b, const struct hs_explained *e)
{
	static const char *const kinds[] = {[HS_EXPLAIN_OTHER] = "other",
	    [HS_EXPLAIN_DELEGATION] = "delegation",
	    [HS_EXPLAIN_DIRECT] = "direct",
	    [HS_EXPLAIN_GRANT] = "grant"};

	hs_json_string(b, "kind", hs_str_c(kinds[e->kind]));
	if (e->code == HS_OK) {
		hs_json_number(b, "end", e->verdict.end);
		if (e->verdict.effective != NULL)
			hs_json_string(b, "effective", hs_scope_text(e->verdict.effective));
	}
	if (e->kind == HS_EXPLAIN_OTHER)
		return;
	if (e->session[0] != '\0')
		hs_json_string(b, "session", hs_str_c(e->session));
	put_certificate(b, e);
	put_touch(b, e);
	put_root(b, e);
	if (e->asked)
		put_revoked(b, e);
}

void
hs_explain_json(struct hs_buf *b, const struct hs_explained *e)
{
	hs_put_u8(b, '{');
	hs_json_bool(b, "admitted", e->code == HS_OK);
	hs_json_string(b, "code", hs_str_c(hs_code_name(e->code)));
	hs_json_string(b, "sentence",
	    hs_str_c(e->code == HS_OK ? hs_code_sentence(HS_OK) : hs_err_sentence(e->err)));
	hs_json_number(b, "at", e->now);
	hs_explain_json_about(b, e);
	hs_put_raw(b, "}\n", 2);
}
