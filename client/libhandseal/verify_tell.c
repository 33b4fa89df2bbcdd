// SPDX-License-Identifier: ISC
//
// What hs_verify found, by value, in the service's own structure: who, or why not and what
// would help. Contract in verify.h and handseal-verify.h.
#include <inttypes.h>
#include <string.h>
#include "client/libhandseal/verify.h"
#include "proto/text.h"

// What does not fit is cut between two characters.
static void
put(char *out, size_t size, struct hs_str s)
{
	size_t len = s.len < size ? s.len : size - 1;

	while (len < s.len && len > 0 && (s.p[len] & 0xc0) == 0x80)
		len--;
	if (len > 0)
		memcpy(out, s.p, len);
	out[len] = '\0';
}

#define PUT(field, s) put(field, sizeof(field), s)

// Whatever is wrong with it: a person finds it again by these in the daemon's log.
void
hs_verify_tell_about(struct hs_verify_answer *a, struct hs_str blob)
{
	char fp[HS_FINGERPRINT_LEN + 1];
	struct hs_buf b = {0}, clean = {0};
	struct hs_cert cert;

	if (hs_cert_parse(blob, &cert) != HS_OK)
		return;
	if (cert.key_id.len > HS_KEY_ID_MAX)
		cert.key_id.len = HS_KEY_ID_MAX;
	hs_key_fingerprint(&cert.key, fp);
	hs_put_fmt(&b, "key %s, id \"", fp);
	hs_put_raw(&b, cert.key_id.p, cert.key_id.len);
	hs_put_fmt(&b, "\", serial %" PRIu64, cert.serial);
	hs_text_put_clean(&clean, hs_buf_str(&b));
	PUT(a->about, hs_buf_str(&clean));
	hs_buf_free(&b);
	hs_buf_free(&clean);
}

static void
tell_delegation(struct hs_verify_answer *a, const struct hs_delegation *d)
{
	hs_session_id(&d->cert.ca, a->session);
	PUT(a->agent, d->agent);
	PUT(a->origin, hs_str_c(hs_origin_name(d->origin)));
	a->nlineage = d->nlineage;
	for (size_t i = 0; i < d->nlineage; i++)
		a->lineage[i] = d->lineage[i];
	a->made = hs_delegation_made(d);
}

void
hs_verify_tell_who(struct hs_verify_answer *a, const struct hs_verdict *v)
{
	const struct hs_cert *cert = v->direct ? &v->direct_cert.cert : &v->delegation.cert;

	hs_key_fingerprint(&v->root->key, a->root);
	PUT(a->root_comment, hs_str_c(v->root->comment));
	a->verified = (v->touch.flags & HS_SK_FLAG_UV) != 0;
	hs_key_fingerprint(&cert->key, a->key);
	PUT(a->key_id, cert->key_id);
	a->serial = cert->serial;
	a->until = v->end;
	PUT(a->scope, hs_scope_text(v->effective));
	a->direct = v->direct;
	if (v->direct) {
		PUT(a->agent, v->direct_cert.agent);
		PUT(a->origin, hs_str_c(hs_origin_name(v->direct_cert.origin)));
		a->made = cert->valid_after + HS_CLOCK_SLACK;
	} else {
		tell_delegation(a, &v->delegation);
	}
}

// ---- why not

static enum hs_verify_verdict
verdict_of(enum hs_code code)
{
	switch (code) {
	case HS_NO_NOT_OURS:
		return HS_VERIFY_NOT_OURS;
	case HS_ERR_USAGE:
		return HS_VERIFY_MISUSED;
	case HS_ERR_NOMEM:
	case HS_ERR_CRYPTO:
	case HS_ERR_INTERNAL:
		return HS_VERIFY_FAILED;
	default:
		return HS_VERIFY_REFUSED;
	}
}

// What has no words here says in its sentence what would help, or nothing does.
static const char *
remedy_of(enum hs_code code)
{
	switch (code) {
	case HS_NO_EXPIRED:
	case HS_NO_REVOKED:
		return "A new certificate: handseal request, or a new seat";
	case HS_NO_ROOT_UNKNOWN:
		return "The root's line, as handseal roots --pub prints it, among the "
		       "service's roots, if it is known whose key that is";
	case HS_NO_ROOT_DIRECT:
		return "A delegation, or `direct` in the root's line";
	case HS_NO_USER_ROOT:
		return "That user in the users= of the root's line";
	case HS_NO_CAP_ROOT:
		return "That capability in the caps= of the root's line";
	case HS_NO_GRANT_LOGIN:
		return "An agent's certificate under it: handseal request";
	case HS_NO_HOST:
		return "A certificate for a host that the service is called by";
	case HS_NO_USER:
	case HS_NO_ADDR:
	case HS_NO_COMMAND:
	case HS_NO_PTY:
	case HS_NO_OTHER:
		return "A certificate with that in its scope: handseal request";
	case HS_NO_UV:
		return "A session that was opened with PIN or finger";
	case HS_NO_LIST:
		return "The newest list of its session, from its daemon's folder lists";
	case HS_NO_TOO_LONG_LIVED:
		return "A shorter one, or longer limits at the service";
	case HS_NO_PROOF:
		return "A new challenge, signed in the service's namespace by the "
		       "certificate's key";
	default:
		return "";
	}
}

void
hs_verify_tell_refusal(struct hs_verify_answer *a, const struct hs_err *err)
{
	a->verdict = (int)verdict_of(err->code);
	PUT(a->code, hs_str_c(hs_code_name(err->code)));
	PUT(a->sentence, hs_str_c(hs_err_sentence(err)));
	PUT(a->remedy, hs_str_c(remedy_of(err->code)));
}
