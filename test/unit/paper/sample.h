/*
 * sample.h - the sample documents of the paper tests: made-up content, labelled as samples.
 */
#pragma once

#include "base/date.h"
#include "paper/paper.h"

/* Fontconfig, cairo and pango keep what they looked up until the process ends. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig.so\nleak:libcairo.so\nleak:libpango\nleak:libglib\n";
}

static inline Paper *sample_official(Arena *mem)
{
    Paper *p = paper_new(mem, PAPER_OFFICIAL);
    p->letterhead = S("样例省人力资源和社会保障厅文件");
    p->number = S("样人社发〔2025〕0号（样例）");
    p->title = S("关于公布2025年省级特色手艺名录的通知");
    p->to = S("各市人力资源和社会保障局：");
    paper_para(p, S("根据《样例省特色手艺建设实施方案》（样人社发〔2022〕0号）要求，经县级申报、市级初审、省级复核、专"
                    "家评审和社会公示，现将2025年省级特色手艺名录予以公布。"));
    paper_heading(p, 1, S("一、加强动态管理"));
    paper_para(p, S("各地要按照“成熟一批、公布一批”的原则，对纳入名录的特色手艺实行动态管理，每年开展一次跟踪评价，评价"
                    "结果作为下一年度安排的依据。"));
    paper_heading(p, 2, S("（一）及时更新名录。"));
    paper_para(p, S("名录内的特色手艺名称、传承单位和联系方式发生变化的，应当在30个工作日内报告。"));
    paper_attach(p, S("2025年省级特色手艺名录（样例）"));
    p->issuer = S("样例省人力资源和社会保障厅");
    p->date = date_from_civil(2025, 9, 22);
    p->copies = S("样例省财政厅，样例省农业农村厅。");
    p->printed = S("样例省人力资源和社会保障厅办公室\t2025年9月22日印发");
    p->watermark = S("样例");
    paper_break(p);
    paper_heading(p, 1, S("附件"));
    PaperBlock *t = paper_table(p, S("2025年省级特色手艺名录（样例）"));
    paper_col(p, t, S("序号"), 10, PAPER_CENTER);
    paper_col(p, t, S("名称"), 40, PAPER_LEFT);
    paper_col(p, t, S("传承单位"), 50, PAPER_LEFT);
    for (int i = 1; i <= 40; i++) {
        Str *row = paper_row(p, t);
        row[0] = str_printf(mem, "%d", i);
        row[1] = str_printf(mem, "样例手艺%d号", i);
        row[2] = S("样例县手艺合作社（样例）");
    }
    p->created_ms = INT64_C(1758499200000);
    return p;
}

static inline Paper *sample_form(Arena *mem)
{
    Paper *p = paper_new(mem, PAPER_FORM);
    p->title = S("省级特色手艺申报表（样例）");
    p->number = S("编号：SL-2025-0001");
    PaperBlock *f = paper_fields(p);
    paper_field(p, f, S("手艺名称"), S("样例面塑"), false, 0);
    paper_field(p, f, S("申报单位"), S("样例县手艺合作社"), false, 0);
    paper_field(p, f, S("统一社会信用代码"), S("000000000000000000"), false, 0);
    paper_field(p, f, S("联系电话"), S("0000-0000000"), false, 0);
    paper_field(p, f, S("基本情况"),
                S("从业人员多在外地，以手艺稳、口碑好见长。\n近三年人数逐年增加，订单来自十余个城市。"), true, 6);
    PaperBlock *t = paper_table(p, S("近三年情况"));
    paper_col(p, t, S("年度"), 2, PAPER_CENTER);
    paper_col(p, t, S("从业人数（人）"), 3, PAPER_RIGHT);
    paper_col(p, t, S("人均年收入（元）"), 3, PAPER_RIGHT);
    paper_col(p, t, S("备注"), 5, PAPER_LEFT);
    for (int y = 2022; y <= 2024; y++) {
        Str *row = paper_row(p, t);
        row[0] = str_printf(mem, "%d", y);
        row[1] = str_printf(mem, "%d", (y - 2020) * 100);
        row[2] = S("30,000.00");
    }
    paper_sign(p, S("申报单位意见"), 4, S("负责人签字（盖章）：　　　　　　　\n　　　　年　　月　　日"));
    paper_sign(p, S("县级推荐意见"), 4, S("负责人签字（盖章）：　　　　　　　\n　　　　年　　月　　日"));
    paper_sign(p, S("市级推荐意见"), 4, S("负责人签字（盖章）：　　　　　　　\n　　　　年　　月　　日"));
    paper_note(p, S("注：本表为样例，一式三份。"));
    p->created_ms = INT64_C(1758499200000);
    return p;
}

static inline Paper *sample_certificate(Arena *mem, int i)
{
    Paper *p = paper_new(mem, PAPER_CERTIFICATE);
    p->above = S("样例省");
    p->title = S("特色手艺证书");
    p->number = str_printf(mem, "证书编号：样手艺〔2025〕第 %04d 号（样例，无效）", i);
    paper_para(p, str_printf(mem,
                             "样例县手艺合作社申报的“样例面塑%"
                             "d号”，经市级推荐、省级复核、专家评审和社会公示，列入省级特色手艺名录，实行动态管理。",
                             i));
    paper_para(p, S("特发此证。"));
    p->issuer = S("样例省人力资源和社会保障厅（样例）");
    p->date = date_from_civil(2025, 9, 22);
    p->date_han = true;
    p->qr = str_printf(mem, "https://example.invalid/v/SL-2025-%04d?k=7f3ac1e0b18d02f9", i);
    p->qr_caption = S("扫码核验真伪\n有效期至 2028-09-21\n校验码 7F3A-C1E0-B18D");
    paper_script(p, S("ᠮᠣᠩᠭᠣᠯ ᠪᠢᠴᠢᠭ"));
    paper_script(p, S("ᠵᠠᠭᠪᠤᠷ"));
    p->watermark = S("样例");
    p->keywords = str_printf(mem, "tamga-token-%04d.abcDEF_-", i);
    p->created_ms = INT64_C(1758499200000);
    return p;
}

static inline Paper *sample_list(Arena *mem, int rows)
{
    Paper *p = paper_new(mem, PAPER_LIST);
    p->landscape = true;
    p->title = S("牌匾制作清单（样例）");
    PaperBlock *t = paper_table(p, S(""));
    paper_col(p, t, S("序号"), 1, PAPER_CENTER);
    paper_col(p, t, S("名称"), 4, PAPER_LEFT);
    paper_col(p, t, S("单位"), 5, PAPER_LEFT);
    paper_col(p, t, S("牌匾文字"), 5, PAPER_LEFT);
    for (int i = 1; i <= rows; i++) {
        Str *row = paper_row(p, t);
        row[0] = str_printf(mem, "%d", i);
        row[1] = str_printf(mem, "样例手艺%d号", i);
        row[2] = S("样例县手艺合作社");
        row[3] = S("省级特色手艺（样例）");
    }
    p->created_ms = INT64_C(1758499200000);
    return p;
}
