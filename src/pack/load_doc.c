/*
 * load_doc.c - documents/: what is printed from a record. Every {{name}} in a text is looked up here, so that no letter
 * goes out with a hole in it.
 */
#include "pack/load.h"

/* Where a text stands: which names it may use. */
typedef struct {
    const RecordType *type; /* of the record, or of the table's records */
    const Field *list;      /* the table's rows are those of this list field; NULL: no */
    bool row;               /* in a table: {{row}} is the running number */
    bool open;              /* anyone may fetch it: nothing personal */
} Scope;

static const Field *scope_field(const Scope *s, Str name)
{
    if (s->list == NULL) {
        return type_field(s->type, name);
    }
    for (size_t i = 0; i < s->list->n_fields; i++) {
        if (str_eq(s->list->fields[i].id, name)) {
            return &s->list->fields[i];
        }
    }
    return NULL;
}

static bool is_pseudo(Str name, bool record)
{
    return str_eq(name, S("number")) || str_eq(name, S("state")) || (!record && str_eq(name, S("today")));
}

/* "name" or "ref.name" */
static void check_name(Loader *l, const Node *at, const Scope *s, Str name)
{
    Str head, tail;
    bool through = str_cut(name, '.', &head, &tail);
    const Field *f = scope_field(s, head), *last = f;
    if (f == NULL) {
        bool pseudo = !through && (is_pseudo(head, false) || (s->row && str_eq(head, S("row"))));
        if (!pseudo) {
            fault(l, at, "{{%.*s}} 里没有字段 %.*s，应为%s，或 number、state、today%s", STRF(name), STRF(head),
                  s->list != NULL ? "列表的列" : "记录的字段", s->row ? "、row" : "");
        }
        return;
    }
    if (through && f->kind != FT_REF) {
        fault(l, at, "{{%.*s}} 里的 %.*s 不指向别的记录，应为 ref 字段", STRF(name), STRF(head));
        return;
    }
    if (through && f->ref == NULL) {
        return; /* said where the field stands */
    }
    if (through) {
        last = type_field(f->ref, tail);
    }
    if (last == NULL && !is_pseudo(tail, true)) {
        fault(l, at, "{{%.*s}} 里没有字段 %.*s，应为 %.*s 的字段，或 number、state", STRF(name), STRF(tail),
              STRF(f->ref->id));
    } else if (last != NULL && last->kind == FT_LIST) {
        fault(l, at, "{{%.*s}} 是列表，应为普通字段（列表用 table）", STRF(name));
    } else if (last != NULL && last->personal && s->open) {
        fault(l, at, "公开的文件里不能有个人信息 {{%.*s}}，应为去掉它，或去掉 open", STRF(name));
    }
}

static Str get_filled(Loader *l, const Node *map, const char *key, bool required, const Scope *s)
{
    const Node *n = node_get(map, key);
    Str text = get_text(l, map, key, required), rest = text;
    size_t at;
    while (n != NULL && s->type != NULL && str_find(rest, S("{{"), &at)) {
        rest = str_sub(rest, at + 2, rest.n);
        size_t end;
        if (!str_find(rest, S("}}"), &end)) {
            fault(l, n, "%s 里有 {{ 没有 }}，应为 {{字段}}", key);
            break;
        }
        check_name(l, n, s, str_trim(str_sub(rest, 0, end)));
        rest = str_sub(rest, end + 2, rest.n);
    }
    return text;
}

static void load_columns(Loader *l, const Node *list, const Scope *s, DocBlock *b)
{
    static const char *const KEYS[] = {"label", "text", "width", NULL};
    b->cols = NEW_ARRAY(l->mem, DocCol, list->n + 1);
    for (const Node *n = list->first; n != NULL; n = n->next) {
        if (!keys_only(l, n, KEYS)) {
            continue;
        }
        int64_t width = 0;
        (void)get_int(l, n, "width", 0, 100, &width);
        b->cols[b->n_cols++] =
            (DocCol){get_text(l, n, "label", true), get_filled(l, n, "text", true, s), (int32_t)width};
    }
}

/* One row a record of a link, or a row of a list field. */
static void load_table(Loader *l, const Node *n, const Document *d, DocBlock *b)
{
    const Node *each = node_get(n, "each"), *list = node_get(n, "list"), *where = node_get(n, "where");
    Scope s = {.row = true, .open = d->open};
    if ((each == NULL) == (list == NULL)) {
        fault(l, n, "表格的行不清楚，应为 each（关联）或 list（列表字段）之一");
    } else if (each != NULL) {
        b->each = find_link(l, each, d->type, node_text(l, each, "each"));
        s.type = b->each != NULL ? b->each->type : NULL;
    } else {
        b->list = find_field(l, list, d->type, node_text(l, list, "list"));
        if (b->list != NULL && b->list->kind != FT_LIST) {
            fault(l, list, "字段 %.*s 不是列表，应为 list 字段", STRF(b->list->id));
            b->list = NULL;
        }
        s.list = b->list;
        s.type = b->list != NULL ? d->type : NULL;
    }
    if (where != NULL && b->each != NULL) {
        want_expr_within(l, where, b->each->type, d->type, NULL, 0, NULL, &b->where);
    } else if (where != NULL && b->list != NULL) {
        want_expr_node(l, where, d->type, b->list->fields, b->list->n_fields, NULL, &b->where);
    }
    const Node *columns = get_list(l, n, "columns");
    if (columns == NULL || columns->n == 0 || columns->n > 20) {
        fault(l, columns != NULL ? columns : n, "缺少列，应为 columns 里 1 到 20 列");
    } else {
        load_columns(l, columns, &s, b);
    }
}

static void load_block(Loader *l, const Node *n, const Document *d, DocBlock *b)
{
    static const char *const KEYS[] = {"kind", "text", "fields", "each", "list", "where", "columns", NULL};
    static const char *const KINDS[] = {"para", "heading", "fields", "table", "signature", "note", NULL};
    static const char *const ONLY_TABLE[] = {"each", "list", "where", "columns"};
    if (!keys_only(l, n, KEYS)) {
        return;
    }
    int kind = get_choice(l, n, "kind", KINDS, -1);
    if (node_get(n, "kind") == NULL) {
        fault(l, n, "缺少 kind，应为 para、heading、fields、table、signature、note 之一");
    }
    b->kind = str_c(KINDS[kind >= 0 ? kind : 0]);
    bool fields = str_eq(b->kind, S("fields")), table = str_eq(b->kind, S("table"));
    bool text = !fields && !table && !str_eq(b->kind, S("signature"));
    b->text = get_filled(l, n, "text", kind >= 0 && text, &(Scope){.type = d->type, .open = d->open});
    for (size_t i = 0; i < ARRAY_LEN(ONLY_TABLE) && !table; i++) {
        const Node *at = node_get(n, ONLY_TABLE[i]);
        if (at != NULL) {
            fault_at(l, at->file, at->key_line, at->key_col, "%s 只用在表格里，应为 kind: table", ONLY_TABLE[i]);
        }
    }
    const Node *grid = node_get(n, "fields");
    if (grid != NULL && !fields) {
        fault_at(l, grid->file, grid->key_line, grid->key_col, "fields 只用在字段表里，应为 kind: fields");
    } else if (grid != NULL) {
        b->fields = get_fields(l, n, "fields", d->type, d->open, &b->n_fields);
    }
    if (table) {
        load_table(l, n, d, b);
    }
}

static void load_blocks(Loader *l, const Node *n, Document *d)
{
    const Node *list = get_list(l, n, "blocks");
    if (list == NULL || list->n == 0 || list->n > 200) {
        fault(l, list != NULL ? list : n, "缺少内容，应为 blocks 里 1 到 200 段");
        return;
    }
    d->blocks = NEW_ARRAY(l->mem, DocBlock, list->n);
    for (const Node *b = list->first; b != NULL; b = b->next) {
        load_block(l, b, d, &d->blocks[d->n_blocks++]);
    }
}

static void load_document(Loader *l, const Node *n, Document *d)
{
    static const char *const KEYS[] = {"id",     "label",  "type",      "layout", "when",   "open",   "title",
                                       "issuer", "number", "addressee", "date",   "footer", "blocks", NULL};
    static const char *const LAYOUTS[] = {"official", "form", "certificate", "list", NULL};
    if (!keys_only(l, n, KEYS)) {
        return;
    }
    d->id = get_id(l, n, "id", true);
    d->label = get_text(l, n, "label", true);
    d->clause = get_clause(l, n);
    d->layout = str_c(LAYOUTS[get_choice(l, n, "layout", LAYOUTS, 0)]);
    d->open = get_bool(l, n, "open", false);
    d->type = get_type(l, n, "type");
    if (d->type == NULL) {
        return;
    }
    want_expr(l, n, "when", d->type, NULL, 0, NULL, &d->when);
    Scope s = {.type = d->type, .open = d->open};
    d->title = get_filled(l, n, "title", true, &s);
    d->issuer = get_filled(l, n, "issuer", false, &s);
    d->number = get_filled(l, n, "number", false, &s);
    d->addressee = get_filled(l, n, "addressee", false, &s);
    d->date = get_filled(l, n, "date", false, &s);
    d->footer = get_filled(l, n, "footer", false, &s);
    load_blocks(l, n, d);
}

void load_documents(Loader *l)
{
    size_t n_files;
    Str *files = file_names(l, "documents", &n_files);
    Pack *p = l->p;
    p->documents = NEW_ARRAY(l->mem, Document, n_files + 1);
    for (size_t i = 0; i < n_files; i++) {
        const Node *n = file_tree(l, files[i], true);
        if (n == NULL) {
            continue;
        }
        Document *d = &p->documents[p->n_documents];
        load_document(l, n, d);
        if (d->id.n != 0 && pack_document(p, d->id) != NULL) {
            fault(l, node_get(n, "id"), "文件 %.*s 重复，应为互不相同的 id", STRF(d->id));
        }
        p->n_documents++;
    }
}
