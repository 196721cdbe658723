/*
 * pg_value.c - values to and from the wire: what is bound to a statement, how it is sent, and the columns of an answer.
 *
 * What the server takes a parameter for decides the form: eight bytes for a big integer, bytes as they are for text and
 * bytea, else text. Answers come as text; booleans and bytes are turned into what SQLite would give.
 */
#include "db/pg_impl.h"

enum { OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_INT4 = 23, OID_TEXT = 25 };

static Arena *run_arena(PgStmt *s)
{
    if (s->run == NULL) {
        s->run = arena_new(0);
    }
    return s->run;
}

/* ---- binding ---- */

static PgVal *val_at(DriverStmt *st, int i)
{
    PgStmt *s = pg_stmt(st);
    return i >= 1 && i <= s->n_params ? &s->vals[i - 1] : NULL;
}

bool pg_bind_int(DriverStmt *st, int i, int64_t v)
{
    PgVal *at = val_at(st, i);
    if (at != NULL) {
        *at = (PgVal){.kind = PG_INT, .i = v};
    }
    return at != NULL;
}

bool pg_bind_bytes(DriverStmt *st, int i, Str v, bool is_text)
{
    PgVal *at = val_at(st, i);
    if (at == NULL || v.n > INT32_MAX / 2) {
        return false;
    }
    *at = (PgVal){.kind = is_text ? PG_TEXT : PG_BLOB, .s = v.p != NULL ? v : S("")};
    return true;
}

bool pg_bind_null(DriverStmt *st, int i)
{
    PgVal *at = val_at(st, i);
    if (at != NULL) {
        *at = (PgVal){0};
    }
    return at != NULL;
}

/* ---- sending ---- */

/* One value as it is sent: bytes where the server takes text or bytes, 8 bytes where it takes a big integer, else as
 * text. */
static void put_value(PgStmt *s, int i)
{
    const PgVal *v = &s->vals[i];
    bool known = s->c->named;
    s->formats[i] = 1;
    if (v->kind == PG_NULL) {
        s->sent[i] = NULL;
    } else if (v->kind == PG_INT && known && s->types[i] == OID_INT8) {
        for (int k = 0; k < 8; k++) {
            s->num[i][k] = (char)(unsigned char)((uint64_t)v->i >> (56 - 8 * k));
        }
        s->sent[i] = s->num[i];
        s->lens[i] = 8;
    } else if (v->kind == PG_INT) {
        s->sent[i] = s->num[i];
        s->lens[i] = snprintf(s->num[i], sizeof s->num[i], "%lld", (long long)v->i);
        s->formats[i] = 0;
    } else if (v->kind == PG_BLOB || (known && (s->types[i] == OID_TEXT || s->types[i] == OID_BYTEA))) {
        s->sent[i] = v->s.p;
        s->lens[i] = (int)v->s.n;
    } else {
        s->sent[i] = str_z(run_arena(s), v->s);
        s->formats[i] = 0;
    }
    if (!known) {
        s->types[i] = v->kind == PG_BLOB ? OID_BYTEA : 0;
    }
}

void pg_put_values(PgStmt *s)
{
    for (int i = 0; i < s->n_params; i++) {
        put_value(s, i);
    }
}

/* ---- columns ---- */

int pg_n_cols(DriverStmt *st)
{
    PgStmt *s = pg_stmt(st);
    const PgRows *r = &s->rows;
    return r->res != NULL && r->row >= 0 && r->row < r->n ? PQnfields(r->res) : 0;
}

bool pg_col_null(DriverStmt *st, int col)
{
    PgStmt *s = pg_stmt(st);
    return PQgetisnull(s->rows.res, s->rows.row, col) == 1;
}

static int hex_digit(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* "\x…", as bytea_output=hex gives it. */
static Str bytes_of_hex(Arena *mem, Str hex)
{
    size_t n = hex.n / 2 - 1;
    char *out = arena_alloc(mem, n + 1);
    for (size_t i = 0; i < n; i++) {
        out[i] = (char)(unsigned char)(hex_digit(hex.p[2 * i + 2]) << 4 | hex_digit(hex.p[2 * i + 3]));
    }
    return str_n(out, n);
}

Str pg_col_bytes(DriverStmt *st, int col)
{
    PgStmt *s = pg_stmt(st);
    if (PQgetisnull(s->rows.res, s->rows.row, col)) {
        return S("");
    }
    Str v = str_n(PQgetvalue(s->rows.res, s->rows.row, col), (size_t)PQgetlength(s->rows.res, s->rows.row, col));
    switch (PQftype(s->rows.res, col)) {
    case OID_BOOL:
        return v.p[0] == 't' ? S("1") : S("0");
    case OID_BYTEA:
        return bytes_of_hex(run_arena(s), v);
    default:
        return v;
    }
}

int64_t pg_col_int(DriverStmt *st, int col)
{
    int64_t n = 0;
    return str_int(pg_col_bytes(st, col), &n) ? n : 0;
}
