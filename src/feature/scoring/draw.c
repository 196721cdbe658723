/*
 * draw.c - commit, draw, sheets.
 *
 * At the commitment the list is closed: candidates, those left out and why, and entries stand in a snapshot whose hash
 * is published with the commitment, so that nobody can choose candidates or entries to fit a seed. The seed rests
 * sealed with the store's key until the draw. The draw is made from that list alone; a judge who may not score one
 * entry (own city, declared conflict) is replaced there by the next of the order.
 */
#include "feature/scoring/set.h"

#include "base/date.h"
#include "db/sql.h"
#include "store/reach.h"
#include "store/tlog.h"

static Str seed_aad(Cx *cx, const Scoring *sc, int64_t panel)
{
    return str_printf(cx->mem, "%.*s|%.*s|%lld", STRF(sc->panel->id), STRF(sc->p.sealed_seed->id), (long long)panel);
}

bool panel_json(Cx *cx, Store *s, const Scoring *sc, const Rec *panel, const char *name, Doc **ret)
{
    Snapshot snap;
    bool found;
    Str why;
    *ret = NULL;
    if (!snapshot_last(cx, s, sc->panel, panel->id, str_c(name), &snap, &found)) {
        return false;
    }
    if (found) {
        *ret = json_read(cx->mem, snap.body, &why);
    }
    return !found || *ret != NULL || fail(cx, E_DATA, "评审组留存的名单读不出来：%.*s", STRF(why));
}

/* ---- commit ---- */

typedef struct {
    const Actor *a;
    const Scoring *sc;
    const Rec *panel;
    Str word;
} DrawArg;

static Doc *list_doc(Cx *cx, const Scoring *sc, const Rec *panel, const Pool *pool)
{
    Doc *o = doc_obj(cx->mem), *in = doc_set_list(o, "candidates"), *out = doc_set_list(o, "exclusions"),
        *entries = doc_set_list(o, "entries");
    for (size_t i = 0; i < pool->n; i++) {
        const Candidate *c = &pool->items[i];
        Doc *one = doc_add_obj(c->n_reasons == 0 ? in : out);
        doc_set_id(one, "id", c->rec.id);
        doc_set_str(one, "key", c->rec.no);
        doc_set_str(one, "stratum", c->city != NULL ? c->city->code : S(""));
        Doc *why = c->n_reasons == 0 ? NULL : doc_set_list(one, "reasons");
        for (size_t k = 0; k < c->n_reasons; k++) {
            doc_add_str(why, c->reasons[k]);
        }
    }
    for (size_t i = 0; i < pool->n_entries; i++) {
        Doc *one = doc_add_obj(entries);
        doc_set_id(one, "id", pool->entries[i].id);
        doc_set_str(one, "no", pool->entries[i].no);
    }
    doc_set_str(o, "purpose", panel->no);
    doc_set_int(o, "want", val_of(panel, sc->p.size)->i);
    doc_set_int(o, "substitutes", val_of(panel, sc->p.substitutes)->i);
    doc_set_int(o, "per_stratum", val_of(panel, sc->p.per_city)->i);
    doc_set_str(o, "city_rule", val_of(panel, sc->p.city_rule)->s);
    return o;
}

/* All panels of a round stand on the same rubric. */
static bool rubric_of_round(Cx *cx, Store *s, const Scoring *sc, const Rec *panel, const Rubric *rubric)
{
    Query q = {.type = sc->panel, .limit = 200};
    RecPage page;
    q.filters[q.n_filters++] = (Filter){.field = sc->p.round, .value = v_int(val_of(panel, sc->p.round)->i)};
    if (!rec_list(cx, s, &SCORING_SYSTEM, &q, false, &page)) {
        return false;
    }
    for (size_t i = 0; i < page.n; i++) {
        const Value *h = val_of(&page.items[i], sc->p.rubric_hash);
        if (h->has && !str_eq(h->s, rubric->hash)) {
            return fail(cx, E_WRONG_STATE,
                        "本%.*s的评审已经按另一版评分表开始，中途不能换。请恢复原来的评分表；新的评分表只用于新的%.*s",
                        STRF(sc->round->label), STRF(sc->round->label));
        }
    }
    return true;
}

/* What was promised and what was revealed also goes into the public log: neither can be exchanged afterwards. */
static bool log_texts(Cx *cx, Store *s, const Rec *panel, const char *kind, const Field *const *fields, size_t n)
{
    Doc *o = doc_obj(cx->mem);
    int64_t index;
    for (size_t i = 0; i < n; i++) {
        doc_set_str_n(o, fields[i]->id, val_of(panel, fields[i])->s);
    }
    return tlog_add(cx, s, str_c(kind), panel->no, json_canonical(cx->mem, o), &index);
}

static bool do_commit(Cx *cx, Store *s, void *arg)
{
    DrawArg *x = arg;
    const Scoring *sc = x->sc;
    const Rubric *rubric;
    Pool pool;
    Rec after;
    Snapshot snap;
    if (!round_rubric(cx, s, sc, val_of(x->panel, sc->p.round)->i, &rubric) ||
        !rubric_of_round(cx, s, sc, x->panel, rubric) || !pool_make(cx, s, sc, x->panel, &pool)) {
        return false;
    }
    int64_t size = val_of(x->panel, sc->p.size)->i;
    if (pool.n_entries == 0) {
        return fail(cx, E_WRONG_STATE, "本%.*s还没有进入评审的%.*s，不能抽取专家", STRF(sc->round->label),
                    STRF(sc->entry->label));
    }
    if ((int64_t)pool.n_fit < size) {
        return fail(cx, E_WRONG_STATE, "可以抽取的只有 %zu 人，不够 %lld 人。请补充%.*s，或者减少人数", pool.n_fit,
                    (long long)size, STRF(sc->judge->label));
    }
    uint8_t bytes[32], hash[32];
    char commitment[65];
    random_bytes(bytes, sizeof bytes);
    Str seed = hex(cx->mem, bytes, sizeof bytes), list = json_canonical(cx->mem, list_doc(cx, sc, x->panel, &pool));
    lot_commitment(seed, commitment);
    sha256(list.p, list.n, hash);
    const char *const names[] = {"commitment", "sealed_seed", "list_hash", "rubric_hash"};
    const Value values[] = {v_str(str_dup(cx->mem, str_c(commitment))),
                            v_str(field_seal(cx->mem, store_key(s), seed_aad(cx, sc, x->panel->id), seed)),
                            v_str(hex(cx->mem, hash, sizeof hash)), v_str(rubric->hash)};
    return system_act(cx, s, x->a, x->panel, sc->p.commit, names, values, ARRAY_LEN(names), x->panel->rev, &after) &&
           snapshot_put(cx, s, x->a, &after, S("list"), list, &snap) &&
           log_texts(cx, s, &after, "lot-commitment",
                     (const Field *[]){sc->p.commitment, sc->p.list_hash, sc->p.rubric_hash}, 3);
}

bool panel_commit(Cx *cx, Store *s, const Actor *a, const Scoring *sc, const Rec *panel)
{
    DrawArg x = {.a = a, .sc = sc, .panel = panel};
    return store_write(cx, s, do_commit, &x);
}

/* ---- sheets ---- */

static bool sheet_rows_held(Cx *cx, Store *s, const Scoring *sc, int64_t panel, SheetRow **ret, size_t *ret_n)
{
    (void)s; /* the connection stands in cx */
    Sql *q = sql_new(cx->mem);
    const Field *cols[] = {sc->s.entry, sc->s.judge, sc->s.seat, sc->s.account};
    sql_lit(q, "select id, state");
    for (size_t i = 0; i < ARRAY_LEN(cols); i++) {
        sql_lit(q, ", ");
        sql_ident2(q, S("f_"), cols[i]->id);
    }
    sql_lit(q, " from ");
    sql_ident2(q, S("r_"), sc->sheet->id);
    sql_lit(q, " where deleted is null and ");
    sql_ident2(q, S("f_"), sc->s.panel->id);
    sql_lit(q, " = ");
    sql_int(q, panel);
    sql_lit(q, " order by id");
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, q);
    SheetRow *rows = NULL;
    size_t n = 0, cap = 0;
    while (st != NULL && stmt_next(cx, st)) {
        ARRAY_ROOM(cx->mem, rows, n, cap);
        rows[n++] = (SheetRow){.id = stmt_col_int(st, 0),
                               .state = type_state(sc->sheet, stmt_col_text(st, 1)),
                               .entry = stmt_col_int(st, 2),
                               .judge = stmt_col_int(st, 3),
                               .seat = stmt_col_int(st, 4),
                               .account = stmt_col_dup(cx->mem, st, 5)};
    }
    if (st == NULL || !stmt_end(st)) {
        return false;
    }
    *ret = rows;
    *ret_n = n;
    return true;
}

bool sheet_rows(Cx *cx, Store *s, const Scoring *sc, int64_t panel, SheetRow **ret, size_t *ret_n)
{
    ReachHold h;
    reach_program(cx, &h);
    bool ok = sheet_rows_held(cx, s, sc, panel, ret, ret_n);
    reach_end(cx, &h);
    return ok;
}

static bool make_sheet(Cx *cx, Store *s, const Scoring *sc, const Rec *panel, const EntryFacts *e, const Rec *judge,
                       int64_t seat, const Rubric *rubric)
{
    Value *v = NEW_ARRAY(cx->mem, Value, sc->sheet->n_fields);
    bool *set = NEW_ARRAY(cx->mem, bool, sc->sheet->n_fields);
    const struct {
        const Field *f;
        Value v;
    } given[] = {{sc->s.title, v_str(e->title)},
                 {sc->s.panel, v_int(panel->id)},
                 {sc->s.entry, v_int(e->id)},
                 {sc->s.judge, v_int(judge->id)},
                 {sc->s.account, *val_of(judge, sc->j.account)},
                 {sc->s.seat, v_int(seat)},
                 {sc->s.rubric, v_str(rubric->id)}};
    for (size_t i = 0; i < ARRAY_LEN(given); i++) {
        v[given[i].f->index] = given[i].v;
        set[given[i].f->index] = true;
    }
    WriteOpts o = {.undone_by_caller = true, .source = panel->no};
    Findings found = findings_new(cx->mem);
    Rec made;
    if (rec_create(cx, s, &SCORING_SYSTEM, sc->sheet, pack_org_by_home(store_pack(s), panel->home), v, set, &o, &found,
                   &made)) {
        return true;
    }
    if (found.n != 0) {
        cx->err_text = found.items[0].text;
    }
    return false;
}

/* One drawn judge or substitute, in the order of the draw. */
typedef struct {
    Rec rec;
    const Region *city;
    int64_t seat;
} Seat;

/* Those of the order that hold a seat: the drawn ones first, then the substitutes. */
static bool seats_of(Cx *cx, Store *s, const Scoring *sc, const Doc *order, Seat **ret, size_t *ret_n)
{
    Seat *seats = NEW_ARRAY(cx->mem, Seat, order->n + 1);
    size_t n = 0;
    Str level = pack_setting_str(store_pack(s), sc->name, S("stratum_level"));
    for (int64_t seat = 1; seat <= (int64_t)order->n; seat++) {
        for (const Doc *o = order->first; o != NULL; o = o->next) {
            if (doc_get_int(o, "seat", 0) != seat) {
                continue;
            }
            Seat *x = &seats[n++];
            x->seat = seat;
            if (!system_rec(cx, s, sc->judge, doc_get_int(o, "id", 0), &x->rec)) {
                return false;
            }
            x->city = region_at(store_pack(s), pack_region(store_pack(s), val_of(&x->rec, sc->j.region)->s), level);
        }
    }
    *ret = seats;
    *ret_n = n;
    return true;
}

static bool may_score(Cx *cx, Store *s, const Scoring *sc, const Rec *panel, const Seat *x, const EntryFacts *e)
{
    int32_t today = instant_date(cx->now_ms);
    bool city = !str_eq(val_of(panel, sc->p.city_rule)->s, S("none"));
    return x->rec.state->initial &&
           entry_conflict(cx->mem, sc, &x->rec, x->city, e, city, today, advised_years(store_pack(s), sc, today)).n ==
               0;
}

/* The next judge in the drawn order without conflict gets a sheet for this entry; when none is left, the entry has one
 * sheet less. */
static bool substitute(Cx *cx, Store *s, const Scoring *sc, const Rec *panel, int64_t entry)
{
    Doc *draw;
    Seat *seats;
    SheetRow *rows;
    size_t n, n_rows;
    Rec e;
    EntryFacts facts;
    const Rubric *rubric;
    if (!panel_json(cx, s, sc, panel, "draw", &draw) || draw == NULL ||
        !seats_of(cx, s, sc, doc_get(draw, S("order")), &seats, &n) ||
        !sheet_rows(cx, s, sc, panel->id, &rows, &n_rows) || !system_rec(cx, s, sc->entry, entry, &e) ||
        !entry_facts(cx, s, sc, &e, &facts) || !round_rubric(cx, s, sc, val_of(panel, sc->p.round)->i, &rubric)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        bool has = seats[i].seat <= val_of(panel, sc->p.size)->i || !may_score(cx, s, sc, panel, &seats[i], &facts);
        for (size_t k = 0; k < n_rows && !has; k++) {
            has = rows[k].entry == entry && rows[k].judge == seats[i].rec.id;
        }
        if (!has) {
            return make_sheet(cx, s, sc, panel, &facts, &seats[i].rec, seats[i].seat, rubric);
        }
    }
    return true;
}

typedef struct {
    const Actor *a;
    const Scoring *sc;
    const Rec *sheet, *panel;
    int64_t rev;
    Str text;
} RecuseArg;

static bool do_recuse(Cx *cx, Store *s, void *arg)
{
    RecuseArg *x = arg;
    const char *const names[] = {"why"};
    const Value why = v_str(x->text);
    Rec after;
    return system_act(cx, s, x->a, x->sheet, x->sc->s.recuse, names, &why, 1, x->rev, &after) &&
           substitute(cx, s, x->sc, x->panel, val_of(x->sheet, x->sc->s.entry)->i);
}

bool sheet_recuse(Cx *cx, Store *s, const Actor *a, const Scoring *sc, const Rec *sheet, const Rec *panel, int64_t rev,
                  Str text)
{
    RecuseArg x = {.a = a, .sc = sc, .sheet = sheet, .panel = panel, .rev = rev, .text = text};
    return store_write(cx, s, do_recuse, &x);
}

/* ---- draw ---- */

static bool lots_of(Cx *cx, const Doc *list, Lot **ret, size_t *ret_n)
{
    const Doc *l = doc_get(list, S("candidates"));
    Lot *lots = NEW_ARRAY(cx->mem, Lot, l->n + 1);
    size_t n = 0;
    for (const Doc *o = l->first; o != NULL; o = o->next) {
        lots[n++] = (Lot){.key = doc_get_str(o, "key"), .stratum = doc_get_str(o, "stratum")};
    }
    *ret = lots;
    *ret_n = n;
    return true;
}

static Str id_of_key(const Doc *list, Str key)
{
    for (const Doc *o = doc_get(list, S("candidates"))->first; o != NULL; o = o->next) {
        if (str_eq(doc_get_str(o, "key"), key)) {
            return doc_get_str(o, "id");
        }
    }
    return S("");
}

static Doc *draw_doc(Cx *cx, const Scoring *sc, const Rec *panel, const Doc *list, const Lot *lots, size_t n, Str seed,
                     Str word)
{
    Doc *o = doc_obj(cx->mem);
    doc_set_str(o, "seed", seed);
    doc_set_str(o, "word", word);
    doc_set_str(o, "purpose", panel->no);
    doc_set_str(o, "commitment", val_of(panel, sc->p.commitment)->s);
    doc_set_str(o, "list_hash", val_of(panel, sc->p.list_hash)->s);
    doc_set_int(o, "want", val_of(panel, sc->p.size)->i);
    doc_set_int(o, "per_stratum", val_of(panel, sc->p.per_city)->i);
    Doc *order = doc_set_list(o, "order");
    int64_t drawn = 0, more = val_of(panel, sc->p.size)->i, last = more + val_of(panel, sc->p.substitutes)->i;
    for (size_t i = 0; i < n; i++) {
        Doc *one = doc_add_obj(order);
        int64_t seat = lots[i].drawn ? ++drawn : more < last ? ++more : 0;
        doc_set_str(one, "id", id_of_key(list, lots[i].key));
        doc_set_str(one, "key", lots[i].key);
        doc_set_str(one, "stratum", lots[i].stratum);
        doc_set_str(one, "ticket", str_dup(cx->mem, str_c(lots[i].ticket)));
        doc_set_int(one, "place", lots[i].place);
        doc_set_bool(one, "drawn", lots[i].drawn);
        doc_set_int(one, "seat", seat);
    }
    return o;
}

static bool make_sheets(Cx *cx, Store *s, const Scoring *sc, const Rec *panel, const Doc *list, const Doc *draw,
                        const Rubric *rubric)
{
    Seat *seats;
    size_t n;
    int64_t size = val_of(panel, sc->p.size)->i;
    if (!seats_of(cx, s, sc, doc_get(draw, S("order")), &seats, &n)) {
        return false;
    }
    for (const Doc *o = doc_get(list, S("entries"))->first; o != NULL; o = o->next) {
        ArenaMark mark = arena_mark(cx->mem); /* a round may have thousands of entries */
        Rec e;
        EntryFacts facts;
        if (!system_rec(cx, s, sc->entry, doc_get_int(o, "id", 0), &e) || !entry_facts(cx, s, sc, &e, &facts)) {
            return false;
        }
        if (!under_review(store_pack(s), sc, e.state)) {
            arena_release(cx->mem, mark);
            continue; /* withdrawn since */
        }
        int64_t given = 0;
        for (size_t i = 0; i < n && given < size; i++) { /* substitutes step in where a drawn judge may not score */
            if (may_score(cx, s, sc, panel, &seats[i], &facts)) {
                given++;
                if (!make_sheet(cx, s, sc, panel, &facts, &seats[i].rec, seats[i].seat, rubric)) {
                    return false;
                }
            }
        }
        arena_release(cx->mem, mark);
    }
    return true;
}

static bool do_draw(Cx *cx, Store *s, void *arg)
{
    DrawArg *x = arg;
    const Scoring *sc = x->sc;
    const Rubric *rubric;
    Doc *list;
    Lot *lots;
    size_t n;
    Str seed;
    Rec after;
    Snapshot snap;
    int64_t size = val_of(x->panel, sc->p.size)->i;
    if (!rubric_same(cx, s, sc, x->panel, &rubric) || !panel_json(cx, s, sc, x->panel, "list", &list)) {
        return false;
    }
    if (list == NULL || !field_open(cx->mem, store_key(s), seed_aad(cx, sc, x->panel->id),
                                    val_of(x->panel, sc->p.sealed_seed)->s, &seed)) {
        return fail(cx, E_DATA, "封存的种子或名单打不开，不能抽取。请重新建立评审组");
    }
    if (!lots_of(cx, list, &lots, &n)) {
        return false;
    }
    if ((int64_t)lot_draw(seed, x->word, x->panel->no, lots, n, (size_t)size,
                          (size_t)val_of(x->panel, sc->p.per_city)->i) < size) {
        return fail(cx, E_WRONG_STATE,
                    "同一地区最多抽 %lld 人，这样抽不满 %lld 人。请新建评审组，放宽这一限制或者减少人数",
                    (long long)val_of(x->panel, sc->p.per_city)->i, (long long)size);
    }
    Doc *draw = draw_doc(cx, sc, x->panel, list, lots, n, seed, x->word);
    const char *const names[] = {"seed", "word", "drawn_on"};
    const Value values[] = {v_str(seed), v_str(x->word), v_int(instant_date(cx->now_ms))};
    return system_act(cx, s, x->a, x->panel, sc->p.draw, names, values, ARRAY_LEN(names), x->panel->rev, &after) &&
           snapshot_put(cx, s, x->a, &after, S("draw"), json_canonical(cx->mem, draw), &snap) &&
           log_texts(cx, s, &after, "lot-draw", (const Field *[]){sc->p.commitment, sc->p.seed, sc->p.word}, 3) &&
           make_sheets(cx, s, sc, &after, list, draw, rubric);
}

bool panel_draw(Cx *cx, Store *s, const Actor *a, const Scoring *sc, const Rec *panel, Str word)
{
    DrawArg x = {.a = a, .sc = sc, .panel = panel, .word = word};
    return store_write(cx, s, do_draw, &x);
}
