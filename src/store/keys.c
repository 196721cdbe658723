/*
 * keys.c - see keys.h.
 */
#include "store/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"
#include "store/file.h"
#include "store/sealing.h"

#define MASTER_LEN 32
#define UNREAD "读不了密钥文件 %s，请检查磁盘和它的权限"

const char *keys_path(Cx *cx, const char *dir, bool *ret_outside)
{
    const char *env = getenv("TAMGA_KEY_FILE"), *given = getenv("CREDENTIALS_DIRECTORY");
    Str line;
    *ret_outside = true;
    if (env != NULL && env[0] != '\0') {
        return env;
    }
    if (!folder_setting(cx, dir, "key_file", NULL, &line)) {
        return NULL;
    }
    if (line.n != 0) {
        if (line.p[0] != '/') {
            (void)fail(cx, E_DATA, "%s/key_file 里应是一个绝对路径", dir);
            return NULL;
        }
        return str_z(cx->mem, line);
    }
    const char *credential = given != NULL ? str_printf(cx->mem, "%s/tamga-master.key", given).p : NULL;
    if (credential != NULL && (access(credential, F_OK) == 0 || errno != ENOENT)) {
        return credential;
    }
    *ret_outside = false;
    return str_printf(cx->mem, "%s/master.key", dir).p;
}

/* Whole or not at all: a folder whose key was half-written when the power went could never be opened. */
static bool write_key(Cx *cx, const StoreKeys *k, const char *dir, const char *path)
{
    const char *trouble = str_printf(cx->mem, "无法写入密钥文件 %s", path).p;
    const char *part = str_printf(cx->mem, "%s.%.*s.part", path, STRF(random_token(cx->mem, 6))).p;
    if (!file_write_new(cx, part, str_n((const char *)k->master, MASTER_LEN), trouble)) {
        return false;
    }
    bool ok = link(part, path) == 0 && folder_sync(dir); /* not rename: a key that appeared meanwhile stays */
    unlink(part);
    return ok ? true : fail(cx, E_IO, "%s", trouble);
}

static bool read_key(Cx *cx, StoreKeys *k, int fd, const char *path)
{
    struct stat st;
    uint8_t more;
    ssize_t n = read(fd, k->master, MASTER_LEN), rest = n == MASTER_LEN ? read(fd, &more, 1) : 0;
    if (n < 0 || rest < 0) { /* the disk: the key itself may be whole */
        return fail(cx, E_IO, UNREAD, path);
    }
    if (n != MASTER_LEN || rest != 0) {
        return fail(cx, E_DATA, "密钥文件 %s 已损坏", path);
    }
    /* A credential of systemd is 0440 and belongs to root, in a folder that only the service may enter. */
    bool credential = getenv("CREDENTIALS_DIRECTORY") != NULL && str_starts(str_c(path), str_c(getenv("CREDENTIALS_DIRECTORY")));
    if (fstat(fd, &st) != 0 || (st.st_mode & (credential ? 027 : 077)) != 0) {
        return fail(cx, E_DATA, "别人也能读密钥文件 %s，请改为 0600", path);
    }
    return true;
}

static bool read_or_make(Cx *cx, StoreKeys *k, const char *dir)
{
    bool outside;
    const char *path = keys_path(cx, dir, &outside);
    if (path == NULL) {
        return false;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        bool ok = read_key(cx, k, fd, path);
        close(fd);
        return ok;
    }
    if (errno != ENOENT) { /* it may well be there */
        return fail(cx, E_IO, UNREAD, path);
    }
    if (outside) {
        return fail(cx, E_IO, "读不到密钥文件 %s；它应先放好（32 字节随机数，权限 0600）", path);
    }
    if (folder_has(str_printf(cx->mem, "%s/tamga.db", dir).p)) { /* on a server the database itself knows its keys (place.c) */
        return fail(cx, E_IO, "没有密钥文件 %s，而这里已有数据：换一个新密钥，个人信息就再也打不开。请放回原来的，或者写明它在哪里（见 doc/keys.md）", path);
    }
    random_bytes(k->master, MASTER_LEN);
    return write_key(cx, k, dir, path);
}

static void derive(const StoreKeys *k, const char *purpose, uint8_t ret[32])
{
    hmac_sha256(str_n((const char *)k->master, MASTER_LEN), str_c(purpose), ret);
}

Str keys_secret(const StoreKeys *k, Arena *mem, const char *purpose)
{
    uint8_t *out = arena_alloc(mem, 32);
    derive(k, purpose, out);
    return str_n((const char *)out, 32);
}

Str keys_mark(const StoreKeys *k, Arena *mem)
{
    return hex(mem, keys_secret(k, mem, "whose database").p, 32);
}

StoreKeys *keys_open(Cx *cx, const char *dir)
{
    StoreKeys *k = secret_new(sizeof *k);
    Str word;
    Cipher c = CIPHER_AES256_GCM;
    bool ok = folder_setting(cx, dir, "cipher", NULL, &word) && read_or_make(cx, k, dir);
    if (ok && word.n != 0 && !cipher_read(word, &c)) {
        ok = fail(cx, E_DATA, "%s/cipher 里应是 aes-256-gcm 或 sm4-gcm", dir);
    }
    if (!ok) {
        keys_close(k);
        return NULL;
    }
    derive(k, "field encryption", k->field.key);
    derive(k, "blind index", k->field.index_key);
    derive(k, "subject keys", k->wrap.key);
    k->field.id = k->wrap.id = 1;
    k->field.cipher = k->wrap.cipher = (uint8_t)c;
    return k;
}

void keys_close(StoreKeys *k)
{
    secret_free(k);
}
