// SPDX-License-Identifier: ISC
//
// Checks of what the daemon will ask a person. Contract in asked.h.
#include "client/handseal/asked.h"

#include <string.h>
#include "client/handseal/cli.h"
#include "proto/text.h"

#define ARMED_MAX 600 // what an answer may say; longer is not believed

// The text must be what it looks like: what would be shown otherwise than it is signed is
// not shown at all, and the touch is called off by hanging up.
bool
hs_asked_showable(struct hs_str text)
{
	for (size_t i = 0; i < text.len;) {
		const uint8_t *lf = memchr(text.p + i, '\n', text.len - i);
		size_t end = lf == NULL ? text.len : (size_t)(lf - text.p);

		if (!hs_text_shown((struct hs_str){text.p + i, end - i}, NULL))
			return false;
		i = end + 1;
	}
	return text.len > 0;
}

static void
put_keys(struct hs_asked *a, struct hs_str keys)
{
	for (size_t i = 0; i < keys.len; i++) {
		if (keys.p[i] == ',') {
			a->several = true;
			hs_put_fmt(&a->keys, " or");
		} else {
			hs_put_u8(&a->keys, keys.p[i]);
		}
	}
}

int
hs_asked_take(struct hs_asked *a, struct hs_daemon *d, const char *ext, struct hs_rd *body)
{
	struct hs_agent_asked m;
	struct hs_err err = {0};

	if (hs_agent_asked_get(body, &m) != HS_OK || !hs_answer_is_code(m.code) ||
	    m.shown.len > HS_SHOWN_MAX || m.armed > ARMED_MAX)
		return hs_daemon_malformed(d, ext);
	if (!hs_asked_showable(m.shown)) {
		hs_daemon_end_line(d);
		(void)hs_fail(&err, HS_SK_LIED,
		    "handseald's text holds control characters: it is not shown, and the "
		    "touch is called off");
		return hs_cli_fail(d->json, &err);
	}
	hs_asked_free(a);
	memcpy(a->code, m.code.p, HS_CODE_LEN);
	a->armed = m.armed;
	a->until = m.until;
	a->pin = m.pin != 0;
	hs_put_raw(&a->shown, m.shown.p, m.shown.len);
	put_keys(a, m.keys);
	if (hs_buf_err(&a->shown) == HS_OK && hs_buf_err(&a->keys) == HS_OK)
		return HS_EXIT_DONE;
	(void)hs_fail(&err, HS_ERR_NOMEM, "out of memory");
	return hs_cli_fail(d->json, &err);
}

void
hs_asked_free(struct hs_asked *a)
{
	hs_buf_free(&a->shown);
	hs_buf_free(&a->keys);
	*a = (struct hs_asked){0};
}
