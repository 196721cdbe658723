/* fixture.h - a store on the small pack of the invented province, in a folder of its own that is removed afterwards. */
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
    Stmt *st = db_stmt(&f->cx, f->cx.db, SQL_ADMIN, str_c(sql));
    OK(st != NULL);
    OK(stmt_one_int(&f->cx, st, 0, &n));
    return n;
}
