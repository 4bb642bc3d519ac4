// SPDX-License-Identifier: Apache-2.0
#include "endpoint.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "pailfs/s3/service_host.h"
#include "pailfs/util/text.h"

namespace pailfs::cli {
namespace {

constexpr std::string_view kMark = "://";

std::string variable(const Environment& environment, const std::string& name) {
  const auto entry = environment.find(name);
  return entry == environment.end() ? std::string() : entry->second;
}

/// No region has a dot or a colon, every address has one.
bool looks_like_address(const std::string& text) {
  return text.find_first_of(".:") != std::string::npos || text == "localhost";
}

std::string without_end_slashes(std::string text) {
  const std::size_t mark = text.find(kMark);
  const std::size_t start = mark == std::string::npos ? 0 : mark + kMark.size();
  while (text.size() > start && text.back() == '/') text.pop_back();
  return text;
}

/// Where the host begins in a URL that has a scheme.
std::size_t host_begin(const std::string& url) {
  return url.find(kMark) + kMark.size();
}

class Settling final {
 public:
  Settling(Options& options, const Environment& environment, std::vector<std::string>& notices)
      : options_(options), s3_(options.s3), environment_(environment), notices_(notices) {}

  std::string run() {
    if (std::string error = take_address_from_region(); !error.empty()) return error;
    take_environment();
    if (std::string error = settle_scheme(); !error.empty()) return error;
    take_bucket_from_path();
    take_service_path();
    take_bucket_from_host();
    const std::string host = host_of(s3_.url);
    if (host.empty()) return "option url has no host: \"" + printable(s3_.url) + "\"";
    settle_region(host);
    settle_style(host);
    options_.http.allow_plain_http = s3_.url.starts_with("http://");
    return {};
  }

 private:
  void say(std::string notice) { notices_.push_back(std::move(notice)); }

  std::string take_address_from_region() {
    if (!s3_.region_given || !looks_like_address(s3_.region)) return {};
    const std::string address = s3_.region;
    s3_.region = s3::Config{}.region;
    s3_.region_given = false;
    const std::string shown = "endpoint=" + printable(address);
    if (!options_.url_given) {
      say(shown + " is taken as url=");
      s3_.url = address;
      options_.url_given = true;
    } else if (without_end_slashes(address) == without_end_slashes(s3_.url)) {
      say(shown + " is ignored: url= says the same");
    } else {
      return "endpoint= names a region, not an address: " + printable(address);
    }
    return {};
  }

  /// As Amazon's own programs have it: the variable for one service before that for all.
  void take_environment() {
    if (options_.url_given) return;
    if (to_lower(variable(environment_, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")) == "true") return;
    for (const char* name : {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}) {
      const std::string url = variable(environment_, name);
      if (url.empty()) continue;
      s3_.url = url;
      options_.url_given = true;
      return say("url=" + printable(url) + " is taken from " + name);
    }
  }

  std::string settle_scheme() {
    std::string& url = s3_.url;
    url = without_end_slashes(url);
    const std::size_t mark = url.find(kMark);
    if (mark == std::string::npos) {
      if (url.empty()) return "option url must not be empty";
      const bool secure = !is_bare_host(host_of(url)) || url.ends_with(":443");
      url.insert(0, secure ? "https://" : "http://");
      say("url without scheme: " + printable(url) + " is taken");
      return {};
    }
    const std::string scheme = to_lower(std::string_view(url).substr(0, mark));
    if (scheme != "http" && scheme != "https") {
      return "option url has invalid format, missing http / https protocol: \"" + printable(url) +
             "\"";
    }
    url.replace(0, mark, scheme);
    return {};
  }

  /// https://host/bucket: with the same bucket as the argument it can only mean path style.
  void take_bucket_from_path() {
    std::string& url = s3_.url;
    const std::size_t slash = url.find('/', host_begin(url));
    if (slash == std::string::npos || url.substr(slash + 1) != s3_.bucket) return;
    url.erase(slash);
    s3_.path_style = true;
    say("url: the bucket at its end is left out, " + printable(url) + " is addressed by path");
  }

  /// https://host/path: requests go below it, as with servicepath=. A path with characters that a
  /// URL cannot have stays in the url, which is then refused.
  void take_service_path() {
    std::string& url = s3_.url;
    const std::size_t slash = url.find('/', host_begin(url));
    if (slash == std::string::npos) return;
    const std::string path = url.substr(slash);
    constexpr std::string_view kMarks = "/-._~%!$&'()*+,;=:";
    const bool plain = std::all_of(path.begin(), path.end(), [&](unsigned char c) {
      return std::isalnum(c) != 0 || kMarks.find(static_cast<char>(c)) != std::string_view::npos;
    });
    if (!plain) return;
    url.erase(slash);
    s3_.servicepath = path + s3_.servicepath;
  }

  /// https://bucket.host: only where the rest is surely a service, because a service may have the
  /// bucket's name itself.
  void take_bucket_from_host() {
    const std::string host = host_of(s3_.url);
    const std::string label = to_lower(s3_.bucket) + ".";
    if (!to_lower(s3_.url).substr(host_begin(s3_.url)).starts_with(label) ||
        !s3::is_service_host(host.substr(label.size())))
      return;
    s3_.url.erase(host_begin(s3_.url), label.size());
    say("url: the bucket before its host is left out, " + printable(s3_.url) + " is taken");
  }

  void settle_region(const std::string& host) {
    const bool amazon = s3::is_amazon_host(host);
    if (s3_.region_given) {
      // The global host answers for other regions by a redirect; the regional one at once.
      if (amazon && !options_.url_given && s3_.region != s3::Config{}.region)
        s3_.url = s3::amazon_url(s3_.region);
      return;
    }
    std::string region = s3::region_in_host(host);
    // These variables name a region of Amazon's, so other services ignore them.
    for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"})
      if (amazon && region.empty()) region = variable(environment_, name);
    options_.region_may_be_in_profile = amazon && region.empty();
    if (!region.empty()) s3_.region = region;
  }

  void settle_style(const std::string& host) {
    if (s3_.path_style) return;
    s3_.path_style = is_bare_host(host);
    const bool dotted = s3_.bucket.find('.') != std::string::npos;
    if (s3_.path_style || !dotted || s3_.url.starts_with("http://")) return;
    s3_.path_style = true;
    say("bucket name with a dot: addressed by path, because no certificate covers " +
        printable(s3_.bucket) + "." + host);
  }

  Options& options_;
  s3::Config& s3_;
  const Environment& environment_;
  std::vector<std::string>& notices_;
};

}  // namespace

std::string host_of(std::string_view url) {
  const std::size_t scheme = url.find(kMark);
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + kMark.size());
  url = url.substr(0, url.find_first_of("/?#"));
  const std::size_t at = url.rfind('@');
  if (at != std::string_view::npos) url.remove_prefix(at + 1);
  if (!url.empty() && url.front() == '[') return to_lower(url.substr(1, url.find(']') - 1));
  return to_lower(url.substr(0, url.find(':')));
}

bool is_bare_host(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return host == "localhost" || host.ends_with(".localhost") ||
         inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

std::string settle_endpoint(Options& options, const Environment& environment,
                            std::vector<std::string>& notices) {
  return Settling(options, environment, notices).run();
}

}  // namespace pailfs::cli
