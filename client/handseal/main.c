// SPDX-License-Identifier: ISC
//
// handseal: finds the command and runs it. What the commands are is in cmd.c. Under the
// names of ssh, scp and sftp it is a shim (shim.h).
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "client/handseal/cmd.h"
#include "client/handseal/shim.h"

// Files that we open must not land on a standard descriptor that somebody closed.
static void
fill_standard_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int
main(int argc, char **argv)
{
	const char *shim = hs_shim_name();
	const struct hs_cmd *c;

	if (shim != NULL) // before anything is changed that a program inherits
		return hs_shim_run(shim, argc, argv);
	fill_standard_fds();
	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN);
	if (sodium_init() < 0) {
		hs_cli_say("libsodium could not be started");
		return HS_EXIT_FAILED;
	}
	if (argc < 2) {
		hs_cmd_put_usage(stderr);
		return HS_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("handseal " HS_VERSION);
		return hs_cli_finish();
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		hs_cmd_put_usage(stdout);
		return hs_cli_finish();
	}
	c = hs_cmd_find(argv[1]);
	if (c == NULL) {
		hs_cli_say("there is no command %s", argv[1]);
		hs_cmd_put_usage(stderr);
		return HS_EXIT_USAGE;
	}
	return c->run(argc - 1, argv + 1);
}
