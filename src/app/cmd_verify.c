/*
 * cmd_verify.c - commands that prove or renew what is kept: verify, checkpoint, reseal.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app.h"
#include "store/sealing.h"
#include "base/clock.h"
#include "store/anchor.h"
#include "store/journal.h"
#include "store/tlog.h"

#define ANCHOR_MAX ((off_t)256 << 20)

static bool read_whole(Cx *cx, const char *path, Str *ret)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || st.st_size > ANCHOR_MAX) {
        if (fd >= 0) {
            close(fd);
        }
        return fail(cx, E_IO, "读不了 %s", path);
    }
    char *text = arena_alloc(cx->mem, (size_t)st.st_size + 1);
    size_t n = 0;
    for (ssize_t got = 1; got > 0 && n < (size_t)st.st_size; n += (size_t)MAX(got, 0)) {
        got = read(fd, text + n, (size_t)st.st_size - n);
    }
    close(fd);
    *ret = str_n(text, n);
    return utf8_valid(*ret) ? true : fail(cx, E_DATA, "%s 不是文本", path);
}

static bool anchored(Cx *cx, Store *s, const Options *o, int64_t *ret_faults, Str *ret_report)
{
    Str text, keys_text;
    PublicKey *keys = NULL;
    size_t n_keys = 0;
    int64_t notes = 0, before = *ret_faults;
    if (o->anchor == NULL) {
        return true;
    }
    if (!read_whole(cx, o->anchor, &text) ||
        (o->keys != NULL && (!read_whole(cx, o->keys, &keys_text) || !keys_read(cx, keys_text, &keys, &n_keys))) ||
        !anchor_verify(cx, s, text, keys, n_keys, &notes, ret_faults, ret_report)) {
        return false;
    }
    printf("外部检查点 %lld 个：%s（公钥取自%s）\n", (long long)notes, *ret_faults == before ? "数据库全部包含" : "不相符",
           keys != NULL ? o->keys : "数据文件夹；最好用 --keys 给出另外保存的公钥");
    return true;
}

bool cmd_verify(Cx *cx, const Options *o)
{
    VerifyCounts n = {0};
    Str report = S("");
    Store *s = app_store(cx, o);
    if (s == NULL) {
        return false;
    }
    int64_t start = clock_mono_ms();
    int64_t entries = 0, log_faults = 0;
    VerifyOpts how = {.threads = 2, .chains_only = o->chains};
    bool ok = store_attach(cx, s) && journal_verify_with(cx, s, &how, &n, &report) &&
              (o->chains || tlog_verify(cx, s, &entries, &log_faults, &report));
    n.faults += log_faults;
    ok = ok && anchored(cx, s, o, &n.faults, &report);
    if (ok) {
        printf("%.*s核对了 %lld 个单位的 %lld 条操作记录、%lld 条数据、%lld 份封存的快照、公开日志 %lld 条：%s（%lld ms，其中指纹链 %lld ms）\n", STRF(report),
               (long long)n.homes, (long long)n.events, (long long)n.records, (long long)n.snapshots, (long long)entries,
               n.faults == 0 ? "全部相符" : "不相符", (long long)(clock_mono_ms() - start), (long long)n.chain_ms);
        if (o->anchor == NULL && !o->quiet) {
            printf("没有用 --anchor 对照外部保存的检查点：整个数据库被换过，或者链尾连同链头一起被截掉，这样核对不出来\n");
        }
        if (n.faults != 0) {
            ok = fail(cx, E_DATA, "有 %lld 处不符", (long long)n.faults);
        }
    }
    store_close(s);
    return ok;
}

bool cmd_checkpoint(Cx *cx, const Options *o)
{
    Str note;
    int64_t sent;
    Store *s = app_store(cx, o);
    if (s == NULL) {
        return false;
    }
    bool ok = store_attach(cx, s) && anchor_checkpoint(cx, s, &note) && anchor_publish(cx, s, &sent);
    if (ok) {
        printf("%.*s", STRF(note));
    }
    store_close(s);
    return ok;
}

bool cmd_reseal(Cx *cx, const Options *o)
{
    int64_t n = 0;
    Store *s = app_store(cx, o);
    if (s == NULL) {
        return false;
    }
    bool ok = store_attach(cx, s) && subject_reseal(cx, s, &n);
    if (ok) {
        printf("重新加密了 %lld 条记录的个人信息（%s，每条记录用自己的密钥）；操作记录不能改写，原来的仍用原来的密钥\n", (long long)n,
               cipher_word(store_key(s)->cipher));
    }
    store_close(s);
    return ok;
}
