// SPDX-License-Identifier: ISC
//
// SHA-256 of peers' executables: which program it was, for the record. Files are read on
// libuv's pool, one at a time, so that neither a big file nor a file system that never
// answers holds up the loop or the audit log. Everything here is called on the loop's
// thread.
//
// A hash is kept by the file's device, inode, change time and size, which only who can set
// the clock or serves the file system can make stand for other bytes. The 64 that were
// wanted last are kept.
#ifndef HS_AGENTD_EXEHASH_H
#define HS_AGENTD_EXEHASH_H

#include <uv.h>
#include "agentd/peer.h"

#define HS_EXEHASH_FILE_MAX (UINT64_C(1) << 30)
#define HS_EXEHASH_KEPT	    64
#define HS_EXEHASH_WAITING  64 // files that wait to be read
#define HS_EXEHASH_SETTLED  2000

struct hs_exehash;
struct hs_exehash_ask; // one who waits for a hash

// HS_OK and 32 bytes; or NULL and why not:
// HS_NO_SUCH: the peer has ended, runs another program by now, or that cannot be seen;
// HS_ERR_TOO_LONG: more than HS_EXEHASH_FILE_MAX bytes; HS_NO_BUSY: HS_EXEHASH_WAITING
// wait; HS_ERR_IO: it may not be read, or was changed meanwhile; HS_NO_GONE:
// hs_exehash_free; HS_ERR_NOMEM, HS_ERR_CRYPTO. It may call anything here.
typedef void hs_exehash_done(void *arg, int code, const uint8_t *sha256);

// A hash is only kept if the file did not change in the last settled_ms: a file system's
// times are coarse, so a later change might not show. HS_EXEHASH_SETTLED but in tests.
// NULL: no memory.
struct hs_exehash *hs_exehash_new(uv_loop_t *loop, uint64_t settled_ms);
// Whoever waits is told HS_NO_GONE. What the pool is reading ends within the loop's next
// turns. Nulls *h; NULL is fine.
void hs_exehash_free(struct hs_exehash **h);

// Wants the hash of the executable that p was seen with. Returns NULL if done was called
// already, within: what is kept, or a failure that shows at once. Else done is called
// later, once, unless the ask, which ends with that, is dropped before.
struct hs_exehash_ask *hs_exehash_get(
    struct hs_exehash *h, const struct hs_peer *p, hs_exehash_done *done, void *arg);
// Done is not called any more; the file is read to its end nevertheless, for the next who
// asks. Nulls *ask; NULL is fine.
void hs_exehash_drop(struct hs_exehash_ask **ask);

#endif
