// SPDX-License-Identifier: ISC
//
// A connection's origin. Contract in origin.h.
#include "proto/origin.h"

enum hs_origin
hs_origin_of(bool seen, enum hs_forwarding forwarding)
{
	if (!seen || forwarding == HS_FORWARDING_CLAIMED)
		return HS_ORIGIN_OPAQUE;
	return forwarding == HS_FORWARDING_PROVEN ? HS_ORIGIN_FORWARDED : HS_ORIGIN_LOCAL;
}

const char *
hs_origin_name(enum hs_origin o)
{
	switch (o) {
	case HS_ORIGIN_LOCAL:
		return "local";
	case HS_ORIGIN_FORWARDED:
		return "forwarded";
	default:
		return "opaque";
	}
}

const char *
hs_origin_words(enum hs_origin o)
{
	switch (o) {
	case HS_ORIGIN_LOCAL:
		return "by a process of the daemon's machine";
	case HS_ORIGIN_FORWARDED:
		return "over a connection forwarded from another host";
	default:
		return "by a process that could not be seen";
	}
}

int
hs_origin_parse(struct hs_str name, enum hs_origin *out)
{
	enum hs_origin o;

	for (o = HS_ORIGIN_FORWARDED; o <= HS_ORIGIN_OPAQUE; o++)
		if (hs_str_is(name, hs_origin_name(o))) {
			*out = o;
			return HS_OK;
		}
	return HS_ERR_FORMAT;
}
