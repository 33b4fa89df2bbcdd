// SPDX-License-Identifier: ISC
//
// What clients of a daemon that is killed know, and what its log says of that. For
// tests/e2e/crashctl.c.
#ifndef HS_TESTS_CRASHLOG_H
#define HS_TESTS_CRASHLOG_H

#include "proto/auditline.h"

#define ID_MAX 48

struct crashlog_ids { // SESSION.SERIAL of certificates, SESSION. of touches
	char (*v)[ID_MAX];
	size_t n, cap;
};
void crashlog_add(struct crashlog_ids *l, struct hs_str id);
bool crashlog_have(const struct crashlog_ids *l, const char *id); // they are sorted

struct crashlog {
	uint64_t seq, torn, starts, rotated, checkpoints, signatures;
	uint8_t head[HS_AUDIT_HASH];
	struct crashlog_ids issued;
	size_t files;
	char bad[256]; // what is wrong with it
};

// Reads all files of the log in that folder, from the first record to the last: the chain
// holds, and no line is half, or the program ends. l->issued is sorted.
void crashlog_read(struct crashlog *l, const char *state);

void crashlog_die(const char *what) __attribute__((noreturn)); // with errno's text

#endif
