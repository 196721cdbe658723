/*
 * demo_story.c - the part of the demonstration that is a story: people take steps on days of their own.
 */
#include "app/demo.h"
#include "base/date.h"
#include "fmt/csv.h"
#include "store/closing.h"

enum { WHEN, WHO, STEP, TYPE, TITLE, ACTION, INPUTS, COLUMNS };

typedef struct {
    Demo *d;
    bool header;
    Map actors; /* login -> Actor */
    size_t line;
    Str cells[COLUMNS];
} Story;

/* The line `key=…` of the inputs, taken out of them by the caller's reading; empty when it is not there. */
static Str input_of(const Story *st, const char *key)
{
    for (Str rest = st->cells[INPUTS], line; rest.n != 0;) {
        Str name, text;
        str_cut(rest, '\n', &line, &rest);
        if (str_cut(line, '=', &name, &text) && str_eq(str_trim(name), str_c(key))) {
            return str_trim(text);
        }
    }
    return S("");
}

static bool actor_of(Story *st, Actor **ret)
{
    Cx *cx = st->d->cx;
    Str login = st->cells[WHO];
    *ret = map_get(&st->actors, login);
    if (*ret != NULL) {
        return true;
    }
    Actor *a = NEW(cx->mem, Actor);
    User u;
    if (login.n == 0) {
        *a = SYSTEM_ACTOR;
    } else if (!user_by_login(cx, st->d->s, login, &u) || !user_actor(cx, st->d->s, u.id, a)) {
        return false;
    }
    map_put(&st->actors, login, a);
    *ret = a;
    return true;
}

static Field *field_of(Field *fields, size_t n, Str id)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(fields[i].id, id)) {
            return &fields[i];
        }
    }
    return NULL;
}

/* All lines of the inputs that are fields; E_DATA names the one that is none. */
static bool values_of(Story *st, Field *fields, size_t n, Value *v, bool *set, Findings *found)
{
    static const char *const OTHER[] = {"reason", "org"};
    for (Str rest = st->cells[INPUTS], line; rest.n != 0;) {
        Str name, text;
        str_cut(rest, '\n', &line, &rest);
        str_cut(line, '=', &name, &text);
        name = str_trim(name);
        Field *f = field_of(fields, n, name);
        bool other = name.n == 0;
        for (size_t i = 0; i < ARRAY_LEN(OTHER); i++) {
            other = other || str_eq(name, str_c(OTHER[i]));
        }
        if (f == NULL && !other) {
            return fail(st->d->cx, E_DATA, "没有栏目 %.*s", STRF(name));
        }
        if (f != NULL) {
            set[f - fields] = true;
            if (!demo_value(st->d, f, str_trim(text), &v[f - fields], found)) {
                return fail(st->d->cx, E_DATA, "%.*s 不能用：%.*s", STRF(name), STRF(text));
            }
        }
    }
    return true;
}

static const Org *owner_of(Story *st, const Actor *a, const RecordType *t, const Value *v)
{
    const Pack *p = store_pack(st->d->s);
    Str code = input_of(st, "org");
    if (code.n != 0 || !a->is_system) {
        return code.n != 0 ? pack_org(p, code) : a->org;
    }
    for (size_t i = 0; i < t->n_fields; i++) {
        if (t->fields[i].kind == FT_REF && v[i].has) {
            return pack_org_by_home(p, id_home(v[i].i));
        }
    }
    return NULL;
}

static bool step_create(Story *st, const Actor *a, const RecordType *t, Findings *found)
{
    Cx *cx = st->d->cx;
    Value *v = NEW_ARRAY(cx->mem, Value, t->n_fields + 1);
    bool *set = NEW_ARRAY(cx->mem, bool, t->n_fields + 1);
    Rec r;
    WriteOpts o = {.source = S("演示数据")};
    if (!values_of(st, t->fields, t->n_fields, v, set, found)) {
        return false;
    }
    const Org *owner = owner_of(st, a, t, v);
    if (owner == NULL) {
        return fail(cx, E_DATA, "不知道归哪个单位");
    }
    if (!rec_create(cx, st->d->s, a, t, owner, v, set, &o, found, &r)) {
        return false;
    }
    demo_note(st->d, t, st->cells[TITLE], r.id);
    return true;
}

static bool step_edit(Story *st, const Actor *a, const RecordType *t, const Rec *r, Findings *found)
{
    Cx *cx = st->d->cx;
    Value *v = NEW_ARRAY(cx->mem, Value, t->n_fields + 1);
    bool *set = NEW_ARRAY(cx->mem, bool, t->n_fields + 1), changed;
    Rec after;
    WriteOpts o = {.source = S("演示数据")};
    return values_of(st, t->fields, t->n_fields, v, set, found) &&
           rec_update(cx, st->d->s, a, t, r->id, v, set, &o, found, &after, &changed);
}

static bool step_act(Story *st, const Actor *a, const RecordType *t, const Rec *r, Findings *found)
{
    Cx *cx = st->d->cx;
    const Action *act = type_action(t, st->cells[ACTION]);
    if (act == NULL) {
        return fail(cx, E_DATA, "没有这个办理步骤");
    }
    Value *v = NEW_ARRAY(cx->mem, Value, act->n_ask + 1);
    bool *set = NEW_ARRAY(cx->mem, bool, act->n_ask + 1);
    WriteOpts o = {.reason = input_of(st, "reason")};
    Rec after;
    return values_of(st, act->ask, act->n_ask, v, set, found) &&
           rec_act(cx, st->d->s, a, t, r->id, act, v, &o, found, &after);
}

static bool step_judges(Story *st, const Actor *a, const Rec *r)
{
    int64_t share = 0;
    Str text = input_of(st, "share");
    if (text.n != 0 && !str_int(text, &share)) {
        return fail(st->d->cx, E_DATA, "share 不是数字");
    }
    JudgeStep step = {.who = a,
                      .step = st->cells[STEP],
                      .word = st->cells[ACTION],
                      .entry = st->cells[ACTION],
                      .share = (int32_t)share,
                      .open = input_of(st, "open")};
    return demo_judges(st->d, r, &step);
}

static bool one_step(Story *st, Findings *found)
{
    Cx *cx = st->d->cx;
    Actor *a;
    Rec r;
    int64_t n;
    Str step = st->cells[STEP];
    if (!demo_when(st->d, st->cells[WHEN], st->line) || !actor_of(st, &a)) {
        return false;
    }
    if (str_eq(step, S("auto"))) {
        return rec_auto_run(cx, st->d->s, NULL, &n);
    }
    const RecordType *t = pack_type(store_pack(st->d->s), st->cells[TYPE]);
    if (t == NULL) {
        return fail(cx, E_DATA, "没有这种记录");
    }
    if (str_eq(step, S("create"))) {
        return step_create(st, a, t, found);
    }
    if (str_eq(step, S("closing"))) {
        Closed c;
        return closing_close(cx, st->d->s, a, t, st->cells[ACTION], 0, &c);
    }
    if (!demo_find(st->d, t, st->cells[TITLE], &r)) {
        return false;
    }
    return str_eq(step, S("act"))    ? step_act(st, a, t, &r, found)
           : str_eq(step, S("edit")) ? step_edit(st, a, t, &r, found)
                                     : step_judges(st, a, &r);
}

static bool story_row(void *ctx, size_t line, const Str *cells, size_t n)
{
    Story *st = ctx;
    Cx *cx = st->d->cx;
    if (!st->header) {
        st->header = n == COLUMNS;
        return st->header ? true : fail(cx, E_DATA, "演示经过的列应为 when,who,step,type,title,action,inputs");
    }
    for (size_t i = 0; i < COLUMNS; i++) {
        st->cells[i] = i < n ? str_dup(cx->mem, str_trim(cells[i])) : S("");
    }
    st->line = line;
    Findings found = findings_new(cx->mem);
    if (one_step(st, &found)) {
        return true;
    }
    fprintf(stderr, "演示经过第 %zu 行（%.*s %.*s %.*s %.*s）：%.*s\n", line, STRF(st->cells[WHO]),
            STRF(st->cells[STEP]), STRF(st->cells[TITLE]), STRF(st->cells[ACTION]), STRF(cx_text(cx)));
    for (size_t i = 0; i < found.n; i++) {
        fprintf(stderr, "  %.*s %.*s\n", STRF(found.items[i].field), STRF(found.items[i].text));
    }
    return false;
}

bool demo_story(Demo *d, Str csv)
{
    Story st = {.d = d, .actors = map_new(d->cx->mem)};
    int64_t now_ms = d->cx->now_ms;
    bool ok = csv_read(d->cx, csv, NULL, story_row, &st);
    d->cx->now_ms = now_ms;
    return ok;
}
