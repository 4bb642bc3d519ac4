// SPDX-License-Identifier: Apache-2.0
#include "option_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "pailfs/util/file.h"
#include "pailfs/util/text.h"

#include "endpoint.h"

namespace pailfs::cli {
namespace {

using Kind = s3::Encryption::Kind;

constexpr std::size_t kLargest = 1U << 20U;

Status read_headers(Options& options, std::vector<std::string>& warnings) {
  if (options.header_file.empty()) return {};
  const std::string what = "ahbe_conf=" + printable(options.header_file);
  const auto text = read_file(options.header_file, kLargest);
  if (!text) return text.error().with("ahbe_conf");
  auto parsed = s3::ExtraHeaders::parse(*text, options.fs.prefix);
  if (!parsed) return parsed.error().with(what);
  for (const std::string& warning : parsed->warnings) warnings.push_back(what + ": " + warning);
  if (!parsed->headers.empty()) {
    options.s3.extra_headers = std::make_shared<const s3::ExtraHeaders>(std::move(parsed->headers));
  }
  return {};
}

/// s3fs's rule for files with keys of encryption: only the owner has access.
Status check_key_file(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return system_error(errno, printable(path));
  if (!S_ISREG(info.st_mode)) return Error{EACCES, printable(path) + " is not a file"};
  if ((info.st_mode & (S_IRWXG | S_IRWXO | S_IXUSR)) != 0) {
    return Error{EACCES, "key file " + printable(path) +
                             " should be readable by its owner only: run chmod 600 on it"};
  }
  return {};
}

void append_new(std::vector<s3::CustomerKey> more, std::vector<s3::CustomerKey>& keys) {
  for (s3::CustomerKey& key : more) {
    const auto same = [&](const s3::CustomerKey& known) {
      return known.base64.reveal() == key.base64.reveal();
    };
    if (std::none_of(keys.begin(), keys.end(), same)) keys.push_back(std::move(key));
  }
}

Status read_key_file(const std::string& path, std::vector<s3::CustomerKey>& keys) {
  if (path.empty()) return {};
  if (Status ok = check_key_file(path); !ok) return ok;
  const auto text = read_file(path, kLargest);
  if (!text) return text.error();
  auto found = s3::parse_customer_keys(*text, '\n');
  if (!found) return found.error().with(printable(path));
  append_new(std::move(*found), keys);
  return {};
}

bool on_this_machine(const std::string& url) {
  const std::string host = host_of(url);
  return is_bare_host(host) &&
         (host.starts_with("127.") || host == "::1" || host.ends_with("localhost"));
}

/// The keys in the order in which they are tried; the first one encrypts.
Result<std::vector<s3::CustomerKey>> find_keys(const EncryptionChoice& choice) {
  std::vector<s3::CustomerKey> keys;
  if (Status read = read_key_file(choice.key_file, keys); !read) {
    return read.error().with("use_sse");
  }
  if (Status read = read_key_file(choice.more_keys_file, keys); !read) {
    return read.error().with("load_sse_c");
  }
  if (choice.environment_keys.empty()) return keys;
  auto found = s3::parse_customer_keys(choice.environment_keys.reveal(), ':');
  if (!found) return found.error().with("AWSSSECKEYS");
  append_new(std::move(*found), keys);
  return keys;
}

Status settle_encryption(Options& options, std::vector<std::string>& warnings) {
  const EncryptionChoice& choice = options.encryption;
  s3::Encryption& encryption = options.s3.encryption;
  encryption.kind = choice.kind.value_or(Kind::none);
  auto keys = find_keys(choice);
  if (!keys) return keys.error();
  const bool open_wire = options.http.allow_plain_http && !on_this_machine(options.s3.url);
  const bool keys_wanted = encryption.kind == Kind::customer || !choice.more_keys_file.empty();
  if (open_wire && keys_wanted) {
    return Error{EINVAL, "keys of use_sse=custom and load_sse_c are sent to the service, and " +
                             options.s3.url + " would show them to the network: it must be https"};
  }
  if (open_wire && !keys->empty()) {
    warnings.emplace_back("AWSSSECKEYS is ignored: keys are sent over https only");
    keys->clear();
  }
  encryption.keys = std::move(*keys);
  if (encryption.kind == Kind::customer && encryption.keys.empty()) {
    return Error{EINVAL,
                 "use_sse=custom: there is no key. Name its file (use_sse=custom:FILE or "
                 "load_sse_c=FILE) or set AWSSSECKEYS"};
  }
  if (encryption.kind != Kind::kms) return {};
  encryption.kms_key = choice.kms_key;
  if (encryption.kms_key.empty()) {
    return Error{EINVAL,
                 "use_sse=kmsid: there is no key id. Give use_sse=kmsid:ID or set AWSSSEKMSID"};
  }
  if (options.s3.signature == s3::Signature::v2) {
    return Error{EINVAL, "use_sse=kmsid needs signature version 4: leave out sigv2"};
  }
  return {};
}

Status read_proxy_credentials(Options& options) {
  const std::string& path = options.proxy_credentials_file;
  if (path.empty()) return {};
  const auto text = read_file(path, kLargest);
  if (!text) return text.error().with("proxy_cred_file");
  for (const std::string& line : split(*text, '\n')) {
    const std::string_view bare = trim(line);
    if (bare.empty() || bare.front() == '#') continue;
    const std::size_t colon = bare.find(':');
    if (colon == 0 || colon == std::string_view::npos) break;
    options.http.proxy_credentials = std::string(bare);
    return {};
  }
  return Error{EINVAL, "proxy_cred_file=" + printable(path) + " has no line USER:PASSWORD"};
}

/// libcurl reads the files at each handshake, when it is too late for an error on the terminal.
Status check_client_certificate(const http::ClientCertificate& own) {
  const auto readable = [](const std::string& path, const std::string& type) -> Status {
    if (path.empty() || type == "ENG" || type == "PROV") return {};
    if (::access(path.c_str(), R_OK) == 0) return {};
    return system_error(errno, "ssl_client_cert: " + printable(path));
  };
  if (Status ok = readable(own.certificate, own.type); !ok) return ok;
  return readable(own.key, own.key_type);
}

}  // namespace

Status read_option_files(Options& options, std::vector<std::string>& warnings) {
  if (Status ok = read_headers(options, warnings); !ok) return ok;
  if (Status ok = settle_encryption(options, warnings); !ok) return ok;
  if (Status ok = read_proxy_credentials(options); !ok) return ok;
  return check_client_certificate(options.http.client_certificate);
}

}  // namespace pailfs::cli
