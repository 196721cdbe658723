/*
 * mustache_parse.c - one pass over a template's text: tags, standalone lines, sections, into a flat array of operations.
 * A section's body follows its operation; `end` says where it stops, so there are no pointers to follow when rendering.
 *
 * What htmx 4 wants (htmx.org 4.0.1, extension hx-csp): every element with hx-* (or data-hx-*) attributes carries
 *     hx-nonce="<nonce of the page>"
 * or its hx-* attributes are removed. This compiler writes that attribute itself, from the variable `nonce`, onto each element whose
 * own text has such an attribute (and formaction, which a boosted form checks too). The page has to
 *   - load htmx and then hx-csp.js by <script nonce="{{nonce}}" src=…>: the page's nonce is read from the first script[nonce];
 *   - say <meta name="htmx-config" content='extensions:"hx-csp"'>, before htmx is loaded;
 *   - be sent, like each fragment, with a CSP header whose script-src holds that same 'nonce-…': the nonce of a fragment is
 *     exchanged for the page's by looking it up in the fragment's header;
 *   - allow the policy name `htmx` if the CSP has trusted-types.
 */
#include "fmt/mustache_int.h"

#define MAX_NEST 32
#define MAX_DELIM 8

typedef struct {
    size_t op;
    Str name;
    Html html;       /* place at the start of the body (blocks of a parent: place of the parent) */
    bool override;   /* block directly inside a parent */
    bool one_line;   /* parent opened and closed on a line of their own */
} Frame;

typedef struct {
    Arena *mem;
    Template *t;
    Errors *errors;
    Html html;
    char open[MAX_DELIM + 1], close[MAX_DELIM + 1];
    size_t at;
    Frame stack[MAX_NEST];
    size_t depth;
    bool failed;
    size_t pos_at;       /* line and column are counted up to here */
    uint32_t line, col;
} Compiler;

typedef struct {
    char sigil;          /* 0: variable */
    Str name;
    size_t from, to;     /* in the source, delimiters included */
    bool standalone;
    Str indent;
    size_t resume;       /* where text goes on */
} Tag;

/* ---- errors and places ---- */

static void count_to(Compiler *c, size_t at)
{
    if (at < c->pos_at) {
        c->pos_at = 0;
        c->line = c->col = 1;
    }
    for (; c->pos_at < at; c->pos_at++) {
        c->col++;
        if (c->t->source.p[c->pos_at] == '\n') {
            c->line++;
            c->col = 1;
        }
    }
}

static void wrong(Compiler *c, size_t at, const char *why, Str what)
{
    count_to(c, at);
    template_error(c->errors, c->t, c->line, c->col, "%s%s%.*s", why, what.n != 0 ? "：" : "", STRF(what));
}

/* An error after which the rest of the template makes no sense. */
static void stop(Compiler *c, size_t at, const char *why, Str what)
{
    wrong(c, at, why, what);
    c->failed = true;
}

/* ---- operations ---- */

static Op *add_op(Compiler *c, OpKind kind, size_t at)
{
    Template *t = c->t;
    ARRAY_ROOM(c->mem, t->ops, t->n, t->cap);
    count_to(c, at);
    Op *op = &t->ops[t->n++];
    *op = (Op){.kind = kind, .end = (uint32_t)t->n, .line = c->line, .col = c->col};
    return op;
}

static void add_text(Compiler *c, size_t from, size_t to)
{
    if (to > from) {
        add_op(c, OP_TEXT, from)->text = str_sub(c->t->source, from, to - from);
    }
}

/* Static text [from, to): follow the HTML, put in nonces, mark URL values whose start comes from data. */
static void feed(Compiler *c, size_t from, size_t to)
{
    if (c->depth != 0 && c->t->ops[c->stack[c->depth - 1].op].kind == OP_PARENT) {
        return; /* between the blocks of a parent text is ignored */
    }
    const char *p = c->t->source.p;
    for (size_t i = from; i < to; i++) {
        const char *why = NULL;
        bool unquoted = c->html.state == H_UNQUOTED;
        size_t cut = i;
        switch (html_step(&c->html, p + i, &why)) {
        case EV_NONE: break;
        case EV_ERROR: stop(c, i, why, S("")); return;
        case EV_NONCE:
            if (i > from && p[i - 1] == '/' && !unquoted) {
                cut--;
            }
            add_text(c, from, cut);
            add_op(c, OP_NONCE, cut)->name = S("nonce");
            from = cut;
            break;
        case EV_URL_CLOSE:
            add_text(c, from, i);
            add_op(c, OP_URL_END, i);
            from = i;
            break;
        }
    }
    Html *h = &c->html;
    if (h->state == H_QUOTED && h->attr == A_URL && !h->url_judged) {
        size_t value = (size_t)(h->value_at - p);
        CHECK(value >= from && value <= to);
        const char *why = html_url_start(str_n(h->value_at, to - value), &h->url_open);
        h->url_judged = true;
        if (why != NULL) {
            wrong(c, value, why, str_n(h->value_at, to - value));
        }
        add_text(c, from, value);
        if (h->url_open) {
            add_op(c, OP_URL_BEGIN, value);
        }
        from = value;
    }
    add_text(c, from, to);
}

/* ---- tags ---- */

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

/* From `at` only blanks to the line's end: *ret is the start of the next line. */
static bool rest_blank(Str s, size_t at, size_t *ret)
{
    while (at < s.n && blank(s.p[at])) {
        at++;
    }
    if (at < s.n && s.p[at] == '\r' && at + 1 < s.n && s.p[at + 1] == '\n') {
        at++;
    }
    if (at < s.n && s.p[at] != '\n') {
        return false;
    }
    *ret = at < s.n ? at + 1 : at;
    return true;
}

/* {{<name}}{{/name}} with nothing between: where it ends, or 0. */
static size_t closed_at_once(const Compiler *c, const Tag *tag)
{
    Str rest = str_sub(c->t->source, tag->to, c->t->source.n), open = str_c(c->open), close = str_c(c->close);
    size_t n;
    if (!str_starts(rest, open) || !str_find(rest, close, &n)) {
        return 0;
    }
    Str inner = str_trim(str_sub(rest, open.n, n - open.n));
    bool same = inner.n != 0 && inner.p[0] == '/' && str_eq(str_trim(str_sub(inner, 1, inner.n)), tag->name);
    return same ? tag->to + n + close.n : 0;
}

static void find_line(const Compiler *c, Tag *tag)
{
    Str s = c->t->source;
    size_t line = tag->from, to = tag->to;
    tag->resume = tag->to;
    while (line > 0 && blank(s.p[line - 1])) {
        line--;
    }
    bool first = line == 0 || s.p[line - 1] == '\n';
    if (!first || tag->sigil == 0) {
        return;
    }
    size_t at_once = tag->sigil == '<' ? closed_at_once(c, tag) : 0, next;
    if (!rest_blank(s, at_once != 0 ? at_once : to, &next)) {
        return;
    }
    tag->standalone = true;
    tag->indent = str_sub(s, line, tag->from - line);
    tag->resume = at_once != 0 ? to : next;
}

static bool name_ok(Str name, bool path)
{
    if (name.n == 0 || name.n > 200) {
        return false;
    }
    if (!path && str_eq(name, S("."))) {
        return true;
    }
    for (size_t i = 0; i < name.n; i++) {
        unsigned char ch = (unsigned char)name.p[i];
        bool word = (ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') || ch == '_' || ch == '-' ||
                    ch >= 0x80;
        bool dot = ch == '.' && i != 0 && i + 1 < name.n && name.p[i - 1] != '.';
        if (!word && !dot && !(path && ch == '/' && i != 0 && i + 1 < name.n)) {
            return false;
        }
    }
    return true;
}

/* The tag that starts at `from`; false when it stays open or its name is wrong. */
static bool read_tag(Compiler *c, size_t from, Tag *tag)
{
    Str s = c->t->source;
    size_t start = from + strlen(c->open), n;
    Str rest = str_sub(s, start, s.n);
    if (rest.n != 0 && rest.p[0] == '{') {
        stop(c, from, "不能用三个花括号：输出总是转义的", S(""));
        return false;
    }
    bool delims = rest.n != 0 && rest.p[0] == '=';
    Str close = delims ? str_printf(c->mem, "=%s", c->close) : str_c(c->close);
    if (!str_find(str_sub(rest, delims, rest.n), close, &n)) {
        stop(c, from, "标记没有结束", S(""));
        return false;
    }
    n += delims;
    *tag = (Tag){.from = from, .to = start + n + close.n};
    Str inner = str_trim(str_sub(rest, 0, n));
    if (inner.n != 0 && strchr("!#^/><$=&", inner.p[0]) != NULL && inner.p[0] != '\0') {
        tag->sigil = inner.p[0];
        inner = str_trim(str_sub(inner, 1, inner.n));
    }
    tag->name = inner;
    if (tag->sigil == '&') {
        stop(c, from, "不能用 &：输出总是转义的", S(""));
        return false;
    }
    bool path = tag->sigil == '>' || tag->sigil == '<' || tag->sigil == '/';
    if (tag->sigil != '!' && tag->sigil != '=' && !name_ok(inner, path) && !(tag->sigil == '/' && str_eq(inner, S(".")))) {
        stop(c, from, "名称写法不对", inner);
        return false;
    }
    find_line(c, tag);
    return true;
}

static void set_delims(Compiler *c, const Tag *tag)
{
    Str s = tag->name;
    size_t i = 0;
    while (i < s.n && !blank(s.p[i]) && s.p[i] != '\n') {
        i++;
    }
    Str open = str_sub(s, 0, i), close = str_trim(str_sub(s, i, s.n));
    bool odd = memchr(close.p, ' ', close.n) != NULL || str_contains(s, S("="));
    if (open.n == 0 || close.n == 0 || open.n > MAX_DELIM || close.n > MAX_DELIM || odd) {
        stop(c, tag->from, "分隔符写法不对", s);
        return;
    }
    memcpy(c->open, open.p, open.n);
    c->open[open.n] = '\0';
    memcpy(c->close, close.p, close.n);
    c->close[close.n] = '\0';
}

static void split_name(Compiler *c, Op *op, Str name)
{
    op->name = name;
    if (str_eq(name, S("."))) {
        return;
    }
    size_t n = 1;
    for (size_t i = 0; i < name.n; i++) {
        n += name.p[i] == '.';
    }
    Str *parts = NEW_ARRAY(c->mem, Str, n);
    for (size_t i = 0; i < n; i++) {
        str_cut(name, '.', &parts[i], &name);
    }
    op->parts = parts;
    op->n_parts = (uint32_t)n;
}

static Frame *push(Compiler *c, const Tag *tag, const Op *op)
{
    if (c->depth == MAX_NEST) {
        stop(c, tag->from, "区段嵌套太深", S(""));
        return NULL;
    }
    Frame *f = &c->stack[c->depth++];
    *f = (Frame){.op = (size_t)(op - c->t->ops), .name = tag->name, .html = c->html};
    return f;
}

static void variable(Compiler *c, const Tag *tag)
{
    const char *why = html_variable(&c->html);
    if (why != NULL) {
        wrong(c, tag->from, why, tag->name);
        if (c->html.state == H_BEFORE_VALUE) {
            c->html.state = H_UNQUOTED; /* one error is enough */
        }
    }
    split_name(c, add_op(c, OP_VAR, tag->from), tag->name);
}

static void open_section(Compiler *c, const Tag *tag)
{
    const char *why = html_edge(&c->html);
    if (why != NULL) {
        stop(c, tag->from, why, tag->name);
        return;
    }
    Op *op = add_op(c, tag->sigil == '#' ? OP_SECTION : OP_INVERTED, tag->from);
    split_name(c, op, tag->name);
    push(c, tag, op);
}

static void open_block(Compiler *c, const Tag *tag)
{
    bool override = c->depth != 0 && c->t->ops[c->stack[c->depth - 1].op].kind == OP_PARENT;
    Op *op = add_op(c, OP_BLOCK, tag->from);
    op->name = op->text = tag->name;
    Html *h = &c->html;
    if (!override) {
        const char *why = html_edge(h);
        bool fits = h->state == H_DATA || h->state == H_RCDATA || (h->state == H_QUOTED && h->attr == A_PLAIN);
        if (why != NULL || !fits) {
            stop(c, tag->from, why != NULL ? why : "块只能放在文本里或者普通属性值里", tag->name);
            return;
        }
        op->in_tag = h->state != H_DATA;
    }
    Frame *f = push(c, tag, op);
    if (f != NULL && override) {
        f->override = true;
        *h = (Html){.state = H_DATA};
    }
}

static void partial(Compiler *c, const Tag *tag)
{
    if (c->html.state != H_DATA || c->html.match != 0) {
        stop(c, tag->from, "部件和布局只能放在文本里，不能放在标签里", tag->name);
        return;
    }
    Op *op = add_op(c, tag->sigil == '>' ? OP_PARTIAL : OP_PARENT, tag->from);
    op->name = tag->name;
    op->standalone = tag->standalone;
    op->text = tag->indent;
    if (tag->sigil == '<') {
        Frame *f = push(c, tag, op);
        if (f != NULL) {
            f->one_line = tag->standalone && tag->resume == tag->to;
        }
    }
}

/* Would this text, printed inside an attribute value, break out of it? */
static bool has_markup(const Template *t, size_t from)
{
    for (size_t i = from; i < t->n; i++) {
        const Op *op = &t->ops[i];
        if (op->kind == OP_PARTIAL || op->kind == OP_PARENT) {
            return true;
        }
        for (size_t k = 0; op->kind == OP_TEXT && k < op->text.n; k++) {
            if (strchr("<\"'", op->text.p[k]) != NULL) {
                return true;
            }
        }
    }
    return false;
}

static void close_section(Compiler *c, Tag *tag)
{
    if (c->depth == 0) {
        stop(c, tag->from, "没有与之对应的开始标记", tag->name);
        return;
    }
    Frame *f = &c->stack[--c->depth];
    Op *op = &c->t->ops[f->op];
    if (!str_eq(f->name, tag->name)) {
        count_to(c, tag->from);
        template_error(c->errors, c->t, c->line, c->col, "结束标记 %.*s 与第 %u 行的开始标记 %.*s 不对应", STRF(tag->name), op->line,
                       STRF(f->name));
        c->failed = true;
        return;
    }
    op->end = (uint32_t)c->t->n;
    if (op->kind == OP_PARENT) {
        if (f->one_line && !rest_blank(c->t->source, tag->to, &tag->resume)) {
            tag->resume = tag->to;
        }
        return;
    }
    if (f->override) {
        op->markup = has_markup(c->t, f->op + 1);
        bool text = c->html.state == H_DATA && c->html.match == 0;
        c->html = f->html;
        if (!text) {
            stop(c, tag->from, "块须在它开始的地方结束（标签没有写完）", tag->name);
        }
        return;
    }
    const char *why = html_edge(&c->html);
    if (why != NULL || !html_same(&f->html, &c->html)) {
        stop(c, tag->from, why != NULL ? why : "区段的内容须回到它开始的位置（标签或引号没有写完）", tag->name);
        return;
    }
    c->html.value_text &= f->html.value_text;
    c->html.cut_tag |= f->html.cut_tag;
}

static void take_tag(Compiler *c, Tag *tag)
{
    bool in_parent = c->depth != 0 && c->t->ops[c->stack[c->depth - 1].op].kind == OP_PARENT;
    if (in_parent && tag->sigil != '$' && tag->sigil != '/' && tag->sigil != '!' && tag->sigil != '=') {
        stop(c, tag->from, "布局里面只能写块", tag->name);
        return;
    }
    switch (tag->sigil) {
    case '!': break;
    case '=': set_delims(c, tag); break;
    case '#':
    case '^': open_section(c, tag); break;
    case '/': close_section(c, tag); break;
    case '$': open_block(c, tag); break;
    case '>':
    case '<': partial(c, tag); break;
    default: variable(c, tag);
    }
}

void template_compile(Arena *mem, Template *t, Errors *errors)
{
    Compiler *c = NEW(mem, Compiler);
    *c = (Compiler){.mem = mem, .t = t, .errors = errors, .open = "{{", .close = "}}", .line = 1, .col = 1};
    Str s = t->source;
    while (!c->failed && c->at < s.n) {
        size_t n;
        Str rest = str_sub(s, c->at, s.n);
        if (!str_find(rest, str_c(c->open), &n)) {
            feed(c, c->at, s.n);
            break;
        }
        Tag tag;
        if (!read_tag(c, c->at + n, &tag)) {
            return;
        }
        feed(c, c->at, tag.standalone ? tag.from - tag.indent.n : tag.from);
        if (!c->failed) {
            take_tag(c, &tag);
        }
        c->at = tag.resume;
    }
    if (c->failed) {
        return;
    }
    if (c->depth != 0) {
        const Op *op = &t->ops[c->stack[c->depth - 1].op];
        template_error(errors, t, op->line, op->col, "区段没有结束：%.*s", STRF(c->stack[c->depth - 1].name));
    } else if (c->html.state != H_DATA || c->html.match != 0) {
        stop(c, s.n, "模板在标签、引号或 script 等元素里就结束了", S(""));
    }
}
