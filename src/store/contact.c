/*
 * contact.c - see contact.h.
 */
#include "store/contact_int.h"

#include "store/outbox.h"
#include "store/user.h"

bool contact_columns(Cx *cx, Db *db)
{
    Str *names;
    size_t n;
    if (!db_columns(cx, db, cx->mem, S("account"), &names, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (str_eq(names[i], S("channels"))) {
            return true;
        }
    }
    return db_script(cx, db,
                     "alter table account add column email text not null default '';"
                     "alter table account add column mobile text not null default '';"
                     "alter table account add column channels integer not null default 0");
}

static bool host_ok(Str host)
{
    bool dot = false;
    for (size_t i = 0; i < host.n; i++) {
        char c = host.p[i];
        bool edge = i == 0 || i + 1 == host.n || host.p[i - 1] == '.';
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && (edge || (c != '-' && c != '.'))) {
            return false;
        }
        dot = dot || c == '.';
    }
    return dot;
}

bool email_ok(Str email)
{
    Str name, host;
    if (email.n > 120 || !str_cut(email, '@', &name, &host) || name.n == 0 || name.n > 64 || host.n == 0) {
        return false;
    }
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && (memchr("._%+-", c, 5) == NULL || (c == '.' && (i == 0 || i + 1 == name.n)))) {
            return false;
        }
    }
    return host_ok(host);
}

bool mobile_ok(Str mobile)
{
    bool ok = mobile.n == 11 && mobile.p[0] == '1';
    for (size_t i = 0; ok && i < mobile.n; i++) {
        ok = mobile.p[i] >= '0' && mobile.p[i] <= '9';
    }
    return ok;
}

static Str place(Arena *mem, Str column, int64_t user)
{
    return str_printf(mem, "account|%.*s|%lld", STRF(column), (long long)user);
}

Str contact_open(Cx *cx, const Store *s, Str column, int64_t user, Str kept)
{
    Str clear = S("");
    if (kept.n != 0 && !field_open(cx->mem, &s->keys->field, place(cx->mem, column, user), kept, &clear)) {
        return S("");
    }
    return clear;
}

Str contact_mask(Arena *mem, Str address)
{
    Str name, host;
    if (address.n == 0) {
        return address;
    }
    if (str_cut(address, '@', &name, &host)) {
        return str_printf(mem, "%.*s***@%.*s", STRF(utf8_cut(name, 1)), STRF(host));
    }
    return address.n != 11 ? S("***") : str_printf(mem, "%.*s****%.*s", 3, address.p, 4, address.p + 7);
}

typedef struct {
    const Actor *by;
    int64_t user;
    const Contact *c;
} SetArg;

/* The account's office; E_NOT_FOUND, E_FORBIDDEN for who is neither the person nor an administrator of that office. */
static bool office_of(Cx *cx, Store *s, const Actor *by, int64_t user, const Org **ret)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select home from account where id = ?1"));
    int64_t home;
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, user);
    if (!stmt_one_int(cx, st, 0, &home)) {
        return false;
    }
    *ret = pack_org_by_home(s->pack, home);
    if (*ret == NULL) {
        return fail(cx, E_NOT_FOUND, "没有这个用户");
    }
    bool admin = by->is_system || (user_manages(s, by) && by->org != NULL && org_within(*ret, by->org));
    return by->user == user || admin ? true : fail(cx, E_FORBIDDEN, "您不能管理这个用户");
}

static bool read_clear(Cx *cx, const Store *s, int64_t user, Contact *ret)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select email, mobile, channels from account where id = ?1"));
    bool row = false;
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, user);
    bool ok = stmt_step(cx, st, &row);
    *ret = (Contact){0};
    if (ok && row) {
        int64_t wants = stmt_col_int(st, 2);
        *ret = (Contact){.email = contact_open(cx, s, S("email"), user, stmt_col_text(st, 0)),
                         .mobile = contact_open(cx, s, S("mobile"), user, stmt_col_text(st, 1)),
                         .by_mail = (wants & CHANNEL_MAIL) != 0,
                         .by_sms = (wants & CHANNEL_SMS) != 0};
    }
    stmt_done(st);
    return ok;
}

bool contact_get(Cx *cx, Store *s, const Actor *by, int64_t user, Contact *ret)
{
    const Org *org;
    Contact c;
    if (!office_of(cx, s, by, user, &org) || !read_clear(cx, s, user, &c)) {
        return false;
    }
    if (by->user != user) {
        c.email = contact_mask(cx->mem, c.email);
        c.mobile = contact_mask(cx->mem, c.mobile);
    }
    *ret = c;
    return true;
}

/* What was typed, or what is kept when only its mask came back. */
static Str typed_or_kept(Arena *mem, Str typed, Str kept)
{
    return kept.n != 0 && str_eq(typed, contact_mask(mem, kept)) ? kept : typed;
}

static bool contact_ok(Cx *cx, const Contact *c)
{
    if (c->email.n != 0 && !email_ok(c->email)) {
        return fail(cx, E_INVALID, "电子邮箱的写法不对，例如 name@example.org");
    }
    if (c->mobile.n != 0 && !mobile_ok(c->mobile)) {
        return fail(cx, E_INVALID, "手机号是 1 开头的 11 位数字");
    }
    if ((c->by_mail && c->email.n == 0) || (c->by_sms && c->mobile.n == 0)) {
        return fail(cx, E_INVALID, "要用邮件或短信接收，请先填写邮箱或手机号");
    }
    return true;
}

static bool do_set(Cx *cx, Store *s, void *arg)
{
    const SetArg *x = arg;
    const Org *org;
    Contact kept, c = *x->c;
    if (!office_of(cx, s, x->by, x->user, &org) || !read_clear(cx, s, x->user, &kept)) {
        return false;
    }
    c.email = typed_or_kept(cx->mem, c.email, kept.email);
    c.mobile = typed_or_kept(cx->mem, c.mobile, kept.mobile);
    if (!contact_ok(cx, &c)) {
        return false;
    }
    Str email = c.email.n == 0 ? S("") : field_seal(cx->mem, &s->keys->field, place(cx->mem, S("email"), x->user), c.email);
    Str mobile = c.mobile.n == 0 ? S("") : field_seal(cx->mem, &s->keys->field, place(cx->mem, S("mobile"), x->user), c.mobile);
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("update account set email = ?2, mobile = ?3, channels = ?4 where id = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, x->user);
    stmt_text(st, 2, email);
    stmt_text(st, 3, mobile);
    stmt_int(st, 4, (c.by_mail ? CHANNEL_MAIL : 0) | (c.by_sms ? CHANNEL_SMS : 0));
    return stmt_run(cx, st) && journal_add(cx, s, org->home, x->by, S("user_contact"), NULL, x->user, 0, S(""), S(""), S(""), S(""),
                                           S(""), S("{}"));
}

bool contact_set(Cx *cx, Store *s, const Actor *by, int64_t user, const Contact *c)
{
    if (by->read_only) {
        return fail(cx, E_FORBIDDEN, "这个令牌只能读，不能写");
    }
    SetArg x = {.by = by, .user = user, .c = c};
    return store_write(cx, s, do_set, &x);
}
