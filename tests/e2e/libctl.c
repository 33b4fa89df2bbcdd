// SPDX-License-Identifier: ISC
//
// Each function of libhandseal once, by handseal.h alone, against a real daemon. For tests
// only. It prints what it got, a "name value" a line, and exits with the result.
//	libctl status | close | query | why | gone
//	libctl open SCOPE TTL WAIT | seat SCOPE WAIT | request SCOPE KEY WAIT
//	libctl signer SCOPE PUB WAIT      a request whose proof SSH_AUTH_SOCK's agent
// refuses 	libctl wait CODE KEY WAIT | sign NS FILE | events AFTER WAIT 	libctl
// threads N
// COUNT SCOPE KEY  so many at once, each with a connection of its own 	libctl loop N SCOPE
// KEY           so many connections in one loop
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/libhandseal/handseal.h"

#define AT_ONCE_MAX 64

static int
complain(int result, const struct hs_error *err)
{
	fprintf(stderr, "libctl: %s (%s)\n%s\n", err->sentence, err->code, err->remedy);
	return result;
}

static uint64_t
number(const char *text)
{
	return strtoull(text, NULL, 10);
}

static char *
read_all(const char *path, size_t *len)
{
	char *text = calloc(1, 65536);
	FILE *f = fopen(path, "r");

	if (text == NULL || f == NULL)
		abort();
	*len = fread(text, 1, 65535, f);
	fclose(f);
	return text;
}

// ---- what was got

static void
put_touch(const struct hs_got_touch *t)
{
	printf("code %s\nstate %d\nkeys %s\npin %d\nshown %zu\n", t->code, t->state,
	    t->keys, t->pin, strlen(t->shown));
	fflush(stdout);
}

static void
put_got(const struct hs_client *c)
{
	const struct hs_got_certificate *cert = hs_got_certificate(c);
	const struct hs_got_opened *opened = hs_got_opened(c);
	const struct hs_got_seat *seat = hs_got_seat(c);
	const struct hs_got_status *status = hs_got_status(c);
	const struct hs_got_closed *closed = hs_got_closed(c);
	const struct hs_got_why *why = hs_got_why(c);
	const struct hs_got_events *events = hs_got_events(c);

	if (cert != NULL)
		printf("id %s\nagent %s\n%s\n", cert->id, cert->agent, cert->line);
	if (opened != NULL)
		printf("session %s\nroot %s %s\nsimulated %d\ngrant %zu\n", opened->session,
		    opened->root, opened->fingerprint, opened->simulated,
		    opened->grant_len);
	if (seat != NULL)
		printf("id %s\nsocket %s\ntouched %d\n", seat->id, seat->socket,
		    seat->touched);
	if (status != NULL)
		printf("open %d\nsession %s\nroot %s\nissued %lu\nroots %u\n", status->open,
		    status->session, status->root, (unsigned long)status->issued,
		    status->roots);
	if (closed != NULL)
		printf("closed %s\n", closed->session);
	if (why != NULL)
		printf("why %s\nsentence %s\nuser %s\nns %s\n", why->code, why->sentence,
		    why->user, why->ns);
	for (size_t i = 0; events != NULL && i < events->n; i++)
		printf("event %s %s %s\n", events->events[i].event, events->events[i].code,
		    events->events[i].agent);
	if (events != NULL)
		printf("last %lu\n", (unsigned long)events->last);
	if (hs_got_signature(c) != NULL)
		fputs(hs_got_signature(c), stdout);
	fflush(stdout);
}

static int
finish(struct hs_client *c, int result, struct hs_error *err)
{
	if (result == HS_DONE)
		result = hs_finish(c, -1, err);
	if (result == HS_WAITING)
		put_touch(hs_got_touch(c));
	else if (result != HS_DONE)
		return complain(result, err);
	put_got(c);
	return result;
}

// ---- what is asked

static int
refuse_to_sign(void *arg, const uint8_t *data, size_t len, uint8_t *sig, size_t *siglen)
{
	(void)data;
	(void)len;
	memset(sig, 0, HS_SIGNATURE_MAX);
	*siglen = 83;
	return arg != NULL;
}

static int
ask(struct hs_client *c, char **argv, struct hs_keypair **pair, struct hs_error *err)
{
	size_t len, keylen;
	char *scope = read_all(argv[1], &len), *key = NULL;
	struct hs_ask a = {.scope = scope, .agent = "claude", .reason = "a test"};
	int result = HS_MISUSED;

	if (strcmp(argv[0], "open") == 0) {
		a.ttl = number(argv[2]);
		result = hs_open(c, &a, err);
	} else if (strcmp(argv[0], "seat") == 0) {
		result = hs_seat(c, &a, err);
	} else if (strcmp(argv[0], "signer") == 0) {
		key = read_all(argv[2], &keylen);
		key[strcspn(key, "\n")] = '\0';
		a.holder = (struct hs_holder){.public_key = key, .sign = refuse_to_sign};
		result = hs_request(c, &a, err);
	} else {
		key = read_all(argv[2], &keylen);
		result = hs_keypair_read(key, keylen, pair, err);
		a.holder.pair = *pair;
		if (result == HS_DONE)
			result = hs_request(c, &a, err);
	}
	if (result == HS_DONE)
		result = hs_finish(c, -1, err); // what it has to know is here until then
	free(scope);
	free(key);
	return result;
}

static int
sign(struct hs_client *c, char **argv, struct hs_error *err)
{
	size_t len;
	char *text = read_all(argv[2], &len);
	int result = hs_sign(c, argv[1], text, len, err);

	free(text);
	return result;
}

static int
fetch(struct hs_client *c, char **argv, struct hs_keypair **pair, struct hs_error *err)
{
	size_t len;
	char *key = read_all(argv[2], &len);
	struct hs_holder h = {0};
	int result = hs_keypair_read(key, len, pair, err);

	h.pair = *pair;
	if (result == HS_DONE)
		result = hs_wait(c, argv[1], &h, (uint32_t)number(argv[3]), err);
	free(key);
	return result;
}

// The daemon goes while a call is under way.
static int
gone(struct hs_client *c, struct hs_error *err)
{
	int result = hs_events(c, 0, 0, err);

	if (result == HS_DONE)
		result = hs_finish(c, -1, err);
	if (result != HS_DONE)
		return complain(result, err);
	result = hs_events(c, hs_got_events(c)->last, 60, err);
	while (result == HS_DONE && (result = hs_finish(c, 100, err)) == HS_AGAIN) {
		puts("waiting");
		fflush(stdout);
		result = HS_DONE;
		if (hs_wants(c) == 0)
			abort(); // it is under way
	}
	if (hs_status(c, NULL) != HS_FAILED || hs_wants(c) != 0 || hs_due(c) != -1)
		abort(); // it is broken
	return result;
}

static int
until_stdin_ends(struct hs_client *c, struct hs_error *err)
{
	int result;

	while (getchar() != EOF)
		;
	result = hs_seat_end(c, err);
	if (result == HS_DONE)
		result = hs_finish(c, -1, err);
	if (result == HS_DONE)
		printf("logins %lu\n", (unsigned long)hs_got_seat_end(c)->logins);
	return result;
}

// What may cost a touch.
static int
asked(struct hs_client *c, char **argv, unsigned seconds, struct hs_keypair **pair,
    struct hs_error *err)
{
	int result = ask(c, argv, pair, err);

	if (result == HS_WAITING) {
		put_touch(hs_got_touch(c));
		if (seconds > 0)
			result = finish(c, hs_wait(c, NULL, NULL, seconds, err), err);
	} else if (result == HS_DONE) {
		put_got(c);
	} else {
		complain(result, err);
	}
	if (result == HS_DONE && strcmp(argv[0], "seat") == 0)
		result = until_stdin_ends(c, err);
	return result;
}

static int
one(struct hs_client *c, int argc, char **argv, struct hs_error *err)
{
	struct hs_keypair *pair = NULL;
	unsigned seconds = argc > 2 ? (unsigned)number(argv[argc - 1]) : 0;
	const char *what = argv[0];
	int result;

	if (strcmp(what, "status") == 0)
		result = finish(c, hs_status(c, err), err);
	else if (strcmp(what, "close") == 0)
		result = finish(c, hs_close(c, err), err);
	else if (strcmp(what, "why") == 0)
		result = finish(c, hs_why(c, NULL, NULL, err), err);
	else if (strcmp(what, "query") == 0)
		result = finish(c, hs_query(c, err), err);
	else if (strcmp(what, "gone") == 0)
		result = gone(c, err);
	else if (strcmp(what, "events") == 0)
		result = finish(c, hs_events(c, number(argv[1]), seconds, err), err);
	else if (strcmp(what, "sign") == 0)
		result = finish(c, sign(c, argv, err), err);
	else if (strcmp(what, "wait") == 0)
		result = finish(c, fetch(c, argv, &pair, err), err);
	else
		result = asked(c, argv, seconds, &pair, err);
	if (result == HS_DONE && strcmp(what, "query") == 0)
		printf("seat %d\n", hs_knows(c, "why@handseal.alt"));
	hs_keypair_free(pair);
	return result;
}

// ---- many at once

struct work {
	const char *scope;
	const struct hs_keypair *pair; // shared: it is only read
	int count, result;
};

static void *
many(void *arg)
{
	struct work *w = arg;
	struct hs_ask a = {.scope = w->scope, .agent = "claude"};
	struct hs_client *c = NULL;
	struct hs_error err;

	a.holder.pair = w->pair;
	w->result = hs_connect(NULL, &c, &err);
	for (int i = 0; w->result == HS_DONE && i < w->count; i++) {
		w->result = hs_request(c, &a, &err);
		if (w->result == HS_DONE)
			w->result = hs_finish(c, -1, &err);
		if (w->result == HS_DONE && hs_got_certificate(c) == NULL)
			abort();
	}
	if (w->result != HS_DONE)
		complain(w->result, &err);
	hs_disconnect(c);
	return NULL;
}

static int
threads(int n, int count, const char *scope, const struct hs_keypair *pair)
{
	pthread_t t[AT_ONCE_MAX];
	struct work w[AT_ONCE_MAX];
	int result = HS_DONE;

	for (int i = 0; i < n; i++) {
		w[i] = (struct work){.scope = scope, .pair = pair, .count = count};
		if (pthread_create(&t[i], NULL, many, &w[i]) != 0)
			abort();
	}
	for (int i = 0; i < n; i++) {
		pthread_join(t[i], NULL);
		if (w[i].result != HS_DONE)
			result = w[i].result;
	}
	return result;
}

static int
loop(int n, const char *scope, const struct hs_keypair *pair)
{
	struct hs_ask a = {.scope = scope, .agent = "claude"};
	struct hs_client *c[AT_ONCE_MAX] = {NULL};
	struct pollfd p[AT_ONCE_MAX];
	struct hs_error err = {.code = ""};
	int left = n, result = HS_DONE;

	a.holder.pair = pair;
	for (int i = 0; result == HS_DONE && i < n; i++) {
		result = hs_connect(NULL, &c[i], &err);
		if (result == HS_DONE)
			result = hs_request(c[i], &a, &err);
	}
	while (result == HS_DONE && left > 0) {
		for (int i = 0; i < n; i++)
			p[i] = (struct pollfd){.fd = hs_wants(c[i]) != 0 ? hs_fd(c[i]) : -1,
			    .events = hs_wants(c[i])};
		if (poll(p, (nfds_t)n, 10000) <= 0)
			abort();
		for (int i = 0; i < n && result == HS_DONE; i++) {
			if (p[i].revents == 0)
				continue;
			result = hs_step(c[i], &err);
			if (result == HS_DONE)
				left--;
			else if (result == HS_AGAIN)
				result = HS_DONE;
		}
	}
	for (int i = 0; i < n; i++) {
		if (result == HS_DONE)
			printf("id %s\n", hs_got_certificate(c[i])->id);
		hs_disconnect(c[i]);
	}
	return result == HS_DONE ? result : complain(result, &err);
}

static int
at_once(int argc, char **argv)
{
	size_t len;
	int n = argc > 3 ? (int)number(argv[1]) : 0, result;
	struct hs_keypair *pair = NULL;
	struct hs_error err;
	char *scope, *key;

	if (n < 1 || n > AT_ONCE_MAX)
		return HS_MISUSED;
	scope = read_all(argv[argc - 2], &len);
	key = read_all(argv[argc - 1], &len);
	result = hs_keypair_read(key, len, &pair, &err);
	if (result != HS_DONE)
		complain(result, &err);
	else if (strcmp(argv[0], "threads") == 0)
		result = threads(n, (int)number(argv[2]), scope, pair);
	else
		result = loop(n, scope, pair);
	hs_keypair_free(pair);
	free(scope);
	free(key);
	return result;
}

int
main(int argc, char **argv)
{
	struct hs_client *c = NULL;
	struct hs_error err;
	int result;

	if (argc < 2)
		return HS_MISUSED;
	if (strcmp(argv[1], "threads") == 0 || strcmp(argv[1], "loop") == 0)
		return at_once(argc - 1, argv + 1);
	result = hs_connect(NULL, &c, &err);
	if (result != HS_DONE)
		return complain(result, &err);
	result = one(c, argc - 1, argv + 1, &err);
	hs_disconnect(c);
	return result;
}
