// SPDX-License-Identifier: Apache-2.0
#include "workload.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include "support/text_io.h"

namespace pailfs::test {
namespace {

bool write_all(int fd, const std::string& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t n = ::write(fd, bytes.data() + at, bytes.size() - at);
    if (n <= 0) return false;
    at += static_cast<std::size_t>(n);
  }
  return true;
}

bool write_file(const std::string& path, int flags, const std::string& bytes, bool sync) {
  const int fd = ::open(path.c_str(), O_WRONLY | flags | O_CLOEXEC, 0644);
  if (fd < 0) return false;
  const bool written = write_all(fd, bytes) && (!sync || ::fsync(fd) == 0);
  const int err = errno;
  const bool closed = ::close(fd) == 0;
  if (!written) errno = err;
  return written && closed;
}

std::optional<std::string> read_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  std::string bytes;
  std::string buffer(1U << 16U, '\0');
  ssize_t n = 0;
  while ((n = ::read(fd, buffer.data(), buffer.size())) > 0) {
    bytes.append(buffer.data(), static_cast<std::size_t>(n));
  }
  ::close(fd);
  if (n < 0) return std::nullopt;
  return bytes;
}

std::string summary(const std::optional<std::string>& bytes) {
  if (!bytes) return "nothing";
  return std::to_string(bytes->size()) + " bytes (" +
         std::to_string(std::hash<std::string>{}(*bytes)) + ")";
}

std::optional<std::string> value(const Tree& tree, const std::string& path) {
  const auto found = tree.find(path);
  return found == tree.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

Workload::Workload(std::string root, std::string name, std::uint64_t seed)
    : root_(std::move(root)), name_(std::move(name)), random_(seed) {}

std::size_t Workload::pick(std::size_t below) {
  return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_);
}

std::string Workload::bytes() {
  // Most are small; some have a file of their own in the journal, few go up in parts.
  const std::size_t kind = pick(100);
  const std::size_t size = kind < 80   ? pick(5'000)
                           : kind < 99 ? 100'000 + pick(300'000)
                                       : 11'000'000 + pick(1'000);
  return pattern(size, random_());
}

/// It went with the last file in it, unless it has an object of its own.
bool Workload::may_be_gone(const std::string& directory) const {
  if (!implicit_.contains(directory)) return false;
  for (auto inside = tree_.upper_bound(directory);
       inside != tree_.end() && inside->first.starts_with(directory); ++inside) {
    if (!implicit_.contains(inside->first)) return false;
  }
  return true;
}

std::string Workload::any_path() {
  std::string path = name_ + "/";
  for (std::size_t depth = pick(3); depth > 0; --depth) {
    const std::string deeper = path + "d" + std::to_string(pick(2)) + "/";
    if (!tree_.contains(deeper) || may_be_gone(deeper)) break;
    path = deeper;
  }
  return path + "f" + std::to_string(pick(6));
}

std::optional<std::string> Workload::any_file() {
  std::vector<std::string> files;
  for (const auto& [path, bytes] : tree_) {
    if (path.back() != '/') files.push_back(path);
  }
  if (files.empty()) return std::nullopt;
  return files[pick(files.size())];
}

std::optional<std::string> Workload::any_directory() {
  std::vector<std::string> directories;
  for (const auto& [path, bytes] : tree_) {
    const bool choosable = path.back() == '/' && path != name_ + "/" && !may_be_gone(path);
    if (choosable) directories.push_back(path);
  }
  if (directories.empty()) return std::nullopt;
  return directories[pick(directories.size())];
}

std::string Workload::story() const {
  std::string text;
  for (const std::string& each : story_) text += "  " + each + "\n";
  return text;
}

bool Workload::done(bool succeeded, const Doubt& doubt) {
  story_.push_back((succeeded ? "" : "cut short: ") + doubt.what);
  if (story_.size() > 60) story_.erase(story_.begin());
  if (!succeeded) {
    trouble_ = doubt.what + ": " + std::strerror(errno);
    doubt_ = doubt;
    failed_ = true;
    return false;
  }
  for (const auto& [path, bytes] : doubt.before) tree_.erase(path);
  for (const auto& [path, bytes] : doubt.after) {
    tree_[path] = bytes;
    // A renamed directory has an object of its own; those below it have one only if they had.
    if (!doubt.moves) implicit_.erase(path);
  }
  ++changes_;
  return true;
}

bool Workload::write() {
  const std::string path = any_path();
  Doubt doubt{"write " + path, {}, {{path, bytes()}}};
  if (const auto old = value(tree_, path)) doubt.before[path] = *old;
  // Half of them as careful programs do it, by another name.
  const std::string bytes = doubt.after[path];
  if (pick(2) == 0) {
    return done(write_file(full(path), O_CREAT | O_TRUNC, bytes, pick(4) == 0), doubt);
  }
  const std::string temporary = path + ".tmp";
  Doubt first{"write " + temporary, {}, {{temporary, bytes}}};
  // A rename that was cut short has left one.
  if (const auto old = value(tree_, temporary)) first.before[temporary] = *old;
  if (!done(write_file(full(temporary), O_CREAT | O_TRUNC, bytes, pick(4) == 0), first)) {
    return false;
  }
  Doubt second{"rename " + temporary, {{temporary, bytes}}, {{path, bytes}}, true};
  if (const auto old = value(tree_, path)) second.before[path] = *old;
  return done(::rename(full(temporary).c_str(), full(path).c_str()) == 0, second);
}

bool Workload::append() {
  const auto path = any_file();
  if (!path) return write();
  const std::string more = pattern(1 + pick(3'000), random_());
  const std::string old = tree_.at(*path);
  return done(write_file(full(*path), O_APPEND, more, false),
              {"append to " + *path, {{*path, old}}, {{*path, old + more}}});
}

bool Workload::remove() {
  const auto path = any_file();
  if (!path) return write();
  return done(::unlink(full(*path).c_str()) == 0,
              {"unlink " + *path, {{*path, tree_.at(*path)}}, {}});
}

bool Workload::rename_file() {
  const auto from = any_file();
  const std::string to = any_path();
  if (!from || *from == to) return write();
  Doubt doubt{
      "rename " + *from + " to " + to, {{*from, tree_.at(*from)}}, {{to, tree_.at(*from)}}, true};
  if (const auto old = value(tree_, to)) doubt.before[to] = *old;
  return done(::rename(full(*from).c_str(), full(to).c_str()) == 0, doubt);
}

bool Workload::rename_directory() {
  const auto from = any_directory();
  if (!from) return make_directory();
  std::string to = *from;
  to.pop_back();
  to += "r/";
  if (tree_.contains(to)) return remove();
  Doubt doubt{"rename " + *from + " to " + to, {}, {}, true};
  for (const auto& [path, bytes] : tree_) {
    if (!path.starts_with(*from)) continue;
    doubt.before[path] = bytes;
    const std::string moved = to + path.substr(from->size());
    doubt.after[moved] = bytes;
    if (implicit_.contains(path)) implicit_.insert(moved);
  }
  if (!done(::rename(full(*from).c_str(), full(to).c_str()) == 0, doubt)) return false;
  // And back, so that names do not grow.
  Doubt back{"rename " + to + " to " + *from, doubt.after, doubt.before, true};
  return done(::rename(full(to).c_str(), full(*from).c_str()) == 0, back);
}

bool Workload::chmod() {
  const auto path = any_file();
  if (!path) return write();
  const bool changed = ::chmod(full(*path).c_str(), pick(2) == 0 ? 0600 : 0640) == 0;
  return done(changed, {"chmod " + *path, {{*path, tree_.at(*path)}}, {{*path, tree_.at(*path)}}});
}

bool Workload::make_directory() {
  std::string path = any_path();
  path = path.substr(0, path.rfind('/') + 1) + "d" + std::to_string(pick(2)) + "/";
  if (tree_.contains(path) || std::count(path.begin(), path.end(), '/') > 4) return write();
  return done(::mkdir(full(path).c_str(), 0755) == 0, {"mkdir " + path, {}, {{path, ""}}});
}

bool Workload::remove_directory() {
  const auto path = any_directory();
  if (!path) return make_directory();
  const auto inside = tree_.upper_bound(*path);
  if (inside != tree_.end() && inside->first.starts_with(*path)) return remove();
  return done(::rmdir(full(*path).c_str()) == 0, {"rmdir " + *path, {{*path, ""}}, {}});
}

bool Workload::change() {
  if (!tree_.contains(name_ + "/")) {
    const std::string path = name_ + "/";
    return done(::mkdir(full(path).c_str(), 0755) == 0, {"mkdir " + path, {}, {{path, ""}}});
  }
  switch (pick(20)) {
    case 0:
    case 1:
    case 2:
      return remove();
    case 3:
    case 4:
    case 5:
      return rename_file();
    case 6:
      return rename_directory();
    case 7:
      return chmod();
    case 8:
    case 9:
      return make_directory();
    case 10:
      return remove_directory();
    case 11:
    case 12:
      return append();
    default:
      return write();
  }
}

void Workload::run(const std::atomic<bool>& stop) {
  while (!stop && change()) {
  }
}

std::string Workload::check(const Tree& found) {
  std::string wrong;
  const auto complain = [&](const std::string& path, const std::string& text) {
    if (!wrong.empty()) return;
    wrong = text;
    accused_ = path;
  };
  const auto in_doubt = [&](const std::string& path) {
    return doubt_ && (doubt_->before.contains(path) || doubt_->after.contains(path));
  };
  for (const Tree* tree : {&std::as_const(tree_), &found}) {
    for (const auto& [path, bytes] : *tree) {
      if (in_doubt(path) || value(tree_, path) == value(found, path)) continue;
      if (implicit_.contains(path)) continue;
      complain(path, path + " holds " + summary(value(found, path)) + " instead of " +
                         summary(value(tree_, path)));
    }
  }
  if (doubt_) {
    for (const Tree* tree : {&std::as_const(doubt_->before), &std::as_const(doubt_->after)}) {
      for (const auto& [path, bytes] : *tree) {
        const auto now = value(found, path);
        // A directory without an object of its own shows as long as something is in it.
        if (path.back() == '/') {
          implicit_.insert(path);
          continue;
        }
        if (now == value(doubt_->before, path) || now == value(doubt_->after, path)) continue;
        complain(path, "after '" + doubt_->what + "' was cut short, " + path + " holds " +
                           summary(now) + ", neither " + summary(value(doubt_->before, path)) +
                           " as before nor " + summary(value(doubt_->after, path)));
      }
    }
    if (doubt_->moves) {
      for (const auto& [path, bytes] : doubt_->after) {
        if (path.back() == '/') continue;
        const bool somewhere =
            std::any_of(found.begin(), found.end(),
                        [&wanted = bytes](const auto& each) { return each.second == wanted; });
        if (!somewhere) complain(path, "'" + doubt_->what + "' was cut short and lost bytes");
      }
    }
    doubt_.reset();
  }
  tree_ = found;
  return wrong;
}

std::optional<Tree> read_tree(const std::string& root, const std::string& below, std::string& why) {
  Tree tree;
  const std::string directory = root + "/" + below;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(directory.c_str()), &::closedir);
  if (!entries) {
    if (errno == ENOENT) return tree;
    why = "opendir " + below + ": " + std::strerror(errno);
    return std::nullopt;
  }
  tree[below] = "";
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(entries.get());
    if (entry == nullptr && errno != 0) {
      why = "readdir " + below + ": " + std::strerror(errno);
      return std::nullopt;
    }
    if (entry == nullptr) return tree;
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat info {};
    const std::string path = below + name;
    if (::lstat((root + "/" + path).c_str(), &info) != 0) {
      why = "stat " + path + ": " + std::strerror(errno);
      return std::nullopt;
    }
    if (S_ISDIR(info.st_mode)) {
      auto inner = read_tree(root, path + "/", why);
      if (!inner) return std::nullopt;
      tree.merge(*inner);
      continue;
    }
    auto bytes = read_file(root + "/" + path);
    if (!bytes) {
      why = "read " + path + ": " + std::strerror(errno);
      return std::nullopt;
    }
    tree[path] = std::move(*bytes);
  }
}

}  // namespace pailfs::test
