/*
 * paper_fuzz.c - a description made out of the bytes, and the bytes as JSON: what is taken is rendered in every format
 * without a crash, and its JSON is read back as the same description.
 */
#include "paper/paper.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Fontconfig, cairo and pango keep what they looked up until the process ends. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig.so\nleak:libcairo.so\nleak:libpango\nleak:libglib\n";
}

typedef struct {
    const uint8_t *p;
    size_t n;
} In;

static unsigned byte(In *in)
{
    if (in->n == 0) {
        return 0;
    }
    in->n--;
    return *in->p++;
}

static Str text(In *in)
{
    static const char *const KEPT[] = {
        "",       "样例",        "长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长",
        "，。」", "a b\tc\n\nd", "\xf0\xbf\xbf\xbd\xe2\x80\xae",
        "ᠮᠣᠩ",    "العر"};
    unsigned how = byte(in);
    if (how < 128) {
        return str_c(KEPT[how % ARRAY_LEN(KEPT)]);
    }
    size_t n = MIN((size_t)how, in->n);
    Str s = str_n((const char *)in->p, n);
    in->p += n;
    in->n -= n;
    return s;
}

static Paper *build(Arena *mem, In *in)
{
    Paper *p = paper_new(mem, (PaperLayout)(byte(in) % 4));
    Str *const texts[] = {&p->title,   &p->number, &p->issuer,     &p->to,        &p->letterhead, &p->copies,
                          &p->printed, &p->qr,     &p->qr_caption, &p->watermark, &p->keywords};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        *texts[i] = text(in);
    }
    p->landscape = byte(in) & 1;
    p->date = (int32_t)(byte(in) * 100);
    p->created_ms = (int64_t)byte(in) << 33;
    for (int blocks = 0; in->n > 0 && blocks < 30; blocks++) {
        switch (byte(in) % 10) {
        case 0:
            paper_para(p, text(in));
            break;
        case 1:
            paper_heading(p, 1 + (int)(byte(in) % 4), text(in));
            break;
        case 2:
            paper_note(p, text(in));
            break;
        case 3:
            paper_break(p);
            break;
        case 4:
            paper_qr(p, text(in), text(in));
            break;
        case 5:
            paper_sign(p, text(in), (int)(byte(in) % 101), text(in));
            break;
        case 6:
            paper_attach(p, text(in));
            break;
        case 7:
            paper_script(p, text(in));
            break;
        case 8: {
            PaperBlock *f = paper_fields(p);
            for (unsigned n = byte(in) % 8; n > 0; n--) {
                paper_field(p, f, text(in), text(in), byte(in) & 1, (int)(byte(in) % 101));
            }
            break;
        }
        default: {
            PaperBlock *t = paper_table(p, text(in));
            for (unsigned n = 1 + byte(in) % PAPER_MAX_COLS; n > 0; n--) {
                paper_col(p, t, text(in), 1 + (int)byte(in), (PaperAlign)(byte(in) % 3));
            }
            for (unsigned n = byte(in) % 60; n > 0; n--) {
                paper_row(p, t)[byte(in) % t->n_cols] = text(in);
            }
        }
        }
    }
    return p;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Arena *mem;
    if (mem == NULL) {
        mem = arena_new(0);
    }
    Cx cx;
    cx_init(&cx, mem);
    Paper *p = NULL;
    In in = {data, size};
    bool good = size > 0 && data[0] == '{' ? paper_read(&cx, str_n((const char *)data, size), &p)
                                           : (p = build(mem, &in), paper_check(&cx, p));
    CHECK(good == (cx.err == E_OK));
    if (good) {
        Str out;
        Str json = paper_write(mem, p);
        Paper *again;
        CHECK(paper_read(&cx, json, &again) && str_eq(paper_write(mem, again), json));
        CHECK(paper_render(&cx, p, PAPER_PDF, &out) && str_starts(out, S("%PDF-1.4")));
        if (p->layout != PAPER_CERTIFICATE) {
            CHECK(paper_render(&cx, p, PAPER_DOCX, &out) && str_starts(out, S("PK\3\4")));
        }
    }
    arena_reset(mem);
    return 0;
}
