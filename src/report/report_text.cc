// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <chrono>
#include <map>

#include "pailfs/report/report.h"
#include "pailfs/util/text.h"

namespace pailfs::report {
namespace {

/// Most lines of a list, for a screen.
constexpr std::size_t kMostFiles = 20;

std::string line(std::string_view title, const std::string& text) {
  std::string out = "  " + std::string(title);
  out.resize(16, ' ');
  return out + text + "\n";
}

std::string counted(std::uint64_t number, std::string_view one, std::string_view many) {
  return std::to_string(number) + " " + std::string(number == 1 ? one : many);
}

/// The two largest units: "3 d 4 h", "12 s".
std::string span(std::chrono::nanoseconds duration) {
  auto left = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  if (left < 0) left = 0;
  struct Unit {
    long long seconds;
    std::string_view name;
  };
  static constexpr std::array<Unit, 4> kUnits = {
      {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}}};
  std::string text;
  int shown = 0;
  for (const Unit& unit : kUnits) {
    const long long number = left / unit.seconds;
    left %= unit.seconds;
    if ((number == 0 && text.empty() && unit.seconds > 1) || shown == 2) continue;
    text += (text.empty() ? "" : " ") + std::to_string(number) + " " + std::string(unit.name);
    ++shown;
  }
  return text;
}

std::string credentials_text(const Report& report) {
  if (!report.credentials_expire) return report.credentials;
  const bool over = *report.credentials_expire <= report.now;
  return report.credentials + (over ? ", expired at " : ", expire at ") +
         iso8601_millis(*report.credentials_expire);
}

std::string_view word_of(store::Obeys obeys) {
  switch (obeys) {
    case store::Obeys::yes:
      return "obeyed";
    case store::Obeys::no:
      return "ignored";
    case store::Obeys::unknown:
      break;
  }
  return "not known";
}

std::string obedience_text(std::string_view request, store::Obeys version, store::Obeys absent) {
  std::string text = std::string(request) + " " + std::string(word_of(version));
  if (version != absent) text += " (of absence: " + std::string(word_of(absent)) + ")";
  return text;
}

std::string conditions_text(const Report& report) {
  if (!report.obedience) return line("conditions", "none are used (conditional=off)");
  const store::Obedience& all = *report.obedience;
  return line("conditions", obedience_text("PUT", all.put, all.put_absent) + ", " +
                                obedience_text("complete", all.complete, all.complete_absent) +
                                ", " + obedience_text("COPY", all.copy, all.copy_absent) + ", " +
                                obedience_text("DELETE", all.remove, all.remove));
}

std::string unstored_text(const fs::Activity& activity) {
  if (activity.unstored.empty()) return line("unstored", "nothing");
  std::string text = line("unstored", describe_unstored(activity));
  std::size_t left = kMostFiles;
  for (const fs::UnstoredFile& file : activity.unstored) {
    if (left-- == 0) return text + "    ...\n";
    text += "    " + (file.path.empty() ? "(a removed file)" : printable(file.path)) + "  " +
            human_size(file.bytes);
    if (!file.failure.empty()) text += ": " + printable(file.failure);
    text += "\n";
  }
  return text;
}

std::string uploads_text(const fs::Activity& activity) {
  if (activity.uploads.empty()) return {};
  std::string text = line("uploads", std::to_string(activity.uploads.size()));
  std::size_t left = kMostFiles;
  for (const fs::UploadState& upload : activity.uploads) {
    if (left-- == 0) return text + "    ...\n";
    text += "    " + printable(upload.path) + "  " + human_size(upload.bytes_done) + " of " +
            human_size(upload.bytes_total);
    if (upload.bytes_total > 0) {
      const double percent =
          100.0 * static_cast<double>(upload.bytes_done) / static_cast<double>(upload.bytes_total);
      text += " (" + std::to_string(static_cast<int>(percent)) + " %)";
    }
    text += "\n";
  }
  return text;
}

std::string journal_text(const Report& report) {
  if (!report.journal) return {};
  const journal::Waiting& waiting = *report.journal;
  std::string text = line("journal", describe_waiting(waiting) + " in " + waiting.directory);
  if (!waiting.acknowledges) text += "    takes nothing in: every change waits for the service\n";
  std::size_t left = kMostFiles;
  const std::vector<journal::Unstored> none;
  // Changes that only wait for their turn are shown only beside refused ones.
  const auto& held = waiting.refusals > 0 ? waiting.others : none;
  for (const auto* list : {&waiting.refused, &waiting.set_aside, &held}) {
    for (const journal::Unstored& each : *list) {
      if (left-- == 0) return text + "    ...\n";
      text += "    " + printable(each.key) + ": " + printable(each.why) + "\n";
    }
  }
  return text;
}

std::string conflicts_text(const Report& report) {
  const fs::Activity& activity = report.activity;
  const std::uint64_t journals = report.journal ? report.journal->conflicts : 0;
  const std::uint64_t all = activity.lost_races + journals;
  if (all == 0) return {};
  std::string text =
      line("conflicts", counted(all, "change", "changes") +
                            " of this mount lost against another client's since it began; "
                            "pailfs conflicts " +
                            printable(report.subject.mountpoint) + " lists what is kept");
  std::size_t left = kMostFiles;
  for (const fs::LostRace& race : activity.last_lost_races) {
    if (left-- == 0) return text + "    ...\n";
    text += "    " + printable(race.path) + ": " + printable(race.why) + "\n";
  }
  return text;
}

std::string locks_text(const fs::Activity& activity) {
  if (!activity.locks) return {};
  const fs::LockCounts& locks = *activity.locks;
  std::string text = counted(locks.locked, "file", "files") + " locked in the bucket by this mount";
  if (locks.lost > 0) {
    text += ", the locks of " + counted(locks.lost, "open file", "open files") + " are lost";
  }
  return line("locks", text);
}

std::string last_error_text(const Report& report) {
  const auto last = last_error(report);
  if (!last) return line("last error", "none");
  const fs::StoreFailure& failure = *last;
  std::string text = iso8601_millis(failure.time) + " " + printable(failure.error.text);
  if (!failure.error.request_id.empty()) text += " (request " + failure.error.request_id + ")";
  return line("last error", text);
}

std::string requests_text(const Report& report) {
  std::string text;
  std::uint64_t retries = 0;
  std::uint64_t failures = 0;
  for (const s3::RequestCount& count : report.requests) {
    retries += count.retries;
    failures += count.failures;
    if (count.requests == 0) continue;
    text += (text.empty() ? "" : ", ") + count.verb + " " + std::to_string(count.requests);
  }
  if (text.empty()) text = "none";
  text +=
      "; " + counted(retries, "retry", "retries") + ", " + counted(failures, "failure", "failures");
  return line("requests", text) +
         line("transferred", human_size(report.bytes_sent) + " sent, " +
                                 human_size(report.bytes_received) + " received");
}

std::string kernel_text(const Report& report) {
  std::map<std::string_view, std::uint64_t> verbs;
  for (const auto& row : report.kernel) verbs[row.verb] += row.count;
  std::string text;
  for (const auto& [verb, count] : verbs) {
    text += (text.empty() ? "" : ", ") + std::string(verb) + " " + std::to_string(count);
  }
  return line("kernel", text.empty() ? "none" : text);
}

std::string oldest_text(const Report& report) {
  if (!report.oldest) return {};
  const fuse::OldestRequest& oldest = *report.oldest;
  std::string text(oldest.verb);
  if (!oldest.name.empty()) text += " \"" + printable(oldest.name) + "\"";
  return line("waiting", text + " for thread " + std::to_string(oldest.thread) + ", since " +
                             span(oldest.age) + ", for " + oldest.waits_for);
}

std::string cache_text(const Report& report) {
  const fs::Activity& activity = report.activity;
  std::string text = counted(activity.cached_attributes, "entry", "entries") + ", " +
                     counted(activity.cached_listings, "listing", "listings");
  if (activity.kept_bytes) text += ", " + human_size(*activity.kept_bytes) + " on disk";
  text = line("cache", text);
  if (!report.subject.keeps_nothing.empty())
    text += "    " + printable(report.subject.keeps_nothing) + "\n";
  if (activity.blocks_without_room > 0) {
    text += "    " + counted(activity.blocks_without_room, "block", "blocks") +
            " not kept: the file system of use_cache has too little free room\n";
  }
  return text;
}

}  // namespace

std::string describe_unstored(const fs::Activity& activity) {
  std::size_t failed = 0;
  for (const fs::UnstoredFile& file : activity.unstored) failed += file.failure.empty() ? 0 : 1;
  std::string text = counted(activity.unstored.size(), "file", "files") + ", " +
                     human_size(activity.unstored_bytes());
  if (failed > 0) text += ", " + std::to_string(failed) + " failed";
  return text;
}

std::string describe_waiting(const journal::Waiting& waiting) {
  if (waiting.changes == 0 && waiting.conflicts == 0) return "nothing waits";
  std::string text = counted(waiting.changes, "change", "changes") + ", " +
                     human_size(waiting.bytes) + ", the oldest " + span(waiting.oldest) + " old";
  if (waiting.refusals > 0) text += ", " + std::to_string(waiting.refusals) + " refused";
  if (waiting.conflicts > 0) text += ", " + counted(waiting.conflicts, "conflict", "conflicts");
  return text;
}

std::string to_text(const Report& report) {
  const Subject& subject = report.subject;
  const fs::Activity& activity = report.activity;
  return printable(subject.what.source) + " on " + printable(subject.mountpoint) + "\n" +
         line("service", subject.what.url + ", region " + report.region) + conditions_text(report) +
         (report.unreached ? line("bucket", "not reached yet: " + printable(*report.unreached))
                           : std::string()) +
         line("process", "pid " + std::to_string(subject.pid) + ", pailfs " + subject.version +
                             ", up " + span(report.now - subject.started)) +
         line("credentials", credentials_text(report)) + line("log", subject.log) +
         line("open", counted(activity.open_files, "file", "files")) + unstored_text(activity) +
         journal_text(report) + conflicts_text(report) + locks_text(activity) +
         uploads_text(activity) + last_error_text(report) + cache_text(report) +
         requests_text(report) + kernel_text(report) + oldest_text(report);
}

}  // namespace pailfs::report
