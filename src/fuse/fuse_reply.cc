// SPDX-License-Identifier: Apache-2.0
#include "fuse_reply.h"

#include <sys/uio.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "pailfs/util/log.h"

#include "fuse_attr.h"
#include "fuse_ops.h"

namespace pailfs::fuse {
namespace {

std::string log_line(std::string_view verb, fuse_ino_t ino, std::string_view name,
                     const Error& error) {
  std::string line(verb);
  line += ": inode " + std::to_string(ino);
  if (!name.empty()) line.append(" name \"").append(name).append("\"");
  line += ": errno " + std::to_string(error.err);
  if (!error.text.empty()) line += ": " + error.text;
  if (error.http_status != 0) line += " (HTTP " + std::to_string(error.http_status) + ")";
  if (!error.s3_code.empty()) line += " (" + error.s3_code + ")";
  return line;
}

/// Requests that the kernel sends for itself, at the end of a handle or an inode.
bool is_unwaited(const Verb& verb) {
  return verb.name == "release" || verb.name == "releasedir" || verb.name == "forget";
}

RequestWatch* watch_of(const Adapter* adapter) {
  return adapter == nullptr ? nullptr : adapter->watch;
}

/// Of a race that another client has won, a critical line with the path and the place of the bytes
/// tells the user, once they are kept; ESTALE makes the kernel look a name up once more.
LogLevel level_of(const Verb& verb, const Error& error) {
  if (error.err == ESTALE) {
    if (verb.name == "open" && error.http_status == 0) return LogLevel::debug;
    if (verb.name == "flush") return LogLevel::info;
  }
  return is_expected(error) ? LogLevel::info : LogLevel::error;
}

}  // namespace

bool is_expected(const Error& error) {
  switch (error.err) {
    case ENOENT:
    case EEXIST:
    case ENOTEMPTY:
    case ENODATA:
    case ENOSYS:
    case ERANGE:
      return true;
    case EAGAIN:
    case ENOTSUP:
    case ENAMETOOLONG:
    case EINVAL:
      return error.http_status == 0;
    default:
      return false;
  }
}

Reply::Reply(fuse_req_t request, Verb verb, fuse_ino_t ino, std::string_view name)
    : adapter_(static_cast<Adapter*>(fuse_req_userdata(request))),
      under_way_{.request = request, .verb = verb, .ino = ino, .name = name},
      errand_(under_way_.errand) {
  if (const fuse_ctx* context = fuse_req_ctx(request)) caller_ = *context;
  under_way_.caller = caller_.pid;
  under_way_.waited = !is_unwaited(verb);
  if (RequestWatch* const watch = watch_of(adapter_)) begins_ = watch->begin(under_way_);
}

Reply::~Reply() {
  if (!answered_ && begins_) fail(Error(EIO, "left without an answer"));
  if (RequestWatch* const watch = watch_of(adapter_)) watch->end(under_way_);
}

fs::FileSystem& Reply::files() const {
  return adapter_->files;
}

void Reply::with_request(const std::function<void(fuse_req_t)>& use) {
  if (RequestWatch* const watch = watch_of(adapter_)) {
    static_cast<void>(watch->hold(under_way_, use));
  } else if (!answered_) {
    use(under_way_.request);
  }
}

bool Reply::stays() {
  RequestWatch* const watch = watch_of(adapter_);
  return watch == nullptr ? !answered_ : watch->keep(under_way_);
}

void Reply::rests() {
  if (RequestWatch* const watch = watch_of(adapter_)) watch->rest(under_way_);
}

void Reply::concerns_others() {
  if (RequestWatch* const watch = watch_of(adapter_)) static_cast<void>(watch->keep(under_way_));
}

fs::Caller Reply::caller() {
  return {.uid = caller_.uid,
          .gid = caller_.gid,
          .pid = caller_.pid,
          .in_group =
              [this](gid_t group) {
                bool member = false;
                with_request([&](fuse_req_t request) { member = is_member(request, group); });
                return member;
              },
          .umask = caller_.umask};
}

fuse_req_t Reply::take(int errno_value) {
  if (std::exchange(answered_, true)) {
    log_critical(std::string(under_way_.verb.name) +
                 ": answered twice; the second answer was not sent");
    return nullptr;
  }
  RequestWatch* const watch = watch_of(adapter_);
  fuse_req_t request =
      watch != nullptr ? watch->take(under_way_) : std::exchange(under_way_.request, nullptr);
  if (request != nullptr && adapter_ != nullptr && adapter_->instruments.counts != nullptr) {
    adapter_->instruments.counts->add(under_way_.verb, errno_value);
  }
  return request;
}

void Reply::fail(const Error& error) {
  // The kernel refuses errnos from 512 on, and libfuse 3.17 does before it; without an answer the
  // caller would hang.
  const int err = error.err > 0 && error.err <= EHWPOISON ? error.err : EIO;
  fuse_req_t request = take(err);
  if (request == nullptr && !under_way_.errand->given_up()) return;
  // The error of a request that was given up appears only in the log.
  const bool interrupted = request == nullptr && err == EINTR;
  const LogLevel level = interrupted ? LogLevel::info : level_of(under_way_.verb, error);
  if (log::enabled(level)) {
    log::write(level, log_line(under_way_.verb.name, under_way_.ino, under_way_.name, error),
               error.request_id);
  }
  if (request != nullptr) fuse_reply_err(request, err);
}

void Reply::none() {
  if (fuse_req_t request = take()) fuse_reply_none(request);
}

void Reply::done() {
  if (fuse_req_t request = take()) fuse_reply_err(request, 0);
}

void Reply::status(const Status& status) {
  if (status) return done();
  fail(status.error());
}

bool Reply::entry(const fuse_entry_param& entry) {
  fuse_req_t request = take();
  return request != nullptr && fuse_reply_entry(request, &entry) == 0;
}

bool Reply::created(const fuse_entry_param& entry, const fuse_file_info& info) {
  fuse_req_t request = take();
  return request != nullptr && fuse_reply_create(request, &entry, &info) == 0;
}

bool Reply::opened(const fuse_file_info& info) {
  fuse_req_t request = take();
  return request != nullptr && fuse_reply_open(request, &info) == 0;
}

bool Reply::entries(const char* bytes, std::size_t size) {
  fuse_req_t request = take();
  return request != nullptr && fuse_reply_buf(request, bytes, size) == 0;
}

void Reply::attr(const struct stat& stat, double seconds) {
  if (fuse_req_t request = take()) fuse_reply_attr(request, &stat, seconds);
}

void Reply::link_target(const char* target) {
  if (fuse_req_t request = take()) fuse_reply_readlink(request, target);
}

void Reply::bytes(const fs::ReadBytes& bytes) {
  fuse_req_t request = take();
  if (request == nullptr) return;
  std::vector<iovec> pieces;
  pieces.reserve(bytes.pieces().size());
  for (const std::span<const char>& piece : bytes.pieces()) {
    // iovec has no const variant; libfuse only reads.
    pieces.push_back({const_cast<char*>(piece.data()), piece.size()});
  }
  fuse_reply_iov(request, pieces.data(), static_cast<int>(pieces.size()));
}

void Reply::bytes(std::string_view bytes) {
  if (fuse_req_t request = take()) fuse_reply_buf(request, bytes.data(), bytes.size());
}

void Reply::written(std::size_t size) {
  if (fuse_req_t request = take()) fuse_reply_write(request, size);
}

void Reply::xattr_size(std::size_t size) {
  if (fuse_req_t request = take()) fuse_reply_xattr(request, size);
}

void Reply::lock(const struct flock& lock) {
  if (fuse_req_t request = take()) fuse_reply_lock(request, &lock);
}

void Reply::statfs(const struct statvfs& numbers) {
  if (fuse_req_t request = take()) fuse_reply_statfs(request, &numbers);
}

}  // namespace pailfs::fuse
