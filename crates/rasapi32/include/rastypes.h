/*
 * The scalar types of Windows that ras.h uses, for programs that do not bring their own.
 *
 * A program that has them already (from winelib, from an ODBC header, from its own portability layer) includes those first
 * and, unless they are winelib's, which are recognised, defines RAS_OWN_TYPES. The sizes are checked either way.
 */
#ifndef RASMAN_RASTYPES_H
#define RASMAN_RASTYPES_H

#include <stddef.h>
#include <stdint.h>
#ifndef __cplusplus
#include <uchar.h>
#endif

#if defined(_WINDEF_) || defined(_WINDEF_H) || defined(__WINE_WINDEF_H) || defined(_MINWINDEF_)
#define RAS_OWN_TYPES
#endif

#ifndef RAS_OWN_TYPES

#ifndef VOID
#define VOID void
#endif

typedef unsigned char BYTE, *PBYTE, *LPBYTE;
typedef uint16_t WORD;
typedef uint32_t DWORD, *PDWORD, *LPDWORD;
typedef unsigned int UINT;
typedef int32_t LONG;
typedef uint32_t ULONG;
typedef int BOOL, *PBOOL, *LPBOOL;
typedef LONG HRESULT;
typedef uintptr_t ULONG_PTR;
typedef uintptr_t DWORD_PTR;
typedef uintptr_t WPARAM;
typedef intptr_t LPARAM;
typedef void *PVOID, *LPVOID;
typedef void *HANDLE;
typedef struct HWND__ *HWND;
typedef struct HINSTANCE__ *HINSTANCE;

typedef char CHAR;
typedef CHAR *LPSTR;
typedef const CHAR *LPCSTR;

/* 16 bits, whatever the compiler's wchar_t is. */
#if defined(__SIZEOF_WCHAR_T__) && __SIZEOF_WCHAR_T__ == 2
typedef wchar_t WCHAR;
#else
typedef char16_t WCHAR;
#endif
typedef WCHAR *LPWSTR;
typedef const WCHAR *LPCWSTR;

#ifdef UNICODE
typedef WCHAR TCHAR;
typedef LPWSTR LPTSTR;
typedef LPCWSTR LPCTSTR;
#else
typedef CHAR TCHAR;
typedef LPSTR LPTSTR;
typedef LPCSTR LPCTSTR;
#endif

typedef struct _GUID {
    uint32_t Data1;
    uint16_t Data2;
    uint16_t Data3;
    uint8_t Data4[8];
} GUID;

typedef struct _LUID {
    DWORD LowPart;
    LONG HighPart;
} LUID, *PLUID;

typedef struct _FILETIME {
    DWORD dwLowDateTime;
    DWORD dwHighDateTime;
} FILETIME, *LPFILETIME;

#endif /* RAS_OWN_TYPES */

#ifndef WINAPI
#define WINAPI
#endif
#ifndef APIENTRY
#define APIENTRY WINAPI
#endif
#ifndef CALLBACK
#define CALLBACK
#endif
#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif
#ifndef INVALID_HANDLE_VALUE
#define INVALID_HANDLE_VALUE ((HANDLE)(intptr_t)-1)
#endif
#ifndef DUMMYUNIONNAME
#define DUMMYUNIONNAME
#endif

/* A literal in the characters of W functions, and in those of the plain names. */
#if defined(__SIZEOF_WCHAR_T__) && __SIZEOF_WCHAR_T__ == 2
#define RAS_WIDE(literal) L##literal
#else
#define RAS_WIDE(literal) u##literal
#endif
#ifdef UNICODE
#define RAS_TEXT(literal) RAS_WIDE(literal)
#define RAS_AW(name) name##W
#else
#define RAS_TEXT(literal) literal
#define RAS_AW(name) name##A
#endif
#ifndef TEXT
#define TEXT(literal) RAS_TEXT(literal)
#endif

/* Limits of other headers of Windows: characters without the terminator, but MAX_PATH, which has it. */
#ifndef MAX_PATH
#define MAX_PATH 260
#endif
#ifndef UNLEN
#define UNLEN 256
#endif
#ifndef PWLEN
#define PWLEN 256
#endif
#ifndef DNLEN
#define DNLEN 15
#endif
#ifndef CNLEN
#define CNLEN 15
#endif
#ifndef NETBIOS_NAME_LEN
#define NETBIOS_NAME_LEN 16
#endif

/* Errors of the system that functions of ras.h return besides those of raserror.h. */
#ifndef ERROR_SUCCESS
#define ERROR_SUCCESS 0
#endif
#ifndef ERROR_FILE_NOT_FOUND
#define ERROR_FILE_NOT_FOUND 2
#endif
#ifndef ERROR_PATH_NOT_FOUND
#define ERROR_PATH_NOT_FOUND 3
#endif
#ifndef ERROR_ACCESS_DENIED
#define ERROR_ACCESS_DENIED 5
#endif
#ifndef ERROR_INVALID_HANDLE
#define ERROR_INVALID_HANDLE 6
#endif
#ifndef ERROR_NOT_ENOUGH_MEMORY
#define ERROR_NOT_ENOUGH_MEMORY 8
#endif
#ifndef ERROR_OUTOFMEMORY
#define ERROR_OUTOFMEMORY 14
#endif
#ifndef ERROR_NOT_SUPPORTED
#define ERROR_NOT_SUPPORTED 50
#endif
#ifndef ERROR_INVALID_PARAMETER
#define ERROR_INVALID_PARAMETER 87
#endif
#ifndef ERROR_CALL_NOT_IMPLEMENTED
#define ERROR_CALL_NOT_IMPLEMENTED 120
#endif
#ifndef ERROR_INSUFFICIENT_BUFFER
#define ERROR_INSUFFICIENT_BUFFER 122
#endif
#ifndef ERROR_INVALID_NAME
#define ERROR_INVALID_NAME 123
#endif
#ifndef ERROR_ALREADY_EXISTS
#define ERROR_ALREADY_EXISTS 183
#endif
#ifndef ERROR_NO_MORE_ITEMS
#define ERROR_NO_MORE_ITEMS 259
#endif
#ifndef ERROR_SERVICE_NOT_ACTIVE
#define ERROR_SERVICE_NOT_ACTIVE 1062
#endif
#ifndef ERROR_CANCELLED
#define ERROR_CANCELLED 1223
#endif
#ifndef ERROR_INVALID_USER_BUFFER
#define ERROR_INVALID_USER_BUFFER 1784
#endif
#ifndef E_INVALIDARG
#define E_INVALIDARG ((HRESULT)0x80070057)
#endif
#ifndef SEC_E_LOGON_DENIED
#define SEC_E_LOGON_DENIED ((HRESULT)0x8009030C)
#endif
#ifndef CERT_E_CN_NO_MATCH
#define CERT_E_CN_NO_MATCH ((HRESULT)0x800B010F)
#endif
#ifndef CERT_E_UNTRUSTEDROOT
#define CERT_E_UNTRUSTEDROOT ((HRESULT)0x800B0109)
#endif
#ifndef CERT_E_EXPIRED
#define CERT_E_EXPIRED ((HRESULT)0x800B0101)
#endif
#ifndef CRYPT_E_REVOCATION_OFFLINE
#define CRYPT_E_REVOCATION_OFFLINE ((HRESULT)0x80092013)
#endif
#ifndef ERROR_IPSEC_IKE_AUTH_FAIL
#define ERROR_IPSEC_IKE_AUTH_FAIL 13801
#endif
#ifndef ERROR_IPSEC_IKE_GENERAL_PROCESSING_ERROR
#define ERROR_IPSEC_IKE_GENERAL_PROCESSING_ERROR 13804
#endif
#ifndef ERROR_IPSEC_IKE_TIMED_OUT
#define ERROR_IPSEC_IKE_TIMED_OUT 13805
#endif
#ifndef ERROR_IPSEC_IKE_NO_CERT
#define ERROR_IPSEC_IKE_NO_CERT 13806
#endif
#ifndef ERROR_IPSEC_IKE_POLICY_MATCH
#define ERROR_IPSEC_IKE_POLICY_MATCH 13868
#endif

#ifdef __cplusplus
#define RAS_ASSERT(condition, text) static_assert(condition, text)
#else
#define RAS_ASSERT(condition, text) _Static_assert(condition, text)
#endif
RAS_ASSERT(sizeof(DWORD) == 4 && sizeof(LONG) == 4 && sizeof(UINT) == 4 && sizeof(BOOL) == 4, "32 bits");
RAS_ASSERT(sizeof(WCHAR) == 2, "W functions take UTF-16");
RAS_ASSERT(sizeof(HANDLE) == 8 && sizeof(ULONG_PTR) == 8, "handles are pointers of 64 bits");
RAS_ASSERT(sizeof(GUID) == 16 && sizeof(LUID) == 8, "as Windows has them");

#endif
