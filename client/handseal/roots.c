// SPDX-License-Identifier: ISC
//
// handseal roots: lists the enrolled keys, prints their lines for servers, forgets one. It
// talks to no daemon and no security key.
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>
#include "client/handseal/cmd.h"
#include "client/handseal/rootinfo.h"
#include "client/handseal/rootlist.h"
#include "proto/text.h"

#define FRONT	     "SHA256:"
#define SHORTEST     8 // characters behind it
#define LOGIN_MAX    64
#define LOGIN_LETTER "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

struct view {
	struct hs_rootlist list;
	bool json, pub;
	json_t *rows, *bad;
};

static void
tell_bad(void *arg, const char *path, const struct hs_err *err)
{
	struct view *v = arg;
	struct hs_buf b = {0};

	hs_put_fmt(&b, "%s", path);
	if (err->line > 0)
		hs_put_fmt(&b, ":%u:%u", err->line, err->column);
	hs_put_fmt(&b, ": not used: %s", hs_err_sentence(err));
	hs_cli_say("%s", hs_cli_cstr(&b));
	hs_buf_free(&b);
	(void)json_array_append_new(
	    v->bad, json_pack("{s:o,s:I,s:I,s:o}", "file", hs_cli_json(hs_str_c(path)),
			"line", (json_int_t)err->line, "column", (json_int_t)err->column,
			"sentence", hs_cli_json(hs_str_c(hs_err_sentence(err)))));
}

// Whose name the lines for servers begin with: this login, unless it is root's. That agents
// may be root somewhere must not come from a line that was pasted unread.
static const char *
login(void)
{
	static char name[LOGIN_MAX + 1];
	const struct passwd *pw = getpwuid(getuid());
	size_t n = pw != NULL && pw->pw_name != NULL ? strlen(pw->pw_name) : 0;

	if (n == 0 || n > LOGIN_MAX || pw->pw_uid == 0 ||
	    strcmp(pw->pw_name, "root") == 0 ||
	    pw->pw_name[strspn(pw->pw_name, LOGIN_LETTER)] != '\0')
		return NULL;
	memcpy(name, pw->pw_name, n + 1);
	return name;
}

// ---- the list

static void
put_root(struct hs_buf *b, const struct hs_root_record *r)
{
	char fingerprint[HS_FINGERPRINT_LEN + 1];

	hs_key_fingerprint(&r->key, fingerprint);
	hs_put_fmt(b, "%s  %s  %s, %s\n", r->name, fingerprint, hs_rootinfo_type(r),
	    hs_rootinfo_touch(r));
	hs_put_fmt(b, "    enrolled ");
	hs_cli_put_when(b, r->created, hs_cli_now());
	if (r->owner[0] != '\0')
		hs_put_fmt(b, ", %s", r->owner);
	hs_put_fmt(b, "\n");
	if (r->has_aaguid) {
		hs_put_fmt(b, "    ");
		hs_rootinfo_put_product(b, r);
		hs_put_fmt(b, "\n");
	} else {
		hs_put_fmt(b, "    imported: what kind of key it is on is not known\n");
	}
	if (r->simulated)
		hs_put_fmt(
		    b, "    SIMULATED: a software key, so no hand stands behind it\n");
}

static void
put_list(struct hs_buf *b, const struct view *v)
{
	for (size_t i = 0; i < v->list.n; i++)
		put_root(b, &v->list.v[i]);
	if (v->list.n == 0)
		hs_put_fmt(b, "No security key is enrolled. Enrol one:  handseal enroll\n");
	else if (v->list.n == 1)
		hs_put_fmt(b, "There is no recovery from its loss. Enrol a second key:  "
			      "handseal enroll\n");
}

static void
put_lines(struct hs_buf *b, const struct view *v)
{
	const char *user = login();

	hs_put_fmt(b, "# For /etc/handseal/roots on a server. users= names the accounts "
		      "that these keys may\n"
		      "# let agents into, and no others: put the server's there, such as "
		      "users=\"deploy\".\n");
	if (user == NULL)
		hs_put_fmt(b, "# As it stands, it admits nobody.\n");
	for (size_t i = 0; i < v->list.n; i++) {
		hs_rootinfo_put_server_line(b, &v->list.v[i], user);
		hs_put_fmt(b, "\n");
	}
	hs_put_fmt(b, "#\n# For a server without handseal-verify, in an account's "
		      "authorized_keys instead. A stock\n"
		      "# sshd does not check that the key was touched, nor what "
		      "handseal-shell would:\n");
	for (size_t i = 0; i < v->list.n; i++) {
		hs_put_fmt(b, "# direct: ");
		hs_rootinfo_put_direct_line(b, &v->list.v[i]);
		hs_put_fmt(b, "\n");
	}
}

static int
set_line(json_t *o, const char *name, struct hs_buf *line)
{
	int rc = json_object_set_new(o, name, hs_cli_json(hs_buf_str(line)));

	hs_buf_free(line);
	return rc;
}

static int
print_json(struct view *v)
{
	const char *user = login();

	for (size_t i = 0; i < v->list.n; i++) {
		const struct hs_root_record *r = &v->list.v[i];
		struct hs_buf server = {0}, direct = {0};
		json_t *o = hs_rootinfo_json(r);

		hs_rootinfo_put_server_line(&server, r, user);
		hs_rootinfo_put_direct_line(&direct, r);
		if (set_line(o, "server_line", &server) != 0 ||
		    set_line(o, "direct_line", &direct) != 0 ||
		    json_array_append(v->rows, o) != 0)
			json_array_clear(v->rows);
		json_decref(o);
		if (json_array_size(v->rows) != i + 1)
			return hs_cli_print_json(NULL);
	}
	return hs_cli_print_json(json_pack("{s:O,s:O}", "roots", v->rows, "bad", v->bad));
}

static int
show(struct view *v)
{
	struct hs_buf b = {0};
	struct hs_err err = {0};
	int status;

	if (v->pub && v->list.n == 0) {
		(void)hs_fail(&err, HS_NO_SUCH,
		    "no security key is enrolled: enrol one with handseal enroll");
		return hs_cli_fail(v->json, &err);
	}
	if (v->json) {
		status = print_json(v);
	} else {
		if (v->pub)
			put_lines(&b, v);
		else
			put_list(&b, v);
		hs_cli_put_text(stdout, hs_buf_str(&b), "");
		status = hs_cli_finish();
	}
	hs_buf_free(&b);
	return status == HS_EXIT_DONE && v->list.bad > 0 ? HS_EXIT_FAILED : status;
}

// ---- remove

static int
find_one(const struct view *v, const char *typed, const struct hs_root_record **out,
    struct hs_err *err)
{
	const size_t front = sizeof FRONT - 1, n = strlen(typed);
	char fingerprint[HS_FINGERPRINT_LEN + 1];
	size_t found = 0;

	if (strncmp(typed, FRONT, front) != 0 || n < front + SHORTEST)
		return hs_fail(err, HS_ERR_USAGE,
		    "a fingerprint is " FRONT
		    " and its characters, the first %d at least, as "
		    "handseal roots shows it",
		    SHORTEST);
	for (size_t i = 0; i < v->list.n; i++) {
		hs_key_fingerprint(&v->list.v[i].key, fingerprint);
		if (strncmp(fingerprint, typed, n) != 0)
			continue;
		*out = &v->list.v[i];
		found++;
	}
	if (found == 0)
		return hs_fail(
		    err, HS_NO_SUCH, "no enrolled key has the fingerprint %s", typed);
	if (found > 1)
		return hs_fail(err, HS_ERR_USAGE,
		    "%zu enrolled keys have fingerprints that begin so: give more of it",
		    found);
	return HS_OK;
}

static void
put_removed(struct hs_buf *b, const struct hs_root_record *r)
{
	char fingerprint[HS_FINGERPRINT_LEN + 1];

	hs_key_fingerprint(&r->key, fingerprint);
	hs_put_fmt(
	    b, "Removed %s  %s. It opens no session from now on.\n", r->name, fingerprint);
	hs_put_fmt(b,
	    "Not undone:\n"
	    "  a session that it opened issues certificates until its end:  handseal "
	    "close\n"
	    "  certificates that were handed out are valid until theirs\n"
	    "  servers trust it until its line is gone from their /etc/handseal/roots\n"
	    "  the key still knows the credential: with a copy of the file it works "
	    "again\n");
}

// Until the folder is on disk, a crash could bring the file back.
static int
forget(const struct hs_rootlist *l, const char *path, struct hs_err *err)
{
	int fd = open(l->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = HS_OK;

	if (fd < 0 || unlink(path) != 0 || (fsync(fd) != 0 && errno != EINVAL))
		rc = hs_fail(err, HS_ERR_IO, "cannot remove %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return rc;
}

static int
remove_root(struct view *v, const char *typed)
{
	const struct hs_root_record *r = NULL;
	char path[HS_PATHS_MAX] = "";
	struct hs_buf b = {0};
	struct hs_err err = {0};
	int rc = find_one(v, typed, &r, &err);

	if (rc == HS_ERR_USAGE)
		return hs_cmd_usage("roots", "%s", hs_err_sentence(&err));
	if (rc == HS_OK)
		rc = hs_rootlist_path(&v->list, r->name, path, &err);
	if (rc == HS_OK)
		rc = forget(&v->list, path, &err);
	if (rc != HS_OK)
		return hs_cli_fail(v->json, &err);
	if (v->json)
		return hs_cli_print_json(
		    json_pack("{s:o}", "removed", hs_rootinfo_json(r)));
	put_removed(&b, r);
	hs_cli_put_text(stdout, hs_buf_str(&b), "");
	hs_buf_free(&b);
	return hs_cli_finish();
}

// ---- the command line

static int
parse_options(int argc, char **argv, struct view *v, const char **removing)
{
	static const struct option longs[] = {{"pub", no_argument, NULL, 'p'},
	    {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	int opt;

	while ((opt = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (opt == 'h')
			return -1;
		if (opt == 'p')
			v->pub = true;
		else if (opt == 'j')
			v->json = true;
		else
			return hs_cmd_usage("roots", "roots does not take that");
	}
	if (optind == argc)
		return HS_EXIT_DONE;
	if (strcmp(argv[optind], "remove") != 0)
		return hs_cmd_usage("roots", "roots takes no %s", argv[optind]);
	if (argc - optind != 2)
		return hs_cmd_usage("roots", "remove takes one FINGERPRINT");
	if (v->pub)
		return hs_cmd_usage("roots", "--pub or remove, not both");
	*removing = argv[optind + 1];
	return HS_EXIT_DONE;
}

int
cmd_roots(int argc, char **argv)
{
	struct view v = {0};
	struct hs_err err = {0};
	const char *removing = NULL;
	int status = parse_options(argc, argv, &v, &removing);

	if (status == -1)
		return hs_cmd_help("roots");
	if (status != HS_EXIT_DONE)
		return status;
	v.rows = json_array();
	v.bad = json_array();
	if (hs_rootlist_read(&v.list, tell_bad, &v, &err) != HS_OK)
		status = hs_cli_fail(v.json, &err);
	else
		status = removing != NULL ? remove_root(&v, removing) : show(&v);
	json_decref(v.rows);
	json_decref(v.bad);
	hs_rootlist_free(&v.list);
	return status;
}
