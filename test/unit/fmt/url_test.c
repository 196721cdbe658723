/* Forms, percent-encoding and cookies. */
#include "check.h"

#include "fmt/url.h"

static void a_form_keeps_order_and_repeats(void **state)
{
    Cx cx;
    cx_init(&cx, *state);
    Params p;
    assert_true(url_params(&cx, S("a=1&b=x+y&a=2&%E5%90%8D=%e7%94%b2&c&d=&=e&&f=1=2"), &p));
    assert_int_equal(p.n, 8);
    assert_text(param_get(&p, S("a")), "1");
    assert_text(param_get(&p, S("b")), "x y");
    assert_text(param_get(&p, S("名")), "甲");
    assert_text(param_get(&p, S("f")), "1=2");
    assert_true(param_has(&p, S("c")));
    assert_true(param_has(&p, S("d")));
    assert_false(param_has(&p, S("e")));
    assert_text(param_get(&p, S("")), "e");
    assert_text(param_get(&p, S("none")), "");
    Str all[4];
    assert_int_equal(param_all(&p, S("a"), all, 4), 2);
    assert_text(all[1], "2");
    assert_int_equal(param_all(&p, S("a"), all, 1), 1);
    assert_true(url_params(&cx, S(""), &p));
    assert_int_equal(p.n, 0);
}

static void line_ends_in_values_become_lf(void **state)
{
    Cx cx;
    cx_init(&cx, *state);
    Params p;
    assert_true(url_params(&cx, S("t=a%0D%0Ab%0d%0a&u=c%0Ad"), &p));
    assert_text(param_get(&p, S("t")), "a\nb\n");
    assert_text(param_get(&p, S("u")), "c\nd");
}

static void broken_forms_are_refused(void **state)
{
    static const char *const BAD[] = {"a=%", "a=%4", "a=%4g", "%zz=1", "a=%00", "a=%FF", "a=%C0%80", "a=%ED%A0%80", "a=\xFF", "x=1&a=%E5%90"};
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        Cx cx;
        cx_init(&cx, *state);
        Params p;
        assert_false(url_params(&cx, str_c(BAD[i]), &p));
        assert_int_equal(cx.err, E_BAD_REQUEST);
    }
}

static void four_thousand_pairs_and_no_more(void **state)
{
    Cx cx;
    cx_init(&cx, *state);
    Buf b = buf_new(cx.mem, 1 << 20);
    for (int i = 0; i < 4000; i++) {
        buf_printf(&b, "%sk=%d", i != 0 ? "&" : "", i);
    }
    Params p;
    assert_true(url_params(&cx, str_dup(cx.mem, buf_str(&b)), &p));
    assert_int_equal(p.n, 4000);
    buf_add(&b, S("&k=4000"));
    assert_false(url_params(&cx, buf_str(&b), &p));
    assert_int_equal(cx.err, E_BAD_REQUEST);
}

static void encoding_and_decoding_are_inverse(void **state)
{
    Arena *a = *state;
    assert_text(url_enc(a, S("a-z_A.Z~09 +/?&=%中")), "a-z_A.Z~09%20%2B%2F%3F%26%3D%25%E4%B8%AD");
    char all[256];
    for (int i = 0; i < 256; i++) {
        all[i] = (char)i;
    }
    Str back;
    assert_true(url_decode(a, url_enc(a, str_n(all, 256)), true, &back));
    assert_int_equal(back.n, 256);
    assert_memory_equal(back.p, all, 256);
    assert_true(url_decode(a, S("a+b%2b"), false, &back));
    assert_text(back, "a+b+");
    assert_true(url_decode(a, S("a+b%2b"), true, &back));
    assert_text(back, "a b+");
    assert_false(url_decode(a, S("%-1"), false, &back));
}

static void a_cookie_is_found_by_its_whole_name(void **state)
{
    (void)state;
    Str h = S("a=1; __Host-s=x=y; bs=3 ;q=\"v\"; odd; s=4; s=5");
    assert_text(cookie_get(h, S("a")), "1");
    assert_text(cookie_get(h, S("__Host-s")), "x=y");
    assert_text(cookie_get(h, S("s")), "4");
    assert_text(cookie_get(h, S("bs")), "3");
    assert_text(cookie_get(h, S("q")), "v");
    assert_text(cookie_get(h, S("odd")), "");
    assert_text(cookie_get(h, S("A")), "");
    assert_text(cookie_get(S(""), S("a")), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_form_keeps_order_and_repeats), TEST(line_ends_in_values_become_lf), TEST(broken_forms_are_refused),
        TEST(four_thousand_pairs_and_no_more), TEST(encoding_and_decoding_are_inverse), TEST(a_cookie_is_found_by_its_whole_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
