// SPDX-License-Identifier: ISC
//
// What went wrong in a call, as a result, a code and sentences for a person. Contract in
// client.h.
#include <string.h>
#include "client/libhandseal/client.h"
#include "proto/names.h"
#include "proto/text.h"

static void
put(char *out, size_t size, struct hs_str s)
{
	size_t len = s.len < size - 1 ? s.len : size - 1;

	while (len < s.len && len > 0 && (s.p[len] & 0xc0) == 0x80)
		len--; // not in the middle of a character
	if (len > 0)
		memcpy(out, s.p, len);
	out[len] = '\0';
}

// What came from the other end is shown to people: no control characters but LF.
static void
put_clean(char *out, size_t size, struct hs_str s)
{
	struct hs_buf b = {0};

	for (size_t i = 0; i < s.len;) {
		const uint8_t *lf = memchr(s.p + i, '\n', s.len - i);
		size_t end = lf == NULL ? s.len : (size_t)(lf - s.p);

		hs_text_put_clean(&b, (struct hs_str){s.p + i, end - i});
		if (lf != NULL)
			hs_put_u8(&b, '\n');
		i = end + 1;
	}
	put(out, size, hs_buf_str(&b));
	hs_buf_free(&b);
}

void
hs_client_no_error(struct hs_error *err)
{
	if (err != NULL)
		err->code[0] = err->sentence[0] = err->remedy[0] = '\0';
}

static int
result_of(enum hs_code code)
{
	switch (code) {
	case HS_OK:
		return HS_DONE;
	case HS_ERR_USAGE:
	case HS_ERR_SCOPE:
		return HS_MISUSED;
	case HS_NO_PEER: // of who listens: nothing was asked yet
		return HS_NO_DAEMON;
	default:
		return HS_FAILED;
	}
}

int
hs_client_fail(struct hs_error *out, const struct hs_err *err)
{
	hs_client_no_error(out);
	if (out != NULL && err->code != HS_OK) {
		put(out->code, sizeof out->code, hs_str_c(hs_code_name(err->code)));
		put(out->sentence, sizeof out->sentence, hs_str_c(hs_err_sentence(err)));
	}
	return result_of(err->code);
}

int
hs_client_failed(struct hs_error *out, enum hs_code code, const char *sentence)
{
	struct hs_err err = {0};

	(void)hs_fail(&err, code, "%s", sentence);
	return hs_client_fail(out, &err);
}

int
hs_client_misused(struct hs_error *err, const char *what)
{
	return hs_client_failed(err, HS_ERR_USAGE, what);
}

int
hs_client_broke(
    struct hs_client *c, struct hs_error *err, enum hs_code code, const char *sentence)
{
	c->broken = true;
	c->next = NULL;
	return hs_client_failed(err, code, sentence);
}

int
hs_client_malformed(struct hs_client *c, struct hs_error *err)
{
	struct hs_err e = {0};

	(void)hs_fail(&e, HS_ERR_FORMAT, "the answer to %s is malformed", c->what);
	return hs_client_broke(c, err, e.code, e.text);
}

int
hs_client_no_memory(struct hs_client *c, struct hs_error *err)
{
	return hs_client_broke(c, err, HS_ERR_NOMEM, "out of memory");
}

bool
hs_client_asked(const struct hs_client *c, const char *ext)
{
	return c->asking.ext != NULL && strcmp(c->asking.ext, ext) == 0;
}

static int
result_of_refusal(const struct hs_client *c, struct hs_str name)
{
	enum hs_code code = hs_code_from_name((const char *)name.p, name.len);
	bool opening =
	    c->ext != NULL &&
	    (strcmp(c->ext, HS_EXT_OPEN) == 0 ||
		(strcmp(c->ext, HS_EXT_PENDING) == 0 && hs_client_asked(c, HS_EXT_OPEN)));

	if (code == HS_NO_SAID_NO || code == HS_SK_DENIED || code == HS_SK_CANCELLED)
		return HS_DECLINED;
	if (code == HS_NO_SESSION ||
	    (opening && (code == HS_NO_ROOTS || code >= HS_SK_NO_DEVICE)))
		return HS_NOT_OPEN;
	return code == HS_NO_SUCH ? HS_FAILED : HS_REFUSED;
}

// A code that this version does not know is a refusal all the same.
int
hs_client_refused(
    const struct hs_client *c, const struct hs_agent_refusal *r, struct hs_error *err)
{
	if (err != NULL) {
		put_clean(err->code, sizeof err->code, r->code);
		put_clean(err->sentence, sizeof err->sentence, r->sentence);
		put_clean(err->remedy, sizeof err->remedy, r->remedy);
	}
	return result_of_refusal(c, r->code);
}
