/* flow.h - the fixture of the pack with several signers, timers, sealed sheets and two revisions of a form. */
#pragma once

#include "fixture.h"
#include "store/snapshot.h"

typedef struct {
    const RecordType *round, *piece, *sheet, *letter;
    Actor clerk, clerk_w, officer, officer2, leader, judge, judge2;
} Flow;

static Flow flow;

static inline int flow_up(void **state)
{
    Fixture *f = fixture_pack("pack-flow");
    flow = (Flow){.round = pack_type(f->pack, S("round")),
                  .piece = pack_type(f->pack, S("piece")),
                  .sheet = pack_type(f->pack, S("sheet")),
                  .letter = pack_type(f->pack, S("letter")),
                  .clerk = actor_of(f, 1, "dong1", "E", "clerk"),
                  .clerk_w = actor_of(f, 2, "xi1", "W", "clerk"),
                  .officer = actor_of(f, 3, "shi1", "M", "officer"),
                  .officer2 = actor_of(f, 4, "shi2", "M", "officer"),
                  .leader = actor_of(f, 5, "zhu1", "M", "leader"),
                  .judge = actor_of(f, 6, "ping1", "M", "judge"),
                  .judge2 = actor_of(f, 7, "ping2", "M", "judge")};
    store_up(f);
    *state = f;
    return 0;
}

#define FT(fn) cmocka_unit_test_setup_teardown(fn, flow_up, fixture_down)

static inline Rec a_round(Fixture *f, const char *closes)
{
    Form o = form(f, flow.round);
    Rec r;
    put(f, &o, "name", "第一轮");
    put(f, &o, "closes", closes);
    OK(create_in(f, &flow.officer, "M", &o, &r));
    return r;
}

static inline Rec a_piece(Fixture *f, const char *name, const char *makers, const Rec *round)
{
    Form o = form(f, flow.piece);
    Rec r;
    put(f, &o, "name", name);
    put(f, &o, "makers", makers);
    put(f, &o, "story", "代代相传");
    put(f, &o, "phone", "13812342046");
    if (round != NULL) {
        put(f, &o, "round", str_z(f->mem, id_text(f->mem, round->id)));
    }
    OK(create_in(f, &flow.clerk, "E", &o, &r));
    return r;
}

static inline Rec a_sheet(Fixture *f, const Rec *piece, const Actor *judge, const char *points)
{
    Form o = form(f, flow.sheet);
    Rec r;
    put(f, &o, "piece", str_z(f->mem, id_text(f->mem, piece->id)));
    put(f, &o, "judge_login", str_z(f->mem, judge->login));
    put(f, &o, "points", points);
    OK(create_in(f, &f->system, "M", &o, &r));
    return r;
}

/* as act(), with the input of `choose` left empty */
static inline bool step(Fixture *f, const Actor *a, Rec *r, const char *id, const char *reason)
{
    Findings found = findings_new(f->mem);
    WriteOpts opts = {.reason = str_c(reason), .rev = r->rev};
    return rec_act(&f->cx, f->s, a, r->type, r->id, type_action(r->type, str_c(id)), NULL, &opts, &found, r);
}

static inline bool by_program(Fixture *f, Rec *r, const char *id)
{
    Findings found = findings_new(f->mem);
    WriteOpts opts = {0};
    return rec_act_system(&f->cx, f->s, &flow.officer, r->type, r->id, type_action(r->type, str_c(id)), NULL, &opts,
                          &found, r);
}

/* a piece that two have chosen for the round */
static inline Rec a_chosen(Fixture *f, const char *name, const char *makers, const Rec *round)
{
    Rec r = a_piece(f, name, makers, round);
    OK(step(f, &flow.clerk, &r, "send", ""));
    OK(step(f, &flow.officer, &r, "choose", ""));
    OK(step(f, &flow.leader, &r, "choose", ""));
    SAME(r.state->id, "chosen");
    return r;
}

static inline Rec again(Fixture *f, const Rec *r)
{
    Rec now;
    OK(rec_load(&f->cx, f->s, r->type, r->id, true, &now));
    return now;
}

static inline void sound(Fixture *f)
{
    VerifyCounts n;
    Str report;
    OK(journal_verify(&f->cx, f->s, &n, &report));
    SAME(report, "");
}

static inline void behind_the_back(Fixture *f, const char *sql)
{
    Cx cx;
    cx_init(&cx, f->mem);
    Db *db = db_open(&cx, behind_url(f), DB_WRITE);
    assert_true(db != NULL && db_script(&cx, db, sql));
    db_close(db);
}
