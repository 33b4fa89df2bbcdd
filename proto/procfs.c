// SPDX-License-Identifier: ISC
//
// Taking /proc's texts apart. Contract in procfs.h.
#include "proto/procfs.h"

#include <limits.h>
#include <string.h>
#include "proto/text.h"

#define TRIES 4 // at an ancestry that changes meanwhile

// Takes one word and the blank behind it.
static bool
word(struct hs_str *s, struct hs_str *out)
{
	return hs_str_cut(s, ' ', out) && out->len > 0;
}

static bool
number(struct hs_str *s, uint64_t max, uint64_t *out)
{
	struct hs_str w;

	return word(s, &w) && hs_text_u64(w, max, out) == HS_OK;
}

int
hs_procfs_stat_get(struct hs_str text, struct hs_procfs_stat *out)
{
	struct hs_procfs_stat st;
	const uint8_t *close;
	struct hs_str w;

	// the name may hold anything, ")" and line feeds too; behind it are only numbers
	if (!number(&text, INT_MAX, &st.id.pid) || text.len == 0 || text.p[0] != '(')
		return HS_ERR_FORMAT;
	close = memrchr(text.p, ')', text.len);
	if (close == NULL || close + 1 == text.p + text.len || close[1] != ' ')
		return HS_ERR_FORMAT;
	text.len -= (size_t)(close + 2 - text.p);
	text.p = close + 2;
	if (!word(&text, &w) || w.len != 1 || !number(&text, INT_MAX, &st.ppid))
		return HS_ERR_FORMAT;
	for (int field = 5; field < 22; field++)
		if (!word(&text, &w))
			return HS_ERR_FORMAT;
	if (!number(&text, UINT64_MAX, &st.id.start))
		return HS_ERR_FORMAT;
	*out = st;
	return HS_OK;
}

static bool
behind(struct hs_str *s, const char *head)
{
	size_t n = strlen(head);

	if (s->len < n || memcmp(s->p, head, n) != 0)
		return false;
	s->p += n;
	s->len -= n;
	return true;
}

int
hs_procfs_cgroup_get(struct hs_str text, struct hs_str *path)
{
	struct hs_str l;

	while (hs_str_next(&text, '\n', &l)) {
		if (!behind(&l, "0::"))
			continue;
		if (l.len == 0 || l.p[0] != '/')
			return HS_NO_SUCH;
		if (l.len > HS_CGROUP_MAX)
			l.len = HS_CGROUP_MAX;
		*path = l;
		return HS_OK;
	}
	return HS_NO_SUCH;
}

static bool
ends(struct hs_str s, const char *tail)
{
	size_t n = strlen(tail);

	return s.len > n && memcmp(s.p + s.len - n, tail, n) == 0;
}

static bool
says_something(struct hs_str part)
{
	struct hs_str rest = part;

	if (ends(part, ".service"))
		return !behind(&rest, "user@");
	return ends(part, ".scope") && !hs_str_is(part, "init.scope") &&
	       !behind(&rest, "session-");
}

struct hs_str
hs_procfs_unit(struct hs_str cgroup)
{
	size_t end = cgroup.len;

	while (end > 0) {
		const uint8_t *slash = memrchr(cgroup.p, '/', end);
		size_t at = slash != NULL ? (size_t)(slash - cgroup.p) + 1 : 0;
		struct hs_str part = {cgroup.p + at, end - at};

		if (says_something(part))
			return part;
		end = at > 0 ? at - 1 : 0;
	}
	return (struct hs_str){cgroup.p, 0};
}

int
hs_procfs_counts_alike(struct hs_str text)
{
	struct hs_str l;
	uint64_t n;

	while (hs_str_next(&text, '\n', &l))
		if (behind(&l, "NSpid:\t"))
			return hs_text_u64(l, INT_MAX, &n) == HS_OK && n > 0 ? HS_OK
									     : HS_NO_SUCH;
	return HS_NO_SUCH;
}

int
hs_procfs_uid_get(struct hs_str text, uint64_t *uid)
{
	struct hs_str l;
	uint64_t n[4];

	// the name, in the first line, holds no line feed: the kernel writes it as \n
	while (hs_str_next(&text, '\n', &l)) {
		if (!behind(&l, "Uid:\t"))
			continue;
		for (size_t i = 0; i < 4; i++) {
			const uint8_t *tab = l.len > 0 ? memchr(l.p, '\t', l.len) : NULL;
			struct hs_str w = {l.p, tab != NULL ? (size_t)(tab - l.p) : l.len};

			if ((tab != NULL) != (i < 3) ||
			    hs_text_u64(w, UINT32_MAX, &n[i]) != HS_OK)
				return HS_ERR_FORMAT;
			l.p += w.len + (tab != NULL);
			l.len -= w.len + (tab != NULL);
		}
		if (n[0] != n[1] || n[0] != n[2] || n[0] != n[3])
			return HS_NO_SUCH;
		*uid = n[0];
		return HS_OK;
	}
	return HS_ERR_FORMAT;
}

bool
hs_procfs_is_connection(struct hs_str cmdline)
{
	const uint8_t *at;

	if (!behind(&cmdline, "sshd: ") && !behind(&cmdline, "sshd-session: "))
		return false;
	at = cmdline.len > 0 ? memchr(cmdline.p, '@', cmdline.len) : NULL;
	if (at == NULL || at == cmdline.p)
		return false;
	// a login name; the listener shows its path and its options there
	for (const uint8_t *p = cmdline.p; p < at; p++)
		if (*p <= ' ' || *p == '/' || *p >= 0x7f)
			return false;
	return true;
}

// False if somebody in the chain changed meanwhile.
static bool
walk(hs_procfs_look *look, void *arg, uint64_t pid, struct hs_procfs_id *out, size_t *n)
{
	struct hs_procfs_stat child, parent, again;

	*n = 0;
	if (look(arg, pid, &child) != HS_OK)
		return true;
	while (*n < HS_ANCESTORS_MAX && child.ppid > 1) {
		bool seen = look(arg, child.ppid, &parent) == HS_OK;

		// had the parent gone before it was looked at, the child would have another
		if (look(arg, child.id.pid, &again) != HS_OK ||
		    again.id.start != child.id.start || again.ppid != child.ppid)
			return false;
		if (!seen)
			return true;
		out[(*n)++] = parent.id;
		child = parent;
	}
	return true;
}

size_t
hs_procfs_ancestry(hs_procfs_look *look, void *arg, uint64_t pid,
    struct hs_procfs_id out[static HS_ANCESTORS_MAX])
{
	size_t n;

	for (int i = 0; i < TRIES; i++)
		if (walk(look, arg, pid, out, &n))
			return n;
	return 0;
}
