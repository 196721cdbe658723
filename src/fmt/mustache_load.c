/*
 * mustache_load.c - reads a folder of templates, compiles each, then ties partials and parents to the templates they name and
 * checks that overriding blocks fit. All errors are gathered, so that an author sees them at once.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fmt/mustache_int.h"

#define MAX_FILE ((size_t)1 << 20)
#define MAX_FILES 5000
#define MAX_ERRORS 50
#define MAX_DIRS 16

void template_error(Errors *errors, const Template *t, size_t line, size_t col, const char *fmt, ...)
{
    if (errors->n++ >= MAX_ERRORS) {
        return;
    }
    va_list ap;
    va_start(ap, fmt);
    Str text = str_vprintf(errors->text.mem, fmt, ap);
    va_end(ap);
    buf_printf(&errors->text, "%s%.*s.mustache:%zu:%zu: %.*s", errors->n > 1 ? "\n" : "", STRF(t->name), line, col, STRF(text));
}

/* ---- linking ---- */

/* Look for block `name` in t and in what it uses. *ret_tight: one of its places takes no markup. */
static bool find_block(const Template *t, Str name, size_t depth, size_t *budget, bool *ret_tight)
{
    bool found = false;
    if (depth == 0 || *budget == 0) {
        return true;
    }
    (*budget)--;
    for (size_t i = 0; i < t->n; i++) {
        const Op *op = &t->ops[i];
        if (op->kind == OP_BLOCK && str_eq(op->text, name)) {
            found = true;
            *ret_tight |= op->in_tag;
        } else if ((op->kind == OP_PARTIAL || op->kind == OP_PARENT) && op->target != NULL && op->target != t) {
            found |= find_block(op->target, name, depth - 1, budget, ret_tight);
        }
    }
    return found;
}

static void check_overrides(const Template *t, size_t parent, Errors *errors)
{
    const Op *p = &t->ops[parent];
    for (size_t i = parent + 1; i < p->end; i = t->ops[i].end) {
        const Op *b = &t->ops[i];
        bool tight = false;
        size_t budget = 200;
        CHECK(b->kind == OP_BLOCK);
        if (!find_block(p->target, b->text, 8, &budget, &tight)) {
            template_error(errors, t, b->line, b->col, "%.*s 里没有名为 %.*s 的块", STRF(p->name), STRF(b->text));
        } else if (tight && b->markup) {
            template_error(errors, t, b->line, b->col, "块 %.*s 的位置只能放文字，不能有标签和引号", STRF(b->text));
        }
    }
}

static void link_all(Templates *ts, Errors *errors)
{
    for (size_t k = 0; k < ts->by_name.n; k++) {
        Template *t = ts->by_name.entries[k].value;
        for (size_t i = 0; i < t->n; i++) {
            Op *op = &t->ops[i];
            if (op->kind != OP_PARTIAL && op->kind != OP_PARENT) {
                continue;
            }
            op->target = map_get(&ts->by_name, op->name);
            if (op->target == NULL) {
                template_error(errors, t, op->line, op->col, "没有名为 %.*s 的模板", STRF(op->name));
            }
        }
    }
    for (size_t k = 0; errors->n == 0 && k < ts->by_name.n; k++) {
        const Template *t = ts->by_name.entries[k].value;
        for (size_t i = 0; i < t->n; i++) {
            if (t->ops[i].kind == OP_PARENT) {
                check_overrides(t, i, errors);
            }
        }
    }
}

/* ---- collecting ---- */

static void add_template(Templates *ts, Str name, Str source, Errors *errors)
{
    Template *t = NEW(ts->mem, Template);
    t->name = str_dup(ts->mem, name);
    t->source = str_dup(ts->mem, source);
    if (!map_put(&ts->by_name, t->name, t)) {
        template_error(errors, t, 1, 1, "模板重名");
    } else if (!utf8_valid(source)) {
        template_error(errors, t, 1, 1, "不是有效的 UTF-8 文本");
    } else {
        template_compile(ts->mem, t, errors);
    }
}

static Templates *start(Cx *cx, Arena *mem, Errors *errors)
{
    Templates *ts = NEW(mem, Templates);
    *ts = (Templates){.mem = mem, .by_name = map_new(mem)};
    *errors = (Errors){.text = buf_new(cx->mem, (size_t)1 << 16)};
    return ts;
}

static Templates *finish(Cx *cx, Templates *ts, Errors *errors)
{
    link_all(ts, errors);
    if (errors->n != 0) {
        Str text = buf_str(&errors->text);
        (void)fail(cx, E_PACK, "模板有 %zu 处错误：\n%.*s", errors->n, STRF(text));
        return NULL;
    }
    return ts;
}

Templates *templates_from(Cx *cx, Arena *mem, const Str (*pairs)[2], size_t n)
{
    Errors errors;
    Templates *ts = start(cx, mem, &errors);
    for (size_t i = 0; i < n; i++) {
        add_template(ts, pairs[i][0], pairs[i][1], &errors);
    }
    return finish(cx, ts, &errors);
}

typedef struct {
    Str *names; /* below the top folder, with the ending */
    size_t n, cap;
} Files;

/* Every template below dir/sub; hidden entries are left out. */
static bool walk(Cx *cx, const char *dir, Str sub, size_t depth, Files *files)
{
    Str path = sub.n != 0 ? str_printf(cx->mem, "%s/%.*s", dir, STRF(sub)) : str_c(dir);
    DIR *d = depth < MAX_DIRS ? opendir(path.p) : NULL;
    if (d == NULL) {
        return fail(cx, E_PACK, "打不开模板目录 %.*s", STRF(path));
    }
    bool ok = true;
    for (struct dirent *e; ok && (e = readdir(d)) != NULL;) {
        if (e->d_name[0] == '.') {
            continue;
        }
        Str name = sub.n != 0 ? str_printf(cx->mem, "%.*s/%s", STRF(sub), e->d_name) : str_dup(cx->mem, str_c(e->d_name));
        struct stat st;
        if (stat(str_printf(cx->mem, "%s/%.*s", dir, STRF(name)).p, &st) != 0) {
            continue;
        }
        if (S_ISDIR(st.st_mode)) {
            ok = walk(cx, dir, name, depth + 1, files);
        } else if (S_ISREG(st.st_mode) && str_ends(name, S(".mustache"))) {
            ARRAY_ROOM(cx->mem, files->names, files->n, files->cap);
            files->names[files->n++] = name;
            ok = files->n <= MAX_FILES || fail(cx, E_PACK, "模板太多");
        }
    }
    closedir(d);
    return ok;
}

static bool read_file(Cx *cx, const char *path, Str *ret)
{
    FILE *f = fopen(path, "rbe");
    if (f == NULL) {
        return fail(cx, E_PACK, "打不开模板 %s", path);
    }
    Buf b = buf_new(cx->mem, MAX_FILE);
    char chunk[4096];
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, f)) != 0;) {
        buf_add_bytes(&b, chunk, n);
    }
    bool bad = ferror(f) != 0;
    fclose(f);
    if (bad || b.full) {
        return fail(cx, E_PACK, "模板 %s 读不出来或者太大", path);
    }
    *ret = buf_str(&b);
    return true;
}

static int by_text(const void *a, const void *b)
{
    const Str *x = a, *y = b;
    return str_cmp(*x, *y);
}

Templates *templates_load(Cx *cx, Arena *mem, const char *dir)
{
    Errors errors;
    Files files = {0};
    Templates *ts = start(cx, mem, &errors);
    if (!walk(cx, dir, S(""), 0, &files)) {
        return NULL;
    }
    if (files.n != 0) {
        qsort(files.names, files.n, sizeof(Str), by_text);
    }
    for (size_t i = 0; i < files.n; i++) {
        Str name = files.names[i], text;
        if (!read_file(cx, str_printf(cx->mem, "%s/%.*s", dir, STRF(name)).p, &text)) {
            return NULL;
        }
        add_template(ts, str_sub(name, 0, name.n - strlen(".mustache")), text, &errors);
    }
    return finish(cx, ts, &errors);
}

void templates_strict(Templates *t, bool on)
{
    t->strict = on;
}

bool templates_has(const Templates *t, Str name)
{
    return map_has(&t->by_name, name);
}
