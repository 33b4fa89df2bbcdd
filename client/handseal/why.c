// SPDX-License-Identifier: ISC
//
// handseal why: on a seat, what was refused last and what would make it succeed. ssh itself
// only says that no key would do. Where the daemon refused nothing, the seat's scope is
// held against what was typed.
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include "client/handseal/allowed.h"
#include "client/handseal/cmd.h"
#include "client/handseal/suggest.h"
#include "proto/names.h"
#include "proto/text.h"

#define HINT "What a server itself refused stands in its log, and in what `ssh -v` tells."

struct why {
	struct hs_daemon daemon;
	bool given; // USER@HOST was
	struct hs_str user, host;
	struct hs_buf line;    // the command as typed
	struct hs_words words; // taken apart
	struct hs_err fault;   // why it could not be
	struct hs_buf command; // put together again for --cmd, empty where it could not be
	struct hs_agent_reasons reasons;
	struct hs_buf next;
	bool commandless; // it may log in, and no command was typed
	int shell;	  // of that: HS_OK, or why it would be given none
};

static int
take_options(int argc, char **argv, struct why *w)
{
	static const struct option longs[] = {
	    {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	int opt;

	while ((opt = getopt_long(argc, argv, "+h", longs, NULL)) != -1) {
		if (opt == 'h')
			return -1;
		if (opt != 'j')
			return hs_cmd_usage("why", "why does not take that");
		w->daemon.json = true;
	}
	return HS_EXIT_DONE;
}

static int
take_target(const char *target, struct why *w)
{
	const char *at = strrchr(target, '@'); // as ssh: a user's name may have one

	if (at == NULL || at == target || at[1] == '\0' ||
	    !hs_text_shown(hs_str_c(target), NULL))
		return hs_cmd_usage("why", "what is asked about is USER@HOST");
	w->given = true;
	w->user = (struct hs_str){(const uint8_t *)target, (size_t)(at - target)};
	w->host = hs_str_c(at + 1);
	return HS_EXIT_DONE;
}

// As ssh sends it: with blanks between the words. What is not plain words can be in no
// scope, and is told when that matters.
static int
take_command(int argc, char **argv, struct why *w)
{
	for (int i = 0; i < argc; i++)
		hs_put_fmt(&w->line, "%s%s", i > 0 ? " " : "", argv[i]);
	if (hs_buf_err(&w->line) != HS_OK)
		return hs_cmd_usage("why", "the command is too long");
	if (hs_words_parse(hs_buf_str(&w->line), HS_COMMAND_WORDS_MAX, &w->words,
		&w->fault) != HS_OK) {
		w->words.n = 0;
		return HS_EXIT_DONE;
	}
	for (size_t i = 0; i < w->words.n; i++) {
		if (i > 0)
			hs_put_u8(&w->command, ' ');
		hs_words_put(&w->command, w->words.w[i].text, i == 0);
	}
	return HS_EXIT_DONE;
}

// As ssh's: options stand before USER@HOST or right behind it, and the rest is the command.
static int
parse(int argc, char **argv, struct why *w)
{
	int status = take_options(argc, argv, w);

	if (status != HS_EXIT_DONE || optind == argc)
		return status;
	status = take_target(argv[optind++], w);
	if (status == HS_EXIT_DONE)
		status = take_options(argc, argv, w);
	if (status == HS_EXIT_DONE)
		status = take_command(argc - optind, argv + optind, w);
	return status;
}

// What would ask for it: as typed, else as far as the daemon knows.
static void
suggest(struct why *w)
{
	const struct hs_agent_reasons *m = &w->reasons;
	struct hs_suggest_wish wish = {.user = w->given ? w->user : m->user,
	    .host = w->given ? w->host : m->host,
	    .command = hs_buf_str(&w->command),
	    .ns = w->given ? (struct hs_str){0} : m->ns};

	if (wish.ns.len > 0 || wish.user.len > 0 || wish.host.len > 0 ||
	    m->fingerprint.len > 0)
		hs_suggest_request(&w->next, &wish);
}

static int
print_json(const struct why *w, json_t *refused, json_t *permitted, const char *code)
{
	return hs_cli_print_json(json_pack("{s:o,s:o,s:o,s:s?,s:o}", "refused", refused,
	    "permitted", permitted, "shell",
	    w->commandless ? json_boolean(w->shell == HS_OK) : json_null(), "code", code,
	    "next", w->next.len > 0 ? hs_cli_json(hs_buf_str(&w->next)) : json_null()));
}

static void
put_clean_next(struct hs_buf *b, const struct why *w)
{
	if (w->next.len > 0)
		hs_put_fmt(
		    b, "Ask for it:  %.*s\n", (int)w->next.len, (const char *)w->next.p);
	if (w->fault.code != HS_OK)
		hs_put_fmt(b,
		    "The command cannot be asked for as it is: %s, at its byte %u\n",
		    hs_err_sentence(&w->fault), w->fault.column);
}

// "root@db1.example.com: ", as far as it is known.
static void
put_subject(struct hs_buf *b, const struct hs_agent_reasons *m)
{
	if (m->ns.len > 0) {
		hs_put_fmt(b, "a signature in ");
		hs_text_put_clean(b, m->ns);
	} else if (m->user.len > 0 || m->host.len > 0) {
		hs_text_put_clean(b, m->user.len > 0 ? m->user : hs_str_c("?"));
		hs_put_u8(b, '@');
		hs_text_put_clean(b, m->host.len > 0 ? m->host : hs_str_c("?"));
	} else {
		return;
	}
	hs_put_fmt(b, ": ");
}

static int
print_refused(struct why *w)
{
	const struct hs_agent_reasons *m = &w->reasons;
	struct hs_buf b = {0};

	suggest(w);
	if (w->daemon.json)
		return print_json(w,
		    json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "time",
			hs_cli_json_time(m->time), "code", hs_cli_json(m->code), "sentence",
			hs_cli_json(m->sentence), "remedy", hs_cli_json_text(m->remedy),
			"user", hs_cli_json(m->user), "host", hs_cli_json(m->host), "ns",
			hs_cli_json(m->ns), "fingerprint", hs_cli_json(m->fingerprint)),
		    json_null(), NULL);
	hs_cli_put_clock(&b, m->time, hs_cli_now(), true);
	hs_put_fmt(&b, "  refused: ");
	put_subject(&b, m);
	hs_text_put_clean(&b, m->sentence);
	hs_put_fmt(&b, " (");
	hs_text_put_clean(&b, m->code);
	hs_put_fmt(&b, ")\n");
	hs_cli_put_text(stdout, hs_buf_str(&b), "");
	hs_cli_put_text(stdout, m->remedy, "          ");
	hs_buf_reset(&b);
	if (m->fingerprint.len > 0 && m->host.len == 0) {
		hs_put_fmt(&b, "The server's key is ");
		hs_text_put_clean(&b, m->fingerprint);
		hs_put_fmt(&b,
		    ", and is known here under no name that the seat may log in to.\n"
		    "A person should check that fingerprint before the name and the key go "
		    "into known_hosts.\n");
	}
	put_clean_next(&b, w);
	hs_cli_put_text(stdout, hs_buf_str(&b), "");
	hs_buf_free(&b);
	return hs_cli_finish();
}

static int
may_it(struct why *w, struct hs_buf *may, int *allowed)
{
	struct hs_allowed_wish wish = {
	    .user = w->user, .host = w->host, .command = w->line.len > 0};
	struct hs_buf unused = {0};
	struct hs_str words[HS_COMMAND_WORDS_MAX];
	struct hs_seats seats = {0};
	int status = hs_seats_load(&w->daemon, &seats);
	size_t own = hs_seats_own(&seats);

	for (size_t i = 0; i < w->words.n; i++)
		words[i] = w->words.w[i].text;
	wish.words = words;
	wish.nwords = w->words.n;
	if (status == HS_EXIT_DONE && own == HS_SEATS_NONE)
		status = hs_daemon_malformed(&w->daemon, HS_EXT_LIST);
	if (status == HS_EXIT_DONE)
		*allowed = hs_allowed_by(&seats, own, hs_cli_now(), &wish, may);
	wish.shell = true;
	w->commandless = status == HS_EXIT_DONE && !wish.command && *allowed == HS_OK;
	if (w->commandless)
		w->shell = hs_allowed_by(&seats, own, hs_cli_now(), &wish, &unused);
	hs_buf_free(&unused);
	hs_seats_free(&seats);
	return status;
}

static int
print_scope(struct why *w)
{
	struct hs_buf may = {0}, b = {0};
	int allowed = HS_OK, status = may_it(w, &may, &allowed);

	if (status != HS_EXIT_DONE)
		goto out;
	if (allowed != HS_OK)
		suggest(w);
	if (w->daemon.json) {
		status = print_json(w, json_null(), json_boolean(allowed == HS_OK),
		    allowed == HS_OK ? NULL : hs_code_name((enum hs_code)allowed));
		goto out;
	}
	hs_put_fmt(&b, "Nothing was refused on this seat for %.*s@%.*s.\n",
	    (int)w->user.len, (const char *)w->user.p, (int)w->host.len,
	    (const char *)w->host.p);
	if (allowed == HS_OK) {
		hs_put_fmt(&b, "Your seat may do that: %.*s\n", (int)may.len,
		    may.p != NULL ? (const char *)may.p : "");
		if (w->commandless && w->shell != HS_OK)
			hs_put_fmt(&b,
			    "It takes a command: without one, handseal-shell is asked for "
			    "an interactive shell, which needs --cmd '*' and --permit pty "
			    "(%s)\n",
			    hs_code_name((enum hs_code)w->shell));
		hs_put_fmt(&b, HINT "\n");
	} else {
		hs_put_fmt(&b, "Your seat may not do that: %s (%s)\n",
		    hs_code_sentence((enum hs_code)allowed),
		    hs_code_name((enum hs_code)allowed));
		put_clean_next(&b, w);
	}
	hs_cli_put_text(stdout, hs_buf_str(&b), "");
	status = hs_cli_finish();
out:
	hs_buf_free(&may);
	hs_buf_free(&b);
	return status;
}

static int
print_nothing(const struct why *w)
{
	if (w->daemon.json)
		return print_json(w, json_null(), json_null(), NULL);
	puts("Nothing was refused on this seat.\n" HINT);
	return hs_cli_finish();
}

static int
ask(struct why *w)
{
	const struct hs_got_why *got;
	struct hs_buf user = {0}, host = {0};
	struct hs_err err = {0};
	int status = hs_daemon_query(&w->daemon);

	if (status != HS_EXIT_DONE)
		return status;
	if (!w->daemon.seat) {
		(void)hs_fail(
		    &err, HS_ERR_UNSUPPORTED, "this is no seat; below handseal run it is");
		return hs_cli_fail(w->daemon.json, &err);
	}
	hs_put_raw(&user, w->user.p, w->user.len);
	hs_put_raw(&host, w->host.p, w->host.len);
	status = hs_daemon_end(&w->daemon, hs_why(w->daemon.client, hs_cli_cstr(&user),
					       hs_cli_cstr(&host), &w->daemon.err));
	hs_buf_free(&user);
	hs_buf_free(&host);
	if (status != HS_EXIT_DONE)
		return status;
	got = hs_got_why(w->daemon.client);
	w->reasons = (struct hs_agent_reasons){.time = got->time,
	    .code = hs_str_c(got->code),
	    .sentence = hs_str_c(got->sentence),
	    .remedy = hs_str_c(got->remedy),
	    .user = hs_str_c(got->user),
	    .host = hs_str_c(got->host),
	    .ns = hs_str_c(got->ns),
	    .fingerprint = hs_str_c(got->fingerprint)};
	if (w->reasons.time > 0)
		return print_refused(w);
	w->reasons = (struct hs_agent_reasons){0};
	return w->given ? print_scope(w) : print_nothing(w);
}

int
cmd_why(int argc, char **argv)
{
	struct why w = {0};
	int status = parse(argc, argv, &w);

	if (status == -1)
		return hs_cmd_help("why");
	if (status == HS_EXIT_DONE)
		status = hs_daemon_connect(&w.daemon);
	if (status == HS_EXIT_DONE)
		status = ask(&w);
	hs_daemon_close(&w.daemon);
	hs_words_free(&w.words);
	hs_buf_free(&w.line);
	hs_buf_free(&w.command);
	hs_buf_free(&w.next);
	return status;
}
