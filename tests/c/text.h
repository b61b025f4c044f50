/* Text of either variant, for programs that are built twice: with UNICODE and without. */
#ifndef TEXT_H
#define TEXT_H

#include "check.h"

/* Tells whether text of the variant is this ASCII text. */
static inline int text_is(const TCHAR *text, const char *ascii)
{
    size_t i = 0;
    while (ascii[i] != 0 && text[i] == (TCHAR)ascii[i])
        i++;
    return ascii[i] == 0 && text[i] == 0;
}

/* Writes ASCII text into an array of the variant, with zeroes behind it. */
static inline void put(TCHAR *to, size_t room, const char *ascii)
{
    size_t length = strlen(ascii);
    CHECK(length < room);
    for (size_t i = 0; i < room; i++)
        to[i] = i < length ? (TCHAR)ascii[i] : (TCHAR)0;
}

#define PUT(array, ascii) put(array, sizeof(array) / sizeof *(array), ascii)

#endif
