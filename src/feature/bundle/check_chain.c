/*
 * check_chain.c - the history in a bundle: every entry hashed again, neighbours linked, records and snapshots as their history says.
 *
 * A chain belongs to an office and runs through all its records; a bundle holds the entries of some. Between two of them the chain is
 * vouched for by the signature of the manifest, and by `tamga verify` where the whole lies.
 */
#include <stdlib.h>

#include "feature/bundle/set.h"
#include "store/chain.h"

#define EVENT_MAX ((size_t)12 << 20) /* chain_hash takes 16 MiB */
#define HISTORY_MAX 2000         /* a longer history was cut (record.c) */

typedef struct {
    int64_t home, seq;
    uint8_t prev[32], hash[32];
    Str path;
} Place;

typedef struct {
    Place *items;
    size_t n, cap;
    int64_t withheld, links, snapshots;
} Chain;

static bool hash_read(Arena *mem, Str text, uint8_t ret[32])
{
    Str raw;
    if (!unhex(mem, text, &raw) || raw.n != 32) {
        return false;
    }
    memcpy(ret, raw.p, 32);
    return true;
}

static void keep(Audit *x, Chain *c, const Place *l)
{
    ARRAY_ROOM(x->cx->mem, c->items, c->n, c->cap);
    c->items[c->n++] = *l;
}

static bool event_of(const Doc *o, Event *e)
{
    *e = (Event){.user_name = doc_get_str(o, "user_name"), .org_name = doc_get_str(o, "org"), .act = doc_get_str(o, "act"),
                 .type = doc_get_str(o, "type"), .action = doc_get_str(o, "action"), .state_from = doc_get_str(o, "state_from"),
                 .state_to = doc_get_str(o, "state_to"), .reason = doc_get_str(o, "reason"), .source = doc_get_str(o, "source"),
                 .body = doc_get_str(o, "body")};
    const struct {
        const char *name;
        int64_t *to;
    } ints[] = {{"home", &e->home}, {"seq", &e->seq}, {"at", &e->at_ms}, {"user", &e->user}, {"record", &e->record}, {"rev", &e->rev}};
    for (size_t i = 0; i < ARRAY_LEN(ints); i++) {
        *ints[i].to = doc_get_int(o, ints[i].name, INT64_MIN);
        if (*ints[i].to == INT64_MIN) {
            return false;
        }
    }
    return true;
}

static size_t size_of(const Event *e)
{
    return e->user_name.n + e->org_name.n + e->act.n + e->type.n + e->action.n + e->state_from.n + e->state_to.n + e->reason.n +
           e->source.n + e->body.n;
}

static void check_event(Audit *x, Chain *c, Str path, const Doc *o, const Event *e)
{
    Place l = {.home = e->home, .seq = e->seq, .path = path};
    uint8_t again[32];
    const Doc *body = doc_get(o, S("body"));
    if (!hash_read(x->cx->mem, doc_get_str(o, "prev"), l.prev) || !hash_read(x->cx->mem, doc_get_str(o, "hash"), l.hash)) {
        bad(x, "%.*s：第 %lld 条没有指纹", STRF(path), (long long)e->seq);
        return;
    }
    keep(x, c, &l);
    if (body == NULL || body->kind == DOC_NULL) {
        c->withheld++;
        return;
    }
    if (size_of(e) > EVENT_MAX) {
        bad(x, "%.*s：第 %lld 条操作记录大得不可能是真的", STRF(path), (long long)e->seq);
        return;
    }
    chain_hash(l.prev, e, again);
    if (memcmp(again, l.hash, 32) != 0) {
        bad(x, "%.*s：第 %lld 条操作记录与指纹不符", STRF(path), (long long)e->seq);
    }
}

/* The snapshot an entry tells of lies under its record with that hash, or is named as left out. */
static void check_snapshot(Audit *x, Chain *c, Str path, const Doc *record, const Doc *body)
{
    Str id = doc_get_str(body, "#snapshot"), hash = doc_get_str(body, "#sha256");
    const Doc *l = doc_get(record, S("snapshots"));
    for (const Doc *s = l != NULL ? l->first : NULL; s != NULL; s = s->next) {
        if (!str_eq(doc_get_str(s, "id"), id)) {
            continue;
        }
        Str at = doc_get_str(s, "path");
        const Str *bytes = file_of(x, at);
        c->snapshots++;
        if (at.n != 0 && (bytes == NULL || !str_eq(sha256_hex(x->cx->mem, *bytes), hash))) {
            bad(x, "%.*s：快照与操作记录里的指纹不符", STRF(at));
        }
        return;
    }
    bad(x, "%.*s：操作记录提到的快照 %.*s 不在包里", STRF(path), STRF(id));
}

static bool moves(Str act)
{
    return str_eq(act, S("create")) || str_eq(act, S("update")) || str_eq(act, S("act")) || str_eq(act, S("compute"));
}

/* ---- the record as its history last told it ---- */

static bool same_text(const Doc *cell, const Doc *told)
{
    return str_eq(doc_get_str(cell, "value"), told != NULL && told->kind == DOC_STR ? told->s : S(""));
}

static bool same_field(const Doc *field, const Doc *told)
{
    const Doc *rows = doc_get(field, S("rows"));
    if (rows == NULL) {
        return same_text(field, told);
    }
    const Doc *said = told != NULL && told->kind == DOC_LIST ? told->first : NULL;
    if (rows->n != (told != NULL && told->kind == DOC_LIST ? told->n : 0)) {
        return false;
    }
    for (const Doc *row = rows->first; row != NULL; row = row->next, said = said->next) {
        for (const Doc *cell = row->first; cell != NULL; cell = cell->next) {
            if (!same_text(cell, doc_get(said, cell->name))) {
                return false;
            }
        }
    }
    return true;
}

static bool listed(const Doc *names, Str name)
{
    for (const Doc *d = names != NULL ? names->first : NULL; d != NULL; d = d->next) {
        if (str_eq(d->s, name)) {
            return true;
        }
    }
    return false;
}

/* `events` hold every body. Personal fields stand there sealed with the store's key, here masked: these cannot be compared. */
static void check_values(Audit *x, const Doc *record, const Doc *now, const Doc *events)
{
    Map told = map_new(x->cx->mem);
    Str why;
    const Doc *fields = doc_get(now, S("fields"));
    for (const Doc *o = events->first; o != NULL; o = o->next) {
        Doc *body = moves(doc_get_str(o, "act")) ? json_read_large(x->cx->mem, doc_get_str(o, "body"), &why) : NULL;
        for (Doc *pair = body != NULL && body->kind == DOC_OBJ ? body->first : NULL; pair != NULL; pair = pair->next) {
            const Doc **slot = map_get(&told, pair->name);
            if (slot == NULL) {
                slot = NEW(x->cx->mem, const Doc *);
                (void)map_put(&told, pair->name, slot);
            }
            *slot = doc_at(pair, 1);
        }
    }
    for (const Doc *f = fields != NULL && fields->kind == DOC_OBJ ? fields->first : NULL; f != NULL; f = f->next) {
        const Doc *const *slot = map_get(&told, f->name);
        if (!listed(doc_get(record, S("personal")), f->name) && !same_field(f, slot != NULL ? *slot : NULL)) {
            bad(x, "%.*s：“%.*s”与操作记录不符", STRF(doc_get_str(record, "path")), STRF(doc_get_str(f, "label")));
        }
    }
}

static void check_record(Audit *x, Chain *c, const Doc *record)
{
    Str path = doc_get_str(record, "history"), why, state = S("");
    int64_t rev = -1, withheld = c->withheld;
    const Doc *all = json_of(x, path), *l = doc_get(all, S("events")), *now = json_of(x, doc_get_str(record, "path"));
    for (const Doc *o = l != NULL ? l->first : NULL; o != NULL; o = o->next) {
        Event e;
        if (!event_of(o, &e)) {
            bad(x, "%.*s：有一条操作记录不完整", STRF(path));
            continue;
        }
        check_event(x, c, path, o, &e);
        if (moves(e.act)) {
            rev = e.rev;
            state = e.state_to;
        }
        if (!str_eq(id_text(x->cx->mem, e.record), doc_get_str(record, "id"))) {
            bad(x, "%.*s：第 %lld 条是别的记录的", STRF(path), (long long)e.seq);
        }
        if (str_eq(e.act, S("snapshot")) && e.body.n != 0) {
            check_snapshot(x, c, path, record, json_read(x->cx->mem, e.body, &why));
        }
    }
    if (now != NULL && l != NULL && withheld == c->withheld && l->n < HISTORY_MAX) {
        check_values(x, record, now, l);
    }
    if (now != NULL && rev >= 0 && (rev != doc_get_int(now, "rev", -1) || !str_eq(state, doc_get_str(now, "state")))) {
        bad(x, "%.*s：版次或状态与操作记录不符", STRF(doc_get_str(record, "path")));
    }
}

static int by_place(const void *pa, const void *pb)
{
    const Place *a = pa, *b = pb;
    return a->home != b->home ? (a->home > b->home) - (a->home < b->home) : (a->seq > b->seq) - (a->seq < b->seq);
}

static void check_links(Audit *x, Chain *c)
{
    if (c->n != 0) {
        qsort(c->items, c->n, sizeof *c->items, by_place);
    }
    for (size_t i = 1; i < c->n; i++) {
        const Place *a = &c->items[i - 1], *b = &c->items[i];
        if (a->home != b->home) {
            continue;
        }
        if (a->seq == b->seq) {
            bad(x, "%.*s：单位 %lld 的第 %lld 条出现两次", STRF(b->path), (long long)b->home, (long long)b->seq);
        } else if (a->seq + 1 == b->seq) {
            c->links++;
            if (memcmp(a->hash, b->prev, 32) != 0) {
                bad(x, "%.*s：单位 %lld 的第 %lld 条接不上前一条", STRF(b->path), (long long)b->home, (long long)b->seq);
            }
        }
    }
}

void check_history(Audit *x)
{
    int64_t before = x->faults, without = 0;
    Chain c = {0};
    const Doc *records = doc_get(x->index, S("records"));
    for (const Doc *r = records != NULL ? records->first : NULL; r != NULL; r = r->next) {
        if (doc_get_str(r, "history").n != 0) {
            check_record(x, &c, r);
        } else {
            without++;
        }
    }
    check_links(x, &c);
    good(x, before, "操作记录", "%zu 条（%lld 条因保密只留指纹），相邻 %lld 处相接，快照 %lld 份%s", c.n, (long long)c.withheld,
         (long long)c.links, (long long)c.snapshots, without != 0 ? "；有的记录没有收入历史" : "");
}
