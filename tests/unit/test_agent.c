// SPDX-License-Identifier: ISC
//
// Frames, reply heads and extension bodies: the examples of docs/PROTOCOL.agent are
// re-created byte by byte, and every truncation and surplus of each is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>
#include "proto/agent.h"
#include "proto/key.h"
#include "proto/names.h"
#include "proto/sessionbind.h"
#include "tests/lib/page.h"

#define SESSION "7c2e000000000000"
#define SCOPE                                                                              \
	"max-ttl 900\nmax-uses *\n\naddr *\ncmd uptime\nhost web1.example.com\nuser "      \
	"deploy\n"
#define FINGERPRINT "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static struct hs_str
S(const char *s) {
	return hs_str_c(s);
}

static void
is_example(const char *name, struct hs_buf *got)
{
	hs_page_is("PROTOCOL.agent", name, got);
}

// Takes the body of an extension request apart: what is behind its name.
static struct hs_rd
request_body(struct hs_buf *frame, const char *name)
{
	struct hs_str body, got;
	struct hs_rd r;
	uint8_t type;
	size_t used;

	assert_int_equal(hs_agent_frame(hs_buf_str(frame), &body, &used), HS_OK);
	assert_int_equal(used, frame->len);
	r = hs_rd_of(body);
	assert_int_equal(hs_get_u8(&r, &type), HS_OK);
	assert_int_equal(type, HS_AGENT_EXTENSION);
	assert_int_equal(hs_get_string(&r, &got), HS_OK);
	assert_true(hs_str_is(got, name));
	return r;
}

static struct hs_rd
reply_body(struct hs_buf *frame, const char *name, enum hs_agent_status want)
{
	struct hs_agent_refusal refusal;
	enum hs_agent_status status;
	struct hs_str body;
	struct hs_rd r;
	size_t used;

	assert_int_equal(hs_agent_frame(hs_buf_str(frame), &body, &used), HS_OK);
	assert_int_equal(hs_agent_parse_reply(body, name, &status, &r, &refusal), HS_OK);
	assert_int_equal(status, want);
	return r;
}

static size_t
begin(struct hs_buf *b, const char *name)
{
	size_t mark = hs_agent_frame_begin(b);

	hs_put_u8(b, HS_AGENT_EXTENSION);
	hs_put_cstring(b, name);
	return mark;
}

typedef int getter(struct hs_rd *r, void *m);
typedef void putter(struct hs_buf *b, const void *m);

// What put writes, get reads back as the same; every truncation is short, a byte more is
// trailing.
static void
round_trip(struct hs_rd r, getter *get, putter *put, void *m, size_t size)
{
	struct hs_buf again = {0}, more = {0};
	struct hs_rd whole = r;

	assert_int_equal(get(&whole, m), HS_OK);
	assert_int_equal(whole.left, 0);
	put(&again, m);
	assert_int_equal(again.len, r.left);
	if (r.left > 0)
		assert_memory_equal(again.p, r.p, r.left);
	for (size_t n = 0; n < r.left; n++) {
		struct hs_rd cut = hs_rd_init(r.p, n);

		memset(m, 0, size);
		assert_int_equal(get(&cut, m), HS_ERR_SHORT);
	}
	hs_put_raw(&more, r.p, r.left);
	hs_put_u8(&more, 0);
	whole = hs_rd_of(hs_buf_str(&more));
	assert_int_equal(get(&whole, m), HS_ERR_TRAILING);
	hs_buf_free(&again);
	hs_buf_free(&more);
}

#define ROUND_TRIP(r, name, type)                                                          \
	do {                                                                               \
		struct type m_;                                                            \
		round_trip(r, (getter *)hs_agent_##name##_get,                             \
		    (putter *)hs_agent_##name##_put, &m_, sizeof m_);                      \
	} while (0)

static void
frames(void **state)
{
	static const uint8_t zero[] = {0, 0, 0, 0, 1}, one[] = {0, 0, 0, 1, 11, 99};
	static const uint8_t most[] = {0, 4, 0, 0}, over[] = {0, 4, 0, 1};
	struct hs_str body;
	size_t used = 7;

	(void)state;
	for (size_t n = 0; n < 4; n++)
		assert_int_equal(
		    hs_agent_frame((struct hs_str){one, n}, &body, &used), HS_ERR_SHORT);
	assert_int_equal(
	    hs_agent_frame((struct hs_str){one, 4}, &body, &used), HS_ERR_SHORT);
	assert_int_equal(used, 7);
	assert_int_equal(hs_agent_frame((struct hs_str){one, 6}, &body, &used), HS_OK);
	assert_int_equal(used, 5);
	assert_int_equal(body.len, 1);
	assert_int_equal(body.p[0], 11);
	assert_int_equal(
	    hs_agent_frame((struct hs_str){zero, 5}, &body, &used), HS_ERR_FORMAT);
	assert_int_equal(
	    hs_agent_frame((struct hs_str){most, 4}, &body, &used), HS_ERR_SHORT);
	assert_int_equal(
	    hs_agent_frame((struct hs_str){over, 4}, &body, &used), HS_ERR_TOO_LONG);
	assert_int_equal(
	    hs_agent_frame((struct hs_str){NULL, 0}, &body, &used), HS_ERR_SHORT);
}

static void
replies(void **state)
{
	static const uint8_t fail[] = {5}, ext_fail[] = {28}, fail_more[] = {28, 0};
	struct hs_agent_refusal refusal;
	enum hs_agent_status status;
	struct hs_buf b = {0};
	struct hs_str body;
	struct hs_rd r;
	size_t used;

	(void)state;
	assert_int_equal(
	    hs_agent_parse_reply((struct hs_str){fail, 1}, "x", &status, &r, &refusal),
	    HS_ERR_UNSUPPORTED);
	assert_int_equal(
	    hs_agent_parse_reply((struct hs_str){ext_fail, 1}, "x", &status, &r, &refusal),
	    HS_ERR_UNSUPPORTED);
	assert_int_equal(
	    hs_agent_parse_reply((struct hs_str){fail_more, 2}, "x", &status, &r, &refusal),
	    HS_ERR_FORMAT);
	assert_int_equal(
	    hs_agent_parse_reply((struct hs_str){0}, "x", &status, &r, &refusal),
	    HS_ERR_FORMAT);
	refusal = (struct hs_agent_refusal){S("no-session"), S("no session is open"),
	    S("have a person open one: handseal open")};
	hs_agent_put_refusal(&b, HS_EXT_REQUEST, &refusal);
	is_example("refused", &b);
	assert_int_equal(hs_agent_frame(hs_buf_str(&b), &body, &used), HS_OK);
	memset(&refusal, 0, sizeof refusal);
	assert_int_equal(
	    hs_agent_parse_reply(body, HS_EXT_REQUEST, &status, &r, &refusal), HS_OK);
	assert_int_equal(status, HS_AGENT_REFUSED);
	assert_true(hs_str_is(refusal.code, "no-session"));
	assert_true(hs_str_is(refusal.remedy, "have a person open one: handseal open"));
	assert_int_equal(
	    hs_agent_parse_reply(body, HS_EXT_OPEN, &status, &r, &refusal), HS_ERR_FORMAT);
	for (size_t n = 0; n < body.len; n++)
		assert_int_equal(hs_agent_parse_reply((struct hs_str){body.p, n},
				     HS_EXT_REQUEST, &status, &r, &refusal),
		    HS_ERR_FORMAT);
	hs_buf_reset(&b);
	used = hs_agent_reply_begin(&b, "x", (enum hs_agent_status)3);
	hs_agent_frame_end(&b, used);
	assert_int_equal(hs_agent_parse_reply((struct hs_str){b.p + 4, b.len - 4}, "x",
			     &status, &r, &refusal),
	    HS_ERR_FORMAT);
	hs_buf_free(&b);
}

static void
query(void **state)
{
	static const char *const names[] = {HS_EXT_OPEN, HS_EXT_PENDING, HS_EXT_REQUEST,
	    HS_EXT_LIST, HS_EXT_STATUS, HS_EXT_CLOSE, HS_EXT_ANSWER, HS_EXT_EVENTS,
	    HS_EXT_POLICY, HS_EXT_SEAT, HS_EXT_REVOKE, HS_EXT_SESSION_BIND};
	struct hs_buf b = {0};
	size_t mark = begin(&b, "query");

	(void)state;
	hs_agent_frame_end(&b, mark);
	is_example("query", &b);
	hs_buf_reset(&b);
	mark = hs_agent_frame_begin(&b);
	hs_put_u8(&b, HS_AGENT_EXTENSION_RESPONSE);
	hs_put_cstring(&b, "query");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		hs_put_cstring(&b, names[i]);
	hs_agent_frame_end(&b, mark);
	is_example("query-reply", &b);
	hs_buf_free(&b);
}

static void
opening(void **state)
{
	const struct hs_agent_open open = {S(SCOPE), 14400, S("the nightly deploy")};
	const struct hs_agent_asked asked = {S("4F7"), S("handseal 4F7: open a session\n"),
	    30, S("blue, spare"), 1795485660, 0};
	const struct hs_agent_pending pending = {.code = S("4F7"), .wait = 90};
	const struct hs_agent_opened opened = {
	    S(SESSION), 1795500000, S("blue"), S(FINGERPRINT), 1, 0, S("GRANT")};
	struct hs_buf b = {0};
	size_t mark = begin(&b, HS_EXT_OPEN);

	(void)state;
	hs_agent_open_put(&b, &open);
	hs_agent_frame_end(&b, mark);
	is_example("open", &b);
	ROUND_TRIP(request_body(&b, HS_EXT_OPEN), open, hs_agent_open);
	hs_buf_reset(&b);
	mark = hs_agent_reply_begin(&b, HS_EXT_OPEN, HS_AGENT_PENDING);
	hs_agent_asked_put(&b, &asked);
	hs_agent_frame_end(&b, mark);
	is_example("open-reply", &b);
	ROUND_TRIP(reply_body(&b, HS_EXT_OPEN, HS_AGENT_PENDING), asked, hs_agent_asked);
	hs_buf_reset(&b);
	mark = begin(&b, HS_EXT_PENDING);
	hs_agent_pending_put(&b, &pending);
	hs_agent_frame_end(&b, mark);
	is_example("pending", &b);
	ROUND_TRIP(request_body(&b, HS_EXT_PENDING), pending, hs_agent_pending);
	hs_buf_reset(&b);
	mark = hs_agent_reply_begin(&b, HS_EXT_PENDING, HS_AGENT_DONE);
	hs_agent_opened_put(&b, &opened);
	hs_agent_frame_end(&b, mark);
	is_example("pending-reply", &b);
	ROUND_TRIP(reply_body(&b, HS_EXT_PENDING, HS_AGENT_DONE), opened, hs_agent_opened);
	hs_buf_free(&b);
}

// The proof in the example verifies, and not for any other session, scope, agent, reason or
// key.
static void
requesting(void **state)
{
	uint8_t seed[32], pub[32], secret[64], sig[64];
	struct hs_agent_request req = {
	    .scope = S(SCOPE), .agent = S("tests"), .reason = S("look")};
	const struct hs_agent_issued issued = {
	    S("CERTIFICATE"), 1795486500, S(SESSION ".1")};
	struct hs_key key = {.type = HS_KT_ED25519, .publen = 32};
	struct hs_buf b = {0}, blob = {0}, proof = {0}, message = {0}, signed_bytes = {0};
	size_t mark;

	(void)state;
	for (size_t i = 0; i < sizeof seed; i++)
		seed[i] = (uint8_t)i;
	crypto_sign_seed_keypair(pub, secret, seed);
	memcpy(key.pub, pub, sizeof pub);
	hs_key_put(&blob, &key);
	req.key = hs_buf_str(&blob);
	hs_agent_put_proof_message(&message, SESSION, &req);
	is_example("proof-message", &message);
	hs_sshsig_put_signed(&signed_bytes, HS_NS_REQUEST, hs_buf_str(&message));
	crypto_sign_detached(sig, NULL, signed_bytes.p, signed_bytes.len, secret);
	hs_put_cstring(&proof, "ssh-ed25519");
	hs_put_string(&proof, sig, sizeof sig);
	req.proof = hs_buf_str(&proof);
	assert_int_equal(
	    hs_sig_verify(&key, req.proof, hs_buf_str(&signed_bytes), NULL), HS_OK);
	mark = begin(&b, HS_EXT_REQUEST);
	hs_agent_request_put(&b, &req);
	hs_agent_frame_end(&b, mark);
	is_example("request", &b);
	ROUND_TRIP(request_body(&b, HS_EXT_REQUEST), request, hs_agent_request);
	hs_buf_reset(&b);
	mark = hs_agent_reply_begin(&b, HS_EXT_REQUEST, HS_AGENT_DONE);
	hs_agent_issued_put(&b, &issued);
	hs_agent_frame_end(&b, mark);
	is_example("request-reply", &b);
	ROUND_TRIP(reply_body(&b, HS_EXT_REQUEST, HS_AGENT_DONE), issued, hs_agent_issued);
	hs_buf_free(&b);
	hs_buf_free(&blob);
	hs_buf_free(&proof);
	hs_buf_free(&message);
	hs_buf_free(&signed_bytes);
}

static void
listing(void **state)
{
	const struct hs_agent_list list = {.after = 0};
	const struct hs_agent_item item = {S(SESSION ".1"), S(""), S("tests"), S(SCOPE),
	    1795485600, 1795486500, 4711, S("/usr/bin/handseal"), S("CERTIFICATE")};
	struct hs_agent_item got;
	struct hs_buf b = {0};
	struct hs_rd r;
	size_t mark = begin(&b, HS_EXT_LIST), before;
	uint64_t end;
	uint32_t n;

	(void)state;
	hs_agent_list_put(&b, &list);
	hs_agent_frame_end(&b, mark);
	is_example("list", &b);
	ROUND_TRIP(request_body(&b, HS_EXT_LIST), list, hs_agent_list);
	hs_buf_reset(&b);
	mark = hs_agent_reply_begin(&b, HS_EXT_LIST, HS_AGENT_DONE);
	hs_put_u64(&b, 1795500000);
	hs_put_u32(&b, 1);
	hs_agent_item_put(&b, &item);
	hs_put_u8(&b, 0);
	hs_agent_frame_end(&b, mark);
	is_example("list-reply", &b);
	r = reply_body(&b, HS_EXT_LIST, HS_AGENT_DONE);
	assert_int_equal(hs_get_u64(&r, &end), HS_OK);
	assert_int_equal(hs_get_u32(&r, &n), HS_OK);
	before = r.left;
	for (size_t cut = 0; cut < before - 1; cut++) {
		struct hs_rd part = hs_rd_init(r.p, cut);

		assert_int_equal(hs_agent_item_get(&part, &got), HS_ERR_SHORT);
	}
	assert_int_equal(hs_agent_item_get(&r, &got), HS_OK);
	assert_int_equal(r.left, 1); // `more` is left
	assert_true(hs_str_is(got.exe, "/usr/bin/handseal"));
	assert_int_equal(got.pid, 4711);
	hs_buf_free(&b);
}

static void
status_and_close(void **state)
{
	const struct hs_agent_status_info info = {S("0.1.0"),
	    S("/run/user/1000/handseal/agent.sock"), 1795485600, 1, S(SESSION), 1795485600,
	    1795500000, S("blue"), S(FINGERPRINT), 1, 0, S(SCOPE), 1, 1, 0, 2, 1795487400,
	    S("/home/anna/.config/handseal/policy"), S(""), 12, 1,
	    S("web1\tdone\t1795485700\t\n"), S("")};
	const struct hs_agent_closed closed = {S(SESSION), 1, 1795486500};
	struct hs_buf b = {0};
	size_t mark = begin(&b, HS_EXT_STATUS);

	(void)state;
	hs_agent_frame_end(&b, mark);
	is_example("status", &b);
	hs_buf_reset(&b);
	mark = hs_agent_reply_begin(&b, HS_EXT_STATUS, HS_AGENT_DONE);
	hs_agent_status_put(&b, &info);
	hs_agent_frame_end(&b, mark);
	is_example("status-reply", &b);
	ROUND_TRIP(
	    reply_body(&b, HS_EXT_STATUS, HS_AGENT_DONE), status, hs_agent_status_info);
	hs_buf_reset(&b);
	mark = begin(&b, HS_EXT_CLOSE);
	hs_agent_frame_end(&b, mark);
	is_example("close", &b);
	hs_buf_reset(&b);
	mark = hs_agent_reply_begin(&b, HS_EXT_CLOSE, HS_AGENT_DONE);
	hs_agent_closed_put(&b, &closed);
	hs_agent_frame_end(&b, mark);
	is_example("close-reply", &b);
	ROUND_TRIP(reply_body(&b, HS_EXT_CLOSE, HS_AGENT_DONE), closed, hs_agent_closed);
	hs_buf_free(&b);
}

static void
booleans(void **state)
{
	struct hs_agent_status_info info = {.open = 2};
	struct hs_agent_opened opened = {.simulated = 255};
	struct hs_buf b = {0};
	struct hs_rd r;

	(void)state;
	hs_agent_status_put(&b, &info);
	r = hs_rd_of(hs_buf_str(&b));
	assert_int_equal(hs_agent_status_get(&r, &info), HS_ERR_FORMAT);
	hs_buf_reset(&b);
	hs_agent_opened_put(&b, &opened);
	r = hs_rd_of(hs_buf_str(&b));
	assert_int_equal(hs_agent_opened_get(&r, &opened), HS_ERR_FORMAT);
	hs_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(frames),
	    cmocka_unit_test(replies), cmocka_unit_test(query), cmocka_unit_test(opening),
	    cmocka_unit_test(requesting), cmocka_unit_test(listing),
	    cmocka_unit_test(status_and_close), cmocka_unit_test(booleans)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
