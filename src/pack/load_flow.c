/*
 * load_flow.c - of one record type: checks, states, actions, rights and the spreadsheet.
 */
#include "pack/load.h"

/* ---- checks and conditions ---- */

Check *load_checks(Loader *l, const Node *list, const RecordType *t, const Field *extra, size_t n_extra, bool conditions,
                   size_t *ret_n)
{
    static const char *const KEYS[] = {"id", "level", "fields", "when", "expr", "say", NULL};
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
        size_t n_fields;
        const Field **fields = get_fields(l, n, "fields", t, false, &n_fields);
        c->field = n_fields != 0 ? fields[0] : NULL;
        want_expr(l, n, "when", t, extra, n_extra, NULL, &c->when);
        want_expr(l, n, "expr", t, extra, n_extra, NULL, &c->expr);
        if (node_get(n, "expr") == NULL) {
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

static Str get_tone(Loader *l, const Node *n)
{
    int tone = get_choice(l, n, "tone", TONES, -1);
    return tone >= 0 ? str_c(TONES[tone]) : S("");
}

static void load_state(Loader *l, const Node *n, const RecordType *t, State *s)
{
    static const char *const KEYS[] = {"id", "label", "tone", "initial", "editable", "published", "public_text", "due", NULL};
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
}

void load_states(Loader *l, const Node *tree, RecordType *t)
{
    const Node *list = get_list(l, tree, "states");
    if (list == NULL || list->n == 0) {
        t->states = NEW(l->mem, State);
        t->states[0] = (State){.id = S("active"), .label = S("有效"), .tone = S("grass"), .initial = true, .editable = true};
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

static const State *find_state(Loader *l, const Node *at, const RecordType *t)
{
    const State *s = at->kind == NODE_TEXT ? type_state(t, at->text) : NULL;
    if (s == NULL) {
        fault(l, at, "没有状态 %.*s，应为 states 里的 id", STRF(at->text));
    }
    return s;
}

/* ---- actions ---- */

static void check_roles(Loader *l, const Node *list)
{
    for (const Node *n = list != NULL ? list->first : NULL; n != NULL; n = n->next) {
        if (n->kind == NODE_TEXT && pack_role(l->p, n->text) == NULL) {
            fault(l, n, "没有角色 %.*s，应为 roles.yaml 里的 id", STRF(n->text));
        }
    }
}

static void action_to(Loader *l, const Node *n, const RecordType *t, Action *a)
{
    const Node *to = node_get(n, "to");
    if (to == NULL) {
        return;
    }
    if (to->kind == NODE_TEXT) {
        a->to = NEW_ARRAY(l->mem, const State *, 1);
        a->to[0] = find_state(l, to, t);
        a->n_to = 1;
        return;
    }
    if (to->kind != NODE_MAP) {
        fault(l, to, "to 的写法不对，应为一个状态，或“层级: 状态”的表");
        return;
    }
    a->to = NEW_ARRAY(l->mem, const State *, l->p->n_levels + 1);
    a->n_to = l->p->n_levels;
    for (const Node *s = to->first; s != NULL; s = s->next) {
        int level = level_of(l->p, s->key);
        if (level < 0) {
            fault_at(l, s->file, s->key_line, s->key_col, "没有层级 %.*s，应为 pack.yaml 的 levels 之一", STRF(s->key));
        } else {
            a->to[level] = find_state(l, s, t);
        }
    }
}

static void action_from(Loader *l, const Node *n, const RecordType *t, Action *a)
{
    const Node *from = get_list(l, n, "from");
    if (from == NULL || from->n == 0) {
        fault(l, n, "缺少 from，应为可以办理的状态的列表");
        return;
    }
    a->from = NEW_ARRAY(l->mem, const State *, from->n);
    for (const Node *s = from->first; s != NULL; s = s->next) {
        const State *state = find_state(l, s, t);
        if (state != NULL) {
            a->from[a->n_from++] = state;
        }
    }
}

/* A map field -> expression; the expressions look at records of `t` and the action's inputs, the fields are those of `of`. */
static struct SetTo *load_set_to(Loader *l, const Node *map, const RecordType *of, const RecordType *t, const Action *a, size_t *ret_n)
{
    *ret_n = 0;
    struct SetTo *out = NEW_ARRAY(l->mem, struct SetTo, map->n + 1);
    for (const Node *n = map->first; n != NULL; n = n->next) {
        const Field *f = type_field(of, n->key);
        if (f == NULL || f->kind == FT_LIST || f->computed) {
            fault_at(l, n->file, n->key_line, n->key_col, "不能写字段 %.*s，应为 %.*s 的普通字段", STRF(n->key), STRF(of->id));
            continue;
        }
        struct SetTo *s = &out[(*ret_n)++];
        s->field = f;
        want_expr_node(l, n, t, a->ask, a->n_ask, f, &s->value);
    }
    return out;
}

static void action_make(Loader *l, const Node *n, const RecordType *t, Action *a)
{
    static const char *const KEYS[] = {"type", "each_org", "set", NULL};
    const Node *list = get_list(l, n, "make");
    if (list == NULL) {
        return;
    }
    a->make = NEW_ARRAY(l->mem, struct Make, list->n + 1);
    for (const Node *m = list->first; m != NULL; m = m->next) {
        if (!keys_only(l, m, KEYS)) {
            continue;
        }
        struct Make *make = &a->make[a->n_make];
        Str type = get_text(l, m, "type", true);
        make->type = pack_type(l->p, type);
        if (make->type == NULL) {
            if (type.n != 0) {
                fault(l, node_get(m, "type"), "没有记录类型 %.*s，应为 types/ 里的类型", STRF(type));
            }
            continue;
        }
        int level = get_level(l, m, "each_org");
        make->each_org_level = level >= 0 ? l->p->levels[level] : S("");
        const Node *set = get_map(l, m, "set");
        if (set != NULL) {
            make->set = load_set_to(l, set, make->type, t, a, &make->n_set);
        }
        a->n_make++;
    }
}

static void action_reason(Loader *l, const Node *n, Action *a)
{
    static const char *const REASONS[] = {"none", "optional", "required", NULL};
    int reason = get_choice(l, n, "reason", REASONS, 0);
    a->ask_reason = reason != 0;
    a->reason_required = reason == 2;
    size_t n_phrases;
    Str *phrases = get_texts(l, n, "phrases", &n_phrases);
    a->phrases = NEW_ARRAY(l->mem, Phrase, n_phrases + 1);
    a->n_phrases = n_phrases;
    for (size_t i = 0; i < n_phrases; i++) {
        a->phrases[i] = (Phrase){phrases[i], phrases[i]};
    }
    if (n_phrases != 0 && reason == 0) {
        fault(l, node_get(n, "phrases"), "有常用语而不问理由，应为 reason: optional 或 required");
    }
}

static void load_action(Loader *l, const Node *n, const RecordType *t, Action *a)
{
    static const char *const KEYS[] = {"id",   "label", "tone",   "from",    "to",         "holder", "roles", "at_holder", "four_eyes",
                                       "bulk", "reason", "phrases", "conditions", "set",    "ask",   "make",      "confirm",
                                       "done", NULL};
    static const char *const HOLDERS[] = {"same", "owner", "parent", "top", NULL};
    if (!keys_only(l, n, KEYS)) {
        return;
    }
    a->id = get_id(l, n, "id", true);
    a->label = get_text(l, n, "label", true);
    a->tone = get_tone(l, n);
    a->clause = get_clause(l, n);
    a->done = get_text(l, n, "done", false);
    a->confirm = get_text(l, n, "confirm", false);
    a->holder = (Hold)get_choice(l, n, "holder", HOLDERS, HOLD_SAME);
    a->at_holder = get_bool(l, n, "at_holder", true);
    a->four_eyes = get_bool(l, n, "four_eyes", false);
    a->bulk = get_bool(l, n, "bulk", false);
    a->roles = get_texts(l, n, "roles", &a->n_roles);
    if (a->n_roles == 0) {
        fault(l, n, "缺少 roles，应为可以办理的角色的列表");
    }
    check_roles(l, a->roles != NULL ? node_get(n, "roles") : NULL);
    action_from(l, n, t, a);
    action_to(l, n, t, a);
    action_reason(l, n, a);
    const Node *ask = get_list(l, n, "ask");
    if (ask != NULL) {
        read_fields(l, ask, t, true, &a->ask, &a->n_ask);
    }
    const Node *conditions = get_list(l, n, "conditions");
    if (conditions != NULL) {
        a->conditions = load_checks(l, conditions, t, a->ask, a->n_ask, true, &a->n_conditions);
    }
    const Node *set = get_map(l, n, "set");
    if (set != NULL) {
        a->set = load_set_to(l, set, t, t, a, &a->n_set);
    }
    action_make(l, n, t, a);
}

void load_actions(Loader *l, const Node *tree, RecordType *t)
{
    const Node *list = get_list(l, tree, "actions");
    if (list == NULL) {
        return;
    }
    t->actions = NEW_ARRAY(l->mem, Action, list->n + 1);
    for (const Node *n = list->first; n != NULL; n = n->next) {
        Action *a = &t->actions[t->n_actions];
        load_action(l, n, t, a);
        if (a->id.n != 0 && type_action(t, a->id) != NULL) {
            fault(l, node_get(n, "id"), "办理动作 %.*s 重复，应为互不相同的 id", STRF(a->id));
        }
        t->n_actions++;
    }
}

/* ---- rights ---- */

void load_rights(Loader *l, const Node *tree, RecordType *t)
{
    static const char *const KEYS[] = {"read", "create", "edit", "export", "history", "import", "unmask", "hide", NULL};
    static const char *const REACHES[] = {"none", "mine", "own", "below", "all", NULL};
    const Node *map = get_map(l, tree, "rights");
    if (map == NULL) {
        return;
    }
    t->grants = NEW_ARRAY(l->mem, Grant, map->n + 1);
    for (const Node *n = map->first; n != NULL; n = n->next) {
        if (pack_role(l->p, n->key) == NULL) {
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
        g->hide = get_fields(l, n, "hide", t, false, &g->n_hide);
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
