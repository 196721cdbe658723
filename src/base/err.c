/*
 * err.c - the table of failures and the context that carries one.
 */
#include "base/err.h"

#include "base/clock.h"
#include "base/log.h"

static const ErrInfo INFO[E_COUNT] = {
#define X(word, http_, exit_, api_, text_) [E_##word] = {.http = (http_), .exit_status = (exit_), .api = (api_), .text = (text_)},
    ERR_TABLE(X)
#undef X
};

const ErrInfo *err_info(ErrCode code)
{
    CHECK((unsigned)code < E_COUNT);
    return &INFO[code];
}

void cx_init(Cx *cx, Arena *mem)
{
    *cx = (Cx){.mem = mem, .now_ms = clock_now_ms()};
}

bool cx_fail(Cx *cx, ErrCode code, const char *file, int line, const char *fmt, ...)
{
    CHECK(code != E_OK);
    if (cx->err != E_OK) {
        return false;
    }
    va_list ap;
    va_start(ap, fmt);
    cx->err = code;
    cx->err_text = str_vprintf(cx->mem, fmt, ap);
    cx->err_at = str_printf(cx->mem, "%s:%d", file, line);
    va_end(ap);
    if (err_info(code)->http >= 500) {
        log_warn("%s: %.*s (%.*s)", err_info(code)->api, STRF(cx->err_text), STRF(cx->err_at));
    }
    return false;
}

bool cx_enough(Cx *cx)
{
    switch (arena_short(cx->mem)) {
    case ARENA_WELL: return true;
    case ARENA_PAST_MAX: return fail(cx, E_TOO_LARGE, "这件事要用的内存太多，没有办理，请缩小范围后再试");
    default: return fail(cx, E_MEMORY, "%s", err_info(E_MEMORY)->text);
    }
}

void cx_clear(Cx *cx)
{
    cx->err = E_OK;
    cx->err_text = cx->err_clause = cx->err_at = S("");
}

Str cx_text(const Cx *cx)
{
    return cx->err_text.n != 0 ? cx->err_text : str_c(err_info(cx->err)->text);
}
