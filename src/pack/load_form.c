/*
 * load_form.c - of one record type: the form that anyone may fill in without an account.
 */
#include "pack/load.h"

/* A value that nobody is asked for: the pack must say where it comes from. */
static void check_asked(Loader *l, const Node *at, const Node *tree, const RecordType *t, const PublicForm *p)
{
    const Node *n = node_get(tree, "fields") != NULL ? node_get(tree, "fields")->first : NULL;
    for (size_t i = 0; i < t->n_fields && n != NULL; i++, n = n->next) {
        const Field *f = &t->fields[i];
        bool given = !f->required || f == p->about || node_get(n, "default") != NULL || f->until <= t->revision;
        for (size_t k = 0; k < p->n_fields && !given; k++) {
            given = p->fields[k] == f;
        }
        if (!given) {
            fault(l, at, "必填字段 %.*s 不在 fields 里，应为加进去、给默认值，或不是必填", STRF(f->id));
        }
    }
}

static void form_about(Loader *l, const Node *n, const RecordType *t, PublicForm *p)
{
    p->about = get_field(l, n, "about", t);
    if (p->about != NULL && p->about->kind != FT_REF) {
        fault(l, node_get(n, "about"), "字段 %.*s 不指向别的记录，应为 ref 字段", STRF(p->about->id));
        p->about = NULL;
    }
    const Node *when = node_get(n, "open_when");
    bool about = node_get(n, "about") != NULL;
    if (when != NULL && !about) {
        want_expr_node(l, when, NULL, NULL, 0, NULL, &p->open_when);
    } else if (when != NULL && p->about != NULL && p->about->ref != NULL) { /* else the fault is told already */
        want_expr_node(l, when, p->about->ref, NULL, 0, NULL, &p->open_when);
    }
}

static void form_owner(Loader *l, const Node *n, const RecordType *t, PublicForm *p)
{
    static const char *const OWNERS[] = {"about", "region", "top", NULL};
    bool about = node_get(n, "about") != NULL;
    int owner = get_choice(l, n, "owner", OWNERS, about ? 0 : 2);
    p->owner = str_c(OWNERS[owner]);
    bool asked = false;
    for (size_t i = 0; i < p->n_fields; i++) {
        asked = asked || p->fields[i] == t->region;
    }
    if (owner == 0 && !about) {
        fault(l, node_get(n, "owner"), "owner: about 而没有 about，应为 region、top，或写上 about");
    } else if (owner == 1 && (t->region == NULL || !asked)) {
        fault(l, node_get(n, "owner"), "owner: region 而不问区划，应为类型有 region，并把它放进 fields");
    }
}

void load_public_form(Loader *l, const Node *tree, RecordType *t)
{
    static const char *const KEYS[] = {"title", "intro",    "fields", "about", "open_when",
                                       "owner", "per_hour", "files",  "done",  "answer", "button", "total_per_hour", NULL};
    const Node *n = get_map(l, tree, "public_form");
    if (n == NULL || !keys_only(l, n, KEYS)) {
        return;
    }
    PublicForm *p = t->open = NEW(l->mem, PublicForm);
    p->title = get_text(l, n, "title", true);
    p->intro = get_text(l, n, "intro", false);
    p->done = get_text(l, n, "done", true);
    p->files = get_bool(l, n, "files", false);
    int64_t per_hour = 5;
    (void)get_int(l, n, "per_hour", 1, 1000, &per_hour);
    p->per_hour = (int32_t)per_hour;
    int64_t total = 500;
    (void)get_int(l, n, "total_per_hour", 1, 100000, &total);
    p->total_per_hour = (int32_t)total;
    p->button = get_text(l, n, "button", false);
    p->button = p->button.n != 0 ? p->button : S("提交");
    form_about(l, n, t, p);
    p->fields = get_fields(l, n, "fields", t, false, &p->n_fields);
    const Node *list = node_get(n, "fields");
    if (p->n_fields == 0) {
        fault(l, n, "缺少 fields，应为要填写的字段的列表");
        return;
    }
    for (size_t i = 0; i < p->n_fields; i++) {
        const Field *f = p->fields[i];
        if (f->read_only || f->computed || f == t->person || f == p->about) {
            fault(l, list, "公众不能填写 %.*s，应为普通字段（不是只读、归属人和 about）", STRF(f->id));
        }
    }
    p->answer = get_fields(l, n, "answer", t, true, &p->n_answer);
    form_owner(l, n, t, p);
    check_asked(l, list, tree, t, p);
}
