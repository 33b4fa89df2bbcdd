// SPDX-License-Identifier: ISC
//
// Finding the difference between two scopes. Contract in explain.h.
#include "agentd/explain.h"

#include <inttypes.h>
#include "proto/describe.h"

// In the order in which a person thinks of them.
static const struct {
	enum hs_scope_key key;
	const char *name;
} keys[] = {{HS_KEY_USER, "user"}, {HS_KEY_HOST, "host"}, {HS_KEY_CMD, "cmd"},
    {HS_KEY_ADDR, "addr"}, {HS_KEY_PERMIT, "permit"}, {HS_KEY_OPEN, "open"},
    {HS_KEY_NS, "ns"}, {HS_KEY_CAP, "cap"}};
#define NKEYS (sizeof keys / sizeof keys[0])

struct missing {
	size_t n;	 // values that are not covered
	const char *key; // the first of them
	struct hs_str value;
};

static bool
covered(const struct hs_scope *b, size_t sb, enum hs_scope_key key, struct hs_str value)
{
	for (size_t i = 0; i < hs_scope_values(b, sb, key); i++)
		if (hs_scope_value_under(key, value, hs_scope_value(b, sb, key, i)))
			return true;
	return false;
}

static struct missing
compare(const struct hs_scope *a, size_t sa, const struct hs_scope *b, size_t sb)
{
	struct missing m = {0};

	for (size_t k = 0; k < NKEYS; k++) {
		for (size_t i = 0; i < hs_scope_values(a, sa, keys[k].key); i++) {
			struct hs_str v = hs_scope_value(a, sa, keys[k].key, i);

			if (covered(b, sb, keys[k].key, v))
				continue;
			if (m.n++ == 0) {
				m.key = keys[k].name;
				m.value = v;
			}
		}
	}
	return m;
}

// Against the statement that comes closest.
static struct missing
closest(const struct hs_scope *a, size_t sa, const struct hs_scope *b)
{
	struct missing best = {.n = SIZE_MAX};

	for (size_t sb = 0; sb < hs_scope_statements(b); sb++) {
		struct missing m = compare(a, sa, b, sb);

		if (m.n < best.n)
			best = m;
	}
	return best;
}

// whose: "the touch allowed", or who else has what is in `has`.
static bool
head(const struct hs_scope *want, const struct hs_scope *has, const char *whose,
    struct hs_refusal *why)
{
	uint64_t uses = hs_scope_max_uses(has);

	if (hs_scope_max_ttl(want) > hs_scope_max_ttl(has)) {
		hs_fail(&why->err, HS_NO_CEILING,
		    "max-ttl %" PRIu64 " is more than %s, which is %" PRIu64,
		    hs_scope_max_ttl(want), whose, hs_scope_max_ttl(has));
		hs_refusal_remedy(
		    why, "ask for --ttl %" PRIu64 "s or less", hs_scope_max_ttl(has));
		return true;
	}
	if (hs_scope_max_uses(want) > uses) {
		hs_fail(&why->err, HS_NO_CEILING,
		    "%s %" PRIu64 " uses in all, and more were asked for", whose, uses);
		hs_refusal_remedy(why, "ask for --uses %" PRIu64 " or fewer", uses);
		return true;
	}
	if (hs_scope_drains(want) && !hs_scope_drains(has)) {
		hs_fail(&why->err, HS_NO_CEILING,
		    "on-end drain, so that what runs may finish after the end, is more "
		    "than "
		    "%s",
		    whose);
		hs_refusal_remedy(why, "ask without --on-end drain");
		return true;
	}
	return false;
}

// most: the deepest that would do.
static void
deep(const struct hs_scope *want, uint32_t has, uint32_t most, const char *than,
    struct hs_refusal *why)
{
	hs_fail(&why->err, HS_NO_CEILING, "depth %" PRIu32 " is %s, which is %" PRIu32,
	    hs_scope_depth(want), than, has);
	hs_refusal_remedy(why, "ask for --depth %" PRIu32 " or less", most);
}

// or: what else would help.
static void
statements(const struct hs_scope *want, const struct hs_scope *has, const char *whose,
    const char * or, struct hs_refusal *why)
{
	struct hs_buf may = {0};
	struct missing m = {0};

	for (size_t s = 0; m.n == 0 && s < hs_scope_statements(want); s++)
		m = closest(want, s, has);
	if (m.key != NULL)
		hs_fail(&why->err, HS_NO_CEILING, "%s %.*s is outside what %s", m.key,
		    (int)(m.value.len < 200 ? m.value.len : 200), (const char *)m.value.p,
		    whose);
	else
		hs_fail(&why->err, HS_NO_CEILING, "this is outside what %s", whose);
	hs_describe_scope_short(&may, has);
	hs_refusal_remedy(why, "ask within: %.*s%s%s", (int)(may.len < 300 ? may.len : 300),
	    may.p != NULL ? (const char *)may.p : "", may.len > 300 ? "…" : "", or);
	hs_buf_free(&may);
}

int
hs_explain_outside(
    const struct hs_scope *want, const struct hs_scope *ceiling, struct hs_refusal *why)
{
	static const char whose[] = "the touch allowed";
	uint32_t most = hs_scope_depth(ceiling);

	if (head(want, ceiling, whose, why))
		return HS_NO_CEILING;
	if (hs_scope_depth(want) > most)
		deep(want, most, most, "more than the touch allowed", why);
	else
		statements(want, ceiling, whose,
		    " — or have a person close this session and open one that names it",
		    why);
	return HS_NO_CEILING;
}

int
hs_explain_below(
    const struct hs_scope *want, const struct hs_scope *above, struct hs_refusal *why)
{
	static const char whose[] = "the seat above has";
	uint32_t has = hs_scope_depth(above);

	if (has == 0) {
		hs_fail(&why->err, HS_NO_CEILING,
		    "the seat above has depth 0, so there is none below it");
		hs_refusal_remedy(why, "have it made with --depth 1 or more");
	} else if (hs_scope_depth(want) >= has) {
		deep(want, has, has - 1, "not less than the seat above has", why);
	} else if (!head(want, above, whose, why)) {
		statements(want, above, whose, "", why);
	}
	return HS_NO_CEILING;
}
