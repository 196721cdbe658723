/*
 * floor.c - the least a list page can cost: the product's own statements on the product's own file behind the product's HTTP library, with a
 * fixed body. What the real page takes longer is its own doing.
 *
 *   floor DB ADDR:PORT BODY_BYTES all|list
 *
 * all: rows, total and counts by the field f_domain for every request; list: only the rows (the product keeps totals and counts until a
 * commit changes them). Every column is read.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include "base/buf.h"
#include "db/db.h"
#include "net/net.h"

#define MAX_WORKERS 16

typedef struct {
    const char *url;
    Str list, body;
    bool all;
    Db *db[MAX_WORKERS];
    Arena *mem[MAX_WORKERS];
} Floor;

/* What the compiler must not take away: the bytes read. */
static _Thread_local volatile size_t bytes_read;

static bool drain(Cx *cx, Stmt *st, int n_cols)
{
    bool row = false;
    if (st == NULL) {
        return false;
    }
    while (stmt_step(cx, st, &row) && row) {
        for (int i = 0; i < n_cols; i++) {
            bytes_read += stmt_col_text(st, i).n;
        }
    }
    stmt_done(st);
    return cx->err == E_OK;
}

static void handle(void *ctx, unsigned worker, const NetReq *req, NetResp *resp)
{
    Floor *f = ctx;
    Cx cx;
    cx_init(&cx, req->mem);
    Db *db = f->db[worker];
    int n_cols = 1;
    for (size_t i = 0; i < f->list.n; i++) {
        n_cols += f->list.p[i] == ',';
    }
    Stmt *st = db_stmt(&cx, db, SQL_ROLLUP, f->list);
    if (st != NULL) {
        stmt_int(st, 1, 51);
        stmt_int(st, 2, 0);
    }
    bool ok = drain(&cx, st, n_cols - 2) && (!f->all || (drain(&cx, db_stmt(&cx, db, SQL_ROLLUP, S("select count(*) from r_brand where deleted is null")), 1) &&
                                      drain(&cx, db_stmt(&cx, db, SQL_ROLLUP, S("select f_domain, count(*) from r_brand where deleted is null group by f_domain")), 2)));
    resp->status = ok ? 200 : 500;
    net_set(resp, req->mem, S("content-type"), S("text/html; charset=utf-8"));
    resp->body = f->body;
}

static void worker_start(void *ctx, unsigned worker)
{
    Floor *f = ctx;
    Cx cx;
    CHECK(worker < MAX_WORKERS);
    f->mem[worker] = arena_new(0);
    cx_init(&cx, f->mem[worker]);
    f->db[worker] = db_open(&cx, f->url, DB_READ);
    CHECK(f->db[worker] != NULL);
}

static void worker_stop(void *ctx, unsigned worker)
{
    Floor *f = ctx;
    db_close(f->db[worker]);
    arena_free(f->mem[worker]);
}

/* The select list of the product: every column but the two that only where clauses use. */
static Str list_sql(Cx *cx, Arena *mem, const char *url)
{
    Str *names;
    size_t n;
    Db *db = db_open(cx, url, DB_READ);
    Buf b = buf_new(mem, 65536);
    if (db == NULL || !db_columns(cx, db, mem, S("r_brand"), &names, &n)) {
        return S("");
    }
    buf_add(&b, S("select "));
    for (size_t i = 0, put = 0; i < n; i++) {
        if (!str_eq(names[i], S("search")) && !str_eq(names[i], S("deleted"))) {
            buf_add(&b, put++ != 0 ? S(", ") : S(""));
            buf_add(&b, names[i]);
        }
    }
    buf_add(&b, S(" from r_brand where deleted is null order by updated desc, id desc limit ?1 offset ?2"));
    db_close(db);
    return buf_str(&b);
}

int main(int argc, char **argv)
{
    int64_t bytes;
    if (argc != 5 || !str_int(str_c(argv[3]), &bytes)) {
        fprintf(stderr, "usage: floor DB ADDR:PORT BODY_BYTES all|list\n");
        return 2;
    }
    sigset_t stop;
    int sig;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);
    Arena *mem = arena_new(0);
    Cx cx;
    cx_init(&cx, mem);
    Floor f = {.url = str_printf(mem, "sqlite:%s", argv[1]).p, .all = str_eq(str_c(argv[4]), S("all"))};
    char *body = arena_alloc(mem, (size_t)bytes + 1);
    memset(body, 'x', (size_t)bytes);
    f.body = str_n(body, (size_t)bytes);
    f.list = list_sql(&cx, mem, f.url);
    NetConf conf = {.listen = argv[2], .workers = 4, .spool_dir = ".", .handler = handle, .ctx = &f, .worker_start = worker_start,
                    .worker_stop = worker_stop};
    Net *net = f.list.n != 0 ? net_start(&cx, &conf) : NULL;
    if (net == NULL) {
        fprintf(stderr, "floor: %.*s\n", STRF(cx_text(&cx)));
        return 1;
    }
    printf("floor: port %d\n", net_port(net));
    fflush(stdout);
    sigwait(&stop, &sig);
    net_stop(net);
    arena_free(mem);
    return 0;
}
