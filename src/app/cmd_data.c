/*
 * cmd_data.c - commands about a data folder: init, pack check, import, export.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app.h"
#include "base/clock.h"
#include "db/db.h"
#include "store/compliance.h"

bool cmd_init(Cx *cx, const Options *o)
{
    if (o->data == NULL) {
        return fail(cx, E_USAGE, "请用 --data 指定数据文件夹");
    }
    if (app_has_data(cx, o)) {
        return fail(cx, E_CONFLICT, "%s 已经有数据，没有改动", o->data);
    }
    const Pack *p = app_pack(cx, o);
    Store *s = p != NULL ? app_store_new(cx, o, p) : NULL;
    if (s == NULL) {
        return false;
    }
    bool ok = o->profile == NULL || (store_attach(cx, s) && settings_set(cx, s, &SYSTEM_ACTOR, o->profile, 0));
    ok = ok && (!o->demo || demo_fill(cx, s, str_printf(cx->mem, "%.*s-demo", STRF(p->dir)).p));
    if (ok && !o->quiet) {
        printf("已建立 %s（策略包 %.*s %.*s）\n", o->data, STRF(p->id), STRF(p->version));
        ok = o->demo || app_first_token(cx, s, NULL);
    }
    store_close(s);
    return ok;
}

bool cmd_pack(Cx *cx, const Options *o)
{
    if (o->n_words != 2 || !str_eq(str_c(o->words[0]), S("check"))) {
        return fail(cx, E_USAGE, "请写 pack check DIR");
    }
    Options with = *o;
    with.pack = o->words[1];
    const Pack *p = app_pack(cx, &with);
    if (p == NULL) {
        return false;
    }
    printf("策略包 %.*s %.*s 没有错误：%zu 个条款，%zu 个地区，%zu 个单位，%zu 种记录，%zu 个目标，%zu 张评分表，%zu 份文件\n指纹 %.*s\n", STRF(p->id),
           STRF(p->version), p->n_clauses, p->n_regions, p->n_orgs, p->n_types, p->n_targets, p->n_rubrics,
           p->n_documents, STRF(p->hash));
    return true;
}

static bool show_progress(void *ctx, int64_t done, int64_t total)
{
    const char *what = ctx;
    if (isatty(STDERR_FILENO)) {
        if (total > 0) {
            fprintf(stderr, "\r%s %lld / %lld", what, (long long)done, (long long)total);
        } else {
            fprintf(stderr, "\r%s %lld 行", what, (long long)done);
        }
    }
    return true;
}

static const RecordType *want_type(Cx *cx, Store *s, const Options *o)
{
    const RecordType *t = o->type != NULL ? pack_type(store_pack(s), str_c(o->type)) : NULL;
    if (t == NULL) {
        (void)fail(cx, E_USAGE, "请用 --type 指定策略包里的记录类型");
    }
    return t;
}

bool cmd_import(Cx *cx, const Options *o)
{
    Actor a;
    ImportCounts n = {0};
    if (o->n_words != 1 || o->as == NULL) {
        return fail(cx, E_USAGE, "请指定一个文件，并用 --as 指定登录名");
    }
    Store *s = app_store(cx, o);
    if (s == NULL) {
        return false;
    }
    const RecordType *t = want_type(cx, s, o);
    char label[] = "导入";
    int64_t start = clock_mono_ms();
    bool ok = t != NULL && app_actor(cx, s, o->as, &a) && store_attach(cx, s) &&
              import_run(cx, s, &a, t, o->words[0], o->dry_run, o->report,
                         str_printf(cx->mem, "导入 %s", strrchr(o->words[0], '/') != NULL ? strrchr(o->words[0], '/') + 1 : o->words[0]),
                         show_progress, label, &n);
    if (ok) {
        printf("%s%lld 行：新增 %lld，更新 %lld，未变 %lld，有错 %lld，提醒 %lld 处；用时 %lld ms\n", o->dry_run ? "试导入（没有写入）" : "",
               (long long)n.rows, (long long)n.n_new, (long long)n.n_changed, (long long)n.n_same, (long long)n.n_wrong,
               (long long)n.n_warn, (long long)(clock_mono_ms() - start));
        if (o->report != NULL && access(o->report, F_OK) == 0) {
            printf("错误原因写在 %s\n", o->report);
        }
        if (n.n_wrong != 0) {
            ok = fail(cx, E_INVALID, "有 %lld 行没有导入", (long long)n.n_wrong);
        }
    }
    store_close(s);
    return ok;
}

static bool add_where(Cx *cx, Store *s, Query *q, Str text)
{
    Str name, value;
    if (!str_cut(text, '=', &name, &value)) {
        return fail(cx, E_USAGE, "--where 的写法是 字段=值");
    }
    Filter *f = &q->filters[q->n_filters++];
    if (str_eq(name, S("state"))) {
        *f = (Filter){.column = S("state"), .value = {.has = true, .s = value}};
        return true;
    }
    f->field = type_field(q->type, name);
    Findings found = findings_new(cx->mem);
    if (f->field == NULL || !value_parse(cx->mem, store_pack(s), f->field, name, value, NULL, &f->value, &found)) {
        return fail(cx, E_USAGE, "不能按“%.*s”筛选", STRF(text));
    }
    if (f->field->kind == FT_REGION) {
        f->within = pack_region(store_pack(s), f->value.s);
    }
    return true;
}

bool cmd_export(Cx *cx, const Options *o)
{
    Actor a;
    int64_t rows = 0;
    if (o->out == NULL) {
        return fail(cx, E_USAGE, "请用 -o 指定要写的文件");
    }
    Store *s = app_store(cx, o);
    if (s == NULL) {
        return false;
    }
    Query q = {.type = want_type(cx, s, o), .limit = 200};
    char label[] = "导出";
    Str format = str_ends(str_c(o->out), S(".csv")) ? S("csv") : S("xlsx");
    bool ok = q.type != NULL && app_actor(cx, s, o->as, &a) && store_attach(cx, s) &&
              (o->where == NULL || add_where(cx, s, &q, str_c(o->where))) &&
              export_run(cx, s, &a, &q, format, o->out, show_progress, label, &rows);
    store_close(s);
    if (ok) {
        printf("已导出 %lld 行到 %s\n", (long long)rows, o->out);
    }
    return ok;
}
