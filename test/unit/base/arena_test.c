/* arena_test.c */
#include "unit.h"

#include "base/err.h"

static void memory_is_zeroed_and_aligned_even_when_used_again(void **state)
{
    Arena *mem = *state;
    static const char ZERO[5000];
    for (int round = 0; round < 3; round++) {
        for (size_t n = 0; n < 5000; n += 37) {
            char *p = arena_alloc(mem, n);
            assert_int_equal((uintptr_t)p % 16, 0);
            assert_memory_equal(p, ZERO, n);
            memset(p, 0xAA, n);
        }
        arena_reset(mem);
        assert_int_equal(arena_used(mem), 0);
    }
}

static void allocations_do_not_overlap(void **state)
{
    Arena *mem = *state;
    unsigned char *p[300];
    for (size_t i = 0; i < 300; i++) {
        p[i] = arena_alloc(mem, i * 13 + 1);
        memset(p[i], (int)(i & 0xFF), i * 13 + 1);
    }
    for (size_t i = 0; i < 300; i++) {
        for (size_t k = 0; k <= i * 13; k++) {
            assert_int_equal(p[i][k], i & 0xFF);
        }
    }
}

static void growing_the_last_allocation_stays_in_place_and_zeroes_the_rest(void **state)
{
    Arena *mem = *state;
    char *dirty = arena_alloc(mem, 4000);
    memset(dirty, 0xAA, 4000);
    arena_reset(mem);
    char *p = arena_alloc(mem, 10);
    memcpy(p, "0123456789", 10);
    char *q = arena_grow(mem, p, 10, 1000);
    assert_ptr_equal(p, q);
    assert_memory_equal(q, "0123456789", 10);
    for (int i = 10; i < 1000; i++) {
        assert_int_equal(q[i], 0);
    }
    assert_int_equal(arena_used(mem), 1008);
}

static void an_array_finds_room_for_one_more_and_keeps_what_it_has(void **state)
{
    Arena *mem = *state;
    size_t cap = 0;
    int *items = NULL;
    for (int n = 0; n < 1000; n++) {
        ARRAY_ROOM(mem, items, (size_t)n, cap);
        assert_true(cap > (size_t)n);
        assert_int_equal(items[n], 0);
        items[n] = n;
        arena_alloc(mem, 1); /* so that it must move */
    }
    for (int n = 0; n < 1000; n++) {
        assert_int_equal(items[n], n);
    }
    assert_true(cap < 2000 + 16);
}

static void growing_an_older_allocation_copies_it(void **state)
{
    Arena *mem = *state;
    char *p = arena_alloc(mem, 10);
    memcpy(p, "0123456789", 10);
    char *other = arena_alloc(mem, 16);
    memset(other, 'x', 16);
    char *q = arena_grow(mem, p, 10, 100000); /* also past the first block */
    assert_ptr_not_equal(p, q);
    assert_memory_equal(q, "0123456789", 10);
    assert_int_equal(q[10], 0);
    assert_int_equal(q[99999], 0);
    assert_memory_equal(other, "xxxxxxxxxxxxxxxx", 16);
    assert_non_null(arena_grow(mem, NULL, 0, 40));
}

static void pass_it_twice(void *arg)
{
    arena_alloc(arg, (size_t)5 << 20);
}

static void overflow_an_array(void *arg)
{
    arena_alloc_array(arg, SIZE_MAX / 2, 3);
}

static void wrap_the_size(void *arg)
{
    arena_alloc(arg, SIZE_MAX - 4);
}

static void passing_the_maximum_makes_it_short_until_it_is_reset(void **state)
{
    (void)state;
    Arena *a = arena_new(1 << 20);
    Cx cx;
    cx_init(&cx, a);
    arena_alloc(a, 1 << 20);
    assert_int_equal(arena_short(a), ARENA_WELL);
    assert_true(cx_enough(&cx));
    memset(arena_alloc(a, 600), 'x', 600); /* still usable */
    assert_int_equal(arena_short(a), ARENA_PAST_MAX);
    assert_false(cx_enough(&cx));
    assert_int_equal(cx.err, E_TOO_LARGE);
    arena_pardon(a); /* the answer that says so has room */
    arena_alloc(a, 600000);
    assert_int_equal(arena_short(a), ARENA_WELL);
    arena_alloc(a, 600000);
    assert_int_equal(arena_short(a), ARENA_PAST_MAX);
    arena_reset(a);
    assert_int_equal(arena_short(a), ARENA_WELL);
    arena_alloc(a, 1 << 20);
    arena_grow(a, arena_alloc(a, 8), 8, 600);
    assert_int_equal(arena_short(a), ARENA_PAST_MAX); /* a pardon does not outlive a reset */
    arena_free(a);
}

static void passing_it_twice_is_a_bug_and_aborts(void **state)
{
    Arena *a = arena_new(1 << 20);
    assert_true(aborts(pass_it_twice, a));
    assert_true(aborts(overflow_an_array, *state));
    assert_true(aborts(wrap_the_size, *state));
    arena_free(a);
}

static char order[32];

static void note(void *arg)
{
    size_t n = strlen(order);
    order[n] = *(const char *)arg;
    order[n + 1] = 0;
}

static void deferred_functions_run_last_first_and_once(void **state)
{
    Arena *mem = *state;
    order[0] = 0;
    static char names[] = "abcd";
    arena_defer(mem, note, &names[0]);
    arena_defer(mem, note, &names[1]);
    arena_reset(mem);
    assert_string_equal(order, "ba");
    arena_reset(mem);
    assert_string_equal(order, "ba");
    Arena *other = arena_new(0);
    arena_defer(other, note, &names[2]);
    arena_free(other);
    assert_string_equal(order, "bac");
    arena_free(NULL);
}

static void returning_to_a_mark_releases_what_came_since(void **state)
{
    Arena *mem = *state;
    order[0] = 0;
    static char names[] = "abcd";
    char *kept = arena_alloc(mem, 100);
    memset(kept, 'k', 100);
    arena_defer(mem, note, &names[0]);
    size_t before = arena_used(mem);
    for (int round = 0; round < 3; round++) {
        ArenaMark mark = arena_mark(mem);
        arena_defer(mem, note, &names[1]);
        for (int i = 0; i < 100; i++) {
            memset(arena_alloc(mem, 50000), 'x', 50000);
        }
        ArenaMark inner = arena_mark(mem);
        arena_defer(mem, note, &names[2]);
        arena_release(mem, inner);
        assert_true(arena_used(mem) > 5000000);
        arena_release(mem, mark);
        assert_int_equal(arena_used(mem), before);
    }
    assert_string_equal(order, "cbcbcb");
    for (int i = 0; i < 100; i++) {
        assert_int_equal(kept[i], 'k');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(memory_is_zeroed_and_aligned_even_when_used_again),
        T(allocations_do_not_overlap),
        T(growing_the_last_allocation_stays_in_place_and_zeroes_the_rest),
        T(growing_an_older_allocation_copies_it),
        T(an_array_finds_room_for_one_more_and_keeps_what_it_has),
        T(passing_the_maximum_makes_it_short_until_it_is_reset),
        T(passing_it_twice_is_a_bug_and_aborts),
        T(deferred_functions_run_last_first_and_once),
        T(returning_to_a_mark_releases_what_came_since),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
