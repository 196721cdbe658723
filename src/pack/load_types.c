/*
 * load_types.c - record types: ids first, then fields, then what refers to fields.
 */
#include "base/date.h"
#include "pack/load.h"

static const char *const KINDS[] = {"text", "long", "int",    "decimal", "money", "date",  "bool",     "code", "region",
                                    "org",  "ref",  "period", "uscc",    "docno", "phone", "idnumber", "list", NULL};

static const char *const FIELD_KEYS[] = {
    "id",       "kind",    "label",     "required",     "max",       "min",      "check",  "hint",        "unit",
    "caliber",  "level",   "codes",     "personal",     "ref",       "computed", "fields", "placeholder", "note",
    "decimals", "default", "show_when", "require_when", "read_only", "search",   "lookup",   "since",  "until",       NULL};

/* Words of the expression language, and `state`, by which lists filter. */
static bool reserved(Str id)
{
    static const char *const WORDS[] = {"and",  "or",    "not",   "in",   "is",    "empty",
                                        "true", "false", "today", "self", "where", "state", "outer", "actor"};
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        if (str_eq(id, str_c(WORDS[i]))) {
            return true;
        }
    }
    return false;
}

/* Keys that only some kinds have. */
static void field_only_for(Loader *l, const Node *n, const char *key, bool ok, const char *kinds)
{
    const Node *at = node_get(n, key);
    if (at != NULL && !ok) {
        fault_at(l, at->file, at->key_line, at->key_col, "%s 用在这种字段上不对，应为 %s 字段", key, kinds);
    }
}

static bool is_number(FieldKind k)
{
    return k == FT_INT || k == FT_DECIMAL || k == FT_MONEY;
}

static bool is_free_text(FieldKind k)
{
    return k == FT_TEXT || k == FT_LONG;
}

static bool limit(Loader *l, const Node *n, const char *key, const Field *f, int64_t *ret)
{
    const Node *at = node_get(n, key);
    if (at == NULL) {
        return false;
    }
    if (f->kind == FT_DATE) {
        int32_t days;
        bool ok = get_date(l, n, key, &days);
        *ret = ok ? days : 0;
        return ok;
    }
    int32_t decimals = f->kind == FT_MONEY ? 2 : f->kind == FT_DECIMAL ? f->decimals : 0;
    if (at->kind != NODE_TEXT || !scaled(at->text, decimals, ret)) {
        fault(l, at, "%s 的值不对，应为%s", key, decimals > 0 ? "数" : "整数");
        return false;
    }
    return true;
}

static void field_limits(Loader *l, const Node *n, Field *f)
{
    int64_t v;
    bool ranged = is_number(f->kind) || f->kind == FT_DATE;
    field_only_for(l, n, "min", ranged, "数和日期");
    field_only_for(l, n, "max", ranged || is_free_text(f->kind), "数、日期和文字");
    if (is_free_text(f->kind)) {
        f->max_chars = f->kind == FT_TEXT ? 200 : 4000;
        if (get_int(l, n, "max", 1, 20000, &v)) {
            f->max_chars = (int32_t)v;
        }
    } else if (ranged) {
        f->has_min = limit(l, n, "min", f, &f->min);
        f->has_max = limit(l, n, "max", f, &f->max);
        if (f->has_min && f->has_max && f->min > f->max) {
            fault(l, node_get(n, "min"), "min 大于 max，应为不大于 max 的值");
        }
    }
}

static void field_refs(Loader *l, const Node *n, Field *f)
{
    field_only_for(l, n, "codes", f->kind == FT_CODE, "code");
    field_only_for(l, n, "level", f->kind == FT_REGION || f->kind == FT_ORG, "region 和 org");
    field_only_for(l, n, "ref", f->kind == FT_REF, "ref");
    field_only_for(l, n, "fields", f->kind == FT_LIST, "list");
    field_only_for(l, n, "decimals", f->kind == FT_DECIMAL, "decimal");
    if (f->kind == FT_CODE) {
        Str id = get_text(l, n, "codes", true);
        f->codes = pack_codes(l->p, id);
        if (id.n != 0 && f->codes == NULL) {
            fault(l, node_get(n, "codes"), "没有代码表 %.*s，应为 codes.yaml 里的列表", STRF(id));
        }
    } else if (f->kind == FT_REF) {
        Str id = get_text(l, n, "ref", true);
        f->ref = pack_type(l->p, id);
        if (id.n != 0 && f->ref == NULL) {
            fault(l, node_get(n, "ref"), "没有记录类型 %.*s，应为 types/ 里的类型", STRF(id));
        }
    } else if (f->kind == FT_REGION || f->kind == FT_ORG) {
        int level = get_level(l, n, "level");
        f->level = level >= 0 ? l->p->levels[level] : S("");
    }
}

/* since, until: 1 <= since < until <= revision of the form. */
static void field_revisions(Loader *l, const Node *n, const RecordType *t, bool in_list, Field *f)
{
    int64_t since = 1, until = INT32_MAX;
    field_only_for(l, n, "since", !in_list, "列表以外的");
    field_only_for(l, n, "until", !in_list, "列表以外的");
    (void)get_int(l, n, "since", 1, t->revision, &since);
    (void)get_int(l, n, "until", 2, t->revision, &until);
    if (since >= until) {
        fault(l, node_get(n, "until"), "until 不晚于 since，应为更大的表单版次");
    }
    f->since = (int32_t)since;
    f->until = (int32_t)until;
}

static void read_field(Loader *l, const Node *n, const RecordType *t, bool in_list, Field *f)
{
    field_revisions(l, n, t, in_list, f);
    f->id = get_id(l, n, "id", true);
    f->label = get_text(l, n, "label", true);
    f->hint = get_text(l, n, "hint", false);
    f->unit = get_text(l, n, "unit", false);
    f->caliber = get_text(l, n, "caliber", false);
    f->placeholder = get_text(l, n, "placeholder", false);
    f->note = get_text(l, n, "note", false);
    f->clause = get_clause(l, n);
    f->named_check = get_text(l, n, "check", false);
    f->required = get_bool(l, n, "required", false);
    f->personal = get_bool(l, n, "personal", false);
    f->read_only = get_bool(l, n, "read_only", false);
    f->search = get_bool(l, n, "search", false);
    f->lookup = get_bool(l, n, "lookup", false);
    if (reserved(f->id)) {
        fault(l, node_get(n, "id"), "%.*s 是表达式用的词，应为别的标识", STRF(f->id));
    }
    int kind = get_choice(l, n, "kind", KINDS, -1);
    if (kind < 0) {
        if (node_get(n, "kind") == NULL) {
            fault(l, n, "缺少 kind，应为 text、int、date、code 等字段种类之一");
        }
        kind = FT_TEXT;
    }
    f->kind = (FieldKind)kind;
    int64_t v = 2;
    if (f->kind == FT_DECIMAL) {
        (void)get_int(l, n, "decimals", 1, 6, &v);
        f->decimals = (int32_t)v;
    }
    field_limits(l, n, f);
    field_refs(l, n, f);
    bool text = is_free_text(f->kind) || f->kind == FT_PHONE || f->kind == FT_IDNUMBER;
    field_only_for(l, n, "personal", text, "文字、电话和身份证号");
    field_only_for(l, n, "search", is_free_text(f->kind) && !f->personal, "非个人信息的文字");
    field_only_for(l, n, "personal", !in_list, "列表以外的");
    field_only_for(l, n, "lookup", f->personal, "个人信息");
    field_only_for(l, n, "computed", !in_list, "列表以外的");
    if (f->kind == FT_IDNUMBER && !f->personal) {
        fault(l, n, "身份证号字段没有标明个人信息，应为 personal: true");
    }
    if (f->kind == FT_LIST) {
        if (in_list) {
            fault(l, n, "列表里不能再有列表，应为普通字段");
        } else if (get_list(l, n, "fields") == NULL) {
            fault(l, n, "缺少 fields，应为列表的各列");
        } else {
            read_fields(l, get_list(l, n, "fields"), t, true, &f->fields, &f->n_fields);
        }
    }
}

/* Where the expressions of a field look: a column of a list sees its row, too. */
static void field_exprs(Loader *l, const Node *n, const RecordType *t, const Field *extra, size_t n_extra, Field *f)
{
    want_expr(l, n, "default", t, extra, n_extra, f, &f->default_value);
    want_expr(l, n, "show_when", t, extra, n_extra, NULL, &f->show_when);
    want_expr(l, n, "require_when", t, extra, n_extra, NULL, &f->require_when);
}

void read_fields(Loader *l, const Node *list, const RecordType *t, bool in_list, Field **ret, size_t *ret_n)
{
    Field *fields = NEW_ARRAY(l->mem, Field, list->n + 1);
    size_t n_fields = 0;
    for (const Node *n = list->first; n != NULL; n = n->next) {
        Field *f = &fields[n_fields];
        f->index = (int32_t)n_fields++;
        f->label = S("");
        if (!keys_only(l, n, FIELD_KEYS)) {
            continue;
        }
        read_field(l, n, t, in_list, f);
        for (size_t i = 0; i + 1 < n_fields; i++) {
            if (f->id.n != 0 && str_eq(fields[i].id, f->id)) {
                fault(l, node_get(n, "id"), "字段 %.*s 重复，应为互不相同的 id", STRF(f->id));
            }
        }
    }
    if (n_fields > 200) {
        fault(l, list, "字段太多，应在 200 个以内");
    }
    size_t i = 0;
    for (const Node *n = list->first; n != NULL; n = n->next, i++) {
        bool row = in_list;
        field_exprs(l, n, t, row ? fields : NULL, row ? n_fields : 0, &fields[i]);
    }
    *ret = fields;
    *ret_n = n_fields;
}

const Field *find_field(Loader *l, const Node *at, const RecordType *t, Str id)
{
    const Field *f = type_field(t, id);
    if (f == NULL) {
        fault(l, at, "没有字段 %.*s，应为 %.*s 的字段", STRF(id), STRF(t->id));
    }
    return f;
}

const Field **get_fields(Loader *l, const Node *map, const char *key, const RecordType *t, bool no_personal,
                         size_t *ret_n)
{
    *ret_n = 0;
    const Node *list = get_list(l, map, key);
    if (list == NULL) {
        return NULL;
    }
    const Field **out = NEW_ARRAY(l->mem, const Field *, list->n + 1);
    for (const Node *n = list->first; n != NULL; n = n->next) {
        const Field *f = find_field(l, n, t, node_text(l, n, key));
        bool exact = f != NULL && f->lookup && (strcmp(key, "unique") == 0 || strcmp(key, "key") == 0); /* by their blind index */
        if (f != NULL && no_personal && !exact && (f->personal || f->kind == FT_LIST)) {
            fault(l, n, "%s 里不能有个人信息或列表字段 %.*s，应为普通字段", key, STRF(f->id));
        }
        for (size_t i = 0; i < *ret_n && f != NULL; i++) {
            if (out[i] == f) {
                fault(l, n, "字段 %.*s 在 %s 里重复，应为只写一次", STRF(f->id), key);
            }
        }
        if (f != NULL) {
            out[(*ret_n)++] = f;
        }
    }
    return out;
}

const RecordType *get_type(Loader *l, const Node *map, const char *key)
{
    Str id = get_text(l, map, key, true);
    const RecordType *t = id.n != 0 ? pack_type(l->p, id) : NULL;
    if (id.n != 0 && t == NULL) {
        fault(l, node_get(map, key), "没有记录类型 %.*s，应为 types/ 里的类型", STRF(id));
    }
    return t;
}

const Link *find_link(Loader *l, const Node *at, const RecordType *t, Str id)
{
    for (size_t i = 0; i < t->n_links; i++) {
        if (id.n != 0 && str_eq(t->links[i].id, id)) {
            return &t->links[i];
        }
    }
    fault(l, at, "没有关联 %.*s，应为 %.*s 的 links 里的 id", STRF(id), STRF(t->id));
    return NULL;
}

const Field *get_field(Loader *l, const Node *map, const char *key, const RecordType *t)
{
    const Node *n = node_get(map, key);
    return n != NULL ? find_field(l, n, t, node_text(l, n, key)) : NULL;
}

/* ---- pass 1 and 2: ids, fields ---- */

static const char *const TYPE_KEYS[] = {"type",   "label",    "note",       "placement",   "number",   "title",
                                        "region", "unique",   "searchable", "fields",      "sections", "links",
                                        "list",   "public",   "checks",     "states",      "actions",  "rights",
                                        "sheet",  "revision", "person",     "public_form", "closing",
                                        NULL};

static void type_head(Loader *l, Node *n, RecordType *t)
{
    static const char *const PLACES[] = {"reference", "home", "local", NULL};
    t->id = get_id(l, n, "type", true);
    t->label = get_text(l, n, "label", true);
    t->note = get_text(l, n, "note", false);
    t->clause = get_clause(l, n);
    t->searchable = get_bool(l, n, "searchable", false);
    t->placement = str_c(PLACES[get_choice(l, n, "placement", PLACES, 1)]);
    int64_t revision = 1;
    (void)get_int(l, n, "revision", 1, 1000, &revision);
    t->revision = (int32_t)revision;
    const Node *number = node_get(n, "number");
    t->number_prefix = number != NULL ? node_text(l, number, "number") : S("");
    for (size_t i = 0; i < t->number_prefix.n; i++) {
        char c = t->number_prefix.p[i];
        if (t->number_prefix.n > 8 || !(c >= 'A' && c <= 'Z')) {
            fault(l, number, "number 不对，应为至多 8 个大写字母");
            break;
        }
    }
    if (t->id.n != 0 && !map_put(&l->p->type_by_id, t->id, t)) {
        fault(l, node_get(n, "type"), "记录类型 %.*s 重复，应为互不相同的标识", STRF(t->id));
    }
}

static void type_fields(Loader *l, const Node *n, RecordType *t)
{
    t->by_id = map_new(l->mem);
    const Node *fields = get_list(l, n, "fields");
    if (fields == NULL || fields->n == 0) {
        fault(l, n, "缺少 fields，应为至少一个字段");
        t->fields = NEW_ARRAY(l->mem, Field, 1);
        return;
    }
    read_fields(l, fields, t, false, &t->fields, &t->n_fields);
    for (size_t i = 0; i < t->n_fields; i++) {
        (void)map_put(&t->by_id, t->fields[i].id, &t->fields[i]);
    }
}

/* ---- pass 3: links, sections, lists ---- */

static void load_links(Loader *l, const Node *tree, RecordType *t)
{
    static const char *const KEYS[] = {"id", "label", "type", "via", NULL};
    const Node *list = get_list(l, tree, "links");
    if (list == NULL) {
        return;
    }
    t->links = NEW_ARRAY(l->mem, Link, list->n + 1);
    for (const Node *n = list->first; n != NULL; n = n->next) {
        if (!keys_only(l, n, KEYS)) {
            continue;
        }
        Link k = {.id = get_id(l, n, "id", true), .label = get_text(l, n, "label", true)};
        Str type = get_text(l, n, "type", true);
        k.type = pack_type(l->p, type);
        if (k.type == NULL) {
            if (type.n != 0) {
                fault(l, node_get(n, "type"), "没有记录类型 %.*s，应为 types/ 里的类型", STRF(type));
            }
            continue;
        }
        k.via = get_field(l, n, "via", k.type);
        if (node_get(n, "via") == NULL) {
            fault(l, n, "缺少 via，应为 %.*s 里指向本类型的字段", STRF(type));
        } else if (k.via != NULL && k.via->ref != t) {
            fault(l, node_get(n, "via"), "字段 %.*s 不指向 %.*s，应为指向它的 ref 字段", STRF(k.via->id), STRF(t->id));
        }
        if (type_field(t, k.id) != NULL) {
            fault(l, node_get(n, "id"), "%.*s 已是字段，应为别的标识", STRF(k.id));
        }
        for (size_t i = 0; i < t->n_links; i++) {
            if (k.id.n != 0 && str_eq(t->links[i].id, k.id)) {
                fault(l, node_get(n, "id"), "关联 %.*s 重复，应为互不相同的 id", STRF(k.id));
            }
        }
        t->links[t->n_links++] = k;
    }
}

static void load_sections(Loader *l, const Node *tree, RecordType *t)
{
    static const char *const KEYS[] = {"label", "fields", NULL};
    const Node *list = get_list(l, tree, "sections");
    if (list == NULL) {
        Section *s = t->sections = NEW(l->mem, Section);
        t->n_sections = 1;
        s->label = t->label;
        s->fields = NEW_ARRAY(l->mem, const Field *, t->n_fields + 1);
        for (size_t i = 0; i < t->n_fields; i++) {
            s->fields[s->n++] = &t->fields[i];
        }
        return;
    }
    t->sections = NEW_ARRAY(l->mem, Section, list->n + 1);
    for (const Node *n = list->first; n != NULL; n = n->next) {
        if (!keys_only(l, n, KEYS)) {
            continue;
        }
        Section *s = &t->sections[t->n_sections++];
        s->label = get_text(l, n, "label", true);
        s->clause = get_clause(l, n);
        s->fields = get_fields(l, n, "fields", t, false, &s->n);
        for (const Node *f = s->fields != NULL ? node_get(n, "fields")->first : NULL; f != NULL; f = f->next) {
            for (size_t i = 0; i + 1 < t->n_sections; i++) {
                for (size_t k = 0; k < t->sections[i].n; k++) {
                    if (str_eq(t->sections[i].fields[k]->id, f->text)) {
                        fault(l, f, "字段 %.*s 已在别的栏目里，应为只放一处", STRF(f->text));
                    }
                }
            }
        }
    }
}

static void load_list(Loader *l, const Node *tree, RecordType *t)
{
    static const char *const KEYS[] = {"columns", "filters", "facets", "orders", NULL};
    const Node *n = get_map(l, tree, "list");
    if (n != NULL && keys_only(l, n, KEYS)) {
        t->list_cols = get_fields(l, n, "columns", t, false, &t->n_list_cols);
        t->filters = get_fields(l, n, "filters", t, true, &t->n_filters);
        t->facets = get_fields(l, n, "facets", t, true, &t->n_facets);
        t->orders = get_fields(l, n, "orders", t, true, &t->n_orders);
    }
    if (t->n_list_cols == 0) {
        t->list_cols = NEW_ARRAY(l->mem, const Field *, 1);
        t->list_cols[0] = t->title;
        t->n_list_cols = 1;
    }
    t->publics = get_fields(l, tree, "public", t, true, &t->n_publics);
    t->unique = get_fields(l, tree, "unique", t, true, &t->n_unique);
    if (t->n_unique == 1) {
        t->fields[t->unique[0]->index].unique = true;
    }
}

static void load_latest(Loader *l, const Node *n, const RecordType *t, Field *f)
{
    static const char *const KEYS[] = {"latest", "by", NULL};
    const Node *c = get_map(l, n, "computed");
    if (c == NULL || !keys_only(l, c, KEYS)) {
        return;
    }
    Str path = get_text(l, c, "latest", true), by = get_text(l, c, "by", true), link, field;
    const Node *at = node_get(c, "latest");
    f->computed = f->read_only = true;
    if (at == NULL || by.n == 0) {
        return;
    }
    const Link *k = NULL;
    (void)str_cut(path, '.', &link, &field);
    for (size_t i = 0; i < t->n_links && k == NULL; i++) {
        k = str_eq(t->links[i].id, link) ? &t->links[i] : NULL;
    }
    if (k == NULL) {
        fault(l, at, "没有关联 %.*s，应为 links 里的 关联.字段", STRF(link));
        return;
    }
    f->latest_of = k->type;
    f->latest_via = k->via;
    f->latest_field = find_field(l, at, k->type, field);
    f->latest_by = find_field(l, node_get(c, "by"), k->type, by);
    if (f->latest_field != NULL && f->latest_field->kind != f->kind) {
        fault(l, at, "字段 %.*s 的种类与本字段不同，应为 %s", STRF(field), KINDS[f->kind]);
    }
    if (f->latest_by != NULL && f->latest_by->kind != FT_PERIOD && f->latest_by->kind != FT_DATE) {
        fault(l, node_get(c, "by"), "by 不对，应为期别或日期字段");
    }
}

static void type_rest(Loader *l, const Node *n, RecordType *t)
{
    t->title = get_field(l, n, "title", t);
    if (t->title == NULL) {
        t->title = &t->fields[0];
    }
    t->region = get_field(l, n, "region", t);
    if (t->region != NULL && t->region->kind != FT_REGION) {
        fault(l, node_get(n, "region"), "字段 %.*s 不是区划，应为 region 字段", STRF(t->region->id));
    }
    t->person = get_field(l, n, "person", t);
    if (t->person != NULL && t->person->kind != FT_TEXT) {
        fault(l, node_get(n, "person"), "字段 %.*s 不是文字，应为写登录名的 text 字段", STRF(t->person->id));
    }
    load_links(l, n, t);
    load_sections(l, n, t);
    load_list(l, n, t);
    load_states(l, n, t);
    load_rights(l, n, t);
    const Node *fields = get_list(l, n, "fields");
    size_t i = 0;
    for (const Node *f = fields != NULL ? fields->first : NULL; f != NULL; f = f->next, i++) {
        load_latest(l, f, t, &t->fields[i]);
    }
    const Node *checks = get_list(l, n, "checks");
    if (checks != NULL) {
        t->checks = load_checks(l, checks, t, NULL, 0, false, &t->n_checks);
    }
    load_actions(l, n, t);
    load_sheet(l, n, t);
    load_public_form(l, n, t);
    load_closing(l, n, t);
}

void load_types(Loader *l)
{
    size_t n_files;
    Str *files = file_names(l, "types", &n_files);
    if (n_files == 0) {
        fault_at(l, S("types"), 1, 1, "没有记录类型，应为 types 文件夹里至少一个 .yaml 文件");
        return;
    }
    Pack *p = l->p;
    p->types = NEW_ARRAY(l->mem, RecordType, n_files);
    l->type_trees = NEW_ARRAY(l->tmp, Node *, n_files);
    for (size_t i = 0; i < n_files; i++) {
        Node *n = file_tree(l, files[i], true);
        if (n == NULL || !keys_only(l, n, TYPE_KEYS)) {
            continue;
        }
        l->type_trees[p->n_types] = n;
        RecordType *t = &p->types[p->n_types];
        t->index = (int32_t)p->n_types++;
        type_head(l, n, t);
    }
    for (size_t i = 0; i < p->n_types; i++) {
        type_fields(l, l->type_trees[i], &p->types[i]);
    }
    for (size_t i = 0; i < p->n_types; i++) {
        type_rest(l, l->type_trees[i], &p->types[i]);
    }
    for (size_t i = 0; i < p->n_types; i++) {
        load_thens(l, l->type_trees[i], &p->types[i]);
    }
}
