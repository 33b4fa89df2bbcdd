// SPDX-License-Identifier: ISC
//
// What an SSH client asks an agent to sign, read. Contract in userauth.h.
#include "proto/userauth.h"

#include <string.h>

#define MAGIC	    "SSHSIG"
#define MAGIC_LEN   6
#define REQUEST	    50 // SSH_MSG_USERAUTH_REQUEST
#define SERVICE	    "ssh-connection"
#define PLAIN	    "publickey"
#define HOSTBOUND   "publickey-hostbound-v00@openssh.com"
#define CERT_SUFFIX "-cert-v01@openssh.com"

// The whole thing in the code's words, where no nearer ones are at hand.
static int
unread(struct hs_err *err, int rc, const char *what)
{
	return hs_fail(err, (enum hs_code)rc, "the %s to be signed cannot be read: %s",
	    what, hs_code_sentence((enum hs_code)rc));
}

static int
type_of(struct hs_str key, struct hs_str *type)
{
	struct hs_rd r = hs_rd_of(key);
	int rc = hs_get_string(&r, type);

	return rc == HS_OK && type->len == 0 ? HS_ERR_FORMAT : rc;
}

bool
hs_userauth_is_cert(struct hs_str key)
{
	struct hs_str type;
	size_t n = strlen(CERT_SUFFIX);

	return type_of(key, &type) == HS_OK && type.len > n &&
	       memcmp(type.p + type.len - n, CERT_SUFFIX, n) == 0;
}

// ---- logins

struct fields {
	uint8_t message, signs;
	struct hs_str service, method;
};

static int
read_login(struct hs_rd *r, struct fields *f, struct hs_userauth *out)
{
	int rc;

	if ((rc = hs_get_string_max(r, HS_SSH_SESSION_MAX, &out->session)) != HS_OK ||
	    (rc = hs_get_u8(r, &f->message)) != HS_OK ||
	    (rc = hs_get_string(r, &out->user)) != HS_OK ||
	    (rc = hs_get_string(r, &f->service)) != HS_OK ||
	    (rc = hs_get_string(r, &f->method)) != HS_OK ||
	    (rc = hs_get_u8(r, &f->signs)) != HS_OK ||
	    (rc = hs_get_string(r, &out->algorithm)) != HS_OK ||
	    (rc = hs_get_string(r, &out->key)) != HS_OK)
		return rc;
	out->hostbound = hs_str_is(f->method, HOSTBOUND);
	if (out->hostbound &&
	    (rc = hs_get_string_max(r, HS_HOSTKEY_MAX, &out->host_key)) != HS_OK)
		return rc;
	return hs_rd_end(r);
}

static int
judge_login(const struct fields *f, const struct hs_userauth *u, struct hs_str key,
    struct hs_err *err)
{
	struct hs_str type;

	if (u->session.len == 0 || f->message != REQUEST || f->signs != 1)
		return unread(err, HS_ERR_FORMAT, "login");
	if (!hs_str_is(f->service, SERVICE))
		return hs_fail(err, HS_ERR_FORMAT,
		    "the login is for a service other than %s", SERVICE);
	if (!u->hostbound && !hs_str_is(f->method, PLAIN))
		return hs_fail(
		    err, HS_ERR_FORMAT, "the login is by a method other than public key");
	if (u->user.len == 0)
		return hs_fail(err, HS_ERR_FORMAT, "the login is for no user");
	if (u->hostbound && u->host_key.len == 0)
		return hs_fail(err, HS_ERR_FORMAT, "the login names no key of the server");
	if (!hs_str_eq(u->key, key))
		return hs_fail(err, HS_ERR_KEY_TYPE,
		    "the login is by another key than the one that is to sign it");
	if (type_of(u->key, &type) != HS_OK || !hs_str_eq(u->algorithm, type))
		return hs_fail(
		    err, HS_ERR_KEY_TYPE, "the login's algorithm is not its key's type");
	return HS_OK;
}

int
hs_userauth_parse(
    struct hs_str data, struct hs_str key, struct hs_userauth *out, struct hs_err *err)
{
	struct hs_rd r = hs_rd_of(data);
	struct fields f = {0};
	int rc;

	memset(out, 0, sizeof(*out));
	rc = read_login(&r, &f, out);
	rc = rc == HS_OK ? judge_login(&f, out, key, err) : unread(err, rc, "login");
	if (rc != HS_OK)
		memset(out, 0, sizeof(*out));
	return rc;
}

// ---- messages

static int
read_message(struct hs_rd *r, struct hs_userauth_message *out)
{
	struct hs_str magic, reserved;
	size_t want;
	int rc;

	if ((rc = hs_get_raw(r, MAGIC_LEN, &magic)) != HS_OK ||
	    (rc = hs_get_string(r, &out->ns)) != HS_OK ||
	    (rc = hs_get_string(r, &reserved)) != HS_OK ||
	    (rc = hs_get_string(r, &out->hash)) != HS_OK ||
	    (rc = hs_get_string(r, &out->digest)) != HS_OK || (rc = hs_rd_end(r)) != HS_OK)
		return rc;
	want = hs_str_is(out->hash, "sha256")	? 32
	       : hs_str_is(out->hash, "sha512") ? 64
						: 0;
	if (!hs_str_is(magic, MAGIC) || out->ns.len == 0 || reserved.len > 0 || want == 0 ||
	    out->digest.len != want)
		return HS_ERR_FORMAT;
	return HS_OK;
}

int
hs_userauth_parse_message(
    struct hs_str data, struct hs_userauth_message *out, struct hs_err *err)
{
	struct hs_rd r = hs_rd_of(data);
	int rc;

	memset(out, 0, sizeof(*out));
	rc = read_message(&r, out);
	if (rc == HS_OK)
		return HS_OK;
	memset(out, 0, sizeof(*out));
	return unread(err, rc, "message");
}

enum hs_userauth_kind
hs_userauth_which(struct hs_str data, struct hs_str key, struct hs_userauth *login,
    struct hs_userauth_message *message, struct hs_err *err)
{
	memset(login, 0, sizeof(*login));
	memset(message, 0, sizeof(*message));
	if (data.len >= MAGIC_LEN && memcmp(data.p, MAGIC, MAGIC_LEN) == 0)
		return hs_userauth_parse_message(data, message, err) == HS_OK
			   ? HS_SIGNS_MESSAGE
			   : HS_SIGNS_NEITHER;
	return hs_userauth_parse(data, key, login, err) == HS_OK ? HS_SIGNS_LOGIN
								 : HS_SIGNS_NEITHER;
}
