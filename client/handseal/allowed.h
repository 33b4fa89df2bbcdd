// SPDX-License-Identifier: ISC
//
// Would a seat's scopes permit one login or command? For telling a person what is missing:
// the daemon and the server decide by themselves. Pure.
#ifndef HS_CLIENT_ALLOWED_H
#define HS_CLIENT_ALLOWED_H

#include "client/handseal/seats.h"

// As it would be typed behind ssh.
struct hs_allowed_wish {
	struct hs_str user, host;
	bool command; // false: only whether it may log in
	bool shell;   // and no command: an interactive shell
	const struct hs_str *words;
	size_t nwords;
};

// By the scope of s->v[seat], or one that a touch gave it beside, from whatever address it
// allows. HS_OK, with what it may there appended to may in short; HS_NO_USES, HS_NO_EXPIRED
// where only a spent or ended one would; else the narrowest reason that they share, as
// hs_scope_permits has it, or HS_ERR_SCOPE where none can be read.
int hs_allowed_by(const struct hs_seats *s, size_t seat, uint64_t now,
    const struct hs_allowed_wish *wish, struct hs_buf *may);

#endif
