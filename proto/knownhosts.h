// SPDX-License-Identifier: ISC
//
// What handseald says to handseal-known-hosts and hears from it (docs/PROTOCOL.knownhosts):
// one request on its stdin, one answer on its stdout; and what a name in them is. Pure. The
// files themselves are read by agentd/known-hosts/.
#ifndef HS_PROTO_KNOWNHOSTS_H
#define HS_PROTO_KNOWNHOSTS_H

#include "proto/buf.h"

#define HS_KNOWNHOSTS_VERSION	  1
#define HS_KNOWNHOSTS_REQUEST_MAX (64u * 1024) // of a frame's body
#define HS_KNOWNHOSTS_ANSWER_MAX  (256u * 1024)

#define HS_KNOWNHOSTS_FILES_MAX	   8
#define HS_KNOWNHOSTS_PATH_MAX	   511 // bytes
#define HS_KNOWNHOSTS_HOSTS_MAX	   4096
#define HS_KNOWNHOSTS_PORTS_MAX	   16
#define HS_KNOWNHOSTS_ENTRIES_MAX  4096
#define HS_KNOWNHOSTS_BYTES_MAX	   (228u * 1024) // of all entries in an answer
#define HS_KNOWNHOSTS_KEY_MAX	   8192		 // a public key blob
#define HS_KNOWNHOSTS_NAME_MAX	   253		 // no host value is longer
#define HS_KNOWNHOSTS_WARNINGS_MAX 32
#define HS_KNOWNHOSTS_WARNING_MAX  864
#define HS_KNOWNHOSTS_SENTENCE_MAX 319 // what struct hs_err has room for

enum hs_knownhosts_kind {
	HS_KNOWNHOSTS_KEY = 1,	  // a host's own key
	HS_KNOWNHOSTS_CA = 2,	  // @cert-authority: it signs certificates of hosts
	HS_KNOWNHOSTS_REVOKED = 3 // @revoked: it is neither
};

struct hs_knownhosts_request {
	struct hs_str files[HS_KNOWNHOSTS_FILES_MAX]; // absolute paths
	size_t nfiles;
	struct hs_str hosts[HS_KNOWNHOSTS_HOSTS_MAX]; // `host` values of a scope
	size_t nhosts;
	uint16_t ports[HS_KNOWNHOSTS_PORTS_MAX]; // beside none, with which a name may have
						 // been hashed
	size_t nports;
};

// A key under one name. A host's own key has an exact name; the others may have a pattern,
// `*.example.com` or `*`, too, and are then what they are for every name under it.
struct hs_knownhosts_entry {
	enum hs_knownhosts_kind kind;
	struct hs_str key; // public key blob
	struct hs_str name;
};

struct hs_knownhosts_answer {
	enum hs_code code;
	struct hs_str sentence; // empty when code is HS_OK; else there is nothing more
	struct hs_knownhosts_entry v[HS_KNOWNHOSTS_ENTRIES_MAX];
	size_t n;
	struct hs_str warnings[HS_KNOWNHOSTS_WARNINGS_MAX]; // shown text, "FILE:LINE: ..."
	size_t nwarnings;
};

// Messages are a frame: uint32 length, then the body. The _put functions write both
// (HS_ERR_TOO_LONG in b where it would be longer than may be); the _parse functions take a
// whole frame, and refuse anything behind it and whatever is out of its bounds.
// HS_ERR_UNSUPPORTED for another version. *out is zeroed on failure; it points into frame.
void hs_knownhosts_request_put(struct hs_buf *b, const struct hs_knownhosts_request *m);
int hs_knownhosts_request_parse(struct hs_str frame, struct hs_knownhosts_request *out);
void hs_knownhosts_answer_put(struct hs_buf *b, const struct hs_knownhosts_answer *m);
int hs_knownhosts_answer_parse(struct hs_str frame, struct hs_knownhosts_answer *out);

// The bytes that an entry takes in an answer.
size_t hs_knownhosts_entry_size(const struct hs_knownhosts_entry *e);

// Is it a host's exact name, as a scope has it: lower case, no pattern, no address?
bool hs_knownhosts_is_name(struct hs_str s);
// A `host` value of a scope: such a name, `*.` and one, or `*`.
bool hs_knownhosts_is_host(struct hs_str s);
// Is the name, or the narrower value, under that value? Both are `host` values.
bool hs_knownhosts_under(struct hs_str name, struct hs_str host);

#endif
