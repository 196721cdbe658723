/*
 * yaml.c - YAML into a tree of nodes with places, over libyaml's events.
 *
 * Only the plain part of YAML is taken: one document, no anchors, aliases or tags, text keys that stand once. Limits on bytes, nodes
 * and depth hold while reading, so a hostile file costs little.
 */
#include <yaml.h>

#include "pack/load.h"

typedef struct {
    Arena *mem;
    Str file;
    yaml_parser_t parser;
    YamlFault *fault;
    size_t nodes;
} Reader;

static bool refuse(Reader *r, yaml_mark_t at, const char *text)
{
    *r->fault = (YamlFault){.line = (int)at.line + 1, .col = (int)at.column + 1, .text = str_c(text)};
    return false;
}

static bool next(Reader *r, yaml_event_t *ev)
{
    if (yaml_parser_parse(&r->parser, ev)) {
        return true;
    }
    yaml_mark_t at = r->parser.problem_mark;
    if (at.line == 0 && at.column == 0 && r->parser.context_mark.line != 0) {
        at = r->parser.context_mark;
    }
    const char *why = r->parser.problem != NULL ? r->parser.problem : "unreadable";
    Str text = str_printf(r->mem, "YAML 写法不对（%s），应为“键: 值”或“- 项”，缩进用空格、同级对齐", why);
    *r->fault = (YamlFault){.line = (int)at.line + 1, .col = (int)at.column + 1, .text = text};
    return false;
}

static Node *new_node(Reader *r, NodeKind kind, yaml_mark_t at)
{
    Node *n = NEW(r->mem, Node);
    n->kind = kind;
    n->file = r->file;
    n->line = (int)at.line + 1;
    n->col = (int)at.column + 1;
    return n;
}

static void append(Node *parent, Node *child)
{
    if (parent->last != NULL) {
        parent->last->next = child;
    } else {
        parent->first = child;
    }
    parent->last = child;
    parent->n++;
}

static Node *scalar(Reader *r, const yaml_event_t *ev)
{
    Str s = str_n((const char *)ev->data.scalar.value, ev->data.scalar.length);
    if (!utf8_valid(s)) {
        refuse(r, ev->start_mark, "文字里有不能用的字符（NUL 或坏的 UTF-8），应为 UTF-8 文字");
        return NULL;
    }
    bool plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    bool null = plain && (s.n == 0 || str_eq(s, S("~")) || str_eq(s, S("null")));
    Node *n = new_node(r, null ? NODE_NULL : NODE_TEXT, ev->start_mark);
    n->quoted = !plain;
    n->text = str_dup(r->mem, s);
    return n;
}

/* What packs do not use of an event: anchors, tags, aliases. */
static bool plain_event(Reader *r, const yaml_event_t *ev)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    switch (ev->type) {
    case YAML_ALIAS_EVENT:
        return refuse(r, ev->start_mark, "不接受别名（*…），应直接写出内容");
    case YAML_SCALAR_EVENT:
        anchor = ev->data.scalar.anchor, tag = ev->data.scalar.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = ev->data.sequence_start.anchor, tag = ev->data.sequence_start.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = ev->data.mapping_start.anchor, tag = ev->data.mapping_start.tag;
        break;
    default:
        break;
    }
    if (anchor != NULL) {
        return refuse(r, ev->start_mark, "不接受锚点（&…），应直接写出内容");
    }
    if (tag != NULL) {
        return refuse(r, ev->start_mark, "不接受类型标记（!…），应为普通的值");
    }
    return true;
}

static Node *value(Reader *r, const yaml_event_t *ev, int depth);

static bool list_items(Reader *r, Node *list, int depth)
{
    for (;;) {
        yaml_event_t ev;
        if (!next(r, &ev)) {
            return false;
        }
        bool end = ev.type == YAML_SEQUENCE_END_EVENT;
        Node *item = end ? NULL : value(r, &ev, depth);
        yaml_event_delete(&ev);
        if (end || item == NULL) {
            return end;
        }
        append(list, item);
    }
}

/* Reads the key; false at the end of the map (*ret_key NULL) or on a fault. */
static bool member_key(Reader *r, const Node *map, Map *seen, Node **ret_key)
{
    yaml_event_t ev;
    *ret_key = NULL;
    if (!next(r, &ev)) {
        return false;
    }
    bool ok = false;
    if (ev.type == YAML_MAPPING_END_EVENT) {
        ok = true;
    } else if (!plain_event(r, &ev)) {
        ok = false;
    } else if (ev.type != YAML_SCALAR_EVENT) {
        ok = refuse(r, ev.start_mark, "键应为文字");
    } else {
        Node *key = scalar(r, &ev);
        if (key != NULL && !map_put(seen, key->text, key)) {
            Str text = str_printf(r->mem, "键 %.*s 重复，应为每个键只写一次", STRF(key->text));
            *r->fault = (YamlFault){.line = key->line, .col = key->col, .text = text};
        } else if (key != NULL) {
            *ret_key = key;
            ok = true;
        }
    }
    yaml_event_delete(&ev);
    (void)map;
    return ok;
}

static bool map_members(Reader *r, Node *map, int depth)
{
    Map seen = map_new(r->mem);
    for (;;) {
        Node *key;
        if (!member_key(r, map, &seen, &key)) {
            return false;
        }
        if (key == NULL) {
            return true;
        }
        yaml_event_t ev;
        if (!next(r, &ev)) {
            return false;
        }
        Node *v = value(r, &ev, depth);
        yaml_event_delete(&ev);
        if (v == NULL) {
            return false;
        }
        v->key = key->text;
        v->key_line = key->line;
        v->key_col = key->col;
        append(map, v);
    }
}

static Node *value(Reader *r, const yaml_event_t *ev, int depth)
{
    if (!plain_event(r, ev)) {
        return NULL;
    }
    if (++r->nodes > YAML_MAX_NODES || depth > YAML_MAX_DEPTH) {
        refuse(r, ev->start_mark, depth > YAML_MAX_DEPTH ? "层次太深，应在 20 层以内" : "内容太多，应在 200000 项以内");
        return NULL;
    }
    if (ev->type == YAML_SCALAR_EVENT) {
        return scalar(r, ev);
    }
    bool map = ev->type == YAML_MAPPING_START_EVENT;
    Node *n = new_node(r, map ? NODE_MAP : NODE_LIST, ev->start_mark);
    return (map ? map_members(r, n, depth + 1) : list_items(r, n, depth + 1)) ? n : NULL;
}

/* Events up to the root: stream and document starts. *ret NULL and true: the file is empty. */
static bool root(Reader *r, Node **ret)
{
    *ret = NULL;
    for (;;) {
        yaml_event_t ev;
        if (!next(r, &ev)) {
            return false;
        }
        yaml_event_type_t type = ev.type;
        bool start = type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_START_EVENT;
        bool done = type == YAML_STREAM_END_EVENT;
        if (!start && !done) {
            *ret = value(r, &ev, 1);
        }
        yaml_event_delete(&ev);
        if (!start) {
            return done || *ret != NULL;
        }
    }
}

static bool nothing_follows(Reader *r)
{
    for (;;) {
        yaml_event_t ev;
        if (!next(r, &ev)) {
            return false;
        }
        yaml_event_type_t type = ev.type;
        bool ok = type != YAML_DOCUMENT_START_EVENT || refuse(r, ev.start_mark, "一个文件只能有一份文档，应去掉后面的 ---");
        yaml_event_delete(&ev);
        if (!ok || type == YAML_STREAM_END_EVENT) {
            return ok;
        }
    }
}

Node *yaml_read(Arena *mem, Str file, Str text, YamlFault *ret_fault)
{
    *ret_fault = (YamlFault){.line = 1, .col = 1};
    if (text.n > YAML_MAX_BYTES) {
        ret_fault->text = S("文件太大，应在 1 MiB 以内");
        return NULL;
    }
    Reader r = {.mem = mem, .file = file, .fault = ret_fault};
    if (!yaml_parser_initialize(&r.parser)) {
        ret_fault->text = S("YAML 读取器没有启动");
        return NULL;
    }
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text.p, text.n);
    Node *n = NULL;
    bool ok = root(&r, &n);
    if (ok && n != NULL) {
        ok = nothing_follows(&r);
    } else if (ok) {
        n = new_node(&r, NODE_NULL, (yaml_mark_t){0});
    }
    yaml_parser_delete(&r.parser);
    return ok ? n : NULL;
}
