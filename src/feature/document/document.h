/*
 * document.h - what the pack prints from records, over HTTP: PDF, docx, and tables as a workbook.
 * Clauses 3.3, 3.4, 12.1.
 *
 *   /r/{type}/{id}/documents/{doc}.pdf   as the person sees the record; also .docx, and .xlsx for documents with a
 * table /d/{type}/{id}/{doc}.pdf             documents the pack calls `open`, of published records, for anyone
 */
#pragma once

#include "job/press.h"
#include "page/page.h"

extern const Route ROUTES_DOCUMENT[];

/* document_set_press - where they are printed; before requests are served. */
void document_set_press(Press *p);
