/*
 * chunk.c - a chunked body, piece by piece: llhttp decodes the chunks, the part behind the last chunk is read here.
 *
 * llhttp lets a bare LF and folded lines through in the trailer section, so it is paused at the last chunk and a state
 * machine of a few lines reads the trailers, which are dropped.
 */
#include "net/parse.h"

static int refuse(NetChunks *k, int status)
{
    k->status = status;
    return HPE_USER;
}

static int on_body(llhttp_t *p, const char *at, size_t n)
{
    NetChunks *k = p->data;
    k->total += (int64_t)n;
    if (k->total > k->limit) {
        return refuse(k, 413);
    }
    int status = k->sink(k->ctx, at, n);
    return status == 0 ? 0 : refuse(k, status);
}

static int on_chunk_header(llhttp_t *p)
{
    NetChunks *k = p->data;
    if (p->content_length == 0) {
        k->state = CHUNK_LINE_START;
        return HPE_PAUSED;
    }
    if (p->content_length > (uint64_t)(k->limit - k->total)) {
        refuse(k, 413);
        return -1;
    }
    return 0;
}

static int on_extension(llhttp_t *p, const char *at, size_t n)
{
    (void)at;
    NetChunks *k = p->data;
    k->extra += n + 1;
    return k->extra <= k->extra_max ? 0 : refuse(k, 431);
}

static llhttp_settings_t settings = {
    .on_body = on_body,
    .on_chunk_header = on_chunk_header,
    .on_chunk_extension_name = on_extension,
    .on_chunk_extension_value = on_extension,
};

void net_chunks_init(NetChunks *k, const NetHead *head, const NetConf *conf, NetSink *sink, void *ctx)
{
    *k = (NetChunks){.parser = head->parser,
                     .sink = sink,
                     .ctx = ctx,
                     .limit = head->limit,
                     .extra_max = conf->head_bytes,
                     .state = CHUNK_DATA};
    k->parser.settings = &settings;
}

/* Trailers up to the empty line; the state carries over pieces. Returns bytes consumed or -(status). */
static int64_t feed_trailers(NetChunks *k, Str s)
{
    size_t i = 0;
    while (i < s.n && k->state != CHUNK_DONE) {
        char c = s.p[i++];
        bool ctl = (unsigned char)c < 0x20 && c != '\t';
        switch (k->state) {
        case CHUNK_LINE_START:
            if (c == ' ' || c == '\t' || c == ':' || (ctl && c != '\r')) {
                return -400;
            }
            k->state = c == '\r' ? CHUNK_LAST_LF : CHUNK_NAME;
            break;
        case CHUNK_NAME: /* a name and its colon, without space between */
            if (ctl || c == ' ' || c == '\t') {
                return -400;
            }
            k->state = c == ':' ? CHUNK_LINE : CHUNK_NAME;
            break;
        case CHUNK_LINE:
            if (ctl && c != '\r') {
                return -400;
            }
            k->state = c == '\r' ? CHUNK_LINE_CR : CHUNK_LINE;
            break;
        default: /* CHUNK_LINE_CR, CHUNK_LAST_LF */
            if (c != '\n') {
                return -400;
            }
            k->state = k->state == CHUNK_LAST_LF ? CHUNK_DONE : CHUNK_LINE_START;
        }
    }
    k->extra += i;
    return k->extra <= k->extra_max ? (int64_t)i : -431;
}

int64_t net_chunks_feed(NetChunks *k, Str bytes)
{
    size_t at = 0;
    if (k->state == CHUNK_DATA && bytes.n > 0) {
        k->parser.data = k;
        llhttp_errno_t err = llhttp_execute(&k->parser, bytes.p, bytes.n);
        if (err == HPE_OK) {
            return (int64_t)bytes.n;
        }
        if (err != HPE_PAUSED || k->state == CHUNK_DATA) {
            return -(k->status != 0 ? k->status : 400);
        }
        at = (size_t)(llhttp_get_error_pos(&k->parser) - bytes.p);
    }
    int64_t n = feed_trailers(k, str_n(bytes.p + at, bytes.n - at));
    return n < 0 ? n : (int64_t)at + n;
}
