// SPDX-License-Identifier: ISC
//
// Replays a fuzz target's seed corpus without libFuzzer, as one TAP line: every file of
// tests/fuzz/corpus/NAME, its truncations, and bytes changed at random from a printed seed
// (HS_SEED repeats a run). Not a fuzzer: it follows no coverage.
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INPUT_MAX      (1u << 20) // a seed longer than this is a mistake
#define ALL_CUTS_BELOW 1024u // every truncation of shorter seeds, a sample of longer ones
#define CUTS	       256u
#define CHANGES	       512u
#define SECONDS	       120u // for a whole corpus: a decoder that loops ends here
#define DEFAULT_SEED   0x68616e647365616cu

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
void __sanitizer_set_death_callback(void (*fn)(void)) __attribute__((weak));

static char last[512]; // what is being tried, for the message when the target dies
static uint64_t rng_state;
static uint64_t runs;

// splitmix64: small, seeded, the same everywhere
static uint64_t
rng(void)
{
	uint64_t z = rng_state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static size_t
below(size_t n)
{
	return (size_t)(rng() % n);
}

static void
say_last(void)
{
	static const char head[] = "\n# died on ";
	ssize_t n = write(STDERR_FILENO, head, sizeof head - 1);

	n += write(STDERR_FILENO, last, strlen(last));
	n += write(STDERR_FILENO, "\n", 1);
	(void)n;
}

static void
on_signal(int sig)
{
	say_last();
	signal(sig, SIG_DFL);
	raise(sig);
}

// The target gets a block of exactly len bytes, so that reading past the end is caught.
static bool
try_input(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);

	if (copy == NULL)
		return false;
	if (len > 0)
		memcpy(copy, data, len);
	(void)LLVMFuzzerTestOneInput(copy, len);
	free(copy);
	runs++;
	return true;
}

static bool
try_cuts(const char *name, const uint8_t *data, size_t len)
{
	size_t cuts = len < ALL_CUTS_BELOW ? len : CUTS;

	for (size_t i = 0; i < cuts; i++) {
		size_t n = len < ALL_CUTS_BELOW ? i : below(len);

		snprintf(last, sizeof last, "%s cut to %zu bytes", name, n);
		if (!try_input(data, n))
			return false;
	}
	return true;
}

// One to four places changed: a bit, a byte, or four bytes (lengths are uint32 here).
static void
change(uint8_t *data, size_t len)
{
	static const uint8_t words[][4] = {{0xff, 0xff, 0xff, 0xff},
	    {0x7f, 0xff, 0xff, 0xff}, {0x80, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 1},
	    {0, 1, 0, 0}};

	for (size_t i = 1 + below(4); i > 0; i--) {
		size_t at = below(len);

		switch (below(4)) {
		case 0:
			data[at] = (uint8_t)rng();
			break;
		case 1:
			if (len - at >= 4) {
				memcpy(data + at, words[below(6)], 4);
				break;
			}
			// fall through
		default:
			data[at] = (uint8_t)(data[at] ^ (1u << below(8)));
			break;
		}
	}
}

static bool
try_changes(const char *name, const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len + 8);
	bool ok = copy != NULL;

	for (size_t i = 0; ok && len > 0 && i < CHANGES; i++) {
		size_t n = len;

		snprintf(last, sizeof last, "%s, change %zu of seed %" PRIu64, name, i,
		    rng_state);
		memcpy(copy, data, len);
		if (below(8) == 0) { // bytes left over
			memset(copy + len, (int)below(256), 8);
			n += 1 + below(8);
		}
		change(copy, n);
		ok = try_input(copy, n);
	}
	free(copy);
	return ok;
}

static bool
try_file(const char *dir, const char *name, uint8_t *data)
{
	char path[4096];
	FILE *f = NULL;
	size_t len = 0;
	bool ok = false;

	if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
		goto out;
	f = fopen(path, "rb");
	if (f == NULL)
		goto out;
	len = fread(data, 1, INPUT_MAX, f);
	if (ferror(f) || len == INPUT_MAX)
		goto out;
	snprintf(last, sizeof last, "%s", name);
	ok = try_input(data, len) && try_cuts(name, data, len) &&
	     try_changes(name, data, len);
out:
	if (!ok)
		printf("# %s: %s\n", path, errno != 0 ? strerror(errno) : "too long");
	if (f != NULL)
		fclose(f);
	return ok;
}

// In sorted order, so that one seed gives one run. Returns the number of files, or -1.
static int
try_folder(const char *dir)
{
	struct dirent **ents = NULL;
	int n = scandir(dir, &ents, NULL, alphasort);
	uint8_t *data = malloc(INPUT_MAX);
	int files = data == NULL || n < 0 ? -1 : 0;

	if (n < 0)
		printf("# %s: %s\n", dir, strerror(errno));
	for (int i = 0; i < n; i++) {
		errno = 0;
		if (files >= 0 && ents[i]->d_name[0] != '.')
			files = try_file(dir, ents[i]->d_name, data) ? files + 1 : -1;
		free(ents[i]);
	}
	free(ents);
	free(data);
	return files;
}

int
main(int argc, char **argv)
{
	static const int sigs[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGALRM};
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash != NULL ? slash + 1 : argv[0];
	const char *src = getenv("HS_SRC"), *seed_text = getenv("HS_SEED");
	uint64_t seed = seed_text != NULL ? strtoull(seed_text, NULL, 0) : DEFAULT_SEED;
	char dir[4096];
	int files;

	rng_state = seed;
	if (__sanitizer_set_death_callback != NULL)
		__sanitizer_set_death_callback(say_last);
	for (size_t i = 0; i < sizeof sigs / sizeof sigs[0]; i++)
		signal(sigs[i], on_signal);
	alarm(SECONDS);
	snprintf(last, sizeof last, "the empty input");
	if (argc > 1)
		snprintf(dir, sizeof dir, "%s", argv[1]);
	else
		snprintf(dir, sizeof dir, "%s/tests/fuzz/corpus/%s",
		    src != NULL ? src : ".",
		    strncmp(name, "fuzz_", 5) == 0 ? name + 5 : name);
	files = try_input(NULL, 0) ? try_folder(dir) : -1;
	printf("%s 1 - %s: %d files, %" PRIu64 " inputs, seed %" PRIu64 "\n1..1\n",
	    files > 0 ? "ok" : "not ok", name, files, runs, seed);
	return files > 0 ? 0 : 1;
}
