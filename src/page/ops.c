/*
 * ops.c - what operations people and their programs look at: is the process there, may it be sent requests, and its figures.
 *
 * /healthz touches nothing. /readyz asks the database and the writer, at most once a second whoever asks. /metrics is for this machine
 * (a connection from it that no proxy passed on) or for who has the word in <data>/metrics.token; for all others there is no such page.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "page/internal.h"
#include "store/pulse.h"

#define READY_EACH_MS  1000
#define WRITER_LATE_MS 10000
#define TEXT_MAX       ((size_t)256 << 10)

bool health_page(Req *rq)
{
    rq->wants_json = true;
    rq->doc = doc_obj(rq->mem);
    doc_set_strc(rq->doc, "status", "ok");
    doc_set_str(rq->doc, "pack", rq->pack->id);
    doc_set_str(rq->doc, "pack_version", rq->pack->version);
    return true;
}

void site_net(Site *s, const Net *net)
{
    atomic_store(&s->net, net);
}

void site_stopping(Site *s)
{
    atomic_store(&s->stopping, true);
}

/* ---- ready ---- */

static bool database_answers(Req *rq)
{
    int64_t one;
    Stmt *st = db_stmt(&rq->cx, rq->cx.db, SQL_REFERENCE, S("select count(*) from meta"));
    bool ok = st != NULL && stmt_one_int(&rq->cx, st, 0, &one);
    cx_clear(&rq->cx);
    return ok;
}

/* Bits of what is wrong. */
enum { NO_DATABASE = 1, NO_WRITER = 2, NO_SPACE = 4, STOPPING = 8 };

static unsigned look(Req *rq)
{
    StorePulse p;
    store_pulse(rq->store, &p);
    return (database_answers(rq) ? 0u : NO_DATABASE) | (p.busy_ms > WRITER_LATE_MS ? NO_WRITER : 0u) | (p.low ? NO_SPACE : 0u);
}

bool ready_page(Req *rq)
{
    Site *s = rq->site;
    static const struct {
        unsigned bit;
        const char *name, *good, *bad;
    } CHECKS[] = {
        {NO_DATABASE, "database", "ok", "数据库没有回答"},
        {NO_WRITER, "writer", "ok", "写入线程超过 10 秒没有完成一次提交"},
        {NO_SPACE, "disk", "ok", "存储空间不足，系统暂时只能查看"},
        {STOPPING, "stopping", "no", "正在停止"},
    };
    int64_t now = clock_mono_ms();
    pthread_mutex_lock(&s->ready_lock);
    if (s->ready_ms == 0 || now - s->ready_ms >= READY_EACH_MS) {
        s->ready_bad = look(rq);
        s->ready_ms = now;
    }
    s->ready_bad = (s->ready_bad & ~(unsigned)NO_SPACE) | (store_space_low(rq->store) ? NO_SPACE : 0u); /* costs nothing: always fresh */
    unsigned bad = s->ready_bad | (atomic_load(&s->stopping) ? STOPPING : 0u);
    pthread_mutex_unlock(&s->ready_lock);
    rq->wants_json = true;
    rq->status = bad == 0 ? 200 : 503;
    doc_set_strc(rq->doc, "status", bad == 0 ? "ready" : "not_ready");
    Doc *reasons = doc_set_list(rq->doc, "reasons");
    for (size_t i = 0; i < ARRAY_LEN(CHECKS); i++) {
        doc_set_strc(rq->doc, CHECKS[i].name, bad & CHECKS[i].bit ? CHECKS[i].bad : CHECKS[i].good);
        if (bad & CHECKS[i].bit) {
            doc_add_str(reasons, str_c(CHECKS[i].name));
        }
    }
    return true;
}

/* ---- figures ---- */

static bool passed_on(const NetReq *req)
{
    static const char *const SIGNS[] = {"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "forwarded", "via"};
    for (size_t i = 0; i < ARRAY_LEN(SIGNS); i++) {
        if (net_header(req, str_c(SIGNS[i])).n != 0) {
            return true;
        }
    }
    return false;
}

static bool has_token(const Req *rq)
{
    char word[300];
    Str given = net_header(rq->net, S("authorization"));
    const char *path = str_printf(rq->mem, "%s/metrics.token", store_dir(rq->store)).p;
    int fd = str_starts(given, S("Bearer ")) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        return false;
    }
    ssize_t n = read(fd, word, sizeof word);
    close(fd);
    Str want = n > 0 ? str_trim(str_n(word, (size_t)n)) : S("");
    return want.n >= 16 && same_secret(str_sub(given, 7, given.n), want);
}

static bool may_see(const Req *rq)
{
    Str peer = rq->net->peer;
    bool here = str_eq(peer, S("127.0.0.1")) || str_eq(peer, S("::1"));
    return (here && !rq->site->conf.behind_proxy && !passed_on(rq->net)) || has_token(rq);
}

static void gauge(Buf *b, const char *name, const char *help, int64_t v)
{
    metrics_head(b, name, "gauge", help);
    buf_printf(b, "%s %lld\n", name, (long long)v);
}

static void counter(Buf *b, const char *name, const char *help, int64_t v)
{
    metrics_head(b, name, "counter", help);
    buf_printf(b, "%s %lld\n", name, (long long)v);
}

static void put_requests(Buf *b, const Metrics *m)
{
    metrics_head(b, "tamga_requests_total", "counter", "Requests answered, by class and first digit of the status; those shed are not among them.");
    for (unsigned c = 0; c < METRIC_CLASSES; c++) {
        for (int d = 1; d < 6 && (c == METRIC_MEMORY || c < CLASS_N); d++) {
            int64_t n = atomic_load(&m->status[c][d]);
            if (n != 0) {
                buf_printf(b, "tamga_requests_total{class=\"%s\",status=\"%dxx\"} %lld\n", class_name(c), d, (long long)n);
            }
        }
    }
    metrics_head(b, "tamga_shed_total", "counter", "Requests refused with 503 because they would have waited too long.");
    for (unsigned c = 0; c < CLASS_N; c++) {
        buf_printf(b, "tamga_shed_total{class=\"%s\"} %lld\n", class_name(c), (long long)atomic_load(&m->shed[c]));
    }
    metrics_head(b, "tamga_request_seconds", "histogram", "From the arrival of the request at this machine to its answer.");
    for (unsigned c = 0; c < METRIC_CLASSES; c++) {
        if (c >= CLASS_N && c != METRIC_MEMORY) {
            continue;
        }
        int64_t counts[METRIC_BUCKETS];
        for (size_t i = 0; i < METRIC_BUCKETS; i++) {
            counts[i] = atomic_load(&m->us[c][i]);
        }
        char labels[64];
        snprintf(labels, sizeof labels, "class=\"%s\"", class_name(c));
        metrics_histogram(b, &(Histogram){"tamga_request_seconds", labels, METRIC_US, counts, METRIC_BUCKETS, atomic_load(&m->us_sum[c]), 1000000});
    }
    gauge(b, "tamga_requests_in_flight", "Requests in handlers now.", atomic_load(&m->in_flight));
    counter(b, "tamga_page_cache_hits_total", "Pages for everybody answered from memory.", atomic_load(&m->kept_hits));
    counter(b, "tamga_page_cache_misses_total", "Pages for everybody that had to be made.", atomic_load(&m->kept_misses));
}

static void put_net(Buf *b, const Net *net)
{
    if (net == NULL) {
        return;
    }
    NetStats s = net_stats(net);
    NetClassStats k[NET_CLASSES];
    unsigned n = net_class_stats(net, k);
    gauge(b, "tamga_connections", "Open connections.", s.open);
    counter(b, "tamga_connections_total", "Connections accepted.", s.accepted);
    counter(b, "tamga_connections_refused_total", "Connections refused because their address had too many.", s.too_many);
    counter(b, "tamga_malformed_total", "Requests refused before they were understood (400, 408, 413, 431, 501, 505).", s.refused);
    counter(b, "tamga_cut_total", "Clients cut because they were too slow.", s.timed_out);
    counter(b, "tamga_sent_bytes_total", "Bytes sent.", s.bytes_out);
    metrics_head(b, "tamga_queue", "gauge", "Requests waiting for a handler.");
    for (unsigned i = 0; i < n; i++) {
        buf_printf(b, "tamga_queue{class=\"%s\"} %lld\n", k[i].name, (long long)k[i].waiting);
    }
    metrics_head(b, "tamga_overloaded", "gauge", "1 while more comes than is served.");
    for (unsigned i = 0; i < n; i++) {
        buf_printf(b, "tamga_overloaded{class=\"%s\"} %d\n", k[i].name, k[i].overloaded);
    }
}

static void put_store(Buf *b, Store *store)
{
    StorePulse p;
    store_pulse(store, &p);
    gauge(b, "tamga_writer_queue", "Writes waiting for the writer, the ones under way included.", p.waiting);
    gauge(b, "tamga_writer_busy_ms", "How long the transaction under way has lasted; 0: none.", p.busy_ms);
    counter(b, "tamga_writes_total", "Writes taken.", p.writes);
    counter(b, "tamga_writes_failed_total", "Of these, undone.", p.failed);
    metrics_head(b, "tamga_write_group", "histogram", "Writes in one transaction.");
    metrics_histogram(b, &(Histogram){"tamga_write_group", "", PULSE_GROUP, p.group, PULSE_BUCKETS, p.writes, 1});
    metrics_head(b, "tamga_commit_seconds", "histogram", "Commits, the disk's acknowledgement included.");
    metrics_histogram(b, &(Histogram){"tamga_commit_seconds", "", PULSE_COMMIT_MS, p.commit_ms, PULSE_BUCKETS, p.commit_us / 1000, 1000});
    gauge(b, "tamga_disk_free_bytes", "Free space of the disk of the data folder.", p.free_bytes);
    gauge(b, "tamga_disk_low", "1 while the service only shows because the disk is nearly full.", p.low);
    if (p.database_bytes >= 0) {
        gauge(b, "tamga_database_bytes", "Size of the database file.", p.database_bytes);
        gauge(b, "tamga_wal_bytes", "Size of its write-ahead log.", p.wal_bytes);
    }
}

typedef struct {
    Buf *b;
    Str what; /* whose rows are being written */
} Counts;

static bool add_count(void *ctx, Str what, Str state, int64_t n)
{
    Counts *c = ctx;
    if (state.n == 0) {
        counter(c->b, "tamga_journal_entries", "Entries of the journal.", n);
        return true;
    }
    bool job = str_eq(what, S("job"));
    const char *name = job ? "tamga_jobs" : "tamga_outbox";
    if (!str_eq(c->what, what)) {
        metrics_head(c->b, name, "gauge", job ? "Imports, exports and other long work, by state." : "Messages to people that are not sent, by state.");
        c->what = job ? S("job") : S("outbox");
    }
    buf_printf(c->b, "%s{state=\"%.*s\"} %lld\n", name, STRF(state), (long long)n);
    return true;
}

/* The resident set in bytes and the number of open descriptors, as the kernel says. */
static int64_t resident(void)
{
    char text[200];
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0) {
        close(fd);
    }
    Str size, rest, pages;
    int64_t v = 0;
    if (n > 0 && str_cut(str_n(text, (size_t)n), ' ', &size, &rest)) {
        (void)str_cut(rest, ' ', &pages, &rest);
        (void)str_int(pages, &v);
    }
    return v * sysconf(_SC_PAGESIZE);
}

static int64_t descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    int64_t n = -3; /* ".", ".." and this one */
    while (d != NULL && readdir(d) != NULL) {
        n++;
    }
    if (d != NULL) {
        closedir(d);
    }
    return MAX(n, 0);
}

bool metrics_page(Req *rq)
{
    Site *s = rq->site;
    if (!may_see(rq)) {
        return fail(&rq->cx, E_NOT_FOUND, "没有这个页面");
    }
    Buf b = buf_new(rq->mem, TEXT_MAX);
    metrics_head(&b, "tamga_info", "gauge", "Version of the program and of the pack.");
    buf_printf(&b, "tamga_info{version=\"%s\",pack=\"%.*s\",pack_version=\"%.*s\"} 1\n", s->conf.version != NULL ? s->conf.version : "", STRF(rq->pack->id),
               STRF(rq->pack->version));
    gauge(&b, "process_start_time_seconds", "When the process started, in seconds since 1970.", s->started_ms / 1000);
    gauge(&b, "process_resident_memory_bytes", "Resident memory.", resident());
    gauge(&b, "process_open_fds", "Open descriptors.", descriptors());
    put_requests(&b, &s->metrics);
    put_net(&b, atomic_load(&s->net));
    put_store(&b, rq->store);
    Counts counts = {.b = &b};
    if (!store_counts(&rq->cx, add_count, &counts)) {
        cx_clear(&rq->cx); /* the database does not answer: /readyz says so, and the other figures are wanted the more */
    }
    rq->raw_body = buf_str(&b);
    rq->raw_type = S("text/plain; version=0.0.4; charset=utf-8");
    return true;
}
