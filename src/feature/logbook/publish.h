/*
 * publish.h - a step of the pack enters the public log (`call: log_public`): what of the record anyone may read, as it
 * stands then.
 */
#pragma once

#include "store/call.h"

/* log_public - kind "<type>_<action>", subject the record number, else its document number, else its id; body: the
 * public fields, raw, by id. */
CallFn log_public;
