/*
 * tree.h - YAML as packs and settings use it: a tree of nodes with places, so that what is wrong can be named by line and column.
 *
 * One document; no anchors, aliases, tags or doubled keys. Limits on bytes, nodes and depth hold while reading.
 */
#pragma once

#include "base/str.h"

#define YAML_MAX_BYTES ((size_t)1 << 20)
#define YAML_MAX_NODES 200000
#define YAML_MAX_DEPTH 20

typedef enum { NODE_NULL, NODE_TEXT, NODE_LIST, NODE_MAP } NodeKind;

typedef struct Node Node;
struct Node {
    NodeKind kind;
    bool quoted;          /* NODE_TEXT written in quotes */
    Str text;
    Str file;             /* name below the pack's folder */
    int line, col;        /* 1-based; columns count characters */
    Str key;              /* as a member of a map */
    int key_line, key_col;
    Node *first, *last, *next;
    size_t n;
};

/* yaml_read - NULL with *ret_fault ("line:col: …" parts filled) when it is not the YAML that packs use. An empty file is a NODE_NULL. */
typedef struct {
    int line, col;
    Str text;
} YamlFault;
Node *yaml_read(Arena *mem, Str file, Str text, YamlFault *ret_fault);
/* node_get - a member of a map; NULL: absent or null. */
const Node *node_get(const Node *map, const char *key);
