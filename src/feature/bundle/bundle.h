/*
 * bundle.h - everything about one record and what hangs on it as one file that proves itself: doc/bundle.md says what stands in it.
 *
 * Settings (features.yaml, bundle and bundle.<name>):
 *   root           record type a bundle is made of
 *   follow         list of `type.field`: records of that type whose reference points to a record already in the bundle, in this order
 *   also           list of `type.field`: records that this reference of a record in the bundle points to
 *   rubric         field of the root with the id of a rubric
 *   draw           type with snapshots `list` and `draw` (scoring)
 *   result         type with snapshots `computation`, and fields score and rank
 *   under_review   states of `result` that are ranked
 */
#pragma once

#include "fmt/sign.h"
#include "job/job.h"
#include "job/press.h"
#include "page/page.h"

typedef struct {
    Str reason;                  /* not empty: personal fields in clear text, for this reason (journalled, rec_unmask) */
} BundleAsk;

typedef struct {
    int64_t records, events, files, left_out, bytes;
} BundleCounts;

/* bundle_offered - may this person have a bundle of records of t? Export and history of the root type. */
bool bundle_offered(const Pack *p, const Actor *a, const RecordType *t);

/*
 * bundle_make - the bundle of record `id` of type t as `a` sees it, into the new file `out`. E_FORBIDDEN, E_NOT_FOUND, E_CANCELLED, and
 * what writing files gives. Each person's documents are printed by the press given with bundle_set; without one they are left out and
 * named. One consistent reading, unless personal fields are asked for. The same data give the same bytes but for time, asker and signature.
 */
MUST_USE bool bundle_make(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t id, const BundleAsk *ask, const char *out,
                          JobProgress *progress, void *ctx, BundleCounts *ret);

/*
 * bundle_check - everything in `zip` that can be proved, with `keys` (n_keys 0: those that lie in the bundle). Pure. *ret_report: one line
 * a check, and one a fault, as people read it; *ret_faults 0: sound.
 */
MUST_USE bool bundle_check(Cx *cx, Str zip, const PublicKey *keys, size_t n_keys, int64_t *ret_faults, Str *ret_report);

/* bundle_set - the program's version, where the templates lie, who prints (NULL: nobody); before jobs_start and the first bundle. Kept, not
 * copied. What lies in a demonstration is called so: see letter_mark_set, and bundle_demo for index.html. */
void bundle_set(const char *version, const char *view_dir, Press *press);
void bundle_demo(void);
/* bundle_set_jobs - the queue for bundles asked for over HTTP; before requests are served. */
void bundle_set_jobs(Jobs *jobs);
extern const JobWork BUNDLE_WORK;
extern const Route ROUTES_BUNDLE[];
