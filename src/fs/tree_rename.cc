// SPDX-License-Identifier: Apache-2.0
#include "tree_rename.h"

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

namespace pailfs::fs {

Result<std::vector<CopyJob>> TreeRename::list(const std::string& from, const std::string& to,
                                              bool& has_marker) {
  std::vector<CopyJob> jobs;
  s3::ListRequest request;
  request.prefix = from;
  request.delimited = false;
  do {
    const auto page = store_.list(request);
    if (!page) return page.error();
    for (const s3::ListedObject& object : page->objects) {
      if (object.key == from) {
        has_marker = true;
        continue;
      }
      const std::string destination = to + object.key.substr(from.size());
      if (destination.size() > 1024) {
        return Error{ENAMETOOLONG, printable(destination) + ": longer than a key of 1024 bytes"};
      }
      jobs.push_back({object.key, destination, object.etag, object.size, std::nullopt});
    }
    request.continuation = page->next;
  } while (!request.continuation.empty());
  return jobs;
}

Status TreeRename::copy_all(const std::vector<CopyJob>& jobs, std::vector<MovedObject>& moved) {
  const bool locally = config_.no_copy_api || config_.no_rename_api;
  // What needs several requests fans out by itself and so cannot run on a pool thread.
  std::vector<const CopyJob*> small;
  std::vector<const CopyJob*> large;
  for (const CopyJob& job : jobs) {
    (!locally && copier_.fits_one_request(job.size) ? small : large).push_back(&job);
  }
  Mutex mutex;
  Status failure;
  std::vector<const CopyJob*> refused;  // the store cannot copy them
  const auto note = [&](const CopyJob& job, Result<s3::ETag> etag, bool last_word) {
    MutexLock lock(mutex);
    if (!etag && etag.error().err == ENOTSUP && !last_word) {
      refused.push_back(&job);
    } else if (etag) {
      moved.push_back({job.source, job.version, job.destination, std::move(*etag)});
    } else if (failure) {
      failure = etag.error().with("copy " + printable(job.source));
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

void TreeRename::undo(const std::vector<s3::Key>& keys) {
  for (const Status& removed : store_.remove_many(keys)) {
    if (!removed) log_error("copy left behind by a failed rename: " + removed.error().text);
  }
}

Result<std::vector<MovedObject>> TreeRename::run(const std::string& from, const std::string& to,
                                                 const s3::ObjectAttributes& marker) {
  bool has_marker = false;
  const auto jobs = list(from, to, has_marker);
  if (!jobs) return jobs.error();
  if (jobs->empty() && !has_marker) {
    return Error{ENOENT, printable(from) + ": was removed elsewhere"};
  }

  std::vector<MovedObject> moved;
  const Status copied = copy_all(*jobs, moved);
  std::vector<s3::Key> made;
  for (const MovedObject& object : moved) made.push_back(object.destination);
  if (!copied) {
    undo(made);
    return copied.error();
  }
  TextSource nothing("");
  const auto marked = store_.put({to, marker, {}, false}, nothing);
  if (!marked) {
    undo(made);
    return marked.error().with("make directory " + printable(to));
  }

  std::vector<s3::Key> sources;
  for (const MovedObject& object : moved) sources.push_back(object.source);
  if (has_marker) sources.push_back(from);
  for (const Status& removed : store_.remove_many(sources)) {
    // Both names now lead to the data; nothing is lost, and the caller hears that it is not whole.
    if (!removed) return removed.error().with("remove the old name after copying");
  }
  return moved;
}

}  // namespace pailfs::fs
