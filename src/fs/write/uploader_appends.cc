// SPDX-License-Identifier: Apache-2.0
// What was written with O_APPEND belongs behind whatever version of the file is there: after a lost
// race it is appended to the version that won.
#include <algorithm>
#include <random>

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "uploader.h"

namespace pailfs::fs {
namespace {

/// Pauses double from the first to the longest; each is drawn at random below that, so that
/// machines which append to one file do not meet again.
constexpr std::chrono::milliseconds kFirstPause{5};
constexpr std::chrono::milliseconds kLongestPause{500};

/// Compares the bytes of an object with those of a local file.
class Comparison final : public store::ByteSink {
 public:
  explicit Comparison(cache::BlockFile& local) : local_(local) {}
  bool write(std::uint64_t offset, std::span<const char> bytes) override {
    ours_.resize(bytes.size());
    same_ = same_ && local_.read(offset, ours_).has_value() &&
            std::equal(bytes.begin(), bytes.end(), ours_.begin());
    return same_;
  }
  [[nodiscard]] bool same() const { return same_; }

 private:
  cache::BlockFile& local_;
  std::vector<char> ours_;
  bool same_ = true;
};

}  // namespace

void Uploader::pause_before(unsigned round) {
  const std::chrono::nanoseconds limit =
      std::min<std::chrono::nanoseconds>(kLongestPause, kFirstPause * (1U << std::min(round, 10U)));
  std::uniform_int_distribution<std::int64_t> drawn(0, limit.count());
  std::random_device source;
  clock_.sleep_for(std::chrono::nanoseconds(drawn(source)));
}

std::optional<bool> Uploader::has_our_tail(const store::Key& key, const Node& node, Range tail,
                                           cache::BlockFile* local) {
  if (node.info.size < tail.end) return false;
  if (tail.empty()) return true;
  if (local == nullptr) return false;
  Comparison comparison(*local);
  const auto got =
      store_.get({key, store::ByteRange{tail.begin, tail.size()}, node.info.etag}, comparison);
  if (!comparison.same()) return false;
  return got ? std::optional<bool>(true) : std::nullopt;
}

bool Uploader::append_to_winner(Inode& inode, const Attempt& attempt, const Error& error) {
  if (error.err != ESTALE && error.err != EEXIST) return false;
  Snapshot now;
  std::uint64_t from = 0;
  std::vector<std::uint64_t> ends;  // of the bytes that attempts without reply would have stored
  {
    MutexLock lock(inode.content_mutex);
    const FileContent& content = *inode.content;
    const auto& appended = content.succession().appended_from();
    if (!appended || !content.is_all_here()) return false;
    from = *appended;
    // A new file without bytes shows none of another version either.
    const bool empty = from == content.stat().size && !content.is_stored();
    if (content.has_bound_handles() && !empty) return false;
    now = content.snapshot();
    if (error.in_doubt) ends.push_back(now.stat.size);
    if (content.doubt()) ends.push_back(content.doubt()->size);
  }
  const MonoTime asked = clock_.now();
  const auto info = store_.head(attempt.key);
  // The version that won a free name is gone again.
  if (!info) return info.error().err == ENOENT && !now.stored;
  const Node winner = decode(*info, false, config_);
  if (winner.form != Form::file || !S_ISREG(winner.stat.mode)) return false;
  if (now.stored && winner.info.etag == now.base) return false;
  for (const std::uint64_t end : ends) {
    const auto ours = has_our_tail(attempt.key, winner, {from, end}, now.local.get());
    if (!ours) return false;
    if (!*ours) continue;
    from = end;
    break;
  }
  cache_.learn(attempt.path, winner, asked);
  MutexLock lock(inode.content_mutex);
  FileContent& content = *inode.content;
  inode.paged_version = {};
  inode.kernel.misplaced();
  content.end_storing();
  if (from == now.stat.size) {
    content.follow(winner);
    return true;
  }
  const Status moved = content.move_behind(winner, from, space_);
  if (!moved) log_error(moved.error().with("append to " + printable(attempt.path)));
  return moved.has_value();
}

}  // namespace pailfs::fs
