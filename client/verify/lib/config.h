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
	unsigned bad_lines; // lines of roots that were skipped
	bool absent;	    // there is no file of roots at all
	struct hs_buf
	    revoked; // the text of DIR/revoked, where there is one; without mistakes
};

// Reads DIR/roots and DIR/verify.conf, and DIR/revoked where that is there. on_bad hears of
// each line of roots that is skipped. own says that files of our effective user will do as
// root's do (a folder named on the command line). Any other fault stands in out->err: then
// out->server admits no host, and whatever roots were read may only be shown, not trusted.
// out is zeroed first; hs_config_free always.
void hs_config_load(
    struct hs_config *out, const char *dir, bool own, hs_bad_line *on_bad, void *arg);
void hs_config_free(struct hs_config *c);

// Reads a whole regular file of at most max bytes into b, without asking whose it is.
// HS_ERR_IO, HS_ERR_TOO_LONG, with path and reason in err.
int hs_config_read_fd(
    int fd, const char *path, size_t max, struct hs_buf *b, struct hs_err *err);

#endif
