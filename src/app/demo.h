/*
 * demo.h - what the parts of the demonstration share: records made so far by their names, cells as text, days counted
 * from today.
 */
#pragma once

#include "app/app.h"
#include "base/map.h"

typedef struct {
    Cx *cx;
    Store *s;
    Map *ids;         /* "type/title" -> Rec id (int64_t *) */
    int64_t today_ms; /* when the demonstration is made; cx->now_ms is the day a row happens */
} Demo;

/* demo_value - a cell into a value: a reference is the title of a record, a list is `a|b;a|b`, a day may be `-30` or
 * `+30`, a year `+0`. False with a finding or E_DATA, or for a title nobody has. */
MUST_USE bool demo_value(Demo *d, const Field *f, Str text, Value *ret, Findings *found);
/* demo_find - the record with this title that was made last, also when an action made it; E_DATA when there is none. */
MUST_USE bool demo_find(Demo *d, const RecordType *t, Str title, Rec *ret);
/* demo_note - remember a record under its title. */
void demo_note(Demo *d, const RecordType *t, Str title, int64_t id);
/* demo_when - the day in `text` (a date, `-30`; empty: today) becomes the present, nine in the morning and `second`
 * seconds later. */
MUST_USE bool demo_when(Demo *d, Str text, size_t second);

/*
 * demo_story - steps of named people, one a row, through the same doors as theirs: columns
 * when,who,step,type,title,action,inputs. who     login of an account; empty: the program step    create (title: for
 * looking it up later), edit, act, auto (whatever is due on that day), closing (action: the period of `type`), and for judges drawn by lot: commit, draw,
 *           marks, close
 *   action  of `act`; word of `draw`; the entry that `marks` is about
 *   inputs  one `field=text` a line; `reason=` of an action; of `create` also `org=` (office code, else that of the
 * person or of a record referred to); of `marks`: `share=` percent of the points, `open=` logins (comma) that leave
 * their sheet as it is
 */
MUST_USE bool demo_story(Demo *d, Str csv);

/* demo_judges - the steps commit, draw, marks and close of a story on a panel. */
typedef struct {
    const Actor *who;
    Str step, word, entry; /* word: of `draw`; entry: title, of `marks` */
    int32_t share;         /* percent of the points; varies a little from judge to judge and criterion to criterion */
    Str open;              /* logins that leave their sheet */
} JudgeStep;
MUST_USE bool demo_judges(Demo *d, const Rec *panel, const JudgeStep *step);
