/* JSON: round trips, escapes, numbers, refusals with their place, limits, the canonical form. */
#include "check.h"

#include "fmt/doc.h"

static Doc *must_read(Arena *a, const char *text)
{
    Str error = S("");
    Doc *d = json_read(a, str_c(text), &error);
    if (d == NULL) {
        print_error("%s: %.*s\n", text, STRF(error));
    }
    assert_non_null(d);
    return d;
}

static void what_is_read_is_written_the_same(void **state)
{
    static const char *const TEXTS[] = {
        "null", "true", "false", "0", "-1", "9223372036854775807", "-9223372036854775808", "\"\"", "\"中文\"", "[]", "{}",
        "[1,[2,[3]],{}]", "{\"a\":{\"b\":[null,true]},\"c\":\"x\"}", "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\"",
        "\"\\u003cb\\u003e \\u0026 \\u2028\\u2029\"", "\"\xE2\x80\xA7\xE2\x80\xAA\"", "{\"\\u003c\":1}", "\"\xF0\x9F\x90\x8E\"",
    };
    for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
        assert_text(json_text(*state, must_read(*state, TEXTS[i])), TEXTS[i]);
    }
}

static void white_space_and_escapes_are_read(void **state)
{
    assert_text(json_text(*state, must_read(*state, " \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } } \n")), "{\"a\":[1,2],\"b\":{}}");
    assert_text(must_read(*state, "\"\\/\\u4e2D\\ud83d\\udc0e\\u00e9\"")->s, "/中\xF0\x9F\x90\x8E\xC3\xA9");
    assert_text(doc_get_str(must_read(*state, "{\"\\u0061\":\"x\"}"), "a"), "x");
}

static void numbers_that_are_not_whole_are_kept_as_text(void **state)
{
    static const char *const TEXTS[] = {"1.50", "-0.1", "1e3", "1E+2", "2.5e-7", "9223372036854775808", "123456789012345678901234567890"};
    for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
        const Doc *d = must_read(*state, TEXTS[i]);
        assert_int_equal(d->kind, DOC_STR);
        assert_text(d->s, TEXTS[i]);
    }
    const Doc *zero = must_read(*state, "-0");
    assert_int_equal(zero->kind, DOC_INT);
    assert_int_equal(zero->i, 0);
}

static void refusals_say_where(void **state)
{
    static const struct {
        const char *text, *want;
    } ROWS[] = {
        {"", "JSON 第 0 字节处：内容提前结束"},
        {"[1,", "JSON 第 3 字节处：内容提前结束"},
        {"[1 2]", "JSON 第 3 字节处：列表里缺少逗号或右方括号"},
        {"[1,]", "JSON 第 3 字节处：这里应当是一个值"},
        {"{\"a\":1,}", "JSON 第 7 字节处：对象的成员名须是字符串"},
        {"{a:1}", "JSON 第 1 字节处：对象的成员名须是字符串"},
        {"{\"a\" 1}", "JSON 第 5 字节处：成员名后缺少冒号"},
        {"{\"a\":1 \"b\":2}", "JSON 第 7 字节处：对象里缺少逗号或右花括号"},
        {"{\"a\":1,\"b\":2,\"a\":3}", "JSON 第 13 字节处：对象里成员名重复"},
        {"{\"a\":1,\"\\u0061\":3}", "JSON 第 7 字节处：对象里成员名重复"},
        {"1 2", "JSON 第 2 字节处：内容结束后还有多余的文字"},
        {"nul", "JSON 第 0 字节处：这里应当是一个值"},
        {"+1", "JSON 第 0 字节处：这里应当是一个值"},
        {"01", "JSON 第 0 字节处：数字写法不对"},
        {"-", "JSON 第 0 字节处：数字写法不对"},
        {"1.", "JSON 第 0 字节处：数字写法不对"},
        {".5", "JSON 第 0 字节处：这里应当是一个值"},
        {"1e", "JSON 第 0 字节处：数字写法不对"},
        {"'a'", "JSON 第 0 字节处：这里应当是一个值"},
        {"\"a", "JSON 第 0 字节处：字符串没有结束"},
        {"\"a\\\"", "JSON 第 0 字节处：字符串没有结束"},
        {"\"a\nb\"", "JSON 第 2 字节处：字符串里有控制字符"},
        {"\"\\\n\"", "JSON 第 1 字节处：转义写法不对"},
        {"\"\\x\"", "JSON 第 1 字节处：转义写法不对"},
        {"\"\\u12\"", "JSON 第 1 字节处：转义写法不对"},
        {"\"a\\u0000\"", "JSON 第 2 字节处：转义写法不对"},
        {"\"\\ud83d\"", "JSON 第 1 字节处：转义写法不对"},
        {"\"\\ud83d\\u0041\"", "JSON 第 1 字节处：转义写法不对"},
        {"\"\\udc0e\"", "JSON 第 1 字节处：转义写法不对"},
        {"\"\xFF\"", "JSON 第 0 字节处：不是有效的 UTF-8 文本"},
        {"\xEF\xBB\xBF{}", "JSON 第 0 字节处：这里应当是一个值"},
        {"// x\n1", "JSON 第 0 字节处：这里应当是一个值"},
    };
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        Str error = S("accepted");
        assert_null(json_read(*state, str_c(ROWS[i].text), &error));
        assert_text(error, ROWS[i].want);
    }
    Str error = S("accepted");
    assert_null(json_read(*state, str_n("\"\0\"", 3), &error));
    assert_text(error, "JSON 第 0 字节处：不是有效的 UTF-8 文本");
}

/* `n` times `unit` between `open` and `close`. */
static Str repeated(Arena *a, const char *open, const char *unit, size_t n, const char *close)
{
    Buf b = buf_new(a, (size_t)8 << 20);
    buf_add(&b, str_c(open));
    for (size_t i = 0; i < n; i++) {
        buf_add(&b, str_c(unit));
    }
    buf_add(&b, str_c(close));
    return buf_str(&b);
}

static void limits_hold_exactly(void **state)
{
    Arena *a = *state;
    Str error = S("");
    Str deep = repeated(a, "", "[", 32, "");
    assert_non_null(json_read(a, str_printf(a, "%.*s%.*s", STRF(deep), STRF(repeated(a, "", "]", 32, ""))), &error));
    deep = repeated(a, "", "[", 33, "");
    assert_null(json_read(a, str_printf(a, "%.*s%.*s", STRF(deep), STRF(repeated(a, "", "]", 33, ""))), &error));
    assert_text(error, "JSON 第 32 字节处：嵌套太深（至多 32 层）");
    assert_non_null(json_read(a, repeated(a, "[", "1,", 99998, "1]"), &error));
    assert_null(json_read(a, repeated(a, "[", "1,", 99999, "1]"), &error));
    assert_text(error, "JSON 第 199999 字节处：内容项太多（至多 100000 项）");
    assert_non_null(json_read(a, repeated(a, "\"", "x", (1 << 20) - 2, "\""), &error));
    assert_null(json_read(a, repeated(a, "\"", "x", (1 << 20) - 1, "\""), &error));
    assert_text(error, "JSON 第 1048576 字节处：内容太大（至多 1 MiB）");
}

static void many_members_are_read_and_their_repeats_refused(void **state)
{
    Arena *a = *state;
    Buf b = buf_new(a, 1 << 20);
    buf_addc(&b, '{');
    for (int i = 0; i < 5000; i++) {
        buf_printf(&b, "\"k%d\":%d,", i, i);
    }
    Str most = str_dup(a, buf_str(&b)), error = S("");
    const Doc *d = json_read(a, str_printf(a, "%.*s\"z\":1}", STRF(most)), &error);
    assert_non_null(d);
    assert_int_equal(doc_get_int(d, "k4321", -1), 4321);
    assert_null(json_read(a, str_printf(a, "%.*s\"k77\":1}", STRF(most)), &error));
}

static void pretty_text_is_indented_by_two(void **state)
{
    Buf b = buf_new(*state, 1000);
    json_write(&b, must_read(*state, "{\"a\":[1,{}],\"b\":{\"c\":[]}}"), true);
    assert_text(buf_str(&b), "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": {\n    \"c\": []\n  }\n}\n");
}

static void what_is_for_html_only_stays_out(void **state)
{
    Doc *o = doc_obj(*state);
    doc_html_only(doc_set_strc(o, "nonce", "x"));
    doc_set_int(o, "a", 1);
    doc_html_only(doc_set_list(o, "menu"));
    assert_text(json_text(*state, o), "{\"a\":1}");
    assert_text(json_canonical(*state, o), "{\"a\":1}");
}

static void the_canonical_form_sorts_and_escapes_least(void **state)
{
    const Doc *d = must_read(*state, "{ \"b\" : [3,1], \"a\" : {\"z\":null,\"y\":\"<&>\\u2028\\/\\u0001\\n\"}, \"B\":1, \"中\":2, \"\":0 }");
    assert_text(json_canonical(*state, d),
                "{\"\":0,\"B\":1,\"a\":{\"y\":\"<&>\xE2\x80\xA8/\\u0001\\n\",\"z\":null},\"b\":[3,1],\"中\":2}");
    assert_text(json_canonical(*state, must_read(*state, "[]")), "[]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_read_is_written_the_same), TEST(white_space_and_escapes_are_read), TEST(numbers_that_are_not_whole_are_kept_as_text),
        TEST(refusals_say_where), TEST(limits_hold_exactly), TEST(many_members_are_read_and_their_repeats_refused),
        TEST(pretty_text_is_indented_by_two), TEST(what_is_for_html_only_stays_out), TEST(the_canonical_form_sorts_and_escapes_least),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
