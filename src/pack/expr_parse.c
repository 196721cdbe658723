/*
 * expr_parse.c - recursive descent over the tokens, one function per level of precedence; every node is typed as it is made.
 *
 *   or < and < not < comparison, in, is empty < + - < * / < sign < value
 */
#include "pack/expr_int.h"

static Expr *p_or(Parser *p);

Expr *expr_fail(Parser *p, int32_t at, const char *fmt, ...)
{
    if (!p->failed) {
        p->failed = true;
        p->error_at = at;
        va_list ap;
        va_start(ap, fmt);
        p->error = str_vprintf(p->mem, fmt, ap);
        va_end(ap);
    }
    return NULL;
}

static bool expect(Parser *p, TokenKind kind, const char *what)
{
    if (p->tok.kind != kind) {
        (void)expr_fail(p, p->tok.at, p->tok.kind == TOK_END ? "表达式没有写完，应为%s" : "这里不对，应为%s", what);
        return false;
    }
    return lex_next(p);
}

/* ---- names ---- */

static const Field *field_among(const Field *fields, size_t n, Str id)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(fields[i].id, id)) {
            return &fields[i];
        }
    }
    return NULL;
}

static const Field *find_name(const Parser *p, Str id)
{
    const Field *f = field_among(p->extra, p->n_extra, id);
    return f != NULL || p->type == NULL ? f : type_field(p->type, id);
}

/* Lists are made with type XT_BOOL and kind EX_FIELD; only `is empty` takes them (see p_compare). */
static Expr *field_expr(Parser *p, ExprKind kind, const Field *f, int32_t at)
{
    ExprType type = XT_BOOL;
    int32_t scale = 0;
    (void)field_expr_type(f, &type, &scale);
    Expr *e = expr_new(p, kind, type, at);
    e->field = f;
    e->scale = scale;
    return e;
}

/* What every record of a type has besides its fields; `row`: what is known of a record that is counted. */
static Expr *record_pseudo(Parser *p, const RecordType *t, bool row, Str name, int32_t at)
{
    static const struct {
        const char *name;
        ExprKind kind;
        ExprType type;
        bool of_rows;
    } WORDS[] = {
        {"state", EX_STATE, XT_TEXT, true},
        {"self", EX_SELF, XT_NUM, true},
        {"number", EX_NUMBER, XT_TEXT, false},
        {"owner_level", EX_OWNER_LEVEL, XT_TEXT, false},
    };
    for (size_t i = 0; t != NULL && i < ARRAY_LEN(WORDS); i++) {
        if (str_eq(name, str_c(WORDS[i].name)) && (!row || WORDS[i].of_rows)) {
            Expr *e = expr_new(p, WORDS[i].kind, WORDS[i].type, at);
            e->of = t;
            return e;
        }
    }
    return NULL;
}

static Expr *pseudo(Parser *p, Str name, int32_t at)
{
    if (str_eq(name, S("today"))) {
        return expr_new(p, EX_TODAY, XT_DATE, at);
    }
    if (str_eq(name, S("actor")) && p->type != NULL && !p->in_where) {
        return expr_new(p, EX_ACTOR, XT_TEXT, at);
    }
    return record_pseudo(p, p->type, p->in_where, name, at);
}

/* The dot and the name behind it. */
static bool member(Parser *p, Str *ret, int32_t *ret_at)
{
    if (!lex_next(p)) {
        return false;
    }
    *ret = p->tok.text;
    *ret_at = p->tok.at;
    return expect(p, TOK_NAME, "字段名");
}

/* ref.field, ref.state, ref.number: the token is the dot behind the reference field `ref`. */
static Expr *through_ref(Parser *p, const Field *ref, int32_t at)
{
    Str name;
    int32_t name_at;
    if (ref->kind != FT_REF || ref->ref == NULL) {
        return expr_fail(p, at, "%.*s 后面不能有点，只有 ref 字段可以；关联应写在 count、sum、any、latest 等里面", STRF(ref->id));
    }
    if (!member(p, &name, &name_at)) {
        return NULL;
    }
    if (p->tok.kind == TOK_DOT) {
        return expr_fail(p, p->tok.at, "这里不能再有点，只能经过一个 ref 字段");
    }
    const Field *f = type_field(ref->ref, name);
    Expr *e = f != NULL ? field_expr(p, EX_FIELD, f, at) : NULL;
    if (f == NULL && (str_eq(name, S("state")) || str_eq(name, S("number")))) {
        e = record_pseudo(p, ref->ref, false, name, at);
    }
    if (e == NULL) {
        return expr_fail(p, name_at, "没有字段 %.*s，应为 %.*s 的字段、state 或 number", STRF(name), STRF(ref->ref->id));
    }
    e->ref = ref;
    return e;
}

/* outer.field, outer.state …, outer.ref.field: the token is the dot behind `outer`. */
static Expr *p_outer(Parser *p, int32_t at)
{
    Str name;
    int32_t name_at;
    if (!p->has_outer) {
        return expr_fail(p, at, "outer 不能用在这里，应写在 where 条件里");
    }
    if (!member(p, &name, &name_at)) {
        return NULL;
    }
    const Field *f = field_among(p->outer_extra, p->n_outer_extra, name);
    f = f != NULL || p->outer == NULL ? f : type_field(p->outer, name);
    Expr *e = NULL;
    if (f != NULL) {
        e = p->tok.kind == TOK_DOT ? through_ref(p, f, at) : field_expr(p, EX_FIELD, f, at);
    } else if (p->tok.kind != TOK_DOT) {
        e = record_pseudo(p, p->outer, false, name, at);
    }
    if (e == NULL) {
        return expr_fail(p, name_at, "没有字段 %.*s，应为外层记录的字段、self、state、number 或 owner_level", STRF(name));
    }
    e->outer = true;
    return e;
}

static Expr *p_name(Parser *p, Str name, int32_t at)
{
    bool dot = p->tok.kind == TOK_DOT;
    if (dot && str_eq(name, S("outer"))) {
        return p_outer(p, at);
    }
    const Field *f = find_name(p, name);
    if (dot && f != NULL) {
        return through_ref(p, f, at);
    }
    if (dot) {
        return expr_fail(p, at, "%.*s 后面不能有点，只有 ref 字段可以；关联应写在 count、sum、any、latest 等里面", STRF(name));
    }
    if (f != NULL) {
        return field_expr(p, EX_FIELD, f, at);
    }
    Expr *e = pseudo(p, name, at);
    if (e != NULL) {
        return e;
    }
    if (p->type != NULL) {
        return expr_fail(p, at, "没有字段 %.*s，应为 %.*s 的字段", STRF(name), STRF(p->type->id));
    }
    return expr_fail(p, at, "没有字段 %.*s，应为这里看得到的字段", STRF(name));
}

/* ---- aggregates ---- */

static const struct {
    const char *name;
    ExprKind kind;
    bool field;   /* wants link.field */
} AGGREGATES[] = {
    {"count", EX_COUNT, false}, {"any", EX_ANY, false}, {"sum", EX_SUM, true},
    {"min", EX_MIN, true},      {"max", EX_MAX, true},  {"latest", EX_LATEST, true},
};

static const Link *link_of(const RecordType *t, Str id)
{
    for (size_t i = 0; t != NULL && i < t->n_links; i++) {
        if (str_eq(t->links[i].id, id)) {
            return &t->links[i];
        }
    }
    return NULL;
}

/* The link or list that is counted, of this record or of one it refers to. */
static bool aggregate_of(Parser *p, Expr *e)
{
    Str name = p->tok.text;
    int32_t at = p->tok.at;
    if (!expect(p, TOK_NAME, "关联或列表的名字")) {
        return false;
    }
    e->link = link_of(p->type, name);
    if (e->link != NULL) {
        return true;
    }
    const Field *f = find_name(p, name);
    if (f != NULL && f->kind == FT_REF && f->ref != NULL && p->tok.kind == TOK_DOT) {
        e->ref = f;
        if (!member(p, &name, &at)) {
            return false;
        }
        e->link = link_of(f->ref, name);
        if (e->link != NULL) {
            return true;
        }
        f = type_field(f->ref, name);
    }
    if (f == NULL || f->kind != FT_LIST) {
        (void)expr_fail(p, at, "没有关联或列表 %.*s，应为 links 里的 id 或 list 字段", STRF(name));
        return false;
    }
    e->list = f;
    return true;
}

static bool aggregate_field(Parser *p, Expr *e)
{
    int32_t at = p->tok.at;
    if (!expect(p, TOK_DOT, "“.字段”")) {
        return false;
    }
    Str name = p->tok.text;
    at = p->tok.at;
    if (!expect(p, TOK_NAME, "字段名")) {
        return false;
    }
    const Field *f = e->link != NULL ? type_field(e->link->type, name) : field_among(e->list->fields, e->list->n_fields, name);
    if (f == NULL || f->kind == FT_LIST) {
        (void)expr_fail(p, at, "没有字段 %.*s，应为所计记录的普通字段", STRF(name));
        return false;
    }
    ExprType type = XT_BOOL;
    (void)field_expr_type(f, &type, &e->scale);
    bool fits = e->kind == EX_LATEST || (type == XT_NUM && f->kind != FT_REF && f->kind != FT_ORG) ||
                (type == XT_DATE && e->kind != EX_SUM);
    if (!fits) {
        (void)expr_fail(p, at, "字段 %.*s 是%s，应为%s", STRF(name), expr_type_word(type), e->kind == EX_SUM ? "数" : "数或日期");
        return false;
    }
    e->field = f;
    e->type = type;
    return true;
}

static bool aggregate_where(Parser *p, Expr *e)
{
    if (!tok_is(p, "where")) {
        return true;
    }
    Parser outer = *p;
    p->outer = outer.type;
    p->outer_extra = outer.extra;
    p->n_outer_extra = outer.n_extra;
    p->has_outer = true;
    p->type = e->link != NULL ? e->link->type : NULL;
    p->extra = e->list != NULL ? e->list->fields : NULL;
    p->n_extra = e->list != NULL ? e->list->n_fields : 0;
    p->in_where = true;
    Expr *cond = lex_next(p) ? p_or(p) : NULL;
    p->type = outer.type;
    p->extra = outer.extra;
    p->n_extra = outer.n_extra;
    p->outer = outer.outer;
    p->outer_extra = outer.outer_extra;
    p->n_outer_extra = outer.n_outer_extra;
    p->has_outer = outer.has_outer;
    p->in_where = false;
    if (cond != NULL && cond->type != XT_BOOL) {
        cond = expr_fail(p, cond->at, "这里是%s，应为条件", expr_type_word(cond->type));
    }
    e->a = cond;
    return cond != NULL;
}

static Expr *p_aggregate(Parser *p, size_t which, int32_t at)
{
    if (p->in_where) {
        return expr_fail(p, at, "where 里不能再计数，应为所计记录的字段");
    }
    Expr *e = expr_new(p, AGGREGATES[which].kind, AGGREGATES[which].kind == EX_ANY ? XT_BOOL : XT_NUM, at);
    bool ok = aggregate_of(p, e) && (!AGGREGATES[which].field || aggregate_field(p, e)) && aggregate_where(p, e) &&
              expect(p, TOK_CLOSE, " )");
    return ok ? e : NULL;
}

/* ---- functions ---- */

static bool text_arg(Parser *p, Str *ret)
{
    *ret = p->tok.text;
    return expect(p, TOK_TEXT, "'文字'") && expect(p, TOK_CLOSE, " )");
}

static bool known_flag(const Pack *p, Str flag)
{
    for (size_t i = 0; i < p->n_regions; i++) {
        if (region_has_flag(&p->regions[i], flag)) {
            return true;
        }
    }
    return false;
}

static bool known_param(const Pack *p, Str id)
{
    for (size_t i = 0; i < p->n_params; i++) {
        if (str_eq(p->params[i].id, id)) {
            return true;
        }
    }
    return false;
}

static Expr *p_text_function(Parser *p, Str name, int32_t at)
{
    bool param = str_eq(name, S("param")), flag = str_eq(name, S("has_flag"));
    int32_t arg_at = p->tok.at;
    Expr *e = expr_new(p, param ? EX_PARAM : flag ? EX_HAS_FLAG : EX_NAMED, param ? XT_NUM : XT_BOOL, at);
    if (!text_arg(p, &e->text)) {
        return NULL;
    }
    if (param && !known_param(p->pack, e->text)) {
        return expr_fail(p, arg_at, "没有参数 %.*s，应为 params.yaml 里的 id", STRF(e->text));
    }
    if (flag && !known_flag(p->pack, e->text)) {
        return expr_fail(p, arg_at, "没有区划标志 %.*s，应为 regions.csv 的 flags 之一", STRF(e->text));
    }
    return e;
}

static Expr *p_previous(Parser *p, int32_t at)
{
    Str name = p->tok.text;
    int32_t name_at = p->tok.at;
    if (!expect(p, TOK_NAME, "字段名")) {
        return NULL;
    }
    const Field *f = p->type != NULL ? type_field(p->type, name) : NULL;
    if (f == NULL || f->kind == FT_LIST) {
        return expr_fail(p, name_at, "没有字段 %.*s，应为本记录的普通字段", STRF(name));
    }
    Expr *e = field_expr(p, EX_PREVIOUS, f, at);
    return expect(p, TOK_CLOSE, " )") ? e : NULL;
}

static Expr *p_days(Parser *p, int32_t at)
{
    Expr *a = p_or(p);
    if (a == NULL || !expect(p, TOK_COMMA, "逗号")) {
        return NULL;
    }
    Expr *b = p_or(p);
    if (b == NULL || !expect(p, TOK_CLOSE, " )") || !expr_same(p, at, a, b, true)) {
        return NULL;
    }
    if (a->type != XT_DATE) {
        return expr_fail(p, a->at, "这里是%s，应为日期", expr_type_word(a->type));
    }
    Expr *e = expr_new(p, EX_DAYS, XT_NUM, at);
    e->a = a;
    e->b = b;
    return e;
}

/* workdays_after(date, whole number), workdays_between(date, date). */
static Expr *p_workdays(Parser *p, bool between, int32_t at)
{
    Expr *a = p_or(p);
    if (a == NULL || !expect(p, TOK_COMMA, "逗号")) {
        return NULL;
    }
    Expr *b = p_or(p);
    if (b == NULL || !expect(p, TOK_CLOSE, " )")) {
        return NULL;
    }
    expr_date_literal(a);
    if (between) {
        expr_date_literal(b);
    }
    if (a->type != XT_DATE || (between && b->type != XT_DATE)) {
        const Expr *bad = a->type != XT_DATE ? a : b;
        return expr_fail(p, bad->at, "这里是%s，应为日期", expr_type_word(bad->type));
    }
    if (!between && (b->type != XT_NUM || b->scale != 0 || expr_is_id(b))) {
        return expr_fail(p, b->at, "工作日数不对，应为整数");
    }
    Expr *e = expr_new(p, between ? EX_WORKDAYS_BETWEEN : EX_WORKDAYS_AFTER, between ? XT_NUM : XT_DATE, at);
    e->a = a;
    e->b = b;
    return e;
}

/* if(condition, value, value): both of one type, numbers brought to the larger scale when it is evaluated. */
static Expr *p_if(Parser *p, int32_t at)
{
    Expr *v[3];
    for (size_t i = 0; i < 3; i++) {
        v[i] = p_or(p);
        if (v[i] == NULL || !expect(p, i < 2 ? TOK_COMMA : TOK_CLOSE, i < 2 ? "逗号" : " )")) {
            return NULL;
        }
    }
    if (v[0]->type != XT_BOOL) {
        return expr_fail(p, v[0]->at, "这里是%s，应为条件", expr_type_word(v[0]->type));
    }
    if (v[1]->type == XT_DATE || v[2]->type == XT_DATE) {
        expr_date_literal(v[1]);
        expr_date_literal(v[2]);
    }
    if (v[1]->type != v[2]->type || expr_is_id(v[1]) || expr_is_id(v[2])) {
        return expr_fail(p, v[2]->at, "if 的两个值不是同一种，应都是数、日期、文字或条件");
    }
    Expr *e = expr_new(p, EX_IF, v[1]->type, at);
    const Expr **other = NEW_ARRAY(p->mem, const Expr *, 1);
    other[0] = v[2];
    e->a = v[0];
    e->b = v[1];
    e->items = other;
    e->n_items = 1;
    e->scale = MAX(v[1]->scale, v[2]->scale);
    return e;
}

static Expr *p_year(Parser *p, int32_t at)
{
    Expr *a = p_or(p);
    if (a == NULL || !expect(p, TOK_CLOSE, " )")) {
        return NULL;
    }
    bool period = a->field != NULL && a->field->kind == FT_PERIOD;
    if (a->type != XT_DATE && !period) {
        return expr_fail(p, a->at, "这里是%s，应为日期或期别", expr_type_word(a->type));
    }
    Expr *e = expr_new(p, EX_YEAR, XT_NUM, at);
    e->a = a;
    return e;
}

/* A name and an open parenthesis were read. */
static Expr *p_call(Parser *p, Str name, int32_t at)
{
    for (size_t i = 0; i < ARRAY_LEN(AGGREGATES); i++) {
        if (str_eq(name, str_c(AGGREGATES[i].name))) {
            return p_aggregate(p, i, at);
        }
    }
    if (str_eq(name, S("param"))) {
        return p_text_function(p, name, at);
    }
    if (str_eq(name, S("days_between"))) {
        return p_days(p, at);
    }
    if (str_eq(name, S("year"))) {
        return p_year(p, at);
    }
    if (str_eq(name, S("workdays_after")) || str_eq(name, S("workdays_between"))) {
        return p_workdays(p, str_eq(name, S("workdays_between")), at);
    }
    if (str_eq(name, S("if"))) {
        return p_if(p, at);
    }
    bool outer = str_eq(name, S("has_flag")) || str_eq(name, S("named")) || str_eq(name, S("previous")) || str_eq(name, S("level")) ||
                 str_eq(name, S("region_at"));
    if (!outer) {
        return expr_fail(p, at, "没有函数 %.*s，应为 count、sum、min、max、any、latest、previous、param、has_flag、level、region_at、days_between、workdays_after、workdays_between、year、if、named 之一", STRF(name));
    }
    if (p->in_where || p->type == NULL) {
        return expr_fail(p, at, "%.*s 不能用在这里，应为所计记录的字段", STRF(name));
    }
    if (str_eq(name, S("previous"))) {
        return p_previous(p, at);
    }
    if (str_eq(name, S("region_at"))) {
        Expr *e = expr_new(p, EX_REGION_AT, XT_TEXT, at);
        int32_t arg_at = p->tok.at;
        if (!text_arg(p, &e->text)) {
            return NULL;
        }
        return expr_known_level(p->pack, e->text)
                   ? e
                   : expr_fail(p, arg_at, "没有层级 %.*s，应为 pack.yaml 的 levels 之一", STRF(e->text));
    }
    if (str_eq(name, S("level"))) {
        return expect(p, TOK_CLOSE, " )") ? expr_new(p, EX_LEVEL, XT_TEXT, at) : NULL;
    }
    return p_text_function(p, name, at);
}

/* ---- levels of precedence ---- */

static Expr *p_value(Parser *p)
{
    Token t = p->tok;
    if (t.kind == TOK_END) {
        return expr_fail(p, t.at, "表达式没有写完，应为字段名、数或 '文字'");
    }
    if (t.kind != TOK_NUMBER && t.kind != TOK_TEXT && t.kind != TOK_OPEN && t.kind != TOK_NAME) {
        return expr_fail(p, t.at, "这里不对，应为字段名、数或 '文字'");
    }
    if (!lex_next(p)) {
        return NULL;
    }
    if (t.kind == TOK_NUMBER) {
        Expr *e = expr_new(p, EX_INT, XT_NUM, t.at);
        e->num = t.num;
        e->scale = t.scale;
        return e;
    }
    if (t.kind == TOK_TEXT) {
        Expr *e = expr_new(p, EX_TEXT, XT_TEXT, t.at);
        e->text = t.text;
        return e;
    }
    if (t.kind == TOK_OPEN) {
        Expr *e = p_or(p);
        return e != NULL && expect(p, TOK_CLOSE, " )") ? e : NULL;
    }
    bool yes = str_eq(t.text, S("true"));
    if (yes || str_eq(t.text, S("false"))) {
        Expr *e = expr_new(p, EX_BOOL, XT_BOOL, t.at);
        e->num = yes;
        return e;
    }
    if (p->tok.kind == TOK_OPEN) {
        return lex_next(p) ? p_call(p, t.text, t.at) : NULL;
    }
    return p_name(p, t.text, t.at);
}

static bool deeper(Parser *p)
{
    if (++p->depth > EXPR_MAX_DEPTH) {
        (void)expr_fail(p, p->tok.at, "嵌套太深，应在 %d 层以内", EXPR_MAX_DEPTH);
        return false;
    }
    return true;
}

static Expr *p_sign(Parser *p)
{
    if (p->tok.kind != TOK_MINUS) {
        return p_value(p);
    }
    int32_t at = p->tok.at;
    Expr *a = deeper(p) && lex_next(p) ? p_sign(p) : NULL;
    p->depth--;
    if (a == NULL) {
        return NULL;
    }
    Expr *zero = expr_new(p, EX_INT, XT_NUM, at);
    return expr_arith(p, EX_SUB, at, zero, a);
}

static Expr *p_term(Parser *p)
{
    Expr *a = p_sign(p);
    while (a != NULL && (p->tok.kind == TOK_STAR || p->tok.kind == TOK_SLASH)) {
        ExprKind kind = p->tok.kind == TOK_STAR ? EX_MUL : EX_DIV;
        int32_t at = p->tok.at;
        Expr *b = lex_next(p) ? p_sign(p) : NULL;
        a = b != NULL ? expr_arith(p, kind, at, a, b) : NULL;
    }
    return a;
}

static Expr *p_sum(Parser *p)
{
    Expr *a = p_term(p);
    while (a != NULL && (p->tok.kind == TOK_PLUS || p->tok.kind == TOK_MINUS)) {
        ExprKind kind = p->tok.kind == TOK_PLUS ? EX_ADD : EX_SUB;
        int32_t at = p->tok.at;
        Expr *b = lex_next(p) ? p_term(p) : NULL;
        a = b != NULL ? expr_arith(p, kind, at, a, b) : NULL;
    }
    return a;
}

static Expr *negated(Parser *p, Expr *e, bool not)
{
    return e != NULL && not ? expr_logic(p, EX_NOT, e->at, e, NULL) : e;
}

static Expr *p_in(Parser *p, Expr *a, bool not)
{
    int32_t at = p->tok.at;
    if (!lex_next(p) || !expect(p, TOK_OPEN, " (")) {
        return NULL;
    }
    const Expr *items[100];
    Expr *e = expr_new(p, EX_IN, XT_BOOL, at);
    e->a = a;
    for (;;) {
        Expr *item = p_sum(p);
        if (item == NULL || !expr_same(p, item->at, a, item, false)) {
            return NULL;
        }
        if (e->n_items == ARRAY_LEN(items)) {
            return expr_fail(p, item->at, "in 的项太多，应在 %zu 项以内", ARRAY_LEN(items));
        }
        items[e->n_items++] = item;
        if (p->tok.kind != TOK_COMMA) {
            break;
        }
        if (!lex_next(p)) {
            return NULL;
        }
    }
    if (!expect(p, TOK_CLOSE, "逗号或 )")) {
        return NULL;
    }
    const Expr **kept = NEW_ARRAY(p->mem, const Expr *, e->n_items);
    memcpy(kept, items, e->n_items * sizeof *kept);
    e->items = kept;
    return negated(p, e, not);
}

static Expr *p_empty(Parser *p, Expr *a)
{
    int32_t at = p->tok.at;
    if (!lex_next(p)) {
        return NULL;
    }
    bool not = tok_is(p, "not");
    if (not && !lex_next(p)) {
        return NULL;
    }
    if (!tok_is(p, "empty")) {
        return expr_fail(p, p->tok.at, "这里不对，应为 is empty 或 is not empty");
    }
    if (!lex_next(p)) {
        return NULL;
    }
    Expr *e = expr_new(p, EX_EMPTY, XT_BOOL, at);
    e->a = a;
    return negated(p, e, not);
}

static Expr *p_compare(Parser *p)
{
    Expr *a = p_sum(p);
    if (a == NULL) {
        return NULL;
    }
    if (tok_is(p, "is")) {
        return p_empty(p, a);
    }
    if (a->kind == EX_FIELD && a->field->kind == FT_LIST) {
        return expr_fail(p, a->at, "列表 %.*s 不能这样用，应为 count(…) 或 is empty", STRF(a->field->id));
    }
    if (tok_is(p, "in")) {
        return p_in(p, a, false);
    }
    if (tok_is(p, "not")) {
        if (!lex_next(p)) {
            return NULL;
        }
        return tok_is(p, "in") ? p_in(p, a, true) : expr_fail(p, p->tok.at, "这里不对，应为 not in");
    }
    static const ExprKind KINDS[] = {EX_EQ, EX_NE, EX_LT, EX_LE, EX_GT, EX_GE};
    if (p->tok.kind < TOK_EQ || p->tok.kind > TOK_GE) {
        return a;
    }
    ExprKind kind = KINDS[p->tok.kind - TOK_EQ];
    int32_t at = p->tok.at;
    Expr *b = lex_next(p) ? p_sum(p) : NULL;
    if (b != NULL && b->kind == EX_FIELD && b->field->kind == FT_LIST) {
        return expr_fail(p, b->at, "列表 %.*s 不能比较，应为 count(…) 或 is empty", STRF(b->field->id));
    }
    return b != NULL ? expr_compare(p, kind, at, a, b) : NULL;
}

static Expr *p_not(Parser *p)
{
    if (!tok_is(p, "not")) {
        return p_compare(p);
    }
    int32_t at = p->tok.at;
    Expr *a = deeper(p) && lex_next(p) ? p_not(p) : NULL;
    p->depth--;
    return a != NULL ? expr_logic(p, EX_NOT, at, a, NULL) : NULL;
}

static Expr *p_and(Parser *p)
{
    Expr *a = p_not(p);
    while (a != NULL && tok_is(p, "and")) {
        int32_t at = p->tok.at;
        Expr *b = lex_next(p) ? p_not(p) : NULL;
        a = b != NULL ? expr_logic(p, EX_AND, at, a, b) : NULL;
    }
    return a;
}

static Expr *p_or(Parser *p)
{
    Expr *a = deeper(p) ? p_and(p) : NULL;
    while (a != NULL && tok_is(p, "or")) {
        int32_t at = p->tok.at;
        Expr *b = lex_next(p) ? p_and(p) : NULL;
        a = b != NULL ? expr_logic(p, EX_OR, at, a, b) : NULL;
    }
    p->depth--;
    return a;
}

const Expr *expr_parse_within(Arena *mem, const Pack *pack, const RecordType *t, const RecordType *outer, const Field *extra,
                              size_t n_extra, Str text, Str *ret_error, int32_t *ret_at)
{
    Parser p = {.mem = mem, .pack = pack, .type = t, .extra = extra, .n_extra = n_extra, .outer = outer, .has_outer = outer != NULL,
                .text = text};
    Expr *e = NULL;
    if (text.n > EXPR_MAX_BYTES) {
        e = expr_fail(&p, 0, "表达式太长，应在 %d 字节以内", EXPR_MAX_BYTES);
    } else if (lex_next(&p)) {
        e = p_or(&p);
        if (e != NULL && p.tok.kind != TOK_END) {
            e = expr_fail(&p, p.tok.at, "多出了内容，应到此为止");
        }
    }
    if (e == NULL || p.failed) {
        Str before = str_sub(text, 0, (size_t)p.error_at);
        *ret_error = str_printf(mem, "第 %zu 个字符处%.*s", utf8_len(before) + 1, STRF(p.error));
        if (ret_at != NULL) {
            *ret_at = p.error_at;
        }
        return NULL;
    }
    return e;
}

const Expr *expr_parse_at(Arena *mem, const Pack *p, const RecordType *t, const Field *extra, size_t n_extra, Str text, Str *ret_error,
                          int32_t *ret_at)
{
    return expr_parse_within(mem, p, t, NULL, extra, n_extra, text, ret_error, ret_at);
}

const Expr *expr_parse(Arena *mem, const Pack *p, const RecordType *t, const Field *extra, size_t n_extra, Str text, Str *ret_error)
{
    return expr_parse_within(mem, p, t, NULL, extra, n_extra, text, ret_error, NULL);
}
