/*
 * conn_int.h - what the files of conn*.c share; not for the rest of net.
 */
#pragma once

#include "net/conn.h"

/* conn.c */
/* conn_keep_mem - a request keeps the worker's arena until it is answered; the worker goes on with another one.
 * conn_end_request - it is answered: its body and memory are given back.
 * conn_unqueue - it is not among those that wait for their turn any more. */
void conn_keep_mem(Conn *c);
void conn_end_request(Conn *c);
void conn_unqueue(Conn *c);

/* conn_read.c */
void conn_on_read(evutil_socket_t fd, short what, void *arg); /* callback: there are bytes, or the end */
void conn_drop_input(Conn *c);                                /* what is kept of a next request is thrown away */

/* conn_serve.c. Both return false when the connection was closed. */
/* conn_serve - the request is complete: memory, the handler or its queue. `more`: bytes of a next request are already here.
 * conn_refuse - a plain answer, then the end: what the client still sends cannot be trusted to be a request. */
bool conn_serve(Conn *c, bool more);
bool conn_refuse(Conn *c, int status);
