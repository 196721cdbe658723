/*
 * bundle.c - how long the evidence bundle of a round takes, and how long it takes to prove one.
 *
 *   bundle PACK DIR [N [M]]     prints "60 entries, 5 sheets each: closed and ranked in 120 ms; 12300 kB, made in 234 ms, proved in 67 ms"
 *
 * PACK is the invented cup of the tests (test/fixture/pack-jury), DIR a folder that does not exist yet. N entries are made, judges drawn,
 * every sheet handed in and opened, all through the doors that people use. Documents are not printed: bench_press measures these.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/log.h"
#include "feature/bundle/bundle.h"
#include "feature/scoring/set.h"

typedef struct {
    Cx cx;
    Store *s;
    const Pack *p;
    Scoring sc;
    Actor program, head;
    const RecordType *cup, *team, *work, *juror, *jury, *slip;
    int64_t closed_us;                   /* opening all sheets, computing, ranking, writing each entry's result and computation */
} World;

static const NamedCheck CHECKS[] = {{"score_mark", scoring_mark}};

typedef struct {
    const char *field;
    Value v;
} Given;

static bool add(World *w, const RecordType *t, const Given *given, size_t n, Rec *ret)
{
    Value *v = NEW_ARRAY(w->cx.mem, Value, t->n_fields);
    bool *set = NEW_ARRAY(w->cx.mem, bool, t->n_fields);
    Findings found = findings_new(w->cx.mem);
    WriteOpts o = {0};
    for (size_t i = 0; i < n; i++) {
        const Field *f = type_field(t, str_c(given[i].field));
        CHECK(f != NULL);
        v[f->index] = given[i].v;
        set[f->index] = true;
    }
    return rec_create(&w->cx, w->s, &w->program, t, pack_org(w->p, S("P")), v, set, &o, &found, ret);
}

static bool people(World *w, size_t judges, size_t entries, Rec *cup)
{
    const Given the_cup[] = {{"name", v_str(S("第一届"))}, {"table", v_str(S("plain"))}};
    Rec r;
    if (!add(w, w->cup, the_cup, ARRAY_LEN(the_cup), cup)) {
        return false;
    }
    for (size_t i = 0; i < judges; i++) {
        Str name = str_printf(w->cx.mem, "j%zu", i + 1);
        const Given judge[] = {{"name", v_str(name)}, {"unit", v_str(S("省技术学院"))}, {"account", v_str(name)},
                               {"valid_from", v_int(date_from_civil(2024, 1, 1))}};
        if (!add(w, w->juror, judge, ARRAY_LEN(judge), &r)) {
            return false;
        }
    }
    for (size_t i = 0; i < entries; i++) {
        Str name = str_printf(w->cx.mem, "作品%zu", i + 1);
        const Given team[] = {{"name", v_str(str_printf(w->cx.mem, "队伍%zu", i + 1))}};
        if (!add(w, w->team, team, 1, &r)) {
            return false;
        }
        const Given work[] = {{"name", v_str(name)}, {"cup", v_int(cup->id)}, {"team", v_int(r.id)}, {"maker", v_str(S("手艺合作社"))},
                              {"people", v_int((int64_t)(i * 37 % 90))}};
        if (!add(w, w->work, work, ARRAY_LEN(work), &r)) {
            return false;
        }
    }
    return true;
}

static bool hand_in(World *w, const SheetRow *row, int64_t points)
{
    Cx *cx = &w->cx;
    const Field *marks = type_field(w->slip, S("marks"));
    Value *v = NEW_ARRAY(cx->mem, Value, w->slip->n_fields);
    bool *set = NEW_ARRAY(cx->mem, bool, w->slip->n_fields), changed;
    Actor judge = {.user = 100 + row->seat, .login = row->account, .name = row->account, .org = pack_org(w->p, S("P")), .n_roles = 1,
                   .via = S("web")};
    Rec stub = {.type = w->slip, .id = row->id}, after;
    Findings found = findings_new(cx->mem);
    WriteOpts o = {0};
    const char *const names[] = {"total"};
    const Value total = v_int(points + 500);
    judge.roles[0] = S("juror");
    Row *rows = NEW_ARRAY(cx->mem, Row, 2);
    const char *const ids[] = {"skill", "show"};
    for (size_t i = 0; i < 2; i++) {
        rows[i].v = NEW_ARRAY(cx->mem, Value, marks->n_fields);
        rows[i].v[0] = v_str(str_c(ids[i]));
        rows[i].v[1] = v_int(i == 0 ? points : 500);
        rows[i].v[2] = v_str(S("材料齐全，评分有据"));
    }
    v[marks->index] = (Value){.has = true, .rows = rows, .n_rows = 2};
    set[marks->index] = true;
    return system_act(cx, w->s, &w->head, &stub, w->sc.s.declare, NULL, NULL, 0, 0, &after) &&
           rec_update(cx, w->s, &judge, w->slip, row->id, v, set, &o, &found, &after, &changed) &&
           system_act(cx, w->s, &judge, &stub, w->sc.s.submit, names, &total, 1, 0, &after);
}

static bool score(World *w, const Rec *cup, size_t sheets)
{
    Cx *cx = &w->cx;
    const Given jury[] = {{"title", v_str(S("评委会"))}, {"size", v_int((int64_t)sheets)}, {"substitutes", v_int(1)},
                          {"city_rule", v_str(S("none"))}, {"closes", v_int(instant_date(cx->now_ms) + 30)}, {"round", v_int(cup->id)}};
    Rec panel;
    SheetRow *rows;
    size_t n, unscored;
    if (!add(w, w->jury, jury, ARRAY_LEN(jury), &panel) || !panel_commit(cx, w->s, &w->head, &w->sc, &panel) ||
        !system_rec(cx, w->s, w->jury, panel.id, &panel) || !panel_draw(cx, w->s, &w->head, &w->sc, &panel, S("")) ||
        !system_rec(cx, w->s, w->jury, panel.id, &panel) || !sheet_rows(cx, w->s, &w->sc, panel.id, &rows, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!hand_in(w, &rows[i], (int64_t)(i * 131 % 1500))) {
            return false;
        }
    }
    int64_t start = clock_mono_us();
    bool ok = panel_close(cx, w->s, &w->head, &w->sc, &panel, false, &unscored);
    w->closed_us = clock_mono_us() - start;
    return ok;
}

static bool world(World *w, const char *pack, const char *dir)
{
    Str report;
    Cx *cx = &w->cx;
    w->p = pack_load(cx, cx->mem, pack, &report);
    if (w->p == NULL || mkdir(dir, 0700) != 0) {
        return fail(cx, E_IO, "no pack %s, or %s is there", pack, dir);
    }
    const RecordType **const types[] = {&w->cup, &w->team, &w->work, &w->juror, &w->jury, &w->slip};
    const char *const names[] = {"cup", "team", "work", "juror", "jury", "slip"};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        *types[i] = pack_type(w->p, str_c(names[i]));
    }
    w->program = (Actor){.is_system = true, .name = S("系统"), .via = S("cli")};
    w->head = (Actor){.user = 4, .login = S("head"), .name = S("head"), .org = pack_org(w->p, S("P")), .n_roles = 1, .via = S("web")};
    w->head.roles[0] = S("head");
    w->s = store_open(cx, dir, w->p);
    return w->s != NULL && store_attach(cx, w->s) && scoring_of(cx, w->p, "panel", w->jury, &w->sc);
}

static bool measure(World *w, const Rec *cup, const char *out, int64_t *ret_made, int64_t *ret_proved, int64_t *ret_bytes)
{
    BundleAsk ask = {0};
    BundleCounts n;
    Str report;
    int64_t faults, from = clock_mono_us();
    if (!bundle_make(&w->cx, w->s, &w->head, w->cup, cup->id, &ask, out, NULL, NULL, &n)) {
        return false;
    }
    *ret_made = clock_mono_us() - from;
    int fd = open(out, O_RDONLY | O_CLOEXEC);
    *ret_bytes = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
    char *p = arena_alloc(w->cx.mem, (size_t)*ret_bytes + 1);
    if (fd < 0 || pread(fd, p, (size_t)*ret_bytes, 0) != *ret_bytes) {
        return fail(&w->cx, E_IO, "cannot read %s", out);
    }
    close(fd);
    from = clock_mono_us();
    if (!bundle_check(&w->cx, str_n(p, (size_t)*ret_bytes), NULL, 0, &faults, &report)) {
        return false;
    }
    *ret_proved = clock_mono_us() - from;
    return faults == 0 || fail(&w->cx, E_DATA, "%.*s", STRF(report));
}

int main(int argc, char **argv)
{
    size_t n = argc > 3 ? (size_t)strtoul(argv[3], NULL, 10) : 60, m = argc > 4 ? (size_t)strtoul(argv[4], NULL, 10) : 5;
    if (argc < 3 || n == 0 || n > 2000 || m == 0 || m > 20) {
        fprintf(stderr, "bundle PACK DIR [ENTRIES [SHEETS]]\n");
        return 2;
    }
    crypt_start();
    log_level(LOG_ERROR + 1);
    rule_named_set(CHECKS, ARRAY_LEN(CHECKS));
    bundle_set("bench", "view", NULL);
    World w = {0};
    Rec cup;
    int64_t made = INT64_MAX, proved = INT64_MAX, bytes = 0;
    cx_init(&w.cx, arena_new((size_t)4 << 30));
    bool ok = world(&w, argv[1], argv[2]) && people(&w, m + 3, n, &cup) && score(&w, &cup, m);
    for (int i = 0; i < 3 && ok; i++) { /* the best of three */
        int64_t a, b;
        ArenaMark mark = arena_mark(w.cx.mem);
        ok = measure(&w, &cup, str_printf(w.cx.mem, "%s/%d.zip", argv[2], i).p, &a, &b, &bytes);
        made = ok && a < made ? a : made;
        proved = ok && b < proved ? b : proved;
        if (ok) { /* a failure's text must stay */
            arena_release(w.cx.mem, mark);
        }
    }
    if (!ok) {
        fprintf(stderr, "%.*s\n", STRF(cx_text(&w.cx)));
        return 1;
    }
    printf("%zu entries, %zu sheets each: closed and ranked in %lld ms; %lld kB, made in %lld ms, proved in %lld ms\n", n, m,
           (long long)w.closed_us / 1000, (long long)bytes / 1024, (long long)made / 1000, (long long)proved / 1000);
    store_close(w.s);
    arena_free(w.cx.mem);
    return 0;
}
