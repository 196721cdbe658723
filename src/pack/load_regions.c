/*
 * load_regions.c - divisions, named sets of divisions, and the reporting tree of offices.
 */
#include "base/date.h"
#include "pack/load.h"

/* ---- regions.csv ---- */

enum { R_CODE, R_NAME, R_SHORT, R_KIND, R_LEVEL, R_PARENT, R_COL, R_ROW, R_FROM, R_TO, R_SUCCESSOR, R_FLAGS, R_MN };
static const char *const REGION_COLUMNS[] = {"code",      "name",    "short",   "kind",       "level",
                                             "parent",    "hex_col", "hex_row", "valid_from", "valid_to",
                                             "successor", "flags",   "name_mn", NULL};

typedef struct {
    Region region;
    Str parent;
    int line;
} RegionLine;

static void split_flags(Loader *l, Region *r, Str flags)
{
    size_t cap = 0;
    Str rest = flags, one;
    while (rest.n != 0) {
        (void)str_cut(rest, ';', &one, &rest);
        one = str_trim(one);
        if (one.n != 0) {
            ARRAY_ROOM(l->mem, r->flags, r->n_flags, cap);
            r->flags[r->n_flags++] = one;
        }
    }
}

static void region_line(Loader *l, Str file, int line, const Str *c)
{
    RegionLine *at = new_row(l, sizeof *at);
    *at = (RegionLine){.parent = c[R_PARENT], .line = line};
    Region *r = &at->region;
    r->code = c[R_CODE];
    r->name = c[R_NAME];
    r->shortname = c[R_SHORT].n != 0 ? c[R_SHORT] : c[R_NAME];
    r->kind = c[R_KIND];
    r->level = c[R_LEVEL];
    r->name_mn = c[R_MN];
    r->successor = c[R_SUCCESSOR];
    r->level_index = level_of(l->p, r->level);
    if (r->code.n == 0) {
        fault_at(l, file, line, R_CODE + 1, "缺少 code，应为区划代码");
    }
    if (r->name.n == 0) {
        fault_at(l, file, line, R_NAME + 1, "缺少 name，应为区划名称");
    }
    if (r->level.n != 0 && r->level_index < 0) {
        fault_at(l, file, line, R_LEVEL + 1, "没有层级 %.*s，应为 pack.yaml 的 levels 之一或留空", STRF(r->level));
    }
    r->hex_col = (int32_t)cell_int(l, file, line, R_COL + 1, c[R_COL], 0, 999, -1);
    r->hex_row = (int32_t)cell_int(l, file, line, R_ROW + 1, c[R_ROW], 0, 999, -1);
    r->valid_from = cell_date(l, file, line, R_FROM + 1, c[R_FROM], DATE_MIN);
    r->valid_to = cell_date(l, file, line, R_TO + 1, c[R_TO], DATE_MAX);
    split_flags(l, r, c[R_FLAGS]);
}

static void join_regions(Loader *l, Str file)
{
    Pack *p = l->p;
    const RegionLine *lines = l->rows;
    for (size_t i = 0; i < p->n_regions; i++) {
        const RegionLine *line = &lines[i];
        Region *r = &p->regions[i];
        if (line->parent.n != 0) {
            r->parent = map_get(&p->region_by_code, line->parent);
            if (r->parent == NULL) {
                fault_at(l, file, line->line, R_PARENT + 1, "没有上级区划 %.*s，应为本文件里的代码",
                         STRF(line->parent));
            }
        }
        if (r->successor.n != 0 && !map_has(&p->region_by_code, r->successor)) {
            fault_at(l, file, line->line, R_SUCCESSOR + 1, "没有接替的区划 %.*s，应为本文件里的代码",
                     STRF(r->successor));
        }
    }
    for (size_t i = 0; i < p->n_regions; i++) {
        const Region *up = &p->regions[i];
        for (size_t steps = 0; up != NULL && steps <= 32; steps++) {
            up = up->parent;
        }
        if (up != NULL) {
            fault_at(l, file, lines[i].line, R_PARENT + 1, "上级区划绕成了圈，应为一棵树");
            p->regions[i].parent = NULL;
        }
    }
}

void load_regions(Loader *l)
{
    Str file = S("regions.csv");
    rows_clear(l);
    if (!read_csv(l, file, true, REGION_COLUMNS, region_line)) {
        return;
    }
    Pack *p = l->p;
    const RegionLine *lines = l->rows;
    p->n_regions = l->n_rows;
    p->regions = NEW_ARRAY(l->mem, Region, l->n_rows + 1);
    for (size_t i = 0; i < l->n_rows; i++) {
        p->regions[i] = lines[i].region;
        if (!map_put(&p->region_by_code, p->regions[i].code, &p->regions[i])) {
            fault_at(l, file, lines[i].line, R_CODE + 1, "区划代码 %.*s 重复，应为互不相同的代码",
                     STRF(p->regions[i].code));
        }
    }
    join_regions(l, file);
}

static int by_region_name(const void *a, const void *b)
{
    const struct RegionName *x = a, *y = b;
    return str_cmp(x->name, y->name);
}

void index_regions(Loader *l)
{
    Pack *p = l->p;
    p->region_names = NEW_ARRAY(l->mem, struct RegionName, p->n_regions * 2 + 1);
    for (size_t i = 0; i < p->n_regions; i++) {
        const Region *r = &p->regions[i];
        p->region_names[p->n_region_names++] = (struct RegionName){r->name, r};
        if (!str_eq(r->name, r->shortname)) {
            p->region_names[p->n_region_names++] = (struct RegionName){r->shortname, r};
        }
    }
    if (p->n_region_names > 1) {
        qsort(p->region_names, p->n_region_names, sizeof *p->region_names, by_region_name);
    }
}

/* ---- sets.yaml ---- */

static bool among(const Str *list, size_t n, Str s)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(list[i], s)) {
            return true;
        }
    }
    return false;
}

static Str *region_codes(Loader *l, const Node *map, const char *key, size_t *ret_n)
{
    Str *codes = get_texts(l, map, key, ret_n);
    const Node *list = node_get(map, key);
    for (const Node *n = codes != NULL ? list->first : NULL; n != NULL; n = n->next) {
        if (!map_has(&l->p->region_by_code, n->text)) {
            fault(l, n, "没有区划 %.*s，应为 regions.csv 里的代码", STRF(n->text));
        }
    }
    return codes;
}

static void load_set(Loader *l, const Node *n, RegionSet *s)
{
    static const char *const KEYS[] = {"id",        "label", "note",  "level",  "kinds",
                                       "not_kinds", "flag",  "codes", "except", NULL};
    if (!keys_only(l, n, KEYS)) {
        return;
    }
    s->id = get_id(l, n, "id", true);
    s->label = get_text(l, n, "label", true);
    s->note = get_text(l, n, "note", false);
    s->clause = get_clause(l, n);
    int level = get_level(l, n, "level");
    Str flag = get_text(l, n, "flag", false);
    size_t n_kinds, n_not, n_codes, n_except;
    Str *kinds = get_texts(l, n, "kinds", &n_kinds), *not_kinds = get_texts(l, n, "not_kinds", &n_not);
    Str *codes = region_codes(l, n, "codes", &n_codes), *except = region_codes(l, n, "except", &n_except);
    s->regions = NEW_ARRAY(l->mem, const Region *, l->p->n_regions + 1);
    for (size_t i = 0; i < l->p->n_regions; i++) {
        const Region *r = &l->p->regions[i];
        bool in = (level < 0 || r->level_index == level) && (kinds == NULL || among(kinds, n_kinds, r->kind)) &&
                  !among(not_kinds, n_not, r->kind) && (flag.n == 0 || region_has_flag(r, flag)) &&
                  (codes == NULL || among(codes, n_codes, r->code)) && !among(except, n_except, r->code) &&
                  r->valid_to == DATE_MAX;
        if (in) {
            s->regions[s->n++] = r;
        }
    }
    if (s->n == 0) {
        fault(l, n, "集合 %.*s 里没有区划，应为至少一个", STRF(s->id));
    }
}

void load_sets(Loader *l)
{
    Node *tree = file_tree(l, S("sets.yaml"), false);
    if (tree == NULL || tree->kind == NODE_NULL) {
        return;
    }
    if (tree->kind != NODE_LIST) {
        fault(l, tree, "应为集合的列表");
        return;
    }
    Pack *p = l->p;
    p->sets = NEW_ARRAY(l->mem, RegionSet, tree->n + 1);
    for (const Node *n = tree->first; n != NULL; n = n->next) {
        RegionSet s = {0};
        load_set(l, n, &s);
        if (s.id.n != 0 && pack_set(p, s.id) != NULL) {
            fault(l, n, "集合 %.*s 重复，应为互不相同的 id", STRF(s.id));
        }
        p->sets[p->n_sets++] = s;
    }
}

/* ---- orgs.csv ---- */

enum { O_CODE, O_NAME, O_SHORT, O_LEVEL, O_PARENT, O_REGION, O_HOME, O_FROM, O_TO };
static const char *const ORG_COLUMNS[] = {"code",   "name", "short",      "level",    "parent",
                                          "region", "home", "valid_from", "valid_to", NULL};

typedef struct {
    Org org;
    Str parent;
    int line;
} OrgLine;

static void org_line(Loader *l, Str file, int line, const Str *c)
{
    OrgLine *at = new_row(l, sizeof *at);
    *at = (OrgLine){.parent = c[O_PARENT], .line = line};
    Org *o = &at->org;
    o->code = c[O_CODE];
    o->name = c[O_NAME];
    o->shortname = c[O_SHORT].n != 0 ? c[O_SHORT] : c[O_NAME];
    o->level_index = level_of(l->p, c[O_LEVEL]);
    o->region = map_get(&l->p->region_by_code, c[O_REGION]);
    o->home = cell_int(l, file, line, O_HOME + 1, c[O_HOME], 1, 8191, 0);
    o->valid_from = cell_date(l, file, line, O_FROM + 1, c[O_FROM], DATE_MIN);
    o->valid_to = cell_date(l, file, line, O_TO + 1, c[O_TO], DATE_MAX);
    if (o->code.n == 0) {
        fault_at(l, file, line, O_CODE + 1, "缺少 code，应为机构代码");
    }
    if (o->name.n == 0) {
        fault_at(l, file, line, O_NAME + 1, "缺少 name，应为机构名称");
    }
    if (o->level_index < 0) {
        fault_at(l, file, line, O_LEVEL + 1, "没有层级 %.*s，应为 pack.yaml 的 levels 之一", STRF(c[O_LEVEL]));
    }
    if (o->region == NULL) {
        fault_at(l, file, line, O_REGION + 1, "没有区划 %.*s，应为 regions.csv 里的代码", STRF(c[O_REGION]));
    }
    if (c[O_HOME].n == 0) {
        fault_at(l, file, line, O_HOME + 1, "缺少 home，应为 1 到 8191 的整数，一经使用不再改变");
    }
}

static void join_org(Loader *l, Str file, size_t i)
{
    Pack *p = l->p;
    const OrgLine *at = (const OrgLine *)l->rows + i;
    Org *o = &p->orgs[i];
    for (size_t k = 0; k < i; k++) {
        if (str_eq(p->orgs[k].code, o->code)) {
            fault_at(l, file, at->line, O_CODE + 1, "机构代码 %.*s 重复，应为互不相同的代码", STRF(o->code));
        }
        if (o->home != 0 && p->orgs[k].home == o->home) {
            fault_at(l, file, at->line, O_HOME + 1, "home %lld 重复，应为互不相同的号码", (long long)o->home);
        }
    }
    if (at->parent.n == 0) {
        return;
    }
    o->parent = pack_org(p, at->parent);
    if (o->parent == NULL) {
        fault_at(l, file, at->line, O_PARENT + 1, "没有上级机构 %.*s，应为本文件里的代码", STRF(at->parent));
    } else if (o->level_index >= 0 && o->parent->level_index >= o->level_index) {
        fault_at(l, file, at->line, O_PARENT + 1, "上级机构 %.*s 的层级不比本机构高，应为更高一级的机构",
                 STRF(at->parent));
        o->parent = NULL;
    }
}

void load_orgs(Loader *l)
{
    Str file = S("orgs.csv");
    rows_clear(l);
    if (!read_csv(l, file, true, ORG_COLUMNS, org_line)) {
        return;
    }
    Pack *p = l->p;
    const OrgLine *lines = l->rows;
    p->orgs = NEW_ARRAY(l->mem, Org, l->n_rows + 1);
    for (size_t i = 0; i < l->n_rows; i++) {
        p->orgs[i] = lines[i].org;
    }
    p->n_orgs = l->n_rows;
    for (size_t i = 0; i < l->n_rows; i++) {
        join_org(l, file, i);
    }
}
