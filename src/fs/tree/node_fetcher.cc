// SPDX-License-Identifier: Apache-2.0
#include "node_fetcher.h"

#include <optional>
#include <utility>

#include "pailfs/util/text.h"

#include "fs/predict/small_files.h"

namespace pailfs::fs {
namespace {

/// Names of a listing that was read longer ago are not asked about any more.
constexpr std::chrono::seconds kStale{5};

}  // namespace

void NodeFetcher::fetch_ahead(const std::string& directory, const ListedNames::Names& names,
                              std::uint64_t whole_up_to) {
  for (const auto& [name, listed] : names) {
    const bool whole = listed.file && listed.size <= whole_up_to;
    if (!whole && config_.attributes == AttributeSource::listing) continue;
    std::string next = join_path(directory, name);
    const auto ticket = join(next);
    if (!ticket.is_first) continue;
    const MonoTime submitted = clock_.now();
    // A flight may have landed since the names were selected. The task may run so much later that
    // what it brought is old by then.
    if (auto known = just_learnt(next, submitted)) {
      flights_.land(ticket.flight, std::move(*known));
      continue;
    }
    pool_.submit(
        [this, next = std::move(next), listed = listed, whole, flight = ticket.flight, submitted] {
          if (clock_.now() - submitted < kStale)
            return flights_.land(flight, learn(next, listed, whole));
          // Another client may have made a file of the directory since; a thread that waits for
          // this flight asks for both.
          flights_.land(flight, Error{ENOENT, printable(next) + ": was listed too long ago"});
        });
  }
}

SingleFlight<Result<Node>>::Ticket NodeFetcher::join(const std::string& path) {
  const MonoTime now = clock_.now();
  return flights_.join(path, now, cache_.answers_from(path));
}

Result<Node> NodeFetcher::share(const std::string& path,
                                const std::function<Result<Node>()>& make) {
  const MonoTime now = clock_.now();
  return flights_.share(path, now, cache_.answers_from(path), make);
}

Result<Node> NodeFetcher::fetch(const std::string& path, const ListedName& listed,
                                std::uint64_t whole_up_to) {
  return share(path,
               [&] { return learn(path, listed, listed.file && listed.size <= whole_up_to); });
}

Result<Node> NodeFetcher::fetch_to_read(const std::string& path, const Node& known) {
  return share(path, [&] {
    ListedName last;
    last.file = true;
    last.size = known.info.size;
    last.etag = known.info.etag;
    return learn(path, last, true);
  });
}

std::optional<Node> NodeFetcher::just_learnt(const std::string& path, MonoTime now) {
  const auto learnt = cache_.learnt_at(path);
  std::optional<Node> known;
  if (learnt && now - *learnt < kFreshToOpen) known = cache_.find(path);
  if (known && known->form == Form::absent) known.reset();
  return known;
}

Result<Node> NodeFetcher::learn(const std::string& path, const ListedName& listed, bool whole) {
  const MonoTime asked = clock_.now();
  // Another flight may have brought the node since the caller looked into the cache.
  if (auto known = just_learnt(path, asked)) return std::move(*known);
  auto node = ask(path, listed, whole);
  if (node) {
    cache_.keep_ctime(path, *node);
    cache_.learn(path, *node, asked);
  }
  return node;
}

Result<Node> NodeFetcher::ask(const std::string& path, const ListedName& listed, bool whole) {
  if (!listed.file) {
    if (names_.marker(path) != Presence::absent) {
      const auto marker = store_.head(directory_key(config_.prefix, path));
      if (marker) return decode(*marker, true, config_);
      if (marker.error().err != ENOENT) return marker.error();
    }
    return implicit_directory(config_);
  }
  const store::Key key = file_key(config_.prefix, path);
  if (whole && listed.size > 0) {
    const auto info = blocks_.fetch_whole({key, listed.etag, listed.size});
    if (info) return decode(*info, false, config_);
    // The object is another version than the listed one, or there is no memory: ask for its
    // attributes only.
    if (info.error().err != ESTALE && info.error().err != ENOMEM) return info.error();
  }
  for (const bool again : {true, false}) {
    const auto info = store_.head(key);
    if (!info) return info.error();
    // One version has one size: a HEAD that tells another than the listing is asked again.
    const bool contradicts =
        !listed.etag.empty() && info->etag == listed.etag && info->size != listed.size;
    if (!contradicts) return decode(*info, false, config_);
    if (again) continue;
    return Error{EIO, printable(key) + ": listed with " + std::to_string(listed.size) +
                          " bytes, and the same version with " + std::to_string(info->size)};
  }
  return Error{EIO, printable(key)};
}

}  // namespace pailfs::fs
