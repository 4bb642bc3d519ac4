// SPDX-License-Identifier: Apache-2.0
#include "pailfs/fs/read_bytes.h"

#include <algorithm>

namespace pailfs::fs {

void ReadBytes::append(ReadBytes more) {
  for (std::size_t i = 0; i < more.pieces_.size(); ++i) {
    add(more.pieces_[i], std::move(more.owners_[i]));
  }
}

void ReadBytes::copy_to(std::span<char> out) const {
  for (const std::span<const char>& piece : pieces_) {
    std::copy(piece.begin(), piece.end(), out.begin());
    out = out.subspan(piece.size());
  }
}

}  // namespace pailfs::fs
