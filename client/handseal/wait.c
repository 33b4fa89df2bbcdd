// SPDX-License-Identifier: ISC
//
// handseal wait: fetches what became of a request, by its code and a proof of the key that
// it was made for; on a seat by its code alone.
#include <getopt.h>
#include <string.h>
#include "client/handseal/cmd.h"
#include "client/handseal/issued.h"
#include "client/handseal/options.h"

struct fetch {
	struct hs_daemon daemon;
	struct hs_outcome outcome;
	struct hs_subject subject;
	struct hs_holder holder;
	const char *key, *out;
};

static int
no_key(void)
{
	return hs_cmd_usage("wait", "--key PUB says which key the request was made for");
}

static int
parse_options(int argc, char **argv, struct fetch *f)
{
	static const struct option longs[] = {{"key", required_argument, NULL, 'k'},
	    {"wait", required_argument, NULL, 'w'}, {"json", no_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'}, {0}};
	int opt, status = HS_EXIT_DONE;

	while (status == HS_EXIT_DONE &&
	       (opt = getopt_long(argc, argv, "ho:", longs, NULL)) != -1) {
		if (opt == 'h')
			return -1;
		if (opt == 'k')
			f->key = optarg;
		else if (opt == 'o')
			f->out = optarg;
		else if (opt == 'j')
			f->daemon.json = true;
		else if (opt == 'w')
			status = hs_options_wait("wait", optarg, &f->outcome.wait);
		else
			status = hs_cmd_usage("wait", "wait does not take that");
	}
	if (status != HS_EXIT_DONE)
		return status;
	if (argc - optind != 1)
		return hs_cmd_usage("wait", "wait needs one CODE");
	if (hs_answer_code(argv[optind], f->outcome.code) != HS_OK)
		return hs_cmd_usage("wait",
		    "a code has three of the letters and digits that request showed");
	return f->out != NULL && f->out[0] == '\0' ? no_key() : HS_EXIT_DONE;
}

// The key, where it is not the daemon that has it.
static int
find_key(struct fetch *f)
{
	struct hs_err err = {0};
	int rc, status = hs_daemon_query(&f->daemon);

	if (status != HS_EXIT_DONE)
		return status;
	if (f->daemon.seat)
		return f->key == NULL && f->out == NULL
			   ? HS_EXIT_DONE
			   : hs_cmd_usage("wait", "%s", HS_DAEMON_SEAT_KEY);
	if (f->key == NULL)
		return no_key();
	rc = hs_subject_load(&f->subject, f->key, f->out, &err);
	if (rc == HS_OK)
		rc = hs_subject_holder(&f->subject, &f->holder, &err);
	f->outcome.holder = &f->holder;
	return rc == HS_OK ? HS_EXIT_DONE : hs_cli_fail(f->daemon.json, &err);
}

static int
fetch(struct fetch *f)
{
	struct hs_issued issued = {.daemon = &f->daemon, .code = f->outcome.code};
	int status = hs_daemon_connect(&f->daemon);

	if (status == HS_EXIT_DONE)
		status = find_key(f);
	if (!f->daemon.seat) {
		issued.subject = &f->subject;
		f->daemon.undone = "Nothing was written";
	}
	if (status == HS_EXIT_DONE)
		status = hs_issued_wait(&issued, &f->outcome);
	return status;
}

int
cmd_wait(int argc, char **argv)
{
	struct fetch f = {.outcome = {.wait = HS_WAIT_DEFAULT, .fetched = true}};
	int status;

	f.outcome.daemon = &f.daemon;
	status = parse_options(argc, argv, &f);
	if (status == -1)
		return hs_cmd_help("wait");
	if (status == HS_EXIT_DONE)
		status = fetch(&f);
	hs_daemon_close(&f.daemon);
	hs_subject_free(&f.subject);
	return status;
}
