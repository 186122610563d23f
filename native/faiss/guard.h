// Running pieces of FAISS, which reports by exceptions.
#pragma once

#include <exception>
#include <new>
#include <string>

#include "core/status.h"

namespace univar {

// FAISS's message without its "Error in <function> at <file>:<line>" part.
inline std::string FaissReason(const std::exception& error) {
  const std::string text = error.what();
  const size_t colon = text.rfind(": ");
  return text.rfind("Error in ", 0) == 0 && colon != std::string::npos ? text.substr(colon + 2) : text;
}

// Runs a piece of FAISS; what it throws becomes `code`.
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
