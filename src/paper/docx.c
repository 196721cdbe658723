/*
 * docx.c - the same description for a word processor: paragraphs, grids, page numbers and the watermark as parts of an
 * OOXML package. Every text goes through xml(), which escapes it and leaves out what XML does not allow.
 */
#include "base/date.h"
#include "fmt/zippack.h"
#include "paper/paper_int.h"

#define W_NS      "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\""
#define R_NS      "xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\""
#define DECL      "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define OFFICE    "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define PACKAGE   "http://schemas.openxmlformats.org/package/2006"
#define WORD_TYPE "application/vnd.openxmlformats-officedocument.wordprocessingml."
#define MAX_PART  ((size_t)64 << 20)

#define FANG  "仿宋_GB2312"
#define KAI   "楷体_GB2312"
#define HEI   "黑体"
#define SONG  "宋体"
#define TITLE "方正小标宋简体"

typedef struct {
    const char *font;
    int half;          /* size in half points */
    const char *align; /* left center right both */
    int indent_chars;  /* of the first line, hundredths of a character */
    int right_chars;
    int line;          /* exact pitch in twentieths of a point; 0: single */
    int before, after; /* twentieths of a point */
    bool bold, rule;   /* rule: a red line below */
    const char *color;
} Para;

static void xml(Buf *b, Str s)
{
    for (size_t at = 0; at < s.n;) {
        size_t from = at;
        uint32_t c = utf8_next(s, &at);
        if (c == '<' || c == '>' || c == '&' || c == '"') {
            buf_add(b, c == '<' ? S("&lt;") : c == '>' ? S("&gt;") : c == '&' ? S("&amp;") : S("&quot;"));
        } else if (c < 0x20 || c == 0x7f) {
            buf_addc(b, ' ');
        } else if (c != 0xFFFE && c != 0xFFFF) {
            buf_add_bytes(b, s.p + from, at - from);
        }
    }
}

static void run_style(Buf *b, const Para *s)
{
    buf_printf(b, "<w:rPr><w:rFonts w:ascii=\"%s\" w:hAnsi=\"%s\" w:eastAsia=\"%s\" w:hint=\"eastAsia\"/>%s", s->font,
               s->font, s->font, s->bold ? "<w:b/>" : "");
    buf_printf(b, "<w:color w:val=\"%s\"/><w:sz w:val=\"%d\"/><w:szCs w:val=\"%d\"/></w:rPr>",
               s->color != NULL ? s->color : "000000", s->half, s->half);
}

static void para_open(Buf *b, const Para *s)
{
    buf_printf(b, "<w:p><w:pPr>");
    if (s->rule) {
        buf_printf(b, "<w:pBdr><w:bottom w:val=\"single\" w:sz=\"12\" w:space=\"11\" w:color=\"D8171C\"/></w:pBdr>");
    }
    buf_printf(b, "<w:spacing w:before=\"%d\" w:after=\"%d\"", s->before, s->after);
    if (s->line > 0) {
        buf_printf(b, " w:line=\"%d\" w:lineRule=\"exact\"", s->line);
    }
    buf_printf(b,
               "/><w:ind w:rightChars=\"%d\" w:firstLineChars=\"%d\" w:firstLine=\"%d\"/><w:jc w:val=\"%s\"/></w:pPr>",
               s->right_chars, s->indent_chars, s->indent_chars * s->half / 10, s->align);
}

static void run(Buf *b, Str text, const Para *s)
{
    Str rest = text;
    for (bool more = true; more;) {
        Str line;
        more = str_cut(rest, '\n', &line, &rest);
        buf_printf(b, "<w:r>");
        run_style(b, s);
        buf_printf(b, "<w:t xml:space=\"preserve\">");
        xml(b, line);
        buf_printf(b, "</w:t>%s</w:r>", more ? "<w:br/>" : "");
    }
}

static void para(Buf *b, Str text, const Para *s)
{
    para_open(b, s);
    run(b, text, s);
    buf_printf(b, "</w:p>");
}

static void maybe(Buf *b, Str text, const Para *s)
{
    if (!str_empty(text)) {
        para(b, text, s);
    }
}

/* ---- grids ---- */

static void table_open(Buf *b, const int *widths, size_t n, int total)
{
    static const char *const SIDES[] = {"top", "left", "bottom", "right", "insideH", "insideV"};
    buf_printf(b, "<w:tbl><w:tblPr><w:tblW w:w=\"%d\" w:type=\"dxa\"/><w:tblBorders>", total);
    for (size_t i = 0; i < ARRAY_LEN(SIDES); i++) {
        buf_printf(b, "<w:%s w:val=\"single\" w:sz=\"4\" w:space=\"0\" w:color=\"000000\"/>", SIDES[i]);
    }
    buf_printf(b, "</w:tblBorders><w:tblLayout w:type=\"fixed\"/></w:tblPr><w:tblGrid>");
    for (size_t i = 0; i < n; i++) {
        buf_printf(b, "<w:gridCol w:w=\"%d\"/>", widths[i]);
    }
    buf_printf(b, "</w:tblGrid>");
}

static void row_open(Buf *b, int height, bool head)
{
    buf_printf(b, "<w:tr><w:trPr>%s<w:trHeight w:val=\"%d\" w:hRule=\"atLeast\"/>%s</w:trPr>",
               height > 1200 ? "<w:cantSplit/>" : "", height, head ? "<w:tblHeader/>" : "");
}

static void cell(Buf *b, Str text, int width, int span, const char *align, bool head, const char *valign)
{
    Para s = {.font = head ? HEI : SONG, .half = 22, .align = align};
    buf_printf(
        b,
        "<w:tc><w:tcPr><w:tcW w:w=\"%d\" w:type=\"dxa\"/><w:gridSpan w:val=\"%d\"/>%s<w:vAlign w:val=\"%s\"/></w:tcPr>",
        width, span, head ? "<w:shd w:val=\"clear\" w:color=\"auto\" w:fill=\"F3F4F2\"/>" : "", valign);
    para(b, text, &s);
    buf_printf(b, "</w:tc>");
}

static void table_close(Buf *b)
{
    buf_printf(b,
               "</w:tbl><w:p><w:pPr><w:spacing w:line=\"20\" w:lineRule=\"exact\"/></w:pPr></w:p>"); /* else two grids
                                                                                                        grow into one */
}

static void fields(Buf *b, const PaperBlock *block, int total)
{
    int label = 2040, half = total / 2, widths[4] = {label, half - label, label, total - half - label};
    table_open(b, widths, 4, total);
    for (const PaperRow *r = block->rows; r != NULL; r = r->next) {
        const PaperRow *pair = r->wide || r->next == NULL || r->next->wide ? NULL : r->next;
        row_open(b, MAX(MAX(r->lines, pair != NULL ? pair->lines : 0), 1) * 320 + 140, false);
        cell(b, r->cells[0], widths[0], 1, "center", true, "center");
        cell(b, r->cells[1], pair != NULL ? widths[1] : total - label, pair != NULL ? 1 : 3, "left", false, "center");
        if (pair != NULL) {
            cell(b, pair->cells[0], widths[2], 1, "center", true, "center");
            cell(b, pair->cells[1], widths[3], 1, "left", false, "center");
            r = pair;
        }
        buf_printf(b, "</w:tr>");
    }
    table_close(b);
}

static void table(Buf *b, const PaperBlock *block, int total)
{
    static const char *const ALIGN[] = {"left", "center", "right"};
    int widths[PAPER_MAX_COLS], sum = 0;
    bool titled = false;
    for (size_t i = 0; i < block->n_cols; i++) {
        sum += block->cols[i].weight;
        titled = titled || !str_empty(block->cols[i].title);
    }
    for (size_t i = 0; i < block->n_cols; i++) {
        widths[i] = total * block->cols[i].weight / sum;
    }
    maybe(b, block->text, &(Para){.font = HEI, .half = 24, .align = "center", .before = 120, .after = 80});
    table_open(b, widths, block->n_cols, total);
    if (titled) {
        row_open(b, 460, true);
        for (size_t i = 0; i < block->n_cols; i++) {
            cell(b, block->cols[i].title, widths[i], 1, "center", true, "center");
        }
        buf_printf(b, "</w:tr>");
    }
    for (const PaperRow *r = block->rows; r != NULL; r = r->next) {
        row_open(b, 420, false);
        for (size_t i = 0; i < block->n_cols; i++) {
            cell(b, r->cells[i], widths[i], 1, ALIGN[block->cols[i].align], false, "center");
        }
        buf_printf(b, "</w:tr>");
    }
    if (!titled && block->rows == NULL) {
        row_open(b, 420, false);
        for (size_t i = 0; i < block->n_cols; i++) {
            cell(b, S(""), widths[i], 1, "left", false, "center");
        }
        buf_printf(b, "</w:tr>");
    }
    table_close(b);
}

static void sign(Buf *b, const PaperBlock *block, int total)
{
    int widths[2] = {2040, total - 2040};
    table_open(b, widths, 2, total);
    row_open(b, (MAX(block->level, 1) + 1) * 350, false);
    cell(b, block->text, widths[0], 1, "center", true, "center");
    cell(b, block->text2, widths[1], 1, "right", false, "bottom");
    buf_printf(b, "</w:tr>");
    table_close(b);
}

/* ---- the document ---- */

static const PaperBlock *blocks(Buf *b, const Paper *p, const PaperBlock *block, int total)
{
    static const char *const HEADS[] = {HEI, KAI, FANG, FANG};
    bool official = p->layout == PAPER_OFFICIAL;
    for (; block != NULL && block->kind != BLOCK_BREAK; block = block->next) {
        Para s = {.font = official ? FANG : SONG,
                  .half = official ? 32 : 22,
                  .align = "both",
                  .indent_chars = 200,
                  .line = official ? 580 : 380};
        switch (block->kind) {
        case BLOCK_HEADING:
            s.font = HEADS[block->level - 1];
            s.bold = block->level == 3;
            s.indent_chars = official ? 200 : 0;
            para(b, block->text, &s);
            break;
        case BLOCK_FIELDS:
            if (block->rows != NULL) {
                fields(b, block, total);
            }
            break;
        case BLOCK_TABLE:
            table(b, block, total);
            break;
        case BLOCK_SIGN:
            sign(b, block, total);
            break;
        case BLOCK_NOTE:
            para(b, block->text, &(Para){.font = SONG, .half = official ? 26 : 18, .align = "both"});
            break;
        case BLOCK_QR:
            para(b, block->text2, &(Para){.font = SONG, .half = 20, .align = "left"});
            para(b, block->text, &(Para){.font = SONG, .half = 20, .align = "left"});
            break;
        case BLOCK_PARA:
        case BLOCK_BREAK:
            para(b, block->text, &s);
            break;
        }
    }
    return block;
}

static void end_of_letter(Buf *b, Arena *mem, const Paper *p)
{
    bool official = p->layout == PAPER_OFFICIAL;
    Para s = {.font = official ? FANG : SONG,
              .half = official ? 32 : 22,
              .align = "left",
              .indent_chars = 200,
              .line = official ? 580 : 380};
    for (size_t i = 0; i < p->n_attachments; i++) {
        Str head = p->n_attachments == 1 ? S("附件：") : str_printf(mem, i == 0 ? "附件：%zu." : "　　　%zu.", i + 1);
        para(b, str_printf(mem, "%.*s%.*s", STRF(head), STRF(p->attachments[i])), &s);
    }
    Para right = {.font = s.font,
                  .half = s.half,
                  .align = "right",
                  .line = s.line,
                  .right_chars = official ? 200 : 0,
                  .before = official ? 580 : 200};
    maybe(b, p->issuer, &right);
    right.right_chars = official ? 400 : 0;
    right.before = 0;
    maybe(b, paper_date(mem, p), &right);
}

static void section(Buf *b, const Paper *p)
{
    bool official = p->layout == PAPER_OFFICIAL, wide = p->landscape && !official;
    buf_printf(
        b, "<w:sectPr>%s<w:footerReference w:type=\"default\" r:id=\"rId3\"/>%s",
        str_empty(p->watermark)
            ? ""
            : "<w:headerReference w:type=\"default\" r:id=\"rId5\"/><w:headerReference w:type=\"even\" r:id=\"rId5\"/>",
        "<w:footerReference w:type=\"even\" r:id=\"rId4\"/>");
    buf_printf(b, "<w:pgSz w:w=\"%d\" w:h=\"%d\"%s/>", wide ? 16838 : 11906, wide ? 11906 : 16838,
               wide ? " w:orient=\"landscape\"" : "");
    if (official) { /* 37, 35, 28 and 26 mm; 22 lines of 28 characters */
        buf_printf(b, "<w:pgMar w:top=\"2098\" w:bottom=\"1984\" w:left=\"1587\" w:right=\"1474\" w:header=\"851\" "
                      "w:footer=\"1400\" w:gutter=\"0\"/>"
                      "<w:docGrid w:type=\"linesAndChars\" w:linePitch=\"579\" w:charSpace=\"-849\"/>");
    } else {
        buf_printf(b, "<w:pgMar w:top=\"1134\" w:bottom=\"1134\" w:left=\"1247\" w:right=\"1247\" w:header=\"567\" "
                      "w:footer=\"680\" w:gutter=\"0\"/>");
    }
    buf_printf(b, "</w:sectPr>");
}

static Str document(Arena *mem, const Paper *p, bool *ret_full)
{
    Buf b = buf_new(mem, MAX_PART);
    bool official = p->layout == PAPER_OFFICIAL;
    int total = official ? 8844 : p->landscape ? 14344 : 9412;
    buf_printf(&b, DECL "<w:document " W_NS " " R_NS "><w:body>");
    if (official) {
        maybe(&b, p->letterhead,
              &(Para){.font = TITLE, .half = 72, .align = "center", .before = 1984, .after = 700, .color = "D8171C"});
        maybe(&b, p->number,
              &(Para){.font = FANG, .half = 32, .align = "center", .after = 560, .rule = !str_empty(p->letterhead)});
        maybe(&b, p->title, &(Para){.font = TITLE, .half = 44, .align = "center", .after = 560, .line = 720});
        maybe(&b, p->to, &(Para){.font = FANG, .half = 32, .align = "left", .line = 580});
    } else {
        maybe(&b, p->above, &(Para){.font = SONG, .half = 24, .align = "center"});
        maybe(&b, p->title, &(Para){.font = TITLE, .half = 40, .align = "center", .line = 640});
        maybe(&b, p->number, &(Para){.font = SONG, .half = 21, .align = "right", .after = 80});
    }
    const PaperBlock *rest = blocks(&b, p, p->blocks, total);
    if (official) {
        end_of_letter(&b, mem, p);
    }
    while (rest != NULL) {
        buf_printf(&b, "<w:p><w:r><w:br w:type=\"page\"/></w:r></w:p>");
        rest = blocks(&b, p, rest->next, total);
    }
    if (!official) {
        end_of_letter(&b, mem, p);
    }
    Para small = {.font = FANG, .half = 28, .align = "left"};
    if (!str_empty(p->copies)) {
        para(&b, str_printf(mem, "抄送：%.*s", STRF(p->copies)), &small);
    }
    maybe(&b, str_replace(mem, p->printed, S("\t"), S("　　　　")), &small);
    section(&b, p);
    buf_printf(&b, "</w:body></w:document>");
    *ret_full = b.full;
    return buf_str(&b);
}

static void number_field(Buf *b, const char *name, const Para *s)
{
    buf_printf(b, "<w:fldSimple w:instr=\" %s \"><w:r>", name);
    run_style(b, s);
    buf_printf(b, "<w:t>1</w:t></w:r></w:fldSimple>");
}

static Str footer(Arena *mem, const Paper *p, bool even)
{
    Buf b = buf_new(mem, 16384);
    bool official = p->layout == PAPER_OFFICIAL;
    Para s = {.font = SONG,
              .half = official ? 28 : 18,
              .align = !official ? "center"
                       : even    ? "left"
                                 : "right",
              .right_chars = official && !even ? 100 : 0,
              .indent_chars = official && even ? 100 : 0};
    buf_printf(&b, DECL "<w:ftr " W_NS ">");
    para_open(&b, &s);
    run(&b, official ? S("— ") : S("第 "), &s);
    number_field(&b, "PAGE", &s);
    run(&b, official ? S(" —") : S(" 页 共 "), &s);
    if (!official) {
        number_field(&b, "NUMPAGES", &s);
        run(&b, S(" 页"), &s);
    }
    buf_printf(&b, "</w:p></w:ftr>");
    return buf_str(&b);
}

static Str header(Arena *mem, const Paper *p)
{
    Buf b = buf_new(mem, 16384);
    Str text = utf8_cut(p->watermark, 12);
    buf_printf(
        &b,
        DECL "<w:hdr " W_NS " xmlns:v=\"urn:schemas-microsoft-com:vml\" "
                            "xmlns:o=\"urn:schemas-microsoft-com:office:office\"><w:p><w:r><w:pict>"
             "<v:shapetype id=\"_x0000_t136\" coordsize=\"21600,21600\" o:spt=\"136\" adj=\"10800\" "
             "path=\"m@7,l@8,m@5,21600l@6,21600e\">"
             "<v:path textpathok=\"t\" o:connecttype=\"rect\"/><v:textpath on=\"t\" fitshape=\"t\"/></v:shapetype>"
             "<v:shape id=\"watermark\" type=\"#_x0000_t136\" "
             "style=\"position:absolute;margin-left:0;margin-top:0;width:%zupt;height:110pt;"
             "rotation:315;z-index:-251658752;mso-position-horizontal:center;mso-position-horizontal-relative:margin;"
             "mso-position-vertical:center;mso-position-vertical-relative:margin\" fillcolor=\"#d9dce0\" stroked=\"f\">"
             "<v:fill opacity=\".5\"/><v:textpath style=\"font-family:SimHei;font-size:1pt\" string=\"",
        MIN(utf8_len(text) * 110, (size_t)440));
    xml(&b, text);
    buf_printf(&b, "\"/></v:shape></w:pict></w:r></w:p></w:hdr>");
    return buf_str(&b);
}

static Str core(Arena *mem, const Paper *p)
{
    Buf b = buf_new(mem, MAX_PART);
    Str iso = instant_iso(mem, p->created_ms);
    buf_printf(&b, DECL "<cp:coreProperties xmlns:cp=\"" PACKAGE
                        "/metadata/core-properties\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" "
                        "xmlns:dcterms=\"http://purl.org/dc/terms/\" "
                        "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><dc:title>");
    xml(&b, p->title);
    buf_printf(&b, "</dc:title><dc:creator>Tamga</dc:creator><cp:keywords>");
    xml(&b, p->keywords);
    buf_printf(
        &b, "</cp:keywords><dcterms:created xsi:type=\"dcterms:W3CDTF\">%.19sZ</dcterms:created></cp:coreProperties>",
        iso.p);
    return buf_str(&b);
}

static const char TYPES[] =
    DECL "<Types xmlns=\"" PACKAGE "/content-types\"><Default Extension=\"rels\" "
                                   "ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>"
         "<Default Extension=\"xml\" ContentType=\"application/xml\"/>"
         "<Override PartName=\"/word/document.xml\" ContentType=\"" WORD_TYPE "document.main+xml\"/>"
         "<Override PartName=\"/word/settings.xml\" ContentType=\"" WORD_TYPE "settings+xml\"/>"
         "<Override PartName=\"/word/fontTable.xml\" ContentType=\"" WORD_TYPE "fontTable+xml\"/>"
         "<Override PartName=\"/word/footer1.xml\" ContentType=\"" WORD_TYPE "footer+xml\"/>"
         "<Override PartName=\"/word/footer2.xml\" ContentType=\"" WORD_TYPE "footer+xml\"/>"
         "<Override PartName=\"/word/header1.xml\" ContentType=\"" WORD_TYPE "header+xml\"/>"
         "<Override PartName=\"/docProps/core.xml\" "
         "ContentType=\"application/vnd.openxmlformats-package.core-properties+xml\"/></Types>";
static const char RELS[] =
    DECL "<Relationships xmlns=\"" PACKAGE "/relationships\"><Relationship Id=\"rId1\" Type=\"" OFFICE
         "/officeDocument\" Target=\"word/document.xml\"/>"
         "<Relationship Id=\"rId2\" Type=\"" PACKAGE
         "/relationships/metadata/core-properties\" Target=\"docProps/core.xml\"/></Relationships>";
static const char DOC_RELS[] = DECL
    "<Relationships xmlns=\"" PACKAGE "/relationships\"><Relationship Id=\"rId1\" Type=\"" OFFICE
    "/settings\" Target=\"settings.xml\"/>"
    "<Relationship Id=\"rId2\" Type=\"" OFFICE "/fontTable\" Target=\"fontTable.xml\"/>"
    "<Relationship Id=\"rId3\" Type=\"" OFFICE
    "/footer\" Target=\"footer1.xml\"/><Relationship Id=\"rId4\" Type=\"" OFFICE "/footer\" Target=\"footer2.xml\"/>"
    "<Relationship Id=\"rId5\" Type=\"" OFFICE "/header\" Target=\"header1.xml\"/></Relationships>";
static const char SETTINGS[] =
    DECL "<w:settings " W_NS
         "><w:evenAndOddHeaders/><w:characterSpacingControl w:val=\"compressPunctuation\"/></w:settings>";
#define FONT(name, alt) "<w:font w:name=\"" name "\"><w:altName w:val=\"" alt "\"/><w:charset w:val=\"86\"/></w:font>"
static const char FONTS[] = DECL "<w:fonts " W_NS ">" FONT(FANG, "仿宋") FONT(KAI, "楷体") FONT(HEI, "SimHei")
    FONT(SONG, "SimSun") FONT(TITLE, "FZXiaoBiaoSong-B05S") "</w:fonts>";

bool docx_render(Cx *cx, const Paper *p, Str *ret)
{
    if (p->layout == PAPER_CERTIFICATE) {
        return fail(cx, E_NOT_ACCEPTABLE, "证书只能下载 PDF");
    }
    bool full;
    Str text = document(cx->mem, p, &full);
    if (full) {
        return fail(cx, E_TOO_LARGE, "文书超过 %zu MB，请分成几份", MAX_PART >> 20);
    }
    ZipPart parts[] = {
        {S("[Content_Types].xml"), str_c(TYPES)},
        {S("_rels/.rels"), str_c(RELS)},
        {S("word/document.xml"), text},
        {S("word/_rels/document.xml.rels"), str_c(DOC_RELS)},
        {S("word/settings.xml"), str_c(SETTINGS)},
        {S("word/fontTable.xml"), str_c(FONTS)},
        {S("word/footer1.xml"), footer(cx->mem, p, false)},
        {S("word/footer2.xml"), footer(cx->mem, p, true)},
        {S("word/header1.xml"), header(cx->mem, p)},
        {S("docProps/core.xml"), core(cx->mem, p)},
    };
    return zip_pack(cx, parts, ARRAY_LEN(parts), p->created_ms, ret);
}
