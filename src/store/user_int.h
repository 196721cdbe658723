/*
 * user_int.h - what user.c, grant.c, session.c and first.c share; not for other modules.
 */
#pragma once

#include "store/compliance.h"
#include "store/internal.h"
#include "store/user.h"

MUST_USE bool user_by_id(Cx *cx, Store *s, int64_t id, User *ret);   /* E_NOT_FOUND */
bool user_needs_factor(Cx *cx, Store *s, const Actor *a); /* by the profile; false with a failure in cx */
MUST_USE bool end_sessions(Cx *cx, int64_t user);
/* An account is one of the three administrators, or has business roles, or none yet; never two of these. */
typedef struct {
    AdminKind kind;
    Str roles;                       /* business roles, "clerk,reviewer" */
} RoleSet;
MUST_USE bool role_set(Cx *cx, const Store *s, Str roles, const Org *org, RoleSet *ret);
MUST_USE bool account_note(Cx *cx, Store *s, const Actor *by, int64_t home, Str act, int64_t user, Str reason, Str body);

typedef struct {
    Str login, name, hash;
    RoleSet set;
    const Org *org;
    bool must_change;
    int64_t id;
} NewUser;
MUST_USE bool login_ok(Cx *cx, Str login);
MUST_USE bool account_insert(Cx *cx, Store *s, const Actor *by, NewUser *u); /* inside a write */

/* session.c: tries by key, one rule for passwords and codes */
MUST_USE bool tries_left(Cx *cx, const Compliance *c, Str key, int64_t *ret_left); /* E_LOCKED with the reason */
MUST_USE bool tries_note(Cx *cx, Store *s, Str key, Str key2);                      /* one more; keys of n 0 are left out */
MUST_USE bool password_right(Cx *cx, Store *s, Str login, Str password, Str peer, int64_t *ret_user);
