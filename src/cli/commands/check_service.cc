// SPDX-License-Identifier: Apache-2.0
#include "check_service.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <utility>

#include "pailfs/util/text.h"

#include "cli/options/parse.h"
#include "cli/run/demand_conditions.h"
#include "cli/run/preflight.h"

namespace pailfs::cli {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

/// S3 refuses signatures that are 15 minutes off.
constexpr std::chrono::minutes kTolerance{15};
constexpr std::size_t kVerdictWidth = 8;
constexpr std::size_t kTitleWidth = 12;
constexpr std::string_view kText = "pailfs check\n";

std::string milliseconds(nanoseconds took) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f ms", static_cast<double>(took.count()) / 1e6);
  return text.data();
}

class Checker final {
 public:
  Checker(const Options& options, const CheckParts& parts,
          const std::function<void(const CheckStep&)>& tell)
      : options_(options), parts_(parts), tell_(tell) {}

  int run(bool write) {
    const bool readable = connect() && authenticate() && list() && get();
    if (readable && write && put()) conditions();
    return static_cast<int>(exit_);
  }

 private:
  void good(std::string_view name, const std::string& text) {
    tell_({CheckStep::Result::ok, name, text});
  }
  void warn(std::string_view name, const std::string& text) {
    tell_({CheckStep::Result::warning, name, text});
  }
  bool failed(std::string_view name, Step step, const Error& error) {
    tell_({CheckStep::Result::failed, name, error.text});
    exit_ = exit_for(step, error);
    return false;
  }

  /// Does `work` and notes its time.
  template <class Work>
  auto timed(Work work) {
    const MonoTime start = parts_.clock.now();
    auto result = work();
    took_ = parts_.clock.now() - start;
    return result;
  }

  bool connect() {
    http::Request request;
    request.method = http::Method::head;
    request.url = options_.s3.url + "/";
    request.stall_limit = std::chrono::seconds(5);
    const http::Exchange exchange = parts_.transport.perform(request, nullptr, nullptr);
    if (!report_connection(exchange)) return false;
    return report_clock(exchange);
  }

  bool report_connection(const http::Exchange& exchange) {
    const Error error(EIO, exchange.detail);
    if (exchange.failure == http::Failure::resolve) return failed("dns", Step::transport, error);
    good("dns", milliseconds(exchange.timing.resolve));
    const bool connected = exchange.timing.connect > microseconds::zero();
    if (exchange.failure != http::Failure::none && !connected) {
      return failed("tcp", Step::transport, error);
    }
    good("tcp", milliseconds(exchange.timing.connect) + ", " + exchange.timing.peer);
    if (exchange.failure == http::Failure::tls) return failed("tls", Step::transport, error);
    if (options_.s3.url.starts_with("https:")) good("tls", milliseconds(exchange.timing.tls));
    if (exchange.failure == http::Failure::none) return true;
    return failed("http", Step::transport, error);
  }

  bool report_clock(const http::Exchange& exchange) {
    const auto date = exchange.headers.find("Date");
    const auto server = date ? parse_http_date(*date) : std::nullopt;
    if (!server) {
      good("clock", "the service does not tell its time");
      return true;
    }
    // A date has whole seconds.
    const auto ahead =
        std::chrono::duration_cast<std::chrono::seconds>(parts_.clock.wall() - *server).count();
    const std::string text = ahead == 0 ? std::string("in step with the service")
                                        : std::to_string(ahead < 0 ? -ahead : ahead) + " s " +
                                              (ahead < 0 ? "behind" : "ahead of") + " the service";
    if (std::chrono::seconds(ahead < 0 ? -ahead : ahead) < kTolerance) {
      good("clock", text);
    } else {
      // Requests are then signed with the service's time, so this is only a warning.
      warn("clock", text + "; set this machine's clock");
    }
    return true;
  }

  bool authenticate() {
    const auto credentials = parts_.credentials.get();
    if (!credentials) return failed("credentials", Step::credentials, credentials.error());
    good("credentials", printable(credentials->source));
    const Status accepted = timed([&] { return parts_.client.probe(options_.fs.prefix); });
    if (!accepted) return failed("auth", Step::bucket, accepted.error());
    good("auth", milliseconds(took_) + ", region " + parts_.client.region());
    return true;
  }

  bool list() {
    store::ListRequest request;
    request.prefix = options_.fs.prefix;
    request.delimited = false;
    auto page = timed([&] { return parts_.client.list(request); });
    if (!page) return failed("list", Step::bucket, page.error());
    good("list", milliseconds(took_) + ", " + std::to_string(page->objects.size()) +
                     (page->next.empty() ? "" : " or more") + " objects");
    for (const store::ListedObject& object : page->objects) {
      if (object.size == 0) continue;
      first_ = object.key;
      break;
    }
    return true;
  }

  bool get() {
    if (first_.empty()) {
      good("get", "there is no object with bytes to try it on");
      return true;
    }
    struct Sink final : store::ByteSink {
      bool write(std::uint64_t, std::span<const char>) override { return true; }
    } sink;
    store::GetRequest request;
    request.key = first_;
    request.range = store::ByteRange{0, 1};
    const auto got = timed([&] { return parts_.client.get(request, sink); });
    if (!got) return failed("get", Step::bucket, got.error());
    good("get", milliseconds(took_) + ", first byte of " + printable(first_));
    return true;
  }

  bool put() {
    MemorySource source(kText);
    store::PutRequest request;
    request.key = options_.fs.prefix + ".pailfs-check-" + std::to_string(parts_.random.next());
    request.attributes.content_type = "text/plain";
    const auto stored = timed([&] { return parts_.client.put(request, source); });
    if (!stored) {
      return failed("put", Step::bucket, stored.error());
    }
    good("put", milliseconds(took_) + ", " + printable(request.key));
    const Status removed = timed([&] { return parts_.client.remove(request.key); });
    if (!removed) return failed("delete", Step::bucket, removed.error());
    good("delete", milliseconds(took_));
    return true;
  }

  /// One line for each kind of request that may carry a condition.
  void conditions() {
    if (!options_.s3.conditions) return;
    for (const s3::TriedCondition& tried :
         parts_.client.try_conditions(options_.fs.prefix, false)) {
      const std::string title = "if " + tried.request;
      const bool demanded = options_.conditions_required && tried.request == "PUT";
      const std::string wrong = disobedience(tried);
      if (tried.failure) {
        warn(title, "cannot be tried: " + tried.failure->text);
      } else if (wrong.empty()) {
        good(title, "made on its condition only");
      } else if (demanded) {
        tell_({CheckStep::Result::failed, title, "conditional=require: the service " + wrong});
        exit_ = Exit::bucket;
      } else {
        warn(title, "the service " + wrong);
      }
    }
  }

  const Options& options_;
  const CheckParts& parts_;
  const std::function<void(const CheckStep&)>& tell_;
  Exit exit_ = Exit::ok;
  nanoseconds took_{};
  store::Key first_;
};

}  // namespace

std::string_view word_of(CheckStep::Result result) {
  switch (result) {
    case CheckStep::Result::ok:
      return "ok";
    case CheckStep::Result::warning:
      return "warning";
    case CheckStep::Result::failed:
      break;
  }
  return "failed";
}

std::string check_line(const CheckStep& step) {
  std::string verdict(word_of(step.result));
  if (step.result != CheckStep::Result::ok) {
    for (char& c : verdict) c = static_cast<char>(c - 'a' + 'A');
  }
  verdict.resize(kVerdictWidth, ' ');
  std::string padded(step.name);
  padded.resize(std::max(kTitleWidth, padded.size()), ' ');
  return verdict + padded + step.text + "\n";
}

int check_service(const Options& options, bool write, const CheckParts& parts,
                  const std::function<void(const CheckStep&)>& tell) {
  return Checker(options, parts, tell).run(write);
}

}  // namespace pailfs::cli
