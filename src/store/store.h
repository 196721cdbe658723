/*
 * store.h - records in typed tables: the one accessor through which screens, API, import, export and files read and write.
 *
 * A Store is opened on a data folder and a pack: one table a record type, child tables for lists, one journal. All writes go through
 * one writer thread that groups waiting writes into one transaction (each in a savepoint, so that one failing does not
 * touch another); a call returns after the commit reached the disk. Reads use the connection of the calling thread.
 * Every function that takes an Actor decides rights itself (access.h); nothing above needs to, and nothing above can skip it.
 */
#pragma once

#include "db/db.h"
#include "fmt/crypt.h"
#include "rule/finding.h"
#include "rule/value.h"

typedef struct Store Store;

/* Who acts: a person in an office with roles. id 0 with no roles: the public. */
typedef struct {
    int64_t user;
    Str login, name;
    const Org *org;              /* NULL for the public and the system */
    Str roles[16];
    size_t n_roles;
    size_t n_own_roles;          /* the first of them; the rest are of persons they act for (delegate.h) */
    int64_t deputy_for[4];       /* users they act for today */
    size_t n_deputy_for;
    Str deputy_names;            /* of these, joined by 、; empty: none */
    bool is_system;                 /* the program itself (first start, demonstration) */
    bool read_only;              /* a token without write scope */
    bool must_change;            /* was given a password by somebody else, or it is too old: may do nothing but change it */
    bool must_enrol;             /* the profile wants a second factor of this person and there is none: may do nothing but enrol */
    AdminKind kind;              /* one of the three administrators: then no role of the pack's records counts */
    bool may_export;             /* a token that may export without a proof */
    int64_t proven_ms;           /* when this session last gave password or code; 0: never, or no session */
    Str via;                     /* "web", "token:<name>", "cli", "import:<job>": into the journal */
} Actor;

typedef struct {
    const RecordType *type;
    int64_t id, home, rev;
    const State *state;
    int64_t holder;              /* home of the office at whose desk it lies */
    int64_t created_ms, updated_ms, created_by, updated_by;
    Str no;                      /* record number; empty when the type has none */
    Value *v;                    /* one per field of the type, in order */
    Str warnings;                /* JSON list of findings kept with the record */
    int32_t form;                /* revision of the type's form that the record keeps to */
    int64_t seen_by;             /* not 0: emptied of what this person may not see; whose it is was decided before that */
    bool seen_mine, seen_belongs;
    Str own_key;                 /* of its personal fields, wrapped (subject.h); empty: none yet */
} Rec;

/*
 * store_open - open or create the database of `dir` (tamga.db, files/, keys) for `pack`; adds missing tables and columns; starts the
 * writer. NULL with a failure in cx. `pack` and the store's own memory live until store_close. When `dir` holds a file `db`, its one
 * line is the address of the database ("postgresql://…"), which then is not in the folder; files and keys still are.
 */
MUST_USE Store *store_open(Cx *cx, const char *dir, const Pack *pack);
/* store_database - the address of the database of `dir`, in cx->mem; NULL with E_DATA when its file `db` is not one, E_IO when it cannot be read. */
MUST_USE const char *store_database(Cx *cx, const char *dir);
/* store_place - note in the folder `dir` (made if missing) that its database is at `db`; before the first store_open. E_USAGE for an
 * address that is none, E_CONFLICT when the folder already has a database. */
MUST_USE bool store_place(Cx *cx, const char *dir, const char *db);
void store_close(Store *s);
const Pack *store_pack(const Store *s);
const char *store_dir(const Store *s);

/* store_attach - give this thread's context a read connection (kept per Store and thread; opened on first use), and learn what other processes
 * wrote (store/shared.h): from here on nothing kept is older than what anybody was told before. Once a request. */
MUST_USE bool store_attach(Cx *cx, Store *s);
/* store_detach - close this thread's connection; at the thread's end. */
void store_detach(Store *s);
void store_rest(Store *s);                          /* at the end of a piece of work of this thread: nothing is being read any more (db_rest) */

/*
 * store_write - run fn on the writer inside a transaction and return after the commit. Inside, cx->db is the writing
 * connection; cx and its arena stay the caller's (who waits). fn returning false undoes everything it wrote and its failure is the
 * result. Calls from inside fn run fn directly in a nested savepoint.
 */
typedef bool StoreFn(Cx *cx, Store *s, void *arg);
MUST_USE bool store_write(Cx *cx, Store *s, StoreFn *fn, void *arg);

/* Version counters: grow with every commit that touched the type (or users, files: index n_types, n_types + 1), before the
 * write is acknowledged; of other processes' commits a thread knows from store_attach on. For caches. */
uint64_t store_version(const Store *s, int32_t type_index);

const FieldKey *store_key(const Store *s);
Str store_secret(const Store *s, Arena *mem, const char *purpose); /* 32 bytes derived for a purpose, never stored */

/* New id for a record of `home`: 38 bit 10 ms ticks since 2020 | 13 bit home | 4 bit node | 8 bit sequence. */
int64_t store_new_id(Store *s, int64_t home);
static inline int64_t id_home(int64_t id) { return (id >> 12) & 8191; }
Str id_text(Arena *mem, int64_t id);
bool id_read(Str text, int64_t *ret);
