// The word that is being read: its UTF-8 bytes, and the last sixteen of them once more in two registers, so that short
// words are hashed and compared without going through memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace univar {

class Word {
 public:
  static constexpr size_t kKeyBytes = 16;

  Word() : bytes_(256) {}

  bool empty() const { return length_ == 0; }
  size_t length() const { return length_; }
  std::string_view view() const { return {bytes_.data(), length_}; }
  // Identifies a word of at most kKeyBytes bytes, together with its length.
  uint64_t key_high() const { return high_; }
  uint64_t key_low() const { return low_; }

  void Clear() { length_ = high_ = low_ = 0; }

  void AppendByte(unsigned char byte) {
    if (length_ == bytes_.size()) bytes_.resize(2 * length_);
    bytes_[length_++] = static_cast<char>(byte);
    high_ = (high_ << 8) | (low_ >> 56);
    low_ = (low_ << 8) | byte;
  }

  void Append(char32_t c) {
    if (c < 0x80) {
      AppendByte(static_cast<unsigned char>(c));
      return;
    }
    if (c < 0x800) {
      AppendByte(static_cast<unsigned char>(0xC0 | (c >> 6)));
    } else {
      if (c < 0x10000) {
        AppendByte(static_cast<unsigned char>(0xE0 | (c >> 12)));
      } else {
        AppendByte(static_cast<unsigned char>(0xF0 | (c >> 18)));
        AppendByte(static_cast<unsigned char>(0x80 | ((c >> 12) & 0x3F)));
      }
      AppendByte(static_cast<unsigned char>(0x80 | ((c >> 6) & 0x3F)));
    }
    AppendByte(static_cast<unsigned char>(0x80 | (c & 0x3F)));
  }

  // Number of code points.
  size_t CountChars() const {
    size_t count = 0;
    for (size_t i = 0; i < length_; ++i) count += (bytes_[i] & 0xC0) != 0x80;
    return count;
  }

 private:
  std::vector<char> bytes_;
  size_t length_ = 0;
  uint64_t high_ = 0, low_ = 0;
};

}  // namespace univar
