/*
 * press.h - documents printed in worker processes: fonts and layout are big libraries, and what they do with a strange
 * text must not touch the server. A worker has no file or socket of the server open, 2 GiB of address space, 10 s of
 * processor for one document, and ends with the server.
 */
#pragma once

#include "paper/paper.h"

typedef struct Press Press;

/*
 * press_start - a press of one or two workers, each started when it is first needed: `exe` (NULL: this program itself)
 * with the one word "press", which must call press_work. Lives until press_stop. Cannot fail: a worker that does not
 * start is the failure of a request.
 */
Press *press_start(const char *exe);

/* press_stop - ends the workers; no request may be under way. NULL is allowed. */
void press_stop(Press *p);

/*
 * press_print - the bytes of `paper` (paper_render), made by a worker, in cx->mem. Safe from several threads, which
 * wait for a free worker. A worker that died is replaced and the document tried once more. E_BUSY: all workers were
 * taken for 10 s, or the document took longer than that; E_INTERNAL: the worker died twice; else the failure of
 * paper_render.
 */
MUST_USE bool press_print(Cx *cx, Press *p, const Paper *paper, PaperFormat format, Str *ret);

/* press_pids - the process ids of running workers into `pids` (max `n`); how many. For tests and the doctor. */
size_t press_pids(Press *p, int *pids, size_t n);

/*
 * press_work - the worker: reads requests from descriptor 0 and answers there until its end is closed, then ends the
 * process without a further word (caches of the font libraries are no leak).
 *   request  u32 length, u8 format, JSON of the paper      (numbers in the order of the machine: both ends are this
 * program) answer   u32 length, u8 error code, the bytes or the Chinese reason
 */
NORETURN void press_work(void);
