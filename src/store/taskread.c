/*
 * taskread.c - reading tasks: of a record, of a person, and whom a record may be handed to.
 */
#include "base/date.h"
#include "store/taskrow.h"
#include "store/user.h"

static const Str WORDS[TASK_KINDS][2] = {{STR_INIT("handle"), STR_INIT("转办")}, {STR_INIT("consult"), STR_INIT("委派")},
                                         {STR_INIT("sign"), STR_INIT("加签")},   {STR_INIT("copy"), STR_INIT("抄送")},
                                         {STR_INIT("urge"), STR_INIT("催办")}};

Str task_kind_word(TaskKind k)
{
    return WORDS[k][0];
}

Str task_kind_label(TaskKind k)
{
    return WORDS[k][1];
}

bool task_kind_read(Str word, TaskKind *ret)
{
    for (int i = 0; i < TASK_KINDS; i++) {
        if (str_eq(word, WORDS[i][0])) {
            *ret = (TaskKind)i;
            return true;
        }
    }
    return false;
}

bool task_row(Cx *cx, Store *s, Stmt *st, Task *t)
{
    *t = (Task){.id = stmt_col_int(st, 0), .home = stmt_col_int(st, 1), .record = stmt_col_int(st, 3), .by = stmt_col_int(st, 6),
                .to = stmt_col_int(st, 9), .to_home = stmt_col_int(st, 12), .at_ms = stmt_col_int(st, 14),
                .answered_ms = stmt_col_int(st, 15)};
    t->type = pack_type(s->pack, stmt_col_text(st, 2));
    if (t->type == NULL || !task_kind_read(stmt_col_text(st, 4), &t->kind)) {
        return false;
    }
    const struct {
        Str *to;
        int col;
    } texts[] = {{&t->state, 5},    {&t->by_name, 7},  {&t->by_org, 8},       {&t->to_name, 10},  {&t->to_org, 11},
                 {&t->text, 13},    {&t->answer, 16},  {&t->answer_text, 17}, {&t->answer_by, 18}};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        *texts[i].to = stmt_col_dup(cx->mem, st, texts[i].col);
    }
    return true;
}

bool task_rows(Cx *cx, Store *s, Stmt *st, size_t max, Task **ret, size_t *ret_n)
{
    size_t cap = 0, n = 0;
    Task *items = NULL;
    while (n != max && stmt_next(cx, st)) {
        Task t;
        if (!task_row(cx, s, st, &t)) {
            continue;
        }
        ARRAY_ROOM(cx->mem, items, n, cap);
        items[n++] = t;
    }
    if (!stmt_end(st)) {
        return false;
    }
    *ret = items;
    *ret_n = n;
    return true;
}

bool task_list_of(Cx *cx, Store *s, int64_t record, Task **ret, size_t *ret_n)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_HOME, S(TASK_COLUMNS " where home = ?2 and record = ?1 order by id limit 500"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, record);
    stmt_int(st, 2, id_home(record));
    return task_rows(cx, s, st, 500, ret, ret_n);
}

static bool of_user(Cx *cx, Store *s, int64_t user, TaskBox box, Task **ret, size_t *ret_n)
{
    Stmt *st = NULL;
    switch (box) {
    case TASKS_TODO:
        st = db_stmt(cx, cx->db, SQL_ROLLUP,
                     S(TASK_COLUMNS " where to_user = ?1 and kind in ('handle', 'consult', 'sign') and answered = 0 order by id limit 200"));
        break;
    case TASKS_COPY:
        st = db_stmt(cx, cx->db, SQL_ROLLUP,
                     S(TASK_COLUMNS " where to_user = ?1 and kind = 'copy' order by answered <> 0, id desc limit 200"));
        break;
    case TASKS_ASKED:
        st = db_stmt(cx, cx->db, SQL_ROLLUP, S(TASK_COLUMNS " where by_user = ?1 order by id desc limit 200"));
        break;
    }
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, user);
    return task_rows(cx, s, st, 200, ret, ret_n);
}

static bool urges_of(Cx *cx, Store *s, int64_t home, Task **ret, size_t *ret_n)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_ROLLUP, S(TASK_COLUMNS " where to_home = ?1 and to_user = 0 and answered = 0 order by id limit 200"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, home);
    return task_rows(cx, s, st, 200, ret, ret_n);
}

static void append(Cx *cx, Task **all, size_t *n, const Task *more, size_t n_more)
{
    *all = arena_grow(cx->mem, *all, *n * sizeof **all, (*n + n_more) * sizeof **all);
    if (n_more != 0) {
        memcpy(*all + *n, more, n_more * sizeof *more);
    }
    *n += n_more;
}

bool tasks_of(Cx *cx, Store *s, const Actor *a, TaskBox box, Task **ret, size_t *ret_n)
{
    Task *more;
    size_t n_more;
    *ret = NULL;
    *ret_n = 0;
    if (a->user == 0) {
        return true;
    }
    if (!of_user(cx, s, a->user, box, ret, ret_n)) {
        return false;
    }
    for (size_t i = 0; box == TASKS_TODO && i < a->n_deputy_for; i++) {
        if (!of_user(cx, s, a->deputy_for[i], box, &more, &n_more)) {
            return false;
        }
        append(cx, ret, ret_n, more, n_more);
    }
    if (box == TASKS_TODO && a->org != NULL) {
        if (!urges_of(cx, s, a->org->home, &more, &n_more)) {
            return false;
        }
        append(cx, ret, ret_n, more, n_more);
    }
    return true;
}

bool tasks_open(Cx *cx, Store *s, const int64_t *ids, size_t n, Task **ret, size_t *ret_n)
{
    *ret = NULL;
    *ret_n = 0;
    if (n == 0) {
        return true;
    }
    Sql *q = sql_new(cx->mem);
    sql_lit(q, TASK_COLUMNS " where record");
    sql_in_ints(q, ids, MIN(n, (size_t)500));
    sql_lit(q, " and answered = 0 and kind in ('handle', 'sign') order by id");
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, q);
    return st != NULL && task_rows(cx, s, st, 2000, ret, ret_n);
}

/* ---- people ---- */

/* What access.c asks of somebody who is not signed in: their office and roles. */
static Actor reader_of(const Org *org, int64_t id, Str login, Str roles)
{
    Actor a = {.user = id, .login = login, .org = org};
    for (Str rest = roles; rest.n != 0 && a.n_roles < 8;) {
        str_cut(rest, ',', &a.roles[a.n_roles++], &rest);
    }
    return a;
}

bool task_reader(const Store *s, const Rec *r, const Org *org, int64_t id, Str login, Str roles)
{
    bool public_only = true;
    Actor a = reader_of(org, id, login, roles);
    return access_read(s->pack, &a, r, &public_only) && !public_only;
}

bool task_people(Cx *cx, Store *s, const Actor *a, const Rec *r, bool below, bool above, Colleague **ret, size_t *ret_n)
{
    *ret = NEW_ARRAY(cx->mem, Colleague, 500);
    *ret_n = 0;
    if (a->org == NULL) {
        return true;
    }
    int64_t *homes = NEW_ARRAY(cx->mem, int64_t, s->pack->n_orgs);
    size_t n = 0;
    for (size_t i = 0; i < s->pack->n_orgs; i++) {
        const Org *o = &s->pack->orgs[i];
        if (o == a->org || (below && org_within(o, a->org)) || (above && org_within(a->org, o))) {
            homes[n++] = o->home;
        }
    }
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select id, name, home, login, roles from account where disabled = 0 and home");
    sql_in_ints(q, homes, n);
    sql_lit(q, " order by home, name, id limit 2000");
    Stmt *st = sql_stmt(cx, cx->db, SQL_REFERENCE, q);
    if (st == NULL) {
        return false;
    }
    while (*ret_n != 500 && stmt_next(cx, st)) {
        int64_t id = stmt_col_int(st, 0);
        const Org *org = pack_org_by_home(s->pack, stmt_col_int(st, 2));
        if (org != NULL && id != a->user && task_reader(s, r, org, id, stmt_col_text(st, 3), stmt_col_text(st, 4))) {
            (*ret)[(*ret_n)++] = (Colleague){.id = id, .name = stmt_col_dup(cx->mem, st, 1), .org = org};
        }
    }
    return stmt_end(st);
}
