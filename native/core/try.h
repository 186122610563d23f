// Returns the Status of a call to the caller if it is not ok.
#pragma once

#include "core/status.h"

#define UNIVAR_TRY(call) \
  if (::univar::Status status_of_call = (call); !status_of_call.ok()) return status_of_call
