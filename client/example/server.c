// SPDX-License-Identifier: ISC
//
// An example of libhandseal in a service: an SSH server that is not sshd, on libssh. It
// lets in who has a delegation, runs the commands that its scope allows, without a shell,
// and serves what its capabilities allow: `ssh -p PORT deploy@HOST cap read:repo/acme/web`.
// No terminal, no input, no forwarding; and all logins are this process's own user.
//	cc server.c $(pkg-config --cflags --libs libhandseal libssh) -o server
//	./server ADDRESS PORT HOSTKEY DIR NAME
// DIR is what it trusts: roots, as /etc/handseal/roots; revoked and lists/, where these are
// there. Nobody else may be able to write in it. NAME is what scopes call the host.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <handseal-verify.h>
#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <netdb.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GRACE	 30 // seconds for a login
#define FILE_MAX (1024 * 1024)
#define LISTS	 16
#define SEEN	 64
#define WORDS	 64
#define REFUSED	 126

// What all connections share.
struct service {
	const char *dir, *name;
	sem_t one_at_a_time;
	struct hs_verify_seen seen[SEEN]; // which lists
};

struct conn {
	struct service *service;
	ssh_session session;
	ssh_event event;
	ssh_channel channel;
	char addr[64];
	char *user, *certificate; // once proven; NULL: nobody is logged in
	uint64_t until;
	char *command; // asked for, and not looked at yet
	pid_t pid;     // that runs, or 0
	int out[2];    // its stdout and stderr, -1 where closed
	int over;
};

// ---- the service's own files: read anew at each question, so that a change counts at once

// Empty where it is not there. What cannot be read, or is too long, becomes a text that no
// file of these may have, so that nobody is let in for that.
static struct hs_verify_bytes
read_file(const char *dir, const char *name)
{
	char path[512], *p = malloc(FILE_MAX);
	size_t len = 0;
	ssize_t n = 1;
	int fd;

	if (p == NULL ||
	    snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
		_exit(1);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return (struct hs_verify_bytes){p, 0};
	while (fd >= 0 && n > 0 && (n = read(fd, p + len, FILE_MAX - len)) > 0)
		len += (size_t)n;
	if (fd < 0 || n < 0 || len == FILE_MAX)
		len = (size_t)snprintf(p, FILE_MAX, "?");
	if (fd >= 0)
		close(fd);
	return (struct hs_verify_bytes){p, len};
}

// Those of the certificate's session, and roots'. Where not all can be looked at, nobody.
static size_t
read_lists(const char *dir, const char *session, struct hs_verify_bytes lists[LISTS])
{
	char path[512];
	const struct dirent *e;
	size_t n = 0;
	DIR *d = NULL;

	if (snprintf(path, sizeof path, "%s/lists", dir) < (int)sizeof path)
		d = opendir(path);
	if (d == NULL && errno == ENOENT)
		return 0;
	while (d != NULL && (e = readdir(d)) != NULL) {
		if (strncmp(e->d_name, session, 16) != 0 &&
		    strncmp(e->d_name, "root-", 5) != 0)
			continue;
		if (n == LISTS)
			_exit(1);
		lists[n++] = read_file(path, e->d_name);
	}
	if (d == NULL || closedir(d) != 0)
		_exit(1);
	return n;
}

// A user's name is whatever the client says: not as it is into a log.
static void
note(const struct conn *c, const char *user, const struct hs_verify_answer *a)
{
	char name[65];
	size_t n = 0;

	for (; user[n] != '\0' && n < sizeof name - 1; n++)
		name[n] = user[n] > ' ' && user[n] < 0x7f ? user[n] : '?';
	name[n] = '\0';
	if (a->verdict == HS_VERIFY_ADMITTED)
		fprintf(stderr, "server: admitted %s from %s: root %s %s (%s)\n", name,
		    c->addr, a->root_comment, a->root, a->about);
	else
		fprintf(stderr, "server: refused %s from %s: %s: %s (%s)\n", name, c->addr,
		    a->code, a->sentence, a->about);
}

// What is wished for, by that certificate, which was proven by this connection's login:
// libssh has checked its signature, by the key in the certificate.
static int
ask(const struct conn *c, const char *certificate, const struct hs_verify_ask *wish,
    struct hs_verify_answer *a)
{
	const char *const hosts[] = {c->service->name};
	struct hs_verify_bytes lists[LISTS];
	struct hs_verify_ask q = *wish;
	char session[17];
	int admitted;

	a->size = sizeof *a;
	q.size = sizeof q;
	q.now = (uint64_t)time(NULL);
	q.certificate.p = certificate;
	q.certificate.len = certificate != NULL ? strlen(certificate) : 0;
	q.proof = HS_VERIFY_PROVEN_ELSEWHERE;
	q.roots = read_file(c->service->dir, "roots");
	q.revoked = read_file(c->service->dir, "revoked");
	q.hosts = hosts;
	q.nhosts = 1;
	q.addr = c->addr;
	if (hs_verify_session(q.certificate, session))
		q.nlists = read_lists(c->service->dir, session, lists);
	q.lists = lists;
	q.seen = c->service->seen;
	q.nseen = SEEN;
	sem_wait(&c->service->one_at_a_time);
	admitted = hs_verify(&q, a);
	sem_post(&c->service->one_at_a_time);
	for (size_t i = 0; i < q.nlists; i++)
		free((void *)(uintptr_t)lists[i].p);
	free((void *)(uintptr_t)q.roots.p);
	free((void *)(uintptr_t)q.revoked.p);
	return admitted;
}

// ---- the login

static int
on_key(ssh_session session, const char *user, struct ssh_key_struct *key, char state,
    void *arg)
{
	static struct hs_verify_answer a; // some 20 KB; this process has one connection
	struct hs_verify_ask q = {.what = HS_VERIFY_LOGIN, .user = user};
	struct conn *c = arg;
	char *base64 = NULL, *line = NULL;
	int admitted = 0;

	(void)session;
	a.verdict = HS_VERIFY_FAILED;
	// NONE asks whether a signature by that key would do
	if (state != SSH_PUBLICKEY_STATE_VALID && state != SSH_PUBLICKEY_STATE_NONE)
		return SSH_AUTH_DENIED;
	if (ssh_pki_export_pubkey_base64(key, &base64) == SSH_OK &&
	    asprintf(&line, "%s %s", ssh_key_type_to_char(ssh_key_type(key)), base64) >= 0)
		admitted = ask(c, line, &q, &a);
	if (admitted && state == SSH_PUBLICKEY_STATE_VALID) {
		c->user = strdup(user);
		c->certificate = c->user != NULL ? line : NULL;
		c->until = a.until;
		line = c->certificate != NULL ? NULL : line;
		admitted = c->certificate != NULL;
	}
	if (!admitted || state == SSH_PUBLICKEY_STATE_VALID)
		note(c, user, &a);
	free(line);
	ssh_string_free_char(base64);
	return admitted ? SSH_AUTH_SUCCESS : SSH_AUTH_DENIED;
}

// ---- what runs

static int
on_exec(ssh_session session, ssh_channel channel, const char *command, void *arg)
{
	struct conn *c = arg;

	(void)session;
	if (channel != c->channel || c->command != NULL || c->pid != 0)
		return SSH_ERROR;
	c->command = strdup(command);
	return c->command != NULL ? SSH_OK : SSH_ERROR;
}

static void
on_close(ssh_session session, ssh_channel channel, void *arg)
{
	(void)session;
	(void)channel; // there is one
	((struct conn *)arg)->over = 1;
}

static ssh_channel
on_open(ssh_session session, void *arg)
{
	static struct ssh_channel_callbacks_struct cb;
	struct conn *c = arg;

	// one at a time, and only after the login
	if (c->certificate == NULL || c->channel != NULL)
		return NULL;
	c->channel = ssh_channel_new(session);
	if (c->channel == NULL)
		return NULL;
	cb = (struct ssh_channel_callbacks_struct){.userdata = c,
	    .channel_exec_request_function = on_exec,
	    .channel_close_function = on_close};
	ssh_callbacks_init(&cb);
	ssh_set_channel_callbacks(c->channel, &cb);
	return c->channel;
}

static void
finish(struct conn *c, int status)
{
	ssh_channel_request_send_exit_status(c->channel, status);
	ssh_channel_send_eof(c->channel);
	ssh_channel_close(c->channel);
}

static int
on_output(socket_t fd, int revents, void *arg)
{
	struct conn *c = arg;
	int which = fd == c->out[0] ? 0 : 1;
	char chunk[4096];
	ssize_t n = (revents & (POLLIN | POLLHUP)) != 0 ? read(fd, chunk, sizeof chunk) : 0;

	if (n > 0) {
		(which == 0 ? ssh_channel_write : ssh_channel_write_stderr)(
		    c->channel, chunk, (uint32_t)n);
		return 0;
	}
	ssh_event_remove_fd(c->event, fd);
	close(fd);
	c->out[which] = -1;
	return 0;
}

// The words as they are, in an environment of ours, without input; without execvpe's shell.
__attribute__((noreturn)) static void
become(char **words, const int out[2])
{
	static char *const env[] = {"PATH=/usr/bin:/bin", "LANG=C.UTF-8", NULL};
	int null = open("/dev/null", O_RDWR);
	char *path;

	signal(SIGPIPE, SIG_DFL);
	setsid();
	if (null < 0 || dup2(null, 0) < 0 || dup2(out[0], 1) < 0 || dup2(out[1], 2) < 0)
		_exit(REFUSED);
	close_range(3, ~0U, 0);
	if (asprintf(&path, "%s%s", words[0][0] == '/' ? "" : "/usr/bin/", words[0]) > 0)
		execve(path, words, env);
	dprintf(2, "%s: cannot be run\n", words[0]);
	_exit(127);
}

static int
start(struct conn *c, char **words)
{
	int out[2], err[2];

	if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
		return -1; // what is open ends with the connection
	c->pid = fork();
	if (c->pid == 0)
		become(words, (const int[]){out[1], err[1]});
	close(out[1]);
	close(err[1]);
	c->out[0] = out[0];
	c->out[1] = err[0];
	for (int i = 0; i < 2; i++)
		ssh_event_add_fd(c->event, c->out[i], POLLIN, on_output, c);
	return c->pid > 0 ? 0 : -1;
}

// At each command anew: time has gone on, and something may have been revoked.
static void
look_at_command(struct conn *c)
{
	static struct hs_verify_answer a;
	struct hs_verify_ask q = {.user = c->user};
	static char memory[65537];
	char *words[WORDS + 1], why[384], text[1024];
	size_t n = hs_verify_words(c->command, strlen(c->command), memory, sizeof memory,
	    words, WORDS + 1, why, sizeof why);

	free(c->command);
	c->command = NULL;
	q.words = (const char *const *)words;
	q.nwords = n;
	q.what = HS_VERIFY_COMMAND;
	if (n == 2 && strcmp(words[0], "cap") == 0) {
		q.what = HS_VERIFY_CAP;
		q.value = words[1];
	}
	if (n == 0) {
		snprintf(text, sizeof text, "server: refused: %s\n", why);
	} else if (!ask(c, c->certificate, &q, &a)) {
		note(c, c->user, &a);
		snprintf(text, sizeof text, "server: refused, %s: %s\n%s\n", a.code,
		    a.sentence, a.remedy);
	} else if (q.what == HS_VERIFY_CAP) {
		snprintf(text, sizeof text, "%s: granted\n", q.value);
		ssh_channel_write(c->channel, text, (uint32_t)strlen(text));
		finish(c, 0);
		return;
	} else if (start(c, words) == 0) {
		return;
	} else {
		snprintf(text, sizeof text, "server: it could not be started\n");
	}
	ssh_channel_write_stderr(c->channel, text, (uint32_t)strlen(text));
	finish(c, REFUSED);
}

// ---- one connection, in a process of its own

static void
look_at_child(struct conn *c)
{
	int status;

	if (c->pid <= 0 || c->out[0] >= 0 || c->out[1] >= 0 ||
	    waitpid(c->pid, &status, WNOHANG) != c->pid)
		return;
	c->pid = 0;
	finish(c, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void
talk(struct conn *c)
{
	uint64_t grace = (uint64_t)time(NULL) + GRACE;

	while (!c->over && ssh_event_dopoll(c->event, 100) != SSH_ERROR) {
		// nothing of it outlives what allowed it
		if ((uint64_t)time(NULL) >= (c->certificate != NULL ? c->until : grace))
			return;
		if (c->command != NULL)
			look_at_command(c);
		look_at_child(c);
	}
}

static int
find_address(struct conn *c)
{
	struct sockaddr_storage s;
	socklen_t len = sizeof s;

	return getpeername(ssh_get_fd(c->session), (struct sockaddr *)&s, &len) == 0 &&
	       getnameinfo((struct sockaddr *)&s, len, c->addr, sizeof c->addr, NULL, 0,
		   NI_NUMERICHOST) == 0;
}

static void
connection(struct service *service, ssh_session session)
{
	struct conn c = {.service = service, .session = session, .out = {-1, -1}};
	struct ssh_server_callbacks_struct cb = {.userdata = &c,
	    .auth_pubkey_function = on_key,
	    .channel_open_request_session_function = on_open};

	// what has no callback here libssh refuses
	ssh_callbacks_init(&cb);
	ssh_set_server_callbacks(session, &cb);
	ssh_set_auth_methods(session, SSH_AUTH_METHOD_PUBLICKEY);
	c.event = ssh_event_new();
	alarm(GRACE); // the key exchange blocks
	if (c.event != NULL && find_address(&c) &&
	    ssh_handle_key_exchange(session) == SSH_OK &&
	    ssh_event_add_session(c.event, session) == SSH_OK) {
		alarm(0);
		talk(&c);
	}
	if (c.pid > 0)
		kill(-c.pid, SIGKILL);
	ssh_disconnect(session);
	_exit(0);
}

int
main(int argc, char **argv)
{
	const int rw = PROT_READ | PROT_WRITE, shared = MAP_SHARED | MAP_ANONYMOUS;
	struct service *service = mmap(NULL, sizeof *service, rw, shared, -1, 0);
	ssh_bind bind = ssh_bind_new();

	if (argc != 6) {
		fprintf(stderr, "usage: server ADDRESS PORT HOSTKEY DIR NAME\n");
		return 2;
	}
	if (bind == NULL || service == MAP_FAILED ||
	    sem_init(&service->one_at_a_time, 1, 1) != 0 ||
	    ssh_bind_options_set(bind, SSH_BIND_OPTIONS_BINDADDR, argv[1]) != SSH_OK ||
	    ssh_bind_options_set(bind, SSH_BIND_OPTIONS_BINDPORT_STR, argv[2]) != SSH_OK ||
	    ssh_bind_options_set(bind, SSH_BIND_OPTIONS_HOSTKEY, argv[3]) != SSH_OK ||
	    ssh_bind_listen(bind) != SSH_OK) {
		fprintf(stderr, "server: %s\n", bind != NULL ? ssh_get_error(bind) : "?");
		return 1;
	}
	service->dir = argv[4];
	service->name = argv[5];
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	fprintf(stderr, "server: listening\n");
	for (;;) {
		ssh_session session = ssh_new();

		if (session != NULL && ssh_bind_accept(bind, session) == SSH_OK &&
		    fork() == 0) {
			signal(SIGCHLD, SIG_DFL);
			ssh_bind_free(bind);
			connection(service, session);
		}
		ssh_free(session);
	}
}
