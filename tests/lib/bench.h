// SPDX-License-Identifier: ISC
//
// A world for benchmarks: a handseald with a software key that touches itself, an ssh-agent
// with one key, in a scratch folder; all of it ends and goes with the process. For
// tests/bench.
#ifndef HS_TESTS_BENCH_H
#define HS_TESTS_BENCH_H

#include <stddef.h>
#include <sys/types.h>
#include <time.h>

struct bench_world {
	pid_t daemon, agent, key;
};
extern struct bench_world bench;

void bench_begin(void); // HS_BUILD names the build folder
// Both return the socket's path, which stays.
const char *bench_handseald(void); // serving, one key enrolled
const char *bench_ssh_agent(void); // one Ed25519 key, ssh-keygen's

int bench_dial(const char *path); // waits until somebody listens
double bench_clock(clockid_t clock);
double bench_median(double *v, size_t n); // sorts v
long bench_resident_kb(pid_t pid);
void bench_die(const char *what) __attribute__((noreturn)); // with errno's text; exit 1

#endif
