// SPDX-License-Identifier: ISC
//
// What is wrong with a server's files, and what they trust, for people and for programs.
// Contract in check.h.
#include "client/verify/check.h"

#include <string.h>
#include "client/verify/json.h"
#include "proto/auditline.h"
#include "proto/describe.h"
#include "proto/text.h"

static void
put(struct hs_buf *b, const char *s)
{
	hs_put_raw(b, s, strlen(s));
}

static bool
is_about(const struct hs_checked *c, const struct hs_root *r)
{
	return c->ask->user == NULL || hs_root_admits(r, hs_str_c(c->ask->user));
}

static uint64_t
limit(uint64_t root, uint64_t server)
{
	return root != 0 ? root : server;
}

// ---- for people

static void
put_users(struct hs_buf *b, const struct hs_root *r)
{
	put(b, "           ");
	if (r->nusers == 0 && !r->users_any) {
		put(b, "for nobody");
		return;
	}
	put(b, "for");
	if (r->users_any)
		put(b, " everyone but root");
	for (size_t i = 0; i < r->nusers; i++)
		hs_put_fmt(b, "%s %s", i > 0 || r->users_any ? "," : "", r->users[i]);
}

static void
put_root(struct hs_buf *b, const struct hs_checked *c, const struct hs_root *r)
{
	char fp[HS_FINGERPRINT_LEN + 1];

	hs_key_fingerprint(&r->key, fp);
	hs_put_fmt(b, "  root     %s%s%s   (roots%s%s:%u)\n", r->comment,
	    r->comment[0] != '\0' ? " " : "", fp, r->of_user ? ".d/" : "",
	    r->of_user ? r->users[0] : "", r->line);
	put_users(b, r);
	put(b, "; grants up to ");
	hs_describe_span(b, limit(r->max_grant, c->server.max_grant));
	put(b, ", certificates up to ");
	hs_describe_span(b, limit(r->max_delegation, c->server.max_delegation));
	put(b, r->require_uv || c->server.require_uv ? "; with PIN or finger only" : "");
	put(b, r->direct ? "; direct certificates too\n" : "\n");
	if (r->caps[0] != '\0')
		hs_put_fmt(b, "           for services: %s\n", r->caps);
}

static void
put_roots(struct hs_buf *b, const struct hs_checked *c)
{
	size_t told = 0;

	for (size_t i = 0; i < c->nroots; i++) {
		if (!is_about(c, &c->roots[i]))
			continue;
		put_root(b, c, &c->roots[i]);
		told++;
	}
	if (told > 0)
		return;
	put(b, "  root     none");
	if (c->ask->user != NULL) {
		put(b, " lets in ");
		hs_text_put_clean(b, hs_str_c(c->ask->user));
	}
	put(b, "\n");
}

static void
put_server(struct hs_buf *b, const struct hs_checked *c)
{
	const struct hs_server_conf *s = &c->server;

	put(b, "  server   ");
	for (size_t i = 0; i < s->nhostnames; i++)
		hs_put_fmt(b, "%s%s", i > 0 ? " " : "", s->hostnames[i]);
	put(b,
	    s->nhostnames > 0 ? "\n" : "no name of its own: scopes with `host *` alone\n");
	put(b, s->port_forwarding ? "  ports    may be forwarded where a scope says so\n"
				  : "  ports    are never forwarded\n");
	put(b, "  signed   ");
	for (size_t i = 0; i < s->nnamespaces; i++)
		hs_put_fmt(b, "%s%s", i > 0 ? " " : "", s->namespaces[i]);
	put(b, s->nnamespaces > 0 ? " messages are believed\n"
				  : "messages are not believed\n");
	hs_put_fmt(b, "  revoked  %u by this server itself; ", c->barred);
	if (s->revocations[0] == '\0') {
		put(b, "lists are not read\n");
		return;
	}
	hs_put_fmt(b, "%u lists in %s, wanted after ", c->lists, s->revocations);
	hs_describe_span(b, s->lists_fresh);
	put(b, s->lists_optional ? ", let pass without\n" : "\n");
}

void
hs_check_text(struct hs_buf *b, const struct hs_checked *c)
{
	hs_put_raw(b, c->problems.p, c->problems.len);
	hs_put_raw(b, c->warnings.p, c->warnings.len);
	hs_text_put_clean(b, hs_str_c(c->ask->config));
	if (c->nproblems == 0)
		put(b, " is in order\n");
	else
		hs_put_fmt(b, " is NOT in order: %u to mend\n", c->nproblems);
	put_server(b, c);
	put_roots(b, c);
}

// ---- for programs

// The objects that note() made, each with a comma behind it.
static void
put_notes(struct hs_buf *b, const char *name, const struct hs_buf *notes)
{
	hs_json_name(b, name);
	hs_put_u8(b, '[');
	hs_put_raw(b, notes->p, notes->len > 0 ? notes->len - 1 : 0);
	hs_put_u8(b, ']');
}

static void
put_strings(struct hs_buf *b, const char *name, const char *v, size_t n, size_t each)
{
	hs_json_name(b, name);
	hs_put_u8(b, '[');
	for (size_t i = 0; i < n; i++) {
		put(b, i > 0 ? "," : "");
		hs_auditline_put_string(b, hs_str_c(v + i * each));
	}
	hs_put_u8(b, ']');
}

static void
put_root_json(struct hs_buf *b, const struct hs_root *r)
{
	char fp[HS_FINGERPRINT_LEN + 1];

	hs_key_fingerprint(&r->key, fp);
	hs_put_u8(b, '{');
	hs_json_string(b, "fingerprint", hs_str_c(fp));
	hs_json_string(b, "type", hs_str_c(hs_key_type_name(r->key.type)));
	hs_json_string(b, "comment", hs_str_c(r->comment));
	hs_json_bool(b, "of_user", r->of_user);
	hs_json_number(b, "line", r->line);
	hs_json_bool(b, "everyone_but_root", r->users_any);
	put_strings(b, "users", r->users[0], r->nusers, sizeof r->users[0]);
	hs_json_string(b, "caps", hs_str_c(r->caps));
	hs_json_bool(b, "require_uv", r->require_uv);
	hs_json_bool(b, "direct", r->direct);
	hs_json_number(b, "max_grant", r->max_grant);
	hs_json_number(b, "max_delegation", r->max_delegation);
	hs_put_u8(b, '}');
}

void
hs_check_json(struct hs_buf *b, const struct hs_checked *c)
{
	const struct hs_server_conf *s = &c->server;
	bool some = false;

	hs_put_u8(b, '{');
	hs_json_bool(b, "ok", c->nproblems == 0);
	hs_json_string(b, "config", hs_str_c(c->ask->config));
	put_notes(b, "problems", &c->problems);
	put_notes(b, "warnings", &c->warnings);
	put_strings(
	    b, "host_names", s->hostnames[0], s->nhostnames, sizeof s->hostnames[0]);
	hs_json_number(b, "max_grant", s->max_grant);
	hs_json_number(b, "max_delegation", s->max_delegation);
	hs_json_bool(b, "require_uv", s->require_uv);
	hs_json_bool(b, "port_forwarding", s->port_forwarding);
	put_strings(
	    b, "namespaces", s->namespaces[0], s->nnamespaces, sizeof s->namespaces[0]);
	hs_json_number(b, "barred", c->barred);
	hs_json_string(b, "revocations", hs_str_c(s->revocations));
	hs_json_number(b, "revocations_fresh", s->lists_fresh);
	hs_json_bool(b, "revocations_optional", s->lists_optional);
	hs_json_number(b, "lists", c->lists);
	hs_json_name(b, "roots");
	hs_put_u8(b, '[');
	for (size_t i = 0; i < c->nroots; i++) {
		if (!is_about(c, &c->roots[i]))
			continue;
		put(b, some ? "," : "");
		put_root_json(b, &c->roots[i]);
		some = true;
	}
	put(b, "]}\n");
}
