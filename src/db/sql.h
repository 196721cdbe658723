/*
 * sql.h - building a statement from parts that cannot inject: literals of the program, checked identifiers, bound values.
 */
#pragma once

#include "base/buf.h"
#include "db/db.h"

#define SQL_MAX_ARGS 128

typedef enum { SQL_ARG_NULL, SQL_ARG_INT, SQL_ARG_TEXT, SQL_ARG_BLOB } SqlArgKind;

typedef struct {
    Buf text;
    struct SqlArg {
        SqlArgKind kind;
        int64_t i;
        Str s;
    } *args;
    int n_args, cap_args; /* at most SQL_MAX_ARGS */
} Sql;

Sql *sql_new(Arena *mem);
/* sql_lit - program text. Takes a string literal only. */
#define sql_lit(q, lit) buf_add(&(q)->text, S(lit))
/* sql_ident - a table or column name: CHECKs [a-z_][a-z0-9_]*, at most 60 bytes. Never give it user text. */
void sql_ident(Sql *q, Str name);
/* sql_ident2 - prefix directly followed by name, e.g. ("f_", "name"). */
void sql_ident2(Sql *q, Str prefix, Str name);
/* Bound values; each writes the next ?N. */
void sql_int(Sql *q, int64_t v);
void sql_text(Sql *q, Str v);
void sql_null(Sql *q);
/* sql_ints - "in" list of integers, as one bound JSON array: writes " in (…)" for the engine at hand. */
void sql_in_ints(Sql *q, const int64_t *v, size_t n);
/* sql_like - value with %, _ and \ escaped and a % on each side, folded to lower case; write the column side yourself:
 * sql_lit(q, "search like "); sql_like(q, text); it appends the escape clause. */
void sql_like(Sql *q, Str needle);
/* sql_stmt - prepare and bind. */
MUST_USE Stmt *sql_stmt(Cx *cx, Db *db, SqlClass cls, Sql *q);
