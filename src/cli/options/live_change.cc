// SPDX-License-Identifier: Apache-2.0
#include "live_change.h"

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <variant>
#include <vector>

#include "pailfs/util/text.h"

#include "options.h"
#include "parse.h"

namespace pailfs::cli {
namespace {

/// Why a mount that began read-only cannot become writable; empty: it can.
std::string only_reads_because(const mount::Identity& what) {
  for (const char* needs : {"use_cache", "durability", "exclusive", "conditional"}) {
    for (const std::string& option : what.options) {
      if (option.starts_with(std::string(needs) + "=")) return needs;
    }
  }
  return {};
}

bool began_read_only(const mount::Identity& what) {
  return std::find(what.options.begin(), what.options.end(), "ro=1") != what.options.end();
}

bool is_given(const mount::Identity& what, std::string_view name, std::string_view value) {
  const std::string option = std::string(name) + "=" + std::string(value);
  return std::find(what.options.begin(), what.options.end(), option) != what.options.end();
}

Error cannot_change(std::string_view name) {
  return {EINVAL, "option " + printable(name) +
                      " cannot change while the mount lives; unmount it, and mount it again. What "
                      "can: " +
                      live_options()};
}

/// Puts the setting of one option, read into `from`, into the change. Returns why it cannot be.
using Take = std::string (*)(const Options& from, const mount::Identity& what, LiveChange& change);

std::string take_times(const Options& from, const mount::Identity& what, LiveChange& change) {
  change.files.attribute_ttl = from.fs.attribute_ttl;
  const bool lists_anew =
      is_given(what, "disable_noobj_cache", "1") || is_given(what, "enable_noobj_cache", "0");
  change.files.listing_ttl = lists_anew ? std::chrono::seconds(0) : from.fs.listing_ttl;
  return {};
}

std::string take_cache_size(const Options& from, const mount::Identity& what, LiveChange& change) {
  const bool cached = std::any_of(what.options.begin(), what.options.end(),
                                  [](const auto& each) { return each.starts_with("use_cache="); });
  if (!cached) return "option cache_size needs a mount with use_cache";
  change.files.kept_bytes = from.cache_bytes;
  return {};
}

std::string take_passwd_file(const Options& from, const mount::Identity& /*what*/,
                             LiveChange& change) {
  const std::string& path = from.credentials.passwd_file;
  if (!path.starts_with('/') || path.starts_with("/dev/fd/") || path.starts_with("/proc/"))
    return "option passwd_file: " + printable(path) +
           " is not a file that the process of the mount can read again; name it by its whole path";
  change.passwd_file = path;
  return {};
}

struct LiveOption {
  std::string_view name;
  Take take;
};

constexpr LiveOption kLiveOptions[] = {
    {"dbglevel",
     [](const Options& from, const mount::Identity&, LiveChange& change) {
       change.log_level = from.log_level;
       return std::string();
     }},
    {"stat_cache_expire", take_times},
    {"max_stat_cache_size",
     [](const Options& from, const mount::Identity&, LiveChange& change) {
       change.files.max_cached_attributes = from.fs.max_cached_attributes;
       return std::string();
     }},
    {"attr_timeout",
     [](const Options& from, const mount::Identity&, LiveChange& change) {
       change.attribute_seconds = from.mount.attribute_seconds;
       return std::string();
     }},
    {"entry_timeout",
     [](const Options& from, const mount::Identity&, LiveChange& change) {
       change.entry_seconds = from.mount.entry_seconds;
       return std::string();
     }},
    {"negative_timeout",
     [](const Options& from, const mount::Identity&, LiveChange& change) {
       change.negative_seconds = from.mount.negative_seconds;
       return std::string();
     }},
    {"memory_limit",
     [](const Options& from, const mount::Identity&, LiveChange& change) {
       change.files.memory_limit = from.fs.memory_limit;
       return std::string();
     }},
    {"limit_rate",
     [](const Options& from, const mount::Identity&, LiveChange& change) {
       change.bytes_per_second = from.rates.bytes_per_second;
       return std::string();
     }},
    {"limit_requests",
     [](const Options& from, const mount::Identity&, LiveChange& change) {
       change.requests_per_second = from.rates.requests_per_second;
       return std::string();
     }},
    {"cache_size", take_cache_size},
    {"passwd_file", take_passwd_file},
    {"profile",
     [](const Options& from, const mount::Identity&, LiveChange& change) {
       change.profile = from.credentials.profile;
       return std::string();
     }},
};

const LiveOption* find_live_option(std::string_view name) {
  const auto* const found =
      std::find_if(std::begin(kLiveOptions), std::end(kLiveOptions),
                   [&](const LiveOption& option) { return option.name == name; });
  return found == std::end(kLiveOptions) ? nullptr : found;
}

Status read_word(const std::string& word, const mount::Identity& what, LiveChange& change) {
  const std::size_t equals = std::min(word.find('='), word.size());
  const std::string name = word.substr(0, equals);
  std::optional<std::string_view> value;
  if (equals < word.size()) value = std::string_view(word).substr(equals + 1);
  Options scratch;
  std::vector<std::string> warnings;
  const std::string complaint = apply_option(name, value, scratch, warnings);
  const OptionSpec* const spec = find_option(name);
  if (!complaint.empty() || spec == nullptr) return Error(EINVAL, complaint);
  if (spec->name == "remount" || std::holds_alternative<Accepted>(spec->field)) return {};
  if (spec->name == "ro" || spec->name == "rw") {
    change.read_only = spec->name == "ro";
    change.list += word + ",";
  } else if (const LiveOption* const live = find_live_option(spec->name)) {
    if (is_given(what, spec->name, value.value_or("1"))) return {};
    if (const std::string why = live->take(scratch, what, change); !why.empty())
      return Error(EINVAL, why);
    change.list += join_options({word}) + ",";
    change.options.push_back(std::string(spec->name) + "=" + std::string(value.value_or("1")));
  } else if (!is_given(what, spec->name, value.value_or("1"))) {
    return cannot_change(name);
  }
  return {};
}

}  // namespace

std::string live_options() {
  std::string text = "ro, rw, prefix";
  for (const LiveOption& option : kLiveOptions) text += ", " + std::string(option.name);
  return text;
}

Result<LiveChange> read_live_change(const std::string& list, const mount::Identity& what,
                                    const std::string& table) {
  LiveChange change;
  const std::vector<std::string> in_force = split(table, ',');
  for (const std::string& word : split_option_list(list)) {
    // A flag may have come through the parser of a command line.
    const std::string flag = word.ends_with("=1") ? word.substr(0, word.size() - 2) : word;
    const bool changes = flag == "ro" || flag == "rw";
    const bool holds = std::any_of(in_force.begin(), in_force.end(), [&](const std::string& other) {
      return other == word || other == flag;
    });
    if (holds && !changes) continue;
    if (const Status read = read_word(changes ? flag : word, what, change); !read)
      return read.error();
  }
  const bool to_writable = change.read_only == false && what.read_only;
  if (to_writable && began_read_only(what)) {
    if (const std::string option = only_reads_because(what); !option.empty()) {
      return Error(EINVAL, "a mount that began with ro and " + option +
                               " stays read-only; unmount it, and mount it again");
    }
  }
  return change;
}

mount::Identity changed(mount::Identity what, const LiveChange& change) {
  what.read_only = change.read_only.value_or(what.read_only);
  for (const std::string& option : change.options) {
    const std::string name = option.substr(0, option.find('=') + 1);
    std::erase_if(what.options, [&](const std::string& each) { return each.starts_with(name); });
    what.options.insert(std::upper_bound(what.options.begin(), what.options.end(), option), option);
  }
  return what;
}

}  // namespace pailfs::cli
