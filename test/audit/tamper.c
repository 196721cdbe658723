/*
 * tamper.c - one tampering after the other inside a transaction that is rolled back: the report must name the place, and once it is undone the
 * database must be sound again. Two kinds, a chain cut together with its head and a chain made anew, pass without an outside checkpoint (asserted:
 * that is the control) and must be found with it.
 */
#include "audit.h"

#define CHAINS 2

typedef struct {
    Fixture *f;
    Db *db;
    unsigned long long rnd;
    Str anchor;
    int64_t homes[CHAINS], last[CHAINS];
    char place[200]; /* what the report must hold */
} World;

static unsigned long long chance(World *w, unsigned long long n)
{
    w->rnd ^= w->rnd << 13;
    w->rnd ^= w->rnd >> 7;
    w->rnd ^= w->rnd << 17;
    return (w->rnd >> 11) % n;
}

/* ---- a database with something of everything ---- */

typedef struct {
    Fixture *f;
    const Rec *r;
    int i;
} Keep;

static bool keep_some(Cx *cx, Store *s, void *arg)
{
    Keep *k = arg;
    Snapshot snap;
    int64_t at;
    return snapshot_put(cx, s, &k->f->system, k->r, S("frozen"), str_printf(cx->mem, "{\"n\":%d}", k->i), &snap) &&
           tlog_add(cx, s, S("decided"), str_printf(cx->mem, "NO-%d", k->i), S("{\"a\":1}"), &at);
}

static void fill(Fixture *f)
{
    for (int i = 0; i < 12; i++) {
        const Actor *a = i % 2 == 0 ? &f->writer : &f->writer2;
        Rec r;
        Form o = team_form(f, str_printf(f->mem, "第%d队", i).p, "20");
        put(f, &o, "leader_phone", "13800002046");
        OK(create_in(f, a, str_z(f->mem, a->org->code), &o, &r));
        bool changed;
        Form change = form(f, f->team);
        put(f, &change, "people", "25");
        OK(update(f, a, &r, &change, 1, &changed));
        r.rev = 2;
        if (i % 3 == 0) {
            OK(act(f, a, &r, "ask", ""));
            OK(act(f, &f->head, &r, "approve", ""));
        }
        Keep k = {f, &r, i};
        OK(store_write(&f->cx, f->s, keep_some, &k));
        Rec clear;
        OK(rec_unmask(&f->cx, f->s, a, f->team, r.id, S("核对联系方式"), &clear));
    }
    Str note;
    OK(tlog_checkpoint(&f->cx, f->s, &note));
}

/* ---- tampering ---- */

static void sql(World *w, const char *fmt, ...) PRINTF(2, 3);
static void sql(World *w, const char *fmt, ...)
{
    Fixture *f = w->f;
    va_list ap;
    va_start(ap, fmt);
    Str text = str_vprintf(f->mem, fmt, ap);
    va_end(ap);
    OK(db_script(&f->cx, w->db, text.p));
}

static int64_t number(World *w, const char *fmt, ...) PRINTF(2, 3);
static int64_t number(World *w, const char *fmt, ...)
{
    Fixture *f = w->f;
    int64_t n = 0;
    va_list ap;
    va_start(ap, fmt);
    Stmt *st = db_stmt(&f->cx, w->db, SQL_ADMIN, str_vprintf(f->mem, fmt, ap));
    va_end(ap);
    OK(st != NULL && stmt_one_int(&f->cx, st, 0, &n));
    return n;
}

typedef struct {
    int64_t home, seq;
} Entry;

static Entry any_entry(World *w, int64_t from, int64_t leave)
{
    size_t c = chance(w, CHAINS);
    Entry e = {w->homes[c], from + (int64_t)chance(w, (unsigned long long)(w->last[c] - leave - from + 1))};
    snprintf(w->place, sizeof w->place, "单位 %lld：第 %lld 条", (long long)e.home, (long long)e.seq);
    return e;
}

static void column(World *w, const char *set)
{
    Entry e = any_entry(w, 1, 0);
    sql(w, "update journal set %s where home = %lld and seq = %lld", set, (long long)e.home, (long long)e.seq);
}

static void t_body(World *w) { column(w, "body = replace(body, '{', '{ ')"); }
static void t_time(World *w) { column(w, "at = at - 60000"); }
static void t_user(World *w) { column(w, chance(w, 2) != 0 ? "user_id = user_id + 1" : "user_name = '别人'"); }
static void t_type(World *w) { column(w, "type = type || 'x'"); }
static void t_record(World *w) { column(w, "record = record + 1"); }
static void t_state(World *w) { column(w, chance(w, 2) != 0 ? "state_from = 'gone'" : "state_to = 'gone'"); }
static void t_action(World *w) { column(w, chance(w, 2) != 0 ? "action = 'other'" : "act = 'other'"); }
static void t_reason(World *w) { column(w, "reason = reason || '（补）'"); }

static void t_delete(World *w)
{
    Entry e = any_entry(w, 2, 1);
    sql(w, "delete from journal where home = %lld and seq = %lld", (long long)e.home, (long long)e.seq);
    snprintf(w->place, sizeof w->place, "单位 %lld：第 %lld 条之后缺少记录", (long long)e.home, (long long)e.seq - 1);
}

static void t_truncate(World *w)
{
    Entry e = any_entry(w, 2, 0);
    sql(w, "delete from journal where home = %lld and seq >= %lld", (long long)e.home, (long long)e.seq);
    snprintf(w->place, sizeof w->place, "单位 %lld：链尾与记载不符（最后一条是第 %lld 条）", (long long)e.home, (long long)e.seq - 1);
}

static void t_reorder(World *w)
{
    Entry e = any_entry(w, 1, 1);
    sql(w, "update journal set seq = -1 where home = %lld and seq = %lld", (long long)e.home, (long long)e.seq);
    sql(w, "update journal set seq = seq - 1 where home = %lld and seq = %lld", (long long)e.home, (long long)e.seq + 1);
    sql(w, "update journal set seq = %lld where home = %lld and seq = -1", (long long)e.seq + 1, (long long)e.home);
}

static void t_insert(World *w)
{
    size_t c = chance(w, CHAINS);
    Entry e = any_entry(w, 1, 0);
    (void)c;
    /* a copy of an entry behind the end, as if it had happened later, its head left as it was */
    int64_t last = number(w, "select max(seq) from journal where home = %lld", (long long)e.home);
    sql(w,
        "insert into journal select home, %lld, at + 1, user_id, user_name, org, act, type, record, rev, action, state_from, state_to, reason,"
        " source, body, hash from journal where home = %lld and seq = %lld",
        (long long)last + 1, (long long)e.home, (long long)e.seq);
    snprintf(w->place, sizeof w->place, "单位 %lld：链尾与记载不符（最后一条是第 %lld 条）", (long long)e.home, (long long)last + 1);
}

static void t_row(World *w)
{
    static const char *const SETS[][2] = {{"f_people = f_people + 1", "“人数”与操作记录不符"},
                                          {"state = 'gone'", "版次或状态与操作记录不符"},
                                          {"f_leader_phone = null", "“队长电话”与操作记录不符"},
                                          {"f_name = '改名'", "“队名”与操作记录不符"},
                                          {"deleted = 1", "数据表里不见了"}};
    size_t which = chance(w, ARRAY_LEN(SETS));
    int64_t n = number(w, "select count(*) from r_team");
    int64_t id = number(w, "select id from r_team order by id limit 1 offset %lld", (long long)chance(w, (unsigned long long)n));
    sql(w, "update r_team set %s where id = %lld", SETS[which][0], (long long)id);
    snprintf(w->place, sizeof w->place, "%lld", (long long)id);
    if (which != 4) {
        snprintf(w->place, sizeof w->place, "（%lld）：%s", (long long)id, SETS[which][1]);
    }
}

static void t_snapshot(World *w)
{
    int64_t n = number(w, "select count(*) from snapshot");
    int64_t id = number(w, "select id from snapshot order by id limit 1 offset %lld", (long long)chance(w, (unsigned long long)n));
    snprintf(w->place, sizeof w->place, "封存的快照（记录 %lld）", (long long)number(w, "select record from snapshot where id = %lld", (long long)id));
    if (chance(w, 2) != 0) {
        sql(w, "update snapshot set body = body || ' ' where id = %lld", (long long)id);
    } else {
        sql(w, "delete from snapshot where id = %lld", (long long)id);
    }
}

static void t_log(World *w)
{
    int64_t n = number(w, "select count(*) from tlog_entry"), i = (int64_t)chance(w, (unsigned long long)n);
    sql(w, "update tlog_entry set entry = replace(entry, '\"a\":1', '\"a\":2') where idx = %lld", (long long)i);
    snprintf(w->place, sizeof w->place, "公开日志");
}

/* What somebody with the program's source and the database can do: every hash after a change made anew, and the head. */
static void remake(World *w, int64_t home, int64_t from)
{
    Fixture *f = w->f;
    uint8_t prev[32] = {0};
    Event *e;
    size_t n = 0;
    int64_t last = number(w, "select max(seq) from journal where home = %lld", (long long)home);
    e = NEW_ARRAY(f->mem, Event, last + 1);
    Stmt *st = db_stmt(&f->cx, w->db, SQL_ADMIN,
                       S("select home, seq, at, user_id, user_name, org, act, type, record, rev, action, state_from, state_to, reason, source,"
                         " body, hash from journal where home = ?1 order by seq"));
    assert_non_null(st);
    stmt_int(st, 1, home);
    while (stmt_next(&f->cx, st)) {
        event_read(&f->cx, f->s, st, &e[n++]);
    }
    OK(stmt_end(st));
    for (size_t i = 0; i < n; i++) {
        if (e[i].seq < from) {
            memcpy(prev, e[i].hash.p, 32);
            continue;
        }
        uint8_t hash[32];
        chain_hash(prev, &e[i], hash);
        memcpy(prev, hash, 32);
        sql(w, "update journal set hash = x'%.*s' where home = %lld and seq = %lld", STRF(hex(f->mem, hash, 32)), (long long)home, (long long)e[i].seq);
    }
    sql(w, "update journal_head set seq = %lld, hash = x'%.*s' where home = %lld", (long long)last, STRF(hex(f->mem, prev, 32)), (long long)home);
}

static void t_replace(World *w)
{
    Entry e = any_entry(w, 1, 0);
    sql(w, "update journal set user_name = '别人' where home = %lld and seq = %lld", (long long)e.home, (long long)e.seq);
    remake(w, e.home, e.seq);
    snprintf(w->place, sizeof w->place, "单位 %lld 的第 ", (long long)e.home);
}

static void t_cut(World *w)
{
    size_t c = chance(w, CHAINS);
    /* the last entry is a look at personal data: nothing in the tables tells of it */
    sql(w, "delete from journal where home = %lld and seq = %lld", (long long)w->homes[c], (long long)w->last[c]);
    remake(w, w->homes[c], w->last[c]);
    snprintf(w->place, sizeof w->place, "单位 %lld 的第 %lld 条不是当时的那一条", (long long)w->homes[c], (long long)w->last[c]);
}

static const struct {
    const char *name;
    void (*fn)(World *w);
    bool needs_anchor;
} KINDS[] = {{"body", t_body, false},       {"time", t_time, false},         {"user", t_user, false},          {"type", t_type, false},
             {"record", t_record, false},   {"state", t_state, false},       {"action", t_action, false},      {"reason", t_reason, false},
             {"delete", t_delete, false},   {"truncate", t_truncate, false}, {"reorder", t_reorder, false},    {"insert", t_insert, false},
             {"table row", t_row, false},   {"snapshot", t_snapshot, false}, {"public log", t_log, false},     {"replaced chain", t_replace, true},
             {"truncated with its head", t_cut, true}};

static int64_t verify(World *w, bool with_anchor, Str *report)
{
    Fixture *f = w->f;
    VerifyCounts n = {0};
    VerifyOpts one = {.threads = 1};
    int64_t entries = 0, faults = 0, notes = 0;
    *report = S("");
    OK(journal_verify_with(&f->cx, f->s, &one, &n, report) && tlog_verify(&f->cx, f->s, &entries, &faults, report));
    if (with_anchor) {
        OK(anchor_verify(&f->cx, f->s, w->anchor, NULL, 0, &notes, &faults, report));
        assert_int_equal(notes, 1);
    }
    return n.faults + faults;
}

int tamper_run(Fixture *f, long n, unsigned long long seed)
{
    World w = {.f = f, .rnd = seed * 2654435761ULL + 88172645463325252ULL};
    long found[ARRAY_LEN(KINDS)] = {0}, tried[ARRAY_LEN(KINDS)] = {0}, unseen[ARRAY_LEN(KINDS)] = {0};
    int wrong = 0;
    fill(f);
    OK(anchor_checkpoint(&f->cx, f->s, &w.anchor));
    w.db = behind(f, DB_WRITE);
    f->cx.db = w.db;
    w.homes[0] = f->writer.org->home;
    w.homes[1] = f->writer2.org->home;
    for (size_t i = 0; i < CHAINS; i++) {
        w.last[i] = number(&w, "select max(seq) from journal where home = %lld", (long long)w.homes[i]);
    }
    Str report;
    assert_int_equal(verify(&w, true, &report), 0);
    ArenaMark mark = arena_mark(f->mem);
    for (long i = 0; i < n; i++) {
        size_t k = (size_t)i % ARRAY_LEN(KINDS);
        OK(db_begin(&f->cx, w.db));
        KINDS[k].fn(&w);
        tried[k]++;
        if (KINDS[k].needs_anchor) {
            unseen[k] += verify(&w, false, &report) == 0;
        }
        bool ok = verify(&w, KINDS[k].needs_anchor, &report) != 0 && str_contains(report, str_c(w.place));
        found[k] += ok;
        if (!ok && wrong++ < 10) {
            fprintf(stderr, "not found: %s, tampering %ld of seed %llu, wants “%s”\n%.*s\n", KINDS[k].name, i, seed, w.place, STRF(report));
        }
        db_rollback(w.db);
        arena_release(f->mem, mark);
    }
    int64_t left = verify(&w, true, &report);
    for (size_t k = 0; k < ARRAY_LEN(KINDS); k++) {
        printf("%-24s %ld of %ld found", KINDS[k].name, found[k], tried[k]);
        if (KINDS[k].needs_anchor) {
            printf(" with the outside checkpoint; without it %ld of %ld pass as sound", unseen[k], tried[k]);
            wrong += unseen[k] != tried[k]; /* the control: else the checkpoint proves nothing */
        }
        printf("\n");
    }
    db_close(w.db);
    printf("%ld tamperings of %zu kinds, %d not found, %lld faults once undone, seed %llu\n", n, ARRAY_LEN(KINDS), wrong, (long long)left, seed);
    return wrong + (left != 0);
}
