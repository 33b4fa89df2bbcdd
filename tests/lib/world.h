// SPDX-License-Identifier: ISC
//
// handseald without its main, in a cmocka test's own loop: one enrolled key, a helper that
// is this very program under another name and does what the test says, a log whose disk can
// be slow or broken, and clients. The test turns the loop, so that it can look at an asking
// in any state.
#ifndef HS_TESTS_WORLD_H
#define HS_TESTS_WORLD_H

#include <stdatomic.h>
#include "agentd/asking.h"
#include "agentd/events.h"
#include "tests/lib/mint.h"

#define WORLD_DIR	  "/tmp/hs-world."
#define WORLD_DEADLINE_MS 120000

extern char world_dir[];
extern struct hs_settings world_set; // show_ms and gap_ms are the test's to change
extern struct hs_mint world_agent;   // a requester's key
extern atomic_int world_log_held, world_log_broken; // the log's sync waits; then fails

struct world {
	uv_loop_t loop;
	struct hs_daemon d;
	struct hs_policyfile policy;
	uv_pipe_t listener;
	int client;	   // connected
	struct hs_buf got; // what it read and did not take yet
};

// Of the group: a scratch folder with a root. First in main: what this process is if it is
// the helper or the askpass program; -1: it is the test.
int world_prepare(void **state);
int world_clear(void **state);
int world_program(int argc, char **argv);

// What the helper does next: "sign" at once; "wait" until world_touch; "lie"; "unverified",
// whatever was demanded; or a code's stable name, which it answers. A PIN that it is given
// is kept for world_pin.
void world_helper(const char *how);
void world_touch(void);
void world_pin(const char *want); // the helper was given this PIN; "" none

// A policy file, read when a world begins, or by hs_daemon_reload; NULL: none.
void world_policy(const char *text);
// The environment in which prompts are shown; a world that begins takes it. NULL: none.
void world_prompts(char *const *env);

void world_begin(struct world *w);
void world_reload(struct world *w, const char *policy);
void world_end(struct world *w); // fails if a handle or an asking is left

void world_turn(struct world *w);
// Turns until the oldest asking is in that state; -1: until there is none.
void world_until(struct world *w, int state);
int world_dial(void);		     // another client
int world_dial_at(const char *path); // of that socket
int world_fds(void);		     // descriptors that are open here
// Those that are no files or folders, which the pool opens and closes when it likes.
int world_streams(void);
void world_streams_are(struct world *w, int want); // soon

// Frames of a client; fd -1: none is passed.
void world_send(int sock, const char *ext, void (*put)(struct hs_buf *, const void *),
    const void *m, int fd);
#define WORLD_PUT(name) ((void (*)(struct hs_buf *, const void *))hs_agent_##name##_put)
void world_open(int sock, const char *scope, uint64_t ttl);
// For world_agent's key, with a proof for the session that is open.
void world_request(
    struct world *w, int sock, const char *scope, const char *agent, const char *reason);
void world_request_direct(
    struct world *w, int sock, const char *scope, const char *agent, const char *reason);
void world_pending(int sock, const char *code, uint32_t wait);
void world_pending_by_key(int sock, const char *code, uint32_t wait);
void world_answer(int sock, const char *code, enum hs_agent_answer_what what, int pin_fd);
void world_watch(struct world *w, int sock); // follows events as one who shows prompts

// The last record of the log that holds what, with its line's end, until the next call; ""
// where none does.
const char *world_record(const char *what);

// Turns until the client has a reply, and takes it: its body, a view that lives until the
// next.
struct hs_str world_frame(struct world *w, int sock);
// Turns until the client has a reply to ext, and takes it. The views live until the next.
enum hs_agent_status world_reply(
    struct world *w, int sock, const char *ext, struct hs_rd *body);
void world_refused(struct world *w, int sock, const char *ext, enum hs_code code);
// The same for status 2; and then no executable is being hashed any more.
void world_asked(struct world *w, int sock, const char *ext, char code[static 4]);

#endif
