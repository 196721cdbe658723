/*
 * store.c - opening a data folder: keys, database, ids, a reading connection per thread.
 *
 * The database may stand elsewhere (place.c); then the folder holds the rest and is still needed.
 *
 * The folder holds tamga.db (records, journal, accounts), master.key (32 random bytes, mode 0600, the root of every secret; keys.h), keys/ (the
 * signing keys) and files/ (attachments). It is the whole state: copy it while the server is stopped, or take `tamga backup` while it runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/folder.h"
#include "store/file.h"
#include "store/internal.h"
#include "store/place_int.h"
#include "store/shared_int.h"
#include "store/tlog.h"
#include "store/upgrade_int.h"
#include "store/writer.h"

#define EPOCH_2020_MS 1577836800000LL

static bool make_folder(Cx *cx, const char *path)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return fail(cx, E_IO, "无法建立数据文件夹 %s", path);
    }
    return true;
}

Str store_secret(const Store *s, Arena *mem, const char *purpose)
{
    return keys_secret(s->keys, mem, purpose);
}

static bool open_signers(Cx *cx, Store *s)
{
    const char *dir = str_printf(s->mem, "%s/keys", s->dir).p;
    s->signers[SIGN_ED25519] = signer_open(cx, s->mem, dir, SIGN_ED25519);
    s->signers[SIGN_SM2] = s->signers[SIGN_ED25519] != NULL ? signer_open(cx, s->mem, dir, SIGN_SM2) : NULL;
    return s->signers[SIGN_SM2] != NULL;
}

const Signer *store_signer(const Store *s, SignAlg alg)
{
    return s->signers[alg];
}

/* Ids never repeat, even when the clock went back or a burst borrowed ticks before a restart: go on after the newest. */
bool read_last_tick(Cx *cx, Store *s)
{
    for (size_t i = 0; i < s->pack->n_types; i++) {
        Sql *q = sql_new(cx->mem);
        int64_t newest;
        sql_lit(q, "select max(id) from ");
        sql_ident(q, s->types[i].table);
        Stmt *st = sql_stmt(cx, s->writer, SQL_ADMIN, q);
        if (st == NULL || !stmt_one_int(cx, st, 0, &newest)) {
            return false;
        }
        pthread_mutex_lock(&s->id_lock);
        s->id_tick = MAX(s->id_tick, newest >> 25);
        s->id_seq = 255;
        pthread_mutex_unlock(&s->id_lock);
    }
    return true;
}

static void close_reader(void *db)
{
    db_close(db);
}

/* A store that could not be opened; NULL, with the failure in cx. */
static Store *not_opened(Store *s)
{
    pthread_key_delete(s->reader);
    pthread_mutex_destroy(&s->id_lock);
    folder_unlock(s->lock_fd);
    keys_close(s->keys);
    arena_free(s->mem);
    return NULL;
}

Store *store_open(Cx *cx, const char *dir, const Pack *pack)
{
    return store_open_at(cx, dir, pack, NULL);
}

Store *store_open_at(Cx *cx, const char *dir, const Pack *pack, const char *moving)
{
    Arena *mem = arena_new(0);
    Store *s = NEW(mem, Store);
    s->mem = mem;
    s->pack = pack;
    s->lock_fd = -1;
    s->dir = str_z(mem, str_c(dir));
    pthread_mutex_init(&s->id_lock, NULL);
    pthread_mutex_init(&s->space.lock, NULL);
    pthread_key_create(&s->reader, close_reader);
    s->versions = (_Atomic uint64_t *)NEW_ARRAY(mem, uint64_t, pack->n_types + STORE_EXTRA_VERSIONS + 1);
    s->types = NEW_ARRAY(mem, TypeSql, pack->n_types);
    for (size_t i = 0; i < pack->n_types; i++) {
        s->types[i] = type_sql_make(mem, &pack->types[i]);
    }
    if (!make_folder(cx, dir) || (moving == NULL && !folder_lock(cx, dir, false, &s->lock_fd)) || !make_folder(cx, str_printf(mem, "%s/files", dir).p) ||
        (s->keys = keys_open(cx, dir)) == NULL || !open_signers(cx, s)) {
        return not_opened(s);
    }
    const char *url = moving != NULL ? moving : store_database(cx, dir);
    s->url = str_dup(mem, str_c(url));
    s->writer = url != NULL ? db_open(cx, s->url.p, DB_WRITE) : NULL;
    if (s->writer == NULL) {
        return not_opened(s);
    }
    reach_writer(s->writer);
    int64_t schema;
    if ((moving == NULL && !database_is_whole(cx, s->writer)) || !upgrade_begins(cx, s, &schema) || !db_begin(cx, s->writer) ||
        !upgrade_steps(cx, s, schema) || !schema_apply(cx, s, s->writer) || !database_is_ours(cx, s, s->writer) || !shared_join(cx, s) ||
        !upgrade_ends(cx, s, schema) || !db_commit(cx, s->writer)) {
        db_rollback(s->writer);
        db_close(s->writer);
        return not_opened(s);
    }
    upgrade_done(s, schema);
    s->counts = count_cache_new(mem);
    s->is_file = db_is_file(s->writer);
    writer_start(s);
    return s;
}

void store_close(Store *s)
{
    if (s == NULL) {
        return;
    }
    store_detach(s);
    writer_stop(s);
    shared_leave(s);
    db_close(s->writer);
    count_cache_free(s->counts);
    pthread_key_delete(s->reader);
    pthread_mutex_destroy(&s->id_lock);
    folder_unlock(s->lock_fd);
    keys_close(s->keys);
    arena_free(s->mem);
}

const Pack *store_pack(const Store *s)
{
    return s->pack;
}

const char *store_dir(const Store *s)
{
    return s->dir;
}

const FieldKey *store_key(const Store *s)
{
    return &s->keys->field;
}

bool store_attach(Cx *cx, Store *s)
{
    if (on_writer(s)) {
        cx->db = s->writer;
        return true;
    }
    Db *db = pthread_getspecific(s->reader);
    if (db == NULL) {
        db = db_open(cx, s->url.p, DB_READ);
        if (db == NULL || !schema_watch(cx, s, db)) {
            db_close(db);
            return false;
        }
        pthread_setspecific(s->reader, db);
    }
    cx->db = db;
    return shared_fresh(cx, s);
}

void store_rest(Store *s)
{
    Db *db = on_writer(s) ? NULL : pthread_getspecific(s->reader);
    if (db != NULL) {
        db_rest(db);
    }
}

void store_detach(Store *s)
{
    Db *db = pthread_getspecific(s->reader);
    if (db != NULL) {
        pthread_setspecific(s->reader, NULL);
        db_close(db);
    }
}

uint64_t store_version(const Store *s, int32_t type_index)
{
    CHECK(type_index >= 0 && (size_t)type_index < s->pack->n_types + STORE_EXTRA_VERSIONS);
    return atomic_load(&s->versions[type_index]);
}

int64_t store_new_id(Store *s, int64_t home)
{
    CHECK(home >= 1 && home <= 8191);
    pthread_mutex_lock(&s->id_lock);
    int64_t tick = (clock_now_ms() - EPOCH_2020_MS) / 10;
    if (tick > s->id_tick) {
        s->id_tick = tick;
        s->id_seq = 0;
    } else if (++s->id_seq > 255) { /* more than 256 in 10 ms: borrow from the next tick, never repeat */
        s->id_tick++;
        s->id_seq = 0;
    }
    int64_t id = (s->id_tick << 25) | (home << 12) | (s->node << 8) | (int64_t)s->id_seq;
    pthread_mutex_unlock(&s->id_lock);
    return id;
}

Str id_text(Arena *mem, int64_t id)
{
    return str_printf(mem, "%lld", (long long)id);
}

bool id_read(Str text, int64_t *ret)
{
    int64_t v;
    if (!str_int(text, &v) || v <= 0 || text.p[0] == '0') {
        return false;
    }
    *ret = v;
    return true;
}
