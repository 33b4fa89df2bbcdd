// SPDX-License-Identifier: ISC
//
// AllowUser's words and uids. Contract in sharing.h.
#include "agentd/sharing.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include "proto/text.h"

#define PASSWD	"/etc/passwd"
#define LONGEST 4096

// Of root's own file alone: what else nsswitch.conf may name would be code of others in
// this process, and may wait for a network.
static bool
is_uid_of(const char *name, uid_t uid)
{
	FILE *f = fopen(PASSWD, "re");
	char line[LONGEST];
	struct passwd pw, *found = NULL;
	bool yes = false;
	int rc = 0;

	if (f == NULL)
		return false;
	// a line that is too long is passed over, and is nobody's
	while (rc == 0 || rc == ERANGE) {
		rc = fgetpwent_r(f, &pw, line, sizeof line, &found);
		if (rc != 0 || found == NULL || strcmp(pw.pw_name, name) != 0)
			continue;
		yes = pw.pw_uid == uid; // the first of that name is the user
		break;
	}
	(void)fclose(f);
	return yes;
}

static bool
is_word_of(const char *word, uid_t uid)
{
	uint64_t n;

	if (hs_text_u64(hs_str_c(word), UINT32_MAX, &n) == HS_OK)
		return n == uid;
	return is_uid_of(word, uid);
}

int
hs_sharing_find(const struct hs_policy *p, uid_t uid, uid_t self, struct hs_sharing *out,
    struct hs_refusal *why)
{
	*out = (struct hs_sharing){0};
	if (uid == self) {
		hs_fail(&why->err, HS_ERR_USAGE, "a seat is this user's own already");
		return hs_refusal_remedy(why, "leave out --share");
	}
	// whoever the kernel has no number for here is this one, and root is no less
	for (size_t i = 0; uid != 0 && uid != 65534 && i < p->nusers; i++)
		if (is_word_of(p->users[i], uid)) {
			out->uid = uid;
			memcpy(out->word, p->users[i], sizeof out->word);
			return HS_OK;
		}
	hs_fail(&why->err, HS_NO_POLICY,
	    "the policy does not name uid %lu in AllowUser, so no seat is shared with it",
	    (unsigned long)uid);
	return hs_refusal_remedy(
	    why, "have the person write `AllowUser` and the user's name into the policy");
}

void
hs_sharing_put(struct hs_buf *b, const struct hs_sharing *s)
{
	uint64_t n;

	if (hs_text_u64(hs_str_c(s->word), UINT32_MAX, &n) == HS_OK)
		hs_put_fmt(b, "uid %lu", (unsigned long)s->uid);
	else
		hs_put_fmt(b, "the user %s (uid %lu)", s->word, (unsigned long)s->uid);
}
