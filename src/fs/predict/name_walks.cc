// SPDX-License-Identifier: Apache-2.0
#include "name_walks.h"

#include <utility>

namespace pailfs::fs {
namespace {

/// Names for which the kernel asks attributes in any listing by readdirplus.
constexpr std::size_t kUnasked = 16;
/// Names asked about ahead of a program that lists with attributes and so asks about all: a service
/// answers so many requests side by side.
constexpr std::size_t kAbreast = 64;

}  // namespace

NameWalk::Habit NameWalks::on_listed(const std::string& directory, MonoTime now) {
  const NameWalk* const before = walks_.find(std::exchange(listed_last_, directory), now);
  const auto habit = before != nullptr ? before->habit() : NameWalk::Habit{};
  walks_.at(directory, now).on_listed(habit);
  return habit;
}

NameWalk::Advice NameWalks::on_question(const std::string& directory, NameWalk::Name name,
                                        MonoTime now) {
  return walks_.at(directory, now).on_question(name);
}

NameWalk::Advice NameWalks::on_listed_with_attributes(const std::string& directory,
                                                      NameWalk::Name name, MonoTime now) {
  name.expected = kAbreast;
  return on_question(directory, name, now);
}

NameWalk::Advice NameWalks::on_open(const std::string& directory, NameWalk::Name name,
                                    MonoTime now) {
  return walks_.at(directory, now).on_open(name);
}

bool NameWalks::is_under_way(const std::string& directory, MonoTime now) const {
  const NameWalk* const walk = walks_.find(directory, now);
  return walk != nullptr && walk->under_way();
}

bool NameWalks::knows(const std::string& directory) const {
  return walks_.contains(directory);
}

bool NameWalks::wants_attributes(const std::string& directory, std::size_t place,
                                 MonoTime now) const {
  return place > kUnasked && is_under_way(directory, now);
}

}  // namespace pailfs::fs
