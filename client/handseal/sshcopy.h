// SPDX-License-Identifier: ISC
//
// The filtered copy of a user's ssh configuration: which files ssh would read, by Include
// too, each filtered (sshconfig.h) into a file of its own. Read into memory first, so that
// what is wrong is told before anybody is asked for a touch; written later.
#ifndef HS_CLIENT_SSHCOPY_H
#define HS_CLIENT_SSHCOPY_H

#include "proto/buf.h"

#define HS_SSHCOPY_FILES 256 // all of them together
#define HS_SSHCOPY_BYTES (512u * 1024)
#define HS_SSHCOPY_TOP	 "config" // the file to give to ssh's -F

// Zero-initialise; hs_sshcopy_free when done.
struct hs_sshcopy {
	struct hs_sshcopy_file {
		char *path; // of the original
		bool user;  // it belongs to the user's configuration, not the system's
		struct hs_buf text; // the copy; a NUL stands for the folder of the copies
	} * f;			    // f[0] is HS_SSHCOPY_TOP, f[n] is named n
	size_t n, bytes;
	const char *dir; // of what is Included by the file that is being read
	bool user;
};

// Reads user_dir/config and system_dir/ssh_config, neither of which has to be there, and
// what they Include. HS_ERR_CONFIG with a sentence that names the file: ssh would refuse
// it (others can write it), or an Include cannot be followed; HS_ERR_IO, HS_ERR_TOO_LONG,
// HS_ERR_NOMEM.
int hs_sshcopy_read(
    struct hs_sshcopy *c, const char *user_dir, const char *system_dir, struct hs_err *err);

// Writes the copies into dir, which is there and empty, and whose path has none of ssh's
// special characters. HS_ERR_IO.
int hs_sshcopy_write(const struct hs_sshcopy *c, const char *dir, struct hs_err *err);
void hs_sshcopy_free(struct hs_sshcopy *c);

// The folder that ssh means by ~/.ssh: the password file's, whatever HOME says. HS_ERR_IO,
// HS_ERR_TOO_LONG.
int hs_sshcopy_user_dir(char *out, size_t size, struct hs_err *err);

#endif
