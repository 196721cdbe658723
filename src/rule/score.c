/*
 * score.c - see score.h. Everything is an integer in hundredths of a point; the one division is rounded half up.
 */
#include "rule/score.h"

#include <stdlib.h>

#include "base/buf.h"
#include "rule/figure.h"

/* ---- criteria scored by the program ---- */

static const Band *band_of(const Criterion *c, int64_t figure)
{
    const Band *best = NULL;
    for (size_t i = 0; i < c->n_bands && figure >= c->bands[i].from; i++) {
        best = &c->bands[i];
    }
    return best;
}

size_t score_auto(const EvalEnv *entry, const Rubric *r, AutoScore *ret, int32_t *ret_sum)
{
    size_t n = 0;
    *ret_sum = 0;
    for (size_t i = 0; i < r->n_criteria; i++) {
        const Criterion *c = &r->criteria[i];
        if (c->expr == NULL) {
            continue;
        }
        AutoScore *s = &ret[n++];
        Value figure = rule_figure(entry, c->expr);
        *s = (AutoScore){.criterion = c, .known = figure.has, .figure = figure, .why = rule_why(entry, c->expr)};
        s->band = figure.has ? band_of(c, figure.i) : NULL;
        s->points = s->band != NULL ? s->band->points : 0;
        *ret_sum += s->points;
    }
    return n;
}

/* ---- criteria scored by persons ---- */

/* 850 -> 8.5 */
static Str points_text(Arena *mem, int64_t points)
{
    Buf b = buf_new(mem, 40);
    buf_printf(&b, "%lld", (long long)(points / 100));
    int cents = (int)(points % 100);
    if (cents != 0) {
        buf_printf(&b, cents % 10 != 0 ? ".%02d" : ".%d", cents % 10 != 0 ? cents : cents / 10);
    }
    return buf_str(&b);
}

bool score_mark_check(const Criterion *c, int64_t points, Str where, Findings *found)
{
    if (points >= 0 && points <= c->max) {
        return true;
    }
    Str max = points_text(found->mem, c->max);
    finding_add(found, false, where, S("range"), c->clause,
                str_printf(found->mem, "“%.*s”的得分应在 0 到 %.*s 分之间，请改正", STRF(c->label), STRF(max)));
    return false;
}

static int three_way(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* By sum falling, then id rising, so that the same sheets always lie in the same order. */
static int by_sum(const void *pa, const void *pb)
{
    const SheetScore *a = pa, *b = pb;
    int c = three_way(b->sum, a->sum);
    return c != 0 ? c : three_way(a->id, b->id);
}

/* sum >= 0, n > 0 */
static int32_t mean(int64_t sum, size_t n)
{
    return (int32_t)((2 * sum + (int64_t)n) / (2 * (int64_t)n));
}

void score_entry(const Rubric *r, EntryScore *e)
{
    e->n_counted = 0;
    e->by_persons = e->low = e->high = e->rank = 0;
    e->alarm = false;
    if (e->n_sheets > 0) {
        qsort(e->sheets, e->n_sheets, sizeof *e->sheets, by_sum);
        size_t trim = r->trim > 0 ? (size_t)r->trim : 0;
        if (e->n_sheets < 2 * trim + 1) {
            trim = 0;
        }
        int64_t sum = 0;
        for (size_t i = 0; i < e->n_sheets; i++) {
            SheetScore *s = &e->sheets[i];
            CHECK(s->sum >= 0);
            s->left_out = i < trim || i >= e->n_sheets - trim;
            if (!s->left_out) {
                sum += s->sum;
                e->n_counted++;
            }
        }
        e->by_persons = mean(sum, e->n_counted);
        e->high = e->sheets[0].sum;
        e->low = e->sheets[e->n_sheets - 1].sum;
        e->alarm = r->spread > 0 && e->high - e->low > r->spread;
    }
    e->result = e->by_program + e->by_persons;
    e->passed = e->n_sheets > 0 && e->result >= r->pass;
}

static int by_result(const void *pa, const void *pb)
{
    const EntryScore *a = pa, *b = pb;
    int c = three_way(a->n_sheets == 0, b->n_sheets == 0);
    c = c != 0 ? c : three_way(b->result, a->result);
    c = c != 0 ? c : three_way(b->by_persons, a->by_persons);
    return c != 0 ? c : three_way(a->entry, b->entry);
}

void score_rank(EntryScore *entries, size_t n)
{
    if (n == 0) {
        return;
    }
    qsort(entries, n, sizeof *entries, by_result);
    for (size_t i = 0; i < n; i++) {
        EntryScore *e = &entries[i];
        bool same = i > 0 && entries[i - 1].result == e->result;
        e->rank = e->n_sheets == 0 ? 0 : same ? entries[i - 1].rank : (int32_t)i + 1;
    }
}
