/*
 * row.c - between database rows and records in memory: columns, dates, sealed personal fields, masks, the search text.
 */
#include "base/date.h"
#include "fmt/codes.h"
#include "store/recent.h"
#include "store/subject.h"

TypeSql type_sql_make(Arena *mem, const RecordType *t)
{
    Buf b = buf_new(mem, 64 * 1024);
    buf_add(&b, S("id, home, rev, state, holder, created, updated, created_by, updated_by, no, warnings, form"));
    size_t n = COL_FIRST_FIELD;
    for (size_t i = 0; i < t->n_fields; i++) {
        if (field_has_column(&t->fields[i])) {
            buf_add(&b, S(", f_"));
            buf_add(&b, t->fields[i].id);
            n++;
        }
    }
    if (type_has_personal(t)) {
        const Str parts[] = {S(", (select k.key from subject_key k where k.home = r_"), t->id, S(".home and k.subject = r_"), t->id, S(".id)")};
        for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
            buf_add(&b, parts[i]);
        }
    }
    return (TypeSql){.columns = buf_str(&b), .n_columns = n, .table = str_printf(mem, "r_%.*s", STRF(t->id))};
}

Str field_aad(Arena *mem, const RecordType *t, const Field *f, int64_t id)
{
    return str_printf(mem, "%.*s|%.*s|%lld", STRF(t->id), STRF(f->id), (long long)id);
}

Str mask_personal(Arena *mem, const Field *f, Str clear)
{
    size_t chars = utf8_len(clear);
    if (str_eq(clear, PERSONAL_ERASED) || str_eq(clear, PERSONAL_BROKEN)) {
        return clear;
    }
    if (chars <= 2) {
        return S("**");
    }
    size_t head = f->kind == FT_IDNUMBER ? 6 : f->kind == FT_PHONE ? 3 : 1;
    size_t tail = f->kind == FT_IDNUMBER || f->kind == FT_PHONE ? 4 : 0;
    if (chars < head + tail + 2) {
        head = 1;
        tail = 0;
    }
    Buf b = buf_new(mem, 4096);
    buf_add(&b, utf8_cut(clear, head));
    for (size_t i = head + tail; i < chars && i < head + tail + 8; i++) {
        buf_addc(&b, '*');
    }
    Str rest = clear;
    for (size_t at = 0, k = 0; k < chars - tail; k++) {
        utf8_next(clear, &at);
        rest = str_sub(clear, at, clear.n);
    }
    buf_add(&b, rest);
    return buf_str(&b);
}

static Value read_column(Arena *mem, const Field *f, Stmt *st, int col)
{
    Value v = {0};
    if (stmt_col_null(st, col)) {
        return v;
    }
    v.has = true;
    if (f->kind == FT_DATE) {
        int32_t days = 0;
        v.has = date_iso_parse(stmt_col_text(st, col), &days);
        v.i = days;
    } else if (field_is_text(f)) {
        v.s = stmt_col_dup(mem, st, col);
    } else {
        v.i = stmt_col_int(st, col);
    }
    return v;
}

static void open_personal(Cx *cx, Store *s, const Rec *r, const Field *f, PersonalRead how, Value *v)
{
    Str plain;
    if (!v->has) {
        return;
    }
    if (how == PERSONAL_LEFT) {
        *v = (Value){0};
    } else if (!personal_open(cx, s, r->own_key, field_aad(cx->mem, r->type, f, r->id), v->s, &plain)) {
        v->s = PERSONAL_BROKEN;
    } else {
        v->s = how == PERSONAL_CLEAR ? plain : mask_personal(cx->mem, f, plain);
    }
}

bool row_read(Cx *cx, Store *s, const RecordType *t, Stmt *st, PersonalRead how, Rec *ret)
{
    Rec r = {.type = t, .id = stmt_col_int(st, COL_ID), .home = stmt_col_int(st, COL_HOME), .rev = stmt_col_int(st, COL_REV),
             .holder = stmt_col_int(st, COL_HOLDER), .created_ms = stmt_col_int(st, COL_CREATED),
             .updated_ms = stmt_col_int(st, COL_UPDATED), .created_by = stmt_col_int(st, COL_CREATED_BY),
             .updated_by = stmt_col_int(st, COL_UPDATED_BY), .no = stmt_col_dup(cx->mem, st, COL_NO),
             .warnings = stmt_col_dup(cx->mem, st, COL_WARNINGS), .form = (int32_t)stmt_col_int(st, COL_FORM)};
    r.state = type_state(t, stmt_col_text(st, COL_STATE));
    if (r.state == NULL) {
        return fail(cx, E_DATA, "记录 %lld 的状态在策略包里没有定义", (long long)r.id);
    }
    r.v = NEW_ARRAY(cx->mem, Value, t->n_fields);
    int col = COL_FIRST_FIELD;
    if (type_has_personal(t)) {
        r.own_key = stmt_col_dup(cx->mem, st, (int)s->types[t->index].n_columns);
    }
    for (size_t i = 0; i < t->n_fields; i++) {
        const Field *f = &t->fields[i];
        if (!field_has_column(f)) {
            continue;
        }
        r.v[i] = read_column(cx->mem, f, st, col++);
        if (f->personal) {
            open_personal(cx, s, &r, f, how, &r.v[i]);
        }
    }
    *ret = r;
    return true;
}

static bool read_list(Cx *cx, const RecordType *t, const Field *f, int64_t home, int64_t id, Value *ret)
{
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select pos");
    for (size_t k = 0; k < f->n_fields; k++) {
        sql_lit(q, ", ");
        sql_ident2(q, S("f_"), f->fields[k].id);
    }
    sql_lit(q, " from ");
    sql_ident(q, str_printf(cx->mem, "r_%.*s__%.*s", STRF(t->id), STRF(f->id)));
    sql_lit(q, " where home = ");
    sql_int(q, home);
    sql_lit(q, " and parent = ");
    sql_int(q, id);
    sql_lit(q, " order by pos");
    Stmt *st = sql_stmt(cx, cx->db, SQL_HOME, q);
    if (st == NULL) {
        return false;
    }
    size_t cap = 0;
    Value v = {0};
    while (stmt_next(cx, st)) {
        ARRAY_ROOM(cx->mem, v.rows, v.n_rows, cap);
        Row *r = &v.rows[v.n_rows++];
        r->v = NEW_ARRAY(cx->mem, Value, f->n_fields);
        for (size_t k = 0; k < f->n_fields; k++) {
            r->v[k] = read_column(cx->mem, &f->fields[k], st, (int)k + 1);
        }
    }
    if (!stmt_end(st)) {
        return false;
    }
    v.has = v.n_rows != 0;
    *ret = v;
    return true;
}

bool row_read_lists(Cx *cx, Store *s, Rec *r)
{
    (void)s;
    for (size_t i = 0; i < r->type->n_fields; i++) {
        const Field *f = &r->type->fields[i];
        if (f->kind == FT_LIST && !read_list(cx, r->type, f, r->home, r->id, &r->v[i])) {
            return false;
        }
    }
    return true;
}

void row_bind_value(Cx *cx, Store *s, Sql *q, const Rec *r, const Field *f, const Value *v)
{
    if (!v->has) {
        sql_null(q);
    } else if (f->personal) {
        sql_text(q, personal_seal(cx, s, r->own_key, field_aad(cx->mem, r->type, f, r->id), v->s));
    } else if (f->kind == FT_DATE) {
        sql_text(q, date_iso(cx->mem, (int32_t)v->i));
    } else if (field_is_text(f)) {
        sql_text(q, v->s);
    } else {
        sql_int(q, v->i);
    }
}

void row_bind_token(Cx *cx, Store *s, Sql *q, const RecordType *t, const Field *f, const Value *v)
{
    if (!v->has || str_eq(v->s, PERSONAL_ERASED)) {
        sql_null(q);
    } else {
        sql_text(q, personal_token(cx, s, t, f, v->s));
    }
}

void row_set_value(Cx *cx, Store *s, Sql *q, const Rec *r, const Field *f)
{
    sql_lit(q, ", ");
    sql_ident2(q, S("f_"), f->id);
    sql_lit(q, " = ");
    row_bind_value(cx, s, q, r, f, &r->v[f->index]);
}

void row_set_token(Cx *cx, Store *s, Sql *q, const Rec *r, const Field *f)
{
    if (f->lookup) {
        sql_lit(q, ", ");
        sql_ident2(q, S("b_"), f->id);
        sql_lit(q, " = ");
        row_bind_token(cx, s, q, r->type, f, &r->v[f->index]);
    }
}

void row_here(Sql *q, const Rec *r)
{
    sql_lit(q, " where id = ");
    sql_int(q, r->id);
    sql_lit(q, " and home = ");
    sql_int(q, r->home);
}

void row_equals(Cx *cx, Store *s, Sql *q, const RecordType *t, const Field *f, const Value *v)
{
    sql_ident2(q, f->lookup ? S("b_") : S("f_"), f->id);
    sql_lit(q, " = ");
    if (f->lookup) {
        row_bind_token(cx, s, q, t, f, v);
    } else {
        row_bind_value(cx, s, q, &(Rec){.type = t}, f, v); /* never personal: the loader sees to it */
    }
}

/* Which texts besides title and number are searched. One column serves every reader, so a type that the public may search keeps
 * only public texts in it: whether a search hits must not tell what may not be seen. */
static bool is_searched(const RecordType *t, const Field *f)
{
    if (f == t->title || f->personal || !field_is_text(f) || f->kind == FT_CODE || f->kind == FT_REGION || f->kind == FT_LONG) {
        return false;
    }
    if (t->n_publics == 0) {
        return f->search || f->kind == FT_TEXT;
    }
    for (size_t i = 0; i < t->n_publics; i++) {
        if (t->publics[i] == f) {
            return true;
        }
    }
    return false;
}

Str search_text(Arena *mem, const RecordType *t, const Rec *r)
{
    if (!t->searchable) {
        return S("");
    }
    Buf b = buf_new(mem, 16 * 1024);
    Str title = t->title != NULL ? r->v[t->title->index].s : S("");
    buf_add(&b, name_fold(mem, title));
    buf_addc(&b, '\n');
    buf_add(&b, name_fold(mem, r->no)); /* as the query is folded */
    buf_addc(&b, '\n');
    buf_add(&b, pinyin_initials(mem, title));
    for (size_t i = 0; i < t->n_fields; i++) {
        const Field *f = &t->fields[i];
        if (r->v[i].has && is_searched(t, f)) {
            buf_addc(&b, '\n');
            buf_add(&b, name_fold(mem, r->v[i].s));
        }
    }
    return buf_str(&b);
}

static bool load(Cx *cx, Store *s, const RecordType *t, int64_t id, bool clear_personal, bool deleted_too, Rec *ret)
{
    const TypeSql *ts = &s->types[t->index];
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select ");
    buf_add(&q->text, ts->columns);
    sql_lit(q, " from ");
    sql_ident(q, ts->table);
    sql_lit(q, " where home = ");
    sql_int(q, id_home(id));
    sql_lit(q, " and id = ");
    sql_int(q, id);
    if (!deleted_too) {
        sql_lit(q, " and deleted is null");
    }
    Stmt *st = sql_stmt(cx, cx->db, SQL_HOME, q);
    bool row = false;
    if (st == NULL || !stmt_step(cx, st, &row)) {
        return false;
    }
    if (!row) {
        stmt_done(st);
        return fail(cx, E_NOT_FOUND, "没有找到这条%.*s记录，或者不在您的管辖范围内", STRF(t->label));
    }
    bool ok = row_read(cx, s, t, st, clear_personal ? PERSONAL_CLEAR : PERSONAL_MASKED, ret);
    stmt_done(st);
    return ok && row_read_lists(cx, s, ret);
}

bool rec_load_held(Cx *cx, Store *s, const RecordType *t, int64_t id, bool clear_personal, Rec *ret)
{
    return load(cx, s, t, id, clear_personal, false, ret);
}

static bool load_wide(Cx *cx, Store *s, const RecordType *t, int64_t id, bool clear_personal, bool deleted_too, Rec *ret)
{
    ReachHold h;
    if (clear_personal && recent_get(cx, s, t, id, ret)) {
        return true;
    }
    reach_program(cx, &h);
    bool ok = load(cx, s, t, id, clear_personal, deleted_too, ret);
    reach_end(cx, &h);
    return ok;
}

bool rec_load(Cx *cx, Store *s, const RecordType *t, int64_t id, bool clear_personal, Rec *ret)
{
    return load_wide(cx, s, t, id, clear_personal, false, ret);
}

bool rec_load_deleted_too(Cx *cx, Store *s, const RecordType *t, int64_t id, Rec *ret)
{
    return load_wide(cx, s, t, id, true, true, ret);
}

Rec rec_as_seen(Cx *cx, const Store *s, const Actor *a, const Rec *r)
{
    Rec seen = *r;
    bool public_only = false;
    seen.v = NEW_ARRAY(cx->mem, Value, r->type->n_fields);
    for (size_t i = 0; i < r->type->n_fields; i++) {
        const Field *f = &r->type->fields[i];
        seen.v[i] = r->v[i];
        if (f->personal && r->v[i].has) {
            seen.v[i].s = mask_personal(cx->mem, f, r->v[i].s);
        }
    }
    if (!access_read(s->pack, a, r, &public_only)) { /* moved or entered for another office: out of sight now */
        public_only = true;
    }
    rec_redact(a, &seen, public_only);
    return seen;
}

void rec_redact(const Actor *a, Rec *r, bool public_only)
{
    bool mine = access_mine(a, r), belongs = access_belongs(a, r);
    r->seen_by = a->user;
    r->seen_mine = mine;
    r->seen_belongs = belongs;
    for (size_t i = 0; i < r->type->n_fields; i++) {
        if (!access_field_in(a, r->type, r->state, &r->type->fields[i], public_only)) {
            r->v[i] = (Value){0};
        }
    }
    if (public_only) {
        r->warnings = S("");
        r->created_by = r->updated_by = 0;
    }
}
