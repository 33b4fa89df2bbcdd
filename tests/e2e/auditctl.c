// SPDX-License-Identifier: ISC
//
// Makes audit logs for end-to-end tests and benchmarks without a daemon
// (tests/lib/auditmake.h).
//
//   auditctl make DIR [KEY=VALUE...]   DIR/audit.jsonl and DIR/roots, the root's line
//   auditctl flip FILE OFFSET          changes one byte
//
// KEY=VALUE: sessions=N certificates=N (in each) every=N (a checkpoint after so many, 0:
// none) rotate=N (a new file behind so many sessions) reason=TEXT agent=NAME shown=TEXT
// simulated=1 refusals=N (in each) revoke=1 (the last of each) agents=N (take turns) step=N
// (seconds between certificates) cert=FILE (the last
// certificate, in OpenSSH's form).
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sodium.h>
#include "proto/text.h"
#include "tests/lib/auditmake.h"
#include "tests/lib/prog.h"

struct wish {
	uint64_t sessions, certificates, every, rotate, refusals, simulated, revoke, agents,
	    step;
	const char *reason, *agent, *shown, *cert;
};

static void
take_word(struct wish *w, char *word)
{
	char *value = strchr(word, '=');
	const struct {
		const char *name;
		uint64_t *number;
		const char **text;
	} table[] = {{"sessions", &w->sessions, NULL},
	    {"certificates", &w->certificates, NULL}, {"every", &w->every, NULL},
	    {"rotate", &w->rotate, NULL}, {"refusals", &w->refusals, NULL},
	    {"simulated", &w->simulated, NULL}, {"revoke", &w->revoke, NULL},
	    {"agents", &w->agents, NULL}, {"step", &w->step, NULL},
	    {"reason", NULL, &w->reason}, {"agent", NULL, &w->agent},
	    {"shown", NULL, &w->shown}, {"cert", NULL, &w->cert}};

	if (value == NULL)
		prog_die(word);
	*value++ = '\0';
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		if (strcmp(table[i].name, word) != 0)
			continue;
		if (table[i].text != NULL)
			*table[i].text = value;
		else
			*table[i].number = strtoull(value, NULL, 10);
		return;
	}
	prog_die(word);
}

static FILE *
open_in(const char *dir, const char *name)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "w");
	if (f == NULL)
		prog_die(path);
	return f;
}

static void
put_roots(const char *dir, const struct auditmake *m)
{
	struct hs_buf b = {0};
	FILE *f = open_in(dir, "roots");

	hs_put_fmt(&b, "users=\"deploy\" ");
	hs_key_put_line(&b, &m->root.key);
	hs_put_fmt(&b, " blue\n");
	fwrite(b.p, 1, b.len, f);
	fclose(f);
	hs_buf_free(&b);
}

static void
put_refusal(struct auditmake *m)
{
	struct hs_audit_record r = {.event = "refuse",
	    .peer = true,
	    .pid = 4713,
	    .uid = 1000,
	    .exe = hs_str_c("/usr/bin/agent"),
	    .agent = hs_str_c(m->agent_name),
	    .ext = hs_str_c("request@handseal.alt"),
	    .session = m->id,
	    .code = "outside-ceiling",
	    .sentence = hs_str_c("user root is outside what the touch allowed")};

	auditmake_put(m, &r, NULL);
}

static void
put_revocation(struct auditmake *m)
{
	struct hs_audit_record r = {.event = "revoke",
	    .session = m->id,
	    .code = "ok",
	    .numbered = true,
	    .serial = m->serial};

	auditmake_put(m, &r, NULL);
}

static void
put_certificate(struct auditmake *m, const char *path)
{
	struct hs_buf blob = {0}, line = {0};
	FILE *f = fopen(path, "w");

	if (f == NULL)
		prog_die(path);
	auditmake_certificate(m, AUDITMAKE_SCOPE, m->serial, &blob);
	hs_put_fmt(&line, "ssh-ed25519-cert-v01@openssh.com ");
	hs_text_put_base64(&line, hs_buf_str(&blob));
	hs_put_fmt(&line, "\n");
	fwrite(line.p, 1, line.len, f);
	fclose(f);
	hs_buf_free(&blob);
	hs_buf_free(&line);
}

static void
session(struct auditmake *m, const struct wish *w, bool last)
{
	static char name[32];

	auditmake_event(m, "start");
	m->time += 2;
	auditmake_open(m, AUDITMAKE_CEILING);
	for (uint64_t i = 1; i <= w->certificates; i++) {
		m->time += w->step > 0 ? w->step : i % 64 == 0;
		if (w->agents > 0) {
			snprintf(name, sizeof name, "agent%" PRIu64, i % w->agents);
			m->agent_name = name;
		}
		auditmake_issue(m, AUDITMAKE_SCOPE);
		if (w->every > 0 && i % w->every == 0)
			auditmake_checkpoint(m);
	}
	if (last && w->cert != NULL)
		put_certificate(m, w->cert);
	for (uint64_t i = 0; i < w->refusals; i++) {
		m->time += 7;
		put_refusal(m);
	}
	if (w->revoke)
		put_revocation(m);
	m->time += 1200;
	auditmake_event(m, "close");
	if (w->every > 0)
		auditmake_checkpoint(m);
	auditmake_event(m, "stop");
	m->time += 3600;
}

static void
make(const char *dir, const struct wish *w)
{
	struct auditmake m;
	uint64_t first = 1;
	char from[4096], to[4096];
	FILE *f = open_in(dir, "audit.jsonl");

	auditmake_begin(&m, f);
	m.reason = w->reason;
	m.agent_name = w->agent != NULL ? w->agent : m.agent_name;
	m.shown = w->shown != NULL ? w->shown : m.shown;
	m.simulated = w->simulated != 0;
	for (uint64_t i = 1; i <= w->sessions; i++) {
		session(&m, w, i == w->sessions);
		if (w->rotate == 0 || i % w->rotate != 0 || i == w->sessions)
			continue;
		m.id[0] = '\0';
		auditmake_event(&m, "rotate");
		fclose(m.f);
		snprintf(from, sizeof from, "%s/audit.jsonl", dir);
		snprintf(to, sizeof to, "%s/audit.%020" PRIu64 ".jsonl", dir, first);
		if (rename(from, to) != 0)
			prog_die(to);
		first = m.seq + 1;
		m.f = open_in(dir, "audit.jsonl");
	}
	put_roots(dir, &m);
	if (fclose(m.f) != 0)
		prog_die(dir);
	auditmake_end(&m);
}

static void
flip(const char *path, const char *offset)
{
	off_t at = (off_t)strtoll(offset, NULL, 10);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	uint8_t c;

	if (fd < 0 || pread(fd, &c, 1, at) != 1)
		prog_die(path);
	c ^= 1;
	if (pwrite(fd, &c, 1, at) != 1 || close(fd) != 0)
		prog_die(path);
}

int
main(int argc, char **argv)
{
	struct wish w = {.sessions = 1, .certificates = 3, .every = 2};

	if (argc == 4 && strcmp(argv[1], "flip") == 0) {
		flip(argv[2], argv[3]);
		return 0;
	}
	if (argc < 3 || strcmp(argv[1], "make") != 0)
		prog_die("make DIR [KEY=VALUE...] | flip FILE OFFSET");
	for (int i = 3; i < argc; i++)
		take_word(&w, argv[i]);
	make(argv[2], &w);
	return 0;
}
