// SPDX-License-Identifier: ISC
//
// Connections: frames in, replies out in order, one request at a time on each. What a frame
// means is request.h's.
#ifndef HS_AGENTD_CONN_H
#define HS_AGENTD_CONN_H

#include <uv.h>
#include "agentd/daemon.h"
#include "agentd/peer.h"
#include "proto/buf.h"

#define HS_CONNS_MAX	  1024
#define HS_CONNS_OTHER	  64	     // of one other user: the rest is for the daemon's own
#define HS_CONN_QUEUE_MAX (1u << 20) // bytes that a client has not taken

struct hs_conn {
	uv_pipe_t pipe;
	struct hs_daemon *d;
	struct hs_peer peer;
	struct hs_buf in; // what came and is not handled, from at on
	size_t at;
	bool busy;     // a request is outstanding
	bool handling; // in the loop over frames
	bool paused;   // not read from: in is full
	bool eof;      // the client will send no more
	bool closed;
	bool other;		  // its peer is another user, with whom its seat is shared
	unsigned writing;	  // answers that the client has not taken yet
	unsigned refs;		  // 1 for the handle, 1 for each answer under way
	struct hs_touch *touch;	  // what it asked to be touched, or NULL
	struct hs_waiter *waiter; // its outstanding `pending`, or NULL
	struct hs_follow *follow; // its outstanding `events`, or NULL
	struct hs_exehash_ask *measuring; // its executable's hash is on its way, or NULL
	bool measured;			  // that was asked for
	bool watches;			  // it shows prompts to a person
	uint64_t watches_until; // without asking again, in milliseconds since boot
	struct hs_seat *seat;	// on whose socket, or below whose runner, it is; NULL: main
	unsigned nbinds;	// that came on the main socket
	struct hs_seat_binds *binds; // to hosts, of a seat's; NULL: none
	struct hs_seat_asking
	    *reading;	      // what it asked for while known hosts are read, or NULL
	struct hs_seat *owns; // that lives as long as it does, or NULL
	int passed;	      // a descriptor that came with what is in `in`; -1: none
	struct hs_conn *next, *prev;
};

// Takes one connection from a listening pipe: its peer is looked at, and it is closed at
// once if that is not allowed or there are too many. False: no memory, so it was not taken,
// and libuv takes no other until it is: call again. seat: whose socket it is; NULL: the
// main one, where a process below a seat's runner is that seat all the same.
bool hs_conn_accept(struct hs_daemon *d, uv_stream_t *listener, struct hs_seat *seat);

// Answers the outstanding request with a whole frame, whose memory is taken. Does nothing
// but free it if the connection is closed.
void hs_conn_reply(struct hs_conn *c, struct hs_buf *frame);

// The descriptor that came along, which is the caller's then; -1: none.
int hs_conn_take_fd(struct hs_conn *c);

void hs_conn_close(struct hs_conn *c); // drops what it asked for; fine when closed
struct hs_conn *hs_conn_ref(struct hs_conn *c);
void hs_conn_unref(struct hs_conn *c);

#endif
