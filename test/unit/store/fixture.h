/* fixture.h - a store on the small pack of the invented province, in a folder of its own that is removed afterwards. With
 * TAMGA_TEST_DB=postgresql://… (tool/pg.sh) its database is a schema of its own on that server. */
#pragma once

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* base/err.h has its own */

#include "base/clock.h"
#include "base/log.h"
#include "rule/validate.h"
#include "store/file.h"
#include "store/internal.h"
#include "store/user.h"

typedef struct {
    Arena *mem;
    Cx cx;
    char dir[64];
    const char *server, *schema; /* PostgreSQL: its address, and the schema of this test; NULL: SQLite */
    const Pack *pack;
    Store *s;
    const RecordType *team, *award;
    Actor writer, writer_too, writer2, head, head2, system, nobody; /* writer, writer_too: county C1; writer2: C2; heads: the province */
} Fixture;

static inline void say_failure(const Fixture *f)
{
    print_error("%s: %.*s (%.*s)\n", err_info(f->cx.err)->api, STRF(f->cx.err_text), STRF(f->cx.err_at));
}

/* What must succeed, and what must fail with a code; the context is clean afterwards. */
#define OK(expr)                                                                                                       \
    do {                                                                                                               \
        if (!(expr)) {                                                                                                 \
            say_failure(f);                                                                                            \
            print_error("%s\n", #expr);                                                                                \
            _fail(__FILE__, __LINE__);                                                                                 \
        }                                                                                                              \
    } while (0)
#define REFUSED(code, expr)                                                                                            \
    do {                                                                                                               \
        assert_false(expr);                                                                                            \
        if (f->cx.err != (code)) {                                                                                     \
            say_failure(f);                                                                                            \
        }                                                                                                              \
        assert_int_equal(f->cx.err, (code));                                                                           \
        cx_clear(&f->cx);                                                                                              \
    } while (0)
#define SAME(str, lit) assert_true(str_eq((str), S(lit)))

/* For a test of what one engine alone does. */
#define ONLY_SQLITE(f)                                                                                                 \
    if ((f)->server != NULL) {                                                                                         \
        skip();                                                                                                        \
    }

/* The database for those who go behind the store's back: on a server as a role that row-level security does not hold. */
static inline const char *behind_url(Fixture *f)
{
    const char *super = getenv("TAMGA_TEST_SUPER");
    if (f->server == NULL || super == NULL) {
        return store_database(&f->cx, f->dir);
    }
    return str_printf(f->mem, "%s&options=-csearch_path%%3D%s", super, f->schema).p;
}

static inline void on_server(Fixture *f, const char *verb, const char *tail)
{
    const char *super = getenv("TAMGA_TEST_SUPER"); /* what was made behind the store's back belongs to that role */
    Db *db = db_open(&f->cx, verb[0] == 'd' && super != NULL ? super : f->server, DB_WRITE);
    assert_non_null(db);
    assert_true(db_script(&f->cx, db, str_printf(f->mem, "%s %s%s", verb, f->schema, tail).p));
    db_close(db);
}

/* A database of its own for the folder. */
static inline void place_up(Fixture *f)
{
    f->server = getenv("TAMGA_TEST_DB");
    if (f->server == NULL) {
        return;
    }
    f->schema = str_lower(f->mem, str_printf(f->mem, "t_%s_%d", f->dir + strlen(f->dir) - 6, (int)getpid())).p;
    on_server(f, "create schema", "");
    assert_true(store_place(&f->cx, f->dir, str_printf(f->mem, "%s&options=-csearch_path%%3D%s", f->server, f->schema).p));
}

static inline Actor actor_of(const Fixture *f, int64_t user, const char *name, const char *org, const char *role)
{
    Actor a = {.user = user, .login = str_c(name), .name = str_c(name), .org = pack_org(f->pack, str_c(org)), .n_roles = 1, .via = S("web")};
    assert_non_null(a.org);
    a.roles[0] = str_c(role);
    return a;
}

static inline void store_up(Fixture *f)
{
    f->s = store_open(&f->cx, f->dir, f->pack);
    if (f->s == NULL) {
        say_failure(f);
    }
    assert_non_null(f->s);
    OK(store_attach(&f->cx, f->s));
}

static inline void store_again(Fixture *f)
{
    store_close(f->s);
    f->cx.db = NULL;
    store_up(f);
}

/* A folder of its own and the named pack of test/fixture; no store yet. */
static inline Fixture *fixture_pack(const char *name)
{
    crypt_start();
    log_level(LOG_ERROR + 1);
    Fixture *f = calloc(1, sizeof *f);
    f->mem = arena_new(0);
    cx_init(&f->cx, f->mem);
    snprintf(f->dir, sizeof f->dir, "%s/tamga-store-XXXXXX", P_tmpdir);
    assert_non_null(mkdtemp(f->dir));
    place_up(f);
    const char *root = getenv("TAMGA_ROOT");
    Str report;
    f->pack = pack_load(&f->cx, f->mem, str_printf(f->mem, "%s/test/fixture/%s", root != NULL ? root : ".", name).p, &report);
    if (f->pack == NULL) {
        print_error("%.*s\n", STRF(report));
    }
    assert_non_null(f->pack);
    f->system = (Actor){.is_system = true, .name = S("系统"), .via = S("cli")};
    return f;
}

static inline int fixture_up(void **state)
{
    Fixture *f = fixture_pack("pack-two");
    f->team = pack_type(f->pack, S("team"));
    f->award = pack_type(f->pack, S("award"));
    f->writer = actor_of(f, 1, "甲一", "C1", "writer");
    f->writer_too = actor_of(f, 2, "甲二", "C1", "writer");
    f->writer2 = actor_of(f, 3, "乙一", "C2", "writer");
    f->head = actor_of(f, 4, "省一", "P", "head");
    f->head2 = actor_of(f, 5, "省二", "P", "head");
    store_up(f);
    *state = f;
    return 0;
}

static inline int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static inline int fixture_down(void **state)
{
    Fixture *f = *state;
    clock_set(0);
    store_close(f->s);
    if (f->server != NULL) {
        on_server(f, "drop schema if exists", " cascade");
        on_server(f, "drop schema if exists", "_kept cascade"); /* keep() */
    }
    assert_int_equal(nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    arena_free(f->mem);
    free(f);
    return 0;
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, fixture_up, fixture_down)

/* The values of a form: "name=甲县瓦工队", … as typed. */
typedef struct {
    const RecordType *t;
    Value *v;
    bool *set;
} Form;

static inline void put(Fixture *f, Form *o, const char *id, const char *text)
{
    const Field *field = type_field(o->t, str_c(id));
    Findings found = findings_new(f->mem);
    assert_non_null(field);
    assert_true(value_parse(f->mem, f->pack, field, field->id, str_c(text), NULL, &o->v[field->index], &found));
    o->set[field->index] = true;
}

static inline Form form(Fixture *f, const RecordType *t)
{
    return (Form){.t = t, .v = NEW_ARRAY(f->mem, Value, t->n_fields), .set = NEW_ARRAY(f->mem, bool, t->n_fields)};
}

static inline Form team_form(Fixture *f, const char *name, const char *people)
{
    Form o = form(f, f->team);
    put(f, &o, "name", name);
    put(f, &o, "trade", "farm");
    put(f, &o, "people", people);
    return o;
}

static inline bool create_in(Fixture *f, const Actor *a, const char *org, const Form *o, Rec *ret)
{
    Findings found = findings_new(f->mem);
    WriteOpts opts = {0};
    return rec_create(&f->cx, f->s, a, o->t, pack_org(f->pack, str_c(org)), o->v, o->set, &opts, &found, ret);
}

static inline Rec team(Fixture *f, const Actor *a, const char *name, const char *people)
{
    Rec r;
    Form o = team_form(f, name, people);
    OK(create_in(f, a, a->is_system ? "C1" : str_z(f->mem, a->org->code), &o, &r));
    return r;
}

static inline bool update(Fixture *f, const Actor *a, const Rec *r, const Form *o, int64_t rev, bool *ret_changed)
{
    Findings found = findings_new(f->mem);
    WriteOpts opts = {.rev = rev};
    Rec after;
    return rec_update(&f->cx, f->s, a, r->type, r->id, o->v, o->set, &opts, &found, &after, ret_changed);
}

static inline bool act(Fixture *f, const Actor *a, Rec *r, const char *id, const char *reason)
{
    Findings found = findings_new(f->mem);
    WriteOpts opts = {.reason = str_c(reason), .rev = r->rev};
    const Action *step = type_action(r->type, str_c(id));
    assert_non_null(step);
    Value *inputs = NEW_ARRAY(f->mem, Value, step->n_ask + 1);
    if (step->n_ask == 1) {
        inputs[0] = (Value){.has = true, .s = S("gold")};
    }
    return rec_act(&f->cx, f->s, a, r->type, r->id, step, inputs, &opts, &found, r);
}

static inline const Value *val(const Rec *r, const char *id)
{
    const Field *field = type_field(r->type, str_c(id));
    assert_non_null(field);
    return &r->v[field->index];
}

/* The single number a query over the database file answers, behind the store's back. */
static inline int64_t raw(Fixture *f, const char *sql)
{
    int64_t n;
    ReachHold h;
    reach_program(&f->cx, &h);
    Stmt *st = db_stmt(&f->cx, f->cx.db, SQL_ADMIN, str_c(sql));
    OK(st != NULL);
    OK(stmt_one_int(&f->cx, st, 0, &n));
    reach_end(&f->cx, &h);
    return n;
}

/* ---- the whole database, behind the store's back; the store may be closed ---- */

static inline Db *behind(Fixture *f, DbMode mode)
{
    Db *db = db_open(&f->cx, behind_url(f), mode);
    if (db == NULL) {
        say_failure(f);
    }
    assert_non_null(db);
    return db;
}

static inline size_t server_tables(Fixture *f, Db *db, Str *names, size_t max)
{
    size_t n = 0;
    Stmt *st = db_stmt(&f->cx, db, SQL_ADMIN, S("select relname from pg_class where relkind in ('r', 'p') and not relispartition"
                                                 " and relnamespace = to_regnamespace(current_schema()) order by relname"));
    assert_non_null(st);
    for (bool row = true; row;) {
        OK(stmt_step(&f->cx, st, &row));
        if (row) {
            assert_true(n < max);
            names[n++] = stmt_col_dup(f->mem, st, 0);
        }
    }
    stmt_done(st);
    return n;
}

/* All that is stored, as a thief would read it: the bytes of the file and its log, or every row of every table as text. */
static inline Str database_bytes(Fixture *f)
{
    Buf all = buf_new(f->mem, 16 << 20);
    if (f->server == NULL) {
        static const char *const FILES[] = {"tamga.db", "tamga.db-wal"};
        char part[65536];
        for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
            FILE *in = fopen(str_printf(f->mem, "%s/%s", f->dir, FILES[i]).p, "rb");
            for (size_t n; in != NULL && (n = fread(part, 1, sizeof part, in)) != 0;) {
                buf_add_bytes(&all, part, n);
            }
            if (in != NULL) {
                fclose(in);
            }
        }
    } else {
        Str names[200];
        Db *db = behind(f, DB_READ);
        size_t n = server_tables(f, db, names, ARRAY_LEN(names));
        for (size_t i = 0; i < n; i++) {
            Stmt *st = db_stmt(&f->cx, db, SQL_ADMIN, str_printf(f->mem, "select cast(row_to_json(t) as text) from %.*s t", STRF(names[i])));
            assert_non_null(st);
            for (bool row = true; row;) {
                OK(stmt_step(&f->cx, st, &row));
                buf_add(&all, row ? stmt_col_text(st, 0) : S(""));
            }
            stmt_done(st);
        }
        db_close(db);
    }
    assert_false(all.full);
    return buf_str(&all);
}

/* keep - note the whole content; bring_back - put it in place again. With the store closed. */
static inline void keep(Fixture *f)
{
    Db *db = behind(f, DB_WRITE);
    if (f->server == NULL) {
        OK(db_backup(&f->cx, db, str_printf(f->mem, "%s/kept", f->dir).p, NULL, NULL));
    } else {
        Str names[200];
        size_t n = server_tables(f, db, names, ARRAY_LEN(names));
        OK(db_script(&f->cx, db, str_printf(f->mem, "create schema %s_kept", f->schema).p));
        for (size_t i = 0; i < n; i++) {
            OK(db_script(&f->cx, db, str_printf(f->mem, "create table %s_kept.%.*s as table %.*s", f->schema, STRF(names[i]), STRF(names[i])).p));
        }
    }
    db_close(db);
}

static inline void bring_back(Fixture *f)
{
    if (f->server == NULL) {
        assert_int_equal(system(str_printf(f->mem, "cp '%s/kept' '%s/tamga.db' && rm -f '%s'/tamga.db-wal '%s'/tamga.db-shm", f->dir, f->dir,
                                           f->dir, f->dir).p), 0);
        return;
    }
    Db *db = behind(f, DB_WRITE);
    Str names[200];
    size_t n = server_tables(f, db, names, ARRAY_LEN(names));
    for (size_t i = 0; i < n; i++) {
        OK(db_script(&f->cx, db, str_printf(f->mem, "delete from %.*s; insert into %.*s select * from %s_kept.%.*s", STRF(names[i]), STRF(names[i]),
                                            f->schema, STRF(names[i])).p));
    }
    db_close(db);
}
