/* fixture.h - a database in a folder of its own, removed afterwards; and the words the tests of db are written with. With
 * TAMGA_TEST_DB=postgresql://… (tool/pg.sh) it is a schema of its own on that server instead. */
#pragma once

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* base/err.h has its own */

#include "base/log.h"
#include "db/db.h"
#include "db/sql.h"

#define REQUIRE(cond, ...)                                                                                             \
    do {                                                                                                               \
        if (!(cond)) {                                                                                                 \
            print_error(__VA_ARGS__);                                                                                  \
            _fail(__FILE__, __LINE__);                                                                                 \
        }                                                                                                              \
    } while (0)

typedef struct {
    Arena *mem;
    Cx cx;
    char dir[64];
    const char *path, *url;
    const char *server; /* PostgreSQL: its address; NULL: SQLite */
    const char *schema;
    Db *db; /* a writing connection */
} Fixture;

/* For a test of what one engine alone does. */
#define ONLY_SQLITE(f)                                                                                                 \
    if ((f)->server != NULL) {                                                                                         \
        skip();                                                                                                        \
    }
#define ONLY_POSTGRESQL(f)                                                                                             \
    if ((f)->server == NULL) {                                                                                         \
        skip();                                                                                                        \
    }

static inline void on_server(Fixture *f, const char *verb, const char *tail)
{
    Db *db = db_open(&f->cx, f->server, DB_WRITE);
    assert_non_null(db);
    assert_true(db_script(&f->cx, db, str_printf(f->mem, "%s schema %s%s", verb, f->schema, tail).p));
    db_close(db);
}

static inline int fixture_up(void **state)
{
    log_level(LOG_ERROR + 1);
    Fixture *f = calloc(1, sizeof *f);
    f->mem = arena_new(0);
    cx_init(&f->cx, f->mem);
    snprintf(f->dir, sizeof f->dir, "%s/tamga-db-XXXXXX", P_tmpdir);
    assert_non_null(mkdtemp(f->dir));
    f->path = str_printf(f->mem, "%s/t.db", f->dir).p;
    f->url = str_printf(f->mem, "sqlite:%s", f->path).p;
    f->server = getenv("TAMGA_TEST_DB");
    if (f->server != NULL) {
        f->schema = str_lower(f->mem, str_printf(f->mem, "t_%s", f->dir + strlen(f->dir) - 6)).p;
        f->schema = str_printf(f->mem, "%s_%d", f->schema, (int)getpid()).p;
        on_server(f, "create", "");
        f->url = str_printf(f->mem, "%s&options=-csearch_path%%3D%s", f->server, f->schema).p;
    }
    f->db = db_open(&f->cx, f->url, DB_WRITE);
    assert_non_null(f->db);
    *state = f;
    return 0;
}

static inline int fixture_down(void **state)
{
    Fixture *f = *state;
    db_close(f->db);
    if (f->server != NULL) {
        on_server(f, "drop", " cascade");
    }
    static const char *const NAMES[] = {"t.db", "t.db-wal", "t.db-shm", "copy.db", "copy.db-wal", "copy.db-shm", "junk.db"};
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        unlink(str_printf(f->mem, "%s/%s", f->dir, NAMES[i]).p);
    }
    assert_int_equal(rmdir(f->dir), 0);
    arena_free(f->mem);
    free(f);
    return 0;
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, fixture_up, fixture_down)

/* Runs statements that must succeed. */
static inline void script(Fixture *f, Db *db, const char *sql)
{
    REQUIRE(db_script(&f->cx, db, sql), "%s: %.*s\n", sql, STRF(f->cx.err_text));
}

/* The single number a query answers. */
static inline int64_t one(Fixture *f, Db *db, const char *sql)
{
    int64_t v = 0;
    Stmt *st = db_stmt(&f->cx, db, SQL_ADMIN, str_c(sql));
    assert_non_null(st);
    assert_true(stmt_one_int(&f->cx, st, -1, &v));
    return v;
}

/* Runs one statement and answers how it ended; the context is clean afterwards. */
static inline ErrCode outcome(Fixture *f, Db *db, const char *sql)
{
    Stmt *st = db_stmt(&f->cx, db, SQL_ADMIN, str_c(sql));
    bool ok = st != NULL && stmt_run(&f->cx, st);
    ErrCode err = f->cx.err;
    assert_true(ok == (err == E_OK));
    cx_clear(&f->cx);
    return err;
}
