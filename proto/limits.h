// SPDX-License-Identifier: ISC
//
// Every bound that a decoder or the daemon enforces, in one place. Sizes are bytes and
// times seconds unless a name says otherwise. Not for tunables: those belong to policy.
#ifndef HS_PROTO_LIMITS_H
#define HS_PROTO_LIMITS_H

#define HS_BUF_MAX (1u << 20) // no buffer of ours ever grows beyond this
#define HS_FRAME_MAX                                                                       \
	(256u * 1024) // an agent frame's body (RFC 9987 section 3; ssh-agent's limit)

#define HS_HOSTKEY_MAX	   (64u * 1024) // a host's key or certificate
#define HS_RSA_BITS_MIN	   2048
#define HS_RSA_BITS_MAX	   16384 // OpenSSL verifies none that are longer
#define HS_SSH_SESSION_MAX 128	 // an SSH session's identifier, as ssh-agent

#define HS_CERT_MAX	  (96u * 1024) // a certificate blob; its base64 fits one exec argument
#define HS_PRINCIPALS_MAX 256	       // as OpenSSH
#define HS_OPTIONS_MAX	  64	       // options of one kind in a certificate

#define HS_SCOPE_BYTES_MAX	16384 // scope text, before and after it is made canonical
#define HS_SCOPE_STATEMENTS_MAX 64
#define HS_SCOPE_VALUES_MAX	256	 // values of all keys in one statement
#define HS_CMD_WORDS_MAX	64	 // words of one command in a scope
#define HS_COMMAND_WORDS_MAX	1024	 // words of a command that somebody wants to run
#define HS_COMMAND_BYTES_MAX	65536	 // and its bytes
#define HS_TTL_MAX		31622400 // 366 days
#define HS_USES_MAX		1000000000
#define HS_DEPTH_MAX		16

#define HS_AGENT_NAME_MAX 32	// [a-z0-9][a-z0-9._-]{0,31}
#define HS_REASON_MAX	  200	// one line
#define HS_SHOWN_MAX	  32768 // the text a prompt shows
#define HS_SESSION_ID_LEN 16	// hex digits
#define HS_KEY_ID_MAX	  128
#define HS_ROOT_NAME_MAX  32
#define HS_ROOT_OWNER_MAX 128
#define HS_ROOT_BLOB_MAX  256 // a root's public key
#define HS_KEY_HANDLE_MAX 1024
#define HS_ROOTS_MAX	  64 // roots in one file or folder
#define HS_LINEAGE_MAX	  HS_DEPTH_MAX

#define HS_CLOCK_SLACK 60 // certificates are valid from this long before they were made
#define HS_SESSION_TTL                                                                     \
	(8 * 3600) // default length of a session, and its bound without a policy
#define HS_MAX_GRANT	  (24 * 3600) // a server's default bounds on a grant and a delegation
#define HS_MAX_DELEGATION (8 * 3600)
#define HS_WAIT_MAX	  3600 // one `pending` or `events` is held back so long at most
#define HS_TOUCH_ARMED	  30   // a key blinks this long

#endif
