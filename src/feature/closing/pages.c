/*
 * pages.c - the periods of a type, one period, closing and reopening it.
 */
#include "feature/closing/closing.h"
#include "rule/validate.h"

bool closing_of(Req *rq, const RecordType **ret_t, Str *ret_period)
{
    Str normal, period = req_arg(rq, "period");
    *ret_t = req_type(rq);
    if (*ret_t == NULL) {
        return false;
    }
    if ((*ret_t)->closing == NULL) {
        return fail(&rq->cx, E_NOT_FOUND, "%.*s不按期关账", STRF((*ret_t)->label));
    }
    if (period.n != 0 && (!period_parse(rq->mem, period, &normal) || !str_eq(normal, period))) {
        return fail(&rq->cx, E_NOT_FOUND, "没有这一期");
    }
    *ret_period = period;
    return true;
}

static Str base_of(Req *rq, const RecordType *t, Str period)
{
    return str_printf(rq->mem, "/closing/%.*s/%.*s", STRF(t->id), STRF(period));
}

static Str person_of(Req *rq, const Closed *c)
{
    return c->org.n != 0 ? str_printf(rq->mem, "%.*s %.*s", STRF(c->org), STRF(c->who)) : c->who;
}

/* A closing or reopening, as lists and pages tell it. */
static void act_doc(Req *rq, Doc *o, const Closed *c)
{
    doc_set_bool(o, "closed", c->closed);
    doc_set_int(o, "version", c->version);
    doc_set_bool(o, "ever", c->version != 0);
    doc_set_int(o, "rev", c->seq);
    if (c->seq != 0) {
        doc_set_instant(o, "at", c->at_ms);
    } else {
        doc_set_null(o, "at");
    }
    doc_set_str(o, "who", person_of(rq, c));
    doc_set_str(o, "reason", c->reason);
    doc_set_str(o, "hash", c->hash)->show = str_sub(c->hash, 0, 12);
}

static bool periods_page(Req *rq)
{
    const RecordType *t;
    Str none;
    PeriodRow *rows;
    size_t n;
    if (!closing_of(rq, &t, &none) || !closing_periods(&rq->cx, rq->store, &rq->actor, t, &rows, &n)) {
        return false;
    }
    doc_set_str(rq->doc, "title", str_printf(rq->mem, "%.*s：期别关账", STRF(t->label)));
    doc_set_str(rq->doc, "type_label", t->label);
    doc_set_str(rq->doc, "list_href", str_printf(rq->mem, "/r/%.*s", STRF(t->id)));
    Doc *l = doc_set_list(rq->doc, "periods");
    for (size_t i = 0; i < n; i++) {
        Doc *o = doc_add_obj(l);
        doc_set_shown(o, "period", rows[i].state.period, period_zh(rq->mem, rows[i].state.period));
        doc_set_int(o, "n", rows[i].n);
        doc_set_str(o, "href", base_of(rq, t, rows[i].state.period));
        act_doc(rq, o, &rows[i].state);
    }
    req_crumb(rq, t->label, str_printf(rq->mem, "/r/%.*s", STRF(t->id)));
    req_crumb(rq, S("期别关账"), S(""));
    return true;
}

/* ---- one period ---- */

static void heads(Req *rq, const Sums *sums)
{
    Doc *l = doc_set_list(rq->doc, "heads");
    for (size_t i = 0; i < sums->n_fields; i++) {
        Doc *o = doc_add_obj(l);
        doc_set_str(o, "field", sums->fields[i]->id);
        doc_set_str(o, "label", sums->fields[i]->label);
        doc_set_str(o, "unit", sums->fields[i]->kind == FT_MONEY ? S("") : sums->fields[i]->unit);
    }
}

static void line(Req *rq, Doc *o, Str label, Str shown, const Sums *sums, const HomeSums *h, bool agrees)
{
    doc_set_shown(o, "label", label, shown);
    doc_set_int(o, "n", h->n);
    doc_set_bool(o, "agrees", agrees);
    sums_cells(rq, doc_set_list(o, "cells"), sums, h);
}

/* `sums` by office, and whether each agrees with `other`. */
static void table(Req *rq, const RecordType *t, const Sums *sums, const Sums *other)
{
    size_t n;
    OfficeSums all, *offices = offices_add(rq, t, sums, other, &n, &all);
    Doc *l = doc_set_list(rq->doc, "rows");
    heads(rq, sums);
    for (size_t i = 0; i < n; i++) {
        const Org *org = offices[i].org;
        Str name = org != NULL ? org->name : str_printf(rq->mem, "单位 %lld", (long long)offices[i].home);
        line(rq, doc_add_obj(l), name, org != NULL && org->shortname.n != 0 ? org->shortname : name, sums, &offices[i].sum, offices[i].agrees);
    }
    line(rq, doc_set_obj(rq->doc, "total"), S("合计"), S("合计"), sums, &all.sum, all.agrees);
    doc_set_bool(rq->doc, "agrees", all.agrees);
}

/* Of a reopened period: what was closed last, and how far the records are from it now. */
static void since(Req *rq, const RecordType *t, const Sums *live, const Sums *kept, int64_t version)
{
    size_t n;
    OfficeSums now, was;
    (void)offices_add(rq, t, live, NULL, &n, &now);
    (void)offices_add(rq, t, kept, NULL, &n, &was);
    Doc *o = doc_set_obj(rq->doc, "since"), *l = doc_set_list(o, "changes");
    doc_set_int(o, "version", version);
    doc_set_int(o, "n", was.sum.n);
    doc_set_int(o, "more", now.sum.n - was.sum.n);
    for (size_t i = 0; i < kept->n_fields; i++) {
        for (size_t k = 0; k < live->n_fields; k++) {
            int64_t diff;
            if (live->fields[k] != kept->fields[i] || now.sum.over[k] || was.sum.over[i] ||
                __builtin_sub_overflow(now.sum.total[k], was.sum.total[i], &diff)) {
                continue;
            }
            const Value a = {.has = true, .i = was.sum.total[i]}, b = {.has = true, .i = diff};
            const Field *f = kept->fields[i];
            Doc *x = doc_add_obj(l);
            doc_set_str(x, "field", f->id);
            doc_set_str(x, "label", f->label);
            doc_set_int(x, "closed", a.i)->show = value_show(rq->mem, rq->pack, f, &a);
            doc_set_int(x, "diff", diff)->show = str_printf(rq->mem, "%s%s", diff > 0 ? "+" : "", value_show(rq->mem, rq->pack, f, &b).p);
        }
    }
}

static bool history(Req *rq, const RecordType *t, Str period)
{
    Closed *acts;
    size_t n;
    Doc *l = doc_set_list(rq->doc, "acts");
    if (!closing_history(&rq->cx, rq->store, t, period, &acts, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        act_doc(rq, doc_add_obj(l), &acts[i]);
    }
    return true;
}

/* error: why the step just tried was refused; empty: none was. */
static bool show_period(Req *rq, const RecordType *t, Str period, Str error)
{
    Closed now;
    Sums live, kept = {0};
    if (!closing_state(&rq->cx, rq->store, t, period, &now) || !closing_live(&rq->cx, rq->store, &rq->actor, t, period, &live) ||
        (now.version != 0 && !closing_sums(&rq->cx, rq->store, &rq->actor, t, period, now.version, &kept))) {
        return false;
    }
    rq->doc = doc_obj(rq->mem);
    rq->view = "closing/period";
    Str name = period_zh(rq->mem, period);
    doc_set_str(rq->doc, "title", str_printf(rq->mem, "%.*s：%.*s", STRF(t->label), STRF(name)));
    doc_set_shown(rq->doc, "period", period, name);
    doc_set_str(rq->doc, "type_label", t->label);
    doc_set_str(rq->doc, "level_label", t->closing->level_index == 0 ? S("单位") : S("汇总单位"));
    doc_set_str(rq->doc, "base", base_of(rq, t, period));
    doc_set_str(rq->doc, "list_href", str_printf(rq->mem, "/r/%.*s?%.*s=%.*s", STRF(t->id), STRF(t->closing->by->id), STRF(period)));
    act_doc(rq, rq->doc, &now);
    doc_html_only(doc_set_str(rq->doc, "whole_hash", now.hash));
    doc_html_only(doc_set_bool(rq->doc, "may_act", (now.closed ? closing_may(&rq->actor, t, true) : live.n != 0 && closing_may(&rq->actor, t, false))));
    table(rq, t, now.closed ? &kept : &live, now.closed ? &live : NULL);
    if (now.version != 0 && !now.closed) {
        since(rq, t, &live, &kept, now.version);
    } else {
        doc_set_null(rq->doc, "since");
    }
    doc_set_bool(rq->doc, "may_close", !now.closed && live.n != 0 && closing_may(&rq->actor, t, false));
    doc_set_bool(rq->doc, "may_reopen", now.closed && closing_may(&rq->actor, t, true));
    doc_set_bool(rq->doc, "may_export", now.closed && access_flag(&rq->actor, t, 'x'));
    doc_set_str(rq->doc, "error", error);
    doc_html_only(doc_set_str(rq->doc, "typed", error.n != 0 ? req_param(rq, "reason") : S("")));
    req_etag(rq, now.seq);
    req_crumb(rq, t->label, str_printf(rq->mem, "/r/%.*s", STRF(t->id)));
    req_crumb(rq, S("期别关账"), str_printf(rq->mem, "/closing/%.*s", STRF(t->id)));
    req_crumb(rq, name, S(""));
    return history(rq, t, period);
}

static bool period_page(Req *rq)
{
    const RecordType *t;
    Str period;
    return closing_of(rq, &t, &period) && show_period(rq, t, period, S(""));
}

/* Refused: for people the page again, with why and what was typed. */
static bool refused(Req *rq, const RecordType *t, Str period)
{
    ErrCode err = rq->cx.err;
    if (rq->wants_json || (err != E_INVALID && err != E_WRONG_STATE && err != E_STALE)) {
        return false;
    }
    Str why = str_dup(rq->mem, cx_text(&rq->cx));
    cx_clear(&rq->cx);
    rq->status = err_info(err)->http;
    return show_period(rq, t, period, why);
}

static bool step(Req *rq, bool reopen)
{
    const RecordType *t;
    Str period;
    int64_t seq;
    Closed c;
    if (!closing_of(rq, &t, &period) || !req_if_match(rq, &seq)) {
        return false;
    }
    bool ok = reopen ? closing_reopen(&rq->cx, rq->store, &rq->actor, t, period, seq, req_param(rq, "reason"), &c)
                     : closing_close(&rq->cx, rq->store, &rq->actor, t, period, seq, &c);
    if (!ok) {
        return refused(rq, t, period);
    }
    if (rq->wants_json) {
        return show_period(rq, t, period, S(""));
    }
    Str name = period_zh(rq->mem, period);
    req_flash(rq, S("good"), reopen ? str_printf(rq->mem, "%.*s 已重开，改完请再关账", STRF(name))
                                    : str_printf(rq->mem, "%.*s 已关账（第 %lld 版），合计从此固定", STRF(name), (long long)c.version));
    return req_see(rq, base_of(rq, t, period));
}

static bool close_post(Req *rq)
{
    return step(rq, false);
}

static bool reopen_post(Req *rq)
{
    return step(rq, true);
}

const Route ROUTES_CLOSING[] = {
    {"GET", "/closing/{type}", periods_page, AUTH_USER, "closing/list", "Periods of a type: open or closed, by whom and when", NULL, 0},
    {"GET", "/closing/{type}/{period}", period_page, AUTH_USER, "closing/period",
     "One period by office: of a closed one what was closed, of an open one the records as they are", NULL, 0},
    {"POST", "/closing/{type}/{period}/close", close_post, AUTH_USER, "closing/period", "Close a period: its figures stay, its records are not written any more",
     NULL, ROUTE_PROOF},
    {"POST", "/closing/{type}/{period}/reopen", reopen_post, AUTH_USER, "closing/period", "Reopen a closed period, for a reason; the former figures are kept",
     "reason:string", ROUTE_PROOF},
    {"GET", "/closing/{type}/{period}/sums.csv", closing_csv, AUTH_USER, NULL, "The closed figures of a period, one line an office", NULL,
     ROUTE_PROOF | ROUTE_EXPORT},
    {0},
};
