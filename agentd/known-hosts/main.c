// SPDX-License-Identifier: ISC
//
// handseal-known-hosts: one request, one look at the known_hosts files, one answer
// (docs/PROTOCOL.knownhosts). Apart from handseald, since what is parsed here is not ours,
// and neither is who parses it.
#include <libssh/libssh.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>
#include "agentd/known-hosts/gather.h"
#include "agentd/sk-helper/sandbox.h"
#include "agentd/sk-helper/stdio.h"

enum { EXIT_ANSWERED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

#define REQUEST_MS 5000 // whoever starts us has the request ready

// What came in, as a request; or why it is none.
static int
get_request(struct hs_buf *frame, struct hs_knownhosts_request *req, struct hs_err *err)
{
	int rc = hs_stdio_read(STDIN_FILENO, REQUEST_MS, frame, err);

	if (rc != HS_OK)
		return rc;
	rc = hs_knownhosts_request_parse(hs_buf_str(frame), req);
	if (rc == HS_ERR_UNSUPPORTED)
		return hs_fail(err, HS_ERR_UNSUPPORTED,
		    "the request is of another version of handseal than this program");
	if (rc != HS_OK)
		return hs_fail(err, (enum hs_code)rc, "the request cannot be read: %s",
		    hs_code_sentence((enum hs_code)rc));
	return HS_OK;
}

static void
put_failure(struct hs_buf *answer, const struct hs_err *err)
{
	static struct hs_knownhosts_answer m; // too large for the stack

	m.code = err->code;
	m.sentence = hs_str_c(hs_err_sentence(err));
	hs_buf_reset(answer);
	hs_knownhosts_answer_put(answer, &m);
}

int
main(int argc, char **argv)
{
	static struct hs_knownhosts_request req;
	struct hs_buf frame = {0}, answer = {0};
	struct hs_err err = {0};
	int rc;

	(void)argv;
	if (argc != 1) {
		fputs("usage: handseal-known-hosts <request >answer\n", stderr);
		return EXIT_USAGE;
	}
	if (hs_sandbox_enter(&err) != HS_OK || hs_sandbox_pin(false, &err) != HS_OK ||
	    sodium_init() < 0 || ssh_init() != SSH_OK) {
		fprintf(stderr, "handseal-known-hosts: %s\n", hs_err_sentence(&err));
		return EXIT_FAILED;
	}
	rc = get_request(&frame, &req, &err);
	if (rc == HS_OK)
		rc = hs_gather(&req, &answer, &err);
	if (rc != HS_OK)
		put_failure(&answer, &err);
	rc = hs_buf_err(&answer);
	if (rc == HS_OK)
		rc = hs_stdio_write(STDOUT_FILENO, hs_buf_str(&answer));
	hs_buf_free(&answer);
	hs_buf_free(&frame);
	(void)ssh_finalize();
	return rc == HS_OK ? EXIT_ANSWERED : EXIT_FAILED;
}
