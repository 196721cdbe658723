/*
 * securitypage.c - the rules of signing in, side by side for each profile, with the one that holds. For the three administrators, administrators of
 * offices and auditors.
 */
#include "page/internal.h"

#define RULES 12

static void rules(Arena *mem, const Compliance *c, Str out[RULES])
{
    static const Str WHO[] = {STR_INIT("自愿"), STR_INIT("管理员、审计员，以及可以导出或查看敏感信息的人"), STR_INIT("所有人")};
    out[0] = str_printf(mem, "%d 个字符", c->password_min);
    out[1] = c->password_classes ? S("四类字符中的三类") : S("不要求");
    out[2] = c->password_days != 0 ? str_printf(mem, "%d 天", c->password_days) : S("不要求");
    out[3] = S("拒绝常见词、单位名称和连续字符凑成的口令");
    out[4] = c->delays ? str_printf(mem, "错 %d 次后每次要等，30 秒起逐次加倍", c->tries) : str_printf(mem, "错 %d 次锁定 %d 分钟", c->tries, c->lock_min);
    out[5] = str_printf(mem, "%d 分钟", c->idle_min);
    out[6] = str_printf(mem, "%d 分钟", c->idle_admin_min);
    out[7] = str_printf(mem, "%d 小时", c->longest_min / 60);
    out[8] = c->sessions != 0 ? str_printf(mem, "%d 处", c->sessions) : S("不限");
    out[9] = WHO[c->factor];
    out[10] = str_printf(mem, "%d 分钟", c->proof_min);
    out[11] = c->grants_apart ? S("安全管理员提出，另一名安全管理员复核") : S("安全管理员或单位管理员，不能给自己授权，记入审计日志");
}

bool security_page(Req *rq)
{
    static const char *const LABELS[RULES] = {"口令长度至少", "口令复杂度", "口令更换周期", "口令强度", "登录失败", "空闲退出", "管理员空闲退出",
                                              "一次登录最长", "同时登录", "必须用动态码的人", "再次验证身份的有效时间", "授予角色"};
    Settings now;
    Str all[8][RULES];
    CHECK(N_COMPLIANCE <= ARRAY_LEN(all));
    if (rq->actor.kind == ADMIN_NONE && !actor_is_admin(rq->pack, &rq->actor) && !actor_is_auditor(rq->pack, &rq->actor)) {
        return fail(&rq->cx, E_NOT_FOUND, "没有找到，或者不在您的管辖范围内");
    }
    if (!settings_now(&rq->cx, rq->store, &now)) {
        return false;
    }
    doc_set_strc(rq->doc, "title", "安全规则");
    doc_set_strc(rq->doc, "profile", now.profile->id);
    doc_set_int(rq->doc, "retention_days", now.retention_days);
    doc_set_int(rq->doc, "retention_floor", RETENTION_FLOOR_DAYS);
    Doc *l = doc_set_list(rq->doc, "profiles");
    for (size_t i = 0; i < N_COMPLIANCE; i++) {
        Doc *o = doc_add_obj(l);
        doc_set_strc(o, "id", COMPLIANCE[i].id);
        doc_set_strc(o, "label", COMPLIANCE[i].label);
        doc_set_strc(o, "basis", COMPLIANCE[i].basis);
        doc_set_bool(o, "on", &COMPLIANCE[i] == now.profile);
        rules(rq->mem, &COMPLIANCE[i], all[i]);
    }
    l = doc_set_list(rq->doc, "rules");
    for (size_t r = 0; r < RULES; r++) {
        Doc *o = doc_add_obj(l), *cells = doc_set_list(o, "cells");
        doc_set_strc(o, "rule", LABELS[r]);
        for (size_t i = 0; i < N_COMPLIANCE; i++) {
            Doc *c = doc_add_obj(cells);
            doc_set_str(c, "text", all[i][r]);
            doc_set_strc(c, "profile", COMPLIANCE[i].label);
            doc_set_bool(c, "on", &COMPLIANCE[i] == now.profile);
        }
    }
    req_crumb(rq, S("安全规则"), S(""));
    return true;
}
