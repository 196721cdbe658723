/*
 * cmd_serve.c - the server: store, jobs, site and net, started in this order and stopped in the other.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app.h"
#include "base/clock.h"
#include "base/log.h"
#include "feature/bundle/bundle.h"
#include "feature/certificate/certificate.h"
#include "feature/document/document.h"
#include "feature/feature.h"
#include "feature/io/io.h"
#include "job/letter.h"
#include "job/outbox.h"
#include "job/timer.h"
#include "store/file.h"
#include "store/pulse.h"

static const char *accounts(Cx *cx, const char *data)
{
    static char text[16384];
    int fd = open(str_printf(cx->mem, "%s/demo-accounts.txt", data).p, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return NULL;
    }
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

static void greet(Cx *cx, const Options *o, const Net *net, int64_t started_us)
{
    const char *demo = accounts(cx, o->data);
    printf("\n塔木嘎已启动（%lld ms）\n\n  公开目录  http://127.0.0.1:%d/catalogue\n  工作台    http://127.0.0.1:%d/desk\n  数据接口  "
           "http://127.0.0.1:%d/openapi.json\n  数据文件夹 %s\n",
           (long long)((clock_mono_us() - started_us) / 1000), net_port(net), net_port(net), net_port(net), o->data);
    if (demo != NULL) {
        printf("\n演示账户（登录名、密码、身份）：\n%s", demo);
    }
    printf("\n按 Ctrl-C 停止。\n");
    fflush(stdout);
}

static sigset_t our_signals(void)
{
    static const int SIGNALS[] = {SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_LEN(SIGNALS); i++) {
        sigaddset(&set, SIGNALS[i]);
    }
    return set;
}

/* Until SIGINT or SIGTERM. SIGUSR1: the log says more, one level; SIGUSR2: less. */
static void wait_for_stop(void)
{
    sigset_t set = our_signals();
    int sig = 0;
    while (sigwait(&set, &sig) == 0 && (sig == SIGUSR1 || sig == SIGUSR2)) {
        LogLevel now = log_level_now(), next = sig == SIGUSR1 ? MAX(now, 1) - 1 : MIN(now + 1, LOG_ERROR);
        log_level(next);
        log_error("log level is now %s", log_level_name(next)); /* an error only so that it is seen on every level */
    }
}

static bool run(Cx *cx, const Options *o, Store *s, Jobs *jobs, Press *press, int64_t started_us)
{
    Arena *mem = arena_new(0);
    const Pack *p = store_pack(s);
    SiteConf conf = {.store = s, .view_dir = app_share(cx, o->view, "view", "view"),
                     .asset_dir = app_share(cx, o->assets, "assets", "build/assets"), .tables = features_routes(), .strict = o->strict, .public_url = o->url,
                     .demo = accounts(cx, o->data) != NULL || p->sample, .version = TAMGA_VERSION, .behind_proxy = o->behind_proxy,
                     .security_contact = o->security_contact};
    io_set_jobs(jobs);
    letter_mark_set(p->sample ? S("样例") : conf.demo ? S("演示") : S(""));
    document_set_press(press);
    certificate_set_jobs(jobs);
    bundle_set_jobs(jobs);
    if (conf.demo && !p->sample) {
        bundle_demo();
    }
    Site *site = site_start(cx, mem, &conf);
    if (site == NULL) {
        arena_free(mem);
        return false;
    }
    const char *spool = str_printf(mem, "%s/spool", o->data).p;
    mkdir(spool, 0700);
    NetConf nc = {.listen = o->listen != NULL ? o->listen : "127.0.0.1:8080", .handlers = o->workers > 0 ? (unsigned)o->workers : 8,
                  .classes = site_classes(), .classify = site_classify, .fast = site_fast, .shed = site_shed,
                  .no_shedding = getenv("TAMGA_TEST_NO_SHEDDING") != NULL, .max_per_peer = (unsigned)o->per_address,
                  .spool_dir = spool, .upload_path = site_upload_path, .behind_proxy = o->behind_proxy, .handler = site_handle, .ctx = site,
                  .worker_start = site_worker_start, .worker_stop = site_worker_stop};
    Net *net = net_start(cx, &nc);
    if (net != NULL) {
        site_net(site, net);
        certificate_set_url(o->url != NULL ? str_c(o->url) : str_printf(mem, "http://127.0.0.1:%d", net_port(net)));
        greet(cx, o, net, started_us);
        if (!app_first_token(cx, s, o->url != NULL ? o->url : str_printf(mem, "http://127.0.0.1:%d", net_port(net)).p)) {
            log_warn("no token for the first start");
            cx_clear(cx);
        }
        fflush(stdout);
        wait_for_stop();
        printf("\n正在停止……\n");
        fflush(stdout);
        site_stopping(site);
        net_stop(net);
    }
    site_stop(site);
    arena_free(mem);
    return net != NULL;
}

/* With --db a folder without a database is bound to that one, as init does; with the keys of another folder it serves the same records. */
static Store *serve_store(Cx *cx, const Options *o)
{
    if (o->db == NULL || o->data == NULL || app_has_data(cx, o)) {
        return app_store(cx, o);
    }
    const Pack *p = app_pack(cx, o);
    return p != NULL ? app_store_new(cx, o, p) : NULL;
}

bool cmd_serve(Cx *cx, const Options *o)
{
    int64_t started_us = clock_mono_us();
    sigset_t signals = our_signals();
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* before any thread: only sigwait takes them */
    LogLevel level;
    if (o->log_level != NULL) {
        if (!log_level_read(str_c(o->log_level), &level)) {
            return fail(cx, E_USAGE, "日志级别应为 debug、info、warn 或 error，而不是 %s", o->log_level);
        }
        log_level(level);
    }
    if (o->security_contact != NULL && !security_contact_ok(str_c(o->security_contact))) {
        return fail(cx, E_USAGE, "--security-contact 应以 mailto:、https:// 或 tel: 开头，中间没有空格");
    }
    Store *s = serve_store(cx, o);
    if (s == NULL) {
        return false;
    }
    file_scan_use(s, o->scan);
    store_space_watch(s);
    Press *press = press_start(NULL);
    certificate_set_press(press);
    jobs_offer(&CERTIFICATE_WORK);
    bundle_set(TAMGA_VERSION, app_share(cx, o->view, "view", "view"), press);
    Jobs *jobs = jobs_start(cx, s);
    Timer *timer = jobs != NULL ? timer_start(cx, s, 60000) : NULL;
    Outbox *outbox = NULL;
    bool ok = timer != NULL && outbox_start(cx, s, str_c(o->url), 1000, &outbox) && run(cx, o, s, jobs, press, started_us);
    outbox_stop(outbox);
    timer_stop(timer);
    if (jobs != NULL) {
        jobs_stop(jobs);
    }
    press_stop(press);
    store_close(s);
    return ok;
}
