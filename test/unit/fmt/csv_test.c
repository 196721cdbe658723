/* csv_test.c - what spreadsheet programs save as CSV, what is refused, and a writer that starts no formula. */
#include "check.h"

#include "fmt/csv.h"

typedef struct {
    Arena *mem;
    Buf seen;           /* "line:cell|cell;" for every record */
    size_t stop_after;  /* 0: never */
    size_t rows;
} Seen;

static bool take(void *ctx, size_t line, const Str *cells, size_t n)
{
    Seen *s = ctx;
    buf_printf(&s->seen, "%zu:", line);
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            buf_addc(&s->seen, '|');
        }
        buf_add(&s->seen, cells[i]);
    }
    buf_addc(&s->seen, ';');
    return ++s->rows != s->stop_after;
}

static bool read_with(Arena *mem, Str bytes, const TableLimits *limits, Seen *s, Cx *cx)
{
    *s = (Seen){.mem = mem, .seen = buf_new(mem, 1 << 22)};
    cx_init(cx, mem);
    return csv_read(cx, bytes, limits, take, s);
}

static void reads_as(Arena *mem, Str bytes, const char *want)
{
    Seen s;
    Cx cx;
    if (!read_with(mem, bytes, NULL, &s, &cx)) {
        print_error("%.*s\n", STRF(cx_text(&cx)));
        assert_true(false);
    }
    assert_text(buf_str(&s.seen), want);
}

static void is_refused(Arena *mem, Str bytes, const TableLimits *limits, const char *part)
{
    Seen s;
    Cx cx;
    assert_false(read_with(mem, bytes, limits, &s, &cx));
    assert_non_null(strstr(str_z(mem, cx_text(&cx)), part));
}

static void plain_records_and_both_line_ends(void **state)
{
    reads_as(*state, S("a,b\n1,2\r\n3,4"), "1:a|b;2:1|2;3:3|4;");
    reads_as(*state, S("a,b\n"), "1:a|b;");
    reads_as(*state, S("a,\n,b\n"), "1:a|;2:|b;");
    reads_as(*state, S("a\rb\r"), "1:a;2:b;");
    reads_as(*state, S(""), "");
    reads_as(*state, str_n(NULL, 0), "");
}

static void blank_lines_are_skipped_but_counted(void **state)
{
    reads_as(*state, S("a\n\n\r\nb\n"), "1:a;4:b;");
}

static void quoted_cells(void **state)
{
    reads_as(*state, S("\"a,b\",\"say \"\"hi\"\"\"\n"), "1:a,b|say \"hi\";");
    reads_as(*state, S("\"two\r\nlines\",x\ny,z\n"), "1:two\nlines|x;3:y|z;");
    reads_as(*state, S("\"\",\"\"\"\"\n"), "1:|\";");
    reads_as(*state, S("\"a\"b,c\n"), "1:ab|c;");
    reads_as(*state, S("5\" pipe,c\n"), "1:5\" pipe|c;");
    reads_as(*state, S("\"\"\n"), "1:;");
    reads_as(*state, S("\"end\""), "1:end;");
}

static void the_separator_is_seen_in_the_first_line(void **state)
{
    reads_as(*state, S("a\tb,c\td\n1\t2\t3\n"), "1:a|b,c|d;2:1|2|3;");
    reads_as(*state, S("a;b;c,d\n1;2;3\n"), "1:a|b|c,d;2:1|2|3;");
    reads_as(*state, S("\"x;y;z\",b\n"), "1:x;y;z|b;");
    reads_as(*state, S("one\n"), "1:one;");
}

static void utf8_with_a_byte_order_mark(void **state)
{
    reads_as(*state, S("\xEF\xBB\xBF名称,数量\n"), "1:名称|数量;");
    reads_as(*state, S("\xEF\xBB\xBF\"名称\"\n"), "1:名称;");
}

static void gbk_as_spreadsheets_in_china_save_it(void **state)
{
    reads_as(*state, S("\xC3\xFB\xB3\xC6,\xCA\xFD\xC1\xBF\r\n\xB0\xBD\xBA\xBA,1\r\n"), "1:名称|数量;2:敖汉|1;");
    reads_as(*state, S("\x95\x32\x82\x36\n"), "1:𠀀;"); /* four-byte form */
}

static void utf16_of_both_byte_orders(void **state)
{
    reads_as(*state, S("\xFF\xFE\x0D\x54\t\0a\0\r\0\n\0"), "1:名|a;");
    reads_as(*state, S("\xFE\xFF\x54\x0D\0,\0a\0\n"), "1:名|a;");
}

static void broken_bytes_are_refused_with_their_line(void **state)
{
    is_refused(*state, S("a,b\nc,\0d\n"), NULL, "第 2 行第 3 个字节");
    is_refused(*state, S("a\n\xC3\xFB\n\xFF\xFF\n"), NULL, "第 3 行");
    is_refused(*state, S("\xFF\xFE\x0D\x54\0\0"), NULL, "空字符");
    is_refused(*state, S("\xFF\xFE\x0D\x54\x0A"), NULL, "编码");
    is_refused(*state, S("\xFF\xFE\x00\xD8\x41\x00"), NULL, "编码");
}

static void an_open_quote_is_refused_where_it_starts(void **state)
{
    is_refused(*state, S("a,b\nc,\"d\ne,f\n"), NULL, "第 2 行第 2 列");
    is_refused(*state, S("\""), NULL, "第 1 行第 1 列");
    is_refused(*state, S("\"\"\"\n"), NULL, "第 1 行第 1 列");
}

static void the_limits_are_held(void **state)
{
    is_refused(*state, S("a\nb\nc\n"), &(TableLimits){.max_rows = 2}, "超过 2 行");
    is_refused(*state, S("a,b,c\n"), &(TableLimits){.max_cols = 2}, "第 1 行超过 2 列");
    is_refused(*state, S("a,bcdef\n"), &(TableLimits){.max_cell = 4}, "第 1 行第 2 列");
    is_refused(*state, S("a\nb,\"cdefg\"\n"), &(TableLimits){.max_cell = 4}, "第 2 行第 2 列");
    is_refused(*state, S("abc"), &(TableLimits){.max_bytes = 2}, "文件超过");
    Seen s;
    Cx cx;
    assert_true(read_with(*state, S("abcd,\"ab\"\"d\"\n"), &(TableLimits){.max_cell = 4, .max_cols = 2, .max_rows = 1}, &s, &cx));
    char *big = arena_alloc(*state, 10 << 20);
    memset(big, 'x', 10 << 20);
    is_refused(*state, str_n(big, 10 << 20), NULL, "第 1 行第 1 列的内容超过");
}

static void a_reader_that_says_stop_is_obeyed(void **state)
{
    Seen s = {.seen = buf_new(*state, 1000), .stop_after = 2};
    Cx cx;
    cx_init(&cx, *state);
    assert_false(csv_read(&cx, S("a\nb\nc\n"), NULL, take, &s));
    assert_text(buf_str(&s.seen), "1:a;2:b;");
    assert_int_equal(cx.err, E_OK);
}

static void the_writer_quotes_and_marks_its_encoding(void **state)
{
    Buf out = buf_new(*state, 1000);
    csv_begin(&out);
    csv_cell(&out, S("名称"), true);
    csv_cell(&out, S("a,b \"c\""), false);
    csv_cell(&out, S(""), false);
    csv_cell_int(&out, -5, false);
    csv_end_row(&out);
    assert_text(buf_str(&out), "\xEF\xBB\xBF名称,\"a,b \"\"c\"\"\",,-5\r\n");
}

static void no_written_cell_starts_a_formula(void **state)
{
    static const char *const bad[] = {"=1+1", "+1", "-1", "@x", "\tx", "\rx", "＝1", "＋1", "－1", "＠x", "=\"a\""};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        Buf out = buf_new(*state, 100);
        csv_cell(&out, str_c(bad[i]), true);
        assert_true(str_starts(buf_str(&out), S("\"'")));
    }
}

static void what_is_written_reads_back(void **state)
{
    static const char *const cells[] = {"a", "", " b ", "c\"\"d", "e\nf", "g,h;i\tj", "“引号”", "\"", "k'l"};
    Buf out = buf_new(*state, 1000), want = buf_new(*state, 1000);
    csv_begin(&out);
    buf_add(&want, S("1:"));
    for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
        csv_cell(&out, str_c(cells[i]), i == 0);
        buf_printf(&want, "%s%s", i == 0 ? "" : "|", cells[i]);
    }
    csv_end_row(&out);
    buf_addc(&want, ';');
    reads_as(*state, buf_str(&out), str_z(*state, buf_str(&want)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(plain_records_and_both_line_ends),
        TEST(blank_lines_are_skipped_but_counted),
        TEST(quoted_cells),
        TEST(the_separator_is_seen_in_the_first_line),
        TEST(utf8_with_a_byte_order_mark),
        TEST(gbk_as_spreadsheets_in_china_save_it),
        TEST(utf16_of_both_byte_orders),
        TEST(broken_bytes_are_refused_with_their_line),
        TEST(an_open_quote_is_refused_where_it_starts),
        TEST(the_limits_are_held),
        TEST(a_reader_that_says_stop_is_obeyed),
        TEST(the_writer_quotes_and_marks_its_encoding),
        TEST(no_written_cell_starts_a_formula),
        TEST(what_is_written_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
