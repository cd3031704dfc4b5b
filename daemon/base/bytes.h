// SPDX-License-Identifier: Apache-2.0
// Views of bytes, and the cursor through which untrusted bytes are read.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace sluice {

using Bytes = std::span<const std::uint8_t>;

[[nodiscard]] inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

[[nodiscard]] inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Reads forward and cannot overrun: every take() either has all its bytes or returns nothing and moves
/// nothing.
class ByteCursor {
 public:
  explicit ByteCursor(Bytes bytes) : rest_{bytes} {}

  [[nodiscard]] std::optional<Bytes> take(std::size_t n) {
    if (rest_.size() < n) return std::nullopt;
    return std::exchange(rest_, rest_.subspan(n)).first(n);
  }

  /// Copies out a kernel struct; ring memory has no promised C++ alignment or lifetime.
  template <class T>
    requires std::is_trivially_copyable_v<T>
  [[nodiscard]] std::optional<T> take_struct() {
    auto bytes = take(sizeof(T));
    if (!bytes) return std::nullopt;
    T value;
    std::memcpy(&value, bytes->data(), sizeof(T));
    return value;
  }

  [[nodiscard]] Bytes rest() const { return rest_; }

 private:
  Bytes rest_;
};

}  // namespace sluice
