/*
 * load_action.c - the actions of one record type, in two goes: first what the type itself knows, and, when all types
 * stand, what happens to records of other types (`then`).
 */
#include "pack/load.h"

const State *find_state(Loader *l, const Node *at, const RecordType *t)
{
    const State *s = at->kind == NODE_TEXT ? type_state(t, at->text) : NULL;
    if (s == NULL) {
        fault(l, at, "没有状态 %.*s，应为 states 里的 id", STRF(at->text));
    }
    return s;
}

static void check_roles(Loader *l, const Node *list)
{
    for (const Node *n = list != NULL ? list->first : NULL; n != NULL; n = n->next) {
        if (n->kind == NODE_TEXT && pack_role(l->p, n->text) == NULL) {
            fault(l, n, "没有角色 %.*s，应为 roles.yaml 里的 id", STRF(n->text));
        } else if (n->kind == NODE_TEXT && pack_role(l->p, n->text)->kind != ADMIN_NONE) {
            fault(l, n, "角色 %.*s 是管理员，应为办理业务的角色", STRF(n->text));
        }
    }
}

static void action_to(Loader *l, const Node *n, const RecordType *t, Action *a)
{
    const Node *to = node_get(n, "to");
    if (to == NULL) {
        return;
    }
    if (to->kind == NODE_TEXT) {
        a->to = NEW_ARRAY(l->mem, const State *, 1);
        a->to[0] = find_state(l, to, t);
        a->n_to = 1;
        return;
    }
    if (to->kind != NODE_MAP) {
        fault(l, to, "to 的写法不对，应为一个状态，或“层级: 状态”的表");
        return;
    }
    a->to = NEW_ARRAY(l->mem, const State *, l->p->n_levels + 1);
    a->n_to = l->p->n_levels;
    for (const Node *s = to->first; s != NULL; s = s->next) {
        int level = level_of(l->p, s->key);
        if (level < 0) {
            fault_at(l, s->file, s->key_line, s->key_col, "没有层级 %.*s，应为 pack.yaml 的 levels 之一", STRF(s->key));
        } else {
            a->to[level] = find_state(l, s, t);
        }
    }
}

static void action_from(Loader *l, const Node *n, const RecordType *t, Action *a)
{
    const Node *from = get_list(l, n, "from");
    if (from == NULL || from->n == 0) {
        fault(l, n, "缺少 from，应为可以办理的状态的列表");
        return;
    }
    a->from = NEW_ARRAY(l->mem, const State *, from->n);
    for (const Node *s = from->first; s != NULL; s = s->next) {
        const State *state = find_state(l, s, t);
        if (state != NULL) {
            a->from[a->n_from++] = state;
        }
    }
}

/*
 * A map field -> expression; the expressions look at records of `t`, with `outer.` at those of `outer` (NULL: none),
 * and at the action's inputs; the fields are those of `of`.
 */
static struct SetTo *load_set_to(Loader *l, const Node *map, const RecordType *of, const RecordType *t,
                                 const RecordType *outer, const Action *a, size_t *ret_n)
{
    *ret_n = 0;
    struct SetTo *out = NEW_ARRAY(l->mem, struct SetTo, map->n + 1);
    for (const Node *n = map->first; n != NULL; n = n->next) {
        const Field *f = type_field(of, n->key);
        if (f == NULL || f->kind == FT_LIST || f->computed) {
            fault_at(l, n->file, n->key_line, n->key_col, "不能写字段 %.*s，应为 %.*s 的普通字段", STRF(n->key),
                     STRF(of->id));
            continue;
        }
        struct SetTo *s = &out[(*ret_n)++];
        s->field = f;
        want_expr_within(l, n, t, outer, a->ask, a->n_ask, f, &s->value);
    }
    return out;
}

/* make.each: one for every record of a type. */
static void make_each(Loader *l, const Node *m, const RecordType *t, struct Make *make)
{
    static const char *const KEYS[] = {"type", "where", NULL};
    const Node *each = get_map(l, m, "each");
    if (each == NULL || !keys_only(l, each, KEYS)) {
        return;
    }
    make->each = get_type(l, each, "type");
    const Node *where = node_get(each, "where");
    if (where != NULL && make->each != NULL) {
        want_expr_within(l, where, make->each, t, NULL, 0, NULL, &make->each_where);
    }
    if (node_get(m, "each_org") != NULL) {
        fault(l, each, "each 和 each_org 不能一起写，应为其中一个");
    }
}

static void action_make(Loader *l, const Node *n, const RecordType *t, Action *a)
{
    static const char *const KEYS[] = {"type", "each_org", "each", "set", NULL};
    const Node *list = get_list(l, n, "make");
    if (list == NULL) {
        return;
    }
    a->make = NEW_ARRAY(l->mem, struct Make, list->n + 1);
    for (const Node *m = list->first; m != NULL; m = m->next) {
        if (!keys_only(l, m, KEYS)) {
            continue;
        }
        struct Make *make = &a->make[a->n_make];
        make->type = get_type(l, m, "type");
        if (make->type == NULL) {
            continue;
        }
        int level = get_level(l, m, "each_org");
        make->each_org_level = level >= 0 ? l->p->levels[level] : S("");
        make_each(l, m, t, make);
        const Node *set = get_map(l, m, "set");
        if (set != NULL && make->each != NULL) {
            make->set = load_set_to(l, set, make->type, make->each, t, a, &make->n_set);
        } else if (set != NULL) {
            make->set = load_set_to(l, set, make->type, t, NULL, a, &make->n_set);
        }
        a->n_make++;
    }
}

static void action_reason(Loader *l, const Node *n, Action *a)
{
    static const char *const REASONS[] = {"none", "optional", "required", NULL};
    int reason = get_choice(l, n, "reason", REASONS, 0);
    a->ask_reason = reason != 0;
    a->reason_required = reason == 2;
    size_t n_phrases;
    Str *phrases = get_texts(l, n, "phrases", &n_phrases);
    a->phrases = NEW_ARRAY(l->mem, Phrase, n_phrases + 1);
    a->n_phrases = n_phrases;
    for (size_t i = 0; i < n_phrases; i++) {
        a->phrases[i] = (Phrase){phrases[i], phrases[i]};
    }
    if (n_phrases != 0 && reason == 0) {
        fault(l, node_get(n, "phrases"), "有常用语而不问理由，应为 reason: optional 或 required");
    }
}

/* Who takes it: persons with a role, several of them, or the program. */
static void action_takers(Loader *l, const Node *n, const RecordType *t, Action *a)
{
    static const char *const KEYS[] = {"count", "each_role", NULL};
    a->by_program = get_bool(l, n, "system", false);
    a->roles = get_texts(l, n, "roles", &a->n_roles);
    const Node *when = node_get(n, "auto");
    if (a->n_roles == 0 && !a->by_program && when == NULL) {
        fault(l, n, "缺少 roles，应为可以办理的角色的列表（只由程序办理的写 system: true）");
    }
    check_roles(l, a->roles != NULL ? node_get(n, "roles") : NULL);
    want_expr(l, n, "auto", t, NULL, 0, NULL, &a->auto_when);
    const Node *need = get_map(l, n, "need");
    if (need == NULL || !keys_only(l, need, KEYS)) {
        return;
    }
    int64_t count = 0;
    (void)get_int(l, need, "count", 2, 20, &count);
    a->need_count = (int32_t)count;
    a->need_each_role = get_bool(l, need, "each_role", false);
    if ((node_get(need, "count") != NULL) == a->need_each_role) {
        fault(l, need, "need 的写法不对，应为 {count: 人数} 或 {each_role: true}");
    }
    if (a->by_program || when != NULL) {
        fault(l, need, "程序办理的动作没有人会签，应为去掉 need");
    } else if (a->need_each_role && a->n_roles < 2) {
        fault(l, need, "只有 %zu 个角色，应为 roles 里至少两个角色才能各出一人", a->n_roles);
    }
}

/* What can never happen is a slip of the pen: nobody can type a reason or an input for the program. */
static void check_program(Loader *l, const Node *n, const Action *a)
{
    bool alone = a->by_program || node_get(n, "auto") != NULL;
    if (a->by_program && a->ask_reason) {
        fault(l, node_get(n, "reason"), "程序办理的动作不能问理由，应为去掉 reason");
    } else if (alone && a->reason_required) {
        fault(l, node_get(n, "reason"), "程序会自动办理，没有人填写理由，应为 reason: optional 或 none");
    }
    for (size_t i = 0; i < a->n_ask && node_get(n, "auto") != NULL; i++) {
        if (a->ask[i].required) {
            fault(l, node_get(n, "ask"), "程序会自动办理，没有人填写“%.*s”，应为不是必填", STRF(a->ask[i].label));
        }
    }
}

static void action_notify(Loader *l, const Node *n, const RecordType *t, Action *a)
{
    static const char *const KEYS[] = {"to", "text", NULL};
    static const char *const WHO[] = {"owner", "holder", "parent", "top", "person", "creator"};
    const Node *list = get_list(l, n, "notify");
    if (list == NULL) {
        return;
    }
    a->notify = NEW_ARRAY(l->mem, struct Notify, list->n + 1);
    for (const Node *m = list->first; m != NULL; m = m->next) {
        if (!keys_only(l, m, KEYS)) {
            continue;
        }
        struct Notify *y = &a->notify[a->n_notify++];
        y->to = get_text(l, m, "to", true);
        y->text = get_text(l, m, "text", true);
        bool known = y->to.n == 0 || pack_role(l->p, y->to) != NULL;
        for (size_t i = 0; i < ARRAY_LEN(WHO) && !known; i++) {
            known = str_eq(y->to, str_c(WHO[i]));
        }
        if (!known) {
            fault(l, node_get(m, "to"), "没有接收人 %.*s，应为 owner、holder、parent、top、person、creator 或一个角色",
                  STRF(y->to));
        } else if (str_eq(y->to, S("person")) && t->person == NULL) {
            fault(l, node_get(m, "to"), "不知道记录属于谁，应为类型里写 person: 登录名字段");
        }
    }
}

static void load_action(Loader *l, const Node *n, const RecordType *t, Action *a)
{
    static const char *const KEYS[] = {"id",        "label",     "tone",    "from",   "to",      "holder",     "roles",
                                       "at_holder", "four_eyes", "bulk",    "reason", "phrases", "conditions", "set",
                                       "ask",       "make",      "confirm", "done",   "system",  "auto",       "need",
                                       "snapshot",  "then",      "notify",  "call", NULL};
    static const char *const HOLDERS[] = {"same", "owner", "parent", "top", NULL};
    if (!keys_only(l, n, KEYS)) {
        return;
    }
    a->id = get_id(l, n, "id", true);
    a->label = get_text(l, n, "label", true);
    a->tone = get_tone(l, n);
    a->clause = get_clause(l, n);
    a->done = get_text(l, n, "done", false);
    a->confirm = get_text(l, n, "confirm", false);
    a->holder = (Hold)get_choice(l, n, "holder", HOLDERS, HOLD_SAME);
    a->at_holder = get_bool(l, n, "at_holder", true);
    a->four_eyes = get_bool(l, n, "four_eyes", false);
    a->bulk = get_bool(l, n, "bulk", false);
    a->snapshot = get_bool(l, n, "snapshot", false);
    a->call = get_text(l, n, "call", false);
    action_takers(l, n, t, a);
    action_from(l, n, t, a);
    action_to(l, n, t, a);
    action_reason(l, n, a);
    const Node *ask = get_list(l, n, "ask");
    if (ask != NULL) {
        read_fields(l, ask, t, true, &a->ask, &a->n_ask);
    }
    check_program(l, n, a);
    const Node *conditions = get_list(l, n, "conditions");
    if (conditions != NULL) {
        a->conditions = load_checks(l, conditions, t, a->ask, a->n_ask, true, &a->n_conditions);
    }
    const Node *set = get_map(l, n, "set");
    if (set != NULL) {
        a->set = load_set_to(l, set, t, t, NULL, a, &a->n_set);
    }
    action_make(l, n, t, a);
    action_notify(l, n, t, a);
}

void load_actions(Loader *l, const Node *tree, RecordType *t)
{
    const Node *list = get_list(l, tree, "actions");
    if (list == NULL) {
        return;
    }
    t->actions = NEW_ARRAY(l->mem, Action, list->n + 1);
    for (const Node *n = list->first; n != NULL; n = n->next) {
        Action *a = &t->actions[t->n_actions];
        load_action(l, n, t, a);
        if (a->id.n != 0 && type_action(t, a->id) != NULL) {
            fault(l, node_get(n, "id"), "办理动作 %.*s 重复，应为互不相同的 id", STRF(a->id));
        }
        t->n_actions++;
    }
}

/* ---- then: when the actions of all types stand ---- */

static void then_action(Loader *l, const Node *n, const RecordType *of, struct Then *h)
{
    Str id = get_text(l, n, "action", true);
    h->reason = get_text(l, n, "reason", false);
    h->action = id.n != 0 ? type_action(of, id) : NULL;
    if (id.n != 0 && h->action == NULL) {
        fault(l, node_get(n, "action"), "没有办理动作 %.*s，应为 %.*s 的 actions 里的 id", STRF(id), STRF(of->id));
    }
    if (h->action == NULL) {
        return;
    }
    if (h->action->reason_required && h->reason.n == 0) {
        fault(l, n, "动作 %.*s 必须有理由，应为写上 reason", STRF(id));
    }
    if (h->action->need_count > 1 || h->action->need_each_role) {
        fault(l, node_get(n, "action"), "动作 %.*s 要几个人会签，程序不能代办，应为没有 need 的动作", STRF(id));
    }
    for (size_t i = 0; i < h->action->n_ask; i++) {
        if (h->action->ask[i].required) {
            fault(l, node_get(n, "action"), "动作 %.*s 要填写“%.*s”，程序不能代填，应为不是必填", STRF(id),
                  STRF(h->action->ask[i].label));
        }
    }
}

/* The type of the records it goes to; NULL with the fault noted. */
static const RecordType *then_target(Loader *l, const Node *n, const RecordType *t, struct Then *h)
{
    const Node *link = node_get(n, "link"), *via = node_get(n, "via");
    if ((link == NULL) == (via == NULL)) {
        fault(l, n, "then 的写法不对，应为 link（指向本记录的那些）或 via（本记录指向的那个）之一");
        return NULL;
    }
    if (via != NULL) {
        h->via = find_field(l, via, t, node_text(l, via, "via"));
        if (h->via != NULL && h->via->kind != FT_REF) {
            fault(l, via, "字段 %.*s 不指向别的记录，应为 ref 字段", STRF(via->text));
            return NULL;
        }
        return h->via != NULL ? h->via->ref : NULL;
    }
    h->link = find_link(l, link, t, node_text(l, link, "link"));
    return h->link != NULL ? h->link->type : NULL;
}

static void load_then(Loader *l, const Node *list, const RecordType *t, Action *a)
{
    static const char *const KEYS[] = {"link", "via", "where", "action", "reason", NULL};
    a->then = NEW_ARRAY(l->mem, struct Then, list->n + 1);
    for (const Node *n = list->first; n != NULL; n = n->next) {
        if (!keys_only(l, n, KEYS)) {
            continue;
        }
        struct Then *h = &a->then[a->n_then++];
        const RecordType *of = then_target(l, n, t, h);
        if (of == NULL) {
            continue;
        }
        then_action(l, n, of, h);
        const Node *where = node_get(n, "where");
        if (where != NULL) {
            want_expr_within(l, where, of, t, NULL, 0, NULL, &h->where);
        }
    }
}

void load_thens(Loader *l, const Node *tree, RecordType *t)
{
    const Node *list = get_list(l, tree, "actions");
    size_t i = 0;
    for (const Node *n = list != NULL ? list->first : NULL; n != NULL; n = n->next, i++) {
        const Node *then = get_list(l, n, "then");
        if (then != NULL) {
            load_then(l, then, t, &t->actions[i]);
        }
    }
}
