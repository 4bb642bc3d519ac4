// SPDX-License-Identifier: Apache-2.0
#include "appended.h"

#include <algorithm>

namespace pailfs::journal {
namespace {

constexpr std::size_t kPiece = std::size_t{256} << 10U;

/// How many of the first `most` bytes are the same; both sources have so many.
Result<std::uint64_t> same_bytes(ByteSource& a, ByteSource& b, std::uint64_t most) {
  std::vector<char> ours(std::min<std::uint64_t>(kPiece, most));
  std::vector<char> theirs(ours.size());
  for (std::uint64_t at = 0; at < most;) {
    const std::size_t length = std::min<std::uint64_t>(ours.size(), most - at);
    const auto got = a.read(at, std::span(ours).first(length));
    if (!got) return got.error();
    if (*got == 0) return Error{EIO, "bytes of the journal end before their size"};
    std::size_t have = 0;
    while (have < *got) {
      const auto more = b.read(at + have, std::span(theirs).subspan(have, *got - have));
      if (!more) return more.error();
      if (*more == 0) return Error{EIO, "fetched bytes end before their size"};
      have += *more;
    }
    const auto end = ours.begin() + static_cast<std::ptrdiff_t>(*got);
    const auto differs = std::mismatch(ours.begin(), end, theirs.begin()).first;
    at += static_cast<std::uint64_t>(differs - ours.begin());
    if (differs != end) return at;
  }
  return most;
}

}  // namespace

std::vector<std::uint64_t> doubtful_sizes(const Want& want, const std::vector<Mark>& before,
                                          bool unsure) {
  std::vector<std::uint64_t> sizes;
  const std::uint64_t from = want.appended_from.value_or(want.size);
  for (const Mark& mark : before) {
    if (mark.size > from && mark.size <= want.size) sizes.push_back(mark.size);
  }
  if (unsure) sizes.push_back(want.size);
  return sizes;
}

Result<std::uint64_t> stored_up_to(const Want& want, ByteSource& body, ByteSource& there,
                                   const std::vector<std::uint64_t>& doubtful) {
  std::uint64_t stored = want.appended_from.value_or(want.size);
  if (doubtful.empty()) return stored;
  const auto same = same_bytes(body, there, std::min(body.size(), there.size()));
  if (!same) return same.error();
  for (const std::uint64_t size : doubtful) {
    if (size <= *same) stored = std::max(stored, size);
  }
  return stored;
}

Result<std::size_t> Joined::read(std::uint64_t offset, std::span<char> out) {
  const std::uint64_t front = front_.size();
  if (offset >= front) return body_.read(from_ + (offset - front), out);
  return front_.read(offset, out.first(std::min<std::uint64_t>(out.size(), front - offset)));
}

}  // namespace pailfs::journal
