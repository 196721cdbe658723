/*
 * cases.h - one change to one file of a whole pack, and the line of the report it must give.
 */
#pragma once

#include "mini.h"

typedef struct {
    const char *file, *from, *to, *want;
} Case;

/* The whole pack is MINI with `more` put over it. Each case must be refused with its line, and nothing else may go
 * wrong. */
static inline void check_cases(const Case *cases, size_t n, const MiniFile *more, size_t n_more)
{
    size_t wrong = 0;
    for (size_t i = 0; i < n; i++) {
        const Case *c = &cases[i];
        Arena *a = arena_new(0);
        MiniFile *files = NEW_ARRAY(a, MiniFile, n_more + 1);
        const char *whole = NULL;
        for (size_t k = 0; k < ARRAY_LEN(MINI); k++) {
            whole = strcmp(MINI[k].name, c->file) == 0 ? MINI[k].text : whole;
        }
        files[n_more].name = c->file;
        for (size_t k = 0; k < n_more; k++) {
            files[k] = more[k];
            whole = strcmp(more[k].name, c->file) == 0 ? more[k].text : whole;
        }
        size_t at = 0;
        assert_non_null(whole);
        assert_true(str_find(str_c(whole), str_c(c->from), &at));
        files[n_more].text = str_printf(a, "%.*s%s%s", (int)at, whole, c->to, whole + at + strlen(c->from)).p;
        Mini m;
        mini_load(&m, files, n_more + 1);
        bool told = m.pack == NULL && m.cx.err == E_PACK && str_contains(m.report, str_c(c->want));
        if (!told) {
            print_error("case %zu %s: %s\n  want %s\n  got:\n%.*s", i, c->file, c->to, c->want, STRF(m.report));
        }
        wrong += !told;
        mini_free(&m);
        arena_free(a);
    }
    assert_int_equal(wrong, 0);
}
