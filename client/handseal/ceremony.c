// SPDX-License-Identifier: ISC
//
// Touches' times and devices. Contract in ceremony.h.
#include "client/handseal/ceremony.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "proto/rootfile.h"
#include "proto/text.h"

#define GRACE	  3  // seconds that a helper may take longer than the touch may
#define PIN_GRACE 10 // and where it uses a PIN (PROTOCOL.helper, 10)

uint32_t
hs_ceremony_seconds(void)
{
	const char *s = getenv("HANDSEAL_TOUCH_SECONDS");
	uint64_t n = HS_TOUCH_ARMED;

	if (s == NULL || hs_text_u64(hs_str_c(s), HS_TOUCH_ARMED, &n) != HS_OK || n == 0)
		n = HS_TOUCH_ARMED;
	return (uint32_t)n;
}

unsigned
hs_ceremony_patience(bool with_pin)
{
	return with_pin ? 3 * hs_ceremony_seconds() + PIN_GRACE
			: hs_ceremony_seconds() + GRACE;
}

// The helper runs in "/", and so does handseald's.
int
hs_ceremony_device(const char *device, char out[static HS_CEREMONY_DEVICE_MAX],
    bool *softkey, struct hs_err *err)
{
	const size_t front = sizeof HS_CEREMONY_SOFTKEY - 1;
	char here[HS_PATHS_MAX] = "";
	const char *path = device;
	int n;

	*softkey = strncmp(path, HS_CEREMONY_SOFTKEY, front) == 0;
	if (*softkey)
		path += front;
	if (path[0] != '/' && getcwd(here, sizeof here - 1) == NULL)
		return hs_fail(
		    err, HS_ERR_IO, "cannot tell the current folder: %s", strerror(errno));
	n = snprintf(out, HS_CEREMONY_DEVICE_MAX, "%s%s%s%s",
	    *softkey ? HS_CEREMONY_SOFTKEY : "", here, here[0] != '\0' ? "/" : "", path);
	if (n < 0 || (size_t)n >= HS_CEREMONY_DEVICE_MAX ||
	    (*softkey && (size_t)n >= sizeof((struct hs_root_record *)NULL)->device))
		return hs_fail(err, HS_ERR_TOO_LONG, "the path of --device is too long");
	if (!hs_text_shown(hs_str_c(out), NULL))
		return hs_fail(err, HS_ERR_FORMAT,
		    "the path of --device has characters that do not show");
	return HS_OK;
}
