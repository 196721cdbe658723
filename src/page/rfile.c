/*
 * rfile.c - attachments: added to a record, sent back with a content type found by looking, dropped with a reason.
 */
#include "page/internal.h"

#include <unistd.h>

static const Part *file_part(const Req *rq)
{
    for (size_t i = 0; i < rq->n_parts; i++) {
        if (rq->parts[i].is_file && rq->parts[i].data.n != 0) {
            return &rq->parts[i];
        }
    }
    return NULL;
}

bool record_file_add(Req *rq)
{
    const RecordType *t;
    Rec r;
    File f;
    if (!req_record(rq, &t, &r)) {
        return false;
    }
    if (!access_edit(rq->pack, &rq->actor, &r)) {
        return fail(&rq->cx, E_FORBIDDEN, "“%.*s”状态下您不能给这条记录加附件", STRF(r.state->label));
    }
    const Part *p = file_part(rq);
    Str at = url_record(rq->mem, t, r.id, "#files"), trust = req_param(rq, "trust"), back = req_param(rq, "back");
    at = url_local(back) ? back : at;
    if (p == NULL) {
        if (rq->wants_json) {
            return fail(&rq->cx, E_BAD_REQUEST, "请用 multipart/form-data 上传一个文件（file）");
        }
        req_flash(rq, S("warn"), S("请先选择要上传的文件"));
        return req_see(rq, at);
    }
    bool known = trust.n == 1 && trust.p[0] >= 'A' && trust.p[0] <= 'D';
    if (!file_add(&rq->cx, rq->store, &rq->actor, t, r.id, p->filename, req_param(rq, "kind"), known ? trust : S("C"), p->data, &f)) {
        if (rq->wants_json || err_info(rq->cx.err)->http >= 500) {
            return false;
        }
        Str why = cx_text(&rq->cx);
        cx_clear(&rq->cx);
        req_flash(rq, S("bad"), str_printf(rq->mem, "没有上传“%.*s”：%.*s", STRF(p->filename), STRF(why)));
        return req_see(rq, at);
    }
    if (rq->wants_json) {
        rq->doc = doc_obj(rq->mem);
        doc_set_id(rq->doc, "id", f.id);
        doc_set_str(rq->doc, "name", f.name);
        doc_set_str(rq->doc, "mime", f.mime);
        doc_set_int(rq->doc, "size", f.size);
        doc_set_str(rq->doc, "sha256", f.sha256);
        rq->status = 201;
        rq->redirect = str_printf(rq->mem, "/files/%.*s", STRF(id_text(rq->mem, f.id)));
        return true;
    }
    req_flash(rq, S("good"), str_printf(rq->mem, "已上传：%.*s", STRF(f.name)));
    return req_see(rq, at);
}

bool file_get(Req *rq)
{
    int64_t id;
    File f;
    int fd;
    if (!req_id(rq, &id) || !file_open(&rq->cx, rq->store, &rq->actor, id, &f, &fd)) {
        return false;
    }
    Str tag = str_printf(rq->mem, "\"%.*s\"", STRF(str_sub(f.sha256, 0, 24)));
    req_header(rq, S("etag"), tag);
    req_header(rq, S("cache-control"), S("private, no-cache"));
    if (str_eq(net_header(rq->net, S("if-none-match")), tag)) {
        close(fd);
        rq->status = 304;
        return true;
    }
    rq->file_fd = fd;
    rq->file_len = f.size;
    rq->file_type = f.mime;
    rq->file_name = f.name;
    rq->file_inline = str_eq(f.mime, S("application/pdf")) || str_starts(f.mime, S("image/"));
    return true;
}

bool file_delete(Req *rq)
{
    int64_t id;
    Str reason = str_trim(req_param(rq, "reason")), back = req_param(rq, "back");
    if (!req_id(rq, &id)) {
        return false;
    }
    if (utf8_len(reason) < 2) {
        return fail(&rq->cx, E_INVALID, "删除附件须写明理由");
    }
    if (!file_drop(&rq->cx, rq->store, &rq->actor, id, reason)) {
        return false;
    }
    if (rq->wants_json) {
        rq->status = 204;
        return true;
    }
    req_flash(rq, S("good"), S("附件已删除"));
    return req_see(rq, url_local(back) ? back : S("/desk"));
}
