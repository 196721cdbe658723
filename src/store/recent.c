/*
 * recent.c - see recent.h. Two rings: of records, each in an arena of its own, and of ids.
 */
#include "store/recent.h"

#define RECORDS 4
#define IDS 8

struct Recent {
    struct {
        Arena *mem; /* made at first use */
        Rec rec;    /* id 0: none */
    } records[RECORDS];
    size_t next_record;
    struct {
        int64_t id, by; /* id 0: none; by 0: nothing refers to it */
    } made[IDS];
    size_t next_made;
};

static Value copy_value(Arena *mem, const Field *f, const Value *v)
{
    Value to = *v;
    to.s = v->s.n != 0 ? str_dup(mem, v->s) : S("");
    to.rows = v->n_rows != 0 ? NEW_ARRAY(mem, Row, v->n_rows) : NULL;
    for (size_t i = 0; i < v->n_rows; i++) {
        to.rows[i].v = NEW_ARRAY(mem, Value, f->n_fields);
        for (size_t k = 0; k < f->n_fields; k++) {
            to.rows[i].v[k] = copy_value(mem, &f->fields[k], &v->rows[i].v[k]);
        }
    }
    return to;
}

static Rec copy_rec(Arena *mem, const Rec *r)
{
    Rec to = {.type = r->type, .id = r->id, .home = r->home, .rev = r->rev, .state = r->state, .holder = r->holder, .created_ms = r->created_ms,
              .updated_ms = r->updated_ms, .created_by = r->created_by, .updated_by = r->updated_by, .no = str_dup(mem, r->no),
              .warnings = str_dup(mem, r->warnings), .form = r->form, .own_key = str_dup(mem, r->own_key)};
    to.v = NEW_ARRAY(mem, Value, r->type->n_fields);
    for (size_t i = 0; i < r->type->n_fields; i++) {
        if (r->v[i].has) {
            to.v[i] = copy_value(mem, &r->type->fields[i], &r->v[i]);
        }
    }
    return to;
}

void recent_drop(Store *s, int64_t id)
{
    struct Recent *recent = s->recent;
    for (size_t i = 0; i < RECORDS; i++) {
        if (recent->records[i].rec.id == id) {
            recent->records[i].rec.id = 0;
        }
    }
    for (size_t i = 0; i < IDS; i++) {
        if (recent->made[i].by == id) { /* it may refer to another now */
            recent->made[i].id = 0;
        }
    }
}

/* What r refers to is not unreferred any more; when another refers to it already, nothing is known of it. */
static void note_references(struct Recent *recent, const Rec *r)
{
    for (size_t i = 0; i < r->type->n_fields; i++) {
        for (size_t k = 0; r->type->fields[i].kind == FT_REF && r->v[i].has && k < IDS; k++) {
            if (recent->made[k].id == r->v[i].i) {
                recent->made[k].id = recent->made[k].by == 0 ? r->v[i].i : 0;
                recent->made[k].by = r->id;
            }
        }
    }
}

void recent_put(Store *s, const Rec *r)
{
    struct Recent *recent = s->recent;
    CHECK(on_writer(s));
    recent_drop(s, r->id);
    note_references(recent, r);
    size_t at = recent->next_record++ % RECORDS;
    if (recent->records[at].mem == NULL) {
        recent->records[at].mem = arena_new(0);
    }
    arena_reset(recent->records[at].mem);
    recent->records[at].rec = copy_rec(recent->records[at].mem, r);
}

bool recent_get(Cx *cx, Store *s, const RecordType *t, int64_t id, Rec *ret)
{
    for (size_t i = 0; on_writer(s) && id != 0 && i < RECORDS; i++) {
        const Rec *r = &s->recent->records[i].rec;
        if (r->id == id && r->type == t) {
            *ret = copy_rec(cx->mem, r);
            return true;
        }
    }
    return false;
}

void recent_made(Store *s, int64_t id)
{
    size_t at = s->recent->next_made++ % IDS;
    s->recent->made[at].id = id;
    s->recent->made[at].by = 0;
}

static bool referred_by(const Store *s, int64_t id, int64_t by)
{
    for (size_t i = 0; on_writer(s) && id != 0 && i < IDS; i++) {
        if (s->recent->made[i].id == id) {
            return s->recent->made[i].by == by;
        }
    }
    return false;
}

bool recent_unreferred(const Store *s, int64_t id)
{
    return referred_by(s, id, 0);
}

bool recent_sole(const Store *s, int64_t id, int64_t by)
{
    return by != 0 && referred_by(s, id, by);
}

void recent_forget(Store *s)
{
    struct Recent *recent = s->recent;
    for (size_t i = 0; i < RECORDS; i++) {
        recent->records[i].rec.id = 0;
        if (recent->records[i].mem != NULL) { /* clear texts are not kept longer than needed */
            arena_free(recent->records[i].mem);
            recent->records[i].mem = NULL;
        }
    }
    memset(recent->made, 0, sizeof recent->made);
}

void recent_start(Store *s)
{
    s->recent = NEW(s->mem, struct Recent);
}
