/*
 * query_fuzz.c - the address of a list and the fields of a record, as a hostile client sends them: query strings with filters and orders, values
 * of every kind of field, cookies, ids. Whatever the bytes: limits hold, each fault is a finding or a refusal with words, text stays valid.
 * What is asked on the way (records to choose from) is asked of a store without records in a folder of its own, which is removed at the end.
 *
 * The first byte chooses: f filters of a list (as page, F as API), v values of a form (V as JSON), c cookie header, i id, t a typed value.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "fmt/crypt.h"
#include "page/internal.h"
#include "rule/validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const Pack *pack;
static Store *store;
static Db *db;
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
        }
        CHECK(query_filters_doc(rq, t, &q) != NULL && query_chips_doc(rq, t, &q) != NULL);
    } else {
        CHECK(rq->cx.err == E_BAD_REQUEST);
    }
    sound(&found);
}

static void values(Req *rq, const RecordType *t)
{
    Findings found = findings_new(rq->mem);
    Value *v = NEW_ARRAY(rq->mem, Value, t->n_fields);
    bool *set = NEW_ARRAY(rq->mem, bool, t->n_fields);
    bool good = form_values(rq, t, t->fields, t->n_fields, false, v, set, &found);
    CHECK(!good || found.errors == 0);
    for (size_t i = 0; i < t->n_fields; i++) {
        CHECK(!v[i].has || set[i]);
        if (v[i].has && t->fields[i].kind != FT_LIST && t->fields[i].kind != FT_REF) {
            CHECK(utf8_valid(value_show(rq->mem, pack, &t->fields[i], &v[i])));
        }
    }
    sound(&found);
}

static void one_value(Arena *mem, const Field *f, Str text)
{
    Value v = {0}, again = {0};
    Findings found = findings_new(mem);
    if (f->kind == FT_LIST || f->kind == FT_REF || !value_parse(mem, pack, f, f->id, text, NULL, &v, &found) || !v.has) {
        sound(&found);
        return;
    }
    CHECK(utf8_valid(value_show(mem, pack, f, &v)));
    (void)again;
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
    const RecordType *t = &pack->types[data[1] % pack->n_types];
    Req rq = {.mem = mem, .pack = pack, .store = store, .status = 0};
    cx_init(&rq.cx, mem);
    rq.cx.db = db;
    rq.actor = (Actor){.is_system = true, .name = S("x")};
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
        rq.json = data[0] == 'V' ? doc_obj(mem) : NULL;
        if (url_params(&rq.cx, in, &rq.form)) {
            values(&rq, t);
        }
        break;
    case 'c':
        CHECK(cookie_get(in, S("__Host-s")).n <= in.n && !str_contains(cookie_get(in, S("s")), S(";")));
        break;
    case 'i':
        CHECK(!id_read(in, &id) || (id > 0 && str_eq(id_text(mem, id), in)));
        break;
    default:
        if (utf8_valid(in)) {
            for (size_t i = 0; i < t->n_fields; i++) {
                one_value(mem, &t->fields[i], in);
            }
        }
    }
    arena_reset(mem);
    return 0;
}
