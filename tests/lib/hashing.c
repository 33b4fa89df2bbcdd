// SPDX-License-Identifier: ISC
//
// Asking for hashes. Contract in hashing.h.
#include "tests/lib/hashing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct hashing hashing;

// ---- the pool, which has one thread here

static uv_work_t blocker;
static sem_t go;

static void
block(uv_work_t *w)
{
	(void)w;
	while (sem_wait(&go) != 0)
		;
}

static void
on_unblocked(uv_work_t *w, int status)
{
	(void)w;
	(void)status;
}

void
hashing_hold(void)
{
	assert_int_equal(sem_init(&go, 0, 0), 0);
	assert_int_equal(uv_queue_work(&hashing.loop, &blocker, block, on_unblocked), 0);
}

void
hashing_release(void)
{
	assert_int_equal(sem_post(&go), 0);
}

// ---- a peer, and who asks about it

void
hashing_sha256(const char *file, uint8_t out[static 32])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	char chunk[65536];
	size_t n;
	FILE *f = fopen(file, "r");

	assert_true(md != NULL && f != NULL);
	assert_int_equal(EVP_DigestInit_ex(md, EVP_sha256(), NULL), 1);
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		assert_int_equal(EVP_DigestUpdate(md, chunk, n), 1);
	assert_int_equal(EVP_DigestFinal_ex(md, out, NULL), 1);
	EVP_MD_CTX_free(md);
	fclose(f);
}

void
hashing_begin(uint64_t settled_ms)
{
	peers_copy("program", hashing.path);
	hashing_sha256(hashing.path, hashing.want);
	assert_int_equal(uv_loop_init(&hashing.loop), 0);
	hashing.h = hs_exehash_new(&hashing.loop, settled_ms);
	assert_non_null(hashing.h);
	peers_start(&hashing.one);
	peers_exec(&hashing.one, hashing.path);
	peers_look(&hashing.one, &hashing.peer);
}

void
hashing_end(void)
{
	hs_exehash_free(&hashing.h);
	assert_null(hashing.h);
	assert_int_equal(uv_run(&hashing.loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(uv_loop_close(&hashing.loop), 0);
	hs_peer_close(&hashing.peer);
	peers_stop(&hashing.one);
	(void)unlink(hashing.path);
}

void
hashing_done(void *arg, int code, const uint8_t *sha256)
{
	struct hashing_asked *a = arg;

	a->ask = NULL;
	a->calls++;
	a->code = code;
	assert_int_equal(sha256 != NULL, code == HS_OK);
	if (sha256 != NULL)
		memcpy(a->sha256, sha256, sizeof a->sha256);
	if (a->then != NULL)
		a->then(a);
}

bool
hashing_ask(struct hashing_asked *a)
{
	a->calls = 0;
	a->code = -1;
	a->ask = hs_exehash_get(hashing.h, &hashing.peer, hashing_done, a);
	assert_int_equal(a->calls, a->ask == NULL);
	return a->ask != NULL;
}

void
hashing_finish(void)
{
	assert_int_equal(uv_run(&hashing.loop, UV_RUN_DEFAULT), 0);
}

void
hashing_got(const struct hashing_asked *a, int code)
{
	assert_int_equal(a->calls, 1);
	assert_int_equal(a->code, code);
	if (code == HS_OK)
		assert_memory_equal(a->sha256, hashing.want, sizeof hashing.want);
}

void
hashing_touch(const char *file)
{
	struct stat before, now;

	assert_int_equal(stat(file, &before), 0);
	do {
		assert_int_equal(chmod(file, before.st_mode & 0777), 0);
		assert_int_equal(stat(file, &now), 0);
	} while (now.st_ctim.tv_sec == before.st_ctim.tv_sec &&
		 now.st_ctim.tv_nsec == before.st_ctim.tv_nsec);
}

int
hashing_program(int argc, char **argv)
{
	int rc = peers_program(argc, argv);

	return rc < 0 && setenv("UV_THREADPOOL_SIZE", "1", 1) != 0 ? 1 : rc;
}
