// SPDX-License-Identifier: ISC
//
// Telling the daemon of a root's list. The list stands by itself: what fails here undoes
// nothing. Contract in telldaemon.h.
#include "client/handseal/telldaemon.h"

#include <inttypes.h>
#include <string.h>
#include "client/handseal/published.h"
#include "proto/names.h"

#define PUBLISH_SECONDS 15 // so long it waits to say which servers have the list

struct telling {
	struct hs_daemon d;
	struct hs_str root; // its fingerprint
	bool reached;
	struct hs_buf *b;
	json_t *told;
};

static bool
ask(struct telling *t, enum hs_agent_revoke_what what, struct hs_str name)
{
	const struct hs_agent_revoke m = {(uint8_t)what, name};
	struct hs_buf contents = {0};
	int result;

	hs_agent_revoke_put(&contents, &m);
	if (hs_buf_err(&contents) != HS_OK)
		return false;
	result =
	    hs_call(t->d.client, HS_EXT_REVOKE, contents.p, contents.len, -1, 0, &t->d.err);
	if (result == HS_DONE)
		result = hs_finish(t->d.client, HS_DAEMON_SECONDS * 1000, &t->d.err);
	hs_buf_free(&contents);
	return result == HS_DONE;
}

static bool
ask_entry(struct telling *t, const struct hs_rlist_entry *e)
{
	struct hs_str whose = hs_str_c(e->session);
	struct hs_buf id = {0};
	bool done;

	if (e->what == HS_RLIST_ALL)
		return ask(t, HS_REVOKE_ROOT, t->root);
	if (e->what == HS_RLIST_SESSION)
		return ask(t, HS_REVOKE_SESSION, whose);
	if (e->what == HS_RLIST_DIRECT)
		whose = t->root;
	hs_put_fmt(&id, "%.*s.%" PRIu64 "-%" PRIu64, (int)whose.len, (const char *)whose.p,
	    e->lo, e->hi);
	done = ask(t, HS_REVOKE_IDS, hs_buf_str(&id));
	hs_buf_free(&id);
	return done;
}

// Most of it is another daemon's, and not found here.
static int
tell(void *arg, const struct hs_rlist_entry *e)
{
	struct telling *t = arg;
	const char *came = HS_TOLD_NOBODY;

	t->d.err = (struct hs_error){.code = ""};
	if (t->reached && ask_entry(t, e))
		came = HS_TOLD_ENDED;
	else if (t->reached && strcmp(t->d.err.code, hs_code_name(HS_NO_SUCH)) == 0)
		came = HS_TOLD_NOTHING;
	else if (t->reached)
		came =
		    t->d.err.code[0] != '\0' ? t->d.err.code : hs_code_name(HS_ERR_NOMEM);
	if (t->reached && strcmp(came, HS_TOLD_ENDED) != 0 &&
	    strcmp(came, HS_TOLD_NOTHING) != 0)
		hs_put_fmt(t->b,
		    "  The daemon here has not ended what it has of it: %s (%s)\n",
		    t->d.err.sentence, came);
	return json_array_append_new(t->told, json_string(came)) == 0 ? HS_OK
								      : HS_ERR_NOMEM;
}

bool
hs_telldaemon(
    const struct hs_rlist *l, bool beside, struct hs_buf *b, json_t *servers, json_t *told)
{
	char fingerprint[HS_FINGERPRINT_LEN + 1];
	struct telling t = {.root = {(const uint8_t *)fingerprint, HS_FINGERPRINT_LEN},
	    .b = b,
	    .told = told};

	hs_key_fingerprint(&l->root, fingerprint);
	t.reached = hs_connect(NULL, &t.d.client, &t.d.err) == HS_DONE;
	(void)hs_rlist_walk(l, tell, &t);
	if (t.reached && beside && ask(&t, HS_REVOKE_LISTS, (struct hs_str){0}))
		(void)hs_published_wait(&t.d, PUBLISH_SECONDS, b, "  ", servers);
	hs_daemon_close(&t.d);
	return t.reached;
}
