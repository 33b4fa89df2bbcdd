// SPDX-License-Identifier: ISC
//
// Fuzzes the helper's messages from both sides, and the judgement of what may be signed.
// What decodes must come back the same, and what is refused must be refused alike each
// time.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "proto/helper.h"
#include "proto/names.h"
#include "proto/rlist.h"
#include "proto/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
same(struct hs_buf *again, struct hs_str in)
{
	must(hs_buf_err(again) == HS_OK && hs_str_eq(hs_buf_str(again), in));
	hs_buf_free(again);
}

// Whatever is signed ends in its candidate's key, and all are alike up to there.
static void
judge(const struct hs_helper_sign *m)
{
	struct hs_err err = {0};
	int rc = hs_helper_sign_check(m, &err);

	must(rc == hs_helper_sign_check(m, NULL));
	if (rc != HS_OK) {
		must(err.code == (enum hs_code)rc);
		must(hs_text_shown(hs_str_c(hs_err_sentence(&err)), NULL));
		return;
	}
	must(m->n > 0 && m->shown.len > 0);
	for (size_t i = 0; i < m->n; i++) {
		const struct hs_helper_candidate *c = &m->v[i];
		struct hs_key key;

		must(hs_key_parse(c->key, &key) == HS_OK && hs_key_is_sk(&key));
		must(c->body.len > c->key.len &&
		     c->body.len - c->key.len == m->v[0].body.len - m->v[0].key.len);
		must(memcmp(c->body.p + c->body.len - c->key.len, c->key.p, c->key.len) ==
		     0);
	}
}

// Whatever is signed says what was shown, and is that key's.
static void
judge_list(const struct hs_helper_revoke *m)
{
	struct hs_buf key = {0};
	struct hs_rlist l;

	if (hs_helper_revoke_check(m, NULL) != HS_OK)
		return;
	must(hs_rlist_parse_message(m->candidate.body, &l, NULL) == HS_OK && l.n > 0);
	hs_key_put(&key, &l.root);
	must(hs_str_eq(hs_buf_str(&key), m->candidate.key) && m->shown.len > 0);
	hs_buf_free(&key);
}

static void
request(struct hs_str in)
{
	struct hs_helper_request m;
	struct hs_buf again = {0};

	if (hs_helper_request_parse(in, &m) != HS_OK)
		return;
	hs_helper_request_put(&again, &m);
	same(&again, in);
	if (m.op == HS_HELPER_SIGN)
		judge(&m.sign);
	if (m.op == HS_HELPER_REVOKE)
		judge_list(&m.revoke);
}

static void
answer(struct hs_str in)
{
	struct hs_helper_answer m;
	struct hs_buf again = {0};

	if (hs_helper_answer_parse(in, &m) != HS_OK)
		return;
	must((m.code == HS_OK) == (m.sentence.len == 0));
	must(hs_text_shown(m.sentence, NULL) && hs_text_shown(m.enrolled.product, NULL));
	hs_helper_answer_put(&again, &m);
	same(&again, in);
}

// The body of the one candidate, with nothing in front of it, so that the judgement is
// reached more often.
static void
body(struct hs_str in)
{
	static struct hs_helper_sign m;
	struct hs_buf key = {0};
	struct hs_cert c;

	if (hs_cert_parse_body(in, &c) != HS_OK)
		return;
	hs_key_put(&key, &c.ca);
	m = (struct hs_helper_sign){.shown = hs_str_c("SHOWN"), .n = 1};
	m.v[0] = (struct hs_helper_candidate){.key = hs_buf_str(&key), .body = in};
	judge(&m);
	hs_buf_free(&key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct hs_str in = {data + 1, len - 1};

	if (len == 0)
		return 0;
	if (data[0] % 3 == 0)
		request(in);
	else if (data[0] % 3 == 1)
		answer(in);
	else
		body(in);
	return 0;
}
