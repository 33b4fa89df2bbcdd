// SPDX-License-Identifier: ISC
//
// What the test clients that are programs share above wire.h: an extension out, its answer
// in, and how they print. Whatever is wrong ends the program. Not for unit tests.
#ifndef HS_TESTS_AGENTWIRE_H
#define HS_TESTS_AGENTWIRE_H

#include "proto/agent.h"
#include "tests/lib/wire.h"

// Sends the extension ext with what put makes of m, and fd with it unless it is -1.
void hs_wire_send_fd(
    const char *ext, void (*put)(struct hs_buf *, const void *), const void *m, int fd);
void hs_wire_send(
    const char *ext, void (*put)(struct hs_buf *, const void *), const void *m);
#define HS_WIRE_PUT(name) ((void (*)(struct hs_buf *, const void *))hs_agent_##name##_put)

// Takes the reply to ext; prints a refusal and exits 3.
struct hs_rd hs_wire_answer(const char *ext, enum hs_agent_status *status);

void hs_wire_show(const char *word, struct hs_str s);
void hs_wire_show_hex(struct hs_str s);
void hs_wire_check(int rc);		      // ends the program unless it is HS_OK
struct hs_str hs_wire_file(const char *path); // its bytes, until the next call

// An agent's key from a seed: its blob, and its signature blob over a message, as a proof.
void hs_wire_key(const char *seed, struct hs_buf *key);
void hs_wire_sign(const char *seed, const struct hs_buf *message, struct hs_buf *proof);

// Appends a whole frame of `request`, for a key made anew and forgotten, with its proof.
void hs_wire_request_frame(
    const char *session, const char *scope, const char *agent, struct hs_buf *out);

#endif
