// SPDX-License-Identifier: ISC
//
// Talking to a daemon under test. Contract in wire.h.
#include "tests/lib/wire.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "proto/agent.h"

#define DEADLINE_MS 60000

struct hs_wire wire = {.sock = -1};

void
wire_die(const char *what)
{
	fprintf(stderr, "agentctl: %s\n", what);
	exit(1);
}

void
wire_dial(void)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	const char *path = getenv("HANDSEAL_SOCK");

	if (path == NULL || strlen(path) >= sizeof sun.sun_path)
		wire_die("HANDSEAL_SOCK");
	memcpy(sun.sun_path, path, strlen(path));
	wire.sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (wire.sock < 0 || connect(wire.sock, (struct sockaddr *)&sun, sizeof sun) != 0)
		wire_die(strerror(errno));
}

void
wire_send(const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t did = send(wire.sock, p, n, MSG_NOSIGNAL);

		if (did <= 0)
			return; // what was answered is still read
		p += did;
		n -= (size_t)did;
	}
}

// The next reply's wire.body. False when the daemon ended the connection.
bool
wire_receive(void)
{
	uint8_t chunk[65536];
	size_t used;

	for (;;) {
		struct pollfd p = {.fd = wire.sock, .events = POLLIN};
		ssize_t n;
		int rc = hs_agent_frame(
		    (struct hs_str){wire.in.p + wire.used, wire.in.len - wire.used},
		    &wire.body, &used);

		if (rc == HS_OK) {
			wire.used += used;
			return true;
		}
		if (rc != HS_ERR_SHORT)
			wire_die("a malformed frame came");
		if (poll(&p, 1, DEADLINE_MS) != 1)
			wire_die("no answer");
		n = recv(wire.sock, chunk, sizeof chunk, 0);
		if (n <= 0)
			return false;
		if (wire.used == wire.in.len) {
			hs_buf_reset(&wire.in);
			wire.used = 0;
		}
		hs_put_raw(&wire.in, chunk, (size_t)n);
	}
}
