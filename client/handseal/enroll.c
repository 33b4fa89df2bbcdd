// SPDX-License-Identifier: ISC
//
// handseal enroll: has a security key make a credential, or takes over one that ssh-keygen
// made, and writes its root file. Making it is in newkey.c.
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "client/handseal/cmd.h"
#include "client/handseal/newkey.h"
#include "client/handseal/rootinfo.h"
#include "client/handseal/rootlist.h"
#include "proto/policy.h"
#include "proto/text.h"

#define FREE_NAME "key%d"

struct wish {
	struct hs_newkey key;
	const char *type_option, *name, *owner, *import;
	bool json;
	FILE *talk; // where a person reads: stdout, or stderr beside --json
	struct hs_rootlist roots;
	struct hs_root_record r;
	char path[HS_PATHS_MAX];
	char policy[HS_PATHS_MAX]; // the default that was written, or ""
};

static int
fail(const struct wish *w, const struct hs_err *err)
{
	return hs_cli_fail(w->json, err);
}

// ---- the command line

static int
take_type(struct wish *w, const char *value)
{
	w->type_option = value;
	if (strcmp(value, "ed25519") == 0)
		w->key.type = HS_KT_SK_ED25519;
	else if (strcmp(value, "ecdsa") == 0)
		w->key.type = HS_KT_SK_ECDSA;
	else
		return hs_cmd_usage("enroll", "--type is ed25519 or ecdsa");
	return HS_EXIT_DONE;
}

static int
take_option(struct wish *w, int opt)
{
	switch (opt) {
	case 't':
		return take_type(w, optarg);
	case 'n':
		w->name = optarg;
		return HS_EXIT_DONE;
	case 'o':
		w->owner = optarg;
		return HS_EXIT_DONE;
	case 'i':
		w->import = optarg;
		return HS_EXIT_DONE;
	case 'd':
		w->key.device = optarg;
		return HS_EXIT_DONE;
	case 'p':
		w->key.pin = true;
		return HS_EXIT_DONE;
	case 'j':
		w->json = true;
		return HS_EXIT_DONE;
	default:
		return hs_cmd_usage("enroll", "enroll does not take that");
	}
}

static int
check_options(const struct wish *w)
{
	size_t n = w->owner != NULL ? strlen(w->owner) : 0;

	if (w->name != NULL && !hs_text_is_label(hs_str_c(w->name)))
		return hs_cmd_usage("enroll",
		    "--name takes up to %d of A-Z a-z 0-9 . _ - that begin with a letter "
		    "or digit",
		    HS_ROOT_NAME_MAX);
	if (n > HS_ROOT_OWNER_MAX ||
	    !hs_text_shown(hs_str_c(n > 0 ? w->owner : ""), NULL) ||
	    (n > 0 && (w->owner[0] == ' ' || w->owner[n - 1] == ' ')))
		return hs_cmd_usage("enroll",
		    "--owner takes a line of up to %d bytes, without blanks around it or "
		    "characters "
		    "that do not show",
		    HS_ROOT_OWNER_MAX);
	if (w->import != NULL && (w->type_option != NULL || w->key.device != NULL))
		return hs_cmd_usage("enroll", "--import takes over a key that is there: "
					      "neither --type nor --device can be "
					      "given");
	if (w->key.device != NULL && w->key.device[strspn(w->key.device, " ")] == '\0')
		return hs_cmd_usage("enroll", "--device is empty");
	return HS_EXIT_DONE;
}

static int
parse_options(int argc, char **argv, struct wish *w)
{
	static const struct option longs[] = {{"type", required_argument, NULL, 't'},
	    {"name", required_argument, NULL, 'n'}, {"owner", required_argument, NULL, 'o'},
	    {"import", required_argument, NULL, 'i'},
	    {"device", required_argument, NULL, 'd'}, {"pin", no_argument, NULL, 'p'},
	    {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	int opt, status = HS_EXIT_DONE;

	while (status == HS_EXIT_DONE &&
	       (opt = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (opt == 'h')
			return -1;
		status = take_option(w, opt);
	}
	if (status == HS_EXIT_DONE && optind < argc)
		return hs_cmd_usage("enroll", "enroll takes no %s", argv[optind]);
	return status == HS_EXIT_DONE ? check_options(w) : status;
}

// ---- what must hold before anybody is asked for a touch

static bool
is_free(const struct wish *w, const char *name, char path[static HS_PATHS_MAX])
{
	struct stat st;

	return hs_rootlist_path(&w->roots, name, path, NULL) == HS_OK &&
	       lstat(path, &st) != 0 && errno == ENOENT;
}

static int
choose_name(struct wish *w, struct hs_err *err)
{
	char *name = w->r.name;

	for (int i = 1; w->name == NULL && i <= 2 * HS_ROOTS_MAX; i++) {
		snprintf(name, sizeof w->r.name, FREE_NAME, i);
		if (is_free(w, name, w->path))
			return HS_OK;
	}
	snprintf(name, sizeof w->r.name, "%s", w->name != NULL ? w->name : "key1");
	if (is_free(w, name, w->path))
		return HS_OK;
	return hs_fail(err, HS_ERR_IO,
	    "%s exists, and is never overwritten: choose another --name, or see handseal "
	    "roots",
	    w->path);
}

static int
prepare(struct wish *w, struct hs_err *err)
{
	int rc = hs_rootlist_read(&w->roots, NULL, NULL, err);

	if (rc == HS_OK)
		rc = hs_paths_make(w->roots.dir, err);
	if (rc == HS_OK && access(w->roots.dir, W_OK | X_OK) != 0)
		rc = hs_fail(err, HS_ERR_IO, "cannot write to %s: %s", w->roots.dir,
		    strerror(errno));
	if (rc == HS_OK && w->roots.n >= HS_ROOTS_MAX)
		rc = hs_fail(err, HS_ERR_TOO_LONG,
		    "%d roots are enrolled, and that is the most: handseal roots remove",
		    HS_ROOTS_MAX);
	if (rc == HS_OK)
		rc = choose_name(w, err);
	return rc;
}

static int
make_key(struct wish *w, struct hs_err *err)
{
	int rc = hs_newkey_make(&w->key, &w->r, err);

	if (rc == HS_SK_PIN_REQUIRED && !w->key.pin)
		rc = hs_fail(err, HS_SK_PIN_REQUIRED,
		    "the security key wants its PIN for whatever it does: handseal enroll "
		    "--pin");
	return rc;
}

// ---- a credential that is there

static int
import_file(struct wish *w, struct hs_err *err)
{
	struct hs_buf text = {0};
	struct hs_err why = {0};
	int rc = hs_paths_read(w->import, HS_ROOTFILE_MAX, false, &text, err);

	if (rc == HS_OK) {
		rc = hs_openssh_sk_parse(hs_buf_str(&text), &w->r, &why);
		if (rc != HS_OK)
			rc = hs_fail(err, why.code, "%s cannot be imported: %s", w->import,
			    hs_err_sentence(&why));
	}
	snprintf(w->r.attestation, sizeof w->r.attestation, "none");
	w->r.verify = w->r.verify || w->key.pin;
	hs_buf_free(&text);
	return rc;
}

// ---- keeping it

static int
store(struct wish *w, struct hs_err *err)
{
	struct hs_root_record back;
	struct hs_buf text = {0};
	int rc = HS_OK;

	w->r.created = hs_cli_now();
	if (w->owner != NULL)
		snprintf(w->r.owner, sizeof w->r.owner, "%s", w->owner);
	for (size_t i = 0; i < w->roots.n; i++)
		if (hs_key_eq(&w->roots.v[i].key, &w->r.key))
			return hs_fail(err, HS_ERR_IO,
			    "this key is enrolled already, as %s", w->roots.v[i].name);
	hs_rootfile_put(&text, &w->r);
	rc = hs_rootfile_parse(hs_buf_str(&text), &back, err);
	if (rc == HS_OK)
		rc = hs_paths_write(w->path, hs_buf_str(&text), 0600, false, err);
	hs_buf_free(&text);
	return rc;
}

// The commented default, where there is no policy yet. The root is enrolled by now and
// stays so: what fails here is only said.
static void
store_policy(struct wish *w)
{
	struct hs_buf text = {0};
	struct hs_err err = {0};
	struct stat st;
	int rc = hs_paths_config("policy", w->policy, &err);

	if (rc == HS_OK && lstat(w->policy, &st) == 0) {
		w->policy[0] = '\0';
		return;
	}
	hs_policy_put_default(&text);
	if (rc == HS_OK)
		rc = hs_paths_write(w->policy, hs_buf_str(&text), 0600, false, &err);
	if (rc != HS_OK) {
		w->policy[0] = '\0';
		fprintf(
		    stderr, "handseal: no policy was written: %s\n", hs_err_sentence(&err));
	}
	hs_buf_free(&text);
}

static void
put_text(struct hs_buf *b, const struct wish *w)
{
	char fingerprint[HS_FINGERPRINT_LEN + 1];
	size_t before = b->len;

	hs_key_fingerprint(&w->r.key, fingerprint);
	if (w->import == NULL)
		hs_rootinfo_put_product(b, &w->r);
	if (b->len > before)
		hs_put_fmt(b, "\n");
	hs_put_fmt(b, "%s %s  %s  %s, %s\n", w->import != NULL ? "Imported" : "Enrolled",
	    w->r.name, fingerprint, hs_rootinfo_type(&w->r), hs_rootinfo_touch(&w->r));
	if (w->r.simulated)
		hs_put_fmt(b, "SIMULATED: a software key, so no hand stands behind it.\n");
	if (w->import != NULL)
		hs_put_fmt(
		    b, "What kind of key it is on is not known: it was not asked.\n");
	if (w->r.verify)
		hs_put_fmt(b,
		    "\nIts PIN is asked for with every touch that opens a session "
		    "or allows more.\n");
	else
		hs_put_fmt(b, "\nA touch proves someone pressed this key. To prove it was "
			      "you:  handseal enroll --pin\n");
	if (w->roots.n == 0)
		hs_put_fmt(b,
		    "There is no recovery. Enrol a second key now:  handseal enroll%s\n",
		    strcmp(w->r.name, "spare") != 0 ? " --name spare" : "");
	if (w->policy[0] != '\0')
		hs_put_fmt(b,
		    "Wrote %s. It allows nothing yet: put your hosts where it says HOST.\n",
		    w->policy);
	hs_put_fmt(b, "For a server:  handseal roots --pub\n");
}

static int
print(const struct wish *w)
{
	struct hs_buf text = {0};
	json_t *o;

	put_text(&text, w);
	hs_cli_put_text(w->talk, hs_buf_str(&text), "");
	hs_buf_free(&text);
	if (!w->json)
		return hs_cli_finish();
	o = hs_rootinfo_json(&w->r);
	if (o != NULL &&
	    (json_object_set_new(o, "imported", json_boolean(w->import != NULL)) != 0 ||
		json_object_set_new(o, "file", hs_cli_json(hs_str_c(w->path))) != 0 ||
		json_object_set_new(o, "policy",
		    w->policy[0] != '\0' ? hs_cli_json(hs_str_c(w->policy))
					 : json_null()) != 0)) {
		json_decref(o);
		o = NULL;
	}
	return hs_cli_print_json(o);
}

int
cmd_enroll(int argc, char **argv)
{
	struct wish w = {.key = {.type = HS_KT_SK_ED25519}};
	struct hs_err err = {0};
	int status = parse_options(argc, argv, &w), rc;

	if (status == -1)
		return hs_cmd_help("enroll");
	if (status != HS_EXIT_DONE)
		return status;
	w.talk = w.key.talk = w.json ? stderr : stdout;
	rc = prepare(&w, &err);
	if (rc == HS_OK)
		rc = w.import != NULL ? import_file(&w, &err) : make_key(&w, &err);
	if (rc == HS_OK)
		rc = store(&w, &err);
	if (rc == HS_OK)
		store_policy(&w);
	status = rc == HS_OK ? print(&w) : fail(&w, &err);
	hs_rootlist_free(&w.roots);
	return status;
}
