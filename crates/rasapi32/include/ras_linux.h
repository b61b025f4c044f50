/*
 * What the remote access API has on Linux beside ras.h: message queues in place of windows, delivery on the thread that
 * dials, the proxy of a rootless connection.
 *
 * Structures here are packed as the platform does it, in contrast to those of ras.h.
 */
#ifndef RASMAN_RAS_LINUX_H
#define RASMAN_RAS_LINUX_H

#include "ras.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Message queues.
 *
 * On Windows the notifier of RasDial may be a window (type 0xFFFFFFFF). Here it is a queue, whose descriptor any event loop
 * can watch: when it is readable, RasGetQueueMessage gives what a window would be sent. The dial stands still from its
 * message on until the next message is asked for, as it does while a function handler runs. A queue serves any number of
 * dials, and after RasHangUp it still brings RASCS_Disconnected of a dial that was under way.
 */
#define RAS_MESSAGE_QUEUE 0xFFFFFFFFu

typedef struct HRASQUEUE__ *HRASQUEUE;

typedef struct tagRASMESSAGE {
    DWORD dwSize;   /* sizeof(RASMESSAGE), set by the caller */
    UINT message;   /* WM_RASDIALEVENT */
    WPARAM wParam;  /* the state, RASCS_* */
    LPARAM lParam;  /* the error */
    HRASCONN hrasconn;
    DWORD dwSubEntry;
    DWORD dwExtendedError;
    ULONG_PTR dwCallbackId;
} RASMESSAGE, *LPRASMESSAGE;

DWORD RasCreateMessageQueue(HRASQUEUE *lphQueue);

/* Closes a queue. Dials that tell it and are not connected are hung up, as nobody is left to tell. */
DWORD RasCloseMessageQueue(HRASQUEUE hQueue);

/* The descriptor that is readable while a message waits, or -1. It belongs to the queue: do not read or close it. */
int RasMessageQueueDescriptor(HRASQUEUE hQueue);

/*
 * Fetches the next message and lets the dial of the one before go on. Waits for it up to dwMilliseconds (RAS_INFINITE: for
 * ever); WAIT_TIMEOUT if none came, ERROR_INVALID_HANDLE once the queue is closed, which wakes all who wait.
 */
DWORD RasGetQueueMessage(HRASQUEUE hQueue, LPRASMESSAGE lpMessage, DWORD dwMilliseconds);

/*
 * Where handler functions run.
 *
 * RAS_DELIVER_ON_THREAD: each dial has a notification thread, made by RasDial on the thread that dials, with its network
 * namespace, credentials, processors, scheduling, signal mask and locale. RAS_DELIVER_ON_CALLER: handlers of the dials
 * that this thread makes from now on run on this very thread, while it is in RasDispatch.
 */
#define RAS_DELIVER_ON_THREAD 0u
#define RAS_DELIVER_ON_CALLER 1u

DWORD RasSetDelivery(DWORD dwDelivery);

/*
 * Calls the handlers of this thread's dials. If there is nothing to tell yet, waits for it up to dwMilliseconds:
 * WAIT_TIMEOUT if nothing came, ERROR_NO_MORE_ITEMS if no dial is left that could tell anything. A C++ exception of a handler
 * comes out here, and its dial is hung up.
 */
DWORD RasDispatch(DWORD dwMilliseconds);

/* The descriptor that is readable while RasDispatch has something to tell on this thread, or -1. Do not read or close it. */
int RasDispatchDescriptor(void);

/*
 * Where programs enter the tunnel of a rootless connection: the address and port of its SOCKS5 proxy, such as
 * "127.0.0.1:1080". *lpcch is the room in characters, and then what is needed, terminator included
 * (ERROR_BUFFER_TOO_SMALL). ERROR_NOT_SUPPORTED if the connection has none: it has a network device, or only forwards.
 * ERROR_PROJECTION_NOT_COMPLETE before it is connected.
 */
DWORD RasGetProxyAddressA(HRASCONN hrasconn, LPSTR lpszAddress, LPDWORD lpcch);
DWORD RasGetProxyAddressW(HRASCONN hrasconn, LPWSTR lpszAddress, LPDWORD lpcch);
#define RasGetProxyAddress RAS_AW(RasGetProxyAddress)

/*
 * Why a dial failed or a connection ended, in a sentence or some: which layer, what was done, what the other end said, what
 * to change. Empty if there is no error. *lpcch as above. Also of a connection that has ended a while ago.
 */
DWORD RasGetConnectionCauseA(HRASCONN hrasconn, LPSTR lpszCause, LPDWORD lpcch);
DWORD RasGetConnectionCauseW(HRASCONN hrasconn, LPWSTR lpszCause, LPDWORD lpcch);
#define RasGetConnectionCause RAS_AW(RasGetConnectionCause)

/*
 * What a method of EAP asks while a dial is paused in RASCS_InvokeEapUI. There is no dialog: ask your user, call
 * RasInvokeEapUI with the answer in RasEapInfo of the extensions (ERROR_INTERACTIVE_MODE if that is empty), and resume by
 * RasDial.
 *
 * RASEAPQ_ServerCertificate: the server's certificate is not trusted, for the reason dwError; the answer that trusts it
 * for this dial is its SHA-256, bSha256, which a person should have compared. RASEAPQ_CertificatePassword: the answer is
 * the password of the file of the user's certificate, in UTF-8; szPassword of the resume does as well.
 *
 * ERROR_INVALID_AUTH_STATE if no method of EAP asks, or the dial is another process's.
 */
#define RASEAPQ_ServerCertificate 1u
#define RASEAPQ_CertificatePassword 2u

typedef struct tagRASEAPQUESTION {
    DWORD dwSize; /* sizeof(RASEAPQUESTION), set by the caller */
    DWORD dwType; /* RASEAPQ_* */
    DWORD dwError;
    BYTE bSha256[32];
} RASEAPQUESTION, *LPRASEAPQUESTION;

DWORD RasGetEapQuestion(HRASCONN hrasconn, LPRASEAPQUESTION lpQuestion);

/*
 * The line of a dial that is paused in RASCS_Interactive: the entry has a terminal before or after dialling, its login script
 * came to `halt`, or a custom script is to log in. *lpDescriptor becomes a descriptor of a stream socket that does not block
 * (O_NONBLOCK, FD_CLOEXEC): what the other end says is read from it, and what is written to it is said, octet for octet. It
 * is there from the notification on, also in the handler, until a second RasDial resumes; what was written before goes
 * out first. Then, and when the dial ends, reading it gives 0, and writing EPIPE: with SIGPIPE, unless it is by send with
 * MSG_NOSIGNAL. Every call gives another descriptor, which is the program's to close.
 *
 * ERROR_INVALID_HANDLE for an unknown handle, ERROR_INVALID_AUTH_STATE if the dial is not paused there,
 * ERROR_OUT_OF_BUFFERS if there are no more descriptors, ERROR_INVALID_PARAMETER for null.
 */
DWORD RasLineDescriptor(HRASCONN hrasconn, int *lpDescriptor);

/*
 * Custom scripting. Windows finds a library in its registry; here the program names the function, one for all of its
 * dials, or takes it back by null. It is called on the line of each later dial that has RDEOPT_UseCustomScripting and whose
 * entry has RASEO_CustomScript, after the handler has returned from RASCS_Interactive with 0: on the notification thread,
 * in RasDispatch, in the call of RasGetQueueMessage that lets the dial go on, or in the synchronous RasDial. Returning 0
 * resumes the dial, anything else ends it with that error. Paused states are not needed for it, and RasDial does not resume
 * it (ERROR_INVALID_AUTH_STATE). Without a function, a dial with paused states stops in RASCS_Interactive for the program
 * to log in by RasLineDescriptor; one without them has no script.
 * A dial keeps the function that there was when it began: a program that unloads it takes it back and then waits until its
 * dials are connected, have failed or are hung up.
 *
 * hPort is the number of a descriptor of the line, which stays the library's, and is good until the function returns, as
 * are all buffers. pRasDialParams is a RASDIALPARAMSW in every program, as RasDial had it (what is stored is not told);
 * szUserName, szPassword and szDomain may be changed, and are then what PPP authenticates with. hWnd is hwndParent of the
 * extensions, and the last argument a RASCUSTOMSCRIPTEXTENSIONS. hEvent of RasReceiveBuffer is an eventfd, cast to HANDLE:
 * it is signalled when RasRetrieveBuffer has something to tell, which is octets, the end of the line
 * (ERROR_PORT_DISCONNECTED), or 0 octets once dwTimeOut has passed. RasSetCommSettings takes
 * the numbers of a DCB, without one and a half stop bits (ERROR_INVALID_PARAMETER), and counts until the function returns:
 * PPP has eight bits and no parity. The function must not throw, but out of RasDispatch.
 */
DWORD RasSetCustomScript(RasCustomScriptExecuteFn pfnScript);

#define RAS_INFINITE 0xFFFFFFFFu
#ifndef WAIT_TIMEOUT
#define WAIT_TIMEOUT 258u
#endif

#ifdef __cplusplus
}
#endif

#endif
