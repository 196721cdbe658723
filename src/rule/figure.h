/*
 * figure.h - the value of an expression as it is, for showing; not for other modules.
 */
#pragma once

#include "rule/eval.h"

/* rule_figure - numbers with the node's own scale; .has false when unknown. */
Value rule_figure(const EvalEnv *env, const Expr *e);
