// SPDX-License-Identifier: ISC
//
// Fuzzes what /proc says of a process: whatever is read lies within what was given, and a
// name in a stat changes nothing behind it.
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "proto/procfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
must(int ok)
{
	if (!ok)
		abort();
}

// The same numbers behind the input as a name.
static void
as_a_name(struct hs_str name)
{
	static const char head[] = "7 (", tail[] =
					      ") S 6 5 6 7 8 9 10 11 12 13 14 15 16 17 "
					      "18 19 20 21 22 ";
	struct hs_procfs_stat st;
	struct hs_buf b = {0};

	hs_put_raw(&b, head, sizeof head - 1);
	hs_put_raw(&b, name.p, name.len);
	hs_put_raw(&b, tail, sizeof tail - 1);
	must(hs_procfs_stat_get(hs_buf_str(&b), &st) == HS_OK);
	must(st.id.pid == 7 && st.ppid == 6 && st.id.start == 22);
	hs_buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct hs_str text = {data, len}, path = {0};
	struct hs_procfs_stat st;
	uint64_t uid = 0;
	int rc;

	rc = hs_procfs_stat_get(text, &st);
	must(rc == HS_OK || rc == HS_ERR_FORMAT);
	must(rc != HS_OK || (st.id.pid <= INT_MAX && st.ppid <= INT_MAX));
	rc = hs_procfs_cgroup_get(text, &path);
	must(rc == HS_OK || rc == HS_NO_SUCH);
	if (rc == HS_OK) {
		must(path.len > 0 && path.len <= HS_CGROUP_MAX && path.p[0] == '/');
		must(path.p > data && path.p + path.len <= data + len);
		must(memchr(path.p, '\n', path.len) == NULL);
	}
	path = hs_procfs_unit(text);
	must(path.len == 0 || (path.p >= data && path.p + path.len <= data + len));
	must(path.len == 0 || memchr(path.p, '/', path.len) == NULL);
	rc = hs_procfs_counts_alike(text);
	must(rc == HS_OK || rc == HS_NO_SUCH);
	rc = hs_procfs_uid_get(text, &uid);
	must(rc == HS_OK || rc == HS_NO_SUCH || rc == HS_ERR_FORMAT);
	must(rc != HS_OK || uid <= UINT32_MAX);
	must(!hs_procfs_is_connection(text) || (len > 6 && memcmp(data, "sshd", 4) == 0));
	as_a_name(text);
	return 0;
}
