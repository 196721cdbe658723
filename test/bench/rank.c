/*
 * rank.c - how long a whole ranking takes: N entries, each scored by the program from its figures and by M sheets, then ranked.
 *
 *   rank PACK [N [M]]     prints "2000 entries, 9 sheets each: 41.3 ms"
 *
 * The rubric is the pack's first; figures are random, always the same. Records lie in memory: the time is that of rules and sums.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "rule/score.h"

static uint32_t next_number(uint64_t *x)
{
    *x = *x * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*x >> 33);
}

static void fill(const RecordType *t, Value *v, uint64_t *x)
{
    for (size_t i = 0; i < t->n_fields; i++) {
        FieldKind k = t->fields[i].kind;
        if (k == FT_INT || k == FT_DECIMAL || k == FT_MONEY) {
            v[i] = (Value){.has = true, .i = next_number(x) % 5000};
        }
    }
}

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* The whole computation; returns the best entry's result, so that nothing can be left out. */
static int32_t rank_all(const Pack *p, const Rubric *r, Value *const *values, const int32_t *sums, size_t n, size_t m)
{
    Arena *mem = arena_new(0);
    Cx cx;
    cx_init(&cx, mem);
    EntryScore *entries = NEW_ARRAY(mem, EntryScore, n);
    AutoScore *scores = NEW_ARRAY(mem, AutoScore, r->n_criteria);
    for (size_t i = 0; i < n; i++) {
        EvalEnv env = {.cx = &cx, .pack = p, .type = r->type, .values = values[i], .self = (int64_t)i + 1, .today = 20000};
        EntryScore *e = &entries[i];
        *e = (EntryScore){.entry = (int64_t)i + 1, .sheets = NEW_ARRAY(mem, SheetScore, m), .n_sheets = m};
        (void)score_auto(&env, r, scores, &e->by_program);
        for (size_t k = 0; k < m; k++) {
            e->sheets[k] = (SheetScore){.id = (int64_t)(i * m + k), .sum = sums[i * m + k]};
        }
        score_entry(r, e);
    }
    score_rank(entries, n);
    int32_t best = entries[0].result;
    arena_free(mem);
    return best;
}

int main(int argc, char **argv)
{
    size_t n = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 2000, m = argc > 3 ? (size_t)strtoul(argv[3], NULL, 10) : 9;
    if (argc < 2 || n == 0 || n > 1000000 || m == 0 || m > 100) {
        fprintf(stderr, "rank PACK [ENTRIES [SHEETS]]\n");
        return 2;
    }
    Arena *mem = arena_new(0);
    Cx cx;
    cx_init(&cx, mem);
    Str report;
    const Pack *p = pack_load(&cx, mem, argv[1], &report);
    if (p == NULL || p->n_rubrics == 0) {
        fprintf(stderr, "no pack with a rubric: %s\n%.*s", argv[1], STRF(report));
        return 1;
    }
    const Rubric *r = &p->rubrics[0];
    uint64_t x = 1;
    Value **values = NEW_ARRAY(mem, Value *, n);
    int32_t *sums = NEW_ARRAY(mem, int32_t, n * m);
    for (size_t i = 0; i < n; i++) {
        values[i] = NEW_ARRAY(mem, Value, r->type->n_fields);
        fill(r->type, values[i], &x);
    }
    for (size_t i = 0; i < n * m; i++) {
        sums[i] = (int32_t)(next_number(&x) % 5000);
    }
    int64_t from = now_us();
    int32_t best = rank_all(p, r, values, sums, n, m);
    int64_t us = now_us() - from;
    printf("%zu entries, %zu sheets each: %lld.%lld ms\n", n, m, (long long)(us / 1000), (long long)(us % 1000 / 100));
    arena_free(mem);
    return best > 0 ? 0 : 1;
}
