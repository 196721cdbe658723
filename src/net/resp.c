/*
 * resp.c - the head of an answer: status line, headers, Date. Written into one piece of the arena, sent with the body
 * in one call.
 */
#include "net/resp.h"

#include <time.h>

#include "base/buf.h"

#define HEAD_MAX ((size_t)256 << 10)

static const struct {
    int status;
    Str reason;
} REASONS[] = {
    {200, STR_INIT("OK")},
    {201, STR_INIT("Created")},
    {202, STR_INIT("Accepted")},
    {204, STR_INIT("No Content")},
    {206, STR_INIT("Partial Content")},
    {301, STR_INIT("Moved Permanently")},
    {302, STR_INIT("Found")},
    {303, STR_INIT("See Other")},
    {304, STR_INIT("Not Modified")},
    {307, STR_INIT("Temporary Redirect")},
    {308, STR_INIT("Permanent Redirect")},
    {400, STR_INIT("Bad Request")},
    {401, STR_INIT("Unauthorized")},
    {403, STR_INIT("Forbidden")},
    {404, STR_INIT("Not Found")},
    {405, STR_INIT("Method Not Allowed")},
    {406, STR_INIT("Not Acceptable")},
    {408, STR_INIT("Request Timeout")},
    {409, STR_INIT("Conflict")},
    {410, STR_INIT("Gone")},
    {411, STR_INIT("Length Required")},
    {412, STR_INIT("Precondition Failed")},
    {413, STR_INIT("Content Too Large")},
    {414, STR_INIT("URI Too Long")},
    {415, STR_INIT("Unsupported Media Type")},
    {416, STR_INIT("Range Not Satisfiable")},
    {417, STR_INIT("Expectation Failed")},
    {421, STR_INIT("Misdirected Request")},
    {422, STR_INIT("Unprocessable Content")},
    {423, STR_INIT("Locked")},
    {428, STR_INIT("Precondition Required")},
    {429, STR_INIT("Too Many Requests")},
    {431, STR_INIT("Request Header Fields Too Large")},
    {500, STR_INIT("Internal Server Error")},
    {501, STR_INIT("Not Implemented")},
    {502, STR_INIT("Bad Gateway")},
    {503, STR_INIT("Service Unavailable")},
    {504, STR_INIT("Gateway Timeout")},
    {505, STR_INIT("HTTP Version Not Supported")},
    {507, STR_INIT("Insufficient Storage")},
};

Str net_reason(int status)
{
    for (size_t i = 0; i < ARRAY_LEN(REASONS); i++) {
        if (REASONS[i].status == status) {
            return REASONS[i].reason;
        }
    }
    return S("Unknown");
}

Str net_date(NetDate *cache, int64_t now_ms)
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t second = now_ms / 1000;
    if (cache->second != second || cache->text[0] == '\0') {
        time_t t = (time_t)second;
        struct tm tm;
        CHECK(gmtime_r(&t, &tm) != NULL);
        int n = snprintf(cache->text, sizeof cache->text, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday],
                         tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
        CHECK(n > 0 && (size_t)n < sizeof cache->text);
        cache->second = second;
    }
    return str_c(cache->text);
}

static bool clean(Str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0') {
            return false;
        }
    }
    return true;
}

void net_set(NetResp *resp, Arena *mem, Str name, Str value)
{
    CHECK(name.n > 0 && clean(name) && clean(value));
    CHECK(resp->n_headers < ARRAY_LEN(resp->headers));
    resp->headers[resp->n_headers++] = (NetHeader){str_dup(mem, name), str_dup(mem, value)};
}

Str net_header(const NetReq *req, Str lower_name)
{
    for (size_t i = 0; i < req->n_headers; i++) {
        if (str_eq(req->headers[i].name, lower_name)) {
            return req->headers[i].value;
        }
    }
    return S("");
}

static bool is_framing(Str name)
{
    switch (name.n) {
    case 4:
        return str_ieq(name, S("date"));
    case 10:
        return str_ieq(name, S("connection"));
    case 14:
        return str_ieq(name, S("content-length"));
    case 17:
        return str_ieq(name, S("transfer-encoding"));
    default:
        return false;
    }
}

bool net_resp_has_body(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

Str net_resp_head(Arena *mem, const NetResp *resp, const NetFraming *f)
{
    CHECK(resp->status >= 200 && resp->status <= 999 && resp->n_headers <= ARRAY_LEN(resp->headers));
    Buf b = buf_new(mem, HEAD_MAX);
    buf_add(&b, S("HTTP/1.1 "));
    buf_int(&b, resp->status);
    buf_addc(&b, ' ');
    buf_add(&b, net_reason(resp->status));
    buf_add(&b, S("\r\nDate: "));
    buf_add(&b, f->date);
    for (size_t i = 0; i < resp->n_headers; i++) {
        const NetHeader *h = &resp->headers[i];
        CHECK(clean(h->name) && clean(h->value));
        if (!is_framing(h->name)) {
            buf_add(&b, S("\r\n"));
            buf_add(&b, h->name);
            buf_add(&b, S(": "));
            buf_add(&b, h->value);
        }
    }
    if (net_resp_has_body(resp->status)) {
        buf_add(&b, S("\r\nContent-Length: "));
        buf_int(&b, f->length);
    }
    if (f->close) {
        buf_add(&b, S("\r\nConnection: close"));
    } else if (f->http10) {
        buf_add(&b, S("\r\nConnection: keep-alive"));
    }
    buf_add(&b, S("\r\n\r\n"));
    CHECK(!b.full);
    return buf_str(&b);
}

void net_plain(NetResp *resp, Arena *mem, int status)
{
    Str text = net_reason(status);
    for (int i = 0; i < E_COUNT; i++) {
        if (err_info((ErrCode)i)->http == status) {
            text = str_c(err_info((ErrCode)i)->text);
            break;
        }
    }
    resp->status = status;
    resp->body = str_printf(mem, "%d %.*s\n", status, STRF(text));
    net_set(resp, mem, S("Content-Type"), S("text/plain; charset=utf-8"));
    net_set(resp, mem, S("X-Content-Type-Options"), S("nosniff"));
    net_set(resp, mem, S("X-Frame-Options"), S("DENY"));
}
