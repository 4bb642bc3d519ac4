// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <map>

#include "pailfs/mount/runtime.h"
#include "pailfs/report/identity_json.h"
#include "pailfs/report/report.h"
#include "pailfs/util/json_writer.h"
#include "pailfs/util/text.h"

namespace pailfs::report {
namespace {

void put_subject(const Report& report, JsonWriter& json) {
  const Subject& subject = report.subject;
  const auto uptime =
      std::chrono::duration_cast<std::chrono::seconds>(report.now - subject.started);
  json.member("format", kJsonFormat);
  put_identity(subject.what, report.region, json);
  json.member("mountpoint", mount::is_placeless_name(subject.mountpoint) ? "" : subject.mountpoint);
  json.member("reached", !report.unreached);
  if (report.unreached) json.member("unreached", *report.unreached);
  json.member("pid", subject.pid).member("version", subject.version);
  json.member("started", iso8601_millis(subject.started));
  json.member("uptime_seconds", uptime.count()).member("log", subject.log);
  json.key("credentials").begin_object().member("source", report.credentials).key("expires");
  if (report.credentials_expire) {
    json.value(iso8601_millis(*report.credentials_expire));
  } else {
    json.null();
  }
  json.end_object();
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
  return "unknown";
}

/// null: none are used.
void put_conditions(const Report& report, JsonWriter& json) {
  json.key("conditions");
  if (!report.obedience) {
    json.null();
    return;
  }
  const store::Obedience& all = *report.obedience;
  json.begin_object().member("put", word_of(all.put)).member("put_absent", word_of(all.put_absent));
  json.member("complete", word_of(all.complete));
  json.member("complete_absent", word_of(all.complete_absent));
  json.member("copy", word_of(all.copy)).member("copy_absent", word_of(all.copy_absent));
  json.member("delete", word_of(all.remove));
  json.member("delete_many", word_of(all.remove_many)).end_object();
}

void put_unstored(const fs::Activity& activity, std::size_t most, JsonWriter& json) {
  std::vector<const fs::UnstoredFile*> files;
  for (const fs::UnstoredFile& file : activity.unstored) files.push_back(&file);
  std::stable_partition(files.begin(), files.end(),
                        [](const fs::UnstoredFile* file) { return !file->failure.empty(); });
  files.resize(std::min(files.size(), most));
  json.key("unstored").begin_object().member("files", activity.unstored.size());
  json.member("bytes", activity.unstored_bytes()).key("list").begin_array();
  for (const fs::UnstoredFile* file : files) {
    json.begin_object().member("path", file->path).member("bytes", file->bytes);
    if (!file->failure.empty()) json.member("failure", file->failure);
    json.end_object();
  }
  json.end_array().end_object();
}

void put_journal(const journal::Waiting& waiting, std::size_t most, JsonWriter& json) {
  json.key("journal").begin_object().member("changes", waiting.changes);
  json.member("bytes", waiting.bytes).member("oldest_seconds", waiting.oldest.count());
  json.member("carried_out", waiting.carried_out).member("conflicts", waiting.conflicts);
  json.member("acknowledges", waiting.acknowledges).member("directory", waiting.directory);
  const auto put_list = [&](const char* name, const std::vector<journal::Unstored>& list) {
    json.key(name).begin_array();
    for (std::size_t i = 0; i < std::min(most, list.size()); ++i) {
      json.begin_object().member("key", list[i].key).member("why", list[i].why).end_object();
    }
    json.end_array();
  };
  put_list("refused", waiting.refused);
  put_list("set_aside", waiting.set_aside);
  put_list("others", waiting.others);
  json.end_object();
}

void put_conflicts(const Report& report, std::size_t most, JsonWriter& json) {
  const fs::Activity& activity = report.activity;
  json.key("conflicts").begin_object().member("lost_races", activity.lost_races);
  json.member("directory", report.subject.conflicts).key("list").begin_array();
  for (const fs::LostRace& race : activity.last_lost_races) {
    if (most-- == 0) break;
    json.begin_object().member("path", race.path).member("kept_in", race.kept_in);
    json.member("why", race.why).end_object();
  }
  json.end_array().end_object();
}

void put_locks(const fs::Activity& activity, JsonWriter& json) {
  if (!activity.locks) return;
  json.key("locks").begin_object().member("locked_files", activity.locks->locked);
  json.member("lost_files", activity.locks->lost).end_object();
}

void put_uploads(const fs::Activity& activity, std::size_t most, JsonWriter& json) {
  json.key("uploads").begin_array();
  for (const fs::UploadState& upload : activity.uploads) {
    if (most-- == 0) break;
    json.begin_object().member("path", upload.path).member("bytes_done", upload.bytes_done);
    json.member("bytes_total", upload.bytes_total).end_object();
  }
  json.end_array();
}

void put_last_error(const Report& report, JsonWriter& json) {
  json.member("store_failures", report.activity.store_failures).key("last_error");
  const auto last = last_error(report);
  if (!last) {
    json.null();
    return;
  }
  const fs::StoreFailure& failure = *last;
  json.begin_object().member("time", iso8601_millis(failure.time)).member("path", failure.path);
  json.member("text", failure.error.text).member("request_id", failure.error.request_id);
  json.end_object();
}

void put_requests(const Report& report, JsonWriter& json) {
  json.key("s3_requests").begin_object();
  for (const s3::RequestCount& count : report.requests) {
    if (count.requests == 0) continue;
    json.key(count.verb).begin_object().member("requests", count.requests);
    json.member("retries", count.retries).member("failures", count.failures).end_object();
  }
  json.end_object().member("bytes_sent", report.bytes_sent);
  json.member("bytes_received", report.bytes_received);
  std::map<std::string_view, std::uint64_t> verbs;
  for (const auto& row : report.kernel) verbs[row.verb] += row.count;
  json.key("fuse_requests").begin_object();
  for (const auto& [verb, count] : verbs) json.member(verb, count);
  json.end_object();
}

void put_oldest(const fuse::OldestRequest& oldest, JsonWriter& json) {
  json.key("oldest_request").begin_object().member("verb", oldest.verb);
  json.member("name", oldest.name).member("thread", oldest.thread);
  json.member("seconds", oldest.age.count()).member("waits_for", oldest.waits_for).end_object();
}

}  // namespace

std::string to_json(const Report& report, std::size_t most_files) {
  const fs::Activity& activity = report.activity;
  JsonWriter json;
  json.begin_object();
  put_subject(report, json);
  put_conditions(report, json);
  json.member("open_files", activity.open_files);
  put_unstored(activity, most_files, json);
  if (report.journal) put_journal(*report.journal, most_files, json);
  put_conflicts(report, most_files, json);
  put_locks(activity, json);
  put_uploads(activity, most_files, json);
  put_last_error(report, json);
  json.key("cache").begin_object().member("attributes", activity.cached_attributes);
  json.member("listings", activity.cached_listings);
  if (activity.kept_bytes) json.member("disk_bytes", *activity.kept_bytes);
  if (activity.kept_bytes) json.member("blocks_without_room", activity.blocks_without_room);
  const std::string& not_kept = report.subject.keeps_nothing;
  if (!not_kept.empty()) json.member("not_kept", not_kept);
  json.end_object();
  put_requests(report, json);
  if (report.oldest) put_oldest(*report.oldest, json);
  return json.end_object().text();
}

}  // namespace pailfs::report
