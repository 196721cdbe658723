/*
 * load_flow.c - of one record type: checks, states, rights and the spreadsheet.
 */
#include "pack/load.h"

/* ---- checks and conditions ---- */

Check *load_checks(Loader *l, const Node *list, const RecordType *t, const Field *extra, size_t n_extra,
                   bool conditions, size_t *ret_n)
{
    static const char *const KEYS[] = {"id", "level", "fields", "when", "expr", "say", "manual", NULL};
    static const char *const LEVELS[] = {"error", "warn", NULL};
    Check *out = NEW_ARRAY(l->mem, Check, list->n + 1);
    *ret_n = 0;
    for (const Node *n = list->first; n != NULL; n = n->next) {
        if (!keys_only(l, n, KEYS)) {
            continue;
        }
        Check *c = &out[(*ret_n)++];
        c->id = get_id(l, n, "id", !conditions);
        c->say = get_text(l, n, "say", true);
        c->clause = get_clause(l, n);
        c->warn = get_choice(l, n, "level", LEVELS, 0) == 1;
        c->manual = get_bool(l, n, "manual", false);
        if (c->manual && !conditions) {
            fault(l, node_get(n, "manual"), "manual 用在检查上不对，应为只用在动作的 conditions 里");
        }
        size_t n_fields;
        const Field **fields = get_fields(l, n, "fields", t, false, &n_fields);
        c->field = n_fields != 0 ? fields[0] : NULL;
        want_expr(l, n, "when", t, extra, n_extra, NULL, &c->when);
        want_expr(l, n, "expr", t, extra, n_extra, NULL, &c->expr);
        if (node_get(n, "expr") == NULL && !c->manual) {
            fault(l, n, "缺少 expr，应为条件表达式");
        }
        for (size_t i = 0; i + 1 < *ret_n; i++) {
            if (c->id.n != 0 && str_eq(out[i].id, c->id)) {
                fault(l, node_get(n, "id"), "检查 %.*s 重复，应为互不相同的 id", STRF(c->id));
            }
        }
    }
    return out;
}

/* ---- states ---- */

static const char *const TONES[] = {"grey", "sky", "grass", "gold", "red", NULL};

Str get_tone(Loader *l, const Node *n)
{
    int tone = get_choice(l, n, "tone", TONES, -1);
    return tone >= 0 ? str_c(TONES[tone]) : S("");
}

static void load_state(Loader *l, const Node *n, const RecordType *t, State *s)
{
    static const char *const KEYS[] = {"id",          "label", "tone",   "initial", "editable", "published",
                                       "public_text", "due",   "sealed", "amber",   "rest",  NULL};
    if (!keys_only(l, n, KEYS)) {
        return;
    }
    s->id = get_id(l, n, "id", true);
    s->label = get_text(l, n, "label", true);
    s->tone = get_tone(l, n);
    s->initial = get_bool(l, n, "initial", false);
    s->editable = get_bool(l, n, "editable", false);
    s->published = get_bool(l, n, "published", false);
    s->public_text = get_text(l, n, "public_text", false);
    const Node *due = node_get(n, "due");
    if (due != NULL) {
        s->due = find_field(l, due, t, node_text(l, due, "due"));
        if (s->due != NULL && s->due->kind != FT_DATE) {
            fault(l, due, "字段 %.*s 不是日期，应为 date 字段", STRF(due->text));
        }
    }
    int64_t v = 0;
    (void)get_int(l, n, "amber", 1, 60, &v);
    s->amber = (int32_t)v;
    if (v != 0 && due == NULL) {
        fault(l, node_get(n, "amber"), "有 amber 而没有期限，应为同时写 due");
    }
    s->rest = get_bool(l, n, "rest", false);
    s->sealed = get_bool(l, n, "sealed", false);
    if (s->sealed && t->person == NULL) {
        fault(l, node_get(n, "sealed"), "封存的状态要知道记录属于谁，应为类型里写 person: 登录名字段");
    } else if (s->sealed && s->published) {
        fault(l, node_get(n, "sealed"), "状态既封存又公开，应为 sealed 和 published 只写一个");
    }
}

void load_states(Loader *l, const Node *tree, RecordType *t)
{
    const Node *list = get_list(l, tree, "states");
    if (list == NULL || list->n == 0) {
        t->states = NEW(l->mem, State);
        t->states[0] =
            (State){.id = S("active"), .label = S("有效"), .tone = S("grass"), .initial = true, .editable = true};
        t->n_states = 1;
        return;
    }
    t->states = NEW_ARRAY(l->mem, State, list->n);
    size_t initial = 0;
    for (const Node *n = list->first; n != NULL; n = n->next) {
        State *s = &t->states[t->n_states];
        s->index = (int32_t)t->n_states;
        load_state(l, n, t, s);
        if (s->id.n != 0 && type_state(t, s->id) != NULL) {
            fault(l, node_get(n, "id"), "状态 %.*s 重复，应为互不相同的 id", STRF(s->id));
        }
        t->n_states++;
        initial += s->initial;
    }
    if (initial != 1) {
        fault(l, list, "有 %zu 个初始状态，应为恰好一个 initial: true", initial);
    }
}

/* ---- rights ---- */

/* hide_in: {states: [..], fields: [..]} */
static void load_veil(Loader *l, const Node *n, const RecordType *t, Grant *g)
{
    static const char *const KEYS[] = {"states", "fields", NULL};
    const Node *m = get_map(l, n, "hide_in");
    if (m == NULL || !keys_only(l, m, KEYS)) {
        return;
    }
    const Node *states = get_list(l, m, "states");
    g->veil = get_fields(l, m, "fields", t, false, &g->n_veil);
    g->veil_in = NEW_ARRAY(l->mem, const State *, states != NULL ? states->n + 1 : 1);
    for (const Node *s = states != NULL ? states->first : NULL; s != NULL; s = s->next) {
        const State *st = find_state(l, s, t);
        if (st != NULL) {
            g->veil_in[g->n_veil_in++] = st;
        }
    }
    if (states == NULL || states->n == 0 || g->n_veil == 0) {
        fault(l, m, "hide_in 不完整，应为 {states: [状态], fields: [字段]}");
    }
}

void load_rights(Loader *l, const Node *tree, RecordType *t)
{
    static const char *const KEYS[] = {"read",   "create", "edit", "export", "history",
                                       "import", "unmask", "erase", "hide", "hide_in", "assign", NULL};
    static const char *const REACHES[] = {"none", "mine", "own", "below", "all", NULL};
    const Node *map = get_map(l, tree, "rights");
    if (map == NULL) {
        return;
    }
    t->grants = NEW_ARRAY(l->mem, Grant, map->n + 1);
    for (const Node *n = map->first; n != NULL; n = n->next) {
        const Role *role = pack_role(l->p, n->key);
        if (role != NULL && role->kind != ADMIN_NONE) {
            fault_at(l, n->file, n->key_line, n->key_col, "角色 %.*s 是管理员，应为办理业务的角色", STRF(n->key));
            continue;
        }
        if (role == NULL) {
            fault_at(l, n->file, n->key_line, n->key_col, "没有角色 %.*s，应为 roles.yaml 里的 id", STRF(n->key));
        }
        if (!keys_only(l, n, KEYS)) {
            continue;
        }
        Grant *g = &t->grants[t->n_grants++];
        g->role = str_dup(l->mem, n->key);
        g->read = (Reach)get_choice(l, n, "read", REACHES, REACH_NONE);
        g->create = (Reach)get_choice(l, n, "create", REACHES, REACH_NONE);
        g->edit = (Reach)get_choice(l, n, "edit", REACHES, REACH_NONE);
        g->export = get_bool(l, n, "export", false);
        g->history = get_bool(l, n, "history", false);
        g->import = get_bool(l, n, "import", false);
        g->unmask = get_bool(l, n, "unmask", false);
        g->erase = get_bool(l, n, "erase", false);
        g->assign = get_bool(l, n, "assign", false);
        g->hide = get_fields(l, n, "hide", t, false, &g->n_hide);
        load_veil(l, n, t, g);
    }
}

/* ---- sheet ---- */

static void sheet_beside(Loader *l, const Node *n, const RecordType *t, Sheet *s, Str *ret_link)
{
    static const char *const KEYS[] = {"link", "key", NULL};
    const Node *b = get_map(l, n, "beside");
    if (b == NULL || !keys_only(l, b, KEYS)) {
        return;
    }
    Str id = get_text(l, b, "link", true);
    for (size_t i = 0; i < t->n_links; i++) {
        if (str_eq(t->links[i].id, id)) {
            s->beside = t->links[i].type;
            s->beside_via = t->links[i].via;
        }
    }
    if (s->beside == NULL) {
        if (id.n != 0) {
            fault(l, node_get(b, "link"), "没有关联 %.*s，应为 links 里的 id", STRF(id));
        }
        return;
    }
    *ret_link = id;
    s->beside_key = get_fields(l, b, "key", s->beside, true, &s->n_beside_key);
}

static void sheet_columns(Loader *l, const Node *list, const RecordType *t, Sheet *s, Str link)
{
    s->cols = NEW_ARRAY(l->mem, SheetCol, list->n + 1);
    for (const Node *n = list->first; n != NULL; n = n->next) {
        Str path = node_text(l, n, "columns"), head, tail;
        SheetCol c = {0};
        if (!str_cut(path, '.', &head, &tail)) {
            c.field = find_field(l, n, t, path);
        } else if (s->beside == NULL || !str_eq(head, link)) {
            fault(l, n, "没有并列的关联 %.*s，应为 beside 里的 link", STRF(head));
            continue;
        } else {
            c.beside = true;
            c.field = find_field(l, n, s->beside, tail);
        }
        if (c.field != NULL && c.field->kind == FT_LIST) {
            fault(l, n, "列表字段 %.*s 不能作一列，应为普通字段", STRF(path));
        }
        for (size_t i = 0; i < s->n && c.field != NULL; i++) {
            if (s->cols[i].field == c.field) {
                fault(l, n, "列 %.*s 重复，应为只写一次", STRF(path));
            }
        }
        if (c.field != NULL) {
            s->cols[s->n++] = c;
        }
    }
}

void load_sheet(Loader *l, const Node *tree, RecordType *t)
{
    static const char *const KEYS[] = {"id", "label", "columns", "key", "beside", "notes", NULL};
    const Node *n = get_map(l, tree, "sheet");
    if (n == NULL || !keys_only(l, n, KEYS)) {
        return;
    }
    Sheet *s = t->sheet = NEW(l->mem, Sheet);
    s->id = get_id(l, n, "id", true);
    s->label = get_text(l, n, "label", true);
    s->notes = get_texts(l, n, "notes", &s->n_notes);
    s->key = get_fields(l, n, "key", t, true, &s->n_key);
    Str link = S("");
    sheet_beside(l, n, t, s, &link);
    const Node *columns = get_list(l, n, "columns");
    if (columns == NULL || columns->n == 0) {
        fault(l, n, "缺少 columns，应为各列的字段");
    } else {
        sheet_columns(l, columns, t, s, link);
    }
}
