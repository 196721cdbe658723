/*
 * outbox.c - see outbox.h. libcurl's multi interface is driven by hand, because its wait can be ended from another thread.
 */
#include "job/outbox.h"

#include <pthread.h>
#include <stdatomic.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/log.h"
#include "fmt/doc.h"
#include "job/mail.h"
#include "store/shared.h"

#define TIMEOUT_MS 10000L
#define BATCH 10
#define TRIM_MS 86400000LL

struct Outbox {
    Arena *mem;
    Store *s;
    Channels c;
    Str url;
    int64_t poll_ms, trimmed_ms; /* trimmed_ms: monotonic; 0: never */
    CURLM *multi;
    pthread_t thread;
    _Atomic bool stop;
    _Atomic int64_t rounds;
};

typedef struct {
    bool ok, down; /* down: the other side was not reached, so the next one would not either */
    Str text;
} Result;

/* ---- one transfer ---- */

typedef struct {
    Str left;
} Upload;

static size_t upload_read(char *to, size_t size, size_t n, void *arg)
{
    Upload *u = arg;
    size_t take = MIN(size * n, u->left.n);
    memcpy(to, u->left.p, take);
    u->left = str_sub(u->left, take, u->left.n);
    return take;
}

static size_t ignore_body(char *p, size_t size, size_t n, void *arg)
{
    (void)p;
    (void)arg;
    return size * n;
}

/* Runs one transfer to its end or until the thread is to stop. */
static CURLcode transfer(Outbox *o, CURL *h)
{
    CURLcode code = CURLE_ABORTED_BY_CALLBACK;
    int running = 1;
    if (curl_multi_add_handle(o->multi, h) != CURLM_OK) {
        return CURLE_FAILED_INIT;
    }
    while (!o->stop) {
        int queued;
        if (curl_multi_perform(o->multi, &running) != CURLM_OK) {
            code = CURLE_FAILED_INIT;
            break;
        }
        CURLMsg *m = curl_multi_info_read(o->multi, &queued);
        if (m != NULL && m->msg == CURLMSG_DONE) {
            code = m->data.result;
            break;
        }
        curl_multi_poll(o->multi, NULL, 0, 1000, NULL);
    }
    if (o->stop) {
        curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, 1L); /* or a silent SMTP server would be waited for to take leave */
    }
    curl_multi_remove_handle(o->multi, h);
    return code;
}

static const char *reason_of(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return "找不到对方主机";
    case CURLE_COULDNT_CONNECT:
        return "连不上对方服务器";
    case CURLE_OPERATION_TIMEDOUT:
        return "对方 10 秒没有答复";
    case CURLE_LOGIN_DENIED:
        return "用户名或口令被拒绝";
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        return "对方的证书不可信";
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CONNECT_ERROR:
        return "不能建立加密连接";
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
        return "连接中断";
    default:
        return "发送失败";
    }
}

static bool unreached(CURLcode code)
{
    return code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT || code == CURLE_OPERATION_TIMEDOUT;
}

static Result result_of(Arena *mem, CURL *h, CURLcode code, bool http)
{
    long status = 0;
    curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK && (!http || (status >= 200 && status < 300))) {
        return (Result){.ok = true, .text = str_printf(mem, "已送达（%ld）", status)};
    }
    if (code == CURLE_OK || (!http && status >= 400 && code != CURLE_LOGIN_DENIED)) {
        return (Result){.text = str_printf(mem, "对方没有接受（%ld）", status)};
    }
    return (Result){.down = unreached(code), .text = str_printf(mem, "%s（%d）", reason_of(code), (int)code)};
}

static void common_options(CURL *h, const char *protocols, Str ca_file)
{
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
    curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, TIMEOUT_MS);
    curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, protocols);
    curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(h, CURLOPT_PROXY, ""); /* not what the environment says */
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, ignore_body);
    if (ca_file.n != 0) {
        curl_easy_setopt(h, CURLOPT_CAINFO, ca_file.p);
    }
}

/* ---- the three channels ---- */

static Str link_of(const Outbox *o, Arena *mem, const OutRow *r)
{
    return r->href.n == 0 ? S("") : str_printf(mem, "%.*s%.*s", STRF(o->url), STRF(r->href));
}

static Str mail_body(const Outbox *o, Arena *mem, const OutRow *r)
{
    Str link = link_of(o, mem, r);
    Buf b = buf_new(mem, 8192);
    buf_printf(&b, "%.*s\n\n", STRF(r->text));
    if (o->url.n != 0 && link.n != 0) {
        buf_printf(&b, "查看：%.*s\n\n", STRF(link));
    } else {
        buf_add(&b, S("请登录系统，在“消息”里查看。\n\n"));
    }
    buf_printf(&b, "-- \n%.*s\n本邮件由系统自动发出，请不要回复。不想再收到，请在“我的账户”里关闭邮件。\n", STRF(store_pack(o->s)->title));
    return buf_str(&b);
}

static Result send_mail(Outbox *o, Arena *mem, const OutRow *r)
{
    CURL *h = curl_easy_init();
    CHECK(h != NULL);
    bool tls = str_eq(o->c.mail.tls, S("tls"));
    Mail m = {.from = o->c.mail.from, .from_name = o->c.mail.from_name, .to = r->address, .at_ms = r->at_ms,
              .subject = utf8_cut(r->text, 80), .body = mail_body(o, mem, r), .id = str_printf(mem, "tamga.%lld", (long long)r->id)};
    Upload up = {.left = mail_message(mem, &m)};
    struct curl_slist *to = curl_slist_append(NULL, str_printf(mem, "<%.*s>", STRF(r->address)).p);
    common_options(h, "smtp,smtps", o->c.mail.ca_file);
    curl_easy_setopt(h, CURLOPT_URL, str_printf(mem, "%s://%.*s", tls ? "smtps" : "smtp", STRF(o->c.mail.server)).p);
    curl_easy_setopt(h, CURLOPT_USE_SSL, str_eq(o->c.mail.tls, S("none")) ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL);
    if (o->c.mail.user.n != 0) {
        curl_easy_setopt(h, CURLOPT_USERNAME, o->c.mail.user.p);
        curl_easy_setopt(h, CURLOPT_PASSWORD, o->c.mail.password.p);
    }
    curl_easy_setopt(h, CURLOPT_MAIL_FROM, str_printf(mem, "<%.*s>", STRF(o->c.mail.from)).p);
    curl_easy_setopt(h, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(h, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(h, CURLOPT_READFUNCTION, upload_read);
    curl_easy_setopt(h, CURLOPT_READDATA, &up);
    CURLcode code = transfer(o, h);
    Result res = result_of(mem, h, code, false);
    curl_slist_free_all(to);
    curl_easy_cleanup(h);
    return res;
}

static Result post_json(Outbox *o, Arena *mem, Str url, Str ca_file, Str body, Str key, Str header)
{
    CURL *h = curl_easy_init();
    CHECK(h != NULL);
    struct curl_slist *l = curl_slist_append(NULL, "Content-Type: application/json");
    l = curl_slist_append(l, str_printf(mem, "Idempotency-Key: %.*s", STRF(key)).p);
    l = curl_slist_append(l, header.p);
    common_options(h, "http,https", ca_file);
    curl_easy_setopt(h, CURLOPT_URL, url.p);
    curl_easy_setopt(h, CURLOPT_USERAGENT, "tamga");
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, l);
    curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
    curl_easy_setopt(h, CURLOPT_POSTFIELDS, body.p);
    CURLcode code = transfer(o, h);
    Result res = result_of(mem, h, code, true);
    curl_slist_free_all(l);
    curl_easy_cleanup(h);
    return res;
}

static Str key_of(Arena *mem, const OutRow *r)
{
    return str_printf(mem, "tamga-%lld", (long long)r->id);
}

static Result send_sms(Outbox *o, Arena *mem, const OutRow *r)
{
    Doc *d = doc_obj(mem);
    doc_set_str(d, "to", r->address);
    doc_set_str(d, "text", str_printf(mem, "%.*s%.*s", STRF(o->c.sms.prefix), STRF(r->text)));
    return post_json(o, mem, o->c.sms.url, o->c.sms.ca_file, json_text(mem, d), key_of(mem, r),
                     str_printf(mem, "Authorization: Bearer %.*s", STRF(o->c.sms.token)));
}

static Result send_hook(Outbox *o, Arena *mem, const OutRow *r)
{
    uint8_t mac[32];
    Doc *d = doc_obj(mem);
    doc_set_id(d, "id", r->id);
    doc_set_str(d, "at", instant_iso(mem, r->at_ms));
    doc_set_str(d, "text", r->text);
    doc_set_str(d, "href", link_of(o, mem, r));
    doc_set_str(d, "type", r->type);
    if (r->record != 0) {
        doc_set_id(d, "record", r->record);
    } else {
        doc_set_null(d, "record");
    }
    Str body = json_text(mem, d);
    hmac_sha256(o->c.hook.secret, body, mac);
    return post_json(o, mem, o->c.hook.url, o->c.hook.ca_file, body, key_of(mem, r),
                     str_printf(mem, "X-Tamga-Signature: sha256=%.*s", STRF(hex(mem, mac, sizeof mac))));
}

static Result deliver(Outbox *o, Arena *mem, const OutRow *r)
{
    if (r->channel != CHANNEL_HOOK && r->address.n == 0) {
        return (Result){.text = S("接收人没有填写邮箱或手机号")};
    }
    return r->channel == CHANNEL_MAIL ? send_mail(o, mem, r) : r->channel == CHANNEL_SMS ? send_sms(o, mem, r) : send_hook(o, mem, r);
}

/* ---- the thread ---- */

/* True: there may be more at once. */
static bool round_once(Outbox *o, Cx *cx)
{
    OutRow *rows;
    size_t n, n_back = 0, sent = 0;
    unsigned down = 0;
    if (!outbox_take(cx, o->s, o->c.on, BATCH, &rows, &n)) {
        return false;
    }
    int64_t *back = NEW_ARRAY(cx->mem, int64_t, n + 1);
    bool ok = true;
    for (size_t i = 0; i < n; i++) {
        Result res = {0};
        bool skip = !ok || o->stop || (down & (unsigned)rows[i].channel) != 0;
        if (!skip) {
            res = deliver(o, cx->mem, &rows[i]);
            skip = o->stop && !res.ok; /* broken off by us */
        }
        if (skip) {
            back[n_back++] = rows[i].id;
            continue;
        }
        down |= res.down ? (unsigned)rows[i].channel : 0;
        sent += res.ok ? 1 : 0;
        cx->now_ms = clock_now_ms();
        ok = outbox_done(cx, o->s, rows[i].id, res.ok, res.text);
    }
    if (n != 0) {
        log_info("outbox: %zu taken, %zu delivered, %zu put back", n, sent, n_back);
    }
    return outbox_back(cx, o->s, back, n_back) && ok && sent == n && n != 0;
}

static void trim_daily(Outbox *o, Cx *cx)
{
    int64_t now = clock_mono_ms();
    if (o->trimmed_ms == 0 || now - o->trimmed_ms > TRIM_MS) {
        o->trimmed_ms = now;
        if (!outbox_trim(cx, o->s)) {
            log_error("outbox: trim %s (%.*s)", err_info(cx->err)->api, STRF(cx->err_at));
            cx_clear(cx);
        }
    }
}

static void *outbox_main(void *arg)
{
    Outbox *o = arg;
    Arena *mem = arena_new(0);
    int64_t n;
    for (bool first = true; !o->stop; first = false) {
        Cx cx;
        cx_init(&cx, mem);
        bool more = false;
        if (store_attach(&cx, o->s) && ((!first && !store_shared(o->s)) || outbox_recover(&cx, o->s, &n))) {
            trim_daily(o, &cx);
            more = round_once(o, &cx);
        }
        if (cx.err != E_OK) {
            log_error("outbox: %s (%.*s)", err_info(cx.err)->api, STRF(cx.err_at));
        }
        arena_reset(mem);
        o->rounds++;
        if (!more && !o->stop) {
            curl_multi_poll(o->multi, NULL, 0, (int)o->poll_ms, NULL); /* ended early by outbox_stop */
        }
    }
    store_detach(o->s);
    arena_free(mem);
    return NULL;
}

bool outbox_start(Cx *cx, Store *s, Str url, int64_t poll_ms, Outbox **ret)
{
    Arena *mem = arena_new(0);
    Outbox *o = NEW(mem, Outbox);
    *ret = NULL;
    o->mem = mem;
    o->s = s;
    o->poll_ms = poll_ms;
    o->url = str_dup(mem, str_ends(url, S("/")) ? str_sub(url, 0, url.n - 1) : url);
    if (!channels_read(cx, mem, str_printf(mem, "%s/channels.yaml", store_dir(s)).p, &o->c) || o->c.on == 0) {
        arena_free(mem);
        return cx->err == E_OK;
    }
    CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    o->multi = curl_multi_init();
    CHECK(o->multi != NULL);
    outbox_channels(s, o->c.on);
    if (pthread_create(&o->thread, NULL, outbox_main, o) != 0) {
        curl_multi_cleanup(o->multi);
        arena_free(mem);
        return fail(cx, E_INTERNAL, "无法启动消息发送");
    }
    *ret = o;
    return true;
}

int64_t outbox_rounds(const Outbox *o)
{
    return o->rounds;
}

void outbox_stop(Outbox *o)
{
    if (o == NULL) {
        return;
    }
    o->stop = true;
    curl_multi_wakeup(o->multi);
    pthread_join(o->thread, NULL);
    curl_multi_cleanup(o->multi);
    outbox_channels(o->s, 0);
    arena_free(o->mem);
}
