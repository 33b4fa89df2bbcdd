// SPDX-License-Identifier: ISC
//
// Is a security key plugged in or pulled out? Seen from the names in folders alone, without
// talking to any key: /dev/hidrawN, and the sockets of software keys. Which of them is an
// enrolled key, and what follows, is not known here.
#ifndef HS_AGENTD_DEVICES_H
#define HS_AGENTD_DEVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#define HS_DEVICES_SOFT_MAX 64 // software keys
#define HS_DEVICES_POLL_MS  250

struct hs_devices;

// path is "/dev/hidrawN" or the "softkey:PATH" of hs_devices_watch, valid during the call.
// Plugged is told once we may open it (udev gives a new node its permissions a little
// later), unplugged when the name is gone; one that vanished and came back is told gone,
// then plugged. What was there when the watching began is not told. Always from the loop;
// the callback may call any function here.
typedef void hs_devices_cb(void *arg, const char *path, bool plugged);

// Watches dev (an absolute path, "/dev"). Where inotify cannot be had, or a folder is not
// there, it looks each 250 ms. NULL: no memory. It holds the loop until it is freed.
struct hs_devices *hs_devices_new(
    uv_loop_t *loop, const char *dev, hs_devices_cb *cb, void *arg);

// Replaces the set of software keys: "softkey:/PATH". Words that are not of this form, or
// beyond 64, are passed over. What is in the old set and the new keeps its state. False: no
// memory, and the old set stays.
bool hs_devices_watch(struct hs_devices *d, const char *const *softkeys, size_t n);

// No callback comes after it. Memory goes with the loop's next turn. Nulls *d; NULL is
// fine.
void hs_devices_free(struct hs_devices **d);

#endif
