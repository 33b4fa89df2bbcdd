// SPDX-License-Identifier: ISC
//
// Dates in texts. Contract in date.h.
#include "proto/date.h"

#include <string.h>

static bool
leap(uint64_t y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

enum part { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, PARTS };

static int
seconds_of(const uint64_t v[static PARTS], uint64_t *out)
{
	static const unsigned char month_days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	uint64_t days = 0, in_month;

	if (v[YEAR] < 1970 || v[YEAR] > 9999 || v[MONTH] < 1 || v[MONTH] > 12 ||
	    v[HOUR] > 23 || v[MINUTE] > 59 || v[SECOND] > 59)
		return HS_ERR_FORMAT;
	in_month = month_days[v[MONTH] - 1] + (uint64_t)(v[MONTH] == 2 && leap(v[YEAR]));
	if (v[DAY] < 1 || v[DAY] > in_month)
		return HS_ERR_FORMAT;
	for (uint64_t i = 1970; i < v[YEAR]; i++)
		days += leap(i) ? 366 : 365;
	for (uint64_t i = 1; i < v[MONTH]; i++)
		days += month_days[i - 1] + (uint64_t)(i == 2 && leap(v[YEAR]));
	*out = (days + v[DAY] - 1) * 86400 + v[HOUR] * 3600 + v[MINUTE] * 60 + v[SECOND];
	return HS_OK;
}

int
hs_date_read(struct hs_str text, const char *form, uint64_t *unix_seconds)
{
	static const char letters[PARTS + 1] = "YMDhms";
	uint64_t v[PARTS] = {[MONTH] = 0, [DAY] = 0};
	bool said[PARTS] = {false};

	if (text.len != strlen(form))
		return HS_ERR_FORMAT;
	for (size_t i = 0; i < text.len; i++) {
		const char *p = strchr(letters, form[i]);

		if (p == NULL) {
			if (text.p[i] != (uint8_t)form[i])
				return HS_ERR_FORMAT;
			continue;
		}
		if (text.p[i] < '0' || text.p[i] > '9' || v[p - letters] > 9999)
			return HS_ERR_FORMAT;
		v[p - letters] = v[p - letters] * 10 + (uint64_t)(text.p[i] - '0');
		said[p - letters] = true;
	}
	if (!said[MONTH])
		v[MONTH] = 1;
	if (!said[DAY])
		v[DAY] = 1;
	return seconds_of(v, unix_seconds);
}

int
hs_date_read_openssh(struct hs_str text, uint64_t *seconds, bool *local)
{
	static const char *const forms[] = {"YYYYMMDD", "YYYYMMDDhhmm", "YYYYMMDDhhmmss"};
	struct hs_str date = text;
	int rc = HS_ERR_FORMAT;

	if (date.len > 1 && (date.p[date.len - 1] | 0x20) == 'z')
		date.len--;
	else if (date.len > 3 && memcmp(date.p + date.len - 3, "UTC", 3) == 0)
		date.len -= 3;
	for (size_t i = 0; rc != HS_OK && i < sizeof forms / sizeof forms[0]; i++)
		rc = hs_date_read(date, forms[i], seconds);
	if (rc == HS_OK)
		*local = date.len == text.len;
	return rc;
}
