/*
 * gen.c - makes the workbook of the import benchmark: the pack's survey sheet with N rows of 20 columns, through the product's own writer.
 *
 *   gen PACK N OUT.xlsx
 *
 * Deterministic: the same N gives the same rows. They stand county by county, as in a workbook put together from the counties'. Every row is sound (codes with right check digits, industries under their domain), so that
 * the import does its whole work on each: check, store, journal, and the record beside it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "job/sheet.h"

#define COLUMNS 20

static const char *const KEYS[COLUMNS] = {"name", "county.above", "county", "maturity", "domain", "industry", "gbt4754", "owner_kind",
                                          "founded", "lead_name", "uscc", "contact", "phone", "output_places", "intro",
                                          "brand_figures.period", "brand_figures.workers", "brand_figures.trained", "brand_figures.certified",
                                          "brand_figures.income_avg"};
static const char *const TRADES[] = {"架线工", "家政服务员", "养老护理员", "焊工", "厨师", "刺绣工", "挤奶工", "快递员", "瓦工", "向导"};
static const char *const PLACES[] = {"北京、天津", "呼和浩特", "沈阳、大连", "上海、苏州", "银川", "包头、鄂尔多斯"};
static const char *const SURNAMES[] = {"王", "李", "张", "刘", "陈", "杨", "包", "白", "乌", "赵"};
static const char *const INTROS[] = {"从业人员多在外地务工，以技能稳、口碑好见长。", "本地多年形成的传统手艺，统一培训后输出。",
                                     "订单式培训，持证上岗，收入稳定。", "以合作社为依托，农闲时组织外出务工。"};

typedef struct {
    uint64_t x;
} Rand;

static size_t below(Rand *r, size_t n)
{
    r->x ^= r->x << 13;
    r->x ^= r->x >> 7;
    r->x ^= r->x << 17;
    return (size_t)(r->x % n);
}

/* A unified social credit code with its right check character. */
static Str credit_code(Arena *mem, Str region, uint64_t serial)
{
    static const char ALPHABET[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    char text[19];
    snprintf(text, sizeof text, "91%.6s%09llu", region.p, (unsigned long long)(serial % 1000000000ULL));
    int sum = 0, weight = 1;
    for (int i = 0; i < 17; i++) {
        sum += (int)(strchr(ALPHABET, text[i]) - ALPHABET) * weight;
        weight = weight * 3 % 31;
    }
    text[17] = ALPHABET[(31 - sum % 31) % 31];
    text[18] = '\0';
    return str_dup(mem, str_c(text));
}

static Str stem(Str name)
{
    size_t n = utf8_len(name);
    return n >= 3 ? utf8_cut(name, n - 1) : name;
}

typedef struct {
    const Pack *p;
    const Region **counties;
    size_t n_counties, n_rows;
    XlsxWriter *out;
    Rand rand;
} Gen;

static Str pick(Rand *r, const char *const *list, size_t n)
{
    return str_c(list[below(r, n)]);
}

static void put_row(Gen *g, Arena *mem, size_t i)
{
    Rand *r = &g->rand;
    const Region *at = g->counties[i * g->n_counties / g->n_rows];
    const CodeList *industries = pack_codes(g->p, S("industry")), *domains = pack_codes(g->p, S("domain"));
    const CodeList *maturity = pack_codes(g->p, S("maturity")), *owners = pack_codes(g->p, S("owner_kind")), *classes = pack_codes(g->p, S("gbt4754"));
    const Code *industry = &industries->codes[below(r, industries->n)];
    while (industry->parent.n == 0) {
        industry = &industries->codes[below(r, industries->n)];
    }
    const Str texts[] = {
        str_printf(mem, "%.*s%.*s%05zu", STRF(stem(at->name)), STRF(pick(r, TRADES, ARRAY_LEN(TRADES))), i),
        at->parent->name, at->name, maturity->codes[below(r, maturity->n)].label, code_find(domains, industry->parent)->label, industry->label,
        classes->codes[below(r, classes->n)].label, owners->codes[below(r, owners->n)].label,
        str_printf(mem, "%04zu-%02zu-%02zu", 1990 + below(r, 34), 1 + below(r, 12), 1 + below(r, 28)),
        str_printf(mem, "%.*s劳务有限公司%zu", STRF(stem(at->name)), i), credit_code(mem, at->code, 100000 + i),
        str_printf(mem, "%.*s某%zu", STRF(pick(r, SURNAMES, ARRAY_LEN(SURNAMES))), i % 97), str_printf(mem, "138%08zu", (i * 7919) % 100000000),
        pick(r, PLACES, ARRAY_LEN(PLACES)), pick(r, INTROS, ARRAY_LEN(INTROS)), S("2024")};
    for (size_t c = 0; c < ARRAY_LEN(texts); c++) {
        xlsx_text(g->out, c, texts[c]);
    }
    int64_t workers = 20 + (int64_t)below(r, 3000);
    xlsx_int(g->out, 16, workers);
    xlsx_int(g->out, 17, (int64_t)below(r, (size_t)workers));
    xlsx_int(g->out, 18, (int64_t)below(r, (size_t)workers));
    xlsx_decimal(g->out, 19, 2000000 + (int64_t)below(r, 6000000), 2);
    xlsx_next(g->out);
}

static void columns(Arena *mem, const Pack *p, const RecordType *t, XlsxCol *cols)
{
    SheetPlan plan = sheet_plan(mem, p, t);
    for (size_t c = 0; c < COLUMNS; c++) {
        for (size_t i = 0; i < plan.n; i++) {
            if (str_eq(plan.cols[i].key, str_c(KEYS[c]))) {
                cols[c] = (XlsxCol){.title = plan.cols[i].title, .key = plan.cols[i].key, .required = plan.cols[i].required,
                                    .kind = c < 16 ? XCOL_TEXT : c < 19 ? XCOL_INT : XCOL_DECIMAL, .depends_on = -1, .decimals = 2};
            }
        }
        if (cols[c].key.n == 0) {
            fprintf(stderr, "gen: the pack's sheet has no column %s\n", KEYS[c]);
            exit(2);
        }
    }
}

int main(int argc, char **argv)
{
    int64_t n;
    if (argc != 4 || !str_int(str_c(argv[2]), &n) || n < 1) {
        fprintf(stderr, "usage: gen PACK ROWS OUT.xlsx\n");
        return 2;
    }
    Arena *mem = arena_new(0), *row_mem = arena_new(0);
    Cx cx;
    Str report = S("");
    cx_init(&cx, mem);
    const Pack *p = pack_load(&cx, mem, argv[1], &report);
    const RecordType *t = p != NULL ? pack_type(p, S("brand")) : NULL;
    if (t == NULL) {
        fprintf(stderr, "gen: %.*s%.*s\n", STRF(report), STRF(cx_text(&cx)));
        return 1;
    }
    XlsxCol cols[COLUMNS] = {0};
    columns(mem, p, t, cols);
    Gen g = {.p = p, .counties = NEW_ARRAY(mem, const Region *, p->n_regions), .n_rows = (size_t)n, .rand = {88172645463325252ULL}};
    for (size_t i = 0; i < p->n_orgs; i++) {
        if (p->orgs[i].region != NULL && str_eq(p->orgs[i].region->level, S("county"))) {
            g.counties[g.n_counties++] = p->orgs[i].region;
        }
    }
    XlsxSpec spec = {.title = t->sheet->label, .sheet_name = t->sheet->label, .cols = cols, .n_cols = COLUMNS, .template_id = t->sheet->id,
                     .template_version = p->version};
    g.out = xlsx_open(&cx, argv[3], &spec);
    for (size_t i = 0; g.out != NULL && i < (size_t)n; i++) {
        put_row(&g, row_mem, i);
        arena_reset(row_mem);
    }
    if (g.out == NULL || !xlsx_close(&cx, g.out)) {
        fprintf(stderr, "gen: %.*s\n", STRF(cx_text(&cx)));
        return 1;
    }
    arena_free(row_mem);
    arena_free(mem);
    return 0;
}
