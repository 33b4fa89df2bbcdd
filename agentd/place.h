// SPDX-License-Identifier: ISC
//
// One folder, and the names in it that stand for keys: which of them are there, and are
// they still the same. When to look is devices.c's.
#ifndef HS_AGENTD_PLACE_H
#define HS_AGENTD_PLACE_H

#include <stdbool.h>
#include <stdint.h>

// A name's inode and birth: the same name with others is another key.
struct hs_place_id {
	uint64_t dev, ino, born;
};

struct hs_node {
	struct hs_node *next;
	bool there; // and told
	struct hs_place_id id;
	char *path; // as it is told
	const char *name;
};

struct hs_place {
	struct hs_place *next;
	char *dir;
	int wd;	      // of inotify, or -1
	bool changes; // names hidrawN come and go; else it is one software key
	struct hs_node *nodes;
};

// Told of a change; false where it could not take it, and then it is found again at the
// next look.
typedef bool hs_place_tell(void *arg, const char *path, bool plugged);

// NULL: no memory.
struct hs_place *hs_place_hidraw(const char *dir);
struct hs_place *hs_place_softkey(const char *word); // hs_place_is_softkey
void hs_place_free(struct hs_place **p);

bool hs_place_is_softkey(const char *word); // "softkey:/PATH"

// Compares everything with what was last known. tell may be NULL: then it is only noted.
void hs_place_look(struct hs_place *p, hs_place_tell *tell, void *arg);
// A name went; a name came, or is another or has other permissions than before.
void hs_place_went(struct hs_place *p, const char *name, hs_place_tell *tell, void *arg);
void hs_place_came(struct hs_place *p, const char *name, hs_place_tell *tell, void *arg);

#endif
