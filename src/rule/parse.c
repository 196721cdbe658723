/*
 * parse.c - text as people type it, or as it stands in a spreadsheet, into the normal form of a field. One function a kind.
 */
#include "base/buf.h"
#include "base/date.h"
#include "fmt/codes.h"
#include "rule/validate.h"

#define NUMBER_MAX 1000000000000000000LL /* 10^18: leaves room for arithmetic */
#define TEXT_MAX_BYTES 100000

typedef struct {
    Arena *mem;
    const Pack *pack;
    const Field *f;
    Str where, text;      /* text: narrowed and trimmed */
    const Region *within;
    Findings *found;
} Input;

static bool wrong(const Input *in, const char *code, const char *fmt, ...) PRINTF(3, 4);
static bool wrong(const Input *in, const char *code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    Str text = str_vprintf(in->found->mem, fmt, ap);
    va_end(ap);
    text = str_printf(in->found->mem, "%.*s：%.*s", STRF(in->f->label), STRF(text));
    finding_add(in->found, false, in->where, str_c(code), in->f->clause, text);
    return false;
}

static void doubtful(const Input *in, const char *code, Str text)
{
    text = str_printf(in->found->mem, "%.*s：%.*s", STRF(in->f->label), STRF(text));
    finding_add(in->found, true, in->where, str_c(code), in->f->clause, text);
}

/* What is quoted back is cut short. */
static Str quoted(const Input *in)
{
    return utf8_len(in->text) > 30 ? str_printf(in->mem, "%.*s…", STRF(utf8_cut(in->text, 30))) : in->text;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* 1.5E+17: what a spreadsheet makes of a long number. */
static bool scientific(Str s)
{
    size_t i = 0;
    while (i < s.n && (is_digit(s.p[i]) || s.p[i] == '.')) {
        i++;
    }
    if (i == 0 || i + 2 > s.n || (s.p[i] != 'E' && s.p[i] != 'e')) {
        return false;
    }
    i += s.p[i + 1] == '+' || s.p[i + 1] == '-' ? 2 : 1;
    size_t digits = 0;
    while (i + digits < s.n && is_digit(s.p[i + digits])) {
        digits++;
    }
    return digits > 0 && i + digits == s.n;
}

/* ---- numbers ---- */

/* Without thousands separators; false when commas stand where none belong. */
static bool without_commas(Arena *mem, Str s, Str *ret)
{
    if (!str_contains(s, S(","))) {
        *ret = s;
        return true;
    }
    size_t from = s.n != 0 && (s.p[0] == '-' || s.p[0] == '+') ? 1 : 0, end = s.n;
    (void)str_find(s, S("."), &end);
    size_t run = 0;
    bool first = true;
    for (size_t i = from; i <= end; i++) {
        if (i < end && s.p[i] != ',') {
            run++;
            continue;
        }
        if (run == 0 || run > 3 || (!first && run != 3)) {
            return false;
        }
        first = false;
        run = 0;
    }
    *ret = str_replace(mem, s, S(","), S(""));
    return !str_contains(str_sub(s, end, s.n), S(","));
}

typedef enum { NUM_OK, NUM_BAD, NUM_FINE, NUM_BIG } NumVerdict;

/* "-12.50" with `decimals` places; zeros beyond them are allowed (120.0 as a spreadsheet prints it). */
static NumVerdict scaled(Str s, int32_t decimals, int64_t *ret)
{
    bool minus = s.n != 0 && s.p[0] == '-';
    s = str_sub(s, minus || (s.n != 0 && s.p[0] == '+') ? 1 : 0, s.n);
    size_t dot = s.n, places = 0, digits = 0;
    bool has_dot = str_find(s, S("."), &dot);
    int64_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (i == dot && has_dot) {
            continue;
        }
        if (!is_digit(s.p[i])) {
            return NUM_BAD;
        }
        digits++;
        if (i > dot && ++places > (size_t)decimals) {
            if (s.p[i] != '0') {
                return NUM_FINE;
            }
            continue;
        }
        if (v > NUMBER_MAX / 10) {
            return NUM_BIG;
        }
        v = v * 10 + (s.p[i] - '0');
    }
    for (size_t i = places; i < (size_t)decimals; i++) {
        if (v > NUMBER_MAX / 10) {
            return NUM_BIG;
        }
        v *= 10;
    }
    *ret = minus ? -v : v;
    return digits == 0 || (has_dot && dot + 1 == s.n) ? NUM_BAD : NUM_OK;
}

static bool parse_number(const Input *in, int32_t decimals, Value *ret)
{
    Str s = in->text, plain;
    if (scientific(s)) {
        return wrong(in, "format", "“%.*s”是电子表格的科学计数法，位数可能已丢失，请把单元格改为数值或文本格式后重新填写", STRF(quoted(in)));
    }
    if (in->f->kind == FT_MONEY) {
        if (str_ends(s, S("万元")) || str_ends(s, S("万"))) {
            return wrong(in, "format", "请以元为单位填写，不写“万元”");
        }
        s = str_starts(s, S("¥")) ? str_sub(s, strlen("¥"), s.n) : str_starts(s, S("￥")) ? str_sub(s, strlen("￥"), s.n) : s;
        s = str_ends(s, S("元")) ? str_sub(s, 0, s.n - strlen("元")) : s;
    }
    Str unit = in->f->unit;
    if (unit.n != 0 && s.n > unit.n && str_ends(s, unit)) {
        s = str_sub(s, 0, s.n - unit.n);
    }
    s = str_trim(s);
    if (!without_commas(in->mem, s, &plain)) {
        return wrong(in, "format", "“%.*s”里的逗号位置不对，请只写数字，如 12000", STRF(quoted(in)));
    }
    switch (scaled(plain, decimals, &ret->i)) {
    case NUM_BAD:
        return wrong(in, "format", "“%.*s”不是%s，请只写数字，如 %s", STRF(quoted(in)), decimals > 0 ? "数" : "整数", decimals > 0 ? "12.5" : "120");
    case NUM_FINE:
        return decimals > 0 ? wrong(in, "format", "最多 %d 位小数", decimals) : wrong(in, "format", "“%.*s”不是整数", STRF(quoted(in)));
    case NUM_BIG:
        return wrong(in, "range", "数太大，请核对位数");
    default:
        break;
    }
    ret->has = true;
    return true;
}

static bool parse_date(const Input *in, Value *ret)
{
    int32_t days;
    char precision;
    if (!date_parse(in->mem, in->text, &days, &precision)) {
        return wrong(in, "format", "“%.*s”不是日期，请写成 2024-05-01 或 2024年5月1日", STRF(quoted(in)));
    }
    if (precision != 'd') {
        Str iso = date_iso(in->mem, days);
        doubtful(in, "precision", str_printf(in->mem, "只写到%s，按 %.*s 记", precision == 'm' ? "月" : "年", STRF(iso)));
    }
    *ret = (Value){.has = true, .i = days};
    return true;
}

static bool parse_bool(const Input *in, Value *ret)
{
    static const char *const YES[] = {"是", "有", "true", "1", "√", "✓", "对", "y", "yes", "on"};
    static const char *const NO[] = {"否", "无", "没有", "false", "0", "×", "✗", "n", "no", "off"};
    Str s = str_lower(in->mem, in->text);
    for (size_t i = 0; i < ARRAY_LEN(YES); i++) {
        if (str_eq(s, str_c(YES[i])) || str_eq(s, str_c(NO[i]))) {
            *ret = (Value){.has = true, .i = str_eq(s, str_c(YES[i]))};
            return true;
        }
    }
    return wrong(in, "choice", "“%.*s”看不懂，请写“是”或“否”", STRF(quoted(in)));
}

/* ---- choices ---- */

static bool parse_code(const Input *in, Str as_typed, Value *ret)
{
    const CodeList *l = in->f->codes;
    const Code *c = code_by_label(l, as_typed);
    c = c != NULL ? c : code_by_label(l, in->text);
    Str folded = c == NULL ? name_fold(in->mem, in->text) : S("");
    for (size_t i = 0; c == NULL && folded.n != 0 && i < l->n; i++) {
        c = str_eq(name_fold(in->mem, l->codes[i].label), folded) ? &l->codes[i] : NULL;
    }
    if (c == NULL) {
        Buf b = buf_new(in->mem, 2000);
        for (size_t i = 0; i < l->n && i < 8; i++) {
            buf_printf(&b, "%s%.*s", i != 0 ? "、" : "", STRF(l->codes[i].label));
        }
        Str choices = buf_str(&b);
        return wrong(in, "choice", "没有“%.*s”这一项，请从 %.*s%s 中选择", STRF(quoted(in)), STRF(choices), l->n > 8 ? " 等" : "");
    }
    *ret = (Value){.has = true, .s = c->code};
    return true;
}

/* A retired division gives way to its successor. */
static const Region *living(const Input *in, const Region *r)
{
    const Region *now = r;
    for (int hops = 0; now->valid_to != DATE_MAX && now->successor.n != 0 && hops < 8; hops++) {
        const Region *next = pack_region(in->pack, now->successor);
        if (next == NULL) {
            break;
        }
        now = next;
    }
    if (now != r) {
        doubtful(in, "retired", str_printf(in->mem, "“%.*s”（%.*s）已撤销，按“%.*s”（%.*s）记", STRF(r->name), STRF(r->code), STRF(now->name),
                                           STRF(now->code)));
    }
    return now;
}

static bool all_digits(Str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!is_digit(s.p[i])) {
            return false;
        }
    }
    return s.n != 0;
}

static bool region_named(const Input *in)
{
    for (size_t i = 0; i < in->pack->n_region_names; i++) {
        if (str_eq(in->pack->region_names[i].name, in->text)) {
            return true;
        }
    }
    return false;
}

static bool parse_region(const Input *in, Value *ret)
{
    Str s = in->text;
    if (s.n == 12 && all_digits(s) && str_ends(s, S("000000"))) {
        s = str_sub(s, 0, 6);
    }
    const Region *r = pack_region(in->pack, s);
    if (r == NULL && all_digits(s)) {
        return wrong(in, "choice", "没有代码为 %.*s 的地区，请核对区划代码或写地区名称", STRF(quoted(in)));
    }
    if (r == NULL && in->within != NULL) {
        r = pack_region_by_name(in->pack, s, in->within);
    }
    if (r == NULL) {
        r = pack_region_by_name(in->pack, s, NULL);
    }
    if (r == NULL && region_named(in)) {
        return wrong(in, "ambiguous", "叫“%.*s”的地区不止一个，请连同上级写全或写区划代码", STRF(quoted(in)));
    }
    if (r == NULL) {
        return wrong(in, "choice", "没有叫“%.*s”的地区，请写全称或区划代码", STRF(quoted(in)));
    }
    r = living(in, r);
    if (r->valid_to != DATE_MAX) {
        return wrong(in, "retired", "“%.*s”已撤销，请填现在的地区", STRF(r->name));
    }
    if (in->f->level.n != 0 && !str_eq(r->level, in->f->level)) {
        bool above = r->level_index >= 0;
        for (size_t i = 0; above && i <= (size_t)r->level_index; i++) {
            above = !str_eq(in->pack->levels[i], in->f->level);
        }
        return wrong(in, "level", "“%.*s”的层级不对，请填它%s的地区", STRF(r->name), above ? "下面一级" : "所属");
    }
    *ret = (Value){.has = true, .s = r->code};
    return true;
}

static bool parse_org(const Input *in, Value *ret)
{
    const Pack *p = in->pack;
    int64_t home;
    const Org *o = pack_org(p, in->text);
    if (o == NULL && str_int(in->text, &home)) {
        o = pack_org_by_home(p, home);
    }
    size_t same = 0;
    for (size_t i = 0; o == NULL && i < p->n_orgs; i++) {
        o = str_eq(p->orgs[i].name, in->text) ? &p->orgs[i] : NULL;
    }
    const Org *brief = NULL;
    for (size_t i = 0; o == NULL && i < p->n_orgs; i++) {
        if (str_eq(p->orgs[i].shortname, in->text)) {
            brief = &p->orgs[i];
            same++;
        }
    }
    o = o != NULL ? o : same == 1 ? brief : NULL;
    if (o == NULL) {
        return wrong(in, same > 1 ? "ambiguous" : "choice", same > 1 ? "叫“%.*s”的单位不止一个，请写全称" : "没有“%.*s”这个单位，请写全称或机构代码",
                     STRF(quoted(in)));
    }
    if (in->f->level.n != 0 && !str_eq(p->levels[o->level_index], in->f->level)) {
        return wrong(in, "level", "“%.*s”的层级不对，请另选", STRF(o->name));
    }
    *ret = (Value){.has = true, .i = o->home};
    return true;
}

/* ---- codes of the standards ---- */

static Str squeezed(Arena *mem, Str s, Str drop)
{
    Buf b = buf_new(mem, s.n + 1);
    for (size_t i = 0; i < s.n; i++) {
        if (!str_contains(drop, str_n(s.p + i, 1))) {
            char c = s.p[i];
            buf_addc(&b, c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
        }
    }
    return buf_str(&b);
}

static bool parse_identifier(const Input *in, Value *ret)
{
    FieldKind kind = in->f->kind;
    Str s = squeezed(in->mem, in->text, S(" \t-"));
    if (scientific(in->text) || (kind != FT_PHONE && str_ends(s, S(".0")))) {
        return wrong(in, "format", "“%.*s”是电子表格改成的数，末几位已丢失，请把单元格设为文本格式后重新填写", STRF(quoted(in)));
    }
    if (kind == FT_PHONE) {
        s = all_digits(s) && s.n == 11 && s.p[0] == '1' ? s : squeezed(in->mem, in->text, S(" \t"));
        s = str_starts(s, S("+86")) ? str_sub(s, 3, s.n) : s;
        if (phone_check(s) != CODE_OK) {
            return wrong(in, "format", "应为 11 位手机号，或带区号的固定电话，如 0471-6234567");
        }
    } else if (kind == FT_USCC) {
        CodeVerdict v = uscc_check(s);
        if (v == CODE_BAD_FORMAT) {
            return wrong(in, "format", "“%.*s”不是统一社会信用代码，应为 18 位数字和大写字母（不用 I、O、S、V、Z）", STRF(quoted(in)));
        }
        if (v == CODE_BAD_CHECK) {
            doubtful(in, "check_digit", S("统一社会信用代码的校验位不对，请核对是否抄错"));
        }
    } else {
        CodeVerdict v = id_number_check(s);
        if (v != CODE_OK) {
            return wrong(in, v == CODE_BAD_FORMAT ? "format" : "check_digit",
                         v == CODE_BAD_FORMAT ? "应为 18 位身份证号" : "身份证号的校验位不对，请核对是否抄错");
        }
    }
    *ret = (Value){.has = true, .s = str_dup(in->mem, s)};
    return true;
}

static bool parse_docno(const Input *in, Str as_typed, Value *ret)
{
    Str s;
    if (doc_number_normal(in->mem, as_typed, &s) != CODE_OK) {
        return wrong(in, "format", "“%.*s”不是发文字号，应如 某政办发〔2024〕118号", STRF(quoted(in)));
    }
    *ret = (Value){.has = true, .s = s};
    return true;
}

static bool parse_period(const Input *in, Value *ret)
{
    Str s;
    if (!period_parse(in->mem, in->text, &s)) {
        return wrong(in, "format", "“%.*s”不是期别，应如 2024、2024年上半年、2024年第1季度、2024-05", STRF(quoted(in)));
    }
    *ret = (Value){.has = true, .s = s};
    return true;
}

static bool parse_ref(const Input *in, Value *ret)
{
    int64_t id;
    if (!str_int(in->text, &id) || id <= 0) {
        return wrong(in, "ref", "请从列表中选择");
    }
    *ret = (Value){.has = true, .i = id};
    return true;
}

/* ---- free text ---- */

/* Line breaks stay in long texts and become spaces in short ones; other control characters are refused. */
static bool parse_text(const Input *in, Str as_typed, Value *ret)
{
    if (as_typed.n > TEXT_MAX_BYTES) {
        return wrong(in, "length", "内容太长，请缩短");
    }
    if (in->f->kind == FT_TEXT && scientific(as_typed)) {
        return wrong(in, "format", "“%.*s”是电子表格的科学计数法，请把单元格设为文本格式后重新填写", STRF(quoted(in)));
    }
    Buf b = buf_new(in->mem, as_typed.n + 1);
    for (size_t i = 0; i < as_typed.n; i++) {
        char c = as_typed.p[i];
        if (c == '\r') {
            if (i + 1 < as_typed.n && as_typed.p[i + 1] == '\n') {
                continue;
            }
            c = '\n';
        }
        if ((c == '\n' && in->f->kind == FT_TEXT) || c == '\t') {
            c = ' ';
        }
        if ((unsigned char)c < 0x20 && c != '\n') {
            return wrong(in, "format", "有看不见的控制字符，请删去后重新填写");
        }
        buf_addc(&b, c);
    }
    Str s = str_trim(buf_str(&b));
    *ret = (Value){.has = s.n != 0, .s = str_dup(in->mem, s)};
    return true;
}

bool value_parse(Arena *mem, const Pack *p, const Field *f, Str where, Str text, const Region *within, Value *ret, Findings *found)
{
    *ret = (Value){0};
    Str as_typed = str_trim(text);
    Input in = {.mem = mem, .pack = p, .f = f, .where = where, .within = within, .found = found};
    if (!utf8_valid(text)) {
        return wrong(&in, "format", "文字的编码不对，请重新填写");
    }
    in.text = str_narrow(mem, text);
    if (in.text.n == 0) {
        return true;
    }
    Value v = {0};
    bool ok = false;
    switch (f->kind) {
    case FT_TEXT:
    case FT_LONG: ok = parse_text(&in, as_typed, &v); break;
    case FT_INT: ok = parse_number(&in, 0, &v); break;
    case FT_DECIMAL: ok = parse_number(&in, f->decimals, &v); break;
    case FT_MONEY: ok = parse_number(&in, 2, &v); break;
    case FT_DATE: ok = parse_date(&in, &v); break;
    case FT_BOOL: ok = parse_bool(&in, &v); break;
    case FT_CODE: ok = parse_code(&in, as_typed, &v); break;
    case FT_REGION: ok = parse_region(&in, &v); break;
    case FT_ORG: ok = parse_org(&in, &v); break;
    case FT_REF: ok = parse_ref(&in, &v); break;
    case FT_PERIOD: ok = parse_period(&in, &v); break;
    case FT_USCC:
    case FT_PHONE:
    case FT_IDNUMBER: ok = parse_identifier(&in, &v); break;
    case FT_DOCNO: ok = parse_docno(&in, as_typed, &v); break;
    case FT_LIST: ok = wrong(&in, "format", "请逐行填写"); break;
    }
    if (ok) {
        *ret = v;
    }
    return ok;
}
