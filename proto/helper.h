// SPDX-License-Identifier: ISC
//
// What handseald, `handseal enroll` and `handseal revoke` say to handseal-sk-helper and
// hear from it (docs/PROTOCOL.helper): one request on its stdin, one answer on its stdout.
// Pure.
#ifndef HS_PROTO_HELPER_H
#define HS_PROTO_HELPER_H

#include "proto/grant.h"

#define HS_HELPER_VERSION 1
#define HS_HELPER_MSG_MAX (512u * 1024)

// Bounds of single fields, in bytes but for the first.
#define HS_HELPER_TIMEOUT_MAX  600  // seconds
#define HS_HELPER_DEVICE_MAX   115  // "softkey:" and the longest path of a socket
#define HS_HELPER_TEXT_MAX     64   // user, product
#define HS_HELPER_KEY_MAX      256  // a public key blob
#define HS_HELPER_SENTENCE_MAX 319  // what struct hs_err has room for
#define HS_HELPER_PART_MAX     8192 // of an answer: auth_data, signatures, the certificate

// A PIN (CTAP 2.1, 6.5): so many bytes of UTF-8, and so many code points at least.
#define HS_HELPER_PIN_MAX	  63
#define HS_HELPER_PIN_MIN	  4
#define HS_HELPER_PIN_FD	  3   // where the helper reads one, if the request says pin
#define HS_HELPER_RETRIES_UNKNOWN 255 // of an answer: nothing is known about tries left

enum hs_helper_op {
	HS_HELPER_UNREAD = 0, // of an answer alone: the request could not be read
	HS_HELPER_ENROLL = 1,
	HS_HELPER_SIGN = 2,
	HS_HELPER_REVOKE = 3
};

struct hs_helper_enroll {
	struct hs_str device; // "" any; a hidraw path; softkey:PATH
	uint32_t timeout;     // seconds
	uint8_t key_type;     // enum hs_key_type: HS_KT_SK_ED25519 or HS_KT_SK_ECDSA
	struct hs_str user;   // label kept on the key, may be empty
	uint8_t challenge[32];
	uint8_t verify; // 1: demand user verification, now and in every later signature
	uint8_t pin;	// 1: a PIN can be read from HS_HELPER_PIN_FD until its end
};

// A key that may sign: its public key, its handle, where it was seen, and the body it would
// sign (bodies differ in the signature key alone).
struct hs_helper_candidate {
	struct hs_str device; // "" any
	struct hs_str key;    // public key blob
	struct hs_str handle; // credential id
	struct hs_str body;   // what to sign: a grant's or a direct certificate's body
	uint8_t verify;	      // 1: demand user verification where it is this key that signs
};
struct hs_helper_sign {
	uint32_t timeout;
	uint8_t verify;	     // 1: demand user verification, whichever key it is
	uint8_t pin;	     // 1: a PIN can be read from HS_HELPER_PIN_FD until its end
	struct hs_str shown; // the text whose digest the bodies hold
	struct hs_helper_candidate v[HS_ROOTS_MAX];
	size_t n;
};
// A root's list of what is revoked (rlist.h). The body of its one candidate is the list's
// message; SSHSIG is put around it by the helper.
struct hs_helper_revoke {
	uint32_t timeout;
	uint8_t pin;	     // 1: a PIN can be read from HS_HELPER_PIN_FD until its end
	struct hs_str shown; // the text that the message says by itself
	struct hs_helper_candidate candidate;
};
struct hs_helper_request {
	enum hs_helper_op op;
	struct hs_helper_enroll enroll;
	struct hs_helper_sign sign;
	struct hs_helper_revoke revoke;
};

// Answers. code HS_OK or the reason, with a sentence.
struct hs_helper_enrolled {
	struct hs_str key;     // public key blob
	struct hs_str handle;  // credential id
	struct hs_str product; // what the device says of itself, cleaned for showing
	uint8_t aaguid[16];
	uint8_t flags;		       // of the authenticator data
	struct hs_str auth_data;       // raw
	struct hs_str attestation_sig; // over auth_data and the challenge's hash
	struct hs_str certificate;     // the leaf, DER; empty: self attestation or none
	uint8_t simulated;
};
struct hs_helper_signed {
	uint32_t index;		 // which candidate
	struct hs_str signature; // SSH sk signature blob
	struct hs_str device;	 // of the key that signed: a hidraw path, or softkey:PATH
};
struct hs_helper_answer {
	enum hs_helper_op op;
	enum hs_code code;
	struct hs_str sentence; // empty when code is HS_OK
	uint8_t retries; // of a failure: PIN tries left, or HS_HELPER_RETRIES_UNKNOWN
	struct hs_helper_enrolled enrolled;
	struct hs_helper_signed signed_; // of a sign and of a revoke, whose index is 0
};

// Messages are a frame: uint32 length, then the body. The _put functions write both; the
// _parse functions take a whole frame and refuse anything behind it. HS_ERR_UNSUPPORTED for
// another version. out->op of a request is set as soon as it is known, so that a refusal
// can name it.
void hs_helper_request_put(struct hs_buf *b, const struct hs_helper_request *m);
int hs_helper_request_parse(struct hs_str frame, struct hs_helper_request *out);
void hs_helper_answer_put(struct hs_buf *b, const struct hs_helper_answer *m);
int hs_helper_answer_parse(struct hs_str frame, struct hs_helper_answer *out);

// May this be signed at all? Every body parses as a grant or a direct certificate by that
// candidate's key, they agree in all but the signature key, and each holds the digest of
// shown. HS_SK_REFUSED with the reason.
int hs_helper_sign_check(const struct hs_helper_sign *m, struct hs_err *err);

// The same of a list: its message has its form, is for that candidate's key, and says what
// was shown.
int hs_helper_revoke_check(const struct hs_helper_revoke *m, struct hs_err *err);

// Could raw, as it was typed or came from a descriptor, be a PIN? *len is its length,
// without the one LF that may end it. HS_SK_PIN_INVALID with the reason, which tells
// nothing of the PIN itself.
int hs_helper_pin_check(struct hs_str raw, size_t *len, struct hs_err *err);

#endif
