// SPDX-License-Identifier: ISC
//
// What a test and the program that it has faults.c preloaded into share: a file HS_FAULTS
// of this layout, which the test may write to at any time. The calls that count are those
// on files and folders below the folders that HS_FAULTS_UNDER names, with : between.
#ifndef HS_TESTS_FAULTS_H
#define HS_TESTS_FAULTS_H

#include <stdint.h>

// What a call is, for the choice of faults that it can have.
enum hs_faults_call {
	HS_CALL_NONE,
	HS_CALL_WRITE,	// write, pwritev
	HS_CALL_SYNC,	// fsync, fdatasync
	HS_CALL_CREATE, // open for writing, mkdir, mkdtemp, bind
	HS_CALL_NAME,	// rename, unlink, rmdir
	HS_CALL_CHANGE, // ftruncate, chmod, fchmod, lsetxattr
	HS_CALL_OPEN,	// for reading
	HS_CALL_READ,	// read, pread
	HS_CALLS,
};

#define HS_FAULTS_TRACED 4096
#define HS_FAULTS_TOLD	 96

struct hs_faults {
	uint64_t count; // calls so far
	uint64_t from,
	    until;	  // those numbers fail, from 1; until is not one of them. 0: none
	uint32_t mask;	  // 1 << call: only these of them
	int32_t error;	  // with that errno, nothing done; 0: writes are short by half
	int32_t then;	  // those behind the first of them, where not 0, with that one
	uint32_t slow_ms; // each sync takes so much longer
	uint32_t hits;	  // calls that failed, or were short
	uint8_t traced[HS_FAULTS_TRACED];	     // what each was; 0 is unused
	char told[HS_FAULTS_TRACED][HS_FAULTS_TOLD]; // and its name: for a person
};

#endif
