/*
 * load.c - pack_load: the order in which the files of a pack are read, and the verdict over all of them.
 *
 * What others refer to comes first: levels, clauses, regions, offices, codes, roles; then the record types in two passes (ids and
 * fields, then everything that refers to fields), the rest, and at last every expression.
 */
#include "pack/load.h"

static void load_head(Loader *l)
{
    static const char *const KEYS[] = {"id", "title", "subtitle", "version", "sample", "levels", "reserved_words", NULL};
    Node *n = file_tree(l, S("pack.yaml"), true);
    if (n == NULL || !keys_only(l, n, KEYS)) {
        return;
    }
    Pack *p = l->p;
    p->id = get_id(l, n, "id", true);
    p->title = get_text(l, n, "title", true);
    p->subtitle = get_text(l, n, "subtitle", false);
    p->version = get_text(l, n, "version", true);
    p->sample = get_bool(l, n, "sample", false);
    p->levels = get_texts(l, n, "levels", &p->n_levels);
    p->reserved_words = get_texts(l, n, "reserved_words", &p->n_reserved_words);
    if (p->n_levels == 0 || p->n_levels > 8) {
        const Node *at = node_get(n, "levels");
        fault(l, at != NULL ? at : n, "levels 有 %zu 级，应为 1 到 8 级，最高一级在前", p->n_levels);
    }
    for (size_t i = 0; i < p->n_levels; i++) {
        if (!is_id(p->levels[i]) || level_of(p, p->levels[i]) != (int)i) {
            fault(l, node_get(n, "levels"), "层级 %.*s 不对，应为互不相同的小写标识", STRF(p->levels[i]));
        }
    }
}

/* A file nobody reads is most often a misspelt name. */
static void refuse_strangers(Loader *l)
{
    static const char *const KNOWN[] = {"pack.yaml", "clauses.yaml", "sets.yaml", "codes.yaml", "roles.yaml", "targets.yaml",
                                        "params.yaml", "menu.yaml", "features.yaml"};
    size_t n;
    Str *names = file_names(l, "", &n);
    for (size_t i = 0; i < n; i++) {
        Str name = str_sub(names[i], 0, names[i].n);
        bool known = false;
        for (size_t k = 0; k < ARRAY_LEN(KNOWN) && !known; k++) {
            known = str_eq(name, str_c(KNOWN[k]));
        }
        if (!known) {
            fault_at(l, name, 1, 1, "不认识的文件，应为 doc/pack.md 所说的文件名之一");
        }
    }
}

static void load_all(Loader *l)
{
    load_head(l);
    load_clauses(l);
    load_regions(l);
    index_regions(l);
    load_sets(l);
    load_orgs(l);
    load_codes(l);
    load_roles(l);
    load_params(l);
    load_types(l);
    load_targets(l);
    load_menu(l);
    load_features(l);
    load_calendar(l);
    load_rubrics(l);
    load_documents(l);
    refuse_strangers(l);
    read_pending(l);
    load_bands(l);
}

const Pack *pack_load(Cx *cx, Arena *mem, const char *dir, Str *ret_report)
{
    Arena *tmp = arena_new(0);
    Loader *l = NEW(tmp, Loader);
    l->cx = cx;
    l->mem = mem;
    l->tmp = tmp;
    l->dir = dir;
    l->report = buf_new(mem, 256 * 1024);
    l->p = NEW(mem, Pack);
    l->p->dir = str_dup(mem, str_c(dir));
    l->p->region_by_code = map_new(mem);
    l->p->type_by_id = map_new(mem);
    load_all(l);
    if (l->n_faults > FAULTS_MAX) {
        buf_printf(&l->report, "…… 还有 %zu 处没有列出\n", l->n_faults - FAULTS_MAX);
    }
    const Pack *p = l->n_faults == 0 ? l->p : NULL;
    if (p != NULL) {
        files_hash(l);
    } else {
        (void)fail(cx, E_PACK, "策略包 %s 有 %zu 处错误，请按报告逐处修改", dir, l->n_faults);
    }
    *ret_report = l->report.n != 0 ? buf_str(&l->report) : S("");
    arena_free(tmp);
    return p;
}
