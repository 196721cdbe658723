/*
 * paper_test.c - documents read back by other programs: pdftotext, zbarimg, and unzip through libzip's own reader.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail

#include "sample.h"

/* What `command` (a format with one %s for a file of these bytes) prints. */
static Str ask(Arena *mem, Str bytes, const char *before, const char *after)
{
    Str path = str_printf(mem, "%s/tamga-paper-XXXXXX", P_tmpdir);
    char *name = arena_alloc(mem, path.n + 1);
    memcpy(name, path.p, path.n);
    int fd = mkstemp(name);
    assert_true(fd >= 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n);
    close(fd);
    FILE *f = popen(str_printf(mem, "%s %s %s 2>/dev/null", before, name, after).p, "r");
    assert_non_null(f);
    Buf out = buf_new(mem, 32 << 20);
    char block[4096];
    for (size_t n; (n = fread(block, 1, sizeof block, f)) > 0;) {
        buf_add_bytes(&out, block, n);
    }
    pclose(f);
    unlink(name);
    return buf_str(&out);
}

/* Without white space: justified text is read back with spaces between. */
static Str squeeze(Arena *mem, Str s)
{
    s = str_replace(mem, s, S(" "), S(""));
    s = str_replace(mem, s, S("\n"), S(""));
    return str_replace(mem, s, S("\f"), S(""));
}

static Str text_of(Arena *mem, Str pdf)
{
    return squeeze(mem, ask(mem, pdf, "pdftotext -enc UTF-8", "-"));
}

static Str render(Arena *mem, const Paper *p, PaperFormat format)
{
    Cx cx;
    cx_init(&cx, mem);
    Str out;
    bool ok = paper_render(&cx, p, format, &out);
    if (!ok) {
        print_message("%.*s\n", STRF(cx_text(&cx)));
    }
    assert_true(ok);
    return out;
}

static void has(Str text, const char *words)
{
    Str wanted = str_c(words);
    if (!str_contains(text, wanted)) {
        print_message("not found: %.*s\n", STRF(wanted));
    }
    assert_true(str_contains(text, wanted));
}

static void an_official_document_says_everything_in_order(void **state)
{
    (void)state;
    Arena *mem = arena_new(0);
    Str pdf = render(mem, sample_official(mem), PAPER_PDF), t = text_of(mem, pdf);
    static const char *const PARTS[] = {"样例省人力资源和社会保障厅文件",
                                        "样人社发〔2025〕0号（样例）",
                                        "关于公布2025年省级特色手艺名录的通知",
                                        "各市人力资源和社会保障局：",
                                        "一、加强动态管理",
                                        "附件：2025年省级特色手艺名录（样例）",
                                        "2025年9月22日",
                                        "样例手艺1号",
                                        "样例手艺40号",
                                        "抄送：样例省财政厅"};
    size_t from = 0;
    for (size_t i = 0; i < ARRAY_LEN(PARTS); i++) {
        size_t at = 0;
        has(t, PARTS[i]);
        assert_true(str_find(str_sub(t, from, t.n), str_c(PARTS[i]), &at));
        from += at;
    }
    has(t, "—1—");
    has(t, "—4—");
    has(ask(mem, pdf, "pdfinfo", ""), "595.276 x 841.89 pts (A4)");
    arena_free(mem);
}

static void the_same_description_gives_the_same_bytes(void **state)
{
    (void)state;
    Arena *mem = arena_new(0);
    Str a = render(mem, sample_official(mem), PAPER_PDF), form = render(mem, sample_form(mem), PAPER_PDF);
    assert_true(str_eq(a, render(mem, sample_official(mem), PAPER_PDF)));
    assert_true(str_eq(form, render(mem, sample_form(mem), PAPER_PDF)));
    assert_true(str_eq(render(mem, sample_form(mem), PAPER_DOCX), render(mem, sample_form(mem), PAPER_DOCX)));
    arena_free(mem);
}

static void json_there_and_back_is_the_same_paper(void **state)
{
    (void)state;
    Arena *mem = arena_new(0);
    const Paper *all[] = {sample_official(mem), sample_form(mem), sample_certificate(mem, 3), sample_list(mem, 5)};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        Cx cx;
        cx_init(&cx, mem);
        Paper *again;
        Str json = paper_write(mem, all[i]);
        assert_true(paper_read(&cx, json, &again));
        assert_true(str_eq(json, paper_write(mem, again)));
        assert_true(str_eq(render(mem, all[i], PAPER_PDF), render(mem, again, PAPER_PDF)));
    }
    arena_free(mem);
}

static void what_is_no_paper_is_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "",
        "{}",
        "{\"layout\":\"poster\"}",
        "{\"layout\":\"form\",\"blocks\":[{}]}",
        "{\"layout\":\"form\",\"blocks\":[{\"kind\":\"table\",\"rows\":[{\"cells\":[\"a\"]}]}]}",
        "{\"layout\":\"form\",\"blocks\":[{\"kind\":\"heading\",\"level\":9}]}",
        "{\"layout\":\"form\",\"date\":\"2025-02-30\"}",
        "{\"layout\":\"form\",\"blocks\":[{\"kind\":\"table\",\"cols\":[{\"title\":\"a\",\"weight\":0,\"align\":\"left\"}]}]}"};
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        Arena *mem = arena_new(0);
        Cx cx;
        cx_init(&cx, mem);
        Paper *p;
        assert_false(paper_read(&cx, str_c(BAD[i]), &p));
        assert_int_equal(cx.err, E_DATA);
        arena_free(mem);
    }
    Arena *mem = arena_new(0);
    Cx cx;
    cx_init(&cx, mem);
    Paper *p = paper_new(mem, PAPER_FORM);
    paper_para(p, S("\xff\xfe"));
    Str out;
    assert_false(paper_render(&cx, p, PAPER_PDF, &out));
    assert_int_equal(cx.err, E_DATA);
    arena_free(mem);
}

static void a_token_in_the_keywords_is_found_by_searching_the_file(void **state)
{
    (void)state;
    Arena *mem = arena_new(0);
    Str pdf = render(mem, sample_certificate(mem, 42), PAPER_PDF);
    has(pdf, "tamga-token-0042.abcDEF_-");
    has(ask(mem, pdf, "pdfinfo -enc UTF-8", ""), "特色手艺证书");
    arena_free(mem);
}

static void the_code_of_a_certificate_reads_back(void **state)
{
    (void)state;
    Arena *mem = arena_new(0);
    const Paper *p = sample_certificate(mem, 42);
    Str said = ask(mem, render(mem, p, PAPER_PNG), "zbarimg --raw -q", "");
    assert_true(str_eq(str_trim(said), p->qr));
    Str t = text_of(mem, render(mem, p, PAPER_PDF));
    has(t, "特色手艺证书");
    has(t, "二〇二五年九月二十二日");
    has(t, "第0042号");
    arena_free(mem);
}

static void four_hundred_rows_repeat_the_head_and_count_the_pages(void **state)
{
    (void)state;
    Arena *mem = arena_new(0);
    Cx cx;
    cx_init(&cx, mem);
    const Paper *p = sample_list(mem, 400);
    int pages;
    assert_true(paper_pages(&cx, p, &pages));
    assert_true(pages >= 15 && pages <= 25);
    Str pdf = render(mem, p, PAPER_PDF), t = text_of(mem, pdf);
    has(ask(mem, pdf, "pdfinfo", ""), str_printf(mem, "Pages:           %d\n", pages).p);
    has(t, "样例手艺400号");
    has(t, str_printf(mem, "第%d页共%d页", pages, pages).p);
    int heads = 0;
    for (size_t at = 0, next; str_find(str_sub(t, at, t.n), S("牌匾文字"), &next); at += next + 1) {
        heads++;
    }
    assert_int_equal(heads, pages);
    arena_free(mem);
}

static void long_empty_and_strange_texts_are_printed_whole(void **state)
{
    (void)state;
    for (int layout = PAPER_OFFICIAL; layout <= PAPER_LIST; layout++) {
        Arena *mem = arena_new(0);
        Paper *p = paper_new(mem, (PaperLayout)layout);
        Buf name = buf_new(mem, 4096), word = buf_new(mem, 8192), story = buf_new(mem, 60000);
        for (int i = 0; i < 200; i++) {
            buf_add(&name, S("长"));
            buf_add(&word, S("unbreakable"));
        }
        for (int i = 0; i < 4000; i++) {
            buf_add(&story, i % 50 == 49 ? S("，") : S("事"));
        }
        buf_add(&story, S("完结"));
        p->title = p->number = p->issuer = p->to = p->letterhead = p->copies = buf_str(&name);
        p->qr_caption = p->watermark = buf_str(&name);
        paper_script(p, buf_str(&name));
        paper_para(p, S(""));
        paper_para(p, buf_str(&word));
        paper_para(p, S("缺字\xf0\xbf\xbf\xbd控制\x01\x02\r\n换行\xf3\xa0\x80\x81"));
        PaperBlock *f = paper_fields(p), *t;
        paper_field(p, f, S(""), S(""), false, 0);
        paper_field(p, f, buf_str(&name), buf_str(&story), true, 90);
        paper_table(p, S("空表"));
        paper_col(p, p->last, S(""), 1, PAPER_LEFT);
        t = paper_table(p, S("窄表"));
        for (int i = 0; i < PAPER_MAX_COLS; i++) {
            paper_col(p, t, S("列"), i == 0 ? 1 : 1000, PAPER_RIGHT);
        }
        paper_row(p, t)[0] = S("极窄的一列");
        paper_sign(p, buf_str(&name), 100, buf_str(&name));
        paper_note(p, S("尾注"));
        Str pdf = render(mem, p, PAPER_PDF);
        if (layout != PAPER_CERTIFICATE) {
            has(text_of(mem, pdf), "完结");
            has(text_of(mem, pdf), "尾注");
            assert_true(render(mem, p, PAPER_DOCX).n > 1000);
        }
        arena_free(mem);
    }
}

static void a_docx_holds_the_same_text(void **state)
{
    (void)state;
    Arena *mem = arena_new(0);
    Paper *p = sample_official(mem);
    paper_para(p, S("<符号> & \"引号\""));
    Str body = ask(mem, render(mem, p, PAPER_DOCX), "unzip -p", "word/document.xml");
    has(body, "关于公布2025年省级特色手艺名录的通知");
    has(body, "样例手艺40号");
    has(body, "&lt;符号&gt; &amp; &quot;引号&quot;");
    has(body, "仿宋_GB2312");
    has(body, "方正小标宋简体");
    has(body, "<w:tblHeader/>");
    arena_free(mem);
}

static void dates_in_chinese_figures(void **state)
{
    (void)state;
    Arena *mem = arena_new(0);
    assert_string_equal(date_han(mem, date_from_civil(2025, 9, 22)).p, "二〇二五年九月二十二日");
    assert_string_equal(date_han(mem, date_from_civil(2030, 10, 10)).p, "二〇三〇年十月十日");
    assert_string_equal(date_han(mem, date_from_civil(1999, 12, 31)).p, "一九九九年十二月三十一日");
    assert_string_equal(date_han(mem, date_from_civil(2001, 1, 20)).p, "二〇〇一年一月二十日");
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_official_document_says_everything_in_order),
        cmocka_unit_test(the_same_description_gives_the_same_bytes),
        cmocka_unit_test(json_there_and_back_is_the_same_paper),
        cmocka_unit_test(what_is_no_paper_is_refused),
        cmocka_unit_test(a_token_in_the_keywords_is_found_by_searching_the_file),
        cmocka_unit_test(the_code_of_a_certificate_reads_back),
        cmocka_unit_test(four_hundred_rows_repeat_the_head_and_count_the_pages),
        cmocka_unit_test(long_empty_and_strange_texts_are_printed_whole),
        cmocka_unit_test(a_docx_holds_the_same_text),
        cmocka_unit_test(dates_in_chinese_figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
