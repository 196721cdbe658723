/*
 * rflow.c - where a record stands in its flow, and what happened to it so far.
 *
 * The flow shown is the main road: from the first state, each time by the first action that leads on to a state not yet on the
 * road, handing the record from office to office as the actions say. A record that left the road (returned …) shows its state first.
 */
#include "base/date.h"
#include "page/internal.h"

#define ROAD_MAX 12

typedef struct {
    const State *state;
    const Org *holder;
} Stop;

static const Org *next_desk(const Org *now, const Org *owner, Hold how)
{
    const Org *top = owner;
    switch (how) {
    case HOLD_SAME: return now;
    case HOLD_OWNER: return owner;
    case HOLD_PARENT: return now->parent;
    case HOLD_TOP:
        while (top->parent != NULL) {
            top = top->parent;
        }
        return top;
    }
    return now;
}

static const State *state_after(const Pack *p, const Action *a, const Org *holder)
{
    if (a->n_to == 1) {
        return a->to[0];
    }
    return a->n_to == p->n_levels && holder->level_index >= 0 ? a->to[holder->level_index] : NULL;
}

static bool on_road(const Stop *road, size_t n, const State *st)
{
    for (size_t i = 0; i < n; i++) {
        if (road[i].state == st) {
            return true;
        }
    }
    return false;
}

static bool leads_from(const Action *a, const State *st)
{
    for (size_t i = 0; i < a->n_from; i++) {
        if (a->from[i] == st) {
            return true;
        }
    }
    return false;
}

static size_t main_road(const Pack *p, const RecordType *t, const Org *owner, Stop *road)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n_states && n == 0; i++) {
        if (t->states[i].initial) {
            road[n++] = (Stop){&t->states[i], owner};
        }
    }
    for (bool more = n != 0; more && n < ROAD_MAX && !road[n - 1].state->published;) { /* what comes after is leaving */
        Stop now = road[n - 1];
        more = false;
        for (size_t i = 0; i < t->n_actions && !more; i++) {
            const Action *a = &t->actions[i];
            const Org *desk = a->n_to != 0 && leads_from(a, now.state) ? next_desk(now.holder, owner, a->holder) : NULL;
            const State *st = desk != NULL ? state_after(p, a, desk) : NULL;
            bool back = str_eq(a->tone, S("red")) || str_eq(a->tone, S("gold"));
            if (st != NULL && !back && !on_road(road, n, st) && !str_eq(st->tone, S("red"))) {
                road[n++] = (Stop){st, desk};
                more = true;
            }
        }
    }
    return n;
}

static void step(Doc *l, const State *st, const Org *holder, Str note, bool done, bool cur)
{
    Doc *o = doc_add_obj(l);
    doc_set_str(o, "label", st->label);
    doc_set_str(o, "sub", holder == NULL ? S("") : holder->shortname.n != 0 ? holder->shortname : holder->name);
    doc_set_str(o, "note", note);
    doc_set_bool(o, "done", done);
    doc_set_bool(o, "cur", cur);
}

Doc *flow_steps_doc(Req *rq, const Rec *r)
{
    Doc *l = doc_list(rq->mem);
    const Org *owner = pack_org_by_home(rq->pack, r->home);
    Stop road[ROAD_MAX];
    if (r->type->n_states < 2 || owner == NULL) {
        return l;
    }
    size_t n = main_road(rq->pack, r->type, owner, road), at = 0;
    while (at < n && road[at].state != r->state) {
        at++;
    }
    bool off = at == n;
    if (off) {
        step(l, r->state, pack_org_by_home(rq->pack, r->holder), S("当前"), false, true);
    }
    for (size_t i = 0; i < n; i++) {
        bool cur = !off && i == at;
        step(l, road[i].state, cur ? pack_org_by_home(rq->pack, r->holder) : road[i].holder, cur ? S("当前") : S(""), !off && i < at, cur);
    }
    return l;
}

/* ---- history ---- */

static Str act_word(Req *rq, const RecordType *t, const Event *e)
{
    static const Str WORDS[][2] = {{STR_INIT("create"), STR_INIT("新建")},        {STR_INIT("update"), STR_INIT("修改")},
                                   {STR_INIT("delete"), STR_INIT("删除")},        {STR_INIT("unmask"), STR_INIT("查看了敏感信息")},
                                   {STR_INIT("erase"), STR_INIT("删除了个人信息")},
                                   {STR_INIT("file_add"), STR_INIT("加了附件")},  {STR_INIT("file_drop"), STR_INIT("删除了附件")},
                                   {STR_INIT("login"), STR_INIT("登录")},        {STR_INIT("compute"), STR_INIT("自动汇总")},
                                   {STR_INIT("make"), STR_INIT("由办理步骤生成")}, {STR_INIT("export"), STR_INIT("导出")}};
    const Action *a = t != NULL && e->action.n != 0 ? type_action(t, e->action) : NULL;
    TaskKind kind;
    Str word, what;
    if (str_eq(e->act, S("sign")) || str_eq(e->act, S("snapshot"))) {
        what = a != NULL ? a->label : e->action;
        return str_printf(rq->mem, "%s：%.*s", str_eq(e->act, S("sign")) ? "签署" : "封存快照", STRF(what));
    }
    if (a != NULL) {
        return a->label;
    }
    if (str_eq(e->act, S("close")) || str_eq(e->act, S("closed")) || str_eq(e->act, S("reopen"))) {
        what = period_zh(rq->mem, e->action);
        return str_printf(rq->mem, "%s：%.*s", str_eq(e->act, S("reopen")) ? "重开" : str_eq(e->act, S("close")) ? "关账" : "本单位数字关账",
                          STRF(what));
    }
    if (str_eq(e->act, S("task")) && str_cut(e->action, ':', &word, &what) && task_kind_read(word, &kind)) {
        return str_eq(what, S("add")) ? task_kind_label(kind) : str_printf(rq->mem, "答复%.*s", STRF(task_kind_label(kind)));
    }
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        if (str_eq(e->act, WORDS[i][0])) {
            return WORDS[i][1];
        }
    }
    return e->act;
}

static Str raw_doc_text(Arena *mem, const Doc *d)
{
    if (d == NULL || d->kind == DOC_NULL) {
        return S("");
    }
    if (d->kind == DOC_LIST || d->kind == DOC_OBJ) {
        return d->n != 0 ? str_printf(mem, "%zu 项", d->n) : S("");
    }
    return d->kind == DOC_INT ? str_printf(mem, "%lld", (long long)d->i) : d->kind == DOC_BOOL ? (d->b ? S("是") : S("否")) : d->s;
}

/* A value of the journal in words. */
static Str shown(Req *rq, const Field *f, const Doc *d)
{
    Str raw = raw_doc_text(rq->mem, d);
    int64_t n;
    if (raw.n == 0 || f->kind == FT_LIST || (d != NULL && d->kind == DOC_LIST)) {
        return raw;
    }
    if (f->personal) {
        return str_eq(raw, S("~")) ? PERSONAL_ERASED : S("（敏感信息，加密保存）");
    }
    if (f->kind == FT_REF) {
        return id_read(raw, &n) ? rec_label(&rq->cx, rq->store, f->ref, n) : raw;
    }
    if (f->kind == FT_ORG) {
        const Org *g = str_int(raw, &n) ? pack_org_by_home(rq->pack, n) : pack_org(rq->pack, raw);
        return g != NULL ? g->name : raw;
    }
    Value v;
    if (f->kind == FT_MONEY && str_int(raw, &n)) { /* stands in fen there; people type yuan */
        v = (Value){.has = true, .i = n};
        return value_show(rq->mem, rq->pack, f, &v);
    }
    Findings none = findings_new(rq->mem);
    return value_parse(rq->mem, rq->pack, f, f->id, raw, NULL, &v, &none) ? value_show(rq->mem, rq->pack, f, &v) : raw;
}

static void changes(Req *rq, const RecordType *t, const Event *e, Doc *o)
{
    Doc *l = doc_set_list(o, "changes");
    Str why;
    Doc *body = t != NULL && e->body.n != 0 ? json_read(rq->mem, e->body, &why) : NULL;
    for (const Doc *c = body != NULL && body->kind == DOC_OBJ ? body->first : NULL; c != NULL; c = c->next) {
        const Field *f = type_field(t, c->name);
        if (f == NULL || c->kind != DOC_LIST || !access_field_in(&rq->actor, t, type_state(t, e->state_to), f, false)) {
            continue;
        }
        Doc *x = doc_add_obj(l);
        doc_set_str(x, "field", f->id);
        doc_set_str(x, "label", f->label);
        doc_set_str(x, "before", shown(rq, f, doc_at(c, 0)));
        doc_set_str(x, "after", shown(rq, f, doc_at(c, 1)));
    }
    doc_html_only(doc_set_bool(o, "many", l->n > 3));
}

/* Where a change came from, in words: made by a step on another record ("application 123"), sent in by the public, or as it stands. */
static Str source_words(Req *rq, Str source)
{
    Str head, tail;
    int64_t id;
    if (str_eq(source, S("public form"))) {
        return S("公众填写");
    }
    const RecordType *t = str_cut(source, ' ', &head, &tail) && id_read(tail, &id) ? pack_type(rq->pack, head) : NULL;
    return t != NULL ? str_printf(rq->mem, "由%.*s生成", STRF(t->label)) : source;
}

static Str event_note(Req *rq, const RecordType *t, const Event *e)
{
    Buf b = buf_new(rq->mem, 8000);
    const State *from = t != NULL ? type_state(t, e->state_from) : NULL, *to = t != NULL ? type_state(t, e->state_to) : NULL;
    if (from != NULL && to != NULL && from != to) {
        buf_printf(&b, "%.*s → %.*s", STRF(from->label), STRF(to->label));
    }
    if (e->reason.n != 0) {
        buf_printf(&b, "%s意见：%.*s", b.n != 0 ? "；" : "", STRF(e->reason));
    }
    if (e->source.n != 0 && !str_eq(e->source, S("web"))) { /* by hand is the rule */
        buf_printf(&b, "%s来源：%.*s", b.n != 0 ? "；" : "", STRF(source_words(rq, e->source)));
    }
    return buf_str(&b);
}

Doc *event_doc(Req *rq, const RecordType *t, const Event *e)
{
    Doc *o = doc_obj(rq->mem);
    const Action *a = t != NULL && e->action.n != 0 ? type_action(t, e->action) : NULL;
    doc_set_int(o, "seq", e->seq);
    doc_set_str(o, "who", e->org_name.n != 0 ? str_printf(rq->mem, "%.*s %.*s", STRF(e->org_name), STRF(e->user_name)) : e->user_name);
    doc_set_str(o, "act", e->act);
    doc_set_str(o, "what", act_word(rq, t, e));
    doc_set_str(o, "note", event_note(rq, t, e));
    doc_set_str(o, "reason", e->reason);
    doc_set_str(o, "source", e->source);
    doc_set_str(o, "state_from", e->state_from);
    doc_set_str(o, "state_to", e->state_to);
    doc_set_int(o, "rev", e->rev);
    doc_set_instant(o, "when", e->at_ms);
    doc_set_str(o, "tone", a != NULL ? tone_word(a->tone) : S(""));
    doc_set_str(o, "hash", str_sub(hex(rq->mem, e->hash.p, e->hash.n), 0, rq->wants_json ? 64 : 12));
    changes(rq, t, e, o);
    return o;
}

bool history_doc(Req *rq, const Rec *r, size_t limit, Doc **ret)
{
    Event *events;
    size_t n;
    Doc *l = doc_list(rq->mem);
    *ret = l;
    if (!journal_of(&rq->cx, rq->store, r->type, r->id, &events, &n)) {
        return false;
    }
    bool all = access_history(rq->pack, &rq->actor, r);
    for (size_t k = 0; k < n && l->n < limit; k++) {
        const Event *e = &events[n - 1 - k];
        const State *to = type_state(r->type, e->state_to);
        if (all) {
            doc_add_doc(l, event_doc(rq, r->type, e));
        } else if (to != NULL && to->public_text.n != 0 && !str_eq(e->state_from, e->state_to)) {
            Doc *o = doc_add_obj(l); /* what everybody may know */
            doc_set_str(o, "who", S(""));
            doc_set_str(o, "what", to->public_text);
            doc_set_str(o, "note", S(""));
            doc_set_instant(o, "when", e->at_ms);
            doc_set_str(o, "tone", tone_word(to->tone));
            doc_set_str(o, "hash", S(""));
            doc_set_list(o, "changes");
            doc_html_only(doc_set_bool(o, "many", false));
        }
    }
    return true;
}
