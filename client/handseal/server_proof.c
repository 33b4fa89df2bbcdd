// SPDX-License-Identifier: ISC
//
// Logins that prove. Contract in server_proof.h.
#include "client/handseal/server_proof.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "client/handseal/server_link.h"

#define MAY	    "id -un" // what the certificate is for
#define MAY_NOT	    "id -u"
#define REFUSED	    126 // handseal-shell's exit status
#define ASK_SECONDS 600
#define TRY_SECONDS 60
#define AGAIN	    10 // tries, a second apart: an sshd that reloads is away for a moment

static const char *const nothing_else[] = {
    "-o", "ControlMaster=no", "-o", "ControlPath=none", "-o", "LogLevel=ERROR"};
// No agent or password may do what the certificate is tried for. Keys that ssh's own files
// name are still offered: where one of them is let in, the login that must fail does not,
// and that is seen. (ssh needs the plain type for the key below.)
static const char *const only_ours[] = {"-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes",
    "-o", "IdentityAgent=none", "-o", "PreferredAuthentications=publickey", "-o",
    "PubkeyAcceptedAlgorithms=ssh-ed25519-cert-v01@openssh.com,ssh-ed25519", "-o",
    "GSSAPIAuthentication=no"};

static void
put_all(struct hs_serverargs *a, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hs_serverargs_put(a, words[i]);
}

static int
make_dir(struct hs_serverproof *p, struct hs_err *err)
{
	(void)snprintf(p->dir, sizeof p->dir, "/tmp/handseal-XXXXXX");
	if (mkdtemp(p->dir) != NULL)
		return HS_OK;
	p->dir[0] = '\0';
	return hs_fail(err, HS_ERR_IO, "cannot make a folder in /tmp: %s", strerror(errno));
}

int
hs_serverproof_ask(struct hs_serverproof *p, const struct hs_server *s, struct hs_str login,
    struct hs_str name, struct hs_err *err)
{
	char host[256] = "", key[sizeof p->dir + 8], reason[128];
	struct hs_serverargs a = {0};
	struct hs_buf out = {0};
	int status = HS_EXIT_FAILED;

	if (hs_str_copy(login, p->login, sizeof p->login) != HS_OK ||
	    hs_str_copy(name, host, sizeof host) != HS_OK || make_dir(p, err) != HS_OK)
		return hs_server_fail(s, err);
	(void)snprintf(key, sizeof key, "%s/id", p->dir);
	(void)snprintf(reason, sizeof reason, "proof for server add: one login that works");
	put_all(&a,
	    (const char *const[]){"/proc/self/exe", "request", "--user", p->login, "--host",
		host, "--cmd", MAY, "--ttl", "5m", "--reason", reason, "-o", key},
	    14);
	if (hs_serverlink_run(&a, ASK_SECONDS, &out, NULL, &status, err) != HS_OK)
		status = hs_server_fail(s, err);
	else if (status != HS_EXIT_DONE)
		hs_cli_say("no certificate to try a login with, so nothing was changed. "
			   "--no-proof does it untried");
	hs_buf_free(&out);
	return status;
}

int
hs_serverproof_admin(const struct hs_server *s, struct hs_err *err)
{
	const struct timespec second = {1, 0};
	int status = 255, rc = HS_OK;

	for (int i = 0; i < AGAIN && rc == HS_OK; i++) {
		struct hs_serverargs a = {0};

		hs_serverargs_ssh(&a, s);
		put_all(&a, nothing_else, sizeof nothing_else / sizeof nothing_else[0]);
		hs_serverargs_put(&a, "--");
		hs_serverargs_put(&a, s->target);
		hs_serverargs_put(&a, "true");
		rc = hs_serverlink_run(&a, TRY_SECONDS, NULL, NULL, &status, err);
		if (rc == HS_OK && status == 0)
			return HS_OK;
		(void)nanosleep(&second, NULL);
	}
	return rc != HS_OK ? rc
			   : hs_fail(err, HS_ERR_IO,
				 "a new login to %s does not work any more (ssh exits %d)",
				 s->target, status);
}

static int
login(const struct hs_serverproof *p, const struct hs_server *s, const char *command,
    struct hs_buf *out, struct hs_buf *errors, int *status, struct hs_err *err)
{
	char key[sizeof p->dir + 8], certificate[sizeof p->dir + 48];
	struct hs_serverargs a = {0};

	(void)snprintf(key, sizeof key, "%s/id", p->dir);
	(void)snprintf(
	    certificate, sizeof certificate, "CertificateFile=%s/id-cert.pub", p->dir);
	hs_serverargs_ssh(&a, s);
	put_all(&a, nothing_else, sizeof nothing_else / sizeof nothing_else[0]);
	put_all(&a, only_ours, sizeof only_ours / sizeof only_ours[0]);
	put_all(&a,
	    (const char *const[]){
		"-i", key, "-o", certificate, "-l", p->login, "--", s->host, command},
	    9);
	return hs_serverlink_run(&a, TRY_SECONDS, out, errors, status, err);
}

// ssh ends its lines as if there were a raw terminal.
static void
put_errors(const struct hs_buf *b)
{
	struct hs_str rest = hs_buf_str(b), line;

	while (hs_str_next(&rest, '\n', &line)) {
		while (line.len > 0 && line.p[line.len - 1] == '\r')
			line.len--;
		hs_cli_put_text(stderr, line, "  ");
	}
}

static struct hs_str
first_line(const struct hs_buf *b)
{
	struct hs_str s = hs_buf_str(b);
	const uint8_t *lf = s.len > 0 ? memchr(s.p, '\n', s.len) : NULL;

	return lf == NULL ? s : (struct hs_str){s.p, (size_t)(lf - s.p)};
}

static bool
holds(const struct hs_buf *b, const char *what)
{
	struct hs_str s = hs_buf_str(b);

	return s.len > 0 && memmem(s.p, s.len, what, strlen(what)) != NULL;
}

int
hs_serverproof_try(
    const struct hs_serverproof *p, const struct hs_server *s, struct hs_err *err)
{
	struct hs_buf out = {0}, errors = {0};
	const char *code = hs_code_name(HS_NO_COMMAND);
	int status, rc = login(p, s, MAY, &out, &errors, &status, err);

	if (rc == HS_OK && (status != 0 || !hs_str_is(first_line(&out), p->login))) {
		put_errors(&errors);
		rc = hs_fail(err, HS_ERR_IO,
		    "the login as %s that must work did not (ssh exits %d)", p->login,
		    status);
	}
	hs_buf_reset(&out);
	hs_buf_reset(&errors);
	if (rc == HS_OK)
		rc = login(p, s, MAY_NOT, &out, &errors, &status, err);
	if (rc == HS_OK && (status != REFUSED || !holds(&errors, code))) {
		put_errors(&errors);
		rc = hs_fail(err, HS_ERR_IO,
		    "the login as %s that must fail was not refused as %s (ssh exits %d)",
		    p->login, code, status);
	}
	hs_buf_free(&out);
	hs_buf_free(&errors);
	return rc;
}

void
hs_serverproof_end(struct hs_serverproof *p)
{
	static const char *const names[] = {"id", "id.pub", "id-cert.pub"};
	char path[sizeof p->dir + 16];

	if (p->dir[0] == '\0')
		return;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", p->dir, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(p->dir);
	p->dir[0] = '\0';
}
