/*
 * banned.h - functions that must not compile. Forced into every file of src/ by the build (-include).
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Under clang with _FORTIFY_SOURCE the C library makes these macros; a poisoned name must not be one. */
#undef sprintf
#undef vsprintf

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets strtok atoi atol atof localtime gmtime ctime asctime system popen tmpnam mktemp
