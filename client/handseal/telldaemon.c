// SPDX-License-Identifier: ISC
//
// Telling the daemon of a root's list. The list stands by itself: what fails here undoes
// nothing. Contract in telldaemon.h.
#include "client/handseal/telldaemon.h"

#include <inttypes.h>
#include "client/handseal/published.h"
#include "proto/names.h"

#define PUBLISH_SECONDS 15 // so long it waits to say which servers have the list

struct telling {
	struct hs_daemon d;
	struct hs_str root; // its fingerprint
};

static bool
ask(struct telling *t, enum hs_agent_revoke_what what, struct hs_str name)
{
	const struct hs_agent_revoke m = {(uint8_t)what, name};
	struct hs_buf contents = {0};
	int result;

	hs_agent_revoke_put(&contents, &m);
	result =
	    hs_call(t->d.client, HS_EXT_REVOKE, contents.p, contents.len, -1, 0, &t->d.err);
	if (result == HS_DONE)
		result = hs_finish(t->d.client, HS_DAEMON_SECONDS * 1000, &t->d.err);
	hs_buf_free(&contents);
	return result == HS_DONE;
}

// Most of it is another daemon's, and not found here.
static int
tell(void *arg, const struct hs_rlist_entry *e)
{
	struct telling *t = arg;
	struct hs_buf id = {0};

	if (e->what == HS_RLIST_ALL) {
		(void)ask(t, HS_REVOKE_ROOT, t->root);
	} else if (e->what == HS_RLIST_SESSION) {
		(void)ask(t, HS_REVOKE_SESSION, hs_str_c(e->session));
	} else if (e->what == HS_RLIST_SERIALS && e->lo == e->hi) {
		hs_put_fmt(&id, "%s.%" PRIu64, e->session, e->lo);
		(void)ask(t, HS_REVOKE_IDS, hs_buf_str(&id));
	}
	hs_buf_free(&id);
	return HS_OK;
}

bool
hs_telldaemon(const struct hs_rlist *l, bool beside, struct hs_buf *b, json_t *servers)
{
	char fingerprint[HS_FINGERPRINT_LEN + 1];
	struct telling t = {.root = {(const uint8_t *)fingerprint, HS_FINGERPRINT_LEN}};
	bool reached;

	hs_key_fingerprint(&l->root, fingerprint);
	reached = hs_connect(NULL, &t.d.client, &t.d.err) == HS_DONE;
	if (reached) {
		(void)hs_rlist_walk(l, tell, &t);
		if (beside && ask(&t, HS_REVOKE_LISTS, (struct hs_str){0}))
			(void)hs_published_wait(&t.d, PUBLISH_SECONDS, b, "  ", servers);
	}
	hs_daemon_close(&t.d);
	return reached;
}
