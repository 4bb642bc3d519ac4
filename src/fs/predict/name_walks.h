// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "pailfs/util/clock.h"

#include "name_walk.h"
#include "recent.h"

namespace pailfs::fs {

/// The walks of programs through the names of directories, one for each directory, and what a
/// program that goes from one directory to another takes along. Pure: the caller tells the time,
/// and locks.
class NameWalks final {
 public:
  /// All names of the directory are being given to a program, from the first on. What a program did
  /// with those of the directory that was listed before it, if that was just now.
  NameWalk::Habit on_listed(const std::string& directory, MonoTime now);
  /// A program asks about a name of the directory.
  NameWalk::Advice on_question(const std::string& directory, NameWalk::Name name, MonoTime now);
  /// A program that lists the directory with attributes, and goes by them, has come to this name.
  NameWalk::Advice on_listed_with_attributes(const std::string& directory, NameWalk::Name name,
                                             MonoTime now);
  /// A program opens a name of the directory to read it.
  NameWalk::Advice on_open(const std::string& directory, NameWalk::Name name, MonoTime now);

  /// A program walks through the directory: it will ask about names that follow.
  [[nodiscard]] bool is_under_way(const std::string& directory, MonoTime now) const;
  /// Was any name of the directory asked about, or were they listed, as far as is remembered?
  [[nodiscard]] bool knows(const std::string& directory) const;
  /// A program that lists the directory with attributes, up to `place`, wants those too. The kernel
  /// asks for attributes with the first names whether its program wants them or not.
  [[nodiscard]] bool wants_attributes(const std::string& directory, std::size_t place,
                                      MonoTime now) const;

 private:
  Recent<NameWalk> walks_;
  std::string listed_last_;
};

}  // namespace pailfs::fs
