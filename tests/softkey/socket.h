// SPDX-License-Identifier: ISC
//
// Listening Unix sockets, made carefully. What is said on them is server.c's.
#ifndef HS_SOFTKEY_SOCKET_H
#define HS_SOFTKEY_SOCKET_H

#include "proto/err.h"

// Listens on path, mode 0600, not blocking. type is SOCK_STREAM or SOCK_SEQPACKET. A socket
// there that nobody listens on is replaced; anything else is not.
int hs_socket_listen(const char *path, int type, int *fd, struct hs_err *err);
// The next connection, not blocking, or -1.
int hs_socket_accept(int fd);

#endif
