/*
 * mustache.c - renders compiled templates. The operations are walked in order; a section calls back for its body, so the
 * C stack mirrors the nesting, which is bounded. Nothing is allocated for a variable.
 *
 * Indentation of partials: `indent` is written before each line of a template's own text, not of the data's lines; `bol` says
 * that a line has begun and nothing of it was written yet. With no indentation (nearly always) text is copied whole.
 */
#include "fmt/mustache_int.h"

#define MAX_DEPTH 100
#define MAX_STACK 128
#define MAX_STEPS 2000000 /* turns of sections and partials: stops templates that multiply themselves without output */

/* The overriding blocks of one parent tag. */
typedef struct Frame {
    const Template *t;
    size_t from, to;
    struct Frame *up;
} Frame;

typedef struct {
    Cx *cx;
    Buf *out;
    bool strict;
    const Doc *stack[MAX_STACK];
    size_t n;
    Str nonce;
    const Template *t;
    Frame *frames;      /* innermost first */
    Str indent;
    bool bol;
    size_t url_at;
    size_t depth;
    size_t steps;
} Run;

static bool run_ops(Run *r, size_t from, size_t to);

static bool unknown(const Run *r, const Op *op)
{
    return fail(r->cx, E_INTERNAL, "模板 %.*s 第 %u 行第 %u 列：没有名为 %.*s 的数据", STRF(r->t->name), op->line, op->col, STRF(op->name));
}

/* *ret NULL: not there. False in strict mode when the name is unknown; a null holder is known. */
static bool look_up(const Run *r, const Op *op, const Doc **ret)
{
    const Doc *d = NULL;
    *ret = NULL;
    if (op->n_parts == 0) {
        *ret = r->n != 0 ? r->stack[r->n - 1] : NULL;
        return true;
    }
    for (size_t i = r->n; i-- != 0 && d == NULL;) {
        d = doc_get(r->stack[i], op->parts[0]);
    }
    for (uint32_t k = 1; k < op->n_parts && d != NULL; k++) {
        if (d->kind == DOC_NULL) {
            return true;
        }
        d = doc_get(d, op->parts[k]);
    }
    *ret = d;
    return d != NULL || !r->strict || unknown(r, op);
}

static void begin_line(Run *r)
{
    if (r->bol && r->indent.n != 0) {
        buf_add(r->out, r->indent);
        r->bol = false;
    }
}

static void put_text(Run *r, Str s)
{
    if (r->indent.n == 0) {
        buf_add(r->out, s);
        return;
    }
    while (s.n != 0) {
        const char *nl = memchr(s.p, '\n', s.n);
        size_t n = nl != NULL ? (size_t)(nl - s.p) + 1 : s.n;
        begin_line(r);
        buf_add_bytes(r->out, s.p, n);
        r->bol = nl != NULL;
        s = str_sub(s, n, s.n);
    }
}

static void put_leaf(Run *r, const Doc *d)
{
    begin_line(r);
    if (d == NULL) {
        return;
    }
    if (d->show.n != 0) {
        html_escape(r->out, d->show);
    } else if (d->kind == DOC_STR) {
        html_escape(r->out, d->s);
    } else if (d->kind == DOC_INT) {
        buf_int(r->out, d->i);
    } else if (d->kind == DOC_BOOL) {
        buf_add(r->out, d->b ? S("true") : S("false"));
    }
}

static bool put_nonce(Run *r, const Op *op)
{
    if (r->nonce.p == NULL) {
        const Doc *d = NULL;
        for (size_t i = 0; i < r->n && d == NULL; i++) { /* outermost first: the page's, not a record's */
            d = doc_get(r->stack[i], S("nonce"));
        }
        if (d == NULL && r->strict) {
            return unknown(r, op);
        }
        r->nonce = d != NULL && d->kind == DOC_STR ? d->s : S("");
    }
    begin_line(r);
    buf_add(r->out, S(" hx-nonce=\""));
    html_escape(r->out, r->nonce);
    buf_addc(r->out, '"');
    return true;
}

/* The URL value is complete: keep it or put a harmless one in its place. */
static void judge_url(const Run *r)
{
    Buf *out = r->out;
    if (!out->full && !url_safe(str_n(out->p + r->url_at, out->n - r->url_at))) {
        out->n = r->url_at;
        buf_addc(out, '#');
    }
}

static bool enter(Run *r)
{
    if (++r->depth > MAX_DEPTH || ++r->steps > MAX_STEPS || r->out->full) {
        return fail(r->cx, E_INTERNAL, "模板 %.*s：%s", STRF(r->t->name), r->out->full ? "页面太大" : "嵌套太深或者展开太多");
    }
    return true;
}

static bool with_context(Run *r, const Doc *d, size_t from, size_t to)
{
    if (r->n == MAX_STACK) {
        return fail(r->cx, E_INTERNAL, "模板 %.*s：嵌套太深", STRF(r->t->name));
    }
    r->stack[r->n++] = d;
    bool ok = enter(r) && run_ops(r, from, to);
    r->depth--;
    r->n--;
    return ok;
}

static bool section(Run *r, size_t at)
{
    const Op *op = &r->t->ops[at];
    const Doc *d;
    if (!look_up(r, op, &d)) {
        return false;
    }
    bool yes = doc_truthy(d);
    if (op->kind == OP_INVERTED) {
        bool ok = yes || (enter(r) && run_ops(r, at + 1, op->end));
        r->depth -= !yes;
        return ok;
    }
    if (!yes) {
        return true;
    }
    if (d->kind != DOC_LIST) {
        return with_context(r, d, at + 1, op->end);
    }
    for (const Doc *c = d->first; c != NULL; c = c->next) {
        if (!with_context(r, c, at + 1, op->end)) {
            return false;
        }
    }
    return true;
}

/* Another template in this place; `frame` holds the blocks that override its own. */
static bool call(Run *r, const Op *op, Frame *frame)
{
    const Template *t = r->t;
    Str indent = r->indent;
    Frame *frames = r->frames;
    CHECK(op->target != NULL);
    if (op->standalone) {
        r->bol = true;
        if (op->text.n != 0) {
            r->indent = indent.n != 0 ? str_printf(r->cx->mem, "%.*s%.*s", STRF(indent), STRF(op->text)) : op->text;
        }
    } else {
        begin_line(r);
        r->indent = S("");
    }
    if (frame != NULL) {
        r->frames = frame;
    }
    bool ok = enter(r);
    r->t = op->target;
    ok = ok && run_ops(r, 0, op->target->n);
    r->depth--;
    r->t = t;
    r->frames = frames;
    if (!op->standalone) {
        r->bol = false;
    }
    r->indent = indent;
    return ok;
}

/* The outermost parent tag that overrides this block wins; its text runs with what was in force where it stands. */
static bool block(Run *r, size_t at)
{
    const Op *op = &r->t->ops[at];
    const Template *t = r->t, *use_t = t;
    Frame *frames = r->frames, *use_frames = frames;
    size_t from = at + 1, to = op->end;
    for (Frame *f = frames; f != NULL; f = f->up) {
        for (size_t i = f->from; i < f->to; i = f->t->ops[i].end) {
            if (str_eq(f->t->ops[i].text, op->text)) {
                use_t = f->t;
                use_frames = f->up;
                from = i + 1;
                to = f->t->ops[i].end;
            }
        }
    }
    bool ok = enter(r);
    r->t = use_t;
    r->frames = use_frames;
    ok = ok && run_ops(r, from, to);
    r->depth--;
    r->t = t;
    r->frames = frames;
    return ok;
}

static bool run_ops(Run *r, size_t from, size_t to)
{
    const Op *ops = r->t->ops;
    bool ok = true;
    for (size_t i = from; ok && i < to; i = ops[i].end) {
        const Op *op = &ops[i];
        const Doc *d;
        switch (op->kind) {
        case OP_TEXT: put_text(r, op->text); break;
        case OP_VAR:
            ok = look_up(r, op, &d);
            put_leaf(r, d);
            break;
        case OP_SECTION:
        case OP_INVERTED: ok = section(r, i); break;
        case OP_PARTIAL: ok = call(r, op, NULL); break;
        case OP_PARENT: {
            Frame f = {.t = r->t, .from = i + 1, .to = op->end, .up = r->frames};
            ok = call(r, op, &f);
            break;
        }
        case OP_BLOCK: ok = block(r, i); break;
        case OP_NONCE: ok = put_nonce(r, op); break;
        case OP_URL_BEGIN: r->url_at = r->out->n; break;
        case OP_URL_END: judge_url(r); break;
        }
    }
    return ok;
}

bool mustache_render(Cx *cx, const Templates *t, Str name, const Doc *const *stack, size_t n, Buf *out)
{
    const Template *top = map_get(&t->by_name, name);
    if (top == NULL) {
        return fail(cx, E_INTERNAL, "没有名为 %.*s 的模板", STRF(name));
    }
    CHECK(n <= MAX_STACK / 4);
    Run r;
    r = (Run){.cx = cx, .out = out, .strict = t->strict, .n = n, .t = top, .bol = true};
    for (size_t i = 0; i < n; i++) {
        r.stack[i] = stack[i];
    }
    if (!run_ops(&r, 0, top->n)) {
        return false;
    }
    return !out->full || fail(cx, E_INTERNAL, "模板 %.*s：页面太大", STRF(name));
}
