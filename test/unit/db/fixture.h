/* fixture.h - a database in a folder of its own, removed afterwards; and the words the tests of db are written with. */
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
    Db *db; /* a writing connection */
} Fixture;

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
    f->db = db_open(&f->cx, f->url, DB_WRITE);
    assert_non_null(f->db);
    *state = f;
    return 0;
}

static inline int fixture_down(void **state)
{
    Fixture *f = *state;
    db_close(f->db);
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
