// SPDX-License-Identifier: ISC
//
// `Publish` in a policy (docs/PROTOCOL.policy section 2): a command that brings lists of
// what is revoked to a server. Taken apart as shell words, run by nobody here and by no
// shell anywhere.
#include <stdlib.h>
#include <string.h>
#include "proto/policy_internal.h"

static bool
stands_already(const struct hs_policy *p, struct hs_str name)
{
	for (size_t i = 0; i < p->npublish; i++)
		if (hs_str_is(name, p->publish[i].name))
			return true;
	return false;
}

// %L and %K stand for folders, %% for itself.
static bool
signs_are_known(struct hs_str word)
{
	for (size_t i = 0; i < word.len; i++)
		if (word.p[i] == '%' &&
		    (++i == word.len ||
			(word.p[i] != 'L' && word.p[i] != 'K' && word.p[i] != '%')))
			return false;
	return true;
}

static void
take_words(struct policy_parser *x, struct hs_str rest, struct hs_policy_publish *out)
{
	struct hs_words words = {0};
	struct hs_err err = {0};
	struct hs_buf b = {0};

	if (hs_words_parse(rest, HS_POLICY_PUBLISH_WORDS, &words, &err) != HS_OK) {
		policy_refuse(x,
		    policy_at(x, rest.p + (err.column > 0 ? err.column - 1 : 0)), "%s",
		    hs_err_sentence(&err));
		goto out;
	}
	if (words.n == 0 || words.w[0].text.len == 0 || !policy_is_path(words.w[0].text)) {
		policy_refuse(x, policy_at(x, rest.p),
		    "a command begins with the absolute path of a program");
		goto out;
	}
	for (size_t i = 0; i < words.n; i++) {
		if (!signs_are_known(words.w[i].text)) {
			policy_refuse(x, policy_at(x, rest.p + words.w[i].column - 1),
			    "%% stands before L, K or %% here: the folder of lists, of "
			    "KRLs, "
			    "or itself");
			goto out;
		}
		if (i > 0)
			hs_put_u8(&b, ' ');
		hs_words_put(&b, words.w[i].text, i == 0);
	}
	if (hs_buf_err(&b) != HS_OK)
		policy_no_memory(x);
	else if (hs_str_copy(hs_buf_str(&b), out->words, sizeof(out->words)) != HS_OK)
		policy_refuse(x, policy_at(x, rest.p), "a command has at most %d bytes",
		    HS_POLICY_PUBLISH_MAX - 1);
out:
	hs_buf_free(&b);
	hs_words_free(&words);
}

void
policy_read_publish(struct policy_parser *x)
{
	struct hs_policy *p = x->p;
	struct hs_str name, rest;

	if (!policy_next(x, &name))
		return;
	rest = x->l.rest;
	x->l.rest.len = 0;
	if (!hs_text_is_agent_name(name))
		policy_refuse(x, policy_at(x, name.p),
		    "a name is a lower-case letter or digit and at most 31 more of them, "
		    "`.`, `_` and `-`");
	else if (stands_already(p, name))
		policy_refuse(x, policy_at(x, name.p), "this name stands here already");
	else if (rest.len == 0)
		policy_refuse(x, policy_at(x, name.p + name.len),
		    "a value is missing behind `%.*s`: absent means none", (int)name.len,
		    (const char *)name.p);
	else if (p->npublish == HS_POLICY_PUBLISHES_MAX)
		policy_refuse(x, policy_at(x, name.p), "there are more than %d of them",
		    HS_POLICY_PUBLISHES_MAX);
	else {
		(void)hs_str_copy(
		    name, p->publish[p->npublish].name, sizeof(p->publish[0].name));
		take_words(x, rest, &p->publish[p->npublish++]);
	}
}

bool
hs_policy_publish_same(const struct hs_policy *a, const struct hs_policy *b)
{
	if (a->npublish != b->npublish)
		return false;
	for (size_t i = 0; i < a->npublish; i++)
		if (strcmp(a->publish[i].name, b->publish[i].name) != 0 ||
		    strcmp(a->publish[i].words, b->publish[i].words) != 0)
			return false;
	return true;
}
