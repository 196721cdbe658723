/*
 * load_closing.c - of one record type: which figures are summed when a period is closed, and who may close and reopen it.
 *
 * What is summed must be for everybody who reads the records: a sum over few records tells them. So no sealed states, and no field that some
 * role does not see.
 */
#include "pack/load.h"

static bool may_be_summed(const Field *f)
{
    return f->kind == FT_INT || f->kind == FT_DECIMAL || f->kind == FT_MONEY;
}

static bool kept_from_somebody(const RecordType *t, const Field *f)
{
    for (size_t i = 0; i < t->n_grants; i++) {
        const Grant *g = &t->grants[i];
        for (size_t k = 0; k < g->n_hide; k++) {
            if (g->hide[k] == f) {
                return true;
            }
        }
        for (size_t k = 0; k < g->n_veil; k++) {
            if (g->veil[k] == f) {
                return true;
            }
        }
    }
    return false;
}

static void check_sums(Loader *l, const Node *list, const RecordType *t, const Closing *c)
{
    const Node *at = list->first;
    for (size_t i = 0; i < c->n_sums && at != NULL; i++, at = at->next) {
        const Field *f = c->sums[i];
        if (!may_be_summed(f) || f->computed) {
            fault(l, at, "字段 %.*s 不能合计，应为填报的整数、小数或金额", STRF(f->id));
        } else if (kept_from_somebody(t, f)) {
            fault(l, at, "字段 %.*s 有角色看不到，应为读得到记录的人都能看的字段", STRF(f->id));
        }
        for (size_t k = 0; k < i; k++) {
            if (c->sums[k] == f) {
                fault(l, at, "字段 %.*s 重复，应为只写一次", STRF(f->id));
            }
        }
    }
}

/* Who closes for all offices must see the records of all. */
static Str *closers(Loader *l, const Node *n, const char *key, const RecordType *t, size_t *ret_n)
{
    Str *roles = get_texts(l, n, key, ret_n);
    const Node *at = roles != NULL ? node_get(n, key)->first : NULL;
    if (*ret_n == 0) {
        fault(l, n, "缺少 %s，应为可以办理的角色的列表", key);
    }
    for (size_t i = 0; i < *ret_n && at != NULL; i++, at = at->next) {
        const Grant *g = type_grant(t, roles[i]);
        if (g == NULL || g->read != REACH_ALL) {
            fault(l, at, "角色 %.*s 看不到全部记录，应为 rights 里 read: all 的角色", STRF(roles[i]));
        }
    }
    return roles;
}

void load_closing(Loader *l, const Node *tree, RecordType *t)
{
    static const char *const KEYS[] = {"by", "sums", "level", "close", "reopen", NULL};
    const Node *n = get_map(l, tree, "closing");
    if (n == NULL || !keys_only(l, n, KEYS)) {
        return;
    }
    Closing *c = NEW(l->mem, Closing);
    c->by = get_field(l, n, "by", t);
    if (node_get(n, "by") == NULL) {
        fault(l, n, "缺少 by，应为期别字段");
    } else if (c->by != NULL && (c->by->kind != FT_PERIOD || !c->by->required || c->by->computed || kept_from_somebody(t, c->by))) {
        fault(l, node_get(n, "by"), "字段 %.*s 不能用来关账，应为必填、谁都看得到的期别字段", STRF(c->by->id));
    }
    c->sums = get_fields(l, n, "sums", t, true, &c->n_sums);
    if (c->n_sums == 0 || c->n_sums > CLOSING_SUMS_MAX) {
        fault(l, n, "sums 有 %zu 个字段，应为 1 到 %d 个要合计的字段", c->n_sums, CLOSING_SUMS_MAX);
    } else {
        check_sums(l, node_get(n, "sums"), t, c);
    }
    int level = get_level(l, n, "level");
    if (node_get(n, "level") == NULL) {
        fault(l, n, "缺少 level，应为合计到的层级");
    }
    c->level_index = MAX(level, 0);
    c->close = closers(l, n, "close", t, &c->n_close);
    c->reopen = closers(l, n, "reopen", t, &c->n_reopen);
    for (size_t i = 0; i < t->n_states; i++) {
        if (t->states[i].sealed) {
            fault(l, n, "类型有封存的状态，合计会透露内容，应为不用 closing");
        }
    }
    if (c->by != NULL) {
        t->closing = c;
    }
}
