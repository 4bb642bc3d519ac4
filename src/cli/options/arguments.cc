// SPDX-License-Identifier: Apache-2.0
#include "arguments.h"

#include <algorithm>
#include <exception>
#include <string_view>

#include <cxxopts.hpp>

#include "pailfs/util/text.h"

#include "options.h"

namespace pailfs::cli {
namespace {

// More than any valid command line has, so that the parser can name the first word too many.
constexpr std::size_t kMaxWords = 8;
constexpr std::string_view kList = "o_list";

// Words that are no settings of a mount and therefore not in the table. Their values may be left
// out.
constexpr std::string_view kExtras[] = {"help", "version", "generate"};

/// Switches of mount(8)'s helpers that have a value.
constexpr std::string_view kHelperValues = "Nt";

std::string joined_name(std::string_view name) {
  std::string result(name);
  std::replace(result.begin(), result.end(), '-', '_');
  return result;
}

bool is_extra(std::string_view name) {
  return std::find(std::begin(kExtras), std::end(kExtras), name) != std::end(kExtras);
}

bool has_line_break(std::string_view text) {
  return text.find_first_of("\n\r") != std::string_view::npos;
}

/// Rewrites the forms that versions of cxxopts read differently (clusters, values with odd
/// characters, empty values) into the one that all read alike: --name=value. Positional words stay.
class Normaliser final {
 public:
  Normaliser(const std::vector<std::string>& argv, bool mount_helper)
      : argv_(argv),
        switches_(mount_helper ? "dhfsnv" : "dhfsu"),
        value_switches_(mount_helper ? kHelperValues : "") {}

  std::string run() {
    for (at_ = 1; at_ < argv_.size() && error_.empty(); ++at_) {
      const std::string& word = argv_[at_];
      if (word == "--") {
        for (++at_; at_ < argv_.size(); ++at_) add_word(argv_[at_]);
      } else if (word.substr(0, 2) == "--") {
        long_option(word.substr(2));
      } else if (word.size() > 1 && word.front() == '-') {
        cluster(word);
      } else {
        add_word(word);
      }
    }
    for (const std::string& option : options_) {
      // No setting needs a line break, and not every version of cxxopts accepts one.
      if (error_.empty() && has_line_break(option)) error_ = "an option contains a line break";
    }
    return error_;
  }

  [[nodiscard]] const std::vector<std::string>& options() const { return options_; }
  [[nodiscard]] const std::vector<std::string>& words() const { return words_; }

 private:
  void add_word(const std::string& word) { words_.push_back(word); }

  void long_option(const std::string& text) {
    const std::size_t equals = text.find('=');
    const std::string name = joined_name(text.substr(0, equals));
    // s3fs's long form of -d, and not FUSE's -o debug.
    if (text == "debug") return options_.push_back("-d");
    const OptionSpec* spec = find_option(name);
    if ((spec == nullptr && !is_extra(name)) || name.front() == '_') {
      Options scratch;
      std::vector<std::string> unused;
      error_ = apply_option(text.substr(0, equals), std::nullopt, scratch, unused);
      if (error_.empty()) error_ = "unknown option \"" + printable(text) + "\"";
      return;
    }
    if (equals != std::string::npos) {
      if (equals + 1 == text.size()) {
        error_ = "option " + name + " needs a value after '='";
      } else {
        options_.push_back("--" + name + text.substr(equals));
      }
      return;
    }
    if (spec != nullptr && needs_value(*spec)) {
      if (at_ + 1 >= argv_.size() || argv_[at_ + 1].empty()) {
        error_ = "option " + name + " needs a value: --" + name + "=" + std::string(spec->value);
        return;
      }
      options_.push_back("--" + name + "=" + argv_[++at_]);
      return;
    }
    options_.push_back("--" + name);
  }

  void cluster(const std::string& word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      const char letter = word[i];
      if (letter == 'o' || value_switches_.find(letter) != std::string_view::npos) {
        const bool within = i + 1 < word.size();
        if (!within && at_ + 1 >= argv_.size()) {
          error_ = std::string("switch -") + letter + " needs a value";
          return;
        }
        const std::string value = within ? word.substr(i + 1) : argv_[++at_];
        if (letter == 'o') {
          add_list(value);
        } else {
          options_.push_back(std::string("--switch_") + letter + "=" + value);
        }
        return;
      }
      if (switches_.find(letter) == std::string_view::npos) {
        error_ = unknown_switch(word, letter);
        return;
      }
      options_.push_back(std::string("-") + letter);
    }
  }

  /// "-url=X" is an option with one dash.
  static std::string unknown_switch(const std::string& word, char letter) {
    const std::string option = word.substr(1);
    if (word.size() > 2 && find_option(joined_name(option.substr(0, option.find('=')))) != nullptr)
      return "unknown switch \"" + printable(word) + "\": did you mean \"-o " + printable(option) +
             "\"?";
    return "unknown switch \"-" + printable(std::string(1, letter)) + "\"; --help=all lists all";
  }

  void add_list(const std::string& value) {
    if (!value.empty()) options_.push_back("--" + std::string(kList) + "=" + value);
  }

  const std::vector<std::string>& argv_;
  std::string_view switches_;
  std::string_view value_switches_;
  std::size_t at_ = 0;
  std::vector<std::string> options_;
  std::vector<std::string> words_;
  std::string error_;
};

/// Every value is a std::string: vectors would split at commas.
void declare(cxxopts::Options& parser, const std::string& name, bool value_optional) {
  // cxxopts takes long names that begin with a letter or digit only; "_netdev" is for -o.
  if (name.front() == '_') return;
  auto value = cxxopts::value<std::string>();
  if (value_optional) value->implicit_value("");
  parser.add_options()(name, "", value);
}

void declare_all(cxxopts::Options& parser) {
  declare(parser, std::string(kList), false);
  for (const char letter : std::string_view("dhfsunv")) {
    declare(parser, std::string(1, letter) + ",switch_" + letter, true);
  }
  for (const char letter : kHelperValues) {
    declare(parser, std::string("switch_") + letter, false);
  }
  for (const std::string_view name : kExtras) declare(parser, std::string(name), true);
  for (const OptionSpec& spec : option_table()) {
    const bool optional = !needs_value(spec);
    declare(parser, std::string(spec.name), optional);
    if (spec.aliases.empty()) continue;
    for (const std::string& alias : split(spec.aliases, ' ')) declare(parser, alias, optional);
  }
}

Argument to_argument(const std::string& key, const std::string& value) {
  Argument argument;
  if (key == kList) {
    argument.kind = Argument::Kind::list;
    argument.value = value;
    return argument;
  }
  argument.kind = Argument::Kind::option;
  static constexpr std::string_view kSwitch = "switch_";
  const bool is_switch = std::string_view(key).substr(0, kSwitch.size()) == kSwitch;
  argument.name = is_switch ? key.substr(kSwitch.size()) : key;
  if (!value.empty()) argument.value = value;
  return argument;
}

}  // namespace

Arguments read_arguments(const std::vector<std::string>& argv, bool mount_helper) {
  Arguments result;
  Normaliser normaliser(argv, mount_helper);
  result.error = normaliser.run();
  if (!result.error.empty()) return result;
  if (normaliser.words().size() > kMaxWords) {
    result.error = "specified unknown third option(" + printable(normaliser.words()[2]) + ")";
    return result;
  }

  std::vector<std::string> texts{"pailfs"};
  texts.insert(texts.end(), normaliser.options().begin(), normaliser.options().end());
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  int count = static_cast<int>(texts.size());
  char** first = pointers.data();

  try {
    cxxopts::Options parser("pailfs");
    declare_all(parser);
    // Version 2 takes the arguments by reference and edits them.
    const auto parsed = parser.parse(count, first);
    for (const auto& pair : parsed.arguments()) {
      result.items.push_back(to_argument(pair.key(), pair.value()));
    }
  } catch (const std::exception& error) {
    result.error = printable(error.what());
    return result;
  }
  for (const std::string& word : normaliser.words()) {
    result.items.push_back({Argument::Kind::word, {}, word});
  }
  return result;
}

}  // namespace pailfs::cli
