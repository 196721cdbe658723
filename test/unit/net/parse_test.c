/*
 * parse_test.c - net_parse against hostile and proper requests; each refusal has its exact status.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail /* err.h has its own */

#include "base/buf.h"
#include "net/net.h"

/* cmocka's fail_msg would expand the fail of err.h. */
#define FAIL(...) (print_error(__VA_ARGS__), print_error("\n"), _fail(__FILE__, __LINE__))

static bool is_upload(Str method, Str path)
{
    return str_eq(method, S("POST")) && str_eq(path, S("/upload"));
}

static const NetConf CONF = {.body_bytes = 1000, .upload_bytes = 5000, .upload_path = is_upload};

typedef struct {
    const char *title;
    int64_t want; /* -(status), 0 for "more needed", 1 for "the whole text is one request" */
    Str bytes;
} Case;

#define HOST    "Host: a\r\n"
#define GET     "GET / HTTP/1.1\r\n" HOST
#define POST    "POST / HTTP/1.1\r\n" HOST
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"

static void run(const Case *cases, size_t n)
{
    Arena *mem = arena_new(0);
    for (size_t i = 0; i < n; i++) {
        NetReq req;
        int64_t got = net_parse(mem, cases[i].bytes, &CONF, &req);
        int64_t want = cases[i].want == 1 ? (int64_t)cases[i].bytes.n : cases[i].want;
        if (got != want) {
            FAIL("%s: want %lld, got %lld", cases[i].title, (long long)want, (long long)got);
        }
        arena_reset(mem);
    }
    arena_free(mem);
}

static void hostile_framing_is_refused(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"two different Content-Length", -400, STR_INIT(POST "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab")},
        {"two equal Content-Length", -400, STR_INIT(POST "Content-Length: 1\r\nContent-Length: 1\r\n\r\na")},
        {"a list of lengths", -400, STR_INIT(POST "Content-Length: 1, 1\r\n\r\na")},
        {"Content-Length with Transfer-Encoding", -400,
         STR_INIT(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")},
        {"Transfer-Encoding with Content-Length", -400,
         STR_INIT(POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n")},
        {"gzip, chunked", -501, STR_INIT(POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")},
        {"chunked, gzip", -501, STR_INIT(POST "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n")},
        {"an unknown coding", -501, STR_INIT(POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")},
        {"a quoted coding", -501, STR_INIT(POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n")},
        {"an empty coding", -501, STR_INIT(POST "Transfer-Encoding:\r\n\r\n")},
        {"two Transfer-Encoding", -400,
         STR_INIT(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")},
        {"chunked in HTTP/1.0", -400, STR_INIT("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")},
        {"length +5", -400, STR_INIT(POST "Content-Length: +5\r\n\r\nhello")},
        {"length 5abc", -400, STR_INIT(POST "Content-Length: 5abc\r\n\r\nhello")},
        {"negative length", -400, STR_INIT(POST "Content-Length: -5\r\n\r\nhello")},
        {"hexadecimal length", -400, STR_INIT(POST "Content-Length: 0x5\r\n\r\nhello")},
        {"empty length", -400, STR_INIT(POST "Content-Length:\r\n\r\n")},
        {"length 2^64", -400, STR_INIT(POST "Content-Length: 18446744073709551616\r\n\r\n")},
        {"length 2^64-1", -400, STR_INIT(POST "Content-Length: 18446744073709551615\r\n\r\n")},
        {"chunk size 0x5", -400, STR_INIT(CHUNKED "0x5\r\nhello\r\n0\r\n\r\n")},
        {"negative chunk size", -400, STR_INIT(CHUNKED "-5\r\nhello\r\n0\r\n\r\n")},
        {"chunk size with plus", -400, STR_INIT(CHUNKED "+5\r\nhello\r\n0\r\n\r\n")},
        {"chunk size over 64 bits", -400, STR_INIT(CHUNKED "fffffffffffffffff\r\n")},
        {"empty chunk size", -400, STR_INIT(CHUNKED "\r\nhello\r\n0\r\n\r\n")},
        {"bare LF after the chunk size", -400, STR_INIT(CHUNKED "5\nhello\r\n0\r\n\r\n")},
        {"bare LF after the chunk", -400, STR_INIT(CHUNKED "5\r\nhello\n0\r\n\r\n")},
        {"no CRLF after the chunk", -400, STR_INIT(CHUNKED "5\r\nhello0\r\n\r\n")},
        {"bare LF in a chunk extension", -400, STR_INIT(CHUNKED "5;a=b\nhello\r\n0\r\n\r\n")},
        {"bare LF after the last chunk", -400, STR_INIT(CHUNKED "0\n\r\n")},
        {"bare LF as the end of the body", -400, STR_INIT(CHUNKED "0\r\n\n")},
        {"CR without LF as the end", -400, STR_INIT(CHUNKED "0\r\n\rX")},
        {"a folded trailer", -400, STR_INIT(CHUNKED "0\r\nA: b\r\n c\r\n\r\n")},
        {"bare LF in a trailer", -400, STR_INIT(CHUNKED "0\r\nA: b\n\r\n")},
        {"a trailer without a colon", -400, STR_INIT(CHUNKED "0\r\nA\r\n\r\n")},
        {"space before a trailer's colon", -400, STR_INIT(CHUNKED "0\r\nA : b\r\n\r\n")},
        {"NUL in a trailer", -400, STR_INIT(CHUNKED "0\r\nA: \0\r\n\r\n")},
    };
    run(cases, ARRAY_LEN(cases));
}

static void hostile_heads_are_refused(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"space before the colon", -400, STR_INIT("GET / HTTP/1.1\r\nHost : a\r\n\r\n")},
        {"tab before the colon", -400, STR_INIT(GET "A\t: b\r\n\r\n")},
        {"no colon", -400, STR_INIT(GET "abc\r\n\r\n")},
        {"empty name", -400, STR_INIT(GET ": b\r\n\r\n")},
        {"bare LF after the request line", -400, STR_INIT("GET / HTTP/1.1\nHost: a\r\n\r\n")},
        {"bare LF after a header", -400, STR_INIT("GET / HTTP/1.1\r\nHost: a\n\r\n")},
        {"bare LF only, before the head is complete", -400, STR_INIT("GET / HTTP/1.1\n")},
        {"bare CR in a value", -400, STR_INIT(GET "A: b\rc\r\n\r\n")},
        {"obs-fold with a space", -400, STR_INIT(GET "A: b\r\n c\r\n\r\n")},
        {"obs-fold with a tab", -400, STR_INIT(GET "A: b\r\n\tc\r\n\r\n")},
        {"a first header that begins with a space", -400, STR_INIT("GET / HTTP/1.1\r\n Host: a\r\n\r\n")},
        {"no Host in HTTP/1.1", -400, STR_INIT("GET / HTTP/1.1\r\n\r\n")},
        {"two Host", -400, STR_INIT(GET "Host: b\r\n\r\n")},
        {"two equal Host", -400, STR_INIT(GET HOST "\r\n")},
        {"empty Host", -400, STR_INIT("GET / HTTP/1.1\r\nHost:\r\n\r\n")},
        {"Host with a list", -400, STR_INIT("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n")},
        {"Host with a user", -400, STR_INIT("GET / HTTP/1.1\r\nHost: x@a\r\n\r\n")},
        {"Host with an open bracket", -400, STR_INIT("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n")},
        {"Host with a bracket behind", -400, STR_INIT("GET / HTTP/1.1\r\nHost: a[b]\r\n\r\n")},
        {"NUL in a value", -400, STR_INIT(GET "A: b\0c\r\n\r\n")},
        {"NUL in a name", -400, STR_INIT(GET "A\0B: c\r\n\r\n")},
        {"DEL in a value", -400, STR_INIT(GET "A: \x7f\r\n\r\n")},
        {"a version above 1.1", -505, STR_INIT("GET / HTTP/1.9\r\n" HOST "\r\n")},
        {"HTTP/2.0", -505, STR_INIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")},
        {"HTTP/0.9", -505, STR_INIT("GET / HTTP/0.9\r\n\r\n")},
        {"no version", -400, STR_INIT("GET /\r\n\r\n")},
        {"a version without a dot", -400, STR_INIT("GET / HTTP/11\r\n" HOST "\r\n")},
        {"a version of many digits", -400, STR_INIT("GET / HTTP/1.10\r\n" HOST "\r\n")},
        {"lower-case protocol", -400, STR_INIT("GET / http/1.1\r\n" HOST "\r\n")},
        {"another protocol", -400, STR_INIT("GET / RTSP/1.0\r\n" HOST "\r\n")},
        {"an unknown method", -501, STR_INIT("BREW / HTTP/1.1\r\n" HOST "\r\n")},
        {"a method in lower case", -501, STR_INIT("get / HTTP/1.1\r\n" HOST "\r\n")},
        {"TRACE", -501, STR_INIT("TRACE / HTTP/1.1\r\n" HOST "\r\n")},
        {"CONNECT", -501, STR_INIT("CONNECT a:443 HTTP/1.1\r\n" HOST "\r\n")},
        {"a garbage method", -400, STR_INIT("G\x01T / HTTP/1.1\r\n" HOST "\r\n")},
        {"a TLS greeting", -400, STR_INIT("\x16\x03\x01\x02")},
        {"two spaces before the target", -400, STR_INIT("GET  / HTTP/1.1\r\n" HOST "\r\n")},
        {"a space in the target", -400, STR_INIT("GET /a b HTTP/1.1\r\n" HOST "\r\n")},
        {"a tab as separator", -400, STR_INIT("GET\t/ HTTP/1.1\r\n" HOST "\r\n")},
    };
    run(cases, ARRAY_LEN(cases));
}

static void hostile_paths_are_refused(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "/..",         "/../etc/passwd",
        "/a/../b",     "/a/..",
        "/%2e%2e/b",   "/.%2E/b",
        "/a/%2e./b",   "/..%2fb",
        "/a%2f..%2fb", "/%00",
        "/a%00.html",  "/%",
        "/%1",         "/%zz",
        "/%ff",        "/%c0%af",
        "/%ed%a0%80",  "/\xe4\xb8\xad",
        "/a%0d%0ab",   "/%7f",
        "/a\\b",       "/..%5c..%5cb",
        "/a#b",        "a",
        "*",           "",
        "ftp://a/",    "http://",
        "http:///x",   "http://b/", /* another authority than Host says */
    };
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        Arena *mem = arena_new(0);
        NetReq req;
        Str bytes = str_printf(mem, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", paths[i]);
        int64_t got = net_parse(mem, bytes, &CONF, &req);
        if (got != -400) {
            FAIL("%s: want -400, got %lld", paths[i], (long long)got);
        }
        arena_free(mem);
    }
}

static void paths_are_decoded_and_normalised_once(void **state)
{
    (void)state;
    static const struct {
        const char *target, *path, *query;
    } cases[] = {
        {"/", "/", ""},
        {"/a/b", "/a/b", ""},
        {"/a/b/", "/a/b/", ""},
        {"//a///b", "/a/b", ""},
        {"/./a/./b/.", "/a/b/", ""},
        {"//", "/", ""},
        {"/a?b=%41?c", "/a", "b=%41?c"},
        {"/?", "/", ""},
        {"/%41%2520", "/A%20", ""},
        {"/%E5%A1%94%E6%9C%A8", "/塔木", ""},
        {"/...", "/...", ""},
        {"/..a/b..", "/..a/b..", ""},
        {"/a%2Fb", "/a/b", ""},
        {"/x?next=/../y", "/x", "next=/../y"},
        {"http://a", "/", ""},
        {"http://A/x?y", "/x", "y"},
        {"HTTPS://a?y", "/", "y"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        Arena *mem = arena_new(0);
        NetReq req;
        Str bytes = str_printf(mem, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", cases[i].target);
        assert_int_equal(net_parse(mem, bytes, &CONF, &req), bytes.n);
        assert_string_equal(str_z(mem, req.path), cases[i].path);
        assert_string_equal(str_z(mem, req.query), cases[i].query);
        arena_free(mem);
    }
}

static void proper_requests_are_read(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"plain", 1, STR_INIT(GET "\r\n")},
        {"HTTP/1.0 without Host", 1, STR_INIT("GET / HTTP/1.0\r\n\r\n")},
        {"an empty line before", 1, STR_INIT("\r\n" GET "\r\n")},
        {"an empty value", 1, STR_INIT(GET "A:\r\nB: \r\nC: d\r\n\r\n")},
        {"Host with port", 1, STR_INIT("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n")},
        {"bytes above 127 in a value", 1, STR_INIT(GET "A: \xe4\xb8\xad\xff\r\n\r\n")},
        {"an upgrade that is not taken", 1, STR_INIT(GET "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n")},
        {"an upgrade with a body", 1,
         STR_INIT(POST "Connection: Upgrade\r\nUpgrade: x\r\nContent-Length: 2\r\n\r\nab")},
        {"Connection: close with a body", 1, STR_INIT(POST "Connection: close\r\nContent-Length: 2\r\n\r\nab")},
        {"GET with a body", 1, STR_INIT(GET "Content-Length: 2\r\n\r\nab")},
        {"length with zeros before", 1, STR_INIT(POST "Content-Length: 002\r\n\r\nab")},
        {"CHUNKED in capitals", 1, STR_INIT(POST "Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n")},
        {"chunks with extension and trailer", 1, STR_INIT(CHUNKED "5;a=\"b c\"\r\nhello\r\n0\r\nA: b\r\n\r\n")},
    };
    run(cases, ARRAY_LEN(cases));
}

static void a_prefix_of_a_request_is_never_refused_nor_taken(void **state)
{
    (void)state;
    static const Str whole[] = {
        STR_INIT("\r\nPOST /upload?x=1 HTTP/1.1\r\nHost: a\r\nA: \r\nContent-Length: 5\r\n\r\nhello"),
        STR_INIT(CHUNKED "5;a=b\r\nhello\r\n00A\r\n0123456789\r\n0\r\nA: b\r\nC: d\r\n\r\n"),
    };
    Arena *mem = arena_new(0);
    for (size_t i = 0; i < ARRAY_LEN(whole); i++) {
        for (size_t n = 0; n < whole[i].n; n++) {
            NetReq req;
            assert_int_equal(net_parse(mem, str_sub(whole[i], 0, n), &CONF, &req), 0);
            arena_reset(mem);
        }
    }
    arena_free(mem);
}

static void a_request_has_its_parts(void **state)
{
    (void)state;
    Arena *mem = arena_new(0);
    NetReq req;
    Str bytes =
        S("POST /a?b=c HTTP/1.1\r\nHOST: a\r\nX-Some:  two words \t\r\nx-some: again\r\nContent-Length: 3\r\n\r\n"
          "abcGET");
    assert_int_equal(net_parse(mem, bytes, &CONF, &req), bytes.n - 3);
    assert_string_equal(str_z(mem, req.method), "POST");
    assert_string_equal(str_z(mem, req.body), "abc");
    assert_int_equal(req.n_headers, 4);
    assert_string_equal(str_z(mem, req.headers[0].name), "host");
    assert_string_equal(str_z(mem, net_header(&req, S("x-some"))), "two words");
    assert_string_equal(str_z(mem, req.headers[2].value), "again");
    assert_int_equal(net_header(&req, S("absent")).n, 0);

    bytes = S(CHUNKED "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nGET / ");
    assert_int_equal(net_parse(mem, bytes, &CONF, &req), bytes.n - 6);
    assert_string_equal(str_z(mem, req.body), "abcde");
    arena_free(mem);
}

static void limits_have_their_statuses(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"over the limit by length", -413, STR_INIT(POST "Content-Length: 1001\r\n\r\n")},
        {"a huge length", -413, STR_INIT(POST "Content-Length: 9223372036854775807\r\n\r\n")},
        {"at the limit", 0, STR_INIT(POST "Content-Length: 1000\r\n\r\n")},
        {"over the limit by chunk", -413, STR_INIT(CHUNKED "3e9\r\n")},
        {"over the limit in the second chunk", -413, STR_INIT(CHUNKED "5\r\nhello\r\n3e4\r\n")},
        {"an upload path may have more", 0, STR_INIT("POST /upload HTTP/1.1\r\n" HOST "Content-Length: 5000\r\n\r\n")},
        {"an upload path has a limit too", -413,
         STR_INIT("POST /upload HTTP/1.1\r\n" HOST "Content-Length: 5001\r\n\r\n")},
        {"only the method that uploads", -413,
         STR_INIT("PUT /upload HTTP/1.1\r\n" HOST "Content-Length: 5000\r\n\r\n")},
    };
    run(cases, ARRAY_LEN(cases));

    Arena *mem = arena_new(0);
    NetReq req;
    Buf b = buf_new(mem, 100000);
    buf_add(&b, S(GET "A: "));
    while (b.n < 65536) {
        buf_addc(&b, 'x');
    }
    assert_int_equal(net_parse(mem, buf_str(&b), &CONF, &req), -431);
    buf_add(&b, S("\r\n\r\n"));
    assert_int_equal(net_parse(mem, buf_str(&b), &CONF, &req), -431);

    buf_clear(&b);
    buf_add(&b, S(GET));
    for (int i = 0; i < 128; i++) {
        buf_add(&b, S("A: b\r\n"));
    }
    buf_add(&b, S("\r\n"));
    assert_int_equal(net_parse(mem, buf_str(&b), &CONF, &req), -431);

    buf_clear(&b);
    buf_add(&b, S(CHUNKED));
    for (int i = 0; i < 900; i++) { /* little data, long extensions */
        buf_add(&b, S("1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=b\r\nx\r\n"));
    }
    assert_int_equal(net_parse(mem, buf_str(&b), &CONF, &req), -431);
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_framing_is_refused),
        cmocka_unit_test(hostile_heads_are_refused),
        cmocka_unit_test(hostile_paths_are_refused),
        cmocka_unit_test(paths_are_decoded_and_normalised_once),
        cmocka_unit_test(proper_requests_are_read),
        cmocka_unit_test(a_prefix_of_a_request_is_never_refused_nor_taken),
        cmocka_unit_test(a_request_has_its_parts),
        cmocka_unit_test(limits_have_their_statuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
