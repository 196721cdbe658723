/*
 * make.c - the whole of a bundle: what belongs to it, one record after another, the page, the manifest and its signature last.
 */
#include <unistd.h>

#include "base/date.h"
#include "feature/bundle/set.h"
#include "store/tlog.h"

static struct {
    const char *version, *view_dir;
    Press *press;
    bool demo;
} given = {.version = "", .view_dir = "view"};

void bundle_set(const char *version, const char *view_dir, Press *press)
{
    given.version = version;
    given.view_dir = view_dir;
    given.press = press;
    jobs_offer(&BUNDLE_WORK);
}

void bundle_demo(void)
{
    given.demo = true;
}

bool put_file(Maker *m, Cx *cx, Str path, Str bytes)
{
    Str name = str_dup(m->cx->mem, path);
    if (!map_put(&m->files, name, m)) {
        return fail(cx, E_INTERNAL, "证据包里有两个文件同名：%.*s", STRF(path));
    }
    Doc *o = doc_add_obj(doc_get(m->manifest, S("files")));
    doc_set_str(o, "path", name);
    doc_set_int(o, "size", (int64_t)bytes.n);
    doc_set_str(o, "sha256", sha256_hex(m->cx->mem, bytes));
    m->n.files++;
    m->n.bytes += (int64_t)bytes.n;
    return zipout_add(cx, m->z, name, bytes);
}

static void heads(Maker *m, const Rec *root)
{
    Arena *mem = m->cx->mem;
    const Pack *p = store_pack(m->s);
    Doc *o = m->manifest, *about = doc_set_obj(o, "root"), *pack = doc_set_obj(o, "pack");
    Str name = safe_name(mem, root->no, root->id);
    doc_set_int(o, "v", 1);
    doc_set_str(o, "kind", S(BUNDLE_KIND));
    doc_set_str(about, "type", root->type->id);
    doc_set_str(about, "type_label", root->type->label);
    doc_set_id(about, "id", root->id);
    doc_set_str(about, "no", root->no);
    doc_set_str(about, "title", rec_label(m->cx, m->s, root->type, root->id));
    doc_set_str(about, "path", str_printf(mem, "records/%.*s/%.*s.json", STRF(root->type->id), STRF(name)));
    doc_set_str(pack, "id", p->id);
    doc_set_str(pack, "version", p->version);
    doc_set_str(pack, "hash", p->hash);
    doc_set_bool(pack, "sample", p->sample);
    doc_set_str(o, "program", str_c(given.version));
    doc_set_bool(o, "demo", given.demo);
    doc_set_instant(o, "made_at", m->cx->now_ms);
    doc_set_str(o, "made_by", m->a->name);
    doc_set_str(o, "made_org", m->a->org != NULL ? m->a->org->name : S(""));
    doc_set_str(o, "unmasked", m->ask->reason);
    doc_set_list(o, "files");
    static const char *const LISTS[] = {"records", "draws", "scores", "rubrics", "left_out"};
    for (size_t i = 0; i < ARRAY_LEN(LISTS); i++) {
        doc_set_list(m->index, LISTS[i]);
    }
    Scope scope = m->set->result != NULL ? access_scope(mem, p, m->a, m->set->result) : (Scope){0};
    doc_set_bool(m->index, "ranking_whole", scope.all && !scope.published_only); /* else ranks stand among entries that are not here */
    Doc *states = doc_set_list(m->index, "under_review");
    for (size_t i = 0; m->set->under_review != NULL && i < m->set->under_review->n; i++) {
        doc_add_str(states, m->set->under_review->values[i]);
    }
}

static bool each_record(Maker *m, JobProgress *progress, void *ctx)
{
    for (size_t i = 0; i < m->c.n; i++) {
        Arena *mem = arena_new(0);
        Cx sub = *m->cx;
        sub.mem = mem;
        bool ok = put_record(m, &sub, &m->c.items[i]);
        if (!ok) {
            (void)fail(m->cx, sub.err, "%.*s", STRF(cx_text(&sub)));
        }
        arena_free(mem);
        if (!ok) {
            return false;
        }
        if (progress != NULL && !progress(ctx, (int64_t)i + 1, (int64_t)m->c.n)) {
            return fail(m->cx, E_CANCELLED, "已取消");
        }
    }
    return true;
}

static bool keys_and_log(Maker *m, Str note)
{
    PublicKey keys[2] = {*signer_public(store_signer(m->s, SIGN_ED25519)), *signer_public(store_signer(m->s, SIGN_SM2))};
    Str text = keys_json(m->cx->mem, keys, 2, tlog_origin(m->s, m->cx->mem), tlog_vkey(m->s, m->cx->mem));
    return put_file(m, m->cx, S("keys.json"), text) && put_file(m, m->cx, S("log/checkpoint"), note);
}

static bool seal(Maker *m)
{
    Cx *cx = m->cx;
    Str text = json_canonical(cx->mem, m->manifest), envelope;
    Doc *o = doc_obj(cx->mem);
    doc_set_str(o, "kind", S(BUNDLE_KIND));
    doc_set_str(o, "manifest", sha256_hex(cx->mem, text));
    doc_set_str(o, "root", doc_get_str(doc_get(m->manifest, S("root")), "no"));
    doc_set_int(o, "v", 1);
    return sign_text(cx, store_signer(m->s, SIGN_ED25519), json_canonical(cx->mem, o), &envelope) &&
           zipout_add(cx, m->z, S("manifest.json"), text) &&
           zipout_add(cx, m->z, S("manifest.sig"), str_printf(cx->mem, "%.*s\n", STRF(envelope))) && zipout_end(cx, m->z);
}

static void tell_left_out(Maker *m)
{
    Doc *l = doc_get(m->index, S("left_out"));
    for (size_t i = 0; i < m->c.n_left; i++) {
        Doc *o = doc_add_obj(l);
        doc_set_str(o, "what", m->c.left[i].what);
        doc_set_str(o, "name", m->c.left[i].name);
        doc_set_str(o, "why", m->c.left[i].why);
    }
    m->n.left_out = (int64_t)m->c.n_left;
}

/* The size a checkpoint signs: its second line. */
static int64_t size_of(Str note)
{
    Str origin, rest, number;
    int64_t size = 0;
    (void)str_cut(note, '\n', &origin, &rest);
    (void)str_cut(rest, '\n', &number, &rest);
    (void)str_int(number, &size);
    return size;
}

/* The reading is one: what is written meanwhile is not in it. The checkpoint comes first, because it may have to be made. Showing personal
 * fields writes, and must see what it wrote: then each record is read by itself. */
static bool whole(Maker *m, const Rec *root, JobProgress *progress, void *ctx)
{
    Cx *cx = m->cx;
    Str note;
    bool one = m->ask->reason.n == 0;
    if (!tlog_checkpoint(cx, m->s, &note) || (one && !db_begin(cx, cx->db))) {
        return false;
    }
    m->log_size = size_of(note);
    heads(m, root);
    bool ok = collect(cx, m->s, m->a, m->set, root->id, &m->c) && each_record(m, progress, ctx) && put_rubric(m, cx, root);
    if (one) {
        db_rollback(cx->db);
    }
    if (!ok || !keys_and_log(m, note)) {
        return false;
    }
    tell_left_out(m);
    return put_page(m, cx, given.view_dir) && put_file(m, cx, S("index.json"), json_canonical(cx->mem, m->index)) && seal(m);
}

bool bundle_make(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t id, const BundleAsk *ask, const char *out,
                 JobProgress *progress, void *ctx, BundleCounts *ret)
{
    BundleSet set;
    Rec root;
    bool public_only;
    if (!set_of(cx, store_pack(s), t, &set) || !rec_get(cx, s, a, t, id, &root)) {
        return false;
    }
    if (!bundle_offered(store_pack(s), a, t) || !access_read(store_pack(s), a, &root, &public_only) || public_only) {
        return fail(cx, E_FORBIDDEN, "证据包要有导出%.*s和查看全部历史的权限", STRF(t->label));
    }
    if (ask->reason.n != 0 && utf8_len(str_trim(ask->reason)) < 4) {
        return fail(cx, E_INVALID, "请写明查看完整个人信息的事由（至少 4 个字），事由会记入操作记录");
    }
    Maker m = {.cx = cx, .s = s, .a = a, .set = &set, .ask = ask, .press = given.press, .index = doc_obj(cx->mem),
               .manifest = doc_obj(cx->mem), .files = map_new(cx->mem)};
    if (!zipout_open(cx, out, cx->now_ms, &m.z)) {
        return false;
    }
    bool ok = whole(&m, &root, progress, ctx);
    zipout_drop(m.z);
    *ret = m.n;
    return ok;
}
