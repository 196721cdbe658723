/*
 * cmd_first.c - the first start without a default password, and the rules that hold afterwards.
 */
#include "app/app.h"
#include "store/compliance.h"

bool app_first_token(Cx *cx, Store *s, const char *base)
{
    bool needed;
    Str token;
    if (!store_attach(cx, s) || !first_needed(cx, s, &needed)) {
        return false;
    }
    if (!needed) {
        return true;
    }
    if (!first_token(cx, s, &token)) {
        return false;
    }
    printf("\n还没有账户。建立三个管理员的一次性令牌（24 小时内有效，只显示这一次）：\n\n  %.*s\n\n", STRF(token));
    if (base != NULL) {
        printf("请打开 %s/first 填写。\n", base);
    } else {
        printf("启动服务后打开 /first 填写，或者用 tamga first 在命令行建立。\n");
    }
    return true;
}

static bool make(Cx *cx, Store *s, const Options *o)
{
    static const char *const WHAT[] = {"系统管理员", "安全管理员", "审计管理员"};
    FirstAdmin who[3];
    Str token;
    bool needed;
    Findings found = findings_new(cx->mem);
    for (int i = 0; i < 3; i++) {
        if (!str_cut(str_c(o->words[i]), ':', &who[i].login, &who[i].name) || !app_secret(cx, str_printf(cx->mem, "%s的初始口令", WHAT[i]).p, &who[i].password)) {
            return cx->err != E_OK ? false : fail(cx, E_USAGE, "请写 登录名:姓名");
        }
    }
    if (!first_needed(cx, s, &needed)) {
        return false;
    }
    if (!needed) {
        return fail(cx, E_CONFLICT, "已经有账户，或者策略包没有三个管理员的角色");
    }
    if (!first_token(cx, s, &token) || !first_admins(cx, s, token, S("cli"), who, &found)) {
        for (size_t i = 0; i < found.n; i++) {
            fprintf(stderr, "%.*s\n", STRF(found.items[i].text));
        }
        return false;
    }
    printf("已建立三个管理员；首次登录时各自改口令。\n");
    return true;
}

bool cmd_first(Cx *cx, const Options *o)
{
    if (o->n_words != 0 && o->n_words != 3) {
        return fail(cx, E_USAGE, "请写三个人，或者一个也不写");
    }
    Store *s = app_store(cx, o);
    if (s == NULL) {
        return false;
    }
    bool needed, ok = store_attach(cx, s);
    if (ok && o->n_words == 3) {
        ok = make(cx, s, o);
    } else if (ok) {
        ok = first_needed(cx, s, &needed) && (needed || fail(cx, E_CONFLICT, "已经有账户，或者策略包没有三个管理员的角色")) && app_first_token(cx, s, NULL);
    }
    store_close(s);
    return ok;
}

bool cmd_settings(Cx *cx, const Options *o)
{
    Settings now;
    if (o->n_words != 0) {
        return fail(cx, E_USAGE, "参数太多");
    }
    Store *s = app_store(cx, o);
    if (s == NULL) {
        return false;
    }
    bool ok = store_attach(cx, s) && ((o->profile == NULL && o->days == 0) || settings_set(cx, s, &SYSTEM_ACTOR, o->profile, o->days)) &&
              settings_now(cx, s, &now);
    if (ok) {
        printf("合规档案  %s（%s）\n依据      %s\n登录失败记录保留 %lld 天（不少于 %d 天）；操作记录不删除\n", now.profile->id, now.profile->label, now.profile->basis,
               (long long)now.retention_days, RETENTION_FLOOR_DAYS);
    }
    store_close(s);
    return ok;
}
