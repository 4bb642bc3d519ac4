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
  /// Tells that a program gets all names of the directory, from the first on. Returns its habit
  /// with the names of the directory that was listed before, if that was just now.
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
  /// True when names of the directory were listed or asked about, as far as is remembered.
  [[nodiscard]] bool knows(const std::string& directory) const;
  /// True when a program that lists the directory with attributes, up to `place`, uses them: the
  /// kernel asks for attributes with the first names even if the program does not want them.
  [[nodiscard]] bool wants_attributes(const std::string& directory, std::size_t place,
                                      MonoTime now) const;

 private:
  Recent<NameWalk> walks_;
  std::string listed_last_;
};

}  // namespace pailfs::fs
