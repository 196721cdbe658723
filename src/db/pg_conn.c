/*
 * pg_conn.c - connecting to a PostgreSQL server, connecting again after a break, interrupting from another thread.
 *
 * A connection that broke outside a transaction is made anew at the next statement. One that broke inside a transaction
 * answers every statement with a failure until the next begin, so that the rest of a lost transaction never runs alone.
 * What the address says wins over the defaults set here. With several hosts and target_session_attrs=read-write the next one is found by libpq
 * itself; a reading connection, which is read-only by its own wish, asks for the primary instead.
 */
#include <poll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/pg_impl.h"

#define MAX_KEYS 64
#define NO_NAMES "prepare=never"

/* Startup settings; lock_timeout bounds the wait for the write lock, idle transactions end so that a stuck client
 * cannot hold it. */
#define SETTINGS                                                                                                       \
    "-c lock_timeout=10000 -c statement_timeout=300000 -c idle_in_transaction_session_timeout=600000 -c timezone=UTC"  \
    " -c standard_conforming_strings=on -c bytea_output=hex -c client_min_messages=warning -c jit=off"

/* ---- the address ---- */

/* Our own word in the address, which libpq would refuse: prepare=never. True when it was there. */
static bool cut_no_names(Arena *mem, const char *url, const char **ret)
{
    Str head, tail, u = str_c(url);
    *ret = url;
    if (!str_cut(u, '?', &head, &tail)) {
        return false;
    }
    Buf b = buf_new(mem, u.n + 1);
    buf_add(&b, head);
    bool found = false, first = true;
    while (tail.n != 0) {
        Str item, rest;
        str_cut(tail, '&', &item, &rest);
        tail = rest;
        if (str_eq(item, S(NO_NAMES))) {
            found = true;
            continue;
        }
        buf_addc(&b, first ? '?' : '&');
        buf_add(&b, item);
        first = false;
    }
    *ret = str_z(mem, buf_str(&b));
    return found;
}

static void set_default(PgConn *c, int *n, const char *key, const char *val)
{
    for (int i = 0; i < *n; i++) {
        if (str_eq(str_c(c->keys[i]), str_c(key))) {
            return;
        }
    }
    c->keys[*n] = key;
    c->vals[*n] = val;
    (*n)++;
}

static bool read_address(Cx *cx, PgConn *c, const char *path)
{
    const char *url;
    c->named = !cut_no_names(c->mem, str_printf(c->mem, "postgresql:%s", path).p, &url);
    char *why = NULL;
    PQconninfoOption *opts = PQconninfoParse(url, &why);
    if (opts == NULL) { /* not logged: it may repeat a password */
        PQfreemem(why);
        return fail(cx, E_DB, "数据库地址写法不对，应为 postgresql://账号@主机:端口/数据库名");
    }
    c->keys = NEW_ARRAY(c->mem, const char *, MAX_KEYS);
    c->vals = NEW_ARRAY(c->mem, const char *, MAX_KEYS);
    int n = 0;
    const char *options = "";
    for (const PQconninfoOption *o = opts; o->keyword != NULL && n < MAX_KEYS - 10; o++) {
        if (o->val == NULL) {
            continue;
        }
        if (str_eq(str_c(o->keyword), S("options"))) {
            options = str_z(c->mem, str_c(o->val));
            continue;
        }
        if (c->mode == DB_READ && str_eq(str_c(o->keyword), S("target_session_attrs")) && str_eq(str_c(o->val), S("read-write"))) {
            c->keys[n] = "target_session_attrs";
            c->vals[n++] = "primary";
            continue;
        }
        c->keys[n] = str_z(c->mem, str_c(o->keyword));
        c->vals[n++] = str_z(c->mem, str_c(o->val));
    }
    PQconninfoFree(opts);
    const char *reading = c->mode == DB_READ ? "on" : "off";
    set_default(c, &n, "options",
                str_printf(c->mem, SETTINGS " -c default_transaction_read_only=%s %s", reading, options).p);
    set_default(c, &n, "client_encoding", "UTF8");
    set_default(c, &n, "application_name", "tamga");
    set_default(c, &n, "connect_timeout", "10");
    set_default(c, &n, "keepalives_idle", "10");
    set_default(c, &n, "keepalives_interval", "5");
    set_default(c, &n, "keepalives_count", "3");
    set_default(c, &n, "tcp_user_timeout", "30000");
    return true;
}

/* ---- connecting ---- */

/* Notices of the server are nothing a call does not report, but for one: a warning while it commits (a wait for a standby that was
 * cancelled) means that less was done than a plain yes says. */
static void take_notice(void *arg, const PGresult *r)
{
    PgConn *c = arg;
    if (c->committing) {
        log_warn("postgresql: at commit: %s", PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY));
        c->unsure = true;
    }
}

void pg_await(PgConn *c, int ms)
{
    int64_t until = clock_mono_ms() + ms;
    while (PQstatus(c->h) == CONNECTION_OK && PQisBusy(c->h)) {
        struct pollfd p = {.fd = PQsocket(c->h), .events = POLLIN};
        int64_t left = until - clock_mono_ms();
        if (left <= 0 || p.fd < 0) {
            log_warn("postgresql: no answer in %d ms, connection given up", ms);
            (void)shutdown(p.fd, SHUT_RDWR);
            return;
        }
        if (poll(&p, 1, (int)left) > 0 && !PQconsumeInput(c->h)) {
            return;
        }
    }
}

/* The server's words, because libpq has no code here; in another language of the server this is not recognised and the general text stands. */
static bool is_full(Str message)
{
    static const Str SAYS[] = {STR_INIT("too many clients"), STR_INIT("remaining connection slots"), STR_INIT("too many connections"),
                               STR_INIT("太多的客户"), STR_INIT("连接槽")};
    for (size_t i = 0; i < ARRAY_LEN(SAYS); i++) {
        if (str_contains(message, SAYS[i])) {
            return true;
        }
    }
    return false;
}

/* A server that may lose what it acknowledged is said to be one, once a connection. */
static void warn_of_weak_settings(const PgConn *c)
{
    static const char SQL[] =
        "select name from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit')"
        " and setting = 'off'";
    PGresult *r = PQexec(c->h, SQL);
    for (int i = 0; i < PQntuples(r); i++) {
        log_warn("postgresql: %s is off: acknowledged writes may be lost in a power cut", PQgetvalue(r, i, 0));
    }
    PQclear(r);
}

bool pg_connect(Cx *cx, PgConn *c, bool first)
{
    PGconn *h = PQconnectdbParams(c->keys, c->vals, 0);
    if (PQstatus(h) != CONNECTION_OK) {
        log_warn("postgresql: cannot connect: %s", PQerrorMessage(h));
        bool full = is_full(str_c(PQerrorMessage(h)));
        PQfinish(h);
        if (full) {
            return fail(cx, E_BUSY, "数据库的连接数已用完，请稍后再试；如果一直这样，请管理员调大 max_connections 或减少 --workers");
        }
        return first && c->mode == DB_WRITE ? fail(cx, E_DB, "连不上 PostgreSQL 数据库：请检查地址、账号，以及数据库是否在运行")
                     : pg_broken(cx);
    }
    const char *encoding = PQparameterStatus(h, "server_encoding");
    if (!str_eq(str_c(encoding), S("UTF8"))) {
        PQfinish(h);
        return fail(cx, E_DB, "数据库的字符编码不是 UTF8，请用 UTF8 编码新建一个数据库");
    }
    PQsetNoticeReceiver(h, take_notice, c);
    PGcancel *cancel = PQgetCancel(h);
    pthread_mutex_lock(&c->lock);
    PQfreeCancel(c->cancel);
    PQfinish(c->h);
    c->h = h;
    c->cancel = cancel;
    pthread_mutex_unlock(&c->lock);
    c->generation++;
    c->n_pending = 0;
    c->in_tx = c->piped = c->closing = false;
    c->n_written = 0;
    c->replan_at = PG_REPLAN;
    c->stale = false;
    if (!first) {
        log_info("postgresql: connected again");
    } else if (c->mode == DB_WRITE) {
        warn_of_weak_settings(c);
    }
    return true;
}

bool pg_ready(Cx *cx, PgConn *c, PgKind kind)
{
    rows_settle(c);
    if (kind == PG_UNDO) {
        trip_drop(c);
    } else if (!trip_settle(cx, c)) {
        return false;
    }
    return pg_joins(cx, c, kind);
}

bool pg_joins(Cx *cx, PgConn *c, PgKind kind)
{
    rows_settle(c);
    if (c->lost_tx && kind != PG_BEGIN) {
        return pg_broken(cx);
    }
    if ((PQstatus(c->h) != CONNECTION_OK || (c->stale && !c->in_tx)) && !pg_connect(cx, c, false)) {
        return false;
    }
    c->lost_tx = false;
    return true;
}

DriverConn *pg_open(Cx *cx, const char *path, DbMode mode)
{
    Arena *mem = arena_new((size_t)1 << 20);
    PgConn *c = NEW(mem, PgConn);
    c->mem = mem;
    c->mode = mode;
    pthread_mutex_init(&c->lock, NULL);
    if (!read_address(cx, c, path) || !pg_connect(cx, c, true)) {
        pthread_mutex_destroy(&c->lock);
        arena_free(mem);
        return NULL;
    }
    return (DriverConn *)(void *)c;
}

void pg_close(DriverConn *conn)
{
    PgConn *c = (PgConn *)(void *)conn;
    PQfreeCancel(c->cancel);
    PQfinish(c->h);
    pthread_mutex_destroy(&c->lock);
    arena_free(c->mem);
}

/* ---- interrupting ---- */

void pg_run_begins(PgConn *c)
{
    rows_settle(c);
    c->step_interrupts = atomic_load(&c->interrupts);
    pthread_mutex_lock(&c->lock);
    c->running = true;
    pthread_mutex_unlock(&c->lock);
}

void pg_run_ends(PgConn *c)
{
    pthread_mutex_lock(&c->lock);
    c->running = false;
    pthread_mutex_unlock(&c->lock);
    PGTransactionStatusType now = PQtransactionStatus(c->h);
    if (PQstatus(c->h) != CONNECTION_OK) {
        c->lost_tx = c->lost_tx || c->in_tx;
        c->in_tx = false;
    } else {
        c->in_tx = now != PQTRANS_IDLE;
    }
}

void pg_interrupt(DriverConn *conn)
{
    PgConn *c = (PgConn *)(void *)conn;
    atomic_fetch_add(&c->interrupts, 1);
    pthread_mutex_lock(&c->lock);
    char why[256];
    if (c->running && !PQcancel(c->cancel, why, (int)sizeof why)) {
        log_warn("postgresql: cannot cancel: %s", why);
    }
    pthread_mutex_unlock(&c->lock);
}
