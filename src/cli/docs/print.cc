// SPDX-License-Identifier: Apache-2.0
#include "print.h"

#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "cli/options/parse.h"
#include "cli/run/messages.h"
#include "docs.h"

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

/// The complaint about a name that is no option.
std::string complaint_about(const std::string& name) {
  Options scratch;
  std::vector<std::string> unused;
  return apply_option(name, std::nullopt, scratch, unused);
}

}  // namespace

int print_documentation(const Options& options) {
  const std::string& topic = options.topic;
  switch (options.action) {
    case Action::help:
      return print(help_text(), {});
    case Action::help_topic:
      return print(help_for(topic), "--help: " + complaint_about(topic));
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
