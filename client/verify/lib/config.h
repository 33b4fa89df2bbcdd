// SPDX-License-Identifier: ISC
//
// The server owner's files, opened with the care of sshd's StrictModes: regular, bounded,
// and in nobody else's power to change. What their texts mean is proto/serverconf.h's.
#ifndef HS_CLIENT_VERIFY_LIB_CONFIG_H
#define HS_CLIENT_VERIFY_LIB_CONFIG_H

#include <stdbool.h>
#include "proto/serverconf.h"

#define HS_CONFIG_FILE_MAX (256u * 1024)

struct hs_config {
	const char *dir; // the caller's
	struct hs_roots roots;
	struct hs_server_conf server;
	struct hs_err err;  // why nobody may be admitted; code HS_OK where the files hold
	unsigned bad_lines; // lines of roots that were skipped, in all of their files
	bool absent;	    // there is no file of roots at all
	bool by_user;	    // and there are files of users' roots, which were not asked for
	struct hs_buf
	    revoked; // the text of DIR/revoked, where there is one; without mistakes
};

// Hears of each line of roots that is skipped: in which file, and where in it.
typedef void hs_config_bad(void *arg, const char *path, const struct hs_err *err);

struct hs_config_ask {
	const char *dir; // of the files
	bool own;	 // files of our effective user will do as root's do: the folder was
			 // named on the command line
	const char *user;      // read DIR/roots.d/USER too, where that is; NULL: nobody's
	hs_config_bad *on_bad; // may be NULL
	void *arg;
};

// Reads DIR/roots and DIR/verify.conf, and DIR/roots.d/USER and DIR/revoked where they are
// there. Any fault but a line of roots stands in out->err: then out->server admits no host,
// and whatever roots were read may only be shown, not trusted. out is zeroed first, and
// points into ask's strings; hs_config_free always.
void hs_config_load(struct hs_config *out, const struct hs_config_ask *ask);

// Reads DIR/verify.conf and DIR/revoked alone, each where it is there, for who has roots
// from elsewhere: out->roots is empty, and the caller's to fill.
void hs_config_load_rest(struct hs_config *out, const struct hs_config_ask *ask);
void hs_config_free(struct hs_config *c);

// For a person who mends the files: tells every fault of owner, mode and kind that
// DIR/NAME and the folders above it have, where hs_config_load would stop at the first.
// HS_OK where there is none, HS_ERR_IO where it cannot be found, HS_ERR_CONFIG.
typedef void hs_config_fault(void *arg, const struct hs_err *err);
int hs_config_judge(
    const char *dir, const char *name, bool own, hs_config_fault *fault, void *arg);

// Reads a whole regular file of at most max bytes into b, without asking whose it is.
// HS_ERR_IO, HS_ERR_TOO_LONG, with path and reason in err.
int hs_config_read_fd(
    int fd, const char *path, size_t max, struct hs_buf *b, struct hs_err *err);
// The same of a path that somebody names on the command line; "-" is the standard input.
int hs_config_read_path(const char *path, size_t max, struct hs_buf *b, struct hs_err *err);

#endif
