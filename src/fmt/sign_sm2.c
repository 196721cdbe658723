/*
 * sign_sm2.c - SM2 signatures with SM3 (GB/T 32918) over libcrypto of OpenSSL 3. Signatures are r | s; DER stays in here.
 *
 * Handles of libcrypto are made for each call: one signature costs some hundred microseconds, and nothing is shared between threads.
 */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "fmt/sign_int.h"

#define USER_ID "1234567812345678"
#define DER_MAX 80

static EVP_PKEY *key_of(const uint8_t *secret, const uint8_t pub[65])
{
    EVP_PKEY *key = NULL;
    BIGNUM *d = secret != NULL ? BN_bin2bn(secret, 32, NULL) : NULL;
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "SM2", NULL);
    CHECK(b != NULL && ctx != NULL && (secret == NULL || d != NULL));
    CHECK(OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, "SM2", 0) == 1);
    CHECK(OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, pub, 65) == 1);
    CHECK(d == NULL || OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_PRIV_KEY, d) == 1);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(b);
    CHECK(params != NULL);
    if (EVP_PKEY_fromdata_init(ctx) != 1 || EVP_PKEY_fromdata(ctx, &key, secret != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params) != 1) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(b);
    EVP_PKEY_CTX_free(ctx);
    BN_clear_free(d);
    return key;
}

void sm2_make(uint8_t secret[32], uint8_t pub[65])
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
    BIGNUM *d = NULL;
    CHECK(key != NULL && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &d) == 1 && BN_bn2binpad(d, secret, 32) == 32);
    BN_clear_free(d);
    EVP_PKEY_free(key);
    CHECK(sm2_derive(secret, pub));
}

bool sm2_derive(const uint8_t secret[32], uint8_t pub[65])
{
    EC_GROUP *g = EC_GROUP_new_by_curve_name(NID_sm2);
    BIGNUM *d = BN_bin2bn(secret, 32, NULL), *max = g != NULL ? BN_dup(EC_GROUP_get0_order(g)) : NULL;
    EC_POINT *p = g != NULL ? EC_POINT_new(g) : NULL;
    CHECK(g != NULL && d != NULL && max != NULL && p != NULL && BN_sub_word(max, 1) == 1);
    bool ok = !BN_is_zero(d) && BN_cmp(d, max) < 0 && EC_POINT_mul(g, p, d, NULL, NULL, NULL) == 1 &&
              EC_POINT_point2oct(g, p, POINT_CONVERSION_UNCOMPRESSED, pub, 65, NULL) == 65;
    EC_POINT_free(p);
    BN_clear_free(d);
    BN_free(max);
    EC_GROUP_free(g);
    return ok;
}

bool sm2_on_curve(const uint8_t pub[65])
{
    EVP_PKEY *key = pub[0] == 4 ? key_of(NULL, pub) : NULL;
    bool ok = key != NULL;
    EVP_PKEY_free(key);
    return ok;
}

static EVP_MD_CTX *digest_of(EVP_PKEY *key, bool sign)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    CHECK(ctx != NULL && pctx != NULL && EVP_PKEY_CTX_set1_id(pctx, USER_ID, (int)strlen(USER_ID)) == 1);
    EVP_MD_CTX_set_pkey_ctx(ctx, pctx); /* does not take it over: freed by digest_free */
    CHECK((sign ? EVP_DigestSignInit_ex(ctx, NULL, "SM3", NULL, NULL, key, NULL)
                : EVP_DigestVerifyInit_ex(ctx, NULL, "SM3", NULL, NULL, key, NULL)) == 1);
    return ctx;
}

static void digest_free(EVP_MD_CTX *ctx)
{
    EVP_PKEY_CTX *pctx = EVP_MD_CTX_get_pkey_ctx(ctx);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_CTX_free(pctx);
}

void sm2_sign(const uint8_t secret[32], const uint8_t pub[65], Str bytes, uint8_t sig[64])
{
    unsigned char der[DER_MAX];
    size_t n = sizeof der;
    EVP_PKEY *key = key_of(secret, pub);
    CHECK(key != NULL);
    EVP_MD_CTX *ctx = digest_of(key, true);
    CHECK(EVP_DigestSign(ctx, der, &n, (const unsigned char *)bytes.p, bytes.n) == 1);
    digest_free(ctx);
    EVP_PKEY_free(key);
    const unsigned char *at = der;
    ECDSA_SIG *rs = d2i_ECDSA_SIG(NULL, &at, (long)n);
    CHECK(rs != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(rs), sig, 32) == 32 && BN_bn2binpad(ECDSA_SIG_get0_s(rs), sig + 32, 32) == 32);
    ECDSA_SIG_free(rs);
}

bool sm2_verify(const uint8_t pub[65], Str bytes, const uint8_t sig[64])
{
    EVP_PKEY *key = key_of(NULL, pub);
    if (key == NULL) {
        return false;
    }
    ECDSA_SIG *rs = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(sig, 32, NULL), *s = BN_bin2bn(sig + 32, 32, NULL);
    CHECK(rs != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(rs, r, s) == 1);
    unsigned char der[DER_MAX], *to = der;
    int n = i2d_ECDSA_SIG(rs, &to);
    CHECK(n > 0 && n <= DER_MAX);
    EVP_MD_CTX *ctx = digest_of(key, false);
    /* 1 only for a right signature; r and s outside 1..n-1 are wrong ones */
    bool ok = EVP_DigestVerify(ctx, der, (size_t)n, (const unsigned char *)bytes.p, bytes.n) == 1;
    digest_free(ctx);
    ECDSA_SIG_free(rs);
    EVP_PKEY_free(key);
    return ok;
}
