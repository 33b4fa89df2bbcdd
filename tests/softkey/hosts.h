// SPDX-License-Identifier: ISC
//
// The hosts that the software key is plugged into, as it were: their connections, the
// operation that one of them waits for, keepalives and deadlines. Framing is hid.c's; hands
// are server.c's.
#ifndef HS_SOFTKEY_HOSTS_H
#define HS_SOFTKEY_HOSTS_H

#include <poll.h>
#include "tests/softkey/ctap.h"
#include "tests/softkey/hid.h"

#define HS_HOSTS_MAX   32
#define HS_HOSTS_NEVER UINT64_MAX

struct hs_hosts {
	struct hs_ctap *ctap;
	struct hs_hid hid;
	struct {
		int fd;	     // -1: free
		uint32_t id; // as hid.c knows it
		struct hs_buf out;
		size_t sent;
	} v[HS_HOSTS_MAX];
	uint32_t last_id;
	uint64_t touch_ms;	       // how long an operation waits for a touch
	uint64_t touch_end, keepalive; // while one waits
	bool verbose;		       // operations to stderr
};

void hs_hosts_init(struct hs_hosts *h, struct hs_ctap *c, uint64_t touch_ms, bool verbose);
// Takes a connection: closed at once while the key is unplugged, or when there are too
// many.
void hs_hosts_add(struct hs_hosts *h, int fd);
void hs_hosts_close(struct hs_hosts *h); // all

// What to poll for, and what came of it: HS_HOSTS_MAX entries each. Times are milliseconds.
void hs_hosts_fill(const struct hs_hosts *h, struct pollfd *fds);
void hs_hosts_serve(struct hs_hosts *h, const struct pollfd *fds, uint64_t now);
// Touches the operation that waits. False if none does.
bool hs_hosts_touch(struct hs_hosts *h, uint64_t now);
// Does what is due, and says when something is again.
void hs_hosts_tick(struct hs_hosts *h, uint64_t now);
uint64_t hs_hosts_due(const struct hs_hosts *h);

#endif
