// SPDX-License-Identifier: ISC
//
// An example of libhandseal in a service that challenges its clients, with no SSH at all.
// It talks to one client over its stdin and stdout, as inetd or systemd start such a thing
// for each connection: a line says what is wanted, a line challenges, an SSHSIG answers.
//
//	cc door.c $(pkg-config --cflags --libs libhandseal) -o door
//	./door ROOTS NAMESPACE
//
//	<- read:repo/acme/web
//	-> 0f5c... (64 hex digits, which are what is signed)
//	<- -----BEGIN SSH SIGNATURE----- ... -----END SSH SIGNATURE-----
//	-> granted, or refused and why
//
// An agent answers by hs_sign, or by `handseal sign -n NAMESPACE`, on its seat; the
// signature has the certificate in it. NAMESPACE is what the agent knows this service by.
#include <handseal-verify.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define GRACE	      30 // seconds for all of it
#define TEXT_MAX      (256 * 1024)
#define CHALLENGE_LEN 64

static size_t
read_whole(const char *path, char *text)
{
	FILE *f = fopen(path, "re");
	size_t n = f != NULL ? fread(text, 1, TEXT_MAX, f) : 0;

	if (f != NULL)
		fclose(f);
	return n;
}

// Up to the signature's last line; 0 where that does not come.
static size_t
read_signature(char *text)
{
	size_t n = 0;

	while (n < TEXT_MAX - 1 && fgets(text + n, (int)(TEXT_MAX - n), stdin) != NULL) {
		const char *line = text + n;

		n += strlen(line);
		if (strcmp(line, "-----END SSH SIGNATURE-----\n") == 0)
			return n;
	}
	return 0;
}

// Random, and kept by nobody: this process asks once, and is gone.
static int
make_challenge(char hex[CHALLENGE_LEN + 1])
{
	unsigned char bytes[CHALLENGE_LEN / 2];

	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		return -1;
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

int
main(int argc, char **argv)
{
	static char roots[TEXT_MAX], signature[TEXT_MAX], wanted[512];
	static struct hs_verify_answer a = {.size = sizeof a};
	char challenge[CHALLENGE_LEN + 1];
	struct hs_verify_ask q = {.size = sizeof q,
	    .proof = HS_VERIFY_SIGNED,
	    .what = HS_VERIFY_CAP,
	    .value = wanted,
	    .lists_needed = HS_VERIFY_LISTS_NONE};

	if (argc != 3) {
		fprintf(stderr, "usage: door ROOTS NAMESPACE\n");
		return 2;
	}
	alarm(GRACE);
	q.roots = (struct hs_verify_bytes){roots, read_whole(argv[1], roots)};
	q.ns = argv[2];
	if (fgets(wanted, sizeof wanted, stdin) == NULL || make_challenge(challenge) != 0)
		return 1;
	wanted[strcspn(wanted, "\n")] = '\0';
	printf("%s\n", challenge);
	fflush(stdout);
	q.message = (struct hs_verify_bytes){challenge, CHALLENGE_LEN};
	q.signature = (struct hs_verify_bytes){signature, read_signature(signature)};
	q.now = (uint64_t)time(NULL);
	if (!hs_verify(&q, &a)) {
		printf("refused, %s: %s\n%s\n", a.code, a.sentence, a.remedy);
		fprintf(
		    stderr, "door: refused, %s: %s (%s)\n", a.code, a.sentence, a.about);
		return 1;
	}
	printf("granted\n");
	fprintf(stderr, "door: %s for agent %s under %s, %s (%s)\n", wanted, a.agent,
	    a.root_comment, a.root, a.about);
	return 0;
}
