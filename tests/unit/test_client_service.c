// SPDX-License-Identifier: ISC
//
// Goal of this test: hs_verify admits what the chain, the proof and the service's own words
// hold up, says who it is, and for the rest why not (rule2, rule9); what is proven by a
// signature is proven for this service alone. Whom it trusts is in
// test_client_service_trust.c, lists are in test_client_service_lists.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "proto/sshsig.h"
#include "proto/text.h"
#include "tests/lib/service.h"

#define COMMA ,

static void
who(void **state)
{
	const struct hs_verify_answer *a = service_asked();
	char fp[HS_FINGERPRINT_LEN + 1];

	(void)state;
	assert_int_equal(a->verdict, HS_VERIFY_ADMITTED);
	hs_key_fingerprint(&chains.root.key, fp);
	assert_string_equal(a->root, fp);
	assert_string_equal(a->root_comment, "Anna's blue");
	assert_string_equal(a->agent, "claude");
	assert_string_equal(a->origin, "local");
	hs_key_fingerprint(&chains.agent.key, fp);
	assert_string_equal(a->key, fp);
	assert_string_equal(a->key_id, "handseal:20259320c16a21ad:1:claude");
	assert_string_equal(a->session, "20259320c16a21ad");
	assert_string_equal(a->scope, SERVICE_SCOPE);
	assert_true(a->serial == 1 && a->nlineage == 0 && !a->direct && !a->verified);
	assert_true(a->made == CHAINS_MADE + 600 && a->until == CHAINS_MADE + 1500);
	assert_non_null(strstr(a->about, a->key_id));
	assert_false(a->waived);
}

// ---- what is asked

static void
logins(void **state)
{
	static const char *const id[] = {"id", "-u"};
	static const char *const more[] = {"id", "-u", "root"};

	(void)state;
	service.ask.user = "deploy";
	service.ask.addr = "192.0.2.7";
	service.ask.what = HS_VERIFY_LOGIN;
	ADMITTED();
	service.ask.user = "root";
	REFUSED("root-not-for-user");
	service.ask.user = "deploy";
	service.ask.addr = "198.51.100.7";
	REFUSED("address-outside-scope");
	service.ask.addr = "anywhere";
	REFUSED("address-outside-scope");
	service.ask.addr = "::ffff:192.0.2.7";
	ADMITTED();
	service.ask.nhosts = 1;
	REFUSED("host-outside-scope");
	service.ask.nhosts = 0;
	REFUSED("host-outside-scope");
	service.ask.nhosts = 2;
	service.ask.what = HS_VERIFY_SHELL;
	REFUSED("command-outside-scope");
	service.ask.what = HS_VERIFY_SFTP;
	REFUSED("command-outside-scope");
	service.ask.what = HS_VERIFY_FORWARD;
	service.ask.value = "db.example.com:5432";
	REFUSED("outside-scope");
	service.ask.what = HS_VERIFY_COMMAND;
	service.ask.words = id;
	service.ask.nwords = 2;
	ADMITTED();
	service.ask.terminal = 1;
	REFUSED("pty-outside-scope");
	service.ask.terminal = 0;
	service.ask.nwords = 1;
	REFUSED("command-outside-scope");
	service.ask.words = more;
	service.ask.nwords = 3;
	REFUSED("command-outside-scope");
}

static void
rule2_caps(void **state)
{
	(void)state;
	service.ask.value = "write:repo/acme/web";
	REFUSED("root-not-for-cap");
	service.ask.value = "read:repo/other/web";
	REFUSED("outside-scope");
	assert_non_null(strstr(service_asked()->remedy, "handseal request"));
	service.ask.value = "read:repo/acme/**"; // a pattern asks for nothing
	REFUSED("outside-scope");
	service.ask.value = "read:*";
	REFUSED("outside-scope");
	service.ask.value = "read:repo/acme/web/x";
	ADMITTED();
	service_trusts("users=\"*,root\"", &chains.root.key);
	REFUSED("root-not-for-cap");
}

// What one statement allows at one service and another at another is no more together.
static void
rule2_one_statement(void **state)
{
	static const struct hs_buf none;

	(void)state;
	service_certified(chains_delegation(&none, NULL),
	    "max-ttl 900\nmax-uses *\n\ncap read:repo/acme/web\nns a@b.example\n\ncap "
	    "read:wiki\nns " SERVICE_NS "\n");
	REFUSED("outside-scope");
	assert_non_null(strstr(service_asked()->sentence, SERVICE_NS));
	service.ask.value = "read:wiki";
	ADMITTED();
	service.ask.value = "read:repo/acme/web";
	service.ask.proof = HS_VERIFY_PROVEN_ELSEWHERE; // by no namespace
	ADMITTED();
}

static void
signatures(void **state)
{
	static const struct hs_buf none;

	(void)state;
	service_certified(chains_delegation(&none, NULL), SERVICE_SCOPE "\nns git\n");
	service_proven(&chains.agent, "git", hs_buf_str(&service.certificate), false);
	service.ask.what = HS_VERIFY_SIGNATURE;
	service.ask.ns = "git";
	ADMITTED();
	service.ask.message = service_text("");
	REFUSED("message-signature");
	service_proven(&chains.agent, "file", hs_buf_str(&service.certificate), false);
	REFUSED("wrong-namespace");
	service_proven(&chains.session, "git", hs_buf_str(&service.certificate), false);
	REFUSED("message-signature");
	service_proven(&chains.agent, "git", hs_buf_str(&service.certificate), false);
	service.ask.message = service_text(SERVICE_CHALLENGE);
	service.ask.proof = HS_VERIFY_PROVEN_ELSEWHERE;
	REFUSED("usage");
	service.ask.message = service_text("");
	REFUSED("usage");
	service.ask.signature = service.ask.message;
	ADMITTED();
	service_certified(chains_delegation(&none, NULL), SERVICE_SCOPE);
	REFUSED("outside-scope");
	service.ask.ns = "audit@handseal.alt";
	REFUSED("usage");
}

// ---- questions that are none

static void
rule2_what_is_left_out(void **state)
{
	struct hs_verify_answer a;

	(void)state;
#define MISUSED(change)                                                                    \
	do {                                                                               \
		struct hs_verify_ask kept = service.ask;                                   \
		change;                                                                    \
		REFUSED("usage");                                                          \
		assert_int_equal(service_asked()->verdict, HS_VERIFY_MISUSED);             \
		service.ask = kept;                                                        \
	} while (0)
	MISUSED(service.ask.proof = HS_VERIFY_UNPROVEN);
	MISUSED(service.ask.proof = 3);
	MISUSED(service.ask.what = HS_VERIFY_NOTHING);
	MISUSED(service.ask.what = HS_VERIFY_SIGNATURE + 1);
	MISUSED(service.ask.what = -1);
	MISUSED(service.ask.value = NULL);
	MISUSED(service.ask.value = "");
	MISUSED(service.ask.lists_needed = 3);
	MISUSED(service.ask.lists_needed = -1);
	MISUSED(service.ask.nlists = 1);
	MISUSED(service.ask.nseen = 1);
	MISUSED(service.ask.hosts = NULL);
	MISUSED(service.ask.nhosts = 33);
	MISUSED(service.ask.hosts =
		    (const char *const[]){"svc.example.com" COMMA "*.example.com"});
	MISUSED(service.ask.hosts = (const char *const[]){"svc.example.com" COMMA "*"});
	MISUSED(service.ask.hosts = (const char *const[]){"svc.example.com" COMMA "Web1"});
	MISUSED(service.ask.hosts = (const char *const[]){"svc.example.com" COMMA NULL});
	service.ask.what = HS_VERIFY_LOGIN;
	MISUSED(service.ask.addr = "192.0.2.7");
	service.ask.user = "deploy";
	MISUSED(service.ask.addr = NULL);
	service.ask.addr = "192.0.2.7";
	service.ask.what = HS_VERIFY_COMMAND;
	MISUSED(service.ask.nwords = 0);
	MISUSED(service.ask.nwords = 1);
	service.ask.words = (const char *const[]){NULL};
	MISUSED(service.ask.nwords = 1);
	MISUSED(service.ask.nwords = 1025);
	service.ask.what = HS_VERIFY_LOGIN;
	ADMITTED();
	memset(&a, 0, sizeof a);
	assert_int_equal(hs_verify(&service.ask, &a), 0); // no size
	a.size = sizeof a;
	assert_int_equal(hs_verify(NULL, &a), 0);
	assert_int_equal(hs_verify(&service.ask, NULL), 0);
	service.ask.size--;
	assert_int_equal(hs_verify(&service.ask, &a), 0);
	assert_int_equal(a.verdict, HS_VERIFY_REFUSED);
}

// ---- the proof

static void
rule1_namespaces(void **state)
{
	static const char *const none[] = {NULL, "", "git", "file", "*", "@svc.example.com",
	    "login@", "a@b@c", "login@handseal.alt", "login@svc example"};

	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		service.ask.ns = none[i];
		if (none[i] != NULL)
			service_proven(&chains.agent, none[i],
			    hs_buf_str(&service.certificate), false);
		if (i != 1) // no signature is in an empty one
			REFUSED("usage");
	}
	// in the service's own, but not in the scope
	service.ask.ns = "login@other.example.com";
	service_proven(
	    &chains.agent, service.ask.ns, hs_buf_str(&service.certificate), false);
	REFUSED("outside-scope");
	// another service's answer, passed on
	service.ask.ns = SERVICE_NS;
	REFUSED("no-proof");
	service_proven(&chains.agent, SERVICE_NS, hs_buf_str(&service.certificate), false);
	ADMITTED();
}

static void
rule1_challenges(void **state)
{
	(void)state;
	service.ask.message = service_text("0123456789abcdeg");
	REFUSED("no-proof");
	service.ask.message = service_text("0123456789abcde");
	REFUSED("usage");
	service.ask.message = (struct hs_verify_bytes){NULL, 16};
	REFUSED("usage");
}

static void
keys_of_the_proof(void **state)
{
	struct hs_buf key = {0}, own = {0};
	struct hs_delegation_spec d;
	static const struct hs_buf none;
	struct hs_mint stranger;

	(void)state;
	hs_key_put(&key, &chains.agent.key);
	service_proven(&chains.agent, SERVICE_NS, hs_buf_str(&key), false);
	ADMITTED(); // the key alone
	service.ask.certificate = (struct hs_verify_bytes){0};
	REFUSED("not-ours"); // a key is no certificate
	service_proven(&chains.agent, SERVICE_NS, hs_buf_str(&service.certificate), true);
	ADMITTED(); // in the signature, by the other hash
	// a newer certificate over the same key stands in it
	hs_put_raw(&own, service.certificate.p, service.certificate.len);
	d = chains_delegation(&none, NULL);
	d.serial = 2;
	service_certified(d, SERVICE_SCOPE);
	service_proven(&chains.agent, SERVICE_NS, hs_buf_str(&own), false);
	assert_int_equal(service_asked()->serial, 2);
	// a stranger's signature, whatever it names
	assert_int_equal(hs_mint_make(&stranger, HS_KT_ED25519), HS_OK);
	service_proven(&stranger, SERVICE_NS, hs_buf_str(&service.certificate), false);
	REFUSED("no-proof");
	hs_buf_reset(&key);
	hs_key_put(&key, &stranger.key);
	service_proven(&stranger, SERVICE_NS, hs_buf_str(&key), false);
	REFUSED("no-proof");
	service_proven(&stranger, SERVICE_NS, (struct hs_str){0}, false);
	REFUSED("no-proof");
	// of the session's key, which signs certificates
	service_proven(
	    &chains.session, SERVICE_NS, hs_buf_str(&service.certificate), false);
	REFUSED("no-proof");
	hs_buf_free(&key);
	hs_buf_free(&own);
}

static void
rule10_every_byte(void **state)
{
	(void)state;
	// but for the certificate in it, which is only looked at for its key
	for (size_t i = 0; i < service.proof.len; i++) {
		service.proof.p[i] ^= 1;
		if (i < 14 || i >= 14 + service.certificate.len)
			assert_string_not_equal(service_code(), "");
		service.proof.p[i] ^= 1;
		service.ask.signature.len = i;
		assert_string_not_equal(service_code(), "");
		service.ask.signature.len = service.proof.len;
	}
	for (size_t i = 0; i < service.certificate.len; i++) {
		service.certificate.p[i] ^= 1;
		assert_string_not_equal(service_code(), "");
		service.certificate.p[i] ^= 1;
		service.ask.certificate.len = i;
		if (i > 0)
			assert_string_not_equal(service_code(), "");
		service.ask.certificate.len = service.certificate.len;
	}
	ADMITTED();
}

static void
texts(void **state)
{
	struct hs_buf line = {0}, armoured = {0};

	(void)state;
	hs_put_fmt(&line, "ssh-ed25519-cert-v01@openssh.com ");
	hs_text_put_base64(&line, hs_buf_str(&service.certificate));
	hs_put_fmt(&line, " agent\n");
	hs_sshsig_put_text(&armoured, hs_buf_str(&service.proof));
	service.ask.certificate = service_bytes(&line);
	service.ask.signature = service_bytes(&armoured);
	ADMITTED();
	line.len -= strlen(" agent\n") + 4;
	service.ask.certificate = service_bytes(&line);
	assert_string_not_equal(service_code(), "");
	hs_buf_free(&line);
	hs_buf_free(&armoured);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, service_begin, service_end)
	const struct CMUnitTest tests[] = {T(who), T(logins), T(rule2_caps),
	    T(rule2_one_statement), T(signatures), T(rule2_what_is_left_out),
	    T(rule1_namespaces), T(rule1_challenges), T(keys_of_the_proof),
	    T(rule10_every_byte), T(texts)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("service", tests, lists_make, NULL);
}
