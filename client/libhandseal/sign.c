// SPDX-License-Identifier: ISC
//
// Signing a message on a seat (OpenSSH's PROTOCOL.sshsig): finds the certificate whose
// scope has the namespace, has the daemon sign, and puts the armour on. Contract in
// handseal.h.
#include <sodium.h>
#include <string.h>
#include "client/libhandseal/client.h"
#include "proto/grant.h"
#include "proto/names.h"
#include "proto/sshsig.h"

// What a seat said last: is it about this? Of a seat that is revoked nothing else is said.
static bool
is_about(const struct hs_client *c, const struct hs_agent_reasons *m)
{
	return m->time > 0 && (hs_str_eq(m->ns, hs_buf_str(&c->ns)) ||
				  hs_str_is(m->code, hs_code_name(HS_NO_REVOKED)));
}

// The daemon's word for it, where it has one.
static int
take_refusal(struct hs_client *c, const struct hs_reply *r, struct hs_error *err)
{
	struct hs_rd body = r->body;
	struct hs_agent_reasons m;
	struct hs_agent_refusal refusal = {.code = hs_str_c(hs_code_name(HS_NO_SIGN)),
	    .sentence = hs_str_c("the daemon did not sign, and does not say why")};

	if (r->status != HS_AGENT_DONE || hs_agent_reasons_get(&body, &m) != HS_OK)
		return hs_client_malformed(c, err);
	if (is_about(c, &m))
		refusal = (struct hs_agent_refusal){m.code, m.sentence, m.remedy};
	return hs_client_refused(c, &refusal, err);
}

static int
ask_why(struct hs_client *c, struct hs_error *err)
{
	struct hs_agent_why m = {0};
	struct hs_buf body = {0};
	int result;

	hs_agent_why_put(&body, &m);
	result = hs_client_ask(c, HS_EXT_WHY, hs_buf_str(&body), -1, 0, take_refusal, err);
	hs_buf_free(&body);
	return result;
}

static int
finish(struct hs_client *c, struct hs_str signature, struct hs_error *err)
{
	const struct hs_sshsig sig = {
	    .key = hs_buf_str(&c->key), .ns = hs_buf_str(&c->ns), .signature = signature};
	struct hs_buf blob = {0};
	struct hs_cert cert;
	int result;

	if (hs_cert_parse(hs_buf_str(&c->key), &cert) != HS_OK ||
	    hs_sig_verify(&cert.key, signature, hs_buf_str(&c->message), NULL) != HS_OK)
		return hs_client_malformed(c, err);
	hs_sshsig_put(&blob, &sig);
	hs_buf_reset(&c->line);
	hs_sshsig_put_text(&c->line, hs_buf_str(&blob));
	hs_put_u8(&c->line, 0);
	if (hs_buf_err(&blob) != HS_OK || hs_buf_err(&c->line) != HS_OK)
		result = hs_client_no_memory(c, err);
	else
		result = hs_client_kept(c, HS_GOT_SIGNATURE, err);
	hs_buf_free(&blob);
	return result;
}

static int
take_signature(struct hs_client *c, const struct hs_reply *r, struct hs_error *err)
{
	struct hs_rd body = hs_rd_of(r->frame);
	struct hs_str signature;
	uint8_t type = 0;

	(void)hs_get_u8(&body, &type); // a frame's body is never empty
	if (type == HS_AGENT_FAILURE && body.left == 0)
		return ask_why(c, err);
	if (type != HS_AGENT_SIGNED || hs_get_string(&body, &signature) != HS_OK ||
	    hs_rd_end(&body) != HS_OK)
		return hs_client_malformed(c, err);
	return finish(c, signature, err);
}

static int
ask_signature(struct hs_client *c, struct hs_error *err)
{
	struct hs_buf *out = &c->conn.out;
	size_t mark;

	hs_buf_reset(out);
	mark = hs_agent_frame_begin(out);
	hs_put_u8(out, HS_AGENT_SIGN);
	hs_put_str(out, hs_buf_str(&c->key));
	hs_put_str(out, hs_buf_str(&c->message));
	hs_put_u32(out, 0); // flags
	hs_agent_frame_end(out, mark);
	return hs_client_send(c, "the signing request", take_signature, err);
}

// Nothing is there to sign with. A seat that was revoked says so; the main socket, which
// knows no such extension, has no keys.
static int
take_nothing(struct hs_client *c, const struct hs_reply *r, struct hs_error *err)
{
	enum hs_agent_status status;
	struct hs_agent_refusal refusal;
	struct hs_agent_reasons m;
	struct hs_rd body;
	struct hs_err e = {0};
	int rc = hs_agent_parse_reply(r->frame, HS_EXT_WHY, &status, &body, &refusal);

	if (rc != HS_ERR_UNSUPPORTED && (rc != HS_OK || status != HS_AGENT_DONE ||
					    hs_agent_reasons_get(&body, &m) != HS_OK))
		return hs_client_malformed(c, err);
	if (rc == HS_OK && m.time > 0 && hs_str_is(m.code, hs_code_name(HS_NO_REVOKED))) {
		refusal = (struct hs_agent_refusal){m.code, m.sentence, m.remedy};
		return hs_client_refused(c, &refusal, err);
	}
	(void)hs_fail(&e, HS_NO_SUCH,
	    "no certificate is there to sign with: a seat has one while it may do "
	    "something");
	return hs_client_fail(err, &e);
}

static int
ask_why_nothing(struct hs_client *c, struct hs_error *err)
{
	struct hs_buf *out = &c->conn.out;
	struct hs_agent_why m = {0};
	size_t mark;

	hs_buf_reset(out);
	mark = hs_agent_frame_begin(out);
	hs_put_u8(out, HS_AGENT_EXTENSION);
	hs_put_cstring(out, HS_EXT_WHY);
	hs_agent_why_put(out, &m);
	hs_agent_frame_end(out, mark);
	return hs_client_send(c, HS_EXT_WHY, take_nothing, err);
}

static bool
has_namespace(struct hs_str certificate, struct hs_str ns)
{
	const struct hs_request wish = {.kind = HS_REQ_NS, .value = ns};
	struct hs_delegation d = {0};
	bool has = hs_delegation_parse(certificate, &d, NULL) == HS_OK &&
		   hs_scope_permits(d.scope, &wish, NULL) == HS_OK;

	hs_delegation_free(&d);
	return has;
}

// The first certificate whose scope has the namespace; else the first, so that the daemon
// refuses, records it, and says why.
static int
take_keys(struct hs_client *c, const struct hs_reply *r, struct hs_error *err)
{
	struct hs_rd body = hs_rd_of(r->frame);
	struct hs_str key, comment, first = {0}, chosen = {0};
	uint8_t type = 0;
	uint32_t n = 0;

	if (hs_get_u8(&body, &type) != HS_OK || type != HS_AGENT_IDENTITIES ||
	    hs_get_u32(&body, &n) != HS_OK)
		return hs_client_malformed(c, err);
	for (uint32_t i = 0; i < n; i++) {
		if (hs_get_string(&body, &key) != HS_OK ||
		    hs_get_string(&body, &comment) != HS_OK)
			return hs_client_malformed(c, err);
		if (first.len == 0)
			first = key;
		if (chosen.len == 0 && has_namespace(key, hs_buf_str(&c->ns)))
			chosen = key;
	}
	if (hs_rd_end(&body) != HS_OK)
		return hs_client_malformed(c, err);
	if (chosen.len == 0)
		chosen = first;
	if (chosen.len == 0)
		return ask_why_nothing(c, err);
	hs_buf_reset(&c->key);
	hs_put_raw(&c->key, chosen.p, chosen.len);
	return hs_buf_err(&c->key) == HS_OK ? ask_signature(c, err)
					    : hs_client_no_memory(c, err);
}

int
hs_sign_digest(struct hs_client *c, const char *ns, const uint8_t digest[HS_DIGEST_LEN],
    struct hs_error *err)
{
	const struct hs_sshsig sig = {.ns = hs_str_c(ns)};
	struct hs_buf *out = &c->conn.out;
	int result = hs_client_begin(c, err);
	size_t mark;

	if (result != HS_DONE)
		return result;
	if (ns[0] == '\0')
		return hs_client_misused(err, "a namespace is not empty");
	hs_buf_reset(&c->ns);
	hs_buf_reset(&c->message);
	hs_put_raw(&c->ns, ns, strlen(ns));
	hs_sshsig_put_digest(&c->message, &sig, digest, HS_DIGEST_LEN);
	if (hs_buf_err(&c->ns) != HS_OK || hs_buf_err(&c->message) != HS_OK)
		return hs_client_no_memory(c, err);
	hs_buf_reset(out);
	mark = hs_agent_frame_begin(out);
	hs_put_u8(out, HS_AGENT_LIST);
	hs_agent_frame_end(out, mark);
	return hs_client_send(c, "the request for keys", take_keys, err);
}

int
hs_sign(struct hs_client *c, const char *ns, const void *message, size_t len,
    struct hs_error *err)
{
	uint8_t digest[HS_DIGEST_LEN];

	if (crypto_hash_sha512(digest, len > 0 ? message : (const uint8_t *)"", len) != 0)
		return hs_client_failed(err, HS_ERR_CRYPTO, "the message was not hashed");
	return hs_sign_digest(c, ns, digest, err);
}
