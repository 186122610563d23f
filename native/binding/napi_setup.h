// The one place that includes the Node-API headers, so that every file sees the same settings.
#pragma once

#ifndef NAPI_VERSION
#define NAPI_VERSION 9
#endif
#include <napi.h>
