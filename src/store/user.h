/*
 * user.h - people who sign in, their sessions and tokens. Passwords are Argon2id; sessions and tokens are kept as SHA-256 only.
 */
#pragma once

#include "rule/finding.h"
#include "store/store.h"

typedef struct {
    int64_t id;
    Str login, name, org;            /* org: code */
    Str roles;                       /* "clerk,reviewer"; of one of the three administrators: the pack's role of that kind */
    AdminKind kind;
    bool disabled, must_change;
    int64_t created_ms, last_ms, password_ms;
} User;

/* Who may what with accounts. Technical (add without roles, disable, password): the system administrator and, of their offices, administrators of the
 * pack (`admin: true`). Roles: see user_grant. All of the own office and below. */
bool user_sees_accounts(const Store *s, const Actor *a);
bool user_manages(const Store *s, const Actor *a);
MUST_USE bool user_grants(Cx *cx, Store *s, const Actor *a, bool *ret);       /* under the profile that holds */
MUST_USE bool user_last_of_kind(Cx *cx, Store *s, const User *u, bool *ret);  /* the only one of the three's kind that is not disabled */

MUST_USE bool user_add(Cx *cx, Store *s, const Actor *by, Str login, Str name, const Org *org, Str roles, Str password, bool must_change,
                       int64_t *ret_id);
MUST_USE bool user_password(Cx *cx, Store *s, const Actor *by, int64_t id, Str password, bool must_change); /* ends its sessions */
MUST_USE bool user_disable(Cx *cx, Store *s, const Actor *by, int64_t id, bool disabled);
/* user_grant - other roles for an account, for a reason; ends its sessions. By the security administrator, at the server, and (unless the profile keeps
 * grants apart) by administrators of the office, who cannot make one of the three. Never one's own. Where grants are apart it is only asked for
 * (*ret_waits) until a second security administrator agrees. */
MUST_USE bool user_grant(Cx *cx, Store *s, const Actor *by, int64_t id, Str roles, Str reason, bool *ret_waits);
typedef struct {
    int64_t id, user, at_ms;
    Str user_name, login, was, roles, reason, by_name;
    bool may_decide;                 /* by who asks: neither the one who asked nor the one it is about */
} RoleRequest;
MUST_USE bool role_requests(Cx *cx, Store *s, const Actor *by, RoleRequest **ret, size_t *ret_n); /* waiting */
MUST_USE bool role_decide(Cx *cx, Store *s, const Actor *by, int64_t request, bool yes);
MUST_USE bool user_by_login(Cx *cx, Store *s, Str login, User *ret);          /* E_NOT_FOUND */
MUST_USE bool user_list(Cx *cx, Store *s, const Actor *by, User **ret, size_t *ret_n); /* of the own office and below */
MUST_USE bool user_actor(Cx *cx, Store *s, int64_t id, Actor *ret);           /* E_UNAUTHENTICATED when disabled or gone */

/* session_open - check login and password; constant work for unknown logins. E_UNAUTHENTICATED, or E_LOCKED by the profile's rule for one login, or after
 * 50 failures in 15 minutes of one peer. *ret_token goes into the cookie. *ret_code: the person has a second factor, the session stands for nobody
 * until session_code; then *ret is not set. */
MUST_USE bool session_open(Cx *cx, Store *s, Str login, Str password, Str peer, Str *ret_token, bool *ret_code, Actor *ret);
/* session_code - the second factor of a session that waits for it (5 minutes): a new id for it. *token: in the old, out the new. */
MUST_USE bool session_code(Cx *cx, Store *s, Str code, Str *token, Actor *ret);
MUST_USE bool session_waits(Cx *cx, Store *s, Str token, bool *ret); /* does it wait for a code? */
/* session_prove - password, or with a second factor a code, once more: a new id, the same forgery token. E_UNAUTHENTICATED, E_LOCKED. */
MUST_USE bool session_prove(Cx *cx, Store *s, const Actor *a, Str secret, Str peer, Str *token);
MUST_USE bool session_unprove(Cx *cx, Store *s, Str token);           /* the next thing that needs proof asks again */
MUST_USE bool session_fresh(Cx *cx, Store *s, const Actor *a, bool *ret); /* proven within the profile's time */
/* session_again - a fresh session after all have ended (a new password), for who held one. */
MUST_USE bool session_again(Cx *cx, Store *s, const Actor *a, Str *ret_token);
/* session_password - is this the person's password? Counts like signing in. E_UNAUTHENTICATED, E_LOCKED. */
MUST_USE bool session_password(Cx *cx, Store *s, const Actor *a, Str password, Str peer);
/* session_actor - who a cookie stands for, and its CSRF token; E_UNAUTHENTICATED otherwise. Touches it at most once a minute. */
MUST_USE bool session_actor(Cx *cx, Store *s, Str token, Actor *ret, Str *ret_csrf);
MUST_USE bool session_close(Cx *cx, Store *s, Str token);
MUST_USE bool session_flash(Cx *cx, Store *s, Str token, Str tone, Str text); /* put; and take: */
MUST_USE bool session_flash_take(Cx *cx, Store *s, Str token, Str *ret_tone, Str *ret_text);

/* The first start: while there is no account, a token shown once on the server makes the three administrators. Kept as a hash, good for a day. */
typedef struct {
    Str login, name, password;
} FirstAdmin;
MUST_USE bool first_needed(Cx *cx, Store *s, bool *ret);              /* no account, and the pack has the three roles */
MUST_USE bool first_token(Cx *cx, Store *s, Str *ret_token);          /* a new one; the one before is void */
MUST_USE bool first_admins(Cx *cx, Store *s, Str token, Str peer, const FirstAdmin who[3], Findings *found); /* system, security, audit */

typedef struct {
    int64_t id, expires_ms, last_ms;
    Str name, scope;
} TokenRow;

/* API tokens: scope "read", "write" (both may not export) or "export" (reads and exports); expiry in ms. The clear text is shown once. */
MUST_USE bool token_add(Cx *cx, Store *s, const Actor *by, int64_t user, Str name, Str scope, int64_t expires_ms, Str *ret_token);
MUST_USE bool token_actor(Cx *cx, Store *s, Str token, Actor *ret);
MUST_USE bool token_list(Cx *cx, Store *s, const Actor *by, int64_t user, TokenRow **ret, size_t *ret_n);

MUST_USE bool token_drop(Cx *cx, Store *s, const Actor *by, int64_t id);

