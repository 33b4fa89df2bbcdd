// SPDX-License-Identifier: ISC
//
// softkey: a FIDO2 authenticator in software, for tests and the demo. It speaks CTAPHID
// over a Unix socket, so that libfido2's framing and CBOR run as with a real key, and is
// touched by a command (softkey-ctl). Its secrets lie in a file: it proves nothing of
// anyone's hand, and its attestation certificate says SIMULATED. This file reads the
// command line.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "proto/text.h"
#include "tests/softkey/server.h"

#define TOUCH_SECONDS	  30
#define TOUCH_SECONDS_MAX 3600

struct options {
	struct hs_server_options server;
	const char *state;
	bool auto_touch;
};

static int
usage(const char *why)
{
	fprintf(stderr,
	    "softkey: %s\n"
	    "usage: softkey -s SOCKET -c CONTROL -S STATE [-a] [-t SECONDS] [-v]\n"
	    "  -s SOCKET   where hosts connect, a report a packet (softkey:SOCKET)\n"
	    "  -c CONTROL  where softkey-ctl connects\n"
	    "  -S STATE    the file that holds the key\n"
	    "  -a          every operation is touched at once\n"
	    "  -t SECONDS  how long an operation waits for a touch (30)\n"
	    "  -v          operations to standard error\n",
	    why);
	return 2;
}

// 0, or the exit status.
static int
read_options(int argc, char **argv, struct options *o)
{
	uint64_t seconds = TOUCH_SECONDS;
	int opt;

	opterr = 0;
	while ((opt = getopt(argc, argv, "s:c:S:t:av")) != -1) {
		switch (opt) {
		case 's':
			o->server.hosts = optarg;
			break;
		case 'c':
			o->server.control = optarg;
			break;
		case 'S':
			o->state = optarg;
			break;
		case 'a':
			o->auto_touch = true;
			break;
		case 'v':
			o->server.verbose = true;
			break;
		case 't':
			if (hs_text_u64(hs_str_c(optarg), TOUCH_SECONDS_MAX, &seconds) !=
				HS_OK ||
			    seconds == 0)
				return usage("-t wants 1 to 3600 seconds");
			break;
		default:
			return usage("an option is unknown or lacks its argument");
		}
	}
	o->server.touch_ms = seconds * 1000;
	if (optind != argc)
		return usage("there is a word too many");
	if (o->server.hosts == NULL || o->server.control == NULL || o->state == NULL)
		return usage("-s, -c and -S are needed");
	return 0;
}

int
main(int argc, char **argv)
{
	struct hs_err err = {0};
	struct options o = {0};
	struct hs_server *server = NULL;
	struct hs_ctap *ctap = NULL;
	int rc = read_options(argc, argv, &o);

	if (rc != 0)
		return rc;
	rc = hs_ctap_new(&ctap, o.state, &err);
	if (rc == HS_OK) {
		ctap->auto_touch = o.auto_touch;
		rc = hs_server_new(&server, ctap, &o.server, &err);
	}
	if (rc == HS_OK) {
		printf("ready %s\n", o.server.hosts);
		if (fflush(stdout) != 0)
			rc = hs_fail(&err, HS_ERR_IO, "stdout: %s", strerror(errno));
	}
	if (rc == HS_OK)
		rc = hs_server_run(server, &err);
	if (rc != HS_OK)
		fprintf(stderr, "softkey: %s\n", hs_err_sentence(&err));
	hs_server_free(server);
	hs_ctap_free(ctap);
	return rc == HS_OK ? 0 : 1;
}
