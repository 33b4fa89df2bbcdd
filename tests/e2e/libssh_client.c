// SPDX-License-Identifier: ISC
//
// A client that is not OpenSSH: logs in with a key and its certificate through libssh and
// runs one command, to show that the certificates are standard ones. For tests only.
//	libssh_client PORT USER KEY CERT KNOWN_HOSTS COMMAND
// Exit status: the command's; 250 where the server does not admit us, 251 for any other
// failure.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libssh/libssh.h>

#define NOT_ADMITTED 250
#define FAILED	     251

static int
complain(const char *what, ssh_session session)
{
	fprintf(stderr, "libssh_client: %s: %s\n", what,
	    session != NULL ? ssh_get_error(session) : "failed");
	return FAILED;
}

static int
set_options(ssh_session session, char **argv)
{
	int verbosity = SSH_LOG_NOLOG, no = 0;

	if (ssh_options_set(session, SSH_OPTIONS_HOST, "127.0.0.1") != SSH_OK ||
	    ssh_options_set(session, SSH_OPTIONS_PORT_STR, argv[1]) != SSH_OK ||
	    ssh_options_set(session, SSH_OPTIONS_USER, argv[2]) != SSH_OK ||
	    ssh_options_set(session, SSH_OPTIONS_KNOWNHOSTS, argv[5]) != SSH_OK ||
	    ssh_options_set(session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null") !=
		SSH_OK ||
	    ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &no) != SSH_OK ||
	    ssh_options_set(session, SSH_OPTIONS_LOG_VERBOSITY, &verbosity) != SSH_OK)
		return complain("options", session);
	return 0;
}

static int
judge(ssh_session session, int rc)
{
	if (rc == SSH_AUTH_SUCCESS)
		return 0;
	(void)complain("not admitted", session);
	return rc == SSH_AUTH_ERROR ? FAILED : NOT_ADMITTED;
}

static int
log_in(ssh_session session, char **argv)
{
	ssh_key key = NULL, cert = NULL;
	int status = FAILED;

	if (strcmp(argv[3], "agent") == 0) // the one of SSH_AUTH_SOCK
		return judge(session, ssh_userauth_agent(session, NULL));

	if (ssh_pki_import_privkey_file(argv[3], NULL, NULL, NULL, &key) != SSH_OK ||
	    ssh_pki_import_cert_file(argv[4], &cert) != SSH_OK ||
	    ssh_pki_copy_cert_to_privkey(cert, key) != SSH_OK) {
		(void)complain("key and certificate", NULL);
		goto out;
	}
	status = judge(session, ssh_userauth_publickey(session, NULL, key));
out:
	ssh_key_free(key);
	ssh_key_free(cert);
	return status;
}

// Copies one of the command's streams to ours until its end.
static int
copy(ssh_channel channel, int is_stderr, FILE *to)
{
	char chunk[4096];
	int n;

	while ((n = ssh_channel_read(channel, chunk, sizeof chunk, is_stderr)) > 0)
		if (fwrite(chunk, 1, (size_t)n, to) != (size_t)n)
			return -1;
	return n;
}

static int
run(ssh_session session, const char *command)
{
	ssh_channel channel = ssh_channel_new(session);
	int status = FAILED;

	if (channel == NULL || ssh_channel_open_session(channel) != SSH_OK ||
	    ssh_channel_request_exec(channel, command) != SSH_OK) {
		(void)complain("command", session);
		goto out;
	}
	if (copy(channel, 0, stdout) != 0 || copy(channel, 1, stderr) != 0) {
		(void)complain("reading", session);
		goto out;
	}
	status = ssh_channel_get_exit_status(channel);
	if (status < 0)
		status = FAILED;
out:
	if (channel != NULL) {
		(void)ssh_channel_close(channel);
		ssh_channel_free(channel);
	}
	return status;
}

int
main(int argc, char **argv)
{
	ssh_session session;
	int status;

	if (argc != 7) {
		fprintf(stderr,
		    "usage: libssh_client PORT USER KEY|agent CERT KNOWN_HOSTS COMMAND\n");
		return FAILED;
	}
	session = ssh_new();
	if (session == NULL)
		return complain("out of memory", NULL);
	status = set_options(session, argv);
	if (status == 0 && ssh_connect(session) != SSH_OK)
		status = complain("connecting", session);
	if (status == 0 && ssh_session_is_known_server(session) != SSH_KNOWN_HOSTS_OK)
		status = complain("the server's key", session);
	if (status == 0)
		status = log_in(session, argv);
	if (status == 0)
		status = run(session, argv[6]);
	ssh_disconnect(session);
	ssh_free(session);
	(void)fflush(stdout);
	return status;
}
