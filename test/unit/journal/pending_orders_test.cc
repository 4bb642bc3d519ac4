// SPDX-License-Identifier: Apache-2.0
// The merging of changes: every order of a few changes, sendings, failures and crashes, and random
// orders of many. A change takes two steps, its record and its acknowledgement, between which
// others are sent; after a crash the records are read again.
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "journal/pending.h"
#include "support/catch.h"
#include "support/effort.h"

namespace pailfs::journal {
namespace {

constexpr std::chrono::milliseconds kHold{1000};
constexpr std::size_t kMost = 1000;

Want body(BodyId id) {
  Want want;
  want.kind = Want::Kind::body;
  want.body = id;
  want.size = 1;
  want.etag = {"\"" + std::to_string(id) + "\""};
  want.attributes.metadata = {{"n", std::to_string(id)}};
  return want;
}

/// Bytes and attributes of an object, by number.
struct Value {
  int bytes = 0;
  int attributes = 0;
  friend bool operator==(const Value&, const Value&) = default;
};
using Bucket = std::map<store::Key, Value>;

store::ETag etag_of(const Value& value) {
  return {"\"" + std::to_string(value.bytes) + "\""};
}
store::ObjectAttributes attributes_of(int number) {
  return {"", {{"n", std::to_string(number)}}, {}};
}

/// A service, the journal above it and the truth, with everything that can happen to them.
class World {
 public:
  explicit World(Bucket stored) : bucket_(std::move(stored)), truth_(bucket_), next_(100) {}

  /// False: it cannot happen now.
  bool happens(char event) {
    switch (event) {
      case 'a':
      case 'b':
        put(std::string(1, event));
        return true;
      case 'A':
      case 'B':
        return remove(event == 'A' ? "a" : "b");
      case 'p':
        conditional_ = true;
        put("a");
        conditional_ = false;
        return true;
      case 'P': {
        conditional_ = true;
        const bool removed = remove("a");
        conditional_ = false;
        return removed;
      }
      case 'F':
      case 'G':
        write_foreign(event == 'G');
        return true;
      case '>':
        return copy("a", "b");
      case '<':
        return copy("b", "a");
      case 'm':
        return copy("a", "a");
      case 'd':
        slowly_ = true;
        put("a");
        slowly_ = false;
        return true;
      case 'e': {
        slowly_ = true;
        const bool copied = copy("a", "b");
        slowly_ = false;
        return copied;
      }
      case 'D':
        return acknowledge();
      case 'R':
        refused_ = "b";
        return true;
      case 'E':
        refused_ = "b";
        obstinate_ = true;
        return true;
      case 's':
        return start();
      case 'f':
        return finish(true, true);
      case 'l':
        return finish(true, false);
      case 'x':
        return finish(false, false);
      case 'c':
      case 'C':
      case 'k':
      case 'K':
        crash(event == 'C' || event == 'K', event == 'k' || event == 'K');
        return true;
      default:
        return false;
    }
  }

  /// What went wrong, if anything did.
  const std::string& wrong() const { return wrong_; }

  void drain() {
    acknowledge();
    drain_but_refused();
    refused_.clear();
    pending_.retry_refused(now_);
    for (int i = 0; i < 100 && wrong_.empty(); ++i) {
      while (!flying_.empty()) finish(true, true);
      if (pending_.entries().empty()) break;
      if (!start()) complain("nothing can be sent, but something waits");
    }
    if (wrong_.empty() && !foreign_ && bucket_ != truth_) {
      complain("the bucket is not what was acknowledged");
    }
    if (wrong_.empty() && pending_.bytes() != 0) complain("bodies are left");
  }

 private:
  /// All is stored but what is refused and what depends on it.
  void drain_but_refused() {
    if (refused_.empty() || foreign_) return;
    for (int i = 0; i < 100 && wrong_.empty() && (!flying_.empty() || start()); ++i) {
      finish(true, true);
    }
    for (const store::Key key : {"a", "b"}) {
      const auto is = [&](const Bucket& bucket) {
        const auto found = bucket.find(key);
        return found == bucket.end() ? std::nullopt : std::optional(found->second);
      };
      if (key == refused_ || is(bucket_) == is(truth_)) continue;
      const Pending::Entry* held = pending_.find(refused_);
      const bool depends = held != nullptr && held->want.kind != Want::Kind::absent &&
                           (origins_[refused_].contains(key) || held->want.source == key);
      if (!depends) complain(key + " waits, but it does not depend on what is refused");
    }
  }
  /// A record of the log.
  struct Logged {
    store::Key key;
    Sequence seq = 0;
    Want want;
    Base base{};
    Sequence since = 0;
    std::vector<Mark> before{};
    std::optional<Value> value{};  ///< what the key then has
    bool done = false;
  };
  static Logged done(const store::Key& key, Sequence seq, const Base& base) {
    Logged record{key, seq, {}};
    record.base = base;
    record.done = true;
    return record;
  }
  void complain(const std::string& text) {
    if (wrong_.empty()) wrong_ = text;
  }
  Base stored(const store::Key& key) const {
    const auto found = bucket_.find(key);
    return found == bucket_.end() ? Base::none() : Base::of(etag_of(found->second));
  }
  void change(const store::Key& key, const Want& want, const std::optional<Value>& value) {
    if (slow_ && slow_->key == key) acknowledge();
    const Pending::Entry* entry = pending_.find(key);
    const Sequence seq = next_++;
    Logged record{key, seq, want};
    record.want.conditional = conditional_;
    // Nothing waits, so the change is made upon what is there, another client's version too.
    if (entry == nullptr && key == "a") knows_ = true;
    record.base = entry != nullptr ? entry->base : stored(key);
    record.since = entry != nullptr ? entry->since : seq;
    record.before = pending_.marks(key);
    record.value = value;
    log_.push_back(record);
    pending_.hold(key, want);
    if (slow_) acknowledge();
    slow_ = record;
    if (!slowly_) acknowledge();
  }
  /// The record of the change under way is durable now.
  bool acknowledge() {
    if (!slow_) return false;
    const Logged record = *std::exchange(slow_, std::nullopt);
    const Pending::Entry* entry = pending_.find(record.key);
    const bool waited = record.since != record.seq;
    const Base base = entry != nullptr ? entry->base : waited ? known_[record.key] : record.base;
    if (pending_.change(record.key, record.want, record.seq, base, now_)) {
      log_.push_back(done(record.key, record.seq, Base::none()));
    }
    pending_.release(record.key, record.want);
    comes_true(record);
    check_bodies();
    return true;
  }
  void comes_true(const Logged& record) {
    if (record.value) {
      truth_[record.key] = *record.value;
    } else {
      truth_.erase(record.key);
    }
  }
  /// Another client stores a version of "a", or removes the object.
  void write_foreign(bool removes) {
    foreign_ = true;
    knows_ = pending_.find("a") == nullptr && !slow_;
    theirs_ = Value{static_cast<int>(next_++), 0};
    if (removes) {
      bucket_.erase("a");
      theirs_.reset();
    } else {
      bucket_["a"] = *theirs_;
    }
    if (knows_) removes ? void(truth_.erase("a")) : void(truth_["a"] = *theirs_);
  }
  void put(const store::Key& key) {
    const int number = static_cast<int>(next_);
    Want want = body(next_);
    want.attributes = attributes_of(number);
    bodies_[next_] = number;
    want.etag = etag_of({number, 0});
    remembered_ = {origins_, sources_};
    origins_[key].clear();
    overwritten(key);
    sources_[key].clear();
    change(key, want, Value{number, number});
  }
  /// What was copied from there before was not from what is there now.
  void overwritten(const store::Key& key) {
    for (auto& [copy, sources] : sources_) sources.erase(key);
  }
  bool remove(const store::Key& key) {
    if (slow_ && slow_->key == key) acknowledge();
    if (!truth_.contains(key)) return false;
    change(key, {}, std::nullopt);
    return true;
  }
  bool in_flux(const store::Key& key) const {
    const Pending::Entry* entry = pending_.find(key);
    return entry != nullptr && entry->sending && entry->want.kind == Want::Kind::copy &&
           entry->want.source == key;
  }
  bool copy(const store::Key& from, const store::Key& to) {
    if (slow_ && slow_->key == to) acknowledge();
    if (!truth_.contains(from)) return false;
    // Here it waits; the service goes on meanwhile.
    for (int i = 0; i < 100 && (in_flux(from) || (from != to && !pending_.may_copy_to(to))); ++i) {
      if (flying_.empty()) start();
      finish(true, true);
      acknowledge();
    }
    Want want;
    if (const Pending::Entry* entry = pending_.find(from)) {
      want = entry->want;
    } else {
      want.kind = Want::Kind::copy;
      want.source = from;
      want.source_etag = want.etag = stored(from).etag;
      want.size = 1;
    }
    const int number = static_cast<int>(next_);
    want.attributes = attributes_of(number);
    want.keeps_attributes = false;
    const Value value{truth_.at(from).bytes, number};
    const auto old = truth_.find(to);
    const bool had_them = old != truth_.end() && old->second.bytes == value.bytes;
    remembered_ = {origins_, sources_};
    if (from != to) {
      overwritten(to);
      if (!had_them) sources_[to] = sources_[from];
      if (!had_them) sources_[to].insert(from);
      origins_[to].insert(origins_[from].begin(), origins_[from].end());
      origins_[to].insert(from);
    }
    change(to, want, value);
    return true;
  }
  bool start() {
    now_ += std::chrono::hours(1);
    const std::vector<Job> jobs = pending_.next(now_, true, kMost);
    for (const Job& job : jobs) flying_.push_back(job);
    return !jobs.empty();
  }
  std::optional<store::ObjectInfo> look(const store::Key& key) const {
    const auto found = bucket_.find(key);
    if (found == bucket_.end()) return std::nullopt;
    store::ObjectInfo info;
    info.size = 1;
    info.etag = etag_of(found->second);
    info.attributes = attributes_of(found->second.attributes);
    return info;
  }
  /// The service carries it out, as the sender would have it. False: another client's version is in
  /// the way.
  bool apply(const Job& job) {
    const Judgement judgement = judge(job.want, job.base, job.before, look(job.key));
    if (judgement == Judgement::conflict) return conflict();
    if (judgement == Judgement::done) return true;
    const auto there = bucket_.find("a");
    const bool theirs = foreign_ && job.key == "a" && theirs_ && there != bucket_.end() &&
                        there->second == *theirs_;
    if (theirs && !knows_) complain("another client's version is undone");
    switch (job.want.kind) {
      case Want::Kind::absent: {
        const int bytes = bucket_.at(job.key).bytes;
        bucket_.erase(job.key);
        const auto holds = [&](const auto& each) { return each.second.bytes == bytes; };
        // What is refused has its bytes in the journal; only what it came from waits for it. And
        // what it was copied to since is sent from there.
        const auto misses = [&](const auto& each) {
          const bool free = each.first == refused_ ? !sources_[each.first].contains(job.key)
                                                   : each.first == job.key;
          return holds(each) && (refused_.empty() || !free);
        };
        if (!foreign_ && std::any_of(truth_.begin(), truth_.end(), misses) &&
            std::none_of(bucket_.begin(), bucket_.end(), holds)) {
          complain("a removal took the last copy of what is to stay");
        }
        return true;
      }
      case Want::Kind::body:
        if (!bodies_.contains(job.want.body)) {
          complain("a body was released too early");
          return true;
        }
        bucket_[job.key] = {bodies_.at(job.want.body), number_in(job.want)};
        return true;
      case Want::Kind::copy: {
        const auto source = bucket_.find(job.want.source);
        if (source == bucket_.end() || etag_of(source->second) != job.want.source_etag) {
          return conflict();
        }
        bucket_[job.key] = {source->second.bytes, number_in(job.want)};
        return true;
      }
    }
    return true;
  }
  bool conflict() {
    if (!foreign_) complain("a conflict, but there is nobody else");
    return false;
  }
  static int number_in(const Want& want) {
    return std::stoi(want.attributes.metadata.at(0).second);
  }
  bool finish(bool arrives, bool answered) {
    if (flying_.empty()) return false;
    const Job job = flying_.front();
    flying_.erase(flying_.begin());
    if (job.key == refused_) return refuse(job);
    if (arrives && !apply(job)) return abandon(job);
    if (!answered) {
      pending_.failed(job.key, job.seq, now_, true);
      return true;
    }
    const Base base = job.want.kind == Want::Kind::absent ? Base::none() : Base::of(job.want.etag);
    log_.push_back(done(job.key, job.seq, base));
    known_[job.key] = base;
    pending_.confirmed(job.key, job.seq, base);
    check_bodies();
    return true;
  }
  /// Another client's version stays, as Journal::note_conflict() has it.
  bool abandon(const Job& job) {
    log_.push_back(done(job.key, job.seq, pending_.find(job.key)->base));
    known_[job.key] = pending_.find(job.key)->base;
    if (job.want.kind == Want::Kind::copy && job.want.source != job.key) {
      const auto spared = pending_.drop_removal(job.want.source);
      if (spared) log_.push_back(done(job.want.source, *spared, {}));
    }
    pending_.abandoned(job.key, job.seq);
    check_bodies();
    return true;
  }
  bool refuse(const Job& job) {
    const Error why{EIO, "refused"};
    const MonoTime later = now_ + std::chrono::hours(10'000);
    if (!obstinate_) {
      pending_.refused(job.key, job.seq, why, later);
      return true;
    }
    const auto shows = pending_.failed(job.key, job.seq, now_, false, Pending::Answer::other);
    if (shows != Pending::Shows::little) {
      pending_.refused_for_now(job.key, job.seq, why, later, false);
    }
    return true;
  }
  void check_bodies() {
    for (const BodyId id : pending_.take_released()) bodies_.erase(id);
  }
  /// The process dies. What was in flight arrives or does not, and what was written down last was
  /// or was not: of one change under way, and of all confirmations since the last change.
  void crash(bool arrives, bool written) {
    for (const Job& job : flying_) {
      if (arrives) static_cast<void>(apply(job));
    }
    flying_.clear();
    while (!written && !log_.empty() && log_.back().done) log_.pop_back();
    if (slow_ && !written && log_.back().seq == slow_->seq) {
      log_.pop_back();
      slow_.reset();
      std::tie(origins_, sources_) = remembered_;
    }
    if (slow_) comes_true(*std::exchange(slow_, std::nullopt));
    pending_ = Pending(kHold);
    for (const auto& record : log_) {
      if (record.done) {
        pending_.replay_done(record.key, record.seq, record.base);
      } else {
        pending_.replay(record.key, record.want, record.seq, record.since, record.base,
                        record.before, now_, now_);
      }
    }
    // A body whose change was confirmed is gone; then the change is known to be carried out.
    for (bool again = true; again;) {
      again = false;
      for (const auto& [key, entry] : pending_.entries()) {
        if (entry.want.kind != Want::Kind::body || bodies_.contains(entry.want.body)) continue;
        pending_.replay_done(key, entry.seq, {});
        again = true;
        break;
      }
    }
    static_cast<void>(pending_.take_released());
  }

  Bucket bucket_;
  Bucket truth_;
  Pending pending_{kHold};
  std::map<BodyId, int> bodies_;
  std::vector<Job> flying_;
  std::vector<Logged> log_;
  std::optional<Logged> slow_;        // written down, and not yet acknowledged
  std::map<store::Key, Base> known_;  // of changes that are over
  bool slowly_ = false;
  bool conditional_ = false;     // the next change is
  bool foreign_ = false;         // another client has changed "a"
  std::optional<Value> theirs_;  // into this
  bool knows_ = false;           // a change that waits may replace that
  store::Key refused_;           // the service does not take changes of it
  bool obstinate_ = false;       // ... and does not say that this is its last word
  using Sets = std::map<store::Key, std::set<store::Key>>;
  Sets origins_;                      // from where what a key shall have was copied
  Sets sources_;                      // ... and that have not been written anew since
  std::pair<Sets, Sets> remembered_;  // before the last change
  MonoTime now_{};
  Sequence next_;
  std::string wrong_;
};

/// Plays every sequence of `length` events; the first that goes wrong.
std::string play_all(const std::string& events, int length) {
  const std::vector<Bucket> beginnings{{}, {{"a", {1, 1}}}, {{"a", {1, 1}}, {"b", {2, 2}}}};
  std::string story;
  const std::function<std::string(const Bucket&, const World&, int)> play =
      [&](const Bucket& beginning, const World& world, int left) -> std::string {
    World end = world;
    end.drain();
    if (!end.wrong().empty()) {
      return std::to_string(beginning.size()) + " objects, " + story + ": " + end.wrong();
    }
    if (left == 0) return {};
    for (const char event : events) {
      World next = world;
      if (!next.happens(event)) continue;
      story.push_back(event);
      std::string wrong = play(beginning, next, left - 1);
      if (!wrong.empty()) return wrong;
      story.pop_back();
    }
    return {};
  };
  for (const Bucket& beginning : beginnings) {
    std::string wrong = play(beginning, World(beginning), length);
    if (!wrong.empty()) return wrong;
  }
  return {};
}

TEST_CASE("every order of up to six changes ends as acknowledged") {
  CHECK(play_all("abAB><m", test::thorough() ? 6 : 5) == "");
}

TEST_CASE("every order of up to five changes and sendings ends as acknowledged") {
  CHECK(play_all("abAB><msf", test::thorough() ? 5 : 4) == "");
}

TEST_CASE(
    "every order of up to four changes, sendings, lost replies, failures and crashes does too") {
  CHECK(play_all("abAB><msflxcC", test::thorough() ? 4 : 3) == "");
}

TEST_CASE("every order with changes that name their version does too") {
  CHECK(play_all("apAPB>msflcC", test::thorough() ? 4 : 3) == "");
}

TEST_CASE("in no order is another client's later version undone") {
  CHECK(play_all("apAPmsflcCF", test::thorough() ? 5 : 4) == "");
  CHECK(play_all("pPdDsflKFG", test::thorough() ? 5 : 4) == "");
}

TEST_CASE("every order of changes that are sent while their records are written does too") {
  CHECK(play_all("adDAmsflcK", test::thorough() ? 5 : 4) == "");
}

TEST_CASE("every order with a name that is refused stores all that does not depend on it") {
  CHECK(play_all("abAB><msfR", test::thorough() ? 5 : 4) == "");
  CHECK(play_all("abA><sfE", test::thorough() ? 5 : 4) == "");
}

/// How a story ends, from an empty bucket.
std::string outcome(const std::string& story) {
  World world({});
  for (const char event : story) {
    if (world.wrong().empty()) world.happens(event);
  }
  world.drain();
  return world.wrong();
}

/// Without the events that it takes no part of to go wrong.
std::string shortened(std::string story) {
  for (std::size_t at = 0; at < story.size();) {
    std::string less = story;
    less.erase(at, 1);
    if (outcome(less).empty()) {
      ++at;
    } else {
      story = std::move(less);
      at = 0;
    }
  }
  return story;
}

/// The first of random orders that goes wrong. PAILFS_ORDERS sets how many are played.
std::string play_random(const std::string& events) {
  const char* count = std::getenv("PAILFS_ORDERS");
  std::mt19937_64 random(20261125);
  for (int round = count == nullptr ? test::rounds(5'000) : std::atoi(count); round > 0; --round) {
    std::string story;
    for (std::size_t left = 10 + random() % 60; left > 0; --left) {
      story += events[random() % events.size()];
    }
    if (outcome(story).empty()) continue;
    const std::string shortest = shortened(story);
    return shortest + ": " + outcome(shortest);
  }
  return {};
}

TEST_CASE("random orders of many events do too") {
  CHECK(play_random("aaabABddDeD><mssfffflxcCkK") == "");
}

// Without crashes: which names had bytes that are now another's is not written down.
TEST_CASE("random orders with a name that is refused store all that does not depend on it") {
  CHECK(play_random("aaabABddDeD><mssfffflxRE") == "");
}

}  // namespace
}  // namespace pailfs::journal
