#include "faiss/byte_stream.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

namespace univar {
namespace {

constexpr size_t kBufferSize = 1 << 20;

class FileSource final : public ByteSource {
 public:
  FileSource(int file, uint64_t size, std::string path)
      : file_(file), size_(size), path_(std::move(path)), buffer_(kBufferSize) {}
  ~FileSource() override { ::close(file_); }

  bool Read(void* out, size_t size) override {
    auto* to = static_cast<uint8_t*>(out);
    while (size > 0) {
      if (begin_ == end_) {
        // Large reads bypass the buffer.
        uint8_t* place = size >= kBufferSize ? to : buffer_.data();
        ssize_t got;
        do {
          got = ::read(file_, place, place == to ? size : kBufferSize);
        } while (got < 0 && errno == EINTR);
        if (got <= 0) return false;
        if (place == to) {
          to += got;
          size -= static_cast<size_t>(got);
          continue;
        }
        begin_ = 0;
        end_ = static_cast<size_t>(got);
      }
      const size_t part = std::min(size, end_ - begin_);
      std::memcpy(to, buffer_.data() + begin_, part);
      begin_ += part;
      to += part;
      size -= part;
    }
    return true;
  }
  bool Skip(uint64_t size) override {
    const uint64_t part = std::min<uint64_t>(size, end_ - begin_);
    begin_ += static_cast<size_t>(part);
    return size == part || ::lseek(file_, static_cast<off_t>(size - part), SEEK_CUR) >= 0;
  }
  bool Rewind() override {
    begin_ = end_ = 0;
    return ::lseek(file_, 0, SEEK_SET) == 0;
  }
  std::string reopen_path() const override { return "/dev/fd/" + std::to_string(file_); }
  uint64_t size() const override { return size_; }
  const std::string& name() const override { return path_; }

 private:
  int file_;
  uint64_t size_;
  std::string path_;
  std::vector<uint8_t> buffer_;
  size_t begin_ = 0, end_ = 0;
};

class BufferSource final : public ByteSource {
 public:
  BufferSource(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  bool Read(void* out, size_t size) override {
    if (size > size_ - at_) return false;
    if (size > 0) std::memcpy(out, data_ + at_, size);
    at_ += size;
    return true;
  }
  bool Skip(uint64_t size) override {
    if (size > size_ - at_) return false;
    at_ += static_cast<size_t>(size);
    return true;
  }
  bool Rewind() override {
    at_ = 0;
    return true;
  }
  std::string reopen_path() const override { return ""; }
  uint64_t size() const override { return size_; }
  const std::string& name() const override { return name_; }

 private:
  const uint8_t* data_;
  size_t size_;
  size_t at_ = 0;
  std::string name_ = "the buffer";
};

Status Unreadable(const std::string& path, int error) {
  const bool missing = error == ENOENT || error == ENOTDIR || error == EISDIR;
  return Status::Error(missing ? Code::kData : Code::kIo, "Cannot read " + path + ": " + std::strerror(error));
}

}  // namespace

Status OpenFileSource(const std::string& path, std::unique_ptr<ByteSource>* source) {
  // Without O_NONBLOCK, opening a named pipe would wait for its writer.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return Unreadable(path, errno);
  struct stat info;
  if (::fstat(file, &info) != 0) {
    const int error = errno;
    ::close(file);
    return Unreadable(path, error);
  }
  if (!S_ISREG(info.st_mode)) {
    ::close(file);
    return Status::Error(Code::kData, "Cannot read " + path + ": not a regular file");
  }
  *source = std::make_unique<FileSource>(file, static_cast<uint64_t>(info.st_size), path);
  return Status::Ok();
}

std::unique_ptr<ByteSource> MemorySource(const uint8_t* data, size_t size) {
  return std::make_unique<BufferSource>(data, size);
}

AtomicFileWriter::AtomicFileWriter(std::string path) : path_(std::move(path)) {
  name = path_;
  static std::atomic<unsigned> counter{0};
  temporary_ = path_ + "." + std::to_string(::getpid()) + "-" + std::to_string(counter++) + ".partial";
}

AtomicFileWriter::~AtomicFileWriter() noexcept {
  if (file_ < 0) return;
  ::close(file_);
  ::unlink(temporary_.c_str());
}

Status AtomicFileWriter::Fail(const char* what) {
  if (status_.ok()) {
    status_ = Status::Error(Code::kIo, std::string("Cannot ") + what + " " + path_ + ": " + std::strerror(errno));
  }
  return status_;
}

Status AtomicFileWriter::Open() {
  buffer_.reserve(kBufferSize);
  file_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  return file_ < 0 ? Fail("write") : Status::Ok();
}

bool AtomicFileWriter::WriteAll(const uint8_t* data, size_t size) {
  while (size > 0) {
    const ssize_t put = ::write(file_, data, size);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      (void)Fail("write");
      return false;
    }
    data += put;
    size -= static_cast<size_t>(put);
  }
  return true;
}

bool AtomicFileWriter::Flush() {
  const bool written = WriteAll(buffer_.data(), buffer_.size());
  buffer_.clear();
  return written;
}

size_t AtomicFileWriter::operator()(const void* data, size_t size, size_t count) {
  const auto* bytes = static_cast<const uint8_t*>(data);
  const size_t total = size * count;
  if (!status_.ok()) return 0;
  if (total > kBufferSize - buffer_.size() && !Flush()) return 0;
  if (total > kBufferSize) return WriteAll(bytes, total) ? count : 0;
  buffer_.insert(buffer_.end(), bytes, bytes + total);
  return count;
}

Status AtomicFileWriter::Commit() {
  if (!status_.ok() || !Flush()) return status_;
  if (::fsync(file_) != 0) return Fail("flush");
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return Fail("replace");
  ::close(std::exchange(file_, -1));
  // The new name must also survive a power failure. If the file system cannot flush a folder, the rename has still
  // taken place.
  const size_t slash = path_.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
  const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) {
    ::fsync(directory);
    ::close(directory);
  }
  return Status::Ok();
}

}  // namespace univar
