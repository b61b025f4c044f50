/*
 * The server administration of NT 4.0. This library is a client: every function returns ERROR_NOT_SUPPORTED (50).
 */
#ifndef RASMAN_RASSAPI_H
#define RASMAN_RASSAPI_H

#include "ras.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _RAS_PORT_0 RAS_PORT_0, *PRAS_PORT_0;
typedef struct _RAS_PORT_1 RAS_PORT_1, *PRAS_PORT_1;
typedef struct _RAS_PORT_STATISTICS RAS_PORT_STATISTICS, *PRAS_PORT_STATISTICS;
typedef struct _RAS_PARAMETERS RAS_PARAMETERS, *PRAS_PARAMETERS;
typedef struct _RAS_SERVER_0 RAS_SERVER_0, *PRAS_SERVER_0;
typedef struct _RAS_USER_0 RAS_USER_0, *PRAS_USER_0;

DWORD APIENTRY RasAdminServerGetInfo(const WCHAR *lpszServer, PRAS_SERVER_0 pRasServer0);
DWORD APIENTRY RasAdminGetUserAccountServer(const WCHAR *lpszDomain, const WCHAR *lpszServer,
                                            LPWSTR lpszUserAccountServer);
DWORD APIENTRY RasAdminUserGetInfo(const WCHAR *lpszUserAccountServer, const WCHAR *lpszUser, PRAS_USER_0 pRasUser0);
DWORD APIENTRY RasAdminUserSetInfo(const WCHAR *lpszUserAccountServer, const WCHAR *lpszUser,
                                   const RAS_USER_0 *pRasUser0);
DWORD APIENTRY RasAdminPortEnum(const WCHAR *lpszServer, PRAS_PORT_0 *ppRasPort0, WORD *pcEntriesRead);
DWORD APIENTRY RasAdminPortGetInfo(const WCHAR *lpszServer, const WCHAR *lpszPort, RAS_PORT_1 *pRasPort1,
                                   RAS_PORT_STATISTICS *pRasStats, RAS_PARAMETERS **ppRasParams);
DWORD APIENTRY RasAdminPortClearStatistics(const WCHAR *lpszServer, const WCHAR *lpszPort);
DWORD APIENTRY RasAdminPortDisconnect(const WCHAR *lpszServer, const WCHAR *lpszPort);
DWORD APIENTRY RasAdminGetErrorString(UINT ResourceId, WCHAR *lpszString, DWORD InBufSize);
DWORD APIENTRY RasAdminFreeBuffer(PVOID Pointer);

#ifdef __cplusplus
}
#endif

#endif
