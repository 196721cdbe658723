/*
 * banned.h - functions that must not compile. Forced into every file of src/ by the build (-include).
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets strtok atoi atol atof localtime gmtime ctime asctime system popen tmpnam mktemp
