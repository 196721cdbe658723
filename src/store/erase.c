/*
 * erase.c - erasing the personal data of a record: its fields, its blind indexes and its key, with the reason in the journal.
 *
 * What the journal and snapshots hold of them stays where it is, as the chain needs, and cannot be read any more: it was sealed with the key
 * that is gone. An older backup still holds the key (wrapped); see SECURITY.md.
 */
#include "base/log.h"
#include "store/subject.h"

typedef struct {
    const Actor *a;
    const RecordType *t;
    int64_t id, rev;
    Str reason;
    Rec *ret;
} EraseArg;

static bool do_erase(Cx *cx, Store *s, void *arg)
{
    EraseArg *x = arg;
    Rec before, after;
    bool public_only, changed, any = false;
    if (!rec_load(cx, s, x->t, x->id, true, &before)) {
        return false;
    }
    if (!access_read(s->pack, x->a, &before, &public_only) || public_only) {
        return fail(cx, E_NOT_FOUND, "没有找到这条%.*s记录，或者不在您的管辖范围内", STRF(x->t->label));
    }
    if (x->rev != 0 && x->rev != before.rev) {
        return fail(cx, E_STALE, "这条记录刚刚被别人修改过（现在是第 %lld 版），请核对后再删除个人信息", (long long)before.rev);
    }
    after = before;
    after.v = NEW_ARRAY(cx->mem, Value, x->t->n_fields);
    memcpy(after.v, before.v, x->t->n_fields * sizeof(Value));
    for (size_t i = 0; i < x->t->n_fields; i++) {
        if (x->t->fields[i].personal && after.v[i].has && !str_eq(after.v[i].s, PERSONAL_ERASED)) {
            after.v[i].s = PERSONAL_ERASED;
            any = true;
        }
    }
    if (!any) {
        return fail(cx, E_CONFLICT, "这条记录没有可删除的个人信息");
    }
    if (!rec_store_change(cx, s, x->a, &before, &after, S("erase"), S(""), x->reason, S(""), &changed) || !subject_destroy(cx, s, &after)) {
        return false;
    }
    *x->ret = rec_as_seen(cx, s, x->a, &after);
    return true;
}

bool rec_erase(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t id, int64_t rev, Str reason, Rec *ret)
{
    if (a->read_only || !access_flag(a, t, 'e')) {
        return fail(cx, E_FORBIDDEN, "您没有删除个人信息的权限");
    }
    if (utf8_len(str_trim(reason)) < 4) {
        return fail(cx, E_INVALID, "请写明删除个人信息的事由（至少 4 个字），事由会记入操作记录");
    }
    EraseArg x = {.a = a, .t = t, .id = id, .rev = rev, .reason = str_trim(reason), .ret = ret};
    if (!store_write(cx, s, do_erase, &x)) {
        return false;
    }
    /* The key's old bytes may still stand in the log of the database file. */
    if (!on_writer(s) && cx->db != NULL && db_is_file(cx->db) && !db_script(cx, cx->db, "pragma wal_checkpoint(truncate)")) {
        log_warn("wal not truncated after an erasure: %.*s", STRF(cx_text(cx)));
        cx_clear(cx);
    }
    return true;
}
