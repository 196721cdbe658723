/*
 * copy_compare.c - do two databases hold the same rows? Each row becomes a SHA-256 over its columns in the order of the source, a table the sum of
 * them modulo 2^256 with their number: the order in which an engine gives the rows does not matter, a row more, less or other does.
 */
#include "base/buf.h"
#include "fmt/crypt.h"
#include "store/copy_int.h"

#define TURN 2000 /* rows of one side, then of the other: neither connection idles long */
#define SHOWN 5
#define ROW_MAX_BYTES ((size_t)256 << 20)

typedef struct {
    Walk w;
    Arena *mem;
    int64_t rows;
    uint64_t sum[4];
    bool over;
} Side;

static void put_u64(Buf *b, uint64_t v)
{
    buf_add_bytes(b, &v, sizeof v);
}

static void hash_row(Arena *mem, const Walk *w, uint64_t ret[4])
{
    Buf b = buf_new(mem, ROW_MAX_BYTES);
    for (size_t i = 0; i < w->t->n; i++) {
        const DbValue *v = &w->row[i];
        buf_addc(&b, v->is_null ? 'n' : v->kind == DB_INT ? 'i' : v->kind == DB_TEXT ? 't' : 'b');
        if (!v->is_null && v->kind == DB_INT) {
            put_u64(&b, (uint64_t)v->i);
        } else if (!v->is_null) {
            put_u64(&b, v->s.n);
            buf_add(&b, v->s);
        }
    }
    CHECK(!b.full);
    uint8_t out[32];
    sha256(b.p, b.n, out);
    memcpy(ret, out, sizeof out);
}

static bool add_rows(Side *s, int64_t most)
{
    bool row = true;
    for (int64_t i = 0; i < most && !s->over; i++) {
        if (!walk_next(&s->w, &row)) {
            return false;
        }
        if (!row) {
            s->over = true;
            break;
        }
        uint64_t h[4];
        ArenaMark mark = arena_mark(s->mem);
        hash_row(s->mem, &s->w, h);
        arena_release(s->mem, mark);
        unsigned carry = 0;
        for (int k = 0; k < 4; k++) {
            unsigned long long sum;
            unsigned over = __builtin_add_overflow((unsigned long long)s->sum[k], (unsigned long long)h[k], &sum);
            over += __builtin_add_overflow(sum, (unsigned long long)carry, &sum);
            s->sum[k] = sum;
            carry = over;
        }
        s->rows++;
    }
    return true;
}

/* The columns of the source as the target has them; the source's key gives the order on both sides. */
static bool compare_table(Cx *cx, Db *from, Db *to, const CopyTable *t, CopyTell *tell, void *ctx, TableCompared *ret)
{
    Side a = {.mem = arena_new(0)}, b = {.mem = arena_new(0)};
    CopyTable here = {0};
    bool there = false;
    int64_t total = 0;
    *ret = (TableCompared){.table = t->name};
    bool ok = copy_table(cx, to, t->name, &here, &there) && copy_count(cx, from, t, &total);
    /* walked by its own key, which its engine has an index for */
    CopyTable mine = *t;
    mine.n_key = 0;
    for (size_t i = 0; i < here.n_key; i++) {
        for (size_t k = 0; k < t->n; k++) {
            if (str_eq(t->cols[k].name, here.cols[here.key[i]].name)) {
                mine.key[mine.n_key++] = k;
            }
        }
    }
    walk_begin(&a.w, cx, from, t);
    walk_begin(&b.w, cx, to, &mine);
    b.over = !there;
    if (tell != NULL && total != 0) {
        tell(ctx, S("核对"), t->name, 0, total);
    }
    while (ok && (!a.over || !b.over)) {
        ok = add_rows(&a, TURN) && add_rows(&b, TURN);
        if (tell != NULL && total != 0) {
            tell(ctx, S("核对"), t->name, a.rows, total);
        }
    }
    walk_end(&a.w);
    walk_end(&b.w);
    arena_free(a.mem);
    arena_free(b.mem);
    ret->n_from = a.rows;
    ret->n_to = b.rows;
    ret->same = a.rows == b.rows && memcmp(a.sum, b.sum, sizeof a.sum) == 0;
    return ok;
}

bool copy_compare(Cx *cx, Db *from, Db *to, CopyTell *tell, void *ctx, TableCompared **ret, size_t *ret_n)
{
    CopyTable *all, *theirs;
    size_t n, m;
    if (!copy_tables(cx, from, &all, &n) || !copy_tables(cx, to, &theirs, &m)) {
        return false;
    }
    TableCompared *list = NEW_ARRAY(cx->mem, TableCompared, n + m + 1);
    for (size_t i = 0; i < n; i++) {
        if (!compare_table(cx, from, to, &all[i], tell, ctx, &list[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < m; i++) { /* what only the target has must be empty */
        bool known = false;
        for (size_t k = 0; k < n; k++) {
            known = known || str_eq(all[k].name, theirs[i].name);
        }
        if (!known) {
            list[n] = (TableCompared){.table = theirs[i].name};
            if (!copy_count(cx, to, &theirs[i], &list[n].n_to)) {
                return false;
            }
            list[n].same = list[n].n_to == 0;
            n++;
        }
    }
    *ret = list;
    *ret_n = n;
    return true;
}

/* <0: the row of a comes first in the order of the key. */
static int order(const Walk *a, const Walk *b)
{
    for (size_t i = 0; i < a->t->n_key; i++) {
        const DbValue *x = &a->row[a->t->key[i]], *y = &b->row[b->t->key[i]];
        int c = x->kind == DB_INT ? (x->i > y->i) - (x->i < y->i) : str_cmp(x->s, y->s);
        if (c != 0) {
            return c;
        }
    }
    return 0;
}

static void name_row(Buf *out, const Walk *w, Str what)
{
    buf_add(out, S("  "));
    buf_add(out, what);
    buf_addc(out, ' ');
    for (size_t i = 0; i < w->t->n_key; i++) {
        const DbValue *v = &w->row[w->t->key[i]];
        buf_add(out, i != 0 ? S(", ") : S(""));
        buf_add(out, w->t->cols[w->t->key[i]].name);
        buf_addc(out, '=');
        if (v->kind == DB_INT) {
            buf_int(out, v->i);
        } else {
            buf_add(out, utf8_cut(v->s, 40));
        }
    }
    buf_addc(out, '\n');
}

bool copy_difference(Cx *cx, Db *from, Db *to, Str table, Str *ret)
{
    CopyTable t;
    bool there, row_a = false, row_b = false;
    Buf out = buf_new(cx->mem, 4096);
    *ret = S("");
    if (!copy_table(cx, from, table, &t, &there)) {
        return false;
    }
    if (!there || t.n_key == 0) {
        return true;
    }
    Arena *mem = arena_new(0);
    Walk *a = NEW(cx->mem, Walk), *b = NEW(cx->mem, Walk);
    walk_begin(a, cx, from, &t);
    walk_begin(b, cx, to, &t);
    bool ok = walk_next(a, &row_a) && walk_next(b, &row_b);
    for (int shown = 0; ok && shown < SHOWN && (row_a || row_b);) {
        int c = !row_a ? 1 : !row_b ? -1 : order(a, b);
        uint64_t x[4], y[4];
        if (c == 0) {
            arena_reset(mem);
            hash_row(mem, a, x);
            hash_row(mem, b, y);
            if (memcmp(x, y, sizeof x) != 0) {
                name_row(&out, a, S("内容不同："));
                shown++;
            }
        } else {
            name_row(&out, c < 0 ? a : b, c < 0 ? S("目标缺少：") : S("目标多出："));
            shown++;
        }
        ok = (c > 0 || walk_next(a, &row_a)) && (c < 0 || walk_next(b, &row_b));
    }
    walk_end(a);
    walk_end(b);
    arena_free(mem);
    *ret = buf_str(&out);
    return ok;
}
