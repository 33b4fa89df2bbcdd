// SPDX-License-Identifier: ISC
//
// The file behind the audit log: opening, the tail of an earlier run, appending a group.
// Blocks; the chain and who waits are audit.c's.
#ifndef HS_AGENTD_AUDIT_FILE_H
#define HS_AGENTD_AUDIT_FILE_H

#include <sys/types.h>
#include <sys/uio.h>
#include "proto/auditline.h"

// The system calls that can fail, so that tests can make them.
struct hs_audit_io {
	ssize_t (*write)(int fd, const struct iovec *v, int n);
	int (*sync)(int fd);
	int (*truncate)(int fd, off_t len);
};
extern const struct hs_audit_io hs_audit_real;

struct hs_audit_end { // the last record: its number, the hash of its line
	uint64_t seq;
	uint8_t head[HS_AUDIT_HASH];
};

struct hs_audit_file {
	int fd;
	uint64_t len; // bytes that are known to be whole, synced records
	bool dirty;   // there may be more behind them
	const struct hs_audit_io *io;
	struct hs_err err; // of the last failure
};

// Opens or makes dir/audit.jsonl, locks it, reads where the chain ends, cuts a torn line
// off.
int hs_audit_file_open(struct hs_audit_file *f, const char *dir,
    const struct hs_audit_io *io, struct hs_audit_end *end, uint64_t *torn,
    struct hs_err *err);

// Writes and syncs all of it, or leaves the file as it was (at the latest before the next
// append). HS_ERR_IO with f->err. v is used up.
int hs_audit_file_append(struct hs_audit_file *f, struct iovec *v, size_t n);
void hs_audit_file_close(struct hs_audit_file *f);

#endif
