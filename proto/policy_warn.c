// SPDX-License-Identifier: ISC
//
// The warnings about a policy without errors: lines that mean more than they look
// (docs/PROTOCOL.policy, "Warnings"). Help for a person who reads; nothing is decided by
// them.
#include "proto/policy_internal.h"

#include <string.h>
#include "proto/grant.h"
#include "proto/names.h"

#define LONG_TTL HS_MAX_DELEGATION // servers take no more unless told

enum danger {
	RUNS_ANYTHING = 1 << 0, // further arguments make it run any program
	READS_STDIN = 1 << 1,	// alone, it runs what it is sent
	WRITES = 1 << 2,	// further arguments make it write any file
	READS = 1 << 3,		// or read any
};

// Commands whose further arguments are worth more than they look. Sorted by nothing: it is
// read by people.
static const struct {
	const char *name;
	unsigned danger;
	const char *how;
} commands[] = {
    {"sh", RUNS_ANYTHING | READS_STDIN, "-c runs any command"},
    {"bash", RUNS_ANYTHING | READS_STDIN, "-c runs any command"},
    {"dash", RUNS_ANYTHING | READS_STDIN, "-c runs any command"},
    {"ash", RUNS_ANYTHING | READS_STDIN, "-c runs any command"},
    {"zsh", RUNS_ANYTHING | READS_STDIN, "-c runs any command"},
    {"ksh", RUNS_ANYTHING | READS_STDIN, "-c runs any command"},
    {"fish", RUNS_ANYTHING | READS_STDIN, "-c runs any command"},
    {"busybox", RUNS_ANYTHING, "it is a shell too"},
    {"python", RUNS_ANYTHING | READS_STDIN, "-c runs any program"},
    {"perl", RUNS_ANYTHING | READS_STDIN, "-e runs any program"},
    {"ruby", RUNS_ANYTHING | READS_STDIN, "-e runs any program"},
    {"node", RUNS_ANYTHING | READS_STDIN, "-e runs any program"},
    {"php", RUNS_ANYTHING | READS_STDIN, "-r runs any program"},
    {"lua", RUNS_ANYTHING | READS_STDIN, "-e runs any program"},
    {"awk", RUNS_ANYTHING, "its program can run any command"},
    {"gawk", RUNS_ANYTHING, "its program can run any command"},
    {"mawk", RUNS_ANYTHING, "its program can run any command"},
    {"sed", RUNS_ANYTHING, "its command `e` runs any command, `w` writes any file"},
    {"env", RUNS_ANYTHING, "it runs the command behind it"},
    {"xargs", RUNS_ANYTHING, "it runs the command behind it"},
    {"nohup", RUNS_ANYTHING, "it runs the command behind it"},
    {"nice", RUNS_ANYTHING, "it runs the command behind it"},
    {"timeout", RUNS_ANYTHING, "it runs the command behind it"},
    {"setsid", RUNS_ANYTHING, "it runs the command behind it"},
    {"stdbuf", RUNS_ANYTHING, "it runs the command behind it"},
    {"watch", RUNS_ANYTHING, "it runs the command behind it"},
    {"time", RUNS_ANYTHING, "it runs the command behind it"},
    {"strace", RUNS_ANYTHING, "it runs the command behind it"},
    {"gdb", RUNS_ANYTHING | READS_STDIN, "it runs any program"},
    {"sudo", RUNS_ANYTHING, "it runs the command behind it, as root"},
    {"doas", RUNS_ANYTHING, "it runs the command behind it, as root"},
    {"su", RUNS_ANYTHING | READS_STDIN, "-c runs any command"},
    {"chroot", RUNS_ANYTHING, "it runs the command behind it"},
    {"systemd-run", RUNS_ANYTHING, "it runs the command behind it"},
    {"systemctl", RUNS_ANYTHING, "`link` and `edit` start any program"},
    {"crontab", RUNS_ANYTHING | READS_STDIN, "it plants commands that run later"},
    {"at", RUNS_ANYTHING, "it plants commands that run later"},
    {"find", RUNS_ANYTHING, "-exec runs any command, -delete deletes"},
    {"tar", RUNS_ANYTHING, "--to-command and --checkpoint-action run any command"},
    {"zip", RUNS_ANYTHING, "-TT runs any command"},
    {"rsync", RUNS_ANYTHING,
	"it reads and writes any file of the user, and -e runs any command"},
    {"git", RUNS_ANYTHING, "-c, --upload-pack and hooks run any command"},
    {"ssh", RUNS_ANYTHING, "-o ProxyCommand runs any command"},
    {"scp", RUNS_ANYTHING, "-S runs any program, and it writes any file of the user"},
    {"sftp", RUNS_ANYTHING, "-S runs any program"},
    {"docker", RUNS_ANYTHING, "`run -v /:/host` is root"},
    {"podman", RUNS_ANYTHING, "`run` runs any program"},
    {"kubectl", RUNS_ANYTHING, "`exec` runs any command in the cluster"},
    {"make", RUNS_ANYTHING, "-f and --eval run any command"},
    {"npm", RUNS_ANYTHING, "`exec` and scripts run any command"},
    {"pip", RUNS_ANYTHING, "`install` runs what it installs"},
    {"apt", RUNS_ANYTHING, "-o and packages run any command"},
    {"apt-get", RUNS_ANYTHING, "-o and packages run any command"},
    {"dpkg", RUNS_ANYTHING, "-i runs what it installs"},
    {"vi", RUNS_ANYTHING | READS_STDIN, "`:!` runs any command"},
    {"vim", RUNS_ANYTHING | READS_STDIN, "`:!` runs any command"},
    {"nano", RUNS_ANYTHING | READS_STDIN, "it runs commands and writes any file"},
    {"emacs", RUNS_ANYTHING | READS_STDIN, "it runs any command"},
    {"ed", RUNS_ANYTHING | READS_STDIN, "`!` runs any command"},
    {"less", RUNS_ANYTHING, "`!` runs any command"},
    {"more", RUNS_ANYTHING, "`!` runs any command"},
    {"man", RUNS_ANYTHING, "-P runs any program"},
    {"psql", RUNS_ANYTHING | READS_STDIN, "`\\!` runs any command"},
    {"mysql", RUNS_ANYTHING | READS_STDIN, "`system` runs any command"},
    {"sqlite3", RUNS_ANYTHING | READS_STDIN, "`.shell` runs any command"},
    {"socat", RUNS_ANYTHING, "EXEC: runs any program"},
    {"nc", RUNS_ANYTHING, "it is a tunnel, and -e runs any program"},
    {"tee", WRITES, "~/.ssh/authorized_keys too"},
    {"cp", WRITES, "~/.ssh/authorized_keys too"},
    {"mv", WRITES, "~/.ssh/authorized_keys too"},
    {"ln", WRITES, "a link can stand for any file"},
    {"dd", WRITES, "of= names any file"},
    {"install", WRITES, "~/.ssh/authorized_keys too"},
    {"curl", WRITES, "-o names any file, and it sends any file away"},
    {"wget", WRITES, "-O names any file, and it sends any file away"},
    {"cat", READS, "secrets too"},
    {"head", READS, "secrets too"},
    {"tail", READS, "secrets too"},
    {"grep", READS, "secrets too"},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

// The last part of a path, without a version behind it: python3.11 is python.
static bool
is_command(struct hs_str word, const char *name)
{
	size_t start = word.len;

	while (start > 0 && word.p[start - 1] != '/')
		start--;
	conf_skip(&word, start);
	if (hs_str_is(word, name))
		return true;
	while (word.len > 0 && memchr("0123456789.", word.p[word.len - 1], 11) != NULL)
		word.len--;
	return hs_str_is(word, name);
}

// Does rsync at the server take its arguments from the client, after these? With
// --secluded-args, -s, it does, and they stand in the place of all that stand here.
static bool
is_secluded(const struct scope_cmd *cmd)
{
	bool server = false, secluded = false;

	for (size_t i = 1; i < cmd->nwords; i++) {
		struct hs_str w = cmd->words[i];

		server = server || hs_str_is(w, "--server");
		secluded = secluded || hs_str_is(w, "--secluded-args") ||
			   hs_str_is(w, "--protect-args");
		if (w.len < 2 || w.p[0] != '-' || w.p[1] == '-')
			continue;
		// up to an option that has a value, which is what follows
		for (size_t k = 1; k < w.len && memchr("eBTMf@", w.p[k], 6) == NULL; k++)
			secluded = secluded || w.p[k] == 's';
	}
	return server && secluded;
}

static void
warn_command(struct policy_parser *x, const struct policy_value *v)
{
	const struct scope_cmd *cmd = &v->v.cmd;
	bool prefix = cmd->kind == HS_CMD_PREFIX;
	size_t i = 0;

	while (i < COMMANDS && !is_command(cmd->words[0], commands[i].name))
		i++;
	if (i == COMMANDS)
		return;
	if (prefix && (commands[i].danger & RUNS_ANYTHING) != 0) {
		policy_warn(x, v->at, "`%s ...` can run anything: %s", commands[i].name,
		    commands[i].how);
		x->draft.risky = true;
	} else if (prefix && (commands[i].danger & WRITES) != 0) {
		policy_warn(x, v->at, "`%s ...` can write any file of the user: %s",
		    commands[i].name, commands[i].how);
		x->draft.risky = true;
	} else if (prefix) {
		policy_warn(x, v->at, "`%s ...` can read any file of the user: %s",
		    commands[i].name, commands[i].how);
	} else if (is_command(cmd->words[0], "rsync") && is_secluded(cmd)) {
		policy_warn(x, v->at,
		    "`rsync` with -s is told by the client what to do, whatever else "
		    "stands "
		    "here: %s",
		    commands[i].how);
		x->draft.risky = true;
	} else if (cmd->nwords == 1 && (commands[i].danger & READS_STDIN) != 0) {
		policy_warn(
		    x, v->at, "`%s` alone runs whatever it is sent", commands[i].name);
		x->draft.risky = true;
	}
}

static void
warn_cmd(struct policy_parser *x, const struct policy_value *v)
{
	switch (v->v.cmd.kind) {
	case HS_CMD_ANY:
		policy_warn(x, v->at, "`Cmd *` is every command, and a shell");
		x->draft.risky = true;
		break;
	case HS_CMD_SFTP_WRITE:
		policy_warn(x, v->at,
		    "subsystem:sftp-write can write ~/.ssh/authorized_keys, and so outlast "
		    "every end");
		x->draft.risky = true;
		break;
	case HS_CMD_PREFIX:
	case HS_CMD_EXACT:
		warn_command(x, v);
		break;
	case HS_CMD_SFTP:
		break;
	}
}

void
policy_warn_value(struct policy_parser *x, const struct policy_value *v)
{
	if (v->v.key == HS_KEY_CMD)
		warn_cmd(x, v);
	else if (v->v.key == HS_KEY_USER && v->v.any)
		policy_warn(x, v->at, "`User *` is every login name, root too");
	else if (v->v.key == HS_KEY_OPEN && v->v.any)
		policy_warn(
		    x, v->at, "`Open *` is a tunnel to whatever the server can reach");
	else if (v->v.key == HS_KEY_PERMIT && v->v.any)
		policy_warn(x, v->at, "`Permit *` is every forwarding, the agent's too");
	else if (v->v.key == HS_KEY_PERMIT &&
		 hs_str_is(v->v.text, hs_permit_name(HS_PERMIT_AGENT)))
		policy_warn(x, v->at,
		    "with agent-forwarding the server can use every key in the agent");
}

// The statement's value of that text, or `*`.
static const struct policy_value *
value_of(const struct policy_draft *d, enum hs_scope_key key, const char *text)
{
	for (size_t i = 0; i < d->nvalues; i++)
		if (d->values[i].v.key == key &&
		    (d->values[i].v.any ||
			(text != NULL && hs_str_is(d->values[i].v.text, text))))
			return &d->values[i];
	return NULL;
}

static bool
has_key(const struct policy_draft *d, enum hs_scope_key key)
{
	for (size_t i = 0; i < d->nvalues; i++)
		if (d->values[i].v.key == key)
			return true;
	return false;
}

void
policy_warn_statement(struct policy_parser *x)
{
	struct policy_draft *d = &x->draft;
	const struct policy_value *host = value_of(d, HS_KEY_HOST, NULL);
	const struct policy_value *port =
	    value_of(d, HS_KEY_PERMIT, hs_permit_name(HS_PERMIT_PORT));

	if (host != NULL && value_of(d, HS_KEY_USER, "root") != NULL) {
		policy_warn(x, host->at,
		    "`Host *` with root is root on every server that trusts the key");
		d->risky = true;
	}
	if (port != NULL && !port->v.any && !has_key(d, HS_KEY_OPEN))
		policy_warn(x, port->at,
		    "port-forwarding without Open allows no destination: write `Open "
		    "HOST:PORT`");
}

void
policy_warn_scope(struct policy_parser *x)
{
	struct policy_draft *d = &x->draft;

	if (d->out == NULL)
		return;
	if (d->risky && !d->out->always)
		policy_warn(x, d->at,
		    "one touch opens `%s` for a session, with what is warned of in it: "
		    "`Touch always` costs a touch each time",
		    d->out->name);
	if (d->uses == HS_USES_ANY && d->ttl > LONG_TTL)
		policy_warn(x, d->at,
		    "`MaxUses *` with a MaxTTL over 8h: one certificate logs in for that "
		    "long, and servers refuse it unless their MaxDelegation says so");
}

static void
warn_agents(struct policy_parser *x)
{
	const struct hs_policy *p = x->p;
	bool lists = false;

	for (size_t i = 0; i < p->nagents; i++)
		lists = lists || !p->agents[i].any;
	for (size_t i = 0; i < p->nagents; i++) {
		const struct hs_policy_agent *a = &p->agents[i];
		struct policy_place at = {a->line, 1};

		if (!a->any)
			continue;
		if (strcmp(a->name, HS_AGENT_UNKNOWN) != 0)
			policy_warn(x, at,
			    "`Scope *`: `%s` may ask for whatever a touch allows, and has "
			    "all of a session's ceiling",
			    a->name);
		else if (lists)
			policy_warn(x, at,
			    "`Scope *`: who gives no name may ask for anything, so the "
			    "lists of the other agents hold nobody back");
	}
}

// What is asked for by that name would be refused.
static void
warn_unenforceable(struct policy_parser *x, const struct hs_policy_scope *s)
{
	struct hs_err why = {0};

	if (s->direct && hs_direct_enforceable(s->scope, &why) != HS_OK)
		policy_warn(x, (struct policy_place){s->line, 1},
		    "`%s` says Trust direct, and is refused as it stands: %s", s->name,
		    hs_err_sentence(&why));
}

static void
warn_denied(struct policy_parser *x, const struct hs_policy_scope *s)
{
	const struct hs_policy *p = x->p;
	struct policy_place at = {s->line, 1};

	if (s->always && !p->escalate)
		policy_warn(x, at,
		    "`%s` costs a touch each time, and `Escalate deny` refuses that",
		    s->name);
	for (size_t k = 0; k < p->ndenies; k++) {
		const struct hs_policy_deny *d = &p->denies[k];

		if (hs_scope_touches(s->scope, d->key, hs_str_c(d->value)))
			policy_warn(x, at,
			    "`%s` is refused as it stands, by `Deny %s %.*s` in line %u",
			    s->name, scope_key_name(d->key), 100, d->value, d->line);
	}
}

void
policy_warn_whole(struct policy_parser *x)
{
	for (size_t i = 0; i < x->p->nscopes; i++) {
		warn_denied(x, &x->p->scopes[i]);
		warn_unenforceable(x, &x->p->scopes[i]);
	}
	warn_agents(x);
}
