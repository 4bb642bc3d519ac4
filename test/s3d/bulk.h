// SPDX-License-Identifier: Apache-2.0
/// A client that costs as little as a client can: unsigned requests on one connection, bodies from
/// and to nowhere. For measuring what the server makes of large bodies.
#pragma once
#include <cstdint>
#include <string>

namespace s3d {

class BulkClient {
 public:
  explicit BulkClient(std::uint16_t port);
  ~BulkClient();
  BulkClient(const BulkClient&) = delete;
  BulkClient& operator=(const BulkClient&) = delete;

  /// Both false unless the reply was 200 and complete. The body of get() is dropped by the kernel.
  bool get(const std::string& target, std::uint64_t size);
  bool put(const std::string& target, std::uint64_t size);

 private:
  bool ask(const std::string& head);
  /// The head of the reply; `ahead` are the bytes of its body that came with it.
  bool receive_head(std::uint64_t& ahead);

  int fd_;
};

}  // namespace s3d
