// SPDX-License-Identifier: ISC
//
// handseal sign: signatures of files under a namespace (SSHSIG), by a delegation. On a seat
// its key signs in the daemon. On the main socket a key is made for this run alone, gets a
// certificate for nothing but that namespace, signs, and is gone. Not for verifying:
// handseal-verify sig does.
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>
#include "client/handseal/asked.h"
#include "client/handseal/cmd.h"
#include "client/handseal/keygen.h"
#include "client/handseal/options.h"
#include "client/handseal/outcome.h"
#include "client/handseal/paths.h"
#include "client/handseal/subject.h"
#include "proto/names.h"
#include "proto/sshsig.h"
#include "proto/text.h"

#define DEFAULT_TTL (5 * 60) // that the key of one run may sign for

struct signing {
	const char *ns, *agent, *reason;
	uint64_t ttl, wait;
	char **files; // NULL-terminated; none: stdin
	struct hs_daemon daemon;
	struct hs_subject subject; // on the main socket: the key of this run
	struct hs_buf certificate; // and its certificate, a blob
	json_t *done;
};

static int
take_option(struct signing *s, int opt)
{
	switch (opt) {
	case 'n':
		s->ns = optarg;
		return HS_EXIT_DONE;
	case 't':
		if (hs_text_span(hs_str_c(optarg), HS_TTL_MAX, &s->ttl) != HS_OK)
			return hs_cmd_usage(
			    "sign", "--ttl takes a time such as 90s or 15m");
		return HS_EXIT_DONE;
	case 'w':
		return hs_options_wait("sign", optarg, &s->wait);
	case 'a':
		s->agent = optarg;
		return HS_EXIT_DONE;
	case 'r':
		s->reason = optarg;
		return HS_EXIT_DONE;
	case 'j':
		s->daemon.json = true;
		return HS_EXIT_DONE;
	default:
		return hs_cmd_usage("sign", "sign does not take that");
	}
}

static int
parse_options(int argc, char **argv, struct signing *s)
{
	static const struct option longs[] = {{"namespace", required_argument, NULL, 'n'},
	    {"ttl", required_argument, NULL, 't'}, {"wait", required_argument, NULL, 'w'},
	    {"agent", required_argument, NULL, 'a'},
	    {"reason", required_argument, NULL, 'r'}, {"json", no_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'}, {0}};
	int opt, status = HS_EXIT_DONE;

	while (status == HS_EXIT_DONE &&
	       (opt = getopt_long(argc, argv, "hn:", longs, NULL)) != -1) {
		if (opt == 'h')
			return -1;
		status = take_option(s, opt);
	}
	s->files = argv + optind;
	if (status != HS_EXIT_DONE)
		return status;
	if (s->ns == NULL || s->ns[0] == '\0' || !hs_text_shown(hs_str_c(s->ns), NULL))
		return hs_cmd_usage(
		    "sign", "-n says under which namespace: file, git, ...");
	if (!hs_text_is_agent_name(hs_str_c(s->agent)))
		return hs_cmd_usage("sign",
		    "--agent takes a name of up to 32 of a-z 0-9 . _ - "
		    "that begins with one of a-z 0-9");
	return HS_EXIT_DONE;
}

// ---- the key of one run

static void
put_scope(const struct signing *s, struct hs_buf *b)
{
	hs_put_fmt(b, "max-ttl %" PRIu64 "\nmax-uses 1\n\nns ", s->ttl);
	hs_put_raw(b, s->ns, strlen(s->ns));
	hs_put_fmt(b, "\n");
}

static int
wait_for_touch(struct signing *s)
{
	struct hs_outcome o = {.daemon = &s->daemon, .wait = s->wait};
	struct hs_asked asked = {0};
	struct hs_err err = {0};
	int status = hs_asked_take(&asked, &s->daemon);

	memcpy(o.code, asked.code, sizeof o.code);
	hs_asked_free(&asked);
	if (status == HS_EXIT_DONE)
		status = hs_outcome_wait(&o);
	if (status != HS_EXIT_WAITING)
		return status;
	// its key is gone with us, and so nobody could fetch it
	(void)hs_fail(
	    &err, HS_SK_TIMEOUT, "%s was not answered in time, and is called off", o.code);
	return hs_cli_fail_with(s->daemon.json, HS_EXIT_WAITING,
	    hs_str_c(hs_code_name(err.code)), hs_str_c(err.text), hs_str_c("Ask again"));
}

static int
take_certificate(struct signing *s)
{
	struct hs_str line = hs_str_c(hs_got_certificate(s->daemon.client)->line);
	const uint8_t *blank = memchr(line.p, ' ', line.len);
	struct hs_str text = {blank + 1, line.len - (size_t)(blank + 1 - line.p)};
	struct hs_err err = {0};

	if (hs_text_base64(text, HS_CERT_MAX, &s->certificate) == HS_OK)
		return HS_EXIT_DONE;
	(void)hs_fail(&err, HS_ERR_NOMEM, "out of memory");
	return hs_cli_fail(s->daemon.json, &err);
}

static int
get_certificate(struct signing *s)
{
	struct hs_ask m = {.agent = s->agent, .reason = s->reason};
	struct hs_buf scope = {0};
	struct hs_err err = {0};
	int status = HS_EXIT_DONE;

	put_scope(s, &scope);
	m.scope = hs_cli_cstr(&scope);
	if (hs_keygen_make(&s->subject.secret, &s->subject.private_file, &err) != HS_OK)
		status = hs_cli_fail(s->daemon.json, &err);
	s->subject.key = s->subject.secret.pub;
	if (status == HS_EXIT_DONE &&
	    hs_subject_holder(&s->subject, &m.holder, &err) != HS_OK)
		status = hs_cli_fail(s->daemon.json, &err);
	if (status == HS_EXIT_DONE) {
		s->daemon.asking = true;
		status = hs_daemon_end(
		    &s->daemon, hs_request(s->daemon.client, &m, &s->daemon.err));
		s->daemon.asking = false;
	}
	if (status == HS_EXIT_WAITING)
		status = wait_for_touch(s);
	if (status == HS_EXIT_DONE)
		status = take_certificate(s);
	hs_buf_free(&scope);
	return status;
}

static int
sign_here(struct signing *s, const uint8_t digest[HS_DIGEST_LEN], struct hs_buf *text)
{
	struct hs_sshsig sig = {.key = hs_buf_str(&s->certificate), .ns = hs_str_c(s->ns)};
	struct hs_buf message = {0}, raw = {0}, blob = {0};
	struct hs_err err = {0};
	int rc;

	hs_sshsig_put_digest(&message, &sig, digest, HS_DIGEST_LEN);
	rc = hs_buf_err(&message);
	if (rc == HS_OK)
		rc = hs_sshkey_sign(&s->subject.secret, hs_buf_str(&message), &raw);
	sig.signature = hs_buf_str(&raw);
	hs_sshsig_put(&blob, &sig);
	if (rc == HS_OK)
		rc = hs_buf_err(&blob);
	hs_sshsig_put_text(text, hs_buf_str(&blob));
	if (rc == HS_OK)
		rc = hs_buf_err(text);
	hs_buf_free(&message);
	hs_buf_free(&raw);
	hs_buf_free(&blob);
	if (rc == HS_OK)
		return HS_EXIT_DONE;
	(void)hs_fail(&err, (enum hs_code)rc, "it could not be signed");
	return hs_cli_fail(s->daemon.json, &err);
}

// ---- files

static int
hash(int fd, const char *name, uint8_t digest[HS_DIGEST_LEN], struct hs_err *err)
{
	crypto_hash_sha512_state state;
	uint8_t chunk[65536];
	ssize_t n;

	crypto_hash_sha512_init(&state);
	while ((n = read(fd, chunk, sizeof chunk)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return hs_fail(
			    err, HS_ERR_IO, "cannot read %s: %s", name, strerror(errno));
		crypto_hash_sha512_update(&state, chunk, (size_t)n);
	}
	crypto_hash_sha512_final(&state, digest);
	return HS_OK;
}

static int
sign(struct signing *s, const uint8_t digest[HS_DIGEST_LEN], struct hs_buf *text)
{
	const char *got;
	int status;

	if (!s->daemon.seat)
		return sign_here(s, digest, text);
	status = hs_daemon_end(
	    &s->daemon, hs_sign_digest(s->daemon.client, s->ns, digest, &s->daemon.err));
	if (status != HS_EXIT_DONE)
		return status;
	got = hs_got_signature(s->daemon.client);
	hs_put_raw(text, got, strlen(got));
	return HS_EXIT_DONE;
}

static int
signature_path(const char *file, char path[static HS_PATHS_MAX], struct hs_err *err)
{
	int n = snprintf(path, HS_PATHS_MAX, "%s.sig", file);

	if (n < 0 || n >= HS_PATHS_MAX)
		return hs_fail(err, HS_ERR_TOO_LONG, "the path of %s is too long", file);
	return HS_OK;
}

// Before anybody is asked for a touch.
static int
look_first(const struct signing *s)
{
	char path[HS_PATHS_MAX];
	struct hs_err err = {0};
	int rc = HS_OK;

	for (size_t i = 0; rc == HS_OK && s->files[i] != NULL; i++) {
		if (strcmp(s->files[i], "-") == 0)
			continue;
		rc = signature_path(s->files[i], path, &err);
		if (rc == HS_OK && access(s->files[i], R_OK) != 0)
			rc = hs_fail(&err, errno == ENOENT ? HS_NO_SUCH : HS_ERR_IO,
			    "cannot read %s: %s", s->files[i], strerror(errno));
		if (rc == HS_OK && access(path, F_OK) == 0)
			rc = hs_fail(&err, HS_ERR_IO, "%s is there already", path);
	}
	return rc == HS_OK ? HS_EXIT_DONE : hs_cli_fail(s->daemon.json, &err);
}

static int
write_signature(struct signing *s, const char *file, struct hs_str text)
{
	char path[HS_PATHS_MAX];
	struct hs_err err = {0};

	if (signature_path(file, path, &err) != HS_OK ||
	    hs_paths_write(path, text, 0644, false, &err) != HS_OK)
		return hs_cli_fail(s->daemon.json, &err);
	if (s->daemon.json)
		(void)json_array_append_new(
		    s->done, json_pack("{s:o,s:o}", "file", hs_cli_json(hs_str_c(file)),
				 "signature", hs_cli_json(hs_str_c(path))));
	else
		hs_cli_say("%s signed: %s", file, path);
	return HS_EXIT_DONE;
}

static int
sign_file(struct signing *s, const char *file)
{
	bool from_stdin = file == NULL || strcmp(file, "-") == 0;
	int fd = from_stdin ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	uint8_t digest[HS_DIGEST_LEN];
	struct hs_buf text = {0};
	struct hs_err err = {0};
	int rc, status;

	if (fd < 0)
		rc = hs_fail(&err, HS_ERR_IO, "cannot read %s: %s", file, strerror(errno));
	else
		rc = hash(fd, from_stdin ? "stdin" : file, digest, &err);
	if (fd > STDIN_FILENO)
		close(fd);
	if (rc != HS_OK)
		return hs_cli_fail(s->daemon.json, &err);
	status = sign(s, digest, &text);
	if (status == HS_EXIT_DONE && !from_stdin)
		status = write_signature(s, file, hs_buf_str(&text));
	else if (status == HS_EXIT_DONE && s->daemon.json)
		(void)json_array_append_new(
		    s->done, json_pack("{s:n,s:o}", "file", "signature",
				 hs_cli_json_text(hs_buf_str(&text))));
	else if (status == HS_EXIT_DONE)
		hs_cli_put_text(stdout, hs_buf_str(&text), "");
	hs_buf_free(&text);
	return status;
}

static int
sign_all(struct signing *s)
{
	int status;

	if (s->files[0] == NULL)
		return sign_file(s, NULL);
	for (size_t i = 0; s->files[i] != NULL; i++) {
		status = sign_file(s, s->files[i]);
		if (status != HS_EXIT_DONE)
			return status;
	}
	return HS_EXIT_DONE;
}

int
cmd_sign(int argc, char **argv)
{
	struct signing s = {
	    .agent = HS_AGENT_UNKNOWN, .ttl = DEFAULT_TTL, .wait = HS_WAIT_DEFAULT};
	int status = parse_options(argc, argv, &s);

	if (status == -1)
		return hs_cmd_help("sign");
	s.done = json_array();
	if (status == HS_EXIT_DONE)
		status = look_first(&s);
	if (status == HS_EXIT_DONE)
		status = hs_daemon_connect(&s.daemon);
	if (status == HS_EXIT_DONE)
		status = hs_daemon_query(&s.daemon);
	if (status == HS_EXIT_DONE && !s.daemon.seat)
		status = get_certificate(&s);
	if (status == HS_EXIT_DONE)
		status = sign_all(&s);
	if (status == HS_EXIT_DONE)
		status = s.daemon.json
			     ? hs_cli_print_json(json_pack("{s:O}", "signed", s.done))
			     : hs_cli_finish();
	json_decref(s.done);
	hs_daemon_close(&s.daemon);
	hs_subject_free(&s.subject);
	hs_buf_free(&s.certificate);
	return status;
}
