// SPDX-License-Identifier: ISC
//
// The moment that `explain --at` is asked about. Pure; only what stands in explain.h is
// read.
#include "client/verify/explain.h"

#include <string.h>
#include "proto/text.h"

#define LAST_SECOND UINT64_C(253402300799) // of the year 9999

static bool
leap(uint64_t y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

// Two or four digits at p, or false.
static bool
digits(const char *p, size_t n, uint64_t *out)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(p[i] - '0');
	}
	*out = v;
	return true;
}

int
hs_explain_time(const char *text, uint64_t *out)
{
	static const unsigned char month_days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	static const char form[] = "....-..-..T..:..:..Z";
	uint64_t y, mo, d, h, mi, s, days = 0, in_month;

	if (hs_text_u64(hs_str_c(text), LAST_SECOND, out) == HS_OK)
		return HS_OK;
	if (strlen(text) != sizeof form - 1)
		return HS_ERR_FORMAT;
	for (size_t i = 0; i < sizeof form - 1; i++)
		if (form[i] != '.' && text[i] != form[i])
			return HS_ERR_FORMAT;
	if (!digits(text, 4, &y) || !digits(text + 5, 2, &mo) || !digits(text + 8, 2, &d) ||
	    !digits(text + 11, 2, &h) || !digits(text + 14, 2, &mi) ||
	    !digits(text + 17, 2, &s))
		return HS_ERR_FORMAT;
	if (y < 1970 || mo < 1 || mo > 12 || h > 23 || mi > 59 || s > 59)
		return HS_ERR_FORMAT;
	in_month = month_days[mo - 1] + (uint64_t)(mo == 2 && leap(y));
	if (d < 1 || d > in_month)
		return HS_ERR_FORMAT;
	for (uint64_t i = 1970; i < y; i++)
		days += leap(i) ? 366 : 365;
	for (uint64_t i = 1; i < mo; i++)
		days += month_days[i - 1] + (uint64_t)(i == 2 && leap(y));
	*out = (days + d - 1) * 86400 + h * 3600 + mi * 60 + s;
	return HS_OK;
}
