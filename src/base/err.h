/*
 * err.h - failures, and the context every fallible function takes.
 *
 * Three kinds of trouble, never mixed: a bug (CHECK aborts), a failure (something outside broke or is refused: the
 * function returns false and the reason is in the Cx, the first one wins), and a finding (the user's data is wrong:
 * not an error, a list of Finding; see rule/finding.h).
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

/* One row a failure: enum word, HTTP status, exit status of the command line, stable word of the API, text for users. */
#define ERR_TABLE(X)                                                                                                   \
    X(OK, 200, 0, "ok", "成功")                                                                                        \
    X(BAD_REQUEST, 400, 2, "bad_request", "请求的写法不对")                                                            \
    X(UNAUTHENTICATED, 401, 3, "unauthenticated", "请先登录")                                                          \
    X(FORBIDDEN, 403, 3, "forbidden", "您没有办理这件事的权限")                                                        \
    X(CSRF, 403, 3, "csrf", "页面已过期，请刷新后重新提交，您填写的内容不会丢失")                                      \
    X(STEP_UP, 403, 3, "step_up_required", "办理这件事须再次验证是您本人")                                             \
    X(NOT_FOUND, 404, 4, "not_found", "没有找到，或者不在您的管辖范围内")                                              \
    X(METHOD, 405, 2, "method_not_allowed", "此地址不接受这种操作")                                                    \
    X(NOT_ACCEPTABLE, 406, 2, "not_acceptable", "没有这种格式")                                                        \
    X(CONFLICT, 409, 5, "conflict", "与已有的记录冲突")                                                                \
    X(WRONG_STATE, 409, 5, "wrong_state", "当前状态下不能这样办理")                                                    \
    X(STALE, 412, 5, "stale", "别人刚刚修改过这条记录，请核对后再保存")                                                \
    X(TOO_LARGE, 413, 2, "too_large", "内容太大")                                                                      \
    X(MEDIA_TYPE, 415, 2, "media_type", "不接受这种文件或数据格式")                                                    \
    X(INVALID, 422, 2, "invalid", "有内容需要修改")                                                                    \
    X(LOCKED, 423, 3, "locked", "尝试次数过多，请稍后再试")                                                            \
    X(NEED_MATCH, 428, 2, "precondition_required", "修改记录须带 If-Match")                                            \
    X(TOO_MANY, 429, 6, "too_many", "请求太频繁，请稍后再试")                                                          \
    X(HEADERS_LARGE, 431, 2, "headers_too_large", "请求头太大")                                                        \
    X(INTERNAL, 500, 1, "internal", "系统内部出错，已记录，请稍后重试或联系管理员")                                    \
    X(NOT_IMPLEMENTED, 501, 2, "not_implemented", "不支持这种请求")                                                    \
    X(BUSY, 503, 6, "busy", "系统繁忙，请稍后再试")                                                                    \
    X(DB, 500, 1, "database", "数据库出错，已记录，本次操作没有生效")                                                  \
    X(IO, 500, 1, "io", "读写文件出错，本次操作没有生效")                                                              \
    X(MEMORY, 503, 6, "out_of_memory", "系统内存不足，本次操作没有生效，请稍后再试")                                   \
    X(FULL, 507, 1, "storage_full", "存储空间不足，本次操作没有生效")                                                  \
    X(PACK, 500, 7, "pack", "策略包有错误")                                                                            \
    X(DATA, 500, 8, "data", "数据校验不通过")                                                                          \
    X(USAGE, 400, 2, "usage", "命令写法不对")                                                                          \
    X(CANCELLED, 409, 9, "cancelled", "已取消")

typedef enum {
#define X(word, http, exit_status, api, text) E_##word,
    ERR_TABLE(X)
#undef X
        E_COUNT
} ErrCode;

typedef struct {
    int http;
    int exit_status;
    const char *api;
    const char *text;
} ErrInfo;

const ErrInfo *err_info(ErrCode code); /* CHECKs the range; never NULL */

typedef struct Db Db;                  /* db/db.h */

/*
 * Cx - the context of one request, job or command: where its memory comes from, what went wrong, what time it is.
 * Belongs to one thread at a time. `db` is the connection reads of this context go through (store sets it).
 */
typedef struct Cx {
    Arena *mem;
    ErrCode err;
    Str err_text;       /* Chinese, for the user; empty: the code's own text */
    Str err_clause;     /* clause id, when a rule of the plan is the reason */
    Str err_at;         /* "file:line" of fail(), for the log */
    int64_t now_ms;     /* UTC, fixed for the whole request */
    Str request_id;
    const struct IdemOnce *once; /* what the next write notes in its own transaction; NULL: nothing */
    Db *db;
} Cx;

/* cx_init - a clean context on `mem`, with the clock read once. */
void cx_init(Cx *cx, Arena *mem);

/* fail - note a failure (the first wins) and return false: `return fail(cx, E_WRONG_STATE, "…", …);` */
#define fail(cx, code, ...) cx_fail((cx), (code), __FILE__, __LINE__, __VA_ARGS__)
bool cx_fail(Cx *cx, ErrCode code, const char *file, int line, const char *fmt, ...) PRINTF(5, 6);

/* cx_enough - is there memory to go on with? When the context's arena is short: a failure (MEMORY, or TOO_LARGE past the maximum). */
bool cx_enough(Cx *cx);

/* cx_clear - forget a failure that was dealt with. */
void cx_clear(Cx *cx);

/* cx_text - what to tell the user: err_text, or the code's own text. */
Str cx_text(const Cx *cx);
