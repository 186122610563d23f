// Sources and destinations of index bytes: files or memory. They keep errors as a Status, because the exceptions of
// FAISS's readers and writers do not contain the reason.
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
  // Reads exactly `size` bytes. Returns false at the end or on an error.
  virtual bool Read(void* out, size_t size) = 0;
  // Skips `size` bytes, which must exist.
  virtual bool Skip(uint64_t size) = 0;
  virtual bool Rewind() = 0;
  // Returns a path under which the same file can be opened again while this source exists. It is empty for memory.
  virtual std::string reopen_path() const = 0;
  virtual uint64_t size() const = 0;
  // Returns the name for messages: the path, or a description of the memory.
  virtual const std::string& name() const = 0;
};

Status OpenFileSource(const std::string& path, std::unique_ptr<ByteSource>* source);
std::unique_ptr<ByteSource> MemorySource(const uint8_t* data, size_t size);

// A FAISS reader over a source.
class SourceReader final : public faiss::IOReader {
 public:
  explicit SourceReader(ByteSource* source) : source_(*source) { name = source->name(); }
  size_t operator()(void* out, size_t size, size_t count) override {
    return source_.Read(out, size * count) ? count : 0;
  }

 private:
  ByteSource& source_;
};

// A FAISS writer into memory.
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

// A FAISS writer that replaces a file atomically. The bytes go to a temporary file in the same folder, which Commit
// flushes to disk and renames. Without Commit, the temporary file is deleted.
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
