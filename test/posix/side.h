// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>

#include "call.h"

namespace pailfs::test {

/// What a call gave.
struct Outcome {
  int err = 0;        ///< errno; 0: success
  std::string value;  ///< bytes read, count, link target; nothing where that may differ
  friend bool operator==(const Outcome&, const Outcome&) = default;
  [[nodiscard]] std::string text() const;
};

/// The caller's file system identity for a while: fsuid, fsgid, groups, of this thread alone.
/// Root's capabilities on files go and come with it. Needs root.
class Become final {
 public:
  explicit Become(const User& user);
  ~Become();
  Become(const Become&) = delete;
  Become& operator=(const Become&) = delete;
};

/// One of the two directories in which a history happens, with the descriptors it has open. Paths
/// of calls begin some levels below its top, so that symbolic links that lead upwards stay within.
class Side final {
 public:
  /// `can_link` false: hard links are refused here, so a call that would make one is expected to
  /// fail, and is not made on the other side.
  Side(std::string top, bool can_link) : top_(std::move(top)), can_link_(can_link) {
    slots_.fill(-1);
  }
  ~Side() { close_all(); }
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  Outcome perform(const Call& call);
  void close_all();

  void make_root();
  [[nodiscard]] const std::string& top() const { return top_; }
  [[nodiscard]] const std::array<int, kSlots>& slots() const { return slots_; }

 private:
  [[nodiscard]] std::string at(const std::string& path) const;
  Outcome on_names(const Call& call);
  Outcome on_attributes(const Call& call);
  Outcome on_descriptor(const Call& call, int fd);
  Outcome open(const Call& call);
  Outcome duplicate(const Call& call, int fd);
  Outcome reopen(const Call& call, int fd);
  Outcome link(const Call& call);

  std::string top_;
  bool can_link_;
  std::array<int, kSlots> slots_{};
};

}  // namespace pailfs::test
