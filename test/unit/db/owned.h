/* owned.h - rows that belong to somebody, for the tests of both second lines (db_guard, db_watch). Five: homes 1, 1, 2, 3, 3; person 7 entered the last,
 * 'anna' is named in that of home 2, the fourth is open; each with one row of a list. */
#pragma once

#include "fixture.h"

#define OWNED_TABLES                                                                                                                          \
    "create table r (id {id}, home integer not null, created_by integer not null, state text not null, f_who text {key:id}) {homes};"         \
    "create table r__l (home integer not null, parent integer not null, pos integer not null, primary key (home, parent, pos)) {homes};"
#define OWNED_ROWS                                                                                                                            \
    "insert into r values (1, 1, 5, 'draft', null), (2, 1, 5, 'draft', null), (3, 2, 5, 'draft', 'anna'), (4, 3, 5, 'published', null),"      \
    " (5, 3, 7, 'draft', null)"
#define OWNED_LISTS "insert into r__l select home, id, 0 from r"

static inline void owned_by(Fixture *f, Db *db, bool (*put)(Cx *cx, Db *db, const DbGuard *g))
{
    static const Str OPEN[] = {STR_INIT("published")};
    assert_true(put(&f->cx, db, &(DbGuard){.table = S("r"), .login = S("f_who"), .open = OPEN, .n_open = 1}));
    assert_true(put(&f->cx, db, &(DbGuard){.table = S("r__l"), .parent = S("r")}));
}
