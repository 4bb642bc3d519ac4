// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pailfs/fs/file_system.h"

#include "ledger.h"
#include "records.h"
#include "step.h"

namespace pailfs::test::shared {

using Bytes = std::shared_ptr<const std::string>;

/// What the open files of one inode of a mount share, as the model has it.
struct Content {
  std::size_t mount = 0;
  fs::InodeId ino = 0;
  std::string path;                 ///< empty: its mount has removed or replaced the name
  std::vector<std::string> former;  ///< its names before
  bool made = false;                ///< by O_CREAT, and not stored yet
  bool exclusive = false;           ///< it may take the place of nothing
  bool renamed = false;             ///< it takes the place of what is there
  bool uncertain = false;           ///< a change of its name has failed: it may have been made
  std::vector<Edit> edits;          ///< that the store does not have
  std::optional<std::size_t> perhaps = {};  ///< the one of them that failed: it may not be there
  bool other_attributes = false;
  std::vector<Bytes> bases;  ///< one of them is what is below the edits; empty for one that is made
  std::uint64_t oldest = 0;  ///< number of the version that may be its base, at least
  /// What programs have read of it since this mount stored it last.
  std::vector<std::pair<std::uint64_t, std::string>> shown;
  std::size_t handles = 0;
  std::size_t bound = 0;   ///< of them, all but those for appending alone
  bool was_bound = false;  ///< it had such a handle
  std::size_t writers = 0;
  /// What a step stored whose reply was lost, if it may be stored once more over any version.
  std::optional<std::string> doubtful = {};
  int failed = 0;           ///< errno of the last flush
  bool has_failed = false;  ///< some flush, of which each handle hears once
  [[nodiscard]] bool is_dirty() const { return made || !edits.empty(); }
};
using ContentPtr = std::shared_ptr<Content>;

/// The model: what may become of the bytes of a bucket that several mounts and a foreign client
/// change, and what may be seen of it. It knows what programs have asked for, and is told by the
/// ledger of every change of the bucket. A change is right when the step that makes it explains it:
///
/// * An object that was changed in part is the one that it takes the place of, with the bytes that
///   this mount has written since: so nothing of another client's is undone. What was appended is
///   behind it, or alone where the object is gone.
/// * A whole object takes the place of any; one of O_EXCL, mkdir, symlink or NOREPLACE of none.
/// * What the rename of a directory copies takes the place of no object that was there when it
///   began, and of a later one only where conditions are ignored.
/// * What a rename removes, it has copied. What is removed otherwise was to be removed.
///
/// Where conditions are ignored a part may be changed of any earlier version. In every case no byte
/// is there that no program wrote, and none twice.
///
/// What is shown must have been so in the time for which SEMANTICS.md lets it be believed, and not
/// before the last change of the same mount.
///
/// Any thread may call any member. A content belongs to the steps of its mount, which are made one
/// after the other.
class Judge final {
 public:
  Judge(Ledger& ledger, Clock& clock, const Shape& shape);

  /// The first thing that was wrong.
  [[nodiscard]] std::optional<std::string> verdict() const;

  // Steps. One at a time of each mount.
  void begin(const Step& step, std::uint64_t id);
  void end(std::size_t mount);

  // Files.
  ContentPtr opened(std::size_t mount, fs::InodeId ino, const std::string& path, int flags,
                    bool unstored);
  void open_failed(std::size_t mount, const std::string& path, int flags, int err);
  void edited(Content& content, Edit edit);
  void read(Content& content, std::uint64_t offset, std::size_t size, const std::string& bytes);
  void read_failed(const Content& content, int err);
  /// The outcome of a flush; 0: success. `oldest`: of the content, before it.
  void flushed(Content& content, int err, std::uint64_t oldest);
  /// A handle is released. `waits`: the file system still has unstored bytes of it. True: bytes of
  /// it have lost a race and must be kept now.
  bool released(const ContentPtr& content, int flags, bool waits);
  /// What was kept of it.
  void kept(const Content& content, const std::optional<std::string>& bytes);

  // Names.
  void stat_done(std::size_t mount, const std::string& path, int err, std::uint64_t size);
  void listed(std::size_t mount, const std::string& directory,
              const std::vector<std::string>& names);
  void removed(std::size_t mount, const std::string& path, int err);
  void renamed(std::size_t mount, const std::string& from, const std::string& to, int err);
  void made(std::size_t mount, const std::string& path, int err);
  void changed(std::size_t mount, const Step& step, int err);
  void refreshed(std::size_t mount, const std::string& path);
  /// The mount ends. What it acknowledged is stored, unless it was killed, also what it did not.
  /// `kept`: the files whose bytes are kept because they lost a race.
  void unmounted(std::size_t mount, bool killed, const std::set<std::string>& kept);

 private:
  struct Doing {
    Step step;
    std::uint64_t id = 0;
    MonoTime began{};
    std::uint64_t number = 0;                   ///< the ledger's last when it began
    std::map<std::string, std::string> copied;  ///< key to bytes
  };
  struct Change {
    const std::string& key;
    const Version& before;
    const Version& after;
    Doing& doing;
    std::size_t mount;
  };
  using Past = std::chrono::milliseconds;

  void wrong(const std::string& what) {
    if (!verdict_) verdict_ = what;
  }
  [[nodiscard]] bool may_fail(std::size_t mount) const;

  // judge_changes.cc
  void watch(const std::string& key, const Version& before, const Version& after);
  [[nodiscard]] std::optional<std::string> object_changed(const Change& change);
  [[nodiscard]] std::optional<std::string> attributes_changed(const Change& change);
  [[nodiscard]] std::optional<std::string> copied(const Change& change, const std::string& source);
  [[nodiscard]] std::optional<std::string> object_removed(const Change& change);
  [[nodiscard]] std::optional<std::string> marker_changed(const Change& change);
  [[nodiscard]] std::optional<std::string> made_anew(const Change& change) const;
  [[nodiscard]] std::optional<std::string> moved_over(const Change& change) const;
  /// A version with these bytes had this before the change. Other attributes give an object no
  /// other ETag where that is an MD5, so that no condition can tell such versions apart.
  bool had_lately(const Change& change, const std::function<std::string(const Version&)>& what);
  bool explained(Content& content, const std::vector<Edit>& edits, const Change& change);
  [[nodiscard]] bool follows(const Content& content, const std::vector<Edit>& edits,
                             const Change& change) const;
  void stored_as(Content& content, const Version& version);
  [[nodiscard]] std::optional<std::string> source_of(const Doing& doing,
                                                     const std::string& key) const;

  // What could be seen.
  [[nodiscard]] std::uint64_t own(std::size_t mount, const std::string& key);
  /// The versions that a mount may believe in: those that were there in the time before now, or
  /// since it was last refreshed; `by_directory`: since its directory was.
  std::vector<const Version*> believable(std::size_t mount, const std::string& key, Past past,
                                         bool by_directory = false);
  bool may_be_absent(std::size_t mount, const std::string& path, Past past);
  bool may_exist(std::size_t mount, const std::string& path, Past past);
  /// Another client has changed it since then.
  bool others_changed(std::size_t mount, const std::string& key, std::uint64_t since);
  bool others_changed(const Content& content);
  [[nodiscard]] std::string view(const Content& content, const std::string& base) const;
  [[nodiscard]] std::vector<ContentPtr> of(std::size_t mount, const std::string& path) const;
  [[nodiscard]] std::string told(const Content& content) const;

  Ledger& ledger_;
  Clock& clock_;
  const Shape shape_;
  std::vector<std::optional<Doing>> doing_;
  std::vector<ContentPtr> contents_;
  std::vector<std::map<std::string, MonoTime>> refreshed_;
  /// When a mount took a name away, of which the store may have another object by now.
  std::vector<std::map<std::string, MonoTime>> gone_;
  std::optional<std::string> verdict_;
};

}  // namespace pailfs::test::shared
