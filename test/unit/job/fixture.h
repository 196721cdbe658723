/* fixture.h - a store on the small pack in a folder of its own, with a writer in each county and a head of the province. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* base/err.h has its own */

#include "base/log.h"
#include "fmt/crypt.h"
#include "fmt/xlsx.h"
#include "job/job.h"
#include "job/sheet.h"
#include "rule/validate.h"
#include "store/user.h"

#define REQUIRE(cond, cx)                                                                                                                 \
    do {                                                                                                                                   \
        if (!(cond)) {                                                                                                                     \
            print_error("%s: %.*s (%.*s)\n", #cond, STRF(cx_text(cx)), STRF((cx)->err_at));                                                \
            _fail(__FILE__, __LINE__);                                                                                                     \
        }                                                                                                                                  \
    } while (0)

typedef struct {
    Arena *mem;
    Cx cx;
    char dir[64];
    const Pack *pack;
    Store *s;
    const RecordType *team;
    Actor system, writer, other, head;
} Fixture;

static inline Actor fixture_actor(Fixture *f, const char *login, const char *org, const char *role)
{
    int64_t id;
    Actor a;
    REQUIRE(user_add(&f->cx, f->s, &f->system, str_c(login), str_c(login), pack_org(f->pack, str_c(org)), str_c(role),
                     S("correct-horse-9"), false, &id),
            &f->cx);
    REQUIRE(user_actor(&f->cx, f->s, id, &a), &f->cx);
    return a;
}

static inline void name_ok(const EvalEnv *env, const Field *f, const Value *v, Findings *found)
{
    (void)env;
    (void)f;
    (void)v;
    (void)found;
}

static inline int fixture_up(void **state)
{
    static const NamedCheck CHECKS[] = {{"naming", name_ok}};
    crypt_start();
    log_level(LOG_ERROR + 1);
    rule_named_set(CHECKS, 1);
    Fixture *f = calloc(1, sizeof *f);
    f->mem = arena_new(0);
    cx_init(&f->cx, f->mem);
    snprintf(f->dir, sizeof f->dir, "/tmp/tamga-job-XXXXXX");
    if (mkdtemp(f->dir) == NULL) {
        return -1;
    }
    Str report;
    f->pack = pack_load(&f->cx, f->mem, SOURCE_ROOT "/test/fixture/pack-two", &report);
    if (f->pack == NULL) {
        print_error("%.*s\n", STRF(report));
        return -1;
    }
    f->s = store_open(&f->cx, f->dir, f->pack);
    REQUIRE(f->s != NULL && store_attach(&f->cx, f->s), &f->cx);
    f->team = pack_type(f->pack, S("team"));
    f->system = (Actor){.is_system = true, .name = S("系统"), .via = S("test")};
    f->writer = fixture_actor(f, "writer1", "C1", "writer");
    f->other = fixture_actor(f, "writer2", "C2", "writer");
    f->head = fixture_actor(f, "head1", "P", "head");
    *state = f;
    return 0;
}

static inline int fixture_down(void **state)
{
    Fixture *f = *state;
    store_detach(f->s);
    store_close(f->s);
    char cmd[128];
    snprintf(cmd, sizeof cmd, "rm -rf '%s'", f->dir);
    int gone = system(cmd);
    arena_free(f->mem);
    free(f);
    return gone;
}

static inline const char *fixture_path(Fixture *f, const char *name)
{
    return str_printf(f->mem, "%s/%s", f->dir, name).p;
}

static inline const char *fixture_file(Fixture *f, const char *name, const char *text)
{
    const char *path = fixture_path(f, name);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
    return path;
}

static inline Str fixture_read(Fixture *f, const char *path)
{
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    char *p = arena_alloc(f->mem, 1 << 20);
    size_t n = fread(p, 1, 1 << 20, in);
    fclose(in);
    return str_n(p, n);
}
