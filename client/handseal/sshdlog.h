// SPDX-License-Identifier: ISC
//
// A line of an sshd's log, where it tells of a login, by public key or not, whatever stands
// in front of it (syslog, journald, sshd -E). Pure. Who could send it: whoever can write
// that log, or choose a user name that sshd logs.
#ifndef HS_CLIENT_SSHDLOG_H
#define HS_CLIENT_SSHDLOG_H

#include "proto/buf.h"
#include "proto/limits.h"

#define HS_SSHDLOG_LINE_MAX 8192

struct hs_sshdlog { // views into the line
	struct hs_str user, addr;
	uint64_t port;
	bool keyless;		   // by a password or the like: that is all
	struct hs_str fingerprint; // "SHA256:..." of the key
	bool certificate;
	struct hs_str id; // of the certificate, and so on
	uint64_t serial;
	struct hs_str ca; // fingerprint
	// of an id that is handseal's
	bool ours, direct;
	struct hs_str session, agent;
};

// HS_OK, HS_NO_SUCH where it tells of no such login, or is another line that quotes
// somebody's words, HS_ERR_FORMAT where it begins as one and does not go on so.
int hs_sshdlog_parse(struct hs_str line, struct hs_sshdlog *out);

#endif
