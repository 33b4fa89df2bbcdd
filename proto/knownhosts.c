// SPDX-License-Identifier: ISC
//
// The request for known_hosts and its answer, field by field as docs/PROTOCOL.knownhosts
// lists them. Contract in knownhosts.h.
#include "proto/knownhosts.h"

#include <string.h>
#include "proto/scope_internal.h"

// Takes the next field where everything before it was well.
#define GET(call)                                                                          \
	do {                                                                               \
		if (rc == HS_OK)                                                           \
			rc = (call);                                                       \
	} while (0)

// ---- names

bool
hs_knownhosts_is_name(struct hs_str s)
{
	return s.len > 0 && scope_is_host(s);
}

bool
hs_knownhosts_is_host(struct hs_str s)
{
	return hs_scope_value_under(HS_KEY_HOST, s, s);
}

bool
hs_knownhosts_under(struct hs_str name, struct hs_str host)
{
	return scope_host_covers(host, name);
}

// ---- frames

static size_t
begin(struct hs_buf *b)
{
	size_t mark = hs_put_string_begin(b);

	hs_put_u8(b, HS_KNOWNHOSTS_VERSION);
	return mark;
}

static void
end(struct hs_buf *b, size_t mark, size_t max)
{
	hs_put_string_end(b, mark);
	if (b->err == HS_OK && b->len - mark - 4 > max)
		b->err = HS_ERR_TOO_LONG; // nobody would read it
}

// The body of the one frame that is there, behind its version.
static int
open_frame(struct hs_str frame, size_t max, struct hs_rd *r)
{
	struct hs_rd outer = hs_rd_of(frame);
	struct hs_str body;
	uint8_t version = 0;
	int rc = hs_get_string_max(&outer, max, &body);

	GET(hs_rd_end(&outer));
	if (rc != HS_OK)
		return rc;
	*r = hs_rd_of(body);
	rc = hs_get_u8(r, &version);
	if (rc == HS_OK && version != HS_KNOWNHOSTS_VERSION)
		return HS_ERR_UNSUPPORTED;
	return rc;
}

// ---- fields

static int
get_count(struct hs_rd *r, size_t max, size_t *out)
{
	uint32_t n = 0;
	int rc = hs_get_u32(r, &n);

	if (rc == HS_OK && n > max)
		rc = HS_ERR_TOO_LONG;
	if (rc == HS_OK)
		*out = n;
	return rc;
}

static int
get_path(struct hs_rd *r, struct hs_str *out)
{
	int rc = hs_get_string_max(r, HS_KNOWNHOSTS_PATH_MAX, out);

	if (rc == HS_OK &&
	    (out->len < 2 || out->p[0] != '/' || memchr(out->p, '\0', out->len) != NULL))
		rc = HS_ERR_FORMAT;
	return rc;
}

static int
get_host(struct hs_rd *r, struct hs_str *out)
{
	int rc = hs_get_string_max(r, HS_KNOWNHOSTS_NAME_MAX, out);

	if (rc == HS_OK && !hs_knownhosts_is_host(*out))
		rc = HS_ERR_FORMAT;
	return rc;
}

static int
get_port(struct hs_rd *r, uint16_t *out)
{
	uint32_t port = 0;
	int rc = hs_get_u32(r, &port);

	if (rc == HS_OK && (port == 0 || port > UINT16_MAX))
		rc = HS_ERR_FORMAT;
	if (rc == HS_OK)
		*out = (uint16_t)port;
	return rc;
}

static int
get_entry(struct hs_rd *r, struct hs_knownhosts_entry *e)
{
	uint8_t kind = 0;
	int rc = hs_get_u8(r, &kind);

	if (rc == HS_OK && (kind < HS_KNOWNHOSTS_KEY || kind > HS_KNOWNHOSTS_REVOKED))
		rc = HS_ERR_FORMAT;
	e->kind = (enum hs_knownhosts_kind)kind;
	GET(hs_get_string_max(r, HS_KNOWNHOSTS_KEY_MAX, &e->key));
	GET(get_host(r, &e->name));
	if (rc == HS_OK && (e->key.len == 0 || (kind == HS_KNOWNHOSTS_KEY &&
						   !hs_knownhosts_is_name(e->name))))
		rc = HS_ERR_FORMAT;
	return rc;
}

size_t
hs_knownhosts_entry_size(const struct hs_knownhosts_entry *e)
{
	return 1 + 4 + e->key.len + 4 + e->name.len;
}

// ---- requests

void
hs_knownhosts_request_put(struct hs_buf *b, const struct hs_knownhosts_request *m)
{
	size_t mark = begin(b);

	hs_put_u32(b, (uint32_t)m->nfiles);
	for (size_t i = 0; i < m->nfiles; i++)
		hs_put_str(b, m->files[i]);
	hs_put_u32(b, (uint32_t)m->nhosts);
	for (size_t i = 0; i < m->nhosts; i++)
		hs_put_str(b, m->hosts[i]);
	hs_put_u32(b, (uint32_t)m->nports);
	for (size_t i = 0; i < m->nports; i++)
		hs_put_u32(b, m->ports[i]);
	end(b, mark, HS_KNOWNHOSTS_REQUEST_MAX);
}

int
hs_knownhosts_request_parse(struct hs_str frame, struct hs_knownhosts_request *out)
{
	struct hs_rd r;
	int rc;

	memset(out, 0, sizeof(*out));
	rc = open_frame(frame, HS_KNOWNHOSTS_REQUEST_MAX, &r);
	GET(get_count(&r, HS_KNOWNHOSTS_FILES_MAX, &out->nfiles));
	for (size_t i = 0; rc == HS_OK && i < out->nfiles; i++)
		rc = get_path(&r, &out->files[i]);
	GET(get_count(&r, HS_KNOWNHOSTS_HOSTS_MAX, &out->nhosts));
	for (size_t i = 0; rc == HS_OK && i < out->nhosts; i++)
		rc = get_host(&r, &out->hosts[i]);
	GET(get_count(&r, HS_KNOWNHOSTS_PORTS_MAX, &out->nports));
	for (size_t i = 0; rc == HS_OK && i < out->nports; i++)
		rc = get_port(&r, &out->ports[i]);
	GET(hs_rd_end(&r));
	if (rc != HS_OK)
		memset(out, 0, sizeof(*out));
	return rc;
}

// ---- answers

static void
put_table(struct hs_buf *b, const struct hs_knownhosts_answer *m)
{
	hs_put_u32(b, (uint32_t)m->n);
	for (size_t i = 0; i < m->n; i++) {
		hs_put_u8(b, (uint8_t)m->v[i].kind);
		hs_put_str(b, m->v[i].key);
		hs_put_str(b, m->v[i].name);
	}
	hs_put_u32(b, (uint32_t)m->nwarnings);
	for (size_t i = 0; i < m->nwarnings; i++)
		hs_put_str(b, m->warnings[i]);
}

void
hs_knownhosts_answer_put(struct hs_buf *b, const struct hs_knownhosts_answer *m)
{
	size_t mark = begin(b);

	hs_put_cstring(b, hs_code_name(m->code));
	hs_put_str(b, m->sentence);
	if (m->code == HS_OK)
		put_table(b, m);
	end(b, mark, HS_KNOWNHOSTS_ANSWER_MAX);
}

// A failure has a sentence and a success has none.
static int
get_outcome(struct hs_rd *r, struct hs_knownhosts_answer *m)
{
	struct hs_str name;
	int rc = hs_get_string_max(r, HS_KNOWNHOSTS_SENTENCE_MAX, &name);

	if (rc != HS_OK)
		return rc;
	m->code = hs_code_from_name((const char *)name.p, name.len);
	if (!hs_str_is(name, hs_code_name(m->code)))
		return HS_ERR_FORMAT; // of no code of ours
	rc = hs_text_get_shown(r, HS_KNOWNHOSTS_SENTENCE_MAX, &m->sentence);
	if (rc == HS_OK && (m->code == HS_OK) != (m->sentence.len == 0))
		rc = HS_ERR_FORMAT;
	return rc;
}

static int
get_table(struct hs_rd *r, struct hs_knownhosts_answer *m)
{
	size_t bytes = 0;
	int rc = get_count(r, HS_KNOWNHOSTS_ENTRIES_MAX, &m->n);

	for (size_t i = 0; rc == HS_OK && i < m->n; i++) {
		rc = get_entry(r, &m->v[i]);
		bytes += rc == HS_OK ? hs_knownhosts_entry_size(&m->v[i]) : 0;
		if (bytes > HS_KNOWNHOSTS_BYTES_MAX)
			rc = HS_ERR_TOO_LONG;
	}
	GET(get_count(r, HS_KNOWNHOSTS_WARNINGS_MAX, &m->nwarnings));
	for (size_t i = 0; rc == HS_OK && i < m->nwarnings; i++) {
		rc = hs_text_get_shown(r, HS_KNOWNHOSTS_WARNING_MAX, &m->warnings[i]);
		if (rc == HS_OK && m->warnings[i].len == 0)
			rc = HS_ERR_FORMAT;
	}
	return rc;
}

int
hs_knownhosts_answer_parse(struct hs_str frame, struct hs_knownhosts_answer *out)
{
	struct hs_rd r;
	int rc;

	memset(out, 0, sizeof(*out));
	rc = open_frame(frame, HS_KNOWNHOSTS_ANSWER_MAX, &r);
	GET(get_outcome(&r, out));
	if (rc == HS_OK && out->code == HS_OK)
		rc = get_table(&r, out);
	GET(hs_rd_end(&r));
	if (rc != HS_OK)
		memset(out, 0, sizeof(*out));
	return rc;
}
