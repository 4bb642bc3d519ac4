// SPDX-License-Identifier: Apache-2.0
#include "credentials_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <thread>
#include <utility>

#include "pailfs/util/file.h"

#include "key_service.h"

namespace pailfs::auth {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

Error no_key(std::string text) {
  return {ENOKEY, "credential_process " + std::move(text)};
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// "NAME=value" of our environment, those of `more` instead of ours.
std::vector<std::string> merged_environment(const std::map<std::string, std::string>& more) {
  std::vector<std::string> words;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view word(*entry);
    if (!more.contains(std::string(word.substr(0, word.find('='))))) words.emplace_back(word);
  }
  for (const auto& [name, value] : more) words.push_back(name + "=" + value);
  return words;
}

/// A child in a process group of its own; killed and waited for with its owner.
class Child final {
 public:
  explicit Child(pid_t id) : id_(id) {}
  ~Child() {
    if (ended_) return;
    ::kill(-id_, SIGKILL);
    while (::waitpid(id_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// The child's wait status; nothing when it still lives at `deadline`.
  std::optional<int> wait(SteadyTime deadline) {
    for (;;) {
      int state = 0;
      const pid_t found = ::waitpid(id_, &state, WNOHANG);
      ended_ = found == id_ || (found < 0 && errno != EINTR);
      // As process 1, SignalWatch may have reaped this child: its output then decides alone.
      if (ended_) return found == id_ ? state : 0;
      if (std::chrono::steady_clock::now() >= deadline) return std::nullopt;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

 private:
  const pid_t id_;
  bool ended_ = false;
};

/// Attributes and actions of a spawn, freed with it.
struct Spawn {
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};

  explicit Spawn(int output) {
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    // Ignored signals would stay ignored in the command.
    for (const int number : {SIGPIPE, SIGUSR1}) sigaddset(&signals, number);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~Spawn() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;
};

/// Everything until the pipe is closed.
Result<Secret> read_output(int fd, SteadyTime deadline) {
  std::string bytes(kMaxJsonBytes + 1, '\0');
  std::size_t size = 0;
  std::string_view problem;
  while (problem.empty()) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::max<long long>(left.count(), 0)));
    if (ready == 0) problem = "has not ended in time";
    if (ready <= 0) continue;
    const ssize_t count = ::read(fd, bytes.data() + size, bytes.size() - size);
    if (count < 0 && errno != EINTR) problem = "cannot be read";
    if (count == 0) break;
    if (count > 0) size += static_cast<std::size_t>(count);
    if (size == bytes.size()) problem = "prints too much";
  }
  bytes.resize(size);
  Secret output(std::move(bytes));
  if (!problem.empty()) return no_key(std::string(problem));
  return output;
}

Result<Credentials> parse_output(std::string_view text, const std::string& source) {
  const auto document = parse_key_document(text, source);
  if (!document) return document.error();
  const auto version = document->find("Version");
  if (version == document->end() || version->second.text.reveal() != "1") {
    return no_key("does not print \"Version\": 1");
  }
  return keys_in(*document, {"SessionToken", false}, source);
}

}  // namespace

Result<std::vector<std::string>> split_command(std::string_view line) {
  std::vector<std::string> words;
  std::optional<std::string> word;
  char quote = '\0';
  for (std::size_t at = 0; at < line.size(); ++at) {
    const char c = line[at];
    const bool blank = c == ' ' || c == '\t';
    if (quote == '\0' && blank) {
      if (word) words.push_back(*std::exchange(word, std::nullopt));
      continue;
    }
    if (!word) word.emplace();
    if (c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == '\\' && quote != '\'' && at + 1 < line.size()) {
      word->push_back(line[++at]);
    } else {
      word->push_back(c);
    }
  }
  if (quote != '\0') return Error{EINVAL, "credential_process has a quote without its end"};
  if (word) words.push_back(*word);
  if (words.empty()) return Error{EINVAL, "credential_process is empty"};
  return words;
}

Result<Credentials> run_credential_process(const std::string& command,
                                           const std::map<std::string, std::string>& environment,
                                           std::chrono::milliseconds limit,
                                           const std::string& source) {
  auto words = split_command(command);
  if (!words) return words.error();
  const SteadyTime deadline = std::chrono::steady_clock::now() + limit;
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return no_key(system_error(errno, "pipe").text);
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  std::vector<std::string> variables = merged_environment(environment);
  const Spawn spawn(write_end.get());
  pid_t id = 0;
  const int failed = ::posix_spawnp(&id, words->front().c_str(), &spawn.actions, &spawn.attributes,
                                    pointers_to(*words).data(), pointers_to(variables).data());
  for (std::string& variable : variables) const Secret wiped(std::move(variable));
  if (failed != 0) return no_key("cannot be run: " + system_error(failed, words->front()).text);
  write_end = UniqueFd();

  Child child(id);
  const auto output = read_output(read_end.get(), deadline);
  if (!output) return output.error();
  const auto state = child.wait(deadline);
  if (!state) return no_key("has not ended in time");
  if (!WIFEXITED(*state) || WEXITSTATUS(*state) != 0) {
    return no_key(words->front() + " failed (" +
                  (WIFEXITED(*state) ? "status " + std::to_string(WEXITSTATUS(*state))
                                     : "signal " + std::to_string(WTERMSIG(*state))) +
                  ")");
  }
  return parse_output(output->reveal(), source);
}

}  // namespace pailfs::auth
