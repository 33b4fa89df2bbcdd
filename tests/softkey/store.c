// SPDX-License-Identifier: ISC
//
// A software key's state and its file. Contract in store.h.
#include "tests/softkey/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tests/softkey/attest.h"

#define FILE_MAX 65536

static const char magic[] = "handseal softkey state 1\n";

int
hs_store_reset(struct hs_store *s)
{
	randombytes_buf(s->master, sizeof s->master);
	sodium_memzero(s->pin_hash, sizeof s->pin_hash);
	sodium_memzero(s->residents, sizeof s->residents);
	s->nresidents = 0;
	s->pin_set = false;
	s->always_uv = false;
	s->retries = HS_STORE_PIN_RETRIES;
	return s->certlen > 0 ? HS_OK : hs_attest_make(s);
}

void
hs_store_put(struct hs_buf *b, const struct hs_store *s)
{
	hs_put_raw(b, magic, sizeof magic - 1);
	hs_put_string(b, s->master, sizeof s->master);
	hs_put_string(b, s->attest, sizeof s->attest);
	hs_put_string(b, s->cert, s->certlen);
	hs_put_u32(b, s->counter);
	hs_put_u8(b, s->always_uv);
	hs_put_string(b, s->pin_hash, s->pin_set ? sizeof s->pin_hash : 0);
	hs_put_u8(b, s->retries);
	hs_put_u32(b, (uint32_t)s->nresidents);
	for (size_t i = 0; i < s->nresidents; i++) {
		const struct hs_store_resident *r = &s->residents[i];

		hs_put_string(b, r->rp_hash, sizeof r->rp_hash);
		hs_put_string(b, r->user, r->userlen);
		hs_put_string(b, r->handle, r->handlelen);
	}
}

// A string of min to max bytes, copied.
static int
get_bytes(struct hs_rd *r, uint8_t *out, size_t min, size_t max, size_t *len)
{
	struct hs_str s;
	int rc = hs_get_string_max(r, max, &s);

	if (rc == HS_OK && s.len < min)
		rc = HS_ERR_FORMAT;
	if (rc != HS_OK)
		return rc;
	if (s.len > 0)
		memcpy(out, s.p, s.len);
	if (len != NULL)
		*len = s.len;
	return HS_OK;
}

static int
get_residents(struct hs_rd *r, struct hs_store *s)
{
	uint32_t n;
	int rc = hs_get_u32(r, &n);

	if (rc == HS_OK && n > HS_STORE_RESIDENTS)
		rc = HS_ERR_TOO_LONG;
	for (uint32_t i = 0; rc == HS_OK && i < n; i++) {
		struct hs_store_resident *c = &s->residents[i];

		rc = get_bytes(r, c->rp_hash, 32, 32, NULL);
		if (rc == HS_OK)
			rc = get_bytes(r, c->user, 1, sizeof c->user, &c->userlen);
		if (rc == HS_OK)
			rc = get_bytes(r, c->handle, 1, sizeof c->handle, &c->handlelen);
		s->nresidents = i + 1;
	}
	return rc;
}

static int
get_all(struct hs_rd *r, struct hs_store *s)
{
	size_t pinlen = 0;
	uint8_t always_uv;
	struct hs_str head;
	int rc;

	if ((rc = hs_get_raw(r, sizeof magic - 1, &head)) != HS_OK)
		return rc;
	if (!hs_str_is(head, magic))
		return HS_ERR_FORMAT;
	if ((rc = get_bytes(r, s->master, sizeof s->master, sizeof s->master, NULL)) !=
		HS_OK ||
	    (rc = get_bytes(r, s->attest, sizeof s->attest, sizeof s->attest, NULL)) !=
		HS_OK ||
	    (rc = get_bytes(r, s->cert, 1, sizeof s->cert, &s->certlen)) != HS_OK ||
	    (rc = hs_get_u32(r, &s->counter)) != HS_OK ||
	    (rc = hs_get_u8(r, &always_uv)) != HS_OK ||
	    (rc = get_bytes(r, s->pin_hash, 0, sizeof s->pin_hash, &pinlen)) != HS_OK ||
	    (rc = hs_get_u8(r, &s->retries)) != HS_OK)
		return rc;
	if (always_uv > 1 || s->retries > HS_STORE_PIN_RETRIES ||
	    (pinlen != 0 && pinlen != sizeof s->pin_hash))
		return HS_ERR_FORMAT;
	s->always_uv = always_uv != 0;
	s->pin_set = pinlen != 0;
	return get_residents(r, s);
}

static void
wipe(struct hs_store *s)
{
	const char *path = s->path;

	sodium_memzero(s, sizeof *s);
	s->path = path;
}

int
hs_store_get(struct hs_str in, struct hs_store *s)
{
	struct hs_rd r = hs_rd_of(in);
	int rc;

	wipe(s);
	rc = get_all(&r, s);
	if (rc == HS_OK)
		rc = hs_rd_end(&r);
	if (rc != HS_OK)
		wipe(s);
	return rc;
}

static int
write_all(int fd, struct hs_str s)
{
	while (s.len > 0) {
		ssize_t n = write(fd, s.p, s.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return HS_ERR_IO;
		s.p += n;
		s.len -= (size_t)n;
	}
	return HS_OK;
}

// A fresh file beside the old one takes its name: a kill leaves the old one or the new one.
int
hs_store_save(const struct hs_store *s, struct hs_err *err)
{
	struct hs_buf b = {0};
	char temp[PATH_MAX] = "";
	int fd = -1, rc = HS_OK;

	if (s->path == NULL)
		return HS_OK;
	hs_store_put(&b, s);
	if (hs_buf_err(&b) != HS_OK ||
	    snprintf(temp, sizeof temp, "%s.XXXXXX", s->path) >= (int)sizeof temp) {
		temp[0] = '\0';
		rc = hs_fail(err, HS_ERR_TOO_LONG, "%s: the path is too long", s->path);
		goto out;
	}
	fd = mkstemp(temp); // mode 0600
	if (fd < 0) {
		rc = hs_fail(err, HS_ERR_IO, "%s: %s", temp, strerror(errno));
		temp[0] = '\0';
		goto out;
	}
	if (write_all(fd, hs_buf_str(&b)) != HS_OK || fsync(fd) != 0 ||
	    rename(temp, s->path) != 0) {
		rc = hs_fail(err, HS_ERR_IO, "%s: %s", s->path, strerror(errno));
		goto out;
	}
	temp[0] = '\0';
out:
	if (fd >= 0)
		close(fd);
	if (temp[0] != '\0')
		unlink(temp);
	hs_buf_free(&b);
	return rc;
}

static int
read_all(int fd, struct hs_buf *out)
{
	uint8_t chunk[4096];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof chunk)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return HS_ERR_IO;
		if (out->len + (size_t)n > FILE_MAX)
			return HS_ERR_TOO_LONG;
		hs_put_raw(out, chunk, (size_t)n);
	}
	sodium_memzero(chunk, sizeof chunk);
	return hs_buf_err(out);
}

int
hs_store_open(struct hs_store *s, const char *path, struct hs_err *err)
{
	struct hs_buf b = {0};
	struct stat st;
	int fd, rc;

	memset(s, 0, sizeof *s);
	s->path = path;
	fd = path != NULL ? open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;
	if (fd < 0) {
		if (path != NULL && errno != ENOENT)
			return hs_fail(err, HS_ERR_IO, "%s: %s", path, strerror(errno));
		rc = hs_store_reset(s);
		if (rc != HS_OK)
			return hs_fail(err, (enum hs_code)rc, "no key could be made");
		return hs_store_save(s, err);
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (st.st_mode & 077) != 0)
		rc = hs_fail(err, HS_ERR_IO,
		    "%s is no file of which others are kept out; chmod 600 %s", path, path);
	else if ((rc = read_all(fd, &b)) != HS_OK ||
		 (rc = hs_store_get(hs_buf_str(&b), s)) != HS_OK)
		rc = hs_fail(err, (enum hs_code)rc, "%s is no software key's state", path);
	close(fd);
	hs_buf_free(&b);
	return rc;
}

static bool
same_user(const struct hs_store_resident *a, const struct hs_store_resident *b)
{
	return memcmp(a->rp_hash, b->rp_hash, sizeof a->rp_hash) == 0 &&
	       a->userlen == b->userlen && memcmp(a->user, b->user, a->userlen) == 0;
}

int
hs_store_add(struct hs_store *s, const struct hs_store_resident *r)
{
	for (size_t i = 0; i < s->nresidents; i++) {
		if (!same_user(&s->residents[i], r))
			continue;
		s->nresidents--;
		memmove(&s->residents[i], &s->residents[i + 1],
		    (s->nresidents - i) * sizeof s->residents[0]);
		break;
	}
	if (s->nresidents == HS_STORE_RESIDENTS)
		return HS_SK_FULL;
	s->residents[s->nresidents++] = *r;
	return HS_OK;
}
