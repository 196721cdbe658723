/*
 * sign_int.h - SM2 for sign.c; not for other modules. Keys and signatures are big-endian bytes: secret 32, public 65 (4 | x | y), r | s 64.
 */
#pragma once

#include "base/str.h"

void sm2_make(uint8_t secret[32], uint8_t pub[65]);
bool sm2_derive(const uint8_t secret[32], uint8_t pub[65]); /* false: not a secret key (0, or n - 1 and above) */
bool sm2_on_curve(const uint8_t pub[65]);
void sm2_sign(const uint8_t secret[32], const uint8_t pub[65], Str bytes, uint8_t sig[64]);
bool sm2_verify(const uint8_t pub[65], Str bytes, const uint8_t sig[64]);
