// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include <array>
#include <chrono>
#include <cstdio>

#include "pailfs/report/report.h"

namespace pailfs::report {
namespace {

std::string number(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.10g", value);
  return text.data();
}

/// "PUT part" -> "put_part": a label that a query can spell.
std::string api_name(std::string_view verb) {
  std::string name(verb);
  for (char& c : name) {
    if (c == ' ') c = '_';
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

std::string errno_name(int value) {
  const char* name = value == 0 ? "0" : ::strerrorname_np(value);
  return name == nullptr ? std::to_string(value) : name;
}

/// One family of samples.
class Family final {
 public:
  Family(std::string name, std::string_view type, std::string_view help)
      : name_("pailfs_" + std::move(name)) {
    text_ = "# HELP " + name_ + " " + std::string(help) + "\n# TYPE " + name_ + " " +
            std::string(type) + "\n";
  }
  /// `labels` without braces, may be empty.
  Family& sample(std::string_view suffix, const std::string& labels, const std::string& value) {
    text_ += name_ + std::string(suffix);
    if (!labels.empty()) text_ += "{" + labels + "}";
    text_ += " " + value + "\n";
    return *this;
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string name_;
  std::string text_;
};

std::string single(std::string name, std::string_view type, std::string_view help,
                   const std::string& value) {
  return Family(std::move(name), type, help).sample("", "", value).text();
}

std::string kernel_requests(const Report& report) {
  Family family("fuse_requests_total", "counter", "Requests of the kernel by answer.");
  for (const auto& row : report.kernel) {
    family.sample(
        "", "op=\"" + std::string(row.verb) + "\",errno=\"" + errno_name(row.errno_value) + "\"",
        std::to_string(row.count));
  }
  return family.text();
}

std::string s3_requests(const Report& report) {
  Family family("s3_requests_total", "counter",
                "Requests to the store by HTTP status; code 0: no reply came.");
  for (const s3::RequestCount& count : report.requests) {
    for (const auto& [status, times] : count.by_status) {
      family.sample("",
                    "api=\"" + api_name(count.verb) + "\",code=\"" + std::to_string(status) + "\"",
                    std::to_string(times));
    }
  }
  return family.text();
}

std::string s3_latency(const Report& report) {
  Family family("s3_request_duration_seconds", "histogram", "Time from request to end of reply.");
  for (const s3::RequestCount& count : report.requests) {
    if (count.requests == 0) continue;
    const std::string api = "api=\"" + api_name(count.verb) + "\"";
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < count.by_latency.size(); ++i) {
      below += count.by_latency[i];
      const bool last = i == s3::kLatencyBounds.size();
      const std::string bound = last ? "+Inf" : number(s3::kLatencyBounds[i]);
      family.sample("_bucket", api + ",le=\"" + bound + "\"", std::to_string(below));
    }
    family.sample("_sum", api, number(count.seconds));
    family.sample("_count", api, std::to_string(below));
  }
  return family.text();
}

std::string s3_bytes(const Report& report) {
  return Family("s3_bytes_total", "counter", "Bytes of bodies.")
      .sample("", "dir=\"sent\"", std::to_string(report.bytes_sent))
      .sample("", "dir=\"received\"", std::to_string(report.bytes_received))
      .text();
}

std::string journal_metrics(const journal::Waiting& waiting) {
  return single("journal_changes", "gauge", "Changes that wait in the journal.",
                std::to_string(waiting.changes)) +
         single("journal_bytes", "gauge", "Bytes that wait in the journal.",
                std::to_string(waiting.bytes)) +
         single("journal_oldest_seconds", "gauge", "For how long the oldest of them waits.",
                std::to_string(waiting.oldest.count())) +
         single("journal_refused", "gauge", "Changes that the store refuses.",
                std::to_string(waiting.refusals)) +
         single("journal_carried_out_total", "counter", "Changes that were carried out.",
                std::to_string(waiting.carried_out)) +
         single("journal_conflicts_total", "counter", "Changes set aside for a later foreign one.",
                std::to_string(waiting.conflicts));
}

}  // namespace

std::string to_metrics(const Report& report) {
  const fs::Activity& activity = report.activity;
  std::string text =
      kernel_requests(report) + s3_requests(report) + s3_latency(report) + s3_bytes(report);
  text += single("fuse_oldest_request_seconds", "gauge",
                 "For how long the kernel has waited for the oldest answer; 0 below a second.",
                 std::to_string(report.oldest ? report.oldest->age.count() : 0));
  text += single("upload_pending_bytes", "gauge", "Written, and not stored yet.",
                 std::to_string(activity.unstored_bytes()));
  text += single("upload_pending_files", "gauge", "Files with something not stored yet.",
                 std::to_string(activity.unstored.size()));
  text += single("upload_errors_total", "counter", "Failed attempts to store a file.",
                 std::to_string(activity.store_failures));
  if (report.journal) text += journal_metrics(*report.journal);
  text += single("open_files", "gauge", "Open file handles.", std::to_string(activity.open_files));
  text += single("cache_entries", "gauge", "Names whose attributes are known.",
                 std::to_string(activity.cached_attributes));
  if (activity.kept_bytes) {
    text += single("cache_disk_bytes", "gauge", "What use_cache keeps on disk.",
                   std::to_string(*activity.kept_bytes));
  }
  if (report.credentials_expire) {
    const auto since = report.credentials_expire->time_since_epoch();
    text += single("credentials_expiry_timestamp_seconds", "gauge", "When the credentials expire.",
                   number(std::chrono::duration<double>(since).count()));
  }
  return text;
}

}  // namespace pailfs::report
