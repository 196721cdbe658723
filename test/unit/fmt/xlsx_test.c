/* xlsx_test.c - reading workbooks: every way of writing a cell, dates, odd packages, and every refusal. */
#include "book.h"

#include <xlsxwriter.h>

#define ROWS(x) S("<sheetData>" x "</sheetData>")

static void every_type_of_cell_is_read(void **state)
{
    Book b = {.strings = S("<si><t>共享</t></si><si/><si><t xml:space=\"preserve\"> 三 </t></si>"),
              .sheet = ROWS("<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"inlineStr\"><is><t>内联</t></is></c>"
                            "<c r=\"C1\" t=\"str\"><f>A1</f><v>公式</v></c><c r=\"D1\" t=\"b\"><v>1</v></c>"
                            "<c r=\"E1\" t=\"e\"><v>#N/A</v></c><c r=\"F1\" t=\"n\"><v>12</v></c><c r=\"G1\"><v>-3.50</v></c>"
                            "<c r=\"H1\" t=\"s\"><v>2</v></c><c r=\"I1\" t=\"s\"><v>1</v></c>"
                            "<c r=\"J1\" t=\"d\"><v>2024-05-01T00:00:00</v></c><c r=\"K1\" t=\"b\"><v>0</v></c></row>")};
    assert_reads(*state, make_book(*state, b),
                 "1:t共享|t内联|tf公式|bTRUE|e#N/A|n12|n-3.5|t 三 |-|d2024-05-01|bFALSE;");
}

static void rich_text_is_put_together_without_phonetics(void **state)
{
    Book b = {.strings = S("<si><r><t>敖</t></r><r><rPr><b/></rPr><t>汉</t></r><rPh sb=\"0\" eb=\"1\"><t>áo</t></rPh>"
                           "<phoneticPr fontId=\"1\"/></si>"),
              .sheet = ROWS("<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"inlineStr\"><is><r><t>红</t></r>"
                            "<r><t>山</t></r><rPh><t>hong</t></rPh></is></c></row>")};
    assert_reads(*state, make_book(*state, b), "1:t敖汉|t红山;");
}

static void missing_references_follow_one_another(void **state)
{
    Book b = {.sheet = ROWS("<row><c><v>1</v></c><c/><c><v>3</v></c></row><row r=\"5\"><c r=\"B5\"><v>2</v></c><c><v>3</v></c>"
                            "</row><row><c><v>6</v></c></row>")};
    assert_reads(*state, make_book(*state, b), "1:n1|-|n3;5:-|n2|n3;6:n6;");
}

static void prefixed_names_are_read(void **state)
{
    Book b = {.sheet_raw = S("<x:worksheet xmlns:x=\"m\"><x:sheetData><x:row r=\"2\"><x:c r=\"B2\"><x:v>7</x:v></x:c>"
                             "<x:c r=\"C2\" t=\"inlineStr\"><x:is><x:t>字</x:t></x:is></x:c></x:row></x:sheetData></x:worksheet>")};
    assert_reads(*state, make_book(*state, b), "2:-|n7|t字;");
}

static void formatted_but_empty_rows_are_skipped(void **state)
{
    Book b = {.sheet = ROWS("<row r=\"1\" s=\"1\"><c r=\"A1\" s=\"0\"/></row><row r=\"2\"><c r=\"A2\"><v>1</v></c></row>"
                            "<row r=\"3\"><c r=\"A3\" t=\"inlineStr\"><is><t xml:space=\"preserve\"> \u3000 </t></is></c></row>"
                            "<row r=\"1048576\"><c r=\"XFD1048576\" s=\"3\"/></row>")};
    assert_reads(*state, make_book(*state, b), "2:n1;");
}

static void escapes_and_line_breaks_in_text(void **state)
{
    Book b = {.sheet = ROWS("<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>a_x000D_\nb&#13;c</t></is></c>"
                            "<c r=\"B1\" t=\"inlineStr\"><is><t>_x005F_x0041_ _x4E2D_ _xZZZZ_ _x0000_ _x12</t></is></c></row>")};
    assert_reads(*state, make_book(*state, b), "1:ta\nb\nc|t_x0041_ 中 _xZZZZ_ _x0000_ _x12;");
}

static void numbers_are_printed_in_full(void **state)
{
    static const char *const pairs[][2] = {
        {"0", "n0"}, {"-0", "n0"}, {"007", "n7"}, {"1E3", "n1000"}, {"1.0E7", "n10000000"}, {"1e-5", "n0.00001"},
        {"0.30000000000000004", "n0.3"}, {"1234.5600", "n1234.56"}, {"-12.345", "n-12.345"}, {"+5", "n5"},
        {"999999999999999", "n999999999999999"}, {"1.23456789E+8", "n123456789"}, {" 12 ", "n12"}, {".5", "n0.5"},
        {"1.10105194912310E+17", "n!110105194912310000"}, {"110105194912310021", "n!110105194912310016"},
        {"1000000000000000", "n!1000000000000000"}, {"-1.5E+17", "n!-150000000000000000"},
        {"1e999", "t1e999"}, {"NaN", "tNaN"}, {"0x10", "t0x10"}, {"1-2", "t1-2"}, {"99.99", "n99.99"},
        {"0.1234567890123456789", "n0.123456789012346"}, {"123456789012.345", "n123456789012.345"},
    };
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        Book b = {.sheet = str_printf(*state, "<sheetData><row r=\"1\"><c r=\"A1\"><v>%s</v></c></row></sheetData>", pairs[i][0])};
        assert_reads(*state, make_book(*state, b), str_z(*state, str_printf(*state, "1:%s;", pairs[i][1])));
    }
}

/* One cell of the given format and value. */
static void shows(Arena *mem, const char *format, const char *value, bool date1904, const char *want)
{
    bool builtin = format[0] >= '1' && format[0] <= '9' && strlen(format) == 2;
    Book b = {.formats = builtin ? S("") : str_printf(mem, "<numFmt numFmtId=\"180\" formatCode=\"%s\"/>", format),
              .xfs = str_printf(mem, "<xf numFmtId=\"0\"/><xf numFmtId=\"%s\"/>", builtin ? format : "180"),
              .workbook_pr = date1904 ? S("<workbookPr date1904=\"1\"/>") : S("<workbookPr/>"),
              .sheet = str_printf(mem, "<sheetData><row r=\"1\"><c r=\"A1\" s=\"1\"><v>%s</v></c></row></sheetData>", value)};
    assert_reads(mem, make_book(mem, b), str_z(mem, str_printf(mem, "1:%s;", want)));
}

static void builtin_date_formats_are_known(void **state)
{
    static const char *const dates[] = {"14", "15", "16", "17", "22", "27", "28", "31", "36", "50", "54", "57", "58"};
    for (size_t i = 0; i < ARRAY_LEN(dates); i++) {
        shows(*state, dates[i], "45413", false, "d2024-05-01");
    }
    shows(*state, "10", "45413", false, "n45413");
    shows(*state, "49", "45413", false, "n45413");
    shows(*state, "22", "45413.375", false, "d2024-05-01 09:00");
    shows(*state, "20", "0.75", false, "t18:00");
    shows(*state, "33", "0.5000115740740741", false, "t12:00:01");
    shows(*state, "46", "1.25", false, "t30:00:00");
}

static void custom_date_formats_are_told_by_their_letters(void **state)
{
    static const char *const dates[] = {"yyyy&quot;年&quot;m&quot;月&quot;", "yyyy年m月d日", "[$-804]yyyy-mm-dd;@", "m/d",
                                        "[Red]d-mmm", "\\d yy", "[DBNum1][$-804]yyyy年m月", "mm", "YYYY.MM.DD", "年月日"};
    for (size_t i = 0; i < ARRAY_LEN(dates); i++) {
        shows(*state, dates[i], "45413", false, "d2024-05-01");
    }
    static const char *const numbers[] = {"0.00", "#,##0&quot;年&quot;", "0年", "0&quot;dd&quot;", "General", "[Red]0", "0\\d",
                                          "0_d", "@", "¥#,##0.00", "0&quot;月&quot;;yyyy", "G/通用格式", "*d0"};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        shows(*state, numbers[i], "45413", false, "n45413");
    }
    shows(*state, "h:mm AM/PM", "0.5", false, "t12:00");
    shows(*state, "[h]:mm", "1.5", false, "t36:00:00");
    shows(*state, "上午/下午h时mm分", "0.25", false, "t06:00");
}

static void both_date_systems_and_the_day_that_never_was(void **state)
{
    shows(*state, "14", "1", false, "d1900-01-01");
    shows(*state, "14", "59", false, "d1900-02-28");
    shows(*state, "14", "60", false, "d1900-02-29");
    shows(*state, "14", "61", false, "d1900-03-01");
    shows(*state, "14", "0", true, "d1904-01-01");
    shows(*state, "14", "43951", true, "d2024-05-01");
    shows(*state, "14", "2958465", false, "d9999-12-31");
    shows(*state, "14", "2958466", false, "n2958466");
    shows(*state, "14", "-1", false, "n-1");
    shows(*state, "14", "0", false, "n0");
    shows(*state, "22", "45412.9999999", false, "d2024-05-01");
}

static void dates_written_as_text_type_d(void **state)
{
    Book b = {.sheet = ROWS("<row r=\"1\"><c r=\"A1\" t=\"d\"><v>2024-05-01</v></c><c r=\"B1\" t=\"d\"><v>2024-05-01T08:30:00Z</v></c>"
                            "<c r=\"C1\" t=\"d\"><v>T08:30</v></c><c r=\"D1\" t=\"d\"><v>2024-13-01</v></c></row>")};
    assert_reads(*state, make_book(*state, b), "1:d2024-05-01|d2024-05-01 08:30|tT08:30|t2024-13-01;");
}

static void hidden_sheets_and_chart_sheets_are_not_counted(void **state)
{
    lxw_workbook *wb;
    const char *path = temp_path(*state);
    wb = workbook_new(path);
    lxw_worksheet *front = workbook_add_worksheet(wb, "封面"), *hidden = workbook_add_worksheet(wb, "字典");
    lxw_worksheet *last = workbook_add_worksheet(wb, "数据");
    worksheet_write_string(front, 0, 0, "一", NULL);
    worksheet_write_string(hidden, 0, 0, "二", NULL);
    worksheet_write_string(last, 2, 1, "三", NULL);
    worksheet_hide(hidden);
    workbook_set_custom_property_string(wb, "template_id", "t&1");
    workbook_set_custom_property_integer(wb, "template_version", 7);
    assert_int_equal(workbook_close(wb), LXW_NO_ERROR);
    assert_text(read_text(*state, path, 0), "1:t一;");
    assert_text(read_text(*state, path, 1), "3:-|t三;");
    Cx cx;
    cx_init(&cx, *state);
    Read r = {.out = buf_new(*state, 100)};
    assert_false(xlsx_read(&cx, path, 2, NULL, read_row, &r));
    assert_non_null(strstr(str_z(*state, cx_text(&cx)), "没有第 3 张"));
    XlsxInfo info;
    cx_init(&cx, *state);
    assert_true(xlsx_info(&cx, path, &info));
    assert_int_equal(info.n_sheets, 2);
    assert_text(info.sheet_names[0], "封面");
    assert_text(info.sheet_names[1], "数据");
    assert_int_equal(info.n_properties, 2);
    assert_text(info.properties[0][0], "template_id");
    assert_text(info.properties[0][1], "t&1");
    assert_text(info.properties[1][1], "7");
}

static void a_workbook_of_the_library_reads_back(void **state)
{
    const char *path = temp_path(*state);
    lxw_workbook *wb = workbook_new(path);
    lxw_worksheet *ws = workbook_add_worksheet(wb, NULL);
    lxw_format *day = workbook_add_format(wb);
    format_set_num_format(day, "yyyy\"年\"m\"月\"d\"日\"");
    worksheet_merge_range(ws, 0, 0, 0, 3, "合并的标题", NULL);
    worksheet_write_number(ws, 1, 0, 45413, day);
    worksheet_write_formula_num(ws, 1, 1, "=1+2", NULL, 3);
    worksheet_write_number(ws, 1, 2, 110105194912310021.0, NULL);
    worksheet_write_number(ws, 1, 3, 0.1 + 0.2, NULL);
    worksheet_write_blank(ws, 2, 0, day);
    assert_int_equal(workbook_close(wb), LXW_NO_ERROR);
    assert_reads(*state, path, "1:t合并的标题;2:d2024-05-01|nf3|n!110105194912310000|n0.3;");
}

static void what_is_no_workbook_is_refused_with_what_to_do(void **state)
{
    const char *again = "另存为 .xlsx";
    assert_refused(*state, write_file(*state, S("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 and more")), NULL, E_MEDIA_TYPE,
                   "这是旧版 .xls 或加密的工作簿");
    assert_refused(*state, write_file(*state, S("名称,数量\n")), NULL, E_MEDIA_TYPE, again);
    assert_refused(*state, write_file(*state, S("PK\3\4 but nothing more")), NULL, E_MEDIA_TYPE, again);
    assert_refused(*state, write_file(*state, S("")), NULL, E_MEDIA_TYPE, "文件是空的");
    assert_refused(*state, "/nonexistent/x.xlsx", NULL, E_IO, "读不到文件");
    assert_refused(*state, "/tmp", NULL, E_IO, "读不到上传的文件");
    PartText other[] = {{"readme.txt", S("hello")}};
    assert_refused(*state, zip_parts(*state, other, 1), NULL, E_MEDIA_TYPE, "没有 .xlsx 工作簿");
}

static void a_zip_with_a_password_is_refused(void **state)
{
    const char *path = temp_path(*state);
    zip_t *z = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    zip_int64_t at = zip_file_add(z, "xl/workbook.xml", zip_source_buffer(z, "<a/>", 4, 0), 0);
    assert_int_equal(zip_file_set_encryption(z, (zip_uint64_t)at, ZIP_EM_AES_256, "secret"), 0);
    assert_int_equal(zip_close(z), 0);
    assert_refused(*state, path, NULL, E_MEDIA_TYPE, "设了密码");
}

static void a_truncated_workbook_is_refused(void **state)
{
    const char *path = make_book(*state, (Book){.sheet = ROWS("<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>")});
    assert_int_equal(truncate(path, 900), 0);
    assert_refused(*state, path, NULL, E_MEDIA_TYPE, "没有传完整");
}

static void a_workbook_without_visible_sheets_is_refused(void **state)
{
    PartText parts[] = {{"xl/workbook.xml", S("<workbook><sheets/></workbook>")}};
    assert_refused(*state, zip_parts(*state, parts, 1), NULL, E_MEDIA_TYPE, "没有可见的工作表");
}

static void a_doctype_is_refused_wherever_it_stands(void **state)
{
    Book b = {.sheet_raw = S("<!DOCTYPE x [<!ENTITY a \"aaaa\">]><worksheet><sheetData/></worksheet>")};
    assert_refused(*state, make_book(*state, b), NULL, E_MEDIA_TYPE, "DOCTYPE");
    PartText parts[] = {{"xl/workbook.xml", S("<!DOCTYPE workbook SYSTEM \"file:///etc/passwd\"><workbook/>")}};
    assert_refused(*state, zip_parts(*state, parts, 1), NULL, E_MEDIA_TYPE, "DOCTYPE");
}

static void broken_xml_is_refused_with_the_part(void **state)
{
    Book b = {.sheet_raw = S("<worksheet><sheetData><row></sheetData></worksheet>")};
    assert_refused(*state, make_book(*state, b), NULL, E_MEDIA_TYPE, "已损坏（sheets/one.xml）");
    b.sheet_raw = S("<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>\xFF\xFE</t></is></c></row></sheetData></worksheet>");
    assert_refused(*state, make_book(*state, b), NULL, E_MEDIA_TYPE, "已损坏");
}

static void references_that_make_no_sense_are_refused(void **state)
{
    static const Str bad[] = {STR_INIT("<row r=\"1\"><c r=\"A1\" t=\"s\"><v>9</v></c></row>"),
                              STR_INIT("<row r=\"1\"><c r=\"A1\" t=\"s\"><v>-1</v></c></row>"),
                              STR_INIT("<row r=\"1\"><c r=\"1A\"><v>9</v></c></row>"),
                              STR_INIT("<row r=\"1\"><c r=\"AAAA1\"><v>9</v></c></row>"),
                              STR_INIT("<row r=\"x\"><c r=\"A1\"><v>9</v></c></row>"),
                              STR_INIT("<row r=\"5\"/><row r=\"5\"/>"),
                              STR_INIT("<row r=\"1048577\"/>"),
                              STR_INIT("<row r=\"99999999999999999999\"/>")};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        Book b = {.sheet = str_printf(*state, "<sheetData>%.*s</sheetData>", STRF(bad[i]))};
        assert_refused(*state, make_book(*state, b), NULL, E_MEDIA_TYPE, "另存为");
    }
}

static void rows_columns_and_cells_over_the_limits_are_refused(void **state)
{
    Book b = {.strings = S("<si><t>很长很长</t></si>"),
              .sheet = ROWS("<row r=\"1\"><c r=\"A1\"><v>1</v></c></row><row r=\"2\"><c r=\"A2\"><v>1</v></c>"
                            "<c r=\"B2\" t=\"s\"><v>0</v></c></row>")};
    const char *path = make_book(*state, b);
    assert_refused(*state, path, &(TableLimits){.max_rows = 1}, E_TOO_LARGE, "超过 1 行");
    assert_refused(*state, path, &(TableLimits){.max_cols = 1}, E_INVALID, "第 2 行用到了第 2 列，最多 1 列");
    assert_refused(*state, path, &(TableLimits){.max_cell = 11}, E_INVALID, "第 2 行第 2 列的内容超过 11 个字节");
    assert_refused(*state, path, &(TableLimits){.max_bytes = 100}, E_TOO_LARGE, "文件超过");
    Cx cx;
    cx_init(&cx, *state);
    Read r = {.out = buf_new(*state, 1000)};
    assert_true(xlsx_read(&cx, path, 0, &(TableLimits){.max_rows = 2, .max_cols = 2, .max_cell = 12}, read_row, &r));
    b.sheet = ROWS("<row r=\"1\"><c r=\"XFD1\"><v>1</v></c></row>");
    assert_refused(*state, make_book(*state, b), NULL, E_INVALID, "第 1 行用到了第 16384 列");
}

static Str repeated(Arena *mem, Str head, char c, size_t n, Str tail)
{
    char *p = arena_alloc(mem, head.n + n + tail.n + 1);
    memcpy(p, head.p, head.n);
    memset(p + head.n, c, n);
    memcpy(p + head.n + n, tail.p, tail.n);
    return str_n(p, head.n + n + tail.n);
}

static void ten_megabytes_in_one_cell_are_refused(void **state)
{
    Str head = S("<worksheet><sheetData><row r=\"3\"><c r=\"B3\" t=\"inlineStr\"><is><t>");
    Str tail = S("</t></is></c></row></sheetData></worksheet>");
    Book b = {.sheet_raw = repeated(*state, head, 'x', 10 << 20, tail)};
    assert_refused(*state, make_book(*state, b), NULL, E_INVALID, "第 3 行第 2 列的内容超过 32768 个字节");
}

static void a_zip_bomb_is_refused_while_it_inflates(void **state)
{
    Str head = S("<worksheet><sheetData>"), tail = S("</sheetData></worksheet>");
    Book b = {.sheet_raw = repeated(*state, head, ' ', 30 << 20, tail)};
    assert_refused(*state, make_book(*state, b), NULL, E_TOO_LARGE, "压缩比异常");
    b.sheet_raw = repeated(*state, head, ' ', (100 << 20) + 1, tail);
    assert_refused(*state, make_book(*state, b), NULL, E_TOO_LARGE, "展开后超过 100 MB");
}

static void too_many_entries_are_refused(void **state)
{
    PartText *parts = NEW_ARRAY(*state, PartText, 2001);
    for (size_t i = 0; i < 2001; i++) {
        parts[i].name = str_z(*state, str_printf(*state, "f%zu", i));
    }
    assert_refused(*state, zip_parts(*state, parts, 2001), NULL, E_TOO_LARGE, "部件超过 2000 个");
}

static void entries_that_climb_out_are_never_opened_as_files(void **state)
{
    PartText parts[] = {{"xl/workbook.xml", S("<workbook><sheets><sheet name=\"a\" r:id=\"1\"/></sheets></workbook>")},
                        {"xl/_rels/workbook.xml.rels", S("<Relationships><Relationship Id=\"1\" Type=\"x/worksheet\" "
                                                         "Target=\"../../../../etc/passwd\"/></Relationships>")},
                        {"etc/passwd", S("<worksheet><sheetData><row><c><v>1</v></c></row></sheetData></worksheet>")}};
    const char *path = zip_parts(*state, parts, 3);
    assert_reads(*state, path, "1:n1;");
    assert_refused(*state, zip_parts(*state, parts, 2), NULL, E_MEDIA_TYPE, "没有可见的工作表");
}

static void a_reader_that_says_stop_is_obeyed(void **state)
{
    Book b = {.sheet = ROWS("<row><c><v>1</v></c></row><row><c><v>2</v></c></row><row><c><v>3</v></c></row>")};
    Read r = {.out = buf_new(*state, 100), .stop_after = 2};
    Cx cx;
    cx_init(&cx, *state);
    assert_false(xlsx_read(&cx, make_book(*state, b), 0, NULL, read_row, &r));
    assert_text(buf_str(&r.out), "1:n1;2:n2;");
    assert_int_equal(cx.err, E_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_type_of_cell_is_read),
        TEST(rich_text_is_put_together_without_phonetics),
        TEST(missing_references_follow_one_another),
        TEST(prefixed_names_are_read),
        TEST(formatted_but_empty_rows_are_skipped),
        TEST(escapes_and_line_breaks_in_text),
        TEST(numbers_are_printed_in_full),
        TEST(builtin_date_formats_are_known),
        TEST(custom_date_formats_are_told_by_their_letters),
        TEST(both_date_systems_and_the_day_that_never_was),
        TEST(dates_written_as_text_type_d),
        TEST(hidden_sheets_and_chart_sheets_are_not_counted),
        TEST(a_workbook_of_the_library_reads_back),
        TEST(what_is_no_workbook_is_refused_with_what_to_do),
        TEST(a_zip_with_a_password_is_refused),
        TEST(a_truncated_workbook_is_refused),
        TEST(a_workbook_without_visible_sheets_is_refused),
        TEST(a_doctype_is_refused_wherever_it_stands),
        TEST(broken_xml_is_refused_with_the_part),
        TEST(references_that_make_no_sense_are_refused),
        TEST(rows_columns_and_cells_over_the_limits_are_refused),
        TEST(ten_megabytes_in_one_cell_are_refused),
        TEST(a_zip_bomb_is_refused_while_it_inflates),
        TEST(too_many_entries_are_refused),
        TEST(entries_that_climb_out_are_never_opened_as_files),
        TEST(a_reader_that_says_stop_is_obeyed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
