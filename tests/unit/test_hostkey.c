// SPDX-License-Identifier: ISC
//
// Servers' keys: those that ssh-keygen made (tests/vectors/seat) are read and named as it
// does, and each thing that can be wrong with one is refused. Signatures are
// test_hostkey_sig.c's, certificates test_hostkey_cert.c's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/text.h"
#include "tests/lib/hostmint.h"

static struct hs_hostkey k; // some kilobytes

static const struct {
	const char *name;
	enum hs_hostkey_type type;
	size_t publen;
} keys[] = {{"ed25519", HS_HK_ED25519, 32}, {"p256", HS_HK_P256, 65},
    {"p384", HS_HK_P384, 97}, {"p521", HS_HK_P521, 133}, {"rsa2048", HS_HK_RSA, 256},
    {"rsa3072", HS_HK_RSA, 384}};
#define KEYS (sizeof keys / sizeof keys[0])

// Of a failure nothing is left over, and nothing to free.
static int
parse(struct hs_str blob)
{
	static const struct hs_hostkey zero;
	int rc;

	hs_hostkey_free(&k);
	assert_memory_equal(&k, &zero, sizeof k);
	memset(&k, 0xaa, sizeof k);
	rc = hs_hostkey_parse(blob, &k);
	if (rc != HS_OK)
		assert_memory_equal(&k, &zero, sizeof k);
	return rc;
}

static FILE *
open_vector(const char *name)
{
	const char *src = getenv("HS_SRC");
	char path[4096];
	FILE *f;

	snprintf(
	    path, sizeof path, "%s/tests/vectors/seat/%s", src != NULL ? src : ".", name);
	f = fopen(path, "r");
	assert_non_null(f);
	return f;
}

static void
openssh_keys(void **state)
{
	FILE *f = open_vector("fingerprints");
	char line[256], fp[HS_FINGERPRINT_LEN + 1];

	(void)state;
	for (size_t i = 0; i < KEYS; i++) {
		struct hs_buf b = {0};
		char *shown;

		hostmint_public(keys[i].name, &b);
		assert_int_equal(parse(hs_buf_str(&b)), HS_OK);
		assert_int_equal(k.type, keys[i].type);
		assert_false(k.certificate);
		assert_int_equal(k.pub.len, keys[i].publen);
		assert_ptr_equal(k.blob.p, b.p);
		assert_int_equal(k.blob.len, b.len);
		assert_true(hs_str_eq(k.plain, k.blob));
		assert_true(k.nprincipals == 0 && k.ca.len == 0 && k.cert_type == 0);
		assert_int_equal(k.exponent.len, keys[i].type == HS_HK_RSA ? 3 : 0);
		assert_non_null(fgets(line, sizeof line, f));
		shown = strchr(line, ' ') + 1;
		hs_hostkey_fingerprint(k.plain, fp);
		assert_int_equal(strlen(fp), HS_FINGERPRINT_LEN);
		assert_memory_equal(shown, fp, HS_FINGERPRINT_LEN);
		assert_int_equal(shown[HS_FINGERPRINT_LEN], ' ');
		hs_buf_free(&b);
	}
	fclose(f);
	hs_hostkey_fingerprint((struct hs_str){0}, fp); // SHA-256 of nothing
	assert_string_equal(fp, "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU");
}

// The signature in an armoured file over the message.
static void
signature(const char *name, struct hs_buf *out)
{
	FILE *f;
	char line[128], file[64];
	struct hs_buf base64 = {0}, blob = {0};
	struct hs_str part;
	struct hs_rd r;

	snprintf(file, sizeof file, "%s.sig", name);
	f = open_vector(file);
	while (fgets(line, sizeof line, f) != NULL)
		if (line[0] != '-')
			hs_put_raw(&base64, line, strcspn(line, "\n"));
	fclose(f);
	assert_int_equal(hs_text_base64(hs_buf_str(&base64), 4096, &blob), HS_OK);
	r = hs_rd_of(hs_buf_str(&blob));
	assert_int_equal(hs_get_raw(&r, 10, &part), HS_OK); // magic and version
	for (size_t i = 0; i < 5; i++) // key, namespace, reserved, hash, signature
		assert_int_equal(hs_get_string(&r, &part), HS_OK);
	assert_int_equal(hs_rd_end(&r), HS_OK);
	hs_put_raw(out, part.p, part.len);
	hs_buf_free(&base64);
	hs_buf_free(&blob);
}

static void
openssh_signatures(void **state)
{
	struct hs_buf data = {0};

	(void)state;
	hs_sshsig_put_signed(&data, "file", hs_str_c("signed by OpenSSH\n"));
	for (size_t i = 0; i < KEYS; i++) {
		struct hs_buf sig = {0};

		signature(keys[i].name, &sig);
		for (size_t j = 0; j < KEYS; j++) {
			struct hs_buf b = {0};
			int want = i == j			  ? HS_OK
				   : keys[i].type != keys[j].type ? HS_ERR_KEY_TYPE
								  : HS_ERR_FORMAT;

			hostmint_public(keys[j].name, &b);
			assert_int_equal(parse(hs_buf_str(&b)), HS_OK);
			assert_int_equal(
			    hs_hostkey_verify(&k, hs_buf_str(&sig), hs_buf_str(&data)),
			    want); // two RSA keys, of two lengths
			hs_buf_free(&b);
		}
		hs_buf_free(&sig);
	}
	hs_buf_free(&data);
}

// A key that differs in a bit is refused, or is another key.
static void
cut_lengthened_and_changed(void **state)
{
	struct hs_buf data = {0};

	(void)state;
	hs_sshsig_put_signed(&data, "file", hs_str_c("signed by OpenSSH\n"));
	for (size_t i = 0; i < KEYS; i++) {
		struct hs_buf b = {0}, sig = {0};

		hostmint_public(keys[i].name, &b);
		signature(keys[i].name, &sig);
		for (size_t n = 0; n < b.len; n++)
			assert_int_equal(parse((struct hs_str){b.p, n}), HS_ERR_SHORT);
		hs_put_u8(&b, 0);
		assert_int_equal(parse(hs_buf_str(&b)), HS_ERR_TRAILING);
		b.len--;
		for (size_t bit = 0; bit < 8 * b.len; bit++) {
			b.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_true(parse(hs_buf_str(&b)) != HS_OK ||
				    hs_hostkey_verify(
					&k, hs_buf_str(&sig), hs_buf_str(&data)) != HS_OK);
			b.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		assert_int_equal(parse(hs_buf_str(&b)), HS_OK);
		hs_buf_free(&b);
		hs_buf_free(&sig);
	}
	hs_buf_free(&data);
}

static void
other_types(void **state)
{
	static const char *const names[] = {"", "ssh-dss", "ssh-ed448", "ssh-ed2551",
	    "ssh-ed25519x", "SSH-ED25519", "sk-ssh-ed25519@openssh.com",
	    "sk-ecdsa-sha2-nistp256@openssh.com", "rsa-sha2-256", "rsa-sha2-512",
	    "ecdsa-sha2-nistp224", "ssh-rsa-cert-v00@openssh.com",
	    "ssh-dss-cert-v01@openssh.com", "rsa-sha2-512-cert-v01@openssh.com",
	    "sk-ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519-cert-v01@openssh.comx",
	    "ssh-ed25519-cert-v01@openssh.co"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct hs_buf b = {0};

		hs_put_cstring(&b, names[i]);
		hs_put_space(&b, 36);
		assert_int_equal(parse(hs_buf_str(&b)), HS_ERR_KEY_TYPE);
		hs_buf_free(&b);
	}
	assert_string_equal(hs_hostkey_type_name(HS_HK_RSA), "ssh-rsa");
	assert_string_equal(hs_hostkey_type_name(HS_HK_COUNT), "");
	hs_hostkey_free(NULL);
}

static void
ed25519_lengths(void **state)
{
	static const uint8_t zeros[40];

	(void)state;
	for (size_t n = 0; n < sizeof zeros; n++) {
		struct hs_buf b = {0};

		hs_put_cstring(&b, "ssh-ed25519");
		hs_put_string(&b, zeros, n);
		assert_int_equal(parse(hs_buf_str(&b)), n == 32 ? HS_OK : HS_ERR_FORMAT);
		hs_buf_free(&b);
	}
}

static int
parse_point(const char *type, const char *curve, const uint8_t *q, size_t len)
{
	struct hs_buf b = {0};
	int rc;

	hs_put_cstring(&b, type);
	hs_put_cstring(&b, curve);
	hs_put_string(&b, q, len);
	rc = parse(hs_buf_str(&b));
	hs_hostkey_free(&k);
	hs_buf_free(&b);
	return rc;
}

static void
points(void **state)
{
	static const char *const types[] = {
	    "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"};
	static const char *const curves[] = {"nistp256", "nistp384", "nistp521"};

	(void)state;
	for (size_t t = 0; t < 3; t++) {
		struct hostmint m;
		uint8_t q[140] = {0};
		size_t n;

		hostmint_make(&m, (enum hs_hostkey_type)(HS_HK_P256 + t));
		assert_int_equal(parse(hs_buf_str(&m.blob)), HS_OK);
		n = k.pub.len;
		memcpy(q, k.pub.p, n);
		for (size_t c = 0; c < 3; c++) {
			assert_int_equal(parse_point(types[t], curves[c], q, n),
			    c == t ? HS_OK : HS_ERR_FORMAT);
			assert_int_equal(parse_point(types[c], curves[c], q, n),
			    c == t ? HS_OK : HS_ERR_FORMAT);
		}
		assert_int_equal(parse_point(types[t], "", q, n), HS_ERR_FORMAT);
		assert_int_equal(parse_point(types[t], curves[t], q, n - 1), HS_ERR_FORMAT);
		assert_int_equal(parse_point(types[t], curves[t], q, n + 1), HS_ERR_FORMAT);
		assert_int_equal(parse_point(types[t], curves[t], q, 0), HS_ERR_FORMAT);
		q[0] = 2 + (q[n - 1] & 1); // compressed, and hybrid
		assert_int_equal(
		    parse_point(types[t], curves[t], q, (n + 1) / 2), HS_ERR_FORMAT);
		q[0] += 4;
		assert_int_equal(parse_point(types[t], curves[t], q, n), HS_ERR_FORMAT);
		q[0] = 0; // infinity
		assert_int_equal(parse_point(types[t], curves[t], q, 1), HS_ERR_FORMAT);
		assert_int_equal(parse_point(types[t], curves[t], q, n), HS_ERR_FORMAT);
		q[0] = 4;
		q[n - 1] ^= 1; // off the curve
		assert_int_equal(parse_point(types[t], curves[t], q, n), HS_ERR_FORMAT);
		memset(q + 1, 0xff, n - 1); // above the field
		assert_int_equal(parse_point(types[t], curves[t], q, n), HS_ERR_FORMAT);
		memset(q + 1, 0, n - 1);
		assert_int_equal(parse_point(types[t], curves[t], q, n), HS_ERR_FORMAT);
		hostmint_free(&m);
	}
}

static int
parse_rsa(const void *e, size_t elen, const void *n, size_t nlen)
{
	struct hs_buf b = {0};
	int rc;

	hs_put_cstring(&b, "ssh-rsa");
	hs_put_string(&b, e, elen);
	hs_put_string(&b, n, nlen);
	rc = parse(hs_buf_str(&b));
	hs_hostkey_free(&k);
	hs_buf_free(&b);
	return rc;
}

// An odd modulus of that many bits, as an mpint's content in mem.
static struct hs_str
modulus(size_t bits, uint8_t mem[static 2200])
{
	size_t len = bits / 8 + 1; // a sign byte where the first bit would be taken for one

	memset(mem, 0, 2200);
	mem[len - 1 - (bits - 1) / 8] = (uint8_t)(1 << (bits - 1) % 8);
	mem[len - 1] |= 1;
	return (struct hs_str){mem, len};
}

static void
rsa_bounds(void **state)
{
	static const struct {
		size_t bits;
		int want;
	} sizes[] = {{8, HS_ERR_FORMAT}, {1024, HS_ERR_FORMAT}, {2040, HS_ERR_FORMAT},
	    {2047, HS_ERR_FORMAT}, {2048, HS_OK}, {2049, HS_OK}, {3072, HS_OK},
	    {4095, HS_OK}, {16383, HS_OK}, {16384, HS_OK}, {16385, HS_ERR_FORMAT},
	    {17000, HS_ERR_FORMAT}};
	static const struct {
		const char *e;
		size_t len;
		int want;
	} exponents[] = {{"\x03", 1, HS_OK}, {"\x23", 1, HS_OK}, {"\x01\x00\x01", 3, HS_OK},
	    {"\x7f\xff\xff\xff\xff\xff\xff\xff", 8, HS_OK},
	    {"\0\xff\xff\xff\xff\xff\xff\xff\xff", 9, HS_OK},
	    {"\x01\0\0\0\0\0\0\0\x01", 9, HS_ERR_FORMAT},
	    {"\x01\0\0\0\0\0\0\0\0\x01", 10, HS_ERR_FORMAT}, {"", 0, HS_ERR_FORMAT},
	    {"\x01", 1, HS_ERR_FORMAT}, {"\x02", 1, HS_ERR_FORMAT},
	    {"\x01\0", 2, HS_ERR_FORMAT}, {"\0", 1, HS_ERR_FORMAT},
	    {"\0\x03", 2, HS_ERR_FORMAT}, {"\x83", 1, HS_ERR_FORMAT}};
	uint8_t mem[2200];
	struct hs_str n;

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		n = modulus(sizes[i].bits, mem);
		assert_int_equal(parse_rsa("\x03", 1, n.p, n.len), sizes[i].want);
	}
	n = modulus(2048, mem);
	for (size_t i = 0; i < sizeof exponents / sizeof exponents[0]; i++)
		assert_int_equal(parse_rsa(exponents[i].e, exponents[i].len, n.p, n.len),
		    exponents[i].want);
	assert_int_equal(parse_rsa("\x03", 1, n.p + 1, n.len - 1), HS_ERR_FORMAT); // minus
	mem[n.len - 1] = 2;							   // even
	assert_int_equal(parse_rsa("\x03", 1, n.p, n.len), HS_ERR_FORMAT);
	n = modulus(2055, mem);
	memmove(mem + 1, mem, 2190); // a zero too many
	mem[0] = 0;
	assert_int_equal(parse_rsa("\x03", 1, n.p, n.len + 1), HS_ERR_FORMAT);
	assert_int_equal(parse_rsa("\x03", 1, n.p, 0), HS_ERR_FORMAT);
}

static void
too_long_and_nothing(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	hostmint_public("rsa1024", &b);
	assert_int_equal(parse(hs_buf_str(&b)), HS_ERR_FORMAT);
	hs_buf_reset(&b);
	hostmint_public("ed25519", &b);
	hs_put_space(&b, HS_HOSTKEY_MAX - b.len);
	assert_int_equal(parse(hs_buf_str(&b)), HS_ERR_TRAILING);
	hs_put_u8(&b, 0);
	assert_int_equal(parse(hs_buf_str(&b)), HS_ERR_TOO_LONG);
	assert_int_equal(parse((struct hs_str){0}), HS_ERR_SHORT);
	hs_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(openssh_keys),
	    cmocka_unit_test(openssh_signatures),
	    cmocka_unit_test(cut_lengthened_and_changed), cmocka_unit_test(other_types),
	    cmocka_unit_test(ed25519_lengths), cmocka_unit_test(points),
	    cmocka_unit_test(rsa_bounds), cmocka_unit_test(too_long_and_nothing)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
