// SPDX-License-Identifier: ISC
//
// handseal policy check: reads a policy as handseald would, and tells all that is wrong
// with it. No daemon is asked. What a text means is proto/policy.h's.
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "client/handseal/cmd.h"
#include "client/handseal/paths.h"
#include "client/handseal/policy.h"
#include "proto/policy.h"

#define SYSTEM_FILE HS_SYSCONFDIR "/handseal/policy"

struct checking {
	bool json;
	const char *path; // of the file that is read now
	json_t *files, *errors, *warnings;
	size_t nerrors;
	bool failed; // memory
};

static void
note(void *arg, enum hs_policy_note_kind kind, const struct hs_err *err)
{
	struct checking *c = arg;
	const char *what = kind == HS_POLICY_WARNING ? "warning: " : "";
	struct hs_buf b = {0};

	if (kind == HS_POLICY_ERROR)
		c->nerrors++;
	if (c->json) {
		if (json_array_append_new(kind == HS_POLICY_ERROR ? c->errors : c->warnings,
			json_pack("{s:o,s:i,s:i,s:o}", "file",
			    hs_cli_json(hs_str_c(c->path)), "line", (int)err->line,
			    "column", (int)err->column, "sentence",
			    hs_cli_json(hs_str_c(hs_err_sentence(err))))) != 0)
			c->failed = true;
		return;
	}
	hs_put_fmt(&b, "%s:", c->path);
	if (err->line > 0)
		hs_put_fmt(&b, "%u:%u:", err->line, err->column);
	hs_put_fmt(&b, " %s%s", what, hs_err_sentence(err));
	hs_cli_put_text(stdout, hs_buf_str(&b), "");
	hs_buf_free(&b);
}

// Whoever can write it, or put another in its place, decides what a touch can open.
static int
check_owner(const char *path, uid_t also, struct hs_err *err)
{
	const char *what = "the file";
	struct stat st;

	if (stat(path, &st) != 0)
		return hs_fail(err, errno == ENOENT ? HS_NO_SUCH : HS_ERR_IO,
		    "cannot look at %s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		what = "its folder";
	if (st.st_uid != 0 && st.st_uid != also)
		return hs_fail(
		    err, HS_ERR_CONFIG, "%s belongs to uid %u", what, (unsigned)st.st_uid);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return hs_fail(
		    err, HS_ERR_CONFIG, "others can write %s: chmod go-w %s", what, path);
	return HS_OK;
}

static int
check_place(const char *path, uid_t also, struct hs_err *err)
{
	char dir[HS_PATHS_MAX] = ".";
	const char *slash = strrchr(path, '/');
	int rc = check_owner(path, also, err);

	if (slash != NULL) {
		size_t n = slash == path ? 1 : (size_t)(slash - path);

		memcpy(dir, path, n);
		dir[n] = '\0';
	}
	return rc == HS_OK ? check_owner(dir, also, err) : rc;
}

static void
add_file(struct checking *c, bool there)
{
	if (json_array_append_new(
		c->files, json_pack("{s:o,s:b}", "path", hs_cli_json(hs_str_c(c->path)),
			      "exists", (int)there)) != 0)
		c->failed = true;
}

// Reads path into *p. where: it is where handseald looks, so its owner and mode count.
// *there is false if there is none, which is no error where it need not be.
static void
check_file(struct checking *c, const char *path, bool where, bool system,
    struct hs_policy *p, bool *there)
{
	struct hs_buf text = {0};
	struct hs_err err = {0};
	int rc = HS_OK;

	c->path = path;
	*there = false;
	if (where)
		rc = check_place(path, system ? 0 : geteuid(), &err);
	if (rc != HS_NO_SUCH) {
		if (rc != HS_OK)
			note(c, HS_POLICY_ERROR, &err);
		rc = hs_paths_read(path, HS_POLICY_BYTES_MAX + 1, !where, &text, &err);
	}
	*there = rc == HS_OK;
	add_file(c, *there);
	if (rc == HS_OK)
		(void)hs_policy_parse(hs_buf_str(&text), system, p, note, c);
	else if (rc != HS_NO_SUCH || !where)
		note(c, HS_POLICY_ERROR, &err);
	hs_buf_free(&text);
}

static void
check_default(struct checking *c, struct hs_policy *user, struct hs_policy *system)
{
	static char path[HS_PATHS_MAX];
	struct hs_err err = {0};
	bool there, narrowed;

	if (hs_paths_config("policy", path, &err) != HS_OK) {
		c->path = "policy";
		note(c, HS_POLICY_ERROR, &err);
		return;
	}
	check_file(c, path, true, false, user, &there);
	if (!there && c->nerrors == 0) {
		hs_policy_none(user);
		if (!c->json) {
			hs_cli_put(stdout, hs_str_c(path));
			puts(": there is none, so what `handseal open` names is the limit");
		}
	}
	check_file(c, SYSTEM_FILE, true, true, system, &narrowed);
	if (c->nerrors == 0 && narrowed && hs_policy_narrow(user, system) != HS_OK) {
		(void)hs_fail(&err, HS_ERR_TOO_LONG,
		    "together with %s it has too many Deny lines", path);
		note(c, HS_POLICY_ERROR, &err);
	}
	c->path = path;
}

static int
print_verdict(struct checking *c, const struct hs_policy *p)
{
	int status = c->nerrors > 0 ? HS_EXIT_FAILED : HS_EXIT_DONE;

	if (c->json) {
		if (c->failed)
			return hs_cli_print_json(NULL);
		if (hs_cli_print_json(json_pack("{s:O,s:O,s:O,s:i}", "files", c->files,
			"errors", c->errors, "warnings", c->warnings, "exit", status)) !=
		    HS_EXIT_DONE)
			return HS_EXIT_FAILED;
		return status;
	}
	if (status == HS_EXIT_DONE && p->exists) {
		hs_cli_put(stdout, hs_str_c(c->path));
		printf(": no errors; %zu scopes, %zu agents, %zu denials\n", p->nscopes,
		    p->nagents, p->ndenies);
	}
	return hs_cli_finish() == HS_EXIT_DONE ? status : HS_EXIT_FAILED;
}

int
hs_policy_cmd_check(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct checking c = {0};
	struct hs_policy *p;
	int opt, status;
	bool there;

	while ((opt = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (opt == 'h')
			return -1;
		if (opt != 'j')
			return hs_cmd_usage("policy", "check does not take that");
		c.json = true;
	}
	if (argc - optind > 1)
		return hs_cmd_usage("policy", "check takes one FILE");
	p = calloc(2, sizeof *p);
	c.files = json_array();
	c.errors = json_array();
	c.warnings = json_array();
	if (p == NULL || c.files == NULL || c.errors == NULL || c.warnings == NULL) {
		hs_cli_say("out of memory");
		status = HS_EXIT_FAILED;
	} else {
		if (optind < argc)
			check_file(&c, argv[optind], false, false, &p[0], &there);
		else
			check_default(&c, &p[0], &p[1]);
		status = print_verdict(&c, &p[0]);
		hs_policy_free(&p[0]);
		hs_policy_free(&p[1]);
	}
	free(p);
	json_decref(c.files);
	json_decref(c.errors);
	json_decref(c.warnings);
	return status;
}
