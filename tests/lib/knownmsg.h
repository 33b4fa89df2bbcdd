// SPDX-License-Identifier: ISC
//
// The messages of docs/PROTOCOL.knownhosts' examples, to be changed first where a test
// wants another, and put and parsed at once. For cmocka tests.
#ifndef HS_TESTS_KNOWNMSG_H
#define HS_TESTS_KNOWNMSG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/knownhosts.h"
#include "tests/lib/mint.h"
#include "tests/lib/page.h"

#define PAGE "PROTOCOL.knownhosts"

static struct hs_knownhosts_request req, req_again;
static struct hs_knownhosts_answer ans, ans_again;
static struct hs_buf key, other_key;

static inline struct hs_str
S(const char *s) {
	return hs_str_c(s);
}

static inline int
make(void **state)
{
	struct hs_mint m;
	uint8_t seed[32];

	(void)state;
	for (size_t i = 0; i < sizeof seed; i++)
		seed[i] = (uint8_t)i;
	assert_int_equal(hs_mint_ed25519(&m, HS_KT_ED25519, seed), HS_OK);
	hs_key_put(&key, &m.key);
	seed[0]++;
	assert_int_equal(hs_mint_ed25519(&m, HS_KT_ED25519, seed), HS_OK);
	hs_key_put(&other_key, &m.key);
	req = (struct hs_knownhosts_request){.files = {S("/home/anna/.ssh/known_hosts")},
	    .nfiles = 1,
	    .hosts = {S("*.db.example.com"), S("web1.example.com")},
	    .nhosts = 2,
	    .ports = {2222},
	    .nports = 1};
	memset(&ans, 0, sizeof ans);
	ans.v[0] = (struct hs_knownhosts_entry){
	    HS_KNOWNHOSTS_REVOKED, hs_buf_str(&other_key), S("web1.example.com")};
	ans.v[1] = (struct hs_knownhosts_entry){
	    HS_KNOWNHOSTS_KEY, hs_buf_str(&key), S("web1.example.com")};
	ans.v[2] = (struct hs_knownhosts_entry){
	    HS_KNOWNHOSTS_CA, hs_buf_str(&other_key), S("*.db.example.com")};
	ans.n = 3;
	ans.warnings[0] =
	    S("/home/anna/.ssh/known_hosts:7: the key cannot be read, and is not used");
	ans.nwarnings = 1;
	return 0;
}

static inline int
drop(void **state)
{
	(void)state;
	hs_buf_free(&key);
	hs_buf_free(&other_key);
	return 0;
}

static inline int
put_and_parse_request(void)
{
	struct hs_buf b = {0};
	int rc;

	hs_knownhosts_request_put(&b, &req);
	assert_int_equal(hs_buf_err(&b), HS_OK);
	rc = hs_knownhosts_request_parse(hs_buf_str(&b), &req_again);
	hs_buf_free(&b);
	return rc;
}

static inline int
put_and_parse_answer(void)
{
	struct hs_buf b = {0};
	int rc;

	hs_knownhosts_answer_put(&b, &ans);
	assert_int_equal(hs_buf_err(&b), HS_OK);
	rc = hs_knownhosts_answer_parse(hs_buf_str(&b), &ans_again);
	hs_buf_free(&b);
	return rc;
}

static inline void
fail_answer(void)
{
	memset(&ans, 0, sizeof ans);
	ans.code = HS_ERR_TRAILING;
	ans.sentence = S("there is more than one request");
}

#endif
