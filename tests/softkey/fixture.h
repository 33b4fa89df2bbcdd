// SPDX-License-Identifier: ISC
//
// For unit tests: a software key in a child process, its control socket, and the host's end
// of its transport as libfido2 wants it (fido_dev_set_io_functions). Every wait has a
// deadline. Linked into no program.
#ifndef HS_SOFTKEY_FIXTURE_H
#define HS_SOFTKEY_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/softkey/ctap.h"
#include "tests/softkey/server.h"

#define FIX_SECONDS 20 // until a wait has failed; far more than anything takes

struct fix {
	char dir[64], hosts[96], control[96], state[96];
	uint64_t touch_ms;
	pid_t pid;
};

// ---- the child

static inline int
fix_serve(const struct fix *f, int ready)
{
	struct hs_server_options o = {f->hosts, f->control, f->touch_ms, false};
	struct hs_server *server = NULL;
	struct hs_ctap *ctap = NULL;
	struct hs_err err = {0};
	int rc = hs_ctap_new(&ctap, f->state, &err);

	if (rc == HS_OK)
		rc = hs_server_new(&server, ctap, &o, &err);
	if (rc == HS_OK && write(ready, "r", 1) == 1)
		rc = hs_server_run(server, &err);
	if (rc != HS_OK)
		fprintf(stderr, "# softkey: %s\n", hs_err_sentence(&err));
	hs_server_free(server);
	hs_ctap_free(ctap);
	return rc == HS_OK ? 0 : 1;
}

static inline void
fix_start(struct fix *f)
{
	int ready[2];
	char byte;

	assert_int_equal(pipe(ready), 0);
	fflush(NULL);
	f->pid = fork();
	assert_true(f->pid >= 0);
	if (f->pid == 0) {
		close(ready[0]);
		alarm(300); // in case nobody ends it
		_exit(fix_serve(f, ready[1]));
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
}

static inline void
fix_make(struct fix *f, uint64_t touch_ms)
{
	memset(f, 0, sizeof *f);
	snprintf(f->dir, sizeof f->dir, "/tmp/hs-softkey.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->hosts, sizeof f->hosts, "%s/key.sock", f->dir);
	snprintf(f->control, sizeof f->control, "%s/key.ctl", f->dir);
	snprintf(f->state, sizeof f->state, "%s/key.state", f->dir);
	f->touch_ms = touch_ms;
	fix_start(f);
}

// Ends the child with that signal; a TERM must end it well.
static inline void
fix_stop(struct fix *f, int sig)
{
	int status = 0;

	if (f->pid <= 0)
		return;
	assert_int_equal(kill(f->pid, sig), 0);
	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	f->pid = 0;
	if (sig == SIGTERM)
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static inline void
fix_free(struct fix *f)
{
	fix_stop(f, SIGTERM);
	unlink(f->state);
	unlink(f->hosts); // still there after a KILL
	unlink(f->control);
	assert_int_equal(rmdir(f->dir), 0); // nothing else was left in it
}

// ---- hands

static inline int
fix_connect(const char *path, int type)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof addr.sun_path)
		return -1;
	memcpy(addr.sun_path, path, strlen(path));
	if (connect(fd, (const struct sockaddr *)&addr, sizeof addr) == 0)
		return fd;
	close(fd);
	return -1;
}

// Sends a command's line; fix_answer reads what comes back.
static inline int
fix_send(const struct fix *f, const char *line)
{
	int fd = fix_connect(f->control, SOCK_STREAM);
	size_t len = strlen(line);

	assert_true(fd >= 0);
	assert_int_equal(send(fd, line, len, MSG_NOSIGNAL), (ssize_t)len);
	assert_int_equal(send(fd, "\n", 1, MSG_NOSIGNAL), 1);
	return fd;
}

static inline const char *
fix_answer(int fd)
{
	static _Thread_local char text[1024];
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t len = 0;
	ssize_t n = 1;

	while (n > 0 && len < sizeof text - 1) {
		assert_int_equal(poll(&p, 1, FIX_SECONDS * 1000), 1);
		n = recv(fd, text + len, sizeof text - 1 - len, 0);
		len += n > 0 ? (size_t)n : 0;
	}
	text[len] = '\0';
	close(fd);
	return text;
}

static inline const char *
fix_say(const struct fix *f, const char *line)
{
	return fix_answer(fix_send(f, line));
}

#define fix_ok(f, line)		 assert_string_equal(fix_say(f, line), "ok\n")
#define fix_error(f, line, why)	 assert_string_equal(fix_say(f, line), "error " why "\n")
#define fix_state_has(f, what)	 assert_non_null(strstr(fix_say(f, "state"), what))
#define fix_state_lacks(f, what) assert_null(strstr(fix_say(f, "state"), what))

// ---- libfido2's transport

static inline void *
fix_io_open(const char *path)
{
	int fd = fix_connect(path, SOCK_SEQPACKET);
	int *handle = fd >= 0 ? malloc(sizeof *handle) : NULL;

	if (handle != NULL)
		*handle = fd;
	else if (fd >= 0)
		close(fd);
	return handle;
}

static inline void
fix_io_close(void *handle)
{
	close(*(int *)handle);
	free(handle);
}

static inline int
fix_io_read(void *handle, unsigned char *buf, size_t len, int ms)
{
	int fd = *(int *)handle;
	struct pollfd p = {.fd = fd, .events = POLLIN};

	if (poll(&p, 1, ms < 0 ? FIX_SECONDS * 1000 : ms) != 1)
		return -1;
	return recv(fd, buf, len, 0) == (ssize_t)len ? (int)len : -1;
}

static inline int
fix_io_write(void *handle, const unsigned char *buf, size_t len)
{
	return send(*(int *)handle, buf, len, MSG_NOSIGNAL) == (ssize_t)len ? (int)len : -1;
}

static inline fido_dev_t *
fix_dev(const struct fix *f)
{
	static const fido_dev_io_t io = {
	    fix_io_open, fix_io_close, fix_io_read, fix_io_write};
	fido_dev_t *dev = fido_dev_new();

	assert_non_null(dev);
	assert_int_equal(fido_dev_set_io_functions(dev, &io), FIDO_OK);
	assert_int_equal(fido_dev_open(dev, f->hosts), FIDO_OK);
	assert_true(fido_dev_is_fido2(dev));
	return dev;
}

static inline void
fix_dev_free(fido_dev_t *dev)
{
	if (dev != NULL)
		fido_dev_close(dev);
	fido_dev_free(&dev);
}

// ---- ceremonies

#define FIX_RP	 "ssh:handseal"
#define FIX_HASH "0123456789abcdef0123456789abcdef" // a client data hash, 32 bytes

static inline fido_cred_t *
fix_cred(int alg)
{
	fido_cred_t *cred = fido_cred_new();

	assert_non_null(cred);
	assert_int_equal(fido_cred_set_type(cred, alg), FIDO_OK);
	assert_int_equal(
	    fido_cred_set_clientdata_hash(cred, (const uint8_t *)FIX_HASH, 32), FIDO_OK);
	assert_int_equal(fido_cred_set_rp(cred, FIX_RP, "handseal"), FIDO_OK);
	assert_int_equal(
	    fido_cred_set_user(cred, (const uint8_t *)"u", 1, "anna", NULL, NULL), FIDO_OK);
	return cred;
}

// A credential made on the key, touched automatically or by whoever else does it.
static inline fido_cred_t *
fix_made(fido_dev_t *dev, int alg)
{
	fido_cred_t *cred = fix_cred(alg);

	assert_int_equal(fido_dev_make_cred(dev, cred, NULL), FIDO_OK);
	return cred;
}

static inline fido_assert_t *
fix_assert(const fido_cred_t *cred)
{
	fido_assert_t *a = fido_assert_new();

	assert_non_null(a);
	assert_int_equal(
	    fido_assert_set_clientdata_hash(a, (const uint8_t *)FIX_HASH, 32), FIDO_OK);
	assert_int_equal(fido_assert_set_rp(a, FIX_RP), FIDO_OK);
	if (cred != NULL)
		assert_int_equal(fido_assert_allow_cred(
				     a, fido_cred_id_ptr(cred), fido_cred_id_len(cred)),
		    FIDO_OK);
	return a;
}

static inline int
fix_verify(const fido_cred_t *cred, const fido_assert_t *a)
{
	int alg = fido_cred_type(cred), rc = FIDO_ERR_INTERNAL;
	const uint8_t *p = fido_cred_pubkey_ptr(cred);
	size_t len = fido_cred_pubkey_len(cred);

	if (alg == COSE_EDDSA) {
		eddsa_pk_t *pk = eddsa_pk_new();

		assert_int_equal(eddsa_pk_from_ptr(pk, p, len), FIDO_OK);
		rc = fido_assert_verify(a, 0, alg, pk);
		eddsa_pk_free(&pk);
	} else {
		es256_pk_t *pk = es256_pk_new();

		assert_int_equal(es256_pk_from_ptr(pk, p, len), FIDO_OK);
		rc = fido_assert_verify(a, 0, alg, pk);
		es256_pk_free(&pk);
	}
	return rc;
}

// A ceremony in a second thread, so that the test can be the hand meanwhile.
struct fix_ceremony {
	fido_dev_t *dev;
	fido_cred_t *cred; // made, unless it is NULL
	fido_assert_t *a;
	pthread_t thread;
	int rc;
};

static inline void *
fix_ceremony_run(void *arg)
{
	struct fix_ceremony *c = arg;

	c->rc = c->cred != NULL ? fido_dev_make_cred(c->dev, c->cred, NULL)
				: fido_dev_get_assert(c->dev, c->a, NULL);
	return NULL;
}

// Returns once it waits for a touch.
static inline void
fix_begin(const struct fix *f, struct fix_ceremony *c)
{
	assert_int_equal(pthread_create(&c->thread, NULL, fix_ceremony_run, c), 0);
	fix_ok(f, "wait 20");
}

static inline int
fix_end(struct fix_ceremony *c)
{
	assert_int_equal(pthread_join(c->thread, NULL), 0);
	return c->rc;
}

#endif
