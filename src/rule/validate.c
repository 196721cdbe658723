/*
 * validate.c - a whole record against its type. Checks that are unknown for want of data do not speak: what is missing is said by
 * the required fields, and what an action needs by its conditions.
 */
#include "rule/validate.h"

#include "base/date.h"
#include "fmt/codes.h"

static void say(const Field *f, Str where, bool warn, const char *code, Str text, Findings *found)
{
    text = str_printf(found->mem, "%.*s：%.*s", STRF(f->label), STRF(text));
    finding_add(found, warn, where, str_c(code), f->clause, text);
}

static void check_range(const EvalEnv *env, const Field *f, Str where, const Value *v, Findings *found)
{
    bool low = f->has_min && v->i < f->min, high = f->has_max && v->i > f->max;
    if (!low && !high) {
        return;
    }
    Value bound = {.has = true, .i = low ? f->min : f->max};
    Str shown = value_show(found->mem, env->pack, f, &bound);
    const char *word = f->kind == FT_DATE ? (low ? "不能早于" : "不能晚于") : (low ? "不能小于" : "不能大于");
    say(f, where, false, "range", str_printf(found->mem, "%s %.*s", word, STRF(shown)), found);
}

static void check_length(const Field *f, Str where, const Value *v, Findings *found)
{
    size_t n = v->s.n > (size_t)f->max_chars ? utf8_len(v->s) : 0;
    if (f->max_chars > 0 && n > (size_t)f->max_chars) {
        say(f, where, false, "length", str_printf(found->mem, "有 %zu 个字，最多 %d 个字，请缩短", n, f->max_chars), found);
    }
}

/* A choice must be in the list; one whose time is over, or has not come, is kept with a word about who took its place. */
static void check_code(const EvalEnv *env, const Field *f, Str where, const Value *v, Findings *found)
{
    const Code *c = f->codes != NULL ? code_find(f->codes, v->s) : NULL;
    if (c == NULL) {
        if (f->codes != NULL) {
            say(f, where, false, "choice", S("不在可选项里，请重新选择"), found);
        }
        return;
    }
    if (env->today < c->valid_from || env->today > c->valid_to) {
        const Code *next = c->successor.n != 0 ? code_find(f->codes, c->successor) : NULL;
        Str text = next != NULL ? str_printf(found->mem, "“%.*s”现在不在有效期内，由“%.*s”承接，请核对", STRF(c->label), STRF(next->label))
                                : str_printf(found->mem, "“%.*s”现在不在有效期内，请核对", STRF(c->label));
        say(f, where, true, "validity", text, found);
    }
}

void value_check(const EvalEnv *env, const Field *f, Str where, const Value *v, Findings *found)
{
    if (!v->has) {
        return;
    }
    const Org *o;
    switch (f->kind) {
    case FT_TEXT:
    case FT_LONG:
        check_length(f, where, v, found);
        break;
    case FT_INT:
    case FT_DECIMAL:
    case FT_MONEY:
    case FT_DATE:
        check_range(env, f, where, v, found);
        break;
    case FT_CODE:
        check_code(env, f, where, v, found);
        break;
    case FT_REGION:
        if (pack_region(env->pack, v->s) == NULL) {
            say(f, where, false, "choice", S("没有这个地区，请重新选择"), found);
        }
        break;
    case FT_ORG:
        o = pack_org_by_home(env->pack, v->i);
        if (o == NULL) {
            say(f, where, false, "choice", S("没有这个单位，请重新选择"), found);
        }
        break;
    case FT_USCC:
        if (uscc_check(v->s) == CODE_BAD_CHECK) {
            say(f, where, true, "check_digit", S("统一社会信用代码的校验位不对，请核对是否抄错"), found);
        }
        break;
    default:
        break;
    }
    if (f->named_check.n != 0) {
        (void)rule_named_run(f->named_check, env, f, v, found);
    }
}

static bool shown(const EvalEnv *env, const Field *f)
{
    return f->show_when == NULL || rule_test(env, f->show_when) == TRI_TRUE;
}

static bool wanted(const EvalEnv *env, const Field *f)
{
    return !f->computed && (f->required || (f->require_when != NULL && rule_test(env, f->require_when) == TRI_TRUE)) && shown(env, f);
}

static void check_required(const EvalEnv *env, const Field *f, Str where, const Value *v, Findings *found)
{
    bool missing = f->kind == FT_LIST ? v->n_rows == 0 : !v->has;
    if (missing && wanted(env, f)) {
        bool choice = f->kind == FT_CODE || f->kind == FT_REGION || f->kind == FT_ORG || f->kind == FT_REF;
        const char *verb = f->kind == FT_LIST ? "至少填写一行" : choice ? "请选择" : "必须填写";
        say(f, where, false, "required", str_c(verb), found);
    }
}

/* A row looks at its own columns first, then at the record. */
static void check_rows(const EvalEnv *env, const Field *f, const Value *v, Findings *found)
{
    for (size_t i = 0; i < v->n_rows; i++) {
        EvalEnv in = *env;
        in.extra = f->fields;
        in.n_extra = f->n_fields;
        in.extra_values = v->rows[i].v;
        for (size_t k = 0; k < f->n_fields; k++) {
            const Field *col = &f->fields[k];
            const Value *cell = &v->rows[i].v[k];
            if (!field_in_form(col, env->form)) {
                continue;
            }
            Str where = str_printf(found->mem, "%.*s.%zu.%.*s", STRF(f->id), i, STRF(col->id));
            check_required(&in, col, where, cell, found);
            value_check(&in, col, where, cell, found);
        }
    }
}

static void check_rules(const EvalEnv *env, Findings *found)
{
    for (size_t i = 0; i < env->type->n_checks; i++) {
        const Check *c = &env->type->checks[i];
        bool applies = c->when == NULL || rule_test(env, c->when) == TRI_TRUE;
        if (!applies || rule_test(env, c->expr) != TRI_FALSE) {
            continue;
        }
        Str why = rule_why(env, c->expr), text = c->say;
        if (why.n != 0) {
            text = str_printf(found->mem, "%.*s（%.*s）", STRF(c->say), STRF(why));
        }
        finding_add(found, c->warn, c->field != NULL ? c->field->id : S(""), S("rule"), c->clause, text);
    }
}

bool field_in_form(const Field *f, int32_t form)
{
    return form == 0 || (f->since <= form && (f->until == 0 || form < f->until));
}

void record_check(const EvalEnv *env, Findings *found)
{
    for (size_t i = 0; i < env->type->n_fields; i++) {
        const Field *f = &env->type->fields[i];
        const Value *v = &env->values[i];
        if (!field_in_form(f, env->form)) {
            continue;
        }
        check_required(env, f, f->id, v, found);
        if (f->kind == FT_LIST) {
            check_rows(env, f, v, found);
        } else if (!f->computed) {
            value_check(env, f, f->id, v, found);
        }
    }
    check_rules(env, found);
}
