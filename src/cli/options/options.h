// SPDX-License-Identifier: Apache-2.0
// Everything the command line can say: the settings of every layer in one value, and the one table
// from which the parser, --help, the manual page and the shell completions are made.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "pailfs/auth/credentials.h"
#include "pailfs/fs/file_system.h"
#include "pailfs/http/curl_transport.h"
#include "pailfs/http/rate_limiter.h"
#include "pailfs/mount/mount.h"
#include "pailfs/s3/client.h"
#include "pailfs/util/log.h"

namespace pailfs::cli {

/// Variables of the environment by name.
using Environment = std::map<std::string, std::string>;

enum class Action { mount, list_uploads, abort_uploads, help, help_topic, version, generate };

/// use_sse=, load_sse_c= and the variables that go with them, as given; read_option_files() makes
/// s3::Config::encryption of them.
struct EncryptionChoice {
  std::optional<s3::Encryption::Kind> kind;  ///< nothing: use_sse was not given
  std::string key_file;                      ///< of use_sse=custom:FILE
  std::string more_keys_file;                ///< load_sse_c=
  auth::Secret environment_keys;             ///< AWSSSECKEYS
  std::string kms_key;                       ///< of use_sse=kmsid:ID, else AWSSSEKMSID
};

/// The meaning of one command line. A value; defaults are those of the structs and stand nowhere
/// else.
struct Options {
  s3::Config s3;
  http::Config http;
  http::Rates rates;
  fs::Config fs;
  mount::Config mount;
  auth::CredentialConfig credentials;

  Action action = Action::mount;
  std::string topic;  ///< KEY of --help=KEY, KIND of --generate=KIND

  bool foreground = false;
  bool only_pretend = false;  ///< -f of mount(8): everything but the mount
  std::string namespace_of;   ///< -N of mount(8): the mount namespace to mount in, a path or a pid
  std::string run_as;         ///< user to become before anything is done; see become_user()
  int debug_switches = 0;     ///< how often -d was given
  LogLevel log_level = LogLevel::critical;
  std::string logfile;
  bool timestamps = true;
  bool log_json = false;
  bool remount = false;  ///< nothing is mounted, a mount is changed
  std::string metrics_file;
  std::string metrics_listen;
  bool sends_user_agent = true;
  bool unsigned_payload = false;  ///< enable_unsigned_payload: only leads to a warning where it
                                  ///< cannot be obeyed
  std::string instance_name;

  /// Action::abort_uploads leaves uploads that are younger.
  std::chrono::seconds upload_age = std::chrono::hours(24);

  std::chrono::seconds mount_timeout{30};
  std::chrono::seconds umount_timeout{8};
  bool make_mountpoint = false;
  bool conditions_required = false;  ///< conditional=require; off is s3::Config::conditions
  bool locks_in_bucket = false;      ///< locks=bucket: advisory locks hold between machines
  bool connect_later = false;        ///< mount without having reached the bucket
  std::string prefix_given;          ///< prefix=, as given; fs.prefix is what it means
  bool url_given = false;
  /// The host is Amazon's and no option or variable names the region, so a profile may.
  bool region_may_be_in_profile = false;
  bool remembers_absent_names = true;
  bool reduced_redundancy = false;
  std::string cache_directory;  ///< use_cache=; see make_cache_directory()
  bool delete_cache = false;    ///< it is emptied when the mount begins and ends
  bool cache_directory_must_exist = false;
  std::optional<std::uint64_t>
      cache_bytes;                   ///< cache_size=; not given: as its file system is large
  bool durability_local = false;     ///< durability=local: changes are acknowledged by a journal
  std::optional<bool> fsync_remote;  ///< fsync=; not given: as durability says
  std::uint64_t journal_bytes = 1U << 30U;  ///< journal_size=
  EncryptionChoice encryption;
  std::string header_file;             ///< ahbe_conf=; see read_option_files()
  std::string proxy_credentials_file;  ///< proxy_cred_file=; see read_option_files()
  /// multipart_threshold, putheader_mp_threshold, singlepart_copy_limit; 0: not given
  std::uint64_t multipart_threshold = 0;
  std::uint64_t metadata_copy_threshold = 0;
  std::uint64_t rename_copy_threshold = 0;
};

/// Headings of --help and the manual page, in their order.
enum class Group {
  bucket,
  transport,
  credentials,
  permissions,
  mount,
  data,
  attributes,
  logging,
  utility,
  accepted,
};
std::string_view group_title(Group group);
/// The word that --help=WORD knows the group by; no name of an option or of a command.
std::string_view group_topic(Group group);

/// Leads to one setting. A captureless lambda, because a pointer to member cannot reach into a
/// nested struct.
template <class T>
using Ref = T& (*)(Options&);

// The kinds of options. The kind chooses parser, check, printed default and completion.

/// "x" and "x=1" set the flag to `meaning`, "x=0" to its opposite.
struct Flag {
  Ref<bool> at;
  bool meaning = true;
};
struct Text {
  Ref<std::string> at;
};
/// A directory or file name; completed as such, made absolute before the program detaches.
struct Path {
  Ref<std::string> at;
  bool may_be_empty = false;
};
struct Count {
  Ref<std::size_t> at;
  std::uint64_t least = 0;
};
/// Megabytes of 1024*1024 bytes, as everywhere in s3fs.
struct Megabytes {
  Ref<std::uint64_t> at;
  std::uint64_t least;
  std::uint64_t most;
};
struct Seconds {
  Ref<std::chrono::seconds> at;
  bool zero_is_default = false;  ///< else 0 is an error
};
/// Seconds that may have a fraction.
struct Duration {
  Ref<double> at;
};
struct Unsigned {
  Ref<unsigned> at;
  std::uint64_t least = 1;
};
/// An option with code of its own. `set` returns the complaint, empty when all is well; `show`
/// prints the value in force and may be null.
struct Custom {
  std::string (*set)(Options&, std::string_view value);
  std::string (*show)(const Options&) = nullptr;
  std::string_view words = {};  ///< the values to offer, separated by blanks
};
/// A mount flag handed to the kernel as it stands.
struct Kernel {};
/// Accepted without a message: it changes nothing, or is always in force.
struct Accepted {};
/// Accepted with one warning line, because leaving it out harms nothing.
struct Warned {
  std::string_view why;
  bool number = false;  ///< a value that is no whole number is an error all the same
};
/// Refused by name: to ignore it would change which bytes are stored or which users may read them.
struct Refused {
  std::string_view why;
  std::string_view what = "is not supported";
};

using Field = std::variant<Flag, Text, Path, Count, Megabytes, Seconds, Duration, Unsigned, Custom,
                           Kernel, Accepted, Warned, Refused>;

struct OptionSpec {
  std::string_view name;   ///< as in -o name=VALUE; with dashes, as --name=VALUE
  std::string_view value;  ///< the VALUE word; empty for a switch; "[...]" when it may be left out
  Group group;
  Field field;
  std::string_view help;          ///< first sentence for --help, all of it for the manual page
  std::string_view aliases = {};  ///< old spellings, separated by blanks; accepted, listed
};

/// Row for all of ossfs's options agent_identity_*.
inline constexpr std::string_view kAgentIdentity = "agent_identity";

/// The whole table, grouped. Lives as long as the program.
const std::vector<OptionSpec>& option_table();

/// The row for a name or alias, or null. '-' and '_' are the same here.
const OptionSpec* find_option(std::string_view name);

[[nodiscard]] bool needs_value(const OptionSpec& spec);
[[nodiscard]] bool may_have_value(const OptionSpec& spec);

/// The value that `options` holds for the row, in the spelling that sets it; empty when there is
/// none to show.
std::string show_value(const OptionSpec& spec, const Options& options);

/// Carries out one "name" or "name=value" in `options`. Returns the complaint (naming option and
/// value) or an empty string; a warning, if any, is added to `warnings`.
std::string apply_option(std::string_view name, std::optional<std::string_view> value,
                         Options& options, std::vector<std::string>& warnings);

}  // namespace pailfs::cli
