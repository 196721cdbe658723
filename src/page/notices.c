/*
 * notices.c - what one was told: the list, marking it read, and the number beside the bell.
 *
 * The number is kept per person until a notice is written or read somewhere.
 */
#include "store/notice.h"

#include "page/internal.h"

#define SLOTS 1024

struct NoticeCache {
    Arena *mem;
    pthread_mutex_t lock;
    struct {
        int64_t user, n;
        uint64_t version;
    } slots[SLOTS];
};

NoticeCache *notice_cache_new(void)
{
    Arena *mem = arena_new(sizeof(NoticeCache) + (16 << 10));
    NoticeCache *c = NEW(mem, NoticeCache);
    c->mem = mem;
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

void notice_cache_free(NoticeCache *c)
{
    if (c != NULL) {
        pthread_mutex_destroy(&c->lock);
        arena_free(c->mem);
    }
}

bool notice_count(Req *rq, int64_t *ret)
{
    NoticeCache *c = rq->site->notices;
    size_t slot = (size_t)((uint64_t)rq->actor.user * 0x9e3779b97f4a7c15u >> 54) % SLOTS;
    uint64_t version = notice_version(rq->store) + 1; /* read before the count: at worst counted again */
    pthread_mutex_lock(&c->lock);
    bool known = c->slots[slot].user == rq->actor.user && c->slots[slot].version == version;
    *ret = known ? c->slots[slot].n : 0;
    pthread_mutex_unlock(&c->lock);
    if (known) {
        return true;
    }
    if (!notice_unread(&rq->cx, rq->store, &rq->actor, ret)) {
        return false;
    }
    pthread_mutex_lock(&c->lock);
    c->slots[slot].user = rq->actor.user;
    c->slots[slot].version = version;
    c->slots[slot].n = *ret;
    pthread_mutex_unlock(&c->lock);
    return true;
}

bool notices_page(Req *rq)
{
    Notice *l;
    size_t n;
    int64_t unread;
    if (!notice_list(&rq->cx, rq->store, &rq->actor, 200, &l, &n, &unread)) {
        return false;
    }
    doc_set_strc(rq->doc, "title", "消息");
    doc_set_int(rq->doc, "unread", unread);
    doc_html_only(doc_set_bool(rq->doc, "any_unread", unread != 0));
    Doc *items = doc_set_list(rq->doc, "items");
    for (size_t i = 0; i < n; i++) {
        Doc *o = doc_add_obj(items);
        doc_set_id(o, "id", l[i].id);
        doc_set_instant(o, "at", l[i].at_ms);
        doc_set_bool(o, "read", l[i].read_ms != 0);
        doc_set_str(o, "text", l[i].text);
        if (l[i].href.n != 0) {
            doc_set_str(o, "href", l[i].href);
        } else {
            doc_set_null(o, "href");
        }
        doc_set_int(o, "count", l[i].count);
        doc_html_only(doc_set_bool(o, "again", l[i].count > 1));
    }
    req_crumb(rq, S("消息"), S(""));
    return true;
}

static bool after_reading(Req *rq, Str to)
{
    if (rq->wants_json) {
        rq->status = 204;
        return true;
    }
    return req_see(rq, to);
}

bool notice_read_post(Req *rq)
{
    int64_t id;
    Str go = req_param(rq, "go");
    return req_id(rq, &id) && notice_read(&rq->cx, rq->store, &rq->actor, id) &&
           after_reading(rq, go.n != 0 && url_local(go) ? go : S("/notices"));
}

bool notices_read_post(Req *rq)
{
    return notice_read(&rq->cx, rq->store, &rq->actor, 0) && after_reading(rq, S("/notices"));
}
