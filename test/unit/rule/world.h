/*
 * world.h - the mini pack with one record of type thing, its parts, and what it was last period.
 */
#pragma once

#include "../pack/mini.h"
#include "rule/validate.h"

#define PARTS_MAX 4

typedef struct {
    Mini mini;
    const RecordType *thing, *part;
    Value *v;                       /* of the thing */
    const Value *parts[PARTS_MAX];
    Str part_states[PARTS_MAX];
    size_t n_parts;
    Value before;                   /* previous value of `workers` */
    Value *parent;                  /* the thing with id 88 (TH-88, published); NULL: there is none */
    EvalEnv env;
} World;

static inline bool world_related(void *ctx, Cx *cx, const Link *link, int64_t of, RelatedRows *ret)
{
    (void)cx;
    World *w = ctx;
    static const int64_t IDS[PARTS_MAX] = {101, 102, 103, 104};
    *ret = (RelatedRows){.type = link->type, .rows = w->parts, .states = w->part_states, .ids = IDS, .n = w->n_parts};
    if (of == 88) {
        ret->n = MIN(w->n_parts, (size_t)1); /* the first part alone hangs on the parent */
    }
    return true;
}

static inline bool world_refer(void *ctx, Cx *cx, const Field *ref, int64_t id, Value const **ret_values, Str *ret_state,
                               Str *ret_number, bool *ret_found)
{
    (void)cx;
    World *w = ctx;
    *ret_found = ref->ref == w->thing && id == 88 && w->parent != NULL;
    if (*ret_found) {
        *ret_values = w->parent;
        *ret_state = S("published");
        *ret_number = S("TH-88");
    }
    return true;
}

static inline bool world_previous(void *ctx, Cx *cx, const Field *field, Value *ret)
{
    (void)cx;
    World *w = ctx;
    *ret = str_eq(field->id, S("workers")) ? w->before : (Value){0};
    return true;
}

static inline int world_up(void **state)
{
    World *w = calloc(1, sizeof *w);
    mini_ok(&w->mini);
    const Pack *p = w->mini.pack;
    w->thing = pack_type(p, S("thing"));
    w->part = pack_type(p, S("part"));
    w->v = NEW_ARRAY(w->mini.mem, Value, w->thing->n_fields);
    w->env = (EvalEnv){.cx = &w->mini.cx, .pack = p, .type = w->thing, .values = w->v, .self = 77, .state = S("draft"),
                       .number = S("TH-150430-2024-0001"), .today = date_from_civil(2024, 5, 1), .region = pack_region(p, S("150430")),
                       .org = pack_org(p, S("A")), .related = world_related, .previous = world_previous, .refer = world_refer,
                       .ctx = w};
    *state = w;
    return 0;
}

static inline int world_down(void **state)
{
    World *w = *state;
    mini_free(&w->mini);
    free(w);
    return 0;
}

/* world_set - a field of the thing, from text in its normal form. */
static inline Value *world_put(World *w, const RecordType *t, Value *values, const char *field, const char *text)
{
    const Field *f = type_field(t, str_c(field));
    assert_non_null(f);
    Findings found = findings_new(w->mini.mem);
    assert_true(value_parse(w->mini.mem, w->mini.pack, f, f->id, str_c(text), NULL, &values[f->index], &found));
    return &values[f->index];
}

static inline void world_set(World *w, const char *field, const char *text)
{
    (void)world_put(w, w->thing, w->v, field, text);
}

/* world_part - one more part; texts "" are left empty. */
static inline void world_part(World *w, const char *period, const char *n, const char *pay, const char *open, const char *state)
{
    Value *v = NEW_ARRAY(w->mini.mem, Value, w->part->n_fields);
    (void)world_put(w, w->part, v, "period", period);
    (void)world_put(w, w->part, v, "n", n);
    (void)world_put(w, w->part, v, "pay", pay);
    (void)world_put(w, w->part, v, "open", open);
    assert_true(w->n_parts < PARTS_MAX);
    w->part_states[w->n_parts] = str_c(state);
    w->parts[w->n_parts++] = v;
}

static inline const Expr *world_expr(World *w, const char *text)
{
    Str error = S("");
    const Expr *e = expr_parse(w->mini.mem, w->mini.pack, w->thing, NULL, 0, str_c(text), &error);
    if (e == NULL) {
        print_error("%s: %.*s\n", text, STRF(error));
    }
    assert_non_null(e);
    return e;
}

static inline void world_text(Str got, const char *want)
{
    if (got.n != strlen(want) || memcmp(got.p != NULL ? got.p : "", want, got.n) != 0) {
        print_error("got  %.*s\nwant %s\n", STRF(got), want);
    }
    assert_int_equal(got.n, strlen(want));
    assert_true(got.n == 0 || memcmp(got.p, want, got.n) == 0);
}

#define WORLD(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)
