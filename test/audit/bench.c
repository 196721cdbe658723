/*
 * bench.c - how fast the chains of a long journal are verified: by one thread and by two, and where the time goes (reading the rows alone, hashing
 * alone). The entries are written behind the store's back, in the form the store writes them; the three indexes that only people's questions use
 * are dropped before, for they do not take part.
 */
#include "audit.h"

#define HOMES 40
#define BATCH 1000000
#define READ_MAX 5000000L

typedef struct {
    uint8_t hash[32];
    int64_t seq;
} Head;

/* Milliseconds of processor this process has used: on a machine that does other things as well, the only honest clock. */
static int64_t cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static double rate(long n, int64_t ms)
{
    return (double)n / ((double)MAX(ms, (int64_t)1) / 1000) / 1e6;
}

static void insert(Fixture *f, Db *db, long n, Head *heads)
{
    Stmt *st = NULL;
    OK(db_begin(&f->cx, db));
    OK(db_script(&f->cx, db, "drop index journal_record; drop index journal_at; drop index journal_user"));
    for (long i = 0; i < n; i++) {
        ArenaMark mark = arena_mark(f->mem);
        Head *h = &heads[i % HOMES];
        Event e = {.home = 4000 + i % HOMES, .seq = ++h->seq, .at_ms = 1790000000000 + i, .user = i % 97, .record = (i / 7) << 12, .rev = i % 7 + 1,
                   .user_name = S("旗县经办人"), .org_name = S("某某旗人力资源和社会保障局"), .act = S("update"), .type = S("team"),
                   .action = S(""), .state_from = S("new"), .state_to = S("new"), .reason = S(""), .source = S("import 12 row 77"),
                   .body = str_printf(f->mem, "{\"people\":[\"%ld\",\"%ld\"],\"wage\":[\"12000\",\"12500\"],\"about\":[null,\"队伍简介第 %ld 版，成员以本旗农牧民为主\"]}",
                                      i, i + 1, i)};
        chain_hash(h->hash, &e, h->hash);
        st = db_stmt(&f->cx, db, SQL_ADMIN,
                     S("insert into journal (home, seq, at, user_id, user_name, org, act, type, record, rev, action, state_from, state_to, reason,"
                       " source, body, hash) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)"));
        assert_non_null(st);
        const int64_t ints[] = {e.home, e.seq, e.at_ms, e.user};
        for (int k = 0; k < 4; k++) {
            stmt_int(st, k + 1, ints[k]);
        }
        stmt_text(st, 5, e.user_name);
        stmt_text(st, 6, e.org_name);
        stmt_text(st, 7, e.act);
        stmt_text(st, 8, e.type);
        stmt_int(st, 9, e.record);
        stmt_int(st, 10, e.rev);
        const Str texts[] = {e.action, e.state_from, e.state_to, e.reason, e.source, e.body};
        for (int k = 0; k < 6; k++) {
            stmt_text(st, 11 + k, texts[k]);
        }
        stmt_blob(st, 17, str_n((const char *)h->hash, 32));
        OK(stmt_run(&f->cx, st));
        arena_release(f->mem, mark);
        if (i % BATCH == BATCH - 1) { /* or the write-ahead log grows as large as the journal */
            OK(db_commit(&f->cx, db));
            OK(db_begin(&f->cx, db));
        }
    }
    for (int i = 0; i < HOMES; i++) {
        OK(db_script(&f->cx, db, str_printf(f->mem, "insert into journal_head (home, seq, hash) values (%d, %lld, x'%.*s')", 4000 + i,
                                            (long long)heads[i].seq, STRF(hex(f->mem, heads[i].hash, 32))).p));
    }
    OK(db_commit(&f->cx, db));
}

/* Entries (millions) a second; *ret_cpu: a second of processor. */
static double verify_with(Fixture *f, int threads, long n, int64_t *faults, double *ret_cpu)
{
    int64_t cpu = cpu_ms();
    VerifyCounts c = {0};
    Str report;
    VerifyOpts o = {.threads = threads, .chains_only = true};
    OK(journal_verify_with(&f->cx, f->s, &o, &c, &report));
    assert_int_equal(c.events, n);
    *faults += c.faults;
    *ret_cpu = rate(n, cpu_ms() - cpu);
    return rate(n, c.chain_ms);
}

/* In the order of the chains, as far as memory holds it: a larger journal would be fetched page by page from the disk, again for each chain. */
static double read_only(Fixture *f, long all)
{
    long n = MIN(all, READ_MAX);
    int64_t start = cpu_ms();
    size_t bytes = 0;
    Stmt *st = db_stmt(&f->cx, f->cx.db, SQL_ADMIN,
                       S("select home, seq, at, user_id, record, rev, user_name, org, act, type, action, state_from, state_to, reason, source, body,"
                         " hash from journal order by home, seq limit ?1"));
    assert_non_null(st);
    stmt_int(st, 1, n);
    while (stmt_next(&f->cx, st)) {
        for (int i = 6; i < 17; i++) {
            bytes += stmt_col_text(st, i).n;
        }
    }
    OK(stmt_end(st));
    assert_true(bytes > 0);
    return rate(n, cpu_ms() - start);
}

static double hash_only(Fixture *f, long n)
{
    Buf scratch = chain_scratch(f->mem);
    uint8_t h[32] = {0};
    int64_t start = cpu_ms();
    Str body = S("{\"people\":[\"100000\",\"100001\"],\"wage\":[\"12000\",\"12500\"],\"about\":[null,\"队伍简介第 100000 版，成员以本旗农牧民为主\"]}");
    const Str texts[CHAIN_TEXTS] = {S("旗县经办人"), S("某某旗人力资源和社会保障局"), S("update"), S("team"), S(""), S("new"), S("new"), S(""),
                                    S("import 12 row 77"), body};
    for (long i = 0; i < n; i++) {
        const int64_t ints[CHAIN_INTS] = {4000, i, i, 1, i, 1};
        chain_hash_parts(&scratch, h, ints, texts, h);
    }
    return rate(n, cpu_ms() - start);
}

int bench_run(Fixture *f, long n, unsigned long long seed)
{
    Head heads[HOMES] = {0};
    int64_t faults = 0, start = clock_mono_ms();
    Db *db = behind(f, DB_WRITE);
    insert(f, db, n, heads);
    db_close(db);
    printf("%ld entries in %d chains written in %lld ms\n", n, HOMES, (long long)(clock_mono_ms() - start));
    double one = 0, two = 0, cpu_one = 0, cpu_two = 0, cpu;
    for (int i = 0; i < (n <= READ_MAX ? 3 : 1); i++) { /* the best of three, of the long form the first */
        one = MAX(one, verify_with(f, 1, n, &faults, &cpu));
        cpu_one = MAX(cpu_one, cpu);
        two = MAX(two, verify_with(f, 2, n, &faults, &cpu));
        cpu_two = MAX(cpu_two, cpu);
    }
    double reading = read_only(f, n), hashing = hash_only(f, n);
    /* control: the same with one byte changed */
    Db *again = behind(f, DB_WRITE);
    OK(db_script(&f->cx, again, str_printf(f->mem, "update journal set reason = 'x' where home = 4007 and seq = %ld", n / HOMES / 2).p));
    db_close(again);
    int64_t seen = 0;
    (void)verify_with(f, 2, n, &seen, &cpu);
    printf("chains of %ld entries: %.2f M/s with two threads, %.2f with one; per second of processor: %.2f with two, %.2f with one, reading the rows"
           " alone %.2f, hashing alone %.2f; %lld faults, %lld once an entry was changed; seed %llu\n",
           n, two, one, cpu_two, cpu_one, reading, hashing, (long long)faults, (long long)seen, seed);
    return (faults != 0) + (seen != 1);
}
