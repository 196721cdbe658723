/*
 * load_calendar.c - calendar.csv: public holidays, make-up workdays, and the years whose days are complete.
 */
#include "base/date.h"
#include "pack/load.h"

enum { C_DATE, C_KIND, C_NAME };
static const char *const COLUMNS[] = {"date", "kind", "name", NULL};

typedef struct {
    int32_t at; /* day, or year */
    bool year, work;
    int line;
} CalendarLine;

static bool weekend(int32_t day)
{
    int32_t w = (day + 3) % 7; /* 1970-01-01 was a Thursday: 0 is Monday */
    return (w < 0 ? w + 7 : w) >= 5;
}

static void calendar_line(Loader *l, Str file, int line, const Str *c)
{
    CalendarLine x = {.line = line, .year = str_eq(c[C_KIND], S("year")), .work = str_eq(c[C_KIND], S("workday"))};
    int64_t year = 0;
    if (!x.year && !x.work && !str_eq(c[C_KIND], S("holiday"))) {
        fault_at(l, file, line, C_KIND + 1,
                 "种类 %.*s 不对，应为 holiday（放假）、workday（调休上班）或 year（该年已完整）", STRF(c[C_KIND]));
    } else if (x.year ? !str_int(c[C_DATE], &year) || year < 1970 || year > 9999 : !date_iso_parse(c[C_DATE], &x.at)) {
        fault_at(l, file, line, C_DATE + 1, "%s %.*s 不对，应为 %s 的写法", x.year ? "年份" : "日期", STRF(c[C_DATE]),
                 x.year ? "2026" : "2026-05-01");
    } else if (x.work && !weekend(x.at)) {
        fault_at(l, file, line, C_DATE + 1, "调休上班日 %.*s 不是周末，应为星期六或星期日", STRF(c[C_DATE]));
    } else {
        x.at = x.year ? (int32_t)year : x.at;
        CalendarLine *row = new_row(l, sizeof *row);
        *row = x;
    }
}

static int by_day(const void *a, const void *b)
{
    const CalendarLine *x = a, *y = b;
    return x->year != y->year ? (int)x->year - (int)y->year : (x->at > y->at) - (x->at < y->at);
}

void load_calendar(Loader *l)
{
    Str file = S("calendar.csv");
    rows_clear(l);
    if (!read_csv(l, file, false, COLUMNS, calendar_line) || l->n_rows == 0) {
        return;
    }
    CalendarLine *rows = l->rows;
    qsort(rows, l->n_rows, sizeof *rows, by_day);
    DayMark *marks = NEW_ARRAY(l->mem, DayMark, l->n_rows);
    int32_t *years = NEW_ARRAY(l->mem, int32_t, l->n_rows);
    Workdays *w = &l->p->workdays;
    for (size_t i = 0; i < l->n_rows; i++) {
        if (i != 0 && by_day(&rows[i - 1], &rows[i]) == 0) {
            int line = rows[i].line > rows[i - 1].line ? rows[i].line : rows[i - 1].line;
            fault_at(l, file, line, C_DATE + 1, "日期重复，应为每天、每年只写一次");
        } else if (rows[i].year) {
            years[w->n_years++] = rows[i].at;
        } else {
            marks[w->n++] = (DayMark){rows[i].at, rows[i].work};
        }
    }
    w->marks = marks;
    w->years = years;
}
