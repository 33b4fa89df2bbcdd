// SPDX-License-Identifier: ISC
//
// What /proc says of a process, taken apart (proc_pid_stat(5), proc_pid_cgroup(5)). A
// process chooses its own name and may choose its cgroup's, so these are hostile bytes.
// Pure: reading the files, and that they are of the right process, is agentd/peer.c's.
#ifndef HS_PROTO_PROCFS_H
#define HS_PROTO_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "proto/buf.h"

#define HS_CGROUP_MAX	 255 // bytes of a cgroup's path that are kept
#define HS_ANCESTORS_MAX 32

// A process: pids are used again, a pid together with its start is not.
struct hs_procfs_id {
	uint64_t pid;
	uint64_t start; // ticks since boot, field 22 of its stat
};

struct hs_procfs_stat {
	struct hs_procfs_id id;
	uint64_t ppid; // 0: its parent is in another PID namespace, or it has none
};

// The text of /proc/PID/stat, whatever the name in it holds. HS_ERR_FORMAT, also where the
// text was cut within or right behind field 22.
int hs_procfs_stat_get(struct hs_str text, struct hs_procfs_stat *out);

// The path in the v2 line, "0::/path", of /proc/PID/cgroup: a view of its first
// HS_CGROUP_MAX bytes. HS_NO_SUCH if there is no such line.
int hs_procfs_cgroup_get(struct hs_str text, struct hs_str *path);

// The systemd unit in a cgroup's path that says something: the last of its parts that is a
// service or a scope, but for those that every process of a login has (session-N.scope,
// user@N.service, init.scope). A view; empty where there is none.
struct hs_str hs_procfs_unit(struct hs_str cgroup);

// Of /proc/self/status: HS_OK if that /proc counts processes as our own PID namespace does,
// so that "NSpid:" is one number; HS_NO_SUCH where it is of an outer one.
int hs_procfs_counts_alike(struct hs_str text);

// Of /proc/PID/status: the uid, where real, effective, saved and filesystem's are one;
// HS_NO_SUCH where they differ, HS_ERR_FORMAT.
int hs_procfs_uid_get(struct hs_str text, uint64_t *uid);

// Of /proc/PID/cmdline: does it read as sshd's process of one connection calls itself,
// "sshd: NAME@TERMINALS" ("sshd-session:" from 9.8 on)? Its listener does not. Any process
// can call itself so: to be asked only of one's own ancestors.
bool hs_procfs_is_connection(struct hs_str cmdline);

// Reads a process's stat of now, and checks that it is that pid's; else any other code.
typedef int hs_procfs_look(void *arg, uint64_t pid, struct hs_procfs_stat *out);

// The ancestors of pid, the nearest first, up to but without pid 1, or until one cannot be
// seen. Each is looked at between two looks at its child, so that a pid which was used
// again in between is noticed; then it begins anew, and after a few times gives up. Returns
// their number; 0 where it gave up.
size_t hs_procfs_ancestry(hs_procfs_look *look, void *arg, uint64_t pid,
    struct hs_procfs_id out[static HS_ANCESTORS_MAX]);

#endif
