/*
 * sign_keys.c - the published list of public keys; see sign.h.
 */
#include "base/date.h"
#include "fmt/doc.h"
#include "fmt/sign.h"

Str keys_json(Arena *mem, const PublicKey *keys, size_t n, Str log_name, Str log_vkey)
{
    Doc *o = doc_obj(mem), *l = doc_set_list(o, "keys"), *log = doc_set_obj(o, "log");
    for (size_t i = 0; i < n; i++) {
        Doc *k = doc_add_obj(l);
        doc_set_strc(k, "alg", sign_alg_word(keys[i].alg));
        doc_set_str(k, "id", str_dup(mem, str_c(keys[i].id)));
        doc_set_str(k, "key", public_key_text(mem, &keys[i]));
        doc_set_str(k, "from", date_iso(mem, keys[i].from));
        doc_set_null(k, "until");
    }
    doc_set_str(log, "name", log_name);
    doc_set_str(log, "vkey", log_vkey);
    return json_text(mem, o);
}

bool keys_read(Cx *cx, Str text, PublicKey **ret, size_t *ret_n)
{
    Str why = S("");
    const Doc *d = json_read(cx->mem, text, &why), *l = d != NULL ? doc_get(d, S("keys")) : NULL;
    if (l == NULL || l->kind != DOC_LIST || l->n == 0) {
        return fail(cx, E_INVALID, "这不是公钥清单（keys.json）");
    }
    PublicKey *keys = NEW_ARRAY(cx->mem, PublicKey, l->n);
    size_t n = 0;
    for (const Doc *one = l->first; one != NULL; one = one->next) {
        int32_t from = 0;
        if (!public_key_read(cx, doc_get_str(one, "key"), &keys[n])) {
            return false;
        }
        if (!str_eq(doc_get_str(one, "id"), str_c(keys[n].id))) {
            return fail(cx, E_INVALID, "公钥清单里的编号与公钥不符");
        }
        keys[n++].from = date_iso_parse(doc_get_str(one, "from"), &from) ? from : 0;
    }
    *ret = keys;
    *ret_n = n;
    return true;
}
