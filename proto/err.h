// SPDX-License-Identifier: ISC
//
// The one list of outcomes: a number for the program, a stable name for logs, --json and
// the wire, and a sentence for a person. Not for printing.
#ifndef HS_PROTO_ERR_H
#define HS_PROTO_ERR_H

#include <stddef.h>

// X(symbol, "stable-name", "what it means, as a sentence without its full stop")
#define HS_CODES(X)                                                                        \
	X(HS_OK, "ok", "done")                                                             \
	/* decoding */                                                                     \
	X(HS_ERR_SHORT, "truncated", "the message ends before it is complete")             \
	X(HS_ERR_TRAILING, "trailing-bytes", "bytes are left over after the message")      \
	X(HS_ERR_TOO_LONG, "too-long", "it is longer than the limit")                      \
	X(HS_ERR_FORMAT, "malformed", "it does not have the form it must have")            \
	X(HS_ERR_KEY_TYPE, "key-type", "a key of this type cannot be used here")           \
	X(HS_ERR_SCOPE, "scope-invalid", "the scope text is not valid")                    \
	X(HS_ERR_CONFIG, "config-invalid", "a configuration file is not valid")            \
	/* the program */                                                                  \
	X(HS_ERR_NOMEM, "no-memory", "out of memory")                                      \
	X(HS_ERR_CRYPTO, "crypto-failed", "the cryptographic library failed")              \
	X(HS_ERR_IO, "io-failed", "reading or writing failed")                             \
	X(HS_ERR_USAGE, "usage", "the request does not make sense as given")               \
	X(HS_ERR_INTERNAL, "internal", "an internal check failed")                         \
	X(HS_ERR_UNSUPPORTED, "unsupported", "this version does not do that")              \
	/* the chain: PROTOCOL.certs, "Checking" */                                        \
	X(HS_NO_NOT_OURS, "not-ours", "this is not a handseal certificate")                \
	X(HS_NO_CERT_FORM, "certificate-form",                                             \
	    "the certificate is not formed as handseal's are")                             \
	X(HS_NO_GRANT_FORM, "grant-form", "the grant is not formed as handseal's are")     \
	X(HS_NO_GRANT_LOGIN, "grant-as-login", "a grant is not a login certificate")       \
	X(HS_NO_LINK, "wrong-link",                                                        \
	    "the certificate's signer is not the key of its grant")                        \
	X(HS_NO_ROOT_UNKNOWN, "root-unknown", "no trusted root signed the grant")          \
	X(HS_NO_ROOT_DIRECT, "root-not-direct",                                            \
	    "the root's line does not allow direct certificates")                          \
	X(HS_NO_SIG_GRANT, "grant-signature",                                              \
	    "the root's signature on the grant is not good")                               \
	X(HS_NO_SIG_CERT, "certificate-signature",                                         \
	    "the signature on the certificate is not good")                                \
	X(HS_NO_TOUCH, "no-touch",                                                         \
	    "the root's signature does not say that the key was touched")                  \
	X(HS_NO_UV, "no-verification",                                                     \
	    "the root's signature was made without PIN or fingerprint")                    \
	X(HS_NO_NOT_YET, "not-yet-valid", "it is not valid yet")                           \
	X(HS_NO_EXPIRED, "expired", "it has expired")                                      \
	X(HS_NO_TOO_LONG_LIVED, "too-long-lived",                                          \
	    "it is valid for longer than is accepted here")                                \
	X(HS_NO_WIDER, "wider-than-grant", "the certificate allows more than its grant")   \
	X(HS_NO_USER_ROOT, "root-not-for-user", "the root's line does not name this user") \
	X(HS_NO_CAP_ROOT, "root-not-for-cap",                                              \
	    "the root's line does not name this capability")                               \
	X(HS_NO_USER, "user-outside-scope",                                                \
	    "the scope does not allow this user on this host")                             \
	X(HS_NO_HOST, "host-outside-scope", "the scope does not allow this host")          \
	X(HS_NO_ADDR, "address-outside-scope",                                             \
	    "the scope does not allow this client address")                                \
	X(HS_NO_COMMAND, "command-outside-scope", "the scope does not allow this command") \
	X(HS_NO_PTY, "pty-outside-scope",                                                  \
	    "the scope allows no terminal and no interactive shell for this: those take "  \
	    "`permit pty`")                                                                \
	X(HS_NO_OTHER, "outside-scope", "the scope does not allow this")                   \
	X(HS_NO_UNENFORCEABLE, "not-enforceable",                                          \
	    "a stock server cannot enforce this scope")                                    \
	X(HS_NO_REVOKED, "revoked", "it has been revoked")                                 \
	X(HS_NO_LIST, "revocation-unknown",                                                \
	    "no fresh list here says that it is not revoked")                              \
	X(HS_NO_LISTS_UNREAD, "lists-unread",                                              \
	    "lists here that could say that it is revoked were not read")                  \
	/* signed messages: PROTOCOL.certs */                                              \
	X(HS_NO_SIG_MESSAGE, "message-signature", "the signature is not this message's")   \
	X(HS_NO_NAMESPACE, "wrong-namespace", "it was signed for another purpose")         \
	/* the daemon: PROTOCOL.agent */                                                   \
	X(HS_NO_SESSION, "no-session", "no session is open")                               \
	X(HS_NO_SESSION_OPEN, "session-open", "a session is already open")                 \
	X(HS_NO_CEILING, "outside-ceiling", "this is outside what the touch allowed")      \
	X(HS_NO_USES, "uses-spent", "no uses are left under the grant")                    \
	X(HS_NO_PROOF, "no-proof", "the requester did not prove that it holds the key")    \
	X(HS_NO_SUBJECT, "key-refused",                                                    \
	    "this key may not be the subject of a certificate")                            \
	X(HS_NO_PEER, "peer-refused", "this process may not use the socket")               \
	X(HS_NO_ROOTS, "no-roots", "no hardware key is enrolled")                          \
	X(HS_NO_RECORD, "not-recorded", "the audit record could not be written")           \
	X(HS_NO_BUSY, "busy", "too much is waiting already")                               \
	X(HS_NO_CLOCK, "clock", "the clock does not allow this")                           \
	X(HS_NO_SUCH, "not-found", "there is nothing of that name")                        \
	X(HS_NO_GONE, "gone", "the request is gone")                                       \
	/* a seat: PROTOCOL.agent */                                                       \
	X(HS_NO_SIGN, "sign-refused",                                                      \
	    "this is neither an SSH login nor an SSHSIG message, and nothing else is "     \
	    "signed")                                                                      \
	X(HS_NO_FORWARD, "forwarding-refused", "this is not for forwarded connections")    \
	X(HS_NO_BIND, "not-bound", "the login is not bound to a server")                   \
	X(HS_NO_HOST_KEY, "host-key-unknown", "the server's key is known under no name")   \
	/* policy: PROTOCOL.policy, "Deciding" */                                          \
	X(HS_NO_POLICY, "denied-by-policy",                                                \
	    "the policy denies this, and no touch can allow it")                           \
	X(HS_NO_AGENT, "agent-not-allowed",                                                \
	    "the policy does not let this agent ask for this")                             \
	X(HS_NO_ALWAYS, "touch-each-time", "this costs a touch each time, by the policy")  \
	X(HS_NO_ESCALATION, "escalation-off", "the policy lets nobody ask for more")       \
	X(HS_NO_REASON, "reason-missing", "asking for more needs a reason")                \
	X(HS_NO_DECLINED, "declined-before",                                               \
	    "this or less was declined a short while ago")                                 \
	X(HS_NO_SAID_NO, "touch-declined", "a person said no")                             \
	X(HS_NO_PROMPTS, "too-many-prompts",                                               \
	    "there were too many prompts in a short while")                                \
	X(HS_NO_CHANNEL, "no-channel", "no prompt would reach anybody")                    \
	/* the touch: PROTOCOL.helper */                                                   \
	X(HS_SK_NO_DEVICE, "no-device", "no security key is plugged in")                   \
	X(HS_SK_NO_CREDENTIAL, "no-credential",                                            \
	    "the security key plugged in is not an enrolled one")                          \
	X(HS_SK_TIMEOUT, "touch-timeout", "the key was not touched in time")               \
	X(HS_SK_DENIED, "touch-denied", "the key refused the operation")                   \
	X(HS_SK_CANCELLED, "touch-cancelled", "the touch was called off")                  \
	X(HS_SK_PIN_REQUIRED, "pin-required", "the key wants its PIN")                     \
	X(HS_SK_PIN_NOT_SET, "pin-not-set", "the key has no PIN yet")                      \
	X(HS_SK_PIN_INVALID, "pin-invalid", "the PIN is wrong")                            \
	X(HS_SK_PIN_AUTH_BLOCKED, "pin-auth-blocked", "too many wrong PINs in a row")      \
	X(HS_SK_PIN_BLOCKED, "pin-blocked", "the PIN is blocked")                          \
	X(HS_SK_UV_BLOCKED, "uv-blocked", "the fingerprint sensor is blocked")             \
	X(HS_SK_UV_INVALID, "uv-invalid", "the fingerprint was not recognised")            \
	X(HS_SK_FULL, "key-store-full", "the security key has no room left")               \
	X(HS_SK_ALGORITHM, "algorithm", "the security key does not do this kind of key")   \
	X(HS_SK_DEVICE, "device-failed", "the security key could not be used")             \
	X(HS_SK_REFUSED, "helper-refused", "the helper does not sign what is not a grant") \
	X(HS_SK_HELPER, "helper-failed", "the FIDO helper failed")                         \
	X(HS_SK_LIED, "helper-lied", "what the FIDO helper returned is not what was asked")

enum hs_code {
#define HS_CODE_ENUM(sym, name, sentence) sym,
	HS_CODES(HS_CODE_ENUM)
#undef HS_CODE_ENUM
	    HS_CODE_COUNT
};

// Room for one sentence, with what was found and what would make it succeed.
struct hs_err {
	enum hs_code code;
	unsigned line;	 // 1-based where a text was read, else 0
	unsigned column; // 1-based, in bytes, else 0
	char text[320];	 // printable, NUL-terminated, without a full stop; "" = use the
			 // code's
};

// The stable name ("root-unknown") or "internal" for a number out of range.
const char *hs_code_name(enum hs_code code);

// The code's general sentence.
const char *hs_code_sentence(enum hs_code code);

// The code of that stable name, or HS_ERR_INTERNAL if there is none.
enum hs_code hs_code_from_name(const char *name, size_t len);

// Sets err (may be NULL) and returns code, so that `return hs_fail(err, CODE, "...")` reads
// as one step. The text is cut to fit; bytes that are not printable UTF-8 become '?'.
int hs_fail(struct hs_err *err, enum hs_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

// As hs_fail, with a place in a text.
int hs_fail_at(struct hs_err *err, enum hs_code code, unsigned line, unsigned column,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

// The sentence to show: err->text, or the code's general sentence where text is "".
const char *hs_err_sentence(const struct hs_err *err);

#endif
