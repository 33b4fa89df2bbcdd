// SPDX-License-Identifier: ISC
//
// The security keys that are there, and opening one. What is asked of them is enroll.c's
// and sign.c's; running several at once is race.c's.
#ifndef HS_SKHELPER_DEVICE_H
#define HS_SKHELPER_DEVICE_H

#include <stdatomic.h>
#include "agentd/sk-helper/softdev.h"
#include "proto/helper.h"

#define HS_DEVICES_MAX 64

// A place where a key is, or should be.
struct hs_device {
	char path[HS_HELPER_DEVICE_MAX + 1];  // a hidraw path, or softkey:PATH
	char product[HS_HELPER_TEXT_MAX + 1]; // its own words, fit to be shown; may be ""
	bool found;	 // by looking what is plugged in, not only by name
	bool simulated;	 // it is a software key
	fido_dev_t *dev; // NULL until opened
	struct hs_softdev soft;
};

struct hs_devices {
	struct hs_device v[HS_DEVICES_MAX];
	size_t n;
};

// Adds every key that is plugged in and that this user may open. Call it first, on a zeroed
// list. HS_ERR_NOMEM.
int hs_devices_find(struct hs_devices *d, struct hs_err *err);

// Adds the device of that name, if it is not in the list yet. HS_ERR_USAGE if it is no name
// of one, HS_ERR_TOO_LONG if the list is full.
int hs_devices_add(struct hs_devices *d, struct hs_str name, struct hs_err *err);

// Closes and frees what is open.
void hs_devices_close(struct hs_devices *d);

// Opens it and asks what it can do. Waits a few seconds for another program that holds it,
// and no longer when *stop becomes true. HS_SK_NO_DEVICE, HS_SK_DEVICE, HS_SK_CANCELLED,
// HS_ERR_NOMEM. Threads: each device by its own.
int hs_device_open(struct hs_device *d, const atomic_bool *stop, struct hs_err *err);

// Was it pulled out?
bool hs_device_gone(const struct hs_device *d);

// Tells what went wrong with it: r is a result of libfido2. A key that was pulled out is
// HS_SK_NO_DEVICE, whatever libfido2 calls it.
int hs_device_failed(const struct hs_device *d, int r, struct hs_err *err);

#endif
