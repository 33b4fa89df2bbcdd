// SPDX-License-Identifier: ISC
//
// handseal enroll: has a security key make a credential, or takes over one that ssh-keygen
// made, checks it, and writes its root file. Running the helper is in skhelper.c, judging
// what the key says in attestation.c.
#include <errno.h>
#include <getopt.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "client/handseal/attestation.h"
#include "client/handseal/cmd.h"
#include "client/handseal/rootinfo.h"
#include "client/handseal/rootlist.h"
#include "client/handseal/skhelper.h"
#include "proto/text.h"

#define SOFTKEY	  "softkey:"
#define GRACE	  3 // seconds that a helper may take longer than the touch may
#define FREE_NAME "key%d"

struct wish {
	enum hs_key_type type;
	const char *type_option, *name, *owner, *import, *device;
	bool json;
	FILE *talk; // where a person reads: stdout, or stderr beside --json
	char absolute[HS_PATHS_MAX + sizeof SOFTKEY];
	struct hs_rootlist roots;
	struct hs_root_record r;
	char path[HS_PATHS_MAX];
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
		w->type = HS_KT_SK_ED25519;
	else if (strcmp(value, "ecdsa") == 0)
		w->type = HS_KT_SK_ECDSA;
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
		w->device = optarg;
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
	if (w->import != NULL && (w->type_option != NULL || w->device != NULL))
		return hs_cmd_usage("enroll", "--import takes over a key that is there: "
					      "neither --type nor --device can be "
					      "given");
	if (w->device != NULL && w->device[strspn(w->device, " ")] == '\0')
		return hs_cmd_usage("enroll", "--device is empty");
	return HS_EXIT_DONE;
}

static int
parse_options(int argc, char **argv, struct wish *w)
{
	static const struct option longs[] = {{"type", required_argument, NULL, 't'},
	    {"name", required_argument, NULL, 'n'}, {"owner", required_argument, NULL, 'o'},
	    {"import", required_argument, NULL, 'i'},
	    {"device", required_argument, NULL, 'd'}, {"json", no_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'}, {0}};
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

// ---- a new credential

// The helper runs in "/", and so does handseald's.
static int
make_absolute(struct wish *w, struct hs_err *err)
{
	const char *path = w->device, *front = "";
	char here[HS_PATHS_MAX] = "";
	int n;

	if (strncmp(path, SOFTKEY, sizeof SOFTKEY - 1) == 0) {
		front = SOFTKEY;
		path += sizeof SOFTKEY - 1;
	}
	if (path[0] != '/' && getcwd(here, sizeof here - 1) == NULL)
		return hs_fail(
		    err, HS_ERR_IO, "cannot tell the current folder: %s", strerror(errno));
	n = snprintf(w->absolute, sizeof w->absolute, "%s%s%s%s", front, here,
	    here[0] != '\0' ? "/" : "", path);
	if (n < 0 || (size_t)n >= sizeof w->absolute ||
	    (front[0] != '\0' && (size_t)n >= sizeof w->r.device))
		return hs_fail(err, HS_ERR_TOO_LONG, "the path of --device is too long");
	if (!hs_text_shown(hs_str_c(w->absolute), NULL))
		return hs_fail(err, HS_ERR_FORMAT,
		    "the path of --device has characters that do not show");
	if (front[0] != '\0')
		memcpy(w->r.device, w->absolute, (size_t)n + 1);
	w->device = w->absolute;
	return HS_OK;
}

// As handseald reads it, so that tests need not wait half a minute.
static uint32_t
touch_seconds(void)
{
	const char *s = getenv("HANDSEAL_TOUCH_SECONDS");
	uint64_t n = HS_TOUCH_ARMED;

	if (s == NULL || hs_text_u64(hs_str_c(s), HS_TOUCH_ARMED, &n) != HS_OK || n == 0)
		n = HS_TOUCH_ARMED;
	return (uint32_t)n;
}

static int
take_answer(struct wish *w, const struct hs_helper_enroll *asked, struct hs_str frame,
    struct hs_err *err)
{
	struct hs_helper_answer a = {0};
	const struct hs_helper_enrolled *e = &a.enrolled;
	const char *verdict = "none";
	int rc = hs_helper_answer_parse(frame, &a);

	// one that could not make out what it was asked says 0
	if (rc == HS_OK && a.op != HS_HELPER_ENROLL && (a.code == HS_OK || a.op != 0))
		rc = HS_ERR_FORMAT;
	if (rc != HS_OK)
		return hs_fail(err, HS_SK_HELPER,
		    "the FIDO helper's answer is malformed: %s",
		    hs_code_sentence((enum hs_code)rc));
	if (a.code != HS_OK)
		return hs_fail(err, a.code, "%.*s", (int)a.sentence.len,
		    a.sentence.len > 0 ? (const char *)a.sentence.p : "");
	rc = hs_attestation_check(asked, e, &w->r.key, &verdict, err);
	if (rc != HS_OK)
		return rc;
	if (w->r.device[0] != '\0' && e->simulated == 0)
		return hs_fail(err, HS_SK_LIED,
		    "the FIDO helper's answer cannot be believed: it calls a software key "
		    "real");
	w->r.simulated = e->simulated != 0;
	memcpy(w->r.handle, e->handle.p, e->handle.len);
	w->r.handle_len = e->handle.len;
	memcpy(w->r.aaguid, e->aaguid, sizeof w->r.aaguid);
	w->r.has_aaguid = true;
	snprintf(w->r.attestation, sizeof w->r.attestation, "%s", verdict);
	// a label that a root file cannot hold is left out
	if (!hs_text_shown(e->product, NULL) ||
	    hs_str_copy(e->product, w->r.product, sizeof w->r.product) != HS_OK)
		w->r.product[0] = '\0';
	return HS_OK;
}

static int
run_ceremony(struct wish *w, struct hs_err *err)
{
	struct hs_helper_request m = {.op = HS_HELPER_ENROLL};
	struct hs_helper_enroll *e = &m.enroll;
	struct hs_buf request = {0}, answer = {0};
	int rc = w->device != NULL ? make_absolute(w, err) : HS_OK;

	if (rc != HS_OK)
		return rc;
	e->device = hs_str_c(w->device != NULL ? w->device : "");
	e->timeout = touch_seconds();
	e->key_type = (uint8_t)w->type;
	e->user = hs_str_c(w->r.name);
	randombytes_buf(e->challenge, sizeof e->challenge);
	hs_helper_request_put(&request, &m);
	rc = hs_buf_err(&request);
	if (rc != HS_OK) {
		rc = hs_fail(err, (enum hs_code)rc, "the request could not be composed");
	} else {
		fputs("Touch it when it blinks … ", w->talk);
		fflush(w->talk);
		rc =
		    hs_skhelper_run(hs_buf_str(&request), e->timeout + GRACE, &answer, err);
		if (rc == HS_OK)
			rc = take_answer(w, e, hs_buf_str(&answer), err);
		fputs(rc == HS_OK ? "touched.\n" : "\n", w->talk);
	}
	hs_buf_free(&request);
	hs_buf_free(&answer);
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
	hs_put_fmt(b, "%s %s  %s  %s, touch without PIN\n",
	    w->import != NULL ? "Imported" : "Enrolled", w->r.name, fingerprint,
	    hs_rootinfo_type(&w->r));
	if (w->r.simulated)
		hs_put_fmt(b, "SIMULATED: a software key, so no hand stands behind it.\n");
	if (w->import != NULL)
		hs_put_fmt(
		    b, "What kind of key it is on is not known: it was not asked.\n");
	hs_put_fmt(b, "\nA touch proves someone pressed this key, not who it was.\n");
	if (w->roots.n == 0)
		hs_put_fmt(b,
		    "There is no recovery. Enrol a second key now:  handseal enroll%s\n",
		    strcmp(w->r.name, "spare") != 0 ? " --name spare" : "");
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
		json_object_set_new(o, "file", hs_cli_json(hs_str_c(w->path))) != 0)) {
		json_decref(o);
		o = NULL;
	}
	return hs_cli_print_json(o);
}

int
cmd_enroll(int argc, char **argv)
{
	struct wish w = {.type = HS_KT_SK_ED25519};
	struct hs_err err = {0};
	int status = parse_options(argc, argv, &w), rc;

	if (status == -1)
		return hs_cmd_help("enroll");
	if (status != HS_EXIT_DONE)
		return status;
	w.talk = w.json ? stderr : stdout;
	rc = prepare(&w, &err);
	if (rc == HS_OK)
		rc = w.import != NULL ? import_file(&w, &err) : run_ceremony(&w, &err);
	if (rc == HS_OK)
		rc = store(&w, &err);
	status = rc == HS_OK ? print(&w) : fail(&w, &err);
	hs_rootlist_free(&w.roots);
	return status;
}
