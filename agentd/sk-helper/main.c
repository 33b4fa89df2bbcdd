// SPDX-License-Identifier: ISC
//
// handseal-sk-helper: one request, one ceremony, one answer (docs/PROTOCOL.helper). The
// only program that talks to a security key, and it does nothing else.
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>
#include "agentd/sk-helper/enroll.h"
#include "agentd/sk-helper/sandbox.h"
#include "agentd/sk-helper/sign.h"
#include "agentd/sk-helper/stdio.h"

enum { EXIT_ANSWERED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

#define REQUEST_MS 5000 // whoever starts us has the request ready

static void
put_failure(
    struct hs_buf *answer, enum hs_helper_op op, uint8_t retries, const struct hs_err *err)
{
	const struct hs_helper_answer m = {.op = op,
	    .code = err->code,
	    .sentence = hs_str_c(hs_err_sentence(err)),
	    .retries = retries};

	hs_buf_reset(answer);
	hs_helper_answer_put(answer, &m);
}

// What came in, as a request; or why it is none.
static int
get_request(struct hs_buf *frame, struct hs_helper_request *req, struct hs_err *err)
{
	int rc = hs_stdio_read(STDIN_FILENO, REQUEST_MS, frame, err);

	if (rc != HS_OK)
		return rc;
	rc = hs_helper_request_parse(hs_buf_str(frame), req);
	if (rc == HS_ERR_UNSUPPORTED)
		return hs_fail(err, HS_ERR_UNSUPPORTED,
		    "the request is of another version of handseal than this helper");
	if (rc != HS_OK)
		return hs_fail(err, (enum hs_code)rc, "the request cannot be read: %s",
		    hs_code_sentence((enum hs_code)rc));
	return hs_sandbox_pin(req->op == HS_HELPER_ENROLL   ? req->enroll.pin
			      : req->op == HS_HELPER_REVOKE ? req->revoke.pin
							    : req->sign.pin,
	    err);
}

int
main(int argc, char **argv)
{
	static struct hs_helper_request req; // read by threads, maybe until the end
	static struct hs_buf frame;	     // req points into it
	struct hs_buf answer = {0};
	struct hs_err err = {0};
	uint8_t retries = HS_HELPER_RETRIES_UNKNOWN;
	bool stuck = false;
	int rc;

	(void)argv;
	if (argc != 1) {
		fputs("usage: handseal-sk-helper <request >answer\n", stderr);
		return EXIT_USAGE;
	}
	if (hs_sandbox_enter(&err) != HS_OK || sodium_init() < 0) {
		fprintf(stderr, "handseal-sk-helper: %s\n", hs_err_sentence(&err));
		return EXIT_FAILED;
	}
	rc = get_request(&frame, &req, &err);
	if (rc == HS_OK && req.op == HS_HELPER_ENROLL)
		rc = hs_enroll(&req.enroll, &answer, &retries, &stuck, &err);
	else if (rc == HS_OK && req.op == HS_HELPER_REVOKE)
		rc = hs_sign_list(&req.revoke, &answer, &retries, &stuck, &err);
	else if (rc == HS_OK)
		rc = hs_sign(&req.sign, &answer, &retries, &stuck, &err);
	if (rc != HS_OK) {
		err.code = (enum hs_code)rc;
		put_failure(&answer, req.op, retries, &err);
	}
	rc = hs_buf_err(&answer);
	if (rc == HS_OK)
		rc = hs_stdio_write(STDOUT_FILENO, hs_buf_str(&answer));
	if (stuck) // its thread still uses what is freed on a way out
		_exit(rc == HS_OK ? EXIT_ANSWERED : EXIT_FAILED);
	hs_buf_free(&answer);
	hs_buf_free(&frame);
	return rc == HS_OK ? EXIT_ANSWERED : EXIT_FAILED;
}
