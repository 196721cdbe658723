/*
 * check_log.c - the entries of the public log in the tree that the checkpoint signs (C2SP signed note, RFC 6962).
 */
#include "feature/bundle/set.h"
#include "store/tlog.h"

typedef struct {
    int64_t size;
    uint8_t root[32];
    bool ok;
} Checkpoint;

static const PublicKey *ed_key(const Audit *x, Str origin, const uint8_t hash[4])
{
    for (size_t i = 0; i < x->n_keys; i++) {
        uint8_t h[32];
        Buf b = buf_new(x->cx->mem, 4096);
        buf_add(&b, origin);
        buf_add(&b, S("\n\x01"));
        buf_add_bytes(&b, x->keys[i].bytes, x->keys[i].n);
        sha256(b.p, b.n, h);
        if (x->keys[i].alg == SIGN_ED25519 && memcmp(h, hash, 4) == 0) {
            return &x->keys[i];
        }
    }
    return NULL;
}

static const char *read_checkpoint(Audit *x, Str note, Checkpoint *ret)
{
    Str origin, number, root, rest, raw, mem_sig;
    size_t end;
    if (!str_find(note, S("\n\n"), &end)) {
        return "不是检查点";
    }
    Str text = str_sub(note, 0, end + 1), tail = str_sub(note, end + 2, note.n);
    (void)str_cut(text, '\n', &origin, &rest);
    (void)str_cut(rest, '\n', &number, &rest);
    (void)str_cut(rest, '\n', &root, &rest);
    Str head = str_printf(x->cx->mem, "— %.*s ", STRF(origin));
    if (rest.n != 0 || !str_int(number, &ret->size) || !base64_read(x->cx->mem, root, &raw) || raw.n != 32) {
        return "不是检查点";
    }
    memcpy(ret->root, raw.p, 32);
    if (!str_starts(tail, head) || !str_ends(tail, S("\n")) ||
        !base64_read(x->cx->mem, str_sub(tail, head.n, tail.n - head.n - 1), &mem_sig) || mem_sig.n != 68) {
        return "没有签名";
    }
    uint8_t sig[68];
    memcpy(sig, mem_sig.p, sizeof sig);
    const PublicKey *k = ed_key(x, origin, sig);
    if (k == NULL || !sign_bytes_hold(k, text, sig + 4)) {
        return "签名不符";
    }
    ret->ok = true;
    return NULL;
}

static const char *entry_fault(Audit *x, const Doc *o, const Checkpoint *cp)
{
    uint8_t leaf[32], nodes[64][32];
    size_t n = 0;
    Str entry = doc_get_str(o, "entry"), raw;
    int64_t index = doc_get_int(o, "index", -1);
    const Doc *l = doc_get(o, S("proof"));
    for (const Doc *d = l != NULL ? l->first : NULL; d != NULL; d = d->next) {
        if (n == ARRAY_LEN(nodes) || !base64_read(x->cx->mem, d->s, &raw) || raw.n != 32) {
            return "证明的写法不对";
        }
        memcpy(nodes[n++], raw.p, 32);
    }
    uint8_t head = 0;
    Buf b = buf_new(x->cx->mem, entry.n + 1);
    buf_add_bytes(&b, &head, 1);
    buf_add(&b, entry);
    sha256(b.p, b.n, leaf);
    return doc_get_int(o, "size", -1) == cp->size && merkle_proof_holds(leaf, index, cp->size, (const uint8_t(*)[32])nodes, n, cp->root)
               ? NULL
               : "不在检查点签过的公开日志里";
}

void check_log(Audit *x)
{
    int64_t before = x->faults, n = 0;
    const Str *note = file_of(x, S("log/checkpoint"));
    Checkpoint cp = {0};
    const char *why = note != NULL ? read_checkpoint(x, *note, &cp) : "不在包里";
    if (why != NULL) {
        bad(x, "log/checkpoint：%s", why);
    }
    for (size_t i = 0; i < x->n_files; i++) {
        Str name = x->files[i].name;
        if (!str_starts(name, S("log/")) || !str_ends(name, S(".json"))) {
            continue;
        }
        const Doc *o = json_of(x, name);
        const char *fault = o != NULL ? entry_fault(x, o, &cp) : NULL;
        n++;
        if (fault != NULL) {
            bad(x, "%.*s：%s", STRF(name), fault);
        }
    }
    good(x, before, "公开日志", "%lld 条在 %lld 条的检查点里", (long long)n, (long long)cp.size);
}
