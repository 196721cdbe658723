/*
 * cmd_cert.c - verify-certificate: a signed certificate against public keys, without a server and, with --keys, without a data folder.
 *
 * With --data the keys are those of the folder, and its public log is asked too: a certificate that was revoked there, or that names a place in
 * the log where something else stands, is not good.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app.h"
#include "base/date.h"
#include "feature/certificate/token.h"
#include "fmt/doc.h"
#include "store/tlog.h"

#define FILE_MAX ((size_t)64 << 20)

typedef struct {
    PublicKey *keys;
    size_t n_keys;
    CertToken t;
    const PublicKey *by;
    int32_t today, revoked_on;
    bool revoked;
    Str log_fault;
} Case;

static bool read_file(Cx *cx, const char *path, Str *ret)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (size_t)st.st_size > FILE_MAX) {
        if (fd >= 0) {
            close(fd);
        }
        return fail(cx, E_NOT_FOUND, "读不了文件 %s", path);
    }
    size_t n = (size_t)st.st_size, at = 0;
    char *p = arena_alloc(cx->mem, n + 1);
    for (ssize_t got = 1; at < n && got > 0;) {
        got = read(fd, p + at, n - at);
        at += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    *ret = str_n(p, at);
    return true;
}

/* A file of that name, or the text itself. */
static bool read_word(Cx *cx, const char *word, Str *ret)
{
    if (str_contains(str_c(word), S("TAMGA1.")) && access(word, F_OK) != 0) {
        *ret = str_c(word);
        return true;
    }
    return read_file(cx, word, ret);
}

static bool store_keys(Cx *cx, const Store *s, Case *c)
{
    c->keys = NEW_ARRAY(cx->mem, PublicKey, 2);
    c->keys[0] = *signer_public(store_signer(s, SIGN_ED25519));
    c->keys[1] = *signer_public(store_signer(s, SIGN_SM2));
    c->n_keys = 2;
    return true;
}

static bool revoked_by_list(Cx *cx, const char *path, Case *c)
{
    Str text, envelope;
    Revoked *items;
    size_t n;
    int64_t at;
    if (!read_word(cx, path, &text) || !cert_token_find(cx, text, &envelope) ||
        !revocation_read(cx, envelope, c->keys, c->n_keys, &at, &items, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (str_eq(items[i].no, c->t.no)) {
            c->revoked = true;
            c->revoked_on = items[i].on;
        }
    }
    printf("撤销名单 签于 %.*s，共 %zu 份\n", STRF(instant_zh(cx->mem, at)), n);
    return true;
}

static bool ask_log(Cx *cx, Store *s, Case *c)
{
    LogEntry *items;
    size_t n;
    bool there = c->t.log < 0;
    if (!store_attach(cx, s) || !tlog_of(cx, s, c->t.no, &items, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        there = there || (items[i].index == c->t.log && str_eq(items[i].kind, S(CERT_LOG_ISSUED)));
        if (str_eq(items[i].kind, S(CERT_LOG_RESTORED))) {
            c->revoked = false;
        }
        if (!str_eq(items[i].kind, S(CERT_LOG_REVOKED))) {
            continue;
        }
        Str why;
        const Doc *body = json_read(cx->mem, items[i].body, &why);
        c->revoked = true;
        if (body == NULL || !date_iso_parse(doc_get_str(body, "on"), &c->revoked_on)) {
            c->revoked_on = instant_date(items[i].at_ms);
        }
    }
    if (!there) {
        c->log_fault = str_printf(cx->mem, "公开日志第 %lld 条不是这份证书", (long long)c->t.log);
    }
    return true;
}

static bool verdict(Cx *cx, const Case *c)
{
    const CertToken *t = &c->t;
    printf("编号 %.*s\n名称 %.*s\n持有单位 %.*s\n级别 %.*s\n发证单位 %.*s\n有效期 %.*s 至 %.*s\n签名 %s，密钥 %s\n", STRF(t->no), STRF(t->brand),
           STRF(t->holder), STRF(t->level), STRF(t->issuer), STRF(date_zh(cx->mem, t->issued)), STRF(date_zh(cx->mem, t->until)),
           c->by->alg == SIGN_SM2 ? "SM2" : "Ed25519", c->by->id);
    if (c->log_fault.n != 0) {
        printf("结论：与公开日志不符\n");
        return fail(cx, E_DATA, "%.*s", STRF(c->log_fault));
    }
    if (c->revoked) {
        printf("结论：已撤销\n");
        return fail(cx, E_DATA, "这份证书已于 %.*s 撤销", STRF(date_zh(cx->mem, c->revoked_on)));
    }
    if (c->today > t->until) {
        printf("结论：已过期\n");
        return fail(cx, E_DATA, "这份证书的有效期到 %.*s 为止", STRF(date_zh(cx->mem, t->until)));
    }
    if (c->today < t->issued) {
        printf("结论：尚未生效\n");
        return fail(cx, E_DATA, "这份证书自 %.*s 起有效", STRF(date_zh(cx->mem, t->issued)));
    }
    printf("结论：有效\n");
    return true;
}

static bool decide(Cx *cx, const Options *o, Store *s)
{
    Case c = {.today = instant_date(cx->now_ms), .log_fault = S("")};
    Str text, envelope;
    if (o->at != NULL && !date_iso_parse(str_c(o->at), &c.today)) {
        return fail(cx, E_USAGE, "--at 的写法是 2026-01-31");
    }
    if (o->keys != NULL ? !read_file(cx, o->keys, &text) || !keys_read(cx, text, &c.keys, &c.n_keys) : !store_keys(cx, s, &c)) {
        return false;
    }
    if (!read_word(cx, o->words[0], &text)) {
        return false;
    }
    if (!cert_token_find(cx, text, &envelope) || !cert_token_read(cx, envelope, c.keys, c.n_keys, &c.t, &c.by)) {
        Str why = str_dup(cx->mem, cx_text(cx));
        printf("结论：签名不符\n");
        cx_clear(cx);
        return fail(cx, E_DATA, "%.*s", STRF(why));
    }
    if ((o->revoked != NULL && !revoked_by_list(cx, o->revoked, &c)) || (s != NULL && !ask_log(cx, s, &c))) {
        return false;
    }
    return verdict(cx, &c);
}

bool cmd_verify_certificate(Cx *cx, const Options *o)
{
    if (o->n_words != 1 || (o->keys == NULL && o->data == NULL)) {
        return fail(cx, E_USAGE, "请指定证书（文件或文字），并用 --keys 指定公钥清单，或用 --data 指定数据文件夹");
    }
    Store *s = o->data != NULL ? app_store(cx, o) : NULL;
    if (o->data != NULL && s == NULL) {
        return false;
    }
    bool ok = decide(cx, o, s);
    store_close(s);
    return ok;
}
