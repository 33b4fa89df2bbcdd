// SPDX-License-Identifier: ISC
//
// What a server says of itself over `handseal server`'s connection (server_remote.sh): text
// of lines `key value`. Pure. Who could send it: whoever is root there, or stands in its
// place; it is believed of that server only, and cleaned where it is shown.
#ifndef HS_CLIENT_SERVER_FACTS_H
#define HS_CLIENT_SERVER_FACTS_H

#include <stdbool.h>
#include "proto/buf.h"

#define HS_SERVERFACTS_LINE_MAX 8192
#define HS_SERVERFACTS_MAX	(256u * 1024) // all of one answer

struct hs_serverfact {
	struct hs_str key;   // [a-z-]{1,24}
	struct hs_str value; // the rest behind one blank: no control bytes but TAB
};

// One line, without its LF. HS_ERR_FORMAT, HS_ERR_TOO_LONG.
int hs_serverfacts_line(struct hs_str line, struct hs_serverfact *out);
// Takes the next one off the front of *text, passing over lines that are none; false at
// the end.
bool hs_serverfacts_next(struct hs_str *text, struct hs_serverfact *out);
// The first value of that key, or "" and false.
bool hs_serverfacts_find(struct hs_str text, const char *key, struct hs_str *value);
// One value of key `list`: "1795485600 /var/lib/handseal/lists/7c2e.list". HS_ERR_FORMAT.
int hs_serverfacts_list(struct hs_str value, uint64_t *written, struct hs_str *name);

#endif
