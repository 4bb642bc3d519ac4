// SPDX-License-Identifier: Apache-2.0
// What may be seen of names, and what becomes of open files when names change.
#include <algorithm>
#include <cerrno>
#include <set>

#include "judge.h"

namespace pailfs::test::shared {
namespace {

using namespace std::chrono_literals;
using Kind = Step::Kind;

constexpr std::chrono::milliseconds kAbsenceBelieves = 1s;
constexpr std::chrono::milliseconds kListingBelieves = 5s;

bool is_directory(const std::string& path) {
  return path == "d" || path == "e";
}
bool is_below(const std::string& path, const std::string& directory) {
  return directory.empty() || path == directory || path.starts_with(directory + "/");
}
std::string about(std::size_t mount, const std::string& what) {
  return "mount " + std::to_string(mount) + ": " + what;
}

}  // namespace

void Judge::stat_done(std::size_t mount, const std::string& path, int err, std::uint64_t size) {
  const MutexLock lock(ledger_.mutex);
  if (is_directory(path) || (err != 0 && may_fail(mount))) return;
  const auto contents = of(mount, path);
  if (err == ENOENT) {
    const bool made = std::any_of(contents.begin(), contents.end(), [](const ContentPtr& content) {
      return content->made && !content->uncertain;
    });
    if (made || !may_be_absent(mount, path, kAbsenceBelieves)) {
      wrong(about(mount, "stat of '" + path + "' is ENOENT"));
    }
    return;
  }
  if (err != 0) return wrong(about(mount, "stat of '" + path + "': errno " + std::to_string(err)));
  std::string sizes;
  for (const Version* version :
       believable(mount, path, std::chrono::seconds(shape_.attribute_seconds))) {
    if (version->exists && version->bytes->size() == size) return;
    sizes += " " + (version->exists ? std::to_string(version->bytes->size()) : "absent");
  }
  for (const ContentPtr& content : contents) {
    if (content->uncertain || (content->made && applied("", content->edits).size() == size)) return;
    for (const Bytes& base : content->bases) {
      if (view(*content, *base).size() == size) return;
    }
  }
  wrong(about(mount,
              "stat of '" + path + "' shows " + std::to_string(size) + " bytes; it had" + sizes));
}

void Judge::listed(std::size_t mount, const std::string& directory,
                   const std::vector<std::string>& names) {
  const MutexLock lock(ledger_.mutex);
  const std::set<std::string> once(names.begin(), names.end());
  if (once.size() != names.size()) wrong(about(mount, "a name twice in '" + directory + "'"));
  const std::string before = directory.empty() ? "" : directory + "/";
  for (const std::string& key : ledger_.keys()) {
    if (!key.starts_with(before) || key.find('/', before.size()) != std::string::npos) continue;
    const std::string name = key.substr(before.size());
    if (name.empty()) continue;
    const bool there = once.contains(name);
    if (there && !may_exist(mount, key, kListingBelieves)) {
      wrong(
          about(mount, "'" + key + "' is listed, and has been gone for longer than five seconds"));
    }
    if (!there && !may_be_absent(mount, key, kListingBelieves)) {
      wrong(about(mount, "'" + key + "' is not listed"));
    }
  }
}

void Judge::removed(std::size_t mount, const std::string& path, int err) {
  const MutexLock lock(ledger_.mutex);
  if (err == 0) gone_[mount][path] = clock_.now();
  for (const ContentPtr& content : of(mount, path)) {
    if (err == 0) {
      content->path.clear();
    } else if (err != ENOENT) {
      content->uncertain = true;
    }
  }
  if (err == 0 || may_fail(mount) || is_directory(path)) return;
  const bool right =
      (err == ENOENT && may_be_absent(mount, path, kAbsenceBelieves)) || err == ESTALE;
  if (!right) wrong(about(mount, "unlink of '" + path + "': errno " + std::to_string(err)));
}

void Judge::renamed(std::size_t mount, const std::string& from, const std::string& to, int err) {
  const MutexLock lock(ledger_.mutex);
  const bool tree = doing_[mount]->step.kind == Kind::rename_directory;
  if (tree && err == 0) gone_[mount][from] = clock_.now();
  for (const ContentPtr& content : contents_) {
    if (content->mount != mount || content->path.empty() || from == to) continue;
    std::string& path = content->path;
    const bool source = path == from || (tree && path.starts_with(from + "/"));
    const bool target = path == to || (tree && path.starts_with(to + "/"));
    if (!source && !target) continue;
    if (err != 0) {
      if (err != ENOENT && err != EEXIST && err != ENOTEMPTY) content->uncertain = true;
    } else if (target) {
      path.clear();
    } else {
      gone_[mount][path] = clock_.now();
      content->former.push_back(path);
      path = to + path.substr(from.size());
      if (tree) continue;
      content->renamed = content->made;
      content->exclusive = content->made && doing_[mount]->step.kind == Kind::rename_new;
    }
  }
  if (err == 0 || tree || may_fail(mount)) return;
  const std::uint64_t since = doing_[mount]->number;
  const bool right =
      (err == ENOENT &&
       (may_be_absent(mount, from, kAbsenceBelieves) || to.find('/') != std::string::npos)) ||
      (err == EEXIST && doing_[mount]->step.kind == Kind::rename_new) ||
      (err == ESTALE && (others_changed(mount, from, 0) || others_changed(mount, to, since)));
  if (!right) wrong(about(mount, "rename of '" + from + "': errno " + std::to_string(err)));
}

void Judge::made(std::size_t mount, const std::string& path, int err) {
  const MutexLock lock(ledger_.mutex);
  if (err == 0 || may_fail(mount)) return;
  if (err != EEXIST && err != ENOENT) {
    wrong(about(mount, "making '" + path + "': errno " + std::to_string(err)));
  }
}

void Judge::changed(std::size_t mount, const Step& step, int err) {
  const MutexLock lock(ledger_.mutex);
  const auto contents = of(mount, step.path);
  if (err != 0) {
    const bool exclusive =
        std::any_of(contents.begin(), contents.end(),
                    [](const ContentPtr& content) { return content->exclusive; });
    for (const ContentPtr& content : contents) {
      if (err == ENOENT || !content->is_dirty()) continue;
      content->uncertain = true;
      if (step.kind != Kind::truncate) continue;
      content->perhaps = content->edits.size();
      content->edits.push_back({Edit::Kind::truncate, step.number * kRecord});
    }
    const bool right = (err == EEXIST && exclusive) ||
                       (err == ENOENT && may_be_absent(mount, step.path, kAbsenceBelieves)) ||
                       (err == ENOENT && others_changed(mount, step.path, 0)) ||
                       (err == ESTALE && others_changed(mount, step.path, 0)) || may_fail(mount);
    if (!right) {
      wrong(about(mount, "change of '" + step.path + "': errno " + std::to_string(err)));
    }
    return;
  }
  for (const ContentPtr& content : contents) {
    if (content->is_dirty()) content->other_attributes = true;
    if (step.kind != Kind::truncate) continue;
    // Another version has an inode of its own.
    if (content->is_dirty() && !others_changed(mount, step.path, content->oldest)) {
      wrong(about(mount, "truncate of '" + step.path +
                             "' is acknowledged and not stored: " + told(*content)));
    }
    const Version& now = ledger_.now(step.path);
    if (now.exists) content->bases.push_back(now.bytes);
    content->shown.clear();
  }
}

void Judge::refreshed(std::size_t mount, const std::string& path) {
  const MutexLock lock(ledger_.mutex);
  refreshed_[mount][path] = clock_.now();
  std::erase_if(gone_[mount], [&](const auto& each) { return is_below(each.first, path); });
}

void Judge::unmounted(std::size_t mount, bool killed, const std::set<std::string>& kept) {
  const MutexLock lock(ledger_.mutex);
  for (const ContentPtr& content : contents_) {
    const bool may = killed || content->path.empty() || content->uncertain;
    if (content->mount != mount || may || !content->is_dirty()) continue;
    const bool no_bytes = applied("x", content->edits).empty() ||
                          (content->made && applied("", content->edits).empty());
    if (no_bytes || kept.contains(content->path)) continue;
    wrong(about(mount, "neither stored nor kept at the unmount: '" + content->path + "', " +
                           told(*content)));
  }
  std::erase_if(contents_, [&](const ContentPtr& content) { return content->mount == mount; });
}

}  // namespace pailfs::test::shared
