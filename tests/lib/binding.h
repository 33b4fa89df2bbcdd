// SPDX-License-Identifier: ISC
//
// Binds of a connection (session-bind@openssh.com), good and not, in the daemon's loop
// (seating.h). Only for tests that are linked with agentd's objects.
#ifndef HS_TESTS_BINDING_H
#define HS_TESTS_BINDING_H

#include "agentd/seatbind.h"
#include "proto/sessionbind.h"
#include "tests/lib/hostmint.h"
#include "tests/lib/seating.h"

struct bind {
	const struct hostmint *host;
	bool forwarding, bad;
	size_t cut; // bytes that are missing at the end
};

static inline void
put_bind(struct hs_buf *b, const struct bind *m)
{
	struct hs_buf sig = {0};
	struct hs_str session = hs_str_c("the session");

	hostmint_sign(&sig, m->host, NULL, m->bad ? hs_str_c("another") : session);
	hs_put_str(b, hs_buf_str(&m->host->blob));
	hs_put_str(b, session);
	hs_put_str(b, hs_buf_str(&sig));
	hs_put_u8(b, m->forwarding);
	b->len -= m->cut;
	hs_buf_free(&sig);
}

// Is it answered so?
static inline bool
binds(int sock, const struct bind *m, enum hs_agent_msg answer)
{
	struct hs_str frame;

	world_send(sock, HS_EXT_SESSION_BIND,
	    (void (*)(struct hs_buf *, const void *))put_bind, m, -1);
	frame = world_frame(&w, sock);
	return frame.len == 1 && frame.p[0] == answer;
}

#endif
