// SPDX-License-Identifier: ISC
//
// The picture that `handseal watch` shows on a terminal, as bytes to be written: plain
// ANSI, any size, with or without colour and line drawing. Pure: reads the board, writes
// into a buffer. The asking's text stands in it whole and verbatim, wrapped; what is around
// it is ours.
#ifndef HS_CLIENT_SCREEN_H
#define HS_CLIENT_SCREEN_H

#include "client/handseal/board.h"

struct hs_screen {
	unsigned columns, lines;
	bool colour; // bold and colour may be used
	bool utf8;   // line drawing may be used
	uint64_t now;
	size_t scroll;	     // lines of the text that are above
	bool typing;	     // the PIN is being typed
	const char *message; // one line, "" for none
	// out
	size_t body_lines, body_room; // of the text, wrapped; and how many stand there
	size_t rows_left;	      // of the screen, when all was drawn
};

// Appends a whole picture. s->scroll is brought into its range.
void hs_screen_draw(struct hs_buf *b, struct hs_screen *s, struct hs_board *board);

// Appends text, cleaned, in lines of at most that many columns, each ended by LF and behind
// a blank where there is room. Returns how many.
size_t hs_screen_wrap(struct hs_buf *b, struct hs_str text, unsigned columns);

#endif
