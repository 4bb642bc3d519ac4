// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "pailfs/util/result.h"

namespace pailfs {

/// Bytes to be sent; can be read again from any offset, so that every attempt of a retry sends the
/// same ones, and must not change meanwhile. Read by one thread at a time.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  /// Fills as much of `out` as there is from `offset`; 0 only at the end.
  virtual Result<std::size_t> read(std::uint64_t offset, std::span<char> out) = 0;
  /// Shows to `look` what `read` would write to `scratch`, where it lies if that is possible.
  virtual Result<std::size_t> show(std::uint64_t offset, std::span<char> scratch,
                                   const std::function<void(std::span<const char>)>& look) {
    auto got = read(offset, scratch);
    if (got) look(scratch.first(*got));
    return got;
  }
  /// The first `end` bytes are on their way; less again when an attempt is repeated. Called by the
  /// transport, between its reads; one that cannot tell never calls it.
  virtual void taken(std::uint64_t /*end*/) {}
};

/// Bytes in memory, which must outlive it.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::string_view bytes) : bytes_(bytes) {}
  [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
  Result<std::size_t> read(std::uint64_t offset, std::span<char> out) override {
    const std::string_view rest = bytes_.substr(std::min<std::uint64_t>(offset, bytes_.size()));
    return rest.copy(out.data(), out.size());
  }

 private:
  std::string_view bytes_;
};

}  // namespace pailfs
