/* letter_test.c - what stands in a printed document: the names filled in, for whom, and what stays blank. */
#include "../store/flow.h"
#include "job/letter.h"
#include "pack/expr.h"

/* A document as the pack would have it, of one paragraph. */
static Document plain(const RecordType *t, Str text)
{
    static DocBlock block;
    block = (DocBlock){.kind = S("para"), .text = text};
    return (Document){.id = S("x"),
                      .label = S("样例文件"),
                      .layout = S("form"),
                      .type = t,
                      .title = S("样例"),
                      .blocks = &block,
                      .n_blocks = 1};
}

static const Expr *expr(Fixture *f, const RecordType *t, const RecordType *outer, const char *text)
{
    Str why;
    int32_t at;
    const Expr *e = expr_parse_within(f->mem, f->pack, t, outer, NULL, 0, str_c(text), &why, &at);
    assert_non_null(e);
    return e;
}

static Rec seen(Fixture *f, const Actor *a, const Rec *r)
{
    Rec now;
    OK(rec_get(&f->cx, f->s, a, r->type, r->id, &now));
    return now;
}

/* The one paragraph as this person gets it. */
static Str said(Fixture *f, const Actor *a, const Rec *r, const char *text, bool open)
{
    Document d = plain(r->type, str_c(text));
    Rec now = seen(f, a, r);
    Paper *p;
    d.open = open;
    OK(letter_make(&f->cx, f->s, a, &d, &now, &p));
    assert_true(paper_check(&f->cx, p));
    return p->blocks != NULL ? p->blocks->text : S("");
}

static Rec letter_about(Fixture *f, const Actor *a, const char *org, const Rec *piece, const char *text)
{
    Form o = form(f, flow.letter);
    Rec r;
    put(f, &o, "piece", str_z(f->mem, id_text(f->mem, piece->id)));
    if (piece->v[type_field(piece->type, S("round"))->index].has) {
        put(f, &o, "round", str_z(f->mem, id_text(f->mem, val(piece, "round")->i)));
    }
    put(f, &o, "text", text);
    OK(create_in(f, a, org, &o, &r));
    return r;
}

static void names_are_replaced_by_what_people_read(void **state)
{
    Fixture *f = *state;
    clock_set(INT64_C(1772413200000)); /* 2026-03-02, 09:00 in China */
    cx_init(&f->cx, f->mem);
    OK(store_attach(&f->cx, f->s));
    Rec round = a_round(f, "2026-03-20"), p = a_piece(f, "甲作", "3", &round);
    SAME(said(f, &flow.clerk, &p, "{{name}}、{{ makers }}人，{{round}}，{{state}}", false),
         "甲作、3人，第一轮，填写中");
    SAME(said(f, &flow.clerk, &p, "{{round.closes}}前，今天{{today}}，轮次{{round.state}}", false),
         "2026年3月20日前，今天2026年3月2日，轮次征集中");
    assert_true(str_eq(said(f, &flow.clerk, &p, "{{number}}", false), p.no));
    assert_true(p.no.n != 0);
}

static void what_is_missing_stays_blank_and_braces_alone_are_text(void **state)
{
    Fixture *f = *state;
    Rec p = a_piece(f, "甲作", "3", NULL);
    SAME(said(f, &flow.clerk, &p, "“{{round}}”“{{round.name}}”“{{prized_on}}”“{{kind}}”", false), "“”“”“”“”");
    SAME(said(f, &flow.clerk, &p, "甲{{name", false), "甲{{name");
    SAME(said(f, &flow.clerk, &p, "{{}}{{nothing}}完", false), "完");
}

static void personal_data_are_masked_and_in_an_open_document_left_out(void **state)
{
    Fixture *f = *state;
    Rec p = a_piece(f, "甲作", "3", NULL);
    SAME(said(f, &flow.clerk, &p, "电话{{phone}}", false), "电话138****2046");
    SAME(said(f, &flow.clerk, &p, "电话{{phone}}", true), "电话");
    Document d = plain(flow.piece, S(""));
    static DocBlock grid = {.kind = STR_INIT("fields")};
    const Field *fields[] = {type_field(flow.piece, S("name")), type_field(flow.piece, S("phone")),
                             type_field(flow.piece, S("makers"))};
    grid.fields = fields;
    grid.n_fields = 3;
    d.blocks = &grid;
    Rec now = seen(f, &flow.clerk, &p);
    Paper *paper;
    OK(letter_make(&f->cx, f->s, &flow.clerk, &d, &now, &paper));
    assert_int_equal(paper->blocks->n_rows, 3);
    SAME(paper->blocks->rows->next->next->cells[1], "3 人");
    d.open = true;
    OK(letter_make(&f->cx, f->s, &flow.clerk, &d, &now, &paper));
    assert_int_equal(paper->blocks->n_rows, 2);
}

static void beyond_a_reference_only_what_the_person_may_read(void **state)
{
    Fixture *f = *state;
    Rec p = a_piece(f, "甲作", "3", NULL), mine = letter_about(f, &f->system, "W", &p, "贺信");
    mine.created_by = flow.clerk_w.user; /* a person could not have pointed there */
    behind_the_back(f, str_printf(f->mem, "update r_letter set created_by = %lld", (long long)mine.created_by).p);
    SAME(said(f, &flow.officer, &mine, "{{piece.story}}", false), "代代相传");
    SAME(said(f, &flow.clerk_w, &mine, "来历：{{piece.story}}{{piece.number}}", false), "来历：");
}

static void tables_have_the_rows_the_facts_and_the_reader_allow(void **state)
{
    Fixture *f = *state;
    Rec round = a_round(f, "2026-03-20"), a = a_piece(f, "甲作", "3", &round);
    Rec one = a_sheet(f, &a, &flow.judge, "60"), two = a_sheet(f, &a, &flow.judge2, "80");
    static Link link;
    static DocCol cols[] = {{.label = STR_INIT("序"), .text = STR_INIT("{{row}}")},
                            {.label = STR_INIT("分"), .text = STR_INIT("{{points}}")}};
    static DocBlock block;
    link = flow.piece->links[0];
    block = (DocBlock){.kind = S("table"), .text = S("{{name}}的评分"), .each = &link, .cols = cols, .n_cols = 2};
    Document d = plain(flow.piece, S(""));
    d.blocks = &block;
    Paper *p;
    Rec now = seen(f, &flow.officer, &a);
    OK(letter_make(&f->cx, f->s, &flow.officer, &d, &now, &p));
    SAME(p->blocks->text, "甲作的评分");
    assert_int_equal(p->blocks->n_rows, 0); /* sealed sheets are nobody's but the judge's */
    block.where = expr(f, flow.sheet, flow.piece, "points > 50");
    now = seen(f, &flow.judge, &one);
    Document own = plain(flow.sheet, S("{{points}}"));
    own.when = expr(f, flow.sheet, NULL, "points > 50");
    OK(letter_make(&f->cx, f->s, &flow.judge, &own, &now, &p));
    SAME(p->blocks->text, "60.00");
    block.where = NULL;
    OK(by_program(f, &two, "open"));
    OK(by_program(f, &one, "open")); /* the first one changes last: the order stays that of making */
    d.blocks = &block;
    now = seen(f, &flow.officer, &a);
    OK(letter_make(&f->cx, f->s, &flow.officer, &d, &now, &p));
    assert_int_equal(p->blocks->n_rows, 2);
    SAME(p->blocks->rows->cells[0], "1");
    SAME(p->blocks->rows->cells[1], "60.00");
    SAME(p->blocks->rows->next->cells[0], "2");
    block.where = expr(f, flow.sheet, flow.piece, "points > 70 and outer.makers = 3");
    OK(letter_make(&f->cx, f->s, &flow.officer, &d, &now, &p));
    assert_int_equal(p->blocks->n_rows, 1);
    SAME(p->blocks->rows->cells[0], "1");
    SAME(p->blocks->rows->cells[1], "80.00");
    d.layout = S("official");
    OK(letter_make(&f->cx, f->s, &flow.officer, &d, &now, &p));
    assert_int_equal(p->n_attachments, 1); /* a list of an official document stands behind its signature */
    assert_int_equal(p->blocks->kind, BLOCK_BREAK);
}

static void a_document_is_there_only_when_it_is_offered(void **state)
{
    Fixture *f = *state;
    Rec p = a_piece(f, "甲作", "3", NULL);
    Document d = plain(flow.piece, S("x"));
    Paper *paper;
    bool offered;
    d.when = expr(f, flow.piece, NULL, "state = 'sent'");
    OK(letter_offered(&f->cx, f->s, &d, &p, &offered));
    assert_false(offered);
    REFUSED(E_NOT_FOUND, letter_make(&f->cx, f->s, &flow.clerk, &d, &p, &paper));
    OK(step(f, &flow.clerk, &p, "send", ""));
    OK(letter_make(&f->cx, f->s, &flow.clerk, &d, &p, &paper));
    d.type = flow.round;
    REFUSED(E_NOT_FOUND, letter_make(&f->cx, f->s, &flow.clerk, &d, &p, &paper));
}

static bool adds(Cx *cx, Store *s, const Document *d, const Rec *r, Paper *p)
{
    (void)s;
    p->keywords = str_printf(cx->mem, "%.*s %.*s", STRF(d->id), STRF(r->type->id));
    return true;
}

static void features_add_to_it_and_samples_are_marked(void **state)
{
    static LetterExtra *const EXTRAS[] = {adds};
    Fixture *f = *state;
    Rec p = a_piece(f, "甲作", "3", NULL);
    Document d = plain(flow.piece, S("x"));
    Paper *paper;
    d.date = S("{{prized_on}}");
    letter_extras_set(EXTRAS, 1);
    letter_mark_set(S("样例"));
    OK(letter_make(&f->cx, f->s, &flow.clerk, &d, &p, &paper));
    SAME(paper->keywords, "x piece");
    SAME(paper->watermark, "样例");
    assert_int_equal(paper->date, PAPER_NO_DATE);
    SAME(letter_file_name(&f->cx, f->s, &d, &p, "pdf"), "样例文件-甲作.pdf");
    letter_extras_set(NULL, 0);
    letter_mark_set(S(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FT(names_are_replaced_by_what_people_read),
        FT(what_is_missing_stays_blank_and_braces_alone_are_text),
        FT(personal_data_are_masked_and_in_an_open_document_left_out),
        FT(beyond_a_reference_only_what_the_person_may_read),
        FT(tables_have_the_rows_the_facts_and_the_reader_allow),
        FT(a_document_is_there_only_when_it_is_offered),
        FT(features_add_to_it_and_samples_are_marked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
