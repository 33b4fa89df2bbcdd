// SPDX-License-Identifier: ISC
//
// Telling private keys from other files. Contract in keysniff.h.
#include "client/handseal/keysniff.h"

#include <string.h>
#include "proto/armour.h"
#include "proto/text.h"

#define BASE64_MAX 8192 // of a key in OpenSSH's format: its head stands in front

static bool
take_line(struct hs_str *text, struct hs_str *line)
{
	if (!hs_str_next(text, '\n', line))
		return false;
	while (line->len > 0 && memchr(" \t\r", line->p[line->len - 1], 3) != NULL)
		line->len--;
	return true;
}

static bool
begins(struct hs_str s, const char *with)
{
	size_t n = strlen(with);

	return s.len >= n && memcmp(s.p, with, n) == 0;
}

static bool
ends(struct hs_str s, const char *with)
{
	size_t n = strlen(with);

	return s.len >= n && memcmp(s.p + s.len - n, with, n) == 0;
}

static bool
has(struct hs_str s, const char *word)
{
	return memmem(s.p, s.len, word, strlen(word)) != NULL;
}

// A FIDO key's file holds a handle, which its security key uses for a touch, unless it was
// made with no-touch-required: a flag behind the application (PROTOCOL.u2f).
static bool
wants_touch(struct hs_str pub, struct hs_str priv)
{
	struct hs_rd p = hs_rd_of(pub), r = hs_rd_of(priv);
	struct hs_str type = {0}, skipped;
	uint32_t a, b;
	uint8_t flags = 0;
	bool ecdsa;

	if (hs_get_string(&p, &type) != HS_OK || !begins(type, "sk-"))
		return false;
	ecdsa = begins(type, "sk-ecdsa-");
	return hs_get_u32(&r, &a) == HS_OK && hs_get_u32(&r, &b) == HS_OK &&
	       hs_get_string(&r, &type) == HS_OK && hs_get_string(&r, &skipped) == HS_OK &&
	       (!ecdsa || hs_get_string(&r, &skipped) == HS_OK) &&
	       hs_get_string(&r, &skipped) == HS_OK && hs_get_u8(&r, &flags) == HS_OK &&
	       (flags & 1) != 0;
}

// What is inside the armour, or its beginning. Damaged, it is no use to anybody, but may be
// mended: not bare.
static enum hs_keysniff
sniff_blob(struct hs_str blob)
{
	struct hs_rd r = hs_rd_of(blob);
	struct hs_str magic, cipher = {0}, kdf, options, pub = {0}, priv = {0};
	uint32_t n;

	if (hs_get_raw(&r, sizeof HS_KEYFILE_MAGIC, &magic) != HS_OK ||
	    memcmp(magic.p, HS_KEYFILE_MAGIC, sizeof HS_KEYFILE_MAGIC) != 0 ||
	    hs_get_string(&r, &cipher) != HS_OK || !hs_str_is(cipher, "none"))
		return HS_KEYSNIFF_PROTECTED;
	if (hs_get_string(&r, &kdf) == HS_OK && hs_get_string(&r, &options) == HS_OK &&
	    hs_get_u32(&r, &n) == HS_OK && hs_get_string(&r, &pub) == HS_OK &&
	    hs_get_string(&r, &priv) == HS_OK && wants_touch(pub, priv))
		return HS_KEYSNIFF_PROTECTED;
	return HS_KEYSNIFF_BARE;
}

static enum hs_keysniff
sniff_openssh(struct hs_str text)
{
	struct hs_buf b64 = {0}, blob = {0};
	struct hs_str line, whole;
	enum hs_keysniff kind = HS_KEYSNIFF_PROTECTED;

	while (b64.len < BASE64_MAX && take_line(&text, &line) && !begins(line, "-"))
		for (size_t i = 0; i < line.len && b64.len < BASE64_MAX; i++)
			if (line.p[i] != ' ' && line.p[i] != '\t')
				hs_put_u8(&b64, line.p[i]);
	whole = hs_buf_str(&b64);
	whole.len -= whole.len % 4;
	if (hs_buf_err(&b64) == HS_OK && hs_text_base64(whole, BASE64_MAX, &blob) == HS_OK)
		kind = sniff_blob(hs_buf_str(&blob));
	hs_buf_free(&b64);
	hs_buf_free(&blob);
	return kind;
}

// Headers stand in front of the first empty line, if there is one.
static enum hs_keysniff
sniff_pem(struct hs_str text)
{
	struct hs_str line;

	while (take_line(&text, &line) && line.len > 0 &&
	       memchr(line.p, ':', line.len) != NULL)
		if (has(line, "ENCRYPTED"))
			return HS_KEYSNIFF_PROTECTED;
	return HS_KEYSNIFF_BARE;
}

static enum hs_keysniff
sniff_putty(struct hs_str text)
{
	struct hs_str line;

	while (take_line(&text, &line))
		if (begins(line, "Encryption:"))
			return hs_str_is(line, "Encryption: none") ? HS_KEYSNIFF_BARE
								   : HS_KEYSNIFF_PROTECTED;
	return HS_KEYSNIFF_PROTECTED;
}

enum hs_keysniff
hs_keysniff(struct hs_str text)
{
	enum hs_keysniff most = HS_KEYSNIFF_NONE, kind;
	struct hs_str line;

	while (most != HS_KEYSNIFF_BARE && take_line(&text, &line)) {
		if (begins(line, "PuTTY-User-Key-File-"))
			kind = sniff_putty(text);
		else if (begins(line, "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY"))
			kind = HS_KEYSNIFF_PROTECTED;
		else if (!begins(line, "-----BEGIN ") || !ends(line, "PRIVATE KEY-----"))
			continue;
		else if (has(line, " ENCRYPTED "))
			kind = HS_KEYSNIFF_PROTECTED;
		else
			kind =
			    has(line, " OPENSSH ") ? sniff_openssh(text) : sniff_pem(text);
		if (kind > most)
			most = kind;
	}
	return most;
}
