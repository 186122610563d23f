// Returns a Status that is not ok to the caller.
#pragma once

#include "core/status.h"

#define UNIVAR_TRY(call) \
  if (::univar::Status status_of_call = (call); !status_of_call.ok()) return status_of_call
