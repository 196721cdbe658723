/*
 * io.h - while clients write, the n-th operation of a kind fails, once or from then on, for every n; tried every
 * step-th of the writes, and every fifth of that of the reads.
 */
#pragma once

#include <stdint.h>

int run_io(int64_t step); /* the exit status */
