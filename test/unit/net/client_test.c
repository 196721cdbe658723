/* client_test.c - whose request it is behind a reverse proxy; what a client wrote itself counts for nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#undef fail

#include "net/net.h"

static void client_is(const char *peer, const char *first, const char *second, const char *want)
{
    Arena *mem = arena_new(0);
    NetHeader h[3] = {{S("host"), S("x")}};
    size_t n = 1;
    if (first != NULL) {
        h[n++] = (NetHeader){S("x-forwarded-for"), str_c(first)};
    }
    if (second != NULL) {
        h[n++] = (NetHeader){S("x-forwarded-for"), str_c(second)};
    }
    NetReq req = {.peer = str_c(peer), .headers = h, .n_headers = n};
    Str got = net_client(mem, &req);
    assert_string_equal(str_z(mem, got), want);
    arena_free(mem);
}

static void the_last_hop_is_the_client_of_a_proxy_on_this_machine(void **state)
{
    (void)state;
    client_is("127.0.0.1", "198.51.100.7", NULL, "198.51.100.7");
    client_is("127.9.8.7", "198.51.100.7", NULL, "198.51.100.7");
    client_is("::1", " 2001:DB8:0::7 ", NULL, "2001:db8::7");
    client_is("127.0.0.1", "198.51.100.7:4711", NULL, "198.51.100.7");
    client_is("127.0.0.1", "[2001:db8::7]:4711", NULL, "2001:db8::7");
    client_is("127.0.0.1", "[2001:db8::7]", NULL, "2001:db8::7");
    client_is("127.0.0.1", "::ffff:198.51.100.7", NULL, "198.51.100.7");
}

static void what_a_client_wrote_before_it_counts_for_nothing(void **state)
{
    (void)state;
    client_is("127.0.0.1", "203.0.113.9, 198.51.100.7", NULL, "198.51.100.7");
    client_is("127.0.0.1", "203.0.113.9,,garbage,198.51.100.7", NULL, "198.51.100.7");
    client_is("127.0.0.1", "203.0.113.9", "198.51.100.7", "198.51.100.7");
    client_is("127.0.0.1", "203.0.113.9", "1.2.3.4, 198.51.100.7", "198.51.100.7");
}

static void from_elsewhere_the_header_is_not_read(void **state)
{
    (void)state;
    client_is("192.0.2.5", "198.51.100.7", NULL, "192.0.2.5");
    client_is("2001:db8::5", "198.51.100.7", NULL, "2001:db8::5");
    client_is("1270.0.0.1", "198.51.100.7", NULL, "1270.0.0.1");
    client_is("", "198.51.100.7", NULL, "");
}

static void what_is_no_address_leaves_the_proxy_s_own(void **state)
{
    static const char *const BAD[] = {"", " ", ",", "198.51.100.7,", "unknown", "198.51.100", "198.51.100.777", "a\"b<c>", "[2001:db8::7", "[]",
                                      "[2001:db8::7]x", "2001:db8::7]", ":80", "198.51.100.7 203.0.113.9", "_hidden",
                                      "2001:db8:2001:db8:2001:db8:2001:db8:2001:db8:2001:db8:2001:db8:2001:db8"};
    (void)state;
    client_is("127.0.0.1", NULL, NULL, "127.0.0.1");
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        client_is("127.0.0.1", BAD[i], NULL, "127.0.0.1");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_hop_is_the_client_of_a_proxy_on_this_machine),
        cmocka_unit_test(what_a_client_wrote_before_it_counts_for_nothing),
        cmocka_unit_test(from_elsewhere_the_header_is_not_read),
        cmocka_unit_test(what_is_no_address_leaves_the_proxy_s_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
