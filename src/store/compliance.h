/*
 * compliance.h - named profiles of rules for signing in: one row of a table each. Which one holds is a setting of the region, kept in its database so
 * that several processes agree, changed by `tamga settings` and seen by all of them within ten seconds.
 *
 * The profiles follow what design notes quote of GB/T 22239-2019 (8.1.4.1, 8.1.4.2, 8.1.5) and of OWASP ASVS 5.0; numbers those texts do not give are our
 * choice, and say so in `basis`. Neither name claims an assessment.
 */
#pragma once

#include "store/store.h"

typedef enum { FACTOR_FREE, FACTOR_POWERFUL, FACTOR_ALL } FactorNeed; /* who must have a second factor: nobody, administrators and who exports, everybody */

typedef struct {
    const char *id, *label, *basis;
    int password_min;            /* characters */
    bool password_classes;       /* three of: small letters, capitals, digits, others */
    int password_days;           /* then it must be changed; 0: never */
    int tries, lock_min;         /* wrong ones in lock_min minutes, then locked for as long as one of them is that young */
    bool delays;                 /* instead: from the third on one waits 30 s, 1 min, 2 min … after each, no lock */
    int idle_min, idle_admin_min, longest_min;
    int sessions;                /* at once; the oldest ends; 0: any number */
    FactorNeed factor;
    int proof_min;               /* how long a step-up holds */
    bool grants_apart;           /* only security administrators grant, and a second one confirms */
} Compliance;

extern const Compliance COMPLIANCE[];
extern const size_t N_COMPLIANCE;

enum { RETENTION_FLOOR_DAYS = 180, RETENTION_DAYS = 1095 }; /* 网络安全法: logs at least six months; kept three years unless set otherwise */

typedef struct {
    const Compliance *profile;
    int64_t retention_days;      /* of failed sign-ins; the journal is never pruned */
} Settings;

/* settings_now - as the database says: read again when a process on it has changed them, and every ten seconds besides, as another program changes a file
 * unheard. A profile the program does not know fails (E_DATA): rules must not fall back to weaker ones by a misspelling. */
MUST_USE bool settings_now(Cx *cx, Store *s, Settings *ret);
/* settings_set - profile NULL or days 0: as it is. E_INVALID: no such profile, or fewer days than the floor. Journalled. */
MUST_USE bool settings_set(Cx *cx, Store *s, const Actor *by, const char *profile, int64_t retention_days);
const Compliance *compliance_find(Str id);               /* NULL: none */

/* password_fits - E_INVALID with what is wrong. */
MUST_USE bool password_fits(Cx *cx, const Store *s, const Compliance *c, Str login, Str password);
/* password_weight - characters that are neither common words, words of the pack, nor runs (aaaa, 4321, qwer); a whole word or run weighs one. */
size_t password_weight(Cx *cx, const Pack *p, Str login, Str password);
