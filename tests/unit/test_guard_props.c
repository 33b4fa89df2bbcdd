// SPDX-License-Identifier: ISC
//
// What holds of every answer of the sign guard, over scopes, binds and data at random: it
// is what a second reading of docs/PROTOCOL.seat section 4 says, changed and random bytes
// are signed only if they are a login or message that it says yes to, and less is never
// more. Prints its seed; HS_SEED repeats a run. Single branches are test_guard.c's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>
#include "tests/lib/anyscope.h"
#include "tests/lib/asked.h"

#define ROUNDS 20000
#define SCOPES 3
#define BINDS  3
#define NAMES  3

static const char *const users[] = {"u", "v", "root", "w", "*", "-x"};
static const char *const hosts[] = {"a.x", "a.b.x", "b.x", "y", "a.ax", "*.x", "192.0.2.1"};
static const char *const spaces[] = {"git", "file", "x y", "*", "request@handseal.alt"};
static const char *const sessions[] = {"s", "t"};
static const char *const host_keys[] = {"K", "L"};
static const char *const keys[] = {
    "\0\0\0\1a", "\0\0\0\x16x-cert-v01@openssh.com", "\0\0\0\1b"};
static const size_t key_lens[] = {5, 26, 5};

#define PICK(list) (list)[anyscope_below(sizeof(list) / sizeof(list)[0])]

struct world {
	struct hs_scope *scopes[SCOPES];
	struct hs_guard_bind binds[BINDS];
	struct hs_str names[BINDS][NAMES];
	struct hs_buf data;
	struct hs_guard_input in;
};

static bool
chance(size_t n)
{
	return anyscope_below(n) == 0;
}

static struct hs_str
any_key(void)
{
	size_t i = anyscope_below(3);

	return (struct hs_str){(const uint8_t *)keys[i], key_lens[i]};
}

static void
put_data(struct world *w)
{
	struct hs_str host = hs_str_c(PICK(host_keys));
	struct hs_str session = w->in.nbinds > 0 && !chance(4)
				    ? w->binds[w->in.nbinds - 1].session
				    : hs_str_c(PICK(sessions));
	struct asked_login l =
	    asked_login(session, PICK(users), w->in.key, chance(2) ? &host : NULL);
	struct asked_message m = asked_message(PICK(spaces));

	if (chance(16))
		l.key = any_key();
	if (chance(16))
		l.service = hs_str_c("x");
	if (chance(16))
		m.reserved = hs_str_c("x");
	if (chance(3))
		asked_put_message(&w->data, &m);
	else
		asked_put_login(&w->data, &l);
}

static void
make_world(struct world *w)
{
	memset(w, 0, sizeof *w);
	w->in.key = any_key();
	w->in.nscopes = chance(8) ? 0 : 1 + (chance(3) ? anyscope_below(SCOPES) : 0);
	for (size_t i = 0; i < w->in.nscopes; i++)
		w->scopes[i] = anyscope();
	w->in.nbinds = anyscope_below(BINDS + 1);
	for (size_t i = 0; i < w->in.nbinds; i++) {
		struct hs_guard_bind *b = &w->binds[i];

		b->session = hs_str_c(PICK(sessions));
		b->forwarding = chance(12);
		b->host_key = hs_str_c(PICK(host_keys));
		b->names = w->names[i];
		b->nnames = anyscope_below(NAMES + 1);
		for (size_t n = 0; n < b->nnames; n++)
			w->names[i][n] = hs_str_c(PICK(hosts));
	}
	w->in.scopes = (const struct hs_scope *const *)w->scopes;
	w->in.binds = w->binds;
	w->in.require = chance(4);
	put_data(w);
	w->in.data = hs_buf_str(&w->data);
}

static void
free_world(struct world *w)
{
	for (size_t i = 0; i < SCOPES; i++)
		hs_scope_free(&w->scopes[i]);
	hs_buf_free(&w->data);
}

// ---- the second reading, which asks scopes for their values and nothing else

static bool
has(const struct hs_scope *s, size_t st, enum hs_scope_key key, struct hs_str value)
{
	for (size_t i = 0; i < hs_scope_values(s, st, key); i++)
		if (memchr(value.p, '*', value.len) == NULL &&
		    hs_scope_value_under(key, value, hs_scope_value(s, st, key, i)))
			return true;
	return false;
}

static bool
has_any_host(const struct hs_scope *s, size_t st)
{
	for (size_t i = 0; i < hs_scope_values(s, st, HS_KEY_HOST); i++)
		if (hs_str_is(hs_scope_value(s, st, HS_KEY_HOST, i), "*"))
			return true;
	return false;
}

static bool
login_is_fine(const struct hs_guard_input *in, const struct hs_userauth *u,
    const struct hs_scope *s, size_t st)
{
	const struct hs_guard_bind *last;

	if (!has(s, st, HS_KEY_USER, u->user))
		return false;
	if (in->nbinds == 0)
		return !in->require;
	last = &in->binds[in->nbinds - 1];
	if (!hs_str_eq(last->session, u->session) ||
	    (u->hostbound && !hs_str_eq(last->host_key, u->host_key)))
		return false;
	for (size_t i = 0; i < last->nnames; i++)
		if (has(s, st, HS_KEY_HOST, last->names[i]))
			return true;
	return has_any_host(s, st);
}

static bool
message_is_fine(struct hs_str ns, const struct hs_scope *s, size_t st)
{
	static const char ours[] = "@handseal.alt";
	size_t n = sizeof ours - 1;

	if (ns.len >= n && memcmp(ns.p + ns.len - n, ours, n) == 0)
		return false;
	return has(s, st, HS_KEY_NS, ns);
}

static bool
is_fine(const struct hs_guard_input *in, size_t *scope)
{
	struct hs_userauth u;
	struct hs_userauth_message m;
	enum hs_userauth_kind kind = hs_userauth_which(in->data, in->key, &u, &m, NULL);

	for (size_t i = 0; i < in->nbinds; i++)
		if (in->binds[i].forwarding)
			return false;
	if (kind == HS_SIGNS_LOGIN && in->nscopes > 1 && hs_userauth_is_cert(in->key))
		return false;
	for (*scope = 0; *scope < in->nscopes; (*scope)++) {
		const struct hs_scope *s = in->scopes[*scope];

		for (size_t st = 0; st < hs_scope_statements(s); st++)
			if ((kind == HS_SIGNS_LOGIN && login_is_fine(in, &u, s, st)) ||
			    (kind == HS_SIGNS_MESSAGE && message_is_fine(m.ns, s, st)))
				return true;
	}
	return false;
}

static bool
judge(const struct hs_guard_input *in, struct hs_guarded *d)
{
	size_t scope = 0;
	bool allow = asked_judge(in, d);

	assert_int_equal(allow, is_fine(in, &scope));
	assert_int_not_equal(d->err.code, HS_ERR_NOMEM);
	if (allow)
		assert_int_equal(d->scope, scope);
	if (d->host.len > 0)
		assert_true(allow && d->bound);
	if (d->bound)
		assert_true(d->what == HS_SIGNS_LOGIN && in->nbinds > 0);
	return allow;
}

static void
as_the_page_says(void **state)
{
	size_t codes[HS_CODE_COUNT] = {0};
	static const enum hs_code all[] = {HS_OK, HS_NO_SIGN, HS_NO_FORWARD, HS_NO_BIND,
	    HS_NO_HOST_KEY, HS_NO_USER, HS_NO_HOST, HS_NO_OTHER, HS_ERR_INTERNAL};
	size_t sum = 0;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct hs_guarded d, again;
		struct world w;

		make_world(&w);
		(void)judge(&w.in, &d);
		(void)judge(&w.in, &again); // nothing was changed by it
		assert_memory_equal(&d.err, &again.err, sizeof d.err);
		codes[d.err.code]++;
		free_world(&w);
	}
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		print_message("# %s %zu\n", hs_code_name(all[i]), codes[all[i]]);
		assert_true(codes[all[i]] > ROUNDS / 500);
		sum += codes[all[i]];
	}
	assert_int_equal(sum, ROUNDS); // and no other
}

// Data that is signed is written from its parts to the same bytes: nothing of it is unread.
static void
written_again(const struct hs_guard_input *in)
{
	struct hs_userauth u;
	struct hs_userauth_message m;
	struct asked_login l;
	struct asked_message a = asked_message("");
	struct hs_buf b = {0};

	if (hs_userauth_which(in->data, in->key, &u, &m, NULL) == HS_SIGNS_LOGIN) {
		l = asked_login(u.session, "", in->key, u.hostbound ? &u.host_key : NULL);
		l.user = u.user;
		asked_put_login(&b, &l);
	} else {
		a.ns = m.ns;
		a.hash = m.hash;
		a.digest = m.digest;
		asked_put_message(&b, &a);
	}
	assert_true(hs_str_eq(hs_buf_str(&b), in->data));
	hs_buf_free(&b);
}

static void
changed_bytes(void **state)
{
	size_t signed_still = 0;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct hs_guarded d;
		struct world w;

		make_world(&w);
		for (size_t n = 1 + anyscope_below(3); n > 0; n--)
			w.data.p[anyscope_below(w.data.len)] = (uint8_t)anyscope_below(256);
		if (chance(8))
			w.in.data.len -= anyscope_below(w.data.len + 1);
		if (judge(&w.in, &d)) {
			written_again(&w.in);
			signed_still++;
		}
		free_world(&w);
	}
	print_message("# signed %zu of %d changed\n", signed_still, ROUNDS);
	assert_true(signed_still > 0 && signed_still < ROUNDS / 4);
}

static void
random_bytes(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct hs_guarded d;
		struct world w;
		uint8_t bytes[200];
		size_t n = anyscope_below(sizeof bytes + 1);

		for (size_t k = 0; k < n; k++)
			bytes[k] = (uint8_t)anyscope_below(chance(2) ? 256 : 3);
		if (chance(4))
			memcpy(bytes, "SSHSIG", 6);
		make_world(&w);
		w.in.data = (struct hs_str){bytes, n};
		assert_false(judge(&w.in, &d));
		assert_int_equal(d.err.code, HS_NO_SIGN);
		free_world(&w);
	}
}

// A scope or a name fewer, a forwarding bind more, and HostBinding only ever refuse.
static void
less_is_never_more(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct hs_guarded before, after;
		struct hs_guard_bind binds[BINDS + 1] = {0};
		struct world w;
		bool allowed;

		make_world(&w);
		allowed = judge(&w.in, &before);
		switch (anyscope_below(4)) {
		case 0: // of several for a certificate one is left, which may be good
			w.in.nscopes = w.in.nscopes > 0 && !hs_userauth_is_cert(w.in.key)
					   ? w.in.nscopes - 1
					   : 0;
			break;
		case 1:
			memcpy(binds, w.binds, sizeof w.binds);
			binds[w.in.nbinds++].forwarding = true;
			w.in.binds = binds;
			break;
		case 2:
			w.in.require = true;
			break;
		default:
			for (size_t b = 0; b < w.in.nbinds; b++)
				w.binds[b].nnames /= 2;
		}
		assert_true(!judge(&w.in, &after) || allowed);
		free_world(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(as_the_page_says),
	    cmocka_unit_test(changed_bytes), cmocka_unit_test(random_bytes),
	    cmocka_unit_test(less_is_never_more)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	anyscope_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
