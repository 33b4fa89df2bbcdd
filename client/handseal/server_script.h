// SPDX-License-Identifier: ISC
//
// The scripts that `handseal server` sends, or prints: server_remote.sh, the values that it
// works with, each quoted, perhaps the two programs, and one call. Not for sending them.
#ifndef HS_CLIENT_SERVER_SCRIPT_H
#define HS_CLIENT_SERVER_SCRIPT_H

#include "client/handseal/server.h"

struct hs_serverscript {
	struct hs_buf front, back; // before and behind the programs
	struct hs_serverprogram {
		const char *function; // that prints it in base64
		uint8_t *data;	      // owned; NULL: it is not in the script
		size_t len;
	} programs[2];
};

// Zero-initialise; hs_serverscript_free when done.
// Begins one: all of server_remote.sh and server_change.sh. told: "" or "person"
// (server_remote.sh).
void hs_serverscript_begin(struct hs_serverscript *c, const char *told);
// NAME='value'. A value with a control byte marks front as failed.
void hs_serverscript_set(struct hs_serverscript *c, const char *name, struct hs_str value);
// A function that prints text, whole lines.
void hs_serverscript_text(
    struct hs_serverscript *c, const char *function, struct hs_str text);
// Reads handseal-verify and handseal-shell from dir; NULL: where this program's own are.
// HS_ERR_IO, HS_NO_SUCH, HS_ERR_TOO_LONG, HS_ERR_NOMEM.
int hs_serverscript_programs(
    struct hs_serverscript *c, const char *dir, struct hs_err *err);
// The end of it: these commands.
void hs_serverscript_call(struct hs_serverscript *c, const char *commands);
// How many bytes it has; 0 where it failed.
size_t hs_serverscript_len(const struct hs_serverscript *c);
// Writes all of them. HS_ERR_INTERNAL where it failed, HS_ERR_IO, HS_ERR_NOMEM.
int hs_serverscript_write(const struct hs_serverscript *c, int fd, struct hs_err *err);
void hs_serverscript_free(struct hs_serverscript *c);

#endif
