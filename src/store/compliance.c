/*
 * compliance.c - see compliance.h.
 */
#include "store/compliance.h"

#include "store/internal.h"

#define AGAIN_MS 10000

const Compliance COMPLIANCE[] = {
    {.id = "default", .label = "默认", .basis = "没有指定合规档案时的规则；数值是本系统自定的",
     .password_min = 12, .tries = 5, .lock_min = 15, .idle_min = 30, .idle_admin_min = 30, .longest_min = 600, .factor = FACTOR_FREE, .proof_min = 5},
    {.id = "cn-mlps3", .label = "等保三级参考", .basis = "参照 GB/T 22239-2019 的 8.1.4.1（复杂度、定期更换、登录失败处理、两种鉴别技术）、8.1.4.2（管理权限分离）和 8.1.5（三员分立）；"
     "标准没有给出的数值（12 个字符、三类字符、90 天、15 分钟、3 处登录）是本系统自定的；没有经过测评",
     .password_min = 12, .password_classes = true, .password_days = 90, .tries = 5, .lock_min = 15, .idle_min = 30, .idle_admin_min = 15,
     .longest_min = 600, .sessions = 3, .factor = FACTOR_ALL, .proof_min = 5, .grants_apart = true},
    {.id = "asvs-l2", .label = "ASVS 二级参考", .basis = "参照 OWASP ASVS 5.0 的 6.2.5、6.2.10（不要求字符种类，不强制定期更换）和 6.3、7.x；数值是本系统自定的；没有经过评估",
     .password_min = 12, .tries = 3, .lock_min = 60, .delays = true, .idle_min = 30, .idle_admin_min = 15, .longest_min = 600, .sessions = 3,
     .factor = FACTOR_POWERFUL, .proof_min = 5},
};
const size_t N_COMPLIANCE = ARRAY_LEN(COMPLIANCE);

const Compliance *compliance_find(Str id)
{
    for (size_t i = 0; i < N_COMPLIANCE; i++) {
        if (str_eq(id, str_c(COMPLIANCE[i].id))) {
            return &COMPLIANCE[i];
        }
    }
    return NULL;
}

static bool read_settings(Cx *cx, Settings *ret)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("select key, value from meta where key in ('profile', 'retention_days')"));
    *ret = (Settings){.profile = &COMPLIANCE[0], .retention_days = RETENTION_DAYS};
    if (st == NULL) {
        return false;
    }
    bool known = true;
    while (stmt_next(cx, st)) {
        Str value = stmt_col_text(st, 1);
        if (str_eq(stmt_col_text(st, 0), S("profile"))) {
            ret->profile = compliance_find(value);
            known = ret->profile != NULL;
        } else if (!str_int(value, &ret->retention_days) || ret->retention_days < RETENTION_FLOOR_DAYS) {
            ret->retention_days = RETENTION_FLOOR_DAYS; /* whoever wrote less into the table: the floor is the floor */
        }
    }
    if (!stmt_end(st)) {
        return false;
    }
    return known || fail(cx, E_DATA, "数据库里的合规档案名本程序不认识，请用 tamga settings 重新设定");
}

bool settings_now(Cx *cx, Store *s, Settings *ret)
{
    uint64_t version = store_version(s, (int32_t)s->pack->n_types);
    int64_t at = atomic_load(&s->settings_at);
    if (at != 0 && atomic_load(&s->settings_version) == version && cx->now_ms >= at && cx->now_ms < at + AGAIN_MS) {
        int64_t days = atomic_load(&s->retention_days);
        *ret = (Settings){.profile = &COMPLIANCE[atomic_load(&s->profile)], .retention_days = days};
        return true;
    }
    if ((cx->db == NULL && !store_attach(cx, s)) || !read_settings(cx, ret)) {
        return false;
    }
    atomic_store(&s->profile, (unsigned)(ret->profile - COMPLIANCE));
    atomic_store(&s->retention_days, ret->retention_days);
    atomic_store(&s->settings_version, version);
    atomic_store(&s->settings_at, cx->now_ms);
    return true;
}

typedef struct {
    const Actor *by;
    Str profile, days;
} SetArg;

static bool put(Cx *cx, Str key, Str value)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("insert into meta (key, value) values (?1, ?2) on conflict (key) do update set value = excluded.value"));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, key);
    stmt_text(st, 2, value);
    return stmt_run(cx, st);
}

static bool do_set(Cx *cx, Store *s, void *arg)
{
    const SetArg *x = arg;
    if ((x->profile.n != 0 && !put(cx, S("profile"), x->profile)) || (x->days.n != 0 && !put(cx, S("retention_days"), x->days))) {
        return false;
    }
    store_touch(s, (int32_t)s->pack->n_types);
    const Org *o = x->by->org != NULL ? x->by->org : &s->pack->orgs[0];
    return journal_add(cx, s, o->home, x->by, S("settings"), NULL, 0, 0, S(""), S(""), S(""),
                       str_printf(cx->mem, "%s%.*s%s%.*s", x->profile.n != 0 ? "合规档案 " : "", STRF(x->profile), x->days.n != 0 ? " 登录失败记录保留天数 " : "",
                                  STRF(x->days)), S(""), S("{}"));
}

bool settings_set(Cx *cx, Store *s, const Actor *by, const char *profile, int64_t retention_days)
{
    if (!by->is_system) {
        return fail(cx, E_FORBIDDEN, "合规档案在服务器上用 tamga settings 设定");
    }
    if (profile != NULL && compliance_find(str_c(profile)) == NULL) {
        return fail(cx, E_INVALID, "没有合规档案 %s，可用的是 default、cn-mlps3、asvs-l2", profile);
    }
    if (retention_days != 0 && retention_days < RETENTION_FLOOR_DAYS) {
        return fail(cx, E_INVALID, "日志至少保留 %d 天，不能设为 %lld 天", RETENTION_FLOOR_DAYS, (long long)retention_days);
    }
    SetArg x = {.by = by, .profile = profile != NULL ? str_c(profile) : S(""),
                .days = retention_days != 0 ? str_printf(cx->mem, "%lld", (long long)retention_days) : S("")};
    bool ok = store_write(cx, s, do_set, &x);
    atomic_store(&s->settings_at, 0);
    return ok;
}
