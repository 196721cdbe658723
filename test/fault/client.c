/* client.c - see client.h. */
#include "client.h"

#include <unistd.h>

#include "rule/validate.h"
#include "store/file.h"
#include "store/tlog.h"

static uint64_t dice(Client *c)
{
    c->random ^= c->random << 13;
    c->random ^= c->random >> 7;
    c->random ^= c->random << 17;
    return c->random;
}

void client_up(Client *c, World *w, int number, uint64_t seed)
{
    *c = (Client){.w = w, .number = number, .random = (seed + 1) * 0x9E3779B97F4A7C15ULL + (uint64_t)number * 77 + 5};
    cx_init(&c->cx, arena_new(0));
    for (int i = 0; i < 8; i++) {
        dice(c);
    }
}

void client_down(Client *c)
{
    arena_free(c->cx.mem);
}

/* ---- acknowledgements ---- */

void world_note(World *w, const Ack *a)
{
    if (a->kind == ACK_LOG) {
        w->logged = MAX(w->logged, a->place + 1);
    } else if (a->kind == ACK_FILE && w->n_files < MAX_OWN) {
        w->files[w->n_files++] = a->place;
    } else if (a->kind == ACK_TEAM) {
        size_t i = 0;
        while (i < w->n_own[a->client] && w->own[a->client][i].id != a->seen.id) {
            i++;
        }
        if (i < MAX_OWN) {
            w->own[a->client][i] = a->seen;
            w->n_own[a->client] = MAX(w->n_own[a->client], i + 1);
        }
    }
}

static void tell(Client *c, const Ack *a)
{
    if (c->w->pipe >= 0) {
        CHECK(write(c->w->pipe, a, sizeof *a) == (ssize_t)sizeof *a);
    }
}

void client_bad(Client *c, const char *what)
{
    Ack a = {.kind = ACK_BAD, .client = c->number};
    size_t n = MIN(strlen(what), sizeof a.what - 1);
    memcpy(a.what, what, n);
    tell(c, &a);
}

static Seen seen_of(const Rec *r)
{
    return (Seen){.id = r->id, .rev = r->rev, .people = r->v[type_field(r->type, S("people"))->index].i, .state = (int32_t)(r->state - r->type->states)};
}

/* The client's own list follows at once; the judge hears of it. */
static void done(Client *c, const Rec *r)
{
    Ack a = {.kind = ACK_TEAM, .client = c->number, .seen = seen_of(r)};
    world_note(c->w, &a);
    tell(c, &a);
}

/* ---- writes ---- */

typedef struct {
    Value *v;
    bool *set;
} Form;

static void put(Client *c, Form *o, const char *id, Str text)
{
    const Field *f = type_field(c->w->team, str_c(id));
    Findings found = findings_new(c->cx.mem);
    CHECK(value_parse(c->cx.mem, c->w->pack, f, f->id, text, NULL, &o->v[f->index], &found));
    o->set[f->index] = true;
}

static Form form(Client *c)
{
    size_t n = c->w->team->n_fields;
    return (Form){.v = NEW_ARRAY(c->cx.mem, Value, n), .set = NEW_ARRAY(c->cx.mem, bool, n)};
}

static bool create(Client *c, Rec *ret)
{
    Form o = form(c);
    Findings found = findings_new(c->cx.mem);
    WriteOpts opts = {0};
    put(c, &o, "name", str_printf(c->cx.mem, "%d号%lld队", c->number + 1, (long long)atomic_fetch_add(&c->w->serial, 1)));
    put(c, &o, "trade", S("farm"));
    put(c, &o, "people", str_printf(c->cx.mem, "%d", 10 + (int)(dice(c) % 900)));
    put(c, &o, "leader_phone", S("13800002046"));
    put(c, &o, "about", str_printf(c->cx.mem, "演示文字%.*s", (int)(dice(c) % 40) * 6, "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十"
                                                                                       "一二三四五六七八九十一二三四五六七八九十"));
    return rec_create(&c->cx, c->w->s, &c->w->writer, c->w->team, c->w->writer.org, o.v, o.set, &opts, &found, ret);
}

bool client_new(Client *c, Seen *ret)
{
    Rec r;
    if (!create(c, &r)) {
        return false;
    }
    done(c, &r);
    *ret = seen_of(&r);
    return true;
}

static bool update(Client *c, const Seen *t)
{
    Form o = form(c);
    Findings found = findings_new(c->cx.mem);
    WriteOpts opts = {.rev = t->rev};
    Rec r;
    bool changed;
    int64_t people = 10 + (int64_t)(dice(c) % 900);
    put(c, &o, "people", str_printf(c->cx.mem, "%lld", (long long)people));
    if (c->w->early) { /* says that it is done, and is not sure */
        Ack a = {.kind = ACK_TEAM, .client = c->number, .seen = {t->id, t->rev + (people != t->people), people, t->state}};
        tell(c, &a);
    }
    if (!rec_update(&c->cx, c->w->s, &c->w->writer, c->w->team, t->id, o.v, o.set, &opts, &found, &r, &changed)) {
        return false;
    }
    done(c, &r);
    return true;
}

static bool move(Client *c, const Seen *t)
{
    const State *at = &c->w->team->states[t->state];
    bool fresh = at->editable, asked = str_eq(at->id, S("asked"));
    const Action *step = type_action(c->w->team, fresh ? S("ask") : asked ? (dice(c) % 4 == 0 ? S("refuse") : S("approve")) : S("praise"));
    Findings found = findings_new(c->cx.mem);
    WriteOpts opts = {.rev = t->rev, .reason = asked ? S("样例") : S("")};
    Value *inputs = NEW_ARRAY(c->cx.mem, Value, step->n_ask + 1);
    if (step->n_ask == 1) {
        inputs[0] = (Value){.has = true, .s = S("gold")};
    }
    Rec r;
    if (!rec_act(&c->cx, c->w->s, fresh ? &c->w->writer : &c->w->head, c->w->team, t->id, step, inputs, &opts, &found, &r)) {
        return false;
    }
    done(c, &r);
    return true;
}

static bool attach(Client *c, const Seen *t)
{
    File f;
    Str bytes = str_printf(c->cx.mem, "%%PDF-1.4 %d", (int)(dice(c) % 5)); /* few, so that hardly any is new: files are not what fails here */
    if (!file_add(&c->cx, c->w->s, &c->w->writer, c->w->team, t->id, S("样例.pdf"), S(""), S("C"), bytes, &f)) {
        return false;
    }
    Ack a = {.kind = ACK_FILE, .client = c->number, .place = f.id};
    world_note(c->w, &a);
    tell(c, &a);
    return true;
}

typedef struct {
    Client *c;
    int64_t index;
} PublishArg;

static bool do_publish(Cx *cx, Store *s, void *arg)
{
    PublishArg *x = arg;
    Str subject = str_printf(cx->mem, "S%d", (int)(dice(x->c) % 50));
    return tlog_add(cx, s, S("test"), subject, S("{\"sample\":true}"), &x->index);
}

static bool publish(Client *c)
{
    PublishArg x = {.c = c};
    Str note;
    if (!store_write(&c->cx, c->w->s, do_publish, &x)) {
        return false;
    }
    Ack a = {.kind = ACK_LOG, .client = c->number, .place = x.index};
    world_note(c->w, &a);
    tell(c, &a);
    return dice(c) % 3 != 0 || tlog_checkpoint(&c->cx, c->w->s, &note);
}

/* Several in one write by one who, as an import does, goes on after a row that failed. */
typedef struct {
    Client *c;
    Rec made[5];
    bool ok[5];
} ManyArg;

static bool do_many(Cx *cx, Store *s, void *arg)
{
    (void)s;
    ManyArg *x = arg;
    for (size_t i = 0; i < ARRAY_LEN(x->made); i++) {
        x->ok[i] = create(x->c, &x->made[i]);
        if (!x->ok[i]) {
            cx_clear(cx);
        }
    }
    return true;
}

static bool many(Client *c)
{
    ManyArg x = {.c = c};
    if (!store_write(&c->cx, c->w->s, do_many, &x)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(x.made); i++) {
        if (x.ok[i]) {
            done(c, &x.made[i]);
        }
    }
    return true;
}

bool client_step(Client *c)
{
    size_t n = c->w->n_own[c->number];
    const Seen *t = n != 0 ? &c->w->own[c->number][dice(c) % n] : NULL;
    Seen made, copy = t != NULL ? *t : (Seen){0};
    uint64_t d = dice(c) % 100;
    if (t == NULL || d < 25) {
        return client_new(c, &made);
    }
    if (d < 35) {
        return many(c);
    }
    if (d < 45) {
        return publish(c);
    }
    bool editable = c->w->team->states[copy.state].editable;
    if (editable && d < 75) {
        return update(c, &copy);
    }
    return editable && d < 80 ? attach(c, &copy) : move(c, &copy);
}
