/*
 * Memory of the Connection Manager, which is not here: CmMalloc returns NULL and CmFree does nothing.
 */
#ifndef RASMAN_CMAPI_H
#define RASMAN_CMAPI_H

#include "rastypes.h"

#ifdef __cplusplus
extern "C" {
#endif

LPVOID CmMalloc(size_t nBytes);
VOID CmFree(LPVOID pvPtr);

#ifdef __cplusplus
}
#endif

#endif
