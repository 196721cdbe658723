/*
 * io.h - spreadsheets in and out over HTTP, and the pages of jobs: the part of the generic record pages that needs the queue.
 */
#pragma once

#include "job/job.h"
#include "page/page.h"

extern const Route ROUTES_IO[];

/* io_set_jobs - the queue these pages talk to; before requests are served. */
void io_set_jobs(Jobs *j);

/* io_job_doc - a job as its page and the API show it. `html`: with what only templates need. */
Doc *io_job_doc(Req *rq, const Job *b, bool html);
