/*
 * channels.c - reading channels.yaml: each surprise stops the start and is named with its place.
 */
#include "job/channels.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pack/tree.h"
#include "store/contact.h"

#define FILE_MAX 65536

typedef struct {
    Cx *cx;
    Arena *mem;
} Reading;

static bool wrong(const Reading *r, const Node *at, const char *text)
{
    return fail(r->cx, E_DATA, "channels.yaml:%d:%d: %s", at->line, at->col, text);
}

/* Printable, so that it cannot end a line of a header. */
static bool one_line(Str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f) {
            return false;
        }
    }
    return s.n <= 300;
}

static bool text_of(const Reading *r, const Node *map, const char *key, bool required, Str *ret)
{
    const Node *n = node_get(map, key);
    if (n == NULL) {
        return !required || wrong(r, map, str_printf(r->mem, "缺少 %s", key).p);
    }
    if (n->kind != NODE_TEXT || n->text.n == 0 || !one_line(n->text)) {
        return wrong(r, n, str_printf(r->mem, "%s 应为一行文字", key).p);
    }
    *ret = str_dup(r->mem, n->text);
    return true;
}

static bool keys_known(const Reading *r, const Node *map, const char *const *keys)
{
    if (map->kind != NODE_MAP) {
        return wrong(r, map, "应为“键: 值”");
    }
    for (const Node *n = map->first; n != NULL; n = n->next) {
        bool known = false;
        for (size_t i = 0; keys[i] != NULL; i++) {
            known = known || str_eq(n->key, str_c(keys[i]));
        }
        if (!known) {
            return fail(r->cx, E_DATA, "channels.yaml:%d:%d: 不认识 %.*s，见 doc/channels.md", n->key_line, n->key_col, STRF(n->key));
        }
    }
    return true;
}

static bool ascii_word(Str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] <= 0x20 || s.p[i] >= 0x7f) {
            return false;
        }
    }
    return s.n != 0;
}

static bool url_of(const Reading *r, const Node *map, Str *ret)
{
    if (!text_of(r, map, "url", true, ret)) {
        return false;
    }
    bool web = str_starts(*ret, S("https://")) || str_starts(*ret, S("http://"));
    return (web && ascii_word(*ret)) || wrong(r, node_get(map, "url"), "url 应为 https:// 或 http:// 开头的网址");
}

static bool server_ok(Str server)
{
    Str host, port;
    int64_t n;
    return str_cut(server, ':', &host, &port) && ascii_word(host) && !str_contains(host, S("/")) && !str_contains(host, S("@")) &&
           str_int(port, &n) && n > 0 && n < 65536;
}

static bool mail_of(const Reading *r, const Node *m, Channels *c)
{
    static const char *const KEYS[] = {"server", "tls", "from", "from_name", "user", "password", "ca_file", NULL};
    c->mail.tls = S("starttls");
    if (!keys_known(r, m, KEYS) || !text_of(r, m, "server", true, &c->mail.server) || !text_of(r, m, "tls", false, &c->mail.tls) ||
        !text_of(r, m, "from", true, &c->mail.from) || !text_of(r, m, "from_name", false, &c->mail.from_name) ||
        !text_of(r, m, "user", false, &c->mail.user) || !text_of(r, m, "password", c->mail.user.n != 0, &c->mail.password) ||
        !text_of(r, m, "ca_file", false, &c->mail.ca_file)) {
        return false;
    }
    if (!server_ok(c->mail.server)) {
        return wrong(r, node_get(m, "server"), "server 应为 主机:端口，例如 smtp.example.org:587");
    }
    if (!str_eq(c->mail.tls, S("starttls")) && !str_eq(c->mail.tls, S("tls")) && !str_eq(c->mail.tls, S("none"))) {
        return wrong(r, node_get(m, "tls"), "tls 应为 starttls、tls 或 none");
    }
    if (!email_ok(c->mail.from)) {
        return wrong(r, node_get(m, "from"), "from 应为电子邮箱，例如 tamga@example.org");
    }
    c->on |= CHANNEL_MAIL;
    return true;
}

static bool sms_of(const Reading *r, const Node *m, Channels *c)
{
    static const char *const KEYS[] = {"url", "token", "prefix", "ca_file", NULL};
    if (!keys_known(r, m, KEYS) || !url_of(r, m, &c->sms.url) || !text_of(r, m, "token", true, &c->sms.token) ||
        !text_of(r, m, "prefix", false, &c->sms.prefix) || !text_of(r, m, "ca_file", false, &c->sms.ca_file)) {
        return false;
    }
    if (!ascii_word(c->sms.token)) {
        return wrong(r, node_get(m, "token"), "token 只能用字母、数字和符号");
    }
    c->on |= CHANNEL_SMS;
    return true;
}

static bool hook_of(const Reading *r, const Node *m, Channels *c)
{
    static const char *const KEYS[] = {"url", "secret", "ca_file", NULL};
    if (!keys_known(r, m, KEYS) || !url_of(r, m, &c->hook.url) || !text_of(r, m, "secret", true, &c->hook.secret) ||
        !text_of(r, m, "ca_file", false, &c->hook.ca_file)) {
        return false;
    }
    if (c->hook.secret.n < 16) {
        return wrong(r, node_get(m, "secret"), "secret 至少 16 个字符");
    }
    c->on |= CHANNEL_HOOK;
    return true;
}

/* *ret.p NULL: there is no such file. */
static bool file_of(Cx *cx, Arena *mem, const char *path, Str *ret)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    *ret = (Str){0};
    if (fd < 0) {
        return errno == ENOENT || fail(cx, E_IO, "打不开 channels.yaml，请检查文件权限");
    }
    char *text = arena_alloc(mem, FILE_MAX + 1);
    ssize_t n = fstat(fd, &st) == 0 ? read(fd, text, FILE_MAX + 1) : -1;
    close(fd);
    if (n < 0 || n > FILE_MAX) {
        return fail(cx, E_IO, "读不了 channels.yaml，应在 64 KiB 以内");
    }
    if ((st.st_mode & 077) != 0) {
        return fail(cx, E_DATA, "channels.yaml 里有口令，别的用户不能读它：请执行 chmod 600");
    }
    *ret = str_n(text, (size_t)n);
    return true;
}

bool channels_read(Cx *cx, Arena *mem, const char *path, Channels *ret)
{
    static const char *const KEYS[] = {"mail", "sms", "hook", NULL};
    Reading r = {.cx = cx, .mem = mem};
    Channels c = {0};
    Str text;
    YamlFault at;
    *ret = c;
    if (!file_of(cx, mem, path, &text) || text.p == NULL) {
        return cx->err == E_OK;
    }
    if (!utf8_valid(text)) {
        return fail(cx, E_DATA, "channels.yaml 不是 UTF-8 文字");
    }
    const Node *root = yaml_read(mem, S("channels.yaml"), text, &at);
    if (root == NULL) {
        return fail(cx, E_DATA, "channels.yaml:%d:%d: %.*s", at.line, at.col, STRF(at.text));
    }
    if (root->kind == NODE_NULL) {
        return true;
    }
    if (!keys_known(&r, root, KEYS)) {
        return false;
    }
    const Node *mail = node_get(root, "mail"), *sms = node_get(root, "sms"), *hook = node_get(root, "hook");
    if ((mail != NULL && !mail_of(&r, mail, &c)) || (sms != NULL && !sms_of(&r, sms, &c)) || (hook != NULL && !hook_of(&r, hook, &c))) {
        return false;
    }
    *ret = c;
    return true;
}
