// SPDX-License-Identifier: Apache-2.0
#include "compat_directories.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <utility>

#include "pailfs/util/text.h"

#include "object_headers.h"

namespace pailfs::fs {
namespace {

/// The old key of a directory's key `a/`; nothing for other keys, and for the root of a bucket.
std::optional<store::Key> folder_key(const store::Key& key) {
  if (key.size() < 2 || !key.ends_with('/') || key.ends_with("//")) return std::nullopt;
  return key.substr(0, key.size() - 1) + std::string(kFolderEnding);
}

/// The directory's key of today for one of the old form.
store::Key directory_of(const store::Key& folder) {
  return folder.substr(0, folder.size() - kFolderEnding.size()) + "/";
}

Error unseen(const store::Key& key) {
  return Error{ENOENT, printable(key) + ": is the object of a directory (compat_dir)"};
}

Error unmakable(const store::Key& key) {
  return Error{EINVAL, printable(key) + ": names that end in " + std::string(kFolderEnding) +
                           " are directories (compat_dir)"};
}

template <class T>
bool is_absent(const Result<T>& result) {
  return !result && result.error().err == ENOENT;
}

/// s3fs's rule for when an object `a` may be the remains of a directory.
bool may_be_directory(const store::ObjectInfo& info) {
  if (info.size != 0) return false;
  const std::initializer_list<std::string_view> ours = {
      "mode", "mtime", "ctime", "atime", "uid", "gid", "owner", "group", "permissions"};
  for (const std::string_view name : ours) {
    if (find_metadata(info.attributes, name) != nullptr) return false;
  }
  return info.attributes.content_type != kDirectoryType;
}

/// The object has a Content-Type that is no service's default, so a program has given it one.
bool says_file(const store::ObjectInfo& info) {
  const std::string& type = info.attributes.content_type;
  return !type.empty() && type != "binary/octet-stream" && type != "application/octet-stream";
}

}  // namespace

bool is_folder_key(std::string_view key) {
  if (!key.ends_with(kFolderEnding) || key.size() == kFolderEnding.size()) return false;
  return key[key.size() - kFolderEnding.size() - 1] != '/';
}

Result<bool> CompatDirectories::has_names_below(const store::Key& key) {
  store::ListRequest request;
  request.prefix = key + "/";
  request.max_keys = 1;
  const auto page = store_.list(request);
  if (!page) return page.error();
  return !page->objects.empty() || !page->prefixes.empty();
}

Result<store::ObjectInfo> CompatDirectories::head(const store::Key& key) {
  if (is_folder_key(key)) return unseen(key);
  auto found = store_.head(key);
  if (const auto folder = folder_key(key)) {
    if (!is_absent(found)) return found;
    found = store_.head(*folder);
    // With this type it stays a directory when its attributes are next stored.
    if (found) found->attributes.content_type = kDirectoryType;
    return found;
  }
  if (!found || !may_be_directory(*found)) return found;
  const auto has_names = has_names_below(key);
  if (!has_names) return has_names.error();
  if (*has_names) return Error{ENOENT, printable(key) + ": is a directory (compat_dir)"};
  return found;
}

Result<store::ObjectInfo> CompatDirectories::get(const store::GetRequest& request,
                                                 store::ByteSink& sink) {
  if (is_folder_key(request.key)) return unseen(request.key);
  auto got = store_.get(request, sink);
  const auto folder = folder_key(request.key);
  if (!folder || !is_absent(got)) return got;
  store::GetRequest old = request;
  old.key = *folder;
  return store_.get(old, sink);
}

/// Removes the object of the old form, now that `key` is stored.
Result<store::ETag> CompatDirectories::replaced(const store::Key& key, Result<store::ETag> stored) {
  const auto folder = folder_key(key);
  if (!stored || !folder) return stored;
  const Status removed = store_.remove(*folder);
  if (!removed) return removed.error().with("remove the directory's old object");
  return stored;
}

Result<store::ETag> CompatDirectories::put(const store::PutRequest& request, ByteSource& body) {
  if (is_folder_key(request.key)) return unmakable(request.key);
  return replaced(request.key, store_.put(request, body));
}

Status CompatDirectories::remove(const store::Removal& removal) {
  if (is_folder_key(removal.key)) return {};
  if (const auto folder = folder_key(removal.key)) {
    const Status removed = store_.remove(*folder);
    if (!removed) return removed;
  }
  return store_.remove(removal);
}

Status CompatDirectories::remove_remains(const store::Key& directory) {
  if (!folder_key(directory)) return {};
  const store::Key key = directory.substr(0, directory.size() - 1);
  const auto found = store_.head(key);
  if (is_absent(found)) return {};
  if (!found) return found.error();
  return may_be_directory(*found) && !says_file(*found) ? store_.remove(key) : Status();
}

std::vector<Status> CompatDirectories::remove_many(const std::vector<store::Removal>& removals) {
  std::vector<store::Removal> all;
  std::vector<std::size_t> whose;
  for (std::size_t i = 0; i < removals.size(); ++i) {
    if (is_folder_key(removals[i].key)) continue;
    if (auto folder = folder_key(removals[i].key)) {
      all.emplace_back(std::move(*folder));
      whose.push_back(i);
    }
    all.push_back(removals[i]);
    whose.push_back(i);
  }
  std::vector<Status> results(removals.size());
  const std::vector<Status> removed = store_.remove_many(all);
  for (std::size_t i = 0; i < removed.size(); ++i) {
    if (!removed[i]) results[whose[i]] = removed[i];
  }
  return results;
}

Result<store::ListPage> CompatDirectories::list(const store::ListRequest& request) {
  auto page = store_.list(request);
  if (!page) return page;
  if (const Status shown = show_folders(request, *page); !shown) return shown.error();
  if (const Status shown = show_own_folder(request, *page); !shown) return shown.error();
  return page;
}

Status CompatDirectories::show_folders(const store::ListRequest& request, store::ListPage& page) {
  std::vector<store::ListedObject> shown;
  shown.reserve(page.objects.size());
  for (store::ListedObject& object : page.objects) {
    const bool below = object.key.size() > request.prefix.size() + kFolderEnding.size();
    if (!below || !is_folder_key(object.key)) {
      shown.push_back(std::move(object));
      continue;
    }
    const store::Key directory = directory_of(object.key);
    if (request.delimited) {
      const auto& known = page.prefixes;
      if (std::find(known.begin(), known.end(), directory) == known.end()) {
        page.prefixes.push_back(directory);
      }
      continue;
    }
    // The object `a/` is listed elsewhere, perhaps on another page; if it exists it counts.
    const auto today = store_.head(directory);
    if (!today && !is_absent(today)) return today.error();
    if (today) continue;
    object.key = directory;
    shown.push_back(std::move(object));
  }
  page.objects = std::move(shown);
  return {};
}

/// The listing of a directory shows its own object first.
Status CompatDirectories::show_own_folder(const store::ListRequest& request,
                                          store::ListPage& page) {
  const auto folder = folder_key(request.prefix);
  if (!folder || !request.continuation.empty()) return {};
  for (const store::ListedObject& object : page.objects) {
    if (object.key == request.prefix) return {};
  }
  auto found = store_.head(*folder);
  if (is_absent(found)) return {};
  if (!found) return found.error();
  page.objects.insert(page.objects.begin(),
                      {request.prefix, found->size, found->etag, found->last_modified});
  return {};
}

Result<store::ETag> CompatDirectories::copy(const store::CopyRequest& request) {
  if (is_folder_key(request.source)) return unseen(request.source);
  if (is_folder_key(request.destination)) return unmakable(request.destination);
  auto copied = store_.copy(request);
  const auto folder = folder_key(request.source);
  if (folder && is_absent(copied)) {
    store::CopyRequest old = request;
    old.source = *folder;
    if (!old.attributes) {
      auto found = store_.head(*folder);
      if (!found) return found.error();
      old.attributes = std::move(found->attributes);
      old.attributes->content_type = kDirectoryType;
    }
    copied = store_.copy(old);
  }
  return replaced(request.destination, std::move(copied));
}

Result<store::UploadId> CompatDirectories::create_upload(const store::Key& key,
                                                         const store::ObjectAttributes& attributes,
                                                         store::PartOrigin origin) {
  if (is_folder_key(key)) return unmakable(key);
  return store_.create_upload(key, attributes, origin);
}

Result<store::ETag> CompatDirectories::complete_upload(
    const store::Key& key, const store::UploadId& id, const std::vector<store::UploadedPart>& parts,
    const store::Condition& condition) {
  return replaced(key, store_.complete_upload(key, id, parts, condition));
}

Status CompatDirectories::settle(const store::Key& key) {
  if (const auto folder = folder_key(key)) {
    const Status settled = store_.settle(*folder);
    if (!settled) return settled;
  }
  return store_.settle(key);
}

}  // namespace pailfs::fs
