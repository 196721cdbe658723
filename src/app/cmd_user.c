/*
 * cmd_user.c - commands about people, and doctor. Passwords are read from the terminal or standard input, never from the arguments.
 */
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "app/app.h"
#include "store/sealing.h"
#include "base/clock.h"
#include "base/date.h"
#include "store/compliance.h"
#include "store/factor.h"

static bool read_password(Cx *cx, Str *ret)
{
    return app_secret(cx, "口令（至少 12 个字符）", ret) && (utf8_len(*ret) >= 12 || fail(cx, E_INVALID, "口令至少 12 个字符"));
}

static bool add(Cx *cx, Store *s, const Options *o)
{
    int64_t id;
    Str password;
    const Org *org = o->org != NULL ? pack_org(store_pack(s), str_c(o->org)) : NULL;
    if (org == NULL || o->role == NULL || o->name == NULL) {
        return fail(cx, E_USAGE, "请用 --name、--org（单位代码）、--role 说明是谁");
    }
    if (!read_password(cx, &password) ||
        !user_add(cx, s, &SYSTEM_ACTOR, str_c(o->words[1]), str_c(o->name), org, str_c(o->role), password, true, &id)) {
        return false;
    }
    printf("已建立用户 %s（%.*s）\n", o->words[1], STRF(org->name));
    return true;
}

static bool token(Cx *cx, Store *s, const User *u, const Options *o)
{
    Str text;
    int64_t days = o->days > 0 ? o->days : 90;
    if (!token_add(cx, s, &SYSTEM_ACTOR, u->id, o->name != NULL ? str_c(o->name) : S("命令行"),
                   o->scope != NULL ? str_c(o->scope) : S("read"), cx->now_ms + days * 86400000, &text)) {
        return false;
    }
    printf("%.*s\n", STRF(text));
    fprintf(stderr, "令牌只显示这一次，%lld 天后到期。\n", (long long)days);
    return true;
}

static bool roles(Cx *cx, Store *s, const User *u, const Options *o)
{
    bool waits;
    if (o->reason == NULL) {
        return fail(cx, E_USAGE, "请用 --reason 写明理由");
    }
    if (!user_grant(cx, s, &SYSTEM_ACTOR, u->id, str_c(o->role != NULL ? o->role : ""), str_c(o->reason), &waits)) {
        return false;
    }
    printf("已修改 %.*s 的角色\n", STRF(u->login));
    return true;
}

bool cmd_user(Cx *cx, const Options *o)
{
    User u;
    Str password;
    if (o->n_words != 2) {
        return fail(cx, E_USAGE, "请写 user add、passwd、token、roles 或 factor，再写登录名");
    }
    Store *s = app_store(cx, o);
    if (s == NULL) {
        return false;
    }
    Str what = str_c(o->words[0]);
    bool ok = store_attach(cx, s);
    if (ok && str_eq(what, S("add"))) {
        ok = add(cx, s, o);
    } else if (ok) {
        ok = user_by_login(cx, s, str_c(o->words[1]), &u);
        if (ok && str_eq(what, S("passwd"))) {
            ok = read_password(cx, &password) && user_password(cx, s, &SYSTEM_ACTOR, u.id, password, true);
        } else if (ok && str_eq(what, S("roles"))) {
            ok = roles(cx, s, &u, o);
        } else if (ok && str_eq(what, S("factor"))) {
            ok = factor_reset(cx, s, &SYSTEM_ACTOR, u.id, str_c(o->reason != NULL ? o->reason : ""));
        } else if (ok && str_eq(what, S("token"))) {
            ok = token(cx, s, &u, o);
        } else if (ok) {
            ok = fail(cx, E_USAGE, "不认识的操作 %s", o->words[0]);
        }
    }
    store_close(s);
    return ok;
}

static void line(bool good, const char *what, const char *text)
{
    printf("%s  %s：%s\n", good ? "正常" : "注意", what, text);
}

static bool count(Cx *cx, Stmt *st, int64_t *ret)
{
    return st != NULL && stmt_one_int(cx, st, 0, ret);
}

/* What is kept for later proof, so that somebody sees at once when it is nothing. */
static bool kept_line(Cx *cx)
{
    int64_t events, snapshots, entries, checkpoints, files;
    if (!count(cx, db_stmt(cx, cx->db, SQL_ADMIN, S("select count(*) from journal")), &events) || !count(cx, db_stmt(cx, cx->db, SQL_ADMIN, S("select count(*) from snapshot")), &snapshots) ||
        !count(cx, db_stmt(cx, cx->db, SQL_ADMIN, S("select count(*) from tlog_entry")), &entries) || !count(cx, db_stmt(cx, cx->db, SQL_ADMIN, S("select count(*) from tlog_checkpoint")), &checkpoints) ||
        !count(cx, db_stmt(cx, cx->db, SQL_ADMIN, S("select count(*) from file where deleted is null")), &files)) {
        return false;
    }
    line(true, "留存", str_printf(cx->mem, "操作记录 %lld 条，快照 %lld 份，公开日志 %lld 条（检查点 %lld 个），附件 %lld 个；逐条核对用 tamga verify",
                                  (long long)events, (long long)snapshots, (long long)entries, (long long)checkpoints, (long long)files).p);
    return true;
}

/* Personal fields by how they are sealed, so that an old algorithm is seen to go. */
static bool sealed_line(Cx *cx, Store *s)
{
    SealCounts n;
    if (!subject_counts(cx, s, &n)) {
        return false;
    }
    int64_t old = n.by[CIPHER_AES256_GCM][0] + n.by[CIPHER_SM4_GCM][0];
    line(n.unknown == 0, "个人信息",
         str_printf(cx->mem,
                    "新值用 %s；AES-256-GCM %lld 个，SM4-GCM %lld 个，已删除 %lld 个，读不懂的 %lld 个；其中用全库密钥的旧值 %lld 个%s；记录密钥 %lld 把，已销毁 %lld 把",
                    cipher_word(store_key(s)->cipher), (long long)(n.by[CIPHER_AES256_GCM][0] + n.by[CIPHER_AES256_GCM][1]),
                    (long long)(n.by[CIPHER_SM4_GCM][0] + n.by[CIPHER_SM4_GCM][1]), (long long)n.erased, (long long)n.unknown, (long long)old,
                    old != 0 ? "（tamga reseal 换成记录自己的密钥）" : "", (long long)n.live_keys, (long long)n.destroyed_keys)
             .p);
    return true;
}

/* The rules of signing in, and that the three administrators are there. */
static bool rules_line(Cx *cx, Store *s)
{
    Settings now;
    int64_t n = 0;
    if (!settings_now(cx, s, &now) ||
        !count(cx, db_stmt(cx, cx->db, SQL_ADMIN, S("select count(distinct admin_kind) from account where admin_kind <> '' and disabled = 0")), &n)) {
        return false;
    }
    line(true, "合规档案", str_printf(cx->mem, "%s（%s）", now.profile->id, now.profile->label).p);
    line(n == 3 || !now.profile->grants_apart, "三个管理员",
         n == 3 ? "都在" : str_printf(cx->mem, "有 %lld 类；没有设全的，账户和授权由单位管理员管理", (long long)n).p);
    line(now.retention_days >= RETENTION_FLOOR_DAYS, "日志留存",
         str_printf(cx->mem, "操作记录不删除；登录失败记录 %lld 天（不少于 %d 天）；访问日志由服务管理程序保存，请设同样的期限", (long long)now.retention_days, RETENTION_FLOOR_DAYS).p);
    return true;
}

static bool private_file(Cx *cx, const char *dir, const char *name)
{
    struct stat st;
    return stat(str_printf(cx->mem, "%s/%s", dir, name).p, &st) == 0 && (st.st_mode & 077) == 0;
}

bool cmd_doctor(Cx *cx, const Options *o)
{
    Str report = S("");
    struct stat st;
    struct statvfs fs;
    Store *s = app_store(cx, o);
    if (s == NULL) {
        return false;
    }
    const Pack *p = store_pack(s);
    line(true, "策略包", str_printf(cx->mem, "%.*s %.*s", STRF(p->id), STRF(p->version)).p);
    bool outside = false;
    const char *key_path = keys_path(cx, o->data, &outside);
    bool key = key_path != NULL && stat(key_path, &st) == 0 && (st.st_mode & (outside ? 027 : 077)) == 0;
    line(key, "密钥文件", str_printf(cx->mem, "%s（%s，%s）", key_path != NULL ? key_path : "", outside ? "在数据文件夹之外" : "在数据文件夹里",
                                   key ? "只有属主可读" : "别人也能读，请改为 0600").p);
    bool signing = private_file(cx, o->data, "keys/ed25519.key") && private_file(cx, o->data, "keys/sm2.key");
    line(signing, "签名密钥", signing ? "只有属主可读" : "缺少，或者别人也能读，请改为 0600");
    bool disk = statvfs(o->data, &fs) == 0;
    uint64_t free_mb = disk ? (uint64_t)fs.f_bavail * fs.f_frsize >> 20 : 0;
    line(free_mb > 1024, "可用空间", str_printf(cx->mem, "%llu MB", (unsigned long long)free_mb).p);
    bool clock_ok = cx->now_ms > 1735689600000LL;
    line(clock_ok, "系统时钟", instant_zh(cx->mem, cx->now_ms).p);
    bool ok = store_attach(cx, s) && rules_line(cx, s) && db_check(cx, cx->db, &report);
    if (ok) {
        line(report.n == 0, "数据库", report.n == 0 ? "完好" : report.p);
        ok = kept_line(cx) && sealed_line(cx, s);
    }
    store_close(s);
    if (ok && (report.n != 0 || !key || !signing || !clock_ok)) {
        return fail(cx, E_DATA, "有需要处理的问题");
    }
    return ok;
}
