/*
 * The dialogs of the Remote Access API. This library has no user interface: the functions exist, return FALSE, and set
 * dwError to ERROR_NOT_SUPPORTED (50).
 */
#ifndef RASMAN_RASDLG_H
#define RASMAN_RASDLG_H

#include "ras.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma pack(push, 4)

/* Events of RasPhonebookDlg. */
#define RASPBDEVENT_AddEntry                     1
#define RASPBDEVENT_EditEntry                    2
#define RASPBDEVENT_RemoveEntry                  3
#define RASPBDEVENT_DialEntry                    4
#define RASPBDEVENT_EditGlobals                  5
#define RASPBDEVENT_NoUser                       6
#define RASPBDEVENT_NoUserEdit                   7
#define RASNOUSER_SmartCard                      1

/* Flags of RasPhonebookDlg. */
#define RASPBDFLAG_PositionDlg                   0x1
#define RASPBDFLAG_ForceCloseOnDial              0x2
#define RASPBDFLAG_NoUser                        0x10
#define RASPBDFLAG_UpdateDefaults                0x80000000

/* Flags of RasEntryDlg. */
#define RASEDFLAG_PositionDlg                    0x1
#define RASEDFLAG_NewEntry                       0x2
#define RASEDFLAG_CloneEntry                     0x4
#define RASEDFLAG_NoRename                       0x8
#define RASEDFLAG_ShellOwned                     0x40000000
#define RASEDFLAG_NewPhoneEntry                  0x10
#define RASEDFLAG_NewTunnelEntry                 0x20
#define RASEDFLAG_NewDirectEntry                 0x40
#define RASEDFLAG_NewBroadbandEntry              0x80
#define RASEDFLAG_InternetEntry                  0x100
#define RASEDFLAG_NAT                            0x200
#define RASEDFLAG_IncomingConnection             0x400

/* Flags of RasDialDlg. */
#define RASDDFLAG_PositionDlg                    0x1
#define RASDDFLAG_NoPrompt                       0x2
#define RASDDFLAG_AoacRedial                     0x4
#define RASDDFLAG_NoErrorDlg                     0x4
#define RASDDFLAG_LinkFailure                    0x80000000

/* RasMonitorDlg. */
#define RASMDPAGE_Status                         0x0
#define RASMDPAGE_Summary                        0x1
#define RASMDPAGE_Preferences                    0x2
#define RASMDFLAG_PositionDlg                    0x1
#define RASMDFLAG_UpdateDefaults                 0x80000000

typedef VOID(WINAPI *RASPBDLGFUNCA)(ULONG_PTR dwCallbackId, DWORD dwEvent, LPSTR pszText, LPVOID pData);
typedef VOID(WINAPI *RASPBDLGFUNCW)(ULONG_PTR dwCallbackId, DWORD dwEvent, LPWSTR pszText, LPVOID pData);
#define RASPBDLGFUNC RAS_AW(RASPBDLGFUNC)

/* Credentials asked for when nobody is logged on. */
typedef struct tagRASNOUSERA {
    DWORD dwSize;
    DWORD dwFlags;
    DWORD dwTimeoutMs;
    CHAR szUserName[UNLEN + 1];
    CHAR szPassword[PWLEN + 1];
    CHAR szDomain[DNLEN + 1];
} RASNOUSERA, *LPRASNOUSERA;

typedef struct tagRASNOUSERW {
    DWORD dwSize;
    DWORD dwFlags;
    DWORD dwTimeoutMs;
    WCHAR szUserName[UNLEN + 1];
    WCHAR szPassword[PWLEN + 1];
    WCHAR szDomain[DNLEN + 1];
} RASNOUSERW, *LPRASNOUSERW;

#define RASNOUSER RAS_AW(RASNOUSER)
#define LPRASNOUSER RAS_AW(LPRASNOUSER)

/* The phone book dialog. */
typedef struct tagRASPBDLGA {
    DWORD dwSize;
    HWND hwndOwner;
    DWORD dwFlags;
    LONG xDlg;
    LONG yDlg;
    ULONG_PTR dwCallbackId;
    RASPBDLGFUNCA pCallback;
    DWORD dwError;
    ULONG_PTR reserved;
    ULONG_PTR reserved2;
} RASPBDLGA, *LPRASPBDLGA;

typedef struct tagRASPBDLGW {
    DWORD dwSize;
    HWND hwndOwner;
    DWORD dwFlags;
    LONG xDlg;
    LONG yDlg;
    ULONG_PTR dwCallbackId;
    RASPBDLGFUNCW pCallback;
    DWORD dwError;
    ULONG_PTR reserved;
    ULONG_PTR reserved2;
} RASPBDLGW, *LPRASPBDLGW;

#define RASPBDLG RAS_AW(RASPBDLG)
#define LPRASPBDLG RAS_AW(LPRASPBDLG)

/* The dialog of an entry. */
typedef struct tagRASENTRYDLGA {
    DWORD dwSize;
    HWND hwndOwner;
    DWORD dwFlags;
    LONG xDlg;
    LONG yDlg;
    CHAR szEntry[RAS_MaxEntryName + 1];
    DWORD dwError;
    ULONG_PTR reserved;
    ULONG_PTR reserved2;
} RASENTRYDLGA, *LPRASENTRYDLGA;

typedef struct tagRASENTRYDLGW {
    DWORD dwSize;
    HWND hwndOwner;
    DWORD dwFlags;
    LONG xDlg;
    LONG yDlg;
    WCHAR szEntry[RAS_MaxEntryName + 1];
    DWORD dwError;
    ULONG_PTR reserved;
    ULONG_PTR reserved2;
} RASENTRYDLGW, *LPRASENTRYDLGW;

#define RASENTRYDLG RAS_AW(RASENTRYDLG)
#define LPRASENTRYDLG RAS_AW(LPRASENTRYDLG)

/* The dialog of a dial. */
typedef struct tagRASDIALDLG {
    DWORD dwSize;
    HWND hwndOwner;
    DWORD dwFlags;
    LONG xDlg;
    LONG yDlg;
    DWORD dwSubEntry;
    DWORD dwError;
    ULONG_PTR reserved;
    ULONG_PTR reserved2;
} RASDIALDLG, *LPRASDIALDLG;

/* The dialog of the monitor. */
typedef struct tagRASMONITORDLG {
    DWORD dwSize;
    HWND hwndOwner;
    DWORD dwFlags;
    DWORD dwStartPage;
    LONG xDlg;
    LONG yDlg;
    DWORD dwError;
    ULONG_PTR reserved;
    ULONG_PTR reserved2;
} RASMONITORDLG, *LPRASMONITORDLG;

#pragma pack(pop)

BOOL WINAPI RasPhonebookDlgA(LPSTR lpszPhonebook, LPSTR lpszEntry, LPRASPBDLGA lpInfo);
BOOL WINAPI RasPhonebookDlgW(LPWSTR lpszPhonebook, LPWSTR lpszEntry, LPRASPBDLGW lpInfo);
#define RasPhonebookDlg RAS_AW(RasPhonebookDlg)

BOOL WINAPI RasEntryDlgA(LPSTR lpszPhonebook, LPSTR lpszEntry, LPRASENTRYDLGA lpInfo);
BOOL WINAPI RasEntryDlgW(LPWSTR lpszPhonebook, LPWSTR lpszEntry, LPRASENTRYDLGW lpInfo);
#define RasEntryDlg RAS_AW(RasEntryDlg)

BOOL WINAPI RasDialDlgA(LPSTR lpszPhonebook, LPSTR lpszEntry, LPSTR lpszPhoneNumber, LPRASDIALDLG lpInfo);
BOOL WINAPI RasDialDlgW(LPWSTR lpszPhonebook, LPWSTR lpszEntry, LPWSTR lpszPhoneNumber, LPRASDIALDLG lpInfo);
#define RasDialDlg RAS_AW(RasDialDlg)

BOOL WINAPI RasMonitorDlgA(LPSTR lpszDeviceName, LPRASMONITORDLG lpInfo);
BOOL WINAPI RasMonitorDlgW(LPWSTR lpszDeviceName, LPRASMONITORDLG lpInfo);
#define RasMonitorDlg RAS_AW(RasMonitorDlg)

#ifdef __cplusplus
}
#endif

#endif
