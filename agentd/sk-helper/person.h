// SPDX-License-Identifier: ISC
//
// How the person at a security key proves to be there, and to be the one: by a touch, by
// the key's own sensor, or by its PIN. Of several keys the PIN is used on one alone, since
// each that does not know it would lose a try. What is asked of the key is enroll.c's and
// sign.c's.
#ifndef HS_SKHELPER_PERSON_H
#define HS_SKHELPER_PERSON_H

#include "agentd/sk-helper/race.h"

struct hs_person {
	bool offered;	  // a PIN can be read from HS_HELPER_PIN_FD, once
	uint32_t seconds; // for the PIN, as for the touch
	size_t lanes;	  // that will report
	atomic_size_t in, out;
	atomic_uchar retries; // of the PIN, where the outcome is about it
};

// What is asked of the key: a call of libfido2 that waits for a touch, and its result. uv:
// by the key's sensor; pin: by its PIN, or NULL. May be called again.
typedef int hs_person_ask(fido_dev_t *dev, void *arg, bool uv, const char *pin);

void hs_person_init(struct hs_person *p, bool offered, uint32_t seconds, size_t lanes);

// Each lane says once whether its key could do what is asked; hs_person_run waits for that.
void hs_person_report(struct hs_person *p, bool could);

// Has the key do it: with verification where verify or the key itself demands it. A PIN is
// read when this lane's key is known to be the one: the only one that could, or touched
// first, so that there are two touches. HS_OK or what went wrong, with the tries that are
// left.
int hs_person_run(struct hs_person *p, struct hs_lane *l, bool verify, hs_person_ask *ask,
    void *arg, struct hs_err *err);

#endif
