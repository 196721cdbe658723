/* unit.h - what the tests of base share. */
#pragma once

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* base/err.h has its own */

#include "base/arena.h"
#include "base/str.h"

#define assert_str(got, want) assert_str_at((got), (want), __FILE__, __LINE__)
static inline void assert_str_at(Str got, Str want, const char *file, int line)
{
    if (!str_eq(got, want)) {
        print_error("got \"%.*s\", wanted \"%.*s\"\n", STRF(got), STRF(want));
        _fail(file, line);
    }
}

/* Whether fn(arg) ends the process by a CHECK. */
static inline bool aborts(void (*fn)(void *), void *arg)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL) {
            _exit(1);
        }
        signal(SIGABRT, SIG_DFL);
        fn(arg);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static inline int mem_up(void **state)
{
    *state = arena_new(0);
    return 0;
}

static inline int mem_down(void **state)
{
    arena_free(*state);
    return 0;
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, mem_up, mem_down)
