/* xlsx_write_test.c - written tables read back, templates, and the same workbook back with reasons. */
#include "book.h"

/* The text of a part of a written workbook. */
static Str part_of(Arena *mem, const char *path, const char *name)
{
    zip_t *z = zip_open(path, ZIP_RDONLY, NULL);
    assert_non_null(z);
    zip_stat_t st;
    Str text = S("");
    if (zip_stat(z, name, 0, &st) == 0) {
        char *p = arena_alloc(mem, st.size + 1);
        zip_file_t *f = zip_fopen(z, name, 0);
        assert_non_null(f);
        assert_int_equal(zip_fread(f, p, st.size), st.size);
        zip_fclose(f);
        text = str_n(p, st.size);
    }
    zip_discard(z);
    return text;
}

static void assert_part_has(Arena *mem, const char *path, const char *part, const char *text)
{
    if (!str_contains(part_of(mem, path, part), str_c(text))) {
        print_error("%s lacks %s\n%.*s\n", part, text, 3000, str_z(mem, part_of(mem, path, part)));
        assert_true(false);
    }
}

static XlsxWriter *open_writer(Cx *cx, Arena *mem, const char *path, const XlsxSpec *spec)
{
    cx_init(cx, mem);
    XlsxWriter *w = xlsx_open(cx, path, spec);
    assert_non_null(w);
    return w;
}

static void close_writer(Cx *cx, XlsxWriter *w)
{
    if (!xlsx_close(cx, w)) {
        print_error("%.*s\n", STRF(cx_text(cx)));
        assert_true(false);
    }
}

static void a_plain_table_reads_back(void **state)
{
    XlsxCol cols[] = {{.title = S("名称")}, {.title = S("人数"), .kind = XCOL_INT},
                      {.title = S("金额"), .kind = XCOL_DECIMAL, .decimals = 2}, {.title = S("日期"), .kind = XCOL_DATE}};
    XlsxSpec spec = {.title = S("一览表"), .sheet_name = S("数据:表"), .cols = cols, .n_cols = 4};
    const char *path = temp_path(*state);
    Cx cx;
    XlsxWriter *w = open_writer(&cx, *state, path, &spec);
    assert_int_equal(xlsx_first_row(w), 2);
    xlsx_text(w, 0, S("敖汉 <&> \"架线工\""));
    xlsx_int(w, 1, 1200);
    xlsx_decimal(w, 2, -120005, 2);
    xlsx_text(w, 3, S("2024-05-01"));
    xlsx_next(w);
    xlsx_next(w);
    xlsx_int(w, 1, INT64_MAX);
    xlsx_decimal(w, 2, INT64_MIN, 2);
    xlsx_next(w);
    close_writer(&cx, w);
    assert_reads(*state, path,
                 "1:t一览表;2:t名称|t人数|t金额|t日期;3:t敖汉 <&> \"架线工\"|n1200|n-1200.05|t2024-05-01;"
                 "5:-|t9223372036854775807|t-92233720368547758.08;");
    XlsxInfo info;
    cx_init(&cx, *state);
    assert_true(xlsx_info(&cx, path, &info));
    assert_text(info.sheet_names[0], "数据_表");
    assert_part_has(*state, path, "xl/worksheets/sheet1.xml", "<dimension ref=\"A1:D5\"/>");
    assert_part_has(*state, path, "xl/worksheets/sheet1.xml", "orientation=\"landscape\"");
    assert_part_has(*state, path, "xl/worksheets/sheet1.xml", "<autoFilter ref=\"A2:D5\"/>");
    assert_part_has(*state, path, "xl/workbook.xml", "Print_Titles");
}

static void no_text_becomes_a_formula(void **state)
{
    static const char *const texts[] = {"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "=cmd|'/c calc'!A0", "{=1}", "＝1"};
    XlsxCol col = {.title = S("=HYPERLINK(\"x\")")};
    XlsxSpec spec = {.cols = &col, .n_cols = 1};
    const char *path = temp_path(*state);
    Cx cx;
    XlsxWriter *w = open_writer(&cx, *state, path, &spec);
    Buf want = buf_new(*state, 1000);
    buf_add(&want, S("1:t=HYPERLINK(\"x\");"));
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        xlsx_text(w, 0, str_c(texts[i]));
        xlsx_next(w);
        buf_printf(&want, "%zu:t%s;", i + 2, texts[i]);
    }
    close_writer(&cx, w);
    assert_reads(*state, path, str_z(*state, buf_str(&want)));
    assert_false(str_contains(part_of(*state, path, "xl/worksheets/sheet1.xml"), S("<f>")));
}

static void odd_texts_survive(void **state)
{
    static const char *const texts[] = {" 两头有空格 ", "一行\n二行", "_x0041_", "a_x", "\x01\x1f", "𠮷", "\t", "&amp;", "]]>"};
    XlsxCol col = {.title = S("a")};
    XlsxSpec spec = {.cols = &col, .n_cols = 1};
    const char *path = temp_path(*state);
    Cx cx;
    XlsxWriter *w = open_writer(&cx, *state, path, &spec);
    Buf want = buf_new(*state, 1000);
    buf_add(&want, S("1:ta;"));
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        xlsx_text(w, 0, str_c(texts[i]));
        xlsx_next(w);
        if (strcmp(texts[i], "\t") != 0) {
            buf_printf(&want, "%zu:t%s;", i + 2, texts[i]);
        }
    }
    close_writer(&cx, w);
    assert_reads(*state, path, str_z(*state, buf_str(&want)));
}

static void a_table_without_rows_is_a_workbook_too(void **state)
{
    XlsxCol col = {.title = S("名称"), .key = S("name")};
    XlsxSpec spec = {.cols = &col, .n_cols = 1, .sheet_name = S("")};
    const char *path = temp_path(*state);
    Cx cx;
    close_writer(&cx, open_writer(&cx, *state, path, &spec));
    assert_reads(*state, path, "1:tname;2:t名称;");
    assert_part_has(*state, path, "xl/worksheets/sheet1.xml", "<row r=\"1\"");
    assert_part_has(*state, path, "xl/worksheets/sheet1.xml", "hidden=\"1\"");
}

static void a_path_that_cannot_be_written_fails(void **state)
{
    XlsxCol col = {.title = S("a")};
    XlsxSpec spec = {.cols = &col, .n_cols = 1};
    Cx cx;
    cx_init(&cx, *state);
    XlsxWriter *w = xlsx_open(&cx, "/nonexistent/x.xlsx", &spec);
    assert_true(w == NULL || !xlsx_close(&cx, w));
    assert_int_equal(cx.err, E_IO);
}

static void marks_colour_cells_and_attach_reasons(void **state)
{
    XlsxCol cols[] = {{.title = S("名称")}, {.title = S("电话")}};
    XlsxSpec spec = {.cols = cols, .n_cols = 2, .reason_column = true};
    const char *path = temp_path(*state);
    Cx cx;
    XlsxWriter *w = open_writer(&cx, *state, path, &spec);
    xlsx_text(w, 0, S("甲"));
    xlsx_mark(w, 1, S("必填"));
    xlsx_warn(w, 0, S("与上期差别大"));
    xlsx_reason(w, S("电话必填"));
    xlsx_next(w);
    xlsx_text(w, 0, S("乙"));
    close_writer(&cx, w); /* the last row needs no xlsx_next */
    assert_reads(*state, path, "1:t名称|t电话|t错误原因;2:t甲|-|t电话必填;3:t乙;");
    assert_part_has(*state, path, "xl/comments1.xml", "ref=\"B2\"");
    assert_part_has(*state, path, "xl/comments1.xml", "与上期差别大");
    assert_part_has(*state, path, "xl/styles.xml", "FFF6BDB5");
    assert_part_has(*state, path, "xl/styles.xml", "FFFFE08A");
}

static const Str cities[] = {STR_INIT("赤峰市"), STR_INIT("通辽市")};
static const Str counties[] = {STR_INIT("敖汉旗"), STR_INIT("宁城县"), STR_INIT("库伦旗")};
static const Str county_of[] = {STR_INIT("赤峰市"), STR_INIT("赤峰市"), STR_INIT("通辽市")};
static const Str note_lines[] = {STR_INIT("一、红色表头为必填。"), STR_INIT("二、不要改动表头。")};

static const char *make_template(Arena *mem)
{
    static const XlsxCol cols[] = {
        {.title = STR_INIT("盟市"), .key = STR_INIT("city"), .kind = XCOL_LIST, .required = true, .choices = cities, .n_choices = 2, .depends_on = -1},
        {.title = STR_INIT("旗县"), .key = STR_INIT("county"), .kind = XCOL_LIST, .choices = counties, .n_choices = 3, .depends_on = 0, .choice_of = county_of},
        {.title = STR_INIT("信用代码"), .key = STR_INIT("code"), .note = STR_INIT("18 位"), .depends_on = -1},
        {.title = STR_INIT("人数"), .key = STR_INIT("people"), .kind = XCOL_INT, .depends_on = -1},
    };
    XlsxSpec spec = {.title = S("摸底表"), .sheet_name = S("填报"), .cols = cols, .n_cols = 4, .notes = note_lines, .n_notes = 2,
                     .template_id = S("survey"), .template_version = S("3"), .as_template = true};
    const char *path = temp_path(mem);
    Cx cx;
    XlsxWriter *w = open_writer(&cx, mem, path, &spec);
    assert_int_equal(xlsx_first_row(w), 3);
    close_writer(&cx, w);
    return path;
}

static void a_template_carries_lists_hints_notes_and_its_version(void **state)
{
    const char *path = make_template(*state), *sheet = "xl/worksheets/sheet1.xml";
    assert_reads(*state, path, "1:t摸底表;2:tcity|tcounty|tcode|tpeople;3:t盟市|t旗县|t信用代码|t人数;");
    assert_part_has(*state, path, "xl/workbook.xml", "<definedName name=\"list_1\">'字典'!$A$2:$A$3</definedName>");
    assert_part_has(*state, path, "xl/workbook.xml", "<definedName name=\"list_2_of\">'字典'!$C$2:$C$4</definedName>");
    assert_part_has(*state, path, "xl/workbook.xml", "name=\"字典\" sheetId=\"3\" state=\"hidden\"");
    assert_part_has(*state, path, sheet, "<formula1>list_1</formula1>");
    assert_part_has(*state, path, sheet,
                    "<formula1>OFFSET(list_2_top,MATCH($A4,list_2_of,0),0,COUNTIF(list_2_of,$A4),1)</formula1>");
    assert_part_has(*state, path, sheet, "sqref=\"B4:B20003\"");
    assert_part_has(*state, path, sheet, "prompt=\"18 位\"");
    assert_part_has(*state, path, sheet, "prompt=\"必填。\"");
    assert_part_has(*state, path, sheet, "type=\"whole\"");
    assert_part_has(*state, path, sheet, "<sheetProtection");
    assert_part_has(*state, path, sheet, "ySplit=\"3\"");
    assert_part_has(*state, path, "xl/styles.xml", "FFC00000");
    XlsxInfo info;
    Cx cx;
    cx_init(&cx, *state);
    assert_true(xlsx_info(&cx, path, &info));
    assert_int_equal(info.n_sheets, 2);
    assert_text(info.sheet_names[1], "填写说明");
    assert_text(info.properties[0][0], "tamga_template");
    assert_text(info.properties[0][1], "survey");
    assert_text(info.properties[1][0], "tamga_template_version");
    assert_text(info.properties[1][1], "3");
    assert_text(read_text(*state, path, 1), "1:t填写说明;2:t一、红色表头为必填。;3:t二、不要改动表头。;");
}

static const char *annotate(Arena *mem, const char *in, size_t header, const XlsxNote *notes, size_t n)
{
    const char *out = temp_path(mem);
    Cx cx;
    cx_init(&cx, mem);
    if (!xlsx_annotate(&cx, in, out, 0, header, notes, n)) {
        print_error("%.*s (%.*s)\n", STRF(cx_text(&cx)), STRF(cx.err_at));
        assert_true(false);
    }
    return out;
}

#define TYPES "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>"

/* A hand-made sheet with one style, whose text columns have style 1. */
static const char *sheet_to_annotate(Arena *mem, Str sheet)
{
    PartText parts[] = {
        {"[Content_Types].xml", S(TYPES)},
        {"xl/_rels/workbook.xml.rels", S("<Relationships><Relationship Id=\"a\" Type=\"x/worksheet\" Target=\"worksheets/s.xml\"/>"
                                         "<Relationship Id=\"c\" Type=\"x/styles\" Target=\"styles.xml\"/></Relationships>")},
        {"xl/workbook.xml", S("<workbook><sheets><sheet name=\"a\" r:id=\"a\"/></sheets></workbook>")},
        {"xl/styles.xml", S("<styleSheet><fills count=\"1\"><fill><patternFill patternType=\"none\"/></fill></fills>"
                            "<cellXfs count=\"2\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\"/><xf numFmtId=\"49\" fillId=\"0\" "
                            "applyFill=\"0\"><alignment wrapText=\"1\"/></xf></cellXfs></styleSheet>")},
        {"xl/worksheets/s.xml", sheet},
        {"xl/media/keep.bin", S("\x00\x01untouched")},
    };
    return zip_parts(mem, parts, ARRAY_LEN(parts));
}

#define SHEET                                                                                                                    \
    "<worksheet><dimension ref=\"A1:C3\"/><cols><col min=\"1\" max=\"2\" width=\"9\" style=\"1\"/><col min=\"3\" max=\"16384\" width=\"8\" " \
    "style=\"1\"/></cols><sheetData><row r=\"1\" spans=\"1:2\"><c r=\"A1\" s=\"1\" t=\"inlineStr\"><is><t>名称</t></is></c><c r=\"B1\" "      \
    "t=\"inlineStr\"><is><t>电话 &amp; 传真</t></is></c></row><row r=\"2\" ht=\"20\"><c r=\"A2\" t=\"inlineStr\"><is><t>甲</t></is></c>"   \
    "<c r=\"B2\" s=\"1\"><v>5</v></c></row><row r=\"3\"><c r=\"B3\"><f>1+1</f><v>2</v></c></row><row r=\"4\" ht=\"3\"/></sheetData>"    \
    "<pageMargins left=\"1\"/><extLst/></worksheet>"

static void the_same_workbook_comes_back_with_reasons(void **state)
{
    const char *in = sheet_to_annotate(*state, S(SHEET)), *part = "xl/worksheets/s.xml";
    const XlsxNote notes[] = {{2, 1, false, S("号码不对")}, {2, 1, true, S("<与上期不同>")}, {2, SIZE_MAX, false, S("整行重复")},
                              {3, 0, false, S("名称必填")}, {3, 1, true, S("偏大")}, {4, 1, false, S("缺电话")}, {6, 0, false, S("缺行")}};
    const char *out = annotate(*state, in, 1, notes, ARRAY_LEN(notes));
    assert_reads(*state, out,
                 "1:t名称|t电话 & 传真|t错误原因;2:t甲|n5|t号码不对；提示：<与上期不同>；整行重复;"
                 "3:-|nf2|t名称必填；提示：偏大;4:-|-|t缺电话;6:-|-|t缺行;");
    /* B2 had style 1: the new style copies it. A3 did not exist: it takes its column's style. */
    assert_part_has(*state, out, part, "<c s=\"2\" r=\"B2\"><v>5</v></c>");
    assert_part_has(*state, out, "xl/styles.xml", "<cellXfs count=\"5\">");
    assert_part_has(*state, out, "xl/styles.xml", "<xf applyFill=\"1\" fillId=\"1\" numFmtId=\"49\"><alignment wrapText=\"1\"/></xf>");
    assert_part_has(*state, out, "xl/styles.xml", "<fills count=\"4\">");
    assert_part_has(*state, out, part, "<c r=\"A3\" s=\"2\"/><c s=\"4\" r=\"B3\"><f>1+1</f>");
    assert_part_has(*state, out, part, "<row r=\"4\" ht=\"3\"><c r=\"B4\" s=\"2\"/>");
    /* Columns are cut around the reasons, never overlapping. */
    assert_part_has(*state, out, part, "<col min=\"1\" max=\"2\" width=\"9\" style=\"1\"/><col min=\"3\" max=\"3\" width=\"48\" "
                                       "customWidth=\"1\"/><col min=\"4\" max=\"16384\" width=\"8\" style=\"1\"/>");
    assert_part_has(*state, out, part, "<pageMargins left=\"1\"/><legacyDrawing xmlns:r=");
    assert_part_has(*state, out, "xl/comments1.xml", "<comment ref=\"B2\" authorId=\"0\"><text><t xml:space=\"preserve\">号码不对\n&lt;与上期不同&gt;</t>");
    assert_part_has(*state, out, "xl/drawings/vmlDrawing1.vml", "<x:Row>5</x:Row><x:Column>0</x:Column>");
    assert_part_has(*state, out, "xl/worksheets/_rels/s.xml.rels", "Target=\"/xl/comments1.xml\"");
    assert_part_has(*state, out, "[Content_Types].xml", "PartName=\"/xl/comments1.xml\"");
    assert_part_has(*state, out, "[Content_Types].xml", "Extension=\"vml\"");
    assert_true(str_eq(part_of(*state, out, "xl/media/keep.bin"), part_of(*state, in, "xl/media/keep.bin")));
}

static void a_second_return_replaces_the_first(void **state)
{
    const char *in = sheet_to_annotate(*state, S(SHEET)), *part = "xl/worksheets/s.xml";
    const XlsxNote first[] = {{2, 0, false, S("旧一")}, {3, 1, false, S("旧二")}};
    const XlsxNote second[] = {{3, 1, false, S("新二")}};
    const char *once = annotate(*state, in, 1, first, 2);
    const char *twice = annotate(*state, once, 1, second, 1);
    assert_reads(*state, twice, "1:t名称|t电话 & 传真|t错误原因;2:t甲|n5;3:-|nf2|t新二;");
    assert_part_has(*state, twice, "xl/comments1.xml", "新二");
    assert_false(str_contains(part_of(*state, twice, "xl/comments1.xml"), S("旧")));
    assert_int_equal(part_of(*state, twice, "xl/comments2.xml").n, 0);
    assert_int_equal(part_of(*state, twice, "xl/drawings/vmlDrawing2.vml").n, 0);
    Str rels = part_of(*state, twice, "xl/worksheets/_rels/s.xml.rels");
    Str fewer = str_replace(*state, rels, S("Id=\"tamgaComments\""), S(""));
    assert_int_equal(rels.n - fewer.n, strlen("Id=\"tamgaComments\""));
    Str sheet = part_of(*state, twice, part);
    Str one = str_replace(*state, sheet, S("<legacyDrawing"), S(""));
    assert_int_equal(sheet.n - one.n, strlen("<legacyDrawing"));
    /* A2 was red and is right now: its new style has no fill. */
    assert_part_has(*state, twice, "xl/styles.xml", "fillId=\"0\" numFmtId=\"0\"");
    /* Nothing left to say: comments are emptied, reasons gone. */
    const char *clean = annotate(*state, twice, 1, NULL, 0);
    assert_reads(*state, clean, "1:t名称|t电话 & 传真|t错误原因;2:t甲|n5;3:-|nf2;");
    assert_false(str_contains(part_of(*state, clean, "xl/comments1.xml"), S("<comment ")));
}

static void a_written_table_is_annotated_and_reads_back(void **state)
{
    const char *in = make_template(*state);
    const XlsxNote notes[] = {{4, 0, false, S("必填")}, {4, 2, false, S("代码不对")}};
    const char *out = annotate(*state, in, 3, notes, 2);
    assert_text(read_text(*state, out, 0),
                "1:t摸底表;2:tcity|tcounty|tcode|tpeople;3:t盟市|t旗县|t信用代码|t人数|t错误原因;4:-|-|-|-|t必填；代码不对;");
    assert_part_has(*state, out, "xl/worksheets/sheet1.xml", "dataValidations");
    assert_part_has(*state, out, "xl/worksheets/sheet1.xml", "<sheetProtection");
    assert_true(str_eq(part_of(*state, in, "docProps/custom.xml"), part_of(*state, out, "docProps/custom.xml")));
}

static void prefixed_sheets_are_annotated_in_their_own_way(void **state)
{
    const char *in = sheet_to_annotate(*state, S("<x:worksheet xmlns:x=\"m\"><x:sheetData><x:row><x:c t=\"inlineStr\"><x:is><x:t>名</x:t>"
                                                 "</x:is></x:c></x:row><x:row><x:c><x:v>1</x:v></x:c></x:row></x:sheetData></x:worksheet>"));
    const XlsxNote note = {2, 0, false, S("不对")};
    const char *out = annotate(*state, in, 1, &note, 1);
    assert_reads(*state, out, "1:t名|t错误原因;2:n1|t不对;");
    assert_part_has(*state, out, "xl/worksheets/s.xml", "<x:cols><x:col min=\"2\" max=\"2\"");
    assert_part_has(*state, out, "xl/worksheets/s.xml", "<x:legacyDrawing");
}

static void a_workbook_without_styles_or_types_still_gets_its_reasons(void **state)
{
    const char *in = make_book(*state, (Book){.sheet = S("<sheetData><row r=\"1\"><c r=\"A1\"><v>1</v></c></row></sheetData>")});
    const XlsxNote note = {1, 0, false, S("不对")};
    const char *out = annotate(*state, in, 0, &note, 1);
    assert_reads(*state, out, "1:n1|t不对;");
}

static void what_cannot_be_read_is_not_annotated(void **state)
{
    const char *in = sheet_to_annotate(*state, S("<worksheet><sheetData><row></sheetData></worksheet>")), *out = temp_path(*state);
    Cx cx;
    cx_init(&cx, *state);
    assert_false(xlsx_annotate(&cx, in, out, 0, 1, NULL, 0));
    assert_int_equal(access(out, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_plain_table_reads_back),
        TEST(no_text_becomes_a_formula),
        TEST(odd_texts_survive),
        TEST(a_table_without_rows_is_a_workbook_too),
        TEST(a_path_that_cannot_be_written_fails),
        TEST(marks_colour_cells_and_attach_reasons),
        TEST(a_template_carries_lists_hints_notes_and_its_version),
        TEST(the_same_workbook_comes_back_with_reasons),
        TEST(a_second_return_replaces_the_first),
        TEST(a_written_table_is_annotated_and_reads_back),
        TEST(prefixed_sheets_are_annotated_in_their_own_way),
        TEST(a_workbook_without_styles_or_types_still_gets_its_reasons),
        TEST(what_cannot_be_read_is_not_annotated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
