/*
 * mail.c - see mail.h.
 */
#include "job/mail.h"

#include "base/date.h"

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Lines of `line` characters (0: one line), each ended by CRLF when there are several. */
static void add_base64(Buf *b, Str s, size_t line)
{
    size_t col = 0;
    for (size_t i = 0; i < s.n; i += 3) {
        unsigned v = 0, left = (unsigned)MIN(s.n - i, (size_t)3);
        for (unsigned k = 0; k < 3; k++) {
            v = v << 8 | (k < left ? (unsigned char)s.p[i + k] : 0u);
        }
        for (unsigned k = 0; k < 4; k++) {
            buf_addc(b, k <= left ? ALPHABET[v >> (18 - 6 * k) & 63] : '=');
        }
        col += 4;
        if (line != 0 && (col >= line || i + 3 >= s.n)) {
            buf_add(b, S("\r\n"));
            col = 0;
        }
    }
}

static bool plain(Str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < 0x20 || s.p[i] >= 0x7f || s.p[i] == '=' || s.p[i] == '"' || s.p[i] == '\\') {
            return false;
        }
    }
    return s.n <= 60;
}

/* Encoded words of at most 42 bytes of text, cut between characters. */
static void add_words(Buf *b, Arena *mem, Str s)
{
    Buf clean = buf_new(mem, s.n + 1);
    for (size_t i = 0; i < s.n; i++) {
        buf_addc(&clean, (unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f ? ' ' : s.p[i]);
    }
    s = buf_str(&clean);
    if (plain(s)) {
        buf_add(b, s);
        return;
    }
    for (size_t at = 0; at < s.n;) {
        size_t n = MIN(s.n - at, (size_t)42);
        while (at + n < s.n && ((unsigned char)s.p[at + n] & 0xc0) == 0x80) {
            n--;
        }
        buf_add(b, at == 0 ? S("=?UTF-8?B?") : S("\r\n =?UTF-8?B?"));
        add_base64(b, str_sub(s, at, n), 0);
        buf_add(b, S("?="));
        at += n;
    }
}

static void add_date(Buf *b, int64_t ms)
{
    static const char *const DAYS[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char *const MONTHS[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t s = ms / 1000 + 8 * 3600;
    int32_t day = (int32_t)(s / 86400);
    Civil c = date_to_civil(day);
    buf_printf(b, "Date: %s, %d %s %d %02d:%02d:%02d +0800\r\n", DAYS[day % 7], c.day, MONTHS[c.month - 1], c.year,
               (int)(s % 86400 / 3600), (int)(s % 3600 / 60), (int)(s % 60));
}

Str mail_message(Arena *mem, const Mail *m)
{
    Buf b = buf_new(mem, 4096 + 2 * (m->subject.n + m->body.n + m->from_name.n));
    Str name, host;
    str_cut(m->from, '@', &name, &host);
    add_date(&b, m->at_ms);
    buf_add(&b, S("From: "));
    if (m->from_name.n != 0) {
        add_words(&b, mem, m->from_name);
        buf_add(&b, S("\r\n "));
    }
    buf_printf(&b, "<%.*s>\r\nTo: <%.*s>\r\nMessage-ID: <%.*s@%.*s>\r\nSubject: ", STRF(m->from), STRF(m->to), STRF(m->id), STRF(host));
    add_words(&b, mem, m->subject);
    buf_add(&b, S("\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                  "Content-Transfer-Encoding: base64\r\n\r\n"));
    add_base64(&b, m->body, 76);
    return buf_str(&b);
}
