// SPDX-License-Identifier: ISC
//
// Root files: the keyword lines in which an enrolled key is kept (docs/PROTOCOL.helper,
// "Root files"), read and written. OpenSSH's own file is in rootfile_openssh.c; where files
// lie, and who may write them, is for those who open them. Contract in rootfile.h.
#include "proto/rootfile.h"

#include <inttypes.h>
#include <string.h>
#include "proto/names.h"
#include "proto/text.h"

#define UUID_LEN    36
#define SOFTKEY	    "softkey:"
#define CREATED_MAX ((uint64_t)INT64_MAX)

struct parser {
	struct hs_root_record r;
	unsigned line, column; // of the keyword or value at hand
	unsigned seen;	       // a bit for each keyword
	struct hs_err *err;
};

// ---- values. Each gets at least one byte, none of them a control byte.

static int
bad(struct parser *p, const char *what)
{
	return hs_fail_at(p->err, HS_ERR_CONFIG, p->line, p->column, "%s", what);
}

static int
take_text(struct parser *p, struct hs_str v, char *dst, size_t dstsz, const char *what)
{
	if (hs_str_copy(v, dst, dstsz) != HS_OK)
		return hs_fail_at(p->err, HS_ERR_CONFIG, p->line, p->column,
		    "%s has %zu bytes, and %zu is the most", what, v.len, dstsz - 1);
	return HS_OK;
}

static int
read_name(struct parser *p, struct hs_str v)
{
	if (!hs_text_is_label(v))
		return bad(p, "Name is up to 32 of A-Z a-z 0-9 . _ - and begins with a "
			      "letter or digit");
	return take_text(p, v, p->r.name, sizeof p->r.name, "Name");
}

static int
read_owner(struct parser *p, struct hs_str v)
{
	return take_text(p, v, p->r.owner, sizeof p->r.owner, "Owner");
}

static int
read_product(struct parser *p, struct hs_str v)
{
	return take_text(p, v, p->r.product, sizeof p->r.product, "Product");
}

static int
read_key(struct parser *p, struct hs_str v)
{
	struct hs_str comment = {0};

	if (hs_key_parse_line(v, &p->r.key, &comment) != HS_OK || comment.len > 0)
		return bad(p, "Key is a public key: its type and its base64, nothing else");
	if (!hs_key_is_sk(&p->r.key))
		return bad(p, "Key is not a security key's");
	if (strcmp(p->r.key.application, HS_APPLICATION) != 0)
		return bad(p, "Key is for another application than " HS_APPLICATION);
	return HS_OK;
}

static int
read_handle(struct parser *p, struct hs_str v)
{
	struct hs_buf b = {0};
	int rc = hs_text_base64(v, sizeof p->r.handle, &b);

	if (rc == HS_OK && b.len > 0) {
		memcpy(p->r.handle, b.p, b.len);
		p->r.handle_len = b.len;
	} else if (rc == HS_ERR_NOMEM) {
		rc = hs_fail_at(p->err, HS_ERR_NOMEM, p->line, p->column, "out of memory");
	} else {
		rc = hs_fail_at(p->err, HS_ERR_CONFIG, p->line, p->column,
		    "Handle is base64 of 1 to %zu bytes", sizeof p->r.handle);
	}
	hs_buf_free(&b);
	return rc;
}

static int
read_created(struct parser *p, struct hs_str v)
{
	if (hs_text_u64(v, CREATED_MAX, &p->r.created) != HS_OK || p->r.created == 0)
		return bad(p, "Created is a time in Unix seconds");
	return HS_OK;
}

// cb69481e-8ff7-4039-93ec-0a2729a154a8, as lists of AAGUIDs have it
static int
read_aaguid(struct parser *p, struct hs_str v)
{
	size_t n = 0;

	for (size_t i = 0; v.len == UUID_LEN && i < UUID_LEN; i++) {
		const char *digits = "0123456789abcdef", *d;

		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (v.p[i] != '-')
				break;
			continue;
		}
		d = memchr(digits, v.p[i], 16);
		if (d == NULL)
			break;
		p->r.aaguid[n / 2] = (uint8_t)(p->r.aaguid[n / 2] << 4 | (d - digits));
		n++;
	}
	if (n != 2 * sizeof p->r.aaguid)
		return bad(
		    p, "AAGUID is 32 hex digits in groups of 8-4-4-4-12, lower case");
	p->r.has_aaguid = true;
	return HS_OK;
}

static int
read_attestation(struct parser *p, struct hs_str v)
{
	if (!hs_str_is(v, "none") && !hs_str_is(v, "unverified") &&
	    !hs_str_is(v, "verified"))
		return bad(p, "Attestation is none, unverified or verified");
	return take_text(p, v, p->r.attestation, sizeof p->r.attestation, "Attestation");
}

static int
read_device(struct parser *p, struct hs_str v)
{
	const size_t n = sizeof SOFTKEY - 1;

	if (v.len <= n || memcmp(v.p, SOFTKEY, n) != 0)
		return bad(p, "Device is " SOFTKEY "PATH: other devices are looked for");
	return take_text(p, v, p->r.device, sizeof p->r.device, "Device");
}

static int
read_simulated(struct parser *p, struct hs_str v)
{
	if (!hs_str_is(v, "yes") && !hs_str_is(v, "no"))
		return bad(p, "Simulated is yes or no");
	p->r.simulated = v.len == 3;
	return HS_OK;
}

static int
read_verify(struct parser *p, struct hs_str v)
{
	if (!hs_str_is(v, "pin") && !hs_str_is(v, "touch"))
		return bad(p, "Verify is pin or touch");
	p->r.verify = v.len == 3;
	return HS_OK;
}

// ---- lines

static const struct {
	const char *name;
	int (*read)(struct parser *p, struct hs_str value);
	bool required;
} keywords[] = {{"Name", read_name, true}, {"Owner", read_owner, false},
    {"Key", read_key, true}, {"Handle", read_handle, true}, {"Created", read_created, true},
    {"AAGUID", read_aaguid, false}, {"Product", read_product, false},
    {"Attestation", read_attestation, true}, {"Device", read_device, false},
    {"Simulated", read_simulated, true}, {"Verify", read_verify, false}};
#define KEYWORDS (sizeof keywords / sizeof keywords[0])

static int
find_keyword(struct parser *p, struct hs_str word, size_t *out)
{
	for (size_t i = 0; i < KEYWORDS; i++) {
		if (!hs_str_is(word, keywords[i].name))
			continue;
		if ((p->seen & 1u << i) != 0)
			return hs_fail_at(p->err, HS_ERR_CONFIG, p->line, p->column,
			    "%s stands in an earlier line already", keywords[i].name);
		p->seen |= 1u << i;
		*out = i;
		return HS_OK;
	}
	return hs_fail_at(p->err, HS_ERR_CONFIG, p->line, p->column,
	    "there is no keyword `%.*s`", word.len < 32 ? (int)word.len : 32,
	    (const char *)word.p);
}

static int
read_line(struct parser *p, struct hs_str line)
{
	const uint8_t *space;
	struct hs_str word = line, value;
	size_t at, k = 0;
	int rc;

	p->column = 1;
	if (!hs_text_shown(line, &at)) {
		p->column = (unsigned)at + 1;
		return bad(
		    p, "a control or invisible character, or a byte that is not UTF-8");
	}
	if (line.len == 0 || line.p[0] == '#')
		return HS_OK;
	space = memchr(line.p, ' ', line.len);
	if (space != NULL)
		word.len = (size_t)(space - line.p);
	rc = find_keyword(p, word, &k);
	if (rc != HS_OK)
		return rc;
	p->column = (unsigned)word.len + 1;
	if (space == NULL || word.len + 1 == line.len)
		return bad(p, "one blank and a value belong behind the keyword");
	p->column++;
	value = (struct hs_str){line.p + word.len + 1, line.len - word.len - 1};
	if (value.p[0] == ' ' || value.p[value.len - 1] == ' ')
		return bad(p, "a value has no blanks around it");
	return keywords[k].read(p, value);
}

// What only the whole file can be judged by, told at the line behind its last.
static int
finish(struct parser *p)
{
	p->column = 1;
	for (size_t i = 0; i < KEYWORDS; i++)
		if (keywords[i].required && (p->seen & 1u << i) == 0)
			return hs_fail_at(p->err, HS_ERR_CONFIG, p->line, p->column,
			    "there is no line %s", keywords[i].name);
	if (p->r.device[0] != '\0' && !p->r.simulated)
		return bad(p, "a " SOFTKEY " device is simulated, and Simulated says no");
	return HS_OK;
}

int
hs_rootfile_parse(struct hs_str text, struct hs_root_record *out, struct hs_err *err)
{
	struct parser p = {.line = 1, .column = 1, .err = err};
	int rc;

	if (text.len > HS_ROOTFILE_MAX)
		return hs_fail_at(err, HS_ERR_CONFIG, 1, 1,
		    "a root file has at most %d bytes", HS_ROOTFILE_MAX);
	for (; text.len > 0; p.line++) {
		const uint8_t *lf = memchr(text.p, '\n', text.len);
		struct hs_str line = {
		    text.p, lf != NULL ? (size_t)(lf - text.p) : text.len};

		if (lf == NULL) {
			p.column = (unsigned)line.len + 1;
			return bad(&p, "the last line does not end: the file was cut off");
		}
		rc = read_line(&p, line);
		if (rc != HS_OK)
			return rc;
		text.p += line.len + 1;
		text.len -= line.len + 1;
	}
	rc = finish(&p);
	if (rc == HS_OK)
		*out = p.r;
	return rc;
}

static void
put_uuid(struct hs_buf *b, const uint8_t aaguid[static 16])
{
	for (size_t i = 0; i < 16; i++)
		hs_put_fmt(b, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
		    aaguid[i]);
}

void
hs_rootfile_put(struct hs_buf *b, const struct hs_root_record *r)
{
	hs_put_fmt(b, "Name %s\n", r->name);
	if (r->owner[0] != '\0')
		hs_put_fmt(b, "Owner %s\n", r->owner);
	hs_put_fmt(b, "Key ");
	hs_key_put_line(b, &r->key);
	hs_put_fmt(b, "\nHandle ");
	hs_text_put_base64(b, (struct hs_str){r->handle, r->handle_len});
	hs_put_fmt(b, "\nCreated %" PRIu64 "\n", r->created);
	if (r->has_aaguid) {
		hs_put_fmt(b, "AAGUID ");
		put_uuid(b, r->aaguid);
		hs_put_fmt(b, "\n");
	}
	if (r->product[0] != '\0')
		hs_put_fmt(b, "Product %s\n", r->product);
	hs_put_fmt(b, "Attestation %s\n", r->attestation);
	if (r->device[0] != '\0')
		hs_put_fmt(b, "Device %s\n", r->device);
	hs_put_fmt(b, "Verify %s\n", r->verify ? "pin" : "touch");
	// a required line goes last, by which a file is missed that was cut between lines
	hs_put_fmt(b, "Simulated %s\n", r->simulated ? "yes" : "no");
}
