/*
 * bulk.c - many rows of one table: lines for COPY where the engine has it, else one prepared insert that is run again and again.
 *
 * COPY does not go into a table whose policies bind its owner (pg_reach.c): for the length of it, inside the caller's transaction, they do not.
 * Lines are gathered to 64 KiB before they go to the server. In a line, columns are parted by tabs, NULL is \N, and tab, newline, return and
 * backslash are written with a backslash; a blob is \x and hex digits.
 */
#include "db/driver.h"
#include "db/sql.h"

#define FLUSH ((size_t)64 << 10)
#define LINE_MAX_BYTES ((size_t)256 << 20)

struct DbBulk {
    Db *db;
    size_t n;
    Sql *insert;  /* SQLite */
    Arena *lines; /* PostgreSQL: gathered, given back at each flush */
    Buf out;
    bool open;
    const char *force_again; /* the policies, at the end; NULL: there are none */
};

/* COPY needs `table` without forced policies; *ret_again: what puts them back, NULL when there were none. */
static bool unforce(Cx *cx, Db *db, Arena *mem, Str table, const char **ret_again)
{
    int64_t n = 0;
    Stmt *st = db_stmt(cx, db, SQL_ADMIN,
                       S("select count(*) from pg_class where relname = ?1 and relforcerowsecurity and relnamespace = current_schema()::regnamespace"));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, table);
    if (!stmt_one_int(cx, st, 0, &n) || n == 0) {
        return n == 0 && cx->err == E_OK;
    }
    Sql *no = sql_new(mem), *again = sql_new(mem);
    sql_lit(no, "alter table ");
    sql_ident(no, table);
    sql_lit(no, " no force row level security");
    sql_lit(again, "alter table ");
    sql_ident(again, table);
    sql_lit(again, " force row level security");
    *ret_again = str_z(mem, buf_str(&again->text));
    return db_script(cx, db, str_z(mem, buf_str(&no->text)));
}

static Sql *statement(Arena *mem, bool copies, Str table, const DbColumn *cols, size_t n)
{
    Sql *q = sql_new(mem);
    if (copies) {
        sql_lit(q, "copy ");
    } else {
        sql_lit(q, "insert into ");
    }
    sql_ident(q, table);
    sql_lit(q, " (");
    for (size_t i = 0; i < n; i++) {
        if (i != 0) {
            sql_lit(q, ", ");
        }
        sql_ident(q, cols[i].name);
    }
    if (copies) {
        sql_lit(q, ") from stdin");
        return q;
    }
    sql_lit(q, ") values (");
    for (size_t i = 0; i < n; i++) {
        if (i != 0) {
            sql_lit(q, ", ");
        }
        sql_null(q);
    }
    sql_lit(q, ")");
    return q;
}

DbBulk *db_bulk_begin(Cx *cx, Db *db, Arena *mem, Str table, const DbColumn *cols, size_t n)
{
    const DbDriver *drv = db_driver(db);
    CHECK(drv->in_transaction(db_conn(db)) && n != 0);
    DbBulk *b = NEW(mem, DbBulk);
    *b = (DbBulk){.db = db, .n = n};
    Sql *q = statement(mem, drv->bulk_begin != NULL, table, cols, n);
    if (drv->bulk_begin == NULL) {
        b->insert = q;
        return b;
    }
    if (!unforce(cx, db, mem, table, &b->force_again) || !drv->bulk_begin(cx, db_conn(db), str_z(mem, buf_str(&q->text)))) {
        return NULL;
    }
    b->lines = arena_new(0);
    b->out = buf_new(b->lines, LINE_MAX_BYTES);
    b->open = true;
    return b;
}

static bool insert_row(Cx *cx, DbBulk *b, const DbValue *row)
{
    static const SqlArgKind KIND[] = {[DB_INT] = SQL_ARG_INT, [DB_TEXT] = SQL_ARG_TEXT, [DB_BLOB] = SQL_ARG_BLOB};
    for (size_t i = 0; i < b->n; i++) {
        struct SqlArg *a = &b->insert->args[i];
        a->kind = row[i].is_null ? SQL_ARG_NULL : KIND[row[i].kind];
        a->i = row[i].i;
        a->s = row[i].s;
    }
    Stmt *st = sql_stmt(cx, b->db, SQL_ADMIN, b->insert);
    return st != NULL && stmt_run(cx, st);
}

static void put_text(Buf *out, Str s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i], as = c == '\\' ? '\\' : c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : '\0';
        if (as != '\0') {
            buf_add(out, str_sub(s, from, i - from));
            buf_addc(out, '\\');
            buf_addc(out, as);
            from = i + 1;
        }
    }
    buf_add(out, str_sub(s, from, s.n - from));
}

static void put_blob(Buf *out, Str s)
{
    static const char HEX[] = "0123456789abcdef";
    buf_add(out, S("\\\\x"));
    for (size_t i = 0; i < s.n; i++) {
        buf_addc(out, HEX[(unsigned char)s.p[i] >> 4]);
        buf_addc(out, HEX[(unsigned char)s.p[i] & 15]);
    }
}

static bool flush(Cx *cx, DbBulk *b)
{
    bool ok = !b->out.full ? db_driver(b->db)->bulk_put(cx, db_conn(b->db), buf_str(&b->out)) : fail(cx, E_TOO_LARGE, "一行内容太大");
    if (b->out.n > 4 * FLUSH) { /* a long row: its room is not kept */
        arena_reset(b->lines);
        b->out = buf_new(b->lines, LINE_MAX_BYTES);
    } else {
        buf_clear(&b->out);
    }
    if (!ok) {
        db_bulk_drop(b);
    }
    return ok;
}

bool db_bulk_row(Cx *cx, DbBulk *b, const DbValue *row)
{
    if (b->insert != NULL) {
        return insert_row(cx, b, row);
    }
    CHECK(b->open);
    for (size_t i = 0; i < b->n; i++) {
        if (i != 0) {
            buf_addc(&b->out, '\t');
        }
        if (row[i].is_null) {
            buf_add(&b->out, S("\\N"));
        } else if (row[i].kind == DB_INT) {
            buf_int(&b->out, row[i].i);
        } else if (row[i].kind == DB_TEXT) {
            put_text(&b->out, row[i].s);
        } else {
            put_blob(&b->out, row[i].s);
        }
    }
    buf_addc(&b->out, '\n');
    return b->out.n < FLUSH || flush(cx, b);
}

bool db_bulk_end(Cx *cx, DbBulk *b)
{
    if (b->insert != NULL) {
        return true;
    }
    if (b->out.n != 0 && !flush(cx, b)) {
        return false;
    }
    b->open = false;
    arena_free(b->lines);
    return db_driver(b->db)->bulk_end(cx, db_conn(b->db), true) && (b->force_again == NULL || db_script(cx, b->db, b->force_again));
}

void db_bulk_drop(DbBulk *b)
{
    if (b == NULL || !b->open) {
        return;
    }
    Arena *scratch = arena_new(0);
    Cx own;
    cx_init(&own, scratch); /* the caller's failure stays the one that is told */
    b->open = false;
    arena_free(b->lines);
    (void)!db_driver(b->db)->bulk_end(&own, db_conn(b->db), false);
    arena_free(scratch);
}
