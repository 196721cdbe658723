/*
 * qr.h - a QR code as the path of an SVG, for pages; what is printed draws its own (pen.c). Over libqrencode.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

/* qr_path - what goes into <path d="…"> with viewBox "0 0 SIZE SIZE", quiet zone of four modules included; empty when the text does not fit. */
Str qr_path(Arena *mem, Str text, int *ret_size);
