/*
 * archive.c - see archive.h. Over libzip; entry names are checked against the few a backup may have, never used as they come.
 */
#include "fmt/archive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/log.h"
#include "fmt/archive_sink.h"

#define SMALL (32 << 20)

static bool add(Cx *cx, zip_t *z, const char *path, const char *name)
{
    zip_source_t *src = zip_source_file(z, path, 0, -1);
    zip_int64_t at = src != NULL ? zip_file_add(z, name, src, ZIP_FL_ENC_UTF_8) : -1;
    if (at < 0) {
        if (src != NULL) {
            zip_source_free(src);
        }
        return fail(cx, E_IO, "无法把 %s 放进备份", path);
    }
    struct stat st; /* big ones as they are: squeezing them takes longer than writing them, and the service waits for the disk meanwhile */
    bool small = stat(path, &st) == 0 && st.st_size < SMALL;
    zip_set_file_compression(z, (zip_uint64_t)at, small ? ZIP_CM_DEFLATE : ZIP_CM_STORE, small ? 1 : 0);
    return true;
}

static bool is_hex(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f'))) {
            return false;
        }
    }
    return s[n] == '\0';
}

static bool unread(Cx *cx, const char *path)
{
    return fail(cx, E_IO, "读不了文件夹 %s，没有备份", path);
}

/* The names of the folder that `fits`, each given to `fn`. A folder that is not there is empty; one that cannot be read to its end is a failure. */
typedef bool NameFn(Cx *cx, zip_t *z, const char *dir, const char *name);
static bool each_name(Cx *cx, zip_t *z, const char *dir, size_t length, NameFn *fn)
{
    DIR *d = opendir(dir);
    if (d == NULL) {
        return errno == ENOENT || errno == ENOTDIR || unread(cx, dir);
    }
    bool ok = true;
    struct dirent *e;
    while (errno = 0, ok && (e = readdir(d)) != NULL) {
        if (strlen(e->d_name) == length && is_hex(e->d_name, length)) {
            ok = fn(cx, z, dir, e->d_name);
        }
    }
    if (ok && errno != 0) {
        ok = unread(cx, dir);
    }
    closedir(d);
    return ok;
}

static bool add_attachment(Cx *cx, zip_t *z, const char *dir, const char *name)
{
    return add(cx, z, str_printf(cx->mem, "%s/%s", dir, name).p, str_printf(cx->mem, "files/%.2s/%s", name, name).p);
}

static bool add_folder(Cx *cx, zip_t *z, const char *dir, const char *name)
{
    return each_name(cx, z, str_printf(cx->mem, "%s/%s", dir, name).p, 64, add_attachment);
}

static bool add_files(Cx *cx, zip_t *z, const char *dir)
{
    return each_name(cx, z, str_printf(cx->mem, "%s/files", dir).p, 2, add_folder);
}

/* The signing keys: without them a restored folder could not sign as the same office. Older folders have none yet. */
static const char *const KEY_FILES[] = {"keys/ed25519.key", "keys/sm2.key"};

/* What is set in files of the folder; where the database and a key kept outside are is a matter of the place, and not among it. */
static const char *const SETTINGS[] = {"anchor", "channels.yaml", "cipher", "metrics.token", "scan.conf"};

static bool add_those_there(Cx *cx, zip_t *z, const char *dir, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *path = str_printf(cx->mem, "%s/%s", dir, names[i]).p;
        if (folder_has(path) && !add(cx, z, path, names[i])) {
            return false;
        }
    }
    return true;
}

static bool is_one_of(const char *name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* A key that is kept outside the folder stays outside its backups. */
static bool add_key(Cx *cx, zip_t *z, const char *dir)
{
    const char *path = str_printf(cx->mem, "%s/master.key", dir).p;
    return !folder_has(path) || add(cx, z, path, "master.key");
}

/* The part begun by a backup that was killed is in nobody's way. */
static int new_part(const char *part)
{
    unlink(part);
    return open(part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600); /* the key is inside */
}

static bool write_all(Cx *cx, const char *dir, const char *db_copy, Steady *to)
{
    zip_error_t why;
    zip_error_init(&why);
    zip_source_t *sink = archive_sink(to);
    zip_t *z = sink != NULL ? zip_open_from_source(sink, ZIP_CREATE, &why) : NULL;
    zip_error_fini(&why);
    if (z == NULL) {
        zip_source_free(sink);
        return fail(cx, E_MEMORY, "内存不足，没有备份");
    }
    bool ok = add(cx, z, db_copy, "tamga.db") && add_key(cx, z, dir) && add(cx, z, str_printf(cx->mem, "%s/pack", dir).p, "pack") &&
              add_those_there(cx, z, dir, KEY_FILES, ARRAY_LEN(KEY_FILES)) && add_those_there(cx, z, dir, SETTINGS, ARRAY_LEN(SETTINGS)) &&
              add_files(cx, z, dir);
    if (ok && zip_close(z) == 0) {
        return true;
    }
    log_warn("backup: %s", zip_strerror(z));
    zip_discard(z);
    return false;
}

/* The bytes, then the name: a backup that was reported is there after a power cut. */
bool archive_write(Cx *cx, const char *dir, const char *db_copy, const char *out)
{
    const char *part = str_printf(cx->mem, "%s.part", out).p;
    Steady to = {.fd = new_part(part)};
    if (to.fd < 0) {
        return fail(cx, E_IO, "无法写入 %s", part);
    }
    bool ok = write_all(cx, dir, db_copy, &to) && steady_end(&to);
    close(to.fd);
    ok = ok && rename(part, out) == 0;
    if (!ok) {
        unlink(part);
        return cx->err != E_OK ? false : fail(cx, E_IO, "无法写入 %s", out);
    }
    return folder_sync_of(cx->mem, out) ? true : fail(cx, E_IO, "无法写入 %s", out);
}

static bool known_name(const char *name)
{
    if (strcmp(name, "tamga.db") == 0 || strcmp(name, "master.key") == 0 || strcmp(name, "pack") == 0) {
        return true;
    }
    if (is_one_of(name, KEY_FILES, ARRAY_LEN(KEY_FILES)) || is_one_of(name, SETTINGS, ARRAY_LEN(SETTINGS))) {
        return true;
    }
    return strlen(name) == 73 && strncmp(name, "files/", 6) == 0 && name[8] == '/' && is_hex(name + 9, 64) &&
           strncmp(name + 6, name + 9, 2) == 0;
}

static bool extract(Cx *cx, zip_t *z, zip_uint64_t i, const char *path)
{
    char buf[65536];
    zip_file_t *f = zip_fopen_index(z, i, 0);
    Steady to = {.fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    bool ok = f != NULL && to.fd >= 0;
    for (zip_int64_t n = 1; ok && n > 0;) {
        n = zip_fread(f, buf, sizeof buf);
        ok = n >= 0 && steady_write(&to, buf, (size_t)n);
    }
    ok = ok && steady_end(&to);
    if (to.fd >= 0) {
        close(to.fd);
    }
    if (f != NULL) {
        zip_fclose(f);
    }
    return ok ? true : fail(cx, E_IO, "无法写入 %s", path);
}

bool archive_read(Cx *cx, const char *in, const char *dir)
{
    int code;
    zip_t *z = zip_open(in, ZIP_RDONLY, &code);
    if (z == NULL || zip_name_locate(z, "tamga.db", 0) < 0) {
        if (z != NULL) {
            zip_discard(z);
        }
        return fail(cx, E_DATA, "%s 不是塔木嘎的备份文件", in);
    }
    bool ok = mkdir(dir, 0700) == 0 && mkdir(str_printf(cx->mem, "%s/files", dir).p, 0700) == 0 &&
              mkdir(str_printf(cx->mem, "%s/keys", dir).p, 0700) == 0;
    if (!ok) {
        (void)fail(cx, E_IO, "无法建立 %s", dir);
    }
    zip_int64_t n = zip_get_num_entries(z, 0);
    for (zip_int64_t i = 0; ok && i < n; i++) {
        const char *name = zip_get_name(z, (zip_uint64_t)i, 0);
        if (name == NULL || !known_name(name)) {
            ok = fail(cx, E_DATA, "备份里有不认识的内容");
            break;
        }
        if (name[0] == 'f') {
            const char *sub = str_printf(cx->mem, "%s/files/%.2s", dir, name + 6).p;
            ok = mkdir(sub, 0700) == 0 || errno == EEXIST ? true : fail(cx, E_IO, "无法建立 %s", sub);
        }
        ok = ok && extract(cx, z, (zip_uint64_t)i, str_printf(cx->mem, "%s/%s", dir, name).p);
    }
    zip_discard(z);
    return ok;
}
