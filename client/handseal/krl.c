// SPDX-License-Identifier: ISC
//
// handseal krl: the lists of all sessions as one plain KRL, for stock sshd's RevokedKeys.
// It reads the daemon's state folder, or lists that are named; each is verified down to a
// touched grant, so that a file that somebody put there says nothing.
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "client/handseal/cmd.h"
#include "client/handseal/options.h"
#include "client/handseal/paths.h"
#include "proto/list.h"

#define SUFFIX ".list"

struct merging {
	struct hs_buf krl;
	struct hs_krl_range *r; // of the list being read
	size_t n, cap;
	bool whole;
	uint64_t now;
	json_t *rows;
	unsigned lists;
};

static int
take_item(void *arg, const struct hs_krl_item *it)
{
	struct merging *m = arg;
	size_t cap = m->cap > 0 ? m->cap * 2 : 64;
	struct hs_krl_range *r;

	if (it->what == HS_KRL_KEY)
		m->whole = true;
	if (it->what != HS_KRL_SERIALS)
		return HS_OK;
	if (m->n == m->cap) {
		r = reallocarray(m->r, cap, sizeof *r);
		if (r == NULL)
			return HS_ERR_NOMEM;
		m->r = r;
		m->cap = cap;
	}
	m->r[m->n++] = (struct hs_krl_range){it->lo, it->hi};
	return HS_OK;
}

static uint64_t
count(const struct merging *m)
{
	uint64_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += m->r[i].hi - m->r[i].lo + 1;
	return n;
}

static int
add_row(struct merging *m, const struct hs_list *l)
{
	json_t *row = json_pack("{s:s,s:I,s:o,s:o,s:b,s:I}", "session", l->revoker.session,
	    "version", (json_int_t)l->krl.version, "issued", hs_cli_json_time(l->krl.date),
	    "next", hs_cli_json_time(l->next), "whole", m->whole, "serials",
	    (json_int_t)count(m));

	return json_array_append_new(m->rows, row) == 0 ? HS_OK : HS_ERR_NOMEM;
}

static int
merge(struct merging *m, struct hs_list *l, struct hs_err *err)
{
	int rc = hs_list_check(l, NULL, err);

	if (rc != HS_OK)
		return rc;
	m->n = 0;
	m->whole = false;
	rc = hs_krl_walk(&l->krl, take_item, m);
	if (rc == HS_OK)
		rc = hs_krl_put_serials(&m->krl, &l->revoker.cert.ca, m->r, m->n);
	if (rc == HS_OK && m->whole)
		hs_krl_put_keys(&m->krl, &l->revoker.cert.ca, 1);
	m->n = hs_krl_join(m->r, m->n);
	if (rc == HS_OK)
		rc = hs_buf_err(&m->krl);
	if (rc == HS_OK)
		rc = add_row(m, l);
	m->lists++;
	return rc == HS_OK ? HS_OK
			   : hs_fail(err, (enum hs_code)rc, "%s",
				 rc == HS_ERR_TOO_LONG
				     ? "all lists together are longer than a list may be"
				     : "");
}

static int
take_file(struct merging *m, const char *path, struct hs_err *err)
{
	struct hs_buf data = {0};
	struct hs_err why = {0};
	struct hs_list l = {0};
	int rc = hs_paths_read(path, HS_LIST_MAX, false, &data, err);

	if (rc == HS_OK) {
		rc = hs_list_parse(hs_buf_str(&data), &l, &why);
		if (rc == HS_OK)
			rc = merge(m, &l, &why);
		if (rc != HS_OK)
			rc = hs_fail(
			    err, (enum hs_code)rc, "%s: %s", path, hs_err_sentence(&why));
	}
	hs_list_free(&l);
	hs_buf_free(&data);
	return rc;
}

static bool
is_list(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && n > strlen(SUFFIX) &&
	       strcmp(name + n - strlen(SUFFIX), SUFFIX) == 0;
}

// No folder is no session ever, and so an empty KRL: sshd wants one to be there.
static int
take_folder(struct merging *m, struct hs_err *err)
{
	char dir[HS_PATHS_MAX], path[2 * HS_PATHS_MAX];
	const struct dirent *e;
	int rc = hs_paths_state("lists", dir, err);
	DIR *d = rc == HS_OK ? opendir(dir) : NULL;

	if (rc == HS_OK && d == NULL && errno != ENOENT)
		rc = hs_fail(err, HS_ERR_IO, "%s: %s", dir, strerror(errno));
	while (rc == HS_OK && d != NULL && (e = readdir(d)) != NULL) {
		if (!is_list(e->d_name))
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
		rc = take_file(m, path, err);
	}
	if (d != NULL)
		(void)closedir(d);
	return rc;
}

static int
write_out(const struct merging *m, const char *out, struct hs_err *err)
{
	struct hs_str s = hs_buf_str(&m->krl);

	if (out != NULL)
		return hs_paths_write(out, s, 0644, true, err);
	if (isatty(STDOUT_FILENO))
		return hs_fail(err, HS_ERR_USAGE,
		    "a KRL is no text for a terminal: name a file with -o");
	if (fwrite(s.p, 1, s.len, stdout) != s.len)
		return hs_fail(err, HS_ERR_IO, "not all could be written");
	return HS_OK;
}

static int
run(struct merging *m, int n, char **files, const char *out, bool json)
{
	struct hs_err err = {0};
	int rc = HS_OK;

	m->now = hs_cli_now();
	m->rows = json_array();
	hs_krl_begin(&m->krl, m->now, m->now, "handseal krl");
	for (int i = 0; i < n && rc == HS_OK; i++)
		rc = take_file(m, files[i], &err);
	if (n == 0)
		rc = take_folder(m, &err);
	if (rc == HS_OK && (out != NULL || !json))
		rc = write_out(m, out, &err);
	if (rc != HS_OK)
		return hs_cli_fail(json, &err);
	if (json)
		return hs_cli_print_json(json_pack(
		    "{s:I,s:O}", "version", (json_int_t)m->now, "lists", m->rows));
	if (out != NULL)
		printf(
		    "%u list%s merged into %s\n", m->lists, m->lists == 1 ? "" : "s", out);
	return hs_cli_finish();
}

int
cmd_krl(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct merging m = {0};
	const char *out = NULL;
	bool json = false;
	int opt, status;

	while ((opt = getopt_long(argc, argv, "ho:", longs, NULL)) != -1) {
		if (opt == 'h')
			return hs_cmd_help(argv[0]);
		if (opt == 'j')
			json = true;
		else if (opt == 'o')
			out = optarg;
		else
			return hs_cmd_usage(argv[0], "krl does not take that");
	}
	status = run(&m, argc - optind, argv + optind, out, json);
	json_decref(m.rows);
	free(m.r);
	hs_buf_free(&m.krl);
	return status;
}
