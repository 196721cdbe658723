/*
 * page.c - asking for a bundle: a page that says what will lie in it, and the job that makes it.
 */
#include "base/date.h"
#include "feature/bundle/set.h"

static Jobs *jobs;

void bundle_set_jobs(Jobs *j)
{
    jobs = j;
}

static bool work(Cx *cx, Store *s, const Actor *a, const RecordType *t, Str params, const char *out, JobProgress *progress, void *ctx,
                 Str *ret_text)
{
    Str why;
    int64_t id;
    BundleCounts n = {0};
    const Doc *o = json_read(cx->mem, params, &why);
    BundleAsk ask = {.reason = doc_get_str(o, "reason")};
    if (o == NULL || !id_read(doc_get_str(o, "id"), &id)) {
        return fail(cx, E_DATA, "任务的内容损坏");
    }
    if (!bundle_make(cx, s, a, t, id, &ask, out, progress, ctx, &n)) {
        return false;
    }
    *ret_text = str_printf(cx->mem, "证据包已生成：%lld 条记录，%lld 条操作记录，%lld 个文件%s", (long long)n.records, (long long)n.events,
                           (long long)n.files, n.left_out != 0 ? "；有没有收入的内容，列在包里的 index.html" : "");
    return true;
}

const JobWork BUNDLE_WORK = {"bundle", work};

static bool root_of(Req *rq, BundleSet *set, Rec *ret)
{
    const RecordType *t = req_type(rq);
    int64_t id;
    bool public_only;
    if (t == NULL || !req_id(rq, &id) || !set_of(&rq->cx, rq->pack, t, set) ||
        !rec_get(&rq->cx, rq->store, &rq->actor, t, id, ret)) {
        return false;
    }
    return (bundle_offered(rq->pack, &rq->actor, t) && access_read(rq->pack, &rq->actor, ret, &public_only) && !public_only) ||
           fail(&rq->cx, E_FORBIDDEN, "证据包要有导出%.*s和查看全部历史的权限", STRF(t->label));
}

static bool may_unmask(const Req *rq, const BundleSet *set)
{
    bool any = access_flag(&rq->actor, set->root, 'u');
    for (size_t i = 0; i < set->n_follow; i++) {
        any = any || access_flag(&rq->actor, set->follow[i].type, 'u');
    }
    return any && !rq->actor.read_only;
}

static bool ask_page(Req *rq)
{
    BundleSet set;
    Rec root;
    if (!root_of(rq, &set, &root)) {
        return false;
    }
    Doc *o = rq->doc;
    Str title = rec_label(&rq->cx, rq->store, root.type, root.id);
    Str record = str_printf(rq->mem, "/r/%.*s/%lld", STRF(root.type->id), (long long)root.id);
    doc_set_str(o, "title", str_printf(rq->mem, "%.*s：证据包", STRF(title)));
    doc_set_str(o, "type_label", root.type->label);
    doc_set_str(o, "no", root.no);
    doc_set_str(o, "record", record);
    doc_set_str(o, "action", str_printf(rq->mem, "/bundle/%.*s/%lld", STRF(root.type->id), (long long)root.id));
    doc_set_str(o, "idem", random_token(rq->mem, 12));
    doc_set_bool(o, "unmask", may_unmask(rq, &set));
    doc_set_list(o, "errors");
    Doc *l = doc_set_list(o, "follow");
    doc_set_str(doc_add_obj(l), "text", root.type->label);
    for (size_t i = 0; i < set.n_follow; i++) {
        doc_set_str(doc_add_obj(l), "text", set.follow[i].type->label);
    }
    for (size_t i = 0; i < set.n_also; i++) {
        doc_set_str(doc_add_obj(l), "text", set.also[i].via->ref->label);
    }
    req_crumb(rq, root.type->label, str_printf(rq->mem, "/r/%.*s", STRF(root.type->id)));
    req_crumb(rq, title, record);
    req_crumb(rq, S("证据包"), S(""));
    return true;
}

static bool ask_post(Req *rq)
{
    BundleSet set;
    Rec root;
    int64_t id;
    Str reason = str_trim(req_param(rq, "reason"));
    if (!root_of(rq, &set, &root)) {
        return false;
    }
    if (reason.n != 0 && (utf8_len(reason) < 4 || utf8_len(reason) > 200)) {
        return fail(&rq->cx, E_INVALID, "请写明查看完整个人信息的事由（4 到 200 个字），不需要的留空");
    }
    Doc *o = doc_obj(rq->mem);
    doc_set_id(o, "id", root.id);
    doc_set_str(o, "reason", reason);
    Str title = str_printf(rq->mem, "证据包：%.*s", STRF(rec_label(&rq->cx, rq->store, root.type, root.id)));
    Str name = str_printf(rq->mem, "证据包-%.*s-%.*s.zip", STRF(safe_name(rq->mem, root.no, root.id)),
                          STRF(date_iso(rq->mem, instant_date(rq->cx.now_ms))));
    if (jobs == NULL || !work_submit(&rq->cx, jobs, &rq->actor, &BUNDLE_WORK, root.type, title, name, json_text(rq->mem, o), &id)) {
        return rq->cx.err != E_OK ? false : fail(&rq->cx, E_BUSY, "后台任务没有启动");
    }
    rq->redirect = str_printf(rq->mem, "/jobs/%lld", (long long)id);
    if (rq->wants_json) {
        rq->doc = doc_obj(rq->mem);
        doc_set_id(rq->doc, "id", id);
        doc_set_str(rq->doc, "href", rq->redirect);
        rq->status = 202;
    }
    return true;
}

const Route ROUTES_BUNDLE[] = {
    {"GET", "/bundle/{type}/{id:id}", ask_page, AUTH_USER, "bundle/ask", "What an evidence bundle of this record holds", NULL, 0},
    {"POST", "/bundle/{type}/{id:id}", ask_post, AUTH_USER, NULL, "Queue the making of an evidence bundle; the job's output is the zip", NULL, ROUTE_PROOF},
    {0},
};
