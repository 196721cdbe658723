/*
 * date.h - civil dates as days since 1970-01-01 (proleptic Gregorian), and instants shown in China Standard Time.
 */
#pragma once

#include "base/str.h"

#define DATE_MIN (-719162)  /* 0001-01-01 */
#define DATE_MAX 2932896    /* 9999-12-31 */

typedef struct {
    int year, month, day;
} Civil;

int32_t date_from_civil(int year, int month, int day); /* any in-range civil date; CHECKs month and day */
Civil date_to_civil(int32_t days);
bool date_valid(int year, int month, int day);         /* real calendar date in years 1..9999 */
int date_month_days(int year, int month);

/*
 * date_parse - a date as people write it: 2024-05-01, 2024/5/1, 2024.5.1, 20240501, 2024年5月1日, 2024年5月 and 2024-05
 * (first of the month), 2024年 and 2024 (first of the year); full-width digits and spaces allowed.
 * *ret_precision: 'd', 'm' or 'y'. False when it is not a date.
 */
bool date_parse(Arena *mem, Str text, int32_t *ret_days, char *ret_precision);

/* date_iso_parse - exactly YYYY-MM-DD. */
bool date_iso_parse(Str text, int32_t *ret_days);

Str date_iso(Arena *mem, int32_t days);                /* 2024-05-01 */
Str date_zh(Arena *mem, int32_t days);                 /* 2024年5月1日 */
Str instant_zh(Arena *mem, int64_t ms);                /* 2024-05-01 17:30, UTC+8 */
Str instant_iso(Arena *mem, int64_t ms);               /* 2024-05-01T09:30:00.000Z */
int32_t instant_date(int64_t ms);                      /* the civil date in UTC+8 */
