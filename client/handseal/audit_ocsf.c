// SPDX-License-Identifier: ISC
//
// Records as OCSF events. Contract in audit_ocsf.h. Each event carries the record's line
// (raw_data) and its hash, so that it can be held against the log; the chain over the
// events themselves only shows that an export is whole.
#include "client/handseal/audit_ocsf.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "client/handseal/audit_line.h"
#include "client/handseal/cli.h"
#include "proto/audittouch.h"
#include "proto/text.h"

#define VERSION "1.9.0"
#define MAY_MAX 256 // lines of a scope

enum { AUTHENTICATION = 3002, AUTHORIZE_SESSION = 3003 };

static json_t *
text(const struct hs_auditread *r, enum hs_audit_member m)
{
	struct hs_buf b = {0};
	json_t *o;

	hs_auditread_put(&b, r, m);
	o = hs_cli_json_text(hs_buf_str(&b));
	hs_buf_free(&b);
	return o;
}

static void
set(json_t *o, const char *name, json_t *value)
{
	(void)json_object_set_new(o, name, value);
}

static void
set_text(json_t *o, const char *name, const struct hs_auditread *r, enum hs_audit_member m)
{
	if (hs_auditread_has(r, m))
		set(o, name, text(r, m));
}

static json_t *
number(uint64_t n)
{
	return json_integer(n < INT64_MAX ? (json_int_t)n : INT64_MAX);
}

static json_t *
ms(uint64_t seconds)
{
	return number(seconds < INT64_MAX / 1000 ? seconds * 1000 : INT64_MAX);
}

enum { FLAT = 1, CANONICAL = 2 };

static json_t *
fingerprint(const char *hex, int serialization)
{
	return json_pack("{s:i,s:i,s:i,s:s}", "algorithm_id", 3, "encoding_id", 1,
	    "serialization_id", serialization, "value", hex);
}

static bool
is(const struct hs_auditread *r, const char *event)
{
	return hs_str_is(r->event, event);
}

// ---- parts

static json_t *
metadata(const struct hs_auditread *r)
{
	char seq[24];
	json_t *o;

	(void)snprintf(seq, sizeof seq, "%" PRIu64, r->seq);
	o = json_pack("{s:s,s:{s:s,s:s,s:s},s:s,s:s,s:s,s:[s],s:o}", "version", VERSION,
	    "product", "name", "handseal", "vendor_name", "handseal", "version", HS_VERSION,
	    "log_name", "audit.jsonl", "log_format", "JSON", "original_event_uid", seq,
	    "profiles", "record_integrity", "event_code", hs_cli_json(r->event));
	return o;
}

// Whose touch: as enrolled, else the key's name.
static json_t *
toucher(const struct hs_auditread *r)
{
	json_t *o = json_object();

	if (hs_auditread_has(r, HS_AM_HUMAN))
		set_text(o, "name", r, HS_AM_HUMAN);
	else if (hs_auditread_has(r, HS_AM_ROOT))
		set_text(o, "name", r, HS_AM_ROOT);
	else
		set(o, "name", json_string("unknown"));
	set_text(o, "uid", r, HS_AM_ROOT_KEY);
	set(o, "type_id", json_integer(hs_auditread_has(r, HS_AM_ROOT_KEY) ? 1 : 0));
	return o;
}

static json_t *
agent(const struct hs_auditread *r)
{
	json_t *o = json_object();

	if (hs_auditread_has(r, HS_AM_AGENT))
		set_text(o, "name", r, HS_AM_AGENT);
	else
		set(o, "name", json_string("unknown"));
	set_text(o, "uid", r, HS_AM_KEY);
	set(o, "type_id", json_integer(4));
	return o;
}

static json_t *
session(const struct hs_auditread *r)
{
	bool mfa = (hs_auditread_u64(r, HS_AM_FLAGS) & HS_SK_FLAG_UV) != 0;
	json_t *o = json_object();

	set_text(o, "uid", r, HS_AM_SESSION);
	set_text(o, "credential_uid", r, HS_AM_SERIAL);
	if (hs_auditread_has(r, HS_AM_END))
		set(o, "expiration_time", ms(hs_auditread_u64(r, HS_AM_END)));
	if (hs_auditread_has(r, HS_AM_FLAGS))
		set(o, "is_mfa", json_boolean(mfa));
	set(o, "issuer", json_string("handseal"));
	return o;
}

// The scope's lines; what was refused may have none that could be read.
static json_t *
privileges(const struct hs_auditread *r, bool grant)
{
	json_t *list = json_array();
	struct hs_buf b = {0}, blob = {0};
	struct hs_audittouch t;
	size_t at = 0;

	if (!grant)
		hs_auditread_put(&b, r, HS_AM_SCOPE);
	else if (hs_audittouch_read(r, &blob, &t) == HS_OK)
		hs_put_raw(&b, t.payload.scope.p, t.payload.scope.len);
	hs_buf_free(&blob);
	while (at < b.len && json_array_size(list) < MAY_MAX) {
		const uint8_t *lf = memchr(b.p + at, '\n', b.len - at);
		size_t n = lf != NULL ? (size_t)(lf - b.p) - at : b.len - at;

		if (n > 0)
			(void)json_array_append_new(
			    list, hs_cli_json((struct hs_str){b.p + at, n}));
		at += n + 1;
	}
	if (json_array_size(list) == 0)
		(void)json_array_append_new(list, json_string("none named"));
	hs_buf_free(&b);
	return list;
}

static json_t *
actor(const struct hs_auditread *r)
{
	struct hs_buf path = {0};
	const char *name, *slash;
	json_t *process = json_pack(
	    "{s:I}", "pid", (json_int_t)(hs_auditread_u64(r, HS_AM_PID) & INT32_MAX));

	hs_auditread_put(&path, r, HS_AM_EXE);
	name = hs_cli_cstr(&path);
	slash = strrchr(name, '/');
	name = slash != NULL && slash[1] != '\0' ? slash + 1 : name;
	if (name[0] != '\0')
		set(process, "file",
		    json_pack("{s:o,s:o,s:i}", "name", hs_cli_json(hs_str_c(name)), "path",
			hs_cli_json(hs_buf_str(&path)), "type_id", 1));
	hs_buf_free(&path);
	return json_pack("{s:o}", "process", process);
}

static json_t *
event(struct hs_str line, const struct hs_auditread *r, int class, bool good)
{
	struct hs_buf words = {0}, hex = {0};
	uint8_t hash[HS_AUDIT_HASH] = {0};
	json_t *o = json_object();

	(void)hs_auditline_hash(line, hash);
	hs_text_put_hex(&hex, (struct hs_str){hash, sizeof hash});
	hs_auditline_words(&words, r);
	set(o, "class_uid", json_integer(class));
	set(o, "category_uid", json_integer(3));
	set(o, "activity_id", json_integer(1));
	set(o, "type_uid", json_integer((json_int_t) class * 100 + 1));
	set(o, "severity_id", json_integer(good ? 1 : 2));
	set(o, "status_id", json_integer(good ? 1 : 2));
	set(o, "status", json_string(good ? "Success" : "Failure"));
	set_text(o, "status_code", r, HS_AM_CODE);
	set_text(o, "status_detail", r, HS_AM_SENTENCE);
	set(o, "time", ms(r->time));
	set(o, "timezone_offset", json_integer(0));
	set(o, "message", hs_cli_json(hs_buf_str(&words)));
	set(o, "metadata", metadata(r));
	set(o, "raw_data", json_stringn((const char *)line.p, line.len));
	set(o, "raw_data_hash", fingerprint(hs_cli_cstr(&hex), FLAT));
	if (hs_auditread_has(r, HS_AM_PID))
		set(o, "actor", actor(r));
	hs_buf_free(&words);
	hs_buf_free(&hex);
	return o;
}

// ---- the chain over the events, and what comes out

static int
put(struct hs_ocsf *c, json_t *o, struct hs_buf *out)
{
	json_t *a = json_pack("{s:s}", "chain_uid", c->chain);
	struct hs_buf hex = {0};
	uint8_t hash[HS_AUDIT_HASH] = {0};
	char *canonical;
	int rc = HS_ERR_NOMEM;

	if (c->previous[0] != '\0')
		set(a, "prev_event",
		    json_pack("{s:s,s:i,s:o}", "uid", c->last, "type_uid", c->last_type,
			"fingerprint", fingerprint(c->previous, CANONICAL)));
	c->last_type = (int)json_integer_value(json_object_get(o, "type_uid"));
	(void)snprintf(c->last, sizeof c->last, "%s-%" PRIu64, c->chain, ++c->events);
	set(json_object_get(o, "metadata"), "uid", json_string(c->last));
	set(o, "attestation_list", json_pack("[O]", a));
	canonical = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	if (canonical == NULL || a == NULL)
		goto out;
	(void)hs_auditline_hash(hs_str_c(canonical), hash);
	hs_text_put_hex(&hex, (struct hs_str){hash, sizeof hash});
	(void)snprintf(c->previous, sizeof c->previous, "%s", hs_cli_cstr(&hex));
	set(a, "fingerprint", fingerprint(c->previous, CANONICAL));
	free(canonical);
	canonical = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	if (canonical == NULL)
		goto out;
	hs_put_raw(out, canonical, strlen(canonical));
	hs_put_u8(out, '\n');
	rc = hs_buf_err(out);
out:
	free(canonical);
	hs_buf_free(&hex);
	json_decref(a);
	json_decref(o);
	return rc;
}

static json_t *
authentication(struct hs_str line, const struct hs_auditread *r)
{
	bool good = is(r, "touch");
	json_t *o = event(line, r, AUTHENTICATION, good);

	set(o, "user", toucher(r));
	set(o, "service", json_pack("{s:s}", "name", "handseal"));
	set(o, "auth_factors", json_pack("[{s:i}]", "factor_type_id", 10));
	set(o, "auth_protocol_id", json_integer(99));
	set(o, "auth_protocol", json_string("FIDO2"));
	if (good) {
		set(o, "is_mfa",
		    json_boolean((hs_auditread_u64(r, HS_AM_FLAGS) & HS_SK_FLAG_UV) != 0));
		set(o, "session", session(r));
	}
	return o;
}

static json_t *
authorization(struct hs_str line, const struct hs_auditread *r, bool good, bool grant)
{
	json_t *o = event(line, r, AUTHORIZE_SESSION, good);

	set(o, "user", grant ? toucher(r) : agent(r));
	set(o, "privileges", privileges(r, grant));
	if (is(r, "refuse") && hs_auditread_has(r, HS_AM_COUNT))
		set(o, "count", number(hs_auditread_u64(r, HS_AM_COUNT)));
	if (hs_auditread_has(r, HS_AM_SESSION))
		set(o, "session", session(r));
	return o;
}

int
hs_ocsf_put(
    struct hs_ocsf *c, struct hs_str line, const struct hs_auditread *r, struct hs_buf *out)
{
	int rc = HS_OK;

	if (is(r, "touch") || is(r, "touch-failed") || is(r, "declined"))
		rc = put(c, authentication(line, r), out);
	if (rc == HS_OK && is(r, "touch"))
		rc = put(c, authorization(line, r, true, true), out);
	else if (rc == HS_OK && (is(r, "issue") || is(r, "seat")))
		rc = put(c, authorization(line, r, true, false), out);
	else if (rc == HS_OK && is(r, "refuse"))
		rc = put(c, authorization(line, r, false, false), out);
	return rc;
}
