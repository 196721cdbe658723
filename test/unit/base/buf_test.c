/* buf_test.c - building text up to a maximum; and maps. */
#include "unit.h"

#include "base/buf.h"
#include "base/map.h"

static void text_is_built_and_ends_with_nul(void **state)
{
    Arena *mem = *state;
    Buf b = buf_new(mem, 1000);
    assert_str(buf_str(&b), S(""));
    buf_add(&b, S("敖汉"));
    buf_addc(&b, '-');
    buf_int(&b, 0);
    buf_int(&b, INT64_MIN);
    buf_int(&b, INT64_MAX);
    buf_printf(&b, "[%s]", "x");
    buf_add(&b, (Str){NULL, 0});
    Str s = buf_str(&b);
    assert_str(s, S("敖汉-0-92233720368547758089223372036854775807[x]"));
    assert_int_equal(s.p[s.n], 0);
    buf_clear(&b);
    assert_str(buf_str(&b), S(""));
}

static void what_passes_the_maximum_is_not_written_and_it_stays_full(void **state)
{
    Arena *mem = *state;
    Buf b = buf_new(mem, 10);
    buf_add(&b, S("0123456789"));
    assert_false(b.full); /* exactly the maximum */
    buf_addc(&b, 'x');
    assert_true(b.full);
    assert_str(buf_str(&b), S("0123456789"));

    b = buf_new(mem, 10);
    buf_add(&b, S("01234567"));
    buf_printf(&b, "%d", 12345); /* whole or not at all */
    assert_true(b.full);
    buf_addc(&b, 'x'); /* would fit, but the text is incomplete already */
    assert_str(buf_str(&b), S("01234567"));

    b = buf_new(mem, 0);
    buf_int(&b, 5);
    assert_true(b.full);
    assert_str(buf_str(&b), S(""));
}

static void long_text_grows_between_other_allocations(void **state)
{
    Arena *mem = *state;
    Buf b = buf_new(mem, 1 << 20);
    for (int i = 0; i < 20000; i++) {
        buf_printf(&b, "%d,", i);
        if (i % 7 == 0) {
            memset(arena_alloc(mem, 24), 'x', 24);
        }
    }
    assert_false(b.full);
    Str rest = buf_str(&b), item;
    for (int i = 0; i < 20000; i++) {
        int64_t v = -1;
        assert_true(str_cut(rest, ',', &item, &rest));
        assert_true(str_int(item, &v));
        assert_int_equal(v, i);
    }
    assert_int_equal(rest.n, 0);
    for (int n = 120; n < 136; n++) { /* across printf's small buffer */
        buf_clear(&b);
        buf_printf(&b, "%0*d", n, 7);
        assert_int_equal(buf_str(&b).n, n);
        assert_int_equal(b.p[n - 1], '7');
    }
}

static void a_map_finds_every_key_it_was_given_and_no_other(void **state)
{
    Arena *mem = *state;
    Map m = map_new(mem);
    assert_null(map_get(&m, S("a")));
    assert_false(map_has(&m, S("")));
    static int values[5000];
    for (int i = 0; i < 5000; i++) {
        values[i] = i;
        assert_true(map_put(&m, str_printf(mem, "key %d", i), &values[i]));
    }
    assert_int_equal(m.n, 5000);
    for (int i = 0; i < 5000; i++) {
        assert_ptr_equal(map_get(&m, str_printf(mem, "key %d", i)), &values[i]);
        assert_ptr_equal(m.entries[i].value, &values[i]); /* in the order given */
        assert_false(map_has(&m, str_printf(mem, "key %d", i + 5000)));
    }
}

static void a_key_given_twice_keeps_its_first_value(void **state)
{
    Arena *mem = *state;
    Map m = map_new(mem);
    int one = 1, two = 2;
    assert_true(map_put(&m, S(""), &one)); /* the empty key is one too */
    assert_true(map_put(&m, S("a\0b"), NULL));
    assert_false(map_put(&m, S(""), &two));
    assert_ptr_equal(map_get(&m, S("")), &one);
    assert_true(map_has(&m, S("a\0b")) && !map_has(&m, S("a")));
    assert_int_equal(m.n, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(text_is_built_and_ends_with_nul),
        T(what_passes_the_maximum_is_not_written_and_it_stays_full),
        T(long_text_grows_between_other_allocations),
        T(a_map_finds_every_key_it_was_given_and_no_other),
        T(a_key_given_twice_keeps_its_first_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
