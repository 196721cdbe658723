/*
 * mail.h - the bytes of a mail (RFC 5322, RFC 2047): text in UTF-8 as base64, so that every server carries it.
 */
#pragma once

#include "base/buf.h"

typedef struct {
    Str from, from_name, to;     /* addresses checked by email_ok */
    Str subject, body;
    Str id;                      /* of the message, stable over attempts: [0-9A-Za-z.-] */
    int64_t at_ms;
} Mail;

/* mail_message - header and body with CRLF; lines at most 78 bytes. Cannot fail: line ends in subject and names become spaces. */
Str mail_message(Arena *mem, const Mail *m);
