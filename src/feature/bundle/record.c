/*
 * record.c - one record of a bundle: as the person sees it, with what is kept about it.
 *
 * An entry of the journal can only be proved whole. Where its body holds a field the person may not see, the body is withheld and the
 * entry stands with its hash alone; the index says so.
 */
#include "base/date.h"
#include "feature/bundle/set.h"
#include "store/journal.h"
#include "store/snapshot.h"

#define HISTORY_MAX 2000         /* entries journal_of gives */

static bool hides_of(const Maker *m, const RecordType *t, const Doc *fields)
{
    for (const Doc *f = fields != NULL && fields->kind == DOC_OBJ ? fields->first : NULL; f != NULL; f = f->next) {
        const Field *field = type_field(t, f->name);
        if (field != NULL && !access_field_in(m->a, t, NULL, field, false)) {
            return true;
        }
    }
    return false;
}

/* ---- history ---- */

static bool event_doc(Maker *m, Cx *cx, const Rec *r, const Event *e, Doc *l)
{
    uint8_t prev[32];
    Str why;
    if (!journal_hash_at(cx, m->s, e->home, e->seq - 1, prev)) {
        return false;
    }
    Doc *o = doc_add_obj(l);
    bool withheld = hides_of(m, r->type, json_read_large(cx->mem, e->body, &why));
    const struct {
        const char *name;
        int64_t v;
    } ints[] = {{"home", e->home}, {"seq", e->seq}, {"at", e->at_ms}, {"user", e->user}, {"record", e->record}, {"rev", e->rev}};
    const struct {
        const char *name;
        Str v;
    } texts[] = {{"user_name", e->user_name}, {"org", e->org_name}, {"act", e->act}, {"type", e->type}, {"action", e->action},
                 {"state_from", e->state_from}, {"state_to", e->state_to}, {"reason", e->reason}, {"source", e->source}};
    for (size_t i = 0; i < ARRAY_LEN(ints); i++) {
        doc_set_id(o, ints[i].name, ints[i].v);
    }
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        doc_set_str(o, texts[i].name, texts[i].v);
    }
    doc_set_str(o, "time", instant_iso(cx->mem, e->at_ms));
    if (withheld) {
        doc_set_null(o, "body");
    } else {
        doc_set_str(o, "body", e->body);
    }
    doc_set_str(o, "prev", hex(cx->mem, prev, sizeof prev));
    doc_set_str(o, "hash", hex(cx->mem, e->hash.p, e->hash.n));
    m->n.events++;
    return true;
}

static bool put_history(Maker *m, Cx *cx, const Rec *r, Str base, Doc *o)
{
    Event *events;
    size_t n;
    if (!access_flag(m->a, r->type, 'h')) {
        leave_out(m->cx, &m->c, str_printf(cx->mem, "%.*s的历史", STRF(r->type->label)), base, S("您的角色不能查看历史"));
        return true;
    }
    if (!journal_of(cx, m->s, r->type, r->id, &events, &n)) {
        return false;
    }
    if (n == HISTORY_MAX) {
        leave_out(m->cx, &m->c, str_printf(cx->mem, "%.*s的历史", STRF(r->type->label)), base, S("超过 2000 条，后面的没有收入"));
    }
    Doc *all = doc_obj(cx->mem), *l = doc_set_list(all, "events");
    for (size_t i = 0; i < n; i++) {
        if (!event_doc(m, cx, r, &events[i], l)) {
            return false;
        }
    }
    Str path = str_printf(m->cx->mem, "history/%.*s.json", STRF(base));
    doc_set_str(o, "history", path);
    return put_file(m, cx, path, json_canonical(cx->mem, all));
}

/* ---- snapshots ---- */

static Str word(Str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) {
            return S("snapshot");
        }
    }
    return name.n != 0 && name.n <= 40 ? name : S("snapshot");
}

/* As people call it: the step at which it was taken, or what a feature keeps under that name. */
static Str snapshot_label(const RecordType *t, Str name)
{
    static const Str KNOWN[][2] = {{STR_INIT("list"), STR_INIT("封存的名单")}, {STR_INIT("draw"), STR_INIT("抽签结果")},
                                   {STR_INIT("computation"), STR_INIT("计算过程")}};
    const Action *act = type_action(t, name);
    for (size_t i = 0; i < ARRAY_LEN(KNOWN) && act == NULL; i++) {
        if (str_eq(name, KNOWN[i][0])) {
            return KNOWN[i][1];
        }
    }
    return act != NULL ? act->label : S("快照");
}

/* The input of test/draw.mjs. */
static bool put_draw(Maker *m, Cx *cx, Str base, const Snapshot *list, Str list_path, const Snapshot *draw, Str draw_path)
{
    Str why;
    const Doc *in = json_read_large(cx->mem, list->body, &why), *out = json_read_large(cx->mem, draw->body, &why);
    const Doc *from = doc_get(in, S("candidates"));
    if (in == NULL || out == NULL || from == NULL) {
        return fail(cx, E_DATA, "抽签留存的名单读不出来");
    }
    Doc *o = doc_obj(cx->mem), *to = doc_set_list(o, "candidates");
    static const char *const TEXTS[] = {"seed", "word", "purpose"}, *const INTS[] = {"want", "per_stratum"};
    for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
        doc_set_str(o, TEXTS[i], doc_get_str(out, TEXTS[i]));
    }
    for (size_t i = 0; i < ARRAY_LEN(INTS); i++) {
        doc_set_int(o, INTS[i], doc_get_int(out, INTS[i], 0));
    }
    for (const Doc *c = from->first; c != NULL; c = c->next) {
        Doc *one = doc_add_obj(to);
        doc_set_str(one, "key", doc_get_str(c, "key"));
        doc_set_str(one, "stratum", doc_get_str(c, "stratum"));
    }
    Str path = str_printf(m->cx->mem, "draws/%.*s/draw.json", STRF(base));
    Doc *line = doc_add_obj(doc_get(m->index, S("draws")));
    doc_set_str(line, "record", str_printf(m->cx->mem, "records/%.*s.json", STRF(base)));
    doc_set_str(line, "list", list_path);
    doc_set_str(line, "draw", draw_path);
    doc_set_str(line, "input", path);
    return put_file(m, cx, path, json_canonical(cx->mem, o));
}

typedef struct {
    const Snapshot *list, *draw, *computation;
    Str list_path, draw_path, computation_path;
} Newest;

static void note_newest(Newest *w, const Snapshot *s, Str path)
{
    if (str_eq(s->name, S("list"))) {
        w->list = s;
        w->list_path = path;
    } else if (str_eq(s->name, S("draw"))) {
        w->draw = s;
        w->draw_path = path;
    } else if (str_eq(s->name, S("computation"))) {
        w->computation = s;
        w->computation_path = path;
    }
}

static bool put_snapshots(Maker *m, Cx *cx, const Rec *r, Str base, Doc *o)
{
    Snapshot *items;
    size_t n;
    Newest w = {0};
    Doc *l = doc_set_list(o, "snapshots");
    if (!snapshot_list(cx, m->s, r->type, r->id, &items, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const Snapshot *s = &items[i];
        Str why, path = str_printf(m->cx->mem, "snapshots/%.*s/%zu-%.*s.json", STRF(base), i + 1, STRF(word(s->name)));
        const Doc *record = doc_get(json_read_large(cx->mem, s->body, &why), S("record"));
        bool withheld = record != NULL && hides_of(m, r->type, doc_get(record, S("fields")));
        Doc *one = doc_add_obj(l);
        doc_set_id(one, "id", s->id);
        doc_set_str(one, "name", str_dup(m->cx->mem, s->name));
        doc_set_str(one, "label", snapshot_label(r->type, s->name));
        doc_set_int(one, "rev", s->rev);
        doc_set_instant(one, "at", s->at_ms);
        doc_set_str(one, "sha256", str_dup(m->cx->mem, s->sha256));
        if (withheld) {
            doc_set_null(one, "path");
            leave_out(m->cx, &m->c, S("快照"), path, S("里面有您的角色不能看的栏目"));
            continue;
        }
        doc_set_str(one, "path", path);
        note_newest(&w, s, path);
        if (!put_file(m, cx, path, s->body)) {
            return false;
        }
    }
    if (r->type == m->set->result && w.computation != NULL) {
        Doc *line = doc_add_obj(doc_get(m->index, S("scores")));
        doc_set_str(line, "record", str_printf(m->cx->mem, "records/%.*s.json", STRF(base)));
        doc_set_str(line, "computation", w.computation_path);
        doc_set_int(line, "at", w.computation->at_ms);
    }
    return r->type != m->set->draw || w.list == NULL || w.draw == NULL ||
           put_draw(m, cx, base, w.list, w.list_path, w.draw, w.draw_path);
}

/* ---- the record ---- */

static bool has_personal(const Rec *r)
{
    for (size_t i = 0; i < r->type->n_fields; i++) {
        if (r->type->fields[i].personal && r->v[i].has) {
            return true;
        }
    }
    return false;
}

static bool read_rec(Maker *m, Cx *cx, const Item *item, Rec *ret)
{
    if (!rec_get(cx, m->s, m->a, item->type, item->id, ret)) {
        return false;
    }
    bool public_only;
    if (m->ask->reason.n == 0 || !has_personal(ret) || !access_read(store_pack(m->s), m->a, ret, &public_only) || public_only) {
        return true;
    }
    if (!access_flag(m->a, item->type, 'u')) {
        leave_out(m->cx, &m->c, item->type->label, safe_name(cx->mem, ret->no, ret->id), S("个人信息仍然脱敏：您的角色不能查看全文"));
        return true;
    }
    return rec_unmask(cx, m->s, m->a, item->type, item->id, m->ask->reason, ret);
}

bool put_record(Maker *m, Cx *cx, const Item *item)
{
    Rec r;
    bool public_only;
    if (!read_rec(m, cx, item, &r)) {
        return false;
    }
    Arena *mem = m->cx->mem;
    Str base = str_printf(mem, "%.*s/%.*s", STRF(r.type->id), STRF(safe_name(mem, r.no, r.id)));
    Str path = str_printf(mem, "records/%.*s.json", STRF(base));
    Doc *o = doc_add_obj(doc_get(m->index, S("records")));
    m->n.records++;
    doc_set_str(o, "type", r.type->id);
    doc_set_str(o, "type_label", r.type->label);
    doc_set_id(o, "id", r.id);
    doc_set_str(o, "no", str_dup(mem, r.no));
    doc_set_str(o, "title", str_dup(mem, rec_label(cx, m->s, r.type, r.id)));
    doc_set_shown(o, "state", r.state->id, r.state->label);
    doc_set_int(o, "rev", r.rev);
    doc_set_str(o, "path", path);
    Doc *personal = doc_set_list(o, "personal");
    for (size_t i = 0; i < r.type->n_fields; i++) {
        if (r.type->fields[i].personal) {
            doc_add_str(personal, r.type->fields[i].id);
        }
    }
    if (!put_file(m, cx, path, record_json(cx, m->s, &r)) || !access_read(store_pack(m->s), m->a, &r, &public_only)) {
        return false;
    }
    if (public_only) {
        leave_out(m->cx, &m->c, r.type->label, base, S("在您的管辖范围之外，只收入公开的内容"));
        return put_log(m, cx, &r, o);
    }
    return put_history(m, cx, &r, base, o) && put_snapshots(m, cx, &r, base, o) && put_attachments(m, cx, &r, o) &&
           put_printed(m, cx, &r, base, o) && put_log(m, cx, &r, o);
}
