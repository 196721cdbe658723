/*
 * pg_err.c - the failures of PostgreSQL as Tamga's, by SQLSTATE.
 *
 * The user reads Chinese without table names; the operator reads state, primary message (which holds no values; the
 * detail line, which does, is left out) and the start of the statement in the log.
 */
#include "base/log.h"
#include "db/pg_impl.h"

bool pg_broken(Cx *cx)
{
    return fail(cx, E_BUSY, "与数据库的连接断开了，请稍后再试；如果一直这样，请管理员检查数据库是否在运行");
}

static bool conflict(Cx *cx, Str state)
{
    if (str_eq(state, S("23505"))) {
        return fail(cx, E_CONFLICT, "已有相同的记录");
    }
    if (str_eq(state, S("23503"))) {
        return fail(cx, E_CONFLICT, "所引用的记录不存在，或者这条记录还在被引用");
    }
    if (str_eq(state, S("23502"))) {
        return fail(cx, E_CONFLICT, "缺少必须有的内容");
    }
    return fail(cx, E_CONFLICT, "内容不符合数据库的约束");
}

static bool cancelled(Cx *cx, PgConn *c)
{
    if (atomic_load(&c->interrupts) != c->step_interrupts) {
        return fail(cx, E_CANCELLED, "%s", err_info(E_CANCELLED)->text);
    }
    return fail(cx, E_BUSY, "数据库没有在规定的时间内答复，请缩小范围或稍后再试");
}

static ErrCode code_of(Str state)
{
    static const struct {
        Str begins;
        ErrCode code;
    } ROWS[] = {
        {STR_INIT("53100"), E_FULL}, {STR_INIT("53"), E_BUSY}, {STR_INIT("54"), E_TOO_LARGE},
        {STR_INIT("55P03"), E_BUSY}, {STR_INIT("40"), E_BUSY}, {STR_INIT("57P"), E_BUSY},
        {STR_INIT("08"), E_BUSY},    {STR_INIT("58"), E_IO},
    };
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        if (str_starts(state, ROWS[i].begins)) {
            return ROWS[i].code;
        }
    }
    return E_DB;
}

bool pg_fail(Cx *cx, PgConn *c, const PGresult *r, const char *sql)
{
    Str state = str_c(r != NULL ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL);
    const char *msg = r != NULL ? PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    if (PQstatus(c->h) != CONNECTION_OK) {
        log_warn("postgresql: connection lost %.*s: %s", STRF(state), msg != NULL ? msg : PQerrorMessage(c->h));
        return pg_broken(cx);
    }
    if (str_starts(state, S("23")) || str_starts(state, S("22")) || str_eq(state, S("42804"))) {
        const char *name = r != NULL ? PQresultErrorField(r, PG_DIAG_CONSTRAINT_NAME) : NULL;
        log_info("postgresql: conflict %.*s %s; sql: %.300s", STRF(state), name != NULL ? name : "", sql);
        return conflict(cx, state);
    }
    if (str_eq(state, S("57014"))) {
        return cancelled(cx, c);
    }
    log_warn("postgresql: %.*s %s; sql: %.300s", STRF(state), msg != NULL ? msg : PQerrorMessage(c->h), sql);
    ErrCode code = code_of(state);
    if (str_eq(state, S("25006")) && c->mode == DB_WRITE) { /* has become a standby; on a reading connection it is our own bug */
        c->stale = true;
        code = E_BUSY;
    }
    return fail(cx, code, "%s", err_info(code)->text);
}
