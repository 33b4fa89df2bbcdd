// SPDX-License-Identifier: ISC
//
// What every command that has a security key touched shares: how long that may take, and
// how a --device is named to a helper that runs elsewhere. Running the helper is
// skhelper.h's.
#ifndef HS_CLIENT_CEREMONY_H
#define HS_CLIENT_CEREMONY_H

#include <stdbool.h>
#include <stdint.h>
#include "client/handseal/paths.h"

#define HS_CEREMONY_SOFTKEY    "softkey:"
#define HS_CEREMONY_DEVICE_MAX (HS_PATHS_MAX + sizeof HS_CEREMONY_SOFTKEY)

// Seconds for a touch: as handseald reads them, so that tests need not wait half a minute.
uint32_t hs_ceremony_seconds(void);
// Seconds until a helper is given up that is asked for a touch, with a PIN or without.
unsigned hs_ceremony_patience(bool with_pin);
// A --device, whose path may be relative, as helper.h has it. *softkey: it is one, and then
// its length is right for a root file. HS_ERR_IO, HS_ERR_TOO_LONG, HS_ERR_FORMAT.
int hs_ceremony_device(const char *device, char out[static HS_CEREMONY_DEVICE_MAX],
    bool *softkey, struct hs_err *err);

#endif
