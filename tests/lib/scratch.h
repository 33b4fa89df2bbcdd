// SPDX-License-Identifier: ISC
//
// A scratch folder for each test, made and removed by cmocka's setup and teardown.
#ifndef HS_TESTS_SCRATCH_H
#define HS_TESTS_SCRATCH_H

extern char scratch_dir[32];

int scratch_make(void **state);
int scratch_remove(void **state);

const char *scratch_in(const char *name); // its path; of the last four calls only
int scratch_count(void);		  // files in it, but for hidden ones
unsigned scratch_mode(const char *name);  // permission bits
void scratch_holds(const char *name, const char *want); // fails unless it is that content

#endif
