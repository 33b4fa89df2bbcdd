// SPDX-License-Identifier: ISC
//
// What every command of handseal shares: exit codes, messages to a person on stderr, JSON
// on stdout. Everything shown is cleaned of control characters here, whoever it came from.
// Knows nothing of any single command.
#ifndef HS_CLIENT_CLI_H
#define HS_CLIENT_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include "proto/buf.h"
#include "proto/err.h"

enum hs_exit {
	HS_EXIT_DONE = 0,
	HS_EXIT_FAILED = 1,
	HS_EXIT_USAGE = 2,
	HS_EXIT_REFUSED = 3,
	HS_EXIT_DECLINED = 4,
	HS_EXIT_NO_SESSION = 5, // and none could be opened
	HS_EXIT_NO_DAEMON = 6,
	HS_EXIT_WAITING = 7,
};

// "handseal: sentence" and LF to stderr. The sentence is written without full stop or LF at
// its end; it may hold several lines, separated by LF.
void hs_cli_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

// Something failed on this side: "handseal: sentence (code)". With json, {"error": {code,
// sentence, remedy, exit}} goes to stdout as well. Returns the code's exit: HS_ERR_USAGE 2,
// HS_NO_SESSION 5, touch declined 4, HS_NO_SUCH 1, other HS_NO_* 3, else 1.
int hs_cli_fail(bool json, const struct hs_err *err);
// The same with a remedy (what would make it succeed; may be "") and an exit of the
// caller's choice. code, sentence and remedy may come from anywhere; the last two may have
// several lines.
int hs_cli_fail_with(bool json, enum hs_exit status, struct hs_str code,
    struct hs_str sentence, struct hs_str remedy);
// The same, with words for a person in front of the sentence, "" or "not asked: ".
int hs_cli_fail_behind(bool json, const char *front, enum hs_exit status,
    struct hs_str code, struct hs_str sentence, struct hs_str remedy);
enum hs_exit hs_cli_exit(enum hs_code code);

// Text that came from elsewhere, line by line cleaned, each line ended by LF and behind
// indent.
void hs_cli_put_text(FILE *f, struct hs_str text, const char *indent);
// One line of it, without LF.
void hs_cli_put(FILE *f, struct hs_str s);

// A JSON string of s, cleaned as for showing (NULL only without memory). Not for text of
// several lines: hs_cli_json_text keeps LF.
json_t *hs_cli_json(struct hs_str s);
json_t *hs_cli_json_text(struct hs_str s);
// {"unix": N, "utc": "2026-11-23T18:05:00Z"}; null for 0.
json_t *hs_cli_json_time(uint64_t unix_seconds);
// Prints o (which it consumes; NULL is "out of memory") and LF to stdout; then as
// hs_cli_finish.
int hs_cli_print_json(json_t *o);
// From now on each on one line, for a stream of them; and to stderr, where stdout is
// somebody else's.
void hs_cli_json_lines(void);
void hs_cli_json_to_stderr(void);

// Flushes stdout: HS_EXIT_DONE, or HS_EXIT_FAILED with a message if not all could be
// written.
int hs_cli_finish(void);

// Appends a time for a person, local with its zone: "18:05 CET", with the date in front if
// it is not now's day. And a span: "3 h 41 min".
void hs_cli_put_when(struct hs_buf *b, uint64_t unix_seconds, uint64_t now);
// The same without the zone, for a line that is about now: "18:05", "18:05:30".
void hs_cli_put_clock(
    struct hs_buf *b, uint64_t unix_seconds, uint64_t now, bool with_seconds);
uint64_t hs_cli_now(void); // Unix seconds

// A NUL behind what b holds, for printf("%s"). "" if b failed.
const char *hs_cli_cstr(struct hs_buf *b);

#endif
