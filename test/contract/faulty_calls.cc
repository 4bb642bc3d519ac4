// SPDX-License-Identifier: Apache-2.0
#include "faulty_calls.h"

#include <cerrno>

#include "support/text_io.h"

namespace pailfs::test {
namespace {

using Store = store::ObjectStore;
using Hook = std::function<void()>;

constexpr std::size_t kSize = 100'000;

/// Bytes handed out before a failure count too: they have to be the object's own.
CallOutcome get_object(Store& clean, Store& faulty, const std::string& key, const Hook& begin,
                       const Hook& end, std::optional<store::ByteRange> range, bool pinned = true) {
  const std::string text = pattern(kSize);
  const auto etag = put_text(clean, key, text);
  if (!etag) return {0, "preparation failed"};
  const std::string expected = range ? text.substr(range->begin, range->length) : text;
  StringSink sink(range ? range->begin : 0);
  begin();
  const auto info = faulty.get({key, range, pinned ? *etag : store::ETag{}}, sink);
  end();
  if (!sink.in_order()) return {err(info), "bytes out of order"};
  if (!expected.starts_with(sink.bytes())) return {err(info), "bytes that are not the object's"};
  if (!info) return {err(info), ""};
  if (sink.bytes() != expected) return {0, "success with too few bytes"};
  // Of a range only the service can say how large the whole is.
  if (!range && info->size != kSize) return {0, "success with the wrong size"};
  return {};
}

CallOutcome get_whole(Store& clean, Store& faulty, const std::string& prefix, const Hook& begin,
                      const Hook& end) {
  return get_object(clean, faulty, prefix + "get", begin, end, std::nullopt);
}

CallOutcome get_unpinned(Store& clean, Store& faulty, const std::string& prefix, const Hook& begin,
                         const Hook& end) {
  return get_object(clean, faulty, prefix + "unpinned", begin, end, std::nullopt, false);
}

CallOutcome get_range(Store& clean, Store& faulty, const std::string& prefix, const Hook& begin,
                      const Hook& end) {
  return get_object(clean, faulty, prefix + "range", begin, end, store::ByteRange{1'000, 50'000});
}

CallOutcome head(Store& clean, Store& faulty, const std::string& prefix, const Hook& begin,
                 const Hook& end) {
  const auto key = prefix + "head";
  const auto etag = put_text(clean, key, pattern(kSize), {"text/plain", {{"a", "b"}}, {}});
  if (!etag) return {0, "preparation failed"};
  begin();
  const auto info = faulty.head(key);
  end();
  if (!info) return {err(info), ""};
  if (info->size != kSize) return {0, "success with the wrong size"};
  return {};
}

CallOutcome put(Store& clean, Store& faulty, const std::string& prefix, const Hook& begin,
                const Hook& end) {
  const auto key = prefix + "put";
  const std::string before = "before";
  const std::string after = pattern(kSize);
  if (!put_text(clean, key, before)) return {0, "preparation failed"};
  begin();
  const auto etag = put_text(faulty, key, after);
  end();
  const auto now = get_text(clean, key);
  if (!now) return {err(etag), "the object is gone"};
  if (etag && now->bytes != after) return {0, "success without the bytes"};
  if (now->bytes != before && now->bytes != after) return {err(etag), "neither old nor new"};
  return {err(etag), ""};
}

CallOutcome remove(Store& clean, Store& faulty, const std::string& prefix, const Hook& begin,
                   const Hook& end) {
  const auto key = prefix + "remove";
  if (!put_text(clean, key, "x")) return {0, "preparation failed"};
  begin();
  const Status removed = faulty.remove(key);
  end();
  if (removed && err(clean.head(key)) != ENOENT) return {0, "success, but the object is there"};
  return {err(removed), ""};
}

CallOutcome remove_many(Store& clean, Store& faulty, const std::string& prefix, const Hook& begin,
                        const Hook& end) {
  std::vector<store::Key> keys;
  for (int i = 0; i < 5; ++i) {
    keys.push_back(prefix + "many" + std::to_string(i));
    if (!put_text(clean, keys.back(), "x")) return {0, "preparation failed"};
  }
  begin();
  const auto verdicts = faulty.remove_many(store::removals(keys));
  end();
  if (verdicts.size() != keys.size()) return {0, "not one verdict per key"};
  CallOutcome outcome;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!verdicts[i]) outcome.err = err(verdicts[i]);
    if (verdicts[i] && err(clean.head(keys[i])) != ENOENT)
      outcome.wrong = "success, but it is there";
  }
  return outcome;
}

CallOutcome list(Store& clean, Store& faulty, const std::string& prefix, const Hook& begin,
                 const Hook& end) {
  for (int i = 0; i < 7; ++i) {
    if (!put_text(clean, prefix + "list/" + std::to_string(i), "x"))
      return {0, "preparation failed"};
  }
  begin();
  const auto page = list_all(faulty, prefix + "list/", true, 3);
  end();
  if (!page) return {err(page), ""};
  if (page->objects.size() != 7 || !page->prefixes.empty()) return {0, "success, but not the keys"};
  for (int i = 0; i < 7; ++i) {
    const auto& object = page->objects[static_cast<std::size_t>(i)];
    if (object.key != prefix + "list/" + std::to_string(i)) return {0, "success with a wrong key"};
  }
  return {};
}

CallOutcome copy(Store& clean, Store& faulty, const std::string& prefix, const Hook& begin,
                 const Hook& end) {
  const std::string text = pattern(kSize);
  const auto etag = put_text(clean, prefix + "from", text);
  if (!etag) return {0, "preparation failed"};
  begin();
  const auto copied = faulty.copy({prefix + "from", prefix + "to", *etag, {}});
  end();
  const auto source = get_text(clean, prefix + "from");
  if (!source || source->bytes != text) return {err(copied), "the source was damaged"};
  const auto target = get_text(clean, prefix + "to");
  if (copied && !target) return {0, "success without a copy"};
  if (target && target->bytes != text) return {err(copied), "a copy with other bytes"};
  return {err(copied), ""};
}

CallOutcome create_upload(Store& clean, Store& faulty, const std::string& prefix, const Hook& begin,
                          const Hook& end) {
  const auto key = prefix + "created";
  begin();
  const auto id = faulty.create_upload(key, {}, store::PartOrigin::mixed);
  end();
  if (!id) return {err(id), ""};
  StringSource body("part");
  const auto part = clean.upload_part(key, *id, 1, body);
  if (!part) return {0, "success with an upload that does not exist"};
  if (!clean.complete_upload(key, *id, {{1, *part, 4}}, {})) return {0, "an upload of no use"};
  return {};
}

CallOutcome upload_part(Store& clean, Store& faulty, const std::string& prefix, const Hook& begin,
                        const Hook& end) {
  const auto key = prefix + "part";
  const auto id = clean.create_upload(key, {}, store::PartOrigin::mixed);
  if (!id) return {0, "preparation failed"};
  const std::string text = pattern(kSize);
  StringSource body(text);
  begin();
  const auto part = faulty.upload_part(key, *id, 1, body);
  end();
  if (!part) return {err(part), ""};
  const auto parts = clean.list_parts(key, *id);
  if (!parts || parts->size() != 1) return {0, "success without a part"};
  const auto done = clean.complete_upload(key, *id, {{1, parts->front().etag, kSize}}, {});
  const auto got = get_text(clean, key);
  if (!done || !got || got->bytes != text) return {0, "success with other bytes"};
  return {};
}

CallOutcome copy_part(Store& clean, Store& faulty, const std::string& prefix, const Hook& begin,
                      const Hook& end) {
  const std::string text = pattern(kSize);
  const auto key = prefix + "copied-part";
  const auto etag = put_text(clean, prefix + "base", text);
  const auto id = clean.create_upload(key, {}, store::PartOrigin::mixed);
  if (!etag || !id) return {0, "preparation failed"};
  begin();
  const auto part = faulty.copy_part(key, *id, 1, prefix + "base", *etag, {10, 50'000});
  end();
  if (!part) return {err(part), ""};
  const auto parts = clean.list_parts(key, *id);
  if (!parts || parts->size() != 1) return {0, "success without a part"};
  const auto done = clean.complete_upload(key, *id, {{1, parts->front().etag, 50'000}}, {});
  const auto got = get_text(clean, key);
  if (!done || !got || got->bytes != text.substr(10, 50'000))
    return {0, "success with other bytes"};
  return {};
}

CallOutcome complete_upload(Store& clean, Store& faulty, const std::string& prefix,
                            const Hook& begin, const Hook& end) {
  const auto key = prefix + "complete";
  const std::string text = pattern(kSize);
  if (!put_text(clean, key, "before")) return {0, "preparation failed"};
  const auto id = clean.create_upload(key, {}, store::PartOrigin::mixed);
  if (!id) return {0, "preparation failed"};
  StringSource body(text);
  const auto part = clean.upload_part(key, *id, 1, body);
  if (!part) return {0, "preparation failed"};
  begin();
  const auto done = faulty.complete_upload(key, *id, {{1, *part, kSize}}, {});
  end();
  const auto now = get_text(clean, key);
  if (!now) return {err(done), "the object is gone"};
  if (done && now->bytes != text) return {0, "success without the bytes"};
  if (now->bytes != text && now->bytes != "before") return {err(done), "neither old nor new"};
  return {err(done), ""};
}

CallOutcome abort_upload(Store& clean, Store& faulty, const std::string& prefix, const Hook& begin,
                         const Hook& end) {
  const auto key = prefix + "abort";
  const auto id = clean.create_upload(key, {}, store::PartOrigin::mixed);
  if (!id) return {0, "preparation failed"};
  begin();
  const Status aborted = faulty.abort_upload(key, *id);
  end();
  const auto left = clean.list_uploads(key, {});
  if (!left) return {err(aborted), "the check failed"};
  if (aborted && !left->uploads.empty()) return {0, "success, but the upload is there"};
  return {err(aborted), ""};
}

CallOutcome list_parts(Store& clean, Store& faulty, const std::string& prefix, const Hook& begin,
                       const Hook& end) {
  const auto key = prefix + "parts";
  const auto id = clean.create_upload(key, {}, store::PartOrigin::mixed);
  if (!id) return {0, "preparation failed"};
  for (int number : {1, 2, 3}) {
    StringSource body("part " + std::to_string(number));
    if (!clean.upload_part(key, *id, number, body)) return {0, "preparation failed"};
  }
  begin();
  const auto parts = faulty.list_parts(key, *id);
  end();
  if (parts && parts->size() != 3) return {0, "success, but not the parts"};
  return {err(parts), ""};
}

CallOutcome list_uploads(Store& clean, Store& faulty, const std::string& prefix, const Hook& begin,
                         const Hook& end) {
  for (const char* name : {"u1", "u2"}) {
    if (!clean.create_upload(prefix + name, {}, store::PartOrigin::mixed))
      return {0, "preparation failed"};
  }
  begin();
  const auto page = faulty.list_uploads(prefix + "u", {});
  end();
  if (page && page->next_key.empty() && page->uploads.size() != 2) {
    return {0, "success, but not the uploads"};
  }
  return {err(page), ""};
}

}  // namespace

const std::vector<FaultyCall>& faulty_calls() {
  static const std::vector<FaultyCall> calls{
      {"get", "GetObject", get_whole},
      {"get of any version", "GetObject", get_unpinned},
      {"get of a range", "GetObject", get_range},
      {"head", "HeadObject", head},
      {"put", "PutObject", put},
      {"remove", "DeleteObject", remove},
      {"remove_many", "DeleteObjects", remove_many},
      {"list", "*", list},
      {"copy", "CopyObject", copy},
      {"create_upload", "CreateMultipartUpload", create_upload},
      {"upload_part", "UploadPart", upload_part},
      {"copy_part", "UploadPartCopy", copy_part},
      {"complete_upload", "CompleteMultipartUpload", complete_upload},
      {"abort_upload", "AbortMultipartUpload", abort_upload},
      {"list_parts", "ListParts", list_parts},
      {"list_uploads", "ListMultipartUploads", list_uploads},
  };
  return calls;
}

}  // namespace pailfs::test
