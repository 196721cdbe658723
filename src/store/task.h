/*
 * task.h - a person is asked for something about a record: to handle it, to say what they think, to agree, to know, to hurry.
 *
 *   handle   转办  this colleague of the office at whose desk the record lies handles it; the others of that office cannot move it on, but
 *                  may take the task back
 *   consult  委派  a colleague gives an opinion
 *   sign     加签  this person must answer before the record may be moved on from the state it is in; a refusal counts as an answer
 *   copy     抄送  for information
 *   urge     催办  to everyone of the office at whose desk the record lies; once a working day for a record
 *
 * A task belongs to the state in which it was asked: when the record moves on, open tasks (but copies) end by themselves. Every asking,
 * answering and taking back stands in the journal of the record (act `task`, action `<kind>:<what>`), in the same transaction.
 */
#pragma once

#include "store/record.h"

typedef enum { TASK_HANDLE, TASK_CONSULT, TASK_SIGN, TASK_COPY, TASK_URGE } TaskKind;
#define TASK_KINDS 5

typedef struct {
    int64_t id, record, home;
    const RecordType *type;          /* never NULL: tasks of types that left the pack are passed over */
    TaskKind kind;
    Str state;                       /* of the record when it was asked */
    int64_t by, to;                  /* users; `to` 0: a whole office (urge) */
    Str by_name, by_org, to_name, to_org; /* names of persons and offices as they were */
    int64_t to_home;
    Str text;
    int64_t at_ms, answered_ms;      /* answered_ms 0: open */
    Str answer;                      /* agree disagree opinion seen done back moved; empty: open */
    Str answer_text, answer_by;      /* answer_by: name */
} Task;

/* task_kind_word - handle, consult …; task_kind_label - 转办, 委派 … */
Str task_kind_word(TaskKind k);
Str task_kind_label(TaskKind k);
bool task_kind_read(Str word, TaskKind *ret);

/*
 * task_add - ask user `to` (0 with TASK_URGE only) about a record; `text` at most 500 characters, needed for nothing.
 *
 * Rights: Grant.assign of the record's type and reading the record; to urge, also its creator without that grant, and the
 * actor's office must own the record or be above the office at whose desk it lies. handle, consult and sign: only by the office at whose
 * desk it lies, in a state with work. Whom: handle a colleague of the same office; consult and sign also persons of offices below;
 * copy also persons of offices above. Always somebody else, who may read the record. Never on a record in a sealed state.
 * E_FORBIDDEN, E_WRONG_STATE (state, or urged today), E_CONFLICT (asked already), E_INVALID, E_NOT_FOUND.
 */
MUST_USE bool task_add(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t record, TaskKind kind, int64_t to, Str text,
                       int64_t *ret_id);
/* task_may - may this actor ask for such a thing now? For pages: decides like task_add, but for the person asked. */
bool task_may(const Store *s, const Actor *a, const Rec *r, TaskKind kind);

/*
 * task_answer - by the person asked, or who acts for them: sign: agree, disagree (with a text); consult: opinion (with a text); copy: seen;
 * urge: seen, by anyone of the office asked. E_WRONG_STATE when it is answered, E_NOT_FOUND for anybody else.
 */
MUST_USE bool task_answer(Cx *cx, Store *s, const Actor *a, int64_t id, Str answer, Str text, Task *ret);
/* task_take_back - by who asked; handle: also by the person asked (hands it back) and by anyone with Grant.assign of that office. */
MUST_USE bool task_take_back(Cx *cx, Store *s, const Actor *a, int64_t id, Str text, Task *ret);
bool task_may_answer(const Store *s, const Actor *a, const Task *t);
bool task_may_take_back(const Store *s, const Actor *a, const Task *t);

/* task_list_of - all tasks of a record, oldest first, at most 500. No rights inside: call after rec_get. */
MUST_USE bool task_list_of(Cx *cx, Store *s, int64_t record, Task **ret, size_t *ret_n);

typedef enum { TASKS_TODO, TASKS_COPY, TASKS_ASKED } TaskBox;
/*
 * tasks_of - of the actor: to do: open ones to answer or to handle (also of persons the actor acts for, and urges to the own office), oldest
 * first; COPY copies to the actor, unread first; ASKED asked by the actor, newest first. At most 200.
 */
MUST_USE bool tasks_of(Cx *cx, Store *s, const Actor *a, TaskBox box, Task **ret, size_t *ret_n);

/* tasks_open - the open handle and sign tasks of these records, in one statement; ids at most 500. */
MUST_USE bool tasks_open(Cx *cx, Store *s, const int64_t *ids, size_t n, Task **ret, size_t *ret_n);

/* People a record may be handed to. */
typedef struct {
    int64_t id;
    Str name;
    const Org *org;
} Colleague;
/* task_people - enabled users of the actor's office (with `below`: and of offices below; with `above`: and above) who may read r,
 * without the actor; by office and name. At most 500. */
MUST_USE bool task_people(Cx *cx, Store *s, const Actor *a, const Rec *r, bool below, bool above, Colleague **ret, size_t *ret_n);

/* task_blocks - does an open task keep this actor from moving r on by `act`? *ret_why: who has it; empty: nothing does. For rec_act. */
MUST_USE bool task_blocks(Cx *cx, Store *s, const Actor *a, const Rec *r, const Action *act, Str *ret_why);
/* task_moved - inside rec_act, after the state changed: ends the open tasks of the state that was left. */
MUST_USE bool task_moved(Cx *cx, Store *s, const Actor *a, const Rec *before, const Rec *after);
/* state_has_work - is there a step by the office at whose desk a record lies that leads out of this state? */
bool state_has_work(const RecordType *t, const State *st);
