// SPDX-License-Identifier: Apache-2.0
// Which changes of the bucket a step may make.
#include <algorithm>

#include "judge.h"

namespace pailfs::test::shared {
namespace {

using Kind = Step::Kind;

bool is_marker(const std::string& key) {
  return key.ends_with('/');
}
bool is_link(const std::string& key) {
  return key == "l" || key.ends_with("/l");
}

std::string shown(const Version& version) {
  return version.exists ? brief(*version.bytes) : "no object";
}

}  // namespace

void Judge::watch(const std::string& key, const Version& before, const Version& after) {
  if (after.by < 0 || verdict_) return;
  const auto mount = static_cast<std::size_t>(after.by);
  if (!doing_[mount])
    return wrong("mount " + std::to_string(mount) + " changes " + key + " by itself");
  const Change change{key, before, after, *doing_[mount], mount};
  std::optional<std::string> reason;
  if (is_marker(key)) {
    reason = marker_changed(change);
  } else if (!after.exists) {
    reason = object_removed(change);
  } else {
    if (!is_link(key)) reason = wrong_records(*after.bytes);
    if (!reason) reason = object_changed(change);
  }
  if (!reason) return;
  wrong(*reason + ": mount " + std::to_string(mount) + " changes " + key + "\n    from " +
        shown(before) + "\n    to   " + shown(after));
}

std::optional<std::string> Judge::made_anew(const Change& change) const {
  const bool own = change.before.by == change.after.by && change.before.step == change.doing.id;
  if (!change.before.exists || own || !shape_.conditional) return std::nullopt;
  return "what is to be made newly takes the place of another one";
}

std::optional<std::string> Judge::moved_over(const Change& change) const {
  const Version& before = change.before;
  const bool own = before.by == change.after.by && before.step == change.doing.id;
  // The same bytes are what an interrupted rename has left, or as good as that.
  if (!before.exists || own || *before.bytes == *change.after.bytes) return std::nullopt;
  // Where conditions are ignored the mount knows what was there when it asked.
  if (!shape_.conditional && before.number > change.doing.number) return std::nullopt;
  return "the rename of a directory takes the place of an object";
}

std::optional<std::string> Judge::source_of(const Doing& doing, const std::string& key) const {
  const Step& step = doing.step;
  if (step.kind == Kind::rename || step.kind == Kind::rename_new) {
    if (key == step.other) return step.path;
  }
  if (step.kind == Kind::rename_directory && key.starts_with(step.other + "/")) {
    return step.path + key.substr(step.other.size());
  }
  return std::nullopt;
}

std::optional<std::string> Judge::object_changed(const Change& change) {
  const Step& step = change.doing.step;
  if (const auto source = source_of(change.doing, change.key)) {
    if (*ledger_.now(*source).bytes == *change.after.bytes) return copied(change, *source);
  }
  for (const ContentPtr& content : of(change.mount, change.key)) {
    const bool may = content->is_dirty() || content->doubtful;
    if (may && explained(*content, content->edits, change)) return std::nullopt;
    std::vector<Edit> edits = content->edits;
    if (content->perhaps)
      edits.erase(edits.begin() + static_cast<std::ptrdiff_t>(*content->perhaps));
    if (content->perhaps && explained(*content, edits, change)) return std::nullopt;
  }
  const bool cuts = step.kind == Kind::truncate && change.key == step.path;
  const Edit cut{Edit::Kind::truncate, step.number * kRecord};
  // The name leads to the version that was opened last.
  std::vector<ContentPtr> by_name = of(change.mount, change.key);
  std::reverse(by_name.begin(), by_name.end());
  for (const ContentPtr& content : by_name) {
    std::vector<Edit> edits = content->edits;
    edits.push_back(cut);
    // Another client's version has an inode of its own: that may be the one which is cut.
    const bool perhaps = others_changed(change.mount, change.key, content->oldest);
    const Content before = *content;
    if (!cuts || !explained(*content, edits, change)) continue;
    if (perhaps) {
      content->oldest = before.oldest;
      content->uncertain = content->uncertain || before.is_dirty();
      content->bases.insert(content->bases.end(), before.bases.begin(), before.bases.end());
    }
    return std::nullopt;
  }
  if (change.before.exists && *change.before.bytes == *change.after.bytes) {
    return attributes_changed(change);
  }
  if (step.kind == Kind::symlink && change.key == step.path) return made_anew(change);
  if (cuts) {
    Content closed;
    closed.mount = change.mount;
    for (const Version& version : ledger_.versions(change.key))
      closed.bases.push_back(version.bytes);
    if (follows(closed, {cut}, change)) return std::nullopt;
  }
  std::string candidates;
  for (const ContentPtr& content : of(change.mount, change.key))
    candidates += "\n    " + told(*content);
  return "no step explains a change" + candidates;
}

std::optional<std::string> Judge::attributes_changed(const Change& change) {
  const Step& step = change.doing.step;
  if (change.before.mode.empty() || source_of(change.doing, change.key)) return std::nullopt;
  for (const ContentPtr& content : of(change.mount, change.key)) {
    if (content->is_dirty() || content->other_attributes) return std::nullopt;
  }
  const bool here = step.path == change.key;
  if (here && step.kind == Kind::truncate && step.number == 0) return std::nullopt;
  const auto mode = [](const Version& version) { return version.mode; };
  const auto xattr = [](const Version& version) { return version.xattr; };
  if (!(here && step.kind == Kind::chmod) && !had_lately(change, mode)) {
    return "the mode " + change.before.mode + " becomes " + change.after.mode;
  }
  if (!(here && step.kind == Kind::setxattr) && !had_lately(change, xattr)) {
    return "the extended attributes " + change.before.xattr + " become " + change.after.xattr;
  }
  return std::nullopt;
}

bool Judge::had_lately(const Change& change,
                       const std::function<std::string(const Version&)>& what) {
  const auto& versions = ledger_.versions(change.key);
  for (auto version = versions.rbegin() + 1; version != versions.rend(); ++version) {
    if (!version->exists || *version->bytes != *change.before.bytes) continue;
    if (version->mode.empty() || what(*version) == what(change.after)) return true;
  }
  return false;
}

std::optional<std::string> Judge::copied(const Change& change, const std::string& source) {
  std::optional<std::string> reason;
  if (change.doing.step.kind == Kind::rename_new) reason = made_anew(change);
  if (change.doing.step.kind == Kind::rename_directory) reason = moved_over(change);
  if (reason) return reason;
  change.doing.copied[source] = *change.after.bytes;
  return std::nullopt;
}

std::optional<std::string> Judge::object_removed(const Change& change) {
  const Step& step = change.doing.step;
  const std::string& key = change.key;
  if (step.kind == Kind::unlink && key == step.path) return std::nullopt;
  const bool own = change.before.by == change.after.by && change.before.step == change.doing.id;
  if (source_of(change.doing, key) && own) return std::nullopt;  // a copy is taken back
  const bool file = step.kind == Kind::rename || step.kind == Kind::rename_new;
  const bool tree = step.kind == Kind::rename_directory && key.starts_with(step.path + "/");
  if ((file && key == step.path) || tree) {
    const auto found = change.doing.copied.find(key);
    if (found != change.doing.copied.end() && found->second == *change.before.bytes) {
      return std::nullopt;
    }
    // The file is not stored: the object is one that it has replaced.
    for (const ContentPtr& content : of(change.mount, key)) {
      if (content->made) return std::nullopt;
    }
    if (!shape_.conditional && found != change.doing.copied.end()) return std::nullopt;
    return "a rename removes what it has not copied";
  }
  return "no step explains a removal";
}

std::optional<std::string> Judge::marker_changed(const Change& change) {
  const Step& step = change.doing.step;
  const bool here = change.key == step.path + "/";
  if (!change.after.exists) {
    const bool may = (here && (step.kind == Kind::rmdir || step.kind == Kind::rename_directory)) ||
                     source_of(change.doing, change.key);
    return may ? std::nullopt : std::optional<std::string>("no step explains a removal");
  }
  if (step.kind == Kind::mkdir && here) return made_anew(change);
  return std::nullopt;
}

bool Judge::follows(const Content& content, const std::vector<Edit>& edits,
                    const Change& change) const {
  const std::string& now = *change.after.bytes;
  const bool gone = !change.before.exists;
  const std::string before = gone ? std::string() : *change.before.bytes;
  if (content.doubtful && applied(*content.doubtful, edits) == now) return true;
  if (content.made) {
    // What was only appended belongs behind what another client has made meanwhile.
    const bool behind = only_appends(edits) && !content.exclusive && !content.renamed && !gone;
    if (behind && applied(before, edits) == now) return true;
    return (!behind || !shape_.conditional) && applied({}, edits) == now;
  }
  if (edits.empty()) return false;
  if (replaces_all(edits)) return applied({}, edits) == now;
  // Of a log that is gone the appended bytes are a new one.
  if (gone && only_appends(edits) && applied({}, edits) == now) return true;
  if (shape_.conditional) return !gone && applied(before, edits) == now;
  for (const Version& version : ledger_.versions(change.key)) {
    if (applied(*version.bytes, edits) == now) return true;
  }
  return std::any_of(content.bases.begin(), content.bases.end(),
                     [&](const Bytes& base) { return applied(*base, edits) == now; });
}

bool Judge::explained(Content& content, const std::vector<Edit>& edits, const Change& change) {
  if (!follows(content, edits, change)) return false;
  if (content.made && content.exclusive) {
    if (const auto reason = made_anew(change)) wrong(*reason + " (O_EXCL " + change.key + ")");
  }
  const bool in_part =
      change.before.exists && !content.made && !content.doubtful && !replaces_all(edits);
  if (in_part && shape_.conditional && !content.other_attributes) {
    const auto attributes = [](const Version& version) { return version.mode + version.xattr; };
    if (!had_lately(change, attributes))
      wrong("a change of bytes undoes attributes of " + change.key);
  }
  // Where conditions are ignored a part is stored once more as if it were whole.
  const bool again = !in_part || !shape_.conditional;
  stored_as(content, change.after);
  if (again && may_fail(change.mount)) content.doubtful = *change.after.bytes;
  return true;
}

void Judge::stored_as(Content& content, const Version& version) {
  content.edits.clear();
  content.perhaps.reset();
  content.made = false;
  content.exclusive = false;
  content.renamed = false;
  content.other_attributes = false;
  content.shown.clear();
  content.bases = {version.bytes};
  content.oldest = version.number;
  content.failed = 0;
}

}  // namespace pailfs::test::shared
