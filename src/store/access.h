/*
 * access.h - who may do what: a pure decision over pack, actor, record and state. Deny by default.
 */
#pragma once

#include "store/store.h"

typedef struct {
    bool all;             /* no condition on home */
    bool published_only;  /* only records in published states (and their public fields) */
    const int64_t *homes; /* the homes in reach, sorted */
    size_t n;
    bool mine; /* besides: records that are the actor's own, wherever they lie */
} Scope;

/* access_mine - does the record belong to this person: created by them, or the type's `person` field holds their login?
 */
bool access_mine(const Actor *a, const Rec *r);
/* access_belongs - narrower, for sealed states: the person it belongs to; who entered it only where nobody is named. */
bool access_belongs(const Actor *a, const Rec *r);
/* access_scope - the homes whose records of `t` the actor may read; n 0, not all and not mine: none. Memory in mem.
 * Sealed states are apart: there only what is mine is readable, whatever the scope says. */
Scope access_scope(Arena *mem, const Pack *p, const Actor *a, const RecordType *t);
bool scope_has(const Scope *s, int64_t home);

bool access_create(const Pack *p, const Actor *a, const RecordType *t, const Org *owner);
bool access_read(const Pack *p, const Actor *a, const Rec *r, bool *ret_public_only);
bool access_edit(const Pack *p, const Actor *a, const Rec *r);
/* access_delete - what may be edited, while it has not left its initial state: afterwards others have acted on it. */
bool access_delete(const Pack *p, const Actor *a, const Rec *r);
/* access_field - may the actor see field f of records of t (within what access_read allows)? */
bool access_field(const Actor *a, const RecordType *t, const Field *f, bool public_only);
/* access_field_in - the same of a record in this state (`hide_in`); st NULL: in every state, as filters and orders must ask. */
bool access_field_in(const Actor *a, const RecordType *t, const State *st, const Field *f, bool public_only);
/* access_veiled - is something of a record in this state kept from the actor for the time being? */
bool access_veiled(const Actor *a, const RecordType *t, const State *st);
/* access_action - role, desk and state; the four-eyes rule and conditions are checked by rec_act. What the pack leaves
 * to the program
 * (`system`) is open to the program alone. */
bool access_action(const Pack *p, const Actor *a, const Rec *r, const Action *act);
/* access_history - every change of the record, with who and why; anybody else is told what its published states say. */
bool access_history(const Pack *p, const Actor *a, const Rec *r);
bool access_flag(const Actor *a, const RecordType *t, char what); /* 'x' export 'h' history 'i' import 'u' unmask 'e' erase */
bool actor_has_role(const Actor *a, Str role);
bool actor_is_admin(const Pack *p, const Actor *a);
bool actor_is_auditor(const Pack *p, const Actor *a);
