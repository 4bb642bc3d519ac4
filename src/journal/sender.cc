// SPDX-License-Identifier: Apache-2.0
#include "sender.h"

#include <algorithm>
#include <cerrno>
#include <vector>

#include "pailfs/store/refusal.h"
#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

namespace pailfs::journal {
namespace {

bool is_condition(const Error& error) {
  return error.err == ESTALE || error.err == EEXIST;
}

/// A store that does not know conditions may answer with these errors.
bool may_dislike_conditions(const Error& error) {
  return error.err == ENOTSUP || error.refusal == Refusal::not_supported ||
         error.refusal == Refusal::unexplained;
}

/// The two versions of a conflict, for the user who has to settle it.
std::string versions(const Base& made_upon, const Base& found) {
  std::string text = " (";
  if (found.kind == Base::Kind::version) {
    text += "version " + printable(found.etag.value) + " is there; ";
  }
  switch (made_upon.kind) {
    case Base::Kind::version:
      text += "the change was made to version " + printable(made_upon.etag.value);
      break;
    case Base::Kind::absent:
      text += "there was no object when the change was made";
      break;
    case Base::Kind::unknown:
      text += "the change was made without a look at the object";
      break;
  }
  return text + ")";
}

/// The error of a lost race. Who asked that there be no such object hears that there is one.
Error lost_race(const Job& job, const Base& found) {
  const bool absent = job.want.conditional && job.base.kind == Base::Kind::absent;
  const char* what = found.kind == Base::Kind::absent ? ": was removed by another client meanwhile"
                                                      : ": was changed by another client meanwhile";
  return {absent ? EEXIST : ESTALE, printable(job.key) + what + versions(job.base, found)};
}

/// Compares the bytes of an object with a body, for stores whose ETags are no MD5 and that have
/// lost the attributes.
class Comparison final : public store::ByteSink {
 public:
  explicit Comparison(const Body& body) : body_(body) {}
  bool write(std::uint64_t offset, std::span<const char> bytes) override {
    same_ = same_ && offset == seen_ && bytes.size() <= body_.size() - seen_ && matches(bytes);
    seen_ += bytes.size();
    return same_;
  }
  [[nodiscard]] bool same() const { return same_ && seen_ == body_.size(); }

 private:
  bool matches(std::span<const char> bytes) {
    ours_.resize(bytes.size());
    return body_.read(seen_, ours_) && std::equal(bytes.begin(), bytes.end(), ours_.begin());
  }
  const Body& body_;
  std::vector<char> ours_;
  std::uint64_t seen_ = 0;
  bool same_ = true;
};

}  // namespace

Verdict Sender::failure(const Error& error) {
  Verdict verdict;
  verdict.kind = store::is_final(error) ? Verdict::Kind::refused : Verdict::Kind::retry;
  verdict.error = error;
  // Also after a refusal, if an earlier attempt of the same request had no reply.
  verdict.may_have_arrived = verdict.kind == Verdict::Kind::retry || error.in_doubt;
  return verdict;
}

Verdict Sender::done(const Job& job, const store::ETag& etag) const {
  Verdict verdict;
  verdict.found = Base::of(etag);
  verdict.size = job.want.size;
  return verdict;
}

/// True when the object is a copy of the job's source. The ETag may differ, and only the source
/// shows the attributes that the copy has kept.
bool Sender::is_like_source(const Job& job, const store::ObjectInfo& found) {
  if (job.want.kind != Want::Kind::copy || !job.want.keeps_attributes) return false;
  const auto source = store_.head(job.want.source);
  if (!source || source->etag != job.want.source_etag) return false;
  const Mark mark{source->size, source->etag, metadata_digest(source->attributes)};
  return mark.metadata != 0 && is_ours(mark, found);
}

/// True when an attempt of ours may have made the object. Of a change that names its base nothing
/// else will do: two clients that count up one number write the same bytes.
bool Sender::may_be_ours(const Job& job, const store::ObjectInfo& found, bool in_doubt) {
  if (!job.want.conditional || in_doubt || job.unsure) return true;
  return std::any_of(job.before.begin(), job.before.end(),
                     [&](const Mark& mark) { return has_our_bytes(mark, found); });
}

/// True when the object has the bytes of `sent`, with any attributes: to write those anew undoes no
/// other writer's bytes.
bool Sender::has_bytes(const Job& job, const BodyPtr& sent, const store::ObjectInfo& found) {
  if (!sent || sent->size() != found.size) return false;
  if (found.size == 0 || found.etag == job.want.etag) return true;
  Comparison comparison(*sent);
  const auto got = store_.get({job.key, std::nullopt, found.etag}, comparison);
  return got && comparison.same();
}

/// Two clients may append the same bytes: another version is ours only if an attempt of ours may
/// have arrived, and if its attributes are ours too.
Judgement Sender::judge_appended(const Job& job, const std::optional<store::ObjectInfo>& found,
                                 bool in_doubt) {
  const bool ours = in_doubt || job.unsure || !job.before.empty();
  const bool is_base = found && job.base == Base::of(found->etag);
  if (found && !is_base && !ours) return Judgement::conflict;
  return judge(job.want, job.base, job.before, found);
}

Sender::Look Sender::look(const Job& job, const BodyPtr& sent, bool in_doubt) {
  const auto info = store_.head(job.key);
  if (!info && info.error().err != ENOENT) return {failure(info.error()), {}};
  std::optional<store::ObjectInfo> found;
  if (info) found = *info;
  Look result;
  if (found && found->etag.empty()) {
    // S3Proxy tells the ETag of a directory's object only in listings.
    result.has_name = false;
    const auto listed = list_one(job.key);
    if (listed && listed->size == found->size) found->etag = listed->etag;
  }
  result.base = found ? Base::of(found->etag) : Base::none();
  result.same = found && job.want.kind != Want::Kind::absent && is_ours(mark_of(job.want), *found);
  Verdict verdict;
  verdict.found = result.base;
  verdict.size = found ? found->size : 0;
  const bool appended = job.want.appended_from.has_value();
  switch (appended ? judge_appended(job, found, in_doubt)
                   : judge(job.want, job.base, job.before, found)) {
    case Judgement::done:
      result.verdict = verdict;
      break;
    case Judgement::proceed:
      break;
    case Judgement::conflict:
      result.same = found && is_like_source(job, *found);
      if (result.same || (found && !appended && may_be_ours(job, *found, in_doubt) &&
                          has_bytes(job, sent, *found))) {
        break;
      }
      verdict.kind = Verdict::Kind::conflict;
      verdict.error = lost_race(job, result.base);
      result.verdict = verdict;
      break;
  }
  return result;
}

Verdict Sender::make(const Job& job, const BodyPtr& body) {
  Base base = job.base;
  if (job.check) {
    const bool tried =
        std::find(job.before.begin(), job.before.end(), mark_of(job.want)) != job.before.end();
    Look seen = look(job, tried ? body : nullptr, false);
    if (seen.verdict) {
      seen.verdict->may_have_arrived = false;  // nothing was sent
      return *seen.verdict;
    }
    base = seen.condition();
  }
  return job.want.kind == Want::Kind::copy ? copy(job, base) : put(job, body, base);
}

Verdict Sender::put(const Job& job, const BodyPtr& body, Base base) {
  if (!body) {
    Verdict lost;
    lost.kind = Verdict::Kind::refused;
    lost.error = {EIO, printable(job.key) + ": its bytes are missing in the journal"};
    return lost;
  }
  constexpr int kRounds = 4;
  bool in_doubt = false;
  for (int round = 0;; ++round) {
    const bool conditional = conditions_ && base.kind != Base::Kind::unknown;
    store::PutRequest request{job.key, job.want.attributes};
    if (conditional && base.kind == Base::Kind::version) request.condition.version = base.etag;
    request.condition.absent = conditional && base.kind == Base::Kind::absent;
    request.condition.foreign = conditional && job.want.foreign;
    BodySource source(body);
    const auto etag = store_.put(request, source);
    if (etag) return done(job, *etag);
    const Error& error = etag.error();
    in_doubt = in_doubt || error.in_doubt;
    if (!conditional || round == kRounds) return failure(error);
    if (may_dislike_conditions(error)) {
      request.condition = {};
      BodySource again(body);
      const auto plain = store_.put(request, again);
      if (!plain) return failure(plain.error());
      conditions_ = false;
      log_info([] { return std::string("the service takes no conditional writes"); });
      return done(job, *plain);
    }
    const bool gone = error.err == ENOENT && base.kind == Base::Kind::version;
    if (!is_condition(error) && !gone) return failure(error);
    // The condition failed: because of another writer, of an earlier attempt of ours, or of a store
    // that refuses right conditions too.
    Look seen = look(job, body, in_doubt);
    if (seen.verdict) {
      seen.verdict->may_have_arrived = in_doubt;
      return *seen.verdict;
    }
    if (seen.has_name && seen.base == base) conditions_ = false;
    base = seen.condition();
  }
}

Verdict Sender::copy(const Job& job, Base base) {
  const bool onto_itself = job.want.source == job.key;
  if (onto_itself && job.want.keeps_attributes) {
    // Renamed away and back before anything was sent: the object may already be as wanted.
    const Look seen = look(job);
    if (seen.verdict) return *seen.verdict;
    if (seen.same) return done(job, seen.base.etag);
  }
  // A copy onto itself has no condition on the target, because source_etag is one already.
  constexpr int kRounds = 4;
  for (int round = 0;; ++round) {
    if (onto_itself || !copy_conditions_) base = Base();
    const auto etag = send_copy(job, base);
    if (etag) return done(job, *etag);
    Verdict verdict = failure(etag.error());
    if (etag.error().err == ENOTSUP) verdict.kind = Verdict::Kind::needs_body;
    if (!is_condition(etag.error()) && etag.error().err != ENOENT) return verdict;
    // An attempt whose reply was lost may have made the copy.
    const Look seen = look(job);
    if (seen.verdict) return *seen.verdict;
    if (seen.same) return done(job, seen.base.etag);
    const auto source = store_.head(job.want.source);
    if (!source && source.error().err != ENOENT) return failure(source.error());
    if (base.kind == Base::Kind::unknown || !source || source->etag != job.want.source_etag) {
      verdict.kind = Verdict::Kind::conflict;
      verdict.found = seen.base;
      verdict.error = {ESTALE,
                       "copy " + printable(job.want.source) + " to " + printable(job.key) +
                           ": the source was changed or removed by another client meanwhile"};
      return verdict;
    }
    if (round == kRounds) return verdict;
    // As for a body, the target is ours or older, or the store refuses right conditions.
    if (seen.has_name && seen.base == base) copy_conditions_ = false;
    base = seen.condition();
  }
}

Result<store::ETag> Sender::send_copy(const Job& job, const Base& base) {
  store::CopyRequest request;
  request.source = job.want.source;
  request.destination = job.key;
  request.source_if_match = job.want.source_etag;
  request.size = job.want.size;
  if (!job.want.keeps_attributes) request.attributes = job.want.attributes;
  if (base.kind == Base::Kind::version) request.condition.version = base.etag;
  request.condition.absent = base.kind == Base::Kind::absent;
  request.condition.foreign = job.want.foreign;
  auto etag = store_.copy(request);
  if (etag || base.kind == Base::Kind::unknown || !may_dislike_conditions(etag.error()))
    return etag;
  request.condition = {};
  etag = store_.copy(request);
  if (etag) copy_conditions_ = false;
  return etag;
}

bool Sender::is_absent(const store::Key& key) {
  const auto info = store_.head(key);
  if (info || info.error().err == ENOENT) return !info;
  // A listing names the key in the query, and not in the path of the URL.
  const auto page = store_.list({key, false, {}, 1});
  return page && (page->objects.empty() || page->objects.front().key != key);
}

std::optional<store::ListedObject> Sender::list_one(const store::Key& key) {
  const auto page = store_.list({key, false, {}, 1});
  if (!page || page->objects.empty() || page->objects.front().key != key) return std::nullopt;
  return page->objects.front();
}

/// Nothing where one of several versions of ours may be there.
std::optional<store::SeenVersion> Sender::seen_by(const Job& job, const Base& base) {
  if (!job.before.empty() || base.kind != Base::Kind::version) return std::nullopt;
  store::SeenVersion seen;
  if (!job.want.attributes.metadata.empty()) {
    seen.mark = job.want.attributes.metadata.front();
  } else {
    seen.etag = base.etag;
  }
  return seen;
}

store::Removal Sender::removal_of(const Job& job, const Base& base) const {
  const bool conditional = job.want.conditional && removal_conditions_;
  store::Removal removal(job.key);
  if (conditional && base.kind == Base::Kind::version) removal.version = base.etag;
  removal.foreign = job.want.foreign;
  removal.seen = seen_by(job, base);
  return removal;
}

Verdict Sender::remove_again(const Job& job, Base base) {
  constexpr int kRounds = 4;
  Error error;
  for (int round = 0; round < kRounds; ++round) {
    // Another writer's version, an earlier one of ours, or a store that refuses right conditions.
    const Look seen = look(job);
    if (seen.verdict) return *seen.verdict;
    if (seen.has_name && seen.base == base) removal_conditions_ = false;
    base = seen.condition();
    const Status removed = store_.remove(removal_of(job, base));
    if (removed) {
      Verdict verdict;
      verdict.found = Base::none();
      return verdict;
    }
    error = removed.error();
    if (!is_condition(error)) break;
  }
  return failure(error);
}

std::vector<Verdict> Sender::remove(const std::vector<Job>& jobs) {
  std::vector<Verdict> verdicts(jobs.size());
  std::vector<store::Removal> removals;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    Base base = jobs[i].base;
    if (jobs[i].check) {
      const Look seen = look(jobs[i]);
      if (seen.verdict) {
        verdicts[i] = *seen.verdict;
        continue;
      }
      base = seen.condition();
    }
    removals.push_back(removal_of(jobs[i], base));
    places.push_back(i);
  }
  const std::vector<Status> statuses = removals.size() == 1
                                           ? std::vector<Status>{store_.remove(removals.front())}
                                           : store_.remove_many(removals);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const Status status = i < statuses.size() ? statuses[i] : Status(Error{EIO, "no verdict"});
    Verdict& verdict = verdicts[places[i]];
    // A store that does not take a key may refuse to remove it too.
    const bool done = status || (places.size() == 1 && status.error().refusal != Refusal::none &&
                                 is_absent(removals.front().key));
    if (done) {
      verdict.found = Base::none();
    } else if (!removals[i].version.empty() && is_condition(status.error())) {
      verdict = remove_again(jobs[places[i]], Base::of(removals[i].version));
    } else {
      verdict = failure(status.error());
    }
  }
  return verdicts;
}

}  // namespace pailfs::journal
