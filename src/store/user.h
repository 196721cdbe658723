/*
 * user.h - people who sign in, their sessions and tokens. Passwords are Argon2id; sessions and tokens are kept as SHA-256 only.
 */
#pragma once

#include "store/store.h"

typedef struct {
    int64_t id;
    Str login, name, org;            /* org: code */
    Str roles;                       /* "clerk,reviewer" */
    bool disabled, must_change;
    int64_t created_ms, last_ms;
} User;

MUST_USE bool user_add(Cx *cx, Store *s, const Actor *by, Str login, Str name, const Org *org, Str roles, Str password, bool must_change,
                       int64_t *ret_id);
MUST_USE bool user_password(Cx *cx, Store *s, const Actor *by, int64_t id, Str password, bool must_change); /* ends its sessions */
MUST_USE bool user_disable(Cx *cx, Store *s, const Actor *by, int64_t id, bool disabled);
MUST_USE bool user_by_login(Cx *cx, Store *s, Str login, User *ret);          /* E_NOT_FOUND */
MUST_USE bool user_list(Cx *cx, Store *s, const Actor *by, User **ret, size_t *ret_n); /* of the own office and below */
MUST_USE bool user_actor(Cx *cx, Store *s, int64_t id, Actor *ret);           /* E_UNAUTHENTICATED when disabled or gone */

/* session_open - check login and password; constant work for unknown logins. E_UNAUTHENTICATED, or E_LOCKED after 5 failures in 15
 * minutes (per login) or 50 (per peer). *ret_token goes into the cookie; idle 30 min, at most 10 h. */
MUST_USE bool session_open(Cx *cx, Store *s, Str login, Str password, Str peer, Str *ret_token, Actor *ret);
/* session_actor - who a cookie stands for, and its CSRF token; E_UNAUTHENTICATED otherwise. Touches it at most once a minute. */
MUST_USE bool session_actor(Cx *cx, Store *s, Str token, Actor *ret, Str *ret_csrf);
MUST_USE bool session_close(Cx *cx, Store *s, Str token);
MUST_USE bool session_flash(Cx *cx, Store *s, Str token, Str tone, Str text); /* put; and take: */
MUST_USE bool session_flash_take(Cx *cx, Store *s, Str token, Str *ret_tone, Str *ret_text);

typedef struct {
    int64_t id, expires_ms, last_ms;
    Str name, scope;
} TokenRow;

/* API tokens: scope "read" or "write"; expiry in ms. The clear text is shown once. */
MUST_USE bool token_add(Cx *cx, Store *s, const Actor *by, int64_t user, Str name, Str scope, int64_t expires_ms, Str *ret_token);
MUST_USE bool token_actor(Cx *cx, Store *s, Str token, Actor *ret);
MUST_USE bool token_list(Cx *cx, Store *s, const Actor *by, int64_t user, TokenRow **ret, size_t *ret_n);

MUST_USE bool token_drop(Cx *cx, Store *s, const Actor *by, int64_t id);

/* Idempotency-Key: the answer first given for a key is given again for 24 h. *ret_known: found. */
MUST_USE bool idem_get(Cx *cx, Store *s, const Actor *a, Str key, Str request_hash, bool *ret_known, int *ret_status, Str *ret_body);
MUST_USE bool idem_put(Cx *cx, Store *s, const Actor *a, Str key, Str request_hash, int status, Str body);
