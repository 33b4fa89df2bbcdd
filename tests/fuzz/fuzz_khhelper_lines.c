// SPDX-License-Identifier: ISC
//
// Fuzzes lines of known_hosts, through libssh as it is: the first line has the hosts of a
// scope, blanks between them, the others are the file. Whatever is told is of the scope, in
// the form that an answer has, and the same each time.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "agentd/known-hosts/match.h"
#include "proto/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define HOSTS_MAX 32

static struct hs_knownhosts_request req;

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
read_hosts(struct hs_str line)
{
	req.nhosts = 0;
	while (line.len > 0 && req.nhosts < HOSTS_MAX) {
		const uint8_t *blank = memchr(line.p, ' ', line.len);
		size_t n = blank != NULL ? (size_t)(blank - line.p) : line.len;
		const struct hs_str host = {line.p, n};

		if (hs_knownhosts_is_host(host))
			req.hosts[req.nhosts++] = host;
		n += blank != NULL;
		line = (struct hs_str){line.p + n, line.len - n};
	}
}

static bool
is_exact(struct hs_str name)
{
	for (size_t i = 0; i < req.nhosts; i++)
		if (hs_str_eq(req.hosts[i], name))
			return true;
	return false;
}

static bool
is_under(struct hs_str name)
{
	for (size_t i = 0; i < req.nhosts; i++)
		if (hs_knownhosts_under(name, req.hosts[i]))
			return true;
	return false;
}

struct told {
	const struct hs_line *line;
	struct hs_buf all;
};

static int
hear(void *arg, const struct hs_knownhosts_entry *e)
{
	struct told *t = arg;
	struct hs_buf base64 = {0};
	struct hs_rd r = hs_rd_of(e->key);
	struct hs_str type;

	must(e->kind == t->line->kind);
	must(hs_knownhosts_is_host(e->name));
	if (e->kind == HS_KNOWNHOSTS_KEY)
		must(hs_knownhosts_is_name(e->name));
	if (e->kind != HS_KNOWNHOSTS_REVOKED)
		must(is_exact(e->name) || is_under(e->name));
	must(e->key.len > 0 && e->key.len <= HS_KNOWNHOSTS_KEY_MAX);
	must(hs_get_string(&r, &type) == HS_OK && hs_str_eq(type, t->line->type));
	hs_text_put_base64(&base64, e->key);
	must(hs_str_eq(hs_buf_str(&base64), t->line->key));
	hs_buf_free(&base64);
	hs_put_str(&t->all, e->name);
	return HS_OK;
}

static void
match(struct hs_str text, struct told *t)
{
	struct hs_match *m = NULL;
	struct hs_str line;

	must(hs_match_new(&req, &m) == HS_OK);
	while (hs_line_next(&text, &line)) {
		struct hs_err err = {0};
		struct hs_line l;
		int rc = hs_line_read(line, &l, &err);

		if (rc == HS_OK && l.hosts.len > 0) {
			t->line = &l;
			rc = hs_match_line(m, &l, hear, t, &err);
		}
		must(rc == HS_OK || rc == HS_ERR_FORMAT || rc == HS_ERR_KEY_TYPE ||
		     rc == HS_ERR_TOO_LONG || rc == HS_ERR_UNSUPPORTED);
		must((rc == HS_OK) == (err.code == HS_OK));
		must(err.code == HS_OK || (err.code == (enum hs_code)rc && err.text[0]));
	}
	hs_match_free(&m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct hs_str text = {data, len}, line;
	struct told one = {0}, two = {0};

	if (!hs_line_next(&text, &line))
		return 0;
	read_hosts(line);
	req.ports[0] = 2222;
	req.nports = 1;
	match(text, &one);
	match(text, &two);
	must(hs_buf_err(&one.all) == HS_OK &&
	     hs_str_eq(hs_buf_str(&one.all), hs_buf_str(&two.all)));
	hs_buf_free(&one.all);
	hs_buf_free(&two.all);
	return 0;
}
