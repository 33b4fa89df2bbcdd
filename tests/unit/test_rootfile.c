// SPDX-License-Identifier: ISC
//
// Root files: the example of docs/PROTOCOL.helper both ways, and each keyword missing,
// repeated and out of its grammar, with the line and column that is told. OpenSSH's own
// file is in test_rootfile_openssh.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/rootfile.h"

#define KEY                                                                                \
	"sk-ssh-ed25519@openssh.com "                                                      \
	"AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAOhB7/"                              \
	"zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQS"                                                \
	"VTG4AAAADHNzaDpoYW5kc2VhbA=="
#define OTHER_APPLICATION /* ssh: */                                                       \
	"sk-ssh-ed25519@openssh.com "                                                      \
	"AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAOhB7/"                              \
	"zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQS"                                                \
	"VTG4AAAABHNzaDo="
#define PLAIN_KEY                                                                          \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"

static const char *const lines[] = {"Name blue", "Owner Anna", "Key " KEY, "Handle AAEC",
    "Created 1795485600", "AAGUID 2fc0579f-8113-47ea-b116-bb5a8db9202a", "Product YubiKey",
    "Attestation unverified", "Device softkey:/run/blue.sock", "Verify pin",
    "Simulated yes"};
#define LINES (sizeof lines / sizeof lines[0])

static bool
is_required(size_t i)
{
	return strncmp(lines[i], "Owner", 5) != 0 && strncmp(lines[i], "AAGUID", 6) != 0 &&
	       strncmp(lines[i], "Product", 7) != 0 &&
	       strncmp(lines[i], "Device", 6) != 0 && strncmp(lines[i], "Verify", 6) != 0;
}

// The lines with line `at` replaced (NULL: left out).
static void
put_lines(struct hs_buf *b, size_t at, const char *instead)
{
	for (size_t i = 0; i < LINES; i++) {
		const char *line = i == at ? instead : lines[i];

		if (line != NULL)
			hs_put_fmt(b, "%s\n", line);
	}
	assert_int_equal(hs_buf_err(b), HS_OK);
}

static void
refused_at(struct hs_str text, unsigned line, unsigned column, const char *what)
{
	struct hs_root_record r = {.name = "untouched"};
	struct hs_err err = {0};

	if (hs_rootfile_parse(text, &r, &err) != HS_ERR_CONFIG ||
	    hs_rootfile_parse(text, &r, NULL) != HS_ERR_CONFIG || err.line != line ||
	    err.column != column || strstr(err.text, what) == NULL)
		fail_msg("%.*s\n-> %u:%u %s, not %u:%u %s", (int)text.len,
		    (const char *)text.p, err.line, err.column, err.text, line, column,
		    what);
	assert_int_equal(err.code, HS_ERR_CONFIG);
	assert_string_equal(r.name, "untouched");
}

// ---- the example

static void
read_example(struct hs_buf *out)
{
	const char *src = getenv("HS_SRC");
	char path[4096], line[1024];
	bool in = false;
	FILE *f;

	snprintf(path, sizeof path, "%s/docs/PROTOCOL.helper", src != NULL ? src : ".");
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL) {
		if (in && line[0] != '\t')
			break;
		if (in)
			hs_put_raw(out, line + 1, strlen(line + 1));
		if (strcmp(line, "\texample root-file\n") == 0)
			in = true;
	}
	fclose(f);
	assert_true(out->len > 0);
}

static void
the_example_is_written_and_read(void **state)
{
	static const uint8_t aaguid[16] = {0x2f, 0xc0, 0x57, 0x9f, 0x81, 0x13, 0x47, 0xea,
	    0xb1, 0x16, 0xbb, 0x5a, 0x8d, 0xb9, 0x20, 0x2a};
	struct hs_root_record made = {.name = "blue",
	    .owner = "Anna Berg <anna@example.com>",
	    .key = {.type = HS_KT_SK_ED25519, .publen = 32, .application = "ssh:handseal"},
	    .handle_len = 32,
	    .created = 1795485600,
	    .has_aaguid = true,
	    .product = "YubiKey 5C NFC",
	    .attestation = "unverified"};
	struct hs_buf want = {0}, got = {0};
	struct hs_root_record read = {0};
	uint8_t seed[32], secret[64];

	(void)state;
	for (uint8_t i = 0; i < 32; i++) {
		seed[i] = i;
		made.handle[i] = (uint8_t)(0xa0 + i);
	}
	memcpy(made.aaguid, aaguid, sizeof aaguid);
	crypto_sign_seed_keypair(made.key.pub, secret, seed);
	hs_rootfile_put(&got, &made);
	read_example(&want);
	assert_int_equal(got.len, want.len);
	assert_memory_equal(got.p, want.p, want.len);
	assert_int_equal(hs_rootfile_parse(hs_buf_str(&want), &read, NULL), HS_OK);
	hs_buf_reset(&got);
	hs_rootfile_put(&got, &read);
	assert_true(hs_str_eq(hs_buf_str(&got), hs_buf_str(&want)));
	assert_true(hs_key_eq(&read.key, &made.key));
	hs_buf_free(&want);
	hs_buf_free(&got);
}

// ---- what is right

static void
all_keywords_are_read_in_any_order(void **state)
{
	struct hs_root_record a = {0}, b = {0};
	struct hs_buf text = {0}, back = {0};

	(void)state;
	put_lines(&text, LINES, NULL);
	assert_int_equal(hs_rootfile_parse(hs_buf_str(&text), &a, NULL), HS_OK);
	assert_string_equal(a.name, "blue");
	assert_string_equal(a.owner, "Anna");
	assert_int_equal(a.key.type, HS_KT_SK_ED25519);
	assert_int_equal(a.handle_len, 3);
	assert_memory_equal(a.handle, "\0\1\2", 3);
	assert_int_equal(a.created, 1795485600);
	assert_true(a.has_aaguid);
	assert_int_equal(a.aaguid[0], 0x2f);
	assert_int_equal(a.aaguid[15], 0x2a);
	assert_string_equal(a.product, "YubiKey");
	assert_string_equal(a.attestation, "unverified");
	assert_string_equal(a.device, "softkey:/run/blue.sock");
	assert_true(a.simulated);
	assert_true(a.verify);
	hs_buf_reset(&text);
	hs_put_fmt(&text, "# a comment\n\n");
	for (size_t i = LINES; i > 0; i--)
		hs_put_fmt(&text, "%s\n\n#\n", lines[i - 1]);
	assert_int_equal(hs_rootfile_parse(hs_buf_str(&text), &b, NULL), HS_OK);
	hs_rootfile_put(&back, &b);
	hs_buf_reset(&text);
	put_lines(&text, LINES, NULL);
	assert_true(hs_str_eq(hs_buf_str(&text), hs_buf_str(&back)));
	hs_buf_free(&text);
	hs_buf_free(&back);
}

static void
optional_lines_may_be_absent(void **state)
{
	struct hs_buf text = {0}, back = {0};
	struct hs_root_record r = {0};

	(void)state;
	for (size_t i = 0; i < LINES; i++)
		if (is_required(i))
			hs_put_fmt(&text, "%s\n", lines[i]);
	r.verify = true;
	assert_int_equal(hs_rootfile_parse(hs_buf_str(&text), &r, NULL), HS_OK);
	assert_string_equal(r.owner, "");
	assert_string_equal(r.product, "");
	assert_string_equal(r.device, "");
	assert_false(r.has_aaguid);
	assert_false(r.verify);
	hs_buf_reset(&text);
	for (size_t i = 0; i < LINES; i++)
		if (is_required(i) || i == 9)
			hs_put_fmt(&text, "%s\n", i == 9 ? "Verify touch" : lines[i]);
	hs_rootfile_put(&back, &r);
	assert_true(hs_str_eq(hs_buf_str(&text), hs_buf_str(&back)));
	hs_buf_free(&text);
	hs_buf_free(&back);
}

static void
values_at_their_limits_are_taken(void **state)
{
	static const struct {
		size_t at, len; // len bytes of x behind front
		const char *front;
	} cases[] = {{0, 32, "Name "}, {1, 128, "Owner "}, {6, 64, "Product "},
	    {8, 99, "Device softkey:"}};
	char line[256];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct hs_buf text = {0};
		struct hs_root_record r;
		size_t n = strlen(cases[i].front);

		memcpy(line, cases[i].front, n);
		memset(line + n, 'x', cases[i].len + 1);
		line[n + cases[i].len] = '\0';
		put_lines(&text, cases[i].at, line);
		assert_int_equal(hs_rootfile_parse(hs_buf_str(&text), &r, NULL), HS_OK);
		hs_buf_reset(&text);
		line[n + cases[i].len] = 'x';
		line[n + cases[i].len + 1] = '\0';
		put_lines(&text, cases[i].at, line);
		refused_at(hs_buf_str(&text), (unsigned)cases[i].at + 1,
		    cases[i].at == 8 ? 8 : (unsigned)n + 1, "");
		hs_buf_free(&text);
	}
}

static void
a_handle_has_a_limit(void **state)
{
	struct hs_buf text = {0}, line = {0};
	struct hs_root_record r = {0};

	(void)state;
	for (size_t n = 1024; n <= 1025; n++) { // 1024 bytes, then 1025
		hs_buf_reset(&line);
		hs_buf_reset(&text);
		hs_put_fmt(&line, "Handle ");
		for (size_t i = 0; i < 1364; i++)
			hs_put_u8(&line, 'A');
		hs_put_fmt(&line, "%s", n == 1024 ? "AA==" : "AAA=");
		hs_put_u8(&line, 0);
		put_lines(&text, 3, (const char *)line.p);
		if (n == 1024)
			assert_int_equal(
			    hs_rootfile_parse(hs_buf_str(&text), &r, NULL), HS_OK);
		else
			refused_at(hs_buf_str(&text), 4, 8, "1 to 1024 bytes");
	}
	assert_int_equal(r.handle_len, 1024);
	hs_buf_free(&text);
	hs_buf_free(&line);
}

// ---- what is wrong

static void
a_missing_keyword_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < LINES; i++) {
		struct hs_buf text = {0};
		char word[32] = "", what[64];

		if (!is_required(i))
			continue;
		memcpy(word, lines[i], strcspn(lines[i], " "));
		snprintf(what, sizeof what, "there is no line %s", word);
		put_lines(&text, i, NULL);
		refused_at(hs_buf_str(&text), LINES, 1, what);
		hs_buf_free(&text);
	}
	refused_at(hs_str_c(""), 1, 1, "no line Name");
	refused_at(hs_str_c("# nothing\n"), 2, 1, "no line Name");
}

static void
a_repeated_keyword_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < LINES; i++) {
		struct hs_buf text = {0};

		put_lines(&text, LINES, NULL);
		hs_put_fmt(&text, "%s\n", lines[i]);
		refused_at(hs_buf_str(&text), LINES + 1, 1, "stands in an earlier line");
		hs_buf_free(&text);
	}
}

static const struct {
	size_t at;
	const char *line;
	unsigned column;
	const char *what;
} wrong[] = {
    {0, "Nam blue", 1, "no keyword `Nam`"},
    {0, "name blue", 1, "no keyword `name`"},
    {0, "Names blue", 1, "no keyword `Names`"},
    {0, "Name\tblue", 5, "control"},
    {0, " Name blue", 1, "no keyword ``"},
    {0, "Name", 5, "one blank and a value"},
    {0, "Name ", 5, "one blank and a value"},
    {0, "Name  blue", 6, "no blanks around"},
    {0, "Name blue ", 6, "no blanks around"},
    {0, "Name blue\r", 10, "control"},
    {0, "Name blue\x1b[2J", 10, "control"},
    {0, "Name .blue", 6, "Name is"},
    {0, "Name a/b", 6, "Name is"},
    {0, "Name ..", 6, "Name is"},
    {0, "Name bl\xc3\xbc", 6, "Name is"},
    {1, "Owner A\xff", 8, "not UTF-8"},
    {1, "Owner A\xe2\x80\xae", 8, "invisible"},
    {1, "Owner", 6, "one blank"},
    {2, "Key", 4, "one blank"},
    {2, "Key ssh-ed25519", 5, "Key is a public key"},
    {2, "Key sk-ssh-ed25519@openssh.com AAAA", 5, "Key is a public key"},
    {2, "Key " KEY " comment", 5, "Key is a public key"},
    {2, "Key " PLAIN_KEY, 5, "not a security key"},
    {2, "Key " OTHER_APPLICATION, 5, "another application"},
    {3, "Handle A", 8, "Handle is base64"},
    {3, "Handle AA", 8, "Handle is base64"},
    {3, "Handle AAE!", 8, "Handle is base64"},
    {3, "Handle AAF=", 8, "Handle is base64"},
    {3, "Handle ====", 8, "Handle is base64"},
    {3, "Handle AAEC AAEC", 8, "Handle is base64"},
    {4, "Created 0", 9, "Created is"},
    {4, "Created -1", 9, "Created is"},
    {4, "Created 01", 9, "Created is"},
    {4, "Created 9223372036854775808", 9, "Created is"},
    {4, "Created now", 9, "Created is"},
    {5, "AAGUID 2fc0579f-8113-47ea-b116-bb5a8db9202", 8, "AAGUID is"},
    {5, "AAGUID 2fc0579f-8113-47ea-b116-bb5a8db9202aa", 8, "AAGUID is"},
    {5, "AAGUID 2FC0579f-8113-47ea-b116-bb5a8db9202a", 8, "AAGUID is"},
    {5, "AAGUID 2fc0579f08113-47ea-b116-bb5a8db9202a", 8, "AAGUID is"},
    {5, "AAGUID 2fc0579-f8113-47ea-b116-bb5a8db9202a", 8, "AAGUID is"},
    {5, "AAGUID 2fc0579f-8113-47ea-b116-bb5a8db9202g", 8, "AAGUID is"},
    {7, "Attestation", 12, "one blank"},
    {7, "Attestation trusted", 13, "Attestation is"},
    {7, "Attestation None", 13, "Attestation is"},
    {8, "Device /dev/hidraw0", 8, "Device is softkey:PATH"},
    {8, "Device softkey:", 8, "Device is softkey:PATH"},
    {8, "Device Softkey:/x", 8, "Device is softkey:PATH"},
    {9, "Verify", 7, "one blank"},
    {9, "Verify Pin", 8, "Verify is pin or touch"},
    {9, "Verify pins", 8, "Verify is pin or touch"},
    {9, "Verify touc", 8, "Verify is pin or touch"},
    {10, "Simulated", 10, "one blank"},
    {10, "Simulated true", 11, "Simulated is yes or no"},
    {10, "Simulated ye", 11, "Simulated is yes or no"},
};

static void
wrong_lines_are_refused_where_they_stand(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct hs_buf text = {0};

		put_lines(&text, wrong[i].at, wrong[i].line);
		refused_at(hs_buf_str(&text), (unsigned)wrong[i].at + 1, wrong[i].column,
		    wrong[i].what);
		hs_buf_free(&text);
	}
}

static void
a_software_key_says_so(void **state)
{
	struct hs_buf text = {0};

	(void)state;
	put_lines(&text, 10, "Simulated no");
	refused_at(hs_buf_str(&text), LINES + 1, 1, "is simulated");
	hs_buf_free(&text);
}

static void
a_nul_is_refused(void **state)
{
	struct hs_buf text = {0};

	(void)state;
	put_lines(&text, LINES, NULL);
	text.p[7] = 0; // in the name
	refused_at(hs_buf_str(&text), 1, 8, "control");
	hs_buf_free(&text);
}

static void
a_file_cut_anywhere_is_refused(void **state)
{
	struct hs_buf text = {0};
	struct hs_root_record r;

	(void)state;
	put_lines(&text, LINES, NULL);
	for (size_t n = 0; n < text.len; n++)
		assert_int_equal(
		    hs_rootfile_parse((struct hs_str){text.p, n}, &r, NULL), HS_ERR_CONFIG);
	refused_at((struct hs_str){text.p, text.len - 1}, LINES, 14, "cut off");
	hs_put_u8(&text, '\n');
	assert_int_equal(hs_rootfile_parse(hs_buf_str(&text), &r, NULL), HS_OK);
	hs_put_u8(&text, 'x');
	refused_at(hs_buf_str(&text), LINES + 2, 2, "cut off");
	hs_buf_free(&text);
}

static void
a_file_has_a_limit(void **state)
{
	struct hs_buf text = {0};
	struct hs_root_record r;

	(void)state;
	put_lines(&text, LINES, NULL);
	while (text.len < HS_ROOTFILE_MAX)
		hs_put_u8(&text, '\n');
	assert_int_equal(hs_rootfile_parse(hs_buf_str(&text), &r, NULL), HS_OK);
	hs_put_u8(&text, '\n');
	refused_at(hs_buf_str(&text), 1, 1, "at most 16384 bytes");
	hs_buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_example_is_written_and_read),
	    cmocka_unit_test(all_keywords_are_read_in_any_order),
	    cmocka_unit_test(optional_lines_may_be_absent),
	    cmocka_unit_test(values_at_their_limits_are_taken),
	    cmocka_unit_test(a_handle_has_a_limit),
	    cmocka_unit_test(a_missing_keyword_is_named),
	    cmocka_unit_test(a_repeated_keyword_is_refused),
	    cmocka_unit_test(wrong_lines_are_refused_where_they_stand),
	    cmocka_unit_test(a_software_key_says_so),
	    cmocka_unit_test(a_nul_is_refused),
	    cmocka_unit_test(a_file_cut_anywhere_is_refused),
	    cmocka_unit_test(a_file_has_a_limit),
	};

	if (sodium_init() < 0)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
