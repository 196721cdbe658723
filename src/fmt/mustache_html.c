/*
 * mustache_html.c - follows HTML's tokenizer over a template's static text, so that the compiler knows where each variable stands.
 *
 * A simplification of the standard's tokenizer that errs on the strict side: what browsers repair (an attribute name starting
 * with '=', "<!--" inside a script) is refused instead. Inside a tag, the edge of a section forgets which attribute was being
 * written (H_GLUE), because the text after it may follow the section or what stood before it.
 */
#include "fmt/mustache_int.h"

static bool space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool letter(char c)
{
    return lower(c) >= 'a' && lower(c) <= 'z';
}

static bool one_of(Str s, const Str *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(s, list[i])) {
            return true;
        }
    }
    return false;
}

static bool url_attr(Str name)
{
    static const Str URLS[] = {
        STR_INIT("href"),   STR_INIT("src"),        STR_INIT("action"),   STR_INIT("formaction"), STR_INIT("cite"),
        STR_INIT("poster"), STR_INIT("srcset"),     STR_INIT("data"),     STR_INIT("background"), STR_INIT("manifest"),
        STR_INIT("ping"),   STR_INIT("xlink:href"), STR_INIT("hx-get"),   STR_INIT("hx-post"),    STR_INIT("hx-put"),
        STR_INIT("hx-patch"), STR_INIT("hx-delete"), STR_INIT("hx-query"), STR_INIT("hx-action"), STR_INIT("hx-push-url"),
        STR_INIT("hx-replace-url"), STR_INIT("longdesc"), STR_INIT("codebase"), STR_INIT("imagesrcset")};
    return one_of(name, URLS, ARRAY_LEN(URLS));
}

/* Attributes htmx or the browser evaluates or reads as markup. */
static bool code_attr(Str name)
{
    static const Str CODE[] = {STR_INIT("srcdoc"),    STR_INIT("hx-vals"), STR_INIT("hx-headers"), STR_INIT("hx-trigger"),
                               STR_INIT("hx-config"), STR_INIT("hx-live"), STR_INIT("hx-request"), STR_INIT("hx-nonce")};
    return str_starts(name, S("on")) || str_starts(name, S("hx-on")) || str_starts(name, S("hx-status")) ||
           one_of(name, CODE, ARRAY_LEN(CODE));
}

/* The name without htmx's "data-" prefix and its ":inherited" and ":append". */
static Str plain_name(const Html *h)
{
    Str name = str_n(h->name, h->name_n), before, after;
    if (str_starts(name, S("data-hx-"))) {
        name = str_sub(name, 5, name.n);
    }
    if (str_starts(name, S("hx-")) && !str_starts(name, S("hx-on")) && str_cut(name, ':', &before, &after)) {
        return before;
    }
    return name;
}

static void name_done(Html *h)
{
    Str name = plain_name(h);
    if (h->end_tag) {
        h->attr = A_CODE; /* attributes of end tags mean nothing */
        return;
    }
    h->has_hx |= str_starts(name, S("hx-")) || str_eq(name, S("formaction"));
    h->has_nonce |= str_eq(name, S("hx-nonce"));
    Str tag = str_n(h->tag, h->tag_n);
    bool animates = str_eq(tag, S("set")) || str_starts(tag, S("animate")); /* may aim at href */
    h->attr = h->odd_name || animates  ? A_UNKNOWN
              : str_eq(name, S("style")) ? A_STYLE
              : url_attr(name)         ? A_URL
              : code_attr(name)        ? A_CODE
              : str_eq(name, S("hx-confirm")) || str_eq(name, S("hx-prompt")) ? A_TEXT_FIRST : A_PLAIN;
}

static void name_start(Html *h, char c, bool odd)
{
    h->state = H_ATTR_NAME;
    h->odd_name = odd;
    h->name_n = 0;
    h->name[h->name_n++] = lower(c);
}

static HtmlEvent tag_end(Html *h)
{
    static const Str RCDATA[] = {STR_INIT("title"), STR_INIT("textarea")};
    static const Str RAW[] = {STR_INIT("script"), STR_INIT("style"), STR_INIT("iframe"), STR_INIT("xmp"), STR_INIT("noembed"),
                              STR_INIT("noframes"), STR_INIT("plaintext")};
    Str tag = str_n(h->tag, h->tag_n);
    bool stamp = h->has_hx && !h->has_nonce && !h->end_tag;
    h->state = H_DATA;
    h->match = 0;
    if (!h->end_tag) {
        h->state = one_of(tag, RCDATA, ARRAY_LEN(RCDATA)) ? H_RCDATA : one_of(tag, RAW, ARRAY_LEN(RAW)) ? H_RAW : H_DATA;
    }
    h->has_hx = h->has_nonce = false;
    return stamp ? EV_NONCE : EV_NONE;
}

static void value_start(Html *h, const char *p)
{
    h->state = H_QUOTED;
    h->quote = *p;
    h->value_at = p + 1;
    h->url_judged = h->url_open = h->value_text = false;
}

/* H_DATA keeps the progress of "<", "</", "<!", "<!-" in match: 0 none, 1 "<", 2 "</", 3 "<!", 4 "<!-". */
static HtmlEvent step_data(Html *h, char c, const char **ret_why)
{
    unsigned m = h->match;
    h->match = 0;
    if (m == 1 && (c == '/' || c == '!')) {
        h->match = c == '/' ? 2 : 3;
    } else if ((m == 1 || m == 2) && letter(c)) {
        h->state = H_TAG_NAME;
        h->end_tag = m == 2;
        h->tag_n = 0;
        h->tag[h->tag_n++] = lower(c);
    } else if ((m == 1 && c == '?') || (m == 2 && c != '>')) {
        h->state = H_BOGUS;
    } else if (m == 3 && c == '[') {
        *ret_why = "不支持 CDATA";
        return EV_ERROR;
    } else if (m == 3) {
        h->match = c == '-' ? 4 : 0;
        h->state = c == '-' ? H_DATA : c == '>' ? H_DATA : H_BOGUS;
    } else if (m == 4 && c == '-') {
        h->state = H_COMMENT;
    } else if (m == 4) {
        h->state = c == '>' ? H_DATA : H_BOGUS;
    } else if (c == '<') {
        h->match = 1;
    }
    return EV_NONE;
}

/* Text up to "</tag" followed by space, / or >; match counts what fits. */
static HtmlEvent step_raw(Html *h, char c, const char **ret_why)
{
    unsigned m = h->match;
    h->match = 0;
    if (m == 0 || (m == 1 && c != '/' && c != '!')) {
        h->match = c == '<';
    } else if (m == 1 && c == '!') {
        h->match = 40;
    } else if (m == 40 || m == 41) { /* "<!" "<!-" */
        if (c == '-' && m == 41 && h->state == H_RAW) {
            *ret_why = "script 和 style 里不能写 <!--";
            return EV_ERROR;
        }
        h->match = c == '-' && m == 40 ? 41 : c == '<';
    } else if (m == 1) {
        h->match = 2;
    } else if (m - 2 < h->tag_n && lower(c) == h->tag[m - 2]) {
        h->match = (uint8_t)(m + 1);
    } else if (m - 2 == h->tag_n && (space(c) || c == '/' || c == '>')) {
        h->end_tag = true;
        h->state = H_BEFORE_ATTR;
        return c == '>' ? tag_end(h) : EV_NONE;
    } else {
        h->match = c == '<';
    }
    return EV_NONE;
}

static HtmlEvent step_comment(Html *h, char c)
{
    if (c == '>' && h->match >= 2) {
        h->state = H_DATA;
        h->match = 0;
    } else {
        h->match = c == '-' ? (uint8_t)MIN(h->match + 1, 2) : 0;
    }
    return EV_NONE;
}

/* Between attributes, in names, after names. */
static HtmlEvent step_tag(Html *h, char c, const char **ret_why)
{
    HtmlState s = h->state;
    if (c == '>') {
        if (s == H_ATTR_NAME) {
            name_done(h);
        }
        return tag_end(h);
    }
    if (space(c) || c == '/') {
        if (s == H_ATTR_NAME) {
            name_done(h);
        }
        h->odd_name = s == H_GLUE || (s == H_AFTER_NAME && h->odd_name) || (s == H_ATTR_NAME && h->odd_name);
        h->state = c == '/' || s == H_BEFORE_ATTR || s == H_TAG_NAME ? H_BEFORE_ATTR : H_AFTER_NAME;
        if (s == H_GLUE) {
            h->attr = A_UNKNOWN;
        }
        return EV_NONE;
    }
    if (s == H_GLUE && h->cut_tag) {
        *ret_why = "标签名不能被区段切开";
        return EV_ERROR;
    }
    if (c == '=') {
        if (s == H_BEFORE_ATTR) {
            *ret_why = "等号前面没有属性名";
            return EV_ERROR;
        }
        if (s == H_GLUE) {
            h->attr = A_UNKNOWN;
        } else if (s == H_ATTR_NAME) {
            name_done(h);
        }
        h->state = H_BEFORE_VALUE;
        return EV_NONE;
    }
    if (c == '<' || c == '"' || c == '\'') {
        *ret_why = "标签里有多余的引号或小于号";
        return EV_ERROR;
    }
    if (s == H_ATTR_NAME) {
        if (h->name_n < sizeof h->name) {
            h->name[h->name_n++] = lower(c);
        }
    } else {
        name_start(h, c, s == H_GLUE);
    }
    return EV_NONE;
}

static HtmlEvent step_value(Html *h, const char *p, const char **ret_why)
{
    char c = *p;
    if (h->state == H_QUOTED) {
        if (c != h->quote) {
            h->value_text |= p != h->value_at || c != 'j'; /* "js:" must not come together */
            return EV_NONE;
        }
        bool open = h->url_open, judged = h->url_judged, unused;
        h->url_open = false;
        h->state = H_BEFORE_ATTR;
        if (h->attr == A_URL && !judged) {
            *ret_why = html_url_start(str_n(h->value_at, (size_t)(p - h->value_at)), &unused);
            if (*ret_why != NULL) {
                return EV_ERROR;
            }
        }
        return open ? EV_URL_CLOSE : EV_NONE;
    }
    if (h->state == H_BEFORE_VALUE) {
        if (c == '"' || c == '\'') {
            value_start(h, p);
        } else if (c == '>') {
            *ret_why = "等号后面没有属性值";
            return EV_ERROR;
        } else if (!space(c)) {
            h->state = H_UNQUOTED;
        }
        return EV_NONE;
    }
    if (space(c)) { /* H_UNQUOTED */
        h->state = H_BEFORE_ATTR;
    } else if (c == '>') {
        return tag_end(h);
    }
    return EV_NONE;
}

HtmlEvent html_step(Html *h, const char *p, const char **ret_why)
{
    switch (h->state) {
    case H_DATA: return step_data(h, *p, ret_why);
    case H_RCDATA:
    case H_RAW: return step_raw(h, *p, ret_why);
    case H_COMMENT: return step_comment(h, *p);
    case H_BOGUS:
        if (*p == '>') {
            h->state = H_DATA;
            h->match = 0;
        }
        return EV_NONE;
    case H_TAG_NAME:
        if (space(*p) || *p == '/' || *p == '>') {
            return step_tag(h, *p, ret_why);
        }
        if (h->tag_n < sizeof h->tag) {
            h->tag[h->tag_n++] = lower(*p);
        }
        return EV_NONE;
    case H_BEFORE_ATTR:
    case H_GLUE:
    case H_ATTR_NAME:
    case H_AFTER_NAME: return step_tag(h, *p, ret_why);
    case H_BEFORE_VALUE:
    case H_QUOTED:
    case H_UNQUOTED: break;
    }
    return step_value(h, p, ret_why);
}

const char *html_variable(const Html *h)
{
    switch (h->state) {
    case H_DATA:
    case H_RCDATA: return h->match == 0 ? NULL : "变量不能紧跟在 < 后面";
    case H_RAW: return "script、style 等元素里不能用变量";
    case H_COMMENT:
    case H_BOGUS: return "HTML 注释和声明里不能用变量";
    case H_BEFORE_VALUE:
    case H_UNQUOTED: return "含变量的属性值须加引号";
    case H_QUOTED: break;
    case H_TAG_NAME:
    case H_BEFORE_ATTR:
    case H_GLUE:
    case H_ATTR_NAME:
    case H_AFTER_NAME: return "标签名和属性名不能用变量";
    }
    switch (h->attr) {
    case A_PLAIN:
    case A_URL: return NULL;
    case A_STYLE: return "style 属性里不能用变量（请用类名、SVG 属性、progress 或 meter）";
    case A_CODE: return "这个属性会被当作脚本或结构执行，不能用变量（请用地址参数或隐藏域传值）";
    case A_TEXT_FIRST: return h->value_text ? NULL : "这个属性的值须以固定文字开头";
    case A_UNKNOWN: break;
    }
    return "属性名由区段拼成，其值不能用变量";
}

static bool in_tag(HtmlState s)
{
    return s == H_BEFORE_ATTR || s == H_GLUE || s == H_ATTR_NAME || s == H_AFTER_NAME || s == H_TAG_NAME;
}

const char *html_edge(Html *h)
{
    if (in_tag(h->state)) {
        if (h->state == H_ATTR_NAME) {
            name_done(h);
        }
        h->cut_tag = h->state == H_TAG_NAME || (h->state == H_GLUE && h->cut_tag);
        h->state = H_GLUE;
        return NULL;
    }
    if (h->state == H_BEFORE_VALUE || h->state == H_UNQUOTED) {
        return "区段不能从没有引号的属性值里开始或结束";
    }
    if (h->match != 0 && h->state != H_COMMENT) {
        return "区段不能把标签的开头切开";
    }
    return NULL;
}

bool html_same(const Html *a, const Html *b)
{
    if (a->state != b->state) {
        return false;
    }
    switch (a->state) {
    case H_QUOTED: return a->quote == b->quote && a->value_at == b->value_at;
    case H_GLUE:
        if (a->end_tag != b->end_tag) {
            return false;
        }
        return str_eq(str_n(a->tag, a->tag_n), str_n(b->tag, b->tag_n));
    case H_RCDATA:
    case H_RAW: return str_eq(str_n(a->tag, a->tag_n), str_n(b->tag, b->tag_n));
    case H_DATA:
    case H_COMMENT:
    case H_BOGUS:
    case H_TAG_NAME:
    case H_BEFORE_ATTR:
    case H_ATTR_NAME:
    case H_AFTER_NAME:
    case H_BEFORE_VALUE:
    case H_UNQUOTED: break;
    }
    return true;
}

const char *html_url_start(Str prefix, bool *ret_filter)
{
    Str scheme = url_scheme(prefix);
    *ret_filter = scheme.n == 0;
    if (scheme.n == 0 || url_safe(prefix) || str_starts(prefix, S("data:image/"))) {
        return NULL;
    }
    return "这里的地址不能用这种协议";
}
