// SPDX-License-Identifier: Apache-2.0
// The only place that names every concrete class: reads the command line and wires the layers.
#include <fcntl.h>
#include <malloc.h>
#include <pwd.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "pailfs/cli/docs.h"
#include "pailfs/cli/local_checks.h"
#include "pailfs/cli/option_files.h"
#include "pailfs/cli/parse.h"
#include "pailfs/mount/daemon.h"
#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

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

constexpr char kClientKeyPassword[] = "S3FS_SSL_PRIVKEY_PASSWORD=";

/// Keys stay readable in /proc/PID/environ even after unsetenv, so their bytes are wiped as well.
void scrub_environment() {
  std::vector<std::string> names;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const bool secret =
        std::strncmp(*entry, "AWS", 3) == 0 ||
        std::strncmp(*entry, kClientKeyPassword, sizeof kClientKeyPassword - 1) == 0;
    if (!secret) continue;
    char* value = std::strchr(*entry, '=');
    if (value == nullptr) continue;
    names.emplace_back(*entry, value);
    explicit_bzero(value + 1, std::strlen(value + 1));
  }
  for (const std::string& name : names) unsetenv(name.c_str());
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

void set_up_log(const Options& options) {
  log::set_level(options.log_level);
  if (!options.logfile.empty()) {
    log::set_sink(log::file_sink(options.logfile, options.timestamps));
  } else if (options.foreground) {
    log::set_sink(log::stream_sink(STDERR_FILENO, options.timestamps));
  } else if (access("/dev/log", F_OK) == 0) {
    const std::string& name = options.instance_name;
    log::set_sink(log::syslog_sink(name.empty() ? "pailfs" : "pailfs[" + name + "]"));
  } else {
    log::set_sink([](LogLevel, std::string_view) {});
  }
}

mount::Outcome failed(const Options& options, Exit exit, const Error& error) {
  // In the foreground the log is the terminal, which is told by whoever called run().
  if (!options.foreground || !options.logfile.empty()) log_critical(error.text);
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
  config.family = http::AddressFamily::any;
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

/// The whole life of a mount. Runs after the process has detached: connections and threads do not
/// survive a fork.
mount::Outcome run(const Options& options, const std::function<void()>& report_ready) {
  set_up_log(options);
  SystemClock clock;
  const auto keys = find_keys(options.credentials, options.http, clock);
  if (!keys) return failed(options, Step::credentials, keys.error());
  auto transport = http::make_curl_transport(options.http);
  if (!transport) return failed(options, Step::transport, transport.error());
  SystemRandom random;
  const auto client = s3::make_client(options.s3, **transport, *keys->source, clock, random);
  if (Status reached = client->probe(options.fs.prefix); !reached) {
    return failed(options, Step::bucket, reached.error());
  }
  const auto files = fs::make_file_system(options.fs, *client, clock);
  std::atomic<bool> was_ready = false;
  const Status served = mount::serve(options.mount, *files, [&] {
    was_ready = true;
    log_info([&] { return "mounted " + source_of(options) + " on " + options.mount.mountpoint; });
    report_ready();
  });
  if (served) return {};
  // Once mounted, what fails is that something could not be stored.
  if (was_ready) return failed(options, Exit::not_stored, served.error());
  return failed(options, Step::mount, served.error());
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

int start(CommandLine& line) {
  Options& options = line.options;
  std::error_code error;
  make_paths_absolute(options, std::filesystem::current_path(error).string());
  options.credentials.home = home_directory();
  options.fs.default_uid = geteuid();
  options.fs.default_gid = getegid();
  scrub_environment();
  return_large_blocks();

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
  std::vector<std::string> warnings;
  if (Status ok = read_option_files(options, warnings); !ok) {
    return complain(line, exit_for(Step::local, ok.error()), ok.error().text);
  }
  for (const std::string& warning : warnings) std::cerr << "pailfs: " << warning << '\n';
  if (Status ok = mount::check_mountpoint(options.mount); !ok) {
    return complain(line, exit_for(Step::mountpoint, ok.error()), ok.error().text);
  }

  const std::vector<int> inherited = inherited_descriptors(options.mount.mountpoint);
  const mount::Work work = [&](const std::function<void()>& report_ready) {
    return run(options, [&] {
      report_ready();
      // Not earlier: keys may be read from one of them.
      if (!options.foreground) {
        for (const int fd : inherited) close(fd);
      }
    });
  };
  const int code = options.foreground
                       ? mount::run_foreground(work, "mounted " + source_of(options) + " on " +
                                                         options.mount.mountpoint)
                       : mount::run_detached(work, options.mount_timeout);
  return code > 1 && line.mount_helper ? kMountHelperFailure : code;
}

int run_command(const std::vector<std::string>& argv) {
  CommandLine line = parse_command_line(argv, read_environment());
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
      return start(line);
  }
  return static_cast<int>(Exit::usage);
}

}  // namespace
}  // namespace pailfs::cli

int main(int argc, char** argv) {
  return pailfs::cli::run_command({argv, argv + argc});
}
