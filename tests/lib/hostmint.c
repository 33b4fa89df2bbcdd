// SPDX-License-Identifier: ISC
//
// Servers' keys and certificates. Contract in hostmint.h.
#include "tests/lib/hostmint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/text.h"

static const char *const usual[HS_HK_COUNT] = {"ssh-ed25519", "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512"};
static const char *const curves[HS_HK_COUNT] = {NULL, "nistp256", "nistp384", "nistp521"};
static const char *const groups[HS_HK_COUNT] = {NULL, "P-256", "P-384", "P-521"};

static void
put_bn(struct hs_buf *b, const BIGNUM *n)
{
	uint8_t mem[2048];
	int len = BN_bn2bin(n, mem);

	assert_true(len > 0);
	hs_put_mpint(b, mem, (size_t)len);
}

static void
put_param(struct hs_buf *b, const EVP_PKEY *pkey, const char *name)
{
	BIGNUM *n = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(pkey, name, &n), 1);
	put_bn(b, n);
	BN_free(n);
}

static void
put_fields(struct hs_buf *b, const struct hostmint *m)
{
	uint8_t pub[160];
	size_t len = sizeof pub;

	switch (m->type) {
	case HS_HK_ED25519:
		assert_int_equal(EVP_PKEY_get_raw_public_key(m->pkey, pub, &len), 1);
		break;
	case HS_HK_RSA:
		put_param(b, m->pkey, OSSL_PKEY_PARAM_RSA_E);
		put_param(b, m->pkey, OSSL_PKEY_PARAM_RSA_N);
		return;
	default:
		hs_put_cstring(b, curves[m->type]);
		assert_int_equal(
		    EVP_PKEY_get_octet_string_param(
			m->pkey, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, pub, sizeof pub, &len),
		    1);
	}
	hs_put_string(b, pub, len);
}

static void
finish(struct hostmint *m)
{
	assert_non_null(m->pkey);
	hs_put_cstring(&m->blob, hs_hostkey_type_name(m->type));
	put_fields(&m->blob, m);
	assert_int_equal(hs_buf_err(&m->blob), HS_OK);
}

void
hostmint_make(struct hostmint *m, enum hs_hostkey_type type)
{
	*m = (struct hostmint){.type = type};
	m->pkey = type == HS_HK_ED25519 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
		  : type == HS_HK_RSA	? EVP_RSA_gen(2048)
					: EVP_EC_gen(groups[type]);
	finish(m);
}

void
hostmint_seed(struct hostmint *m, uint8_t first)
{
	uint8_t seed[32];

	for (size_t i = 0; i < sizeof seed; i++)
		seed[i] = (uint8_t)(first + i);
	*m = (struct hostmint){.type = HS_HK_ED25519};
	m->pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof seed);
	finish(m);
}

void
hostmint_free(struct hostmint *m)
{
	EVP_PKEY_free(m->pkey);
	hs_buf_free(&m->blob);
	m->pkey = NULL;
}

static const EVP_MD *
hash_of(const char *algorithm)
{
	if (strcmp(algorithm, "ssh-ed25519") == 0)
		return NULL;
	if (strcmp(algorithm, "ssh-rsa") == 0)
		return EVP_sha1();
	if (strstr(algorithm, "256") != NULL)
		return EVP_sha256();
	return strstr(algorithm, "384") != NULL ? EVP_sha384() : EVP_sha512();
}

void
hostmint_sign(
    struct hs_buf *b, const struct hostmint *m, const char *algorithm, struct hs_str data)
{
	const char *name = algorithm != NULL ? algorithm : usual[m->type];
	const EVP_MD *hash = m->type == HS_HK_ED25519 ? NULL : hash_of(name);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t raw[2048];
	const uint8_t *p = raw;
	size_t len = sizeof raw, mark;

	assert_int_equal(EVP_DigestSignInit(ctx, NULL, hash, NULL, m->pkey), 1);
	assert_int_equal(EVP_DigestSign(ctx, raw, &len, data.p, data.len), 1);
	hs_put_cstring(b, name);
	mark = hs_put_string_begin(b);
	if (curves[m->type] != NULL) {
		ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)len);

		assert_non_null(sig);
		put_bn(b, ECDSA_SIG_get0_r(sig));
		put_bn(b, ECDSA_SIG_get0_s(sig));
		ECDSA_SIG_free(sig);
	} else {
		hs_put_raw(b, raw, len);
	}
	hs_put_string_end(b, mark);
	EVP_MD_CTX_free(ctx);
	assert_int_equal(hs_buf_err(b), HS_OK);
}

struct hostmint_cert
hostmint_cert(const struct hostmint *key, const struct hostmint *ca)
{
	static const uint8_t web1[] = {0, 0, 0, 4, 'w', 'e', 'b', '1'};

	return (struct hostmint_cert){.key = key,
	    .ca = ca,
	    .nonce = hs_str_c("nonce"),
	    .key_id = hs_str_c("id"),
	    .ca_blob = hs_buf_str(&ca->blob),
	    .after = 1000,
	    .before = 2000,
	    .type = HS_CERT_HOST,
	    .principals = {web1, sizeof web1}};
}

void
hostmint_put_cert(struct hs_buf *b, const struct hostmint_cert *c)
{
	char name[64];
	size_t begin = b->len;
	struct hs_buf sig = {0};

	snprintf(name, sizeof name, "%s-cert-v01@openssh.com",
	    hs_hostkey_type_name(c->key->type));
	hs_put_cstring(b, name);
	hs_put_str(b, c->nonce);
	put_fields(b, c->key);
	hs_put_u64(b, c->serial);
	hs_put_u32(b, c->type);
	hs_put_str(b, c->key_id);
	hs_put_str(b, c->principals);
	hs_put_u64(b, c->after);
	hs_put_u64(b, c->before);
	hs_put_str(b, c->critical);
	hs_put_str(b, c->extensions);
	hs_put_str(b, c->reserved);
	hs_put_str(b, c->ca_blob);
	hostmint_sign(
	    &sig, c->ca, c->algorithm, (struct hs_str){b->p + begin, b->len - begin});
	hs_put_str(b, hs_buf_str(&sig));
	hs_buf_free(&sig);
	assert_int_equal(hs_buf_err(b), HS_OK);
}

// ---- vectors

static FILE *
open_vector(const char *name)
{
	const char *src = getenv("HS_SRC");
	char path[4096];
	FILE *f;

	snprintf(
	    path, sizeof path, "%s/tests/vectors/seat/%s", src != NULL ? src : ".", name);
	f = fopen(path, "r");
	if (f == NULL)
		fail_msg("%s cannot be opened", path);
	return f;
}

// The second word of the nth line whose first is that, or of any where it is NULL.
static bool
read_word(const char *name, const char *first, size_t nth, struct hs_buf *out)
{
	FILE *f = open_vector(name);
	char line[8192];
	bool found = false;

	while (!found && fgets(line, sizeof line, f) != NULL) {
		char *word = strchr(line, ' ');
		size_t n;

		assert_non_null(word);
		*word++ = '\0';
		if ((first != NULL && strcmp(line, first) != 0) || nth-- > 0)
			continue;
		n = strcspn(word, " \n");
		assert_int_equal(
		    hs_text_base64((struct hs_str){(uint8_t *)word, n}, sizeof line, out),
		    HS_OK);
		found = true;
	}
	fclose(f);
	return found;
}

void
hostmint_public(const char *name, struct hs_buf *blob)
{
	char file[64];

	snprintf(file, sizeof file, "%s.pub", name);
	assert_true(read_word(file, NULL, 0, blob));
}

bool
hostmint_said(const char *name, const char *kind, size_t nth, struct hs_buf *out)
{
	return read_word(name, kind, nth, out);
}
