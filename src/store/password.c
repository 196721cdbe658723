/*
 * password.c - which passwords are refused. Length is what counts; what everybody thinks of first counts as one character.
 *
 * The words below were put together for this program (the ones that published lists of common passwords are full of, and their pinyin cousins); they
 * are no copy of a list. Names of offices, levels, record types and the pack's own words are added from the pack.
 */
#include "store/compliance.h"

#define WEIGHT_MIN 8

static const char *const COMMON[] = {
    "password", "passw0rd", "passwd", "pass", "p@ssw0rd", "p@ssword", "mima", "admin", "administrator", "root", "user", "guest", "test", "demo",
    "login", "welcome", "hello", "letmein", "changeme", "default", "secret", "master", "manager", "system", "server", "office", "gov", "china",
    "zhongguo", "zhonghua", "beijing", "shanghai", "tamga", "woaini", "iloveyou", "aini",
    "wo", "ni", "haha", "nihao", "women", "zhang", "wang", "li", "liu", "chen", "yang", "monkey", "dragon", "sunshine", "princess", "football",
    "baseball", "superman", "batman", "michael", "shadow", "abc", "qwe", "asd", "zxc", "qaz", "wsx", "edc", "1qaz", "2wsx", "a1b2c3", "q1w2e3", "520",
    "1314", "666", "888", "999", "168", "110", "119", "2020", "2021", "2022", "2023", "2024", "2025", "2026", "2027", "2028", "19", "20"};

static const char *const RUNS[] = {"abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb", "!@#$%^&*()"};

/* How many bytes from `at` are one letter repeated, or a piece of a row, forwards or backwards; below three: none. */
static size_t run_at(Str t, size_t at)
{
    size_t best = 0, same = 1;
    while (at + same < t.n && t.p[at + same] == t.p[at]) {
        same++;
    }
    best = same >= 3 ? same : 0;
    for (size_t r = 0; r < ARRAY_LEN(RUNS); r++) {
        size_t len = strlen(RUNS[r]);
        for (size_t from = 0; from < len; from++) {
            size_t up = 0, down = 0;
            while (from + up < len && at + up < t.n && t.p[at + up] == RUNS[r][from + up]) {
                up++;
            }
            while (down <= from && at + down < t.n && t.p[at + down] == RUNS[r][from - down]) {
                down++;
            }
            best = MAX(best, MAX(up, down) >= 3 ? MAX(up, down) : 0);
        }
    }
    return best;
}

static size_t word_at(Str t, size_t at, Str word)
{
    return word.n >= 2 && at + word.n <= t.n && memcmp(t.p + at, word.p, word.n) == 0 ? word.n : 0;
}

static size_t pack_word_at(Cx *cx, const Pack *p, Str t, size_t at)
{
    size_t best = MAX(word_at(t, at, p->title), word_at(t, at, str_lower(cx->mem, p->id)));
    for (size_t i = 0; i < p->n_orgs; i++) {
        const Org *o = &p->orgs[i];
        best = MAX(best, MAX(word_at(t, at, o->name), MAX(word_at(t, at, o->shortname), word_at(t, at, str_lower(cx->mem, o->code)))));
    }
    for (size_t i = 0; i < p->n_types; i++) {
        best = MAX(best, MAX(word_at(t, at, p->types[i].label), word_at(t, at, p->types[i].id)));
    }
    for (size_t i = 0; i < p->n_levels; i++) {
        best = MAX(best, word_at(t, at, p->levels[i]));
    }
    return best;
}

size_t password_weight(Cx *cx, const Pack *p, Str login, Str password)
{
    Str t = str_lower(cx->mem, password);
    size_t weight = 0;
    for (size_t at = 0; at < t.n; weight++) {
        size_t best = MAX(run_at(t, at), MAX(word_at(t, at, login), pack_word_at(cx, p, t, at)));
        for (size_t i = 0; i < ARRAY_LEN(COMMON); i++) {
            best = MAX(best, word_at(t, at, str_c(COMMON[i])));
        }
        size_t letter = 1; /* a character of several bytes is one */
        while (at + letter < t.n && ((uint8_t)t.p[at + letter] & 0xc0) == 0x80) {
            letter++;
        }
        at += MAX(best, letter);
    }
    return weight;
}

static int classes(Str password)
{
    bool small = false, capital = false, digit = false, other = false;
    for (size_t i = 0; i < password.n; i++) {
        char c = password.p[i];
        bool a = c >= 'a' && c <= 'z', b = c >= 'A' && c <= 'Z', d = c >= '0' && c <= '9';
        small = small || a;
        capital = capital || b;
        digit = digit || d;
        other = other || !(a || b || d);
    }
    return small + capital + digit + other;
}

bool password_fits(Cx *cx, const Store *s, const Compliance *c, Str login, Str password)
{
    if (utf8_len(password) < (size_t)c->password_min) {
        return fail(cx, E_INVALID, "口令至少 %d 个字符，建议用几个不相关的词连起来", c->password_min);
    }
    if (password.n > 200 || str_contains(password, login)) {
        return fail(cx, E_INVALID, "口令不能包含登录名，且不超过 200 字节");
    }
    if (c->password_classes && classes(password) < 3) {
        return fail(cx, E_INVALID, "口令须有小写字母、大写字母、数字、其他字符中的三种");
    }
    if (password_weight(cx, store_pack(s), login, password) < WEIGHT_MIN) {
        return fail(cx, E_INVALID, "口令太容易猜：去掉常见的词、单位名称、连续或重复的字符后，剩下的太少");
    }
    return true;
}
