// SPDX-License-Identifier: Apache-2.0
/// The life of one connection to the S3 port: request after request until either side has had
/// enough.
#pragma once
#include <atomic>
#include <cstdint>
#include <ctime>
#include <string>

#include "http_connection.h"
#include "service.h"

namespace s3d {

class S3Session {
 public:
  /// `idle` is true while the connection waits for a request (see Connections::close_idle).
  S3Session(Service& service, Stream& stream, std::uint64_t id, std::atomic<bool>& idle);
  /// Returns when the connection is to be closed.
  void run();

 private:
  bool serve(const RequestHead& head);
  /// The reply to one request; nullopt: the connection ends without one.
  std::optional<Reply> answer(Call& call, const std::string& virtual_bucket, bool& body_unread);
  /// Consumes what the client goes on sending, or decides to close.
  void dispose_of_body(const RequestHead& head, Reply& reply);
  bool speaks_google(const RequestHead& head) const;
  void refuse_malformed();
  bool send(Call& call, Reply reply, std::int64_t started_us);
  std::uint64_t record(const Call& call, const Reply* reply, std::int64_t started_us);
  void add_common_headers(const Call& call, Reply& reply);

  Service& service_;
  Stream& stream_;
  HttpConnection connection_;
  const std::uint64_t id_;
  std::atomic<bool>& idle_;
  Pacer pacer_;
  Pace pace_;
  std::time_t date_at_ = 0;  ///< second that date_ describes
  std::string date_;
};

}  // namespace s3d
