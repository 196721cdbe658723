/*
 * common.c - what several commands need: the pack and the store of a data folder, who acts.
 *
 * A data folder names its pack in the file `pack` (one line: the folder).
 */
#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "app/app.h"
#include "base/folder.h"
#include "feature/feature.h"
#include "store/call.h"

const Actor SYSTEM_ACTOR = {.is_system = true, .name = STR_INIT("系统"), .via = STR_INIT("cli")};

static const char *pack_dir(Cx *cx, const Options *o)
{
    if (o->pack != NULL) {
        return o->pack;
    }
    Str kept = S("");
    if (o->data != NULL && !folder_setting(cx, o->data, "pack", NULL, &kept)) {
        return NULL;
    }
    return kept.n != 0 ? str_z(cx->mem, kept) : app_share(cx, NULL, "pack/neimenggu", "pack/neimenggu");
}

const Pack *app_pack(Cx *cx, const Options *o)
{
    Str report = S("");
    features_register();
    const char *dir = pack_dir(cx, o);
    const Pack *p = dir != NULL ? pack_load(cx, arena_new(0), dir, &report) : NULL;
    if (p == NULL) {
        fprintf(stderr, "%.*s", STRF(report));
        return NULL;
    }
    return rule_pack_check(cx, p) && store_calls_known(cx, p) ? p : NULL;
}

static bool app_place(Cx *cx, const Options *o, const Pack *p)
{
    int fd = open(str_printf(cx->mem, "%s/pack", o->data).p, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    char real[4096]; /* the folder may be served from elsewhere later */
    bool ok = fd >= 0 && realpath(str_z(cx->mem, p->dir), real) != NULL && dprintf(fd, "%s\n", real) > 0;
    if (fd >= 0) {
        close(fd);
    }
    return ok || fail(cx, E_IO, "无法写入 %s", o->data);
}

Store *app_store_new(Cx *cx, const Options *o, const Pack *p)
{
    if (o->db != NULL && !store_place(cx, o->data, o->db)) {
        return NULL;
    }
    Store *s = store_open(cx, o->data, p);
    if (s == NULL && o->db != NULL) { /* so that another address may be tried */
        unlink(str_printf(cx->mem, "%s/db", o->data).p);
    }
    if (s != NULL && !app_place(cx, o, p)) {
        store_close(s);
        s = NULL;
    }
    return s;
}

bool app_has_data(Cx *cx, const Options *o)
{
    return folder_has(str_printf(cx->mem, "%s/tamga.db", o->data).p) || folder_has(str_printf(cx->mem, "%s/db", o->data).p);
}

Store *app_store(Cx *cx, const Options *o)
{
    if (o->data == NULL) {
        (void)fail(cx, E_USAGE, "请用 --data 指定数据文件夹");
        return NULL;
    }
    if (o->db != NULL && app_has_data(cx, o)) {
        const char *now = store_database(cx, o->data);
        if (now == NULL || !str_eq(str_c(now), str_c(o->db))) {
            (void)!fail(cx, E_CONFLICT, "%s 已经有另一个数据库；要换地址，请改数据文件夹里的 db 文件", o->data);
            return NULL;
        }
    }
    if (!app_has_data(cx, o)) {
        (void)fail(cx, E_NOT_FOUND, "%s 不是数据文件夹，请先运行 tamga init --data %s", o->data, o->data);
        return NULL;
    }
    no_dumps(); /* the keys are about to be read */
    const Pack *p = app_pack(cx, o);
    return p != NULL ? store_open(cx, o->data, p) : NULL;
}

bool app_secret(Cx *cx, const char *prompt, Str *ret)
{
    struct termios was;
    bool tty = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &was) == 0;
    char line[256];
    fprintf(stderr, "%s：", prompt);
    if (tty) {
        struct termios quiet = was;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
    }
    bool ok = fgets(line, sizeof line, stdin) != NULL;
    if (tty) {
        tcsetattr(STDIN_FILENO, TCSANOW, &was);
        fprintf(stderr, "\n");
    }
    if (!ok) {
        return fail(cx, E_USAGE, "没有读到口令");
    }
    *ret = str_dup(cx->mem, str_trim(str_c(line)));
    secret_wipe(line, sizeof line);
    return true;
}

bool app_actor(Cx *cx, Store *s, const char *login, Actor *ret)
{
    User u;
    if (login == NULL) {
        *ret = SYSTEM_ACTOR;
        return true;
    }
    if (!store_attach(cx, s) || !user_by_login(cx, s, str_c(login), &u) || !user_actor(cx, s, u.id, ret)) {
        return false;
    }
    ret->via = S("cli");
    return true;
}
