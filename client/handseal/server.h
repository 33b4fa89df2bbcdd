// SPDX-License-Identifier: ISC
//
// handseal server: what its three commands share. Who reads this program's talk with a
// server should begin with server_remote.sh, which is what runs there.
#ifndef HS_CLIENT_SERVER_H
#define HS_CLIENT_SERVER_H

#include <stdbool.h>
#include "client/handseal/cmd.h"
#include "client/handseal/rootlist.h"
#include "client/handseal/server_facts.h"

#define HS_SERVER_SSH_WORDS  32	 // options for ssh, on the command line
#define HS_SERVER_WITHIN     120 // seconds after which all is undone, where nobody says keep
#define HS_SERVER_WITHIN_MAX 3600

struct hs_server {
	const char *verb;   // add, remove, status
	const char *target; // as ssh takes it: [USER@]HOST
	const char *host;   // of it
	const char *ssh[HS_SERVER_SSH_WORDS];
	size_t nssh;
	struct hs_buf users, names; // "a,b" and "a b"; what was given
	const char *run_as, *programs;
	uint64_t within;
	bool json, yes, print, no_proof, all;
	struct hs_rootlist roots;
	json_t *did; // what the server said that it did, for --json
};

int hs_server_add(struct hs_server *s);
int hs_server_remove(struct hs_server *s);
int hs_server_status(struct hs_server *s);

// Puts this server's name first into s->names, if none was given: HOST, or what ssh takes
// for it. HS_ERR_USAGE where neither is a name that a scope could have.
int hs_server_name(struct hs_server *s, struct hs_err *err);
// Asks the person; --yes says it for them. False with a sentence where nobody can be asked.
bool hs_server_agreed(const struct hs_server *s, const char *question, struct hs_err *err);
// How long the server waits for our word, in digits.
void hs_server_within(const struct hs_server *s, char out[static 24]);
// What the server's facts say of its files, joined into texts.
void hs_server_text(struct hs_str facts, const char *key, struct hs_buf *out);
// "HOST: sentence", with --json too. Returns the exit status.
int hs_server_fail(const struct hs_server *s, const struct hs_err *err);

#endif
