/*
 * folder.h - making names durable: a file that was synced is found after a power cut only when its folder was synced too.
 */
#pragma once

#include "base/base.h"

/* folder_sync - wait until the names in the folder `path` are on the disk. False with errno when that cannot be had. */
MUST_USE bool folder_sync(const char *path);
