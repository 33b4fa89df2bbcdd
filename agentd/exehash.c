// SPDX-License-Identifier: ISC
//
// Hashing executables on the pool, and keeping the hashes. Who chooses the file: any
// process of this user. Contract in exehash.h.
#include "agentd/exehash.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agentd/clock.h"

#define CHUNK ((size_t)1 << 18)

struct key {
	uint64_t dev, ino, size;
	int64_t changed_s;
	uint32_t changed_ns;
};

struct kept {
	struct key key;
	uint8_t sha256[32];
	uint64_t used; // 0: free
};

struct job {
	struct hs_exehash *h;
	int fd; // O_PATH
	struct key key;
	struct hs_exehash_ask *asks;
	struct job *next;
	// the pool's
	int rc;
	bool settled;
	uint8_t sha256[32];
};

struct hs_exehash_ask {
	struct job *job;
	hs_exehash_done *done;
	void *arg;
	struct hs_exehash_ask *next;
};

struct hs_exehash {
	uv_loop_t *loop;
	uv_work_t work;
	uint64_t settled_ms;
	struct job *running; // the pool's; NULL once its askers are being told
	struct job *waiting;
	bool busy; // with one, telling its askers included
	bool closing;
	atomic_bool stop;
	struct kept kept[HS_EXEHASH_KEPT];
	uint64_t used;
};

// ---- on the pool

static int
key_of(int fd, int sync, struct key *k)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH | sync, STATX_INO | STATX_SIZE | STATX_CTIME,
		&st) != 0)
		return HS_ERR_IO;
	*k = (struct key){.dev = (uint64_t)st.stx_dev_major << 32 | st.stx_dev_minor,
	    .ino = st.stx_ino,
	    .size = st.stx_size,
	    .changed_s = st.stx_ctime.tv_sec,
	    .changed_ns = st.stx_ctime.tv_nsec};
	return HS_OK;
}

static bool
key_eq(const struct key *a, const struct key *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->changed_s == b->changed_s && a->changed_ns == b->changed_ns;
}

static int
hash_bytes(const struct job *j, int fd, EVP_MD_CTX *md, uint8_t *chunk)
{
	for (uint64_t left = j->key.size; left > 0;) {
		ssize_t n = read(fd, chunk, left < CHUNK ? (size_t)left : CHUNK);

		if (n <= 0 || atomic_load(&j->h->stop))
			return HS_ERR_IO;
		if (EVP_DigestUpdate(md, chunk, (size_t)n) != 1)
			return HS_ERR_CRYPTO;
		left -= (uint64_t)n;
	}
	return HS_OK;
}

static bool
settled(const struct key *k, const struct hs_now *now, uint64_t ms)
{
	uint64_t before = now->wall_ms > ms ? now->wall_ms - ms : 0;

	return (uint64_t)k->changed_s <= before / 1000 &&
	       (uint64_t)k->changed_s * 1000 + k->changed_ns / 1000000 <= before;
}

static int
hash_file(struct job *j)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t *chunk = malloc(CHUNK);
	struct hs_now now;
	struct key after;
	char path[64];
	int fd, rc = HS_ERR_NOMEM;

	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", j->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (md == NULL || chunk == NULL)
		goto out;
	rc = fd >= 0 ? HS_OK : HS_ERR_IO;
	if (rc == HS_OK && EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1)
		rc = HS_ERR_CRYPTO;
	if (rc == HS_OK)
		rc = hash_bytes(j, fd, md, chunk);
	if (rc == HS_OK && EVP_DigestFinal_ex(md, j->sha256, NULL) != 1)
		rc = HS_ERR_CRYPTO;
	hs_clock_read(&now);
	if (rc == HS_OK)
		rc = key_of(fd, AT_STATX_SYNC_AS_STAT, &after);
	if (rc == HS_OK && !key_eq(&after, &j->key))
		rc = HS_ERR_IO;
	j->settled = rc == HS_OK && settled(&after, &now, j->h->settled_ms);
out:
	if (fd >= 0)
		(void)close(fd);
	free(chunk);
	EVP_MD_CTX_free(md);
	return rc;
}

static void
work(uv_work_t *w)
{
	struct hs_exehash *h = w->data;

	h->running->rc = hash_file(h->running);
}

// ---- what is kept

static struct kept *
find(struct hs_exehash *h, const struct key *k)
{
	for (size_t i = 0; i < HS_EXEHASH_KEPT; i++)
		if (h->kept[i].used != 0 && key_eq(&h->kept[i].key, k))
			return &h->kept[i];
	return NULL;
}

static void
keep(struct hs_exehash *h, const struct job *j)
{
	struct kept *oldest = &h->kept[0];

	for (size_t i = 1; i < HS_EXEHASH_KEPT; i++)
		if (h->kept[i].used < oldest->used)
			oldest = &h->kept[i];
	oldest->key = j->key;
	oldest->used = ++h->used;
	memcpy(oldest->sha256, j->sha256, sizeof oldest->sha256);
}

// ---- on the loop

static void start(struct hs_exehash *h);

static void
answer(struct job *j, int code)
{
	struct hs_exehash_ask *a;

	while ((a = j->asks) != NULL) { // who is told may drop others
		j->asks = a->next;
		a->done(a->arg, code, code == HS_OK ? j->sha256 : NULL);
		free(a);
	}
	(void)close(j->fd);
	free(j);
}

static void
on_worked(uv_work_t *w, int status)
{
	struct hs_exehash *h = w->data;
	struct job *j = h->running;

	(void)status; // it is never cancelled
	h->running = NULL;
	if (j->settled)
		keep(h, j);
	answer(j, h->closing ? HS_NO_GONE : j->rc);
	h->busy = false;
	if (h->closing)
		free(h);
	else
		start(h);
}

static void
start(struct hs_exehash *h)
{
	if (h->busy || h->waiting == NULL)
		return;
	h->busy = true;
	h->running = h->waiting;
	h->waiting = h->running->next;
	if (uv_queue_work(h->loop, &h->work, work, on_worked) != 0)
		abort(); // only without a callback, says libuv
}

struct hs_exehash *
hs_exehash_new(uv_loop_t *loop, uint64_t settled_ms)
{
	struct hs_exehash *h = calloc(1, sizeof *h);

	if (h == NULL)
		return NULL;
	h->loop = loop;
	h->work.data = h;
	h->settled_ms = settled_ms;
	return h;
}

void
hs_exehash_free(struct hs_exehash **out)
{
	struct hs_exehash *h = out != NULL ? *out : NULL;
	struct job *j;

	if (h == NULL)
		return;
	*out = NULL;
	h->closing = true;
	atomic_store(&h->stop, true);
	while ((j = h->waiting) != NULL) {
		h->waiting = j->next;
		answer(j, HS_NO_GONE);
	}
	if (!h->busy)
		free(h);
}

static struct job *
job_for(struct hs_exehash *h, int fd, const struct key *k, int *code)
{
	struct job **at = &h->waiting, *j;
	size_t n = 0;

	if (h->running != NULL && key_eq(&h->running->key, k))
		return h->running;
	for (; *at != NULL; at = &(*at)->next, n++)
		if (key_eq(&(*at)->key, k))
			return *at;
	*code = n < HS_EXEHASH_WAITING ? HS_ERR_NOMEM : HS_NO_BUSY;
	j = n < HS_EXEHASH_WAITING ? calloc(1, sizeof *j) : NULL;
	if (j == NULL)
		return NULL;
	*j = (struct job){.h = h, .fd = fd, .key = *k};
	*at = j;
	return j;
}

// Joins or makes a job; *fd is taken then. NULL with *code: there is none.
static struct hs_exehash_ask *
wait_for(struct hs_exehash *h, int *fd, const struct key *k, int *code)
{
	struct hs_exehash_ask *a = calloc(1, sizeof *a);

	*code = HS_ERR_NOMEM;
	if (a != NULL)
		a->job = job_for(h, *fd, k, code);
	if (a == NULL || a->job == NULL) {
		free(a);
		return NULL;
	}
	if (a->job->fd == *fd)
		*fd = -1;
	a->next = a->job->asks;
	a->job->asks = a;
	start(h);
	return a;
}

struct hs_exehash_ask *
hs_exehash_get(
    struct hs_exehash *h, const struct hs_peer *p, hs_exehash_done *done, void *arg)
{
	struct hs_exehash_ask *a = NULL;
	int fd = hs_peer_open_exe(p), code = HS_NO_SUCH;
	struct kept *kept = NULL;
	struct key k;

	if (fd >= 0)
		code = key_of(fd, AT_STATX_DONT_SYNC, &k);
	if (code == HS_OK && k.size > HS_EXEHASH_FILE_MAX)
		code = HS_ERR_TOO_LONG;
	if (code == HS_OK && (kept = find(h, &k)) == NULL)
		a = wait_for(h, &fd, &k, &code);
	if (fd >= 0)
		(void)close(fd);
	if (a != NULL) {
		a->done = done;
		a->arg = arg;
		return a;
	}
	if (kept != NULL)
		kept->used = ++h->used;
	done(arg, code, kept != NULL ? kept->sha256 : NULL);
	return NULL;
}

void
hs_exehash_drop(struct hs_exehash_ask **ask)
{
	struct hs_exehash_ask *a = ask != NULL ? *ask : NULL, **at;

	if (a == NULL)
		return;
	*ask = NULL;
	at = &a->job->asks;
	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	free(a);
}
