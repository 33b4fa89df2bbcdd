// SPDX-License-Identifier: ISC
//
// The audit log on disk: a chain of lines (proto/auditline.h), appended in groups, each
// group synced before anybody hears of it (rule 4). Runs on the loop's thread; writing and
// syncing are done on the pool, one group at a time.
#ifndef HS_AGENTD_AUDIT_H
#define HS_AGENTD_AUDIT_H

#include <uv.h>
#include "agentd/audit_file.h"

struct hs_audit;

// Opens or makes dir/audit.jsonl (0600, dir 0700) and reads its tail. What was torn is set
// aside, and *torn says what that was: for the caller to record, before anything else.
// Fails where another process writes it, where it is not ours, or where its last whole line
// is no record. io NULL: the real one.
int hs_audit_open(const char *dir, const struct hs_audit_io *io, struct hs_audit **out,
    struct hs_audit_torn *torn, struct hs_err *err);
// From here on records can be put. To be called in the process that runs the loop.
int hs_audit_attach(struct hs_audit *a, uv_loop_t *loop);

// Takes a record: fills in seq and prev, and appends it with the next group. done(arg,
// HS_OK) comes when it is on disk, done(arg, HS_NO_RECORD) when it could not be written,
// always later and in order, never from within this call. done may be NULL. Returns
// HS_NO_RECORD if the record cannot even be taken; done is not called then. seq and head
// (may be NULL) get its number and hash.
typedef void hs_audit_done(void *arg, int code);
int hs_audit_put(struct hs_audit *a, struct hs_audit_record *r, hs_audit_done *done,
    void *arg, uint64_t *seq, uint8_t *head);

// What the next record will follow. What must be told first (of records that were lost) is
// taken now, at that time (Unix seconds), so that the answer holds until the next put.
struct hs_audit_end hs_audit_tip(struct hs_audit *a, uint64_t now);
// Is the newest record taken a checkpoint?
bool hs_audit_sealed(const struct hs_audit *a);
// Called from within each put, once its record is taken. NULL: nobody is.
void hs_audit_on_taken(struct hs_audit *a, void (*cb)(void *arg), void *arg);

// A file is finished when it has reached size bytes, or its first record is older than age
// seconds.
void hs_audit_limits(struct hs_audit *a, uint64_t size, uint64_t age);
// Called with each line that is on disk, in order, which it may take.
void hs_audit_on_disk(
    struct hs_audit *a, void (*cb)(void *arg, struct hs_buf *line), void *arg);

bool hs_audit_ok(const struct hs_audit *a);	 // did the last group reach the disk
uint64_t hs_audit_seq(const struct hs_audit *a); // the last record on disk, 0: none
bool hs_audit_idle(const struct hs_audit *a);	 // nothing waits

// Stops taking records and closes its handles, if attached; call it when idle. The memory
// goes, and the file is closed, with hs_audit_free, after the loop has run its last.
void hs_audit_detach(struct hs_audit *a);
void hs_audit_free(struct hs_audit **a);

#endif
