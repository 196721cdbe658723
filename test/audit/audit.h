/* audit.h - the parts of the program. Each returns how many of its claims failed. */
#pragma once

#include "../unit/store/fixture.h"

#include "store/anchor.h"
#include "store/chain.h"
#include "store/snapshot.h"
#include "store/tlog.h"

int tamper_run(Fixture *f, long n, unsigned long long seed);
int bench_run(Fixture *f, long entries, unsigned long long seed);
