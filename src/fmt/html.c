/*
 * html.c - escaping for text and quoted attribute values, and the judgement on URLs that data brought into a page.
 */
#include "fmt/mustache_int.h"

static const unsigned char SPECIAL[256] = {['&'] = 1, ['<'] = 2, ['>'] = 3, ['"'] = 4, ['\''] = 5};
static const Str ENTITY[] = {STR_INIT(""), STR_INIT("&amp;"), STR_INIT("&lt;"), STR_INIT("&gt;"), STR_INIT("&quot;"),
                             STR_INIT("&#39;")};

void html_escape(Buf *out, Str s)
{
    const char *p = s.p, *end = s.p + s.n, *from = p;
    for (; p < end; p++) {
        unsigned k = SPECIAL[(unsigned char)*p];
        if (k != 0) {
            buf_add_bytes(out, from, (size_t)(p - from));
            buf_add(out, ENTITY[k]);
            from = p + 1;
        }
    }
    buf_add_bytes(out, from, (size_t)(end - from));
}

/* Bytes that end the part of a URL in which a scheme can stand. */
static bool ends_head(char c)
{
    return c == '/' || c == '?' || c == '#';
}

Str url_scheme(Str s)
{
    for (size_t i = 0; i < s.n && !ends_head(s.p[i]); i++) {
        if (s.p[i] == ':') {
            return str_n(s.p, i);
        }
    }
    return S("");
}

bool url_safe(Str s)
{
    size_t head = 0;
    while (head < s.n && !ends_head(s.p[head])) {
        unsigned char c = (unsigned char)s.p[head];
        if (c <= 0x20 || c == 0x7F || c == '\\') {
            return false; /* browsers drop blanks and read \ as / */
        }
        head++;
    }
    Str scheme = url_scheme(s);
    if (scheme.n != 0 || (s.n != 0 && s.p[0] == ':')) {
        Str rest = str_sub(s, scheme.n + 1, s.n);
        if (str_ieq(scheme, S("http")) || str_ieq(scheme, S("https"))) {
            return str_starts(rest, S("//"));
        }
        return str_ieq(scheme, S("mailto")) || str_ieq(scheme, S("tel"));
    }
    if (s.n >= 2 && s.p[0] == '/') {
        unsigned char c = (unsigned char)s.p[1];
        return c != '/' && c != '\\' && c > 0x20 && c != 0x7F;
    }
    return true;
}
