/* tamper.h - a store that verifies, and changes behind its back that must be found and named. */
#pragma once

#include "fixture.h"

static inline void sound(Fixture *f)
{
    VerifyCounts n;
    Str report;
    OK(journal_verify(&f->cx, f->s, &n, &report));
    SAME(report, "");
}

/* Change the database with the store closed, as somebody with the file could; answer what verify says. sql NULL: change nothing. */
static inline Str tampered(Fixture *f, const char *sql, VerifyCounts *n)
{
    if (sql != NULL) {
        store_close(f->s);
        Db *db = behind(f, DB_WRITE);
        OK(db_script(&f->cx, db, sql));
        db_close(db);
        store_up(f);
    }
    Str report;
    OK(journal_verify(&f->cx, f->s, n, &report));
    return report;
}

typedef struct {
    const char *sql, *says;
} Tampering;

/* Each of them by itself, the store put back as it was after each. */
static inline void each_is_found(Fixture *f, const Tampering *all, size_t n_all)
{
    store_close(f->s);
    keep(f);
    store_up(f);
    for (size_t i = 0; i < n_all; i++) {
        VerifyCounts n;
        Str report = tampered(f, all[i].sql, &n);
        if (n.faults == 0 || !str_contains(report, str_c(all[i].says))) {
            print_error("%s\n says: %.*s\n", all[i].sql, STRF(report));
            _fail(__FILE__, __LINE__);
        }
        store_close(f->s);
        bring_back(f);
        store_up(f);
    }
    sound(f);
}
