// The one place that includes the Node-API headers, so that every file sees the same settings.
#pragma once

#ifndef NAPI_VERSION
#define NAPI_VERSION 9
#endif
// When a worker thread is being ended, a promise can no longer be settled; that must not end the process.
#define NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
#include <napi.h>
