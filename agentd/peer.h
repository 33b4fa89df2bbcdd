// SPDX-License-Identifier: ISC
//
// Who is at the other end of a connection, as far as the kernel says: the uid that
// connected, its process, and what that process was when we looked, which is when the
// connection was taken: one that runs another program between connecting and that is seen
// as the new one. On one uid none of it is proof: a process may pass its socket on, and be
// told by another what to do.
#ifndef HS_AGENTD_PEER_H
#define HS_AGENTD_PEER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "proto/err.h"
#include "proto/key.h"
#include "proto/origin.h"
#include "proto/procfs.h"

#define HS_PEER_BY_MAX 512 // no Exe of a policy is longer

struct hs_peer {
	uint64_t pid; // 0: it is opaque
	uid_t uid;
	bool opaque; // in a PID namespace that is not seen from here: nothing is known
	int pidfd;   // owned; -1: none, and then nothing was read
	// The kernel has no SO_PEERPIDFD (Linux 6.5), so pidfd was opened by number: had
	// the peer ended before, it is of whoever had that number then.
	bool pidfd_weak;
	// What was read. Either all of it is about the process of pidfd, which was alive
	// before and after, or nothing is there. What could not be read is "" or 0.
	uint64_t
	    start; // ticks since boot, as this daemon's time namespace counts; 0: unknown
	char exe[PATH_MAX];
	uint64_t exe_dev, exe_ino; // which file that is
	char cwd[PATH_MAX];
	char cgroup[HS_CGROUP_MAX + 1]; // v2, as this daemon's cgroup namespace sees it
	struct hs_procfs_id ancestors[HS_ANCESTORS_MAX]; // the nearest first; never pid 1
	size_t nancestors;
	// It is `handseal`, which asks for whoever ran it: the executable of its nearest
	// ancestor that is not, or "" where that could not be seen.
	bool fronts;
	char by[HS_PEER_BY_MAX];
	bool hashed; // exe_sha256 is there: see measure.h
	uint8_t exe_sha256[32];
	// What its connection said of itself; only hs_peer_forward changes it.
	enum hs_forwarding forwarding;
	char via[HS_FINGERPRINT_LEN + 1]; // of the host's key that proved it first, or ""
};

// Reads the peer of a connected socket. HS_ERR_IO if not even the uid can be had; pidfd is
// -1 then. hs_peer_close in any case.
int hs_peer_read(int fd, struct hs_peer *out);
// Finds out who ran it, where its executable is client, the path of `handseal`. Right after
// hs_peer_read, for it goes by what was read; what is found is of a process that was an
// ancestor then, or nothing is.
void hs_peer_read_by(struct hs_peer *p, const char *client);
void hs_peer_close(struct hs_peer *p); // closes pidfd; what was read stays
// What is known of it, without pidfd.
void hs_peer_copy(struct hs_peer *to, const struct hs_peer *p);

// From where it asks: all that is decided by that goes through here.
enum hs_origin hs_peer_origin(const struct hs_peer *p);
// Its connection says that it is forwarded; host_key, a plain key blob, proves by which
// host, and is NULL where nothing does. What was said before and is worse stays.
void hs_peer_forward(struct hs_peer *p, const struct hs_str *host_key);
// The executable that an Agent block's Exe may match: its own, or of who ran `handseal`;
// none where it is not local. "" where there is none.
const char *hs_peer_hint(const struct hs_peer *p);

// May it use a daemon that runs as uid self? Only if it is the same uid: root gets no more.
int hs_peer_allowed(const struct hs_peer *p, uid_t self);

// Its executable, opened with O_PATH, if it is alive and still runs the one that was seen;
// else -1. Never blocks, whatever file system that is on.
int hs_peer_open_exe(const struct hs_peer *p);
// The same process, with the same executable.
bool hs_peer_same(const struct hs_peer *a, const struct hs_peer *b);

// How many generations the peer was below that process: 1 for its child, 0 where it was not
// below at all: itself, more than HS_ANCESTORS_MAX away, pid 1, or not seen. An orphan is
// below whoever it was handed to (a subreaper), not below who started it.
unsigned hs_peer_distance(const struct hs_peer *p, uint64_t pid, uint64_t start);
bool hs_peer_below(const struct hs_peer *p, uint64_t runner_pid, uint64_t runner_start);

#endif
