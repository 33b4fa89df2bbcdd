// SPDX-License-Identifier: ISC
//
// Names that other programs see: the vendor suffix and everything built from it, the FIDO
// application, fixed principals. One place, so that the owner of a domain can change the
// suffix here. Not for limits (limits.h) or messages for people (err.h).
#ifndef HS_PROTO_NAMES_H
#define HS_PROTO_NAMES_H

#define HS_VENDOR "@handseal.alt"

#define HS_APPLICATION "ssh:handseal" // the FIDO relying party id of every root

#define HS_PRINCIPAL_GRANT	"handseal-grant"  // sole principal of a grant
#define HS_PRINCIPAL_REVOKE	"handseal-revoke" // sole principal of a revoke-only key
#define HS_PRINCIPAL_DELEGATION ":handseal" // sole principal of a delegation; no login name

// certificate options (docs/PROTOCOL.certs)
#define HS_OPT_GRANT                                                                       \
	"grant" HS_VENDOR // critical option of a grant, extension of a delegation
#define HS_OPT_AGENT   "agent" HS_VENDOR   // extension of a delegation
#define HS_OPT_LINEAGE "lineage" HS_VENDOR // extension of a delegation
#define HS_OPT_ORIGIN  "origin" HS_VENDOR  // extension of a delegation
#define HS_OPT_REVOKE  "revoke" HS_VENDOR  // critical option of a revoke-only key
#define HS_OPT_SCOPE   "scope" HS_VENDOR   // extension of a delegation
#define HS_OPT_TOUCH   "touch" HS_VENDOR   // extension of a direct certificate

// agent protocol extensions (docs/PROTOCOL.agent)
#define HS_EXT_OPEN    "open" HS_VENDOR
#define HS_EXT_PENDING "pending" HS_VENDOR
#define HS_EXT_REQUEST "request" HS_VENDOR
#define HS_EXT_LIST    "list" HS_VENDOR
#define HS_EXT_STATUS  "status" HS_VENDOR
#define HS_EXT_CLOSE   "close" HS_VENDOR
#define HS_EXT_ANSWER  "answer" HS_VENDOR
#define HS_EXT_EVENTS  "events" HS_VENDOR
#define HS_EXT_POLICY  "policy" HS_VENDOR
#define HS_EXT_SEAT    "seat" HS_VENDOR
#define HS_EXT_WHY     "why" HS_VENDOR
#define HS_EXT_REVOKE  "revoke" HS_VENDOR

// SSHSIG namespaces
#define HS_NS_REQUEST "request" HS_VENDOR // proof that a requester holds the key it names
#define HS_NS_KRL     "krl" HS_VENDOR	  // a session's list of what is revoked
#define HS_NS_AUDIT   "audit" HS_VENDOR	  // a session key signs where the audit log stands

#define HS_AGENT_UNKNOWN "unknown" // agent name of a requester that gave none
#define HS_HOLDER_MAIN	 "main"	   // holder of a grant that is for the main socket
#define HS_HOLDER_SEAT	 "seat:"   // and its id: holder of a grant that is for one seat

#endif
