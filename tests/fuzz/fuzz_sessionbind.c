// SPDX-License-Identifier: ISC
//
// Fuzzes session-bind@openssh.com. What decodes is written back as it was, and what
// verifies is of this session alone.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "proto/sessionbind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
rewrite(struct hs_str in, const struct hs_sessionbind *b)
{
	struct hs_buf again = {0};

	hs_put_str(&again, b->host_key);
	hs_put_str(&again, b->session);
	hs_put_str(&again, b->signature);
	hs_put_u8(&again, b->forwarding);
	must(hs_str_eq(hs_buf_str(&again), in));
	hs_buf_free(&again);
}

static void
other_session(const struct hs_sessionbind *b)
{
	static struct hs_hostkey k;
	struct hs_sessionbind other = *b;
	uint8_t session[HS_SSH_SESSION_MAX];

	memcpy(session, b->session.p, b->session.len);
	session[0] ^= 1;
	other.session.p = session;
	must(hs_sessionbind_verify(&other, &k, NULL) == HS_ERR_CRYPTO);
	must(k.own.p == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct hs_hostkey k;
	struct hs_str in = {data, len};
	struct hs_sessionbind b;
	struct hs_err err = {0};
	int rc;

	if (hs_sessionbind_parse(in, &b) != HS_OK)
		return 0;
	rewrite(in, &b);
	must(b.session.len > 0 && b.session.len <= HS_SSH_SESSION_MAX);
	rc = hs_sessionbind_verify(&b, &k, &err);
	must((int)err.code == rc && (rc == HS_OK) == (err.text[0] == '\0'));
	if (rc == HS_OK) {
		must(hs_str_eq(k.blob, b.host_key));
		other_session(&b);
		hs_hostkey_free(&k);
	}
	must(k.own.p == NULL);
	return 0;
}
