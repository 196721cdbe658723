/*
 * hooks.c - a small scanner over SQL text: it knows literals, quoted names, comments and words, and nothing of grammar.
 *
 * What differs between engines is written as a hook in braces and expanded here. What would run on one engine and mean
 * something else on the other is refused here, so that it is found by the first test that prepares the statement.
 */
#include "db/hooks.h"

#include "base/log.h"

#define MAX_EXPANDED ((size_t)4 << 20)

size_t hooks_piece(Str s, size_t at)
{
    const char *p = s.p + at, *end = s.p + s.n;
    size_t left = s.n - at;
    if (*p == '\'' || *p == '"') {
        const char *q = p + 1;
        while (q < end && !(*q == *p && (q + 1 == end || q[1] != *p))) {
            q += *q == *p ? 2 : 1;
        }
        return q < end ? (size_t)(q - p) + 1 : left;
    }
    if (left >= 2 && p[0] == '-' && p[1] == '-') {
        const char *nl = memchr(p, '\n', left);
        return nl != NULL ? (size_t)(nl - p) : left;
    }
    if (left >= 2 && p[0] == '/' && p[1] == '*') {
        const char *close = memmem(p + 2, left - 2, "*/", 2);
        return close != NULL ? (size_t)(close - p) + 2 : left;
    }
    size_t n = 0;
    while (n < left && (p[n] == '_' || (p[n] >= '0' && p[n] <= '9') || (p[n] >= 'a' && p[n] <= 'z') ||
                        (p[n] >= 'A' && p[n] <= 'Z') || (unsigned char)p[n] >= 0x80)) {
        n++;
    }
    return n != 0 ? n : 1;
}

static bool is_skipped(Str t)
{
    return t.p[0] == '\'' || t.p[0] == '"' || str_starts(t, S("--")) || str_starts(t, S("/*"));
}

bool hooks_expand(Cx *cx, Arena *mem, const DbDriver *drv, Str sql, Str *ret)
{
    if (sql.n == 0 || memchr(sql.p, '{', sql.n) == NULL) {
        *ret = sql;
        return true;
    }
    Buf out = buf_new(mem, MAX_EXPANDED);
    for (size_t at = 0; at < sql.n;) {
        Str t = str_sub(sql, at, hooks_piece(sql, at));
        at += t.n;
        if (t.p[0] != '{') {
            buf_add(&out, t);
            continue;
        }
        Str inside, rest, word, arg;
        if (!str_cut(str_sub(sql, at, sql.n), '}', &inside, &rest)) {
            log_error("sql: a hook is not closed: %.*s", STRF(utf8_cut(sql, 200)));
            return fail(cx, E_DB, "%s", err_info(E_DB)->text);
        }
        str_cut(inside, ':', &word, &arg);
        if (!drv->hook(&out, word, arg)) {
            log_error("sql: unknown hook {%.*s}", STRF(utf8_cut(inside, 60)));
            return fail(cx, E_DB, "%s", err_info(E_DB)->text);
        }
        at += inside.n + 1;
    }
    if (out.full) {
        return fail(cx, E_DB, "%s", err_info(E_DB)->text);
    }
    *ret = buf_str(&out);
    return true;
}

/* Words of one engine, whatever stands after them. */
static const Str WORDS[] = {
    STR_INIT("pragma"), STR_INIT("attach"), STR_INIT("detach"), STR_INIT("vacuum"), STR_INIT("glob"), STR_INIT("regexp"),
    STR_INIT("autoincrement"), STR_INIT("sqlite_schema"), STR_INIT("sqlite_master"), STR_INIT("rowid"), STR_INIT("lateral"),
    STR_INIT("ilike"), STR_INIT("truncate")};

/* Functions of one engine: only when a parenthesis follows, because a column may bear the name. */
static const Str FUNCTIONS[] = {
    STR_INIT("date"), STR_INIT("time"), STR_INIT("datetime"), STR_INIT("julianday"), STR_INIT("unixepoch"),
    STR_INIT("strftime"), STR_INIT("ifnull"), STR_INIT("iif"), STR_INIT("instr"), STR_INIT("printf"), STR_INIT("format"),
    STR_INIT("group_concat"), STR_INIT("string_agg"), STR_INIT("json_each"), STR_INIT("json_extract"),
    STR_INIT("json_group_array"), STR_INIT("json_object"), STR_INIT("typeof"), STR_INIT("changes"),
    STR_INIT("total_changes"), STR_INIT("last_insert_rowid"), STR_INIT("random"), STR_INIT("randomblob"),
    STR_INIT("hex"), STR_INIT("now"), STR_INIT("to_char"), STR_INIT("date_trunc"), STR_INIT("extract"),
    STR_INIT("greatest"), STR_INIT("least"), STR_INIT("generate_series")};

static bool listed(const Str *list, size_t n, Str word)
{
    for (size_t i = 0; i < n; i++) {
        if (str_ieq(list[i], word)) {
            return true;
        }
    }
    return false;
}

static size_t skip_space(Str s, size_t at)
{
    while (at < s.n && (s.p[at] == ' ' || s.p[at] == '\n' || s.p[at] == '\t' || s.p[at] == '\r')) {
        at++;
    }
    return at;
}

/* Whether the piece `t`, which ends at `end`, belongs to one engine only. `prev` is the word before it. */
static bool foreign(Str sql, Str t, size_t end, Str prev)
{
    char c = t.p[0];
    char next = end < sql.n ? sql.p[end] : '\0';
    if (c == '?') {
        return next < '1' || next > '9'; /* ?, not ?N: counted differently */
    }
    if (c == '$' || c == '@' || c == '#' || c == '[' || c == '`' || c == '\\') {
        return true;
    }
    if (c == ':') {
        return true; /* named parameter or a cast */
    }
    if (str_ieq(t, S("or")) && (str_ieq(prev, S("insert")) || str_ieq(prev, S("update")))) {
        return true; /* insert or replace …: on conflict says it for both */
    }
    if (str_ieq(t, S("into")) && str_ieq(prev, S("replace"))) {
        return true;
    }
    if (listed(WORDS, ARRAY_LEN(WORDS), t)) {
        return true;
    }
    size_t at = skip_space(sql, end);
    return at < sql.n && sql.p[at] == '(' && listed(FUNCTIONS, ARRAY_LEN(FUNCTIONS), t) && !str_ieq(prev, S("table"));
}

bool hooks_common(Cx *cx, Str sql)
{
    Str prev = S("");
    for (size_t at = 0; at < sql.n;) {
        Str t = str_sub(sql, at, hooks_piece(sql, at));
        at += t.n;
        if (t.p[0] == '{') { /* a hook: the driver answers for it */
            const char *close = memchr(sql.p + at, '}', sql.n - at);
            at = close != NULL ? (size_t)(close - sql.p) + 1 : sql.n;
            continue;
        }
        if (is_skipped(t) || t.p[0] == ' ' || t.p[0] == '\n' || t.p[0] == '\t' || t.p[0] == '\r') {
            continue;
        }
        if (foreign(sql, t, at, prev)) {
            log_error("sql: outside the common subset near \"%.*s\": %.*s", STRF(str_sub(t, 0, 40)), STRF(utf8_cut(sql, 200)));
            return fail(cx, E_DB, "%s", err_info(E_DB)->text);
        }
        prev = t;
    }
    return true;
}
