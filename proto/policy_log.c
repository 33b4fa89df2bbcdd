// SPDX-License-Identifier: ISC
//
// The policy's words about the audit log (docs/PROTOCOL.policy section 2): how large and
// how old its files become, how long they are kept, and whether there is a second copy. The
// system's may only lengthen the keeping, and demand the copy.
#include "proto/policy_internal.h"

#define SMALLEST (64u << 10)
#define LARGEST	 (1024u << 20)
#define KEEP_MAX (UINT64_C(3660) * 86400)

// A number with K or M behind it.
static bool
read_size(struct hs_str s, uint64_t *out)
{
	unsigned shift;
	uint64_t n;

	if (s.len < 2)
		return false;
	shift = s.p[s.len - 1] == 'K' ? 10 : s.p[s.len - 1] == 'M' ? 20 : 0;
	s.len--;
	if (shift == 0 || hs_text_u64(s, LARGEST, &n) != HS_OK)
		return false;
	n <<= shift;
	if (n < SMALLEST || n > LARGEST)
		return false;
	*out = n;
	return true;
}

void
policy_read_log_size(struct policy_parser *x)
{
	struct hs_str word;

	if (policy_one(x, &word) && !read_size(word, &x->p->log_size))
		policy_refuse(
		    x, policy_at(x, word.p), "this must be a size from 64K to 1024M");
}

void
policy_read_log_age(struct policy_parser *x)
{
	struct hs_str word;

	if (policy_one(x, &word))
		(void)policy_span(x, word, HS_TTL_MAX, &x->p->log_age);
}

void
policy_read_log_keep(struct policy_parser *x)
{
	struct hs_str word;
	uint64_t n = POLICY_KEEP_MIN;

	if (!policy_one(x, &word))
		return;
	if (hs_str_is(word, "ever"))
		x->p->log_keep = 0;
	else if (policy_span(x, word, KEEP_MAX, &n) && n < POLICY_KEEP_MIN)
		policy_refuse(x, policy_at(x, word.p),
		    "this must be `ever`, or a time of a day or more");
	else
		x->p->log_keep = n;
}

void
policy_read_log_copy(struct policy_parser *x)
{
	static const char *const words[] = {"none", "syslog"};

	x->p->log_copy = policy_choice(x, words, 2) == 1;
}
