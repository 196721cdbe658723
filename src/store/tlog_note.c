/*
 * tlog_note.c - checkpoints: C2SP tlog-checkpoint in a C2SP signed-note, signed with the store's Ed25519 key.
 *
 *     <origin>\n<size>\n<root in base64>\n\n— <origin> <base64(4 bytes of key hash | 64 bytes of signature)>\n
 *
 * key hash: the first 4 bytes of SHA-256(name | "\n" | 0x01 | public key). Signed is the text before the empty line, with its last line end.
 */
#include "store/tlog_int.h"

#define ED25519_TYPE 1

Str tlog_origin(const Store *s, Arena *mem)
{
    return str_printf(mem, "%.*s/log", STRF(s->pack->id));
}

static Str typed_key(const Store *s, Arena *mem)
{
    const PublicKey *k = signer_public(store_signer(s, SIGN_ED25519));
    Buf b = buf_new(mem, 64);
    buf_addc(&b, ED25519_TYPE);
    buf_add_bytes(&b, k->bytes, k->n);
    return buf_str(&b);
}

static void key_hash(const Store *s, Arena *mem, uint8_t ret[4])
{
    uint8_t h[32];
    Buf b = buf_new(mem, 4096);
    buf_add(&b, tlog_origin(s, mem));
    buf_addc(&b, '\n');
    buf_add(&b, typed_key(s, mem));
    sha256(b.p, b.n, h);
    memcpy(ret, h, 4);
}

Str tlog_vkey(const Store *s, Arena *mem)
{
    uint8_t h[4];
    key_hash(s, mem, h);
    return str_printf(mem, "%.*s+%.*s+%.*s", STRF(tlog_origin(s, mem)), STRF(hex(mem, h, 4)), STRF(base64(mem, typed_key(s, mem))));
}

Str note_text(const Store *s, Arena *mem, int64_t size, const uint8_t root[32])
{
    return str_printf(mem, "%.*s\n%lld\n%.*s\n", STRF(tlog_origin(s, mem)), (long long)size,
                      STRF(base64(mem, str_n((const char *)root, 32))));
}

Str note_signed(const Store *s, Arena *mem, int64_t size, const uint8_t root[32])
{
    Str text = note_text(s, mem, size, root);
    uint8_t sig[68];
    key_hash(s, mem, sig);
    sign_bytes(store_signer(s, SIGN_ED25519), text, sig + 4);
    return str_printf(mem, "%.*s\n— %.*s %.*s\n", STRF(text), STRF(tlog_origin(s, mem)), STRF(base64(mem, str_n((const char *)sig, sizeof sig))));
}

static bool kept(Cx *cx, int64_t size, Str *ret_note, bool *ret_found)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_ROLLUP, S("select note from tlog_checkpoint where size = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, size);
    if (!stmt_step(cx, st, ret_found)) {
        stmt_done(st);
        return false;
    }
    if (*ret_found) {
        *ret_note = stmt_col_dup(cx->mem, st, 0);
    }
    stmt_done(st);
    return true;
}

static bool make(Cx *cx, Store *s, void *arg)
{
    Str *note = arg;
    int64_t size;
    bool found;
    uint8_t root[32];
    if (!tlog_size(cx, s, &size) || !kept(cx, size, note, &found)) {
        return false;
    }
    if (found) {
        return true; /* another request was quicker */
    }
    if (!tlog_root(cx, s, size, root)) {
        return false;
    }
    *note = note_signed(s, cx->mem, size, root);
    Stmt *st = db_stmt(cx, cx->db, SQL_ROLLUP, S("insert into tlog_checkpoint (size, root, at, note) values (?1, ?2, ?3, ?4)"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, size);
    stmt_blob(st, 2, str_n((const char *)root, 32));
    stmt_int(st, 3, cx->now_ms);
    stmt_text(st, 4, *note);
    return stmt_run(cx, st);
}

bool tlog_checkpoint(Cx *cx, Store *s, Str *ret_note)
{
    int64_t size;
    bool found;
    if (!tlog_size(cx, s, &size) || !kept(cx, size, ret_note, &found)) {
        return false;
    }
    return found ? true : store_write(cx, s, make, ret_note);
}
