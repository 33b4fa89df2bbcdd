// SPDX-License-Identifier: ISC
//
// A seat's known hosts. Contract in seathosts.h.
#include "agentd/seathosts.h"

#include <string.h>
#include "agentd/log.h"
#include "proto/text.h"

#define TOLD_MAX 8 // keys that a prompt names; the rest it counts

// A hashed name does not show with which port it was put. Where servers listen that are not
// at 22; each costs a hash for each line and host.
static const uint16_t usual_ports[] = {2222, 443, 8022};

int
hs_seathosts_read(struct hs_daemon *d, const struct hs_scope *scope,
    hs_knownhosts_done *done, void *arg, struct hs_knownhosts_run **run, struct hs_err *err)
{
	const struct hs_knownhosts_spec spec = {.program = d->set->known_hosts,
	    .home = d->set->home,
	    .policy = d->policy->policy,
	    .scope = scope,
	    .ports = usual_ports,
	    .nports = sizeof usual_ports / sizeof usual_ports[0],
	    .ms = HS_KNOWNHOSTS_MS};

	return hs_knownhosts_read(&d->readers, &spec, done, arg, run, err);
}

static bool
in_list(const struct hs_str *names, size_t n, struct hs_str name)
{
	for (size_t i = 0; i < n; i++)
		if (hs_str_eq(names[i], name))
			return true;
	return false;
}

// A name that a host's certificate says, or a pattern of it, meets the exact hosts of a
// scope.
static size_t
names_by_certificate(const struct hs_seat_part *p, const struct hs_knownhosts *known,
    const struct hs_hostkey *key, struct hs_str *names, size_t n, size_t max)
{
	for (size_t st = 0; st < hs_scope_statements(p->scope); st++)
		for (size_t v = 0; v < hs_scope_values(p->scope, st, HS_KEY_HOST); v++) {
			struct hs_str host = hs_scope_value(p->scope, st, HS_KEY_HOST, v);

			for (size_t i = 0; i < key->nprincipals && n < max; i++) {
				struct hs_str said = key->principals[i];
				struct hs_str name =
				    hs_knownhosts_is_name(host) ? host : said;

				if (hs_knownhosts_is_name(name) &&
				    hs_knownhosts_is_host(said) &&
				    hs_knownhosts_under(name, said) &&
				    hs_knownhosts_ca(known, key->ca, name) &&
				    !hs_knownhosts_revoked(known, key->plain, name) &&
				    !in_list(names, n, name))
					names[n++] = name;
			}
		}
	return n;
}

// A seat below another knows what that one knows: it was asked for without a prompt.
static const struct hs_knownhosts *
table_of(const struct hs_seat *s, const struct hs_seat_part *p)
{
	while (p != NULL && p->known == NULL && s->parent != NULL) {
		s = s->parent;
		p = hs_seat_part_under((struct hs_seat *)s, p->grant_serial);
	}
	return p != NULL ? p->known : NULL;
}

size_t
hs_seathosts_names(const struct hs_seat *s, const struct hs_hostkey *key,
    const struct hs_now *now, struct hs_str *names, size_t max)
{
	bool by_certificate =
	    key->certificate && hs_hostkey_check_cert(key, now->wall, NULL) == HS_OK;
	size_t n = 0;

	for (size_t i = 0; i < s->nparts; i++) {
		const struct hs_seat_part *p = &s->parts[i];

		const struct hs_knownhosts *known = table_of(s, p);

		if (known == NULL)
			continue;
		if (by_certificate)
			n = names_by_certificate(p, known, key, names, n, max);
		else if (!key->certificate)
			n += hs_knownhosts_names(known, key->plain, names + n, max - n);
	}
	return n;
}

static bool
knows(const struct hs_seat *seat, const struct hs_knownhosts_entry *e)
{
	for (size_t i = 0; seat != NULL && i < seat->nparts; i++) {
		const struct hs_knownhosts *k = seat->parts[i].known;

		for (size_t j = 0; k != NULL && j < k->n; j++)
			if (k->v[j].kind == e->kind && hs_str_eq(k->v[j].key, e->key) &&
			    hs_str_eq(k->v[j].name, e->name))
				return true;
	}
	return false;
}

static bool
in_scope(const struct hs_scope *scope, struct hs_str name)
{
	for (size_t st = 0; st < hs_scope_statements(scope); st++)
		for (size_t v = 0; v < hs_scope_values(scope, st, HS_KEY_HOST); v++)
			if (hs_scope_value_under(HS_KEY_HOST, name,
				hs_scope_value(scope, st, HS_KEY_HOST, v)))
				return true;
	return false;
}

void
hs_seathosts_describe(struct hs_buf *b, const struct hs_knownhosts *k,
    const struct hs_scope *scope, const struct hs_seat *seat)
{
	char fingerprint[HS_FINGERPRINT_LEN + 1];
	size_t n = 0;

	for (size_t i = 0; k != NULL && i < k->n; i++) {
		const struct hs_knownhosts_entry *e = &k->v[i];

		if (e->kind == HS_KNOWNHOSTS_REVOKED || !in_scope(scope, e->name) ||
		    knows(seat, e) || n++ >= TOLD_MAX)
			continue;
		hs_hostkey_fingerprint(e->key, fingerprint);
		hs_put_fmt(b, "%s ",
		    e->kind == HS_KNOWNHOSTS_CA ? "Authority for hosts:" : "Host:");
		hs_text_put_clean(b, e->name);
		hs_put_fmt(b, " has the key %s, by known_hosts\n", fingerprint);
	}
	if (n > TOLD_MAX)
		hs_put_fmt(b, "and %zu more keys of hosts, by known_hosts\n", n - TOLD_MAX);
}
