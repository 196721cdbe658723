/*
 * delegate.c - see delegate.h. One row a delegation; begin and end are instants, so that the journal can be asked which of its entries
 * fell into one.
 */
#include "store/delegate.h"

#include "base/date.h"
#include "store/internal.h"
#include "store/user.h"

#define DAY_MS 86400000LL
#define ZONE_MS (8 * 3600000LL)

static int64_t day_start(int32_t day)
{
    return (int64_t)day * DAY_MS - ZONE_MS;
}

/* From this moment at the earliest: what was done before today's delegation was not done for anybody. */
static int64_t begin_of(const Cx *cx, int32_t from)
{
    return MAX(day_start(from), cx->now_ms);
}

typedef struct {
    const Actor *a;
    User deputy;
    int32_t from, until;
    int64_t id;
} AddArg;

static bool overlaps(Cx *cx, const AddArg *x, bool *ret)
{
    int64_t n = 0;
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE,
                       S("select count(*) from delegation where principal = ?1 and begins < ?3 and ends > ?2 and ends > begins"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, x->a->user);
    stmt_int(st, 2, begin_of(cx, x->from));
    stmt_int(st, 3, day_start(x->until + 1));
    bool ok = stmt_one_int(cx, st, 0, &n);
    *ret = n != 0;
    return ok;
}

static bool note(Cx *cx, Store *s, const Actor *a, Str act, int64_t home, int64_t id, Str text)
{
    return journal_add(cx, s, home, a, act, NULL, id, 0, S(""), S(""), S(""), text, S(""), S("{}"));
}

static bool do_add(Cx *cx, Store *s, void *arg)
{
    AddArg *x = arg;
    bool twice;
    if (!overlaps(cx, x, &twice)) {
        return false;
    }
    if (twice) {
        return fail(cx, E_CONFLICT, "这段时间您已经委托了别人，请先结束原来的委托");
    }
    x->id = store_new_id(s, x->a->org->home);
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE,
                       S("insert into delegation (id, home, principal, deputy, begins, ends, last, ended) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, x->id);
    stmt_int(st, 2, x->a->org->home);
    stmt_int(st, 3, x->a->user);
    stmt_int(st, 4, x->deputy.id);
    stmt_int(st, 5, begin_of(cx, x->from));
    stmt_int(st, 6, day_start(x->until + 1));
    stmt_int(st, 7, x->until);
    store_touch(s, (int32_t)s->pack->n_types);
    return stmt_run(cx, st) &&
           note(cx, s, x->a, S("delegate"), x->a->org->home, x->id,
                str_printf(cx->mem, "委托 %.*s（%.*s）代办，%.*s 至 %.*s", STRF(x->deputy.name), STRF(x->deputy.login),
                           STRF(date_iso(cx->mem, x->from)), STRF(date_iso(cx->mem, x->until))));
}

static bool user_of(Cx *cx, int64_t id, User *ret, int64_t *ret_home)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select login, name, home, roles from account where id = ?1 and disabled = 0 and admin_kind = ''"));
    bool row = false;
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, id);
    bool ok = stmt_step(cx, st, &row);
    if (ok && row) {
        *ret = (User){.id = id, .login = stmt_col_dup(cx->mem, st, 0), .name = stmt_col_dup(cx->mem, st, 1),
                      .roles = stmt_col_dup(cx->mem, st, 3)};
        *ret_home = stmt_col_int(st, 2);
    }
    stmt_done(st);
    return ok && (row || fail(cx, E_INVALID, "请选择本单位的一位同事"));
}

bool delegate_add(Cx *cx, Store *s, const Actor *a, int64_t deputy, int32_t from, int32_t until, int64_t *ret_id)
{
    AddArg x = {.a = a, .from = from, .until = until};
    int64_t home = 0;
    if (a->org == NULL || a->user == 0 || a->read_only || a->kind != ADMIN_NONE) {
        return fail(cx, E_FORBIDDEN, "您不能委托别人代办");
    }
    if (!user_of(cx, deputy, &x.deputy, &home)) {
        return false;
    }
    if (home != a->org->home || deputy == a->user) {
        return fail(cx, E_INVALID, "只能委托本单位的另一位同事");
    }
    if (from < instant_date(cx->now_ms)) {
        return fail(cx, E_INVALID, "开始日期不能早于今天");
    }
    if (until < from || until - from >= DELEGATE_MAX_DAYS) {
        return fail(cx, E_INVALID, "结束日期不能早于开始日期，一次最多委托 %d 天", DELEGATE_MAX_DAYS);
    }
    if (!store_write(cx, s, do_add, &x)) {
        return false;
    }
    *ret_id = x.id;
    return true;
}

typedef struct {
    const Actor *a;
    int64_t id;
} EndArg;

static bool do_end(Cx *cx, Store *s, void *arg)
{
    EndArg *x = arg;
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select home, principal, deputy, ends from delegation where id = ?1"));
    bool row = false;
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, x->id);
    if (!stmt_step(cx, st, &row)) {
        stmt_done(st);
        return false;
    }
    int64_t home = row ? stmt_col_int(st, 0) : 0, principal = row ? stmt_col_int(st, 1) : 0, deputy = row ? stmt_col_int(st, 2) : 0;
    int64_t ends = row ? stmt_col_int(st, 3) : 0;
    stmt_done(st);
    const Org *org = pack_org_by_home(s->pack, home);
    bool mine = row && (principal == x->a->user || deputy == x->a->user);
    bool admin = row && org != NULL && actor_is_admin(s->pack, x->a) &&
                 (x->a->is_system || (x->a->org != NULL && org_within(org, x->a->org)));
    if (!mine && !admin) {
        return fail(cx, E_NOT_FOUND, "没有找到这项委托");
    }
    if (ends <= cx->now_ms) {
        return fail(cx, E_WRONG_STATE, "这项委托已经结束");
    }
    st = db_stmt(cx, cx->db, SQL_REFERENCE, S("update delegation set ends = ?2, ended = ?2 where id = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, x->id);
    stmt_int(st, 2, cx->now_ms);
    store_touch(s, (int32_t)s->pack->n_types);
    return stmt_run(cx, st) && note(cx, s, x->a, S("delegate_end"), home, x->id, S("结束委托"));
}

bool delegate_end(Cx *cx, Store *s, const Actor *a, int64_t id)
{
    EndArg x = {.a = a, .id = id};
    return a->read_only ? fail(cx, E_FORBIDDEN, "这个令牌只能读，不能写") : store_write(cx, s, do_end, &x);
}

static bool read_list(Cx *cx, Store *s, const Actor *a, bool office, Stmt *st, Delegation **ret, size_t *ret_n)
{
    Delegation *items = NEW_ARRAY(cx->mem, Delegation, 200);
    size_t n = 0;
    while (stmt_next(cx, st)) {
        const Org *org = pack_org_by_home(s->pack, stmt_col_int(st, 8));
        if (n == 200 || (office && !a->is_system && (org == NULL || a->org == NULL || !org_within(org, a->org)))) {
            continue;
        }
        int64_t begins = stmt_col_int(st, 5), ends = stmt_col_int(st, 6);
        items[n++] = (Delegation){.id = stmt_col_int(st, 0), .principal = stmt_col_int(st, 1), .deputy = stmt_col_int(st, 2),
                                  .principal_name = stmt_col_dup(cx->mem, st, 3), .deputy_name = stmt_col_dup(cx->mem, st, 4),
                                  .from = instant_date(begins), .until = (int32_t)stmt_col_int(st, 7),
                                  .now = begins <= cx->now_ms && cx->now_ms < ends};
    }
    if (!stmt_end(st)) {
        return false;
    }
    *ret = items;
    *ret_n = n;
    return true;
}

#define LIST_COLUMNS                                                                                                     \
    "select d.id, d.principal, d.deputy, p.name, q.name, d.begins, d.ends, d.last, d.home from delegation d"                 \
    " join account p on p.id = d.principal join account q on q.id = d.deputy where d.ends > ?1"

bool delegate_list(Cx *cx, Store *s, const Actor *a, bool office, Delegation **ret, size_t *ret_n)
{
    if (office && !actor_is_admin(s->pack, a)) {
        return fail(cx, E_FORBIDDEN, "您没有管理用户的权限");
    }
    Stmt *st = office ? db_stmt(cx, cx->db, SQL_REFERENCE, S(LIST_COLUMNS " order by d.begins desc, d.id desc limit 2000"))
                      : db_stmt(cx, cx->db, SQL_REFERENCE,
                                S(LIST_COLUMNS " and (d.principal = ?2 or d.deputy = ?2) order by d.begins desc, d.id desc limit 200"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, cx->now_ms);
    if (!office) {
        stmt_int(st, 2, a->user);
    }
    return read_list(cx, s, a, office, st, ret, ret_n);
}

bool delegate_people(Cx *cx, Store *s, const Actor *a, Colleague **ret, size_t *ret_n)
{
    (void)s;
    *ret = NEW_ARRAY(cx->mem, Colleague, 500);
    *ret_n = 0;
    if (a->org == NULL) {
        return true;
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE,
                       S("select id, name from account where home = ?1 and disabled = 0 and id <> ?2 order by name, id limit 500"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, a->org->home);
    stmt_int(st, 2, a->user);
    while (stmt_next(cx, st)) {
        (*ret)[(*ret_n)++] = (Colleague){.id = stmt_col_int(st, 0), .name = stmt_col_dup(cx->mem, st, 1), .org = a->org};
    }
    return stmt_end(st);
}

static void add_roles(const Store *s, Actor *a, Str roles)
{
    for (Str rest = roles, one; rest.n != 0;) {
        str_cut(rest, ',', &one, &rest);
        if (pack_role(s->pack, one) != NULL && !actor_has_role(a, one) && a->n_roles < ARRAY_LEN(a->roles)) {
            a->roles[a->n_roles++] = one;
        }
    }
}

bool delegate_join(Cx *cx, Store *s, Actor *a)
{
    a->n_own_roles = a->n_roles;
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE,
                       S("select p.id, p.name, p.roles from delegation d join account p on p.id = d.principal"
                         " where d.deputy = ?1 and d.begins <= ?2 and d.ends > ?2 and p.disabled = 0 and p.home = ?3 and p.admin_kind = '' order by d.id"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, a->user);
    stmt_int(st, 2, cx->now_ms);
    stmt_int(st, 3, a->org->home);
    while (a->n_deputy_for != ARRAY_LEN(a->deputy_for) && stmt_next(cx, st)) {
        a->deputy_for[a->n_deputy_for++] = stmt_col_int(st, 0);
        Str name = stmt_col_dup(cx->mem, st, 1);
        a->deputy_names = a->deputy_names.n == 0 ? name : str_printf(cx->mem, "%.*s、%.*s", STRF(a->deputy_names), STRF(name));
        add_roles(s, a, stmt_col_dup(cx->mem, st, 2));
    }
    return stmt_end(st);
}

/* Could the person have done this with their own roles alone? */
static bool own_roles_suffice(const Actor *a, const RecordType *t, Str act, Str action)
{
    const Action *step = t != NULL && str_eq(act, S("act")) ? type_action(t, action) : NULL;
    for (size_t i = 0; i < a->n_own_roles; i++) {
        const Grant *g = t != NULL ? type_grant(t, a->roles[i]) : NULL;
        if (step == NULL && g != NULL && (g->read != REACH_NONE || g->create != REACH_NONE)) {
            return true;
        }
        for (size_t k = 0; step != NULL && k < step->n_roles; k++) {
            if (str_eq(step->roles[k], a->roles[i])) {
                return true;
            }
        }
    }
    return false;
}

Str delegate_source(Arena *mem, const Actor *a, const RecordType *t, Str act, Str action, Str source)
{
    Str plain = source.n != 0 ? source : a->via;
    if (a->n_deputy_for == 0 || t == NULL || own_roles_suffice(a, t, act, action)) {
        return plain;
    }
    return str_printf(mem, "%.*s（代%.*s）", STRF(plain), STRF(a->deputy_names));
}
