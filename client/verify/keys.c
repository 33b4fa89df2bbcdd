// SPDX-License-Identifier: ISC
//
// handseal-verify keys: sshd asks whether a key may log in as a user. We print the one line
// of authorized_keys that follows from the chain, or nothing. Judging is hs_chain_check's;
// here is what is around it: the arguments, the files, the log. Contract in keys.h.
#include "client/verify/keys.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#include "client/verify/lib/config.h"
#include "client/verify/lib/drop.h"
#include "client/verify/lib/lists.h"
#include "client/verify/lib/note.h"
#include "proto/certline.h"
#include "proto/chain.h"
#include "proto/connection.h"
#include "proto/describe.h"
#include "proto/text.h"

#define USER_MAX 256 // shown; sshd only asks for users that exist

static void
bad_line(void *arg, const char *path, const struct hs_err *err)
{
	(void)arg;
	hs_note(LOG_WARNING, "%s:%u:%u: line skipped: %s", path, err->line, err->column,
	    hs_err_sentence(err));
}

static int
write_all(struct hs_str s)
{
	while (s.len > 0) {
		ssize_t n = write(STDOUT_FILENO, s.p, s.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		s.p += n;
		s.len -= (size_t)n;
	}
	return 0;
}

// The words that let a person find the certificate again, whatever is wrong with it.
static void
put_which(struct hs_buf *b, struct hs_str blob)
{
	static struct hs_cert cert; // some kilobytes of views: not for the stack
	char fp[HS_FINGERPRINT_LEN + 1];

	if (hs_cert_parse(blob, &cert) != HS_OK)
		return;
	hs_key_fingerprint(&cert.key, fp);
	hs_put_fmt(b, " (key %s, id \"", fp);
	hs_put_raw(b, cert.key_id.p,
	    cert.key_id.len > HS_KEY_ID_MAX ? HS_KEY_ID_MAX : cert.key_id.len);
	hs_put_fmt(b, "\", serial %ju)", (uintmax_t)cert.serial);
}

static void
note_refused(const struct hs_keys_ask *ask, const struct hs_err *err, struct hs_str blob)
{
	struct hs_buf b = {0};

	hs_put_fmt(&b, "refused %.*s: %s: %s", USER_MAX, ask->user, hs_code_name(err->code),
	    hs_err_sentence(err));
	put_which(&b, blob);
	hs_note_line(LOG_NOTICE, hs_buf_str(&b));
	hs_buf_free(&b);
}

static void
note_admitted(const struct hs_keys_ask *ask, const struct hs_verdict *v, struct hs_str blob)
{
	enum hs_origin origin = v->direct ? v->direct_cert.origin : v->delegation.origin;
	char fp[HS_FINGERPRINT_LEN + 1];
	struct hs_buf b = {0};

	hs_key_fingerprint(&v->root->key, fp);
	hs_put_fmt(&b, "admitted %.*s: root %s %s, %s, until ", USER_MAX, ask->user,
	    v->root->comment, fp,
	    (v->touch.flags & HS_SK_FLAG_UV) != 0 ? "touched and verified" : "touched");
	hs_describe_time(&b, v->end);
	if (origin != HS_ORIGIN_LOCAL)
		hs_put_fmt(&b, ", asked for %s", hs_origin_words(origin));
	put_which(&b, blob);
	hs_note_line(LOG_INFO, hs_buf_str(&b));
	hs_buf_free(&b);
}

// handseal-shell is run elsewhere, and looks at the same files.
static void
name_folder(struct hs_config *config)
{
	char path[PATH_MAX];

	if (realpath(config->dir, path) == NULL ||
	    hs_str_copy(hs_str_c(path), config->server.folder,
		sizeof config->server.folder) != HS_OK)
		(void)hs_fail(&config->err, HS_ERR_CONFIG,
		    "the name of the folder %s is too long", config->dir);
}

static void
bad_list(void *arg, const char *name, const struct hs_err *err)
{
	const struct hs_config *config = arg;

	hs_note(LOG_WARNING, "%s/%s does not count: %s: %s", config->server.revocations,
	    name, hs_code_name(err->code), hs_err_sentence(err));
}

// Was it taken back, as far as is known here? What is let pass is logged.
static int
ask_lists(const struct hs_keys_ask *ask, struct hs_config *config,
    const struct hs_verdict *v, uint64_t now, struct hs_str blob)
{
	struct hs_list_subject s;
	struct hs_lists lists;
	int rc;

	if (v->direct)
		hs_list_subject_direct(&s, &v->direct_cert);
	else
		hs_list_subject(&s, &v->delegation);
	rc = hs_lists_look(config, &v->root->key, &s, now, bad_list, config, &lists);
	if (rc != HS_OK)
		note_refused(ask, &lists.err, blob);
	else if (lists.waived)
		hs_note(LOG_WARNING, "%.*s: let pass, as RevocationsMissing says: %s",
		    USER_MAX, ask->user, hs_err_sentence(&lists.err));
	return rc;
}

static int
admit(const struct hs_keys_ask *ask, const struct hs_config *config,
    const struct hs_verdict *v, struct hs_str blob)
{
	struct hs_buf line = {0};
	struct hs_err err = {0};
	int status = 0;

	if (hs_chain_put_line(&line, v, &config->server, ask->shell, &err) != HS_OK) {
		note_refused(ask, &err, blob);
		goto out;
	}
	// logged first: a line that sshd has and the log has not would be the worse half
	note_admitted(ask, v, blob);
	if (write_all(hs_buf_str(&line)) != 0) {
		hs_note(
		    LOG_ERR, "the line could not be handed to sshd: %s", strerror(errno));
		status = 1; // sshd then discards what it may have read
	}
out:
	hs_buf_free(&line);
	return status;
}

// A key that is none of ours: somebody else's to judge, where the owner named whom.
static int
not_ours(const struct hs_keys_ask *ask)
{
	if (ask->other == NULL)
		return 0;
	hs_drop_leave();
	execv(ask->other[0], ask->other);
	hs_note(LOG_ERR, "%s, named with --else, cannot be run: %s", ask->other[0],
	    strerror(errno));
	return 0;
}

// Types of sshd that are no certificate of any kind: never ours, whatever the bytes are.
static bool
plain_type(const char *type)
{
	return strstr(type, "-cert-v0") == NULL;
}

int
hs_keys(const struct hs_keys_ask *ask)
{
	struct hs_config_ask files = {
	    .dir = ask->config, .own = ask->own, .user = ask->user, .on_bad = bad_line};
	struct hs_request request = {.kind = HS_REQ_LOGIN, .user = hs_str_c(ask->user)};
	static struct hs_verdict verdict;
	static struct hs_config config;
	struct hs_chain_input in = {.roots = &config.roots, .server = &config.server};
	struct hs_buf blob = {0};
	struct hs_err err = {0};
	time_t now = time(NULL);
	int status = 0;
	bool other = plain_type(ask->type);

	if (other)
		goto out;
	if (ask->connection != NULL &&
	    hs_connection_client(hs_str_c(ask->connection), &request.addr) != HS_OK) {
		(void)hs_fail(&err, HS_ERR_USAGE,
		    "--connection takes what sshd has for %%C, four words in one");
		note_refused(ask, &err, hs_buf_str(&blob));
		goto out;
	}
	if (hs_certline_blob(hs_str_c(ask->type), hs_str_c(ask->base64), &blob, &err) !=
	    HS_OK) {
		hs_buf_reset(&blob);
		note_refused(ask, &err, hs_buf_str(&blob));
		goto out;
	}
	hs_config_load(&config, &files);
	if (config.err.code == HS_OK && ask->own)
		name_folder(&config);
	in.cert = hs_buf_str(&blob);
	in.now = now > 0 ? (uint64_t)now : UINT64_MAX; // a broken clock admits nobody
	in.request = &request;
	(void)hs_chain_check(&in, &verdict);
	if (verdict.code == HS_NO_NOT_OURS)
		other = true;
	else if (config.err.code != HS_OK)
		note_refused(ask, &config.err, in.cert);
	else if (verdict.code != HS_OK)
		note_refused(ask, &verdict.err, in.cert);
	else if (ask_lists(ask, &config, &verdict, in.now, in.cert) == HS_OK)
		status = admit(ask, &config, &verdict, in.cert);
	hs_verdict_free(&verdict);
out:
	hs_config_free(&config);
	hs_buf_free(&blob);
	return other ? not_ours(ask) : status;
}
