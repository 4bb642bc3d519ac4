// SPDX-License-Identifier: Apache-2.0
#include "operation.h"

#include <array>

namespace pailfs::test {
namespace {

using Kind = Operation::Kind;

constexpr std::array kNames{"a", "b", "a-", "a.b", "a0"};

class Generator final {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  Operation next() {
    Operation op;
    op.kind = pick_kind();
    op.path = path();
    op.other = path();
    op.number = below(below(2) == 0 ? 20 : 3'000);
    op.bytes = bytes();
    const bool ours = op.kind < Kind::foreign_put;
    if (!ours && below(6) == 0) op.path += "/";  // a directory's own object
    if (ours && below(8) == 0) {
      op.trouble =
          Operation::Trouble{static_cast<int>(1 + below(6)),
                             below(3) == 0 ? Fault::Action::apply_then_fail : Fault::Action::fail,
                             below(2) == 0 ? EIO : ETIMEDOUT};
    }
    return op;
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  Kind pick_kind() {
    struct Weight {
      Kind kind;
      unsigned weight;
    };
    constexpr std::array<Weight, 11> kWeights{{{Kind::write, 22},
                                               {Kind::patch, 10},
                                               {Kind::truncate, 6},
                                               {Kind::mkdir, 12},
                                               {Kind::rmdir, 7},
                                               {Kind::unlink, 10},
                                               {Kind::rename, 15},
                                               {Kind::foreign_put, 8},
                                               {Kind::foreign_remove, 5},
                                               {Kind::expire, 3},
                                               {Kind::remount, 2}}};
    std::uint64_t at = below(100);
    for (const Weight& each : kWeights) {
      if (at < each.weight) return each.kind;
      at -= each.weight;
    }
    return Kind::expire;
  }

  std::string path() {
    std::string made = kNames[below(kNames.size())];
    for (std::uint64_t depth = below(3); depth > 0; --depth) {
      made += std::string("/") + kNames[below(kNames.size())];
    }
    return made;
  }

  std::string bytes() {
    std::string made(below(below(3) == 0 ? 2'000 : 12), '\0');
    for (char& c : made) c = static_cast<char>('A' + below(26));
    return made;
  }

  std::mt19937_64 random_;
};

}  // namespace

std::string Operation::text() const {
  static constexpr std::array kNamesOfKinds{"write",          "patch",  "truncate", "mkdir",
                                            "rmdir",          "unlink", "rename",   "foreign put",
                                            "foreign remove", "expire", "remount"};
  std::string line = kNamesOfKinds.at(static_cast<std::size_t>(kind));
  if (kind < Kind::expire) line += " " + path;
  if (kind == Kind::rename) line += " -> " + other;
  if (kind == Kind::patch) line += " at " + std::to_string(number);
  if (kind == Kind::truncate) line += " to " + std::to_string(number);
  if (kind == Kind::write || kind == Kind::patch || kind == Kind::foreign_put) {
    line += ", " + std::to_string(bytes.size()) + " bytes " + bytes.substr(0, 12);
  }
  if (trouble) {
    line += "   [request " + std::to_string(trouble->nth) +
            (trouble->action == Fault::Action::fail ? " fails" : " is done but its reply is lost") +
            ", errno " + std::to_string(trouble->err) + "]";
  }
  return line;
}

std::vector<Operation> random_operations(std::uint64_t seed, std::size_t count) {
  Generator generator(seed);
  std::vector<Operation> operations;
  for (std::size_t i = 0; i < count; ++i) operations.push_back(generator.next());
  return operations;
}

}  // namespace pailfs::test
