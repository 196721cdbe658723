/*
 * sqlite_reach.c - the second line on SQLite, which has no row security: see db_watch.
 *
 * The authorizer, asked while a statement is prepared, notes the watched table it reads and which of the columns that tell whose a row is.
 * Where the answer holds such columns, each row is looked at once more. A statement that asks for the home and shows it in no column is believed.
 */
#include "base/log.h"
#include "db/sqlite_impl.h"

static const DbGuard *watched(const SqliteConn *c, const char *table)
{
    Str name = str_c(table);
    for (size_t i = 0; name.n != 0 && i < c->n_watched; i++) {
        if (str_eq(c->watched[i].table, name)) {
            return &c->watched[i];
        }
    }
    return NULL;
}

static bool is(const char *column, Str name)
{
    return name.n != 0 && str_eq(str_c(column), name);
}

static int authorize(void *ctx, int action, const char *table, const char *column, const char *schema, const char *inner)
{
    (void)schema, (void)inner;
    const SqliteConn *c = ctx;
    SqliteStmt *st = c->preparing;
    const DbGuard *g = action == SQLITE_READ && st != NULL ? watched(c, table) : NULL;
    if (g != NULL && column != NULL) {
        st->of = st->of != NULL ? st->of : g;
        st->by_home = st->by_home || is(column, S("home"));
        st->by_parent = st->by_parent || (g->parent.n != 0 && is(column, S("parent")));
        st->by_person = st->by_person || is(column, S("created_by"));
        st->by_login = st->by_login || is(column, g->login);
        st->by_state = st->by_state || (g->n_open != 0 && is(column, S("state")));
    }
    return SQLITE_OK;
}

bool sqlite_watch(Cx *cx, DriverConn *conn, const DbGuard *g)
{
    SqliteConn *c = (SqliteConn *)(void *)conn;
#ifdef TAMGA_BREAK_WATCH /* a test build, without it (test/keys) */
    return true;
#endif
    if (c->mem == NULL) {
        c->mem = arena_new((size_t)4 << 20);
        sqlite3_set_authorizer(c->h, authorize, c);
    }
    if (watched(c, str_z(cx->mem, g->table)) != NULL) {
        return true;
    }
    ARRAY_ROOM(c->mem, c->watched, c->n_watched, c->cap_watched);
    Str *open = NEW_ARRAY(c->mem, Str, g->n_open + 1);
    for (size_t i = 0; i < g->n_open; i++) {
        open[i] = str_dup(c->mem, g->open[i]);
    }
    c->watched[c->n_watched++] = (DbGuard){.table = str_dup(c->mem, g->table), .parent = str_dup(c->mem, g->parent),
                                           .login = str_dup(c->mem, g->login), .open = open, .n_open = g->n_open};
    return true;
}

void sqlite_note_columns(SqliteConn *c, SqliteStmt *st)
{
    st->home = st->person = st->login = st->state = -1;
    for (int i = 0; st->of != NULL && i < sqlite3_column_count(st->s); i++) {
        const char *column = sqlite3_column_origin_name(st->s, i);
        const DbGuard *g = column != NULL ? watched(c, sqlite3_column_table_name(st->s, i)) : NULL;
        if (g == NULL) {
            continue;
        }
        if (st->home < 0 && is(column, S("home"))) {
            st->home = i;
            st->of = g; /* the row that is looked at is of this one */
        } else if (g == st->of && is(column, S("created_by"))) {
            st->person = i;
        } else if (g == st->of && is(column, g->login)) {
            st->login = i;
        } else if (g == st->of && is(column, S("state"))) {
            st->state = i;
        }
    }
}

/* A column that might let the row in and is not in the answer lets it in. */
bool sqlite_shows(DriverStmt *stmt, const DbReach *r)
{
    const SqliteStmt *st = (const SqliteStmt *)(const void *)stmt;
    if (st->of == NULL || st->home < 0 || r->all) {
        return true;
    }
    int64_t home = sqlite3_column_int64(st->s, st->home);
    for (size_t i = 0; i < r->n; i++) {
        if (r->homes[i] == home) {
            return true;
        }
    }
    if (r->person != 0 && (st->person < 0 || sqlite3_column_int64(st->s, st->person) == r->person)) {
        return true;
    }
    if (r->login.n != 0 && st->of->login.n != 0 && (st->login < 0 || str_eq(DB_SQLITE.col_bytes(stmt, st->login), r->login))) {
        return true;
    }
    for (size_t i = 0; r->open && i < st->of->n_open; i++) {
        if (st->state < 0 || str_eq(DB_SQLITE.col_bytes(stmt, st->state), st->of->open[i])) {
            return true;
        }
    }
    return false;
}

bool sqlite_allow(Cx *cx, DriverConn *conn, DriverStmt *stmt, const DbReach *r)
{
    (void)conn;
    const SqliteStmt *st = (const SqliteStmt *)(const void *)stmt;
    if (st->of == NULL || (r != NULL && r->all)) {
        return true;
    }
    bool asks = r != NULL && (st->by_home || st->by_parent || (st->by_person && r->person != 0) || (st->by_login && r->login.n != 0) ||
                              (st->by_state && r->open));
    if (asks) {
        return true;
    }
    log_error("db: refused, %s: %.300s", r == NULL ? "no reach is held" : "it asks nothing of whose the rows are", sqlite3_sql(st->s));
    return fail(cx, E_DB, "%s", err_info(E_DB)->text);
}
