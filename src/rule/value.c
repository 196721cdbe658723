/*
 * value.c - values compared, printed for programs and shown to people; the list of findings.
 */
#include "base/buf.h"
#include "base/date.h"
#include "rule/validate.h"

bool personal_hidden(Str s)
{
    return str_contains(s, S("*")) || str_eq(s, PERSONAL_ERASED);
}

bool field_is_text(const Field *f)
{
    switch (f->kind) {
    case FT_INT:
    case FT_DECIMAL:
    case FT_MONEY:
    case FT_DATE:
    case FT_BOOL:
    case FT_ORG:
    case FT_REF:
    case FT_LIST:
        return false;
    default:
        return true;
    }
}

bool value_eq(const Field *f, const Value *a, const Value *b)
{
    if (f->kind == FT_LIST) {
        if (a->n_rows != b->n_rows) {
            return false;
        }
        for (size_t i = 0; i < a->n_rows; i++) {
            for (size_t k = 0; k < f->n_fields; k++) {
                if (!value_eq(&f->fields[k], &a->rows[i].v[k], &b->rows[i].v[k])) {
                    return false;
                }
            }
        }
        return true;
    }
    if (a->has != b->has || !a->has) {
        return a->has == b->has;
    }
    return field_is_text(f) ? str_eq(a->s, b->s) : a->i == b->i;
}

Findings findings_new(Arena *mem)
{
    return (Findings){.mem = mem};
}

/* The same finding twice (by the parser and by the check of the record) is one. */
void finding_add(Findings *f, bool warn, Str field, Str code, Str clause, Str text)
{
    for (size_t i = 0; i < f->n && i < 200; i++) {
        const Finding *x = &f->items[i];
        if (x->warn == warn && str_eq(x->field, field) && str_eq(x->code, code) && str_eq(x->text, text)) {
            return;
        }
    }
    ARRAY_ROOM(f->mem, f->items, f->n, f->cap);
    f->items[f->n++] = (Finding){.field = field, .code = code, .text = text, .clause = clause, .warn = warn};
    f->errors += !warn;
}

/* ---- texts of numbers ---- */

static uint64_t absolute(int64_t v)
{
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

static uint64_t power10(int32_t n)
{
    uint64_t p = 1;
    while (n-- > 0) {
        p *= 10;
    }
    return p;
}

/* "-1,234.50": grouped by thousands when asked. */
static Str number_text(Arena *mem, int64_t v, int32_t decimals, bool grouped)
{
    char digits[64];
    size_t n = 0;
    uint64_t whole = absolute(v) / power10(decimals), part = absolute(v) % power10(decimals);
    do {
        if (grouped && n % 4 == 3) {
            digits[n++] = ',';
        }
        digits[n++] = (char)('0' + (int)(whole % 10));
        whole /= 10;
    } while (whole != 0);
    Buf b = buf_new(mem, 96);
    if (v < 0) {
        buf_addc(&b, '-');
    }
    while (n > 0) {
        buf_addc(&b, digits[--n]);
    }
    if (decimals > 0) {
        buf_printf(&b, ".%0*llu", decimals, (unsigned long long)part);
    }
    return buf_str(&b);
}

Str value_raw(Arena *mem, const Field *f, const Value *v)
{
    if (!v->has) {
        return S("");
    }
    switch (f->kind) {
    case FT_DATE:
        return date_iso(mem, (int32_t)v->i);
    case FT_BOOL:
        return v->i != 0 ? S("true") : S("false");
    case FT_DECIMAL:
        return number_text(mem, v->i, f->decimals, false);
    case FT_INT:
    case FT_MONEY:
    case FT_ORG:
    case FT_REF:
        return number_text(mem, v->i, 0, false);
    case FT_LIST:
        return S("");
    default:
        return v->s;
    }
}

/* A year is no quantity: a whole number that must have four digits prints as it is written. */
static bool is_year(const Field *f)
{
    return f->has_min && f->has_max && f->min >= 1000 && f->max <= 9999;
}

Str value_show(Arena *mem, const Pack *p, const Field *f, const Value *v)
{
    if (!v->has) {
        return S("");
    }
    const Code *c;
    const Region *r;
    const Org *o;
    switch (f->kind) {
    case FT_DATE:
        return date_zh(mem, (int32_t)v->i);
    case FT_BOOL:
        return v->i != 0 ? S("是") : S("否");
    case FT_INT:
        return number_text(mem, v->i, 0, !is_year(f));
    case FT_DECIMAL:
        return number_text(mem, v->i, f->decimals, true);
    case FT_MONEY:
        return str_printf(mem, "%s¥%s", v->i < 0 ? "-" : "", number_text(mem, v->i < 0 ? -v->i : v->i, 2, true).p);
    case FT_CODE:
        c = f->codes != NULL ? code_find(f->codes, v->s) : NULL;
        return c != NULL ? c->label : v->s;
    case FT_REGION:
        r = pack_region(p, v->s);
        return r != NULL ? r->name : v->s;
    case FT_ORG:
        o = pack_org_by_home(p, v->i);
        return o != NULL ? o->name : number_text(mem, v->i, 0, false);
    case FT_PERIOD:
        return period_zh(mem, v->s);
    case FT_REF:
        return number_text(mem, v->i, 0, false);
    case FT_LIST:
        return str_printf(mem, "%zu 项", v->n_rows);
    default:
        return v->s;
    }
}
