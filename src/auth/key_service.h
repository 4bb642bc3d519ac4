// SPDX-License-Identifier: Apache-2.0
// Shared by the services and programs that hand out keys: one bounded request, and a document with
// the keys.
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
  std::optional<WallTime> date;  ///< time by the service's clock
};

/// Sends `request`; one that gets no answer (or 429, or above 499) is sent once more if `tries` is
/// 2. Any other status is the caller's business. Answers are bounded. ENOKEY, beginning with
/// `who`.
Result<KeyReply> ask_for_keys(http::Transport& transport, const http::Request& request,
                              std::string_view body, int tries, const std::string& who);

/// Not empty, no blanks, only printable ASCII, so that it may go into a header or a URL.
bool is_visible(std::string_view text);

/// How a document names the session token, and whether it and Expiration must be there.
struct KeyForm {
  std::string_view token = "Token";
  bool temporary = true;
};

/// The document with the keys of `source`; an error shows no byte of the text. ENOKEY. Pure.
Result<JsonObject> parse_key_document(std::string_view text, const std::string& source);
/// AccessKeyId, SecretAccessKey, the token and Expiration; other members are ignored. `source`
/// becomes Credentials::source and the subject of errors, which are ENOKEY and show no value. Pure.
Result<Credentials> keys_in(const JsonObject& document, const KeyForm& form,
                            const std::string& source);

/// An expiry told by a service's clock, by ours: a machine whose clock is wrong gets along.
void adjust_expiry(Credentials& credentials, const KeyReply& reply, const Clock& clock);

/// Address of a service that is told a secret or hands one out.
struct KeyServiceUrl {
  std::string text;    ///< scheme://host[:port]
  bool local = false;  ///< plain http, on this machine: by KeyTransports::local
};
/// Reads it from the setting called `name`: https anywhere, http on this machine only. EINVAL names
/// the fault. Pure.
Result<KeyServiceUrl> key_service_url(const std::string& given, const std::string& name);

/// A service's own words in the JSON of a refusal, "BXNIM0415E: Provided API key could not be
/// found.", else "status 400". A text with `secret` in it is not shown. Pure.
std::string words_of_json(const KeyReply& reply, const Secret& secret);

}  // namespace pailfs::auth
