/*
 * resp_test.c - the head of an answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail /* err.h has its own */

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/resp.h"

static void the_date_is_an_http_date(void **state)
{
    (void)state;
    NetDate cache = {0};
    assert_string_equal(net_date(&cache, 784111777123).p, "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_string_equal(net_date(&cache, 784111777999).p, "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_string_equal(net_date(&cache, 784111778000).p, "Sun, 06 Nov 1994 08:49:38 GMT");
    assert_string_equal(net_date(&(NetDate){0}, 0).p, "Thu, 01 Jan 1970 00:00:00 GMT");
}

static void a_head_has_status_date_headers_and_length(void **state)
{
    (void)state;
    Arena *mem = arena_new(0);
    NetResp resp = {.status = 201};
    net_set(&resp, mem, S("X-A"), S("b"));
    net_set(&resp, mem, S("Set-Cookie"), S("c=d"));
    net_set(&resp, mem, S("Content-Length"), S("999"));
    net_set(&resp, mem, S("Transfer-Encoding"), S("chunked"));
    NetFraming f = {.length = 5, .date = S("D")};
    assert_string_equal(net_resp_head(mem, &resp, &f).p,
                        "HTTP/1.1 201 Created\r\nDate: D\r\nX-A: b\r\nSet-Cookie: c=d\r\nContent-Length: 5\r\n\r\n");
    arena_free(mem);
}

static void statuses_without_a_body_have_no_length(void **state)
{
    (void)state;
    Arena *mem = arena_new(0);
    NetFraming f = {.length = 5, .date = S("D"), .close = true};
    assert_string_equal(net_resp_head(mem, &(NetResp){.status = 204}, &f).p,
                        "HTTP/1.1 204 No Content\r\nDate: D\r\nConnection: close\r\n\r\n");
    f = (NetFraming){.date = S("D"), .http10 = true};
    assert_string_equal(net_resp_head(mem, &(NetResp){.status = 304}, &f).p,
                        "HTTP/1.1 304 Not Modified\r\nDate: D\r\nConnection: keep-alive\r\n\r\n");
    arena_free(mem);
}

/* The signal that ends a child which sets this header; 0 when it lives. */
static int set_in_child(Str name, Str value)
{
    pid_t child = fork();
    if (child == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL) {
            _exit(9);
        }
        NetResp resp = {0};
        net_set(&resp, arena_new(0), name, value);
        _exit(0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

static void a_header_that_would_split_the_answer_is_a_bug(void **state)
{
    (void)state;
    assert_int_equal(set_in_child(S("A"), S("b c")), 0);
    assert_int_equal(set_in_child(S("A"), S("b\r\nSet-Cookie: x")), SIGABRT);
    assert_int_equal(set_in_child(S("A"), S("b\nc")), SIGABRT);
    assert_int_equal(set_in_child(S("A"), S("b\0c")), SIGABRT);
    assert_int_equal(set_in_child(S("A\r\nB"), S("c")), SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_date_is_an_http_date),
        cmocka_unit_test(a_head_has_status_date_headers_and_length),
        cmocka_unit_test(statuses_without_a_body_have_no_length),
        cmocka_unit_test(a_header_that_would_split_the_answer_is_a_bug),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
