// SPDX-License-Identifier: ISC
//
// What is gathered is what `ssh-keygen -F NAME` finds, in files made at random: names with
// wildcards, ports, negation and hashes (`ssh-keygen -H`), markers, comments, blanks. Where
// a name is negated, ports are told apart by ssh and not here: then less may come out, and
// never more. What is revoked may be more, and never less. HS_SEED repeats a run.
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include "tests/lib/gathering.h"

#define FILES 30
#define LINES 20 // each with a key of its own, A, B, ...

extern char **environ;

static uint64_t rng_state, seed;

// splitmix64
static uint64_t
rng(void)
{
	uint64_t z = rng_state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static bool
chance(unsigned n) // one in n
{
	return rng() % n == 0;
}

static const char *
one_of(const char *const *v, size_t n)
{
	return v[rng() % n];
}

#define ONE_OF(v) one_of(v, sizeof(v) / sizeof((v)[0]))

static const char *const names[] = {"web1", "web2", "web12", "db", "a.example.com",
    "b.example.com", "a.b.example.com", "example.com", "a.example.org"};
static const char *const patterns[] = {"*", "web?", "web*", "*1", "?b", "*.example.com",
    "*.b.*", "*example*", "a.*.com", "*.EXAMPLE.org", "???", "a.?.*", "w*b*2"};
static const char *const ports[] = {"2222", "443", "*", "2???"};
static const char *const numbers[] = {"2222", "443"}; // those that exist

// ---- files

static void
put_name(struct hs_buf *b, bool with_ports, bool negated)
{
	const char *name = chance(3) ? ONE_OF(patterns) : ONE_OF(names);
	bool port = with_ports && !negated && chance(3);

	hs_put_fmt(b, "%s%s", negated ? "!" : "", port ? "[" : "");
	for (; *name != '\0'; name++) {
		bool lower = *name >= 'a' && *name <= 'z';

		hs_put_u8(b, (uint8_t)(lower && chance(16) ? *name - 32 : *name));
	}
	if (port)
		hs_put_fmt(b, "]:%s", ONE_OF(ports));
}

static void
put_line(struct hs_buf *b, char letter, bool with_ports, bool with_negation)
{
	static const char *const others[] = {"10.0.0.1", "10.0.*", "fe80::1", "x_y", ""};
	static const char *const blanks[] = {" ", "  ", "\t", " \t "};

	if (chance(8))
		hs_put_fmt(b, "%s%s# web1\n", chance(2) ? " " : "", chance(2) ? "\t" : "");
	if (chance(8))
		hs_put_fmt(b, "\n");
	if (chance(8))
		hs_put_fmt(b, "%s", ONE_OF(blanks));
	if (chance(4))
		hs_put_fmt(b, "@%s ", chance(2) ? "revoked" : "cert-authority");
	put_name(b, with_ports, with_negation && chance(3));
	for (size_t n = rng() % 4; n > 0; n--) {
		hs_put_fmt(b, ",");
		if (chance(10))
			hs_put_fmt(b, "%s", ONE_OF(others));
		else
			put_name(b, with_ports, with_negation && chance(3));
	}
	hs_put_fmt(b, "%s", ONE_OF(blanks));
	gathering_put_key(b, letter);
	hs_put_fmt(b, "%s%s", chance(3) ? " a comment, web1" : "", chance(8) ? "\r" : "");
}

static void
make_file(bool with_ports, bool with_negation)
{
	struct hs_buf b = {0};

	for (int k = 'A'; k < 'A' + LINES; k++) {
		put_line(&b, (char)k, with_ports, with_negation);
		hs_put_fmt(&b, "%s", k < 'A' + LINES - 1 || chance(2) ? "\n" : "");
	}
	gathering.req.nfiles = 0;
	gathering_file("known_hosts", hs_buf_str(&b));
	hs_buf_free(&b);
}

// ---- ssh-keygen

// Runs it on the file; what it printed is in the file "out". Its exit status.
static int
keygen(const char *option, const char *arg)
{
	char file[320], out[320];
	char *argv[] = {"ssh-keygen", (char *)option, (char *)arg, "-f", file, NULL};
	posix_spawn_file_actions_t fa;
	int status = -1;
	pid_t pid;

	snprintf(file, sizeof file, "%s", gathering_in("known_hosts"));
	snprintf(out, sizeof out, "%s", gathering_in("out"));
	if (arg == NULL) {
		argv[2] = "-f";
		argv[3] = file;
		argv[4] = NULL;
	}
	assert_int_equal(posix_spawn_file_actions_init(&fa), 0);
	posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&fa, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_addopen(&fa, 2, "/dev/null", O_WRONLY, 0);
	assert_int_equal(posix_spawnp(&pid, argv[0], &fa, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&fa);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

// Keys by kind and letter.
struct found {
	bool is[4][256];
};

static void
read_found(struct found *f)
{
	char line[1024];
	FILE *out = fopen(gathering_in("out"), "r");

	assert_non_null(out);
	while (fgets(line, sizeof line, out) != NULL) {
		const char *p = line + strspn(line, " \t"), *key;
		enum hs_knownhosts_kind kind = HS_KNOWNHOSTS_KEY;
		struct hs_buf blob = {0};

		if (*p == '#')
			continue;
		if (strncmp(p, "@cert-authority", 15) == 0)
			kind = HS_KNOWNHOSTS_CA;
		else if (strncmp(p, "@revoked", 8) == 0)
			kind = HS_KNOWNHOSTS_REVOKED;
		key = strstr(p, "ssh-ed25519 ");
		assert_non_null(key);
		key += strlen("ssh-ed25519 ");
		assert_int_equal(hs_text_base64((struct hs_str){(const uint8_t *)key,
						    strcspn(key, " \r\n")},
				     100, &blob),
		    HS_OK);
		f->is[kind][blob.p[50]] = true;
		hs_buf_free(&blob);
	}
	fclose(out);
}

static void
ask_keygen(struct found *f, const char *name)
{
	int status = keygen("-F", name);

	assert_in_range(status, 0, 1);
	if (status == 0)
		read_found(f);
}

// ---- comparing

static void
ours_for(struct found *f, const char *name)
{
	for (size_t i = 0; i < gathering.answer.n; i++) {
		const struct hs_knownhosts_entry *e = &gathering.answer.v[i];

		if (hs_str_is(e->name, name))
			f->is[e->kind][e->key.p[50]] = true;
	}
}

// Of the keys that are known, or else of those that are revoked.
static bool
within(const struct found *a, const struct found *b, bool revoked)
{
	for (size_t k = 0; k < 4; k++)
		for (size_t c = 0; c < 256 && revoked == (k == HS_KNOWNHOSTS_REVOKED); c++)
			if (a->is[k][c] && !b->is[k][c])
				return false;
	return true;
}

static void
compare(const char *name, bool with_ports, bool with_negation)
{
	struct found bare = {0}, ours = {0}, any;
	char bracketed[64];

	ask_keygen(&bare, name);
	any = bare;
	for (size_t i = 0; with_ports && i < sizeof numbers / sizeof numbers[0]; i++) {
		snprintf(bracketed, sizeof bracketed, "[%s]:%s", name, numbers[i]);
		ask_keygen(&any, bracketed);
	}
	ours_for(&ours, name);
	if (!within(&ours, &any, false) || !within(&bare, &ours, false) ||
	    (!with_negation && !within(&any, &ours, false)) || !within(&any, &ours, true))
		fail_msg("seed %" PRIu64 ": %s", seed, name);
}

static void
as_ssh_keygen_finds(void **state)
{
	unsigned found = 0;

	(void)state;
	for (size_t i = 0; i < FILES; i++) {
		bool with_ports = chance(2), with_negation = chance(2), hashed = chance(2);

		make_file(with_ports, with_negation);
		if (hashed)
			assert_int_equal(keygen("-H", NULL), 0);
		gathering_for("web1 web2 web12 db a.example.com b.example.com "
			      "a.b.example.com example.com a.example.org");
		gathering.req.nports = with_ports ? 2 : 0;
		gathering.req.ports[0] = 2222;
		gathering.req.ports[1] = 443;
		assert_int_equal(gathering_run(), HS_OK);
		assert_int_equal(gathering.answer.nwarnings, 0);
		found += (unsigned)gathering.answer.n;
		for (size_t k = 0; k < 3; k++)
			compare(ONE_OF(names), with_ports, with_negation);
	}
	assert_true(found > FILES * LINES / 2); // it was worth comparing
}

// In the scope's patterns a plain name is what it would be by itself.
static void
patterns_of_a_scope(void **state)
{
	(void)state;
	for (size_t i = 0; i < FILES / 2; i++) {
		static const char *const all[] = {"*", "*.com *.org web1 web2 web12 db"};
		bool with_negation = chance(2);

		make_file(false, with_negation);
		gathering_for(ONE_OF(all));
		assert_int_equal(gathering_run(), HS_OK);
		for (size_t k = 0; k < 3; k++) {
			const char *name = ONE_OF(names);
			struct found bare = {0}, ours = {0};

			ask_keygen(&bare, name);
			ours_for(&ours, name);
			if (!within(&ours, &bare, false))
				fail_msg("seed %" PRIu64 ": %s", seed, name);
		}
	}
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, gathering_make, gathering_drop)
	const struct CMUnitTest tests[] = {T(as_ssh_keygen_finds), T(patterns_of_a_scope)};
	const char *text = getenv("HS_SEED");
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	seed = text != NULL ? strtoull(text, NULL, 0)
			    : (uint64_t)now.tv_sec * 1000000007u ^ (uint64_t)now.tv_nsec;
	rng_state = seed;
	printf("# HS_SEED=%" PRIu64 "\n", seed);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
