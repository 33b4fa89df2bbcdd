// SPDX-License-Identifier: ISC
//
// Enrolled keys told to people, programs and servers. Contract in rootinfo.h.
#include "client/handseal/rootinfo.h"

#include "client/handseal/cli.h"
#include "proto/text.h"

#define NOBODY "CHANGE-ME"

const char *
hs_rootinfo_type(const struct hs_root_record *r)
{
	return r->key.type == HS_KT_SK_ECDSA ? "ecdsa-sk" : "ed25519-sk";
}

const char *
hs_rootinfo_touch(const struct hs_root_record *r)
{
	return r->verify ? "touch with PIN" : "touch without PIN";
}

void
hs_rootinfo_put_product(struct hs_buf *b, const struct hs_root_record *r)
{
	if (r->product[0] == '\0' && !r->has_aaguid)
		return;
	hs_put_fmt(b, "%s (its own claim: ",
	    r->product[0] != '\0' ? r->product : "A key without a name");
	hs_put_fmt(b, "%s)",
	    hs_str_is(hs_str_c(r->attestation), "none")
		? "no maker's certificate vouches for it"
		: "no attestation roots set");
}

static void
put_comment(struct hs_buf *b, const struct hs_root_record *r)
{
	hs_put_fmt(b, " %s%s%s%s", r->name, r->owner[0] != '\0' ? ", " : "", r->owner,
	    r->simulated ? " SIMULATED" : "");
}

void
hs_rootinfo_put_server_line(
    struct hs_buf *b, const struct hs_root_record *r, const char *login)
{
	hs_put_fmt(b, "users=\"%s\"%s ", login != NULL ? login : NOBODY,
	    r->verify ? ",require-uv" : "");
	hs_key_put_line(b, &r->key);
	put_comment(b, r);
}

void
hs_rootinfo_put_direct_line(struct hs_buf *b, const struct hs_root_record *r)
{
	hs_put_fmt(b, "cert-authority ");
	hs_key_put_line(b, &r->key);
	put_comment(b, r);
}

static json_t *
aaguid_json(const struct hs_root_record *r)
{
	struct hs_buf hex = {0};
	json_t *o;

	if (!r->has_aaguid)
		return json_null();
	hs_text_put_hex(&hex, (struct hs_str){r->aaguid, sizeof r->aaguid});
	o = hs_cli_json(hs_buf_str(&hex));
	hs_buf_free(&hex);
	return o;
}

json_t *
hs_rootinfo_json(const struct hs_root_record *r)
{
	char fingerprint[HS_FINGERPRINT_LEN + 1];
	struct hs_buf key = {0};
	json_t *o;

	hs_key_fingerprint(&r->key, fingerprint);
	hs_key_put_line(&key, &r->key);
	o = json_pack("{s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:s,s:s,s:b}", "name", r->name,
	    "fingerprint", fingerprint, "type", hs_rootinfo_type(r), "owner",
	    hs_cli_json(hs_str_c(r->owner)), "created", hs_cli_json_time(r->created), "key",
	    hs_cli_json(hs_buf_str(&key)), "aaguid", aaguid_json(r), "product",
	    hs_cli_json(hs_str_c(r->product)), "attestation", r->attestation, "verify",
	    r->verify ? "pin" : "touch", "simulated", (int)r->simulated);
	hs_buf_free(&key);
	return o;
}
