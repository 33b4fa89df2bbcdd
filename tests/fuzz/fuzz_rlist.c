// SPDX-License-Identifier: ISC
//
// Any bytes as a root's list, or as what is signed of one, by the first byte: what is read
// is written back the same, says the same text, which may be shown, and none counts whose
// signature is not good.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "proto/rlist.h"
#include "proto/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

struct gathered {
	struct hs_rlist_entry v[HS_RLIST_ENTRIES_MAX];
	size_t n;
};

static int
gather(void *arg, const struct hs_rlist_entry *e)
{
	struct gathered *g = arg;

	must(g->n < HS_RLIST_ENTRIES_MAX);
	g->v[g->n++] = *e;
	return HS_OK;
}

// Written anew, without its certificates, up to where those would stand.
static void
same(const struct hs_rlist *l)
{
	static struct gathered g;
	struct hs_rlist_spec spec = {
	    .root = &l->root, .version = l->version, .issued = l->issued, .v = g.v};
	struct hs_buf again = {0};

	g.n = 0;
	must(hs_rlist_walk(l, gather, &g) == HS_OK && g.n == l->n);
	spec.n = g.n;
	must(hs_rlist_put_message(&again, &spec, NULL) == HS_OK && spec.n == l->n);
	must(again.len - 4 <= l->message.len &&
	     memcmp(again.p, l->message.p, again.len - 4) == 0);
	hs_buf_free(&again);
}

static void
text(const struct hs_rlist *l)
{
	char name[HS_RLIST_NAME_LEN + 1];
	struct hs_buf b = {0};

	hs_rlist_put_text(&b, l);
	must(hs_buf_err(&b) == HS_OK && b.len <= HS_SHOWN_MAX);
	for (size_t i = 0; i < b.len; i++)
		must(b.p[i] == '\n' || (b.p[i] >= ' ' && b.p[i] < 0x7f));
	hs_rlist_name(l, name);
	must(strlen(name) == HS_RLIST_NAME_LEN);
	hs_buf_free(&b);
}

static void
look(const struct hs_rlist *l)
{
	struct hs_list_subject s = {
	    .session = "20259320c16a21ad", .serial = 1, .lineage = {7}, .nlineage = 1};
	struct hs_list_found f = {0};
	struct hs_key key;

	hs_rlist_unite(&f, l, &l->root, &s);
	must(f.root_lists == 1 && (f.serial == 0 || f.serial == 1 || f.serial == 7));
	(void)hs_rlist_session_key(l, s.session, &key, NULL);
	same(l);
	text(l);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hs_rlist l;
	struct hs_str in = {data + 1, size - 1};

	if (size == 0)
		return 0;
	if (data[0] % 2 == 0 && hs_rlist_parse(in, &l, NULL) == HS_OK) {
		look(&l);
		(void)hs_rlist_check(&l, NULL, NULL);
	}
	if (data[0] % 2 == 1 && hs_rlist_parse_message(in, &l, NULL) == HS_OK)
		look(&l);
	return 0;
}
