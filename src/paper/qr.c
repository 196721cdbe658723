/*
 * qr.c - see qr.h. One rectangle a run of dark modules, so that a code of 45 modules is a few kilobytes.
 */
#include "paper/qr.h"

#include <qrencode.h>

#include "base/buf.h"

#define QUIET 4

Str qr_path(Arena *mem, Str text, int *ret_size)
{
    *ret_size = 0;
    QRcode *q = QRcode_encodeData((int)text.n, (const unsigned char *)text.p, 0, QR_ECLEVEL_M);
    if (q == NULL) {
        return S("");
    }
    Buf b = buf_new(mem, 256 * 1024);
    for (int y = 0; y < q->width; y++) {
        for (int x = 0; x < q->width; x++) {
            int from = x;
            while (x < q->width && (q->data[y * q->width + x] & 1) != 0) {
                x++;
            }
            if (x > from) {
                buf_printf(&b, "M%d %dh%dv1h-%dz", from + QUIET, y + QUIET, x - from, x - from);
            }
        }
    }
    *ret_size = q->width + 2 * QUIET;
    QRcode_free(q);
    return buf_str(&b);
}
