// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/text.h"

#include "tables.h"

namespace pailfs::cli {
namespace {

std::string set_bucket(Options& options, std::string_view value) {
  options.s3.bucket = std::string(value);
  return {};
}

std::string set_url(Options& options, std::string_view value) {
  options.s3.url = std::string(value);
  options.url_given = true;
  return {};
}

// Some people pass the service's address in endpoint=; the parser moves it to url and says so.
std::string set_region(Options& options, std::string_view value) {
  // Drivers pass an empty value when their user gave none: it counts as not given.
  if (value.empty()) return {};
  options.s3.region = std::string(value);
  options.s3.region_given = true;
  return {};
}

std::string set_servicepath(Options& options, std::string_view value) {
  std::string path(value);
  if (path.empty() || path.front() != '/') path.insert(path.begin(), '/');
  if (path.back() != '/') path.push_back('/');
  options.s3.servicepath = path;
  return {};
}

std::string set_sigv2(Options& options, std::string_view /*value*/) {
  options.s3.signature = s3::Signature::v2;
  return {};
}

std::string set_sigv4(Options& options, std::string_view /*value*/) {
  options.s3.signature = s3::Signature::v4;
  return {};
}

std::string set_conditional(Options& options, std::string_view value) {
  if (value != "auto" && value != "require" && value != "off")
    return "option conditional: \"" + printable(value) + "\" is none of auto, require and off";
  options.conditions_required = value == "require";
  options.s3.conditions = value != "off";
  return {};
}

std::string show_conditional(const Options& options) {
  if (!options.s3.conditions) return "off";
  return options.conditions_required ? "require" : "auto";
}

std::string set_list_max_keys(Options& options, std::string_view value) {
  const auto number = parse_uint(value);
  if (!number || *number > 1'000'000) {
    return "option list_object_max_keys: \"" + printable(value) + "\" is not a number of names";
  }
  if (*number < 1000) return "option list_object_max_keys must be at least 1000";
  options.s3.list_max_keys = *number;
  return {};
}

}  // namespace

void add_bucket_options(std::vector<OptionSpec>& table) {
  const Group group = Group::bucket;
  table.insert(
      table.end(),
      {
          {"bucket", "BUCKET[:/PATH]", group, Custom{set_bucket},
           "Bucket to mount, instead of the first argument."},
          {"prefix", "PATH", group, Text{[](Options& o) -> std::string& { return o.prefix_given; }},
           "Mount what is below this path of the bucket, as BUCKET:/PATH does. In a living mount "
           "pailfs remount changes it."},
          {"url", "URL", group, Custom{set_url, [](const Options& o) { return o.s3.url; }},
           "Address of the S3 service. Begins with https:// or http://; without either, https is "
           "used (http for loopback and bare addresses), which the log tells. A path in it is put "
           "before "
           "bucket and key, as servicepath is.",
           "host"},
          {"region", "REGION", group,
           Custom{set_region, [](const Options& o) { return o.s3.region; }},
           "Region that requests are signed for. When it is not given, the region is found out "
           "from the service's own answer, and for amazonaws.com hosts from the host name, "
           "AWS_REGION, AWS_DEFAULT_REGION or the profile. Empty is as if not given.",
           "endpoint"},
          {"use_path_request_style", "", group,
           Flag{[](Options& o) -> bool& { return o.s3.path_style; }},
           "Address the bucket as https://HOST/BUCKET instead of https://BUCKET.HOST. Switched on "
           "by itself for IP addresses, localhost and bucket names with a dot."},
          {"servicepath", "PATH", group,
           Custom{set_servicepath, [](const Options& o) { return o.s3.servicepath; }},
           "Path put before bucket and key in every URL."},
          {"sigv2", "", group, Custom{set_sigv2}, "Sign with signature version 2."},
          {"sigv4", "", group, Custom{set_sigv4},
           "Sign with signature version 4, which is the default."},
          {"listobjectsv2", "", group, Flag{[](Options& o) -> bool& { return o.s3.list_v2; }},
           "List with ListObjectsV2 instead of ListObjects."},
          {"list_object_max_keys", "N", group,
           Custom{set_list_max_keys,
                  [](const Options& o) { return std::to_string(o.s3.list_max_keys); }},
           "Names to ask for in one page of a listing. Many services give 1000 at most."},
          {"conditional", "auto|require|off", group,
           Custom{set_conditional, show_conditional, "auto require off"},
           "Conditions (If-Match, If-None-Match) by which the service keeps one client's change "
           "from undoing another's. auto: use what it obeys, which is found out on the way. "
           "require: write to an object of a new name, and refuse to mount a service that does not "
           "obey; a read-only mount tries nothing. off: use none."},
          {"requester_pays", "", group,
           Flag{[](Options& o) -> bool& { return o.s3.requester_pays; }},
           "Declare that the mounting user pays for the requests."},
      });
}

}  // namespace pailfs::cli
