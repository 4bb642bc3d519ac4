// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cut_disk.h"
#include "journal/journal.h"
#include "line.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"
#include "support/scratch_directory.h"

namespace pailfs::journal {

/// Bytes and mode of an object.
struct Value {
  std::string bytes;
  std::string mode;
  friend bool operator==(const Value&, const Value&) = default;
};

/// When in a story the power fails, and what is left of what was not synced.
struct PowerCut {
  std::size_t at = 0;    ///< before this change of the journal's files, counted from 1; 0: never
  unsigned variant = 0;  ///< 0 nothing, 1 everything; others some, in any order
  /// Afterwards, before anything else is sent, another client writes this key.
  std::string foreign;
};

/// The whole journal through many lives, on one thread, with a clock at will. A story is a string
/// of events; whatever happens while a request is under way is played inside that request.
///
///     a b c   written        A B   removed        > < r   renamed     m   mode changed
///     w       a, 40 times    p     a, in parts    ?       looked at   !   killed
///     e G     a changed, here upon the version that is shown, and by another client: likewise
///     o F     a line appended to a, here and by another client: in stories without others of a
///     s l x   the next request is sent; its reply, or all of it, is lost
///     f       the request under way is over
class Play final {
 public:
  explicit Play(std::string story, PowerCut cut = {});
  ~Play();
  Play(const Play&) = delete;
  Play& operator=(const Play&) = delete;

  /// What went wrong, if anything did.
  std::string run();
  /// How often the journal's files have been changed or synced; the end counts as once.
  [[nodiscard]] std::size_t changes() const { return changes_; }

 private:
  struct Life {
    explicit Life(store::ObjectStore& bucket) : line(bucket) {}
    Line line;
    std::string directory;
    std::shared_ptr<CutDisk> disk;
    std::unique_ptr<Journal> journal;
  };
  using Truth = std::map<store::Key, Value>;
  /// A change that is being made: after a cut it has been, or has not.
  struct Doubt {
    store::Key key;
    std::optional<Value> then;
  };

  void complain(const std::string& text);
  Journal& now() { return *lives_.back()->journal; }
  void begin_life(const CutDisk::Image& files);
  /// The same while a life before it still stands on the stack.
  void begin_elsewhere(const CutDisk::Image& files);
  void crash();
  void power_cut();
  void decide_doubt();

  void play(int depth);
  void happens(char event, int depth);
  bool change(const store::Key& key, const std::optional<Value>& then,
              const std::function<bool()>& make);
  bool put(const store::Key& key);
  void edit();
  void edit_foreign();
  void append();
  void append_foreign();
  void upload(const store::Key& key);
  bool remove(const store::Removal& removal);
  void rename(const store::Key& from, const store::Key& to, bool changes);
  void change_mode(const store::Key& key);
  void send(int depth, bool arrives, bool answered);
  void drain();

  std::optional<Value> shown(const store::Key& key);
  void check_reads();
  void compare_bucket();
  void compare_lines();
  void compare_edits();
  [[nodiscard]] std::vector<std::string> set_aside();
  void write_foreign();
  void compare_foreign();

  const std::string story_;
  const PowerCut cut_;
  std::size_t at_ = 0;
  std::size_t changes_ = 0;
  bool over_ = false;
  test::FakeClock clock_;
  test::FakeStore bucket_;
  test::ScratchDirectory scratch_;
  Config config_;
  Truth truth_;
  std::optional<Doubt> doubt_;
  std::map<std::string, std::string> based_on_;  ///< bytes of each edit of a, and of its base
  std::vector<std::string> edits_;               ///< those that were acknowledged
  std::vector<std::string> lines_;        ///< appended to a, and acknowledged, or of another client
  std::vector<std::string> maybe_lines_;  ///< ... when the power failed
  bool kept_wanted_ = false;  ///< what the foreign version is in the way of is to be set aside
  int number_ = 0;
  std::string wrong_;
  std::vector<std::unique_ptr<Life>> lives_;
};

}  // namespace pailfs::journal
