/*
 * html.c - index.html: what lies in the bundle, for people without this program. No script, nothing fetched.
 */
#include "feature/bundle/set.h"

#define HTML_MAX ((size_t)32 << 20)

static void copy_row(const Doc *from, Doc *to)
{
    static const char *const NAMES[] = {"no", "title", "path"};
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        doc_set_str(to, NAMES[i], doc_get_str(from, NAMES[i]));
    }
    if (doc_get_str(to, "no").n == 0) {
        doc_get(to, S("no"))->s = doc_get_str(from, "id");
    }
    doc_set_str(to, "state", doc_shown_text(to->mem, doc_get(from, S("state"))));
    doc_set_str(to, "history", doc_get_str(from, "history"));
    static const char *const LISTS[] = {"snapshots", "documents", "attachments"};
    for (size_t k = 0; k < ARRAY_LEN(LISTS); k++) {
        Doc *l = doc_set_list(to, LISTS[k]);
        const Doc *items = doc_get(from, str_c(LISTS[k]));
        for (const Doc *f = items != NULL ? items->first : NULL; f != NULL; f = f->next) {
            Str path = doc_get_str(f, "path"), name = doc_get_str(f, k == 2 ? "name" : "label");
            if (path.n != 0) {
                Doc *o = doc_add_obj(l);
                doc_set_str(o, "href", path);
                doc_set_str(o, "name", name);
            }
        }
    }
}

/* Records by type, in the order in which the types first come. */
static void groups_doc(const Maker *m, Doc *l)
{
    const Doc *records = doc_get(m->index, S("records"));
    for (const Doc *r = records->first; r != NULL; r = r->next) {
        Doc *group = NULL;
        for (Doc *g = l->first; g != NULL && group == NULL; g = g->next) {
            group = str_eq(doc_get_str(g, "type"), doc_get_str(r, "type")) ? g : NULL;
        }
        if (group == NULL) {
            group = doc_add_obj(l);
            doc_set_str(group, "type", doc_get_str(r, "type"));
            doc_set_str(group, "label", doc_get_str(r, "type_label"));
            doc_set_int(group, "n", 0);
            doc_set_list(group, "rows");
        }
        doc_get(group, S("n"))->i++;
        copy_row(r, doc_add_obj(doc_get(group, S("rows"))));
    }
}

static void copies(const Doc *from, Doc *to)
{
    for (const Doc *d = from->first; d != NULL; d = d->next) {
        Doc *o = doc_add_obj(to);
        for (const Doc *c = d->first; c != NULL; c = c->next) {
            if (c->kind == DOC_STR) {
                doc_set_str_n(o, c->name, c->s);
            }
        }
    }
}

bool put_page(Maker *m, Cx *cx, const char *view_dir)
{
    Templates *t = templates_load(cx, cx->mem, view_dir);
    if (t == NULL) {
        return false;
    }
    Doc *o = doc_obj(cx->mem);
    const Doc *root = doc_get(m->manifest, S("root")), *pack = doc_get(m->manifest, S("pack"));
    doc_set_str(o, "title", doc_get_str(root, "title"));
    doc_set_str(o, "type_label", doc_get_str(root, "type_label"));
    doc_set_str(o, "no", doc_get_str(root, "no"));
    doc_set_instant(o, "made_at", cx->now_ms);
    doc_set_str(o, "made_by", doc_get_str(m->manifest, "made_by"));
    doc_set_str(o, "made_org", doc_get_str(m->manifest, "made_org"));
    doc_set_str(o, "unmasked", m->ask->reason);
    doc_set_str(o, "pack", doc_get_str(pack, "id"));
    doc_set_str(o, "pack_version", doc_get_str(pack, "version"));
    doc_set_str(o, "pack_hash", doc_get_str(pack, "hash"));
    doc_set_bool(o, "sample", doc_get_bool(pack, "sample"));
    doc_set_bool(o, "demo", doc_get_bool(m->manifest, "demo"));
    doc_set_str(o, "program", doc_get_str(m->manifest, "program"));
    doc_set_int(o, "n_records", m->n.records);
    doc_set_int(o, "n_events", m->n.events);
    groups_doc(m, doc_set_list(o, "groups"));
    static const char *const LISTS[] = {"draws", "rubrics", "left_out"};
    for (size_t i = 0; i < ARRAY_LEN(LISTS); i++) {
        copies(doc_get(m->index, str_c(LISTS[i])), doc_set_list(o, LISTS[i]));
    }
    doc_set_bool(o, "any_draws", doc_get(m->index, S("draws"))->n != 0);
    doc_set_bool(o, "any_rubrics", doc_get(m->index, S("rubrics"))->n != 0);
    doc_set_bool(o, "any_left_out", m->c.n_left != 0);
    const Doc *stack[] = {o};
    Buf b = buf_new(cx->mem, HTML_MAX);
    return mustache_render(cx, t, S("bundle/index"), stack, 1, &b) && put_file(m, cx, S("index.html"), buf_str(&b));
}
