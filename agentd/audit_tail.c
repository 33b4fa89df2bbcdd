// SPDX-License-Identifier: ISC
//
// Where the records of a file end, after a crash of the daemon or of the machine. Of what
// was not synced, any page may be there and any may be NULs; who else wrote to it is not
// guessed. Contract in audit_file.h.
#include "agentd/audit_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// A group that was not synced, the record before it, and room for both ends.
#define WINDOW (2 * HS_AUDIT_GROUP_MAX + 2 * HS_BUF_MAX)
#define STEP   65536u

static int
read_at(int fd, uint8_t *p, size_t n, uint64_t at)
{
	while (n > 0) {
		ssize_t got = pread(fd, p, n, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return HS_ERR_IO;
		p += got;
		n -= (size_t)got;
		at += (uint64_t)got;
	}
	return HS_OK;
}

// Where the NULs at the end begin.
static int
find_data(int fd, uint64_t size, uint64_t *data)
{
	uint8_t step[STEP];

	for (*data = size; *data > 0;) {
		size_t n = *data < STEP ? (size_t)*data : STEP;
		int rc = read_at(fd, step, n, *data - n);

		if (rc != HS_OK)
			return rc;
		while (n > 0 && step[n - 1] == 0) {
			n--;
			--*data;
		}
		if (n > 0)
			return HS_OK;
	}
	return HS_OK;
}

// Goes through the lines, the first of which begins where s does.
static int
walk(struct hs_str s, struct hs_audit_tail *out)
{
	struct hs_str line = {0}, event;
	uint8_t prev[HS_AUDIT_HASH];
	const uint8_t *lf;

	while (s.len > 0 && (lf = memchr(s.p, '\n', s.len)) != NULL) {
		size_t n = (size_t)(lf - s.p) + 1;

		if (memchr(s.p, 0, n) != NULL)
			break; // a page of this one never came to the disk
		line = (struct hs_str){s.p, n};
		if (hs_auditline_parse(line, &out->end.seq, prev) != HS_OK)
			return HS_ERR_FORMAT;
		s.p += n;
		s.len -= n;
	}
	out->keep = out->data - s.len;
	if (line.len == 0)
		return HS_OK;
	if (hs_auditline_stamp(line, &out->time, &event) != HS_OK)
		return HS_ERR_FORMAT;
	out->rotated = hs_str_is(event, "rotate");
	return hs_auditline_hash(line, out->end.head);
}

int
hs_audit_tail_read(int fd, uint64_t size, struct hs_audit_tail *out)
{
	struct hs_str s;
	const uint8_t *lf;
	uint8_t *mem = NULL;
	bool whole;
	int rc;

	*out = (struct hs_audit_tail){0};
	rc = find_data(fd, size, &out->data);
	if (rc != HS_OK)
		return rc;
	whole = out->data <= WINDOW;
	s.len = whole ? (size_t)out->data : WINDOW;
	s.p = mem = malloc(s.len > 0 ? s.len : 1);
	if (mem == NULL)
		return HS_ERR_NOMEM;
	rc = read_at(fd, mem, s.len, out->data - s.len);
	if (rc == HS_OK && !whole) { // it begins in the middle of a line
		lf = memchr(s.p, '\n', s.len);
		rc = lf != NULL ? HS_OK : HS_ERR_FORMAT;
		s.len -= lf != NULL ? (size_t)(lf - s.p) + 1 : 0;
		s.p = mem + (lf != NULL ? lf - mem + 1 : 0);
	}
	if (rc == HS_OK)
		rc = walk(s, out);
	if (rc == HS_OK && !whole && out->end.seq == 0)
		rc = HS_ERR_FORMAT;
	free(mem);
	return rc;
}

int
hs_audit_tail_first(int fd, uint64_t *seq, uint64_t *time)
{
	struct hs_str line = {0}, event;
	uint8_t prev[HS_AUDIT_HASH], *mem = malloc(HS_BUF_MAX);
	const uint8_t *lf = NULL;
	int rc = mem != NULL ? HS_OK : HS_ERR_NOMEM;
	ssize_t got = 0;

	while (rc == HS_OK && lf == NULL && line.len < HS_BUF_MAX) {
		got = pread(fd, mem + line.len, HS_BUF_MAX - line.len, (off_t)line.len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		line.p = mem;
		line.len += (size_t)got;
		lf = memchr(mem, '\n', line.len);
	}
	if (rc == HS_OK && lf == NULL)
		rc = got < 0 ? HS_ERR_IO : HS_ERR_FORMAT;
	if (rc == HS_OK) {
		line.len = (size_t)(lf - mem) + 1;
		rc = hs_auditline_parse(line, seq, prev);
	}
	if (rc == HS_OK)
		rc = hs_auditline_stamp(line, time, &event);
	free(mem);
	return rc;
}
