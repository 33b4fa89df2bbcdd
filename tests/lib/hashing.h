// SPDX-License-Identifier: ISC
//
// A peer whose executable is a copy of the test's program, and who asks for its hash, on a
// pool of one thread that the test can hold up. For tests of agentd/exehash.h.
#ifndef HS_TESTS_HASHING_H
#define HS_TESTS_HASHING_H

#include "agentd/exehash.h"
#include "tests/lib/peers.h"

struct hashing {
	uv_loop_t loop;
	struct hs_exehash *h;
	struct peers_one one;
	struct hs_peer peer;
	char path[PATH_MAX]; // of its executable
	uint8_t want[32];
};
extern struct hashing hashing;

struct hashing_asked {
	struct hs_exehash_ask *ask;
	int calls, code;
	uint8_t sha256[32];
	void (*then)(struct hashing_asked *a); // from within
	struct hashing_asked *other;
};

// First in main: as peers_program, and the pool has one thread.
int hashing_program(int argc, char **argv);
void hashing_begin(uint64_t settled_ms);
void hashing_end(void);

bool hashing_ask(struct hashing_asked *a); // true if it is to be waited for
void hashing_done(void *asked, int code, const uint8_t *sha256);
void hashing_finish(void); // turns the loop until nothing is left to do
void hashing_got(const struct hashing_asked *a, int code); // once; if HS_OK, what is right

void hashing_hold(void);	      // the pool does nothing from now on
void hashing_release(void);	      // but what it was given meanwhile
void hashing_touch(const char *file); // changes it, until its change time is seen to move
void hashing_sha256(const char *file, uint8_t out[static 32]);

#endif
