// SPDX-License-Identifier: ISC
//
// Which names a line of known_hosts gives a key, for which hosts of a scope: lists,
// wildcards, negation, ports, hashes, markers, keys that cannot be used. That ssh-keygen
// agrees is test_khhelper_keygen.c's.
#include "tests/lib/gathering.h"

// In each: the file `f`, the scope's hosts, what is told, what is warned of.
struct row {
	const char *text, *hosts, *told, *warned;
};

static void
rows(const struct row *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		void *none = NULL;

		assert_int_equal(gathering_make(&none), 0);
		gathering_text("f", v[i].text);
		gathering_for(v[i].hosts);
		if (gathering_run() != HS_OK ||
		    strcmp((const char *)gathering.told.p, v[i].told) != 0 ||
		    strcmp((const char *)gathering.warned.p, v[i].warned) != 0)
			fail_msg("%sfor %s:\n%s%s%s", v[i].text, v[i].hosts,
			    (const char *)gathering.told.p,
			    (const char *)gathering.warned.p, gathering.err.text);
		assert_int_equal(gathering_drop(&none), 0);
	}
}

#define ROWS(v) rows(v, sizeof(v) / sizeof((v)[0]))

static void
plain(void **state)
{
	static const struct row v[] = {
	    {"web1 %A\n", "web1", "key web1 A\n", ""},
	    {"web1 %A", "web1", "key web1 A\n", ""},
	    {" \t web1 \t %A comment here\n", "web1", "key web1 A\n", ""},
	    {"WEB1.Example.COM %A\n", "web1.example.com", "key web1.example.com A\n", ""},
	    {"web1,10.0.0.1,db %A\ndb %B\n", "db web1", "key web1 A\nkey db A\nkey db B\n",
		""},
	    {"web1 %A\nweb1 %A\nweb1,web1 %A\n", "web1", "key web1 A\n", ""},
	    {"web1,,,web1 %A\n,web2, %A\n", "web1 web2", "key web1 A\nkey web2 A\n", ""},
	    {"web11 %A\nweb %A\nxweb1 %A\nweb1. %A\n", "web1", "", ""},
	    {"web1 %A\n", "", "", ""},
	    {"", "web1 *", "", ""},
	    {"#web1 %A\n  # web1 %A\n\n \t\n", "web1", "", ""},
	    {"web1#x %A\n", "web1 *", "", ""},
	    // what is no host name is passed over in silence
	    {"10.0.0.1,::1,[::1]:22,my_host,b\xc3\xbc,a/b,-a,a..b %A\n", "*", "", ""},
	    {"127.1 %A\n0x7f000001 %A\n", "*", "", ""},
	};

	(void)state;
	ROWS(v);
}

static void
wildcards(void **state)
{
	static const struct row v[] = {
	    {"*.example.com %A\n", "a.example.com b.example.org", "key a.example.com A\n",
		""},
	    {"web? %A\n", "web web1 web12", "key web1 A\n", ""},
	    {"* %A\n", "b a", "key a A\nkey b A\n", ""},
	    {"?* %A\n", "a", "key a A\n", ""},
	    {"*.EXAMPLE.com %A\n", "a.example.com", "key a.example.com A\n", ""},
	    {"w*1*e %A\n", "web1.example", "key web1.example A\n", ""},
	    {"*1 %A\n", "web1 web2 db1", "key db1 A\nkey web1 A\n", ""},
	    {"*********a %A\nb %B\n", "a b", "key b B\n", "f:1: a name has too many `*`\n"},
	    {"********a %A\n", "a", "key a A\n", ""},
	};

	(void)state;
	ROWS(v);
}

static void
negation(void **state)
{
	static const struct row v[] = {
	    {"*.example.com,!bad.example.com %A\n", "bad.example.com good.example.com",
		"key good.example.com A\n", ""},
	    {"!bad.example.com,*.example.com %A\n", "bad.example.com good.example.com",
		"key good.example.com A\n", ""},
	    {"*,!*.b.c,a.b.c %A\n", "a.b.c b.c", "key b.c A\n", ""},
	    {"web1,!web1 %A\n", "web1 *", "", ""},
	    {"web1,!WEB? %A\n", "web1 *", "", ""},
	    {"!web1 %A\n", "web1 web2 *", "", ""},
	    {"web1,! %A\n", "web1", "key web1 A\n", ""},
	    {"web1,!!web1 %A\n", "web1", "key web1 A\n", ""}, // ssh reads `!web1` as a name
	    // whatever the port
	    {"*,![web1]:2222 %A\n", "web1 web2", "key web2 A\n", ""},
	};

	(void)state;
	ROWS(v);
}

static void
with_ports(void **state)
{
	static const struct row v[] = {
	    {"[web1]:2222 %A\n", "web1", "key web1 A\n", ""},
	    {"[web1]:22,[Web2]:* %A\n", "web1 web2", "key web1 A\nkey web2 A\n", ""},
	    {"[*.a.b]:2222 %A\n", "x.a.b", "key x.a.b A\n", ""},
	    {"[web1]:22?? %A\n", "*", "key web1 A\n", ""},
	    {"[web1] %A\nweb2 %B\n", "web1 web2 *", "key web2 B\n",
		"f:1: a name that begins with `[` must be [NAME]:PORT\n"},
	    {"web1,[web1 %A\n", "web1", "",
		"f:1: a name that begins with `[` must be [NAME]:PORT\n"},
	    {"[web1]: %A\n", "web1", "",
		"f:1: a name that begins with `[` must be [NAME]:PORT\n"},
	    {"[web1]:x %A\n", "web1", "",
		"f:1: a name that begins with `[` must be [NAME]:PORT\n"},
	    {"[]:22 %A\n", "web1", "",
		"f:1: a name that begins with `[` must be [NAME]:PORT\n"},
	    {"[[web1]:1]:22,[[*]:22 %A\n", "web1 *", "", ""},
	    {"web1:22 %A\n", "web1 *", "", ""},
	};

	(void)state;
	ROWS(v);
}

// In the scope's patterns only what stands there by name.
static void
rule2_patterns_of_a_scope(void **state)
{
	static const struct row v[] = {
	    {"a.b.c,b.c,x %A\n", "*.b.c", "key a.b.c A\n", ""},
	    {"a.b.c,b.c,x %A\n", "*", "key a.b.c A\nkey b.c A\nkey x A\n", ""},
	    {"a.b.c,!a.* %A\n", "*", "", ""},
	    {"*.b.c %A\n", "*.b.c *", "", ""},
	    {"* %A\n? %A\n", "*", "", ""},
	    {"a.b.c %A\n", "*.c *.b.c a.b.c", "key a.b.c A\n", ""},
	    {"A.B.C %A\n", "*.b.c", "key a.b.c A\n", ""},
	    {"ab.c,c,.c,x.c. %A\n", "*.b.c *.c.c", "", ""},
	    {"|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= %A\n",
		"* *.example.com", "", ""},
	};

	(void)state;
	ROWS(v);
}

static void
authorities(void **state)
{
#define PART                                                                               \
	"some of its names are of no use for the patterns of the scope: only `*` and "     \
	"`*.domain` are, without a `!` behind them\n"
	static const struct row v[] = {
	    {"@cert-authority web1 %A\n", "web1", "ca web1 A\n", ""},
	    {"  @cert-authority\t\tweb1\t%A\n", "web1", "ca web1 A\n", ""},
	    {"@cert-authority *.b.c %A\n", "a.b.c a.b.d", "ca a.b.c A\n", ""},
	    {"@cert-authority *.b.c %A\n", "*.b.c", "ca *.b.c A\n", ""},
	    {"@cert-authority *.B.c %A\n", "*", "ca *.b.c A\n", ""},
	    {"@cert-authority * %A\n", "*.b.c *.d a", "ca a A\nca *.b.c A\nca *.d A\n", ""},
	    {"@cert-authority *.x.b.c,*.b.d %A\n", "*.b.c", "ca *.x.b.c A\n", ""},
	    {"@cert-authority a.b.c %A\n", "*.c", "ca a.b.c A\n", ""},
	    {"@cert-authority *.b.c,!x.b.c %A\n", "x.b.c y.b.c", "ca y.b.c A\n", ""},
	    {"@cert-authority *.b.c,!x.b.c,z.b.c %A\n", "*.c y.b.c",
		"ca z.b.c A\nca y.b.c A\n", "f:1: " PART},
	    {"@cert-authority y?.b.c,*.d.c %A\n", "*.c", "ca *.d.c A\n", "f:1: " PART},
	    {"@cert-authority |1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= "
	     "%A\n",
		"*", "", "f:1: " PART},
	    {"@cert-authority [*.b.c]:2222 %A\n", "*.c", "ca *.b.c A\n", ""},
	    {"@cert-authority web1 %A\nweb1 %A\nweb1 %B\n", "web1",
		"ca web1 A\nkey web1 A\nkey web1 B\n", ""},
	};

	(void)state;
	ROWS(v);
}

// A revoked key is rather revoked for too much, and stands in front.
static void
rule9_revoked(void **state)
{
	static const struct row v[] = {
	    {"web1 %A\n@revoked web1 %A\n", "web1 db", "revoked web1 A\nkey web1 A\n", ""},
	    {"@revoked [web1]:2222 %A\n", "web1 db", "revoked web1 A\n", ""},
	    {"@revoked * %A\n", "web1 db", "revoked db A\nrevoked web1 A\n", ""},
	    {"@revoked * %A\n", "*.b.c", "revoked * A\n", ""},
	    {"@revoked *.b.c %A\n", "*.c x.d y.b.c", "revoked y.b.c A\nrevoked *.b.c A\n",
		""},
	    {"@revoked *.c %A\n", "*.b.c", "revoked *.c A\n", ""},
	    {"@revoked *.d,db %A\n", "*.c web1", "", ""},
	    {"@revoked a.c,b.d %A\n", "*.c b.d", "revoked a.c A\nrevoked b.d A\n", ""},
	    {"@revoked web?.c %A\n", "*.c web1.c db", "revoked web1.c A\nrevoked * A\n",
		""},
	    {"@revoked 10.0.0.1,x_y %A\n", "* web1", "", ""},
	    // a ! may leave some port
	    {"@revoked *.b,!a.b %A\n", "a.b b.b", "revoked a.b A\nrevoked b.b A\n", ""},
	    {"@revoked a.b,!a.b %A\n", "a.b *.c", "revoked a.b A\n", ""},
	    // so may a hash, or a pattern that looks as if it were for a port
	    {"@revoked |1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= %A\n",
		"web1 *.c", "revoked web1 A\nrevoked * A\n", ""},
	    {"@revoked *2 %A\n@revoked *:2222 %B\n@revoked ?b* %C\n", "a *.c",
		"revoked a A\nrevoked * A\nrevoked a B\nrevoked * B\nrevoked a C\nrevoked "
		"* C\n",
		""},
	    {"@revoked 1*2,x:*,*:x,*_x %A\n", "a", "", ""},
	    // its names cannot be read
	    {"@revoked [web1 %A\n", "web1 db", "revoked db A\nrevoked web1 A\n",
		"f:1: a name that begins with `[` must be [NAME]:PORT; its key is taken as "
		"revoked for every host\n"},
	    {"@revoked |2|x %A\n", "web1 *.c", "revoked web1 A\nrevoked * A\n",
		"f:1: the hashed name cannot be read; its key is taken as revoked for "
		"every "
		"host\n"},
	    {"@revoked *********a %A\n", "*.c", "revoked * A\n",
		"f:1: a name has too many `*`; its key is taken as revoked for every "
		"host\n"},
	    {"@revoked | %A\n@revoked |1| %A\n@revoked |1|,web1 %B\n", "web1",
		"revoked web1 A\nrevoked web1 B\n",
		"f:1: the hashed name cannot be read; its key is taken as revoked for "
		"every host\n"
		"f:2: the hashed name cannot be read; its key is taken as revoked for "
		"every host\n"
		"f:3: the hashed name cannot be read; its key is taken as revoked for "
		"every host\n"},
	    {"@revoked [web1 ssh-foo AAAA\n", "web1", "",
		"f:1: the type of the key, ssh-foo, is not known here; it is not used\n"},
	};

	(void)state;
	ROWS(v);
}

static void
markers(void **state)
{
	static const struct row v[] = {
	    {"@revoke web1 %A\n", "web1", "",
		"f:1: this marker is neither @cert-authority nor @revoked\n"},
	    {"@ web1 %A\n", "web1", "",
		"f:1: this marker is neither @cert-authority nor @revoked\n"},
	    {"@Revoked web1 %A\n", "web1", "",
		"f:1: this marker is neither @cert-authority nor @revoked\n"},
	    {"@revoked @cert-authority web1 %A\n@cert-authority @revoked web1 %B\n", "web1",
		"",
		"f:1: a line has one marker at most\nf:2: a line has one marker at "
		"most\n"},
	    {"@revoked\n@revoked web1\n@cert-authority web1 ssh-ed25519\n", "web1", "",
		"f:1: the line has no key\nf:2: the line has no key\nf:3: the line has no "
		"key\n"},
	};

	(void)state;
	ROWS(v);
}

#define ED   "AAAAC3NzaC1lZDI1NTE5AAAAI"
#define LINE "AAAAC3NzaC1lZDI1NTE5AAAAIEFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"

static void
keys(void **state)
{
	static const struct row v[] = {
	    {"web1\nweb1 ssh-ed25519\nweb1 ssh-ed25519 \nweb1 # x y\n", "web1", "",
		"f:1: the line has no key\nf:2: the line has no key\nf:3: the line has no "
		"key\nf:4: the line has no key\n"},
	    {"web1 ssh-ed25519 " LINE "\n", "web1", "key web1 A\n", ""},
	    // of whom nothing is known no key is looked at
	    {"db ssh-foo x\ndb 1024 35 123\n", "web1 *.c", "", ""},
	    {"web1 ssh-foo " LINE "\n", "web1", "",
		"f:1: the type of the key, ssh-foo, is not known here; it is not used\n"},
	    {"web1 1024 35 1234567\n", "web1", "",
		"f:1: the type of the key, 1024, is not known here; it is not used\n"},
	    {"web1 ssh-ed25519-cert-v01@openssh.com " LINE "\n", "web1", "",
		"f:1: the type of the key, ssh-ed25519-cert-v01@openssh.com, is not known "
		"here; it is not used\n"},
	    {"web1 ssh-\x1b\xe2\x80\xae"
	     "d " LINE "\n",
		"web1", "",
		"f:1: the type of the key, ssh-????d, is not known here; it is not used\n"},
	    {"web1 ssh-ed25519 x\n", "web1", "",
		"f:1: the key cannot be read, and is not used\n"},
	    {"web1 ssh-ed25519 ====\n", "web1", "",
		"f:1: the key cannot be read, and is not used\n"},
	    {"web1 ssh-ed25519 " ED "\n", "web1", "",
		"f:1: the key cannot be read, and is not used\n"},
	    {"web1 ssh-ed25519 " LINE "AAAA\n", "web1", "", // bytes left over
		"f:1: the key is not written as ssh writes it, and not used\n"},
	    {"web1 ssh-rsa " LINE "\n", "web1", "",
		"f:1: the key cannot be read, and is not used\n"},
	    {"web1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE4AAAAIEFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"
	     "QUFBQUFB\n",
		"web1", "", // the blob says ssh-ed25518
		"f:1: the key is not written as ssh writes it, and not used\n"},
	    {"web1 ecdsa-sha2-nistp256 " LINE "\n", "web1", "",
		"f:1: the key cannot be read, and is not used\n"},
	};

	(void)state;
	ROWS(v);
}

static void
too_long_a_key(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	hs_put_fmt(&b, "web1 ssh-rsa AAAA");
	for (size_t i = 0; i < 11000; i++)
		hs_put_u8(&b, 'A');
	gathering_file("f", hs_buf_str(&b));
	gathering_for("web1");
	gathering_tells("", "f:1: the key is too long, and not used\n");
	hs_buf_free(&b);
}

static void
too_long_a_name(void **state)
{
	struct hs_buf b = {0};

	(void)state;
	for (size_t n = 1000; n < 1002; n++) {
		hs_put_fmt(&b, "web1,%0*d ", (int)n, 0);
		gathering_put_key(&b, (char)('A' + n - 1000));
		hs_put_fmt(&b, "\n@revoked %0*d ", (int)n, 0);
		gathering_put_key(&b, (char)('C' + n - 1000));
		hs_put_u8(&b, '\n');
	}
	gathering_file("f", hs_buf_str(&b));
	gathering_for("web1");
	gathering_tells("revoked web1 D\nkey web1 A\n",
	    "f:4: a name is too long; its key is taken as revoked for every host\n"
	    "f:3: a name is too long\n");
	hs_buf_free(&b);
}

// Hashes of web1 and of [web1]:2222, with the salt 00 01 .. 13.
#define WARNED "f:5: the hashed name cannot be read\nf:6: the hashed name cannot be read\n"

#define REVOKED "revoked db C\nrevoked web1 C\nrevoked web2 C\n"

static void
hashed(void **state)
{
	(void)state;
	gathering_text("f",
	    "|1|AAECAwQFBgcICQoLDA0ODxAREhM=|kbguOtKYPIB/ZYy8dnyA/wCUN34= %A\n"
	    "|1|AAECAwQFBgcICQoLDA0ODxAREhM=|H2AHgyAyM88CG0///1dT0g4DC3s= %B c\n"
	    "@revoked |1|AAECAwQFBgcICQoLDA0ODxAREhM=|kbguOtKYPIB/ZYy8dnyA/wCUN34= %C\n"
	    "@cert-authority |1|AAECAwQFBgcICQoLDA0ODxAREhM=|kbguOtKYPIB/ZYy8dnyA/wCUN34= "
	    "%D\n"
	    "|1|AAECAwQFBgcICQoLDA0ODxAREhM= %E\n"
	    "|1||kbguOtKYPIB/ZYy8dnyA/wCUN34= %E\n"
	    "web1,|1|AAECAwQFBgcICQoLDA0ODxAREhM=|Qnh8fM6gahvjcY2BbdRLyga7bhE= %F\n");
	gathering_for("db web1 web2");
	gathering_tells(REVOKED "key web1 A\nca web1 D\nkey web1 F\n", WARNED);
	gathering.req.ports[0] = 22;
	gathering.req.ports[1] = 2222;
	gathering.req.nports = 2;
	gathering_tells(REVOKED "key web1 A\nkey web1 B\nca web1 D\nkey web1 F\n", WARNED);
	gathering_for("db");
	gathering_tells("revoked db C\n", WARNED);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, gathering_make, gathering_drop)
	const struct CMUnitTest tests[] = {cmocka_unit_test(plain),
	    cmocka_unit_test(wildcards), cmocka_unit_test(negation),
	    cmocka_unit_test(with_ports), cmocka_unit_test(rule2_patterns_of_a_scope),
	    cmocka_unit_test(authorities), cmocka_unit_test(rule9_revoked),
	    cmocka_unit_test(markers), cmocka_unit_test(keys), T(too_long_a_key),
	    T(too_long_a_name), T(hashed)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
