/*
 * matrix.c - what store/access decides, for comparison with an oracle that never saw it (oracle.mjs). The pack's folder is the
 * argument. First it tells the model it loaded, one line a type ("T id fields states actions", names joined by commas, "-" for none), then an
 * empty line. Each line of stdin is a question, each line of stdout its answer; words are separated by one space, "-" is nobody or nothing:
 *   R type state roles office owner holder person token -> read (2 all, 1 public fields, 0) edit delete history | one digit a field | one an action
 *   C type roles office owner token                     -> create
 *   F type roles                                        -> export history import unmask
 *   S type roles office                                 -> one digit an office of the pack, in its order: is it in the scope | mine
 * office, owner, holder: codes of orgs.csv. token: 1 without write scope. person: who entered the record and whom its person field names,
 * by numbers: 0 another, nobody; 1 the actor, nobody; 2 another, the actor; 3 the actor, another; 4 another, another; 5 the actor twice.
 */
#include <stdio.h>

#include "pack/pack.h"
#include "store/access.h"

#define WORDS 9

static Str word(Str *rest)
{
    Str head;
    (void)str_cut(*rest, ' ', &head, rest);
    return head;
}

static Actor actor(const Pack *p, Str roles, Str office, bool token)
{
    Actor a = {.read_only = token};
    if (str_eq(office, S("-"))) {
        return a; /* the public */
    }
    a.user = 77;
    a.login = S("the-actor");
    a.org = pack_org(p, office);
    Str rest = str_eq(roles, S("-")) ? S("") : roles;
    while (rest.n != 0) {
        (void)str_cut(rest, ',', &a.roles[a.n_roles], &rest);
        a.n_roles++;
    }
    a.n_own_roles = a.n_roles;
    return a;
}

static void whose(Rec *r, const Actor *a, int64_t person)
{
    const Field *f = r->type->person;
    r->created_by = person == 1 || person == 3 || person == 5 ? a->user : 99;
    if (f != NULL && person >= 2) {
        r->v[f->index] = (Value){.has = true, .s = person == 2 || person == 5 ? a->login : S("another")};
    }
}

static void digit(int value)
{
    (void)putchar('0' + value);
}

static void record(Cx *cx, const Pack *p, const Str *w)
{
    Actor a = actor(p, w[3], w[4], str_eq(w[8], S("1")));
    Rec r = {.type = pack_type(p, w[1])};
    r.state = type_state(r.type, w[2]);
    r.home = pack_org(p, w[5])->home;
    r.holder = pack_org(p, w[6])->home;
    r.v = NEW_ARRAY(cx->mem, Value, r.type->n_fields);
    whose(&r, &a, w[7].p[0] - '0');
    bool public_only = false;
    bool read = access_read(p, &a, &r, &public_only);
    digit(!read ? 0 : public_only ? 1 : 2);
    digit(access_edit(p, &a, &r));
    digit(access_delete(p, &a, &r));
    digit(access_history(p, &a, &r));
    (void)putchar('|');
    for (size_t i = 0; i < r.type->n_fields; i++) {
        digit(read && access_field_in(&a, r.type, r.state, &r.type->fields[i], public_only));
    }
    (void)putchar('|');
    for (size_t i = 0; i < r.type->n_actions; i++) {
        digit(access_action(p, &a, &r, &r.type->actions[i]));
    }
}

static void scope(Cx *cx, const Pack *p, const Str *w)
{
    Actor a = actor(p, w[2], w[3], false);
    Scope s = access_scope(cx->mem, p, &a, pack_type(p, w[1]));
    for (size_t i = 0; i < p->n_orgs; i++) {
        digit(!s.published_only && scope_has(&s, p->orgs[i].home));
    }
    (void)putchar('|');
    digit(s.mine);
}

static void answer(Cx *cx, const Pack *p, Str line)
{
    Str w[WORDS];
    for (size_t i = 0; i < WORDS; i++) {
        w[i] = word(&line);
    }
    const RecordType *t = pack_type(p, w[1]);
    Actor a;
    switch (w[0].p[0]) {
    case 'R':
        record(cx, p, w);
        break;
    case 'C':
        a = actor(p, w[2], w[3], str_eq(w[5], S("1")));
        digit(access_create(p, &a, t, pack_org(p, w[4])));
        break;
    case 'F':
        a = actor(p, w[2], p->orgs[0].code, false);
        digit(access_flag(&a, t, 'x'));
        digit(access_flag(&a, t, 'h'));
        digit(access_flag(&a, t, 'i'));
        digit(access_flag(&a, t, 'u'));
        break;
    default:
        scope(cx, p, w);
    }
    (void)putchar('\n');
}

static void comma(size_t i, Str id)
{
    printf("%s%.*s", i == 0 ? "" : ",", STRF(id));
}

static void tell(const Pack *p)
{
    for (size_t i = 0; i < p->n_types; i++) {
        const RecordType *t = &p->types[i];
        printf("T %.*s ", STRF(t->id));
        for (size_t k = 0; k < t->n_fields; k++) {
            comma(k, t->fields[k].id);
        }
        (void)putchar(' ');
        for (size_t k = 0; k < t->n_states; k++) {
            comma(k, t->states[k].id);
        }
        printf(t->n_actions == 0 ? " -" : " ");
        for (size_t k = 0; k < t->n_actions; k++) {
            comma(k, t->actions[k].id);
        }
        (void)putchar('\n');
    }
    (void)putchar('\n');
}

int main(int argc, char **argv)
{
    Arena *mem = arena_new(0), *pack_mem = arena_new(0);
    Cx cx;
    Str report;
    cx_init(&cx, mem);
    const Pack *p = argc == 2 ? pack_load(&cx, pack_mem, argv[1], &report) : NULL;
    if (p == NULL) {
        fprintf(stderr, "rights_matrix: one argument, the folder of a pack that loads\n");
        return 1;
    }
    tell(p);
    char line[1000];
    while (fgets(line, sizeof line, stdin) != NULL) {
        answer(&cx, p, str_trim(str_c(line)));
        arena_reset(mem);
    }
    return 0;
}
