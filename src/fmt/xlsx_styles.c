/*
 * xlsx_styles.c - which cell styles show a number as a date or a time.
 *
 * Built-in formats are known by their number (27-36 and 50-58 are those of Chinese spreadsheets); custom ones by the letters and
 * characters outside quotes, brackets and escapes.
 */
#include "fmt/xlsx_int.h"

#define MAX_STYLES 65536

FormatKind format_builtin(unsigned id)
{
    if ((id >= 14 && id <= 17) || id == 22 || (id >= 27 && id <= 31) || id == 36 || (id >= 50 && id <= 54) ||
        (id >= 57 && id <= 58)) {
        return FORMAT_DATE;
    }
    if ((id >= 18 && id <= 21) || (id >= 32 && id <= 35) || id == 45 || id == 47 || id == 55 || id == 56) {
        return FORMAT_TIME;
    }
    return id == 46 ? FORMAT_ELAPSED : FORMAT_NUMBER;
}

typedef struct {
    bool year_day, month, time, zh_date, zh_time, digits, elapsed;
} FormatLetters;

/* What a bracket says: [h], [mm] and [s] are elapsed time; colours, conditions and locales are nothing here. */
static bool is_elapsed(Str inside)
{
    for (size_t i = 0; i < inside.n; i++) {
        if (strchr("hHmMsS", inside.p[i]) == NULL || inside.p[i] == '\0') {
            return false;
        }
    }
    return inside.n > 0;
}

static void note_letter(FormatLetters *f, uint32_t cp)
{
    switch (cp) {
    case 'y': case 'Y': case 'd': case 'D':
        f->year_day = true;
        break;
    case 'm': case 'M':
        f->month = true;
        break;
    case 'h': case 'H': case 's': case 'S':
        f->time = true;
        break;
    case '0': case '#': case '?':
        f->digits = true;
        break;
    case 0x5E74: case 0x6708: case 0x65E5: /* 年 月 日 */
        f->zh_date = true;
        break;
    case 0x65F6: case 0x5206: case 0x79D2: /* 时 分 秒 */
        f->zh_time = true;
        break;
    default:
        break;
    }
}

/* Reads the first section of a format code. */
static FormatLetters read_letters(Str code)
{
    FormatLetters f = {0};
    size_t at = 0;
    while (at < code.n) {
        Str rest = str_n(code.p + at, code.n - at);
        size_t end;
        if (str_starts(rest, S("AM/PM")) || str_starts(rest, S("am/pm"))) {
            at += 5;
            f.time = true;
            continue;
        }
        if (str_ieq(str_sub(rest, 0, 7), S("General"))) {
            at += 7;
            continue;
        }
        uint32_t cp = utf8_next(code, &at);
        if (cp == ';') {
            break;
        }
        if (cp == '"' || cp == '[') {
            rest = str_n(code.p + at, code.n - at);
            if (!str_find(rest, cp == '"' ? S("\"") : S("]"), &end)) {
                break;
            }
            f.elapsed = f.elapsed || (cp == '[' && is_elapsed(str_sub(rest, 0, end)));
            at += end + 1;
        } else if (cp == '\\' || cp == '_' || cp == '*') {
            utf8_next(code, &at);
        } else {
            note_letter(&f, cp);
        }
    }
    return f;
}

FormatKind format_custom(Str code)
{
    FormatLetters f = read_letters(code);
    if (f.elapsed) {
        return FORMAT_ELAPSED;
    }
    if (f.year_day || (f.month && !f.time) || (f.zh_date && !f.digits)) {
        return FORMAT_DATE;
    }
    return f.time || (f.zh_time && !f.digits) ? FORMAT_TIME : FORMAT_NUMBER;
}

typedef struct {
    Package *pkg;
    struct {
        unsigned id;
        FormatKind kind;
    } custom[1024];
    size_t n_custom;
    bool in_cells;
    Styles styles;
    size_t cap;
} StyleScan;

static unsigned to_unsigned(const char *text)
{
    int64_t v;
    return text != NULL && str_int(str_c(text), &v) && v >= 0 && v <= UINT32_MAX ? (unsigned)v : 0;
}

static void add_style(StyleScan *s, unsigned id)
{
    FormatKind kind = format_builtin(id);
    for (size_t i = 0; i < s->n_custom; i++) {
        if (s->custom[i].id == id) {
            kind = s->custom[i].kind;
        }
    }
    if (s->styles.n == MAX_STYLES) {
        return;
    }
    ARRAY_ROOM(s->pkg->mem, s->styles.kinds, s->styles.n, s->cap);
    s->styles.kinds[s->styles.n++] = (uint8_t)kind;
}

static void style_start(Xml *x, const char *name, const char **atts)
{
    StyleScan *s = x->ctx;
    if (xml_is(name, "numFmt")) {
        const char *id = xml_attr(atts, "numFmtId"), *code = xml_attr(atts, "formatCode");
        if (id != NULL && code != NULL && s->n_custom < ARRAY_LEN(s->custom)) {
            s->custom[s->n_custom].id = to_unsigned(id);
            s->custom[s->n_custom++].kind = format_custom(str_c(code));
        }
    } else if (xml_is(name, "cellXfs")) {
        s->in_cells = true;
    } else if (s->in_cells && xml_is(name, "xf")) {
        add_style(s, to_unsigned(xml_attr(atts, "numFmtId")));
    }
}

static void style_end(Xml *x, const char *name)
{
    StyleScan *s = x->ctx;
    if (xml_is(name, "cellXfs")) {
        s->in_cells = false;
    }
}

bool styles_read(Package *p, Str part, Styles *ret)
{
    static const XmlHandlers on = {.start = style_start, .end = style_end};
    StyleScan *s = NEW(p->mem, StyleScan);
    s->pkg = p;
    if (!str_empty(part) && !xml_parse(p, part, &on, s)) {
        return false;
    }
    *ret = s->styles;
    return true;
}
