// SPDX-License-Identifier: ISC
//
// Textual addresses and blocks of them: read, written in one canonical form that no C
// library's taste can change, compared. Not for names, and nothing here resolves anything.
#include "proto/scope_internal.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool
is_mapped(const uint8_t bytes[16])
{
	return memcmp(bytes, mapped_prefix, sizeof(mapped_prefix)) == 0;
}

// Four canonical decimals: 010 is eight to some programs and ten to others, so it is
// neither.
static bool
read_v4(struct hs_str s, uint8_t out[4])
{
	size_t i = 0, start;
	uint64_t v;

	for (int part = 0; part < 4; part++) {
		start = i;
		while (i < s.len && s.p[i] != '.')
			i++;
		if (hs_text_u64((struct hs_str){s.p + start, i - start}, 255, &v) != HS_OK)
			return false;
		out[part] = (uint8_t)v;
		if (part < 3 && i++ == s.len)
			return false;
	}
	return i == s.len;
}

bool
scope_addr_read(struct hs_str s, bool mapped, struct scope_cidr *out)
{
	char text[SCOPE_ADDR_MAX];

	*out = (struct scope_cidr){.family = 4, .prefix = 32};
	if (read_v4(s, out->bytes))
		return true;
	*out = (struct scope_cidr){.family = 6, .prefix = 128};
	if (hs_str_copy(s, text, sizeof(text)) != HS_OK ||
	    inet_pton(AF_INET6, text, out->bytes) != 1)
		return false;
	if (!is_mapped(out->bytes))
		return true;
	if (mapped) {
		out->family = 4;
		out->prefix = 32;
		memmove(out->bytes, out->bytes + 12, 4);
		memset(out->bytes + 4, 0, 12);
	}
	return mapped;
}

static void
clear_host_bits(struct scope_cidr *c)
{
	for (unsigned i = 0; i < 16; i++) {
		if (c->prefix >= 8 * (i + 1))
			continue;
		if (c->prefix <= 8 * i)
			c->bytes[i] = 0;
		else
			c->bytes[i] &= (uint8_t)(0xff00u >> (c->prefix - 8 * i));
	}
}

int
scope_cidr_read(struct hs_str s, struct scope_cidr *out, struct hs_err *err)
{
	const uint8_t *slash = s.len > 0 ? memchr(s.p, '/', s.len) : NULL;
	size_t len = slash != NULL ? (size_t)(slash - s.p) : s.len;
	struct scope_cidr full;
	char right[SCOPE_ADDR_MAX];
	uint64_t bits;

	if (!scope_addr_read((struct hs_str){s.p, len}, false, out)) {
		if (scope_addr_read((struct hs_str){s.p, len}, true, out))
			return hs_fail_at(err, HS_ERR_SCOPE, 0, 1,
			    "this is an IPv4 address written as IPv6: write it as IPv4");
		return hs_fail_at(err, HS_ERR_SCOPE, 0, 1,
		    "this is not an address block such as 192.0.2.0/24 or 2001:db8::/32");
	}
	if (slash == NULL)
		return hs_fail_at(err, HS_ERR_SCOPE, 0, (unsigned)len + 1,
		    "the prefix length is missing: write /%u for one address", out->prefix);
	if (hs_text_u64((struct hs_str){slash + 1, s.len - len - 1}, out->prefix, &bits) !=
	    HS_OK)
		return hs_fail_at(err, HS_ERR_SCOPE, 0, (unsigned)len + 2,
		    "the prefix length must be 0 to %u", out->prefix);
	out->prefix = (uint8_t)bits;
	full = *out;
	clear_host_bits(out);
	if (memcmp(full.bytes, out->bytes, sizeof(full.bytes)) == 0)
		return HS_OK;
	(void)scope_addr_write(out, right);
	return hs_fail_at(err, HS_ERR_SCOPE, 0, 1,
	    "the address has bits behind its prefix: write %s/%u for the block", right,
	    out->prefix);
}

static size_t
put_decimal(char *out, unsigned v)
{
	size_t n = 0;

	if (v >= 100)
		out[n++] = (char)('0' + v / 100);
	if (v >= 10)
		out[n++] = (char)('0' + v / 10 % 10);
	out[n++] = (char)('0' + v % 10);
	return n;
}

static size_t
write_v4(const uint8_t bytes[4], char *out)
{
	size_t n = 0;

	for (int i = 0; i < 4; i++) {
		if (i > 0)
			out[n++] = '.';
		n += put_decimal(out + n, bytes[i]);
	}
	out[n] = '\0';
	return n;
}

// RFC 5952 section 4: lower case, no leading zeros, the longest run of two or more zero
// groups (the first of equals) as `::`. Never the mixed form: what is not v4-mapped has no
// IPv4 in it.
static size_t
write_v6(const uint8_t bytes[16], char *out, size_t outsz)
{
	unsigned group[8], best = 8, best_len = 1, run = 0;
	size_t n = 0;

	for (unsigned i = 0; i < 8; i++) {
		group[i] = (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1];
		run = group[i] == 0 ? run + 1 : 0;
		if (run > best_len) {
			best_len = run;
			best = i + 1 - run;
		}
	}
	for (unsigned i = 0; i < 8; i++) {
		if (i == best) {
			n += (size_t)snprintf(out + n, outsz - n, "::");
			i += best_len - 1;
			continue;
		}
		n += (size_t)snprintf(out + n, outsz - n, "%s%x",
		    i > 0 && out[n - 1] != ':' ? ":" : "", group[i]);
	}
	return n;
}

size_t
scope_addr_write(const struct scope_cidr *c, char out[static SCOPE_ADDR_MAX])
{
	if (c->family == 4)
		return write_v4(c->bytes, out);
	return write_v6(c->bytes, out, SCOPE_ADDR_MAX);
}

bool
scope_cidr_holds(const struct scope_cidr *outer, const struct scope_cidr *inner)
{
	unsigned bytes = outer->prefix / 8, bits = outer->prefix % 8;

	if (outer->family == 0)
		return true;
	if (outer->family != inner->family || outer->prefix > inner->prefix)
		return false;
	if (memcmp(outer->bytes, inner->bytes, bytes) != 0)
		return false;
	return bits == 0 ||
	       ((outer->bytes[bytes] ^ inner->bytes[bytes]) >> (8 - bits)) == 0;
}
