// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <memory>
#include <string_view>

#include <fuse_lowlevel.h>

#include "pailfs/fs/file_system.h"
#include "pailfs/fs/read_bytes.h"
#include "pailfs/fuse/request_counts.h"
#include "pailfs/util/result.h"

#include "request_watch.h"

namespace pailfs::fuse {

struct Adapter;

/// Owns one request of the kernel: exactly one answer leaves it, the verb's or, when the caller
/// stops waiting before, RequestWatch's. Destroyed unanswered it says EIO; a second answer is a
/// programming error, logged and not sent. Used on one thread at a time, but not necessarily the
/// one that took the request, whose errand (pailfs/util/errand.h) is the request meanwhile. The
/// fuse_req_t may be gone at any moment after the constructor, so a verb uses the members here
/// instead.
///
/// The members that hand something over (a lookup count, a handle) return false when the kernel did
/// not take it, because the caller was interrupted or the connection is gone: then the verb takes
/// it back.
class Reply final {
 public:
  /// Waits for its turn, see begins(). `verb` is counted, and appears with `name` in the log when
  /// the answer is an error; `name` must outlive the Reply.
  Reply(fuse_req_t request, Verb verb, fuse_ino_t ino, std::string_view name = {});
  ~Reply();
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;

  /// False: the caller has stopped waiting, the verb does nothing. Asked before everything else.
  [[nodiscard]] bool begins() const { return begins_; }
  /// The session's Adapter; all sessions of serve() have one.
  [[nodiscard]] Adapter& adapter() const { return *adapter_; }
  [[nodiscard]] fs::FileSystem& files() const;
  /// Valid as long as the Reply; once the caller has stopped waiting it is in no group.
  [[nodiscard]] fs::Caller caller();
  /// Calls `use` with the request if it is not answered yet, for libfuse's calls that want it. They
  /// must not wait for anything.
  void with_request(const std::function<void(fuse_req_t)>& use);
  /// Tells that the request is not for the caller alone (the kernel writes pages of a mapping
  /// back): only the verb answers it, even when the caller stops waiting.
  void concerns_others();

  /// Makes sure that the watch does not answer the request any more; false when it has. Of a lock,
  /// before it is granted.
  [[nodiscard]] bool stays();
  /// Tells that the request waits for another process: it no longer counts as working, and any
  /// signal to the caller ends it, as a wait for a lock ends everywhere.
  void rests();
  /// The errand of the request, for another thread that works for it.
  [[nodiscard]] const std::shared_ptr<Errand>& errand() const { return under_way_.errand; }

  /// Answers with the errno and logs the error; a verb's error is logged here only.
  void fail(const Error& error);
  /// Ends a request that expects no answer (forget).
  void none();
  void done();
  /// done() or fail().
  void status(const Status& status);

  [[nodiscard]] bool entry(const fuse_entry_param& entry);
  [[nodiscard]] bool created(const fuse_entry_param& entry, const fuse_file_info& info);
  [[nodiscard]] bool opened(const fuse_file_info& info);
  [[nodiscard]] bool entries(const char* bytes, std::size_t size);
  void attr(const struct stat& stat, double seconds);
  void link_target(const char* target);
  /// Sends the bytes from where they lie, without a copy.
  void bytes(const fs::ReadBytes& bytes);
  void bytes(std::string_view bytes);
  void written(std::size_t size);
  void xattr_size(std::size_t size);
  void statfs(const struct statvfs& numbers);
  void lock(const struct flock& lock);

 private:
  /// The request, which from now on counts as answered with this errno; nullptr when it already
  /// was.
  fuse_req_t take(int errno_value = 0);

  Adapter* const adapter_;  // null in sessions without one
  UnderWay under_way_;
  fuse_ctx caller_{};
  bool answered_ = false;  // by us
  bool begins_ = true;
  ErrandScope errand_;
};

/// Errors that a correct program meets every day, unless the store has refused something; they are
/// worth a line only at level info.
bool is_expected(const Error& error);

}  // namespace pailfs::fuse
