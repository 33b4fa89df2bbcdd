// SPDX-License-Identifier: ISC
//
// A revocation list of 100,000 serials beside ssh-keygen's of the same: its size, and the
// time to build it and to look up one certificate in it, in interleaved rounds of one run;
// medians. Ours is measured in this process, ssh-keygen's as a process, whose bare start
// stands beside it. It judges nothing. Needs ssh-keygen.
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "proto/cert.h"
#include "proto/krl.h"
#include "tests/lib/bench.h"
#include "tests/lib/keygen.h"
#include "tests/lib/mint.h"

#define ROUNDS	7
#define SERIALS 100000

static char dir[] = "/tmp/hs-bench-krl.XXXXXX";
static struct hs_mint ca;
static uint64_t serials[SERIALS];

static const char *
in(const char *leaf)
{
	static char path[4][64];
	static unsigned i;

	i = (i + 1) % 4;
	(void)snprintf(path[i], sizeof path[i], "%s/%s", dir, leaf);
	return path[i];
}

static void
clean_up(void)
{
	static const char *const names[] = {
	    "ca", "ca.pub", "id", "id.pub", "id-cert.pub", "spec", "ours", "theirs"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		(void)unlink(in(names[i]));
	(void)rmdir(dir);
}

// Serials of ascending order, each `gap` on average above the one before.
static void
choose(uint32_t gap)
{
	uint64_t at = 1;

	for (size_t i = 0; i < SERIALS; i++) {
		serials[i] = at;
		at += 1 + (gap > 1 ? randombytes_uniform(2 * gap - 1) : 0);
	}
}

static void
write_spec(void)
{
	FILE *f = fopen(in("spec"), "w");

	if (f == NULL)
		bench_die("the list of serials");
	for (size_t i = 0; i < SERIALS; i++)
		fprintf(f, "serial: %" PRIu64 "\n", serials[i]);
	if (fclose(f) != 0)
		bench_die("the list of serials");
}

static size_t
size_of(const char *path)
{
	FILE *f = fopen(path, "r");
	long n = -1;

	if (f != NULL && fseek(f, 0, SEEK_END) == 0)
		n = ftell(f);
	if (f != NULL)
		(void)fclose(f);
	return n > 0 ? (size_t)n : 0;
}

static double
build_ours(size_t *len)
{
	static struct hs_krl_range r[SERIALS];
	double t = bench_clock(CLOCK_MONOTONIC);
	struct hs_buf b = {0};

	for (size_t i = 0; i < SERIALS; i++)
		r[i] = (struct hs_krl_range){serials[i], serials[i]};
	hs_krl_begin(&b, 1, 1, "bench");
	if (hs_krl_put_serials(&b, &ca.key, r, SERIALS) != HS_OK ||
	    !keygen_write(in("ours"), hs_buf_str(&b)))
		bench_die("our list");
	*len = b.len;
	hs_buf_free(&b);
	return bench_clock(CLOCK_MONOTONIC) - t;
}

// From the file to the answer, as a verifier does it at each login.
static double
check_ours(uint64_t serial)
{
	double t = bench_clock(CLOCK_MONOTONIC);
	struct hs_buf b = {0};
	struct hs_krl k;

	if (!keygen_read(in("ours"), &b) || hs_krl_parse(hs_buf_str(&b), &k) != HS_OK ||
	    !hs_krl_has_serial(&k, &ca.key, serial))
		bench_die("our list's answer");
	hs_buf_free(&b);
	return bench_clock(CLOCK_MONOTONIC) - t;
}

static double
run(int want, const char *const *args)
{
	double t = bench_clock(CLOCK_MONOTONIC);

	return keygen_run(args, NULL) == want ? bench_clock(CLOCK_MONOTONIC) - t : -1;
}
#define RUN(want, ...) run(want, (const char *const[]){__VA_ARGS__, NULL})

static void
certificate(uint64_t serial)
{
	char number[24];

	(void)snprintf(number, sizeof number, "%" PRIu64, serial);
	if (RUN(0, "-q", "-s", in("ca"), "-I", "x", "-z", number, in("id.pub")) < 0)
		bench_die("a certificate");
}

static void
compare(const char *what, uint32_t gap)
{
	double ours[ROUNDS], theirs[ROUNDS], check[ROUNDS], asked[ROUNDS], bare[ROUNDS];
	size_t len = 0;
	bool readable = true;

	choose(gap);
	write_spec();
	certificate(serials[SERIALS / 2]);
	for (size_t i = 0; i < ROUNDS; i++) {
		ours[i] = build_ours(&len);
		theirs[i] =
		    RUN(0, "-k", "-f", in("theirs"), "-s", in("ca.pub"), in("spec"));
		check[i] = check_ours(serials[SERIALS / 2]);
		asked[i] = RUN(1, "-Q", "-f", in("theirs"), in("id-cert.pub"));
		bare[i] = RUN(0, "-l", "-f", in("id.pub"));
		readable &= RUN(0, "-Q", "-l", "-f", in("theirs")) >= 0;
		if (RUN(1, "-Q", "-f", in("ours"), in("id-cert.pub")) < 0)
			bench_die("ssh-keygen's reading of our list");
	}
	printf("%s: %zu bytes, ssh-keygen %zu: %.2f\n", what, len, size_of(in("theirs")),
	    (double)len / (double)size_of(in("theirs")));
	printf("  built in %.1f ms, ssh-keygen -k %.1f ms\n",
	    bench_median(ours, ROUNDS) * 1e3, bench_median(theirs, ROUNDS) * 1e3);
	printf("  read and asked in %.2f ms, ssh-keygen -Q %.1f ms%s (its start %.1f ms)\n",
	    bench_median(check, ROUNDS) * 1e3, bench_median(asked, ROUNDS) * 1e3,
	    readable ? "" : " and CANNOT READ ITS OWN LIST",
	    bench_median(bare, ROUNDS) * 1e3);
}

int
main(void)
{
	struct hs_buf key = {0}, pub = {0};

	if (sodium_init() < 0 || mkdtemp(dir) == NULL || atexit(clean_up) != 0 ||
	    hs_mint_make(&ca, HS_KT_ED25519) != HS_OK)
		return 1;
	(void)hs_mint_put_openssh(&key, &ca);
	hs_key_put_line(&pub, &ca.key);
	hs_put_u8(&pub, '\n');
	if (!keygen_write(in("ca"), hs_buf_str(&key)) ||
	    !keygen_write(in("ca.pub"), hs_buf_str(&pub)) ||
	    RUN(0, "-q", "-t", "ed25519", "-N", "", "-f", in("id")) < 0)
		bench_die("keys");
	printf("100,000 serials, %d rounds, medians\n", ROUNDS);
	compare("all of them", 1);
	compare("one of 10", 10);
	compare("one of 100", 100);
	compare("one of a million", 1000000);
	hs_buf_free(&key);
	hs_buf_free(&pub);
	return 0;
}
