/*
 * anchor_verify.c - whether a database contains the checkpoints that were kept outside of it.
 *
 * For each note: both signatures hold; the database has the heads it was made of, and they give its root; and each of these heads is an entry of
 * the journal as it is now. Together with verify_chains this says that nothing up to the checkpoint was changed, cut off or replaced.
 */
#include "store/anchor_int.h"

#define LINES_SHOWN 100

typedef struct {
    Cx *cx;
    const PublicKey *keys;
    size_t n_keys;
    Str origin;
    Buf text;
    int64_t notes, faults;
} Contained;

static void say(Contained *c, const char *fmt, ...) PRINTF(2, 3);
static void say(Contained *c, const char *fmt, ...)
{
    if (++c->faults > LINES_SHOWN) {
        return;
    }
    va_list ap;
    va_start(ap, fmt);
    buf_add(&c->text, str_vprintf(c->cx->mem, fmt, ap));
    va_end(ap);
    buf_addc(&c->text, '\n');
}

static bool kept_heads(Cx *cx, int64_t size, Str root, Str *ret, bool *ret_found)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("select heads from journal_anchor where size = ?1 and root = ?2"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, size);
    stmt_blob(st, 2, root);
    bool ok = stmt_step(cx, st, ret_found);
    *ret = ok && *ret_found ? stmt_col_dup(cx->mem, st, 0) : S("");
    stmt_done(st);
    return ok;
}

static bool is_entry(Cx *cx, int64_t home, int64_t seq, const uint8_t hash[32], bool *ret)
{
    int64_t n = 0;
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("select count(*) from journal where home = ?1 and seq = ?2 and hash = ?3"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, home);
    stmt_int(st, 2, seq);
    stmt_blob(st, 3, str_n((const char *)hash, 32));
    if (!stmt_one_int(cx, st, 0, &n)) {
        return false;
    }
    *ret = n == 1;
    return true;
}

static bool contains(Contained *c, int64_t size, Str root)
{
    Str heads;
    bool found, holds;
    int64_t home, seq, n, sum = 0;
    uint8_t hash[32], now[32];
    if (!kept_heads(c->cx, size, root, &heads, &found)) {
        return false;
    }
    if (!found) {
        say(c, "检查点（%lld 条）：数据库里没有这个检查点，整条链可能被换过", (long long)size);
        return true;
    }
    if (!heads_root(c->cx, heads, now, &n) || memcmp(now, root.p, 32) != 0) {
        cx_clear(c->cx);
        say(c, "检查点（%lld 条）：数据库里的链头清单被改动过", (long long)size);
        return true;
    }
    while (head_line(c->cx->mem, &heads, &home, &seq, hash)) {
        sum += seq;
        if (!is_entry(c->cx, home, seq, hash, &holds)) {
            return false;
        }
        if (!holds) {
            say(c, "检查点（%lld 条）：单位 %lld 的第 %lld 条不是当时的那一条，链被截短或换掉", (long long)size, (long long)home, (long long)seq);
        }
    }
    if (sum != size) {
        say(c, "检查点（%lld 条）：条数与链头清单不符", (long long)size);
    }
    return true;
}

/* One note, cut off the text: three lines, an empty one, signature lines. */
static bool one_note(Contained *c, Str *rest)
{
    Str line[4], from = *rest, lines;
    int64_t size;
    Str root = S("");
    for (int i = 0; i < 4; i++) {
        (void)str_cut(*rest, '\n', &line[i], rest);
    }
    Str text = str_sub(from, 0, (size_t)(line[2].p + line[2].n + 1 - from.p));
    lines = *rest;
    while (str_starts(*rest, S("— "))) {
        (void)str_cut(*rest, '\n', &line[3], rest);
    }
    lines.n -= rest->n;
    c->notes++;
    if (!str_int(line[1], &size) || !base64_read(c->cx->mem, line[2], &root) || root.n != 32 ||
        !note_holds(c->cx->mem, c->origin, text, lines, c->keys, c->n_keys)) {
        say(c, "第 %lld 个检查点（%.*s 条）：签名不符", (long long)c->notes, STRF(line[1]));
        return true;
    }
    return contains(c, size, root);
}

/* Lines of syslog hold a note with | for line ends. */
static Str unfold(Arena *mem, Str text)
{
    static const Str MARK = STR_INIT("tamga-checkpoint ");
    Buf b = buf_new(mem, text.n * 2 + 64);
    for (Str line; text.n != 0;) {
        size_t at;
        (void)str_cut(text, '\n', &line, &text);
        if (str_find(line, MARK, &at)) {
            line = str_replace(mem, str_sub(line, at + MARK.n, line.n), S("|"), S("\n"));
        }
        buf_add(&b, line);
        buf_addc(&b, '\n');
    }
    return buf_str(&b);
}

bool anchor_verify(Cx *cx, Store *s, Str text, const PublicKey *keys, size_t n_keys, int64_t *ret_notes, int64_t *ret_faults, Str *ret_report)
{
    PublicKey own[2] = {*signer_public(s->signers[SIGN_ED25519]), *signer_public(s->signers[SIGN_SM2])};
    Contained c = {.cx = cx, .keys = keys != NULL ? keys : own, .n_keys = keys != NULL ? n_keys : ARRAY_LEN(own), .origin = journal_origin(s, cx->mem),
               .text = buf_new(cx->mem, 1 << 20)};
    text = unfold(cx->mem, text);
    while (text.n != 0) {
        Str line, rest;
        (void)str_cut(text, '\n', &line, &rest);
        if (!str_eq(line, c.origin)) {
            if (line.n != 0) {
                say(&c, "读不懂的一行：%.*s", STRF(utf8_cut(line, 60)));
            }
            text = rest;
        } else if (!one_note(&c, &text)) {
            return false;
        }
    }
    if (c.notes == 0) {
        return fail(cx, E_INVALID, "里面没有这个系统的检查点（%.*s）", STRF(c.origin));
    }
    buf_add(&c.text, S(""));
    *ret_notes = c.notes;
    *ret_faults += c.faults;
    *ret_report = str_printf(cx->mem, "%.*s%.*s", STRF(*ret_report), STRF(buf_str(&c.text)));
    return true;
}
