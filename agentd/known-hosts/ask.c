// SPDX-License-Identifier: ISC
//
// libssh's known_hosts lines. Contract in ask.h. Tried with libssh 0.10.6: a line is parted
// by single spaces, the list of names by commas, and each pattern is looked at by itself, a
// negated one included; a name that fits none is SSH_AGAIN, and only then is the key read.
#include "agentd/known-hosts/ask.h"

#include <libssh/libssh.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agentd/known-hosts/patterns.h"
#include "proto/text.h"

// Some key that can be read, so that a line fails for lack of memory alone.
#define SOME_KEY                                                                           \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define TYPE_MAX    64
#define BASE64_MAX  ((HS_KNOWNHOSTS_KEY_MAX + 2) / 3 * 4)
#define CERTIFICATE "-cert-v01@openssh.com"

int
hs_ask_matches(struct hs_str name, unsigned port, struct hs_str pattern, bool *yes)
{
	char host[HS_KNOWNHOSTS_NAME_MAX + sizeof("[]:65535")];
	char line[HS_PATTERNS_BYTES_MAX + sizeof(" " SOME_KEY)];
	struct ssh_knownhosts_entry *e = NULL;
	int n = snprintf(line, sizeof line, "%.*s " SOME_KEY, (int)pattern.len,
		(const char *)pattern.p),
	    rc;

	if (n < 0 || (size_t)n >= sizeof line || name.len > HS_KNOWNHOSTS_NAME_MAX)
		return HS_ERR_INTERNAL;
	if (port == 0)
		(void)snprintf(
		    host, sizeof host, "%.*s", (int)name.len, (const char *)name.p);
	else
		(void)snprintf(host, sizeof host, "[%.*s]:%u", (int)name.len,
		    (const char *)name.p, port);
	rc = ssh_known_hosts_parse_line(host, line, &e);
	if (rc == SSH_OK)
		ssh_knownhosts_entry_free(e);
	*yes = rc == SSH_OK;
	return rc == SSH_OK || rc == SSH_AGAIN ? HS_OK : HS_ERR_NOMEM;
}

static bool
is_certificate(struct hs_str type)
{
	const size_t n = sizeof(CERTIFICATE) - 1;

	return type.len >= n && memcmp(type.p + type.len - n, CERTIFICATE, n) == 0;
}

// The key as libssh writes it must be what stands there: no spare bits, nothing behind it,
// and of the type that stands in front of it, which is in the blob too.
static int
check_form(const struct hs_line *l, ssh_key key, struct hs_buf *blob, struct hs_err *err)
{
	char *base64 = NULL;
	struct hs_str type;
	struct hs_rd r;
	int rc;

	if (ssh_pki_export_pubkey_base64(key, &base64) != SSH_OK)
		return hs_fail(err, HS_ERR_NOMEM, "out of memory");
	if (!hs_str_is(l->key, base64)) {
		rc = hs_fail(err, HS_ERR_FORMAT,
		    "the key is not written as ssh writes it, and not used");
		goto out;
	}
	hs_buf_reset(blob);
	rc = hs_text_base64(l->key, HS_KNOWNHOSTS_KEY_MAX, blob);
	r = hs_rd_of(hs_buf_str(blob));
	if (rc == HS_OK)
		rc = hs_get_string(&r, &type);
	if (rc == HS_OK && !hs_str_eq(type, l->type))
		rc = hs_fail(err, HS_ERR_FORMAT,
		    "the key is of another type than stands before it, and not used");
out:
	ssh_string_free_char(base64);
	return rc;
}

int
hs_ask_key(const struct hs_line *l, struct hs_buf *blob, struct hs_err *err)
{
	struct ssh_knownhosts_entry *e = NULL;
	char type[TYPE_MAX + 1];
	struct hs_buf line = {0};
	int rc;

	if (hs_str_copy(l->type, type, sizeof type) != HS_OK || is_certificate(l->type) ||
	    ssh_key_type_from_name(type) == SSH_KEYTYPE_UNKNOWN)
		return hs_fail(err, HS_ERR_KEY_TYPE,
		    "the type of the key, %.*s, is not known here; it is not used",
		    l->type.len < TYPE_MAX ? (int)l->type.len : TYPE_MAX,
		    (const char *)l->type.p);
	if (l->key.len > BASE64_MAX)
		return hs_fail(err, HS_ERR_FORMAT, "the key is too long, and not used");
	hs_put_fmt(&line, "x %s %.*s", type, (int)l->key.len, (const char *)l->key.p);
	hs_put_u8(&line, '\0');
	rc = hs_buf_err(&line);
	if (rc == HS_OK &&
	    ssh_known_hosts_parse_line(NULL, (const char *)line.p, &e) != SSH_OK)
		rc = hs_fail(err, HS_ERR_FORMAT, "the key cannot be read, and is not used");
	if (rc == HS_OK)
		rc = check_form(l, e->publickey, blob, err);
	ssh_knownhosts_entry_free(e);
	hs_buf_free(&line);
	return rc;
}
