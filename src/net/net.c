/*
 * net.c - start and stop: listening sockets, worker threads, accepting.
 *
 * Each worker has its own socket on the same port (SO_REUSEPORT), so the kernel spreads connections and no thread waits
 * for another. Because such sockets would also share a port with a second server of the same user, a plain bind is
 * tried first: a taken port is an error, as everybody expects.
 */
#include "net/queue.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define STOP_MS      10000
#define BACKLOG      4096 /* a flood of connections must not push ordinary ones out; the kernel caps it at somaxconn */
#define READ_BYTES   ((size_t)64 << 10)
#define ACCEPT_BATCH 32

struct Net {
    Arena *mem;
    NetConf conf;
    Worker **workers;
    unsigned n_workers, n_started;
    int port;
    Queue *queue;
    Peers *peers;
};

NetConf net_conf_resolved(const NetConf *conf)
{
    NetConf c = *conf;
#define DEFAULT(field, value) c.field = c.field != 0 ? c.field : (value)
    DEFAULT(head_bytes, (size_t)16 << 10);
    DEFAULT(body_bytes, (size_t)1 << 20);
    DEFAULT(upload_bytes, (size_t)24 << 20);
    DEFAULT(spool_bytes, (size_t)256 << 10);
    DEFAULT(head_deadline_ms, 10000);
    DEFAULT(body_deadline_ms, 60000);
    DEFAULT(idle_ms, 30000);
    DEFAULT(write_deadline_ms, 60000);
    DEFAULT(arena_bytes, (size_t)64 << 20);
    DEFAULT(max_conns, 12000);
    DEFAULT(max_per_peer, 256);
    DEFAULT(min_rate, 1024);
    DEFAULT(rate_window_ms, 10000);
#undef DEFAULT
    if (c.workers == 0) {
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        c.workers = cores > 2 ? (unsigned)cores : 2;
    }
    if (c.spool_dir == NULL) {
        c.spool_dir = P_tmpdir;
    }
    return c;
}

static int64_t open_conns(const Net *n)
{
    int64_t open = 0;
    for (unsigned i = 0; i < n->n_workers; i++) {
        open += atomic_load_explicit(&n->workers[i]->accepted, memory_order_relaxed) -
                atomic_load_explicit(&n->workers[i]->closed, memory_order_relaxed);
    }
    return open;
}

static void peer_text(const struct sockaddr_storage *ss, char *out, socklen_t max)
{
    const char *text = NULL;
    if (ss->ss_family == AF_INET) {
        text = inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)ss)->sin_addr, out, max);
    } else if (ss->ss_family == AF_INET6) {
        const struct in6_addr *a = &((const struct sockaddr_in6 *)(const void *)ss)->sin6_addr;
        text =
            IN6_IS_ADDR_V4MAPPED(a) ? inet_ntop(AF_INET, &a->s6_addr[12], out, max) : inet_ntop(AF_INET6, a, out, max);
    }
    if (text == NULL) {
        out[0] = '\0';
    }
}

/* A word in the clear, so that people behind one address know why; nothing more is spent on it. */
static void turn_away(Worker *w, int fd)
{
    static const char busy[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    ssize_t n = send(fd, busy, sizeof busy - 1, MSG_NOSIGNAL);
    (void)n;
    close(fd);
    count(&w->too_many, 1);
}

static void pause_accept(Worker *w)
{
    event_del(&w->accept_ev);
    w->paused = true;
}

/* Tried again at every sweep, said once a minute. */
static void warn_no_room(Worker *w, int why)
{
    int64_t now = clock_mono_ms();
    if (now >= w->warn_at_ms) {
        log_warn("net: no room for another connection (errno %d); tried again until there is", why);
        w->warn_at_ms = now + 60000;
    }
}

static void on_accept(evutil_socket_t fd, short what, void *arg)
{
    (void)what;
    Worker *w = arg;
    for (int i = 0; i < ACCEPT_BATCH; i++) {
        if (open_conns(w->net) >= (int64_t)w->conf->max_conns) {
            pause_accept(w);
            return;
        }
        struct sockaddr_storage ss;
        socklen_t len = sizeof ss;
        int s = accept4(fd, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (s < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                warn_no_room(w, errno);
                pause_accept(w);
            }
            if (errno == ECONNABORTED || errno == EINTR) {
                continue;
            }
            return;
        }
        PeerKey key = peer_key(&ss);
        if (!peer_enter(w->net->peers, key, w->conf->max_per_peer)) {
            turn_away(w, s);
            continue;
        }
        char peer[48];
        peer_text(&ss, peer, sizeof peer);
        conn_open(w, s, peer, key);
    }
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    Worker *w = arg;
    conn_sweep(w);
    if (w->paused && !w->stopping && open_conns(w->net) < (int64_t)w->conf->max_conns) {
        w->paused = false;
        event_add(&w->accept_ev, NULL);
    }
}

static void on_kick(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    conn_serve_ready(arg);
}

static void on_done(evutil_socket_t fd, short what, void *arg)
{
    (void)what;
    uint64_t n;
    ssize_t got = read(fd, &n, sizeof n);
    (void)got;
    conn_done(arg);
}

static void on_shed(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    Worker *w = arg;
    queue_expire(w->net->queue);
    if (w->n_working > 0) {
        event_add(&w->shed_ev, &(struct timeval){0, SHED_TARGET_US / 2});
    }
}

static void on_stop(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    Worker *w = arg;
    event_del(&w->stop_ev);
    int64_t before = -1;
    while (!w->paused && before != w->accepted + w->too_many) {
        before = w->accepted + w->too_many;
        on_accept(w->listen_fd, EV_READ, w); /* who is already connected is still served */
    }
    event_del(&w->accept_ev);
    close(w->listen_fd);
    w->listen_fd = -1;
    w->stopping = true;
    w->stop_at_ms = clock_mono_ms() + STOP_MS;
    conn_drain(w);
    if (LIST_EMPTY(&w->conns)) {
        event_base_loopbreak(w->base);
    }
}

static int sweep_interval_ms(const NetConf *c)
{
    int least = MIN(MIN(c->head_deadline_ms, c->body_deadline_ms), MIN(MIN(c->idle_ms, c->write_deadline_ms), c->rate_window_ms));
    return MAX(10, MIN(100, least / 4));
}

static void *work(void *arg)
{
    Worker *w = arg;
    char name[16];
    snprintf(name, sizeof name, "net-%u", w->id);
    pthread_setname_np(pthread_self(), name);
    bool handles = w->net->queue == NULL;
    if (handles && w->conf->worker_start != NULL) {
        w->conf->worker_start(w->conf->ctx, w->id);
    }
    event_base_loop(w->base, 0);
    while (!LIST_EMPTY(&w->conns)) {
        conn_close(LIST_FIRST(&w->conns));
    }
    if (handles && w->conf->worker_stop != NULL) {
        w->conf->worker_stop(w->conf->ctx, w->id);
    }
    return NULL;
}

/* "host:port", "[v6]:port", ":port". */
static bool resolve(Cx *cx, Arena *mem, const char *listen_at, struct addrinfo **ret)
{
    Str s = str_c(listen_at);
    size_t colon = s.n;
    while (colon > 0 && s.p[colon - 1] != ':') {
        colon--;
    }
    if (colon == 0) {
        return fail(cx, E_USAGE, "监听地址应写成 地址:端口，而不是 %s", listen_at);
    }
    Str host = str_sub(s, 0, colon - 1), port = str_sub(s, colon, s.n);
    int64_t number;
    if (!str_int(port, &number) || number < 0 || number > 65535) {
        return fail(cx, E_USAGE, "端口应为 0 到 65535：%s", listen_at);
    }
    if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']') {
        host = str_sub(host, 1, host.n - 2);
    }
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    int err = getaddrinfo(host.n > 0 ? str_z(mem, host) : NULL, str_z(mem, port), &hints, ret);
    return err == 0 ? true : fail(cx, E_IO, "监听地址 %s 无法解析：%s", listen_at, gai_strerror(err));
}

/* A bound socket, listening unless it is only a probe; -1 with errno. */
static int bind_socket(const struct sockaddr *addr, socklen_t len, bool probe)
{
    int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!probe) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* accepted sockets inherit both */
        setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    }
    if (bind(fd, addr, len) != 0 || (!probe && listen(fd, BACKLOG) != 0)) {
        int err = errno;
        close(fd);
        errno = err;
        return -1;
    }
    return fd;
}

static int port_of(int fd)
{
    struct sockaddr_storage ss;
    socklen_t len = sizeof ss;
    CHECK(getsockname(fd, (struct sockaddr *)&ss, &len) == 0);
    return ntohs(ss.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)(void *)&ss)->sin6_port
                                          : ((struct sockaddr_in *)(void *)&ss)->sin_port);
}

static void set_port(struct sockaddr *addr, int port)
{
    if (addr->sa_family == AF_INET6) {
        ((struct sockaddr_in6 *)(void *)addr)->sin6_port = htons((uint16_t)port);
    } else {
        ((struct sockaddr_in *)(void *)addr)->sin_port = htons((uint16_t)port);
    }
}

/* One socket for each worker, all on one port. */
static bool bind_all(Cx *cx, Net *n)
{
    struct addrinfo *ai = NULL;
    if (!resolve(cx, n->mem, n->conf.listen, &ai)) {
        return false;
    }
    bool ok = true;
    int probe = bind_socket(ai->ai_addr, ai->ai_addrlen, true);
    if (probe < 0) {
        ok = false;
    } else {
        close(probe);
    }
    for (unsigned i = 0; ok && i < n->n_workers; i++) {
        n->workers[i]->listen_fd = bind_socket(ai->ai_addr, ai->ai_addrlen, false);
        ok = n->workers[i]->listen_fd >= 0;
        if (ok && i == 0) {
            n->port = port_of(n->workers[0]->listen_fd);
            set_port(ai->ai_addr, n->port);
        }
    }
    int err = errno;
    freeaddrinfo(ai);
    if (!ok) {
        return fail(cx, E_IO, "无法监听 %s：%s", n->conf.listen,
                    err == EADDRINUSE ? "端口已被占用" : strerrordesc_np(err));
    }
    return true;
}

static void worker_free(Worker *w)
{
    if (w->listen_fd >= 0) {
        close(w->listen_fd);
    }
    if (w->stop_fd >= 0) {
        close(w->stop_fd);
    }
    if (w->done_fd >= 0) {
        close(w->done_fd);
    }
    if (w->base != NULL) {
        event_base_free(w->base);
    }
    for (size_t i = 0; i < w->n_spare_mem; i++) {
        arena_free(w->spare_mem[i]);
    }
    pthread_mutex_destroy(&w->done_lock);
    arena_free(w->mem);
    arena_free(w->pool);
}

/* Loop, events and arenas of a worker; everything below runs without locks because only its thread touches it. */
static bool worker_setup(Worker *w)
{
    struct event_config *ec = event_config_new();
    CHECK(ec != NULL);
    event_config_set_flag(ec, EVENT_BASE_FLAG_NOLOCK);
    event_config_set_flag(ec, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
    w->base = event_base_new_with_config(ec);
    event_config_free(ec);
    w->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    w->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->base == NULL || w->stop_fd < 0 || w->done_fd < 0) {
        return false;
    }
    LIST_INIT(&w->conns);
    LIST_INIT(&w->spare);
    TAILQ_INIT(&w->ready);
    w->pool = arena_new(0);
    w->mem = arena_new(w->conf->arena_bytes);
    w->in_size = READ_BYTES;
    w->in = arena_alloc(w->pool, w->in_size);
    int ms = sweep_interval_ms(w->conf);
    event_assign(&w->accept_ev, w->base, w->listen_fd, EV_READ | EV_PERSIST, on_accept, w);
    event_assign(&w->stop_ev, w->base, w->stop_fd, EV_READ | EV_PERSIST, on_stop, w);
    event_assign(&w->sweep_ev, w->base, -1, EV_PERSIST, on_sweep, w);
    evtimer_assign(&w->kick_ev, w->base, on_kick, w);
    evtimer_assign(&w->shed_ev, w->base, on_shed, w);
    event_assign(&w->done_ev, w->base, w->done_fd, EV_READ | EV_PERSIST, on_done, w);
    return event_add(&w->done_ev, NULL) == 0 && event_add(&w->accept_ev, NULL) == 0 && event_add(&w->stop_ev, NULL) == 0 &&
           event_add(&w->sweep_ev, &(struct timeval){ms / 1000, ms % 1000 * 1000}) == 0;
}

static void raise_file_limit(unsigned max_conns)
{
    struct rlimit r;
    rlim_t want = (rlim_t)max_conns + 256;
    if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < want) {
        r.rlim_cur = MIN(want, r.rlim_max);
        setrlimit(RLIMIT_NOFILE, &r);
    }
}

/* Threads with all signals blocked: signals are the main thread's. */
static bool start_threads(Net *n)
{
    sigset_t every, before;
    sigfillset(&every);
    pthread_sigmask(SIG_SETMASK, &every, &before);
    while (n->n_started < n->n_workers) {
        Worker *w = n->workers[n->n_started];
        if (pthread_create(&w->thread, NULL, work, w) != 0) {
            break;
        }
        n->n_started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return n->n_started == n->n_workers;
}

Net *net_start(Cx *cx, const NetConf *conf)
{
    CHECK(conf->listen != NULL && conf->handler != NULL);
    Arena *mem = arena_new(0);
    Net *n = NEW(mem, Net);
    n->mem = mem;
    n->conf = net_conf_resolved(conf);
    n->conf.listen = str_z(mem, str_c(conf->listen));
    n->conf.spool_dir = str_z(mem, str_c(n->conf.spool_dir));
    n->n_workers = n->conf.workers;
    n->peers = peers_new(mem, n->conf.max_conns);
    n->workers = NEW_ARRAY(mem, Worker *, n->n_workers);
    for (unsigned i = 0; i < n->n_workers; i++) {
        n->workers[i] = NEW(mem, Worker);
        *n->workers[i] = (Worker){.net = n, .conf = &n->conf, .id = i, .listen_fd = -1, .stop_fd = -1, .done_fd = -1};
        pthread_mutex_init(&n->workers[i]->done_lock, NULL);
        TAILQ_INIT(&n->workers[i]->done);
    }
    signal(SIGPIPE, SIG_IGN);
    raise_file_limit(n->conf.max_conns);
    bool ok = bind_all(cx, n);
    for (unsigned i = 0; ok && i < n->n_workers; i++) {
        ok = worker_setup(n->workers[i]) || fail(cx, E_IO, "无法建立事件循环：%s", strerrordesc_np(errno));
    }
    if (ok && n->conf.handlers > 0) {
        n->queue = queue_start(&n->conf);
        ok = n->queue != NULL || fail(cx, E_IO, "无法启动工作线程");
    }
    if (ok) {
        ok = start_threads(n) || fail(cx, E_IO, "无法启动工作线程");
    }
    if (!ok) {
        net_stop(n);
        return NULL;
    }
    return n;
}

void net_stop(Net *n)
{
    for (unsigned i = 0; i < n->n_started; i++) {
        uint64_t one = 1;
        n->workers[i]->stop_asked = true;
        CHECK(write(n->workers[i]->stop_fd, &one, sizeof one) == sizeof one);
    }
    for (unsigned i = 0; i < n->n_started; i++) {
        CHECK(pthread_join(n->workers[i]->thread, NULL) == 0);
    }
    queue_stop(n->queue);
    for (unsigned i = 0; i < n->n_workers; i++) {
        worker_free(n->workers[i]);
    }
    arena_free(n->mem);
}

int net_port(const Net *n)
{
    return n->port;
}

unsigned net_workers(const Net *n)
{
    return n->n_workers;
}

Queue *net_queue(const Net *n)
{
    return n->queue;
}

Peers *net_peers(const Net *n)
{
    return n->peers;
}

unsigned net_class_stats(const Net *n, NetClassStats ret[NET_CLASSES])
{
    unsigned i = 0;
    for (; n->queue != NULL && i < NET_CLASSES && n->conf.classes[i].name != NULL; i++) {
        queue_stats(n->queue, i, &ret[i]);
    }
    return i;
}

NetStats net_stats(const Net *n)
{
    NetStats s = {0};
    for (unsigned i = 0; i < n->n_workers; i++) {
        const Worker *w = n->workers[i];
        s.accepted += atomic_load_explicit(&w->accepted, memory_order_relaxed);
        s.requests += atomic_load_explicit(&w->requests, memory_order_relaxed);
        s.refused += atomic_load_explicit(&w->refused, memory_order_relaxed);
        s.too_many += atomic_load_explicit(&w->too_many, memory_order_relaxed);
        s.timed_out += atomic_load_explicit(&w->timed_out, memory_order_relaxed);
        s.bytes_out += atomic_load_explicit(&w->bytes_out, memory_order_relaxed);
    }
    s.open = open_conns(n);
    return s;
}
