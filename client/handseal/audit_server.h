// SPDX-License-Identifier: ISC
//
// A server's sshd log held against the audit log, both ways.
#ifndef HS_CLIENT_AUDIT_SERVER_H
#define HS_CLIENT_AUDIT_SERVER_H

#include "client/handseal/audit_gather.h"

struct hs_audit_server; // opaque

// Reads the server's log ("-" is stdin) and matches it; g must outlive it. HS_ERR_IO,
// HS_NO_SUCH, HS_ERR_NOMEM.
int hs_audit_server_match(const struct hs_audit_gathered *g, const char *path,
    struct hs_audit_server **out, struct hs_err *err);
void hs_audit_server_free(struct hs_audit_server **s);

// Did every login that was by a certificate of handseal's have one on record, under a
// touch?
bool hs_audit_server_good(const struct hs_audit_server *s);
void hs_audit_server_put(struct hs_buf *b, const struct hs_audit_server *s);
json_t *hs_audit_server_json(const struct hs_audit_server *s);

#endif
