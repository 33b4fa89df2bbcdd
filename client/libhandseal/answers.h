// SPDX-License-Identifier: ISC
//
// What the daemon's answers are made of, looked at before it is shown or used: codes of
// askings, ids, texts of several lines. Internal to libhandseal and the command. Pure.
#ifndef HS_LIBHANDSEAL_ANSWERS_H
#define HS_LIBHANDSEAL_ANSWERS_H

#include "proto/buf.h"
#include "proto/limits.h"

#define HS_CODE_LEN 3 // of an asking

// Is s the code of an asking: three of 23456789ABCDEFGHJKLMNPQRSTUVWXYZ?
bool hs_answers_is_code(struct hs_str s);

// SESSION.SERIAL apart: 16 hex digits, a point, a serial from 1. HS_ERR_FORMAT.
int hs_answers_parse_id(
    struct hs_str id, char session[static HS_SESSION_ID_LEN + 1], uint64_t *serial);

// Can a text of several lines be shown to a person as it is? An empty one cannot.
bool hs_answers_showable(struct hs_str text);

#endif
