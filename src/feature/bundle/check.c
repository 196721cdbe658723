/*
 * check.c - proving a bundle: its shape, its signature, every file; then what the files say about each other (check_*.c).
 *
 * Nothing in the bundle is believed before it was checked, and nothing here asks a server. A fault names the file.
 */
#include "feature/bundle/set.h"

#define FAULTS_SHOWN 1000

static void line(Audit *x, const char *head, const char *fmt, va_list ap) PRINTF(3, 0);
static void line(Audit *x, const char *head, const char *fmt, va_list ap)
{
    buf_add(&x->text, str_c(head));
    buf_add(&x->text, str_vprintf(x->cx->mem, fmt, ap));
    buf_addc(&x->text, '\n');
}

void bad(Audit *x, const char *fmt, ...)
{
    va_list ap;
    x->faults++;
    if (x->faults <= FAULTS_SHOWN) {
        va_start(ap, fmt);
        line(x, "    ✗ ", fmt, ap);
        va_end(ap);
    }
}

void good(Audit *x, int64_t faults_before, const char *what, const char *fmt, ...)
{
    va_list ap;
    buf_add(&x->text, x->faults == faults_before ? S("相符  ") : S("不符  "));
    buf_add(&x->text, str_c(what));
    va_start(ap, fmt);
    line(x, "：", fmt, ap);
    va_end(ap);
}

const Str *file_of(const Audit *x, Str path)
{
    const ZipMember *m = map_get(&x->by_path, path);
    return m != NULL ? &m->bytes : NULL;
}

Doc *json_of(Audit *x, Str path)
{
    const Str *text = file_of(x, path);
    Str why = S("不在包里");
    Doc *d = text != NULL ? json_read_large(x->cx->mem, *text, &why) : NULL;
    if (d == NULL) {
        bad(x, "%.*s：%.*s", STRF(path), STRF(why));
    }
    return d;
}

/* ---- shape ---- */

static bool open_zip(Audit *x, Str zip)
{
    Cx *cx = x->cx;
    int64_t before = x->faults;
    x->by_path = map_new(cx->mem);
    if (!zipplain_read(cx, zip, &x->files, &x->n_files)) {
        if (cx->err != E_INVALID) {
            return false;
        }
        bad(x, "%.*s", STRF(cx_text(cx)));
        cx_clear(cx);
        x->n_files = 0;
    }
    for (size_t i = 0; i < x->n_files; i++) {
        ZipMember *m = &x->files[i];
        if (!map_put(&x->by_path, m->name, m)) {
            bad(x, "%.*s：同名的文件有两个", STRF(m->name));
        }
        if (!m->heads) {
            bad(x, "%.*s：文件头被改动", STRF(m->name));
        }
        if (!m->sum) {
            bad(x, "%.*s：内容被改动，校验和不符", STRF(m->name));
        }
    }
    good(x, before, "压缩包", "%zu 个文件", x->n_files);
    return true;
}

/* ---- signature ---- */

static void use_own_keys(Audit *x)
{
    const Str *text = file_of(x, S("keys.json"));
    PublicKey *keys;
    size_t n;
    x->own_keys = true;
    if (text == NULL || !keys_read(x->cx, *text, &keys, &n)) {
        bad(x, "keys.json：公钥读不出来");
        cx_clear(x->cx);
        return;
    }
    x->keys = keys;
    x->n_keys = n;
}

static void check_signature(Audit *x)
{
    int64_t before = x->faults;
    const Str *text = file_of(x, S("manifest.json")), *sig = file_of(x, S("manifest.sig"));
    Str payload = S(""), why;
    const PublicKey *by = NULL;
    if (text == NULL || sig == NULL) {
        bad(x, "缺少 manifest.json 或 manifest.sig");
    } else if (!str_ends(*sig, S("\n")) || !sign_check(x->cx, str_sub(*sig, 0, sig->n - 1), x->keys, x->n_keys, &payload, &by)) {
        bad(x, "manifest.sig：%.*s", STRF(x->cx->err != E_OK ? cx_text(x->cx) : S("写法不对")));
        cx_clear(x->cx);
    } else {
        const Doc *o = json_read(x->cx->mem, payload, &why), *root = doc_get(x->manifest, S("root"));
        if (!str_eq(doc_get_str(o, "kind"), S(BUNDLE_KIND)) || !str_eq(doc_get_str(o, "root"), doc_get_str(root, "no")) ||
            doc_get_int(o, "v", 0) != 1) {
            bad(x, "manifest.sig：签的不是这个证据包");
        }
        if (!str_eq(doc_get_str(o, "manifest"), sha256_hex(x->cx->mem, *text))) {
            bad(x, "manifest.json：与签名里的指纹不符");
        }
    }
    good(x, before, "清单签名", "密钥 %s%s", by != NULL ? by->id : "不明",
         x->own_keys ? "（公钥取自证据包本身：只能证明包没有被改动，要证明是谁签的请用 --keys）" : "");
}

/* ---- files ---- */

static void check_files(Audit *x)
{
    int64_t before = x->faults, n = 0;
    const Doc *l = doc_get(x->manifest, S("files"));
    Map told = map_new(x->cx->mem);
    for (const Doc *f = l != NULL ? l->first : NULL; f != NULL; f = f->next) {
        Str path = doc_get_str(f, "path");
        const Str *bytes = file_of(x, path);
        n++;
        if (!map_put(&told, path, x)) {
            bad(x, "%.*s：清单里写了两次", STRF(path));
        } else if (bytes == NULL) {
            bad(x, "%.*s：清单里有，包里缺少", STRF(path));
        } else if ((int64_t)bytes->n != doc_get_int(f, "size", -1) ||
                   !str_eq(sha256_hex(x->cx->mem, *bytes), doc_get_str(f, "sha256"))) {
            bad(x, "%.*s：内容与清单的指纹不符", STRF(path));
        }
    }
    for (size_t i = 0; i < x->n_files; i++) {
        Str name = x->files[i].name;
        if (!map_has(&told, name) && !str_eq(name, S("manifest.json")) && !str_eq(name, S("manifest.sig"))) {
            bad(x, "%.*s：包里有，清单里没有", STRF(name));
        }
    }
    good(x, before, "文件清单", "%lld 个文件的指纹", (long long)n);
}

static bool same_hash_name(Audit *x, Str path, Str hash, const char *what)
{
    const Str *bytes = file_of(x, path);
    if (bytes != NULL && str_eq(sha256_hex(x->cx->mem, *bytes), hash)) {
        return true;
    }
    bad(x, "%.*s：%s", STRF(path), what);
    return false;
}

static void check_attached(Audit *x)
{
    int64_t before = x->faults, n = 0;
    const Doc *records = doc_get(x->index, S("records")), *rubrics = doc_get(x->index, S("rubrics"));
    for (const Doc *r = records != NULL ? records->first : NULL; r != NULL; r = r->next) {
        const Doc *l = doc_get(r, S("attachments"));
        for (const Doc *f = l != NULL ? l->first : NULL; f != NULL; f = f->next) {
            n += same_hash_name(x, doc_get_str(f, "path"), doc_get_str(f, "sha256"), "附件与登记的指纹不符");
        }
    }
    for (const Doc *f = rubrics != NULL ? rubrics->first : NULL; f != NULL; f = f->next) {
        n += same_hash_name(x, doc_get_str(f, "path"), doc_get_str(f, "hash"), "评分表原文与指纹不符");
    }
    good(x, before, "附件和评分表", "%lld 份", (long long)n);
}

static void about(Audit *x)
{
    const Doc *root = doc_get(x->manifest, S("root")), *left = doc_get(x->index, S("left_out"));
    buf_printf(&x->text, "证据包  %.*s %.*s（%.*s），生成于 %.*s，%.*s %.*s\n", STRF(doc_get_str(root, "type_label")),
               STRF(doc_get_str(root, "title")), STRF(doc_get_str(root, "no")), STRF(doc_get_str(x->manifest, "made_at")),
               STRF(doc_get_str(x->manifest, "made_org")), STRF(doc_get_str(x->manifest, "made_by")));
    for (const Doc *o = left != NULL ? left->first : NULL; o != NULL; o = o->next) {
        buf_printf(&x->text, "未收入  %.*s %.*s：%.*s\n", STRF(doc_get_str(o, "what")), STRF(doc_get_str(o, "name")),
                   STRF(doc_get_str(o, "why")));
    }
}

bool bundle_check(Cx *cx, Str zip, const PublicKey *keys, size_t n_keys, int64_t *ret_faults, Str *ret_report)
{
    Audit x = {.cx = cx, .keys = keys, .n_keys = n_keys, .text = buf_new(cx->mem, (size_t)16 << 20)};
    if (!open_zip(&x, zip)) {
        return false;
    }
    if (x.n_files != 0) {
        if (n_keys == 0) {
            use_own_keys(&x);
        }
        x.manifest = json_of(&x, S("manifest.json"));
        x.index = json_of(&x, S("index.json"));
        about(&x);
        check_signature(&x);
        check_files(&x);
        check_attached(&x);
        check_history(&x);
        check_log(&x);
        check_draws(&x);
        check_scores(&x);
    }
    *ret_faults = x.faults;
    *ret_report = buf_str(&x.text);
    return true;
}
