/*
 * recover.h - faults of the disk, and second cuts, in the recovery after a power cut.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * run_recover - so many disks as a power cut left them; on each the store is opened again and again while one operation
 * of the recovery fails, or the power goes once more. RECOVER_POINTS (environment; 0: every operation): at most so many
 * of each kind, way and moment. forget is the control: whoever could not open removes the log. The exit status.
 */
int run_recover(int64_t disks, bool forget);
