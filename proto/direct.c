// SPDX-License-Identifier: ISC
//
// Direct certificates: signed by the root itself, for servers that have nothing of ours
// (docs/PROTOCOL.certs, "Direct"). A scope is said in OpenSSH's own terms, or refused where
// those do not suffice: never widened. Contract in grant.h.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "proto/certform.h"
#include "proto/command.h"
#include "proto/names.h"
#include "proto/text.h"

#define ID_MAX (16 + 20 + 1 + HS_AGENT_NAME_MAX + 1)

#define FORCE_COMMAND  "force-command"
#define SOURCE_ADDRESS "source-address"

// Why a stock server cannot enforce it, and what it could.
struct obstacle {
	const char *what, *instead;
};

static bool
only_any(const struct hs_scope *s, enum hs_scope_key key)
{
	return hs_scope_values(s, 0, key) == 1 &&
	       hs_str_is(hs_scope_value(s, 0, key, 0), "*");
}

static bool
has_backslash(const struct hs_str *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (memchr(words[i].p, '\\', words[i].len) != NULL)
			return true;
	return false;
}

static const struct obstacle *
command_obstacle(const struct hs_scope *s)
{
	static const struct obstacle
	    none = {"it can force one command, and needs one",
		"ask for one --cmd, or for --cmd '*'"},
	    many = {"it can force one command, and here are several",
		"ask for one of them, in a certificate of its own"},
	    pattern = {"a command with `...` is a pattern",
		"ask for one whole command, or for --cmd '*'"},
	    sftp = {"sshd takes that command for its own sftp, which writes",
		"ask for subsystem:sftp or subsystem:sftp-write"},
	    backslash = {"a \\ in a word is not the same in every login's shell",
		"ask for a command without one"};
	const struct hs_str *words;
	enum hs_cmd_kind kind;
	size_t nwords;

	if (hs_scope_values(s, 0, HS_KEY_CMD) != 1)
		return hs_scope_values(s, 0, HS_KEY_CMD) == 0 ? &none : &many;
	words = hs_scope_cmd(s, 0, 0, &kind, &nwords);
	if (kind == HS_CMD_EXACT && hs_command_is_sftp(words[0]))
		return &sftp;
	if (kind == HS_CMD_EXACT && has_backslash(words, nwords))
		return &backslash;
	return kind == HS_CMD_PREFIX ? &pattern : NULL;
}

static bool
has_key(const struct hs_scope *s, enum hs_scope_key key)
{
	return hs_scope_values(s, 0, key) > 0;
}

static bool
names_no_login(const struct hs_scope *s)
{
	return !has_key(s, HS_KEY_USER) ||
	       hs_str_is(hs_scope_value(s, 0, HS_KEY_USER, 0), "*");
}

// The first; NULL: there is none.
static const struct obstacle *
find_obstacle(const struct hs_scope *s)
{
	static const struct obstacle
	    statements = {"it has more than one statement",
		"ask for each in a certificate of its own"},
	    depth = {"nothing can be passed on under it", "ask with --depth 0"},
	    uses = {"it does not count uses", "ask with --uses '*'"},
	    drain = {"it ends nothing, so it lets nothing drain", "ask without --on-end"},
	    user = {"login names must be named", "name them: --user NAME"},
	    users = {"it names too many logins", "name fewer"},
	    host = {"it does not know its own names: only `host *` is",
		"ask with --host '*': it is valid on every server "
		"that trusts the key"},
	    addr = {"it allows no address", "ask with --addr '*'"},
	    other = {"it knows no `ns`, `cap` or `open`",
		"ask without these, which a chain has"},
	    ports = {"port forwarding would lead anywhere",
		"ask without port-forwarding, which a chain has"};

	if (hs_scope_statements(s) != 1)
		return &statements;
	if (hs_scope_depth(s) != 0)
		return &depth;
	if (hs_scope_max_uses(s) != HS_USES_ANY)
		return &uses;
	if (hs_scope_drains(s))
		return &drain;
	if (has_key(s, HS_KEY_NS) || has_key(s, HS_KEY_CAP) || has_key(s, HS_KEY_OPEN))
		return &other;
	if (names_no_login(s))
		return &user;
	if (hs_scope_values(s, 0, HS_KEY_USER) > HS_PRINCIPALS_MAX)
		return &users;
	if (!only_any(s, HS_KEY_HOST))
		return &host;
	if (!has_key(s, HS_KEY_ADDR))
		return &addr;
	if ((hs_scope_permit_set(s) & 1u << HS_PERMIT_PORT) != 0)
		return &ports;
	return command_obstacle(s);
}

int
hs_direct_enforceable(const struct hs_scope *s, struct hs_err *err)
{
	const struct obstacle *o = find_obstacle(s);

	return o == NULL ? HS_OK
			 : hs_fail(err, HS_NO_UNENFORCEABLE,
			       "a stock server cannot enforce this scope: %s", o->what);
}

const char *
hs_direct_instead(const struct hs_scope *s)
{
	const struct obstacle *o = find_obstacle(s);

	return o == NULL ? "" : o->instead;
}

// The values of a key with a comma between them.
static void
put_list(struct hs_buf *b, const struct hs_scope *s, enum hs_scope_key key)
{
	for (size_t i = 0; i < hs_scope_values(s, 0, key); i++) {
		struct hs_str v = hs_scope_value(s, 0, key, i);

		if (i > 0)
			hs_put_u8(b, ',');
		hs_put_raw(b, v.p, v.len);
	}
}

// What sshd runs instead of what the client asks for. Canonical words are quoted so that
// every shell reads them back as they are.
static void
put_forced(struct hs_buf *b, const struct hs_scope *s)
{
	struct hs_str v = hs_scope_value(s, 0, HS_KEY_CMD, 0);
	enum hs_cmd_kind kind;
	size_t nwords;

	(void)hs_scope_cmd(s, 0, 0, &kind, &nwords);
	if (kind == HS_CMD_SFTP)
		v = hs_str_c("internal-sftp -R");
	else if (kind == HS_CMD_SFTP_WRITE)
		v = hs_str_c("internal-sftp");
	hs_put_raw(b, v.p, v.len);
}

static int
put_critical(struct hs_buf mem[static 2], const struct hs_scope *s,
    struct hs_option v[static 2], size_t *n)
{
	size_t mark;

	*n = 0;
	if (!only_any(s, HS_KEY_CMD)) {
		mark = hs_put_string_begin(&mem[0]);
		put_forced(&mem[0], s);
		hs_put_string_end(&mem[0], mark);
		v[(*n)++] =
		    (struct hs_option){hs_str_c(FORCE_COMMAND), hs_buf_str(&mem[0])};
	}
	if (!only_any(s, HS_KEY_ADDR)) {
		mark = hs_put_string_begin(&mem[1]);
		put_list(&mem[1], s, HS_KEY_ADDR);
		hs_put_string_end(&mem[1], mark);
		v[(*n)++] =
		    (struct hs_option){hs_str_c(SOURCE_ADDRESS), hs_buf_str(&mem[1])};
	}
	return hs_buf_err(&mem[0]) != HS_OK ? hs_buf_err(&mem[0]) : hs_buf_err(&mem[1]);
}

static int
put_body(struct hs_buf *b, const struct hs_direct_spec *spec, const struct hs_scope *scope)
{
	struct hs_str principals[HS_PRINCIPALS_MAX];
	struct hs_option critical[2], ext[3 + HS_CERTFORM_PERMITS];
	struct hs_buf mem[2] = {{0}}, payload = {0};
	char id[ID_MAX];
	struct hs_cert_spec cert = {.key = spec->agent_key,
	    .ca = spec->root,
	    .serial = spec->serial,
	    .principals = principals,
	    .nprincipals = hs_scope_values(scope, 0, HS_KEY_USER),
	    .valid_after = spec->valid_after,
	    .valid_before = spec->payload.end,
	    .critical = critical,
	    .extensions = ext,
	    .nextensions = 2};
	int rc;

	(void)snprintf(id, sizeof(id), "handseal:direct:%" PRIu64 ":%.*s", spec->serial,
	    (int)spec->agent.len, (const char *)spec->agent.p);
	cert.key_id = hs_str_c(id);
	memcpy(cert.nonce, spec->nonce, sizeof(cert.nonce));
	for (size_t i = 0; i < cert.nprincipals; i++)
		principals[i] = hs_scope_value(scope, 0, HS_KEY_USER, i);
	hs_grant_payload_put(&payload, &spec->payload);
	ext[0] = (struct hs_option){hs_str_c(HS_OPT_AGENT), spec->agent};
	ext[1] = (struct hs_option){hs_str_c(HS_OPT_TOUCH), hs_buf_str(&payload)};
	if (spec->origin != HS_ORIGIN_LOCAL) // as in a delegation
		ext[cert.nextensions++] = (struct hs_option){
		    hs_str_c(HS_OPT_ORIGIN), hs_str_c(hs_origin_name(spec->origin))};
	hs_certform_permits(ext, &cert.nextensions, hs_scope_permit_set(scope));
	hs_certform_sort(ext, cert.nextensions);
	rc = put_critical(mem, scope, critical, &cert.ncritical);
	if (rc == HS_OK)
		rc = hs_buf_err(&payload);
	if (rc == HS_OK) {
		hs_cert_put_body(b, &cert);
		rc = hs_buf_err(b);
	}
	hs_buf_free(&payload);
	hs_buf_free(&mem[0]);
	hs_buf_free(&mem[1]);
	return rc;
}

int
hs_direct_put_body(struct hs_buf *b, const struct hs_direct_spec *spec)
{
	struct hs_scope *scope = NULL;
	int rc;

	if (spec->agent_key->type != HS_KT_ED25519 || !hs_certform_is_root(spec->root))
		return HS_ERR_KEY_TYPE;
	if (spec->serial == 0 || !hs_text_is_agent_name(spec->agent) ||
	    spec->valid_after >= spec->payload.end || spec->origin > HS_ORIGIN_OPAQUE)
		return HS_ERR_USAGE;
	rc = hs_scope_parse_canonical(spec->payload.scope, &scope, NULL);
	if (rc == HS_OK)
		rc = hs_direct_enforceable(scope, NULL);
	if (rc == HS_OK)
		rc = put_body(b, spec, scope);
	hs_scope_free(&scope);
	return rc;
}

// ---- reading

bool
hs_direct_is(struct hs_str blob)
{
	struct hs_cert c;

	return hs_cert_parse(blob, &c) == HS_OK &&
	       hs_options_find(&c.critical, HS_OPT_GRANT) == NULL &&
	       hs_options_find(&c.extensions, HS_OPT_TOUCH) != NULL;
}

static int
no(struct hs_err *err, const char *what)
{
	return hs_fail(err, HS_NO_CERT_FORM,
	    "the certificate is not formed as handseal's are: %s", what);
}

static int
check_fields(struct hs_direct *d, struct hs_err *err)
{
	const struct hs_cert *c = &d->cert;
	const struct hs_option *agent = hs_options_find(&c->extensions, HS_OPT_AGENT),
			       *origin = hs_options_find(&c->extensions, HS_OPT_ORIGIN),
			       *touch = hs_options_find(&c->extensions, HS_OPT_TOUCH);

	if (c->type != HS_CERT_USER || c->key.type != HS_KT_ED25519)
		return no(err, "it is not a user certificate over an Ed25519 key");
	if (!hs_certform_is_root(&c->ca))
		return no(err, "its signer is not a security key for " HS_APPLICATION);
	if (agent == NULL || touch == NULL)
		return no(err, "its agent or its touch is missing");
	if (c->serial == 0)
		return no(err, "its serial is 0, which cannot be revoked");
	if (!hs_text_is_agent_name(agent->data))
		return no(err, "its agent's name is not one");
	d->agent = agent->data;
	if (origin != NULL && hs_origin_parse(origin->data, &d->origin) != HS_OK)
		return no(err, "its origin is neither forwarded nor opaque");
	if (hs_grant_payload_parse(touch->data, &d->payload) != HS_OK)
		return no(err, "what the touch signed cannot be read");
	if (d->payload.end != c->valid_before)
		return no(err, "the end that was shown is not its own");
	return hs_certform_scope(d->payload.scope, HS_NO_CERT_FORM, &d->scope, err);
}

int
hs_direct_parse(struct hs_str blob, bool body, struct hs_direct *out, struct hs_err *err)
{
	struct hs_direct_spec spec;
	struct hs_buf want = {0};
	int rc;

	memset(out, 0, sizeof(*out));
	rc = body ? hs_cert_parse_body(blob, &out->cert) : hs_cert_parse(blob, &out->cert);
	if (rc != HS_OK)
		return no(err, hs_code_sentence((enum hs_code)rc));
	if ((rc = check_fields(out, err)) != HS_OK ||
	    (rc = hs_direct_enforceable(out->scope, err)) != HS_OK)
		return rc;
	spec = (struct hs_direct_spec){.agent_key = &out->cert.key,
	    .root = &out->cert.ca,
	    .serial = out->cert.serial,
	    .valid_after = out->cert.valid_after,
	    .agent = out->agent,
	    .origin = out->origin,
	    .payload = out->payload};
	if (!hs_certform_nonce(&out->cert, spec.nonce))
		return no(err, "its nonce has another length than 32 bytes");
	rc = put_body(&want, &spec, out->scope);
	return hs_certform_same(&out->cert, &want, rc, HS_NO_CERT_FORM, err);
}

void
hs_direct_free(struct hs_direct *d)
{
	hs_scope_free(&d->scope);
	memset(d, 0, sizeof(*d));
}

int
hs_direct_check_signature(struct hs_direct *d, struct hs_err *err)
{
	int rc = hs_cert_verify(&d->cert, &d->sk) != HS_OK ? HS_NO_SIG_CERT
		 : !hs_sk_touched(&d->sk)		   ? HS_NO_TOUCH
							   : HS_OK;

	return rc == HS_OK ? HS_OK
			   : hs_fail(err, (enum hs_code)rc, "%s",
				 hs_code_sentence((enum hs_code)rc));
}
