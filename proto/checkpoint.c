// SPDX-License-Identifier: ISC
//
// The statement behind a checkpoint. Contract in checkpoint.h.
#include "proto/checkpoint.h"

#include "proto/key.h"
#include "proto/names.h"

void
hs_checkpoint_put_signed(struct hs_buf *b, const char *session, uint64_t seq,
    const uint8_t head[static HS_AUDIT_HASH])
{
	struct hs_buf message = {0};

	hs_put_cstring(&message, session);
	hs_put_u64(&message, seq);
	hs_put_raw(&message, head, HS_AUDIT_HASH);
	if (hs_buf_err(&message) == HS_OK)
		hs_sshsig_put_signed(b, HS_NS_AUDIT, hs_buf_str(&message));
	else
		b->err = b->err != HS_OK ? b->err : hs_buf_err(&message);
	hs_buf_free(&message);
}
