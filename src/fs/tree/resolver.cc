// SPDX-License-Identifier: Apache-2.0
#include "resolver.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "pailfs/util/text.h"

namespace pailfs::fs {
namespace {

/// How long a program may work through a listing.
constexpr std::chrono::minutes kReading{10};
/// Most pages of a directory that is listed for the sake of absent names.
constexpr std::size_t kMostPages = 20;
/// Most keys asked for that begin with a name.
constexpr std::size_t kFew = 20;

/// The store has understood and refuses, for whatever reason.
bool says_no(const Error& error) {
  return error.refusal != Refusal::none && error.refusal != Refusal::failed &&
         error.refusal != Refusal::busy;
}

bool is_absence(const Error& error) {
  return error.err == ENOENT;
}

/// The failure of a listing proves no absence, even if its reply says so (law L4).
Error failed_listing(Error error) {
  if (is_absence(error)) error.err = EIO;
  return error;
}

}  // namespace

Result<Node> Resolver::resolve(const std::string& path) {
  if (auto known = cache_.find(path)) {
    if (known->form == Form::absent) return Error{ENOENT, printable(path) + ": does not exist"};
    return *known;
  }
  return ask(path);
}

Result<Node> Resolver::ask(const std::string& path) {
  const MonoTime asked = clock_.now();
  auto found = find_out(path);
  // A name that a listing lacks is absent for as long as the listing is believed; this answer does
  // not prolong it.
  ListedName listed;
  const bool by_listing =
      !found && names_.presence(path, listed) == Presence::absent && is_absence(found.error());
  return by_listing ? found : learned(path, std::move(found), asked);
}

Result<Node> Resolver::ask_absent(const std::string& path) {
  const MonoTime asked = clock_.now();
  // The key of an old directory does not begin with the name as a path.
  return learned(path, config_.compat_dir ? ask_all(path) : ask_name(path), asked);
}

Result<Node> Resolver::ask_lock(const std::string& path) {
  ListedName listed;
  const bool shown = names_.presence(path, listed) == Presence::present;
  const auto before = cache_.last_form(path);
  const bool file = before == Form::file || (shown && listed.file);
  const bool directory = shown || (before && is_directory(*before));
  if (!file && !directory) return ask(path);
  const MonoTime asked = clock_.now();
  auto found = file ? ask_file(path) : ask_names_in(path);
  const bool gone = !found && is_absence(found.error());
  return learned(path, gone ? ask_unlisted(path) : std::move(found), asked);
}

Result<Node> Resolver::learned(const std::string& path, Result<Node> found, MonoTime asked) {
  if (found) {
    cache_.keep_ctime(path, *found);
    cache_.learn(path, *found, asked);
  } else if (is_absence(found.error())) {
    cache_.learn(path, Node{}, asked);
  }
  return found;
}

std::optional<ListedName> Resolver::listed(const std::string& path) {
  if (auto seen = names_.find_for_reader(path, kReading)) return seen;
  ListedName name;
  if (names_.presence(path, name) != Presence::unknown || path.empty()) return std::nullopt;
  if (!names_.fits_one_page(parent_path(path)) || !renew(path, 1)) return std::nullopt;
  const bool present = names_.presence(path, name) == Presence::present;
  return present ? std::optional(name) : std::nullopt;
}

Result<Node> Resolver::find_out(const std::string& path) {
  if (path.empty()) return ask_root();
  const std::size_t length = file_key(config_.prefix, path).size();
  if (const Status fits = store::check_length(length, path, store_.limits()); !fits)
    return fits.error();
  const std::string directory = parent_path(path);
  ListedName listed;
  Presence word = names_.presence(path, listed);
  const auto before = cache_.last_form(path);
  if (word == Presence::unknown && before == Form::file) {
    // Most likely it is still a file, and then one HEAD is enough.
    auto found = ask_file(path);
    if (found || !is_absence(found.error())) return found;
  } else if (word == Presence::unknown && names_.fits_one_page(directory)) {
    const Status renewed = renew(path, 1);
    if (!renewed) return renewed.error();
    word = names_.presence(path, listed);
  }
  switch (word) {
    case Presence::absent:
      return Error{ENOENT, printable(path) + ": does not exist"};
    case Presence::present:
      return ask_listed(path, listed);
    case Presence::unknown:
      break;
  }
  return ask_unlisted(path);
}

Result<Node> Resolver::ask_unlisted(const std::string& path) {
  // The key of an old directory does not begin with the name as a path.
  auto question = config_.compat_dir ? ListedNames::Question::both : names_.question(path);
  if (question == ListedNames::Question::listing) {
    const Status renewed = renew(path, kMostPages);
    if (!renewed) return renewed.error();
    ListedName listed;
    const Presence word = names_.presence(path, listed);
    if (word == Presence::present) return ask_listed(path, listed);
    if (word == Presence::absent) {
      return Error{ENOENT, printable(path) + ": does not exist"};
    }
    question = ListedNames::Question::name;
  }
  auto found = question == ListedNames::Question::name ? ask_name(path) : ask_all(path);
  if (found || is_absence(found.error())) names_.asked(path, found.has_value());
  return found;
}

Status Resolver::renew(const std::string& path, std::size_t most_pages) {
  const MonoTime now = clock_.now();
  const std::string directory = parent_path(path);
  return renewals_.share(directory, now, cache_.answers_from(path), [&] {
    return most_pages == 1 ? lister_.list_first(directory)
                           : lister_.list_whole(directory, most_pages);
  });
}

/// Asks by one listing, which is enough if the name is absent.
Result<Node> Resolver::ask_name(const std::string& path) {
  store::ListRequest request;
  request.prefix = file_key(config_.prefix, path);
  request.max_keys = kFew;
  const auto page = store_.list(request);
  if (!page) return failed_listing(page.error());
  const std::string below = request.prefix + "/";
  const auto& objects = page->objects;
  const auto& prefixes = page->prefixes;
  const bool file = std::any_of(objects.begin(), objects.end(),
                                [&](const auto& object) { return object.key == request.prefix; });
  const bool directory = std::find(prefixes.begin(), prefixes.end(), below) != prefixes.end();
  const bool reached = page->next.empty() ||
                       std::any_of(objects.begin(), objects.end(),
                                   [&](const auto& object) { return object.key > below; }) ||
                       std::any_of(prefixes.begin(), prefixes.end(),
                                   [&](const auto& prefix) { return prefix > below; });
  if (file || directory) {
    if (file && directory) cache_.mark_shadowed_directory(path);
    auto found = file ? ask_file(path) : ask_directory(path);
    if (found || !is_absence(found.error())) return found;
  } else if (reached) {
    return Error{ENOENT, printable(path) + ": does not exist"};
  }
  return ask_all(path);
}

Result<Node> Resolver::ask_listed(const std::string& path, const ListedName& listed) {
  // A directory is mostly read next: a page of its names tells as much as a HEAD.
  const bool by_name = listed.file || walks_.is_walked(parent_path(path));
  auto found = by_name ? nodes_.fetch(path, listed, walks_.on_question(path)) : ask_directory(path);
  // The name is gone since the listing, or is of another kind now: ask all.
  return !found && is_absence(found.error()) ? ask_all(path) : found;
}

Result<Node> Resolver::ask_directory(const std::string& path) {
  const Presence marker = names_.marker(path);
  if (marker == Presence::unknown) return ask_names_in(path);
  if (marker == Presence::absent) return implicit_directory(config_);
  auto found = ask_marker(path);
  return !found && is_absence(found.error()) ? implicit_directory(config_) : found;
}

Result<Node> Resolver::ask_names_in(const std::string& path) {
  const auto first = lister_.fetch(path, "");
  if (!first) return first.error();
  return from_page(path, *first);
}

/// The node of `path` by the first page of the names below it, when there is no object `path`.
Result<Node> Resolver::from_page(const std::string& path, const FetchedPage& page) {
  if (page.empty()) return Error{ENOENT, printable(path) + ": does not exist"};
  lister_.begin(path, page);
  const std::string own = children_prefix(config_.prefix, path);
  const auto& objects = page.page.objects;
  const bool has_marker = std::any_of(objects.begin(), objects.end(),
                                      [&](const auto& object) { return object.key == own; });
  if (has_marker) {
    // The page may have confirmed the known attributes of the marker.
    const auto learnt = cache_.learnt_at(path);
    auto known = learnt && *learnt >= page.asked ? cache_.find(path) : std::nullopt;
    // We have removed it meanwhile.
    const bool removed = known && known->form == Form::absent;
    if (removed) return Error{ENOENT, printable(path) + ": does not exist"};
    if (known) return std::move(*known);
    auto marker = ask_marker(path);
    if (marker || !is_absence(marker.error())) return marker;
  }
  const bool has_children = objects.size() > (has_marker ? 1U : 0U) || !page.page.prefixes.empty();
  if (has_children || !page.page.next.empty()) return implicit_directory(config_);
  return Error{ENOENT, printable(path) + ": does not exist"};
}

Result<Node> Resolver::ask_root() {
  if (names_.marker("") == Presence::unknown && names_.fits_one_page("")) {
    const Status renewed = lister_.list_first("");
    if (!renewed) return renewed.error();
    if (auto good_again = cache_.find("")) return std::move(*good_again);
  }
  if (names_.marker("") == Presence::absent) return implicit_root();
  auto marker = ask_marker("");
  if (marker) return marker;
  // A key with nothing but a slash is refused by some services: then there is no such object.
  const bool key_refused = config_.prefix.empty() && says_no(marker.error());
  if (!is_absence(marker.error()) && !key_refused) return marker;
  return implicit_root();
}

Node Resolver::implicit_root() const {
  Node root = implicit_directory(config_);
  root.stat.mode = root_mode(config_);
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
  return path.empty() ? decode_root(*info, config_) : decode(*info, true, config_);
}

Result<Node> Resolver::ask_all(const std::string& path) {
  Pending<Result<FetchedPage>> listing(pool_,
                                       [lister = lister_, path] { return lister.fetch(path, ""); });
  auto file = ask_file(path);
  const auto page = listing.get();
  if (file && page && !page->empty()) cache_.mark_shadowed_directory(path);
  if (file || !is_absence(file.error())) return file;
  if (!page) return page.error();
  return from_page(path, *page);
}

Result<bool> Resolver::is_empty_directory(const std::string& path, const ListedNames::Ages& ages) {
  if (const auto has_names = names_.has_names(path, ages)) return !*has_names;
  const std::string below = children_prefix(config_.prefix, path);
  store::ListRequest request;
  request.prefix = below;
  request.max_keys = 2;
  for (;;) {
    const auto page = store_.list(request);
    if (!page) return failed_listing(page.error());
    if (!page->prefixes.empty()) return false;
    for (const auto& object : page->objects) {
      // A directory whose own object has bytes, from another program, is not empty.
      if (object.key != below || object.size > 0) return false;
    }
    if (page->next.empty()) return true;
    request.continuation = page->next;
  }
}

}  // namespace pailfs::fs
