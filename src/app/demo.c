/*
 * demo.c - the demonstration: CSV files beside a pack become records, through the same door as everything else.
 *
 * A file's first column names decide: `org` is the owner, `state` where the record shall stand (reached by real actions, so that its history is
 * whole), `when` the day it happened; other columns are fields; references are titles of records made before.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/demo.h"
#include "base/date.h"
#include "fmt/csv.h"

/* File and type, in the order in which they refer to each other. */
static const struct {
    const char *file, *type;
} FILES[] = {{"rounds", "survey_round"}, {"brands", "brand"},          {"figures", "brand_figures"},
             {"honours", "honour"},      {"libraries", "library_entry"}, {"plans", "plan"},
             {"standards", "standard"},  {"experts", "expert"},       {"officers", "officer"},        {"persons", "typical_person"}};

/* One file being read. */
typedef struct {
    Demo *d;
    const RecordType *t;
    Str *names;
    size_t n_names;
} DataFile;

static Str read_all(Cx *cx, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        if (fd >= 0) {
            close(fd);
        }
        return S("");
    }
    char *p = arena_alloc(cx->mem, (size_t)st.st_size + 1);
    ssize_t n = read(fd, p, (size_t)st.st_size);
    close(fd);
    return str_n(p, n > 0 ? (size_t)n : 0);
}

static Str relative(Demo *d, const Field *f, Str text)
{
    int64_t n;
    if ((f->kind != FT_DATE && f->kind != FT_PERIOD) || text.n < 2 || (text.p[0] != '+' && text.p[0] != '-') || !str_int(text.p[0] == '+' ? str_sub(text, 1, 20) : text, &n)) {
        return text;
    }
    int32_t today = instant_date(d->today_ms);
    if (f->kind == FT_DATE) {
        return date_iso(d->cx->mem, today + (int32_t)n);
    }
    return f->kind == FT_PERIOD ? str_printf(d->cx->mem, "%d", date_to_civil(today).year + (int)n) : text;
}

static bool parse_list(Demo *d, const Field *f, Str text, Value *ret, Findings *found)
{
    size_t n = 1;
    for (size_t i = 0; i < text.n; i++) {
        n += text.p[i] == ';';
    }
    ret->rows = NEW_ARRAY(d->cx->mem, Row, n);
    ret->has = true;
    for (Str rest = text, row; rest.n != 0;) {
        str_cut(rest, ';', &row, &rest);
        Row *r = &ret->rows[ret->n_rows++];
        r->v = NEW_ARRAY(d->cx->mem, Value, f->n_fields);
        for (size_t k = 0; k < f->n_fields; k++) {
            Str cell;
            str_cut(row, '|', &cell, &row);
            if (!demo_value(d, &f->fields[k], cell, &r->v[k], found)) {
                return false;
            }
        }
    }
    return true;
}

void demo_note(Demo *d, const RecordType *t, Str title, int64_t id)
{
    int64_t *kept = NEW(d->cx->mem, int64_t);
    *kept = id;
    map_put(d->ids, str_printf(d->cx->mem, "%.*s/%.*s", STRF(t->id), STRF(title)), kept);
}

bool demo_find(Demo *d, const RecordType *t, Str title, Rec *ret)
{
    int64_t *id = map_get(d->ids, str_printf(d->cx->mem, "%.*s/%.*s", STRF(t->id), STRF(title)));
    if (id != NULL) {
        return rec_get(d->cx, d->s, &SYSTEM_ACTOR, t, *id, ret);
    }
    RecPage page = {0};
    Query q = {.type = t, .n_filters = 1, .limit = 1};
    q.filters[0] = (Filter){.field = t->title, .op = OP_EQ, .value = {.has = true, .s = title}};
    if (t->title != NULL && !rec_list(d->cx, d->s, &SYSTEM_ACTOR, &q, false, &page)) {
        return false;
    }
    if (page.n == 0) {
        return fail(d->cx, E_DATA, "没有%.*s“%.*s”", STRF(t->label), STRF(title));
    }
    *ret = page.items[0];
    return true;
}

bool demo_when(Demo *d, Str text, size_t second)
{
    int32_t day = instant_date(d->today_ms);
    const Field date = {.kind = FT_DATE};
    if (text.n != 0 && !date_iso_parse(relative(d, &date, text), &day)) {
        return fail(d->cx, E_DATA, "日期 %.*s 不能用", STRF(text));
    }
    d->cx->now_ms = (int64_t)day * 86400000 + 3600000 + (int64_t)second * 1000; /* nine in the morning, UTC+8 */
    return true;
}

bool demo_value(Demo *d, const Field *f, Str text, Value *ret, Findings *found)
{
    Rec r;
    if (f->kind == FT_LIST) {
        return text.n == 0 || parse_list(d, f, text, ret, found);
    }
    if (f->kind == FT_REF && text.n != 0) {
        bool ok = demo_find(d, f->ref, text, &r);
        *ret = (Value){.has = ok, .i = ok ? r.id : 0};
        return ok;
    }
    return value_parse(d->cx->mem, store_pack(d->s), f, f->id, relative(d, f, text), NULL, ret, found);
}

static bool leads_to(const Rec *r, const Action *a, Str want, int depth);

/* Is there a way of at most `depth` actions from r's state to `want`? */
static bool reachable(const Rec *r, Str want, int depth)
{
    for (size_t i = 0; depth > 0 && i < r->type->n_actions; i++) {
        if (leads_to(r, &r->type->actions[i], want, depth)) {
            return true;
        }
    }
    return false;
}

static bool leads_to(const Rec *r, const Action *a, Str want, int depth)
{
    bool from = false;
    for (size_t k = 0; k < a->n_from; k++) {
        from = from || a->from[k] == r->state;
    }
    for (size_t k = 0; from && k < a->n_to; k++) {
        if (a->to[k] == NULL || a->to[k] == r->state) {
            continue;
        }
        Rec next = *r;
        next.state = a->to[k];
        if (str_eq(next.state->id, want) || reachable(&next, want, depth - 1)) {
            return true;
        }
    }
    return false;
}

/* The action to take next: on the shortest way to `want`, the first that the store allows now. NULL: none. */
static bool next_step(Demo *d, const Rec *r, Str want, const Action **ret)
{
    *ret = NULL;
    for (int depth = 1; depth <= 5; depth++) {
        for (size_t i = 0; i < r->type->n_actions; i++) {
            const Action *a = &r->type->actions[i];
            bool can = false;
            Str why;
            Verdict *verdicts;
            size_t n;
            if (!leads_to(r, a, want, depth)) {
                continue;
            }
            if (!rec_can(d->cx, d->s, &SYSTEM_ACTOR, r, a, &can, &why, &verdicts, &n)) {
                return false;
            }
            if (can) {
                *ret = a;
                return true;
            }
        }
    }
    return fail(d->cx, E_DATA, "演示数据：从“%.*s”到不了“%.*s”", STRF(r->state->id), STRF(want));
}

static bool walk_to(Demo *d, Rec *r, Str want)
{
    for (int steps = 0; !str_eq(r->state->id, want) && steps < 8; steps++) {
        const Action *a;
        if (!next_step(d, r, want, &a)) {
            return false;
        }
        Findings found = findings_new(d->cx->mem);
        Value *inputs = NEW_ARRAY(d->cx->mem, Value, a->n_ask + 1);
        WriteOpts o = {.reason = S("演示数据")};
        if (!rec_act(d->cx, d->s, &SYSTEM_ACTOR, r->type, r->id, a, inputs, &o, &found, r)) {
            return false;
        }
    }
    return true;
}

static bool one_row(DataFile *x, size_t line, const Str *cells, size_t n)
{
    Demo *d = x->d;
    Cx *cx = d->cx;
    if (x->n_names == 0) {
        x->names = NEW_ARRAY(cx->mem, Str, n);
        for (x->n_names = 0; x->n_names < n; x->n_names++) {
            x->names[x->n_names] = str_dup(cx->mem, cells[x->n_names]);
        }
        return true;
    }
    const Pack *p = store_pack(d->s);
    const Org *owner = NULL;
    Str want = S("");
    Findings found = findings_new(cx->mem);
    Value *v = NEW_ARRAY(cx->mem, Value, x->t->n_fields);
    bool *set = NEW_ARRAY(cx->mem, bool, x->t->n_fields);
    for (size_t i = 0; i < n && i < x->n_names; i++) {
        Str text = str_dup(cx->mem, cells[i]);
        const Field *f = type_field(x->t, x->names[i]);
        if (str_eq(x->names[i], S("org"))) {
            owner = pack_org(p, text);
        } else if (str_eq(x->names[i], S("state"))) {
            want = text;
        } else if (str_eq(x->names[i], S("when")) && text.n != 0) {
            if (!demo_when(d, text, line)) {
                return false;
            }
        } else if (f != NULL && text.n != 0) {
            set[f->index] = true;
            if (!demo_value(d, f, text, &v[f->index], &found)) {
                return fail(cx, E_DATA, "演示数据 %.*s 第 %zu 行：%.*s 不能用：%.*s", STRF(x->t->id), line, STRF(f->id), STRF(text));
            }
            if (f->kind == FT_REF && owner == NULL) {
                owner = pack_org_by_home(p, id_home(v[f->index].i));
            }
        }
    }
    if (owner == NULL) {
        return fail(cx, E_DATA, "演示数据 %.*s 第 %zu 行没有单位", STRF(x->t->id), line);
    }
    Rec r;
    WriteOpts o = {.source = S("演示数据")};
    if (!rec_create(cx, d->s, &SYSTEM_ACTOR, x->t, owner, v, set, &o, &found, &r)) {
        for (size_t i = 0; i < found.n; i++) {
            fprintf(stderr, "演示数据 %.*s 第 %zu 行：%.*s %.*s\n", STRF(x->t->id), line, STRF(found.items[i].field), STRF(found.items[i].text));
        }
        return false;
    }
    demo_note(d, x->t, x->t->title != NULL ? v[x->t->title->index].s : S(""), r.id);
    return want.n == 0 || walk_to(d, &r, want);
}

/* A row happens at its own time (column `when`), else now. */
static bool data_row(void *ctx, size_t line, const Str *cells, size_t n)
{
    DataFile *x = ctx;
    int64_t now_ms = x->d->cx->now_ms;
    bool ok = one_row(x, line, cells, n);
    x->d->cx->now_ms = now_ms;
    return ok;
}

typedef struct {
    Cx *cx;
    Store *s;
    Str password;
    Buf *list;
    bool header;
} Accounts;

static bool account_row(void *ctx, size_t line, const Str *cells, size_t n)
{
    Accounts *x = ctx;
    (void)line;
    int64_t id;
    if (!x->header) {
        x->header = true;
        return true;
    }
    const Org *org = n >= 4 ? pack_org(store_pack(x->s), cells[2]) : NULL;
    if (org == NULL) {
        return fail(x->cx, E_DATA, "演示账户第 %zu 行的单位不对", line);
    }
    if (!user_add(x->cx, x->s, &SYSTEM_ACTOR, str_dup(x->cx->mem, cells[0]), str_dup(x->cx->mem, cells[1]), org,
                  str_replace(x->cx->mem, str_dup(x->cx->mem, cells[3]), S(";"), S(",")), x->password, false, &id)) {
        return false;
    }
    if (n > 4 && str_eq(cells[4], S("1"))) { /* column quiet: somebody of the story, not shown to who tries it out */
        return true;
    }
    const Role *role = pack_role(store_pack(x->s), cells[3]);
    buf_printf(x->list, "%-14.*s %.*s  %.*s\n", STRF(cells[0]), STRF(x->password),
               STRF(role != NULL ? str_printf(x->cx->mem, "%.*s（%.*s）", STRF(org->name), STRF(role->label)) : org->name));
    return true;
}

/* Rows refer to each other by name, so everything runs in one transaction: a demonstration is there whole or not at all. */
static bool fill(Cx *cx, Store *s, void *arg)
{
    const char *dir = arg;
    Map ids = map_new(cx->mem);
    Demo d = {.cx = cx, .s = s, .ids = &ids, .today_ms = cx->now_ms};
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
        DataFile x = {.d = &d, .t = pack_type(store_pack(s), str_c(FILES[i].type))};
        Str text = read_all(cx, str_printf(cx->mem, "%s/%s.csv", dir, FILES[i].file).p);
        if (x.t != NULL && text.n != 0 && !csv_read(cx, text, NULL, data_row, &x)) {
            return false;
        }
    }
    Str story = read_all(cx, str_printf(cx->mem, "%s/story.csv", dir).p);
    return story.n == 0 || demo_story(&d, story);
}

bool demo_fill(Cx *cx, Store *s, const char *dir)
{
    char where[4096];
    Buf list = buf_new(cx->mem, 1 << 16);
    Accounts x = {.cx = cx, .s = s, .password = random_token(cx->mem, 12), .list = &list};
    Str users = read_all(cx, str_printf(cx->mem, "%s/users.csv", dir).p);
    snprintf(where, sizeof where, "%s", dir);
    if (users.n == 0) {
        return fail(cx, E_NOT_FOUND, "没有找到演示数据 %s", dir);
    }
    if (!csv_read(cx, users, NULL, account_row, &x) || !store_write(cx, s, fill, where)) {
        return false;
    }
    const char *path = str_printf(cx->mem, "%s/demo-accounts.txt", store_dir(s)).p;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    Str text = buf_str(&list);
    bool ok = fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n;
    if (fd >= 0) {
        close(fd);
    }
    return ok ? true : fail(cx, E_IO, "无法写入 %s", path);
}
