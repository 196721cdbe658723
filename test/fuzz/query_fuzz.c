/*
 * query_fuzz.c - the address of a list and the fields of a record, as a hostile client sends them: query strings with filters and orders, values
 * of every kind of field, cookies, ids. Whatever the bytes: limits hold, each fault is a finding or a refusal with words, text stays valid.
 * What is asked on the way (records to choose from) is asked of a store without records in a folder of its own, which is removed at the end.
 *
 * The first byte chooses: f filters of a list (as page, F as API), v values of a form (V as JSON, W all of it), c cookie header, i id, t a typed
 * value (T over and over, longer than a text may be). The second one chooses the record type: ~ a made-up one with a field of every kind, as no
 * type of the pack has offices or identity numbers.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "fmt/codes.h"
#include "fmt/crypt.h"
#include "page/internal.h"
#include "rule/validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const Pack *pack;
static Store *store;
static Db *db;
static RecordType made;
static char folder[] = P_tmpdir "/tamga-fuzz-XXXXXX";

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

static void remove_folder(void)
{
    (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const CodeList *some_codes(void)
{
    for (size_t i = 0; i < pack->n_types; i++) {
        for (size_t k = 0; k < pack->types[i].n_fields; k++) {
            if (pack->types[i].fields[k].kind == FT_CODE) {
                return pack->types[i].fields[k].codes;
            }
        }
    }
    return NULL;
}

/* A type with a field of each kind, k0 … k16 (the last one a list with a column of each kind), and k17, an office that must be of the lowest level. */
static void make_type(Arena *mem)
{
    static State states[2] = {{.id = STR_INIT("a"), .label = STR_INIT("甲"), .initial = true},
                              {.id = STR_INIT("b"), .label = STR_INIT("乙"), .index = 1}};
    size_t n = FT_LIST + 2;
    Field *all = NEW_ARRAY(mem, Field, n);
    const Field **named = NEW_ARRAY(mem, const Field *, n);
    made = (RecordType){.id = S("made"), .label = S("样例"), .fields = all, .n_fields = n, .by_id = map_new(mem), .states = states,
                        .n_states = ARRAY_LEN(states), .filters = named, .n_filters = n - 1, .orders = named, .n_orders = n - 1, .searchable = true};
    for (size_t i = 0; i < n; i++) {
        FieldKind kind = i <= FT_LIST ? (FieldKind)i : FT_ORG;
        all[i] = (Field){.id = str_printf(mem, "k%zu", i), .label = S("栏"), .kind = kind, .index = (int32_t)i, .since = 1, .until = INT32_MAX,
                         .decimals = 2, .codes = some_codes(), .ref = &pack->types[0], .level = i > FT_LIST ? pack->levels[pack->n_levels - 1] : S("")};
        CHECK(map_put(&made.by_id, all[i].id, &all[i]));
        if (kind == FT_LIST) {
            all[i].fields = all;
            all[i].n_fields = FT_LIST;
        }
        if (i < FT_LIST) {
            named[i] = &all[i];
        }
    }
    named[FT_LIST] = &all[n - 1];
    CHECK(all[0].codes != NULL);
}

static void prepare(void)
{
    const char *root = getenv("TAMGA_ROOT");
    char dir[3000];
    Cx cx;
    Str report = S("");
    cx_init(&cx, arena_new(0));
    snprintf(dir, sizeof dir, "%s/pack/neimenggu", root != NULL ? root : ".");
    pack = pack_load(&cx, cx.mem, dir, &report);
    CHECK(pack != NULL && pack->n_types > 0); /* run from the root of the project, or name it in TAMGA_ROOT */
    make_type(cx.mem);
    crypt_start();
    log_level(LOG_ERROR + 1);
    CHECK(mkdtemp(folder) != NULL && atexit(remove_folder) == 0);
    CHECK((store = store_open(&cx, folder, pack)) != NULL && store_attach(&cx, store));
    db = cx.db;
}

static void sound(const Findings *found)
{
    for (size_t i = 0; i < found->n; i++) {
        CHECK(utf8_valid(found->items[i].text) && found->items[i].text.n != 0);
    }
}

/* What a value names is there. */
static void meant(const Field *f, const Value *v)
{
    CHECK(f->kind != FT_ORG || pack_org_by_home(pack, v->i) != NULL);
    CHECK(f->kind != FT_REGION || pack_region(pack, v->s) != NULL);
    CHECK(f->kind != FT_CODE || code_find(f->codes, v->s) != NULL);
    CHECK(f->kind != FT_REF || v->i > 0);
    CHECK(f->kind != FT_BOOL || v->i == 0 || v->i == 1);
    CHECK(f->kind != FT_IDNUMBER || id_number_check(v->s) == CODE_OK);
}

static void filters(Req *rq, const RecordType *t)
{
    Query q;
    Findings found = findings_new(rq->mem);
    if (query_from(rq, t, &q, &found)) {
        CHECK(q.n_filters <= ARRAY_LEN(q.filters) && q.limit >= 1 && q.limit <= 200 && utf8_valid(q.search));
        for (size_t i = 0; i < q.n_filters; i++) {
            const Filter *f = &q.filters[i];
            CHECK((f->field != NULL) != (f->column.n != 0));
            CHECK(f->field == NULL || (!f->field->personal && query_field(t, f->field->id) == f->field));
            if (f->field != NULL && f->value.has && f->op != OP_HAS) { /* of a text that must stand in it any will do */
                meant(f->field, &f->value);
            }
        }
        CHECK(query_filters_doc(rq, t, &q) != NULL && query_chips_doc(rq, t, &q) != NULL);
    } else {
        CHECK(rq->cx.err == E_BAD_REQUEST);
    }
    sound(&found);
}

static void shown(Arena *mem, const Field *f, const Value *v)
{
    if (v->has && f->kind != FT_LIST) {
        meant(f, v);
        CHECK(utf8_valid(value_show(mem, pack, f, v)));
    }
}

static void values(Req *rq, const RecordType *t, bool whole)
{
    Findings found = findings_new(rq->mem);
    Value *v = NEW_ARRAY(rq->mem, Value, t->n_fields);
    bool *set = NEW_ARRAY(rq->mem, bool, t->n_fields);
    bool good = form_values(rq, t, t->fields, t->n_fields, whole, v, set, &found);
    CHECK(!good || found.errors == 0);
    for (size_t i = 0; i < t->n_fields; i++) {
        const Field *f = &t->fields[i];
        CHECK(!v[i].has || set[i]);
        shown(rq->mem, f, &v[i]);
        CHECK(f->kind != FT_LIST || v[i].n_rows <= 500);
        for (size_t row = 0; f->kind == FT_LIST && row < v[i].n_rows; row++) {
            for (size_t k = 0; k < f->n_fields; k++) {
                shown(rq->mem, &f->fields[k], &v[i].rows[row].v[k]);
            }
        }
    }
    sound(&found);
}

/* What is stored as text stands in its normal form: read again it stays what it is, without a fault. */
static void one_value(Arena *mem, const Field *f, Str text, const Region *within)
{
    Value v = {0}, again = {0};
    Findings found = findings_new(mem), none = findings_new(mem);
    bool good = value_parse(mem, pack, f, f->id, text, within, &v, &found);
    CHECK(good == (found.errors == 0) && (good || !v.has));
    sound(&found);
    if (!v.has) {
        return;
    }
    CHECK(f->kind != FT_LIST);
    shown(mem, f, &v);
    if (field_is_text(f) || f->kind == FT_PERIOD || f->kind == FT_USCC || f->kind == FT_DOCNO || f->kind == FT_PHONE || f->kind == FT_IDNUMBER) {
        CHECK(value_parse(mem, pack, f, f->id, v.s, within, &again, &none) && again.has && str_eq(again.s, v.s));
    }
}

static Str repeated(Arena *mem, Str s, size_t at_least)
{
    Buf b = buf_new(mem, at_least + s.n);
    while (s.n != 0 && b.n < at_least) {
        buf_add(&b, s);
    }
    return buf_str(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Arena *mem;
    if (mem == NULL) {
        mem = arena_new(0);
        prepare();
    }
    if (size < 2) {
        return 0;
    }
    Str in = str_n((const char *)data + 2, size - 2);
    const RecordType *t = data[1] == '~' ? &made : &pack->types[data[1] % pack->n_types];
    Req rq = {.mem = mem, .pack = pack, .store = store, .status = 0};
    cx_init(&rq.cx, mem);
    rq.cx.db = db;
    rq.actor = (Actor){.is_system = true, .name = S("x"), .org = &pack->orgs[data[1] % pack->n_orgs]};
    int64_t id;
    switch (data[0]) {
    case 'f':
    case 'F':
        rq.wants_json = data[0] == 'F';
        if (url_params(&rq.cx, in, &rq.query)) {
            filters(&rq, t);
        }
        break;
    case 'v':
    case 'V':
    case 'W':
        rq.json = data[0] == 'V' ? doc_obj(mem) : NULL;
        if (url_params(&rq.cx, in, &rq.form)) {
            values(&rq, t, data[0] == 'W');
        }
        break;
    case 'c':
        CHECK(cookie_get(in, S("__Host-s")).n <= in.n && !str_contains(cookie_get(in, S("s")), S(";")));
        break;
    case 'i':
        CHECK(!id_read(in, &id) || (id > 0 && str_eq(id_text(mem, id), in)));
        break;
    default:
        for (size_t i = 0; data[0] == 'T' && i < t->n_fields; i++) {
            if (t->fields[i].kind == FT_LONG || t->fields[i].kind == FT_REGION) {
                one_value(mem, &t->fields[i], repeated(mem, in, 120000), NULL);
            }
        }
        for (size_t i = 0; i < t->n_fields; i++) {
            one_value(mem, &t->fields[i], in, NULL);
            one_value(mem, &t->fields[i], in, rq.actor.org->region);
        }
    }
    arena_reset(mem);
    return 0;
}
