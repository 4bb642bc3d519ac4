// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "pailfs/util/text.h"

namespace pailfs::cli {
namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

bool same_name(std::string_view a, std::string_view b) {
  const auto same = [](char x, char y) {
    return x == y || (x == '-' ? '_' : x) == (y == '-' ? '_' : y);
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
}

std::string in_quotes(std::string_view text) {
  return "\"" + printable(text) + "\"";
}

std::string not_a_number(std::string_view name, std::string_view value) {
  return "option " + std::string(name) + ": " + in_quotes(value) + " is not a number";
}

std::string too_small(std::string_view name, std::uint64_t least) {
  return "option " + std::string(name) + " must be at least " + std::to_string(least);
}

std::optional<double> parse_seconds(std::string_view value) {
  const std::string text(value);
  if (text.empty() || text.find_first_not_of("0123456789.") != std::string::npos) {
    return std::nullopt;
  }
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (end != text.c_str() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::string print_seconds(double seconds) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%g", seconds);
  return text.data();
}

/// Sets one row's field. One operator() for each kind of option.
struct Setter {
  std::string_view name;
  std::string_view value;
  bool has_value;
  Options& options;
  std::vector<std::string>& warnings;

  std::string operator()(const Flag& flag) const {
    if (has_value && value != "0" && value != "1") {
      return "option " + std::string(name) + ": " + in_quotes(value) + " is neither 0 nor 1";
    }
    flag.at(options) = (!has_value || value == "1") == flag.meaning;
    return {};
  }
  std::string operator()(const Text& text) const {
    text.at(options) = std::string(value);
    return {};
  }
  std::string operator()(const Path& path) const {
    if (value.empty() && !path.may_be_empty) {
      return "option " + std::string(name) + " must not be empty";
    }
    path.at(options) = std::string(value);
    return {};
  }
  std::string operator()(const Count& count) const {
    const auto number = parse_uint(value);
    if (!number) return not_a_number(name, value);
    if (*number < count.least) return too_small(name, count.least);
    count.at(options) = *number;
    return {};
  }
  std::string operator()(const Megabytes& size) const {
    const auto number = parse_uint(value);
    if (!number) return not_a_number(name, value);
    if (*number < size.least) {
      return std::string(name) + " option must be at least " + std::to_string(size.least) + " MB.";
    }
    if (*number > size.most) {
      return std::string(name) + " option must be at most " + std::to_string(size.most) + " MB.";
    }
    size.at(options) = *number << 20U;
    return {};
  }
  std::string operator()(const Seconds& seconds) const {
    const auto number = parse_uint(value);
    if (!number) return not_a_number(name, value);
    if (*number < 1 && !seconds.zero_is_default) return too_small(name, 1);
    if (*number < 1) {
      Options defaults;
      seconds.at(options) = seconds.at(defaults);
      return {};
    }
    // Anything longer than a year is "never" for a person and an overflow for milliseconds.
    seconds.at(options) = std::chrono::seconds(std::min<std::uint64_t>(*number, 365U * 86400U));
    return {};
  }
  std::string operator()(const Duration& duration) const {
    const auto number = parse_seconds(value);
    if (!number) return not_a_number(name, value);
    duration.at(options) = *number;
    return {};
  }
  std::string operator()(const Unsigned& field) const {
    const auto number = parse_uint(value);
    if (!number || *number > 0x7fffffffU) return not_a_number(name, value);
    if (*number < field.least) return too_small(name, field.least);
    field.at(options) = static_cast<unsigned>(*number);
    return {};
  }
  std::string operator()(const Custom& custom) const { return custom.set(options, value); }
  std::string operator()(const Kernel& /*kernel*/) const {
    std::string word(name);
    if (has_value) word += "=" + std::string(value);
    options.mount.kernel_options.push_back(std::move(word));
    return {};
  }
  std::string operator()(const Accepted& /*accepted*/) const { return {}; }
  std::string operator()(const Warned& warned) const {
    if (warned.number && !parse_int(value)) return not_a_number(name, value);
    warnings.push_back("option " + std::string(name) + " is ignored: " + std::string(warned.why));
    return {};
  }
  std::string operator()(const Refused& refused) const {
    return "option " + std::string(name) + " " + std::string(refused.what) + ": " +
           std::string(refused.why);
  }
};

bool is_bare_flag(const OptionSpec& spec) {
  return spec.value.empty() && !std::holds_alternative<Flag>(spec.field);
}

/// Suggests only options that a user might have meant, none of those that are refused.
std::string unknown_option(std::string_view name) {
  std::vector<std::string_view> candidates = {"help", "version"};
  for (const OptionSpec& spec : option_table()) {
    if (!std::holds_alternative<Refused>(spec.field)) candidates.push_back(spec.name);
    if (spec.group == Group::accepted) continue;
    for (std::size_t at = 0; at < spec.aliases.size();) {
      const std::size_t end = std::min(spec.aliases.find(' ', at), spec.aliases.size());
      candidates.push_back(spec.aliases.substr(at, end - at));
      at = end + 1;
    }
  }
  std::string text = "unknown option " + in_quotes(name);
  std::string spelt(name);
  std::replace(spelt.begin(), spelt.end(), '-', '_');
  const auto meant = nearest(spelt, candidates);
  return text + (meant ? ": did you mean " + in_quotes(*meant) + "?" : "; --help=all lists all");
}

}  // namespace

std::string_view group_title(Group group) {
  switch (group) {
    case Group::bucket:
      return "Bucket and service";
    case Group::transport:
      return "Connections";
    case Group::credentials:
      return "Credentials";
    case Group::permissions:
      return "Owners and permissions";
    case Group::mount:
      return "Mount";
    case Group::data:
      return "Caching and transfer";
    case Group::attributes:
      return "New objects";
    case Group::logging:
      return "Logging";
    case Group::utility:
      return "Instead of a mount";
    case Group::accepted:
      return "Accepted or refused for compatibility";
  }
  return {};
}

std::string_view group_topic(Group group) {
  switch (group) {
    case Group::bucket:
      return "service";
    case Group::transport:
      return "connections";
    case Group::credentials:
      return "credentials";
    case Group::permissions:
      return "permissions";
    case Group::mount:
      return "mount";
    case Group::data:
      return "caching";
    case Group::attributes:
      return "objects";
    case Group::logging:
      return "logging";
    case Group::utility:
      return "uploads";
    case Group::accepted:
      return "compatibility";
  }
  return {};
}

const OptionSpec* find_option(std::string_view name) {
  // One row for a family of options that grows with each version of the driver.
  if (same_name(name.substr(0, kAgentIdentity.size() + 1), std::string(kAgentIdentity) + "_"))
    name = kAgentIdentity;
  for (const OptionSpec& spec : option_table()) {
    if (same_name(spec.name, name)) return &spec;
    for (std::size_t at = 0; at < spec.aliases.size();) {
      const std::size_t end = std::min(spec.aliases.find(' ', at), spec.aliases.size());
      if (same_name(spec.aliases.substr(at, end - at), name)) return &spec;
      at = end + 1;
    }
  }
  return nullptr;
}

bool may_have_value(const OptionSpec& spec) {
  return !spec.value.empty() || std::holds_alternative<Flag>(spec.field);
}

bool needs_value(const OptionSpec& spec) {
  return !spec.value.empty() && spec.value.front() != '[';
}

std::string show_value(const OptionSpec& spec, const Options& options) {
  Options copy = options;
  return std::visit(
      Overloaded{
          [&](const Flag& f) { return std::string(f.at(copy) == f.meaning ? "1" : "0"); },
          [&](const Text& f) { return f.at(copy); },
          [&](const Path& f) { return f.at(copy); },
          [&](const Count& f) { return std::to_string(f.at(copy)); },
          [&](const Megabytes& f) { return std::to_string(f.at(copy) >> 20U); },
          [&](const Seconds& f) { return std::to_string(f.at(copy).count()); },
          [&](const Duration& f) { return print_seconds(f.at(copy)); },
          [&](const Unsigned& f) { return std::to_string(f.at(copy)); },
          [&](const Custom& f) { return f.show != nullptr ? f.show(options) : std::string(); },
          [](const auto& /*no value*/) { return std::string(); },
      },
      spec.field);
}

std::string apply_option(std::string_view name, std::optional<std::string_view> value,
                         Options& options, std::vector<std::string>& warnings) {
  // fstab's extension space: words that begin with x- are for other programs.
  if (name.substr(0, 2) == "x-" || name.substr(0, 2) == "X-") return {};
  const OptionSpec* spec = find_option(name);
  if (spec == nullptr) return unknown_option(name);
  if (needs_value(*spec) && !value) {
    return "option " + std::string(name) + " needs a value: " + std::string(spec->name) + "=" +
           std::string(spec->value);
  }
  const bool free_form =
      spec->group == Group::accepted || std::holds_alternative<Kernel>(spec->field);
  if (value && is_bare_flag(*spec) && !free_form) {
    return "option " + std::string(name) + " takes no value, not " + in_quotes(*value);
  }
  return std::visit(Setter{name, value.value_or(""), value.has_value(), options, warnings},
                    spec->field);
}

}  // namespace pailfs::cli
