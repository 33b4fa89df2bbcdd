// SPDX-License-Identifier: ISC
//
// The worked examples of docs/PROTOCOL.*, read from the page itself, so that a test
// re-creates what people read. For cmocka tests.
#ifndef HS_TESTS_PAGE_H
#define HS_TESTS_PAGE_H

#include "proto/buf.h"

// Appends the lines under "example NAME" of docs/PAGE, up to the first that begins with no
// tab, each without that tab. False where there is no such example. HS_SRC is the source
// tree.
bool hs_page_example(const char *page, const char *name, struct hs_buf *out);

// The same of an example of bytes, "example NAME (N bytes)" over lines of hex, as bytes.
bool hs_page_bytes(const char *page, const char *name, struct hs_buf *out);

// Fails the test unless got is that example of bytes; prints what the page would have to
// say.
void hs_page_is(const char *page, const char *name, const struct hs_buf *got);

#endif
