// SPDX-License-Identifier: Apache-2.0
#include "connections.h"

#include <csignal>

namespace s3d {

void Connections::add(int fd, ssl_ctx_st* tls) {
  auto stream = std::make_unique<Stream>(fd);
  std::lock_guard lock(mutex_);
  if (stopped_) return;
  reap();
  Entry& entry = entries_.emplace_back();
  entry.id = next_++;
  entry.stream = std::move(stream);
  if (stats_ != nullptr) stats_->connection_opened();
  entry.thread = std::thread([this, &entry, tls] {
    // OpenSSL writes without MSG_NOSIGNAL; here a vanished client is an error code, nothing more.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    if (tls == nullptr || entry.stream->start_tls(tls))
      handler_(*entry.stream, entry.id, entry.idle);
    if (stats_ != nullptr) stats_->connection_closed();
    std::lock_guard done_lock(mutex_);
    entry.idle = false;
    entry.stream.reset();
    entry.done = true;
  });
}

std::size_t Connections::close_idle() {
  std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (Entry& entry : entries_) {
    if (!entry.idle || !entry.stream) continue;
    entry.stream->shutdown();
    ++count;
  }
  return count;
}

void Connections::stop() {
  std::list<Entry> all;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    for (Entry& entry : entries_)
      if (entry.stream) entry.stream->shutdown();
    // Nodes keep their addresses, which the threads hold.
    all.splice(all.end(), entries_);
  }
  for (Entry& entry : all) entry.thread.join();
}

void Connections::reap() {
  for (auto it = entries_.begin(); it != entries_.end();) {
    if (it->done) {
      it->thread.join();
      it = entries_.erase(it);
    } else {
      ++it;
    }
  }
}

}  // namespace s3d
