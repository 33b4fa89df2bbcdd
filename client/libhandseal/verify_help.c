// SPDX-License-Identifier: ISC
//
// What a service needs around hs_verify: are its roots right, which session is a list or a
// certificate of, which words are a command. Contract in handseal-verify.h.
#include <stdio.h>
#include <string.h>
#include "client/libhandseal/verify.h"
#include "proto/command.h"
#include "proto/rlist.h"

static void
tell(char *sentence, size_t size, const struct hs_err *err)
{
	if (sentence == NULL || size == 0)
		return;
	if (err->code == HS_OK)
		sentence[0] = '\0';
	else
		(void)snprintf(sentence, size, "%s", hs_err_sentence(err));
}

static void
first_bad(void *arg, const struct hs_err *err)
{
	struct hs_err *first = arg;

	if (first->code == HS_OK)
		*first = *err;
}

unsigned
hs_verify_roots(struct hs_verify_bytes text, char *sentence, size_t size)
{
	struct hs_roots roots = {0};
	struct hs_err err = {0};
	int rc = hs_roots_parse(hs_verify_view(text), &roots, first_bad, &err);

	if (rc != HS_OK) // all of it
		(void)hs_fail_at(&err, (enum hs_code)rc, 1, 1, "%s", "");
	hs_roots_free(&roots);
	tell(sentence, size, &err);
	return err.code == HS_OK ? 0 : err.line;
}

static int
check_list(struct hs_str blob, const struct hs_roots *roots, char session[static 17],
    struct hs_err *err)
{
	struct hs_list list = {0};
	struct hs_rlist of_root;
	int rc;

	if (hs_rlist_is(blob)) {
		rc = hs_rlist_parse(blob, &of_root, err);
		return rc == HS_OK ? hs_rlist_check(&of_root, roots, err) : rc;
	}
	rc = hs_list_parse(blob, &list, err);
	if (rc == HS_OK)
		rc = hs_list_check(&list, roots, err);
	if (rc == HS_OK)
		memcpy(session, list.revoker.session, HS_SESSION_ID_LEN + 1);
	hs_list_free(&list);
	return rc;
}

int
hs_verify_list(struct hs_verify_bytes bytes, struct hs_verify_bytes text, char session[17],
    char *sentence, size_t size)
{
	struct hs_roots roots = {0};
	struct hs_err err = {0};
	int rc = hs_roots_parse(hs_verify_view(text), &roots, NULL, NULL);

	session[0] = '\0';
	if (rc == HS_OK)
		rc = check_list(hs_verify_view(bytes), &roots, session, &err);
	err.code = (enum hs_code)rc;
	hs_roots_free(&roots);
	tell(sentence, size, &err);
	return rc == HS_OK;
}

int
hs_verify_session(struct hs_verify_bytes certificate, char session[17])
{
	struct hs_buf blob = {0};
	struct hs_cert cert;
	int has = 0;

	session[0] = '\0';
	if (hs_verify_blob(hs_verify_view(certificate), &blob, NULL) == HS_OK &&
	    hs_cert_parse(hs_buf_str(&blob), &cert) == HS_OK &&
	    cert.ca.type == HS_KT_ED25519) {
		hs_session_id(&cert.ca, session);
		has = 1;
	}
	hs_buf_free(&blob);
	return has;
}

static int
keep_words(const struct hs_command *c, char *memory, size_t left, char **words, size_t max,
    struct hs_err *err)
{
	if (c->n >= max)
		return hs_fail(err, HS_ERR_TOO_LONG, "the command has too many words");
	for (size_t i = 0; i < c->n; i++) {
		struct hs_str w = c->list[i];

		if (w.len >= left)
			return hs_fail(err, HS_ERR_TOO_LONG, "the command is too long");
		words[i] = memory;
		if (w.len > 0)
			memcpy(memory, w.p, w.len);
		memory[w.len] = '\0';
		memory += w.len + 1;
		left -= w.len + 1;
	}
	words[c->n] = NULL;
	return HS_OK;
}

size_t
hs_verify_words(const char *command, size_t len, char *memory, size_t memory_size,
    char **words, size_t max, char *sentence, size_t size)
{
	struct hs_str text = {(const uint8_t *)command, command != NULL ? len : 0};
	struct hs_command c;
	struct hs_err err = {0};
	size_t n;
	int rc = hs_command_take(text, &c, &err);

	if (rc == HS_OK)
		rc = keep_words(&c, memory, memory_size, words, max, &err);
	n = rc == HS_OK ? c.n : 0;
	hs_command_free(&c);
	err.code = (enum hs_code)rc;
	tell(sentence, size, &err);
	return n;
}
