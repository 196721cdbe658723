/*
 * outbox.c - rows of the outbox and their way from waiting to sent; see outbox.h.
 *
 * Sending itself happens elsewhere and outside any transaction: a row is marked `sending` before and its end is written after, so that the
 * writer never waits for a network.
 */
#include "store/outbox.h"

#include "store/contact_int.h"
#include "store/notice_int.h"
#include "store/shared.h"

#define MINUTE_MS 60000LL
#define DAY_MS (24 * 60 * MINUTE_MS)

static const int64_t PAUSES_MS[] = {MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 120 * MINUTE_MS, 720 * MINUTE_MS};

Str channel_word(Channel c)
{
    return c == CHANNEL_MAIL ? S("mail") : c == CHANNEL_SMS ? S("sms") : S("hook");
}

Str channel_label(Channel c)
{
    return c == CHANNEL_MAIL ? S("邮件") : c == CHANNEL_SMS ? S("短信") : S("接口");
}

void outbox_channels(Store *s, unsigned channels)
{
    s->channels = channels;
}

bool outbox_put(Cx *cx, Store *s, const OutRow *o, int64_t notice)
{
    int64_t waiting = 0;
    if ((s->channels & (unsigned)o->channel) == 0) {
        return true;
    }
    Stmt *st;
    if (notice != 0) {
        st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select count(*) from outbox where notice = ?1 and channel = ?2 and state = 'waiting'"));
        if (st == NULL) {
            return false;
        }
        stmt_int(st, 1, notice);
        stmt_int(st, 2, o->channel);
        if (!stmt_one_int(cx, st, 0, &waiting)) {
            return false;
        }
    }
    if (waiting != 0) {
        return true;
    }
    st = db_stmt(cx, cx->db, SQL_REFERENCE,
                 S("insert into outbox (id, home, notice, at, channel, user_id, type, record, head, text, href, state, attempts, next, ended)"
                   " values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 'waiting', 0, ?4, 0)"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, store_new_id(s, o->home));
    stmt_int(st, 2, o->home);
    stmt_int(st, 3, notice);
    stmt_int(st, 4, cx->now_ms);
    stmt_int(st, 5, o->channel);
    stmt_int(st, 6, o->user);
    stmt_text(st, 7, o->type);
    stmt_int(st, 8, o->record);
    stmt_text(st, 9, o->head);
    stmt_text(st, 10, o->text);
    stmt_text(st, 11, o->href);
    return stmt_run(cx, st);
}

/* ---- sending ---- */

/* Rows of processes that are gone; of the one there is, at its start: all. */
#define LEFT " where state = 'sending'"
#define LEFT_SHARED LEFT " and owner " STORE_GONE

static bool do_recover(Cx *cx, Store *s, void *arg)
{
    (void)arg;
    Stmt *st = db_stmt(cx, cx->db, SQL_ROLLUP,
                       s->shared ? S("update outbox set state = 'waiting', owner = ''" LEFT_SHARED)
                                 : S("update outbox set state = 'waiting', owner = ''" LEFT));
    return st != NULL && stmt_run(cx, st);
}

bool outbox_recover(Cx *cx, Store *s, int64_t *ret_n)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_ROLLUP, s->shared ? S("select count(*) from outbox" LEFT_SHARED) : S("select count(*) from outbox" LEFT));
    if (st == NULL || !stmt_one_int(cx, st, 0, ret_n)) {
        return false;
    }
    return *ret_n == 0 || store_write(cx, s, do_recover, NULL);
}

#define COLUMNS                                                                                                          \
    "select o.id, o.home, o.at, o.next, o.ended, o.user_id, o.record, o.channel, o.state, o.head, o.text, o.href, o.type,"    \
    " o.attempts, a.name, a.email, a.mobile"
#define FROM " from outbox o left join account a on a.id = o.user_id"

static void read_row(Cx *cx, const Store *s, Stmt *st, OutRow *o)
{
    *o = (OutRow){.id = stmt_col_int(st, 0), .home = stmt_col_int(st, 1), .at_ms = stmt_col_int(st, 2), .next_ms = stmt_col_int(st, 3),
                  .ended_ms = stmt_col_int(st, 4), .user = stmt_col_int(st, 5), .record = stmt_col_int(st, 6),
                  .channel = (Channel)stmt_col_int(st, 7), .state = stmt_col_dup(cx->mem, st, 8), .head = stmt_col_dup(cx->mem, st, 9),
                  .text = stmt_col_dup(cx->mem, st, 10), .href = stmt_col_dup(cx->mem, st, 11), .type = stmt_col_dup(cx->mem, st, 12),
                  .attempts = (int)stmt_col_int(st, 13), .user_name = stmt_col_dup(cx->mem, st, 14)};
    if (o->channel == CHANNEL_MAIL) {
        o->address = contact_open(cx, s, S("email"), o->user, stmt_col_text(st, 15));
    } else if (o->channel == CHANNEL_SMS) {
        o->address = contact_open(cx, s, S("mobile"), o->user, stmt_col_text(st, 16));
    }
}

typedef struct {
    int64_t *ids; /* outbox_take: 0 afterwards where another process was quicker */
    size_t n;
} MarkArg;

static bool mark_one(Cx *cx, const Store *s, Stmt *st, int64_t id, int64_t *ret_had)
{
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, id);
    stmt_text(st, 2, s->me);
    return stmt_one_int(cx, st, 0, ret_had);
}

static bool do_take(Cx *cx, Store *s, void *arg)
{
    const MarkArg *x = arg;
    for (size_t i = 0; i < x->n; i++) {
        Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE,
                           S("update outbox set state = 'sending', owner = ?2 where id = ?1 and state = 'waiting' returning id"));
        if (!mark_one(cx, s, st, x->ids[i], &x->ids[i])) {
            return false;
        }
    }
    return true;
}

static bool do_back(Cx *cx, Store *s, void *arg)
{
    const MarkArg *x = arg;
    int64_t had;
    for (size_t i = 0; i < x->n; i++) {
        Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE,
                           S("update outbox set state = 'waiting', owner = '' where id = ?1 and state = 'sending' and owner = ?2 returning id"));
        if (!mark_one(cx, s, st, x->ids[i], &had)) {
            return false;
        }
    }
    return true;
}

static bool due_of(Cx *cx, Store *s, Channel c, size_t limit, OutRow *rows, size_t *n)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_ROLLUP,
                       S(COLUMNS FROM " where o.state = 'waiting' and o.channel = ?1 and o.next <= ?2 order by o.next, o.id limit ?3"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, c);
    stmt_int(st, 2, cx->now_ms);
    stmt_int(st, 3, (int64_t)limit);
    while (stmt_next(cx, st)) {
        read_row(cx, s, st, &rows[(*n)++]);
    }
    return stmt_end(st);
}

bool outbox_take(Cx *cx, Store *s, unsigned channels, size_t limit, OutRow **ret, size_t *ret_n)
{
    OutRow *rows = NEW_ARRAY(cx->mem, OutRow, limit * 3 + 1);
    size_t n = 0;
    for (unsigned c = CHANNEL_MAIL; c <= CHANNEL_HOOK; c <<= 1) {
        if ((channels & c) != 0 && !due_of(cx, s, (Channel)c, limit, rows, &n)) {
            return false;
        }
    }
    int64_t *ids = NEW_ARRAY(cx->mem, int64_t, n + 1);
    for (size_t i = 0; i < n; i++) {
        ids[i] = rows[i].id;
    }
    MarkArg x = {.ids = ids, .n = n};
    if (n != 0 && !store_write(cx, s, do_take, &x)) {
        return false;
    }
    *ret = rows;
    *ret_n = 0;
    for (size_t i = 0; i < n; i++) {
        if (ids[i] != 0) {
            rows[(*ret_n)++] = rows[i];
        }
    }
    return true;
}

bool outbox_back(Cx *cx, Store *s, const int64_t *ids, size_t n)
{
    int64_t *own = NEW_ARRAY(cx->mem, int64_t, n + 1);
    for (size_t i = 0; i < n; i++) {
        own[i] = ids[i];
    }
    MarkArg x = {.ids = own, .n = n};
    return n == 0 || store_write(cx, s, do_back, &x);
}

typedef struct {
    int64_t id;
    bool ok;
    Str result;
} DoneArg;

static bool note_try(Cx *cx, const DoneArg *x)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE,
                       S("insert into outbox_try (outbox, n, at, ok, result) select ?1, count(*) + 1, ?2, ?3, ?4 from outbox_try where outbox = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, x->id);
    stmt_int(st, 2, cx->now_ms);
    stmt_int(st, 3, x->ok ? 1 : 0);
    stmt_text(st, 4, x->result);
    return stmt_run(cx, st);
}

static bool do_done(Cx *cx, Store *s, void *arg)
{
    const DoneArg *x = arg;
    int64_t tried;
    (void)s;
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select attempts from outbox where id = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, x->id);
    if (!stmt_one_int(cx, st, 0, &tried) || !note_try(cx, x)) {
        return false;
    }
    bool last = tried >= (int64_t)ARRAY_LEN(PAUSES_MS);
    st = db_stmt(cx, cx->db, SQL_REFERENCE, S("update outbox set state = ?2, attempts = ?3, next = ?4, ended = ?5 where id = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, x->id);
    stmt_text(st, 2, x->ok ? S("sent") : last ? S("failed") : S("waiting"));
    stmt_int(st, 3, tried + 1);
    stmt_int(st, 4, x->ok || last ? 0 : cx->now_ms + PAUSES_MS[tried]);
    stmt_int(st, 5, x->ok || last ? cx->now_ms : 0);
    return stmt_run(cx, st);
}

bool outbox_done(Cx *cx, Store *s, int64_t id, bool ok, Str result)
{
    DoneArg x = {.id = id, .ok = ok, .result = result};
    return store_write(cx, s, do_done, &x);
}

static bool do_trim(Cx *cx, Store *s, void *arg)
{
    (void)arg;
    (void)s;
    Stmt *st = db_stmt(cx, cx->db, SQL_ROLLUP,
                       S("delete from outbox_try where outbox in (select id from outbox where state = 'sent' and ended < ?1)"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, cx->now_ms - 90 * DAY_MS);
    if (!stmt_run(cx, st) || (st = db_stmt(cx, cx->db, SQL_ROLLUP, S("delete from outbox where state = 'sent' and ended < ?1"))) == NULL) {
        return false;
    }
    stmt_int(st, 1, cx->now_ms - 90 * DAY_MS);
    if (!stmt_run(cx, st) || (st = db_stmt(cx, cx->db, SQL_ROLLUP, S("delete from notice where read <> 0 and read < ?1"))) == NULL) {
        return false;
    }
    stmt_int(st, 1, cx->now_ms - 365 * DAY_MS);
    return stmt_run(cx, st);
}

bool outbox_trim(Cx *cx, Store *s)
{
    return store_write(cx, s, do_trim, NULL);
}

/* ---- for administrators ---- */

static bool homes_of(Cx *cx, Store *s, const Actor *a, int64_t **ret, size_t *ret_n)
{
    if (a->org == NULL || !(actor_is_admin(s->pack, a) || actor_is_auditor(s->pack, a))) {
        return fail(cx, E_FORBIDDEN, "只有管理员和审计员能查看发件箱");
    }
    *ret = NEW_ARRAY(cx->mem, int64_t, s->pack->n_orgs + 1);
    *ret_n = 0;
    for (size_t i = 0; i < s->pack->n_orgs; i++) {
        if (org_within(&s->pack->orgs[i], a->org)) {
            (*ret)[(*ret_n)++] = s->pack->orgs[i].home;
        }
    }
    return true;
}

bool outbox_counts(Cx *cx, Store *s, const Actor *a, int64_t ret[3])
{
    int64_t *homes;
    size_t n;
    if (!homes_of(cx, s, a, &homes, &n)) {
        return false;
    }
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select state, count(*) from outbox where home");
    sql_in_ints(q, homes, n);
    sql_lit(q, " group by state");
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, q);
    if (st == NULL) {
        return false;
    }
    ret[0] = ret[1] = ret[2] = 0;
    while (stmt_next(cx, st)) {
        Str state = stmt_col_text(st, 0);
        ret[str_eq(state, S("sent")) ? 2 : str_eq(state, S("failed")) ? 1 : 0] += stmt_col_int(st, 1);
    }
    return stmt_end(st);
}

bool outbox_list(Cx *cx, Store *s, const Actor *a, Str state, size_t limit, OutRow **ret, size_t *ret_n)
{
    int64_t *homes;
    size_t n;
    if (!homes_of(cx, s, a, &homes, &n)) {
        return false;
    }
    Sql *q = sql_new(cx->mem);
    sql_lit(q, COLUMNS ", (select t.result from outbox_try t where t.outbox = o.id order by t.n desc limit 1)" FROM " where o.home");
    sql_in_ints(q, homes, n);
    if (str_eq(state, S("waiting"))) {
        sql_lit(q, " and o.state in ('waiting', 'sending')");
    } else if (state.n != 0) {
        sql_lit(q, " and o.state = ");
        sql_text(q, state);
    }
    sql_lit(q, " order by o.id desc limit ");
    sql_int(q, (int64_t)MIN(limit, (size_t)500));
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, q);
    if (st == NULL) {
        return false;
    }
    *ret = NEW_ARRAY(cx->mem, OutRow, MIN(limit, (size_t)500) + 1);
    *ret_n = 0;
    while (stmt_next(cx, st)) {
        OutRow *o = &(*ret)[(*ret_n)++];
        read_row(cx, s, st, o);
        o->address = contact_mask(cx->mem, o->address);
        o->result = stmt_col_dup(cx->mem, st, 17);
    }
    return stmt_end(st);
}

typedef struct {
    const Actor *a;
    int64_t id;
    const int64_t *homes;
    size_t n_homes;
} RetryArg;

static bool one_retryable(Cx *cx, const RetryArg *x)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select home, state from outbox where id = ?1"));
    bool row = false, mine = false, open = false;
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, x->id);
    bool ok = stmt_step(cx, st, &row);
    for (size_t i = 0; ok && row && i < x->n_homes; i++) {
        mine = mine || x->homes[i] == stmt_col_int(st, 0);
    }
    open = mine && (str_eq(stmt_col_text(st, 1), S("failed")) || str_eq(stmt_col_text(st, 1), S("waiting")));
    stmt_done(st);
    if (!ok) {
        return false;
    }
    return !mine ? fail(cx, E_NOT_FOUND, "没有找到这封消息") : open ? true : fail(cx, E_WRONG_STATE, "这封消息正在发送或已经发出");
}

static bool do_retry(Cx *cx, Store *s, void *arg)
{
    const RetryArg *x = arg;
    if (x->id != 0 && !one_retryable(cx, x)) {
        return false;
    }
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "update outbox set state = 'waiting', attempts = 0, ended = 0, next = ");
    sql_int(q, cx->now_ms);
    if (x->id != 0) {
        sql_lit(q, " where id = ");
        sql_int(q, x->id);
    } else {
        sql_lit(q, " where state = 'failed' and home");
        sql_in_ints(q, x->homes, x->n_homes);
    }
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, q);
    return st != NULL && stmt_run(cx, st) &&
           journal_add(cx, s, x->a->org->home, x->a, S("outbox_retry"), NULL, x->id, 0, S(""), S(""), S(""), S(""), S(""), S("{}"));
}

bool outbox_retry(Cx *cx, Store *s, const Actor *a, int64_t id)
{
    RetryArg x = {.a = a, .id = id};
    int64_t *homes;
    if (a->read_only || !actor_is_admin(s->pack, a)) {
        return fail(cx, E_FORBIDDEN, "只有管理员能让消息重新发送");
    }
    if (!homes_of(cx, s, a, &homes, &x.n_homes)) {
        return false;
    }
    x.homes = homes;
    return store_write(cx, s, do_retry, &x);
}
