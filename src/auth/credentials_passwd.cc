// SPDX-License-Identifier: Apache-2.0
#include "credentials_passwd.h"

#include <algorithm>
#include <map>

#include "pailfs/util/text.h"

namespace pailfs::auth {
namespace {

struct KeyPair {
  std::string_view access;
  std::string_view secret;
  int line = 0;
  std::string_view token = {};
};

/// No service has a secret key as long as this, and every session token is longer.
constexpr std::size_t kLongestSecret = 100;
/// Names of capitals only: longer ones are keys, shorter ones may be old buckets.
constexpr std::size_t kShortestKey = 12;

/// Like the key ids that AWS, MinIO and Alibaba hand out for a while.
bool looks_like_key(std::string_view name) {
  if (name.starts_with("STS.")) return true;
  return name.size() >= kShortestKey && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
         });
}

/// Views into the text: copying a secret only to drop it again would leave it in freed memory.
class PasswdReader final {
 public:
  PasswdReader(std::string path, AccessKey access_key)
      : path_(std::move(path)), access_key_(access_key) {}

  Status read_line(std::string_view line, int number);
  [[nodiscard]] Result<Credentials> choose(std::string_view bucket) const;

 private:
  [[nodiscard]] Error bad_line(int number, std::string_view what) const {
    return {EINVAL, std::string(what) + ": " + path_ + " line " + std::to_string(number)};
  }
  Status read_entry(std::string_view line, int number);
  void read_session(std::string_view line, int number);
  [[nodiscard]] Result<Credentials> take(const KeyPair& pair) const;

  const std::string path_;
  const AccessKey access_key_;
  std::map<std::string_view, KeyPair> by_bucket_;  // "" is the default
  KeyPair session_;                                // of the last line with a token
  int sessions_ = 0;                               // number of such lines
  KeyPair named_;                                  // AWSAccessKeyId=, AWSSecretKey=
  int stray_line_ = 0;                             // first line that is neither form
};

Status PasswdReader::read_line(std::string_view line, int number) {
  line = trim(line);
  if (line.empty() || line.starts_with('#')) return {};
  if (line.find_first_of(" \t") != std::string_view::npos) {
    return bad_line(number, "invalid line in passwd file, found whitespace character");
  }
  if (line.starts_with('[')) {
    return bad_line(number,
                    "invalid line in passwd file, found a bracket \"[\" character (is this an "
                    "~/.aws/credentials file? passwd_file wants ACCESS_KEY:SECRET)");
  }
  constexpr std::string_view kAccess = "AWSAccessKeyId=";
  constexpr std::string_view kSecret = "AWSSecretKey=";
  std::string_view* const value = line.starts_with(kAccess)   ? &named_.access
                                  : line.starts_with(kSecret) ? &named_.secret
                                                              : nullptr;
  if (value == nullptr) return read_entry(line, number);
  line.remove_prefix(line.find('=') + 1);
  if (!value->empty() && *value != line) {
    return bad_line(number, "two different values of the same name in passwd file");
  }
  *value = line;
  named_.line = number;
  return {};
}

Status PasswdReader::read_entry(std::string_view line, int number) {
  const std::size_t first = line.find(':');
  if (first == std::string_view::npos) {
    if (stray_line_ == 0) stray_line_ = number;
    return {};
  }
  const std::size_t last = line.rfind(':');
  const std::string_view bucket = first == last ? std::string_view() : line.substr(0, first);
  const std::size_t access_begin = first == last ? 0 : first + 1;
  const KeyPair pair{line.substr(access_begin, last - access_begin), line.substr(last + 1), number};
  const auto [known, added] = by_bucket_.emplace(bucket, pair);
  if (!added && (known->second.access != pair.access || known->second.secret != pair.secret)) {
    return bad_line(number, "there are multiple entries for the same bucket(" +
                                (bucket.empty() ? "default" : printable(bucket)) +
                                ") in the passwd file");
  }
  if (added) read_session(line, number);
  return {};
}

/// ACCESS:SECRET:TOKEN, as kits of sandboxes write it, and not an entry of some other bucket, whose
/// secret must not be sent as a token.
void PasswdReader::read_session(std::string_view line, int number) {
  const std::size_t first = line.find(':');
  const std::size_t last = line.rfind(':');
  if (first == last || line.find(':', first + 1) != last) return;
  const KeyPair keys{line.substr(0, first), line.substr(first + 1, last - first - 1), number,
                     line.substr(last + 1)};
  if (!looks_like_key(keys.access) && keys.token.size() <= kLongestSecret) return;
  ++sessions_;
  session_ = keys;
}

Result<Credentials> PasswdReader::take(const KeyPair& pair) const {
  if (pair.access.empty() && access_key_ == AccessKey::required)
    return bad_line(pair.line, "empty access key in passwd file");
  if (pair.secret.empty()) return bad_line(pair.line, "empty secret key in passwd file");
  return Credentials{std::string(pair.access), Secret(std::string(pair.secret)),
                     Secret(std::string(pair.token)), path_};
}

Result<Credentials> PasswdReader::choose(std::string_view bucket) const {
  if (named_.line != 0) {
    if (named_.access.empty() || named_.secret.empty()) {
      return bad_line(named_.line, "AWSAccessKeyId or AWSSecretKey is not specified");
    }
    return take(named_);
  }
  auto found = by_bucket_.find(bucket);
  if (found == by_bucket_.end()) found = by_bucket_.find(std::string_view());
  if (found != by_bucket_.end()) return take(found->second);
  if (sessions_ == 1) return take(session_);
  std::string text = "Not found access key/secret key in passwd file: " + path_ +
                     " has no entry for bucket \"" + printable(bucket) + "\" and no default entry";
  if (stray_line_ != 0) text += "; line " + std::to_string(stray_line_) + " has no colon";
  text += "; a line is ACCESS_KEY:SECRET_KEY or BUCKET:ACCESS_KEY:SECRET_KEY";
  return Error{EINVAL, text};
}

}  // namespace

Result<Credentials> parse_passwd(std::string_view text, std::string_view bucket,
                                 const std::string& path, AccessKey access_key) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";  // Windows editors put it there
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  PasswdReader reader(path, access_key);
  int number = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const Status read = reader.read_line(text.substr(0, end), ++number);
    if (!read) return read.error();
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return reader.choose(bucket);
}

}  // namespace pailfs::auth
