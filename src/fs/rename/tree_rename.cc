// SPDX-License-Identifier: Apache-2.0
#include "tree_rename.h"

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "fs/format/object_headers.h"

namespace pailfs::fs {

Result<TreeRename::Plan> TreeRename::plan(const std::string& from, const std::string& to) {
  Plan plan;
  store::ListRequest request;
  request.prefix = from;
  request.delimited = false;
  do {
    const auto page = store_.list(request);
    if (!page) return page.error();
    for (const store::ListedObject& object : page->objects) {
      if (object.key == from) {
        plan.marker = CopyJob{from, to, object.etag, object.size, std::nullopt};
        continue;
      }
      const std::string destination = to + object.key.substr(from.size());
      const Status fits = store::check_length(destination.size(), destination, store_.limits());
      if (!fits) return fits.error();
      plan.jobs.push_back({object.key, destination, object.etag, object.size, std::nullopt});
    }
    request.continuation = page->next;
  } while (!request.continuation.empty());
  return plan;
}

Status TreeRename::note_names(const std::string& to, Plan& plan) {
  store::ListRequest request;
  request.prefix = to;
  request.delimited = false;
  do {
    const auto page = store_.list(request);
    if (!page) return page.error();
    for (const store::ListedObject& object : page->objects) plan.before.insert(object.key);
    request.continuation = page->next;
  } while (!request.continuation.empty());
  return {};
}

Status TreeRename::copy_all(const std::vector<CopyJob>& jobs, Outcome& outcome) {
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
    if (!etag && etag.error().err == ENOTSUP && !last_word) {
      refused.push_back(&job);
    } else if (etag) {
      outcome.moved.push_back(
          {job.source, job.version, job.destination, std::move(*etag), job.size});
    } else {
      outcome.doubtful.push_back(&job);
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

bool TreeRename::is_made(const CopyJob& job) {
  const auto copy = store_.head(job.destination);
  if (!copy) return false;
  const auto source = store_.head(job.source);
  if (!source || source->attributes != copy->attributes || source->size != copy->size) return false;
  // A copy that is encrypted or made in parts may have another ETag; then the ctime shows that it
  // is one.
  return source->etag == copy->etag || find_metadata(copy->attributes, "ctime") != nullptr;
}

void TreeRename::undo(const Plan& plan, const Outcome& outcome) {
  std::vector<store::Removal> copies;
  for (const MovedObject& object : outcome.moved) {
    if (!plan.before.contains(object.destination))
      copies.emplace_back(object.destination, object.etag);
  }
  for (const CopyJob* job : outcome.doubtful) {
    if (!plan.before.contains(job->destination) && is_made(*job))
      copies.emplace_back(job->destination);
  }
  for (const Status& removed : store_.remove_many(copies)) {
    // What another client has put there meanwhile stays.
    if (!removed && removed.error().err != ESTALE)
      log_error("copy left behind by a failed rename: " + removed.error().text);
  }
}

Result<store::ETag> TreeRename::make_marker(const Plan& plan, const store::Key& to,
                                            const store::ObjectAttributes& attributes) {
  if (plan.marker && plan.marker->size > 0) {
    CopyJob job = *plan.marker;
    job.attributes = attributes;
    return copier_.copy(job, config_.no_copy_api || config_.no_rename_api);
  }
  MemorySource nothing("");
  return store_.put({.key = to, .attributes = attributes}, nothing);
}

Result<std::vector<MovedObject>> TreeRename::run(const std::string& from, const std::string& to,
                                                 const store::ObjectAttributes& marker,
                                                 bool into_copies) {
  auto plan = this->plan(from, to);
  if (!plan) return plan.error();
  if (plan->jobs.empty() && !plan->marker) {
    return Error{ENOENT, printable(from) + ": was removed elsewhere"};
  }
  const Status noted = into_copies ? note_names(to, *plan) : Status();
  if (!noted) return noted.error();

  Outcome outcome;
  const Status copied = copy_all(plan->jobs, outcome);
  if (!copied) {
    undo(*plan, outcome);
    return copied.error();
  }
  const auto marked = make_marker(*plan, to, marker);
  if (!marked) {
    undo(*plan, outcome);
    return marked.error().with("make directory " + printable(to));
  }

  std::vector<store::Removal> sources;
  for (const MovedObject& object : outcome.moved)
    sources.emplace_back(object.source, object.source_etag);
  if (plan->marker) sources.emplace_back(from, plan->marker->version);
  const std::vector<Status> removed = store_.remove_many(sources);
  for (std::size_t i = 0; i < removed.size(); ++i) {
    if (removed[i]) continue;
    if (removed[i].error().err == ESTALE) {
      log_warning(printable(sources[i].key) +
                  ": another client has changed it while its directory was renamed to " +
                  printable(to) + "; its new version keeps the old name");
      continue;
    }
    // Both names now lead to the data: nothing is lost, and the caller gets an error.
    return removed[i].error().with("remove the old name after copying");
  }
  return outcome.moved;
}

}  // namespace pailfs::fs
