/*
 * client.h - those who write while the disk fails: they make teams, change and move them, attach files, publish, and write several at once.
 *
 * What they were told is done goes through a pipe to the process that judges: one Ack a write, written whole.
 */
#pragma once

#include "store/internal.h"

#define CLIENTS 3
#define MAX_OWN 600

typedef struct {
    int64_t id, rev, people;
    int32_t state;
} Seen;

typedef enum { ACK_TEAM, ACK_LOG, ACK_FILE, ACK_BAD } AckKind;

typedef struct {
    AckKind kind;
    int client;
    Seen seen;      /* ACK_TEAM */
    int64_t place;  /* ACK_LOG: its index; ACK_FILE: the file's id */
    char what[96];  /* ACK_BAD: what was wrong */
} Ack;

/* The world the clients know; a forked process inherits it. */
typedef struct {
    const Pack *pack;
    Store *s;
    const RecordType *team;
    Actor writer, head;
    Seen own[CLIENTS][MAX_OWN];
    size_t n_own[CLIENTS];
    int64_t logged;    /* entries of the public log acknowledged so far */
    int64_t files[MAX_OWN];
    size_t n_files;
    int pipe;          /* where acknowledgements go; -1: nobody listens */
    bool early;        /* the control: acknowledge before writing */
    _Atomic uint64_t serial;
} World;

typedef struct {
    World *w;
    int number;
    uint64_t random;
    Cx cx;
} Client;

void client_up(Client *c, World *w, int number, uint64_t seed);
void client_down(Client *c);

/* client_step - one write of some kind. False with its failure in c->cx (clear it). */
bool client_step(Client *c);

/* client_new - make a team, the plainest of writes. */
bool client_new(Client *c, Seen *ret);

void client_bad(Client *c, const char *what);

/* world_note - take an acknowledgement into the account. */
void world_note(World *w, const Ack *a);
