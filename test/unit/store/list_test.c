/* list_test.c - lists: filters, order, cursor, totals, counts, search; and what the reach of the reader does to each. */
#include "fixture.h"

static const Field *fld(const Fixture *f, const char *id)
{
    return type_field(f->team, str_c(id));
}

static Rec grown(Fixture *f, const Actor *a, const char *name, const char *trade, const char *people)
{
    Form o = form(f, f->team);
    Rec r;
    put(f, &o, "name", name);
    put(f, &o, "trade", trade);
    put(f, &o, "people", people);
    OK(create_in(f, a, str_z(f->mem, a->org->code), &o, &r));
    return r;
}

/* Five teams: three of C1, two of C2; one of each county listed. */
static void five(Fixture *f, Rec r[5])
{
    r[0] = grown(f, &f->writer, "敖汉采收队", "farm", "20");
    r[1] = grown(f, &f->writer, "敖汉瓦工队", "mason", "50");
    r[2] = grown(f, &f->writer, "小河沿队", "farm", "35");
    r[3] = grown(f, &f->writer2, "乙县采收队", "farm", "40");
    r[4] = grown(f, &f->writer2, "乙县建筑队", "mason", "10");
    OK(act(f, &f->writer, &r[0], "ask", ""));
    OK(act(f, &f->head, &r[0], "approve", ""));
    OK(act(f, &f->writer2, &r[3], "ask", ""));
    OK(act(f, &f->head, &r[3], "approve", ""));
    OK(act(f, &f->writer, &r[1], "ask", ""));
}

static RecPage list(Fixture *f, const Actor *a, const Query *q)
{
    RecPage p;
    OK(rec_list(&f->cx, f->s, a, q, true, &p));
    return p;
}

static void each_reader_lists_what_is_in_reach(void **state)
{
    Fixture *f = *state;
    Rec r[5];
    five(f, r);
    Query q = {.type = f->team};
    assert_int_equal(list(f, &f->writer, &q).total, 3);
    assert_int_equal(list(f, &f->writer2, &q).total, 2);
    assert_int_equal(list(f, &f->head, &q).total, 5);
    RecPage p = list(f, &f->nobody, &q);
    assert_int_equal(p.total, 2);
    for (size_t i = 0; i < p.n; i++) {
        SAME(p.items[i].state->id, "listed");
        assert_false(val(&p.items[i], "wage")->has);
    }
    Query secret = {.type = f->award};
    assert_int_equal(list(f, &f->nobody, &secret).total, 0); /* no public fields: nothing */
}

static void filters_compare_and_combine(void **state)
{
    Fixture *f = *state;
    Rec r[5];
    five(f, r);
    Query q = {.type = f->team, .n_filters = 1};
    q.filters[0] = (Filter){.field = fld(f, "trade"), .op = OP_EQ, .value = {.has = true, .s = S("farm")}};
    assert_int_equal(list(f, &f->head, &q).total, 3);
    q.filters[q.n_filters++] = (Filter){.field = fld(f, "people"), .op = OP_GE, .value = {.has = true, .i = 35}};
    assert_int_equal(list(f, &f->head, &q).total, 2);
    q.filters[1].op = OP_LT;
    assert_int_equal(list(f, &f->head, &q).total, 1);
    q.filters[0] = (Filter){.field = fld(f, "name"), .op = OP_HAS, .value = {.has = true, .s = S("采收")}};
    q.n_filters = 1;
    assert_int_equal(list(f, &f->head, &q).total, 2);
    q.filters[0].value.s = S("%"); /* no wildcard */
    assert_int_equal(list(f, &f->head, &q).total, 0);
    q.filters[0] = (Filter){.column = S("state"), .op = OP_EQ, .value = {.has = true, .s = S("asked")}};
    assert_int_equal(list(f, &f->head, &q).total, 1);
    q.filters[0] = (Filter){.field = fld(f, "place"), .op = OP_EQ, .within = pack_region(f->pack, S("990102"))};
    assert_int_equal(list(f, &f->head, &q).total, 2);
    q.filters[0].within = pack_region(f->pack, S("990000"));
    assert_int_equal(list(f, &f->head, &q).total, 5);
    q.filters[0] = (Filter){.field = fld(f, "listed_on"), .op = OP_NE};
    assert_int_equal(list(f, &f->head, &q).total, 2); /* not empty */
    q.filters[0] = (Filter){.field = fld(f, "listed_on"), .op = OP_EQ};
    assert_int_equal(list(f, &f->head, &q).total, 3); /* empty */
}

static void nobody_filters_orders_or_counts_by_what_may_not_be_seen(void **state)
{
    Fixture *f = *state;
    Rec r[5];
    five(f, r);
    Query q = {.type = f->team, .n_filters = 1};
    q.filters[0] = (Filter){.field = fld(f, "listed_on"), .op = OP_NE};
    assert_int_equal(list(f, &f->nobody, &q).n, 0);
    Query by = {.type = f->team, .order = fld(f, "wage")};
    assert_int_equal(list(f, &f->nobody, &by).n, 0);
    Query all = {.type = f->team};
    FacetCount *c;
    size_t n;
    OK(rec_facet(&f->cx, f->s, &f->nobody, &all, fld(f, "size"), &c, &n));
    assert_int_equal(n, 0);
    q.filters[0] = (Filter){.field = fld(f, "leader_id"), .op = OP_EQ}; /* hidden from heads */
    assert_int_equal(list(f, &f->head, &q).n, 0);
}

static void pages_by_cursor_are_whole_and_without_repeats(void **state)
{
    Fixture *f = *state;
    Rec r[5];
    five(f, r);
    const Field *const orders[] = {NULL, fld(f, "people"), fld(f, "name"), fld(f, "wage"), fld(f, "listed_on")};
    for (size_t k = 0; k < ARRAY_LEN(orders) * 2; k++) {
        Query q = {.type = f->team, .limit = 2, .order = orders[k / 2], .ascending = k % 2 == 0};
        int64_t seen[5];
        size_t n = 0, pages = 0;
        do {
            RecPage p = list(f, &f->head, &q);
            assert_int_equal(p.total, 5); /* of all pages */
            assert_true(++pages <= 3);
            for (size_t i = 0; i < p.n; i++) {
                for (size_t j = 0; j < n; j++) {
                    assert_int_not_equal(seen[j], p.items[i].id);
                }
                seen[n++] = p.items[i].id;
            }
            q.after = p.next;
        } while (q.after.n != 0);
        assert_int_equal(n, 5);
    }
}

static void a_list_stands_in_the_order_asked_for(void **state)
{
    Fixture *f = *state;
    Rec r[5];
    five(f, r);
    Query q = {.type = f->team, .order = fld(f, "people"), .ascending = true};
    static const int64_t WANT[] = {10, 20, 35, 40, 50};
    RecPage p = list(f, &f->head, &q);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(val(&p.items[i], "people")->i, WANT[i]);
    }
    q.ascending = false;
    p = list(f, &f->head, &q);
    assert_int_equal(val(&p.items[0], "people")->i, 50);
    q.limit = 2;
    q.offset = 3;
    p = list(f, &f->head, &q);
    assert_int_equal(p.n, 2);
    assert_int_equal(val(&p.items[0], "people")->i, 20);
}

static void a_made_up_cursor_is_refused(void **state)
{
    Fixture *f = *state;
    RecPage p;
    static const char *const BAD[] = {"x", "!!!!", "MTIz", "MXxhYmM"};
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        Query q = {.type = f->team, .after = str_c(BAD[i])};
        REFUSED(E_BAD_REQUEST, rec_list(&f->cx, f->s, &f->head, &q, false, &p));
    }
}

static int64_t count_of(const FacetCount *c, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(c[i].key, str_c(key))) {
            return c[i].n;
        }
    }
    return 0;
}

static void facets_count_under_the_other_filters_only(void **state)
{
    Fixture *f = *state;
    Rec r[5];
    five(f, r);
    FacetCount *c;
    size_t n;
    Query q = {.type = f->team, .n_filters = 1};
    q.filters[0] = (Filter){.field = fld(f, "trade"), .op = OP_EQ, .value = {.has = true, .s = S("farm")}};
    OK(rec_facet(&f->cx, f->s, &f->head, &q, fld(f, "trade"), &c, &n));
    assert_int_equal(count_of(c, n, "farm"), 3);
    assert_int_equal(count_of(c, n, "mason"), 2);
    OK(rec_facet(&f->cx, f->s, &f->head, &q, fld(f, "place"), &c, &n));
    assert_int_equal(count_of(c, n, "990101"), 2);
    assert_int_equal(count_of(c, n, "990102"), 1);
    q.filters[q.n_filters++] = (Filter){.column = S("state"), .op = OP_EQ, .value = {.has = true, .s = S("new")}};
    OK(rec_facet(&f->cx, f->s, &f->head, &q, NULL, &c, &n)); /* by state: its own filter left out */
    assert_int_equal(count_of(c, n, "new"), 1);
    assert_int_equal(count_of(c, n, "listed"), 2);
    OK(rec_facet(&f->cx, f->s, &f->writer2, &q, NULL, &c, &n)); /* another reach, not another's kept counts */
    assert_int_equal(count_of(c, n, "listed"), 1);
}

static void kept_counts_are_never_stale_after_a_write(void **state)
{
    Fixture *f = *state;
    Rec r[5];
    five(f, r);
    Query q = {.type = f->team};
    FacetCount *c;
    size_t n;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(list(f, &f->head, &q).total, 5 + i);
        OK(rec_facet(&f->cx, f->s, &f->head, &q, fld(f, "trade"), &c, &n));
        assert_int_equal(count_of(c, n, "farm"), 3 + i);
        team(f, &f->writer, str_printf(f->mem, "新队%d", i).p, "20");
    }
}

static void a_cross_count_counts_pairs(void **state)
{
    Fixture *f = *state;
    Rec r[5];
    five(f, r);
    Query q = {.type = f->team};
    const Field *const by[] = {fld(f, "trade"), NULL};
    for (int round = 0; round < 2; round++) { /* the second time from the cache */
        CrossCount *c;
        size_t n;
        int64_t sum = 0, listed_farm = 0;
        OK(rec_cross(&f->cx, f->s, &f->head, &q, by, 2, &c, &n));
        for (size_t i = 0; i < n; i++) {
            sum += c[i].n;
            if (str_eq(c[i].keys[0], S("farm")) && str_eq(c[i].keys[1], S("listed"))) {
                listed_farm = c[i].n;
            }
        }
        assert_int_equal(sum, 5);
        assert_int_equal(listed_farm, 2);
    }
}

/* Counting millions anew for every page after every commit would be all the program does. */
static void a_count_of_very_many_stands_for_some_seconds_although_others_are_written(void **state)
{
    Fixture *f = *state;
    struct CountCache *c = count_cache_new(f->mem);
    Sql *q = sql_new(f->mem), *other = sql_new(f->mem);
    sql_lit(q, "select 1");
    sql_lit(other, "select 2");
    int64_t n = 5;
    void *kept;
    size_t bytes;
    count_cache_put(c, q, 1, 1000, COUNT_MANY - 1, &n, sizeof n);
    count_cache_put(c, other, 1, 1000, COUNT_MANY, &n, sizeof n);
    assert_true(count_cache_get(c, q, 1, 9999999, f->mem, &kept, &bytes));
    assert_false(count_cache_get(c, q, 2, 1001, f->mem, &kept, &bytes));
    assert_true(count_cache_get(c, other, 2, 2999, f->mem, &kept, &bytes));
    assert_false(count_cache_get(c, other, 2, 3000, f->mem, &kept, &bytes)); /* this one counts, */
    assert_true(count_cache_get(c, other, 2, 3001, f->mem, &kept, &bytes));  /* nobody else does meanwhile, */
    assert_false(count_cache_get(c, other, 2, 5001, f->mem, &kept, &bytes)); /* unless it takes too long */
    assert_true(count_cache_get(c, other, 1, 3000, f->mem, &kept, &bytes)); /* nothing was written: as long as one likes */
    assert_int_equal(count_kept_ms(1000000), 10000);
    assert_int_equal(count_kept_ms(INT64_MAX), 60000);
    count_cache_free(c);
}

static int64_t hits(Fixture *f, const Actor *a, const char *text)
{
    Query q = {.type = f->team, .search = str_c(text)};
    return list(f, a, &q).total;
}

static void search_finds_substrings_numbers_and_pinyin_initials(void **state)
{
    Fixture *f = *state;
    Rec r[5];
    five(f, r);
    assert_int_equal(hits(f, &f->head, "敖汉"), 2);
    assert_int_equal(hits(f, &f->head, "汉瓦"), 1);
    assert_int_equal(hits(f, &f->head, "ahwgd"), 1);
    assert_int_equal(hits(f, &f->head, "AHW"), 1);
    assert_int_equal(hits(f, &f->head, " 敖 汉 "), 2);
    assert_int_equal(hits(f, &f->head, "没有这样的队"), 0);
    assert_int_equal(hits(f, &f->head, "' or 1=1 --"), 0);
    assert_int_equal(hits(f, &f->head, "%"), hits(f, &f->head, "")); /* folded to nothing: no condition, and no wildcard */
    assert_int_equal(hits(f, &f->nobody, "采收"), 2);
    assert_int_equal(hits(f, &f->nobody, "瓦工"), 0); /* not published */
    assert_int_equal(hits(f, &f->writer, "乙县"), 0);
    Query q = {.type = f->team, .search = r[2].no};
    assert_int_equal(list(f, &f->head, &q).total, 1);
}

static void a_desk_shows_what_waits_for_the_reader_there(void **state)
{
    Fixture *f = *state;
    Rec r[5];
    five(f, r);
    Query q = {.type = f->team, .mine_to_do = true};
    assert_int_equal(list(f, &f->head, &q).total, 1); /* the mason team of C1 */
    RecPage p = list(f, &f->writer, &q);
    assert_int_equal(p.total, 1);
    assert_int_equal(p.items[0].id, r[2].id);
    assert_int_equal(list(f, &f->nobody, &q).total, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(each_reader_lists_what_is_in_reach), T(filters_compare_and_combine),
        T(nobody_filters_orders_or_counts_by_what_may_not_be_seen), T(pages_by_cursor_are_whole_and_without_repeats),
        T(a_list_stands_in_the_order_asked_for), T(a_made_up_cursor_is_refused), T(facets_count_under_the_other_filters_only),
        T(kept_counts_are_never_stale_after_a_write), T(a_cross_count_counts_pairs),
        T(kept_counts_are_never_stale_after_a_write), T(a_count_of_very_many_stands_for_some_seconds_although_others_are_written),
        T(search_finds_substrings_numbers_and_pinyin_initials), T(a_desk_shows_what_waits_for_the_reader_there),
    };
    return cmocka_run_group_tests_name("store/list", tests, NULL, NULL);
}
