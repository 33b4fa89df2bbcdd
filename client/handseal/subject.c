// SPDX-License-Identifier: ISC
//
// Key pairs and certificates as files, named as ssh-keygen names them. Contract in
// subject.h.
#include "client/handseal/subject.h"
#include "client/handseal/keygen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "client/libhandseal/sshagent.h"
#include "proto/cert.h"
#include "proto/text.h"

#define CERT_LINE_MAX (HS_CERT_MAX / 3 * 4 + 1024)
#define CERT_TYPE     "ssh-ed25519-cert-v01@openssh.com"

static int
join(
    char out[static HS_PATHS_MAX], const char *stem, const char *suffix, struct hs_err *err)
{
	int n = snprintf(out, HS_PATHS_MAX, "%s%s", stem, suffix);

	if (n < 0 || n >= HS_PATHS_MAX)
		return hs_fail(err, HS_ERR_TOO_LONG, "the path is too long");
	return HS_OK;
}

static int
must_be_absent(const char *path, struct hs_err *err)
{
	struct stat st;

	if (lstat(path, &st) == 0)
		return hs_fail(err, HS_ERR_IO,
		    "%s exists, and is never overwritten; for a new certificate over a key "
		    "that "
		    "is there, give --key",
		    path);
	if (errno != ENOENT)
		return hs_fail(
		    err, HS_ERR_IO, "cannot write %s: %s", path, strerror(errno));
	return HS_OK;
}

int
hs_subject_make(struct hs_subject *s, const char *out, struct hs_err *err)
{
	int rc;

	s->fresh = true;
	rc = join(s->identity, out, "", err);
	if (rc == HS_OK)
		rc = join(s->public, out, ".pub", err);
	if (rc == HS_OK)
		rc = join(s->certificate, out, "-cert.pub", err);
	if (rc == HS_OK)
		rc = must_be_absent(s->identity, err);
	if (rc == HS_OK)
		rc = must_be_absent(s->public, err);
	if (rc == HS_OK)
		rc = must_be_absent(s->certificate, err);
	if (rc == HS_OK)
		rc = hs_keygen_make(&s->secret, &s->private_file, err);
	if (rc == HS_OK) {
		s->key = s->secret.pub;
		hs_key_put_line(&s->public_line, &s->key);
		hs_put_raw(&s->public_line, "\n", 1);
		rc = hs_buf_err(&s->public_line);
	}
	return rc;
}

static struct hs_str
first_line(const struct hs_buf *text)
{
	struct hs_str s = hs_buf_str(text);
	const uint8_t *lf = s.len > 0 ? memchr(s.p, '\n', s.len) : NULL;

	if (lf != NULL)
		s.len = (size_t)(lf - s.p);
	while (s.len > 0 && s.p[s.len - 1] == '\r')
		s.len--;
	return s;
}

static bool
is_private(struct hs_str line)
{
	static const char begin[] = "-----BEGIN";
	const size_t n = sizeof begin - 1;

	return line.len >= n && memcmp(line.p, begin, n) == 0;
}

static int
read_public(struct hs_subject *s, struct hs_err *err)
{
	struct hs_buf text = {0};
	int rc = hs_paths_read(s->public, HS_SSHKEY_FILE_MAX, false, &text, err);

	if (rc == HS_OK) {
		struct hs_str line = first_line(&text);

		rc = hs_key_parse_line(line, &s->key, NULL);
		if (rc == HS_OK && s->key.type != HS_KT_ED25519)
			rc = HS_ERR_KEY_TYPE;
		if (is_private(line))
			rc = hs_fail(err, HS_ERR_KEY_TYPE,
			    "%s is a private key file: give the .pub", s->public);
		else if (rc == HS_ERR_KEY_TYPE)
			rc = hs_fail(err, HS_ERR_KEY_TYPE,
			    "%s holds no ssh-ed25519 key, and others get no certificate: "
			    "make "
			    "one with ssh-keygen -t ed25519",
			    s->public);
		else if (rc != HS_OK)
			rc = hs_fail(err, HS_ERR_FORMAT,
			    "%s is no public key file (the one that ends in .pub)",
			    s->public);
	}
	hs_buf_free(&text);
	return rc;
}

// A private key beside it is used where it can be; why it cannot is kept for when ssh-agent
// does not help either.
static void
read_private(struct hs_subject *s)
{
	struct hs_buf text = {0};
	struct hs_err err = {0};
	int rc = hs_paths_read(s->identity, HS_SSHKEY_FILE_MAX, false, &text, &err);

	if (rc == HS_OK)
		rc = hs_sshkey_parse(hs_buf_str(&text), &s->secret, &err);
	if (rc == HS_OK && !hs_key_eq(&s->secret.pub, &s->key)) {
		hs_sshkey_free(&s->secret);
		rc = hs_fail(&err, HS_NO_PROOF, "it is another key");
	}
	if (rc == HS_NO_SUCH)
		hs_put_fmt(&s->why_no_secret, "there is no %s", s->identity);
	else if (rc != HS_OK)
		hs_put_fmt(&s->why_no_secret, "%s cannot be used: %s", s->identity,
		    hs_err_sentence(&err));
	hs_buf_free(&text);
}

// The blob of a line "type base64[ comment]".
static int
decode_line(struct hs_str line, struct hs_buf *blob)
{
	const size_t n = sizeof CERT_TYPE - 1;
	const uint8_t *space;

	if (line.len <= n + 1 || memcmp(line.p, CERT_TYPE " ", n + 1) != 0)
		return HS_ERR_FORMAT;
	line.p += n + 1;
	line.len -= n + 1;
	space = memchr(line.p, ' ', line.len);
	if (space != NULL)
		line.len = (size_t)(space - line.p);
	return hs_text_base64(line, HS_CERT_MAX, blob);
}

// Only an older certificate over the same key may be replaced: `-o ~/.ssh/id_ed25519` must
// not cost anybody a key.
static int
may_replace(const struct hs_subject *s, struct hs_err *err)
{
	struct hs_buf text = {0}, blob = {0};
	struct hs_cert cert;
	int rc = hs_paths_read(s->certificate, CERT_LINE_MAX, false, &text, err);

	if (rc == HS_NO_SUCH) {
		rc = HS_OK;
	} else if (rc != HS_OK || decode_line(first_line(&text), &blob) != HS_OK ||
		   hs_cert_parse(hs_buf_str(&blob), &cert) != HS_OK ||
		   !hs_key_eq(&cert.key, &s->key)) {
		rc = hs_fail(err, HS_ERR_IO,
		    "%s exists and is no certificate over this key: it is not overwritten",
		    s->certificate);
	}
	hs_buf_free(&text);
	hs_buf_free(&blob);
	return rc;
}

int
hs_subject_load(struct hs_subject *s, const char *pub, const char *out, struct hs_err *err)
{
	size_t len = strlen(pub);
	int rc = join(s->public, pub, "", err);

	if (rc == HS_OK)
		rc = join(s->identity, pub, "", err);
	if (rc == HS_OK && len > 4 && strcmp(pub + len - 4, ".pub") == 0)
		s->identity[len - 4] = '\0';
	if (rc == HS_OK)
		rc = join(s->certificate, out != NULL ? out : s->identity,
		    out != NULL ? "" : "-cert.pub", err);
	if (rc == HS_OK)
		rc = read_public(s, err);
	if (rc == HS_OK)
		rc = may_replace(s, err);
	if (rc == HS_OK)
		read_private(s);
	return rc;
}

int
hs_subject_sign(
    const struct hs_subject *s, struct hs_str data, struct hs_buf *sig, struct hs_err *err)
{
	struct hs_err agent = {0};
	int rc;

	if (s->secret.secret != NULL)
		return hs_sshkey_sign(&s->secret, data, sig);
	rc = hs_sshagent_sign(&s->key, data, sig, &agent);
	if (rc == HS_OK)
		return rc;
	return hs_fail(err, HS_NO_PROOF, "nothing here can sign with the key: %.*s; and %s",
	    (int)s->why_no_secret.len, (const char *)s->why_no_secret.p,
	    hs_err_sentence(&agent));
}

static int
sign_for(void *arg, const uint8_t *data, size_t len, uint8_t *sig, size_t *siglen)
{
	struct hs_subject *s = arg;
	struct hs_buf b = {0};
	int rc = hs_subject_sign(s, (struct hs_str){data, len}, &b, &s->not_signed);

	if (rc == HS_OK && b.len > *siglen)
		rc = hs_fail(&s->not_signed, HS_ERR_TOO_LONG, "the signature is too long");
	if (rc == HS_OK) {
		memcpy(sig, b.p, b.len);
		*siglen = b.len;
	}
	hs_buf_free(&b);
	return rc;
}

int
hs_subject_holder(struct hs_subject *s, struct hs_holder *out, struct hs_err *err)
{
	hs_buf_reset(&s->line);
	hs_key_put_line(&s->line, &s->key);
	hs_put_u8(&s->line, 0);
	if (hs_buf_err(&s->line) != HS_OK)
		return hs_fail(err, HS_ERR_NOMEM, "out of memory");
	*out = (struct hs_holder){
	    .public_key = (const char *)s->line.p, .sign = sign_for, .sign_arg = s};
	return HS_OK;
}

int
hs_subject_write_pair(struct hs_subject *s, struct hs_err *err)
{
	int rc;

	if (!s->fresh)
		return HS_OK;
	rc = hs_paths_write(s->identity, hs_buf_str(&s->private_file), 0600, false, err);
	if (rc != HS_OK)
		return rc;
	rc = hs_paths_write(s->public, hs_buf_str(&s->public_line), 0644, false, err);
	if (rc != HS_OK)
		(void)unlink(s->identity);
	else
		s->fresh = false;
	return rc;
}

int
hs_subject_write(struct hs_subject *s, const char *cert, struct hs_err *err)
{
	struct hs_buf line = {0};
	bool fresh = s->fresh;
	int rc = HS_OK;

	hs_put_raw(&line, cert, strlen(cert));
	hs_put_u8(&line, '\n');
	if (hs_buf_err(&line) != HS_OK)
		rc = hs_fail(err, HS_ERR_NOMEM, "out of memory");
	if (rc == HS_OK)
		rc = hs_subject_write_pair(s, err);
	if (rc == HS_OK) {
		rc = hs_paths_write(s->certificate, hs_buf_str(&line), 0644, !fresh, err);
		if (rc != HS_OK && fresh) {
			(void)unlink(s->public);
			(void)unlink(s->identity);
			s->fresh = true;
		}
	}
	hs_buf_free(&line);
	return rc;
}

void
hs_subject_free(struct hs_subject *s)
{
	hs_buf_free(&s->private_file);
	hs_buf_free(&s->public_line);
	hs_buf_free(&s->why_no_secret);
	hs_buf_free(&s->line);
	hs_sshkey_free(&s->secret);
}
