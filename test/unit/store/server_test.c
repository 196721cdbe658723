/* server_test.c - a store whose database stands on a server that goes away now and then. Skipped on SQLite. */
#include "fixture.h"

#include <pthread.h>
#include <stdatomic.h>

#define ONLY_SERVER(f)                                                                                                 \
    if ((f)->server == NULL) {                                                                                         \
        skip();                                                                                                        \
    }

/* End every connection of the store, as a restart of the server does. */
static int64_t cut_off(Cx *cx, Db *killer)
{
    int64_t n = 0;
    Stmt *st = db_stmt(cx, killer, SQL_ADMIN,
                       S("select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'tamga'"
                         " and pid <> pg_backend_pid()"));
    assert_non_null(st);
    assert_true(stmt_one_int(cx, st, 0, &n));
    return n;
}

static void a_store_goes_on_after_its_server_was_away(void **state)
{
    Fixture *f = *state;
    ONLY_SERVER(f);
    Rec r = team(f, &f->writer, "甲县采收队", "20"), seen;
    Db *killer = db_open(&f->cx, f->server, DB_WRITE);
    assert_non_null(killer);
    assert_true(cut_off(&f->cx, killer) >= 2); /* the writer and this thread's reader */
    OK(rec_get(&f->cx, f->s, &f->writer, f->team, r.id, &seen));
    Form o = form(f, f->team);
    bool changed;
    put(f, &o, "people", "25");
    OK(update(f, &f->writer, &r, &o, 1, &changed));
    cut_off(&f->cx, killer);
    team(f, &f->writer, "甲县二队", "30");
    db_close(killer);
    VerifyCounts n;
    Str report;
    OK(journal_verify(&f->cx, f->s, &n, &report));
    SAME(report, "");
    assert_int_equal(n.records, 2);
}

enum { WRITERS = 4, TRIES = 2000, CUTS = 10 };

typedef struct {
    Fixture *f;
    int number, done, refused;
    int64_t ids[TRIES];
    _Atomic bool *stop;
    _Atomic int *all_done;
} Worker;

static void *write_many(void *arg)
{
    Worker *w = arg;
    Fixture *f = w->f;
    for (int i = 0; i < TRIES && !atomic_load(w->stop); i++) {
        Arena *mem = arena_new(0);
        Fixture own = *f; /* its words, with a context of this thread */
        own.mem = mem;
        cx_init(&own.cx, mem);
        Rec r;
        Form o = team_form(&own, str_printf(mem, "队%d-%d", w->number, i).p, "20");
        if (create_in(&own, &f->writer, "C1", &o, &r)) {
            w->ids[w->done++] = r.id;
            atomic_fetch_add(w->all_done, 1);
        } else {
            w->refused++;
        }
        arena_free(mem);
    }
    return NULL;
}

static void no_acknowledged_write_is_lost_when_connections_break_under_load(void **state)
{
    Fixture *f = *state;
    ONLY_SERVER(f);
    _Atomic bool stop = false;
    _Atomic int all_done = 0;
    Worker *w = NEW_ARRAY(f->mem, Worker, WRITERS);
    pthread_t t[WRITERS];
    Db *killer = db_open(&f->cx, f->server, DB_WRITE);
    assert_non_null(killer);
    for (int i = 0; i < WRITERS; i++) {
        w[i] = (Worker){.f = f, .number = i, .stop = &stop, .all_done = &all_done};
        assert_int_equal(pthread_create(&t[i], NULL, write_many, &w[i]), 0);
    }
    for (int i = 0; i < CUTS; i++) { /* each in the middle of work: a few more writes were acknowledged since the last */
        for (int before = atomic_load(&all_done), k = 0; atomic_load(&all_done) < before + 3 && k < 20000; k++) {
            usleep(500);
        }
        cut_off(&f->cx, killer);
    }
    atomic_store(&stop, true);
    db_close(killer);
    int done = 0, refused = 0;
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(t[i], NULL);
        done += w[i].done;
        refused += w[i].refused;
    }
    assert_true(done >= 3 * (CUTS - 1));
    for (int i = 0; i < WRITERS; i++) {
        for (int k = 0; k < w[i].done; k++) {
            Rec seen;
            OK(rec_get(&f->cx, f->s, &f->writer, f->team, w[i].ids[k], &seen));
        }
    }
    VerifyCounts n;
    Str report;
    OK(journal_verify(&f->cx, f->s, &n, &report));
    SAME(report, "");
    assert_in_range(n.records, done, done + refused); /* of a commit whose answer never came nobody was told it was done */
    print_message("%d cuts, %d written, %d refused, %d of them written all the same\n", CUTS, done, refused, (int)n.records - done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_store_goes_on_after_its_server_was_away),
        T(no_acknowledged_write_is_lost_when_connections_break_under_load),
    };
    return cmocka_run_group_tests_name("store/server", tests, NULL, NULL);
}
