// SPDX-License-Identifier: ISC
//
// Revoking in the daemon's loop (seating.h), by its answers and by the list on disk. Only
// for tests that are linked with agentd's objects.
#ifndef HS_TESTS_REVOKING_H
#define HS_TESTS_REVOKING_H

#include "tests/lib/seating.h"
#include "proto/list.h"
#include "tests/lib/keygen.h"

static struct hs_agent_revoked got[4];

// Asks, and takes the answer apart: how many sessions.
static inline void
send_revoke(int sock, enum hs_agent_revoke_what what, const char *name)
{
	const struct hs_agent_revoke m = {(uint8_t)what, hs_str_c(name)};

	world_send(sock, HS_EXT_REVOKE, WORLD_PUT(revoke), &m, -1);
}

static inline uint32_t
take_answer(int sock)
{
	uint32_t n = 0;

	assert_int_equal(world_reply(&w, sock, HS_EXT_REVOKE, &body), HS_AGENT_DONE);
	assert_int_equal(hs_get_u32(&body, &n), HS_OK);
	assert_true(n <= 4);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(hs_agent_revoked_get(&body, &got[i]), HS_OK);
	assert_int_equal(hs_rd_end(&body), HS_OK);
	return n;
}

static inline uint32_t
revokes(int sock, enum hs_agent_revoke_what what, const char *name)
{
	send_revoke(sock, what, name);
	return take_answer(sock);
}

// What the list on disk says of a serial, its signatures and all verified.
static inline bool
is_listed(const char *session, uint64_t serial)
{
	char path[PATH_MAX + 64];
	struct hs_buf data = {0};
	struct hs_list_subject s = {.serial = serial};
	struct hs_list_found f = {0};
	struct hs_list l;

	(void)snprintf(path, sizeof path, "%s/lists/%s.list", world_set.state_dir, session);
	assert_true(keygen_read(path, &data));
	assert_int_equal(hs_list_parse(hs_buf_str(&data), &l, NULL), HS_OK);
	assert_int_equal(hs_list_check(&l, NULL, NULL), HS_OK);
	memcpy(s.session, session, sizeof s.session);
	hs_list_unite(&f, &l, &s, l.krl.date);
	assert_int_equal(f.lists, 1);
	hs_list_free(&l);
	hs_buf_free(&data);
	return f.whole || f.serial == serial;
}

#endif
