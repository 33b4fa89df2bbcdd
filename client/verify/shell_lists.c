// SPDX-License-Identifier: ISC
//
// Was what stands behind this login taken back since? Asked at each start, so also on a
// connection that stays open. Contract in shell.h.
#include <string.h>
#include <syslog.h>
#include "client/verify/lib/lists.h"
#include "client/verify/lib/note.h"
#include "client/verify/shell.h"
#include "proto/revstate.h"
#include "proto/text.h"

// "handseal:SESSION:SERIAL:AGENT"
static int
read_id(struct hs_str id, struct hs_list_subject *s)
{
	static const char front[] = "handseal:";
	const uint8_t *colon;
	struct hs_str rest;

	if (id.len < sizeof front + HS_SESSION_ID_LEN ||
	    memcmp(id.p, front, sizeof front - 1) != 0)
		return HS_ERR_FORMAT;
	rest = (struct hs_str){id.p + sizeof front - 1, HS_SESSION_ID_LEN};
	if (!hs_session_id_valid(rest) || rest.p[rest.len] != ':')
		return HS_ERR_FORMAT;
	memcpy(s->session, rest.p, rest.len);
	rest.p += rest.len + 1;
	rest.len = id.len - (size_t)(rest.p - id.p);
	colon = rest.len > 0 ? memchr(rest.p, ':', rest.len) : NULL;
	if (colon == NULL)
		return HS_ERR_FORMAT;
	rest.len = (size_t)(colon - rest.p);
	return hs_text_u64(rest, UINT64_MAX, &s->serial);
}

int
hs_shell_subject(const struct hs_shell_arg *arg, struct hs_list_subject *s)
{
	struct hs_rd r = hs_rd_of(arg->lineage);

	memset(s, 0, sizeof *s);
	if (hs_key_parse(arg->session, &s->session_key) != HS_OK)
		return HS_ERR_FORMAT;
	s->made = arg->made;
	while (r.left > 0 && s->nlineage < HS_LINEAGE_MAX)
		if (hs_get_u64(&r, &s->lineage[s->nlineage++]) != HS_OK)
			return HS_ERR_FORMAT;
	return r.left == 0 ? read_id(arg->id, s) : HS_ERR_FORMAT;
}

static void
bad_list(void *arg, const char *name, const struct hs_err *err)
{
	const struct hs_config *config = arg;

	hs_note(LOG_WARNING, "%s/%s does not count: %s: %s", config->server.revocations,
	    name, hs_code_name(err->code), hs_err_sentence(err));
}

static void
noted_before(void *arg, const char *name, const struct hs_err *err)
{
	(void)arg;
	(void)name;
	(void)err;
}

void
hs_shell_folder(const struct hs_shell_arg *arg, char dir[static HS_LISTS_PATH_MAX])
{
	static const char usual[] = HS_SYSCONFDIR "/handseal";
	struct hs_str from = arg->config.len > 0 ? arg->config : hs_str_c(usual);

	// the argument's decoder has judged its length
	if (hs_str_copy(from, dir, HS_LISTS_PATH_MAX) != HS_OK)
		dir[0] = '\0';
}

// Its line may have been taken out of roots since the login, with the file or without it,
// or the user out of the line.
static int
still_trusted(const struct hs_config *config, const struct hs_key *root, const char *user,
    struct hs_err *err)
{
	const struct hs_root *line = hs_roots_find(&config->roots, root);

	if (line == NULL)
		return hs_fail(err, HS_NO_ROOT_UNKNOWN,
		    "the root behind this login is no longer trusted here");
	if (!hs_root_admits(line, hs_str_c(user)))
		return hs_fail(
		    err, HS_NO_USER_ROOT, "%s", hs_code_sentence(HS_NO_USER_ROOT));
	return HS_OK;
}

int
hs_shell_revoked(const struct hs_shell_arg *arg, const char *user, uint64_t now, bool again,
    char folder[static HS_LISTS_PATH_MAX], struct hs_err *err)
{
	static struct hs_config config;
	char dir[HS_LISTS_PATH_MAX];
	struct hs_list_subject s;
	struct hs_lists lists;
	struct hs_key root;
	int rc;

	folder[0] = '\0';
	hs_shell_folder(arg, dir);
	if (hs_shell_subject(arg, &s) != HS_OK || hs_key_parse(arg->root, &root) != HS_OK)
		return hs_fail(err, HS_ERR_FORMAT,
		    "the argument is not one that handseal-verify makes");
	// --config named it: so its files may be ours, as handseal-verify takes them
	hs_config_load(&config,
	    &(struct hs_config_ask){.dir = dir, .own = arg->config.len > 0, .user = user});
	rc = (int)config.err.code;
	if (rc != HS_OK && !config.absent) { // without any there, none is trusted
		*err = config.err;
		goto out;
	}
	(void)hs_str_copy(hs_str_c(config.server.revocations), folder, HS_LISTS_PATH_MAX);
	if ((rc = still_trusted(&config, &root, user, err)) != HS_OK)
		goto out;
	rc = hs_lists_look(
	    &config, &root, &s, now, again ? noted_before : bad_list, &config, &lists);
	if (rc != HS_OK)
		*err = lists.err;
	else if (lists.waived && !again)
		hs_note(LOG_WARNING, "let pass, as RevocationsMissing says: %s",
		    hs_err_sentence(&lists.err));
out:
	hs_config_free(&config);
	return rc;
}
