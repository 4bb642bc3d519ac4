// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace pailfs::test {

/// Files by path, with their bytes; directories end in '/' and have none.
using Tree = std::map<std::string, std::string>;

/// One process's work in a directory of its own: random changes by system calls, and what the
/// directory must hold by those that returned success. Of the one call that did not, because the
/// mount was killed under it, both outcomes are right.
class Workload final {
 public:
  Workload(std::string root, std::string name, std::uint64_t seed);

  /// Forgets the failure of the last run.
  void begin() { failed_ = false; }
  /// Changes until `stop`, or until a call fails. Any thread, one at a time.
  void run(const std::atomic<bool>& stop);
  /// Whether a call has failed. Any thread.
  [[nodiscard]] bool failed() const { return failed_; }
  /// The call that failed last and why, once run() has returned.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }
  [[nodiscard]] std::uint64_t changes() const { return changes_; }
  [[nodiscard]] std::string story() const;

  /// Compares what is there now with what must be; what was undecided is decided by it. Empty: all
  /// is right.
  std::string check(const Tree& found);
  /// What check() complained of last.
  [[nodiscard]] const std::string& accused() const { return accused_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const Tree& expected() const { return tree_; }

 private:
  /// A change under way: what may be, path by path, when it is cut short.
  struct Doubt {
    std::string what;
    Tree before;  ///< of the paths that it touches
    Tree after;
    bool moves = false;  ///< every value of `before` must be somewhere
  };

  bool change();
  bool write();
  bool append();
  bool remove();
  bool rename_file();
  bool rename_directory();
  bool chmod();
  bool make_directory();
  bool remove_directory();
  bool done(bool succeeded, const Doubt& doubt);

  [[nodiscard]] std::string full(const std::string& path) const { return root_ + "/" + path; }
  [[nodiscard]] bool may_be_gone(const std::string& directory) const;
  std::string any_path();
  std::optional<std::string> any_file();
  std::optional<std::string> any_directory();
  std::string bytes();
  std::size_t pick(std::size_t below);

  const std::string root_;
  const std::string name_;
  std::mt19937_64 random_;
  Tree tree_;
  /// Directories of a rename that was cut short: perhaps without an object of their own, and gone
  /// with the last file in them.
  std::set<std::string> implicit_;
  std::optional<Doubt> doubt_;
  std::atomic<bool> failed_ = false;
  std::string trouble_;
  std::string accused_;
  std::uint64_t changes_ = 0;
  std::vector<std::string> story_;  // the last ones
};

/// Everything below a directory of the mounted file system, read by system calls; paths begin with
/// `below` as given. Nothing with a reason in `why` when it cannot be read.
std::optional<Tree> read_tree(const std::string& root, const std::string& below, std::string& why);

}  // namespace pailfs::test
