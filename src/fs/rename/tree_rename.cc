// SPDX-License-Identifier: Apache-2.0
#include "tree_rename.h"

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "fs/format/object_headers.h"

namespace pailfs::fs {
namespace {

/// A copy that is encrypted or made in parts may have another ETag than its source; then the ctime
/// shows that it is one.
bool is_like(const store::ObjectInfo& source, const store::ObjectInfo& copy) {
  if (source.attributes != copy.attributes || source.size != copy.size) return false;
  return source.etag == copy.etag || find_metadata(copy.attributes, "ctime") != nullptr;
}

}  // namespace

Status TreeRename::for_each_below(const std::string& prefix,
                                  const std::function<Status(const store::ListedObject&)>& visit) {
  store::ListRequest request;
  request.prefix = prefix;
  request.delimited = false;
  do {
    const auto page = store_.list(request);
    if (!page) return page.error();
    for (const store::ListedObject& object : page->objects) {
      if (const Status visited = visit(object); !visited) return visited;
    }
    request.continuation = page->next;
  } while (!request.continuation.empty());
  return {};
}

Result<TreeRename::Plan> TreeRename::plan(const TreeMove& move) {
  Plan plan;
  if (move.target == TreeMove::Target::copies) {
    const Status noted = for_each_below(move.to, [&](const store::ListedObject& object) -> Status {
      plan.before.emplace(object.key, object.etag);
      return {};
    });
    if (!noted) return noted.error();
  }
  const Status planned =
      for_each_below(move.from, [&](const store::ListedObject& object) -> Status {
        CopyJob job{object.key, move.to + object.key.substr(move.from.size()), object.etag,
                    object.size, std::nullopt};
        if (object.key == move.from) {
          plan.marker = std::move(job);
          return {};
        }
        const auto there = plan.before.find(job.destination);
        job.condition.absent = there == plan.before.end();
        if (!job.condition.absent) job.condition.version = there->second;
        const std::size_t length = job.destination.size();
        Status fits = store::check_length(length, job.destination, store_.limits());
        if (fits) plan.jobs.push_back(std::move(job));
        return fits;
      });
  if (!planned) return planned.error();
  if (plan.jobs.empty() && !plan.marker) {
    return Error{ENOENT, printable(move.from) + ": was removed elsewhere"};
  }
  return plan;
}

Status TreeRename::copy_each(const std::vector<CopyJob>& jobs, Outcome& outcome) {
  const bool locally = config_.no_copy_api || config_.no_rename_api;
  // A copy that needs several requests fans out by itself and so cannot run on a pool thread.
  std::vector<const CopyJob*> small;
  std::vector<const CopyJob*> large;
  for (const CopyJob& job : jobs) {
    (!locally && copier_.fits_one_request(job.size) ? small : large).push_back(&job);
  }
  Mutex mutex;
  Status failure;
  std::vector<const CopyJob*> refused;  // the store cannot copy them
  const auto note = [&](const CopyJob& job, Result<store::ETag> etag, bool last_word) {
    MutexLock lock(mutex);
    if (etag) {
      outcome.copies.push_back({&job, std::move(*etag)});
    } else if (etag.error().err == ENOTSUP && !last_word) {
      refused.push_back(&job);
    } else {
      if (etag.error().in_doubt) outcome.copies.push_back({&job, {}});
      if (failure) failure = etag.error().with("copy " + printable(job.source));
    }
  };
  for_each_parallel(pool_, small.size(), config_.parallel, [&](std::size_t i) {
    {
      MutexLock lock(mutex);
      if (!failure) return;
    }
    note(*small[i], copier_.copy_in_one(*small[i]), false);
  });
  for (const CopyJob* job : large) {
    if (!failure) break;
    note(*job, copier_.copy(*job, locally), true);
  }
  for (const CopyJob* job : refused) {
    if (!failure) break;
    note(*job, copier_.copy(*job, true), true);
  }
  return failure;
}

Status TreeRename::copy_all(const TreeMove& move, const Plan& plan, Outcome& outcome) {
  const bool claims = move.target == TreeMove::Target::absent;
  const auto mark = [&]() -> Status {
    const auto made = make_marker(move, plan);
    if (!made) return made.error().with("make directory " + printable(move.to));
    if (claims) outcome.claim = *made;
    return {};
  };
  if (claims) {
    if (Status claimed = mark(); !claimed) return claimed;
  }
  Status copied = copy_each(plan.jobs, outcome);
  // Attributes of a directory that was there change only when nothing else can fail.
  return copied && !claims ? mark() : copied;
}

Result<store::ETag> TreeRename::make_marker(const TreeMove& move, const Plan& plan) {
  const store::Condition condition{.absent = move.target == TreeMove::Target::absent};
  if (plan.marker && plan.marker->size > 0) {
    CopyJob job = *plan.marker;
    job.attributes = move.marker;
    job.condition = condition;
    return copier_.copy(job, config_.no_copy_api || config_.no_rename_api);
  }
  MemorySource nothing("");
  return store_.put({.key = move.to, .attributes = move.marker, .condition = condition}, nothing);
}

std::optional<store::Removal> TreeRename::removal_of(const Made& made) {
  const auto& [job, etag] = made;
  const auto copy = store_.head(job->destination);
  if (!copy) {
    const bool gone = copy.error().err == ENOENT || etag.empty();
    return gone ? std::nullopt : std::optional(store::Removal(job->destination, etag));
  }
  // Another client may have stored the same bytes, as empty files often are: its object has other
  // times.
  const auto source = store_.head(job->source);
  const bool comparable = source && source->etag == job->version;
  const bool ours = comparable ? is_like(*source, *copy) : !etag.empty() && copy->etag == etag;
  if (!ours) return std::nullopt;
  return store::Removal(job->destination, copy->etag);
}

void TreeRename::undo(const TreeMove& move, const Plan& plan, const Outcome& outcome) {
  std::vector<std::optional<store::Removal>> ours(outcome.copies.size());
  for_each_parallel(pool_, ours.size(), config_.parallel, [&](std::size_t i) {
    const Made& made = outcome.copies[i];
    if (!plan.before.contains(made.job->destination)) ours[i] = removal_of(made);
  });
  std::vector<store::Removal> removals;
  for (const auto& removal : ours) {
    if (removal) removals.push_back(*removal);
  }
  if (outcome.claim) removals.emplace_back(move.to, *outcome.claim);
  for (const Status& removed : store_.remove_many(removals)) {
    // What another client has put there meanwhile stays.
    if (!removed && removed.error().err != ESTALE)
      log_error("copy left behind by a failed rename: " + removed.error().text);
  }
}

Result<std::vector<store::Key>> TreeRename::remove_sources(const TreeMove& move, const Plan& plan,
                                                           const Outcome& outcome) {
  std::vector<store::Removal> sources;
  for (const Made& made : outcome.copies) sources.emplace_back(made.job->source, made.job->version);
  if (plan.marker) sources.emplace_back(move.from, plan.marker->version);
  const std::vector<Status> removed = store_.remove_many(sources);
  std::vector<store::Key> stay;
  for (std::size_t i = 0; i < removed.size(); ++i) {
    if (removed[i]) continue;
    // Both names now lead to the data: nothing is lost, and the caller gets an error.
    if (removed[i].error().err != ESTALE)
      return removed[i].error().with("remove the old name after copying");
    log_warning(printable(sources[i].key) +
                ": another client has changed it while its directory was renamed to " +
                printable(move.to) + "; its new version keeps the old name");
    stay.push_back(sources[i].key);
  }
  return stay;
}

Result<MovedTree> TreeRename::run(const TreeMove& move) {
  const auto plan = this->plan(move);
  if (!plan) return plan.error();
  Outcome outcome;
  if (const Status copied = copy_all(move, *plan, outcome); !copied) {
    undo(move, *plan, outcome);
    if (copied.error().err != EEXIST) return copied.error();
    return Error{ENOTEMPTY, printable(move.to) +
                                ": another client has made it meanwhile: " + copied.error().text};
  }
  auto stay = remove_sources(move, *plan, outcome);
  if (!stay) return stay.error();
  MovedTree moved{{}, std::move(*stay)};
  for (Made& made : outcome.copies) {
    const CopyJob& job = *made.job;
    moved.objects.push_back(
        {job.source, job.version, job.destination, std::move(made.etag), job.size});
  }
  return moved;
}

}  // namespace pailfs::fs
