/*
 * parts.c - what hangs on a record of a bundle besides its own words: files, printed documents, entries of the public log, the rubric.
 */
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "feature/bundle/set.h"
#include "job/letter.h"
#include "store/file.h"
#include "store/tlog.h"

#define RUBRIC_MAX ((size_t)1 << 20)

static bool read_fd(Cx *cx, int fd, size_t n, Str *ret)
{
    char *p = arena_alloc(cx->mem, n + 1);
    size_t at = 0;
    for (ssize_t got = 1; at < n && got > 0;) {
        got = read(fd, p + at, n - at);
        at += got > 0 ? (size_t)got : 0;
    }
    *ret = str_n(p, at);
    return at == n;
}

/* ---- attachments ---- */

static Str ending(Str mime)
{
    static const Str ENDINGS[][2] = {{STR_INIT("application/pdf"), STR_INIT(".pdf")}, {STR_INIT("image/png"), STR_INIT(".png")},
                                     {STR_INIT("image/jpeg"), STR_INIT(".jpg")}};
    for (size_t i = 0; i < ARRAY_LEN(ENDINGS); i++) {
        if (str_eq(mime, ENDINGS[i][0])) {
            return ENDINGS[i][1];
        }
    }
    return str_contains(mime, S("sheet")) ? S(".xlsx") : str_contains(mime, S("word")) ? S(".docx") : S(".bin");
}

static bool put_attachment(Maker *m, Cx *cx, const File *f, Doc *l)
{
    Arena *mem = m->cx->mem;
    Str path = str_printf(mem, "attachments/%.*s%.*s", STRF(f->sha256), STRF(ending(f->mime))), bytes = S("");
    File opened;
    int fd;
    if (!map_has(&m->files, path)) {
        bool ok = file_open(cx, m->s, m->a, f->id, &opened, &fd);
        if (ok) {
            ok = read_fd(cx, fd, (size_t)f->size, &bytes);
            close(fd);
        }
        if (!ok) {
            cx_clear(cx);
            leave_out(m->cx, &m->c, S("附件"), f->name, S("保存的文件读不出来"));
            return true;
        }
        if (!put_file(m, cx, path, bytes)) {
            return false;
        }
    }
    Doc *o = doc_add_obj(l);
    doc_set_str(o, "path", path);
    doc_set_str(o, "name", str_dup(mem, f->name));
    doc_set_str(o, "kind", str_dup(mem, f->kind));
    doc_set_str(o, "trust", str_dup(mem, f->trust));
    doc_set_str(o, "sha256", str_dup(mem, f->sha256));
    doc_set_int(o, "size", f->size);
    doc_set_str(o, "by", str_dup(mem, f->by));
    doc_set_instant(o, "at", f->created_ms);
    return true;
}

bool put_attachments(Maker *m, Cx *cx, const Rec *r, Doc *o)
{
    File *files;
    size_t n;
    Doc *l = doc_set_list(o, "attachments");
    if (!file_list(cx, m->s, m->a, r->type, r->id, &files, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!put_attachment(m, cx, &files[i], l)) {
            return false;
        }
    }
    return true;
}

/* ---- printed documents ---- */

bool put_printed(Maker *m, Cx *cx, const Rec *r, Str base, Doc *o)
{
    const Pack *p = store_pack(m->s);
    Doc *l = doc_set_list(o, "documents");
    for (size_t i = 0; i < p->n_documents; i++) {
        const Document *d = &p->documents[i];
        Paper *paper;
        Str bytes;
        bool offered = false;
        if (d->type != r->type) {
            continue;
        }
        if (!letter_offered(cx, m->s, d, r, &offered)) {
            return false;
        }
        if (!offered) {
            continue;
        }
        Str path = str_printf(m->cx->mem, "documents/%.*s/%.*s.pdf", STRF(base), STRF(d->id));
        if (m->press == NULL || !letter_make(cx, m->s, m->a, d, r, &paper) || !press_print(cx, m->press, paper, PAPER_PDF, &bytes)) {
            leave_out(m->cx, &m->c, d->label, base, m->press == NULL ? S("打印程序没有启动") : cx_text(cx));
            cx_clear(cx);
            continue;
        }
        Doc *one = doc_add_obj(l);
        doc_set_str(one, "id", d->id);
        doc_set_str(one, "label", d->label);
        doc_set_str(one, "path", path);
        if (!put_file(m, cx, path, bytes)) {
            return false;
        }
    }
    return true;
}

/* ---- the public log ---- */

static bool put_entry(Maker *m, Cx *cx, const LogEntry *e, Str path)
{
    uint8_t(*nodes)[32];
    size_t n;
    if (!tlog_proof(cx, m->s, e->index, m->log_size, &nodes, &n)) {
        return false;
    }
    Doc *o = doc_obj(cx->mem), *proof = doc_set_list(o, "proof");
    doc_set_int(o, "index", e->index);
    doc_set_int(o, "size", m->log_size);
    doc_set_str(o, "entry", e->entry);
    for (size_t i = 0; i < n; i++) {
        doc_add_str(proof, base64(cx->mem, str_n((const char *)nodes[i], 32)));
    }
    return put_file(m, cx, path, json_canonical(cx->mem, o));
}

bool put_log(Maker *m, Cx *cx, const Rec *r, Doc *o)
{
    LogEntry *items;
    size_t n;
    Doc *l = doc_set_list(o, "log");
    if (r->no.n == 0) {
        return true;
    }
    if (!tlog_of(cx, m->s, r->no, &items, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        Str path = str_printf(m->cx->mem, "log/%lld.json", (long long)items[i].index);
        if (items[i].index >= m->log_size) {
            leave_out(m->cx, &m->c, S("公开日志"), path, S("在取检查点之后才记入"));
            continue;
        }
        doc_add_str(l, path);
        if (!map_has(&m->files, path) && !put_entry(m, cx, &items[i], path)) {
            return false;
        }
    }
    return true;
}

/* ---- the rubric ---- */

static bool read_named(Cx *cx, Str path, Str *ret)
{
    int fd = open(str_z(cx->mem, path), O_RDONLY | O_CLOEXEC);
    off_t n = fd >= 0 ? lseek(fd, 0, SEEK_END) : -1;
    bool ok = n >= 0 && (size_t)n <= RUBRIC_MAX && lseek(fd, 0, SEEK_SET) == 0 && read_fd(cx, fd, (size_t)n, ret);
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

/* The file of the pack with these bytes: names of files are no ids. */
static bool rubric_text(Cx *cx, const Pack *p, Str hash, Str *ret)
{
    DIR *dir = opendir(str_printf(cx->mem, "%.*s/rubrics", STRF(p->dir)).p);
    bool found = false;
    for (struct dirent *e; dir != NULL && !found && (e = readdir(dir)) != NULL;) {
        Str path = str_printf(cx->mem, "%.*s/rubrics/%s", STRF(p->dir), e->d_name);
        found = e->d_name[0] != '.' && read_named(cx, path, ret) && str_eq(sha256_hex(cx->mem, *ret), hash);
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return found;
}

bool put_rubric(Maker *m, Cx *cx, const Rec *root)
{
    const Pack *p = store_pack(m->s);
    const Field *f = m->set->rubric;
    const Rubric *rubric = f != NULL && root->v[f->index].has ? pack_rubric(p, root->v[f->index].s) : NULL;
    Str text, path;
    if (rubric == NULL) {
        return true;
    }
    if (!rubric_text(cx, p, rubric->hash, &text)) {
        leave_out(cx, &m->c, S("评分表"), rubric->label, S("策略包里的文件已被改动或不见了"));
        return true;
    }
    path = str_printf(cx->mem, "rubrics/%.*s.yaml", STRF(rubric->id));
    Doc *o = doc_add_obj(doc_get(m->index, S("rubrics")));
    doc_set_str(o, "id", rubric->id);
    doc_set_str(o, "label", rubric->label);
    doc_set_str(o, "version", rubric->version);
    doc_set_str(o, "hash", rubric->hash);
    doc_set_str(o, "path", path);
    return put_file(m, cx, path, text);
}
