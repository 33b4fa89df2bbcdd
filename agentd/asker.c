// SPDX-License-Identifier: ISC
//
// The line of a prompt about who asks. What stands in it of /proc is the process's own
// choice, so it is cleaned. Contract in asker.h.
#include "agentd/asker.h"

#include <inttypes.h>
#include "proto/procfs.h"
#include "proto/text.h"

#define HASH_SHOWN 8  // bytes: so many tell programs apart, not forgeries
#define UNIT_SHOWN 48 // bytes of a name

static void
put_unit(struct hs_buf *b, struct hs_str unit)
{
	if (unit.len == 0)
		return;
	hs_put_fmt(b, ", unit ");
	hs_text_put_clean(
	    b, (struct hs_str){unit.p, unit.len < UNIT_SHOWN ? unit.len : UNIT_SHOWN});
	if (unit.len > UNIT_SHOWN)
		hs_put_fmt(b, "…");
}

static void
put_process(struct hs_buf *b, const struct hs_peer *p, const char *seat)
{
	if (seat != NULL)
		hs_put_fmt(b, "seat %s, ", seat);
	hs_put_fmt(b, "pid %" PRIu64, p->pid);
	if (p->exe[0] != '\0') {
		hs_put_fmt(b, " ");
		hs_text_put_clean(b, hs_str_c(p->exe));
	}
	if (p->hashed) {
		hs_put_fmt(b, " (SHA-256 begins ");
		hs_text_put_hex(b, (struct hs_str){p->exe_sha256, HASH_SHOWN});
		hs_put_fmt(b, ")");
	}
	if (p->by[0] != '\0') {
		hs_put_fmt(b, ", run by ");
		hs_text_put_clean(b, hs_str_c(p->by));
	}
	if (p->cwd[0] != '\0') {
		hs_put_fmt(b, ", in ");
		hs_text_put_clean(b, hs_str_c(p->cwd));
	}
	put_unit(b, hs_procfs_unit(hs_str_c(p->cgroup)));
}

// What else could have asked the same.
static void
put_others(struct hs_buf *b, const struct hs_peer *p, uid_t self)
{
	if (p->uid == self)
		hs_put_fmt(b, ". Any program of yours could have asked this.\n");
	else
		hs_put_fmt(b, ". Any program of uid %lu could have asked this.\n",
		    (unsigned long)p->uid);
}

void
hs_asker_put(struct hs_buf *b, const struct hs_peer *p, const char *seat, uid_t self)
{
	if (p->forwarding == HS_FORWARDING_NONE) {
		hs_put_fmt(b, "Asked by ");
		if (!p->opaque)
			put_process(b, p, seat);
		else
			hs_put_fmt(b,
			    "%s%s%sa process in another PID namespace, which "
			    "cannot be seen",
			    seat != NULL ? "seat " : "", seat != NULL ? seat : "",
			    seat != NULL ? ", " : "");
		put_others(b, p, self);
		return;
	}
	if (p->forwarding == HS_FORWARDING_PROVEN)
		hs_put_fmt(b,
		    "Asked over a connection forwarded from the host with the key %s: any "
		    "program there could have asked this.",
		    p->via);
	else
		hs_put_fmt(b,
		    "Asked over a connection that may be forwarded, nobody knows from "
		    "where: any program there could have asked this.");
	if (!p->opaque) {
		hs_put_fmt(b, " Here it is ");
		put_process(b, p, seat);
		hs_put_fmt(b, ".");
	}
	hs_put_fmt(b, "\n");
}
