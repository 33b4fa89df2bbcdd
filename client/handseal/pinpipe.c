// SPDX-License-Identifier: ISC
//
// Putting a PIN into a pipe. Contract in pinpipe.h.
#include "client/handseal/pinpipe.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>
#include "client/handseal/askpin.h"
#include "proto/helper.h"

int
hs_pinpipe_put(struct hs_str pin, int *fd, struct hs_err *err)
{
	int ends[2], rc;
	size_t len = 0;
	ssize_t n;

	*fd = -1;
	if (pin.len == 0)
		return hs_fail(err, HS_SK_CANCELLED, "no PIN was entered");
	rc = hs_helper_pin_check(pin, &len, err);
	if (rc != HS_OK)
		return rc;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return hs_fail(err, HS_ERR_IO, "cannot make a pipe: %s", strerror(errno));
	do
		n = write(ends[1], pin.p, len); // an empty pipe has room for it
	while (n < 0 && errno == EINTR);
	close(ends[1]);
	if (n != (ssize_t)len) {
		close(ends[0]);
		return hs_fail(err, HS_ERR_IO, "cannot write to a pipe");
	}
	*fd = ends[0];
	return HS_OK;
}

int
hs_pinpipe_ask(const char *prompt, int *fd, struct hs_err *err)
{
	char *pin = NULL;
	size_t len = 0;
	int rc = hs_askpin(prompt, &pin, &len, err);

	*fd = -1;
	if (rc == HS_OK)
		rc = hs_pinpipe_put((struct hs_str){(const uint8_t *)pin, len}, fd, err);
	sodium_free(pin);
	return rc;
}

bool
hs_pinpipe_yes(const char *question)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	char answer[8] = "";
	ssize_t n = -1;

	if (fd < 0)
		return false;
	if (write(fd, question, strlen(question)) > 0)
		n = read(fd, answer, sizeof answer - 1);
	close(fd);
	return n > 0 && (answer[0] == 'y' || answer[0] == 'Y');
}
