/*
 * cup.h - the invented province's cup: two works, judges, a panel that was drawn, sheets handed in.
 */
#pragma once

#include "../../store/fixture.h"

#include "base/date.h"
#include "feature/scoring/set.h"

typedef struct {
    Fixture *f;
    Scoring sc;
    const RecordType *team, *cup, *work, *juror, *jury, *slip;
    Rec cup_rec, team1, team2, work1, work2;
} World;

static const NamedCheck CHECKS[] = {{"score_mark", scoring_mark}};

static inline int world_up(void **state)
{
    crypt_start();
    log_level(LOG_ERROR + 1);
    rule_named_set(CHECKS, ARRAY_LEN(CHECKS));
    World *w = calloc(1, sizeof *w);
    Fixture *f = w->f = calloc(1, sizeof *f);
    f->mem = arena_new(0);
    clock_set((int64_t)date_from_civil(2026, 6, 1) * 86400000 + 4 * 3600000);
    cx_init(&f->cx, f->mem);
    snprintf(f->dir, sizeof f->dir, "%s/tamga-jury-XXXXXX", P_tmpdir);
    assert_non_null(mkdtemp(f->dir));
    Str report;
    f->pack = pack_load(&f->cx, f->mem, SOURCE_ROOT "/test/fixture/pack-jury", &report);
    if (f->pack == NULL) {
        print_error("%.*s\n", STRF(report));
    }
    assert_non_null(f->pack);
    const struct {
        const RecordType **t;
        const char *id;
    } types[] = {{&w->team, "team"},   {&w->cup, "cup"},   {&w->work, "work"},
                 {&w->juror, "juror"}, {&w->jury, "jury"}, {&w->slip, "slip"}};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        *types[i].t = pack_type(f->pack, str_c(types[i].id));
        assert_non_null(*types[i].t);
    }
    f->head = actor_of(f, 4, "省一", "P", "head");
    f->system = (Actor){.is_system = true, .name = S("系统"), .via = S("cli")};
    store_up(f);
    OK(scoring_of(&f->cx, f->pack, "panel", w->jury, &w->sc));
    *state = w;
    return 0;
}

static inline int world_down(void **state)
{
    World *w = *state;
    void *f = w->f;
    free(w);
    return fixture_down(&f);
}

#define W(fn) cmocka_unit_test_setup_teardown(fn, world_up, world_down)

static inline Rec made(Fixture *f, const char *org, const Form *o)
{
    Rec r;
    OK(create_in(f, &f->system, org, o, &r));
    return r;
}

static inline void put_ref(Form *o, const char *id, int64_t to)
{
    const Field *field = type_field(o->t, str_c(id));
    o->v[field->index] = v_int(to);
    o->set[field->index] = true;
}

/* One row of a list: its columns in order. */
static inline void put_row(Fixture *f, Form *o, const char *id, Value a, Value b)
{
    const Field *field = type_field(o->t, str_c(id));
    Value *v = NEW_ARRAY(f->mem, Value, 2), *list = &o->v[field->index];
    v[0] = a;
    v[1] = b;
    Row *rows = NEW_ARRAY(f->mem, Row, list->n_rows + 1);
    for (size_t i = 0; i < list->n_rows; i++) {
        rows[i] = list->rows[i];
    }
    rows[list->n_rows] = (Row){.v = v};
    *list = (Value){.has = true, .rows = rows, .n_rows = list->n_rows + 1};
    o->set[field->index] = true;
}

static inline Rec named(World *w, const RecordType *t, const char *name)
{
    Form o = form(w->f, t);
    put(w->f, &o, "name", name);
    if (t == w->cup) {
        put(w->f, &o, "table", "plain");
    }
    return made(w->f, "P", &o);
}

static inline Rec work_of(World *w, const char *org, const char *name, int64_t team_id, const char *maker, const char *code,
                   const char *people)
{
    Form o = form(w->f, w->work);
    put(w->f, &o, "name", name);
    put(w->f, &o, "maker", maker);
    put(w->f, &o, "people", people);
    if (code != NULL) {
        put(w->f, &o, "maker_code", code);
    }
    put_ref(&o, "cup", w->cup_rec.id);
    put_ref(&o, "team", team_id);
    return made(w->f, org, &o);
}

/* 甲队 of county C1 with 30 people (5 points), 乙队 of C2 with 60 (10 points). */
static inline void two_works(World *w)
{
    w->cup_rec = named(w, w->cup, "第一届");
    w->team1 = named(w, w->team, "甲队");
    w->team2 = named(w, w->team, "乙队");
    w->work1 = work_of(w, "C1", "甲作", w->team1.id, "甲县手艺合作社", "91350100M000100Y43", "30");
    w->work2 = work_of(w, "C2", "乙作", w->team2.id, "乙县公司", NULL, "60");
}

static inline Form juror_form(World *w, const char *name, const char *unit)
{
    Form o = form(w->f, w->juror);
    put(w->f, &o, "name", name);
    put(w->f, &o, "unit", unit);
    put(w->f, &o, "account", name);
    put(w->f, &o, "valid_from", "2024-01-01");
    return o;
}

static inline Rec panel_of(World *w, const char *size, const char *spare, const char *rule)
{
    Form o = form(w->f, w->jury);
    put(w->f, &o, "title", "评委会");
    put(w->f, &o, "size", size);
    put(w->f, &o, "substitutes", spare);
    put(w->f, &o, "city_rule", rule);
    put(w->f, &o, "closes", "2026-06-30");
    put_ref(&o, "round", w->cup_rec.id);
    return made(w->f, "P", &o);
}

static inline void jurors(World *w, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        Str name = str_printf(w->f->mem, "j%zu", i + 1);
        Form o = juror_form(w, name.p, "省技术学院");
        (void)made(w->f, "P", &o);
    }
}

static inline Rec fresh(World *w, const Rec *r)
{
    Fixture *f = w->f;
    Rec now;
    OK(system_rec(&f->cx, f->s, r->type, r->id, &now));
    return now;
}

static inline Rec drawn_panel(World *w, const char *size, const char *spare)
{
    Fixture *f = w->f;
    Rec panel = panel_of(w, size, spare, "none");
    OK(panel_commit(&f->cx, f->s, &f->head, &w->sc, &panel));
    panel = fresh(w, &panel);
    OK(panel_draw(&f->cx, f->s, &f->head, &w->sc, &panel, S("")));
    return fresh(w, &panel);
}

static inline Actor judge_actor(const World *w, const SheetRow *row)
{
    Actor a = actor_of(w->f, 100 + row->seat, "评委", "P", "juror");
    a.login = row->account;
    return a;
}

static inline bool mark(World *w, const Actor *a, int64_t sheet, int64_t skill, int64_t show)
{
    Fixture *f = w->f;
    Form o = form(f, w->slip);
    const Field *marks = type_field(w->slip, S("marks"));
    const char *ids[] = {"skill", "show"};
    const int64_t points[] = {skill, show};
    Row *rows = NEW_ARRAY(f->mem, Row, 2);
    for (size_t i = 0; i < 2; i++) {
        rows[i].v = NEW_ARRAY(f->mem, Value, marks->n_fields);
        rows[i].v[0] = v_str(str_c(ids[i]));
        rows[i].v[1] = v_int(points[i]);
        rows[i].v[2] = v_str(S("有理有据"));
    }
    o.v[marks->index] = (Value){.has = true, .rows = rows, .n_rows = 2};
    o.set[marks->index] = true;
    Rec r = {.type = w->slip, .id = sheet};
    bool changed;
    return update(f, a, &r, &o, 0, &changed);
}

static inline void declare(World *w, int64_t sheet)
{
    Fixture *f = w->f;
    Rec stub = {.type = w->slip, .id = sheet}, after;
    OK(system_act(&f->cx, f->s, &f->head, &stub, w->sc.s.declare, NULL, NULL, 0, 0, &after));
}

static inline void hand_in(World *w, const SheetRow *row, int64_t skill, int64_t show)
{
    Fixture *f = w->f;
    Actor a = judge_actor(w, row);
    Rec stub = {.type = w->slip, .id = row->id}, after;
    const char *const names[] = {"total"};
    const Value total = v_int(skill + show);
    declare(w, row->id);
    OK(mark(w, &a, row->id, skill, show));
    OK(system_act(&f->cx, f->s, &a, &stub, w->sc.s.submit, names, &total, 1, 0, &after));
}
