// SPDX-License-Identifier: ISC
//
// authenticatorGetInfo: what the software key says of itself. Contract in info.h.
#include "tests/softkey/info.h"

#include "tests/softkey/attest.h"
#include "tests/softkey/cbor.h"
#include "tests/softkey/credkey.h"
#include "tests/softkey/hid.h"

#define FIRMWARE 1

static void
put_option(struct hs_buf *out, const char *name, bool v)
{
	hs_cbor_put_text(out, name);
	hs_cbor_put_bool(out, v);
}

static void
put_options(const struct hs_ctap *c, struct hs_buf *out)
{
	hs_cbor_put_int(out, 0x04);
	hs_cbor_put_map(out, c->old ? 3 : 6); // no "uv": it has no sensor
	put_option(out, "rk", true);
	put_option(out, "up", true);
	if (!c->old)
		put_option(out, "alwaysUv", c->store.always_uv);
	put_option(out, "clientPin", c->store.pin_set);
	if (!c->old) {
		put_option(out, "pinUvAuthToken", true);
		put_option(out, "makeCredUvNotRqd", !c->store.always_uv);
	}
}

static void
put_algorithm(struct hs_buf *out, int alg)
{
	hs_cbor_put_map(out, 2);
	hs_cbor_put_text(out, "alg");
	hs_cbor_put_int(out, alg);
	hs_cbor_put_text(out, "type");
	hs_cbor_put_text(out, "public-key");
}

// What came with CTAP 2.1.
static void
put_newer(struct hs_buf *out)
{
	hs_cbor_put_int(out, 0x07); // maxCredentialCountInList
	hs_cbor_put_int(out, HS_REQUEST_IDS);
	hs_cbor_put_int(out, 0x08); // maxCredentialIdLength
	hs_cbor_put_int(out, HS_STORE_HANDLE_MAX);
	hs_cbor_put_int(out, 0x09); // transports
	hs_cbor_put_array(out, 1);
	hs_cbor_put_text(out, "usb");
	hs_cbor_put_int(out, 0x0a); // algorithms
	hs_cbor_put_array(out, 2);
	put_algorithm(out, HS_COSE_ES256);
	put_algorithm(out, HS_COSE_EDDSA);
	hs_cbor_put_int(out, 0x0d); // minPINLength
	hs_cbor_put_int(out, HS_PIN_MIN);
	hs_cbor_put_int(out, 0x0e); // firmwareVersion
	hs_cbor_put_int(out, FIRMWARE);
}

int
hs_info_command(const struct hs_ctap *c, struct hs_buf *out)
{
	hs_cbor_put_map(out, c->old ? 6 : 12);
	hs_cbor_put_int(out, 0x01); // versions
	hs_cbor_put_array(out, c->old ? 1 : 2);
	hs_cbor_put_text(out, "FIDO_2_0");
	if (!c->old)
		hs_cbor_put_text(out, "FIDO_2_1");
	hs_cbor_put_int(out, 0x02); // extensions
	hs_cbor_put_array(out, 1);
	hs_cbor_put_text(out, "credProtect");
	hs_cbor_put_int(out, 0x03); // aaguid
	hs_cbor_put_bytes(out, HS_ATTEST_AAGUID, HS_ATTEST_AAGUID_LEN);
	put_options(c, out);
	hs_cbor_put_int(out, 0x05); // maxMsgSize
	hs_cbor_put_int(out, HS_HID_MESSAGE);
	hs_cbor_put_int(out, 0x06); // pinUvAuthProtocols, the better one first
	hs_cbor_put_array(out, c->old ? 1 : 2);
	if (!c->old)
		hs_cbor_put_int(out, 2);
	hs_cbor_put_int(out, 1);
	if (!c->old)
		put_newer(out);
	return HS_CTAP_OK;
}
