// SPDX-License-Identifier: ISC
//
// The numbers of OpenSSH's PROTOCOL.krl, for its writer and its reader. The contract for
// everybody else is krl.h.
#ifndef HS_PROTO_KRL_INTERNAL_H
#define HS_PROTO_KRL_INTERNAL_H

#define KRL_MAGIC     "SSHKRL\n" // and its NUL
#define KRL_MAGIC_LEN 8
#define KRL_FORMAT    1

enum krl_section {
	KRL_CERTIFICATES = 1,
	KRL_KEYS = 2,
	KRL_SHA1 = 3,
	KRL_SIGNATURE = 4,
	KRL_SHA256 = 5,
	KRL_EXTENSION = 255,
};
enum krl_certificates {
	KRL_SERIAL_LIST = 0x20,
	KRL_SERIAL_RANGE = 0x21,
	KRL_SERIAL_BITMAP = 0x22,
	KRL_KEY_ID = 0x23,
	KRL_CERT_EXTENSION = 0x39,
};

// OpenSSH reads no number above this, and so no longer bitmap; ssh-keygen writes longer
// ones all the same, which then nobody can read.
#define KRL_BITMAP_BITS 16384

#endif
