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
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "pailfs/fuse/serve.h"
#include "pailfs/journal/journal_store.h"
#include "pailfs/mount/runtime.h"
#include "pailfs/process/daemon.h"
#include "pailfs/process/ending.h"
#include "pailfs/process/run_as.h"
#include "pailfs/util/file.h"
#include "pailfs/util/log.h"
#include "pailfs/util/program_name.h"
#include "pailfs/util/text.h"
#include "pailfs/util/url.h"
#include "pailfs/util/waking_clock.h"

#include "cli/commands/command_check.h"
#include "cli/commands/commands.h"
#include "cli/commands/unfinished_uploads.h"
#include "cli/options/docs.h"
#include "cli/options/hide_secrets.h"
#include "cli/options/option_files.h"
#include "cli/options/parse.h"
#include "cli/run/background_check.h"
#include "cli/run/late_keys.h"
#include "cli/run/log_plan.h"
#include "cli/run/memory_share.h"
#include "cli/run/mount_cache.h"
#include "cli/run/observer.h"
#include "cli/run/preflight.h"

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

/// One line to whoever called.
void say(const std::string& text) {
  // In one piece: whoever reads meanwhile sees the whole line or nothing.
  std::cerr << program_name() + ": " + text + "\n";
}

/// No core dump with keys in it, and no look into our memory for other processes of the same user.
/// The price: without root, /proc/PID/fd and the like of this process are closed to others.
void keep_memory_private() {
  prctl(PR_SET_DUMPABLE, 0);
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

process::Outcome failed(const Options& options, Exit exit, const Error& error) {
  // In the foreground the log is the terminal, which is told by whoever called run().
  if (!options.foreground || !options.logfile.empty()) {
    log::write(LogLevel::critical, error.text, error.request_id);
  }
  return {static_cast<int>(exit), error.text};
}

process::Outcome failed(const Options& options, Step step, const Error& error) {
  return failed(options, exit_for(step, error), error);
}

std::string source_of(const Options& options) {
  return "s3://" + options.s3.bucket + "/" + options.fs.prefix;
}

/// Services that hand out keys: their replies are keys, so no trace of the bodies.
http::Config key_service_http(http::Config config) {
  config.trace_body = false;
  config.allow_plain_http = false;
  config.connect_timeout = std::chrono::seconds(2);
  return config;
}

/// Those on this machine's own link speak plain http, whatever the bucket's url is.
http::Config local_http(http::Config config) {
  config.allow_plain_http = true;
  config.no_proxy = true;
  config.family = http::AddressFamily::any;
  config.connect_timeout = std::chrono::seconds(1);
  return config;
}

struct Keys {
  std::unique_ptr<http::Transport> local;   ///< what `found` asks through
  std::unique_ptr<http::Transport> remote;  ///< the same
  auth::FoundCredentials found;
  LateKeys* late = nullptr;  ///< found.source when the keys may come later than the mount

  Status find(const Options& options, const Clock& clock) {
    const http::Config remote_http = key_service_http(options.http);
    auto made = http::make_curl_transport(remote_http);
    if (!made) return made.error();
    remote = std::move(*made);
    made = http::make_curl_transport(local_http(remote_http));
    if (!made) return made.error();
    local = std::move(*made);
    const auto search = [this, &config = options.credentials, &clock] {
      return auth::find_credentials(config, {*local, *remote}, clock);
    };
    auto now = search();
    if (!now && !(options.connect_later && keys_may_come(now.error()))) return now.error();
    if (options.connect_later && (!now || now->none)) {
      auto later = std::make_unique<LateKeys>(search, now ? *now->none : now.error());
      late = later.get();
      found.source = std::move(later);
    } else {
      found = std::move(*now);
    }
    return {};
  }
};

/// What the service's replies made us do otherwise than asked for, while somebody still looks.
/// Where the log is the terminal it has said so already.
void tell_notices(const Options& options, const s3::Client& client) {
  const bool logged =
      options.foreground && options.logfile.empty() && options.log_level >= LogLevel::warning;
  if (logged) return;
  for (const std::string& notice : client.notices()) say(notice);
}

/// Of a mount that will work, but maybe not as it was meant.
void tell(const Options& options, const std::string& text) {
  say(text);
  if (!options.foreground || !options.logfile.empty()) log_warning(text);
}

/// An error where the path to be mounted is a file in the bucket. A directory may be an object
/// without a slash too, as old versions of s3fs made it.
Status not_a_file(const Options& options, s3::Client& client) {
  const std::string path = options.fs.prefix.substr(0, options.fs.prefix.size() - 1);
  const auto there = client.head(path);
  if (!there || fs::shows_as_directory(*there, options.fs)) return {};
  return Error(ENOTDIR, "s3://" + options.s3.bucket + "/" + path +
                            " is a file, not a directory (Bucket or directory not found); mount "
                            "what it lies in");
}

/// Everything between the options and the bucket.
struct Service {
  http::Traffic traffic;
  WakingClock clock;
  SystemRandom random;
  Keys keys;
  std::unique_ptr<http::Transport> transport;
  std::unique_ptr<s3::Client> client;
  fs::FirstPage first;  ///< what the bucket said when it was reached

  /// Keys are looked for; the bucket is not asked yet. What failed, if anything did.
  std::optional<process::Outcome> open(const Options& options) {
    const Status found = keys.find(options, clock);
    if (!found) return failed(options, Step::credentials, found.error());
    http::Config config = options.http;
    config.traffic = &traffic;
    auto made = http::make_curl_transport(config);
    if (!made) return failed(options, Step::transport, made.error());
    transport = std::move(*made);
    client = s3::make_client(options.s3, *transport, *keys.found.source, clock, random);
    return std::nullopt;
  }

  /// What process::Ending watches, and ends: requests, and pauses between them.
  process::Ending::Store for_ending() {
    return {[this] { return traffic.moved(); },
            [this] {
              traffic.end();
              clock.wake_all();
            }};
  }

  /// The bucket answers, which it may do without keys where there are none.
  std::optional<process::Outcome> reach(const Options& options) {
    first.asked = clock.now();
    auto reached = client->first_page(options.fs.prefix);
    const auto& none = keys.found.none;
    if (!reached && none && is_about_keys(reached.error())) {
      return failed(options, Step::credentials, *none);
    }
    if (!reached) return failed(options, Step::bucket, reached.error());
    first.page = std::move(*reached);
    if (none) tell(options, "no credentials found; bucket is public, requests are not signed");
    const bool nothing = first.page.objects.empty() && first.page.next.empty();
    if (nothing && !options.fs.prefix.empty() && !options.fs.compat_dir) {
      if (const Status fits = not_a_file(options, *client); !fits)
        return failed(options, Exit::bucket, fits.error());
    }
    if (nothing && options.fs.read_only && !options.fs.prefix.empty()) {
      tell(options, "nothing is stored below " + source_of(options) +
                        ", and the mount is read-only; is the path right?");
    }
    tell_notices(options, *client);
    return std::nullopt;
  }
};

/// What the process was started with, as far as the log is concerned.
struct Launch {
  std::string line;
  std::string journal_stream;
};

/// The journal in front of the service, if there is one: wanted, or left behind by a mount that was
/// to carry it out and could not.
Result<std::unique_ptr<journal::JournalStore>> open_journal(const Options& options,
                                                            Service& service) {
  journal::Config config;
  config.cache_directory = options.cache_directory;
  config.identity = kept_identity(options);
  config.acknowledges = options.durability_local;
  config.most_bytes = options.journal_bytes;
  config.disk = options.fs.disk;
  config.given_up = [&service] { return service.traffic.ended(); };
  const bool left_behind = !options.cache_directory.empty() &&
                           journal::has_journal(options.cache_directory, config.identity);
  if (!options.durability_local && !left_behind) return std::unique_ptr<journal::JournalStore>();
  if (options.fs.read_only) {
    if (left_behind) {
      tell(options, "changes of an earlier mount wait in a journal below " +
                        options.cache_directory + "; a mount with ro does not carry them out");
    }
    return std::unique_ptr<journal::JournalStore>();
  }
  auto opened = journal::open_journal(config, *service.client, service.clock);
  const bool busy_elsewhere = !opened && opened.error().err == EBUSY && !options.durability_local;
  if (busy_elsewhere) return std::unique_ptr<journal::JournalStore>();
  return opened;
}

/// The whole life of a mount. Runs after the process has detached: connections and threads do not
/// survive a fork.
process::Outcome live(const Options& options, const Launch& launch, const LogPlan& log,
                      const std::function<void()>& report_ready) {
  set_up_log(log, options.log_level);
  // On a terminal a command that fails says one line and nothing else.
  const bool quiet = log.where == LogPlan::Where::terminal || log.where == LogPlan::Where::journal;
  if (!quiet) log::announce(launch.line);
  raise_file_limit();
  Service service;
  process::Ending ending(options.umount_timeout, service.for_ending(),
                         static_cast<int>(Exit::not_stored));
  if (auto failure = service.open(options)) return *failure;
  std::optional<BackgroundCheck> check;
  if (options.connect_later) {
    const auto probe = [&] { return service.client->probe(options.fs.prefix); };
    check.emplace(source_of(options), [&, probe] {
      return service.keys.late ? service.keys.late->look(probe) : probe();
    });
  } else if (auto failure = service.reach(options)) {
    return *failure;
  }
  fs::Config settings = options.fs;
  if (service.keys.found.none) settings.no_copy_api = true;  // as with public_bucket
  const MountCache kept(options, settings);
  auto journal = open_journal(options, service);
  if (!journal) return failed(options, Step::local, journal.error());
  store::ObjectStore& store =
      *journal ? static_cast<store::ObjectStore&>(**journal) : *service.client;
  // A version in the journal has no ETag of the service's yet, by which what is kept could be
  // known.
  if (*journal) {
    settings.kept_directory.clear();
    settings.attribute_file.clear();
  }
  // What the journal holds the service does not know yet.
  const bool changes_wait = *journal && (*journal)->waiting().changes > 0;
  const auto files = fs::make_file_system(settings, store, service.clock,
                                          changes_wait ? fs::FirstPage() : service.first);
  auth::CredentialSource& keys = *service.keys.found.source;
  if (!kept.trouble().empty()) tell(options, kept.trouble());
  const auto unreached = [&] { return check ? check->trouble() : std::nullopt; };
  Observer observer(options,
                    {*service.client, keys, *files, service.clock, unreached, journal->get()},
                    describe(log), kept.trouble());
  std::atomic<bool> was_ready = false;
  const auto on_ready = [&] {
    was_ready = true;
    if (quiet) log::announce(launch.line);
    log_info([&] { return "mounted " + source_of(options) + " on " + options.mount.mountpoint; });
    observer.begin();
    report_ready();
  };
  const Status served = fuse::serve(
      options.mount, *files, on_ready, observer.instruments(), [&] { keys.reload(); }, &ending);
  observer.end();
  if (served) return {};
  // Once mounted, what fails is that something could not be stored.
  if (was_ready) return failed(options, Exit::not_stored, served.error());
  return failed(options, Step::mount, served.error());
}

process::Outcome run(const Options& options, const Launch& launch,
                     const std::function<void()>& report_ready) {
  const LogPlan log = plan_log(options, log_ground(options, launch.journal_stream));
  bool was_ready = false;
  process::Outcome outcome = live(options, launch, log, [&] {
    was_ready = true;
    report_ready();
  });
  // Why a mount could not begin is told to who called.
  if (outcome.exit_code == 0 || !was_ready) end_log(log);
  return outcome;
}

/// Utility mode. A service that refuses its list of uploads is asked for that of its objects too:
/// only then is it known whether bucket, keys and region are right.
process::Outcome work_on_uploads(const Options& options, const Launch& launch) {
  set_up_log(plan_log(options, log_ground(options, launch.journal_stream)), options.log_level);
  Service service;
  if (auto failure = service.open(options)) return *failure;
  const std::string& prefix = options.fs.prefix;
  const Status done = options.action == Action::list_uploads
                          ? list_uploads(*service.client, prefix, std::cout)
                          : abort_uploads(*service.client, prefix, options.upload_age,
                                          service.clock.wall(), std::cout);
  std::cout << std::flush;
  if (!done) {
    if (auto failure = service.reach(options)) return *failure;
    return failed(options, Step::bucket, done.error());
  }
  tell_notices(options, *service.client);
  return {};
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
  say(text);
  const bool translate = line.mount_helper && code != Exit::usage;
  return translate ? kMountHelperFailure : static_cast<int>(code);
}

int print(const std::optional<std::string>& text, const std::string& otherwise) {
  if (!text) {
    say(otherwise);
    return static_cast<int>(Exit::usage);
  }
  std::cout << *text << std::flush;
  return std::cout ? 0 : static_cast<int>(Exit::local);
}

/// Of a name that is no option's.
std::string complaint_about(const std::string& name) {
  Options scratch;
  std::vector<std::string> unused;
  return apply_option(name, std::nullopt, scratch, unused);
}

int generate_text(const std::string& kind) {
  return print(generate(kind), "--generate=" + kind + ": it is man, markdown, bash, zsh or fish");
}

/// Everything about a command line that can be settled, or refused, without the network. The exit
/// status when it was refused and said so.
std::optional<int> prepare(CommandLine& line) {
  Options& options = line.options;
  std::error_code error;
  make_paths_absolute(options, std::filesystem::current_path(error).string());
  if (!options.namespace_of.empty()) {
    if (Status ok = mount::enter_mount_namespace(options.namespace_of); !ok) {
      return complain(line, Exit::local, ok.error().text);
    }
  }
  if (!options.run_as.empty()) {
    if (Status ok = process::become_user(options.run_as); !ok) {
      return complain(line, Exit::local, ok.error().text);
    }
    options.credentials.environment["HOME"] = home_directory();
  }
  options.credentials.home = home_directory();
  options.credentials.mountpoint = options.mount.mountpoint;
  if (options.region_may_be_in_profile) {
    const std::string region = auth::profile_region(options.credentials);
    if (!region.empty()) options.s3.region = region;
  }
  options.credentials.region = options.s3.region;
  options.fs.default_uid = geteuid();
  options.fs.default_gid = getegid();
  if (options.fs.memory_limit == 0) {
    options.fs.memory_limit = default_memory_limit(memory_available(""));
  }
  keep_memory_private();
  return_large_blocks();

  // Whoever looks for the process looks for the program, not for the link that mount(8) found.
  if (line.mount_helper) prctl(PR_SET_NAME, "pailfs");
  for (const std::string& warning : line.warnings) say(warning);
  // A URL that cannot be and a name that no bucket has need no network to be refused.
  auto url = normalise_url(options.s3.url);
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
  std::vector<std::string> warnings;
  if (Status ok = read_option_files(options, warnings); !ok) {
    return complain(line, exit_for(Step::local, ok.error()), ok.error().text);
  }
  for (const std::string& warning : warnings) say(warning);
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
  const process::Work work = [&](const std::function<void()>& report_ready) {
    return run(options, launch, [&] {
      // Not earlier: keys may be read from one of them. Nor later: the caller goes on then.
      if (!options.foreground) {
        for (const int fd : inherited) close(fd);
      }
      report_ready();
    });
  };
  const std::string ready = "mounted " + source_of(options) + " on " + options.mount.mountpoint;
  const int code = options.foreground ? process::run_foreground(work, ready, options.mount_timeout)
                                      : process::run_detached(work, options.mount_timeout);
  return code > 1 && line.mount_helper ? kMountHelperFailure : code;
}

int start_utility(CommandLine& line, const Launch& launch) {
  if (const auto refused = prepare(line)) return *refused;
  Options& options = line.options;
  options.foreground = true;
  const process::Outcome outcome = work_on_uploads(options, launch);
  if (outcome.exit_code == 0) return std::cout ? 0 : static_cast<int>(Exit::local);
  return complain(line, static_cast<Exit>(outcome.exit_code), outcome.message);
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
  Service service;
  if (auto failure = service.open(options)) {
    return complain(line, static_cast<Exit>(failure->exit_code), failure->message);
  }
  return check_service(options, command.write,
                       {*service.transport, *service.keys.found.source, *service.client,
                        service.clock, service.random},
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
      return print(help_for(topic), "--help: " + complaint_about(topic));
    case Action::version:
      return print(version_text(), {});
    case Action::generate:
      return generate_text(topic);
    case Action::mount:
      return start(line, launch);
    case Action::list_uploads:
    case Action::abort_uploads:
      return start_utility(line, launch);
  }
  return static_cast<int>(Exit::usage);
}

}  // namespace
}  // namespace pailfs::cli

int main(int argc, char** argv) {
  return pailfs::cli::run_command_line(argc, argv);
}
