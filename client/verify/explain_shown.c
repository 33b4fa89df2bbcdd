// SPDX-License-Identifier: ISC
//
// The text that a touch was given for, found in a copy of the daemon's log and held against
// what the touch signed: the record's hash, and the text's own. Contract in explain.h. The
// log may be anybody's: only those two hashes count, and no line is kept that has not both.
#include "client/verify/explain.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sodium.h>
#include "proto/auditread.h"

#define LINE_MAX_BYTES HS_BUF_MAX // as long as a record can be

struct finding {
	const struct hs_grant_payload *p;
	struct hs_buf *text;
	bool other; // a record of that number that is not the one
};

// Is it the record that the touch signed? Then its text is the one that was shown.
static bool
is_it(struct finding *f, struct hs_str line)
{
	struct hs_auditread r;
	uint8_t hash[HS_AUDIT_HASH], shown[crypto_hash_sha256_BYTES];

	if (hs_auditread(line, &r, NULL) != HS_OK || r.seq != f->p->log_seq)
		return false;
	f->other = true;
	if (hs_auditline_hash(line, hash) != HS_OK ||
	    memcmp(hash, f->p->log_head, sizeof hash) != 0)
		return false;
	hs_buf_reset(f->text);
	hs_auditread_put(f->text, &r, HS_AM_SHOWN);
	if (hs_buf_err(f->text) != HS_OK)
		return false;
	(void)crypto_hash_sha256(shown, f->text->p, f->text->len);
	if (memcmp(shown, f->p->shown, sizeof shown) == 0)
		return true;
	hs_buf_reset(f->text);
	return false;
}

// HS_OK found, HS_NO_SUCH not there.
static int
look_through(struct finding *f, int fd, const char *path, struct hs_err *err)
{
	uint8_t *b = malloc(LINE_MAX_BYTES);
	size_t have = 0;
	ssize_t n = 1;
	int rc = b != NULL ? HS_NO_SUCH : hs_fail(err, HS_ERR_NOMEM, "out of memory");

	while (rc == HS_NO_SUCH && n > 0) {
		const uint8_t *lf;
		size_t from = 0;

		n = read(fd, b + have, LINE_MAX_BYTES - have);
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		if (n < 0)
			rc = hs_fail(err, HS_ERR_IO, "%s: %s", path, strerror(errno));
		have += n > 0 ? (size_t)n : 0;
		while (rc == HS_NO_SUCH &&
		       (lf = memchr(b + from, '\n', have - from)) != NULL) {
			size_t len = (size_t)(lf - (b + from)) + 1;

			if (is_it(f, (struct hs_str){b + from, len}))
				rc = HS_OK;
			from += len;
		}
		have -= from;
		memmove(b, b + from, have);
		if (rc == HS_NO_SUCH && have == LINE_MAX_BYTES)
			rc = hs_fail(err, HS_ERR_TOO_LONG,
			    "%s holds a line that no log of handseal's has", path);
	}
	free(b);
	return rc;
}

int
hs_explain_shown(const char *path, const struct hs_grant_payload *p, struct hs_buf *text,
    struct hs_err *err)
{
	struct finding f = {.p = p, .text = text};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), rc;

	if (fd < 0)
		return hs_fail(err, HS_ERR_IO, "%s: %s", path, strerror(errno));
	rc = look_through(&f, fd, path, err);
	(void)close(fd);
	if (rc == HS_NO_SUCH)
		rc = hs_fail(err, HS_NO_SUCH,
		    f.other ? "record %" PRIu64 " of %s is not the one that was signed"
			    : "record %" PRIu64 " is not in %s",
		    p->log_seq, path);
	return rc;
}
