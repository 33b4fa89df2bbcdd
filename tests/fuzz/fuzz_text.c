// SPDX-License-Identifier: ISC
//
// Fuzzes the small decoders: shown text, names, numbers, spans, base64. The first byte
// chooses; what decodes must be written back as it was.
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include "proto/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
shown(struct hs_str in)
{
	struct hs_buf clean = {0};
	size_t at = 0;
	bool ok = hs_text_shown(in, &at);

	must(ok || at < in.len);
	must(hs_text_shown((struct hs_str){in.p, at}, NULL));
	hs_text_put_clean(&clean, in);
	if (hs_buf_err(&clean) == HS_OK) {
		must(clean.len == in.len && hs_text_shown(hs_buf_str(&clean), NULL));
		must(hs_str_eq(hs_buf_str(&clean), in) == ok);
	}
	hs_buf_free(&clean);
}

static void
numbers(struct hs_str in)
{
	struct hs_buf again = {0};
	uint64_t n, seconds;

	if (hs_text_u64(in, UINT64_MAX, &n) == HS_OK) {
		hs_put_fmt(&again, "%" PRIu64, n);
		must(hs_str_eq(hs_buf_str(&again), in));
		must(n == 0 || hs_text_u64(in, n - 1, &n) == HS_ERR_TOO_LONG);
		must(hs_text_u64(in, n, &n) == HS_OK);
		must(n == 0 || (hs_text_span(in, n, &seconds) == HS_OK && seconds == n));
	}
	if (hs_text_span(in, UINT64_MAX, &seconds) == HS_OK) {
		must(seconds > 0 && hs_text_span(in, seconds, &n) == HS_OK && n == seconds);
		must(hs_text_span(in, seconds - 1, &n) == HS_ERR_TOO_LONG);
	}
	hs_buf_free(&again);
}

static void
names(struct hs_str in)
{
	if (hs_text_is_agent_name(in))
		must(hs_text_is_label(in));
	if (hs_text_is_label(in))
		must(in.len > 0 && in.len <= 32 && hs_text_shown(in, NULL) &&
		     in.p[0] != '.');
}

typedef int decoder(struct hs_str s, size_t max, struct hs_buf *out);
typedef void encoder(struct hs_buf *b, struct hs_str s);

static void
base64(struct hs_str in, decoder *decode, encoder *encode)
{
	struct hs_buf out = {0}, again = {0};

	if (decode(in, 4096, &out) == HS_OK) {
		must(out.len <= 4096);
		encode(&again, hs_buf_str(&out));
		must(hs_str_eq(hs_buf_str(&again), in));
	} else {
		must(out.len == 0);
	}
	hs_buf_reset(&again);
	encode(&again, in);
	hs_buf_reset(&out);
	if (hs_buf_err(&again) == HS_OK) {
		must(decode(hs_buf_str(&again), in.len, &out) == HS_OK);
		must(hs_str_eq(hs_buf_str(&out), in));
	}
	hs_buf_free(&out);
	hs_buf_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct hs_str in = {data + 1, len - 1};

	if (len == 0)
		return 0;
	switch (data[0] % 5) {
	case 0:
		shown(in);
		break;
	case 1:
		numbers(in);
		break;
	case 2:
		names(in);
		break;
	case 3:
		base64(in, hs_text_base64, hs_text_put_base64);
		break;
	default:
		base64(in, hs_text_base64url, hs_text_put_base64url);
	}
	return 0;
}
