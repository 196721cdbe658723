/*
 * box.c - see box.h.
 */
#include "job/box.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

#define MAGIC "TAMGABX1"
#define MAGIC_LEN 8
#define HEAD_LEN 17
#define CHUNK ((size_t)64 << 10)
#define TAG 16
#define NO_MEMORY_FILE "内存不足，暂时不能处理这个文件"
#define LEFT_MS ((int64_t)3600 * 1000)

typedef struct {
    Cipher cipher;
    uint8_t key[32], salt[8];
} Box;

static Box box_of(const Store *s, Arena *mem, Cipher c)
{
    Box b = {.cipher = c};
    memcpy(b.key, store_secret(s, mem, c == CIPHER_SM4_GCM ? "job files sm4" : "job files").p, sizeof b.key);
    return b;
}

static void nonce_of(const Box *b, uint32_t n, uint8_t ret[12])
{
    memcpy(ret, b->salt, 8);
    for (int i = 0; i < 4; i++) {
        ret[8 + i] = (uint8_t)(n >> (24 - 8 * i));
    }
}

/* As many bytes as there are, up to n; -1: trouble. */
static ssize_t read_full(int fd, uint8_t *to, size_t n)
{
    size_t got = 0;
    while (got < n) {
        ssize_t r = read(fd, to + got, n - got);
        if (r < 0 && errno == EINTR) {
            continue;
        }
        if (r < 0) {
            return -1;
        }
        if (r == 0) {
            break;
        }
        got += (size_t)r;
    }
    return (ssize_t)got;
}

static bool write_full(int fd, const void *from, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t w = write(fd, (const uint8_t *)from + done, n - done);
        if (w < 0 && errno == EINTR) {
            continue;
        }
        if (w <= 0) {
            return false;
        }
        done += (size_t)w;
    }
    return true;
}

/* Each chunk is authenticated with whether it is the last: 1 or 0. A file of whole chunks ends with an empty one. */
static bool seal_stream(Arena *mem, Box *b, int in, int out)
{
    uint8_t *clear = arena_alloc(mem, CHUNK), *sealed = arena_alloc(mem, CHUNK + TAG), head[HEAD_LEN], nonce[12];
    random_bytes(b->salt, sizeof b->salt);
    memcpy(head, MAGIC, MAGIC_LEN);
    head[MAGIC_LEN] = (uint8_t)b->cipher;
    memcpy(head + MAGIC_LEN + 1, b->salt, 8);
    bool ok = write_full(out, head, sizeof head);
    size_t got = CHUNK;
    for (uint32_t n = 0; ok && got == CHUNK; n++) {
        ssize_t r = read_full(in, clear, CHUNK);
        got = r < 0 ? 0 : (size_t)r;
        nonce_of(b, n, nonce);
        aead_seal(b->cipher, b->key, nonce, got == CHUNK ? S("0") : S("1"), str_n((const char *)clear, got), sealed, sealed + got);
        ok = r >= 0 && write_full(out, sealed, got + TAG);
    }
    secret_wipe(clear, CHUNK);
    return ok;
}

static bool open_stream(Arena *mem, Box *b, int in, int out)
{
    uint8_t *sealed = arena_alloc(mem, CHUNK + TAG), *clear = arena_alloc(mem, CHUNK), nonce[12];
    size_t got = CHUNK;
    bool ok = true;
    for (uint32_t n = 0; ok && got == CHUNK; n++) {
        ssize_t r = read_full(in, sealed, CHUNK + TAG);
        ok = r >= TAG;
        got = ok ? (size_t)r - TAG : 0;
        nonce_of(b, n, nonce);
        ok = ok && aead_open(b->cipher, b->key, nonce, got == CHUNK ? S("0") : S("1"), str_n((const char *)sealed, got), sealed + got, clear) &&
             write_full(out, clear, got);
    }
    secret_wipe(clear, CHUNK);
    return ok;
}

static bool is_boxed(int fd)
{
    char head[MAGIC_LEN];
    return pread(fd, head, sizeof head, 0) == MAGIC_LEN && memcmp(head, MAGIC, MAGIC_LEN) == 0;
}

static bool put(Cx *cx, const Store *s, int in, const char *path)
{
    const char *part = str_printf(cx->mem, "%s.part", path).p;
    ArenaMark mark = arena_mark(cx->mem);
    Box b = box_of(s, cx->mem, store_key(s)->cipher == CIPHER_SM4_GCM ? CIPHER_SM4_GCM : CIPHER_AES256_GCM);
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && seal_stream(cx->mem, &b, in, fd) && fsync(fd) == 0;
    secret_wipe(&b, sizeof b);
    if (fd >= 0) {
        close(fd);
    }
    arena_release(cx->mem, mark);
    if (!ok || rename(part, path) != 0) {
        int trouble = errno;
        unlink(part);
        return fail(cx, trouble == ENOSPC ? E_FULL : E_IO, "无法写入 %s", path);
    }
    return true;
}

static int memory_file(Cx *cx, const char **ret_path)
{
    int fd = memfd_create("tamga", MFD_CLOEXEC);
    if (ret_path != NULL) {
        *ret_path = str_printf(cx->mem, "/proc/self/fd/%d", fd).p;
    }
    return fd;
}

bool box_bytes(Cx *cx, Str bytes, int *ret_fd, const char **ret_path)
{
    *ret_fd = memory_file(cx, ret_path);
    if (*ret_fd >= 0 && write_full(*ret_fd, bytes.p, bytes.n) && lseek(*ret_fd, 0, SEEK_SET) == 0) {
        return true;
    }
    if (*ret_fd >= 0) {
        close(*ret_fd);
    }
    return fail(cx, E_IO, NO_MEMORY_FILE);
}

bool box_write(Cx *cx, const Store *s, const char *path, Str bytes)
{
    int fd;
    if (!box_bytes(cx, bytes, &fd, NULL)) {
        return false;
    }
    bool ok = put(cx, s, fd, path);
    close(fd);
    return ok;
}

bool box_seal(Cx *cx, const Store *s, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = fd < 0 || is_boxed(fd) || put(cx, s, fd, path);
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

bool box_open(Cx *cx, const Store *s, const char *path, int *ret_fd, const char **ret_path)
{
    uint8_t head[HEAD_LEN];
    struct stat st;
    int in = open(path, O_RDONLY | O_CLOEXEC);
    if (in < 0 || fstat(in, &st) != 0) {
        if (in >= 0) {
            close(in);
        }
        return fail(cx, E_NOT_FOUND, "这个任务没有这个文件");
    }
    if (!is_boxed(in)) { /* of before */
        *ret_fd = in;
        if (ret_path != NULL) {
            *ret_path = path;
        }
        return true;
    }
    *ret_fd = memory_file(cx, ret_path);
    if (*ret_fd < 0) {
        close(in);
        return fail(cx, E_IO, NO_MEMORY_FILE);
    }
    bool ok = read_full(in, head, sizeof head) == HEAD_LEN && cipher_word((Cipher)head[MAGIC_LEN]) != NULL;
    if (ok) {
        ArenaMark mark = arena_mark(cx->mem);
        Box b = box_of(s, cx->mem, (Cipher)head[MAGIC_LEN]);
        memcpy(b.salt, head + MAGIC_LEN + 1, 8);
        ok = open_stream(cx->mem, &b, in, *ret_fd) && lseek(*ret_fd, 0, SEEK_SET) == 0;
        secret_wipe(&b, sizeof b);
        arena_release(cx->mem, mark);
    }
    close(in);
    if (!ok) {
        close(*ret_fd);
    }
    return ok ? true : fail(cx, E_DATA, "文件 %s 已损坏", path);
}

void box_sweep(Cx *cx, const Store *s, const char *dir)
{
    DIR *d = opendir(dir);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        const char *path = str_printf(cx->mem, "%s/%s", dir, e->d_name).p;
        Str name = str_c(e->d_name);
        struct stat st;
        bool left = str_starts(name, S("answer-")) || str_ends(name, S(".part"));
        if (left && stat(path, &st) == 0 && (int64_t)st.st_mtime * 1000 < cx->now_ms - LEFT_MS) { /* not one another process is making */
            (void)unlink(path);
        } else if (!left && name.p[0] >= '0' && name.p[0] <= '9' && !box_seal(cx, s, path)) {
            log_warn("jobs: %s not sealed: %.*s", e->d_name, STRF(cx_text(cx)));
            cx_clear(cx);
        }
    }
    if (d != NULL) {
        closedir(d);
    }
}
