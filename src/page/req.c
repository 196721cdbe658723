/*
 * req.c - what handlers say and ask: arguments, headers, redirects, messages, revisions.
 */
#include "page/internal.h"

Str req_arg(const Req *rq, const char *name)
{
    for (size_t i = 0; i < rq->n_args; i++) {
        if (str_eq(rq->args[i][0], str_c(name))) {
            return rq->args[i][1];
        }
    }
    return S("");
}

const RecordType *req_type(Req *rq)
{
    const RecordType *t = pack_type(rq->pack, req_arg(rq, "type"));
    if (t == NULL) {
        (void)fail(&rq->cx, E_NOT_FOUND, "没有这种记录");
    }
    return t;
}

bool req_id(Req *rq, int64_t *ret)
{
    return id_read(req_arg(rq, "id"), ret) || fail(&rq->cx, E_NOT_FOUND, "没有找到，或者不在您的管辖范围内");
}

Str req_param(const Req *rq, const char *name)
{
    Str n = str_c(name);
    return param_has(&rq->form, n) ? param_get(&rq->form, n) : param_get(&rq->query, n);
}

void req_header(Req *rq, Str name, Str value)
{
    CHECK(rq->n_headers < ARRAY_LEN(rq->headers));
    rq->headers[rq->n_headers++] = (NetHeader){name, value};
}

bool req_see(Req *rq, Str url)
{
    rq->redirect = url;
    return true;
}

void req_flash(Req *rq, Str tone, Str text)
{
    if (rq->session.n == 0) {
        return; /* API clients have no next page */
    }
    if (session_flash(&rq->cx, rq->store, rq->session, tone, text)) {
        set_cookie(rq, S("tamga_note"), S("1"), 120, true);
    } else {
        cx_clear(&rq->cx); /* a lost message does not undo what was done */
    }
}

void req_reads(Req *rq, const RecordType *t)
{
    Exchange *x = exchange(rq);
    if (x->reads != NULL) {
        x->reads[t->index] = true;
    }
}

bool req_invalid(Req *rq, const Findings *found)
{
    if (rq->doc == NULL) {
        rq->doc = doc_obj(rq->mem);
    }
    if (doc_get(rq->doc, S("errors")) == NULL) {
        doc_set_doc(rq->doc, "errors", finding_list(rq->mem, found, true));
    }
    return fail(&rq->cx, E_INVALID, "有 %zu 处需要修改", found->errors);
}

bool req_if_match(Req *rq, int64_t *ret_rev)
{
    Str h = net_header(rq->net, S("if-match"));
    if (h.n != 0) {
        Str text = str_starts(h, S("W/")) ? str_sub(h, 2, h.n) : h;
        if (text.n >= 2 && text.p[0] == '"' && text.p[text.n - 1] == '"') {
            text = str_sub(text, 1, text.n - 2);
        }
        return str_int(text, ret_rev) || fail(&rq->cx, E_STALE, "If-Match 与记录当前的 ETag 不一致，请重新读取");
    }
    Str rev = req_param(rq, "rev");
    if (rev.n == 0) {
        return fail(&rq->cx, E_NEED_MATCH, "修改记录须带 If-Match（读取记录时得到的 ETag）");
    }
    return str_int(rev, ret_rev) || fail(&rq->cx, E_BAD_REQUEST, "rev 须是整数");
}

void req_etag(Req *rq, int64_t rev)
{
    req_header(rq, S("etag"), str_printf(rq->mem, "\"%lld\"", (long long)rev));
}

void req_crumb(Req *rq, Str label, Str href)
{
    Exchange *x = exchange(rq);
    if (rq->wants_json) {
        return;
    }
    if (x->crumbs == NULL) {
        x->crumbs = doc_list(rq->mem);
    }
    Doc *c = doc_add_obj(x->crumbs);
    doc_set_str(c, "label", label);
    if (href.n != 0) {
        doc_set_str(c, "href", href);
    } else {
        doc_set_null(c, "href");
    }
}

bool req_need_user(Req *rq)
{
    return rq->actor.user != 0 || rq->actor.is_system || rq->wants_json || fail(&rq->cx, E_UNAUTHENTICATED, "请先登录");
}
