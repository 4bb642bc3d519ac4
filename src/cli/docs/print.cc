// SPDX-License-Identifier: Apache-2.0
#include "print.h"

#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pailfs/util/text.h"

#include "cli/options/parse.h"
#include "cli/run/messages.h"
#include "docs.h"
#include "help.h"

namespace pailfs::cli {
namespace {

int print(const std::optional<std::string>& text, const std::string& otherwise) {
  if (!text) {
    say(otherwise);
    return static_cast<int>(Exit::usage);
  }
  std::cout << *text << std::flush;
  return std::cout ? 0 : static_cast<int>(Exit::local);
}

}  // namespace

int print_help_on(const std::string& topic) {
  const auto text = help_on(topic);
  if (text) return print(text, {});
  const std::string topics = help_topics();
  std::vector<std::string_view> candidates;
  for (const OptionSpec& spec : option_table()) candidates.push_back(spec.name);
  const std::vector<std::string> words = split(topics, ' ');
  candidates.insert(candidates.end(), words.begin(), words.end());
  const auto meant = nearest(topic, candidates);
  return print(std::nullopt, "no help on \"" + printable(topic) + "\"" +
                                 (meant ? ": did you mean \"" + *meant + "\"?"
                                        : "; there is help on each option, and on: " + topics));
}

int print_documentation(const Options& options) {
  const std::string& topic = options.topic;
  switch (options.action) {
    case Action::help:
      return print(short_help(), {});
    case Action::help_topic:
      return print_help_on(topic);
    case Action::version:
      return print(version_text(), {});
    case Action::generate:
      return print(generate(topic),
                   "--generate=" + topic + ": it is man, markdown, bash, zsh or fish");
    case Action::mount:
    case Action::list_uploads:
    case Action::abort_uploads:
      break;
  }
  return static_cast<int>(Exit::usage);
}

}  // namespace pailfs::cli
