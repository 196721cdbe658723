/*
 * codes.c - checks of the national standards for codes, and the folding and distance by which names are compared.
 *
 * Everything here is strict about its own normal form: upper case, narrow characters, nothing around it. Bringing people's
 * input there (str_narrow) is the caller's first step.
 */
#include "fmt/codes.h"

#include "base/buf.h"
#include "base/date.h"

#define USCC_LEN 18
#define ID_LEN 18

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool all_digits(Str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!is_digit(s.p[i])) {
            return false;
        }
    }
    return s.n > 0;
}

CodeVerdict uscc_check(Str code)
{
    static const char letters[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    if (code.n != USCC_LEN || !all_digits(str_sub(code, 2, 6))) {
        return CODE_BAD_FORMAT;
    }
    unsigned sum = 0, weight = 1, last = 0;
    for (size_t i = 0; i < USCC_LEN; i++) {
        const char *at = code.p[i] != '\0' ? strchr(letters, code.p[i]) : NULL;
        if (at == NULL) {
            return CODE_BAD_FORMAT;
        }
        last = (unsigned)(at - letters);
        if (i < USCC_LEN - 1) {
            sum += last * weight;
            weight = weight * 3 % 31;
        }
    }
    return (31 - sum % 31) % 31 == last ? CODE_OK : CODE_BAD_CHECK;
}

CodeVerdict id_number_check(Str code)
{
    static const unsigned weights[17] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    static const char checks[] = "10X98765432";
    if (code.n != ID_LEN || !all_digits(str_sub(code, 0, 17)) || !(is_digit(code.p[17]) || code.p[17] == 'X')) {
        return CODE_BAD_FORMAT;
    }
    int64_t born = 0;
    CHECK(str_int(str_sub(code, 6, 8), &born));
    int year = (int)(born / 10000), month = (int)(born / 100 % 100), day = (int)(born % 100);
    if (code.p[0] == '0' || year < 1800 || !date_valid(year, month, day)) {
        return CODE_BAD_FORMAT;
    }
    unsigned sum = 0;
    for (size_t i = 0; i < 17; i++) {
        sum += (unsigned)(code.p[i] - '0') * weights[i];
    }
    return checks[sum % 11] == code.p[17] ? CODE_OK : CODE_BAD_CHECK;
}

CodeVerdict phone_check(Str number)
{
    if (number.n == 11 && all_digits(number) && number.p[0] == '1' && number.p[1] >= '3') {
        return CODE_OK;
    }
    Str area, rest, local, ext;
    if (!str_cut(number, '-', &area, &rest) || area.n < 3 || area.n > 4 || area.p[0] != '0' || !all_digits(area)) {
        return CODE_BAD_FORMAT;
    }
    bool has_ext = str_cut(rest, '-', &local, &ext);
    if (local.n < 7 || local.n > 8 || !all_digits(local) || local.p[0] < '2') {
        return CODE_BAD_FORMAT;
    }
    return !has_ext || (all_digits(ext) && ext.n <= 6) ? CODE_OK : CODE_BAD_FORMAT;
}

/* 1 for an opening bracket of any kind, -1 for a closing one, 0 for anything else. */
static int bracket(uint32_t cp)
{
    switch (cp) {
    case '[': case '(': case '{': case '<': case 0x3014: case 0x3010: case 0x300A: case 0x3008: case 0xFE5D: case 0xFE59:
    case 0x3016: case 0x3018: case 0x300C: case 0x2772: case 0xFE39:
        return 1;
    case ']': case ')': case '}': case '>': case 0x3015: case 0x3011: case 0x300B: case 0x3009: case 0xFE5E: case 0xFE5A:
    case 0x3017: case 0x3019: case 0x300D: case 0x2773: case 0xFE3A:
        return -1;
    default:
        return 0;
    }
}

static bool is_space(uint32_t cp)
{
    return cp == ' ' || (cp >= '\t' && cp <= '\r') || cp == 0xA0 || cp == 0x3000 || (cp >= 0x2000 && cp <= 0x200F) ||
           cp == 0x2060 || cp == 0xFEFF || cp == 0x202F;
}

/* Reads 机关代字〔年〕序号号, in normal form. */
static bool doc_number_reads(Str s)
{
    size_t at = 0, letters = 0;
    uint32_t cp;
    while ((cp = utf8_next(s, &at)) != 0 && utf8_is_han(cp)) {
        letters++;
    }
    if (letters == 0 || cp != 0x3014 || !all_digits(str_sub(s, at, 4)) || s.n < at + 4) {
        return false;
    }
    at += 4;
    if (utf8_next(s, &at) != 0x3015) {
        return false;
    }
    Str rest = str_sub(s, at, s.n - at), tail = S("号");
    if (!str_ends(rest, tail)) {
        return false;
    }
    rest.n -= tail.n;
    return rest.n <= 4 && all_digits(rest);
}

CodeVerdict doc_number_normal(Arena *mem, Str text, Str *ret)
{
    Str s = str_narrow(mem, text);
    Buf out = buf_new(mem, s.n * 3 + 1);
    size_t at = 0;
    uint32_t cp;
    while ((cp = utf8_next(s, &at)) != 0) {
        int kind = bracket(cp);
        if (kind != 0) {
            buf_add(&out, kind > 0 ? S("〔") : S("〕"));
        } else if (!is_space(cp)) {
            char c[4];
            buf_add_bytes(&out, c, utf8_put(c, cp));
        }
    }
    Str normal = buf_str(&out);
    if (out.full || !doc_number_reads(normal)) {
        return CODE_BAD_FORMAT;
    }
    *ret = normal;
    return CODE_OK;
}

/* Spaces, quotes, punctuation and middle dots: what people vary in writing one name. */
static bool is_noise(uint32_t cp)
{
    if (cp < 0x80) {
        return !(is_digit((char)cp) || (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z'));
    }
    if (cp == 0x3005 || cp == 0x3007 || cp == 0xAA || cp == 0xB5 || cp == 0xBA) {
        return false; /* 々 〇 and the letters among the signs */
    }
    return (cp <= 0xBF) || cp == 0xD7 || cp == 0xF7 || (cp >= 0x2000 && cp <= 0x206F) || (cp >= 0x2190 && cp <= 0x245F) ||
           (cp >= 0x2500 && cp <= 0x27BF) || (cp >= 0x2E00 && cp <= 0x2E7F) || (cp >= 0x3000 && cp <= 0x303F) ||
           cp == 0x30FB || (cp >= 0x1800 && cp <= 0x180F) || (cp >= 0xFE00 && cp <= 0xFE6F) || cp == 0xFEFF ||
           (cp >= 0xFF5F && cp <= 0xFF65) || cp >= 0x1F000;
}

Str name_fold(Arena *mem, Str name)
{
    Str s = str_narrow(mem, name);
    char *out = arena_alloc(mem, s.n + 1);
    size_t n = 0, at = 0;
    while (at < s.n) {
        size_t from = at;
        uint32_t cp = utf8_next(s, &at);
        /* Rare ideographs stand above the pictographs and are letters. */
        if (is_noise(cp) && !utf8_is_han(cp)) {
            continue;
        }
        if (cp >= 'A' && cp <= 'Z') {
            out[n++] = (char)(cp - 'A' + 'a');
        } else {
            memcpy(out + n, s.p + from, at - from);
            n += at - from;
        }
    }
    return str_n(out, n);
}

#define SHORT_NAME 128

static size_t to_points(Str s, uint32_t *out)
{
    size_t n = 0, at = 0;
    while (at < s.n) {
        out[n++] = utf8_next(s, &at);
    }
    return n;
}

/* One row of the distance table at a time, only within `limit` of the diagonal; row[] has nb + 1 places. */
static size_t banded(const uint32_t *a, size_t na, const uint32_t *b, size_t nb, size_t limit, size_t *row)
{
    size_t far = limit + 1;
    for (size_t j = 0; j <= nb; j++) {
        row[j] = MIN(j, far);
    }
    for (size_t i = 1; i <= na; i++) {
        size_t from = i > limit ? i - limit : 1, to = MIN(nb, i + limit);
        size_t diagonal = row[from - 1], least = far;
        row[from - 1] = from == 1 ? MIN(i, far) : far;
        least = MIN(least, row[from - 1]);
        for (size_t j = from; j <= to; j++) {
            size_t above = j == i + limit ? far : row[j];
            size_t cost = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            cost = MIN(cost, MIN(above, row[j - 1]) + 1);
            row[j] = MIN(cost, far);
            least = MIN(least, row[j]);
        }
        if (least >= far) {
            return far;
        }
    }
    return MIN(row[nb], far);
}

size_t edit_distance(Str a, Str b, size_t limit)
{
    if (limit > a.n && limit > b.n) {
        limit = MAX(a.n, b.n); /* never greater */
    }
    if (a.n <= SHORT_NAME && b.n <= SHORT_NAME) {
        uint32_t pa[SHORT_NAME], pb[SHORT_NAME];
        size_t row[SHORT_NAME + 1];
        size_t na = to_points(a, pa), nb = to_points(b, pb);
        return MAX(na, nb) - MIN(na, nb) > limit ? limit + 1 : banded(pa, na, pb, nb, limit, row);
    }
    Arena *mem = arena_new(0);
    uint32_t *pa = NEW_ARRAY(mem, uint32_t, a.n + 1), *pb = NEW_ARRAY(mem, uint32_t, b.n + 1);
    size_t na = to_points(a, pa), nb = to_points(b, pb);
    size_t d = limit + 1;
    if (MAX(na, nb) - MIN(na, nb) <= limit) {
        d = banded(pa, na, pb, nb, limit, NEW_ARRAY(mem, size_t, nb + 1));
    }
    arena_free(mem);
    return d;
}
