// SPDX-License-Identifier: ISC
//
// Any bytes as a line of an sshd's log: no crash, and what is taken keeps within the line.
#include <stdlib.h>
#include "client/handseal/sshdlog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
inside(struct hs_str s, const uint8_t *data, size_t size)
{
	if (s.len > 0 && (s.p < data || s.p + s.len > data + size))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hs_sshdlog l;

	if (hs_sshdlog_parse((struct hs_str){data, size}, &l) != HS_OK)
		return 0;
	inside(l.user, data, size);
	inside(l.addr, data, size);
	inside(l.fingerprint, data, size);
	inside(l.id, data, size);
	inside(l.ca, data, size);
	inside(l.session, data, size);
	inside(l.agent, data, size);
	if (l.port > 65535 || (l.ours && (!l.certificate || l.agent.len == 0)))
		abort();
	return 0;
}
