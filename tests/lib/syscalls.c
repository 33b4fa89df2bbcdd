// SPDX-License-Identifier: ISC
//
// A small seccomp filter. Contract in syscalls.h.
#include "tests/lib/syscalls.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// The lower half of an argument.
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LOW 0
#else
#define LOW 4
#endif

struct stopper {
	pthread_t thread;
	int ready[2]; // gets the listener's descriptor
	void (*fn)(void *x);
	void *x;
};

static int
install(long nr, int arg, uint32_t value, uint32_t action, unsigned flags)
{
	const uint32_t arg_at =
	    (uint32_t)(offsetof(struct seccomp_data, args) + LOW +
		       sizeof(uint64_t) * (arg >= 0 ? (unsigned)arg : 0));
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 0, 3),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, arg_at),
	    BPF_JUMP(BPF_JMP | (arg >= 0 ? BPF_JEQ : BPF_JGE) | BPF_K, value, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, action),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog prog = {sizeof code / sizeof code[0], code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

bool
syscalls_fail(long nr, int arg, uint32_t value, int err)
{
	return install(nr, arg, value, SECCOMP_RET_ERRNO | (uint32_t)err, 0) == 0;
}

static void *
serve(void *arg)
{
	struct stopper *s = arg;
	struct seccomp_notif_resp answer;
	struct seccomp_notif asked;
	int fd;

	if (read(s->ready[0], &fd, sizeof fd) != sizeof fd)
		return NULL;
	for (;;) {
		memset(&asked, 0, sizeof asked);
		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0)
			return NULL;
		s->fn(s->x);
		answer = (struct seccomp_notif_resp){
		    .id = asked.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &answer) != 0)
			return NULL;
	}
}

bool
syscalls_stop(long nr, void (*fn)(void *x), void *x)
{
	static struct stopper s; // lives as long as the process
	int fd;

	s.fn = fn;
	s.x = x;
	// the thread is there before the filter, which is not for it
	if (pipe(s.ready) != 0 || pthread_create(&s.thread, NULL, serve, &s) != 0)
		return false;
	fd = install(nr, -1, 0, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);
	return fd >= 0 && write(s.ready[1], &fd, sizeof fd) == sizeof fd;
}
