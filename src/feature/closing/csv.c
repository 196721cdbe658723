/*
 * csv.c - the closed figures of a period as a file: one line an office, with version and hashes, so that whoever cites them can say which.
 */
#include "feature/closing/closing.h"
#include "fmt/csv.h"
#include "rule/validate.h"

/* As people write it in a cell: money in yuan, decimals with their point. */
static Str plain(Req *rq, const Field *f, int64_t v)
{
    const Field yuan = {.kind = FT_DECIMAL, .decimals = 2};
    return value_raw(rq->mem, f->kind == FT_MONEY ? &yuan : f, &(Value){.has = true, .i = v});
}

static void head(Req *rq, Buf *b, const Sums *sums)
{
    static const char *const FIRST[] = {"期别", "版次", "单位代码", "单位", "汇总单位", "记录数"};
    csv_begin(b);
    for (size_t i = 0; i < ARRAY_LEN(FIRST); i++) {
        csv_cell(b, str_c(FIRST[i]), i == 0);
    }
    for (size_t i = 0; i < sums->n_fields; i++) {
        const Field *f = sums->fields[i];
        Str unit = f->kind == FT_MONEY && f->unit.n == 0 ? S("元") : f->unit;
        csv_cell(b, unit.n != 0 ? str_printf(rq->mem, "%.*s（%.*s）", STRF(f->label), STRF(unit)) : f->label, false);
    }
    csv_cell(b, S("指纹"), false);
    csv_end_row(b);
}

static void home_line(Req *rq, Buf *b, const RecordType *t, const Scope *scope, const Closed *c, const Sums *sums, const HomeSums *h)
{
    const Org *o = pack_org_by_home(rq->pack, h->home), *to = office_of(rq, t, scope, h->home);
    csv_cell(b, c->period, true);
    csv_cell_int(b, c->version, false);
    csv_cell(b, o != NULL ? o->code : S(""), false);
    csv_cell(b, o != NULL ? o->name : S(""), false);
    csv_cell(b, to != NULL ? to->name : S(""), false);
    csv_cell_int(b, h->n, false);
    for (size_t i = 0; i < sums->n_fields; i++) {
        csv_cell(b, h->given[i] != 0 ? plain(rq, sums->fields[i], h->total[i]) : S(""), false);
    }
    csv_cell(b, h->hash, false);
    csv_end_row(b);
}

bool closing_csv(Req *rq)
{
    const RecordType *t;
    Str period;
    Closed now;
    Sums sums;
    if (!closing_of(rq, &t, &period)) {
        return false;
    }
    if (!access_flag(&rq->actor, t, 'x')) {
        return fail(&rq->cx, E_FORBIDDEN, "您没有导出%.*s的权限", STRF(t->label));
    }
    if (!closing_state(&rq->cx, rq->store, t, period, &now)) {
        return false;
    }
    if (!now.closed) {
        return fail(&rq->cx, E_WRONG_STATE, "这一期没有关账，数字仍会变，不能导出合计");
    }
    if (!closing_sums(&rq->cx, rq->store, &rq->actor, t, period, now.version, &sums)) {
        return false;
    }
    Scope scope = access_scope(rq->mem, rq->pack, &rq->actor, t);
    Buf b = buf_new(rq->mem, (size_t)8 << 20);
    head(rq, &b, &sums);
    for (size_t i = 0; i < sums.n; i++) {
        home_line(rq, &b, t, &scope, &now, &sums, &sums.homes[i]);
    }
    rq->raw_body = buf_str(&b);
    rq->raw_type = S("text/csv; charset=utf-8");
    Str name = str_printf(rq->mem, "%.*s-%.*s-%lld.csv", STRF(t->id), STRF(period), (long long)now.version);
    req_header(rq, S("content-disposition"), str_printf(rq->mem, "attachment; filename=\"%.*s\"", STRF(name)));
    return true;
}
