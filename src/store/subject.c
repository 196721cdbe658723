/*
 * subject.c - see subject.h. A key is unwrapped for one value at a time and wiped at once, so that clear keys do not lie in arenas.
 */
#include "store/subject.h"
#include "store/recent.h"
#include "store/sealing.h"

#include "base/buf.h"

#define GENERATIONS 200

bool subject_tables(Cx *cx, Db *db)
{
    return db_script(cx, db,
                     "create table if not exists subject_key (home integer not null, subject integer not null, key text not null,"
                     " made integer not null, erased integer not null, primary key (home, subject)){strict}");
}

bool type_has_personal(const RecordType *t)
{
    for (size_t i = 0; i < t->n_fields; i++) {
        if (t->fields[i].personal) {
            return true;
        }
    }
    return false;
}

/* "<generation>:<wrapped>"; 0 when there is no key at all. */
static int64_t generation(Str own_key, Str *ret_wrapped)
{
    Str head;
    int64_t n = 0;
    *ret_wrapped = S("");
    return str_cut(own_key, ':', &head, ret_wrapped) && str_int(head, &n) && n >= 1 && n <= GENERATIONS ? n : 0;
}

static Str wrap_aad(Arena *mem, int64_t subject, int64_t gen)
{
    return str_printf(mem, "subject_key|%lld|%lld", (long long)subject, (long long)gen);
}

/* The record an aad of field_aad is about. */
static int64_t aad_subject(Str aad)
{
    int64_t id = 0;
    for (size_t i = aad.n; i > 0; i--) {
        if (aad.p[i - 1] == '|') {
            (void)str_int(str_sub(aad, i, aad.n - i), &id);
            break;
        }
    }
    return id;
}

static bool unwrap(Cx *cx, const Store *s, Str own_key, int64_t subject, FieldKey *ret)
{
    Str wrapped, clear;
    int64_t gen = generation(own_key, &wrapped);
    if (gen == 0 || wrapped.n == 0 || !field_open(cx->mem, &s->keys->wrap, wrap_aad(cx->mem, subject, gen), wrapped, &clear) ||
        clear.n != sizeof ret->key) {
        return false;
    }
    *ret = (FieldKey){.id = (uint8_t)(gen + 1), .cipher = s->keys->field.cipher};
    memcpy(ret->key, clear.p, sizeof ret->key);
    secret_wipe((char *)(uintptr_t)clear.p, clear.n);
    return true;
}

Str personal_seal(Cx *cx, const Store *s, Str own_key, Str aad, Str clear)
{
    FieldKey key;
    if (str_eq(clear, PERSONAL_ERASED)) {
        return S(ERASED_MARK);
    }
    CHECK(unwrap(cx, s, own_key, aad_subject(aad), &key));
    Str sealed = field_seal(cx->mem, &key, aad, clear);
    secret_wipe(&key, sizeof key);
    return sealed;
}

bool personal_open(Cx *cx, const Store *s, Str own_key, Str aad, Str sealed, Str *ret)
{
    uint8_t cipher, id;
    Str wrapped;
    FieldKey key;
    if (str_eq(sealed, S(ERASED_MARK))) {
        *ret = PERSONAL_ERASED;
        return true;
    }
    if (!field_head(sealed, &cipher, &id)) {
        return false;
    }
    if (id == s->keys->field.id) {
        return field_open(cx->mem, &s->keys->field, aad, sealed, ret);
    }
    int64_t gen = generation(own_key, &wrapped);
    if (gen != 0 && (id < gen + 1 || (id == gen + 1 && wrapped.n == 0))) {
        *ret = PERSONAL_ERASED;
        return true;
    }
    bool ok = id == gen + 1 && unwrap(cx, s, own_key, aad_subject(aad), &key);
    if (ok) {
        ok = field_open(cx->mem, &key, aad, sealed, ret);
        secret_wipe(&key, sizeof key);
    }
    return ok;
}

Str personal_token(Cx *cx, const Store *s, const RecordType *t, const Field *f, Str clear)
{
    return blind_index(cx->mem, &s->keys->field, str_printf(cx->mem, "%.*s|%.*s", STRF(t->id), STRF(f->id)), clear);
}

/* ---- writing ---- */

static bool put_key(Cx *cx, Store *s, const Rec *r, Str key, int64_t erased)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE,
                       S("insert into subject_key (home, subject, key, made, erased) values (?1, ?2, ?3, ?4, ?5)"
                         " on conflict (home, subject) do update set key = excluded.key, made = excluded.made, erased = excluded.erased"));
    if (st == NULL) {
        return false;
    }
    recent_drop(s, r->id);
    stmt_int(st, 1, r->home);
    stmt_int(st, 2, r->id);
    stmt_text(st, 3, key);
    stmt_int(st, 4, cx->now_ms);
    stmt_int(st, 5, erased);
    return stmt_queue(cx, st);
}

static bool make_key(Cx *cx, Store *s, Rec *r, int64_t gen)
{
    uint8_t raw[32];
    if (gen > GENERATIONS) {
        return fail(cx, E_CONFLICT, "这条记录的个人信息已删除过 %d 次，不能再填", GENERATIONS);
    }
    random_bytes(raw, sizeof raw);
    Str wrapped = field_seal(cx->mem, &s->keys->wrap, wrap_aad(cx->mem, r->id, gen), str_n((const char *)raw, sizeof raw));
    secret_wipe(raw, sizeof raw);
    r->own_key = str_printf(cx->mem, "%lld:%.*s", (long long)gen, STRF(wrapped));
    return put_key(cx, s, r, r->own_key, 0);
}

bool subject_need(Cx *cx, Store *s, Rec *r)
{
    Str wrapped;
    FieldKey key;
    int64_t gen = generation(r->own_key, &wrapped);
    if (gen == 0 || wrapped.n == 0) {
        return make_key(cx, s, r, gen + 1);
    }
    if (!unwrap(cx, s, r->own_key, r->id, &key)) {
        return fail(cx, E_DATA, "记录 %lld 的密钥打不开，不能改动它的个人信息", (long long)r->id);
    }
    secret_wipe(&key, sizeof key);
    return true;
}

bool subject_ready(Cx *cx, Store *s, Rec *r, const Value *before)
{
    static const Value NONE = {0};
    for (size_t i = 0; i < r->type->n_fields; i++) {
        const Field *f = &r->type->fields[i];
        const Value *was = before != NULL ? &before[i] : &NONE, *now = &r->v[i];
        if (f->personal && !value_eq(f, was, now) && !(now->has && str_eq(now->s, PERSONAL_ERASED))) {
            return subject_need(cx, s, r);
        }
    }
    return true;
}

bool subject_destroy(Cx *cx, Store *s, Rec *r)
{
    Str wrapped;
    int64_t gen = generation(r->own_key, &wrapped);
    r->own_key = str_printf(cx->mem, "%lld:", (long long)MAX(gen, 1));
    return put_key(cx, s, r, r->own_key, cx->now_ms);
}

/* ---- counting and sealing anew ---- */

static bool count_field(Cx *cx, Store *s, const RecordType *t, const Field *f, SealCounts *ret)
{
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select substr(");
    sql_ident2(q, S("f_"), f->id);
    sql_lit(q, ", 1, 3), max(");
    sql_ident2(q, S("f_"), f->id);
    sql_lit(q, "), count(*) from ");
    sql_ident(q, s->types[t->index].table);
    sql_lit(q, " where ");
    sql_ident2(q, S("f_"), f->id);
    sql_lit(q, " is not null group by 1");
    Stmt *st = sql_stmt(cx, cx->db, SQL_ADMIN, q);
    if (st == NULL) {
        return false;
    }
    while (stmt_next(cx, st)) {
        uint8_t cipher, id;
        Str one = stmt_col_text(st, 1);
        int64_t n = stmt_col_int(st, 2);
        if (str_eq(one, S(ERASED_MARK))) {
            ret->erased += n;
        } else if (field_head(one, &cipher, &id)) {
            ret->by[cipher][id != s->keys->field.id] += n;
        } else {
            ret->unknown += n;
        }
    }
    return stmt_end(st);
}

static bool count_fields(Cx *cx, Store *s, SealCounts *ret)
{
    for (size_t i = 0; i < s->pack->n_types; i++) {
        const RecordType *t = &s->pack->types[i];
        for (size_t k = 0; k < t->n_fields; k++) {
            if (t->fields[k].personal && !count_field(cx, s, t, &t->fields[k], ret)) {
                return false;
            }
        }
    }
    return true;
}

bool subject_counts(Cx *cx, Store *s, SealCounts *ret)
{
    ReachHold h;
    *ret = (SealCounts){0};
    reach_program(cx, &h);
    bool ok = count_fields(cx, s, ret);
    reach_end(cx, &h);
    if (!ok) {
        return false;
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("select count(*) from subject_key where erased = 0"));
    if (st == NULL || !stmt_one_int(cx, st, 0, &ret->live_keys)) {
        return false;
    }
    st = db_stmt(cx, cx->db, SQL_ADMIN, S("select count(*) from subject_key where erased <> 0"));
    return st != NULL && stmt_one_int(cx, st, 0, &ret->destroyed_keys);
}

typedef struct {
    const RecordType *t;
    int64_t after;
    size_t seen;
    int64_t changed;
} Reseal;

/* Whether a sealed text of the row is not as it would be sealed today. */
static bool is_old(const Store *s, Str sealed, Str own_key)
{
    uint8_t cipher, id;
    Str wrapped;
    int64_t gen = generation(own_key, &wrapped);
    return field_head(sealed, &cipher, &id) && (cipher != s->keys->field.cipher || (id == s->keys->field.id) || id != gen + 1);
}

static bool reseal_one(Cx *cx, Store *s, Reseal *x, int64_t id)
{
    Rec r;
    Str *sealed;
    if (!rec_load_deleted_too(cx, s, x->t, id, &r) || !row_sealed(cx, s, x->t, id, &sealed)) {
        return false;
    }
    bool any = false;
    for (size_t i = 0; i < x->t->n_fields; i++) {
        const Field *f = &x->t->fields[i];
        if (f->personal && r.v[i].has && !str_eq(r.v[i].s, PERSONAL_ERASED) && !str_eq(r.v[i].s, PERSONAL_BROKEN)) {
            any = any || is_old(s, sealed[i], r.own_key) || (f->lookup && !row_token_kept(cx, s, x->t, f, id));
        }
    }
    if (!any || cx->err != E_OK) {
        return cx->err == E_OK;
    }
    x->changed++;
    return subject_need(cx, s, &r) && row_seal_again(cx, s, &r);
}

static bool reseal_some(Cx *cx, Store *s, void *arg)
{
    Reseal *x = arg;
    Sql *q = sql_new(cx->mem);
    int64_t ids[200];
    x->seen = 0;
    sql_lit(q, "select id from ");
    sql_ident(q, s->types[x->t->index].table);
    sql_lit(q, " where id > ");
    sql_int(q, x->after);
    sql_lit(q, " order by id limit 200");
    Stmt *st = sql_stmt(cx, cx->db, SQL_ADMIN, q);
    if (st == NULL) {
        return false;
    }
    while (stmt_next(cx, st)) {
        ids[x->seen++] = stmt_col_int(st, 0);
    }
    if (!stmt_end(st)) {
        return false;
    }
    for (size_t i = 0; i < x->seen; i++) {
        if (!reseal_one(cx, s, x, ids[i])) {
            return false;
        }
        x->after = ids[i];
    }
    return true;
}

bool subject_reseal(Cx *cx, Store *s, int64_t *ret_n)
{
    *ret_n = 0;
    for (size_t i = 0; i < s->pack->n_types; i++) {
        Reseal x = {.t = &s->pack->types[i]};
        do {
            ArenaMark mark = arena_mark(cx->mem);
            if (type_has_personal(x.t) && !store_write(cx, s, reseal_some, &x)) {
                return false;
            }
            arena_release(cx->mem, mark);
        } while (x.seen != 0);
        *ret_n += x.changed;
    }
    return true;
}
