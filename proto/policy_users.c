// SPDX-License-Identifier: ISC
//
// AllowUser: which other users a seat may be shared with (docs/PROTOCOL.policy, "Before the
// blocks"). Only words: which uid a name has is its daemon's to find out.
#include <string.h>
#include "proto/policy_internal.h"

#define UID_MOST 4294967294u // the next stands for none

static bool
is_number(struct hs_str word)
{
	size_t n = 0;

	while (n < word.len && word.p[n] >= '0' && word.p[n] <= '9')
		n++;
	return n == word.len;
}

// Root needs no seat, and who has the last uid of 16 bits is whoever cannot be told.
static bool
is_nobody_to_name(struct hs_str word)
{
	static const char *const words[] = {"root", "nobody", "0", "65534"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (hs_str_is(word, words[i]))
			return true;
	return false;
}

static bool
is_good(struct policy_parser *x, struct hs_str word)
{
	struct arena arena = {0};
	struct scope_value v;
	struct hs_err why = {0};
	uint64_t n;

	if (hs_str_is(word, "none") || hs_str_is(word, "*")) {
		policy_refuse(x, policy_at(x, word.p), "%s",
		    word.p[0] == '*' ? "users are named: `*` does not stand here"
				     : "`none` stands alone");
		return false;
	}
	if (is_nobody_to_name(word)) {
		policy_refuse(
		    x, policy_at(x, word.p), "no seat is shared with root or nobody");
		return false;
	}
	if (is_number(word)) {
		if (hs_text_u64(word, UID_MOST, &n) == HS_OK)
			return true;
		policy_refuse(x, policy_at(x, word.p),
		    "a uid is 1 to %u, without zeros in front", UID_MOST);
		return false;
	}
	if (scope_value_read(&arena, HS_KEY_USER, word, &v, &why) != HS_OK) {
		policy_refuse(x,
		    policy_at(x, word.p + (why.column > 0 ? why.column - 1 : 0)), "%s",
		    hs_err_sentence(&why));
		return false;
	}
	return true;
}

static void
add(struct policy_parser *x, struct hs_str word)
{
	struct hs_policy *p = x->p;

	if (!is_good(x, word))
		return;
	if (hs_policy_names_user(p, word))
		policy_refuse(x, policy_at(x, word.p), "this stands in the line already");
	else if (p->nusers == HS_POLICY_USERS_MAX)
		policy_refuse(x, policy_at(x, word.p), "there are more than %d users",
		    HS_POLICY_USERS_MAX);
	else
		(void)hs_str_copy(word, p->users[p->nusers++], sizeof(p->users[0]));
}

void
policy_read_users(struct policy_parser *x)
{
	struct hs_str word;

	x->p->limits_users = true;
	if (hs_str_is(x->l.rest, "none"))
		return;
	do {
		if (!policy_next(x, &word))
			return;
		add(x, word);
	} while (x->l.rest.len > 0);
}

bool
hs_policy_names_user(const struct hs_policy *p, struct hs_str word)
{
	for (size_t i = 0; i < p->nusers; i++)
		if (hs_str_is(word, p->users[i]))
			return true;
	return false;
}

void
policy_narrow_users(struct hs_policy *p, const struct hs_policy *system)
{
	size_t kept = 0;

	if (!system->limits_users)
		return;
	for (size_t i = 0; i < p->nusers; i++)
		if (hs_policy_names_user(system, hs_str_c(p->users[i])))
			memmove(p->users[kept++], p->users[i], sizeof(p->users[0]));
	if (kept == p->nusers)
		return;
	memset(p->users[kept], 0, (p->nusers - kept) * sizeof(p->users[0]));
	p->nusers = kept;
	p->narrowed |= HS_POLICY_USERS;
}
