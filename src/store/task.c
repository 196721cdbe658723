/*
 * task.c - asking, answering, taking back, and what an open task forbids.
 */
#include "base/date.h"
#include "store/notice.h"
#include "store/taskrow.h"

#define TEXT_MAX 500
#define OPEN_MAX 20

bool state_has_work(const RecordType *t, const State *st)
{
    for (size_t i = 0; i < t->n_actions; i++) {
        const Action *act = &t->actions[i];
        for (size_t k = 0; k < act->n_from && !st->rest && act->n_to != 0 && act->at_holder && !act->by_program; k++) {
            if (act->from[k] == st) {
                return true;
            }
        }
    }
    return false;
}

static bool may_assign(const Actor *a, const RecordType *t)
{
    for (size_t i = 0; i < a->n_roles; i++) {
        const Grant *g = type_grant(t, a->roles[i]);
        if (g != NULL && g->assign) {
            return true;
        }
    }
    return false;
}

/* NULL: may; else the reason why not. */
static const char *refusal(const Store *s, const Actor *a, const Rec *r, TaskKind kind, ErrCode *ret)
{
    *ret = E_FORBIDDEN;
    if (a->user == 0 || a->org == NULL || a->read_only) {
        return "您不能转办、委派、加签、抄送或催办";
    }
    if (r->state->sealed) {
        return "这条记录处于封存状态，只有本人能看，不能转给别人";
    }
    if (!may_assign(a, r->type) && !(kind == TASK_URGE && r->created_by == a->user)) {
        return "您的角色不能转办、委派、加签、抄送或催办";
    }
    if (kind == TASK_COPY) {
        return NULL;
    }
    const Org *holder = pack_org_by_home(s->pack, r->holder);
    if (kind == TASK_URGE && r->created_by != a->user && r->home != a->org->home && (holder == NULL || !org_within(holder, a->org))) {
        return "只有填报单位、创建人和上级单位可以催办";
    }
    *ret = E_WRONG_STATE;
    if (!state_has_work(r->type, r->state)) {
        return "这条记录现在没有待办的步骤";
    }
    bool here = a->org->home == r->holder;
    if (kind == TASK_URGE) {
        return here ? "这条记录就在本单位办理，不用催办" : NULL;
    }
    return here ? NULL : "这条记录不在本单位办理";
}

bool task_may(const Store *s, const Actor *a, const Rec *r, TaskKind kind)
{
    ErrCode err;
    return refusal(s, a, r, kind, &err) == NULL;
}

typedef struct {
    const Actor *a;
    const RecordType *t;
    int64_t record, to, id;
    TaskKind kind;
    Str text, answer;
    Task *ret;
} TaskArg;

static bool load_readable(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t id, Rec *r)
{
    bool public_only;
    ReachHold h;
    reach_record(cx, s, a, t, &h);
    bool there = rec_load_held(cx, s, t, id, false, r);
    reach_end(cx, &h);
    if (!there) {
        return false;
    }
    return (access_read(s->pack, a, r, &public_only) && !public_only) ||
           fail(cx, E_NOT_FOUND, "没有找到这条%.*s记录，或者不在您的管辖范围内", STRF(t->label));
}

/* The person asked: of the right office, and able to read the record. */
static bool find_person(Cx *cx, Store *s, const TaskArg *x, const Rec *r, Task *task)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("select name, home, login, roles from account where id = ?1 and disabled = 0"));
    bool row = false;
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, x->to);
    if (!stmt_step(cx, st, &row)) {
        stmt_done(st);
        return false;
    }
    Str name = row ? stmt_col_dup(cx->mem, st, 0) : S(""), login = row ? stmt_col_dup(cx->mem, st, 2) : S("");
    Str roles = row ? stmt_col_dup(cx->mem, st, 3) : S("");
    const Org *org = row ? pack_org_by_home(s->pack, stmt_col_int(st, 1)) : NULL, *own = x->a->org;
    stmt_done(st);
    if (org == NULL) {
        return fail(cx, E_INVALID, "请选择交给谁");
    }
    if (x->to == x->a->user) {
        return fail(cx, E_INVALID, "不能交给自己，请选择另一位同事");
    }
    bool near = org == own || (x->kind != TASK_HANDLE && org_within(org, own)) || (x->kind == TASK_COPY && org_within(own, org));
    if (!near) {
        return x->kind == TASK_HANDLE ? fail(cx, E_FORBIDDEN, "只能转办给本单位的同事")
                                      : fail(cx, E_FORBIDDEN, "不能交给%.*s的人员", STRF(org->name));
    }
    if (!task_reader(s, r, org, x->to, login, roles)) {
        return fail(cx, E_FORBIDDEN, "%.*s 无权查看这条记录，不能交给他（她）", STRF(name));
    }
    task->to = x->to;
    task->to_name = name;
    task->to_org = org->shortname.n != 0 ? org->shortname : org->name;
    task->to_home = org->home;
    return true;
}

static bool set_answer(Cx *cx, int64_t id, Str answer, Str text, Str by)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_HOME,
                       S("update task set answered = ?2, answer = ?3, answer_text = ?4, answer_by = ?5 where home = ?6 and id = ?1 and answered = 0"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, id);
    stmt_int(st, 2, cx->now_ms);
    stmt_text(st, 3, answer);
    stmt_text(st, 4, text);
    stmt_text(st, 5, by);
    stmt_int(st, 6, id_home(id));
    return stmt_run(cx, st);
}

/* What is open already: no second of the same to the same person, one colleague at most who handles it, one urge a working day. */
static bool check_others(Cx *cx, Store *s, const TaskArg *x, const Rec *r)
{
    Task *all;
    size_t n, open = 0;
    int32_t today = instant_date(cx->now_ms);
    if (!task_list_of(cx, s, r->id, &all, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const Task *t = &all[i];
        bool is_open = t->answered_ms == 0;
        open += is_open;
        if (x->kind == TASK_URGE && t->kind == TASK_URGE && workday_between(&s->pack->workdays, instant_date(t->at_ms), today) < 1) {
            return fail(cx, E_WRONG_STATE, "这条记录今天已经催办过，一个工作日只能催办一次");
        }
        if (!is_open || t->kind != x->kind) {
            continue;
        }
        if (x->kind != TASK_HANDLE && x->kind != TASK_URGE && t->to == x->to) {
            return fail(cx, E_CONFLICT, "已经请 %.*s %.*s，还没有答复", STRF(t->to_name), STRF(task_kind_label(x->kind)));
        }
        if (x->kind == TASK_HANDLE && t->to != x->a->user) {
            return fail(cx, E_CONFLICT, "已经转给 %.*s 办理，请先收回再转给别人", STRF(t->to_name));
        }
        if (x->kind == TASK_HANDLE && !set_answer(cx, t->id, S("done"), S("再转办"), x->a->name)) {
            return false;
        }
    }
    return open < OPEN_MAX || fail(cx, E_TOO_MANY, "这条记录上还没有答复的事项已有 %d 项，请先处理", OPEN_MAX);
}

static bool insert(Cx *cx, const Task *t, Str type)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_HOME,
                       S("insert into task (id, home, type, record, kind, state, by_user, by_name, by_org, to_user, to_name, to_org, to_home,"
                         " text, at, answered, answer, answer_text, answer_by)"
                         " values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, 0, '', '', '')"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, t->id);
    stmt_int(st, 2, t->home);
    stmt_text(st, 3, type);
    stmt_int(st, 4, t->record);
    stmt_text(st, 5, task_kind_word(t->kind));
    stmt_text(st, 6, t->state);
    stmt_int(st, 7, t->by);
    stmt_text(st, 8, t->by_name);
    stmt_text(st, 9, t->by_org);
    stmt_int(st, 10, t->to);
    stmt_text(st, 11, t->to_name);
    stmt_text(st, 12, t->to_org);
    stmt_int(st, 13, t->to_home);
    stmt_text(st, 14, t->text);
    stmt_int(st, 15, t->at_ms);
    return stmt_run(cx, st);
}

static bool note(Cx *cx, Store *s, const Actor *a, const Rec *r, TaskKind kind, const char *what, Str text)
{
    store_touch(s, r->type->index);
    Str word = task_kind_word(kind);
    return journal_add(cx, s, r->home, a, S("task"), r->type, r->id, r->rev, str_printf(cx->mem, "%.*s:%s", STRF(word), what), r->state->id,
                       r->state->id, text, S(""), S("{}"));
}

static Str with_text(Arena *mem, Str head, Str text)
{
    return text.n == 0 ? head : str_printf(mem, "%.*s：%.*s", STRF(head), STRF(text));
}

static Str title_of(const Rec *r)
{
    const Field *f = r->type->title;
    return f != NULL && r->v[f->index].s.n != 0 ? r->v[f->index].s : r->no.n != 0 ? r->no : r->type->label;
}

/* Whoever is asked, or who asked, hears of it; an office that is urged as a whole. */
static bool tell(Cx *cx, Store *s, const Rec *r, const Task *t, int64_t user, const char *what)
{
    Str href = str_printf(cx->mem, "/r/%.*s/%lld", STRF(r->type->id), (long long)r->id);
    Str text = str_printf(cx->mem, "%.*s%s：%.*s", STRF(t->by_name), what, STRF(title_of(r)));
    const Org *to = t->kind == TASK_URGE && user == 0 ? pack_org_by_home(s->pack, t->to_home) : NULL;
    return to != NULL ? notice_office(cx, s, to, r->type, S(""), text, href) : user == 0 || notice_put(cx, s, user, text, href);
}

static bool do_add(Cx *cx, Store *s, void *arg)
{
    static const char *const WORDS[] = {"转给您办理", "请您提出意见", "请您加签", "抄送给您", "催办"};
    TaskArg *x = arg;
    Rec r;
    ErrCode err;
    if (!load_readable(cx, s, x->a, x->t, x->record, &r)) {
        return false;
    }
    const char *why = refusal(s, x->a, &r, x->kind, &err);
    if (why != NULL) {
        return fail(cx, err, "%s", why);
    }
    const Org *org = x->a->org, *holder = pack_org_by_home(s->pack, r.holder);
    Task t = {.id = store_new_id(s, r.home), .home = r.home, .record = r.id, .kind = x->kind, .state = r.state->id, .by = x->a->user,
              .by_name = x->a->name, .by_org = org->shortname.n != 0 ? org->shortname : org->name, .text = x->text, .at_ms = cx->now_ms};
    if (x->kind == TASK_URGE) {
        t.to_home = r.holder;
        t.to_name = S("");
        t.to_org = holder == NULL ? S("") : holder->shortname.n != 0 ? holder->shortname : holder->name;
    } else if (!find_person(cx, s, x, &r, &t)) {
        return false;
    }
    x->id = t.id;
    Str whom = x->kind == TASK_URGE ? t.to_org : t.to_name;
    return check_others(cx, s, x, &r) && insert(cx, &t, x->t->id) &&
           note(cx, s, x->a, &r, x->kind, "add", with_text(cx->mem, str_printf(cx->mem, "给 %.*s", STRF(whom)), x->text)) &&
           tell(cx, s, &r, &t, t.to, WORDS[x->kind]);
}

bool task_add(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t record, TaskKind kind, int64_t to, Str text, int64_t *ret_id)
{
    TaskArg x = {.a = a, .t = t, .record = record, .kind = kind, .to = to, .text = str_trim(text)};
    if (utf8_len(x.text) > TEXT_MAX) {
        return fail(cx, E_INVALID, "说明最多 %d 个字", TEXT_MAX);
    }
    if (!store_write(cx, s, do_add, &x)) {
        return false;
    }
    *ret_id = x.id;
    return true;
}

/* ---- answering ---- */

static bool stands_for(const Actor *a, int64_t user)
{
    bool yes = user != 0 && a->user == user;
    for (size_t i = 0; i < a->n_deputy_for; i++) {
        yes = yes || (user != 0 && a->deputy_for[i] == user);
    }
    return yes;
}

bool task_may_answer(const Store *s, const Actor *a, const Task *t)
{
    (void)s;
    if (t->answered_ms != 0 || a->read_only || t->kind == TASK_HANDLE) {
        return false;
    }
    return t->kind == TASK_URGE ? a->org != NULL && a->org->home == t->to_home && a->user != 0 : stands_for(a, t->to);
}

bool task_may_take_back(const Store *s, const Actor *a, const Task *t)
{
    (void)s;
    if (t->answered_ms != 0 || a->read_only || a->user == 0 || t->kind == TASK_URGE) {
        return false;
    }
    bool office = t->kind == TASK_HANDLE && a->org != NULL && a->org->home == t->to_home && may_assign(a, t->type);
    return a->user == t->by || office || (t->kind == TASK_HANDLE && stands_for(a, t->to));
}

static bool find_task(Cx *cx, Store *s, int64_t id, Task *ret)
{
    Task *all;
    size_t n;
    Stmt *st = db_stmt(cx, cx->db, SQL_HOME, S(TASK_COLUMNS " where home = ?2 and id = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, id);
    stmt_int(st, 2, id_home(id));
    if (!task_rows(cx, s, st, 1, &all, &n)) {
        return false;
    }
    if (n == 0) {
        return fail(cx, E_NOT_FOUND, "没有找到这件事");
    }
    *ret = all[0];
    return true;
}

static bool answer_fits(Cx *cx, const Task *t, Str answer, Str text)
{
    bool known = t->kind == TASK_SIGN      ? str_eq(answer, S("agree")) || str_eq(answer, S("disagree"))
                 : t->kind == TASK_CONSULT ? str_eq(answer, S("opinion"))
                                           : str_eq(answer, S("seen"));
    if (!known) {
        return fail(cx, E_INVALID, t->kind == TASK_SIGN ? "请选择同意或不同意" : "这件事不能这样答复");
    }
    bool needs = str_eq(answer, S("disagree")) || str_eq(answer, S("opinion"));
    if (needs && utf8_len(text) < 2) {
        return fail(cx, E_INVALID, str_eq(answer, S("opinion")) ? "请写下您的意见" : "不同意须写明理由");
    }
    return utf8_len(text) <= TEXT_MAX || fail(cx, E_INVALID, "答复最多 %d 个字", TEXT_MAX);
}

/* The task and its record, when the actor has to do with it. */
static bool open_task(Cx *cx, Store *s, const TaskArg *x, bool (*may)(const Store *, const Actor *, const Task *), Rec *r)
{
    if (!find_task(cx, s, x->id, x->ret)) {
        return false;
    }
    Task as_open = *x->ret;
    as_open.answered_ms = 0;
    if (!may(s, x->a, &as_open) || !load_readable(cx, s, x->a, x->ret->type, x->ret->record, r)) {
        if (cx->err != E_OK && cx->err != E_NOT_FOUND) {
            return false;
        }
        cx_clear(cx);
        return fail(cx, E_NOT_FOUND, "没有找到这件事，或者不是交给您的");
    }
    return x->ret->answered_ms == 0 || fail(cx, E_WRONG_STATE, "这件事已经有了结果，不用再办");
}

static bool close_task(Cx *cx, Store *s, const TaskArg *x, const Rec *r, Str answer)
{
    static const Str WORDS[][2] = {{STR_INIT("agree"), STR_INIT("同意")},   {STR_INIT("disagree"), STR_INIT("不同意")},
                                   {STR_INIT("opinion"), STR_INIT("意见")}, {STR_INIT("seen"), STR_INIT("已阅")},
                                   {STR_INIT("back"), STR_INIT("收回")}};
    Task *t = x->ret;
    Str word = answer;
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        word = str_eq(answer, WORDS[i][0]) ? WORDS[i][1] : word;
    }
    t->answer = answer;
    t->answer_text = x->text;
    t->answer_by = x->a->name;
    t->answered_ms = cx->now_ms;
    return set_answer(cx, t->id, answer, x->text, x->a->name) &&
           note(cx, s, x->a, r, t->kind, str_z(cx->mem, answer), with_text(cx->mem, word, x->text));
}

static bool do_answer(Cx *cx, Store *s, void *arg)
{
    TaskArg *x = arg;
    Rec r;
    if (!open_task(cx, s, x, task_may_answer, &r) || !answer_fits(cx, x->ret, x->answer, x->text) ||
        !close_task(cx, s, x, &r, x->answer)) {
        return false;
    }
    Task answered = *x->ret; /* told in the name of who answers */
    answered.by_name = x->a->name;
    answered.kind = TASK_CONSULT;
    return x->ret->kind == TASK_COPY || tell(cx, s, &r, &answered, x->ret->by, "已答复您请办的事");
}

bool task_answer(Cx *cx, Store *s, const Actor *a, int64_t id, Str answer, Str text, Task *ret)
{
    TaskArg x = {.a = a, .id = id, .answer = answer, .text = str_trim(text), .ret = ret};
    return store_write(cx, s, do_answer, &x);
}

static bool do_back(Cx *cx, Store *s, void *arg)
{
    TaskArg *x = arg;
    Rec r;
    return open_task(cx, s, x, task_may_take_back, &r) && close_task(cx, s, x, &r, S("back"));
}

bool task_take_back(Cx *cx, Store *s, const Actor *a, int64_t id, Str text, Task *ret)
{
    TaskArg x = {.a = a, .id = id, .text = str_trim(text), .ret = ret};
    if (utf8_len(x.text) > TEXT_MAX) {
        return fail(cx, E_INVALID, "说明最多 %d 个字", TEXT_MAX);
    }
    return store_write(cx, s, do_back, &x);
}

/* ---- what tasks do to the flow ---- */

/* The owner may take back what lies at another desk: that is not moving it on. */
static bool is_recall(const Actor *a, const Rec *r, const Action *act)
{
    return !act->at_holder && act->holder == HOLD_OWNER && a->org != NULL && a->org->home == r->home && r->home != r->holder;
}

bool task_blocks(Cx *cx, Store *s, const Actor *a, const Rec *r, const Action *act, Str *ret_why)
{
    Task *all;
    size_t n;
    *ret_why = S("");
    if (act->n_to == 0 || a->is_system || is_recall(a, r, act)) {
        return true;
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_HOME,
                       S(TASK_COLUMNS " where home = ?3 and record = ?1 and answered = 0 and state = ?2 and kind in ('handle', 'sign') order by id"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, r->id);
    stmt_text(st, 2, r->state->id);
    stmt_int(st, 3, r->home);
    if (!task_rows(cx, s, st, OPEN_MAX + 1, &all, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const Task *t = &all[i];
        if (t->kind == TASK_SIGN) {
            *ret_why = str_printf(cx->mem, "还在等 %.*s（%.*s）加签", STRF(t->to_name), STRF(t->to_org));
            return true;
        }
        if (a->org != NULL && a->org->home == t->to_home && !stands_for(a, t->to)) {
            *ret_why = str_printf(cx->mem, "已转给 %.*s 办理；要自己办，请先收回", STRF(t->to_name));
            return true;
        }
    }
    return true;
}

bool task_moved(Cx *cx, Store *s, const Actor *a, const Rec *before, const Rec *after)
{
    (void)s;
    if (before->state == after->state && before->holder == after->holder) {
        return true;
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_HOME,
                       S("update task set answered = ?2, answer = case when kind = 'handle' then 'done' else 'moved' end, answer_by = ?3"
                         " where home = ?4 and record = ?1 and answered = 0 and kind <> 'copy'"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, before->id);
    stmt_int(st, 2, cx->now_ms);
    stmt_text(st, 3, a->name);
    stmt_int(st, 4, before->home);
    return stmt_run(cx, st);
}
