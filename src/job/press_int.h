/*
 * press_int.h - what the press and its workers agree on.
 */
#pragma once

#include "base/base.h"

#define PRESS_SECONDS    10
#define PRESS_MAX_ASK    ((uint32_t)1 << 20) /* what json_read takes */
#define PRESS_MAX_ANSWER ((uint32_t)80 << 20)

typedef struct {
    uint32_t n;   /* bytes that follow */
    uint8_t word; /* request: PaperFormat; answer: ErrCode */
    uint8_t pad[3];
} PressHead;
