// SPDX-License-Identifier: ISC
//
// Goal of this test: the system's ssh-keygen reads the lists that we write as the serials
// and keys that we meant, we read those that it writes, and ours are no longer than its
// own. Over random sets; prints its seed, HS_SEED repeats a run.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "proto/krl.h"
#include "proto/text.h"
#include "tests/lib/chains.h"
#include "tests/lib/keygen.h"
#include "tests/lib/scratch.h"

#define SETS   24
#define RANGES 400

static uint64_t state;

static uint64_t
below(uint64_t n)
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (z ^ (z >> 31)) % n;
}

struct set {
	struct hs_krl_range r[RANGES];
	size_t n;
};

// Sets of every kind: single ones far apart, runs, holes in runs, and all of it mixed.
static void
any_set(struct set *s)
{
	static const uint64_t gaps[] = {2, 3, 20, 100, 5000, 1u << 20},
			      runs[] = {1, 1, 2, 8, 300, 40000};
	uint64_t at = 1 + below(4), gap = gaps[below(6)], run = runs[below(6)];

	s->n = 1 + (size_t)below(RANGES);
	for (size_t i = 0; i < s->n; i++) {
		if (below(8) == 0) {
			gap = gaps[below(6)];
			run = runs[below(6)];
		}
		s->r[i].lo = at;
		s->r[i].hi = at + below(run);
		at = s->r[i].hi + 2 + below(gap);
	}
	if (below(4) == 0)
		s->r[s->n - 1].hi = UINT64_MAX;
}

static uint64_t
number(const char *s, const char **end)
{
	char *e;
	uint64_t v = strtoull(s, &e, 10);

	*end = e;
	return v;
}

// What `ssh-keygen -Q -l` lists: "serial: N" and "serial: N-M".
static void
listed(const char *krl, struct set *out)
{
	struct hs_buf text = {0};
	const char *p, *e;

	assert_int_equal(KEYGEN(&text, "-Q", "-l", "-f", krl), 0);
	hs_put_u8(&text, 0);
	out->n = 0;
	for (p = (const char *)text.p; (p = strstr(p, "serial: ")) != NULL; p = e) {
		struct hs_krl_range *r = &out->r[out->n++];

		assert_true(out->n <= RANGES);
		r->lo = r->hi = number(p + strlen("serial: "), &e);
		if (*e == '-')
			r->hi = number(e + 1, &e);
	}
	hs_buf_free(&text);
	out->n = hs_krl_join(out->r, out->n);
}

static void
are_same(const struct set *a, const struct set *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++)
		assert_true(a->r[i].lo == b->r[i].lo && a->r[i].hi == b->r[i].hi);
}

static int
collect(void *arg, const struct hs_krl_item *it)
{
	struct set *s = arg;

	assert_int_equal(it->what, HS_KRL_SERIALS);
	if (s->n > 0 && s->r[s->n - 1].hi + 1 == it->lo) {
		s->r[s->n - 1].hi = it->hi;
	} else {
		assert_true(s->n < RANGES);
		s->r[s->n++] = (struct hs_krl_range){it->lo, it->hi};
	}
	return HS_OK;
}

static void
read_ours(struct hs_str blob, struct set *out)
{
	struct hs_krl k;

	out->n = 0;
	assert_int_equal(hs_krl_parse(blob, &k), HS_OK);
	assert_int_equal(hs_krl_walk(&k, collect, out), HS_OK);
	out->n = hs_krl_join(out->r, out->n);
}

// What ssh-keygen makes of the same set. It writes bitmaps that it cannot read itself;
// false: this is such a one.
static bool
theirs(const struct set *s, struct hs_buf *out)
{
	struct hs_buf spec = {0};

	for (size_t i = 0; i < s->n; i++) {
		hs_put_fmt(&spec, "serial: %" PRIu64, s->r[i].lo);
		if (s->r[i].hi > s->r[i].lo) // ssh-keygen takes no range of one
			hs_put_fmt(&spec, "-%" PRIu64, s->r[i].hi);
		hs_put_u8(&spec, '\n');
	}
	assert_true(keygen_write(scratch_in("spec"), hs_buf_str(&spec)));
	assert_int_equal(KEYGEN(NULL, "-k", "-f", scratch_in("theirs"), "-s",
			     scratch_in("ca.pub"), scratch_in("spec")),
	    0);
	assert_true(keygen_read(scratch_in("theirs"), out));
	hs_buf_free(&spec);
	return KEYGEN(NULL, "-Q", "-l", "-f", scratch_in("theirs")) == 0;
}

static void
random_sets(void **unused)
{
	static struct set want, mine, got;
	unsigned compared = 0;

	(void)unused;
	for (unsigned i = 0; i < SETS; i++) {
		struct hs_buf b = {0}, other = {0};

		any_set(&want);
		mine = want;
		hs_krl_begin(&b, 1, 1, "");
		assert_int_equal(
		    hs_krl_put_serials(&b, &chains.session.key, mine.r, mine.n), HS_OK);
		want.n = hs_krl_join(want.r, want.n);
		read_ours(hs_buf_str(&b), &got);
		are_same(&want, &got);
		assert_true(keygen_write(scratch_in("ours"), hs_buf_str(&b)));
		listed(scratch_in("ours"), &got);
		are_same(&want, &got);
		if (theirs(&want, &other)) {
			read_ours(hs_buf_str(&other), &got);
			are_same(&want, &got);
			// ours never has a bitmap that sshd could not read, theirs may:
			// then a few bytes more of headers
			if (b.len > other.len + other.len / 16 + 16)
				fail_msg("%zu bytes, and theirs has %zu", b.len, other.len);
			compared++;
		}
		hs_buf_free(&b);
		hs_buf_free(&other);
	}
	assert_true(compared > 0);
}

// A set that ssh-keygen writes as one bitmap, which nobody can read: ours can be.
static void
a_dense_set(void **unused)
{
	struct hs_buf b = {0}, text = {0};
	struct hs_krl_range *r = calloc(20000, sizeof *r);
	unsigned n = 0;

	(void)unused;
	for (uint64_t i = 0; i < 20000; i++)
		r[i] = (struct hs_krl_range){1 + i * 2, 1 + i * 2};
	hs_krl_begin(&b, 1, 1, "");
	assert_int_equal(hs_krl_put_serials(&b, &chains.session.key, r, 20000), HS_OK);
	assert_true(b.len < 20000 / 4 + 300);
	assert_true(keygen_write(scratch_in("dense"), hs_buf_str(&b)));
	assert_int_equal(KEYGEN(&text, "-Q", "-l", "-f", scratch_in("dense")), 0);
	hs_put_u8(&text, 0);
	for (const char *p = (const char *)text.p; (p = strstr(p, "serial: ")) != NULL; p++)
		n++;
	assert_int_equal(n, 20000);
	free(r);
	hs_buf_free(&b);
	hs_buf_free(&text);
}

// Certificates, the key and its fingerprint, asked for with `ssh-keygen -Q`.
static void
certificates(void **unused)
{
	struct hs_krl_range r = {3, 5};
	struct hs_buf b = {0}, key = {0};
	uint8_t hash[1][HS_KRL_HASH];
	char fp[HS_FINGERPRINT_LEN + 1];
	struct hs_buf raw = {0};
	struct hs_key id;

	(void)unused;
	hs_krl_begin(&b, 1, 1, "");
	assert_int_equal(hs_krl_put_serials(&b, &chains.session.key, &r, 1), HS_OK);
	assert_true(keygen_write(scratch_in("ours"), hs_buf_str(&b)));
	for (int c = '2'; c <= '6'; c++) {
		const char serial[] = {(char)c, '\0'};

		assert_int_equal(KEYGEN(NULL, "-q", "-s", scratch_in("ca"), "-I", "x", "-n",
				     "x", "-z", serial, scratch_in("id.pub")),
		    0);
		assert_int_equal(
		    KEYGEN(NULL, "-Q", "-f", scratch_in("ours"), scratch_in("id-cert.pub")),
		    c >= '3' && c <= '5');
	}
	assert_int_equal(
	    KEYGEN(NULL, "-Q", "-f", scratch_in("ours"), scratch_in("id.pub")), 0);
	assert_true(keygen_read(scratch_in("id.pub"), &key));
	assert_int_equal(
	    hs_key_parse_line((struct hs_str){key.p, key.len - 1}, &id, NULL), 0);
	hs_key_fingerprint(&id, fp);
	hs_put_fmt(&raw, "%s=", fp + strlen("SHA256:"));
	hs_buf_reset(&key);
	assert_int_equal(hs_text_base64(hs_buf_str(&raw), HS_KRL_HASH, &key), HS_OK);
	memcpy(hash[0], key.p, HS_KRL_HASH);
	hs_krl_put_hashes(&b, (const uint8_t(*)[HS_KRL_HASH])hash, 1);
	assert_true(keygen_write(scratch_in("ours"), hs_buf_str(&b)));
	assert_int_equal(
	    KEYGEN(NULL, "-Q", "-f", scratch_in("ours"), scratch_in("id.pub")), 1);
	hs_buf_free(&b);
	hs_buf_free(&key);
	hs_buf_free(&raw);
}

// A key that ssh-keygen wrote down by itself or by either of its fingerprints.
static void
keys(void **unused)
{
	static const char *const how[] = {"key", "sha1", "sha256"};
	struct hs_buf line = {0}, spec = {0}, krl = {0};
	struct hs_key id;
	struct hs_krl k;

	(void)unused;
	assert_true(keygen_read(scratch_in("id.pub"), &line));
	assert_int_equal(
	    hs_key_parse_line((struct hs_str){line.p, line.len - 1}, &id, NULL), 0);
	for (size_t i = 0; i < sizeof how / sizeof how[0]; i++) {
		hs_buf_reset(&spec);
		hs_buf_reset(&krl);
		hs_put_fmt(&spec, "%s: ", how[i]);
		hs_put_raw(&spec, line.p, line.len);
		assert_true(keygen_write(scratch_in("spec"), hs_buf_str(&spec)));
		assert_int_equal(KEYGEN(NULL, "-q", "-k", "-f", scratch_in("theirs"),
				     scratch_in("spec")),
		    0);
		assert_true(keygen_read(scratch_in("theirs"), &krl));
		assert_int_equal(hs_krl_parse(hs_buf_str(&krl), &k), HS_OK);
		assert_true(hs_krl_has_key(&k, &id));
		assert_false(hs_krl_has_key(&k, &chains.session.key));
	}
	hs_buf_free(&line);
	hs_buf_free(&spec);
	hs_buf_free(&krl);
}

static int
setup(void **unused)
{
	const char *seed = getenv("HS_SEED");
	struct hs_buf key = {0}, pub = {0};
	int rc = chains_make(unused) | scratch_make(unused);

	state = seed != NULL ? strtoull(seed, NULL, 10) : (uint64_t)(uintptr_t)&state >> 4;
	print_message("# HS_SEED=%" PRIu64 "\n", state);
	rc |= hs_mint_put_openssh(&key, &chains.session);
	hs_key_put_line(&pub, &chains.session.key);
	hs_put_u8(&pub, '\n');
	rc |= !keygen_write(scratch_in("ca"), hs_buf_str(&key));
	rc |= !keygen_write(scratch_in("ca.pub"), hs_buf_str(&pub));
	rc |= KEYGEN(NULL, "-q", "-t", "ed25519", "-N", "", "-f", scratch_in("id"));
	hs_buf_free(&key);
	hs_buf_free(&pub);
	return rc;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(random_sets),
	    cmocka_unit_test(a_dense_set), cmocka_unit_test(certificates),
	    cmocka_unit_test(keys)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("krl_openssh", tests, setup, scratch_remove);
}
