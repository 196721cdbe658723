/*
 * sql.c - see sql.h. The text holds program literals, checked identifiers and ?N only; every value goes to `args`.
 */
#include "db/sql.h"

#define MAX_TEXT ((size_t)64 << 10)
#define MAX_IDENT 60

Sql *sql_new(Arena *mem)
{
    Sql *q = NEW(mem, Sql);
    q->text = buf_new(mem, MAX_TEXT);
    return q;
}

static bool ident_ok(Str s)
{
    for (size_t i = 0; i < s.n; i++) {
        bool letter = (s.p[i] >= 'a' && s.p[i] <= 'z') || s.p[i] == '_';
        bool digit = s.p[i] >= '0' && s.p[i] <= '9';
        if (!letter && !(digit && i != 0)) {
            return false;
        }
    }
    return s.n != 0 && s.n <= MAX_IDENT;
}

void sql_ident(Sql *q, Str name)
{
    CHECK(ident_ok(name));
    buf_add(&q->text, name);
}

void sql_ident2(Sql *q, Str prefix, Str name)
{
    char both[MAX_IDENT];
    CHECK(prefix.n <= MAX_IDENT && name.n <= MAX_IDENT - prefix.n && prefix.n != 0 && name.n != 0);
    memcpy(both, prefix.p, prefix.n);
    memcpy(both + prefix.n, name.p, name.n);
    sql_ident(q, str_n(both, prefix.n + name.n));
}

/* The next argument; its number is q->n_args afterwards. */
static struct SqlArg *next_arg(Sql *q)
{
    CHECK(q->n_args < SQL_MAX_ARGS);
    if (q->n_args == q->cap_args) { /* most statements have a handful: clearing room for all of them costs more than growing */
        int cap = q->cap_args == 0 ? 8 : MIN(q->cap_args * 4, SQL_MAX_ARGS);
        q->args = arena_grow(q->text.mem, q->args, (size_t)q->cap_args * sizeof *q->args, (size_t)cap * sizeof *q->args);
        q->cap_args = cap;
    }
    return &q->args[q->n_args++];
}

static void put_param(Sql *q)
{
    buf_addc(&q->text, '?');
    buf_int(&q->text, q->n_args);
}

void sql_int(Sql *q, int64_t v)
{
    *next_arg(q) = (struct SqlArg){.kind = SQL_ARG_INT, .i = v};
    put_param(q);
}

void sql_text(Sql *q, Str v)
{
    *next_arg(q) = (struct SqlArg){.kind = SQL_ARG_TEXT, .s = v};
    put_param(q);
}

void sql_null(Sql *q)
{
    *next_arg(q) = (struct SqlArg){.kind = SQL_ARG_NULL};
    put_param(q);
}

void sql_in_ints(Sql *q, const int64_t *v, size_t n)
{
    Buf json = buf_new(q->text.mem, n * 21 + 2); /* "-9223372036854775808," is 21 bytes */
    buf_addc(&json, '[');
    for (size_t i = 0; i < n; i++) {
        if (i != 0) {
            buf_addc(&json, ',');
        }
        buf_int(&json, v[i]);
    }
    buf_addc(&json, ']');
    CHECK(!json.full);
    *next_arg(q) = (struct SqlArg){.kind = SQL_ARG_TEXT, .s = buf_str(&json)};
    buf_add(&q->text, S(" in {list:"));
    buf_int(&q->text, q->n_args);
    buf_addc(&q->text, '}');
}

void sql_like(Sql *q, Str needle)
{
    Str low = str_lower(q->text.mem, needle);
    Buf b = buf_new(q->text.mem, needle.n * 2 + 2);
    buf_addc(&b, '%');
    for (size_t i = 0; i < low.n; i++) {
        if (low.p[i] == '%' || low.p[i] == '_' || low.p[i] == '\\') {
            buf_addc(&b, '\\');
        }
        buf_addc(&b, low.p[i]);
    }
    buf_addc(&b, '%');
    sql_text(q, buf_str(&b));
    sql_lit(q, " escape '\\'");
}

Stmt *sql_stmt(Cx *cx, Db *db, SqlClass cls, Sql *q)
{
    if (q->text.full) {
        (void)!fail(cx, E_DB, "%s", err_info(E_DB)->text);
        return NULL;
    }
    Stmt *st = db_stmt(cx, db, cls, buf_str(&q->text));
    if (st == NULL) {
        return NULL;
    }
    for (int i = 0; i < q->n_args; i++) {
        const struct SqlArg *a = &q->args[i];
        switch (a->kind) {
        case SQL_ARG_NULL: stmt_null(st, i + 1); break;
        case SQL_ARG_INT: stmt_int(st, i + 1, a->i); break;
        case SQL_ARG_TEXT: stmt_text(st, i + 1, a->s); break;
        case SQL_ARG_BLOB: stmt_blob(st, i + 1, a->s); break;
        }
    }
    return st;
}
