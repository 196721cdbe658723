/*
 * jobdoc.c - a job as a document: state, progress, counts, files and what may be done with it. Clause 1.1.
 */
#include "base/date.h"
#include "feature/io/io.h"

static void instant_or_null(Doc *o, const char *name, int64_t ms)
{
    if (ms != 0) {
        doc_set_instant(o, name, ms);
    } else {
        doc_set_null(o, name);
    }
}

static const Str *state_words(Str state)
{
    static const Str WORDS[][3] = {{STR_INIT("waiting"), STR_INIT("排队中"), STR_INIT("info")},
                                   {STR_INIT("running"), STR_INIT("进行中"), STR_INIT("info")},
                                   {STR_INIT("done"), STR_INIT("已完成"), STR_INIT("good")},
                                   {STR_INIT("failed"), STR_INIT("没有成功"), STR_INIT("bad")},
                                   {STR_INIT("cancelled"), STR_INIT("已取消"), STR_INIT("plain")}};
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        if (str_eq(state, WORDS[i][0])) {
            return WORDS[i];
        }
    }
    return WORDS[3];
}

static void tally(Doc *o, const Job *b)
{
    Doc *l = doc_html_only(doc_set_list(o, "tally"));
    const struct {
        const char *label, *tone;
        int64_t n;
    } ROWS[] = {{"新增", "good", b->n_new}, {"更新", "info", b->n_changed}, {"没有变化", "", b->n_same},
                {"有错", "bad", b->n_wrong}, {"提示", "warn", b->n_warn}};
    for (size_t i = 0; i < ARRAY_LEN(ROWS) && str_eq(b->kind, S("import")); i++) {
        Doc *x = doc_add_obj(l);
        doc_set_strc(x, "label", ROWS[i].label);
        doc_set_strc(x, "tone", ROWS[i].n != 0 ? ROWS[i].tone : "");
        doc_set_str(x, "text", str_printf(o->mem, "%lld", (long long)ROWS[i].n));
    }
}

static void add_file(Doc *l, const Job *b, const char *which, const char *label, bool main)
{
    Doc *x = doc_add_obj(l);
    doc_set_strc(x, "which", which);
    doc_set_strc(x, "label", label);
    doc_set_str(x, "href", str_printf(l->mem, "/jobs/%lld/%s", (long long)b->id, which));
    doc_html_only(doc_set_bool(x, "main", main));
}

static void files(Doc *o, const Job *b, bool finished)
{
    Doc *l = doc_set_list(o, "files");
    if (b->has_output) {
        add_file(l, b, "output", "下载导出的文件", true);
    }
    if (b->has_report) {
        add_file(l, b, "report", "下载标注了原因的工作簿", b->n_wrong != 0);
    }
    if (finished && str_eq(b->kind, S("import"))) {
        add_file(l, b, "input", "下载上传的原文件", false);
    }
}

static void steps(Req *rq, Doc *o, const Job *b, bool finished)
{
    bool import = str_eq(b->kind, S("import")), done = str_eq(b->state, S("done"));
    Str base = str_printf(rq->mem, "/jobs/%lld", (long long)b->id);
    const RecordType *t = pack_type(rq->pack, b->type);
    if (finished) {
        doc_set_null(o, "cancel");
        doc_set_null(o, "poll");
    } else {
        doc_set_str(o, "cancel", str_printf(rq->mem, "%.*s/cancel", STRF(base)));
        doc_set_str(o, "poll", base);
    }
    bool for_real = import && done && b->dry_run && b->n_new + b->n_changed > 0;
    bool again = finished && (!done || (import && b->dry_run && !for_real && b->n_wrong == 0));
    doc_set_bool(o, "can_run", for_real);
    doc_set_bool(o, "can_repeat", again && !done);
    doc_html_only(doc_set_bool(o, "some_wrong", b->n_wrong != 0));
    doc_html_only(doc_set_str(o, "run", str_printf(rq->mem, "%.*s/run", STRF(base))));
    if (finished && import && t != NULL) {
        doc_set_str(o, "again", str_printf(rq->mem, "/r/%.*s/import", STRF(t->id)));
    } else {
        doc_set_null(o, "again");
    }
    if (finished && t != NULL) {
        doc_set_str(o, "list", str_printf(rq->mem, "/r/%.*s", STRF(t->id)));
    } else {
        doc_set_null(o, "list");
    }
    doc_html_only(doc_set_str(o, "type_label", t != NULL ? t->label : b->type));
}

Doc *io_job_doc(Req *rq, const Job *b, bool html)
{
    Doc *o = doc_obj(rq->mem);
    const Str *words = state_words(b->state);
    bool finished = !str_eq(b->state, S("waiting")) && !str_eq(b->state, S("running"));
    doc_set_id(o, "id", b->id);
    doc_set_str(o, "kind", b->kind);
    doc_set_shown(o, "state", b->state, words[1]);
    doc_set_str(o, "label", b->title);
    doc_set_str(o, "type", b->type);
    doc_set_str(o, "file", b->input_name);
    doc_set_str(o, "text", b->text.n != 0 ? b->text
                           : str_eq(b->state, S("waiting")) ? S("排在前面的任务办完后自动开始，可以离开本页")
                                                            : str_printf(rq->mem, "已处理 %lld 行，可以离开本页", (long long)b->done));
    doc_set_int(o, "done", b->done);
    doc_set_int(o, "total", b->total);
    const struct {
        const char *name;
        int64_t n;
    } COUNTS[] = {{"created", b->n_new}, {"changed", b->n_changed}, {"same", b->n_same}, {"wrong", b->n_wrong}, {"warned", b->n_warn}};
    Doc *counts = doc_set_obj(o, "counts");
    for (size_t i = 0; i < ARRAY_LEN(COUNTS); i++) {
        doc_set_int(counts, COUNTS[i].name, COUNTS[i].n);
    }
    doc_set_bool(o, "dry_run", b->dry_run);
    instant_or_null(o, "created_at", b->created_ms);
    instant_or_null(o, "started_at", b->started_ms);
    instant_or_null(o, "ended_at", b->ended_ms);
    doc_set_str(o, "href", str_printf(rq->mem, "/jobs/%lld", (long long)b->id));
    files(o, b, finished);
    steps(rq, o, b, finished);
    if (html) {
        doc_set_str(o, "tone", words[2]);
        doc_set_bool(o, "finished", finished);
        doc_set_int(o, "bar_max", MAX(b->total, 1));
        doc_set_int(o, "bar", MIN(b->done, MAX(b->total, 1)));
        tally(o, b);
        doc_set_bool(o, "has_tally", str_eq(b->kind, S("import")) && finished && b->done != 0);
    }
    return o;
}
