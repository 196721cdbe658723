/*
 * channels.h - how messages leave the program: <data>/channels.yaml, read once at start (doc/channels.md).
 */
#pragma once

#include "store/outbox.h"

typedef struct {
    unsigned on;                 /* CHANNEL_* that are set up */
    struct {
        Str server;              /* host:port */
        Str tls;                 /* none starttls tls */
        Str from, from_name, user, password, ca_file;
    } mail;
    struct {
        Str url, token, prefix, ca_file;
    } sms;
    struct {
        Str url, secret, ca_file;
    } hook;
} Channels;

/*
 * channels_read - the settings; without the file no channel is on. Texts in mem. E_DATA with "channels.yaml:line:column: …" when something
 * is wrong: unknown or missing words, an address that is none, or a file that others than its owner may read (it holds passwords).
 */
MUST_USE bool channels_read(Cx *cx, Arena *mem, const char *path, Channels *ret);
