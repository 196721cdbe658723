/* crypt_test.c - hashes against published vectors, sealed fields against tampering, passwords. */
#include "check.h"
#include "fmt/crypt.h"

static void sha256_gives_the_published_values(void **state)
{
    uint8_t out[32];
    sha256("abc", 3, out);
    assert_text(hex(*state, out, 32), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256(NULL, 0, out);
    assert_text(hex(*state, out, 32), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void hmac_gives_the_published_value(void **state)
{
    uint8_t out[32];
    hmac_sha256(S("Jefe"), S("what do ya want for nothing?"), out);
    assert_text(hex(*state, out, 32), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void hex_reads_back_and_refuses_anything_else(void **state)
{
    Str back;
    assert_true(unhex(*state, S("00ff7A"), &back));
    assert_int_equal(back.n, 3);
    assert_memory_equal(back.p, "\x00\xff\x7a", 3);
    assert_true(unhex(*state, S(""), &back));
    assert_int_equal(back.n, 0);
    assert_false(unhex(*state, S("0"), &back));
    assert_false(unhex(*state, S("0g"), &back));
    assert_false(unhex(*state, S("00 f"), &back));
}

static void base64url_has_no_padding_and_reads_back(void **state)
{
    assert_text(base64url(*state, str_n("\xfb\xff\xfe", 3)), "-__-");
    assert_text(base64url(*state, S("a")), "YQ");
    assert_text(base64url(*state, S("")), "");
    Str back;
    assert_true(base64url_read(*state, S("YWI"), &back));
    assert_text(back, "ab");
    assert_true(base64url_read(*state, S(""), &back));
    assert_int_equal(back.n, 0);
    assert_false(base64url_read(*state, S("YQ=="), &back));
    assert_false(base64url_read(*state, S("a+/b"), &back));
    assert_false(base64url_read(*state, S("A"), &back));
}

static void random_tokens_differ_and_have_their_length(void **state)
{
    Str a = random_token(*state, 32), b = random_token(*state, 32);
    assert_int_equal(a.n, 43);
    assert_false(str_eq(a, b));
}

static void secrets_compare_by_content(void **state)
{
    (void)state;
    assert_true(same_secret(S("abc"), S("abc")));
    assert_true(same_secret(S(""), S("")));
    assert_false(same_secret(S("abc"), S("abd")));
    assert_false(same_secret(S("abc"), S("ab")));
}

static void a_password_verifies_against_its_own_hash_only(void **state)
{
    Cx cx;
    cx_init(&cx, *state);
    Str hash, again;
    assert_true(password_hash(&cx, S("草原上的骏马 12"), &hash));
    assert_true(str_starts(hash, S("$argon2id$v=19$m=19456,t=2,p=1$")));
    assert_true(password_verify(hash, S("草原上的骏马 12")));
    bool right = true;
    Cx check;
    cx_init(&check, arena_new(0));
    assert_true(password_check(&check, hash, S("草原上的骏马 13"), &right)); /* looked at, and wrong: not for want of memory */
    assert_false(right);
    arena_free(check.mem);
    assert_false(password_verify(hash, S("草原上的骏马 13")));
    assert_false(password_verify(hash, S("")));
    assert_true(password_hash(&cx, S("草原上的骏马 12"), &again));
    assert_false(str_eq(hash, again));
    assert_false(password_old(hash));
}

static void a_broken_or_foreign_hash_verifies_nothing_and_is_old(void **state)
{
    (void)state;
    assert_false(password_verify(S(""), S("x")));
    assert_false(password_verify(S("$argon2id$v=19$m=19456,t=2,p=1$"), S("x")));
    assert_false(password_verify(S("plain"), S("plain")));
    assert_true(password_old(S("plain")));
    assert_true(password_old(S("")));
    assert_true(password_old(S("$argon2id$v=19$m=8192,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$"
                               "RdescudvJCsgt3ub+b2dW/RB3TC2KzZEx8ZYfoQVzBs")));
}

static Str unhexed(Arena *mem, const char *text)
{
    Str out;
    assert_true(unhex(mem, str_c(text), &out));
    return out;
}

/* RFC 8998, appendix A.1. */
static void sm4_gcm_gives_the_published_value(void **state)
{
    Str key = unhexed(*state, "0123456789abcdeffedcba9876543210"), nonce = unhexed(*state, "00001234567800000000abcd");
    Str aad = unhexed(*state, "feedfacedeadbeeffeedfacedeadbeefabaddad2");
    Str plain = unhexed(*state, "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa");
    uint8_t out[64], tag[16], back[64];
    aead_seal(CIPHER_SM4_GCM, (const uint8_t *)key.p, (const uint8_t *)nonce.p, aad, plain, out, tag);
    assert_text(hex(*state, out, sizeof out), "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15"
                                              "a56834cbcf98c397b4024a2691233b8d");
    assert_text(hex(*state, tag, sizeof tag), "83de3541e4c2b58177e065a9bf7b62ec");
    assert_true(aead_open(CIPHER_SM4_GCM, (const uint8_t *)key.p, (const uint8_t *)nonce.p, aad, str_n((char *)out, 64), tag, back));
    assert_memory_equal(back, plain.p, 64);
    tag[0] ^= 1;
    assert_false(aead_open(CIPHER_SM4_GCM, (const uint8_t *)key.p, (const uint8_t *)nonce.p, aad, str_n((char *)out, 64), tag, back));
}

static const FieldKey key_one = {.key = {1, 2, 3}, .index_key = {4, 5, 6}, .id = 7};

static void a_sealed_field_opens_with_its_key_and_place(void **state)
{
    Str sealed = field_seal(*state, &key_one, S("person|phone|17"), S("13800000000")), plain;
    assert_false(str_contains(sealed, S("13800000000")));
    assert_true(field_open(*state, &key_one, S("person|phone|17"), sealed, &plain));
    assert_text(plain, "13800000000");
    sealed = field_seal(*state, &key_one, S(""), S(""));
    assert_true(field_open(*state, &key_one, S(""), sealed, &plain));
    assert_int_equal(plain.n, 0);
}

/* What was sealed with one algorithm opens after the setting changed to the other. */
static void a_sealed_field_names_its_algorithm(void **state)
{
    FieldKey sm4 = key_one;
    sm4.cipher = CIPHER_SM4_GCM;
    Str a = field_seal(*state, &key_one, S("p"), S("13800000000")), b = field_seal(*state, &sm4, S("p"), S("13800000000")), plain;
    uint8_t cipher, id;
    assert_true(field_head(a, &cipher, &id) && cipher == CIPHER_AES256_GCM && id == 7);
    assert_true(field_head(b, &cipher, &id) && cipher == CIPHER_SM4_GCM && id == 7);
    assert_false(field_head(S("~"), &cipher, &id));
    assert_true(field_open(*state, &sm4, S("p"), a, &plain));
    assert_text(plain, "13800000000");
    assert_true(field_open(*state, &key_one, S("p"), b, &plain));
    assert_text(plain, "13800000000");
    assert_false(field_open(*state, &key_one, S("q"), b, &plain));
}

/* A value as bases of before SM4 and keys of records hold them, made by another program (OpenSSL). */
static void a_kept_value_of_the_old_format_opens(void **state)
{
    FieldKey old = {.key = {9, 9, 9}, .id = 1};
    Str plain;
    assert_true(field_open(*state, &old, S("person|phone|17"), S("AQEAAQIDBAUGBwgJCgsyl9jTWf3O6H-fVA2CqToNLM6_aTt0ohjRnm4"), &plain));
    assert_text(plain, "13800000000");
}

static void a_sealed_field_does_not_open_elsewhere_or_with_another_key(void **state)
{
    Str sealed = field_seal(*state, &key_one, S("person|phone|17"), S("13800000000")), plain;
    assert_false(field_open(*state, &key_one, S("person|phone|18"), sealed, &plain));
    FieldKey other = key_one;
    other.key[31] = 1;
    assert_false(field_open(*state, &other, S("person|phone|17"), sealed, &plain));
    other = key_one;
    other.id = 8;
    assert_false(field_open(*state, &other, S("person|phone|17"), sealed, &plain));
}

static void a_sealed_field_with_any_byte_changed_does_not_open(void **state)
{
    Str sealed = field_seal(*state, &key_one, S("a"), S("secret")), raw, plain;
    assert_true(base64url_read(*state, sealed, &raw));
    for (size_t i = 0; i < raw.n; i++) {
        char *bad = arena_alloc(*state, raw.n);
        memcpy(bad, raw.p, raw.n);
        bad[i] = (char)(bad[i] ^ 1);
        assert_false(field_open(*state, &key_one, S("a"), base64url(*state, str_n(bad, raw.n)), &plain));
    }
    assert_false(field_open(*state, &key_one, S("a"), base64url(*state, str_n(raw.p, 20)), &plain));
    assert_false(field_open(*state, &key_one, S("a"), S(""), &plain));
    assert_false(field_open(*state, &key_one, S("a"), S("!!"), &plain));
}

static void sealing_twice_gives_different_texts(void **state)
{
    assert_false(str_eq(field_seal(*state, &key_one, S("a"), S("x")), field_seal(*state, &key_one, S("a"), S("x"))));
}

static void a_blind_index_depends_on_key_kind_and_value(void **state)
{
    Str a = blind_index(*state, &key_one, S("phone"), S("138"));
    assert_int_equal(a.n, 22);
    assert_true(str_eq(a, blind_index(*state, &key_one, S("phone"), S("138"))));
    assert_false(str_eq(a, blind_index(*state, &key_one, S("phone"), S("139"))));
    assert_false(str_eq(a, blind_index(*state, &key_one, S("phone1"), S("38"))));
    FieldKey other = key_one;
    other.index_key[0] = 9;
    assert_false(str_eq(a, blind_index(*state, &other, S("phone"), S("138"))));
}

int main(void)
{
    crypt_start();
    const struct CMUnitTest tests[] = {
        TEST(sha256_gives_the_published_values),
        TEST(hmac_gives_the_published_value),
        TEST(hex_reads_back_and_refuses_anything_else),
        TEST(base64url_has_no_padding_and_reads_back),
        TEST(random_tokens_differ_and_have_their_length),
        TEST(secrets_compare_by_content),
        TEST(a_password_verifies_against_its_own_hash_only),
        TEST(a_broken_or_foreign_hash_verifies_nothing_and_is_old),
        TEST(sm4_gcm_gives_the_published_value),
        TEST(a_sealed_field_names_its_algorithm),
        TEST(a_kept_value_of_the_old_format_opens),
        TEST(a_sealed_field_opens_with_its_key_and_place),
        TEST(a_sealed_field_does_not_open_elsewhere_or_with_another_key),
        TEST(a_sealed_field_with_any_byte_changed_does_not_open),
        TEST(sealing_twice_gives_different_texts),
        TEST(a_blind_index_depends_on_key_kind_and_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
