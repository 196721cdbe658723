/*
 * load_rest.c - the small files: clauses, code lists, roles, parameters, targets, the menu and the settings of features.
 */
#include "base/date.h"
#include "fmt/csv.h"
#include "pack/load.h"

/* The root list of a file; NULL when there is none. */
static Node *root_list(Loader *l, Str file)
{
    Node *tree = file_tree(l, file, false);
    if (tree == NULL || tree->kind == NODE_NULL) {
        return NULL;
    }
    if (tree->kind != NODE_LIST) {
        fault(l, tree, "应为“- 项”的列表");
        return NULL;
    }
    return tree;
}

/* ---- clauses.yaml ---- */

void load_clauses(Loader *l)
{
    static const char *const KEYS[] = {"id", "parent", "title", "text", NULL};
    Node *tree = root_list(l, S("clauses.yaml"));
    if (tree == NULL) {
        return;
    }
    Pack *p = l->p;
    p->clauses = NEW_ARRAY(l->mem, Clause, tree->n + 1);
    for (const Node *n = tree->first; n != NULL; n = n->next) {
        if (!keys_only(l, n, KEYS)) {
            continue;
        }
        Clause c = {.id = get_text(l, n, "id", true), .title = get_text(l, n, "title", true), .text = get_text(l, n, "text", false),
                    .parent = get_text(l, n, "parent", false)};
        if (c.id.n != 0 && pack_clause(p, c.id) != NULL) {
            fault(l, n, "条款 %.*s 重复，应为互不相同的 id", STRF(c.id));
        }
        p->clauses[p->n_clauses++] = c;
    }
    for (const Node *n = tree->first; n != NULL; n = n->next) {
        const Node *parent = node_get(n, "parent");
        if (parent != NULL && pack_clause(p, parent->text) == NULL) {
            fault(l, parent, "没有上级条款 %.*s，应为本文件里的条款", STRF(parent->text));
        }
    }
}

/* ---- codes.yaml ---- */

static void add_code(Loader *l, CodeList *list, Code c, Str file, int line, int col)
{
    if (c.valid_from == 0 && c.valid_to == 0) { /* from a file of codes, which has no dates */
        c.valid_from = DATE_MIN;
        c.valid_to = DATE_MAX;
    }
    Code *at = &list->codes[list->n++];
    *at = c;
    if (c.code.n != 0 && !map_put(&list->by_code, at->code, at)) {
        fault_at(l, file, line, col, "代码 %.*s 重复，应为互不相同的代码", STRF(c.code));
    }
    (void)map_put(&list->by_label, at->label, at);
}

typedef struct {
    Loader *l;
    CodeList *list;
    Str file;
    size_t cap;
    int *lines;
    size_t cap_lines;
} CodeFile;

/* First pass of a code file: Code items must not move once mapped, so rows are gathered, then added. */
static bool code_row(void *ctx, size_t line, const Str *cells, size_t n)
{
    CodeFile *c = ctx;
    Loader *l = c->l;
    if (c->lines == NULL) {
        ARRAY_ROOM(l->tmp, c->lines, 0, c->cap_lines);
        if (n < 2 || !str_eq(str_trim(cells[0]), S("code")) || !str_eq(str_trim(cells[1]), S("label")) ||
            (n > 2 && !str_eq(str_trim(cells[2]), S("parent")))) {
            fault_at(l, c->file, (int)line, 1, "列名不对，应为 code,label,parent");
        }
        return true;
    }
    CodeList *list = c->list;
    ARRAY_ROOM(l->mem, list->codes, list->n, c->cap);
    ARRAY_ROOM(l->tmp, c->lines, list->n, c->cap_lines);
    c->lines[list->n] = (int)line;
    Code *at = &list->codes[list->n++];
    at->code = n > 0 ? str_dup(l->mem, str_trim(cells[0])) : S("");
    at->label = n > 1 ? str_dup(l->mem, str_trim(cells[1])) : S("");
    at->parent = n > 2 ? str_dup(l->mem, str_trim(cells[2])) : S("");
    if (at->code.n == 0 || at->label.n == 0) {
        fault_at(l, c->file, (int)line, at->code.n == 0 ? 1 : 2, "代码或名称是空的，应为每行都有 code 和 label");
    }
    return true;
}

static bool safe_path(Str s)
{
    if (s.n == 0 || s.n > 200 || s.p[0] == '/' || s.p[0] == '.' || str_contains(s, S(".."))) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' ||
                  c == '/';
        if (!ok) {
            return false;
        }
    }
    return true;
}

static void codes_from_file(Loader *l, const Node *at, CodeList *list)
{
    Str file = node_text(l, at, "file"), text;
    if (!safe_path(file)) {
        fault(l, at, "文件名不对，应为策略包文件夹里的 CSV 文件");
        return;
    }
    size_t before = l->n_faults;
    if (!file_text(l, file, (size_t)4 << 20, &text)) {
        if (l->n_faults == before) {
            fault(l, at, "没有文件 %.*s，应为策略包文件夹里的 CSV 文件", STRF(file));
        }
        return;
    }
    CodeFile c = {.l = l, .list = list, .file = file};
    Cx cx;
    cx_init(&cx, l->tmp);
    if (!csv_read(&cx, text, &(TableLimits){0}, code_row, &c)) {
        fault_at(l, file, 1, 1, "%.*s", STRF(cx_text(&cx)));
    }
    size_t n = list->n;
    list->n = 0;
    for (size_t i = 0; i < n; i++) {
        add_code(l, list, list->codes[i], file, c.lines[i], 1);
    }
    for (size_t i = 0; i < n; i++) {
        Str parent = list->codes[i].parent;
        if (parent.n != 0 && !map_has(&list->by_code, parent)) {
            fault_at(l, file, c.lines[i], 3, "没有上级代码 %.*s，应为本列表里的代码", STRF(parent));
        }
    }
}

static const char *const TONES[] = {"grey", "sky", "grass", "gold", "red", NULL};

static void codes_from_list(Loader *l, const Node *items, CodeList *list)
{
    static const char *const KEYS[] = {"code", "label", "parent", "tone", "note", "valid_from", "valid_to", "successor", NULL};
    list->codes = NEW_ARRAY(l->mem, Code, items->n + 1);
    for (const Node *n = items->first; n != NULL; n = n->next) {
        if (!keys_only(l, n, KEYS)) {
            continue;
        }
        int tone = get_choice(l, n, "tone", TONES, -1);
        Code c = {.code = get_text(l, n, "code", true), .label = get_text(l, n, "label", true),
                  .parent = get_text(l, n, "parent", false), .tone = tone >= 0 ? str_c(TONES[tone]) : S(""),
                  .note = get_text(l, n, "note", false), .clause = get_clause(l, n), .valid_from = DATE_MIN,
                  .valid_to = DATE_MAX, .successor = get_text(l, n, "successor", false)};
        (void)get_date(l, n, "valid_from", &c.valid_from);
        (void)get_date(l, n, "valid_to", &c.valid_to);
        add_code(l, list, c, n->file, n->line, n->col);
    }
    for (const Node *n = items->first; n != NULL; n = n->next) {
        const Node *parent = node_get(n, "parent");
        if (parent != NULL && !map_has(&list->by_code, parent->text)) {
            fault(l, parent, "没有上级代码 %.*s，应为本列表里的代码", STRF(parent->text));
        }
        const Node *next = node_get(n, "successor");
        if (next != NULL && !map_has(&list->by_code, next->text)) {
            fault(l, next, "没有承接的代码 %.*s，应为本列表里的代码", STRF(next->text));
        }
    }
}

void load_codes(Loader *l)
{
    static const char *const KEYS[] = {"label", "codes", "file", NULL};
    Node *tree = file_tree(l, S("codes.yaml"), false);
    if (tree == NULL || tree->kind == NODE_NULL) {
        return;
    }
    if (tree->kind != NODE_MAP) {
        fault(l, tree, "应为“列表名: 内容”的表");
        return;
    }
    Pack *p = l->p;
    p->code_lists = NEW_ARRAY(l->mem, CodeList, tree->n + 1);
    for (const Node *n = tree->first; n != NULL; n = n->next) {
        CodeList *list = &p->code_lists[p->n_code_lists++];
        list->by_code = map_new(l->mem);
        list->by_label = map_new(l->mem);
        list->id = str_dup(l->mem, n->key);
        if (!is_id(n->key)) {
            fault_at(l, n->file, n->key_line, n->key_col, "列表名 %.*s 不对，应为小写标识", STRF(n->key));
        }
        if (!keys_only(l, n, KEYS)) {
            continue;
        }
        list->label = get_text(l, n, "label", true);
        const Node *file = node_get(n, "file"), *items = get_list(l, n, "codes");
        if ((file == NULL) == (node_get(n, "codes") == NULL)) {
            fault(l, n, "代码表 %.*s 不对，应为 codes 或 file 之一", STRF(n->key));
        } else if (file != NULL) {
            codes_from_file(l, file, list);
        } else if (items != NULL) {
            codes_from_list(l, items, list);
        }
    }
}

/* ---- roles.yaml ---- */

/* `admin` is true, false, or which of the three administrators. */
static void read_admin(Loader *l, const Node *n, Role *r)
{
    const Node *at = node_get(n, "admin");
    for (int k = 1; at != NULL && k < ADMIN_KINDS; k++) {
        if (at->kind == NODE_TEXT && str_eq(at->text, str_c(ADMIN_WORDS[k]))) {
            r->kind = (AdminKind)k;
        }
    }
    if (r->kind == ADMIN_NONE) {
        r->admin = get_bool(l, n, "admin", false);
        return;
    }
    if (r->audit) {
        fault(l, at, "三个管理员角色的 audit 应为 false：审计管理员（audit）只看账户和授权的记录，不看业务记录");
    }
    if (pack_admin_role(l->p, r->kind) != NULL) {
        fault(l, at, "admin: %s 的角色已经有了，应只有一个", ADMIN_WORDS[r->kind]);
    }
}

void load_roles(Loader *l)
{
    static const char *const KEYS[] = {"id", "label", "level", "admin", "audit", "note", NULL};
    Node *tree = root_list(l, S("roles.yaml"));
    if (tree == NULL) {
        return;
    }
    Pack *p = l->p;
    p->roles = NEW_ARRAY(l->mem, Role, tree->n + 1);
    for (const Node *n = tree->first; n != NULL; n = n->next) {
        if (!keys_only(l, n, KEYS)) {
            continue;
        }
        Role r = {.id = get_id(l, n, "id", true), .label = get_text(l, n, "label", true), .note = get_text(l, n, "note", false),
                  .level_index = get_level(l, n, "level"),
                  .audit = get_bool(l, n, "audit", false)};
        read_admin(l, n, &r);
        if (r.id.n != 0 && pack_role(p, r.id) != NULL) {
            fault(l, n, "角色 %.*s 重复，应为互不相同的 id", STRF(r.id));
        }
        p->roles[p->n_roles++] = r;
    }
}

/* ---- params.yaml ---- */

void load_params(Loader *l)
{
    static const char *const KEYS[] = {"id", "label", "region", "from", "to", "value", "source", "sample", NULL};
    Node *tree = root_list(l, S("params.yaml"));
    if (tree == NULL) {
        return;
    }
    Pack *p = l->p;
    p->params = NEW_ARRAY(l->mem, Param0, tree->n + 1);
    for (const Node *n = tree->first; n != NULL; n = n->next) {
        if (!keys_only(l, n, KEYS)) {
            continue;
        }
        Param0 *x = &p->params[p->n_params++];
        *x = (Param0){.id = get_id(l, n, "id", true), .label = get_text(l, n, "label", true), .source = get_text(l, n, "source", false),
                      .region = get_text(l, n, "region", false), .from = DATE_MIN, .to = DATE_MAX,
                      .sample = get_bool(l, n, "sample", false)};
        (void)get_date(l, n, "from", &x->from);
        (void)get_date(l, n, "to", &x->to);
        x->known = get_int(l, n, "value", -1000000000000000, 1000000000000000, &x->value);
        if (node_get(n, "value") == NULL && !node_is_null(n, "value")) {
            fault(l, n, "缺少 value，应为整数，不知道时写 ~");
        }
        if (x->region.n != 0 && pack_region(p, x->region) == NULL) {
            fault(l, node_get(n, "region"), "没有区划 %.*s，应为 regions.csv 里的代码或空", STRF(x->region));
        }
        if (x->from > x->to) {
            fault(l, n, "from 晚于 to，应为先后顺序");
        }
    }
}

/* ---- targets.yaml ---- */

static void load_target(Loader *l, const Node *n, Target *t)
{
    static const char *const KEYS[] = {"id", "label", "note", "set", "type", "where", "goal", "increment", "baseline", "due", NULL};
    if (!keys_only(l, n, KEYS)) {
        return;
    }
    t->id = get_id(l, n, "id", true);
    t->label = get_text(l, n, "label", true);
    t->clause = get_clause(l, n);
    t->note = get_text(l, n, "note", false);
    t->due = DATE_MAX;
    (void)get_date(l, n, "due", &t->due);
    t->increment = get_bool(l, n, "increment", false);
    t->has_goal = get_int(l, n, "goal", 0, 1000000000, &t->goal);
    t->has_baseline = get_int(l, n, "baseline", 0, 1000000000, &t->baseline);
    Str type = get_text(l, n, "type", true), set = get_text(l, n, "set", false);
    t->type = pack_type(l->p, type);
    if (type.n != 0 && t->type == NULL) {
        fault(l, node_get(n, "type"), "没有记录类型 %.*s，应为 types/ 里的类型", STRF(type));
    }
    t->set = set.n != 0 ? pack_set(l->p, set) : NULL;
    if (set.n != 0 && t->set == NULL) {
        fault(l, node_get(n, "set"), "没有区划集合 %.*s，应为 sets.yaml 里的 id", STRF(set));
    }
    if (t->set != NULL && t->has_goal && t->goal > 100) {
        fault(l, node_get(n, "goal"), "goal 是占集合的百分数，应为 0 到 100");
    }
    if (t->type != NULL) {
        want_expr(l, n, "where", t->type, NULL, 0, NULL, &t->where);
    }
}

void load_targets(Loader *l)
{
    Node *tree = root_list(l, S("targets.yaml"));
    if (tree == NULL) {
        return;
    }
    Pack *p = l->p;
    p->targets = NEW_ARRAY(l->mem, Target, tree->n + 1);
    for (const Node *n = tree->first; n != NULL; n = n->next) {
        Target *t = &p->targets[p->n_targets];
        load_target(l, n, t);
        for (size_t i = 0; i < p->n_targets; i++) {
            if (t->id.n != 0 && str_eq(p->targets[i].id, t->id)) {
                fault(l, n, "目标 %.*s 重复，应为互不相同的 id", STRF(t->id));
            }
        }
        p->n_targets++;
    }
}

/* ---- menu.yaml ---- */

void load_menu(Loader *l)
{
    static const char *const KEYS[] = {"group", "label", "href", "icon", "roles", NULL};
    Node *tree = root_list(l, S("menu.yaml"));
    if (tree == NULL) {
        return;
    }
    Pack *p = l->p;
    p->menu = NEW_ARRAY(l->mem, MenuItem, tree->n + 1);
    for (const Node *n = tree->first; n != NULL; n = n->next) {
        if (!keys_only(l, n, KEYS)) {
            continue;
        }
        MenuItem *m = &p->menu[p->n_menu++];
        *m = (MenuItem){.group = get_text(l, n, "group", false), .label = get_text(l, n, "label", true),
                        .href = get_text(l, n, "href", true), .icon = get_text(l, n, "icon", false), .clause = get_clause(l, n)};
        m->roles = get_texts(l, n, "roles", &m->n_roles);
        if (m->href.n != 0 && (m->href.p[0] != '/' || str_starts(m->href, S("//")))) {
            fault(l, node_get(n, "href"), "href 不对，应为以 / 开头的站内地址");
        }
        const Node *roles = node_get(n, "roles");
        for (const Node *r = m->roles != NULL ? roles->first : NULL; r != NULL; r = r->next) {
            if (pack_role(p, r->text) == NULL) {
                fault(l, r, "没有角色 %.*s，应为 roles.yaml 里的 id", STRF(r->text));
            }
        }
    }
}

/* ---- features.yaml ---- */

static void load_setting(Loader *l, Str feature, const Node *n, size_t *cap)
{
    Pack *p = l->p;
    ARRAY_ROOM(l->mem, p->settings, p->n_settings, *cap);
    Setting *s = &p->settings[p->n_settings++];
    *s = (Setting){.feature = str_dup(l->mem, feature), .key = str_dup(l->mem, n->key)};
    if (n->kind == NODE_MAP) {
        fault(l, n, "%.*s 的值不对，应为文字或文字的列表", STRF(n->key));
        return;
    }
    s->values = NEW_ARRAY(l->mem, Str, n->n + 1);
    if (n->kind == NODE_TEXT) {
        s->values[s->n++] = str_dup(l->mem, n->text);
    }
    for (const Node *v = n->first; v != NULL; v = v->next) {
        s->values[s->n++] = node_text(l, v, "列表的项");
    }
}

void load_features(Loader *l)
{
    Node *tree = file_tree(l, S("features.yaml"), false);
    if (tree == NULL || tree->kind == NODE_NULL) {
        return;
    }
    if (tree->kind != NODE_MAP) {
        fault(l, tree, "应为“功能: 设置”的表");
        return;
    }
    size_t cap = 0;
    for (const Node *f = tree->first; f != NULL; f = f->next) {
        if (f->kind != NODE_MAP) {
            fault(l, f, "应为“键: 值”的表");
            continue;
        }
        Str feature, instance;
        bool once_more = str_cut(f->key, '.', &feature, &instance);
        if (!is_id(feature) || (once_more && !is_id(instance))) {
            fault_at(l, f->file, f->key_line, f->key_col, "功能名 %.*s 不对，应为“功能”或“功能.名称”，都用小写标识", STRF(f->key));
        }
        for (const Node *n = f->first; n != NULL; n = n->next) {
            load_setting(l, f->key, n, &cap);
        }
    }
}
