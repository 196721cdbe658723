/*
 * env.h - the rule environment of a record: its values, its office and region, and how rules reach related records.
 */
#pragma once

#include "rule/validate.h"
#include "store/internal.h"

/* env_make - for r (id 0: new). Related records are read through cx->db, without rights: rules decide about facts, not about views. */
EvalEnv *env_make(Cx *cx, Store *s, const Rec *r);
const Org *rec_owner(const Store *s, const Rec *r);
const Region *rec_region(const Store *s, const Rec *r);
