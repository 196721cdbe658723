/*
 * notice.c - who is told, and in which words; see notice.h.
 *
 * People are read first and told afterwards. Whether a person may know the title is asked of access.c with the record as it is now.
 */
#include "store/notice.h"

#include "store/contact_int.h"
#include "store/notice_int.h"
#include "store/taskrow.h"

typedef struct {
    int64_t id, home, wants; /* wants: channels with an address */
    Str login, roles;
} Person;

typedef struct {
    Person *p;
    size_t n;
} People;

bool notice_tables(Cx *cx, Db *db)
{
    return db_script(cx, db,
                     "create table if not exists notice (id {pk}, home integer not null, user_id integer not null, at integer not null,"
                     " read integer not null, n integer not null, text text not null, href text not null){strict};"
                     "create index if not exists notice_user on notice (user_id, read, at);"
                     "create index if not exists notice_read on notice (read);"
                     "create table if not exists outbox (id {pk}, home integer not null, notice integer not null, at integer not null,"
                     " channel integer not null, user_id integer not null, type text not null, record integer not null,"
                     " head text not null, text text not null, href text not null, state text not null, attempts integer not null,"
                     " next integer not null, ended integer not null){strict};"
                     "create index if not exists outbox_state on outbox (state, channel, next);"
                     "create index if not exists outbox_notice on outbox (notice, channel);"
                     "create table if not exists outbox_try (outbox integer not null, n integer not null, at integer not null,"
                     " ok integer not null, result text not null, primary key (outbox, n)){strict}") &&
           contact_columns(cx, db);
}

void notice_touch(Store *s)
{
    store_touch(s, (int32_t)s->pack->n_types + 2);
}

uint64_t notice_version(const Store *s)
{
    return store_version(s, (int32_t)s->pack->n_types + 2);
}

/* ---- people ---- */

#define PEOPLE "select id, home, login, roles, channels, email <> '', mobile <> '' from account where disabled = 0"

static bool read_people(Cx *cx, Stmt *st, People *ret)
{
    size_t cap = 0;
    *ret = (People){0};
    while (stmt_next(cx, st)) {
        ARRAY_ROOM(cx->mem, ret->p, ret->n, cap);
        int64_t has = (stmt_col_int(st, 5) != 0 ? CHANNEL_MAIL : 0) | (stmt_col_int(st, 6) != 0 ? CHANNEL_SMS : 0);
        ret->p[ret->n++] = (Person){.id = stmt_col_int(st, 0), .home = stmt_col_int(st, 1), .login = stmt_col_dup(cx->mem, st, 2),
                                    .roles = stmt_col_dup(cx->mem, st, 3), .wants = stmt_col_int(st, 4) & has};
    }
    return stmt_end(st);
}

static bool people_of(Cx *cx, const Org *o, People *ret)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S(PEOPLE " and home = ?1 order by id limit 500"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, o->home);
    return read_people(cx, st, ret);
}

static bool person_by_id(Cx *cx, int64_t id, People *ret)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S(PEOPLE " and id = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, id);
    return read_people(cx, st, ret);
}

static bool person_by_login(Cx *cx, Str login, People *ret)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S(PEOPLE " and login = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, login);
    return read_people(cx, st, ret);
}

static bool holds_role(const Person *p, Str role)
{
    for (Str rest = p->roles, one; rest.n != 0;) {
        str_cut(rest, ',', &one, &rest);
        if (str_eq(one, role)) {
            return true;
        }
    }
    return false;
}

static bool reads_type(const Person *p, const RecordType *t)
{
    for (Str rest = p->roles, one; rest.n != 0;) {
        str_cut(rest, ',', &one, &rest);
        const Grant *g = type_grant(t, one);
        if (g != NULL && g->read >= REACH_OWN) {
            return true;
        }
    }
    return false;
}

/* ---- one message ---- */

static Str cut_bytes(Str text, size_t max)
{
    if (text.n <= max) {
        return text;
    }
    while (max > 0 && ((unsigned char)text.p[max] & 0xc0) == 0x80) {
        max--;
    }
    return str_sub(text, 0, max);
}

/* The unread notice with the same words about the same thing; 0: none. */
static bool same_unread(Cx *cx, int64_t user, Str text, Str href, int64_t *ret)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select id from notice where user_id = ?1 and read = 0 and href = ?2 and text = ?3"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, user);
    stmt_text(st, 2, href);
    stmt_text(st, 3, text);
    return stmt_one_int(cx, st, 0, ret);
}

static bool count_up(Cx *cx, int64_t id)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("update notice set n = n + 1, at = ?2 where id = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, id);
    stmt_int(st, 2, cx->now_ms);
    return stmt_run(cx, st);
}

static bool insert(Cx *cx, Store *s, const Person *p, Str text, Str href, int64_t *ret_id)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE,
                       S("insert into notice (id, home, user_id, at, read, n, text, href) values (?1, ?2, ?3, ?4, 0, 1, ?5, ?6)"));
    if (st == NULL) {
        return false;
    }
    *ret_id = store_new_id(s, p->home);
    stmt_int(st, 1, *ret_id);
    stmt_int(st, 2, p->home);
    stmt_int(st, 3, p->id);
    stmt_int(st, 4, cx->now_ms);
    stmt_text(st, 5, text);
    stmt_text(st, 6, href);
    return stmt_run(cx, st);
}

static bool read_old(Cx *cx, int64_t user)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE,
                       S("update notice set read = ?2 where id in (select id from notice where user_id = ?1 and read = 0"
                         " order by at desc, id desc limit 1000 offset ?3)"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, user);
    stmt_int(st, 2, cx->now_ms);
    stmt_int(st, 3, NOTICE_UNREAD_MAX);
    return stmt_run(cx, st);
}

/* What is told: the pack's words, the whole text, and where it leads. */
typedef struct {
    const RecordType *type; /* NULL: no record */
    int64_t record;
    Str head, text, href;
} Message;

static bool tell(Cx *cx, Store *s, const Person *p, const Message *m)
{
    int64_t id;
    Str text = cut_bytes(m->text, NOTICE_TEXT_MAX);
    if (!same_unread(cx, p->id, text, m->href, &id)) {
        return false;
    }
    bool known = id != 0;
    if (known ? !count_up(cx, id) : !insert(cx, s, p, text, m->href, &id) || !read_old(cx, p->id)) {
        return false;
    }
    OutRow o = {.home = p->home, .user = p->id, .record = m->record, .head = m->head, .text = text, .href = m->href,
                .type = m->type != NULL ? m->type->id : S("")};
    for (unsigned c = CHANNEL_MAIL; c <= CHANNEL_SMS; c <<= 1) {
        o.channel = (Channel)c;
        if (((unsigned)p->wants & c) != 0 && !outbox_put(cx, s, &o, id)) {
            return false;
        }
    }
    notice_touch(s);
    return true;
}

static bool tell_hook(Cx *cx, Store *s, int64_t home, const Message *m)
{
    OutRow o = {.home = home, .channel = CHANNEL_HOOK, .record = m->record, .head = m->head, .text = cut_bytes(m->text, NOTICE_TEXT_MAX),
                .href = m->href, .type = m->type != NULL ? m->type->id : S("")};
    return outbox_put(cx, s, &o, 0);
}

bool notice_put(Cx *cx, Store *s, int64_t user, Str text, Str href)
{
    People l;
    Message m = {.head = text, .text = text, .href = href};
    CHECK(on_writer(s));
    if (!person_by_id(cx, user, &l)) {
        return false;
    }
    return l.n == 0 || tell(cx, s, &l.p[0], &m);
}

bool notice_office(Cx *cx, Store *s, const Org *o, const RecordType *t, Str role, Str text, Str href)
{
    People l;
    Message m = {.type = t, .head = text, .text = text, .href = href};
    CHECK(on_writer(s));
    if (o == NULL) {
        return true;
    }
    if (!people_of(cx, o, &l) || !tell_hook(cx, s, o->home, &m)) {
        return false;
    }
    for (size_t i = 0; i < l.n; i++) {
        if (reads_type(&l.p[i], t) && (role.n == 0 || holds_role(&l.p[i], role)) && !tell(cx, s, &l.p[i], &m)) {
            return false;
        }
    }
    return true;
}

/* ---- what an action tells ---- */

typedef struct {
    const Actor *a;
    const Rec *r;
    Rec open;       /* r as if its state were not sealed: who would otherwise read it */
    State unsealed;
    Str title;      /* title and number for people; empty: none */
    Str href;
    int64_t *told;
    size_t n_told, cap_told;
} Telling;

static bool reads(const Store *s, const Rec *r, const Person *p)
{
    const Org *org = pack_org_by_home(s->pack, p->home);
    return org != NULL && task_reader(s, r, org, p->id, p->login, p->roles);
}

/* The same person in several rows of `notify` hears the first only. */
static bool told_before(Cx *cx, Telling *x, int64_t user)
{
    for (size_t i = 0; i < x->n_told; i++) {
        if (x->told[i] == user) {
            return true;
        }
    }
    ARRAY_ROOM(cx->mem, x->told, x->n_told, x->cap_told);
    x->told[x->n_told++] = user;
    return false;
}

static Str title_of(Arena *mem, const Rec *r)
{
    const Field *f = r->type->title;
    Str name = f != NULL && !f->personal && r->v[f->index].has ? r->v[f->index].s : S("");
    if (name.n != 0 && r->no.n != 0) {
        return str_printf(mem, "%.*s（%.*s）", STRF(name), STRF(r->no));
    }
    return name.n != 0 ? name : r->no;
}

static Str with_title(Arena *mem, Str text, Str title)
{
    return title.n == 0 ? text : str_printf(mem, "%.*s：%.*s", STRF(text), STRF(title));
}

static const Org *top_of(const Org *o)
{
    while (o != NULL && o->parent != NULL) {
        o = o->parent;
    }
    return o;
}

/* The people a row of `notify` means; *ret_named: it means this one person, who is told even without the right to read. */
static bool meant(Cx *cx, Store *s, const Telling *x, const struct Notify *y, People *ret, bool *ret_named)
{
    const Rec *r = x->r;
    const Org *owner = pack_org_by_home(s->pack, r->home), *holder = pack_org_by_home(s->pack, r->holder), *o = holder;
    *ret = (People){0};
    *ret_named = false;
    if (str_eq(y->to, S("creator"))) {
        *ret_named = true;
        return person_by_id(cx, r->created_by, ret);
    }
    if (str_eq(y->to, S("person"))) {
        const Value *v = &r->v[r->type->person->index];
        *ret_named = true;
        return !v->has || person_by_login(cx, v->s, ret);
    }
    if (str_eq(y->to, S("owner"))) {
        o = owner;
    } else if (str_eq(y->to, S("parent"))) {
        o = owner != NULL ? owner->parent : NULL;
    } else if (str_eq(y->to, S("top"))) {
        o = top_of(owner);
    }
    return o == NULL || people_of(cx, o, ret);
}

static bool is_place(Str to)
{
    return str_eq(to, S("owner")) || str_eq(to, S("holder")) || str_eq(to, S("parent")) || str_eq(to, S("top")) ||
           str_eq(to, S("person")) || str_eq(to, S("creator"));
}

static bool tell_row(Cx *cx, Store *s, Telling *x, const struct Notify *y)
{
    People l;
    bool named;
    bool sealed = x->r->state->sealed;
    Message full = {.type = x->r->type, .record = x->r->id, .head = y->text, .href = x->href,
                    .text = with_title(cx->mem, y->text, sealed ? S("") : x->title)};
    Message plain = full;
    plain.text = y->text;
    plain.href = S("");
    if (!meant(cx, s, x, y, &l, &named)) {
        return false;
    }
    for (size_t i = 0; i < l.n; i++) {
        const Person *p = &l.p[i];
        bool may = reads(s, x->r, p), would = may || (sealed && reads(s, &x->open, p));
        if (p->id == x->a->user || !(named || would) || (!is_place(y->to) && !holds_role(p, y->to)) || told_before(cx, x, p->id)) {
            continue;
        }
        if (!tell(cx, s, p, may ? &full : &plain)) {
            return false;
        }
    }
    return tell_hook(cx, s, x->r->home, &full);
}

bool notice_action(Cx *cx, Store *s, const Actor *a, const Rec *r, const Action *act)
{
    CHECK(on_writer(s));
    Telling x = {.a = a, .r = r, .open = *r, .unsealed = *r->state, .title = title_of(cx->mem, r),
                 .href = str_printf(cx->mem, "/r/%.*s/%lld", STRF(r->type->id), (long long)r->id)};
    x.unsealed.sealed = false;
    x.open.state = &x.unsealed;
    for (size_t i = 0; i < act->n_notify; i++) {
        if (!tell_row(cx, s, &x, &act->notify[i])) {
            return false;
        }
    }
    return true;
}

/* ---- reading them ---- */

bool notice_unread(Cx *cx, Store *s, const Actor *a, int64_t *ret)
{
    (void)s;
    Stmt *st = db_stmt(cx, cx->db, SQL_ROLLUP, S("select count(*) from notice where user_id = ?1 and read = 0"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, a->user);
    return stmt_one_int(cx, st, 0, ret);
}

bool notice_list(Cx *cx, Store *s, const Actor *a, size_t limit, Notice **ret, size_t *ret_n, int64_t *ret_unread)
{
    limit = MIN(limit, (size_t)500);
    *ret = NEW_ARRAY(cx->mem, Notice, limit + 1);
    *ret_n = 0;
    *ret_unread = 0;
    if (a->user == 0) {
        return true;
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_ROLLUP, S("select id, at, read, n, text, href from notice where user_id = ?1"
                                                 " order by read <> 0, at desc, id desc limit ?2"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, a->user);
    stmt_int(st, 2, (int64_t)limit);
    while (stmt_next(cx, st)) {
        (*ret)[(*ret_n)++] = (Notice){.id = stmt_col_int(st, 0), .at_ms = stmt_col_int(st, 1), .read_ms = stmt_col_int(st, 2),
                                      .count = stmt_col_int(st, 3), .text = stmt_col_dup(cx->mem, st, 4),
                                      .href = stmt_col_dup(cx->mem, st, 5)};
    }
    if (!stmt_end(st)) {
        return false;
    }
    return notice_unread(cx, s, a, ret_unread);
}

typedef struct {
    const Actor *a;
    int64_t id;
} ReadArg;

static bool do_read(Cx *cx, Store *s, void *arg)
{
    const ReadArg *x = arg;
    Stmt *st = x->id == 0 ? db_stmt(cx, cx->db, SQL_ROLLUP, S("update notice set read = ?2 where user_id = ?1 and read = 0"))
                          : db_stmt(cx, cx->db, SQL_REFERENCE, S("update notice set read = ?2 where user_id = ?1 and read = 0 and id = ?3"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, x->a->user);
    stmt_int(st, 2, cx->now_ms);
    if (x->id != 0) {
        stmt_int(st, 3, x->id);
    }
    notice_touch(s);
    return stmt_run(cx, st);
}

bool notice_read(Cx *cx, Store *s, const Actor *a, int64_t id)
{
    ReadArg x = {.a = a, .id = id};
    int64_t n = 1;
    if (a->user == 0) {
        return fail(cx, E_NOT_FOUND, "没有找到这条消息");
    }
    if (id != 0) {
        Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select count(*) from notice where id = ?1 and user_id = ?2"));
        if (st == NULL) {
            return false;
        }
        stmt_int(st, 1, id);
        stmt_int(st, 2, a->user);
        if (!stmt_one_int(cx, st, 0, &n)) {
            return false;
        }
    }
    return n != 0 ? store_write(cx, s, do_read, &x) : fail(cx, E_NOT_FOUND, "没有找到这条消息");
}
