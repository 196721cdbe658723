/*
 * cmd_bundle.c - bundle: a record and all that hangs on it as one file; verify-bundle: proving such a file without a server.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app.h"
#include "feature/bundle/bundle.h"
#include "feature/certificate/certificate.h"
#include "job/letter.h"
#include "store/tlog.h"

#define KEYS_MAX ((off_t)1 << 20)

static bool map_file(Cx *cx, const char *path, off_t max, Str *ret)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= max;
    void *p = ok && st.st_size > 0 ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    if (fd >= 0) {
        close(fd);
    }
    if (!ok || p == MAP_FAILED) {
        return fail(cx, E_NOT_FOUND, "读不了文件 %s", path);
    }
    *ret = str_n(p != NULL ? p : "", p != NULL ? (size_t)st.st_size : 0);
    return true;
}

static bool to_terminal(void *ctx, int64_t done, int64_t total)
{
    (void)ctx;
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r证据包 %lld / %lld", (long long)done, (long long)total);
    }
    return true;
}

static bool make(Cx *cx, const Options *o, Store *s, BundleCounts *ret)
{
    Actor a;
    Rec root;
    int64_t id;
    const RecordType *t = pack_type(store_pack(s), str_c(o->words[0]));
    BundleAsk ask = {.reason = o->reason != NULL ? str_trim(str_c(o->reason)) : S("")};
    if (t == NULL) {
        return fail(cx, E_USAGE, "策略包里没有“%s”这种记录", o->words[0]);
    }
    if (!app_actor(cx, s, o->as, &a) || !store_attach(cx, s)) {
        return false;
    }
    bool found = id_read(str_c(o->words[1]), &id) ? rec_get(cx, s, &a, t, id, &root) : rec_by_no(cx, s, &a, t, str_c(o->words[1]), &root);
    return found && bundle_make(cx, s, &a, t, root.id, &ask, o->words[2], to_terminal, NULL, ret);
}

bool cmd_bundle(Cx *cx, const Options *o)
{
    BundleCounts n = {0};
    if (o->n_words != 3) {
        return fail(cx, E_USAGE, "请指定记录类型、编号和要写的文件");
    }
    Store *s = app_store(cx, o);
    if (s == NULL) {
        return false;
    }
    Press *press = press_start(NULL);
    bool demo = access(str_printf(cx->mem, "%s/demo-accounts.txt", o->data).p, F_OK) == 0;
    letter_mark_set(store_pack(s)->sample ? S("样例") : demo ? S("演示") : S(""));
    certificate_set_url(str_c(o->url));
    if (demo) {
        bundle_demo();
    }
    bundle_set(TAMGA_VERSION, app_share(cx, o->view, "view", "view"), press);
    bool ok = make(cx, o, s, &n);
    press_stop(press);
    store_close(s);
    if (ok) {
        printf("已生成 %s：%lld 条记录，%lld 条操作记录，%lld 个文件，没有收入的 %lld 项\n", o->words[2], (long long)n.records,
               (long long)n.events, (long long)n.files, (long long)n.left_out);
    }
    return ok;
}

static bool keys_of(Cx *cx, const Options *o, PublicKey **ret, size_t *ret_n)
{
    Str text;
    *ret = NULL;
    *ret_n = 0;
    if (o->keys != NULL) {
        return map_file(cx, o->keys, KEYS_MAX, &text) && keys_read(cx, text, ret, ret_n);
    }
    if (o->data == NULL) {
        return true;
    }
    Store *s = app_store(cx, o);
    if (s == NULL) {
        return false;
    }
    *ret = NEW_ARRAY(cx->mem, PublicKey, 2);
    (*ret)[0] = *signer_public(store_signer(s, SIGN_ED25519));
    (*ret)[1] = *signer_public(store_signer(s, SIGN_SM2));
    *ret_n = 2;
    store_close(s);
    return true;
}

bool cmd_verify_bundle(Cx *cx, const Options *o)
{
    PublicKey *keys;
    size_t n;
    int64_t faults;
    Str zip, report;
    if (o->n_words != 1) {
        return fail(cx, E_USAGE, "请指定一个证据包");
    }
    if (!keys_of(cx, o, &keys, &n) || !map_file(cx, o->words[0], (off_t)UINT32_MAX, &zip) ||
        !bundle_check(cx, zip, keys, n, &faults, &report)) {
        return false;
    }
    printf("%.*s结论：%s\n", STRF(report), faults == 0 ? "全部相符" : "不相符");
    return faults == 0 || fail(cx, E_DATA, "有 %lld 处不符", (long long)faults);
}
