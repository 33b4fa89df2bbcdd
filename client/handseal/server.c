// SPDX-License-Identifier: ISC
//
// handseal server: the command line of add, remove and status, and what these share. Each
// does its work in a file of its own.
#include "client/handseal/server.h"

#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>
#include "client/handseal/server_link.h"
#include "proto/knownhosts.h"
#include "proto/serverconf.h"
#include "proto/text.h"

#define G_SECONDS 20

int
hs_server_fail(const struct hs_server *s, const struct hs_err *err)
{
	struct hs_buf b = {0};
	int status;

	hs_put_fmt(&b, "%s: %s", s->host, hs_err_sentence(err));
	status = hs_cli_fail_with(s->json, hs_cli_exit(err->code),
	    hs_str_c(hs_code_name(err->code)), hs_buf_str(&b), hs_str_c(""));
	hs_buf_free(&b);
	return status;
}

void
hs_server_text(struct hs_str facts, const char *key, struct hs_buf *out)
{
	struct hs_serverfact f;

	while (hs_serverfacts_next(&facts, &f)) {
		if (!hs_str_is(f.key, key))
			continue;
		hs_put_raw(out, f.value.p, f.value.len);
		hs_put_u8(out, '\n');
	}
}

bool
hs_server_agreed(const struct hs_server *s, const char *question, struct hs_err *err)
{
	char answer[16] = "";

	if (s->yes)
		return true;
	if (isatty(STDIN_FILENO) != 1 || s->json) {
		(void)hs_fail(err, HS_ERR_USAGE,
		    "nobody can be asked here, so nothing was done: --yes says it");
		return false;
	}
	printf("%s [y/N] ", question);
	fflush(stdout);
	if (fgets(answer, sizeof answer, stdin) != NULL &&
	    (answer[0] == 'y' || answer[0] == 'Y'))
		return true;
	(void)hs_fail(err, HS_SK_DENIED, "nothing was done");
	return false;
}

void
hs_server_within(const struct hs_server *s, char out[static 24])
{
	(void)snprintf(out, 24, "%" PRIu64, s->within);
}

// ---- this server's name

static bool
usable(struct hs_str name)
{
	const uint8_t *dot = name.len > 0 ? memchr(name.p, '.', name.len) : NULL;

	return dot != NULL && hs_knownhosts_is_name(name);
}

// "hostname web1.example.com" of what `ssh -G` prints.
static bool
configured(struct hs_str text, const char *key, struct hs_str *value)
{
	size_t n = strlen(key);
	struct hs_str line;

	while (hs_str_next(&text, '\n', &line)) {
		if (line.len <= n + 1 || memcmp(line.p, key, n) != 0 || line.p[n] != ' ')
			continue;
		*value = (struct hs_str){line.p + n + 1, line.len - n - 1};
		return true;
	}
	return false;
}

int
hs_server_name(struct hs_server *s, struct hs_err *err)
{
	struct hs_serverargs a = {0};
	struct hs_buf out = {0};
	struct hs_str name = hs_str_c(s->host);
	int status, rc;

	if (s->names.len > 0)
		return HS_OK;
	hs_serverargs_ssh(&a, s);
	hs_serverargs_put(&a, "-G");
	hs_serverargs_put(&a, "--");
	hs_serverargs_put(&a, s->target);
	rc = hs_serverlink_run(&a, G_SECONDS, &out, NULL, &status, err);
	if (rc == HS_OK && !usable(name) &&
	    !(configured(hs_buf_str(&out), "hostkeyalias", &name) && usable(name)) &&
	    !(configured(hs_buf_str(&out), "hostname", &name) && usable(name)))
		rc = hs_fail(err, HS_ERR_USAGE,
		    "--name says what scopes call this server, such as "
		    "web1.example.com: %s is no such name",
		    s->host);
	if (rc == HS_OK)
		hs_put_raw(&s->names, name.p, name.len);
	hs_buf_free(&out);
	return rc;
}

// ---- the command line

static int
wrong(const char *what)
{
	return hs_cmd_usage("server", "%s", what);
}

static int
add_words(struct hs_buf *list, const char *value, char sep, const char *what)
{
	struct hs_str values = hs_str_c(value), word;

	while (hs_str_next(&values, ',', &word)) {
		for (size_t i = 0; i < word.len; i++)
			if (word.p[i] <= ' ' || word.p[i] == '"' || word.p[i] == '\'' ||
			    word.p[i] == '\\' || word.p[i] >= 0x7f)
				return wrong(what);
		if (word.len == 0)
			return wrong(what);
		if (list->len > 0)
			hs_put_u8(list, (uint8_t)sep);
		hs_put_raw(list, word.p, word.len);
	}
	return list->len > 0 ? HS_EXIT_DONE : wrong(what);
}

static int
add_name(struct hs_server *s, const char *value)
{
	if (!hs_knownhosts_is_name(hs_str_c(value)))
		return wrong("--name takes the name of a host, in lower case, such as "
			     "web1.example.com");
	return add_words(&s->names, value, ' ', "--name takes the name of a host");
}

static int
for_ssh(struct hs_server *s, const char *option, const char *value)
{
	if (s->nssh + 2 > HS_SERVER_SSH_WORDS)
		return wrong("so many options for ssh belong in ~/.ssh/config");
	s->ssh[s->nssh++] = option;
	s->ssh[s->nssh++] = value;
	return HS_EXIT_DONE;
}

static int
take_option(struct hs_server *s, int opt)
{
	switch (opt) {
	case 'p':
		return for_ssh(s, "-p", optarg);
	case 'o':
		return for_ssh(s, "-o", optarg);
	case 'F':
		return for_ssh(s, "-F", optarg);
	case 'u':
		return add_words(&s->users, optarg, ',', "--user takes login names, or *");
	case 'n':
		return add_name(s, optarg);
	case 'r':
		s->run_as = optarg;
		return HS_EXIT_DONE;
	case 'd':
		s->programs = optarg;
		return HS_EXIT_DONE;
	case 'w':
		return hs_text_span(hs_str_c(optarg), HS_SERVER_WITHIN_MAX, &s->within) ==
			       HS_OK
			   ? HS_EXIT_DONE
			   : wrong("--within takes a time such as 90s or 5m, of at most an "
				   "hour");
	case 'P':
		s->print = true;
		return HS_EXIT_DONE;
	case 'y':
		s->yes = true;
		return HS_EXIT_DONE;
	case 'N':
		s->no_proof = true;
		return HS_EXIT_DONE;
	case 'a':
		s->all = true;
		return HS_EXIT_DONE;
	case 'j':
		s->json = true;
		return HS_EXIT_DONE;
	default:
		return wrong("server does not take that");
	}
}

static int
take_target(struct hs_server *s, const char *word)
{
	const char *at = strrchr(word, '@');

	s->target = word;
	s->host = at != NULL ? at + 1 : word;
	if (word[0] == '-' || s->host[0] == '\0' || s->host[0] == '-' || strlen(word) > 255)
		return wrong("a server is named as ssh takes it: root@HOST");
	for (const char *p = word; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 0x7f || *p == '/')
			return wrong("a server is named as ssh takes it: root@HOST");
	return HS_EXIT_DONE;
}

// What does not belong to the verb.
static int
check(const struct hs_server *s)
{
	bool adding = strcmp(s->verb, "add") == 0,
	     removing = strcmp(s->verb, "remove") == 0;

	if (!adding && (s->users.len > 0 || s->names.len > 0 || s->run_as != NULL ||
			   s->programs != NULL || s->no_proof))
		return wrong("--user, --name, --run-as, --programs and --no-proof are for "
			     "add");
	if (!removing && s->all)
		return wrong("--all is for remove");
	if (!adding && !removing && (s->print || s->yes))
		return wrong("--print and --yes are for add and remove");
	if (s->print && s->json)
		return wrong("--print or --json, not both");
	return HS_EXIT_DONE;
}

static int
parse(int argc, char **argv, struct hs_server *s)
{
	static const struct option longs[] = {{"user", required_argument, NULL, 'u'},
	    {"name", required_argument, NULL, 'n'},
	    {"run-as", required_argument, NULL, 'r'},
	    {"within", required_argument, NULL, 'w'},
	    {"programs", required_argument, NULL, 'd'}, {"print", no_argument, NULL, 'P'},
	    {"yes", no_argument, NULL, 'y'}, {"no-proof", no_argument, NULL, 'N'},
	    {"all", no_argument, NULL, 'a'}, {"json", no_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'}, {0}};
	int opt, status = HS_EXIT_DONE;

	while (status == HS_EXIT_DONE &&
	       (opt = getopt_long(argc, argv, "hp:o:F:", longs, NULL)) != -1) {
		if (opt == 'h')
			return -1;
		status = take_option(s, opt);
	}
	if (status == HS_EXIT_DONE && argc - optind != 1)
		status = wrong("server add, remove and status take one server: root@HOST");
	if (status == HS_EXIT_DONE)
		status = take_target(s, argv[optind]);
	return status == HS_EXIT_DONE ? check(s) : status;
}

int
cmd_server(int argc, char **argv)
{
	static const struct {
		const char *verb;
		int (*run)(struct hs_server *);
	} verbs[] = {{"add", hs_server_add}, {"remove", hs_server_remove},
	    {"status", hs_server_status}};
	struct hs_server s = {.within = HS_SERVER_WITHIN};
	struct hs_err err = {0};
	int status = HS_EXIT_USAGE;
	size_t i = 0;

	if (argc > 1 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0))
		return hs_cmd_help("server");
	while (argc > 1 && i < 3 && strcmp(argv[1], verbs[i].verb) != 0)
		i++;
	if (argc < 2 || i == 3)
		return wrong("server takes add, remove or status");
	s.verb = verbs[i].verb;
	status = parse(argc - 1, argv + 1, &s);
	if (status == -1) {
		status = hs_cmd_help("server");
	} else if (status == HS_EXIT_DONE) {
		s.did = json_array();
		status = hs_rootlist_read(&s.roots, NULL, NULL, &err) == HS_OK
			     ? verbs[i].run(&s)
			     : hs_cli_fail(s.json, &err);
	}
	json_decref(s.did);
	hs_rootlist_free(&s.roots);
	hs_buf_free(&s.users);
	hs_buf_free(&s.names);
	return status;
}
