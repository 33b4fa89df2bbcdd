// SPDX-License-Identifier: ISC
//
// The table of FIDO errors. Contract in fidoerr.h.
#include "agentd/sk-helper/fidoerr.h"

#include <fido.h>
#include <stddef.h>

static const struct {
	int r;
	enum hs_code code;
	const char *sentence;
} table[] = {
    // what a person did, or did not
    {FIDO_ERR_ACTION_TIMEOUT, HS_SK_TIMEOUT, "the security key was not touched in time"},
    {FIDO_ERR_USER_ACTION_TIMEOUT, HS_SK_TIMEOUT,
	"the security key was not touched in time"},
    {FIDO_ERR_KEEPALIVE_CANCEL, HS_SK_CANCELLED, "the touch was called off"},
    {FIDO_ERR_OPERATION_DENIED, HS_SK_DENIED, "the security key says that it was declined"},
    // which key it is
    {FIDO_ERR_NO_CREDENTIALS, HS_SK_NO_CREDENTIAL,
	"the security key plugged in is not an enrolled one"},
    {FIDO_ERR_INVALID_CREDENTIAL, HS_SK_NO_CREDENTIAL,
	"the security key plugged in is not an enrolled one"},
    {FIDO_ERR_CREDENTIAL_EXCLUDED, HS_SK_DEVICE, "this security key is enrolled already"},
    {FIDO_ERR_KEY_STORE_FULL, HS_SK_FULL,
	"the security key has no room left: delete something from it, or use another"},
    {FIDO_ERR_UNSUPPORTED_ALGORITHM, HS_SK_ALGORITHM,
	"the security key does not do this kind of key: try the other (ed25519, ecdsa)"},
    // PIN and finger
    {FIDO_ERR_PIN_REQUIRED, HS_SK_PIN_REQUIRED,
	"the security key wants its PIN, and none was given"},
    {FIDO_ERR_UNAUTHORIZED_PERM, HS_SK_PIN_REQUIRED,
	"the security key wants its PIN for this, and does not let it be used"},
    {FIDO_ERR_PIN_NOT_SET, HS_SK_PIN_NOT_SET,
	"the security key has no PIN yet: set one first, with ykman fido access change-pin "
	"or fido2-token -S"},
    {FIDO_ERR_PIN_INVALID, HS_SK_PIN_INVALID, "the PIN is wrong"},
    {FIDO_ERR_PIN_AUTH_INVALID, HS_SK_PIN_INVALID,
	"the security key did not accept the PIN"},
    {FIDO_ERR_PIN_TOKEN_EXPIRED, HS_SK_PIN_INVALID,
	"the PIN was given too long ago: give it again"},
    {FIDO_ERR_PIN_POLICY_VIOLATION, HS_SK_PIN_INVALID,
	"the PIN does not meet the security key's own rules"},
    {FIDO_ERR_PIN_AUTH_BLOCKED, HS_SK_PIN_AUTH_BLOCKED,
	"too many wrong PINs in a row: pull the security key out and plug it in again"},
    {FIDO_ERR_PIN_BLOCKED, HS_SK_PIN_BLOCKED,
	"the security key's PIN is blocked: only a reset, which erases the key, helps"},
    {FIDO_ERR_UV_BLOCKED, HS_SK_UV_BLOCKED,
	"the fingerprint sensor is blocked: the security key's PIN unblocks it"},
    {FIDO_ERR_UV_INVALID, HS_SK_UV_INVALID, "the fingerprint was not recognised"},
    // the device and the way to it
    {FIDO_ERR_CHANNEL_BUSY, HS_SK_DEVICE,
	"another program is using the security key: end it, or wait, and try again"},
    {FIDO_ERR_OPERATION_PENDING, HS_SK_DEVICE,
	"another program is using the security key: end it, or wait, and try again"},
    {FIDO_ERR_LIMIT_EXCEEDED, HS_SK_DEVICE,
	"the request is too large for the security key"},
    {FIDO_ERR_REQUEST_TOO_LARGE, HS_SK_DEVICE,
	"the request is too large for the security key"},
    {FIDO_ERR_UNSUPPORTED_OPTION, HS_SK_DEVICE,
	"the security key cannot do what is asked of it"},
    {FIDO_ERR_INVALID_OPTION, HS_SK_DEVICE,
	"the security key cannot do what is asked of it"},
    {FIDO_ERR_UP_REQUIRED, HS_SK_DEVICE,
	"the security key wants a touch at the wrong time"},
    {FIDO_ERR_TIMEOUT, HS_SK_DEVICE,
	"the security key lost the thread: pull it out and plug it in again"},
    {FIDO_ERR_NOT_ALLOWED, HS_SK_DEVICE, "the security key does not allow this"},
    {FIDO_ERR_TX, HS_SK_DEVICE,
	"the security key takes no request: pull it out and plug it in again"},
    {FIDO_ERR_RX, HS_SK_DEVICE,
	"the security key stopped answering: pull it out and plug it in again"},
    {FIDO_ERR_RX_NOT_CBOR, HS_SK_DEVICE, "the security key's answer cannot be read"},
    {FIDO_ERR_RX_INVALID_CBOR, HS_SK_DEVICE, "the security key's answer cannot be read"},
    {FIDO_ERR_INVALID_CBOR, HS_SK_DEVICE, "the security key's answer cannot be read"},
    {FIDO_ERR_CBOR_UNEXPECTED_TYPE, HS_SK_DEVICE,
	"the security key's answer cannot be read"},
    {FIDO_ERR_INVALID_SIG, HS_SK_DEVICE, "the security key's signature is not good"},
    {FIDO_ERR_INVALID_PARAM, HS_SK_DEVICE,
	"the security key answered something else than it was asked"},
    {FIDO_ERR_USER_PRESENCE_REQUIRED, HS_SK_DEVICE,
	"the security key wants a touch at the wrong time"},
    {FIDO_ERR_INTERNAL, HS_SK_DEVICE, "the security key cannot be opened"},
};

int
hs_fidoerr(int r, struct hs_err *err)
{
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (table[i].r == r)
			return hs_fail(err, table[i].code, "%s", table[i].sentence);
	return hs_fail(err, HS_SK_DEVICE, "the security key failed: %s (%s0x%02x)",
	    fido_strerr(r), r < 0 ? "-" : "", (unsigned)(r < 0 ? -r : r));
}
