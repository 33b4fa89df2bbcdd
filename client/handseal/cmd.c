// SPDX-License-Identifier: ISC
//
// The table of commands, and usage made from it. What a command does is in its own file.
#include "client/handseal/cmd.h"

#include <stdarg.h>
#include <string.h>

#define SCOPE_ARGS                                                                         \
	"--scope NAME[,NAME...]... | --scope-file FILE | --user NAME... --host NAME...\n"  \
	"--cmd WORDS... [--addr CIDR...] [--permit WHAT...] [--open HOST:PORT...]\n"       \
	"[--ns NAME...] [--cap ACTION:RESOURCE...] [--uses N] [--depth N] [--on-end "      \
	"drain|kill]\n"

static const struct hs_cmd table[] = {
    {"open", cmd_open,
	"[" SCOPE_ARGS "] [--ttl 8h] [--max-ttl TIME] [--reason TEXT] [--json]",
	"open a session with one touch"},
    {"request", cmd_request,
	SCOPE_ARGS
	"[--ttl 15m] [--agent NAME] [--reason TEXT] [--wait 90s]\n"
	"[--direct] -o FILE | --key PUB [-o FILE] [--json]; on a seat neither is "
	"given",
	"get a certificate; beyond what is open it costs a touch"},
    {"run", cmd_run,
	SCOPE_ARGS
	"[--ttl 8h] [--agent NAME] [--reason TEXT] [--wait TIME] [--direct]\n"
	"[--hide-keys] [--share USER] [--quiet | --json] [--] PROGRAM [ARGUMENT...]",
	"run a program, whose ssh goes through a seat of its own"},
    {"wait", cmd_wait,
	"CODE --key PUB [-o FILE] [--wait 90s] [--json]; on a seat CODE alone",
	"fetch what became of a request that waited"},
    {"why", cmd_why, "[--json] [USER@HOST [COMMAND...]]",
	"on a seat, say what was refused last, and what would help"},
    {"watch", cmd_watch, "[--json]", "see what is asked for, and answer it"},
    {"approve", cmd_approve, "[--json] CODE", "let the key blink for what waits"},
    {"decline", cmd_decline, "[--json] CODE", "say no to what waits"},
    {"list", cmd_list, "[--json]", "list the seats and the session's certificates"},
    {"show", cmd_show, "[--cert | --json] ID", "show all of one certificate"},
    {"sign", cmd_sign,
	"-n NAMESPACE [--ttl TIME] [--wait TIME] [--agent NAME]\n"
	"[--reason TEXT] [--json] [FILE...]",
	"sign files, as ssh-keygen -Y sign does"},
    {"status", cmd_status, "[--json]", "say how the daemon and the session are"},
    {"close", cmd_close, "[--revoke] [--json]", "end the session; nothing more is issued"},
    {"revoke", cmd_revoke,
	"[--json] ID... | --agent NAME | --session ID | --root FINGERPRINT | --all\n"
	"--by-root [--with ROOT] [--device PATH] [--pin] [-o FILE | FOLDER]\n"
	"[--json] [--root ROOT] [--session ID | CERT]... [ID | CERT]...",
	"take back what was handed out, with all below it"},
    {"krl", cmd_krl, "[-o FILE] [--roots FILE] [--skip-bad] [--json] [LIST...]",
	"merge the lists of what is revoked, for stock sshd"},
    {"policy", cmd_policy,
	"check [FILE] | show | reload [--json]\n"
	"explain " SCOPE_ARGS "[--ttl TIME] [--agent NAME] [--reason TEXT]\n"
	"[--opening | --direct] [--json]",
	"check the policy, or say what would happen"},
    {"audit", cmd_audit,
	"verify [FILE | DIR]... [--roots FILE] [--server FILE] [--json]\n"
	"show [ID] [FILTER...] [--log FILE | DIR] [--follow] [--json]\n"
	"report -o FILE [--log FILE | DIR] [--roots FILE] [--json]\n"
	"export --format ocsf | csv [FILTER...] [--log FILE | DIR]\n"
	"evidence ID -o FILE [--cert FILE] [--log FILE | DIR] [--json]\n"
	"FILTER: --agent NAME --scope TEXT --event EVENT --since TIME --until TIME",
	"check, read and show the audit log"},
    {"enroll", cmd_enroll,
	"[--type ed25519|ecdsa] [--name LABEL] [--owner TEXT]\n"
	"[--pin] [--import FILE] [--device PATH] [--json]",
	"enrol a security key as a root, with one touch"},
    {"roots", cmd_roots, "[--pub] [--json] | remove FINGERPRINT",
	"list the enrolled roots, or their lines for servers"},
    {"server", cmd_server,
	"add [--user NAME[,NAME...]]... [--name HOSTNAME]... [--run-as USER]\n"
	"[--no-proof] [--within 2m] [--programs DIR] [--yes] [--print] [--json]\n"
	"[SSH] root@HOST\n"
	"remove [--all] [--within 2m] [--yes] [--print] [--json] [SSH] root@HOST\n"
	"status [--json] [SSH] root@HOST\n"
	"SSH: -p PORT -o OPTION -F FILE",
	"have a server ask for touches, over your own ssh"},
};

const struct hs_cmd *
hs_cmd_find(const char *name)
{
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

static void
put_synopsis(FILE *f, const struct hs_cmd *c)
{
	fprintf(f, "usage: handseal %s ", c->name);
	for (const char *p = c->args; *p != '\0'; p++) {
		fputc(*p, f);
		if (*p == '\n')
			fputs("           ", f);
	}
	fputc('\n', f);
}

void
hs_cmd_put_usage(FILE *f)
{
	fputs("usage: handseal COMMAND [ARGUMENT...]\n\n", f);
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		fprintf(f, "  %-9s %s\n", table[i].name, table[i].what);
	fputs("\nhandseal COMMAND --help tells a command's arguments, handseal(1) all of "
	      "it.\n",
	    f);
}

int
hs_cmd_help(const char *name)
{
	const struct hs_cmd *c = hs_cmd_find(name);

	if (c == NULL)
		return HS_EXIT_USAGE;
	put_synopsis(stdout, c);
	printf("\n%s\n", c->what);
	return hs_cli_finish();
}

int
hs_cmd_usage(const char *name, const char *fmt, ...)
{
	const struct hs_cmd *c = hs_cmd_find(name);
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	hs_cli_say("%s", text);
	if (c != NULL)
		put_synopsis(stderr, c);
	return HS_EXIT_USAGE;
}
