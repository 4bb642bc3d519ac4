// SPDX-License-Identifier: Apache-2.0
#include "resolver.h"

#include <algorithm>
#include <functional>

#include "pailfs/util/text.h"

namespace pailfs::fs {
namespace {

bool is_absence(const Error& error) {
  return error.err == ENOENT;
}

/// A listing that failed proves nothing, whatever its reply said (law L4).
Error failed_listing(Error error) {
  if (is_absence(error)) error.err = EIO;
  return error;
}

Node implicit_directory(const Config& config) {
  Node node;
  node.form = Form::implicit_directory;
  node.stat = implicit_directory_stat(config);
  node.stat.size = 4096;
  return node;
}

}  // namespace

Result<Node> Resolver::resolve(const std::string& path) {
  if (auto known = known_.find(path)) {
    if (known->form == Form::absent) return Error{ENOENT, printable(path) + ": does not exist"};
    return *known;
  }
  return ask(path);
}

Result<Node> Resolver::ask(const std::string& path) {
  const MonoTime asked = clock_.now();
  auto found = find_out(path);
  if (found) {
    known_.learn(path, *found, asked);
  } else if (is_absence(found.error())) {
    known_.learn(path, Node{}, asked);
  }
  return found;
}

Result<Node> Resolver::find_out(const std::string& path) {
  if (path.empty()) return ask_root();
  if (file_key(config_.prefix, path).size() > kKeyMax) {
    return Error{ENAMETOOLONG, printable(path) + ": longer than a key of 1024 bytes"};
  }
  ListedName listed;
  const bool listing_known = known_.with_listing(parent_path(path), [&](const Listing& listing) {
    const auto found = listing.names.find(last_name(path));
    if (found != listing.names.end()) listed = found->second;
  });
  if (!listing_known) return ask_all(path);
  if (listed.file) {
    auto found = ask_file(path);
    // Gone since the listing, or something else now: then nothing is known.
    return !found && is_absence(found.error()) ? ask_all(path) : found;
  }
  if (listed.directory) {
    auto found = ask_marker(path);
    return !found && is_absence(found.error()) ? implicit_directory(config_) : found;
  }
  return Error{ENOENT, printable(path) + ": does not exist"};
}

Result<Node> Resolver::ask_root() {
  auto marker = ask_marker("");
  if (marker) return marker;
  // A key with nothing but a slash is refused by some services: then there is no such object.
  const int status = marker.error().http_status;
  const bool key_refused = config_.prefix.empty() && status >= 400 && status < 500;
  if (!is_absence(marker.error()) && !key_refused) return marker;
  Node root = implicit_directory(config_);
  const mode_t shown = config_.allow_other ? 0777 & ~config_.mount_umask : 0700;
  root.stat.mode = S_IFDIR | shown;
  return root;
}

Result<Node> Resolver::ask_file(const std::string& path) {
  const auto info = store_.head(file_key(config_.prefix, path));
  if (!info) return info.error();
  return decode(*info, false, config_);
}

Result<Node> Resolver::ask_marker(const std::string& path) {
  const auto info = store_.head(directory_key(config_.prefix, path));
  if (!info) return info.error();
  return decode(*info, true, config_);
}

Result<Node> Resolver::ask_all(const std::string& path) {
  const std::string below = children_prefix(config_.prefix, path);
  Pending<Result<s3::ListPage>> listing(pool_, [this, below]() -> Result<s3::ListPage> {
    s3::ListRequest request;
    request.prefix = below;
    request.max_keys = 2;
    return store_.list(request);
  });
  auto file = ask_file(path);
  const auto page = listing.get();
  if (file || !is_absence(file.error())) return file;
  if (!page) return failed_listing(page.error());
  const bool has_marker = std::any_of(page->objects.begin(), page->objects.end(),
                                      [&](const auto& object) { return object.key == below; });
  if (has_marker) {
    auto marker = ask_marker(path);
    if (marker || !is_absence(marker.error())) return marker;
  }
  const bool has_children =
      page->objects.size() > (has_marker ? 1U : 0U) || !page->prefixes.empty();
  if (has_children) return implicit_directory(config_);
  return Error{ENOENT, printable(path) + ": does not exist"};
}

Result<bool> Resolver::is_empty_directory(const std::string& path) {
  const std::string below = children_prefix(config_.prefix, path);
  s3::ListRequest request;
  request.prefix = below;
  request.max_keys = 2;
  for (;;) {
    const auto page = store_.list(request);
    if (!page) return failed_listing(page.error());
    if (!page->prefixes.empty()) return false;
    for (const auto& object : page->objects) {
      if (object.key != below) return false;
    }
    if (page->next.empty()) return true;
    request.continuation = page->next;
  }
}

}  // namespace pailfs::fs
