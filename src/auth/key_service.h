// SPDX-License-Identifier: Apache-2.0
// What the services and programs that hand out keys have in common: one bounded question, and a
// document with the keys.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "pailfs/auth/credentials.h"
#include "pailfs/http/transport.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/result.h"
#include "pailfs/util/url.h"

#include "json.h"

namespace pailfs::auth {

struct KeyReply {
  int status = 0;
  Secret body;
  std::optional<WallTime> date;  ///< what the service's clock says
};

/// Sends `request`; one that gets no answer (or 429, or above 499) is sent once more if `tries` is
/// 2. Any other status is the caller's business. Answers are bounded. ENOKEY, beginning with
/// `who`.
Result<KeyReply> ask_for_keys(http::Transport& transport, const http::Request& request,
                              std::string_view body, int tries, const std::string& who);

/// Not empty, no blanks, nothing but printable ASCII: what may go into a header or a URL.
bool is_visible(std::string_view text);

/// How a document names the session token, and whether it and Expiration must be there.
struct KeyForm {
  std::string_view token = "Token";
  bool temporary = true;
};

/// The document with the keys of `source`; no byte of one that is none is shown. ENOKEY. Pure.
Result<JsonObject> parse_key_document(std::string_view text, const std::string& source);
/// AccessKeyId, SecretAccessKey, the token and Expiration; what else there is, is ignored. `source`
/// becomes Credentials::source and the subject of errors, which are ENOKEY and show no value. Pure.
Result<Credentials> keys_in(const JsonObject& document, const KeyForm& form,
                            const std::string& source);

/// An expiry told by a service's clock, by ours: a machine whose clock is wrong gets along.
void adjust_expiry(Credentials& credentials, const KeyReply& reply, const Clock& clock);

/// "localhost", 127.0.0.0/8 and ::1: nobody else hears what is sent there.
bool is_loopback(const Url& url);

}  // namespace pailfs::auth
