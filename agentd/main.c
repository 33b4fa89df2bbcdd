// SPDX-License-Identifier: ISC
//
// handseald: the order in which a daemon starts. What can fail fails before it goes to the
// background, where somebody still reads why.
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "agentd/adopt.h"
#include "agentd/harden.h"
#include "agentd/log.h"
#include "agentd/options.h"
#include "agentd/revocation.h"
#include "agentd/serve.h"
#include "agentd/start.h"

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct startup {
	struct hs_daemon_options options;
	struct hs_settings set;
	struct hs_listener listener;
	struct hs_policyfile policy;
	struct hs_serve how;
};

static int
complain(const struct hs_err *err, int status)
{
	fprintf(stderr, "handseald: %s\n", hs_err_sentence(err));
	if (status == EXIT_USAGE)
		fputs(hs_options_usage(), stderr);
	return status;
}

// A daemon does not start under a policy that cannot be read: there is no old one to keep.
static int
read_policy(struct startup *s, struct hs_err *err)
{
	struct hs_buf notes = {0};
	int rc =
	    hs_policyfile_init(&s->policy, s->set.policy, HS_SYSCONFDIR "/handseal/policy");

	if (rc != HS_OK)
		return hs_fail(err, (enum hs_code)rc, "the policy cannot be read");
	rc = hs_policyfile_load(&s->policy, &notes, err);
	if (notes.len > 0)
		fprintf(stderr, "%.*s", (int)notes.len, (const char *)notes.p);
	hs_buf_free(&notes);
	if (rc != HS_OK)
		return hs_fail(err, (enum hs_code)rc, "the policy is not in order");
	s->how.policy = &s->policy;
	return HS_OK;
}

// Everything that may fail for a reason that a person can mend.
static int
prepare(struct startup *s, struct hs_err *err)
{
	int rc = hs_options_settings(&s->options, &s->set, err);

	if (rc == HS_OK)
		rc = read_policy(s, err);
	if (rc == HS_OK)
		rc = hs_listen_open(s->options.address, &s->listener, err);
	if (rc != HS_OK)
		return rc;
	memcpy(s->set.socket, s->listener.path, sizeof s->listener.path);
	rc = hs_audit_open(s->set.state_dir, NULL, &s->how.audit, &s->how.torn, err);
	if (rc == HS_OK) // whose lock is on all of the state
		rc = hs_revocation_open(
		    s->set.state_dir, &s->how.revocation, &s->how.revoked_torn, err);
	if (rc != HS_OK)
		hs_listen_close(&s->listener);
	s->how.set = &s->set;
	s->how.listener = &s->listener;
	s->how.interactive = s->options.foreground;
	return rc;
}

static int
serve(struct startup *s)
{
	struct hs_err err = {0};
	int rc = hs_harden(&err);

	if (rc == HS_OK)
		rc = hs_serve(&s->how, &err);
	hs_listen_close(&s->listener);
	hs_audit_free(&s->how.audit);
	hs_revocation_free(&s->how.revocation);
	hs_policyfile_free(&s->policy);
	return rc == HS_OK ? 0 : complain(&err, EXIT_FAILED);
}

// The parent of the daemon: prints the settings, or becomes the command.
static int
go_on(const struct startup *s, pid_t daemon)
{
	char pid[32];

	if (s->options.command == NULL) {
		hs_start_print(s->set.socket, daemon, s->options.csh, false);
		return 0;
	}
	(void)snprintf(pid, sizeof pid, "%ld", (long)daemon);
	if (setenv(HS_ENV_SOCK, s->set.socket, 1) == 0 && setenv(HS_ENV_PID, pid, 1) == 0)
		(void)execvp(s->options.command[0], s->options.command);
	fprintf(stderr, "handseald: %s: %s\n", s->options.command[0], strerror(errno));
	return EXIT_FAILED; // which ends the daemon too
}

static int
run(struct startup *s)
{
	struct hs_err err = {0};
	bool child;
	pid_t pid;
	int rc;

	s->how.watch = -1;
	if (s->options.foreground) {
		hs_start_print(s->set.socket, getpid(), s->options.csh, true);
		hs_log_enable(true);
		return serve(s);
	}
	// taken before the fork, so that it is this very process, however soon it ends
	if (s->options.command != NULL)
		s->how.watch = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (s->options.command != NULL && s->how.watch < 0)
		rc = hs_fail(&err, HS_ERR_IO, "pidfd_open: %s", strerror(errno));
	else
		rc = hs_start_background(&child, &pid, &err);
	if (rc != HS_OK) {
		hs_listen_close(&s->listener);
		return complain(&err, EXIT_FAILED);
	}
	return child ? serve(s) : go_on(s, pid);
}

int
main(int argc, char **argv)
{
	static struct startup s; // too large for the stack
	struct hs_err err = {0};

	hs_start_descriptors(hs_adopt_offered());
	if (hs_options_parse(argc, argv, getenv("SHELL"), &s.options, &err) != HS_OK)
		return complain(&err, EXIT_USAGE);
	if (sodium_init() < 0)
		return EXIT_FAILED;
	if (s.options.kill)
		return hs_start_kill(s.options.csh, &err) == HS_OK
			   ? 0
			   : complain(&err, EXIT_FAILED);
	if (prepare(&s, &err) != HS_OK)
		return complain(&err, EXIT_FAILED);
	return run(&s);
}
