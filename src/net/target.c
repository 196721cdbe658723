/*
 * target.c - the request target: path decoded and normalised once, so that nobody above has to decode again.
 *
 * One pass decodes %xx, the next rewrites segments in place: empty and "." segments disappear, ".." is refused wherever
 * it stands, encoded or not. A slash at the end is kept.
 */
#include "net/parse.h"

static int hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes `raw` to `out` (raw.n bytes of room). False on bad escapes, control characters and backslashes. */
static bool decode(Str raw, char *out, size_t *ret_n)
{
    size_t n = 0;
    for (size_t i = 0; i < raw.n; i++) {
        unsigned char c = (unsigned char)raw.p[i];
        if (c == '%') {
            int hi = raw.n - i > 2 ? hex(raw.p[i + 1]) : -1;
            int lo = hi >= 0 ? hex(raw.p[i + 2]) : -1;
            if (lo < 0) {
                return false;
            }
            c = (unsigned char)(hi << 4 | lo);
            i += 2;
        }
        if (c < 0x20 || c == 0x7f || c == '\\') {
            return false;
        }
        out[n++] = (char)c;
    }
    *ret_n = n;
    return true;
}

/* Removes empty and "." segments in place; false when a ".." stands anywhere. */
static bool normalise(char *p, size_t *n)
{
    size_t out = 0;
    for (size_t i = 0; i < *n;) {
        size_t start = i + 1, end = start; /* p[i] is a slash */
        while (end < *n && p[end] != '/') {
            end++;
        }
        size_t len = end - start;
        if (len == 2 && p[start] == '.' && p[start + 1] == '.') {
            return false;
        }
        bool drop = len == 0 || (len == 1 && p[start] == '.');
        if (!drop) {
            p[out] = '/';
            memmove(p + out + 1, p + start, len);
            out += len + 1;
        } else if (end >= *n) {
            p[out++] = '/';
        }
        i = end;
    }
    *n = out;
    return true;
}

bool net_target(Arena *mem, Str target, NetReq *req, Str *ret_authority)
{
    Str authority = S("");
    if (target.n == 0) {
        return false;
    }
    if (target.p[0] != '/') {
        size_t skip = str_ieq(str_sub(target, 0, 7), S("http://"))    ? 7
                      : str_ieq(str_sub(target, 0, 8), S("https://")) ? 8
                                                                      : 0;
        size_t end = skip;
        while (end < target.n && target.p[end] != '/' && target.p[end] != '?') {
            end++;
        }
        if (end == skip) {
            return false;
        }
        authority = str_n(target.p + skip, end - skip);
        target = str_n(target.p + end, target.n - end);
    }
    Str raw, query;
    str_cut(target, '?', &raw, &query);
    size_t n = 1;
    char *path = arena_alloc(mem, raw.n + 1);
    path[0] = '/';
    if (raw.n > 0 && (!decode(raw, path, &n) || !normalise(path, &n))) {
        return false;
    }
    if (!utf8_valid(str_n(path, n))) {
        return false;
    }
    req->path = str_n(path, n);
    req->query = query;
    *ret_authority = authority;
    return true;
}
