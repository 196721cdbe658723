/*
 * check.h - what the tests of this folder share: cmocka, whose fail() yields to ours, an arena a test, and comparison of texts.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail

#include "base/err.h"

static inline int arena_up(void **state)
{
    *state = arena_new(0);
    return 0;
}

static inline int arena_down(void **state)
{
    arena_free(*state);
    return 0;
}

static inline void assert_text(Str got, const char *want)
{
    Arena *a = arena_new(0);
    assert_string_equal(str_z(a, got), want);
    arena_free(a);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, arena_up, arena_down)
