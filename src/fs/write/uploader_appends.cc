// SPDX-License-Identifier: Apache-2.0
// What was written with O_APPEND belongs behind whatever version of the file is there: after a lost
// race it is appended to the version that won.
#include <algorithm>
#include <random>

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "fs/read/front_proof.h"
#include "uploader.h"

namespace pailfs::fs {
namespace {

/// Pauses double from the first to the longest; each is drawn at random below that, so that
/// machines which append to one file do not meet again.
constexpr std::chrono::milliseconds kFirstPause{5};
constexpr std::chrono::milliseconds kLongestPause{500};
/// How often the version that won is looked at while others take its place.
constexpr int kMostLooks = 10;

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

Result<bool> Uploader::has_our_tail(const store::Key& key, const Node& node, Range tail,
                                    cache::BlockFile* local) {
  if (node.info.size < tail.end) return false;
  if (tail.empty()) return true;
  if (local == nullptr) return false;
  Comparison comparison(*local);
  const auto got =
      store_.get({key, store::ByteRange{tail.begin, tail.size()}, node.info.etag}, comparison);
  if (!comparison.same()) return false;
  return got ? Result<bool>(true) : got.error();
}

std::optional<Uploader::Appended> Uploader::appended_alone(Inode& inode, const Error& error) {
  MutexLock lock(inode.content_mutex);
  const FileContent& content = *inode.content;
  const auto& from = content.succession().appended_from();
  if (!from || !content.is_all_here()) return std::nullopt;
  // A new file without bytes shows none of another version either.
  const bool empty = *from == content.stat().size && !content.is_stored();
  if (content.has_bound_writers() && !empty) return std::nullopt;
  Appended appended{content.snapshot(), {}, *from, {}};
  if (content.has_bound_handles()) appended.shown = content.shown().ranges(content.stat().size);
  if (error.in_doubt) appended.ends.push_back(appended.now.stat.size);
  if (const auto& doubt = content.doubt()) appended.ends.push_back(doubt->size);
  return appended;
}

Result<Node> Uploader::find_winner(const Attempt& attempt, Appended& appended) {
  for (int look = 1;; ++look) {
    const MonoTime asked = clock_.now();
    const auto info = store_.head(attempt.key);
    if (!info) return info.error();
    Node winner = decode(*info, false, config_);
    Status compared;
    for (const std::uint64_t end : appended.ends) {
      const auto ours =
          has_our_tail(attempt.key, winner, {appended.from, end}, appended.now.local.get());
      if (!ours) compared = ours.error();
      if (!ours || !*ours) continue;
      appended.from = end;
      compared = {};
      break;
    }
    if (compared) {
      cache_.learn(attempt.path, winner, asked);
      return winner;
    }
    // A third version came between the two requests.
    const bool changed = compared.error().err == ESTALE || compared.error().err == ENOENT;
    if (!changed || look == kMostLooks) return compared.error();
  }
}

bool Uploader::shows_the_same(const Attempt& attempt, const Appended& appended,
                              const Node& winner) {
  if (appended.shown.empty()) return true;
  // Readers have seen bytes that move now.
  if (appended.shown.back().end > appended.from || !appended.now.stored) return false;
  const Version open{attempt.key, appended.now.base, appended.now.base_size};
  const Version next{attempt.key, winner.info.etag, winner.info.size};
  const auto front = FrontProof(blocks_).find_out(open, next, appended.shown);
  return front && *front == Front::same;
}

bool Uploader::append_to_winner(Inode& inode, const Attempt& attempt, const Error& error) {
  const bool lost = error.err == ESTALE || error.err == EEXIST || error.err == ENOENT;
  const bool of_object =
      error.refusal != Refusal::bucket_gone && error.refusal != Refusal::upload_gone;
  if (!lost || !of_object) return false;
  auto appended = appended_alone(inode, error);
  if (!appended) return false;
  const auto winner = find_winner(attempt, *appended);
  const bool gone = !winner && winner.error().err == ENOENT;
  if (!winner && !gone) return false;
  // The bytes that readers were shown are gone with the object, or are others in the version that
  // has won: their handles keep to the base version.
  if (gone ? !appended->shown.empty() : !shows_the_same(attempt, *appended, *winner)) return false;
  // The version that won a free name is gone again.
  if (gone && !appended->now.stored) return error.err == EEXIST;
  if (winner && (winner->form != Form::file || !S_ISREG(winner->stat.mode))) return false;
  if (winner && appended->now.stored && winner->info.etag == appended->now.base) return false;
  MutexLock lock(inode.content_mutex);
  FileContent& content = *inode.content;
  inode.paged_version = {};
  inode.kernel.misplaced();
  content.end_storing();
  if (winner && appended->from == appended->now.stat.size) {
    content.follow(*winner);
    return true;
  }
  const Status moved = gone ? content.begin_anew(appended->from, space_)
                            : content.move_behind(*winner, appended->from, space_);
  if (!moved) log_error(moved.error().with("append to " + printable(attempt.path)));
  return moved.has_value();
}

}  // namespace pailfs::fs
