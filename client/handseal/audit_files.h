// SPDX-License-Identifier: ISC
//
// The files of an audit log, line by line: the one that is written, those that were rotated
// away, or copies of them. Not for what is in the lines (proto/auditread.h).
#ifndef HS_CLIENT_AUDIT_FILES_H
#define HS_CLIENT_AUDIT_FILES_H

#include "client/handseal/paths.h"
#include "proto/auditcheck.h"

#define HS_AUDIT_FILE "audit.jsonl" // the one that is written

struct hs_auditfile {
	char *path;
	uint64_t first; // number of its first record, 0: it has none that can be read
};

struct hs_auditfiles {
	struct hs_auditfile *v; // owned, in the order of their records
	size_t n;
};

// paths: files, or folders, which stand for all of an audit log that is in them; none of
// them: the log of the user. HS_NO_SUCH, HS_ERR_IO, HS_ERR_NOMEM. hs_auditfiles_free
// always.
int hs_auditfiles_find(
    struct hs_auditfiles *out, char *const *paths, size_t npaths, struct hs_err *err);
void hs_auditfiles_free(struct hs_auditfiles *f);

// One file, read by and by.
struct hs_auditreader {
	int fd;
	uint8_t *p; // owned
	size_t at, end;
	uint64_t offset; // in the file, of p[at]
	uint64_t line;	 // of the last line given
	bool ended;	 // as of the last call
};
int hs_auditreader_open(struct hs_auditreader *r, const char *path, struct hs_err *err);
void hs_auditreader_close(struct hs_auditreader *r);

// The next line with its LF, valid until the next call: 1. A line that is no record's,
// since it is too long or holds NULs, is given all the same, perhaps in parts. 0: no more
// for now; what stands behind the last LF is looked at again with the next call, for it may
// be written by then. HS_ERR_IO is negated.
int hs_auditreader_next(struct hs_auditreader *r, struct hs_str *line);

// Bytes behind the last LF that are no NULs (which are room kept for what comes).
uint64_t hs_auditreader_torn(const struct hs_auditreader *r);

// All lines of all files. take returns HS_OK, or what ends it all. *torn (may be NULL) gets
// what is left over at the end of the last file; in others it is a line.
typedef int hs_auditfiles_take(void *arg, struct hs_audit_place place, struct hs_str line);
int hs_auditfiles_each(const struct hs_auditfiles *f, hs_auditfiles_take *take, void *arg,
    uint64_t *torn, struct hs_err *err);

#endif
