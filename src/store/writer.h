/*
 * writer.h - the one thread that writes, with group commit.
 */
#pragma once

#include "store/internal.h"

void writer_start(Store *s);
void writer_stop(Store *s); /* finishes what waits, then joins */
