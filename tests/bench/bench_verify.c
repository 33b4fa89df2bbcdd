// SPDX-License-Identifier: ISC
//
// What it costs to check a long log: `handseal audit verify`, as a process,
// beside openssl's SHA-256 of the same bytes, which reads and hashes them once, and
// libsodium's verification of as many signatures as are in it; interleaved rounds of one
// run, medians. RECORDS=1000000 in the environment: so many. It judges nothing. Needs
// openssl.
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/lib/auditmake.h"
#include "tests/lib/bench.h"

#define ROUNDS	7
#define SESSION 5000   // certificates of one
#define EVERY	50     // of them, and then a checkpoint
#define A_FILE	200000 // records, about
#define FILES	64

static char dir[] = "/tmp/hs-bench-verify.XXXXXX";
static char paths[FILES][64];
static size_t npaths;
static uint64_t bytes, signatures;

static const char *
in(const char *leaf)
{
	static char path[64];

	(void)snprintf(path, sizeof path, "%s/%s", dir, leaf);
	return path;
}

static void
clean_up(void)
{
	for (size_t i = 0; i < npaths; i++)
		(void)unlink(paths[i]);
	(void)unlink(in("roots"));
	(void)rmdir(dir);
}

static FILE *
open_next(uint64_t seq)
{
	FILE *f;

	if (npaths == FILES)
		bench_die("files");
	(void)snprintf(
	    paths[npaths], sizeof paths[0], "%s/audit.%020" PRIu64 ".jsonl", dir, seq);
	f = fopen(paths[npaths++], "w");
	if (f == NULL)
		bench_die("a file");
	return f;
}

static void
close_file(FILE *f)
{
	bytes += (uint64_t)ftell(f);
	if (fclose(f) != 0)
		bench_die("a file");
}

static void
put_roots(const struct auditmake *m)
{
	struct hs_buf b = {0};
	FILE *f = fopen(in("roots"), "w");

	hs_put_fmt(&b, "users=\"deploy\" ");
	hs_key_put_line(&b, &m->root.key);
	hs_put_fmt(&b, " blue\n");
	if (f == NULL || fwrite(b.p, 1, b.len, f) != b.len || fclose(f) != 0)
		bench_die("roots");
	hs_buf_free(&b);
}

// As a daemon writes it that issues at once: sessions, certificates, checkpoints.
static void
make_log(uint64_t records)
{
	struct auditmake m;
	FILE *f = open_next(1);
	uint64_t full = A_FILE;

	auditmake_begin(&m, f);
	put_roots(&m);
	while (m.seq < records) {
		if (m.seq > full) {
			auditmake_event(&m, "rotate");
			close_file(m.f);
			m.f = open_next(m.seq + 1);
			full += A_FILE;
		}
		auditmake_open(&m, AUDITMAKE_CEILING);
		signatures++;
		for (unsigned i = 1; i <= SESSION && m.seq < records; i++) {
			auditmake_issue(&m, AUDITMAKE_SCOPE);
			m.time += i % 64 == 0;
			if (i % EVERY != 0)
				continue;
			auditmake_checkpoint(&m);
			signatures++;
		}
		auditmake_event(&m, "close");
		auditmake_checkpoint(&m);
		signatures++;
	}
	records = m.seq;
	close_file(m.f);
	auditmake_end(&m);
	printf("%" PRIu64 " records, %" PRIu64 " MB, %" PRIu64 " signatures\n", records,
	    bytes / 1000000, signatures);
	(void)fflush(stdout);
}

// Runs it on all files; its wall time. No shell.
static double
run(const char *const *front)
{
	const char *args[FILES + 8];
	double t = bench_clock(CLOCK_MONOTONIC);
	size_t n = 0;
	int status;
	pid_t pid;

	for (; front[n] != NULL; n++)
		args[n] = front[n];
	for (size_t i = 0; i < npaths; i++)
		args[n++] = paths[i];
	args[n] = NULL;
	pid = fork();
	if (pid < 0)
		bench_die("fork");
	if (pid == 0) {
		if (freopen("/dev/null", "w", stdout) == NULL)
			_exit(127);
		(void)execvp(args[0], (char *const *)args);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "%s: status %#x\n", args[0], (unsigned)status);
		bench_die("a program");
	}
	return bench_clock(CLOCK_MONOTONIC) - t;
}

static double
bare_verifications(void)
{
	uint8_t pub[32], secret[64], sig[64], message[700];
	double t;

	crypto_sign_keypair(pub, secret);
	randombytes_buf(message, sizeof message);
	crypto_sign_detached(sig, NULL, message, sizeof message, secret);
	t = bench_clock(CLOCK_MONOTONIC);
	for (uint64_t i = 0; i < signatures; i++)
		if (crypto_sign_verify_detached(sig, message, sizeof message, pub) != 0)
			bench_die("verify");
	return bench_clock(CLOCK_MONOTONIC) - t;
}

int
main(void)
{
	double ours[ROUNDS], hashed[ROUNDS], bare[ROUNDS], ratio[ROUNDS];
	const char *build = getenv("HS_BUILD"), *records = getenv("RECORDS");
	char program[4096], roots[64];

	if (build == NULL || sodium_init() < 0 || mkdtemp(dir) == NULL ||
	    atexit(clean_up) != 0)
		return 1;
	(void)snprintf(program, sizeof program, "%s/handseal", build);
	make_log(records != NULL ? strtoull(records, NULL, 10) : 200000);
	(void)snprintf(roots, sizeof roots, "%s", in("roots"));
	for (size_t i = 0; i < ROUNDS; i++) {
		ours[i] = run((const char *const[]){
		    program, "audit", "verify", "--roots", roots, NULL});
		hashed[i] = run((const char *const[]){"openssl", "dgst", "-sha256", NULL});
		bare[i] = bare_verifications();
		ratio[i] = ours[i] / (hashed[i] + bare[i]);
	}
	printf(
	    "audit verify: %.2f s; openssl dgst -sha256: %.2f s; bare verifications: %.2f "
	    "s; ratio to both: %.2f\n",
	    bench_median(ours, ROUNDS), bench_median(hashed, ROUNDS),
	    bench_median(bare, ROUNDS), bench_median(ratio, ROUNDS));
	return 0;
}
