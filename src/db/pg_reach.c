/*
 * pg_reach.c - row-level security as the second line: whose rows the server shows in a transaction.
 *
 * A policy on each table of records compares the row's home with the setting tamga.homes, which stands for one transaction only (set local).
 * Nothing set shows nothing. The policies are forced on the owner, too; a superuser or a role with bypassrls they do not hold, so
 * Tamga must not connect as one.
 */
#include "base/log.h"
#include "db/pg_homes.h"

#define REACH_NOW(what) "(select current_setting('tamga." what "', true))"

/* Nothing set: null, which is no row. */
static void write_rule(Buf *q, const DbGuard *g)
{
    buf_add(q, S("(" REACH_NOW("homes") " = '*' or home = any (cast((select string_to_array(nullif(nullif("
                 "current_setting('tamga.homes', true), '*'), ''), ',')) as bigint[]))"));
    if (g->parent.n != 0) { /* a list's rows are seen with their record */
        buf_add(q, S(" or exists (select 1 from "));
        pg_name(q, g->parent);
        buf_add(q, S(" p where p.home = "));
        pg_name(q, g->table);
        buf_add(q, S(".home and p.id = "));
        pg_name(q, g->table);
        buf_add(q, S(".parent)"));
    } else {
        buf_add(q, S(" or created_by = (select cast(nullif(current_setting('tamga.person', true), '') as bigint))"));
    }
    if (g->login.n != 0) {
        buf_add(q, S(" or "));
        pg_name(q, g->login);
        buf_add(q, S(" = (select nullif(current_setting('tamga.login', true), ''))"));
    }
    for (size_t i = 0; i < g->n_open; i++) {
        buf_add(q, i == 0 ? S(" or (" REACH_NOW("open") " = '1' and state in ('") : S("', '"));
        pg_name(q, g->open[i]);
    }
    buf_add(q, g->n_open != 0 ? S("')))") : S(")"));
}

/* The name holds a hash of the rule, so that a start changes nothing where nothing changed: other processes may be reading. */
static void write_policy_name(Buf *q, Str rule)
{
    uint64_t h = 0xcbf29ce484222325ULL;
    for (size_t i = 0; i < rule.n; i++) {
        h = (h ^ (unsigned char)rule.p[i]) * 0x100000001b3ULL;
    }
    buf_add(q, S("tamga_"));
    for (int i = 60; i >= 0; i -= 4) {
        buf_addc(q, "0123456789abcdef"[(h >> i) & 15]);
    }
}

static bool drop_policies(Cx *cx, PgConn *c, const DbGuard *g, Str but, bool *ret_there)
{
    PGresult *r = pg_ask(cx, c, "select polname from pg_policy where polrelid = to_regclass($1) and polname like 'tamga\\_%'",
                      str_z(cx->mem, g->table));
    bool ok = r != NULL;
    for (int i = 0; ok && i < PQntuples(r); i++) {
        Str policy = str_c(PQgetvalue(r, i, 0));
        if (str_eq(policy, but)) {
            *ret_there = true;
            continue;
        }
        Buf q = buf_new(cx->mem, 4096);
        buf_add(&q, S("drop policy "));
        pg_name(&q, policy);
        buf_add(&q, S(" on "));
        pg_name(&q, g->table);
        ok = pg_say(cx, c, &q);
    }
    PQclear(r);
    return ok;
}

/* Once a process. */
static void warn_of_a_free_role(Cx *cx, PgConn *c)
{
    static atomic_bool told;
    if (atomic_exchange(&told, true)) {
        return;
    }
    PGresult *r = pg_ask(cx, c, "select 1 from pg_roles where rolname = current_user and (rolsuper or rolbypassrls)", NULL);
    if (r != NULL && PQntuples(r) != 0) {
        log_warn("postgresql: the role is held by no row-level security: connect as one without superuser and bypassrls");
    }
    PQclear(r);
}

bool pg_guard(Cx *cx, DriverConn *conn, const DbGuard *g)
{
    PgConn *c = pg_conn(conn);
    warn_of_a_free_role(cx, c);
    Buf rule = buf_new(cx->mem, 16384), policy = buf_new(cx->mem, 64), q = buf_new(cx->mem, 32768);
    bool there = false;
    write_rule(&rule, g);
    write_policy_name(&policy, buf_str(&rule));
    if (!drop_policies(cx, c, g, buf_str(&policy), &there) || there) {
        return there;
    }
    buf_add(&q, S("create policy "));
    buf_add(&q, buf_str(&policy));
    buf_add(&q, S(" on "));
    pg_name(&q, g->table);
    buf_add(&q, S(" using "));
    buf_add(&q, buf_str(&rule));
    if (!pg_say(cx, c, &q)) {
        return false;
    }
    q = buf_new(cx->mem, 4096); /* also for the owner of the table, which Tamga is */
    buf_add(&q, S("alter table "));
    pg_name(&q, g->table);
    buf_add(&q, S(" enable row level security, force row level security"));
    return pg_say(cx, c, &q);
}

/* ---- setting it ----
 * The reach is not sent by itself: it waits for the statement that it is for, and both go to the server in one trip (libpq's pipeline). The end of a
 * transaction that only read is sent without waiting for its answer. So a guarded read costs one trip, as an unguarded one does.
 * Each value goes by its own "set local", which Citus passes on to its workers; what set_config sets it does not.
 */

bool pg_reach(Cx *cx, DriverConn *conn, const DbReach *r, bool begin)
{
    static const DbReach NOTHING = {0};
    PgConn *c = pg_conn(conn);
    if (!pg_joins(cx, c, begin ? PG_BEGIN : PG_QUERY)) {
        return false;
    }
    c->ahead = r != NULL ? r : &NOTHING;
    c->ahead_begins = begin;
    return true;
}

/* In a transaction that begins with it, what is not set is empty already. */
static bool set_local(Cx *cx, PgConn *c, const char *what, Str value)
{
    if (value.n == 0 && c->ahead_begins) {
        return true;
    }
    char *lit = PQescapeLiteral(c->h, value.p != NULL ? value.p : "", value.n);
    bool ok = lit != NULL && trip_put(c, str_printf(cx->mem, "set local tamga.%s = %s", what, lit).p);
    PQfreemem(lit);
    return ok;
}

static bool send_reach(Cx *cx, PgConn *c)
{
    const DbReach *r = c->ahead;
    if (r->all) { /* the rest adds nothing to it */
        return set_local(cx, c, "homes", S("*"));
    }
    Buf homes = buf_new(cx->mem, (size_t)64 << 10), person = buf_new(cx->mem, 32);
    for (size_t i = 0; i < r->n; i++) {
        if (i != 0) {
            buf_addc(&homes, ',');
        }
        buf_int(&homes, r->homes[i]);
    }
    if (r->person != 0) {
        buf_int(&person, r->person);
    }
    return set_local(cx, c, "homes", buf_str(&homes)) && set_local(cx, c, "person", buf_str(&person)) && set_local(cx, c, "login", r->login) &&
           set_local(cx, c, "open", r->open ? S("1") : S(""));
}

bool ahead_send(Cx *cx, PgConn *c)
{
    return trip_open(c) && (!c->ahead_begins || trip_put(c, "begin read only")) && send_reach(cx, c);
}

void pg_reach_over(DriverConn *conn)
{
    PgConn *c = pg_conn(conn);
    rows_settle(c);
    c->ahead = NULL;
    if (PQstatus(c->h) == CONNECTION_OK && c->in_tx) {
        c->closing = PQsendQuery(c->h, "rollback") == 1; /* nothing was written */
        c->in_tx = false;
    }
    c->lost_tx = false; /* it was only reading: the next statement may connect anew */
}
