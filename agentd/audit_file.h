// SPDX-License-Identifier: ISC
//
// The files behind the audit log (docs/PROTOCOL.audit "Files"): opening, the tail of an
// earlier run, appending a group, going on in a new file. Blocks; the chain and who waits
// are audit.c's.
#ifndef HS_AGENTD_AUDIT_FILE_H
#define HS_AGENTD_AUDIT_FILE_H

#include <sys/types.h>
#include <sys/uio.h>
#include "proto/auditline.h"
#include "proto/limits.h"

// The system calls that can fail, so that tests can make them. As their namesakes; rename
// never replaces anything.
struct hs_audit_io {
	ssize_t (*write)(int fd, const struct iovec *v, int n, off_t at);
	int (*sync)(int fd);
	int (*truncate)(int fd, off_t len);
	int (*open)(int dir, const char *name, int flags, mode_t mode);
	int (*rename)(int dir, const char *from, const char *to);
	int (*unlink)(int dir, const char *name);
	int (*sync_dir)(int dir);
};
extern const struct hs_audit_io hs_audit_real;

#define HS_AUDIT_NAME "audit.jsonl"
#define HS_AUDIT_LOCK "audit.lock"

// Of what is not synced yet there is at most this and a record more.
#define HS_AUDIT_GROUP_MAX HS_BUF_MAX

struct hs_audit_end { // the last record: its number, the hash of its line
	uint64_t seq;
	uint8_t head[HS_AUDIT_HASH];
};

struct hs_audit_torn {	// what a crash left of records that nobody was told of
	uint64_t bytes; // 0: nothing
	uint8_t sha256[HS_AUDIT_HASH];
};

struct hs_audit_file {
	int dir, lock;
	int fd;		     // of the current file; -1: it is still to be made
	uint64_t first;	     // seq of its first record; 0: it has none
	uint64_t first_time; // of that; Unix seconds
	uint64_t len;	     // bytes that are known to be whole, synced records
	uint64_t end;	     // its size: NULs from len on
	bool dirty;	     // there may be more than NULs behind len
	bool over;	     // the next group goes to a new file
	char broke[160];     // why it ended as it should not; "": it did not
	const struct hs_audit_io *io;
	struct hs_err err; // of the last failure
};

// Opens or makes dir/audit.jsonl, locks the log, reads where the chain ends, and sets aside
// what was torn.
int hs_audit_file_open(struct hs_audit_file *f, const char *dir,
    const struct hs_audit_io *io, struct hs_audit_end *end, struct hs_audit_torn *torn,
    struct hs_err *err);

struct hs_audit_group {
	const struct iovec *v;
	size_t n;
	uint64_t bytes;	      // of all
	uint64_t first, time; // of its first record
	bool ahead; // more will come at once: make the file longer than it need be
	bool last;  // nothing follows in this file
};
// Writes and syncs all of it, where need be to a new file, or none of it counts: it is cut
// off again, at the latest before the next append. HS_ERR_IO with f->err. f->broke is set
// where a file ended as it should not; it is for the caller to clear.
int hs_audit_file_append(struct hs_audit_file *f, const struct hs_audit_group *g);
// Cuts off what was made ahead. May fail: then it stays.
void hs_audit_file_settle(struct hs_audit_file *f);
void hs_audit_file_close(struct hs_audit_file *f);

// For the parts of this. Names: audit.KIND.SEQ or, for KIND "", audit.SEQ.jsonl.
#define HS_AUDIT_NAME_MAX 64
void hs_audit_file_name(char out[static HS_AUDIT_NAME_MAX], const char *kind, uint64_t seq);
// The seq in the name of a finished file; 0: it is not one's.
uint64_t hs_audit_file_seq(const char *name);
// Copies from..to of the current file into dir/name, and syncs that. HS_ERR_IO, f->err.
int hs_audit_file_aside(
    struct hs_audit_file *f, const char *name, uint64_t from, uint64_t to);
int hs_audit_file_sync(struct hs_audit_file *f, int fd); // whatever interrupts it
// Where the records of an open file end (audit_tail.c). *keep: bytes of whole records;
// *data: where more than NULs ends; *end: the last record, seq 0 where there is none;
// *rotated: that is a "rotate". HS_ERR_FORMAT: it does not end as a log does; HS_ERR_IO.
struct hs_audit_tail {
	uint64_t keep, data;
	struct hs_audit_end end;
	uint64_t time; // of the last record
	bool rotated;
};
int hs_audit_tail_read(int fd, uint64_t size, struct hs_audit_tail *out);
// The first record of a file that has one.
int hs_audit_tail_first(int fd, uint64_t *seq, uint64_t *time);

#endif
