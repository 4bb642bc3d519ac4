// SPDX-License-Identifier: Apache-2.0
/// The control port: Server's methods as plain HTTP. The routes are listed in server.h.
#pragma once
#include <string>

#include "http_message.h"
#include "stream.h"

namespace s3d {

class Server;

class Controls {
 public:
  explicit Controls(Server& server) : server_(server) {}
  /// Answers requests on one connection until it ends.
  void serve(Stream& stream);
  Reply handle(const RequestHead& head, const Body& body);

 private:
  Reply get(const RequestHead& head);
  Reply post(const RequestHead& head, const Body& body);
  Reply object(const RequestHead& head, const Body& body);
  Reply set_credentials(const RequestHead& head);
  Reply set_tokens(const RequestHead& head);
  Reply set_bandwidth(const RequestHead& head);
  Reply make_bucket(const RequestHead& head);
  Reply make_synthetic(const RequestHead& head);
  std::string stats_json();

  Server& server_;
};

}  // namespace s3d
