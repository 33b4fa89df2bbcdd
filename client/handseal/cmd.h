// SPDX-License-Identifier: ISC
//
// The commands of handseal: one function each, in a file of its own, and the table that
// usage is made from. Helpers that commands share are in cli.h (messages, JSON) and paths.h
// (XDG).
#ifndef HS_CLIENT_CMD_H
#define HS_CLIENT_CMD_H

#include <stdio.h>
#include "client/handseal/cli.h"

// argv[0] is the command's name; each parses its own options with getopt_long (optind is 0
// on entry), answers -h and --help by `return hs_cmd_help(argv[0])`, and returns an enum
// hs_exit.
int cmd_approve(int argc, char **argv);
int cmd_audit(int argc, char **argv);
int cmd_close(int argc, char **argv);
int cmd_decline(int argc, char **argv);
int cmd_enroll(int argc, char **argv);
int cmd_krl(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_open(int argc, char **argv);
int cmd_policy(int argc, char **argv);
int cmd_request(int argc, char **argv);
int cmd_revoke(int argc, char **argv);
int cmd_roots(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_server(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_sign(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_wait(int argc, char **argv);
int cmd_watch(int argc, char **argv);
int cmd_why(int argc, char **argv);

struct hs_cmd {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *args; // its synopsis behind "handseal NAME ", lines separated by LF
	const char *what; // what it does, in a few words
};

const struct hs_cmd *hs_cmd_find(const char *name); // NULL if there is none
void hs_cmd_put_usage(FILE *f);			    // all of them

// One command's usage: to stdout, HS_EXIT_DONE; or behind a sentence to stderr,
// HS_EXIT_USAGE.
int hs_cmd_help(const char *name);
int hs_cmd_usage(const char *name, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
