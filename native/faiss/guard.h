// Runs FAISS code and turns its exceptions into a Status.
#pragma once

#include <exception>
#include <new>
#include <string>

#include "core/status.h"

namespace univar {

// Returns FAISS's message without "Error in <function> at <file>:<line>".
inline std::string FaissReason(const std::exception& error) {
  const std::string text = error.what();
  const size_t colon = text.rfind(": ");
  return text.rfind("Error in ", 0) == 0 && colon != std::string::npos ? text.substr(colon + 2) : text;
}

// Runs `work`. An exception becomes an error with `code`, or kOutOfMemory if memory ran out. `what` completes the
// message "FAISS cannot ...".
template <typename Work>
Status Guard(Code code, const char* what, Work work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return Status::Error(Code::kOutOfMemory, std::string("Not enough host memory to ") + what);
  } catch (const std::exception& error) {
    return Status::Error(code, std::string("FAISS cannot ") + what + ": " + FaissReason(error));
  }
}

}  // namespace univar
