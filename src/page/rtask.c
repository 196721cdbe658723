/*
 * rtask.c - asking others about a record, answering, taking back: the panel of a record's page and its three addresses.
 */
#include "page/internal.h"
#include "store/task.h"

static const struct {
    Str id, label, hint, button;
} KINDS[TASK_KINDS] = {
    {STR_INIT("handle"), STR_INIT("转办"), STR_INIT("交给本单位一位同事办理，其他人可以收回"), STR_INIT("转给他办")},
    {STR_INIT("consult"), STR_INIT("委派"), STR_INIT("请一位同事写意见，写完仍由本单位办理"), STR_INIT("请他写意见")},
    {STR_INIT("sign"), STR_INIT("加签"), STR_INIT("请这个人表态；没有答复前，这条记录不能往下办"), STR_INIT("请他加签")},
    {STR_INIT("copy"), STR_INIT("抄送"), STR_INIT("让有权查看的人知道，不用答复"), STR_INIT("抄送")},
    {STR_INIT("urge"), STR_INIT("催办"), STR_INIT("提醒正在办理的单位，一个工作日一次"), STR_INIT("催办")},
};

static void set_or_null(Doc *o, const char *name, Str v)
{
    if (v.n != 0) {
        doc_set_str(o, name, v);
    } else {
        doc_set_null(o, name);
    }
}

static void answer_words(const Task *t, Str *ret_word, Str *ret_tone)
{
    static const Str WORDS[][3] = {{STR_INIT("agree"), STR_INIT("同意"), STR_INIT("good")},
                                   {STR_INIT("disagree"), STR_INIT("不同意"), STR_INIT("bad")},
                                   {STR_INIT("opinion"), STR_INIT("已答复"), STR_INIT("good")},
                                   {STR_INIT("seen"), STR_INIT("已阅"), STR_INIT("plain")},
                                   {STR_INIT("done"), STR_INIT("已办"), STR_INIT("good")},
                                   {STR_INIT("back"), STR_INIT("已收回"), STR_INIT("plain")},
                                   {STR_INIT("moved"), STR_INIT("已办下一步，不用答复"), STR_INIT("plain")}};
    static const Str OPEN[TASK_KINDS] = {STR_INIT("办理中"), STR_INIT("等待意见"), STR_INIT("等待加签"), STR_INIT("未阅"), STR_INIT("等待办理")};
    *ret_word = OPEN[t->kind];
    *ret_tone = t->kind == TASK_COPY ? S("plain") : S("warn");
    for (size_t i = 0; t->answered_ms != 0 && i < ARRAY_LEN(WORDS); i++) {
        if (str_eq(t->answer, WORDS[i][0])) {
            *ret_word = WORDS[i][1];
            *ret_tone = WORDS[i][2];
        }
    }
}

Doc *task_doc(Req *rq, const Task *t)
{
    Doc *o = doc_obj(rq->mem);
    Str word, tone;
    answer_words(t, &word, &tone);
    doc_set_id(o, "id", t->id);
    doc_set_shown(o, "kind", task_kind_word(t->kind), task_kind_label(t->kind));
    doc_set_str(o, "type", t->type->id);
    doc_set_id(o, "record", t->record);
    doc_set_str(o, "by", t->by_name);
    doc_set_str(o, "by_org", t->by_org);
    doc_set_str(o, "to", t->to_name.n != 0 ? t->to_name : t->to_org);
    doc_set_str(o, "to_org", t->to_org);
    set_or_null(o, "text", t->text);
    doc_set_instant(o, "at", t->at_ms);
    doc_set_bool(o, "open", t->answered_ms == 0);
    doc_set_shown(o, "answer", t->answer, word);
    doc_set_str(o, "tone", tone);
    set_or_null(o, "answer_text", t->answer_text);
    set_or_null(o, "answer_by", t->answer_by);
    if (t->answered_ms != 0) {
        doc_set_instant(o, "answered_at", t->answered_ms);
    } else {
        doc_set_null(o, "answered_at");
    }
    bool answer = task_may_answer(rq->store, &rq->actor, t), sign = t->kind == TASK_SIGN;
    doc_set_bool(o, "may_answer", answer);
    doc_set_bool(o, "may_back", task_may_take_back(rq->store, &rq->actor, t));
    doc_html_only(doc_set_bool(o, "asks_sign", answer && sign));
    doc_html_only(doc_set_bool(o, "asks_opinion", answer && t->kind == TASK_CONSULT));
    doc_html_only(doc_set_bool(o, "asks_seen", answer && (t->kind == TASK_COPY || t->kind == TASK_URGE)));
    doc_html_only(doc_set_str(o, "back_label", t->kind == TASK_HANDLE && t->to == rq->actor.user ? S("退还") : S("收回")));
    return o;
}

static bool people_options(Req *rq, const Rec *r, TaskKind kind, Doc *o)
{
    Colleague *people;
    size_t n;
    Doc *l = doc_set_list(o, "people");
    if (kind == TASK_URGE) {
        doc_set_bool(o, "asks_person", false);
        return true;
    }
    if (!task_people(&rq->cx, rq->store, &rq->actor, r, kind != TASK_HANDLE, kind == TASK_COPY, &people, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        Doc *p = doc_add_obj(l);
        const Org *org = people[i].org;
        Str place = org->shortname.n != 0 ? org->shortname : org->name;
        doc_set_id(p, "value", people[i].id);
        doc_set_str(p, "label", org == rq->actor.org ? people[i].name : str_printf(rq->mem, "%.*s（%.*s）", STRF(people[i].name), STRF(place)));
    }
    doc_set_bool(o, "asks_person", true);
    return true;
}

/* The forms: one a kind that may be asked for now, and for which there is somebody. */
static bool ask_forms(Req *rq, const Rec *r, Doc *l)
{
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
        if (!task_may(rq->store, &rq->actor, r, (TaskKind)i)) {
            continue;
        }
        Doc *o = doc_obj(rq->mem);
        doc_set_str(o, "kind", KINDS[i].id);
        doc_set_str(o, "label", KINDS[i].label);
        if (!people_options(rq, r, (TaskKind)i, o)) {
            return false;
        }
        const Doc *people = doc_get(o, S("people"));
        if (i != TASK_URGE && people->n == 0) {
            continue;
        }
        doc_html_only(doc_set_str(o, "hint", KINDS[i].hint));
        doc_html_only(doc_set_str(o, "button", KINDS[i].button));
        doc_add_doc(l, o);
    }
    return true;
}

bool tasks_doc(Req *rq, const Rec *r)
{
    bool public_only = true;
    Doc *tasks = doc_set_list(rq->doc, "tasks"), *ask = doc_set_list(rq->doc, "ask");
    size_t n = 0;
    if (rq->actor.user != 0 && access_read(rq->pack, &rq->actor, r, &public_only) && !public_only) {
        Task *all;
        if (!task_list_of(&rq->cx, rq->store, r->id, &all, &n) || !ask_forms(rq, r, ask)) {
            return false;
        }
        for (size_t i = 0; i < n; i++) { /* newest first */
            doc_add_doc(tasks, task_doc(rq, &all[n - 1 - i]));
        }
    }
    doc_html_only(doc_set_bool(rq->doc, "has_tasks", n + ask->n != 0));
    return true;
}

/* ---- handlers ---- */

static bool refused_softly(const Req *rq)
{
    ErrCode e = rq->cx.err;
    return !rq->wants_json &&
           (e == E_INVALID || e == E_CONFLICT || e == E_WRONG_STATE || e == E_FORBIDDEN || e == E_TOO_MANY);
}

/* The record's page with the reason on top. */
static bool show_refusal(Req *rq, const RecordType *t, int64_t id)
{
    Rec now;
    if (!refused_softly(rq)) {
        return false;
    }
    Findings *found = NEW(rq->mem, Findings);
    *found = findings_new(rq->mem);
    finding_add(found, false, S(""), S("refused"), S(""), cx_text(&rq->cx));
    rq->status = err_info(rq->cx.err)->http;
    cx_clear(&rq->cx);
    exchange(rq)->act_found = found;
    rq->view = "record/show";
    return rec_get(&rq->cx, rq->store, &rq->actor, t, id, &now) && show_doc(rq, &now);
}

bool task_post(Req *rq)
{
    const RecordType *t;
    Rec r;
    TaskKind kind;
    int64_t to = 0, id;
    if (!req_record(rq, &t, &r)) {
        return false;
    }
    if (!task_kind_read(req_param(rq, "kind"), &kind)) {
        return fail(&rq->cx, E_BAD_REQUEST, "kind 须是 handle、consult、sign、copy 或 urge");
    }
    (void)id_read(req_param(rq, "to"), &to);
    if (!task_add(&rq->cx, rq->store, &rq->actor, t, r.id, kind, to, req_param(rq, "text"), &id)) {
        return show_refusal(rq, t, r.id);
    }
    if (rq->wants_json) {
        doc_set_id(rq->doc, "id", id);
        doc_set_str(rq->doc, "kind", task_kind_word(kind));
        rq->status = 201;
        return true;
    }
    req_flash(rq, S("good"), str_printf(rq->mem, "已%.*s：%.*s", STRF(task_kind_label(kind)), STRF(rec_title(rq, &r))));
    Str back = req_param(rq, "back");
    return req_see(rq, url_local(back) ? back : url_record(rq->mem, t, r.id, ""));
}

/* Answered or taken back: on to the record, or with the reason why not. */
static bool after_task(Req *rq, bool ok, const Task *t)
{
    if (!ok) {
        return t->type != NULL && refused_softly(rq) ? show_refusal(rq, t->type, t->record) : false;
    }
    if (rq->wants_json) {
        rq->doc = task_doc(rq, t);
        return true;
    }
    req_flash(rq, S("good"), S("已办"));
    Str back = req_param(rq, "back");
    return req_see(rq, url_local(back) ? back : url_record(rq->mem, t->type, t->record, ""));
}

bool task_answer_post(Req *rq)
{
    int64_t id;
    Task t = {0};
    return req_id(rq, &id) &&
           after_task(rq, task_answer(&rq->cx, rq->store, &rq->actor, id, req_param(rq, "answer"), req_param(rq, "text"), &t), &t);
}

bool task_back_post(Req *rq)
{
    int64_t id;
    Task t = {0};
    return req_id(rq, &id) && after_task(rq, task_take_back(&rq->cx, rq->store, &rq->actor, id, req_param(rq, "text"), &t), &t);
}
