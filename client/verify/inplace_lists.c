// SPDX-License-Identifier: ISC
//
// The caller's two files: allowed signers, and what is revoked. Contract in
// inplace_internal.h.
#include "client/verify/inplace_internal.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include "proto/certline.h"

int
hs_inplace_time(uint64_t seconds, bool local, uint64_t *out)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (!local) {
		*out = seconds;
		return HS_OK;
	}
	if (gmtime_r(&t, &tm) == NULL)
		return HS_ERR_FORMAT;
	tm.tm_isdst = -1; // let the zone say
	t = mktime(&tm);
	if (t <= 0)
		return HS_ERR_FORMAT;
	*out = (uint64_t)t;
	return HS_OK;
}

static void
bad_line(void *arg, const struct hs_err *err)
{
	const struct hs_inplace_search *s = arg;

	fprintf(stderr, "%s:%u:%u: line skipped: %s\n", s->q->signers, err->line,
	    err->column, hs_err_sentence(err));
}

static bool
in_time(struct hs_inplace_search *s, const struct hs_signer *l)
{
	uint64_t after = 0, before = UINT64_MAX;

	if ((l->after.set &&
		hs_inplace_time(l->after.seconds, l->after.local, &after) != HS_OK) ||
	    (l->before.set &&
		hs_inplace_time(l->before.seconds, l->before.local, &before) != HS_OK))
		return false;
	if (after <= s->q->at && s->q->at <= before)
		return true;
	(void)hs_fail(&s->why, s->q->at < after ? HS_NO_NOT_YET : HS_NO_EXPIRED,
	    "%s:%u: the root is not for that time", s->q->signers, l->line);
	return false;
}

static int
look_at(void *arg, const struct hs_signer *l)
{
	struct hs_inplace_search *s = arg;

	if (!hs_key_eq(&l->key, &s->q->root))
		return HS_OK;
	if (!l->authority) {
		s->mere = s->mere != 0 ? s->mere : l->line;
		return HS_OK;
	}
	return in_time(s, l) && s->use(s, l) ? HS_NO_SUCH : HS_OK;
}

// Goes through the list until a line is of use. HS_OK, or why none was.
int
hs_inplace_search(struct hs_inplace_search *s, struct hs_err *err)
{
	struct hs_buf text = {0};
	char fp[HS_FINGERPRINT_LEN + 1];
	int rc = hs_config_read_path(s->q->signers, HS_SIGNERS_MAX, &text, err);

	if (rc == HS_OK &&
	    (rc = hs_signers_walk(hs_buf_str(&text), look_at, bad_line, s)) == HS_OK) {
		hs_key_fingerprint(&s->q->root, fp);
		if (s->why.code != HS_OK)
			*err = s->why;
		else if (s->mere != 0)
			(void)hs_fail(err, HS_NO_ROOT_UNKNOWN,
			    "%s:%u has the root %s as a key alone: what it signed down to "
			    "counts only with cert-authority in front",
			    s->q->signers, s->mere, fp);
		else
			(void)hs_fail(err, HS_NO_ROOT_UNKNOWN,
			    "%s has no line with cert-authority for the root %s%s",
			    s->q->signers, fp,
			    s->q->principal != NULL ? " and that principal" : "");
		rc = (int)err->code;
	} else if (rc == HS_NO_SUCH) { // found
		rc = HS_OK;
	} else if (err->code == HS_OK) {
		rc = hs_fail(err, (enum hs_code)rc, "%s: %s", s->q->signers,
		    hs_code_sentence((enum hs_code)rc));
	}
	hs_buf_free(&text);
	return rc;
}

// One name a line, as ssh-keygen; what must not be is no name.
bool
hs_inplace_print(struct hs_inplace_search *s, const struct hs_signer *l)
{
	struct hs_str list = l->principals, name;
	bool some = false;

	(void)s;
	while (hs_str_next(&list, ',', &name))
		if (name.len > 0 && name.p[0] != '!') {
			printf("%.*s\n", (int)name.len, (const char *)name.p);
			some = true;
		}
	return some;
}

bool
hs_inplace_for_verifying(struct hs_inplace_search *s, const struct hs_signer *l)
{
	const struct hs_inplace *q = s->q;

	if (!hs_signers_match(l->principals, hs_str_c(q->principal)))
		return false;
	if (!l->some_namespaces || hs_signers_match(l->namespaces, hs_str_c(q->ns)))
		return true;
	(void)hs_fail(&s->why, HS_NO_NAMESPACE,
	    "%s:%u: the root is not for the namespace %s", s->q->signers, l->line, q->ns);
	return false;
}

// ---- -r: a revocation list of OpenSSH's, or public keys

// Of a type that a key of ours can have.
static bool
is_certificate(struct hs_str line)
{
	static const char *const types[] = {
	    "ssh-ed25519-cert-v", "sk-ssh-ed25519-cert-v", "sk-ecdsa-sha2-nistp256-cert-v"};

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		size_t n = strlen(types[i]);

		if (line.len > n && memcmp(line.p, types[i], n) == 0)
			return true;
	}
	return false;
}

// The key that it is for, which is what ssh-keygen takes it for here. One that cannot be
// read could name anything.
static int
certified(struct hs_str line, struct hs_key *key)
{
	static struct hs_cert cert;
	struct hs_buf blob = {0};
	struct hs_err ignored = {0};
	int rc = hs_certline_file(line, &blob, &ignored);

	if (rc == HS_OK)
		rc = hs_cert_parse(hs_buf_str(&blob), &cert);
	if (rc == HS_OK)
		*key = cert.key;
	hs_buf_free(&blob);
	return rc;
}

static int
key_line(const struct hs_inplace *q, struct hs_str line, const struct hs_delegation *d)
{
	struct hs_key key;
	int rc;

	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	if (line.len == 0 || line.p[0] == '#')
		return HS_OK;
	rc = hs_key_parse_line(line, &key, NULL);
	if (rc == HS_ERR_KEY_TYPE && is_certificate(line))
		rc = certified(line, &key);
	else if (rc == HS_ERR_KEY_TYPE) // no key of ours has that type
		return HS_OK;
	if (rc != HS_OK)
		return rc;
	return hs_key_eq(&key, &q->root) || hs_key_eq(&key, &d->cert.key) ||
		       hs_key_eq(&key, &d->cert.ca)
		   ? HS_NO_REVOKED
		   : HS_OK;
}

static int
key_lines(const struct hs_inplace *q, struct hs_str text, const struct hs_delegation *d)
{
	struct hs_str line;
	int rc = HS_OK;

	while (rc == HS_OK && hs_str_next(&text, '\n', &line))
		rc = key_line(q, line, d);
	return rc;
}

int
hs_inplace_revoked(
    const struct hs_inplace *q, const struct hs_delegation *d, struct hs_err *err)
{
	struct hs_buf b = {0};
	struct hs_krl krl;
	int rc;

	if (q->revoked == NULL)
		return HS_OK;
	rc = hs_config_read_path(q->revoked, HS_BUF_MAX - 1, &b, err);
	if (rc != HS_OK)
		goto out;
	if (b.len >= 6 && memcmp(b.p, "SSHKRL", 6) == 0) {
		rc = hs_krl_parse(hs_buf_str(&b), &krl);
		if (rc == HS_OK && hs_signed_revoked(&krl, d))
			rc = HS_NO_REVOKED;
	} else {
		rc = key_lines(q, hs_buf_str(&b), d);
	}
	if (rc != HS_OK)
		rc = hs_fail(err, (enum hs_code)rc, "%s%s: %s", q->revoked,
		    rc == HS_NO_REVOKED ? " names it" : "",
		    hs_code_sentence((enum hs_code)rc));
out:
	hs_buf_free(&b);
	return rc;
}
