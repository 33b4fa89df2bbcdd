// SPDX-License-Identifier: ISC
//
// The owner's list of refused roots and sessions. Contract in barred.h.
#include "proto/barred.h"

#include <string.h>
#include "proto/revstate.h"
#include "proto/serverconf_internal.h"

struct asked {
	const struct hs_key *root;
	char fingerprint[HS_FINGERPRINT_LEN + 1];
	const char *session;
	unsigned found; // the line; 0: none
};

static bool
is_fingerprint(struct hs_str s)
{
	static const char set[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	if (s.len != HS_FINGERPRINT_LEN || memcmp(s.p, "SHA256:", 7) != 0)
		return false;
	for (size_t i = 7; i < s.len; i++)
		if (memchr(set, s.p[i], sizeof(set) - 1) == NULL)
			return false;
	return true;
}

// FINGERPRINT, SESSION or TYPE BASE64, and whatever comment.
static int
read_line(struct conf_line *l, struct asked *q)
{
	struct hs_str all = l->rest, word = conf_next_word(l);
	struct hs_key key;
	bool hit = false;

	if (word.len >= 7 && memcmp(word.p, "SHA256:", 7) == 0) {
		if (!is_fingerprint(word))
			return conf_refuse(
			    l, word.p, "this is no fingerprint: SHA256: and 43 characters");
		hit = q->root != NULL && hs_str_is(word, q->fingerprint);
	} else if (hs_session_id_valid(word)) {
		hit = q->session != NULL && hs_str_is(word, q->session);
	} else if (hs_key_parse_line(all, &key, NULL) == HS_OK) {
		hit = q->root != NULL && hs_key_eq(&key, q->root);
	} else {
		return conf_refuse(l, word.p,
		    "this must be a root's key or fingerprint, or a session's 16 digits");
	}
	if (hit && q->found == 0)
		q->found = l->number;
	return HS_OK;
}

int
hs_barred(
    struct hs_str text, const struct hs_key *root, const char *session, struct hs_err *err)
{
	struct asked q = {.root = root, .session = session};
	struct conf_line l = {.err = err};
	int rc = HS_OK;

	if (root != NULL)
		hs_key_fingerprint(root, q.fingerprint);
	while (rc == HS_OK && conf_next_line(&text, &l))
		if (l.rest.len > 0)
			rc = read_line(&l, &q);
	if (rc == HS_OK && q.found > 0)
		return hs_fail_at(err, HS_NO_REVOKED, q.found, 1,
		    "line %u of the server's own list of what is revoked names it",
		    q.found);
	return rc;
}
