// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>

#include "pailfs/util/text.h"

#include "cli/options/options.h"
#include "command_docs.h"
#include "docs.h"

namespace pailfs::cli {
namespace {

constexpr std::string_view kSwitches = "-o -f -d -s -u -h --help --version --generate=";

/// Calls `visit(name, spec)` for each name and alias that can be typed after -o.
template <class Visit>
void for_each_name(Visit visit) {
  for (const OptionSpec& spec : option_table()) {
    visit(std::string(spec.name), spec);
    if (spec.aliases.empty()) continue;
    for (const std::string& alias : split(spec.aliases, ' ')) visit(alias, spec);
  }
}

bool offered(const OptionSpec& spec) {
  return !std::holds_alternative<Refused>(spec.field);
}

std::string dashed(std::string name) {
  for (char& c : name) c = c == '_' ? '-' : c;
  return name;
}

std::string words_of(const OptionSpec& spec) {
  if (const Custom* custom = std::get_if<Custom>(&spec.field)) return std::string(custom->words);
  if (std::holds_alternative<Flag>(spec.field) && !spec.value.empty()) return "0 1";
  return {};
}

/// "name" or, where a value follows, "name=".
std::string word(const std::string& name, const OptionSpec& spec) {
  return name + (needs_value(spec) ? "=" : "");
}

std::string long_option(const std::string& name, const OptionSpec& spec) {
  return "--" + dashed(word(name, spec));
}

bool has_long_form(const std::string& name) {
  return name.front() != '_';
}

/// First sentence of the help, safe inside single quotes.
std::string summary(const OptionSpec& spec) {
  std::string text(spec.help.substr(0, spec.help.find(". ")));
  if (!text.empty() && text.back() == '.') text.pop_back();
  std::string safe;
  for (const char c : text) {
    if (c == '\'') {
      safe += "'\\''";
    } else if (c == '[' || c == ']' || c == ':') {
      safe += ' ';
    } else {
      safe += c;
    }
  }
  return safe;
}

}  // namespace

std::string bash_completion() {
  std::string names;
  std::string longs(kSwitches);
  std::string cases;
  for_each_name([&](const std::string& name, const OptionSpec& spec) {
    if (!offered(spec)) return;
    names += " " + word(name, spec);
    if (has_long_form(name)) longs += " " + long_option(name, spec);
    if (const std::string words = words_of(spec); !words.empty()) {
      cases += "    " + name + ") words='" + words + "' ;;\n";
    } else if (std::holds_alternative<Path>(spec.field)) {
      cases += "    " + name + ") files=yes ;;\n";
    }
  });
  return R"(# bash completion for pailfs, generated from its option table
_pailfs_values() {  # KEY: sets words and files
  words= files=
  case "$1" in
)" + cases +
         R"(  esac
}

_pailfs() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev= before= words= files= key= value= head=
  # '=' and ':' are words of their own in COMP_WORDS: take the argument from the line instead.
  local line=${COMP_LINE:0:COMP_POINT}
  local whole=${line##*[[:space:]]}
  local typed=$whole
  local rest=${line%"$whole"}
  rest=${rest%"${rest##*[![:space:]]}"}
  prev=${rest##*[[:space:]]}
  COMPREPLY=()
  if [[ $prev == -o || $whole == -o* ]]; then
    [[ $prev == -o ]] || whole=${whole#-o}
    local item=${whole##*,}
    # What stands before the item in readline's own word, which begins after '=' or ':'.
    head=${typed%"$item"}
    head=${head##*[=:]}
    if [[ $item == *=* ]]; then
      key=${item%%=*} value=${item#*=}
      _pailfs_values "$key"
      if [[ $files ]]; then
        COMPREPLY=($(compgen -f -- "$value"))
      else
        COMPREPLY=($(compgen -W "$words" -- "$value"))
      fi
      return
    fi
    compopt -o nospace 2>/dev/null
    COMPREPLY=($(compgen -P "${head}" -W ")" +
         names.substr(1) + R"(" -- "$item"))
    return
  fi
  if [[ $whole == --*=* ]]; then
    key=${whole%%=*} key=${key#--} key=${key//-/_} value=${whole#*=}
    if [[ $key == generate ]]; then
      words='man markdown bash zsh fish'
    else
      _pailfs_values "$key"
    fi
    if [[ $files ]]; then
      COMPREPLY=($(compgen -f -- "$value"))
    else
      COMPREPLY=($(compgen -W "$words" -- "$value"))
    fi
    return
  fi
  local mounts= longs=")" +
         longs + R"("
  case ${COMP_WORDS[1]-} in
)" + bash_command_cases() +
         R"(    *) words= ;;
  esac
  ((COMP_CWORD > 1)) || mounts=
  if [[ $whole == -* ]]; then
    # check takes the options of a mount beside its own.
    [[ $words && ${COMP_WORDS[1]} != check ]] && longs=
    COMPREPLY=($(compgen -W "$longs $words" -- "$whole"))
    [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null
    return
  fi
  if [[ $mounts ]]; then
    local IFS=$'\n'
    mounts=$(pailfs list 2>/dev/null | sed -n 's/^.* on \(\/.*\) (.*)$/\1/p')
    COMPREPLY=($(compgen -W "$mounts" -- "$cur"))
    return
  fi
  ((COMP_CWORD > 1)) || words=')" +
         command_names() + R"('
  COMPREPLY=($(compgen -d -- "$cur") $(compgen -W "$words" -- "$cur"))
}
complete -o filenames -F _pailfs pailfs mount.pailfs
)";
}

std::string zsh_completion() {
  std::string values;
  std::string longs;
  for_each_name([&](const std::string& name, const OptionSpec& spec) {
    if (!offered(spec)) return;
    std::string action;
    if (may_have_value(spec) && !spec.value.empty()) {
      const std::string words = words_of(spec);
      action = (needs_value(spec) ? ":" : "::") + dashed(name) + ":";
      if (!words.empty()) action += "(" + words + ")";
      if (std::holds_alternative<Path>(spec.field)) action += "_files";
    }
    values += "    '" + name + "[" + summary(spec) + "]" + action + "'\n";
    if (!has_long_form(name)) return;
    const std::string equals = action.empty() ? "" : (needs_value(spec) ? "=" : "=-");
    longs += "    '*--" + dashed(name) + equals + "[" + summary(spec) + "]" + action + "'\n";
  });
  return R"(#compdef pailfs mount.pailfs
# zsh completion for pailfs, generated from its option table
_pailfs_options() {
  local -a table=(
)" + values +
         R"(  )
  _values -s , 'option' $table
}

_pailfs() {
  local -a switches=(
    '*-o[options]:options:_pailfs_options'
    '-f[stay in the foreground]'
    '*-d[log more]'
    '-s[serve one request at a time]'
    '-u[list unfinished uploads]'
    '(-h --help)'{-h,--help}'[print help]'
    '--version[print the version]'
    '--generate=[print documentation]:kind:(man markdown bash zsh fish)'
)" + longs +
         R"(  )
  local -a commands=(
)" + zsh_command_list() +
         R"(  )
  case $words[2] in
)" + zsh_command_cases() +
         R"(  esac
  _arguments -s $switches '1:bucket or command:{ _describe -t commands command commands; _message bucket }' \
    '2:mountpoint:_directories'
}
_pailfs "$@"
)";
}

std::string fish_completion() {
  std::string text =
      "# fish completion for pailfs, generated from its option table\n"
      "complete -c pailfs -s f -d 'stay in the foreground'\n"
      "complete -c pailfs -s d -d 'log more'\n"
      "complete -c pailfs -s s -d 'serve one request at a time'\n"
      "complete -c pailfs -s u -d 'list unfinished uploads'\n"
      "complete -c pailfs -s h -l help -d 'print help'\n"
      "complete -c pailfs -l version -d 'print the version'\n"
      "complete -c pailfs -l generate -x -a 'man markdown bash zsh fish'\n";
  text += fish_commands();
  std::string names;
  for_each_name([&](const std::string& name, const OptionSpec& spec) {
    if (!offered(spec)) return;
    names += (names.empty() ? "" : " ") + word(name, spec);
    if (!has_long_form(name)) return;
    text += "complete -c pailfs -l " + dashed(name);
    if (needs_value(spec)) text += std::holds_alternative<Path>(spec.field) ? " -r" : " -x";
    if (const std::string words = words_of(spec); !words.empty()) text += " -a '" + words + "'";
    text += " -d '" + summary(spec) + "'\n";
  });
  text += "complete -c pailfs -s o -x -d 'options' -a '(__fish_append , " + names + ")'\n";
  return text;
}

}  // namespace pailfs::cli
