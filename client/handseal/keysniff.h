// SPDX-License-Identifier: ISC
//
// Is this file a private key, and does it take more than the file to use it? Told from the
// text alone, for every format that ssh or PuTTY's tools read. Pure. Not for using a key
// (libhandseal/sshkey.h), and wrong on the careful side: what looks like a key is one.
#ifndef HS_CLIENT_KEYSNIFF_H
#define HS_CLIENT_KEYSNIFF_H

#include "proto/buf.h"

#define HS_KEYSNIFF_BYTES (64u * 1024) // of a file; a key begins before that

enum hs_keysniff {
	HS_KEYSNIFF_NONE,      // no private key
	HS_KEYSNIFF_PROTECTED, // wants a passphrase, or a security key's touch
	HS_KEYSNIFF_BARE,      // whoever reads it can use it
};

// The most that any key in the text deserves; it may be the beginning of a longer one.
enum hs_keysniff hs_keysniff(struct hs_str text);

#endif
