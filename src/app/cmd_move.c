/*
 * cmd_move.c - tamga move: from which database and folder to which, and what is shown meanwhile.
 */
#include <fcntl.h>
#include <unistd.h>

#include "app/app.h"
#include "base/clock.h"
#include "store/move.h"

/* Which table, how far, how fast: on a terminal one line that changes, else a line each two seconds and at a table's end. */
typedef struct {
    int64_t begun_ms, told_ms, rows_then;
    Str table, what;
    bool quiet;
} Shown;

static void show(void *ctx, Str what, Str table, int64_t done, int64_t total)
{
    Shown *s = ctx;
    int64_t now = clock_mono_ms();
    bool tty = isatty(STDERR_FILENO) != 0;
    if (!str_eq(s->table, table) || !str_eq(s->what, what)) {
        s->table = table;
        s->what = what;
        s->begun_ms = s->told_ms = now;
        s->rows_then = done; /* there from an earlier run */
        if (done < total) {
            return;
        }
    }
    if (s->quiet || (done < total && now - s->told_ms < (tty ? 200 : 2000))) {
        return;
    }
    s->told_ms = now;
    int64_t ms = MAX(now - s->begun_ms, 1);
    fprintf(stderr, "%s%.*s %.*s %lld / %lld 行 %lld%% %lld 行/秒%s", tty ? "\r\033[K" : "", STRF(what), STRF(table), (long long)done,
            (long long)total, (long long)(total > 0 ? MIN(done * 100 / total, 100) : 100), (long long)((done - s->rows_then) * 1000 / ms),
            tty && done < total ? "" : "\n");
}

/* "sqlite:DIR" or "postgresql://…"; dir stays NULL for a server. */
static bool read_side(Cx *cx, const char *text, const char *option, MoveSide *ret)
{
    Str t = str_c(text);
    if (t.n > 7 && str_starts(t, S("sqlite:"))) {
        while (t.n > 8 && t.p[t.n - 1] == '/') {
            t.n--;
        }
        ret->dir = str_z(cx->mem, str_sub(t, 7, t.n));
        ret->url = str_printf(cx->mem, "%.*s/tamga.db", STRF(t)).p;
        return true;
    }
    if (t.n > 13 && str_starts(t, S("postgresql://"))) {
        ret->url = text;
        return true;
    }
    return fail(cx, E_USAGE, "请用 %s 指定 sqlite:数据文件夹 或 postgresql://…", option);
}

static bool read_sides(Cx *cx, const Options *o, MoveSide *from, MoveSide *to)
{
    if (!read_side(cx, o->from, "--from", from) || !read_side(cx, o->to, "--to", to)) {
        return false;
    }
    if (from->dir == NULL) {
        from->dir = o->data != NULL ? o->data : to->dir;
    }
    if (to->dir == NULL) {
        to->dir = o->data != NULL ? o->data : from->dir;
    }
    return from->dir != NULL || fail(cx, E_USAGE, "请用 --data 指定数据文件夹");
}

bool cmd_move(Cx *cx, const Options *o)
{
    MoveSide from = {0}, to = {0};
    MoveCounts n;
    Str report = S("");
    Shown shown = {.quiet = o->quiet};
    int64_t start = clock_mono_ms();
    if (o->n_words != 0 || !read_sides(cx, o, &from, &to)) {
        return cx->err != E_OK ? false : fail(cx, E_USAGE, "参数太多");
    }
    if (o->check) {
        if (!store_move_check(cx, &from, &to, show, &shown, &n, &report)) {
            return false;
        }
        printf("%.*s核对了 %lld 张表、%lld 行：%s（%lld ms）\n", STRF(report), (long long)n.tables, (long long)n.compared,
               report.n == 0 ? "两边相同" : "两边不同", (long long)(clock_mono_ms() - start));
        return report.n == 0 || fail(cx, E_DATA, "两边不同");
    }
    Options with = *o;
    with.data = from.dir;
    const Pack *p = app_pack(cx, &with);
    if (p == NULL || !store_move(cx, p, &from, &to, show, &shown, &n)) {
        return false;
    }
    printf("已搬到 %s：复制 %lld 行（已在目标里 %lld 行）、%lld 个文件；%lld 张表、%lld 行逐行核对相同；操作记录 %lld 条、公开日志 %lld 条核对相符（%lld ms）\n",
           to.dir, (long long)n.rows.rows, (long long)n.rows.found, (long long)n.files, (long long)n.tables, (long long)n.compared,
           (long long)n.events, (long long)n.log, (long long)(clock_mono_ms() - start));
    printf("原来的数据没有改动；确认新的可用以后，请自行保管或删除。启动：tamga serve --data %s\n", to.dir);
    return true;
}
