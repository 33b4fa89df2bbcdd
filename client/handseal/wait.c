// SPDX-License-Identifier: ISC
//
// handseal wait: fetches what became of a request, by its code and a proof of the key that
// it was made for; on a seat by its code alone.
#include <getopt.h>
#include <string.h>
#include "client/handseal/cmd.h"
#include "client/handseal/issued.h"
#include "client/handseal/options.h"
#include "proto/names.h"

struct fetch {
	struct hs_daemon daemon;
	struct hs_outcome outcome;
	struct hs_subject subject;
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

static int
prove(struct fetch *f, struct hs_buf *key, struct hs_buf *proof)
{
	struct hs_buf message = {0}, to_sign = {0};
	struct hs_err err = {0};
	int rc;

	hs_key_put(key, &f->subject.key);
	hs_agent_put_wait_message(&message, hs_str_c(f->outcome.code), hs_buf_str(key));
	hs_sshsig_put_signed(&to_sign, HS_NS_REQUEST, hs_buf_str(&message));
	rc = hs_buf_err(&to_sign);
	if (rc == HS_OK)
		rc = hs_subject_sign(&f->subject, hs_buf_str(&to_sign), proof, &err);
	if (rc != HS_OK && err.code == HS_OK)
		(void)hs_fail(&err, (enum hs_code)rc, "the proof could not be made");
	hs_buf_free(&message);
	hs_buf_free(&to_sign);
	return rc == HS_OK ? HS_EXIT_DONE
			   : hs_cli_fail_with(f->daemon.json, HS_EXIT_FAILED,
				 hs_str_c(hs_code_name(err.code)),
				 hs_str_c(hs_err_sentence(&err)), hs_str_c(""));
}

// The key, where it is not the daemon that has it.
static int
find_key(struct fetch *f, struct hs_buf *key, struct hs_buf *proof)
{
	struct hs_err err = {0};
	int status = hs_daemon_query(&f->daemon);

	if (status != HS_EXIT_DONE)
		return status;
	if (f->daemon.seat)
		return f->key == NULL && f->out == NULL
			   ? HS_EXIT_DONE
			   : hs_cmd_usage("wait", "%s", HS_DAEMON_SEAT_KEY);
	if (f->key == NULL)
		return no_key();
	if (hs_subject_load(&f->subject, f->key, f->out, &err) != HS_OK)
		return hs_cli_fail(f->daemon.json, &err);
	return prove(f, key, proof);
}

static int
fetch(struct fetch *f)
{
	struct hs_issued issued = {.daemon = &f->daemon, .code = f->outcome.code};
	struct hs_buf key = {0}, proof = {0};
	int status = hs_daemon_connect(&f->daemon);

	if (status == HS_EXIT_DONE)
		status = find_key(f, &key, &proof);
	if (!f->daemon.seat) {
		issued.subject = &f->subject;
		issued.asked.key = &f->subject.key;
	}
	f->outcome.key = hs_buf_str(&key);
	f->outcome.proof = hs_buf_str(&proof);
	if (status == HS_EXIT_DONE)
		status = hs_issued_wait(&issued, &f->outcome);
	hs_buf_free(&key);
	hs_buf_free(&proof);
	return status;
}

int
cmd_wait(int argc, char **argv)
{
	struct fetch f = {.daemon.conn.fd = -1, .outcome.wait = HS_WAIT_DEFAULT};
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
