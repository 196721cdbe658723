/*
 * gen.c - the load of test/load: one thread, epoll, HTTP/1.1 to 127.0.0.1 only. Prints one JSON object.
 *
 *   gen open PORT RATE SECONDS SPEC SEED MAXCONNS    requests arrive by the clock (exponential gaps), whatever the server does; a latency counts
 *                                                    from the moment the request was due, so a server that stalls cannot hide it
 *   gen closed PORT CONNS SECONDS SPEC SEED          so many clients, each asks again when answered: what the server can do
 *   gen slow PORT KIND N SECONDS SPEC                  KIND head, body or read: clients that drip a byte a second; how long each is suffered
 *   gen idle PORT N SECONDS AGAIN SPEC                 connections that have had an answer and keep still; each asks again every AGAIN seconds (0: never)
 *
 * SPEC: for each class "name weight bytes\n" and then the request's bytes; 18 bytes "@" in it become six characters that never repeat in a run.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_CLASSES 12
#define GIVE_UP_US  5000000 /* an answer that takes longer is none */
#define PLACE       18

typedef struct {
    char name[32];
    double weight;
    char *request;
    size_t n, place; /* place: where the 18 bytes are; SIZE_MAX: nowhere */
    int64_t offered, ok, shed, untold, wrong, lost; /* untold: 503 without Retry-After; wrong: another failure; lost: no answer */
    double *ok_ms, *shed_ms;
    int statuses[6];
} Class;

typedef enum { FREE, IDLE, BUSY } State;

typedef struct Conn {
    int fd, cls, status;
    State state;
    int64_t due_us, opened_us, next_us;
    size_t out, n_out;
    char *req, head[4096];
    size_t n_head;
    int64_t left; /* of the body; -1: head not whole */
    bool retry_after, closes;
    uint64_t serial;
} Conn;

static Class classes[MAX_CLASSES];
static int n_classes, port, ep;
static Conn *conns;
static int n_conns, max_conns, *idle, n_idle, n_busy;
static uint64_t seed, unique;

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static double chance(void)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (double)(seed >> 11) / 9007199254740992.0;
}

static void die(const char *what)
{
    fprintf(stderr, "gen: %s: %s\n", what, strerror(errno));
    exit(2);
}

static void read_spec(const char *path)
{
    FILE *f = fopen(path, "rb");
    char mark[PLACE];
    memset(mark, '@', PLACE);
    if (f == NULL) {
        die(path);
    }
    while (n_classes < MAX_CLASSES && fscanf(f, "%31s %lf %zu", classes[n_classes].name, &classes[n_classes].weight, &classes[n_classes].n) == 3) {
        Class *k = &classes[n_classes++];
        (void)fgetc(f);
        k->request = malloc(k->n);
        if (fread(k->request, 1, k->n, f) != k->n) {
            die("short spec");
        }
        char *at = memmem(k->request, k->n, mark, PLACE);
        k->place = at != NULL ? (size_t)(at - k->request) : SIZE_MAX;
    }
    fclose(f);
}

static int pick(void)
{
    double sum = 0, x = chance();
    for (int i = 0; i < n_classes; i++) {
        sum += classes[i].weight;
    }
    x *= sum;
    for (int i = 0; i < n_classes - 1; i++) {
        if ((x -= classes[i].weight) < 0) {
            return i;
        }
    }
    return n_classes - 1;
}

static void fill_place(const Class *k, char *req)
{
    static const char *const SIGNS[] = {"甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬", "癸"};
    uint64_t v = unique++;
    if (strncmp(k->name, "public", 6) == 0) { /* it stands in an address */
        char digits[PLACE + 1];
        snprintf(digits, sizeof digits, "%018llu", (unsigned long long)v);
        memcpy(req + k->place, digits, PLACE);
        return;
    }
    for (int i = PLACE / 3 - 1; i >= 0; i--, v /= 10) {
        memcpy(req + k->place + 3 * i, SIGNS[v % 10], 3);
    }
}

/* A socket on its way to the server, from 127.0.x.y when `from` is not 0; -1 when there is none to be had. */
static int dial(uint32_t from, int window)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in me = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7F000000u + from)};
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (window > 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
    }
    if ((from != 0 && bind(fd, (struct sockaddr *)&me, sizeof me) != 0) ||
        (connect(fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS)) {
        close(fd);
        return -1;
    }
    return fd;
}

static void watch(Conn *c, uint32_t events, int op)
{
    struct epoll_event e = {.events = events, .data.u32 = (uint32_t)(c - conns)};
    epoll_ctl(ep, op, c->fd, &e);
}

static void drop(Conn *c)
{
    if (c->state == BUSY) {
        n_busy--;
    }
    for (int i = 0; c->state == IDLE && i < n_idle; i++) {
        if (idle[i] == (int)(c - conns)) {
            idle[i] = idle[--n_idle];
            break;
        }
    }
    close(c->fd);
    free(c->req);
    c->req = NULL;
    c->state = FREE;
}

static void write_more(Conn *c)
{
    while (c->out < c->n_out) {
        ssize_t n = send(c->fd, c->req + c->out, c->n_out - c->out, MSG_NOSIGNAL);
        if (n <= 0) {
            watch(c, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
            return;
        }
        c->out += (size_t)n;
    }
    watch(c, EPOLLIN, EPOLL_CTL_MOD);
}

/* Sends one request on a connection that is free for it, or on a new one. */
static void ask(int cls, int64_t due_us)
{
    Class *k = &classes[cls];
    Conn *c = NULL;
    k->offered++;
    if (n_idle > 0) {
        c = &conns[idle[--n_idle]];
    } else {
        for (int i = 0; i < max_conns && c == NULL; i++) {
            int at = (n_conns + i) % max_conns;
            c = conns[at].state == FREE ? &conns[at] : NULL;
        }
        n_conns = c != NULL ? (int)(c - conns) + 1 : n_conns;
        if (c == NULL || (c->fd = dial(0, 0)) < 0) {
            k->lost++;
            return;
        }
        watch(c, EPOLLIN | EPOLLOUT, EPOLL_CTL_ADD);
        c->opened_us = due_us;
    }
    c->state = BUSY;
    n_busy++;
    c->cls = cls;
    c->due_us = due_us;
    c->req = realloc(c->req, k->n);
    memcpy(c->req, k->request, k->n);
    if (k->place != SIZE_MAX) {
        fill_place(k, c->req);
    }
    c->out = 0;
    c->n_out = k->n;
    c->n_head = 0;
    c->left = -1;
    c->retry_after = c->closes = false;
    write_more(c);
}

static void remember(double **list, int64_t n, double ms)
{
    if ((n & (n - 1)) == 0) {
        *list = realloc(*list, sizeof **list * (size_t)(n != 0 ? 2 * n : 1));
    }
    (*list)[n] = ms;
}

static void answered(Conn *c, int64_t now)
{
    Class *k = &classes[c->cls];
    double ms = (double)(now - c->due_us) / 1000;
    k->statuses[c->status / 100 % 6]++;
    if (c->status == 503) {
        k->untold += !c->retry_after;
        remember(&k->shed_ms, k->shed++, ms);
    } else if (c->status >= 200 && c->status < 400) {
        remember(&k->ok_ms, k->ok++, ms);
    } else {
        k->wrong++;
    }
    n_busy--;
    c->state = IDLE;
    if (c->closes) {
        drop(c);
    } else {
        idle[n_idle++] = (int)(c - conns);
    }
}

static void read_head(Conn *c)
{
    char *end = memmem(c->head, c->n_head, "\r\n\r\n", 4);
    if (end == NULL) {
        return;
    }
    c->head[end - c->head] = '\0';
    c->status = atoi(c->head + 9);
    char *length = strcasestr(c->head, "\r\ncontent-length:");
    c->retry_after = strcasestr(c->head, "\r\nretry-after:") != NULL;
    c->closes = strcasestr(c->head, "\r\nconnection: close") != NULL;
    int64_t body = length != NULL && c->status != 304 && c->status != 204 ? atoll(length + 17) : 0;
    c->left = body - (int64_t)(c->n_head - (size_t)(end + 4 - c->head));
}

/* Reads what is there. False: the connection is gone. */
static bool read_more(Conn *c, int64_t now)
{
    static char waste[65536];
    for (;;) {
        bool head = c->left < 0;
        ssize_t n = head ? recv(c->fd, c->head + c->n_head, sizeof c->head - 1 - c->n_head, 0) : recv(c->fd, waste, sizeof waste, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            return true;
        }
        if (n <= 0) {
            if (c->state == BUSY) {
                classes[c->cls].lost++;
            }
            drop(c);
            return false;
        }
        if (c->state != BUSY) {
            continue;
        }
        if (head) {
            c->n_head += (size_t)n;
            read_head(c);
        } else {
            c->left -= n;
        }
        if (c->left == 0) {
            answered(c, now);
            return true;
        }
    }
}

static void wait_for(int64_t until_us)
{
    struct epoll_event events[512];
    int64_t now = now_us();
    struct timespec ts = {0, until_us > now ? (until_us - now < 100000 ? (until_us - now) * 1000 : 100000000) : 0};
    int n = epoll_pwait2(ep, events, 512, &ts, NULL);
    now = now_us();
    for (int i = 0; i < n; i++) {
        Conn *c = &conns[events[i].data.u32];
        if (c->state == FREE) {
            continue;
        }
        if ((events[i].events & EPOLLOUT) && c->state == BUSY) {
            write_more(c);
        }
        if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
            (void)read_more(c, now);
        }
    }
}

static void give_up_old(int64_t now)
{
    for (int i = 0; i < max_conns; i++) {
        if (conns[i].state == BUSY && now - conns[i].due_us > GIVE_UP_US) {
            classes[conns[i].cls].lost++;
            drop(&conns[i]);
        }
    }
}

static void open_loop(double rate, double seconds)
{
    int64_t begin = now_us(), end = begin + (int64_t)(seconds * 1e6), due = begin, swept = begin;
    while (due < end || n_busy > 0) {
        int64_t now = now_us();
        while (due < end && due <= now) {
            ask(pick(), due);
            due += (int64_t)(-log(1 - chance()) / rate * 1e6) + 1;
        }
        wait_for(due < end ? due : now + 10000);
        if (now - swept > 100000) {
            give_up_old(now);
            swept = now;
        }
    }
}

static void closed_loop(int clients, double seconds)
{
    int64_t begin = now_us(), end = begin + (int64_t)(seconds * 1e6);
    while (now_us() < end) {
        while (n_busy < clients) {
            ask(pick(), now_us());
        }
        wait_for(now_us() + 1000);
    }
    for (int64_t stop = now_us() + GIVE_UP_US; n_busy > 0 && now_us() < stop;) {
        wait_for(now_us() + 1000);
    }
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double share(double *list, int64_t n, double p)
{
    if (n == 0) {
        return 0;
    }
    qsort(list, (size_t)n, sizeof *list, by_size);
    int64_t i = (int64_t)ceil(p * (double)n) - 1;
    return list[i < 0 ? 0 : i];
}

static void report(double seconds)
{
    printf("{\"seconds\":%.3f,\"classes\":{", seconds);
    for (int i = 0; i < n_classes; i++) {
        Class *k = &classes[i];
        printf("%s\"%s\":{\"offered\":%lld,\"ok\":%lld,\"shed\":%lld,\"untold\":%lld,\"wrong\":%lld,\"lost\":%lld,\"s2\":%d,\"s3\":%d,\"s4\":%d,\"s5\":%d,", i > 0 ? "," : "", k->name,
               (long long)k->offered, (long long)k->ok, (long long)k->shed, (long long)k->untold, (long long)k->wrong, (long long)k->lost, k->statuses[2],
               k->statuses[3], k->statuses[4], k->statuses[5]);
        printf("\"ok_p50\":%.2f,\"ok_p99\":%.2f,\"ok_max\":%.2f,\"shed_p50\":%.2f,\"shed_p99\":%.2f,\"shed_max\":%.2f}", share(k->ok_ms, k->ok, .5),
               share(k->ok_ms, k->ok, .99), share(k->ok_ms, k->ok, 1), share(k->shed_ms, k->shed, .5), share(k->shed_ms, k->shed, .99), share(k->shed_ms, k->shed, 1));
    }
    /* all classes together */
    double *ok = NULL, *shed = NULL;
    int64_t n_ok = 0, n_shed = 0;
    for (int i = 0; i < n_classes; i++) {
        for (int64_t j = 0; j < classes[i].ok; j++) {
            remember(&ok, n_ok, classes[i].ok_ms[j]);
            n_ok++;
        }
        for (int64_t j = 0; j < classes[i].shed; j++) {
            remember(&shed, n_shed, classes[i].shed_ms[j]);
            n_shed++;
        }
    }
    printf("},\"ok\":%lld,\"shed\":%lld,\"ok_p50\":%.2f,\"ok_p99\":%.2f,\"shed_p50\":%.2f,\"shed_p95\":%.2f,\"shed_p99\":%.2f}\n", (long long)n_ok, (long long)n_shed,
           share(ok, n_ok, .5), share(ok, n_ok, .99), share(shed, n_shed, .5), share(shed, n_shed, .95), share(shed, n_shed, .99));
}

/* ---- slow and idle ---- */

static const char *SLOW[3] = {"head", "body", "read"};

static void begin_slow(Conn *c, int kind)
{
    static const char head[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ", body[] = "POST /f/slow HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n"
                                                                              "Content-Length: 1000000\r\n\r\n";
    const char *say = kind == 0 ? head : kind == 1 ? body : classes[0].request;
    (void)send(c->fd, say, kind == 2 ? classes[0].n : strlen(say), MSG_NOSIGNAL);
}

static void slow(int kind, int n, double seconds)
{
    int64_t begin = now_us(), end = begin + (int64_t)(seconds * 1e6);
    int cut = 0, up = 0, opened = 0, failed = 0;
    double *lives = NULL;
    while (now_us() < end && cut + failed < n) {
        int64_t now = now_us();
        for (int burst = 0; opened < n && burst < 20; burst++, opened++) {
            Conn *c = &conns[opened];
            c->fd = dial(0x100u + (uint32_t)(kind * 64 + opened / 100), kind == 2 ? 2048 : 0);
            if (c->fd < 0) {
                failed++;
                continue;
            }
            c->state = IDLE;
            c->opened_us = 0;
            watch(c, EPOLLOUT | EPOLLIN | EPOLLRDHUP, EPOLL_CTL_ADD);
        }
        struct epoll_event events[512];
        int got = epoll_wait(ep, events, 512, 10);
        now = now_us();
        for (int i = 0; i < got; i++) {
            Conn *c = &conns[events[i].data.u32];
            if (c->state == IDLE && (events[i].events & EPOLLOUT)) {
                begin_slow(c, kind);
                c->state = BUSY;
                c->opened_us = now;
                c->next_us = now + 1000000;
                up++;
                watch(c, EPOLLRDHUP | (kind == 2 ? 0 : EPOLLIN), EPOLL_CTL_MOD);
            } else if (c->state == BUSY && (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLIN))) {
                remember(&lives, cut, (double)(now - c->opened_us) / 1000);
                cut++;
                close(c->fd);
                c->state = FREE;
            }
        }
        for (int i = 0; i < opened; i++) {
            Conn *c = &conns[i];
            if (c->state == BUSY && now >= c->next_us) { /* keeps the clock of an inactivity timeout from ever running out */
                char byte;
                (void)(kind == 2 ? recv(c->fd, &byte, 1, 0) : send(c->fd, "a", 1, MSG_NOSIGNAL));
                c->next_us = now + 1000000;
            }
        }
    }
    printf("{\"kind\":\"%s\",\"asked\":%d,\"up\":%d,\"failed\":%d,\"cut\":%d,\"life_p50\":%.0f,\"life_max\":%.0f}\n", SLOW[kind], n, up, failed, cut,
           share(lives, cut, .5), share(lives, cut, 1));
}

static void idle_conns(int n, double seconds, double again)
{
    int opened = 0, failed = 0;
    for (; opened < n; opened++) { /* each gets one answer */
        Conn *c = &conns[opened];
        c->fd = dial(0x200u + (uint32_t)opened / 200, 0);
        if (c->fd < 0) {
            failed++;
            continue;
        }
        watch(c, EPOLLIN | EPOLLOUT, EPOLL_CTL_ADD);
        c->state = BUSY;
        n_busy++;
        c->cls = 0;
        c->due_us = now_us();
        c->req = malloc(classes[0].n);
        memcpy(c->req, classes[0].request, classes[0].n);
        c->out = 0;
        c->n_out = classes[0].n;
        c->left = -1;
        write_more(c);
        while (n_busy > 200) {
            wait_for(now_us() + 1000);
        }
    }
    int64_t up_us = now_us(), end = up_us + (int64_t)(seconds * 1e6);
    fprintf(stderr, "up\n");
    while (now_us() < end) {
        wait_for(now_us() + 100000);
        for (int i = 0; again > 0 && i < n; i++) {
            Conn *c = &conns[i];
            if (c->state == IDLE && now_us() - c->due_us > (int64_t)(again * 1e6)) {
                c->state = BUSY, n_busy++;
                c->due_us = now_us();
                c->out = 0, c->n_head = 0, c->left = -1;
                write_more(c);
            }
        }
        n_idle = 0; /* the list is not needed here */
    }
    int open = 0;
    for (int i = 0; i < n; i++) {
        open += conns[i].state != FREE;
    }
    printf("{\"asked\":%d,\"failed\":%d,\"answered\":%lld,\"open\":%d}\n", n, failed, (long long)classes[0].ok, open);
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "see the head of test/load/gen.c\n");
        return 2;
    }
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
        r.rlim_cur = r.rlim_max;
        setrlimit(RLIMIT_NOFILE, &r);
    }
    const char *mode = argv[1];
    port = atoi(argv[2]);
    ep = epoll_create1(EPOLL_CLOEXEC);
    bool by_clock = strcmp(mode, "open") == 0;
    max_conns = by_clock && argc > 7 ? atoi(argv[7]) : strcmp(mode, "closed") == 0 ? 4 * atoi(argv[3]) + 64 : 20000;
    conns = calloc((size_t)max_conns, sizeof *conns);
    idle = calloc((size_t)max_conns, sizeof *idle);
    if (argc > 6 && (by_clock || strcmp(mode, "closed") == 0)) {
        read_spec(argv[5]);
        seed = strtoull(argv[6], NULL, 10) * 2654435761u + 88172645463325252u;
        unique = by_clock ? 100000 + (uint64_t)atoi(argv[6]) * 30000 : (uint64_t)atoi(argv[6]) * 30000;
        unique %= 900000;
        int64_t begin = now_us();
        if (by_clock) {
            open_loop(atof(argv[3]), atof(argv[4]));
        } else {
            closed_loop(atoi(argv[3]), atof(argv[4]));
        }
        (void)begin;
        report(atof(argv[4]));
    } else if (strcmp(mode, "slow") == 0 && argc > 6) {
        read_spec(argv[6]);
        slow(strcmp(argv[3], "head") == 0 ? 0 : strcmp(argv[3], "body") == 0 ? 1 : 2, atoi(argv[4]), atof(argv[5]));
    } else if (strcmp(mode, "idle") == 0 && argc > 6) {
        read_spec(argv[6]);
        idle_conns(atoi(argv[3]), atof(argv[4]), atof(argv[5]));
    } else {
        fprintf(stderr, "see the head of test/load/gen.c\n");
        return 2;
    }
    return 0;
}
