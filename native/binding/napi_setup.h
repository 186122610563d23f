// The only file that includes the Node-API headers, so that every file uses the same settings.
#pragma once

#ifndef NAPI_VERSION
#define NAPI_VERSION 9
#endif
// A promise cannot be settled while a worker thread is being terminated. This must not terminate the process.
#define NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
#include <napi.h>
