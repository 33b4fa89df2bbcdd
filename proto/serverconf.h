// SPDX-License-Identifier: ISC
//
// What a server owner writes (docs/PROTOCOL.server): the roots file and verify.conf, as
// texts. Pure: who may write the files is checked by who opens them.
#ifndef HS_PROTO_SERVERCONF_H
#define HS_PROTO_SERVERCONF_H

#include "proto/key.h"
#include "proto/scope.h"

#define HS_ROOT_USERS_MAX 64
#define HS_ROOT_CAPS_MAX  1024 // bytes
#define HS_HOSTNAMES_MAX  32
#define HS_NAMESPACES_MAX 16
#define HS_LISTS_PATH_MAX 1024 // with its NUL
#define HS_LISTS_FRESH	  900  // seconds

struct hs_root {
	struct hs_key key;
	char comment[HS_ROOT_OWNER_MAX +
		     1]; // what stands behind the key, cleaned for showing
	unsigned line;
	bool of_user; // stands in a file of one user's roots
	char users[HS_ROOT_USERS_MAX][65];
	size_t nusers;			 // 0: nobody
	bool users_any;			 // users="*": everyone but root
	char caps[HS_ROOT_CAPS_MAX + 1]; // values with a blank between two; "": none
	bool require_uv;
	bool direct;
	uint64_t max_grant;	 // seconds; 0: verify.conf's
	uint64_t max_delegation; // likewise
};

struct hs_roots {
	struct hs_root *v; // owned
	size_t n;
};

// Reads a roots file. A bad line (unknown or repeated option, malformed key, a key that is
// not an sk kind or whose application is not ssh:handseal, a key that stands in an earlier
// line) is skipped and reported to on_bad with its line and reason; the other lines hold.
// Only HS_ERR_NOMEM and HS_ERR_TOO_LONG fail. on_bad may be NULL. *out is zeroed first.
typedef void hs_bad_line(void *arg, const struct hs_err *err);
int hs_roots_parse(
    struct hs_str text, struct hs_roots *out, hs_bad_line *on_bad, void *arg);
// Adds what a file of one user's roots has: each line is for that login name alone, and may
// say so; one that names another is a bad line, and so is one whose key stands in out
// already. HS_ERR_USAGE where hs_roots_is_user does not hold.
int hs_roots_add(struct hs_roots *out, struct hs_str text, struct hs_str user,
    hs_bad_line *on_bad, void *arg);
// Is it a login name that can have a file of its own: a name as PROTOCOL.scope has them, of
// at most 64 bytes, that means itself as the name of a file?
bool hs_roots_is_user(struct hs_str user);
void hs_roots_free(struct hs_roots *r);
const struct hs_root *hs_roots_find(const struct hs_roots *r, const struct hs_key *k);
bool hs_root_admits(const struct hs_root *r, struct hs_str user);
bool hs_root_allows(const struct hs_root *r, struct hs_str cap);

struct hs_server_conf {
	char hostnames[HS_HOSTNAMES_MAX][254];
	size_t nhostnames;		    // 0: no scope can match this server
	uint64_t max_grant, max_delegation; // seconds
	bool require_uv;
	bool
	    port_forwarding; // the owner says sshd_config has AllowStreamLocalForwarding no
	char namespaces[HS_NAMESPACES_MAX][65]; // of signed messages
	size_t nnamespaces;			// 0: none
	char revocations[HS_LISTS_PATH_MAX];	// folder of lists; "": none are looked at
	uint64_t lists_fresh;			// seconds: older certificates need a list
	bool lists_optional;			// and are admitted where there is none
	char folder[HS_LISTS_PATH_MAX]; // of these files, its reader's; "": the usual
};
// Reads verify.conf: `HostName NAME…` (plain names, no patterns), `MaxGrant SPAN`,
// `MaxDelegation SPAN`, `RequireUV yes|no`, `PortForwarding yes|no`, `Revocations FOLDER`,
// `RevocationsFresh SPAN`, `RevocationsMissing refuse|allow`, `Namespaces NS...`; #
// comments; keywords case-insensitive; an unknown or repeated keyword is an error (HostName
// may repeat).
// HS_ERR_CONFIG with line and column of the first one: a verifier with a bad verify.conf
// admits nobody. *out gets defaults.
int hs_server_conf_parse(
    struct hs_str text, struct hs_server_conf *out, struct hs_err *err);
// The same with each line that is not as it must be told to on_bad, which has no part in
// out: for a person who mends the file. The first one's code, or HS_OK.
int hs_server_conf_check(
    struct hs_str text, struct hs_server_conf *out, hs_bad_line *on_bad, void *arg);
// Does it take messages that were signed in that namespace?
bool hs_server_takes(const struct hs_server_conf *c, struct hs_str ns);

#endif
