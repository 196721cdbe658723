/*
 * app.h - the command line: one row a command.
 */
#pragma once

#include "job/job.h"
#include "rule/validate.h"
#include "store/user.h"

/* What was said on the command line: an option goes by the word it has there (main.c, OPTIONS). */
typedef struct {
    const char *data, *db, *pack, *listen, *type, *as, *where, *out, *report, *role, *org, *name, *scope, *view, *assets, *url, *keys, *revoked, *at,
        *scan, *reason, *log_level, *security_contact, *profile, *anchor, *to, *from;
    bool demo, dry_run, strict, quiet, behind_proxy, check, no_verify, chains, help;
    long workers, days, per_address;
    const char *words[8];        /* what is not an option */
    int n_words;
} Options;

typedef bool CommandFn(Cx *cx, const Options *o);

typedef struct {
    const char *name;
    CommandFn *fn;
    const char *usage;           /* after "tamga " */
    const char *summary;         /* Chinese, one line */
} Command;

CommandFn cmd_init, cmd_serve, cmd_pack, cmd_import, cmd_export, cmd_verify, cmd_checkpoint, cmd_reseal, cmd_backup, cmd_restore, cmd_move, cmd_user, cmd_first, cmd_settings, cmd_doctor, cmd_verify_certificate, cmd_bundle, cmd_verify_bundle;

/* app_share - the folder or file `name` of what is installed with the program: `given` by an option, else PREFIX/share/tamga/`name` where the
 * program stands in PREFIX/bin, else `in_tree`, relative to the source tree. In cx->mem. */
const char *app_share(Cx *cx, const char *given, const char *name, const char *in_tree);
/* app_pack - load the pack of a data folder (or o->pack); prints its faults to standard error. NULL with E_PACK. */
const Pack *app_pack(Cx *cx, const Options *o);
/* app_has_data - whether the folder o->data was made by init: its database, or the address of one, is there. */
bool app_has_data(Cx *cx, const Options *o);
/* app_store_new - the store of a folder that has no database yet, at o->db or in the folder; notes both there. */
Store *app_store_new(Cx *cx, const Options *o, const Pack *p);
/* app_store - open the store of o->data with its pack. */
Store *app_store(Cx *cx, const Options *o);
/* app_first_token - while there is no account: print a fresh one-time token for the three administrators, with the page that takes it. */
MUST_USE bool app_first_token(Cx *cx, Store *s, const char *base);
/* app_secret - a line of standard input, trimmed; on a terminal it is not shown while it is typed. E_USAGE when there is none. */
MUST_USE bool app_secret(Cx *cx, const char *prompt, Str *ret);
/* app_actor - the account named by --as. */
MUST_USE bool app_actor(Cx *cx, Store *s, const char *login, Actor *ret);
extern const Actor SYSTEM_ACTOR;

/* demo_fill - the demonstration data beside a pack ("<pack>-demo"), and accounts with one fresh password, written to demo-accounts.txt. */
MUST_USE bool demo_fill(Cx *cx, Store *s, const char *dir);
