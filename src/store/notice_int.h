/*
 * notice_int.h - between notices and their outbox; not for other modules.
 */
#pragma once

#include "store/internal.h"
#include "store/outbox.h"

void notice_touch(Store *s);                 /* inside a write */
/* outbox_put - a new row, waiting, unless its channel is not in use or one of the same notice (0: none) still waits. */
MUST_USE bool outbox_put(Cx *cx, Store *s, const OutRow *o, int64_t notice);
