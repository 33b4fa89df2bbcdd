// SPDX-License-Identifier: ISC
//
// libhandseal before a daemon that says anything: the first byte chooses the call, the rest
// is what comes back, frame after frame. A call ends with a result that handseal.h names,
// and with what it promises for that.
#include <string.h>
#include "proto/names.h"
#include "tests/lib/answering.h"

#define SCOPE                                                                              \
	"max-ttl 900\nmax-uses *\n\naddr *\ncmd uptime\nhost web1.example.com\nuser "      \
	"deploy\n"
#define CALLS 11

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
begin(struct hs_client *c, uint8_t which)
{
	const struct hs_ask ask = {.scope = SCOPE, .agent = "claude", .ttl = 60};
	const struct hs_ask names = {.names = "deploy", .agent = "claude"};

	switch (which % CALLS) {
	case 0:
		return hs_status(c, NULL);
	case 1:
		return hs_close(c, NULL);
	case 2:
		return hs_why(c, "deploy", NULL, NULL);
	case 3:
		return hs_events(c, which / CALLS, 0, NULL);
	case 4:
		return hs_query(c, NULL);
	case 5:
		return hs_sign(c, "git", "message", 7, NULL);
	case 6:
		return hs_open(c, which >= 128 ? &names : &ask, NULL);
	case 7:
		return hs_seat(c, which >= 128 ? &names : &ask, NULL);
	case 8:
		return hs_request(c, which >= 128 ? &names : &ask, NULL);
	case 9:
		return hs_wait(c, "4F7", NULL, 0, NULL);
	default:
		return hs_call(c, HS_EXT_LIST, "x", 1, -1, 0, NULL);
	}
}

static void
check_error(const struct hs_error *err)
{
	if (memchr(err->code, '\0', sizeof err->code) == NULL || err->code[0] == '\0' ||
	    memchr(err->sentence, '\0', sizeof err->sentence) == NULL ||
	    memchr(err->remedy, '\0', sizeof err->remedy) == NULL ||
	    strchr(err->sentence, '\033') != NULL || strchr(err->remedy, '\033') != NULL)
		abort();
}

static void
check(struct hs_client *c, int result, const struct hs_error *err)
{
	bool got = hs_got_touch(c) != NULL || hs_got_opened(c) != NULL ||
		   hs_got_certificate(c) != NULL || hs_got_seat(c) != NULL ||
		   hs_got_seat_end(c) != NULL || hs_got_signature(c) != NULL ||
		   hs_got_events(c) != NULL || hs_got_status(c) != NULL ||
		   hs_got_closed(c) != NULL || hs_got_why(c) != NULL ||
		   hs_got_reply(c) != NULL || c->got == HS_GOT_NAMES;

	if (hs_wants(c) != 0)
		abort();
	switch (result) {
	case HS_DONE:
	case HS_WAITING:
		if (!got || err->code[0] != '\0')
			abort();
		break;
	case HS_FAILED:
	case HS_REFUSED:
	case HS_DECLINED:
	case HS_NOT_OPEN:
		if (got)
			abort();
		check_error(err);
		break;
	default:
		abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answering a;
	struct hs_error err;
	int result;

	if (size < 1 || size > 65536)
		return 0;
	a = answering_begin();
	if (begin(a.c, data[0]) != HS_DONE)
		abort();
	result = answering_each(&a, (struct hs_str){data + 1, size - 1}, &err);
	if (result != HS_AGAIN)
		check(a.c, result, &err);
	answering_end(&a);
	return 0;
}
