// SPDX-License-Identifier: ISC
//
// Any bytes as a client's command, under any scope: handseal-shell's decision neither
// crashes nor lets anything through that the scope as a whole does not permit. Input: a
// string of scope text, then the command; none asks for a shell.
#include <stdlib.h>
#include <string.h>
#include "client/verify/shell.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
permitted(const struct hs_scope *scope, const struct hs_shell_run *run, bool pty)
{
	const struct hs_str hosts[] = {hs_str_c("x"), hs_str_c("x.example.com")};
	struct hs_request req = {
	    .kind = run->by_shell != NULL ? HS_REQ_COMMAND : run->command.kind,
	    .user = hs_str_c("deploy"),
	    .hosts = hosts,
	    .nhosts = 2,
	    .addr = hs_str_c("192.0.2.14"),
	    .words = run->command.list,
	    .nwords = run->by_shell != NULL ? 0 : run->command.n,
	    .pty = pty,
	    .write = run->sftp_write};

	return hs_scope_permits(scope, &req, NULL) == HS_OK;
}

// Host values other than these stand for names that `permitted` does not know.
static bool
known_hosts(const struct hs_scope *scope)
{
	for (size_t st = 0; st < hs_scope_statements(scope); st++)
		for (size_t i = 0; i < hs_scope_values(scope, st, HS_KEY_HOST); i++)
			if (!hs_str_is(hs_scope_value(scope, st, HS_KEY_HOST, i), "*") &&
			    !hs_str_is(
				hs_scope_value(scope, st, HS_KEY_HOST, i), "*.example.com"))
				return false;
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hs_rd rd = hs_rd_init(data, size);
	struct hs_shell_arg arg = {.end = 2, .grant_end = 2};
	struct hs_shell_ask ask = {
	    .arg = &arg, .now = 1, .user = "deploy", .addr = "192.0.2.14 1 192.0.2.1 22"};
	struct hs_scope *scope = NULL;
	struct hs_shell_run run;
	struct hs_err err = {0};
	char *command;

	if (hs_get_string(&rd, &arg.scope) != HS_OK)
		return 0;
	command = calloc(1, rd.left + 1);
	if (command == NULL)
		return 0;
	memcpy(command, rd.p, rd.left);
	ask.command = rd.left > 0 ? command : NULL;
	ask.pty = size % 2 == 1;
	if (hs_shell_decide(&ask, &run, &err) == HS_OK) {
		if (hs_scope_parse_canonical(arg.scope, &scope, NULL) != HS_OK)
			abort();
		if (known_hosts(scope) && !permitted(scope, &run, ask.pty))
			abort();
	} else if (err.code == HS_OK) {
		abort();
	}
	hs_shell_run_free(&run);
	hs_scope_free(&scope);
	free(command);
	return 0;
}
