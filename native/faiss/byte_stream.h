// Where index bytes come from and go to: a file or memory. Errors are kept as a Status, because FAISS's readers and
// writers know only exceptions that lack the reason.
#pragma once

#include <faiss/impl/io.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/crc32.h"
#include "core/status.h"

namespace univar {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Reads exactly `size` bytes; false at the end or on an error.
  virtual bool Read(void* out, size_t size) = 0;
  // Passes over `size` bytes that are there.
  virtual bool Skip(uint64_t size) = 0;
  virtual bool Rewind() = 0;
  // A path at which the same file can be opened once more, for as long as this source lives; empty for memory.
  virtual std::string reopen_path() const = 0;
  virtual uint64_t size() const = 0;
  // For messages: the path, or what the memory is.
  virtual const std::string& name() const = 0;
};

Status OpenFileSource(const std::string& path, std::unique_ptr<ByteSource>* source);
std::unique_ptr<ByteSource> MemorySource(const uint8_t* data, size_t size);

// FAISS's reader over a source.
class SourceReader final : public faiss::IOReader {
 public:
  explicit SourceReader(ByteSource* source) : source_(*source) { name = source->name(); }
  size_t operator()(void* out, size_t size, size_t count) override {
    return source_.Read(out, size * count) ? count : 0;
  }

 private:
  ByteSource& source_;
};

// FAISS's writer into memory.
class MemoryWriter final : public faiss::IOWriter {
 public:
  size_t operator()(const void* data, size_t size, size_t count) override {
    const auto* bytes = static_cast<const uint8_t*>(data);
    bytes_.insert(bytes_.end(), bytes, bytes + size * count);
    return count;
  }
  std::vector<uint8_t>& bytes() { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
};

// FAISS's writer into a file that appears under its name complete or not at all: the bytes go to a temporary file in
// the same folder, Commit flushes it to the disk and renames it. Without Commit nothing is left behind.
class AtomicFileWriter final : public faiss::IOWriter {
 public:
  explicit AtomicFileWriter(std::string path);
  ~AtomicFileWriter() noexcept override;
  AtomicFileWriter(const AtomicFileWriter&) = delete;
  AtomicFileWriter& operator=(const AtomicFileWriter&) = delete;

  Status Open();
  size_t operator()(const void* data, size_t size, size_t count) override;
  Status Commit();
  const Status& status() const { return status_; }

 private:
  bool Flush();
  bool WriteAll(const uint8_t* data, size_t size);
  Status Fail(const char* what);

  std::string path_, temporary_;
  int file_ = -1;
  std::vector<uint8_t> buffer_;
  Status status_ = Status::Ok();
};

}  // namespace univar
