// SPDX-License-Identifier: Apache-2.0
// Appended bytes and the version that is there. Of the bytes of `body` those from some offset on
// were appended to a version that another client has replaced meanwhile, by `there`.
#pragma once

#include <cstdint>
#include <vector>

#include "pailfs/util/bytes.h"
#include "pailfs/util/result.h"

#include "want.h"

namespace pailfs::journal {

/// Sizes that the body had in attempts to store it of which the store may have taken one: from
/// `before`, and the whole body when `unsure`.
std::vector<std::uint64_t> doubtful_sizes(const Want& want, const std::vector<Mark>& before,
                                          bool unsure);

/// Up to where the appended bytes of `want` are in `there` already: an attempt of ours was stored,
/// and other clients appended to that, when `there` begins with all that the attempt had. Without
/// doubtful attempts nothing is compared: equal bytes of another client are not ours.
Result<std::uint64_t> stored_up_to(const Want& want, ByteSource& body, ByteSource& there,
                                   const std::vector<std::uint64_t>& doubtful);

/// The bytes of `front`, then those of `body` from `from` on. Both must outlive it.
class Joined final : public ByteSource {
 public:
  Joined(ByteSource& front, ByteSource& body, std::uint64_t from)
      : front_(front), body_(body), from_(from) {}
  [[nodiscard]] std::uint64_t size() const override { return front_.size() + body_.size() - from_; }
  Result<std::size_t> read(std::uint64_t offset, std::span<char> out) override;

 private:
  ByteSource& front_;
  ByteSource& body_;
  const std::uint64_t from_;
};

}  // namespace pailfs::journal
