// SPDX-License-Identifier: ISC
//
// Telling how Publish commands are. Contract in published.h.
#include "client/handseal/published.h"

#include <time.h>
#include "client/handseal/cli.h"
#include "proto/text.h"

#define LOOK_MS 200

static void
put_line(struct hs_buf *b, const char *indent, struct hs_str name, struct hs_str state,
    uint64_t done, struct hs_str why, uint64_t now)
{
	hs_put_fmt(b, "%s%.*s ", indent, (int)name.len, (const char *)name.p);
	if (hs_str_is(state, "done")) {
		hs_put_fmt(b, "has the lists, since ");
		hs_cli_put_when(b, done, now);
	} else if (hs_str_is(state, "failed")) {
		hs_put_fmt(b, "WAS NOT REACHED: %.*s; it is tried again", (int)why.len,
		    (const char *)why.p);
	} else if (done == 0 && why.len == 0) {
		hs_put_fmt(b, "gets the lists when there are any");
	} else {
		hs_put_fmt(b, "is being brought the lists");
	}
	hs_put_u8(b, '\n');
}

int
hs_published_put(struct hs_str lines, uint64_t now, struct hs_buf *b, const char *indent,
    json_t *rows, bool *busy)
{
	struct hs_str line, name, state, time;
	uint64_t done;
	json_t *row;

	*busy = false;
	while (lines.len > 0) {
		if (!hs_str_cut(&lines, '\n', &line) || !hs_str_cut(&line, '\t', &name) ||
		    !hs_str_cut(&line, '\t', &state) || !hs_str_cut(&line, '\t', &time) ||
		    hs_text_u64(time, UINT64_MAX, &done) != HS_OK ||
		    !hs_text_is_agent_name(name))
			return HS_ERR_FORMAT;
		put_line(b, indent, name, state, done, line, now);
		*busy |= hs_str_is(state, "waiting") || hs_str_is(state, "running");
		row = json_pack("{s:o,s:o,s:o,s:o}", "name", hs_cli_json(name), "state",
		    hs_cli_json(state), "done", hs_cli_json_time(done), "why",
		    hs_cli_json(line));
		if (rows == NULL || json_array_append_new(rows, row) != 0)
			json_decref(rows == NULL ? row : NULL);
	}
	return hs_buf_err(b);
}

int
hs_published_wait(struct hs_daemon *d, unsigned seconds, struct hs_buf *b,
    const char *indent, json_t *rows)
{
	const struct timespec look = {.tv_nsec = LOOK_MS * 1000000};
	const struct hs_got_status *info = NULL;
	size_t before = b->len;
	bool busy;

	for (unsigned ms = 0;; ms += LOOK_MS) {
		int status = hs_daemon_status(d, &info);

		if (status != HS_EXIT_DONE)
			return status;
		b->len = before;
		if (rows != NULL)
			(void)json_array_clear(rows);
		if (hs_published_put(hs_str_c(info->published), info->now, b, indent, rows,
			&busy) != HS_OK)
			return hs_daemon_malformed(d, "status");
		if (!busy || ms >= seconds * 1000)
			return HS_EXIT_DONE;
		(void)nanosleep(&look, NULL);
	}
}
