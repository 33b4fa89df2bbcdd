// SPDX-License-Identifier: ISC
//
// Names of devices, and software keys that are not there, hang up, or send what is no
// report. Keys that do as they should are run in tests/e2e/helper.t.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "agentd/sk-helper/device.h"
#include "proto/text.h"

static char dir[] = "/tmp/hs.XXXXXX", sock[64];
static atomic_bool stop;

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(sock, sizeof sock, "%s/key", dir);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	(void)unlink(sock);
	return rmdir(dir);
}

static void
names(void **state)
{
	static const char *const none[] = {
	    "", "hidraw0", "softkey", "Softkey:/run/x", "usb:1:2", "../dev/hidraw0"};
	static struct hs_devices d;
	struct hs_err err = {0};
	char long_name[HS_HELPER_DEVICE_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		assert_int_equal(hs_devices_add(&d, hs_str_c(none[i]), &err), HS_ERR_USAGE);
	memset(long_name, 'x', sizeof long_name);
	long_name[0] = '/';
	assert_int_equal(hs_devices_add(&d,
			     (struct hs_str){(uint8_t *)long_name, sizeof long_name}, &err),
	    HS_ERR_USAGE);
	assert_int_equal(
	    hs_devices_add(&d, (struct hs_str){(const uint8_t *)"/a\0b", 4}, &err),
	    HS_ERR_USAGE);
	assert_int_equal(d.n, 0);
	assert_int_equal(hs_devices_add(&d, hs_str_c("/dev/hidraw9"), &err), HS_OK);
	assert_int_equal(hs_devices_add(&d, hs_str_c("softkey:/run/x"), &err), HS_OK);
	assert_int_equal(hs_devices_add(&d, hs_str_c("softkey:/run/x"), &err), HS_OK);
	assert_int_equal(d.n, 2); // once each
	assert_false(d.v[0].simulated);
	assert_string_equal(d.v[0].product, "");
	assert_true(d.v[1].simulated);
	assert_string_equal(d.v[1].product, "SIMULATED software key");
	assert_false(d.v[0].found || d.v[1].found);
	for (size_t i = d.n; i < HS_DEVICES_MAX; i++) {
		snprintf(long_name, sizeof long_name, "/dev/hidraw%zu", 100 + i);
		assert_int_equal(hs_devices_add(&d, hs_str_c(long_name), &err), HS_OK);
	}
	assert_int_equal(hs_devices_add(&d, hs_str_c("/dev/x"), &err), HS_ERR_TOO_LONG);
	hs_devices_close(&d);
	assert_int_equal(d.n, 0);
}

// Opens what is there under that name; the code, and the sentence holds the text.
static void
opens(const char *name, int code, const char *says)
{
	static struct hs_devices d;
	struct hs_err err = {0};
	int rc;

	assert_int_equal(hs_devices_add(&d, hs_str_c(name), &err), HS_OK);
	rc = hs_device_open(&d.v[0], &stop, &err);
	if (rc != code || strstr(hs_err_sentence(&err), says) == NULL)
		fail_msg("%s: %s: %s", name, hs_code_name((enum hs_code)rc),
		    hs_err_sentence(&err));
	hs_devices_close(&d);
}

static void
not_there(void **state)
{
	char name[160];

	(void)state;
	opens("/dev/hidraw9999", HS_SK_NO_DEVICE, "no security key is at /dev/hidraw9999");
	opens("/etc/passwd", HS_SK_DEVICE, "/etc/passwd");
	opens("/tmp", HS_SK_DEVICE, "/tmp");
	opens("softkey:run/x", HS_ERR_USAGE, "must begin with /");
	snprintf(
	    name, sizeof name, "softkey:/%0106d", 0); // as long as a socket's path may be
	opens(name, HS_SK_NO_DEVICE, "no software key");
	snprintf(name, sizeof name, "softkey:%s", sock);
	opens(name, HS_SK_NO_DEVICE, "no software key answers");
}

// ---- a key that misbehaves

struct fake {
	int fd, type;
	size_t len; // of what it sends; 0: nothing
	unsigned times;
	bool listens; // before it sends
	pthread_t thread;
};

static void *
serve(void *arg)
{
	uint8_t buf[256] = {0};
	struct fake *f = arg;
	int c = accept(f->fd, NULL, NULL);

	if (f->listens)
		(void)!recv(c, buf, sizeof buf, 0);
	memset(buf, 0, sizeof buf);
	for (unsigned i = 0; i < f->times; i++)
		(void)!send(c, buf, f->len, MSG_NOSIGNAL);
	(void)close(c);
	return NULL;
}

static void
against(struct fake f, int code, const char *says)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	char name[80];

	(void)unlink(sock);
	memcpy(sa.sun_path, sock, strlen(sock));
	f.fd = socket(AF_UNIX, f.type, 0);
	assert_int_equal(bind(f.fd, (struct sockaddr *)&sa, sizeof sa), 0);
	assert_int_equal(listen(f.fd, 1), 0);
	assert_int_equal(pthread_create(&f.thread, NULL, serve, &f), 0);
	snprintf(name, sizeof name, "softkey:%s", sock);
	opens(name, code, says);
	if (f.type != SOCK_SEQPACKET) // nobody came
		(void)shutdown(f.fd, SHUT_RDWR);
	(void)pthread_join(f.thread, NULL);
	(void)close(f.fd);
}

static void
rule10_reports(void **state)
{
	const struct fake seq = {.type = SOCK_SEQPACKET, .listens = true};
	struct fake f = seq;

	(void)state;
	against(seq, HS_SK_NO_DEVICE, "no security key is at softkey:"); // hangs up
	f.listens = false;
	against(f, HS_SK_NO_DEVICE, "no security key is at softkey:"); // at once
	f = seq;
	f.len = f.times = 1;
	against(f, HS_SK_DEVICE, "stopped answering");
	f.len = 63;
	against(f, HS_SK_DEVICE, "stopped answering");
	f.len = 65;
	against(f, HS_SK_DEVICE, "stopped answering");
	f.len = 256;
	against(f, HS_SK_DEVICE, "stopped answering");
	f.len = 64; // a report, but of no channel of ours, and then no more
	f.times = 3;
	against(f, HS_SK_NO_DEVICE, "no security key is at");
	f = (struct fake){.type = SOCK_STREAM};
	against(f, HS_SK_DEVICE, "the software key at"); // another kind of socket
}

static void
a_socket_nobody_serves(void **state)
{
	char name[80];

	(void)state;
	snprintf(name, sizeof name, "softkey:%s", sock); // left by the test before
	opens(name, HS_SK_NO_DEVICE, "no software key answers");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(names),
	    cmocka_unit_test(not_there), cmocka_unit_test(rule10_reports),
	    cmocka_unit_test(a_socket_nobody_serves)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
