// SPDX-License-Identifier: Apache-2.0
#include "pailfs/http/curl_transport.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <curl/curl.h>

#include "certificates.h"
#include "curl_failure.h"
#include "easy_pool.h"
#include "reply_head.h"
#include "stall_watch.h"

namespace pailfs::http {
namespace {

/// Measured optimum both ways; libcurl's defaults of 16 and 64 KiB cost a quarter of the speed.
constexpr std::uint64_t kLargeBuffer = 512U << 10U;
constexpr std::uint64_t kSmallBuffer = 16U << 10U;

constexpr std::string_view kEnded = "given up: the mount ends";

struct SlistDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Slist = std::unique_ptr<curl_slist, SlistDeleter>;

bool append(Slist& list, const std::string& line) {
  curl_slist* const longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) return false;
  static_cast<void>(list.release());
  list.reset(longer);
  return true;
}

/// A line break in a header would end the request and begin another one, chosen by the author of
/// the text.
bool is_sendable(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

/// State of one exchange; libcurl's callbacks below get a pointer to it.
class Run final {
 public:
  Run(const Request& request, ByteSource* body, BodySink* sink, Traffic* traffic)
      : request_(request),
        body_(body),
        sink_(sink),
        traffic_(traffic),
        stall_(request.stall_limit) {}

  Exchange perform(CURL* easy);

 private:
  static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self);
  static std::size_t on_write(char* data, std::size_t, std::size_t size, void* self);
  static std::size_t on_read(char* data, std::size_t, std::size_t size, void* self);
  static int on_seek(void* self, curl_off_t offset, int origin);
  static int on_progress(void* self, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                         curl_off_t up);
  static int on_request(void* self, char*, char*, int, int);

  bool take_head(std::string_view line);
  bool take_body(std::span<const char> bytes);
  std::size_t give_body(std::span<char> out);

  bool build_headers(Slist& headers);
  void set_method(CURL* easy) const;
  void set_callbacks(CURL* easy);
  void conclude(CURL* easy, CURLcode code);
  /// Tells what came since the last call; `now` counts from the beginning of the request.
  void tell_traffic(const Traffic::Bytes& now);
  [[nodiscard]] bool has_excess(CURL* easy) const;
  [[nodiscard]] bool uploads() const {
    return body_ != nullptr || request_.method == Method::put || request_.method == Method::post;
  }
  [[nodiscard]] std::uint64_t body_size() const { return body_ == nullptr ? 0 : body_->size(); }
  bool fail(Failure failure, std::string detail);

  const Request& request_;
  ByteSource* const body_;
  BodySink* const sink_;
  Traffic* const traffic_;
  StallWatch stall_;
  ReplyHead head_;
  Exchange exchange_;
  std::uint64_t body_offset_ = 0;
  std::uint64_t header_bytes_ = 0;
  Traffic::Bytes told_;  // to traffic_
  bool to_sink_ = false;
  bool begun_ = false;  ///< the request was about to be sent once
  std::array<char, CURL_ERROR_SIZE> text_{};
};

/// Always false, for `return fail(...)`. The first reason stands: later ones are its echo.
bool Run::fail(Failure failure, std::string detail) {
  if (exchange_.failure == Failure::none) {
    exchange_.failure = failure;
    exchange_.detail = endpoint_of(request_.url) + ": " + std::move(detail);
  }
  return false;
}

bool Run::take_head(std::string_view line) {
  header_bytes_ += line.size();
  if (head_.state() == ReplyHead::State::complete) return true;  // trailers
  switch (head_.feed(line)) {
    case ReplyHead::State::reading:
      return true;
    case ReplyHead::State::refused:
      return fail(Failure::protocol, head_.reason());
    case ReplyHead::State::complete:
      break;
  }
  exchange_.status = head_.status();
  exchange_.headers = head_.take_headers();
  to_sink_ = sink_ != nullptr && sink_->begin(exchange_);
  return true;
}

bool Run::take_body(std::span<const char> bytes) {
  exchange_.received += bytes.size();
  if (to_sink_) {
    return sink_->write(bytes) || fail(Failure::cancelled, "the reader wants no more");
  }
  if (exchange_.body.size() + bytes.size() > kMaxInlineBody) {
    return fail(Failure::protocol, "a reply of more than " + std::to_string(kMaxInlineBody) +
                                       " bytes where a document was expected");
  }
  exchange_.body.append(bytes.data(), bytes.size());
  return true;
}

std::size_t Run::give_body(std::span<char> out) {
  const std::uint64_t left = body_size() - std::min(body_size(), body_offset_);
  if (left == 0) return 0;
  out = out.first(static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left)));
  const auto size = body_->read(body_offset_, out);
  if (!size) {
    exchange_.body_error = size.error();
    fail(Failure::body, "cannot read what is to be sent: " + size.error().text);
    return CURL_READFUNC_ABORT;
  }
  if (*size == 0) {
    fail(Failure::body, "what is to be sent ended at byte " + std::to_string(body_offset_) +
                            " of " + std::to_string(body_size()));
    return CURL_READFUNC_ABORT;
  }
  body_offset_ += *size;
  body_->taken(body_offset_);
  return *size;
}

std::size_t Run::on_header(char* data, std::size_t, std::size_t size, void* self) {
  return static_cast<Run*>(self)->take_head({data, size}) ? size : 0;
}

std::size_t Run::on_write(char* data, std::size_t, std::size_t size, void* self) {
  return static_cast<Run*>(self)->take_body({data, size}) ? size : 0;
}

std::size_t Run::on_read(char* data, std::size_t, std::size_t size, void* self) {
  return static_cast<Run*>(self)->give_body({data, size});
}

/// libcurl rewinds when a reused connection turns out to be closed and it starts over.
int Run::on_seek(void* self, curl_off_t offset, int origin) {
  if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_FAIL;
  static_cast<Run*>(self)->body_offset_ = static_cast<std::uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

int Run::on_progress(void* self, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                     curl_off_t up) {
  Run& run = *static_cast<Run*>(self);
  const auto count = [](curl_off_t bytes) { return static_cast<std::uint64_t>(bytes); };
  const std::uint64_t left =
      count(std::max<curl_off_t>(down_total - down, 0) + std::max<curl_off_t>(up_total - up, 0));
  const std::uint64_t moved = run.header_bytes_ + count(down) + count(up);
  if (run.traffic_ != nullptr) {
    if (run.traffic_->ended()) {
      run.fail(Failure::timeout, std::string(kEnded));
      return 1;
    }
    run.tell_traffic({count(up), count(down), run.header_bytes_});
  }
  if (!run.stall_.dead(std::chrono::steady_clock::now(), moved, left)) return 0;
  run.fail(Failure::timeout, "stalled after " + std::to_string(up) + " bytes sent and " +
                                 std::to_string(down) + " received (limit " +
                                 std::to_string(run.request_.stall_limit.count()) + " ms)");
  return 1;
}

void Run::tell_traffic(const Traffic::Bytes& now) {
  // A request that is sent once more begins again.
  const auto more = [](std::uint64_t told, std::uint64_t so_far) {
    return so_far > told ? so_far - told : 0;
  };
  traffic_->add({more(told_.sent, now.sent), more(told_.received, now.received),
                 more(told_.headers, now.headers)});
  told_ = now;
}

int Run::on_request(void* self, char*, char*, int, int) {
  Run& run = *static_cast<Run*>(self);
  run.exchange_.sent_again = run.begun_;
  run.begun_ = true;
  run.stall_.start(std::chrono::steady_clock::now());
  return CURL_PREREQFUNC_OK;
}

bool Run::build_headers(Slist& headers) {
  bool complete = true;
  for (const Header& field : request_.headers.all()) {
    if (!is_sendable(field.name) || !is_sendable(field.value) || field.name.empty()) {
      return fail(Failure::protocol, "header field with a line break or a zero byte not sent");
    }
    // "Name;" is libcurl's way to send a field without a value.
    complete = complete && append(headers, field.value.empty() ? field.name + ";"
                                                               : field.name + ": " + field.value);
  }
  // A name without a value switches off a header that libcurl would add by itself.
  for (const char* const own : {"Accept", "Content-Type", "Expect", "Transfer-Encoding"}) {
    if (!request_.headers.find(own)) complete = complete && append(headers, std::string(own) + ":");
  }
  return complete || fail(Failure::broken, "out of memory");
}

void Run::set_method(CURL* easy) const {
  // Back to a plain GET from the handle's last request.
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, nullptr);
  curl_easy_setopt(easy, CURLOPT_UPLOAD, 0L);
  curl_easy_setopt(easy, CURLOPT_NOBODY, 0L);
  curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, curl_off_t{-1});
  const bool fetches = request_.method == Method::get;
  const std::uint64_t upload_buffer = std::clamp(body_size(), kSmallBuffer, kLargeBuffer);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE,
                   static_cast<long>(fetches ? kLargeBuffer : kSmallBuffer));
  if (uploads()) {
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, static_cast<long>(upload_buffer));
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(body_size()));
    if (request_.method != Method::put) {
      curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method_name(request_.method).data());
    }
  } else if (request_.method == Method::head) {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else if (request_.method != Method::get) {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method_name(request_.method).data());
  }
}

void Run::set_callbacks(CURL* easy) {
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, text_.data());
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
  curl_easy_setopt(easy, CURLOPT_READDATA, this);
  curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
  curl_easy_setopt(easy, CURLOPT_SEEKDATA, this);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, this);
}

/// libcurl reads a body up to its Content-Length and, when more bytes follow, closes the connection
/// without a word. A connection closed although both sides meant to keep it shows this; but libcurl
/// 8 also closes one on which an upload was refused, even when all of it had been sent.
bool Run::has_excess(CURL* easy) const {
  const bool refused = uploads() && exchange_.status >= 400;
  if (!head_.content_length() || head_.announces_close() || refused ||
      exchange_.sent != body_size()) {
    return false;
  }
  curl_socket_t open = CURL_SOCKET_BAD;
  curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &open);
  return open == CURL_SOCKET_BAD;
}

Timing timing_of(CURL* easy) {
  // Each is counted from the start; a phase that did not take place is 0.
  curl_off_t resolved = 0;
  curl_off_t connected = 0;
  curl_off_t secured = 0;
  curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &resolved);
  curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connected);
  curl_easy_getinfo(easy, CURLINFO_APPCONNECT_TIME_T, &secured);
  Timing timing;
  timing.resolve = std::chrono::microseconds(resolved);
  timing.connect = std::chrono::microseconds(std::max<curl_off_t>(0, connected - resolved));
  timing.tls = std::chrono::microseconds(std::max<curl_off_t>(0, secured - connected));
  const char* address = nullptr;
  long port = 0;
  if (curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &address) == CURLE_OK && address != nullptr &&
      curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &port) == CURLE_OK && *address != '\0') {
    timing.peer = std::string(address) + ":" + std::to_string(port);
  }
  return timing;
}

void Run::conclude(CURL* easy, CURLcode code) {
  long connects = 0;
  curl_off_t sent = 0;
  CurlOutcome outcome{code, false, head_.started(), 0, text_.data()};
  curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects);
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &outcome.os_errno);
  curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &sent);
  outcome.reused = connects == 0;
  exchange_.sent = static_cast<std::uint64_t>(sent);
  if (traffic_ != nullptr) tell_traffic({exchange_.sent, exchange_.received, header_bytes_});
  if (!outcome.reused || code != CURLE_OK) exchange_.timing = timing_of(easy);
  if (exchange_.failure != Failure::none) return;  // one of ours, more precise than libcurl's echo
  exchange_.failure = classify(outcome);
  exchange_.detail = describe(outcome, endpoint_of(request_.url));
  if (code != CURLE_OK) return;
  if (head_.state() != ReplyHead::State::complete) {
    fail(Failure::broken, "the connection ended before the reply's headers did");
  } else if (has_excess(easy)) {
    fail(Failure::protocol, "more bytes than Content-Length announced");
  }
}

Exchange Run::perform(CURL* easy) {
  Slist headers;
  if (!build_headers(headers)) return std::move(exchange_);
  set_method(easy);
  set_callbacks(easy);
  curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
  conclude(easy, curl_easy_perform(easy));
  // Nothing of this exchange may be reachable from the pooled handle.
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, nullptr);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, nullptr);
  return std::move(exchange_);
}

class CurlTransport final : public Transport {
 public:
  CurlTransport(const Config& config, std::string ca_bundle)
      : pool_(config, std::move(ca_bundle)), traffic_(config.traffic) {}

  Exchange perform(const Request& request, ByteSource* body, BodySink* sink) override {
    const auto failed = [&request](Failure failure, std::string_view why) {
      Exchange exchange;
      exchange.failure = failure;
      exchange.detail = endpoint_of(request.url) + ": " + std::string(why);
      return exchange;
    };
    if (traffic_ != nullptr && traffic_->ended()) return failed(Failure::timeout, kEnded);
    EasyHandle easy = pool_.lease();
    if (!easy) return failed(Failure::broken, "out of memory");
    // A caller that waits this long for a byte waits no longer for a connection either.
    const std::chrono::milliseconds connect =
        std::min<std::chrono::milliseconds>(pool_.connect_timeout(), request.stall_limit);
    curl_easy_setopt(easy.get(), CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect.count()));
    Exchange exchange = Run(request, body, sink, traffic_).perform(easy.get());
    pool_.give_back(std::move(easy));
    return exchange;
  }

 private:
  EasyPool pool_;
  Traffic* const traffic_;
};

/// The first that is set wins; an empty variable counts as unset, as in s3fs.
std::string choose_ca_bundle(const Config& config) {
  if (!config.ca_bundle.empty()) return config.ca_bundle;
  for (const char* const name : {"CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "SSL_CERT_FILE"}) {
    const char* const value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

bool start_libcurl() {
  static const bool started = [] {
    // OpenSSL writes to sockets with write(2): a peer that is gone must be an error, not a signal.
    std::signal(SIGPIPE, SIG_IGN);
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  }();
  return started;
}

}  // namespace

Result<std::unique_ptr<Transport>> make_curl_transport(const Config& config) {
  if (!start_libcurl()) return Error{EIO, "libcurl cannot be initialised"};
  std::string ca_bundle = choose_ca_bundle(config);
  if (!ca_bundle.empty() && access(ca_bundle.c_str(), R_OK) != 0) {
    return system_error(errno, "CA certificates in " + ca_bundle);
  }
  if (ca_bundle.empty()) ca_bundle = find_certificates(built_in_certificates());
  return std::unique_ptr<Transport>(std::make_unique<CurlTransport>(config, std::move(ca_bundle)));
}

}  // namespace pailfs::http
