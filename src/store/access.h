/*
 * access.h - who may do what: a pure decision over pack, actor, record and state. Deny by default.
 */
#pragma once

#include "store/store.h"

typedef struct {
    bool all;                    /* no condition on home */
    bool published_only;         /* only records in published states (and their public fields) */
    const int64_t *homes;        /* the homes in reach, sorted */
    size_t n;
} Scope;

/* access_scope - the homes whose records of `t` the actor may read; n 0 and not all: none. Memory in mem. */
Scope access_scope(Arena *mem, const Pack *p, const Actor *a, const RecordType *t);
bool scope_has(const Scope *s, int64_t home);

bool access_create(const Pack *p, const Actor *a, const RecordType *t, const Org *owner);
bool access_read(const Pack *p, const Actor *a, const Rec *r, bool *ret_public_only);
bool access_edit(const Pack *p, const Actor *a, const Rec *r);
/* access_field - may the actor see field f of records of t (within what access_read allows)? */
bool access_field(const Actor *a, const RecordType *t, const Field *f, bool public_only);
/* access_action - role, desk and state; the four-eyes rule and conditions are checked by rec_act. */
bool access_action(const Pack *p, const Actor *a, const Rec *r, const Action *act);
bool access_flag(const Actor *a, const RecordType *t, char what); /* 'x' export 'h' history 'i' import 'u' unmask */
bool actor_has_role(const Actor *a, Str role);
bool actor_is_admin(const Pack *p, const Actor *a);
bool actor_is_auditor(const Pack *p, const Actor *a);
