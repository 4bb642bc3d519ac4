// SPDX-License-Identifier: Apache-2.0
// The only place that names every concrete class: reads the command line and wires the layers.
#include <fcntl.h>
#include <malloc.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "pailfs/cli/check.h"
#include "pailfs/cli/commands.h"
#include "pailfs/cli/docs.h"
#include "pailfs/cli/local_checks.h"
#include "pailfs/cli/parse.h"
#include "pailfs/mount/daemon.h"
#include "pailfs/mount/runtime.h"
#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "background_check.h"
#include "log_plan.h"
#include "masking.h"
#include "observer.h"

namespace pailfs::cli {
namespace {

Environment read_environment() {
  Environment result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos)
      result.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return result;
}

std::string find_in(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

/// Descriptors that whoever started us has left open, except one that is itself the mountpoint: a
/// daemon that kept them would hold locks and pipes that others wait for.
std::vector<int> inherited_descriptors(const std::string& mountpoint) {
  std::vector<int> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    const auto number = parse_uint(entry.path().filename().string());
    if (!number || *number <= STDERR_FILENO) continue;
    if (mountpoint == "/dev/fd/" + std::to_string(*number)) continue;
    found.push_back(static_cast<int>(*number));
  }
  // The one that this loop read from is closed by now.
  std::erase_if(found, [](int fd) { return fcntl(fd, F_GETFD) < 0; });
  return found;
}

/// Windows of read-ahead come and go by the megabyte, on many threads. Left to itself glibc gives
/// each thread an arena of its own and stops returning such blocks once one was freed: a mount that
/// has copied one large file would keep a hundred megabytes.
void return_large_blocks() {
  mallopt(M_ARENA_MAX, 4);
  mallopt(M_MMAP_THRESHOLD, 256 << 10);
}

std::string home_directory() {
  const passwd* user = getpwuid(geteuid());
  return user != nullptr && user->pw_dir != nullptr ? user->pw_dir : "";
}

mount::Outcome failed(const Options& options, Exit exit, const Error& error) {
  // In the foreground the log is the terminal, which is told by whoever called run().
  if (!options.foreground || !options.logfile.empty()) {
    log::write(LogLevel::critical, error.text, error.request_id);
  }
  return {static_cast<int>(exit), error.text};
}

mount::Outcome failed(const Options& options, Step step, const Error& error) {
  return failed(options, exit_for(step, error), error);
}

std::string source_of(const Options& options) {
  return "s3://" + options.s3.bucket + "/" + options.fs.prefix;
}

/// The metadata service is on this machine's own link and speaks plain http, whatever the bucket's
/// url is. Its replies are keys: no trace of the bodies.
http::Config metadata_http(http::Config config) {
  config.allow_plain_http = true;
  config.no_proxy = true;
  config.connect_timeout = std::chrono::seconds(1);
  config.trace_body = false;
  return config;
}

struct Keys {
  std::unique_ptr<http::Transport> metadata;  ///< what `source` asks through, if anything
  std::unique_ptr<s3::CredentialSource> source;
};

Result<Keys> find_keys(const s3::CredentialConfig& config, const http::Config& http,
                       const Clock& clock) {
  Keys keys;
  if (config.iam_role && !config.public_bucket) {
    auto transport = http::make_curl_transport(metadata_http(http));
    if (!transport) return transport.error();
    keys.metadata = std::move(*transport);
  }
  auto source = keys.metadata ? s3::make_instance_role_source(config, *keys.metadata, clock)
                              : s3::find_credentials(config);
  if (!source) return source.error();
  keys.source = std::move(*source);
  return keys;
}

/// What the process was started with, as far as the log is concerned.
struct Launch {
  std::string line;
  std::string journal_stream;
};

/// The whole life of a mount. Runs after the process has detached: connections and threads do not
/// survive a fork.
mount::Outcome live(const Options& options, const Launch& launch, const LogPlan& log,
                    const std::function<void()>& report_ready) {
  set_up_log(log, options.log_level);
  // On a terminal a command that fails says one line and nothing else.
  const bool quiet = log.where == LogPlan::Where::terminal || log.where == LogPlan::Where::journal;
  if (!quiet) log::announce(launch.line);
  SystemClock clock;
  const auto keys = find_keys(options.credentials, options.http, clock);
  if (!keys) return failed(options, Step::credentials, keys.error());
  auto transport = http::make_curl_transport(options.http);
  if (!transport) return failed(options, Step::transport, transport.error());
  SystemRandom random;
  const auto client = s3::make_client(options.s3, **transport, *keys->source, clock, random);
  const auto probe = [&] { return client->probe(options.fs.prefix); };
  std::optional<BackgroundCheck> check;
  if (options.connect_later) {
    check.emplace(source_of(options), probe);
  } else if (Status reached = probe(); !reached) {
    return failed(options, Step::bucket, reached.error());
  }
  const auto files = fs::make_file_system(options.fs, *client, clock);
  Observer observer(options, {*client, *keys->source, *files, clock}, describe(log));
  std::atomic<bool> was_ready = false;
  const auto on_ready = [&] {
    was_ready = true;
    if (quiet) log::announce(launch.line);
    log_info([&] { return "mounted " + source_of(options) + " on " + options.mount.mountpoint; });
    observer.begin();
    report_ready();
  };
  const Status served = mount::serve(options.mount, *files, on_ready, observer.instruments());
  observer.end();
  if (served) return {};
  // Once mounted, what fails is that something could not be stored.
  if (was_ready) return failed(options, Exit::not_stored, served.error());
  return failed(options, Step::mount, served.error());
}

mount::Outcome run(const Options& options, const Launch& launch,
                   const std::function<void()>& report_ready) {
  const LogPlan log = plan_log(options, log_ground(options, launch.journal_stream));
  bool was_ready = false;
  mount::Outcome outcome = live(options, launch, log, [&] {
    was_ready = true;
    report_ready();
  });
  // Why a mount could not begin is told to who called.
  if (outcome.exit_code == 0 || !was_ready) end_log(log);
  return outcome;
}

/// What a second command is compared with; the options only as a digest.
mount::Identity identity_of(const CommandLine& line) {
  const Options& options = line.options;
  std::string source = options.s3.bucket;
  if (!options.fs.prefix.empty()) {
    source += ":/" + options.fs.prefix.substr(0, options.fs.prefix.size() - 1);
  }
  return {source, options.s3.url, mount::mount_id(line.settings)};
}

int complain(const CommandLine& line, Exit code, const std::string& text) {
  std::cerr << "pailfs: " << text << '\n';
  const bool translate = line.mount_helper && code != Exit::usage;
  return translate ? kMountHelperFailure : static_cast<int>(code);
}

int print(const std::optional<std::string>& text, const std::string& otherwise) {
  if (!text) {
    std::cerr << "pailfs: " << otherwise << '\n';
    return static_cast<int>(Exit::usage);
  }
  std::cout << *text << std::flush;
  return std::cout ? 0 : static_cast<int>(Exit::local);
}

int generate_text(const std::string& kind) {
  std::string input;
  if (kind == "man") input.assign(std::istreambuf_iterator<char>(std::cin), {});
  return print(generate(kind, input),
               "--generate=" + kind + ": it is man, markdown, bash, zsh or fish");
}

/// Everything about a command line that can be settled, or refused, without the network. The exit
/// status when it was refused and said so.
std::optional<int> prepare(CommandLine& line) {
  Options& options = line.options;
  std::error_code error;
  make_paths_absolute(options, std::filesystem::current_path(error).string());
  options.credentials.home = home_directory();
  options.fs.default_uid = geteuid();
  options.fs.default_gid = getegid();
  return_large_blocks();

  if (!options.namespace_of.empty()) {
    if (Status ok = mount::enter_mount_namespace(options.namespace_of); !ok) {
      return complain(line, Exit::local, ok.error().text);
    }
  }
  // Whoever looks for the process looks for the program, not for the link that mount(8) found.
  if (line.mount_helper) prctl(PR_SET_NAME, "pailfs");
  for (const std::string& warning : line.warnings) std::cerr << "pailfs: " << warning << '\n';
  // A URL that cannot be and a name that no bucket has need no network to be refused.
  auto url = s3::normalise_url(options.s3.url);
  if (!url) return complain(line, Exit::usage, url.error().text);
  options.s3.url = *url;
  const Status name = s3::check_bucket_name(options.s3.bucket, options.s3.path_style, *url);
  if (!name) return complain(line, Exit::usage, name.error().text);
  if (Status ok = make_cache_directory(options); !ok) {
    return complain(line, exit_for(Step::local, ok.error()), ok.error().text);
  }
  if (Status ok = check_local_files(options, geteuid()); !ok) {
    return complain(line, exit_for(Step::local, ok.error()), ok.error().text);
  }
  return std::nullopt;
}

int start(CommandLine& line, const Launch& launch) {
  if (const auto refused = prepare(line)) return *refused;
  Options& options = line.options;
  options.mount.identity = identity_of(line);
  if (options.make_mountpoint) {
    if (Status ok = mount::make_mountpoint(options.mount.mountpoint); !ok) {
      return complain(line, exit_for(Step::mountpoint, ok.error()), ok.error().text);
    }
  }
  const auto place = mount::check_mountpoint(options.mount);
  if (!place) return complain(line, exit_for(Step::mountpoint, place.error()), place.error().text);
  // mount -a comes again and again.
  if (*place == mount::Mountpoint::same_mounted || options.only_pretend) return 0;

  const std::vector<int> inherited = inherited_descriptors(options.mount.mountpoint);
  const mount::Work work = [&](const std::function<void()>& report_ready) {
    return run(options, launch, [&] {
      report_ready();
      // Not earlier: keys may be read from one of them.
      if (!options.foreground) {
        for (const int fd : inherited) close(fd);
      }
    });
  };
  const std::string ready = "mounted " + source_of(options) + " on " + options.mount.mountpoint;
  const int code = options.foreground ? mount::run_foreground(work, ready, options.mount_timeout)
                                      : mount::run_detached(work, options.mount_timeout);
  return code > 1 && line.mount_helper ? kMountHelperFailure : code;
}

/// `arguments` name the bucket and the options of a mount, without a mountpoint.
int check(const Command& command, const Environment& environment) {
  std::vector<std::string> argv = {"pailfs"};
  argv.insert(argv.end(), command.arguments.begin(), command.arguments.end());
  argv.emplace_back("/");
  CommandLine line = parse_command_line(argv, environment);
  if (!line.error.empty()) return complain(line, line.exit, line.error);
  if (const auto refused = prepare(line)) return *refused;
  const Options& options = line.options;
  log::set_level(options.log_level);
  SystemClock clock;
  const auto keys = find_keys(options.credentials, options.http, clock);
  if (!keys) return complain(line, exit_for(Step::credentials, keys.error()), keys.error().text);
  const auto transport = http::make_curl_transport(options.http);
  if (!transport) return complain(line, Exit::network, transport.error().text);
  SystemRandom random;
  const auto client = s3::make_client(options.s3, **transport, *keys->source, clock, random);
  return check_service(options, command.write, {**transport, *keys->source, *client, clock, random},
                       std::cout);
}

int run_command_line(int argc, char** argv) {
  const std::vector<std::string> words(argv, argv + argc);
  const Environment environment = read_environment();
  const Launch launch{launch_line(words), find_in(environment, "JOURNAL_STREAM")};
  hide_secrets(argc, argv);
  if (const auto command = read_command(words, this_ground())) {
    const bool checks = command->kind == Command::Kind::check && command->error.empty();
    return checks ? check(*command, environment) : run_command(*command);
  }
  CommandLine line = parse_command_line(words, environment);
  if (!line.error.empty()) return complain(line, line.exit, line.error);
  const std::string& topic = line.options.topic;
  switch (line.options.action) {
    case Action::help:
      return print(help_text(), {});
    case Action::help_topic:
      return print(help_for(topic), "there is no option \"" + topic + "\"");
    case Action::version:
      return print(version_text(), {});
    case Action::generate:
      return generate_text(topic);
    case Action::mount:
      return start(line, launch);
  }
  return static_cast<int>(Exit::usage);
}

}  // namespace
}  // namespace pailfs::cli

int main(int argc, char** argv) {
  return pailfs::cli::run_command_line(argc, argv);
}
