// SPDX-License-Identifier: Apache-2.0
#include "step.h"

#include <fcntl.h>

#include <algorithm>
#include <optional>
#include <random>

namespace pailfs::test::shared {
namespace {

using Kind = Step::Kind;

constexpr std::array kFiles{"a", "b", "d/a", "d/b", "e/a"};
constexpr std::array kDirectories{"d", "e"};
constexpr std::array kLinks{"l", "d/l"};

struct Weight {
  Kind kind;
  unsigned weight;
};
constexpr std::array<Weight, Step::kKinds> kWeights{{
    {Kind::replace, 7}, {Kind::exclusive, 3}, {Kind::append, 9},     {Kind::patch, 7},
    {Kind::read, 7},    {Kind::open, 14},     {Kind::write, 16},     {Kind::cut, 3},
    {Kind::show, 8},    {Kind::fsync, 4},     {Kind::close, 9},      {Kind::truncate, 4},
    {Kind::stat, 4},    {Kind::list, 4},      {Kind::mkdir, 4},      {Kind::rmdir, 2},
    {Kind::unlink, 5},  {Kind::rename, 5},    {Kind::rename_new, 2}, {Kind::rename_directory, 2},
    {Kind::symlink, 2}, {Kind::chmod, 4},     {Kind::utimens, 2},    {Kind::setxattr, 2},
    {Kind::refresh, 3}, {Kind::remount, 1},   {Kind::kill, 1},       {Kind::wait, 8},
    {Kind::put, 5},     {Kind::remove, 2},
}};

class Generator final {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed * 2654435761U + 1) {}

  Shape shape() {
    Shape shape;
    shape.mounts = below(4) == 0 ? 3 + below(8) : 2 + below(2);
    shape.steps = 30 + below(60);
    shape.conditional = below(6) != 0;
    shape.lost_replies = below(4) == 0;
    shape.parts = below(8) == 0;
    shape.attribute_seconds = below(3) == 0 ? 1 : 900;
    return shape;
  }

  Step next(const Shape& shape, bool inner, std::size_t not_by) {
    Step step;
    do {
      step.kind = pick_kind();
    } while (inner && (step.kind == Kind::remount || step.kind == Kind::kill));
    step.mount = below(shape.mounts);
    if (inner && step.mount == not_by) step.mount = (step.mount + 1) % shape.mounts;
    step.slot = below(kSlots);
    step.write = ++writes_;
    name(step);
    numbers(step, shape);
    if (inner || step.is_foreign()) return step;
    if (shape.lost_replies && below(5) == 0) step.lost_reply = static_cast<int>(1 + below(4));
    // It takes more requests than other steps, and each is a moment for others.
    const bool tree = step.kind == Kind::rename_directory;
    if (below(tree ? 2 : 5) == 0) {
      Step other = next(shape, true, step.mount);
      if (tree && below(2) == 0) change_inside(other, step);
      step.meanwhile = std::make_shared<Step>(std::move(other));
      step.meanwhile_at = static_cast<int>(1 + below(tree ? 8 : 4));
      step.meanwhile_after = below(2) == 0;
    }
    return step;
  }

  /// The way back, by the same mount, of a directory that was just renamed; sometimes.
  std::optional<Step> back(const Step& step) {
    if (step.kind != Kind::rename_directory || below(3) != 0) return std::nullopt;
    Step back;
    back.kind = step.kind;
    back.mount = step.mount;
    back.path = step.other;
    back.other = step.path;
    return back;
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  template <class Values>
  auto one_of(const Values& values) {
    return values[below(values.size())];
  }

  Kind pick_kind() {
    unsigned sum = 0;
    for (const Weight& each : kWeights) sum += each.weight;
    std::uint64_t at = below(sum);
    for (const Weight& each : kWeights) {
      if (at < each.weight) return each.kind;
      at -= each.weight;
    }
    return Kind::wait;
  }

  /// Makes it a change of a file below the old name of a directory that is renamed, or the new one.
  void change_inside(Step& step, const Step& renaming) {
    step.kind = one_of(std::array{Kind::put, Kind::replace, Kind::append});
    step.path = (below(2) == 0 ? renaming.path : renaming.other) + (below(2) == 0 ? "/a" : "/b");
  }

  /// The first of them twice as often: there most happens.
  std::string file() { return below(3) == 0 ? kFiles[0] : one_of(kFiles); }

  void name(Step& step) {
    step.path = file();
    step.other = file();
    switch (step.kind) {
      case Kind::mkdir:
      case Kind::rmdir:
      case Kind::rename_directory:
        step.path = one_of(kDirectories);
        step.other = step.path == "d" ? "e" : "d";
        break;
      case Kind::list:
        step.path = below(2) == 0 ? "" : one_of(kDirectories);
        break;
      case Kind::refresh:
        if (below(2) == 0) step.path = below(2) == 0 ? "" : one_of(kDirectories);
        break;
      case Kind::symlink:
        step.path = one_of(kLinks);
        break;
      case Kind::stat:
      case Kind::unlink:
        if (below(5) == 0) step.path = one_of(kLinks);
        break;
      default:
        break;
    }
  }

  void numbers(Step& step, const Shape& shape) {
    constexpr std::array kOpens{O_RDONLY,
                                O_RDWR,
                                O_RDWR,
                                O_WRONLY | O_APPEND | O_CREAT,
                                O_WRONLY | O_APPEND | O_CREAT,
                                O_RDWR | O_APPEND,
                                O_WRONLY | O_CREAT | O_TRUNC,
                                O_RDWR | O_CREAT,
                                O_WRONLY | O_CREAT | O_EXCL};
    constexpr std::array<std::uint64_t, 6> kWaits{200, 600, 1'100, 2'500, 6'000, 1'000'000};
    step.flags = kOpens[below(kOpens.size())];
    step.size = 1 + below(4);
    step.number = below(12);
    if (!shape.parts && below(60) == 0) step.size = 9'000 + below(1'000);  // not one block
    if (shape.parts && below(3) == 0) step.size = (1'000 + below(2'000)) * (below(3) == 0 ? 3 : 1);
    if (below(40) == 0) step.number = shape.parts ? 2'000 : 9'000;
    if (step.kind == Kind::cut || step.kind == Kind::truncate) {
      if (below(3) == 0) step.number = 0;
    }
    if (step.kind == Kind::chmod) step.number = 0400 + below(0400);
    if (step.kind == Kind::wait) step.number = kWaits[below(kWaits.size())];
  }

  std::mt19937_64 random_;
  unsigned writes_ = 0;
};

constexpr std::array<const char*, Step::kKinds> kNames{"replace",
                                                       "make O_EXCL",
                                                       "append to",
                                                       "patch",
                                                       "read",
                                                       "open",
                                                       "write",
                                                       "ftruncate",
                                                       "pread",
                                                       "fsync",
                                                       "close",
                                                       "truncate",
                                                       "stat",
                                                       "list",
                                                       "mkdir",
                                                       "rmdir",
                                                       "unlink",
                                                       "rename",
                                                       "rename NOREPLACE",
                                                       "rename directory",
                                                       "symlink",
                                                       "chmod",
                                                       "utimens",
                                                       "setxattr",
                                                       "refresh",
                                                       "remount",
                                                       "kill",
                                                       "wait",
                                                       "put",
                                                       "remove"};

std::string open_words(int flags) {
  std::string text = (flags & O_ACCMODE) == O_RDONLY   ? "O_RDONLY"
                     : (flags & O_ACCMODE) == O_WRONLY ? "O_WRONLY"
                                                       : "O_RDWR";
  if ((flags & O_CREAT) != 0) text += "|O_CREAT";
  if ((flags & O_EXCL) != 0) text += "|O_EXCL";
  if ((flags & O_TRUNC) != 0) text += "|O_TRUNC";
  if ((flags & O_APPEND) != 0) text += "|O_APPEND";
  return text;
}

}  // namespace

std::string Step::text() const {
  std::string line = is_foreign() ? "foreign client: " : "mount " + std::to_string(mount) + ": ";
  line += kNames.at(static_cast<std::size_t>(kind));
  const bool by_slot = kind >= Kind::open && kind <= Kind::close;
  const bool writes = kind <= Kind::patch || kind == Kind::write || kind == Kind::put;
  if (by_slot) line += " [" + std::to_string(slot) + "]";
  if (kind == Kind::open) line += " " + open_words(flags);
  if (!by_slot || kind == Kind::open) line += " '" + path + "'";
  if (kind == Kind::rename || kind == Kind::rename_new || kind == Kind::rename_directory) {
    line += " -> '" + other + "'";
  }
  if (writes) line += " record " + std::to_string(write) + " x " + std::to_string(size);
  line += ", " + std::to_string(number);
  if (lost_reply > 0) line += "   {reply " + std::to_string(lost_reply) + " is lost}";
  if (meanwhile) {
    line += std::string("   {") + (meanwhile_after ? "after" : "before") + " request " +
            std::to_string(meanwhile_at) + ": " + meanwhile->text() + "}";
  }
  return line;
}

std::string Shape::text() const {
  return std::to_string(mounts) + " mounts" + (conditional ? "" : ", conditions are ignored") +
         (lost_replies ? ", replies are lost" : "") + (parts ? ", parts" : "") +
         ", attributes for " + std::to_string(attribute_seconds) + " s";
}

History random_history(std::uint64_t seed) {
  Generator generator(seed);
  History history;
  history.shape = generator.shape();
  for (std::size_t i = 0; i < history.shape.steps; ++i) {
    history.steps.push_back(generator.next(history.shape, false, 0));
    if (auto back = generator.back(history.steps.back())) history.steps.push_back(std::move(*back));
  }
  return history;
}

}  // namespace pailfs::test::shared
