// Texts in one array, and work on them by all threads.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "core/control.h"
#include "core/status.h"

namespace univar {

// Texts in one array of well-formed UTF-16: text i is units[offsets[i] .. offsets[i + 1] - 1]. The last text is
// followed by kReadAhead units of any value.
struct TextBatch {
  static constexpr size_t kReadAhead = 16;

  std::vector<char16_t> units;
  std::vector<size_t> offsets{0};

  size_t size() const { return offsets.size() - 1; }
  std::u16string_view text(size_t i) const { return {units.data() + offsets[i], offsets[i + 1] - offsets[i]}; }
};

// Cuts the batch into parts of consecutive texts, which do not depend on the number of threads. Returns the first text
// of every part, followed by the number of texts.
inline std::vector<size_t> CutIntoParts(const TextBatch& texts) {
  // A part is about 0.3 to 1 ms of work. This is far more than the cost of distributing the parts, and small enough to
  // balance the threads and to notice an abort.
  constexpr size_t kPartUnits = size_t{1} << 16;
  std::vector<size_t> starts{0};
  for (size_t i = 1; i < texts.size(); ++i) {
    // Even an empty text has a cost.
    const size_t units = texts.offsets[i] - texts.offsets[starts.back()] + (i - starts.back()) * 16;
    if (units >= kPartUnits) starts.push_back(i);
  }
  if (texts.size() > 0) starts.push_back(texts.size());
  return starts;
}

// Cuts `items` items of equal cost in the same way. All parts but the last have `size` items.
inline std::vector<size_t> CutEvenly(size_t items, size_t size) {
  std::vector<size_t> starts;
  for (size_t i = 0; i < items; i += size) starts.push_back(i);
  starts.push_back(items);
  return starts;
}

// Calls work(part, first, last) for the texts (or items) first .. last - 1 of every part, with the team of the calling
// thread. `work` may throw std::bad_alloc; `what` names the memory in the message. Reports progress in texts.
template <typename Work>
Status ForEachPart(const std::vector<size_t>& starts, const char* what, const Control& control, const Work& work) {
  const size_t parts = starts.size() - 1;
  std::atomic<size_t> done{0};
  std::atomic<bool> aborted{false};
  std::atomic<bool> out_of_memory{false};
#pragma omp parallel for schedule(dynamic, 1) if (parts > 1)
  for (size_t part = 0; part < parts; ++part) {
    if (aborted.load(std::memory_order_relaxed) || out_of_memory.load(std::memory_order_relaxed)) continue;
    if (control.cancelled()) {
      aborted.store(true, std::memory_order_relaxed);
      continue;
    }
    try {  // an exception must not leave the parallel region
      work(part, starts[part], starts[part + 1]);
    } catch (const std::bad_alloc&) {
      out_of_memory.store(true, std::memory_order_relaxed);
    }
    const size_t texts = starts[part + 1] - starts[part];
    control.report(static_cast<int64_t>(done.fetch_add(texts, std::memory_order_relaxed) + texts));
  }
  if (out_of_memory) return Status::Error(Code::kOutOfMemory, std::string("Not enough host memory for ") + what);
  if (aborted) return Status::Aborted();
  return Status::Ok();
}

// Replaces the number of entries of text i in offsets[i + 1] by the end of its entries. `total` is their sum, which
// must fit into an int32; `what` names the entries.
inline Status SumOffsets(size_t texts, size_t total, const char* what, int32_t* offsets) {
  if (total > INT32_MAX) {
    return Status::Error(Code::kArgRange, std::string("Expected at most 2147483647 ") + what +
                                              " per call for \"texts\", got " + std::to_string(total) +
                                              ": pass fewer texts per call");
  }
  offsets[0] = 0;
  for (size_t i = 0; i < texts; ++i) offsets[i + 1] += offsets[i];
  return Status::Ok();
}

}  // namespace univar
