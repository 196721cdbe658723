/*
 * read.c - asking a tree for what the vocabulary allows. Every surprise is a line "file:line:col: …, 应为 …" in the
 * report; the reader then goes on with an empty value, so that one run shows all faults.
 */
#include "pack/load.h"

#include "base/date.h"

void fault_at(Loader *l, Str file, int line, int col, const char *fmt, ...)
{
    l->n_faults++;
    if (l->n_faults > FAULTS_MAX) {
        return;
    }
    va_list ap;
    va_start(ap, fmt);
    Str text = str_vprintf(l->tmp, fmt, ap);
    va_end(ap);
    buf_printf(&l->report, "%.*s:%d:%d: %.*s\n", STRF(file), line, col, STRF(text));
}

void fault(Loader *l, const Node *at, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    Str text = str_vprintf(l->tmp, fmt, ap);
    va_end(ap);
    fault_at(l, at->file, at->line, at->col, "%.*s", STRF(text));
}

const Node *node_get(const Node *map, const char *key)
{
    if (map == NULL || map->kind != NODE_MAP) {
        return NULL;
    }
    Str k = str_c(key);
    for (const Node *n = map->first; n != NULL; n = n->next) {
        if (str_eq(n->key, k)) {
            return n->kind != NODE_NULL ? n : NULL;
        }
    }
    return NULL;
}

bool node_is_null(const Node *map, const char *key)
{
    Str k = str_c(key);
    for (const Node *n = map->first; n != NULL; n = n->next) {
        if (str_eq(n->key, k)) {
            return n->kind == NODE_NULL;
        }
    }
    return false;
}

bool keys_only(Loader *l, const Node *map, const char *const *keys)
{
    if (map->kind != NODE_MAP) {
        fault(l, map, "应为“键: 值”的表");
        return false;
    }
    for (const Node *n = map->first; n != NULL; n = n->next) {
        bool known = str_eq(n->key, S("clause"));
        for (size_t i = 0; keys[i] != NULL && !known; i++) {
            known = str_eq(n->key, str_c(keys[i]));
        }
        if (!known) {
            Buf b = buf_new(l->tmp, 4096);
            for (size_t i = 0; keys[i] != NULL; i++) {
                buf_printf(&b, "%s%s", i != 0 ? "、" : "", keys[i]);
            }
            fault_at(l, n->file, n->key_line, n->key_col, "不认识的键 %.*s，应为 %.*s 之一", STRF(n->key),
                     STRF(buf_str(&b)));
        }
    }
    const Node *clause = node_get(map, "clause");
    if (clause != NULL && pack_clause(l->p, node_text(l, clause, "clause")) == NULL) {
        fault(l, clause, "没有条款 %.*s，应为 clauses.yaml 里的条款编号", STRF(clause->text));
    }
    return true;
}

Str node_text(Loader *l, const Node *n, const char *what)
{
    if (n->kind != NODE_TEXT) {
        fault(l, n, "%s 不对，应为文字", what);
        return S("");
    }
    return str_dup(l->mem, n->text);
}

static const Node *need(Loader *l, const Node *map, const char *key, bool required, const char *what)
{
    const Node *n = node_get(map, key);
    if (n == NULL && required) {
        fault(l, map, "缺少 %s，应为%s", key, what);
    }
    return n;
}

Str get_text(Loader *l, const Node *map, const char *key, bool required)
{
    const Node *n = need(l, map, key, required, "文字");
    return n != NULL ? node_text(l, n, key) : S("");
}

bool is_id(Str s)
{
    if (s.n == 0 || s.n > 40 || s.p[0] < 'a' || s.p[0] > 'z') {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) {
            return false;
        }
    }
    return true;
}

Str get_id(Loader *l, const Node *map, const char *key, bool required)
{
    const Node *n = need(l, map, key, required, "小写字母开头的标识（a-z、0-9、_）");
    if (n == NULL) {
        return S("");
    }
    if (n->kind != NODE_TEXT || !is_id(n->text)) {
        fault(l, n, "%s 的写法不对，应为小写字母开头的标识（a-z、0-9、_，至多 40 个字符）", key);
        return S("");
    }
    return str_dup(l->mem, n->text);
}

/* keys_only has said what is wrong with it. */
Str get_clause(Loader *l, const Node *map)
{
    const Node *n = node_get(map, "clause");
    return n != NULL && n->kind == NODE_TEXT ? str_dup(l->mem, n->text) : S("");
}

bool get_bool(Loader *l, const Node *map, const char *key, bool otherwise)
{
    const Node *n = node_get(map, key);
    if (n == NULL) {
        return otherwise;
    }
    if (n->kind == NODE_TEXT && !n->quoted && str_eq(n->text, S("true"))) {
        return true;
    }
    if (n->kind == NODE_TEXT && !n->quoted && str_eq(n->text, S("false"))) {
        return false;
    }
    fault(l, n, "%s 的值不对，应为 true 或 false", key);
    return otherwise;
}

bool get_int(Loader *l, const Node *map, const char *key, int64_t min, int64_t max, int64_t *ret)
{
    const Node *n = node_get(map, key);
    if (n == NULL) {
        return false;
    }
    int64_t v;
    if (n->kind != NODE_TEXT || !str_int(n->text, &v)) {
        fault(l, n, "%s 的值不对，应为整数", key);
        return false;
    }
    if (v < min || v > max) {
        fault(l, n, "%s 的值 %lld 超出范围，应为 %lld 到 %lld", key, (long long)v, (long long)min, (long long)max);
        return false;
    }
    *ret = v;
    return true;
}

bool get_date(Loader *l, const Node *map, const char *key, int32_t *ret)
{
    const Node *n = node_get(map, key);
    if (n == NULL) {
        return false;
    }
    if (n->kind != NODE_TEXT || !date_iso_parse(n->text, ret)) {
        fault(l, n, "%s 的日期不对，应为 2024-05-01 的写法", key);
        return false;
    }
    return true;
}

int get_choice(Loader *l, const Node *map, const char *key, const char *const *words, int otherwise)
{
    const Node *n = node_get(map, key);
    if (n == NULL) {
        return otherwise;
    }
    Buf b = buf_new(l->tmp, 2048);
    for (int i = 0; words[i] != NULL; i++) {
        if (n->kind == NODE_TEXT && str_eq(n->text, str_c(words[i]))) {
            return i;
        }
        buf_printf(&b, "%s%s", i != 0 ? "、" : "", words[i]);
    }
    fault(l, n, "%s 的值不对，应为 %.*s 之一", key, STRF(buf_str(&b)));
    return otherwise;
}

static const Node *get_kind(Loader *l, const Node *map, const char *key, NodeKind kind, const char *what)
{
    const Node *n = node_get(map, key);
    if (n != NULL && n->kind != kind) {
        fault(l, n, "%s 的写法不对，应为%s", key, what);
        return NULL;
    }
    return n;
}

const Node *get_list(Loader *l, const Node *map, const char *key)
{
    return get_kind(l, map, key, NODE_LIST, "列表");
}

const Node *get_map(Loader *l, const Node *map, const char *key)
{
    return get_kind(l, map, key, NODE_MAP, "“键: 值”的表");
}

Str *get_texts(Loader *l, const Node *map, const char *key, size_t *ret_n)
{
    *ret_n = 0;
    const Node *list = get_list(l, map, key);
    if (list == NULL) {
        return NULL;
    }
    Str *out = NEW_ARRAY(l->mem, Str, list->n + 1);
    for (const Node *n = list->first; n != NULL; n = n->next) {
        out[(*ret_n)++] = node_text(l, n, key);
    }
    return out;
}

bool scaled(Str s, int32_t decimals, int64_t *ret)
{
    Str whole, part;
    (void)str_cut(s, '.', &whole, &part);
    if (part.n > (size_t)decimals || whole.n > 15) {
        return false;
    }
    char text[40];
    size_t n = 0;
    memcpy(text, whole.p, whole.n);
    n = whole.n;
    for (int32_t i = 0; i < decimals; i++) {
        text[n++] = (size_t)i < part.n ? part.p[i] : '0';
    }
    return str_int(str_n(text, n), ret);
}

int level_of(const Pack *p, Str level)
{
    for (size_t i = 0; i < p->n_levels; i++) {
        if (str_eq(p->levels[i], level)) {
            return (int)i;
        }
    }
    return -1;
}

int get_level(Loader *l, const Node *map, const char *key)
{
    const Node *n = node_get(map, key);
    if (n == NULL) {
        return -1;
    }
    int i = n->kind == NODE_TEXT ? level_of(l->p, n->text) : -1;
    if (i < 0) {
        fault(l, n, "没有层级 %.*s，应为 pack.yaml 的 levels 之一", STRF(n->text));
    }
    return i;
}

/* ---- expressions that wait ---- */

static void push(Loader *l, Pending w)
{
    ARRAY_ROOM(l->tmp, l->pending, l->n_pending, l->cap_pending);
    l->pending[l->n_pending++] = w;
}

void want_expr_node(Loader *l, const Node *n, const RecordType *t, const Field *extra, size_t n_extra, const Field *as,
                    const Expr **slot)
{
    push(l, (Pending){.node = n, .type = t, .extra = extra, .n_extra = n_extra, .as = as, .slot = slot});
}

void want_expr_within(Loader *l, const Node *n, const RecordType *t, const RecordType *outer, const Field *extra,
                      size_t n_extra, const Field *as, const Expr **slot)
{
    push(l,
         (Pending){.node = n, .type = t, .outer = outer, .extra = extra, .n_extra = n_extra, .as = as, .slot = slot});
}

void want_number(Loader *l, const Node *n, const RecordType *t, const Expr **slot)
{
    push(l, (Pending){.node = n, .type = t, .number = true, .slot = slot});
}

void want_expr(Loader *l, const Node *map, const char *key, const RecordType *t, const Field *extra, size_t n_extra,
               const Field *as, const Expr **slot)
{
    const Node *n = node_get(map, key);
    if (n != NULL) {
        want_expr_node(l, n, t, extra, n_extra, as, slot);
    }
}

/* The column of byte `at` in a scalar: exact for one-line texts without escapes, the scalar's start otherwise. */
static int column_of(const Node *n, int32_t at)
{
    Str before = str_sub(n->text, 0, (size_t)at);
    if (str_contains(n->text, S("\n"))) {
        return n->col;
    }
    return n->col + (n->quoted ? 1 : 0) + (int)utf8_len(before);
}

static void read_one(Loader *l, const Pending *w)
{
    const Node *n = w->node;
    if (n->kind != NODE_TEXT) {
        fault(l, n, "应为表达式");
        return;
    }
    Str error = S(""), why = S("");
    int32_t at = 0;
    const Expr *e =
        expr_parse_within(l->mem, l->p, w->type, w->outer, w->extra, w->n_extra, str_dup(l->mem, n->text), &error, &at);
    if (e == NULL) {
        fault_at(l, n->file, n->line, column_of(n, at), "表达式有误：%.*s", STRF(error));
    } else if (w->number && e->type != XT_NUM) {
        fault(l, n, "表达式有误，应为数");
    } else if (w->as == NULL && !w->number && e->type != XT_BOOL) {
        fault(l, n, "表达式有误，应为条件（成立或不成立）");
    } else if (w->as != NULL && !expr_fits(l->tmp, e, w->as, &why)) {
        fault(l, n, "表达式的值放不进“%.*s”，%.*s", STRF(w->as->label), STRF(why));
    } else {
        *w->slot = e;
    }
}

void read_pending(Loader *l)
{
    for (size_t i = 0; i < l->n_pending; i++) {
        read_one(l, &l->pending[i]);
    }
}
