/*
 * check_score.c - draws made again from the closed list, results and ranks computed again from the sheets (rule/lot.h, rule/score.h).
 */
#include "feature/bundle/set.h"
#include "rule/lot.h"
#include "rule/score.h"

#define POINTS_MAX 100000000 /* hundredths: far above any rubric */

/* A field of a record file: its raw text; empty when it has none or the person was not shown it. */
static Str field_text(const Doc *record, const char *name)
{
    return doc_get_str(doc_get(doc_get(record, S("fields")), str_c(name)), "value");
}

/* "85.5" -> 8550 */
static bool points_read(Str text, int64_t *ret)
{
    Str whole, rest;
    int64_t a, b = 0;
    (void)str_cut(text, '.', &whole, &rest);
    if (!str_int(whole, &a) || rest.n > 2 || (rest.n != 0 && (!str_int(rest, &b) || b < 0))) {
        return false;
    }
    *ret = a * 100 + (rest.n == 1 ? b * 10 : b);
    return true;
}

/* ---- draws ---- */

static bool same_order(const Doc *order, const Lot *lots, size_t n)
{
    size_t i = 0;
    for (const Doc *o = order != NULL ? order->first : NULL; o != NULL; o = o->next, i++) {
        if (i >= n || !str_eq(doc_get_str(o, "key"), lots[i].key) || !str_eq(doc_get_str(o, "ticket"), str_c(lots[i].ticket)) ||
            doc_get_bool(o, "drawn") != lots[i].drawn || doc_get_int(o, "place", 0) != lots[i].place) {
            return false;
        }
    }
    return i == n;
}

static void same_promise(Audit *x, Str path, const Doc *draw, const Doc *record, const char *name)
{
    Str told = field_text(record, name);
    if (told.n != 0 && !str_eq(told, doc_get_str(draw, name))) {
        bad(x, "%.*s：%s 与记录里公布的不符", STRF(path), name);
    }
}

static void check_draw(Audit *x, const Doc *line)
{
    Arena *mem = x->cx->mem;
    Str path = doc_get_str(line, "draw"), list_path = doc_get_str(line, "list"), input_path = doc_get_str(line, "input");
    const Doc *list = json_of(x, list_path), *draw = json_of(x, path), *input = json_of(x, input_path),
              *record = json_of(x, doc_get_str(line, "record")), *from = doc_get(list, S("candidates"));
    if (from == NULL || draw == NULL || input == NULL || record == NULL) {
        bad(x, "%.*s：抽签的材料不全", STRF(path));
        return;
    }
    char commitment[65];
    Str seed = doc_get_str(draw, "seed");
    lot_commitment(seed, commitment);
    if (!str_eq(str_c(commitment), doc_get_str(draw, "commitment"))) {
        bad(x, "%.*s：种子不是抽签前承诺的那一个", STRF(path));
    }
    if (!str_eq(sha256_hex(mem, *file_of(x, list_path)), doc_get_str(draw, "list_hash"))) {
        bad(x, "%.*s：名单不是抽签前封存的那一份", STRF(list_path));
    }
    static const char *const PROMISED[] = {"commitment", "list_hash", "seed", "word"};
    for (size_t i = 0; i < ARRAY_LEN(PROMISED); i++) {
        same_promise(x, path, draw, record, PROMISED[i]);
    }
    Lot *lots = NEW_ARRAY(mem, Lot, from->n + 1);
    size_t n = 0;
    for (const Doc *c = from->first; c != NULL; c = c->next) {
        lots[n++] = (Lot){.key = doc_get_str(c, "key"), .stratum = doc_get_str(c, "stratum")};
    }
    const Doc *in = doc_get(input, S("candidates"));
    bool same = in != NULL && in->n == n;
    size_t i = 0;
    for (const Doc *c = in != NULL ? in->first : NULL; c != NULL && same; c = c->next, i++) {
        same = str_eq(doc_get_str(c, "key"), lots[i].key) && str_eq(doc_get_str(c, "stratum"), lots[i].stratum);
    }
    if (!same || !str_eq(doc_get_str(input, "seed"), seed) || !str_eq(doc_get_str(input, "word"), doc_get_str(draw, "word"))) {
        bad(x, "%.*s：与封存的名单或种子不符", STRF(input_path));
    }
    int64_t want = doc_get_int(draw, "want", 0), per = doc_get_int(draw, "per_stratum", 0);
    (void)lot_draw(seed, doc_get_str(draw, "word"), doc_get_str(draw, "purpose"), lots, n, (size_t)MAX(want, 0), (size_t)MAX(per, 0));
    if (!same_order(doc_get(draw, S("order")), lots, n)) {
        bad(x, "%.*s：重抽的结果不一样", STRF(path));
    }
}

void check_draws(Audit *x)
{
    int64_t before = x->faults, n = 0;
    const Doc *l = doc_get(x->index, S("draws"));
    for (const Doc *d = l != NULL ? l->first : NULL; d != NULL; d = d->next) {
        check_draw(x, d);
        n++;
    }
    good(x, before, "抽签", "重抽 %lld 次", (long long)n);
}

/* ---- results ---- */

typedef struct {
    Audit *x;
    Map by_id;                   /* id of a record -> its line in the index */
} Results;

/* The marks of the sheet's own record, when it lies in the bundle and shows them. */
static void same_marks(Results *w, const Doc *sheet, Str path)
{
    Audit *x = w->x;
    const Doc *line = map_get(&w->by_id, doc_get_str(sheet, "id"));
    const Str *text = line != NULL ? file_of(x, doc_get_str(line, "path")) : NULL;
    Str why;
    const Doc *record = text != NULL ? json_read_large(x->cx->mem, *text, &why) : NULL;
    const Doc *rows = doc_get(doc_get(doc_get(record, S("fields")), S("marks")), S("rows")), *marks = doc_get(sheet, S("marks"));
    for (const Doc *m = marks != NULL && rows != NULL ? marks->first : NULL; m != NULL; m = m->next) {
        int64_t points = 0, given = 0;
        for (const Doc *row = rows->first; row != NULL; row = row->next) {
            if (str_eq(doc_get_str(doc_get(row, S("criterion")), "value"), doc_get_str(m, "criterion")) &&
                points_read(doc_get_str(doc_get(row, S("points")), "value"), &points)) {
                given = points;
            }
        }
        if (given != doc_get_int(m, "points", -1)) {
            bad(x, "%.*s：“%.*s”的得分与评分表 %.*s 不符", STRF(path), STRF(doc_get_str(m, "label")), STRF(doc_get_str(line, "path")));
        }
    }
}

static int64_t sum_of(const Doc *list)
{
    int64_t sum = 0;
    for (const Doc *m = list != NULL ? list->first : NULL; m != NULL; m = m->next) {
        int64_t points = doc_get_int(m, "points", 0);
        if (points < 0 || points > POINTS_MAX || sum > POINTS_MAX) {
            return -1;
        }
        sum += points;
    }
    return sum;
}

static bool left_out_of(const EntryScore *e, int64_t id)
{
    for (size_t i = 0; i < e->n_sheets; i++) {
        if (e->sheets[i].id == id) {
            return e->sheets[i].left_out;
        }
    }
    return false;
}

/* One computation made again from its own sheets. False: not readable. */
static bool compute(Results *w, Str path, const Doc *c, EntryScore *ret)
{
    Audit *x = w->x;
    const Doc *rubric = doc_get(c, S("rubric")), *sheets = doc_get(c, S("sheets"));
    if (rubric == NULL || sheets == NULL || sheets->n == 0) {
        bad(x, "%.*s：没有评分表", STRF(path));
        return false;
    }
    Rubric r = {.trim = (int32_t)doc_get_int(rubric, "trim", 0), .spread = (int32_t)doc_get_int(rubric, "spread", 0),
                .pass = (int32_t)doc_get_int(rubric, "pass", 0)};
    int64_t by_program = sum_of(doc_get(c, S("program")));
    if (by_program < 0 || by_program > POINTS_MAX) {
        bad(x, "%.*s：程序计的分不对", STRF(path));
        return false;
    }
    EntryScore e = {.by_program = (int32_t)by_program, .sheets = NEW_ARRAY(x->cx->mem, SheetScore, sheets->n)};
    for (const Doc *s = sheets->first; s != NULL; s = s->next) {
        int64_t sum = sum_of(doc_get(s, S("marks")));
        if (sum < 0 || sum > POINTS_MAX || sum != doc_get_int(s, "sum", -1)) {
            bad(x, "%.*s：评分表 %.*s 的合计不对", STRF(path), STRF(doc_get_str(s, "no")));
            return false;
        }
        e.sheets[e.n_sheets++] = (SheetScore){.id = doc_get_int(s, "id", 0), .sum = (int32_t)sum};
        same_marks(w, s, path);
    }
    score_entry(&r, &e);
    const struct {
        const char *name;
        int64_t v;
    } again[] = {{"by_program", e.by_program}, {"by_persons", e.by_persons}, {"counted", (int64_t)e.n_counted}, {"low", e.low},
                 {"high", e.high}, {"result", e.result}};
    for (size_t i = 0; i < ARRAY_LEN(again); i++) {
        if (doc_get_int(c, again[i].name, -1) != again[i].v) {
            bad(x, "%.*s：重算的 %s 不一样", STRF(path), again[i].name);
        }
    }
    for (const Doc *s = sheets->first; s != NULL; s = s->next) {
        if (left_out_of(&e, doc_get_int(s, "id", 0)) != doc_get_bool(s, "left_out")) {
            bad(x, "%.*s：评分表 %.*s 是否去掉，重算的不一样", STRF(path), STRF(doc_get_str(s, "no")));
        }
    }
    if (doc_get_bool(c, "alarm") != e.alarm || doc_get_bool(c, "passed") != e.passed) {
        bad(x, "%.*s：离散警告或是否达线，重算的不一样", STRF(path));
    }
    *ret = e;
    return true;
}

static bool rubric_there(const Audit *x, const Doc *c)
{
    const Doc *l = doc_get(x->index, S("rubrics"));
    for (const Doc *o = l != NULL ? l->first : NULL; o != NULL; o = o->next) {
        if (str_eq(doc_get_str(o, "id"), doc_get_str(doc_get(c, S("rubric")), "id"))) {
            return str_eq(doc_get_str(o, "hash"), doc_get_str(doc_get(c, S("rubric")), "hash"));
        }
    }
    return true; /* left out, and named as such */
}

/* Was the entry under review at that moment? Its own history says; without one it counts. */
static bool ranked_at(Results *w, const Doc *line, int64_t at)
{
    Str path = doc_get_str(line, "history"), why, state = S("");
    const Str *text = path.n != 0 ? file_of(w->x, path) : NULL;
    const Doc *l = text != NULL ? doc_get(json_read_large(w->x->cx->mem, *text, &why), S("events")) : NULL;
    const Doc *states = doc_get(w->x->index, S("under_review"));
    for (const Doc *e = l != NULL ? l->first : NULL; e != NULL; e = e->next) {
        if (doc_get_int(e, "at", 0) <= at && doc_get_str(e, "state_to").n != 0) {
            state = doc_get_str(e, "state_to");
        }
    }
    for (const Doc *s = states != NULL && state.n != 0 ? states->first : NULL; s != NULL; s = s->next) {
        if (str_eq(s->s, state)) {
            return true;
        }
    }
    return state.n == 0 || states == NULL || states->n == 0;
}

/* Score and rank of the record against the computation. Where not all entries are in the bundle (`whole` false) the ranks must still stand in the
 * order of the results, and not before the place among those that are here. *last: result and rank of the one before; rank 0: none. */
static void compare_rank(Results *w, const EntryScore *e, Str path, bool whole, EntryScore *last)
{
    const Doc *record = json_of(w->x, path);
    Str score = field_text(record, "score"), rank = field_text(record, "rank");
    int64_t told;
    if (record == NULL || score.n == 0) {
        return; /* not shown to the asker */
    }
    if (!points_read(score, &told) || told != e->result) {
        bad(w->x, "%.*s：总分与重算的不一样", STRF(path));
    }
    if (e->rank < 0) {
        return;
    }
    bool same = str_int(rank, &told) && told > 0 && told <= INT32_MAX;
    if (same && whole) {
        same = told == e->rank;
    } else if (same) {
        same = told >= e->rank && (last->rank == 0 || (last->result == e->result ? told == last->rank : told > last->rank));
        *last = (EntryScore){.result = e->result, .rank = (int32_t)told};
    }
    if (!same) {
        bad(w->x, "%.*s：名次与重排的不一样", STRF(path));
    }
}

static void index_records(Results *w)
{
    const Doc *l = doc_get(w->x->index, S("records"));
    w->by_id = map_new(w->x->cx->mem);
    for (Doc *r = l != NULL ? l->first : NULL; r != NULL; r = r->next) {
        (void)map_put(&w->by_id, doc_get_str(r, "id"), r);
    }
}

void check_scores(Audit *x)
{
    int64_t before = x->faults, last = 0;
    Results w = {.x = x};
    EntryScore before_it = {0};
    bool whole = doc_get_bool(x->index, "ranking_whole");
    const Doc *l = doc_get(x->index, S("scores"));
    size_t n = l != NULL ? l->n : 0, ranked = 0;
    EntryScore *all = NEW_ARRAY(x->cx->mem, EntryScore, n + 1);
    Str *paths = NEW_ARRAY(x->cx->mem, Str, n + 1);
    index_records(&w);
    for (const Doc *s = n != 0 ? l->first : NULL; s != NULL; s = s->next) {
        last = MAX(last, doc_get_int(s, "at", 0));
    }
    for (const Doc *s = n != 0 ? l->first : NULL; s != NULL; s = s->next) {
        Str path = doc_get_str(s, "computation");
        const Doc *c = json_of(x, path), *record = json_of(x, doc_get_str(s, "record"));
        const Doc *line = map_get(&w.by_id, doc_get_str(record, "id"));
        EntryScore e;
        if (c == NULL || record == NULL || line == NULL || !compute(&w, path, c, &e)) {
            continue;
        }
        if (!rubric_there(x, c)) {
            bad(x, "%.*s：用的评分表不是包里的那一份", STRF(path));
        }
        e.entry = doc_get_int(record, "id", 0);
        e.rank = -1; /* left the review before the last ranking: its old rank is not made again */
        if (ranked_at(&w, line, last)) {
            paths[ranked] = doc_get_str(s, "record");
            all[ranked++] = e;
        } else {
            compare_rank(&w, &e, doc_get_str(s, "record"), whole, &before_it);
        }
    }
    Map path_of = map_new(x->cx->mem);
    for (size_t i = 0; i < ranked; i++) {
        (void)map_put(&path_of, id_text(x->cx->mem, all[i].entry), &paths[i]);
    }
    score_rank(all, ranked);
    for (size_t i = 0; i < ranked; i++) {
        compare_rank(&w, &all[i], *(const Str *)map_get(&path_of, id_text(x->cx->mem, all[i].entry)), whole, &before_it);
    }
    good(x, before, "评分", "重算 %zu 份，重排 %zu 个名次%s", n, ranked, whole ? "" : "（包里不是全部，只核对先后）");
}
