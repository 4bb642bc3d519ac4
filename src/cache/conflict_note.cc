// SPDX-License-Identifier: Apache-2.0
#include "conflict_note.h"

#include <map>
#include <string_view>
#include <vector>

#include <rapidjson/reader.h>
#include <rapidjson/stream.h>

#include "pailfs/util/json_writer.h"
#include "pailfs/util/text.h"

namespace pailfs::cache {
namespace {

constexpr std::string_view kKey = "key";
constexpr std::string_view kEncodedKey = "key_percent_encoded";
constexpr std::string_view kWhy = "why";
constexpr std::string_view kTime = "time";
constexpr std::string_view kSize = "size";
constexpr std::string_view kRanges = "ranges";
constexpr std::string_view kMount = "mount";
constexpr std::string_view kMetadata = "x-amz-meta-";

/// Takes RapidJSON's events: the members of one object, whose values are texts, numbers, or a list
/// of them.
class Members final {
 public:
  bool Null() { return true; }
  bool Bool(bool /*truth*/) { return true; }
  bool Int(int value) { return add(std::to_string(value)); }
  bool Uint(unsigned value) { return add(std::to_string(value)); }
  bool Int64(std::int64_t value) { return add(std::to_string(value)); }
  bool Uint64(std::uint64_t value) { return add(std::to_string(value)); }
  bool Double(double /*value*/) { return false; }
  bool RawNumber(const char* /*text*/, std::size_t /*size*/, bool /*copy*/) { return false; }
  bool String(const char* text, std::size_t size, bool /*copy*/) {
    return add(std::string(text, size));
  }
  bool StartObject() { return !std::exchange(begun_, true); }
  bool Key(const char* text, std::size_t size, bool /*copy*/) {
    name_.assign(text, size);
    return true;
  }
  bool EndObject(std::size_t /*members*/) { return true; }
  bool StartArray() { return begun_ && !std::exchange(in_list_, true); }
  bool EndArray(std::size_t /*elements*/) { return std::exchange(in_list_, false); }

  [[nodiscard]] std::string text(std::string_view name) const {
    const auto found = lists_.find(name);
    return found == lists_.end() ? std::string() : found->second.front();
  }
  [[nodiscard]] const std::map<std::string, std::vector<std::string>, std::less<>>& all() const {
    return lists_;
  }

 private:
  bool add(std::string text) {
    if (begun_) lists_[name_].push_back(std::move(text));
    return begun_;
  }
  std::map<std::string, std::vector<std::string>, std::less<>> lists_;
  std::string name_;
  bool begun_ = false;
  bool in_list_ = false;
};

bool add_ranges(const std::vector<std::string>& bounds, Conflict& what) {
  std::uint64_t last = 0;
  for (std::size_t i = 0; i + 1 < bounds.size(); i += 2) {
    const auto begin = parse_uint(bounds[i]);
    const auto end = parse_uint(bounds[i + 1]);
    if (!begin || !end || *begin < last || *end <= *begin || *end > what.size) return false;
    what.ranges.push_back({*begin, *end});
    last = *end;
  }
  return bounds.size() % 2 == 0;
}

}  // namespace

std::string format_note(const Conflict& what) {
  JsonWriter json;
  json.begin_object().member(kKey, what.key).member(kEncodedKey, percent_encode(what.key, true));
  json.member(kWhy, what.why).member(kTime, iso8601_millis(what.time)).member(kSize, what.size);
  if (!what.mount.empty()) json.member(kMount, what.mount);
  json.key(kRanges).begin_array();
  for (const Range& range : what.ranges) json.value(range.begin).value(range.end);
  json.end_array();
  for (const auto& [name, value] : what.metadata) {
    json.member(std::string(kMetadata) + name, value);
  }
  return json.end_object().text() + "\n";
}

std::optional<Conflict> parse_note(std::string text) {
  rapidjson::InsituStringStream stream(text.data());
  Members members;
  rapidjson::Reader reader;
  if (reader.Parse<rapidjson::kParseInsituFlag>(stream, members).IsError()) return std::nullopt;
  Conflict what;
  what.key = percent_decode(members.text(kEncodedKey));
  what.why = members.text(kWhy);
  what.mount = members.text(kMount);
  const auto time = parse_iso8601(members.text(kTime));
  const auto size = parse_uint(members.text(kSize));
  if (what.key.empty() || !time || !size) return std::nullopt;
  what.time = *time;
  what.size = *size;
  for (const auto& [name, values] : members.all()) {
    if (name == kRanges && !add_ranges(values, what)) return std::nullopt;
    if (!name.starts_with(kMetadata)) continue;
    what.metadata.emplace_back(name.substr(kMetadata.size()), values.front());
  }
  return what;
}

}  // namespace pailfs::cache
