// SPDX-License-Identifier: ISC
//
// The way to a security key in software: its reports as packets of a Unix socket, under
// libfido2's own framing. For tests and the demo; what comes over it is marked as simulated
// by the caller.
#ifndef HS_SKHELPER_SOFTDEV_H
#define HS_SKHELPER_SOFTDEV_H

#include <fido.h>
#include <stdbool.h>
#include "proto/err.h"

#define HS_SOFTDEV_PREFIX "softkey:"

// One connection. It must outlive the fido_dev_t that was opened over it.
struct hs_softdev {
	int fd;	   // -1: none
	bool gone; // the other side closed it
};

// Connects to the socket at path (absolute). HS_SK_NO_DEVICE: nobody is there;
// HS_SK_DEVICE, HS_ERR_USAGE with a sentence.
int hs_softdev_connect(struct hs_softdev *s, const char *path, struct hs_err *err);

// Makes dev talk over s when fido_dev_open is next called on this thread. A result of
// libfido2.
int hs_softdev_attach(struct hs_softdev *s, fido_dev_t *dev);

void hs_softdev_close(struct hs_softdev *s);

#endif
