/*
 * totp.c - see totp.h. HMAC-SHA-1 is libgcrypt's; its known weakness, collisions, does not bear on HMAC.
 */
#include "fmt/totp.h"

#include <gcrypt.h>
#include <string.h>

#include "fmt/crypt.h"
#include "fmt/url.h"

static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

Str base32(Arena *mem, Str bytes)
{
    Buf b = buf_new(mem, bytes.n * 2 + 8);
    uint32_t bits = 0;
    int n = 0;
    for (size_t i = 0; i < bytes.n; i++) {
        bits = bits << 8 | (uint8_t)bytes.p[i];
        for (n += 8; n >= 5; n -= 5) {
            buf_addc(&b, LETTERS[bits >> (n - 5) & 31]);
        }
    }
    if (n > 0) {
        buf_addc(&b, LETTERS[bits << (5 - n) & 31]);
    }
    return buf_str(&b);
}

bool base32_read(Arena *mem, Str text, Str *ret_bytes)
{
    Buf b = buf_new(mem, text.n + 8);
    uint32_t bits = 0;
    int n = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == ' ' || c == '-') {
            continue;
        }
        c = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        const char *at = c != '\0' ? memchr(LETTERS, c, 32) : NULL;
        if (at == NULL) {
            return false;
        }
        bits = bits << 5 | (uint32_t)(at - LETTERS);
        n += 5;
        if (n >= 8) {
            n -= 8;
            buf_addc(&b, (char)(bits >> n & 255));
        }
    }
    *ret_bytes = buf_str(&b);
    return true;
}

uint32_t hotp(Str secret, uint64_t counter, int digits)
{
    static const uint32_t TENS[] = {1000000, 10000000, 100000000};
    uint8_t msg[8], mac[20];
    size_t n = sizeof mac;
    gcry_mac_hd_t h;
    CHECK(digits >= 6 && digits <= 8);
    for (int i = 0; i < 8; i++) {
        msg[i] = (uint8_t)(counter >> (56 - 8 * i));
    }
    crypt_start();
    CHECK(gcry_mac_open(&h, GCRY_MAC_HMAC_SHA1, 0, NULL) == 0);
    CHECK(gcry_mac_setkey(h, secret.p, secret.n) == 0);
    CHECK(gcry_mac_write(h, msg, sizeof msg) == 0);
    CHECK(gcry_mac_read(h, mac, &n) == 0 && n == sizeof mac);
    gcry_mac_close(h);
    size_t at = mac[19] & 15; /* RFC 4226, 5.3: dynamic truncation */
    uint32_t word = (uint32_t)(mac[at] & 127) << 24 | (uint32_t)mac[at + 1] << 16 | (uint32_t)mac[at + 2] << 8 | mac[at + 3];
    return word % TENS[digits - 6];
}

int64_t totp_step(int64_t at_ms)
{
    return at_ms / 1000 / TOTP_STEP_S;
}

Str totp_code(Arena *mem, Str secret, int64_t step)
{
    return str_printf(mem, "%06u", hotp(secret, (uint64_t)step, TOTP_DIGITS));
}

bool totp_match(Str secret, Str code, int64_t at_ms, int64_t last, int64_t *ret_step)
{
    bool found = false;
    char want[16];
    for (int64_t step = totp_step(at_ms) - 1; step <= totp_step(at_ms) + 1; step++) {
        int n = snprintf(want, sizeof want, "%06u", hotp(secret, (uint64_t)step, TOTP_DIGITS));
        if (same_secret(str_n(want, (size_t)n), code) && step > last) {
            found = true;
            *ret_step = step;
        }
    }
    return found;
}

Str totp_uri(Arena *mem, Str issuer, Str account, Str secret)
{
    Str name = url_enc(mem, issuer);
    return str_printf(mem, "otpauth://totp/%.*s:%.*s?secret=%.*s&issuer=%.*s&algorithm=SHA1&digits=6&period=30", STRF(name),
                      STRF(url_enc(mem, account)), STRF(base32(mem, secret)), STRF(name));
}
