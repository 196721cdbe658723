/*
 * pg_sql.c - from the common subset of SQL, hooks expanded, to PostgreSQL's spelling; driven by the pieces of hooks.h,
 * without a grammar.
 *
 * An integer of the subset has 64 bits and text is compared byte by byte, whatever the locale of the database: in
 * definitions (create, alter) the type after a column's name becomes bigint, bytea or text collate "C".
 */
#include "db/hooks.h"
#include "db/pg_impl.h"

#define MAX_SQL ((size_t)4 << 20)

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static bool is_comment(Str t)
{
    return str_starts(t, S("--")) || str_starts(t, S("/*"));
}

static bool is_word(Str t)
{
    char c = t.p[0];
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '"';
}

bool pg_split(Str *rest, Str *ret)
{
    size_t at = 0;
    bool any = false;
    for (; at < rest->n;) {
        Str t = str_sub(*rest, at, hooks_piece(*rest, at));
        if (t.p[0] == ';') {
            if (any) {
                break;
            }
            *rest = str_sub(*rest, at + 1, rest->n);
            at = 0;
            continue;
        }
        any = any || !(is_space(t.p[0]) || is_comment(t));
        at += t.n;
    }
    *ret = str_sub(*rest, 0, at);
    *rest = str_sub(*rest, at < rest->n ? at + 1 : at, rest->n);
    return any;
}

static PgKind kind_of(Str word)
{
    if (str_ieq(word, S("select")) || str_ieq(word, S("values")) || str_ieq(word, S("with"))) {
        return PG_QUERY;
    }
    if (str_ieq(word, S("insert")) || str_ieq(word, S("update")) || str_ieq(word, S("delete"))) {
        return PG_WRITE;
    }
    if (str_ieq(word, S("rollback"))) {
        return PG_UNDO;
    }
    return str_ieq(word, S("begin")) ? PG_BEGIN : str_ieq(word, S("commit")) ? PG_COMMIT : PG_PLAIN;
}

/* What a type's word becomes at this place; the word itself elsewhere. */
static Str type_word(Str t, Str prev, bool defines)
{
    bool after_name =
        defines && prev.n != 0 && is_word(prev) && !str_ieq(prev, S("add")) && !str_ieq(prev, S("column"));
    bool in_cast = prev.n != 0 && str_ieq(prev, S("as"));
    if (str_ieq(t, S("integer")) && (after_name || in_cast)) {
        return S("bigint");
    }
    if (str_ieq(t, S("blob")) && (after_name || in_cast)) {
        return S("bytea");
    }
    return str_ieq(t, S("text")) && after_name && !in_cast ? S("text collate \"C\"") : t;
}

bool pg_sql(Arena *mem, Str sql, Str *ret, int *ret_params, PgKind *ret_kind)
{
    Str rest = sql, one, more;
    if (!pg_split(&rest, &one) || pg_split(&rest, &more)) {
        return false;
    }
    Buf out = buf_new(mem, MAX_SQL);
    Str prev = S("");
    bool defines = false, first = true;
    *ret_params = 0;
    *ret_kind = PG_PLAIN;
    for (size_t at = 0; at < one.n;) {
        Str t = str_sub(one, at, hooks_piece(one, at));
        at += t.n;
        if (is_space(t.p[0]) || is_comment(t)) {
            buf_add(&out, t);
            continue;
        }
        if (first) {
            first = false;
            *ret_kind = kind_of(t);
            defines = str_ieq(t, S("create")) || str_ieq(t, S("alter"));
        }
        int64_t n;
        if (t.p[0] == '?' && at < one.n && str_int(str_sub(one, at, hooks_piece(one, at)), &n) && n >= 1 && n <= 1000) {
            buf_addc(&out, '$');
            *ret_params = MAX(*ret_params, (int)n);
        } else {
            buf_add(&out, type_word(t, prev, defines));
        }
        if (*ret_kind == PG_QUERY && kind_of(t) == PG_WRITE && !str_ieq(prev, S("for"))) {
            *ret_kind = PG_WRITE; /* with … insert */
        }
        prev = t;
    }
    *ret = buf_str(&out);
    return !out.full;
}

/* Takes " word" off the end of what was written. */
static bool cut_word(Buf *out, Str word)
{
    size_t n = out->n;
    while (n != 0 && is_space(out->p[n - 1])) {
        n--;
    }
    if (n <= word.n || !str_ieq(str_n(out->p + n - word.n, word.n), word) || !is_space(out->p[n - word.n - 1])) {
        return false;
    }
    out->n = n - word.n;
    return true;
}

/* "in {list:N}" becomes a comparison with an array, which an index serves; the bound value stays a JSON array of
 * integers. */
bool pg_hook(Buf *out, Str word, Str arg)
{
    int64_t n;
    if (str_eq(word, S("list")) && str_int(arg, &n) && n >= 1) {
        if (!cut_word(out, S("in"))) {
            return false;
        }
        buf_add(out, cut_word(out, S("not")) ? S("<> all") : S("= any"));
        buf_add(out, S(" (cast(translate(?"));
        buf_int(out, n);
        buf_add(out, S(", '[]', '{}') as bigint[]))"));
        return true;
    }
    if (str_eq(word, S("key")) && arg.n != 0) {
        buf_add(out, S(", primary key (home, "));
        buf_add(out, arg);
        buf_addc(out, ')');
        return true;
    }
    if (arg.n != 0) {
        return false;
    }
    if (str_eq(word, S("pk"))) {
        buf_add(out, S("bigint primary key not null"));
    } else if (str_eq(word, S("id"))) {
        buf_add(out, S("bigint not null"));
    } else if (str_eq(word, S("homes"))) {
        buf_add(out, pg_partitions() != 0 ? S("partition by hash (home)") : S(""));
    } else if (str_eq(word, S("lock"))) {
        buf_add(out, S("for update"));
    } else if (str_eq(word, S("lock_skip"))) {
        buf_add(out, S("for update skip locked"));
    } else if (!str_eq(word, S("strict"))) { /* {strict}: every table is */
        return false;
    }
    return true;
}
