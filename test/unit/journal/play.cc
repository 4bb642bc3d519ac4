// SPDX-License-Identifier: Apache-2.0
#include "play.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>
#include <utility>

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "support/md5.h"
#include "support/text_io.h"

namespace pailfs::journal {
namespace {

using namespace pailfs::test;
namespace files = std::filesystem;

/// Thousands of stories wait for no disk.
files::path memory() {
  return ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : files::temp_directory_path();
}

store::ObjectAttributes attributes(const std::string& mode) {
  return {"text/plain", {{"mode", mode}}, {}};
}

std::string text(const std::map<store::Key, Value>& objects) {
  std::string text;
  for (const auto& [key, value] : objects) {
    text += key + "=" + value.bytes.substr(0, 8) + "," + value.mode + " ";
  }
  return text;
}

store::ETag etag_of(const std::string& bytes) {
  return {"\"" + hex(md5(bytes)) + "\""};
}

}  // namespace

Play::Play(std::string story, PowerCut cut)
    : story_(std::move(story)), cut_(std::move(cut)), bucket_(clock_), scratch_(memory()) {
  log::set_sink([this](LogLevel, std::string_view line) {
    // Neither a kill nor a power cut is damage.
    if (line.find("damaged") != std::string_view::npos) complain(std::string(line));
  });
  config_.identity = "test";
  config_.workers = 0;
  config_.grace = config_.patience = std::chrono::seconds(0);
  config_.memory_will_do = true;
  begin_life({});
}

Play::~Play() {
  over_ = true;
  lives_.clear();
  log::set_sink([](LogLevel, std::string_view) {});
}

std::string Play::run() {
  while (at_ < story_.size() && wrong_.empty()) play(0);
  crash();
  const bool foreign = !cut_.foreign.empty() && changes_ >= cut_.at;
  if (foreign) write_foreign();
  drain();
  if (++changes_ == cut_.at) {
    power_cut();
    drain();
  }
  over_ = true;
  if (wrong_.empty()) foreign ? compare_foreign() : compare_bucket();
  return wrong_;
}

void Play::complain(const std::string& text) {
  if (!wrong_.empty()) return;
  wrong_ = story_.substr(0, at_);
  if (cut_.at > 0) {
    wrong_ += " cut at " + std::to_string(cut_.at) + ", variant " + std::to_string(cut_.variant);
  }
  if (!cut_.foreign.empty()) wrong_ += ", foreign " + cut_.foreign;
  wrong_ += ": " + text;
}

void Play::begin_life(const CutDisk::Image& files) {
  auto made = std::make_unique<Life>(bucket_);
  made->directory = scratch_.path() + "/" + std::to_string(lives_.size());
  files::create_directory(made->directory);
  Config config = config_;
  config.cache_directory = made->directory;
  auto directory = take_directory(config);
  if (!directory) return complain(directory.error().text);
  for (const auto& [path, bytes] : files) {
    std::ofstream(made->directory + "/" + path, std::ios::binary) << bytes;
  }
  made->disk = std::make_shared<CutDisk>(made->directory);
  directory->disk = made->disk;
  const std::size_t mine = lives_.size() + 1;
  made->disk->before = [this, mine] {
    if (over_ || lives_.size() != mine) return;
    if (++changes_ == cut_.at) power_cut();
  };
  // Small enough that segments come and go.
  constexpr Log::Sizes sizes{4'000, 2'048};
  made->journal =
      std::make_unique<Journal>(config, made->line, clock_, std::move(*directory), sizes);
  lives_.push_back(std::move(made));
  const Status opened = now().open();
  if (lives_.size() != mine) return;
  if (!opened) return complain(opened.error().text);
  decide_doubt();
  check_reads();
}

void Play::crash() {
  // Requests of the old life that are still on the stack return into the old life.
  lives_.back()->line.cut = true;
  begin_elsewhere(lives_.back()->disk->image(survivors(1)));
}

void Play::power_cut() {
  lives_.back()->line.cut = true;
  begin_elsewhere(lives_.back()->disk->image(survivors(cut_.variant)));
}

void Play::begin_elsewhere(const CutDisk::Image& files) {
  // The locks that the old life holds on this thread are another machine's.
  std::thread([&] { begin_life(files); }).join();
}

void Play::decide_doubt() {
  if (doubt_ && shown(doubt_->key) == doubt_->then) {
    doubt_->then ? void(truth_[doubt_->key] = *doubt_->then) : void(truth_.erase(doubt_->key));
  }
  doubt_.reset();
}

/// Events until the request under way is over, or the story is.
void Play::play(int depth) {
  const std::size_t life = lives_.size();
  while (at_ < story_.size() && wrong_.empty()) {
    const char event = story_[at_++];
    if (event == 'f' && depth > 0) return;
    happens(event, depth);
    if (lives_.size() != life) return;
  }
}

void Play::happens(char event, int depth) {
  switch (event) {
    case 'a':
    case 'b':
    case 'c':
      put(std::string(1, event));
      return;
    case 'w':
      for (int i = 0; i < 40 && put("a");) ++i;
      return;
    case 'e':
      return edit();
    case 'G':
      return edit_foreign();
    case 'o':
      return append();
    case 'F':
      return append_foreign();
    case 'p':
      return upload("a");
    case 'A':
    case 'B':
      remove(event == 'A' ? "a" : "b");
      return;
    case '>':
      return rename("a", "b", true);
    case '<':
      return rename("b", "a", false);
    case 'r':
      return rename("b", "c", false);
    case 'm':
      return change_mode("a");
    case 's':
      return send(depth, true, true);
    case 'l':
      return send(depth, true, false);
    case 'x':
      return send(depth, false, false);
    case '?':
      return check_reads();
    case '!':
      return crash();
    default:
      return;
  }
}

/// Changes `key`, and says whether that was acknowledged. Not if the power failed meanwhile.
bool Play::change(const store::Key& key, const std::optional<Value>& then,
                  const std::function<bool()>& make) {
  const std::size_t life = lives_.size();
  doubt_ = Doubt{key, then};
  const bool made = make();
  if (lives_.size() != life) return false;
  doubt_.reset();
  if (made) then ? void(truth_[key] = *then) : void(truth_.erase(key));
  return made;
}

/// Bytes large enough for a file of their own now and then.
bool Play::put(const store::Key& key) {
  const std::string number = std::to_string(++number_);
  const Value value{number_ % 5 == 0 ? number + std::string(kInlineBody, '.') : number, number};
  return change(key, value, [&] {
    return err(put_text(now(), key, value.bytes, attributes(value.mode))) == 0;
  });
}

void Play::edit() {
  const auto got = get_text(now(), "a");
  if (!got && err(got) != ENOENT) return;
  const std::string number = std::to_string(++number_);
  const std::size_t life = lives_.size();
  StringSource body(number);
  store::PutRequest request{"a", attributes(number)};
  if (got) request.condition.version = got->info.etag;
  request.condition.absent = !got;
  based_on_[number] = got ? got->bytes : "";
  const int outcome = err(now().put(request, body));
  if (lives_.size() == life && outcome == 0) edits_.push_back(number);
}

void Play::edit_foreign() {
  const std::string bytes = "foreign " + std::to_string(++number_);
  bucket_.put_raw("a", bytes, attributes("foreign"));
  based_on_[bytes] = "";
}

/// Each version of another client is the last or the base of the next one, and each edit is in a
/// version that was stored or set aside.
void Play::compare_edits() {
  std::set<std::string> found;
  const auto reaches = [&](std::string bytes, const std::string& base) {
    bool is_there = false;
    for (; !bytes.empty(); bytes = based_on_[bytes]) {
      found.insert(bytes);
      is_there = is_there || bytes == base;
    }
    return is_there;
  };
  std::map<store::ETag, std::string,
           decltype([](const auto& a, const auto& b) { return a.value < b.value; })>
      bytes_of;
  for (const auto& [bytes, base] : based_on_) bytes_of[etag_of(bytes)] = bytes;
  std::string theirs;
  for (const test::Mutation& each : bucket_.history()) {
    if (each.key != "a") continue;
    const std::string& bytes = bytes_of[each.etag];
    const bool undoes = !each.foreign && !theirs.empty() && !reaches(bytes, theirs);
    if (undoes) complain("another client's version is undone: " + theirs);
    reaches(bytes, {});
    theirs = each.foreign ? bytes : "";
  }
  for (const std::string& bytes : set_aside()) reaches(based_on_.contains(bytes) ? bytes : "", {});
  for (const std::string& edit : edits_) {
    if (!found.contains(edit)) complain("an edit is lost: " + edit);
  }
}

void Play::append() {
  const std::string number = std::to_string(++number_);
  // Now and then the object is too large for a record.
  const std::string line = number + (number_ % 7 == 0 ? std::string(kInlineBody, '.') : "") + "\n";
  for (int attempt = 0; attempt < 3; ++attempt) {
    const std::size_t life = lives_.size();
    const auto got = get_text(now(), "a");
    if (!got && err(got) != ENOENT) return;
    StringSource body((got ? got->bytes : "") + line);
    store::PutRequest request{"a", attributes(number)};
    if (got) request.condition.version = got->info.etag;
    request.condition.absent = !got;
    request.appended_from = got ? got->bytes.size() : 0;
    const int outcome = err(now().put(request, body));
    if (lives_.size() != life) return maybe_lines_.push_back(line);
    if (outcome == 0) return lines_.push_back(line);
    if (outcome != ESTALE && outcome != EEXIST) return;
  }
}

void Play::append_foreign() {
  const auto object = bucket_.object("a");
  const std::string line = "foreign " + std::to_string(++number_) + "\n";
  bucket_.put_raw("a", (object ? object->content() : "") + line, attributes("foreign"));
  lines_.push_back(line);
}

/// Each line once and whole, and nothing else.
void Play::compare_lines() {
  const auto object = bucket_.object("a");
  std::string rest = object ? object->content() : "";
  const auto take = [&](const std::string& line) {
    const std::size_t at = ("\n" + rest).find("\n" + line);
    if (at != std::string::npos) rest.erase(at, line.size());
    return at != std::string::npos;
  };
  for (const std::string& line : lines_) {
    if (!take(line)) complain("a line is missing: " + line.substr(0, 12));
  }
  for (const std::string& line : maybe_lines_) take(line);
  if (!rest.empty()) complain("a line is there twice: " + rest.substr(0, 12));
}

/// In parts: straight to the store, behind what waits for the key.
void Play::upload(const store::Key& key) {
  if (now().waiting().changes > 0) return;  // it would wait for that
  const std::string number = std::to_string(++number_);
  change(key, Value{number, number}, [&] {
    Journal& journal = now();
    const auto id = journal.create_upload(key, attributes(number), store::PartOrigin::mixed);
    if (!id) return false;
    StringSource body(number);
    const auto part = journal.upload_part(key, *id, 1, body);
    return part && journal.complete_upload(key, *id, {{1, *part, number.size()}}, {});
  });
}

bool Play::remove(const store::Removal& removal) {
  if (!truth_.contains(removal.key)) return false;
  return change(removal.key, std::nullopt, [&] { return err(now().remove(removal)) == 0; });
}

void Play::rename(const store::Key& from, const store::Key& to, bool changes) {
  const auto found = truth_.find(from);
  if (found == truth_.end()) return;
  Value value = found->second;
  store::CopyRequest request{from, to, {}, {}};
  if (changes) {
    value.mode = std::to_string(++number_);
    request.attributes = attributes(value.mode);
  }
  // Only what was copied is removed.
  const auto shown = now().head(from);
  const store::ETag version = shown ? shown->etag : store::ETag();
  if (change(to, value, [&] { return err(now().copy(request)) == 0; })) remove({from, version});
}

void Play::change_mode(const store::Key& key) {
  if (!truth_.contains(key)) return;
  Value value = truth_[key];
  value.mode = std::to_string(++number_);
  change(key, value, [&] { return err(now().copy({key, key, {}, attributes(value.mode)})) == 0; });
}

/// The next thing that can be sent is; what comes then happens while it is under way.
void Play::send(int depth, bool arrives, bool answered) {
  constexpr int kDeepest = 3;
  if (depth == kDeepest) return;
  clock_.advance(std::chrono::seconds(45));
  Line& line = lives_.back()->line;
  Journal& journal = now();
  bool sent = false;
  for (int turn = 0; turn < 10 && !sent; ++turn) {
    line.arrives = arrives;
    line.answered = answered;
    line.under_way = [&] {
      sent = true;
      line.arrives = line.answered = true;
      play(depth + 1);
    };
    const bool did = journal.turn();
    line.under_way = {};
    if (!did || line.cut) return;
  }
}

void Play::drain() {
  for (int turn = 0; turn < 200 && wrong_.empty(); ++turn) {
    Line& line = lives_.back()->line;
    line.arrives = line.answered = true;
    if (now().turn()) continue;
    if (now().waiting().changes == 0) return;
    clock_.advance(std::chrono::seconds(45));
  }
  complain("what waits is not carried out");
}

std::optional<Value> Play::shown(const store::Key& key) {
  const auto got = get_text(now(), key);
  if (!got && err(got) != ENOENT) {
    complain(key + " cannot be read: " + got.error().text);
  }
  if (!got) return std::nullopt;
  Value value{got->bytes, {}};
  for (const auto& [name, text] : got->info.attributes.metadata) {
    if (name == "mode") value.mode = text;
  }
  return value;
}

void Play::check_reads() {
  if (!based_on_.empty() || !lines_.empty() || !maybe_lines_.empty()) return;
  for (const char* key : {"a", "b", "c"}) {
    const auto found = shown(key);
    const auto wanted = truth_.find(key);
    if (wanted == truth_.end()) {
      if (found) complain(std::string("is there though removed: ") + key);
    } else if (found != wanted->second) {
      complain(std::string(key) + " is " + (found ? text({{key, *found}}) : "absent") + ", not " +
               text({*wanted}));
    }
  }
  const auto page = list_all(now(), "", false);
  if (!page || page->objects.size() != truth_.size()) complain("the listing is another one");
}

void Play::compare_bucket() {
  Truth stored;
  if (!based_on_.empty()) return compare_edits();
  if (!lines_.empty() || !maybe_lines_.empty()) return compare_lines();
  for (const auto& [key, object] : bucket_.objects()) {
    stored[key] = {object.content(), object.meta("mode")};
  }
  if (stored != truth_) complain("the bucket holds " + text(stored) + "not " + text(truth_));
  for (const auto& life : lives_) {
    if (life->journal->waiting().conflicts > 0) complain("a conflict, but there is nobody else");
  }
}

void Play::write_foreign() {
  const auto ours = truth_.find(cut_.foreign);
  kept_wanted_ = ours != truth_.end();
  for (const auto& [key, object] : bucket_.objects()) {
    // Bytes that the store has had are in no journal.
    if (kept_wanted_ && object.content() == ours->second.bytes) kept_wanted_ = false;
  }
  bucket_.put_raw(cut_.foreign, "foreign");
}

/// The bytes that the journals of all lives have set aside.
std::vector<std::string> Play::set_aside() {
  std::vector<std::string> all;
  for (const auto& life : lives_) {
    for (const auto& entry : files::recursive_directory_iterator(life->directory)) {
      if (entry.path().string().find("/conflicts/") == std::string::npos) continue;
      if (auto kept = read_file(entry.path().string(), 1U << 20U)) all.push_back(*std::move(kept));
    }
  }
  return all;
}

void Play::compare_foreign() {
  const auto object = bucket_.object(cut_.foreign);
  if (!object || object->content() != "foreign") complain("another's version is gone");
  if (!kept_wanted_) return;
  const auto kept = set_aside();
  if (std::find(kept.begin(), kept.end(), truth_[cut_.foreign].bytes) != kept.end()) return;
  complain("what the other's version was in the way of is not kept");
}

}  // namespace pailfs::journal
