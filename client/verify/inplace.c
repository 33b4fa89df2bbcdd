// SPDX-License-Identifier: ISC
//
// In the place of ssh-keygen -Y. Contract in inplace.h, the rules in docs/PROTOCOL.certs,
// "Signed messages".
//
// Who names what: the caller's own list of allowed signers says whose root counts, for
// which namespaces and when; this machine's verify.conf and revoked, where they are, only
// narrow. A root that is listed as a mere key signs nothing by agents: the line must say
// cert-authority.
#include "client/verify/inplace.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "client/verify/inplace_internal.h"
#include "client/verify/lib/drop.h"
#include "proto/date.h"
#include "proto/text.h"

#define FAILED 255 // as ssh-keygen

static int
say(const struct hs_err *err)
{
	fprintf(stderr, "handseal-verify: %s: %s\n", hs_code_name(err->code),
	    hs_err_sentence(err));
	return FAILED;
}

static int
refuse(const struct hs_inplace *q, const struct hs_err *err)
{
	if (q->action == FIND)
		fprintf(stderr, "No principal matched.\n");
	else if (!q->quiet)
		printf("Could not verify signature.\n");
	return say(err);
}

// ---- the command line

static void
take_detail(struct hs_inplace *q, const char *text)
{
	static const char time_is[] = "verify-time=";
	size_t n = sizeof time_is - 1;
	uint64_t seconds;
	bool local;

	if (strcmp(text, "print-pubkey") == 0)
		q->print_key = true;
	else if (strncmp(text, time_is, n) != 0 ||
		 hs_date_read_openssh(hs_str_c(text + n), &seconds, &local) != HS_OK ||
		 hs_inplace_time(seconds, local, &q->at) != HS_OK)
		q->bad = true;
}

static void
take_action(struct hs_inplace *q, const char *name)
{
	static const char *const names[] = {[FIND] = "find-principals",
	    [VERIFY] = "verify",
	    [NO_VALIDATE] = "check-novalidate"};

	q->action = OTHER;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(name, names[i]) == 0)
			q->action = (enum action)i;
}

static void
read_options(struct hs_inplace *q)
{
	int opt;

	opterr = 0;
	while ((opt = getopt(q->ask->argc, q->ask->argv, "+:Y:f:I:n:s:r:O:qv")) != -1) {
		switch (opt) {
		case 'Y':
			take_action(q, optarg);
			break;
		case 'f':
			q->signers = optarg;
			break;
		case 'I':
			q->principal = optarg;
			break;
		case 'n':
			q->ns = optarg;
			break;
		case 's':
			q->sig = optarg;
			break;
		case 'r':
			q->revoked = optarg;
			break;
		case 'O':
			take_detail(q, optarg);
			break;
		case 'q':
			q->quiet = true;
			break;
		case 'v':
			break;
		default:
			q->bad = true;
		}
	}
	q->bad = q->bad || optind != q->ask->argc;
}

static int
hand_over(const struct hs_inplace *q)
{
	hs_drop_leave();
	execv(q->ask->keygen, q->ask->argv);
	fprintf(stderr, "handseal-verify: %s cannot be run: %s\n", q->ask->keygen,
	    strerror(errno));
	return FAILED;
}

// ---- the actions

static int
find_principals(struct hs_inplace *q)
{
	struct hs_inplace_search s = {.q = q, .use = hs_inplace_print};
	struct hs_err err = {0};

	if (q->bad || q->signers == NULL)
		(void)hs_fail(&err, HS_ERR_USAGE, "find-principals needs -f and -s alone");
	else if (hs_inplace_search(&s, &err) == HS_OK)
		return fflush(stdout) == 0 ? 0 : FAILED;
	return refuse(q, &err);
}

static void
print_good(const struct hs_inplace *q, const struct hs_sigverdict *v)
{
	const struct hs_delegation *d = &v->verdict.delegation;
	struct hs_buf b = {0};
	char fp[HS_FINGERPRINT_LEN + 1];

	hs_key_fingerprint(&d->cert.key, fp);
	printf("Good \"%s\" signature%s%s with ED25519-CERT key %s\n", q->ns,
	    q->principal != NULL ? " for " : "", q->principal != NULL ? q->principal : "",
	    fp);
	hs_key_fingerprint(&q->root, fp);
	hs_put_fmt(&b, "handseal-verify: signed by the agent ");
	hs_text_put_clean(&b, d->agent);
	hs_put_fmt(&b, ", ");
	hs_text_put_clean(&b, d->cert.key_id);
	hs_put_fmt(&b, ", under a touch of %s\n", fp);
	if (hs_buf_err(&b) == HS_OK)
		fprintf(stderr, "%.*s", (int)b.len, (const char *)b.p);
	hs_buf_free(&b);
}

static void
print_key(const struct hs_inplace *q)
{
	struct hs_rd r = hs_rd_of(q->file.sig.key);
	struct hs_str type = {0};
	struct hs_buf b = {0};

	(void)hs_get_string(&r, &type);
	hs_put_raw(&b, type.p, type.len);
	hs_put_u8(&b, ' ');
	hs_text_put_base64(&b, q->file.sig.key);
	if (hs_buf_err(&b) == HS_OK)
		printf("%.*s\n", (int)b.len, (const char *)b.p);
	hs_buf_free(&b);
}

static int
judge(struct hs_inplace *q, struct hs_sigverdict *v, struct hs_err *err)
{
	struct hs_inplace_search s = {.q = q, .use = hs_inplace_for_verifying};
	struct hs_root root = {.key = q->root};
	struct hs_roots roots = {.v = &root, .n = 1};
	uint8_t space[HS_SIGFILE_DIGEST];
	struct hs_signed_input in = {
	    .sig = &q->file.sig, .server = &q->config.server, .roots = &roots, .at = q->at};
	int rc;

	if (q->bad || q->ns == NULL ||
	    (q->action == VERIFY && (q->signers == NULL || q->principal == NULL)))
		return hs_fail(err, HS_ERR_USAGE,
		    "verify needs -f, -I, -n and -s, check-novalidate -n and -s, and "
		    "nothing that is not known");
	if (q->action == VERIFY && (rc = hs_inplace_search(&s, err)) != HS_OK)
		return rc;
	in.ns = hs_str_c(q->ns);
	rc = hs_sigfile_digest(in.sig, STDIN_FILENO, space, &in.digest, err);
	if (rc != HS_OK)
		return rc;
	// lists are signed down from the same root
	q->config.roots = roots;
	hs_sigfile_judge(&in, &q->config, q->now, v);
	q->config.roots = (struct hs_roots){0};
	v->verdict.root = NULL; // ours, and gone
	if (v->code != HS_OK) {
		*err = *v->err;
		return (int)v->code;
	}
	return hs_inplace_revoked(q, &v->verdict.delegation, err);
}

static int
verify(struct hs_inplace *q)
{
	static struct hs_sigverdict v;
	struct hs_err err = {0};
	int status = 0;

	if (judge(q, &v, &err) == HS_OK) {
		if (!q->quiet)
			print_good(q, &v);
		if (q->print_key)
			print_key(q);
		status = fflush(stdout) == 0 ? 0 : FAILED;
	} else {
		status = refuse(q, &err);
	}
	hs_verdict_free(&v.verdict);
	return status;
}

static int
answer(struct hs_inplace *q)
{
	struct hs_config_ask files = {.dir = q->ask->config, .own = q->ask->own};
	struct hs_err err = {0};
	int status;

	// a mark of ours on what is no chain: nobody else shall take it for one
	if (hs_signed_root(&q->file.sig, &q->root, &err) != HS_OK)
		return refuse(q, &err);
	if (q->action == FIND)
		return find_principals(q);
	hs_config_load_rest(&q->config, &files);
	status = verify(q);
	hs_config_free(&q->config);
	return status;
}

// What can be read once only is left to ssh-keygen.
static bool
is_file(const char *path)
{
	struct stat st;

	return path != NULL && strcmp(path, "-") != 0 && stat(path, &st) == 0 &&
	       S_ISREG(st.st_mode);
}

// HS_OK: it is ours to judge. HS_NO_NOT_OURS: ssh-keygen's. Anything else: nobody's, for
// ssh-keygen reads past what is no signature here, and could find one of ours in it.
static int
whose(struct hs_inplace *q, struct hs_err *err)
{
	int rc;

	if (q->action == OTHER || !is_file(q->sig))
		return HS_NO_NOT_OURS;
	rc = hs_sigfile_read(&q->file, q->sig, err);
	return rc != HS_OK || hs_signed_ours(&q->file.sig) ? rc : HS_NO_NOT_OURS;
}

int
hs_inplace(const struct hs_inplace_ask *ask)
{
	static struct hs_inplace q;
	struct hs_err err = {0};
	time_t now = time(NULL);
	int status, rc;

	q.ask = ask;
	q.action = OTHER;
	q.now = now > 0 ? (uint64_t)now : UINT64_MAX; // a broken clock finds nothing good
	q.at = q.now;
	read_options(&q);
	rc = whose(&q, &err);
	if (rc == HS_NO_NOT_OURS) {
		hs_sigfile_free(&q.file);
		return hand_over(&q);
	}
	if (hs_drop_enter(true) != 0) {
		fprintf(
		    stderr, "handseal-verify: could not be set up: %s\n", strerror(errno));
		hs_sigfile_free(&q.file);
		return FAILED;
	}
	status = rc == HS_OK ? answer(&q) : refuse(&q, &err);
	hs_sigfile_free(&q.file);
	return status;
}
