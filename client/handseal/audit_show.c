// SPDX-License-Identifier: ISC
//
// handseal audit show: records, chosen and in words, or as they stand; and as they come.
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include "client/handseal/audit.h"
#include "client/handseal/audit_filter.h"
#include "client/handseal/audit_line.h"
#include "client/handseal/cmd.h"
#include "proto/describe.h"

struct showing {
	struct hs_auditfiles files;
	struct hs_auditfilter filter;
	bool json, follow;
	uint64_t shown, unread;
};

static void
put_record(struct hs_buf *b, const struct hs_auditread *r)
{
	struct hs_buf id = {0};

	hs_auditline_id(&id, r);
	hs_put_fmt(b, "%" PRIu64 "  ", r->seq);
	hs_describe_time(b, r->time);
	hs_put_fmt(b, "  %-12.*s %-8s ", (int)r->event.len, (const char *)r->event.p,
	    hs_cli_cstr(&id));
	hs_auditline_words(b, r);
	hs_buf_free(&id);
}

// Of the one certificate that is asked for also the text that was shown.
static void
print_shown(const struct showing *s, const struct hs_auditread *r)
{
	struct hs_buf b = {0};

	if (!s->filter.found || !hs_auditread_has(r, HS_AM_SHOWN))
		return;
	hs_auditread_put(&b, r, HS_AM_SHOWN);
	hs_cli_put_text(stdout, hs_buf_str(&b), "        | ");
	hs_buf_free(&b);
}

static int
take(void *arg, struct hs_audit_place place, struct hs_str line)
{
	struct showing *s = arg;
	struct hs_auditread r;
	struct hs_buf b = {0};

	if (hs_auditread(line, &r, NULL) != HS_OK) {
		if (s->unread++ == 0)
			hs_cli_say("%s:%" PRIu64
				   ": not a record; see handseal audit verify",
			    s->files.v[place.file].path, place.line);
		return HS_OK;
	}
	if (!hs_auditfilter_wants(&s->filter, &r))
		return HS_OK;
	s->shown++;
	if (s->json) {
		fwrite(line.p, 1, line.len, stdout);
		return HS_OK;
	}
	put_record(&b, &r);
	hs_cli_put(stdout, hs_buf_str(&b));
	putchar('\n');
	hs_buf_free(&b);
	print_shown(s, &r);
	return HS_OK;
}

// ---- as they come

// Is the file of that name still the one that is read? Else it was rotated away.
static bool
same_file(const struct hs_auditreader *r, const char *path)
{
	struct stat now, ours;

	return stat(path, &now) != 0 ||
	       (fstat(r->fd, &ours) == 0 && now.st_ino == ours.st_ino &&
		   now.st_dev == ours.st_dev);
}

static int
drain(struct showing *s, struct hs_auditreader *r, size_t file, uint64_t *last)
{
	struct hs_str line;
	struct hs_auditread record;
	int got;

	while ((got = hs_auditreader_next(r, &line)) == 1) {
		if (hs_auditread(line, &record, NULL) == HS_OK) {
			if (record.seq <= *last)
				continue;
			*last = record.seq;
		}
		(void)take(s, (struct hs_audit_place){file, r->line}, line);
	}
	fflush(stdout);
	return got;
}

static int
wait_for_change(int fd)
{
	uint8_t events[4096];
	struct pollfd p = {.fd = fd, .events = POLLIN};

	// a file that is written through a mount of another machine tells nobody
	if (poll(&p, 1, 2000) < 0 && errno != EINTR)
		return HS_ERR_IO;
	if (p.revents != 0 && read(fd, events, sizeof events) < 0 && errno != EINTR &&
	    errno != EAGAIN)
		return HS_ERR_IO;
	return ferror(stdout) ? HS_ERR_IO : HS_OK;
}

static int
follow(struct showing *s, struct hs_err *err)
{
	const struct hs_auditfile *file = &s->files.v[s->files.n - 1];
	struct hs_auditreader r = {.fd = -1};
	uint64_t last = 0;
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), rc;
	char dir[HS_PATHS_MAX];
	const char *slash = strrchr(file->path, '/');

	(void)snprintf(dir, sizeof dir, "%.*s",
	    slash != NULL ? (int)(slash - file->path) : 1,
	    slash != NULL ? file->path : ".");
	if (fd < 0 || inotify_add_watch(fd, dir, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
		rc = hs_fail(err, HS_ERR_IO, "cannot watch %s: %s", dir, strerror(errno));
	else
		rc = hs_auditreader_open(&r, file->path, err);
	while (rc == HS_OK) {
		bool same = same_file(&r, file->path);

		rc = -drain(s, &r, s->files.n - 1, &last);
		if (rc == HS_OK && !same) {
			hs_auditreader_close(&r);
			rc = hs_auditreader_open(&r, file->path, err);
		} else if (rc == HS_OK) {
			rc = wait_for_change(fd);
		}
	}
	hs_auditreader_close(&r);
	if (fd >= 0)
		close(fd);
	return err->code == HS_OK && rc != HS_OK
		   ? hs_fail(err, HS_ERR_IO, "cannot go on: %s", strerror(errno))
		   : rc;
}

// ---- the command

static int
show(struct showing *s, char *const *logs, size_t nlogs)
{
	struct hs_err err = {0};
	int rc = hs_auditfiles_find(&s->files, logs, nlogs, &err);
	size_t all = s->files.n;

	if (rc == HS_OK)
		rc = hs_auditfilter_find(&s->filter, &s->files, &err);
	if (rc == HS_ERR_USAGE)
		return hs_cmd_usage("audit", "%s", hs_err_sentence(&err));
	if (rc == HS_OK && s->follow)
		s->files.n--; // the last one is read by following it
	if (rc == HS_OK)
		rc = hs_auditfiles_each(&s->files, take, s, NULL, &err);
	s->files.n = all;
	if (rc == HS_OK && s->follow)
		rc = follow(s, &err);
	if (rc != HS_OK)
		return hs_cli_fail(s->json, &err);
	return hs_cli_finish();
}

int
hs_audit_cmd_show(int argc, char **argv)
{
	static const struct option longs[] = {HS_FILTER_OPTIONS,
	    {"log", required_argument, NULL, 'l'}, {"follow", no_argument, NULL, 'f'},
	    {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct showing s = {0};
	char *log = NULL;
	int opt, status;

	while ((opt = getopt_long(argc, argv, "fh", longs, NULL)) != -1) {
		if (opt == 'h')
			return -1;
		if (opt == 'l')
			log = optarg;
		else if (opt == 'f')
			s.follow = true;
		else if (opt == 'j')
			s.json = true;
		else if (opt < HS_FILTER_AGENT)
			return hs_cmd_usage("audit", "show does not take that");
		else if (!hs_auditfilter_option(&s.filter, opt, optarg, hs_cli_now()))
			return hs_cmd_usage("audit",
			    "a time is 2h (ago), 2026-01-31, 2026-01-31T18:05:00Z or Unix "
			    "seconds, not %s",
			    optarg);
	}
	if (argc - optind > 1)
		return hs_cmd_usage("audit", "show takes one ID");
	s.filter.id = argv[optind];
	status = show(&s, &log, log != NULL);
	hs_auditfilter_free(&s.filter);
	hs_auditfiles_free(&s.files);
	return status;
}
