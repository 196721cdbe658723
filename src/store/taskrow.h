/*
 * taskrow.h - rows of the table of tasks; for the files of the store that know them.
 */
#pragma once

#include "store/internal.h"
#include "store/task.h"

#define TASK_COLUMNS                                                                                                     \
    "select id, home, type, record, kind, state, by_user, by_name, by_org, to_user, to_name, to_org, to_home, text, at,"     \
    " answered, answer, answer_text, answer_by from task"

/* task_row - the row at hand; false when its type or kind is not known any more. */
bool task_row(Cx *cx, Store *s, Stmt *st, Task *t);
MUST_USE bool task_rows(Cx *cx, Store *s, Stmt *st, size_t max, Task **ret, size_t *ret_n);
/* task_reader - may the person with this office and these roles read r (more than its public fields)? */
bool task_reader(const Store *s, const Rec *r, const Org *org, int64_t id, Str login, Str roles);
