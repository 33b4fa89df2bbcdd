// SPDX-License-Identifier: ISC
//
// When to look at which folder, and telling what changed. Inotify is used directly: libuv's
// events do not tell a name that went from one that came, and on some kernels wake for
// every write to /dev/null. Contract in devices.h.
#include "agentd/devices.h"

#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>
#include "agentd/place.h"

#define NAMES_CAME  (IN_CREATE | IN_MOVED_TO | IN_ATTRIB)
#define NAMES_WENT  (IN_DELETE | IN_MOVED_FROM)
#define GONE_ITSELF (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)

struct report {
	struct report *next;
	bool plugged;
	char path[];
};

struct hs_devices {
	uv_poll_t poll;
	uv_timer_t timer; // while a folder cannot be watched, or a change could not be told
	int fd;		  // inotify, or -1
	int open;	  // handles
	bool missed, deaf;	 // deaf: inotify failed for good
	struct hs_place *places; // the first is dev
	struct report *first, **last;
	hs_devices_cb *cb; // NULL: freed
	void *arg;
};

// ---- telling

static bool
tell(void *arg, const char *path, bool plugged)
{
	struct hs_devices *d = arg;
	size_t len = strlen(path);
	struct report *r = malloc(sizeof *r + len + 1);

	if (r == NULL) {
		d->missed = true;
		return false;
	}
	r->next = NULL;
	r->plugged = plugged;
	memcpy(r->path, path, len + 1);
	*d->last = r;
	d->last = &r->next;
	return true;
}

static struct report *
take_report(struct hs_devices *d)
{
	struct report *r = d->first;

	if (r != NULL && (d->first = r->next) == NULL)
		d->last = &d->first;
	return r;
}

// When all is looked through: the callback may change what is watched, or free.
static void
deliver(struct hs_devices *d)
{
	struct report *r;

	while (d->cb != NULL && (r = take_report(d)) != NULL) {
		d->cb(d->arg, r->path, r->plugged);
		free(r);
	}
}

// ---- looking

static void on_timer(uv_timer_t *t);

static void
watch(struct hs_devices *d, struct hs_place *p)
{
	if (d->fd >= 0 && !d->deaf)
		p->wd = inotify_add_watch(d->fd, p->dir,
		    NAMES_CAME | NAMES_WENT | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
}

static void
set_timer(struct hs_devices *d)
{
	bool needed = d->missed;

	for (struct hs_place *p = d->places; p != NULL; p = p->next)
		needed |= p->wd < 0;
	if (needed && !uv_is_active((uv_handle_t *)&d->timer))
		(void)uv_timer_start(
		    &d->timer, on_timer, HS_DEVICES_POLL_MS, HS_DEVICES_POLL_MS);
	else if (!needed)
		(void)uv_timer_stop(&d->timer);
}

static void
look_again(struct hs_devices *d, bool all)
{
	d->missed = false;
	for (struct hs_place *p = d->places; p != NULL; p = p->next) {
		if (p->wd >= 0 && !all)
			continue;
		if (p->wd < 0)
			watch(d, p); // first, so that nothing falls in between
		hs_place_look(p, tell, d);
	}
	set_timer(d);
}

static void
on_timer(uv_timer_t *t)
{
	struct hs_devices *d = t->data;

	look_again(d, d->missed);
	deliver(d);
}

static bool
watched_by_another(const struct hs_devices *d, const struct hs_place *self)
{
	const struct hs_place *p = d->places;

	while (p != NULL && (p == self || p->wd != self->wd))
		p = p->next;
	return p != NULL;
}

static void
unwatch(struct hs_devices *d, struct hs_place *p)
{
	if (p->wd >= 0 && !watched_by_another(d, p))
		(void)inotify_rm_watch(d->fd, p->wd);
	p->wd = -1;
}

static void
take_event(struct hs_devices *d, const struct inotify_event *e)
{
	for (struct hs_place *p = d->places; p != NULL; p = p->next) {
		if (p->wd < 0 || p->wd != e->wd)
			continue;
		if ((e->mask & GONE_ITSELF) != 0)
			unwatch(d, p);
		else if (e->len > 0 && (e->mask & NAMES_WENT) != 0)
			hs_place_went(p, e->name, tell, d);
		else if (e->len > 0)
			hs_place_came(p, e->name, tell, d);
	}
}

static void
on_events(uv_poll_t *poll, int status, int events)
{
	_Alignas(struct inotify_event) char buf[16384];
	struct hs_devices *d = poll->data;
	const struct inotify_event *e;
	bool all = false;
	ssize_t n = -1;

	(void)events;
	if (status == 0)
		n = read(d->fd, buf, sizeof buf);
	d->deaf |= status != 0;
	for (struct hs_place *p = d->places; d->deaf && p != NULL; p = p->next)
		p->wd = -1;
	for (ssize_t at = 0; at < n; at += (ssize_t)(sizeof *e + e->len)) {
		e = (const struct inotify_event *)(const void *)(buf + at);
		all |= (e->mask & IN_Q_OVERFLOW) != 0;
		take_event(d, e);
	}
	look_again(d, all); // folders that went in these events
	deliver(d);
}

// ---- what is watched

static bool
is_in(const char *word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(words[i], word) == 0)
			return true;
	}
	return false;
}

static size_t
choose(const char *const *words, size_t n, const char *want[static HS_DEVICES_SOFT_MAX])
{
	size_t nwant = 0;

	for (size_t i = 0; i < n && nwant < HS_DEVICES_SOFT_MAX; i++) {
		if (hs_place_is_softkey(words[i]) && !is_in(words[i], want, nwant))
			want[nwant++] = words[i];
	}
	return nwant;
}

static bool
is_watched(const struct hs_devices *d, const char *word)
{
	const struct hs_place *p = d->places->next;

	while (p != NULL && strcmp(p->nodes->path, word) != 0)
		p = p->next;
	return p != NULL;
}

static void
free_places(struct hs_place *p)
{
	struct hs_place *next;

	for (; p != NULL; p = next) {
		next = p->next;
		hs_place_free(&p);
	}
}

bool
hs_devices_watch(struct hs_devices *d, const char *const *softkeys, size_t n)
{
	const char *want[HS_DEVICES_SOFT_MAX];
	size_t nwant = choose(softkeys, n, want);
	struct hs_place *fresh = NULL, *p, **at;

	for (size_t i = 0; i < nwant; i++) {
		if (is_watched(d, want[i]))
			continue;
		p = hs_place_softkey(want[i]);
		if (p == NULL) {
			free_places(fresh);
			return false;
		}
		p->next = fresh;
		fresh = p;
	}
	for (at = &d->places->next; (p = *at) != NULL;) {
		if (is_in(p->nodes->path, want, nwant)) {
			at = &p->next;
			continue;
		}
		unwatch(d, p);
		*at = p->next;
		hs_place_free(&p);
	}
	*at = fresh;
	for (p = fresh; p != NULL; p = p->next) {
		watch(d, p);
		hs_place_look(p, NULL, NULL);
	}
	set_timer(d);
	return true;
}

static void
on_close(uv_handle_t *h)
{
	struct hs_devices *d = h->data;
	struct report *r;

	if (--d->open > 0)
		return;
	if (d->fd >= 0)
		close(d->fd);
	while ((r = take_report(d)) != NULL)
		free(r);
	free_places(d->places);
	free(d);
}

struct hs_devices *
hs_devices_new(uv_loop_t *loop, const char *dev, hs_devices_cb *cb, void *arg)
{
	struct hs_devices *d = calloc(1, sizeof *d);

	if (d == NULL)
		return NULL;
	d->places = hs_place_hidraw(dev);
	if (d->places == NULL) {
		free(d);
		return NULL;
	}
	d->cb = cb;
	d->arg = arg;
	d->last = &d->first;
	(void)uv_timer_init(loop, &d->timer); // cannot fail
	d->poll.data = d->timer.data = d;
	d->open = 1;
	d->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (d->fd >= 0 && uv_poll_init(loop, &d->poll, d->fd) != 0) {
		close(d->fd);
		d->fd = -1;
	}
	if (d->fd >= 0) {
		d->open = 2;
		d->poll.data = d;
		(void)uv_poll_start(&d->poll, UV_READABLE, on_events);
	}
	watch(d, d->places);
	hs_place_look(d->places, NULL, NULL);
	set_timer(d);
	return d;
}

void
hs_devices_free(struct hs_devices **d)
{
	if (*d == NULL)
		return;
	(*d)->cb = NULL;
	if ((*d)->fd >= 0)
		uv_close((uv_handle_t *)&(*d)->poll, on_close);
	uv_close((uv_handle_t *)&(*d)->timer, on_close);
	*d = NULL;
}
