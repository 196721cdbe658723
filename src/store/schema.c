/*
 * schema.c - the tables: fixed ones for the engine, and one per record type of the pack.
 *
 * A pack may gain types and fields between starts: missing tables are made and missing columns added. Nothing is ever dropped; a field
 * that left the pack keeps its column unread.
 */
#include "store/anchor.h"
#include "store/closing_int.h"
#include "store/shared_int.h"
#include "store/subject.h"

static const char FIXED[] =
    "create table if not exists meta (key text not null primary key, value text not null){strict};"
    "create table if not exists journal_head (home integer not null primary key, seq integer not null, hash blob not null){homes};"
    "create table if not exists journal ("
    " home integer not null, seq integer not null, at integer not null, user_id integer not null, user_name text not null,"
    " org text not null, act text not null, type text not null, record integer not null, rev integer not null,"
    " action text not null, state_from text not null, state_to text not null, reason text not null, source text not null,"
    " body text not null, hash blob not null, primary key (home, seq)){homes};"
    "create index if not exists journal_record on journal (record, home, seq);"
    "create index if not exists journal_at on journal (at);"
    "create index if not exists journal_user on journal (user_id, at);"
    "create table if not exists task (id {id}, home integer not null, type text not null, record integer not null,"
    " kind text not null, state text not null, by_user integer not null, by_name text not null, by_org text not null,"
    " to_user integer not null, to_name text not null, to_org text not null, to_home integer not null, text text not null,"
    " at integer not null, answered integer not null, answer text not null, answer_text text not null,"
    " answer_by text not null{key:id}){homes};"
    "create index if not exists task_record on task (record, id);"
    "create index if not exists task_to on task (to_user, kind, answered, id);"
    "create index if not exists task_office on task (to_home, to_user, answered, id);"
    "create index if not exists task_by on task (by_user, id);"
    "create table if not exists delegation (id {pk}, home integer not null, principal integer not null,"
    " deputy integer not null, begins integer not null, ends integer not null, last integer not null,"
    " ended integer not null){strict};"
    "create index if not exists delegation_deputy on delegation (deputy, ends);"
    "create index if not exists delegation_principal on delegation (principal, ends);"
    "create table if not exists counter (home integer not null, name text not null, n integer not null,"
    " primary key (home, name)){homes};"
    "create table if not exists account (id {pk}, home integer not null, login text not null,"
    " name text not null, org text not null, roles text not null, password text not null, disabled integer not null,"
    " must_change integer not null, created integer not null, last integer not null){strict};"
    "create unique index if not exists account_login on account (login);"
    "create table if not exists session (hash text not null primary key, user_id integer not null, csrf text not null,"
    " created integer not null, seen integer not null, tone text not null, flash text not null){strict};"
    "create table if not exists token (id {pk}, hash text not null, user_id integer not null,"
    " name text not null, scope text not null, expires integer not null, last integer not null){strict};"
    "create unique index if not exists token_hash on token (hash);"
    "create table if not exists login_failure (key text not null, at integer not null){strict};"
    "create index if not exists login_failure_key on login_failure (key, at);"
    "create index if not exists login_failure_at on login_failure (at);"
    "create table if not exists idempotency (key text not null primary key, request text not null, status integer not null,"
    " body text not null, at integer not null){strict};"
    "create table if not exists file (id {id}, home integer not null, type text not null,"
    " record integer not null, name text not null, kind text not null, trust text not null, mime text not null,"
    " size integer not null, sha256 text not null, created integer not null, created_by integer not null,"
    " by_name text not null, deleted integer{key:id}){homes};"
    "create index if not exists file_record on file (record);"
    "create table if not exists sign (id {id}, home integer not null, type text not null, record integer not null,"
    " rev integer not null, action text not null, user_id integer not null, user_name text not null, org text not null,"
    " role text not null, at integer not null, opinion text not null, inputs text not null{key:id}){homes};"
    "drop index if exists sign_once;" /* of older bases: without home */
    "create unique index if not exists sign_one on sign (home, record, rev, action, user_id);"
    "create table if not exists snapshot (id {id}, home integer not null, type text not null, record integer not null,"
    " rev integer not null, at integer not null, name text not null, body text not null, sha256 text not null{key:id}){homes};"
    "create index if not exists snapshot_record on snapshot (record, id);"
    "create table if not exists open_sent (record integer not null primary key, type text not null, at integer not null,"
    " peer text not null, code text not null, once text not null){strict};"
    "create index if not exists open_sent_peer on open_sent (peer, at);"
    "create index if not exists open_sent_type on open_sent (type, at);"
    "create index if not exists open_sent_fresh on open_sent (at) where peer <> '';"
    "create index if not exists open_sent_code on open_sent (code);"
    "create index if not exists open_sent_once on open_sent (once);"
    "create table if not exists open_try (key text not null, at integer not null){strict};"
    "create index if not exists open_try_key on open_try (key, at);"
    "create table if not exists job (id {pk}, user_id integer not null, kind text not null,"
    " state text not null, title text not null, type text not null, input_name text not null, params text not null,"
    " actor text not null, dry_run integer not null, done integer not null, total integer not null, n_new integer not null,"
    " n_changed integer not null, n_same integer not null, n_wrong integer not null, n_warn integer not null,"
    " has_report integer not null, has_output integer not null, text text not null, created integer not null,"
    " started integer not null, ended integer not null){strict};"
    "create index if not exists job_user on job (user_id, id);";

/* The fixed tables kept by home, and what follows home in their keys. All others are small, or belong to no home: accounts, delegations,
 * sessions, jobs, queues of notices, the public log. */
static const struct {
    Str table, key;
} BY_HOME[] = {{STR_INIT("journal_head"), STR_INIT("")}, {STR_INIT("journal"), STR_INIT("seq")}, {STR_INIT("task"), STR_INIT("id")},
               {STR_INIT("counter"), STR_INIT("name")}, {STR_INIT("file"), STR_INIT("id")},
               {STR_INIT("sign"), STR_INIT("id")}, {STR_INIT("snapshot"), STR_INIT("id")}};

bool type_by_home(const RecordType *t)
{
    return str_eq(t->placement, S("home"));
}

bool field_has_column(const Field *f)
{
    return f->kind != FT_LIST;
}

bool run_ddl(Cx *cx, Db *db, Sql *q)
{
    Str text = buf_str(&q->text);
    return db_script(cx, db, text.p);
}

static void add_column_type(Sql *q, const Field *f)
{
    if (field_is_text(f) || f->kind == FT_DATE) {
        sql_lit(q, " text");
    } else {
        sql_lit(q, " integer");
    }
}

static Str list_table(Arena *mem, const RecordType *t, const Field *f)
{
    return str_printf(mem, "r_%.*s__%.*s", STRF(t->id), STRF(f->id));
}

static bool have_name(const Str *names, size_t n, Str prefix, Str name)
{
    for (size_t i = 0; i < n; i++) {
        if (names[i].n == prefix.n + name.n && str_starts(names[i], prefix) && str_ends(names[i], name)) {
            return true;
        }
    }
    return false;
}

/* Bases made before records kept a form revision. */
static bool add_form_column(Cx *cx, Db *db, Str table)
{
    Str *names;
    size_t n;
    if (!db_columns(cx, db, cx->mem, table, &names, &n)) {
        return false;
    }
    if (have_name(names, n, S("form"), S(""))) {
        return true;
    }
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "alter table ");
    sql_ident(q, table);
    sql_lit(q, " add column form integer not null default 1");
    return run_ddl(cx, db, q);
}

static bool add_missing_columns(Cx *cx, Db *db, Str table, const Field *fields, size_t n_fields)
{
    Str *names;
    size_t n;
    if (!db_columns(cx, db, cx->mem, table, &names, &n)) {
        return false;
    }
    for (size_t i = 0; i < n_fields; i++) {
        const Field *f = &fields[i];
        if (!field_has_column(f) || have_name(names, n, S("f_"), f->id)) {
            continue;
        }
        Sql *q = sql_new(cx->mem);
        sql_lit(q, "alter table ");
        sql_ident(q, table);
        sql_lit(q, " add column ");
        sql_ident2(q, S("f_"), f->id);
        add_column_type(q, f);
        if (!run_ddl(cx, db, q)) {
            return false;
        }
    }
    return true;
}

/*
 * An index by which records are found and counted. `deleted` stands in it, always null: SQLite asks for it again although the index holds no others, and
 * would fetch every record for that. With the state stands the region, as maps and targets count by both.
 */
static bool make_index(Cx *cx, Db *db, const RecordType *t, Str name, Str column, bool is_field)
{
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "create index if not exists ");
    sql_ident(q, str_printf(cx->mem, "i_%.*s_%.*s", STRF(t->id), STRF(name)));
    sql_lit(q, " on ");
    sql_ident2(q, S("r_"), t->id);
    sql_lit(q, " (");
    if (is_field) {
        sql_ident2(q, S("f_"), column);
    } else {
        sql_ident(q, column);
    }
    if (t->region != NULL && str_eq(name, S("state"))) {
        sql_lit(q, ", ");
        sql_ident2(q, S("f_"), t->region->id);
    }
    sql_lit(q, ", home, deleted) where deleted is null");
    return run_ddl(cx, db, q);
}

/* Lists run newest first, ties by id: many records of one import share their time, so the id must be in the index. */
static bool make_order_index(Cx *cx, Db *db, const RecordType *t, Str name, bool by_home)
{
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "create index if not exists ");
    sql_ident(q, str_printf(cx->mem, "i_%.*s_%.*s", STRF(t->id), STRF(name)));
    sql_lit(q, " on ");
    sql_ident2(q, S("r_"), t->id);
    if (by_home) {
        sql_lit(q, " (home, updated, id) where deleted is null");
    } else {
        sql_lit(q, " (updated, id) where deleted is null");
    }
    return run_ddl(cx, db, q);
}

/* The fields that are unique together, so that looking for a twin is one step down a tree. Not a unique index: a twin is a finding. */
static bool make_unique_index(Cx *cx, Db *db, const RecordType *t)
{
    if (t->n_unique < 2) {
        return true; /* one field: its own index serves */
    }
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "create index if not exists ");
    sql_ident(q, str_printf(cx->mem, "i_%.*s_unique", STRF(t->id)));
    sql_lit(q, " on ");
    sql_ident2(q, S("r_"), t->id);
    sql_lit(q, " (");
    for (size_t i = 0; i < t->n_unique; i++) {
        sql_ident2(q, S("f_"), t->unique[i]->id);
        sql_lit(q, ", ");
    }
    sql_lit(q, "home) where deleted is null");
    return run_ddl(cx, db, q);
}

static bool is_unique_field(const RecordType *t, const Field *f)
{
    return t->n_unique == 1 && t->unique[0] == f;
}

static bool make_indexes(Cx *cx, Db *db, const RecordType *t)
{
    if (!make_order_index(cx, db, t, S("updated"), false) || !make_order_index(cx, db, t, S("home"), true) ||
        !make_unique_index(cx, db, t) || !make_index(cx, db, t, S("state"), S("state"), false) ||
        !make_index(cx, db, t, S("holder"), S("holder"), false) || !make_index(cx, db, t, S("no"), S("no"), false)) {
        return false;
    }
    for (size_t i = 0; i < t->n_fields; i++) {
        const Field *f = &t->fields[i];
        bool facet = false;
        for (size_t k = 0; k < t->n_facets; k++) {
            facet = facet || t->facets[k] == f;
        }
        bool key = false;
        for (size_t k = 0; t->sheet != NULL && k < t->sheet->n_key; k++) {
            key = key || t->sheet->key[k] == f;
        }
        if (t->n_unique > 1 && t->unique[0] == f) {
            continue; /* begins the unique index */
        }
        bool period = t->closing != NULL && f == t->closing->by;
        if (f->kind == FT_REF || f->kind == FT_REGION || facet || key || period || f == t->title || is_unique_field(t, f)) {
            if (!make_index(cx, db, t, str_printf(cx->mem, "f_%.*s", STRF(f->id)), f->id, true)) {
                return false;
            }
        }
    }
    return true;
}

static void end_table(Sql *q, const RecordType *t, bool has_id)
{
    if (!type_by_home(t)) {
        sql_lit(q, "){strict}");
    } else if (has_id) {
        sql_lit(q, "{key:id}){homes}");
    } else {
        sql_lit(q, "){homes}");
    }
}

static bool place_table(Cx *cx, Db *db, const RecordType *t, Str table, Str key)
{
    return type_by_home(t) ? db_homes(cx, db, table, key) : db_copied(cx, db, table);
}

/* Reference types too: a record of one is entered by an office and read within its reach. */
static bool guard_type(Cx *cx, Db *db, const RecordType *t, bool (*put)(Cx *cx, Db *db, const DbGuard *g))
{
    Str table = str_printf(cx->mem, "r_%.*s", STRF(t->id));
    Str *open = NEW_ARRAY(cx->mem, Str, t->n_states + 1);
    DbGuard g = {.table = table, .open = open};
    for (size_t i = 0; t->n_publics != 0 && i < t->n_states; i++) {
        if (t->states[i].published && !t->states[i].sealed) {
            open[g.n_open++] = t->states[i].id;
        }
    }
    if (t->person != NULL) {
        g.login = str_printf(cx->mem, "f_%.*s", STRF(t->person->id));
    }
    bool ok = put(cx, db, &g);
    for (size_t i = 0; ok && i < t->n_fields; i++) {
        if (t->fields[i].kind == FT_LIST) {
            ok = put(cx, db, &(DbGuard){.table = list_table(cx->mem, t, &t->fields[i]), .parent = table});
        }
    }
    return ok;
}

static bool make_type(Cx *cx, Db *db, const RecordType *t)
{
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "create table if not exists ");
    sql_ident2(q, S("r_"), t->id);
    if (type_by_home(t)) {
        sql_lit(q, " (id {id}");
    } else {
        sql_lit(q, " (id {pk}");
    }
    sql_lit(q, ", home integer not null check (home = ((id >> 12) & 8191)),"
               " rev integer not null, state text not null, holder integer not null, created integer not null,"
               " updated integer not null, created_by integer not null, updated_by integer not null, deleted integer,"
               " no text not null, search text not null, warnings text not null, form integer not null default 1");
    for (size_t i = 0; i < t->n_fields; i++) {
        if (field_has_column(&t->fields[i])) {
            sql_lit(q, ", ");
            sql_ident2(q, S("f_"), t->fields[i].id);
            add_column_type(q, &t->fields[i]);
        }
    }
    end_table(q, t, true);
    Str table = str_printf(cx->mem, "r_%.*s", STRF(t->id));
    if (!run_ddl(cx, db, q) || !place_table(cx, db, t, table, S("id")) || !add_form_column(cx, db, table) || !add_missing_columns(cx, db, table, t->fields, t->n_fields)) {
        return false;
    }
    for (size_t i = 0; i < t->n_fields; i++) {
        const Field *f = &t->fields[i];
        if (f->kind != FT_LIST) {
            continue;
        }
        q = sql_new(cx->mem);
        sql_lit(q, "create table if not exists ");
        sql_ident(q, list_table(cx->mem, t, f));
        sql_lit(q, " (home integer not null, parent integer not null, pos integer not null");
        for (size_t k = 0; k < f->n_fields; k++) {
            sql_lit(q, ", ");
            sql_ident2(q, S("f_"), f->fields[k].id);
            add_column_type(q, &f->fields[k]);
        }
        sql_lit(q, ", primary key (home, parent, pos)");
        end_table(q, t, false);
        if (!run_ddl(cx, db, q) || !place_table(cx, db, t, list_table(cx->mem, t, f), S("parent, pos")) || !add_missing_columns(cx, db, list_table(cx->mem, t, f), f->fields, f->n_fields)) {
            return false;
        }
    }
    return guard_type(cx, db, t, db_guard) && make_indexes(cx, db, t);
}

bool schema_apply(Cx *cx, Store *s, Db *db)
{
    if (!db_script(cx, db, FIXED) || !tlog_tables(cx, db) || !subject_tables(cx, db) || !anchor_tables(cx, db) || !notice_tables(cx, db) || !account_tables(cx, db) || !shared_tables(cx, db) || !closing_tables(cx, db)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(BY_HOME); i++) {
        if (!db_homes(cx, db, BY_HOME[i].table, BY_HOME[i].key)) {
            return false;
        }
    }
    for (size_t i = 0; i < s->pack->n_types; i++) {
        if (!make_type(cx, db, &s->pack->types[i]) || !blind_columns(cx, s, db, &s->pack->types[i])) {
            return false;
        }
    }
    return true;
}

bool schema_watch(Cx *cx, const Store *s, Db *db)
{
    bool ok = true;
    for (size_t i = 0; ok && i < s->pack->n_types; i++) {
        ok = guard_type(cx, db, &s->pack->types[i], db_watch);
    }
    return ok;
}
