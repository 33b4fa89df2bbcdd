// SPDX-License-Identifier: ISC
//
// Making audit logs. Contract in auditmake.h.
#include "tests/lib/auditmake.h"

#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "proto/checkpoint.h"
#include "proto/grant.h"
#include "proto/names.h"
#include "proto/text.h"

static void
must(bool ok)
{
	if (!ok) {
		fprintf(stderr, "auditmake: cannot make a log\n");
		abort();
	}
}

static void
key_of(struct hs_mint *m, enum hs_key_type type, uint64_t n)
{
	uint8_t seed[32] = {(uint8_t)type};

	memcpy(seed + 1, &n, sizeof n);
	must(hs_mint_ed25519(m, type, seed) == HS_OK);
}

void
auditmake_begin(struct auditmake *m, FILE *f)
{
	*m = (struct auditmake){
	    .f = f, .time = AUDITMAKE_BEGAN, .agent_name = "claude", .shown = "a prompt\n"};
	must(sodium_init() >= 0);
	key_of(&m->root, HS_KT_SK_ED25519, 1);
	key_of(&m->agent, HS_KT_ED25519, 2);
	hs_key_fingerprint(&m->agent.key, m->key);
}

void
auditmake_end(struct auditmake *m)
{
	hs_buf_free(&m->grant);
}

void
auditmake_put(struct auditmake *m, struct hs_audit_record *r, const char *extra)
{
	struct hs_buf b = {0};

	r->seq = ++m->seq;
	r->time = m->time;
	memcpy(r->prev, m->head, sizeof r->prev);
	hs_auditline_put(&b, r);
	if (extra != NULL) {
		b.len -= 2;
		hs_put_fmt(&b, "%s}\n", extra);
	}
	must(hs_buf_err(&b) == HS_OK && fwrite(b.p, 1, b.len, m->f) == b.len);
	must(hs_auditline_hash(hs_buf_str(&b), m->head) == HS_OK);
	hs_buf_free(&b);
}

void
auditmake_event(struct auditmake *m, const char *event)
{
	struct hs_audit_record r = {.event = event, .session = m->id};

	auditmake_put(m, &r, NULL);
}

enum asking { OPENING, MAIN, SEATING };

static void
ask(struct auditmake *m, const char *scope, enum asking what)
{
	uint8_t digest[32], policy[32];
	struct hs_audit_record r = {.event = "ask",
	    .peer = true,
	    .pid = 4711,
	    .uid = 1000,
	    .exe = hs_str_c("/usr/bin/agent"),
	    .agent = hs_str_c(what == OPENING ? "" : m->agent_name),
	    .session = what == OPENING ? NULL : m->id,
	    .key = what == MAIN ? m->key : NULL,
	    .reason = hs_str_c(m->reason != NULL ? m->reason : ""),
	    .scope = hs_str_c(scope),
	    .digest = {digest, sizeof digest},
	    .policy = {policy, sizeof policy},
	    .end = m->time + 14400,
	    .ask = hs_str_c("4F7"),
	    .shown = hs_str_c(m->shown),
	    .simulated = m->simulated};

	crypto_hash_sha256(digest, r.scope.p, r.scope.len);
	crypto_hash_sha256(policy, (const uint8_t *)"x", m->other_policy ? 1 : 0);
	auditmake_put(m, &r, NULL);
	m->ask_seq = m->seq;
	memcpy(m->ask_head, m->head, sizeof m->ask_head);
}

// The record of a touch, whose certificate is m->grant but for its signature.
static void
put_touch(struct auditmake *m, uint64_t serial, uint64_t end, bool opening, bool direct)
{
	char root_key[HS_FINGERPRINT_LEN + 1];
	struct hs_mint other;
	struct hs_audit_record r = {.event = "touch",
	    .agent = hs_str_c(opening ? "" : m->agent_name),
	    .session = m->id,
	    .code = "ok",
	    .numbered = true,
	    .serial = serial,
	    .end = end,
	    .root = "blue",
	    .root_key = root_key,
	    .touched = true,
	    .flags = 5,
	    .counter = (uint32_t)m->seq,
	    .simulated = m->simulated,
	    .ask = hs_str_c("4F7")};

	hs_key_fingerprint(&m->root.key, root_key);
	key_of(&other, HS_KT_SK_ED25519, 99);
	must(hs_mint_sign(m->forge ? &other : &m->root, &m->grant, r.flags, r.counter) ==
	     HS_OK);
	if (direct)
		r.direct = hs_buf_str(&m->grant);
	else
		r.grant = hs_buf_str(&m->grant);
	m->grant_serial = serial;
	m->time++;
	auditmake_put(m, &r, NULL);
}

static struct hs_grant_payload
payload(const struct auditmake *m, const char *scope, const char *holder, uint64_t end)
{
	struct hs_grant_payload p = {.scope = hs_str_c(scope),
	    .holder = hs_str_c(holder),
	    .end = end,
	    .log_seq = m->ask_seq};

	crypto_hash_sha256(p.shown, (const uint8_t *)m->shown, strlen(m->shown));
	crypto_hash_sha256(p.policy, (const uint8_t *)"", 0);
	memcpy(p.log_head, m->ask_head, sizeof p.log_head);
	return p;
}

static void
touch(struct auditmake *m, const char *scope, const char *holder, bool opening)
{
	struct hs_grant_spec spec = {.session_key = &m->session.key,
	    .root = &m->root.key,
	    .serial = 0x8000000000000000u + m->seq,
	    .valid_after = m->time - HS_CLOCK_SLACK,
	    .payload = payload(m, scope, holder, m->time + 14400)};

	hs_buf_reset(&m->grant);
	must(hs_grant_put_body(&m->grant, &spec) == HS_OK);
	put_touch(m, spec.serial, spec.payload.end, opening, false);
}

void
auditmake_direct(struct auditmake *m, const char *scope, bool opening)
{
	struct hs_direct_spec spec = {.agent_key = &m->agent.key,
	    .root = &m->root.key,
	    .agent = hs_str_c(m->agent_name)};

	if (opening) {
		key_of(&m->session, HS_KT_ED25519, 1000 + m->seq);
		m->id[0] = '\0';
		m->serial = 0;
	}
	ask(m, scope, MAIN);
	if (opening)
		hs_session_id(&m->session.key, m->id);
	spec.serial = 0x8000000000000000u + m->seq;
	spec.valid_after = m->time - HS_CLOCK_SLACK;
	spec.payload = payload(m, scope, HS_HOLDER_MAIN, m->time + 900);
	hs_buf_reset(&m->grant);
	must(hs_direct_put_body(&m->grant, &spec) == HS_OK);
	put_touch(m, spec.serial, spec.payload.end, false, true);
}

void
auditmake_open(struct auditmake *m, const char *scope)
{
	key_of(&m->session, HS_KT_ED25519, 1000 + m->seq);
	ask(m, scope, OPENING);
	hs_session_id(&m->session.key, m->id);
	m->serial = 0;
	touch(m, scope, HS_HOLDER_MAIN, true);
}

void
auditmake_more(struct auditmake *m, const char *scope)
{
	ask(m, scope, MAIN);
	touch(m, scope, HS_HOLDER_MAIN, false);
}

void
auditmake_ask(struct auditmake *m, const char *scope, bool seating)
{
	ask(m, scope, seating ? SEATING : MAIN);
}

void
auditmake_touch_for(struct auditmake *m, const char *scope, const char *holder)
{
	touch(m, scope, holder, false);
}

static void
give(struct auditmake *m, const char *event, const char *scope, uint64_t serial)
{
	uint8_t digest[32];
	struct hs_audit_record r = {.event = event,
	    .peer = true,
	    .pid = 4712,
	    .uid = 1000,
	    .exe = hs_str_c("/usr/bin/agent"),
	    .agent = hs_str_c(m->agent_name),
	    .session = m->id,
	    .reason = hs_str_c(m->reason != NULL ? m->reason : ""),
	    .scope = hs_str_c(scope),
	    .digest = {digest, sizeof digest},
	    .numbered = true,
	    .serial = serial,
	    .parent = m->parent,
	    .end = m->time + (m->parent > 0 ? 800 : 900),
	    .key = m->key};

	crypto_hash_sha256(digest, r.scope.p, r.scope.len);
	auditmake_put(m, &r, NULL);
}

void
auditmake_issue(struct auditmake *m, const char *scope)
{
	give(m, "issue", scope, ++m->serial);
}

void
auditmake_seat(struct auditmake *m, const char *scope, uint64_t serial)
{
	give(m, "seat", scope, serial);
}

void
auditmake_checkpoint(struct auditmake *m)
{
	struct hs_audit_record r = {.event = "checkpoint", .session = m->id};
	struct hs_buf to_sign = {0}, sig = {0}, extra = {0};
	uint8_t raw[64], pub[32], secret[64];

	hs_checkpoint_put_signed(&to_sign, m->id, m->seq, m->head);
	must(crypto_sign_seed_keypair(pub, secret, m->session.secret) == 0 &&
	     crypto_sign_detached(raw, NULL, to_sign.p, to_sign.len, secret) == 0);
	hs_put_cstring(&sig, "ssh-ed25519");
	hs_put_string(&sig, raw, sizeof raw);
	hs_put_fmt(&extra, ",\"signature\":\"");
	hs_text_put_base64(&extra, hs_buf_str(&sig));
	hs_put_raw(&extra, "\"", 2);
	must(hs_buf_err(&extra) == HS_OK);
	auditmake_put(m, &r, (const char *)extra.p);
	hs_buf_free(&to_sign);
	hs_buf_free(&sig);
	hs_buf_free(&extra);
}

void
auditmake_certificate(
    struct auditmake *m, const char *scope, uint64_t serial, struct hs_buf *out)
{
	struct hs_scope *s = NULL;
	struct hs_delegation_spec spec = {.agent_key = &m->agent.key,
	    .session_key = &m->session.key,
	    .serial = serial,
	    .valid_after = m->time - HS_CLOCK_SLACK,
	    .valid_before = m->time + 900,
	    .agent = hs_str_c(m->agent_name),
	    .grant = hs_buf_str(&m->grant)};

	must(hs_scope_parse_canonical(hs_str_c(scope), &s, NULL) == HS_OK);
	spec.scope = s;
	must(hs_delegation_put_body(out, &spec) == HS_OK &&
	     hs_mint_sign(&m->session, out, 0, 0) == HS_OK);
	hs_scope_free(&s);
}
