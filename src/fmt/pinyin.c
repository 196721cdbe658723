/*
 * pinyin.c - initials of pinyin, for searching by typing "ahq" for 敖汉旗.
 *
 * One byte for each code point, from a table the build makes from ICU (tool/gen_pinyin.sh), after a few words whose
 * characters read otherwise inside them.
 */
#include "fmt/codes.h"

#define FIRST_HAN 0x4E00u
#define LAST_HAN 0x9FFFu

extern const char pinyin_table[20993];

static const struct {
    Str word;
    Str initials;
} exceptions[] = {
    {STR_INIT("重庆"), STR_INIT("cq")}, {STR_INIT("重新"), STR_INIT("cx")}, {STR_INIT("重阳"), STR_INIT("cy")},
    {STR_INIT("长春"), STR_INIT("cc")}, {STR_INIT("长沙"), STR_INIT("cs")}, {STR_INIT("长城"), STR_INIT("cc")},
    {STR_INIT("长白"), STR_INIT("cb")}, {STR_INIT("长治"), STR_INIT("cz")}, {STR_INIT("长江"), STR_INIT("cj")},
    {STR_INIT("长安"), STR_INIT("ca")}, {STR_INIT("长乐"), STR_INIT("cl")}, {STR_INIT("长途"), STR_INIT("ct")},
    {STR_INIT("长期"), STR_INIT("cq")}, {STR_INIT("朝阳"), STR_INIT("cy")}, {STR_INIT("朝鲜"), STR_INIT("cx")},
    {STR_INIT("西藏"), STR_INIT("xz")}, {STR_INIT("厦门"), STR_INIT("xm")}, {STR_INIT("番禺"), STR_INIT("py")},
    {STR_INIT("蚌埠"), STR_INIT("bb")}, {STR_INIT("单县"), STR_INIT("sx")}, {STR_INIT("尉犁"), STR_INIT("yl")},
    {STR_INIT("银行"), STR_INIT("yh")}, {STR_INIT("行业"), STR_INIT("hy")}, {STR_INIT("会计"), STR_INIT("kj")},
    {STR_INIT("音乐"), STR_INIT("yy")}, {STR_INIT("乐器"), STR_INIT("yq")}, {STR_INIT("调解"), STR_INIT("tj")},
    {STR_INIT("调味"), STR_INIT("tw")}, {STR_INIT("校对"), STR_INIT("jd")}, {STR_INIT("弹奏"), STR_INIT("tz")},
};

/* The exception `rest` starts with, or -1. */
static int exception_at(Str rest)
{
    for (size_t i = 0; i < ARRAY_LEN(exceptions); i++) {
        if (str_starts(rest, exceptions[i].word)) {
            return (int)i;
        }
    }
    return -1;
}

static char initial_of(uint32_t cp)
{
    if (cp >= 0xFF01 && cp <= 0xFF5E) {
        cp -= 0xFEE0;
    }
    if ((cp >= 'a' && cp <= 'z') || (cp >= '0' && cp <= '9')) {
        return (char)cp;
    }
    if (cp >= 'A' && cp <= 'Z') {
        return (char)(cp - 'A' + 'a');
    }
    if (cp >= FIRST_HAN && cp <= LAST_HAN && pinyin_table[cp - FIRST_HAN] != '.') {
        return pinyin_table[cp - FIRST_HAN];
    }
    return '\0';
}

Str pinyin_initials(Arena *mem, Str text)
{
    char *out = arena_alloc(mem, text.n + 1);
    size_t n = 0, at = 0;
    while (at < text.n) {
        int e = exception_at(str_n(text.p + at, text.n - at));
        if (e >= 0) {
            memcpy(out + n, exceptions[e].initials.p, exceptions[e].initials.n);
            n += exceptions[e].initials.n;
            at += exceptions[e].word.n;
            continue;
        }
        char c = initial_of(utf8_next(text, &at));
        if (c != '\0') {
            out[n++] = c;
        }
    }
    return str_n(out, n);
}
