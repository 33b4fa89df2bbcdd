// SPDX-License-Identifier: ISC
//
// Faults under every call that a handseald makes on its files: counts those of a script
// (tests/lib/faultrun.h), then runs it again and again with another one failing each time.
// usage: faultctl HANDSEALD HANDSEAL SOCKET STATE FAULTS RUNS SEED. RUNS: how many, chosen
// by SEED; 0: each call with each fault; CALL/FAULT: that one, as was printed. Its
// environment is the daemon's, with HS_PRELOAD as LD_PRELOAD. A software key that touches
// itself is enrolled.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "tests/lib/faultrun.h"

#define CALL(name) (1u << HS_CALL_##name)
#define ALL	   (~0u)
#define CHANGES	   (CALL(WRITE) | CALL(CREATE) | CALL(NAME) | CALL(CHANGE))

static const struct fault {
	const char *name;
	uint32_t mask;
	int error, then;
	bool lasting;
} faults[] = {
    {"a short write", CALL(WRITE), 0, 0, false},
    {"half a write, then a full disk", CALL(WRITE) | CALL(CREATE), 0, ENOSPC, true},
    {"no space, once", CALL(WRITE) | CALL(CREATE) | CALL(NAME), ENOSPC, 0, false},
    {"a full disk", CALL(WRITE) | CALL(CREATE), ENOSPC, 0, true},
    {"no quota", CALL(WRITE) | CALL(CREATE), EDQUOT, 0, true},
    {"an error, once", ALL, EIO, 0, false},
    {"errors", ALL, EIO, 0, true},
    {"a sync that fails, once", CALL(SYNC), EIO, 0, false},
    {"syncs that fail", CALL(SYNC), EIO, 0, true},
    {"a read-only file system", CHANGES, EROFS, 0, true},
    {"no permission", CHANGES | CALL(OPEN), EACCES, 0, true},
    {"an interruption", CALL(WRITE) | CALL(SYNC) | CALL(READ), EINTR, 0, false},
    {"no descriptors", CALL(CREATE) | CALL(OPEN), EMFILE, 0, true},
};
#define FAULTS (sizeof faults / sizeof faults[0])

static struct faultrun_world world;
static struct {
	uint8_t call[HS_FAULTS_TRACED];
	uint64_t n;
} trace;
static struct {
	uint64_t runs, hits, done, refused, shown, restarts;
} sum;

static void
one(uint64_t from, const struct fault *f)
{
	struct hs_faults *p = world.faults;
	struct faultrun r = {.w = &world, .lasting = f != NULL && f->lasting};
	char at[HS_FAULTS_TOLD] = "";

	if (from > 0)
		memcpy(at, p->told[from], sizeof at);
	memset(p, 0, sizeof *p);
	if (f != NULL) {
		printf("# %" PRIu64 "/%td: %s at %s\n", from, f - faults, f->name, at);
		p->mask = f->mask;
		p->error = f->error;
		p->then = f->then;
		p->until = f->lasting ? UINT64_MAX : from + 1;
		p->from = from;
	}
	(void)fflush(stdout);
	faultrun(&r);
	sum.runs++;
	sum.hits += p->hits > 0;
	sum.done += r.done;
	sum.refused += r.refused;
	sum.shown += r.shown;
	sum.restarts += r.restarts;
	faultrun_free(&r);
}

static void
count(void)
{
	one(0, NULL);
	trace.n = world.faults->count;
	if (trace.n >= HS_FAULTS_TRACED)
		driven_die("the script makes too many calls");
	memcpy(trace.call, world.faults->traced, sizeof trace.call);
	printf("calls %" PRIu64 "\n", trace.n);
}

static bool
applies(uint64_t call, const struct fault *f)
{
	return (f->mask & 1u << trace.call[call]) != 0;
}

static void
chosen(uint64_t runs, uint64_t seed)
{
	for (uint64_t i = 0; i < runs;) {
		uint64_t call = 1 + driven_random(&seed) % trace.n;
		const struct fault *f = &faults[driven_random(&seed) % FAULTS];

		if (!applies(call, f))
			continue;
		one(call, f);
		i++;
	}
}

static void
all(void)
{
	for (uint64_t call = 1; call <= trace.n; call++)
		for (size_t k = 0; k < FAULTS; k++)
			if (applies(call, &faults[k]))
				one(call, &faults[k]);
}

int
main(int argc, char **argv)
{
	uint64_t runs, seed;
	int fd;

	if (argc != 8 || sodium_init() < 0)
		return 2;
	driven.handseald = argv[1];
	world.client = argv[2];
	driven.sock = argv[3];
	world.state = argv[4];
	driven.said = "handseald.said";
	runs = strtoull(argv[6], NULL, 10);
	seed = strtoull(argv[7], NULL, 10);
	fd = open(argv[5], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof *world.faults) != 0)
		driven_die(argv[5]);
	world.faults =
	    mmap(NULL, sizeof *world.faults, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (world.faults == MAP_FAILED)
		driven_die(argv[5]);
	printf("seed %" PRIu64 "\n", seed);
	count();
	if (strchr(argv[6], '/') != NULL && runs > 0 && runs <= trace.n)
		one(runs, &faults[strtoull(strchr(argv[6], '/') + 1, NULL, 10) % FAULTS]);
	else if (runs > 0)
		chosen(runs, seed);
	else
		all();
	printf("runs %" PRIu64 "\nhits %" PRIu64 "\ndone %" PRIu64 "\nrefused %" PRIu64
	       "\nshown %" PRIu64 "\nrestarts %" PRIu64 "\n",
	    sum.runs, sum.hits, sum.done, sum.refused, sum.shown, sum.restarts);
	return 0;
}
