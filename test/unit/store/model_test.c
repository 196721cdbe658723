/*
 * model_test.c - every order of steps by two persons, on every state they can reach, against a small model of who may
 * do what.
 *
 * The model knows only the pack's tables: from, to, roles, desk, four eyes, how many sign. It keeps its own account of
 * who touched and who signed. Whenever the store lets through what the model forbids, or refuses what it allows, the
 * order of steps is printed. All orders run inside one write, each undone by its savepoint; at the end of each the
 * journal must be sound.
 */
#include "flow.h"

#define DEPTH 4

typedef struct {
    const State *state;
    int64_t holder;
    int64_t touched[2 * DEPTH + 2], signers[DEPTH];
    size_t n_touched, n_signers;
    const Action *signing;
} Model;

typedef struct {
    Fixture *f;
    const RecordType *t;
    const Actor *actors[2];
    int64_t id;
    const Field *edited;
    int64_t steps, moves;
    char trail[400];
} Run;

static bool has(const int64_t *l, size_t n, int64_t v)
{
    for (size_t i = 0; i < n; i++) {
        if (l[i] == v) {
            return true;
        }
    }
    return false;
}

static bool reads(const Run *x, const Actor *a, int64_t home)
{
    const Grant *g = type_grant(x->t, a->roles[0]);
    return g != NULL && (g->read == REACH_ALL || (g->read == REACH_OWN && a->org->home == home));
}

static bool edits(const Run *x, const Actor *a, const Model *m)
{
    const Grant *g = type_grant(x->t, a->roles[0]);
    return m->state->editable && g != NULL &&
           (g->edit == REACH_ALL || (g->edit == REACH_OWN && a->org->home == id_home(x->id)));
}

static bool needs_two(const Action *act)
{
    return act->need_count > 1 || act->need_each_role;
}

static bool allowed(const Run *x, const Actor *a, const Model *m, const Action *act)
{
    bool from = false, role = false;
    for (size_t i = 0; i < act->n_from; i++) {
        from = from || act->from[i] == m->state;
    }
    for (size_t i = 0; i < act->n_roles; i++) {
        role = role || str_eq(act->roles[i], a->roles[0]);
    }
    if (!from || !role || act->by_program || !reads(x, a, id_home(x->id)) ||
        (act->at_holder && m->holder != a->org->home)) {
        return false;
    }
    if (act->four_eyes && has(m->touched, m->n_touched, a->user)) {
        return false;
    }
    bool mine = act == m->signing && has(m->signers, m->n_signers, a->user);
    for (size_t i = 0; act == m->signing && act->need_each_role && i < m->n_signers;
         i++) { /* two of one role do not make one of each */
        for (size_t k = 0; k < 2; k++) {
            mine = mine || (x->actors[k]->user == m->signers[i] && str_eq(x->actors[k]->roles[0], a->roles[0]));
        }
    }
    return !needs_two(act) || !mine;
}

static const Org *desk(const Run *x, const Model *m, Hold how)
{
    const Org *now = pack_org_by_home(x->f->pack, m->holder), *owner = pack_org_by_home(x->f->pack, id_home(x->id));
    return how == HOLD_SAME        ? now
           : how == HOLD_OWNER     ? owner
           : how == HOLD_PARENT    ? now->parent
           : owner->parent != NULL ? owner->parent
                                   : owner;
}

static Model after(const Run *x, Model m, const Actor *a, const Action *act)
{
    if (needs_two(act)) {
        m.n_signers = act == m.signing ? m.n_signers : 0;
        m.signing = act;
        m.signers[m.n_signers++] = a->user;
        if (m.n_signers < 2) {
            return m;
        }
    }
    const Org *o = desk(x, &m, act->holder);
    const State *to = act->n_to == 0 ? m.state : act->n_to == 1 ? act->to[0] : act->to[o->level_index];
    if (m.state->editable && to != m.state) {
        m.touched[m.n_touched++] = a->user;
    }
    m.state = to;
    m.holder = o->home;
    m.n_signers = 0;
    m.signing = NULL;
    return m;
}

static void wrong(const Run *x, const char *what)
{
    print_error("%.*s:%s: %s\n", STRF(x->t->id), x->trail, what);
    assert_true(false);
}

static void look(Run *x, const Model *m)
{
    Rec now = again(x->f, &(Rec){.type = x->t, .id = x->id});
    if (now.state != m->state || now.holder != m->holder) {
        wrong(x, "elsewhere than the model says");
    }
}

static void explore(Run *x, Model m, int depth);

static void try_action(Run *x, const Model *m, const Actor *a, const Action *act, int depth)
{
    Fixture *f = x->f;
    Findings found = findings_new(f->mem);
    WriteOpts o = {.reason = S("照章办理")};
    Rec r;
    Value *in = NEW_ARRAY(f->mem, Value, act->n_ask + 1);
    if (act->n_ask == 1 && act->ask[0].required) {
        in[0] = (Value){.has = true, .s = S("gold")};
    }
    bool may = allowed(x, a, m, act), did = rec_act(&f->cx, f->s, a, x->t, x->id, act, in, &o, &found, &r);
    x->steps++;
    if (did != may) {
        say_failure(f);
        wrong(x, did ? "let through" : "refused");
    }
    cx_clear(&f->cx);
    Model next = did ? after(x, *m, a, act) : *m;
    look(x, &next);
    x->moves += did && next.state != m->state;
    if (did) {
        explore(x, next, depth + 1);
    }
}

static void try_edit(Run *x, const Model *m, const Actor *a, int depth)
{
    Fixture *f = x->f;
    Findings found = findings_new(f->mem);
    WriteOpts o = {0};
    Value *v = NEW_ARRAY(f->mem, Value, x->t->n_fields);
    bool *set = NEW_ARRAY(f->mem, bool, x->t->n_fields), changed = false;
    Rec r;
    v[x->edited->index] = (Value){.has = true, .i = 20 + depth};
    set[x->edited->index] = true;
    bool may = edits(x, a, m), did = rec_update(&f->cx, f->s, a, x->t, x->id, v, set, &o, &found, &r, &changed);
    x->steps++;
    if (did != may) {
        say_failure(f);
        wrong(x, did ? "edit let through" : "edit refused");
    }
    cx_clear(&f->cx);
    Model next = *m;
    if (did) {
        next.touched[next.n_touched++] = a->user;
        next.n_signers = 0;
        next.signing = NULL;
        explore(x, next, depth + 1);
    }
}

typedef struct {
    Run *x;
    const Model *m;
    const Actor *a;
    const Action *act; /* NULL: an edit */
    int depth;
} Branch;

/* A step and all that can follow it; undone. */
static bool branch(Cx *cx, Store *s, void *arg)
{
    Branch *b = arg;
    (void)s;
    if (b->act != NULL) {
        try_action(b->x, b->m, b->a, b->act, b->depth);
    } else if (b->x->edited != NULL) {
        try_edit(b->x, b->m, b->a, b->depth);
    }
    return fail(cx, E_CANCELLED, "撤销");
}

static void explore(Run *x, Model m, int depth)
{
    Fixture *f = x->f;
    if (depth == DEPTH) {
        sound(f);
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k <= x->t->n_actions; k++) {
            const Action *act = k < x->t->n_actions ? &x->t->actions[k] : NULL;
            size_t end = strlen(x->trail);
            ArenaMark mark = arena_mark(f->mem);
            snprintf(x->trail + end, sizeof x->trail - end, " %.*s.%.*s", STRF(x->actors[i]->name),
                     STRF(act != NULL ? act->id : S("edit")));
            REFUSED(E_CANCELLED, store_write(&f->cx, f->s, branch, &(Branch){x, &m, x->actors[i], act, depth}));
            x->trail[end] = '\0';
            arena_release(f->mem, mark);
        }
    }
}

static bool run_inside(Cx *cx, Store *s, void *arg)
{
    Run *x = arg;
    (void)cx;
    (void)s;
    Rec r = again(x->f, &(Rec){.type = x->t, .id = x->id});
    explore(x, (Model){.state = r.state, .holder = r.holder, .touched = {r.created_by}, .n_touched = 1}, 0);
    return fail(cx, E_CANCELLED, "全部撤销");
}

static void all_orders(Fixture *f, const Rec *r, const Actor *a, const Actor *b, const char *edited,
                       int64_t least_moves)
{
    Run x = {.f = f,
             .t = r->type,
             .actors = {a, b},
             .id = r->id,
             .edited = edited != NULL ? type_field(r->type, str_c(edited)) : NULL};
    REFUSED(E_CANCELLED, store_write(&f->cx, f->s, run_inside, &x));
    assert_true(x.moves >= least_moves);
    assert_true(x.steps > x.moves);
    OK(store_attach(&f->cx, f->s));
    sound(f);
}

static void a_team_of_two_levels(void **state)
{
    Fixture *f = *state;
    Rec r = team(f, &f->writer, "甲县采收队", "20");
    Actor same = f->head; /* the one who entered it, moved to the province */
    same.user = f->writer.user;
    all_orders(f, &r, &f->writer, &f->head, "people", 6);
    all_orders(f, &r, &f->writer, &same, "people", 1);
    all_orders(f, &r, &f->writer2, &f->head, "people", 0);
    OK(act(f, &f->writer, &r, "ask", ""));
    all_orders(f, &r, &f->head, &f->head2, "people", 4);
    all_orders(f, &r, &f->writer_too, &f->head, "people", 4);
    OK(act(f, &f->head, &r, "approve", ""));
    all_orders(f, &r, &f->head2, &f->writer, "people", 1);
}

static void a_piece_that_two_must_choose(void **state)
{
    Fixture *f = *state;
    Rec round = a_round(f, "2020-01-01"), r = a_piece(f, "木雕", "3", &round);
    all_orders(f, &r, &flow.clerk, &flow.officer, "makers", 2);
    OK(step(f, &flow.clerk, &r, "send", ""));
    all_orders(f, &r, &flow.officer, &flow.leader, "makers", 2);
    all_orders(f, &r, &flow.officer, &flow.officer2, "makers", 2);
    Actor same = flow.officer2;
    same.user = flow.clerk.user;
    all_orders(f, &r, &flow.officer, &same, "makers", 1);
    all_orders(f, &r, &flow.judge, &flow.clerk_w, "makers", 0);
    Actor elsewhere = actor_of(f, 9, "dong9", "E", "officer"); /* the role, but not the desk */
    all_orders(f, &r, &flow.officer, &elsewhere, "makers", 1);
    OK(step(f, &flow.officer, &r, "choose", ""));
    OK(step(f, &flow.leader, &r, "choose", ""));
    all_orders(f, &r, &flow.officer, &flow.leader, "makers", 0); /* what follows is the program's */
}

static void a_round_that_each_role_must_publish(void **state)
{
    Fixture *f = *state;
    Rec r = a_round(f, "2020-01-01");
    (void)a_chosen(f, "木雕", "3", &r);
    all_orders(f, &r, &flow.officer, &flow.leader, NULL, 0);
    OK(by_program(f, &r, "close"));
    all_orders(f, &r, &flow.officer, &flow.leader, NULL, 2);
    all_orders(f, &r, &flow.officer, &flow.officer2, NULL, 0);
    all_orders(f, &r, &flow.judge, &flow.clerk, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {T(a_team_of_two_levels), FT(a_piece_that_two_must_choose),
                                       FT(a_round_that_each_role_must_publish)};
    return cmocka_run_group_tests_name("store/model", tests, NULL, NULL);
}
