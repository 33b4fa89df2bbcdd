// SPDX-License-Identifier: ISC
//
// handseal krl: all lists of what is revoked as one plain KRL, for stock sshd's
// RevokedKeys. It reads the daemon's state folder, or lists that are named. A list that
// cannot be taken would be a revocation less: so with one of them nothing is written, and
// what was there stays, unless the person says otherwise. What was direct stands in no
// session's list: of the folder's own KRLs it takes that.
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "client/handseal/cmd.h"
#include "client/handseal/krlmerge.h"
#include "client/handseal/options.h"
#include "client/handseal/paths.h"

#define SUFFIX	   ".list"
#define SUFFIX_KRL ".krl"
#define ROOTS_MAX  (256u * 1024)

struct wish {
	const char *out, *roots_file;
	bool json, skip_bad;
	struct hs_roots roots;
	bool given; // roots
	struct hs_krlmerge m;
	json_t *bad;
	unsigned nbad;
};

static void
on_bad(void *arg, const char *path, const struct hs_err *err)
{
	struct wish *w = arg;

	hs_cli_say("%s does not count: %s (%s)", path, hs_err_sentence(err),
	    hs_code_name(err->code));
	(void)json_array_append_new(
	    w->bad, json_pack("{s:o,s:s,s:o}", "file", hs_cli_json(hs_str_c(path)), "code",
			hs_code_name(err->code), "sentence",
			hs_cli_json(hs_str_c(hs_err_sentence(err)))));
	w->nbad++;
}

// Only what concerns all of them ends it. named: by the person. Of others one may be gone
// since: its session was forgotten, and no list comes in two steps.
static int
take_file(struct wish *w, const char *path, bool named, bool list, struct hs_err *err)
{
	struct stat st;
	struct hs_buf data = {0};
	struct hs_err why = {0};
	int rc = hs_paths_read(path, HS_LIST_MAX, false, &data, &why);

	if (rc == HS_OK && list)
		rc = hs_krlmerge_add(
		    &w->m, path, hs_buf_str(&data), w->given ? &w->roots : NULL, &why);
	else if (rc == HS_OK)
		rc = hs_krlmerge_add_direct(&w->m, hs_buf_str(&data), &why);
	hs_buf_free(&data);
	if (rc == HS_ERR_NOMEM || hs_buf_err(&w->m.krl) != HS_OK)
		return hs_fail(
		    err, (enum hs_code)rc, "%s: %s", path, hs_err_sentence(&why));
	if (rc == HS_NO_SUCH && !named && lstat(path, &st) != 0 && errno == ENOENT)
		return HS_OK;
	if (rc != HS_OK)
		on_bad(w, path, &why);
	return HS_OK;
}

static bool
ends_in(const char *name, const char *suffix)
{
	size_t n = strlen(name), k = strlen(suffix);

	return name[0] != '.' && n > k && strcmp(name + n - k, suffix) == 0;
}

// No folder is no session ever, and so an empty KRL: sshd wants one to be there.
static int
take_folder(struct wish *w, bool lists, struct hs_err *err)
{
	char dir[HS_PATHS_MAX], path[2 * HS_PATHS_MAX];
	const struct dirent *e;
	int rc = hs_paths_state(lists ? "lists" : "krl", dir, err);
	DIR *d = rc == HS_OK ? opendir(dir) : NULL;

	if (rc == HS_OK && d == NULL && errno != ENOENT)
		rc = hs_fail(err, HS_ERR_IO, "%s: %s", dir, strerror(errno));
	while (rc == HS_OK && d != NULL) {
		errno = 0;
		if ((e = readdir(d)) == NULL) {
			if (errno != 0)
				rc =
				    hs_fail(err, HS_ERR_IO, "%s: %s", dir, strerror(errno));
			break;
		}
		if (!ends_in(e->d_name, lists ? SUFFIX : SUFFIX_KRL))
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
		rc = take_file(w, path, false, lists, err);
	}
	if (d != NULL)
		(void)closedir(d);
	return rc;
}

static void
bad_line(void *arg, const struct hs_err *err)
{
	const struct wish *w = arg;

	hs_cli_say(
	    "%s:%u: line skipped: %s", w->roots_file, err->line, hs_err_sentence(err));
}

static int
read_roots(struct wish *w, struct hs_err *err)
{
	struct hs_buf text = {0};
	int rc = hs_paths_read(w->roots_file, ROOTS_MAX, false, &text, err);

	if (rc == HS_OK) {
		rc = hs_roots_parse(hs_buf_str(&text), &w->roots, bad_line, w);
		if (rc != HS_OK)
			rc = hs_fail(err, (enum hs_code)rc, "%s: %s", w->roots_file,
			    hs_code_sentence((enum hs_code)rc));
	}
	w->given = true;
	hs_buf_free(&text);
	return rc;
}

static int
write_out(const struct wish *w, struct hs_err *err)
{
	struct hs_str s = hs_buf_str(&w->m.krl);

	if (w->out != NULL)
		return hs_paths_write(w->out, s, 0644, true, err);
	if (w->json)
		return HS_OK;
	if (isatty(STDOUT_FILENO))
		return hs_fail(err, HS_ERR_USAGE,
		    "a KRL is no text for a terminal: name a file with -o");
	if (fwrite(s.p, 1, s.len, stdout) != s.len)
		return hs_fail(err, HS_ERR_IO, "not all could be written");
	return HS_OK;
}

static int
judge(const struct wish *w, struct hs_err *err)
{
	if (w->nbad == 0 || w->skip_bad)
		return HS_OK;
	return hs_fail(err, HS_ERR_FORMAT,
	    "%u list%s cannot be taken%s: with --skip-bad the others are written, and what "
	    "those take back is not",
	    w->nbad, w->nbad == 1 ? "" : "s",
	    w->out != NULL ? ", and the file stays as it was" : "");
}

static int
run(struct wish *w, int n, char **files)
{
	uint64_t now = hs_cli_now();
	struct hs_err err = {0};
	int rc = w->roots_file != NULL ? read_roots(w, &err) : HS_OK;

	w->m.rows = json_array();
	w->bad = json_array();
	hs_krlmerge_begin(&w->m, now);
	for (int i = 0; i < n && rc == HS_OK; i++)
		rc = take_file(w, files[i], true, true, &err);
	if (n == 0 && rc == HS_OK)
		rc = take_folder(w, true, &err);
	if (n == 0 && rc == HS_OK)
		rc = take_folder(w, false, &err);
	if (rc == HS_OK)
		rc = hs_krlmerge_end(&w->m, on_bad, w, &err);
	if (rc == HS_OK)
		rc = judge(w, &err);
	if (rc == HS_OK)
		rc = write_out(w, &err);
	if (rc != HS_OK)
		return hs_cli_fail(w->json, &err);
	if (w->json)
		return hs_cli_print_json(
		    json_pack("{s:I,s:O,s:I,s:O}", "version", (json_int_t)now, "lists",
			w->m.rows, "direct", (json_int_t)w->m.directs, "bad", w->bad));
	if (w->out != NULL) {
		printf("%u list%s", w->m.lists, w->m.lists == 1 ? "" : "s");
		if (w->m.directs > 0)
			printf(" and %" PRIu64 " direct certificate%s", w->m.directs,
			    w->m.directs == 1 ? "" : "s");
		printf(" merged into %s\n", w->out);
	}
	return hs_cli_finish();
}

int
cmd_krl(int argc, char **argv)
{
	static const struct option longs[] = {{"roots", required_argument, NULL, 'r'},
	    {"skip-bad", no_argument, NULL, 's'}, {"json", no_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'}, {0}};
	struct wish w = {0};
	int opt, status;

	while ((opt = getopt_long(argc, argv, "ho:", longs, NULL)) != -1) {
		if (opt == 'h')
			return hs_cmd_help(argv[0]);
		if (opt == 'j')
			w.json = true;
		else if (opt == 'o')
			w.out = optarg;
		else if (opt == 'r')
			w.roots_file = optarg;
		else if (opt == 's')
			w.skip_bad = true;
		else
			return hs_cmd_usage(argv[0], "krl does not take that");
	}
	status = run(&w, argc - optind, argv + optind);
	json_decref(w.m.rows);
	json_decref(w.bad);
	hs_krlmerge_free(&w.m);
	hs_roots_free(&w.roots);
	return status;
}
