// SPDX-License-Identifier: ISC
//
// Taking back by a root's touch. What is named is read in takeback.c, the touch is had in
// rootsign.c; here the list gets its root, its number and its file, and who runs here hears
// of it. Contract in byroot.h.
#include "client/handseal/byroot.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "client/handseal/cmd.h"
#include "client/handseal/options.h"
#include "client/handseal/rootlist.h"
#include "client/handseal/rootsign.h"
#include "client/handseal/takeback.h"
#include "client/handseal/telldaemon.h"

struct wish {
	struct hs_takeback what;
	const char *all, *with, *device, *out;
	bool pin, json;
	struct hs_rootlist roots;
	const struct hs_root_record *root;
	char dir[HS_PATHS_MAX];	 // where it goes
	char path[HS_PATHS_MAX]; // of its file; "": by what is in it
	uint64_t highest;	 // number of a list of this root that is there
	unsigned lists; // files that a server takes for this root's, with the new one
};

// ---- the command line

static int
take_option(struct wish *w, int opt, struct hs_err *err)
{
	switch (opt) {
	case 's':
		return hs_takeback_session(&w->what, optarg, err);
	case 'r':
		if (w->all != NULL)
			return hs_fail(err, HS_ERR_USAGE, "--root is given once");
		w->all = optarg;
		return hs_takeback_all(&w->what, err);
	case 'w':
		w->with = optarg;
		return HS_OK;
	case 'd':
		w->device = optarg;
		return HS_OK;
	case 'p':
		w->pin = true;
		return HS_OK;
	case 'o':
		w->out = optarg;
		return HS_OK;
	case 'b':
		return HS_OK;
	case 'j':
		w->json = true;
		return HS_OK;
	default:
		return hs_fail(err, HS_ERR_USAGE, "revoke --by-root does not take that");
	}
}

static int
parse(int argc, char **argv, struct wish *w, struct hs_err *err)
{
	static const struct option longs[] = {{"by-root", no_argument, NULL, 'b'},
	    {"session", required_argument, NULL, 's'},
	    {"root", required_argument, NULL, 'r'}, {"with", required_argument, NULL, 'w'},
	    {"device", required_argument, NULL, 'd'}, {"pin", no_argument, NULL, 'p'},
	    {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	int opt, rc = HS_OK;

	while (rc == HS_OK && (opt = getopt_long(argc, argv, "ho:", longs, NULL)) != -1) {
		if (opt == 'h')
			return -1;
		rc = take_option(w, opt, err);
	}
	for (int i = optind; i < argc && rc == HS_OK; i++)
		rc = hs_takeback_one(&w->what, argv[i], err);
	if (rc == HS_OK && w->what.n == 0)
		rc = hs_fail(err, HS_ERR_USAGE,
		    "revoke --by-root takes ids, certificates, --session or --root");
	if (rc == HS_OK && w->all != NULL && w->with != NULL)
		rc = hs_fail(err, HS_ERR_USAGE, "--root names the root already");
	if (rc == HS_OK && w->device != NULL && w->device[strspn(w->device, " ")] == '\0')
		rc = hs_fail(err, HS_ERR_USAGE, "--device is empty");
	return rc;
}

// ---- which root

// By its name or its whole fingerprint.
static bool
is_called(const struct hs_root_record *r, const char *name)
{
	char fingerprint[HS_FINGERPRINT_LEN + 1];

	hs_key_fingerprint(&r->key, fingerprint);
	return strcmp(r->name, name) == 0 || strcmp(fingerprint, name) == 0;
}

static int
find_root(struct wish *w, struct hs_err *err)
{
	const char *name = w->all != NULL ? w->all : w->with;
	const struct hs_takeback *t = &w->what;
	size_t found = 0;

	for (size_t i = 0; i < w->roots.n; i++) {
		const struct hs_root_record *r = &w->roots.v[i];

		if ((name != NULL && !is_called(r, name)) ||
		    (name == NULL && t->rooted && !hs_key_eq(&r->key, &t->root)))
			continue;
		w->root = r;
		found++;
	}
	if (found > 1)
		return hs_fail(err, HS_ERR_USAGE,
		    "%zu roots are enrolled here: say --with which", found);
	if (found == 0)
		return hs_fail(err, HS_NO_SUCH,
		    "%s%s enrolled here: bring the file that handseal enroll wrote for it",
		    name != NULL ? name
		    : t->rooted	 ? "that certificate's root"
				 : "no root",
		    name != NULL || t->rooted ? " is not" : " is");
	if (t->rooted && !hs_key_eq(&w->root->key, &t->root))
		return hs_fail(err, HS_NO_WIDER,
		    "that certificate stands under another root than %s", w->root->name);
	return HS_OK;
}

// ---- its file

// What is there of this root: a list that is none has no number, and its file counts.
static void
look_there(struct wish *w)
{
	char id[HS_SESSION_ID_LEN + 1];
	DIR *d = opendir(w->dir);
	const struct dirent *e;

	hs_rlist_root_id(&w->root->key, id);
	while (d != NULL && (e = readdir(d)) != NULL) {
		char path[2 * HS_PATHS_MAX];
		struct hs_buf data = {0};
		struct hs_rlist l;

		if (strncmp(e->d_name, "root-", 5) != 0)
			continue;
		w->lists += strncmp(e->d_name + 5, id, HS_SESSION_ID_LEN) == 0;
		(void)snprintf(path, sizeof path, "%s/%s", w->dir, e->d_name);
		if (hs_paths_read(path, HS_RLIST_MAX, false, &data, NULL) == HS_OK &&
		    hs_rlist_parse(hs_buf_str(&data), &l, NULL) == HS_OK &&
		    hs_rlist_check(&l, NULL, NULL) == HS_OK &&
		    hs_key_eq(&l.root, &w->root->key) && l.version > w->highest)
			w->highest = l.version;
		hs_buf_free(&data);
	}
	if (d != NULL)
		(void)closedir(d);
	w->lists++;
}

// One over the bound refuses every login under the root: said while there is time.
static void
warn_of_many(const struct wish *w)
{
	if (w->lists < HS_RLIST_FILES_MAX / 4 * 3)
		return;
	hs_cli_say(
	    "%s holds %u lists of this root. A server that holds more than %u "
	    "refuses every login under it. Take those away, there too, whose "
	    "certificates have all ended; with  handseal revoke --by-root --root %s  "
	    "all other lists of it may go",
	    w->dir, w->lists, HS_RLIST_FILES_MAX, w->root->name);
}

// Beside the daemon's lists, where there is no -o; into the folder that it names, or the
// file.
static int
choose_place(struct wish *w, struct hs_err *err)
{
	const char *slash;
	struct stat st;
	int rc = HS_OK;

	if (w->out == NULL) {
		rc = hs_paths_state("lists", w->dir, err);
		if (rc == HS_OK)
			rc = hs_paths_make(w->dir, err);
	} else if (strlen(w->out) >= sizeof w->path - HS_RLIST_NAME_LEN - 1) {
		rc = hs_fail(err, HS_ERR_TOO_LONG, "the path of -o is too long");
	} else if (stat(w->out, &st) != 0) {
		slash = strrchr(w->out, '/');
		(void)snprintf(w->path, sizeof w->path, "%s", w->out);
		(void)snprintf(w->dir, sizeof w->dir, "%.*s",
		    slash != NULL ? (int)(slash + 1 - w->out) : 1,
		    slash != NULL ? w->out : ".");
	} else if (S_ISDIR(st.st_mode)) {
		(void)snprintf(w->dir, sizeof w->dir, "%s", w->out);
	} else {
		rc = hs_fail(err, HS_ERR_IO, "%s exists, and is never overwritten", w->out);
	}
	// known before the touch, so that none is asked for in vain
	if (rc == HS_OK && access(w->dir, W_OK | X_OK) != 0)
		rc = hs_fail(
		    err, HS_ERR_IO, "cannot write to %s: %s", w->dir, strerror(errno));
	return rc;
}

static int
store(struct wish *w, struct hs_str list, const struct hs_rlist *l, struct hs_err *err)
{
	char name[HS_RLIST_NAME_LEN + 1];
	bool named = w->path[0] != '\0';
	int n = 0;

	hs_rlist_name(l, name);
	if (!named)
		n = snprintf(w->path, sizeof w->path, "%s/%s", w->dir, name);
	if (n < 0 || (size_t)n >= sizeof w->path)
		return hs_fail(err, HS_ERR_TOO_LONG, "the path of the list is too long");
	// what is called so says the same
	return hs_paths_write(w->path, list, 0644, !named, err);
}

// ---- telling

static int
add_row(void *arg, const struct hs_rlist_entry *e)
{
	static const char *const kinds[] = {[HS_RLIST_ALL] = "all",
	    [HS_RLIST_SESSION] = "session",
	    [HS_RLIST_SERIALS] = "serials",
	    [HS_RLIST_DIRECT] = "direct"};
	json_t *rows = arg, *o = json_pack("{s:s}", "what", kinds[e->what]);
	int rc = o != NULL ? 0 : -1;

	if (rc == 0 && e->session[0] != '\0')
		rc = json_object_set_new(o, "session", json_string(e->session));
	// as text: a serial has 64 bits, and many readers of JSON fewer
	if (rc == 0 && e->lo > 0)
		rc = json_object_set_new(o, "from", json_sprintf("%ju", (uintmax_t)e->lo));
	if (rc == 0 && e->lo > 0)
		rc = json_object_set_new(o, "to", json_sprintf("%ju", (uintmax_t)e->hi));
	if (rc == 0)
		return json_array_append_new(rows, o) == 0 ? HS_OK : HS_ERR_NOMEM;
	json_decref(o);
	return HS_ERR_NOMEM;
}

// To each of what is revoked, what the daemon here made of it.
static void
add_told(json_t *rows, json_t *told)
{
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)(void)
	    json_object_set(row, "daemon", json_array_get(told, i));
}

static int
print_json(const struct wish *w, const struct hs_rlist *l, bool reached, json_t *servers,
    json_t *told)
{
	char fingerprint[HS_FINGERPRINT_LEN + 1];
	json_t *rows = json_array();

	hs_key_fingerprint(&l->root, fingerprint);
	if (hs_rlist_walk(l, add_row, rows) != HS_OK) {
		json_decref(rows);
		return hs_cli_print_json(NULL);
	}
	add_told(rows, told);
	return hs_cli_print_json(json_pack("{s:s,s:s,s:I,s:o,s:o,s:o,s:I,s:b,s:O}", "root",
	    fingerprint, "name", w->root->name, "version", (json_int_t)l->version, "issued",
	    hs_cli_json_time(l->issued), "revoked", rows, "list",
	    hs_cli_json(hs_str_c(w->path)), "lists", (json_int_t)w->lists, "daemon",
	    reached, "servers", servers));
}

static int
tell(const struct wish *w, const struct hs_rlist *l)
{
	json_t *servers = json_array(), *told = json_array();
	struct hs_buf b = {0};
	bool reached = hs_telldaemon(l, w->out == NULL, &b, servers, told);
	int status;

	if (w->json) {
		status = print_json(w, l, reached, servers, told);
	} else {
		printf("  list %ju  ", (uintmax_t)l->version);
		hs_cli_put(stdout, hs_str_c(w->path));
		printf("\n  A server refuses it as soon as that file is in its folder "
		       "Revocations;\n  for stock sshd:  handseal krl\n");
		hs_cli_put_text(stdout, hs_buf_str(&b), "");
		status = hs_cli_finish();
	}
	warn_of_many(w);
	json_decref(servers);
	json_decref(told);
	hs_buf_free(&b);
	return status;
}

static int
make(struct wish *w, struct hs_buf *list, struct hs_err *err)
{
	struct hs_rlist_spec spec = {.root = &w->root->key,
	    .issued = hs_cli_now(),
	    .v = w->what.v,
	    .n = w->what.n,
	    .proofs = w->what.proofs,
	    .nproofs = w->what.nproofs};
	const struct hs_rootsign how = {.root = w->root,
	    .device = w->device,
	    .pin = w->pin,
	    .talk = w->json ? stderr : stdout};
	struct hs_buf message = {0};
	int rc;

	look_there(w);
	// seconds, so that it grows also where the one before is not here
	spec.version = w->highest >= spec.issued && w->highest < UINT64_MAX ? w->highest + 1
									    : spec.issued;
	rc = hs_rlist_put_message(&message, &spec, err);
	if (rc == HS_OK && w->root->simulated)
		fputs(
		    "SIMULATED: a software key, so no hand stands behind it.\n", how.talk);
	if (rc == HS_OK)
		rc = hs_rootsign(&how, hs_buf_str(&message), list, err);
	hs_buf_free(&message);
	return rc;
}

int
hs_byroot(int argc, char **argv)
{
	static struct wish w; // the entries are many
	struct hs_buf list = {0};
	struct hs_err err = {0};
	struct hs_rlist l;
	int status, rc = parse(argc, argv, &w, &err);

	if (rc == -1) {
		hs_takeback_free(&w.what);
		return hs_cmd_help(argv[0]);
	}
	if (rc == HS_OK)
		rc = hs_rootlist_read(&w.roots, NULL, NULL, &err);
	if (rc == HS_OK)
		rc = find_root(&w, &err);
	if (rc == HS_OK)
		rc = choose_place(&w, &err);
	if (rc == HS_OK)
		rc = make(&w, &list, &err);
	if (rc == HS_OK)
		rc = hs_rlist_parse(hs_buf_str(&list), &l, &err);
	if (rc == HS_OK)
		rc = store(&w, hs_buf_str(&list), &l, &err);
	if (rc == HS_ERR_USAGE)
		status = hs_cmd_usage(argv[0], "%s", hs_err_sentence(&err));
	else
		status = rc == HS_OK ? tell(&w, &l) : hs_cli_fail(w.json, &err);
	hs_takeback_free(&w.what);
	hs_rootlist_free(&w.roots);
	hs_buf_free(&list);
	return status;
}
