/*
 * server_test.c - a live server on a free port, spoken to over raw sockets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail /* err.h has its own */

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "net/net.h"

/* cmocka's fail_msg would expand the fail of err.h. */
#define FAIL(...) (print_error(__VA_ARGS__), print_error("\n"), _fail(__FILE__, __LINE__))

#define PATIENCE_MS 5000
#define BIG         ((size_t)3 << 20) /* more than a socket takes at once */

static char big[BIG];
static _Atomic int released, started, stopped;

static char big_byte(size_t i)
{
    return (char)('a' + i % 26 + (i / 977) % 3);
}

static void release(const void *ref)
{
    assert_ptr_equal(ref, big);
    released++;
}

static void on_start(void *ctx, unsigned worker)
{
    (void)ctx, (void)worker;
    started++;
}

static void on_stop(void *ctx, unsigned worker)
{
    (void)ctx, (void)worker;
    stopped++;
}

static int64_t sum_of(Str s)
{
    uint64_t h = 1469598103934665603U;
    for (size_t i = 0; i < s.n; i++) {
        h = (h ^ (unsigned char)s.p[i]) * 1099511628211U;
    }
    return (int64_t)(h >> 1);
}

static int big_file(void)
{
    int fd = open(P_tmpdir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    assert_true(fd > 0 && write(fd, big, BIG) == (ssize_t)BIG);
    return fd;
}

static void handle(void *ctx, unsigned worker, const NetReq *req, NetResp *resp)
{
    (void)ctx, (void)worker;
    if (str_eq(req->path, S("/big-copy"))) {
        resp->body = str_dup(req->mem, str_n(big, BIG));
    } else if (str_eq(req->path, S("/big-ref")) || str_eq(req->path, S("/small-ref"))) {
        resp->body = str_n(big, req->path.p[1] == 'b' ? BIG : 10);
        resp->body_ref = big;
        resp->body_release = release;
    } else if (str_eq(req->path, S("/big-file"))) {
        resp->body_fd = big_file();
        resp->body_fd_len = BIG;
    } else if (str_eq(req->path, S("/sum"))) {
        resp->body = str_printf(req->mem, "%zu %lld", req->body.n, (long long)sum_of(req->body));
    } else if (str_eq(req->path, S("/slow"))) {
        usleep(400000);
        resp->body = S("slow");
    } else if (str_eq(req->path, S("/peer"))) {
        resp->body = req->peer;
    } else if (str_eq(req->path, S("/middle"))) {
        resp->body = str_dup(req->mem, str_n(big, 60000));
    } else if (str_eq(req->path, S("/none"))) {
        resp->status = 204;
    } else if (str_eq(req->path, S("/close"))) {
        resp->close = true;
        resp->body = S("bye");
    } else {
        net_set(resp, req->mem, S("X-Query"), req->query);
        resp->body = str_printf(req->mem, "%.*s:%.*s", STRF(req->path), STRF(req->body));
    }
}

static bool is_upload(Str method, Str path)
{
    return str_eq(method, S("POST")) && str_eq(path, S("/sum"));
}

static NetConf conf_new(void)
{
    return (NetConf){.listen = "127.0.0.1:0",
                     .workers = 2,
                     .spool_dir = P_tmpdir,
                     .body_bytes = 1000,
                     .upload_bytes = BIG,
                     .spool_bytes = 4096,
                     .upload_path = is_upload,
                     .handler = handle,
                     .worker_start = on_start,
                     .worker_stop = on_stop};
}

typedef struct {
    Arena *mem;
    Net *net;
} Fix;

static Fix start(NetConf conf)
{
    Fix f = {.mem = arena_new(0)};
    Cx cx;
    cx_init(&cx, f.mem);
    f.net = net_start(&cx, &conf);
    assert_non_null(f.net);
    return f;
}

static void end(Fix *f)
{
    net_stop(f->net);
    arena_free(f->mem);
}

/* From 127.0.0.`host`; `window`: bytes this client takes without reading them, 0: as usual. */
static int dial_with(const Fix *f, unsigned host, int window)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in me = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7F000000u + host)};
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)net_port(f->net))};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (window > 0) {
        assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof window), 0);
    }
    assert_int_equal(bind(fd, (struct sockaddr *)&me, sizeof me), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

static int dial(const Fix *f) { return dial_with(f, 1, 0); }
static int dial_from(const Fix *f, unsigned host) { return dial_with(f, host, 0); }
static int dial_small(const Fix *f) { return dial_with(f, 1, 1024); }

static void say(int fd, Str s)
{
    while (s.n > 0) {
        ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);
        assert_true(n > 0);
        s = str_sub(s, (size_t)n, s.n);
    }
}

/* One recv with patience; 0 at the end or on a reset. */
static size_t hear_some(int fd, char *p, size_t max)
{
    struct pollfd pf = {fd, POLLIN, 0};
    if (poll(&pf, 1, PATIENCE_MS) != 1) {
        FAIL("no answer in %d ms", PATIENCE_MS);
    }
    ssize_t n = recv(fd, p, max, 0);
    return n > 0 ? (size_t)n : 0;
}

typedef struct {
    int status;
    Str head, body;
} Answer;

static Str answer_header(const Answer *a, Str name)
{
    size_t at;
    if (!str_find(a->head, name, &at)) {
        return S("");
    }
    Str line, rest;
    str_cut(str_sub(a->head, at + name.n, a->head.n), '\r', &line, &rest);
    return line;
}

/* One answer, byte by byte for the head so that a pipelined next one stays in the socket. */
static Answer hear(const Fix *f, int fd, bool head_only)
{
    Answer a = {0};
    Buf b = buf_new(f->mem, 65536);
    while (!str_ends(buf_str(&b), S("\r\n\r\n"))) {
        char c;
        if (hear_some(fd, &c, 1) == 0) {
            return a;
        }
        buf_addc(&b, c);
    }
    a.head = buf_str(&b);
    int64_t status = 0, length = 0;
    assert_true(str_starts(a.head, S("HTTP/1.1 ")) && str_int(str_sub(a.head, 9, 3), &status));
    a.status = (int)status;
    Str text = answer_header(&a, S("Content-Length: "));
    assert_true(text.n == 0 || str_int(text, &length));
    if (!head_only) {
        char *body = arena_alloc(f->mem, (size_t)length + 1);
        for (size_t n = 0; n < (size_t)length;) {
            size_t got = hear_some(fd, body + n, (size_t)length - n);
            assert_true(got > 0);
            n += got;
        }
        a.body = str_n(body, (size_t)length);
    }
    return a;
}

static bool closed(int fd)
{
    char c;
    return hear_some(fd, &c, 1) == 0;
}

static void expect_body(Answer a, Str want)
{
    assert_int_equal(a.status, 200);
    assert_int_equal(a.body.n, want.n);
    assert_memory_equal(a.body.p, want.p, want.n);
}

#define END " HTTP/1.1\r\nHost: a\r\n\r\n"

static void keep_alive_serves_many_requests_on_one_connection(void **state)
{
    (void)state;
    Fix f = start(conf_new());
    int fd = dial(&f);
    for (int i = 0; i < 20; i++) {
        say(fd, S("GET /a?q=1" END));
        Answer a = hear(&f, fd, false);
        expect_body(a, S("/a:"));
        assert_true(str_eq(answer_header(&a, S("X-Query: ")), S("q=1")));
        assert_int_equal(answer_header(&a, S("Connection: ")).n, 0);
        assert_int_equal(answer_header(&a, S("Date: ")).n, 29);
    }
    say(fd, S("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    Answer a = hear(&f, fd, false);
    assert_true(str_eq(answer_header(&a, S("Connection: ")), S("close")));
    assert_true(closed(fd));
    close(fd);
    NetStats s = net_stats(f.net);
    assert_int_equal(s.accepted, 1);
    assert_int_equal(s.requests, 21);
    assert_true(s.bytes_out > 21 * 80);
    end(&f);
}

static void http10_closes_unless_asked_to_stay(void **state)
{
    (void)state;
    Fix f = start(conf_new());
    int fd = dial(&f);
    say(fd, S("GET /peer HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    Answer a = hear(&f, fd, false);
    expect_body(a, S("127.0.0.1"));
    assert_true(str_eq(answer_header(&a, S("Connection: ")), S("keep-alive")));
    say(fd, S("GET /x HTTP/1.0\r\n\r\n"));
    expect_body(hear(&f, fd, false), S("/x:"));
    assert_true(closed(fd));
    close(fd);
    fd = dial(&f);
    say(fd, S("GET /close" END));
    expect_body(hear(&f, fd, false), S("bye"));
    assert_true(closed(fd));
    close(fd);
    end(&f);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    (void)state;
    Fix f = start(conf_new());
    int fd = dial(&f);
    Buf b = buf_new(f.mem, 200000);
    for (int i = 0; i < 500; i++) {
        if (i % 3 == 0) {
            buf_printf(&b, "POST /%d HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", i);
        } else if (i % 3 == 1) {
            buf_printf(&b, "POST /%d HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
                       i);
        } else {
            buf_printf(&b, "GET /%d" END, i);
        }
    }
    say(fd, buf_str(&b));
    for (int i = 0; i < 500; i++) {
        expect_body(hear(&f, fd, false), str_printf(f.mem, "/%d:%s", i, i % 3 == 2 ? "" : "abc"));
    }
    assert_int_equal(net_stats(f.net).requests, 500);
    /* a head in two pieces behind a whole request */
    say(fd, S("GET /1" END "GET /2 HTTP/1.1\r\nHo"));
    expect_body(hear(&f, fd, false), S("/1:"));
    say(fd, S("st: a\r\n\r\n"));
    expect_body(hear(&f, fd, false), S("/2:"));
    /* nothing behind a request that closes is served */
    say(fd, S("GET /close" END "GET /3" END));
    expect_body(hear(&f, fd, false), S("bye"));
    assert_true(closed(fd));
    assert_int_equal(net_stats(f.net).requests, 503);
    close(fd);
    end(&f);
}

static void a_fast_pipelining_client_does_not_starve_another(void **state)
{
    (void)state;
    NetConf conf = conf_new();
    conf.workers = 1;
    Fix f = start(conf);
    int greedy = dial(&f), other = dial(&f);
    for (int i = 0; i < 8; i++) {
        say(greedy, S("GET /slow" END));
    }
    usleep(100000); /* the first of eight, 400 ms each, is running */
    int64_t begin = clock_mono_ms();
    say(other, S("GET /a" END));
    expect_body(hear(&f, other, false), S("/a:"));
    assert_in_range(clock_mono_ms() - begin, 0, 2000);
    close(greedy);
    close(other);
    end(&f);
}

static void head_has_the_length_but_no_body(void **state)
{
    (void)state;
    Fix f = start(conf_new());
    int fd = dial(&f);
    released = 0;
    static const char *const paths[] = {"/big-copy", "/big-ref", "/big-file"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        say(fd, str_printf(f.mem, "HEAD %s" END, paths[i]));
        Answer a = hear(&f, fd, true);
        assert_int_equal(a.status, 200);
        assert_true(str_eq(answer_header(&a, S("Content-Length: ")), S("3145728")));
    }
    assert_int_equal(released, 1);
    say(fd, S("GET /none" END));
    assert_int_equal(hear(&f, fd, false).status, 204);
    say(fd, S("GET /a" END)); /* the connection is still in step */
    expect_body(hear(&f, fd, false), S("/a:"));
    close(fd);
    end(&f);
}

static void expect_100_continue_is_answered_before_the_body(void **state)
{
    (void)state;
    Fix f = start(conf_new());
    int fd = dial(&f);
    say(fd, S("POST /p HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"));
    Answer a = hear(&f, fd, true);
    assert_int_equal(a.status, 100);
    assert_true(str_eq(a.head, S("HTTP/1.1 100 Continue\r\n\r\n")));
    say(fd, S("abc"));
    expect_body(hear(&f, fd, false), S("/p:abc"));
    /* a client that does not wait needs no invitation */
    say(fd, S("POST /p HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"));
    expect_body(hear(&f, fd, false), S("/p:abc"));
    say(fd, S("POST /p HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5000\r\n\r\n"));
    assert_int_equal(hear(&f, fd, false).status, 413);
    assert_true(closed(fd));
    close(fd);
    end(&f);
}

static void bodies_arrive_whole_in_whatever_pieces(void **state)
{
    (void)state;
    Fix f = start(conf_new());
    int fd = dial(&f);
    static const Str texts[] = {
        STR_INIT("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"),
        STR_INIT("POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nA: "
                 "b\r\n\r\n"),
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        for (size_t piece = 1; piece < 70; piece = piece * 2 + 1) {
            for (size_t at = 0; at < texts[i].n; at += piece) {
                say(fd, str_sub(texts[i], at, piece));
                usleep(300);
            }
            expect_body(hear(&f, fd, false), S("/p:hello"));
        }
    }
    close(fd);
    end(&f);
}

static void large_uploads_are_spooled_and_arrive_byte_for_byte(void **state)
{
    (void)state;
    Fix f = start(conf_new());
    int fd = dial(&f);
    Str whole = str_n(big, BIG);
    Str want = str_printf(f.mem, "%zu %lld", BIG, (long long)sum_of(whole));
    for (int i = 0; i < 2; i++) {
        say(fd, str_printf(f.mem, "POST /sum HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", BIG));
        say(fd, whole);
        expect_body(hear(&f, fd, false), want);
    }
    say(fd, S("POST /sum HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"));
    for (size_t at = 0; at < BIG; at += 65536) {
        say(fd, S("10000\r\n"));
        say(fd, str_sub(whole, at, 65536));
        say(fd, S("\r\n"));
    }
    say(fd, S("0\r\n\r\n"));
    expect_body(hear(&f, fd, false), want);
    close(fd);
    end(&f);
}

static void too_large_bodies_get_413_and_a_closed_connection(void **state)
{
    (void)state;
    static const char *const heads[] = {
        "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n",
        "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n",
        "POST /sum HTTP/1.1\r\nHost: a\r\nContent-Length: 3145729\r\n\r\n",
        "POST /sum HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n300001\r\n",
    };
    Fix f = start(conf_new());
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        int fd = dial(&f);
        say(fd, str_c(heads[i]));
        Answer a = hear(&f, fd, false);
        assert_int_equal(a.status, 413);
        assert_true(str_eq(answer_header(&a, S("Connection: ")), S("close")));
        assert_true(closed(fd));
        close(fd);
    }
    assert_int_equal(net_stats(f.net).refused, 4);
    assert_int_equal(net_stats(f.net).requests, 0);
    end(&f);
}

static void a_refused_client_can_read_the_answer_while_it_still_sends(void **state)
{
    (void)state;
    Fix f = start(conf_new());
    int fd = dial(&f);
    say(fd, S("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 400000\r\n\r\n"));
    say(fd, str_n(big, 400000));
    usleep(50000);
    assert_int_equal(hear(&f, fd, false).status, 413);
    close(fd);
    fd = dial(&f);
    say(fd, S("GET / HTTP/1.1\r\n\r\nGET /a" END)); /* what follows a refused request is not served */
    assert_int_equal(hear(&f, fd, false).status, 400);
    assert_true(closed(fd));
    assert_int_equal(net_stats(f.net).requests, 0);
    close(fd);
    end(&f);
}

/* Sends one byte every 50 ms; how long it takes until the server answers or closes. */
static int64_t drip(int fd, Str s)
{
    int64_t begin = clock_mono_ms();
    for (size_t i = 0; i < s.n; i++) {
        struct pollfd pf = {fd, POLLIN, 0};
        if (poll(&pf, 1, 50) != 0 || send(fd, s.p + i, 1, MSG_NOSIGNAL) != 1) {
            return clock_mono_ms() - begin;
        }
    }
    FAIL("the slow client was never cut");
    return 0;
}

static void slow_heads_and_bodies_are_cut_at_an_absolute_deadline(void **state)
{
    (void)state;
    NetConf conf = conf_new();
    conf.head_deadline_ms = conf.body_deadline_ms = 300;
    Fix f = start(conf);
    int fd = dial(&f);
    assert_in_range(drip(fd, S("GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")), 250, 1500);
    assert_int_equal(hear(&f, fd, false).status, 408);
    assert_true(closed(fd));
    close(fd);
    fd = dial(&f);
    say(fd, S("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n"));
    assert_in_range(drip(fd, S("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")), 250, 1500);
    assert_int_equal(hear(&f, fd, false).status, 408);
    close(fd);
    assert_int_equal(net_stats(f.net).timed_out, 2);
    assert_int_equal(net_stats(f.net).requests, 0);
    end(&f);
}

static void idle_connections_are_closed_without_a_word(void **state)
{
    (void)state;
    NetConf conf = conf_new();
    conf.idle_ms = 200;
    Fix f = start(conf);
    int fd = dial(&f), used = dial(&f);
    say(used, S("GET /a" END));
    expect_body(hear(&f, used, false), S("/a:"));
    assert_true(closed(used));
    assert_true(closed(fd));
    usleep(50000);
    NetStats s = net_stats(f.net);
    assert_int_equal(s.open, 0);
    assert_int_equal(s.timed_out, 0);
    close(fd);
    close(used);
    end(&f);
}

static void answers_are_whole_however_they_are_given(void **state)
{
    (void)state;
    Fix f = start(conf_new());
    int fd = dial(&f);
    released = 0;
    static const char *const paths[] = {"/big-copy", "/big-ref", "/big-file"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        say(fd, str_printf(f.mem, "GET %s" END, paths[i]));
        usleep(20000); /* the socket fills before anything is read */
        expect_body(hear(&f, fd, false), str_n(big, BIG));
    }
    say(fd, S("GET /small-ref" END));
    expect_body(hear(&f, fd, false), str_n(big, 10));
    say(fd, S("GET /a" END));
    expect_body(hear(&f, fd, false), S("/a:"));
    assert_int_equal(released, 2); /* once for each answer */
    close(fd);
    end(&f);
}

static void a_client_that_does_not_read_is_cut_and_its_page_released(void **state)
{
    (void)state;
    NetConf conf = conf_new();
    conf.rate_window_ms = 300;
    Fix f = start(conf);
    released = 0;
    int fd = dial(&f);
    for (int i = 0; i < 8; i++) { /* several, so that no socket buffer holds them all */
        say(fd, S("GET /big-ref" END));
    }
    int64_t begin = clock_mono_ms();
    NetStats s = net_stats(f.net);
    while ((s.timed_out == 0 || s.open > 0) && clock_mono_ms() - begin < PATIENCE_MS) {
        usleep(10000);
        s = net_stats(f.net);
    }
    assert_int_equal(s.timed_out, 1);
    assert_int_equal(s.open, 0);
    assert_int_equal(released, s.requests);
    assert_true(s.requests < 8);
    close(fd);
    fd = dial(&f); /* gone in the middle of an answer */
    say(fd, S("GET /big-ref" END));
    close(fd);
    end(&f);
    assert_int_equal(released, s.requests + 1);
}

static void a_client_that_leaves_the_answer_with_the_kernel_is_cut_too(void **state)
{
    (void)state;
    NetConf conf = conf_new();
    conf.rate_window_ms = 300;
    Fix f = start(conf);
    int fd = dial_small(&f);
    say(fd, S("GET /middle" END)); /* more than this client's window, less than the server's socket takes: soon sent, never read */
    int64_t begin = clock_mono_ms();
    while (net_stats(f.net).timed_out == 0 && clock_mono_ms() - begin < PATIENCE_MS) {
        usleep(10000);
    }
    assert_in_range(clock_mono_ms() - begin, 250, 1500);
    assert_int_equal(net_stats(f.net).open, 0);
    close(fd);
    end(&f);
}

static void a_slow_body_is_let_in_when_it_keeps_the_least_rate_and_cut_when_not(void **state)
{
    (void)state;
    NetConf conf = conf_new();
    conf.rate_window_ms = 300;
    conf.min_rate = 100; /* 30 bytes a window; drip sends one each 50 ms, 6 a window */
    Fix f = start(conf);
    int fd = dial(&f);
    say(fd, S("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n"));
    assert_in_range(drip(fd, S("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")), 250, 1500);
    assert_int_equal(hear(&f, fd, false).status, 408);
    close(fd);
    fd = dial(&f);
    say(fd, S("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 600\r\n\r\n"));
    for (int i = 0; i < 60; i++) { /* a second and more, several windows */
        say(fd, S("aaaaaaaaaa"));
        usleep(20000);
    }
    assert_int_equal(hear(&f, fd, false).status, 200);
    close(fd);
    end(&f);
}

static void one_address_has_so_many_connections_and_no_more(void **state)
{
    (void)state;
    NetConf conf = conf_new();
    conf.max_per_peer = 2;
    Fix f = start(conf);
    int a = dial_from(&f, 2), b = dial_from(&f, 2), other = dial_from(&f, 3);
    say(a, S("GET /a" END));
    expect_body(hear(&f, a, false), S("/a:"));
    say(b, S("GET /b" END));
    expect_body(hear(&f, b, false), S("/b:"));
    int c = dial_from(&f, 2);
    assert_int_equal(hear(&f, c, false).status, 503);
    assert_true(closed(c));
    say(other, S("GET /c" END));
    expect_body(hear(&f, other, false), S("/c:"));
    close(a);
    usleep(50000);
    int d = dial_from(&f, 2); /* there is room again */
    say(d, S("GET /d" END));
    expect_body(hear(&f, d, false), S("/d:"));
    assert_int_equal(net_stats(f.net).too_many, 1);
    int many[20];
    for (size_t i = 0; i < ARRAY_LEN(many); i++) { /* this machine itself is not counted */
        many[i] = dial(&f);
        say(many[i], S("GET /e" END));
        expect_body(hear(&f, many[i], false), S("/e:"));
    }
    for (size_t i = 0; i < ARRAY_LEN(many); i++) {
        close(many[i]);
    }
    close(b), close(c), close(d), close(other);
    end(&f);
}

static void above_max_conns_clients_wait_until_there_is_room(void **state)
{
    (void)state;
    NetConf conf = conf_new();
    conf.workers = 1;
    conf.max_conns = 2;
    Fix f = start(conf);
    int one = dial(&f), two = dial(&f), three = dial(&f);
    say(one, S("GET /1" END));
    expect_body(hear(&f, one, false), S("/1:"));
    say(three, S("GET /3" END));
    struct pollfd pf = {three, POLLIN, 0};
    assert_int_equal(poll(&pf, 1, 400), 0);
    assert_int_equal(net_stats(f.net).open, 2);
    close(one);
    expect_body(hear(&f, three, false), S("/3:"));
    close(two);
    close(three);
    end(&f);
}

/* ---- with handler threads ---- */

enum { FIRST, LAST };
static _Atomic int shed_answers;

static unsigned class_of(void *ctx, const NetReq *req)
{
    (void)ctx;
    return str_eq(req->path, S("/first")) ? FIRST : LAST;
}

static bool from_memory(void *ctx, const NetReq *req, NetResp *resp)
{
    (void)ctx;
    resp->body = S("memory");
    return str_eq(req->path, S("/memory"));
}

static void no_room(void *ctx, const NetReq *req, NetResp *resp)
{
    (void)ctx;
    resp->status = 503;
    net_set(resp, req->mem, S("retry-after"), S("2"));
    resp->body = S("busy");
    shed_answers++;
}

static NetConf conf_queued(void)
{
    static const NetClass classes[] = {{"first", 1, 4, 2000, 2000}, {"last", 1, 2, 2000, 1000}, {0}};
    NetConf conf = conf_new();
    conf.handlers = 1;
    conf.classes = classes;
    conf.classify = class_of;
    conf.fast = from_memory;
    conf.shed = no_room;
    shed_answers = started = stopped = 0;
    return conf;
}

static void a_busy_handler_keeps_nobody_waiting_whom_memory_or_the_first_class_can_serve(void **state)
{
    (void)state;
    Fix f = start(conf_queued());
    int slow = dial(&f), other = dial(&f);
    say(slow, S("GET /slow" END));
    usleep(50000);
    int64_t begin = clock_mono_ms();
    say(other, S("GET /memory" END));
    expect_body(hear(&f, other, false), S("memory"));
    say(other, S("GET /first" END));
    expect_body(hear(&f, other, false), S("/first:"));
    assert_true(clock_mono_ms() - begin < 250);
    expect_body(hear(&f, slow, false), S("slow"));
    close(slow), close(other);
    end(&f);
    assert_int_equal(started, 2); /* one handler and the first class's own */
    assert_int_equal(stopped, 2);
}

static void what_finds_no_place_in_the_queue_is_refused_at_once_and_may_ask_again(void **state)
{
    (void)state;
    Fix f = start(conf_queued());
    int slow = dial(&f), wait[2] = {dial(&f), dial(&f)}, late = dial(&f);
    say(slow, S("GET /slow" END));
    usleep(50000);
    say(wait[0], S("GET /a" END));
    say(wait[1], S("POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody")); /* its body must outlive the loop's buffer */
    usleep(50000);
    int64_t begin = clock_mono_ms();
    say(late, S("GET /c" END));
    assert_int_equal(hear(&f, late, false).status, 503);
    assert_true(clock_mono_ms() - begin < 200);
    NetClassStats k[NET_CLASSES];
    assert_int_equal(net_class_stats(f.net, k), 2);
    assert_int_equal(k[LAST].refused, 1);
    assert_int_equal(k[LAST].waiting, 2);
    expect_body(hear(&f, slow, false), S("slow"));
    expect_body(hear(&f, wait[0], false), S("/a:"));
    expect_body(hear(&f, wait[1], false), S("/b:body"));
    say(late, S("GET /c" END));
    expect_body(hear(&f, late, false), S("/c:"));
    close(slow), close(wait[0]), close(wait[1]), close(late);
    end(&f);
}

static void what_waited_too_long_is_refused_before_its_turn(void **state)
{
    (void)state;
    NetConf conf = conf_queued();
    static const NetClass impatient[] = {{"first", 1, 4, 2000, 2000}, {"last", 1, 20, 150, 100}, {0}};
    conf.classes = impatient;
    Fix f = start(conf);
    int slow = dial(&f), late = dial(&f);
    say(slow, S("GET /slow" END));
    usleep(50000);
    int64_t begin = clock_mono_ms();
    say(late, S("GET /a" END));
    assert_int_equal(hear(&f, late, false).status, 503);
    assert_in_range(clock_mono_ms() - begin, 90, 320);
    expect_body(hear(&f, slow, false), S("slow"));
    assert_int_equal(shed_answers, 1);
    close(slow), close(late);
    end(&f);
}

static void pipelined_requests_keep_their_order_through_the_queue(void **state)
{
    (void)state;
    Fix f = start(conf_queued());
    int fd = dial(&f);
    say(fd, S("GET /slow" END "GET /memory" END "GET /first" END "GET /a" END));
    expect_body(hear(&f, fd, false), S("slow"));
    expect_body(hear(&f, fd, false), S("memory"));
    expect_body(hear(&f, fd, false), S("/first:"));
    expect_body(hear(&f, fd, false), S("/a:"));
    close(fd);
    end(&f);
}

static void stopping_answers_all_that_was_let_in(void **state)
{
    (void)state;
    Fix f = start(conf_queued());
    int slow = dial(&f), wait[2] = {dial(&f), dial(&f)};
    say(slow, S("GET /slow" END));
    usleep(50000);
    say(wait[0], S("GET /a" END));
    say(wait[1], S("GET /first" END));
    usleep(50000);
    net_stop(f.net);
    expect_body(hear(&f, slow, false), S("slow"));
    expect_body(hear(&f, wait[0], false), S("/a:"));
    expect_body(hear(&f, wait[1], false), S("/first:"));
    close(slow), close(wait[0]), close(wait[1]);
    arena_free(f.mem);
}

static void a_taken_port_is_an_error(void **state)
{
    (void)state;
    Fix f = start(conf_new());
    Cx cx;
    cx_init(&cx, f.mem);
    NetConf again = conf_new();
    again.listen = str_z(f.mem, str_printf(f.mem, "127.0.0.1:%d", net_port(f.net)));
    assert_null(net_start(&cx, &again));
    assert_int_equal(cx.err, E_IO);
    static const char *const wrong[] = {"127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", "127.0.0.1:"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        cx_clear(&cx);
        again.listen = wrong[i];
        assert_null(net_start(&cx, &again));
        assert_int_equal(cx.err, E_USAGE);
    }
    end(&f);
}

typedef struct {
    Net *net;
    int64_t took_ms;
} Stop;

static void *stop_thread(void *arg)
{
    Stop *s = arg;
    int64_t begin = clock_mono_ms();
    net_stop(s->net);
    s->took_ms = clock_mono_ms() - begin;
    return NULL;
}

static void stopping_lets_running_answers_finish(void **state)
{
    (void)state;
    started = stopped = 0;
    Fix f = start(conf_new());
    assert_int_equal(net_workers(f.net), 2);
    int slow = dial(&f), large = dial(&f), idle = dial(&f), half = dial(&f);
    say(idle, S("GET /a" END));
    expect_body(hear(&f, idle, false), S("/a:"));
    say(half, S("GET /a HT"));
    say(large, S("GET /big-ref" END));
    usleep(50000);
    say(slow, S("GET /slow" END));
    usleep(100000);
    Stop s = {.net = f.net};
    pthread_t t;
    assert_int_equal(pthread_create(&t, NULL, stop_thread, &s), 0);
    Answer a = hear(&f, slow, false);
    expect_body(a, S("slow"));
    assert_true(str_eq(answer_header(&a, S("Connection: ")), S("close")));
    expect_body(hear(&f, large, false), str_n(big, BIG));
    assert_true(closed(idle));
    assert_int_equal(hear(&f, half, false).status, 408); /* it gets a little time, not ten seconds */
    assert_int_equal(pthread_join(t, NULL), 0);
    assert_in_range(s.took_ms, 0, 4000);
    assert_int_equal(started, 2);
    assert_int_equal(stopped, 2);
    close(slow), close(large), close(idle), close(half);
    arena_free(f.mem);
}

int main(void)
{
    for (size_t i = 0; i < BIG; i++) {
        big[i] = big_byte(i);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keep_alive_serves_many_requests_on_one_connection),
        cmocka_unit_test(http10_closes_unless_asked_to_stay),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(a_fast_pipelining_client_does_not_starve_another),
        cmocka_unit_test(head_has_the_length_but_no_body),
        cmocka_unit_test(expect_100_continue_is_answered_before_the_body),
        cmocka_unit_test(bodies_arrive_whole_in_whatever_pieces),
        cmocka_unit_test(large_uploads_are_spooled_and_arrive_byte_for_byte),
        cmocka_unit_test(too_large_bodies_get_413_and_a_closed_connection),
        cmocka_unit_test(a_refused_client_can_read_the_answer_while_it_still_sends),
        cmocka_unit_test(slow_heads_and_bodies_are_cut_at_an_absolute_deadline),
        cmocka_unit_test(idle_connections_are_closed_without_a_word),
        cmocka_unit_test(answers_are_whole_however_they_are_given),
        cmocka_unit_test(a_client_that_does_not_read_is_cut_and_its_page_released),
        cmocka_unit_test(a_client_that_leaves_the_answer_with_the_kernel_is_cut_too),
        cmocka_unit_test(a_slow_body_is_let_in_when_it_keeps_the_least_rate_and_cut_when_not),
        cmocka_unit_test(one_address_has_so_many_connections_and_no_more),
        cmocka_unit_test(above_max_conns_clients_wait_until_there_is_room),
        cmocka_unit_test(a_busy_handler_keeps_nobody_waiting_whom_memory_or_the_first_class_can_serve),
        cmocka_unit_test(what_finds_no_place_in_the_queue_is_refused_at_once_and_may_ask_again),
        cmocka_unit_test(what_waited_too_long_is_refused_before_its_turn),
        cmocka_unit_test(pipelined_requests_keep_their_order_through_the_queue),
        cmocka_unit_test(stopping_answers_all_that_was_let_in),
        cmocka_unit_test(a_taken_port_is_an_error),
        cmocka_unit_test(stopping_lets_running_answers_finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
