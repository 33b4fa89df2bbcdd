// SPDX-License-Identifier: ISC
//
// The channels, and the words that each shows. Contract in prompt.h.
#include "agentd/prompt.h"

#include <stdlib.h>
#include <string.h>
#include "agentd/askpass.h"
#include "agentd/log.h"
#include "agentd/notify.h"
#include "proto/limits.h"
#include "proto/text.h"

struct hs_prompt {
	uv_loop_t *loop;
	struct hs_prompt_env env;
	bool complained; // of notify-send
};

struct hs_prompt_shown {
	struct hs_askpass *askpass; // NULL: no such channel
	struct hs_notify *notify;
};

struct hs_prompt *
hs_prompt_new(uv_loop_t *loop, char *const *env)
{
	struct hs_prompt *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	p->loop = loop;
	if (hs_prompt_env_read(&p->env, env) != HS_OK)
		hs_prompt_free(&p);
	return p;
}

void
hs_prompt_free(struct hs_prompt **p)
{
	if (*p == NULL)
		return;
	hs_prompt_env_free(&(*p)->env);
	free(*p);
	*p = NULL;
}

const char *
hs_prompt_channels(const struct hs_prompt *p)
{
	bool askpass = p->env.askpass != NULL, notify = p->env.notify_send != NULL;

	if (askpass && notify)
		return "askpass, desktop notification";
	return askpass ? "askpass" : notify ? "desktop notification" : "";
}

void
hs_prompt_missing(const struct hs_prompt *p, struct hs_buf *b)
{
	const char *const all[] = {p->env.no_display, p->env.no_askpass, p->env.no_notify};
	const char *between = "";

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		if (all[i] == NULL)
			continue;
		hs_put_fmt(b, "%s%s", between, all[i]);
		between = ", ";
	}
}

bool
hs_prompt_takes_pin(const struct hs_prompt *p)
{
	return p->env.askpass != NULL;
}

// ---- the words

static void
put_lines(struct hs_buf *b, struct hs_str s)
{
	while (s.len > 0) {
		const uint8_t *lf = memchr(s.p, '\n', s.len);
		struct hs_str line = {s.p, lf != NULL ? (size_t)(lf - s.p) : s.len};

		hs_text_put_clean(b, line);
		s.p += line.len;
		s.len -= line.len;
		if (lf != NULL) {
			hs_put_u8(b, '\n');
			s.p++;
			s.len--;
		}
	}
}

// title, text and a last line, with empty lines between
static void
put_whole(struct hs_buf *b, const struct hs_prompt_spec *spec, const char *last)
{
	hs_text_put_clean(b, spec->title);
	hs_put_fmt(b, "\n\n");
	put_lines(b, spec->text);
	if (b->len > 0 && b->p[b->len - 1] != '\n')
		hs_put_u8(b, '\n');
	hs_put_u8(b, '\n');
	if (spec->pin && spec->pin_hint.len > 0) {
		hs_text_put_clean(b, spec->pin_hint);
		hs_put_u8(b, '\n');
	}
	hs_put_fmt(b, "%s", last);
	hs_put_u8(b, '\0');
}

static int
start_askpass(struct hs_prompt *p, const struct hs_prompt_spec *spec, hs_prompt_cb *answer,
    void *arg, struct hs_prompt_shown *s, struct hs_err *err)
{
	struct hs_buf ask = {0}, notice = {0};
	struct hs_prompt_spec touch = *spec;
	int rc;

	touch.pin = false; // it was entered by then
	put_whole(&ask, spec,
	    spec->pin ? "Enter the PIN of the security key:"
		      : "Only touching the key allows this. OK leaves it open, Cancel "
			"declines it.");
	put_whole(&notice, &touch, "Touch the security key to allow this.");
	rc = hs_buf_err(&ask) != HS_OK ? hs_buf_err(&ask) : hs_buf_err(&notice);
	if (rc != HS_OK) {
		hs_fail(err, (enum hs_code)rc, "%s", "");
	} else {
		const struct hs_askpass_texts t = {
		    spec->code, (const char *)ask.p, (const char *)notice.p};

		rc = hs_askpass_start(
		    p->loop, &p->env, &t, spec->pin, answer, arg, &s->askpass, err);
	}
	hs_buf_free(&ask);
	hs_buf_free(&notice);
	return rc;
}

static int
start_notify(struct hs_prompt *p, const struct hs_prompt_spec *spec,
    struct hs_prompt_shown *s, struct hs_err *err)
{
	struct hs_buf title = {0}, text = {0};
	int rc;

	hs_text_put_clean(&title, spec->title);
	hs_put_u8(&title, '\0');
	put_lines(&text, spec->text);
	rc = hs_buf_err(&title) != HS_OK ? hs_buf_err(&title) : hs_buf_err(&text);
	if (rc != HS_OK)
		hs_fail(err, (enum hs_code)rc, "%s", "");
	else
		rc = hs_notify_start(p->loop, &p->env, (const char *)title.p,
		    hs_buf_str(&text), &p->complained, &s->notify, err);
	hs_buf_free(&title);
	hs_buf_free(&text);
	return rc;
}

// ---- showing

static int
none(const struct hs_prompt *p, struct hs_err *err)
{
	struct hs_buf why = {0};

	hs_prompt_missing(p, &why);
	hs_fail(err, HS_ERR_IO, "nothing can show it: %.*s", (int)why.len,
	    why.len > 0 ? (const char *)why.p : "");
	hs_buf_free(&why);
	return HS_ERR_IO;
}

int
hs_prompt_show(struct hs_prompt *p, const struct hs_prompt_spec *spec, hs_prompt_cb *answer,
    void *arg, struct hs_prompt_shown **out, struct hs_err *err)
{
	struct hs_prompt_shown *s;
	struct hs_err why = {0};

	if (spec->text.len > HS_SHOWN_MAX || spec->title.len > HS_SHOWN_MAX ||
	    spec->pin_hint.len > HS_SHOWN_MAX)
		return hs_fail(err, HS_ERR_TOO_LONG, "the text is too long to be shown");
	if (spec->pin ? p->env.askpass == NULL : *hs_prompt_channels(p) == '\0')
		return none(p, err);
	s = calloc(1, sizeof *s);
	if (s == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "no memory for the prompt");
	if (p->env.askpass != NULL && start_askpass(p, spec, answer, arg, s, &why) != HS_OK)
		hs_log("%s: %s", spec->code, hs_err_sentence(&why));
	// without the askpass that was to ask for a PIN there is nothing to notify of
	if (p->env.notify_send != NULL && (s->askpass != NULL || !spec->pin) &&
	    start_notify(p, spec, s, &why) != HS_OK && !p->complained) {
		p->complained = true;
		hs_log("%s: %s; this is not said again", spec->code, hs_err_sentence(&why));
	}
	if (s->askpass == NULL && s->notify == NULL) {
		free(s);
		return hs_fail(err, why.code, "%s", hs_err_sentence(&why));
	}
	*out = s;
	return HS_OK;
}

int
hs_prompt_pin_fd(struct hs_prompt_shown *s)
{
	return s->askpass != NULL ? hs_askpass_pin_fd(s->askpass) : -1;
}

void
hs_prompt_hide(struct hs_prompt_shown **s)
{
	if (*s == NULL)
		return;
	hs_askpass_end(&(*s)->askpass);
	hs_notify_end(&(*s)->notify);
	free(*s);
	*s = NULL;
}
