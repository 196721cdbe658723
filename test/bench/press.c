/*
 * press.c - certificates through the worker processes: bench_press [N], N documents of one page by two threads; prints
 * pages a second.
 */
#include <pthread.h>
#include <stdio.h>

#include "../unit/paper/sample.h"
#include "base/clock.h"
#include "job/press.h"

typedef struct {
    Press *press;
    int from, to, good;
} Hand;

static void *work(void *arg)
{
    Hand *h = arg;
    Arena *mem = arena_new(0);
    for (int i = h->from; i < h->to; i++) {
        Cx cx;
        cx_init(&cx, mem);
        Str out;
        h->good += press_print(&cx, h->press, sample_certificate(mem, i), PAPER_PDF, &out);
        arena_reset(mem);
    }
    arena_free(mem);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "press") == 0) {
        press_work();
    }
    int64_t n = 1000;
    if (argc == 2 && (!str_int(str_c(argv[1]), &n) || n < 2 || n > 1000000)) {
        return 2;
    }
    Press *press = press_start(NULL);
    Hand hands[2] = {{press, 0, (int)n / 2, 0}, {press, (int)n / 2, (int)n, 0}};
    pthread_t threads[2];
    int64_t from = clock_mono_ms();
    for (int i = 0; i < 2; i++) {
        CHECK(pthread_create(&threads[i], NULL, work, &hands[i]) == 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    int64_t ms = MAX(clock_mono_ms() - from, 1);
    press_stop(press);
    int good = hands[0].good + hands[1].good;
    printf("%d certificates %lld.%03lld s %lld pages/s\n", good, (long long)(ms / 1000), (long long)(ms % 1000),
           (long long)(good * 1000LL / ms));
    return good == n ? 0 : 1;
}
