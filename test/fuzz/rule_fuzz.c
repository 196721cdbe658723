/*
 * rule_fuzz.c - expressions over a record of the small pack of the tests. What parses is evaluated on an empty and on a filled record: the
 * verdict is one of three, the explanation is text, and the same question gets the same answer.
 */
#include <stdio.h>
#include <stdlib.h>

#include "rule/validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const Pack *pack;
static const RecordType *type;
static Value *filled, *empty;

static void prepare(void)
{
    static const char *const TEXTS[][2] = {{"name", "砖瓦队"}, {"trade", "build"}, {"people", "120"}, {"wage", "310.50"}, {"listed_on", "2024-05-01"}};
    const char *root = getenv("TAMGA_ROOT");
    char dir[3000];
    Arena *mem = arena_new(0);
    Cx cx;
    Str report = S("");
    cx_init(&cx, mem);
    snprintf(dir, sizeof dir, "%s/test/fixture/pack-two", root != NULL ? root : ".");
    pack = pack_load(&cx, mem, dir, &report);
    CHECK(pack != NULL); /* run from the root of the project, or name it in TAMGA_ROOT */
    type = pack_type(pack, S("team"));
    CHECK(type != NULL);
    empty = NEW_ARRAY(mem, Value, type->n_fields);
    filled = NEW_ARRAY(mem, Value, type->n_fields);
    Findings found = findings_new(mem);
    for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
        const Field *f = type_field(type, str_c(TEXTS[i][0]));
        CHECK(f != NULL);
        (void)value_parse(mem, pack, f, f->id, str_c(TEXTS[i][1]), NULL, &filled[f->index], &found);
    }
}

static void evaluate(Cx *cx, const Expr *e, const Value *values)
{
    EvalEnv env = {.cx = cx, .pack = pack, .type = type, .values = values, .self = 7, .state = S("new"), .number = S("DW-1"), .today = 19844};
    if (e->type == XT_BOOL) {
        Tri t = rule_test(&env, e);
        CHECK(t == TRI_FALSE || t == TRI_TRUE || t == TRI_UNKNOWN);
        CHECK(t == rule_test(&env, e));
        CHECK(utf8_valid(rule_why(&env, e)));
    }
    for (size_t i = 0; i < type->n_fields; i++) {
        const Field *f = &type->fields[i];
        Str why;
        if (f->kind != FT_LIST && expr_fits(cx->mem, e, f, &why)) {
            Value v = rule_value(&env, e, f);
            CHECK(!v.has || utf8_valid(value_show(cx->mem, pack, f, &v)));
        }
    }
    CHECK(cx->err == E_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Arena *mem;
    if (mem == NULL) {
        mem = arena_new(0);
        prepare();
    }
    Cx cx;
    cx_init(&cx, mem);
    Str text = str_n((const char *)data, size), error = S("");
    int32_t at = -1;
    if (utf8_valid(text)) { /* packs are checked before */
        const Expr *e = expr_parse_at(mem, pack, type, NULL, 0, text, &error, &at);
        CHECK((e != NULL) == (error.n == 0) && utf8_valid(error));
        if (e == NULL) {
            CHECK(at >= 0 && (size_t)at <= size);
        } else {
            evaluate(&cx, e, empty);
            evaluate(&cx, e, filled);
        }
    }
    arena_reset(mem);
    return 0;
}
