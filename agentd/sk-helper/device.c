// SPDX-License-Identifier: ISC
//
// Finding and opening security keys. Contract in device.h.
#include "agentd/sk-helper/device.h"

#include <errno.h>
#include <fcntl.h>
#include <fido.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "agentd/sk-helper/fidoerr.h"
#include "proto/text.h"

#define OPEN_MS	     5000 // for the first two answers of a key
#define BUSY_MS	     3000 // for another program to let go of it
#define BUSY_LOOK_MS 50
#define PREFIX_LEN   (sizeof HS_SOFTDEV_PREFIX - 1)

static bool
is_soft(const char *path)
{
	return strncmp(path, HS_SOFTDEV_PREFIX, PREFIX_LEN) == 0;
}

// ---- the list

// Maker and product, as the device says: cleaned, and cut between characters.
static int
set_product(struct hs_device *d, const char *maker, const char *product)
{
	struct hs_buf raw = {0}, clean = {0};
	size_t len;
	int rc;

	hs_put_fmt(&raw, "%s%s%s", maker != NULL ? maker : "",
	    maker != NULL && product != NULL ? " " : "", product != NULL ? product : "");
	hs_text_put_clean(&clean, hs_buf_str(&raw));
	rc = hs_buf_err(&raw) != HS_OK ? hs_buf_err(&raw) : hs_buf_err(&clean);
	if (rc == HS_OK) {
		len = clean.len < sizeof d->product ? clean.len : sizeof d->product - 1;
		while (len > 0 && len < clean.len && (clean.p[len] & 0xc0) == 0x80)
			len--;
		memcpy(d->product, len > 0 ? clean.p : (const uint8_t *)"", len);
		d->product[len] = '\0';
	}
	hs_buf_free(&raw);
	hs_buf_free(&clean);
	return rc;
}

static int
add(struct hs_devices *d, struct hs_str name, struct hs_device **out, struct hs_err *err)
{
	struct hs_device *dev;

	if (d->n == HS_DEVICES_MAX)
		return hs_fail(
		    err, HS_ERR_TOO_LONG, "more than %d devices are named", HS_DEVICES_MAX);
	dev = &d->v[d->n];
	*dev = (struct hs_device){.soft = {.fd = -1}};
	if (hs_str_copy(name, dev->path, sizeof dev->path) != HS_OK || dev->path[0] == '\0')
		return hs_fail(err, HS_ERR_USAGE, "this is no name of a device");
	dev->simulated = is_soft(dev->path);
	d->n++;
	*out = dev;
	return HS_OK;
}

int
hs_devices_find(struct hs_devices *d, struct hs_err *err)
{
	fido_dev_info_t *list = fido_dev_info_new(HS_DEVICES_MAX);
	size_t n = 0;
	int rc = HS_OK;

	if (list == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "%s", "");
	if (fido_dev_info_manifest(list, HS_DEVICES_MAX, &n) != FIDO_OK)
		n = 0;
	for (size_t i = 0; rc == HS_OK && i < n; i++) {
		const fido_dev_info_t *info = fido_dev_info_ptr(list, i);
		const char *path = fido_dev_info_path(info);
		struct hs_device *dev;

		if (path == NULL || path[0] != '/' || strlen(path) > HS_HELPER_DEVICE_MAX)
			continue;
		rc = add(d, hs_str_c(path), &dev, err);
		if (rc != HS_OK)
			break;
		dev->found = true;
		rc = set_product(dev, fido_dev_info_manufacturer_string(info),
		    fido_dev_info_product_string(info));
	}
	fido_dev_info_free(&list, HS_DEVICES_MAX);
	return rc;
}

int
hs_devices_add(struct hs_devices *d, struct hs_str name, struct hs_err *err)
{
	struct hs_device *dev;
	int rc;

	for (size_t i = 0; i < d->n; i++)
		if (hs_str_is(name, d->v[i].path))
			return HS_OK;
	rc = add(d, name, &dev, err);
	if (rc == HS_OK && dev->simulated)
		rc = set_product(dev, "SIMULATED", "software key");
	if (rc == HS_OK && !dev->simulated && dev->path[0] != '/') {
		d->n--;
		rc = hs_fail(err, HS_ERR_USAGE,
		    "%s is no device: give a path such as /dev/hidraw0, or %sPATH",
		    dev->path, HS_SOFTDEV_PREFIX);
	}
	return rc;
}

void
hs_devices_close(struct hs_devices *d)
{
	for (size_t i = 0; i < d->n; i++) {
		if (d->v[i].dev != NULL)
			(void)fido_dev_close(d->v[i].dev);
		fido_dev_free(&d->v[i].dev);
		hs_softdev_close(&d->v[i].soft);
	}
	d->n = 0;
}

// ---- opening

static void
nap(long ms)
{
	const struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	(void)nanosleep(&t, NULL);
}

static int
not_there(const struct hs_device *d, struct hs_err *err)
{
	return hs_fail(err, HS_SK_NO_DEVICE, "no security key is at %s", d->path);
}

static int
open_hidraw(const struct hs_device *d, int *fd, struct hs_err *err)
{
	struct stat st;

	*fd = open(d->path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (*fd < 0 && (errno == ENOENT || errno == ENODEV || errno == ENXIO))
		return not_there(d, err);
	if (*fd < 0 && (errno == EACCES || errno == EPERM))
		return hs_fail(err, HS_SK_DEVICE,
		    "this user may not open %s: install the udev rules of libfido2 and "
		    "plug the key in again",
		    d->path);
	if (*fd < 0)
		return hs_fail(err, HS_SK_DEVICE, "%s: %s", d->path, strerror(errno));
	if (fstat(*fd, &st) != 0 || !S_ISCHR(st.st_mode))
		return hs_fail(err, HS_SK_DEVICE, "%s is no device", d->path);
	return HS_OK;
}

// libfido2 would wait 21 s for another program's lock and then not say why, so wait here.
static int
wait_unlocked(const struct hs_device *d, const atomic_bool *stop, struct hs_err *err)
{
	int fd = -1, rc = open_hidraw(d, &fd, err);

	for (long waited = 0; rc == HS_OK && flock(fd, LOCK_EX | LOCK_NB) != 0;
	     waited += BUSY_LOOK_MS) {
		if (errno != EWOULDBLOCK)
			break; // libfido2 will say
		if (atomic_load(stop))
			rc = hs_fail(err, HS_SK_CANCELLED, "%s", "");
		else if (waited >= BUSY_MS)
			rc = hs_fail(err, HS_SK_DEVICE,
			    "another program is using the security key at %s: end it, or "
			    "wait, and try again",
			    d->path);
		else
			nap(BUSY_LOOK_MS);
	}
	if (fd >= 0)
		(void)close(fd); // and unlock it
	return rc;
}

int
hs_device_open(struct hs_device *d, const atomic_bool *stop, struct hs_err *err)
{
	int r, rc;

	fido_init(FIDO_DISABLE_U2F_FALLBACK); // which holds for one thread
	rc = d->simulated ? hs_softdev_connect(&d->soft, d->path + PREFIX_LEN, err)
			  : wait_unlocked(d, stop, err);
	if (rc != HS_OK)
		return rc;
	d->dev = fido_dev_new();
	if (d->dev == NULL)
		return hs_fail(err, HS_ERR_NOMEM, "%s", "");
	r = d->simulated ? hs_softdev_attach(&d->soft, d->dev) : FIDO_OK;
	if (r == FIDO_OK)
		r = fido_dev_set_timeout(d->dev, OPEN_MS);
	if (r == FIDO_OK)
		r = fido_dev_open(d->dev, d->path);
	if (r != FIDO_OK)
		return hs_device_failed(d, r, err);
	if (!fido_dev_is_fido2(d->dev))
		return hs_fail(err, HS_SK_DEVICE,
		    "the security key is too old: it speaks U2F, and FIDO2 is needed");
	return HS_OK;
}

bool
hs_device_gone(const struct hs_device *d)
{
	return d->simulated ? d->soft.gone : access(d->path, F_OK) != 0;
}

int
hs_device_failed(const struct hs_device *d, int r, struct hs_err *err)
{
	if (hs_device_gone(d) &&
	    (r == FIDO_ERR_RX || r == FIDO_ERR_TX || r == FIDO_ERR_INTERNAL))
		return d->dev != NULL && fido_dev_io_handle(d->dev) != NULL
			   ? hs_fail(err, HS_SK_NO_DEVICE,
				 "the security key was pulled out: plug it in and ask "
				 "again")
			   : not_there(d, err);
	return hs_fidoerr(r, err);
}
