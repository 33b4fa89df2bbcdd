// SPDX-License-Identifier: ISC
//
// A hash on its way into a connection's peer, and into what that asked for meanwhile.
// Contract in measure.h.
#include "agentd/measure.h"

#include <string.h>
#include "agentd/asking.h"
#include "agentd/log.h"

static void
take(struct hs_peer *p, const uint8_t *sha256)
{
	p->hashed = true;
	memcpy(p->exe_sha256, sha256, sizeof p->exe_sha256);
}

static void
on_hash(void *arg, int code, const uint8_t *sha256)
{
	struct hs_conn *c = arg;

	c->measuring = NULL;
	if (code != HS_OK) {
		hs_log("pid %lu: its executable has no hash: %s",
		    (unsigned long)c->peer.pid, hs_code_sentence((enum hs_code)code));
		return;
	}
	take(&c->peer, sha256);
	for (struct hs_touch *t = c->d->touches; t != NULL; t = t->next)
		if (hs_peer_same(&t->peer, &c->peer))
			take(&t->peer, sha256);
}

void
hs_measure_start(struct hs_conn *c)
{
	if (c->measured)
		return;
	c->measured = true;
	c->measuring = hs_exehash_get(c->d->exehash, &c->peer, on_hash, c);
}

void
hs_measure_drop(struct hs_conn *c)
{
	hs_exehash_drop(&c->measuring);
}
