// SPDX-License-Identifier: ISC
//
// Messages, exit codes, JSON and times for all commands. Contract in cli.h.
#include "client/handseal/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include "proto/text.h"

#define MESSAGE_MAX 8192

void
hs_cli_put(FILE *f, struct hs_str s)
{
	struct hs_buf b = {0};

	hs_text_put_clean(&b, s);
	if (hs_buf_err(&b) == HS_OK && b.len > 0)
		fwrite(b.p, 1, b.len, f);
	hs_buf_free(&b);
}

void
hs_cli_put_text(FILE *f, struct hs_str text, const char *indent)
{
	struct hs_str line;

	while (hs_str_next(&text, '\n', &line)) {
		fputs(indent, f);
		hs_cli_put(f, line);
		fputc('\n', f);
	}
}

static void
say(struct hs_str text)
{
	struct hs_str line;
	const char *front = "handseal: ";

	fflush(stdout);
	while (hs_str_next(&text, '\n', &line)) {
		fputs(front, stderr);
		hs_cli_put(stderr, line);
		fputc('\n', stderr);
		front = "  ";
	}
}

void
hs_cli_say(const char *fmt, ...)
{
	char text[MESSAGE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	say(hs_str_c(text));
}

enum hs_exit
hs_cli_exit(enum hs_code code)
{
	switch (code) {
	case HS_OK:
		return HS_EXIT_DONE;
	case HS_ERR_USAGE:
		return HS_EXIT_USAGE;
	case HS_NO_SESSION:
		return HS_EXIT_NO_SESSION;
	case HS_NO_SUCH:
		return HS_EXIT_FAILED;
	case HS_SK_DENIED:
	case HS_SK_CANCELLED:
		return HS_EXIT_DECLINED;
	default:
		return code >= HS_NO_NOT_OURS && code < HS_SK_NO_DEVICE ? HS_EXIT_REFUSED
									: HS_EXIT_FAILED;
	}
}

static void
put_clean_lines(struct hs_buf *b, struct hs_str text)
{
	struct hs_str line;

	while (hs_str_next(&text, '\n', &line)) {
		hs_text_put_clean(b, line);
		if (text.len > 0)
			hs_put_u8(b, '\n');
	}
}

int
hs_cli_fail_behind(bool json, const char *front, enum hs_exit status, struct hs_str code,
    struct hs_str sentence, struct hs_str remedy)
{
	struct hs_buf b = {0};

	hs_put_fmt(&b, "%s", front);
	put_clean_lines(&b, sentence);
	hs_put_fmt(&b, " (");
	hs_text_put_clean(&b, code);
	hs_put_fmt(&b, ")");
	if (remedy.len > 0) {
		hs_put_fmt(&b, "\n");
		put_clean_lines(&b, remedy);
	}
	say(hs_buf_err(&b) == HS_OK ? hs_buf_str(&b) : hs_str_c("out of memory"));
	hs_buf_free(&b);
	if (json)
		(void)hs_cli_print_json(json_pack("{s:{s:o,s:o,s:o,s:i}}", "error", "code",
		    hs_cli_json(code), "sentence", hs_cli_json_text(sentence), "remedy",
		    hs_cli_json_text(remedy), "exit", (int)status));
	return (int)status;
}

int
hs_cli_fail_with(bool json, enum hs_exit status, struct hs_str code, struct hs_str sentence,
    struct hs_str remedy)
{
	return hs_cli_fail_behind(json, "", status, code, sentence, remedy);
}

int
hs_cli_fail(bool json, const struct hs_err *err)
{
	return hs_cli_fail_with(json, hs_cli_exit(err->code),
	    hs_str_c(hs_code_name(err->code)), hs_str_c(hs_err_sentence(err)),
	    hs_str_c(""));
}

json_t *
hs_cli_json_text(struct hs_str s)
{
	bool lf_at_end = s.len > 0 && s.p[s.len - 1] == '\n';
	struct hs_buf b = {0};
	struct hs_str line;
	json_t *o = NULL;

	while (hs_str_next(&s, '\n', &line)) {
		hs_text_put_clean(&b, line);
		if (s.len > 0 || lf_at_end)
			hs_put_u8(&b, '\n');
	}
	if (hs_buf_err(&b) == HS_OK)
		o = json_stringn(b.len > 0 ? (const char *)b.p : "", b.len);
	hs_buf_free(&b);
	return o;
}

json_t *
hs_cli_json(struct hs_str s)
{
	struct hs_buf b = {0};
	json_t *o = NULL;

	hs_text_put_clean(&b, s);
	if (hs_buf_err(&b) == HS_OK)
		o = json_stringn(b.len > 0 ? (const char *)b.p : "", b.len);
	hs_buf_free(&b);
	return o;
}

json_t *
hs_cli_json_time(uint64_t unix_seconds)
{
	time_t t = (time_t)unix_seconds;
	char utc[40];
	struct tm tm;

	if (unix_seconds == 0 || unix_seconds > INT64_MAX || gmtime_r(&t, &tm) == NULL)
		return json_null();
	if (strftime(utc, sizeof utc, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return json_null();
	return json_pack("{s:I,s:s}", "unix", (json_int_t)unix_seconds, "utc", utc);
}

static size_t json_form = JSON_INDENT(2);

void
hs_cli_json_lines(void)
{
	json_form = JSON_COMPACT;
}

static bool json_to_stderr;

void
hs_cli_json_to_stderr(void)
{
	json_to_stderr = true;
	hs_cli_json_lines();
}

int
hs_cli_print_json(json_t *o)
{
	FILE *f = json_to_stderr ? stderr : stdout;
	int rc;

	if (o == NULL) {
		hs_cli_say("out of memory");
		return HS_EXIT_FAILED;
	}
	rc = json_dumpf(o, f, json_form | JSON_ENSURE_ASCII);
	fputc('\n', f);
	json_decref(o);
	if (rc != 0) {
		hs_cli_say("the JSON could not be written");
		return HS_EXIT_FAILED;
	}
	return hs_cli_finish();
}

int
hs_cli_finish(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return HS_EXIT_DONE;
	hs_cli_say("not all output could be written: %s", strerror(errno));
	return HS_EXIT_FAILED;
}

uint64_t
hs_cli_now(void)
{
	time_t t = time(NULL);

	return t > 0 ? (uint64_t)t : 0;
}

// Hour and minute, behind the date where it is not now's day. False: a number, since there
// is no such time.
static bool
put_local(struct hs_buf *b, uint64_t unix_seconds, uint64_t now, struct tm *tm)
{
	time_t t = (time_t)unix_seconds, n = (time_t)now;
	struct tm today;
	char text[64];

	if (unix_seconds > INT64_MAX || localtime_r(&t, tm) == NULL ||
	    localtime_r(&n, &today) == NULL) {
		hs_put_fmt(b, "%" PRIu64, unix_seconds);
		return false;
	}
	if (strftime(text, sizeof text,
		tm->tm_year == today.tm_year && tm->tm_yday == today.tm_yday
		    ? "%H:%M"
		    : "%Y-%m-%d %H:%M",
		tm) == 0)
		text[0] = '\0';
	hs_put_fmt(b, "%s", text);
	return true;
}

void
hs_cli_put_when(struct hs_buf *b, uint64_t unix_seconds, uint64_t now)
{
	struct tm tm;
	char zone[64];

	if (!put_local(b, unix_seconds, now, &tm))
		return;
	if (strftime(zone, sizeof zone, " %Z", &tm) == 0)
		zone[0] = '\0';
	hs_text_put_clean(b, hs_str_c(zone));
}

void
hs_cli_put_clock(struct hs_buf *b, uint64_t unix_seconds, uint64_t now, bool with_seconds)
{
	struct tm tm;

	if (put_local(b, unix_seconds, now, &tm) && with_seconds)
		hs_put_fmt(b, ":%02d", tm.tm_sec);
}

const char *
hs_cli_cstr(struct hs_buf *b)
{
	hs_put_u8(b, 0);
	if (hs_buf_err(b) != HS_OK)
		return "";
	b->len--;
	return (const char *)b->p;
}
