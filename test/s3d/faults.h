// SPDX-License-Identifier: Apache-2.0
/// Scripted misbehaviour. A fault is one line of text:
///
///     op=GetObject key=GLOB nth=K times=N prob=P seed=S action=ACTION[:ARGUMENTS]
///
/// Everything but `action` is optional. `op` is an operation's name or *, `key` a glob over the
/// decoded key
/// (%XX allowed in it), `bucket` a glob. The fault counts the requests that match; it fires from
/// the `nth` on (1 = first), for `times` requests (default: 1 with nth, else without end), each
/// with probability `prob`, drawn from `seed` and the count alone, so that one seed reproduces a
/// run. Several faults may fire on one request. Thread-safe.
///
/// What replaces the reply (the operation is not applied, unless said):
///   status:CODE[:S3CODE[:RETRY_AFTER]]  an error reply            status:503:SlowDown
///   error200[:S3CODE[:ws]]              200 with an <Error> body; ws: white space before it
///   foreign:html|xml|empty|json         200 with a body that is not S3's
///   redirect:STATUS:URL                 301, 302, 307, 308 with Location and <Endpoint>
///   region_redirect:REGION              301 PermanentRedirect with x-amz-bucket-region and
///   <Region> stall_before                        never answers          drop   closes without an
///   answer
/// What changes when it is applied:
///   apply_then_drop    applies, then closes without a reply
///   reply_then_lose    replies success, never applies
///   late_apply:MS      replies success, applies MS later
/// What happens to the request's body:
///   reset_upload_after:N   RST after N bytes        stall_upload:N   stops reading after N bytes
/// What falsifies the reply:
///   short206:N  wrong_range[:SHIFT]  wrong_total[:DIFFERENCE]  wrong_etag  no_etag  corrupt:OFFSET
///   truncated_list[:xml]  (IsTruncated without a token; xml: half of the document)
///   list_loop  (IsTruncated with the token or marker that was asked for)
///   header:NAME=VALUE  no_header:NAME
/// What happens on the wire:
///   delay:MS (before applying)  delay_reply:MS (after)  drip:BYTES_PER_SECOND  stall:N (after N
///   body bytes) reset_after:N (RST after N body bytes)  truncate:N (closes N bytes early)
///   longer_body:N dup_content_length  close_idle (closes after the reply although keep-alive was
///   promised)
#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operation.h"

namespace s3d {

struct FaultAction {
  std::string name;
  std::string argument;  ///< all after the first ':'

  /// The i-th ':'-separated argument, "" when absent; the last one asked for may not contain ':'.
  std::string arg(std::size_t index) const;
  std::uint64_t number(std::size_t index, std::uint64_t fallback) const;
};

/// The actions that fire on one request.
class FaultPlan {
 public:
  const FaultAction* find(std::string_view name) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }
  bool empty() const { return actions_.empty(); }
  void add(FaultAction action) { actions_.push_back(std::move(action)); }
  auto begin() const { return actions_.begin(); }
  auto end() const { return actions_.end(); }

 private:
  std::vector<FaultAction> actions_;
};

struct Fault {
  std::string text;
  std::optional<Op> op;
  std::string bucket = "*";
  std::string key = "*";
  std::uint64_t nth = 1;
  std::uint64_t times = 0;  ///< 0: without end
  double probability = 1;
  std::uint64_t seed = 1;
  FaultAction action;
  std::uint64_t matches = 0;
  std::uint64_t hits = 0;
};

/// nullopt with the reason when the line is not a fault.
std::optional<Fault> parse_fault(std::string_view line, std::string& reason);

class FaultTable {
 public:
  /// Adds one fault for each line (empty ones and those beginning with # are skipped); all or none.
  bool add(std::string_view text, std::string& reason);
  void clear();
  std::vector<Fault> all() const;
  /// Counts and decides for one request.
  FaultPlan plan(Op op, std::string_view bucket, std::string_view key);

 private:
  mutable std::mutex mutex_;
  std::vector<Fault> faults_;
  std::atomic<bool> any_{false};
};

}  // namespace s3d
