/* Handlers of each type that write down what they are told. */
#ifndef RECORD_H
#define RECORD_H

#include "check.h"

static inline void func(UINT message, RASCONNSTATE state, DWORD error)
{
    struct told told = {state, error, NULL, message, 0, 0, 0, 0};
    record_add(&the_record, told);
}

static inline void func1(HRASCONN handle, UINT message, RASCONNSTATE state, DWORD error, DWORD extended)
{
    struct told told = {state, error, handle, message, extended, 0, 0, 0};
    record_add(&the_record, told);
}

static inline DWORD func2(ULONG_PTR id, DWORD subentry, HRASCONN handle, UINT message, RASCONNSTATE state, DWORD error,
                   DWORD extended)
{
    struct told told = {state, error, handle, message, extended, id, subentry, 0};
    record_add(&the_record, told);
    return 1;
}

static inline LPVOID function_of(DWORD type)
{
    return type == 0 ? NOTIFIER(func) : type == 1 ? NOTIFIER(func1) : NOTIFIER(func2);
}

#endif
