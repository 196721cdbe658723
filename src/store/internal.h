/*
 * internal.h - what the files of the store share; not for other modules.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "db/sql.h"
#include "fmt/sign.h"
#include "store/journal.h"
#include "store/pulse.h"
#include "store/reach.h"
#include "store/keys.h"
#include "store/record.h"

#define STORE_EXTRA_VERSIONS 3 /* users, files, notices */

/* One write waiting for the writer thread; lives on the waiting caller's stack. */
typedef struct WriteJob {
    struct WriteJob *next;
    Cx *cx;
    StoreFn *fn;
    void *arg;
    bool ok, done;
    uint64_t touched; /* types touched, a bit each (types beyond 62 share the last bit) */
} WriteJob;

/* Texts of the statements every record of a type needs, made once. */
typedef struct {
    Str columns;      /* "id, home, rev, …, f_name, …" for select from `table` without another name; then the record's key (subject.h) */
    size_t n_columns;
    Str table;
} TypeSql;

/* What the writer notes of itself (pulse.c). */
typedef struct {
    _Atomic int64_t waiting, since_ms, groups, writes, failed, commit_us, commit_ms[PULSE_BUCKETS], group[PULSE_BUCKETS];
} Pulse;

/* The disk under the data folder (pulse.c). */
typedef struct {
    pthread_mutex_t lock;
    bool watch;
    _Atomic bool low, ballast;
    _Atomic int64_t looked_ms, rest_until_ms, free_bytes;
} Space;

struct Store {
    const Pack *pack;
    Arena *mem;
    const char *dir;
    int lock_fd;        /* the folder is in use (place_int.h) */
    Str url;
    StoreKeys *keys;
    const char *scan;     /* command of the virus scanner; NULL: what scan.conf says */
    Signer *signers[2]; /* by SignAlg */
    TypeSql *types;
    _Atomic uint64_t *versions; /* by type, then the extra ones, then their sum (shared.c) */
    /* of several processes on one database (shared.c) */
    bool shared;
    Str me, folder, *version_names;
    unsigned node_generation; /* of the writing connection that holds the lock of the node number */
    _Atomic uint64_t epoch;
    struct {
        size_t slot;
        int64_t n;
    } *raised; /* by the group being committed, room for each counter; writer thread only */
    size_t n_raised;
    /* writer */
    Db *writer;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake, finished;
    WriteJob *head, **tail;
    bool stopping, started;
    uint64_t touched; /* by the job running now; writer thread only */
    bool in_write;    /* writer thread only */
    struct HeldAll *held;  /* writer thread only (held.h, recent.h, absent.h) */
    struct Recent *recent;
    struct Absent *absent;
    pthread_key_t reader;
    /* ids */
    pthread_mutex_t id_lock;
    int64_t id_tick, node;
    int id_seq;
    /* counts that were asked for, by statement and version (cache.c) */
    struct CountCache *counts;
    Pulse pulse;
    Space space;
    bool is_file;         /* the database is tamga.db of the folder */
    /* settings as last read (compliance.c) */
    _Atomic int64_t settings_at, retention_days;
    _Atomic uint64_t settings_version; /* of the accounts when they were read: a change of settings raises it */
    _Atomic unsigned profile;
    _Atomic unsigned channels; /* for which rows of the outbox are written (outbox.h) */
};

enum { COL_ID, COL_HOME, COL_REV, COL_STATE, COL_HOLDER, COL_CREATED, COL_UPDATED, COL_CREATED_BY, COL_UPDATED_BY, COL_NO,
       COL_WARNINGS, COL_FORM, COL_FIRST_FIELD };

/* store.c */
/* store_open_at - as store_open; moving: the address of a database that is being filled, by whoever holds the folder alone. */
MUST_USE Store *store_open_at(Cx *cx, const char *dir, const Pack *pack, const char *moving);

/* schema.c */
MUST_USE bool schema_apply(Cx *cx, Store *s, Db *db);
/* schema_watch - a connection that was opened to read: which tables belong to somebody (db_watch). */
MUST_USE bool schema_watch(Cx *cx, const Store *s, Db *db);
MUST_USE bool tlog_tables(Cx *cx, Db *db); /* tlog.c */
MUST_USE bool account_tables(Cx *cx, Db *db); /* user.c */
MUST_USE bool notice_tables(Cx *cx, Db *db); /* notice.c */
bool field_has_column(const Field *f); /* everything but child lists */
bool type_by_home(const RecordType *t); /* its rows may be spread over several machines by home */
MUST_USE bool run_ddl(Cx *cx, Db *db, Sql *q); /* schema.c: a definition without bound values */
MUST_USE bool blind_columns(Cx *cx, Store *s, Db *db, const RecordType *t); /* lookup.c */

/* row.c: between rows and Rec */
TypeSql type_sql_make(Arena *mem, const RecordType *t);
/* PERSONAL_LEFT: personal fields are not opened, and read as if they were empty */
typedef enum { PERSONAL_MASKED, PERSONAL_CLEAR, PERSONAL_LEFT } PersonalRead;
MUST_USE bool row_read(Cx *cx, Store *s, const RecordType *t, Stmt *st, PersonalRead how, Rec *ret);
MUST_USE bool row_read_lists(Cx *cx, Store *s, Rec *r);
/* r: whose value it is, with its key ready (subject_ready) */
void row_bind_value(Cx *cx, Store *s, Sql *q, const Rec *r, const Field *f, const Value *v);
/* what the blind index of a personal field (`lookup`) holds: a token, or null */
void row_bind_token(Cx *cx, Store *s, Sql *q, const RecordType *t, const Field *f, const Value *v);
/* ", <column> = <value>" of an update, and the same of its blind index, if the field has one */
void row_set_value(Cx *cx, Store *s, Sql *q, const Rec *r, const Field *f);
void row_set_token(Cx *cx, Store *s, Sql *q, const Rec *r, const Field *f);
void row_here(Sql *q, const Rec *r); /* " where" it is this row */
/* "<column> = <value>"; a personal field by its blind index */
void row_equals(Cx *cx, Store *s, Sql *q, const RecordType *t, const Field *f, const Value *v);
#define PERSONAL_BROKEN S("（无法解密）")
/* the personal fields of a row as they are stored, by field index; whether the blind index of one is filled in; writing all of them again */
MUST_USE bool row_sealed(Cx *cx, Store *s, const RecordType *t, int64_t id, Str **ret);
bool row_token_kept(Cx *cx, Store *s, const RecordType *t, const Field *f, int64_t id);
MUST_USE bool row_seal_again(Cx *cx, Store *s, const Rec *r);
MUST_USE bool row_tokens_again(Cx *cx, Store *s, const Rec *r); /* the blind indexes only */
Str mask_personal(Arena *mem, const Field *f, Str clear);
Str field_aad(Arena *mem, const RecordType *t, const Field *f, int64_t id);
Str search_text(Arena *mem, const RecordType *t, const Rec *r);
/* load one record as stored, without rights; E_NOT_FOUND. rec_load: with the program's eyes; rec_load_held: within the reach that is held. */
MUST_USE bool rec_load_held(Cx *cx, Store *s, const RecordType *t, int64_t id, bool clear_personal, Rec *ret);
MUST_USE bool rec_load(Cx *cx, Store *s, const RecordType *t, int64_t id, bool clear_personal, Rec *ret);
MUST_USE bool rec_load_deleted_too(Cx *cx, Store *s, const RecordType *t, int64_t id, Rec *ret); /* personal fields in clear; to seal them anew */
/* the record as rec_get would give it: a copy with masks, without what the actor may not see */
Rec rec_as_seen(Cx *cx, const Store *s, const Actor *a, const Rec *r);
/* empty what the actor may not see */
void rec_redact(const Actor *a, Rec *r, bool public_only);
/* refs_check - what field f of a record (before: NULL for a new one) newly points to must be a live record that `a` may read;
 * else a finding `ref`. The program itself is not asked. False: reading failed. */
MUST_USE bool refs_check(Cx *cx, Store *s, const Actor *a, const Field *f, const Value *before, const Value *v, Findings *found);

/* journal.c: the stored hash of entry `seq` of a chain, zeros where there is none (and of entry 0, which is always there) */
MUST_USE bool journal_hash_stored(Cx *cx, int64_t home, int64_t seq, uint8_t ret[32], bool *ret_there);
/* pulse.c: the writer's notes; commit_us -1: there was none */
void pulse_begin(Store *s);
void pulse_end(Store *s, int64_t writes, int64_t failed, int64_t commit_us);

/* writer.c */
bool on_writer(const Store *s);
void store_touch(Store *s, int32_t type_index); /* inside a write */

/* where_reach.c: " and …": what the actor may read of the type at all, sealed states included; false when that is nothing */
bool reach_where(const Actor *a, const RecordType *t, const Scope *scope, Sql *q);
/* where_reach.c: " and …": what of it waits for the actor; false when that is nothing */
bool work_where(const Actor *a, const RecordType *t, Sql *q);
/* where.c: the where clause of a query in the actor's reach, without the filter by `skip` (NULL: with all of them); false when nothing can match */
bool query_where(Cx *cx, Store *s, const Actor *a, const Query *q, const Field *skip, Sql *sql);
extern const Field WHERE_STATE; /* where.c: stands for the state, which is no field of a type, as what to skip */
/* count.c: how many records the query has for the actor, kept or counted */
MUST_USE bool count_total(Cx *cx, Store *s, const Actor *a, const Query *query, int64_t *ret);

/* cache.c */
struct CountCache *count_cache_new(Arena *mem);
void count_cache_free(struct CountCache *c);
bool count_cache_get(struct CountCache *c, const Sql *q, uint64_t version, int64_t now_ms, Arena *mem, void **ret, size_t *ret_bytes); /* now_ms: monotonic */
void count_cache_put(struct CountCache *c, const Sql *q, uint64_t version, int64_t now_ms, int64_t rows, const void *data, size_t bytes); /* rows: how many records were counted */

/* row_write.c: a new row, or what differs from `before` of one that is there; the rows of its lists with it */
MUST_USE bool row_insert(Cx *cx, Store *s, const Rec *r);
MUST_USE bool row_update(Cx *cx, Store *s, const Rec *before, const Rec *r);

/* put.c: a new or changed record, journalled; rights and checks are the caller's. *ret_changed false: nothing differs, nothing was done */
const State *state_initial(const RecordType *t);
MUST_USE bool rec_store_new(Cx *cx, Store *s, const Actor *a, Rec *r, Str action, Str reason, Str source);
MUST_USE bool rec_store_change(Cx *cx, Store *s, const Actor *a, const Rec *before, Rec *after, Str act, Str action, Str reason, Str source,
                               bool *ret_changed);
MUST_USE bool rec_refresh_latest(Cx *cx, Store *s, const Actor *a, const Rec *written); /* latest.c */

/* check.c: whether r may be stored so; before: NULL for a new record. r->warnings is filled in; false with E_INVALID: `found` says what is wrong */
MUST_USE bool rec_check(Cx *cx, Store *s, const Value *before, Rec *r, bool partial, Findings *found);
/* what a draft still lacks, as a sentence; empty: nothing */
MUST_USE bool rec_missing(Cx *cx, Store *s, const Rec *r, Str *ret);
