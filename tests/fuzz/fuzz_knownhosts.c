// SPDX-License-Identifier: ISC
//
// Fuzzes the messages to and from handseal-known-hosts, and what a name is. What decodes
// must come back the same, within its bounds.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "proto/knownhosts.h"
#include "proto/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
same(struct hs_buf *again, struct hs_str in)
{
	must(hs_buf_err(again) == HS_OK && hs_str_eq(hs_buf_str(again), in));
	hs_buf_free(again);
}

static void
request(struct hs_str in)
{
	static struct hs_knownhosts_request m;
	struct hs_buf again = {0};

	if (hs_knownhosts_request_parse(in, &m) != HS_OK) {
		must(m.nfiles + m.nhosts + m.nports == 0);
		return;
	}
	must(m.nfiles <= HS_KNOWNHOSTS_FILES_MAX && m.nhosts <= HS_KNOWNHOSTS_HOSTS_MAX &&
	     m.nports <= HS_KNOWNHOSTS_PORTS_MAX);
	for (size_t i = 0; i < m.nfiles; i++)
		must(m.files[i].len <= HS_KNOWNHOSTS_PATH_MAX && m.files[i].p[0] == '/' &&
		     memchr(m.files[i].p, 0, m.files[i].len) == NULL);
	for (size_t i = 0; i < m.nhosts; i++)
		must(hs_knownhosts_is_host(m.hosts[i]));
	for (size_t i = 0; i < m.nports; i++)
		must(m.ports[i] != 0);
	hs_knownhosts_request_put(&again, &m);
	same(&again, in);
}

static void
answer(struct hs_str in)
{
	static struct hs_knownhosts_answer m;
	struct hs_buf again = {0};
	size_t bytes = 0;

	if (hs_knownhosts_answer_parse(in, &m) != HS_OK) {
		must(m.n + m.nwarnings + m.sentence.len == 0);
		return;
	}
	must((m.code == HS_OK) == (m.sentence.len == 0));
	must(m.code == HS_OK || m.n + m.nwarnings == 0);
	must(hs_text_shown(m.sentence, NULL));
	for (size_t i = 0; i < m.n; i++) {
		const struct hs_knownhosts_entry *e = &m.v[i];

		must(e->kind == HS_KNOWNHOSTS_KEY ? hs_knownhosts_is_name(e->name)
						  : hs_knownhosts_is_host(e->name));
		must(e->key.len > 0 && e->key.len <= HS_KNOWNHOSTS_KEY_MAX);
		bytes += hs_knownhosts_entry_size(e);
	}
	must(bytes <= HS_KNOWNHOSTS_BYTES_MAX);
	for (size_t i = 0; i < m.nwarnings; i++)
		must(m.warnings[i].len > 0 && hs_text_shown(m.warnings[i], NULL));
	hs_knownhosts_answer_put(&again, &m);
	same(&again, in);
}

// Of two names, a line feed between them.
static void
names(struct hs_str in)
{
	const uint8_t *lf = in.len > 0 ? memchr(in.p, '\n', in.len) : NULL;
	struct hs_str a = in, b = in;

	if (lf != NULL) {
		a.len = (size_t)(lf - in.p);
		b = (struct hs_str){lf + 1, in.len - a.len - 1};
	}
	must(!hs_knownhosts_is_name(a) || hs_knownhosts_is_host(a));
	if (!hs_knownhosts_is_host(a) || !hs_knownhosts_is_host(b))
		return;
	must(a.len <= HS_KNOWNHOSTS_NAME_MAX);
	must(hs_knownhosts_under(a, a) && hs_knownhosts_under(a, hs_str_c("*")));
	if (hs_knownhosts_under(a, b) && hs_knownhosts_under(b, a))
		must(hs_str_eq(a, b));
	if (hs_knownhosts_is_name(b))
		must(hs_knownhosts_under(a, b) == hs_str_eq(a, b));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct hs_str in = {data + 1, len - 1};

	if (len == 0)
		return 0;
	if (data[0] % 3 == 0)
		request(in);
	else if (data[0] % 3 == 1)
		answer(in);
	else
		names(in);
	return 0;
}
