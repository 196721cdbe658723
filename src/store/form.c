/*
 * form.c - a record keeps the revision of the form it began with, until somebody takes the newer one over.
 */
#include "rule/validate.h"
#include "store/internal.h"

FormChanges form_changes(Arena *mem, const RecordType *t, int32_t form)
{
    FormChanges c = {.added = arena_alloc_array(mem, sizeof(Field *), t->n_fields + 1),
                     .dropped = arena_alloc_array(mem, sizeof(Field *), t->n_fields + 1)};
    for (size_t i = 0; i < t->n_fields; i++) {
        const Field *f = &t->fields[i];
        bool was = field_in_form(f, MAX(form, 1)), is = field_in_form(f, MAX(t->revision, 1));
        if (is && !was) {
            c.added[c.n_added++] = f;
        } else if (was && !is) {
            c.dropped[c.n_dropped++] = f;
        }
    }
    return c;
}

typedef struct {
    const Actor *a;
    const RecordType *t;
    int64_t id, rev;
    Rec *ret;
} UpgradeArg;

static bool do_upgrade(Cx *cx, Store *s, void *arg)
{
    UpgradeArg *u = arg;
    Rec before;
    bool public_only, changed;
    if (!rec_load(cx, s, u->t, u->id, true, &before)) {
        return false;
    }
    if (!access_read(s->pack, u->a, &before, &public_only) || public_only) {
        return fail(cx, E_NOT_FOUND, "没有找到这条%.*s记录，或者不在您的管辖范围内", STRF(u->t->label));
    }
    if (!access_edit(s->pack, u->a, &before)) {
        return fail(cx, E_WRONG_STATE, "这条记录现在是“%.*s”，不能换用新版表单", STRF(before.state->label));
    }
    if (u->rev != 0 && u->rev != before.rev) {
        return fail(cx, E_STALE, "这条记录刚刚被别人修改过，请核对后再换用新版表单");
    }
    Rec after = before;
    after.form = MAX(u->t->revision, 1);
    Str what = str_printf(cx->mem, "换用第%d版表单", after.form);
    if (!rec_store_change(cx, s, u->a, &before, &after, S("update"), what, S(""), S(""), &changed)) {
        return false;
    }
    *u->ret = rec_as_seen(cx, s, u->a, &after);
    return true;
}

bool rec_upgrade_form(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t id, int64_t rev, Rec *ret)
{
    UpgradeArg u = {.a = a, .t = t, .id = id, .rev = rev, .ret = ret};
    return store_write(cx, s, do_upgrade, &u);
}
