/*
 * lot.c - see lot.h. test/draw.mjs does the same without this program; test/unit/rule/lot_test.c compares the two.
 */
#include "rule/lot.h"

#include <stdlib.h>

#include "base/map.h"
#include "fmt/crypt.h"

static void hex_of(Str s, char ret[65])
{
    static const char DIGITS[] = "0123456789abcdef";
    uint8_t hash[32];
    sha256(s.p, s.n, hash);
    for (size_t i = 0; i < sizeof hash; i++) {
        ret[2 * i] = DIGITS[hash[i] >> 4];
        ret[2 * i + 1] = DIGITS[hash[i] & 15];
    }
    ret[64] = 0;
}

void lot_commitment(Str seed, char ret[65])
{
    hex_of(seed, ret);
}

/* Equal tickets come from equal keys only; strata keep even those in a fixed order. */
static int by_ticket(const void *pa, const void *pb)
{
    const Lot *a = pa, *b = pb;
    int c = memcmp(a->ticket, b->ticket, 64);
    return c != 0 ? c : str_cmp(a->stratum, b->stratum);
}

size_t lot_draw(Str seed, Str word, Str purpose, Lot *lots, size_t n, size_t want, size_t per_stratum)
{
    if (n == 0) {
        return 0;
    }
    Arena *tmp = arena_new(0);
    for (size_t i = 0; i < n; i++) {
        hex_of(str_printf(tmp, "%.*s|%.*s|%.*s|%.*s", STRF(seed), STRF(word), STRF(purpose), STRF(lots[i].key)), lots[i].ticket);
    }
    qsort(lots, n, sizeof *lots, by_ticket);
    Map taken = map_new(tmp); /* stratum -> how many were drawn of it */
    size_t drawn = 0;
    for (size_t i = 0; i < n; i++) {
        Lot *l = &lots[i];
        l->place = (int32_t)i + 1;
        l->drawn = drawn < want;
        if (l->drawn && per_stratum != 0 && l->stratum.n != 0) {
            size_t *of = map_get(&taken, l->stratum);
            if (of == NULL) {
                of = NEW(tmp, size_t);
                (void)map_put(&taken, l->stratum, of);
            }
            l->drawn = *of < per_stratum;
            *of += l->drawn;
        }
        drawn += l->drawn;
    }
    arena_free(tmp);
    return drawn;
}
