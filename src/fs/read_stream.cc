// SPDX-License-Identifier: Apache-2.0
#include "read_stream.h"

#include <algorithm>
#include <cstring>

namespace pailfs::fs {
namespace {

/// What a first or a random read fetches at least; what small files are fetched by whole.
constexpr std::uint64_t kFirstWindow = 128U << 10U;
constexpr std::uint64_t kLargestWindow = 8U << 20U;
/// The window being read, the one behind it for reads that arrive late, and the one ahead.
constexpr std::size_t kWindows = 3;

std::uint64_t larger(std::uint64_t window) {
  return std::min(std::max(window, kFirstWindow) * 2, kLargestWindow);
}

}  // namespace

bool MemoryBudget::reserve(std::uint64_t bytes) {
  const auto wanted = static_cast<std::int64_t>(bytes);
  if ((left_ -= wanted) >= 0) return true;
  left_ += wanted;
  return false;
}

/// A stretch of the object: its bytes, once `done`, or why they could not be had.
struct ReadStream::Window {
  Window(MemoryBudget& budget, std::uint64_t at, std::uint64_t length, std::uint64_t reserved_bytes)
      : memory(budget), begin(at), reserved(reserved_bytes), bytes(length) {}
  ~Window() { memory.release(reserved); }
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  [[nodiscard]] std::uint64_t end() const { return begin + bytes.size(); }

  void fetch(s3::ObjectStore& store, const Version& version) {
    struct Sink final : s3::ByteSink {
      Sink(Window& to) : window(to) {}  // NOLINT: local type
      bool write(std::uint64_t offset, std::span<const char> data) override {
        const std::uint64_t at = offset - window.begin;
        if (at + data.size() > window.bytes.size()) return false;
        std::memcpy(window.bytes.data() + at, data.data(), data.size());
        filled = at + data.size();
        return true;
      }
      Window& window;
      std::uint64_t filled = 0;
    } sink(*this);
    s3::GetRequest request;
    request.key = version.key;
    request.range = s3::ByteRange{begin, bytes.size()};
    request.if_match = version.etag;
    const auto info = store.get(request, sink);
    Status result;
    if (!info) {
      result = info.error();
    } else if (sink.filled != bytes.size() || info->size != version.size) {
      // The store answered, but not for the version that was opened.
      result = Error{ESTALE, "object changed its size while open"};
    }
    MutexLock lock(mutex);
    status = result;
    done = true;
    arrived.notify_all();
  }

  Status wait() {
    MutexLock lock(mutex);
    while (!done) arrived.wait(mutex);
    return status;
  }

  MemoryBudget& memory;
  const std::uint64_t begin;
  const std::uint64_t reserved;
  std::vector<char> bytes;  // written by the fetching thread until done, constant afterwards
  Mutex mutex;
  CondVar arrived;
  bool done GUARDED_BY(mutex) = false;
  Status status GUARDED_BY(mutex);
};

ReadStream::WindowPtr ReadStream::window_with(std::uint64_t offset) {
  for (const WindowPtr& window : windows_) {
    if (window->begin <= offset && offset < window->end()) return window;
  }
  return nullptr;
}

ReadStream::WindowPtr ReadStream::begin_window(const Version& version, std::uint64_t begin,
                                               std::uint64_t at_least, bool ahead) {
  std::uint64_t length = std::max(at_least, std::max(next_size_, kFirstWindow));
  length = std::min(length, version.size - begin);
  std::uint64_t reserved = 0;
  if (budget_.reserve(length)) {
    reserved = length;
  } else {
    // Memory is short: whoever waits gets what was asked for and nothing is fetched ahead.
    if (ahead) return nullptr;
    length = std::min(at_least, version.size - begin);
  }
  auto window = std::make_shared<Window>(budget_, begin, length, reserved);
  windows_.push_back(window);
  while (windows_.size() > kWindows) windows_.pop_front();
  return window;
}

void ReadStream::fetch_ahead(const Version& version, const Window& current) {
  if (current.end() >= version.size || window_with(current.end())) return;
  next_size_ = larger(next_size_);
  const WindowPtr ahead = begin_window(version, current.end(), 0, true);
  if (!ahead) return;
  pool_.submit([&store = store_, version, ahead] { ahead->fetch(store, version); });
}

Status ReadStream::read(const Version& version, std::uint64_t offset, std::span<char> out) {
  while (!out.empty()) {
    WindowPtr window;
    bool mine = false;
    {
      MutexLock lock(mutex_);
      if (!(etag_ == version.etag)) {
        windows_.clear();
        next_size_ = 0;
        etag_ = version.etag;
      }
      window = window_with(offset);
      if (!window) {
        const bool follows = !windows_.empty() && windows_.back()->end() == offset;
        next_size_ = follows ? larger(next_size_) : 0;
        window = begin_window(version, offset, out.size(), false);
        mine = true;
        if (follows) fetch_ahead(version, *window);
      } else if (window->begin > 0 || offset > window->begin) {
        // The reader came back for more of what was fetched: it reads on.
        fetch_ahead(version, *window);
      }
    }
    if (mine) window->fetch(store_, version);
    const Status status = window->wait();
    if (!status) {
      MutexLock lock(mutex_);
      std::erase(windows_, window);
      return status;
    }
    const std::uint64_t n = std::min<std::uint64_t>(window->end() - offset, out.size());
    std::memcpy(out.data(), window->bytes.data() + (offset - window->begin), n);
    out = out.subspan(n);
    offset += n;
    if (offset == version.size && version.size > kFirstWindow) {
      // Read to the end: an idle handle must not keep memory that others could read ahead with.
      MutexLock lock(mutex_);
      windows_.clear();
    }
  }
  return {};
}

}  // namespace pailfs::fs
