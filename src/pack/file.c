/*
 * file.c - the files of a pack: read once, kept until the hash over all of them is made.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fmt/crypt.h"
#include "pack/load.h"

static bool read_whole(int fd, char *out, size_t n, size_t *ret_n)
{
    size_t got = 0;
    while (got < n) {
        ssize_t k = read(fd, out + got, n - got);
        if (k < 0 && errno == EINTR) {
            continue;
        }
        if (k < 0) {
            return false;
        }
        if (k == 0) {
            break;
        }
        got += (size_t)k;
    }
    *ret_n = got;
    return true;
}

bool file_text(Loader *l, Str name, size_t max_bytes, Str *ret)
{
    *ret = (Str){NULL, 0};
    Str path = str_printf(l->tmp, "%s/%.*s", l->dir, STRF(name));
    int fd = open(path.p, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        if (errno != ENOENT) {
            fault_at(l, name, 1, 1, "文件打不开（%s），应为可读的文件", strerrordesc_np(errno));
        }
        return false;
    }
    struct stat st;
    bool ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    if (!ok) {
        fault_at(l, name, 1, 1, "不是普通文件，应为文本文件");
    } else if ((size_t)st.st_size > max_bytes) {
        fault_at(l, name, 1, 1, "文件太大，应在 %zu KiB 以内", max_bytes / 1024);
        ok = false;
    } else {
        char *p = arena_alloc(l->tmp, (size_t)st.st_size + 1);
        size_t n = 0;
        ok = read_whole(fd, p, (size_t)st.st_size, &n);
        if (!ok) {
            fault_at(l, name, 1, 1, "文件读不出来（%s），应为可读的文件", strerrordesc_np(errno));
        }
        *ret = str_n(p, n);
    }
    close(fd);
    if (ok) {
        ARRAY_ROOM(l->tmp, l->files, l->n_files, l->cap_files);
        l->files[l->n_files++] = (PackFile){str_dup(l->tmp, name), *ret};
    }
    return ok;
}

Node *file_tree(Loader *l, Str name, bool required)
{
    Str text;
    size_t before = l->n_faults;
    if (!file_text(l, name, YAML_MAX_BYTES, &text)) {
        if (required && l->n_faults == before) {
            fault_at(l, name, 1, 1, "缺少文件，应为 doc/pack.md 所说的 %.*s", STRF(name));
        }
        return NULL;
    }
    YamlFault f;
    Node *n = yaml_read(l->tmp, str_dup(l->tmp, name), text, &f);
    if (n == NULL) {
        fault_at(l, name, f.line, f.col, "%.*s", STRF(f.text));
    }
    return n;
}

static int by_name(const void *a, const void *b)
{
    const Str *x = a, *y = b;
    return str_cmp(*x, *y);
}

Str *file_names(Loader *l, const char *sub, size_t *ret_n)
{
    *ret_n = 0;
    Str path = str_printf(l->tmp, "%s/%s", l->dir, sub);
    DIR *d = opendir(path.p);
    if (d == NULL) {
        return NULL;
    }
    Str *names = NULL;
    size_t cap = 0, n = 0;
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        Str name = str_c(e->d_name);
        if (e->d_name[0] == '.' || !str_ends(name, S(".yaml")) || !utf8_valid(name)) {
            continue;
        }
        ARRAY_ROOM(l->tmp, names, n, cap);
        names[n++] = str_printf(l->tmp, "%s%s%s", sub, sub[0] != '\0' ? "/" : "", e->d_name);
    }
    closedir(d);
    if (n > 1) {
        qsort(names, n, sizeof *names, by_name);
    }
    *ret_n = n;
    return names;
}

static int by_file(const void *a, const void *b)
{
    const PackFile *x = a, *y = b;
    return str_cmp(x->name, y->name);
}

void files_hash(Loader *l)
{
    if (l->n_files > 1) {
        qsort(l->files, l->n_files, sizeof *l->files, by_file);
    }
    size_t total = 0;
    for (size_t i = 0; i < l->n_files; i++) {
        total += l->files[i].name.n + l->files[i].text.n + 64;
    }
    Buf all = buf_new(l->tmp, total);
    for (size_t i = 0; i < l->n_files; i++) {
        buf_printf(&all, "%zu:", l->files[i].name.n);
        buf_add(&all, l->files[i].name);
        buf_printf(&all, "%zu:", l->files[i].text.n);
        buf_add(&all, l->files[i].text);
    }
    CHECK(!all.full);
    uint8_t digest[32];
    sha256(all.p != NULL ? all.p : "", all.n, digest);
    l->p->hash = hex(l->mem, digest, sizeof digest);
}
